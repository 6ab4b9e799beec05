/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_random.h"
#include "query_interval.h"
#include "query_slots.h"

#define DAY_MS INT64_C(86400000)
#define MOST ((size_t)100000)

/* All zones of today begin their intervals with a slot. */
static void check_slots(struct base_random *random, const struct zone_intervals *intervals,
                        struct arena *arena)
{
    struct fail fail;
    struct query_slots slots;
    int64_t begin = intervals->begins[0], end = intervals->begins[intervals->count];
    assert_true(query_slots_fit(intervals, begin, end));
    assert_false(query_slots_fit(intervals, begin + 1, end));
    assert_false(query_slots_fit(intervals, begin, end - 60000));
    assert_true(query_slots_make(intervals, arena, &slots, &fail));
    assert_int_equal(slots.none, intervals->count);
    for (int i = 0; i < 3000; i++) {
        int64_t ts_ms = begin + (int64_t)base_random_below(random, (uint64_t)(end - begin));
        int32_t slot = (int32_t)(ts_ms / STORE_SLOT_MS - (ts_ms % STORE_SLOT_MS < 0));
        assert_int_equal(query_slots_interval(&slots, slot), zone_intervals_find(intervals, ts_ms));
    }
    assert_int_equal(query_slots_interval(&slots, query_slot_at(begin) - 1), slots.none);
    assert_int_equal(query_slots_interval(&slots, query_slot_at(end)), slots.none);
    assert_int_equal(query_slots_interval(&slots, INT32_MIN), slots.none);
    assert_int_equal(query_slots_interval(&slots, INT32_MAX), slots.none);
}

static void check(struct base_random *random, const char *zone_name, enum interval interval,
                  int64_t days)
{
    struct fail fail;
    const struct zone *zone;
    struct arena *arena = arena_new(NULL);
    struct zone_intervals intervals;
    struct query_interval_table table;
    int64_t from_ms = 1700000000000 + (int64_t)base_random_below(random, (uint64_t)DAY_MS * 700);
    assert_true(zone_find(str_from_c(zone_name), &zone, &fail));
    assert_true(zone_intervals(zone, interval, from_ms, from_ms + days * DAY_MS, MOST, arena,
                               &intervals, &fail));
    assert_true(query_interval_table_make(&intervals, arena, &table, &fail));
    assert_non_null(table.of_slice);
    int64_t begin = intervals.begins[0], end = intervals.begins[intervals.count];
    for (size_t i = 0; i < intervals.count; i++) {
        assert_int_equal(query_interval_of(&table, intervals.begins[i]), i);
        assert_int_equal(query_interval_of(&table, intervals.begins[i + 1] - 1), i);
    }
    for (int i = 0; i < 3000; i++) {
        int64_t ts_ms = begin + (int64_t)base_random_below(random, (uint64_t)(end - begin));
        assert_int_equal(query_interval_of(&table, ts_ms), zone_intervals_find(&intervals, ts_ms));
    }
    check_slots(random, &intervals, arena);
    arena_free(arena);
}

static void every_instant_is_in_the_interval_that_a_search_finds(void **state)
{
    (void)state;
    static const char *const zones[] = {"UTC", "Europe/London", "America/St_Johns",
                                        "Australia/Lord_Howe", "Asia/Kathmandu"};
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 31);
    for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
        check(&seeded.random, zones[z], INTERVAL_DAY, 1);
        check(&seeded.random, zones[z], INTERVAL_HOUR, 40);
        check(&seeded.random, zones[z], INTERVAL_DAY, 400);
        check(&seeded.random, zones[z], INTERVAL_WEEK, 900);
        check(&seeded.random, zones[z], INTERVAL_MONTH, 4000);
        check(&seeded.random, zones[z], INTERVAL_QUARTER, 9000);
    }
}

static void borders_within_a_slot_or_too_many_do_not_fit(void **state)
{
    (void)state;
    int64_t odd[] = {0, 30 * 3600000, 60 * 3600000 + 1};
    int64_t far[] = {0, (int64_t)QUERY_SLOTS_MAX * STORE_SLOT_MS,
                     ((int64_t)QUERY_SLOTS_MAX + 1) * STORE_SLOT_MS};
    assert_false(query_slots_fit(&(struct zone_intervals){odd, 2}, 0, 900000));
    assert_true(query_slots_fit(&(struct zone_intervals){odd, 1}, 0, 900000));
    assert_false(query_slots_fit(&(struct zone_intervals){odd, 0}, 0, 900000));
    assert_true(query_slots_fit(&(struct zone_intervals){far, 1}, 0, 900000));
    assert_false(query_slots_fit(&(struct zone_intervals){far, 2}, 0, 900000));
    /* A zone of long ago, whose clocks differed by minutes and seconds. */
    struct fail fail;
    const struct zone *zone;
    struct zone_intervals intervals;
    struct arena *arena = arena_new(NULL);
    assert_true(zone_find(STR("Africa/Monrovia"), &zone, &fail));
    assert_true(zone_intervals(zone, INTERVAL_DAY, -10 * DAY_MS, -5 * DAY_MS, MOST, arena,
                               &intervals, &fail));
    assert_false(query_slots_fit(&intervals, intervals.begins[0], intervals.begins[1]));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instant_is_in_the_interval_that_a_search_finds),
        cmocka_unit_test(borders_within_a_slot_or_too_many_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
