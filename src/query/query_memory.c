/* Memory that grows with data, and the budget it is counted against. */
#include "base_checked.h"
#include "query_exec.h"

static void vec_free(void *object)
{
    struct query_vec *vec = object;
    if (vec->data != NULL) {
        base_budget_give(vec->budget, vec->capacity * vec->size);
        base_free(vec->data);
        vec->data = NULL;
        vec->count = vec->capacity = 0;
    }
}

void query_vec_init(struct query_vec *vec, struct arena *arena, struct base_budget *budget,
                    size_t size)
{
    *vec = (struct query_vec){.size = size, .budget = budget};
    arena_defer(arena, vec_free, vec);
}

bool query_vec_reserve(struct query_vec *vec, size_t count, struct fail *fail)
{
    if (count <= vec->capacity) {
        return true;
    }
    size_t capacity = vec->capacity < 8 ? 8 : vec->capacity + vec->capacity / 2;
    capacity = capacity < count ? count : capacity;
    size_t bytes;
    if (!base_size_mul(capacity, vec->size, &bytes)) {
        return fail_set(fail, FAIL_LIMIT, "%zu elements overflow the address space", capacity);
    }
    /* Old and new lie side by side for a moment. */
    if (!base_budget_take(vec->budget, bytes, fail)) {
        return false;
    }
    if (!base_realloc_array(&vec->data, capacity, vec->size, fail)) {
        base_budget_give(vec->budget, bytes);
        return false;
    }
    base_budget_give(vec->budget, vec->capacity * vec->size);
    vec->capacity = capacity;
    return true;
}

bool query_vec_append(struct query_vec *into, const struct query_vec *from, struct fail *fail)
{
    if (from->count == 0) {
        return true;
    }
    if (!query_vec_reserve(into, into->count + from->count, fail)) {
        return false;
    }
    memcpy((char *)into->data + into->count * into->size, from->data, from->count * from->size);
    into->count += from->count;
    return true;
}

void *query_arena_grow(struct arena *arena, const void *old, size_t old_count, size_t *capacity,
                       size_t wanted, size_t size, struct fail *fail)
{
    size_t grown = *capacity < 8 ? 8 : *capacity;
    while (grown < wanted) {
        if (!base_size_mul(grown, 2, &grown)) {
            fail_set(fail, FAIL_LIMIT, "%zu elements overflow the address space", wanted);
            return NULL;
        }
    }
    void *block = arena_array(arena, grown, size, fail);
    if (block == NULL) {
        return NULL;
    }
    if (old_count > 0) {
        memcpy(block, old, old_count * size);
    }
    *capacity = grown;
    return block;
}
