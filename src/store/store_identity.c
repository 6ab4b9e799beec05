#include "store_identity.h"

#include <stdlib.h>

void store_damage_note(struct store_damage *damage, const struct fail *fail)
{
    base_lock(&damage->lock);
    if (!atomic_load(&damage->found)) {
        damage->fail = *fail;
        atomic_store(&damage->found, true);
    }
    base_unlock(&damage->lock);
}

bool store_identity_sound(const struct store_identity_view *view, struct fail *fail)
{
    if (!atomic_load_explicit(&view->damage->found, memory_order_relaxed)) {
        return true;
    }
    base_lock(&view->damage->lock);
    *fail = view->damage->fail;
    base_unlock(&view->damage->lock);
    return false;
}

/* ---- views ------------------------------------------------------------------------------------------ */

struct store_identity_view *store_identity_view_new(const struct store_identity_view *from)
{
    struct store_identity_view *view = base_alloc_zero(sizeof *view);
    view->salt = from->salt;
    view->damage = from->damage;
    view->moved = from->moved;
    view->runs = store_identity_runs_ref(from->runs);
    for (size_t i = 0; i < 2; i++) {
        view->live[i] = from->live[i] == NULL ? NULL : store_identity_live_ref(from->live[i]);
    }
    view->numbers = from->numbers;
    view->seqs = from->seqs;
    view->position = from->position;
    view->any_split = from->any_split;
    atomic_store(&view->references, 1);
    return view;
}

struct store_identity_view *store_identity_view_ref(struct store_identity_view *view)
{
    atomic_fetch_add_explicit(&view->references, 1, memory_order_relaxed);
    return view;
}

void store_identity_view_unref(struct store_identity_view *view)
{
    if (view == NULL ||
        atomic_fetch_sub_explicit(&view->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    store_identity_runs_unref(view->runs);
    store_identity_live_unref(view->live[0]);
    store_identity_live_unref(view->live[1]);
    base_free(view);
}

uint64_t store_identity_position(const struct store_identity_view *view)
{
    return view->position;
}

/* ---- identifiers ---------------------------------------------------------------------------------------- */

uint64_t store_identity_hash(const struct store_identity_view *view, struct store_identifier id,
                             uint32_t member_of)
{
    uint64_t seed = view->salt;
    if (member_of != STORE_NO_CUSTOMER) {
        seed += 1 + (uint64_t)member_of;
    }
    seed = base_hash64(id.kind.data, id.kind.len, seed);
    return base_hash64(id.value.data, id.value.len, seed);
}

static uint32_t find_live(const struct store_identity_live *live, uint64_t seqs, uint64_t hash,
                          struct store_identifier id, uint32_t member_of)
{
    const struct store_live_ident *at = store_identity_live_bucket(live, hash);
    for (; at != NULL; at = at->next_in_bucket) {
        if (at->hash == hash && at->seq < seqs && at->member == (member_of != STORE_NO_CUSTOMER) &&
            (!at->member || at->number == member_of) && str_equal(at->id.value, id.value) &&
            str_equal(at->id.kind, id.kind)) {
            return at->number;
        }
    }
    return STORE_NO_CUSTOMER;
}

bool store_identity_find_hashed(const struct store_identity_view *view, uint64_t hash,
                                struct store_identifier id, uint32_t member_of, uint32_t *out,
                                struct fail *fail)
{
    uint32_t found = STORE_NO_CUSTOMER;
    for (size_t i = 2; i-- > 0 && found == STORE_NO_CUSTOMER;) {
        if (view->live[i] != NULL) {
            found = find_live(view->live[i], view->seqs, hash, id, member_of);
        }
    }
    for (size_t i = view->runs->count; i-- > 0 && found == STORE_NO_CUSTOMER;) {
        if (!store_identity_run_find(&view->runs->runs[i], hash, id, member_of, &found, fail)) {
            return false;
        }
    }
    *out = found;
    return true;
}

bool store_identity_find(const struct store_identity_view *view, struct store_identifier id,
                         uint32_t member_of, uint32_t *out, struct fail *fail)
{
    return store_identity_find_hashed(view, store_identity_hash(view, id, member_of), id, member_of,
                                      out, fail);
}

struct run_idents {
    bool (*each)(void *context, const struct store_ident *ident);
    void *context;
    uint64_t rank;
    bool members_only;
    bool stopped;
};

static bool each_run_ident(void *context, const struct store_run_ident *ident)
{
    struct run_idents *run = context;
    struct store_ident out = {
        .rank = run->rank,
        .order = ident->offset,
        .number = ident->number,
        .member = ident->member,
        .id = ident->id,
    };
    run->stopped = !run->each(run->context, &out);
    return !run->stopped;
}

/* Calls for the idents of one number in a live table; false where it was told to stop. */
static bool each_live_ident(const struct store_identity_view *view,
                            const struct store_live_number *owner, struct run_idents *to)
{
    const struct store_live_ident *at =
        owner == NULL ? NULL : atomic_load_explicit(&owner->idents, memory_order_acquire);
    while (at != NULL && at->seq < view->seqs) {
        struct store_ident out = {
            .rank = to->rank,
            .order = at->seq,
            .number = at->number,
            .member = at->member,
            .id = at->id,
        };
        if ((!to->members_only || at->member) && !to->each(to->context, &out)) {
            return false;
        }
        at = atomic_load_explicit(&at->next_of_number, memory_order_acquire);
    }
    return true;
}

bool store_identity_idents(const struct store_identity_view *view, uint32_t number,
                           bool (*each)(void *context, const struct store_ident *ident),
                           void *context, struct fail *fail)
{
    struct run_idents to = {.each = each, .context = context};
    for (size_t i = 0; i < view->runs->count; i++) {
        to.rank = i;
        if (!store_identity_run_idents(&view->runs->runs[i], number, each_run_ident, &to, fail)) {
            return false;
        }
        if (to.stopped) {
            return true;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        to.rank = view->runs->count + i;
        if (view->live[i] != NULL &&
            !each_live_ident(view, store_identity_live_number(view->live[i], number), &to)) {
            return true;
        }
    }
    return true;
}

bool store_identity_memberships(const struct store_identity_view *view,
                                bool (*each)(void *context, const struct store_ident *ident),
                                void *context, struct fail *fail)
{
    struct run_idents to = {.each = each, .context = context, .members_only = true};
    for (size_t i = 0; i < view->runs->count; i++) {
        to.rank = i;
        if (!store_identity_run_memberships(&view->runs->runs[i], each_run_ident, &to, fail)) {
            return false;
        }
        if (to.stopped) {
            return true;
        }
    }
    for (size_t i = 0; i < 2; i++) {
        to.rank = view->runs->count + i;
        for (uint32_t b = 0; view->live[i] != NULL && b <= view->live[i]->mask; b++) {
            const struct store_live_number *at = store_identity_live_numbers(view->live[i], b);
            for (; at != NULL; at = at->next_in_bucket) {
                if (!each_live_ident(view, at, &to)) {
                    return true;
                }
            }
        }
    }
    return true;
}

static bool first_is_user(void *context, const struct store_ident *ident)
{
    bool *user = context;
    *user = str_is(ident->id.kind, "user");
    return false;
}

bool store_identity_is_user(const struct store_identity_view *view, uint32_t number, bool *out,
                            struct fail *fail)
{
    *out = false;
    return store_identity_idents(view, number, first_is_user, out, fail);
}

bool store_identity_mark_of(const struct store_identity_view *view, uint32_t number,
                            enum store_mark *out, struct fail *fail)
{
    enum store_mark mark = STORE_MARK_NONE;
    for (size_t i = 2; i-- > 0 && mark == STORE_MARK_NONE;) {
        if (view->live[i] != NULL && view->live[i]->mark_count > 0) {
            const struct store_live_number *at = store_identity_live_number(view->live[i], number);
            mark = at == NULL ? STORE_MARK_NONE : (enum store_mark)at->mark;
        }
    }
    for (size_t i = view->runs->count; i-- > 0 && mark == STORE_MARK_NONE;) {
        if (!store_identity_run_mark(&view->runs->runs[i], number, &mark, fail)) {
            return false;
        }
    }
    *out = mark;
    return true;
}

/* ---- joins ------------------------------------------------------------------------------------------------ */

static bool newest(void *context, const struct store_edge *edge)
{
    struct store_edge *out = context;
    *out = *edge;
    return false;
}

bool store_identity_edge(const struct store_identity_view *view, uint32_t child,
                         struct store_edge *out, struct fail *fail)
{
    struct store_edge found = {.child = child, .parent = STORE_NO_PARENT, .left = STORE_NO_PARENT};
    for (size_t i = 2; i-- > 0;) {
        const struct store_live_number *owner =
            view->live[i] == NULL ? NULL : store_identity_live_number(view->live[i], child);
        const struct store_live_edge *at =
            owner == NULL ? NULL : atomic_load_explicit(&owner->edges, memory_order_acquire);
        while (at != NULL && at->edge.position > view->position) {
            at = at->older_of_child;
        }
        if (at != NULL) {
            *out = at->edge;
            return true;
        }
    }
    for (size_t i = view->runs->count; i-- > 0 && found.position == 0;) {
        if (!store_identity_run_edges(&view->runs->runs[i], child, newest, &found, fail)) {
            return false;
        }
    }
    *out = found;
    return true;
}

bool store_identity_root_of(const struct store_identity_view *view, uint32_t number, uint32_t *out,
                            struct fail *fail)
{
    uint32_t at = number;
    for (uint32_t steps = 0;; steps++) {
        struct store_edge edge;
        if (!store_identity_edge(view, at, &edge, fail)) {
            return false;
        }
        if (edge.parent == STORE_NO_PARENT) {
            *out = at;
            return true;
        }
        if (steps > STORE_IDENTITY_HEIGHT_MAX) {
            return fail_set(fail, FAIL_CORRUPT, "the joins of customer %u never end", number);
        }
        at = edge.parent;
    }
}

uint32_t store_identity_root(const struct store_identity_view *view, uint32_t number)
{
    struct fail fail;
    uint32_t root;
    if (!store_identity_root_of(view, number, &root, &fail)) {
        store_damage_note(view->damage, &fail);
        return number;
    }
    return root;
}

bool store_numbers_add(struct store_numbers *numbers, uint32_t number, struct fail *fail)
{
    void *at = numbers->at;
    if (!base_grow_array(&at, &numbers->capacity, numbers->count + 1, sizeof number, fail)) {
        return false;
    }
    numbers->at = at;
    numbers->at[numbers->count++] = number;
    return true;
}

void store_numbers_done(struct store_numbers *numbers)
{
    base_free(numbers->at);
    *numbers = (struct store_numbers){0};
}

int store_numbers_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void store_numbers_sort(struct store_numbers *numbers)
{
    if (numbers->count < 2) {
        return;
    }
    qsort(numbers->at, numbers->count, sizeof numbers->at[0], store_numbers_compare);
    size_t kept = 1;
    for (size_t i = 1; i < numbers->count; i++) {
        if (numbers->at[i] != numbers->at[kept - 1]) {
            numbers->at[kept++] = numbers->at[i];
        }
    }
    numbers->count = kept;
}

struct child_filter {
    const struct store_identity_view *view;
    struct store_numbers *out;
    struct fail *fail;
    bool failed;
};

/* A join counts while it is the newest change of its child. */
static bool take_child(void *context, uint32_t child, uint64_t position)
{
    struct child_filter *filter = context;
    struct store_edge edge;
    if (!store_identity_edge(filter->view, child, &edge, filter->fail) ||
        (edge.position == position && !store_numbers_add(filter->out, child, filter->fail))) {
        filter->failed = true;
        return false;
    }
    return true;
}

bool store_identity_children(const struct store_identity_view *view, uint32_t parent,
                             struct store_numbers *out, struct fail *fail)
{
    struct child_filter filter = {view, out, fail, false};
    for (size_t i = 0; i < view->runs->count && !filter.failed; i++) {
        if (!store_identity_run_children(&view->runs->runs[i], parent, take_child, &filter, fail)) {
            return false;
        }
    }
    for (size_t i = 0; i < 2 && !filter.failed; i++) {
        const struct store_live_number *owner =
            view->live[i] == NULL ? NULL : store_identity_live_number(view->live[i], parent);
        const struct store_live_edge *at =
            owner == NULL ? NULL : atomic_load_explicit(&owner->children, memory_order_acquire);
        for (; at != NULL && !filter.failed; at = at->older_of_parent) {
            if (at->edge.position <= view->position) {
                take_child(&filter, at->edge.child, at->edge.position);
            }
        }
    }
    return !filter.failed;
}

bool store_identity_members(const struct store_identity_view *view, uint32_t root,
                            struct store_numbers *out, struct fail *fail)
{
    size_t at = out->count;
    if (!store_numbers_add(out, root, fail)) {
        return false;
    }
    for (; at < out->count; at++) {
        if (!store_identity_children(view, out->at[at], out, fail)) {
            return false;
        }
    }
    return true;
}
