/* Ledger, quarantine, status, verification. */
#include "cli_internal.h"

static bool list_as_table(struct cli *cli, struct json_value root, const char *member,
                          const char *const *columns, size_t count, enum cli_form form)
{
    struct json_value list, item, value;
    struct cli_table *table = cli_table_new(cli, count);
    for (size_t i = 0; i < count; i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    INVARIANT(json_member(root, str_from_c(member), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        for (size_t i = 0; i < count; i++) {
            INVARIANT(json_member(item, str_from_c(columns[i]), &value));
            cli_table_value(table, value);
        }
    }
    cli_table_write(cli, table, form);
    return true;
}

/* Calls and prints as JSON, or hands the parsed answer on. */
static bool call_form(struct cli *cli, const char *operation, struct str input, enum cli_form *form,
                      struct json_value *root, struct fail *fail)
{
    struct str text;
    if (!cli_form_of(cli, form, fail) || !cli_call(cli, operation, input, &text, root, fail)) {
        return false;
    }
    if (*form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
    }
    return true;
}

bool cli_run_quarantine_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id",    "source", "received_at", "reason",
                                          "field", "bytes",  "preview"};
    struct cli_input input;
    enum cli_form form;
    struct json_value root, total;
    const char *limit_text = cli_option(cli, "--limit");
    int64_t limit = 50;
    if (limit_text != NULL && !str_parse_i64(str_from_c(limit_text), &limit)) {
        return fail_set(fail, FAIL_INPUT, "--limit is \"%s\", expected a whole number", limit_text);
    }
    cli_input_begin(&input);
    cli_input_str(&input, "source", cli_option(cli, "--source"));
    cli_input_str(&input, "reason", cli_option(cli, "--reason"));
    cli_input_str(&input, "cursor", cli_option(cli, "--cursor"));
    cli_input_int(&input, "limit", limit);
    if (!call_form(cli, "quarantine", cli_input_end(cli, &input), &form, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        return true;
    }
    list_as_table(cli, root, "rows", columns, ARRAY_LEN(columns), form);
    if (form == CLI_FORM_TABLE && json_member(root, STR("total"), &total)) {
        base_buf_printf(&cli->out, "%lld rows in quarantine\n", (long long)json_int(total));
    }
    return true;
}

bool cli_run_quarantine_show(struct cli *cli, struct fail *fail)
{
    static const char *const facts[] = {"id", "source", "received_at", "reason", "field", "bytes"};
    struct cli_input input;
    enum cli_form form;
    struct json_value root, value;
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    if (!call_form(cli, "quarantine.row", cli_input_end(cli, &input), &form, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        return true;
    }
    struct cli_table *table = cli_table_new(cli, 2);
    cli_table_whole(table);
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        cli_table_text(table, str_from_c(facts[i]));
        INVARIANT(json_member(root, str_from_c(facts[i]), &value));
        cli_table_value(table, value);
    }
    cli_table_write(cli, table, form);
    if (json_member(root, STR("raw"), &value) && json_type_of(value) == JSON_STRING) {
        base_buf_byte(&cli->out, '\n');
        base_plain_text(&cli->out, json_string(value));
        base_buf_byte(&cli->out, '\n');
    }
    return true;
}

bool cli_run_ledger(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"source",    "received",    "stored",
                                          "duplicate", "quarantined", "refused"};
    enum cli_form form;
    struct json_value root, total, value;
    if (!call_form(cli, "ledger", STR("{}"), &form, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        return true;
    }
    list_as_table(cli, root, "sources", columns, ARRAY_LEN(columns), form);
    if (form != CLI_FORM_TABLE) {
        return true;
    }
    INVARIANT(json_member(root, STR("total"), &total));
    static const char *const between[] = {" = ", " stored + ", " duplicate + ", " quarantined + ",
                                          " refused\n"};
    base_buf_c(&cli->out, "received ");
    for (size_t i = 1; i < ARRAY_LEN(columns); i++) {
        INVARIANT(json_member(total, str_from_c(columns[i]), &value));
        base_buf_printf(&cli->out, "%lld%s", (long long)json_int(value), between[i - 1]);
    }
    return true;
}

bool cli_run_status(struct cli *cli, struct fail *fail)
{
    enum cli_form form;
    struct json_value root, value;
    struct str name;
    if (!call_form(cli, "status", STR("{}"), &form, &root, fail) || form == CLI_FORM_JSON) {
        return form == CLI_FORM_JSON;
    }
    struct cli_table *table = cli_table_new(cli, 2);
    cli_table_whole(table);
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        cli_table_text(table, name);
        cli_table_value(table, value);
    }
    cli_table_write(cli, table, form);
    return true;
}

/* ---- verification: of a directory that nobody holds ----------------------------------------------------- */

static void say_problem(void *context, const char *path, const char *what)
{
    struct cli *cli = context;
    base_plain_text(&cli->out, str_from_c(path));
    base_buf_c(&cli->out, ": ");
    base_plain_text(&cli->out, str_from_c(what));
    base_buf_byte(&cli->out, '\n');
}

static bool write_verified(struct cli *cli, const struct app_verified *found, struct fail *fail)
{
    unsigned long long problems = found->problems + found->state_problems;
    if (cli_flag(cli, "--json")) {
        base_buf_reset(&cli->out);
        base_buf_printf(&cli->out,
                        "{\"files\":%llu,\"bytes\":%llu,\"rows\":%llu,\"state_bytes\":%llu,"
                        "\"state_problems\":%llu,\"problems\":%llu}\n",
                        (unsigned long long)found->files, (unsigned long long)found->bytes,
                        (unsigned long long)found->rows, (unsigned long long)found->state_bytes,
                        (unsigned long long)found->state_problems, problems);
    } else {
        base_buf_printf(
            &cli->out, "%llu files, %llu bytes, %llu rows; state.db, %llu bytes: %llu problems\n",
            (unsigned long long)found->files, (unsigned long long)found->bytes,
            (unsigned long long)found->rows, (unsigned long long)found->state_bytes, problems);
    }
    if (found->problems > 0) {
        return fail_set(fail, FAIL_CORRUPT, "%s is damaged; restore it from a backup",
                        cli_data(cli));
    }
    return found->state_problems == 0 ||
           fail_set(fail, FAIL_CORRUPT,
                    "state.db in %s is damaged; restore it from a backup (docs/how-to/backup.md)",
                    cli_data(cli));
}

bool cli_run_verify(struct cli *cli, struct fail *fail)
{
    struct app_verified found;
    if (cli_option(cli, "--backup") != NULL) {
        return cli_run_verify_backup(cli, fail);
    }
    return app_verify(cli_data(cli), say_problem, cli, &found, fail) &&
           write_verified(cli, &found, fail);
}
