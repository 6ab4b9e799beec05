/* A map to start from: what is guessed, and that it works on the very file it was guessed from. */
#include "intake_suggest.h"

#include "intake_test.h"

static struct str suggest(struct fixture *f, const char *csv)
{
    struct str text = str_from_c(csv);
    const struct intake_reader reader = intake_reader_of(&text);
    struct base_buf out = {0};
    assert_true(intake_suggest_map(&reader, TEST_NOW_MS, &out, &f->fail));
    struct str copy = str_copy(f->arena, base_buf_view(&out));
    base_buf_done(&out);
    return copy;
}

static void close_import(void *import)
{
    intake_import_close(import);
}

static struct intake_import_batch import_by(struct fixture *f, struct str map, const char *csv)
{
    struct str *text = arena_small(f->arena, sizeof *text);
    *text = str_from_c(csv);
    struct intake_import_options options = {.reader = intake_reader_of(text),
                                            .map = map,
                                            .format = INTAKE_FORMAT_CSV,
                                            .source = &f->source};
    struct intake_import *import = NULL;
    struct intake_import_batch batch = {0};
    if (!intake_import_open(&options, &import, &f->fail)) {
        print_error("%.*s\n%s: %s\n", STR_ARG(map), f->fail.pointer, f->fail.message);
        fail();
    }
    assert_true(intake_import_next(import, f->arena, 100, &batch, &f->fail));
    arena_defer(f->arena, close_import, import);
    return batch;
}

static const struct {
    const char *csv, *map;
} cases[] = {
    {"Response ID,Email,Submitted At,How likely are you to recommend us?,Why?,Country\n"
     "a1,ann@example.com,2026-04-01 10:00:00,9,It is fast and cheap,NO\n"
     "a2,bo@example.com,2026-04-02 10:00:00,3,Nobody answers the phone,SE\n",
     "{\"identifiers\":{\"email\":\"Email\"},\"event\":{\"const\":\"feedback\"},"
     "\"ts\":\"Submitted At\",\"message_id\":\"Response ID\",\"text\":\"Why?\","
     "\"score\":{\"column\":\"How likely are you to recommend us?\",\"type\":\"number\"},"
     "\"scale\":{\"const\":\"nps\"},\"traits\":{\"country\":\"Country\"}}"},
    {"order_id;customer_id;date;total;status\n1001;c1;04/13/2026 09:30 AM;49.9;paid\n"
     "1002;c2;04/14/2026 09:30 AM;NA;paid\n",
     "{\"customer\":\"customer_id\",\"event\":{\"const\":\"Order Completed\"},"
     "\"ts\":{\"column\":\"date\",\"format\":\"%m/%d/%Y %I:%M %p\"},\"message_id\":\"order_id\","
     "\"properties\":{\"total\":{\"column\":\"total\",\"type\":\"number\"},\"status\":\"status\"},"
     "\"missing\":[\"NA\",\"N/A\",\"NULL\",\"-\"],\"delimiter\":\";\"}"},
    {"stars,review\n5,I like this lamp very much indeed it is bright\n1,Broken after a week and "
     "nobody cares at all\n",
     "{\"anonymous\":\"each\",\"event\":{\"const\":\"feedback\"},"
     "\"ts\":{\"const\":\"2026-05-01T09:30:00.000Z\"},\"text\":\"review\","
     "\"score\":{\"column\":\"stars\",\"type\":\"number\"},\"scale\":{\"const\":\"stars\"}}"},
};

static void columns_are_guessed_by_name_and_by_what_is_in_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        test_init(&f);
        assert_str(suggest(&f, cases[i].csv), cases[i].map);
        test_done(&f);
    }
}

static void the_map_works_on_the_file_it_was_guessed_from(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        test_init(&f);
        struct intake_import_batch got = import_by(&f, suggest(&f, cases[i].csv), cases[i].csv);
        assert_int_equal(got.count, 2);
        assert_stored(&got.items[0]);
        assert_stored(&got.items[1]);
        test_done(&f);
    }
}

static void odd_files_get_a_map_or_a_reason(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "a\n",         "a,b\n1\n", "a,,c\n1,2,3\n", "A b,a-b\n1,2\n", "x\n\"never closed\n1\n",
        "a\tb\n1\t2\n"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        struct fixture f;
        test_init(&f);
        import_by(&f, suggest(&f, odd[i]), odd[i]);
        test_done(&f);
    }
    struct fixture f;
    test_init(&f);
    struct str none = STR("");
    const struct intake_reader reader = intake_reader_of(&none);
    struct base_buf out = {0};
    assert_false(intake_suggest_map(&reader, TEST_NOW_MS, &out, &f.fail));
    assert_int_equal(f.fail.code, FAIL_INPUT);
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_guessed_by_name_and_by_what_is_in_them),
        cmocka_unit_test(the_map_works_on_the_file_it_was_guessed_from),
        cmocka_unit_test(odd_files_get_a_map_or_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
