/* What vector instructions do in encodings and narrow rows: the same as the portable way, up against the end of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base_random.h"
#include "store_codec.h"
#include "store_codec_find.h"
#include "store_codec_unpack.h"
#include "store_narrow_rows.h"

/* Where values lie up against the end of what may be read. */
struct fence {
    uint8_t *page;
    size_t bytes;
};
static struct fence fence_new(void)
{
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    void *two = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(two != MAP_FAILED && mprotect((uint8_t *)two + bytes, bytes, PROT_NONE) == 0);
    return (struct fence){two, bytes};
}

static void vectors_give_what_the_portable_way_gives_and_read_nothing_more(void **state)
{
    (void)state;
    if (!store_unpack_has_avx512()) { /* nothing to compare: the instructions would end the process */
        skip();
    }
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 3);
    struct fence fence = fence_new();
    for (unsigned width = 1; width <= STORE_UNPACK_WIDTH_MAX; width++) {
        for (unsigned phase = 0; phase < 8; phase++) {
            for (size_t count = 0; count < 70; count += 1 + count / 20) {
                uint64_t expected[70], got[70];
                uint32_t expected32[70], got32[70];
                size_t bytes = (phase + count * width + 7) / 8;
                uint8_t roomy[600];
                for (size_t i = 0; i < sizeof roomy; i++) {
                    roomy[i] = (uint8_t)base_random_below(&seeded.random, 256);
                }
                memcpy(fence.page + fence.bytes - bytes, roomy, bytes);
                const uint8_t *tight = fence.page + fence.bytes - bytes;
                size_t done = store_unpack_avx512(tight, phase, width, count, got);
                assert_true(count - done < 8);
                store_unpack_portable(roomy, phase, width, count, expected);
                assert_memory_equal(got, expected, done * sizeof *got);
                if (width > STORE_UNPACK32_WIDTH_MAX) {
                    continue;
                }
                done = store_unpack32_avx512(tight, phase, width, count, got32);
                assert_true(count - done < 16);
                store_unpack32_portable(roomy, phase, width, count, expected32);
                assert_memory_equal(got32, expected32, done * sizeof *got32);
            }
        }
    }
    assert_int_equal(munmap(fence.page, 2 * fence.bytes), 0);
}

/* Rows of one window, at random. */
struct window {
    uint8_t table[STORE_LABELS_TABLE];
    uint8_t codes[256];
    int64_t ts_ms[256];
    int32_t slots[256];
};

static void check_narrow_rows(const struct window *w, size_t count, struct store_times times)
{
    uint8_t labels[2][256], kept_labels[2][320];
    int64_t kept_ts[2][320];
    uint64_t words[2][4] = {{0}};
    uint32_t labelled = store_label_rows_portable(w->table, w->codes, count, labels[0]);
    assert_int_equal(store_label_rows_avx512(w->table, w->codes, count, labels[1]), labelled);
    assert_memory_equal(labels[1], labels[0], count);
    uint32_t kept = store_keep_rows_portable(labels[0], w->ts_ms, count, times, kept_labels[0],
                                             kept_ts[0], words[0]);
    assert_int_equal(store_keep_rows_avx512(labels[0], w->ts_ms, count, times, kept_labels[1],
                                            kept_ts[1], words[1]),
                     kept);
    assert_true(kept <= labelled);
    assert_memory_equal(kept_labels[1], kept_labels[0], kept);
    assert_memory_equal(kept_ts[1], kept_ts[0], kept * sizeof(int64_t));
    assert_memory_equal(words[1], words[0], sizeof words[0]);
    struct store_slots within = {(int32_t)(times.from_ms < -100 ? INT32_MIN : times.from_ms),
                                 (int32_t)(times.last_ms > 100 ? INT32_MAX : times.last_ms)};
    int32_t kept_slots[2][320];
    kept = store_keep_slots_portable(labels[0], w->slots, count, within, kept_labels[0],
                                     kept_slots[0], words[0]);
    assert_memory_equal(words[1], words[0], sizeof words[0]); /* slots are the times */
    assert_int_equal(store_keep_slots_avx512(labels[0], w->slots, count, within, kept_labels[1],
                                             kept_slots[1], words[1]),
                     kept);
    assert_memory_equal(kept_labels[1], kept_labels[0], kept);
    assert_memory_equal(kept_slots[1], kept_slots[0], kept * sizeof(int32_t));
    assert_memory_equal(words[1], words[0], sizeof words[0]);
    uint32_t places[2][320];
    for (int way = 0; way < 2; way++) { /* in place */
        memcpy(kept_slots[way], w->slots, sizeof w->slots);
        for (uint32_t i = 0; i < ARRAY_LEN(places[way]); i++) {
            places[way][i] = 7 * i;
        }
    }
    kept = store_keep_places_portable(places[0], kept_slots[0], (uint32_t)count, within);
    assert_int_equal(store_keep_places_avx512(places[1], kept_slots[1], (uint32_t)count, within),
                     kept);
    assert_memory_equal(places[1], places[0], kept * sizeof places[0][0]);
    assert_memory_equal(kept_slots[1], kept_slots[0], kept * sizeof kept_slots[0][0]);
}

static void narrow_rows_are_the_same_with_vectors_and_without(void **state)
{
    (void)state;
    if (!store_find_has_avx512()) { /* nothing to compare: there is the portable way alone */
        skip();
    }
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 4);
    for (int round = 0; round < 500; round++) {
        struct window w;
        uint64_t unlabelled = base_random_below(&seeded.random, 4); /* of four */
        for (size_t i = 0; i < sizeof w.table; i++) {
            w.table[i] = base_random_below(&seeded.random, 4) < unlabelled
                             ? 0
                             : (uint8_t)base_random_below(&seeded.random, 256);
        }
        for (size_t i = 0; i < ARRAY_LEN(w.codes); i++) {
            w.codes[i] = (uint8_t)base_random_below(&seeded.random, STORE_LABELS_TABLE);
            w.ts_ms[i] = (int64_t)base_random_below(&seeded.random, 100) - 50;
            w.slots[i] = (int32_t)w.ts_ms[i];
        }
        size_t count = (size_t)base_random_below(&seeded.random, 257);
        check_narrow_rows(&w, count, (struct store_times){INT64_MIN, INT64_MAX});
        check_narrow_rows(&w, count, (struct store_times){-20, 30});
        check_narrow_rows(&w, count, (struct store_times){1, 0});
    }
}

static void distances_are_summed_up_by_vectors_as_one_by_one(void **state)
{
    (void)state;
    if (!store_unpack_has_avx512()) { /* nothing to compare: there is the portable way alone */
        skip();
    }
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 4);
    for (size_t count = 0; count <= STORE_INTS_FRAME; count++) {
        uint64_t expected[STORE_INTS_FRAME] = {0}, got[STORE_INTS_FRAME];
        uint64_t sums[2];
        sums[0] = sums[1] = base_random_u64(&seeded.random);
        for (size_t i = 0; i < count; i++) { /* all sizes: what passes 64 bits begins again */
            expected[i] = base_random_u64(&seeded.random) >> base_random_below(&seeded.random, 64);
        }
        memcpy(got, expected, sizeof got);
        store_unzigzag_portable(expected, count);
        size_t done = store_unzigzag_avx512(got, count);
        assert_true(count - done < 8);
        assert_memory_equal(got, expected, done * sizeof *got);
        memcpy(got, expected, sizeof got);
        store_sum_up_portable(expected, done, &sums[0]);
        assert_int_equal(store_sum_up_avx512(got, count, &sums[1]), done);
        assert_true(sums[0] == sums[1]);
        assert_memory_equal(got, expected, done * sizeof *got);
    }
}

static void widths_are_the_same_with_vectors_and_without(void **state)
{
    (void)state;
    if (!store_unpack_has_avx512()) { /* nothing to compare: there is the portable way alone */
        skip();
    }
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 6);
    for (size_t count = 0; count <= STORE_INTS_FRAME; count++) {
        uint64_t values[STORE_INTS_FRAME];
        uint8_t expected[STORE_INTS_FRAME], got[STORE_INTS_FRAME];
        for (size_t i = 0; i < count; i++) {
            values[i] = i % 7 == 0 ? 0
                                   : base_random_u64(&seeded.random) >>
                                         base_random_below(&seeded.random, 64);
        }
        store_widths_portable(values, count, expected);
        size_t done = store_widths_avx512(values, count, got);
        assert_true(count - done < 8);
        assert_memory_equal(got, expected, done);
        store_widths(values, count, got);
        assert_memory_equal(got, expected, count);
    }
}

static void halves_are_summed_up_and_joined_by_vectors_as_one_by_one(void **state)
{
    (void)state;
    if (!store_unpack_has_avx512()) { /* nothing to compare: there is the portable way alone */
        skip();
    }
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 5);
    for (size_t count = 0; count <= STORE_INTS_FRAME; count++) {
        uint32_t expected[STORE_INTS_FRAME] = {0}, got[STORE_INTS_FRAME];
        uint32_t rests[STORE_INTS_FRAME] = {0}, sums[2];
        int64_t whole[2][STORE_INTS_FRAME];
        sums[0] = sums[1] = (uint32_t)base_random_u64(&seeded.random);
        for (size_t i = 0; i < count; i++) {
            expected[i] =
                (uint32_t)base_random_u64(&seeded.random) >> base_random_below(&seeded.random, 32);
            rests[i] = (uint32_t)base_random_u64(&seeded.random);
        }
        size_t done = store_join_parts_avx512(expected, rests, 900000, count, whole[1]);
        assert_true(count - done < 8);
        store_join_parts_portable(expected, rests, 900000, done, whole[0]);
        assert_memory_equal(whole[1], whole[0], done * sizeof *whole[0]);
        memcpy(got, expected, sizeof got);
        store_unzigzag32_portable(expected, count);
        done = store_unzigzag32_avx512(got, count);
        assert_true(count - done < 16);
        assert_memory_equal(got, expected, done * sizeof *got);
        memcpy(got, expected, sizeof got);
        store_sum_up32_portable(expected, done, &sums[0]);
        assert_int_equal(store_sum_up32_avx512(got, count, &sums[1]), done);
        assert_int_equal(sums[0], sums[1]);
        assert_memory_equal(got, expected, done * sizeof *got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_give_what_the_portable_way_gives_and_read_nothing_more),
        cmocka_unit_test(narrow_rows_are_the_same_with_vectors_and_without),
        cmocka_unit_test(distances_are_summed_up_by_vectors_as_one_by_one),
        cmocka_unit_test(widths_are_the_same_with_vectors_and_without),
        cmocka_unit_test(halves_are_summed_up_and_joined_by_vectors_as_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
