#include "base_bytes.h"
#include "store_frame.h"

void store_frame_reader_init(struct store_frame_reader *reader, struct store_names *names,
                             struct str payload)
{
    /* No bytes may have no place: a pointer all the same, which arithmetic is allowed on. */
    const uint8_t *start = (const uint8_t *)(payload.len == 0 ? "" : payload.data);
    *reader = (struct store_frame_reader){
        .names = names, .start = start, .at = start, .end = start + payload.len};
}

void store_frame_reader_done(struct store_frame_reader *reader)
{
    base_free(reader->locals);
    base_free(reader->cells);
    *reader = (struct store_frame_reader){0};
}

/* ---- small pieces: false means that the payload is not what a writer makes -------------------------------- */

static bool get_u64(struct store_frame_reader *reader, uint64_t *out)
{
    return base_varint_get(&reader->at, reader->end, out);
}

static bool get_u32(struct store_frame_reader *reader, uint32_t *out)
{
    uint64_t v;
    if (!get_u64(reader, &v) || v > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)v;
    return true;
}

static bool get_signed(struct store_frame_reader *reader, int64_t *out)
{
    uint64_t v;
    if (!get_u64(reader, &v)) {
        return false;
    }
    *out = base_unzigzag(v);
    return true;
}

static bool get_distance(struct store_frame_reader *reader, int64_t from, int64_t *out)
{
    int64_t by;
    if (!get_signed(reader, &by)) {
        return false;
    }
    *out = (int64_t)((uint64_t)from + (uint64_t)by);
    return true;
}

static bool get_byte(struct store_frame_reader *reader, uint8_t *out)
{
    if (reader->at == reader->end) {
        return false;
    }
    *out = *reader->at++;
    return true;
}

static bool get_text(struct store_frame_reader *reader, struct str *out)
{
    uint64_t len;
    if (!get_u64(reader, &len) || len > (uint64_t)(reader->end - reader->at)) {
        return false;
    }
    *out = str_of((const char *)reader->at, (size_t)len);
    reader->at += len;
    return true;
}

static bool get_value(struct store_frame_reader *reader, struct store_value *out)
{
    uint8_t kind;
    uint8_t byte = 0;
    struct str text;
    *out = (struct store_value){0};
    if (!get_byte(reader, &kind) || kind > STORE_STRING) {
        return false;
    }
    out->kind = kind;
    switch ((enum store_kind)kind) {
    case STORE_NULL:
        return true;
    case STORE_BOOL:
        if (!get_byte(reader, &byte)) {
            return false;
        }
        out->b = byte != 0;
        return true;
    case STORE_INT:
        return get_signed(reader, &out->i);
    case STORE_UINT:
        return get_u64(reader, &out->u);
    case STORE_DOUBLE:
        if (reader->end - reader->at < 8) {
            return false;
        }
        memcpy(&out->d, reader->at, sizeof out->d);
        reader->at += 8;
        return true;
    case STORE_STRING:
        if (!get_text(reader, &text) || text.len > UINT32_MAX) {
            return false;
        }
        *out = store_value_str(text);
        return true;
    }
    return false;
}

static bool get_name(struct store_frame_reader *reader, enum store_family family, uint32_t *out)
{
    uint32_t local;
    if (!get_u32(reader, &local) || local >= reader->local_count ||
        reader->locals[local].family != family) {
        return false;
    }
    *out = reader->locals[local].code;
    return true;
}

/* Room for one element more than `count`. */
static bool make_room(struct store_frame_reader *reader, void **block, size_t *capacity,
                      size_t count, size_t size)
{
    struct fail fail;
    bool made = base_grow_array(block, capacity, count + 1, size, &fail);
    reader->short_of_memory = reader->short_of_memory || !made;
    return made;
}

static bool unreadable(const struct store_frame_reader *reader, uint8_t tag, struct fail *fail)
{
    if (reader->short_of_memory) {
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for what a frame of the journal holds");
    }
    return tag == STORE_FRAME_NAME
               ? fail_set(fail, FAIL_CORRUPT, "a name cannot be read")
               : fail_set(fail, FAIL_CORRUPT, "a record of kind %u cannot be read", (unsigned)tag);
}

/* ---- records -------------------------------------------------------------------------------------------------- */

static bool read_name(struct store_frame_reader *reader)
{
    uint8_t family;
    struct str name;
    void *locals = reader->locals;
    if (!get_byte(reader, &family) || family >= STORE_FAMILIES || !get_text(reader, &name) ||
        !make_room(reader, &locals, &reader->local_capacity, reader->local_count,
                   sizeof reader->locals[0])) {
        return false;
    }
    reader->locals = locals;
    reader->locals[reader->local_count].family = (enum store_family)family;
    reader->locals[reader->local_count].code =
        store_names_intern(reader->names, (enum store_family)family, name);
    reader->local_count++;
    return true;
}

static bool read_identifier(struct store_frame_reader *reader, struct store_frame_record *out)
{
    uint8_t member;
    if (!get_u32(reader, &out->identifier.number) || !get_byte(reader, &member) ||
        !get_text(reader, &out->identifier.id.kind) ||
        !get_text(reader, &out->identifier.id.value)) {
        return false;
    }
    out->identifier.member = member != 0;
    return out->identifier.id.kind.len <= UINT16_MAX && out->identifier.id.value.len <= UINT16_MAX;
}

static bool read_join(struct store_frame_reader *reader, struct store_frame_record *out)
{
    out->edge.position = 0;
    out->edge.left = STORE_NO_PARENT;
    return get_u32(reader, &out->edge.child) && get_u32(reader, &out->edge.parent) &&
           get_signed(reader, &out->edge.at_ms) && get_u32(reader, &out->edge.height) &&
           out->edge.height <= INT32_MAX;
}

static bool read_cells(struct store_frame_reader *reader, enum store_family family, size_t from,
                       uint32_t *out_count)
{
    uint32_t count;
    void *cells = reader->cells;
    /* A cell takes two bytes at least, so a count that lies cannot ask for much memory. */
    if (!get_u32(reader, &count) || count > (size_t)(reader->end - reader->at) / 2 ||
        !make_room(reader, &cells, &reader->cell_capacity, from + count, sizeof reader->cells[0])) {
        return false;
    }
    reader->cells = cells;
    for (uint32_t i = 0; i < count; i++) {
        struct store_cell *cell = &reader->cells[from + i];
        if (!get_name(reader, family, &cell->name) || !get_value(reader, &cell->value)) {
            return false;
        }
    }
    *out_count = count;
    return true;
}

static bool get_hash(struct store_frame_reader *reader, struct base_hash128 *out)
{
    if (reader->end - reader->at < 16) {
        return false;
    }
    *out = (struct base_hash128){base_get_u64(reader->at), base_get_u64(reader->at + 8)};
    reader->at += 16;
    return true;
}

static bool read_event_optionals(struct store_frame_reader *reader, uint32_t flags,
                                 struct store_frame_record *out)
{
    struct store_row *row = &out->event.row;
    row->client_ts_ms = row->sent_at_ms = STORE_NO_TIME;
    row->channel = row->scale = STORE_NO_CODE;
    row->score = (struct store_value){0};
    row->text = row->message_id = (struct str){0};
    return ((flags & 1U) == 0 || get_distance(reader, row->ts_ms, &row->client_ts_ms)) &&
           ((flags & 2U) == 0 || get_distance(reader, row->ts_ms, &row->sent_at_ms)) &&
           ((flags & 4U) == 0 || get_name(reader, STORE_FAMILY_CHANNEL, &row->channel)) &&
           ((flags & 8U) == 0 || get_text(reader, &row->text)) &&
           ((flags & 16U) == 0 || (get_name(reader, STORE_FAMILY_SCALE, &row->scale) &&
                                   get_value(reader, &row->score))) &&
           ((flags & 32U) == 0 || get_text(reader, &row->message_id)) &&
           (!out->event.has_key || get_hash(reader, &out->event.key));
}

static bool read_event(struct store_frame_reader *reader, struct store_frame_record *out)
{
    struct store_row *row = &out->event.row;
    *row = (struct store_row){0};
    uint32_t flags;
    if (!get_u32(reader, &flags) || flags >= 256) {
        return false;
    }
    out->event.has_key = (flags & 128U) != 0;
    if (!get_u32(reader, &row->original) || !get_name(reader, STORE_FAMILY_EVENT, &row->event) ||
        !get_name(reader, STORE_FAMILY_SOURCE, &row->source) || !get_signed(reader, &row->ts_ms) ||
        !get_distance(reader, row->ts_ms, &row->received_at_ms) ||
        !read_event_optionals(reader, flags, out) ||
        !read_cells(reader, STORE_FAMILY_PROPERTY, 0, &row->property_count) ||
        !read_cells(reader, STORE_FAMILY_TRAIT, row->property_count, &row->trait_count)) {
        return false;
    }
    row->properties = reader->cells;
    row->traits = reader->cells + row->property_count;
    out->event.import = (flags & 64U) != 0;
    return true;
}

static bool read_quarantine(struct store_frame_reader *reader, struct store_frame_record *out)
{
    struct store_frame_quarantine *row = &out->quarantine.row;
    uint8_t flags;
    if (!get_u64(reader, &row->id) || !get_name(reader, STORE_FAMILY_SOURCE, &row->source) ||
        !get_signed(reader, &row->received_at_ms) || !get_hash(reader, &row->hash)) {
        return false;
    }
    row->way = (struct str){0};
    row->sent_at_ms = STORE_NO_TIME;
    if (!get_text(reader, &row->reason) || !get_byte(reader, &flags) || flags >= 16 ||
        !get_text(reader, &row->field) ||
        ((flags & 2U) != 0 && !get_text(reader, &reader->last_way)) ||
        ((flags & 4U) != 0 && !get_distance(reader, row->received_at_ms, &row->sent_at_ms)) ||
        !get_u64(reader, &row->raw_bytes) || !get_text(reader, &row->raw)) {
        return false;
    }
    if ((flags & 1U) == 0) {
        row->field = (struct str){0};
    }
    if ((flags & (2U | 8U)) != 0) {
        row->way = reader->last_way;
    }
    out->quarantine.raw_at = (size_t)((const uint8_t *)row->raw.data - reader->start);
    return true;
}

static bool read_mended(struct store_frame_reader *reader, struct store_frame_record *out)
{
    struct store_quarantine_mark *mark = &out->mended;
    uint8_t flags;
    if (!get_u64(reader, &mark->id) || !get_byte(reader, &flags) || flags >= 4) {
        return false;
    }
    *mark = (struct store_quarantine_mark){.id = mark->id, .gone = (flags & 1U) == 0};
    if (!mark->gone && (!get_text(reader, &mark->reason) || !get_text(reader, &mark->field))) {
        return false;
    }
    if ((flags & 2U) == 0) {
        mark->field = (struct str){0};
    }
    return true;
}

static bool read_ledger(struct store_frame_reader *reader, struct store_frame_record *out)
{
    struct store_ledger_count *count = &out->ledger.count;
    return get_name(reader, STORE_FAMILY_SOURCE, &out->ledger.source) &&
           get_u64(reader, &count->received) && get_u64(reader, &count->stored) &&
           get_u64(reader, &count->duplicate) && get_u64(reader, &count->quarantined) &&
           get_u64(reader, &count->refused) && get_signed(reader, &count->last_received_ms);
}

static bool read_import_change(struct store_frame_reader *reader, struct store_frame_record *out)
{
    struct store_frame_import *import = &out->import;
    uint8_t change;
    uint8_t stopped = 0;
    *import = (struct store_frame_import){0};
    if (!get_byte(reader, &change) || change < STORE_FRAME_IMPORT_BEGUN ||
        change > STORE_FRAME_IMPORT_ENDED || !get_u64(reader, &import->number)) {
        return false;
    }
    import->change = (enum store_frame_import_change)change;
    switch (import->change) {
    case STORE_FRAME_IMPORT_BEGUN:
        return get_signed(reader, &import->at_ms) && get_text(reader, &import->source) &&
               get_text(reader, &import->name);
    case STORE_FRAME_IMPORT_COUNTED:
        for (size_t i = 0; i < ARRAY_LEN(import->counts); i++) {
            if (!get_u64(reader, &import->counts[i])) {
                return false;
            }
        }
        return true;
    case STORE_FRAME_IMPORT_ENDED:
        if (!get_signed(reader, &import->at_ms) || !get_byte(reader, &stopped)) {
            return false;
        }
        import->stopped = stopped != 0;
        return true;
    }
    return false;
}

static bool read_record(struct store_frame_reader *reader, uint8_t tag,
                        struct store_frame_record *out)
{
    switch ((enum store_frame_tag)tag) {
    case STORE_FRAME_IDENTIFIER:
        return read_identifier(reader, out);
    case STORE_FRAME_JOIN:
        return read_join(reader, out);
    case STORE_FRAME_ROWLESS:
        return get_u32(reader, &out->number);
    case STORE_FRAME_EVENT:
        return read_event(reader, out);
    case STORE_FRAME_QUARANTINE:
        return read_quarantine(reader, out);
    case STORE_FRAME_LEDGER:
        return read_ledger(reader, out);
    case STORE_FRAME_CUSTOMERS:
        return get_u64(reader, &out->customers);
    case STORE_FRAME_CLOSED:
        return true;
    case STORE_FRAME_MENDED:
        return read_mended(reader, out);
    case STORE_FRAME_IMPORT:
        out->import = (struct store_frame_import){0};
        return get_u64(reader, &out->import.number);
    case STORE_FRAME_IMPORT_CHANGE:
        return read_import_change(reader, out);
    case STORE_FRAME_END:
    case STORE_FRAME_NAME:
        break;
    }
    return false;
}

bool store_frame_next(struct store_frame_reader *reader, struct store_frame_record *out,
                      struct fail *fail)
{
    uint8_t tag = STORE_FRAME_END;
    while (get_byte(reader, &tag) && tag == STORE_FRAME_NAME) {
        if (!read_name(reader)) {
            return unreadable(reader, tag, fail);
        }
        tag = STORE_FRAME_END;
        if (reader->at == reader->end) {
            break;
        }
    }
    if (tag == STORE_FRAME_END && reader->at == reader->end) {
        out->tag = STORE_FRAME_END;
        return true;
    }
    if (!read_record(reader, tag, out)) {
        return unreadable(reader, tag, fail);
    }
    out->tag = (enum store_frame_tag)tag;
    return true;
}
