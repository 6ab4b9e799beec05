/* store_kit.h — a store on a simulated disk, and short words for what its tests do.
 *
 * What: opens, closes, seals, cuts the power; builds items from text ("user=u1 anonymous=a1").
 * Owner: kit_done.   Threads: the test's.   Failure: fails the test, with the store's message.
 * Limits/cost: none.   Units: *_ms UTC.
 * Example: kit_send(&kit, "web", "m1", "Visit", "user=u1"); assert_int_equal(kit_rows(&kit, "u1"), 1);
 * Not here: what is tested.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk_sim.h"
#include "store.h"
#include "store_scan.h"

#define KIT_START_MS INT64_C(1780000000000)

/* What happens between two steps of a scenario: its outcome may not depend on it. */
enum kit_between {
    KIT_NOTHING,
    KIT_REOPEN,
    KIT_POWER_CUT,
    KIT_SEAL,
    KIT_SEAL_REOPEN,
    KIT_SEAL_MERGE,
    KIT_BETWEENS,
};

struct kit {
    struct disk_sim *sim;
    struct base_clock_test clock;
    struct store_options options;
    struct store *store;
    struct arena *arena;
    enum kit_between between;
    uint64_t steps;
};

void kit_init(struct kit *kit);
void kit_done(struct kit *kit);
void kit_open(struct kit *kit);
void kit_close(struct kit *kit);
void kit_reopen(struct kit *kit);
void kit_power_cut(struct kit *kit, uint64_t seed); /* the store forgets what was not durable */
void kit_seal(struct kit *kit);
void kit_merge(struct kit *kit);
/* Does what kit->between says. */
void kit_step(struct kit *kit);
/* Fails the test with what was found wrong. Closes and opens the store. */
void kit_verify(struct kit *kit);

/* `ids`: "kind=value" parted by spaces. `message_id` may be NULL. Time moves on by a second each. */
struct store_item kit_item(struct kit *kit, const char *source, const char *message_id,
                           const char *event, const char *ids);
struct store_item kit_alias(struct kit *kit, const char *previous, const char *ids, bool may);
enum store_verdict kit_submit(struct kit *kit, struct store_item *item);
enum store_verdict kit_send(struct kit *kit, const char *source, const char *message_id,
                            const char *event, const char *ids);

/* All of these take a new snapshot. */
uint32_t kit_find(struct kit *kit, const char *text); /* STORE_NO_CUSTOMER where unknown */
const char *kit_id(struct kit *kit, const char *text);
int kit_rows(struct kit *kit,
             const char *text); /* on the timeline of who is known so; -1: unknown */
int kit_customers(struct kit *kit);
const char *kit_identifiers(struct kit *kit, const char *text); /* "kind=value ..." */
const char *kit_joins(struct kit *kit, const char *text);       /* "id id ..." */
struct store_ledger kit_ledger(struct kit *kit);
