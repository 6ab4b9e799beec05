/* Sources: what sends events, and how each is taken. */
#include "cli_internal.h"

bool cli_run_source_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"name", "default_channel", "keys", "events",
                                          "last_received"};
    return cli_print_list(cli, "sources", "sources", columns, ARRAY_LEN(columns), fail);
}

static bool find(struct cli *cli, const char *name, struct json_value *out, struct fail *fail)
{
    struct json_value root, list, value;
    if (!cli_call(cli, "sources", STR("{}"), NULL, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("sources"), &list));
    size_t count = 0;
    const char **names = arena_array(cli->arena, json_count(list), sizeof *names, fail);
    if (names == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, out);) {
        INVARIANT(json_member(*out, STR("name"), &value));
        if (str_is(json_string(value), name)) {
            return true;
        }
        names[count++] = str_copy_c(cli->arena, json_string(value));
    }
    struct str hint = cli_did_you_mean(cli, str_from_c(name), names, count);
    return fail_set(fail, FAIL_ABSENT, "there is no source \"%s\"%.*s", name, STR_ARG(hint));
}

static void put_row(struct cli_table *table, struct str name, struct json_value value,
                    struct cli *cli)
{
    cli_table_text(table, name);
    if (json_type_of(value) != JSON_ARRAY && json_type_of(value) != JSON_OBJECT) {
        cli_table_value(table, value);
        return;
    }
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &text};
    json_write_value(&w, value);
    cli_table_text(table, str_copy(cli->arena, base_buf_view(&text)));
}

bool cli_run_source_show(struct cli *cli, struct fail *fail)
{
    enum cli_form form;
    struct json_value source, value, settings;
    struct str name;
    if (!cli_form_of(cli, &form, fail) || !find(cli, cli->arguments[0], &source, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        struct json_writer w = {.out = &cli->out};
        json_write_value(&w, source);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = cli_table_new(cli, 2);
    cli_table_whole(table);
    cli_table_text(table, STR("member"));
    cli_table_text(table, STR("value"));
    for (struct json_iter it = json_iter_of(source); json_next(&it, &name, &value);) {
        if (!str_is(name, "settings")) {
            put_row(table, name, value, cli);
        }
    }
    INVARIANT(json_member(source, STR("settings"), &settings));
    for (struct json_iter it = json_iter_of(settings); json_next(&it, &name, &value);) {
        put_row(table, name, value, cli);
    }
    cli_table_write(cli, table, form);
    return true;
}

/* ---- set --------------------------------------------------------------------------------------------- */

static bool put_switch(struct cli *cli, const char *option, const char *member,
                       struct json_writer *w, struct fail *fail)
{
    const char *value = cli_option(cli, option);
    if (value == NULL) {
        return true;
    }
    bool on = strcmp(value, "on") == 0;
    if (!on && strcmp(value, "off") != 0) {
        return fail_set(fail, FAIL_INPUT, "%s is on or off, not \"%s\"", option, value);
    }
    json_name_c(w, member);
    json_write_bool(w, on);
    return true;
}

static void put_text(struct cli *cli, const char *option, const char *member, struct json_writer *w)
{
    const char *value = cli_option(cli, option);
    if (value == NULL) {
        return;
    }
    json_name_c(w, member);
    if (value[0] == '\0') {
        json_write_null(w);
    } else {
        json_write_c(w, value);
    }
}

/* A whole number of events; '' takes the quota back. */
static bool put_quota(struct cli *cli, const char *option, const char *member,
                      struct json_writer *w, struct fail *fail)
{
    const char *value = cli_option(cli, option);
    int64_t events;
    if (value == NULL) {
        return true;
    }
    json_name_c(w, member);
    if (value[0] == '\0') {
        json_write_null(w);
        return true;
    }
    if (!str_parse_i64(str_from_c(value), &events)) {
        return fail_set(fail, FAIL_INPUT, "%s is \"%s\", expected a whole number of events", option,
                        value);
    }
    json_write_int(w, events);
    return true;
}

/* Every value given for an option, as a list; a comma parts several. '' alone takes the setting back. */
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
            if (part.len > 0) {
                json_write_str(w, part);
            }
        }
    }
    json_end_array(w);
}

/* NAME=PATTERN, each a pattern of its own. */
static bool put_patterns(struct cli *cli, struct json_writer *w, struct fail *fail)
{
    if (cli_option(cli, "--pattern") == NULL) {
        return true;
    }
    json_name_c(w, "patterns");
    json_begin_array(w);
    for (int i = 0; i < cli->option_count; i++) {
        struct str value = str_from_c(cli->option_values[i]);
        if (strcmp(cli->option_names[i], "--pattern") != 0 || value.len == 0) {
            continue;
        }
        size_t equals = str_find_byte(value, '=');
        if (equals == value.len) {
            return fail_set(fail, FAIL_INPUT,
                            "--pattern is NAME=PATTERN, such as contract=V-[0-9]{8}");
        }
        json_begin_object(w);
        json_name_c(w, "name");
        json_write_str(w, str_of(value.data, equals));
        json_name_c(w, "pattern");
        json_write_str(w, str_after(value, equals + 1));
        json_end_object(w);
    }
    json_end_array(w);
    return true;
}

static bool put_settings(struct cli *cli, struct json_writer *w, struct fail *fail)
{
    json_name_c(w, "settings");
    json_begin_object(w);
    put_text(cli, "--zone", "zone", w);
    put_text(cli, "--mail-kind", "mail_kind", w);
    put_list(cli, "--origin", "origins", w);
    put_list(cli, "--own-domain", "own_domains", w);
    put_list(cli, "--mask", "mask", w);
    put_list(cli, "--mask-field", "mask_fields", w);
    if (!put_patterns(cli, w, fail) ||
        !put_switch(cli, "--keep-mail-text", "keep_mail_text", w, fail) ||
        !put_switch(cli, "--keep-address", "keep_address", w, fail) ||
        !put_switch(cli, "--keep-user-agent", "keep_user_agent", w, fail) ||
        !put_switch(cli, "--heed-gpc", "heed_gpc", w, fail) ||
        !put_quota(cli, "--quota-minute", "quota_minute", w, fail) ||
        !put_quota(cli, "--quota-day", "quota_day", w, fail)) {
        return false;
    }
    json_end_object(w);
    return true;
}

bool cli_run_source_set(struct cli *cli, struct fail *fail)
{
    struct base_buf input CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &input};
    struct json_value root;
    const char *channel = cli_option(cli, "--channel");
    json_begin_object(&w);
    json_name_c(&w, "name");
    json_write_c(&w, cli->arguments[0]);
    if (channel != NULL) {
        json_name_c(&w, "default_channel");
        json_write_c(&w, channel);
    }
    if (!put_settings(cli, &w, fail)) {
        return false;
    }
    json_end_object(&w);
    return base_buf_ok(&input, fail) &&
           cli_call(cli, "source.save", base_buf_view(&input), NULL, &root, fail);
}
