/* store_build_fill.c — rows, which come in merged order, go into the block that is being filled. */
#include "store_build.h"

/* The scan's columns, in this order; then those of build->columns from STORE_BUILD_CLIENT_TS on. */
enum {
    IN_ARRIVAL = STORE_BUILD_IN_ARRIVAL,
    IN_ORIGINAL,
    IN_RECEIVED_AT,
    IN_SOURCE,
    IN_CHANNEL,
    IN_SCALE,
    IN_VALUES
};

struct adding {
    struct store_build *build;
    const struct store_rows *rows;
    uint32_t from, count; /* rows of the batch that go into the block now */
    uint32_t *entries;    /* by column of the scan: the next entry */
};

/* One integer a row; rows without one have 0. `codes` maps, and makes room for 0. */
static void add_ints(struct adding *adding, size_t in, int out, const uint32_t *codes)
{
    const struct store_column *column = &adding->rows->columns[in];
    struct store_build_block *block = adding->build->filling;
    int64_t *into = block->ints[out] + block->rows;
    uint32_t *entry = &adding->entries[in];
    memset(into, 0, adding->count * sizeof *into);
    for (; *entry < column->count && column->at[*entry] < adding->from + adding->count;
         (*entry)++) {
        int64_t value = column->values[*entry].i;
        into[column->at[*entry] - adding->from] = codes != NULL ? (int64_t)codes[value] + 1 : value;
    }
}

static bool has_name(const struct store_build_column *column)
{
    return column->name != STORE_NO_CODE;
}

/* The rows that were counted have a value in this column. */
static bool count_name(struct store_build *build, const struct store_build_column *column,
                       struct fail *fail)
{
    bool trait = column->kind == STORE_SEGMENT_TRAIT;
    uint32_t name = build->codes[trait ? STORE_FAMILY_TRAIT : STORE_FAMILY_PROPERTY][column->name];
    bool ok = store_build_count_into(
        build, trait ? STORE_STATISTIC_TRAIT : STORE_STATISTIC_PROPERTY, name, fail);
    store_build_count_forget(build);
    return ok;
}

/* Mostly a customer's row says the same as the one before. */
static bool code_of_string(struct store_build *build, const struct store_build_column *column,
                           const struct store_build_entries *entries, struct store_value value,
                           uint32_t *out, struct fail *fail)
{
    struct str text;
    *out = 0;
    if (column->dictionary.count == 0 ||
        store_value_len(&value) > STORE_DICTIONARY_STRING_BYTES_MAX) {
        return true;
    }
    if (!store_words_get(&build->words, value, &text, fail)) {
        return false;
    }
    if (entries->count > 0) {
        uint32_t code = ((const uint32_t *)entries->codes.data)[entries->count - 1];
        struct str before = code > 0 ? column->dictionary.strings[code - 1] : (struct str){NULL, 0};
        if (code > 0 && str_equal(before, text)) {
            *out = code;
            return true;
        }
    }
    *out = store_build_dictionary_find(&column->dictionary, text);
    return true;
}

static bool add_value(struct adding *adding, const struct store_build_column *column,
                      struct store_build_entries *entries, uint32_t row, struct store_value value,
                      struct fail *fail)
{
    struct store_build *build = adding->build;
    uint32_t at = entries->count;
    uint32_t code = 0;
    if (column->kind == STORE_SEGMENT_CLIENT_TS || column->kind == STORE_SEGMENT_SENT_AT) {
        value = store_value_int((int64_t)((uint64_t)value.i - (uint64_t)adding->rows->ts_ms[row]));
    } else if (value.kind == STORE_STRING) {
        if (!code_of_string(build, column, entries, value, &code, fail)) {
            return false;
        }
    }
    ((uint32_t *)entries->at.data)[at] = build->filling->rows + (row - adding->from);
    ((uint32_t *)entries->codes.data)[at] = code;
    ((struct store_value *)entries->values.data)[at] = value;
    entries->count++;
    return true;
}

static bool room_for(struct store_build_entries *entries, uint32_t more, struct fail *fail)
{
    size_t count = (size_t)entries->count + more;
    if (count > STORE_SEGMENT_BLOCK_ROWS / 2 && count < STORE_SEGMENT_BLOCK_ROWS) {
        count = STORE_SEGMENT_BLOCK_ROWS; /* as many as it gets, and not half as many again */
    }
    return store_build_entries_room(entries, count, fail);
}

static bool add_values(struct adding *adding, struct fail *fail)
{
    struct store_build *build = adding->build;
    for (size_t c = 0; c < build->column_count; c++) {
        const struct store_column *in = &adding->rows->columns[IN_VALUES + c];
        uint32_t *entry = &adding->entries[IN_VALUES + c];
        const struct store_build_column *column = &build->columns[c];
        struct store_build_entries *entries = &build->filling->entries[c];
        if (!room_for(entries, in->count - *entry, fail)) {
            return false;
        }
        uint32_t counted = UINT32_MAX;
        store_words_begin(&build->words, column->kind, column->name);
        for (; *entry < in->count && in->at[*entry] < adding->from + adding->count; (*entry)++) {
            uint32_t row = in->at[*entry];
            if (!add_value(adding, column, entries, row, in->values[*entry], fail)) {
                return false;
            }
            if (has_name(column) && in->values[*entry].kind != STORE_NULL && counted != row) {
                counted = row; /* several values of one row count once */
                store_build_count_row(&build->counting,
                                      build->codes[STORE_FAMILY_EVENT][adding->rows->events[row]],
                                      adding->rows->ts_ms[row]);
            }
        }
        if (has_name(column) && !count_name(build, column, fail)) {
            return false;
        }
    }
    return true;
}

/* Puts the chosen rows of the batch into the block, which has room. `customer` is that of the first. */
static bool add_rows(struct adding *adding, uint32_t *customer, struct fail *fail)
{
    struct store_build *build = adding->build;
    struct store_build_block *block = build->filling;
    const struct store_rows *rows = adding->rows;
    int64_t *ts_ms = block->ints[STORE_BUILD_TS] + block->rows;
    int64_t *events = block->ints[STORE_BUILD_EVENT] + block->rows;
    int64_t *customers = block->customers + block->rows;
    for (uint32_t i = 0; i < adding->count; i++) {
        uint32_t row = adding->from + i;
        while (rows->row_begin[*customer + 1] <= row) {
            (*customer)++;
        }
        ts_ms[i] = rows->ts_ms[row];
        events[i] = build->codes[STORE_FAMILY_EVENT][rows->events[row]];
        customers[i] = rows->customers[*customer];
    }
    if (block->rows == 0) {
        block->customer_first = (uint32_t)customers[0];
    }
    block->customer_last = (uint32_t)customers[adding->count - 1];
    add_ints(adding, IN_ARRIVAL, STORE_BUILD_ARRIVAL, NULL);
    add_ints(adding, IN_ORIGINAL, STORE_BUILD_ORIGINAL, NULL);
    add_ints(adding, IN_RECEIVED_AT, STORE_BUILD_RECEIVED_AT, NULL);
    add_ints(adding, IN_SOURCE, STORE_BUILD_SOURCE, build->codes[STORE_FAMILY_SOURCE]);
    add_ints(adding, IN_CHANNEL, STORE_BUILD_CHANNEL, build->codes[STORE_FAMILY_CHANNEL]);
    add_ints(adding, IN_SCALE, STORE_BUILD_SCALE, build->codes[STORE_FAMILY_SCALE]);
    if (!add_values(adding, fail) ||
        !store_build_count_block(build, block->rows, adding->count, fail)) {
        return false;
    }
    block->rows += adding->count;
    return block->rows < STORE_SEGMENT_BLOCK_ROWS || store_build_block_filled(build, fail);
}

bool store_build_add(struct store_build *build, const struct store_rows *rows, struct fail *fail)
{
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        uint32_t from = rows->row_begin[c];
        if (!store_build_add_customer(build, rows->customers[c], rows->row_begin[c + 1] - from,
                                      rows->ts_ms + from, rows->events + from, fail)) {
            return false;
        }
    }
    CLEANUP(base_free_at) void *entries = NULL;
    size_t columns = IN_VALUES + build->column_count;
    if (!base_alloc_array(columns, sizeof(uint32_t), &entries, fail)) {
        return false;
    }
    memset(entries, 0, columns * sizeof(uint32_t));
    struct adding adding = {.build = build, .rows = rows, .entries = entries};
    uint32_t customer = 0;
    while (adding.from < rows->row_count) {
        uint32_t room = STORE_SEGMENT_BLOCK_ROWS - build->filling->rows;
        uint32_t left = rows->row_count - adding.from;
        adding.count = left < room ? left : room;
        if (!add_rows(&adding, &customer, fail)) {
            return false;
        }
        adding.from += adding.count;
    }
    return true;
}
