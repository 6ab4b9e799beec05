/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_random.h"
#include "query_interval.h"

#define DAY_MS INT64_C(86400000)
#define MOST ((size_t)100000)

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
    arena_free(arena);
}

static void every_instant_is_in_the_interval_that_a_search_finds(void **state)
{
    (void)state;
    static const char *const zones[] = {"UTC", "Europe/London", "America/St_Johns",
                                        "Australia/Lord_Howe"};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instant_is_in_the_interval_that_a_search_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
