/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "query_fake.h"

static const char lines[] =
    "{'c':'ann','e':'Buy','t':'2026-05-01T10:00:00Z'}\n"
    "{'c':'ann','e':'Buy','t':'2026-05-02T10:00:00Z'}\n"
    "{'c':'ann','traits':{'name':'Ann "
    "\xc3\x84rger','size':10,'tags':['x','y']},'ids':['email:Ann@Example.org']}\n"
    "{'c':'bob','e':'Buy','t':'2026-05-03T10:00:00Z'}\n"
    "{'c':'bob','traits':{'size':'big','vip':true}}\n"
    "{'c':'cid','e':'identify','t':'2026-05-04T10:00:00Z'}\n"
    "{'c':'cid','traits':{'size':true}}\n"
    "{'c':'dee','e':'Buy','t':'2026-05-03T10:00:00Z'}\n"
    "{'c':'dee','traits':{'size':9.5}}\n";

static void in_order(struct fake *fake, const char *members, const char *ids)
{
    CLEANUP(base_buf_done) struct base_buf question = {0};
    CLEANUP(base_buf_done) struct base_buf got = {0};
    base_buf_printf(&question, "{'kind':'customers'%s}%c", members, 0);
    struct str rest = fake_ask(fake, question.data);
    const struct str mark = STR("{\"id\":\"");
    for (size_t at = str_find(rest, mark); at < rest.len; at = str_find(rest, mark)) {
        rest = str_after(rest, at + mark.len);
        base_buf_printf(&got, "%s%.3s", got.len == 0 ? "" : " ", rest.data);
    }
    base_buf_byte(&got, '\0');
    if (strcmp(got.data, ids) != 0) {
        fail_msg("%s: \"%s\", expected \"%s\"", members, got.data, ids);
    }
}

static void customers_show_what_is_known_of_them(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake, "{'kind':'customers','limit':2}",
                "{'kind':'customers','total':4,'customers':["
                "{'id':'bob','first_seen':'2026-05-03T10:00:00.000Z','last_seen':'2026-05-03T10:00:"
                "00.000Z',"
                "'events':1,'traits':{'size':'big','vip':true}},"
                "{'id':'dee','first_seen':'2026-05-03T10:00:00.000Z','last_seen':'2026-05-03T10:00:"
                "00.000Z',"
                "'events':1,'traits':{'size':9.5}}],"
                "'cursor':'01adccba7259074b4a000200d147ed9d010000646565',"
                "'partial':[],'warnings':[]");
    fake_expect_part(fake, "{'kind':'customers','sort':'id','limit':1}",
                     "{'id':'ann','first_seen':'2026-05-01T10:00:00.000Z','last_seen':'2026-05-"
                     "02T10:00:00.000Z',"
                     "'events':2,'traits':{'name':'Ann \xc3\x84rger','size':10,'tags':['x','y']}}");
    fake_expect_part(
        fake, "{'kind':'customers','sort':'-id','limit':2}",
        "{'id':'cid','first_seen':null,'last_seen':null,'events':0,'traits':{'size':true}}");
    fake_expect_part(fake, "{'kind':'customers','range':'last 3 days'}", "'total':4");
    fake_expect_part(fake, "{'kind':'customers','range':'last 3 days'}",
                     "'warnings':['\\\"range\\\" does not restrict a list of customers']");
    fake_free(fake);
}

static void lists_are_sorted_with_ties_by_id(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    in_order(fake, "", "bob dee ann cid");
    in_order(fake, ",'sort':'last_seen'", "ann bob dee cid");
    in_order(fake, ",'sort':'first_seen'", "ann bob dee cid");
    in_order(fake, ",'sort':'-first_seen'", "bob dee ann cid");
    in_order(fake, ",'sort':'events'", "bob dee ann cid");
    in_order(fake, ",'sort':'-events'", "ann bob dee cid");
    in_order(fake, ",'sort':'id'", "ann bob cid dee");
    in_order(fake, ",'sort':'-id'", "dee cid bob ann");
    in_order(fake, ",'sort':'size'", "dee ann bob cid"); /* numbers, strings, booleans */
    in_order(fake, ",'sort':'-size'", "cid bob ann dee");
    in_order(fake, ",'sort':'customer.size'", "dee ann bob cid");
    in_order(fake, ",'sort':'customer.traits.size'", "dee ann bob cid");
    in_order(fake, ",'sort':'vip'", "bob ann cid dee");
    in_order(fake, ",'sort':'-vip'", "bob ann cid dee"); /* missing last, ties by id rising */
    in_order(fake, ",'sort':'tags'", "ann bob cid dee");
    in_order(fake, ",'sort':'customer.known'", "ann bob cid dee");
    fake_free(fake);
}

static void search_looks_at_ids_identifiers_and_traits(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    in_order(fake, ",'sort':'id','search':''", "ann bob cid dee");
    in_order(fake, ",'sort':'id','search':'BO'", "bob");
    in_order(fake, ",'sort':'id','search':'example.ORG'", "ann");
    in_order(fake, ",'sort':'id','search':'\xc3\xa4RGER'", "ann");
    in_order(fake, ",'sort':'id','search':'9.5'", "dee");
    in_order(fake, ",'sort':'id','search':'TRUE'", "bob cid");
    in_order(fake, ",'sort':'id','search':'e'", "ann bob cid dee");
    in_order(fake, ",'sort':'id','search':'e','segment':{'trait':['size','>',1]}", "ann dee");
    in_order(fake, ",'sort':'id','search':'nobody'", "");
    fake_free(fake);
}

/* Follows the cursors of pages of `limit` through a list and checks that it is the whole, once. */
static void walk_pages(struct fake *fake, const char *sort, int limit, int total)
{
    CLEANUP(base_buf_done) struct base_buf question = {0};
    CLEANUP(base_buf_done) struct base_buf paged = {0};
    CLEANUP(base_buf_done) struct base_buf whole = {0};
    struct str cursor = STR("null");
    const struct str mark = STR("{\"id\":\"");
    for (int page = -1; cursor.len > 0 && page < 400; page++) {
        struct base_buf *out = page < 0 ? &whole : &paged;
        base_buf_reset(&question);
        base_buf_printf(&question, "{'kind':'customers','sort':'%s','limit':%d,'cursor':%.*s}%c",
                        sort, page < 0 ? 1000 : limit, STR_ARG(cursor), 0);
        struct str answer = fake_ask(fake, question.data), rest = answer;
        for (size_t at = str_find(rest, mark); at < rest.len; at = str_find(rest, mark)) {
            rest = str_after(rest, at + mark.len);
            base_buf_bytes(out, rest.data, str_find_byte(rest, '"') + 1);
        }
        struct str after = str_after(answer, str_find(answer, STR("\"cursor\":")) + 9);
        if (page >= 0) {
            cursor = str_starts_c(after, "null")
                         ? STR("")
                         : str_of(after.data, str_find_byte(str_after(after, 1), '"') + 2);
        }
    }
    int commas = 0;
    for (size_t i = 0; i < whole.len; i++) {
        commas += whole.data[i] == '"' ? 1 : 0;
    }
    assert_int_equal(commas, total);
    assert_true(str_equal(base_buf_view(&whole), base_buf_view(&paged)));
}

static void pages_join_to_the_whole_list(void **state)
{
    (void)state;
    CLEANUP(base_buf_done) struct base_buf text = {0};
    for (int i = 0; i < 60; i++) {
        base_buf_printf(&text, "{'c':'c%02d','e':'%s','t':'2026-05-%02dT10:00:00Z'}\n",
                        (i * 37) % 60, i % 7 == 0 ? "identify" : "Buy", i % 5 + 1);
        base_buf_printf(&text, "{'c':'c%02d','traits':{'a':%s}}\n", i,
                        i % 4 == 0   ? "true"
                        : i % 4 == 1 ? "'text of some length'"
                        : i % 4 == 2 ? "1.5"
                                     : "[3,4]");
    }
    base_buf_byte(&text, '\0');
    struct fake *fake = fake_new(text.data);
    static const char *const sorts[] = {"id",     "-id", "last_seen", "-last_seen",
                                        "events", "-a",  "a",         "none"};
    for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
        walk_pages(fake, sorts[i], 7, 60);
        walk_pages(fake, sorts[i], 60, 60);
    }
    fake_free(fake);
}

static void a_cursor_of_another_sort_is_refused(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    struct str answer = fake_ask(fake, "{'kind':'customers','limit':1}");
    struct str cursor = str_after(answer, str_find(answer, STR("\"cursor\":\"")) + 10);
    cursor.len = str_find_byte(cursor, '"');
    struct str question = str_format(
        fake->arena, "{'kind':'customers','sort':'id','cursor':'%.*s'}%c", STR_ARG(cursor), 0);
    fake_expect_refused(fake, question.data, "/cursor", "another sort");
    for (size_t len = 0; len < cursor.len;
         len += 3) { /* cut cursors are refused or taken, never overrun */
        question = str_format(fake->arena, "{'kind':'customers','cursor':'%.*s'}%c", (int)len,
                              cursor.data, 0);
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        struct query_plan *plan;
        struct fail fail;
        bool ok = query_parse(&fake->env, str_from_c(fake_quotes(arena, question.data)), arena,
                              &plan, &fail);
        assert_true(ok || fail.code == FAIL_INPUT);
    }
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers_show_what_is_known_of_them),
        cmocka_unit_test(lists_are_sorted_with_ties_by_id),
        cmocka_unit_test(search_looks_at_ids_identifiers_and_traits),
        cmocka_unit_test(pages_join_to_the_whole_list),
        cmocka_unit_test(a_cursor_of_another_sort_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
