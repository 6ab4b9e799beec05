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
    uint64_t *any = arena_array(worker->scratch, words, sizeof *any, fail);
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

static bool mark_batch(struct funnel_walk *walk, const struct funnel_body *body,
                       const struct query_worker *worker, struct fail *fail)
{
    for (uint32_t m = 0; m < body->step_count + body->exclude_count; m++) {
        if (!query_places_mark(worker, m, &walk->by_matcher[m], fail)) {
            return false;
        }
    }
    if (body->order == FUNNEL_STRICT && !mark_any_step(body, worker, walk, fail)) {
        return false;
    }
    walk->batch = worker->batch;
    return true;
}

bool funnel_walk_load(struct funnel_walk *walk, const struct funnel_body *body,
                      const struct query_worker *worker, uint32_t c, struct fail *fail)
{
    if (walk->batch != worker->batch && !mark_batch(walk, body, worker, fail)) {
        return false;
    }
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

static bool is_entry(const int64_t *ts_ms, const struct query_range *range, uint32_t row)
{
    return ts_ms[row] >= range->from_ms && ts_ms[row] < range->to_ms;
}

/* The first entry from row `from` on, or walk->end. */
static uint32_t entry_from(const struct funnel_walk *walk, const int64_t *ts_ms,
                           const struct query_range *range, uint32_t from)
{
    const uint64_t *words = walk->by_matcher[0].words;
    uint32_t row = query_mark_next(words, from, walk->end);
    while (row < walk->end && !is_entry(ts_ms, range, row)) {
        row = query_mark_next(words, row + 1, walk->end);
    }
    return row;
}

bool funnel_walk_enters(const struct funnel_walk *walk, const int64_t *ts_ms,
                        const struct query_range *range)
{
    return entry_from(walk, ts_ms, range, walk->begin) < walk->end;
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

/* ---- plain funnels: in order, with every step required and nothing excluded -------------------------------- */

static bool is_plain(const struct funnel_body *body)
{
    return body->order == FUNNEL_ORDERED && body->optional == 0 && body->exclude_count == 0;
}

/* The level that could be reached from `entry` if there were no window. */
static uint32_t top_level(struct funnel_walk *walk, const struct funnel_body *body, uint32_t entry)
{
    uint32_t row = entry;
    for (uint32_t level = 1; level < body->step_count; level++) {
        row = query_places_after(&walk->by_matcher[level], row, walk->end);
        if (row == FUNNEL_NOT_REACHED) {
            return level;
        }
    }
    return body->step_count;
}

/* From `entry` as far as the window lets it, at most to level `top`; *out_late is the row that came too late, or
   FUNNEL_NOT_REACHED. */
static inline uint32_t plain_level(struct funnel_walk *walk, const int64_t *ts_ms,
                                   int64_t window_ms, uint32_t top, uint32_t *rows,
                                   uint32_t *out_late)
{
    int64_t until_ms = query_ms_add(ts_ms[rows[0]], window_ms);
    uint32_t level = 1;
    *out_late = FUNNEL_NOT_REACHED;
    while (level < top) {
        uint32_t row = query_places_after(&walk->by_matcher[level], rows[level - 1], walk->end);
        if (row == FUNNEL_NOT_REACHED || ts_ms[row] > until_ms) {
            *out_late = row;
            break;
        }
        rows[level++] = row;
    }
    return level;
}

/* As funnel_walk_best. Entries from which not even step 2 comes in time are passed over at a glance, and none is looked
   at once no higher level can be reached. */
static bool plain_best(struct funnel_walk *walk, const struct funnel_body *body,
                       const int64_t *ts_ms, const struct query_range *range,
                       struct funnel_path *out)
{
    uint32_t entry = entry_from(walk, ts_ms, range, walk->begin);
    uint32_t best = 0;
    if (entry == walk->end) {
        return false;
    }
    const uint32_t top = top_level(walk, body, entry);
    while (entry < walk->end && best < top) {
        uint32_t rows[QUERY_STEPS_MAX] = {[0] = entry};
        uint32_t late;
        uint32_t level = plain_level(walk, ts_ms, body->window_ms, top, rows, &late);
        if (level > best) {
            best = level;
            memcpy(out->reached, rows, level * sizeof *rows);
        }
        entry = entry_from(walk, ts_ms, range, entry + 1);
        while (level == 1 && late != FUNNEL_NOT_REACHED && entry < late &&
               query_ms_add(ts_ms[entry], body->window_ms) < ts_ms[late]) {
            entry = entry_from(walk, ts_ms, range, entry + 1);
        }
    }
    out->level = best;
    out->last = out->reached[best - 1];
    for (uint32_t s = best; s < body->step_count; s++) {
        out->reached[s] = FUNNEL_NOT_REACHED;
    }
    return true;
}

bool funnel_walk_best(struct funnel_walk *walk, const struct funnel_body *body,
                      const int64_t *ts_ms, const struct query_range *range,
                      struct funnel_path *out)
{
    if (is_plain(body)) {
        return plain_best(walk, body, ts_ms, range, out);
    }
    bool entered = false;
    uint32_t chance = FUNNEL_NOT_REACHED;
    for (uint32_t row = entry_from(walk, ts_ms, range, walk->begin);
         row < walk->end && row < chance; row = entry_from(walk, ts_ms, range, row + 1)) {
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
                            const int64_t *ts_ms, const struct query_range *range, uint32_t *at,
                            struct funnel_path *out)
{
    uint32_t row = entry_from(walk, ts_ms, range, *at);
    *at = walk->end;
    if (row == walk->end) {
        return false;
    }
    funnel_walk_from(walk, body, ts_ms, row, out);
    *at = out->last + 1;
    return true;
}
