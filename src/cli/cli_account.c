/* Accounts. */
#include "cli_internal.h"

static void put_fact(struct cli_table *table, struct json_value root, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(root, str_from_c(name), &value));
    cli_table_text(table, str_from_c(name));
    cli_table_value(table, value);
}

static void write_account(struct cli *cli, struct json_value root)
{
    static const char *const facts[] = {"id", "customers", "events", "first_seen", "last_seen"};
    struct cli_table *table = cli_table_new(cli, 2);
    struct json_value traits, value;
    struct str name;
    cli_table_text(table, STR("account"));
    cli_table_text(table, STR(""));
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        put_fact(table, root, facts[i]);
    }
    INVARIANT(json_member(root, STR("traits"), &traits));
    for (struct json_iter it = json_iter_of(traits); json_next(&it, &name, &value);) {
        cli_table_text(table, str_format(cli->arena, "trait %.*s", STR_ARG(name)));
        cli_table_value(table, value);
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
    base_buf_byte(&cli->out, '\n');
}

static void write_members(struct cli *cli, struct json_value root, enum cli_form form)
{
    static const char *const columns[] = {"id", "known", "events", "first_seen", "last_seen"};
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns));
    struct json_value members, member, value;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    INVARIANT(json_member(root, STR("members"), &members));
    for (struct json_iter it = json_iter_of(members); json_next(&it, NULL, &member);) {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            INVARIANT(json_member(member, str_from_c(columns[i]), &value));
            cli_table_value(table, value);
        }
    }
    cli_table_write(cli, table, form);
}

bool cli_run_account_show(struct cli *cli, struct fail *fail)
{
    enum cli_form form;
    struct cli_input input;
    struct str text;
    struct json_value root;
    const char *limit = cli_option(cli, "--limit");
    int64_t most = 0;
    if (limit != NULL && !str_parse_i64(str_from_c(limit), &most)) {
        return fail_set(fail, FAIL_INPUT, "--limit is \"%s\", expected a whole number", limit);
    }
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    if (limit != NULL) {
        cli_input_int(&input, "limit", most);
    }
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "account", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    if (form == CLI_FORM_TABLE) {
        write_account(cli, root);
    }
    write_members(cli, root, form);
    return true;
}
