/* Who is asked, when, and why or why not; settling; late answers; tokens. */
#include "ask_world.h"

static int set_up(void **state)
{
    struct world *world = base_alloc_zero(sizeof *world);
    world_init(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    world_done(*state);
    base_free(*state);
    return 0;
}

#define ONE "\"questions\":[{\"id\":\"n\",\"type\":\"nps\",\"title\":\"T\",\"required\":true}]"

/* The reason why nobody is asked, or "asked". */
static const char *reason(struct world *world, const char *user, const char *event)
{
    const char *answer = NULL;
    assert_int_equal(world_next(world, user, event, &answer), FAIL_NONE);
    const char *why = world_member(world, answer, "reason");
    return why == NULL ? "asked" : why;
}

static void whom_and_when_are_decided_over_the_live_timeline(void **state)
{
    struct world *world = *state;
    world_publish(
        world, "three",
        "{\"name\":\"A\"," ONE ",\"whom\":{\"did\":{\"event\":\"Sign Up\"}},"
        "\"when\":{\"did\":{\"event\":\"Search\"},\"times\":[\">=\",3],\"within\":\"10m\"}}");
    assert_string_equal(reason(world, "ann", NULL), "not-whom");
    world_did(world, "ann", "Search");
    assert_string_equal(reason(world, "ann", NULL), "not-whom");
    world_did(world, "ann", "Sign Up");
    world_did(world, "ann", "Search");
    assert_string_equal(reason(world, "ann", NULL), "not-when");
    world_step(world, 11 * 60000);
    world_did(world, "ann", "Search");
    world_did(world, "ann", "Search");
    assert_string_equal(reason(world, "ann", NULL), "not-when"); /* the first is too long ago */
    world_did(world, "ann", "Search");
    assert_string_equal(reason(world, "ann", NULL), "asked");
    assert_int_equal(world->contacts, 1);
}

static void the_event_that_just_arrived_counts(void **state)
{
    struct world *world = *state;
    world_publish(world, "after",
                  "{\"name\":\"A\"," ONE ",\"when\":{\"did\":{\"event\":\"Order Completed\"}}}");
    assert_string_equal(reason(world, "ann", NULL), "not-when");
    assert_string_equal(reason(world, "ann", "Order Complete"), "not-when");
    assert_string_equal(reason(world, "ann", "Order Completed"), "asked"); /* on its way yet */
    world_did(world, "bea", "Order Completed");
    assert_string_equal(reason(world, "bea", NULL), "asked");
    world_step(world, 31 * 60000);
    world_did(world, "cat", "Visit");
    assert_string_equal(reason(world, "cat", NULL), "not-when");
}

static void a_delay_waits_and_silence_can_be_waited_for(void **state)
{
    struct world *world = *state;
    world_publish(world, "delay",
                  "{\"name\":\"A\",\"priority\":90," ONE
                  ",\"when\":{\"did\":{\"event\":\"Order\"},\"within\":\"1h\",\"delay\":\"1d\"}}");
    world_did(world, "ann", "Order");
    assert_string_equal(reason(world, "ann", "Order"), "not-when");
    world_step(world, 86400000 - 60000);
    assert_string_equal(reason(world, "ann", NULL), "not-when");
    world_step(world, 120000);
    assert_string_equal(reason(world, "ann", NULL), "asked");
    world_publish(world, "silent",
                  "{\"name\":\"B\"," ONE
                  ",\"when\":{\"did_not\":{\"event\":\"*\"},\"for\":\"7d\"}}");
    world_did(world, "bea", "Visit");
    assert_string_equal(reason(world, "bea", NULL), "not-when");
    world_step(world, 7 * 86400000LL + 60000);
    assert_string_equal(reason(world, "bea", NULL), "asked");
    assert_string_equal(reason(world, "nobody-known", NULL), "not-when");
}

static void a_person_is_asked_once_in_a_wave(void **state)
{
    struct world *world = *state;
    const char *answer = NULL;
    world_publish(world, "waves",
                  "{\"name\":\"A\"," ONE ",\"waves\":{\"from\":\"2026-05-01\",\"every\":\"30d\"}}");
    assert_string_equal(reason(world, "ann", NULL), "asked");
    assert_string_equal(reason(world, "ann", NULL), "asked"); /* another tab: the same response */
    assert_int_equal(world->contacts, 1);
    world_step(world, 6 * 60000);
    assert_string_equal(reason(world, "ann", NULL), "asked-already");
    world_step(world, 31 * 86400000LL);
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    const char *response = world_member(world, answer, "response");
    assert_non_null(response);
    assert_int_equal(world->contacts, 2);
    assert_int_equal(world_answer(world, response, world_member(world, answer, "token"), 1,
                                  "{\"n\":7}", true, NULL),
                     FAIL_NONE);
    assert_string_equal(reason(world, "ann", NULL), "asked-already");
}

static void the_policy_has_the_last_word_and_the_first_survey_the_first(void **state)
{
    struct world *world = *state;
    const char *answer = NULL;
    world_publish(world, "low", "{\"name\":\"A\",\"priority\":10," ONE "}");
    world_publish(world, "high", "{\"name\":\"B\",\"priority\":20," ONE "}");
    world->policy = "waiting-time";
    assert_string_equal(reason(world, "ann", NULL), "waiting-time");
    assert_int_equal(world->contacts, 0);
    world->policy = NULL;
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    assert_non_null(strstr(answer, "\"id\":\"high\""));
}

static void a_sample_is_a_share_and_stays_the_same(void **state)
{
    struct world *world = *state;
    int asked = 0;
    world_publish(world, "some",
                  "{\"name\":\"A\"," ONE ",\"sampling\":{\"share\":0.25,\"period\":\"30d\"}}");
    for (int i = 0; i < 2000; i++) {
        char user[16];
        snprintf(user, sizeof user, "u%d", i);
        const char *why = reason(world, user, NULL);
        asked += strcmp(why, "asked") == 0 ? 1 : 0;
        if (strcmp(why, "asked") != 0) {
            assert_string_equal(why, "sampled-out");
            assert_string_equal(reason(world, user, NULL), "sampled-out");
        }
        arena_reset(world->arena);
    }
    assert_in_range(asked, 430, 570); /* 500, and 3.6 standard deviations */
    assert_string_equal(world->skipped, "sampled-out");
    assert_true(world->skips > 2000);
}

static void late_answers_are_told_beside_and_none_is_told_twice(void **state)
{
    struct world *world = *state;
    const char *answer = NULL;
    size_t count;
    world_publish(world, "late",
                  "{\"name\":\"A\",\"questions\":[{\"id\":\"n\",\"type\":\"nps\",\"title\":\"T\"},"
                  "{\"id\":\"c\",\"type\":\"csat\",\"title\":\"T\"},"
                  "{\"id\":\"o\",\"type\":\"open\",\"title\":\"T\"},"
                  "{\"id\":\"p\",\"type\":\"open\",\"title\":\"T\"}]}");
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    const char *response = world_member(world, answer, "response");
    const char *token = world_member(world, answer, "token");
    assert_int_equal(world_answer(world, response, token, 1,
                                  "{\"n\":3,\"c\":5,\"o\":\"slow\",\"p\":\"dear\"}", false, NULL),
                     FAIL_NONE);
    world_settle(world);
    world_feedback(world, "ann", &count);
    assert_int_equal(count, 0); /* still at it */
    world_step(world, ASK_SILENT_MS + 1000);
    world_settle(world);
    world_settle(world);
    struct store_timeline_row *rows = world_feedback(world, "ann", &count);
    assert_int_equal(count, 3); /* the response, its second score, its second words */
    assert_true(str_is(rows[0].event.message_id, response));
    assert_true(str_is(rows[0].event.text, "slow") && str_is(rows[0].event.scale, "nps"));
    assert_string_equal(world_property(world, &rows[0].event, "answers.c"), "5");
    assert_string_equal(world_property(world, &rows[0].event, "finished"), "false");
    assert_string_equal(world_property(world, &rows[1].event, "question"), "c");
    assert_true(str_is(rows[2].event.text, "dear"));
    assert_int_equal(world_answer(world, response, token, 1, "{\"n\":3}", false, NULL), FAIL_NONE);
    assert_int_equal(world_answer(world, response, token, 2, "{\"n\":4}", true, NULL), FAIL_NONE);
    rows = world_feedback(world, "ann", &count);
    assert_int_equal(count, 4);
    assert_string_equal(str_copy_c(world->arena, rows[3].event.message_id),
                        str_format(world->arena, "%s/2", response).data);
    assert_string_equal(world_property(world, &rows[3].event, "question"), "n");
    assert_string_equal(world_property(world, &rows[3].event, "answers.n"), "4");
    assert_null(world_property(world, &rows[3].event, "answers.c"));
    assert_string_equal(world_property(world, &rows[3].event, "finished"), "true");
}

static void tokens_and_answers_that_do_not_fit_are_refused(void **state)
{
    struct world *world = *state;
    const char *answer = NULL, *other = NULL;
    world_publish(world, "s", "{\"name\":\"A\"," ONE "}");
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    assert_int_equal(world_next(world, "bea", NULL, &other), FAIL_NONE);
    const char *response = world_member(world, answer, "response");
    const char *token = world_member(world, answer, "token");
    assert_int_equal(world_answer(world, response, world_member(world, other, "token"), 1,
                                  "{\"n\":1}", true, NULL),
                     FAIL_DENIED);
    assert_int_equal(world_answer(world, response, "x", 1, "{\"n\":1}", true, NULL), FAIL_DENIED);
    assert_int_equal(world_answer(world, response, token, 1, "{\"n\":11}", true, NULL), FAIL_INPUT);
    assert_string_equal(world_failed.pointer, "/answers/n");
    assert_int_equal(world_answer(world, response, token, 1, "{\"z\":1}", true, NULL), FAIL_INPUT);
    assert_string_equal(world_failed.pointer, "/answers/z");
    /* Required and not answered: what there is is kept, and the end has to wait. */
    assert_int_equal(world_answer(world, response, token, 1, NULL, true, &answer), FAIL_NONE);
    assert_non_null(strstr(answer, "\"finished\":false,\"next\":\"n\""));
    assert_int_equal(world_answer(world, response, token, 2, "{\"n\":1}", true, &answer),
                     FAIL_NONE);
    assert_non_null(strstr(answer, "\"finished\":true,\"next\":null"));
}

static void an_earlier_version_keeps_its_questions_and_answers(void **state)
{
    struct world *world = *state;
    const char *answer = NULL;
    size_t count;
    world_publish(world, "s", "{\"name\":\"A\"," ONE "}");
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    world_publish(world, "s",
                  "{\"name\":\"A\",\"questions\":[{\"id\":\"m\",\"type\":\"csat\","
                  "\"title\":\"T\"}]}");
    assert_int_equal(world_answer(world, world_member(world, answer, "response"),
                                  world_member(world, answer, "token"), 1, "{\"n\":7}", true, NULL),
                     FAIL_NONE);
    struct store_timeline_row *rows = world_feedback(world, "ann", &count);
    assert_int_equal(count, 1);
    assert_string_equal(world_property(world, &rows[0].event, "version"), "1");
    assert_int_equal(world_next(world, "bea", NULL, &answer), FAIL_NONE);
    assert_non_null(strstr(answer, "\"version\":2"));
}

static void why_answers_each_rule_in_order(void **state)
{
    struct world *world = *state;
    struct base_buf text = {0};
    struct json_writer w = {.out = &text};
    struct fail fail;
    world_publish(world, "s", "{\"name\":\"A\"," ONE ",\"whom\":{\"did\":{\"event\":\"Order\"}}}");
    world_did(world, "ann", "Visit");
    world->policy = "quiet-hours";
    assert_true(ask_why(world->ask, STR("s"), STR("ann"), world->arena, &w, &fail));
    base_buf_byte(&text, '\0');
    static const char *const order[] = {"\"live\",\"passed\":true",
                                        "\"way\",\"passed\":true",
                                        "\"wave\",\"passed\":true",
                                        "\"whom\",\"passed\":false",
                                        "\"when\",\"passed\":true",
                                        "\"before\",\"passed\":true",
                                        "\"sampling\",\"passed\":true",
                                        "\"contact\",\"passed\":false",
                                        "\"asks\":false",
                                        "\"reason\":\"not-whom\""};
    const char *at = text.data;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
    }
    assert_non_null(strstr(text.data, "quiet-hours"));
    assert_int_equal(world->contacts + world->skips, 0); /* looking writes nothing */
    base_buf_done(&text);
    w = (struct json_writer){.out = &text};
    assert_false(ask_why(world->ask, STR("s"), STR("zoe"), world->arena, &w, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    base_buf_done(&text);
}

/* The contact is durable, the response was not opened yet, the power goes: it is asked again, and counted once. */
static void a_contact_that_was_cut_off_is_made_good(void **state)
{
    struct world *world = *state;
    const char *answer = NULL;
    struct state_link *link = NULL;
    struct fail fail;
    world_publish(world, "s", "{\"name\":\"A\"," ONE "}");
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    const char *response = world_member(world, answer, "response");
    assert_true(state_write(world->state, &link, &fail));
    assert_true(state_run(link, "DELETE FROM survey_responses", NULL, 0, &fail));
    assert_true(state_commit(&link, &fail));
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    assert_string_equal(world_member(world, answer, "response"), response);
    assert_true(state_write(world->state, &link, &fail));
    assert_true(state_run(link, "DELETE FROM survey_responses", NULL, 0, &fail));
    assert_true(state_commit(&link, &fail));
    world_step(world, 6 * 60000);
    assert_string_equal(reason(world, "ann", NULL), "asked-already");
}

/* Only passed over, never finished: nothing is told, and the job does not come back to it for ever. */
static void a_response_without_answers_says_nothing(void **state)
{
    struct world *world = *state;
    const char *answer = NULL;
    int64_t settled = -1;
    size_t count;
    struct fail fail;
    world_publish(world, "s",
                  "{\"name\":\"A\",\"questions\":[{\"id\":\"o\",\"type\":\"open\","
                  "\"title\":\"T\"},{\"id\":\"p\",\"type\":\"open\",\"title\":\"T\"}]}");
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    assert_int_equal(world_answer(world, world_member(world, answer, "response"),
                                  world_member(world, answer, "token"), 1, "{\"o\":null}", false,
                                  NULL),
                     FAIL_NONE);
    world_step(world, ASK_SILENT_MS + 1000);
    world_settle(world);
    assert_true(ask_settle_due(world->ask, NULL, &settled, &fail));
    assert_int_equal(settled, 0);
    world_feedback(world, "ann", &count);
    assert_int_equal(count, 0);
    assert_int_equal(world_answer(world, world_member(world, answer, "response"),
                                  world_member(world, answer, "token"), 2, "{\"o\":\"late\"}", true,
                                  NULL),
                     FAIL_NONE);
    struct store_timeline_row *rows = world_feedback(world, "ann", &count);
    assert_int_equal(count, 1);
    assert_null(world_property(world, &rows[0].event, "part")); /* the first that says anything */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whom_and_when_are_decided_over_the_live_timeline),
        TEST(the_event_that_just_arrived_counts),
        TEST(a_delay_waits_and_silence_can_be_waited_for),
        TEST(a_person_is_asked_once_in_a_wave),
        TEST(the_policy_has_the_last_word_and_the_first_survey_the_first),
        TEST(a_sample_is_a_share_and_stays_the_same),
        TEST(late_answers_are_told_beside_and_none_is_told_twice),
        TEST(tokens_and_answers_that_do_not_fit_are_refused),
        TEST(an_earlier_version_keeps_its_questions_and_answers),
        TEST(a_contact_that_was_cut_off_is_made_good),
        TEST(a_response_without_answers_says_nothing),
        TEST(why_answers_each_rule_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
