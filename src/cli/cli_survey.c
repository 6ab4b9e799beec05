/* Surveys: drafts, publishing, results, personal links, why somebody is asked. */
#include "cli_internal.h"

#define DEFINITION_BYTES_MAX (((size_t)256 << 10) + 1)
#define ADDRESS_OTHERWISE "http://127.0.0.1:8080"

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

static struct str id_input(struct cli *cli)
{
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    return cli_input_end(cli, &input);
}

static struct json_value member(struct json_value object, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(object, str_from_c(name), &value));
    return value;
}

static void row_of(struct cli_table *table, struct json_value item, const char *const *columns,
                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cli_table_value(table, member(item, columns[i]));
    }
}

static struct cli_table *table_of(struct cli *cli, const char *const *columns, size_t count)
{
    struct cli_table *table = cli_table_new(cli, count);
    for (size_t i = 0; i < count; i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    return table;
}

/* A list under `name` as a table, JSON or CSV. */
static bool print_list(struct cli *cli, const char *operation, struct str input, const char *name,
                       const char *const *columns, size_t count, struct fail *fail)
{
    enum cli_form form;
    struct str text;
    struct json_value root, item;
    if (!cli_form_of(cli, &form, fail) || !cli_call(cli, operation, input, &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = table_of(cli, columns, count);
    for (struct json_iter it = json_iter_of(member(root, name)); json_next(&it, NULL, &item);) {
        row_of(table, item, columns, count);
    }
    cli_table_write(cli, table, form);
    return true;
}

bool cli_run_survey_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id", "name", "status", "version", "questions"};
    return print_list(cli, "surveys", STR("{}"), "surveys", columns, ARRAY_LEN(columns), fail);
}

bool cli_run_survey_template(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id", "summary"};
    struct json_value root, item;
    const char *wanted = cli->argument_count > 0 ? cli->arguments[0] : NULL;
    const char *names[64];
    size_t count = 0;
    if (wanted == NULL) {
        return print_list(cli, "survey.templates", STR("{}"), "templates", columns,
                          ARRAY_LEN(columns), fail);
    }
    if (!cli_call(cli, "survey.templates", STR("{}"), NULL, &root, fail)) {
        return false;
    }
    for (struct json_iter it = json_iter_of(member(root, "templates"));
         json_next(&it, NULL, &item);) {
        struct str id = json_string(member(item, "id"));
        if (str_is(id, wanted)) {
            struct json_writer w = {.out = &cli->out};
            json_write_value(&w, member(item, "definition"));
            base_buf_byte(&cli->out, '\n');
            return true;
        }
        names[count < ARRAY_LEN(names) ? count++ : 0] = str_copy_c(cli->arena, id);
    }
    struct str meant = cli_did_you_mean(cli, str_from_c(wanted), names, count);
    return fail_set(fail, FAIL_ABSENT, "there is no template \"%s\"%.*s", wanted, STR_ARG(meant));
}

bool cli_run_survey_show(struct cli *cli, struct fail *fail)
{
    struct json_value root;
    if (cli_flag(cli, "--json")) {
        return print_answer(cli, "survey", id_input(cli), fail);
    }
    if (!cli_call(cli, "survey", id_input(cli), NULL, &root, fail)) {
        return false;
    }
    struct json_value draft = member(root, "draft");
    struct json_writer w = {.out = &cli->out};
    json_write_value(&w, json_type_of(draft) == JSON_NULL ? member(root, "definition") : draft);
    base_buf_byte(&cli->out, '\n');
    return true;
}

/* ---- drafts -------------------------------------------------------------------------------------------- */

static void print_findings(struct cli *cli, struct json_value root)
{
    struct json_value item;
    for (struct json_iter it = json_iter_of(member(root, "findings"));
         json_next(&it, NULL, &item);) {
        base_plain_text(&cli->out, json_string(member(item, "severity")));
        base_buf_c(&cli->out, "  ");
        base_plain_text(&cli->out, json_string(member(item, "pointer")));
        base_buf_c(&cli->out, "  ");
        base_plain_text(&cli->out, json_string(member(item, "message")));
        base_buf_c(&cli->out, ". ");
        base_plain_text(&cli->out, json_string(member(item, "fix")));
        base_buf_byte(&cli->out, '\n');
    }
    base_buf_printf(&cli->out, "about %lld s; %lld to mend before it can be published\n",
                    (long long)json_int(member(root, "seconds")),
                    (long long)json_int(member(root, "errors")));
}

/* FILE is the last argument; `id` may be NULL. */
static bool send_definition(struct cli *cli, const char *operation, const char *id,
                            const char *file, struct fail *fail)
{
    struct str definition;
    struct json_value parsed, root;
    if (!cli_read_file(cli, file, DEFINITION_BYTES_MAX, &definition, fail)) {
        return false;
    }
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    if (!json_parse(parser, definition, &parsed, fail)) {
        return fail_at(fail, "%s", file);
    }
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "id", id);
    input.w.out = &input.text;
    json_name_c(&input.w, "definition");
    json_write_value(&input.w, parsed);
    struct str text = cli_input_end(cli, &input);
    if (cli_flag(cli, "--json")) {
        return print_answer(cli, operation, text, fail);
    }
    if (!cli_call(cli, operation, text, NULL, &root, fail)) {
        return false;
    }
    print_findings(cli, root);
    return true;
}

bool cli_run_survey_save(struct cli *cli, struct fail *fail)
{
    return send_definition(cli, "survey.save", cli->arguments[0], cli->arguments[1], fail);
}

bool cli_run_survey_check(struct cli *cli, struct fail *fail)
{
    return send_definition(cli, "survey.check", NULL, cli->arguments[0], fail);
}

static bool set_status(struct cli *cli, const char *operation, struct fail *fail)
{
    struct json_value root;
    if (cli_flag(cli, "--json")) {
        return print_answer(cli, operation, id_input(cli), fail);
    }
    if (!cli_call(cli, operation, id_input(cli), NULL, &root, fail)) {
        return false;
    }
    base_plain_text(&cli->out, json_string(member(root, "id")));
    base_buf_c(&cli->out, " is ");
    base_plain_text(&cli->out, json_string(member(root, "status")));
    base_buf_printf(&cli->out, ", version %lld\n", (long long)json_int(member(root, "version")));
    return true;
}

bool cli_run_survey_publish(struct cli *cli, struct fail *fail)
{
    return set_status(cli, "survey.publish", fail);
}

bool cli_run_survey_pause(struct cli *cli, struct fail *fail)
{
    return set_status(cli, "survey.pause", fail);
}

bool cli_run_survey_close(struct cli *cli, struct fail *fail)
{
    return set_status(cli, "survey.close", fail);
}

/* ---- results ---------------------------------------------------------------------------------------------- */

bool cli_run_survey_results(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id", "type", "n", "reached", "left", "title"};
    static const char *const counts[] = {"asked", "shown", "started", "finished"};
    enum cli_form form;
    struct str text;
    struct json_value root, item, mean;
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "survey.results", id_input(cli), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(counts) && form == CLI_FORM_TABLE; i++) {
        base_buf_printf(&cli->out, "%s%s %lld", i == 0 ? "" : ", ", counts[i],
                        (long long)json_int(member(root, counts[i])));
    }
    base_buf_c(&cli->out, form == CLI_FORM_TABLE ? "\n\n" : "");
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns) + 1);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    cli_table_text(table, STR("mean"));
    for (struct json_iter it = json_iter_of(member(root, "questions"));
         json_next(&it, NULL, &item);) {
        row_of(table, item, columns, ARRAY_LEN(columns));
        if (json_member(item, STR("mean"), &mean) && json_type_of(mean) != JSON_NULL) {
            cli_table_number(table, str_format(cli->arena, "%.2f", json_double(mean)));
        } else {
            cli_table_text(table, STR(""));
        }
    }
    cli_table_write(cli, table, form);
    return true;
}

bool cli_run_survey_why(struct cli *cli, struct fail *fail)
{
    struct json_value root, item;
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    cli_input_str(&input, "customer", cli->arguments[1]);
    struct str text = cli_input_end(cli, &input);
    if (cli_flag(cli, "--json")) {
        return print_answer(cli, "survey.why", text, fail);
    }
    if (!cli_call(cli, "survey.why", text, NULL, &root, fail)) {
        return false;
    }
    for (struct json_iter it = json_iter_of(member(root, "rules")); json_next(&it, NULL, &item);) {
        base_buf_c(&cli->out, json_bool(member(item, "passed")) ? "yes  " : "no   ");
        base_plain_text(&cli->out, json_string(member(item, "rule")));
        base_buf_c(&cli->out, ": ");
        base_plain_text(&cli->out, json_string(member(item, "text")));
        base_buf_byte(&cli->out, '\n');
    }
    base_buf_c(&cli->out,
               json_bool(member(root, "asks")) ? "would be asked now\n" : "is not asked now: ");
    if (!json_bool(member(root, "asks"))) {
        base_plain_text(&cli->out, json_string(member(root, "reason")));
        base_buf_byte(&cli->out, '\n');
    }
    return true;
}

/* ---- links --------------------------------------------------------------------------------------------------- */

static void write_customers(struct cli *cli, struct cli_input *input)
{
    bool any = false;
    input->w.out = &input->text;
    for (int i = 0; i < cli->option_count; i++) {
        if (strcmp(cli->option_names[i], "--customer") != 0) {
            continue;
        }
        if (!any) {
            json_name_c(&input->w, "customers");
            json_begin_array(&input->w);
        }
        any = true;
        json_write_c(&input->w, cli->option_values[i]);
    }
    if (any) {
        json_end_array(&input->w);
    }
}

static bool links_input(struct cli *cli, struct str *out, bool *out_makes, struct fail *fail)
{
    struct cli_input input;
    const char *anonymous = cli_option(cli, "--anonymous");
    const char *segment = cli_option(cli, "--segment");
    int64_t number = 0;
    if (anonymous != NULL && !str_parse_i64(str_from_c(anonymous), &number)) {
        return fail_set(fail, FAIL_INPUT, "--anonymous takes a whole number");
    }
    cli_input_begin(&input);
    cli_input_str(&input, "id", cli->arguments[0]);
    write_customers(cli, &input);
    cli_input_str(&input, "segment", cli_flag(cli, "--audience") ? "audience" : segment);
    cli_input_str(&input, "expires", cli_option(cli, "--expires"));
    if (anonymous != NULL) {
        cli_input_int(&input, "anonymous", number);
    }
    if (cli_flag(cli, "--once")) {
        json_name_c(&input.w, "once");
        json_write_bool(&input.w, true);
    }
    *out_makes = anonymous != NULL || segment != NULL || cli_flag(cli, "--audience") ||
                 cli_option(cli, "--customer") != NULL;
    *out = cli_input_end(cli, &input);
    return true;
}

static bool make_links(struct cli *cli, struct str input, struct fail *fail)
{
    static const char *const columns[] = {"customer", "link"};
    const char *address = cli_option(cli, "--address");
    enum cli_form form;
    struct str text;
    struct json_value root, item;
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "survey.link", input, &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = table_of(cli, columns, ARRAY_LEN(columns));
    cli_table_whole(table);
    for (struct json_iter it = json_iter_of(member(root, "links")); json_next(&it, NULL, &item);) {
        cli_table_value(table, member(item, "customer"));
        cli_table_text(table, str_format(cli->arena, "%s%.*s",
                                         address == NULL ? ADDRESS_OTHERWISE : address,
                                         STR_ARG(json_string(member(item, "path")))));
    }
    cli_table_write(cli, table, form);
    for (struct json_iter it = json_iter_of(member(root, "skipped"));
         json_next(&it, NULL, &item) && form == CLI_FORM_TABLE;) {
        base_buf_c(&cli->out, "passed over ");
        base_plain_text(&cli->out, json_string(member(item, "customer")));
        base_buf_c(&cli->out, ": ");
        base_plain_text(&cli->out, json_string(member(item, "reason")));
        base_buf_byte(&cli->out, '\n');
    }
    return true;
}

bool cli_run_survey_links(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id",      "customer", "once",
                                          "created", "finished", "revoked"};
    struct str input;
    bool makes = false;
    if (!links_input(cli, &input, &makes, fail)) {
        return false;
    }
    return makes ? make_links(cli, input, fail)
                 : print_list(cli, "survey.invitations", id_input(cli), "links", columns,
                              ARRAY_LEN(columns), fail);
}
