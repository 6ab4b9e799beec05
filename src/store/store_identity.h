/* store_identity.h — who is who: a view of identifiers and joins as of one commit.
 *
 * What: a view is the sealed runs, one or two live tables and the bounds up to which they count. Numbers are
 *   given at first sight and never change; joins are edges from the root of one tree to the root of another,
 *   and a split takes one edge away. All answers follow from that.
 * Owner: reference-counted.
 * Threads: immutable; safe for concurrent readers while the writer adds to the live tables.
 * Failure: FAIL_CORRUPT where a run is damaged. Functions of the face that cannot fail note it in the
 *   store's damage, which store_identity_sound tells.
 * Limits/cost: a root: a look into each run and table for each step, at most STORE_IDENTITY_HEIGHT_MAX steps.
 * Units: none.
 * Example: uint32_t n; if (!store_identity_find(view, id, STORE_NO_CUSTOMER, &n, fail)) return false;
 * Not here: when customers are joined (store_judge.c).
 */
#pragma once

#include "store_identity_run.h"

/* No tree of joins is higher, so that a root is near, whatever is sent. */
#define STORE_IDENTITY_HEIGHT_MAX 64U

/* The first damage found by a function that cannot fail. Outlives all views. */
struct store_damage {
    struct base_mutex lock;
    _Atomic bool found;
    struct fail fail; /* guarded by lock */
};
void store_damage_note(struct store_damage *damage, const struct fail *fail);

/* What store_identity_moved found before (store_identity_moved.c). Outlives all views. */
struct store_moved_cache;
struct store_moved_cache *store_moved_cache_new(void);
void store_moved_cache_free(struct store_moved_cache *cache); /* accepts NULL */

struct store_identity_view {
    _Atomic uint32_t references;
    uint64_t salt; /* of hashes; the store's own, so that nobody can make them collide */
    struct store_damage *damage;
    struct store_moved_cache *moved;
    struct store_identity_runs *runs;
    struct store_identity_live *live[2]; /* older (or NULL) and current */
    uint32_t numbers;                    /* bound */
    uint64_t seqs;                       /* bound */
    uint64_t position;                   /* of the last change */
    bool any_split;                      /* at or before position */
};
struct store_identity_view *store_identity_view_new(const struct store_identity_view *from);
struct store_identity_view *store_identity_view_ref(struct store_identity_view *view);
void store_identity_view_unref(struct store_identity_view *view); /* accepts NULL */

uint64_t store_identity_hash(const struct store_identity_view *view, struct store_identifier id,
                             uint32_t member_of);
/* The number of an identifier, or STORE_NO_CUSTOMER. With `member_of`: the membership of that number. */
bool store_identity_find(const struct store_identity_view *view, struct store_identifier id,
                         uint32_t member_of, uint32_t *out, struct fail *fail) MUST_USE;
bool store_identity_find_hashed(const struct store_identity_view *view, uint64_t hash,
                                struct store_identifier id, uint32_t member_of, uint32_t *out,
                                struct fail *fail) MUST_USE;
/* The newest change of `child`; out->position 0 where there is none. */
bool store_identity_edge(const struct store_identity_view *view, uint32_t child,
                         struct store_edge *out, struct fail *fail) MUST_USE;
bool store_identity_root_of(const struct store_identity_view *view, uint32_t number, uint32_t *out,
                            struct fail *fail) MUST_USE;

/* A list of numbers that grows. */
struct store_numbers {
    uint32_t *at;
    size_t count, capacity;
};
bool store_numbers_add(struct store_numbers *numbers, uint32_t number, struct fail *fail) MUST_USE;
void store_numbers_done(struct store_numbers *numbers);
int store_numbers_compare(const void *a, const void *b);
/* Ascending and unique. */
void store_numbers_sort(struct store_numbers *numbers);

/* Those joined into `parent` itself. */
bool store_identity_children(const struct store_identity_view *view, uint32_t parent,
                             struct store_numbers *out, struct fail *fail) MUST_USE;
/* `root` and all below it, root first. Appends. */
bool store_identity_members(const struct store_identity_view *view, uint32_t root,
                            struct store_numbers *out, struct fail *fail) MUST_USE;

/* An identifier with its place in the order of arrival. */
struct store_ident {
    uint64_t rank, order; /* compare rank, then order */
    uint32_t number;
    bool member;
    struct store_identifier id; /* lives as long as the view */
};
/* Calls `each` for the identifiers of one number, in order of arrival, until it returns false. */
bool store_identity_idents(const struct store_identity_view *view, uint32_t number,
                           bool (*each)(void *context, const struct store_ident *ident),
                           void *context, struct fail *fail) MUST_USE;
/* Calls `each` for every membership in an account, in no order, until it returns false. */
bool store_identity_memberships(const struct store_identity_view *view,
                                bool (*each)(void *context, const struct store_ident *ident),
                                void *context, struct fail *fail) MUST_USE;
/* Has the number itself a user id? It is then its first identifier. */
bool store_identity_is_user(const struct store_identity_view *view, uint32_t number, bool *out,
                            struct fail *fail) MUST_USE;
bool store_identity_mark_of(const struct store_identity_view *view, uint32_t number,
                            enum store_mark *out, struct fail *fail) MUST_USE;
/* The number (not the root) of what a person types: "kind:value" where kind is one, else user, anonymous, e-mail.
   STORE_NO_CUSTOMER where unknown; damage is noted. (store_customer.c) */
uint32_t store_identity_lookup(const struct store_identity_view *view, struct str text);
