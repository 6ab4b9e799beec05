/* The backend over the store: passes in parallel, and the answer around what the kinds write. */
#include <stdarg.h>
#include <stdio.h>

#include "query_answer.h"
#include "query_counted.h"
#include "query_daily.h"
#include "query_kind.h"
#include "query_matcher.h"
#include "query_members.h"
#include "query_narrow.h"
#include "query_path.h"
#include "query_segment.h"
#include "query_shown.h"

#define FOLD_BYTES_MAX ((size_t)4 << 20) /* an event has at most 1 MiB, folding adds half at most */

#define CUSTOMERS_BETWEEN_POLLS 512 /* a search reads identifiers and traits of each */

/* ---- one pass ---- */

struct pass_run {
    struct query_exec *exec;
    const struct query_pass *pass;
    struct store_scan *scan;
    struct base_cancel cancel; /* the run's, and: another worker failed or stopped */
    struct query_worker **workers;
    uint64_t wanted;                   /* matchers that rows are marked with */
    const struct query_labels *labels; /* NULL: rows are not narrow */
    uint32_t one; /* the only customer that is read, where the segment names one */
    int width;    /* workers */
};

static bool run_is_cancelled(void *context)
{
    struct fail ignored;
    return base_cancel_due(context, &ignored);
}

static struct query_worker *worker_new(struct query_exec *exec, const struct query_pass *pass)
{
    struct query_worker *worker = base_alloc_zero(sizeof *worker);
    worker->exec = exec;
    worker->pass = pass;
    worker->arena = arena_new(exec->budget);
    worker->scratch = arena_new(exec->budget);
    worker->fold.limit = FOLD_BYTES_MAX;
    return worker;
}

static void worker_free(struct query_worker *worker)
{
    if (worker != NULL) {
        arena_free(worker->arena);
        arena_free(worker->scratch);
        base_buf_done(&worker->fold);
        base_free(worker);
    }
}

/* Has the customer a row that the kind asked for? Then only is the segment worth deciding. */
static bool has_wanted_row(const struct query_worker *worker, uint32_t c)
{
    const struct query_pass *pass = worker->pass;
    if (pass->every_customer || pass->every_event) {
        return true;
    }
    const struct store_rows *rows = worker->rows;
    for (uint32_t row = rows->row_begin[c]; row < rows->row_begin[c + 1]; row++) {
        if ((worker->masks[row] & pass->matchers) != 0) {
            return true;
        }
    }
    return false;
}

/* Removals of a trait are no values. */
static bool has_value(const struct store_column *column)
{
    uint32_t i = 0;
    while (i < column->count && column->values[i].kind == STORE_NULL) {
        i++;
    }
    return i < column->count;
}

/* Rows as they are shown, with their masks. */
static bool prepare_rows(struct query_worker *worker, uint64_t wanted, struct fail *fail)
{
    const struct query_members *members = worker->exec->members;
    if (worker->labels != NULL) { /* say it all */
        return members == NULL || members->list != NULL ||
               query_members_keep(members, worker, fail);
    }
    if (!query_shown_rows(worker, fail)) {
        return false;
    }
    for (size_t i = 0; i < worker->exec->plan->column_count; i++) {
        worker->hints[i] = 0;
        worker->column_seen[i] = worker->column_seen[i] || has_value(&worker->rows->columns[i]);
    }
    return query_matchers_mark(worker, wanted, fail);
}

bool query_worker_show(struct query_worker *worker, const struct store_rows *rows, uint64_t wanted,
                       struct fail *fail)
{
    arena_reset(worker->scratch);
    worker->rows = rows;
    worker->batch++;
    return prepare_rows(worker, wanted, fail);
}

/* What was counted before, which is not narrow. */
static bool work_counted(struct query_worker *worker, struct fail *fail)
{
    const struct query_labels *labels = worker->labels;
    worker->labels = NULL;
    bool ok = query_counted_walk(worker, fail);
    worker->labels = labels;
    return ok;
}

/* Members that are not listed are looked up among all who come, and only they count as having come. Of narrow rows the others
   are left out at once (prepare_rows). */
static bool looks_up_members(const struct query_worker *worker)
{
    const struct query_members *members = worker->exec->members;
    return members != NULL && members->list == NULL && worker->labels == NULL;
}

static bool is_meant(struct query_worker *worker, uint32_t c)
{
    const struct query_exec *exec = worker->exec;
    const struct store_rows *rows = worker->rows;
    if (looks_up_members(worker)) {
        if (!query_members_have(exec->members, rows->customers[c])) {
            return false;
        }
        worker->customers++;
        worker->events_scanned += rows->row_begin[c + 1] - rows->row_begin[c];
    }
    return exec->segment == NULL ||
           (has_wanted_row(worker, c) && query_segment_holds(worker, exec->segment, c));
}

static bool work_batch(struct query_worker *worker, uint64_t wanted, struct fail *fail)
{
    const struct query_pass *pass = worker->pass;
    bool (*customer)(struct query_worker * worker, uint32_t c, struct fail * fail) =
        worker->labels != NULL && pass->narrow_customer != NULL ? pass->narrow_customer
                                                                : pass->customer;
    arena_reset(worker->scratch);
    if (!prepare_rows(worker, wanted, fail)) {
        return false;
    }
    const struct store_rows *rows = worker->rows;
    worker->batch++;
    if (!looks_up_members(worker)) {
        worker->events_scanned += rows->row_count;
        worker->customers += rows->customer_count;
    }
    if (worker->labels != NULL && pass->narrow_batch != NULL) {
        INVARIANT(worker->exec->segment == NULL); /* or rows would not be narrow */
        return rows->customer_count == 0 || pass->narrow_batch(worker, fail);
    }
    for (uint32_t c = 0; c < rows->customer_count && !worker->stop; c++) {
        if (c % CUSTOMERS_BETWEEN_POLLS == 0 && base_cancel_due(worker->cancel, fail)) {
            return false;
        }
        if (is_meant(worker, c) && !customer(worker, c, fail)) {
            return false;
        }
    }
    return true;
}

static bool work(struct pass_run *run, struct query_worker *worker, struct fail *fail)
{
    size_t columns = run->exec->plan->column_count;
    worker->hints = arena_array(worker->arena, columns, sizeof *worker->hints, fail);
    worker->column_seen = arena_array(worker->arena, columns, sizeof *worker->column_seen, fail);
    struct store_cursor *cursor;
    if (worker->hints == NULL || worker->column_seen == NULL ||
        (run->pass->start != NULL && !run->pass->start(worker, fail)) ||
        (run->pass->counted != NULL && worker == run->workers[0] && !work_counted(worker, fail)) ||
        (run->pass->daily != NULL && worker == run->workers[0] &&
         !run->pass->daily->take(worker, run->pass->daily, fail)) ||
        !store_cursor_new(run->scan, run->exec->budget, &cursor, fail)) {
        return false;
    }
    bool ok = true;
    while (ok && !worker->stop) {
        ok = !base_cancel_due(&run->cancel, fail) && store_cursor_next(cursor, &worker->rows, fail);
        if (!ok || worker->rows->customer_count == 0) {
            break;
        }
        ok = work_batch(worker, run->wanted, fail);
    }
    worker->rows = NULL;
    store_cursor_free(cursor);
    return ok;
}

static void work_slot(void *context, int slot)
{
    struct pass_run *run = context;
    struct query_worker *worker = run->workers[slot];
    worker->failed = !work(run, worker, &worker->fail);
    if (worker->failed || worker->stop) {
        base_cancel_now(&run->cancel);
    }
}

/* Codes of the events that the pass or the segment wants; NULL where that is all there are. */
static bool choose_events(const struct query_exec *exec, const struct query_pass *pass,
                          uint64_t wanted, const uint32_t **out, size_t *out_count,
                          struct fail *fail)
{
    uint32_t *codes = arena_alloc(exec->arena, (exec->code_count + 1) * sizeof *codes, fail);
    if (codes == NULL) {
        return false;
    }
    size_t count = 0;
    for (uint32_t code = 0; code < exec->code_count; code++) {
        if ((exec->code_masks[code] & wanted) != 0 ||
            (pass->every_event && (exec->code_is_own[code] || pass->with_bookkeeping))) {
            codes[count++] = code;
        }
    }
    *out = count == exec->code_count && count > 0 ? NULL : codes;
    *out_count = count;
    return true;
}

static bool open_scan(struct query_exec *exec, const struct query_pass *pass, struct pass_run *run,
                      struct fail *fail)
{
    const struct query_plan *plan = exec->plan;
    const uint32_t *only = pass->only;
    size_t only_count = pass->only_count;
    if (only == NULL && exec->members != NULL) {
        only = exec->members->list;
        only_count = exec->members->count;
    } else if (only == NULL && query_one_customer(exec, &run->one)) {
        only = &run->one;
        only_count = 1;
    }
    struct store_scan_options options = {
        .columns = exec->scan_columns,
        .column_count = exec->scan_column_count,
        .runs = exec->merge_count == 0, /* columns are put together by row */
        .from_ms = pass->from_ms,
        .to_ms = pass->to_ms,
        .every_customer = pass->every_customer &&
                          (exec->segment == NULL || !query_segment_needs_rows(exec->segment)),
        .want_facts = plan->wants_facts,
        .by_account = exec->accounts != NULL,
        .customers = only,
        .customer_count = only == NULL ? 0 : only_count,
        .without = pass->counted != NULL ? store_counts_segments(pass->counted->counts) : NULL,
        .without_fresh = pass->counted != NULL && store_counts_fresh(pass->counted->counts),
        .cancel = &run->cancel,
    };
    if (exec->segment_matchers != 0) {
        bool own_rows = pass->matchers != 0 || pass->every_event;
        int64_t after_now_ms = query_ms_add(plan->now_ms, 1);
        if (!own_rows || exec->segment_since_ms < options.from_ms) {
            options.from_ms = exec->segment_since_ms;
        }
        if (!own_rows || after_now_ms > options.to_ms) {
            options.to_ms = after_now_ms;
        }
    }
    if (!query_labels_choose(exec, pass, run->wanted, &run->labels, fail)) {
        return false;
    }
    if (run->labels != NULL) {
        options.labels = run->labels->by_code;
        options.label_count = exec->code_count;
        options.slots = pass->slots;
        options.any_order = pass->any_order;
        options.cuts = pass->cuts;
        options.cut_count = pass->cut_count;
        return store_scan_new(exec->snapshot, &options, &run->scan, fail);
    }
    return choose_events(exec, pass, run->wanted, &options.events, &options.event_count, fail) &&
           store_scan_new(exec->snapshot, &options, &run->scan, fail);
}

/* Nobody is woken to find nothing: what was counted is taken by the first worker alone. */
static int width_of(const struct query_exec *exec, const struct store_scan *scan)
{
    size_t units = store_scan_units(scan);
    return units < 1 ? 1 : units < (size_t)exec->width ? (int)units : exec->width;
}

/* The failure of the first worker that has one of its own: others were only told to stop. */
static bool report(struct pass_run *run, struct fail *fail)
{
    const struct query_worker *first = NULL;
    for (int i = 0; i < run->width; i++) {
        const struct query_worker *worker = run->workers[i];
        if (worker->failed && (first == NULL || (first->fail.code == FAIL_CANCELLED &&
                                                 worker->fail.code != FAIL_CANCELLED))) {
            first = worker;
        }
    }
    if (first == NULL) {
        return true;
    }
    *fail = first->fail;
    if (first->fail.code == FAIL_CANCELLED && run->exec->cancel != NULL) {
        struct fail reason;
        if (base_cancel_due(run->exec->cancel, &reason)) {
            *fail = reason; /* past the deadline, say */
        }
    }
    return false;
}

static void collect(struct query_exec *exec, const struct query_workers *workers)
{
    uint64_t customers = 0;
    for (int i = 0; i < workers->count; i++) {
        const struct query_worker *worker = workers->list[i];
        exec->events_scanned += worker->events_scanned;
        customers += worker->customers;
        for (size_t k = 0; k < exec->plan->column_count; k++) {
            exec->column_seen[k] = exec->column_seen[k] || worker->column_seen[k];
        }
    }
    exec->customers = customers > exec->customers ? customers : exec->customers;
}

bool query_pass_run(struct query_exec *exec, const struct query_pass *pass,
                    struct query_workers *out, struct fail *fail)
{
    if (!query_members_find(exec, pass, fail)) {
        return false;
    }
    struct pass_run run = {
        .exec = exec, .pass = pass, .wanted = pass->matchers | exec->segment_matchers};
    if (exec->cancel != NULL) {
        run.cancel.clock = exec->cancel->clock;
        run.cancel.deadline_us = exec->cancel->deadline_us;
        run.cancel.asker_gone = run_is_cancelled;
        run.cancel.asker = exec->cancel;
    }
    if (!open_scan(exec, pass, &run, fail)) {
        return false;
    }
    run.width = width_of(exec, run.scan);
    struct query_workers workers = {.count = run.width};
    workers.list = base_alloc_zero((size_t)run.width * sizeof *workers.list);
    run.workers = workers.list;
    for (int i = 0; i < run.width; i++) {
        workers.list[i] = worker_new(exec, pass);
        workers.list[i]->cancel = &run.cancel;
        workers.list[i]->labels = run.labels;
    }
    base_pool_run(exec->pool, run.width, work_slot, &run);
    store_scan_free(run.scan);
    for (int i = 0; i < run.width; i++) {
        workers.list[i]->cancel = NULL;
        workers.stopped = workers.stopped || workers.list[i]->stop;
    }
    if (!workers.stopped && !report(&run, fail)) {
        query_workers_free(&workers);
        return false;
    }
    if (!workers.stopped) {
        collect(exec, &workers);
    }
    *out = workers;
    return true;
}

const uint64_t *query_workers_sum(struct query_workers *workers, size_t counters)
{
    uint64_t *sums = workers->list[0]->state;
    for (int i = 1; i < workers->count; i++) {
        const uint64_t *from = workers->list[i]->state;
        for (size_t k = 0; k < counters; k++) {
            sums[k] += from[k];
        }
    }
    return sums;
}

void query_workers_keep_first(struct query_workers *workers)
{
    for (int i = 1; i < workers->count; i++) {
        worker_free(workers->list[i]);
        workers->list[i] = NULL;
    }
    workers->count = workers->count > 0 ? 1 : 0;
}

void query_workers_free(struct query_workers *workers)
{
    query_workers_keep_first(workers);
    if (workers->count > 0) {
        worker_free(workers->list[0]);
    }
    base_free(workers->list);
    *workers = (struct query_workers){.list = NULL};
}

void query_exec_warn(struct query_exec *exec, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    query_text_trim(line);
    struct str text = str_from_c(line);
    for (size_t i = 0; i < exec->warning_count; i++) {
        if (str_equal(exec->warnings[i], text)) {
            return;
        }
    }
    if (exec->warning_count == exec->warning_capacity) {
        size_t capacity = exec->warning_capacity == 0 ? 8 : 2 * exec->warning_capacity;
        struct str *grown = arena_small(exec->arena, capacity * sizeof *grown);
        if (exec->warning_count > 0) {
            memcpy(grown, exec->warnings, exec->warning_count * sizeof *grown);
        }
        exec->warnings = grown;
        exec->warning_capacity = capacity;
    }
    exec->warnings[exec->warning_count++] = str_copy(exec->arena, text);
}

/* ---- the backend ---- */

struct engine {
    struct query_backend backend;
    struct base_pool *pool;
};

bool query_exec_init(struct query_exec *exec, struct query_backend *backend,
                     const struct query_plan *plan, const struct query_run *run, struct fail *fail)
{
    struct base_pool *pool = ((struct engine *)(void *)backend)->pool;
    *exec = (struct query_exec){
        .plan = plan,
        .snapshot = run->snapshot,
        .pool = pool,
        .width = run->threads > 0 ? run->threads : base_pool_width(pool),
        .cancel = run->cancel,
        .budget = base_budget_new(run->memory_bytes),
        .memory_bytes = run->memory_bytes,
    };
    exec->arena = arena_new(exec->budget);
    exec->column_seen =
        arena_array(exec->arena, plan->column_count, sizeof *exec->column_seen, fail);
    exec->segment = plan->segment;
    query_segment_needs(exec->segment, &exec->segment_matchers, &exec->segment_since_ms);
    return exec->column_seen != NULL && query_shown_bind(exec, fail) &&
           (!plan->per_account || store_accounts_of(exec->snapshot, &exec->accounts, fail)) &&
           query_matchers_bind(exec, fail);
}

void query_exec_done(struct query_exec *exec)
{
    arena_free(exec->arena);
    base_budget_free(exec->budget);
}

static bool engine_run(struct query_backend *backend, const struct query_plan *plan,
                       const struct query_run *run, struct base_buf *out, struct fail *fail)
{
    struct query_exec exec;
    size_t before = out->len;
    bool ok = query_exec_init(&exec, backend, plan, run, fail) &&
              query_answer_write(&exec, out, fail) && base_buf_ok(out, fail);
    query_exec_done(&exec);
    if (!ok) {
        out->len = before < out->len ? before : out->len;
    }
    return ok;
}

static void engine_destroy(struct query_backend *backend)
{
    base_free(backend);
}

struct query_backend *query_engine_new(struct base_pool *pool)
{
    struct engine *engine = base_alloc_zero(sizeof *engine);
    engine->backend = (struct query_backend){.run = engine_run, .destroy = engine_destroy};
    engine->pool = pool;
    return &engine->backend;
}

void query_backend_free(struct query_backend *backend)
{
    if (backend != NULL) {
        backend->destroy(backend);
    }
}

bool query_backend_run(struct query_backend *backend, const struct query_plan *plan,
                       const struct query_run *run, struct base_buf *out, struct fail *fail)
{
    return backend->run(backend, plan, run, out, fail);
}
