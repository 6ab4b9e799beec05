/* Masks: what is put in the place of what, where, and what is left alone. How well it is found:
 * test_intake_mask_labelled.c. */
#include "intake_mask.h"

#include "base_buf.h"
#include "intake_import.h"
#include "intake_mask_keep.h"
#include "intake_test.h"

#define ALL ((1U << INTAKE_MASK_KINDS) - 1)

static struct intake_mask *mask_of(unsigned kinds, const struct intake_mask_pattern *patterns,
                                   size_t pattern_count, const char *field)
{
    struct intake_mask *mask = NULL;
    struct fail fail = {0};
    struct str fields[1] = {str_from_c(field)};
    const struct intake_mask_options options = {.kinds = kinds,
                                                .patterns = patterns,
                                                .pattern_count = pattern_count,
                                                .fields = fields,
                                                .field_count = field == NULL ? 0 : 1};
    assert_true(intake_mask_new(&options, &mask, &fail));
    return mask;
}

static void assert_masked(const struct intake_mask *mask, const char *text, const char *expected)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct fail fail = {0};
    struct str out = {0};
    assert_true(intake_mask_text(mask, str_from_c(text), arena, &out, &fail));
    assert_str(out, expected);
}

static void marks_stand_in_the_place_of_what_was_found(void **state)
{
    (void)state;
    struct intake_mask *mask = mask_of(ALL, NULL, 0, NULL);
    assert_masked(mask, "Mail a.b@example.com, Tel. 0171 1234567!", "Mail [email], Tel. [phone]!");
    assert_masked(mask, "4111 1111 1111 1111", "[card]");
    assert_masked(mask, "to DE89 3704 0044 0532 0130 00.", "to [iban].");
    assert_masked(mask, "from 203.0.113.77 and 2001:db8:1:2::3",
                  "from 203.0.113.0 and 2001:db8:1::");
    assert_masked(mask, "order 12345678 of 12.05.2024", "order 12345678 of 12.05.2024");
    assert_masked(mask, "", "");
    intake_mask_free(mask);
}

static void only_the_kinds_asked_for_are_masked(void **state)
{
    (void)state;
    static const char text[] = "a@b.de 0171 1234567 4111111111111111 DE89370400440532013000";
    static const struct {
        unsigned kinds;
        const char *expected;
    } cases[] = {
        {1U << INTAKE_MASK_EMAIL, "[email] 0171 1234567 4111111111111111 DE89370400440532013000"},
        {1U << INTAKE_MASK_PHONE, "a@b.de [phone] 4111111111111111 DE89370400440532013000"},
        {1U << INTAKE_MASK_CARD, "a@b.de 0171 1234567 [card] DE89370400440532013000"},
        {1U << INTAKE_MASK_IBAN, "a@b.de 0171 1234567 4111111111111111 [iban]"},
        {1U << INTAKE_MASK_IP, "a@b.de 0171 1234567 4111111111111111 DE89370400440532013000"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct intake_mask *mask = mask_of(cases[i].kinds, NULL, 0, NULL);
        assert_masked(mask, text, cases[i].expected);
        intake_mask_free(mask);
    }
}

static void a_number_is_no_card_or_iban_when_its_check_digits_are_wrong(void **state)
{
    (void)state;
    struct intake_mask *mask = mask_of(ALL, NULL, 0, NULL);
    assert_masked(mask, "4111 1111 1111 1112", "4111 1111 1111 1112");
    assert_masked(mask, "DE89 3704 0044 0532 0130 01", "DE89 3704 0044 0532 0130 01");
    assert_masked(mask, "ZZ89 3704 0044 0532 0130 00", "ZZ89 3704 0044 0532 0130 00");
    assert_masked(mask, "DE8937040044053201300", "DE8937040044053201300");
    intake_mask_free(mask);
}

static void own_patterns_become_their_names(void **state)
{
    (void)state;
    static const struct intake_mask_pattern patterns[] = {
        {{"contract", 8}, {"V-[0-9]{8}", 10}},
        {{"word", 4}, {"\\bsecret\\b", 10}},
        {{"nothing", 7}, {"x*", 2}},
    };
    struct intake_mask *mask = mask_of(0, patterns, 3, NULL);
    assert_masked(mask, "V-12345678 and V-1234567, secret secrets",
                  "[contract] and V-1234567, [word] secrets");
    assert_masked(mask, "V-12345678V-87654321", "[contract]");
    intake_mask_free(mask);
}

static void a_pattern_far_into_a_long_text_is_found_at_every_place(void **state)
{
    (void)state;
    static const struct intake_mask_pattern patterns[] = {{{"n", 1}, {"K[0-9]{5}", 9}}};
    struct intake_mask *mask = mask_of(0, patterns, 1, NULL);
    struct arena *arena = arena_new(NULL);
    struct fail fail = {0};
    for (size_t at = 4000; at < 4500; at++) { /* over the edge between two windows */
        char *text = arena_alloc(arena, 9000, &fail);
        struct str out;
        memset(text, '.', 9000);
        memcpy(text + at, "K12345", 6);
        assert_true(intake_mask_text(mask, str_of(text, 9000), arena, &out, &fail));
        assert_int_equal(out.len, 9000 - 6 + 3);
        assert_holds(out, ".[n].");
        arena_reset(arena);
    }
    arena_free(arena);
    intake_mask_free(mask);
}

static void hostile_text_is_masked_in_linear_time(void **state)
{
    (void)state;
    static const struct intake_mask_pattern patterns[] = {{{"n", 1}, {"a(.*b)?", 7}}};
    static const char *const units[] = {"a",   "1 ",       "@",  "a@",   "(0)",   "a.b@",
                                        "11-", "DE12 ",    "::", "1.",   "4111 ", "a at b dot ",
                                        "+4",  "\xc3\xa9", "((", "0171 "};
    struct intake_mask *mask = mask_of(ALL, patterns, 1, NULL);
    for (size_t u = 0; u < ARRAY_LEN(units); u++) {
        struct arena *arena = arena_new(NULL);
        struct fail fail = {0};
        struct base_buf text = {0};
        struct str out;
        while (text.len < 300000) {
            base_buf_c(&text, units[u]);
        }
        assert_true(intake_mask_text(mask, base_buf_view(&text), arena, &out, &fail));
        base_buf_done(&text);
        arena_free(arena);
    }
    intake_mask_free(mask);
}

static void a_text_without_findings_is_returned_as_it_was(void **state)
{
    (void)state;
    struct intake_mask *mask = mask_of(ALL, NULL, 0, NULL);
    struct arena *arena = arena_new(NULL);
    struct fail fail = {0};
    struct str text = STR("a fine day, 12 of them"), out;
    assert_true(intake_mask_text(mask, text, arena, &out, &fail));
    assert_ptr_equal(out.data, text.data);
    arena_free(arena);
    intake_mask_free(mask);
}

static void wrong_patterns_and_fields_are_named(void **state)
{
    (void)state;
    static const struct {
        struct intake_mask_pattern pattern;
        const char *pointer;
    } cases[] = {
        {{{"1st", 3}, {"x", 1}}, "/settings/patterns/0/name"},
        {{{"", 0}, {"x", 1}}, "/settings/patterns/0/name"},
        {{{"a b", 3}, {"x", 1}}, "/settings/patterns/0/name"},
        {{{"a", 1}, {"", 0}}, "/settings/patterns/0/pattern"},
        {{{"a", 1}, {"(", 1}}, "/settings/patterns/0/pattern"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct intake_mask *mask = NULL;
        struct fail fail = {0};
        struct intake_mask_options options = {.patterns = &cases[i].pattern, .pattern_count = 1};
        assert_false(intake_mask_new(&options, &mask, &fail));
        assert_string_equal(fail.pointer, cases[i].pointer);
        assert_null(mask);
    }
    struct intake_mask *mask = NULL;
    struct fail fail = {0};
    struct str field = STR("identifiers");
    struct intake_mask_options options = {.kinds = 1, .fields = &field, .field_count = 1};
    assert_false(intake_mask_new(&options, &mask, &fail));
    assert_string_equal(fail.pointer, "/settings/mask_fields/0");
    assert_holds(str_from_c(fail.message), "identifiers say who it is");
}

static void nothing_to_mask_is_no_mask(void **state)
{
    (void)state;
    assert_null(mask_of(0, NULL, 0, "text"));
}

static void fields_say_where(void **state)
{
    (void)state;
    struct intake_mask *mask = mask_of(ALL, NULL, 0, "properties.note");
    assert_false(intake_mask_wants_text(mask));
    assert_true(intake_mask_wants(mask, "properties", STR("note")));
    assert_true(intake_mask_wants(mask, "properties", STR("note.body")));
    assert_false(intake_mask_wants(mask, "properties", STR("notes")));
    assert_false(intake_mask_wants(mask, "traits", STR("note")));
    intake_mask_free(mask);
    mask = mask_of(ALL, NULL, 0, "traits");
    assert_true(intake_mask_wants(mask, "traits", STR("x")));
    assert_false(intake_mask_wants(mask, "properties", STR("x")));
    intake_mask_free(mask);
    mask = mask_of(ALL, NULL, 0, NULL);
    assert_true(intake_mask_wants_text(mask));
    assert_true(intake_mask_wants(mask, "properties", STR("x")));
    assert_false(intake_mask_wants(mask, "traits", STR("x")));
    intake_mask_free(mask);
}

/* ---- events ------------------------------------------------------------------------------------------- */

static const struct store_item *decode(struct fixture *f, const struct intake_mask *mask,
                                       const char *body)
{
    f->source.mask = mask;
    assert_true(
        intake_own_decode(f->decoder, str_from_c(body), &f->source, f->arena, &f->got, &f->fail));
    assert_int_equal(f->got.count, 1);
    return &f->got.items[0];
}

static void words_and_properties_are_masked_and_identifiers_stay(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_mask *mask = mask_of(ALL, NULL, 0, NULL);
    const struct store_item *item = decode(
        &f, mask,
        "{\"userId\":\"ann@example.com\",\"event\":\"feedback\",\"ts\":\"" TEST_NOW "\","
        "\"text\":\"write to bo@example.com\",\"properties\":{\"note\":\"0171 1234567\",\"n\":5},"
        "\"traits\":{\"email\":\"ann@example.com\"},\"identifiers\":{\"email\":\"ann@example.com\"}"
        "}");
    assert_int_equal(item->verdict, STORE_STORED);
    assert_str(item->event.text, "write to [email]");
    assert_str(store_value_text(item->event.properties[0].value), "[phone]");
    assert_str(store_value_text(item->event.traits[0].value), "ann@example.com");
    assert_str(item->event.identifiers[0].value, "ann@example.com");
    assert_int_equal(str_find(item->raw, STR("bo@example.com")), item->raw.len);
    assert_int_equal(str_find(item->raw, STR("0171 1234567")), item->raw.len);
    assert_holds(item->raw, "\"userId\":\"ann@example.com\"");
    intake_mask_free(mask);
    test_done(&f);
}

static void traits_are_masked_where_that_is_asked_for(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    struct intake_mask *mask = mask_of(ALL, NULL, 0, "traits");
    const struct store_item *item =
        decode(&f, mask,
               "{\"userId\":\"u\",\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"text\":\"a@b.de\","
               "\"traits\":{\"mail\":\"a@b.de\"}}");
    assert_str(item->event.text, "a@b.de");
    assert_str(store_value_text(item->event.traits[0].value), "[email]");
    intake_mask_free(mask);
    test_done(&f);
}

static void raw_bytes_of_what_is_quarantined_are_masked_but_can_be_mended(void **state)
{
    (void)state;
    static const struct {
        const char *body, *raw;
    } cases[] = {
        {"{\"userId\":\"ann@example.com\",\"evnt\":\"A\",\"text\":\"call +49 171 1234567\"}",
         "{\"userId\":\"ann@example.com\",\"evnt\":\"A\",\"text\":\"call [phone]\"}"},
        /* escapes are no hiding place */
        {"{\"event\":\"A\",\"text\":\"bo\\u0040example.com\",\"properties\":{\"a\":[\"x\\ty@b.de\"]"
         "}}",
         "{\"event\":\"A\",\"text\":\"[email]\",\"properties\":{\"a\":[\"x\\t[email]\"]}}"},
        {"{\"event\":\"A\",\"identifiers\":{\"email\":[\"a@b.de\"]},\"traits\":{\"m\":\"c@d.de\"}, "
         "\"propertees\":{\"x\":\"e@f.de\"}}",
         "{\"event\":\"A\",\"identifiers\":{\"email\":[\"a@b.de\"]},\"traits\":{\"m\":\"c@d.de\"}, "
         "\"propertees\":{\"x\":\"[email]\"}}"},
    };
    struct intake_mask *mask = mask_of(ALL, NULL, 0, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        test_init(&f);
        const struct store_item *item = decode(&f, mask, cases[i].body);
        assert_int_equal(item->verdict, STORE_QUARANTINED);
        assert_str(item->raw, cases[i].raw);
        test_done(&f);
    }
    intake_mask_free(mask);
}

static void what_is_no_json_is_masked_as_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"text\": bo@example.com, \"n\": 12}", "{\"text\": [email], \"n\": 12}"},
        {"{\"text\": \"never closed bo@example.com", "{\"text\": \"never closed [email]"},
        {"ann,bo@example.com,5", "ann,[email],5"},
        {"{\"n\":4111111111111111,\"b\":true,\"z\":null}",
         "{\"n\":4111111111111111,\"b\":true,\"z\":null}"},
        {"{]}\"a@b.de\"", "{]}\"[email]\""},
        {"\"", "\""},
        {"{\"a\":\"\\ud83d\\ude00 a@b.de \\q \\", "{\"a\":\"\\ud83d\\ude00 [email] \\q \\"},
    };
    struct intake_mask *mask = mask_of(ALL, NULL, 0, NULL);
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str out;
        struct fail fail;
        const struct intake_mask_keep keep = {NULL, 0};
        assert_true(intake_mask_raw(mask, str_from_c(cases[i][0]), &keep, arena, &out, &fail));
        assert_str(out, cases[i][1]);
    }
    arena_free(arena);
    intake_mask_free(mask);
}

static void rows_of_files_are_masked_and_keep_their_ids(void **state)
{
    (void)state;
    static const char map[] = "{\"customer\":\"who\",\"event\":{\"const\":\"feedback\"},\"ts\":"
                              "\"at\",\"text\":\"words\"}";
    static const char csv[] =
        "who,at,words\n"
        "ann@example.com,2026-04-01T10:00:00Z,ring 0171 1234567 or ann@example.com\n"
        "bo@example.com,never,write to cy@example.com\n";
    struct intake_mask *mask = mask_of(ALL, NULL, 0, NULL);
    struct str ids[2];
    struct arena *arena = arena_new(NULL);
    for (int masked = 0; masked < 2; masked++) {
        struct intake_source source = {
            .name = STR("s"), .received_at_ms = TEST_NOW_MS, .mask = masked == 1 ? mask : NULL};
        struct str text = str_from_c(csv);
        struct intake_import_options options = {
            .reader = intake_reader_of(&text), .map = str_from_c(map), .source = &source};
        struct intake_import *import = NULL;
        struct intake_import_batch batch = {0};
        struct fail fail = {0};
        assert_true(intake_import_open(&options, &import, &fail));
        assert_true(intake_import_next(import, arena, 10, &batch, &fail));
        assert_int_equal(batch.count, 2);
        ids[masked] = batch.items[0].event.message_id;
        if (masked == 1) {
            assert_str(batch.items[0].event.text, "ring [phone] or [email]");
            assert_str(batch.items[0].event.identifiers[0].value, "ann@example.com");
            assert_int_equal(batch.items[1].verdict, STORE_QUARANTINED);
            assert_str(batch.items[1].raw, "bo@example.com,never,write to [email]");
        }
        intake_import_close(import);
    }
    assert_true(str_equal(ids[0], ids[1])); /* masking on or off: the same row is the same event */
    arena_free(arena);
    intake_mask_free(mask);
}

static void an_event_that_masking_makes_too_large_is_quarantined(void **state)
{
    (void)state;
    static const struct intake_mask_pattern patterns[] = {
        {{"long_name_of_a_pattern_that_grows", 33}, {"x", 1}}};
    struct fixture f;
    test_init(&f);
    struct intake_mask *mask = mask_of(0, patterns, 1, NULL);
    struct base_buf body = {0};
    base_buf_c(&body, "{\"userId\":\"u\",\"event\":\"A\",\"ts\":\"" TEST_NOW "\",\"text\":\"");
    while (body.len < 1000000) {
        base_buf_c(&body, "xyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
                          "yyyyyyyyyyyyyyyyyyyyyyyy");
    }
    base_buf_c(&body, "\"}");
    base_buf_byte(&body, '\0');
    const struct store_item *item = decode(&f, mask, body.data);
    assert_int_equal(item->verdict, STORE_QUARANTINED);
    assert_holds(item->reason, "once it was masked");
    base_buf_done(&body);
    intake_mask_free(mask);
    test_done(&f);
}

static void an_event_too_large_to_be_read_is_masked_too(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    f.limits.event_bytes = 40;
    struct intake_mask *mask = mask_of(ALL, NULL, 0, NULL);
    const struct store_item *item =
        decode(&f, mask, "{\"userId\":\"u\",\"event\":\"A\",\"text\":\"to a.b@example.com\"}");
    assert_int_equal(item->verdict, STORE_QUARANTINED);
    assert_holds(item->reason, "larger than 40 bytes");
    assert_str(item->raw, "{\"userId\":\"u\",\"event\":\"A\",\"text\":\"to [email]\"}");
    intake_mask_free(mask);
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_stand_in_the_place_of_what_was_found),
        cmocka_unit_test(only_the_kinds_asked_for_are_masked),
        cmocka_unit_test(a_number_is_no_card_or_iban_when_its_check_digits_are_wrong),
        cmocka_unit_test(own_patterns_become_their_names),
        cmocka_unit_test(a_pattern_far_into_a_long_text_is_found_at_every_place),
        cmocka_unit_test(hostile_text_is_masked_in_linear_time),
        cmocka_unit_test(a_text_without_findings_is_returned_as_it_was),
        cmocka_unit_test(wrong_patterns_and_fields_are_named),
        cmocka_unit_test(nothing_to_mask_is_no_mask),
        cmocka_unit_test(fields_say_where),
        cmocka_unit_test(words_and_properties_are_masked_and_identifiers_stay),
        cmocka_unit_test(traits_are_masked_where_that_is_asked_for),
        cmocka_unit_test(raw_bytes_of_what_is_quarantined_are_masked_but_can_be_mended),
        cmocka_unit_test(what_is_no_json_is_masked_as_text),
        cmocka_unit_test(rows_of_files_are_masked_and_keep_their_ids),
        cmocka_unit_test(an_event_that_masking_makes_too_large_is_quarantined),
        cmocka_unit_test(an_event_too_large_to_be_read_is_masked_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
