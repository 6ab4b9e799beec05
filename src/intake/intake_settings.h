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
#include "intake_mail.h"
#include "intake_mask.h"

struct intake_settings {
    /* mask (kinds), patterns ({name, pattern}), mask_fields. */
    unsigned mask;
    struct intake_mask_pattern patterns[INTAKE_MASK_PATTERNS_MAX];
    size_t pattern_count;
    struct str mask_fields[INTAKE_MASK_FIELDS_MAX];
    size_t mask_field_count;
    bool has_mail;                    /* says anything about mail */
    struct intake_mail_settings mail; /* mail_kind, own_domains, keep_mail_text */
    const struct zone *zone; /* of local times; NULL: the organisation's, and UTC over HTTP */
    struct str origins[INTAKE_ORIGINS_MAX]; /* pages that may send; none: any */
    size_t origin_count;
    bool keep_address;    /* stores addresses that senders are at (context.ip) */
    bool keep_user_agent; /* stores context.userAgent and context.userAgentData */
    bool heed_gpc; /* refuses what browsers send with Sec-GPC: 1, which ask not to be tracked */
    uint64_t quota_minute, quota_day; /* events over HTTP; 0: as many as come */
};
#define INTAKE_QUOTA_MAX INT64_C(1000000000000)
/* `settings` is an object. Members left out, or null, are as if never set. */
bool intake_settings_parse(struct json_value settings, struct intake_settings *out,
                           struct fail *fail) MUST_USE;
/* The mask that they ask for; NULL where they ask for none. */
bool intake_settings_mask(const struct intake_settings *settings, struct intake_mask **out,
                          struct fail *fail) MUST_USE;
