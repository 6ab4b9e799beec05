/* store_scan_segment.c — pieces from segments: which customers, whose the rows are, what they bear. */
#include "store_scan_segment.h"

/* ---- spans -------------------------------------------------------------------------------------------- */

void store_spans_done(struct store_spans *spans, struct base_budget *budget)
{
    store_vec_done(&spans->spans, budget);
    store_vec_done(&spans->facts, budget);
    base_free(spans->directory);
    spans->directory = NULL;
}

void store_reading_done(struct store_reading *reading)
{
    struct base_budget *budget = reading->budget;
    struct store_vec *all[] = {&reading->stretches, &reading->selected, &reading->span_customers,
                               &reading->wanted,    &reading->bearers,  &reading->codes,
                               &reading->names,     &reading->rows,     &reading->picks,
                               &reading->deciding,  &reading->places,   &reading->place_times};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        store_vec_done(all[i], budget);
    }
    store_values_scratch_done(&reading->values);
    arena_free(reading->values.strings);
    reading->values.strings = NULL;
}

static bool open_group(struct store_segment *segment, uint32_t group, bool want_facts,
                       struct store_spans *spans, struct fail *fail)
{
    if (spans->directory == NULL) {
        spans->directory = base_alloc_zero(sizeof *spans->directory);
    }
    struct store_directory *directory = spans->directory;
    if (directory->count > 0 && spans->directory_group == group &&
        (directory->has_facts || !want_facts)) {
        return true;
    }
    directory->count = 0;
    if (!store_segment_directory_read(segment, group, want_facts, directory, fail)) {
        directory->count = 0;
        return false;
    }
    spans->directory_group = group;
    return true;
}

/* Adds customers [from, to) of the open group. */
static bool add_spans(struct store_spans *spans, uint32_t from, uint32_t to, bool want_facts,
                      struct base_budget *budget, struct fail *fail)
{
    const struct store_directory *directory = spans->directory;
    size_t count = spans->count + (to - from);
    if (!store_vec_room(&spans->spans, count, sizeof(struct store_span), budget, fail) ||
        (want_facts &&
         !store_vec_room(&spans->facts, count, sizeof(struct store_span_facts), budget, fail))) {
        return false;
    }
    struct store_span *out = (struct store_span *)spans->spans.data + spans->count;
    for (uint32_t i = from; i < to; i++) {
        *out++ = (struct store_span){directory->customers[i], directory->row_begin[i],
                                     directory->row_begin[i + 1]};
    }
    struct store_span_facts *facts = spans->facts.data;
    for (uint32_t i = from; want_facts && i < to; i++) {
        facts[spans->count + i - from] = (struct store_span_facts){
            directory->first_ms[i], directory->last_ms[i], directory->events[i]};
    }
    spans->count = count;
    return true;
}

static uint32_t find_in_group(const struct store_directory *directory, uint32_t customer)
{
    uint32_t low = 0;
    uint32_t high = directory->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (directory->customers[middle] < customer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool store_spans_range(struct store_segment *segment, uint32_t first, uint32_t end, bool want_facts,
                       struct store_reading *reading, struct store_spans *out, struct fail *fail)
{
    uint32_t groups = store_segment_group_count(segment);
    for (uint32_t g = store_segment_group_find(segment, first);
         g < groups && store_segment_group_first(segment, g) < end; g++) {
        if (!open_group(segment, g, want_facts, out, fail)) {
            return false;
        }
        uint32_t from = find_in_group(out->directory, first);
        uint32_t to = find_in_group(out->directory, end);
        if (!add_spans(out, from, to, want_facts, reading->budget, fail)) {
            return false;
        }
    }
    return true;
}

bool store_spans_list(struct store_segment *segment, const uint32_t *customers, size_t count,
                      bool want_facts, struct store_reading *reading, struct store_spans *out,
                      struct fail *fail)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t group = store_segment_group_find(segment, customers[i]);
        if (store_segment_group_first(segment, group) > customers[i]) {
            continue; /* below the first of all */
        }
        if (!open_group(segment, group, want_facts, out, fail)) {
            return false;
        }
        uint32_t at = find_in_group(out->directory, customers[i]);
        if (at < out->directory->count && out->directory->customers[at] == customers[i] &&
            !add_spans(out, at, at + 1, want_facts, reading->budget, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- rows --------------------------------------------------------------------------------------------- */

/* Gives the selected rows to their customers; customers without rows stay only where all are kept. */
static void take_customers(struct store_segment_read *read, const struct store_span_facts *facts,
                           bool keep_all)
{
    struct store_piece *piece = read->piece;
    uint32_t *customers = piece->customers.data;
    uint32_t *row_begin = piece->row_begin.data;
    uint32_t *kept = read->reading->span_customers.data;
    uint32_t at = 0; /* row of the piece */
    size_t stretch = 0;
    for (size_t s = 0; s < read->span_count; s++) {
        const struct store_span *span = &read->spans[s];
        uint32_t begin = at;
        /* The rows of a span end with its last stretch's row below its end. */
        while (stretch < read->stretch_count) {
            const struct store_stretch *in = &read->stretches[stretch];
            uint32_t first = in->block * STORE_SEGMENT_BLOCK_ROWS;
            if (first + in->from >= span->end) {
                break;
            }
            while (at < in->piece_to && first + read->selected[at] < span->end) {
                at++;
            }
            if (first + in->to > span->end) {
                break;
            }
            stretch++;
        }
        if (at == begin && !keep_all) {
            kept[s] = UINT32_MAX;
            continue;
        }
        uint32_t c = piece->customer_count++;
        kept[s] = c;
        customers[c] = span->customer;
        row_begin[c] = begin;
        if (facts != NULL) {
            bool any = facts[s].count > 0;
            ((int64_t *)piece->first_seen.data)[c] = any ? facts[s].first_ms : STORE_NO_TIME;
            ((int64_t *)piece->last_seen.data)[c] = any ? facts[s].last_ms : STORE_NO_TIME;
            ((uint64_t *)piece->event_counts.data)[c] = facts[s].count;
        }
    }
    row_begin[piece->customer_count] = piece->row_count;
}

/* The same where nothing is wanted of a customer but its rows: goes from row to row, not from customer to customer. */
static void take_customers_of_rows(struct store_segment_read *read)
{
    struct store_piece *piece = read->piece;
    const struct store_span *span = read->spans;
    const struct store_span *taken = NULL;
    uint32_t *customers = piece->customers.data;
    uint32_t *row_begin = piece->row_begin.data;
    for (size_t i = 0; i < read->stretch_count; i++) {
        const struct store_stretch *stretch = &read->stretches[i];
        uint32_t first = stretch->block * STORE_SEGMENT_BLOCK_ROWS;
        for (uint32_t at = stretch->piece_from; at < stretch->piece_to; at++) {
            uint32_t row = first + read->selected[at];
            while (span->end <= row) {
                span++;
            }
            if (span != taken) {
                taken = span;
                customers[piece->customer_count] = span->customer;
                row_begin[piece->customer_count++] = at;
            }
        }
    }
    row_begin[piece->customer_count] = piece->row_count;
}

static bool read_columns(const struct store_segment_read *read, bool want_ts, struct fail *fail)
{
    for (size_t c = 0; c < read->plan->column_count; c++) {
        bool ok;
        switch (read->plan->columns[c].of) {
        case STORE_READ_PROPERTY:
            ok = read->plan->property_runs
                     ? store_segment_read_runs(read, c, fail)
                     : store_segment_read_values(read, c, STORE_SEGMENT_PROPERTY, fail);
            break;
        case STORE_READ_TRAIT_CELL:
            ok = store_segment_read_values(read, c, STORE_SEGMENT_TRAIT, fail);
            break;
        case STORE_READ_TEXT:
        case STORE_READ_HAS_TEXT:
            ok = store_segment_read_values(read, c, STORE_SEGMENT_TEXT, fail);
            break;
        case STORE_READ_SCORE:
            ok = store_segment_read_values(read, c, STORE_SEGMENT_SCORE, fail);
            break;
        case STORE_READ_MESSAGE_ID:
            ok = store_segment_read_values(read, c, STORE_SEGMENT_MESSAGE_ID, fail);
            break;
        case STORE_READ_TRAIT_LATEST:
            ok = store_segment_read_latest(read, c, want_ts, fail);
            break;
        case STORE_READ_CHANNEL:
        case STORE_READ_SOURCE:
        case STORE_READ_SCALE:
        case STORE_READ_RECEIVED_AT:
        case STORE_READ_CLIENT_TS:
        case STORE_READ_SENT_AT:
        case STORE_READ_ARRIVAL:
        case STORE_READ_ORIGINAL:
        case STORE_READ_CHANNEL_CODE:
        case STORE_READ_SOURCE_CODE:
        case STORE_READ_SCALE_CODE:
        default:
            ok = store_segment_read_own(read, c, fail);
            break;
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

bool store_piece_from_segment(const struct store_read_plan *plan, struct store_segment *segment,
                              const struct store_spans *spans,
                              const struct store_piece_order *order, struct store_reading *reading,
                              struct store_piece *out, struct fail *fail)
{
    struct store_segment_read read = {.plan = plan,
                                      .segment = segment,
                                      .spans = spans->spans.data,
                                      .span_count = spans->count,
                                      .reading = reading,
                                      .piece = out};
    if (!store_piece_start(out, plan, spans->count, reading->budget, fail) ||
        !store_vec_room(&reading->span_customers, spans->count, sizeof(uint32_t), reading->budget,
                        fail) ||
        !store_segment_select(&read, fail)) {
        return false;
    }
    if (plan->want_facts || plan->any_latest || order->keep_all) {
        take_customers(&read, plan->want_facts ? spans->facts.data : NULL, order->keep_all);
    } else {
        take_customers_of_rows(&read);
    }
    read.span_customers = reading->span_customers.data;
    return read_columns(&read, !order->alone, fail);
}
