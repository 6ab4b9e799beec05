#include "query_answer.h"

#include "query_kind.h"
#include "query_matcher.h"
#include "query_shown.h"

void query_answer_value(struct json_writer *w, struct store_value value)
{
    switch ((enum store_kind)value.kind) {
    case STORE_NULL:
        json_write_null(w);
        return;
    case STORE_BOOL:
        json_write_bool(w, value.b);
        return;
    case STORE_INT:
        json_write_int(w, value.i);
        return;
    case STORE_UINT:
        json_write_uint(w, value.u);
        return;
    case STORE_DOUBLE:
        json_write_double(w, value.d);
        return;
    case STORE_STRING:
        json_write_str(w, store_value_text(value));
        return;
    }
}

static void write_label(struct json_writer *w, const struct query_plan *plan,
                        enum interval interval, int64_t begin_ms)
{
    char text[ZONE_LABEL_BYTES];
    size_t len = zone_interval_label(plan->zone, interval, begin_ms, text);
    json_write_str(w, str_of(text, len));
}

void query_answer_labels(struct json_writer *w, const char *name, const struct query_plan *plan,
                         enum interval interval, const struct zone_intervals *intervals)
{
    json_name_c(w, name);
    json_begin_array(w);
    for (size_t i = 0; i < intervals->count; i++) {
        write_label(w, plan, interval, intervals->begins[i]);
    }
    json_end_array(w);
}

void query_answer_partial(struct json_writer *w, const struct query_plan *plan,
                          enum interval interval, const struct zone_intervals *intervals,
                          const struct query_range *range)
{
    json_name_c(w, "partial");
    json_begin_array(w);
    for (size_t i = 0; i < intervals->count; i++) {
        int64_t begin_ms = intervals->begins[i], end_ms = intervals->begins[i + 1];
        if (begin_ms < range->from_ms || end_ms > range->to_ms || end_ms > plan->now_ms) {
            write_label(w, plan, interval, begin_ms);
        }
    }
    json_end_array(w);
}

/* A column of which no value was met: perhaps nothing bears that name at all. */
static bool warn_unseen_columns(struct query_exec *exec, struct fail *fail)
{
    static const struct {
        enum store_column_of of;
        enum store_name_kind kind;
        const char *what;
    } families[] = {
        {STORE_COLUMN_PROPERTY, STORE_NAME_PROPERTY, "property"},
        {STORE_COLUMN_TRAIT, STORE_NAME_TRAIT, "trait"},
        {STORE_COLUMN_TRAIT_SENT, STORE_NAME_TRAIT, "trait"},
    };
    const struct query_plan *plan = exec->plan;
    for (size_t f = 0; f < ARRAY_LEN(families); f++) {
        struct store_name *names = NULL;
        size_t count = 0;
        bool loaded = false;
        for (size_t i = 0; i < plan->column_count; i++) {
            if (plan->columns[i].of != families[f].of || exec->column_seen[i] ||
                plan->column_quiet[i]) {
                continue;
            }
            if (!loaded && !store_names(exec->snapshot, families[f].kind, (struct str){NULL, 0},
                                        exec->arena, &names, &count, fail)) {
                return false;
            }
            loaded = true;
            bool known = false;
            for (size_t k = 0; k < count && !known; k++) {
                struct str name = names[k].name;
                if (families[f].of == STORE_COLUMN_PROPERTY) {
                    name = query_shown_property(&plan->renames, name);
                }
                known = str_equal(name, plan->columns[i].name);
            }
            if (!known) {
                query_exec_warn(exec, "%s \"%.*s\" was never seen", families[f].what,
                                STR_ARG(plan->columns[i].name));
            }
        }
    }
    return true;
}

static bool write_body(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    const struct query_kind *kind = exec->plan->kind;
    json_name_c(w, "kind");
    if (!exec->plan->is_open) {
        json_write_c(w, kind->name);
        return kind->run(exec, w, fail);
    }
    struct query_list_job job = {.with_verbatims = true};
    json_write_c(w, query_kind_customers.name);
    if (!kind->open(exec, &job, fail) || !query_list_run(exec, &job, w, fail)) {
        return false;
    }
    json_name_c(w, "partial");
    json_begin_array(w);
    json_end_array(w);
    return true;
}

bool query_answer_write(struct query_exec *exec, struct base_buf *out, struct fail *fail)
{
    const struct base_clock *clock = base_clock_real();
    int64_t begin_us = base_steady_us(clock);
    struct json_writer writer = {.out = out};
    struct json_writer *w = &writer;
    for (size_t i = 0; i < exec->plan->warning_count; i++) {
        query_exec_warn(exec, "%.*s", STR_ARG(exec->plan->warnings[i]));
    }
    query_matchers_warn_unseen(exec);
    json_begin_object(w);
    if (!write_body(exec, w, fail) || !warn_unseen_columns(exec, fail)) {
        return false;
    }
    if (exec->plan->has_internal) {
        static const char *const words[] = {"left out", "included", "only"};
        json_name_c(w, "internal");
        json_write_c(w, words[exec->plan->internal]);
    }
    json_name_c(w, "warnings");
    json_begin_array(w);
    for (size_t i = 0; i < exec->warning_count; i++) {
        json_write_str(w, exec->warnings[i]);
    }
    json_end_array(w);
    json_name_c(w, "as_of");
    json_write_instant(w, exec->plan->now_ms);
    json_name_c(w, "stats");
    json_begin_object(w);
    json_name_c(w, "events_scanned");
    json_write_uint(w, exec->events_scanned);
    json_name_c(w, "customers");
    json_write_uint(w, exec->customers);
    json_name_c(w, "elapsed_ms");
    json_write_int(w, (base_steady_us(clock) - begin_us) / 1000);
    json_end_object(w);
    json_end_object(w);
    return true;
}
