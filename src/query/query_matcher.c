#include "query_matcher.h"

#include "query_condition.h"

/* Events that bear no text at all need not be read for matchers that ask for one. */
static bool bind_bearing(struct query_exec *exec, enum query_bearing bears, uint64_t *masks,
                         uint32_t count, struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    uint64_t asking = 0;
    for (uint32_t m = 0; m < plan->matcher_count; m++) {
        asking |= plan->matchers[m].bears == bears ? UINT64_C(1) << m : 0;
    }
    if (asking == 0) {
        return true;
    }
    uint8_t *bearing = arena_array(exec->arena, count, sizeof *bearing, fail);
    if (bearing == NULL ||
        !store_events_bearing(exec->snapshot,
                              bears == QUERY_BEARS_TEXT ? STORE_COLUMN_TEXT : STORE_COLUMN_SCORE,
                              bearing, count, fail)) {
        return false;
    }
    for (uint32_t code = 0; code < count; code++) {
        masks[code] &= bearing[code] != 0 ? UINT64_MAX : ~asking;
    }
    return true;
}

bool query_events_bearing(struct query_exec *exec, enum query_bearing bears, const uint32_t **out,
                          size_t *out_count, struct fail *fail)
{
    uint8_t *bearing = arena_array(exec->arena, exec->code_count, sizeof *bearing, fail);
    uint32_t *codes = arena_array(exec->arena, exec->code_count, sizeof *codes, fail);
    if (bearing == NULL || codes == NULL ||
        !store_events_bearing(exec->snapshot,
                              bears == QUERY_BEARS_TEXT ? STORE_COLUMN_TEXT : STORE_COLUMN_SCORE,
                              bearing, exec->code_count, fail)) {
        return false;
    }
    size_t count = 0;
    for (uint32_t code = 0; code < exec->code_count; code++) {
        if (bearing[code] != 0 && exec->code_is_own[code]) {
            codes[count++] = code;
        }
    }
    *out = codes;
    *out_count = count;
    return true;
}

bool query_matchers_bind(struct query_exec *exec, struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    uint32_t count = exec->code_count;
    uint64_t *masks = arena_array(exec->arena, count, sizeof *masks, fail);
    bool *own = arena_array(exec->arena, count, sizeof *own, fail);
    if (masks == NULL || own == NULL) {
        return false;
    }
    uint64_t every_own = 0;
    for (uint32_t m = 0; m < plan->matcher_count; m++) {
        every_own |= plan->matchers[m].every_own ? UINT64_C(1) << m : 0;
    }
    for (uint32_t code = 0; code < count; code++) {
        own[code] = !store_event_is_bookkeeping(store_event_name(exec->snapshot, code));
        masks[code] = own[code] ? every_own : 0;
    }
    for (uint32_t m = 0; m < plan->matcher_count; m++) {
        const struct query_matcher *matcher = &plan->matchers[m];
        for (uint32_t i = 0; i < matcher->event_count; i++) {
            uint32_t code = query_event_code(exec, matcher->events[i]);
            if (code < count) {
                masks[code] |= UINT64_C(1) << m;
            }
        }
    }
    for (uint32_t code = 0; code < count && exec->code_shown != NULL; code++) {
        masks[code] |= masks[exec->code_shown[code]];
    }
    if (!bind_bearing(exec, QUERY_BEARS_TEXT, masks, count, fail) ||
        !bind_bearing(exec, QUERY_BEARS_SCORE, masks, count, fail)) {
        return false;
    }
    /* Rows bear the shown code: it wants what any of those shown so does. */
    for (uint32_t code = 0; code < count && exec->code_shown != NULL; code++) {
        masks[exec->code_shown[code]] |= masks[code];
    }
    exec->code_masks = masks;
    exec->code_is_own = own;
    return true;
}

void query_matchers_warn_unseen(struct query_exec *exec)
{
    const struct query_plan *plan = exec->plan;
    for (uint32_t m = 0; m < plan->matcher_count; m++) {
        const struct query_matcher *matcher = &plan->matchers[m];
        for (uint32_t i = 0; i < matcher->event_count && !matcher->quiet; i++) {
            if (query_event_code(exec, matcher->events[i]) == STORE_NO_CODE) {
                query_exec_warn(exec, "event \"%.*s\" was never seen", STR_ARG(matcher->events[i]));
            }
        }
    }
}

static bool make_room(struct query_worker *worker, struct fail *fail)
{
    size_t rows = worker->rows->row_count;
    if (rows <= worker->row_capacity) {
        return true;
    }
    /* Batches keep about one size, so what is outgrown is little; it goes with the worker. */
    size_t wanted = rows + rows / 4 + 64;
    uint64_t *masks = arena_alloc(worker->arena, wanted * sizeof *masks, fail);
    uint8_t *hit = arena_alloc(worker->arena, wanted, fail);
    uint8_t *any = arena_alloc(worker->arena, wanted, fail);
    if (masks == NULL || hit == NULL || any == NULL) {
        return false;
    }
    worker->mask_room = masks;
    worker->hit_room = hit;
    worker->any_room = any;
    worker->row_capacity = wanted;
    return true;
}

static void apply_where(struct query_worker *worker, const struct query_where *where, uint64_t bit,
                        uint64_t *masks)
{
    uint32_t row_count = worker->rows->row_count;
    uint8_t *hit = worker->hit_room;
    for (uint32_t i = 0; i < where->count; i++) {
        const struct query_clause *clause = &where->clauses[i];
        memset(hit, 0, row_count);
        for (uint32_t k = 0; k < clause->count; k++) {
            query_leaf_mark_rows(worker, &clause->leaves[k], bit, masks, worker->any_room, hit);
        }
        for (uint32_t row = 0; row < row_count; row++) {
            masks[row] &= hit[row] != 0 ? UINT64_MAX : ~bit;
        }
    }
}

bool query_matchers_mark(struct query_worker *worker, uint64_t wanted, struct fail *fail)
{
    if (!make_room(worker, fail)) {
        return false;
    }
    const struct query_exec *exec = worker->exec;
    const struct store_rows *rows = worker->rows;
    uint64_t *masks = worker->mask_room;
    for (uint32_t row = 0; row < rows->row_count; row++) {
        uint32_t code = rows->events[row];
        masks[row] = code < exec->code_count ? exec->code_masks[code] & wanted : 0;
    }
    for (uint32_t m = 0; m < exec->plan->matcher_count && rows->row_count > 0; m++) {
        uint64_t bit = UINT64_C(1) << m;
        if ((wanted & bit) != 0) {
            apply_where(worker, &exec->plan->matchers[m].where, bit, masks);
        }
    }
    worker->masks = masks;
    return true;
}
