/* The catalogue: events, properties and traits, and what people say of them. */
#include "cli_internal.h"

static void put_number(struct cli_table *table, struct json_value object, const char *name)
{
    struct json_value value;
    if (json_type_of(object) == JSON_OBJECT && json_member(object, str_from_c(name), &value)) {
        cli_table_value(table, value);
    } else {
        cli_table_number(table, STR("-"));
    }
}

static void put_share(struct cli *cli, struct cli_table *table, struct json_value recent)
{
    struct json_value value;
    if (json_type_of(recent) != JSON_OBJECT || !json_member(recent, STR("share"), &value)) {
        cli_table_number(table, STR("-"));
        return;
    }
    cli_table_number(table, str_format(cli->arena, "%.1f %%", 100 * json_double(value)));
}

/* "string, number": the types met, each once. */
static void put_types(struct cli *cli, struct cli_table *table, struct json_value recent)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_value types, value;
    struct str name;
    if (json_type_of(recent) == JSON_OBJECT && json_member(recent, STR("types"), &types)) {
        for (struct json_iter it = json_iter_of(types); json_next(&it, &name, &value);) {
            base_buf_printf(&text, "%s%.*s", text.len == 0 ? "" : ", ", STR_ARG(name));
        }
    }
    cli_table_text(table, text.len == 0 ? STR("-") : str_copy(cli->arena, base_buf_view(&text)));
}

static struct json_value member(struct json_value object, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(object, str_from_c(name), &value));
    return value;
}

static void write_entries(struct cli *cli, struct json_value list, enum cli_form form)
{
    static const char *const columns[] = {"kind",  "name",      "count",      "last 30 days",
                                          "share", "types",     "first_seen", "last_seen",
                                          "owner", "unexpected"};
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns));
    struct json_value entry;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &entry);) {
        struct json_value recent = member(entry, "recent");
        cli_table_value(table, member(entry, "kind"));
        cli_table_value(table, member(entry, "name"));
        cli_table_value(table, member(entry, "count"));
        put_number(table, recent, "count");
        put_share(cli, table, recent);
        put_types(cli, table, recent);
        cli_table_value(table, member(entry, "first_seen"));
        cli_table_value(table, member(entry, "last_seen"));
        cli_table_value(table, member(entry, "owner"));
        put_number(table, member(entry, "unexpected"), "count");
    }
    cli_table_write(cli, table, form);
}

static bool print_entries(struct cli *cli, const char *operation, struct str input,
                          struct json_value *root, enum cli_form *form, struct fail *fail)
{
    struct str text;
    if (!cli_form_of(cli, form, fail) || !cli_call(cli, operation, input, &text, root, fail)) {
        return false;
    }
    if (*form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
    } else {
        write_entries(cli, member(*root, "entries"), *form);
    }
    return true;
}

bool cli_run_catalogue_list(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    enum cli_form form;
    int64_t limit = 100;
    const char *limit_text = cli_option(cli, "--limit");
    if (limit_text != NULL && !str_parse_i64(str_from_c(limit_text), &limit)) {
        return fail_set(fail, FAIL_INPUT, "--limit is \"%s\", expected a whole number", limit_text);
    }
    cli_input_begin(&input);
    cli_input_str(&input, "kind", cli_option(cli, "--kind"));
    cli_input_str(&input, "search", cli_option(cli, "--search"));
    cli_input_str(&input, "cursor", cli_option(cli, "--cursor"));
    cli_input_int(&input, "limit", limit);
    if (!print_entries(cli, "catalogue", cli_input_end(cli, &input), &root, &form, fail)) {
        return false;
    }
    struct json_value why;
    if (form == CLI_FORM_TABLE && json_member(root, STR("unmeasured"), &why) &&
        json_type_of(why) == JSON_STRING) {
        base_buf_c(&cli->out, "the last 30 days were not measured: ");
        base_plain_text(&cli->out, json_string(why));
        base_buf_byte(&cli->out, '\n');
    }
    return true;
}

bool cli_run_catalogue_unexpected(struct cli *cli, struct fail *fail)
{
    struct json_value root;
    enum cli_form form;
    if (!print_entries(cli, "catalogue.unexpected", STR("{}"), &root, &form, fail)) {
        return false;
    }
    if (form == CLI_FORM_TABLE && json_count(member(root, "entries")) == 0) {
        base_buf_reset(&cli->out);
        base_buf_c(&cli->out, "all values are as expected\n");
    }
    return true;
}

/* ---- one entry ----------------------------------------------------------------------------------------- */

static void put_fact(struct cli *cli, struct cli_table *table, const char *name,
                     struct json_value value)
{
    cli_table_text(table, str_from_c(name));
    if (json_type_of(value) != JSON_OBJECT) {
        cli_table_value(table, value);
        return;
    }
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &text};
    json_write_value(&w, value);
    cli_table_text(table, str_copy(cli->arena, base_buf_view(&text)));
}

static void write_beside(struct cli *cli, struct json_value root, const char *what)
{
    struct json_value list, item;
    if (!json_member(root, str_from_c(what), &list) || json_count(list) == 0) {
        return;
    }
    struct cli_table *table = cli_table_new(cli, 4);
    base_buf_byte(&cli->out, '\n');
    cli_table_text(table, str_from_c(what));
    cli_table_text(table, STR("count"));
    cli_table_text(table, STR("share"));
    cli_table_text(table, STR("last_seen"));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        cli_table_value(table, member(item, "name"));
        cli_table_value(table, member(item, "count"));
        put_share(cli, table, item); /* names that are shown as this one have none */
        cli_table_value(table, member(item, "last_seen"));
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
}

static void write_examples(struct cli *cli, struct json_value unexpected)
{
    struct json_value list, item;
    if (json_type_of(unexpected) != JSON_OBJECT ||
        !json_member(unexpected, STR("examples"), &list)) {
        return;
    }
    struct cli_table *table = cli_table_new(cli, 2);
    base_buf_byte(&cli->out, '\n');
    cli_table_text(table, STR("unexpected value"));
    cli_table_text(table, STR("count"));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        cli_table_value(table, member(item, "value"));
        cli_table_value(table, member(item, "count"));
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
}

bool cli_run_catalogue_show(struct cli *cli, struct fail *fail)
{
    static const char *const facts[] = {"kind",      "name",   "count",       "first_seen",
                                        "last_seen", "owner",  "description", "expected",
                                        "hidden",    "blocked"};
    struct cli_input input;
    struct json_value root, recent, unexpected;
    struct str text;
    enum cli_form form;
    cli_input_begin(&input);
    cli_input_str(&input, "kind", cli->arguments[0]);
    cli_input_str(&input, "name", cli->arguments[1]);
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "catalogue.entry", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = cli_table_new(cli, 2);
    cli_table_whole(table);
    cli_table_text(table, STR("member"));
    cli_table_text(table, STR("value"));
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        put_fact(cli, table, facts[i], member(root, facts[i]));
    }
    recent = member(root, "recent");
    if (json_type_of(recent) == JSON_OBJECT) {
        put_fact(cli, table, "last 30 days", member(recent, "count"));
        put_fact(cli, table, "customers", member(recent, "customers"));
        put_fact(cli, table, "types", member(recent, "types"));
    }
    unexpected = member(root, "unexpected");
    if (json_type_of(unexpected) == JSON_OBJECT) {
        put_fact(cli, table, "unexpected", member(unexpected, "count"));
        put_fact(cli, table, "to see them", member(unexpected, "question"));
    }
    cli_table_write(cli, table, form);
    if (form == CLI_FORM_TABLE) {
        write_examples(cli, unexpected);
        write_beside(cli, root, "also");
        write_beside(cli, root, "properties");
        write_beside(cli, root, "events");
    }
    return true;
}

/* ---- set ----------------------------------------------------------------------------------------------- */

/* true, false and numbers are what they look like, unless the type says string; all else is text. */
static void put_value(struct json_writer *w, struct str text, bool as_text)
{
    int64_t whole;
    double number;
    if (!as_text && (str_is(text, "true") || str_is(text, "false"))) {
        json_write_bool(w, str_is(text, "true"));
    } else if (!as_text && str_parse_i64(text, &whole)) {
        json_write_int(w, whole);
    } else if (!as_text && str_parse_double(text, &number)) {
        json_write_double(w, number);
    } else {
        json_write_str(w, text);
    }
}

static bool put_expected(struct cli *cli, struct json_writer *w, struct fail *fail)
{
    const char *type = cli_option(cli, "--type"), *values = cli_option(cli, "--values");
    bool anything = cli_flag(cli, "--any");
    if (type == NULL && values == NULL && !anything) {
        return true;
    }
    if (anything && (type != NULL || values != NULL)) {
        return fail_set(fail, FAIL_INPUT, "--any takes back what was expected: leave out %s",
                        type != NULL ? "--type" : "--values");
    }
    json_name_c(w, "expected");
    if (anything) {
        json_write_null(w);
        return true;
    }
    json_begin_object(w);
    if (type != NULL) {
        json_name_c(w, "type");
        json_write_c(w, type);
    }
    if (values != NULL) {
        struct str rest = str_from_c(values), part;
        json_name_c(w, "values");
        json_begin_array(w);
        while (str_next_part(&rest, ',', &part)) {
            put_value(w, str_trim(part), type != NULL && strcmp(type, "string") == 0);
        }
        json_end_array(w);
    }
    json_end_object(w);
    return true;
}

/* on or off, where given. */
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

static void put_shown_as(struct cli *cli, struct json_writer *w)
{
    const char *name = cli_option(cli, "--shown-as");
    if (name != NULL) {
        json_name_c(w, "shown_as");
        if (name[0] == '\0') {
            json_write_null(w);
        } else {
            json_write_c(w, name);
        }
    }
}

bool cli_run_catalogue_set(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    cli_input_begin(&input);
    cli_input_str(&input, "kind", cli->arguments[0]);
    cli_input_str(&input, "name", cli->arguments[1]);
    cli_input_str(&input, "owner", cli_option(cli, "--owner"));
    cli_input_str(&input, "description", cli_option(cli, "--description"));
    put_shown_as(cli, &input.w);
    bool good = put_switch(cli, "--hidden", "hidden", &input.w, fail) &&
                put_switch(cli, "--blocked", "blocked", &input.w, fail) &&
                put_expected(cli, &input.w, fail);
    struct str text = cli_input_end(cli, &input);
    return good && cli_call(cli, "catalogue.set", text, NULL, &root, fail);
}
