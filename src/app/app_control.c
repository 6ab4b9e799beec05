#include "app_control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app_copy.h"
#include "app_export.h"
#include "app_internal.h"
#include "app_moment.h"
#include "app_wire.h"
#include "base_log.h"

struct connection {
    struct app_control *control;
    struct base_thread thread;
    int socket;                /* -1: free place */
    bool ended;                /* the thread is done and may be joined */
    uint64_t import;           /* that runs over it; 0: none. Its thread's */
    struct app_moment *moment; /* that its other end copies; NULL: none. Its thread's */
};

struct app_control {
    struct app *app;
    int listener;
    int directory; /* descriptor of the data directory */
    struct base_thread acceptor;
    struct base_mutex lock; /* guards connections and stopping */
    bool stopping;
    struct connection connections[APP_CONTROL_CONNECTIONS_MAX];
};

/* A socket's address holds 107 bytes; through the directory's descriptor any depth of path fits. */
static bool socket_address(const char *data, struct sockaddr_un *address, int *out_directory,
                           struct fail *fail)
{
    int directory = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return fail_set(fail, FAIL_IO, "%s cannot be opened: %s", data, strerrordesc_np(errno));
    }
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/control.sock",
             directory);
    *out_directory = directory;
    return true;
}

bool app_control_connect(const char *data, int *out_socket, struct fail *fail)
{
    struct sockaddr_un address;
    int directory;
    if (!socket_address(data, &address, &directory, fail)) {
        return false;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    int error = errno;
    close(directory);
    if (!good) {
        if (fd >= 0) {
            close(fd);
        }
        return fail_set(fail, FAIL_BUSY,
                        "%s is held by another process, which does not answer on control.sock (%s)",
                        data, strerrordesc_np(error));
    }
    *out_socket = fd;
    return true;
}

/* Only the server's own user, and root, may speak to it. */
static bool peer_allowed(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static bool asker_gone(void *context)
{
    const int *fd = context;
    struct pollfd poller = {.fd = *fd, .events = POLLRDHUP};
    return poll(&poller, 1, 0) > 0 && (poller.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* ---- one frame in, one frame out ------------------------------------------------------------------- */

static bool answer_call(struct app *app, int *fd, struct str payload, struct base_buf *out,
                        struct fail *fail)
{
    struct str operation, input;
    if (!app_wire_get_str(&payload, &operation) || !app_wire_get_str(&payload, &input)) {
        return fail_set(fail, FAIL_INPUT, "a call on the control socket is broken");
    }
    struct app_caller caller = app_operator();
    caller.gone = asker_gone;
    caller.gone_context = fd;
    return app_call(app, &caller, operation, input, out, fail);
}

static bool answer_take(struct app *app, struct str payload, struct base_buf *out,
                        struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct store_item *items;
    size_t count;
    if (!app_wire_get_items(payload, arena, &items, &count, fail) ||
        !app_take(app, items, count, fail)) {
        return false;
    }
    app_wire_put_verdicts(out, items, count);
    return base_buf_ok(out, fail);
}

static bool answer_source(struct app *app, struct str payload, struct base_buf *out,
                          struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str name;
    uint64_t trusted;
    struct app_source_parts parts;
    if (!app_wire_get_str(&payload, &name) || !app_wire_get_u64(&payload, &trusted)) {
        return fail_set(fail, FAIL_INPUT, "a question for a source is broken");
    }
    if (!app_source_parts(app, name, trusted != 0, arena, &parts, fail)) {
        return false;
    }
    app_wire_put_str(out, parts.channel);
    app_wire_put_str(out, parts.settings);
    app_wire_put_str(out, parts.secret);
    app_wire_put_str(out, zone_name(parts.zone));
    return base_buf_ok(out, fail);
}

static bool answer_import_begin(struct connection *connection, struct str payload,
                                struct base_buf *out, struct fail *fail)
{
    struct str source, name;
    if (!app_wire_get_str(&payload, &source) || !app_wire_get_str(&payload, &name)) {
        return fail_set(fail, FAIL_INPUT, "the beginning of an import is broken");
    }
    if (connection->import != 0) {
        return fail_set(fail, FAIL_CONFLICT, "another import runs over this connection");
    }
    if (!store_import_begin(connection->control->app->store, source, name, &connection->import,
                            fail)) {
        return false;
    }
    app_wire_put_u64(out, connection->import);
    return base_buf_ok(out, fail);
}

static bool answer_import_end(struct connection *connection, struct str payload, struct fail *fail)
{
    uint64_t number, stopped;
    if (!app_wire_get_u64(&payload, &number) || !app_wire_get_u64(&payload, &stopped) ||
        number != connection->import) {
        return fail_set(fail, FAIL_INPUT, "the end of an import is broken");
    }
    connection->import = 0;
    return store_import_end(connection->control->app->store, number, stopped != 0, fail);
}

/* Whoever went away without ending its import was interrupted. */
static void end_import(struct connection *connection)
{
    struct fail ignored;
    if (connection->import != 0 &&
        !store_import_end(connection->control->app->store, connection->import, true, &ignored)) {
        base_log(LOG_WARN, "import.end", "an interrupted import could not be ended",
                 LOG_C("why", ignored.message), LOG_END);
    }
    connection->import = 0;
}

static bool answer_moment(struct connection *connection, struct base_buf *out, struct fail *fail)
{
    if (!app_moment_take(connection->control->app, &connection->moment, fail)) {
        return false;
    }
    struct app_moment_view view = app_moment_view(connection->moment);
    app_moment_put(out, &view);
    return base_buf_ok(out, fail);
}

/* Parts as they come; the frame that ends the answer is the caller's. */
static bool send_parts(int fd,
                       bool (*next)(void *stream, struct base_buf *out, bool *out_end,
                                    struct fail *fail),
                       void *stream, struct base_buf *out, struct fail *fail)
{
    bool ok = true;
    bool end = false;
    while (ok && !end) {
        base_buf_reset(out);
        ok = next(stream, out, &end, fail) &&
             (out->len == 0 || app_frame_send(fd, APP_FRAME_PART, base_buf_view(out), fail));
    }
    base_buf_reset(out);
    return ok;
}

static bool next_of_export(void *export, struct base_buf *out, bool *out_end, struct fail *fail)
{
    return app_export_step(export, out, out_end, fail);
}

static bool next_of_copy(void *copy, struct base_buf *out, bool *out_end, struct fail *fail)
{
    return app_copy_next(copy, out, out_end, fail);
}

static bool answer_copy(struct app *app, int fd, struct str id, struct base_buf *out,
                        struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct app_caller caller = app_operator();
    struct app_copy *copy;
    if (!app_copy_open(app, &caller, id, arena, &copy, fail)) {
        return false;
    }
    bool ok = send_parts(fd, next_of_copy, copy, out, fail);
    app_copy_close(copy);
    return ok;
}

static bool answer_export(struct app *app, int *fd, struct str payload, struct base_buf *out,
                          struct fail *fail)
{
    struct app_caller caller = app_operator();
    struct app_export *export;
    caller.gone = asker_gone;
    caller.gone_context = fd;
    if (!app_export_open(app, &caller, payload, &export, fail)) {
        return false;
    }
    bool ok = send_parts(*fd, next_of_export, export, out, fail);
    app_export_close(export);
    return ok;
}

static bool answer(struct connection *connection, int *fd, enum app_frame kind, struct str payload,
                   struct base_buf *out, struct fail *fail)
{
    struct app *app = connection->control->app;
    app_moment_free(connection->moment);
    connection->moment = NULL;
    switch (kind) {
    case APP_FRAME_HELLO:
        if (!str_is(payload, APP_VERSION)) {
            return fail_set(fail, FAIL_CONFLICT,
                            "the server is firsthand %s, this command is %.*s: use the same binary",
                            APP_VERSION, STR_ARG(payload));
        }
        return true;
    case APP_FRAME_CALL:
        return answer_call(app, fd, payload, out, fail);
    case APP_FRAME_TAKE:
        return answer_take(app, payload, out, fail);
    case APP_FRAME_SOURCE:
        return answer_source(app, payload, out, fail);
    case APP_FRAME_EXPORT:
        return answer_export(app, fd, payload, out, fail);
    case APP_FRAME_COPY:
        return answer_copy(app, *fd, payload, out, fail);
    case APP_FRAME_IMPORT_BEGIN:
        return answer_import_begin(connection, payload, out, fail);
    case APP_FRAME_IMPORT_END:
        return answer_import_end(connection, payload, fail);
    case APP_FRAME_MOMENT:
        return answer_moment(connection, out, fail);
    case APP_FRAME_PART:
    case APP_FRAME_DONE:
    case APP_FRAME_FAIL:
        break;
    }
    return fail_set(fail, FAIL_INPUT, "unknown frame on the control socket");
}

static void serve_connection(void *context)
{
    struct connection *connection = context;
    int fd = connection->socket;
    struct base_buf payload CLEANUP(base_buf_done) = {.limit = APP_FRAME_BYTES_MAX};
    struct base_buf out CLEANUP(base_buf_done) = {.limit = APP_FRAME_BYTES_MAX};
    struct fail fail = {0};
    enum app_frame kind = APP_FRAME_HELLO;
    bool closed = false;
    while (app_frame_receive(fd, &kind, &payload, &closed, &fail) && !closed) {
        base_buf_reset(&out);
        bool good = answer(connection, &fd, kind, base_buf_view(&payload), &out, &fail);
        if (!good) {
            base_buf_reset(&out);
            app_wire_put_fail(&out, &fail);
        }
        if (!app_frame_send(fd, good ? APP_FRAME_DONE : APP_FRAME_FAIL, base_buf_view(&out),
                            &fail)) {
            break;
        }
    }
    end_import(connection);
    app_moment_free(connection->moment);
    connection->moment = NULL;
    base_lock(&connection->control->lock);
    connection->ended = true;
    base_unlock(&connection->control->lock);
    shutdown(fd, SHUT_RDWR);
}

/* ---- accepting ---------------------------------------------------------------------------------------- */

static void free_place_locked(struct connection *connection)
{
    base_thread_join(&connection->thread);
    close(connection->socket);
    *connection = (struct connection){.control = connection->control, .socket = -1};
}

static void place_connection(struct app_control *control, int fd)
{
    base_lock(&control->lock);
    struct connection *place = NULL;
    for (size_t i = 0; i < APP_CONTROL_CONNECTIONS_MAX; i++) {
        struct connection *connection = &control->connections[i];
        if (connection->socket >= 0 && connection->ended) {
            free_place_locked(connection); /* its thread has left the lock: the join is short */
        }
        if (connection->socket < 0 && place == NULL) {
            place = connection;
        }
    }
    struct fail fail;
    if (place != NULL && !control->stopping) {
        place->socket = fd;
        if (!base_thread_start(&place->thread, "control", serve_connection, place, &fail)) {
            place->socket = -1;
            place = NULL;
        }
    }
    base_unlock(&control->lock);
    if (place == NULL) {
        close(fd);
    }
}

static void accept_connections(void *context)
{
    struct app_control *control = context;
    for (;;) {
        int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED)) {
            continue;
        }
        if (fd < 0) {
            return; /* shut down by app_control_stop, or out of descriptors: commands then say so */
        }
        if (peer_allowed(fd)) {
            place_connection(control, fd);
        } else {
            close(fd);
        }
    }
}

static bool listen_on(struct app_control *control, const char *data, struct fail *fail)
{
    struct sockaddr_un address;
    if (!socket_address(data, &address, &control->directory, fail)) {
        return false;
    }
    unlinkat(control->directory, "control.sock", 0);
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    bool bound = control->listener >= 0 &&
                 bind(control->listener, (const struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    if (!bound || listen(control->listener, APP_CONTROL_CONNECTIONS_MAX) != 0) {
        return fail_set(fail, FAIL_IO, "%s/control.sock cannot be made: %s", data,
                        strerrordesc_np(errno));
    }
    return true;
}

bool app_control_start(struct app *app, struct app_control **out, struct fail *fail)
{
    struct app_control *control = base_alloc_zero(sizeof *control);
    control->app = app;
    control->listener = -1;
    control->directory = -1;
    base_mutex_init(&control->lock);
    for (size_t i = 0; i < APP_CONTROL_CONNECTIONS_MAX; i++) {
        control->connections[i] = (struct connection){.control = control, .socket = -1};
    }
    if (!listen_on(control, app->data, fail) ||
        !base_thread_start(&control->acceptor, "control-accept", accept_connections, control,
                           fail)) {
        app_control_stop(control);
        return false;
    }
    *out = control;
    return true;
}

void app_control_stop(struct app_control *control)
{
    if (control == NULL) {
        return;
    }
    base_lock(&control->lock);
    control->stopping = true;
    base_unlock(&control->lock);
    if (control->listener >= 0) {
        shutdown(control->listener, SHUT_RDWR);
    }
    base_thread_join(&control->acceptor);
    for (size_t i = 0; i < APP_CONTROL_CONNECTIONS_MAX; i++) {
        struct connection *connection = &control->connections[i];
        if (connection->socket >= 0) {
            shutdown(connection->socket, SHUT_RD); /* the call under way may still answer */
            free_place_locked(connection);
        }
    }
    if (control->listener >= 0) {
        close(control->listener);
        unlinkat(control->directory, "control.sock", 0);
    }
    if (control->directory >= 0) {
        close(control->directory);
    }
    base_mutex_done(&control->lock);
    base_free(control);
}
