

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "aborts.h"
#include "base_json_write.h"
#include "base_random.h"

#include <math.h>
#include <stdlib.h>

static void assert_written(const struct base_buf *buf, const char *expected)
{
    struct fail fail;
    assert_true(base_buf_ok(buf, &fail));
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    assert_string_equal(str_copy_c(arena, base_buf_view(buf)), expected);
}

static void writer_puts_commas(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    struct json_writer w = {.out = &buf};
    json_begin_object(&w);
    json_name_c(&w, "a");
    json_begin_array(&w);
    json_write_int(&w, -1);
    json_write_null(&w);
    json_begin_object(&w);
    json_end_object(&w);
    json_begin_array(&w);
    json_end_array(&w);
    json_write_bool(&w, true);
    json_end_array(&w);
    json_name(&w, STR("b"));
    json_write_raw(&w, STR("{\"raw\":1}"));
    json_name_c(&w, "c");
    json_write_instant(&w, 1777627800000);
    json_name_c(&w, "d");
    json_write_bool(&w, false);
    json_end_object(&w);
    assert_written(&buf, "{\"a\":[-1,null,{},[],true],\"b\":{\"raw\":1},"
                         "\"c\":\"2026-05-01T09:30:00.000Z\",\"d\":false}");
}

static void writer_serves_for_one_document_after_another(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    struct json_writer w = {.out = &buf};
    for (int i = 0; i < 3; i++) {
        json_begin_object(&w);
        json_end_object(&w);
        base_buf_byte(&buf, '\n');
    }
    json_write_int(&w, 1);
    assert_written(&buf, "{}\n{}\n{}\n1");
}

static void whole_numbers_reach_their_ends(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    struct json_writer w = {.out = &buf};
    json_begin_array(&w);
    json_write_int(&w, INT64_MIN);
    json_write_int(&w, INT64_MAX);
    json_write_int(&w, 0);
    json_write_uint(&w, UINT64_MAX);
    json_end_array(&w);
    assert_written(&buf, "[-9223372036854775808,9223372036854775807,0,18446744073709551615]");
}

static void text_is_escaped_so_that_it_can_stand_in_a_page(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    struct json_writer w = {.out = &buf};
    json_write_str(
        &w, STR("\"\\/\b\f\n\r\t\x01\x1F</script>&\xC3\xA9\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xA7"
                "\xF0\x9F\x98\x80\0."));
    assert_written(&buf,
                   "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u003c/script\\u003e\\u0026\xC3\xA9"
                   "\\u2028\\u2029\xE2\x80\xA7\xF0\x9F\x98\x80\\u0000.\"");
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *written;
    } cases[] = {
        {{"a\xFFz", 3}, "\"a\xEF\xBF\xBDz\""},
        {{"\xC3", 1}, "\"\xEF\xBF\xBD\""},
        {{"\xE2\x82", 2}, "\"\xEF\xBF\xBD\""},
        {{"\xE2\x82\x41", 3}, "\"\xEF\xBF\xBD\x41\""},
        {{"\xED\xA0\x80", 3}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {{"\xF0\x9F\x98\"", 4}, "\"\xEF\xBF\xBD\\\"\""},
        {{NULL, 0}, "\"\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(base_buf_done) struct base_buf buf = {0};
        struct json_writer w = {.out = &buf};
        json_write_str(&w, cases[i].text);
        assert_written(&buf, cases[i].written);
    }
}

static void assert_double(double v, const char *expected)
{
    char text[BASE_DOUBLE_CHARS + 1];
    size_t len = base_format_double(v, text);
    assert_in_range(len, 1, BASE_DOUBLE_CHARS);
    text[len] = '\0';
    assert_string_equal(text, expected);
}

/* What an ECMAScript engine prints for String(v). */
static void doubles_look_as_in_ecmascript(void **state)
{
    (void)state;
    assert_double(0.0, "0");
    assert_double(-0.0, "0");
    assert_double(5.0, "5");
    assert_double(-1.5, "-1.5");
    assert_double(0.1, "0.1");
    assert_double(0.1 + 0.2, "0.30000000000000004");
    assert_double(1.0 / 3, "0.3333333333333333");
    assert_double(100.0, "100");
    assert_double(123456.789, "123456.789");
    assert_double(1e20, "100000000000000000000");
    assert_double(123456789012345680000.0, "123456789012345680000");
    assert_double(1e21, "1e+21");
    assert_double(1.5e21, "1.5e+21");
    assert_double(1e-6, "0.000001");
    assert_double(1.25e-6, "0.00000125");
    assert_double(1e-7, "1e-7");
    assert_double(-1.25e-7, "-1.25e-7");
    assert_double(9007199254740993.0, "9007199254740992");
    assert_double(5e-324, "5e-324");
    assert_double(2.2250738585072014e-308, "2.2250738585072014e-308");
    assert_double(1.7976931348623157e308, "1.7976931348623157e+308");
    assert_double(-1.2345678901234567e-300, "-1.2345678901234568e-300"); /* the nearer of two */
    assert_double((double)NAN, "null");
    assert_double((double)INFINITY, "null");
}

static void doubles_read_back_equal_and_short(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 11);
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = base_random_u64(&seeded.random);
        double v;
        memcpy(&v, &bits, sizeof v);
        if (i % 2 == 0) {
            v = ((double)(bits % 2000000) - 1000000) / 100;
        }
        if (!isfinite(v)) {
            continue;
        }
        char text[BASE_DOUBLE_CHARS + 1], other[40];
        size_t len = base_format_double(v, text);
        assert_in_range(len, 1, 25);
        text[len] = '\0';
        assert_true(fabs(strtod(text, NULL) - v) <= 0);
        if (i % 2 == 0) { /* two decimals at most: none of them is needed more than printf says */
            snprintf(other, sizeof other, "%.2f", v);
            assert_true(len <= strlen(other));
        }
    }
}

static void parsed_value_is_written_back(void **state)
{
    (void)state;
    const char *text =
        "{\"a\":[1,-2,18446744073709551615,0.5,true,false,null,\"x\\n\",[],{}],\"b\":{\"a\":"
        "{\"\":0}},\"a\":1}";
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct fail fail;
    struct json_value value;
    assert_true(json_parse(parser, str_from_c(text), &value, &fail));
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    struct json_writer w = {.out = &buf};
    json_write_value(&w, value);
    assert_written(&buf, text);
}

static void overflow_is_kept_in_the_buffer(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(base_buf_done) struct base_buf buf = {.limit = 10};
    struct json_writer w = {.out = &buf};
    json_begin_array(&w);
    for (int i = 0; i < 100; i++) {
        json_write_int(&w, i);
    }
    json_end_array(&w);
    assert_false(base_buf_ok(&buf, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
}

static void value_without_name(struct json_writer *w)
{
    json_begin_object(w);
    json_write_int(w, 1);
}

static void name_in_array(struct json_writer *w)
{
    json_begin_array(w);
    json_name_c(w, "a");
}

static void name_twice(struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "a");
    json_name_c(w, "b");
}

static void name_without_value(struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "a");
    json_end_object(w);
}

static void wrong_end(struct json_writer *w)
{
    json_begin_object(w);
    json_end_array(w);
}

static void end_of_nothing(struct json_writer *w)
{
    json_end_array(w);
}

static void too_deep(struct json_writer *w)
{
    for (int i = 0; i <= BASE_JSON_WRITE_DEPTH_MAX; i++) {
        json_begin_array(w);
    }
}

static void deep_enough(struct json_writer *w)
{
    for (int i = 0; i < BASE_JSON_WRITE_DEPTH_MAX; i++) {
        json_begin_object(w);
        json_name_c(w, "a");
    }
    json_write_null(w);
    for (int i = 0; i < BASE_JSON_WRITE_DEPTH_MAX; i++) {
        json_end_object(w);
    }
}

static void run_writer(void *context)
{
    struct base_buf buf = {0};
    struct json_writer w = {.out = &buf};
    (*(void (**)(struct json_writer *))context)(&w);
    base_buf_done(&buf);
}

static void misuse_aborts(void **state)
{
    (void)state;
    void (*wrong[])(struct json_writer *) = {
        value_without_name, name_in_array,  name_twice, name_without_value,
        wrong_end,          end_of_nothing, too_deep,
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_true(aborts(run_writer, &wrong[i]));
    }
    void (*right)(struct json_writer *) = deep_enough;
    assert_false(aborts(run_writer, &right));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer_puts_commas),
        cmocka_unit_test(writer_serves_for_one_document_after_another),
        cmocka_unit_test(whole_numbers_reach_their_ends),
        cmocka_unit_test(text_is_escaped_so_that_it_can_stand_in_a_page),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(doubles_look_as_in_ecmascript),
        cmocka_unit_test(doubles_read_back_equal_and_short),
        cmocka_unit_test(parsed_value_is_written_back),
        cmocka_unit_test(overflow_is_kept_in_the_buffer),
        cmocka_unit_test(misuse_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
