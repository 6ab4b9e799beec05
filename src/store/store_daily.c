/* store_daily.c — customers by days: what one segment tells, less those whom others have to tell of too. */
#include "store_daily.h"

#include <inttypes.h>
#include <stdlib.h>

#include "store_read.h"

#define NUMBERS_AT_ONCE 4096U /* of whom rows are read */

struct store_daily {
    struct arena *arena;
    struct base_cancel *cancel;
    const struct store_names *names;
    struct store_segment *segment; /* the one that tells */
    const int64_t *begins;         /* of its days, and the end of the last */
    int64_t from_ms, to_ms;
    uint32_t *numbers; /* of customers who are not told of by it alone, ascending */
    size_t number_count;
    uint32_t *rest;
    size_t rest_count;
};

/* ---- who is not told of by the segment alone -------------------------------------------------------------- */

struct gathering {
    struct store_vec numbers;  /* uint32_t */
    size_t count, most;        /* of more it would not pay */
    struct store_moved *moved; /* NULL: nobody */
};

static bool overlaps(const struct store_daily *daily, const struct store_segment *segment)
{
    const struct store_segment_info *info = store_segment_info(segment);
    return info->ts_max_ms >= daily->from_ms && info->ts_min_ms < daily->to_ms;
}

static bool add_numbers(struct gathering *g, const uint32_t *numbers, size_t count,
                        struct fail *fail)
{
    if (g->count + count > g->most) {
        g->count = SIZE_MAX;
        return true;
    }
    if (!store_vec_room(&g->numbers, g->count + count, sizeof *numbers, NULL, fail)) {
        return false;
    }
    if (count > 0) {
        memcpy((uint32_t *)g->numbers.data + g->count, numbers, count * sizeof *numbers);
    }
    g->count += count;
    return true;
}

static bool is_enough(const struct gathering *g)
{
    return g->count == SIZE_MAX;
}

static bool add_segment(struct gathering *g, const struct store_segment *segment, struct fail *fail)
{
    struct store_directory *directory = base_alloc_zero(sizeof *directory);
    bool ok = true;
    if (g->count + store_segment_info(segment)->customers > g->most) {
        g->count = SIZE_MAX;
    }
    for (uint32_t i = 0; ok && !is_enough(g) && i < store_segment_group_count(segment); i++) {
        ok = store_segment_directory_read(segment, i, false, directory, fail) &&
             add_numbers(g, directory->customers, directory->count, fail);
    }
    base_free(directory);
    return ok;
}

/* Those whose trees changed since the oldest of the segments was laid out. */
static bool add_moved(struct gathering *g, const struct store_daily *daily,
                      const struct store_sources *sources, struct fail *fail)
{
    uint64_t now = store_identity_position(sources->identity);
    uint64_t since = now;
    for (size_t s = 0; s < sources->segment_count; s++) {
        uint64_t position = store_segment_info(sources->segments[s])->identity_position;
        since = overlaps(daily, sources->segments[s]) && position < since ? position : since;
    }
    if (since == now) {
        return true;
    }
    return store_identity_moved(sources->identity, since, &g->moved, fail) &&
           add_numbers(g, g->moved->numbers, g->moved->count, fail);
}

static bool add_fresh(struct gathering *g, struct store_snapshot *snapshot, struct fail *fail)
{
    struct store_sources sources;
    if (snapshot->fresh_count == 0) {
        return true;
    }
    if (!store_sources_of(snapshot, &sources, fail)) {
        return false;
    }
    const struct store_fresh_index *fresh = sources.fresh;
    return fresh == NULL || add_numbers(g, fresh->customers, fresh->customer_count, fail);
}

static bool gather(struct gathering *g, const struct store_daily *daily,
                   struct store_snapshot *snapshot, struct fail *fail)
{
    struct store_sources sources;
    g->most = (size_t)store_segment_info(daily->segment)->customers / STORE_DAILY_REST_ONE_IN;
    if (!store_sources_sealed(snapshot, &sources) || !add_moved(g, daily, &sources, fail)) {
        return false;
    }
    for (size_t s = 0; s < sources.segment_count && !is_enough(g); s++) {
        if (sources.segments[s] != daily->segment && overlaps(daily, sources.segments[s]) &&
            !add_segment(g, sources.segments[s], fail)) {
            return false;
        }
    }
    return is_enough(g) || add_fresh(g, snapshot, fail);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Sorts them, where they are not: who moved are. Drops those that stand twice, and returns how many are left. */
static size_t put_in_order(uint32_t *numbers, size_t count)
{
    size_t kept = 0, ascending = 1;
    while (ascending < count && numbers[ascending - 1] < numbers[ascending]) {
        ascending++;
    }
    if (ascending < count) {
        qsort(numbers, count, sizeof *numbers, compare);
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || numbers[i] != numbers[i - 1]) {
            numbers[kept++] = numbers[i];
        }
    }
    return kept;
}

/* The roots of the numbers, ascending. Whoever did not move is its own; those who did come by whole trees, each with its root. */
static size_t keep_roots(const uint32_t *numbers, size_t count, const struct store_moved *moved,
                         uint32_t *out)
{
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        while (moved != NULL && at < moved->count && moved->numbers[at] < numbers[i]) {
            at++;
        }
        bool stays = moved == NULL || at == moved->count || moved->numbers[at] != numbers[i];
        out[kept] = numbers[i];
        kept += stays || moved->roots[at] == numbers[i];
    }
    return kept;
}

static bool keep(struct store_daily *daily, const struct gathering *g, struct fail *fail)
{
    daily->numbers = arena_alloc(daily->arena, (g->count + 1) * sizeof *daily->numbers, fail);
    daily->rest = arena_alloc(daily->arena, (g->count + 1) * sizeof *daily->rest, fail);
    if (daily->numbers == NULL || daily->rest == NULL) {
        return false;
    }
    if (g->count > 0) {
        memcpy(daily->numbers, g->numbers.data, g->count * sizeof *daily->numbers);
    }
    daily->number_count = put_in_order(daily->numbers, g->count);
    daily->rest_count = keep_roots(daily->numbers, daily->number_count, g->moved, daily->rest);
    return true;
}

bool store_daily_open(struct store_snapshot *snapshot, int64_t from_ms, int64_t to_ms,
                      struct base_cancel *cancel, struct arena *arena, struct store_daily **out,
                      struct fail *fail)
{
    struct store_daily *daily = arena_small(arena, sizeof *daily);
    *daily = (struct store_daily){.arena = arena,
                                  .cancel = cancel,
                                  .names = snapshot->names,
                                  .from_ms = from_ms,
                                  .to_ms = to_ms};
    *out = NULL;
    for (size_t s = 0; s < snapshot->segment_count; s++) {
        struct store_segment *segment = snapshot->segments[s];
        if (overlaps(daily, segment) && store_segment_days(segment) > 0 &&
            (daily->segment == NULL || store_segment_info(segment)->customers >
                                           store_segment_info(daily->segment)->customers)) {
            daily->segment = segment;
        }
    }
    if (daily->segment == NULL) {
        return true;
    }
    struct gathering g = {.count = 0};
    bool ok =
        gather(&g, daily, snapshot, fail) && (is_enough(&g) || keep(daily, &g, fail)) &&
        (is_enough(&g) || store_segment_days_begins(daily->segment, arena, &daily->begins, fail));
    *out = ok && !is_enough(&g) ? daily : NULL;
    store_vec_done(&g.numbers, NULL);
    store_moved_unref(g.moved);
    return ok;
}

const uint32_t *store_daily_rest(const struct store_daily *daily, size_t *out_count)
{
    *out_count = daily->rest_count;
    return daily->rest;
}

/* ---- what the segment tells ----------------------------------------------------------------------------------- */

/* Which set is that of the wanted events: *out_any is false where the segment has none of them, *out NULL where no set is. */
static void choose_set(const struct store_daily *daily, const struct store_daily_question *question,
                       bool *out_any, const struct store_days_set **out)
{
    const uint32_t *codes;
    const struct store_days_set *sets;
    uint32_t code_count = store_segment_codes(daily->segment, STORE_FAMILY_EVENT, &codes);
    uint32_t set_count = store_segment_days_sets(daily->segment, &sets);
    uint32_t found = 0, event = STORE_NO_CODE;
    bool all = true; /* all but bookkeeping, and no other */
    for (uint32_t e = 0; e < code_count; e++) {
        bool wanted = codes[e] < question->code_count && question->wanted[codes[e]] != 0;
        found += wanted;
        event = wanted ? codes[e] : event;
        all = all && wanted != store_names_is_bookkeeping(daily->names, codes[e]);
    }
    *out = NULL;
    *out_any = found > 0;
    for (uint32_t s = 0; s < set_count; s++) {
        if ((found == 1 && sets[s].event == event) || (all && sets[s].event == STORE_NO_CODE)) {
            *out = &sets[s];
        }
    }
}

/* The day that begins with the edge, or with the first row behind it; false where the edge cuts a day in two. */
static bool find_day(const struct store_daily *daily, int64_t edge_ms, uint32_t *out)
{
    const struct store_segment_info *info = store_segment_info(daily->segment);
    uint32_t days = store_segment_days(daily->segment);
    uint32_t low = 0, high = days;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (daily->begins[middle] < edge_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = edge_ms <= info->ts_min_ms ? 0 : edge_ms > info->ts_max_ms ? days : low;
    return *out != low || daily->begins[low] == edge_ms || edge_ms <= info->ts_min_ms ||
           edge_ms > info->ts_max_ms;
}

/* Customers who did it from day `from` on, and before day `to`. */
static uint64_t customers_between(const int64_t *cells, uint32_t from, uint32_t to)
{
    uint64_t sum = 0;
    for (uint32_t day = from; day < to; day++) {
        const int64_t *of_day = cells + store_days_cells(day);
        for (uint32_t before = 0; before <= from; before++) { /* 0: none; else 1 + the day */
            sum += (uint64_t)of_day[before];
        }
    }
    return sum;
}

static bool add_up(const struct store_daily *daily, const struct store_daily_question *question,
                   const int64_t *cells, uint64_t *out, bool *out_known, struct fail *fail)
{
    size_t count = question->stretch_count;
    uint32_t *days = arena_array(daily->arena, count + 1, sizeof *days, fail);
    if (days == NULL) {
        return false;
    }
    for (size_t i = 0; i <= count && *out_known; i++) {
        *out_known = find_day(daily, question->edges[i], &days[i]);
    }
    for (size_t i = 0; i < count && *out_known; i++) {
        out[i] = customers_between(cells, days[i], days[i + 1]);
    }
    if (*out_known) {
        out[count] = customers_between(cells, days[0], days[count]);
    }
    return true;
}

/* ---- less those who are read -------------------------------------------------------------------------------- */

struct taking {
    const struct store_daily *daily;
    const struct store_daily_question *question;
    struct store_read_plan plan;
    struct store_reading reading;
    struct store_spans spans;
    struct store_piece piece;
    uint64_t *counts;
};

/* Takes a customer out of each stretch in which it has rows, which lie between the edges, and out of the whole. False where the
   segment tells of fewer than its rows. */
static bool take_customer(const struct taking *taking, const int64_t *ts_ms, uint32_t rows)
{
    const struct store_daily_question *question = taking->question;
    uint64_t *counts = taking->counts;
    bool there = counts[question->stretch_count]-- > 0;
    size_t at = 0;
    for (uint32_t row = 0; row < rows; row++) {
        bool first = row == 0;
        while (question->edges[at + 1] <= ts_ms[row]) {
            at++;
            first = true;
        }
        if (first) {
            there = there && counts[at]-- > 0;
        }
    }
    return there;
}

static bool take_some(struct taking *taking, const uint32_t *numbers, size_t count,
                      struct fail *fail)
{
    static const struct store_piece_order order = {.alone = true};
    struct store_segment *segment = taking->daily->segment;
    struct store_piece *piece = &taking->piece;
    taking->spans.count = 0;
    if ((taking->daily->cancel != NULL && base_cancel_due(taking->daily->cancel, fail)) ||
        !store_spans_list(segment, numbers, count, false, &taking->reading, &taking->spans, fail)) {
        return false;
    }
    if (taking->spans.count == 0) {
        return true;
    }
    if (!store_piece_from_segment(&taking->plan, segment, &taking->spans, &order, &taking->reading,
                                  piece, fail)) {
        return false;
    }
    const uint32_t *begin = piece->row_begin.data;
    const int64_t *ts_ms = piece->ts.data;
    for (uint32_t c = 0; c < piece->customer_count; c++) {
        if (!take_customer(taking, ts_ms + begin[c], begin[c + 1] - begin[c])) {
            return fail_set(fail, FAIL_CORRUPT,
                            "segment %" PRIu64 ": days of events: fewer customers than rows say",
                            store_segment_info(segment)->id);
        }
    }
    return true;
}

static bool take_out(const struct store_daily *daily, const struct store_daily_question *question,
                     uint64_t *counts, struct fail *fail)
{
    struct taking taking = {.daily = daily, .question = question, .counts = counts};
    taking.plan = (struct store_read_plan){.names = daily->names,
                                           .segments = &daily->segment,
                                           .segment_count = 1,
                                           .wanted = question->wanted,
                                           .wanted_count = question->code_count,
                                           .from_ms = question->edges[0],
                                           .last_ms = question->edges[question->stretch_count] - 1};
    taking.reading.values.strings = arena_new(NULL);
    bool ok = store_piece_init(&taking.piece, 0, fail);
    for (size_t at = 0; ok && at < daily->number_count; at += NUMBERS_AT_ONCE) {
        size_t left = daily->number_count - at;
        ok = take_some(&taking, daily->numbers + at,
                       left < NUMBERS_AT_ONCE ? left : NUMBERS_AT_ONCE, fail);
    }
    store_piece_done(&taking.piece, 0, NULL);
    store_spans_done(&taking.spans, NULL);
    store_reading_done(&taking.reading);
    return ok;
}

bool store_daily_count(struct store_daily *daily, const struct store_daily_question *question,
                       uint64_t *out, bool *out_known, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *cells_arena = arena_new(NULL); /* 13 MB of five years */
    const struct store_days_set *set;
    const int64_t *cells;
    bool any;
    INVARIANT(question->stretch_count > 0);
    choose_set(daily, question, &any, &set);
    *out_known = !any || set != NULL;
    memset(out, 0, (question->stretch_count + 1) * sizeof *out);
    if (!any || set == NULL) {
        return true;
    }
    return store_segment_days_read(daily->segment, set, cells_arena, &cells, fail) &&
           add_up(daily, question, cells, out, out_known, fail) &&
           (!*out_known || take_out(daily, question, out, fail));
}
