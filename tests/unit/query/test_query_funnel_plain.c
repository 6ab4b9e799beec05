/* Plain funnels: entry by entry in the words of the contract, with vectors and without; and the times that are kept of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base_random.h"
#include "query_funnel_plain.h"
#include "query_select.h"
#include "query_times.h"

#define ROWS_MAX 3000U
#define WORDS (ROWS_MAX / 64 + 3)
#define CUSTOMERS_MAX 40U

struct lot {
    struct base_random_seeded seeded;
    struct funnel_plain plain;
    uint64_t words[QUERY_STEPS_MAX][WORDS];
    int64_t ts_ms[ROWS_MAX];
    uint32_t row_begin[CUSTOMERS_MAX + 1];
    uint32_t room[FUNNEL_ROOM(CUSTOMERS_MAX)];
};
struct answer {
    uint32_t levels[CUSTOMERS_MAX], entries[CUSTOMERS_MAX];
    uint32_t times_ms[QUERY_STEPS_MAX][CUSTOMERS_MAX + FUNNEL_PAUSES_SPARE];
    struct funnel_pauses pauses;
};

static uint32_t below(struct lot *lot, uint32_t bound)
{
    return (uint32_t)base_random_below(&lot->seeded.random, bound);
}

static bool is_marked(const struct funnel_plain *plain, uint32_t step, uint32_t row)
{
    return (plain->steps[step][row / 64] >> row % 64 & 1U) != 0;
}

/* Few rows and many of a customer, rare steps and frequent ones, several at a row, pauses of no time and long ones. */
static void make(struct lot *lot)
{
    lot->plain = (struct funnel_plain){.step_count = 1 + below(lot, 6),
                                       .customer_count = 1 + below(lot, CUSTOMERS_MAX),
                                       .ts_ms = lot->ts_ms,
                                       .row_begin = lot->row_begin};
    const uint32_t rows_each = below(lot, 4) == 0 ? ROWS_MAX / CUSTOMERS_MAX : 1 + below(lot, 20);
    const int64_t pause_ms = 1 + below(lot, 50);
    lot->plain.window_ms = below(lot, 2) == 0 ? below(lot, 40) : below(lot, 4000);
    for (uint32_t c = 0; c < lot->plain.customer_count; c++) {
        uint32_t begin = lot->row_begin[c], rows = below(lot, rows_each + 1);
        int64_t at_ms = -(int64_t)below(lot, 1000);
        lot->row_begin[c + 1] = begin + rows;
        for (uint32_t row = begin; row < begin + rows; row++) {
            at_ms += below(lot, 3) == 0 ? below(lot, (uint32_t)(2 * pause_ms)) : below(lot, 3);
            lot->ts_ms[row] = at_ms;
        }
    }
    memset(lot->words, 0, sizeof lot->words);
    uint32_t all = lot->row_begin[lot->plain.customer_count];
    for (uint32_t s = 0; s < lot->plain.step_count; s++) {
        uint32_t rarity = 1 + below(lot, below(lot, 3) == 0 ? 100 : 8);
        for (uint32_t row = 0; row < all; row++) {
            uint64_t is = below(lot, rarity) == 0;
            lot->words[s][1 + row / 64] |= is << row % 64;
        }
        lot->plain.steps[s] = lot->words[s] + 1;
    }
}

/* As far as an entry comes; times between its steps. */
static uint32_t level_of(const struct funnel_plain *plain, uint32_t entry, uint32_t end,
                         uint32_t *times_ms)
{
    uint32_t level = 1, last = entry;
    for (uint32_t row = entry + 1; row < end && level < plain->step_count; row++) {
        if (plain->ts_ms[row] - plain->ts_ms[entry] > plain->window_ms) {
            break;
        }
        if (is_marked(plain, level, row)) {
            times_ms[level++] = (uint32_t)(plain->ts_ms[row] - plain->ts_ms[last]);
            last = row;
        }
    }
    return level;
}

static void assert_answered(const struct funnel_plain *plain, const struct answer *answer)
{
    size_t counts[QUERY_STEPS_MAX] = {0};
    for (uint32_t c = 0; c < plain->customer_count; c++) {
        uint32_t end = plain->row_begin[c + 1], best = 0, entry = end;
        uint32_t times_ms[QUERY_STEPS_MAX] = {0};
        for (uint32_t row = plain->row_begin[c]; row < end; row++) {
            uint32_t times_now_ms[QUERY_STEPS_MAX] = {0};
            uint32_t level = is_marked(plain, 0, row) ? level_of(plain, row, end, times_now_ms) : 0;
            if (level > best) {
                best = level;
                entry = row;
                memcpy(times_ms, times_now_ms, sizeof times_ms);
            }
        }
        assert_int_equal(answer->levels[c], best);
        if (best > 0) {
            assert_int_equal(answer->entries[c], entry);
        }
        for (uint32_t s = 1; s < best; s++) {
            assert_int_equal(answer->times_ms[s][counts[s]++], times_ms[s]);
        }
    }
    for (uint32_t s = 0; s < plain->step_count; s++) {
        assert_int_equal(answer->pauses.counts[s], counts[s]);
    }
}

static struct funnel_chosen begin(struct answer *answer)
{
    memset(answer, 0xEE, sizeof *answer);
    answer->pauses = (struct funnel_pauses){.counts = {0}};
    for (uint32_t s = 1; s < QUERY_STEPS_MAX; s++) {
        answer->pauses.times_ms[s] = answer->times_ms[s];
    }
    return (struct funnel_chosen){.levels = answer->levels, .entries = answer->entries};
}

static void the_first_entry_of_the_highest_level_is_chosen_with_vectors_and_without(void **state)
{
    (void)state;
    static struct lot lot;
    static struct answer answer;
    base_random_seed(&lot.seeded, 20261129);
    for (int round = 0; round < 6000; round++) {
        make(&lot);
        struct funnel_chosen chosen = begin(&answer);
        funnel_choose_portable(&lot.plain, &chosen);
        funnel_pauses_portable(&lot.plain, &chosen, &answer.pauses);
        assert_answered(&lot.plain, &answer);
        chosen = begin(&answer); /* with AVX-512 where there is */
        funnel_choose(&lot.plain, lot.room, &chosen);
        funnel_pauses(&lot.plain, &chosen, &answer.pauses);
        assert_answered(&lot.plain, &answer);
    }
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* Of all sizes up to what 32 bits hold, and beyond; alike and different. */
static void percentiles_of_times_are_those_of_the_sorted_list(void **state)
{
    (void)state;
    static int64_t sorted[5000];
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 7);
    struct base_budget *budget = base_budget_new((size_t)8 << 20);
    for (int round = 0; round < 300; round++) {
        struct arena *arena = arena_new(budget);
        struct query_times times, more;
        struct fail fail;
        query_times_init(&times, arena, budget);
        query_times_init(&more, arena, budget);
        size_t count = 1 + base_random_below(&seeded.random, round % 2 == 0 ? 20 : 5000);
        uint64_t different = UINT64_C(1) << base_random_below(&seeded.random, 36);
        for (size_t i = 0; i < count; i++) {
            uint64_t time = base_random_below(&seeded.random, different);
            sorted[i] = (int64_t)(base_random_below(&seeded.random, 3) == 0 ? time >> 20 : time);
            sorted[i] += base_random_below(&seeded.random, 9) == 0
                             ? QUERY_TIMES_BRIEF_MAX - 1 + (int64_t)(time & 3)
                             : 0;
            assert_true(query_times_add(i % 3 == 0 ? &more : &times, sorted[i], &fail));
        }
        assert_true(query_times_append(&times, &more, &fail));
        assert_int_equal(query_times_count(&times), count);
        qsort(sorted, count, sizeof sorted[0], compare_times);
        static const unsigned percents[] = {0, 1, 50, 99, 100, 25};
        int64_t found[ARRAY_LEN(percents)];
        query_times_percentiles(&times, percents, ARRAY_LEN(percents), found);
        for (size_t i = 0; i < ARRAY_LEN(percents); i++) {
            assert_int_equal(found[i], sorted[query_nearest_rank(count, percents[i])]);
        }
        arena_free(arena);
    }
    assert_int_equal(base_budget_used(budget), 0);
    base_budget_free(budget);
}

static void times_that_are_written_in_their_room_are_on_the_budget(void **state)
{
    (void)state;
    struct base_budget *budget = base_budget_new(10000);
    struct arena *arena = arena_new(budget);
    struct query_times times;
    struct fail fail;
    struct query_times_room room;
    query_times_init(&times, arena, budget);
    assert_true(query_times_room(&times, 100, &room, &fail));
    assert_true(base_budget_used(budget) >= 1200);
    for (uint32_t i = 0; i < 40; i++) {
        room.brief[room.brief_count++] = 100 - i;
    }
    room.longer[room.longer_count++] = 1e12;
    query_times_added(&times, &room);
    assert_int_equal(query_times_count(&times), 41);
    static const unsigned ends[] = {0, 100};
    int64_t found[ARRAY_LEN(ends)];
    query_times_percentiles(&times, ends, ARRAY_LEN(ends), found);
    assert_int_equal(found[0], 61);
    assert_int_equal(found[1], INT64_C(1000000000000));
    assert_false(query_times_room(&times, 5000, &room, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    arena_free(arena);
    base_budget_free(budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_entry_of_the_highest_level_is_chosen_with_vectors_and_without),
        cmocka_unit_test(percentiles_of_times_are_those_of_the_sorted_list),
        cmocka_unit_test(times_that_are_written_in_their_room_are_on_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
