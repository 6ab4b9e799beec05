/* bench_words.c — memory of its own that the store takes for long words: sealing, merging, walking, checking.
 *
 * bench_store_words [rows] [bytes of a text] [text|noise|property|wide] [folder]: stores so many events with a text of that size each, of
 * a hundredth as many customers, sealing every 20,000 or 64 MB; merges all into one segment, walks over it, checks it. `noise` cannot be
 * compressed; `property` is text in a property; `wide` is so many
 * properties with a number each, and no text. Of each step: seconds, and the most memory of its own (RssAnon) beyond what was
 * there before.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base_random.h"
#include "base_thread.h"
#include "store.h"
#include "store_scan.h"

#define BATCH_ROWS 64U
#define SEAL_ROWS 20000U
#define SEAL_BYTES ((size_t)64 << 20)
#define START_MS INT64_C(1736121600000)

struct bench {
    struct store *store;
    struct disk *disk;
    struct base_random_seeded seeded;
    uint32_t rows, bytes;
    bool noise, property, wide;
    struct store_field *numbers; /* of wide events: BATCH_ROWS x bytes; names below them */
    char (*names)[24];
    char *words; /* BATCH_ROWS x bytes */
};

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fprintf(stderr, "%s\n", fail->message);
        exit(1);
    }
}

/* ---- memory of its own ------------------------------------------------------------------------------------ */

struct watch {
    struct base_thread thread;
    _Atomic bool stop;
    _Atomic long most_kb;
    long before_kb;
    int64_t from_us;
};

static long anon_kb(void)
{
    char line[128];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        (void)sscanf(line, "RssAnon: %ld", &kb);
    }
    if (status != NULL) {
        (void)fclose(status);
    }
    return kb;
}

static void look(void *context)
{
    struct watch *watch = context;
    const struct timespec moment = {.tv_nsec = 2000000};
    while (!atomic_load(&watch->stop)) {
        long kb = anon_kb();
        if (kb > atomic_load(&watch->most_kb)) {
            atomic_store(&watch->most_kb, kb);
        }
        (void)nanosleep(&moment, NULL);
    }
}

static void watch_begin(struct watch *watch)
{
    struct fail fail;
    (void)base_give_back(0);
    *watch = (struct watch){.before_kb = anon_kb(), .from_us = base_steady_us(base_clock_real())};
    must(base_thread_start(&watch->thread, "watch", look, watch, &fail), &fail);
}

static void watch_end(struct watch *watch, const char *what)
{
    double seconds = (double)(base_steady_us(base_clock_real()) - watch->from_us) / 1e6;
    atomic_store(&watch->stop, true);
    base_thread_join(&watch->thread);
    printf("%-8s %7.1f s  before %4ld MB, at most %4ld MB\n", what, seconds, watch->before_kb >> 10,
           atomic_load(&watch->most_kb) >> 10);
    fflush(stdout);
}

/* ---- steps ------------------------------------------------------------------------------------------------ */

static void make_words(struct bench *bench, char *into)
{
    static const char *const some[] = {"the ",    "parcel ", "came ",  "late ",
                                       "and ",    "was ",    "broken", " again",
                                       " I want", " my",     " money", " back. "};
    struct base_random *random = &bench->seeded.random;
    for (uint32_t at = 0; at < bench->bytes;) {
        uint64_t dice = base_random_u64(random);
        if (bench->noise) {
            into[at++] = (char)(' ' + dice % 95);
            continue;
        }
        const char *word = some[dice % ARRAY_LEN(some)];
        for (; *word != 0 && at < bench->bytes; word++) {
            into[at++] = *word;
        }
    }
}

static void submit(struct bench *bench, uint32_t first, uint32_t count)
{
    struct fail fail;
    struct store_item items[BATCH_ROWS] = {0};
    struct store_field fields[BATCH_ROWS];
    struct store_identifier ids[BATCH_ROWS];
    char names[BATCH_ROWS][24];
    for (uint32_t i = 0; i < count; i++) {
        char *words = bench->words + (size_t)i * bench->bytes;
        if (!bench->wide) {
            make_words(bench, words);
        }
        struct str text = str_of(words, bench->bytes);
        uint32_t customer =
            (uint32_t)(base_random_u64(&bench->seeded.random) % (bench->rows / 100 + 1));
        (void)snprintf(names[i], sizeof names[i], "c%u", customer);
        ids[i] = (struct store_identifier){STR("user"), str_from_c(names[i])};
        fields[i] = (struct store_field){STR("transcript"), store_value_str(text)};
        items[i].event =
            (struct store_event){.source = STR("calls"),
                                 .event = STR("Called"),
                                 .ts_ms = START_MS + (int64_t)(first + i) * 1000,
                                 .received_at_ms = START_MS + (int64_t)(first + i) * 1000,
                                 .client_ts_ms = STORE_NO_TIME,
                                 .sent_at_ms = STORE_NO_TIME,
                                 .identifiers = &ids[i],
                                 .identifier_count = 1};
        if (bench->wide) {
            struct store_field *numbers = bench->numbers + (size_t)i * bench->bytes;
            for (uint32_t n = 0; n < bench->bytes; n++) {
                numbers[n] = (struct store_field){
                    str_from_c(bench->names[n]),
                    store_value_int((int64_t)base_random_below(&bench->seeded.random, 100))};
            }
            items[i].event.properties = numbers;
            items[i].event.property_count = bench->bytes;
        } else if (bench->property) {
            items[i].event.properties = &fields[i];
            items[i].event.property_count = 1;
        } else {
            items[i].event.text = text;
        }
    }
    must(store_submit(bench->store, items, count, &fail), &fail);
}

static void fill(struct bench *bench)
{
    struct fail fail;
    uint32_t most = (uint32_t)(SEAL_BYTES / bench->bytes / (bench->wide ? 32 : 1));
    most = most < SEAL_ROWS ? most : SEAL_ROWS;
    uint32_t unsealed = 0;
    for (uint32_t at = 0; at < bench->rows;) {
        uint32_t count = bench->rows - at < BATCH_ROWS ? bench->rows - at : BATCH_ROWS;
        submit(bench, at, count);
        at += count;
        unsealed += count;
        if (unsealed >= most || at == bench->rows) {
            must(store_seal(bench->store, &fail), &fail);
            unsealed = 0;
        }
    }
}

static void walk(struct bench *bench)
{
    struct fail fail;
    const struct store_walk_options options = {0};
    struct store_snapshot *snapshot = store_snapshot_take(bench->store);
    struct store_walk *walk;
    const struct store_walk_row *rows;
    size_t count = 1;
    uint64_t all = 0;
    must(store_walk_new(snapshot, &options, NULL, &walk, &fail), &fail);
    while (count > 0) {
        must(store_walk_next(walk, &rows, &count, &fail), &fail);
        all += count;
    }
    store_walk_free(walk);
    store_snapshot_unref(snapshot);
    if (all != bench->rows) {
        fprintf(stderr, "%llu rows walked\n", (unsigned long long)all);
        exit(1);
    }
}

static void tell_problem(void *context, const char *path, const char *what)
{
    (void)context;
    fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

int main(int argc, char **argv)
{
    struct fail fail;
    struct watch watch;
    struct store_verify_result result;
    const struct store_options options = {.no_keeper = true};
    const char *folder = argc > 4 ? argv[4] : "bench_store_words.data";
    const char *kind = argc > 3 ? argv[3] : "text";
    struct bench bench = {.rows = argc > 1 ? (uint32_t)atoi(argv[1]) : 20000,
                          .bytes = argc > 2 ? (uint32_t)atoi(argv[2]) : 10000,
                          .noise = strcmp(kind, "noise") == 0,
                          .property = strcmp(kind, "property") == 0};
    base_random_seed(&bench.seeded, 1);
    bench.words = base_alloc_zero((size_t)bench.bytes * BATCH_ROWS);
    bench.wide = strcmp(kind, "wide") == 0;
    bench.numbers = base_alloc_zero(BATCH_ROWS * bench.bytes * sizeof *bench.numbers);
    bench.names = base_alloc_zero(bench.bytes * sizeof *bench.names);
    for (uint32_t n = 0; n < bench.bytes; n++) {
        (void)snprintf(bench.names[n], sizeof bench.names[n], "number %u", n);
    }
    (void)mkdir(folder, 0700);
    base_bound_heaps();
    must(disk_real(folder, &bench.disk, &fail), &fail);
    must(store_open(bench.disk, &options, &bench.store, &fail), &fail);
    watch_begin(&watch);
    fill(&bench);
    watch_end(&watch, "seal");
    watch_begin(&watch);
    must(store_merge(bench.store, true, &fail), &fail);
    watch_end(&watch, "merge");
    watch_begin(&watch);
    walk(&bench);
    watch_end(&watch, "walk");
    store_close(bench.store);
    watch_begin(&watch);
    must(store_verify(bench.disk, tell_problem, NULL, &result, &fail), &fail);
    watch_end(&watch, "verify");
    disk_free(bench.disk);
    base_free(bench.words);
    base_free(bench.numbers);
    base_free(bench.names);
    return 0;
}
