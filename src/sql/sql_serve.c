/* sql_serve.c — the program's end: gives the child what it asks for, takes the answer, and ends it in time.
 *
 * Neither end may wait for the other to read: what goes out is kept and sent when there is room, what comes in is
 * always taken. A batch is made only when nothing is left to send, so one batch and one frame are all that is held. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "sql_scan.h"
#include "sql_spawn.h"

#define SCANS_MAX 64
#define POLL_MS 20 /* how soon a cancelled statement is noticed while nothing happens */
#define READ_BYTES ((size_t)256 << 10)
#define FRAME_SPARE_BYTES ((size_t)1 << 20) /* a frame of rows beside the rows */

struct serve {
    const struct sql_world *world;
    const struct sql_question *question;
    const struct sql_sink *sink;
    struct sql_child child;
    struct base_buf out, in;
    size_t sent;
    struct sql_scan *scans[SCANS_MAX];
    bool wanted[SCANS_MAX]; /* its next batch was asked for */
    bool has_columns, done;
    size_t column_count;
    struct sql_outcome outcome;
};

/* ---- the socket -------------------------------------------------------------------------------------- */

static bool would_block(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* False where the child is gone. */
static bool send_some(struct serve *serve)
{
    while (serve->sent < serve->out.len) {
        ssize_t sent = send(serve->child.socket, serve->out.data + serve->sent,
                            serve->out.len - serve->sent, MSG_NOSIGNAL);
        if (sent < 0) {
            return would_block();
        }
        serve->sent += (size_t)sent;
    }
    base_buf_reset(&serve->out);
    serve->sent = 0;
    return true;
}

static bool receive_some(struct serve *serve, bool *out_gone, struct fail *fail)
{
    char *room = base_buf_room(&serve->in, READ_BYTES);
    if (room == NULL) {
        return base_buf_ok(&serve->in, fail);
    }
    ssize_t got = recv(serve->child.socket, room, READ_BYTES, 0);
    *out_gone = got == 0 || (got < 0 && !would_block());
    serve->in.len += got > 0 ? (size_t)got : 0;
    return true;
}

/* ---- what the child asks for -------------------------------------------------------------------------- */

static int scan_place(const struct serve *serve, uint32_t id)
{
    for (int i = 0; i < SCANS_MAX; i++) {
        if (serve->scans[i] != NULL && sql_scan_id(serve->scans[i]) == id) {
            return i;
        }
    }
    return -1;
}

static bool take_scan(struct serve *serve, struct str payload, struct fail *fail)
{
    for (int i = 0; i < SCANS_MAX; i++) {
        if (serve->scans[i] == NULL) {
            serve->wanted[i] = true;
            return sql_scan_open(serve->world, payload, &serve->scans[i], fail);
        }
    }
    return fail_set(fail, FAIL_LIMIT, "a statement may walk at most %d tables at once", SCANS_MAX);
}

static bool take_id(struct serve *serve, bool closes, struct str payload, struct fail *fail)
{
    uint32_t id;
    if (!sql_id_read(payload, &id, fail)) {
        return false;
    }
    int place = scan_place(serve, id);
    if (place < 0) {
        return true; /* over already: its last batch is on the way */
    }
    if (closes) {
        sql_scan_free(serve->scans[place]);
        serve->scans[place] = NULL;
    }
    serve->wanted[place] = !closes;
    return true;
}

static bool give_batch(struct serve *serve, struct fail *fail)
{
    for (int i = 0; i < SCANS_MAX && serve->out.len == 0; i++) {
        if (serve->scans[i] == NULL || !serve->wanted[i]) {
            continue;
        }
        uint32_t rows;
        bool last;
        if (!sql_scan_next(serve->scans[i], &serve->out, &rows, &last, fail)) {
            return false;
        }
        serve->wanted[i] = false;
        serve->outcome.rows_scanned += rows;
        if (last) {
            sql_scan_free(serve->scans[i]);
            serve->scans[i] = NULL;
        }
    }
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------------------ */

static bool broken(struct fail *fail)
{
    return fail_set(fail, FAIL_INTERNAL, "the process that runs SQL sent what is no answer");
}

static bool take_columns(struct serve *serve, struct str payload, struct fail *fail)
{
    struct str names[SQL_COLUMNS_MAX];
    uint64_t count;
    if (serve->has_columns || !sql_count_get(&payload, &count) || count > SQL_COLUMNS_MAX) {
        return broken(fail);
    }
    for (size_t i = 0; i < count; i++) {
        if (!sql_text_get(&payload, &names[i])) {
            return broken(fail);
        }
    }
    serve->has_columns = true;
    serve->column_count = (size_t)count;
    return serve->sink->columns(serve->sink->context, names, serve->column_count, fail);
}

static bool take_rows(struct serve *serve, struct str payload, struct fail *fail)
{
    struct sql_value values[SQL_COLUMNS_MAX];
    if (!serve->has_columns || serve->column_count == 0) {
        return broken(fail);
    }
    while (payload.len > 0) {
        for (size_t i = 0; i < serve->column_count; i++) {
            if (!sql_value_get(&payload, &values[i])) {
                return broken(fail);
            }
        }
        if (++serve->outcome.rows > serve->question->limits.rows) {
            return broken(fail);
        }
        if (!serve->sink->row(serve->sink->context, values, serve->column_count, fail)) {
            return false;
        }
    }
    return true;
}

static bool take_done(struct serve *serve, struct str payload, struct fail *fail)
{
    if (!serve->has_columns || payload.len != 1) {
        return broken(fail);
    }
    serve->outcome.truncated = payload.data[0] != 0;
    serve->done = true;
    return true;
}

static bool take_fail(struct str payload, struct fail *fail)
{
    uint64_t code;
    struct str message;
    if (!sql_count_get(&payload, &code) || code == FAIL_NONE || code > FAIL_INTERNAL ||
        !sql_text_get(&payload, &message)) {
        return broken(fail);
    }
    return code == FAIL_INPUT ? fail_input_at(fail, "/sql", "%.*s", STR_ARG(message))
                              : fail_set(fail, (enum fail_code)code, "%.*s", STR_ARG(message));
}

static bool take_frame(struct serve *serve, enum sql_frame kind, struct str payload,
                       struct fail *fail)
{
    switch (kind) {
    case SQL_FRAME_SCAN:
        return take_scan(serve, payload, fail);
    case SQL_FRAME_NEXT:
    case SQL_FRAME_CLOSE:
        return take_id(serve, kind == SQL_FRAME_CLOSE, payload, fail);
    case SQL_FRAME_COLUMNS:
        return take_columns(serve, payload, fail);
    case SQL_FRAME_ROWS:
        return take_rows(serve, payload, fail);
    case SQL_FRAME_DONE:
        return take_done(serve, payload, fail);
    case SQL_FRAME_FAIL:
        return take_fail(payload, fail);
    case SQL_FRAME_OPEN:
    case SQL_FRAME_BATCH:
        break;
    }
    return broken(fail);
}

static bool take_frames(struct serve *serve, struct fail *fail)
{
    struct str rest = base_buf_view(&serve->in);
    bool whole = true, good = true;
    while (good && whole && !serve->done) {
        enum sql_frame kind;
        struct str payload;
        good = sql_frame_cut(&rest, serve->question->limits.result_bytes + FRAME_SPARE_BYTES,
                             &whole, &kind, &payload, fail);
        if (good && whole) {
            good = take_frame(serve, kind, payload, fail);
        }
    }
    if (rest.len > 0) {
        memmove(serve->in.data, rest.data, rest.len);
    }
    serve->in.len = rest.len;
    return good;
}

/* ---- one statement ----------------------------------------------------------------------------------------- */

static bool gone(struct serve *serve, struct fail *fail)
{
    int number;
    sql_child_end(&serve->child, &number);
    serve->child.pid = 0;
    if (number == SIGXCPU) {
        return fail_set(fail, FAIL_LIMIT, "the statement took too long");
    }
    return fail_set(fail, FAIL_INTERNAL,
                    "the process that ran the statement was ended (%s); nothing else is affected",
                    number == 0 ? "by itself" : sigdescr_np(number));
}

static bool converse(struct serve *serve, struct fail *fail)
{
    while (!serve->done) {
        if (base_cancel_due(serve->question->cancel, fail) || !give_batch(serve, fail)) {
            return false;
        }
        bool left = !send_some(serve);
        struct pollfd poller = {.fd = serve->child.socket,
                                .events = (short)(POLLIN | (serve->out.len > 0 ? POLLOUT : 0))};
        if (poll(&poller, 1, POLL_MS) <= 0) {
            continue;
        }
        /* What it sent before it left is still there. */
        if ((poller.revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            !receive_some(serve, &left, fail)) {
            return false;
        }
        if (!take_frames(serve, fail)) {
            return false;
        }
        if (left && !serve->done) {
            return gone(serve, fail);
        }
    }
    return true;
}

static void write_open(struct serve *serve)
{
    const struct sql_question *question = serve->question;
    const struct sql_world *world = serve->world;
    const struct sql_open open = {
        .statement = question->statement,
        .params = question->params,
        .param_count = question->param_count,
        .limits = question->limits,
        .events = store_snapshot_events(world->snapshot),
        .customers = store_snapshot_customers(world->snapshot),
        .event_names = world->event_names,
        .event_name_count = world->event_name_count,
        .properties = world->properties.names,
        .property_count = world->properties.columns,
        .traits = world->traits.names,
        .trait_count = world->traits.columns,
    };
    sql_open_write(&serve->out, &open);
}

static bool check_question(const struct sql_question *question, struct fail *fail)
{
    if (question->statement.len > SQL_STATEMENT_BYTES_MAX) {
        return fail_input_at(fail, "/sql", "the statement has %zu bytes, at most %zu",
                             question->statement.len, SQL_STATEMENT_BYTES_MAX);
    }
    if (question->param_count > SQL_PARAMS_MAX) {
        return fail_input_at(fail, "/params", "%zu parameters, at most %d", question->param_count,
                             SQL_PARAMS_MAX);
    }
    if (str_find_byte(question->statement, '\0') < question->statement.len) {
        return fail_input_at(fail, "/sql", "a NUL in the statement");
    }
    return true;
}

static bool serve_statement(const struct sql_world *world, const struct sql_question *question,
                            const struct sql_sink *sink, struct sql_outcome *out, struct fail *fail)
{
    struct serve *serve = base_alloc_zero(sizeof *serve);
    *serve = (struct serve){.world = world, .question = question, .sink = sink};
    serve->in.limit = question->limits.result_bytes + 2 * FRAME_SPARE_BYTES;
    bool good = sql_child_start(question->zone, &serve->child, fail);
    if (good) {
        write_open(serve);
        good = base_buf_ok(&serve->out, fail) && converse(serve, fail);
    }
    if (serve->child.pid != 0) {
        int ignored;
        sql_child_end(&serve->child, &ignored);
    }
    for (int i = 0; i < SCANS_MAX; i++) {
        sql_scan_free(serve->scans[i]);
    }
    if (good) {
        *out = serve->outcome;
    }
    base_buf_done(&serve->out);
    base_buf_done(&serve->in);
    base_free(serve);
    return good;
}

bool sql_run(struct store_snapshot *snapshot, const struct sql_question *question,
             const struct sql_sink *sink, struct sql_outcome *out, struct fail *fail)
{
    if (!check_question(question, fail)) {
        return false;
    }
    struct base_budget *budget = base_budget_new(question->limits.memory_bytes);
    struct arena *arena = arena_new(budget);
    struct sql_world world;
    bool good = sql_world_open(snapshot, question->cancel, budget, arena, &world, fail) &&
                serve_statement(&world, question, sink, out, fail);
    arena_free(arena);
    base_budget_free(budget);
    return good;
}
