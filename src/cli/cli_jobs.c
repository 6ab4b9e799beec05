/* What the server does by itself. */
#include "cli_internal.h"

static void text_cell(struct cli_table *table, struct json_value item, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(item, str_from_c(name), &value));
    cli_table_value(table, value);
}

bool cli_run_job_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"name",    "every_s",  "next", "last", "took_ms",
                                          "running", "failures", "why",  "note"};
    enum cli_form form;
    struct str text;
    struct json_value root, list, item;
    if (!cli_form_of(cli, &form, fail) || !cli_call(cli, "jobs", STR("{}"), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    INVARIANT(json_member(root, STR("jobs"), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            text_cell(table, item, columns[i]);
        }
    }
    cli_table_write(cli, table, form);
    return true;
}

bool cli_run_job_run(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct str text;
    struct json_value root, note, took;
    cli_input_begin(&input);
    cli_input_str(&input, "name", cli->arguments[0]);
    if (!cli_call(cli, "job.run", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    INVARIANT(json_member(root, STR("note"), &note) && json_member(root, STR("took_ms"), &took));
    base_buf_printf(&cli->out, "%s: done in %lld ms", cli->arguments[0], (long long)json_int(took));
    if (json_type_of(note) == JSON_STRING) {
        base_buf_c(&cli->out, ": ");
        base_plain_text(&cli->out, json_string(note));
    }
    base_buf_byte(&cli->out, '\n');
    return true;
}
