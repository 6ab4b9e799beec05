/* Paths: what customers did next, or before. */
#include "query_paths.h"

#include "query_answer.h"
#include "query_compare.h"
#include "query_kind.h"

#define EVENTS_BETWEEN_POLLS 65536 /* one customer may have millions */

struct paths_state {
    struct paths_names *names;
    struct paths_walk *walk;
    struct paths_tree *tree;     /* NULL when opening */
    struct paths_narrow *narrow; /* of narrow rows: where they are counted first */
    /* Of the opened cell: its names, and the customer's paths in it. */
    uint32_t wanted[QUERY_PATHS_NAMES_MAX];
    uint64_t opened;
};

static const struct paths_body *body_of(const struct query_worker *worker)
{
    return worker->exec->plan->body;
}

static bool state_new(struct query_worker *worker, struct paths_state **out, struct fail *fail)
{
    struct paths_state *state = arena_array(worker->arena, 1, sizeof *state, fail);
    *out = state;
    return state != NULL && paths_names_new(worker, &state->names, fail) &&
           paths_walk_new(worker->arena, worker->exec->budget, &state->walk, fail);
}

/* ---- one customer ---- */

static bool begins(const struct query_worker *worker, uint32_t row)
{
    const struct query_range *range = &worker->exec->plan->range;
    int64_t ts_ms = worker->rows->ts_ms[row];
    return (worker->masks[row] & 1U) != 0 && ts_ms >= range->from_ms && ts_ms < range->to_ms;
}

/* The rows that paths of the customer may lie on: from the first start on, or up to the last end. */
static void rows_of_paths(const struct query_worker *worker, uint32_t c, uint32_t *out_begin,
                          uint32_t *out_end)
{
    const struct store_rows *rows = worker->rows;
    uint32_t begin = rows->row_begin[c], end = rows->row_begin[c + 1];
    if (body_of(worker)->backwards) {
        while (end > begin && !begins(worker, end - 1)) {
            end--;
        }
    } else {
        while (begin < end && !begins(worker, begin)) {
            begin++;
        }
    }
    *out_begin = begin;
    *out_end = end;
}

/* All events but the seven, and those of the seven that the matcher names. */
static bool is_on_paths(const struct query_exec *exec, uint32_t code)
{
    return code < exec->code_count &&
           (exec->code_is_own[code] || (exec->code_masks[code] & 1U) != 0);
}

static bool load(struct query_worker *worker, struct paths_state *state, uint32_t c,
                 struct fail *fail)
{
    const struct store_rows *rows = worker->rows;
    uint32_t begin, end;
    state->walk->events->count = 0;
    rows_of_paths(worker, c, &begin, &end);
    for (uint32_t row = begin; row < end; row++) {
        if ((row - begin) % EVENTS_BETWEEN_POLLS == EVENTS_BETWEEN_POLLS - 1 &&
            base_cancel_due(worker->cancel, fail)) {
            return false;
        }
        if (!is_on_paths(worker->exec, rows->events[row])) {
            continue;
        }
        struct paths_event *event = query_vec_add(state->walk->events, fail);
        if (event == NULL || !paths_name_of_row(state->names, worker, c, row, &event->name, fail)) {
            return false;
        }
        event->ts_ms = rows->ts_ms[row];
        event->begins = begins(worker, row);
    }
    paths_walk_link(state->walk, body_of(worker));
    return true;
}

/* Calls `take` with every path of the customer. */
static bool each_path(struct query_worker *worker, struct paths_state *state, uint32_t c,
                      bool (*take)(struct paths_state *state, const struct paths_body *body,
                                   const uint32_t *names, uint32_t count, struct fail *fail),
                      struct fail *fail)
{
    const struct paths_body *body = body_of(worker);
    if (!load(worker, state, c, fail)) {
        return false;
    }
    const struct paths_event *events = state->walk->events->data;
    for (uint32_t i = 0; i < state->walk->events->count; i++) {
        uint32_t names[QUERY_PATHS_NAMES_MAX];
        if (i % EVENTS_BETWEEN_POLLS == EVENTS_BETWEEN_POLLS - 1 &&
            base_cancel_due(worker->cancel, fail)) {
            return false;
        }
        if (events[i].begins &&
            !take(state, body, names, paths_walk_from(state->walk, body, i, names), fail)) {
            return false;
        }
    }
    return true;
}

/* ---- counting ---- */

static bool start(struct query_worker *worker, struct fail *fail)
{
    struct paths_state *state;
    if (!state_new(worker, &state, fail) ||
        !paths_tree_new(worker->arena, worker->exec->budget, &state->tree, fail) ||
        (worker->labels != NULL && !paths_narrow_new(worker, &state->narrow, fail))) {
        return false;
    }
    worker->state = state;
    return true;
}

static bool count_path(struct paths_state *state, const struct paths_body *body,
                       const uint32_t *names, uint32_t count, struct fail *fail)
{
    (void)body;
    return paths_tree_add(state->tree, names, count, fail);
}

static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    struct paths_state *state = worker->state;
    paths_tree_next_customer(state->tree);
    return each_path(worker, state, c, count_path, fail);
}

static bool narrow_customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    struct paths_state *state = worker->state;
    return paths_narrow_customer(state->narrow, worker, c, fail);
}

/* Puts what was counted of narrow rows where the others are counted. */
static bool finish(struct query_worker *worker, struct fail *fail)
{
    struct paths_state *state = worker->state;
    return state->narrow == NULL ||
           paths_narrow_finish(state->narrow, worker, state->names, state->tree, fail);
}

static bool merge_into(struct query_worker *worker, const struct paths_state *from,
                       struct fail *fail)
{
    struct paths_state *state = worker->state;
    const struct query_groups *table = &from->names->table;
    uint32_t *renamed = arena_alloc(worker->arena, table->count * sizeof *renamed, fail);
    if (renamed == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < table->count; i++) {
        if (!query_groups_intern(&state->names->table, table->names[i], &renamed[i], fail)) {
            return false;
        }
    }
    return paths_tree_merge(state->tree, from->tree, renamed, fail);
}

static bool merge(struct query_workers *workers, struct fail *fail)
{
    for (int i = 0; i < workers->count; i++) {
        if (!finish(workers->list[i], fail) ||
            (i > 0 && !merge_into(workers->list[0], workers->list[i]->state, fail))) {
            return false;
        }
    }
    query_workers_keep_first(workers);
    return true;
}

/* How far back, or forward, of the range paths may reach: with "collapse" runs of any length lie on them. */
static int64_t reach_ms(const struct paths_body *body)
{
    int64_t reach_ms;
    bool bounded =
        !body->collapse && !__builtin_mul_overflow(body->gap_ms, (int64_t)body->steps, &reach_ms);
    return bounded ? reach_ms : INT64_MAX;
}

static struct query_pass pass_of(const struct query_plan *plan)
{
    const struct paths_body *body = plan->body;
    int64_t reach = reach_ms(body);
    struct query_pass pass = {.from_ms = plan->range.from_ms,
                              .to_ms = plan->range.to_ms,
                              .matchers = 1,
                              .every_event = true};
    if (body->backwards) {
        pass.from_ms = reach == INT64_MAX ? INT64_MIN : query_ms_add(pass.from_ms, -reach);
    } else {
        pass.to_ms = reach == INT64_MAX ? INT64_MAX : query_ms_add(pass.to_ms, reach);
    }
    return pass;
}

/* ---- the answer ---- */

static void write_counts(struct json_writer *w, uint64_t count, uint64_t customers)
{
    json_name_c(w, "count");
    json_write_uint(w, count);
    json_name_c(w, "customers");
    json_write_uint(w, customers);
}

static void write_link(struct json_writer *w, const struct paths_ranked *ranked)
{
    const struct paths_link *link =
        (const struct paths_link *)ranked->tree->links->data + ranked->index;
    json_begin_object(w);
    json_name_c(w, "depth");
    json_write_uint(w, link->depth);
    json_name_c(w, "from");
    json_write_str(w, ranked->names[ranked->backwards ? link->to : link->from]);
    json_name_c(w, "to");
    json_write_str(w, ranked->names[ranked->backwards ? link->from : link->to]);
    write_counts(w, link->count, link->customers);
    json_end_object(w);
}

static void write_path(struct json_writer *w, const struct paths_ranked *ranked)
{
    const struct paths_node *node =
        (const struct paths_node *)ranked->tree->nodes->data + ranked->index;
    uint32_t names[QUERY_PATHS_NAMES_MAX];
    uint32_t count = paths_names(ranked->tree, ranked->index, ranked->backwards, names);
    json_begin_object(w);
    json_name_c(w, "events");
    json_begin_array(w);
    for (uint32_t i = 0; i < count; i++) {
        json_write_str(w, ranked->names[names[i]]);
    }
    json_end_array(w);
    write_counts(w, node->count, node->customers);
    json_end_object(w);
}

static void write_list(struct json_writer *w, const char *name, const struct paths_ranked *list,
                       size_t count,
                       void (*write)(struct json_writer *w, const struct paths_ranked *ranked))
{
    json_name_c(w, name);
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        write(w, &list[i]);
    }
    json_end_array(w);
}

/* The most frequent, or those that are shown already, in their order. */
static bool choose(struct query_worker *worker, const struct paths_shown *shown,
                   struct paths_chosen *out, struct fail *fail)
{
    const struct paths_body *body = body_of(worker);
    const struct paths_state *state = worker->state;
    const struct str *names = state->names->table.names;
    if (shown != NULL) {
        return paths_shown_find(shown, state->names, state->tree, body->backwards, worker->arena,
                                out, fail);
    }
    return paths_rank_links(state->tree, names, body->backwards, body->limit, worker->arena,
                            &out->links, &out->link_count, fail) &&
           paths_rank_paths(state->tree, names, body->backwards, body->limit, worker->arena,
                            &out->paths, &out->path_count, fail);
}

static bool write_answer(struct json_writer *w, struct query_worker *worker,
                         const struct paths_shown *shown, const void **out_shown, struct fail *fail)
{
    const struct paths_body *body = body_of(worker);
    const struct paths_tree *tree = ((const struct paths_state *)worker->state)->tree;
    bool is_compared = worker->exec->plan->previous != NULL;
    struct paths_shown *kept = NULL;
    struct paths_chosen chosen;
    if (!choose(worker, shown, &chosen, fail) ||
        (is_compared && !paths_shown_keep(&chosen, worker->exec->arena, &kept, fail))) {
        return false;
    }
    *out_shown = kept;
    write_list(w, "links", chosen.links, chosen.link_count, write_link);
    write_list(w, "paths", chosen.paths, chosen.path_count, write_path);
    json_name_c(w, "depths");
    json_begin_array(w);
    for (uint32_t depth = 0; depth <= body->steps; depth++) {
        json_begin_object(w);
        json_name_c(w, "depth");
        json_write_uint(w, depth);
        write_counts(w, tree->depth_counts[depth], tree->depth_customers[depth]);
        json_end_object(w);
    }
    json_end_array(w);
    return true;
}

static bool write_range(struct query_exec *exec, const void *shown, const void **out_shown,
                        struct json_writer *w, struct fail *fail)
{
    struct query_pass pass = pass_of(exec->plan);
    struct query_workers workers = {.list = NULL};
    pass.start = start;
    pass.customer = customer;
    if (paths_narrow_fits(exec)) {
        pass.narrow = QUERY_NARROW_EVENTS;
        pass.narrow_customer = narrow_customer;
    }
    bool ok = query_pass_run(exec, &pass, &workers, fail) && merge(&workers, fail) &&
              write_answer(w, workers.list[0], shown, out_shown, fail);
    query_workers_free(&workers);
    return ok;
}

static bool paths_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    static const struct query_part part = {.write = write_range};
    return query_part_write(exec, &part, w, fail);
}

/* ---- open ---- */

static uint32_t wanted_names(const struct paths_body *body)
{
    return body->open.cell == PATHS_CELL_PATH   ? body->open.depth + 1
           : body->open.cell == PATHS_CELL_LINK ? 2
                                                : 0;
}

static bool open_start(struct query_worker *worker, void **out_own, struct fail *fail)
{
    const struct paths_body *body = body_of(worker);
    struct paths_state *state;
    if (!state_new(worker, &state, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < wanted_names(body); i++) {
        if (!query_groups_intern(&state->names->table, body->open.names[i], &state->wanted[i],
                                 fail)) {
            return false;
        }
    }
    *out_own = state;
    return true;
}

static bool in_cell(const struct paths_state *state, const struct paths_body *body,
                    const uint32_t *names, uint32_t count)
{
    uint32_t depth = body->open.depth;
    if (body->open.cell == PATHS_CELL_DEPTH || count <= depth) {
        return count > depth;
    }
    if (body->open.cell == PATHS_CELL_LINK) {
        return names[depth - 1] == state->wanted[0] && names[depth] == state->wanted[1];
    }
    return count == depth + 1 && memcmp(names, state->wanted, count * sizeof *names) == 0;
}

static bool take_opened(struct paths_state *state, const struct paths_body *body,
                        const uint32_t *names, uint32_t count, struct fail *fail)
{
    (void)fail;
    state->opened += in_cell(state, body, names, count) ? 1 : 0;
    return true;
}

static bool open_belongs(struct query_worker *worker, uint32_t c, bool *out,
                         struct store_value *out_value, struct fail *fail)
{
    struct paths_state *state = query_list_state(worker)->own;
    state->opened = 0;
    if (!each_path(worker, state, c, take_opened, fail)) {
        return false;
    }
    *out = state->opened > 0;
    *out_value = store_value_uint(state->opened);
    return true;
}

static bool paths_open(struct query_exec *exec, struct query_list_job *job, struct fail *fail)
{
    (void)fail;
    job->pass = pass_of(exec->plan);
    job->with_value = true;
    job->said_from_ms = exec->plan->range.from_ms;
    job->said_to_ms = exec->plan->range.to_ms;
    job->start = open_start;
    job->belongs = open_belongs;
    return true;
}

const struct query_kind query_kind_paths = {
    .name = "paths", .parse = paths_parse, .run = paths_run, .open = paths_open};
