/* What lies in state and is past its time: responses to surveys, lines of the audit trail. */
#include "app_retention.h"

_Static_assert(APP_RETENTION_RESPONSES_DAYS_MIN *INT64_C(86400000) >= ASK_TOKEN_MS &&
                   APP_RETENTION_RESPONSES_DAYS_MIN * INT64_C(86400000) >= ASK_FORGET_MS,
               "a page that may still be answered has its response");

bool app_retention_state_count(struct app *app, const struct app_retention_state *old,
                               struct app_retention_gone *out, struct fail *fail)
{
    struct app_retention_gone gone = {.audit = 0};
    if (old->responses_before_ms != STORE_NO_TIME &&
        !ask_old_count(app->ask, old->responses_before_ms, &gone.surveys, fail)) {
        return false;
    }
    if (old->audit_before_ms != STORE_NO_TIME &&
        !access_audit_old(app->access, old->audit_before_ms, &gone.audit, fail)) {
        return false;
    }
    *out = gone;
    return true;
}

static bool remove_audit(struct app *app, int64_t before_ms, struct base_cancel *cancel,
                         int64_t *out, struct fail *fail)
{
    const struct access_identity by = access_server();
    int64_t removed = 1;
    while (removed > 0) {
        if (base_cancel_due(cancel, fail) ||
            !access_audit_cut(app->access, &by, before_ms, &removed, fail)) {
            return false;
        }
        *out += removed;
    }
    return true;
}

bool app_retention_state_remove(struct app *app, const struct app_retention_state *old,
                                struct base_cancel *cancel, struct app_retention_gone *out,
                                struct fail *fail)
{
    *out = (struct app_retention_gone){.audit = 0};
    return (old->responses_before_ms == STORE_NO_TIME ||
            ask_old_remove(app->ask, old->responses_before_ms, cancel, &out->surveys, fail)) &&
           (old->audit_before_ms == STORE_NO_TIME ||
            remove_audit(app, old->audit_before_ms, cancel, &out->audit, fail));
}
