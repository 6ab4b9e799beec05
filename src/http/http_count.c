/* What every reply adds to the numbers at /metrics. Counters are atomics that nothing else depends on: a reader
 * may see one of a pair a moment before the other. */
#include "app_jobs.h"
#include "http_internal.h"

#include <stdatomic.h>

#define CLASSES 6 /* by the hundreds: index 2 is 2xx */

static const int64_t BOUNDS_US[] = {500,    1000,   2500,   5000,    10000,   25000,    50000,
                                    100000, 250000, 500000, 1000000, 2500000, 10000000, 30000000};
static const char *const BOUND_NAMES[] = {"0.0005", "0.001", "0.0025", "0.005", "0.01",
                                          "0.025",  "0.05",  "0.1",    "0.25",  "0.5",
                                          "1.0",    "2.5",   "10.0",   "30.0"};
_Static_assert(ARRAY_LEN(BOUNDS_US) == ARRAY_LEN(BOUND_NAMES), "a name for each bound");
#define BOUNDS ARRAY_LEN(BOUNDS_US)

struct line {
    _Atomic uint64_t by_class[CLASSES];
    _Atomic uint64_t by_time[BOUNDS + 1];
    _Atomic uint64_t time_us;
    _Atomic uint64_t bytes;
};

struct http_counters {
    struct line page; /* and everything that is no route */
    struct line routes[];
};

struct http_counters *http_counters_new(void)
{
    return base_alloc_zero(sizeof(struct http_counters) + http_route_count * sizeof(struct line));
}

void http_counters_free(struct http_counters *counters)
{
    base_free(counters);
}

void http_count_reply(struct http_counters *counters, const struct http_route *route, int status,
                      size_t bytes, int64_t elapsed_us)
{
    bool listed = route >= http_routes && route < http_routes + http_route_count;
    struct line *line = listed ? &counters->routes[route - http_routes] : &counters->page;
    int class = status / 100;
    atomic_fetch_add(&line->by_class[class > 0 && class < CLASSES ? class : 5], 1);
    size_t bucket = 0;
    while (bucket < BOUNDS && elapsed_us > BOUNDS_US[bucket]) {
        bucket++;
    }
    atomic_fetch_add(&line->by_time[bucket], 1);
    atomic_fetch_add(&line->time_us, elapsed_us > 0 ? (uint64_t)elapsed_us : 0U);
    atomic_fetch_add(&line->bytes, bytes);
}

static void family(struct base_buf *out, bool open_metrics, const char *name, const char *type,
                   const char *unit, const char *help)
{
    bool counter = strcmp(type, "counter") == 0;
    const char *suffix = counter && !open_metrics ? "_total" : "";
    base_buf_printf(out, "# TYPE %s%s %s\n", name, suffix, type);
    if (open_metrics && unit != NULL) {
        base_buf_printf(out, "# UNIT %s %s\n", name, unit);
    }
    base_buf_printf(out, "# HELP %s%s %s\n", name, suffix, help);
}

static const char *route_name(size_t i, const char **method)
{
    if (i == http_route_count) {
        *method = "GET";
        return "other";
    }
    *method = net_method_name(http_routes[i].method);
    return http_routes[i].path;
}

static struct line *line_at(struct http_counters *counters, size_t i)
{
    return i == http_route_count ? &counters->page : &counters->routes[i];
}

static void write_times(struct base_buf *out, struct http_counters *counters)
{
    for (size_t i = 0; i <= http_route_count; i++) {
        struct line *line = line_at(counters, i);
        const char *method;
        const char *path = route_name(i, &method);
        uint64_t counts[BOUNDS + 1];
        uint64_t sum = 0;
        for (size_t b = 0; b <= BOUNDS; b++) {
            counts[b] = atomic_load(&line->by_time[b]);
            sum += counts[b];
        }
        if (sum == 0) {
            continue;
        }
        uint64_t below = 0;
        for (size_t b = 0; b <= BOUNDS; b++) {
            below += counts[b];
            base_buf_printf(out,
                            "firsthand_http_request_duration_seconds_bucket{method=\"%s\","
                            "route=\"%s\",le=\"%s\"} %llu\n",
                            method, path, b == BOUNDS ? "+Inf" : BOUND_NAMES[b],
                            (unsigned long long)below);
        }
        base_buf_printf(out,
                        "firsthand_http_request_duration_seconds_sum{method=\"%s\",route=\"%s\"} "
                        "%.6f\n",
                        method, path, (double)atomic_load(&line->time_us) / 1e6);
        base_buf_printf(out,
                        "firsthand_http_request_duration_seconds_count{method=\"%s\",route=\"%s\"} "
                        "%llu\n",
                        method, path, (unsigned long long)sum);
    }
}

void http_counters_write(struct http_counters *counters, bool open_metrics, struct base_buf *out)
{
    family(out, open_metrics, "firsthand_http_requests", "counter", NULL,
           "Requests answered, by route and class of status.");
    for (size_t i = 0; i <= http_route_count; i++) {
        struct line *line = line_at(counters, i);
        const char *method;
        const char *path = route_name(i, &method);
        for (int class = 1; class < CLASSES; class ++) {
            uint64_t n = atomic_load(&line->by_class[class]);
            if (n > 0) {
                base_buf_printf(out,
                                "firsthand_http_requests_total{method=\"%s\",route=\"%s\","
                                "status=\"%dxx\"} %llu\n",
                                method, path, class, (unsigned long long)n);
            }
        }
    }
    family(out, open_metrics, "firsthand_http_request_duration_seconds", "histogram", "seconds",
           "Time from a whole head to the end of the answer.");
    write_times(out, counters);
}

/* ---- /metrics ------------------------------------------------------------------------------------------ */

static void label_write(struct base_buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\\' || c == '"') {
            base_buf_byte(out, '\\');
        }
        if (c == '\n') {
            base_buf_c(out, "\\n");
        } else {
            base_buf_byte(out, c);
        }
    }
}

static void verdict_write(struct base_buf *out, struct str source, const char *verdict, uint64_t n)
{
    base_buf_c(out, "firsthand_events_total{source=\"");
    label_write(out, source);
    base_buf_printf(out, "\",verdict=\"%s\"} %llu\n", verdict, (unsigned long long)n);
}

static void gauge(struct base_buf *out, bool open_metrics, const char *name, const char *unit,
                  const char *help, double value)
{
    char number[BASE_DOUBLE_CHARS];
    size_t len = base_format_double(value, number);
    family(out, open_metrics, name, "gauge", unit, help);
    base_buf_printf(out, "%s ", name);
    base_buf_bytes(out, number, len);
    base_buf_byte(out, '\n');
}

static void counter(struct base_buf *out, bool open_metrics, const char *name, const char *help,
                    uint64_t value)
{
    family(out, open_metrics, name, "counter", NULL, help);
    base_buf_printf(out, "%s_total %llu\n", name, (unsigned long long)value);
}

static void ledger_write(struct base_buf *out, bool open_metrics, const struct store_ledger *ledger)
{
    family(out, open_metrics, "firsthand_events", "counter", NULL,
           "Events by source and verdict; all verdicts add up to what was received.");
    for (size_t i = 0; i < ledger->source_count; i++) {
        const struct store_ledger_line *line = &ledger->sources[i];
        verdict_write(out, line->source, "stored", line->stored);
        verdict_write(out, line->source, "duplicate", line->duplicate);
        verdict_write(out, line->source, "quarantined", line->quarantined);
        verdict_write(out, line->source, "refused", line->refused);
    }
    const struct store_ledger_line *all = &ledger->total;
    uint64_t sum = all->stored + all->duplicate + all->quarantined + all->refused;
    counter(out, open_metrics, "firsthand_events_received", "Events received.", all->received);
    gauge(out, open_metrics, "firsthand_ledger_imbalance", NULL,
          "Received less the four verdicts: anything but 0 is an alarm.",
          (double)all->received - (double)sum);
    counter(out, open_metrics, "firsthand_requests_refused",
            "Requests for intake that were refused whole.", ledger->requests_refused);
}

static void store_write(struct base_buf *out, bool open_metrics, const struct store_status *status)
{
    gauge(out, open_metrics, "firsthand_store_events", NULL, "Events stored.",
          (double)status->events);
    gauge(out, open_metrics, "firsthand_store_customers", NULL, "Customers known.",
          (double)status->customers);
    gauge(out, open_metrics, "firsthand_store_segments", NULL, "Segments on disk.",
          (double)status->segments);
    gauge(out, open_metrics, "firsthand_store_fresh_rows", NULL, "Rows not sealed yet.",
          (double)status->fresh_rows);
    gauge(out, open_metrics, "firsthand_store_journal_bytes", "bytes", "Size of the journal.",
          (double)status->journal_bytes);
    gauge(out, open_metrics, "firsthand_store_segment_bytes", "bytes", "Size of the segments.",
          (double)status->segment_bytes);
    gauge(out, open_metrics, "firsthand_store_read_only", NULL,
          "1 after a failed sync: nothing is taken in any more.",
          status->read_only_after_failure ? 1.0 : 0.0);
    gauge(out, open_metrics, "firsthand_store_leases", NULL, "Snapshots kept for opening numbers.",
          (double)status->leases);
}

static void room_write(struct base_buf *out, bool open_metrics, const struct app_room_now *room)
{
    gauge(out, open_metrics, "firsthand_disk_free_bytes", "bytes", "Room on the disk.",
          (double)room->free_bytes);
    gauge(out, open_metrics, "firsthand_disk_low_bytes", "bytes",
          "Below this much room merges and backups to the same disk wait.",
          (double)room->low_bytes);
    gauge(out, open_metrics, "firsthand_disk_full_bytes", "bytes",
          "Below this much room no events are taken.", (double)room->full_bytes);
    gauge(out, open_metrics, "firsthand_disk_state", NULL,
          "0: there is room; 1: little; 2: none, events are refused.", (double)room->state);
    gauge(out, open_metrics, "firsthand_disk_ballast_bytes", "bytes",
          "Size of the ballast; 0: thrown off, or none.", (double)room->ballast_bytes);
}

static void server_write(struct base_buf *out, bool open_metrics,
                         const struct net_server_counts *counts)
{
    gauge(out, open_metrics, "firsthand_http_connections", NULL, "Connections now.",
          (double)counts->connections);
    gauge(out, open_metrics, "firsthand_http_requests_running", NULL, "Requests under way.",
          (double)counts->requests_running);
    gauge(out, open_metrics, "firsthand_http_body_bytes", "bytes", "Bodies being held.",
          (double)counts->body_bytes);
    counter(out, open_metrics, "firsthand_http_connections_opened", "Connections accepted.",
            (uint64_t)counts->connections_total);
    counter(out, open_metrics, "firsthand_http_malformed", "Requests refused for their form.",
            (uint64_t)counts->refused_malformed);
    counter(out, open_metrics, "firsthand_http_cut_slow", "Connections ended for being too slow.",
            (uint64_t)counts->refused_slow);
    counter(out, open_metrics, "firsthand_http_busy", "Requests refused for lack of room.",
            (uint64_t)counts->refused_busy);
}

static void jobs_write(struct base_buf *out, bool open_metrics, const struct app_job_row *rows,
                       size_t count)
{
    family(out, open_metrics, "firsthand_job_runs", "counter", NULL, "Runs of each job, ever.");
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(out, "firsthand_job_runs_total{job=\"%s\"} %lld\n", rows[i].job->name,
                        (long long)rows[i].last.runs);
    }
    family(out, open_metrics, "firsthand_job_failing", "gauge", NULL,
           "How often each job has failed in a row: anything above a few is an alarm.");
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(out, "firsthand_job_failing{job=\"%s\"} %lld\n", rows[i].job->name,
                        (long long)rows[i].last.failures);
    }
    family(out, open_metrics, "firsthand_job_last_good_timestamp_seconds", "gauge", "seconds",
           "When the last good run of each job began; 0: none yet.");
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(out, "firsthand_job_last_good_timestamp_seconds{job=\"%s\"} %.3f\n",
                        rows[i].job->name, (double)rows[i].last.good_ms / 1e3);
    }
    family(out, open_metrics, "firsthand_job_last_duration_seconds", "gauge", "seconds",
           "How long the last run of each job took.");
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(out, "firsthand_job_last_duration_seconds{job=\"%s\"} %.3f\n",
                        rows[i].job->name, (double)rows[i].last.took_ms / 1e3);
    }
}

void http_metrics(struct http_call *call)
{
    struct http *http = call->http;
    struct store *store = app_store(http->app);
    struct str accept = net_header(call->request, "Accept");
    bool open_metrics = str_find(accept, STR("application/openmetrics-text")) < accept.len;
    struct store_ledger ledger;
    struct store_status status;
    struct net_server_counts counts;
    struct app_job_row *jobs;
    size_t job_count;
    struct fail fail;
    if (!store_ledger_read(store, call->arena, &ledger, &fail) ||
        !app_jobs_read(http->app, call->arena, &jobs, &job_count, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    store_status_read(store, &status);
    net_server_count(http->server, &counts);
    struct base_buf body = {.limit = (size_t)16 << 20};
    family(&body, open_metrics, open_metrics ? "firsthand_build" : "firsthand_build_info",
           open_metrics ? "info" : "gauge", NULL, "The version that runs.");
    base_buf_printf(&body, "firsthand_build_info{version=\"%s\"} 1\n", APP_VERSION);
    ledger_write(&body, open_metrics, &ledger);
    store_write(&body, open_metrics, &status);
    struct app_room_now room = app_room_of(http->app);
    room_write(&body, open_metrics, &room);
    jobs_write(&body, open_metrics, jobs, job_count);
    server_write(&body, open_metrics, &counts);
    http_counters_write(http->counters, open_metrics, &body);
    if (open_metrics) {
        base_buf_c(&body, "# EOF\n");
    }
    if (!base_buf_ok(&body, &fail)) {
        base_buf_done(&body);
        http_problem_fail(call, &fail);
        return;
    }
    call->reply->status = 200;
    call->reply->body = body;
    net_reply_header(call->reply, "Content-Type",
                     open_metrics
                         ? STR("application/openmetrics-text; version=1.0.0; charset=utf-8")
                         : STR("text/plain; version=0.0.4; charset=utf-8"));
    net_reply_header(call->reply, "Cache-Control", STR("no-store"));
}
