/* intake_hook.h — webhooks: what other systems send, turned into events by rules.
 *
 * What: a definition is one import map, or rules, each an import map with JSON pointers, that may name an array whose
 *   elements become events ("each"; pointers that begin with "@/" are then into the element) and that is used where
 *   its conditions hold. Every rule whose conditions hold makes an event, or several. A delivery that no rule takes
 *   counts as one refused event, so that the ledger knows of it.        Reference: docs/how-to/channels.md
 * Owner: all in the arenas given.   Threads: a hook is immutable once compiled; a decoder belongs to one thread.
 * Failure: compiling: FAIL_INPUT with a pointer into the definition. Decoding: FAIL_INPUT for what is not JSON,
 *   FAIL_LIMIT over a limit; what a rule cannot read becomes a quarantined item, the others go on.
 * Limits/cost: INTAKE_HOOK_*.   Units: *_ms UTC, *_bytes.
 * Example: intake_hook_compile(text, zone, arena, &hook, fail) && intake_hook_decode(hook, decoder, &delivery, ...)
 * Not here: who may send, signatures (app), a first definition from a sample (intake_hook_suggest.h).
 */
#pragma once

#include "intake.h"

#define INTAKE_HOOK_RULES_MAX 50
#define INTAKE_HOOK_DEFINITION_BYTES_MAX ((size_t)128 << 10)
#define INTAKE_HOOK_BODY_BYTES_MAX ((size_t)1 << 20)
#define INTAKE_HOOK_EVENTS_MAX 2000 /* of one delivery */
#define INTAKE_HOOK_NAME_BYTES_MAX 100

/* How the sender signs. */
enum intake_hook_scheme {
    INTAKE_HOOK_UNSIGNED,
    INTAKE_HOOK_STANDARD, /* Standard Webhooks */
    INTAKE_HOOK_GITHUB,   /* X-Hub-Signature-256 */
    INTAKE_HOOK_STRIPE,
    INTAKE_HOOK_SHOPIFY,
    INTAKE_HOOK_ZENDESK,
    INTAKE_HOOK_SCHEMES,
};

struct intake_hook;
/* `definition`: {"rules": [...], "verify": {"scheme", "secret"}} or a map alone. */
bool intake_hook_compile(struct str definition, const struct zone *zone, struct arena *arena,
                         struct intake_hook **out, struct fail *fail) MUST_USE;
enum intake_hook_scheme intake_hook_signed(const struct intake_hook *hook);
/* The name of the secret (a file or credential), never the secret. */
struct str intake_hook_secret(const struct intake_hook *hook);

struct intake_hook_delivery {
    struct str body;
    /* A header's value, or missing; NULL: no headers are known. `name` in lower case. */
    struct str (*header)(void *context, const char *name);
    void *context;
};
struct intake_hook_result {
    struct store_item *items;
    struct str *rules; /* by item: the name of its rule, or its number */
    size_t count;
    bool taken; /* false: no rule took it; the one item says so */
};
bool intake_hook_decode(const struct intake_hook *hook, struct intake_decoder *decoder,
                        const struct intake_hook_delivery *delivery,
                        const struct intake_source *source, struct arena *arena,
                        struct intake_hook_result *out, struct fail *fail) MUST_USE;
/* One record that a rule made before, out of a delivery that was not kept: headers, and the rest of a delivery around
   an element, are not there. `known_raw`: the bytes that its id comes from. *out_taken false: no such rule any more, its
   conditions do not hold, or `raw` is no JSON. */
bool intake_hook_again(const struct intake_hook *hook, struct str rule,
                       struct intake_decoder *decoder, struct str raw, struct str known_raw,
                       const struct intake_source *source, struct arena *arena,
                       struct store_item *out, bool *out_taken, struct fail *fail) MUST_USE;
