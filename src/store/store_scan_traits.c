/* store_scan_traits.c — the latest value of a trait for each customer of a segment's piece.
 *
 * Looks at all rows of the customers, whatever the filter. For each customer the last row decides that sets the trait or
 * removes it, or something above it (a null at a dotted prefix); inside one row a value wins over a removal.
 */
#include "store_scan_segment.h"

/* What decides the trait of one span; rows count from 1, 0: nothing does. */
struct deciding {
    uint32_t row, removed_row;
    uint32_t stretch, first, count; /* the entries of `row`, which may be nulls */
};

struct latest {
    const struct store_segment_read *read;
    struct deciding *deciding; /* by span */
    struct store_dictionary dictionary;
    struct store_values values;
};

static bool open_stretch(struct latest *latest, struct store_segment_column *column,
                         const struct store_stretch *stretch, uint32_t *out_first,
                         uint32_t *out_count, struct fail *fail)
{
    bool found;
    *out_count = 0;
    if (!store_segment_values_open(latest->read->segment, column, stretch->block,
                                   &latest->dictionary, &latest->values, &found, fail)) {
        return false;
    }
    if (!found) {
        return true;
    }
    struct store_reading *reading = latest->read->reading;
    if (!store_values_find(&latest->values, stretch->from, stretch->to, out_first, out_count,
                           fail) ||
        !store_vec_room(&reading->rows, *out_count, sizeof(uint32_t), reading->budget, fail) ||
        !store_values_rows(&latest->values, *out_first, *out_count, reading->rows.data, fail)) {
        return store_segment_blame(latest->read->segment, column, stretch->block, fail);
    }
    return true;
}

/* Notes for each span its last row with entries. */
static bool find_set(struct latest *latest, struct store_segment_column *column, struct fail *fail)
{
    const struct store_segment_read *read = latest->read;
    size_t span = 0;
    for (size_t i = 0; i < read->stretch_count; i++) {
        const struct store_stretch *stretch = &read->stretches[i];
        uint32_t base = stretch->block * STORE_SEGMENT_BLOCK_ROWS;
        uint32_t first;
        uint32_t count;
        if (!open_stretch(latest, column, stretch, &first, &count, fail)) {
            return false;
        }
        const uint32_t *rows = read->reading->rows.data;
        for (uint32_t e = 0; e < count;) {
            uint32_t row = base + rows[e];
            uint32_t begin = e;
            while (e < count && rows[e] == rows[begin]) {
                e++;
            }
            while (read->spans[span].end <= row) {
                span++;
            }
            if (row < read->spans[span].begin) {
                continue; /* between spans */
            }
            struct deciding *deciding = &latest->deciding[span];
            deciding->row = row + 1;
            deciding->stretch = (uint32_t)i;
            deciding->first = first + begin;
            deciding->count = e - begin;
        }
    }
    return true;
}

/* Notes for each span its last row with a null in the column of a prefix. */
static bool find_removed(struct latest *latest, struct store_segment_column *column,
                         struct fail *fail)
{
    const struct store_segment_read *read = latest->read;
    struct store_reading *reading = read->reading;
    size_t span = 0;
    for (size_t i = 0; i < read->stretch_count; i++) {
        const struct store_stretch *stretch = &read->stretches[i];
        uint32_t base = stretch->block * STORE_SEGMENT_BLOCK_ROWS;
        uint32_t first;
        uint32_t count;
        if (!open_stretch(latest, column, stretch, &first, &count, fail)) {
            return false;
        }
        if (count == 0 || latest->values.form != STORE_FORM_MIXED) {
            continue; /* no nulls */
        }
        if (!store_vec_room(&reading->codes, count, sizeof(uint32_t), reading->budget, fail) ||
            !store_ints_read_codes(&latest->values.kinds, first, count, STORE_STRING + 1,
                                   reading->codes.data, fail)) {
            return store_segment_blame(read->segment, column, stretch->block, fail);
        }
        const uint32_t *rows = reading->rows.data;
        const uint32_t *kinds = reading->codes.data;
        for (uint32_t e = 0; e < count; e++) {
            uint32_t row = base + rows[e];
            while (read->spans[span].end <= row) {
                span++;
            }
            struct deciding *deciding = &latest->deciding[span];
            if (row >= read->spans[span].begin && kinds[e] == STORE_NULL &&
                deciding->removed_row < row + 1) {
                deciding->removed_row = row + 1;
            }
        }
    }
    return true;
}

/* Adds the outcome for one span; its values, where it has any, stand at `values`. */
static bool add_last(struct latest *latest, size_t span, const struct store_value *values,
                     struct store_piece_column *into, bool want_ts, struct fail *fail)
{
    const struct store_segment_read *read = latest->read;
    const struct deciding *deciding = &latest->deciding[span];
    struct base_budget *budget = read->reading->budget;
    uint32_t row = deciding->row > deciding->removed_row ? deciding->row : deciding->removed_row;
    struct store_trait_last last = {.customer = read->span_customers[span], .begin = into->count};
    if (want_ts && !store_segment_row_ts(read->segment, row - 1, &last.ts_ms, fail)) {
        return false;
    }
    for (uint32_t v = 0; values != NULL && v < deciding->count; v++) {
        if (values[v].kind != STORE_NULL) {
            if (!store_piece_add(into, last.customer, values[v], budget, fail)) {
                return false;
            }
            last.count++;
        }
    }
    if (!store_vec_room(&into->lasts, (size_t)into->last_count + 1, sizeof last, budget, fail)) {
        return false;
    }
    ((struct store_trait_last *)into->lasts.data)[into->last_count++] = last;
    return true;
}

/* Reads the deciding values of spans [from, to), all in one stretch, and adds the outcomes. */
static bool read_deciding(struct latest *latest, struct store_segment_column *column, size_t from,
                          size_t to, struct store_piece_column *into, bool want_ts,
                          struct fail *fail)
{
    const struct store_segment_read *read = latest->read;
    struct store_reading *reading = read->reading;
    uint32_t picks = 0;
    uint32_t first = 0;
    uint32_t end = 0;
    uint32_t stretch = 0;
    for (size_t s = from; s < to; s++) {
        const struct deciding *deciding = &latest->deciding[s];
        if (read->span_customers[s] == UINT32_MAX || deciding->row == 0 ||
            deciding->removed_row > deciding->row) {
            continue;
        }
        if (picks == 0) {
            first = deciding->first;
            stretch = deciding->stretch;
        }
        end = deciding->first + deciding->count;
        if (!store_vec_room(&reading->picks, (size_t)picks + deciding->count, sizeof(uint32_t),
                            reading->budget, fail)) {
            return false;
        }
        for (uint32_t v = 0; v < deciding->count; v++) {
            ((uint32_t *)reading->picks.data)[picks++] = deciding->first + v - first;
        }
    }
    const struct store_value *values = NULL;
    if (picks > 0) {
        uint32_t block = read->stretches[stretch].block;
        bool found;
        if (!store_vec_room(&reading->names, picks, sizeof(struct store_value), reading->budget,
                            fail) ||
            !store_segment_values_open(read->segment, column, block, &latest->dictionary,
                                       &latest->values, &found, fail)) {
            return false;
        }
        if (!store_values_read(&latest->values, first, end - first, reading->picks.data, picks,
                               &reading->values, reading->names.data, fail)) {
            return store_segment_blame(read->segment, column, block, fail);
        }
        values = reading->names.data;
    }
    for (size_t s = from; s < to; s++) {
        const struct deciding *deciding = &latest->deciding[s];
        if (read->span_customers[s] == UINT32_MAX ||
            (deciding->row == 0 && deciding->removed_row == 0)) {
            continue;
        }
        bool sets = deciding->row > 0 && deciding->row >= deciding->removed_row;
        if (!add_last(latest, s, sets ? values : NULL, into, want_ts, fail)) {
            return false;
        }
        if (sets) {
            values += deciding->count;
        }
    }
    return true;
}

bool store_segment_read_latest(const struct store_segment_read *read, size_t column, bool want_ts,
                               struct fail *fail)
{
    const struct store_read_column *wanted = &read->plan->columns[column];
    struct store_piece_column *into = &read->piece->columns[column];
    struct store_reading *reading = read->reading;
    struct latest latest = {.read = read};
    if (!store_vec_room(&reading->deciding, read->span_count, sizeof(struct deciding),
                        reading->budget, fail)) {
        return false;
    }
    latest.deciding = reading->deciding.data;
    memset(latest.deciding, 0, read->span_count * sizeof *latest.deciding);
    struct store_segment_column *from =
        store_segment_column_find(read->segment, STORE_SEGMENT_TRAIT, wanted->name);
    bool any = from != NULL;
    if (from != NULL && !find_set(&latest, from, fail)) {
        return false;
    }
    for (size_t p = 0; p < wanted->prefix_count; p++) {
        struct store_segment_column *prefix =
            store_segment_column_find(read->segment, STORE_SEGMENT_TRAIT, wanted->prefixes[p]);
        any |= prefix != NULL;
        if (prefix != NULL && !find_removed(&latest, prefix, fail)) {
            return false;
        }
    }
    /* Spans whose deciding entries lie in one stretch are read together. */
    for (size_t s = 0; any && s < read->span_count;) {
        size_t from_span = s;
        bool begun = false;
        uint32_t stretch = 0;
        for (; s < read->span_count; s++) {
            const struct deciding *deciding = &latest.deciding[s];
            if (deciding->row == 0) {
                continue;
            }
            if (begun && deciding->stretch != stretch) {
                break;
            }
            begun = true;
            stretch = deciding->stretch;
        }
        if (!read_deciding(&latest, from, from_span, s, into, want_ts, fail)) {
            return false;
        }
    }
    return true;
}
