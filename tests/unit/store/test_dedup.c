/* Which events are duplicates: exact in the window, over seals, merges and restarts; for ever for imports. */
#include "store_kit.h"

#include <stdlib.h>

#include "base_random.h"
#include "store_bloom.h"
#include "store_dedup_own.h"
#include "store_dedup_write.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define WINDOW_MS (7 * DAY_MS)

#define PLAY(kit)                                                                                  \
    for (int between_ = 0; between_ < KIT_BETWEENS; between_++)                                    \
        for (bool once_ = (kit_init(kit), (kit)->between = (enum kit_between)between_, true);      \
             once_; once_ = false, kit_verify(kit), kit_done(kit))

static void the_same_id_of_the_same_source_is_a_duplicate(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(kit_send(&kit, "web", "m1", "Visit", "user=u"), STORE_STORED);
        assert_int_equal(kit_send(&kit, "web", "m1", "Visit", "user=u"), STORE_DUPLICATE);
        assert_int_equal(kit_send(&kit, "web", "m1", "Other", "user=v"), STORE_DUPLICATE);
        assert_int_equal(kit_send(&kit, "app", "m1", "Visit", "user=u"), STORE_STORED);
        assert_int_equal(kit_send(&kit, "web", "m2", "Visit", "user=u"), STORE_STORED);
        assert_int_equal(kit_rows(&kit, "u"), 3);
        assert_int_equal(kit_rows(&kit, "v"), -1); /* a duplicate makes no customer */
    }
}

static void without_an_id_nothing_is_a_duplicate(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(kit_send(&kit, "web", NULL, "Visit", "user=u"), STORE_STORED);
        assert_int_equal(kit_send(&kit, "web", NULL, "Visit", "user=u"), STORE_STORED);
        assert_int_equal(kit_send(&kit, "web", "", "Visit", "user=u"), STORE_STORED);
        assert_int_equal(kit_send(&kit, "web", "", "Visit", "user=u"), STORE_STORED);
    }
}

static void inside_of_one_batch_the_first_wins(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    struct store_item items[3] = {
        kit_item(&kit, "web", "m", "First", "user=u"),
        kit_item(&kit, "web", "m", "Second", "user=u"),
        kit_item(&kit, "web", "n", "Third", "user=u"),
    };
    assert_true(store_submit(kit.store, items, 3, &fail));
    assert_int_equal(items[0].verdict, STORE_STORED);
    assert_int_equal(items[1].verdict, STORE_DUPLICATE);
    assert_int_equal(items[2].verdict, STORE_STORED);
    assert_int_equal(items[0].out_arrival, 1);
    assert_int_equal(items[2].out_arrival, 2);
    kit_done(&kit);
}

static void send_at(struct kit *kit, int64_t at_ms, bool import, enum store_verdict expected)
{
    struct store_item item = kit_item(kit, "web", "m", "Visit", "user=u");
    item.event.received_at_ms = at_ms;
    item.from_import = import;
    assert_int_equal(kit_submit(kit, &item), expected);
}

static void an_alias_sent_again_is_a_duplicate_though_its_users_were_split_meanwhile(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        assert_int_equal(kit_send(&kit, "web", "m1", "Visit", "user=u1"), STORE_STORED);
        struct store_item first = kit_alias(&kit, "u1", "user=u2", false);
        first.event.message_id = STR("m2");
        struct store_item again = first, other = first;
        assert_int_equal(kit_submit(&kit, &first), STORE_STORED);
        assert_true(store_customer_split(kit.store, STR("u1"), &fail));
        kit_step(&kit);
        assert_int_equal(kit_submit(&kit, &again), STORE_DUPLICATE);
        other.event.message_id = STR("m3");
        assert_int_equal(kit_submit(&kit, &other), STORE_QUARANTINED); /* it would join two */
    }
}

static void the_window_ends_to_the_millisecond(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        int64_t first_ms = KIT_START_MS;
        send_at(&kit, first_ms, false, STORE_STORED);
        send_at(&kit, first_ms + WINDOW_MS, false, STORE_DUPLICATE);
        send_at(&kit, first_ms - DAY_MS, false, STORE_DUPLICATE); /* a clock set back */
        send_at(&kit, first_ms + WINDOW_MS + 1, false, STORE_STORED);
        /* and its own window begins */
        send_at(&kit, first_ms + 2 * WINDOW_MS + 1, false, STORE_DUPLICATE);
        send_at(&kit, first_ms + 2 * WINDOW_MS + 2, false, STORE_STORED);
    }
}

static void ids_of_imports_are_remembered_for_ever(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        send_at(&kit, KIT_START_MS, true, STORE_STORED);
        base_clock_test_step(&kit.clock, 1000 * DAY_MS);
        kit_step(&kit);
        send_at(&kit, KIT_START_MS + 1000 * DAY_MS, true, STORE_DUPLICATE);
        kit_seal(&kit);
        kit_merge(&kit);
        send_at(&kit, KIT_START_MS + 2000 * DAY_MS, false, STORE_DUPLICATE);
    }
}

static enum store_verdict send_record(struct kit *kit, const char *record, bool import)
{
    struct store_item item = kit_item(kit, "file", NULL, "Visit", "user=u");
    item.record_id = str_from_c(record);
    item.from_import = import;
    return kit_submit(kit, &item);
}

static void a_record_without_an_id_is_a_duplicate_by_what_stands_for_it(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(send_record(&kit, "row-1", true), STORE_STORED);
        assert_int_equal(send_record(&kit, "row-1", true), STORE_DUPLICATE);
        assert_int_equal(send_record(&kit, "row-2", false), STORE_STORED);
        assert_int_equal(send_record(&kit, "row-2", false), STORE_DUPLICATE);
        /* one space of ids: a record's stands where the sender's would */
        assert_int_equal(kit_send(&kit, "file", "row-1", "Visit", "user=u"), STORE_DUPLICATE);
        assert_int_equal(kit_rows(&kit, "u"), 2);
        base_clock_test_step(&kit.clock, 1000 * DAY_MS);
        kit_step(&kit);
        assert_int_equal(send_record(&kit, "row-1", true), STORE_DUPLICATE);
    }
}

static void keys_come_back_as_they_were_written(void **state)
{
    (void)state;
    struct base_random_seeded random;
    base_random_seed(&random, 7);
    for (uint32_t round = 0; round < 20000; round++) {
        uint64_t count = 1 + base_random_below(&random.random, (uint64_t)1 << round % 32);
        uint64_t most = base_random_u64(&random.random) >> (1 + round % 63);
        int64_t first_ms = -(int64_t)base_random_below(&random.random, (uint64_t)1 << 50);
        struct store_dedup_shape shape =
            store_dedup_shape_of(count, first_ms, first_ms + (int64_t)most);
        uint64_t when = most == 0 ? 0 : base_random_below(&random.random, most);
        struct store_dedup_key key = store_dedup_key_of((struct base_hash128){
            base_random_u64(&random.random), base_random_u64(&random.random)});
        uint8_t entry[STORE_DEDUP_ENTRY_ROOM];
        store_dedup_encode(&shape, key, when, entry);
        struct store_dedup_key back =
            store_dedup_decode(&shape, store_dedup_bucket(&shape, key), entry);
        assert_int_equal(store_dedup_compare(key, back), 0);
        assert_true(store_dedup_decode_when(&shape, entry) == when);
        assert_in_range(shape.key_bytes, 7, 10);
        assert_true(shape.when_bytes == 0 ? most == 0 : most >> 8 * (shape.when_bytes - 1) > 0);
    }
}

static void a_quarantined_record_does_not_use_up_its_id(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(kit_send(&kit, "web", "m", "Visit", ""), STORE_QUARANTINED);
        assert_int_equal(kit_send(&kit, "web", "m", "Visit", "user=u"), STORE_STORED);
        /* badness is judged before duplication */
        assert_int_equal(kit_send(&kit, "web", "m", "Visit", ""), STORE_QUARANTINED);
    }
}

static size_t dedup_files(struct kit *kit)
{
    struct str *names;
    size_t count;
    struct fail fail;
    assert_true(disk_list(disk_sim_disk(kit->sim), "dedup", kit->arena, &names, &count, &fail));
    return count;
}

static void runs_older_than_the_window_go(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    for (int day = 0; day < 20; day++) {
        char *id = str_copy_c(kit.arena, str_format(kit.arena, "m%d", day));
        assert_int_equal(kit_send(&kit, "web", id, "Visit", "user=u"), STORE_STORED);
        struct store_item item = kit_item(&kit, "web", id, "Visit", "user=u");
        item.event.source = STR("import");
        item.from_import = true;
        assert_int_equal(kit_submit(&kit, &item), STORE_STORED);
        kit_seal(&kit);
        kit_merge(&kit);
        base_clock_test_step(&kit.clock, DAY_MS);
    }
    /* a window has four spans; one more is cut by its edge, and imports have some of their own */
    assert_in_range(dedup_files(&kit), 3, 10);
    base_clock_test_step(&kit.clock, 10 * DAY_MS);
    assert_int_equal(kit_send(&kit, "web", NULL, "Visit", "user=u"), STORE_STORED);
    kit_seal(&kit);
    assert_in_range(dedup_files(&kit), 1, 4);
    struct store_item item = kit_item(&kit, "import", "m0", "Visit", "user=u");
    item.from_import = true;
    assert_int_equal(kit_submit(&kit, &item), STORE_DUPLICATE);
    kit_verify(&kit);
    kit_done(&kit);
}

static void many_ids_over_many_seals_are_told_apart(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    enum { BATCHES = 30, ITEMS = 100 };
    struct store_item *items = arena_array(kit.arena, ITEMS, sizeof *items, &fail);
    for (int round = 0; round < 2; round++) {
        for (int b = 0; b < BATCHES; b++) {
            for (int i = 0; i < ITEMS; i++) {
                char *id = str_copy_c(kit.arena, str_format(kit.arena, "id-%d-%d", b, i));
                items[i] = kit_item(&kit, "web", id, "Visit", "user=u");
            }
            assert_true(store_submit(kit.store, items, ITEMS, &fail));
            for (int i = 0; i < ITEMS; i++) {
                assert_int_equal(items[i].verdict, round == 0 ? STORE_STORED : STORE_DUPLICATE);
            }
            if (b % 3 == 0) {
                kit_seal(&kit);
            }
            if (b % 7 == 0) {
                kit_merge(&kit);
            }
        }
    }
    kit_verify(&kit);
    kit_done(&kit);
}

static void a_rollback_leaves_the_table_as_it_was(void **state)
{
    (void)state;
    struct store_dedup_live *live = store_dedup_live_new();
    struct base_random_seeded random;
    struct fail fail;
    base_random_seed(&random, 3);
    int64_t at_ms;
    for (int round = 0; round < 50; round++) {
        struct base_hash128 keys[40];
        assert_true(store_dedup_live_begin(live, 41, &fail));
        size_t count = live->count;
        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
            /* low halves collide often */
            keys[i] = (struct base_hash128){base_random_below(&random.random, 16),
                                            base_random_u64(&random.random)};
            store_dedup_live_put(live, keys[i], round);
        }
        store_dedup_live_put(live, keys[0], round + 1000);
        assert_true(store_dedup_live_find(live, keys[0], &at_ms));
        assert_int_equal(at_ms, round + 1000);
        if (round % 2 == 0) {
            store_dedup_live_rollback(live);
            assert_int_equal(live->count, count);
        }
        for (size_t i = 1; i < ARRAY_LEN(keys); i++) {
            assert_int_equal(store_dedup_live_find(live, keys[i], &at_ms), round % 2);
        }
    }
    store_dedup_live_free(live);
}

/* The n-th key: all are different, many share their first 64 bits, and some parts have far more than others. */
static struct base_hash128 own_key(uint32_t n)
{
    uint64_t first = n % 5 == 0 ? n / 40 : n * UINT64_C(0x9E3779B97F4A7C15);
    return (struct base_hash128){.low = first, .high = (uint64_t)n << 48 | n};
}

static struct store_dedup_runs *seal_own(const struct store_dedup_own *own, struct disk *disk,
                                         uint64_t id)
{
    struct store_run_info info;
    struct store_dedup_runs *runs = NULL;
    struct fail fail;
    uint64_t problems = 0;
    assert_true(store_dedup_own_seal(disk, own, id, &info, &fail));
    assert_true(store_dedup_runs_open(disk, &info, 1, NULL, &runs, &fail));
    assert_true(store_dedup_run_check(&runs->runs[0], NULL, NULL, &problems, &fail));
    assert_int_equal(problems, 0);
    return runs;
}

static void
keys_that_nobody_looks_for_are_all_in_their_run_and_those_taken_back_are_not(void **state)
{
    (void)state;
    enum { COMMITS = 60, A_COMMIT = 700 };
    struct disk_sim *sim = disk_sim_new(1);
    struct disk *disk = disk_sim_disk(sim);
    struct store_dedup_own own = {0};
    struct fail fail;
    assert_true(disk_make_dir(disk, "dedup", &fail));
    for (uint32_t round = 0; round < 2; round++) { /* again in the memory of the first */
        uint32_t n = 0;
        for (uint32_t commit = 0; commit < COMMITS; commit++) {
            store_dedup_own_begin(&own);
            for (uint32_t i = 0; i < A_COMMIT; i++, n++) {
                uint32_t import = commit % 3 == 0 ? 1000000 : 7 + commit % 2 * round;
                assert_true(store_dedup_own_add(&own, own_key(n), import, &fail));
            }
            if (commit % 3 == 0) {
                store_dedup_own_rollback(&own);
            }
        }
        assert_int_equal(own.now.count, COMMITS / 3 * 2 * A_COMMIT);
        struct store_dedup_runs *runs = seal_own(&own, disk, 1 + round);
        assert_true(runs->runs[0].import);
        assert_int_equal(store_dedup_runs_any_but(runs, 7),
                         round); /* the second has those of 8 too */
        assert_true(store_dedup_runs_any_but(runs, 8));
        assert_true(store_dedup_runs_any_but(runs, 0));
        assert_int_equal(runs->runs[0].count, own.now.count);
        assert_true(runs->runs[0].first_ms == store_dedup_for_ever(7));
        assert_true(runs->runs[0].last_ms == store_dedup_for_ever(7 + round));
        for (n = 0; n < COMMITS * A_COMMIT; n++) {
            bool found;
            assert_true(store_dedup_run_find(&runs->runs[0], own_key(n), &found, &fail));
            assert_int_equal(found, n / A_COMMIT % 3 != 0);
        }
        store_dedup_runs_unref(runs);
        store_dedup_own_reset(&own);
        assert_int_equal(store_dedup_own_bytes(&own), 0);
    }
    store_dedup_own_begin(&own);
    assert_true(store_dedup_own_add(&own, own_key(3), 0, &fail));
    struct store_dedup_runs *one = seal_own(&own, disk, 9);
    assert_true(one->runs[0].last_ms == store_dedup_for_ever(0));
    store_dedup_runs_unref(one);
    disk_sim_set_capacity(sim, 1);
    struct store_run_info info;
    assert_false(store_dedup_own_seal(disk, &own, 10, &info, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    store_dedup_own_done(&own);
    disk_sim_free(sim);
}

static int compare_keys(const void *a, const void *b)
{
    const struct store_dedup_key *x = a;
    const struct store_dedup_key *y = b;
    return store_dedup_compare(*x, *y);
}

/* Written while keys are read back, a filter is what all keys in memory give. */
static void filters_are_those_of_all_keys(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 63, 64, 65, 4000, 5041, 5042, 120000};
    struct kit kit;
    struct fail fail;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 31);
    kit_init(&kit);
    struct disk *disk = disk_sim_disk(kit.sim);
    for (size_t n = 0; n < ARRAY_LEN(counts); n++) {
        uint32_t count = counts[n];
        struct store_dedup_key *keys = arena_array(kit.arena, count, sizeof *keys, &fail);
        struct store_bloom bloom = {0};
        struct store_dedup_writing writing;
        struct store_run_info info;
        struct store_run *run;
        const uint8_t *filter;
        for (uint32_t i = 0; i < count; i++) {
            keys[i] =
                (struct store_dedup_key){base_random_u64(&seeded.random) >> (i % 7 == 0 ? 40 : 0),
                                         (uint16_t)base_random_u64(&seeded.random)};
        }
        qsort(keys, count, sizeof *keys, compare_keys);
        assert_true(store_bloom_init(&bloom, count, &fail));
        assert_true(
            store_dedup_write_begin(disk, 900 + n, count, 5, 5 + 1000, false, &writing, &fail));
        for (uint32_t i = 0; i < count; i++) {
            store_dedup_write_put(&writing, keys[i], 5 + i % 1000);
            store_bloom_add(&bloom, keys[i].high);
        }
        assert_true(store_dedup_write_finish(&writing, &info, &fail));
        assert_true(store_run_open(disk, STORE_RUN_DEDUP, &info, &run, &fail));
        size_t bytes = bloom.blocks * STORE_BLOOM_BLOCK_BYTES;
        assert_int_equal(store_run_len(run, STORE_DEDUP_BLOOM), bytes);
        assert_true(store_run_at(run, STORE_DEDUP_BLOOM, 0, bytes, &filter, &fail));
        assert_memory_equal(filter, bloom.bytes, bytes);
        store_run_unref(run);
        store_bloom_done(&bloom);
    }
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_id_of_the_same_source_is_a_duplicate),
        cmocka_unit_test(without_an_id_nothing_is_a_duplicate),
        cmocka_unit_test(inside_of_one_batch_the_first_wins),
        cmocka_unit_test(an_alias_sent_again_is_a_duplicate_though_its_users_were_split_meanwhile),
        cmocka_unit_test(the_window_ends_to_the_millisecond),
        cmocka_unit_test(ids_of_imports_are_remembered_for_ever),
        cmocka_unit_test(a_record_without_an_id_is_a_duplicate_by_what_stands_for_it),
        cmocka_unit_test(keys_come_back_as_they_were_written),
        cmocka_unit_test(a_quarantined_record_does_not_use_up_its_id),
        cmocka_unit_test(runs_older_than_the_window_go),
        cmocka_unit_test(many_ids_over_many_seals_are_told_apart),
        cmocka_unit_test(filters_are_those_of_all_keys),
        cmocka_unit_test(a_rollback_leaves_the_table_as_it_was),
        cmocka_unit_test(
            keys_that_nobody_looks_for_are_all_in_their_run_and_those_taken_back_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
