/* Paths of narrow rows: a path is a key of labels, a byte for each step, and rolls along the timeline.
 *
 * The key of an event is its own label and the key of where it leads to, cut after the last step: so each event costs the
 * same, however many steps are asked for and however long the runs are that "collapse" passes over. What was counted
 * is put into the tree of paths at the end.
 */
#include "query_narrow.h"
#include "query_paths.h"

#define LABEL_BITS 8U
#define STEPS_MAX 7U /* with the start, the bytes of a key */
#define KEYS_LEAST ((size_t)1024)

struct narrow_seen {
    uint64_t count;
    uint32_t customers;
    uint32_t customer; /* the last that was counted */
};
struct narrow_path {
    uint64_t key; /* 0: a free place; the first label in the lowest byte */
    struct narrow_seen seen;
};
struct paths_narrow {
    struct narrow_path *paths; /* by hash */
    size_t path_slots, path_count;
    struct narrow_seen *links;            /* by depth, from and to */
    uint32_t labels;                      /* so many, 0 included */
    uint64_t customers_to[STEPS_MAX + 1]; /* by the depth that the customer's deepest path has */
    uint32_t customer;                    /* from 1 */
    uint64_t counted;                     /* paths */
    uint32_t deepest;                     /* of this customer */
    bool begins[QUERY_LABELS_MAX];        /* by label: paths begin there */
};

bool paths_narrow_fits(const struct query_exec *exec)
{
    const struct paths_body *body = exec->plan->body;
    return body->by.from == QUERY_FROM_EVENT && body->steps <= STEPS_MAX;
}

static bool grow(struct paths_narrow *narrow, struct arena *arena, struct fail *fail);

bool paths_narrow_new(struct query_worker *worker, struct paths_narrow **out, struct fail *fail)
{
    const struct paths_body *body = worker->exec->plan->body;
    struct paths_narrow *narrow = arena_array(worker->arena, 1, sizeof *narrow, fail);
    if (narrow == NULL) {
        return false;
    }
    narrow->labels = worker->labels->count;
    narrow->links =
        arena_array(worker->arena, (size_t)body->steps * narrow->labels * narrow->labels,
                    sizeof *narrow->links, fail);
    for (uint32_t label = 1; label < narrow->labels; label++) {
        narrow->begins[label] = (worker->labels->masks[label] & 1U) != 0;
    }
    *out = narrow;
    return narrow->links != NULL && grow(narrow, worker->arena, fail);
}

/* ---- counting ---- */

static size_t slot_of(const struct paths_narrow *narrow, uint64_t key)
{
    uint64_t mixed = (key ^ key >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(mixed >> 20) & (narrow->path_slots - 1);
    while (narrow->paths[at].key != 0 && narrow->paths[at].key != key) {
        at = (at + 1) & (narrow->path_slots - 1);
    }
    return at;
}

static bool grow(struct paths_narrow *narrow, struct arena *arena, struct fail *fail)
{
    const struct narrow_path *before = narrow->paths;
    size_t slots_before = narrow->path_slots;
    narrow->path_slots = slots_before == 0 ? KEYS_LEAST : 2 * slots_before;
    narrow->paths = arena_array(arena, narrow->path_slots, sizeof *narrow->paths, fail);
    for (size_t i = 0; narrow->paths != NULL && i < slots_before; i++) {
        if (before[i].key != 0) {
            narrow->paths[slot_of(narrow, before[i].key)] = before[i];
        }
    }
    return narrow->paths != NULL;
}

static void see(struct narrow_seen *seen, uint32_t customer)
{
    seen->count++;
    seen->customers += seen->customer != customer;
    seen->customer = customer;
}

static struct narrow_seen *link_at(const struct paths_narrow *narrow, uint32_t depth, uint32_t from,
                                   uint32_t to)
{
    return &narrow->links[((size_t)depth * narrow->labels + from) * narrow->labels + to];
}

struct rolling { /* along one customer's rows */
    const int64_t *ts_ms;
    const uint8_t *labels;
    uint32_t begin, end; /* its rows */
    uint32_t from, to;   /* those within the range */
    int64_t gap_ms;
    uint64_t bytes; /* of a key with all steps */
    struct arena *arena;
};

/* Counts the path that begins at a row of the range. */
static __attribute__((noinline)) bool count_path(struct paths_narrow *narrow,
                                                 const struct rolling *r, uint32_t row,
                                                 uint64_t key, struct fail *fail)
{
    if (row < r->from || row >= r->to) {
        return true;
    }
    if (2 * (narrow->path_count + 1) > narrow->path_slots && !grow(narrow, r->arena, fail)) {
        return false;
    }
    key &= r->bytes;
    struct narrow_path *path = &narrow->paths[slot_of(narrow, key)];
    narrow->path_count += path->key == 0;
    path->key = key;
    see(&path->seen, narrow->customer);
    narrow->counted++;
    uint32_t depth = 0;
    uint32_t from = key & UINT8_MAX;
    for (key >>= LABEL_BITS; key != 0; key >>= LABEL_BITS, depth++) {
        uint32_t to = key & UINT8_MAX;
        see(link_at(narrow, depth, from, to), narrow->customer);
        from = to;
    }
    narrow->deepest = depth > narrow->deepest ? depth : narrow->deepest;
    return true;
}

static struct rolling rolling_of(const struct query_worker *worker, uint32_t c)
{
    const struct query_range *range = &worker->exec->plan->range;
    const struct paths_body *body = worker->exec->plan->body;
    const struct store_rows *rows = worker->rows;
    struct rolling r = {.ts_ms = rows->ts_ms,
                        .labels = rows->labels,
                        .begin = rows->row_begin[c],
                        .end = rows->row_begin[c + 1],
                        .gap_ms = body->gap_ms,
                        .bytes = UINT64_MAX >> (STEPS_MAX - body->steps) * LABEL_BITS,
                        .arena = worker->arena};
    r.from = r.begin;
    r.to = r.end;
    while (r.from < r.to && r.ts_ms[r.from] < range->from_ms) {
        r.from++;
    }
    while (r.to > r.from && r.ts_ms[r.to - 1] >= range->to_ms) {
        r.to--;
    }
    return r;
}

/* Counts the customer's paths; rows are walked from where paths end to where they begin. Each way becomes a loop of its
   own: what it does for a row is little, and done for every row. Names past the last step are cut off where a key is
   counted. */
static inline __attribute__((always_inline)) bool roll(struct paths_narrow *narrow,
                                                       const struct rolling *r, bool backwards,
                                                       bool collapse, struct fail *fail)
{
    const int64_t *ts_ms = r->ts_ms;
    const uint8_t *labels = r->labels;
    const bool *begins = narrow->begins;
    const int64_t gap_ms = r->gap_ms;
    const uint32_t count = r->end - r->begin;
    uint32_t row = backwards ? r->begin : r->end - 1;
    int64_t before_ms = ts_ms[row];
    uint64_t key = 0;
    for (uint32_t i = 0; i < count; i++, row += backwards ? 1U : UINT32_MAX) {
        int64_t pause_ms = backwards ? ts_ms[row] - before_ms : before_ms - ts_ms[row];
        uint64_t rest = pause_ms <= gap_ms ? key : 0;
        before_ms = ts_ms[row];
        if (!collapse || (rest & UINT8_MAX) != labels[row]) {
            rest = rest << LABEL_BITS | labels[row];
        }
        key = rest;
        if (begins[labels[row]] && !count_path(narrow, r, row, key, fail)) {
            return false;
        }
    }
    return true;
}

bool paths_narrow_customer(struct paths_narrow *narrow, struct query_worker *worker, uint32_t c,
                           struct fail *fail)
{
    const struct paths_body *body = worker->exec->plan->body;
    const struct rolling r = rolling_of(worker, c);
    uint64_t paths_before = narrow->counted;
    narrow->customer++;
    narrow->deepest = 0;
    bool ok = body->backwards  ? body->collapse ? roll(narrow, &r, true, true, fail)
                                                : roll(narrow, &r, true, false, fail)
               : body->collapse ? roll(narrow, &r, false, true, fail)
                               : roll(narrow, &r, false, false, fail);
    narrow->customers_to[narrow->deepest] += narrow->counted > paths_before;
    return ok;
}

/* ---- into the tree ---- */

static bool put_paths(const struct paths_narrow *narrow, const uint32_t *numbers,
                      struct paths_tree *tree, struct fail *fail)
{
    for (size_t i = 0; i < narrow->path_slots; i++) {
        const struct narrow_path *path = &narrow->paths[i];
        uint32_t names[QUERY_PATHS_NAMES_MAX];
        uint32_t count = 0;
        uint32_t at;
        for (uint64_t key = path->key; key != 0; key >>= LABEL_BITS) {
            tree->depth_counts[count] += path->seen.count;
            names[count++] = numbers[key & UINT8_MAX];
        }
        if (count == 0) {
            continue;
        }
        if (!paths_tree_node(tree, names, count, &at, fail)) {
            return false;
        }
        struct paths_node *node = (struct paths_node *)tree->nodes->data + at;
        node->count += path->seen.count;
        node->customers += path->seen.customers;
    }
    return true;
}

static bool put_links(const struct paths_narrow *narrow, uint32_t steps, const uint32_t *numbers,
                      struct paths_tree *tree, struct fail *fail)
{
    for (uint32_t depth = 0; depth < steps; depth++) {
        for (uint32_t from = 1; from < narrow->labels; from++) {
            for (uint32_t to = 1; to < narrow->labels; to++) {
                const struct narrow_seen *seen = link_at(narrow, depth, from, to);
                uint32_t at;
                if (seen->count == 0) {
                    continue;
                }
                if (!paths_tree_link(tree, depth + 1, numbers[from], numbers[to], &at, fail)) {
                    return false;
                }
                struct paths_link *link = (struct paths_link *)tree->links->data + at;
                link->count += seen->count;
                link->customers += seen->customers;
            }
        }
    }
    return true;
}

bool paths_narrow_finish(const struct paths_narrow *narrow, struct query_worker *worker,
                         struct paths_names *names, struct paths_tree *tree, struct fail *fail)
{
    const struct paths_body *body = worker->exec->plan->body;
    uint32_t numbers[QUERY_LABELS_MAX] = {0};
    uint64_t customers = 0;
    for (uint32_t label = 1; label < narrow->labels; label++) {
        if (!paths_name_of_event(names, worker, worker->labels->codes[label], &numbers[label],
                                 fail)) {
            return false;
        }
    }
    /* Who came so far has been at every depth before it. */
    for (uint32_t depth = STEPS_MAX + 1; depth-- > 0;) {
        customers += narrow->customers_to[depth];
        tree->depth_customers[depth] += customers;
    }
    return put_paths(narrow, numbers, tree, fail) &&
           put_links(narrow, body->steps, numbers, tree, fail);
}
