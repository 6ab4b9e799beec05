#include "memory_faults.h"

#include <stdatomic.h>

#include "base_mem.h"

static atomic_uint_fast64_t left; /* 0: none is asked for */
static atomic_bool happened, aside;

void memory_faults_at(uint64_t at)
{
    atomic_store(&happened, false);
    atomic_store(&left, at);
}

bool memory_faults_end(void)
{
    atomic_store(&left, 0);
    return atomic_load(&happened);
}

void memory_faults_aside(bool begins)
{
    atomic_store(&aside, begins);
}

static bool fails(struct fail *fail)
{
    uint_fast64_t now = atomic_load(&aside) ? 0 : atomic_load(&left);
    while (now > 0 && !atomic_compare_exchange_weak(&left, &now, now - 1)) {
    }
    if (now != 1) {
        return false;
    }
    atomic_store(&happened, true);
    fail_set(fail, FAIL_NO_MEMORY, "no memory (asked for)");
    return true;
}

/* The names are the linker's. NOLINTBEGIN(bugprone-reserved-identifier) */
bool __real_base_alloc_array(size_t count, size_t size, void **out, struct fail *fail);
bool __wrap_base_alloc_array(size_t count, size_t size, void **out, struct fail *fail);
bool __wrap_base_alloc_array(size_t count, size_t size, void **out, struct fail *fail)
{
    return !fails(fail) && __real_base_alloc_array(count, size, out, fail);
}

bool __real_base_alloc_spread(size_t count, size_t size, void **out, struct fail *fail);
bool __wrap_base_alloc_spread(size_t count, size_t size, void **out, struct fail *fail);
bool __wrap_base_alloc_spread(size_t count, size_t size, void **out, struct fail *fail)
{
    return !fails(fail) && __real_base_alloc_spread(count, size, out, fail);
}

bool __real_base_realloc_array(void **block, size_t count, size_t size, struct fail *fail);
bool __wrap_base_realloc_array(void **block, size_t count, size_t size, struct fail *fail);
bool __wrap_base_realloc_array(void **block, size_t count, size_t size, struct fail *fail)
{
    return !fails(fail) && __real_base_realloc_array(block, count, size, fail);
}

/* What there is room for already does not fail. */
bool __real_base_grow_array(void **block, size_t *capacity, size_t needed, size_t size,
                            struct fail *fail);
bool __wrap_base_grow_array(void **block, size_t *capacity, size_t needed, size_t size,
                            struct fail *fail);
bool __wrap_base_grow_array(void **block, size_t *capacity, size_t needed, size_t size,
                            struct fail *fail)
{
    return (needed <= *capacity || !fails(fail)) &&
           __real_base_grow_array(block, capacity, needed, size, fail);
}
/* NOLINTEND(bugprone-reserved-identifier) */
