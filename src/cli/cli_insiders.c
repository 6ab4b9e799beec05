/* Who is left out of questions: the organisation's own people, tests and bots. */
#include "cli_internal.h"

static void put_value(struct cli *cli, struct cli_table *table, struct json_value value)
{
    if (json_type_of(value) != JSON_ARRAY) {
        cli_table_value(table, value);
        return;
    }
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &text};
    json_write_value(&w, value);
    cli_table_text(table, str_copy(cli->arena, base_buf_view(&text)));
}

bool cli_run_internal_show(struct cli *cli, struct fail *fail)
{
    struct json_value root, rules, value;
    struct str text, name;
    enum cli_form form;
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "internal", STR("{}"), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = cli_table_new(cli, 2);
    cli_table_whole(table);
    cli_table_text(table, STR("rule"));
    cli_table_text(table, STR("value"));
    INVARIANT(json_member(root, STR("rules"), &rules));
    for (struct json_iter it = json_iter_of(rules); json_next(&it, &name, &value);) {
        cli_table_text(table, name);
        put_value(cli, table, value);
    }
    INVARIANT(json_member(root, STR("customers"), &value));
    cli_table_text(table, STR("customers left out"));
    cli_table_value(table, value);
    cli_table_write(cli, table, form);
    return true;
}

/* Every value given for an option; a comma parts several. '' takes the rule away. */
static void put_list(struct cli *cli, const char *option, const char *member, struct json_writer *w)
{
    if (cli_option(cli, option) == NULL) {
        return;
    }
    json_name_c(w, member);
    json_begin_array(w);
    for (int i = 0; i < cli->option_count; i++) {
        struct str rest = str_from_c(cli->option_values[i]), part;
        while (strcmp(cli->option_names[i], option) == 0 && str_next_part(&rest, ',', &part)) {
            if (str_trim(part).len > 0) {
                json_write_str(w, str_trim(part));
            }
        }
    }
    json_end_array(w);
}

static bool put_traits(struct cli *cli, struct json_writer *w, struct fail *fail)
{
    if (cli_option(cli, "--trait") == NULL) {
        return true;
    }
    json_name_c(w, "traits");
    json_begin_array(w);
    for (int i = 0; i < cli->option_count; i++) {
        if (strcmp(cli->option_names[i], "--trait") == 0 && cli->option_values[i][0] != '\0' &&
            !cli_put_condition(cli, w, "--trait", cli->option_values[i], fail)) {
            return false;
        }
    }
    json_end_array(w);
    return true;
}

bool cli_run_internal_set(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    const char *bots = cli_option(cli, "--bots");
    cli_input_begin(&input);
    put_list(cli, "--email-domain", "email_domains", &input.w);
    put_list(cli, "--customer", "customers", &input.w);
    put_list(cli, "--address", "addresses", &input.w);
    put_list(cli, "--segment", "segments", &input.w);
    bool good = put_traits(cli, &input.w, fail);
    if (good && bots != NULL) {
        if (strcmp(bots, "on") != 0 && strcmp(bots, "off") != 0) {
            good = fail_set(fail, FAIL_INPUT, "--bots is on or off, not \"%s\"", bots);
        }
        json_name_c(&input.w, "bots");
        json_write_bool(&input.w, strcmp(bots, "on") == 0);
    }
    struct str text = cli_input_end(cli, &input);
    return good && cli_call(cli, "internal.save", text, NULL, &root, fail);
}
