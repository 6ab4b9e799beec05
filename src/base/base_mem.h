/* base_mem.h — memory: the heap's one door, and arenas.
 *
 * What: small fixed-size allocations abort when memory is gone (base_alloc); every size that follows
 *   from a request, file or row count goes through a budget (base_alloc_budget, or an arena made with
 *   one) and fails with FAIL_LIMIT. An arena frees a request's, query's or job's memory in one go.
 * Owner: base_alloc'ed memory: the caller, base_free. Arena memory: the arena.
 * Threads: an arena belongs to one thread at a time. A budget may be shared by many.
 * Failure: FAIL_LIMIT over the budget, FAIL_NO_MEMORY when the system has none.
 * Limits/cost: an arena allocation is a bump; alignment 16. Zeroed: *_zero and arenas' *_array.
 * Units: bytes.
 * Example: struct arena *arena = arena_new(NULL); char *copy = arena_alloc(arena, len, fail);
 * Not here: growable bytes (base_buf.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_fail.h"

/* Never NULL; aborts when the system has no memory. For small things of fixed size only. */
void *base_alloc_zero(size_t bytes) __attribute__((malloc, returns_nonnull));
/* NULL and FAIL_NO_MEMORY where there is none. `count * size` is checked. Not zeroed. */
bool base_alloc_array(size_t count, size_t size, void **out, struct fail *fail) MUST_USE;
/* The same for a large table that is looked into here and there: in large pages, where the system has them, so that
   finding a place in it costs one miss and not two. */
bool base_alloc_spread(size_t count, size_t size, void **out, struct fail *fail) MUST_USE;
/* Grows (or shrinks) a base_alloc_array'ed block; *block stays valid on failure. */
bool base_realloc_array(void **block, size_t count, size_t size, struct fail *fail) MUST_USE;
/* As base_realloc_array, to at least `needed` elements, doubling: `capacity` is read and updated. */
bool base_grow_array(void **block, size_t *capacity, size_t needed, size_t size,
                     struct fail *fail) MUST_USE;
void base_free(void *block);
/* For CLEANUP on any pointer variable: frees what it points to. */
void base_free_at(void *pointer_variable);

/* Sets how large a block the system is asked for alone, and how much may stay free at the end of a thread's heap, before there are
   other threads. Left to itself the heap raises both with the largest block that was ever freed, and what stays at the
   ends of threads' heaps, tens of megabytes each, base_give_back cannot give. */
void base_bound_heaps(void);
/* Gives pages that the heap holds free back to the system, where these are more than `kept_bytes`; false where they are
   not, or where nothing could be given. Takes some ms; any thread. Freed blocks stay with the heap otherwise, between those
   that live on, and it would seem to grow with the largest load that ever was. */
bool base_give_back(size_t kept_bytes);
/* The memory that this process may have: the machine's, or what its container is held to, where that is less. */
size_t base_memory_bytes(void);
/* The same of `bytes` and what such a file says ("max": no limit); one that cannot be read says nothing. For tests. */
size_t base_memory_within(const char *limit_file, size_t bytes);

/* How much memory one piece of work may hold. Shared by its threads; counts in whole chunks. */
struct base_budget;
struct base_budget *base_budget_new(size_t limit_bytes);
void base_budget_free(struct base_budget *budget);
bool base_budget_take(struct base_budget *budget, size_t bytes, struct fail *fail) MUST_USE;
void base_budget_give(struct base_budget *budget, size_t bytes);
size_t base_budget_used(const struct base_budget *budget);

struct arena;
/* `budget` may be NULL: no limit but the system's; else it must outlive the arena. */
struct arena *arena_new(struct base_budget *budget);
void arena_free(struct arena *arena);
void arena_free_at(struct arena **arena); /* for CLEANUP */
/* Keeps some memory (at most 1 MiB) for the next round; everything allocated before is gone; deferred
   calls run. */
void arena_reset(struct arena *arena);
/* Not zeroed, 16-aligned. NULL and `fail` when over the budget. A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t bytes, struct fail *fail);
/* Zeroed; count * size is checked. */
void *arena_array(struct arena *arena, size_t count, size_t size, struct fail *fail);
/* For small things of fixed size (an option, a node): zeroed, aborts instead of failing. */
void *arena_small(struct arena *arena, size_t bytes) __attribute__((returns_nonnull));
/* Runs close(object) when the arena is reset or freed, last deferred first. */
void arena_defer(struct arena *arena, void (*close)(void *object), void *object);
size_t arena_used(const struct arena *arena);
