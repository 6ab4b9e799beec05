#include "intake_test.h"

#include "base_random.h"
#include "intake_decimal.h"
#include "intake_repeats.h"

#include <stdio.h>
#include <stdlib.h>

static void numbers_become_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown; /* NULL: no number */
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"-0.00", "0"},
        {"7", "7"},
        {"+7", "7"},
        {"-7", "-7"},
        {" 7 ", "7"},
        {"007", "7"},
        {"2.55", "2.5499999999999998d"},
        {".5", "0.5d"},
        {"5.", "5"},
        {"3.0", "3"},
        {"1e3", "1000"},
        {"1E+3", "1000"},
        {"25e-1", "2.5d"},
        {"1e22", "1e+22d"},
        {"1e-400", "0"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775807.00", "9223372036854775807"},
        {"9007199254740993.0", "9007199254740993"},
        {"9223372036854775808", "9223372036854775808u"},
        {"18446744073709551615", "18446744073709551615u"},
        {"18446744073709551616", "1.8446744073709552e+19d"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"123456789012345678901234567890123456789012345678901234567890", "1.2345678901234567e+59d"},
        {"0.1000000000000000055511151231257827021181583404541015625", "0.10000000000000001d"},
        {"179769313486231570e291", "1.7976931348623157e+308d"},
        {"", NULL},
        {" ", NULL},
        {"abc", NULL},
        {"1,5", NULL},
        {"1 000", NULL},
        {"1.2.3", NULL},
        {"--1", NULL},
        {"+-1", NULL},
        {"1e", NULL},
        {"1e+-3", NULL},
        {"e3", NULL},
        {".", NULL},
        {"inf", NULL},
        {"nan", NULL},
        {"0x10", NULL},
        {"1e400", NULL},
        {"NA", NULL},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct store_field field = {.name = STR("n")};
        bool good = intake_number(str_from_c(cases[i].text), &field.value);
        if (good != (cases[i].shown != NULL)) {
            print_error("case \"%s\"\n", cases[i].text);
        }
        assert_int_equal(good, cases[i].shown != NULL);
        if (good) {
            struct str expected = str_format(f.arena, "n=%s", cases[i].shown);
            assert_str(fields_text(f.arena, &field, 1), str_copy_c(f.arena, expected));
        }
    }
    test_done(&f);
}

/* The C library's conversion of the same text is the judge. */
static void random_decimals_are_the_nearest_doubles(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 20260501);
    struct base_random *random = &seeded.random;
    for (int i = 0; i < 100000; i++) {
        char text[80];
        int len =
            snprintf(text, sizeof text, "%s%llu.%0*llu", base_random_below(random, 2) ? "-" : "",
                     (unsigned long long)(base_random_u64(random) >> base_random_below(random, 64)),
                     (int)(1 + base_random_below(random, 18)),
                     (unsigned long long)base_random_below(random, 1000000000));
        if (base_random_below(random, 4) == 0) {
            len += snprintf(text + len, sizeof text - (size_t)len, "e%d",
                            (int)base_random_below(random, 60) - 30);
        }
        struct store_value value;
        double expected;
        assert_true(str_parse_double(str_of(text, (size_t)len), &expected));
        assert_true(intake_number(str_of(text, (size_t)len), &value));
        if (store_value_number(value) != expected) {
            print_error("%s: %.17g, expected %.17g\n", text, store_value_number(value), expected);
            fail();
        }
    }
}

static void products_are_rounded_once(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *shown;
    } cases[] = {
        {"6", "2.55", "15.300000000000001d"}, /* how doubles print 15.3 in 17 digits */
        {"3", "1.1", "3.2999999999999998d"},  /* 3 * 1.1 in doubles would be 3.3000000000000003 */
        {"-2", "0.5", "-1"},
        {"0", "1e30", "0"},
        {"4294967296", "4294967296", "1.8446744073709552e+19d"},
        {"4294967296", "2147483648", "9223372036854775808u"},
        {"3037000500", "3037000499", "9223372033963249500"},
        {"1e200", "1e200", NULL},
        {"0.1", "0.2", "0.02d"},
        {"100", "1.15", "115"},
    };
    struct fixture f;
    test_init(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str texts[] = {str_from_c(cases[i].a), str_from_c(cases[i].b)};
        struct store_field field = {.name = STR("n")};
        bool good = intake_product(texts, 2, &field.value);
        assert_int_equal(good, cases[i].shown != NULL);
        if (good) {
            struct str shown = fields_text(f.arena, &field, 1);
            double expected;
            struct str number = str_from_c(cases[i].shown);
            number.len -= str_ends(number, STR("d")) || str_ends(number, STR("u")) ? 1 : 0;
            assert_true(str_parse_double(number, &expected));
            if (store_value_number(field.value) != expected) {
                print_error("%.*s, expected %s\n", STR_ARG(shown), cases[i].shown);
                fail();
            }
        }
    }
    struct str bad[] = {STR("1"), STR("x")};
    struct store_value value;
    assert_false(intake_product(bad, 2, &value));
    test_done(&f);
}

/* Cents against integers: the sum of exact products is exact to the cent. */
static void products_of_prices_add_up_to_the_cent(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 3);
    for (int i = 0; i < 20000; i++) {
        int64_t quantity = (int64_t)base_random_below(&seeded.random, 20000) - 10000;
        int64_t cents = (int64_t)base_random_below(&seeded.random, 5000000);
        char a[32], b[32], product[48];
        snprintf(a, sizeof a, "%lld", (long long)quantity);
        snprintf(b, sizeof b, "%lld.%02lld", (long long)cents / 100, (long long)cents % 100);
        long long whole = llabs(quantity) * cents;
        snprintf(product, sizeof product, "%s%lld.%02lld", quantity < 0 ? "-" : "", whole / 100,
                 whole % 100);
        struct str texts[] = {str_from_c(a), str_from_c(b)};
        struct store_value value;
        double expected;
        assert_true(intake_product(texts, 2, &value));
        assert_true(str_parse_double(str_from_c(product), &expected));
        assert_true(store_value_number(value) == expected);
    }
}

static void repeats_are_counted_exactly(void **state)
{
    (void)state;
    struct intake_repeats *repeats = intake_repeats_new(0);
    struct fail why;
    uint32_t nth;
    for (uint32_t round = 1; round <= 3; round++) {
        for (uint64_t i = 0; i < 50000; i++) {
            struct base_hash128 hash = base_hash128(&i, sizeof i, 0);
            assert_true(intake_repeats_count(repeats, hash, &nth, &why));
            assert_int_equal(nth, round);
        }
    }
    /* a low half of nothing is one like any other; it alone counts */
    assert_true(intake_repeats_count(repeats, (struct base_hash128){0, 0}, &nth, &why));
    assert_int_equal(nth, 1);
    assert_true(intake_repeats_count(repeats, (struct base_hash128){0, 1}, &nth, &why));
    assert_int_equal(nth, 2);
    intake_repeats_free(repeats);
}

static void repeats_stop_at_their_limit(void **state)
{
    (void)state;
    struct intake_repeats *repeats = intake_repeats_new(100 * 1024);
    struct fail why;
    uint32_t nth;
    uint64_t i = 0;
    bool good = true;
    while (good && i < 20000) {
        struct base_hash128 hash = base_hash128(&i, sizeof i, 0);
        good = intake_repeats_count(repeats, hash, &nth, &why);
        i += good ? 1 : 0;
    }
    assert_fails(good, &why, FAIL_LIMIT, "message_id");
    assert_int_equal(i, 8192 / 8 * 7);
    /* there is no room for counts either: they begin with 4,096 slots of 16 bytes */
    uint64_t first = 0;
    assert_fails(intake_repeats_count(repeats, base_hash128(&first, sizeof first, 0), &nth, &why),
                 &why, FAIL_LIMIT, "message_id");
    intake_repeats_free(repeats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_become_what_they_are),
        cmocka_unit_test(random_decimals_are_the_nearest_doubles),
        cmocka_unit_test(products_are_rounded_once),
        cmocka_unit_test(products_of_prices_add_up_to_the_cent),
        cmocka_unit_test(repeats_are_counted_exactly),
        cmocka_unit_test(repeats_stop_at_their_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
