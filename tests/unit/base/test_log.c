

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_json.h"
#include "base_log.h"

#include <fcntl.h>
#include <unistd.h>

static struct base_clock_test test_clock;
static int ends[2];

static int open_pipe(void **state)
{
    (void)state;
    base_clock_test_init(&test_clock, 1777627800000);
    return pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}

static int close_pipe(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void set(enum log_level least, enum log_form form)
{
    base_log_set(least, form, ends[1], &test_clock.clock);
}

/* What was logged since, as one text. */
static const char *logged(void)
{
    static char text[16384];
    ssize_t len = read(ends[0], text, sizeof text - 1);
    text[len < 0 ? 0 : len] = '\0';
    return text;
}

static void logfmt_line_has_time_level_code_and_fields(void **state)
{
    (void)state;
    set(LOG_INFO, LOG_FORM_LOGFMT);
    base_log(LOG_WARN, "server.started", "now serving", LOG_C("listen", "127.0.0.1:8080"),
             LOG_N("threads", -4), LOG_S("empty", STR("")), LOG_END);
    assert_string_equal(logged(),
                        "ts=2026-05-01T09:30:00.000Z level=warn code=server.started "
                        "msg=\"now serving\" listen=127.0.0.1:8080 threads=-4 empty=\"\"\n");
}

static void json_line_is_one_object(void **state)
{
    (void)state;
    set(LOG_INFO, LOG_FORM_JSON);
    base_log(LOG_ERROR, "disk.full", "no room", LOG_C("path", "a b"), LOG_N("bytes", INT64_MIN),
             LOG_END);
    assert_string_equal(logged(), "{\"ts\":\"2026-05-01T09:30:00.000Z\",\"level\":\"error\","
                                  "\"code\":\"disk.full\",\"msg\":\"no room\",\"path\":\"a b\","
                                  "\"bytes\":-9223372036854775808}\n");
}

static void levels_below_the_least_are_not_written(void **state)
{
    (void)state;
    set(LOG_WARN, LOG_FORM_LOGFMT);
    base_log(LOG_DEBUG, "a", "b", LOG_END);
    base_log(LOG_INFO, "a", "b", LOG_END);
    assert_string_equal(logged(), "");
    base_log(LOG_WARN, "a", "b", LOG_END);
    assert_string_equal(logged(), "ts=2026-05-01T09:30:00.000Z level=warn code=a msg=b\n");
    set(LOG_DEBUG, LOG_FORM_LOGFMT);
    base_log(LOG_DEBUG, "a", "b", LOG_END);
    assert_string_equal(logged(), "ts=2026-05-01T09:30:00.000Z level=debug code=a msg=b\n");
}

static void no_line_can_be_forged(void **state)
{
    (void)state;
    set(LOG_INFO, LOG_FORM_LOGFMT);
    base_log(LOG_INFO, "a", "b", LOG_C("x", "1\nlevel=error"), LOG_C("y", "\" z=\"\\"),
             LOG_C("esc", "\x1b[2J\x7f\xC2\x9b"), LOG_C("sep", "\xE2\x80\xA8\xE2\x80\xAE"),
             LOG_C("bad", "\xFF\xE2\x82"), LOG_C("eq", "a=b"), LOG_C("ok", "\xC3\xA9"), LOG_END);
    assert_string_equal(logged(),
                        "ts=2026-05-01T09:30:00.000Z level=info code=a msg=b x=\"1\\nlevel=error\" "
                        "y=\"\\\" z=\\\"\\\\\" esc=\"\\u001b[2J\\u007f\\u009b\" "
                        "sep=\"\\u2028\\u202e\" bad=\"\xEF\xBF\xBD\xEF\xBF\xBD\" eq=\"a=b\" "
                        "ok=\"\xC3\xA9\"\n");
}

/* Cut anywhere: at most 4,096 bytes, one line, and in JSON still an object. */
static void long_lines_are_cut_and_stay_well_formed(void **state)
{
    (void)state;
    static char text[5000];
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    static const char *const units[] = {"x", "\"", "\n", "\x01", "\xC3\xA9", "\xF0\x9F\x98\x80"};
    for (size_t u = 0; u < ARRAY_LEN(units); u++) {
        for (size_t begin = 3900; begin < 4100; begin += 7) {
            memset(text, 'y', begin);
            size_t len = begin;
            while (len + 4 < sizeof text) {
                size_t unit = strlen(units[u]);
                memcpy(text + len, units[u], unit);
                len += unit;
            }
            for (int form = LOG_FORM_LOGFMT; form <= LOG_FORM_JSON; form++) {
                set(LOG_INFO, (enum log_form)form);
                base_log(LOG_INFO, "a", "b", LOG_S("long", str_of(text, len)), LOG_N("n", 1),
                         LOG_C("more", "z"), LOG_END);
                struct str line = str_from_c(logged());
                assert_in_range(line.len, 4000, 4096);
                assert_int_equal(str_find_byte(line, '\n'), line.len - 1);
                assert_true(str_is_utf8(line));
                struct json_value value;
                struct fail fail;
                assert_true(form == LOG_FORM_LOGFMT || json_parse(parser, line, &value, &fail));
            }
        }
    }
}

static void lines_that_just_fit_keep_all_their_fields(void **state)
{
    (void)state;
    static char text[4096];
    memset(text, 'y', sizeof text);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    bool cut_before = false;
    for (size_t len = 3950; len < 4096; len++) {
        set(LOG_INFO, LOG_FORM_JSON);
        base_log(LOG_INFO, "a", "b", LOG_S("long", str_of(text, len)), LOG_N("n", 1), LOG_END);
        struct str line = str_from_c(logged());
        struct json_value value = {0}, member = {0};
        struct fail fail;
        assert_true(line.len <= 4096 && json_parse(parser, line, &value, &fail));
        bool cut = !json_member(value, STR("n"), &member);
        assert_true(cut || !cut_before);
        cut_before = cut;
        assert_true(json_member(value, STR("long"), &member));
        assert_true(cut || json_string(member).len == len);
    }
    assert_true(cut_before);
}

static void lost_log_is_no_failure(void **state)
{
    (void)state;
    base_log_set(LOG_INFO, LOG_FORM_JSON, -1, NULL);
    base_log(LOG_INFO, "a", "b", LOG_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_line_has_time_level_code_and_fields),
        cmocka_unit_test(json_line_is_one_object),
        cmocka_unit_test(levels_below_the_least_are_not_written),
        cmocka_unit_test(no_line_can_be_forged),
        cmocka_unit_test(long_lines_are_cut_and_stay_well_formed),
        cmocka_unit_test(lines_that_just_fit_keep_all_their_fields),
        cmocka_unit_test(lost_log_is_no_failure),
    };
    return cmocka_run_group_tests(tests, open_pipe, close_pipe);
}
