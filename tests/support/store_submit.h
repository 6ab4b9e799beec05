/* store_submit.h — waits for what a store answers later.
 *
 * What: submits the items of a large import and waits for the answer.
 * Owner: nothing.   Threads: the test's.   Failure: what the store says.
 * Limits/cost: none.   Units: none.
 * Example: if (!submit_bulk(store, items, count, &fail)) { ... }
 * Not here: what is submitted (store_kit.h, store_world.h).
 */
#pragma once

#include "store.h"

bool submit_bulk(struct store *store, struct store_item *items, size_t count,
                 struct fail *fail) MUST_USE;
