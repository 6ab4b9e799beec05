/* Marks and intervals of rows: the same at all levels of vector instructions, and what a look at each row says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base_cpu.h"
#include "base_random.h"
#include "query_marks.h"

#define ROWS 400U
#define INTERVALS 70U
#define HOUR_MS INT64_C(3600000)

struct lot {
    struct base_random_seeded seeded;
    uint8_t table[256];
    uint8_t labels[ROWS];
    int64_t ts_ms[ROWS];
    uint64_t words[(ROWS + 63) / 64];
    int64_t begins[INTERVALS + 1];
};

static uint64_t below(struct lot *lot, uint64_t bound)
{
    return base_random_below(&lot->seeded.random, bound);
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* Days of 23, 24 and 25 hours, and rows on their bounds. */
static void make(struct lot *lot, uint64_t labels)
{
    lot->begins[0] = -400 * HOUR_MS;
    for (uint32_t i = 0; i < INTERVALS; i++) {
        lot->begins[i + 1] = lot->begins[i] + (23 + (int64_t)below(lot, 3)) * HOUR_MS;
    }
    for (size_t i = 0; i < sizeof lot->table; i++) {
        lot->table[i] = (uint8_t)(below(lot, 3) * below(lot, 200));
    }
    uint64_t span_ms = (uint64_t)(lot->begins[INTERVALS] - lot->begins[0]);
    for (uint32_t i = 0; i < ROWS; i++) {
        int64_t on_bound = lot->begins[below(lot, INTERVALS)];
        lot->labels[i] = (uint8_t)below(lot, labels);
        lot->ts_ms[i] = below(lot, 4) == 0 ? on_bound - (int64_t)below(lot, 2)
                                           : lot->begins[0] + (int64_t)below(lot, span_ms);
        lot->ts_ms[i] = lot->ts_ms[i] < lot->begins[0] ? lot->begins[0] : lot->ts_ms[i];
    }
    qsort(lot->ts_ms, ROWS, sizeof lot->ts_ms[0], compare_times);
}

/* The loops with vectors; those of levels that this processor has are tried. */
static const struct twins {
    enum base_cpu level;
    void (*mark_rows)(const uint8_t *, const uint8_t *, size_t, uint64_t *);
    void (*mark_masks)(const uint64_t *, unsigned, size_t, uint64_t *);
    void (*unmark_before)(const int64_t *, int64_t, size_t, uint64_t *);
} twins[] = {
    {BASE_CPU_PORTABLE, query_mark_rows, query_mark_masks, query_unmark_before}, /* chosen */
    BASE_CPU_TWINS(
        {BASE_CPU_AVX2, query_mark_rows_avx2, query_mark_masks_avx2, query_unmark_before_avx2},
        {BASE_CPU_AVX512, query_mark_rows_avx512, query_mark_masks_avx512,
         query_unmark_before_avx512})};

static bool there(size_t twin)
{
    return twin < ARRAY_LEN(twins) && twins[twin].level <= base_cpu_level();
}

static bool is_marked(const uint64_t *words, uint32_t row)
{
    return (words[row / 64] >> row % 64 & 1U) != 0;
}

static void rows_are_marked_by_their_labels_with_vectors_and_without(void **state)
{
    (void)state;
    struct lot lot;
    base_random_seed(&lot.seeded, 5);
    for (uint32_t count = 0; count <= 200; count++) {
        uint64_t portable[4] = {0};
        make(&lot, count % 2 == 0 ? 256 : 40);
        query_mark_rows_portable(lot.table, lot.labels, count, portable);
        for (uint32_t row = 0; row < query_mark_words(count) * 64; row++) {
            assert_int_equal(is_marked(portable, row),
                             row < count && lot.table[lot.labels[row]] != 0);
        }
        for (size_t twin = 0; there(twin); twin++) {
            uint64_t vectors[4] = {0};
            twins[twin].mark_rows(lot.table, lot.labels, count, vectors);
            assert_memory_equal(vectors, portable, sizeof portable);
        }
    }
}

static void rows_are_marked_by_a_bit_of_their_masks_with_vectors_and_without(void **state)
{
    (void)state;
    struct lot lot;
    uint64_t masks[200];
    base_random_seed(&lot.seeded, 9);
    for (uint32_t count = 0; count <= ARRAY_LEN(masks); count++) {
        uint64_t portable[4] = {0};
        unsigned bit = (unsigned)below(&lot, 64);
        for (uint32_t row = 0; row < count; row++) {
            masks[row] = base_random_u64(&lot.seeded.random);
        }
        query_mark_masks_portable(masks, bit, count, portable);
        for (uint32_t row = 0; row < query_mark_words(count) * 64; row++) {
            assert_int_equal(is_marked(portable, row),
                             row < count && (masks[row] >> bit & 1U) != 0);
        }
        for (size_t twin = 0; there(twin); twin++) {
            uint64_t vectors[4] = {0};
            twins[twin].mark_masks(masks, bit, count, vectors);
            assert_memory_equal(vectors, portable, sizeof portable);
        }
    }
}

static void rows_before_a_time_lose_their_marks_with_vectors_and_without(void **state)
{
    (void)state;
    struct lot lot;
    base_random_seed(&lot.seeded, 11);
    for (uint32_t count = 0; count <= 200; count++) {
        uint64_t before[4] = {0};
        uint64_t portable[4] = {0};
        make(&lot, 40);
        int64_t since_ms = count == 7 ? INT64_MIN : lot.ts_ms[below(&lot, ROWS)];
        query_mark_rows_portable(lot.table, lot.labels, count, before);
        memcpy(portable, before, sizeof before);
        query_unmark_before_portable(lot.ts_ms, since_ms, count, portable);
        for (uint32_t row = 0; row < query_mark_words(count) * 64; row++) {
            assert_int_equal(is_marked(portable, row),
                             is_marked(before, row) && lot.ts_ms[row] >= since_ms);
        }
        for (size_t twin = 0; there(twin); twin++) {
            uint64_t vectors[4];
            memcpy(vectors, before, sizeof before);
            twins[twin].unmark_before(lot.ts_ms, since_ms, count, vectors);
            assert_memory_equal(vectors, portable, sizeof portable);
        }
    }
}

static void the_last_marked_row_is_found_within_its_range(void **state)
{
    (void)state;
    struct lot lot;
    base_random_seed(&lot.seeded, 10);
    for (int turn = 0; turn < 2000; turn++) {
        uint64_t words[4];
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            words[i] = below(&lot, 4) == 0 ? base_random_u64(&lot.seeded.random)
                                           : UINT64_C(1) << below(&lot, 64);
            words[i] = below(&lot, 3) == 0 ? 0 : words[i];
        }
        uint32_t from = (uint32_t)below(&lot, 257);
        uint32_t end = (uint32_t)below(&lot, 257);
        uint32_t expected = end;
        for (uint32_t row = from; row < end; row++) {
            expected = is_marked(words, row) ? row : expected;
        }
        assert_int_equal(query_mark_last(words, from, end), expected);
    }
}

static void the_next_marked_row_is_found_within_its_range(void **state)
{
    (void)state;
    struct lot lot;
    base_random_seed(&lot.seeded, 6);
    for (int turn = 0; turn < 2000; turn++) {
        make(&lot, 256);
        for (size_t w = 0; w < sizeof lot.words / sizeof lot.words[0]; w++) {
            lot.words[w] = below(&lot, 3) == 0 ? UINT64_C(1) << below(&lot, 64) : 0;
        }
        uint32_t from = (uint32_t)below(&lot, ROWS + 1);
        uint32_t end = from + (uint32_t)below(&lot, ROWS + 1 - from);
        uint32_t expected = from;
        while (expected < end && !is_marked(lot.words, expected)) {
            expected++;
        }
        assert_int_equal(query_mark_next(lot.words, from, end), expected);
    }
}

static void intervals_met_are_those_of_marked_rows_with_vectors_and_without(void **state)
{
    (void)state;
    struct lot lot;
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    base_random_seed(&lot.seeded, 7);
    for (int turn = 0; turn < 3000; turn++) {
        struct query_slots table;
        int32_t slots[ROWS];
        make(&lot, 256);
        const struct zone_intervals intervals = {.count = INTERVALS, .begins = lot.begins};
        assert_true(query_slots_fit(&intervals, lot.begins[0], lot.begins[3]));
        assert_true(query_slots_make(&intervals, arena, &table, &fail));
        query_mark_rows_portable(lot.table, lot.labels, ROWS, lot.words);
        for (uint32_t row = 0; row < ROWS; row++) {
            slots[row] =
                (int32_t)(lot.ts_ms[row] / STORE_SLOT_MS - (lot.ts_ms[row] % STORE_SLOT_MS < 0));
        }
        uint32_t from = (uint32_t)below(&lot, ROWS);
        uint32_t end = from + (uint32_t)below(&lot, ROWS + 1 - from);
        uint32_t first = query_slots_interval(&table, slots[from]);
        first -= (uint32_t)below(&lot, first + 1) / 8;
        uint32_t last = first + 1 + (uint32_t)below(&lot, 64);
        int64_t end_ms = lot.begins[last < INTERVALS ? last : INTERVALS];
        int32_t end_slot = query_slot_at(end_ms);
        uint64_t expected = 0;
        for (uint32_t row = from; row < end; row++) {
            for (uint32_t i = first; i < INTERVALS; i++) {
                if (is_marked(lot.words, row) && lot.ts_ms[row] < end_ms &&
                    lot.ts_ms[row] >= lot.begins[i] && lot.ts_ms[row] < lot.begins[i + 1]) {
                    expected |= UINT64_C(1) << (i - first);
                }
            }
        }
        assert_int_equal(
            query_intervals_met_portable(&table, first, slots, lot.words, from, end, end_slot),
            expected);
        assert_int_equal(/* with AVX-512 where there is */
                         query_intervals_met(&table, first, slots, lot.words, from, end, end_slot),
                         expected);
        arena_reset(arena);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_marked_by_their_labels_with_vectors_and_without),
        cmocka_unit_test(rows_are_marked_by_a_bit_of_their_masks_with_vectors_and_without),
        cmocka_unit_test(rows_before_a_time_lose_their_marks_with_vectors_and_without),
        cmocka_unit_test(the_last_marked_row_is_found_within_its_range),
        cmocka_unit_test(the_next_marked_row_is_found_within_its_range),
        cmocka_unit_test(intervals_met_are_those_of_marked_rows_with_vectors_and_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
