/* Notes on charts. */
#include "cli_internal.h"

bool cli_run_note_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"id", "at", "until", "kind", "text", "owner"};
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "from", cli_option(cli, "--from"));
    cli_input_str(&input, "to", cli_option(cli, "--to"));
    cli_input_str(&input, "kind", cli_option(cli, "--kind"));
    return cli_print_list_of(cli, "notes", cli_input_end(cli, &input), "notes", columns,
                             ARRAY_LEN(columns), fail);
}

bool cli_run_note_add(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct str text;
    struct json_value root, id;
    cli_input_begin(&input);
    cli_input_str(&input, "text", cli->arguments[0]);
    cli_input_str(&input, "at", cli_option(cli, "--at"));
    cli_input_str(&input, "until", cli_option(cli, "--until"));
    cli_input_str(&input, "kind", cli_option(cli, "--kind"));
    if (!cli_call(cli, "note.add", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    INVARIANT(json_member(root, STR("id"), &id));
    base_buf_printf(&cli->out, "%lld\n", (long long)json_int(id));
    return true;
}

bool cli_run_note_delete(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    int64_t id;
    if (!str_parse_i64(str_from_c(cli->arguments[0]), &id)) {
        return fail_set(fail, FAIL_INPUT, "\"%s\" is no note's id; see: firsthand note list",
                        cli->arguments[0]);
    }
    cli_input_begin(&input);
    cli_input_int(&input, "id", id);
    return cli_call(cli, "note.delete", cli_input_end(cli, &input), NULL, &root, fail);
}
