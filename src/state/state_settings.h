/* state_settings.h — the organisation's settings: names and values.
 *
 * What: small texts by name; the program knows the names (STATE_SETTING_*).
 * Owner: values are copied into the arena.   Threads: all safe.
 * Failure: as state_db.h.   Limits/cost: one read or one commit.   Units: none.
 * Example: state_setting_get(state, STATE_SETTING_TIMEZONE, STR("UTC"), arena, &zone, fail)
 * Not here: start-up configuration (app), users (access).
 */
#pragma once

#include "state_db.h"

#define STATE_SETTING_ORGANISATION "organisation"
#define STATE_SETTING_TIMEZONE "timezone"
#define STATE_SETTING_CONTACT_POLICY "contact_policy" /* JSON */
#define STATE_SETTING_EXPERIENCE "experience"   /* JSON: what counts as value, what as gone wrong */
#define STATE_SETTING_INTERNAL "internal"       /* JSON: who is left out of questions */
#define STATE_SETTING_ERASURE_KEY "erasure_key" /* hex; secret: signs receipts of erasures */
#define STATE_SETTING_AFTER_ERASURE "after_erasure"   /* "new" or "refuse" */
#define STATE_SETTING_RETENTION "retention"           /* JSON: what is kept for how long */
#define STATE_SETTING_AUDIT_KEY "audit_key"           /* hex; secret: seals cuts of the trail */
#define STATE_SETTING_PREFERENCE_KEY "preference_key" /* hex; secret: signs customers' links */

/* *out is `otherwise` where never set. */
bool state_setting_get(struct state *state, const char *name, struct str otherwise,
                       struct arena *arena, struct str *out, struct fail *fail) MUST_USE;
bool state_setting_put(struct state *state, const char *name, struct str value,
                       struct fail *fail) MUST_USE;
/* Several in one commit. */
struct state_setting {
    const char *name;
    struct str value;
};
bool state_settings_put(struct state *state, const struct state_setting *settings, size_t count,
                        struct fail *fail) MUST_USE;
