/* A question about one customer, named by id: the others need not be read to know that they are not meant. */
#include "query_exec.h"

/* The id that whoever is in the segment must have; missing where it does not name one. */
static struct str named_id(const struct query_segment *segment)
{
    if (segment->predicate == QUERY_TRAIT && segment->clause.count == 1) {
        const struct query_leaf *leaf = &segment->clause.leaves[0];
        if (leaf->name.from == QUERY_FROM_CUSTOMER_ID && leaf->op == QUERY_EQUAL &&
            !leaf->negated && leaf->value.kind == STORE_STRING) {
            return store_value_text(leaf->value);
        }
    }
    struct str id = {NULL, 0};
    for (uint32_t i = 0; segment->predicate == QUERY_ALL && i < segment->child_count; i++) {
        id = id.data == NULL ? named_id(segment->children[i]) : id;
    }
    return id;
}

bool query_one_customer(const struct query_exec *exec, uint32_t *out)
{
    if (exec->plan->segment == NULL || exec->plan->per_account) {
        return false;
    }
    struct str id = named_id(exec->plan->segment);
    if (id.data == NULL) {
        return false;
    }
    /* What a person types finds people by more than their id: whoever is found must be called so. */
    store_customer_lookup(exec->snapshot, id, out);
    return *out != STORE_NO_CUSTOMER &&
           str_equal(store_customer_id(exec->snapshot, *out, exec->arena), id);
}
