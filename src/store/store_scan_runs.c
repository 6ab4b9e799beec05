/* store_scan_runs.c — a property of a segment's piece by runs: one entry for rows one after the other that share their
 * string.
 *
 * What hardly changes within a customer is stored as runs of codes, and is given as such: nothing is done by row but
 * to find where the selected rows leave a run.
 */
#include "store_scan_segment.h"

static bool room(struct store_piece_column *column, size_t more, struct store_reading *reading,
                 struct fail *fail)
{
    size_t count = column->count + more;
    return store_vec_room(&column->at, count, sizeof(uint32_t), reading->budget, fail) &&
           store_vec_room(&column->last, count, sizeof(uint32_t), reading->budget, fail) &&
           store_vec_room(&column->values, count, sizeof(struct store_value), reading->budget,
                          fail);
}

/* Does every row have one string, and that from the dictionary? */
static bool is_coded(const struct store_values *values)
{
    return values->places == STORE_PLACES_ALL && values->form == STORE_STRING &&
           values->has_codes && values->heap.strings == 0;
}

#define STEP 8U /* rows passed over at once while a run goes on */

/* Entries for the selected rows of the stretch. */
static bool read_codes(const struct store_segment_read *read, const struct store_stretch *stretch,
                       const struct store_values *values, struct store_piece_column *into,
                       struct fail *fail)
{
    uint32_t rows = stretch->piece_to - stretch->piece_from;
    const uint32_t *selected = read->selected + stretch->piece_from;
    struct store_ints_walk walk;
    if (!room(into, rows, read->reading, fail)) {
        return false;
    }
    uint32_t *at = into->at.data;
    uint32_t *last = into->last.data;
    struct store_value *out = into->values.data;
    store_ints_walk_begin(&values->codes, &walk);
    int64_t before = 0; /* no code of a string */
    for (uint32_t i = 0; i < rows;) {
        int64_t code;
        uint32_t end;
        if (!store_ints_walk_to(&walk, selected[i], &code, &end, fail)) {
            return false;
        }
        if (code < 1 || code > values->dictionary->count) {
            return fail_set(fail, FAIL_CORRUPT, "a code past its dictionary");
        }
        uint32_t first = i++;
        while (i + STEP < rows && selected[i + STEP] < end) {
            i += STEP;
        }
        while (i < rows && selected[i] < end) {
            i++;
        }
        if (code != before) {
            at[into->count] = stretch->piece_from + first;
            out[into->count++] = store_dictionary_value(values->dictionary, (uint32_t)code - 1);
            before = code;
        }
        last[into->count - 1] = stretch->piece_from + i - 1;
    }
    return true;
}

/* Entries of one row each, as they were put. */
static bool put_lasts(struct store_piece_column *column, uint32_t from,
                      struct store_reading *reading, struct fail *fail)
{
    if (!room(column, 0, reading, fail)) {
        return false;
    }
    if (column->count > from) {
        memcpy((uint32_t *)column->last.data + from, (uint32_t *)column->at.data + from,
               (column->count - from) * sizeof(uint32_t));
    }
    return true;
}

bool store_segment_read_runs(const struct store_segment_read *read, size_t column,
                             struct fail *fail)
{
    struct store_piece_column *into = &read->piece->columns[column];
    struct store_segment_column *from = store_segment_column_find(
        read->segment, STORE_SEGMENT_PROPERTY, read->plan->columns[column].name);
    into->runs = true;
    for (size_t i = 0; from != NULL && i < read->stretch_count; i++) {
        const struct store_stretch *stretch = &read->stretches[i];
        struct store_dictionary dictionary;
        struct store_values values;
        bool found;
        uint32_t before = into->count;
        if (stretch->piece_to == stretch->piece_from) {
            continue;
        }
        if (!store_segment_values_open(read->segment, from, stretch->block, &dictionary, &values,
                                       &found, fail)) {
            return false;
        }
        if (!found) {
            continue;
        }
        if (is_coded(&values)) {
            if (!read_codes(read, stretch, &values, into, fail)) {
                return store_segment_blame(read->segment, from, stretch->block, fail);
            }
        } else if (!store_segment_read_stretch(read, stretch, &values, from, false, into, fail) ||
                   !put_lasts(into, before, read->reading, fail)) {
            return false;
        }
    }
    return true;
}
