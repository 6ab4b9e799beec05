/* The catalogue: which events, properties and traits there are, what people say of them, what is expected. */
#include "app_catalogue.h"
#include "app_names.h"
#include "query_fold.h"

#define PAGE_MAX 500
#define SEARCH_BYTES_MAX ((size_t)1 << 20)

/* ---- what an answer is about --------------------------------------------------------------------------- */

static void scope_done(struct app_catalogue_scope *scope)
{
    store_snapshot_unref(scope->snapshot);
}

static bool scope_init(struct app *app, enum store_name_kind kind, struct arena *arena,
                       struct app_catalogue_scope *out, struct fail *fail)
{
    struct query_env env;
    struct query_renames renames;
    if (!app_query_env(app, &env, fail) || !app_rules_renames(app->rules, arena, &renames, fail)) {
        return false;
    }
    *out = (struct app_catalogue_scope){
        .snapshot = store_snapshot_take(app->store),
        .env = env,
        .renames = renames,
        .kind = kind,
        .from_ms = zone_interval_step(env.zone, INTERVAL_DAY, env.now_ms, 1 - APP_CATALOGUE_DAYS),
        .to_ms = zone_interval_next(env.zone, INTERVAL_DAY, env.now_ms),
    };
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (double)part / (double)whole;
}

static void write_recent(struct json_writer *w, const struct app_catalogue_scope *scope,
                         const struct app_catalogue_row *row)
{
    const struct query_shape *shape = &row->recent;
    const struct {
        const char *name;
        uint64_t n;
    } types[] = {{"string", shape->strings},
                 {"instant", shape->instants},
                 {"number", shape->numbers},
                 {"boolean", shape->booleans}};
    json_begin_object(w);
    json_name_c(w, "count");
    json_write_uint(w, shape->bearers);
    json_name_c(w, "customers");
    json_write_uint(w, shape->customers);
    json_name_c(w, "share");
    json_write_double(w, share(shape->bearers, scope->rows));
    json_name_c(w, "types");
    json_begin_object(w);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].n > 0) {
            json_name_c(w, types[i].name);
            json_write_uint(w, types[i].n);
        }
    }
    json_end_object(w);
    json_end_object(w);
}

/* The question's one number; and the groups of `by_value`. */
static void write_unexpected(struct json_writer *w, const struct app_catalogue_row *row)
{
    json_begin_object(w);
    json_name_c(w, "count");
    json_write_uint(w, row->unexpected);
    json_name_c(w, "question");
    json_write_raw(w, row->question);
    if (row->examples.data != NULL) {
        json_name_c(w, "by_value");
        json_write_raw(w, row->by_value);
        json_name_c(w, "examples");
        json_write_raw(w, row->examples);
    }
    json_end_object(w);
}

static void write_said(struct json_writer *w, const struct state_catalogue_entry *said)
{
    struct str none = {NULL, 0};
    app_write_text(w, "owner", said == NULL || said->owner.len == 0 ? none : said->owner);
    app_write_text(w, "description",
                   said == NULL || said->description.len == 0 ? none : said->description);
    json_name_c(w, "expected");
    if (said == NULL || said->expected.data == NULL) {
        json_write_null(w);
    } else {
        json_write_raw(w, said->expected);
    }
    app_write_instant(w, "updated", said == NULL ? STORE_NO_TIME : said->updated_ms);
    app_write_text(w, "updated_by", said == NULL ? none : said->updated_by);
}

/* How it is read and taken in. */
static void write_rules(struct json_writer *w, struct app *app,
                        const struct app_catalogue_scope *scope,
                        const struct app_catalogue_row *row)
{
    const struct state_catalogue_entry *said = row->said;
    json_name_c(w, "also");
    json_begin_array(w);
    for (size_t i = 0; i < row->also_count; i++) {
        json_begin_object(w);
        json_name_c(w, "name");
        json_write_str(w, row->also[i].name);
        json_name_c(w, "count");
        json_write_uint(w, row->also[i].rows);
        app_write_instant(w, "last_seen", row->also[i].last_ms);
        json_end_object(w);
    }
    json_end_array(w);
    json_name_c(w, "hidden");
    json_write_bool(w, said != NULL && said->hidden);
    json_name_c(w, "blocked");
    if (said == NULL || said->blocked_ms == 0) {
        json_write_null(w);
        return;
    }
    json_begin_object(w);
    app_write_instant(w, "since", said->blocked_ms);
    json_name_c(w, "turned_away");
    json_write_uint(w, app_rules_turned_away(
                           app->rules, str_from_c(app_catalogue_kinds[scope->kind]), row->name));
    json_end_object(w);
}

/* The members of an entry; the caller has begun the object. */
static void write_row(struct json_writer *w, struct app *app,
                      const struct app_catalogue_scope *scope, const struct app_catalogue_row *row,
                      bool measured)
{
    json_name_c(w, "kind");
    json_write_c(w, app_catalogue_kinds[scope->kind]);
    json_name_c(w, "name");
    json_write_str(w, row->name);
    json_name_c(w, "count");
    json_write_uint(w, row->rows);
    app_write_instant(w, "first_seen", row->first_ms);
    app_write_instant(w, "last_seen", row->last_ms);
    json_name_c(w, "recent");
    if (measured) {
        write_recent(w, scope, row);
    } else {
        json_write_null(w);
    }
    write_said(w, row->said);
    write_rules(w, app, scope, row);
    json_name_c(w, "unexpected");
    if (measured && row->question.data != NULL) {
        write_unexpected(w, row);
    } else {
        json_write_null(w);
    }
}

/* as_of, the range that "recent" is about, and why nothing was measured. */
static void write_scope(struct json_writer *w, const struct app_catalogue_scope *scope,
                        const struct fail *unmeasured)
{
    json_name_c(w, "as_of");
    json_write_instant(w, scope->env.now_ms);
    json_name_c(w, "recent");
    json_begin_object(w);
    json_name_c(w, "days");
    json_write_int(w, APP_CATALOGUE_DAYS);
    app_write_instant(w, "from", scope->from_ms);
    app_write_instant(w, "to", scope->to_ms);
    json_name_c(w, "rows");
    json_write_uint(w, scope->rows);
    json_end_object(w);
    json_name_c(w, "unmeasured");
    if (unmeasured == NULL) {
        json_write_null(w);
    } else {
        json_write_c(w, unmeasured->message);
    }
}

/* Measures; what takes too long or too much leaves the rest of the answer standing, with the reason. */
static bool measure(struct app *app, const struct app_caller *caller,
                    struct app_catalogue_scope *scope, struct app_catalogue_row *rows, size_t count,
                    struct arena *arena, struct fail *why, bool *out_measured, struct fail *fail)
{
    struct base_cancel cancel = app_cancel_of(app, caller);
    *out_measured = app_catalogue_measure(app, &cancel, scope, rows, count, arena, why);
    if (!*out_measured && why->code != FAIL_LIMIT && why->code != FAIL_BUSY) {
        *fail = *why;
        return false;
    }
    return true;
}

/* Of what is unexpected of a property: a customer's trait is shown by the customer. */
static bool find_examples(struct app *app, const struct app_caller *caller,
                          const struct app_catalogue_scope *scope, struct app_catalogue_row *row,
                          struct arena *arena, struct fail *fail)
{
    struct base_cancel cancel = app_cancel_of(app, caller);
    return scope->kind != STORE_NAME_PROPERTY || row->unexpected == 0 ||
           app_catalogue_examples(app, &cancel, scope, row, arena, fail);
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static bool is_found(const struct app_catalogue_row *row, struct str folded,
                     struct base_buf *scratch)
{
    const struct state_catalogue_entry *said = row->said;
    return folded.len == 0 || query_fold_contains(row->name, folded, scratch) ||
           (said != NULL && (query_fold_contains(said->owner, folded, scratch) ||
                             query_fold_contains(said->description, folded, scratch)));
}

/* Keeps what the search finds, in order; where the page after `cursor` begins. */
static size_t choose(struct app_catalogue_row *rows, size_t *count, struct str search,
                     struct str cursor)
{
    struct base_buf folded CLEANUP(base_buf_done) = {.limit = SEARCH_BYTES_MAX};
    struct base_buf scratch CLEANUP(base_buf_done) = {.limit = SEARCH_BYTES_MAX};
    size_t kept = 0, begin = 0;
    query_fold(search, &folded);
    for (size_t i = 0; i < *count; i++) {
        if (is_found(&rows[i], base_buf_view(&folded), &scratch)) {
            rows[kept++] = rows[i];
            begin = cursor.data != NULL && str_equal(rows[kept - 1].name, cursor) ? kept : begin;
        }
    }
    *count = kept;
    return begin;
}

bool app_op_catalogue(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"kind", "search", "limit", "cursor", NULL};
    struct app_catalogue_scope scope CLEANUP(scope_done) = {0};
    struct str search, cursor;
    enum store_name_kind kind;
    int64_t limit;
    struct app_catalogue_row *rows;
    size_t count;
    bool measured;
    struct fail why;
    if (!app_input_members(input, members, fail) ||
        !app_catalogue_input_kind(input, false, &kind, fail) ||
        !app_input_str(input, "search", false, &search, fail) ||
        !app_input_str(input, "cursor", false, &cursor, fail) ||
        !app_input_int(input, "limit", 1, PAGE_MAX, 100, &limit, fail) ||
        !scope_init(app, kind, arena, &scope, fail) ||
        !app_catalogue_rows(app, &scope, arena, &rows, &count, fail)) {
        return false;
    }
    size_t begin = choose(rows, &count, search, cursor);
    size_t shown = count - begin < (size_t)limit ? count - begin : (size_t)limit;
    if (!measure(app, caller, &scope, rows + begin, shown, arena, &why, &measured, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    write_scope(&w, &scope, measured ? NULL : &why);
    json_name_c(&w, "total");
    json_write_uint(&w, count);
    json_name_c(&w, "entries");
    json_begin_array(&w);
    for (size_t i = begin; i < begin + shown; i++) {
        json_begin_object(&w);
        write_row(&w, app, &scope, &rows[i], measured);
        json_end_object(&w);
    }
    json_end_array(&w);
    app_write_text(&w, "cursor",
                   begin + shown < count ? rows[begin + shown - 1].name : (struct str){NULL, 0});
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* ---- one entry ----------------------------------------------------------------------------------------- */

/* Of a property or trait: the events that bear it, with the share of their rows. Of an event: its properties. */
static bool write_beside(struct json_writer *w, const struct app_catalogue_scope *scope,
                         const struct app_catalogue_row *row, struct arena *arena,
                         struct fail *fail)
{
    struct store_name *names, *events = NULL;
    size_t count, event_count = 0;
    struct str every_event = {NULL, 0};
    bool of_event = scope->kind == STORE_NAME_EVENT;
    if (of_event ? !app_names_shown(scope->snapshot, &scope->renames, STORE_NAME_PROPERTY,
                                    row->name, arena, &names, &count, fail)
                 : !app_names_events(scope->snapshot, &scope->renames, scope->kind, row->name,
                                     arena, &names, &count, fail) ||
                       !app_names_shown(scope->snapshot, &scope->renames, STORE_NAME_EVENT,
                                        every_event, arena, &events, &event_count, fail)) {
        return false;
    }
    json_name_c(w, of_event ? "properties" : "events");
    json_begin_array(w);
    for (size_t i = 0; i < count && i < PAGE_MAX; i++) {
        uint64_t whole = row->rows;
        for (size_t k = 0; k < event_count; k++) {
            whole = str_equal(events[k].name, names[i].name) ? events[k].rows : whole;
        }
        json_begin_object(w);
        json_name_c(w, "name");
        json_write_str(w, names[i].name);
        json_name_c(w, "count");
        json_write_uint(w, names[i].rows);
        json_name_c(w, "share");
        json_write_double(w, share(names[i].rows, whole));
        app_write_instant(w, "first_seen", names[i].first_ms);
        app_write_instant(w, "last_seen", names[i].last_ms);
        json_end_object(w);
    }
    json_end_array(w);
    return true;
}

static struct app_catalogue_row *find_row(struct app_catalogue_row *rows, size_t count,
                                          struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_equal(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool absent(enum store_name_kind kind, const struct app_catalogue_row *rows, size_t count,
                   struct str name, struct arena *arena, struct fail *fail)
{
    struct str *names = arena_array(arena, count, sizeof *names, fail);
    if (names == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = rows[i].name;
    }
    size_t nearest = str_nearest_of(name, names, count);
    bool near = nearest < count;
    return fail_set(fail, FAIL_ABSENT, "no %s \"%.*s\" was ever seen or described%s%.*s%s",
                    app_catalogue_kinds[kind], STR_ARG(name), near ? "; did you mean \"" : "",
                    near ? (int)names[nearest].len : 0, near ? names[nearest].data : "",
                    near ? "\"?" : "");
}

bool app_op_catalogue_entry(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    static const char *const members[] = {"kind", "name", NULL};
    struct app_catalogue_scope scope CLEANUP(scope_done) = {0};
    struct app_catalogue_row *rows;
    enum store_name_kind kind;
    struct str name;
    size_t count;
    bool measured;
    struct fail why;
    if (!app_input_members(input, members, fail) ||
        !app_catalogue_input_kind(input, true, &kind, fail) ||
        !app_catalogue_input_name(input, &name, fail) ||
        !scope_init(app, kind, arena, &scope, fail) ||
        !app_catalogue_rows(app, &scope, arena, &rows, &count, fail)) {
        return false;
    }
    struct app_catalogue_row *row =
        find_row(rows, count, app_names_shown_as(&scope.renames, kind, name));
    if (row == NULL) {
        return absent(kind, rows, count, name, arena, fail);
    }
    if (!measure(app, caller, &scope, row, 1, arena, &why, &measured, fail) ||
        (measured && !find_examples(app, caller, &scope, row, arena, fail))) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    write_row(&w, app, &scope, row, measured);
    if (!write_beside(&w, &scope, row, arena, fail)) {
        return false;
    }
    json_name_c(&w, "measured");
    json_begin_object(&w);
    write_scope(&w, &scope, measured ? NULL : &why);
    json_end_object(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* ---- what is unexpected, in all ------------------------------------------------------------------------- */

static bool write_unexpected_of(struct app *app, const struct app_caller *caller,
                                enum store_name_kind kind, struct arena *arena,
                                struct json_writer *w, struct fail *fail)
{
    struct app_catalogue_scope scope CLEANUP(scope_done) = {0};
    struct app_catalogue_row *rows;
    size_t count, kept = 0;
    if (!scope_init(app, kind, arena, &scope, fail) ||
        !app_catalogue_rows(app, &scope, arena, &rows, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].said != NULL && rows[i].said->expected.data != NULL) {
            rows[kept++] = rows[i];
        }
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    if (kept == 0) {
        return true;
    }
    if (!app_catalogue_measure(app, &cancel, &scope, rows, kept, arena, fail)) {
        return false;
    }
    for (size_t i = 0; i < kept; i++) {
        if (rows[i].unexpected > 0) {
            if (!find_examples(app, caller, &scope, &rows[i], arena, fail)) {
                return false;
            }
            json_begin_object(w);
            write_row(w, app, &scope, &rows[i], true);
            json_end_object(w);
        }
    }
    return true;
}

bool app_op_catalogue_unexpected(struct app *app, const struct app_caller *caller,
                                 struct json_value input, struct arena *arena, struct base_buf *out,
                                 struct fail *fail)
{
    static const char *const members[] = {NULL};
    if (!app_input_members(input, members, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "entries");
    json_begin_array(&w);
    if (!write_unexpected_of(app, caller, STORE_NAME_PROPERTY, arena, &w, fail) ||
        !write_unexpected_of(app, caller, STORE_NAME_TRAIT, arena, &w, fail)) {
        return false;
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}
