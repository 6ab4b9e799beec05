/* Interviews: whom to ask, what was said, which words stay in mind. */
#include "cli_internal.h"

#define NOTES_BYTES_MAX (((size_t)1 << 20) + 1)

static void print_member(struct cli *cli, struct str text, struct json_value root,
                         const char *member)
{
    struct json_value value;
    if (cli_flag(cli, "--json")) {
        base_buf_str(&cli->out, text);
    } else {
        INVARIANT(json_member(root, str_from_c(member), &value));
        base_plain_text(&cli->out, json_string(value));
    }
    base_buf_byte(&cli->out, '\n');
}

bool cli_run_interview_add(struct cli *cli, struct fail *fail)
{
    struct base_buf input CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &input};
    struct json_value root;
    struct str notes, text;
    const char *customer = cli_option(cli, "--customer"), *file = cli_option(cli, "--notes");
    static const char *const options[][2] = {{"--consent", "consent"},
                                             {"--title", "title"},
                                             {"--channel", "channel"},
                                             {"--ts", "ts"},
                                             {"--id", "id"}};
    if (customer == NULL || file == NULL) {
        return fail_set(fail, FAIL_INPUT,
                        "--customer and --notes are needed: firsthand interview add --customer ann "
                        "--notes notes.txt");
    }
    if (!cli_read_file(cli, file, NOTES_BYTES_MAX, &notes, fail)) {
        return false;
    }
    json_begin_object(&w);
    json_name_c(&w, "customer");
    json_write_c(&w, customer);
    json_name_c(&w, "text");
    json_write_str(&w, notes);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (cli_option(cli, options[i][0]) != NULL) {
            json_name_c(&w, options[i][1]);
            json_write_c(&w, cli_option(cli, options[i][0]));
        }
    }
    json_name_c(&w, "participants");
    json_begin_array(&w);
    for (int i = 0; i < cli->option_count; i++) {
        if (strcmp(cli->option_names[i], "--participant") == 0) {
            json_write_c(&w, cli->option_values[i]);
        }
    }
    json_end_array(&w);
    json_end_object(&w);
    if (!base_buf_ok(&input, fail) ||
        !cli_call(cli, "interview.add", base_buf_view(&input), &text, &root, fail)) {
        return false;
    }
    print_member(cli, text, root, "interview");
    return true;
}

bool cli_run_interview_highlight(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    struct str text;
    if (cli_option(cli, "--quote") == NULL) {
        return fail_set(fail, FAIL_INPUT,
                        "--quote is needed, words of the interview: firsthand interview highlight "
                        "ann i_3hT8 --quote 'nobody answers'");
    }
    cli_input_begin(&input);
    cli_input_str(&input, "customer", cli->arguments[0]);
    cli_input_str(&input, "interview", cli->arguments[1]);
    cli_input_str(&input, "quote", cli_option(cli, "--quote"));
    cli_input_str(&input, "note", cli_option(cli, "--note"));
    if (!cli_call(cli, "interview.highlight", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    print_member(cli, text, root, "highlight");
    return true;
}

/* The operation's list, and below it who was passed over. */
static void write_recruits(struct cli *cli, struct json_value root, enum cli_form form)
{
    static const char *const columns[] = {"id", "last_seen", "events"};
    struct json_value list, row, value, passed;
    struct str reason;
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    INVARIANT(json_member(root, STR("customers"), &list) &&
              json_member(root, STR("passed_over"), &passed));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &row);) {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            INVARIANT(json_member(row, str_from_c(columns[i]), &value));
            cli_table_value(table, value);
        }
    }
    cli_table_write(cli, table, form);
    if (form != CLI_FORM_TABLE) {
        return;
    }
    for (struct json_iter it = json_iter_of(passed); json_next(&it, &reason, &value);) {
        base_buf_printf(&cli->out, "passed over, %.*s: %lld\n", STR_ARG(reason),
                        (long long)json_int(value));
    }
}

bool cli_run_interview_recruit(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    enum cli_form form;
    struct json_value root;
    struct str text;
    int64_t limit;
    const char *most = cli_option(cli, "--limit");
    if (!cli_form_of(cli, &form, fail)) {
        return false;
    }
    cli_input_begin(&input);
    cli_input_str(&input, "segment", cli->arguments[0]);
    cli_input_str(&input, "purpose", cli_option(cli, "--purpose"));
    cli_input_str(&input, "channel", cli_option(cli, "--channel"));
    if (most != NULL && str_parse_i64(str_from_c(most), &limit)) {
        cli_input_int(&input, "limit", limit);
    } else if (most != NULL) {
        cli_input_end(cli, &input);
        return fail_set(fail, FAIL_INPUT, "--limit is a number, not \"%s\"", most);
    }
    if (!cli_call(cli, "interview.recruit", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
    } else {
        write_recruits(cli, root, form);
    }
    return true;
}
