/* query_paths.h — the plan of a paths question, the walk along one customer's events, and what is counted.
 *
 * What: every start event begins a path of the names of the events after it (asked for an end: before it),
 *   so far as no pause above the gap comes between neighbours. Paths are counted in a tree, a node for each
 *   beginning that was met: it holds how often a path ended there, and knows the link that leads to it.
 * Owner: walk and tree belong to a worker.   Threads: the worker's.
 * Failure: FAIL_LIMIT.   Limits/cost: QUERY_PATHS_STEPS_MAX; loading is one pass over the customer's events,
 *   a path one look-up a step, however long the runs that "collapse" passes over.
 * Units: *_ms.   Example: query_paths.c.   Not here: names of events (query_paths_name.c), JSON.
 */
#pragma once

#include "query_exec.h"
#include "query_group.h"

#define QUERY_PATHS_STEPS_MAX 20
#define QUERY_PATHS_NAMES_MAX                                                                      \
    (QUERY_PATHS_STEPS_MAX + 1) /* of one path: the start, and its steps */

enum paths_cell {
    PATHS_CELL_DEPTH, /* paths that reach it; depth 0: all */
    PATHS_CELL_LINK,
    PATHS_CELL_PATH,
};
struct paths_body { /* matcher 0 is the start, or the end */
    bool backwards; /* from an end event to those before it */
    bool collapse;
    uint32_t steps;
    int64_t gap_ms;
    size_t limit;
    struct query_name by;
    struct {
        enum paths_cell cell;
        uint32_t depth; /* of a path: where it ends */
        /* As they are walked. A link: its two, the nearer one first. */
        struct str names[QUERY_PATHS_NAMES_MAX];
    } open;
};

/* ---- one customer's events ---- */

#define PATHS_NOWHERE UINT32_MAX
struct paths_event {
    int64_t ts_ms;
    uint32_t name;
    uint32_t next; /* where a path goes on from here, or PATHS_NOWHERE */
    bool begins;
};
struct paths_walk {
    struct query_vec *events; /* struct paths_event, in timeline order */
};
bool paths_walk_new(struct arena *arena, struct base_budget *budget, struct paths_walk **out,
                    struct fail *fail) MUST_USE;
/* Fills in `next` of all events. */
void paths_walk_link(struct paths_walk *walk, const struct paths_body *body);
/* The names of the path that begins at event `at`; gives how many. */
uint32_t paths_walk_from(const struct paths_walk *walk, const struct paths_body *body, uint32_t at,
                         uint32_t names[QUERY_PATHS_NAMES_MAX]);

/* ---- counting ---- */

struct paths_link { /* `from` is the nearer to where paths begin */
    uint32_t depth, from, to;
    uint32_t customer; /* the last that was counted */
    uint64_t count, customers;
};
struct paths_node {
    uint32_t parent, name;
    uint32_t link; /* that leads here; PATHS_NOWHERE at a beginning */
    uint32_t depth;
    uint32_t customer;
    uint64_t count, customers; /* of paths that end here */
};
struct paths_tree {
    struct arena *arena;
    struct query_vec *nodes, *links;
    uint32_t *node_slots, *link_slots; /* index + 1 */
    size_t node_slot_count, link_slot_count;
    uint32_t customer; /* from 1 */
    uint64_t depth_counts[QUERY_PATHS_NAMES_MAX], depth_customers[QUERY_PATHS_NAMES_MAX];
    uint32_t depth_stamps[QUERY_PATHS_NAMES_MAX];
};
bool paths_tree_new(struct arena *arena, struct base_budget *budget, struct paths_tree **out,
                    struct fail *fail) MUST_USE;
/* The paths added from here on are the next customer's. */
void paths_tree_next_customer(struct paths_tree *tree);
bool paths_tree_add(struct paths_tree *tree, const uint32_t *names, uint32_t count,
                    struct fail *fail) MUST_USE;
/* The link, and the node that these names lead to: made where nobody went. */
bool paths_tree_link(struct paths_tree *tree, uint32_t depth, uint32_t from, uint32_t to,
                     uint32_t *out, struct fail *fail) MUST_USE;
bool paths_tree_node(struct paths_tree *tree, const uint32_t *names, uint32_t count, uint32_t *out,
                     struct fail *fail) MUST_USE;
/* The customers of both are others. `renamed` has the names of `from` as `into` numbers them. */
bool paths_tree_merge(struct paths_tree *into, const struct paths_tree *from,
                      const uint32_t *renamed, struct fail *fail) MUST_USE;

/* The most frequent links and paths, at most `limit`, in the answer's order. `names` by number. */
struct paths_ranked {
    const struct paths_tree *tree;
    const struct str *names;
    bool backwards;
    uint32_t index; /* of the link, or of the node where the path ends */
};
bool paths_rank_links(const struct paths_tree *tree, const struct str *names, bool backwards,
                      size_t limit, struct arena *arena, struct paths_ranked **out,
                      size_t *out_count, struct fail *fail) MUST_USE;
bool paths_rank_paths(const struct paths_tree *tree, const struct str *names, bool backwards,
                      size_t limit, struct arena *arena, struct paths_ranked **out,
                      size_t *out_count, struct fail *fail) MUST_USE;
/* The names of the path that ends at a node, in order of time; gives how many. */
uint32_t paths_names(const struct paths_tree *tree, uint32_t node, bool backwards,
                     uint32_t names[QUERY_PATHS_NAMES_MAX]);

/* ---- names ---- */

struct paths_names {
    struct query_groups table;
    uint32_t *by_code; /* of events: number + 1 */
    uint32_t none;     /* of an event without a value, + 1 */
    uint64_t batch;    /* of the customer whose name is kept */
    uint32_t customer, of_customer;
};
bool paths_names_new(struct query_worker *worker, struct paths_names **out,
                     struct fail *fail) MUST_USE;
/* What events of a code are called. */
bool paths_name_of_event(struct paths_names *names, const struct query_worker *worker,
                         uint32_t code, uint32_t *out, struct fail *fail) MUST_USE;
/* What the event at a row is called: the first value of `by`, "(none)" without one. */
bool paths_name_of_row(struct paths_names *names, struct query_worker *worker, uint32_t c,
                       uint32_t row, uint32_t *out, struct fail *fail) MUST_USE;

/* ---- what is shown of the asked range, to be shown of the one compared with ---- */

struct paths_chosen { /* in the answer's order */
    struct paths_ranked *links, *paths;
    size_t link_count, path_count;
};
struct paths_shown;
/* Names are copied. */
bool paths_shown_keep(const struct paths_chosen *chosen, struct arena *arena,
                      struct paths_shown **out, struct fail *fail) MUST_USE;
/* The same links and paths in another tree, with nobody on those that it has not. */
bool paths_shown_find(const struct paths_shown *shown, struct paths_names *names,
                      struct paths_tree *tree, bool backwards, struct arena *arena,
                      struct paths_chosen *out, struct fail *fail) MUST_USE;

/* ---- of narrow rows (query_paths_narrow.c) ---- */

/* By events, with few steps: else rows must not be narrow. */
bool paths_narrow_fits(const struct query_exec *exec);
struct paths_narrow;
/* For a worker whose rows are narrow. */
bool paths_narrow_new(struct query_worker *worker, struct paths_narrow **out,
                      struct fail *fail) MUST_USE;
bool paths_narrow_customer(struct paths_narrow *narrow, struct query_worker *worker, uint32_t c,
                           struct fail *fail) MUST_USE;
/* Puts all that was counted into the tree. */
bool paths_narrow_finish(const struct paths_narrow *narrow, struct query_worker *worker,
                         struct paths_names *names, struct paths_tree *tree,
                         struct fail *fail) MUST_USE;

struct query_parser;
bool paths_parse(struct query_parser *parser, struct json_value root, struct fail *fail) MUST_USE;
