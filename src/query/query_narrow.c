#include "query_narrow.h"

/* Is what rows fit told by their events alone? */
static bool is_plain(const struct query_exec *exec, const struct query_pass *pass, uint64_t wanted)
{
    const struct query_plan *plan = exec->plan;
    bool plain = pass->narrow != QUERY_NARROW_NEVER && exec->segment == NULL &&
                 plan->breakdown == NULL && exec->scan_column_count == 0 && !plan->wants_facts &&
                 exec->accounts == NULL && !pass->every_customer && !pass->with_bookkeeping;
    for (uint32_t m = 0; m < plan->matcher_count && plain; m++) {
        const struct query_matcher *matcher = &plan->matchers[m];
        plain = (wanted >> m & 1U) == 0 ||
                (matcher->where.count == 0 && matcher->bears == QUERY_BEARS_ANYTHING);
    }
    return plain;
}

/* The label of rows with this mask and, where events are told apart, this event; 0: there is none left. */
static uint8_t label_of(struct query_labels *labels, uint64_t mask, uint32_t code, bool by_event)
{
    uint32_t label = 1;
    while (label < labels->count &&
           (by_event ? labels->codes[label] != code : labels->masks[label] != mask)) {
        label++;
    }
    if (label == QUERY_LABELS_MAX) {
        return 0;
    }
    if (label == labels->count) {
        labels->masks[label] = mask;
        labels->codes[label] = code;
        labels->count++;
    }
    return (uint8_t)label;
}

bool query_labels_choose(const struct query_exec *exec, const struct query_pass *pass,
                         uint64_t wanted, const struct query_labels **out, struct fail *fail)
{
    *out = NULL;
    if (!is_plain(exec, pass, wanted)) {
        return true;
    }
    struct query_labels *labels = arena_array(exec->arena, 1, sizeof *labels, fail);
    if (labels == NULL) {
        return false;
    }
    labels->by_code = arena_array(exec->arena, exec->code_count, 1, fail);
    labels->count = 1;
    if (labels->by_code == NULL) {
        return false;
    }
    for (uint32_t code = 0; code < exec->code_count; code++) {
        uint32_t shown = exec->code_shown != NULL ? exec->code_shown[code] : code;
        uint64_t mask = exec->code_masks[shown] & wanted;
        if ((exec->code_masks[code] & wanted) == 0 &&
            !(pass->every_event && exec->code_is_own[code])) {
            continue;
        }
        labels->by_code[code] = label_of(labels, mask, shown, pass->narrow == QUERY_NARROW_EVENTS);
        if (labels->by_code[code] == 0) {
            return true;
        }
    }
    *out = labels;
    return true;
}
