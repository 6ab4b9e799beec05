/* Paths of narrow rows: a path is a key of labels, a byte for each step, and what was counted is put into the tree of paths at
 * the end.
 *
 * Rows where paths begin are marked, and what follows each is looked at; the others cost nothing. Only "collapse" walks all
 * rows: there the key of an event is its own label and the key of where it leads to, cut after the last step, so that each
 * event costs the same, however long the runs are that are passed over.
 *
 * Where there are few keys, each has a place of its own; else they are found by hash. Links are counted from the paths: while
 * rows are read, only who went over them is noted.
 */
#include "query_marks.h"
#include "query_narrow.h"
#include "query_paths.h"

#define LABEL_BITS 8U
#define STEPS_MAX 7U /* with the start, the bytes of a key */
#define KEYS_LEAST ((size_t)1024)
#define PLACES_MAX ((size_t)1 << 17) /* some 2 MB a worker, which a processor's own cache holds */

struct narrow_seen {
    uint64_t count;
    uint32_t customers;
    uint32_t customer; /* the last that was counted */
};
struct narrow_path {
    uint64_t key; /* 0: a free place; the first label in the lowest byte */
    struct narrow_seen seen;
};
struct narrow_link {
    uint32_t customers;
    uint32_t customer; /* the last that was counted */
};
struct paths_narrow {
    /* One of both: a place for each start and the labels after it, as digits; or by hash. */
    struct narrow_seen *places;
    struct narrow_path *paths;
    size_t path_slots, path_count;
    struct narrow_link *links;              /* by depth, from and to */
    uint32_t labels;                        /* so many, 0 included */
    uint32_t starts;                        /* labels at which paths begin */
    uint32_t start_digit[QUERY_LABELS_MAX]; /* by label: which of the starts it is */
    uint8_t start_label[QUERY_LABELS_MAX];  /* and the other way round */
    uint8_t begins[QUERY_LABELS_MAX];       /* by label: paths begin there */
    uint64_t customers_to[STEPS_MAX + 1];   /* by the depth that the customer's deepest path has */
    uint32_t customer;                      /* from 1 */
    uint64_t counted;                       /* paths */
    uint32_t deepest;                       /* of this customer */
    uint64_t batch;                         /* that the rows are marked of */
    uint64_t *start_rows;
};

bool paths_narrow_fits(const struct query_exec *exec)
{
    const struct paths_body *body = exec->plan->body;
    return body->by.from == QUERY_FROM_EVENT && body->steps <= STEPS_MAX;
}

static bool grow(struct paths_narrow *narrow, struct arena *arena, struct fail *fail);

/* Places for all keys; none where they are too many. */
static bool make_places(struct paths_narrow *narrow, uint32_t steps, struct arena *arena,
                        struct fail *fail)
{
    size_t places = narrow->starts;
    for (uint32_t d = 0; d < steps; d++) {
        places *= narrow->labels;
        if (places > PLACES_MAX) {
            return true;
        }
    }
    narrow->path_slots = places;
    narrow->places = arena_array(arena, places, sizeof *narrow->places, fail);
    return narrow->places != NULL;
}

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
        if (narrow->begins[label]) {
            narrow->start_label[narrow->starts] = (uint8_t)label;
            narrow->start_digit[label] = narrow->starts++;
        }
    }
    *out = narrow;
    return narrow->links != NULL && make_places(narrow, body->steps, worker->arena, fail) &&
           (narrow->places != NULL || grow(narrow, worker->arena, fail));
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

static struct narrow_link *link_at(const struct paths_narrow *narrow, uint32_t depth, uint32_t from,
                                   uint32_t to)
{
    return &narrow->links[((size_t)depth * narrow->labels + from) * narrow->labels + to];
}

/* Notes the links of a path that this customer has not gone before. */
static void see_links(struct paths_narrow *narrow, uint64_t key)
{
    uint32_t depth = 0;
    uint32_t from = key & UINT8_MAX;
    for (key >>= LABEL_BITS; key != 0; key >>= LABEL_BITS, depth++) {
        uint32_t to = key & UINT8_MAX;
        struct narrow_link *link = link_at(narrow, depth, from, to);
        link->customers += link->customer != narrow->customer;
        link->customer = narrow->customer;
        from = to;
    }
    narrow->deepest = depth > narrow->deepest ? depth : narrow->deepest;
}

static void see_path(struct paths_narrow *narrow, struct narrow_seen *seen, uint64_t key)
{
    seen->count++;
    narrow->counted++;
    if (seen->customer != narrow->customer) {
        seen->customers++;
        seen->customer = narrow->customer;
        see_links(narrow, key);
    }
}

struct rolling { /* along one customer's rows */
    const int64_t *ts_ms;
    const uint8_t *labels;
    uint32_t begin, end; /* its rows */
    uint32_t from, to;   /* those within the range */
    uint32_t steps;
    int64_t gap_ms;
    uint64_t bytes; /* of a key with all steps */
    struct arena *arena;
};

static inline size_t place_of(const struct paths_narrow *narrow, uint32_t steps, uint64_t key)
{
    size_t place = narrow->start_digit[key & UINT8_MAX];
    for (uint32_t d = 0; d < steps; d++) {
        key >>= LABEL_BITS;
        place = place * narrow->labels + (key & UINT8_MAX);
    }
    return place;
}

/* Counts a path of the customer. */
static inline bool count_path(struct paths_narrow *narrow, const struct rolling *r, uint64_t key,
                              struct fail *fail)
{
    if (narrow->places != NULL) {
        see_path(narrow, &narrow->places[place_of(narrow, r->steps, key)], key);
        return true;
    }
    if (2 * (narrow->path_count + 1) > narrow->path_slots && !grow(narrow, r->arena, fail)) {
        return false;
    }
    struct narrow_path *path = &narrow->paths[slot_of(narrow, key)];
    narrow->path_count += path->key == 0;
    path->key = key;
    see_path(narrow, &path->seen, key);
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
                        .steps = body->steps,
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

/* The key of the path that begins at the row. No branch depends on where it ends: that cannot be foretold. */
static inline __attribute__((always_inline)) uint64_t key_from(const struct rolling *r,
                                                               uint32_t row, bool backwards)
{
    uint64_t key = r->labels[row];
    uint64_t goes_on = UINT64_MAX;
    uint32_t left = backwards ? row - r->begin : r->end - 1 - row;
    for (uint32_t d = 1; d <= r->steps; d++) {
        uint32_t there = d <= left ? d : left;
        uint32_t at = backwards ? row - there : row + there;
        uint32_t before = backwards ? at + (there > 0) : at - (there > 0);
        int64_t pause_ms =
            backwards ? r->ts_ms[before] - r->ts_ms[at] : r->ts_ms[at] - r->ts_ms[before];
        goes_on &= UINT64_C(0) - (uint64_t)((d <= left) & (pause_ms <= r->gap_ms));
        key |= ((uint64_t)r->labels[at] & goes_on) << d * LABEL_BITS;
    }
    return key;
}

/* Counts the path that begins at the row where each has a place: its place and its links are found from label to label, and no
   branch depends on where it ends. What ends leads to label 0, whose links nobody reads. */
static inline __attribute__((always_inline)) void
count_at_place(struct paths_narrow *narrow, const struct rolling *r, uint32_t row, bool backwards)
{
    uint32_t to[STEPS_MAX];
    size_t place = narrow->start_digit[r->labels[row]];
    uint32_t depth = 0;
    uint32_t goes_on = UINT8_MAX;
    uint32_t left = backwards ? row - r->begin : r->end - 1 - row;
    for (uint32_t d = 0; d < r->steps; d++) {
        uint32_t there = d < left ? d + 1 : left;
        uint32_t at = backwards ? row - there : row + there;
        uint32_t before = backwards ? at + (there > 0) : at - (there > 0);
        int64_t pause_ms =
            backwards ? r->ts_ms[before] - r->ts_ms[at] : r->ts_ms[at] - r->ts_ms[before];
        goes_on &= 0U - (uint32_t)((d < left) & (pause_ms <= r->gap_ms));
        to[d] = r->labels[at] & goes_on;
        depth += to[d] != 0;
        place = place * narrow->labels + to[d];
    }
    struct narrow_seen *seen = &narrow->places[place];
    seen->count++;
    narrow->counted++;
    if (seen->customer == narrow->customer) {
        return;
    }
    seen->customers++;
    seen->customer = narrow->customer;
    uint32_t from = r->labels[row];
    for (uint32_t d = 0; d < r->steps; d++) {
        struct narrow_link *link = link_at(narrow, d, from, to[d]);
        link->customers += link->customer != narrow->customer;
        link->customer = narrow->customer;
        from = to[d];
    }
    narrow->deepest = depth > narrow->deepest ? depth : narrow->deepest;
}

static inline __attribute__((always_inline)) bool count_starts(struct paths_narrow *narrow,
                                                               const struct rolling *r,
                                                               bool backwards, struct fail *fail)
{
    for (uint32_t row = query_mark_next(narrow->start_rows, r->from, r->to); row < r->to;
         row = query_mark_next(narrow->start_rows, row + 1, r->to)) {
        if (narrow->places != NULL) {
            count_at_place(narrow, r, row, backwards);
        } else if (!count_path(narrow, r, key_from(r, row, backwards), fail)) {
            return false;
        }
    }
    return true;
}

/* Counts the customer's paths without runs; rows are walked from where paths end to where they begin. Each way becomes a loop
   of its own: what it does for a row is little, and done for every row. Names past the last step are cut off where a key is
   counted. */
static inline __attribute__((always_inline)) bool
roll(struct paths_narrow *narrow, const struct rolling *r, bool backwards, struct fail *fail)
{
    const int64_t *ts_ms = r->ts_ms;
    const uint8_t *labels = r->labels;
    const uint8_t *begins = narrow->begins;
    const int64_t gap_ms = r->gap_ms;
    const uint32_t count = r->end - r->begin;
    uint32_t row = backwards ? r->begin : r->end - 1;
    int64_t before_ms = ts_ms[row];
    uint64_t key = 0;
    for (uint32_t i = 0; i < count; i++, row += backwards ? 1U : UINT32_MAX) {
        int64_t pause_ms = backwards ? ts_ms[row] - before_ms : before_ms - ts_ms[row];
        uint64_t rest = pause_ms <= gap_ms ? key : 0;
        before_ms = ts_ms[row];
        if ((rest & UINT8_MAX) != labels[row]) {
            rest = rest << LABEL_BITS | labels[row];
        }
        key = rest;
        if (begins[labels[row]] != 0 && row >= r->from && row < r->to &&
            !count_path(narrow, r, key & r->bytes, fail)) {
            return false;
        }
    }
    return true;
}

/* Once a batch. */
static bool mark_batch(struct paths_narrow *narrow, const struct query_worker *worker,
                       struct fail *fail)
{
    const struct store_rows *rows = worker->rows;
    narrow->batch = worker->batch;
    narrow->start_rows = arena_array(worker->scratch, query_mark_words(rows->row_count),
                                     sizeof *narrow->start_rows, fail);
    if (narrow->start_rows == NULL) {
        return false;
    }
    query_mark_rows(narrow->begins, rows->labels, rows->row_count, narrow->start_rows);
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
    bool ok;
    if (body->collapse) {
        ok = body->backwards ? roll(narrow, &r, true, fail) : roll(narrow, &r, false, fail);
    } else {
        ok = (narrow->batch == worker->batch || mark_batch(narrow, worker, fail)) &&
             (body->backwards ? count_starts(narrow, &r, true, fail)
                              : count_starts(narrow, &r, false, fail));
    }
    narrow->customers_to[narrow->deepest] += narrow->counted > paths_before;
    return ok;
}

/* ---- into the tree ---- */

static uint64_t key_at(const struct paths_narrow *narrow, uint32_t steps, size_t place)
{
    uint64_t key = 0;
    for (uint32_t d = 0; d < steps; d++) {
        key = (key | place % narrow->labels) << LABEL_BITS;
        place /= narrow->labels;
    }
    return key | narrow->start_label[place];
}

struct putting {             /* into the tree */
    const uint32_t *numbers; /* of names, by label */
    uint64_t *link_counts;   /* as the links */
    struct paths_tree *tree;
};

static bool put_path(const struct paths_narrow *narrow, const struct putting *p, uint64_t key,
                     const struct narrow_seen *seen, struct fail *fail)
{
    uint32_t names[QUERY_PATHS_NAMES_MAX];
    uint32_t count = 0;
    uint32_t at;
    for (uint32_t from = 0; key != 0; from = key & UINT8_MAX, key >>= LABEL_BITS) {
        uint32_t to = key & UINT8_MAX;
        if (count > 0) {
            p->link_counts[link_at(narrow, count - 1, from, to) - narrow->links] += seen->count;
        }
        p->tree->depth_counts[count] += seen->count;
        names[count++] = p->numbers[to];
    }
    if (!paths_tree_node(p->tree, names, count, &at, fail)) {
        return false;
    }
    struct paths_node *node = (struct paths_node *)p->tree->nodes->data + at;
    node->count += seen->count;
    node->customers += seen->customers;
    return true;
}

static bool put_paths(const struct paths_narrow *narrow, uint32_t steps, const struct putting *p,
                      struct fail *fail)
{
    for (size_t i = 0; i < narrow->path_slots; i++) {
        const struct narrow_seen *seen =
            narrow->places != NULL ? &narrow->places[i] : &narrow->paths[i].seen;
        if (seen->count > 0 &&
            !put_path(narrow, p,
                      narrow->places != NULL ? key_at(narrow, steps, i) : narrow->paths[i].key,
                      seen, fail)) {
            return false;
        }
    }
    return true;
}

static bool put_links(const struct paths_narrow *narrow, uint32_t steps, const struct putting *p,
                      struct fail *fail)
{
    for (uint32_t depth = 0; depth < steps; depth++) {
        for (uint32_t from = 1; from < narrow->labels; from++) {
            for (uint32_t to = 1; to < narrow->labels; to++) {
                const struct narrow_link *seen = link_at(narrow, depth, from, to);
                uint64_t count = p->link_counts[seen - narrow->links];
                uint32_t at;
                if (count == 0) {
                    continue;
                }
                if (!paths_tree_link(p->tree, depth + 1, p->numbers[from], p->numbers[to], &at,
                                     fail)) {
                    return false;
                }
                struct paths_link *link = (struct paths_link *)p->tree->links->data + at;
                link->count += count;
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
    struct putting p = {numbers, NULL, tree};
    p.link_counts =
        arena_array(worker->arena, (size_t)body->steps * narrow->labels * narrow->labels,
                    sizeof *p.link_counts, fail);
    return p.link_counts != NULL && put_paths(narrow, body->steps, &p, fail) &&
           put_links(narrow, body->steps, &p, fail);
}
