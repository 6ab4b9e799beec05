/* store_narrow_places.c — narrow rows of less frequent events: by the places of these, and without a look at other rows. */
#include "store_narrow_reading.h"

#define WORTH_ROWS 1024U /* fewer are looked through as soon */
#define WORTH_ONE_IN 4U  /* of more of the rows there would be little to pass over */
#define CUT_ROWS 64U     /* whose whole times are read at once, where most rows need none */
#define LIST_BYTES 12U   /* a row of a list: its place, slot and label, and what rounds them up */
#define NEAR_SPANS 8U    /* in which the next row nearly always lies */

struct list { /* rows that are wanted: of the block, ascending */
    uint32_t count;
    uint32_t *rows;
    int32_t *slots;
    uint8_t *labels;
};
struct source { /* of one event */
    struct store_event_places places;
    uint32_t from, count;      /* those in the stretch */
    uint32_t row_from, row_to; /* the stretch */
    uint8_t label;
};

/* ---- which places there are ----------------------------------------------------------------------------- */

/* Finds the wanted events among the block's places. *out_known is false where one may be elsewhere in it. */
static bool find_sources(const struct store_narrowing *n, const struct store_places_table *table,
                         struct source *sources, uint32_t *out_count, bool *out_known,
                         struct fail *fail)
{
    *out_count = 0;
    *out_known = true;
    for (uint32_t w = 0; w < n->wanted_count && *out_known; w++) {
        uint32_t at = store_places_find(table, n->wanted[w]);
        if (at == table->count) {
            *out_known = !store_segment_block_may_hold_code(n->segment, table->block, n->wanted[w]);
            continue;
        }
        struct source *source = &sources[(*out_count)++];
        source->label = n->labels[n->wanted[w]];
        if (!store_places_open(n->segment, table, at, &source->places, fail)) {
            return false;
        }
    }
    return true;
}

/* Which of a source's places lie in [from, to). */
static bool cut_source(const struct store_narrowing *n, const struct store_places_table *table,
                       uint32_t from, uint32_t to, struct source *source, struct fail *fail)
{
    uint32_t end = source->places.count;
    source->from = 0;
    if ((from > 0 && !store_ints_search(&source->places.rows, from, &source->from, fail)) ||
        (to < table->rows && !store_ints_search(&source->places.rows, to, &end, fail))) {
        return store_segment_blame(n->segment, n->events, table->block, fail);
    }
    source->count = end > source->from ? end - source->from : 0;
    source->row_from = from;
    source->row_to = to;
    return true;
}

/* ---- one list of all ------------------------------------------------------------------------------------ */

static struct list list_in(void *memory, size_t rows)
{
    uint32_t *begin = memory;
    return (struct list){
        .rows = begin, .slots = (int32_t *)(begin + rows), .labels = (uint8_t *)(begin + 2 * rows)};
}

static bool read_source(const struct store_narrowing *n, const struct store_places_table *table,
                        const struct source *source, struct store_slots within, struct list *out,
                        struct fail *fail)
{
    out->count = source->count;
    if (!store_places_read(n->segment, table, &source->places, source->from, source->count,
                           out->rows, out->slots, fail)) {
        return false;
    }
    if (out->count > 0 &&
        (out->rows[0] < source->row_from || out->rows[out->count - 1] >= source->row_to)) {
        fail_set(fail, FAIL_CORRUPT, "places of events: rows do not ascend");
        return store_segment_blame(n->segment, n->events, table->block, fail);
    }
    if (within.from != INT32_MIN || within.last != INT32_MAX) {
        out->count = store_keep_places(out->rows, out->slots, out->count, within);
    }
    memset(out->labels, source->label, out->count);
    return true;
}

static void copy_rows(const struct list *from, uint32_t at, struct list *into)
{
    uint32_t count = from->count - at;
    memcpy(into->rows + into->count, from->rows + at, count * sizeof *into->rows);
    memcpy(into->slots + into->count, from->slots + at, count * sizeof *into->slots);
    memcpy(into->labels + into->count, from->labels + at, count);
    into->count += count;
}

/* Without a jump that depends on which of the two comes next. */
static void merge_lists(const struct list *a, const struct list *b, struct list *out)
{
    uint32_t i = 0, k = 0, at = 0;
    while (i < a->count && k < b->count) {
        bool first = a->rows[i] < b->rows[k];
        out->rows[at] = first ? a->rows[i] : b->rows[k];
        out->slots[at] = first ? a->slots[i] : b->slots[k];
        out->labels[at] = first ? a->labels[i] : b->labels[k];
        at++;
        i += first;
        k += !first;
    }
    out->count = at;
    copy_rows(a, i, out);
    copy_rows(b, k, out);
}

/* All sources as one list, in the reading's memory. */
static bool read_sources(struct store_narrowing *n, const struct store_places_table *table,
                         const struct source *sources, uint32_t count, uint32_t rows,
                         struct store_slots within, struct list *out, struct fail *fail)
{
    struct store_vec *memory = &n->reading->places;
    size_t room = (size_t)rows + STORE_NARROW_SLACK;
    room += room % 2; /* lists begin at words */
    if (!store_vec_room(memory, 3 * room, LIST_BYTES, n->reading->budget, fail)) {
        return false;
    }
    char *at = memory->data;
    size_t bytes = room * LIST_BYTES;
    struct list whole = list_in(at, room), one = list_in(at + bytes, room),
                next = list_in(at + 2 * bytes, room);
    for (uint32_t s = 0; s < count; s++) {
        if (!read_source(n, table, &sources[s], within, s == 0 ? &whole : &one, fail)) {
            return false;
        }
        if (s > 0) {
            struct list before = whole;
            merge_lists(&before, &one, &next);
            whole = next;
            next = before;
        }
    }
    *out = whole;
    return true;
}

/* ---- into the piece --------------------------------------------------------------------------------------- */

/* The first span from `span` on that ends behind the row. Most are near; after a rare event they are not. */
static const struct store_span *span_behind(const struct store_narrowing *n,
                                            const struct store_span *span, uint32_t row)
{
    size_t left = (size_t)(n->spans_end - span);
    size_t step = 1;
    while (left > step && span[step].end <= row) {
        span += step;
        left -= step;
        step *= 2;
    }
    size_t low = 0, high = left < step + 1 ? left : step + 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (span[middle].end <= row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return span + low;
}

/* How many of the open spans end at or before the row, up to NEAR_SPANS of them; one that ends behind it is always left. It is counted, since which of
   them the row lies in cannot be foretold. */
static uint32_t near_spans_before(const struct store_narrowing *n, const struct store_span *span,
                                  uint32_t row)
{
    uint32_t ended = 0;
    if (n->spans_end - span <= (ptrdiff_t)NEAR_SPANS) {
        return span->end <= row;
    }
    for (uint32_t i = 0; i < NEAR_SPANS; i++) {
        ended += span[i].end <= row;
    }
    return ended;
}

/* Adds the rows that lie in spans and, where `ts_ms` is not NULL, within the times, and closes the spans before them, of which
   only the open one can have rows. Without a jump that depends on whether a row is another customer's than the one
   before: one span ends behind each row, since the stretch ends with a span or inside of one. */
static void add_rows(struct store_narrowing *n, const struct store_labelling *l,
                     const struct list *list, const int64_t *ts_ms)
{
    struct store_narrow_piece *piece = n->piece;
    const uint32_t first = l->block * STORE_SEGMENT_BLOCK_ROWS;
    const struct store_times times =
        l->in_times ? (struct store_times){INT64_MIN, INT64_MAX} : l->times;
    uint8_t *labels = piece->labels.data;
    int32_t *out_slots = piece->slots.data;
    int64_t *out_ts = piece->ts.data;
    uint32_t *customers = piece->customers.data, *row_begin = piece->row_begin.data;
    const struct store_span *span = n->spans;
    uint32_t closed = piece->customer_count;
    uint32_t at = piece->row_count;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t row = first + list->rows[i];
        uint32_t ended = near_spans_before(n, span, row);
        bool closes = ended > 0;
        uint32_t begins = row_begin[closed];
        customers[closed] = span->customer;
        closed += closes && at > begins;
        row_begin[closed] = closes ? at : begins;
        span += ended;
        if (span->end <= row) {
            span = span_behind(n, span, row);
        }
        labels[at] = list->labels[i];
        bool keeps = span->begin <= row;
        if (n->in_slots) {
            out_slots[at] = list->slots[i];
        } else {
            out_ts[at] = ts_ms[i];
        }
        if (ts_ms != NULL) {
            keeps = keeps && ts_ms[i] >= times.from_ms && ts_ms[i] <= times.last_ms;
        }
        at += keeps;
    }
    n->spans = span;
    piece->customer_count = closed;
    piece->row_count = at;
}

void store_narrow_close_before(struct store_narrowing *n, uint32_t row)
{
    if (n->spans < n->spans_end && n->spans->end <= row) {
        store_narrow_close_span(n, n->piece->row_count);
        n->spans = span_behind(n, n->spans, row);
    }
}

static bool pick_times(struct store_narrowing *n, uint32_t block, const uint32_t *rows,
                       const int32_t *slots, uint32_t count, int64_t *out, struct fail *fail)
{
    struct store_ints ts;
    bool found;
    return store_segment_ints_open(n->segment, n->ts, block, &ts, &found, fail) &&
           (store_ints_pick_times(&ts, rows, slots, count, out, fail) ||
            store_segment_blame(n->segment, n->ts, block, fail));
}

static bool is_cut(const struct store_read_plan *plan, int32_t slot)
{
    bool cut = false;
    for (uint32_t c = 0; c < plan->cut_count; c++) {
        cut |= plan->cut_slots[c] == slot;
    }
    return cut;
}

/* Of rows in slots in which nothing is told apart, when these begin; whole times of the others, which are few. */
static bool coarse_times(struct store_narrowing *n, uint32_t block, const struct list *list,
                         int64_t *out, struct fail *fail)
{
    uint32_t at[CUT_ROWS], rows[CUT_ROWS];
    int32_t slots[CUT_ROWS];
    int64_t whole[CUT_ROWS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        out[i] = (int64_t)list->slots[i] * STORE_SLOT_MS;
        at[count] = i;
        rows[count] = list->rows[i];
        slots[count] = list->slots[i];
        count += is_cut(n->plan, list->slots[i]);
        if (count == CUT_ROWS || (count > 0 && i + 1 == list->count)) {
            if (!pick_times(n, block, rows, slots, count, whole, fail)) {
                return false;
            }
            for (uint32_t k = 0; k < count; k++) {
                out[at[k]] = whole[k];
            }
            count = 0;
        }
    }
    return true;
}

/* The times of the list's rows, in the reading's memory. */
static bool read_times(struct store_narrowing *n, uint32_t block, const struct list *list,
                       const int64_t **out, struct fail *fail)
{
    struct store_vec *memory = &n->reading->place_times;
    if (!store_vec_room(memory, list->count, sizeof(int64_t), n->reading->budget, fail)) {
        return false;
    }
    *out = memory->data;
    return n->plan->coarse
               ? coarse_times(n, block, list, memory->data, fail)
               : pick_times(n, block, list->rows, list->slots, list->count, memory->data, fail);
}

bool store_narrow_take_places(struct store_narrowing *n, const struct store_labelling *l,
                              uint32_t from, uint32_t to, uint32_t rows, bool *out_taken,
                              struct fail *fail)
{
    struct store_places_table table;
    struct source sources[STORE_NARROW_LISTS_MAX];
    uint32_t count = 0, places = 0;
    *out_taken = false;
    if (n->wanted_count > STORE_NARROW_LISTS_MAX || rows < WORTH_ROWS) {
        return true;
    }
    if (!store_segment_places(n->segment, l->block, &table, fail)) {
        return false;
    }
    bool known = table.count > 0;
    if (known && !find_sources(n, &table, sources, &count, &known, fail)) {
        return false;
    }
    for (uint32_t s = 0; s < count && known; s++) {
        if (!cut_source(n, &table, from, to, &sources[s], fail)) {
            return false;
        }
        places += sources[s].count;
    }
    if (!known || places > rows / WORTH_ONE_IN) {
        return true;
    }
    *out_taken = true;
    struct store_slots within;
    struct list list = {0};
    bool by_slots = store_narrow_slots_within(l, &within) && n->in_slots;
    if (!read_sources(n, &table, sources, count, places, within, &list, fail)) {
        return false;
    }
    const int64_t *ts_ms = NULL;
    if (!by_slots && !read_times(n, l->block, &list, &ts_ms, fail)) {
        return false;
    }
    n->reading->rows_scanned += places;
    add_rows(n, l, &list, ts_ms);
    return true;
}
