/* What is wrong, and what to do about it. */
#include "app_doctor.h"
#include "cli_internal.h"

static void write_finding(struct cli *cli, const struct app_finding *finding, size_t width)
{
    const char *level = app_finding_level_name(finding->level);
    base_buf_printf(&cli->out, "%-5s  %-*.*s  ", level, (int)width, STR_ARG(finding->check));
    base_plain_text(&cli->out, finding->what);
    base_buf_byte(&cli->out, '\n');
    if (finding->remedy.data != NULL) {
        base_buf_printf(&cli->out, "%*s-> ", (int)width + 9, "");
        base_plain_text(&cli->out, finding->remedy);
        base_buf_byte(&cli->out, '\n');
    }
}

static void write_findings(struct cli *cli, const struct app_doctor *doctor)
{
    size_t width = 0;
    bool quiet = cli_flag(cli, "--quiet");
    for (size_t i = 0; i < doctor->count; i++) {
        size_t len = doctor->findings[i].check.len;
        width = len > width ? len : width;
    }
    for (size_t i = 0; i < doctor->count; i++) {
        if (!quiet || doctor->findings[i].level != APP_FINDING_OK) {
            write_finding(cli, &doctor->findings[i], width);
        }
    }
}

bool cli_run_doctor(struct cli *cli, struct fail *fail)
{
    struct app_doctor *doctor = arena_array(cli->arena, 1, sizeof *doctor, fail);
    if (doctor == NULL) {
        return false;
    }
    app_doctor(cli_data(cli), cli->arena, doctor);
    if (cli_flag(cli, "--json")) {
        struct json_writer w = {.out = &cli->out};
        app_doctor_write(&w, doctor);
        base_buf_byte(&cli->out, '\n');
    } else {
        write_findings(cli, doctor);
        base_buf_printf(&cli->out, "%zu checks: %zu errors, %zu warnings\n", doctor->count,
                        doctor->errors, doctor->warnings);
    }
    if (doctor->damages > 0) {
        return fail_set(fail, FAIL_CORRUPT, "data in %s are damaged", cli_data(cli));
    }
    return doctor->errors == 0 ||
           fail_set(fail, FAIL_IO, "%s is not well: %zu errors", cli_data(cli), doctor->errors);
}
