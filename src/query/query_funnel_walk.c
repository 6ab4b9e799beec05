/* One customer's walk through a funnel: no store, no groups. */
#include "query_funnel.h"

#include "query_narrow.h"

uint32_t funnel_step_before(const struct funnel_body *body, uint32_t step)
{
    uint32_t before = step - 1;
    while (body->order != FUNNEL_ANY && (body->optional >> before & 1U) != 0) {
        before--; /* step 0 is never optional */
    }
    return before;
}

static bool places_new(struct arena *arena, struct base_budget *budget,
                       struct funnel_places *places, struct fail *fail)
{
    places->rows = arena_array(arena, 1, sizeof *places->rows, fail);
    if (places->rows == NULL) {
        return false;
    }
    query_vec_init(places->rows, arena, budget, sizeof(uint32_t));
    return true;
}

bool funnel_walk_new(struct arena *arena, struct base_budget *budget,
                     const struct funnel_body *body, struct funnel_walk **out, struct fail *fail)
{
    struct funnel_walk *walk = arena_array(arena, 1, sizeof *walk, fail);
    if (walk == NULL || !places_new(arena, budget, &walk->any_step, fail)) {
        return false;
    }
    for (uint32_t m = 0; m < body->step_count + body->exclude_count; m++) {
        if (!places_new(arena, budget, &walk->by_matcher[m], fail)) {
            return false;
        }
    }
    *out = walk;
    return true;
}

static bool places_add(struct funnel_places *places, uint32_t row, struct fail *fail)
{
    uint32_t *at = query_vec_add(places->rows, fail);
    if (at != NULL) {
        *at = row;
    }
    return at != NULL;
}

bool funnel_walk_load(struct funnel_walk *walk, const struct funnel_body *body,
                      const struct query_worker *worker, uint32_t begin, uint32_t end,
                      struct fail *fail)
{
    uint32_t matchers = body->step_count + body->exclude_count;
    uint64_t all = matchers == 64 ? UINT64_MAX : (UINT64_C(1) << matchers) - 1U;
    uint64_t steps = (UINT64_C(1) << body->step_count) - 1U;
    walk->any_step.rows->count = walk->any_step.hint = 0;
    walk->valued = (struct funnel_valued){begin, FUNNEL_NOT_REACHED};
    for (uint32_t m = 0; m < matchers; m++) {
        walk->by_matcher[m].rows->count = walk->by_matcher[m].hint = 0;
    }
    for (uint32_t row = begin; row < end; row++) {
        uint64_t bits = query_row_mask(worker, row) & all;
        if ((bits & steps) != 0 && body->order == FUNNEL_STRICT &&
            !places_add(&walk->any_step, row, fail)) {
            return false;
        }
        for (; bits != 0; bits &= bits - 1) {
            if (!places_add(&walk->by_matcher[__builtin_ctzll(bits)], row, fail)) {
                return false;
            }
        }
    }
    return true;
}

/* The first place after `row`, or FUNNEL_NOT_REACHED. Mostly asked in rising order: from where the last
   search ended, in doubling steps. */
static uint32_t next_after(struct funnel_places *places, uint32_t row)
{
    const uint32_t *rows = places->rows->data;
    size_t count = places->rows->count, low = places->hint;
    if (low > 0 && rows[low - 1] > row) {
        low = 0;
    }
    size_t step = 1;
    while (low + step <= count && rows[low + step - 1] <= row) {
        low += step;
        step *= 2;
    }
    size_t high = low + step - 1 < count ? low + step - 1 : count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle] <= row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    places->hint = low;
    return low < count ? rows[low] : FUNNEL_NOT_REACHED;
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
        uint32_t row = next_after(&walk->by_matcher[s], from);
        if (row < best) {
            best = row;
            *out_step = s;
        }
        if (best == from + 1) {
            break; /* none comes sooner, and this is the lowest that it fills */
        }
    }
    if (body->order == FUNNEL_STRICT && best != FUNNEL_NOT_REACHED &&
        next_after(&walk->any_step, from) != best) {
        return FUNNEL_NOT_REACHED;
    }
    return best;
}

static bool is_excluded(struct funnel_walk *walk, const struct funnel_body *body, uint32_t level,
                        uint32_t from, uint32_t reach)
{
    for (uint32_t e = 0; e < body->exclude_count; e++) {
        if (level >= body->excludes[e].from && level < body->excludes[e].to &&
            next_after(&walk->by_matcher[body->step_count + e], from) < reach) {
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

/* The last row from which a level above `level` can still be reached: one of the steps beyond must lie behind it. False
   where there is none. Saying it for `any` would need more than the steps' last rows: then every row may. */
static bool last_chance(const struct funnel_walk *walk, const struct funnel_body *body,
                        uint32_t level, uint32_t *out)
{
    bool any = body->order == FUNNEL_ANY && level < body->step_count;
    *out = any ? FUNNEL_NOT_REACHED : 0;
    for (uint32_t s = level; s < body->step_count && !any; s++) {
        const struct query_vec *rows = walk->by_matcher[s].rows;
        if (rows->count > 0) {
            uint32_t last = ((const uint32_t *)rows->data)[rows->count - 1];
            *out = last > *out ? last : *out;
        } else if ((body->optional >> s & 1U) == 0) {
            break; /* no path leads past a required step that never came */
        }
    }
    return *out > 0;
}

bool funnel_walk_best(struct funnel_walk *walk, const struct funnel_body *body,
                      const int64_t *ts_ms, const struct query_range *range,
                      struct funnel_path *out)
{
    const struct query_vec *entries = walk->by_matcher[0].rows;
    const uint32_t *rows = entries->data;
    bool entered = false;
    uint32_t chance = FUNNEL_NOT_REACHED;
    for (size_t i = 0; i < entries->count && rows[i] < chance; i++) {
        if (!is_entry(ts_ms, range, rows[i])) {
            continue;
        }
        struct funnel_path path;
        funnel_walk_from(walk, body, ts_ms, rows[i], &path);
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
                            const int64_t *ts_ms, const struct query_range *range, size_t *at,
                            struct funnel_path *out)
{
    const struct query_vec *entries = walk->by_matcher[0].rows;
    const uint32_t *rows = entries->data;
    while (*at < entries->count && !is_entry(ts_ms, range, rows[*at])) {
        (*at)++;
    }
    if (*at == entries->count) {
        return false;
    }
    funnel_walk_from(walk, body, ts_ms, rows[*at], out);
    while (*at < entries->count && rows[*at] <= out->last) {
        (*at)++;
    }
    return true;
}
