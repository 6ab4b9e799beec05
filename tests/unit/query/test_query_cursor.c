/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_buf.h"
#include "query_cursor.h"

#define SORT UINT64_C(0x0123456789abcdef)

static int set_up(void **state)
{
    *state = arena_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static struct query_after after_of(struct store_value key, const char *id)
{
    return (struct query_after){.given = true, .key = key, .id = str_from_c(id)};
}

static bool decode(struct arena *arena, struct str text, struct query_after *out)
{
    uint64_t sort;
    return query_cursor_decode(arena, text, &sort, out);
}

/* The cursor of a text that ends as the block ends: sanitizers see who reads beyond it. */
static bool decode_cut(struct str whole, size_t len)
{
    struct arena *arena = arena_new(NULL);
    struct query_after after;
    bool ok = decode(arena, str_copy(arena, str_of(whole.data, len)), &after);
    if (ok) { /* all that it names must lie within what was given */
        assert_true(after.key.kind != STORE_STRING || after.key.len <= len / 2);
        assert_true(after.id.len <= len / 2);
    }
    arena_free(arena);
    return ok;
}

static void comes_back(struct arena *arena, struct query_after after)
{
    struct query_after got;
    uint64_t sort;
    struct str text = query_cursor_encode(arena, SORT, &after);
    assert_true(query_cursor_decode(arena, text, &sort, &got));
    assert_true(sort == SORT && got.given && got.last_class == after.last_class);
    assert_int_equal(got.key.kind, after.key.kind);
    if (after.key.kind == STORE_STRING) {
        assert_true(str_equal(store_value_text(got.key), store_value_text(after.key)));
    } else if (after.key.kind == STORE_BOOL) {
        assert_int_equal(got.key.b, after.key.b);
    } else {
        assert_true(got.key.u == after.key.u);
    }
    assert_true(str_equal(got.id, after.id));
}

static void test_a_cursor_reads_as_it_was_written(void **state)
{
    struct query_after last = after_of(store_value_int(0), "c7");
    last.last_class = true;
    comes_back(*state, last);
    comes_back(*state, after_of(store_value_int(-5), "u_1"));
    comes_back(*state, after_of(store_value_uint(UINT64_MAX), "u_1"));
    comes_back(*state, after_of(store_value_double(-0.5), ""));
    comes_back(*state, after_of(store_value_bool(true), "u_1"));
    comes_back(*state, after_of(store_value_bool(false), "u_1"));
    comes_back(*state, after_of(store_value_str(STR("")), "u_1"));
    comes_back(*state, after_of(store_value_str(STR("M\xc3\xbcller")), "u_1"));
}

static void test_a_cursor_that_is_cut_names_nothing_beyond_its_end(void **state)
{
    const struct query_after all[] = {
        after_of(store_value_int(3), "ab"),
        after_of(store_value_bool(true), "ab"),
        after_of(store_value_str(STR("gold")), "ab"),
    };
    const size_t key_bytes[] = {8, 8, 8};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct str text = query_cursor_encode(*state, SORT, &all[i]);
        for (size_t len = 0; len < text.len; len++) {
            bool whole = len % 2 == 0 && len / 2 >= 11 + key_bytes[i]; /* an id may be shorter */
            assert_int_equal(decode_cut(text, len), whole);
        }
    }
}

/* The text of a cursor with the byte at a place in the place of its own. */
static struct str with_byte(struct arena *arena, struct str text, size_t at, const char *hex)
{
    char *copy = str_copy_c(arena, text);
    memcpy(copy + 2 * at, hex, 2);
    return str_of(copy, text.len);
}

static void test_what_no_cursor_holds_is_refused(void **state)
{
    struct query_after after = after_of(store_value_bool(true), "ab");
    struct query_after number = after_of(store_value_int(3), "ab");
    struct str text = query_cursor_encode(*state, SORT, &after);
    struct str plain = query_cursor_encode(*state, SORT, &number);
    struct query_after got;
    assert_true(decode(*state, text, &got));
    assert_false(decode(*state, with_byte(*state, text, 0, "02"), &got));  /* another version */
    assert_false(decode(*state, with_byte(*state, text, 9, "02"), &got));  /* neither class */
    assert_false(decode(*state, with_byte(*state, text, 10, "00"), &got)); /* nothing to sort by */
    assert_false(decode(*state, with_byte(*state, text, 10, "07"), &got)); /* no kind */
    assert_false(decode(*state, with_byte(*state, text, 11, "02"), &got)); /* neither truth */
    assert_false(decode(*state, with_byte(*state, text, 3, "0G"), &got));
    assert_false(decode(*state, with_byte(*state, text, 3, "F0"), &got));
    assert_true(decode(*state, plain, &got));
    /* A number that fits the signed kind is written as that; what is no number sorts nowhere. */
    assert_false(decode(*state, with_byte(*state, plain, 10, "03"), &got));
    struct query_after real = after_of(store_value_double(1.5), "ab");
    struct str nan = query_cursor_encode(*state, SORT, &real);
    assert_true(decode(*state, nan, &got));
    assert_false(decode(*state, with_byte(*state, nan, 18, "7f"), &got));
}

static void test_a_longer_text_than_any_cursor_is_refused_unread(void **state)
{
    struct query_after after = after_of(store_value_int(3), "");
    struct str text = query_cursor_encode(*state, SORT, &after);
    struct base_buf buf = {0};
    base_buf_str(&buf, text);
    while (buf.len < 2 * (19 + QUERY_SORT_KEY_BYTES_MAX + 4096)) {
        base_buf_byte(&buf, 'a');
    }
    struct query_after got;
    assert_true(decode(*state, base_buf_view(&buf), &got));
    base_buf_c(&buf, "aa");
    assert_false(decode(*state, base_buf_view(&buf), &got));
    base_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cursor_reads_as_it_was_written),
        cmocka_unit_test(test_a_cursor_that_is_cut_names_nothing_beyond_its_end),
        cmocka_unit_test(test_what_no_cursor_holds_is_refused),
        cmocka_unit_test(test_a_longer_text_than_any_cursor_is_refused_unread),
    };
    return cmocka_run_group_tests_name("query_cursor", tests, set_up, tear_down);
}
