#include "store_imports.h"

#include "base_bytes.h"
#include "base_checked.h"

static void entry_done(struct store_import_entry *entry)
{
    base_free(entry->text);
    for (size_t of = 0; of < STORE_IMPORT_OFS; of++) {
        store_ranges_done(&entry->ranges[of]);
    }
    *entry = (struct store_import_entry){0};
}

void store_imports_done(struct store_imports *imports)
{
    for (size_t i = 0; i < imports->count; i++) {
        entry_done(&imports->at[i]);
    }
    base_free(imports->at);
    *imports = (struct store_imports){0};
}

static void set_text(struct store_import_entry *entry, struct str source, struct str name)
{
    char *text = base_alloc_zero(source.len + name.len + 1);
    memcpy(text, source.data, source.len);
    if (name.len > 0) {
        memcpy(text + source.len, name.data, name.len);
    }
    entry->text = text;
    entry->face.source = str_of(text, source.len);
    entry->face.name = str_of(text + source.len, name.len);
}

static bool room(struct store_imports *imports, size_t count, struct fail *fail)
{
    void *at = imports->at;
    if (!base_grow_array(&at, &imports->capacity, count, sizeof imports->at[0], fail)) {
        return false;
    }
    imports->at = at;
    return true;
}

bool store_imports_copy(const struct store_imports *from, struct store_imports *out,
                        struct fail *fail)
{
    *out = (struct store_imports){.last_number = from->last_number, .rows_gone = from->rows_gone};
    if (from->count == 0) {
        return true;
    }
    bool ok = room(out, from->count, fail);
    for (size_t i = 0; ok && i < from->count; i++) {
        const struct store_import_entry *entry = &from->at[i];
        struct store_import_entry *copy = &out->at[out->count++];
        *copy = (struct store_import_entry){.face = entry->face};
        set_text(copy, entry->face.source, entry->face.name);
        for (size_t of = 0; ok && of < STORE_IMPORT_OFS; of++) {
            ok = store_ranges_copy(&entry->ranges[of], &copy->ranges[of], fail);
        }
    }
    if (!ok) {
        store_imports_done(out);
    }
    return ok;
}

struct store_import_entry *store_imports_find(const struct store_imports *imports, uint64_t number)
{
    for (size_t i = imports->count; i-- > 0;) {
        if (imports->at[i].face.number == number) {
            return &imports->at[i];
        }
    }
    return NULL;
}

/* ---- changing ------------------------------------------------------------------------------------------ */

static void drop_oldest(struct store_imports *imports)
{
    size_t oldest = 0;
    while (oldest + 1 < imports->count && imports->at[oldest].face.state == STORE_IMPORT_RUNNING) {
        oldest++;
    }
    entry_done(&imports->at[oldest]);
    memmove(&imports->at[oldest], &imports->at[oldest + 1],
            (imports->count - oldest - 1) * sizeof imports->at[0]);
    imports->count--;
}

bool store_imports_begin(struct store_imports *imports, uint64_t number, struct str source,
                         struct str name, int64_t at_ms, struct fail *fail)
{
    if (imports->count >= STORE_IMPORTS_MAX) {
        drop_oldest(imports);
    }
    if (!room(imports, imports->count + 1, fail)) {
        return false;
    }
    struct store_import_entry *entry = &imports->at[imports->count++];
    *entry = (struct store_import_entry){
        .face = {.number = number,
                 .state = STORE_IMPORT_RUNNING,
                 .begun_ms = at_ms,
                 .ended_ms = STORE_NO_TIME,
                 .taken_back_ms = STORE_NO_TIME},
    };
    set_text(entry, source, name);
    imports->last_number = number;
    return true;
}

void store_imports_withdraw(struct store_imports *imports, uint64_t number)
{
    if (imports->count > 0 && imports->at[imports->count - 1].face.number == number) {
        entry_done(&imports->at[--imports->count]);
        imports->last_number = number - 1;
    }
}

/* The oldest that has ranges loses them; false where none has any. */
static bool forget_oldest(struct store_imports *imports)
{
    for (size_t i = 0; i < imports->count; i++) {
        struct store_import_entry *entry = &imports->at[i];
        size_t ranges = 0;
        for (size_t of = 0; of < STORE_IMPORT_OFS; of++) {
            ranges += entry->ranges[of].count;
            store_ranges_done(&entry->ranges[of]);
        }
        if (ranges > 0) {
            entry->face.forgotten = true;
            return true;
        }
    }
    return false;
}

static size_t ranges_in(const struct store_imports *imports)
{
    size_t ranges = 0;
    for (size_t i = 0; i < imports->count; i++) {
        for (size_t of = 0; of < STORE_IMPORT_OFS; of++) {
            ranges += imports->at[i].ranges[of].count;
        }
    }
    return ranges;
}

bool store_imports_room(struct store_imports *imports, uint64_t number, struct fail *fail)
{
    while (ranges_in(imports) + STORE_IMPORT_OFS > STORE_IMPORT_RANGES_MAX &&
           forget_oldest(imports)) {
    }
    struct store_import_entry *entry = store_imports_find(imports, number);
    for (size_t of = 0; entry != NULL && of < STORE_IMPORT_OFS; of++) {
        if (!store_ranges_room(&entry->ranges[of], fail)) {
            return false;
        }
    }
    return true;
}

void store_imports_add(struct store_imports *imports, const struct store_import_span *span)
{
    struct store_import_entry *entry = store_imports_find(imports, span->number);
    if (entry == NULL) {
        return;
    }
    for (size_t of = 0; !entry->face.forgotten && of < STORE_IMPORT_OFS; of++) {
        store_ranges_add(&entry->ranges[of], span->ranges[of]);
    }
    entry->face.stored += span->counts[STORE_STORED];
    entry->face.duplicate += span->counts[STORE_DUPLICATE];
    entry->face.quarantined += span->counts[STORE_QUARANTINED];
    entry->face.refused += span->counts[STORE_REFUSED];
    entry->face.received += span->counts[STORE_STORED] + span->counts[STORE_DUPLICATE] +
                            span->counts[STORE_QUARANTINED] + span->counts[STORE_REFUSED];
}

void store_imports_end(struct store_imports *imports, uint64_t number,
                       enum store_import_state state, int64_t at_ms)
{
    struct store_import_entry *entry = store_imports_find(imports, number);
    if (entry != NULL && entry->face.state == STORE_IMPORT_RUNNING) {
        entry->face.state = state;
        entry->face.ended_ms = at_ms;
    }
}

void store_imports_interrupt(struct store_imports *imports)
{
    for (size_t i = 0; i < imports->count; i++) {
        if (imports->at[i].face.state == STORE_IMPORT_RUNNING) {
            imports->at[i].face.state = STORE_IMPORT_STOPPED;
        }
    }
}

/* ---- bytes ---------------------------------------------------------------------------------------------- */

#define HEAD_WORDS 3U
#define ENTRY_WORDS 20U

static void put_words(struct base_buf *out, const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[8];
        base_put_u64(bytes, words[i]);
        base_buf_bytes(out, bytes, sizeof bytes);
    }
}

void store_imports_encode(const struct store_imports *imports, struct base_buf *out)
{
    const uint64_t head[HEAD_WORDS] = {imports->count, imports->last_number, imports->rows_gone};
    put_words(out, head, HEAD_WORDS);
    for (size_t i = 0; i < imports->count; i++) {
        const struct store_import_entry *entry = &imports->at[i];
        const struct store_import *face = &entry->face;
        const uint64_t words[ENTRY_WORDS] = {
            face->number,
            (uint64_t)face->state | (uint64_t)face->forgotten << 32,
            (uint64_t)face->begun_ms,
            (uint64_t)face->ended_ms,
            (uint64_t)face->taken_back_ms,
            face->received,
            face->stored,
            face->duplicate,
            face->quarantined,
            face->refused,
            face->gone.rows,
            face->gone.quarantined,
            face->gone.joins,
            face->gone.customers,
            entry->ranges[STORE_IMPORT_ARRIVALS].count,
            entry->ranges[STORE_IMPORT_POSITIONS].count,
            entry->ranges[STORE_IMPORT_SEQS].count,
            entry->ranges[STORE_IMPORT_QUARANTINE].count,
            face->source.len,
            face->name.len,
        };
        put_words(out, words, ENTRY_WORDS);
        for (size_t of = 0; of < STORE_IMPORT_OFS; of++) {
            for (size_t r = 0; r < entry->ranges[of].count; r++) {
                const uint64_t range[] = {entry->ranges[of].at[r].first,
                                          entry->ranges[of].at[r].end};
                put_words(out, range, ARRAY_LEN(range));
            }
        }
        base_buf_str(out, face->source);
        base_buf_str(out, face->name);
    }
}

struct cursor {
    const uint8_t *at, *end;
};

static bool get_words(struct cursor *cursor, uint64_t *out, size_t count)
{
    if ((size_t)(cursor->end - cursor->at) / 8 < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++, cursor->at += 8) {
        out[i] = base_get_u64(cursor->at);
    }
    return true;
}

static bool get_ranges(struct cursor *cursor, uint64_t count, struct store_ranges *out,
                       struct fail *fail)
{
    uint64_t before = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t range[2];
        if (!get_words(cursor, range, ARRAY_LEN(range)) || range[0] >= range[1] ||
            (i > 0 && range[0] <= before)) {
            return fail_set(fail, FAIL_CORRUPT, "the ranges of an import are out of order");
        }
        if (!store_ranges_room(out, fail)) {
            return false;
        }
        store_ranges_add(out, (struct store_range){range[0], range[1]});
        before = range[1];
    }
    return true;
}

static bool get_entry(struct cursor *cursor, struct store_import_entry *entry, struct fail *fail)
{
    uint64_t words[ENTRY_WORDS];
    if (!get_words(cursor, words, ENTRY_WORDS) || (uint32_t)words[1] > STORE_IMPORT_TAKEN_BACK) {
        return fail_set(fail, FAIL_CORRUPT, "an import cannot be read");
    }
    entry->face = (struct store_import){
        .number = words[0],
        .state = (enum store_import_state)(uint32_t)words[1],
        .forgotten = words[1] >> 32 != 0,
        .begun_ms = (int64_t)words[2],
        .ended_ms = (int64_t)words[3],
        .taken_back_ms = (int64_t)words[4],
        .received = words[5],
        .stored = words[6],
        .duplicate = words[7],
        .quarantined = words[8],
        .refused = words[9],
        .gone = {words[10], words[11], words[12], words[13]},
    };
    for (size_t of = 0; of < STORE_IMPORT_OFS; of++) {
        if (!get_ranges(cursor, words[14 + of], &entry->ranges[of], fail)) {
            return false;
        }
    }
    size_t left = (size_t)(cursor->end - cursor->at);
    if (words[18] > left || words[19] > left - words[18]) {
        return fail_set(fail, FAIL_CORRUPT, "the text of an import ends too early");
    }
    const char *text = (const char *)cursor->at;
    set_text(entry, str_of(text, words[18]), str_of(text + words[18], words[19]));
    cursor->at += words[18] + words[19];
    return true;
}

bool store_imports_decode(struct str bytes, struct store_imports *out, struct fail *fail)
{
    struct cursor cursor = {(const uint8_t *)bytes.data, (const uint8_t *)bytes.data + bytes.len};
    uint64_t head[HEAD_WORDS];
    *out = (struct store_imports){0};
    if (!get_words(&cursor, head, HEAD_WORDS) || head[0] > STORE_IMPORTS_MAX) {
        return fail_set(fail, FAIL_CORRUPT, "the list of imports cannot be read");
    }
    out->last_number = head[1];
    out->rows_gone = head[2];
    bool ok = head[0] == 0 || room(out, head[0], fail);
    for (uint64_t i = 0; ok && i < head[0]; i++) {
        struct store_import_entry *entry = &out->at[out->count++];
        *entry = (struct store_import_entry){0};
        ok = get_entry(&cursor, entry, fail);
    }
    if (ok && cursor.at != cursor.end) {
        ok = fail_set(fail, FAIL_CORRUPT, "the list of imports has bytes too many");
    }
    if (!ok) {
        store_imports_done(out);
    }
    return ok;
}
