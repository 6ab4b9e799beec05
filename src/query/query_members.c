#include "query_members.h"

#include "base_bytes.h"
#include "query_marks.h"
#include "query_segment.h"

#define WORD_BITS 64U

/* Where more than one in so many customers is a member, finding each in the directory costs more than reading everybody. */
#define LISTED_ONE_IN 8U

/* ---- what can be decided so ---- */

/* Nothing but the event is asked of the rows that it looks at. */
static bool is_plain(const struct query_plan *plan, uint32_t first, uint32_t count)
{
    bool plain = true;
    for (uint32_t m = first; m < first + count; m++) {
        const struct query_matcher *matcher = &plan->matchers[m];
        plain = plain && matcher->where.count == 0 && matcher->bears == QUERY_BEARS_ANYTHING;
    }
    return plain;
}

static bool is_told_by_events(const struct query_plan *plan, const struct query_segment *segment)
{
    switch (segment->predicate) {
    case QUERY_ALL:
    case QUERY_ANY:
    case QUERY_NOT:
        break;
    case QUERY_DID:
        return segment->aggregate == QUERY_AGGREGATE_COUNT && is_plain(plan, segment->matcher, 1);
    case QUERY_SEQUENCE:
        return is_plain(plan, segment->matcher, segment->step_count);
    case QUERY_TRAIT:
    case QUERY_FIRST_SEEN:
    case QUERY_SAID:
    case QUERY_SCORED:
        return false;
    }
    bool told = true;
    for (uint32_t i = 0; i < segment->child_count; i++) {
        told = told && is_told_by_events(plan, segment->children[i]);
    }
    return told;
}

/* What must all hold, cut into what events tell and what they do not. */
struct cut {
    struct query_segment told, rest;
};

static uint32_t count_parts(const struct query_segment *segment)
{
    uint32_t parts = 0;
    if (segment->predicate != QUERY_ALL) {
        return 1;
    }
    for (uint32_t i = 0; i < segment->child_count; i++) {
        parts += count_parts(segment->children[i]);
    }
    return parts;
}

static void add_parts(const struct query_plan *plan, struct query_segment *segment, struct cut *cut)
{
    if (segment->predicate == QUERY_ALL) {
        for (uint32_t i = 0; i < segment->child_count; i++) {
            add_parts(plan, segment->children[i], cut);
        }
        return;
    }
    struct query_segment *into = is_told_by_events(plan, segment) ? &cut->told : &cut->rest;
    into->children[into->child_count++] = segment;
}

static bool cut_segment(const struct query_exec *exec, struct cut **out, struct fail *fail)
{
    struct query_segment *whole = exec->plan->segment;
    uint32_t parts = count_parts(whole);
    struct cut *cut = arena_array(exec->arena, 1, sizeof *cut, fail);
    if (cut == NULL) {
        return false;
    }
    struct query_segment *both[] = {&cut->told, &cut->rest};
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        both[i]->predicate = QUERY_ALL;
        both[i]->children = arena_array(exec->arena, parts, sizeof(struct query_segment *), fail);
        if (both[i]->children == NULL) {
            return false;
        }
    }
    add_parts(exec->plan, whole, cut);
    *out = cut;
    return true;
}

/* ---- deciding it -------------------------------------------------------------------------------------------- */

struct job {
    const struct query_segment *told;
    uint32_t bound; /* of customer numbers */
    size_t words;   /* that a bit for each takes */
};

struct state { /* of a worker */
    uint64_t *words;
    uint64_t batch; /* the last that was decided */
};

static bool start(struct query_worker *worker, struct fail *fail)
{
    const struct job *job = worker->pass->context;
    struct state *state = arena_small(worker->arena, sizeof *state);
    state->words = arena_array(worker->arena, job->words, sizeof *state->words, fail);
    worker->state = state;
    return state->words != NULL;
}

static bool decide_batch(struct query_worker *worker, struct fail *fail)
{
    const struct job *job = worker->pass->context;
    const struct store_rows *rows = worker->rows;
    struct state *state = worker->state;
    uint64_t *bits;
    state->batch = worker->batch;
    if (!query_segment_mark(worker, job->told, worker->pass->from_ms, &bits, fail)) {
        return false;
    }
    for (uint32_t c = query_mark_next(bits, 0, rows->customer_count); c < rows->customer_count;
         c = query_mark_next(bits, c + 1, rows->customer_count)) {
        uint32_t customer = rows->customers[c];
        state->words[customer / WORD_BITS] |= UINT64_C(1) << customer % WORD_BITS;
    }
    return true;
}

/* Of rows that are not narrow the first customer of a batch brings all others with it. */
static bool decide(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    const struct state *state = worker->state;
    (void)c;
    return state->batch == worker->batch || decide_batch(worker, fail);
}

/* The bits of all workers, in the exec's arena; with the members one by one where they are few. */
static bool gather(const struct query_exec *exec, const struct query_workers *workers,
                   const struct job *job, struct query_members *out, struct fail *fail)
{
    const size_t words = job->words;
    struct query_members members = {.words =
                                        arena_array(exec->arena, words, sizeof(uint64_t), fail)};
    if (members.words == NULL) {
        return false;
    }
    for (size_t w = 0; w < words; w++) {
        for (int i = 0; i < workers->count; i++) {
            members.words[w] |= ((const struct state *)workers->list[i]->state)->words[w];
        }
        members.count += base_bits_set(members.words[w]);
    }
    if (members.count <= job->bound / LISTED_ONE_IN) {
        uint32_t *list = arena_array(exec->arena, members.count, sizeof *list, fail);
        if (list == NULL) {
            return false;
        }
        size_t at = 0;
        for (size_t w = 0; w < words; w++) {
            for (uint64_t left = members.words[w]; left != 0; left &= left - 1) {
                list[at++] = (uint32_t)(w * WORD_BITS) + (uint32_t)__builtin_ctzll(left);
            }
        }
        members.list = list;
    }
    *out = members;
    return true;
}

/* Adds since when each event counts. False where more is asked of times than that, or of too many. */
static bool add_cuts(const struct query_segment *segment, int64_t cuts[STORE_CUTS_MAX],
                     size_t *count)
{
    if (segment->predicate == QUERY_SEQUENCE || *count == STORE_CUTS_MAX) {
        return false;
    }
    if (segment->predicate == QUERY_DID) {
        cuts[(*count)++] = segment->since_ms;
        return true;
    }
    bool all = true;
    for (uint32_t i = 0; i < segment->child_count && all; i++) {
        all = add_cuts(segment->children[i], cuts, count);
    }
    return all;
}

/* The pass over narrow rows: of a plan that asks for nothing but these events. */
static bool decide_all(struct query_exec *exec, const struct query_segment *told,
                       struct query_members *out, struct fail *fail)
{
    const struct query_plan *asked = exec->plan;
    const struct query_plan plan = {.zone = asked->zone,
                                    .now_ms = asked->now_ms,
                                    .matchers = asked->matchers,
                                    .matcher_count = asked->matcher_count};
    struct query_exec own = *exec;
    own.plan = &plan;
    own.scan_column_count = 0;
    own.merge_count = 0;
    own.segment = NULL;
    own.segment_matchers = 0;
    own.events_scanned = own.customers = 0;
    uint32_t bound = store_snapshot_customer_bound(exec->snapshot);
    const struct job job = {told, bound, (size_t)bound / WORD_BITS + 1};
    struct query_pass pass = {.to_ms = query_ms_add(asked->now_ms, 1),
                              .start = start,
                              .customer = decide,
                              .narrow_batch = decide_batch,
                              .narrow = QUERY_NARROW_MASKS,
                              .context = &job};
    query_segment_needs(told, &pass.matchers, &pass.from_ms);
    int64_t cuts[STORE_CUTS_MAX];
    size_t cut_count = 0;
    if (add_cuts(told, cuts, &cut_count)) {
        pass.cuts = cuts;
        pass.cut_count = cut_count;
    }
    struct query_workers workers = {.list = NULL};
    bool ok =
        query_pass_run(&own, &pass, &workers, fail) && gather(exec, &workers, &job, out, fail);
    query_workers_free(&workers);
    exec->events_scanned += own.events_scanned;
    exec->customers = own.customers > exec->customers ? own.customers : exec->customers;
    return ok;
}

bool query_members_find(struct query_exec *exec, const struct query_pass *pass, struct fail *fail)
{
    uint32_t one;
    struct cut *cut;
    if (exec->segment == NULL || exec->members != NULL || exec->accounts != NULL ||
        pass->only != NULL || query_one_customer(exec, &one)) {
        return true;
    }
    if (!cut_segment(exec, &cut, fail)) {
        return false;
    }
    if (!query_segment_needs_rows(&cut->told)) {
        return true; /* then most would be members */
    }
    struct query_members *members = arena_array(exec->arena, 1, sizeof *members, fail);
    if (members == NULL || !decide_all(exec, &cut->told, members, fail)) {
        return false;
    }
    exec->members = members;
    exec->segment = cut->rest.child_count > 0 ? &cut->rest : NULL;
    query_segment_needs(exec->segment, &exec->segment_matchers, &exec->segment_since_ms);
    return true;
}

/* ---- of those who come in passing --------------------------------------------------------------------------- */

/* Behind the last row there is room: loops read some along with others, as of rows of a scan. */
#define SLACK_ROWS 64U

struct kept {
    uint32_t customer_count, row_count;
    uint32_t *customers, *row_begin;
    uint8_t *labels;
    int64_t *ts_ms; /* one of both */
    int32_t *slots;
};

static bool make_room(struct query_worker *worker, struct kept *out, struct fail *fail)
{
    const struct store_rows *from = worker->rows;
    struct arena *arena = worker->scratch;
    size_t customers = from->customer_count, rows = (size_t)from->row_count + SLACK_ROWS;
    *out = (struct kept){.customers = arena_alloc(arena, customers * sizeof(uint32_t), fail)};
    out->row_begin = out->customers == NULL
                         ? NULL
                         : arena_alloc(arena, (customers + 1) * sizeof(uint32_t), fail);
    out->labels = out->row_begin == NULL ? NULL : arena_alloc(arena, rows, fail);
    if (out->labels == NULL) {
        return false;
    }
    if (from->slots != NULL) {
        out->slots = arena_alloc(arena, rows * sizeof *out->slots, fail);
        return out->slots != NULL;
    }
    out->ts_ms = arena_alloc(arena, rows * sizeof *out->ts_ms, fail);
    return out->ts_ms != NULL;
}

/* Customers [first, end) of the batch, with their rows. */
static void keep_customers(const struct store_rows *from, uint32_t first, uint32_t end,
                           struct kept *kept)
{
    uint32_t row = from->row_begin[first], at = kept->row_count;
    uint32_t rows = from->row_begin[end] - row;
    for (uint32_t c = first; c < end; c++) {
        kept->customers[kept->customer_count] = from->customers[c];
        kept->row_begin[kept->customer_count++] = at + (from->row_begin[c] - row);
    }
    memcpy(kept->labels + at, from->labels + row, rows);
    if (kept->slots != NULL) {
        memcpy(kept->slots + at, from->slots + row, rows * sizeof *kept->slots);
    } else {
        memcpy(kept->ts_ms + at, from->ts_ms + row, rows * sizeof *kept->ts_ms);
    }
    kept->row_count += rows;
}

static void end_rows(struct kept *kept)
{
    kept->row_begin[kept->customer_count] = kept->row_count;
    memset(kept->labels + kept->row_count, 0, SLACK_ROWS);
    if (kept->slots != NULL) {
        memset(kept->slots + kept->row_count, 0, SLACK_ROWS * sizeof *kept->slots);
    } else {
        memset(kept->ts_ms + kept->row_count, 0, SLACK_ROWS * sizeof *kept->ts_ms);
    }
}

bool query_members_keep(const struct query_members *members, struct query_worker *worker,
                        struct fail *fail)
{
    const struct store_rows *from = worker->rows;
    struct kept kept;
    if (!make_room(worker, &kept, fail)) {
        return false;
    }
    for (uint32_t c = 0; c < from->customer_count;) {
        uint32_t first = c;
        while (c < from->customer_count && query_members_have(members, from->customers[c])) {
            c++;
        }
        if (c > first) {
            keep_customers(from, first, c, &kept);
        }
        while (c < from->customer_count && !query_members_have(members, from->customers[c])) {
            c++;
        }
    }
    end_rows(&kept);
    worker->member_rows = (struct store_rows){.customer_count = kept.customer_count,
                                              .customers = kept.customers,
                                              .row_begin = kept.row_begin,
                                              .row_count = kept.row_count,
                                              .ts_ms = kept.ts_ms,
                                              .slots = kept.slots,
                                              .labels = kept.labels};
    worker->rows = &worker->member_rows;
    return true;
}
