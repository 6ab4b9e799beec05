/* app_hooks.h — deliveries of webhooks: who sent them, and what becomes of them.
 *
 * What: a token in the address says which webhook; where its definition says how the sender signs, the signature is
 *   checked over the bytes as they were sent.
 * Owner: everything lies in the arena given.   Threads: all safe.
 * Failure: FAIL_ABSENT for an unknown token; FAIL_DENIED for a signature that does not fit; FAIL_CONFLICT while it is
 *   paused; FAIL_INPUT for what is not JSON, FAIL_LIMIT; what storing says.
 * Limits/cost: INTAKE_HOOK_BODY_BYTES_MAX; a read of the database, and a write where the shape is new.
 * Units: *_ms.   Example: app_hook_take(app, token, &delivery, arena, &counts, fail)
 * Not here: HTTP.
 */
#pragma once

#include "app.h"
#include "intake_hook.h"

#define APP_HOOK_TOLERANCE_MS (5 * 60 * 1000) /* of the signed time */

/* `signed_body` is the body as sent; delivery->body what it is after inflation. */
bool app_hook_take(struct app *app, struct str token, struct str signed_body,
                   const struct intake_hook_delivery *delivery, struct arena *arena,
                   struct intake_counts *out, struct fail *fail) MUST_USE;
/* Does the signature fit? Also in tests, with known deliveries. */
bool app_hook_verify(enum intake_hook_scheme scheme, struct str secret, struct str signed_body,
                     const struct intake_hook_delivery *delivery, int64_t now_ms,
                     struct arena *arena, struct fail *fail) MUST_USE;
