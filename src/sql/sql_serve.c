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

struct sql_answer {
    struct arena *arena;
    struct base_budget *budget;
    struct sql_world world;
    struct sql_limits limits;
    struct base_cancel *cancel;
    struct sql_sink sink;
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
static bool send_some(struct sql_answer *answer)
{
    while (answer->sent < answer->out.len) {
        ssize_t sent = send(answer->child.socket, answer->out.data + answer->sent,
                            answer->out.len - answer->sent, MSG_NOSIGNAL);
        if (sent < 0) {
            return would_block();
        }
        answer->sent += (size_t)sent;
    }
    base_buf_reset(&answer->out);
    answer->sent = 0;
    return true;
}

static bool receive_some(struct sql_answer *answer, bool *out_gone, struct fail *fail)
{
    char *room = base_buf_room(&answer->in, READ_BYTES);
    if (room == NULL) {
        return base_buf_ok(&answer->in, fail);
    }
    ssize_t got = recv(answer->child.socket, room, READ_BYTES, 0);
    *out_gone = got == 0 || (got < 0 && !would_block());
    answer->in.len += got > 0 ? (size_t)got : 0;
    return true;
}

/* ---- what the child asks for -------------------------------------------------------------------------- */

static int scan_place(const struct sql_answer *answer, uint32_t id)
{
    for (int i = 0; i < SCANS_MAX; i++) {
        if (answer->scans[i] != NULL && sql_scan_id(answer->scans[i]) == id) {
            return i;
        }
    }
    return -1;
}

static bool take_scan(struct sql_answer *answer, struct str payload, struct fail *fail)
{
    for (int i = 0; i < SCANS_MAX; i++) {
        if (answer->scans[i] == NULL) {
            answer->wanted[i] = true;
            return sql_scan_open(&answer->world, payload, &answer->scans[i], fail);
        }
    }
    return fail_set(fail, FAIL_LIMIT, "a statement may walk at most %d tables at once", SCANS_MAX);
}

static bool take_id(struct sql_answer *answer, bool closes, struct str payload, struct fail *fail)
{
    uint32_t id;
    if (!sql_id_read(payload, &id, fail)) {
        return false;
    }
    int place = scan_place(answer, id);
    if (place < 0) {
        return true; /* over already: its last batch is on the way */
    }
    if (closes) {
        sql_scan_free(answer->scans[place]);
        answer->scans[place] = NULL;
    }
    answer->wanted[place] = !closes;
    return true;
}

static bool give_batch(struct sql_answer *answer, struct fail *fail)
{
    for (int i = 0; i < SCANS_MAX && answer->out.len == 0; i++) {
        if (answer->scans[i] == NULL || !answer->wanted[i]) {
            continue;
        }
        uint32_t rows;
        bool last;
        if (!sql_scan_next(answer->scans[i], &answer->out, &rows, &last, fail)) {
            return false;
        }
        answer->wanted[i] = false;
        answer->outcome.rows_scanned += rows;
        if (last) {
            sql_scan_free(answer->scans[i]);
            answer->scans[i] = NULL;
        }
    }
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------------------ */

static bool broken(struct fail *fail)
{
    return fail_set(fail, FAIL_INTERNAL, "the process that runs SQL sent what is no answer");
}

static bool take_columns(struct sql_answer *answer, struct str payload, struct fail *fail)
{
    struct str names[SQL_COLUMNS_MAX];
    uint64_t count;
    if (answer->has_columns || !sql_count_get(&payload, &count) || count > SQL_COLUMNS_MAX) {
        return broken(fail);
    }
    for (size_t i = 0; i < count; i++) {
        if (!sql_text_get(&payload, &names[i])) {
            return broken(fail);
        }
    }
    answer->has_columns = true;
    answer->column_count = (size_t)count;
    return answer->sink.columns(answer->sink.context, names, answer->column_count, fail);
}

static bool take_rows(struct sql_answer *answer, struct str payload, struct fail *fail)
{
    struct sql_value values[SQL_COLUMNS_MAX];
    if (!answer->has_columns || answer->column_count == 0) {
        return broken(fail);
    }
    while (payload.len > 0) {
        for (size_t i = 0; i < answer->column_count; i++) {
            if (!sql_value_get(&payload, &values[i])) {
                return broken(fail);
            }
        }
        if (++answer->outcome.rows > answer->limits.rows) {
            return broken(fail);
        }
        if (!answer->sink.row(answer->sink.context, values, answer->column_count, fail)) {
            return false;
        }
    }
    return true;
}

static bool take_done(struct sql_answer *answer, struct str payload, struct fail *fail)
{
    if (!answer->has_columns || payload.len != 1) {
        return broken(fail);
    }
    answer->outcome.truncated = payload.data[0] != 0;
    answer->done = true;
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

static bool take_frame(struct sql_answer *answer, enum sql_frame kind, struct str payload,
                       struct fail *fail)
{
    switch (kind) {
    case SQL_FRAME_SCAN:
        return take_scan(answer, payload, fail);
    case SQL_FRAME_NEXT:
    case SQL_FRAME_CLOSE:
        return take_id(answer, kind == SQL_FRAME_CLOSE, payload, fail);
    case SQL_FRAME_COLUMNS:
        return take_columns(answer, payload, fail);
    case SQL_FRAME_ROWS:
        return take_rows(answer, payload, fail);
    case SQL_FRAME_DONE:
        return take_done(answer, payload, fail);
    case SQL_FRAME_FAIL:
        return take_fail(payload, fail);
    case SQL_FRAME_OPEN:
    case SQL_FRAME_BATCH:
        break;
    }
    return broken(fail);
}

static bool take_frames(struct sql_answer *answer, struct fail *fail)
{
    struct str rest = base_buf_view(&answer->in);
    bool whole = true, good = true;
    while (good && whole && !answer->done) {
        enum sql_frame kind;
        struct str payload;
        good = sql_frame_cut(&rest, SQL_ROW_BYTES_MAX + FRAME_SPARE_BYTES, &whole, &kind, &payload,
                             fail);
        if (good && whole) {
            good = take_frame(answer, kind, payload, fail);
        }
    }
    if (rest.len > 0) {
        memmove(answer->in.data, rest.data, rest.len);
    }
    answer->in.len = rest.len;
    return good;
}

/* ---- one statement ----------------------------------------------------------------------------------------- */

static bool gone(struct sql_answer *answer, struct fail *fail)
{
    int number;
    sql_child_end(&answer->child, &number);
    answer->child.pid = 0;
    if (number == SIGXCPU) {
        return fail_set(fail, FAIL_LIMIT, "the statement took too long");
    }
    return fail_set(fail, FAIL_INTERNAL,
                    "the process that ran the statement was ended (%s); nothing else is affected",
                    number == 0 ? "by itself" : sigdescr_np(number));
}

/* Until there are more rows than `rows`, or the end. */
static bool converse(struct sql_answer *answer, uint64_t rows, struct fail *fail)
{
    while (!answer->done && answer->outcome.rows <= rows) {
        if (base_cancel_due(answer->cancel, fail) || !give_batch(answer, fail)) {
            return false;
        }
        bool left = !send_some(answer);
        struct pollfd poller = {.fd = answer->child.socket,
                                .events = (short)(POLLIN | (answer->out.len > 0 ? POLLOUT : 0))};
        if (poll(&poller, 1, POLL_MS) <= 0) {
            continue;
        }
        /* What it sent before it left is still there. */
        if ((poller.revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            !receive_some(answer, &left, fail)) {
            return false;
        }
        if (!take_frames(answer, fail)) {
            return false;
        }
        if (left && !answer->done) {
            return gone(answer, fail);
        }
    }
    return true;
}

static void write_open(struct sql_answer *answer, const struct sql_question *question)
{
    const struct sql_world *world = &answer->world;
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
    sql_open_write(&answer->out, &open);
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

static bool start(struct sql_answer *answer, struct store_snapshot *snapshot,
                  const struct sql_question *question, struct fail *fail)
{
    if (!check_question(question, fail) ||
        !sql_world_open(snapshot, answer->cancel, answer->budget, answer->arena, &answer->world,
                        fail) ||
        !sql_child_start(question->zone, &answer->child, fail)) {
        return false;
    }
    write_open(answer, question);
    return base_buf_ok(&answer->out, fail) && converse(answer, 0, fail);
}

bool sql_answer_open(struct store_snapshot *snapshot, const struct sql_question *question,
                     const struct sql_sink *sink, struct sql_answer **out, struct fail *fail)
{
    struct sql_answer *answer = base_alloc_zero(sizeof *answer);
    answer->budget = base_budget_new(question->limits.memory_bytes);
    answer->arena = arena_new(answer->budget);
    answer->limits = question->limits;
    answer->cancel = question->cancel;
    answer->sink = *sink;
    answer->in.limit = SQL_ROW_BYTES_MAX + 2 * FRAME_SPARE_BYTES;
    if (!start(answer, snapshot, question, fail)) {
        sql_answer_close(answer);
        return false;
    }
    *out = answer;
    return true;
}

bool sql_answer_step(struct sql_answer *answer, bool *out_end, struct fail *fail)
{
    if (!converse(answer, answer->outcome.rows, fail)) {
        return false;
    }
    *out_end = answer->done;
    return true;
}

const struct sql_outcome *sql_answer_outcome(const struct sql_answer *answer)
{
    return &answer->outcome;
}

void sql_answer_close(struct sql_answer *answer)
{
    if (answer == NULL) {
        return;
    }
    if (answer->child.pid != 0) {
        int ignored;
        sql_child_end(&answer->child, &ignored);
    }
    for (int i = 0; i < SCANS_MAX; i++) {
        sql_scan_free(answer->scans[i]);
    }
    base_buf_done(&answer->out);
    base_buf_done(&answer->in);
    arena_free(answer->arena);
    base_budget_free(answer->budget);
    base_free(answer);
}

bool sql_run(struct store_snapshot *snapshot, const struct sql_question *question,
             const struct sql_sink *sink, struct sql_outcome *out, struct fail *fail)
{
    struct sql_answer *answer;
    bool end = false;
    if (!sql_answer_open(snapshot, question, sink, &answer, fail)) {
        return false;
    }
    bool good = true;
    while (good && !end) {
        good = sql_answer_step(answer, &end, fail);
    }
    if (good) {
        *out = answer->outcome;
    }
    sql_answer_close(answer);
    return good;
}
