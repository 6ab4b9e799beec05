/* What names hold, and how often they come, in a range of time: for the catalogue. */
#include "query_exec.h"
#include "query_parse.h"

enum shape_type { SHAPE_STRING = 1U, SHAPE_NUMBER = 2U, SHAPE_BOOL = 4U, SHAPE_INSTANT = 8U };

struct shapes_run {
    const struct query_name *names;
    size_t count;
};
struct shapes_state {
    struct query_shape *shapes; /* by name */
    struct query_shape *events; /* by code */
    uint32_t *event_customer;   /* by code: index + 1 of the customer counted last, in this batch */
    uint64_t rows;
};

static bool start(struct query_worker *worker, struct fail *fail)
{
    const struct shapes_run *run = worker->pass->context;
    uint32_t codes = worker->exec->code_count;
    struct shapes_state *state = arena_array(worker->arena, 1, sizeof *state, fail);
    if (state == NULL) {
        return false;
    }
    state->shapes = arena_array(worker->arena, run->count, sizeof *state->shapes, fail);
    state->events = arena_array(worker->arena, codes, sizeof *state->events, fail);
    state->event_customer = arena_array(worker->arena, codes, sizeof *state->event_customer, fail);
    worker->state = state;
    return state->shapes != NULL && state->events != NULL && state->event_customer != NULL;
}

/* Most texts are no instants, and told so by their fifth byte. */
static bool is_instant(struct store_value value)
{
    int64_t ignored;
    return value.len >= 20 && value.s[4] == '-' && value.s[10] == 'T' &&
           time_parse_rfc3339(store_value_text(value), &ignored);
}

static uint32_t type_of(struct store_value value)
{
    if (value.kind == STORE_STRING) {
        return SHAPE_STRING | (is_instant(value) ? SHAPE_INSTANT : 0U);
    }
    if (value.kind == STORE_BOOL) {
        return SHAPE_BOOL;
    }
    return store_value_is_number(value) ? SHAPE_NUMBER : 0U;
}

static void add_bearer(struct query_shape *shape, uint32_t types)
{
    shape->bearers++;
    shape->strings += (types & SHAPE_STRING) != 0;
    shape->instants += (types & SHAPE_INSTANT) != 0;
    shape->numbers += (types & SHAPE_NUMBER) != 0;
    shape->booleans += (types & SHAPE_BOOL) != 0;
}

/* A whole column of the batch: of rows, or of customers. */
static void add_column(const struct store_rows *rows, const struct store_column *column,
                       bool of_customer, struct query_shape *shape)
{
    uint32_t c = 0, counted = UINT32_MAX;
    for (uint32_t i = 0; i < column->count;) {
        uint32_t at = column->at[i], last = column->last[i], types = 0;
        for (; i < column->count && column->at[i] == at; i++) {
            types |= type_of(column->values[i]);
        }
        if (types == 0) {
            continue;
        }
        if (of_customer) {
            add_bearer(shape, types);
            shape->customers++;
            continue;
        }
        for (; at <= last; at++) { /* an entry is of a run of rows */
            add_bearer(shape, types);
            while (rows->row_begin[c + 1] <= at) {
                c++;
            }
            shape->customers += c != counted;
            counted = c;
        }
    }
}

static void add_events(struct query_worker *worker, struct shapes_state *state)
{
    const struct store_rows *rows = worker->rows;
    memset(state->event_customer, 0, worker->exec->code_count * sizeof *state->event_customer);
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
            uint32_t code = rows->events[row];
            if (code < worker->exec->code_count) {
                struct query_shape *shape = &state->events[code];
                shape->bearers++;
                shape->customers += state->event_customer[code] != c + 1;
                state->event_customer[code] = c + 1;
            }
        }
    }
    state->rows += rows->row_count;
}

/* Called for each customer; the batch is taken as a whole with its first one. */
static bool customer(struct query_worker *worker, uint32_t c, struct fail *fail)
{
    (void)fail;
    const struct shapes_run *run = worker->pass->context;
    struct shapes_state *state = worker->state;
    if (c > 0) {
        return true;
    }
    for (size_t i = 0; i < run->count; i++) {
        bool of_customer = run->names[i].from == QUERY_FROM_TRAIT_COLUMN;
        if (of_customer || run->names[i].from == QUERY_FROM_ROW_COLUMN) {
            add_column(worker->rows, &worker->rows->columns[run->names[i].column], of_customer,
                       &state->shapes[i]);
        }
    }
    add_events(worker, state);
    return true;
}

static void add_shape(struct query_shape *into, const struct query_shape *from)
{
    into->bearers += from->bearers;
    into->customers += from->customers;
    into->strings += from->strings;
    into->numbers += from->numbers;
    into->booleans += from->booleans;
    into->instants += from->instants;
}

static bool take(const struct query_exec *exec, const struct query_workers *workers,
                 struct arena *arena, struct query_shapes *out, struct fail *fail)
{
    struct query_event_shape *events = arena_array(arena, exec->code_count, sizeof *events, fail);
    if (events == NULL) {
        return false;
    }
    for (int i = 0; i < workers->count; i++) {
        const struct shapes_state *state = workers->list[i]->state;
        out->rows += state->rows;
        for (size_t k = 0; k < out->name_count; k++) {
            add_shape(&out->names[k], &state->shapes[k]);
        }
        for (uint32_t code = 0; code < exec->code_count; code++) {
            add_shape(&events[code].shape, &state->events[code]);
        }
    }
    for (uint32_t code = 0; code < exec->code_count; code++) {
        if (events[code].shape.bearers > 0) {
            events[code].name = query_event_name(exec, code);
            events[out->event_count++] = events[code];
        }
    }
    out->events = events;
    return true;
}

static bool parse_names(struct query_parser *parser, const struct str *texts, size_t count,
                        struct query_name *out, bool *out_rows, bool *out_traits, struct fail *fail)
{
    *out_rows = count == 0;
    for (size_t i = 0; i < count; i++) {
        if (!query_parse_name(parser, texts[i], NULL, &out[i], fail)) {
            return false;
        }
        bool of_customer = query_name_is_of_customer(out[i]);
        *out_rows = *out_rows || !of_customer;
        *out_traits = *out_traits || of_customer;
    }
    return true;
}

bool query_shapes(struct query_backend *backend, const struct query_run *run,
                  const struct query_shapes_options *options, struct arena *arena,
                  struct query_shapes *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *plan_arena = arena_new(NULL);
    struct query_plan plan = {.now_ms = INT64_MAX};
    if (run->renames != NULL) {
        plan.renames = *run->renames;
    }
    struct query_parser parser = {.arena = plan_arena, .plan = &plan};
    struct query_name *names = arena_array(plan_arena, options->count, sizeof *names, fail);
    struct query_shapes got = {.name_count = options->count};
    got.names = arena_array(arena, options->count, sizeof *got.names, fail);
    bool rows = false, traits = false;
    if (names == NULL || got.names == NULL ||
        !parse_names(&parser, options->names, options->count, names, &rows, &traits, fail)) {
        return false;
    }
    struct shapes_run shapes = {names, options->count};
    struct query_pass pass = {
        .from_ms = options->from_ms,
        .to_ms = options->to_ms,
        .every_event = rows,
        .with_bookkeeping = rows,
        .every_customer = traits,
        .start = start,
        .customer = customer,
        .context = &shapes,
    };
    struct query_exec exec;
    struct query_workers workers = {.list = NULL};
    bool ok = query_exec_init(&exec, backend, &plan, run, fail) &&
              query_pass_run(&exec, &pass, &workers, fail) &&
              take(&exec, &workers, arena, &got, fail);
    query_workers_free(&workers);
    query_exec_done(&exec);
    if (ok) {
        *out = got;
    }
    return ok;
}
