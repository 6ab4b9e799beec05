#include "store_judge.h"

static const char *const kind_user = "user";
static const char *const kind_anonymous = "anonymous";

static bool is_kind(const struct store_identifier *id, const char *kind)
{
    return str_is(id->kind, kind);
}

static struct store_identifier make(const char *kind, struct str value)
{
    return (struct store_identifier){str_from_c(kind), value};
}

static const struct store_identifier *user_of(const struct store_event *event)
{
    for (size_t i = 0; i < event->identifier_count; i++) {
        if (is_kind(&event->identifiers[i], kind_user) && event->identifiers[i].value.len > 0) {
            return &event->identifiers[i];
        }
    }
    return NULL;
}

/* The identifier whose customer the event belongs to: the user id, else the first that is no account, else the
   first. NULL: there is none at all. */
static const struct store_identifier *main_of(const struct store_event *event)
{
    const struct store_identifier *first = user_of(event);
    for (size_t i = 0; i < event->identifier_count && first == NULL; i++) {
        const struct store_identifier *id = &event->identifiers[i];
        if (id->value.len > 0 && !is_kind(id, "account")) {
            first = id;
        }
    }
    for (size_t i = 0; i < event->identifier_count && first == NULL; i++) {
        if (event->identifiers[i].value.len > 0) {
            first = &event->identifiers[i];
        }
    }
    return first;
}

/* A previousId is a user, or else an anonymous id. */
static bool find_previous(struct store_draft *draft, struct str previous, uint32_t *out,
                          bool *out_anonymous, struct fail *fail)
{
    *out_anonymous = false;
    if (!store_draft_find(draft, make(kind_user, previous), STORE_NO_CUSTOMER, out, fail)) {
        return false;
    }
    if (*out != STORE_NO_CUSTOMER) {
        return true;
    }
    *out_anonymous = true;
    return store_draft_find(draft, make(kind_anonymous, previous), STORE_NO_CUSTOMER, out, fail);
}

bool store_judge_alias(struct store_draft *draft, const struct store_item *item,
                       const char **out_reason, struct fail *fail)
{
    *out_reason = NULL;
    bool one_space = item->space != STORE_SPACE_TWO;
    if (item->previous_id.len == 0) {
        if (!one_space && str_is(item->event.event, "alias")) {
            *out_reason = "an alias needs previousId";
        }
        return true;
    }
    const struct store_identifier *user = one_space ? main_of(&item->event) : user_of(&item->event);
    if (user == NULL) {
        *out_reason = "an alias needs userId";
        return true;
    }
    if (str_equal(item->previous_id, user->value)) {
        return true; /* to itself: joins nothing, whoever an anonymous id of that name belongs to */
    }
    uint32_t into;
    uint32_t into_root = STORE_NO_CUSTOMER;
    uint32_t previous;
    uint32_t previous_root;
    bool anonymous;
    if (!store_draft_find(draft, *user, STORE_NO_CUSTOMER, &into, fail) ||
        (into != STORE_NO_CUSTOMER && !store_draft_root(draft, into, &into_root, fail)) ||
        !find_previous(draft, item->previous_id, &previous, &anonymous, fail)) {
        return false;
    }
    if (previous == STORE_NO_CUSTOMER) {
        return true;
    }
    bool owned;
    uint32_t height;
    if (!store_draft_root(draft, previous, &previous_root, fail) ||
        !store_draft_owned(draft, previous_root, &owned, fail) ||
        !store_draft_height(draft, previous_root, &height, fail)) {
        return false;
    }
    /* Two known users are joined only by who may. A user id never seen before is not known; but an anonymous id
       that belongs to a user never moves, whoever it should move to. */
    if (previous_root == into_root) {
        return true;
    }
    if (owned && (into != STORE_NO_CUSTOMER || anonymous) && !item->may_join_users) {
        *out_reason = "joining two known users needs a secret key";
    } else if (height >= STORE_IDENTITY_HEIGHT_MAX) {
        *out_reason = "previousId stands at the end of too long a chain of aliases";
    }
    return true;
}

static bool join_previous(struct store_draft *draft, const struct store_item *item, struct str user,
                          uint32_t into, uint32_t *root, struct fail *fail)
{
    uint32_t previous;
    uint32_t previous_root;
    bool anonymous;
    int64_t at_ms = item->event.received_at_ms;
    if (str_equal(item->previous_id, user)) {
        return true; /* to itself: joins nothing */
    }
    if (!find_previous(draft, item->previous_id, &previous, &anonymous, fail)) {
        return false;
    }
    if (previous == STORE_NO_CUSTOMER &&
        !store_draft_new(draft, make(kind_anonymous, item->previous_id), &previous, fail)) {
        return false;
    }
    if (!store_draft_root(draft, previous, &previous_root, fail) ||
        !store_draft_root(draft, into, root, fail)) {
        return false;
    }
    return previous_root == *root || store_draft_join(draft, previous_root, *root, at_ms, fail);
}

/* One of the other identifiers: unknown, it becomes the customer's; known and free, its customer is joined;
   one that belongs to a user stays where it is. */
static bool take_identifier(struct store_draft *draft, const struct store_identifier *id,
                            uint32_t owner, uint32_t root, int64_t at_ms, struct fail *fail)
{
    uint32_t known;
    uint32_t known_root;
    bool owned;
    uint32_t height;
    if (!store_draft_find(draft, *id, STORE_NO_CUSTOMER, &known, fail)) {
        return false;
    }
    if (known == STORE_NO_CUSTOMER) {
        return store_draft_add(draft, owner, *id, false, fail);
    }
    if (known == owner) {
        return true;
    }
    if (!store_draft_root(draft, known, &known_root, fail)) {
        return false;
    }
    if (known_root == root) {
        return true;
    }
    if (!store_draft_owned(draft, known_root, &owned, fail) ||
        (!owned && !store_draft_height(draft, known_root, &height, fail))) {
        return false;
    }
    /* A chain of customers without a user that has become too long is left as it is. */
    if (owned || height >= STORE_IDENTITY_HEIGHT_MAX) {
        return true;
    }
    return store_draft_join(draft, known_root, root, at_ms, fail);
}

static bool take_account(struct store_draft *draft, const struct store_identifier *id,
                         uint32_t owner, struct fail *fail)
{
    uint32_t known;
    if (!store_draft_find(draft, *id, owner, &known, fail)) {
        return false;
    }
    return known != STORE_NO_CUSTOMER || store_draft_add(draft, owner, *id, true, fail);
}

bool store_judge_identity(struct store_draft *draft, const struct store_item *item,
                          uint32_t *out_original, uint32_t *out_root, struct fail *fail)
{
    const struct store_event *event = &item->event;
    const struct store_identifier *first = main_of(event);
    INVARIANT(first != NULL);
    uint32_t original;
    uint32_t root;
    if (!store_draft_find(draft, *first, STORE_NO_CUSTOMER, &original, fail) ||
        (original == STORE_NO_CUSTOMER && !store_draft_new(draft, *first, &original, fail)) ||
        !store_draft_root(draft, original, &root, fail) ||
        !store_draft_row(draft, original, root, fail)) {
        return false;
    }
    if (item->previous_id.len > 0 &&
        !join_previous(draft, item, first->value, original, &root, fail)) {
        return false;
    }
    for (size_t i = 0; i < event->identifier_count; i++) {
        const struct store_identifier *id = &event->identifiers[i];
        bool taken = id->value.len == 0       ? true
                     : is_kind(id, "account") ? take_account(draft, id, original, fail)
                     : id == first            ? true
                     : is_kind(id, kind_user)
                         ? true
                         : take_identifier(draft, id, original, root, event->received_at_ms, fail);
        if (!taken) {
            return false;
        }
    }
    *out_original = original;
    *out_root = root;
    return true;
}
