/* How often a record occurred: the same counts, however the table grew. */
#include "intake_test.h"

#include "intake_repeats.h"

static struct base_hash128 hash_of(uint32_t number)
{
    return base_hash128(&number, sizeof number, 0);
}

static uint32_t count(struct intake_repeats *repeats, uint32_t number)
{
    struct fail fail;
    uint32_t nth = 0;
    intake_repeats_soon(repeats, hash_of(number));
    if (!intake_repeats_count(repeats, hash_of(number), &nth, &fail)) {
        fail_msg("%s", fail.message);
    }
    return nth;
}

static void each_occurrence_is_counted_however_many_were_expected(void **state)
{
    (void)state;
    static const uint64_t expected[] = {0, 1, 1000, 20000, 300000};
    enum { RECORDS = 20000 };
    for (size_t e = 0; e < ARRAY_LEN(expected); e++) {
        struct intake_repeats *repeats = intake_repeats_new(0);
        for (uint32_t i = 0; i < RECORDS; i++) {
            if (i == RECORDS / 4) {
                intake_repeats_expect(repeats, expected[e]);
            }
            assert_int_equal(count(repeats, i), 1);
        }
        for (uint32_t i = 0; i < RECORDS; i += 7) {
            assert_int_equal(count(repeats, i), 2);
            assert_int_equal(count(repeats, i), 3);
        }
        intake_repeats_free(repeats);
    }
}

static void more_than_the_limit_are_not_made_room_for_and_end_in_its_failure(void **state)
{
    (void)state;
    struct fail fail;
    struct intake_repeats *repeats = intake_repeats_new((size_t)64 << 10);
    intake_repeats_expect(repeats, UINT64_MAX);
    uint32_t counted = 0;
    uint32_t nth;
    while (intake_repeats_count(repeats, hash_of(counted), &nth, &fail)) {
        counted++;
    }
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_int_equal(counted, (64U << 10) / 8 / 8 * 7);
    intake_repeats_free(repeats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_occurrence_is_counted_however_many_were_expected),
        cmocka_unit_test(more_than_the_limit_are_not_made_room_for_and_end_in_its_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
