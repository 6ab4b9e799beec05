/* What a customer was worth, what went wrong for them, and the rules about both. */
#include "cli_internal.h"

#define RULES_BYTES_MAX ((size_t)256 << 10)

static const char *const amounts[] = {"currency", "sum", "events", "average", "first"};
static const char *const found[] = {"ts", "kind", "event", "why"};

static struct str customer_input(struct cli *cli, int64_t limit)
{
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    if (limit >= 0) {
        cli_input_int(&input, "limit", limit);
    }
    return cli_input_end(cli, &input);
}

static bool limit_of(struct cli *cli, int64_t *out, struct fail *fail)
{
    const char *limit = cli_option(cli, "--limit");
    *out = -1;
    if (limit != NULL && (!str_parse_i64(str_from_c(limit), out) || *out < 0)) {
        return fail_set(fail, FAIL_INPUT, "--limit is \"%s\", expected a whole number", limit);
    }
    return true;
}

bool cli_run_customer_value(struct cli *cli, struct fail *fail)
{
    int64_t limit;
    return limit_of(cli, &limit, fail) &&
           cli_print_list_of(cli, "customer.value", customer_input(cli, limit), "amounts", amounts,
                             ARRAY_LEN(amounts), fail);
}

bool cli_run_customer_wrong(struct cli *cli, struct fail *fail)
{
    int64_t limit;
    return limit_of(cli, &limit, fail) &&
           cli_print_list_of(cli, "customer.wrong", customer_input(cli, limit), "found", found,
                             ARRAY_LEN(found), fail);
}

/* A table of a list of the answer, cells whole. */
static void write_list(struct cli *cli, struct json_value list, const char *const *columns,
                       size_t count)
{
    struct json_value item, value;
    struct cli_table *table = cli_table_new(cli, count);
    cli_table_whole(table);
    for (size_t i = 0; i < count; i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        for (size_t i = 0; i < count; i++) {
            INVARIANT(json_member(item, str_from_c(columns[i]), &value));
            cli_table_value(table, value);
        }
    }
    base_buf_byte(&cli->out, '\n');
    cli_table_write(cli, table, CLI_FORM_TABLE);
}

bool cli_show_experience(struct cli *cli, struct fail *fail)
{
    struct json_value root, list, guessed, total;
    if (!cli_call(cli, "customer.value", customer_input(cli, 0), NULL, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("amounts"), &list) &&
              json_member(root, STR("guessed"), &guessed));
    if (json_count(list) > 0) {
        write_list(cli, list, amounts, ARRAY_LEN(amounts));
        base_buf_c(&cli->out,
                   json_bool(guessed) ? "What counts as value is a guess by names.\n" : "");
    }
    if (!cli_call(cli, "customer.wrong", customer_input(cli, 10), NULL, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("found"), &list) && json_member(root, STR("total"), &total));
    if (json_count(list) > 0) {
        write_list(cli, list, found, ARRAY_LEN(found));
        base_buf_printf(&cli->out, "%lld times something went wrong, the newest %zu shown.\n",
                        (long long)json_int(total), json_count(list));
    }
    return true;
}

bool cli_run_experience_show(struct cli *cli, struct fail *fail)
{
    struct str text;
    struct json_value root;
    if (!cli_call(cli, "experience", STR("{}"), &text, &root, fail)) {
        return false;
    }
    base_buf_str(&cli->out, text);
    base_buf_byte(&cli->out, '\n');
    return true;
}

bool cli_run_experience_set(struct cli *cli, struct fail *fail)
{
    struct str rules;
    struct json_value parsed, root;
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    if (!cli_read_file(cli, cli->arguments[0], RULES_BYTES_MAX, &rules, fail)) {
        return false;
    }
    /* Checked here too, so that what is no JSON is refused by the file's name. */
    if (!json_parse(parser, rules, &parsed, fail)) {
        return fail_at(fail, "%s", cli->arguments[0]);
    }
    return cli_call(cli, "experience.save", rules, NULL, &root, fail);
}
