/* store_judge.h — the verdict on one received event, and what it changes.
 *
 * What: badness first, then duplication, then identity, as the query contract's sections 1 to 3 and 9 say.
 *   Everything it changes lies in the commit's scratch (draft, unpublished rows, undo logs) until the commit is
 *   durable.
 * Owner: the writer thread.   Threads: one.
 * Failure: only of the machine (FAIL_CORRUPT, FAIL_NO_MEMORY, FAIL_LIMIT): the whole commit fails with it.
 * Limits/cost: some 2 us an event of ten properties.   Units: *_ms UTC.
 * Example: see store_commit.c.   Not here: durability, publishing (store_commit.c).
 */
#pragma once

#include "store_columns.h"
#include "store_core.h"

bool store_judge_item(struct store *store, const struct store_item *item, struct store_result *out,
                      struct fail *fail) MUST_USE;

/* Begins the result of an item, and says what it may be a duplicate by, and by what its customer may be known; before any
   item of its batch is judged. */
void store_judge_look(const struct store *store, const struct store_item *item,
                      struct store_result *out);
/* The item will be judged soon: has what that needs brought near. Changes nothing. */
void store_judge_soon(const struct store *store, const struct store_result *looked);

/* One that is well so far: stores it, or finds that it is a duplicate or bad. */
bool store_judge_event(struct store *store, const struct store_item *item, struct store_result *out,
                       struct fail *fail) MUST_USE;
/* An item that mends a row of the quarantine (store_judge_mended.c). */
bool store_judge_mended(struct store *store, const struct store_item *item,
                        struct store_result *out, struct fail *fail) MUST_USE;

/* ---- parts of it, for rows of columns too (store_judge_columns.c) ------------------------------------------ */

/* Was the item's key stored before, for as long as it counts? */
bool store_judge_duplicate(const struct store *store, const struct store_item *item,
                           struct base_hash128 key, bool *out, struct fail *fail) MUST_USE;
/* The code of a name; false where it would be one too many. */
bool store_judge_code(struct store *store, enum store_family family, struct str name, uint32_t *out,
                      const char **out_reason);
/* Are there keys that a row of that large import may be a duplicate of? Of its own it is none. */
bool store_judge_any_older(const struct store *store, uint64_t import);
/* The number under which the row is stored, and its root now. `who`: by what its customer may be known; or NULL. */
bool store_judge_customer(struct store *store, const struct store_item *item,
                          const struct base_hash128 *who, struct store_row *row,
                          struct fail *fail) MUST_USE;
/* The code of a source; one over the limit of names still needs a line in the ledger. */
uint32_t store_judge_source(struct store *store, struct str source);
/* Counts records of a source in the commit's ledger, which has room for it. */
void store_judge_count(struct store *store, uint32_t source, enum store_verdict verdict,
                       uint64_t records, int64_t received_at_ms);
/* All of a batch, in order; what becomes of them stands in it. */
bool store_judge_columns(struct store *store, struct store_columns *columns,
                         struct fail *fail) MUST_USE;

/* ---- one name space (store_judge_space.c) ------------------------------------------------------------ */

/* The item with its ids as they are known: the same item where each kind is a name space of its own, else a
   copy in *copy whose identifiers lie in the commit's scratch. */
bool store_judge_space(struct store *store, const struct store_item *item, struct store_item *copy,
                       const struct store_item **out, struct fail *fail) MUST_USE;

/* ---- identity (store_judge_identity.c) --------------------------------------------------------------- */

/* Why the alias in `item` may not be taken (static text), or NULL; also NULL for what is no alias. */
bool store_judge_alias(struct store_draft *draft, const struct store_item *item,
                       const char **out_reason, struct fail *fail) MUST_USE;
/* Gives the event to its customer, joins what it joins, and counts its row. */
bool store_judge_identity(struct store_draft *draft, const struct store_item *item,
                          uint32_t *out_original, uint32_t *out_root, struct fail *fail) MUST_USE;

/* How many different names the store takes before it quarantines. */
uint32_t store_judge_names_most(enum store_family family);
