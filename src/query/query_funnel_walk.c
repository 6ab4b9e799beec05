/* One customer's walk through a funnel: no store, no groups. */
#include "query_funnel.h"

uint32_t funnel_step_before(const struct funnel_body *body, uint32_t step)
{
    uint32_t before = step - 1;
    while (body->order != FUNNEL_ANY && (body->optional >> before & 1U) != 0) {
        before--; /* step 0 is never optional */
    }
    return before;
}

static bool mark_any_step(const struct funnel_body *body, const struct query_worker *worker,
                          struct funnel_walk *walk, struct fail *fail)
{
    size_t words = query_mark_words(worker->rows->row_count);
    uint64_t *any = query_places_room(worker, fail);
    if (any == NULL) {
        return false;
    }
    for (uint32_t s = 0; s < body->step_count; s++) {
        for (size_t i = 0; i < words; i++) {
            any[i] |= walk->by_matcher[s].words[i];
        }
    }
    walk->any_step = (struct query_places){.words = any, .rows = worker->rows->row_count};
    return true;
}

/* Rows of step 1 in the range. */
static bool mark_entries(struct funnel_walk *walk, const struct query_range *range,
                         const struct query_worker *worker, struct fail *fail)
{
    walk->entries = query_places_room(worker, fail);
    if (walk->entries == NULL) {
        return false;
    }
    memcpy(walk->entries, walk->by_matcher[0].words,
           query_mark_words(worker->rows->row_count) * sizeof *walk->entries);
    query_places_clip(walk->entries, worker->rows, range);
    return true;
}

bool funnel_is_plain(const struct funnel_body *body)
{
    return body->order == FUNNEL_ORDERED && body->optional == 0 && body->exclude_count == 0 &&
           !body->entries;
}

static bool choose_all(struct funnel_walk *walk, const struct funnel_body *body,
                       const struct query_worker *worker, struct fail *fail)
{
    const struct store_rows *rows = worker->rows;
    const size_t customers = rows->customer_count;
    uint32_t *room = arena_alloc(worker->scratch, FUNNEL_ROOM(customers) * sizeof *room, fail);
    uint32_t *chosen = arena_alloc(worker->scratch, 2 * customers * sizeof *chosen, fail);
    if (room == NULL || chosen == NULL) {
        return false;
    }
    walk->chosen = (struct funnel_chosen){.levels = chosen, .entries = chosen + customers};
    walk->plain = (struct funnel_plain){.step_count = body->step_count,
                                        .window_ms = body->window_ms,
                                        .ts_ms = rows->ts_ms,
                                        .customer_count = rows->customer_count,
                                        .row_begin = rows->row_begin};
    walk->plain.steps[0] = walk->entries;
    for (uint32_t s = 1; s < body->step_count; s++) {
        walk->plain.steps[s] = walk->by_matcher[s].words;
    }
    funnel_choose(&walk->plain, room, &walk->chosen);
    return true;
}

bool funnel_walk_batch(struct funnel_walk *walk, const struct funnel_body *body,
                       const struct query_range *range, const struct query_worker *worker,
                       struct fail *fail)
{
    const bool plain = funnel_is_plain(body);
    if (walk->batch == worker->batch) {
        return true;
    }
    for (uint32_t m = 0; m < body->step_count + body->exclude_count; m++) {
        if (!query_places_mark(worker, m, &walk->by_matcher[m], fail)) {
            return false;
        }
    }
    if (!mark_entries(walk, range, worker, fail) ||
        (body->order == FUNNEL_STRICT && !mark_any_step(body, worker, walk, fail)) ||
        (plain && !choose_all(walk, body, worker, fail))) {
        return false;
    }
    walk->has_chosen = plain;
    walk->batch = worker->batch;
    return true;
}

bool funnel_walk_load(struct funnel_walk *walk, const struct funnel_body *body,
                      const struct query_range *range, const struct query_worker *worker,
                      uint32_t c, struct fail *fail)
{
    if (!funnel_walk_batch(walk, body, range, worker, fail)) {
        return false;
    }
    walk->customer = c;
    walk->begin = worker->rows->row_begin[c];
    walk->end = worker->rows->row_begin[c + 1];
    walk->valued = (struct funnel_valued){walk->begin, FUNNEL_NOT_REACHED};
    return true;
}

/* The steps that may come next: bit s. */
static uint32_t candidates_of(const struct funnel_body *body, uint32_t level, uint32_t reached)
{
    uint32_t all = (uint32_t)((UINT64_C(1) << body->step_count) - 1U);
    if (body->order == FUNNEL_ANY) {
        return all & ~reached;
    }
    uint32_t candidates = 0;
    for (uint32_t s = level; s < body->step_count; s++) {
        candidates |= 1U << s;
        if ((body->optional >> s & 1U) == 0) {
            break;
        }
    }
    return candidates;
}

/* The next event that fills one of the candidates, and the lowest of them that it does fill. */
static uint32_t next_reach(struct funnel_walk *walk, const struct funnel_body *body,
                           uint32_t candidates, uint32_t from, uint32_t *out_step)
{
    uint32_t best = FUNNEL_NOT_REACHED;
    for (uint32_t left = candidates; left != 0; left &= left - 1) {
        uint32_t s = (uint32_t)__builtin_ctz(left);
        uint32_t row = query_places_after(&walk->by_matcher[s], from, walk->end);
        if (row < best) {
            best = row;
            *out_step = s;
        }
        if (best == from + 1) {
            break; /* none comes sooner, and this is the lowest that it fills */
        }
    }
    if (body->order == FUNNEL_STRICT && best != FUNNEL_NOT_REACHED &&
        query_places_after(&walk->any_step, from, walk->end) != best) {
        return FUNNEL_NOT_REACHED;
    }
    return best;
}

static bool is_excluded(struct funnel_walk *walk, const struct funnel_body *body, uint32_t level,
                        uint32_t from, uint32_t reach)
{
    for (uint32_t e = 0; e < body->exclude_count; e++) {
        if (level >= body->excludes[e].from && level < body->excludes[e].to &&
            query_places_after(&walk->by_matcher[body->step_count + e], from, walk->end) < reach) {
            return true;
        }
    }
    return false;
}

void funnel_walk_from(struct funnel_walk *walk, const struct funnel_body *body,
                      const int64_t *ts_ms, uint32_t entry, struct funnel_path *out)
{
    int64_t until_ms = query_ms_add(ts_ms[entry], body->window_ms);
    uint32_t reached = 1;
    out->level = 1;
    out->last = entry;
    for (uint32_t s = 0; s < body->step_count; s++) {
        out->reached[s] = FUNNEL_NOT_REACHED;
    }
    out->reached[0] = entry;
    while (out->level < body->step_count) {
        uint32_t candidates = candidates_of(body, out->level, reached), step = 0;
        uint32_t row = next_reach(walk, body, candidates, out->last, &step);
        if (row == FUNNEL_NOT_REACHED || ts_ms[row] > until_ms ||
            is_excluded(walk, body, out->level, out->last, row)) {
            return;
        }
        reached |= 1U << step;
        out->level = body->order == FUNNEL_ANY ? out->level + 1 : step + 1;
        out->reached[out->level - 1] = row;
        out->last = row;
    }
}

bool funnel_walk_enters(const struct funnel_walk *walk)
{
    return walk->has_chosen ? walk->chosen.levels[walk->customer] > 0
                            : query_mark_next(walk->entries, walk->begin, walk->end) < walk->end;
}

/* The last row from which a level above `level` can still be reached: one of the steps beyond must lie behind it. False
   where there is none. Saying it for `any` would need more than the steps' last rows: then every row may. */
static bool last_chance(const struct funnel_walk *walk, const struct funnel_body *body,
                        uint32_t level, uint32_t *out)
{
    bool any = body->order == FUNNEL_ANY && level < body->step_count;
    *out = any ? FUNNEL_NOT_REACHED : 0;
    for (uint32_t s = level; s < body->step_count && !any; s++) {
        uint32_t last = query_mark_last(walk->by_matcher[s].words, walk->begin, walk->end);
        if (last < walk->end) {
            *out = last > *out ? last : *out;
        } else if ((body->optional >> s & 1U) == 0) {
            break; /* no path leads past a required step that never came */
        }
    }
    return *out > 0;
}

/* The path of a plain funnel that was chosen with all others. */
static bool chosen_path(const struct funnel_walk *walk, const struct funnel_body *body,
                        struct funnel_path *out)
{
    const uint32_t level = walk->chosen.levels[walk->customer];
    if (level == 0) {
        return false;
    }
    out->level = level;
    out->last = out->reached[0] = walk->chosen.entries[walk->customer];
    for (uint32_t s = 1; s < level; s++) {
        out->last = query_places_next(walk->by_matcher[s].words, out->last + 1, walk->end);
        out->reached[s] = out->last;
    }
    for (uint32_t s = level; s < body->step_count; s++) {
        out->reached[s] = FUNNEL_NOT_REACHED;
    }
    return true;
}

bool funnel_walk_best(struct funnel_walk *walk, const struct funnel_body *body,
                      const int64_t *ts_ms, struct funnel_path *out)
{
    if (walk->has_chosen) {
        return chosen_path(walk, body, out);
    }
    bool entered = false;
    uint32_t chance = FUNNEL_NOT_REACHED;
    for (uint32_t row = query_mark_next(walk->entries, walk->begin, walk->end);
         row < walk->end && row < chance;
         row = query_mark_next(walk->entries, row + 1, walk->end)) {
        struct funnel_path path;
        funnel_walk_from(walk, body, ts_ms, row, &path);
        if (!entered || path.level > out->level) {
            *out = path;
            entered = true;
            if (!last_chance(walk, body, path.level, &chance)) {
                break; /* none can be higher, and later ones do not count */
            }
        }
    }
    return entered;
}

bool funnel_walk_next_entry(struct funnel_walk *walk, const struct funnel_body *body,
                            const int64_t *ts_ms, uint32_t *at, struct funnel_path *out)
{
    uint32_t row = query_mark_next(walk->entries, *at, walk->end);
    *at = walk->end;
    if (row == walk->end) {
        return false;
    }
    funnel_walk_from(walk, body, ts_ms, row, out);
    *at = out->last + 1;
    return true;
}
