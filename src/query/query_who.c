/* Who is counted: customers, or accounts of them. */
#include <stdlib.h>

#include "query_exec.h"

struct str query_who_id(const struct query_exec *exec, uint32_t who, struct arena *arena)
{
    return exec->accounts != NULL ? exec->accounts->at[who].id
                                  : store_customer_id(exec->snapshot, who, arena);
}

bool query_who_known(const struct query_exec *exec, uint32_t who)
{
    if (exec->accounts == NULL) {
        return store_customer_known(exec->snapshot, who);
    }
    const struct store_account *account = &exec->accounts->at[who];
    bool known = false;
    for (uint32_t m = 0; m < account->member_count && !known; m++) {
        known = store_customer_known(exec->snapshot, account->members[m]);
    }
    return known;
}

bool query_who_traits(const struct query_exec *exec, uint32_t who, struct arena *arena,
                      struct store_field **out, size_t *out_count, struct fail *fail)
{
    return exec->accounts != NULL
               ? store_account_traits(exec->snapshot, who, arena, out, out_count, fail)
               : store_customer_traits(exec->snapshot, who, arena, out, out_count, fail);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

bool query_who_customers(const struct query_exec *exec, const uint32_t *who, size_t count,
                         const uint32_t **out, size_t *out_count, struct fail *fail)
{
    if (exec->accounts == NULL) {
        *out = who;
        *out_count = count;
        return true;
    }
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        most += exec->accounts->at[who[i]].member_count;
    }
    uint32_t *customers = arena_array(exec->arena, most, sizeof *customers, fail);
    if (customers == NULL) {
        return false;
    }
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct store_account *account = &exec->accounts->at[who[i]];
        memcpy(customers + found, account->members, account->member_count * sizeof *customers);
        found += account->member_count;
    }
    if (found > 0) {
        qsort(customers, found, sizeof *customers, compare_numbers);
    }
    size_t kept = 0;
    for (size_t i = 0; i < found; i++) {
        if (kept == 0 || customers[kept - 1] != customers[i]) {
            customers[kept++] = customers[i];
        }
    }
    *out = customers;
    *out_count = kept;
    return true;
}
