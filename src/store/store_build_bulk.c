/* store_build_bulk.c — a segment from the columns of an import: sorted once, then encoded block by block. */
#include <stdlib.h>

#include "store_build.h"

struct sorted_column {
    uint32_t build_column;
    uint32_t count;
    uint32_t *rows;   /* places in the segment, ascending; NULL: each row has one entry */
    uint32_t *codes;  /* places among the values */
    uint32_t *places; /* by value: 1 + place in the dictionary, or 0 */
    const struct store_value *values;
    uint32_t next; /* entry of the next block */
};
struct store_bulk_sorted {
    struct arena *arena;
    struct store_order order;
    bool joined;                             /* a row's customer may be another than its own */
    bool one_source, one_channel, one_scale; /* all rows have the same */
    struct sorted_column *columns;
    size_t column_count;
};

void store_bulk_sorted_free(struct store_bulk_sorted *sorted)
{
    if (sorted == NULL) {
        return;
    }
    for (size_t c = 0; c < sorted->column_count; c++) {
        base_free(sorted->columns[c].rows);
        base_free(sorted->columns[c].codes);
        base_free(sorted->columns[c].places);
    }
    arena_free(sorted->arena);
    base_free(sorted);
}

static bool room_for(size_t count, uint32_t **out, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_spread(count, sizeof **out, &block, fail)) {
        return false;
    }
    *out = block;
    return true;
}

/* ---- the order of rows ---------------------------------------------------------------------------------- */

/* By the customers as they are joined now: a row's may have been joined since it came. */
static bool sort_rows(const struct store_build *build, struct store_bulk_sorted *sorted,
                      struct fail *fail)
{
    const struct store_bulk *bulk = build->in->bulk;
    const struct store_identity_view *view = build->in->view;
    uint32_t *roots = NULL;
    if (!room_for(bulk->count, &roots, fail)) {
        return false;
    }
    sorted->joined = store_identity_position(view) != 0; /* was anybody ever? */
    if (!sorted->joined) {
        memcpy(roots, bulk->original, bulk->count * sizeof *roots);
    } else {
        for (uint32_t i = 0; i < bulk->count; i++) {
            roots[i] = store_identity_root(view, bulk->original[i]);
        }
    }
    bool ok = store_order_make(roots, bulk->ts_ms, bulk->events, bulk->count, sorted->arena,
                               &sorted->order, fail);
    base_free(roots);
    return ok;
}

/* ---- columns in that order ------------------------------------------------------------------------------ */

/* The entries of a row that may have none or several: [starts[row], starts[row + 1]). */
static void find_starts(const struct store_bulk_column *column, uint32_t rows, uint32_t *starts)
{
    uint32_t entry = 0;
    for (uint32_t row = 0; row < rows; row++) {
        starts[row] = entry;
        while (entry < column->count && column->rows[entry] == row) {
            entry++;
        }
    }
    starts[rows] = column->count;
}

#define AHEAD 48U /* rows whose places are asked for before: they lie anywhere */

static bool sort_column(const struct store_bulk_column *column, const struct store_order *order,
                        uint32_t *starts, struct sorted_column *out, struct fail *fail)
{
    if (!room_for(column->count, &out->codes, fail)) {
        return false;
    }
    out->count = column->count;
    out->values = column->values;
    if (column->rows == NULL && column->count == order->row_count) {
        for (uint32_t i = 0; i < order->row_count; i++) {
            if (i + AHEAD < order->row_count) {
                __builtin_prefetch(&column->codes[order->rows[i + AHEAD]]);
            }
            out->codes[i] = column->codes[order->rows[i]];
        }
        return true;
    }
    if (!room_for(column->count, &out->rows, fail)) {
        return false;
    }
    if (column->rows == NULL) { /* the last rows have none */
        for (uint32_t row = 0; row <= order->row_count; row++) {
            starts[row] = row < column->count ? row : column->count;
        }
    } else {
        find_starts(column, order->row_count, starts);
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < order->row_count; i++) {
        uint32_t row = order->rows[i];
        if (i + AHEAD < order->row_count) {
            __builtin_prefetch(&starts[order->rows[i + AHEAD]]);
        }
        for (uint32_t entry = starts[row]; entry < starts[row + 1]; entry++) {
            out->rows[at] = i;
            out->codes[at++] = column->codes[entry];
        }
    }
    return true;
}

/* ---- dictionaries --------------------------------------------------------------------------------------- */

struct tallied {       /* of one value */
    uint32_t customer; /* 1 + the place of the first */
    bool shared;
    uint32_t times;
};
struct candidate {
    struct str string;
    uint32_t times, code;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->times != y->times) {
        return x->times > y->times ? -1 : 1;
    }
    return str_compare(x->string, y->string);
}

/* Which values several customers have, and how often. */
static void tally(const struct sorted_column *column, const struct store_order *order,
                  struct tallied *out)
{
    uint32_t entry = 0;
    for (uint32_t c = 0; c < order->customer_count; c++) {
        uint32_t end = order->begin[c + 1];
        for (; entry < column->count && (column->rows == NULL ? entry : column->rows[entry]) < end;
             entry++) {
            struct tallied *value = &out[column->codes[entry]];
            value->shared = value->shared || (value->customer != 0 && value->customer != c + 1);
            value->customer = value->customer == 0 ? c + 1 : value->customer;
            value->times++;
        }
    }
}

static bool may_share(const struct store_value *value, const struct tallied *tallied)
{
    return tallied->shared && value->kind == STORE_STRING && value->len > 0 &&
           value->len <= STORE_DICTIONARY_STRING_BYTES_MAX;
}

static bool make_dictionary(struct store_build *build, struct sorted_column *column,
                            uint32_t value_count, const struct tallied *tallied, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    uint32_t count = 0;
    for (uint32_t v = 0; v < value_count; v++) {
        count += may_share(&column->values[v], &tallied[v]);
    }
    struct candidate *candidates = arena_array(arena, count, sizeof *candidates, fail);
    struct str *strings = arena_array(arena, count, sizeof *strings, fail);
    if (candidates == NULL || strings == NULL) {
        return false;
    }
    count = 0;
    for (uint32_t v = 0; v < value_count; v++) {
        if (may_share(&column->values[v], &tallied[v])) {
            candidates[count++] = (struct candidate){.string = store_value_text(column->values[v]),
                                                     .times = tallied[v].times,
                                                     .code = v};
        }
    }
    if (count > 0) {
        qsort(candidates, count, sizeof *candidates, compare_candidates);
    }
    for (uint32_t i = 0; i < count; i++) {
        strings[i] = candidates[i].string;
    }
    struct store_build_dictionary *dictionary = &build->columns[column->build_column].dictionary;
    if (!store_build_dictionary_of(strings, count, build->arena, dictionary, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < dictionary->count; i++) {
        column->places[candidates[i].code] = i + 1;
    }
    return true;
}

static bool plan_dictionary(struct store_build *build, struct store_bulk_sorted *sorted,
                            struct sorted_column *column, uint32_t value_count, struct fail *fail)
{
    CLEANUP(base_free_at) void *block = NULL;
    if (!room_for(value_count, &column->places, fail) ||
        !base_alloc_spread(value_count, sizeof(struct tallied), &block, fail)) {
        return false;
    }
    memset(column->places, 0, value_count * sizeof *column->places);
    if (column->build_column < STORE_BUILD_VALUES) {
        return true; /* what the row itself says has no dictionary */
    }
    memset(block, 0, value_count * sizeof(struct tallied));
    tally(column, &sorted->order, block);
    return make_dictionary(build, column, value_count, block, fail);
}

static uint32_t build_column_of(const struct store_build *build, const struct store_bulk *bulk,
                                size_t at)
{
    static const uint32_t own[STORE_BULK_OWN] = {
        [STORE_BULK_CLIENT_TS] = STORE_BUILD_CLIENT_TS,
        [STORE_BULK_SENT_AT] = STORE_BUILD_SENT_AT,
        [STORE_BULK_SCORE] = STORE_BUILD_SCORE,
        [STORE_BULK_TEXT] = STORE_BUILD_TEXT,
        [STORE_BULK_MESSAGE_ID] = STORE_BUILD_MESSAGE_ID,
    };
    const struct store_bulk_column *column = &bulk->columns[at];
    return at < STORE_BULK_OWN ? own[at]
           : column->trait     ? build->trait_column[column->name] - 1
                               : build->property_column[column->name] - 1;
}

static bool plan_columns(struct store_build *build, struct store_bulk_sorted *sorted,
                         struct fail *fail)
{
    const struct store_bulk *bulk = build->in->bulk;
    uint32_t *starts = NULL;
    sorted->columns = arena_array(sorted->arena, bulk->column_count, sizeof *sorted->columns, fail);
    bool ok = sorted->columns != NULL && room_for((size_t)bulk->count + 1, &starts, fail);
    for (size_t c = 0; ok && c < bulk->column_count; c++) {
        const struct store_bulk_column *from = &bulk->columns[c];
        if (from->count == 0) {
            continue;
        }
        struct sorted_column *column = &sorted->columns[sorted->column_count++];
        column->build_column = build_column_of(build, bulk, c);
        ok = sort_column(from, &sorted->order, starts, column, fail) &&
             plan_dictionary(build, sorted, column, from->value_count, fail);
    }
    base_free(starts);
    return ok;
}

static bool plan_counters(struct store_build *build, const struct store_order *order,
                          struct fail *fail)
{
    int64_t least = order->ts_ms[0];
    int64_t most = order->ts_ms[0];
    for (uint32_t i = 0; i < order->row_count; i++) {
        least = order->ts_ms[i] < least ? order->ts_ms[i] : least;
        most = order->ts_ms[i] > most ? order->ts_ms[i] : most;
    }
    return store_build_count_plan(build, least, most, fail);
}

static bool are_one(const uint32_t *codes, uint32_t count)
{
    for (uint32_t i = 1; codes != NULL && i < count; i++) {
        if (codes[i] != codes[0]) {
            return false;
        }
    }
    return true;
}

bool store_build_bulk_plan(struct store_build *build, struct store_bulk_sorted **out,
                           struct fail *fail)
{
    struct store_bulk_sorted *sorted = base_alloc_zero(sizeof *sorted);
    sorted->arena = arena_new(NULL);
    *out = sorted;
    const struct store_bulk *bulk = build->in->bulk;
    sorted->one_source = are_one(bulk->sources, bulk->count);
    sorted->one_channel = are_one(bulk->channels, bulk->count);
    sorted->one_scale = are_one(bulk->scales, bulk->count);
    return sort_rows(build, sorted, fail) && plan_columns(build, sorted, fail) &&
           plan_counters(build, &sorted->order, fail);
}

/* ---- blocks ---------------------------------------------------------------------------------------------- */

static void put_customers(const struct store_order *order, uint32_t from, uint32_t count,
                          uint32_t *customer, int64_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        while (order->begin[*customer + 1] <= from + i) {
            (*customer)++;
        }
        out[i] = order->customers[*customer];
    }
}

/* 1 + the file's code; 0: none. */
static int64_t code_of(const struct store_build *build, enum store_family family, uint32_t code)
{
    return code == STORE_NO_CODE ? 0 : (int64_t)build->codes[family][code] + 1;
}

/* Of most imports all rows have one source and channel: then no row is looked at, wherever it lies. */
static void put_codes(const struct store_build *build, const uint32_t *rows, const uint32_t *codes,
                      bool one, enum store_family family, int64_t *out)
{
    int64_t first = code_of(build, family, codes == NULL ? STORE_NO_CODE : codes[0]);
    for (uint32_t i = 0; i < build->filling->rows; i++) {
        out[i] = one || codes == NULL ? first : code_of(build, family, codes[rows[i]]);
    }
}

static void put_ints(struct store_build *build, const struct store_bulk_sorted *sorted,
                     uint32_t from)
{
    const struct store_bulk *bulk = build->in->bulk;
    const struct store_order *order = &sorted->order;
    const uint32_t *rows = order->rows + from;
    struct store_build_block *block = build->filling;
    uint32_t left = order->row_count - from;
    memcpy(block->ints[STORE_BUILD_TS], order->ts_ms + from, block->rows * sizeof(int64_t));
    for (uint32_t i = 0; i < block->rows; i++) {
        if (i + AHEAD < left) {
            __builtin_prefetch(&bulk->received_at_ms[rows[i + AHEAD]]);
        }
        block->ints[STORE_BUILD_EVENT][i] =
            build->codes[STORE_FAMILY_EVENT][order->events[from + i]];
        block->ints[STORE_BUILD_ARRIVAL][i] = (int64_t)(bulk->arrival_first + rows[i]);
        block->ints[STORE_BUILD_ORIGINAL][i] =
            sorted->joined ? bulk->original[rows[i]] : block->customers[i];
        block->ints[STORE_BUILD_RECEIVED_AT][i] = bulk->received_at_ms[rows[i]];
    }
    put_codes(build, rows, bulk->sources, sorted->one_source, STORE_FAMILY_SOURCE,
              block->ints[STORE_BUILD_SOURCE]);
    put_codes(build, rows, bulk->channels, sorted->one_channel, STORE_FAMILY_CHANNEL,
              block->ints[STORE_BUILD_CHANNEL]);
    put_codes(build, rows, bulk->scales, sorted->one_scale, STORE_FAMILY_SCALE,
              block->ints[STORE_BUILD_SCALE]);
}

/* The entries of the block's rows; how many rows have one, by event. */
static bool put_entries(struct store_build *build, struct sorted_column *from, uint32_t row_first,
                        struct fail *fail)
{
    const struct store_build_column *column = &build->columns[from->build_column];
    const struct store_build_block *block = build->filling;
    struct store_build_entries *entries = &block->entries[from->build_column];
    uint32_t end = from->next;
    uint32_t row_end = row_first + block->rows;
    if (from->rows == NULL) {
        end = row_end;
    }
    while (from->rows != NULL && end < from->count && from->rows[end] < row_end) {
        end++;
    }
    if (!store_build_entries_room(entries, end - from->next, fail)) {
        return false;
    }
    uint32_t *at = entries->at.data;
    uint32_t *codes = entries->codes.data;
    struct store_value *values = entries->values.data;
    bool distance =
        from->build_column == STORE_BUILD_CLIENT_TS || from->build_column == STORE_BUILD_SENT_AT;
    uint32_t counted = UINT32_MAX;
    for (uint32_t entry = from->next; entry < end; entry++) {
        uint32_t code = from->codes[entry];
        uint32_t row = (from->rows == NULL ? entry : from->rows[entry]) - row_first;
        struct store_value value = from->values[code];
        int64_t ts_ms = block->ints[STORE_BUILD_TS][row];
        if (distance) {
            value = store_value_int((int64_t)((uint64_t)value.i - (uint64_t)ts_ms));
        }
        *at++ = row;
        *codes++ = from->places[code];
        *values++ = value;
        if (column->name != STORE_NO_CODE && value.kind != STORE_NULL && counted != row) {
            counted = row; /* several values of one row count once */
            store_build_count_row(&build->counting, (uint32_t)block->ints[STORE_BUILD_EVENT][row],
                                  ts_ms);
        }
    }
    entries->count = end - from->next;
    from->next = end;
    return true;
}

static bool put_columns(struct store_build *build, const struct store_bulk_sorted *sorted,
                        uint32_t from, struct fail *fail)
{
    for (size_t c = 0; c < sorted->column_count; c++) {
        const struct store_build_column *column = &build->columns[sorted->columns[c].build_column];
        bool trait = column->kind == STORE_SEGMENT_TRAIT;
        enum store_family family = trait ? STORE_FAMILY_TRAIT : STORE_FAMILY_PROPERTY;
        bool ok =
            put_entries(build, &sorted->columns[c], from, fail) &&
            (column->name == STORE_NO_CODE ||
             store_build_count_into(build, trait ? STORE_STATISTIC_TRAIT : STORE_STATISTIC_PROPERTY,
                                    build->codes[family][column->name], fail));
        store_build_count_forget(build);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool put_directory(struct store_build *build, const struct store_order *order,
                          struct fail *fail)
{
    for (uint32_t c = 0; c < order->customer_count; c++) {
        uint32_t from = order->begin[c];
        if (!store_build_add_customer(build, order->customers[c], order->begin[c + 1] - from,
                                      order->ts_ms + from, order->events + from, fail)) {
            return false;
        }
    }
    return true;
}

bool store_build_bulk_rows(struct store_build *build, const struct store_bulk_sorted *sorted,
                           struct fail *fail)
{
    const struct store_order *order = &sorted->order;
    uint32_t customer = 0;
    for (uint32_t from = 0; from < order->row_count; from += STORE_SEGMENT_BLOCK_ROWS) {
        uint32_t left = order->row_count - from;
        struct store_build_block *block = build->filling;
        block->rows = left < STORE_SEGMENT_BLOCK_ROWS ? left : STORE_SEGMENT_BLOCK_ROWS;
        put_customers(order, from, block->rows, &customer, block->customers);
        block->customer_first = (uint32_t)block->customers[0];
        block->customer_last = (uint32_t)block->customers[block->rows - 1];
        put_ints(build, sorted, from);
        if (!put_columns(build, sorted, from, fail) ||
            !store_build_count_block(build, 0, block->rows, fail) ||
            !store_build_block_filled(build, fail)) {
            return false;
        }
    }
    return store_build_count_hours(build, fail) && put_directory(build, order, fail);
}
