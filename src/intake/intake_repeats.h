/* intake_repeats.h — how often a raw record occurred in a file so far.
 *
 * What: a table of 64 bits of the hash of each record, and counts of those that came again, so that the n-th of several
 *   equal rows has an id of its own and every one of them is stored, once.
 * Owner: intake_repeats_free.   Threads: one at a time.
 * Failure: FAIL_LIMIT when the table would grow over its bytes, with the way out; FAIL_NO_MEMORY.
 * Limits/cost: 8 bytes a slot, at most 7 of 8 in use, so that a hundred million records take 1 GiB; a probe or two a
 *   record.   Units: bytes.
 * Example: if (!intake_repeats_count(repeats, base_hash128(raw.data, raw.len, 0), &nth, fail)) ...
 * Not here: deduplication (store).
 */
#pragma once

#include "base_hash.h"

struct intake_repeats;
struct intake_repeats *intake_repeats_new(size_t bytes_max); /* 0: as intake_import.h says */
void intake_repeats_free(struct intake_repeats *repeats);    /* accepts NULL */
/* So many different ones will come: makes room for them at once, where they fit into the limit. */
void intake_repeats_expect(struct intake_repeats *repeats, uint64_t count);
/* Has the place of a hash that will be counted soon brought near. */
void intake_repeats_soon(const struct intake_repeats *repeats, struct base_hash128 hash);
/* Counts this occurrence; *out_nth is 1 for the first. */
bool intake_repeats_count(struct intake_repeats *repeats, struct base_hash128 hash,
                          uint32_t *out_nth, struct fail *fail) MUST_USE;
