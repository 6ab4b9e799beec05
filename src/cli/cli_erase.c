/* Erasing customers: one, many, a segment; receipts; for how long things are kept; one customer's record. */
#include <unistd.h>

#include "cli_internal.h"

#define BATCH 1000 /* customers a call */
#define FILE_BYTES_MAX ((size_t)64 << 20)

struct people {
    struct str *at; /* identifiers; NULL: the segment */
    size_t count;
    struct json_writer w;
};

/* ---- whom ------------------------------------------------------------------------------------------------------- */

/* A line each; blank ones are passed over. */
static bool read_file(struct cli *cli, const char *path, struct people *out, struct fail *fail)
{
    struct str text;
    struct str line;
    if (!cli_read_file(cli, path, FILE_BYTES_MAX, &text, fail)) {
        return false;
    }
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.data[i] == '\n';
    }
    out->at = arena_array(cli->arena, lines, sizeof *out->at, fail);
    if (out->at == NULL) {
        return false;
    }
    while (text.len > 0 && str_next_part(&text, '\n', &line)) {
        line = str_trim(line);
        if (line.len > 0) {
            out->at[out->count++] = line;
        }
    }
    return out->count > 0 || fail_set(fail, FAIL_INPUT, "%s holds no identifier", path);
}

static bool read_people(struct cli *cli, struct people *out, struct fail *fail)
{
    const char *file = cli_option(cli, "--file");
    const char *segment = cli_option(cli, "--segment");
    size_t given = (size_t)cli->argument_count;
    if ((given > 0) + (file != NULL) + (segment != NULL) != 1) {
        return fail_set(fail, FAIL_INPUT,
                        "expected customers, or --file FILE, or --segment NAME: one of them");
    }
    if (file != NULL) {
        return read_file(cli, file, out, fail);
    }
    if (segment != NULL) {
        return true;
    }
    out->at = arena_array(cli->arena, given, sizeof *out->at, fail);
    for (size_t i = 0; out->at != NULL && i < given; i++) {
        out->at[out->count++] = str_from_c(cli->arguments[i]);
    }
    return out->at != NULL;
}

/* ---- calling ---------------------------------------------------------------------------------------------------- */

static bool call(struct cli *cli, const struct people *people, size_t from, bool dry,
                 struct str *out_text, struct json_value *out, struct fail *fail)
{
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "segment", cli_option(cli, "--segment"));
    if (people->at != NULL) {
        json_name_c(&input.w, "customers");
        json_begin_array(&input.w);
        for (size_t i = from; i < people->count && i < from + BATCH; i++) {
            json_write_str(&input.w, people->at[i]);
        }
        json_end_array(&input.w);
    }
    cli_input_str(&input, "reason", cli_option(cli, "--reason"));
    json_name_c(&input.w, "dry_run");
    json_write_bool(&input.w, dry);
    json_name_c(&input.w, "anyway");
    json_write_bool(&input.w, cli_flag(cli, "--anyway"));
    return cli_call(cli, "erase", cli_input_end(cli, &input), out_text, out, fail);
}

static uint64_t count_of(struct json_value counts, const char *name)
{
    struct json_value value;
    INVARIANT(json_member(counts, str_from_c(name), &value));
    return (uint64_t)json_int(value);
}

struct sum {
    uint64_t customers, events, identifiers;
};

static bool preview(struct cli *cli, const struct people *people, struct sum *out,
                    struct fail *fail)
{
    *out = (struct sum){0};
    for (size_t from = 0; from == 0 || from < people->count; from += BATCH) {
        struct json_value root;
        struct json_value counts;
        if (!call(cli, people, from, true, NULL, &root, fail)) {
            return false;
        }
        INVARIANT(json_member(root, STR("would_erase"), &counts));
        out->customers += count_of(counts, "customers");
        out->events += count_of(counts, "events");
        out->identifiers += count_of(counts, "identifiers");
    }
    return true;
}

static void write_sum(struct base_buf *out, const struct sum *sum)
{
    base_buf_printf(out, "%llu customer%s, %llu event%s, %llu identifier%s",
                    (unsigned long long)sum->customers, sum->customers == 1 ? "" : "s",
                    (unsigned long long)sum->events, sum->events == 1 ? "" : "s",
                    (unsigned long long)sum->identifiers, sum->identifiers == 1 ? "" : "s");
}

/* Asks on a terminal; where there is none, --yes has to be given. */
static bool confirmed(struct cli *cli, const struct sum *sum, bool *out, struct fail *fail)
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
    base_buf_c(&question, "Erase for good: ");
    write_sum(&question, sum);
    base_buf_bytes(&question, "?", 2);
    if (!base_buf_ok(&question, fail)) {
        return false;
    }
    *out = cli_ask_yes(question.data);
    return true;
}

static void write_receipt(struct cli *cli, struct str text, struct json_value root)
{
    struct json_value id;
    struct json_value counts;
    if (cli_flag(cli, "--json")) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return;
    }
    INVARIANT(json_member(root, STR("receipt"), &id) && json_member(root, STR("erased"), &counts));
    const struct sum sum = {count_of(counts, "customers"), count_of(counts, "events"),
                            count_of(counts, "identifiers")};
    base_buf_c(&cli->out, "erased: ");
    write_sum(&cli->out, &sum);
    base_buf_c(&cli->out, "\nreceipt ");
    base_plain_text(&cli->out, json_string(id));
    base_buf_byte(&cli->out, '\n');
}

bool cli_run_erase(struct cli *cli, struct fail *fail)
{
    struct people people = {0};
    struct sum sum;
    bool yes;
    if (!read_people(cli, &people, fail) || !preview(cli, &people, &sum, fail)) {
        return false;
    }
    if (cli_flag(cli, "--dry-run")) {
        base_buf_c(&cli->out, "would erase: ");
        write_sum(&cli->out, &sum);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    if (!confirmed(cli, &sum, &yes, fail)) {
        return false;
    }
    for (size_t from = 0; yes && (from == 0 || from < people.count); from += BATCH) {
        struct json_value root;
        struct str text;
        if (!call(cli, &people, from, false, &text, &root, fail)) {
            return false;
        }
        write_receipt(cli, text, root);
    }
    return true;
}

/* ---- receipts ------------------------------------------------------------------------------------------------------ */

bool cli_run_erasure_receipts(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"receipt", "at", "by", "reason"};
    return cli_print_list(cli, "erasure.receipts", "receipts", columns, ARRAY_LEN(columns), fail);
}

bool cli_run_erasure_show(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    struct str text;
    cli_input_begin(&input);
    cli_input_str(&input, "receipt", cli->arguments[0]);
    if (!cli_call(cli, "erasure.receipt", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    base_buf_str(&cli->out, text);
    base_buf_byte(&cli->out, '\n');
    return true;
}

bool cli_run_erasure_verify(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    struct json_value is_signed;
    struct str text;
    struct str line = {NULL, 0};
    if (cli->argument_count > 0 &&
        !cli_read_file(cli, cli->arguments[0], FILE_BYTES_MAX, &line, fail)) {
        return false;
    }
    cli_input_begin(&input);
    if (line.data != NULL) {
        json_name_c(&input.w, "line");
        json_write_str(&input.w, line);
    }
    if (!cli_call(cli, "erasure.verify", cli_input_end(cli, &input), &text, &root, fail)) {
        return false;
    }
    uint64_t changed = count_of(root, "changed");
    uint64_t broken = count_of(root, "audit_broken");
    bool other = json_member(root, STR("signed"), &is_signed) && !json_bool(is_signed);
    if (cli_flag(cli, "--json")) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
    } else {
        base_buf_printf(&cli->out,
                        "%llu receipts, %llu of them changed\n"
                        "%llu lines of the audit trail, %llu without their words since an erasure, "
                        "%llu older ones removed\n",
                        (unsigned long long)count_of(root, "receipts"), (unsigned long long)changed,
                        (unsigned long long)count_of(root, "audit_lines"),
                        (unsigned long long)count_of(root, "audit_erased"),
                        (unsigned long long)count_of(root, "audit_removed"));
        if (line.data != NULL) {
            base_buf_c(&cli->out, other
                                      ? "the receipt is none of this directory's, or was changed\n"
                                      : "the receipt is as it was signed\n");
        }
    }
    if (changed > 0 || broken > 0 || other) {
        return fail_set(fail, FAIL_CORRUPT, "%s",
                        other         ? "this is no receipt of this directory, or it was changed"
                        : changed > 0 ? "receipts are not what was signed"
                                      : "a line of the audit trail is not what was written");
    }
    return true;
}

/* ---- settings ------------------------------------------------------------------------------------------------------- */

static bool print_privacy(struct cli *cli, const char *operation, struct str input,
                          struct fail *fail)
{
    struct json_value root;
    struct json_value after;
    struct str text;
    if (!cli_call(cli, operation, input, &text, &root, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    INVARIANT(json_member(root, STR("after_erasure"), &after));
    base_buf_c(&cli->out, str_is(json_string(after), "refuse")
                              ? "after an erasure: events of who was erased are refused\n"
                              : "after an erasure: whoever comes back is a new customer\n");
    return true;
}

bool cli_run_privacy_show(struct cli *cli, struct fail *fail)
{
    return print_privacy(cli, "privacy", STR("{}"), fail);
}

bool cli_run_privacy_set(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    cli_input_begin(&input);
    cli_input_str(&input, "after_erasure", cli_option(cli, "--after-erasure"));
    return print_privacy(cli, "privacy.save", cli_input_end(cli, &input), fail);
}

/* ---- retention --------------------------------------------------------------------------------------------------- */

static bool print_answer(struct cli *cli, const char *operation, struct str input,
                         struct fail *fail)
{
    struct json_value root;
    struct str text;
    if (!cli_call(cli, operation, input, &text, &root, fail)) {
        return false;
    }
    base_buf_str(&cli->out, text);
    base_buf_byte(&cli->out, '\n');
    return true;
}

bool cli_run_retention_show(struct cli *cli, struct fail *fail)
{
    return print_answer(cli, "retention", STR("{}"), fail);
}

bool cli_run_retention_set(struct cli *cli, struct fail *fail)
{
    struct str rules;
    return cli_read_file(cli, cli->arguments[0], FILE_BYTES_MAX, &rules, fail) &&
           print_answer(cli, "retention.save", rules, fail);
}

bool cli_run_retention_preview(struct cli *cli, struct fail *fail)
{
    struct str rules = STR("{}");
    return (cli->argument_count == 0 ||
            cli_read_file(cli, cli->arguments[0], FILE_BYTES_MAX, &rules, fail)) &&
           print_answer(cli, "retention.preview", rules, fail);
}

/* ---- one customer's record ------------------------------------------------------------------------------------- */

bool cli_run_customer_export(struct cli *cli, struct fail *fail)
{
    bool named = cli_option(cli, "-o") != NULL || cli_option(cli, "--output") != NULL;
    if (!named && isatty(STDOUT_FILENO) != 0) {
        return fail_set(fail, FAIL_INPUT,
                        "a ZIP is no text for a terminal: add -o FILE.zip, or > FILE.zip");
    }
    return cli_stream_out(cli, app_link_copy, str_from_c(cli->arguments[0]), fail);
}
