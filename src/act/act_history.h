/* act_history.h — what one customer's timeline says of contacts and consents.
 *
 * What: reads the `contacted` and `consent` events of one customer, or of two that are about to be one, from a
 *   snapshot: a point read. Contacts are those that were allowed; the skipped ones of the last hour are kept
 *   apart, so that the same skip is logged once.
 * Owner: everything lies in the arena.   Threads: as the snapshot.
 * Failure: FAIL_CORRUPT, FAIL_NO_MEMORY.
 * Limits/cost: ACT_CONTACTS_MAX, ACT_CONSENTS_MAX (the newest); under a millisecond.   Units: *_ms UTC.
 * Example: act_history_read(snapshot, roots, count, since_ms, arena, &out, fail)
 * Not here: what follows from it (act_policy.h).
 */
#pragma once

#include "act_policy.h"
#include "store.h"

#define ACT_CONTACTS_MAX 20000
#define ACT_CONSENTS_MAX 10000
#define ACT_EVENT_CONTACTED "contacted"
#define ACT_EVENT_CONSENT "consent"

struct act_skip {
    int64_t ts_ms;
    struct str purpose, reason;
};
struct act_record {
    struct act_history history; /* its zone is the caller's to set */
    const struct act_skip *skips;
    size_t skip_count;
};

/* `roots` ascending and unique, of the snapshot. Contacts from `from_ms` on (those after now too), skips from
   `skips_from_ms` on, consents of all times. */
bool act_history_read(struct store_snapshot *snapshot, const uint32_t *roots, size_t root_count,
                      int64_t from_ms, int64_t skips_from_ms, struct arena *arena,
                      struct act_record *out, struct fail *fail) MUST_USE;
/* The customer's own zone, from the trait `timezone`; `otherwise` where there is none or it is no zone. */
bool act_history_zone(struct store_snapshot *snapshot, uint32_t root, const struct zone *otherwise,
                      const struct zone **out, struct fail *fail) MUST_USE;
