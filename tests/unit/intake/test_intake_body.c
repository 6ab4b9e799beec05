#include "intake_test.h"

#include "base_buf.h"
#include "base_random.h"

#include <zlib.h>

static struct str gzip(struct fixture *f, struct str text)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY),
                     Z_OK);
    size_t room = deflateBound(&stream, text.len) + 64;
    char *out = arena_alloc(f->arena, room, &f->fail);
    char *in = str_copy_c(f->arena, text);
    stream.next_in = (Bytef *)in;
    stream.avail_in = (uInt)text.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = room - stream.avail_out;
    deflateEnd(&stream);
    return str_of(out, len);
}

static struct str repeated(struct fixture *f, char byte, size_t count)
{
    char *text = arena_alloc(f->arena, count, &f->fail);
    memset(text, byte, count);
    return str_of(text, count);
}

static struct str noise(struct fixture *f, size_t count)
{
    struct base_random_seeded random;
    base_random_seed(&random, 7);
    char *text = arena_alloc(f->arena, count, &f->fail);
    base_random_fill(&random.random, text, count);
    return str_of(text, count);
}

static bool body_open(struct fixture *f, struct str sent, struct str *out)
{
    return intake_body_open(f->arena, sent, &f->limits, out, &f->fail);
}

static void plain_bodies_are_viewed(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str sent = STR("{}"), text;
    assert_true(body_open(&f, sent, &text));
    assert_ptr_equal(text.data, sent.data);
    assert_true(body_open(&f, STR("\xEF\xBB\xBF{}"), &text));
    assert_str(text, "{}");
    assert_true(body_open(&f, STR(""), &text));
    assert_int_equal(text.len, 0);
    test_done(&f);
}

static void gzip_is_recognised_by_its_bytes(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str text;
    assert_true(body_open(&f, gzip(&f, STR("\xEF\xBB\xBF{\"a\":1}")), &text));
    assert_str(text, "{\"a\":1}");
    assert_true(body_open(&f, gzip(&f, STR("")), &text));
    assert_int_equal(text.len, 0);
    struct str first = gzip(&f, STR("one,")), second = gzip(&f, STR("two"));
    struct str both = str_format(f.arena, "%s", "");
    char *joined = arena_alloc(f.arena, first.len + second.len, &f.fail);
    memcpy(joined, first.data, first.len);
    memcpy(joined + first.len, second.data, second.len);
    both = str_of(joined, first.len + second.len);
    assert_true(body_open(&f, both, &text));
    assert_str(text, "one,two");
    struct str long_text = noise(&f, 300000);
    assert_true(body_open(&f, gzip(&f, long_text), &text));
    assert_true(str_equal(text, long_text));
    test_done(&f);
}

static void damaged_gzip_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str whole = gzip(&f, STR("{\"event\":\"something of some length\"}")), text;
    for (size_t len = 2; len < whole.len; len++) {
        assert_false(body_open(&f, str_of(whole.data, len), &text));
        assert_int_equal(f.fail.code, FAIL_INPUT);
    }
    for (size_t at = 2; at < whole.len; at++) {
        struct str copy = str_copy(f.arena, whole);
        char *bytes = arena_alloc(f.arena, copy.len, &f.fail);
        memcpy(bytes, copy.data, copy.len);
        bytes[at] = (char)(bytes[at] ^ 0x55);
        if (body_open(&f, str_of(bytes, copy.len), &text)) {
            /* only header fields without meaning (time, system) may change unnoticed */
            assert_true(at >= 4 && at < 10);
            assert_str(text, "{\"event\":\"something of some length\"}");
        } else {
            assert_int_equal(f.fail.code, FAIL_INPUT);
        }
    }
    test_done(&f);
}

static void limits_refuse_what_is_too_large(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str text;
    f.limits.sent_bytes = 100;
    assert_true(body_open(&f, repeated(&f, 'x', 100), &text));
    assert_fails(body_open(&f, repeated(&f, 'x', 101), &text), &f.fail, FAIL_LIMIT, "100 bytes");
    f.limits = (struct intake_limits){.body_bytes = 1000};
    assert_true(body_open(&f, gzip(&f, repeated(&f, 'x', 1000)), &text));
    assert_int_equal(text.len, 1000);
    assert_fails(body_open(&f, gzip(&f, repeated(&f, 'x', 1001)), &text), &f.fail, FAIL_LIMIT,
                 "1000 bytes after inflation");
    assert_fails(body_open(&f, repeated(&f, 'x', 1001), &text), &f.fail, FAIL_LIMIT, "1000");
    test_done(&f);
}

static void bombs_are_refused_past_the_first_megabyte(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str text;
    /* 1 MB of one byte is a thousandfold, and fine; 4 MB are not */
    assert_true(body_open(&f, gzip(&f, repeated(&f, 'x', (size_t)1 << 20)), &text));
    assert_fails(body_open(&f, gzip(&f, repeated(&f, 'x', (size_t)4 << 20)), &text), &f.fail,
                 FAIL_LIMIT, "bomb");
    f.limits.inflate_ratio = 2000;
    assert_true(body_open(&f, gzip(&f, repeated(&f, 'x', (size_t)4 << 20)), &text));
    assert_int_equal(text.len, (size_t)4 << 20);
    test_done(&f);
}

static void default_limits_are_those_of_the_contract(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct str text;
    assert_true(body_open(&f, repeated(&f, ' ', (size_t)10 << 20), &text));
    assert_fails(body_open(&f, repeated(&f, ' ', ((size_t)10 << 20) + 1), &text), &f.fail,
                 FAIL_LIMIT, "10485760");
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bodies_are_viewed),
        cmocka_unit_test(gzip_is_recognised_by_its_bytes),
        cmocka_unit_test(damaged_gzip_is_refused),
        cmocka_unit_test(limits_refuse_what_is_too_large),
        cmocka_unit_test(bombs_are_refused_past_the_first_megabyte),
        cmocka_unit_test(default_limits_are_those_of_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
