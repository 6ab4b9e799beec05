/* store_draft.h — what a commit would change about identity, before it is durable.
 *
 * What: new numbers, identifiers, joins and splits laid over a view, so that items of one commit see each
 *   other and a failed commit leaves nothing behind. Each change is written into the frame as it is made;
 *   store_draft_apply then adds them all to the live table.
 * Owner: the writer thread.   Threads: one.
 * Failure: FAIL_CORRUPT from the runs below, FAIL_NO_MEMORY.
 * Limits/cost: a look into a small table before each look into the view.   Units: none.
 * Example: see store_judge_identity.c.   Not here: the rules (store_judge_identity.c).
 */
#pragma once

#include "store_frame.h"
#include "store_identity.h"
#include "store_map.h"

struct store_draft_ident {
    uint64_t hash;
    uint32_t number;
    uint32_t next_same_hash; /* STORE_MAP_NONE: the end */
    bool member;
    struct store_identifier id; /* views the item */
};
struct store_draft_edge {
    struct store_edge edge;
    uint32_t next_of_parent;
};
struct store_draft_number {
    uint32_t number;
    uint32_t edge;     /* newest change of it as a child, or STORE_MAP_NONE */
    uint32_t children; /* newest join into it */
    uint8_t mark;      /* enum store_mark */
    bool mark_changed;
    bool user; /* of a new number: its first identifier is a user id */
};
struct store_draft {
    const struct store_identity_view *view; /* as of the last commit */
    struct store_frame_writer *frame;
    struct store_map by_hash, by_number;
    struct store_draft_ident *idents;
    struct store_draft_edge *edges;
    struct store_draft_number *numbers;
    size_t ident_count, ident_capacity;
    size_t edge_count, edge_capacity;
    size_t number_count, number_capacity;
    uint32_t next_number;
    uint64_t customers; /* roots with a row, as of now in the draft */
    bool any_split;
    struct store_numbers walk; /* scratch */
};

void store_draft_begin(struct store_draft *draft, const struct store_identity_view *view,
                       struct store_frame_writer *frame, uint64_t customers);
void store_draft_done(struct store_draft *draft);
/* Adds all to the view's current live table. Aborts without memory: the commit is durable already, and a
   restart replays it. */
void store_draft_apply(const struct store_draft *draft);

bool store_draft_find(struct store_draft *draft, struct store_identifier id, uint32_t member_of,
                      uint32_t *out, struct fail *fail) MUST_USE;
bool store_draft_root(struct store_draft *draft, uint32_t number, uint32_t *out,
                      struct fail *fail) MUST_USE;
bool store_draft_edge(struct store_draft *draft, uint32_t child, struct store_edge *out,
                      struct fail *fail) MUST_USE;
/* Does anyone in the tree of `root` have a user id? A row? */
bool store_draft_owned(struct store_draft *draft, uint32_t root, bool *out,
                       struct fail *fail) MUST_USE;
bool store_draft_has_rows(struct store_draft *draft, uint32_t root, bool *out,
                          struct fail *fail) MUST_USE;
/* How many levels the tree of `root` has. */
bool store_draft_height(struct store_draft *draft, uint32_t root, uint32_t *out,
                        struct fail *fail) MUST_USE;

/* A new number with its first identifier; it has no row yet. */
bool store_draft_new(struct store_draft *draft, struct store_identifier first, uint32_t *out,
                     struct fail *fail) MUST_USE;
bool store_draft_add(struct store_draft *draft, uint32_t number, struct store_identifier id,
                     bool member, struct fail *fail) MUST_USE;
/* Both must be roots, and different; the height must have been looked at. */
bool store_draft_join(struct store_draft *draft, uint32_t child, uint32_t parent, int64_t at_ms,
                      struct fail *fail) MUST_USE;
/* `child` must be joined. */
bool store_draft_split(struct store_draft *draft, uint32_t child, int64_t at_ms,
                       struct fail *fail) MUST_USE;
/* A row is stored under `number`, whose root is `root`: counts a customer where it is the first. */
bool store_draft_row(struct store_draft *draft, uint32_t number, uint32_t root,
                     struct fail *fail) MUST_USE;
/* Writes down the numbers that were made and have no row yet; at the end of the commit. */
void store_draft_finish(struct store_draft *draft);
