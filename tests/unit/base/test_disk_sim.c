

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "disk_sim.h"

#define SEEDS 200

static struct disk_sim *sim;
static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    sim = disk_sim_new(1);
    arena = arena_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    disk_sim_free(sim);
    arena_free(arena);
    return 0;
}

/* What is in a file of a disk; {NULL, 0} when there is none. */
static struct str content(struct disk_sim *of, const char *path)
{
    struct fail fail;
    struct str bytes = {NULL, 0};
    if (!disk_read_whole(disk_sim_disk(of), path, arena, 1 << 20, &bytes, &fail)) {
        assert_int_equal(fail.code, FAIL_ABSENT);
        return (struct str){NULL, 0};
    }
    return bytes;
}

static struct disk_file *opened(const char *path, enum disk_open_flags how)
{
    struct fail fail;
    struct disk_file *file = NULL;
    if (!disk_open(disk_sim_disk(sim), path, how, &file, &fail)) {
        fail_msg("%s", fail.message);
    }
    return file;
}

static void write_text(struct disk_file *file, uint64_t offset, const char *text)
{
    struct fail fail;
    assert_true(disk_write_at(file, offset, text, strlen(text), &fail));
}

static void sync_root(void)
{
    struct fail fail;
    assert_true(disk_sync_dir(disk_sim_disk(sim), "", &fail));
}

/* A file whose content and name are durable. */
static struct disk_file *durable(const char *path, const char *text)
{
    struct fail fail;
    struct disk_file *file = opened(path, DISK_CREATE);
    write_text(file, 0, text);
    assert_true(disk_sync(file, &fail));
    sync_root();
    return file;
}

static void what_was_synced_survives_every_cut(void **state)
{
    (void)state;
    disk_close(durable("a", "kept"));
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        assert_true(str_is(content(after, "a"), "kept"));
        disk_sim_free(after);
    }
}

static void what_was_not_synced_may_be_lost_or_not(void **state)
{
    (void)state;
    CLEANUP(disk_close_at) struct disk_file *file = durable("a", "old");
    write_text(file, 0, "new");
    CLEANUP(disk_close_at) struct disk_file *nameless = opened("b", DISK_CREATE);
    struct fail fail;
    write_text(nameless, 0, "b");
    assert_true(disk_sync(nameless, &fail)); /* its bytes, not its name */
    int news = 0, olds = 0, named = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        struct str a = content(after, "a"), b = content(after, "b");
        news += str_is(a, "new") ? 1 : 0;
        olds += str_is(a, "old") ? 1 : 0;
        named += str_is(b, "b") ? 1 : 0;
        assert_true(b.len == 0 || str_is(b, "b"));
        disk_sim_free(after);
    }
    assert_int_equal(news + olds, SEEDS);
    assert_true(news > SEEDS / 8 && olds > SEEDS / 8);
    assert_true(named > SEEDS / 8 && named < SEEDS - SEEDS / 8);
    assert_true(str_is(content(sim, "a"), "new")); /* a cut changes nothing for who runs on */
}

static void writes_tear_at_sectors_and_in_any_order(void **state)
{
    (void)state;
    enum { SECTORS = 4, BYTES = SECTORS * DISK_SIM_SECTOR_BYTES };
    char old[BYTES], first[BYTES], second[BYTES];
    memset(old, 'o', BYTES);
    memset(first, '1', BYTES);
    memset(second, '2', BYTES);
    struct fail fail;
    CLEANUP(disk_close_at) struct disk_file *file = opened("a", DISK_CREATE);
    assert_true(disk_write_at(file, 0, old, BYTES, &fail) && disk_sync(file, &fail));
    sync_root();
    assert_true(disk_write_at(file, 0, first, BYTES, &fail));
    assert_true(disk_write_at(file, 0, second, BYTES, &fail));
    int mixed = 0, seen[256] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        struct str bytes = content(after, "a");
        assert_int_equal(bytes.len, BYTES);
        for (size_t s = 0; s < SECTORS; s++) {
            const char *sector = bytes.data + s * DISK_SIM_SECTOR_BYTES;
            for (size_t i = 1; i < DISK_SIM_SECTOR_BYTES; i++) {
                assert_int_equal(sector[i], sector[0]);
            }
            seen[(unsigned char)sector[0]]++;
            mixed += sector[0] != bytes.data[0] ? 1 : 0;
        }
        disk_sim_free(after);
    }
    assert_true(mixed > 0 && seen['o'] > 0 && seen['1'] > 0 && seen['2'] > 0);
    assert_int_equal(seen['o'] + seen['1'] + seen['2'], SEEDS * SECTORS);
}

static void a_file_may_have_grown_without_its_bytes(void **state)
{
    (void)state;
    CLEANUP(disk_close_at) struct disk_file *file = durable("a", "old");
    write_text(file, 3, "more");
    int zeros = 0, shorts = 0, wholes = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        struct str bytes = content(after, "a");
        zeros += str_equal(bytes, STR("old\0\0\0\0")) ? 1 : 0;
        shorts += str_is(bytes, "old") ? 1 : 0;
        wholes += str_is(bytes, "oldmore") ? 1 : 0;
        disk_sim_free(after);
    }
    assert_int_equal(zeros + shorts + wholes, SEEDS);
    assert_true(zeros > 0 && shorts > 0 && wholes > 0);
}

static void what_follows_a_lost_truncation_is_lost(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(disk_close_at) struct disk_file *file = durable("a", "0123456789");
    assert_true(disk_truncate(file, 0, &fail));
    write_text(file, 0, "new");
    int olds = 0, news = 0, empties = 0, zeros = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        struct str bytes = content(after, "a");
        olds += str_is(bytes, "0123456789") ? 1 : 0;
        news += str_is(bytes, "new") ? 1 : 0;
        empties += bytes.len == 0 ? 1 : 0;
        zeros += str_equal(bytes, STR("\0\0\0")) ? 1 : 0;
        disk_sim_free(after);
    }
    assert_int_equal(olds + news + empties + zeros, SEEDS);
    assert_true(olds > 0 && news > 0 && empties > 0);
}

static void names_appear_in_the_order_they_were_made(void **state)
{
    (void)state;
    for (char name[2] = "a"; name[0] <= 'e'; name[0]++) {
        disk_close(opened(name, DISK_CREATE));
    }
    int counts[6] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        struct str *names;
        size_t count;
        struct fail fail;
        assert_true(disk_list(disk_sim_disk(after), "", arena, &names, &count, &fail));
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(names[i].data[0], 'a' + (int)i);
        }
        counts[count]++;
        disk_sim_free(after);
    }
    for (int i = 0; i <= 5; i++) {
        assert_true(counts[i] > 0);
    }
}

static void a_removed_file_may_come_back_as_it_was_synced(void **state)
{
    (void)state;
    struct fail fail;
    disk_close(durable("a", "old"));
    assert_true(disk_remove(disk_sim_disk(sim), "a", &fail));
    disk_close(opened("b", DISK_CREATE));
    int back = 0, gone = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        struct str a = content(after, "a");
        back += str_is(a, "old") ? 1 : 0;
        gone += a.data == NULL ? 1 : 0;
        assert_true(a.data == NULL || content(after, "b").data == NULL); /* in order */
        disk_sim_free(after);
    }
    assert_true(back > 0 && gone > 0);
    assert_int_equal(back + gone, SEEDS);
    sync_root();
    struct disk_sim *after = disk_sim_cut(sim, 0);
    assert_null(content(after, "a").data);
    disk_sim_free(after);
}

static void a_rename_happens_whole_or_not_at_all(void **state)
{
    (void)state;
    struct fail fail;
    struct disk *disk = disk_sim_disk(sim);
    assert_true(disk_make_dir(disk, "x", &fail) && disk_make_dir(disk, "y", &fail));
    disk_close(durable("x/a", "a"));
    disk_close(durable("x/b", "b"));
    disk_close(durable("y/c", "c"));
    assert_true(disk_sync_dir(disk, "x", &fail) && disk_sync_dir(disk, "y", &fail));
    assert_true(disk_rename(disk, "x/a", "x/b", &fail)); /* within a folder, over a file */
    assert_true(disk_rename(disk, "x/b", "y/c", &fail)); /* between folders, over a file */
    assert_true(disk_rename(disk, "y/c", "x/d", &fail)); /* and back */
    int shapes[4] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        struct str xa = content(after, "x/a"), xb = content(after, "x/b");
        struct str yc = content(after, "y/c"), xd = content(after, "x/d");
        if (xa.data != NULL) {
            assert_true(str_is(xa, "a") && str_is(xb, "b") && str_is(yc, "c") && xd.data == NULL);
            shapes[0]++;
        } else if (xb.data != NULL) {
            assert_true(str_is(xb, "a") && str_is(yc, "c") && xd.data == NULL);
            shapes[1]++;
        } else if (yc.data != NULL) {
            assert_true(str_is(yc, "a") && xd.data == NULL);
            shapes[2]++;
        } else {
            assert_true(str_is(xd, "a"));
            shapes[3]++;
        }
        disk_sim_free(after);
    }
    for (int i = 0; i < 4; i++) {
        assert_true(shapes[i] > 0);
    }
    /* Making one of the folders durable takes along what the rename did to the other. */
    assert_true(disk_sync_dir(disk, "y", &fail));
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        assert_null(content(after, "x/a").data);
        assert_true(str_is(content(after, "x/d"), "a"));
        disk_sim_free(after);
    }
}

static void a_folder_needs_its_name_too(void **state)
{
    (void)state;
    struct fail fail;
    assert_true(disk_make_dir(disk_sim_disk(sim), "x", &fail));
    struct disk_file *file = opened("x/a", DISK_CREATE);
    write_text(file, 0, "a");
    assert_true(disk_sync(file, &fail));
    assert_true(disk_sync_dir(disk_sim_disk(sim), "x", &fail));
    disk_close(file);
    int there = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct disk_sim *after = disk_sim_cut(sim, seed);
        struct str a = content(after, "x/a");
        there += str_is(a, "a") ? 1 : 0;
        disk_sim_free(after);
    }
    assert_true(there > 0 && there < SEEDS);
}

static void a_failed_sync_loses_what_a_later_one_does_not_bring_back(void **state)
{
    (void)state;
    int lost = 0, kept = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        disk_sim_free(sim);
        sim = disk_sim_new(seed);
        struct fail fail;
        struct disk_file *file = durable("a", "old");
        write_text(file, 0, "new");
        disk_sim_fail(sim, &(struct disk_sim_fault){.at = 1, .kind = DISK_SIM_EIO});
        assert_false(disk_sync(file, &fail));
        assert_int_equal(fail.code, FAIL_IO);
        assert_true(disk_sim_fault_happened(sim));
        assert_true(disk_sync(file, &fail));
        assert_true(str_is(content(sim, "a"), "new")); /* what the program sees */
        disk_close(file);
        struct disk_sim *after = disk_sim_cut(sim, seed);
        kept += str_is(content(after, "a"), "new") ? 1 : 0;
        lost += str_is(content(after, "a"), "old") ? 1 : 0;
        disk_sim_free(after);
    }
    assert_true(lost > 0 && kept > 0);
    assert_int_equal(lost + kept, SEEDS);
}

static void faults_strike_the_call_they_are_asked_for(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(disk_close_at) struct disk_file *file = durable("a", "abcd");
    size_t len;
    char text[8];
    uint64_t before = disk_sim_changes(sim);
    disk_sim_fail(sim, &(struct disk_sim_fault){.at = 2, .kind = DISK_SIM_ENOSPC});
    assert_true(disk_read_at(file, 0, text, 4, &len, &fail)); /* reading is not counted */
    write_text(file, 0, "A");
    assert_false(disk_sim_fault_happened(sim));
    assert_false(disk_write_at(file, 4, "efgh", 4, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_true(disk_sim_fault_happened(sim));
    assert_true(str_is(content(sim, "a"), "Abcdef")); /* the first half of it */
    write_text(file, 0, "a");                         /* one fault, not more */
    assert_int_equal(disk_sim_changes(sim) - before, 3);
    disk_sim_fail(sim, &(struct disk_sim_fault){.at = 1, .kind = DISK_SIM_EIO, .any_call = true});
    assert_false(disk_read_at(file, 0, text, 4, &len, &fail));
    assert_int_equal(fail.code, FAIL_IO);
    assert_true(disk_read_at(file, 0, text, 4, &len, &fail));
}

static void every_call_can_fail(void **state)
{
    (void)state;
    struct fail fail;
    struct disk *disk = disk_sim_disk(sim);
    CLEANUP(disk_close_at) struct disk_file *file = durable("a", "abcd");
    struct disk_file *other = NULL;
    struct disk_room room;
    struct disk_view view = {0};
    struct str *names;
    size_t count;
    uint64_t number;
    char byte;
    disk_sim_fail(sim, &(struct disk_sim_fault){.at = 1, .kind = DISK_SIM_OFF});
    assert_false(disk_open(disk, "b", DISK_CREATE, &other, &fail));
    assert_false(disk_open(disk, "a", DISK_READ, &other, &fail));
    assert_false(disk_read_at(file, 0, &byte, 1, &count, &fail));
    assert_false(disk_write_at(file, 0, "xy", 2, &fail));
    assert_false(disk_truncate(file, 0, &fail));
    assert_false(disk_reserve(file, 9, &fail));
    assert_false(disk_sync(file, &fail));
    assert_false(disk_size(file, &number, &fail));
    assert_false(disk_map(file, &view, &fail));
    assert_false(disk_rename(disk, "a", "b", &fail));
    assert_false(disk_remove(disk, "a", &fail));
    assert_false(disk_make_dir(disk, "d", &fail));
    assert_false(disk_sync_dir(disk, "", &fail));
    assert_false(disk_list(disk, "", arena, &names, &count, &fail));
    assert_false(disk_measure(disk, &room, &fail));
    assert_int_equal(fail.code, FAIL_IO);
    disk_sim_fail(sim, NULL); /* started again */
    assert_true(str_is(content(sim, "a"), "abcd"));
    assert_null(content(sim, "b").data);
}

static void a_full_disk_takes_what_fits(void **state)
{
    (void)state;
    struct fail fail;
    struct disk_room left = {0};
    struct disk *disk = disk_sim_disk(sim);
    CLEANUP(disk_close_at) struct disk_file *file = durable("a", "abcd");
    disk_sim_set_capacity(sim, 10);
    assert_true(disk_measure(disk, &left, &fail) && left.free_bytes == 6);
    assert_false(disk_reserve(file, 11, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_true(disk_reserve(file, 10, &fail));
    assert_false(disk_write_at(file, 2, "0123456789", 10, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_true(str_is(content(sim, "a"), "ab01234567"));
    write_text(file, 0, "AB"); /* no more room needed */
    assert_true(disk_truncate(file, 4, &fail));
    CLEANUP(disk_close_at) struct disk_file *other = opened("b", DISK_CREATE);
    write_text(other, 0, "123456");
    assert_false(disk_write_at(file, 4, "x", 1, &fail));
    assert_true(disk_rename(disk, "b", "a", &fail));
    assert_true(disk_measure(disk, &left, &fail) && left.free_bytes == 4);
    assert_true(disk_truncate(file, 0, &fail)); /* has no name any more */
    assert_true(disk_measure(disk, &left, &fail) && left.free_bytes == 4);
    assert_true(disk_remove(disk, "a", &fail));
    assert_true(disk_measure(disk, &left, &fail) && left.free_bytes == 10);
}

static void a_cut_repeats_with_its_seed(void **state)
{
    (void)state;
    CLEANUP(disk_close_at) struct disk_file *file = durable("a", "old");
    char many[5000];
    memset(many, 'n', sizeof many);
    struct fail fail;
    assert_true(disk_write_at(file, 0, many, sizeof many, &fail));
    disk_close(opened("b", DISK_CREATE));
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct disk_sim *one = disk_sim_cut(sim, seed), *two = disk_sim_cut(sim, seed);
        assert_true(str_equal(content(one, "a"), content(two, "a")));
        assert_true((content(one, "b").data == NULL) == (content(two, "b").data == NULL));
        disk_sim_free(one);
        disk_sim_free(two);
    }
}

/* The promise of disk_write_whole, with the power going at each of its steps. */
static void whole_file_is_old_or_new_wherever_the_power_goes(void **state)
{
    (void)state;
    char old[1500], new[2500];
    memset(old, 'o', sizeof old);
    memset(new, 'n', sizeof new);
    struct str old_bytes = str_of(old, sizeof old), new_bytes = str_of(new, sizeof new);
    bool finished = false;
    int olds = 0, news = 0;
    for (uint64_t at = 1; !finished; at++) {
        assert_true(at < 20);
        for (uint64_t seed = 0; seed < 50; seed++) {
            disk_sim_free(sim);
            sim = disk_sim_new(seed);
            struct fail fail;
            struct disk *disk = disk_sim_disk(sim);
            assert_true(disk_write_whole(disk, "a", old_bytes, &fail));
            disk_sim_fail(sim, &(struct disk_sim_fault){.at = at, .kind = DISK_SIM_OFF});
            finished = disk_write_whole(disk, "a", new_bytes, &fail);
            struct disk_sim *after = disk_sim_cut(sim, seed);
            struct str bytes = content(after, "a");
            assert_true(str_equal(bytes, new_bytes) || str_equal(bytes, old_bytes));
            assert_true(!finished || str_equal(bytes, new_bytes));
            olds += str_equal(bytes, old_bytes) ? 1 : 0;
            news += str_equal(bytes, new_bytes) ? 1 : 0;
            disk_sim_free(after);
        }
    }
    assert_true(olds > 0 && news > 0);
}

/* The same for a call that fails while the program runs on: the old file stays whole. */
static void whole_file_survives_every_failing_call(void **state)
{
    (void)state;
    bool finished = false;
    for (uint64_t at = 1; !finished; at++) {
        assert_true(at < 20);
        disk_sim_free(sim);
        sim = disk_sim_new(at);
        struct fail fail;
        struct disk *disk = disk_sim_disk(sim);
        assert_true(disk_write_whole(disk, "a", STR("old"), &fail));
        disk_sim_fail(sim, &(struct disk_sim_fault){.at = at, .kind = DISK_SIM_ENOSPC});
        finished = disk_write_whole(disk, "a", STR("new"), &fail);
        assert_int_equal(finished, !disk_sim_fault_happened(sim));
        struct str bytes = content(sim, "a");
        assert_true(str_is(bytes, "new") || (!finished && str_is(bytes, "old")));
        assert_true(finished || fail.code == FAIL_LIMIT);
        assert_null(content(sim, "a.tmp").data);
        disk_sim_fail(sim, NULL);
        assert_true(disk_write_whole(disk, "a", STR("again"), &fail));
        assert_true(str_is(content(sim, "a"), "again"));
    }
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(what_was_synced_survives_every_cut),
        ONE(what_was_not_synced_may_be_lost_or_not),
        ONE(writes_tear_at_sectors_and_in_any_order),
        ONE(a_file_may_have_grown_without_its_bytes),
        ONE(what_follows_a_lost_truncation_is_lost),
        ONE(names_appear_in_the_order_they_were_made),
        ONE(a_removed_file_may_come_back_as_it_was_synced),
        ONE(a_rename_happens_whole_or_not_at_all),
        ONE(a_folder_needs_its_name_too),
        ONE(a_failed_sync_loses_what_a_later_one_does_not_bring_back),
        ONE(faults_strike_the_call_they_are_asked_for),
        ONE(every_call_can_fail),
        ONE(a_full_disk_takes_what_fits),
        ONE(a_cut_repeats_with_its_seed),
        ONE(whole_file_is_old_or_new_wherever_the_power_goes),
        ONE(whole_file_survives_every_failing_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
