/* Questions: whole ones from a file, and one-line forms of the common kinds. */
#include "cli_internal.h"

#define QUESTION_BYTES_MAX (((size_t)1 << 20) + 1)

static bool ask(struct cli *cli, struct str question, struct fail *fail)
{
    enum cli_form form;
    struct str text;
    struct json_value answer;
    if (!cli_form_of(cli, &form, fail) || !cli_call(cli, "query", question, &text, &answer, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
    } else {
        cli_write_answer(cli, answer, form);
    }
    return true;
}

bool cli_run_query(struct cli *cli, struct fail *fail)
{
    struct str question;
    if (!cli_read_file(cli, cli->arguments[0], QUESTION_BYTES_MAX, &question, fail)) {
        return false;
    }
    /* What is no JSON at all has no pointer: the file's name says where to look. */
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    if (!json_parse(parser, question, &root, fail)) {
        return fail_at(fail, "%s is no JSON",
                       strcmp(cli->arguments[0], "-") == 0 ? "standard input" : cli->arguments[0]);
    }
    return ask(cli, question, fail);
}

/* ---- one-line forms ---------------------------------------------------------------------------------- */

/* "30d" is "last 30 days": calendar units, as the contract counts them. */
static bool put_last(struct cli *cli, struct json_writer *w, const char *text, struct fail *fail)
{
    static const struct {
        const char *suffix, *unit;
    } units[] = {{"mo", "months"}, {"h", "hours"},  {"d", "days"},
                 {"w", "weeks"},   {"m", "months"}, {"q", "quarters"}};
    struct str last = str_from_c(text);
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        struct str suffix = str_from_c(units[i].suffix);
        uint64_t count;
        if (str_ends(last, suffix) && str_parse_u64(str_of(text, last.len - suffix.len), &count) &&
            count > 0) {
            json_write_str(w, str_format(cli->arena, "last %llu %s", (unsigned long long)count,
                                         units[i].unit));
            return true;
        }
    }
    return fail_set(fail, FAIL_INPUT,
                    "--last is \"%s\", expected a number and h, d, w, m or q: 30d", text);
}

bool cli_put_range(struct cli *cli, struct json_writer *w, struct fail *fail)
{
    const char *last = cli_option(cli, "--last");
    const char *from = cli_option(cli, "--from"), *to = cli_option(cli, "--to");
    if (last != NULL && (from != NULL || to != NULL)) {
        return fail_set(fail, FAIL_INPUT, "--last stands alone, or --from with --to");
    }
    if (last != NULL) {
        json_name_c(w, "range");
        return put_last(cli, w, last, fail);
    }
    if ((from == NULL) != (to == NULL)) {
        return fail_set(fail, FAIL_INPUT, "--from and --to stand together");
    }
    if (from != NULL) {
        json_name_c(w, "range");
        json_begin_object(w);
        json_name_c(w, "from");
        json_write_c(w, from);
        json_name_c(w, "to");
        json_write_c(w, to);
        json_end_object(w);
    }
    return true;
}

/* 100, true and "text" in quotes are what they look like; anything else is text. */
static void put_operand(struct cli *cli, struct json_writer *w, struct str text)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value value;
    struct fail ignored;
    (void)cli;
    if (json_parse(parser, text, &value, &ignored)) {
        json_write_value(w, value);
    } else {
        json_write_str(w, text);
    }
}

/* "price > 100", "country in [\"NL\",\"BE\"]", "coupon set" */
bool cli_put_condition(struct cli *cli, struct json_writer *w, const char *option, const char *text,
                       struct fail *fail)
{
    static const char *const operators[] = {" not in ",  " in ", " contains ", " starts with ",
                                            " matches ", " != ", " >= ",       " <= ",
                                            " = ",       " > ",  " < "};
    struct str whole = str_trim(str_from_c(text));
    static const char *const unary[] = {" not set", " set"};
    for (size_t i = 0; i < ARRAY_LEN(unary); i++) {
        struct str suffix = str_from_c(unary[i]);
        if (str_ends(whole, suffix)) {
            json_begin_array(w);
            json_write_str(w, str_trim(str_of(whole.data, whole.len - suffix.len)));
            json_write_str(w, str_trim(suffix));
            json_end_array(w);
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        struct str op = str_from_c(operators[i]);
        size_t at = str_find(whole, op);
        if (at < whole.len) {
            json_begin_array(w);
            json_write_str(w, str_trim(str_of(whole.data, at)));
            json_write_str(w, str_trim(op));
            put_operand(cli, w, str_trim(str_after(whole, at + op.len)));
            json_end_array(w);
            return true;
        }
    }
    return fail_set(fail, FAIL_INPUT,
                    "%s is \"%s\", expected NAME OPERATOR VALUE with spaces: 'price > 100'", option,
                    text);
}

static bool put_where(struct cli *cli, struct json_writer *w, struct fail *fail)
{
    if (!cli_flag(cli, "--where")) {
        return true;
    }
    json_name_c(w, "where");
    json_begin_array(w);
    for (int i = 0; i < cli->option_count; i++) {
        if (strcmp(cli->option_names[i], "--where") == 0 &&
            !cli_put_condition(cli, w, "--where", cli->option_values[i], fail)) {
            return false;
        }
    }
    json_end_array(w);
    return true;
}

static void put_option(struct cli *cli, struct json_writer *w, const char *option, const char *name)
{
    const char *value = cli_option(cli, option);
    if (value != NULL) {
        json_name_c(w, name);
        json_write_c(w, value);
    }
}

static bool put_matcher(struct cli *cli, struct json_writer *w, const char *event,
                        struct fail *fail)
{
    json_begin_object(w);
    json_name_c(w, "event");
    json_write_c(w, event);
    if (!put_where(cli, w, fail)) {
        return false;
    }
    json_end_object(w);
    return true;
}

static bool begin_question(struct cli *cli, struct base_buf *text, struct json_writer *w,
                           const char *kind, struct fail *fail)
{
    *w = (struct json_writer){.out = text};
    json_begin_object(w);
    json_name_c(w, "kind");
    json_write_c(w, kind);
    put_option(cli, w, "--by", strcmp(kind, "paths") == 0 ? "by" : "breakdown");
    put_option(cli, w, "--timezone", "timezone");
    put_option(cli, w, "--segment", "segment");
    put_option(cli, w, "--per", "per");
    const char *internal = cli_option(cli, "--internal");
    if (internal != NULL) {
        json_name_c(w, "internal");
        json_write_c(w, strcmp(internal, "left-out") == 0 ? "left out" : internal);
    }
    put_option(cli, w, "--interval", "interval");
    put_option(cli, w, "--compare", "compare");
    return cli_put_range(cli, w, fail);
}

static bool end_question(struct cli *cli, struct base_buf *text, struct json_writer *w,
                         struct fail *fail)
{
    json_end_object(w);
    return base_buf_ok(text, fail) && ask(cli, base_buf_view(text), fail);
}

static bool put_count(struct json_writer *w, const char *name, const char *option, const char *text,
                      struct fail *fail)
{
    int64_t count;
    if (text == NULL) {
        return true;
    }
    if (!str_parse_i64(str_from_c(text), &count)) {
        return fail_set(fail, FAIL_INPUT, "%s is \"%s\", expected a whole number", option, text);
    }
    json_name_c(w, name);
    json_write_int(w, count);
    return true;
}

bool cli_run_trend(struct cli *cli, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w;
    if (!begin_question(cli, &text, &w, "trend", fail)) {
        return false;
    }
    json_name_c(&w, "series");
    json_begin_array(&w);
    for (int i = 0; i < cli->argument_count; i++) {
        json_begin_object(&w);
        json_name_c(&w, "event");
        json_write_c(&w, cli->arguments[i]);
        put_option(cli, &w, "--measure", "measure");
        if (!put_where(cli, &w, fail)) {
            return false;
        }
        json_end_object(&w);
    }
    json_end_array(&w);
    return end_question(cli, &text, &w, fail);
}

bool cli_run_funnel(struct cli *cli, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w;
    if (!begin_question(cli, &text, &w, "funnel", fail)) {
        return false;
    }
    const char *window = cli_option(cli, "--window");
    json_name_c(&w, "window");
    json_write_c(&w, window == NULL ? "7d" : window);
    json_name_c(&w, "steps");
    json_begin_array(&w);
    for (int i = 0; i < cli->argument_count; i++) {
        if (!put_matcher(cli, &w, cli->arguments[i], fail)) {
            return false;
        }
    }
    json_end_array(&w);
    return end_question(cli, &text, &w, fail);
}

bool cli_run_score(struct cli *cli, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w;
    if (!begin_question(cli, &text, &w, "score", fail)) {
        return false;
    }
    json_name_c(&w, "metric");
    json_write_c(&w, cli->arguments[0]);
    if (cli_flag(cli, "--adjusted")) {
        json_name_c(&w, "adjusted");
        json_write_bool(&w, true);
    }
    return put_count(&w, "least", "--least", cli_option(cli, "--least"), fail) &&
           put_where(cli, &w, fail) && end_question(cli, &text, &w, fail);
}

bool cli_run_verbatims(struct cli *cli, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w;
    const char *limit = cli_option(cli, "--limit");
    if (!begin_question(cli, &text, &w, "verbatims", fail)) {
        return false;
    }
    if (cli->argument_count > 0) {
        json_name_c(&w, "text");
        json_write_c(&w, cli->arguments[0]);
    }
    put_option(cli, &w, "--sort", "sort");
    return put_count(&w, "limit", "--limit", limit, fail) && put_where(cli, &w, fail) &&
           end_question(cli, &text, &w, fail);
}

bool cli_run_retention(struct cli *cli, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w;
    const char *returns = cli_option(cli, "--return"), *periods = cli_option(cli, "--periods");
    if (!begin_question(cli, &text, &w, "retention", fail)) {
        return false;
    }
    json_name_c(&w, "start");
    if (!put_matcher(cli, &w, cli->arguments[0], fail)) {
        return false;
    }
    json_name_c(&w, "return");
    if (!put_matcher(cli, &w, returns == NULL ? cli->arguments[0] : returns, fail)) {
        return false;
    }
    put_option(cli, &w, "--mode", "mode");
    put_option(cli, &w, "--cohort", "cohort");
    return put_count(&w, "periods", "--periods", periods, fail) &&
           end_question(cli, &text, &w, fail);
}

/* A question about one event, any of the customer's own where none is named. */
static bool ask_habit(struct cli *cli, const char *kind, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w;
    if (!begin_question(cli, &text, &w, kind, fail)) {
        return false;
    }
    if (cli->argument_count > 0) {
        json_name_c(&w, "event");
        json_write_c(&w, cli->arguments[0]);
    }
    return put_where(cli, &w, fail) && end_question(cli, &text, &w, fail);
}

bool cli_run_lifecycle(struct cli *cli, struct fail *fail)
{
    return ask_habit(cli, "lifecycle", fail);
}

bool cli_run_stickiness(struct cli *cli, struct fail *fail)
{
    return ask_habit(cli, "stickiness", fail);
}

bool cli_run_time_between(struct cli *cli, struct fail *fail)
{
    static const char *const names[] = {"from", "to"};
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w;
    if (!begin_question(cli, &text, &w, "time_between", fail)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        json_name_c(&w, names[i]);
        if (!put_matcher(cli, &w, cli->arguments[i], fail)) {
            return false;
        }
    }
    put_option(cli, &w, "--window", "window");
    return end_question(cli, &text, &w, fail);
}

bool cli_run_paths(struct cli *cli, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w;
    if (!begin_question(cli, &text, &w, "paths", fail)) {
        return false;
    }
    json_name_c(&w, cli_flag(cli, "--end") ? "end" : "start");
    if (!put_matcher(cli, &w, cli->arguments[0], fail)) {
        return false;
    }
    put_option(cli, &w, "--gap", "gap");
    if (cli_flag(cli, "--repeats")) {
        json_name_c(&w, "collapse");
        json_write_bool(&w, false);
    }
    return put_count(&w, "steps", "--steps", cli_option(cli, "--steps"), fail) &&
           put_count(&w, "limit", "--limit", cli_option(cli, "--limit"), fail) &&
           end_question(cli, &text, &w, fail);
}
