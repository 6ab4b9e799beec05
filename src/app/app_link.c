/* Operations for a command: in this process, or through the server that holds the directory. */
#include <unistd.h>

#include "app_backup.h"
#include "app_control.h"
#include "app_copy.h"
#include "app_export.h"
#include "app_internal.h"
#include "app_wire.h"

struct app_link {
    struct app *app; /* NULL: through the socket */
    int socket;
    struct base_buf payload, reply;
    struct arena *arena; /* reasons of the last batch taken */
    const char *data;    /* the caller's */
};

struct app *app_link_app(struct app_link *link)
{
    return link->app;
}

/* Sends the payload, reads one frame into link->reply; a refusal becomes `fail`. */
static bool exchange(struct app_link *link, enum app_frame kind, struct fail *fail)
{
    enum app_frame answered = APP_FRAME_FAIL;
    bool closed = false;
    if (!base_buf_ok(&link->payload, fail) ||
        !app_frame_send(link->socket, kind, base_buf_view(&link->payload), fail) ||
        !app_frame_receive(link->socket, &answered, &link->reply, &closed, fail)) {
        return false;
    }
    if (closed) {
        return fail_set(fail, FAIL_IO, "the server stopped before it answered");
    }
    return answered == APP_FRAME_DONE || app_wire_get_fail(base_buf_view(&link->reply), fail);
}

bool app_link_open(const struct app_options *options, struct app_link **out, struct fail *fail)
{
    struct app_link *link = base_alloc_zero(sizeof *link);
    link->socket = -1;
    link->data = options->data;
    link->payload.limit = APP_FRAME_BYTES_MAX;
    link->reply.limit = APP_FRAME_BYTES_MAX;
    link->arena = arena_new(NULL);
    bool held = false;
    struct app_options here = *options;
    here.out_held = &held;
    bool good = app_open(&here, &link->app, fail);
    if (!good && held) {
        base_buf_c(&link->payload, APP_VERSION);
        good = app_control_connect(options->data, &link->socket, fail) &&
               exchange(link, APP_FRAME_HELLO, fail);
    }
    if (!good) {
        app_link_close(link);
        return false;
    }
    *out = link;
    return true;
}

void app_link_close(struct app_link *link)
{
    if (link == NULL) {
        return;
    }
    if (link->socket >= 0) {
        close(link->socket);
    }
    app_close(link->app);
    base_buf_done(&link->payload);
    base_buf_done(&link->reply);
    arena_free(link->arena);
    base_free(link);
}

bool app_link_call(struct app_link *link, struct str operation, struct str input,
                   struct base_buf *out, struct fail *fail)
{
    if (link->app != NULL) {
        struct app_caller caller = app_operator();
        return app_call(link->app, &caller, operation, input, out, fail);
    }
    base_buf_reset(&link->payload);
    app_wire_put_str(&link->payload, operation);
    app_wire_put_str(&link->payload, input);
    if (!exchange(link, APP_FRAME_CALL, fail)) {
        return false;
    }
    base_buf_str(out, base_buf_view(&link->reply));
    return base_buf_ok(out, fail);
}

bool app_link_take(struct app_link *link, struct store_item *items, size_t count, struct fail *fail)
{
    if (link->app != NULL) {
        return app_take(link->app, items, count, fail);
    }
    base_buf_reset(&link->payload);
    app_wire_put_items(&link->payload, items, count);
    arena_reset(link->arena);
    return exchange(link, APP_FRAME_TAKE, fail) &&
           app_wire_get_verdicts(base_buf_view(&link->reply), link->arena, items, count, fail);
}

bool app_link_may_bulk(const struct app_link *link)
{
    return link->app != NULL;
}

void app_link_take_bulk(struct app_link *link, struct store_item *items, size_t count,
                        struct arena *arena, void (*done)(void *context, const struct fail *fail),
                        void *context)
{
    INVARIANT(link->app != NULL);
    app_take_bulk(link->app, items, count, arena, done, context);
}

bool app_link_may_columns(const struct app_link *link)
{
    return link->app != NULL && app_turns_nothing_away(link->app);
}

void app_link_take_columns(struct app_link *link, struct store_columns *columns,
                           void (*done)(void *context, const struct fail *fail), void *context)
{
    INVARIANT(link->app != NULL);
    app_take_columns(link->app, columns, done, context);
}

bool app_link_import_begin(struct app_link *link, struct str source, struct str name, uint64_t *out,
                           struct fail *fail)
{
    if (link->app != NULL) {
        return store_import_begin(link->app->store, source, name, out, fail);
    }
    base_buf_reset(&link->payload);
    app_wire_put_str(&link->payload, source);
    app_wire_put_str(&link->payload, name);
    if (!exchange(link, APP_FRAME_IMPORT_BEGIN, fail)) {
        return false;
    }
    struct str bytes = base_buf_view(&link->reply);
    return app_wire_get_u64(&bytes, out) ||
           fail_set(fail, FAIL_INTERNAL, "the server's answer could not be read");
}

bool app_link_import_end(struct app_link *link, uint64_t number, bool stopped, struct fail *fail)
{
    if (link->app != NULL) {
        return store_import_end(link->app->store, number, stopped, fail);
    }
    base_buf_reset(&link->payload);
    app_wire_put_u64(&link->payload, number);
    app_wire_put_u64(&link->payload, stopped ? 1 : 0);
    return exchange(link, APP_FRAME_IMPORT_END, fail);
}

bool app_link_source(struct app_link *link, struct str name, bool trusted, struct arena *arena,
                     struct intake_source *out, struct fail *fail)
{
    if (link->app != NULL) {
        return app_source(link->app, name, trusted, arena, out, fail);
    }
    base_buf_reset(&link->payload);
    app_wire_put_str(&link->payload, name);
    app_wire_put_u64(&link->payload, trusted ? 1 : 0);
    if (!exchange(link, APP_FRAME_SOURCE, fail)) {
        return false;
    }
    struct str bytes = base_buf_view(&link->reply), zone_text;
    struct app_source_parts parts = {
        .name = name, .now_ms = base_now_ms(base_clock_real()), .trusted = trusted};
    if (!app_wire_get_str(&bytes, &parts.channel) || !app_wire_get_str(&bytes, &parts.settings) ||
        !app_wire_get_str(&bytes, &parts.secret) || !app_wire_get_str(&bytes, &zone_text)) {
        return fail_set(fail, FAIL_INTERNAL, "the server's answer could not be read");
    }
    return zone_find(zone_text, &parts.zone, fail) && app_source_make(&parts, arena, out, fail);
}

bool app_link_backup(struct app_link *link, const struct app_backup *backup, struct arena *arena,
                     struct backup_generation *out, struct fail *fail)
{
    struct app_moment_view view;
    if (link->app != NULL) {
        return app_backup_make(link->app, backup, arena, out, fail);
    }
    base_buf_reset(&link->payload);
    return exchange(link, APP_FRAME_MOMENT, fail) &&
           app_moment_get(base_buf_view(&link->reply), arena, &view, fail) &&
           app_backup_write(link->data, &view, backup, arena, out, fail);
}

/* ---- exports --------------------------------------------------------------------------------------------- */

static bool export_here(struct app *app, struct str input, struct base_buf *part,
                        const struct app_export_sink *sink, struct fail *fail)
{
    struct app_caller caller = app_operator();
    struct app_export *export;
    bool end = false;
    caller.gone = sink->stopped;
    caller.gone_context = sink->context;
    if (!app_export_open(app, &caller, input, &export, fail)) {
        return false;
    }
    bool ok = true;
    while (ok && !end) {
        base_buf_reset(part);
        ok = app_export_step(export, part, &end, fail) &&
             sink->take(sink->context, base_buf_view(part), fail);
    }
    app_export_close(export);
    return ok;
}

static bool copy_here(struct app *app, struct str id, struct base_buf *part,
                      const struct app_export_sink *sink, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct app_caller caller = app_operator();
    struct app_copy *copy;
    bool end = false;
    if (!app_copy_open(app, &caller, id, arena, &copy, fail)) {
        return false;
    }
    bool ok = true;
    while (ok && !end) {
        base_buf_reset(part);
        ok = !sink->stopped(sink->context)
                 ? app_copy_next(copy, part, &end, fail) &&
                       sink->take(sink->context, base_buf_view(part), fail)
                 : fail_set(fail, FAIL_CANCELLED, "stopped; what was written is not whole");
    }
    app_copy_close(copy);
    return ok;
}

static bool take_parts(struct app_link *link, enum app_frame kind, struct str input,
                       const struct app_export_sink *sink, struct fail *fail)
{
    bool closed = false;
    if (!app_frame_send(link->socket, kind, input, fail)) {
        return false;
    }
    kind = APP_FRAME_PART;
    while (kind == APP_FRAME_PART) {
        if (!app_frame_receive(link->socket, &kind, &link->reply, &closed, fail)) {
            return false;
        }
        if (closed) {
            return fail_set(fail, FAIL_IO, "the server stopped before all was sent");
        }
        if (sink->stopped(sink->context)) {
            return fail_set(fail, FAIL_CANCELLED, "stopped; what was written is not whole");
        }
        if (kind == APP_FRAME_PART &&
            !sink->take(sink->context, base_buf_view(&link->reply), fail)) {
            return false;
        }
    }
    return kind == APP_FRAME_DONE || app_wire_get_fail(base_buf_view(&link->reply), fail);
}

bool app_link_export(struct app_link *link, struct str input, const struct app_export_sink *sink,
                     struct fail *fail)
{
    return link->app != NULL ? export_here(link->app, input, &link->reply, sink, fail)
                             : take_parts(link, APP_FRAME_EXPORT, input, sink, fail);
}

bool app_link_copy(struct app_link *link, struct str customer, const struct app_export_sink *sink,
                   struct fail *fail)
{
    return link->app != NULL ? copy_here(link->app, customer, &link->reply, sink, fail)
                             : take_parts(link, APP_FRAME_COPY, customer, sink, fail);
}
