/* store_fresh.h — rows in memory since the last seal, in order of arrival.
 *
 * What: rows are copied in by the writer and never change after; a commit that fails is taken back with a
 *   mark. Readers see rows below the count that was published to them.
 * Owner: reference-counted; the store and its snapshots hold references.
 * Threads: one writer; any thread may read rows below a count it got under the store's lock.
 * Failure: FAIL_LIMIT when full, FAIL_NO_MEMORY.
 * Limits/cost: a row is copied once, into chunks that never move.   Units: rows, bytes.
 * Example: see store_judge.c.   Not here: durability (store_journal.h).
 */
#pragma once

#include "store_internal.h"
#include "store_order.h"
#include "store_vec.h"

struct store_fresh *store_fresh_new(uint32_t capacity_rows);
struct store_fresh *store_fresh_ref(struct store_fresh *fresh);
void store_fresh_unref(struct store_fresh *fresh); /* accepts NULL */

struct store_fresh_mark {
    uint32_t count;
    void *chunk;
    size_t at;
    size_t bytes;
};
struct store_fresh_mark store_fresh_mark_get(const struct store_fresh *fresh);
/* Takes back every row appended since the mark; none of them may have been published. */
void store_fresh_rollback(struct store_fresh *fresh, struct store_fresh_mark mark);

/* Copies the row with everything that it points to. */
bool store_fresh_append(struct store_fresh *fresh, const struct store_row *row,
                        struct fail *fail) MUST_USE;
/* Appends to out[0, *count) the rows below `bound` of customer number `original` (as stored, before joins), as
   struct store_timed_row in order of arrival. Any thread; `bound` was published. Rows that nobody has entered yet are
   entered first. (store_fresh_find.c) */
bool store_fresh_rows_of(struct store_fresh *fresh, uint32_t bound, uint32_t original,
                         struct store_vec *out, size_t *count, struct fail *fail) MUST_USE;
/* Enters the rows that came, so that who asks need not: where somebody has asked of this table, or of the one before. The
   writer's, of rows that are not taken back any more. */
void store_fresh_enter(struct store_fresh *fresh);
/* `fresh`, still empty, comes after `before`. The writer's. */
void store_fresh_follow(struct store_fresh *fresh, const struct store_fresh *before);
/* What store_fresh_rows_of keeps; of the table, freed with it. */
struct store_fresh_finder;
struct store_fresh_finder *store_fresh_finder_new(void);
void store_fresh_finder_free(struct store_fresh_finder *finder);
struct store_fresh_finder *store_fresh_finder_of(const struct store_fresh *fresh);

uint32_t
store_fresh_count(const struct store_fresh *fresh); /* the writer's own, also unpublished */
size_t store_fresh_bytes(const struct store_fresh *fresh);
