/* Files of events into a directory: progress on a terminal, a report of what was not stored, the ledger. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app_import.h"
#include "cli_internal.h"

#define MAP_BYTES_MAX (((size_t)1 << 20) + 1)
#define BAD_ROWS_SHOWN 10

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

struct import_report {
    const char *file;
    bool bar; /* stderr is a terminal */
    int64_t drawn_us;
    uint64_t bad_shown, bad_total;
    struct cli *cli;
};

static bool draw_progress(void *context, const struct intake_import_progress *progress,
                          const struct intake_counts *counts)
{
    struct import_report *report = context;
    int64_t now_us = base_steady_us(base_clock_real());
    if (report->bar && now_us - report->drawn_us > 100000) {
        report->drawn_us = now_us;
        if (progress->bytes_total > 0) {
            unsigned done = (unsigned)(progress->bytes_read * 30 / progress->bytes_total);
            char bar[31];
            for (unsigned i = 0; i < 30; i++) {
                bar[i] = i < done ? '#' : '.';
            }
            bar[30] = '\0';
            fprintf(stderr, "\r%s %3u%%  %llu rows ", bar,
                    (unsigned)(progress->bytes_read * 100 / progress->bytes_total),
                    (unsigned long long)counts->received);
        } else {
            fprintf(stderr, "\r%llu rows ", (unsigned long long)counts->received);
        }
        fflush(stderr);
    }
    return interrupted == 0;
}

static void clear_progress(const struct import_report *report)
{
    if (report->bar && report->drawn_us > 0) {
        fputs("\r\033[K", stderr);
    }
}

static void show_bad(void *context, const struct app_import_bad *bad)
{
    struct import_report *report = context;
    report->bad_total++;
    if (report->bad_shown >= BAD_ROWS_SHOWN || cli_flag(report->cli, "--quiet")) {
        return;
    }
    report->bad_shown++;
    clear_progress(report);
    struct base_buf line CLEANUP(base_buf_done) = {0};
    base_buf_printf(&line, "%s: row %llu %s: ", report->file, (unsigned long long)bad->record,
                    store_verdict_name(bad->verdict));
    base_plain_text(&line, bad->reason);
    if (bad->field.data != NULL && bad->field.len > 0) {
        base_buf_c(&line, " (");
        base_plain_text(&line, bad->field);
        base_buf_c(&line, ")");
    }
    base_buf_byte(&line, '\n');
    fwrite(line.data, 1, line.len, stderr);
}

/* The list of imports names files, not where they lay. */
static struct str base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_from_c(slash == NULL || slash[1] == '\0' ? path : slash + 1);
}

static bool import_file(struct cli *cli, const char *path, const struct app_import_options *shared,
                        struct intake_counts *counts, struct fail *fail)
{
    struct import_report report = {
        .file = path,
        .bar = isatty(STDERR_FILENO) && !cli_flag(cli, "--quiet") && !cli_flag(cli, "--plain"),
        .cli = cli,
    };
    struct app_import_options options = *shared;
    bool standard = strcmp(path, "-") == 0;
    options.descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (options.descriptor < 0) {
        return fail_set(fail, errno == ENOENT ? FAIL_ABSENT : FAIL_IO, "%s cannot be opened: %s",
                        path, strerrordesc_np(errno));
    }
    struct stat status;
    if (fstat(options.descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(options.descriptor);
        return fail_set(fail, FAIL_INPUT, "%s is a directory; name the files in it", path);
    }
    options.name = standard ? STR("standard input") : base_name(path);
    options.progress = draw_progress;
    options.bad = show_bad;
    options.context = &report;
    bool good = app_import(cli->link, &options, counts, fail);
    clear_progress(&report);
    if (!standard) {
        close(options.descriptor);
    }
    if (report.bad_total > report.bad_shown && !cli_flag(cli, "--quiet")) {
        fprintf(stderr, "%s: %llu more rows were not stored; see: firsthand quarantine list\n",
                path, (unsigned long long)(report.bad_total - report.bad_shown));
    }
    return good || fail_at(fail, "%s", path);
}

static void write_counts(struct cli *cli, const struct intake_counts *counts)
{
    const struct {
        const char *name;
        uint64_t n;
    } rows[] = {{"received", counts->received},
                {"stored", counts->stored},
                {"duplicate", counts->duplicate},
                {"quarantined", counts->quarantined},
                {"refused", counts->refused}};
    if (cli_flag(cli, "--json")) {
        struct json_writer w = {.out = &cli->out};
        json_begin_object(&w);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            json_name_c(&w, rows[i].name);
            json_write_uint(&w, rows[i].n);
        }
        json_end_object(&w);
        base_buf_byte(&cli->out, '\n');
        return;
    }
    struct cli_table *table = cli_table_new(cli, 2);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        cli_table_text(table, str_from_c(rows[i].name));
        cli_table_number(table, str_format(cli->arena, "%llu", (unsigned long long)rows[i].n));
    }
    cli_table_write(cli, table, CLI_FORM_TABLE);
    if (cli_flag(cli, "--dry-run")) {
        base_buf_c(&cli->out, "dry run: nothing was stored, duplicates were not looked for\n");
    }
}

/* A member a line, so that a person can go on from there. */
static void put_map(struct cli *cli, struct json_value map)
{
    struct str name;
    struct json_value value;
    const char *before = "{";
    for (struct json_iter it = json_iter_of(map); json_next(&it, &name, &value);) {
        struct json_writer w = {.out = &cli->out};
        base_buf_c(&cli->out, before);
        json_write_str(&w, name);
        base_buf_c(&cli->out, ": ");
        w = (struct json_writer){.out = &cli->out};
        json_write_value(&w, value);
        before = ",\n ";
    }
    base_buf_c(&cli->out, "}\n");
}

static bool suggest_map(struct cli *cli, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value map;
    const char *path = cli->arguments[0];
    bool standard = strcmp(path, "-") == 0;
    int descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return fail_set(fail, errno == ENOENT ? FAIL_ABSENT : FAIL_IO, "%s cannot be opened: %s",
                        path, strerrordesc_np(errno));
    }
    bool good = app_import_suggest(descriptor, &text, fail) &&
                json_parse(parser, base_buf_view(&text), &map, fail);
    if (!standard) {
        close(descriptor);
    }
    if (good) {
        put_map(cli, map);
    }
    return good || fail_at(fail, "%s", path);
}

bool cli_run_import(struct cli *cli, struct fail *fail)
{
    const char *format = cli_option(cli, "--format"), *map = cli_option(cli, "--map");
    const char *source = cli_option(cli, "--source");
    struct app_import_options options = {
        .source = str_from_c(source == NULL ? "import" : source),
        .source_is_given = source != NULL,
        .dry_run = cli_flag(cli, "--dry-run"),
    };
    if (cli_flag(cli, "--suggest-map")) {
        return suggest_map(cli, fail);
    }
    if ((format != NULL && !intake_format_parse(str_from_c(format), &options.format, fail)) ||
        (map != NULL && !cli_read_file(cli, map, MAP_BYTES_MAX, &options.map, fail)) ||
        !cli_link(cli, fail)) {
        return false;
    }
    struct sigaction action = {.sa_handler = note_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    struct intake_counts counts = {0};
    bool good = true;
    for (int i = 0; good && i < cli->argument_count; i++) {
        good = import_file(cli, cli->arguments[i], &options, &counts, fail);
    }
    /* What was stored before a failure stays stored, so it is told as well. */
    if (good || counts.received > 0) {
        write_counts(cli, &counts);
    }
    return good;
}
