/* intake_settings.h — what a source may say about how its events are taken.
 *
 * What: a JSON object, kept by state_sources; docs/reference/sources.md says what each member means. One more
 *   setting is a member of the struct and a line in the table of intake_settings.c.
 * Owner: texts view the parsed value.   Threads: values.
 * Failure: FAIL_INPUT at "/settings/MEMBER", with the nearest name for one that is not known.
 * Limits/cost: as the members say.   Units: none.
 * Example: intake_settings_parse(json, &settings, fail); source.zone = settings.zone;
 * Not here: where they lie (state_sources.h), the default channel and keys (columns of their own).
 */
#pragma once

#include "base_json.h"
#include "base_zone.h"

struct intake_settings {
    const struct zone *zone; /* of local times in its files; NULL: the organisation's */
    bool keep_address;       /* stores addresses that senders are at (context.ip) */
    bool keep_user_agent;    /* stores context.userAgent and context.userAgentData */
};
/* `settings` is an object. Members left out, or null, are as if never set. */
bool intake_settings_parse(struct json_value settings, struct intake_settings *out,
                           struct fail *fail) MUST_USE;
