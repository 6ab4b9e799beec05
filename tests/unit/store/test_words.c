/* Long words: sealed, merged, walked over, checked and erased, far more of them than there is room for in memory; and faults
   while they are written. */
#include "store_kit.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base_confine.h"
#include "base_random.h"
#include "base_thread.h"
#include "scratch.h"

static struct fail fail;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, fail.message);                                               \
        }                                                                                          \
    } while (0)

/* ---- memory of its own ------------------------------------------------------------------------------------ */

struct watch {
    struct base_thread thread;
    _Atomic bool stop;
    _Atomic long most_kb;
    long before_kb;
};

static long anon_kb(void)
{
    char line[128];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "re");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL) {
        (void)sscanf(line, "RssAnon: %ld", &kb);
    }
    (void)fclose(status);
    return kb;
}

static void look(void *context)
{
    struct watch *watch = context;
    const struct timespec moment = {.tv_nsec = 1000000};
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
    (void)base_give_back(0);
    *watch = (struct watch){.before_kb = anon_kb()};
    OK(base_thread_start(&watch->thread, "watch", look, watch, &fail));
}

/* Instrumented programs keep what is freed. */
static void watch_end(struct watch *watch, const char *what, long most_mb)
{
    atomic_store(&watch->stop, true);
    base_thread_join(&watch->thread);
    long mb = (atomic_load(&watch->most_kb) - watch->before_kb) >> 10;
    print_message("%s: at most %ld MB\n", what, mb);
    assert_true(BASE_SANITIZED || mb < most_mb);
}

/* ---- events with long words, which follow from their number -------------------------------------------------- */

#define CUSTOMERS 600U
#define ROW_MS 60000

struct words {
    size_t text_bytes, note_bytes; /* of every event, and of every tenth */
    char *text, *note;
};

static void words_init(struct words *words, size_t text_bytes)
{
    words->text_bytes = text_bytes;
    words->note_bytes = text_bytes + text_bytes / 2;
    words->text = base_alloc_zero(words->text_bytes);
    words->note = base_alloc_zero(words->note_bytes);
}

static void words_done(struct words *words)
{
    base_free(words->text);
    base_free(words->note);
}

/* Hardly to be compressed. */
static void noise(uint64_t seed, char *into, size_t bytes)
{
    struct base_random_seeded seeded;
    base_random_seed(&seeded, seed);
    base_random_fill(&seeded.random, into, bytes);
    for (size_t i = 0; i < bytes; i++) {
        into[i] = (char)(' ' + ((unsigned char)into[i] & 63U));
    }
}

/* Every third text can be compressed. */
static void make_words(struct words *words, uint32_t number)
{
    noise(number, words->text, number % 3 == 0 ? 100 : words->text_bytes);
    for (size_t i = 100; number % 3 == 0 && i < words->text_bytes; i++) {
        words->text[i] = words->text[i - 100];
    }
    noise(~(uint64_t)number, words->note, words->note_bytes);
}

static bool has_note(uint32_t number)
{
    return number % 10 == 0;
}

static struct str message_of(uint32_t number, char out[64])
{
    if (number % 20000 < 10000) { /* blocks of nothing but these, and mixed ones */
        (void)snprintf(out, 64, "%08" PRIx32 "-1111-2222-3333-444455556666", number);
    } else {
        (void)snprintf(out, 64, "message %" PRIu32, number);
    }
    return str_from_c(out);
}

static struct store_item item_of(struct words *words, uint32_t number, struct arena *arena)
{
    char message[64];
    make_words(words, number);
    struct store_field *fields = arena_small(arena, 2 * sizeof *fields);
    struct store_identifier *id = arena_small(arena, sizeof *id);
    *id = (struct store_identifier){STR("user"),
                                    str_format(arena, "u%u", number * 7919U % CUSTOMERS)};
    fields[0] = (struct store_field){STR("page"),
                                     store_value_str(str_format(arena, "/page/%u", number % 5000))};
    if (has_note(number)) {
        struct str note = str_copy(arena, str_of(words->note, words->note_bytes));
        fields[1] = (struct store_field){STR("note"), store_value_str(note)};
    }
    int64_t ts_ms = KIT_START_MS + (int64_t)number * ROW_MS;
    return (struct store_item){
        .event = {.source = STR("calls"),
                  .message_id = str_copy(arena, message_of(number, message)),
                  .event = STR("Called"),
                  .ts_ms = ts_ms,
                  .received_at_ms = ts_ms,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = STORE_NO_TIME,
                  .text = str_copy(arena, str_of(words->text, words->text_bytes)),
                  .properties = fields,
                  .property_count = has_note(number) ? 2 : 1,
                  .identifiers = id,
                  .identifier_count = 1}};
}

#define BATCH 50U

/* Events from `first` on, as many as a batch has; all are stored. */
static void send(struct store *store, struct words *words, uint32_t first)
{
    struct arena *arena = arena_new(NULL);
    struct store_item items[BATCH];
    for (uint32_t i = 0; i < BATCH; i++) {
        items[i] = item_of(words, first + i, arena);
    }
    OK(store_submit(store, items, BATCH, &fail));
    for (uint32_t i = 0; i < BATCH; i++) {
        assert_int_equal(items[i].verdict, STORE_STORED);
    }
    arena_free(arena);
}

/* All of them, in so many segments. */
static void fill(struct store *store, struct words *words, uint32_t count, uint32_t seals)
{
    for (uint32_t number = 0; number < count; number += BATCH) {
        send(store, words, number);
        if ((number + BATCH) % (count / seals) == 0) {
            OK(store_seal(store, &fail));
        }
    }
}

static void check_event(struct words *words, const struct store_event *event)
{
    char message[64];
    uint32_t number = (uint32_t)((event->ts_ms - KIT_START_MS) / ROW_MS);
    make_words(words, number);
    assert_true(str_equal(event->message_id, message_of(number, message)));
    assert_int_equal(event->text.len, words->text_bytes);
    assert_memory_equal(event->text.data, words->text, words->text_bytes);
    assert_int_equal(event->property_count, has_note(number) ? 2 : 1);
    if (has_note(number)) { /* by name */
        const struct store_value note = event->properties[0].value;
        assert_int_equal(note.len, words->note_bytes);
        assert_memory_equal(note.s, words->note, words->note_bytes);
    }
}

/* All events, each as it was sent. */
static uint32_t walk(struct store *store, struct words *words)
{
    const struct store_walk_options options = {0};
    struct store_snapshot *snapshot = store_snapshot_take(store);
    struct store_walk *walk;
    const struct store_walk_row *rows;
    size_t count = 1;
    uint32_t all = 0;
    OK(store_walk_new(snapshot, &options, NULL, &walk, &fail));
    while (count > 0) {
        OK(store_walk_next(walk, &rows, &count, &fail));
        for (size_t i = 0; i < count; i++) {
            bool called = !str_is(rows[i].row.event.event, "alias");
            if (called) {
                check_event(words, &rows[i].row.event);
            }
            all += called;
        }
    }
    store_walk_free(walk);
    store_snapshot_unref(snapshot);
    return all;
}

static void problem(void *context, const char *path, const char *what)
{
    (void)context;
    print_error("%s: %s\n", path, what);
}

static void verify(struct disk *disk)
{
    struct store_verify_result result;
    OK(store_verify(disk, problem, NULL, &result, &fail));
    assert_int_equal(result.problems, 0);
}

static void join(struct store *store, uint32_t from, uint32_t into)
{
    char previous[16];
    char user[16];
    (void)snprintf(previous, sizeof previous, "u%" PRIu32, from);
    (void)snprintf(user, sizeof user, "u%" PRIu32, into);
    const struct store_identifier id = {STR("user"), str_from_c(user)};
    struct store_item item = {.event = {.source = STR("calls"),
                                        .event = STR("alias"),
                                        .ts_ms = KIT_START_MS,
                                        .received_at_ms = KIT_START_MS,
                                        .client_ts_ms = STORE_NO_TIME,
                                        .sent_at_ms = STORE_NO_TIME,
                                        .identifiers = &id,
                                        .identifier_count = 1},
                              .previous_id = str_from_c(previous),
                              .may_join_users = true};
    OK(store_submit(store, &item, 1, &fail));
    if (item.verdict != STORE_STORED) {
        fail_msg("%.*s", (int)item.reason.len, item.reason.data);
    }
}

/* ---- within bounds ---------------------------------------------------------------------------------------- */

#define MANY 70000U /* more than a block */
#define TEXT_BYTES ((size_t)3000)
#define SEALS 4U
#define MOST_MB                                                                                    \
    64 /* a block has 200 MB of words, and the 512 MB of the promise are for all else too */

static uint64_t segments_of(struct store *store)
{
    struct store_status status;
    store_status_read(store, &status);
    return status.segments;
}

static void erase(struct store *store, const char *user)
{
    uint32_t customer = STORE_NO_CUSTOMER;
    struct store_snapshot *snapshot = store_snapshot_take(store);
    store_customer_lookup(snapshot, str_from_c(user), &customer);
    store_snapshot_unref(snapshot);
    const struct store_erasure erasure = {.customers = &customer, .customer_count = 1};
    struct store_gone gone;
    OK(store_erase(store, &erasure, &gone, &fail));
    assert_true(gone.rows > 0);
}

static void long_words_are_rewritten_within_bounds(void **state)
{
    (void)state;
    char path[SCRATCH_BYTES];
    struct disk *disk;
    struct store *store;
    struct words words;
    struct watch watch;
    const struct store_options options = {.no_keeper = true};
    assert_true(scratch_make(path));
    base_bound_heaps();
    OK(disk_real(path, &disk, &fail));
    OK(store_open(disk, &options, &store, &fail));
    words_init(&words, TEXT_BYTES);
    fill(store, &words, MANY, SEALS);
    for (uint32_t i = 0; i < 12; i++) { /* their rows are read from where they lie, out of order */
        join(store, 500 + i * 3, i * 11);
    }
    OK(store_seal(store, &fail));
    watch_begin(&watch);
    OK(store_merge(store, true, &fail));
    watch_end(&watch, "merging", MOST_MB);
    assert_int_equal(segments_of(store), 1);
    watch_begin(&watch);
    assert_int_equal(walk(store, &words), MANY);
    watch_end(&watch, "walking", MOST_MB);
    watch_begin(&watch);
    erase(store, "u77");
    watch_end(&watch, "erasing", MOST_MB);
    uint32_t left = walk(store, &words);
    assert_true(left < MANY && left > MANY - 3 * MANY / CUSTOMERS); /* two joined */
    store_close(store);
    watch_begin(&watch);
    verify(disk);
    watch_end(&watch, "checking", MOST_MB);
    disk_free(disk);
    words_done(&words);
    assert_true(scratch_remove(path));
}

/* ---- many values ---------------------------------------------------------------------------------------------- */

#define VALUES 120U
#define WIDE_BATCH 500U

static void send_wide(struct store *store, uint32_t first)
{
    struct arena *arena = arena_new(NULL);
    struct store_item *items = arena_array(arena, WIDE_BATCH, sizeof *items, &fail);
    struct store_field *fields =
        arena_array(arena, (size_t)WIDE_BATCH * VALUES, sizeof *fields, &fail);
    struct store_identifier *ids = arena_array(arena, WIDE_BATCH, sizeof *ids, &fail);
    assert_true(items != NULL && fields != NULL && ids != NULL);
    struct str names[VALUES];
    for (uint32_t v = 0; v < VALUES; v++) {
        names[v] = str_format(arena, "value %u", v);
    }
    for (uint32_t i = 0; i < WIDE_BATCH; i++) {
        int64_t ts_ms = KIT_START_MS + (int64_t)(first + i) * ROW_MS;
        struct store_field *own = fields + (size_t)i * VALUES;
        for (uint32_t v = 0; v < VALUES; v++) {
            own[v] = (struct store_field){names[v], store_value_int((first + i) * 31 % (v + 2))};
        }
        ids[i] = (struct store_identifier){STR("user"),
                                           str_format(arena, "u%u", (first + i) % CUSTOMERS)};
        items[i].event = (struct store_event){.source = STR("site"),
                                              .event = STR("Measured"),
                                              .ts_ms = ts_ms,
                                              .received_at_ms = ts_ms,
                                              .client_ts_ms = STORE_NO_TIME,
                                              .sent_at_ms = STORE_NO_TIME,
                                              .properties = own,
                                              .property_count = VALUES,
                                              .identifiers = &ids[i],
                                              .identifier_count = 1};
    }
    OK(store_submit(store, items, WIDE_BATCH, &fail));
    arena_free(arena);
}

/* The values of a block are held, 24 bytes each: 190 MB here. Those of the batch that is read beside must not be as many again,
   in two pieces. */
static void events_with_many_values_are_merged_in_smaller_batches(void **state)
{
    (void)state;
    char path[SCRATCH_BYTES];
    struct disk *disk;
    struct store *store;
    struct watch watch;
    const struct store_options options = {.no_keeper = true};
    assert_true(scratch_make(path));
    OK(disk_real(path, &disk, &fail));
    OK(store_open(disk, &options, &store, &fail));
    for (uint32_t first = 0; first < MANY; first += WIDE_BATCH) {
        send_wide(store, first);
        if ((first + WIDE_BATCH) % (MANY / SEALS) == 0) {
            OK(store_seal(store, &fail));
        }
    }
    watch_begin(&watch);
    OK(store_merge(store, true, &fail));
    watch_end(&watch, "merging many values", 440);
    assert_int_equal(segments_of(store), 1);
    store_close(store);
    verify(disk);
    disk_free(disk);
    assert_true(scratch_remove(path));
}

/* ---- faults ---------------------------------------------------------------------------------------------------- */

#define FEW 150U
#define LONG_BYTES ((size_t)40000) /* 6 MB in a block: pages go to the file before it is whole */

/* Each call of a merge fails once; then the merge is as if it had not been, and the next one goes through. */
static void a_fault_while_long_words_are_merged_loses_nothing(void **state)
{
    (void)state;
    static const enum disk_sim_fault_kind kinds[] = {DISK_SIM_EIO, DISK_SIM_ENOSPC, DISK_SIM_OFF};
    struct kit kit;
    struct words words;
    unsigned failed = 0;
    words_init(&words, LONG_BYTES);
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        bool happened = true;
        for (uint64_t at = 1; happened; at++) {
            kit_init(&kit);
            fill(kit.store, &words, FEW, 3);
            const struct disk_sim_fault fault = {.at = at, .kind = kinds[k], .any_call = true};
            disk_sim_fail(kit.sim, &fault);
            bool ok = store_merge(kit.store, true, &fail);
            happened = disk_sim_fault_happened(kit.sim);
            failed += !ok;
            assert_true(ok || happened);
            disk_sim_fail(kit.sim, NULL);
            kit_power_cut(&kit, at);
            kit_verify(&kit);
            OK(store_merge(kit.store, true, &fail));
            assert_int_equal(walk(kit.store, &words), FEW);
            kit_verify(&kit);
            kit_done(&kit);
        }
    }
    words_done(&words);
    print_message("%u merges failed\n", failed);
    assert_true(failed > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_words_are_rewritten_within_bounds),
        cmocka_unit_test(events_with_many_values_are_merged_in_smaller_batches),
        cmocka_unit_test(a_fault_while_long_words_are_merged_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
