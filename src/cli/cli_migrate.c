/* To this version of the program, with a backup before. */
#include "app_migrate.h"
#include "cli_internal.h"

static const char *target_of(struct cli *cli)
{
    const char *given = cli_option(cli, "--backup");
    struct str data = str_from_c(cli_data(cli));
    while (data.len > 1 && data.data[data.len - 1] == '/') {
        data.len--; /* beside it, not in it */
    }
    return given != NULL ? given
                         : str_format(cli->arena, "%.*s.before-upgrade", STR_ARG(data)).data;
}

static void write_json(struct cli *cli, const struct app_migration *migration, const char *target)
{
    struct json_writer w = {.out = &cli->out};
    bool moved = migration->state_from != migration->state_to;
    json_begin_object(&w);
    json_name_c(&w, "moved");
    json_write_bool(&w, moved);
    json_name_c(&w, "state_from");
    json_write_int(&w, migration->state_from);
    json_name_c(&w, "state_to");
    json_write_int(&w, migration->state_to);
    json_name_c(&w, "backup");
    if (moved) {
        json_write_c(&w, target);
    } else {
        json_write_null(&w);
    }
    json_name_c(&w, "generation");
    if (moved) {
        json_write_uint(&w, migration->backup.number);
    } else {
        json_write_null(&w);
    }
    json_end_object(&w);
    base_buf_byte(&cli->out, '\n');
}

bool cli_run_migrate(struct cli *cli, struct fail *fail)
{
    struct app_migration migration;
    const char *target = target_of(cli);
    if (!app_migrate(cli_data(cli), target, cli->arena, &migration, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        write_json(cli, &migration, target);
    } else if (migration.state_from == migration.state_to) {
        base_buf_printf(&cli->out, "%s is of this version already: nothing was done\n",
                        cli_data(cli));
    } else {
        base_buf_printf(&cli->out,
                        "%s: state.db was brought from version %d to %d\n"
                        "before that all of it was backed up: %s, generation %llu (%llu events)\n"
                        "the way back: firsthand restore %s --data NEW, with the program of then\n",
                        cli_data(cli), migration.state_from, migration.state_to, target,
                        (unsigned long long)migration.backup.number,
                        (unsigned long long)migration.backup.events, target);
    }
    return true;
}
