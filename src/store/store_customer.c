#include <stdlib.h>

#include "store_identity.h"

/* ---- finding -------------------------------------------------------------------------------------------- */

/* The number of an identifier, not yet its root. Damage is noted and looks like "not there". */
static uint32_t find_number(const struct store_identity_view *view, const char *kind,
                            struct str value)
{
    struct store_identifier id = {str_from_c(kind), value};
    uint32_t number;
    struct fail fail;
    if (!store_identity_find(view, id, STORE_NO_CUSTOMER, &number, &fail)) {
        store_damage_note(view->damage, &fail);
        return STORE_NO_CUSTOMER;
    }
    return number;
}

/* Does "kind" in "kind:value" name a kind? */
static bool is_kind(struct str kind)
{
    return store_identity_kind_code(kind) < STORE_IDENTITY_KIND_OTHER ||
           (str_starts_c(kind, "ext.") && kind.len > 4);
}

/* What a person types: "kind:value", else user, anonymous, e-mail. */
uint32_t store_identity_lookup(const struct store_identity_view *view, struct str text)
{
    size_t colon = str_find_byte(text, ':');
    uint32_t number = STORE_NO_CUSTOMER;
    if (colon < text.len && is_kind(str_of(text.data, colon))) {
        struct store_identifier id = {str_of(text.data, colon), str_after(text, colon + 1)};
        struct fail fail;
        if (!store_identity_find(view, id, STORE_NO_CUSTOMER, &number, &fail)) {
            store_damage_note(view->damage, &fail);
            number = STORE_NO_CUSTOMER;
        }
    }
    static const char *const kinds[] = {"user", "anonymous", "email"};
    for (size_t i = 0; i < ARRAY_LEN(kinds) && number == STORE_NO_CUSTOMER; i++) {
        number = find_number(view, kinds[i], text);
    }
    return number;
}

void store_customer_find(const struct store_snapshot *snapshot, struct store_identifier identifier,
                         uint32_t *out)
{
    uint32_t number;
    struct fail fail;
    if (!store_identity_find(snapshot->identity, identifier, STORE_NO_CUSTOMER, &number, &fail)) {
        store_damage_note(snapshot->identity->damage, &fail);
        number = STORE_NO_CUSTOMER;
    }
    *out = number == STORE_NO_CUSTOMER ? number : store_identity_root(snapshot->identity, number);
}

void store_customer_lookup(const struct store_snapshot *snapshot, struct str text, uint32_t *out)
{
    uint32_t number = store_identity_lookup(snapshot->identity, text);
    *out = number == STORE_NO_CUSTOMER ? number : store_identity_root(snapshot->identity, number);
}

/* ---- ids --------------------------------------------------------------------------------------------------- */

/* The best identifiers of a tree to call it by, each the first in order of arrival. */
struct naming {
    struct store_ident user, anonymous, any;
};

static bool earlier(const struct store_ident *ident, const struct store_ident *than)
{
    return than->id.kind.data == NULL || ident->rank < than->rank ||
           (ident->rank == than->rank && ident->order < than->order);
}

static bool name_by(void *context, const struct store_ident *ident)
{
    struct naming *naming = context;
    if (ident->member) {
        return true;
    }
    bool user = str_is(ident->id.kind, "user");
    if (user && earlier(ident, &naming->user)) {
        naming->user = *ident;
    }
    if (str_is(ident->id.kind, "anonymous") && earlier(ident, &naming->anonymous)) {
        naming->anonymous = *ident;
    }
    if (earlier(ident, &naming->any)) {
        naming->any = *ident;
    }
    /* A user id is the first identifier of its number, and nothing else matters then. */
    return !user;
}

/* The root of a tree is who was joined into last: its own user id, if it has one, is the customer's. Else any user
   id in the tree (an operator may join a user into an anonymous customer), else the first anonymous id. */
static bool gather(const struct store_identity_view *view, uint32_t root, struct naming *naming,
                   struct fail *fail)
{
    if (!store_identity_idents(view, root, name_by, naming, fail)) {
        return false;
    }
    if (naming->user.id.kind.data != NULL) {
        return true;
    }
    CLEANUP(store_numbers_done) struct store_numbers members = {0};
    if (!store_identity_members(view, root, &members, fail)) {
        return false;
    }
    for (size_t i = 1; i < members.count; i++) {
        if (!store_identity_idents(view, members.at[i], name_by, naming, fail)) {
            return false;
        }
    }
    return true;
}

static struct str with_kind(struct arena *arena, struct store_identifier id)
{
    return str_format(arena, "%.*s:%.*s", STR_ARG(id.kind), STR_ARG(id.value));
}

static bool id_of(const struct store_identity_view *view, uint32_t root, struct arena *arena,
                  struct str *out, struct fail *fail)
{
    struct naming naming = {0};
    if (!gather(view, root, &naming, fail)) {
        return false;
    }
    if (naming.user.id.kind.data != NULL) {
        *out = naming.user.id.value;
        return true;
    }
    if (naming.anonymous.id.kind.data != NULL) {
        struct store_identifier user = {STR("user"), naming.anonymous.id.value};
        uint32_t taken;
        if (!store_identity_find(view, user, STORE_NO_CUSTOMER, &taken, fail)) {
            return false;
        }
        *out = taken == STORE_NO_CUSTOMER ? naming.anonymous.id.value
                                          : with_kind(arena, naming.anonymous.id);
        return true;
    }
    *out = naming.any.id.kind.data == NULL ? STR("") : with_kind(arena, naming.any.id);
    return true;
}

struct str store_customer_id(const struct store_snapshot *snapshot, uint32_t customer,
                             struct arena *arena)
{
    struct fail fail;
    struct str id;
    if (!id_of(snapshot->identity, customer, arena, &id, &fail)) {
        store_damage_note(snapshot->identity->damage, &fail);
        return STR("");
    }
    return id;
}

bool store_customer_known(const struct store_snapshot *snapshot, uint32_t customer)
{
    struct naming naming = {0};
    struct fail fail;
    if (!gather(snapshot->identity, customer, &naming, &fail)) {
        store_damage_note(snapshot->identity->damage, &fail);
        return false;
    }
    return naming.user.id.kind.data != NULL;
}

/* ---- identifiers ----------------------------------------------------------------------------------------------- */

struct ident_list {
    struct store_ident *at;
    size_t count, capacity;
    struct fail *fail;
    bool failed;
};

static bool take_ident(void *context, const struct store_ident *ident)
{
    struct ident_list *list = context;
    void *at = list->at;
    if (!base_grow_array(&at, &list->capacity, list->count + 1, sizeof *list->at, list->fail)) {
        list->failed = true;
        return false;
    }
    list->at = at;
    list->at[list->count++] = *ident;
    return true;
}

static void ident_list_done(struct ident_list *list)
{
    base_free(list->at);
}

static int compare_idents(const void *a, const void *b)
{
    const struct store_ident *x = a;
    const struct store_ident *y = b;
    if (x->rank != y->rank) {
        return x->rank < y->rank ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

/* Order by kind and value, to find the same account named by several of those joined. */
static int compare_text(const void *a, const void *b)
{
    const struct store_ident *x = a;
    const struct store_ident *y = b;
    int kinds = str_compare(x->id.kind, y->id.kind);
    int values = kinds != 0 ? kinds : str_compare(x->id.value, y->id.value);
    return values != 0 ? values : compare_idents(a, b);
}

static void sort_unique(struct ident_list *list)
{
    if (list->count < 2) {
        return;
    }
    qsort(list->at, list->count, sizeof *list->at, compare_text);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++) {
        const struct store_ident *last = &list->at[kept - 1];
        if (!str_equal(list->at[i].id.kind, last->id.kind) ||
            !str_equal(list->at[i].id.value, last->id.value)) {
            list->at[kept++] = list->at[i];
        }
    }
    list->count = kept;
    qsort(list->at, list->count, sizeof *list->at, compare_idents);
}

static bool identifiers(const struct store_identity_view *view, uint32_t customer,
                        struct ident_list *list, struct arena *arena, struct store_identifier **out,
                        struct fail *fail)
{
    CLEANUP(store_numbers_done) struct store_numbers members = {0};
    if (!store_identity_members(view, customer, &members, fail)) {
        return false;
    }
    for (size_t i = 0; i < members.count && !list->failed; i++) {
        if (!store_identity_idents(view, members.at[i], take_ident, list, fail)) {
            return false;
        }
    }
    if (list->failed) {
        return false;
    }
    sort_unique(list);
    struct store_identifier *ids = arena_array(arena, list->count, sizeof *ids, fail);
    if (ids == NULL) {
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        ids[i] = (struct store_identifier){str_copy(arena, list->at[i].id.kind),
                                           str_copy(arena, list->at[i].id.value)};
    }
    *out = ids;
    return true;
}

bool store_customer_identifiers(const struct store_snapshot *snapshot, uint32_t customer,
                                struct arena *arena, struct store_identifier **out,
                                size_t *out_count, struct fail *fail)
{
    struct ident_list list = {.fail = fail};
    bool ok = identifiers(snapshot->identity, customer, &list, arena, out, fail);
    if (ok) {
        *out_count = list.count;
    }
    base_free(list.at);
    return ok;
}

/* ---- joins -------------------------------------------------------------------------------------------------------- */

static int compare_edges(const void *a, const void *b)
{
    uint64_t x = ((const struct store_edge *)a)->position;
    uint64_t y = ((const struct store_edge *)b)->position;
    return (x > y) - (x < y);
}

bool store_customer_joins(const struct store_snapshot *snapshot, uint32_t customer,
                          struct arena *arena, struct store_join **out, size_t *out_count,
                          struct fail *fail)
{
    const struct store_identity_view *view = snapshot->identity;
    CLEANUP(store_numbers_done) struct store_numbers members = {0};
    if (!store_identity_members(view, customer, &members, fail)) {
        return false;
    }
    size_t count = members.count - 1;
    struct store_edge *edges = arena_array(arena, count, sizeof *edges, fail);
    struct store_join *joins = arena_array(arena, count, sizeof *joins, fail);
    if (edges == NULL || joins == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!store_identity_edge(view, members.at[i + 1], &edges[i], fail)) {
            return false;
        }
    }
    if (count > 1) {
        qsort(edges, count, sizeof *edges, compare_edges);
    }
    for (size_t i = 0; i < count; i++) {
        /* Only roots are joined and joined into, so what hangs below a child is what it was then. */
        struct str id;
        if (!id_of(view, edges[i].child, arena, &id, fail)) {
            return false;
        }
        joins[i] = (struct store_join){str_copy(arena, id), edges[i].at_ms};
    }
    *out = joins;
    *out_count = count;
    return true;
}

/* ---- members -------------------------------------------------------------------------------------------------------- */

static bool member_identifiers(const struct store_identity_view *view, struct store_member *member,
                               struct arena *arena, struct fail *fail)
{
    CLEANUP(ident_list_done) struct ident_list list = {.fail = fail};
    if (!store_identity_idents(view, member->number, take_ident, &list, fail) || list.failed) {
        return false;
    }
    struct store_identifier *ids = arena_array(arena, list.count, sizeof *ids, fail);
    if (ids == NULL) {
        return false;
    }
    for (size_t i = 0; i < list.count; i++) {
        ids[i] = (struct store_identifier){str_copy(arena, list.at[i].id.kind),
                                           str_copy(arena, list.at[i].id.value)};
    }
    member->identifiers = ids;
    member->identifier_count = list.count;
    return true;
}

bool store_customer_members(const struct store_snapshot *snapshot, uint32_t customer,
                            struct arena *arena, struct store_member **out, size_t *out_count,
                            struct fail *fail)
{
    const struct store_identity_view *view = snapshot->identity;
    CLEANUP(store_numbers_done) struct store_numbers numbers = {0};
    if (!store_identity_members(view, customer, &numbers, fail)) {
        return false;
    }
    struct store_edge *edges = arena_array(arena, numbers.count, sizeof *edges, fail);
    struct store_member *members = arena_array(arena, numbers.count, sizeof *members, fail);
    if (edges == NULL || members == NULL) {
        return false;
    }
    edges[0] = (struct store_edge){.child = customer, .parent = STORE_NO_CUSTOMER};
    for (size_t i = 1; i < numbers.count; i++) {
        if (!store_identity_edge(view, numbers.at[i], &edges[i], fail)) {
            return false;
        }
    }
    if (numbers.count > 2) {
        qsort(edges + 1, numbers.count - 1, sizeof *edges, compare_edges);
    }
    for (size_t i = 0; i < numbers.count; i++) {
        enum store_mark mark;
        members[i] =
            (struct store_member){.number = edges[i].child, .joined_into = edges[i].parent};
        if (!store_identity_mark_of(view, members[i].number, &mark, fail) ||
            !member_identifiers(view, &members[i], arena, fail)) {
            return false;
        }
        members[i].has_rows = mark != STORE_MARK_ROWLESS;
    }
    *out = members;
    *out_count = numbers.count;
    return true;
}
