#include "store_draft.h"

#define NONE STORE_MAP_NONE

void store_draft_begin(struct store_draft *draft, const struct store_identity_view *view,
                       struct store_frame_writer *frame, uint64_t customers)
{
    draft->view = view;
    draft->frame = frame;
    store_map_reset(&draft->by_hash);
    store_map_reset(&draft->by_number);
    draft->ident_count = draft->edge_count = draft->number_count = 0;
    draft->next_number = view->numbers;
    draft->customers = customers;
    draft->any_split = view->any_split;
}

void store_draft_done(struct store_draft *draft)
{
    store_map_done(&draft->by_hash);
    store_map_done(&draft->by_number);
    base_free(draft->idents);
    base_free(draft->edges);
    base_free(draft->numbers);
    store_numbers_done(&draft->walk);
    *draft = (struct store_draft){0};
}

void store_draft_apply(const struct store_draft *draft)
{
    struct store_identity_live *live = draft->view->live[1];
    struct fail fail;
    for (size_t i = 0; i < draft->ident_count; i++) {
        const struct store_draft_ident *ident = &draft->idents[i];
        bool added = store_identity_live_add(live, ident->hash, ident->number, ident->id,
                                             ident->member, &fail);
        INVARIANT(added);
    }
    for (size_t i = 0; i < draft->edge_count; i++) {
        bool joined = store_identity_live_join(live, &draft->edges[i].edge, &fail);
        INVARIANT(joined);
    }
    for (size_t i = 0; i < draft->number_count; i++) {
        const struct store_draft_number *number = &draft->numbers[i];
        bool marked =
            !number->mark_changed ||
            store_identity_live_mark(live, number->number, (enum store_mark)number->mark, &fail);
        INVARIANT(marked);
    }
}

/* ---- looking ------------------------------------------------------------------------------------------- */

static const struct store_draft_number *number_at(const struct store_draft *draft, uint32_t number)
{
    uint32_t at =
        draft->number_count == 0 ? NONE : store_map_find(&draft->by_number, store_map_mix(number));
    return at == NONE ? NULL : &draft->numbers[at];
}

static struct store_draft_number *number_of(struct store_draft *draft, uint32_t number,
                                            struct fail *fail)
{
    uint64_t key = store_map_mix(number);
    uint32_t at = store_map_find(&draft->by_number, key);
    if (at != NONE) {
        return &draft->numbers[at];
    }
    void *numbers = draft->numbers;
    if (!base_grow_array(&numbers, &draft->number_capacity, draft->number_count + 1,
                         sizeof draft->numbers[0], fail)) {
        return NULL;
    }
    draft->numbers = numbers;
    if (!store_map_put(&draft->by_number, key, (uint32_t)draft->number_count, fail)) {
        return NULL;
    }
    struct store_draft_number *out = &draft->numbers[draft->number_count++];
    *out = (struct store_draft_number){.number = number, .edge = NONE, .children = NONE};
    return out;
}

bool store_draft_find(struct store_draft *draft, struct store_identifier id, uint32_t member_of,
                      uint32_t *out, struct fail *fail)
{
    uint64_t hash = store_identity_hash(draft->view, id, member_of);
    for (uint32_t at = store_map_find(&draft->by_hash, hash); at != NONE;
         at = draft->idents[at].next_same_hash) {
        const struct store_draft_ident *ident = &draft->idents[at];
        if (ident->member == (member_of != STORE_NO_CUSTOMER) &&
            (!ident->member || ident->number == member_of) && str_equal(ident->id.kind, id.kind) &&
            str_equal(ident->id.value, id.value)) {
            *out = ident->number;
            return true;
        }
    }
    /* A membership of a number that is new in this commit can lie nowhere else. */
    if (member_of != STORE_NO_CUSTOMER && member_of >= draft->view->numbers) {
        *out = STORE_NO_CUSTOMER;
        return true;
    }
    return store_identity_find_hashed(draft->view, hash, id, member_of, out, fail);
}

bool store_draft_edge(struct store_draft *draft, uint32_t child, struct store_edge *out,
                      struct fail *fail)
{
    const struct store_draft_number *number = number_at(draft, child);
    if (number != NULL && number->edge != NONE) {
        *out = draft->edges[number->edge].edge;
        return true;
    }
    if (child >= draft->view->numbers) {
        *out =
            (struct store_edge){.child = child, .parent = STORE_NO_PARENT, .left = STORE_NO_PARENT};
        return true;
    }
    return store_identity_edge(draft->view, child, out, fail);
}

bool store_draft_root(struct store_draft *draft, uint32_t number, uint32_t *out, struct fail *fail)
{
    uint32_t at = number;
    for (uint32_t steps = 0; steps <= STORE_IDENTITY_HEIGHT_MAX + 1; steps++) {
        struct store_edge edge;
        if (!store_draft_edge(draft, at, &edge, fail)) {
            return false;
        }
        if (edge.parent == STORE_NO_PARENT) {
            *out = at;
            return true;
        }
        at = edge.parent;
    }
    return fail_set(fail, FAIL_CORRUPT, "the joins of customer %u never end", number);
}

/* Appends those joined into `parent` itself. */
static bool children(struct store_draft *draft, uint32_t parent, struct store_numbers *out,
                     struct fail *fail)
{
    size_t from = out->count;
    if (parent < draft->view->numbers && !store_identity_children(draft->view, parent, out, fail)) {
        return false;
    }
    /* Those that the draft moved elsewhere since do not count. */
    size_t kept = from;
    for (size_t i = from; i < out->count; i++) {
        const struct store_draft_number *number = number_at(draft, out->at[i]);
        if (number == NULL || number->edge == NONE) {
            out->at[kept++] = out->at[i];
        }
    }
    out->count = kept;
    const struct store_draft_number *owner = number_at(draft, parent);
    for (uint32_t at = owner == NULL ? NONE : owner->children; at != NONE;
         at = draft->edges[at].next_of_parent) {
        uint32_t child = draft->edges[at].edge.child;
        const struct store_draft_number *number = number_at(draft, child);
        if (number != NULL && number->edge == at && !store_numbers_add(out, child, fail)) {
            return false;
        }
    }
    return true;
}

/* Looks for a member of the tree of `root` of which `is` holds, nearest first. */
static bool any_member(struct store_draft *draft, uint32_t root,
                       bool (*is)(struct store_draft *draft, uint32_t number, bool *out,
                                  struct fail *fail),
                       bool *out, struct fail *fail)
{
    bool found = false;
    if (!is(draft, root, &found, fail)) {
        return false;
    }
    struct store_numbers *walk = &draft->walk;
    walk->count = 0;
    if (!found && !children(draft, root, walk, fail)) {
        return false;
    }
    for (size_t i = 0; !found && i < walk->count; i++) {
        uint32_t number = walk->at[i];
        if (!is(draft, number, &found, fail) || (!found && !children(draft, number, walk, fail))) {
            return false;
        }
    }
    *out = found;
    return true;
}

static bool is_user(struct store_draft *draft, uint32_t number, bool *out, struct fail *fail)
{
    if (number >= draft->view->numbers) {
        const struct store_draft_number *fresh = number_at(draft, number);
        *out = fresh != NULL && fresh->user;
        return true;
    }
    return store_identity_is_user(draft->view, number, out, fail);
}

bool store_draft_owned(struct store_draft *draft, uint32_t root, bool *out, struct fail *fail)
{
    return any_member(draft, root, is_user, out, fail);
}

static bool mark_of(struct store_draft *draft, uint32_t number, enum store_mark *out,
                    struct fail *fail)
{
    const struct store_draft_number *at = number_at(draft, number);
    if (at != NULL && at->mark != STORE_MARK_NONE) {
        *out = (enum store_mark)at->mark;
        return true;
    }
    if (number >= draft->view->numbers) {
        *out = STORE_MARK_NONE;
        return true;
    }
    return store_identity_mark_of(draft->view, number, out, fail);
}

static bool row_of_its_own(struct store_draft *draft, uint32_t number, bool *out, struct fail *fail)
{
    enum store_mark mark;
    if (!mark_of(draft, number, &mark, fail)) {
        return false;
    }
    *out = mark != STORE_MARK_ROWLESS;
    return true;
}

bool store_draft_has_rows(struct store_draft *draft, uint32_t root, bool *out, struct fail *fail)
{
    return any_member(draft, root, row_of_its_own, out, fail);
}

bool store_draft_height(struct store_draft *draft, uint32_t root, uint32_t *out, struct fail *fail)
{
    uint32_t height = 1;
    struct store_numbers *walk = &draft->walk;
    walk->count = 0;
    if (!children(draft, root, walk, fail)) {
        return false;
    }
    for (size_t i = 0; i < walk->count; i++) {
        struct store_edge edge;
        if (!store_draft_edge(draft, walk->at[i], &edge, fail)) {
            return false;
        }
        height = edge.height + 1 > height ? edge.height + 1 : height;
    }
    *out = height;
    return true;
}

/* ---- changing ---------------------------------------------------------------------------------------------- */

bool store_draft_add(struct store_draft *draft, uint32_t number, struct store_identifier id,
                     bool member, struct fail *fail)
{
    void *idents = draft->idents;
    if (!base_grow_array(&idents, &draft->ident_capacity, draft->ident_count + 1,
                         sizeof draft->idents[0], fail)) {
        return false;
    }
    draft->idents = idents;
    uint32_t at = (uint32_t)draft->ident_count;
    uint64_t hash = store_identity_hash(draft->view, id, member ? number : STORE_NO_CUSTOMER);
    uint32_t before = store_map_find(&draft->by_hash, hash);
    if (before == NONE && !store_map_put(&draft->by_hash, hash, at, fail)) {
        return false;
    }
    if (before != NONE) {
        store_map_set(&draft->by_hash, hash, at);
    }
    draft->idents[at] = (struct store_draft_ident){
        .hash = hash, .number = number, .next_same_hash = before, .member = member, .id = id};
    draft->ident_count++;
    store_frame_identifier(draft->frame, number, id, member);
    return true;
}

bool store_draft_new(struct store_draft *draft, struct store_identifier first, uint32_t *out,
                     struct fail *fail)
{
    if (draft->next_number >= STORE_NO_CUSTOMER - 1) {
        return fail_set(fail, FAIL_LIMIT, "there are as many customers as there can be");
    }
    struct store_draft_number *number = number_of(draft, draft->next_number, fail);
    if (number == NULL) {
        return false;
    }
    number->user = str_is(first.kind, "user");
    number->mark = STORE_MARK_ROWLESS;
    *out = draft->next_number++;
    return store_draft_add(draft, *out, first, false, fail);
}

static bool change(struct store_draft *draft, const struct store_edge *edge, struct fail *fail)
{
    void *edges = draft->edges;
    if (!base_grow_array(&edges, &draft->edge_capacity, draft->edge_count + 1,
                         sizeof draft->edges[0], fail)) {
        return false;
    }
    draft->edges = edges;
    uint32_t at = (uint32_t)draft->edge_count;
    struct store_draft_edge *out = &draft->edges[at];
    *out = (struct store_draft_edge){.edge = *edge, .next_of_parent = NONE};
    out->edge.position = draft->view->position + draft->edge_count + 1;
    struct store_draft_number *child = number_of(draft, edge->child, fail);
    if (child == NULL) {
        return false;
    }
    child->edge = at;
    if (edge->parent != STORE_NO_PARENT) {
        struct store_draft_number *parent = number_of(draft, edge->parent, fail);
        if (parent == NULL) {
            return false;
        }
        out->next_of_parent = parent->children;
        parent->children = at;
    }
    draft->edge_count++;
    store_frame_join(draft->frame, &out->edge);
    return true;
}

bool store_draft_join(struct store_draft *draft, uint32_t child, uint32_t parent, int64_t at_ms,
                      struct fail *fail)
{
    bool child_rows;
    bool parent_rows;
    struct store_edge edge = {
        .child = child, .parent = parent, .left = STORE_NO_PARENT, .at_ms = at_ms};
    if (!store_draft_has_rows(draft, child, &child_rows, fail) ||
        !store_draft_has_rows(draft, parent, &parent_rows, fail) ||
        !store_draft_height(draft, child, &edge.height, fail)) {
        return false;
    }
    draft->customers -= child_rows && parent_rows;
    return change(draft, &edge, fail);
}

bool store_draft_split(struct store_draft *draft, uint32_t child, int64_t at_ms, struct fail *fail)
{
    struct store_edge edge;
    uint32_t root;
    bool child_rows;
    bool rest_rows;
    if (!store_draft_edge(draft, child, &edge, fail)) {
        return false;
    }
    edge = (struct store_edge){
        .child = child, .parent = STORE_NO_PARENT, .left = edge.parent, .at_ms = at_ms};
    if (!store_draft_root(draft, child, &root, fail) || !change(draft, &edge, fail) ||
        !store_draft_has_rows(draft, child, &child_rows, fail) ||
        !store_draft_has_rows(draft, root, &rest_rows, fail)) {
        return false;
    }
    draft->customers += child_rows && rest_rows;
    draft->any_split = true;
    return true;
}

bool store_draft_row(struct store_draft *draft, uint32_t number, uint32_t root, struct fail *fail)
{
    enum store_mark mark;
    bool rows;
    if (!mark_of(draft, number, &mark, fail)) {
        return false;
    }
    if (mark != STORE_MARK_ROWLESS) {
        return true;
    }
    struct store_draft_number *at = number_of(draft, number, fail);
    if (at == NULL || !store_draft_has_rows(draft, root, &rows, fail)) {
        return false;
    }
    draft->customers += !rows;
    if (number >= draft->view->numbers) {
        /* Made in this commit: it was never written down as rowless. */
        at->mark = STORE_MARK_NONE;
    } else {
        at->mark = STORE_MARK_HAS_ROWS;
        at->mark_changed = true;
    }
    return true;
}

void store_draft_finish(struct store_draft *draft)
{
    for (size_t i = 0; i < draft->number_count; i++) {
        struct store_draft_number *number = &draft->numbers[i];
        if (number->number >= draft->view->numbers && number->mark == STORE_MARK_ROWLESS) {
            number->mark_changed = true;
            store_frame_rowless(draft->frame, number->number);
        }
    }
}
