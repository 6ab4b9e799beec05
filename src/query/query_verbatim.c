/* What the customers of an opened cell said: the newest events with text around it. */
#include <stdlib.h>

#include "query_answer.h"
#include "query_list.h"

/* One event with text; its strings are copied when it enters the list. */
struct said {
    uint32_t customer;
    uint32_t event;
    uint64_t place; /* its row in the customer's rows of this pass: later rows arrived later */
    int64_t ts_ms;
    struct str id, text, channel, scale;
    bool has_score;
    struct store_value score;
    void *block; /* the copies */
    size_t block_bytes;
};
struct verbatim_state {
    struct said list[QUERY_VERBATIMS_MAX]; /* newest first */
    size_t count;
};

/* Whole runs of the pass have their own plan: what is asked here is not what the question asks. */
enum column { TEXT, CHANNEL, SCORE, SCALE, COLUMNS };

struct verbatim_run {
    struct query_exec *exec;
    struct store_scan *scan;
    struct base_cancel *cancel;
    struct verbatim_state *states;
    struct fail *fails;
    bool *failed;
};

static int compare_said(const struct said *a, const struct said *b)
{
    if (a->ts_ms != b->ts_ms) {
        return a->ts_ms > b->ts_ms ? -1 : 1;
    }
    if (a->customer != b->customer) {
        return str_compare(a->id, b->id);
    }
    return a->place > b->place ? -1 : a->place < b->place ? 1 : 0;
}

static void said_done(struct query_exec *exec, struct said *said)
{
    if (said->block != NULL) {
        base_budget_give(exec->budget, said->block_bytes);
        base_free(said->block);
        said->block = NULL;
    }
}

static struct str put(char **at, struct str text)
{
    if (text.data == NULL) {
        return text;
    }
    if (text.len > 0) {
        memcpy(*at, text.data, text.len);
    }
    struct str copy = str_of(*at, text.len);
    *at += text.len;
    return copy;
}

static bool said_keep(struct query_exec *exec, struct said *said, struct fail *fail)
{
    size_t bytes = said->id.len + said->text.len + said->channel.len + said->scale.len + 1;
    if (!base_budget_take(exec->budget, bytes, fail)) {
        return false;
    }
    if (!base_alloc_array(bytes, 1, &said->block, fail)) {
        base_budget_give(exec->budget, bytes);
        return false;
    }
    said->block_bytes = bytes;
    char *at = said->block;
    said->id = put(&at, said->id);
    said->text = put(&at, said->text);
    said->channel = put(&at, said->channel);
    said->scale = put(&at, said->scale);
    return true;
}

/* Is it among the newest by now? The list is short: insertion. */
static bool offer(struct query_exec *exec, struct verbatim_state *state, struct said *said,
                  struct fail *fail)
{
    size_t at = state->count;
    while (at > 0 && compare_said(said, &state->list[at - 1]) < 0) {
        at--;
    }
    if (at == QUERY_VERBATIMS_MAX) {
        return true;
    }
    if (!said_keep(exec, said, fail)) {
        return false;
    }
    if (state->count == QUERY_VERBATIMS_MAX) {
        said_done(exec, &state->list[--state->count]);
    }
    memmove(&state->list[at + 1], &state->list[at], (state->count - at) * sizeof state->list[0]);
    state->list[at] = *said;
    state->count++;
    return true;
}

/* The value of a column at a row, or NULL; rows come in order, so the places only go forward. */
static const struct store_value *value_at(const struct store_column *column, uint32_t *at,
                                          uint32_t row)
{
    while (*at < column->count && column->at[*at] < row) {
        (*at)++;
    }
    return *at < column->count && column->at[*at] == row ? &column->values[*at] : NULL;
}

static struct str text_or_missing(const struct store_value *value)
{
    return value == NULL || value->kind != STORE_STRING ? (struct str){NULL, 0}
                                                        : store_value_text(*value);
}

static bool read_batch(struct verbatim_run *run, struct verbatim_state *state,
                       const struct store_rows *rows, struct arena *scratch, struct fail *fail)
{
    uint32_t at[COLUMNS] = {0};
    uint32_t c = 0;
    const struct store_column *texts = &rows->columns[TEXT];
    for (uint32_t i = 0; i < texts->count; i++) {
        uint32_t row = texts->at[i];
        while (rows->row_begin[c + 1] <= row) {
            c++;
        }
        const struct said *last = &state->list[QUERY_VERBATIMS_MAX - 1];
        if (state->count == QUERY_VERBATIMS_MAX && rows->ts_ms[row] < last->ts_ms) {
            continue;
        }
        const struct store_value *score = value_at(&rows->columns[SCORE], &at[SCORE], row);
        struct said said = {
            .customer = rows->customers[c],
            .event = rows->events[row],
            .place = row - rows->row_begin[c],
            .ts_ms = rows->ts_ms[row],
            .id = store_customer_id(run->exec->snapshot, rows->customers[c], scratch),
            .text = text_or_missing(&texts->values[i]),
            .channel = text_or_missing(value_at(&rows->columns[CHANNEL], &at[CHANNEL], row)),
            .scale = text_or_missing(value_at(&rows->columns[SCALE], &at[SCALE], row)),
            .has_score = score != NULL,
        };
        if (score != NULL) {
            said.score = *score;
        }
        if (!offer(run->exec, state, &said, fail)) {
            return false;
        }
    }
    return true;
}

static bool read_all(struct verbatim_run *run, struct verbatim_state *state, struct fail *fail)
{
    struct store_cursor *cursor;
    if (!store_cursor_new(run->scan, run->exec->budget, &cursor, fail)) {
        return false;
    }
    CLEANUP(arena_free_at) struct arena *scratch = arena_new(run->exec->budget);
    bool ok = true;
    for (;;) {
        const struct store_rows *rows;
        ok = (run->cancel == NULL || !base_cancel_due(run->cancel, fail)) &&
             store_cursor_next(cursor, &rows, fail);
        if (!ok || rows->customer_count == 0) {
            break;
        }
        arena_reset(scratch);
        ok = read_batch(run, state, rows, scratch, fail);
        if (!ok) {
            break;
        }
    }
    store_cursor_free(cursor);
    return ok;
}

static void read_slot(void *context, int slot)
{
    struct verbatim_run *run = context;
    run->failed[slot] = !read_all(run, &run->states[slot], &run->fails[slot]);
}

static bool merge(struct verbatim_run *run, int width, struct verbatim_state *into,
                  struct fail *fail)
{
    for (int i = 0; i < width; i++) {
        if (run->failed[i]) {
            *fail = run->fails[i];
            return false;
        }
        for (size_t k = 0; k < run->states[i].count; k++) {
            struct said said = run->states[i].list[k];
            said.block = NULL;
            if (!offer(run->exec, into, &said, fail)) {
                return false;
            }
        }
    }
    return true;
}

static void write_text(struct json_writer *w, const char *name, struct str text)
{
    json_name_c(w, name);
    if (text.data == NULL) {
        json_write_null(w);
    } else {
        json_write_str(w, text);
    }
}

static void write_said(struct query_exec *exec, const struct verbatim_state *state,
                       struct json_writer *w)
{
    json_name_c(w, "verbatims");
    json_begin_array(w);
    for (size_t i = 0; i < state->count; i++) {
        const struct said *said = &state->list[i];
        json_begin_object(w);
        write_text(w, "customer", said->id);
        json_name_c(w, "ts");
        json_write_instant(w, said->ts_ms);
        write_text(w, "channel", said->channel);
        write_text(w, "event", store_event_name(exec->snapshot, said->event));
        write_text(w, "text", said->text);
        json_name_c(w, "score");
        if (said->has_score) {
            query_answer_value(w, said->score);
        } else {
            json_write_null(w);
        }
        write_text(w, "scale", said->scale);
        json_end_object(w);
    }
    json_end_array(w);
}

static void state_done(struct query_exec *exec, struct verbatim_state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        said_done(exec, &state->list[i]);
    }
}

bool query_verbatims_write(struct query_exec *exec, const struct query_list_job *job,
                           const uint32_t *customers, size_t count, struct json_writer *w,
                           struct fail *fail)
{
    static const struct store_column_ref columns[COLUMNS] = {
        [TEXT] = {.of = STORE_COLUMN_TEXT},
        [CHANNEL] = {.of = STORE_COLUMN_CHANNEL},
        [SCORE] = {.of = STORE_COLUMN_SCORE},
        [SCALE] = {.of = STORE_COLUMN_SCALE},
    };
    struct store_scan_options options = {
        .columns = columns,
        .column_count = COLUMNS,
        .from_ms = query_ms_add(job->said_from_ms, -QUERY_VERBATIMS_AROUND_MS),
        .to_ms = query_ms_add(job->said_to_ms, QUERY_VERBATIMS_AROUND_MS),
        .customers = customers,
        .customer_count = count,
        .cancel = exec->cancel,
    };
    size_t width = (size_t)exec->width;
    struct verbatim_run run = {.exec = exec, .cancel = exec->cancel};
    struct verbatim_state *whole = arena_array(exec->arena, width + 1, sizeof *whole, fail);
    run.fails = arena_array(exec->arena, width, sizeof *run.fails, fail);
    run.failed = arena_array(exec->arena, width, sizeof *run.failed, fail);
    if (whole == NULL || run.fails == NULL || run.failed == NULL) {
        return false;
    }
    bool ok = true;
    run.states = whole + 1;
    if (count > 0) {
        if (!store_scan_new(exec->snapshot, &options, &run.scan, fail)) {
            return false;
        }
        base_pool_run(exec->pool, exec->width, read_slot, &run);
        ok = merge(&run, exec->width, whole, fail);
        store_scan_free(run.scan);
    }
    if (ok) {
        write_said(exec, whole, w);
    }
    for (size_t i = 0; i <= width; i++) {
        state_done(exec, &whole[i]);
    }
    return ok;
}
