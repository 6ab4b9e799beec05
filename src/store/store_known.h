/* store_known.h — customers of a large import that are known by one identifier: found without a look at all of identity.
 *
 * What: remembers of identifiers under which number their rows are stored, where that number has rows already: then an
 *   event with that identifier alone changes nothing about who is who, whatever was joined. Nothing follows from what is
 *   missing here: then identity itself is asked (store_judge_identity.c), which alone has the rules.
 * Owner: the writer.   Threads: one.
 * Failure: without memory for it less is remembered.
 * Limits/cost: a cache line a look-up, asked for ahead; 16 bytes a slot, at most STORE_KNOWN_MOST identifiers, 96 bits of
 *   the hash of each.   Units: none.
 * Example: see store_judge.c.   Not here: who is who (store_identity.h).
 */
#pragma once

#include "base_hash.h"
#include "store_event.h"

#define STORE_KNOWN_MOST ((size_t)1 << 24)

struct store_known_slot {
    uint64_t low;
    uint32_t high;
    uint32_t number; /* STORE_NO_CUSTOMER: free */
};
struct store_known {
    struct store_known_slot *slots;
    size_t size, count;
};
struct base_hash128 store_known_key(uint64_t salt, const struct store_identifier *id);
/* The same for many identifiers of one kind: base_hash128 of the value with this seed. */
uint64_t store_known_seed(uint64_t salt, struct str kind);
void store_known_soon(const struct store_known *known, struct base_hash128 key);
/* Its number, which has rows; or STORE_NO_CUSTOMER. */
uint32_t store_known_find(const struct store_known *known, struct base_hash128 key);
void store_known_put(struct store_known *known, struct base_hash128 key, uint32_t number);
/* Forgets all: numbers were given that do not count, or were taken back. */
void store_known_reset(struct store_known *known);
