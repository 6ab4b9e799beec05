/* Answers of the query contract as tables. */
#include "cli_answer.h"

/* "Order Completed", "Order Completed: NL" */
static struct str series_name(struct cli *cli, struct json_value series)
{
    struct json_value group, label;
    struct str name = has(series, "label", &label) ? json_string(label) : STR("");
    if (!has(series, "group", &group)) {
        return name;
    }
    return str_format(cli->arena, "%.*s: %.*s", STR_ARG(name), STR_ARG(json_string(group)));
}

static void write_trend(struct cli *cli, struct json_value answer, enum cli_form form)
{
    struct json_value list = member(answer, "series"), series;
    struct json_value intervals = member(answer, "intervals"), interval;
    size_t count = json_count(list);
    struct cli_table *table = cli_table_new(cli, count + 1);
    cli_table_text(table, STR("interval"));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &series);) {
        cli_table_text(table, series_name(cli, series));
    }
    size_t row = 0;
    for (struct json_iter at = json_iter_of(intervals); json_next(&at, NULL, &interval); row++) {
        cli_table_value(table, interval);
        for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &series);) {
            struct json_value value;
            struct json_iter values = json_iter_of(member(series, "values"));
            for (size_t i = 0; i <= row && json_next(&values, NULL, &value); i++) {
            }
            cli_table_value(table, value);
        }
    }
    cli_table_text(table, STR("total"));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &series);) {
        cli_table_value(table, member(series, "total"));
    }
    cli_table_write(cli, table, form);
}

static void put_percent(struct cli *cli, struct cli_table *table, struct json_value rate)
{
    if (json_type_of(rate) == JSON_NULL) {
        cli_table_number(table, STR("-"));
    } else {
        cli_table_number(table, str_format(cli->arena, "%.1f%%", 100 * json_double(rate)));
    }
}

void cli_put_duration(struct cli *cli, struct cli_table *table, struct json_value ms)
{
    static const struct {
        double ms;
        const char *unit;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
    if (json_type_of(ms) == JSON_NULL) {
        cli_table_number(table, STR("-"));
        return;
    }
    double value = json_double(ms);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (value >= units[i].ms) {
            cli_table_number(table,
                             str_format(cli->arena, "%.1f %s", value / units[i].ms, units[i].unit));
            return;
        }
    }
    cli_table_number(table, str_format(cli->arena, "%.0f ms", value));
}

static void put_steps(struct cli *cli, struct cli_table *table, struct str group,
                      struct json_value steps, enum cli_form form)
{
    struct json_value step;
    for (struct json_iter it = json_iter_of(steps); json_next(&it, NULL, &step);) {
        cli_table_text(table, group);
        cli_table_value(table, member(step, "step"));
        cli_table_value(table, member(step, "label"));
        cli_table_value(table, member(step, "count"));
        if (form == CLI_FORM_CSV) {
            cli_table_value(table, member(step, "rate_from_start"));
            cli_table_value(table, member(step, "rate_from_previous"));
            cli_table_value(table, member(step, "median_ms_from_previous"));
        } else {
            put_percent(cli, table, member(step, "rate_from_start"));
            put_percent(cli, table, member(step, "rate_from_previous"));
            cli_put_duration(cli, table, member(step, "median_ms_from_previous"));
        }
    }
}

static void write_funnel(struct cli *cli, struct json_value answer, enum cli_form form)
{
    static const char *const heads[] = {"group",    "step",        "event",      "customers",
                                        "of first", "of previous", "median time"};
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(heads));
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        cli_table_text(table, str_from_c(heads[i]));
    }
    put_steps(cli, table, STR("all"), member(answer, "steps"), form);
    struct json_value groups, group;
    if (has(answer, "groups", &groups)) {
        for (struct json_iter it = json_iter_of(groups); json_next(&it, NULL, &group);) {
            put_steps(cli, table, json_string(member(group, "group")), member(group, "steps"),
                      form);
        }
    }
    cli_table_write(cli, table, form);
}

static void put_cohorts(struct cli_table *table, struct str group, struct json_value cohorts)
{
    struct json_value cohort, value;
    for (struct json_iter it = json_iter_of(cohorts); json_next(&it, NULL, &cohort);) {
        cli_table_text(table, group);
        cli_table_value(table, member(cohort, "start"));
        cli_table_value(table, member(cohort, "size"));
        for (struct json_iter at = json_iter_of(member(cohort, "returned"));
             json_next(&at, NULL, &value);) {
            cli_table_value(table, value);
        }
    }
}

static void write_retention(struct cli *cli, struct json_value answer, enum cli_form form)
{
    struct json_value cohorts = member(answer, "cohorts"), first, groups, group;
    struct json_iter it = json_iter_of(cohorts);
    size_t periods = json_next(&it, NULL, &first) ? json_count(member(first, "returned")) : 0;
    struct cli_table *table = cli_table_new(cli, periods + 3);
    cli_table_text(table, STR("group"));
    cli_table_text(table, STR("cohort"));
    cli_table_text(table, STR("size"));
    for (size_t i = 0; i < periods; i++) {
        cli_table_text(table, str_format(cli->arena, "%zu", i));
    }
    put_cohorts(table, STR("all"), cohorts);
    if (has(answer, "groups", &groups)) {
        for (it = json_iter_of(groups); json_next(&it, NULL, &group);) {
            put_cohorts(table, json_string(member(group, "group")), member(group, "cohorts"));
        }
    }
    cli_table_write(cli, table, form);
}

static void write_customers(struct cli *cli, struct json_value answer, enum cli_form form)
{
    static const char *const heads[] = {"id", "first_seen", "last_seen", "events"};
    struct json_value customers = member(answer, "customers"), customer, value;
    struct json_iter it = json_iter_of(customers);
    bool values = json_next(&it, NULL, &customer) && json_member(customer, STR("value"), &value);
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(heads) + (values ? 2 : 1));
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        cli_table_text(table, str_from_c(heads[i]));
    }
    if (values) {
        cli_table_text(table, STR("value"));
    }
    cli_table_text(table, STR("traits"));
    for (it = json_iter_of(customers); json_next(&it, NULL, &customer);) {
        for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
            cli_table_value(table, member(customer, heads[i]));
        }
        if (values) {
            cli_table_value(table, member(customer, "value"));
        }
        cli_table_value(table, member(customer, "traits"));
    }
    cli_table_write(cli, table, form);
    if (form == CLI_FORM_TABLE) {
        struct base_buf total CLEANUP(base_buf_done) = {0};
        struct json_writer w = {.out = &total};
        json_write_value(&w, member(answer, "total"));
        base_buf_printf(&cli->out, "%.*s customers in all\n", STR_ARG(base_buf_view(&total)));
    }
}

/* ---- scores ---- */

static struct str number_or_dash(struct cli *cli, struct json_value value, int decimals)
{
    return json_type_of(value) == JSON_NULL
               ? STR("-")
               : str_format(cli->arena, "%.*f", decimals, json_double(value));
}

/* "-20.0 to 38.7" */
static struct str span_of(struct cli *cli, struct json_value object, int decimals)
{
    struct json_value low = member(object, "low"), high = member(object, "high");
    if (json_type_of(low) == JSON_NULL) {
        return STR("-");
    }
    return str_format(cli->arena, "%.*f to %.*f", decimals, json_double(low), decimals,
                      json_double(high));
}

/* "+4.1 (-1.0 to 9.2), not clear" */
static struct str change_of(struct cli *cli, struct json_value series, int decimals)
{
    struct json_value difference;
    if (!has(series, "difference", &difference)) {
        return STR("-");
    }
    return str_format(cli->arena, "%+.*f (%.*s), %s", decimals,
                      json_double(member(difference, "value")),
                      STR_ARG(span_of(cli, difference, decimals)),
                      json_bool(member(difference, "clear")) ? "clear" : "not clear");
}

static const char *const score_counts[] = {"n", "asked", "shown", "started", "finished", "silent"};
/* Of a row's "adjusted", in CSV; with "adjusted_" before the first three. */
static const char *const score_adjusted[] = {"value",       "low",       "high",
                                             "n_effective", "worst_low", "worst_high"};

struct score_view {
    enum cli_form form;
    int decimals;
    bool compares, adjusted;
    size_t levels; /* columns for the distribution */
};

static size_t score_columns(const struct score_view *view)
{
    bool csv = view->form == CLI_FORM_CSV;
    size_t adjusted = !view->adjusted ? 0 : csv ? ARRAY_LEN(score_adjusted) : 3;
    return 2 + (csv ? 3U : 2U) + ARRAY_LEN(score_counts) + view->levels + adjusted +
           (view->compares ? 1U : 0U);
}

static void put_adjusted(struct cli *cli, struct cli_table *table, struct json_value row,
                         const struct score_view *view)
{
    struct json_value adjusted = member(row, "adjusted");
    bool there = json_type_of(adjusted) == JSON_OBJECT;
    if (view->form == CLI_FORM_CSV) {
        for (size_t i = 0; i < ARRAY_LEN(score_adjusted); i++) {
            if (there) {
                cli_table_value(table, member(adjusted, score_adjusted[i]));
            } else {
                cli_table_text(table, STR(""));
            }
        }
        return;
    }
    if (!there) {
        for (int i = 0; i < 3; i++) {
            cli_table_number(table, STR("-"));
        }
        return;
    }
    cli_table_number(table, number_or_dash(cli, member(adjusted, "value"), view->decimals));
    cli_table_number(table, span_of(cli, adjusted, view->decimals));
    cli_table_number(table, str_format(cli->arena, "%.*f to %.*f", view->decimals,
                                       json_double(member(adjusted, "worst_low")), view->decimals,
                                       json_double(member(adjusted, "worst_high"))));
}

static void put_score(struct cli *cli, struct cli_table *table, struct json_value row,
                      const struct score_view *view)
{
    struct json_value level;
    if (view->form == CLI_FORM_CSV) {
        cli_table_value(table, member(row, "value"));
        cli_table_value(table, member(row, "low"));
        cli_table_value(table, member(row, "high"));
    } else {
        cli_table_number(table, number_or_dash(cli, member(row, "value"), view->decimals));
        cli_table_number(table, span_of(cli, row, view->decimals));
    }
    for (size_t i = 0; i < ARRAY_LEN(score_counts); i++) {
        cli_table_value(table, member(row, score_counts[i]));
    }
    if (view->form == CLI_FORM_CSV) {
        struct json_iter it = json_iter_of(member(row, "distribution"));
        while (json_next(&it, NULL, &level)) {
            cli_table_value(table, level);
        }
    }
    if (view->adjusted) {
        put_adjusted(cli, table, row, view);
    }
}

static void score_heads(struct cli *cli, struct cli_table *table, struct json_value distribution,
                        const struct score_view *view)
{
    struct json_value level;
    struct str name;
    bool csv = view->form == CLI_FORM_CSV;
    cli_table_text(table, STR("group"));
    cli_table_text(table, STR("interval"));
    cli_table_text(table, STR("score"));
    cli_table_text(table, csv ? STR("low") : STR("95 % interval"));
    if (csv) {
        cli_table_text(table, STR("high"));
    }
    for (size_t i = 0; i < ARRAY_LEN(score_counts); i++) {
        cli_table_text(table, str_from_c(score_counts[i]));
    }
    struct json_iter it = json_iter_of(distribution);
    while (view->levels > 0 && json_next(&it, &name, &level)) {
        cli_table_text(table, name);
    }
    for (size_t i = 0; view->adjusted && csv && i < ARRAY_LEN(score_adjusted); i++) {
        cli_table_text(table,
                       str_format(cli->arena, "%s%s", i < 3 ? "adjusted_" : "", score_adjusted[i]));
    }
    if (view->adjusted && !csv) {
        cli_table_text(table, STR("adjusted"));
        cli_table_text(table, STR("95 % interval"));
        cli_table_text(table, STR("at worst, best"));
    }
    if (view->compares) {
        cli_table_text(table, STR("change"));
    }
}

static void write_score(struct cli *cli, struct json_value answer, enum cli_form form)
{
    struct json_value list = member(answer, "series"), series, interval, previous;
    struct json_iter it = json_iter_of(list);
    struct score_view view = {
        .form = form,
        .decimals = str_is(json_string(member(answer, "metric")), "nps") ? 1 : 2,
        .compares = has(answer, "previous", &previous),
    };
    if (!json_next(&it, NULL, &series)) {
        base_buf_c(&cli->out, form == CLI_FORM_CSV ? "" : "nobody was asked and nobody answered\n");
        return;
    }
    struct json_value total = member(series, "total"), adjusted;
    struct json_value distribution = member(total, "distribution");
    view.adjusted = json_member(total, STR("adjusted"), &adjusted);
    view.levels = form == CLI_FORM_CSV ? json_count(distribution) : 0;
    struct cli_table *table = cli_table_new(cli, score_columns(&view));
    score_heads(cli, table, distribution, &view);
    for (it = json_iter_of(list); json_next(&it, NULL, &series);) {
        struct json_value group, row;
        struct str name = has(series, "group", &group) ? json_string(group) : STR("all");
        struct json_iter rows = json_iter_of(member(series, "values"));
        struct json_iter labels = json_iter_of(member(answer, "intervals"));
        while (json_next(&labels, NULL, &interval) && json_next(&rows, NULL, &row)) {
            cli_table_text(table, name);
            cli_table_value(table, interval);
            put_score(cli, table, row, &view);
            if (view.compares) {
                cli_table_text(table, STR(""));
            }
        }
        cli_table_text(table, name);
        cli_table_text(table, STR("total"));
        put_score(cli, table, member(series, "total"), &view);
        if (view.compares) {
            cli_table_text(table, change_of(cli, series, view.decimals));
        }
    }
    cli_table_write(cli, table, form);
    if (form == CLI_FORM_TABLE) {
        base_buf_printf(&cli->out, "- : fewer than %lld answers\n",
                        (long long)json_int(member(answer, "least")));
    }
}

/* Words whole in CSV; on a terminal as much as stands in a cell. */
static void write_verbatims(struct cli *cli, struct json_value answer, enum cli_form form)
{
    static const char *const heads[] = {"ts", "customer", "channel", "score", "scale", "text"};
    struct json_value list = member(answer, "verbatims"), one;
    size_t columns = ARRAY_LEN(heads) + (form == CLI_FORM_CSV ? 1 : 0);
    struct cli_table *table = cli_table_new(cli, columns);
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        cli_table_text(table, str_from_c(heads[i]));
    }
    if (form == CLI_FORM_CSV) {
        cli_table_text(table, STR("id"));
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &one);) {
        for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
            cli_table_value(table, member(one, heads[i]));
        }
        if (form == CLI_FORM_CSV) {
            cli_table_value(table, member(one, "id"));
        }
    }
    cli_table_write(cli, table, form);
    if (form == CLI_FORM_TABLE) {
        base_buf_printf(&cli->out, "%lld verbatims of %lld customers in all\n",
                        (long long)json_int(member(answer, "total")),
                        (long long)json_int(member(answer, "customers")));
    }
}

static void write_warnings(struct json_value answer)
{
    struct json_value warnings, warning;
    if (!has(answer, "warnings", &warnings)) {
        return;
    }
    for (struct json_iter it = json_iter_of(warnings); json_next(&it, NULL, &warning);) {
        struct base_buf line CLEANUP(base_buf_done) = {0};
        base_buf_c(&line, "firsthand: note: ");
        base_plain_text(&line, json_string(warning));
        base_buf_byte(&line, '\n');
        fwrite(line.data, 1, line.len, stderr);
    }
}

/* The range compared with in the same form: below for people, in the same table for programs. */
static void write_compared(struct cli *cli, struct json_value answer, enum cli_form form,
                           void (*write)(struct cli *cli, struct json_value answer,
                                         enum cli_form form))
{
    struct json_value previous = member(answer, "previous");
    struct json_value range = member(previous, "range");
    cli->csv_range = "asked";
    write(cli, answer, form);
    if (form == CLI_FORM_TABLE) {
        base_buf_printf(&cli->out, "\ncompared with %.*s until %.*s\n",
                        STR_ARG(json_string(member(range, "from"))),
                        STR_ARG(json_string(member(range, "to"))));
    }
    cli->csv_range = "compared";
    cli->csv_headless = true;
    write(cli, previous, form);
    cli->csv_range = NULL;
    cli->csv_headless = false;
}

void cli_write_answer(struct cli *cli, struct json_value answer, enum cli_form form)
{
    static const struct {
        const char *kind;
        void (*write)(struct cli *cli, struct json_value answer, enum cli_form form);
    } kinds[] = {
        {"trend", write_trend},
        {"funnel", write_funnel},
        {"retention", write_retention},
        {"lifecycle", cli_write_lifecycle},
        {"stickiness", cli_write_stickiness},
        {"time_between", cli_write_time_between},
        {"customers", write_customers},
        {"verbatims", write_verbatims},
        {"score", write_score},
        {"paths", cli_write_paths},
    };
    struct str kind = json_string(member(answer, "kind"));
    struct json_value previous;
    /* Scores say the difference beside each total. */
    bool compares = !str_is(kind, "score") && has(answer, "previous", &previous);
    write_warnings(answer);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!str_is(kind, kinds[i].kind)) {
            continue;
        }
        if (compares) {
            write_compared(cli, answer, form, kinds[i].write);
        } else {
            kinds[i].write(cli, answer, form);
        }
        return;
    }
    struct json_writer w = {.out = &cli->out};
    json_write_value(&w, answer);
    base_buf_byte(&cli->out, '\n');
}
