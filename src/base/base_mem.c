#include "base_mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base_checked.h"
#include "base_str.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif

/* Under AddressSanitizer what an arena has not given out is poisoned, with some bytes behind each block. */
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, bytes) ASAN_POISON_MEMORY_REGION(at, bytes)
#define UNPOISON(at, bytes) ASAN_UNPOISON_MEMORY_REGION(at, bytes)
#define BYTES_BETWEEN ((size_t)16)
#else
#define POISON(at, bytes) ((void)(at), (void)(bytes))
#define UNPOISON(at, bytes) ((void)(at), (void)(bytes))
#define BYTES_BETWEEN ((size_t)0)
#endif

#define CHUNK_BYTES_FIRST ((size_t)8 << 10)
#define CHUNK_BYTES_MOST ((size_t)1 << 20)
#define ALIGNMENT ((size_t)16)
#define LARGE_PAGE_BYTES ((size_t)2 << 20)

void *base_alloc_zero(size_t bytes)
{
    void *block = calloc(1, bytes == 0 ? 1 : bytes);
    if (block == NULL) {
        fputs("firsthand: out of memory\n", stderr);
        abort();
    }
    return block;
}

bool base_alloc_array(size_t count, size_t size, void **out, struct fail *fail)
{
    void *block = NULL;
    if (!base_realloc_array(&block, count, size, fail)) {
        return false;
    }
    *out = block;
    return true;
}

bool base_realloc_array(void **block, size_t count, size_t size, struct fail *fail)
{
    size_t bytes;
    if (!base_size_mul(count, size, &bytes)) {
        return fail_set(fail, FAIL_LIMIT, "%zu elements of %zu bytes overflow the address space",
                        count, size);
    }
    void *grown = realloc(*block, bytes == 0 ? 1 : bytes);
    if (grown == NULL) {
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for %zu bytes", bytes);
    }
    *block = grown;
    return true;
}

bool base_alloc_spread(size_t count, size_t size, void **out, struct fail *fail)
{
    size_t bytes;
    size_t rounded;
    if (!base_size_mul(count, size, &bytes) || bytes < 2 * LARGE_PAGE_BYTES ||
        !base_size_add(bytes, LARGE_PAGE_BYTES - 1, &rounded)) {
        return base_alloc_array(count, size, out, fail);
    }
    rounded -= rounded % LARGE_PAGE_BYTES;
    void *block = aligned_alloc(LARGE_PAGE_BYTES, rounded);
    if (block == NULL) {
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for %zu bytes", bytes);
    }
    /* Without them it works as well. */
    (void)madvise(block, rounded, MADV_HUGEPAGE);
    *out = block;
    return true;
}

bool base_grow_array(void **block, size_t *capacity, size_t needed, size_t size, struct fail *fail)
{
    if (needed <= *capacity) {
        return true;
    }
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < needed) {
        if (!base_size_mul(wanted, 2, &wanted)) {
            return fail_set(fail, FAIL_LIMIT, "%zu elements overflow the address space", needed);
        }
    }
    if (!base_realloc_array(block, wanted, size, fail)) {
        return false;
    }
    *capacity = wanted;
    return true;
}

#define MAPPED_FROM_BYTES (1 << 20)
#define KEPT_AT_END_BYTES (2 << 20) /* of each heap */

void base_bound_heaps(void)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet */
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_AT_END_BYTES);
    /* NOLINTEND(concurrency-mt-unsafe) */
}

bool base_give_back(size_t kept_bytes)
{
    struct mallinfo2 heap = mallinfo2(); /* of all threads' heaps */
    return heap.fordblks > kept_bytes && malloc_trim(0) == 1;
}

#define CONTAINER_LIMIT_FILE "/sys/fs/cgroup/memory.max" /* cgroup 2, as a container sees its own */

size_t base_memory_within(const char *limit_file, size_t bytes)
{
    char text[32];
    uint64_t limit;
    FILE *file = fopen(limit_file, "re");
    if (file == NULL) {
        return bytes;
    }
    size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    len -= len > 0 && text[len - 1] == '\n';
    return str_parse_u64(str_of(text, len), &limit) && limit < bytes ? (size_t)limit : bytes;
}

size_t base_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    size_t bytes;
    if (pages <= 0 || page_bytes <= 0 ||
        !base_size_mul((size_t)pages, (size_t)page_bytes, &bytes)) {
        bytes = SIZE_MAX;
    }
    return base_memory_within(CONTAINER_LIMIT_FILE, bytes);
}

void base_free(void *block)
{
    free(block);
}

void base_free_at(void *pointer_variable)
{
    void *block;
    memcpy(&block, pointer_variable, sizeof block);
    free(block);
}

struct base_budget {
    size_t limit_bytes;        /* immutable */
    _Atomic size_t used_bytes; /* any thread */
};

struct base_budget *base_budget_new(size_t limit_bytes)
{
    struct base_budget *budget = base_alloc_zero(sizeof *budget);
    budget->limit_bytes = limit_bytes;
    return budget;
}

void base_budget_free(struct base_budget *budget)
{
    free(budget);
}

bool base_budget_take(struct base_budget *budget, size_t bytes, struct fail *fail)
{
    size_t used = atomic_load_explicit(&budget->used_bytes, memory_order_relaxed);
    do {
        if (bytes > budget->limit_bytes || used > budget->limit_bytes - bytes) {
            return fail_set(fail, FAIL_LIMIT, "needs more than the %zu MB of memory it may use",
                            budget->limit_bytes >> 20);
        }
    } while (!atomic_compare_exchange_weak_explicit(&budget->used_bytes, &used, used + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

void base_budget_give(struct base_budget *budget, size_t bytes)
{
    atomic_fetch_sub_explicit(&budget->used_bytes, bytes, memory_order_relaxed);
}

size_t base_budget_used(const struct base_budget *budget)
{
    return atomic_load_explicit(&budget->used_bytes, memory_order_relaxed);
}

struct chunk {
    struct chunk *next; /* the one filled before */
    size_t bytes;       /* of the payload */
    size_t padding_[2]; /* keeps the payload on ALIGNMENT */
    unsigned char payload[];
};

struct deferred {
    struct deferred *next;
    void (*close)(void *object);
    void *object;
};

struct arena {
    struct base_budget *budget;
    struct chunk *chunks; /* the one being filled first */
    size_t at;            /* next free byte of the first chunk */
    size_t used;
    struct deferred *deferred;
};

_Static_assert(sizeof(struct chunk) % 16 == 0, "payload must stay aligned");

struct arena *arena_new(struct base_budget *budget)
{
    struct arena *arena = base_alloc_zero(sizeof *arena);
    arena->budget = budget;
    return arena;
}

static void run_deferred(struct arena *arena)
{
    while (arena->deferred != NULL) {
        struct deferred *first = arena->deferred;
        arena->deferred = first->next;
        first->close(first->object);
    }
}

static void free_chunk(struct arena *arena, struct chunk *chunk)
{
    if (arena->budget != NULL) {
        base_budget_give(arena->budget, sizeof *chunk + chunk->bytes);
    }
    UNPOISON(chunk->payload, chunk->bytes);
    free(chunk);
}

void arena_free(struct arena *arena)
{
    if (arena == NULL) {
        return;
    }
    run_deferred(arena);
    while (arena->chunks != NULL) {
        struct chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        free_chunk(arena, chunk);
    }
    free(arena);
}

void arena_free_at(struct arena **arena)
{
    arena_free(*arena);
}

void arena_reset(struct arena *arena)
{
    run_deferred(arena);
    struct chunk *keep = NULL;
    while (arena->chunks != NULL) {
        struct chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        /* The one filled last is the largest, but for single blocks that were larger than chunks. */
        if (keep == NULL && chunk->bytes <= CHUNK_BYTES_MOST) {
            keep = chunk;
        } else {
            free_chunk(arena, chunk);
        }
    }
    if (keep != NULL) {
        keep->next = NULL;
        POISON(keep->payload, keep->bytes);
    }
    arena->chunks = keep;
    arena->at = 0;
    arena->used = 0;
}

static bool add_chunk(struct arena *arena, size_t bytes, struct fail *fail)
{
    size_t size = arena->chunks == NULL ? CHUNK_BYTES_FIRST : arena->chunks->bytes * 2;
    if (size > CHUNK_BYTES_MOST) {
        size = CHUNK_BYTES_MOST;
    }
    if (size < bytes) {
        size = bytes;
    }
    size_t whole;
    if (!base_size_add(size, sizeof(struct chunk), &whole)) {
        return fail_set(fail, FAIL_LIMIT, "%zu bytes overflow the address space", bytes);
    }
    if (arena->budget != NULL && !base_budget_take(arena->budget, whole, fail)) {
        return false;
    }
    struct chunk *chunk = malloc(whole);
    if (chunk == NULL) {
        if (arena->budget != NULL) {
            base_budget_give(arena->budget, whole);
        }
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for %zu bytes", whole);
    }
    chunk->bytes = size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->at = 0;
    POISON(chunk->payload, chunk->bytes);
    return true;
}

void *arena_alloc(struct arena *arena, size_t bytes, struct fail *fail)
{
    size_t rounded;
    if (!base_size_add(bytes, ALIGNMENT - 1 + BYTES_BETWEEN, &rounded)) {
        fail_set(fail, FAIL_LIMIT, "%zu bytes overflow the address space", bytes);
        return NULL;
    }
    rounded &= ~(ALIGNMENT - 1);
    if (arena->chunks == NULL || rounded > arena->chunks->bytes - arena->at) {
        if (!add_chunk(arena, rounded, fail)) {
            return NULL;
        }
    }
    void *block = arena->chunks->payload + arena->at;
    arena->at += rounded;
    arena->used += rounded;
    UNPOISON(block, bytes);
    return block;
}

void *arena_array(struct arena *arena, size_t count, size_t size, struct fail *fail)
{
    size_t bytes;
    if (!base_size_mul(count, size, &bytes)) {
        fail_set(fail, FAIL_LIMIT, "%zu elements of %zu bytes overflow the address space", count,
                 size);
        return NULL;
    }
    void *block = arena_alloc(arena, bytes, fail);
    if (block != NULL) {
        memset(block, 0, bytes);
    }
    return block;
}

void *arena_small(struct arena *arena, size_t bytes)
{
    struct fail fail;
    void *block = arena_array(arena, 1, bytes, &fail);
    if (block == NULL) {
        /* A small allocation that does not fit the budget is charged past it rather than lost:
           callers that take small things cannot unwind, and the next budgeted one will fail. */
        struct base_budget *budget = arena->budget;
        arena->budget = NULL;
        block = arena_array(arena, 1, bytes, &fail);
        arena->budget = budget;
        INVARIANT(block != NULL);
        if (budget != NULL) {
            atomic_fetch_add_explicit(&budget->used_bytes,
                                      sizeof(struct chunk) + arena->chunks->bytes,
                                      memory_order_relaxed);
        }
    }
    return block;
}

void arena_defer(struct arena *arena, void (*close)(void *object), void *object)
{
    struct deferred *deferred = arena_small(arena, sizeof *deferred);
    deferred->close = close;
    deferred->object = object;
    deferred->next = arena->deferred;
    arena->deferred = deferred;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
