#include "store_vec.h"

#include "base_checked.h"

bool store_vec_grow(struct store_vec *vec, size_t count, size_t size, struct base_budget *budget,
                    struct fail *fail)
{
    size_t bytes;
    if (!base_size_mul(count, size, &bytes)) {
        return fail_set(fail, FAIL_LIMIT, "%zu elements of %zu bytes overflow the address space",
                        count, size);
    }
    if (bytes <= vec->bytes && vec->data != NULL) {
        return true;
    }
    size_t wanted = vec->bytes + vec->bytes / 2;
    wanted = wanted < bytes ? bytes : wanted;
    wanted = wanted < 256 ? 256 : wanted;
    if (budget != NULL && !base_budget_take(budget, wanted - vec->bytes, fail)) {
        return false;
    }
    if (!base_realloc_array(&vec->data, wanted, 1, fail)) {
        if (budget != NULL) {
            base_budget_give(budget, wanted - vec->bytes);
        }
        return false;
    }
    vec->bytes = wanted;
    return true;
}

void store_vec_done(struct store_vec *vec, struct base_budget *budget)
{
    if (budget != NULL) {
        base_budget_give(budget, vec->bytes);
    }
    base_free(vec->data);
    *vec = (struct store_vec){0};
}
