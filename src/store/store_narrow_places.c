/* store_narrow_places.c — narrow rows of less frequent events: by the places of these, and without a look at other rows. */
#include "store_narrow_reading.h"
#include "store_ranks.h"

#define WORTH_ROWS 1024U /* fewer are looked through as soon */
#define WORTH_ONE_IN 4U  /* of more of the rows there would be little to pass over */
#define CUT_ROWS 64U     /* whose whole times are read at once, where most rows need none */
#define ROW_BYTES 8U     /* of a list: its place and slot */
#define FEW_ONE_IN 4U    /* spans to a row: then a row's span is searched for */

struct list { /* rows that are wanted: of the block, ascending */
    uint32_t count;
    uint32_t *rows;
    int32_t *slots;
    int64_t *ts_ms; /* NULL where slots are enough */
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

/* ---- times ------------------------------------------------------------------------------------------------ */

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
                         struct fail *fail)
{
    uint32_t at[CUT_ROWS], rows[CUT_ROWS];
    int32_t slots[CUT_ROWS];
    int64_t whole[CUT_ROWS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        list->ts_ms[i] = (int64_t)list->slots[i] * STORE_SLOT_MS;
        at[count] = i;
        rows[count] = list->rows[i];
        slots[count] = list->slots[i];
        count += is_cut(n->plan, list->slots[i]);
        if (count == CUT_ROWS || (count > 0 && i + 1 == list->count)) {
            if (!pick_times(n, block, rows, slots, count, whole, fail)) {
                return false;
            }
            for (uint32_t k = 0; k < count; k++) {
                list->ts_ms[at[k]] = whole[k];
            }
            count = 0;
        }
    }
    return true;
}

static bool read_times(struct store_narrowing *n, uint32_t block, const struct list *list,
                       struct fail *fail)
{
    return n->plan->coarse
               ? coarse_times(n, block, list, fail)
               : pick_times(n, block, list->rows, list->slots, list->count, list->ts_ms, fail);
}

static void keep_row(struct list *list, uint32_t from, uint32_t to)
{
    list->rows[to] = list->rows[from];
    list->slots[to] = list->slots[from];
    if (list->ts_ms != NULL) {
        list->ts_ms[to] = list->ts_ms[from];
    }
}

static void keep_times(struct list *list, struct store_times times)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        keep_row(list, i, kept);
        kept += list->ts_ms[kept] >= times.from_ms && list->ts_ms[kept] <= times.last_ms;
    }
    list->count = kept;
}

/* ---- spans ------------------------------------------------------------------------------------------------ */

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

/* Of rows [from, to) of the block those in spans; `first` is the block's. */
static void mark_spans(const struct store_narrowing *n, uint32_t first, uint32_t from, uint32_t to,
                       struct store_ranks *in_spans)
{
    store_ranks_clear(in_spans, from, to);
    for (const struct store_span *span = n->spans; span < n->spans_end && span->begin < first + to;
         span++) {
        uint32_t begin = span->begin > first + from ? span->begin - first : from;
        uint32_t end = span->end < first + to ? span->end - first : to;
        for (uint32_t row = begin; row < end; row = (row / 64 + 1) * 64) {
            uint64_t bits = UINT64_MAX << row % 64;
            if (row / 64 == end / 64) {
                bits &= (UINT64_C(1) << end % 64) - 1;
            }
            in_spans->words[row / 64] |= bits;
        }
    }
}

static void keep_spans(struct list *list, const struct store_ranks *in_spans)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t row = list->rows[i];
        keep_row(list, i, kept);
        kept += in_spans->words[row / 64] >> row % 64 & 1;
    }
    list->count = kept;
}

void store_narrow_close_before(struct store_narrowing *n, uint32_t row)
{
    if (n->spans < n->spans_end && n->spans->end <= row) {
        store_narrow_close_span(n, n->piece->row_count);
        n->spans = span_behind(n, n->spans, row);
    }
}

/* Few rows: each one's span is searched for. */
static void close_at_rows(struct store_narrowing *n, const struct store_ranks *ranks,
                          uint32_t first, uint32_t from, uint32_t to)
{
    uint32_t at = n->piece->row_count;
    for (uint32_t w = from / 64; w <= to / 64; w++) {
        for (uint64_t bits = ranks->words[w]; bits != 0; bits &= bits - 1, at++) {
            uint32_t row = first + w * 64 + (uint32_t)__builtin_ctzll(bits);
            if (n->spans->end <= row) {
                store_narrow_close_span(n, at);
                n->spans = span_behind(n, n->spans, row);
            }
        }
    }
}

/* ---- into the piece --------------------------------------------------------------------------------------- */

static bool read_source(struct store_narrowing *n, const struct store_places_table *table,
                        const struct store_labelling *l, const struct source *source,
                        struct store_slots within, struct list *out, struct fail *fail)
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
    if (out->ts_ms == NULL) {
        return true;
    }
    if (!read_times(n, l->block, out, fail)) {
        return false;
    }
    if (!l->in_times) {
        keep_times(out, l->times);
    }
    return true;
}

/* Reads all sources, one behind the other in the reading's memory, and marks their rows. */
static bool read_sources(struct store_narrowing *n, const struct store_places_table *table,
                         const struct store_labelling *l, const struct source *sources,
                         uint32_t count, uint32_t places, struct list *lists,
                         struct store_ranks *ranks, struct fail *fail)
{
    const uint32_t first = l->block * STORE_SEGMENT_BLOCK_ROWS;
    struct store_reading *reading = n->reading;
    struct store_slots within;
    bool by_slots = store_narrow_slots_within(l, &within) && n->in_slots;
    size_t room = (size_t)places + STORE_NARROW_SLACK;
    struct store_ranks in_spans;
    if (!store_vec_room(&reading->places, room, ROW_BYTES, reading->budget, fail) ||
        (!by_slots &&
         !store_vec_room(&reading->place_times, room, sizeof(int64_t), reading->budget, fail))) {
        return false;
    }
    struct list next = {.rows = reading->places.data,
                        .slots = (int32_t *)reading->places.data + room,
                        .ts_ms = by_slots ? NULL : reading->place_times.data};
    if (n->gaps && count > 0) {
        mark_spans(n, first, sources[0].row_from, sources[0].row_to, &in_spans);
    }
    for (uint32_t s = 0; s < count; s++) {
        lists[s] = next;
        if (!read_source(n, table, l, &sources[s], within, &lists[s], fail)) {
            return false;
        }
        if (n->gaps) {
            keep_spans(&lists[s], &in_spans);
        }
        store_ranks_mark(ranks, lists[s].rows, lists[s].count);
        next.rows += lists[s].count;
        next.slots += lists[s].count;
        next.ts_ms = by_slots ? NULL : next.ts_ms + lists[s].count;
    }
    return true;
}

/* Adds the lists' rows to the piece, by their ranks, and closes the spans that end in [from, to). */
static bool add_rows(struct store_narrowing *n, const struct store_labelling *l,
                     const struct source *sources, const struct list *lists, uint32_t count,
                     uint32_t from, uint32_t to, struct store_ranks *ranks, struct fail *fail)
{
    struct store_narrow_piece *piece = n->piece;
    const uint32_t first = l->block * STORE_SEGMENT_BLOCK_ROWS, base = piece->row_count;
    const struct store_laid laid = {
        .labels = (uint8_t *)piece->labels.data + base,
        .slots = n->in_slots ? (int32_t *)piece->slots.data + base : NULL,
        .ts_ms = n->in_slots ? NULL : (int64_t *)piece->ts.data + base,
    };
    uint32_t rows = store_ranks_count(ranks, from, to), listed = 0;
    for (uint32_t s = 0; s < count; s++) {
        const struct store_ranked list = {.rows = lists[s].rows,
                                          .count = lists[s].count,
                                          .label = sources[s].label,
                                          .slots = lists[s].slots,
                                          .ts_ms = lists[s].ts_ms};
        listed += list.count;
        store_ranks_lay(ranks, &list, &laid);
    }
    if (listed != rows) {
        fail_set(fail, FAIL_CORRUPT, "places of events: a row of two events");
        return store_segment_blame(n->segment, n->events, l->block, fail);
    }
    size_t spans = (size_t)(span_behind(n, n->spans, first + to) - n->spans);
    if (rows < spans / FEW_ONE_IN) {
        close_at_rows(n, ranks, first, from, to);
    } else {
        struct store_closing closing = {piece->customers.data, piece->row_begin.data,
                                        piece->customer_count};
        store_ranks_close(ranks, n->spans, (uint32_t)spans, first, base, &closing);
        piece->customer_count = closing.count;
        n->spans += spans;
    }
    piece->row_count += rows;
    return true;
}

bool store_narrow_take_places(struct store_narrowing *n, const struct store_labelling *l,
                              uint32_t from, uint32_t to, uint32_t rows, bool *out_taken,
                              struct fail *fail)
{
    struct store_places_table table;
    struct source sources[STORE_NARROW_LISTS_MAX];
    struct list lists[STORE_NARROW_LISTS_MAX];
    struct store_ranks ranks;
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
    n->reading->rows_scanned += places;
    store_ranks_clear(&ranks, from, to);
    return read_sources(n, &table, l, sources, count, places, lists, &ranks, fail) &&
           add_rows(n, l, sources, lists, count, from, to, &ranks, fail);
}
