/* SQL, and the tables it sees. */
#include "cli_internal.h"

#define STATEMENT_BYTES_MAX (((size_t)1 << 20) + 1)

/* 100, true and "text" in quotes are what they look like; anything else is text. */
static void put_param(struct cli_input *input, const char *text)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value value;
    struct fail ignored;
    if (json_parse(parser, str_from_c(text), &value, &ignored)) {
        json_write_value(&input->w, value);
    } else {
        json_write_c(&input->w, text);
    }
}

static void put_params(const struct cli *cli, struct cli_input *input)
{
    json_name_c(&input->w, "params");
    json_begin_array(&input->w);
    for (int i = 0; i < cli->option_count; i++) {
        if (strcmp(cli->option_names[i], "--param") == 0) {
            put_param(input, cli->option_values[i]);
        }
    }
    json_end_array(&input->w);
}

static bool put_limit(const struct cli *cli, struct cli_input *input, struct fail *fail)
{
    const char *text = cli_option(cli, "--limit");
    int64_t limit;
    if (text == NULL) {
        return true;
    }
    if (!str_parse_i64(str_from_c(text), &limit)) {
        return fail_set(fail, FAIL_INPUT, "--limit is \"%s\", expected a whole number", text);
    }
    cli_input_int(input, "limit", limit);
    return true;
}

static struct json_value member(struct json_value object, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(object, str_from_c(name), &value));
    return value;
}

static void write_rows(struct cli *cli, struct json_value answer, enum cli_form form)
{
    struct json_value columns = member(answer, "columns"), row, value;
    struct cli_table *table = cli_table_new(cli, json_count(columns));
    for (struct json_iter it = json_iter_of(columns); json_next(&it, NULL, &value);) {
        cli_table_text(table, json_string(value));
    }
    struct json_value rows = member(answer, "rows");
    for (struct json_iter it = json_iter_of(rows); json_next(&it, NULL, &row);) {
        for (struct json_iter cells = json_iter_of(row); json_next(&cells, NULL, &value);) {
            cli_table_value(table, value);
        }
    }
    cli_table_write(cli, table, form);
    if (json_bool(member(answer, "truncated"))) {
        fprintf(stderr,
                "firsthand: there is more: these are the first %lld rows (--limit, or the settings "
                "sql_rows and sql_result_mb)\n",
                (long long)json_int(member(answer, "row_count")));
    }
}

static void write_named(struct cli *cli, struct cli_table *table, struct json_value of)
{
    struct json_value name;
    struct json_value named = member(of, "named");
    for (struct json_iter it = json_iter_of(named); json_next(&it, NULL, &name);) {
        cli_table_text(table, json_string(member(of, "name")));
        cli_table_text(table, str_format(cli->arena, "\"%.*s\"", STR_ARG(json_string(name))));
        cli_table_text(table, STR(""));
        cli_table_text(table, STR(""));
    }
}

static bool show_schema(struct cli *cli, enum cli_form form, struct fail *fail)
{
    struct str text;
    struct json_value answer, of, column;
    if (!cli_call(cli, "sql.schema", STR("{}"), &text, &answer, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = cli_table_new(cli, 4);
    static const char *const head[] = {"table", "column", "type", "meaning"};
    for (size_t i = 0; i < ARRAY_LEN(head); i++) {
        cli_table_text(table, str_from_c(head[i]));
    }
    struct json_value tables = member(answer, "tables");
    for (struct json_iter it = json_iter_of(tables); json_next(&it, NULL, &of);) {
        struct json_value columns = member(of, "columns");
        for (struct json_iter at = json_iter_of(columns); json_next(&at, NULL, &column);) {
            cli_table_text(table, json_string(member(of, "name")));
            cli_table_value(table, member(column, "name"));
            cli_table_value(table, member(column, "type"));
            cli_table_value(table, member(column, "meaning"));
        }
        write_named(cli, table, of);
    }
    cli_table_whole(table);
    cli_table_write(cli, table, form);
    return true;
}

static bool statement_of(struct cli *cli, struct str *out, struct fail *fail)
{
    if (cli->argument_count == 0) {
        return fail_set(fail, FAIL_INPUT,
                        "what to run is missing: firsthand sql 'SELECT ...' (- reads standard "
                        "input, --schema shows the tables)");
    }
    if (strcmp(cli->arguments[0], "-") == 0) {
        return cli_read_file(cli, "-", STATEMENT_BYTES_MAX, out, fail);
    }
    *out = str_from_c(cli->arguments[0]);
    return true;
}

bool cli_run_sql(struct cli *cli, struct fail *fail)
{
    enum cli_form form;
    struct str statement, text;
    struct json_value answer;
    if (!cli_form_of(cli, &form, fail)) {
        return false;
    }
    if (cli_flag(cli, "--schema")) {
        return show_schema(cli, form, fail);
    }
    if (!statement_of(cli, &statement, fail)) {
        return false;
    }
    struct cli_input input;
    cli_input_begin(&input);
    json_name_c(&input.w, "sql");
    json_write_str(&input.w, statement);
    put_params(cli, &input);
    bool good = put_limit(cli, &input, fail);
    struct str question = cli_input_end(cli, &input);
    if (!good || !cli_call(cli, "sql", question, &text, &answer, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
    } else {
        write_rows(cli, answer, form);
    }
    return true;
}
