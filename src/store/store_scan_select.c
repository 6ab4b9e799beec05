/* store_scan_select.c — which rows of a segment a piece takes: those that pass the filter, and those that bear a
 * trait whose bearers come whatever the filter.
 */
#include "store_scan_segment.h"

bool store_segment_pick_ints(const struct store_ints *ints, const uint32_t *rows, uint32_t count,
                             int64_t *out, struct fail *fail)
{
    for (uint32_t i = 0; i < count;) {
        uint32_t end = (rows[i] / STORE_INTS_FRAME + 1) * STORE_INTS_FRAME;
        uint32_t j = i + 1;
        while (j < count && rows[j] < end) {
            j++;
        }
        if (!store_ints_pick(ints, rows + i, j - i, out + i, fail)) {
            return false;
        }
        i = j;
    }
    return true;
}

bool store_segment_pick_codes(const struct store_ints *ints, const uint32_t *rows, uint32_t count,
                              uint32_t bound, uint32_t *out, struct fail *fail)
{
    uint32_t window[STORE_WINDOW];
    for (uint32_t i = 0; i < count;) {
        uint32_t first = rows[i];
        uint32_t end = (first / STORE_WINDOW + 1) * STORE_WINDOW;
        uint32_t j = i + 1;
        while (j < count && rows[j] < end) {
            j++;
        }
        if (rows[j - 1] - first + 1 == j - i) {
            if (!store_ints_read_codes(ints, first, j - i, bound, out + i, fail)) {
                return false;
            }
            i = j;
            continue;
        }
        if (!store_ints_read_codes(ints, first, rows[j - 1] - first + 1, bound, window, fail)) {
            return false;
        }
        for (; i < j; i++) {
            out[i] = window[rows[i] - first];
        }
    }
    return true;
}

/* Spans that are read in one go become stretches, cut at the ends of blocks. */
static bool make_stretches(struct store_segment_read *read, struct fail *fail)
{
    struct store_reading *reading = read->reading;
    struct store_vec *vec = &reading->stretches;
    size_t count = 0;
    for (size_t s = 0; s < read->span_count;) {
        size_t first_span = s;
        uint32_t from = read->spans[s].begin;
        uint32_t to;
        bool gaps;
        s += store_spans_in_one_go(read->spans, read->span_count, s, &to, &gaps);
        while (from < to) {
            uint32_t block = from / STORE_SEGMENT_BLOCK_ROWS;
            uint32_t first = block * STORE_SEGMENT_BLOCK_ROWS;
            uint32_t end =
                to - first < STORE_SEGMENT_BLOCK_ROWS ? to - first : STORE_SEGMENT_BLOCK_ROWS;
            if (!store_vec_room(vec, count + 1, sizeof(struct store_stretch), reading->budget,
                                fail)) {
                return false;
            }
            ((struct store_stretch *)vec->data)[count++] = (struct store_stretch){
                .block = block, .from = from - first, .to = end, .span = first_span, .gaps = gaps};
            from = first + end;
        }
    }
    read->stretches = vec->data;
    read->stretch_count = count;
    return true;
}

/* Which of the file's events are wanted, by its codes. */
static bool make_wanted(const struct store_segment_read *read, struct fail *fail)
{
    const struct store_read_plan *plan = read->plan;
    const uint32_t *codes;
    uint32_t count = store_segment_codes(read->segment, STORE_FAMILY_EVENT, &codes);
    if (!store_vec_room(&read->reading->wanted, count, 1, read->reading->budget, fail)) {
        return false;
    }
    uint8_t *wanted = read->reading->wanted.data;
    for (uint32_t e = 0; e < count; e++) {
        wanted[e] =
            plan->wanted == NULL || (codes[e] < plan->wanted_count && plan->wanted[codes[e]] != 0);
    }
    return true;
}

static bool select_by_time(const struct store_segment_read *read, const struct store_ints *ts,
                           uint32_t *rows, uint32_t *codes, uint32_t *count, int64_t *ts_ms,
                           struct fail *fail)
{
    const struct store_read_plan *plan = read->plan;
    if (!store_segment_pick_ints(ts, rows, *count, ts_ms, fail)) {
        return false;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *count; i++) {
        rows[kept] = rows[i];
        codes[kept] = codes[i];
        ts_ms[kept] = ts_ms[i];
        kept += ts_ms[kept] >= plan->from_ms && ts_ms[kept] <= plan->last_ms;
    }
    *count = kept;
    return true;
}

/* Marks the rows of the stretch that bear a trait whose bearers come whatever the filter. */
static bool mark_bearers(const struct store_segment_read *read, const struct store_stretch *stretch,
                         bool *out_any, struct fail *fail)
{
    const struct store_read_plan *plan = read->plan;
    struct store_reading *reading = read->reading;
    *out_any = false;
    for (size_t c = plan->own_count; plan->bearers_come && c < plan->column_count; c++) {
        struct store_segment_column *column =
            plan->columns[c].of != STORE_READ_TRAIT_CELL
                ? NULL
                : store_segment_column_find(read->segment, STORE_SEGMENT_TRAIT,
                                            plan->columns[c].name);
        struct store_dictionary dictionary;
        struct store_values values;
        bool found = false;
        uint32_t first;
        uint32_t count;
        if (column != NULL && !store_segment_values_open(read->segment, column, stretch->block,
                                                         &dictionary, &values, &found, fail)) {
            return false;
        }
        if (!found) {
            continue;
        }
        if (!store_values_find(&values, stretch->from, stretch->to, &first, &count, fail) ||
            !store_vec_room(&reading->rows, count, sizeof(uint32_t), reading->budget, fail) ||
            !store_values_rows(&values, first, count, reading->rows.data, fail)) {
            return store_segment_blame(read->segment, column, stretch->block, fail);
        }
        if (!*out_any && count > 0) {
            if (!store_vec_room(&reading->bearers, stretch->to - stretch->from, 1, reading->budget,
                                fail)) {
                return false;
            }
            memset(reading->bearers.data, 0, stretch->to - stretch->from);
            *out_any = true;
        }
        const uint32_t *rows = reading->rows.data;
        for (uint32_t i = 0; i < count; i++) {
            ((uint8_t *)reading->bearers.data)[rows[i] - stretch->from] = 1;
        }
    }
    return true;
}

/* As the filter selects, and the marked rows besides. */
static bool select_with_bearers(const struct store_segment_read *read,
                                const struct store_stretch *stretch, const struct store_ints *ts,
                                uint32_t *rows, uint32_t *codes, int64_t *ts_ms, uint32_t *out_kept,
                                struct fail *fail)
{
    const struct store_read_plan *plan = read->plan;
    const uint8_t *wanted = read->reading->wanted.data;
    const uint8_t *bearers = read->reading->bearers.data;
    uint32_t count = stretch->to - stretch->from;
    uint32_t kept = 0;
    if (!store_ints_read(ts, stretch->from, count, ts_ms, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool in_times = plan->all_times || (ts_ms[i] >= plan->from_ms && ts_ms[i] <= plan->last_ms);
        rows[kept] = stretch->from + i;
        codes[kept] = codes[i];
        ts_ms[kept] = ts_ms[i];
        kept += bearers[i] != 0 || (in_times && (plan->wanted == NULL || wanted[codes[kept]] != 0));
    }
    *out_kept = kept;
    return true;
}

/* As the filter selects. `rows` and `codes` have room for the stretch and what store_ints_find_codes may add. */
static bool select_wanted(const struct store_segment_read *read,
                          const struct store_stretch *stretch, const struct store_ints *events,
                          uint32_t *rows, uint32_t *codes, uint32_t *out_kept, struct fail *fail)
{
    uint32_t count = stretch->to - stretch->from;
    const uint32_t *known;
    uint32_t bound = store_segment_codes(read->segment, STORE_FAMILY_EVENT, &known);
    if (read->plan->wanted != NULL) {
        struct store_find find = {.wanted = read->reading->wanted.data, .bound = bound};
        return store_ints_find_codes(events, stretch->from, count, &find, rows, codes, out_kept,
                                     fail);
    }
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = stretch->from + i;
    }
    *out_kept = count;
    return store_ints_read_codes(events, stretch->from, count, bound, codes, fail);
}

static uint32_t first_not_before(const uint32_t *rows, uint32_t at, uint32_t count, uint32_t row)
{
    uint32_t step = 1;
    while (at + step < count && rows[at + step] < row) { /* mostly it is near */
        at += step;
        step *= 2;
    }
    uint32_t high = count - at < step + 1 ? count : at + step + 1;
    while (at < high) {
        uint32_t middle = at + (high - at) / 2;
        if (rows[middle] < row) {
            at = middle + 1;
        } else {
            high = middle;
        }
    }
    return at;
}

/* Leaves out rows that lie between spans; `ts_ms` may be NULL. */
static void leave_gaps(const struct store_segment_read *read, const struct store_stretch *stretch,
                       uint32_t *rows, uint32_t *codes, int64_t *ts_ms, uint32_t *count)
{
    uint32_t base = stretch->block * STORE_SEGMENT_BLOCK_ROWS;
    uint32_t kept = 0;
    uint32_t at = 0;
    for (size_t s = stretch->span; at < *count && s < read->span_count; s++) {
        const struct store_span *span = &read->spans[s];
        while (s + 1 < read->span_count && read->spans[s + 1].begin == read->spans[s].end) {
            s++;
        }
        uint32_t end = read->spans[s].end;
        if (end <= base) {
            continue; /* of a block before */
        }
        at = first_not_before(rows, at, *count, span->begin > base ? span->begin - base : 0);
        uint32_t to = first_not_before(rows, at, *count, end - base);
        if (kept != at) {
            memmove(rows + kept, rows + at, (to - at) * sizeof *rows);
            memmove(codes + kept, codes + at, (to - at) * sizeof *codes);
            if (ts_ms != NULL) {
                memmove(ts_ms + kept, ts_ms + at, (to - at) * sizeof *ts_ms);
            }
        }
        kept += to - at;
        at = to;
    }
    *count = kept;
}

#define ROOM_ROWS (4U * STORE_SEGMENT_BLOCK_ROWS)

/* Room for all the stretch's rows behind those of the piece, and for their events' codes. */
static bool make_rows_room(const struct store_segment_read *read, uint32_t count, struct fail *fail)
{
    struct store_reading *reading = read->reading;
    struct store_piece *piece = read->piece;
    size_t all = (size_t)piece->row_count + count;
    if (all >= UINT32_MAX) {
        return fail_set(fail, FAIL_LIMIT, "more than %u rows in one batch", UINT32_MAX - 1);
    }
    return store_vec_room(&reading->selected, all + STORE_FIND_SLACK, sizeof(uint32_t),
                          reading->budget, fail) &&
           store_vec_room(&reading->codes, (size_t)count + STORE_FIND_SLACK, sizeof(uint32_t),
                          reading->budget, fail) &&
           store_vec_room(&piece->ts, all, sizeof(int64_t), reading->budget, fail) &&
           store_vec_room(&piece->events, all, sizeof(uint32_t), reading->budget, fail);
}

/* Names and times of one block, kept open from stretch to stretch. */
struct opened {
    bool any;
    uint32_t block;
    struct store_segment_column *event_column, *ts_column;
    struct store_ints events, ts;
};

static bool open_block(const struct store_segment_read *read, uint32_t block, struct opened *opened,
                       struct fail *fail)
{
    bool found;
    if (opened->any && opened->block == block) {
        return true;
    }
    opened->any =
        store_segment_ints_open(read->segment, opened->event_column, block, &opened->events, &found,
                                fail) &&
        store_segment_ints_open(read->segment, opened->ts_column, block, &opened->ts, &found, fail);
    opened->block = block;
    return opened->any;
}

/* Selects the stretch's rows: puts rows, times and events behind those of the piece. */
static bool select_rows(struct store_segment_read *read, struct store_stretch *stretch,
                        struct opened *opened, struct fail *fail)
{
    const struct store_read_plan *plan = read->plan;
    struct store_segment *segment = read->segment;
    struct store_reading *reading = read->reading;
    struct store_piece *piece = read->piece;
    struct store_segment_block block = store_segment_block_get(segment, stretch->block);
    bool any_bearers;
    stretch->piece_from = piece->row_count;
    stretch->piece_to = piece->row_count;
    if (!mark_bearers(read, stretch, &any_bearers, fail)) {
        return false;
    }
    bool in_times =
        plan->all_times || (block.ts_min_ms >= plan->from_ms && block.ts_max_ms <= plan->last_ms);
    bool any_wanted =
        (in_times || (block.ts_max_ms >= plan->from_ms && block.ts_min_ms <= plan->last_ms)) &&
        (plan->wanted == NULL ||
         store_segment_block_may_hold(segment, stretch->block, plan->wanted, plan->wanted_count));
    if (!any_wanted && !any_bearers) {
        return true;
    }
    uint32_t count = stretch->to - stretch->from;
    if (!make_rows_room(read, count, fail)) {
        return false;
    }
    reading->rows_scanned += count;
    const struct store_segment_column *column = opened->event_column;
    const struct store_segment_column *ts_column = opened->ts_column;
    const struct store_ints *ints = &opened->events;
    const struct store_ints *ts = &opened->ts;
    const uint32_t *events;
    uint32_t event_count = store_segment_codes(segment, STORE_FAMILY_EVENT, &events);
    uint32_t *codes = reading->codes.data;
    if (!open_block(read, stretch->block, opened, fail)) {
        return false;
    }
    uint32_t *rows = (uint32_t *)reading->selected.data + piece->row_count;
    int64_t *ts_ms = (int64_t *)piece->ts.data + piece->row_count;
    uint32_t kept = 0;
    bool ok = any_bearers
                  ? store_ints_read_codes(ints, stretch->from, count, event_count, codes, fail)
                  : select_wanted(read, stretch, ints, rows, codes, &kept, fail);
    if (!ok) {
        return store_segment_blame(segment, column, stretch->block, fail);
    }
    if (stretch->gaps && !any_bearers) {
        leave_gaps(read, stretch, rows, codes, NULL, &kept);
    }
    if (any_bearers) {
        ok = select_with_bearers(read, stretch, ts, rows, codes, ts_ms, &kept, fail);
        if (ok && stretch->gaps) {
            leave_gaps(read, stretch, rows, codes, ts_ms, &kept);
        }
    } else {
        ok = in_times ? store_segment_pick_ints(ts, rows, kept, ts_ms, fail)
                      : select_by_time(read, ts, rows, codes, &kept, ts_ms, fail);
    }
    if (!ok) {
        return store_segment_blame(segment, ts_column, stretch->block, fail);
    }
    uint32_t *out = (uint32_t *)piece->events.data + piece->row_count;
    for (uint32_t i = 0; i < kept; i++) {
        out[i] = events[codes[i]];
    }
    piece->row_count += kept;
    stretch->piece_to = piece->row_count;
    return true;
}

/* Room for all stretches together, which else would grow from stretch to stretch, unless they are of a very long customer,
   of whom often no more than a slice is selected. */
static bool make_all_rows_room(const struct store_segment_read *read, struct fail *fail)
{
    size_t rows = 0;
    for (size_t i = 0; i < read->stretch_count; i++) {
        rows += read->stretches[i].to - read->stretches[i].from;
    }
    return rows > ROOM_ROWS || make_rows_room(read, (uint32_t)rows, fail);
}

bool store_segment_select(struct store_segment_read *read, struct fail *fail)
{
    struct store_reading *reading = read->reading;
    if (!make_stretches(read, fail) || (read->plan->wanted != NULL && !make_wanted(read, fail))) {
        return false;
    }
    struct store_stretch *stretches = reading->stretches.data;
    struct opened opened = {
        .event_column =
            store_segment_column_find(read->segment, STORE_SEGMENT_EVENT, STORE_NO_CODE),
        .ts_column = store_segment_column_find(read->segment, STORE_SEGMENT_TS, STORE_NO_CODE),
    };
    if (!make_all_rows_room(read, fail)) {
        return false;
    }
    for (size_t i = 0; i < read->stretch_count; i++) {
        if (!select_rows(read, &stretches[i], &opened, fail)) {
            return false;
        }
        if (reading->cancel != NULL && i % 16 == 15 && base_cancel_due(reading->cancel, fail)) {
            return false;
        }
    }
    read->selected = reading->selected.data;
    return true;
}
