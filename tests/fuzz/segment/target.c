/* A segment file of arbitrary bytes: opened, checked, scanned with every column, read as timelines. It must be refused as
   corrupt, or read within its bounds. Checksums do not count in this build (see store_segment.c), or they would hide
   everything behind them; so whatever is read may be nonsense, and only reading it is asked for. */
#include <stdio.h>
#include <stdlib.h>

#include "base_bytes.h"
#include "disk_sim.h"
#include "store_daily.h"
#include "store_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Some numbers are joined, so that rows are gathered too; nobody is in an account. */
struct store_identity_view {
    int nothing;
};
uint32_t store_identity_root(const struct store_identity_view *view, uint32_t number)
{
    (void)view;
    return number % 5 == 1 ? number - 1 : number;
}
uint64_t store_identity_position(const struct store_identity_view *view)
{
    (void)view;
    return UINT64_MAX;
}
bool store_identity_moved(const struct store_identity_view *view, uint64_t since,
                          struct store_moved **out, struct fail *fail)
{
    (void)since;
    struct store_moved *moved = store_moved_new(40, fail);
    if (moved == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < 40; i++) {
        moved->numbers[i] = i / 2 * 5 + i % 2;
        moved->roots[i] = store_identity_root(view, moved->numbers[i]);
        moved->splits[i] = i >= 20 && i % 2 == 1 ? STORE_MOVED_SPLIT : 0;
    }
    store_moved_lay_out(moved);
    *out = moved;
    return true;
}
bool store_identity_places(const struct store_identity_view *view, uint32_t root,
                           struct arena *arena, uint32_t **out, size_t *out_count,
                           struct fail *fail)
{
    (void)view, (void)fail;
    uint32_t *places = arena_small(arena, 2 * sizeof *places);
    places[0] = root;
    places[1] = root + 1;
    *out = places;
    *out_count = 2;
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

static void ignore(void *context, const char *path, const char *what)
{
    (void)context, (void)path, (void)what;
}

/* What fails must fail as damage, or for lack of memory. */
static bool may_fail(bool ok, const struct fail *fail)
{
    if (!ok && fail->code != FAIL_CORRUPT && fail->code != FAIL_LIMIT &&
        fail->code != FAIL_INTERNAL && fail->code != FAIL_NO_MEMORY) {
        fprintf(stderr, "%s: %s\n", fail_code_name(fail->code), fail->message);
        abort();
    }
    return ok;
}

static struct store_segment *open_bytes(struct disk *disk, struct store_names *names,
                                        const uint8_t *data, size_t size)
{
    struct fail fail;
    struct disk_file *file;
    struct store_segment *segment = NULL;
    struct store_segment_info info = {.id = size >= 24 ? base_get_u64(data + 16) : 0};
    char path[STORE_SEGMENT_PATH_BYTES];
    store_segment_path(info.id, path);
    if (!disk_make_dir(disk, "segments", &fail) ||
        !disk_open(disk, path, DISK_CREATE, &file, &fail)) {
        abort();
    }
    if (!disk_write_at(file, 0, data, size, &fail)) {
        abort();
    }
    disk_close(file);
    return may_fail(store_segment_open(disk, names, &info, &segment, &fail), &fail) ? segment
                                                                                    : NULL;
}

/* Everything that a column of the file can be asked for. */
static size_t list_columns(const struct store_names *names, struct store_column_ref *out,
                           size_t most)
{
    size_t count = 0;
    for (int of = STORE_COLUMN_CHANNEL; of <= STORE_COLUMN_RECEIVED_AT; of++) {
        out[count++].of = (enum store_column_of)of;
    }
    static const enum store_family families[] = {STORE_FAMILY_PROPERTY, STORE_FAMILY_TRAIT};
    for (size_t f = 0; f < 2; f++) {
        uint32_t codes = store_names_count(names, families[f]);
        for (uint32_t c = 0; c < codes && count < most; c++) {
            out[count].of = f == 0 ? STORE_COLUMN_PROPERTY : STORE_COLUMN_TRAIT;
            out[count++].name = store_names_get(names, families[f], c);
        }
    }
    return count;
}

static uint64_t scan_all(struct store_snapshot *snapshot, const struct store_scan_options *options)
{
    struct fail fail;
    struct store_scan *scan;
    struct store_cursor *cursor = NULL;
    const struct store_rows *rows;
    uint64_t sum = 0;
    struct base_budget *budget = base_budget_new((size_t)256 << 20);
    if (!may_fail(store_scan_new(snapshot, options, &scan, &fail), &fail)) {
        base_budget_free(budget);
        return 0;
    }
    bool ok = may_fail(store_cursor_new(scan, budget, &cursor, &fail), &fail);
    while (ok) {
        ok = may_fail(store_cursor_next(cursor, &rows, &fail), &fail) && rows->customer_count > 0;
        for (size_t c = 0; ok && c < options->column_count; c++) {
            for (uint32_t i = 0; i < rows->columns[c].count; i++) {
                struct store_value value = rows->columns[c].values[i];
                sum +=
                    value.kind == STORE_STRING ? base_hash_str(store_value_text(value)) : value.u;
            }
        }
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    base_budget_free(budget);
    return sum;
}

static bool add_counted(void *context, const struct store_counted *counted, struct fail *fail)
{
    uint64_t *sum = context;
    (void)fail;
    for (unsigned p = 0; p < STORE_COUNTED_PROPERTIES_MAX; p++) {
        if (counted->values[p].kind == STORE_STRING) {
            *sum += base_hash_str(store_value_text(counted->values[p]));
        }
    }
    *sum += counted->counts[0] + counted->counts[1];
    return true;
}

/* What the file says that it counted, by each property and by the next one too. */
static uint64_t count_all(const struct store_snapshot *snapshot)
{
    static const int64_t edges[] = {INT64_C(1699999200000), INT64_C(1700002800000),
                                    INT64_C(1800000000000)};
    uint8_t wanted[64];
    uint64_t sum = 0;
    uint32_t properties = store_names_count(snapshot->names, STORE_FAMILY_PROPERTY);
    memset(wanted, 1, sizeof wanted);
    for (uint32_t p = 0; p < properties && p < 8; p++) {
        struct fail fail;
        struct arena *arena = arena_new(NULL);
        struct store_counts *counts;
        struct store_counting asked = {.wanted = wanted,
                                       .code_count = sizeof wanted,
                                       .property_count = 1,
                                       .edges = edges,
                                       .stretch_count = 2};
        asked.properties[0] = store_names_get(snapshot->names, STORE_FAMILY_PROPERTY, p);
        if (p + 1 < properties) {
            asked.properties[1] = store_names_get(snapshot->names, STORE_FAMILY_PROPERTY, p + 1);
            asked.property_count = 2;
        }
        for (; asked.property_count > 0; asked.property_count--) {
            if (may_fail(store_counts_find(snapshot, &asked, arena, &counts, &fail), &fail)) {
                (void)may_fail(store_counts_walk(counts, add_counted, &sum, &fail), &fail);
            }
        }
        arena_free(arena);
    }
    return sum;
}

/* What it says of customers by their days, of all events together and of the first. */
static uint64_t count_days(struct store_snapshot *snapshot)
{
    static const int64_t edges[] = {0, INT64_C(1700006400000), INT64_C(1800000000000)};
    uint64_t sum = 0;
    for (uint32_t wanted_count = 1; wanted_count <= 64; wanted_count += 63) {
        struct fail fail;
        struct arena *arena = arena_new(NULL);
        struct store_daily *daily = NULL;
        uint8_t wanted[64];
        uint64_t counts[3];
        bool known;
        memset(wanted, 1, sizeof wanted);
        const struct store_daily_question question = {
            .wanted = wanted, .code_count = wanted_count, .edges = edges, .stretch_count = 2};
        if (may_fail(store_daily_open(snapshot, edges[0], edges[2], NULL, arena, &daily, &fail),
                     &fail) &&
            daily != NULL &&
            may_fail(store_daily_count(daily, &question, counts, &known, &fail), &fail) && known) {
            sum += counts[0] + counts[1] + counts[2];
        }
        arena_free(arena);
    }
    return sum;
}

static uint64_t read_all(struct store_names *names, struct store_segment *segment)
{
    struct fail fail;
    struct store_identity_view view = {0};
    struct store_snapshot snapshot = {
        .names = names, .segments = &segment, .segment_count = 1, .identity = &view};
    struct store_column_ref columns[100];
    base_mutex_init(&snapshot.cache_lock);
    struct store_scan_options options = {.columns = columns};
    options.column_count = list_columns(names, columns, ARRAY_LEN(columns));
    options.every_customer = true;
    options.want_facts = true;
    uint64_t sum = scan_all(&snapshot, &options) + count_all(&snapshot) + count_days(&snapshot);
    const uint32_t event = 1;
    options.events = &event;
    options.event_count = 1;
    options.from_ms = 1700000000000;
    options.to_ms = 1700000200000;
    options.every_customer = false;
    sum += scan_all(&snapshot, &options);
    for (uint32_t customer = 0; customer < 3; customer++) {
        struct arena *arena = arena_new(NULL);
        struct store_timeline_row *rows;
        struct store_field *fields;
        struct store_name *found;
        size_t count;
        const struct store_timeline_options timeline = {.newest_first = true, .limit = 20};
        (void)may_fail(
            store_timeline_read(&snapshot, customer, &timeline, arena, &rows, &count, &fail),
            &fail);
        (void)may_fail(store_customer_traits(&snapshot, customer, arena, &fields, &count, &fail),
                       &fail);
        (void)may_fail(store_names(&snapshot, STORE_NAME_PROPERTY, str_of(NULL, 0), arena, &found,
                                   &count, &fail),
                       &fail);
        arena_free(arena);
    }
    if (snapshot.cache != NULL) {
        snapshot.cache_free(snapshot.cache);
    }
    base_mutex_done(&snapshot.cache_lock);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct disk_sim *sim = disk_sim_new(1);
    struct store_names *names = store_names_new();
    struct store_segment *segment = open_bytes(disk_sim_disk(sim), names, data, size);
    if (segment != NULL) {
        struct fail fail;
        uint64_t problems = 0;
        (void)may_fail(store_segment_check(segment, ignore, NULL, &problems, &fail), &fail);
        volatile uint64_t sum = read_all(names, segment);
        (void)sum;
        store_segment_unref(segment);
    }
    store_names_free(names);
    disk_sim_free(sim);
    return 0;
}
