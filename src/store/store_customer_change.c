#include "store_judge.h"
#include "store_writer.h"

/* An operator's join or split: a commit without items, in the writer thread. */
struct operation {
    struct str from, into; /* of a join; a split has `from` only */
    bool split;
    bool failed;
    struct fail fail;
};

static bool number_of(const struct store *store, struct str text, uint32_t *out, struct fail *fail)
{
    *out = store_identity_lookup(store->writing.identity, text);
    if (*out == STORE_NO_CUSTOMER) {
        return fail_set(fail, FAIL_ABSENT, "no customer is known as %.*s", STR_ARG(text));
    }
    return store_identity_sound(store->writing.identity, fail);
}

static bool join(struct store *store, struct operation *operation, struct fail *fail)
{
    struct store_draft *draft = &store->writing.draft;
    uint32_t from;
    uint32_t into;
    uint32_t height;
    if (!number_of(store, operation->from, &from, fail) ||
        !number_of(store, operation->into, &into, fail) ||
        !store_draft_root(draft, from, &from, fail) ||
        !store_draft_root(draft, into, &into, fail) ||
        !store_draft_height(draft, from, &height, fail)) {
        return false;
    }
    if (from == into) {
        return fail_set(fail, FAIL_CONFLICT, "%.*s and %.*s are one customer already",
                        STR_ARG(operation->from), STR_ARG(operation->into));
    }
    if (height >= STORE_IDENTITY_HEIGHT_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%.*s stands at the end of too long a chain of joins",
                        STR_ARG(operation->from));
    }
    return store_draft_join(draft, from, into, base_now_ms(store->clock), fail);
}

static bool split(struct store *store, struct operation *operation, struct fail *fail)
{
    struct store_draft *draft = &store->writing.draft;
    uint32_t number;
    struct store_edge edge;
    if (!number_of(store, operation->from, &number, fail) ||
        !store_draft_edge(draft, number, &edge, fail)) {
        return false;
    }
    if (edge.parent == STORE_NO_PARENT) {
        return fail_set(fail, FAIL_CONFLICT, "%.*s was not joined into another customer",
                        STR_ARG(operation->from));
    }
    return store_draft_split(draft, number, base_now_ms(store->clock), fail);
}

static bool change(struct store *store, void *context, struct fail *fail)
{
    struct operation *operation = context;
    return operation->split ? split(store, operation, fail) : join(store, operation, fail);
}

static void run(struct store *store, void *context)
{
    struct operation *operation = context;
    operation->failed = !store_commit_change(store, change, operation, &operation->fail);
}

static bool operate(struct store *store, struct operation *operation, struct fail *fail)
{
    if (store->options.read_only) {
        return fail_set(fail, FAIL_CONFLICT, "the store was opened for reading only");
    }
    store_writer_control(store, run, operation);
    if (operation->failed) {
        *fail = operation->fail;
    }
    return !operation->failed;
}

bool store_customer_join(struct store *store, struct str from, struct str into, struct fail *fail)
{
    struct operation operation = {.from = from, .into = into};
    return operate(store, &operation, fail);
}

bool store_customer_split(struct store *store, struct str identifier, struct fail *fail)
{
    struct operation operation = {.from = identifier, .split = true};
    return operate(store, &operation, fail);
}
