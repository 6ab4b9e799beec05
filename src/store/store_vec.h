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
bool store_vec_grow(struct store_vec *vec, size_t count, size_t size, struct base_budget *budget,
                    struct fail *fail) MUST_USE;
/* Room for `count` elements of `size`; what is there stays. */
static inline MUST_USE bool store_vec_room(struct store_vec *vec, size_t count, size_t size,
                                           struct base_budget *budget, struct fail *fail)
{
    size_t bytes;
    return (!__builtin_mul_overflow(count, size, &bytes) && bytes <= vec->bytes &&
            vec->data != NULL) ||
           store_vec_grow(vec, count, size, budget, fail);
}
void store_vec_done(struct store_vec *vec, struct base_budget *budget);
