/* Backups: making, listing, reading back, restoring. */
#include <sys/stat.h>

#include "app_backup.h"
#include "base_time.h"
#include "cli_internal.h"

#define ERASURES_BYTES_MAX ((size_t)1 << 30)

static bool number_of(struct cli *cli, const char *option, const char *meaning, int64_t *out,
                      struct fail *fail)
{
    const char *text = cli_option(cli, option);
    *out = 0;
    return text == NULL || (str_parse_i64(str_from_c(text), out) && *out >= 1) ||
           fail_set(fail, FAIL_INPUT, "%s is \"%s\", expected %s", option, text, meaning);
}

/* Opening a directory makes it where it is not there, and a backup of a misspelt one is of nothing. */
static bool has_data(struct cli *cli, struct fail *fail)
{
    struct stat status;
    const char *manifest = str_format(cli->arena, "%s/MANIFEST", cli_data(cli)).data;
    return stat(manifest, &status) == 0 ||
           fail_set(fail, FAIL_ABSENT, "%s is no data directory", cli_data(cli));
}

static struct str size_text(struct cli *cli, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1000 && unit + 1 < ARRAY_LEN(units)) {
        value /= 1000;
        unit++;
    }
    return str_format(cli->arena, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

/* ---- reading back -------------------------------------------------------------------------------------------- */

static void say_problem(void *context, const char *path, const char *what)
{
    struct cli *cli = context;
    base_plain_text(&cli->out, str_from_c(path));
    base_buf_c(&cli->out, ": ");
    base_plain_text(&cli->out, str_from_c(what));
    base_buf_byte(&cli->out, '\n');
}

static bool read_back(struct cli *cli, const char *target, uint64_t generation,
                      struct backup_verify_result *out, struct fail *fail)
{
    if (!app_backup_verify(target, generation, NULL, say_problem, cli, out, fail)) {
        return false;
    }
    return out->problems == 0 ||
           fail_set(fail, FAIL_CORRUPT,
                    "%s is damaged: back up again with --verify, which replaces what still exists",
                    target);
}

/* ---- making and listing ---------------------------------------------------------------------------------------------- */

static void write_made(struct cli *cli, const struct backup_generation *made)
{
    struct str bytes = size_text(cli, made->bytes), copied = size_text(cli, made->copied);
    if (cli_flag(cli, "--json")) {
        struct json_writer w = {.out = &cli->out};
        app_write_generation(&w, made);
        base_buf_byte(&cli->out, '\n');
        return;
    }
    base_buf_printf(&cli->out,
                    "generation %llu: %llu events of %llu customers, %.*s in %zu files, %.*s of it "
                    "new%s\n",
                    (unsigned long long)made->number, (unsigned long long)made->events,
                    (unsigned long long)made->customers, STR_ARG(bytes), made->count,
                    STR_ARG(copied),
                    cli_flag(cli, "--verify") ? "; read back without problems" : "");
}

bool cli_run_backup(struct cli *cli, struct fail *fail)
{
    struct app_backup backup = {.target = cli->arguments[0],
                                .read_back = cli_flag(cli, "--verify")};
    struct backup_generation made;
    struct backup_verify_result result;
    int64_t keep;
    if (!number_of(cli, "--keep", "how many generations stay, at least 1", &keep, fail) ||
        !has_data(cli, fail) || !cli_link(cli, fail)) {
        return false;
    }
    backup.keep = (uint64_t)keep;
    if (!app_link_backup(cli->link, &backup, cli->arena, &made, fail) ||
        (backup.read_back && !read_back(cli, backup.target, made.number, &result, fail))) {
        return false;
    }
    write_made(cli, &made);
    return true;
}

bool cli_run_backup_list(struct cli *cli, struct fail *fail)
{
    static const char *const columns[] = {"generation", "moment", "events", "customers",
                                          "files",      "bytes",  "copied", "version"};
    struct backup_generation *all;
    size_t count;
    enum cli_form form;
    if (!cli_form_of(cli, &form, fail) ||
        !app_backup_list(cli->arguments[0], cli->arena, &all, &count, fail)) {
        return false;
    }
    if (form == CLI_FORM_JSON) {
        struct json_writer w = {.out = &cli->out};
        json_begin_object(&w);
        json_name_c(&w, "generations");
        json_begin_array(&w);
        for (size_t i = 0; i < count; i++) {
            app_write_generation(&w, &all[i]);
        }
        json_end_array(&w);
        json_end_object(&w);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    struct cli_table *table = cli_table_new(cli, ARRAY_LEN(columns));
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        cli_table_text(table, str_from_c(columns[i]));
    }
    for (size_t i = 0; i < count; i++) {
        const struct backup_generation *one = &all[i];
        const uint64_t numbers[] = {one->events, one->customers, one->count, one->bytes,
                                    one->copied};
        char moment[TIME_RFC3339_BYTES];
        cli_table_number(table, str_format(cli->arena, "%llu", (unsigned long long)one->number));
        size_t len = time_format_rfc3339(one->moment_ms, moment);
        cli_table_text(table, one->damaged != NULL ? STR("damaged")
                                                   : str_copy(cli->arena, str_of(moment, len)));
        for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
            cli_table_number(table, str_format(cli->arena, "%llu", (unsigned long long)numbers[k]));
        }
        cli_table_text(table, one->version);
    }
    cli_table_write(cli, table, form);
    return true;
}

/* ---- of a backup alone ----------------------------------------------------------------------------------------------- */

bool cli_run_verify_backup(struct cli *cli, struct fail *fail)
{
    struct backup_verify_result result = {0};
    int64_t generation;
    bool good = number_of(cli, "--at", "the number of a generation", &generation, fail) &&
                read_back(cli, cli_option(cli, "--backup"), (uint64_t)generation, &result, fail);
    if (result.generations == 0 && result.problems == 0 && !good) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        base_buf_reset(&cli->out);
    }
    base_buf_printf(
        &cli->out,
        cli_flag(cli, "--json")
            ? "{\"generations\":%llu,\"objects\":%llu,\"bytes\":%llu,\"problems\":%llu}\n"
            : "%llu generations, %llu objects, %llu bytes: %llu problems\n",
        (unsigned long long)result.generations, (unsigned long long)result.objects,
        (unsigned long long)result.bytes, (unsigned long long)result.problems);
    return good;
}

/* ---- restoring -------------------------------------------------------------------------------------------------- */

bool cli_run_restore(struct cli *cli, struct fail *fail)
{
    struct app_restored restored;
    int64_t generation;
    if (!number_of(cli, "--at", "the number of a generation", &generation, fail)) {
        return false;
    }
    struct app_restore restore = {
        .target = cli->arguments[0], .generation = (uint64_t)generation, .data = cli_data(cli)};
    const char *erasures = cli_option(cli, "--erasures");
    if ((erasures != NULL &&
         !cli_read_file(cli, erasures, ERASURES_BYTES_MAX, &restore.erasures, fail)) ||
        !app_restore(&restore, cli->arena, &restored, fail)) {
        return false;
    }
    if (cli_flag(cli, "--json")) {
        struct json_writer w = {.out = &cli->out};
        app_write_generation(&w, &restored.generation);
        base_buf_byte(&cli->out, '\n');
        return true;
    }
    char moment[TIME_RFC3339_BYTES];
    size_t len = time_format_rfc3339(restored.generation.moment_ms, moment);
    base_buf_printf(&cli->out,
                    "%s is as it was at %.*s (generation %llu): %llu events of %llu customers, "
                    "every file checked\n",
                    cli_data(cli), (int)len, moment, (unsigned long long)restored.generation.number,
                    (unsigned long long)restored.events, (unsigned long long)restored.customers);
    if (restored.erasures > 0) {
        base_buf_printf(&cli->out, "%zu %s made since were made here too\n", restored.erasures,
                        restored.erasures == 1 ? "erasure" : "erasures");
    }
    return true;
}
