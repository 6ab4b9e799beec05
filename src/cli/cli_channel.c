/* Webhooks, feeds, mailboxes. */
#include "cli_internal.h"

#define FILE_BYTES_MAX ((size_t)2 << 20)

static bool print_raw(struct cli *cli, struct str text)
{
    base_buf_str(&cli->out, text);
    base_buf_byte(&cli->out, '\n');
    return true;
}

static bool find_id(struct cli *cli, const char *name, int64_t *out, struct fail *fail)
{
    struct json_value root, list, item, value;
    if (!cli_call(cli, "channels", STR("{}"), NULL, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("channels"), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        INVARIANT(json_member(item, STR("name"), &value));
        if (str_is(json_string(value), name)) {
            INVARIANT(json_member(item, STR("id"), &value));
            *out = json_int(value);
            return true;
        }
    }
    return fail_set(fail, FAIL_ABSENT, "there is no channel \"%s\"; see: firsthand channel list",
                    name);
}

/* An operation on the channel that the first argument names. */
static bool call_on(struct cli *cli, const char *operation, const bool *paused, struct str *text,
                    struct json_value *root, struct fail *fail)
{
    struct cli_input input;
    int64_t id;
    if (!find_id(cli, cli->arguments[0], &id, fail)) {
        return false;
    }
    cli_input_begin(&input);
    cli_input_int(&input, "id", id);
    if (paused != NULL) {
        json_name_c(&input.w, "paused");
        json_write_bool(&input.w, *paused);
    }
    return cli_call(cli, operation, cli_input_end(cli, &input), text, root, fail);
}

static void cell(struct cli_table *table, struct json_value item, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(item, str_from_c(name), &value));
    cli_table_value(table, value);
}

bool cli_run_channel_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"name",   "kind",     "paused", "last",       "next",
                                          "stored", "failures", "why",    "quarantined"};
    enum cli_form form;
    struct str text;
    struct json_value root, list, item;
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "channels", STR("{}"), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        return print_raw(cli, text);
    }
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    INVARIANT(json_member(root, STR("channels"), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            cell(table, item, columns[i]);
        }
    }
    cli_table_write(cli, table, form);
    return true;
}

/* The members of a definition that options give; which of them belong to its kind, the operation knows. */
static bool write_polled(struct cli *cli, struct json_writer *w, struct fail *fail)
{
    static const char *const options[][2] = {
        {"--kind", "kind"}, {"--score", "score"},   {"--scale", "scale"},  {"--channel", "channel"},
        {"--user", "user"}, {"--secret", "secret"}, {"--folder", "folder"}};
    const char *every = cli_option(cli, "--every");
    int64_t minutes;
    json_begin_object(w);
    json_name_c(w, "url");
    json_write_c(w, cli->arguments[2]);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const char *value = cli_option(cli, options[i][0]);
        if (value != NULL) {
            json_name_c(w, options[i][1]);
            json_write_c(w, value);
        }
    }
    if (every != NULL) {
        if (!str_parse_i64(str_from_c(every), &minutes)) {
            return fail_set(fail, FAIL_INPUT, "--every is \"%s\", expected minutes", every);
        }
        json_name_c(w, "every_minutes");
        json_write_int(w, minutes);
    }
    json_end_object(w);
    return true;
}

bool cli_run_channel_add(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct str text;
    struct json_value root, path;
    cli_input_begin(&input);
    cli_input_str(&input, "kind", cli->arguments[0]);
    cli_input_str(&input, "name", cli->arguments[1]);
    json_name_c(&input.w, "definition");
    if (strcmp(cli->arguments[0], "webhook") == 0) {
        struct str definition;
        if (!cli_read_file(cli, cli->arguments[2], FILE_BYTES_MAX, &definition, fail)) {
            return false;
        }
        json_write_raw(&input.w, definition);
    } else if (!write_polled(cli, &input.w, fail)) {
        return false;
    }
    if (!cli_call(cli, "channel.save", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        return print_raw(cli, text);
    }
    if (json_member(root, STR("path"), &path)) {
        base_plain_text(&cli->out, json_string(path)); /* alone, for scripts; shown only now */
        base_buf_byte(&cli->out, '\n');
    }
    return true;
}

bool cli_run_channel_pause(struct cli *cli, struct fail *fail)
{
    static const bool paused = true;
    struct json_value root;
    return call_on(cli, "channel.pause", &paused, NULL, &root, fail);
}

bool cli_run_channel_resume(struct cli *cli, struct fail *fail)
{
    static const bool paused = false;
    struct json_value root;
    return call_on(cli, "channel.pause", &paused, NULL, &root, fail);
}

bool cli_run_channel_remove(struct cli *cli, struct fail *fail)
{
    struct json_value root;
    return call_on(cli, "channel.remove", NULL, NULL, &root, fail);
}

bool cli_run_channel_address(struct cli *cli, struct fail *fail)
{
    struct json_value root, path;
    if (!call_on(cli, "channel.address", NULL, NULL, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("path"), &path));
    base_plain_text(&cli->out, json_string(path));
    base_buf_byte(&cli->out, '\n');
    return true;
}

bool cli_run_channel_poll(struct cli *cli, struct fail *fail)
{
    struct str text;
    struct json_value root, why, note;
    if (!call_on(cli, "channel.poll", NULL, &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        return print_raw(cli, text);
    }
    INVARIANT(json_member(root, STR("why"), &why) && json_member(root, STR("note"), &note));
    if (json_type_of(why) == JSON_STRING) {
        return fail_set(fail, FAIL_IO, "%.*s", STR_ARG(json_string(why)));
    }
    if (json_type_of(note) == JSON_STRING) {
        base_plain_text(&cli->out, json_string(note));
        base_buf_byte(&cli->out, '\n');
    }
    return true;
}

/* One line an event: verdict, name, person, score, words. */
static void write_events(struct cli *cli, struct json_value root)
{
    static const char *const head[] = {"verdict", "event", "who", "score", "text", "problem"};
    struct json_value list, item, event, value;
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(head));
    for (size_t i = 0; i < ARRAY_LEN(head); i++) {
        cli_table_text(table, str_from_c(head[i]));
    }
    INVARIANT(json_member(root, STR("events"), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        struct json_value who = {0};
        struct str name = STR("-");
        cell(table, item, "verdict");
        bool stored = json_member(item, STR("event"), &event) && json_type_of(event) == JSON_OBJECT;
        if (stored && json_member(item, STR("identifiers"), &value)) {
            struct json_iter first = json_iter_of(value);
            struct json_value kind, id;
            if (json_next(&first, NULL, &who) && json_member(who, STR("kind"), &kind) &&
                json_member(who, STR("value"), &id)) {
                name = str_format(cli->arena, "%.*s:%.*s", STR_ARG(json_string(kind)),
                                  STR_ARG(json_string(id)));
            }
        }
        static const char *const members[] = {"event", NULL, "score", "text"};
        for (size_t i = 0; i < ARRAY_LEN(members); i++) {
            if (members[i] == NULL) {
                cli_table_text(table, name);
            } else if (stored) {
                cell(table, event, members[i]);
            } else {
                cli_table_text(table, STR("-"));
            }
        }
        cell(table, item, "reason");
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
}

bool cli_run_channel_test(struct cli *cli, struct fail *fail)
{
    struct str text;
    struct json_value root;
    if (!call_on(cli, "channel.test", NULL, &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        return print_raw(cli, text);
    }
    write_events(cli, root);
    return true;
}

static bool read_json(struct cli *cli, const char *path, const char *member,
                      struct cli_input *input, struct fail *fail)
{
    struct str text;
    if (!cli_read_file(cli, path, FILE_BYTES_MAX, &text, fail)) {
        return false;
    }
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    if (!json_parse(parser, text, &root, fail)) {
        return fail_at(fail, "%s", path);
    }
    json_name_c(&input->w, member);
    json_write_value(&input->w, root);
    return true;
}

bool cli_run_webhook_preview(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct str text;
    struct json_value root, problem, pointer, detail;
    cli_input_begin(&input);
    cli_input_str(&input, "name", cli_option(cli, "--name"));
    if (!read_json(cli, cli->arguments[0], "definition", &input, fail) ||
        !read_json(cli, cli->arguments[1], "payload", &input, fail) ||
        !cli_call(cli, "webhook.preview", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        return print_raw(cli, text);
    }
    INVARIANT(json_member(root, STR("problem"), &problem));
    if (json_type_of(problem) == JSON_OBJECT && json_member(problem, STR("pointer"), &pointer) &&
        json_member(problem, STR("detail"), &detail)) {
        return fail_input_at(fail, str_copy_c(cli->arena, json_string(pointer)), "%.*s",
                             STR_ARG(json_string(detail)));
    }
    write_events(cli, root);
    return true;
}

bool cli_run_webhook_suggest(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct str text;
    struct json_value root, definition;
    cli_input_begin(&input);
    cli_input_str(&input, "name", cli_option(cli, "--name"));
    if (!read_json(cli, cli->arguments[0], "payload", &input, fail) ||
        !cli_call(cli, "webhook.suggest", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        return print_raw(cli, text);
    }
    INVARIANT(json_member(root, STR("definition"), &definition));
    struct json_writer w = {.out = &cli->out};
    json_write_value(&w, definition);
    base_buf_byte(&cli->out, '\n');
    return true;
}
