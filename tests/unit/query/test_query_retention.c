/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_random.h"
#include "query_fake.h"
#include "query_interval.h"
#include "query_retention.h"

/* Weeks begin on 2026-04-27, 05-04, 05-11 (under way: now is the 15th). */
static const char lines[] =
    "{'c':'ann','e':'Join','t':'2026-04-28T10:00:00Z','p':{'plan':'free'}}\n"
    "{'c':'ann','e':'Use','t':'2026-04-28T10:00:00Z'}\n"
    "{'c':'ann','e':'Use','t':'2026-05-12T10:00:00Z'}\n"
    "{'c':'bob','e':'Use','t':'2026-04-29T09:00:00Z'}\n"
    "{'c':'bob','e':'Join','t':'2026-04-29T10:00:00Z','p':{'plan':'pro'}}\n"
    "{'c':'bob','e':'Join','t':'2026-05-05T10:00:00Z','p':{'plan':'free'}}\n"
    "{'c':'bob','e':'Use','t':'2026-05-06T10:00:00Z'}\n"
    "{'c':'cid','e':'Join','t':'2026-05-13T10:00:00Z'}\n"
    "{'c':'cid','e':'Use','t':'2026-06-20T10:00:00Z'}\n"
    "{'c':'dee','e':'Join','t':'2026-04-20T10:00:00Z'}\n"
    "{'c':'dee','e':'Use','t':'2026-05-05T10:00:00Z'}\n";

#define RANGE "'range':{'from':'2026-04-27','to':'2026-05-17'}"
#define ASK(rest)                                                                                  \
    "{'kind':'retention','start':{'event':'Join'},'return':{'event':'Use'}," RANGE                 \
    ",'periods':4" rest "}"

static void cohorts_return_in_calendar_intervals(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(
        fake, ASK(""),
        "{'kind':'retention','cohorts':[{'start':'2026-04-27','size':2,'returned':[1,1,1,null]},"
        "{'start':'2026-05-04','size':0,'returned':[0,0,null,null]},"
        "{'start':'2026-05-11','size':1,'returned':[0,null,null,null]}],"
        "'partial':['2026-05-11'],'warnings':[]");
    fake_expect_part(fake, ASK(",'mode':'unbounded'"),
                     "[{'start':'2026-04-27','size':2,'returned':[2,2,1,null]},"
                     "{'start':'2026-05-04','size':0,'returned':[0,0,null,null]},"
                     "{'start':'2026-05-11','size':1,'returned':[1,null,null,null]}]");
    fake_expect_part(fake, ASK(",'cohort':'every'"),
                     "[{'start':'2026-04-27','size':2,'returned':[1,1,1,null]},"
                     "{'start':'2026-05-04','size':1,'returned':[1,0,null,null]},"
                     "{'start':'2026-05-11','size':1,'returned':[0,null,null,null]}]");
    fake_expect_part(fake, ASK(",'interval':'day','as_of':'2027-01-01T00:00:00Z'"),
                     "{'start':'2026-04-28','size':1,'returned':[1,0,0,0]}");
    fake_free(fake);
}

static void groups_take_the_value_at_the_first_start(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake, ASK(",'breakdown':'plan'"),
        "'groups':[{'group':'(none)','cohorts':[{'start':'2026-04-27','size':0,'returned':[0,0,0,"
        "null]},"
        "{'start':'2026-05-04','size':0,'returned':[0,0,null,null]},"
        "{'start':'2026-05-11','size':1,'returned':[0,null,null,null]}]},"
        "{'group':'free','cohorts':[{'start':'2026-04-27','size':1,'returned':[1,0,1,null]},");
    fake_expect_part(
        fake, ASK(",'breakdown':'plan','cohort':'every','limit':1"),
        "'groups':[{'group':'free','cohorts':[{'start':'2026-04-27','size':1,'returned':[1,0,1,"
        "null]},"
        "{'start':'2026-05-04','size':1,'returned':[1,0,null,null]},"
        "{'start':'2026-05-11','size':0,'returned':[0,null,null,null]}]},"
        "{'group':'(other)','cohorts':[{'start':'2026-04-27','size':1,'returned':[0,1,0,null]},");
    fake_free(fake);
}

/* The event is no column: still it takes rows as they are. */
static void groups_by_event_take_the_event_of_the_first_start(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake, ASK(",'breakdown':'event'"),
                     "'groups':[{'group':'Join','cohorts':[{'start':'2026-04-27','size':2,"
                     "'returned':[1,1,1,null]},");
    fake_free(fake);
}

static void intervals_cut_by_the_range_are_partial_and_their_period_goes_on(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake,
                "{'kind':'retention','start':{'event':'Join'},'return':{'event':'Use'},'periods':2,"
                "'range':{'from':'2026-04-29','to':'2026-05-05'}}",
                "{'kind':'retention','cohorts':[{'start':'2026-04-27','size':1,'returned':[0,1]},"
                "{'start':'2026-05-04','size':0,'returned':[0,0]}],"
                "'partial':['2026-04-27','2026-05-04'],'warnings':[]");
    fake_free(fake);
}

/* ---- against the contract's words, start by start ---- */

static void mark(void *context, size_t period)
{
    ((bool *)context)[period] = true;
}

static bool naive_returned(const struct retention_body *body, const int64_t *ts_ms,
                           const uint64_t *masks, uint32_t rows,
                           const struct retention_start *start, size_t period)
{
    int64_t begin_ms = body->intervals.begins[start->cohort + period];
    int64_t end_ms = body->intervals.begins[start->cohort + period + 1];
    for (uint32_t row = start->row + 1; row < rows; row++) {
        if ((masks[row] & 2U) != 0 &&
            (body->unbounded ? period == 0 || ts_ms[row] >= begin_ms
                             : ts_ms[row] >= begin_ms && ts_ms[row] < end_ms)) {
            return true;
        }
    }
    return false;
}

static void periods_equal_the_contracts_words(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 7);
    struct base_random *random = &seeded.random;
    struct base_budget *budget = base_budget_new((size_t)64 << 20);
    int64_t begins[12];
    for (int i = 0; i < 12; i++) {
        begins[i] = i * 10;
    }
    for (int round = 0; round < 3000; round++) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(budget);
        struct retention_body body = {.cohorts = 6,
                                      .periods = 6,
                                      .intervals = {begins, 11},
                                      .unbounded = base_random_below(random, 2) == 0,
                                      .every = base_random_below(random, 2) == 0};
        struct query_range range = {.from_ms = 3, .to_ms = 57};
        uint32_t rows = (uint32_t)base_random_below(random, 30);
        uint64_t masks[30];
        int64_t ts_ms[30], at_ms = 0;
        for (uint32_t row = 0; row < rows; row++) {
            at_ms += (int64_t)base_random_below(random, 12);
            ts_ms[row] = at_ms;
            masks[row] = base_random_below(random, 4);
        }
        struct retention_history *history;
        struct fail fail;
        assert_true(retention_history_new(arena, budget, &history, &fail));
        assert_true(retention_history_load(history, &body, &range, ts_ms, masks, 0, rows, &fail));
        size_t found = 0;
        size_t last_cohort = SIZE_MAX;
        for (uint32_t row = 0; row < rows; row++) {
            if ((masks[row] & 1U) == 0 || ts_ms[row] < range.from_ms || ts_ms[row] >= range.to_ms ||
                (!body.every && found > 0) || (size_t)(ts_ms[row] / 10) == last_cohort) {
                continue;
            }
            last_cohort = (size_t)(ts_ms[row] / 10);
            struct retention_start start = {last_cohort, row};
            bool returned[6] = {false};
            assert_true(found < history->starts->count);
            const struct retention_start *got =
                (struct retention_start *)history->starts->data + found++;
            assert_int_equal(got->cohort, start.cohort);
            assert_int_equal(got->row, start.row);
            retention_periods(history, &body, got, mark, returned);
            for (size_t n = 0; n < 6; n++) {
                assert_true(returned[n] == naive_returned(&body, ts_ms, masks, rows, &start, n));
            }
        }
        assert_int_equal(found, history->starts->count);
    }
    base_budget_free(budget);
}

/* Clocks are moved by an hour, half an hour and a whole day. */
static const char *const moved_zones[] = {"UTC", "Europe/Berlin", "Australia/Lord_Howe",
                                          "Pacific/Apia", "America/Sao_Paulo"};

static void table_of_intervals_finds_what_searching_finds(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 20260502);
    struct base_random *random = &seeded.random;
    for (int round = 0; round < 400; round++) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        struct fail fail;
        struct zone_intervals intervals;
        struct query_interval_table table;
        const char *name = moved_zones[base_random_below(random, ARRAY_LEN(moved_zones))];
        const struct zone *zone;
        enum interval interval = (enum interval)base_random_below(random, 5);
        int64_t from_ms =
            INT64_C(1262304000000) + (int64_t)base_random_below(random, 1 << 30) * 300;
        int64_t to_ms = from_ms + 1 + (int64_t)base_random_below(random, 1 << 25) * 1000;
        assert_true(zone_find(str_from_c(name), &zone, &fail));
        assert_true(
            zone_intervals(zone, interval, from_ms, to_ms, 100000, arena, &intervals, &fail));
        assert_true(query_interval_table_make(&intervals, arena, &table, &fail));
        assert_non_null(table.of_slice);
        for (size_t i = 0; i < intervals.count; i++) {
            int64_t length = intervals.begins[i + 1] - intervals.begins[i];
            int64_t inside = (int64_t)base_random_below(random, (uint64_t)length);
            assert_int_equal(query_interval_of(&table, intervals.begins[i]), i);
            assert_int_equal(query_interval_of(&table, intervals.begins[i + 1] - 1), i);
            assert_int_equal(query_interval_of(&table, intervals.begins[i] + inside), i);
        }
    }
}

static void table_of_too_many_slices_is_not_made(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    int64_t uneven[] = {0, 1, INT64_C(1) << 40};
    int64_t endless[] = {INT64_MIN, 0, INT64_MAX};
    struct query_interval_table table;
    assert_true(
        query_interval_table_make(&(struct zone_intervals){uneven, 2}, arena, &table, &fail));
    assert_null(table.of_slice);
    assert_true(
        query_interval_table_make(&(struct zone_intervals){uneven, 0}, arena, &table, &fail));
    assert_null(table.of_slice);
    assert_true(
        query_interval_table_make(&(struct zone_intervals){endless, 2}, arena, &table, &fail));
    assert_int_equal(query_interval_of(&table, -1), 0);
    assert_int_equal(query_interval_of(&table, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cohorts_return_in_calendar_intervals),
        cmocka_unit_test(groups_take_the_value_at_the_first_start),
        cmocka_unit_test(groups_by_event_take_the_event_of_the_first_start),
        cmocka_unit_test(intervals_cut_by_the_range_are_partial_and_their_period_goes_on),
        cmocka_unit_test(periods_equal_the_contracts_words),
        cmocka_unit_test(table_of_intervals_finds_what_searching_finds),
        cmocka_unit_test(table_of_too_many_slices_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
