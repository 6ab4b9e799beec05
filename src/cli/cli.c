#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base_cpu.h"
#include "cli_internal.h"

#define FILE_STEP_BYTES ((size_t)64 << 10)

const char *cli_option(const struct cli *cli, const char *name)
{
    const char *value = NULL;
    for (int i = 0; i < cli->option_count; i++) {
        if (strcmp(cli->option_names[i], name) == 0) {
            value = cli->option_values[i];
        }
    }
    return value;
}

bool cli_flag(const struct cli *cli, const char *name)
{
    return cli_option(cli, name) != NULL;
}

const char *cli_data(const struct cli *cli)
{
    const char *data = cli_option(cli, "--data");
    if (data == NULL) {
        data = getenv("FIRSTHAND_DATA"); /* NOLINT(concurrency-mt-unsafe): before any thread */
    }
    return data == NULL || data[0] == '\0' ? "data" : data;
}

bool cli_link(struct cli *cli, struct fail *fail)
{
    if (cli->link != NULL) {
        return true;
    }
    struct app_options options = {.data = cli_data(cli)};
    return app_link_open(&options, &cli->link, fail);
}

static void free_parser(void *parser)
{
    json_parser_free(parser);
}

static void free_buf(void *buf)
{
    base_buf_done(buf);
}

bool cli_call(struct cli *cli, const char *operation, struct str input, struct str *out_text,
              struct json_value *root, struct fail *fail)
{
    struct base_buf *answer = arena_small(cli->arena, sizeof *answer);
    arena_defer(cli->arena, free_buf, answer);
    if (!cli_link(cli, fail) ||
        !app_link_call(cli->link, str_from_c(operation), input, answer, fail)) {
        return false;
    }
    struct json_parser *parser = json_parser_new();
    arena_defer(cli->arena, free_parser, parser);
    if (out_text != NULL) {
        *out_text = base_buf_view(answer);
    }
    return json_parse(parser, base_buf_view(answer), root, fail);
}

bool cli_read_file(struct cli *cli, const char *path, size_t most, struct str *out,
                   struct fail *fail)
{
    bool standard = strcmp(path, "-") == 0;
    int descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return fail_set(fail, errno == ENOENT ? FAIL_ABSENT : FAIL_IO, "%s cannot be opened: %s",
                        path, strerrordesc_np(errno));
    }
    struct base_buf *text = arena_small(cli->arena, sizeof *text);
    text->limit = most;
    arena_defer(cli->arena, free_buf, text);
    ssize_t got;
    do {
        char *room = base_buf_room(text, FILE_STEP_BYTES < most - text->len ? FILE_STEP_BYTES
                                                                            : most - text->len);
        got = room == NULL
                  ? 0
                  : read(descriptor, room,
                         FILE_STEP_BYTES < most - text->len ? FILE_STEP_BYTES : most - text->len);
        text->len += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    int error = errno;
    if (!standard) {
        close(descriptor);
    }
    if (got < 0) {
        return fail_set(fail, error == EISDIR ? FAIL_INPUT : FAIL_IO, "%s cannot be read: %s", path,
                        strerrordesc_np(error));
    }
    if (text->len == most || !base_buf_ok(text, fail)) {
        return fail_set(fail, FAIL_LIMIT, "%s has more than %zu bytes", path, most - 1);
    }
    *out = base_buf_view(text);
    return true;
}

bool cli_flush(struct cli *cli, struct fail *fail)
{
    bool good = true;
    if (cli->out.len > 0) {
        good =
            fwrite(cli->out.data, 1, cli->out.len, stdout) == cli->out.len && fflush(stdout) == 0;
        base_buf_reset(&cli->out);
    }
    return good || fail_set(fail, FAIL_IO, "the answer cannot be written to standard output: %s",
                            strerrordesc_np(errno));
}

struct str cli_did_you_mean(struct cli *cli, struct str name, const char *const *names,
                            size_t count)
{
    const char *nearest = str_nearest(name, names, count);
    return nearest == NULL ? STR("") : str_format(cli->arena, " (did you mean %s?)", nearest);
}

/* ---- arguments ------------------------------------------------------------------------------------- */

/* The command whose words begin the arguments; the longest wins ("keys create" over "keys"). */
static const struct cli_command *find_command(int argc, char **argv, int *out_words)
{
    for (int words = 2; words >= 1; words--) {
        for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
            struct str rest = str_from_c(command->name), word;
            int matched = 0;
            while (str_next_part(&rest, ' ', &word) && matched + 1 < argc &&
                   str_is(word, argv[matched + 1])) {
                matched++;
            }
            if (matched == words && rest.data == NULL &&
                (size_t)words ==
                    1 + (str_find_byte(str_from_c(command->name), ' ') < strlen(command->name)
                             ? 1U
                             : 0U)) {
                *out_words = words;
                return command;
            }
        }
    }
    return NULL;
}

static const struct cli_option *find_option(const struct cli_command *command, struct str name)
{
    const struct cli_option *lists[] = {command->options, cli_common_options};
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        for (const struct cli_option *o = lists[l]; o != NULL && o->name != NULL; o++) {
            if (str_is(name, o->name)) {
                return o;
            }
        }
    }
    return NULL;
}

static bool unknown_option(struct cli *cli, struct str name, struct fail *fail)
{
    const char *names[64];
    size_t count = 0;
    const struct cli_option *lists[] = {cli->command->options, cli_common_options};
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        for (const struct cli_option *o = lists[l]; o != NULL && o->name != NULL; o++) {
            names[count++] = o->name;
        }
    }
    struct str hint = cli_did_you_mean(cli, name, names, count);
    return fail_set(fail, FAIL_INPUT, "unknown option %.*s%.*s; see: firsthand %s --help",
                    STR_ARG(name), STR_ARG(hint), cli->command->name);
}

static bool take_option(struct cli *cli, int argc, char **argv, int *at, struct fail *fail)
{
    struct str word = str_from_c(argv[*at]);
    size_t equals = str_find_byte(word, '=');
    struct str name = str_of(word.data, equals);
    const struct cli_option *option = find_option(cli->command, name);
    if (option == NULL) {
        return unknown_option(cli, name, fail);
    }
    const char *value = equals < word.len ? word.data + equals + 1 : NULL;
    if (option->value != NULL && value == NULL) {
        if (*at + 1 >= argc) {
            return fail_set(fail, FAIL_INPUT, "%s needs a value: %s %s", option->name, option->name,
                            option->value);
        }
        value = argv[++*at];
    }
    if (option->value == NULL && value != NULL) {
        return fail_set(fail, FAIL_INPUT, "%s takes no value", option->name);
    }
    cli->option_names[cli->option_count] = option->name;
    cli->option_values[cli->option_count++] = value == NULL ? "" : value;
    return true;
}

static bool take_arguments(struct cli *cli, int argc, char **argv, int from, struct fail *fail)
{
    bool only_arguments = false;
    if (argc - from > CLI_ARGUMENTS_MAX) {
        return fail_set(fail, FAIL_INPUT, "more than %d arguments", CLI_ARGUMENTS_MAX);
    }
    for (int i = from; i < argc; i++) {
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
        } else if (!only_arguments && strcmp(argv[i], "-h") == 0) {
            cli->option_names[cli->option_count] = "--help";
            cli->option_values[cli->option_count++] = "";
        } else if (!only_arguments && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!take_option(cli, argc, argv, &i, fail)) {
                return false;
            }
        } else {
            cli->arguments[cli->argument_count++] = argv[i];
        }
    }
    if (cli_flag(cli, "--help")) {
        return true;
    }
    if (cli->argument_count < cli->command->least || cli->argument_count > cli->command->most) {
        return fail_set(fail, FAIL_INPUT, "usage: firsthand %s%s%s\nSee: firsthand %s --help",
                        cli->command->name, cli->command->arguments[0] == '\0' ? "" : " ",
                        cli->command->arguments, cli->command->name);
    }
    return true;
}

static bool unknown_command(struct cli *cli, int argc, char **argv, struct fail *fail)
{
    const char *names[128];
    size_t count = 0;
    for (const struct cli_command *c = cli_commands; c->name != NULL && count < 128; c++) {
        names[count++] = c->name;
    }
    /* "keys" alone, or "keys crate": show what begins with the same word. */
    struct str first = str_from_c(argv[1]);
    struct base_buf family = {.limit = 400};
    for (size_t i = 0; i < count; i++) {
        struct str rest = str_from_c(names[i]), word;
        if (str_next_part(&rest, ' ', &word) && rest.data != NULL && str_equal(word, first)) {
            base_buf_printf(&family, "%s%s", family.len == 0 ? "" : ", ", names[i]);
        }
    }
    if (family.len > 0) {
        fail_set(fail, FAIL_INPUT, "there are: %.*s", STR_ARG(base_buf_view(&family)));
    } else {
        struct str word = argc > 1 ? first : STR("");
        struct str hint = cli_did_you_mean(cli, word, names, count);
        fail_set(fail, FAIL_INPUT, "unknown command \"%.*s\"%.*s; see: firsthand --help",
                 STR_ARG(word), STR_ARG(hint));
    }
    base_buf_done(&family);
    return false;
}

/* ---- the end ------------------------------------------------------------------------------------------ */

static int exit_code(enum fail_code code)
{
    switch (code) {
    case FAIL_NONE:
        return CLI_EXIT_DONE;
    case FAIL_INPUT:
        return CLI_EXIT_INPUT;
    case FAIL_ABSENT:
        return CLI_EXIT_ABSENT;
    case FAIL_DENIED:
    case FAIL_CONFLICT:
        return CLI_EXIT_REFUSED;
    case FAIL_CORRUPT:
        return CLI_EXIT_CORRUPT;
    case FAIL_LIMIT:
    case FAIL_BUSY:
    case FAIL_CANCELLED:
    case FAIL_IO:
    case FAIL_NO_MEMORY:
    case FAIL_INTERNAL:
        break;
    }
    return CLI_EXIT_ERROR;
}

static void say_failure(const struct fail *fail)
{
    struct base_buf line CLEANUP(base_buf_done) = {0};
    base_buf_c(&line, "firsthand: ");
    if (fail->pointer[0] != '\0') {
        base_plain_text(&line, str_from_c(fail->pointer));
        base_buf_c(&line, ": ");
    }
    struct str rest = str_from_c(fail->message), part;
    while (str_next_part(&rest, '\n', &part)) {
        base_plain_text(&line, part);
        base_buf_byte(&line, '\n');
    }
    fwrite(line.data, 1, line.len, stderr);
}

static bool run(struct cli *cli, int argc, char **argv, struct fail *fail)
{
    int words = 0;
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help(&cli->out, NULL);
        return true;
    }
    if (strcmp(argv[1], "--version") == 0) {
        return cli_run_version(cli, fail);
    }
    cli->command = find_command(argc, argv, &words);
    if (cli->command == NULL) {
        return unknown_command(cli, argc, argv, fail);
    }
    if (!take_arguments(cli, argc, argv, 1 + words, fail)) {
        return false;
    }
    if (cli_flag(cli, "--help")) {
        cli_help(&cli->out, cli->command);
        return true;
    }
    return cli->command->run(cli, fail);
}

/* For tests and measurements: docs/testing.md. */
static bool limit_cpu(struct fail *fail)
{
    const char *level =
        getenv("FIRSTHAND_VECTORS"); /* NOLINT(concurrency-mt-unsafe): before any thread */
    return level == NULL || level[0] == '\0' || base_cpu_limit_named(level, fail) ||
           fail_at(fail, "FIRSTHAND_VECTORS");
}

int cli_main(int argc, char **argv, const struct cli_hooks *hooks)
{
    struct fail fail = {.code = FAIL_NONE};
    struct cli *cli = base_alloc_zero(sizeof *cli);
    cli->arena = arena_new(NULL);
    cli->hooks = hooks;
    bool good = limit_cpu(&fail) && run(cli, argc, argv, &fail) && base_buf_ok(&cli->out, &fail);
    struct fail unwritten;
    if (!cli_flush(cli, &unwritten) && good) {
        good = false;
        fail = unwritten;
    }
    if (!good) {
        say_failure(&fail);
    }
    app_link_close(cli->link);
    arena_free(cli->arena);
    base_buf_done(&cli->out);
    base_free(cli);
    return good ? CLI_EXIT_DONE : exit_code(fail.code);
}
