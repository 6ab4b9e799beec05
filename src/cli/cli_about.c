/* Serving, settings, version, completion, help. */
#include "base_cpu.h"
#include "cli_internal.h"

#include <errno.h>

bool cli_run_serve(struct cli *cli, struct fail *fail)
{
    static const struct {
        const char *option, *key;
    } flags[] = {{"--listen", "listen"}, {"--log-level", "log_level"}, {"--log-form", "log_form"}};
    struct app_config config;
    if (!app_config_load(cli_data(cli), cli->arena, &config, NULL, fail)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        const char *value = cli_option(cli, flags[i].option);
        if (value != NULL && !app_config_set(&config, str_from_c(flags[i].key), str_from_c(value),
                                             flags[i].option, cli->arena, fail)) {
            return false;
        }
    }
    struct app_options options = {.data = cli_data(cli), .config = &config, .serve = true};
    struct app *app = NULL;
    base_bound_heaps();
    if (!cli->hooks->confine(options.data, &config, fail) || !app_open(&options, &app, fail)) {
        return false;
    }
    struct cli_serve_options serve = {
        .sign_in_link = cli_flag(cli, "--sign-in-link"),
        .first_steps = cli_flag(cli, "--first-steps"),
        .program = program_invocation_name,
        .data = cli_data(cli),
    };
    bool good = cli->hooks->serve(app, &serve, fail);
    app_close(app);
    return good;
}

bool cli_run_config_show(struct cli *cli, struct fail *fail)
{
    struct app_config config;
    struct str origins[64];
    INVARIANT(app_config_key_count <= ARRAY_LEN(origins));
    if (!app_config_load(cli_data(cli), cli->arena, &config, origins, fail)) {
        return false;
    }
    struct cli_table *table = cli_table_new(cli, 4);
    cli_table_text(table, STR("setting"));
    cli_table_text(table, STR("value"));
    cli_table_text(table, STR("from"));
    cli_table_text(table, STR("meaning"));
    struct json_writer w = {.out = &cli->out};
    bool json = cli_flag(cli, "--json");
    if (json) {
        json_begin_object(&w);
    }
    for (size_t i = 0; i < app_config_key_count; i++) {
        const struct app_config_key *key = &app_config_keys[i];
        const char *at = (const char *)&config + key->offset;
        struct str text;
        if (key->type == APP_CONFIG_INT) {
            int64_t number;
            memcpy(&number, at, sizeof number);
            text = str_format(cli->arena, "%lld", (long long)number);
        } else {
            memcpy(&text, at, sizeof text);
        }
        if (json) {
            json_name_c(&w, key->name);
            json_write_str(&w, text);
            continue;
        }
        cli_table_text(table, str_from_c(key->name));
        cli_table_text(table, text);
        cli_table_text(table, origins[i]);
        cli_table_text(table, str_from_c(key->meaning));
    }
    if (json) {
        json_end_object(&w);
        base_buf_byte(&cli->out, '\n');
    } else {
        cli_table_write(cli, table, CLI_FORM_TABLE);
    }
    return true;
}

/* The organisation's own settings: name and zone. */
bool cli_run_config_set(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    struct json_value root;
    static const char *const names[] = {"organisation", "timezone"};
    bool known =
        strcmp(cli->arguments[0], names[0]) == 0 || strcmp(cli->arguments[0], names[1]) == 0;
    if (!known) {
        struct str hint = cli_did_you_mean(cli, str_from_c(cli->arguments[0]), names, 2);
        return fail_set(
            fail, FAIL_INPUT,
            "\"%s\" is not kept in the directory%.*s (organisation and timezone are; the others "
            "stand in firsthand.conf)",
            cli->arguments[0], STR_ARG(hint));
    }
    cli_input_begin(&input);
    cli_input_str(&input, cli->arguments[0], cli->arguments[1]);
    return cli_call(cli, "settings.save", cli_input_end(cli, &input), NULL, &root, fail);
}

bool cli_run_version(struct cli *cli, struct fail *fail)
{
    (void)fail;
    if (cli_flag(cli, "--json")) {
        base_buf_printf(&cli->out, "{\"version\":\"" APP_VERSION "\",\"vectors\":\"%s\"}\n",
                        base_cpu_name(base_cpu_level()));
    } else {
        base_buf_c(&cli->out, "firsthand " APP_VERSION "\n");
    }
    return true;
}

/* ---- help and completion, from the table ----------------------------------------------------------------- */

static void put_options(struct base_buf *out, const struct cli_option *options)
{
    for (const struct cli_option *o = options; o != NULL && o->name != NULL; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", o->name, o->value == NULL ? "" : o->value);
        base_buf_printf(out, "  %-24s %s\n", left, o->meaning);
    }
}

static void help_all(struct base_buf *out)
{
    base_buf_c(out,
               "firsthand: what your customers say and do, on one timeline\n\n"
               "  firsthand demo --data shop\n"
               "  firsthand serve --data shop\n"
               "  firsthand trend 'Order Completed' --measure customers --last 12w --interval week "
               "--data shop\n\nCommands\n");
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        base_buf_printf(out, "  %-18s %s\n", c->name, c->summary);
    }
    base_buf_c(out, "\nOptions of every command\n");
    put_options(out, cli_common_options);
    base_buf_c(out, "\nfirsthand COMMAND --help tells more, examples first.\n");
}

void cli_help(struct base_buf *out, const struct cli_command *command)
{
    if (command == NULL) {
        help_all(out);
        return;
    }
    struct str examples = str_from_c(command->examples), line;
    base_buf_c(out, "Examples\n");
    while (str_next_part(&examples, '\n', &line)) {
        base_buf_printf(out, "  %.*s\n", STR_ARG(line));
    }
    base_buf_printf(out, "\n%s\n\nUsage: firsthand %s%s%s\n\nOptions\n", command->summary,
                    command->name, command->arguments[0] == '\0' ? "" : " ", command->arguments);
    put_options(out, command->options);
    put_options(out, cli_common_options);
}

bool cli_run_help(struct cli *cli, struct fail *fail)
{
    if (cli->argument_count == 0) {
        cli_help(&cli->out, NULL);
        return true;
    }
    struct str name = cli->argument_count == 1
                          ? str_from_c(cli->arguments[0])
                          : str_format(cli->arena, "%s %s", cli->arguments[0], cli->arguments[1]);
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        if (str_is(name, c->name)) {
            cli_help(&cli->out, c);
            return true;
        }
    }
    return fail_set(fail, FAIL_ABSENT, "there is no command \"%.*s\"; see: firsthand --help",
                    STR_ARG(name));
}

static void put_words(struct base_buf *out)
{
    struct str before = {0};
    for (const struct cli_command *c = cli_commands; c->name != NULL; c++) {
        struct str rest = str_from_c(c->name), word;
        INVARIANT(str_next_part(&rest, ' ', &word));
        if (!str_equal(word, before)) {
            base_buf_printf(out, "%.*s ", STR_ARG(word));
            before = word;
        }
    }
}

bool cli_run_completion(struct cli *cli, struct fail *fail)
{
    struct base_buf *out = &cli->out;
    const char *shell = cli->arguments[0];
    if (strcmp(shell, "bash") == 0) {
        base_buf_c(out, "_firsthand() {\n    local words=\"");
        put_words(out);
        base_buf_c(
            out, "\"\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                 "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[1]}\")\n"
                 "    else\n        mapfile -t COMPREPLY < <(compgen -f -- "
                 "\"${COMP_WORDS[COMP_CWORD]}\")\n    fi\n}\n"
                 "complete -o filenames -F _firsthand firsthand\n");
    } else if (strcmp(shell, "zsh") == 0) {
        base_buf_c(out, "#compdef firsthand\n_arguments '1:command:(");
        put_words(out);
        base_buf_c(out, ")' '*:file:_files'\n");
    } else if (strcmp(shell, "fish") == 0) {
        base_buf_c(out, "complete -c firsthand -n __fish_use_subcommand -f -a '");
        put_words(out);
        base_buf_c(out, "'\n");
    } else {
        return fail_set(fail, FAIL_INPUT,
                        "\"%s\" is no shell known here, expected bash, zsh or fish", shell);
    }
    return true;
}
