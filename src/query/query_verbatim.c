/* What the customers of an opened cell said: the newest events with text around it. */
#include "query_list.h"
#include "query_matcher.h"
#include "query_said.h"

enum column { HAS_TEXT, ARRIVAL, COLUMNS };

struct verbatim_run {
    struct query_exec *exec;
    struct store_scan *scan;
    struct query_said_page *pages; /* one a thread */
    uint64_t *totals;              /* found by each, on its page or not */
    struct fail *fails;
    bool *failed;
};

static void read_batch(struct query_said_page *page, const struct store_rows *rows)
{
    const struct store_column *texts = &rows->columns[HAS_TEXT],
                              *arrivals = &rows->columns[ARRIVAL];
    uint32_t c = 0, at = 0;
    for (uint32_t i = 0; i < texts->count; i++) {
        uint32_t row = texts->at[i];
        while (rows->row_begin[c + 1] <= row) {
            c++;
        }
        while (arrivals->at[at] < row) { /* every row has one */
            at++;
        }
        struct query_said said = {.customer = rows->customers[c],
                                  .ts_ms = rows->ts_ms[row],
                                  .arrival = (uint64_t)arrivals->values[at].i};
        query_said_offer(page, &said);
    }
}

static bool read_all(struct verbatim_run *run, int slot, struct fail *fail)
{
    struct query_exec *exec = run->exec;
    struct store_cursor *cursor;
    if (!store_cursor_new(run->scan, exec->budget, &cursor, fail)) {
        return false;
    }
    bool ok = true;
    for (;;) {
        const struct store_rows *rows;
        ok = (exec->cancel == NULL || !base_cancel_due(exec->cancel, fail)) &&
             store_cursor_next(cursor, &rows, fail);
        if (!ok || rows->customer_count == 0) {
            break;
        }
        read_batch(&run->pages[slot], rows);
        run->totals[slot] += rows->columns[HAS_TEXT].count;
    }
    store_cursor_free(cursor);
    return ok;
}

static void read_slot(void *context, int slot)
{
    struct verbatim_run *run = context;
    run->failed[slot] = !read_all(run, slot, &run->fails[slot]);
}

/* Into the first page and total. */
static bool merge(struct verbatim_run *run, struct fail *fail)
{
    for (int i = 0; i < run->exec->width; i++) {
        if (run->failed[i]) {
            *fail = run->fails[i];
            return false;
        }
        for (size_t k = 0; i > 0 && k < run->pages[i].count; k++) {
            query_said_offer(&run->pages[0], &run->pages[i].list[k]);
        }
        run->totals[0] += i > 0 ? run->totals[i] : 0;
    }
    return true;
}

static bool find(struct verbatim_run *run, const struct store_scan_options *options,
                 struct fail *fail)
{
    if (!store_scan_new(run->exec->snapshot, options, &run->scan, fail)) {
        return false;
    }
    base_pool_run(run->exec->pool, run->exec->width, read_slot, run);
    store_scan_free(run->scan);
    return merge(run, fail);
}

bool query_verbatims_write(struct query_exec *exec, const struct query_list_job *job,
                           const uint32_t *customers, size_t count, struct json_writer *w,
                           struct fail *fail)
{
    static const struct store_column_ref columns[COLUMNS] = {
        [HAS_TEXT] = {.of = STORE_COLUMN_HAS_TEXT},
        [ARRIVAL] = {.of = STORE_COLUMN_ARRIVAL},
    };
    static const struct query_said_order newest_first = {.by_time = true, .descending = true};
    if (!query_who_customers(exec, customers, count, &customers, &count, fail)) {
        return false;
    }
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
    struct verbatim_run run = {.exec = exec};
    run.pages = arena_array(exec->arena, width, sizeof *run.pages, fail);
    run.totals = arena_array(exec->arena, width, sizeof *run.totals, fail);
    run.fails = arena_array(exec->arena, width, sizeof *run.fails, fail);
    run.failed = arena_array(exec->arena, width, sizeof *run.failed, fail);
    if (run.pages == NULL || run.totals == NULL || run.fails == NULL || run.failed == NULL) {
        return false;
    }
    memset(run.totals, 0, width * sizeof *run.totals);
    for (size_t i = 0; i < width; i++) {
        if (!query_said_page_init(&run.pages[i], &newest_first, QUERY_VERBATIMS_MAX, exec->arena,
                                  fail)) {
            return false;
        }
    }
    if (count > 0 && (!query_events_bearing(exec, QUERY_BEARS_TEXT, &options.events,
                                            &options.event_count, fail) ||
                      !find(&run, &options, fail))) {
        return false;
    }
    struct query_said_form form = {.search = NULL};
    query_said_sort(&run.pages[0]);
    if (!query_said_write(exec, &run.pages[0], &form, w, fail)) {
        return false;
    }
    json_name_c(w, "verbatims_total");
    json_write_uint(w, run.totals[0]);
    return true;
}
