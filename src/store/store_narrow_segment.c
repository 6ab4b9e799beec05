/* store_narrow_segment.c — narrow pieces of segments. */
#include "base_bytes.h"
#include "store_narrow_reading.h"

#define WINDOW_WORDS (STORE_WINDOW / STORE_WORD_ROWS)
#define POLL_ROWS 16384U

struct kept { /* of one window: which rows were, a bit each */
    bool all; /* then the bits say nothing */
    uint64_t words[WINDOW_WORDS];
};

/* The labels of the file's own codes. */
static bool make_labels(struct store_narrowing *n, struct fail *fail)
{
    const struct store_read_plan *plan = n->plan;
    const uint32_t *codes;
    n->event_count = store_segment_codes(n->segment, STORE_FAMILY_EVENT, &codes);
    size_t room = n->event_count < STORE_LABELS_TABLE ? STORE_LABELS_TABLE : n->event_count;
    if (!store_vec_room(&n->reading->wanted, room, 1, n->reading->budget, fail)) {
        return false;
    }
    uint8_t *labels = n->reading->wanted.data;
    for (uint32_t e = 0; e < n->event_count; e++) {
        labels[e] = codes[e] < plan->wanted_count ? plan->labels[codes[e]] : 0;
        if (labels[e] != 0 && n->wanted_count++ < STORE_NARROW_LISTS_MAX) {
            n->wanted[n->wanted_count - 1] = e;
        }
    }
    n->labels = labels;
    return true;
}

/* How many of the rows before `at` were kept: of the window, from word `*word` on, below which `*before` were. */
static uint32_t rows_before(const struct kept *kept, uint32_t at, uint32_t *word, uint32_t *before)
{
    if (kept->all) {
        return at;
    }
    for (; *word < at / STORE_WORD_ROWS; (*word)++) {
        *before += base_bits_set(kept->words[*word]);
    }
    if (at % STORE_WORD_ROWS == 0) {
        return *before;
    }
    uint64_t below = (UINT64_C(1) << at % STORE_WORD_ROWS) - 1;
    return *before + base_bits_set(kept->words[*word] & below);
}

/* Closes the spans that end in a window of `rows` rows from row `first` of the segment; `piece_rows` rows of the piece
   came before it. */
static void close_spans(struct store_narrowing *n, const struct kept *kept, uint32_t first,
                        uint32_t rows, uint32_t piece_rows)
{
    uint32_t word = 0;
    uint32_t before = 0;
    while (n->spans < n->spans_end && n->spans->end <= first + rows) {
        uint32_t at = n->spans->end > first ? n->spans->end - first : 0;
        store_narrow_close_span(n, piece_rows + rows_before(kept, at, &word, &before));
    }
}

/* The labels of a window's rows. *out is how many have one. */
static bool read_labels(const struct store_narrowing *n, const struct store_labelling *l,
                        uint32_t from, uint32_t count, uint8_t *labels, uint32_t *out,
                        struct fail *fail)
{
    uint8_t codes[STORE_WINDOW + STORE_FIND_SLACK];
    uint32_t wide[STORE_WINDOW];
    if (n->event_count <= UINT8_MAX + 1) {
        if (!store_ints_read_bytes(l->events, from, count, n->event_count, codes, fail)) {
            return store_segment_blame(n->segment, n->events, l->block, fail);
        }
        *out = store_label_rows(n->labels, n->event_count, codes, count, labels);
        return true;
    }
    if (!store_ints_read_codes(l->events, from, count, n->event_count, wide, fail)) {
        return store_segment_blame(n->segment, n->events, l->block, fail);
    }
    *out = 0;
    for (uint32_t i = 0; i < count; i++) {
        labels[i] = n->labels[wide[i]];
        *out += labels[i] != 0;
    }
    return true;
}

/* Takes the labels off rows between spans; `first` is the window's first row of the segment. True where it has such rows. */
static bool leave_gaps(const struct store_narrowing *n, uint32_t first, uint32_t count,
                       uint8_t *labels)
{
    uint32_t end = first + count;
    bool any = false;
    const struct store_span *span = n->spans;
    for (uint32_t row = first; row < end; row = span->end, span++) {
        uint32_t begins = span < n->spans_end && span->begin < end ? span->begin : end;
        if (begins > row) {
            memset(labels + (row - first), 0, begins - row);
            any = true;
        }
        if (begins == end) {
            break;
        }
    }
    return any;
}

/* Adds those of a window's rows that have a label and lie within the times. */
static bool keep_times(struct store_narrowing *n, const struct store_labelling *l, uint32_t from,
                       uint32_t count, const uint8_t *labels, struct kept *kept, struct fail *fail)
{
    struct store_narrow_piece *piece = n->piece;
    int64_t ts_ms[STORE_WINDOW];
    uint8_t *out_labels = (uint8_t *)piece->labels.data + piece->row_count;
    int64_t *out_ts = (int64_t *)piece->ts.data + piece->row_count;
    if (!store_ints_read(l->ts, from, count, kept->all ? out_ts : ts_ms, fail)) {
        return store_segment_blame(n->segment, n->ts, l->block, fail);
    }
    if (kept->all) {
        memcpy(out_labels, labels, count);
        piece->row_count += count;
    } else {
        piece->row_count +=
            store_keep_rows(labels, ts_ms, count, l->times, out_labels, out_ts, kept->words);
    }
    return true;
}

/* The same, with slots. */
static bool keep_slots(struct store_narrowing *n, const struct store_labelling *l, uint32_t from,
                       uint32_t count, const uint8_t *labels, struct kept *kept, struct fail *fail)
{
    struct store_narrow_piece *piece = n->piece;
    int64_t ts_ms[STORE_WINDOW];
    int32_t slots[STORE_WINDOW];
    uint8_t kept_labels[STORE_WINDOW + STORE_NARROW_SLACK];
    int64_t kept_ts[STORE_WINDOW + STORE_NARROW_SLACK];
    uint8_t *out_labels = (uint8_t *)piece->labels.data + piece->row_count;
    int32_t *out_slots = (int32_t *)piece->slots.data + piece->row_count;
    struct store_slots within;
    bool by_slots = store_narrow_slots_within(l, &within);
    if (!(by_slots ? store_ints_read_slots(l->ts, from, count, kept->all ? out_slots : slots, fail)
                   : store_ints_read(l->ts, from, count, ts_ms, fail))) {
        return store_segment_blame(n->segment, n->ts, l->block, fail);
    }
    if (kept->all) {
        memcpy(out_labels, labels, count);
        piece->row_count += count;
    } else if (by_slots) {
        piece->row_count +=
            store_keep_slots(labels, slots, count, within, out_labels, out_slots, kept->words);
    } else {
        uint32_t rows =
            store_keep_rows(labels, ts_ms, count, l->times, kept_labels, kept_ts, kept->words);
        memcpy(out_labels, kept_labels, rows);
        store_slots_of(kept_ts, rows, out_slots);
        piece->row_count += rows;
    }
    return true;
}

/* Takes in the rows [from, from + count) of the block, at most a window's. */
static bool take_window(struct store_narrowing *n, const struct store_labelling *l, uint32_t from,
                        uint32_t count, struct fail *fail)
{
    uint8_t labels[STORE_WINDOW];
    struct kept kept = {0};
    uint32_t before = n->piece->row_count;
    uint32_t wanted = 0;
    if (!read_labels(n, l, from, count, labels, &wanted, fail)) {
        return false;
    }
    uint32_t first = l->block * STORE_SEGMENT_BLOCK_ROWS + from;
    bool gaps = l->gaps && leave_gaps(n, first, count, labels);
    kept.all = wanted == count && l->in_times && !gaps;
    if (wanted > 0 && !(n->in_slots ? keep_slots(n, l, from, count, labels, &kept, fail)
                                    : keep_times(n, l, from, count, labels, &kept, fail))) {
        return false;
    }
    close_spans(n, &kept, first, count, before);
    return true;
}

/* Asks whether the question goes on, now and then. */
static bool poll(struct store_narrowing *n, uint32_t rows, struct fail *fail)
{
    n->unpolled += rows;
    if (n->reading->cancel == NULL || n->unpolled < POLL_ROWS) {
        return true;
    }
    n->unpolled = 0;
    return !base_cancel_due(n->reading->cancel, fail);
}

static bool take_windows(struct store_narrowing *n, const struct store_labelling *l, uint32_t from,
                         uint32_t to, struct fail *fail)
{
    n->reading->rows_scanned += to - from;
    for (uint32_t row = from; row < to;) {
        uint32_t end = (row / STORE_WINDOW + 1) * STORE_WINDOW;
        end = end < to ? end : to;
        if (!take_window(n, l, row, end - row, fail)) {
            return false;
        }
        row = end;
    }
    return poll(n, to - from, fail);
}

/* Names and times of one block stay open from stretch to stretch. */
static bool open_block(struct store_narrowing *n, uint32_t block, struct fail *fail)
{
    bool found;
    if (n->is_open && n->open_block == block) {
        return true;
    }
    n->is_open =
        store_segment_ints_open(n->segment, n->events, block, &n->open_events, &found, fail) &&
        store_segment_ints_open(n->segment, n->ts, block, &n->open_ts, &found, fail);
    n->open_block = block;
    return n->is_open;
}

/* What is known of a block before its rows are read. */
static struct store_labelling labelling_of(const struct store_narrowing *n, uint32_t block)
{
    const struct store_read_plan *plan = n->plan;
    struct store_segment_block bounds = store_segment_block_get(n->segment, block);
    struct store_labelling l = {.block = block};
    l.in_times =
        plan->all_times || (bounds.ts_min_ms >= plan->from_ms && bounds.ts_max_ms <= plan->last_ms);
    l.times = l.in_times ? (struct store_times){INT64_MIN, INT64_MAX}
                         : (struct store_times){plan->from_ms, plan->last_ms};
    l.any =
        (l.in_times || (bounds.ts_max_ms >= plan->from_ms && bounds.ts_min_ms <= plan->last_ms)) &&
        store_segment_block_may_hold(n->segment, block, plan->wanted, plan->wanted_count);
    return l;
}

/* Where the open spans end that have rows before row `end`, at most there; *out_rows is how many rows they have till then. */
static uint32_t spans_before(const struct store_narrowing *n, uint32_t from, uint32_t end,
                             uint32_t *out_rows)
{
    uint32_t to = from;
    *out_rows = 0;
    if (!n->gaps) {
        to = n->spans_end[-1].end < end ? n->spans_end[-1].end : end;
        *out_rows = to - from;
        return to;
    }
    for (const struct store_span *span = n->spans; span < n->spans_end && span->begin < end;
         span++) {
        uint32_t begin = span->begin > from ? span->begin : from;
        to = span->end < end ? span->end : end;
        *out_rows += to - begin;
    }
    return to;
}

/* The rows from `from` on that the open spans have in one block. */
static bool take_block(struct store_narrowing *n, uint32_t from, uint32_t *out_to,
                       struct fail *fail)
{
    uint32_t block = from / STORE_SEGMENT_BLOCK_ROWS;
    uint32_t first = block * STORE_SEGMENT_BLOCK_ROWS;
    uint32_t rows;
    uint32_t end = spans_before(n, from, first + STORE_SEGMENT_BLOCK_ROWS, &rows);
    struct store_labelling l = labelling_of(n, block);
    bool taken = !l.any;
    *out_to = end;
    if (l.any && !store_narrow_take_places(n, &l, from - first, end - first, rows, &taken, fail)) {
        return false;
    }
    if (taken) {
        store_narrow_close_before(n, end);
        return poll(n, rows, fail);
    }
    if (!open_block(n, block, fail)) {
        return false;
    }
    l.events = &n->open_events;
    l.ts = &n->open_ts;
    while (from < end) { /* what lies near each other is read in one go */
        uint32_t to;
        (void)store_spans_in_one_go(n->spans, (size_t)(n->spans_end - n->spans), 0, &to, &l.gaps);
        to = to < end ? to : end;
        if (!take_windows(n, &l, from - first, to - first, fail)) {
            return false;
        }
        from = n->spans < n->spans_end && n->spans->begin > to ? n->spans->begin : to;
    }
    return true;
}

/* Reads the rows of spans into `piece`. */
static bool read_spans(const struct store_narrow *narrow, const struct store_narrow_origin *origin,
                       const struct store_span *list, size_t count, enum store_narrow_of of,
                       struct store_narrow_piece *piece, struct fail *fail)
{
    size_t rows = store_spans_rows(list, count);
    struct store_narrowing n = {
        .plan = narrow->plan,
        .segment = origin->segment,
        .reading = origin->reading,
        .spans = list,
        .spans_end = list + count,
        .gaps = count > 0 && list[count - 1].end - list[0].begin != rows,
        .events = store_segment_column_find(origin->segment, STORE_SEGMENT_EVENT, STORE_NO_CODE),
        .ts = store_segment_column_find(origin->segment, STORE_SEGMENT_TS, STORE_NO_CODE),
        .piece = piece,
        .in_slots = of == STORE_NARROW_SLOTS,
    };
    piece->customer_count = 0;
    piece->row_count = 0;
    if (!store_narrow_room(piece, of, count, rows, n.reading->budget, fail) ||
        !make_labels(&n, fail)) {
        return false;
    }
    ((uint32_t *)piece->row_begin.data)[0] = 0;
    for (uint32_t done = 0; n.spans < n.spans_end;) {
        uint32_t from = n.spans->begin > done ? n.spans->begin : done;
        if (!take_block(&n, from, &done, fail)) {
            return false;
        }
    }
    return true;
}

bool store_narrow_add_segment(struct store_narrow *narrow, struct store_segment *segment,
                              const struct store_spans *spans, struct store_reading *reading,
                              struct fail *fail)
{
    const struct store_narrow_origin origin = {segment, spans, reading};
    return read_spans(narrow, &origin, spans->spans.data, spans->count,
                      narrow->in_slots ? STORE_NARROW_SLOTS : STORE_NARROW_TIMES,
                      store_narrow_next_piece(narrow, origin), fail);
}

bool store_narrow_read_again(struct store_narrow *narrow, size_t piece, uint32_t customer,
                             struct fail *fail)
{
    const struct store_narrow_origin *origin = &narrow->origins[piece];
    const struct store_span *list = origin->spans->spans.data;
    size_t low = 0, high = origin->spans->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (list[middle].customer <= customer) {
            low = middle;
        } else {
            high = middle;
        }
    }
    uint64_t scanned = origin->reading->rows_scanned; /* a row counts once */
    bool ok =
        read_spans(narrow, origin, list + low, 1, STORE_NARROW_TIMES, &narrow->again[piece], fail);
    origin->reading->rows_scanned = scanned;
    return ok;
}
