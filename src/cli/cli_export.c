/* Events into a file or a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli_internal.h"

#define SEGMENT_BYTES_MAX (((size_t)1 << 20) + 1)

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

struct target {
    const char *path; /* NULL: standard output */
    int descriptor;
};

static bool write_part(void *context, struct str bytes, struct fail *fail)
{
    const struct target *target = context;
    while (bytes.len > 0) {
        ssize_t wrote = write(target->descriptor, bytes.data, bytes.len);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            return fail_set(fail, FAIL_IO, "%s cannot be written: %s",
                            target->path == NULL ? "standard output" : target->path,
                            strerrordesc_np(errno));
        }
        bytes = str_after(bytes, (size_t)wrote);
    }
    return true;
}

static bool is_interrupted(void *context)
{
    (void)context;
    return interrupted != 0;
}

/* A saved segment's name, or else a file that holds one. */
static bool put_segment(struct cli *cli, struct json_writer *w, const char *segment,
                        struct fail *fail)
{
    struct str text = {NULL, 0};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value value;
    json_name_c(w, "segment");
    if (access(segment, R_OK) != 0) {
        json_write_c(w, segment);
        return true;
    }
    if (!cli_read_file(cli, segment, SEGMENT_BYTES_MAX, &text, fail) ||
        !json_parse(parser, text, &value, fail)) {
        return fail_at(fail, "%s", segment);
    }
    json_write_value(w, value);
    return true;
}

static bool put_events(struct cli *cli, struct json_writer *w)
{
    json_name_c(w, "event");
    json_begin_array(w);
    for (int i = 0; i < cli->option_count; i++) {
        if (strcmp(cli->option_names[i], "--event") == 0) {
            json_write_c(w, cli->option_values[i]);
        }
    }
    json_end_array(w);
    return true;
}

static bool build_input(struct cli *cli, struct cli_input *input, struct fail *fail)
{
    const char *segment = cli_option(cli, "--segment");
    cli_input_begin(input);
    cli_input_str(input, "format", cli_option(cli, "--format"));
    cli_input_str(input, "source", cli_option(cli, "--source"));
    cli_input_str(input, "timezone", cli_option(cli, "--timezone"));
    input->w.out = &input->text;
    if (!cli_put_range(cli, &input->w, fail) ||
        (segment != NULL && !put_segment(cli, &input->w, segment, fail))) {
        return false;
    }
    return cli_option(cli, "--event") == NULL || put_events(cli, &input->w);
}

static bool sync_whatever_interrupts(int descriptor)
{
    while (fsync(descriptor) != 0) {
        if (errno != EINTR) {
            return errno == EINVAL; /* what cannot be synced: a pipe */
        }
    }
    return true;
}

/* A file is made beside its place and takes it when it is whole, so that half an export is never mistaken for one. */
static bool stream_to(struct cli *cli, cli_stream stream, struct str input, const char *path,
                      struct fail *fail)
{
    struct target target = {path, STDOUT_FILENO};
    struct app_export_sink sink = {write_part, is_interrupted, &target};
    const char *part = NULL;
    if (path != NULL) {
        part = str_copy_c(cli->arena, str_format(cli->arena, "%s.part", path));
        target.descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (target.descriptor < 0) {
            return fail_set(fail, FAIL_IO, "%s cannot be made: %s", part, strerrordesc_np(errno));
        }
    }
    bool ok = stream(cli->link, input, &sink, fail);
    if (path == NULL) {
        return ok;
    }
    if (ok && !sync_whatever_interrupts(target.descriptor)) {
        ok = fail_set(fail, FAIL_IO, "%s cannot be written: %s", part, strerrordesc_np(errno));
    }
    close(target.descriptor);
    if (ok && rename(part, path) != 0) {
        ok = fail_set(fail, FAIL_IO, "%s cannot be made: %s", path, strerrordesc_np(errno));
    }
    if (!ok) {
        unlink(part);
    }
    return ok;
}

bool cli_stream_out(struct cli *cli, cli_stream stream, struct str input, struct fail *fail)
{
    const char *path = cli_option(cli, "-o");
    path = path == NULL ? cli_option(cli, "--output") : path;
    if (path != NULL && strcmp(path, "-") == 0) {
        path = NULL;
    }
    if (!cli_link(cli, fail)) {
        return false;
    }
    struct sigaction action = {.sa_handler = note_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return stream_to(cli, stream, input, path, fail);
}

bool cli_run_export(struct cli *cli, struct fail *fail)
{
    struct cli_input input;
    bool built = build_input(cli, &input, fail);
    if (!built) {
        base_buf_done(&input.text);
        return false;
    }
    return cli_stream_out(cli, app_link_export, cli_input_end(cli, &input), fail);
}
