/* Timelines, customers, saved segments. */
#include "cli_internal.h"

#define DEFINITION_BYTES_MAX (((size_t)256 << 10) + 1)
#define TIMELINE_PAGE 1000

/* Calls an operation and prints its answer as it is. */
static bool print_answer(struct cli *cli, const char *operation, struct str input,
                         struct fail *fail)
{
    struct str text;
    struct json_value root;
    if (!cli_call(cli, operation, input, &text, &root, fail)) {
        return false;
    }
    base_buf_str(&cli->out, text);
    base_buf_byte(&cli->out, '\n');
    return true;
}

static void put_scalar(struct base_buf *out, struct json_value value)
{
    if (json_type_of(value) == JSON_STRING) {
        base_plain_text(out, json_string(value));
        return;
    }
    struct json_writer w = {.out = out};
    json_write_value(&w, value);
}

static bool member(struct json_value object, const char *name, struct json_value *out)
{
    return json_member(object, str_from_c(name), out) && json_type_of(*out) != JSON_NULL;
}

/* "2026-05-01 09:30:00.000Z  Order Completed  [web]  price=100 ..." and the words on a line of their own. */
static void write_event(struct cli *cli, struct json_value event)
{
    struct base_buf *out = &cli->out;
    struct json_value value, properties;
    struct str name;
    if (member(event, "ts", &value)) {
        put_scalar(out, value);
    }
    base_buf_c(out, "  ");
    if (member(event, "event", &value)) {
        put_scalar(out, value);
    }
    if (member(event, "channel", &value)) {
        base_buf_c(out, "  [");
        put_scalar(out, value);
        base_buf_c(out, "]");
    }
    static const char *const groups[] = {"properties", "traits"};
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        if (!member(event, groups[g], &properties)) {
            continue;
        }
        for (struct json_iter it = json_iter_of(properties); json_next(&it, &name, &value);) {
            base_buf_c(out, g == 0 ? "  " : "  trait ");
            base_plain_text(out, name);
            base_buf_byte(out, '=');
            put_scalar(out, value);
        }
    }
    if (member(event, "scale", &value)) {
        base_buf_c(out, "  ");
        put_scalar(out, value);
        base_buf_byte(out, '=');
        if (member(event, "score", &value)) {
            put_scalar(out, value);
        }
    }
    base_buf_byte(out, '\n');
    if (member(event, "text", &value)) {
        base_buf_c(out, "    \xE2\x80\x9C");
        put_scalar(out, value);
        base_buf_c(out, "\xE2\x80\x9D\n");
    }
}

bool cli_run_timeline(struct cli *cli, struct fail *fail)
{
    bool json = cli_flag(cli, "--json");
    const char *cursor = NULL;
    for (;;) {
        struct cli_input input;
        cli_input_begin(&input);
        cli_input_str(&input, "id", cli->arguments[0]);
        cli_input_str(&input, "order", "oldest");
        cli_input_str(&input, "cursor", cursor);
        cli_input_int(&input, "limit", TIMELINE_PAGE);
        struct json_value root, events, event, next;
        if (!cli_call(cli, "timeline", cli_input_end(cli, &input), NULL, &root, fail)) {
            return false;
        }
        INVARIANT(json_member(root, STR("events"), &events));
        for (struct json_iter it = json_iter_of(events); json_next(&it, NULL, &event);) {
            if (json) {
                struct json_writer w = {.out = &cli->out};
                json_write_value(&w, event);
                base_buf_byte(&cli->out, '\n');
            } else {
                write_event(cli, event);
            }
        }
        if (!cli_flush(cli, fail)) {
            return false;
        }
        if (!member(root, "cursor", &next)) {
            return true;
        }
        cursor = str_copy_c(cli->arena, json_string(next));
    }
}

/* ---- customers ------------------------------------------------------------------------------------- */

static void write_customer(struct cli *cli, struct json_value root)
{
    static const char *const facts[] = {"id", "known", "first_seen", "last_seen", "events"};
    struct json_value value, list, item;
    struct cli_table *table = cli_table_new(cli, 2);
    cli_table_whole(table);
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        cli_table_text(table, str_from_c(facts[i]));
        INVARIANT(json_member(root, str_from_c(facts[i]), &value));
        struct base_buf text CLEANUP(base_buf_done) = {0};
        put_scalar(&text, value);
        cli_table_text(table, base_buf_view(&text));
    }
    if (member(root, "identifiers", &list)) {
        for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
            struct json_value kind, of;
            INVARIANT(member(item, "kind", &kind) && member(item, "value", &of));
            cli_table_text(table, json_string(kind));
            cli_table_text(table, json_string(of));
        }
    }
    if (member(root, "traits", &list)) {
        struct str name;
        for (struct json_iter it = json_iter_of(list); json_next(&it, &name, &item);) {
            cli_table_text(table, str_format(cli->arena, "trait %.*s", STR_ARG(name)));
            struct base_buf text CLEANUP(base_buf_done) = {0};
            put_scalar(&text, item);
            cli_table_text(table, base_buf_view(&text));
        }
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
}

bool cli_run_customer_show(struct cli *cli, struct fail *fail)
{
    enum cli_form form;
    struct cli_input input;
    struct str text;
    struct json_value root;
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "customer", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
    } else {
        write_customer(cli, root);
        return cli_show_experience(cli, fail);
    }
    return true;
}

bool cli_run_customer_join(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    cli_input_begin(&input);
    cli_input_str(&input, "from", cli->arguments[0]);
    cli_input_str(&input, "into", cli->arguments[1]);
    return cli_call(cli, "customer.join", cli_input_end(cli, &input), NULL, &root, fail);
}

bool cli_run_customer_split(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    cli_input_begin(&input);
    cli_input_str(&input, "identifier", cli->arguments[0]);
    return cli_call(cli, "customer.split", cli_input_end(cli, &input), NULL, &root, fail);
}

/* ---- segments --------------------------------------------------------------------------------------- */

bool cli_run_segment_list(struct cli *cli, struct fail *fail)
{
    enum cli_form form;
    struct str text;
    struct json_value root, list, item, value;
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "segments", STR("{}"), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    static const char *const columns[] = {"name", "owner", "updated"};
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    INVARIANT(json_member(root, STR("segments"), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            INVARIANT(json_member(item, str_from_c(columns[i]), &value));
            cli_table_value(table, value);
        }
    }
    cli_table_write(cli, table, form);
    return true;
}

static struct str name_input(struct cli *cli)
{
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "name", cli->arguments[0]);
    return cli_input_end(cli, &input);
}

bool cli_run_segment_show(struct cli *cli, struct fail *fail)
{
    struct json_value root, definition;
    if (cli_flag(cli, "--json")) {
        return print_answer(cli, "segment", name_input(cli), fail);
    }
    if (!cli_call(cli, "segment", name_input(cli), NULL, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("segment"), &definition));
    struct json_writer w = {.out = &cli->out};
    json_write_value(&w, definition);
    base_buf_byte(&cli->out, '\n');
    return true;
}

bool cli_run_segment_save(struct cli *cli, struct fail *fail)
{
    struct str definition;
    struct json_value parsed, root;
    if (!cli_read_file(cli, cli->arguments[1], DEFINITION_BYTES_MAX, &definition, fail)) {
        return false;
    }
    /* Checked here too, so that what is no JSON is refused by the file's name. */
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    if (!json_parse(parser, definition, &parsed, fail)) {
        return fail_at(fail, "%s", cli->arguments[1]);
    }
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "name", cli->arguments[0]);
    input.w.out = &input.text;
    json_name_c(&input.w, "segment");
    json_write_value(&input.w, parsed);
    return cli_call(cli, "segment.save", cli_input_end(cli, &input), NULL, &root, fail);
}

bool cli_run_segment_delete(struct cli *cli, struct fail *fail)
{
    struct json_value root;
    return cli_call(cli, "segment.delete", name_input(cli), NULL, &root, fail);
}
