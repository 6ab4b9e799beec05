/* Networks, masses, work, texts as HTML and as QR codes. */
#include "ask_world.h"

#include "access.h"
#include "ask_links.h"
#include "ask_page.h"
#include "ask_spam.h"

static void people_of_one_network_share_a_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *address, *prefix;
    } cases[] = {
        {"192.0.2.7", "192.0.2."},
        {"10.0.0.255", "10.0.0."},
        {"2001:db8:12:3456:1::9", "2001:db8:12:34"},
        {"2001:db8:12:3400::", "2001:db8:12:34"},
        {"2001:db8:12:7::1", "2001:db8:12:"},
        {"2001:db8::1", "2001:db8:"},
        {"::1", ":"},
        {"", ""},
        {"nonsense", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char room[48];
        struct str prefix = ask_address_prefix(str_from_c(cases[i].address), room);
        if (!str_is(prefix, cases[i].prefix)) {
            fail_msg("%s: %.*s", cases[i].address, STR_ARG(prefix));
        }
    }
}

static void a_school_passes_and_a_mass_does_not(void **state)
{
    (void)state;
    struct base_clock_test clock;
    base_clock_test_init(&clock, KIT_START_MS);
    struct ask_rates *rates = ask_rates_new(&clock.clock);
    int let_in = 0;
    for (int i = 0; i < 1000; i++) {
        char address[32];
        snprintf(address, sizeof address, "192.0.2.%d", i % 250);
        let_in += ask_rate_ok(rates, str_from_c(address), STR("s"), ASK_RATE_MOST) ? 1 : 0;
    }
    assert_int_equal(let_in, ASK_RATE_MOST);
    assert_true(ask_rate_ok(rates, STR("192.0.3.1"), STR("s"), ASK_RATE_MOST));
    assert_true(ask_rate_ok(rates, STR("192.0.2.1"), STR("other"), ASK_RATE_MOST));
    base_clock_test_step(&clock, ASK_RATE_MS);
    assert_true(ask_rate_ok(rates, STR("192.0.2.1"), STR("s"), ASK_RATE_MOST));
    ask_rates_free(rates);
}

static void work_is_checked_and_cheap_to_check(void **state)
{
    (void)state;
    char nonce[24];
    int tries = 0;
    do {
        snprintf(nonce, sizeof nonce, "%d", tries++);
    } while (!ask_work_ok(STR("a token"), str_from_c(nonce)));
    assert_true(tries > 1 && tries < 100000);
    assert_false(ask_work_ok(STR("another token"), str_from_c(nonce)));
    assert_false(ask_work_ok(STR("a token"), STR("")));
    assert_false(ask_work_ok(STR("a token"), STR("123456789012345678901234567890")));
}

static void text_is_never_markup_and_turns_nothing(void **state)
{
    (void)state;
    struct base_buf out = {0};
    ask_html_text(&out, STR("<b title='x' y=\"&\">\xE2\x80\xAE\xE2\x81\xA6"
                            "a\x01\n\xE2\x80\x99</b>"));
    assert_true(str_is(base_buf_view(&out),
                       "&lt;b title=&#39;x&#39; y=&quot;&amp;&quot;&gt;a\n\xE2\x80\x99&lt;/b&gt;"));
    base_buf_reset(&out);
    ask_url_text(&out, STR("a b&\"<\xC3\xA9"));
    assert_true(str_is(base_buf_view(&out), "a%20b%26%22%3C%C3%A9"));
    base_buf_done(&out);
}

static void a_qr_code_is_a_square_with_its_three_corners(void **state)
{
    (void)state;
    struct base_buf out = {0};
    struct fail fail;
    char big[1200];
    memset(big, 'x', sizeof big);
    assert_true(ask_qr_svg(STR("https://ask.example/s/a"), &out, &fail));
    base_buf_byte(&out, '\0');
    assert_non_null(
        strstr(out.data, "viewBox=\"0 0 33 33\"")); /* version 2: 25, and a quiet zone */
    /* The first row of finder patterns: seven dark modules at both ends. */
    assert_non_null(strstr(out.data, "M4 4h7v1h-7z"));
    assert_non_null(strstr(out.data, "M22 4h7v1h-7z"));
    assert_non_null(strstr(out.data, "M4 28h7v1h-7z"));
    base_buf_done(&out);
    assert_false(ask_qr_svg(str_of(big, sizeof big), &out, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_false(ask_qr_svg(STR(""), &out, &fail));
    base_buf_done(&out);
}

static void every_language_of_the_page_says_everything(void **state)
{
    (void)state;
    static const char *const languages[] = {"en", "de", "nb-NO", "nl", "fr", "es", "ar", "he"};
    for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
        for (int word = 0; word < ASK_WORDS; word++) {
            struct str text = ask_word(str_from_c(languages[i]), (enum ask_word)word);
            assert_true(text.len > 0 && str_is_utf8(text));
            if (word == ASK_WORD_PROGRESS) {
                assert_true(str_find(text, STR("{1}")) < str_find(text, STR("{2}")));
            }
            if (word == ASK_WORD_THANKS && i > 0) {
                assert_false(str_equal(text, ask_word(STR("en"), ASK_WORD_THANKS)));
            }
        }
    }
    assert_true(str_equal(ask_word(STR("xx"), ASK_WORD_NEXT), ask_word(STR("en"), ASK_WORD_NEXT)));
    assert_true(str_is(ask_language_name(STR("nb")), "Norsk bokm\xC3\xA5l"));
    assert_true(str_is(ask_language_name(STR("pt-BR")), "pt-BR"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_of_one_network_share_a_prefix),
        cmocka_unit_test(a_school_passes_and_a_mass_does_not),
        cmocka_unit_test(work_is_checked_and_cheap_to_check),
        cmocka_unit_test(text_is_never_markup_and_turns_nothing),
        cmocka_unit_test(a_qr_code_is_a_square_with_its_three_corners),
        cmocka_unit_test(every_language_of_the_page_says_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
