/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_unicode.h"

static void points_have_classes(void **state)
{
    (void)state;
    static const struct {
        uint32_t point;
        enum unicode_class class_of;
    } cases[] = {{'a', UNICODE_LETTER},      {'Z', UNICODE_LETTER},     {'7', UNICODE_LETTER},
                 {'_', UNICODE_BETWEEN},     {' ', UNICODE_BETWEEN},    {'\'', UNICODE_BETWEEN},
                 {0, UNICODE_BETWEEN},       {0x1B, UNICODE_BETWEEN},   {'@', UNICODE_BETWEEN},
                 {'[', UNICODE_BETWEEN},     {'`', UNICODE_BETWEEN},    {'{', UNICODE_BETWEEN},
                 {0xE9, UNICODE_LETTER},     {0x3B1, UNICODE_LETTER},   {0x663, UNICODE_LETTER},
                 {0x301, UNICODE_MARK},      {0x94D, UNICODE_MARK},     {0x6771, UNICODE_ALONE},
                 {0x3042, UNICODE_ALONE},    {0xE01, UNICODE_ALONE},    {0xAC00, UNICODE_LETTER},
                 {0x1F44D, UNICODE_SYMBOL},  {0x2713, UNICODE_SYMBOL},  {0xFFFD, UNICODE_BETWEEN},
                 {0xAD, UNICODE_NOTHING},    {0x202E, UNICODE_NOTHING}, {0x200D, UNICODE_NOTHING},
                 {0x200B, UNICODE_BETWEEN},  {0x2026, UNICODE_BETWEEN}, {0xE000, UNICODE_BETWEEN},
                 {0x10FFFF, UNICODE_BETWEEN}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (unicode_class_of(cases[i].point) != cases[i].class_of) {
            fail_msg("U+%04X is of class %d", cases[i].point, unicode_class_of(cases[i].point));
        }
    }
    assert_true(unicode_is_space(' ') && unicode_is_space('\t') && unicode_is_space(0x3000));
    assert_true(unicode_is_space(0xA0) && unicode_is_space(0x2028) && !unicode_is_space('x'));
    assert_false(unicode_is_space(0x200B));
}

static void expect_folded(uint32_t point, size_t count, uint32_t first)
{
    uint32_t out[UNICODE_FOLDED_MAX];
    assert_int_equal(unicode_fold_word(point, out), count);
    if (count > 0) {
        assert_int_equal(out[0], first);
    }
}

static void folding_for_words_drops_case_width_and_accents(void **state)
{
    (void)state;
    expect_folded('A', 1, 'a');
    expect_folded(0xC9, 1, 'e');    /* É */
    expect_folded(0xDF, 2, 's');    /* ß */
    expect_folded(0x17F, 1, 's');   /* long s */
    expect_folded(0x130, 1, 'i');   /* capital i with dot */
    expect_folded(0x3C2, 1, 0x3C3); /* final sigma */
    expect_folded(0xFB03, 3, 'f');  /* ffi */
    expect_folded(0xFF21, 1, 'a');  /* full width A */
    expect_folded(0x2460, 1, '1');  /* circled 1 */
    expect_folded(0xBD, 2, '1');    /* a half, without its slash */
    expect_folded(0x301, 0, 0);
    expect_folded(0x94D, 1, 0x94D); /* marks that are no accents stay */
    expect_folded(0x1F44D, 1, 0x1F44D);
    uint32_t out[UNICODE_FOLDED_MAX];
    for (uint32_t point = 0; point < 0x110000; point++) {
        if (point < 0xD800 || point > 0xDFFF) {
            assert_true(unicode_fold_word(point, out) <= UNICODE_FOLDED_MAX);
        }
    }
}

static void bytes_that_are_no_text_are_one_replacement_each(void **state)
{
    (void)state;
    size_t len;
    assert_int_equal(unicode_decode(STR("\xE6\x9D\xB1x"), &len), 0x6771);
    assert_int_equal(len, 3);
    assert_int_equal(unicode_decode(STR("\xFFx"), &len), 0xFFFD);
    assert_int_equal(len, 1);
    assert_int_equal(unicode_decode(STR("\xE6\x9D"), &len), 0xFFFD);
    assert_int_equal(len, 2);
    char bytes[4];
    assert_int_equal(unicode_encode(0x1F44D, bytes), 4);
    assert_memory_equal(bytes, "\xF0\x9F\x91\x8D", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_have_classes),
        cmocka_unit_test(folding_for_words_drops_case_width_and_accents),
        cmocka_unit_test(bytes_that_are_no_text_are_one_replacement_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
