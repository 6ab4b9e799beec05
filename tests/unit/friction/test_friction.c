/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>

#include "base_buf.h"
#include "friction.h"

#define S ((int64_t)1000)
#define MIN (60 * S)
#define H (60 * MIN)
#define D (24 * H)

#define DID FRICTION_IS_OWN
#define BEGAN (FRICTION_IS_OWN | FRICTION_IS_BEGIN)
#define BOUGHT (FRICTION_IS_OWN | FRICTION_IS_DONE)
#define FAILS (FRICTION_IS_OWN | FRICTION_IS_FAILURE)
#define WROTE (FRICTION_IS_OWN | FRICTION_IS_WORDS | FRICTION_IS_REQUEST)
#define SCORED (FRICTION_IS_OWN | FRICTION_IS_WORDS)
#define WE FRICTION_IS_ANSWER

static struct friction_moment did(int64_t ts_ms, const char *event, uint32_t is)
{
    return (struct friction_moment){.ts_ms = ts_ms, .event = str_from_c(event), .is = is};
}

static struct friction_moment scored(const char *scale, double score)
{
    return (struct friction_moment){
        .event = STR("feedback"), .is = SCORED, .scale = str_from_c(scale), .score = score};
}

/* "kind@place" with the number of times, in order. */
static void finds_with(const struct friction_rules *rules, const struct friction_moment *moments,
                       size_t count, int64_t now_ms, const char *expected)
{
    struct arena *arena = arena_new(NULL);
    struct friction_found *found;
    size_t found_count;
    struct fail fail;
    struct base_buf got = {0};
    assert_true(friction_find(rules, moments, count, now_ms, arena, &found, &found_count, &fail));
    for (size_t i = 0; i < found_count; i++) {
        base_buf_printf(&got, "%s%s@%zu", i == 0 ? "" : " ", friction_kind_name(found[i].kind),
                        found[i].at);
        if (found[i].times != 1) {
            base_buf_printf(&got, "x%u", found[i].times);
        }
        assert_true(friction_why(rules, &found[i], moments, i % 2 == 0, arena).len > 0);
    }
    base_buf_byte(&got, '\0');
    assert_string_equal(got.data, expected);
    base_buf_done(&got);
    arena_free(arena);
}

static void finds(const struct friction_moment *moments, size_t count, int64_t now_ms,
                  const char *expected)
{
    struct friction_rules rules;
    friction_rules_default(&rules);
    finds_with(&rules, moments, count, now_ms, expected);
}

static void nothing_is_found_where_nothing_happened(void **state)
{
    (void)state;
    finds(NULL, 0, 100 * D, "");
    const struct friction_moment fine[] = {did(0, "Look", DID), did(S, "Buy", BOUGHT)};
    finds(fine, 2, 100 * D, "");
}

static void a_score_is_low_at_its_limit_and_not_above_it(void **state)
{
    (void)state;
    const struct friction_moment moments[] = {
        scored("nps", 6),  scored("nps", 7),   scored("csat", 2),  scored("csat", 3),
        scored("ces", 3),  scored("ces", 4),   scored("stars", 2), scored("stars", 2.5),
        scored("mood", 0), did(0, "Say", DID),
    };
    struct friction_rules rules;
    finds(moments, 10, 0, "low score@0 low score@2 low score@4 low score@6");
    friction_rules_default(&rules);
    rules.score_at_most[0] = FRICTION_OFF;
    rules.score_at_most[1] = 1;
    finds_with(&rules, moments, 10, 0, "low score@4 low score@6");
}

static void a_failure_is_found_until_the_rule_is_off(void **state)
{
    (void)state;
    const struct friction_moment moments[] = {did(0, "Pay", DID), did(S, "Pay Failed", FAILS)};
    struct friction_rules rules;
    finds(moments, 2, D, "failed@1");
    friction_rules_default(&rules);
    rules.failures = false;
    finds_with(&rules, moments, 2, D, "");
}

static void many_times_in_a_short_time_is_told_once_at_the_last(void **state)
{
    (void)state;
    struct friction_moment moments[12];
    for (int i = 0; i < 7; i++) {
        moments[i] = did(i * 7 * S, "Press", DID); /* five of them in 28 s; all seven are one run */
    }
    finds(moments, 4, D, "");
    finds(moments, 5, D, "repeated@4x5");
    finds(moments, 7, D, "repeated@6x7");
    moments[7] = did(30 * MIN, "Buy", BOUGHT);
    finds(moments, 8, D, ""); /* it came right within half an hour */
    moments[7].ts_ms = 42 * S + 30 * MIN + 1;
    finds(moments, 8, D, "repeated@6x7");
    finds(moments, 7, 42 * S + 30 * MIN, ""); /* that may still come right */
}

static void slower_other_or_looking_is_no_repetition(void **state)
{
    (void)state;
    struct friction_moment moments[10];
    for (int i = 0; i < 5; i++) {
        moments[i] = did(i * 7501, "Press", DID);
    }
    finds(moments, 5, D, "");
    for (int i = 0; i < 10; i++) {
        moments[i] = did(i * S, i % 3 == 0 ? "Press" : i % 3 == 1 ? "Turn" : "Pull", DID);
    }
    finds(moments, 10, D, "");
    for (int i = 0; i < 10; i++) {
        moments[i] = did(i * S, "Page Viewed", DID);
    }
    finds(moments, 10, D, "");
    for (int i = 0; i < 10; i++) {
        moments[i] = did(i * S, "feedback", SCORED);
    }
    finds(moments, 10, D, "");
}

static void who_begins_and_does_not_finish_in_time_gave_up(void **state)
{
    (void)state;
    const struct friction_moment moments[] = {
        did(0, "Checkout Started", BEGAN),
        did(H, "Checkout Started", BEGAN),
        did(25 * H, "Buy", BOUGHT),
        did(26 * H, "Checkout Started", BEGAN),
        did(50 * H + 1, "Buy", BOUGHT),
        did(60 * H, "Checkout Started", BEGAN),
        did(200 * H, "Checkout Started", BEGAN),
    };
    finds(moments, 2, 25 * H, "");
    finds(moments, 2, 25 * H + 1, "abandoned@1x2");
    finds(moments, 3, 100 * D, ""); /* exactly a day after the last beginning */
    finds(moments, 5, 100 * D, "abandoned@3");
    finds(moments, 7, 201 * H, "abandoned@3 abandoned@5");
}

static void a_request_waits_until_it_is_answered(void **state)
{
    (void)state;
    const struct friction_moment moments[] = {
        did(0, "feedback", WROTE),      did(2 * D, "feedback", WROTE), did(9 * D, "contacted", WE),
        did(10 * D, "feedback", WROTE), did(13 * D, "contacted", WE),  did(20 * D, "contacted", WE),
        did(30 * D, "feedback", WROTE),
    };
    finds(moments, 1, 3 * D, "");
    finds(moments, 1, 3 * D + 1, "unanswered@0");
    finds(moments, 2, 9 * D, "unanswered@0x2");
    finds(moments, 3, 100 * D, "waited@0x2");
    finds(moments, 7, 33 * D, "waited@0x2"); /* three days are not more than three */
    finds(moments, 7, 33 * D + 1, "waited@0x2 unanswered@6");
}

static void the_sentence_names_the_limit_and_the_guess(void **state)
{
    (void)state;
    struct friction_rules rules;
    struct arena *arena = arena_new(NULL);
    struct friction_moment moment = scored("nps", 3);
    struct friction_found found = {.kind = FRICTION_LOW_SCORE};
    friction_rules_default(&rules);
    assert_true(str_is(friction_why(&rules, &found, &moment, false, arena),
                       "Scored 3 (nps); 6 or less counts as low."));
    moment = did(0, "feedback", WROTE);
    found = (struct friction_found){.kind = FRICTION_UNANSWERED, .times = 1, .ms = 9 * D + H};
    assert_true(
        str_is(friction_why(&rules, &found, &moment, false, arena),
               "Wrote to us (once) and had no answer for 9 days; more than 3 days is long."));
    moment = did(0, "Pay Failed", FAILS);
    found = (struct friction_found){.kind = FRICTION_FAILED};
    assert_true(str_is(friction_why(&rules, &found, &moment, false, arena),
                       "\"Pay Failed\" is marked as going wrong."));
    struct str guess = friction_why(&rules, &found, &moment, true, arena);
    assert_true(str_find(guess, STR("a guess")) < guess.len);
    arena_free(arena);
}

static void names_are_guessed_whatever_their_case(void **state)
{
    (void)state;
    assert_true(friction_name_fails(STR("Payment Failed")));
    assert_true(friction_name_fails(STR("API_ERROR")));
    assert_true(friction_name_fails(STR("cardDeclined")));
    assert_false(friction_name_fails(STR("Order Completed")));
    assert_false(friction_name_fails(STR("fai")));
    assert_true(friction_name_begins(STR("Checkout Started")));
    assert_true(friction_name_begins(STR("begin_checkout")));
    assert_false(friction_name_begins(STR("Checkout Finished")));
    assert_true(friction_name_looks(STR("$pageview")));
}

static void a_long_timeline_takes_time_in_proportion(void **state)
{
    (void)state;
    enum { MANY = 400000 };
    struct arena *arena = arena_new(NULL);
    struct fail fail;
    struct friction_moment *moments = arena_array(arena, MANY, sizeof *moments, &fail);
    assert_non_null(moments);
    for (size_t i = 0; i < MANY; i++) { /* all at once */
        moments[i] = did(0, i % 2 == 0 ? "a" : "b", i % 3 == 0 ? BEGAN : WROTE);
    }
    finds(moments, MANY, 100 * D,
          "unanswered@1x266666 repeated@399999x200000 abandoned@399999x133334");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_found_where_nothing_happened),
        cmocka_unit_test(a_score_is_low_at_its_limit_and_not_above_it),
        cmocka_unit_test(a_failure_is_found_until_the_rule_is_off),
        cmocka_unit_test(many_times_in_a_short_time_is_told_once_at_the_last),
        cmocka_unit_test(slower_other_or_looking_is_no_repetition),
        cmocka_unit_test(who_begins_and_does_not_finish_in_time_gave_up),
        cmocka_unit_test(a_request_waits_until_it_is_answered),
        cmocka_unit_test(the_sentence_names_the_limit_and_the_guess),
        cmocka_unit_test(names_are_guessed_whatever_their_case),
        cmocka_unit_test(a_long_timeline_takes_time_in_proportion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
