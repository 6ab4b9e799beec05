#include "query_daily.h"

#include "query_counted.h"
#include "store_daily.h"

/* *out is NULL where the store cannot tell. */
static bool count_matcher(struct query_exec *exec, struct store_daily *daily, uint32_t matcher,
                          const int64_t *edges, size_t stretch_count, const uint64_t **out,
                          struct fail *fail)
{
    uint8_t *wanted = arena_array(exec->arena, exec->code_count, 1, fail);
    uint64_t *counts = arena_array(exec->arena, stretch_count + 1, sizeof *counts, fail);
    if (wanted == NULL || counts == NULL) {
        return false;
    }
    for (uint32_t code = 0; code < exec->code_count; code++) {
        uint32_t shown = exec->code_shown == NULL ? code : exec->code_shown[code];
        wanted[code] = exec->code_masks[shown] >> matcher & 1U;
    }
    const struct store_daily_question question = {.wanted = wanted,
                                                  .code_count = exec->code_count,
                                                  .edges = edges,
                                                  .stretch_count = stretch_count};
    bool known;
    if (!store_daily_count(daily, &question, counts, &known, fail)) {
        return false;
    }
    *out = known ? counts : NULL;
    return true;
}

bool query_daily_choose(struct query_exec *exec, struct query_pass *pass, const int64_t *edges,
                        size_t stretch_count,
                        bool (*take)(struct query_worker *worker, const struct query_daily *daily,
                                     struct fail *fail),
                        struct fail *fail)
{
    struct store_daily *daily;
    if (stretch_count == 0 || query_counted_needs_more(exec, pass)) {
        return true;
    }
    struct query_daily *out = arena_array(exec->arena, 1, sizeof *out, fail);
    if (out == NULL || !store_daily_open(exec->snapshot, edges[0], edges[stretch_count],
                                         exec->cancel, exec->arena, &daily, fail)) {
        return false;
    }
    if (daily == NULL) {
        return true;
    }
    for (uint64_t left = pass->matchers; left != 0; left &= left - 1) {
        uint32_t matcher = (uint32_t)__builtin_ctzll(left);
        if (!count_matcher(exec, daily, matcher, edges, stretch_count, &out->counts[matcher],
                           fail)) {
            return false;
        }
        if (out->counts[matcher] == NULL) {
            return true;
        }
    }
    out->stretch_count = stretch_count;
    out->take = take;
    pass->daily = out;
    pass->only = store_daily_rest(daily, &pass->only_count);
    return true;
}
