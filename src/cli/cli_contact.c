/* Contacting customers: the policy, why someone would be contacted, consents, links, wishes to be erased. */
#include "cli_internal.h"

#define POLICY_BYTES_MAX (((size_t)256 << 10) + 1)

static void print_text(struct cli *cli, struct str text)
{
    base_buf_str(&cli->out, text);
    base_buf_byte(&cli->out, '\n');
}

bool cli_run_policy_show(struct cli *cli, struct fail *fail)
{
    struct str text;
    struct json_value root;
    if (!cli_call(cli, "policy", STR("{}"), &text, &root, fail)) {
        return false;
    }
    print_text(cli, text);
    return true;
}

bool cli_run_policy_set(struct cli *cli, struct fail *fail)
{
    struct str policy, text;
    struct json_value parsed, root;
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    if (!cli_read_file(cli, cli->arguments[0], POLICY_BYTES_MAX, &policy, fail)) {
        return false;
    }
    /* Checked here too, so that what is no JSON is refused by the file's name. */
    if (!json_parse(parser, policy, &parsed, fail)) {
        return fail_at(fail, "%s", cli->arguments[0]);
    }
    if (!cli_call(cli, "policy.save", policy, &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        print_text(cli, text);
    }
    return true;
}

/* "yes" and "no" before each rule; instants as they are. */
static void write_why(struct cli *cli, struct json_value root)
{
    struct json_value value, reason, next, list, item, passed;
    INVARIANT(json_member(root, STR("allowed"), &value) &&
              json_member(root, STR("reason"), &reason) &&
              json_member(root, STR("next_at"), &next) && json_member(root, STR("rules"), &list));
    base_buf_c(&cli->out, json_bool(value) ? "allowed now" : "not now: ");
    if (!json_bool(value)) {
        base_plain_text(&cli->out, json_string(reason));
        if (json_type_of(next) == JSON_STRING) {
            base_buf_c(&cli->out, "; allowed again at ");
            base_plain_text(&cli->out, json_string(next));
        } else {
            base_buf_c(&cli->out, "; not by waiting alone");
        }
    }
    base_buf_byte(&cli->out, '\n');
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        INVARIANT(json_member(item, STR("passed"), &passed) &&
                  json_member(item, STR("text"), &value));
        base_buf_c(&cli->out, json_bool(passed) ? "  yes  " : "  NO   ");
        base_plain_text(&cli->out, json_string(value));
        base_buf_byte(&cli->out, '\n');
    }
}

bool cli_run_customer_why(struct cli *cli, struct fail *fail)
{
    enum cli_form form;
    struct cli_input input;
    struct str text;
    struct json_value root;
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    cli_input_str(&input, "purpose", cli_option(cli, "--purpose"));
    cli_input_str(&input, "channel", cli_option(cli, "--channel"));
    struct str asked = cli_input_end(cli, &input);
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "contact.why", asked, &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        print_text(cli, text);
    } else {
        write_why(cli, root);
    }
    return true;
}

bool cli_run_customer_consents(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"purpose", "needed", "state", "since",
                                          "until",   "how",    "source"};
    enum cli_form form;
    struct cli_input input;
    struct str text;
    struct json_value root, list, item, value;
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    struct str asked = cli_input_end(cli, &input);
    if (!cli_form_of(cli, &form, fail) || !cli_call(cli, "consents", asked, &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        print_text(cli, text);
        return true;
    }
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    INVARIANT(json_member(root, STR("consents"), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            INVARIANT(json_member(item, str_from_c(columns[i]), &value));
            cli_table_value(table, value);
        }
    }
    cli_table_write(cli, table, form);
    return true;
}

bool cli_run_customer_consent(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    cli_input_begin(&input);
    cli_input_str(&input, "customer", cli->arguments[0]);
    cli_input_str(&input, "purpose", cli->arguments[1]);
    cli_input_str(&input, "state", cli->arguments[2]);
    cli_input_str(&input, "wording", cli_option(cli, "--wording"));
    cli_input_str(&input, "how", cli_option(cli, "--how"));
    cli_input_str(&input, "until", cli_option(cli, "--until"));
    return cli_call(cli, "consent.record", cli_input_end(cli, &input), NULL, &root, fail);
}

bool cli_run_customer_link(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct str text;
    struct json_value root, path;
    int64_t days;
    const char *given = cli_option(cli, "--days");
    const char *address = cli_option(cli, "--address");
    if (given != NULL && !str_parse_i64(str_from_c(given), &days)) {
        return fail_set(fail, FAIL_INPUT, "--days is \"%s\", expected a whole number", given);
    }
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    if (given != NULL) {
        cli_input_int(&input, "days", days);
    }
    if (!cli_call(cli, "preference.link", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        print_text(cli, text);
        return true;
    }
    INVARIANT(json_member(root, STR("path"), &path));
    base_buf_c(&cli->out, address == NULL ? "http://127.0.0.1:8080" : address);
    base_plain_text(&cli->out, json_string(path));
    base_buf_byte(&cli->out, '\n');
    return true;
}

bool cli_run_erasure_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id",      "customer", "asked",     "due",
                                          "overdue", "closed",   "closed_by", "note"};
    return cli_print_list(cli, "erasure.requests", "requests", columns, ARRAY_LEN(columns), fail);
}

bool cli_run_erasure_close(struct cli *cli, struct fail *fail)
{
    int64_t id;
    struct cli_input input;
    struct json_value root;
    if (!str_parse_i64(str_from_c(cli->arguments[0]), &id)) {
        return fail_set(fail, FAIL_INPUT, "\"%s\" is no wish's id; see: firsthand erasure list",
                        cli->arguments[0]);
    }
    cli_input_begin(&input);
    cli_input_int(&input, "id", id);
    cli_input_str(&input, "note", cli_option(cli, "--note"));
    return cli_call(cli, "erasure.close", cli_input_end(cli, &input), NULL, &root, fail);
}
