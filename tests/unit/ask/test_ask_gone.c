/* Rows of responses are removed some day, ids of stored events are known for ever: who was asked stays asked, no answer is
 * lost, and nothing is told or counted twice, whatever the timeline still has. */
#include "ask_world.h"

#include "ask_links.h"

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

#define YEAR_MS (400 * INT64_C(86400000))
#define TWO                                                                                        \
    "{\"name\":\"A\",\"ways\":[\"widget\",\"link\",\"api\"],\"questions\":["                       \
    "{\"id\":\"n\",\"type\":\"nps\",\"title\":\"T\"},"                                             \
    "{\"id\":\"c\",\"type\":\"csat\",\"title\":\"T\"}]}"

struct life { /* of one response: asked as a widget asks */
    const char *response, *token;
};

static struct life ask_ann(struct world *world)
{
    const char *answer = NULL;
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    struct life life = {world_member(world, answer, "response"),
                        world_member(world, answer, "token")};
    assert_non_null(life.response);
    return life;
}

static void say(struct world *world, struct life life, const char *answers)
{
    if (world_answer(world, life.response, life.token, 1, answers, true, NULL) != FAIL_NONE) {
        fail_msg("%s: %s", answers, world_failed.message);
    }
}

/* All that settled by now is removed. */
static void forget_rows(struct world *world)
{
    struct state_responses_old gone;
    struct fail fail;
    world_step(world, YEAR_MS);
    int64_t now_ms = base_now_ms(&world->kit.clock.clock);
    assert_true(state_responses_old_remove(world->state, now_ms, &gone, &fail));
    assert_int_equal(gone.responses, 1);
}

/* The row is there again under its old id: by an address that was kept, a link made anew, a library. */
static void open_again(struct world *world, struct life life)
{
    const struct state_response wanted = {.id = str_from_c(life.response),
                                          .survey = STR("s"),
                                          .version = 1,
                                          .wave = 1,
                                          .way = STR("link"),
                                          .language = STR("en"),
                                          .user = STR("ann"),
                                          .status = STR("open"),
                                          .reasons = STR(""),
                                          .created_ms = base_now_ms(&world->kit.clock.clock)};
    struct state_response there;
    struct fail fail;
    assert_true(state_response_open(world->state, &wanted, world->arena, &there, &fail));
    assert_int_equal(there.parts, 0);
}

static const char *id_of(struct world *world, const struct store_timeline_row *row)
{
    return str_copy_c(world->arena, row->event.message_id);
}

static const char *part_of(struct world *world, struct life life, int part)
{
    return str_copy_c(world->arena, str_format(world->arena, "%s/%d", life.response, part));
}

static const char *reason(struct world *world)
{
    const char *answer = NULL;
    assert_int_equal(world_next(world, "ann", NULL, &answer), FAIL_NONE);
    return world_member(world, answer, "reason");
}

static void an_answer_after_its_row_is_gone_is_refused_and_changes_nothing(void **state)
{
    struct world *world = *state;
    size_t count;
    world_publish(world, "s", TWO);
    struct life life = ask_ann(world);
    say(world, life, "{\"n\":9}");
    forget_rows(world);
    assert_int_equal(world_answer(world, life.response, life.token, 1, "{\"n\":9}", true, NULL),
                     FAIL_ABSENT);
    assert_int_equal(world_answer(world, life.response, life.token, 2, "{\"n\":1}", true, NULL),
                     FAIL_ABSENT);
    world_settle(world);
    struct store_timeline_row *rows = world_feedback(world, "ann", &count);
    assert_int_equal(count, 1);
    assert_string_equal(world_property(world, &rows[0].event, "answers.n"), "9");
}

static void who_was_asked_is_not_asked_again(void **state)
{
    struct world *world = *state;
    world_publish(world, "s", TWO);
    say(world, ask_ann(world), "{\"n\":9}");
    forget_rows(world);
    assert_string_equal(reason(world), "asked-already");
    assert_int_equal(world->contacts, 1);
}

static struct str submit(struct world *world, const char *answers)
{
    struct json_parser *parser = json_parser_new();
    struct base_buf text = {0};
    struct json_writer w = {.out = &text};
    struct ask_submission submission = {
        .survey = STR("s"), .user = STR("ann"), .message_id = STR("m1"), .finished = true};
    assert_true(json_parse(parser, str_from_c(answers), &submission.answers, &world_failed));
    if (!ask_submit(world->ask, &submission, world->arena, &w, &world_failed)) {
        fail_msg("%s", world_failed.message);
    }
    json_parser_free(parser);
    struct str out = str_copy(world->arena, base_buf_view(&text));
    base_buf_done(&text);
    return out;
}

/* Nobody was contacted there: the answer itself says that there was a question. */
static void who_answered_through_a_program_is_not_asked(void **state)
{
    struct world *world = *state;
    world_publish(world, "s", TWO);
    submit(world, "{\"n\":9}");
    forget_rows(world);
    assert_string_equal(reason(world), "asked-already");
    assert_int_equal(world->contacts, 0);
}

static void a_program_that_sends_all_again_is_counted_once(void **state)
{
    struct world *world = *state;
    size_t count, mains = 0;
    world_publish(world, "s", TWO);
    submit(world, "{\"n\":9,\"c\":5}");
    forget_rows(world);
    submit(world, "{\"n\":9,\"c\":5}");
    struct store_timeline_row *rows = world_feedback(world, "ann", &count);
    for (size_t i = 0; i < count; i++) {
        mains += world_property(world, &rows[i].event, "question") == NULL ? 1 : 0;
    }
    assert_int_equal(mains, 1);
}

/* It is counted once, and neither the one who answers nor the job is told of a failure, now or ever. */
static void an_answer_that_rules_refuse_is_done_with(void **state)
{
    struct world *world = *state;
    size_t count;
    int64_t settled = -1;
    world_publish(world, "s", TWO);
    struct life life = ask_ann(world);
    atomic_store(&world->fault, WORLD_REFUSES);
    assert_int_equal(
        world_answer(world, life.response, life.token, 1, "{\"n\":9,\"c\":5}", true, NULL),
        FAIL_NONE);
    assert_int_equal(atomic_load(&world->fault), WORLD_NO_FAULT);
    world_step(world, ASK_SILENT_MS + 1000);
    if (!ask_settle_due(world->ask, NULL, &settled, &world_failed)) {
        fail_msg("%s", world_failed.message);
    }
    assert_int_equal(settled, 0);
    world_feedback(world, "ann", &count);
    assert_int_equal(count, 0);
    struct store_ledger ledger;
    assert_true(store_ledger_read(world->kit.store, world->arena, &ledger, &world_failed));
    assert_int_equal(ledger.total.refused, 1);
}

static const char *invite(struct world *world)
{
    const struct str ann = STR("ann");
    struct ask_links_wanted wanted = {
        .survey = STR("s"), .customers = &ann, .customer_count = 1, .way = ASK_WAY_LINK};
    struct base_buf text = {0};
    struct json_writer w = {.out = &text};
    if (!ask_links_make(world->ask, &wanted, NULL, world->arena, &w, &world_failed)) {
        fail_msg("%s", world_failed.message);
    }
    const char *out = str_copy_c(world->arena, base_buf_view(&text));
    base_buf_done(&text);
    return out;
}

static void who_has_finished_gets_no_link_and_who_has_not_may(void **state)
{
    struct world *world = *state;
    world_publish(world, "s", TWO);
    struct life life = ask_ann(world);
    assert_int_equal(world_answer(world, life.response, life.token, 1, "{\"n\":9}", false, NULL),
                     FAIL_NONE);
    world_step(world, ASK_SILENT_MS + 1000);
    world_settle(world);
    forget_rows(world);
    assert_non_null(strstr(invite(world), "\"made\":1"));
    open_again(world, life);
    say(world, life, "{\"c\":5}");
    forget_rows(world);
    assert_non_null(strstr(invite(world), "\"reason\":\"answered\""));
}

/* The id of the first part is taken: by another, long ago. */
static void an_answer_under_an_old_id_is_a_later_part(void **state)
{
    struct world *world = *state;
    size_t count;
    world_publish(world, "s", TWO);
    struct life life = ask_ann(world);
    say(world, life, "{\"n\":9}");
    for (int part = 2; part < 5; part++) {
        char answers[32];
        snprintf(answers, sizeof answers, "{\"n\":%d,\"c\":%d}", part, part);
        forget_rows(world);
        open_again(world, life);
        say(world, life, answers);
        struct store_timeline_row *rows = world_feedback(world, "ann", &count);
        assert_int_equal(count, 1 + 2 * (part - 1)); /* nothing under the ids of another part */
        const struct store_timeline_row *last = &rows[count - 2];
        assert_string_equal(id_of(world, last), part_of(world, life, part));
        assert_string_equal(world_property(world, &last->event, "question"), "n");
        assert_string_equal(
            id_of(world, &rows[count - 1]),
            str_copy_c(world->arena, str_format(world->arena, "%s/%d/c", life.response, part)));
    }
}

/* So many numbers are taken that one call does not get past them: the answer is kept, and the job goes on from there. */
static void many_old_parts_are_passed_bit_by_bit(void **state)
{
    struct world *world = *state;
    size_t count;
    world_publish(world, "s", TWO);
    struct life life = ask_ann(world);
    say(world, life, "{\"n\":9}");
    for (int part = 2; part <= 21; part++) {
        forget_rows(world);
        open_again(world, life);
        if (part < 21) {
            say(world, life, "{\"n\":8}");
        }
    }
    assert_int_equal(world_answer(world, life.response, life.token, 1, "{\"n\":1}", true, NULL),
                     FAIL_BUSY);
    world_feedback(world, "ann", &count);
    assert_int_equal(count, 20);
    world_step(world, 2 * 60000);
    world_settle(world);
    struct store_timeline_row *rows = world_feedback(world, "ann", &count);
    assert_int_equal(count, 21);
    assert_string_equal(id_of(world, &rows[20]), part_of(world, life, 21));
    assert_string_equal(world_property(world, &rows[20].event, "answers.n"), "1");
}

/* Events have an age of their own. Where they are gone too, it is as if nobody had answered yet. */
static void an_answer_under_an_old_id_is_the_first_where_the_timeline_has_none(void **state)
{
    struct world *world = *state;
    size_t count;
    struct fail fail;
    struct store_gone gone;
    world_publish(world, "s", TWO);
    say(world, ask_ann(world), "{\"n\":9}");
    forget_rows(world);
    const struct store_cut_rule rule = {.before_ms = base_now_ms(&world->kit.clock.clock)};
    const struct store_cut cut = {
        .rules = &rule, .rule_count = 1, .quarantine_before_ms = STORE_NO_TIME};
    assert_true(store_cut_old(world->kit.store, &cut, &gone, &fail));
    assert_int_equal(gone.rows, 2); /* the contact, the answer */
    struct life life = ask_ann(world);
    say(world, life, "{\"n\":3,\"c\":4}");
    struct store_timeline_row *rows = world_feedback(world, "ann", &count);
    assert_int_equal(count, 2);
    assert_string_equal(id_of(world, &rows[0]), part_of(world, life, 2));
    assert_null(world_property(world, &rows[0].event, "question"));
    assert_null(world_property(world, &rows[0].event, "part"));
    assert_string_equal(world_property(world, &rows[0].event, "answers.n"), "3");
    assert_string_equal(world_property(world, &rows[1].event, "question"), "c");
}

/* Whichever of its calls is the last before the power goes, and whether or not that one came through. */
static void cut_off_anywhere_it_is_told_once(void **state)
{
    struct world *world = *state;
    size_t count;
    world_publish(world, "s", TWO);
    struct life life = ask_ann(world);
    say(world, life, "{\"n\":9}");
    size_t before = 1;
    for (int later = 0; later < 3; later++) {
        for (int after = 0; after < 2; after++) {
            forget_rows(world);
            open_again(world, life);
            world->fault = after ? WORLD_FAILS_AFTER : WORLD_FAILS_BEFORE;
            /* The taken numbers come first, then the main event, then the second score. */
            world->fault_later = (int)(before + 1) / 2 + later - 1;
            assert_int_equal(
                world_answer(world, life.response, life.token, 1, "{\"n\":2,\"c\":1}", true, NULL),
                FAIL_IO);
            world_restart(world);
            world_settle(world);
            struct store_timeline_row *rows = world_feedback(world, "ann", &count);
            assert_int_equal(count, before + 2);
            assert_string_equal(world_property(world, &rows[count - 2].event, "answers.c"), "1");
            assert_string_equal(world_property(world, &rows[count - 1].event, "question"), "c");
            before = count;
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_after_its_row_is_gone_is_refused_and_changes_nothing),
        TEST(who_was_asked_is_not_asked_again),
        TEST(who_answered_through_a_program_is_not_asked),
        TEST(a_program_that_sends_all_again_is_counted_once),
        TEST(an_answer_that_rules_refuse_is_done_with),
        TEST(who_has_finished_gets_no_link_and_who_has_not_may),
        TEST(an_answer_under_an_old_id_is_a_later_part),
        TEST(many_old_parts_are_passed_bit_by_bit),
        TEST(an_answer_under_an_old_id_is_the_first_where_the_timeline_has_none),
        TEST(cut_off_anywhere_it_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
