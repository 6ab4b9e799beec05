/* Results from the timeline alone: versions and parts put together, where people left, pages of responses. */
#include "ask_world.h"

#include "ask_results.h"

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

static void say(struct world *world, const char *user, const char *answers, bool finished)
{
    const char *asked = NULL;
    assert_int_equal(world_next(world, user, NULL, &asked), FAIL_NONE);
    assert_int_equal(world_answer(world, world_member(world, asked, "response"),
                                  world_member(world, asked, "token"), 1, answers, finished, NULL),
                     FAIL_NONE);
}

static const char *results(struct world *world, struct ask_filter filter)
{
    struct base_buf out = {0};
    struct json_writer w = {.out = &out};
    struct fail fail;
    filter.survey = STR("s");
    if (!ask_results(world->ask, &filter, NULL, world->arena, &w, &fail)) {
        fail_msg("%s", fail.message);
    }
    const char *text = str_copy_c(world->arena, base_buf_view(&out));
    base_buf_done(&out);
    return text;
}

static void has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("no %s in\n%s", part, text);
    }
}

#define SINGLE(choices)                                                                            \
    "{\"id\":\"c\",\"type\":\"single\",\"title\":\"T\",\"choices\":[" choices "]}"
#define CHOICE(id) "{\"id\":\"" id "\",\"label\":\"" id "\"}"
#define NPS "{\"id\":\"n\",\"type\":\"nps\",\"title\":\"T\",\"required\":true}"
#define OPEN "{\"id\":\"o\",\"type\":\"open\",\"title\":\"T\"}"

static void versions_are_put_together_by_the_ids_of_questions(void **state)
{
    struct world *world = *state;
    world_publish(world, "s",
                  "{\"name\":\"A\",\"questions\":[" NPS
                  "," SINGLE(CHOICE("a") "," CHOICE("b")) "]}");
    say(world, "u1", "{\"n\":9,\"c\":\"a\"}", true);
    say(world, "u2", "{\"n\":3,\"c\":\"b\"}", true);
    world_publish(world, "s",
                  "{\"name\":\"A\",\"questions\":[" NPS
                  "," SINGLE(CHOICE("b") "," CHOICE("d")) "," OPEN "]}");
    say(world, "u3", "{\"n\":9,\"c\":\"d\",\"o\":\"words\"}", true);
    const char *all = results(world, (struct ask_filter){.version = 0});
    has(all, "\"asked\":3,\"shown\":0,\"started\":3,\"finished\":3");
    has(all, "\"version\":[{\"version\":1,\"asked\":2,");
    has(all, "\"n\":3,\"reached\":3,\"left\":0,\"distribution\":{\"0\":0,\"1\":0,\"2\":0,\"3\":1,");
    has(all, "\"9\":2,\"10\":0},\"mean\":7");
    /* The choice that was taken away counts in n. */
    has(all, "\"n\":3,\"reached\":3,\"left\":0,\"distribution\":{\"b\":1,\"d\":1}");
    has(all, "\"id\":\"o\",\"type\":\"open\",\"title\":\"T\",\"n\":1");
    has(results(world, (struct ask_filter){.version = 2}), "\"asked\":1,");
    has(results(world, (struct ask_filter){.way = STR("hosted")}), "\"asked\":0,");
}

static void later_parts_take_the_place_of_earlier_ones(void **state)
{
    struct world *world = *state;
    const char *asked = NULL;
    world_publish(world, "s", "{\"name\":\"A\",\"questions\":[" NPS "," OPEN "]}");
    assert_int_equal(world_next(world, "u1", NULL, &asked), FAIL_NONE);
    const char *response = world_member(world, asked, "response");
    const char *token = world_member(world, asked, "token");
    assert_int_equal(world_answer(world, response, token, 1, "{\"n\":2}", false, NULL), FAIL_NONE);
    world_step(world, ASK_SILENT_MS + 1000);
    world_settle(world);
    const char *silent = results(world, (struct ask_filter){.version = 0});
    has(silent, "\"started\":1,\"finished\":0");
    has(silent, "\"id\":\"o\",\"type\":\"open\",\"title\":\"T\",\"n\":0,\"reached\":1,\"left\":1");
    assert_int_equal(
        world_answer(world, response, token, 2, "{\"n\":8,\"o\":\"better\"}", true, NULL),
        FAIL_NONE);
    const char *late = results(world, (struct ask_filter){.version = 0});
    has(late, "\"started\":1,\"finished\":1");
    has(late, "\"mean\":8");
    has(late, "\"id\":\"o\",\"type\":\"open\",\"title\":\"T\",\"n\":1,\"reached\":1,\"left\":0");
}

static void responses_come_page_by_page_newest_first(void **state)
{
    struct world *world = *state;
    struct ask_filter filter = {.survey = STR("s")};
    const char *cursor = NULL;
    int seen = 0;
    world_publish(world, "s", "{\"name\":\"A\",\"questions\":[" NPS "," OPEN "]}");
    for (int i = 0; i < 25; i++) {
        char user[16], answers[64];
        snprintf(user, sizeof user, "u%d", i);
        snprintf(answers, sizeof answers, "{\"n\":%d,\"o\":\"\\\"%d\"}", i % 11, i);
        say(world, user, answers, true);
        world_step(world, i % 3 == 0 ? 0 : 1000); /* some at the very same instant */
    }
    do {
        struct base_buf out = {0};
        struct json_writer w = {.out = &out};
        struct fail fail;
        assert_true(ask_responses(world->ask, &filter, str_from_c(cursor), 7, NULL, world->arena,
                                  &w, &fail));
        const char *text = str_copy_c(world->arena, base_buf_view(&out));
        base_buf_done(&out);
        has(text, "{\"total\":25,");
        for (const char *at = text; (at = strstr(at, "\"customer\":\"u")) != NULL; at++) {
            seen++;
        }
        cursor = world_member(world, text, "cursor");
    } while (cursor != NULL);
    assert_int_equal(seen, 25); /* none left out, none twice */
    struct base_buf out = {0};
    struct json_writer w = {.out = &out};
    struct fail fail;
    assert_false(
        ask_responses(world->ask, &filter, STR("nonsense"), 7, NULL, world->arena, &w, &fail));
    assert_string_equal(fail.pointer, "/cursor");
    base_buf_done(&out);
}

static void nothing_yet_is_no_failure(void **state)
{
    struct world *world = *state;
    world_publish(world, "s", "{\"name\":\"A\",\"questions\":[" NPS "]}");
    has(results(world, (struct ask_filter){.version = 0}),
        "\"asked\":0,\"shown\":0,\"started\":0,\"finished\":0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(versions_are_put_together_by_the_ids_of_questions),
        TEST(later_parts_take_the_place_of_earlier_ones),
        TEST(responses_come_page_by_page_newest_first),
        TEST(nothing_yet_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
