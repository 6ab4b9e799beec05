/* Ids of one name space. Some senders (PostHog) call everybody by one kind of id, whether a person or a browser was
 * meant; intake guesses the kind, and what is known already outweighs a guess, so that one id never becomes two
 * customers. Nothing joins here: ids get their kinds and their order, and the ordinary rules of section 2 do the
 * rest. The whole table of cases is in docs/decisions/0006-one-name-space.md. */
#include "store_judge.h"

static const char *const kind_user = "user";
static const char *const kind_anonymous = "anonymous";

struct someone {
    struct store_identifier id;
    bool user;     /* its kind, after looking */
    bool known;    /* the id was seen before */
    bool owned;    /* ... and its customer has a user id */
    uint32_t root; /* where known */
};

static bool look(struct store_draft *draft, struct store_identifier id, struct someone *out,
                 struct fail *fail)
{
    uint32_t number;
    *out = (struct someone){.id = id, .user = str_is(id.kind, kind_user)};
    if (!store_draft_find(draft, id, STORE_NO_CUSTOMER, &number, fail)) {
        return false;
    }
    out->known = number != STORE_NO_CUSTOMER;
    return !out->known || (store_draft_root(draft, number, &out->root, fail) &&
                           store_draft_owned(draft, out->root, &out->owned, fail));
}

/* As the kind that was guessed, where it is known so; else as the other, where it is known so. */
static bool settle(struct store_draft *draft, struct store_identifier id, struct someone *out,
                   struct fail *fail)
{
    struct someone other;
    if (!look(draft, id, out, fail)) {
        return false;
    }
    if (out->known) {
        return true;
    }
    id.kind = str_from_c(out->user ? kind_anonymous : kind_user);
    if (!look(draft, id, &other, fail)) {
        return false;
    }
    if (other.known) {
        *out = other;
    }
    return true;
}

static bool of_the_space(struct str kind)
{
    return str_is(kind, kind_user) || str_is(kind, kind_anonymous);
}

static const struct store_identifier *second_of(const struct store_event *event)
{
    for (size_t i = 1; i < event->identifier_count; i++) {
        if (of_the_space(event->identifiers[i].kind) &&
            !str_equal(event->identifiers[i].value, event->identifiers[0].value)) {
            return &event->identifiers[i];
        }
    }
    return NULL;
}

/* Puts the two in the order in which the ordinary rules join them, if they may: a user before the anonymous id that
   is free to join it; two users, or a user and what belongs to another, as an alias. */
static void arrange(struct someone *first, struct someone *second, bool *out_second,
                    struct str *out_previous)
{
    bool same = first->known && second->known && first->root == second->root;
    bool free_first = !first->user && !first->owned;
    *out_second = !same;
    *out_previous = (struct str){NULL, 0};
    if (same) {
        return;
    }
    if (free_first && (second->user || second->owned)) {
        struct someone held = *first;
        *first = *second;
        *second = held;
        return;
    }
    if (second->user) {
        *out_second = false;
        *out_previous = second->id.value;
    }
}

static bool room(struct store_writing *writing, size_t count, struct fail *fail)
{
    void *ids = writing->ids;
    if (!base_grow_array(&ids, &writing->id_capacity, count, sizeof writing->ids[0], fail)) {
        return false;
    }
    writing->ids = ids;
    return true;
}

bool store_judge_space(struct store *store, const struct store_item *item, struct store_item *copy,
                       const struct store_item **out, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    const struct store_event *event = &item->event;
    *out = item;
    if (item->space == STORE_SPACE_TWO || event->identifier_count == 0 ||
        !of_the_space(event->identifiers[0].kind)) {
        return true;
    }
    struct someone first, second = {0};
    const struct store_identifier *other = second_of(event);
    if (!settle(&writing->draft, event->identifiers[0], &first, fail) ||
        (other != NULL && !settle(&writing->draft, *other, &second, fail)) ||
        !room(writing, event->identifier_count + 1, fail)) {
        return false;
    }
    struct store_identifier *ids = writing->ids;
    size_t count = 0;
    *copy = *item;
    struct store_identifier own = {0}; /* the anonymous id that turned out to be a user's */
    if (item->space == STORE_SPACE_ONE_USER && !first.user && !first.owned) {
        own = first.id;
        first.user = first.owned = true;
        first.id.kind = str_from_c(kind_user);
    }
    if (other != NULL) {
        bool with_second;
        arrange(&first, &second, &with_second, &copy->previous_id);
        ids[count++] = first.id;
        if (with_second) {
            ids[count++] = second.id;
        }
    } else {
        ids[count++] = first.id;
    }
    if (own.value.data != NULL) {
        ids[count++] = own;
    }
    for (size_t i = 1; i < event->identifier_count; i++) {
        if (!of_the_space(event->identifiers[i].kind)) {
            ids[count++] = event->identifiers[i];
        }
    }
    copy->event.identifiers = ids;
    copy->event.identifier_count = count;
    *out = copy;
    return true;
}
