/* store_segment_check.c — every checksum and invariant of a segment, for `verify`. */
#include <inttypes.h>
#include <stdio.h>

#include "base_bytes.h"
#include "store_build.h"

struct checking {
    struct store_segment *segment;
    void (*problem)(void *context, const char *path, const char *what);
    void *context;
    uint64_t problems;
    struct store_directory *directory;
    struct store_values_scratch scratch; /* leaves strings in their heaps, */
    struct store_words words;            /* from which they come one by one */
    struct store_vec customers, ts, events, numbers, codes, rows, values, sharers;
    struct store_build_lines names, counters; /* recounted, by the process's codes */
    int64_t last_customer, last_ts;           /* of the row before */
    int64_t last_arrival;
    uint32_t block, block_rows;
};

static void checking_done(struct checking *k)
{
    struct store_vec *all[] = {
        &k->customers, &k->ts,     &k->events,  &k->numbers,     &k->codes,
        &k->rows,      &k->values, &k->sharers, &k->names.lines, &k->counters.lines};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        store_vec_done(all[i], NULL);
    }
    base_free(k->names.slots);
    base_free(k->counters.slots);
    base_free(k->directory);
    store_values_scratch_done(&k->scratch);
    store_words_done(&k->words);
}

static void tell(struct checking *k, const char *what)
{
    k->problems++;
    k->problem(k->context, k->segment->path, what);
}

static void tell_block(struct checking *k, const char *what)
{
    char text[200];
    (void)snprintf(text, sizeof text, "block %" PRIu32 ": %s", k->block, what);
    tell(k, text);
}

/* What a failing read means: damage is told and passed over; anything else ends the check. */
static bool note(struct checking *k, const struct fail *fail)
{
    if (fail->code != FAIL_CORRUPT) {
        return false;
    }
    tell(k, fail->message);
    return true;
}

static bool room_for_block(struct checking *k, struct fail *fail)
{
    size_t rows = k->block_rows;
    return store_vec_room(&k->customers, rows, sizeof(uint32_t), NULL, fail) &&
           store_vec_room(&k->ts, rows, sizeof(int64_t), NULL, fail) &&
           store_vec_room(&k->events, rows, sizeof(uint32_t), NULL, fail) &&
           store_vec_room(&k->numbers, rows, sizeof(int64_t), NULL, fail) &&
           store_vec_room(&k->codes, rows, sizeof(uint32_t), NULL, fail);
}

static struct store_segment_column *own_column(const struct checking *k,
                                               enum store_segment_kind kind)
{
    return store_segment_column_find(k->segment, kind, STORE_NO_CODE);
}

static bool read_ints(struct checking *k, enum store_segment_kind kind, int64_t *out,
                      struct fail *fail)
{
    struct store_segment_column *column = own_column(k, kind);
    struct store_ints ints;
    bool found;
    if (!store_segment_ints_open(k->segment, column, k->block, &ints, &found, fail)) {
        return false;
    }
    return store_ints_read(&ints, 0, k->block_rows, out, fail) ||
           store_segment_blame(k->segment, column, k->block, fail);
}

/* ---- order, blocks, events ------------------------------------------------------------------------------ */

static void check_order(struct checking *k)
{
    const uint32_t *customers = k->customers.data;
    const int64_t *ts_ms = k->ts.data;
    const int64_t *arrivals = k->numbers.data;
    const struct store_segment_info *info = &k->segment->info;
    for (uint32_t i = 0; i < k->block_rows; i++) {
        bool after =
            k->last_customer < customers[i] ||
            (k->last_customer == customers[i] &&
             (k->last_ts < ts_ms[i] || (k->last_ts == ts_ms[i] && k->last_arrival < arrivals[i])));
        if (!after) {
            tell_block(k, "rows do not ascend by customer, ts, arrival");
            return;
        }
        if (arrivals[i] < 0 || (uint64_t)arrivals[i] < info->arrival_min ||
            (uint64_t)arrivals[i] > info->arrival_max) {
            tell_block(k, "an arrival outside the segment's range");
            return;
        }
        k->last_customer = customers[i];
        k->last_ts = ts_ms[i];
        k->last_arrival = arrivals[i];
    }
}

static void check_block_entry(struct checking *k)
{
    struct store_segment_block entry = store_segment_block_get(k->segment, k->block);
    const uint32_t *customers = k->customers.data;
    const int64_t *ts_ms = k->ts.data;
    int64_t least = ts_ms[0];
    int64_t most = ts_ms[0];
    for (uint32_t i = 0; i < k->block_rows; i++) {
        least = ts_ms[i] < least ? ts_ms[i] : least;
        most = ts_ms[i] > most ? ts_ms[i] : most;
    }
    if (entry.ts_min_ms != least || entry.ts_max_ms != most || least < k->segment->info.ts_min_ms ||
        most > k->segment->info.ts_max_ms) {
        tell_block(k, "the range of times is not that of its rows");
    }
    if (entry.customer_first != customers[0] ||
        entry.customer_last != customers[k->block_rows - 1]) {
        tell_block(k, "first and last customer are not those of its rows");
    }
}

/* The set must hold the block's events and nothing else. `codes` are the file's. */
static void check_event_set(struct checking *k, const uint32_t *codes)
{
    uint8_t set[STORE_SEGMENT_EVENT_BITS_MAX / 8] = {0};
    uint32_t bits = k->segment->event_bits;
    const uint8_t *stored =
        (const uint8_t *)k->segment->sections[STORE_SEGMENT_TAG_EVENT_SETS].data + 8 +
        (size_t)k->block * (bits / 8);
    for (uint32_t i = 0; i < k->block_rows; i++) {
        uint32_t bit = codes[i] % bits;
        set[bit / 8] = (uint8_t)(set[bit / 8] | 1U << (bit % 8));
    }
    if (memcmp(set, stored, bits / 8) != 0) {
        tell_block(k, "the set of events is not that of its rows");
    }
}

static bool check_rows(struct checking *k, struct fail *fail)
{
    const uint32_t *events;
    uint32_t event_count = store_segment_codes(k->segment, STORE_FAMILY_EVENT, &events);
    struct store_segment_column *column = own_column(k, STORE_SEGMENT_EVENT);
    struct store_ints ints;
    bool found;
    uint32_t *codes = k->codes.data;
    uint32_t *of_process = k->events.data;
    if (!store_segment_block_customers(k->segment, k->block, k->directory, k->customers.data,
                                       fail) ||
        !read_ints(k, STORE_SEGMENT_TS, k->ts.data, fail) ||
        !read_ints(k, STORE_SEGMENT_ARRIVAL, k->numbers.data, fail) ||
        !store_segment_ints_open(k->segment, column, k->block, &ints, &found, fail)) {
        return false;
    }
    if (!store_ints_read_codes(&ints, 0, k->block_rows, event_count, codes, fail)) {
        return store_segment_blame(k->segment, column, k->block, fail);
    }
    check_order(k);
    check_block_entry(k);
    check_event_set(k, codes);
    bool same;
    if (!store_segment_check_places(k->segment, k->block, codes, k->ts.data, &same, fail)) {
        return false;
    }
    if (!same) {
        tell_block(k, "the places of events are not those of its rows");
    }
    for (uint32_t i = 0; i < k->block_rows; i++) {
        uint64_t row = (uint64_t)k->block * STORE_SEGMENT_BLOCK_ROWS + i + 1;
        int64_t ts_ms = ((const int64_t *)k->ts.data)[i];
        int64_t hour = store_stretch_of(ts_ms, STORE_SEGMENT_HOUR_MS);
        of_process[i] = events[codes[i]];
        if (!store_build_count(&k->names, (uint64_t)STORE_STATISTIC_EVENT << 32 | of_process[i], 0,
                               row, ts_ms, fail) ||
            !store_build_count(&k->counters, of_process[i], (uint64_t)hour, row, ts_ms, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- other columns of integers -------------------------------------------------------------------------- */

static bool check_names(struct checking *k, enum store_segment_kind kind, enum store_family family,
                        enum store_statistic_kind statistic, struct fail *fail)
{
    struct store_segment_column *column = own_column(k, kind);
    const uint32_t *names;
    uint32_t count = store_segment_codes(k->segment, family, &names);
    struct store_ints ints;
    bool found = false;
    uint32_t *codes = k->codes.data;
    if (column == NULL) {
        return true;
    }
    if (!store_segment_ints_open(k->segment, column, k->block, &ints, &found, fail)) {
        return false;
    }
    if (!found) {
        return true;
    }
    if (!store_ints_read_codes(&ints, 0, k->block_rows, count + 1, codes, fail)) {
        return store_segment_blame(k->segment, column, k->block, fail);
    }
    for (uint32_t i = 0; statistic != STORE_STATISTIC_EVENT && i < k->block_rows; i++) {
        uint64_t event = ((const uint32_t *)k->events.data)[i];
        uint64_t row = (uint64_t)k->block * STORE_SEGMENT_BLOCK_ROWS + i + 1;
        if (codes[i] != 0 &&
            !store_build_count(&k->names, (uint64_t)statistic << 32 | event, names[codes[i] - 1],
                               row, ((const int64_t *)k->ts.data)[i], fail)) {
            return false;
        }
    }
    return true;
}

static bool check_received(struct checking *k, struct fail *fail)
{
    struct store_segment_column *column = own_column(k, STORE_SEGMENT_RECEIVED_AT);
    const uint8_t *bytes;
    size_t len;
    struct store_ints ints;
    if (!store_segment_chunk_find(k->segment, column, k->block, &bytes, &len, fail)) {
        return false;
    }
    bool ok = len >= 8 && bytes[0] <= 1;
    if (!ok) {
        fail_set(fail, FAIL_CORRUPT, "malformed header");
    }
    ok = ok && store_ints_open(bytes + 8, len - 8, &ints, fail);
    if (ok && ints.count != k->block_rows) {
        ok = fail_set(fail, FAIL_CORRUPT, "values and rows differ");
    }
    ok = ok && store_ints_read(&ints, 0, k->block_rows, k->numbers.data, fail);
    return ok || store_segment_blame(k->segment, column, k->block, fail);
}

static bool check_originals(struct checking *k, struct fail *fail)
{
    return store_segment_block_numbers(k->segment, k->block, k->directory, k->codes.data, fail);
}

/* ---- columns of values ---------------------------------------------------------------------------------- */

/* Who bore a string of a dictionary: the first, and whether there was another. */
struct sharer {
    uint32_t customer;
    bool any, shared;
};

static bool kind_allowed(enum store_segment_kind column, uint32_t kind)
{
    switch (column) {
    case STORE_SEGMENT_CLIENT_TS:
    case STORE_SEGMENT_SENT_AT:
        return kind == STORE_INT;
    case STORE_SEGMENT_SCORE:
        return kind == STORE_INT || kind == STORE_UINT || kind == STORE_DOUBLE;
    case STORE_SEGMENT_TEXT:
    case STORE_SEGMENT_MESSAGE_ID:
        return kind == STORE_STRING;
    case STORE_SEGMENT_PROPERTY:
        return kind != STORE_NULL;
    case STORE_SEGMENT_TS:
    case STORE_SEGMENT_EVENT:
    case STORE_SEGMENT_ARRIVAL:
    case STORE_SEGMENT_ORIGINAL:
    case STORE_SEGMENT_RECEIVED_AT:
    case STORE_SEGMENT_SOURCE:
    case STORE_SEGMENT_CHANNEL:
    case STORE_SEGMENT_SCALE:
    case STORE_SEGMENT_TRAIT:
        break;
    }
    return true;
}

/* Recounts and notes who shares what. */
static bool take_values(struct checking *k, const struct store_segment_column *column,
                        const struct store_dictionary *dictionary, uint32_t count,
                        struct fail *fail)
{
    const uint32_t *rows = k->rows.data;
    const struct store_value *values = k->values.data;
    const uint32_t *customers = k->customers.data;
    struct sharer *sharers = k->sharers.data;
    bool named = column->kind >= STORE_SEGMENT_PROPERTY;
    uint64_t kind =
        column->kind == STORE_SEGMENT_TRAIT ? STORE_STATISTIC_TRAIT : STORE_STATISTIC_PROPERTY;
    for (uint32_t i = 0; i < count; i++) {
        const struct store_value *value = &values[i];
        if (!kind_allowed(column->kind, value->kind)) {
            fail_set(fail, FAIL_CORRUPT, "a value of a kind that the column cannot hold");
            return store_segment_blame(k->segment, column, k->block, fail);
        }
        uint64_t event = ((const uint32_t *)k->events.data)[rows[i]];
        uint64_t row = (uint64_t)k->block * STORE_SEGMENT_BLOCK_ROWS + rows[i] + 1;
        if (named && value->kind != STORE_NULL &&
            !store_build_count(&k->names, kind << 32 | event, column->name, row,
                               ((const int64_t *)k->ts.data)[rows[i]], fail)) {
            return false;
        }
        struct str text;
        if (store_value_is_left(value)) {
            if (!store_words_get(&k->words, *value, &text, fail)) {
                return false;
            }
            continue;
        }
        if (dictionary == NULL || value->kind != STORE_STRING || value->s < dictionary->bytes ||
            value->s >= (const char *)k->segment->view.data + column->dictionary_offset +
                            column->dictionary_length) {
            continue;
        }
        /* A string of the dictionary: its place is found by its offset. */
        uint32_t low = 0;
        uint32_t high = dictionary->count;
        uint32_t offset = (uint32_t)(value->s - dictionary->bytes);
        while (high - low > 1) {
            uint32_t middle = low + (high - low) / 2;
            if (base_get_u32(dictionary->offsets + (size_t)middle * 4) <= offset) {
                low = middle;
            } else {
                high = middle;
            }
        }
        struct sharer *sharer = &sharers[low];
        sharer->shared |= sharer->any && sharer->customer != customers[rows[i]];
        sharer->customer = customers[rows[i]];
        sharer->any = true;
    }
    return true;
}

static bool check_values_block(struct checking *k, struct store_segment_column *column,
                               struct fail *fail)
{
    struct store_dictionary dictionary;
    struct store_values values;
    bool found;
    if (!store_segment_values_open(k->segment, column, k->block, &dictionary, &values, &found,
                                   fail)) {
        return false;
    }
    if (!found) {
        return true;
    }
    uint32_t count = values.entries;
    k->scratch.leave_block = k->block;
    store_words_begin(&k->words, column->kind, column->name);
    if (count > k->block_rows * (uint64_t)STORE_FIELDS_MAX) {
        fail_set(fail, FAIL_CORRUPT, "more values than rows can have");
        return store_segment_blame(k->segment, column, k->block, fail);
    }
    if (!store_vec_room(&k->rows, count, sizeof(uint32_t), NULL, fail) ||
        !store_vec_room(&k->values, count, sizeof(struct store_value), NULL, fail)) {
        return false;
    }
    if (!store_values_rows(&values, 0, count, k->rows.data, fail) ||
        !store_values_read(&values, 0, count, NULL, 0, &k->scratch, k->values.data, fail)) {
        return store_segment_blame(k->segment, column, k->block, fail);
    }
    return take_values(k, column, column->dictionary_offset != 0 ? &dictionary : NULL, count, fail);
}

/* Reads what check_rows read of a block again; its damage was told before. */
static bool load_block(struct checking *k, uint32_t block, struct fail *fail)
{
    const uint32_t *events;
    uint32_t event_count = store_segment_codes(k->segment, STORE_FAMILY_EVENT, &events);
    struct store_ints ints;
    bool found;
    k->block = block;
    k->block_rows = store_segment_block_rows(k->segment, block);
    uint32_t *codes = k->events.data;
    INVARIANT(codes != NULL && k->ts.data != NULL); /* made before any block is read */
    if (!store_segment_block_customers(k->segment, block, k->directory, k->customers.data, fail) ||
        !read_ints(k, STORE_SEGMENT_TS, k->ts.data, fail) ||
        !store_segment_ints_open(k->segment, own_column(k, STORE_SEGMENT_EVENT), block, &ints,
                                 &found, fail) ||
        !store_ints_read_codes(&ints, 0, k->block_rows, event_count, codes, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < k->block_rows; i++) {
        codes[i] = events[codes[i]];
    }
    return true;
}

static bool check_values(struct checking *k, struct store_segment_column *column, struct fail *fail)
{
    if (column->dictionary_count > 0) {
        if (!store_vec_room(&k->sharers, column->dictionary_count, sizeof(struct sharer), NULL,
                            fail)) {
            return false;
        }
        memset(k->sharers.data, 0, column->dictionary_count * sizeof(struct sharer));
    }
    bool whole = true;
    for (uint32_t b = 0; b < k->segment->block_count; b++) {
        if (!load_block(k, b, fail)) {
            whole = false;
            continue;
        }
        if (!check_values_block(k, column, fail)) {
            whole = false;
            if (!note(k, fail)) {
                return false;
            }
        }
    }
    const struct sharer *sharers = k->sharers.data;
    for (uint32_t i = 0; whole && i < column->dictionary_count; i++) {
        if (!sharers[i].shared) {
            char text[120];
            (void)snprintf(text, sizeof text,
                           "column %" PRIu32 ": string %" PRIu32
                           " of the dictionary is not shared by two customers",
                           (uint32_t)(column - k->segment->columns), i);
            tell(k, text);
            break;
        }
    }
    return true;
}

/* ---- directory and statistics --------------------------------------------------------------------------- */

struct facts {
    int64_t first_ms, last_ms;
    uint32_t events;
};

/* Counts the rows [from, to) of one customer. False where a block cannot be read: that was told before. */
static bool count_facts(struct checking *k, const struct store_names *names, uint32_t from,
                        uint32_t to, uint32_t *block, struct facts *facts, struct fail *fail)
{
    for (uint32_t row = from; row < to; row++) {
        if (row / STORE_SEGMENT_BLOCK_ROWS != *block) {
            *block = row / STORE_SEGMENT_BLOCK_ROWS;
            if (!load_block(k, *block, fail)) {
                return false;
            }
        }
        INVARIANT(k->events.data != NULL && k->ts.data != NULL);
        uint32_t in = row % STORE_SEGMENT_BLOCK_ROWS;
        if (!store_names_is_bookkeeping(names, ((const uint32_t *)k->events.data)[in])) {
            int64_t ts_ms = ((const int64_t *)k->ts.data)[in];
            facts->first_ms = facts->events == 0 ? ts_ms : facts->first_ms;
            facts->last_ms = ts_ms;
            facts->events++;
        }
    }
    return true;
}

static bool check_facts(struct checking *k, const struct store_names *names, struct fail *fail)
{
    uint32_t block = UINT32_MAX;
    for (uint32_t g = 0; g < k->segment->group_count; g++) {
        CLEANUP(base_free_at)
        struct store_directory *directory = base_alloc_zero(sizeof *directory);
        if (!store_segment_directory_read(k->segment, g, true, directory, fail)) {
            return note(k, fail);
        }
        for (uint32_t c = 0; c < directory->count; c++) {
            struct facts facts = {0};
            if (!count_facts(k, names, directory->row_begin[c], directory->row_begin[c + 1], &block,
                             &facts, fail)) {
                return true;
            }
            if (facts.events != directory->events[c] ||
                (facts.events > 0 && (facts.first_ms != directory->first_ms[c] ||
                                      facts.last_ms != directory->last_ms[c]))) {
                tell(k, "the directory's facts of a customer are not those of its rows");
                return true;
            }
        }
    }
    return true;
}

static bool check_statistics(struct checking *k, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct store_statistic *lines;
    size_t count;
    if (!store_segment_statistics(k->segment, arena, &lines, &count, fail)) {
        return note(k, fail);
    }
    bool same = count == k->names.count;
    for (size_t i = 0; same && i < count; i++) {
        const struct store_build_line *line = store_build_line_find(
            &k->names, (uint64_t)lines[i].kind << 32 | lines[i].event, lines[i].name);
        same = line != NULL && line->rows == lines[i].rows && line->first_ms == lines[i].first_ms &&
               line->last_ms == lines[i].last_ms;
    }
    if (!same) {
        tell(k, "the statistics of names are not those of the rows");
    }
    return true;
}

static bool check_counters(struct checking *k, struct fail *fail)
{
    struct store_counters counters;
    struct store_statistic_counter lines[STORE_COUNTERS_AT_ONCE];
    uint64_t all = 0;
    uint32_t count = 0;
    bool same = true;
    if (!store_segment_counters_begin(k->segment, STORE_NO_CODE, &counters, fail)) {
        return note(k, fail);
    }
    do {
        if (!store_segment_counters_next(&counters, lines, &count, fail)) {
            return note(k, fail);
        }
        all += count;
        for (uint32_t i = 0; same && i < count; i++) {
            const struct store_build_line *line =
                store_build_line_find(&k->counters, lines[i].event, (uint64_t)lines[i].hour);
            same = line != NULL && line->rows == lines[i].rows;
        }
    } while (count > 0);
    if (!same || all != k->counters.count) {
        tell(k, "the counters of events are not those of the rows");
    }
    return true;
}

static bool check_cubes(struct checking *k, struct fail *fail)
{
    bool same;
    if (!store_segment_check_cubes(k->segment, &same, fail)) {
        return note(k, fail);
    }
    if (!same) {
        tell(k, "the cubes are not those of the rows");
    }
    return true;
}

static bool check_days(struct checking *k, struct fail *fail)
{
    bool same;
    if (!store_segment_check_days(k->segment, &same, fail)) {
        return note(k, fail);
    }
    if (!same) {
        tell(k, "the days of events are not those of the rows");
    }
    return true;
}

static bool check_block(struct checking *k, struct fail *fail)
{
    bool (*const checks[])(struct checking * k, struct fail * fail) = {check_rows, check_received,
                                                                       check_originals};
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        if (!checks[i](k, fail) && !note(k, fail)) {
            return false;
        }
    }
    static const struct {
        enum store_segment_kind kind;
        enum store_family family;
        enum store_statistic_kind statistic; /* EVENT: none */
    } names[] = {
        {STORE_SEGMENT_SOURCE, STORE_FAMILY_SOURCE, STORE_STATISTIC_SOURCE},
        {STORE_SEGMENT_CHANNEL, STORE_FAMILY_CHANNEL, STORE_STATISTIC_CHANNEL},
        {STORE_SEGMENT_SCALE, STORE_FAMILY_SCALE, STORE_STATISTIC_EVENT},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!check_names(k, names[i].kind, names[i].family, names[i].statistic, fail) &&
            !note(k, fail)) {
            return false;
        }
    }
    return true;
}

static bool check_all(struct checking *k, struct fail *fail)
{
    struct store_segment *segment = k->segment;
    k->last_customer = -1;
    for (uint32_t b = 0; b < segment->block_count; b++) {
        k->block = b;
        k->block_rows = store_segment_block_rows(segment, b);
        if (!room_for_block(k, fail) || !check_block(k, fail)) {
            return false;
        }
    }
    uint64_t before = k->problems;
    for (uint32_t c = 0; c < segment->column_count; c++) {
        struct store_segment_column *column = &segment->columns[c];
        if (column->kind > STORE_SEGMENT_SCALE || column->kind == STORE_SEGMENT_CLIENT_TS ||
            column->kind == STORE_SEGMENT_SENT_AT) {
            if (!check_values(k, column, fail)) {
                return false;
            }
        }
    }
    /* What follows from rows is compared only where all rows could be read. */
    if (before > 0 || k->problems > before) {
        return true;
    }
    return check_facts(k, segment->names, fail) && check_statistics(k, fail) &&
           check_counters(k, fail) && check_cubes(k, fail) && check_days(k, fail);
}

bool store_segment_check(struct store_segment *segment,
                         void (*problem)(void *context, const char *path, const char *what),
                         void *context, uint64_t *problems, struct fail *fail)
{
    CLEANUP(checking_done)
    struct checking k = {.segment = segment, .problem = problem, .context = context};
    k.directory = base_alloc_zero(sizeof *k.directory);
    k.scratch.leave = true;
    store_words_init(&k.words, &k.segment, 1);
    if (!check_all(&k, fail)) {
        return false;
    }
    *problems += k.problems;
    return true;
}
