/* Entries of the catalogue: put together without a scan, measured with one. */
#include <stdlib.h>

#include "app_catalogue.h"
#include "app_expect.h"
#include "app_names.h"

/* Series of one question: as many expectations are counted in one pass. */
#define SERIES_MAX 26
#define EXAMPLES 5
#define TEXT_BYTES_MAX ((size_t)1 << 20)

static int compare_rows(const void *a, const void *b)
{
    const struct app_catalogue_row *x = a, *y = b;
    if (x->rows != y->rows) {
        return x->rows > y->rows ? -1 : 1;
    }
    return str_compare(x->name, y->name);
}

static int compare_names(const void *a, const void *b)
{
    const struct app_catalogue_row *x = a, *y = b;
    return str_compare(x->name, y->name);
}

static struct store_name stored(const struct store_name *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(names[i].name, name)) {
            return names[i];
        }
    }
    return (struct store_name){.name = name, .first_ms = STORE_NO_TIME, .last_ms = STORE_NO_TIME};
}

/* The stored names of the entries that have more than one, each with its own numbers. */
static bool find_also(const struct app_catalogue_scope *scope, struct app_catalogue_row *rows,
                      size_t count, struct arena *arena, struct fail *fail)
{
    bool events = scope->kind == STORE_NAME_EVENT;
    const struct query_rename *list = events ? scope->renames.events : scope->renames.properties;
    size_t list_count = events                               ? scope->renames.event_count
                        : scope->kind == STORE_NAME_PROPERTY ? scope->renames.property_count
                                                             : 0;
    struct store_name *names;
    size_t name_count;
    struct str every_event = {NULL, 0};
    if (list_count == 0) {
        return true;
    }
    if (!store_names(scope->snapshot, scope->kind, every_event, arena, &names, &name_count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t wanted = 0;
        for (size_t k = 0; k < list_count; k++) {
            wanted += str_equal(list[k].to, rows[i].name);
        }
        struct store_name *also = arena_array(arena, wanted, sizeof *also, fail);
        if (also == NULL) {
            return false;
        }
        for (size_t k = 0; k < list_count && rows[i].also_count < wanted; k++) {
            if (str_equal(list[k].to, rows[i].name)) {
                also[rows[i].also_count++] = stored(names, name_count, list[k].from);
            }
        }
        rows[i].also = also;
    }
    return true;
}

bool app_catalogue_rows(struct app *app, const struct app_catalogue_scope *scope,
                        struct arena *arena, struct app_catalogue_row **out, size_t *out_count,
                        struct fail *fail)
{
    struct store_name *names;
    struct state_catalogue_entry *said;
    size_t seen, said_count;
    struct str every_event = {NULL, 0};
    if (!app_names_shown(scope->snapshot, &scope->renames, scope->kind, every_event, arena, &names,
                         &seen, fail) ||
        !state_catalogue_list(app->state, str_from_c(app_catalogue_kinds[scope->kind]), arena,
                              &said, &said_count, fail)) {
        return false;
    }
    struct app_catalogue_row *rows = arena_array(arena, seen + said_count, sizeof *rows, fail);
    if (rows == NULL) {
        return false;
    }
    for (size_t i = 0; i < seen; i++) {
        rows[i] = (struct app_catalogue_row){.name = names[i].name,
                                             .rows = names[i].rows,
                                             .first_ms = names[i].first_ms,
                                             .last_ms = names[i].last_ms};
    }
    if (seen > 0) {
        qsort(rows, seen, sizeof *rows, compare_names);
    }
    size_t count = seen;
    for (size_t i = 0; i < said_count; i++) {
        if (said[i].shown_as.data != NULL) {
            continue; /* it is part of another entry */
        }
        struct app_catalogue_row key = {.name = said[i].name,
                                        .first_ms = STORE_NO_TIME,
                                        .last_ms = STORE_NO_TIME,
                                        .said = &said[i]};
        struct app_catalogue_row *found =
            seen == 0 ? NULL : bsearch(&key, rows, seen, sizeof *rows, compare_names);
        if (found != NULL) {
            found->said = &said[i];
        } else {
            rows[count++] = key;
        }
    }
    if (count > 0) {
        qsort(rows, count, sizeof *rows, compare_rows);
    }
    *out = rows;
    *out_count = count;
    return find_also(scope, rows, count, arena, fail);
}

/* ---- measuring ----------------------------------------------------------------------------------------- */

struct measuring {
    struct app *app;
    struct app_catalogue_scope *scope;
    struct query_run run;
    struct app_catalogue_row *rows;
    size_t count;
    struct arena *arena;
};

static bool measure_shapes(const struct measuring *m, struct fail *fail)
{
    struct app_catalogue_scope *scope = m->scope;
    bool events = scope->kind == STORE_NAME_EVENT;
    const char *prefix = scope->kind == STORE_NAME_TRAIT ? "customer.traits." : "properties.";
    struct str *names = arena_array(m->arena, m->count, sizeof *names, fail);
    struct query_shapes shapes;
    if (names == NULL) {
        return false;
    }
    for (size_t i = 0; i < m->count; i++) {
        names[i] = str_format(m->arena, "%s%.*s", prefix, STR_ARG(m->rows[i].name));
    }
    struct query_shapes_options options = {.names = names,
                                           .count = events ? 0 : m->count,
                                           .from_ms = scope->from_ms,
                                           .to_ms = scope->to_ms};
    if (!query_shapes(m->app->engine, &m->run, &options, m->arena, &shapes, fail)) {
        return false;
    }
    scope->rows =
        scope->kind == STORE_NAME_TRAIT ? store_snapshot_customers(scope->snapshot) : shapes.rows;
    for (size_t i = 0; i < m->count && !events; i++) {
        m->rows[i].recent = shapes.names[i];
    }
    for (size_t i = 0; i < m->count && events; i++) {
        for (size_t k = 0; k < shapes.event_count; k++) {
            if (str_equal(shapes.events[k].name, m->rows[i].name)) {
                m->rows[i].recent = shapes.events[k].shape;
            }
        }
    }
    return true;
}

static bool ask(const struct measuring *m, struct str question, struct base_buf *out,
                struct fail *fail)
{
    struct query_plan *plan;
    return query_parse(&m->scope->env, question, m->arena, &plan, fail) &&
           query_backend_run(m->app->engine, plan, &m->run, out, fail);
}

static void write_series(struct json_writer *w, struct json_value expected, struct str name)
{
    static const char *const every[] = {"*",           "contacted",    "case opened",
                                        "case closed", "survey shown", "experiment exposed",
                                        "identify",    "alias"};
    json_begin_object(w);
    json_name_c(w, "event");
    json_begin_array(w);
    for (size_t i = 0; i < ARRAY_LEN(every); i++) {
        json_write_c(w, every[i]);
    }
    json_end_array(w);
    json_name_c(w, "where");
    app_expect_where(w, expected, "properties.", name);
    json_end_object(w);
}

static void begin_trend(struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "kind");
    json_write_c(w, "trend");
    json_name_c(w, "internal"); /* the catalogue counts everything that is stored */
    json_write_c(w, "included");
    json_name_c(w, "range");
    json_write_c(w, "last 30 days");
    json_name_c(w, "series");
    json_begin_array(w);
}

static void end_trend(struct json_writer *w)
{
    json_end_array(w);
    json_end_object(w);
}

/* The question whose one number is the unexpected of this row. */
static bool make_question(const struct measuring *m, struct app_catalogue_row *row,
                          struct json_value expected, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = TEXT_BYTES_MAX};
    struct json_writer w = {.out = &text};
    if (m->scope->kind == STORE_NAME_TRAIT) {
        json_begin_object(&w);
        json_name_c(&w, "kind");
        json_write_c(&w, "customers");
        json_name_c(&w, "internal");
        json_write_c(&w, "included");
        json_name_c(&w, "segment");
        app_expect_segment(&w, expected, row->name);
        json_end_object(&w);
    } else {
        begin_trend(&w);
        write_series(&w, expected, row->name);
        end_trend(&w);
    }
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    row->question = str_copy(m->arena, base_buf_view(&text));
    return true;
}

/* Takes "total" of every series; or of a list of customers. */
static bool take_totals(struct str answer, struct app_catalogue_row **rows, size_t count,
                        struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, list, item, total;
    if (!json_parse(parser, answer, &root, fail)) {
        return false;
    }
    if (!json_member(root, STR("series"), &list)) {
        INVARIANT(count == 1 && json_member(root, STR("total"), &total));
        rows[0]->unexpected = (uint64_t)json_int(total);
        return true;
    }
    size_t at = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item) && at < count;) {
        INVARIANT(json_member(item, STR("total"), &total));
        rows[at++]->unexpected = (uint64_t)json_int(total);
    }
    return true;
}

/* Counts up to SERIES_MAX expectations of properties in one pass. */
static bool count_batch(const struct measuring *m, struct app_catalogue_row **rows, size_t count,
                        struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct base_buf text CLEANUP(base_buf_done) = {.limit = TEXT_BYTES_MAX};
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &text};
    begin_trend(&w);
    for (size_t i = 0; i < count; i++) {
        struct json_value expected;
        if (!json_parse(parser, rows[i]->said->expected, &expected, fail)) {
            return false;
        }
        write_series(&w, expected, rows[i]->name);
    }
    end_trend(&w);
    return base_buf_ok(&text, fail) && ask(m, base_buf_view(&text), &answer, fail) &&
           take_totals(base_buf_view(&answer), rows, count, fail);
}

static bool count_trait(const struct measuring *m, struct app_catalogue_row *row, struct fail *fail)
{
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    return ask(m, row->question, &answer, fail) &&
           take_totals(base_buf_view(&answer), &row, 1, fail);
}

static bool measure_unexpected(const struct measuring *m, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct app_catalogue_row *batch[SERIES_MAX];
    size_t waiting = 0;
    for (size_t i = 0; i < m->count; i++) {
        struct app_catalogue_row *row = &m->rows[i];
        struct json_value expected;
        if (row->said == NULL || row->said->expected.data == NULL) {
            continue;
        }
        if (!json_parse(parser, row->said->expected, &expected, fail) ||
            !make_question(m, row, expected, fail)) {
            return false;
        }
        if (m->scope->kind == STORE_NAME_TRAIT) {
            if (!count_trait(m, row, fail)) {
                return false;
            }
            continue;
        }
        batch[waiting++] = row;
        if (waiting == SERIES_MAX) {
            if (!count_batch(m, batch, waiting, fail)) {
                return false;
            }
            waiting = 0;
        }
    }
    return waiting == 0 || count_batch(m, batch, waiting, fail);
}

static struct query_run run_of(const struct app *app, const struct app_catalogue_scope *scope,
                               struct base_cancel *cancel)
{
    return (struct query_run){
        .snapshot = scope->snapshot,
        .renames = &scope->renames,
        .cancel = cancel,
        .memory_bytes = (size_t)app->config.query_memory_mb << 20,
        .threads = (int)app->config.query_threads,
    };
}

bool app_catalogue_measure(struct app *app, struct base_cancel *cancel,
                           struct app_catalogue_scope *scope, struct app_catalogue_row *rows,
                           size_t count, struct arena *arena, struct fail *fail)
{
    struct measuring m = {.app = app,
                          .scope = scope,
                          .run = run_of(app, scope, cancel),
                          .rows = rows,
                          .count = count,
                          .arena = arena};
    if (!app_gate_enter(app, cancel, fail)) {
        return false;
    }
    bool good = measure_shapes(&m, fail) &&
                (scope->kind == STORE_NAME_EVENT || measure_unexpected(&m, fail));
    app_gate_leave(app);
    return good;
}

/* ---- examples ------------------------------------------------------------------------------------------ */

static bool write_examples(const struct measuring *m, struct app_catalogue_row *row,
                           struct str answer, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct base_buf text CLEANUP(base_buf_done) = {.limit = TEXT_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value root, series, item, value;
    if (!json_parse(parser, answer, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("series"), &series));
    json_begin_array(&w);
    for (struct json_iter it = json_iter_of(series); json_next(&it, NULL, &item);) {
        json_begin_object(&w);
        json_name_c(&w, "value");
        INVARIANT(json_member(item, STR("group"), &value));
        json_write_value(&w, value);
        json_name_c(&w, "count");
        INVARIANT(json_member(item, STR("total"), &value));
        json_write_value(&w, value);
        json_end_object(&w);
    }
    json_end_array(&w);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    row->examples = str_copy(m->arena, base_buf_view(&text));
    return true;
}

bool app_catalogue_examples(struct app *app, struct base_cancel *cancel,
                            const struct app_catalogue_scope *scope, struct app_catalogue_row *row,
                            struct arena *arena, struct fail *fail)
{
    struct app_catalogue_scope copy = *scope;
    struct measuring m = {
        .app = app, .scope = &copy, .run = run_of(app, scope, cancel), .arena = arena};
    struct base_buf text CLEANUP(base_buf_done) = {.limit = TEXT_BYTES_MAX};
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &text};
    /* The question as it is, with two more members. */
    struct str open = str_of(row->question.data, row->question.len - 1);
    struct str name = str_format(arena, "properties.%.*s", STR_ARG(row->name));
    base_buf_str(&text, open);
    base_buf_c(&text, ",\"breakdown\":");
    json_write_str(&w, name);
    base_buf_printf(&text, ",\"limit\":%d}", EXAMPLES);
    if (!base_buf_ok(&text, fail) || !app_gate_enter(app, cancel, fail)) {
        return false;
    }
    row->by_value = str_copy(arena, base_buf_view(&text));
    bool good = ask(&m, row->by_value, &answer, fail);
    app_gate_leave(app);
    return good && write_examples(&m, row, base_buf_view(&answer), fail);
}
