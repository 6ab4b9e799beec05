/* The contact policy: which rule says what, when a contact would be allowed again, and its form in JSON. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act_policy_form.h"

#define HOUR ((int64_t)3600000)
#define DAY ACT_DAY_MS

static int64_t at(const char *text)
{
    int64_t ms;
    assert_true(time_parse_rfc3339(str_from_c(text), &ms));
    return ms;
}

static const struct zone *zone(const char *name)
{
    struct fail fail;
    const struct zone *found;
    assert_true(zone_find(str_from_c(name), &found, &fail));
    return found;
}

static struct act_decision decide(const struct act_policy *policy,
                                  const struct act_contact *contacts, size_t contact_count,
                                  const struct act_consent *consents, size_t consent_count,
                                  const char *purpose, const char *channel, int64_t now_ms)
{
    struct act_history history = {contacts,      contact_count, consents,
                                  consent_count, zone_utc(),    false};
    struct act_question question = {str_from_c(purpose), str_from_c(channel), now_ms};
    struct act_decision decision;
    act_decide(policy, &history, &question, &decision);
    return decision;
}

static struct act_policy bare(void)
{
    struct act_policy policy;
    act_policy_default(&policy);
    policy.all = (struct act_limits){0};
    policy.quiet_from = policy.quiet_to = 0;
    return policy;
}

static void a_customer_of_whom_nothing_is_known_may_be_asked_by_day(void **state)
{
    (void)state;
    struct act_policy policy;
    act_policy_default(&policy);
    int64_t noon = at("2026-05-01T12:00:00Z");
    struct act_decision decision = decide(&policy, NULL, 0, NULL, 0, "survey", "email", noon);
    assert_true(decision.allowed);
    assert_string_equal(decision.reason, "allowed");
    assert_int_equal(decision.next_ms, noon);
    assert_int_equal(decision.rule_count, 6); /* two mutes, consent, quiet, waiting, cap */
}

static void the_waiting_time_ends_to_the_millisecond(void **state)
{
    (void)state;
    struct act_policy policy = bare();
    policy.all.waiting_days = 7;
    int64_t first = at("2026-05-01T12:00:00Z");
    struct act_contact contacts[] = {{.ts_ms = first, .channel = STR("web")}};
    struct act_decision decision =
        decide(&policy, contacts, 1, NULL, 0, "survey", "email", first + 7 * DAY - 1);
    assert_false(decision.allowed);
    assert_string_equal(decision.reason, "waiting-time");
    assert_int_equal(decision.next_ms, first + 7 * DAY);
    assert_true(decide(&policy, contacts, 1, NULL, 0, "survey", "email", first + 7 * DAY).allowed);
    /* At the very instant of the contact there is no second one. */
    assert_false(decide(&policy, contacts, 1, NULL, 0, "survey", "email", first).allowed);
}

static void a_clock_that_went_back_makes_no_room(void **state)
{
    (void)state;
    struct act_policy policy = bare();
    policy.all.waiting_days = 7;
    int64_t later = at("2026-05-10T12:00:00Z");
    struct act_contact contacts[] = {{.ts_ms = later}};
    struct act_decision decision =
        decide(&policy, contacts, 1, NULL, 0, "survey", "web", later - 2 * DAY);
    assert_false(decision.allowed);
    assert_int_equal(decision.next_ms, later + 7 * DAY);
    assert_true(decide(&policy, contacts, 1, NULL, 0, "survey", "web", later - 7 * DAY).allowed);
}

static void caps_slide_and_count_all_channels_together(void **state)
{
    (void)state;
    struct act_policy policy = bare();
    policy.all.caps[0] = (struct act_cap){30, 3};
    policy.all.cap_count = 1;
    int64_t begin = at("2026-05-01T00:00:00Z");
    struct act_contact contacts[] = {{.ts_ms = begin, .channel = STR("web")},
                                     {.ts_ms = begin + 10 * DAY, .channel = STR("email")},
                                     {.ts_ms = begin + 20 * DAY, .channel = STR("phone")}};
    struct act_decision decision =
        decide(&policy, contacts, 3, NULL, 0, "survey", "web", begin + 29 * DAY);
    assert_false(decision.allowed);
    assert_string_equal(decision.reason, "cap");
    assert_int_equal(decision.next_ms, begin + 30 * DAY);
    assert_int_equal(decision.rules[decision.rule_count - 1].count, 3);
    assert_true(decide(&policy, contacts, 3, NULL, 0, "survey", "web", begin + 30 * DAY).allowed);
}

static void a_channel_has_limits_of_its_own_beside_those_of_all(void **state)
{
    (void)state;
    struct act_policy policy = bare();
    policy.channels[0] = (struct act_channel){STR("email"), {.waiting_days = 14}};
    policy.channel_count = 1;
    int64_t begin = at("2026-05-01T00:00:00Z");
    struct act_contact contacts[] = {{.ts_ms = begin, .channel = STR("web")},
                                     {.ts_ms = begin + DAY, .channel = STR("email")},
                                     {.ts_ms = begin + 2 * DAY}};
    struct act_decision decision =
        decide(&policy, contacts, 3, NULL, 0, "survey", "email", begin + 3 * DAY);
    assert_false(decision.allowed);
    assert_string_equal(decision.reason, "waiting-time");
    assert_int_equal(decision.next_ms, begin + 15 * DAY);
    assert_true(decide(&policy, contacts, 3, NULL, 0, "survey", "web", begin + 3 * DAY).allowed);
}

static void quiet_hours_go_by_the_customers_clock_over_midnight(void **state)
{
    (void)state;
    struct act_policy policy;
    act_policy_default(&policy);
    static const struct {
        const char *zone, *now, *next;
    } cases[] = {
        {"UTC", "2026-05-01T20:59:59.999Z", NULL},
        {"UTC", "2026-05-01T21:00:00Z", "2026-05-02T08:00:00Z"},
        {"UTC", "2026-05-02T07:59:59.999Z", "2026-05-02T08:00:00Z"},
        {"UTC", "2026-05-02T08:00:00Z", NULL},
        {"Asia/Tokyo", "2026-05-01T12:00:00Z", "2026-05-01T23:00:00Z"},
        {"Europe/Oslo", "2026-03-28T21:30:00Z", "2026-03-29T06:00:00Z"}, /* an hour is skipped */
        {"Europe/Oslo", "2026-10-24T21:30:00Z", "2026-10-25T07:00:00Z"}, /* an hour comes twice */
        {"Australia/Lord_Howe", "2026-10-03T12:00:00Z", "2026-10-03T21:00:00Z"}, /* half an hour */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct act_history history = {.zone = zone(cases[i].zone)};
        struct act_question question = {STR("survey"), STR("email"), at(cases[i].now)};
        struct act_decision decision;
        act_decide(&policy, &history, &question, &decision);
        assert_int_equal(decision.allowed, cases[i].next == NULL);
        if (cases[i].next != NULL) {
            assert_string_equal(decision.reason, "quiet-hours");
            assert_int_equal(decision.next_ms, at(cases[i].next));
        }
        question.channel = STR("web"); /* who is on the page is awake */
        act_decide(&policy, &history, &question, &decision);
        assert_true(decision.allowed);
    }
}

static void the_next_instant_suits_every_rule_together(void **state)
{
    (void)state;
    struct act_policy policy;
    act_policy_default(&policy);
    int64_t evening = at("2026-05-01T20:30:00Z");
    struct act_contact contacts[] = {
        {.ts_ms = evening + 45 * 60000}}; /* 21:15: ends in the quiet */
    struct act_decision decision =
        decide(&policy, contacts, 1, NULL, 0, "survey", "email", evening + HOUR);
    assert_false(decision.allowed);
    assert_int_equal(decision.next_ms, at("2026-05-09T08:00:00Z"));
}

static void a_purpose_that_needs_consent_waits_for_it(void **state)
{
    (void)state;
    struct act_policy policy = bare();
    int64_t now = at("2026-05-01T12:00:00Z");
    struct act_decision decision = decide(&policy, NULL, 0, NULL, 0, "message", "email", now);
    assert_false(decision.allowed);
    assert_string_equal(decision.reason, "no-consent");
    assert_true(decision.next_ms == ACT_NEVER);
    assert_string_equal(decide(&policy, NULL, 0, NULL, 0, "unheard", "email", now).reason,
                        "no-consent");
    struct act_consent given = {now - DAY,  STR("message"), true,      ACT_NO_INSTANT,
                                STR("yes"), STR("shop"),    STR("web")};
    assert_true(decide(&policy, NULL, 0, &given, 1, "message", "email", now).allowed);
    given.until_ms = now; /* it ran out just now */
    assert_string_equal(decide(&policy, NULL, 0, &given, 1, "message", "email", now).reason,
                        "no-consent");
    assert_true(decide(&policy, NULL, 0, &given, 1, "message", "email", now - 1).allowed);
}

static void the_last_word_counts_and_a_mute_for_a_while_ends(void **state)
{
    (void)state;
    struct act_policy policy = bare();
    int64_t now = at("2026-05-01T12:00:00Z");
    struct act_consent words[] = {
        {.ts_ms = now - 3 * DAY,
         .purpose = STR("message"),
         .granted = true,
         .until_ms = ACT_NO_INSTANT},
        {.ts_ms = now - 2 * DAY, .purpose = STR("message"), .until_ms = now + DAY},
        {.ts_ms = now - DAY, .purpose = ACT_ALL, .until_ms = now + 2 * DAY},
    };
    struct act_decision decision = decide(&policy, NULL, 0, words, 3, "message", "email", now);
    assert_string_equal(decision.reason, "muted");
    assert_int_equal(decision.next_ms, now + 2 * DAY);
    assert_false(decision.rules[0].passed);
    assert_false(decision.rules[1].passed);
    assert_true(decide(&policy, NULL, 0, words, 3, "message", "email", now + 2 * DAY).allowed);
    assert_string_equal(decide(&policy, NULL, 0, words, 3, "survey", "web", now).reason, "muted");
    words[2].until_ms = ACT_NO_INSTANT;
    decision = decide(&policy, NULL, 0, words, 3, "message", "email", now + 300 * DAY);
    assert_string_equal(decision.reason, "muted");
    assert_true(decision.next_ms == ACT_NEVER);
    words[2].granted = true; /* lifts the mute of all, and is nobody's consent */
    assert_true(decide(&policy, NULL, 0, words + 2, 1, "survey", "web", now).allowed);
    assert_string_equal(decide(&policy, NULL, 0, words + 2, 1, "message", "web", now).reason,
                        "no-consent");
}

static void more_contacts_than_can_be_counted_forbid(void **state)
{
    (void)state;
    struct act_policy policy = bare();
    struct act_history history = {.zone = zone_utc(), .truncated = true};
    struct act_question question = {STR("survey"), STR("web"), at("2026-05-01T12:00:00Z")};
    struct act_decision decision;
    act_decide(&policy, &history, &question, &decision);
    assert_false(decision.allowed);
    assert_string_equal(decision.reason, "history-too-long");
}

static void every_rule_says_in_words_what_it_found(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct act_policy policy;
    act_policy_default(&policy);
    policy.channels[0] = (struct act_channel){STR("email"), {.caps = {{30, 1}}, .cap_count = 1}};
    policy.channel_count = 1;
    int64_t night = at("2026-05-01T23:00:00Z");
    struct act_contact contacts[] = {{.ts_ms = night - DAY, .channel = STR("email")}};
    struct act_consent muted = {.purpose = STR("message"), .until_ms = night + DAY};
    struct act_decision decision =
        decide(&policy, contacts, 1, &muted, 1, "message", "email", night);
    static const char *const said[] = {
        "The customer has not muted all contact.",
        "The customer has muted this purpose until 2026-05-02T23:00:00.000Z.",
        "The purpose needs the customer's consent, and there is none.",
        "It is within the quiet hours from 21:00 to 08:00 at the customer's clock.",
        "There were not yet 7 days without another contact over all channels.",
        "1 of at most 4 contacts in 365 days over all channels.",
        "1 of at most 1 contacts in 30 days in the channel \"email\".",
    };
    assert_int_equal(decision.rule_count, ARRAY_LEN(said));
    for (size_t i = 0; i < ARRAY_LEN(said); i++) {
        struct str text = act_rule_text(&decision.rules[i], &policy, arena);
        assert_string_equal(str_copy_c(arena, text), said[i]);
    }
    arena_free(arena);
}

/* ---- the form ----------------------------------------------------------------------------------------------- */

static bool read(const char *text, struct arena *arena, struct act_policy *out, struct fail *fail)
{
    struct json_parser *parser = json_parser_new();
    struct json_value root;
    assert_true(json_parse(parser, str_from_c(text), &root, fail));
    bool good = act_policy_read(root, arena, out, fail);
    json_parser_free(parser);
    return good;
}

static void a_policy_that_was_written_reads_the_same(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    static const char *const forms[] = {
        "{}",
        "{\"waiting_days\":0,\"caps\":[],\"quiet_hours\":null,\"purposes\":[],\"corrections\":[]}",
        "{\"caps\":[[1,1],[3650,1000]],\"channels\":{\"email\":{\"waiting_days\":14},\"sms\":{"
        "\"caps\":[[30,2]]}},\"quiet_hours\":{\"from\":\"23:30\",\"to\":\"00:00\",\"except\":["
        "\"kiosk\"]},\"purposes\":[{\"name\":\"a\",\"consent\":\"needed\",\"wording\":\"w\"}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct act_policy policy;
        struct fail fail;
        struct base_buf first = {0}, second = {0};
        assert_true(read(forms[i], arena, &policy, &fail));
        struct json_writer w = {.out = &first};
        act_policy_write(&w, &policy);
        base_buf_byte(&first, '\0');
        assert_true(read(first.data, arena, &policy, &fail));
        w = (struct json_writer){.out = &second};
        act_policy_write(&w, &policy);
        assert_int_equal(second.len, first.len - 1);
        assert_memory_equal(first.data, second.data, second.len);
        base_buf_done(&first);
        base_buf_done(&second);
    }
    arena_free(arena);
}

static void a_wrong_form_is_refused_by_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *form, *pointer;
    } cases[] = {
        {"[]", ""},
        {"{\"waiting_day\":1}", "/waiting_day"},
        {"{\"waiting_days\":-1}", "/waiting_days"},
        {"{\"waiting_days\":1.5}", "/waiting_days"},
        {"{\"caps\":[[30]]}", "/caps/0"},
        {"{\"caps\":[[30,4],[0,4]]}", "/caps/1/0"},
        {"{\"caps\":[[30,0]]}", "/caps/0/1"},
        {"{\"caps\":[[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1]]}", "/caps"},
        {"{\"channels\":{\"email\":{\"caps\":{}}}}", "/channels/email/caps"},
        {"{\"channels\":{\"email\":3}}", "/channels/email"},
        {"{\"channels\":{\"a\":{},\"a\":{}}}", "/channels/a"},
        {"{\"quiet_hours\":{\"from\":\"21:00\"}}", "/quiet_hours"},
        {"{\"quiet_hours\":{\"from\":\"24:00\",\"to\":\"08:00\"}}", "/quiet_hours/from"},
        {"{\"quiet_hours\":{\"from\":\"8:00\",\"to\":\"08:00\"}}", "/quiet_hours/from"},
        {"{\"quiet_hours\":{\"from\":\"-1:00\",\"to\":\"08:00\"}}", "/quiet_hours/from"},
        {"{\"quiet_hours\":{\"from\":\"08:00\",\"to\":\"08:00\"}}", "/quiet_hours"},
        {"{\"quiet_hours\":{\"from\":\"08:00\",\"to\":\"09:00\",\"except\":[1]}}",
         "/quiet_hours/except/0"},
        {"{\"purposes\":[{\"name\":\"a\"}]}", "/purposes/0"},
        {"{\"purposes\":[{\"name\":\"*\",\"consent\":\"needed\",\"wording\":\"w\"}]}",
         "/purposes/0/name"},
        {"{\"purposes\":[{\"name\":\"a\",\"consent\":\"maybe\"}]}", "/purposes/0/consent"},
        {"{\"purposes\":[{\"name\":\"a\",\"consent\":\"not needed\"}]}", "/purposes/0"},
        {"{\"purposes\":[{\"name\":\"a\",\"consent\":\"needed\"}]}", "/purposes/0"},
        {"{\"purposes\":[{\"name\":\"a\",\"consent\":\"needed\",\"wording\":\"w\"},{\"name\":\"a\","
         "\"consent\":\"needed\",\"wording\":\"w\"}]}",
         "/purposes/1/name"},
        {"{\"corrections\":\"name\"}", "/corrections"},
    };
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct act_policy policy;
        struct fail fail = {0};
        assert_false(read(cases[i].form, arena, &policy, &fail));
        assert_int_equal(fail.code, FAIL_INPUT);
        assert_string_equal(fail.pointer, cases[i].pointer);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_customer_of_whom_nothing_is_known_may_be_asked_by_day),
        cmocka_unit_test(the_waiting_time_ends_to_the_millisecond),
        cmocka_unit_test(a_clock_that_went_back_makes_no_room),
        cmocka_unit_test(caps_slide_and_count_all_channels_together),
        cmocka_unit_test(a_channel_has_limits_of_its_own_beside_those_of_all),
        cmocka_unit_test(quiet_hours_go_by_the_customers_clock_over_midnight),
        cmocka_unit_test(the_next_instant_suits_every_rule_together),
        cmocka_unit_test(a_purpose_that_needs_consent_waits_for_it),
        cmocka_unit_test(the_last_word_counts_and_a_mute_for_a_while_ends),
        cmocka_unit_test(more_contacts_than_can_be_counted_forbid),
        cmocka_unit_test(every_rule_says_in_words_what_it_found),
        cmocka_unit_test(a_policy_that_was_written_reads_the_same),
        cmocka_unit_test(a_wrong_form_is_refused_by_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
