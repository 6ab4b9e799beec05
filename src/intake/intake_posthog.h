/* intake_posthog.h — events as PostHog's libraries send them.
 *
 * What: a body in any of its forms (an object with a batch, a bare array, one event; JSON, base64, a form's
 *   `data`; gzip at any place) is cut into events, and each becomes an item. What becomes of ids, person
 *   properties, groups and surveys is in docs/reference/events.md; why ids are one name space, in
 *   docs/decisions/0006-one-name-space.md.
 * Owner: as intake.h.   Threads: as intake.h.
 * Failure: as intake.h: FAIL_INPUT (no JSON in any form: 400), FAIL_LIMIT (413), FAIL_NO_MEMORY.
 * Limits/cost: struct intake_limits, also for what was inflated or decoded twice.   Units: *_ms UTC.
 * Example: struct intake_posthog_request request; struct intake_items got;
 *          if (!intake_posthog_open(decoder, body, NULL, arena, &request, fail) ||
 *              !intake_posthog_decode(decoder, &request, &source, arena, &got, fail)) return false;
 * Not here: flags, surveys and the remote config that its libraries ask for (http_posthog.c).
 */
#pragma once

#include "intake.h"

/* A body cut into events, before anyone knows whether its sender may send. `text_` views the body or the
   arena: both must stay until the store has taken the items. */
struct intake_posthog_request {
    struct str key; /* api_key or token, of the request or its first event; missing: none */
    int64_t
        sent_ms; /* sent_at; STORE_NO_TIME: not said. May be set from elsewhere before decoding */
    struct json_split split_;
};

/* `body` as it was sent. */
bool intake_posthog_open(struct intake_decoder *decoder, struct str body,
                         const struct intake_limits *limits, struct arena *arena,
                         struct intake_posthog_request *out, struct fail *fail) MUST_USE;
bool intake_posthog_decode(struct intake_decoder *decoder,
                           const struct intake_posthog_request *request,
                           const struct intake_source *source, struct arena *arena,
                           struct intake_items *out, struct fail *fail) MUST_USE;
/* Is it what programs write that have no id at hand ("undefined", "null", ...)? It stands for many, and so for nobody. */
bool intake_posthog_is_nobody(struct str id);
