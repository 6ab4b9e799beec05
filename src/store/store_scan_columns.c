/* store_scan_columns.c — columns by row of a segment's piece. */
#include "base_bytes.h"
#include "store_scan_segment.h"

static bool column_room(struct store_piece_column *column, uint32_t more,
                        const struct store_segment_read *read, struct fail *fail)
{
    size_t count = (size_t)column->count + more;
    if (count >= UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u values of one column in one batch",
                        UINT32_MAX - 1);
    }
    return store_vec_room(&column->at, count, sizeof(uint32_t), read->reading->budget, fail) &&
           store_vec_room(&column->values, count, sizeof(struct store_value), read->reading->budget,
                          fail);
}

/* ---- values ------------------------------------------------------------------------------------------- */

/* Entries of one chunk that lie in selected rows. */
struct picked {
    uint32_t first, count; /* entries looked at */
    const uint32_t *picks; /* those wanted, from `first`; NULL: all */
    uint32_t pick_count;
};

/* Finds them and puts their rows of the piece at `at`, which has room. */
static bool pick_entries(const struct store_segment_read *read, const struct store_stretch *stretch,
                         const struct store_values *values, struct store_piece_column *column,
                         struct picked *out, struct fail *fail)
{
    struct store_reading *reading = read->reading;
    const uint32_t *selected = read->selected + stretch->piece_from;
    uint32_t rows = stretch->piece_to - stretch->piece_from;
    uint32_t from = selected[0];
    bool gapless = selected[rows - 1] - from + 1 == rows;
    if (!store_values_find(values, from, selected[rows - 1] + 1, &out->first, &out->count, fail) ||
        !column_room(column, out->count, read, fail)) {
        return false;
    }
    uint32_t *at = (uint32_t *)column->at.data + column->count;
    if (values->places == STORE_PLACES_ALL && gapless) {
        for (uint32_t i = 0; i < rows; i++) {
            at[i] = stretch->piece_from + i;
        }
        out->picks = NULL;
        out->pick_count = out->count;
        return true;
    }
    if (!store_vec_room(&reading->rows, out->count, sizeof(uint32_t), reading->budget, fail) ||
        !store_vec_room(&reading->picks, out->count, sizeof(uint32_t), reading->budget, fail)) {
        return false;
    }
    uint32_t *entry_rows = reading->rows.data;
    uint32_t *picks = reading->picks.data;
    if (values->places == STORE_PLACES_ALL) { /* every row has one: nothing to look for */
        for (uint32_t i = 0; i < rows; i++) {
            at[i] = stretch->piece_from + i;
            picks[i] = selected[i] - from;
        }
        out->picks = picks;
        out->pick_count = rows;
        return true;
    }
    if (!store_values_rows(values, out->first, out->count, entry_rows, fail)) {
        return false;
    }
    if (gapless) {
        for (uint32_t i = 0; i < out->count; i++) {
            at[i] = stretch->piece_from + (entry_rows[i] - from);
        }
        out->picks = NULL;
        out->pick_count = out->count;
        return true;
    }
    uint32_t picked = 0;
    uint32_t row = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        while (row < rows && selected[row] < entry_rows[i]) {
            row++;
        }
        if (row == rows) {
            break;
        }
        picks[picked] = i;
        at[picked] = stretch->piece_from + row;
        picked += selected[row] == entry_rows[i];
    }
    out->picks = picks;
    out->pick_count = picked;
    return true;
}

static uint32_t place_of_segment(const struct store_segment_read *read)
{
    uint32_t at = 0;
    while (read->plan->segments[at] != read->segment) {
        at++;
    }
    return at;
}

bool store_segment_read_stretch(const struct store_segment_read *read,
                                const struct store_stretch *stretch,
                                const struct store_values *values,
                                const struct store_segment_column *column, bool places_only,
                                struct store_piece_column *into, struct fail *fail)
{
    struct picked picked;
    if (!pick_entries(read, stretch, values, into, &picked, fail)) {
        return store_segment_blame(read->segment, column, stretch->block, fail);
    }
    struct store_value *out = (struct store_value *)into->values.data + into->count;
    if (read->reading->values.leave) {
        read->reading->values.leave_segment = place_of_segment(read);
        read->reading->values.leave_block = stretch->block;
    }
    for (uint32_t i = 0; places_only && i < picked.pick_count; i++) {
        out[i] = store_value_bool(true);
    }
    if (!places_only && !store_values_read(values, picked.first, picked.count, picked.picks,
                                           picked.pick_count, &read->reading->values, out, fail)) {
        return store_segment_blame(read->segment, column, stretch->block, fail);
    }
    into->count += picked.pick_count;
    return true;
}

bool store_segment_read_values(const struct store_segment_read *read, size_t column,
                               enum store_segment_kind kind, struct fail *fail)
{
    bool places_only = read->plan->columns[column].of == STORE_READ_HAS_TEXT;
    struct store_segment_column *from =
        store_segment_column_find(read->segment, kind, read->plan->columns[column].name);
    for (size_t i = 0; from != NULL && i < read->stretch_count; i++) {
        const struct store_stretch *stretch = &read->stretches[i];
        struct store_dictionary dictionary;
        struct store_values values;
        bool found;
        if (stretch->piece_to == stretch->piece_from) {
            continue;
        }
        if (!store_segment_values_open(read->segment, from, stretch->block, &dictionary, &values,
                                       &found, fail) ||
            (found && !store_segment_read_stretch(read, stretch, &values, from, places_only,
                                                  &read->piece->columns[column], fail))) {
            return false;
        }
    }
    return true;
}

/* ---- the rows' own columns ---------------------------------------------------------------------------- */

/* Codes of names: 0 is missing. As strings, or as the process's codes. */
static bool read_names(const struct store_segment_read *read, size_t column,
                       enum store_segment_kind kind, enum store_family family, bool as_codes,
                       struct fail *fail)
{
    struct store_reading *reading = read->reading;
    struct store_segment_column *from =
        store_segment_column_find(read->segment, kind, STORE_NO_CODE);
    struct store_piece_column *into = &read->piece->columns[column];
    const uint32_t *codes;
    uint32_t count = store_segment_codes(read->segment, family, &codes);
    if (from == NULL) {
        return true;
    }
    if (!store_vec_room(&reading->names, count, sizeof(struct store_value), reading->budget,
                        fail) ||
        !store_vec_room(&reading->codes, read->piece->row_count, sizeof(uint32_t), reading->budget,
                        fail) ||
        !column_room(into, read->piece->row_count, read, fail)) {
        return false;
    }
    struct store_value *names = reading->names.data;
    for (uint32_t i = 0; i < count; i++) {
        names[i] = as_codes ? store_value_int(codes[i])
                            : store_value_str(store_names_get(read->plan->names, family, codes[i]));
    }
    uint32_t *at = into->at.data;
    struct store_value *values = into->values.data;
    uint32_t *picked = reading->codes.data;
    for (size_t i = 0; i < read->stretch_count; i++) {
        const struct store_stretch *stretch = &read->stretches[i];
        uint32_t rows = stretch->piece_to - stretch->piece_from;
        struct store_ints ints;
        bool found;
        if (rows == 0) {
            continue;
        }
        if (!store_segment_ints_open(read->segment, from, stretch->block, &ints, &found, fail)) {
            return false;
        }
        if (!found) {
            continue;
        }
        if (!store_segment_pick_codes(&ints, read->selected + stretch->piece_from, rows, count + 1,
                                      picked, fail)) {
            return store_segment_blame(read->segment, from, stretch->block, fail);
        }
        for (uint32_t r = 0; r < rows; r++) {
            if (picked[r] != 0) {
                at[into->count] = stretch->piece_from + r;
                values[into->count++] = names[picked[r] - 1];
            }
        }
    }
    return true;
}

/* Opens the integers of a block; those of receipt stand behind their form. */
static bool open_numbers(const struct store_segment_read *read, struct store_segment_column *from,
                         uint32_t block, struct store_ints *out, bool *out_distance,
                         bool *out_found, struct fail *fail)
{
    *out_distance = false;
    if (from->kind != STORE_SEGMENT_RECEIVED_AT) {
        return store_segment_ints_open(read->segment, from, block, out, out_found, fail);
    }
    const uint8_t *bytes;
    size_t len;
    if (!store_segment_chunk_find(read->segment, from, block, &bytes, &len, fail)) {
        return false;
    }
    *out_found = bytes != NULL;
    if (bytes == NULL) {
        return true;
    }
    if (len < 8 || bytes[0] > 1) {
        fail_set(fail, FAIL_CORRUPT, "malformed header");
        return store_segment_blame(read->segment, from, block, fail);
    }
    *out_distance = bytes[0] == 1;
    if (!store_ints_open(bytes + 8, len - 8, out, fail)) {
        return store_segment_blame(read->segment, from, block, fail);
    }
    if (out->count != store_segment_block_rows(read->segment, block)) {
        fail_set(fail, FAIL_CORRUPT, "values and rows differ");
        return store_segment_blame(read->segment, from, block, fail);
    }
    return true;
}

/* Integers, one a row: arrival and receipt. */
static bool read_numbers(const struct store_segment_read *read, size_t column,
                         enum store_segment_kind kind, struct fail *fail)
{
    struct store_segment_column *from =
        store_segment_column_find(read->segment, kind, STORE_NO_CODE);
    struct store_piece_column *into = &read->piece->columns[column];
    const int64_t *ts_ms = read->piece->ts.data;
    if (!column_room(into, read->piece->row_count, read, fail)) {
        return false;
    }
    uint32_t *at = into->at.data;
    struct store_value *values = into->values.data;
    for (size_t i = 0; i < read->stretch_count; i++) {
        const struct store_stretch *stretch = &read->stretches[i];
        struct store_ints ints;
        bool distance;
        bool found;
        if (stretch->piece_to == stretch->piece_from) {
            continue;
        }
        if (!open_numbers(read, from, stretch->block, &ints, &distance, &found, fail)) {
            return false;
        }
        int64_t window[STORE_WINDOW];
        for (uint32_t r = stretch->piece_from; found && r < stretch->piece_to;) {
            uint32_t rows =
                stretch->piece_to - r < STORE_WINDOW ? stretch->piece_to - r : STORE_WINDOW;
            if (!store_segment_pick_ints(&ints, read->selected + r, rows, window, fail)) {
                return store_segment_blame(read->segment, from, stretch->block, fail);
            }
            for (uint32_t w = 0; w < rows; w++, r++) {
                uint64_t number = (uint64_t)window[w] + (distance ? (uint64_t)ts_ms[r] : 0);
                at[into->count] = r;
                values[into->count++] = store_value_int((int64_t)number);
            }
        }
    }
    return true;
}

/* The number before any join: stored where it is not the customer's. */
static bool read_original(const struct store_segment_read *read, size_t column, struct fail *fail)
{
    struct store_segment_column *from =
        store_segment_column_find(read->segment, STORE_SEGMENT_ORIGINAL, STORE_NO_CODE);
    struct store_piece_column *into = &read->piece->columns[column];
    struct store_piece *piece = read->piece;
    if (!column_room(into, piece->row_count, read, fail)) {
        return false;
    }
    const uint32_t *row_begin = piece->row_begin.data;
    const uint32_t *customers = piece->customers.data;
    uint32_t *at = into->at.data;
    struct store_value *values = into->values.data;
    for (uint32_t c = 0; c < piece->customer_count; c++) {
        for (uint32_t r = row_begin[c]; r < row_begin[c + 1]; r++) {
            at[r] = r;
            values[r] = store_value_int(customers[c]);
        }
    }
    into->count = piece->row_count;
    for (size_t i = 0; from != NULL && i < read->stretch_count; i++) {
        const struct store_stretch *stretch = &read->stretches[i];
        struct store_ints ints;
        bool found;
        if (stretch->piece_to == stretch->piece_from) {
            continue;
        }
        if (!store_segment_ints_open(read->segment, from, stretch->block, &ints, &found, fail)) {
            return false;
        }
        uint32_t window[STORE_WINDOW];
        for (uint32_t r = stretch->piece_from; found && r < stretch->piece_to;) {
            uint32_t rows =
                stretch->piece_to - r < STORE_WINDOW ? stretch->piece_to - r : STORE_WINDOW;
            if (!store_segment_pick_codes(&ints, read->selected + r, rows, STORE_NO_CUSTOMER,
                                          window, fail)) {
                return store_segment_blame(read->segment, from, stretch->block, fail);
            }
            for (uint32_t w = 0; w < rows; w++, r++) {
                values[r] = store_value_int(window[w]);
            }
        }
    }
    return true;
}

/* Instants that few rows have, stored as their distance from ts. */
static bool read_distances(const struct store_segment_read *read, size_t column,
                           enum store_segment_kind kind, struct fail *fail)
{
    struct store_piece_column *into = &read->piece->columns[column];
    if (!store_segment_read_values(read, column, kind, fail)) {
        return false;
    }
    const int64_t *ts_ms = read->piece->ts.data;
    const uint32_t *at = into->at.data;
    struct store_value *values = into->values.data;
    for (uint32_t i = 0; i < into->count; i++) {
        if (values[i].kind != STORE_INT || (i > 0 && at[i] == at[i - 1])) {
            return fail_set(fail, FAIL_CORRUPT, "segment %llu: an instant that is none",
                            (unsigned long long)store_segment_info(read->segment)->id);
        }
        values[i] = store_value_int((int64_t)((uint64_t)values[i].i + (uint64_t)ts_ms[at[i]]));
    }
    return true;
}

bool store_segment_read_own(const struct store_segment_read *read, size_t column, struct fail *fail)
{
    switch (read->plan->columns[column].of) {
    case STORE_READ_CHANNEL:
        return read_names(read, column, STORE_SEGMENT_CHANNEL, STORE_FAMILY_CHANNEL, false, fail);
    case STORE_READ_SOURCE:
        return read_names(read, column, STORE_SEGMENT_SOURCE, STORE_FAMILY_SOURCE, false, fail);
    case STORE_READ_SCALE:
        return read_names(read, column, STORE_SEGMENT_SCALE, STORE_FAMILY_SCALE, false, fail);
    case STORE_READ_CHANNEL_CODE:
        return read_names(read, column, STORE_SEGMENT_CHANNEL, STORE_FAMILY_CHANNEL, true, fail);
    case STORE_READ_SOURCE_CODE:
        return read_names(read, column, STORE_SEGMENT_SOURCE, STORE_FAMILY_SOURCE, true, fail);
    case STORE_READ_SCALE_CODE:
        return read_names(read, column, STORE_SEGMENT_SCALE, STORE_FAMILY_SCALE, true, fail);
    case STORE_READ_RECEIVED_AT:
        return read_numbers(read, column, STORE_SEGMENT_RECEIVED_AT, fail);
    case STORE_READ_ARRIVAL:
        return read_numbers(read, column, STORE_SEGMENT_ARRIVAL, fail);
    case STORE_READ_ORIGINAL:
        return read_original(read, column, fail);
    case STORE_READ_CLIENT_TS:
        return read_distances(read, column, STORE_SEGMENT_CLIENT_TS, fail);
    case STORE_READ_SENT_AT:
        return read_distances(read, column, STORE_SEGMENT_SENT_AT, fail);
    case STORE_READ_PROPERTY:
    case STORE_READ_TRAIT_LATEST:
    case STORE_READ_TRAIT_CELL:
    case STORE_READ_TEXT:
    case STORE_READ_HAS_TEXT:
    case STORE_READ_SCORE:
    case STORE_READ_MESSAGE_ID:
        break;
    }
    INVARIANT(false);
}
