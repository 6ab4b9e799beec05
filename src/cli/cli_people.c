/* Keys and people. */
#include "cli_internal.h"

/* Prints one text member alone on stdout, so that a script can take it. */
static bool print_member(struct cli *cli, const char *operation, struct str input,
                         const char *member, struct fail *fail)
{
    struct str text;
    struct json_value root, value;
    if (!cli_call(cli, operation, input, &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        base_buf_str(&cli->out, text);
    } else {
        INVARIANT(json_member(root, str_from_c(member), &value));
        base_plain_text(&cli->out, json_string(value));
    }
    base_buf_byte(&cli->out, '\n');
    return true;
}

bool cli_print_list_of(struct cli *cli, const char *operation, struct str input, const char *member,
                       const char *const *columns, size_t count, struct fail *fail)
{
    enum cli_form form;
    struct str text;
    struct json_value root, list, item, value;
    if (!cli_form_of(cli, &form, fail) || !cli_call(cli, operation, input, &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
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

bool cli_print_list(struct cli *cli, const char *operation, const char *member,
                    const char *const *columns, size_t count, struct fail *fail)
{
    return cli_print_list_of(cli, operation, STR("{}"), member, columns, count, fail);
}

bool cli_run_keys_create(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    const char *kind = cli_option(cli, "--kind"), *name = cli_option(cli, "--name");
    if (kind == NULL || name == NULL) {
        return fail_set(
            fail, FAIL_INPUT,
            "--kind (write, client or secret) and --name are needed: firsthand keys create "
            "--kind write --name web");
    }
    cli_input_begin(&input);
    cli_input_str(&input, "kind", kind);
    cli_input_str(&input, "name", name);
    cli_input_str(&input, "source", cli_option(cli, "--source"));
    cli_input_str(&input, "expires", cli_option(cli, "--expires"));
    if (cli_flag(cli, "--origin")) {
        json_name_c(&input.w, "origins");
        json_begin_array(&input.w);
        for (int i = 0; i < cli->option_count; i++) {
            if (strcmp(cli->option_names[i], "--origin") == 0) {
                json_write_c(&input.w, cli->option_values[i]);
            }
        }
        json_end_array(&input.w);
    }
    return print_member(cli, "key.create", cli_input_end(cli, &input), "key", fail);
}

bool cli_run_keys_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id",     "kind",    "name",      "source",
                                          "prefix", "created", "last_used", "revoked"};
    return cli_print_list(cli, "keys", "keys", columns, ARRAY_LEN(columns), fail);
}

bool cli_run_keys_revoke(struct cli *cli, struct fail *fail)
{
    int64_t id;
    struct json_value root;
    if (!str_parse_i64(str_from_c(cli->arguments[0]), &id)) {
        return fail_set(fail, FAIL_INPUT, "\"%s\" is no key's id; see: firsthand keys list",
                        cli->arguments[0]);
    }
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_int(&input, "id", id);
    return cli_call(cli, "key.revoke", cli_input_end(cli, &input), NULL, &root, fail);
}

bool cli_run_user_add(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    const char *name = cli_option(cli, "--name");
    struct str password = {NULL, 0};
    if (name == NULL) {
        return fail_set(fail, FAIL_INPUT,
                        "--name is needed: firsthand user add ada@example.com --name Ada");
    }
    /* Never on the command line, where others on the machine could read it. */
    const char *file = cli_option(cli, "--password-file");
    if (file != NULL && !cli_read_file(cli, file, 1025, &password, fail)) {
        return false;
    }
    cli_input_begin(&input);
    cli_input_str(&input, "name", name);
    cli_input_str(&input, "email", cli->arguments[0]);
    cli_input_str(&input, "role", cli_option(cli, "--role"));
    if (password.data != NULL) {
        cli_input_str(&input, "password", str_copy_c(cli->arena, str_trim(password)));
    }
    return cli_call(cli, "user.add", cli_input_end(cli, &input), NULL, &root, fail);
}

bool cli_run_user_link(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "email", cli->argument_count > 0 ? cli->arguments[0] : NULL);
    struct str text = cli_input_end(cli, &input);
    if (cli_flag(cli, "--json")) {
        return print_member(cli, "user.link", text, "token", fail);
    }
    const char *address = cli_option(cli, "--address");
    base_buf_printf(&cli->out, "%s/sign-in#", address == NULL ? "http://127.0.0.1:8080" : address);
    return print_member(cli, "user.link", text, "token", fail);
}

bool cli_run_user_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id", "name", "email", "role"};
    return cli_print_list(cli, "users", "users", columns, ARRAY_LEN(columns), fail);
}
