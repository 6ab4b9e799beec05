/* Rows and the next of another kind: as a look at each later row says, counted with an instruction and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_cpu.h"
#include "base_random.h"
#include "query_pairs.h"
#include "query_places.h"

#define ROWS_MAX 1500U
#define WORDS (ROWS_MAX / 64 + 3)
#define CUSTOMERS_MAX 60U
#define LONG_MS (QUERY_TIMES_BRIEF_MAX / 3)

struct lot {
    struct base_random_seeded seeded;
    uint64_t from[WORDS], to[WORDS];
    int64_t ts_ms[ROWS_MAX];
    uint32_t row_begin[CUSTOMERS_MAX + 1];
    struct store_rows rows;
};

static uint32_t below(struct lot *lot, uint32_t bound)
{
    return (uint32_t)base_random_below(&lot->seeded.random, bound);
}

static bool is_marked(const uint64_t *words, uint32_t row)
{
    return (words[row / 64] >> row % 64 & 1U) != 0;
}

/* Customers of no rows, of few and of many; kinds that are rare, frequent, and the same row; times that are alike, and far apart. */
static void make(struct lot *lot, bool long_pauses)
{
    lot->rows = (struct store_rows){.customer_count = 1 + below(lot, CUSTOMERS_MAX),
                                    .row_begin = lot->row_begin,
                                    .ts_ms = lot->ts_ms};
    const uint32_t rows_each = 1 + below(lot, ROWS_MAX / CUSTOMERS_MAX);
    for (uint32_t c = 0; c < lot->rows.customer_count; c++) {
        uint32_t begin = lot->row_begin[c], rows = below(lot, rows_each);
        int64_t at_ms = -(int64_t)below(lot, 1000);
        lot->row_begin[c + 1] = begin + rows;
        for (uint32_t row = begin; row < begin + rows; row++) {
            at_ms += below(lot, 30);
            at_ms += long_pauses && below(lot, 8) == 0 ? LONG_MS * below(lot, 4) : 0;
            lot->ts_ms[row] = at_ms;
        }
    }
    lot->rows.row_count = lot->row_begin[lot->rows.customer_count];
    memset(lot->from, 0, sizeof lot->from);
    memset(lot->to, 0, sizeof lot->to);
    uint32_t rare_from = 1 + below(lot, 10), rare_to = 1 + below(lot, 20);
    for (uint32_t row = 0; row < lot->rows.row_count; row++) {
        lot->from[1 + row / 64] |= (uint64_t)(below(lot, rare_from) == 0) << row % 64;
        lot->to[1 + row / 64] |= (uint64_t)(below(lot, rare_to) == 0) << row % 64;
    }
}

struct sums {
    uint64_t pairs, customers, time_ms, longer;
};

static struct sums by_looks(const struct query_pairs *pairs)
{
    struct sums sums = {0};
    for (uint32_t c = 0; c < pairs->rows->customer_count; c++) {
        uint32_t end = pairs->rows->row_begin[c + 1];
        bool any = false;
        for (uint32_t row = pairs->rows->row_begin[c]; row < end; row++) {
            uint32_t next = row + 1;
            while (next < end && !is_marked(pairs->to, next)) {
                next++;
            }
            if (!is_marked(pairs->from, row) || next == end ||
                pairs->rows->ts_ms[next] - pairs->rows->ts_ms[row] > pairs->window_ms) {
                continue;
            }
            int64_t time_ms = pairs->rows->ts_ms[next] - pairs->rows->ts_ms[row];
            any = true;
            sums.pairs++;
            sums.time_ms += (uint64_t)time_ms;
            sums.longer += time_ms > QUERY_TIMES_BRIEF_MAX;
        }
        sums.customers += any;
    }
    return sums;
}

static struct sums sum_up(const struct query_times *times, size_t from_brief, size_t from_longer,
                          uint64_t customers)
{
    struct sums sums = {.customers = customers,
                        .pairs = query_times_count(times) - from_brief - from_longer,
                        .longer = times->longer.count - from_longer};
    for (size_t i = from_brief; i < times->brief.count; i++) {
        sums.time_ms += ((const uint32_t *)times->brief.data)[i];
    }
    for (size_t i = from_longer; i < times->longer.count; i++) {
        sums.time_ms += (uint64_t)((const double *)times->longer.data)[i];
    }
    return sums;
}

static void assert_equal(struct sums a, struct sums b)
{
    assert_int_equal(a.pairs, b.pairs);
    assert_int_equal(a.customers, b.customers);
    assert_int_equal(a.time_ms, b.time_ms);
    assert_int_equal(a.longer, b.longer);
}

static const struct {
    enum base_cpu level;
    void (*find)(const struct query_pairs *, const struct query_pairs_ends *,
                 struct query_pairs_found *);
} ways[] = {{BASE_CPU_PORTABLE, query_pairs_find_portable},
            BASE_CPU_TWINS({BASE_CPU_AVX2, query_pairs_find_avx2})};

/* All ways, over the same marks. */
static void assert_parts(const struct query_pairs *pairs, struct sums expected)
{
    static uint64_t begins[WORDS];
    static uint32_t rows[ROWS_MAX + 1], brief[ROWS_MAX + 1];
    static double longer[ROWS_MAX + 1];
    memset(begins, 0, sizeof begins);
    for (uint32_t c = 0; c <= pairs->rows->customer_count; c++) {
        uint32_t row = pairs->rows->row_begin[c];
        begins[row / 64] |= UINT64_C(1) << row % 64;
    }
    size_t count = 0;
    for (uint32_t row = 0; row <= pairs->rows->row_count; row++) {
        if (is_marked(begins, row) || is_marked(pairs->to, row)) {
            rows[count++] = row;
        }
    }
    struct query_pairs_ends ends = {begins, rows};
    for (size_t way = 0; way < ARRAY_LEN(ways) && ways[way].level <= base_cpu_level(); way++) {
        struct query_pairs_found found = {.times = {.brief = brief, .longer = longer}};
        ways[way].find(pairs, &ends, &found);
        struct query_times times = {.brief = {.data = brief, .count = found.times.brief_count},
                                    .longer = {.data = longer, .count = found.times.longer_count}};
        assert_equal(sum_up(&times, 0, 0, found.customers), expected);
    }
}

static void each_row_is_paired_with_the_next_of_its_customer(void **state)
{
    (void)state;
    static struct lot lot;
    base_random_seed(&lot.seeded, 20261130);
    struct base_budget *budget = base_budget_new((size_t)64 << 20);
    struct query_worker worker = {.arena = arena_new(budget), .scratch = arena_new(budget)};
    struct query_times times;
    query_times_init(&times, worker.arena, budget);
    for (int round = 0; round < 3000; round++) {
        struct fail fail;
        make(&lot, round % 3 == 0);
        static const int64_t windows_ms[] = {0, 20, 300, QUERY_TIMES_BRIEF_MAX, INT64_MAX};
        struct query_pairs pairs = {.from = lot.from + 1,
                                    .to = lot.to + 1,
                                    .rows = &lot.rows,
                                    .window_ms = windows_ms[below(&lot, 5)]};
        struct sums expected = by_looks(&pairs);
        size_t brief = times.brief.count, longer = times.longer.count;
        uint64_t customers = 0;
        arena_reset(worker.scratch);
        worker.rows = &lot.rows;
        assert_true(query_pairs_find(&pairs, &worker, &times, &customers, &fail));
        assert_equal(sum_up(&times, brief, longer, customers), expected);
        assert_parts(&pairs, expected);
    }
    arena_free(worker.scratch);
    arena_free(worker.arena);
    assert_int_equal(base_budget_used(budget), 0);
    base_budget_free(budget);
}

static void pairs_are_on_the_budget(void **state)
{
    (void)state;
    static struct lot lot;
    base_random_seed(&lot.seeded, 3);
    do {
        make(&lot, false);
    } while (lot.rows.row_count < 300);
    for (size_t bytes = 1000; bytes < 9000; bytes += 1000) {
        struct base_budget *budget = base_budget_new(bytes);
        struct query_worker worker = {
            .arena = arena_new(budget), .scratch = arena_new(budget), .rows = &lot.rows};
        struct query_pairs pairs = {
            .from = lot.from + 1, .to = lot.to + 1, .rows = &lot.rows, .window_ms = INT64_MAX};
        struct query_times times;
        struct fail fail;
        uint64_t customers = 0;
        query_times_init(&times, worker.arena, budget);
        if (!query_pairs_find(&pairs, &worker, &times, &customers, &fail)) {
            assert_int_equal(fail.code, FAIL_LIMIT);
            assert_int_equal(query_times_count(&times), 0);
            assert_int_equal(customers, 0);
        } else {
            assert_true(bytes > 2000);
        }
        arena_free(worker.scratch);
        arena_free(worker.arena);
        base_budget_free(budget);
    }
}

/* Rows that lie outside a range lose their marks: at both ends of a customer, all of them, or none. */
static void marks_outside_the_range_are_taken_away(void **state)
{
    (void)state;
    static struct lot lot;
    base_random_seed(&lot.seeded, 12);
    for (int round = 0; round < 500; round++) {
        make(&lot, false);
        struct query_range range = {.from_ms = (int64_t)below(&lot, 1500) - 1000};
        range.to_ms = range.from_ms + 1 + below(&lot, 500);
        uint64_t words[WORDS];
        memcpy(words, lot.from, sizeof words);
        query_places_clip(words + 1, &lot.rows, &range);
        for (uint32_t row = 0; row < lot.rows.row_count; row++) {
            bool inside = lot.ts_ms[row] >= range.from_ms && lot.ts_ms[row] < range.to_ms;
            assert_true(is_marked(words + 1, row) == (is_marked(lot.from + 1, row) && inside));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_paired_with_the_next_of_its_customer),
        cmocka_unit_test(pairs_are_on_the_budget),
        cmocka_unit_test(marks_outside_the_range_are_taken_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
