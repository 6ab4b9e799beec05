/* store_identity_live.h — identifiers and joins since the last seal, in memory.
 *
 * What: a table that only grows. Every identifier has a sequence number and every join or split a position;
 *   readers are given bounds and pass over what lies at or above them, so one table serves all snapshots
 *   and publishing a commit copies nothing.
 * Owner: reference-counted.
 * Threads: one writer adds; any thread reads without a lock: chains are linked with release stores and
 *   entries never change after.
 * Failure: FAIL_NO_MEMORY.   Limits/cost: about 100 bytes an identifier, 64 a join.   Units: none.
 * Example: see store_identity.c.   Not here: what is sealed (store_identity_run.h), rules (store_judge.c).
 */
#pragma once

#include <stdatomic.h>

#include "store_internal.h"

#define STORE_NO_PARENT UINT32_MAX

/* A join (parent given) or a split (STORE_NO_PARENT) of `child`. */
struct store_edge {
    uint32_t child, parent;
    uint32_t left;     /* of a split: the parent until then; else STORE_NO_PARENT */
    uint64_t position; /* 1, 2, ...: over the whole life of the store */
    int64_t at_ms;
    uint32_t height; /* of the tree of the child when it was joined, 1 for a leaf; 0 for a split */
};

struct store_live_ident {
    struct store_live_ident *next_in_bucket;
    _Atomic(struct store_live_ident *) next_of_number; /* in order of arrival */
    struct store_live_ident *next_by_seq;              /* the writer's; frozen with the table */
    uint64_t hash;
    uint64_t seq; /* 0, 1, ...: over the whole life of the store */
    uint32_t number;
    bool member; /* a membership in an account: found by number only */
    struct store_identifier id;
};

struct store_live_edge {
    struct store_edge edge;
    struct store_live_edge *older; /* of all */
    struct store_live_edge *older_of_child;
    struct store_live_edge *older_of_parent;
};

struct store_live_number {
    struct store_live_number *next_in_bucket;
    uint32_t number;
    uint8_t mark;                        /* enum store_mark; the writer's */
    struct store_live_ident *last_ident; /* the writer's */
    _Atomic(struct store_live_ident *) idents;
    _Atomic(struct store_live_edge *) edges;    /* of it as a child, newest first */
    _Atomic(struct store_live_edge *) children; /* into it as a parent, newest first */
};

/* Has the number a row of its own? Nearly all have, so only the others are marked. */
enum store_mark {
    STORE_MARK_NONE = 0, /* nothing said here */
    STORE_MARK_ROWLESS = 1,
    STORE_MARK_HAS_ROWS = 2, /* was rowless before */
};

struct store_identity_live {
    _Atomic uint32_t references; /* any thread */
    /* The writer's. */
    struct arena *arena;
    struct store_live_ident *first_ident, *last_ident; /* by seq */
    uint64_t seq_first, seq_count;
    uint64_t position_first, edge_count; /* the first edge has position_first */
    uint32_t number_first;               /* numbers from here on were born here */
    uint32_t mark_count;
    _Atomic(struct store_live_edge *) newest_edge;
    uint32_t mask; /* of buckets */
    _Atomic(struct store_live_ident *) *ident_buckets;
    _Atomic(struct store_live_number *) *number_buckets;
};

struct store_identity_live *store_identity_live_new(uint32_t rows_expected, uint64_t seq_first,
                                                    uint64_t position_first, uint32_t number_first);
struct store_identity_live *store_identity_live_ref(struct store_identity_live *live);
void store_identity_live_unref(struct store_identity_live *live); /* accepts NULL */

/* The writer's. Positions and sequence numbers follow from the order of calls. */
bool store_identity_live_add(struct store_identity_live *live, uint64_t hash, uint32_t number,
                             struct store_identifier id, bool member, struct fail *fail) MUST_USE;
bool store_identity_live_join(struct store_identity_live *live, const struct store_edge *edge,
                              struct fail *fail) MUST_USE;
bool store_identity_live_mark(struct store_identity_live *live, uint32_t number,
                              enum store_mark mark, struct fail *fail) MUST_USE;

/* Readers'. NULL where there is none. */
const struct store_live_ident *store_identity_live_bucket(const struct store_identity_live *live,
                                                          uint64_t hash);
/* The numbers of one of the table's buckets, of which there are mask + 1; next_in_bucket leads on. */
const struct store_live_number *store_identity_live_numbers(const struct store_identity_live *live,
                                                            uint32_t bucket);
const struct store_live_number *store_identity_live_number(const struct store_identity_live *live,
                                                           uint32_t number);
