/* Imports: which there were, and taking one back. */
#include <unistd.h>

#include "cli_internal.h"

bool cli_run_import_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"number",    "source",      "name",     "state",
                                          "begun_at",  "ended_at",    "received", "stored",
                                          "duplicate", "quarantined", "refused"};
    return cli_print_list(cli, "imports", "imports", columns, ARRAY_LEN(columns), fail);
}

static unsigned long long count_of(struct json_value counts, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(counts, str_from_c(name), &value));
    return (unsigned long long)json_int(value);
}

/* "2 events, 1 quarantined row and 0 joins" */
static void write_counts(struct base_buf *out, struct json_value counts)
{
    static const struct {
        const char *name, *one, *many, *before;
    } parts[] = {{"events", " event", " events", ""},
                 {"quarantined", " row in quarantine", " rows in quarantine", ", "},
                 {"joins", " join", " joins", " and "}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        unsigned long long n = count_of(counts, parts[i].name);
        base_buf_printf(out, "%s%llu%s", parts[i].before, n, n == 1 ? parts[i].one : parts[i].many);
    }
}

/* Asks on a terminal; where there is none, --yes has to be given. */
static bool confirmed(struct cli *cli, struct json_value takes, int64_t number, bool *out,
                      struct fail *fail)
{
    struct base_buf question CLEANUP(base_buf_done) = {0};
    *out = cli_flag(cli, "--yes");
    if (*out) {
        return true;
    }
    if (isatty(STDIN_FILENO) == 0) {
        return fail_set(fail, FAIL_INPUT,
                        "nobody can be asked here: add --yes, or --dry-run to see what would go");
    }
    base_buf_printf(&question, "Take back import %lld: ", (long long)number);
    write_counts(&question, takes);
    base_buf_bytes(&question, "?", 2);
    if (!base_buf_ok(&question, fail)) {
        return false;
    }
    *out = cli_ask_yes(question.data);
    return true;
}

static bool write_answer(struct cli *cli, struct str text, struct json_value counts,
                         const char *what, int64_t number)
{
    if (cli_flag(cli, "--json")) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    base_buf_printf(&cli->out, "import %lld %s: ", (long long)number, what);
    write_counts(&cli->out, counts);
    base_buf_byte(&cli->out, '\n');
    return true;
}

bool cli_run_import_undo(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root, counts;
    struct str text;
    int64_t number;
    bool yes;
    if (!str_parse_i64(str_from_c(cli->arguments[0]), &number) || number < 1) {
        return fail_set(fail, FAIL_INPUT,
                        "\"%s\" is no number of an import; see: firsthand import list",
                        cli->arguments[0]);
    }
    cli_input_begin(&input);
    cli_input_int(&input, "number", number);
    struct str asked = cli_input_end(cli, &input);
    if (!cli_call(cli, "import.preview", asked, &text, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("takes"), &counts));
    if (cli_flag(cli, "--dry-run")) {
        return write_answer(cli, text, counts, "would be taken back", number);
    }
    if (!confirmed(cli, counts, number, &yes, fail)) {
        return false;
    }
    if (!yes) {
        return true;
    }
    if (!cli_call(cli, "import.undo", asked, &text, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("taken_back"), &counts));
    return write_answer(cli, text, counts, "was taken back", number);
}
