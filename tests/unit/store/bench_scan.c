/* bench_scan.c — bytes an event and rows a second of segments and scans, on generated events.
 *
 * bench_store_scan [rows in millions] [folder]: writes segments of 250,000 rows into the folder, merges them into one,
 * and scans it with one thread. The events: 40 names (Zipf), country, plan, device by customer, page (2,000),
 * price on a tenth; 50 a customer; times in whole seconds over 180 days; a UUID each as message_id.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base_random.h"
#include "store_build.h"
#include "store_fresh.h"

#define SEAL_ROWS 250000U
#define START_MS INT64_C(1736121600000)

/* Nobody is ever joined here, or in an account. */
struct store_identity_view {
    int nothing;
};
uint32_t store_identity_root(const struct store_identity_view *view, uint32_t number)
{
    (void)view;
    return number;
}
uint64_t store_identity_position(const struct store_identity_view *view)
{
    (void)view;
    return 0;
}
bool store_identity_moved(const struct store_identity_view *view, uint64_t since,
                          struct store_moved **out, struct fail *fail)
{
    (void)view, (void)since;
    *out = store_moved_new(0, fail);
    return *out != NULL;
}
bool store_identity_places(const struct store_identity_view *view, uint32_t root,
                           struct arena *arena, uint32_t **out, size_t *out_count,
                           struct fail *fail)
{
    (void)view, (void)fail;
    *out = arena_small(arena, sizeof root);
    **out = root;
    *out_count = 1;
    return true;
}

bool store_accounts_of(struct store_snapshot *snapshot, const struct store_accounts **out,
                       struct fail *fail)
{
    static const struct store_accounts none;
    (void)snapshot, (void)fail;
    *out = &none;
    return true;
}

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fprintf(stderr, "%s\n", fail->message);
        exit(1);
    }
}

static double seconds(void)
{
    return (double)base_steady_us(base_clock_real()) / 1e6;
}

struct bench {
    struct disk *disk;
    struct store_names *names;
    struct store_identity_view view;
    struct base_random_seeded seeded;
    struct arena *arena;
    uint32_t rows, customers;
    uint32_t events[40], source, channel;
    uint32_t names_of[5];
    struct str values[5][2000];
    uint32_t zipf[1024];
    uint64_t arrival;
};

static const char *const property_names[] = {"country", "plan", "device", "page", "price"};
static const uint32_t value_counts[] = {60, 4, 6, 2000, 0};

static void prepare(struct bench *bench)
{
    char text[40];
    for (uint32_t e = 0; e < 40; e++) {
        (void)snprintf(text, sizeof text, "Event %u", e);
        bench->events[e] = store_names_intern(bench->names, STORE_FAMILY_EVENT, str_from_c(text));
    }
    bench->source = store_names_intern(bench->names, STORE_FAMILY_SOURCE, STR("bench"));
    bench->channel = store_names_intern(bench->names, STORE_FAMILY_CHANNEL, STR("web"));
    for (int p = 0; p < 5; p++) {
        bench->names_of[p] =
            store_names_intern(bench->names, STORE_FAMILY_PROPERTY, str_from_c(property_names[p]));
        for (uint32_t v = 0; v < value_counts[p]; v++) {
            bench->values[p][v] = str_format(bench->arena, "%s-%u", property_names[p], v);
        }
    }
    double sum = 0;
    double at = 0;
    for (uint32_t e = 0; e < 40; e++) {
        sum += 1.0 / (e + 1);
    }
    uint32_t next = 0;
    for (uint32_t e = 0; e < 40; e++) {
        at += 1.0 / (e + 1) / sum * 1024;
        while (next < 1024 && next < at) {
            bench->zipf[next++] = e;
        }
    }
}

/* Rows arrive in order of time, as they do. */
static void add_row(struct bench *bench, struct store_fresh *fresh)
{
    struct fail fail;
    struct base_random *random = &bench->seeded.random;
    uint32_t customer = (uint32_t)base_random_below(random, bench->customers);
    if (base_random_below(random, 2) == 0) {
        customer = (uint32_t)base_random_below(random, customer + 1); /* some are more active */
    }
    uint64_t mix = customer * UINT64_C(0x9E3779B97F4A7C15) >> 20;
    char id[40];
    struct store_cell cells[5];
    struct store_row row = {
        .original = customer,
        .customer = customer,
        .arrival = ++bench->arrival,
        .ts_ms = START_MS + (int64_t)(bench->arrival * 15552000 / bench->rows) * 1000,
        .client_ts_ms = STORE_NO_TIME,
        .sent_at_ms = STORE_NO_TIME,
        .event = bench->events[bench->zipf[base_random_below(random, 1024)]],
        .source = bench->source,
        .channel = bench->channel,
        .scale = STORE_NO_CODE,
    };
    row.received_at_ms = row.ts_ms + 20 + (int64_t)base_random_below(random, 300);
    (void)snprintf(id, sizeof id, "%08x-%04x-4%03x-8%03x-%012llx",
                   (unsigned)base_random_u64(random), (unsigned)base_random_below(random, 65536),
                   (unsigned)base_random_below(random, 4096),
                   (unsigned)base_random_below(random, 4096),
                   (unsigned long long)base_random_u64(random) >> 16);
    row.message_id = str_from_c(id);
    uint32_t places[4] = {(uint32_t)(mix % 60), (uint32_t)(mix / 60 % 4), (uint32_t)(mix / 240 % 6),
                          (uint32_t)base_random_below(random, 2000)};
    for (uint32_t p = 0; p < 4; p++) {
        cells[p] =
            (struct store_cell){bench->names_of[p], store_value_str(bench->values[p][places[p]])};
    }
    row.properties = cells;
    row.property_count = 4;
    if (base_random_below(random, 10) == 0) {
        cells[row.property_count++] = (struct store_cell){
            bench->names_of[4],
            store_value_double((double)(99 + base_random_below(random, 20000)) / 100)};
    }
    must(store_fresh_append(fresh, &row, &fail), &fail);
}

static struct store_segment *seal(struct bench *bench, uint64_t id, uint32_t rows, double *took)
{
    struct fail fail;
    struct store_segment *segment;
    struct store_fresh *fresh = store_fresh_new(rows);
    for (uint32_t i = 0; i < rows; i++) {
        add_row(bench, fresh);
    }
    const struct store_fresh_view view = {fresh, rows};
    const struct store_segment_build build = {.disk = bench->disk,
                                              .names = bench->names,
                                              .view = &bench->view,
                                              .fresh = &view,
                                              .fresh_count = 1};
    struct store_segment_info info = {.id = id};
    double from = seconds();
    must(store_segment_write(&build, &info, &fail), &fail);
    *took += seconds() - from;
    must(store_segment_open(bench->disk, bench->names, &info, &segment, &fail), &fail);
    store_fresh_unref(fresh);
    return segment;
}

static void tell_bytes(const struct store_segment *segment)
{
    static const char *const kinds[] = {
        "",       "ts",      "event", "arrival", "original", "received_at", "client_ts", "sent_at",
        "source", "channel", "scale", "score",   "text",     "message_id",  "property",  "trait"};
    const struct store_segment_info *info = store_segment_info(segment);
    double rows = (double)info->rows;
    printf("one segment: %.2f bytes an event, %llu rows, %llu customers\n",
           (double)info->bytes / rows, (unsigned long long)info->rows,
           (unsigned long long)info->customers);
    for (uint32_t c = 0; c < store_segment_column_count(segment); c++) {
        const struct store_segment_column *column = &segment->columns[c];
        uint64_t bytes = column->dictionary_length;
        for (uint32_t b = 0; b < segment->block_count; b++) {
            struct fail fail;
            const uint8_t *at;
            size_t len;
            must(store_segment_chunk_find(segment, column, b, &at, &len, &fail), &fail);
            bytes += len;
        }
        struct str name = column->kind == STORE_SEGMENT_PROPERTY
                              ? store_names_get(segment->names, STORE_FAMILY_PROPERTY, column->name)
                              : STR("");
        printf("  %-12s %-10.*s %6.3f\n", kinds[column->kind], STR_ARG(name), (double)bytes / rows);
    }
    uint64_t directory = 0;
    for (uint32_t g = 0; g < segment->group_count; g++) {
        directory += store_segment_group_get(segment, g).length + 32;
    }
    printf("  %-23s %6.3f\n", "customers", (double)directory / rows);
    printf("  %-23s %6.3f\n", "footer", (double)(info->bytes - segment->footer_offset) / rows);
}

static void scan(struct bench *bench, struct store_segment *const *segments, size_t count,
                 const char *what, const struct store_scan_options *options)
{
    struct fail fail;
    struct store_snapshot snapshot = {.names = bench->names,
                                      .segment_count = count,
                                      .identity = &bench->view,
                                      .customer_bound = bench->customers};
    struct store_segment *held[512];
    memcpy(held, segments, count * sizeof *held);
    snapshot.segments = held;
    base_mutex_init(&snapshot.cache_lock);
    double best = 1e9;
    uint64_t rows_out = 0;
    for (int run = 0; run < 4; run++) {
        struct store_scan *scan;
        struct store_cursor *cursor;
        const struct store_rows *rows;
        uint64_t sum = 0;
        double from = seconds();
        must(store_scan_new(&snapshot, options, &scan, &fail), &fail);
        must(store_cursor_new(scan, NULL, &cursor, &fail), &fail);
        rows_out = 0;
        do {
            must(store_cursor_next(cursor, &rows, &fail), &fail);
            rows_out += rows->row_count;
            for (uint32_t r = 0; r < rows->row_count; r++) { /* somebody must look at them */
                sum += (uint64_t)rows->ts_ms[r] + rows->events[r];
            }
        } while (rows->customer_count > 0);
        double took = seconds() - from;
        best = took < best ? took : best;
        store_cursor_free(cursor);
        store_scan_free(scan);
        if (sum == 1) {
            printf("!");
        }
    }
    if (snapshot.cache != NULL) { /* made where there are fresh rows */
        snapshot.cache_free(snapshot.cache);
    }
    base_mutex_done(&snapshot.cache_lock);
    printf("%-48s %8.1f ms %8.1f M rows/s (%llu rows out)\n", what, best * 1e3,
           bench->rows / best / 1e6, (unsigned long long)rows_out);
}

static void scans(struct bench *bench, struct store_segment *const *segments, size_t count)
{
    uint32_t one = bench->events[0];
    uint32_t rare = bench->events[39];
    static const struct store_column_ref columns[] = {
        {STORE_COLUMN_PROPERTY, {"country", 7}}, {STORE_COLUMN_PROPERTY, {"page", 4}},
        {STORE_COLUMN_PROPERTY, {"price", 5}},   {STORE_COLUMN_CHANNEL, {NULL, 0}},
        {STORE_COLUMN_MESSAGE_ID, {NULL, 0}},
    };
    scan(bench, segments, count, "ts, event: all", &(struct store_scan_options){0});
    scan(bench, segments, count, "ts, event: the commonest event",
         &(struct store_scan_options){.events = &one, .event_count = 1});
    scan(bench, segments, count, "ts, event: the rarest event",
         &(struct store_scan_options){.events = &rare, .event_count = 1});
    scan(bench, segments, count, "ts, event: all, of 30 days",
         &(struct store_scan_options){.from_ms = START_MS + INT64_C(86400000) * 100,
                                      .to_ms = START_MS + INT64_C(86400000) * 130});
    static const char *const labels[] = {"ts, event, country: all", "ts, event, page: all",
                                         "ts, event, price: all", "ts, event, channel: all",
                                         "ts, event, message_id: all"};
    for (size_t c = 0; c < ARRAY_LEN(columns); c++) {
        scan(bench, segments, count, labels[c],
             &(struct store_scan_options){.columns = &columns[c], .column_count = 1});
    }
    scan(bench, segments, count, "ts, event, country: the commonest event",
         &(struct store_scan_options){
             .columns = columns, .column_count = 1, .events = &one, .event_count = 1});
    scan(bench, segments, count, "ts, event, page: the rarest event",
         &(struct store_scan_options){
             .columns = columns + 1, .column_count = 1, .events = &rare, .event_count = 1});
    scan(bench, segments, count, "facts of every customer, no rows",
         &(struct store_scan_options){
             .events = &one, .event_count = 0, .every_customer = true, .want_facts = true});
}

static void timelines(struct bench *bench, struct store_segment **segments, size_t count)
{
    struct fail fail;
    struct store_snapshot snapshot = {.names = bench->names,
                                      .segments = segments,
                                      .segment_count = count,
                                      .identity = &bench->view,
                                      .customer_bound = bench->customers};
    base_mutex_init(&snapshot.cache_lock);
    const struct store_timeline_options options = {.newest_first = true, .limit = 50};
    uint64_t events = 0;
    double from = seconds();
    for (uint32_t i = 0; i < 1000; i++) {
        struct arena *arena = arena_new(NULL);
        struct store_timeline_row *rows;
        size_t row_count;
        uint32_t customer = (uint32_t)(i * UINT64_C(7919) % bench->customers);
        must(store_timeline_read(&snapshot, customer, &options, arena, &rows, &row_count, &fail),
             &fail);
        events += row_count;
        arena_free(arena);
    }
    printf("%-48s %8.1f us each, %.1f events\n", "the newest 50 events of a customer",
           (seconds() - from) * 1e3, (double)events / 1000);
    if (snapshot.cache != NULL) { /* made where there are fresh rows */
        snapshot.cache_free(snapshot.cache);
    }
    base_mutex_done(&snapshot.cache_lock);
}

int main(int argc, char **argv)
{
    struct fail fail;
    int64_t millions = 5;
    if (argc > 1 && !str_parse_i64(str_from_c(argv[1]), &millions)) {
        return 2;
    }
    const char *folder = argc > 2 ? argv[2] : "/tmp/bench_store_scan";
    struct bench *bench = base_alloc_zero(sizeof *bench);
    bench->arena = arena_new(NULL);
    bench->names = store_names_new();
    bench->rows = (uint32_t)millions * 1000000;
    bench->customers = bench->rows / 50;
    base_random_seed(&bench->seeded, 1);
    must(base_make_dirs(folder, &fail) && disk_real(folder, &bench->disk, &fail), &fail);
    prepare(bench);
    struct store_segment *segments[512];
    size_t count = 0;
    double took = 0;
    while ((uint64_t)count * SEAL_ROWS < bench->rows && count < ARRAY_LEN(segments)) {
        segments[count] = seal(bench, count + 1, SEAL_ROWS, &took);
        count++;
    }
    printf("sealing: %.2f M rows/s\n", bench->rows / took / 1e6);
    printf("-- %zu segments, one thread\n", count);
    scans(bench, segments, count);
    timelines(bench, segments, count);
    const struct store_segment_build build = {.disk = bench->disk,
                                              .names = bench->names,
                                              .view = &bench->view,
                                              .segments = segments,
                                              .segment_count = count};
    struct store_segment_info info = {.id = 1000};
    double from = seconds();
    must(store_segment_write(&build, &info, &fail), &fail);
    printf("merging all: %.2f M rows/s\n", bench->rows / (seconds() - from) / 1e6);
    struct store_segment *merged;
    must(store_segment_open(bench->disk, bench->names, &info, &merged, &fail), &fail);
    tell_bytes(merged);
    printf("-- one segment, one thread\n");
    scans(bench, &merged, 1);
    timelines(bench, &merged, 1);
    for (size_t s = 0; s < count; s++) {
        store_segment_doom(segments[s]);
        store_segment_unref(segments[s]);
    }
    store_segment_doom(merged);
    store_segment_unref(merged);
    store_names_free(bench->names);
    disk_free(bench->disk);
    arena_free(bench->arena);
    base_free(bench);
    return 0;
}
