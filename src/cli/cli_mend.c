/* The quarantine, mended: fix, replay, discard. Rows go in portions, so that it can be stopped between two of them. */
#include <signal.h>
#include <unistd.h>

#include "cli_internal.h"

#define PORTION 2000
#define PATCH_BYTES_MAX ((size_t)256 << 10)
#define TEXT_BYTES_MAX ((size_t)512 << 10)
#define MAP_BYTES_MAX ((size_t)1 << 20)

enum count { ROWS, STORED, DUPLICATE, QUARANTINED, REFUSED, ABSENT, UNFIT, COUNTS };
static const char *const count_names[COUNTS] = {"rows",    "stored", "duplicate", "quarantined",
                                                "refused", "absent", "unfit"};

struct mend {
    struct cli *cli;
    const char *operation;
    enum cli_form form;
    struct str patch, text, map;      /* JSON, text, JSON; missing: none */
    struct str source, reason, field; /* of a group, where it goes by groups */
    bool by_group, dry_run;
    long long counts[COUNTS];
    struct base_buf examples; /* JSON, parted by commas */
};

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* ---- what is asked -------------------------------------------------------------------------------------- */

static void put_filter(struct mend *mend, struct json_writer *w)
{
    static const char *const options[] = {"--source", "--reason", "--field"};
    static const char *const members[] = {"source", "reason", "field"};
    const struct str of_group[] = {mend->source, mend->reason, mend->field};
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const char *value = cli_option(mend->cli, options[i]);
        if (mend->by_group || value != NULL) {
            json_name_c(w, members[i]);
            json_write_str(w, mend->by_group ? of_group[i] : str_from_c(value));
        }
    }
    if (mend->cli->argument_count > 0) {
        json_name_c(w, "ids");
        json_begin_array(w);
        for (int i = 0; i < mend->cli->argument_count; i++) {
            json_write_c(w, mend->cli->arguments[i]);
        }
        json_end_array(w);
    }
}

static bool input_of(struct mend *mend, struct str cursor, bool dry_run, struct base_buf *out,
                     struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    put_filter(mend, &w);
    if (mend->cli->argument_count == 0) {
        json_name_c(&w, "limit");
        json_write_int(&w, PORTION);
    }
    if (cursor.data != NULL) {
        json_name_c(&w, "cursor");
        json_write_str(&w, cursor);
    }
    if (dry_run) {
        json_name_c(&w, "dry_run");
        json_write_bool(&w, true);
        json_name_c(&w, "examples");
        json_write_int(&w, cursor.data == NULL ? 5 : 0);
    }
    if (mend->patch.data != NULL) {
        json_name_c(&w, "patch");
        json_write_raw(&w, mend->patch);
    }
    if (mend->text.data != NULL) {
        json_name_c(&w, "text");
        json_write_str(&w, mend->text);
    }
    if (mend->map.data != NULL) {
        json_name_c(&w, "map");
        json_write_raw(&w, mend->map);
    }
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* "/ts=@received_at", "/score=9", "/channel=web": JSON where it is some, else a text. */
static bool put_set(const char *option, struct json_writer *w, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct str text = str_from_c(option);
    size_t equals = str_find_byte(text, '=');
    struct json_value value;
    struct fail ignored;
    if (text.len == 0 || text.data[0] != '/' || equals == text.len) {
        return fail_set(fail, FAIL_INPUT,
                        "--set is \"%s\", expected a pointer and a value: /ts=@received_at",
                        option);
    }
    struct str given = str_after(text, equals + 1);
    json_begin_object(w);
    json_name_c(w, "op");
    json_write_c(w, "add");
    json_name_c(w, "path");
    json_write_str(w, str_of(text.data, equals));
    if (str_is(given, "@received_at")) {
        json_name_c(w, "row");
        json_write_c(w, "received_at");
    } else {
        json_name_c(w, "value");
        if (json_parse(parser, given, &value, &ignored)) {
            json_write_value(w, value);
        } else {
            json_write_str(w, given);
        }
    }
    json_end_object(w);
    return true;
}

/* The operations of --patch, then those of --set and --remove in the order in which they were given. */
static bool read_patch(struct mend *mend, struct fail *fail)
{
    struct cli *cli = mend->cli;
    struct base_buf text CLEANUP(base_buf_done) = {.limit = PATCH_BYTES_MAX * 2};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_writer w = {.out = &text};
    struct json_value list, value;
    struct str file;
    const char *path = cli_option(cli, "--patch");
    bool any = path != NULL;
    json_begin_array(&w);
    if (path != NULL) {
        if (!cli_read_file(cli, path, PATCH_BYTES_MAX, &file, fail) ||
            !json_parse(parser, file, &list, fail)) {
            return fail_at(fail, "the patch %s", path);
        }
        if (json_type_of(list) != JSON_ARRAY) {
            return fail_set(fail, FAIL_INPUT, "the patch %s: expected an array of operations",
                            path);
        }
        for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
            json_write_value(&w, value);
        }
    }
    for (int i = 0; i < cli->option_count; i++) {
        bool removes = strcmp(cli->option_names[i], "--remove") == 0;
        if (strcmp(cli->option_names[i], "--set") == 0 &&
            !put_set(cli->option_values[i], &w, fail)) {
            return false;
        }
        any = any || removes || strcmp(cli->option_names[i], "--set") == 0;
        if (removes) {
            json_begin_object(&w);
            json_name_c(&w, "op");
            json_write_c(&w, "remove");
            json_name_c(&w, "path");
            json_write_c(&w, cli->option_values[i]);
            json_end_object(&w);
        }
    }
    json_end_array(&w);
    if (any) {
        mend->patch = str_copy(cli->arena, base_buf_view(&text));
    }
    return base_buf_ok(&text, fail);
}

static bool read_texts(struct mend *mend, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    const char *map = cli_option(mend->cli, "--map"), *text = cli_option(mend->cli, "--text");
    struct json_value ignored;
    if ((text != NULL && !cli_read_file(mend->cli, text, TEXT_BYTES_MAX, &mend->text, fail)) ||
        (map != NULL && !cli_read_file(mend->cli, map, MAP_BYTES_MAX, &mend->map, fail))) {
        return false;
    }
    return map == NULL || json_parse(parser, mend->map, &ignored, fail) ||
           fail_at(fail, "the map %s", map);
}

/* ---- running ---------------------------------------------------------------------------------------------- */

static void add_answer(struct mend *mend, struct json_value root)
{
    struct json_value value, list;
    for (size_t i = 0; i < COUNTS; i++) {
        INVARIANT(json_member(root, str_from_c(count_names[i]), &value));
        mend->counts[i] += (long long)json_int(value);
    }
    INVARIANT(json_member(root, STR("examples"), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        struct json_writer w = {.out = &mend->examples};
        if (mend->examples.len > 0) {
            base_buf_byte(&mend->examples, ',');
        }
        json_write_value(&w, value);
    }
}

static bool run(struct mend *mend, bool dry_run, struct fail *fail)
{
    struct str cursor = {NULL, 0};
    do {
        struct base_buf input CLEANUP(base_buf_done) = {0};
        struct json_value root, value;
        if (interrupted != 0) {
            return fail_set(fail, FAIL_CANCELLED,
                            "stopped; run the same command again to go on where it stopped");
        }
        if (!input_of(mend, cursor, dry_run, &input, fail) ||
            !cli_call(mend->cli, mend->operation, base_buf_view(&input), NULL, &root, fail)) {
            return false;
        }
        add_answer(mend, root);
        INVARIANT(json_member(root, STR("cursor"), &value));
        cursor = json_type_of(value) == JSON_STRING ? str_copy(mend->cli->arena, json_string(value))
                                                    : (struct str){NULL, 0};
    } while (cursor.data != NULL);
    return true;
}

static bool is_asked(struct mend *mend, struct json_value group)
{
    static const char *const options[] = {"--source", "--reason", "--field"};
    struct str *const into[] = {&mend->source, &mend->reason, &mend->field};
    static const char *const members[] = {"source", "reason", "field"};
    bool asked = true;
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const char *wanted = cli_option(mend->cli, options[i]);
        struct json_value value;
        INVARIANT(json_member(group, str_from_c(members[i]), &value));
        *into[i] = json_type_of(value) == JSON_STRING
                       ? str_copy(mend->cli->arena, json_string(value))
                       : STR("");
        asked = asked && (wanted == NULL || str_is(*into[i], wanted));
    }
    return asked;
}

/* Each group with the fix that was tried on it. */
static bool run_suggested(struct mend *mend, struct fail *fail)
{
    struct json_value root, list, group, suggestion, patch;
    if (!cli_call(mend->cli, "quarantine.groups", STR("{\"limit\":200}"), NULL, &root, fail)) {
        return false;
    }
    INVARIANT(json_member(root, STR("groups"), &list));
    mend->by_group = true;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &group);) {
        struct base_buf text CLEANUP(base_buf_done) = {0};
        struct json_writer w = {.out = &text};
        if (!is_asked(mend, group) || !json_member(group, STR("suggestion"), &suggestion) ||
            !json_member(suggestion, STR("patch"), &patch)) {
            continue;
        }
        json_write_value(&w, patch);
        mend->patch = str_copy(mend->cli->arena, base_buf_view(&text));
        bool as_they_are = json_count(patch) == 0;
        mend->operation = as_they_are ? "quarantine.replay" : "quarantine.fix";
        mend->patch = as_they_are ? (struct str){NULL, 0} : mend->patch;
        if (!run(mend, mend->dry_run, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- answers ------------------------------------------------------------------------------------------------ */

static void write_json(struct mend *mend)
{
    struct json_writer w = {.out = &mend->cli->out};
    json_begin_object(&w);
    json_name_c(&w, "dry_run");
    json_write_bool(&w, mend->dry_run);
    for (size_t i = 0; i < COUNTS; i++) {
        json_name_c(&w, count_names[i]);
        json_write_int(&w, mend->counts[i]);
    }
    json_name_c(&w, "examples");
    json_write_raw(&w,
                   str_format(mend->cli->arena, "[%.*s]", STR_ARG(base_buf_view(&mend->examples))));
    json_end_object(&w);
    base_buf_byte(&mend->cli->out, '\n');
}

static bool write_examples(struct mend *mend, struct fail *fail)
{
    static const char *const columns[] = {"id", "verdict", "reason", "before", "after"};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value list, item, value;
    struct str text =
        str_format(mend->cli->arena, "[%.*s]", STR_ARG(base_buf_view(&mend->examples)));
    if (!json_parse(parser, text, &list, fail)) {
        return false;
    }
    if (json_count(list) == 0) {
        return true;
    }
    struct cli_table *table = cli_table_new(mend->cli, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            INVARIANT(json_member(item, str_from_c(columns[i]), &value));
            cli_table_value(table, value);
        }
    }
    cli_table_write(mend->cli, table, mend->form);
    return true;
}

static bool write_answer(struct mend *mend, struct fail *fail)
{
    const long long *n = mend->counts;
    if (mend->form == CLI_FORM_JSON) {
        write_json(mend);
        return true;
    }
    if (!write_examples(mend, fail) || mend->form == CLI_FORM_CSV) {
        return mend->form == CLI_FORM_CSV;
    }
    base_buf_printf(&mend->cli->out,
                    "%s%lld rows = %lld stored + %lld duplicate + %lld still in quarantine + "
                    "%lld refused + %lld not there any more\n",
                    mend->dry_run ? "nothing was changed: " : "", n[ROWS], n[STORED], n[DUPLICATE],
                    n[QUARANTINED], n[REFUSED], n[ABSENT]);
    if (n[UNFIT] > 0) {
        base_buf_printf(&mend->cli->out, "the fix does not fit %lld of those that stay\n",
                        n[UNFIT]);
    }
    return true;
}

/* ---- commands --------------------------------------------------------------------------------------------------- */

static bool begin(struct mend *mend, struct cli *cli, const char *operation, struct fail *fail)
{
    struct sigaction action = {.sa_handler = note_interrupt};
    *mend =
        (struct mend){.cli = cli, .operation = operation, .dry_run = cli_flag(cli, "--dry-run")};
    if (!cli_form_of(cli, &mend->form, fail)) {
        return false;
    }
    if (cli->argument_count == 0 && cli_option(cli, "--reason") == NULL &&
        cli_option(cli, "--source") == NULL) {
        return fail_set(fail, FAIL_INPUT,
                        "which rows? Give their ids, or --reason, --source or both; firsthand "
                        "quarantine groups shows what there is");
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return true;
}

/* What was done before a failure is done, so it is told as well. */
static bool finish(struct mend *mend, bool good, struct fail *fail)
{
    if (good || mend->counts[ROWS] > 0) {
        good = write_answer(mend, good ? fail : &(struct fail){0}) && good;
    }
    base_buf_done(&mend->examples);
    return good;
}

bool cli_run_quarantine_fix(struct cli *cli, struct fail *fail)
{
    struct mend mend;
    if (!begin(&mend, cli, "quarantine.fix", fail) || !read_patch(&mend, fail) ||
        !read_texts(&mend, fail)) {
        return false;
    }
    bool suggested = cli_flag(cli, "--suggested");
    if (suggested &&
        (mend.patch.data != NULL || mend.text.data != NULL || cli->argument_count > 0)) {
        return fail_set(fail, FAIL_INPUT,
                        "--suggested is for whole groups: with --reason, --source or both, and "
                        "without another fix");
    }
    if (!suggested && mend.patch.data == NULL && mend.text.data == NULL) {
        return fail_set(fail, FAIL_INPUT,
                        "what is to be done with them? --set, --remove, --patch, --text or "
                        "--suggested; quarantine replay takes them as they are");
    }
    bool good = suggested ? run_suggested(&mend, fail) : run(&mend, mend.dry_run, fail);
    return finish(&mend, good, fail);
}

bool cli_run_quarantine_replay(struct cli *cli, struct fail *fail)
{
    struct mend mend;
    if (!begin(&mend, cli, "quarantine.replay", fail) || !read_texts(&mend, fail)) {
        return false;
    }
    bool good = run(&mend, mend.dry_run, fail);
    return finish(&mend, good, fail);
}

/* True: go on. */
static bool confirmed(struct mend *mend, bool *out, struct fail *fail)
{
    *out = mend->dry_run || cli_flag(mend->cli, "--yes");
    if (*out) {
        return true;
    }
    if (isatty(STDIN_FILENO) == 0) {
        return fail_set(fail, FAIL_INPUT,
                        "what is discarded is gone: --yes says so where nobody can be asked, "
                        "--dry-run shows what would go");
    }
    struct mend trial = *mend;
    bool good = run(&trial, true, fail);
    base_buf_done(&trial.examples);
    if (!good) {
        return false;
    }
    char question[96];
    snprintf(question, sizeof question, "Discard %lld rows? Their bytes go; they count as refused.",
             trial.counts[REFUSED]);
    *out = cli_ask_yes(question);
    return true;
}

bool cli_run_quarantine_discard(struct cli *cli, struct fail *fail)
{
    struct mend mend;
    bool yes;
    if (!begin(&mend, cli, "quarantine.discard", fail) || !confirmed(&mend, &yes, fail)) {
        return false;
    }
    bool good = !yes || run(&mend, mend.dry_run, fail);
    return finish(&mend, good, fail);
}

bool cli_run_quarantine_groups(struct cli *cli, struct fail *fail)
{
    struct json_value root, list, group, value, title;
    enum cli_form form;
    struct str text;
    static const char *const columns[] = {"rows", "source", "reason", "field", "newest"};
    if (!cli_form_of(cli, &form, fail) ||
        !cli_call(cli, "quarantine.groups", STR("{\"limit\":200}"), &text, &root, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        base_buf_str(&cli->out, text);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns) + 1);
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    cli_table_text(table, STR("suggestion"));
    INVARIANT(json_member(root, STR("groups"), &list));
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &group);) {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
            INVARIANT(json_member(group, str_from_c(columns[i]), &value));
            cli_table_value(table, value);
        }
        bool known = json_member(group, STR("suggestion"), &value) &&
                     json_member(value, STR("title"), &title);
        cli_table_text(table, known ? json_string(title) : STR("-"));
    }
    cli_table_write(cli, table, form);
    return true;
}
