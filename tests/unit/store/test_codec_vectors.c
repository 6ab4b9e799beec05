/* The loops of encodings and narrow rows that have twins: all of them do what one value after the other says, up against the end of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base_cpu.h"
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

/* The portable loops, which leave no rest. */
static size_t unpack_all(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                         uint64_t *out)
{
    store_unpack_portable(bits, first, width, count, out);
    return count;
}
static size_t unpack32_all(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                           uint32_t *out)
{
    store_unpack32_portable(bits, first, width, count, out);
    return count;
}
static size_t unzigzag_all(uint64_t *values, size_t count)
{
    store_unzigzag_portable(values, count);
    return count;
}
static size_t sum_up_all(uint64_t *values, size_t count, uint64_t *sum)
{
    store_sum_up_portable(values, count, sum);
    return count;
}
static size_t unzigzag32_all(uint32_t *values, size_t count)
{
    store_unzigzag32_portable(values, count);
    return count;
}
static size_t sum_up32_all(uint32_t *values, size_t count, uint32_t *sum)
{
    store_sum_up32_portable(values, count, sum);
    return count;
}
static size_t join_parts_all(const uint32_t *heads, const uint32_t *rests, int32_t part,
                             uint32_t base, size_t count, int64_t *out)
{
    store_join_parts_portable(heads, rests, part, base, count, out);
    return count;
}
static uint32_t label_rows_all(const uint8_t *table, size_t table_count, const uint8_t *codes,
                               size_t count, uint8_t *labels)
{
    (void)table_count;
    return store_label_rows_portable(table, codes, count, labels);
}

/* All loops by level; those of levels that this processor has are tried. */
static const struct twins {
    enum base_cpu level;
    size_t past; /* bytes that unpacking may read past the last one */
    size_t (*unpack)(const uint8_t *, uint64_t, unsigned, size_t, uint64_t *);
    size_t (*unpack32)(const uint8_t *, uint64_t, unsigned, size_t, uint32_t *);
    size_t (*unzigzag)(uint64_t *, size_t);
    size_t (*sum_up)(uint64_t *, size_t, uint64_t *);
    size_t (*unzigzag32)(uint32_t *, size_t);
    size_t (*sum_up32)(uint32_t *, size_t, uint32_t *);
    size_t (*join_parts)(const uint32_t *, const uint32_t *, int32_t, uint32_t, size_t, int64_t *);
    uint32_t (*label_rows)(const uint8_t *, size_t, const uint8_t *, size_t, uint8_t *);
    uint32_t (*keep_rows)(const uint8_t *, const int64_t *, size_t, struct store_times, uint8_t *,
                          int64_t *, uint64_t *);
    uint32_t (*keep_slots)(const uint8_t *, const int32_t *, size_t, struct store_slots, uint8_t *,
                           int32_t *, uint64_t *);
    uint32_t (*keep_places)(uint32_t *, int32_t *, uint32_t, struct store_slots);
} twins[] = {
    {BASE_CPU_PORTABLE, STORE_CODEC_SLACK, unpack_all, unpack32_all, unzigzag_all, sum_up_all,
     unzigzag32_all, sum_up32_all, join_parts_all, label_rows_all, store_keep_rows_portable,
     store_keep_slots_portable, store_keep_places_portable},
    BASE_CPU_TWINS({BASE_CPU_AVX2, STORE_CODEC_SLACK, store_unpack_avx2, store_unpack32_avx2,
                    store_unzigzag_avx2, store_sum_up_avx2, store_unzigzag32_avx2,
                    store_sum_up32_avx2, store_join_parts_avx2, store_label_rows_avx2,
                    store_keep_rows_avx2, store_keep_slots_avx2, store_keep_places_avx2},
                   {BASE_CPU_AVX512, 0, store_unpack_avx512, store_unpack32_avx512,
                    store_unzigzag_avx512, store_sum_up_avx512, store_unzigzag32_avx512,
                    store_sum_up32_avx512, store_join_parts_avx512, store_label_rows_avx512,
                    store_keep_rows_avx512, store_keep_slots_avx512, store_keep_places_avx512})};

static size_t twins_here(void)
{
    size_t here = 1; /* the portable ones are everywhere */
    while (here < ARRAY_LEN(twins) && twins[here].level <= base_cpu_level()) {
        here++;
    }
    return here;
}

static uint64_t value_at(const uint8_t *bits, size_t bit, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++, bit++) {
        value |= (uint64_t)(bits[bit / 8] >> bit % 8 & 1U) << i;
    }
    return value;
}

#define RUN 70U

static void check_unpacked(const struct twins *twin, struct base_random *random,
                           const struct fence *fence, unsigned width, unsigned phase, size_t count)
{
    uint64_t got[RUN + 1];
    uint32_t got32[RUN + 1];
    size_t bytes = (phase + count * width + 7) / 8 + twin->past;
    uint8_t roomy[600];
    for (size_t i = 0; i < sizeof roomy; i++) {
        roomy[i] = (uint8_t)base_random_below(random, 256);
    }
    uint8_t *tight = fence->page + fence->bytes - bytes;
    memcpy(tight, roomy, bytes);
    got[count] = UINT64_C(0x1122334455667788);
    size_t done = twin->unpack(tight, phase, width, count, got);
    assert_true(count - done < 8);
    for (size_t i = 0; i < done; i++) {
        assert_true(got[i] == value_at(roomy, phase + i * width, width));
    }
    assert_true(got[count] == UINT64_C(0x1122334455667788)); /* nothing is written past the run */
    if (width > STORE_UNPACK32_WIDTH_MAX) {
        return;
    }
    got32[count] = 0x11223344;
    done = twin->unpack32(tight, phase, width, count, got32);
    assert_true(count - done < 16);
    for (size_t i = 0; i < done; i++) {
        assert_true(got32[i] == value_at(roomy, phase + i * width, width));
    }
    assert_int_equal(got32[count], 0x11223344);
}

static void all_ways_unpack_the_same_and_read_nothing_more(void **state)
{
    (void)state;
    size_t here = twins_here();
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 3);
    struct fence fence = fence_new();
    for (size_t t = 0; t < here; t++) {
        for (unsigned width = 1; width <= STORE_UNPACK_WIDTH_MAX; width++) {
            for (unsigned phase = 0; phase < 8; phase++) {
                for (size_t count = 0; count < RUN; count += 1 + count / 20) {
                    check_unpacked(&twins[t], &seeded.random, &fence, width, phase, count);
                }
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

/* What is to be kept of them, row by row. */
struct kept {
    uint32_t count;
    uint8_t labels[256];
    int64_t ts_ms[256];
    int32_t slots[256];
    uint64_t words[4];
};
static struct kept kept_of(const struct window *w, const uint8_t *labels, size_t count,
                           struct store_times times)
{
    struct kept kept = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        if (labels[i] == 0 || w->ts_ms[i] < times.from_ms || w->ts_ms[i] > times.last_ms) {
            continue;
        }
        kept.labels[kept.count] = labels[i];
        kept.ts_ms[kept.count] = w->ts_ms[i];
        kept.slots[kept.count++] = w->slots[i];
        kept.words[i / 64] |= UINT64_C(1) << i % 64;
    }
    return kept;
}

static void check_places(const struct twins *twin, const struct window *w, size_t count,
                         struct store_slots within)
{
    uint32_t places[320] = {0}, expected = 0;
    int32_t slots[320] = {0};
    memcpy(slots, w->slots, sizeof w->slots);
    for (uint32_t i = 0; i < 256; i++) {
        places[i] = 7 * i;
    }
    uint32_t kept = twin->keep_places(places, slots, (uint32_t)count, within);
    for (uint32_t i = 0; i < count; i++) {
        if (w->slots[i] >= within.from && w->slots[i] <= within.last) {
            assert_int_equal(places[expected], 7 * i);
            assert_int_equal(slots[expected], w->slots[i]);
            expected++;
        }
    }
    assert_int_equal(kept, expected);
}

static void check_narrow_rows(const struct twins *twin, const struct window *w, size_t count,
                              struct store_times times)
{
    uint8_t labels[256], kept_labels[320];
    int64_t kept_ts[320];
    int32_t kept_slots[320];
    uint64_t words[2][4] = {{0}};
    uint32_t labelled = 0;
    memset(labels, 0xEE, sizeof labels);
    uint32_t found = twin->label_rows(w->table, sizeof w->table, w->codes, count, labels);
    for (size_t i = 0; i < sizeof labels; i++) {
        assert_int_equal(labels[i], i < count ? w->table[w->codes[i]] : 0xEE);
        labelled += i < count && labels[i] != 0;
    }
    assert_int_equal(found, labelled);
    const struct kept expected = kept_of(w, labels, count, times);
    assert_int_equal(
        twin->keep_rows(labels, w->ts_ms, count, times, kept_labels, kept_ts, words[0]),
        expected.count);
    assert_memory_equal(kept_labels, expected.labels, expected.count);
    assert_memory_equal(kept_ts, expected.ts_ms, expected.count * sizeof(int64_t));
    assert_memory_equal(words[0], expected.words, sizeof words[0]);
    struct store_slots within = {(int32_t)(times.from_ms < -100 ? INT32_MIN : times.from_ms),
                                 (int32_t)(times.last_ms > 100 ? INT32_MAX : times.last_ms)};
    assert_int_equal(
        twin->keep_slots(labels, w->slots, count, within, kept_labels, kept_slots, words[1]),
        expected.count); /* slots are the times */
    assert_memory_equal(kept_labels, expected.labels, expected.count);
    assert_memory_equal(kept_slots, expected.slots, expected.count * sizeof(int32_t));
    assert_memory_equal(words[1], expected.words, sizeof words[1]);
    check_places(twin, w, count, within);
}

/* Tables of all lengths: where codes are below the length, what stands behind it means nothing. */
static void check_labels(const struct twins *twin, const struct window *w, size_t table_count)
{
    uint8_t codes[256], labels[256];
    uint32_t labelled = 0;
    for (size_t i = 0; i < sizeof codes; i++) {
        codes[i] = (uint8_t)(w->codes[i] % table_count);
    }
    uint32_t found = twin->label_rows(w->table, table_count, codes, sizeof codes, labels);
    for (size_t i = 0; i < sizeof codes; i++) {
        assert_int_equal(labels[i], w->table[codes[i]]);
        labelled += labels[i] != 0;
    }
    assert_int_equal(found, labelled);
}

static void all_ways_keep_the_same_narrow_rows(void **state)
{
    (void)state;
    size_t here = twins_here();
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 4);
    for (size_t round = 0; round < 500; round++) {
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
        for (size_t t = 0; t < here; t++) {
            check_narrow_rows(&twins[t], &w, count, (struct store_times){INT64_MIN, INT64_MAX});
            check_narrow_rows(&twins[t], &w, count, (struct store_times){-20, 30});
            check_narrow_rows(&twins[t], &w, count, (struct store_times){1, 0});
            check_labels(&twins[t], &w, 1 + round % STORE_LABELS_TABLE);
        }
    }
}

static void all_ways_sum_up_distances_as_one_by_one(void **state)
{
    (void)state;
    size_t here = twins_here();
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 4);
    for (size_t n = 0; n <= here * STORE_INTS_FRAME; n++) {
        const struct twins *twin = &twins[n % here];
        size_t count = n / here;
        uint64_t expected[STORE_INTS_FRAME] = {0}, got[STORE_INTS_FRAME];
        uint64_t sums[2];
        sums[0] = sums[1] = base_random_u64(&seeded.random);
        for (size_t i = 0; i < count; i++) { /* all sizes: what passes 64 bits begins again */
            expected[i] = base_random_u64(&seeded.random) >> base_random_below(&seeded.random, 64);
        }
        memcpy(got, expected, sizeof got);
        for (size_t i = 0; i < count; i++) {
            expected[i] = (expected[i] & 1) != 0 ? ~(expected[i] / 2) : expected[i] / 2;
        }
        size_t done = twin->unzigzag(got, count);
        assert_true(count - done < 8);
        assert_memory_equal(got, expected, done * sizeof *got);
        memcpy(got, expected, sizeof got);
        done = twin->sum_up(got, count, &sums[1]);
        assert_true(count - done < 8);
        for (size_t i = 0; i < done; i++) {
            sums[0] += expected[i];
            expected[i] = sums[0];
        }
        assert_true(sums[0] == sums[1]);
        assert_memory_equal(got, expected, done * sizeof *got);
    }
}

static void widths_are_those_of_each_value_at_every_level(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 6);
    const enum base_cpu can = base_cpu_level();
    for (size_t n = 0; n <= 3 * STORE_INTS_FRAME; n++) {
        size_t count = n / 3;
        uint64_t values[STORE_INTS_FRAME];
        uint8_t got[STORE_INTS_FRAME + 1];
        for (size_t i = 0; i < count; i++) {
            values[i] = i % 7 == 0 ? 0
                                   : base_random_u64(&seeded.random) >>
                                         base_random_below(&seeded.random, 64);
        }
        got[count] = 0xEE;
        base_cpu_limit((enum base_cpu)(n % 3));
        store_widths(values, count, got);
        for (size_t i = 0; i < count; i++) {
            unsigned width = 0;
            while (width < 64 && values[i] >> width != 0) {
                width++;
            }
            assert_int_equal(got[i], width);
        }
        assert_int_equal(got[count], 0xEE);
    }
    base_cpu_limit(can);
}

static void values_that_ascend_are_told(void **state)
{
    (void)state;
    /* Below and above half of what there is, and across. */
    static const uint32_t begins[] = {0, 0x7ffffff0, 0xffffff00};
    uint32_t values[70];
    for (uint32_t begin = 0; begin < ARRAY_LEN(begins); begin++) {
        for (uint32_t i = 0; i < ARRAY_LEN(values); i++) {
            values[i] = begins[begin] + 2 * i;
        }
        for (uint32_t count = 0; count < ARRAY_LEN(values); count++) {
            assert_true(store_ascend32(values, count));
            for (uint32_t i = 1; i < count; i++) {
                uint32_t before = values[i];
                values[i] = values[i - 1];
                assert_false(store_ascend32(values, count));
                values[i] = values[i - 1] - 1;
                assert_int_equal(store_ascend32(values, count), i == 1 && begin == 0 && count == 2);
                values[i] = before;
            }
        }
    }
}

static void all_ways_sum_up_and_join_halves_as_one_by_one(void **state)
{
    (void)state;
    size_t here = twins_here();
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 5);
    for (size_t n = 0; n <= here * STORE_INTS_FRAME; n++) {
        const struct twins *twin = &twins[n % here];
        size_t count = n / here;
        uint32_t expected[STORE_INTS_FRAME] = {0}, got[STORE_INTS_FRAME];
        uint32_t rests[STORE_INTS_FRAME] = {0}, sums[2];
        int64_t whole[STORE_INTS_FRAME];
        sums[0] = sums[1] = (uint32_t)base_random_u64(&seeded.random);
        for (size_t i = 0; i < count; i++) {
            expected[i] =
                (uint32_t)base_random_u64(&seeded.random) >> base_random_below(&seeded.random, 32);
            rests[i] = (uint32_t)base_random_u64(&seeded.random);
        }
        uint32_t base = (uint32_t)base_random_u64(&seeded.random);
        size_t done = twin->join_parts(expected, rests, 900000, base, count, whole);
        assert_true(count - done < 8);
        for (size_t i = 0; i < done; i++) {
            int32_t rest = (int32_t)(rests[i] + base);
            assert_true(whole[i] == INT64_C(900000) * (int32_t)expected[i] + rest);
        }
        memcpy(got, expected, sizeof got);
        for (size_t i = 0; i < count; i++) {
            expected[i] = (expected[i] & 1) != 0 ? ~(expected[i] / 2) : expected[i] / 2;
        }
        done = twin->unzigzag32(got, count);
        assert_true(count - done < 16);
        assert_memory_equal(got, expected, done * sizeof *got);
        memcpy(got, expected, sizeof got);
        done = twin->sum_up32(got, count, &sums[1]);
        assert_true(count - done < 16);
        for (size_t i = 0; i < done; i++) {
            sums[0] += expected[i];
            expected[i] = sums[0];
        }
        assert_int_equal(sums[0], sums[1]);
        assert_memory_equal(got, expected, done * sizeof *got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_ways_unpack_the_same_and_read_nothing_more),
        cmocka_unit_test(all_ways_keep_the_same_narrow_rows),
        cmocka_unit_test(all_ways_sum_up_distances_as_one_by_one),
        cmocka_unit_test(widths_are_those_of_each_value_at_every_level),
        cmocka_unit_test(values_that_ascend_are_told),
        cmocka_unit_test(all_ways_sum_up_and_join_halves_as_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
