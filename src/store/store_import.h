/* store_import.h — whose what a commit stores is: imports while they run.
 *
 * What: the writer notes for each stretch of items of one import what it stored, puts that into the frame, and into
 *   the published table once the frame is durable. Beginning and ending are commits of their own.
 * Owner: the store.
 * Threads: the writer thread; the face (store.h) from any.
 * Failure: FAIL_NO_MEMORY before the frame is written; nothing fails after.
 * Limits/cost: some ns an item.   Units: none.
 * Example: see store_commit.c.   Not here: the table (store_imports.h), taking back (store_removal.h).
 */
#pragma once

#include "store_core.h"

void store_import_reset(struct store *store);
/* Around the judging of one item. */
bool store_import_before(struct store *store, const struct store_item *item,
                         struct fail *fail) MUST_USE;
void store_import_after(struct store *store, const struct store_item *item,
                        enum store_verdict verdict);
/* The same after many records of the import that came last. */
void store_import_after_rows(struct store *store, enum store_verdict verdict, uint64_t records);
/* Puts what was noted into the frame, and makes room for it in the table. */
bool store_import_write(struct store *store, struct fail *fail) MUST_USE;
/* Adds it to the table; with the store's lock. */
void store_import_publish_locked(struct store *store);
/* Are the imports that the items name running? */
bool store_import_check(struct store *store, const struct store_item *items, size_t count,
                        struct fail *fail) MUST_USE;
