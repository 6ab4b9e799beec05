/* store_narrow.c — narrow pieces of segments and of ordinary pieces. */
#include "store_narrow.h"

#include "store_narrow_rows.h"
#include "store_scan_segment.h"

#define WINDOW_WORDS (STORE_WINDOW / STORE_WORD_ROWS)

/* ---- memory ------------------------------------------------------------------------------------------- */

struct store_narrow *store_narrow_new(size_t piece_count)
{
    struct store_narrow *narrow = base_alloc_zero(sizeof *narrow);
    narrow->pieces = base_alloc_zero(piece_count * sizeof *narrow->pieces);
    narrow->origins = base_alloc_zero(piece_count * sizeof *narrow->origins);
    narrow->again = base_alloc_zero(piece_count * sizeof *narrow->again);
    narrow->sources = base_alloc_zero(piece_count * sizeof *narrow->sources);
    narrow->heads = base_alloc_zero(piece_count * sizeof *narrow->heads);
    return narrow;
}

static void piece_done(struct store_narrow_piece *piece, struct base_budget *budget)
{
    store_vec_done(&piece->customers, budget);
    store_vec_done(&piece->row_begin, budget);
    store_vec_done(&piece->ts, budget);
    store_vec_done(&piece->slots, budget);
    store_vec_done(&piece->labels, budget);
}

void store_narrow_free(struct store_narrow *narrow, size_t piece_count, struct base_budget *budget)
{
    if (narrow == NULL) {
        return;
    }
    for (size_t p = 0; p < piece_count; p++) {
        piece_done(&narrow->pieces[p], budget);
        piece_done(&narrow->again[p], budget);
    }
    piece_done(&narrow->merged, budget);
    piece_done(&narrow->aside, budget);
    store_vec_done(&narrow->run_begin, budget);
    store_vec_done(&narrow->run_ts, budget);
    store_vec_done(&narrow->run_label, budget);
    base_free(narrow->pieces);
    base_free(narrow->origins);
    base_free(narrow->again);
    base_free(narrow->sources);
    base_free(narrow->heads);
    base_free(narrow);
}

bool store_narrow_room(struct store_narrow_piece *piece, enum store_narrow_of of, size_t customers,
                       size_t rows, struct base_budget *budget, struct fail *fail)
{
    size_t with_slack = rows + STORE_NARROW_SLACK;
    if (with_slack >= UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u rows in one batch", UINT32_MAX - 1);
    }
    return store_vec_room(&piece->customers, customers, sizeof(uint32_t), budget, fail) &&
           store_vec_room(&piece->row_begin, customers + 1, sizeof(uint32_t), budget, fail) &&
           (of == STORE_NARROW_TIMES
                ? store_vec_room(&piece->ts, with_slack, sizeof(int64_t), budget, fail)
                : store_vec_room(&piece->slots, with_slack, sizeof(int32_t), budget, fail)) &&
           store_vec_room(&piece->labels, with_slack, sizeof(uint8_t), budget, fail);
}

void store_narrow_start(struct store_narrow *narrow, const struct store_read_plan *plan,
                        bool in_slots)
{
    narrow->count = 0;
    narrow->plan = plan;
    narrow->in_slots = in_slots;
}

struct store_narrow_piece *store_narrow_next_piece(struct store_narrow *narrow,
                                                   struct store_narrow_origin origin)
{
    narrow->origins[narrow->count] = origin;
    struct store_narrow_piece *piece = &narrow->pieces[narrow->count++];
    piece->customer_count = 0;
    piece->row_count = 0;
    return piece;
}

/* ---- segments ----------------------------------------------------------------------------------------- */

struct narrowing { /* of one segment */
    const struct store_read_plan *plan;
    struct store_segment *segment;
    struct store_reading *reading;
    const struct store_span *spans; /* those not closed yet */
    const struct store_span *spans_end;
    const uint8_t *labels; /* by the file's codes */
    uint32_t event_count;
    struct store_segment_column *events, *ts;
    struct store_narrow_piece *piece;
    bool in_slots;
    bool is_open; /* what follows */
    uint32_t open_block;
    struct store_ints open_events, open_ts;
    uint32_t unpolled; /* rows since the question was last asked whether it goes on */
};
#define POLL_ROWS 16384U

struct kept { /* of one window: which rows were, a bit each */
    bool all; /* then the bits say nothing */
    uint64_t words[WINDOW_WORDS];
};

/* The labels of the file's own codes. */
static bool make_labels(struct narrowing *n, struct fail *fail)
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
    }
    n->labels = labels;
    return true;
}

/* The span's rows are those added since the one before it was closed. */
static void close_span(struct narrowing *n, uint32_t rows_end)
{
    struct store_narrow_piece *piece = n->piece;
    uint32_t *row_begin = piece->row_begin.data;
    if (rows_end > row_begin[piece->customer_count]) {
        ((uint32_t *)piece->customers.data)[piece->customer_count++] = n->spans->customer;
        row_begin[piece->customer_count] = rows_end;
    }
    n->spans++;
}

/* How many of the rows before `at` were kept: of the window, from word `*word` on, below which `*before` were. */
static uint32_t rows_before(const struct kept *kept, uint32_t at, uint32_t *word, uint32_t *before)
{
    if (kept->all) {
        return at;
    }
    for (; *word < at / STORE_WORD_ROWS; (*word)++) {
        *before += (uint32_t)__builtin_popcountll(kept->words[*word]);
    }
    if (at % STORE_WORD_ROWS == 0) {
        return *before;
    }
    uint64_t below = (UINT64_C(1) << at % STORE_WORD_ROWS) - 1;
    return *before + (uint32_t)__builtin_popcountll(kept->words[*word] & below);
}

/* Closes the spans that end in a window of `rows` rows from row `first` of the segment; `piece_rows` rows of the piece
   came before it. */
static void close_spans(struct narrowing *n, const struct kept *kept, uint32_t first, uint32_t rows,
                        uint32_t piece_rows)
{
    uint32_t word = 0;
    uint32_t before = 0;
    while (n->spans < n->spans_end && n->spans->end <= first + rows) {
        uint32_t at = n->spans->end > first ? n->spans->end - first : 0;
        close_span(n, piece_rows + rows_before(kept, at, &word, &before));
    }
}

struct labelling { /* rows of one block */
    uint32_t block;
    bool in_times; /* all of them */
    bool gaps;     /* some may lie between spans */
    struct store_times times;
    const struct store_ints *events, *ts;
};

/* The slots of times that begin and end with one; false where they do not. */
static bool slots_within(const struct labelling *l, struct store_slots *out)
{
    *out = (struct store_slots){INT32_MIN, INT32_MAX};
    if (l->in_times) {
        return true;
    }
    bool begins = l->times.from_ms != INT64_MIN;
    bool ends = l->times.last_ms != INT64_MAX;
    if ((begins && l->times.from_ms % STORE_SLOT_MS != 0) ||
        (ends && (l->times.last_ms + 1) % STORE_SLOT_MS != 0)) {
        return false;
    }
    store_slots_of(&l->times.from_ms, begins ? 1 : 0, &out->from);
    store_slots_of(&l->times.last_ms, ends ? 1 : 0, &out->last);
    return true;
}

/* The labels of a window's rows. *out is how many have one. */
static bool read_labels(const struct narrowing *n, const struct labelling *l, uint32_t from,
                        uint32_t count, uint8_t *labels, uint32_t *out, struct fail *fail)
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
static bool leave_gaps(const struct narrowing *n, uint32_t first, uint32_t count, uint8_t *labels)
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
static bool keep_times(struct narrowing *n, const struct labelling *l, uint32_t from,
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
static bool keep_slots(struct narrowing *n, const struct labelling *l, uint32_t from,
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
    bool by_slots = slots_within(l, &within);
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
static bool take_window(struct narrowing *n, const struct labelling *l, uint32_t from,
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

/* Names and times of one block stay open from stretch to stretch. */
static bool open_block(struct narrowing *n, uint32_t block, struct fail *fail)
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

/* Rows [from, to) of a block, of spans that are read in one go. */
static bool take_rows(struct narrowing *n, uint32_t block, uint32_t from, uint32_t to, bool gaps,
                      struct fail *fail)
{
    const struct store_read_plan *plan = n->plan;
    struct store_segment_block bounds = store_segment_block_get(n->segment, block);
    struct labelling l = {.block = block,
                          .gaps = gaps,
                          .in_times = plan->all_times || (bounds.ts_min_ms >= plan->from_ms &&
                                                          bounds.ts_max_ms <= plan->last_ms)};
    l.times = l.in_times ? (struct store_times){INT64_MIN, INT64_MAX}
                         : (struct store_times){plan->from_ms, plan->last_ms};
    bool any_time =
        l.in_times || (bounds.ts_max_ms >= plan->from_ms && bounds.ts_min_ms <= plan->last_ms);
    if (!any_time ||
        !store_segment_block_may_hold(n->segment, block, plan->wanted, plan->wanted_count)) {
        while (n->spans < n->spans_end && n->spans->end <= block * STORE_SEGMENT_BLOCK_ROWS + to) {
            close_span(n, n->piece->row_count);
        }
        return true;
    }
    if (!open_block(n, block, fail)) {
        return false;
    }
    l.events = &n->open_events;
    l.ts = &n->open_ts;
    n->reading->rows_scanned += to - from;
    for (uint32_t row = from; row < to;) {
        uint32_t end = (row / STORE_WINDOW + 1) * STORE_WINDOW;
        end = end < to ? end : to;
        if (!take_window(n, &l, row, end - row, fail)) {
            return false;
        }
        row = end;
    }
    n->unpolled += to - from;
    if (n->reading->cancel == NULL || n->unpolled < POLL_ROWS) {
        return true;
    }
    n->unpolled = 0;
    return !base_cancel_due(n->reading->cancel, fail);
}

/* Reads the rows of spans into `piece`. */
static bool read_spans(const struct store_narrow *narrow, const struct store_narrow_origin *origin,
                       const struct store_span *list, size_t count, enum store_narrow_of of,
                       struct store_narrow_piece *piece, struct fail *fail)
{
    struct narrowing n = {
        .plan = narrow->plan,
        .segment = origin->segment,
        .reading = origin->reading,
        .spans = list,
        .spans_end = list + count,
        .events = store_segment_column_find(origin->segment, STORE_SEGMENT_EVENT, STORE_NO_CODE),
        .ts = store_segment_column_find(origin->segment, STORE_SEGMENT_TS, STORE_NO_CODE),
        .piece = piece,
        .in_slots = of == STORE_NARROW_SLOTS,
    };
    piece->customer_count = 0;
    piece->row_count = 0;
    if (!store_narrow_room(piece, of, count, store_spans_rows(list, count), n.reading->budget,
                           fail) ||
        !make_labels(&n, fail)) {
        return false;
    }
    ((uint32_t *)piece->row_begin.data)[0] = 0;
    for (size_t s = 0; s < count;) {
        uint32_t from = list[s].begin;
        uint32_t to;
        bool gaps;
        s += store_spans_in_one_go(list, count, s, &to, &gaps);
        while (from < to) { /* cut at the ends of blocks */
            uint32_t block = from / STORE_SEGMENT_BLOCK_ROWS;
            uint32_t first = block * STORE_SEGMENT_BLOCK_ROWS;
            uint32_t end =
                to - first < STORE_SEGMENT_BLOCK_ROWS ? to - first : STORE_SEGMENT_BLOCK_ROWS;
            if (!take_rows(&n, block, from - first, end, gaps, fail)) {
                return false;
            }
            from = first + end;
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

/* ---- ordinary pieces ---------------------------------------------------------------------------------- */

bool store_narrow_add_piece(struct store_narrow *narrow, const struct store_piece *from,
                            struct base_budget *budget, struct fail *fail)
{
    struct store_narrow_piece *piece =
        store_narrow_next_piece(narrow, (struct store_narrow_origin){0});
    uint32_t customers = from->customer_count;
    uint32_t rows = from->row_count;
    if (!store_narrow_room(piece, STORE_NARROW_TIMES, customers, rows, budget, fail) ||
        (narrow->in_slots &&
         !store_narrow_room(piece, STORE_NARROW_SLOTS, customers, rows, budget, fail))) {
        return false;
    }
    const uint32_t *events = from->events.data;
    uint8_t *labels = piece->labels.data;
    for (uint32_t row = 0; row < rows; row++) {
        labels[row] = narrow->plan->labels[events[row]]; /* wanted, so below the count */
    }
    if (rows > 0) {
        memcpy(piece->ts.data, from->ts.data, rows * sizeof(int64_t));
    }
    if (narrow->in_slots) {
        store_slots_of(piece->ts.data, rows, piece->slots.data);
    }
    if (customers > 0) {
        memcpy(piece->customers.data, from->customers.data, customers * sizeof(uint32_t));
    }
    memcpy(piece->row_begin.data, from->row_begin.data, (customers + 1) * sizeof(uint32_t));
    piece->customer_count = customers;
    piece->row_count = rows;
    return true;
}
