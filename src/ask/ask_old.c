#include "ask_old.h"

#define REFUSED_AT_ONCE 200

bool ask_old_count(struct ask *ask, int64_t before_ms, struct ask_old *out, struct fail *fail)
{
    struct state_responses_old old;
    if (!state_responses_old_count(ask->state, before_ms, &old, fail)) {
        return false;
    }
    *out = (struct ask_old){old.responses + old.suspects, old.suspects, old.links};
    return true;
}

/* As ask_suspect_discard does it for one: they came in, and were not stored. */
static bool count_refused(struct ask *ask, int64_t count, struct fail *fail)
{
    struct store_item items[REFUSED_AT_ONCE];
    while (count > 0) {
        size_t now = count < REFUSED_AT_ONCE ? (size_t)count : REFUSED_AT_ONCE;
        for (size_t i = 0; i < now; i++) {
            items[i] = (struct store_item){
                .event = {.source = STR(ASK_SOURCE), .received_at_ms = base_now_ms(ask->clock)},
                .verdict = STORE_REFUSED,
                .reason =
                    STR("a suspect answer to a survey, past the time for which such are kept")};
        }
        if (!ask->env.submit(ask->env.context, items, now, fail)) {
            return false;
        }
        count -= (int64_t)now;
    }
    return true;
}

static bool due(struct base_cancel *cancel, struct fail *fail)
{
    return cancel != NULL && base_cancel_due(cancel, fail);
}

bool ask_old_remove(struct ask *ask, int64_t before_ms, struct base_cancel *cancel,
                    struct ask_old *out, struct fail *fail)
{
    struct ask_old gone = {0};
    for (int64_t discarded = 1; discarded > 0; gone.suspects += discarded) {
        if (due(cancel, fail) ||
            !state_suspects_old_discard(ask->state, before_ms, &discarded, fail) ||
            !count_refused(ask, discarded, fail)) {
            return false;
        }
    }
    for (struct state_responses_old some = {.responses = 1}; some.responses + some.links > 0;) {
        if (due(cancel, fail) || !state_responses_old_remove(ask->state, before_ms, &some, fail)) {
            return false;
        }
        gone.responses += some.responses;
        gone.links += some.links;
    }
    *out = gone;
    return true;
}
