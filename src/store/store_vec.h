/* store_vec.h — memory that a reader keeps from batch to batch, counted against its budget.
 *
 * What: an untyped array that only grows.   Owner: the embedding struct; store_vec_done.
 * Threads: one at a time.   Failure: FAIL_LIMIT over the budget, FAIL_NO_MEMORY.
 * Limits/cost: grows by half; `data` moves.   Units: elements.   Example: none, internal.
 * Not here: bytes to write (base_buf.h).
 */
#pragma once

#include "base_mem.h"

struct store_vec {
    void *data;
    size_t bytes;
};
/* Room for `count` elements of `size`; what is there stays. */
bool store_vec_room(struct store_vec *vec, size_t count, size_t size, struct base_budget *budget,
                    struct fail *fail) MUST_USE;
void store_vec_done(struct store_vec *vec, struct base_budget *budget);
