/* Ten thousand runs of a survey as the world is: two tabs, reloads, retries, answers that come late, twice or in the
 * wrong order, a phone that was offline for an hour, a program that is killed at any moment. Whatever happens, each
 * person has exactly one response, no answer is lost, and nothing lies on the timeline twice. */
#include "ask_world.h"

#define RUNS 10000
#define QUESTIONS 5
#define SENDS_MAX 64

static const char definition[] = "{\"name\":\"Runs\",\"questions\":["
                                 "{\"id\":\"q0\",\"type\":\"nps\",\"title\":\"T\"},{\"id\":\"q1\","
                                 "\"type\":\"open\",\"title\":\"T\"},"
                                 "{\"id\":\"q2\",\"type\":\"single\",\"title\":\"T\",\"choices\":[{"
                                 "\"id\":\"a\",\"label\":\"A\"},"
                                 "{\"id\":\"b\",\"label\":\"B\"},{\"id\":\"c\",\"label\":\"C\"}]},"
                                 "{\"id\":\"q3\",\"type\":\"csat\",\"title\":\"T\"},{\"id\":\"q4\","
                                 "\"type\":\"open\",\"title\":\"T\"}]}";

struct send { /* one call that a browser makes, perhaps more than once */
    int64_t seq;
    int question; /* -1: none, only to finish */
    int value;
    bool finished;
};
struct run {
    const char *user;
    const char *response, *token;
    struct send sends[SENDS_MAX];
    int count;
    int64_t best_seq[QUESTIONS]; /* of the answers sent so far that were acknowledged */
    int best_value[QUESTIONS];
    bool finished;
};

static uint64_t dice(struct world *world, uint64_t sides)
{
    return base_random_below(&world->random.random, sides);
}

/* 1 in `sides`. */
static bool chance(struct world *world, uint64_t sides)
{
    return dice(world, sides) == 0;
}

static void answer_text(int question, int value, char out[64])
{
    static const char letters[] = "abc";
    if (question == 0) {
        snprintf(out, 64, "{\"q0\":%d}", value % 11);
    } else if (question == 2) {
        snprintf(out, 64, "{\"q2\":\"%c\"}", letters[value % 3]);
    } else if (question == 3) {
        snprintf(out, 64, "{\"q3\":%d}", value % 5 + 1);
    } else {
        snprintf(out, 64, "{\"q%d\":\"words %d\"}", question, value);
    }
}

/* What the browser asks for; a reload or a second tab asks again. Until it is answered, it retries. */
static void begin(struct world *world, struct run *run)
{
    const char *answer = NULL;
    while (world_next(world, run->user, NULL, &answer) != FAIL_NONE) {
    }
    const char *response = world_member(world, answer, "response");
    if (run->response == NULL) {
        assert_non_null(response);
        run->response = response;
        run->token = world_member(world, answer, "token");
    } else if (response != NULL) {
        assert_string_equal(response, run->response); /* never a second one */
        run->token = world_member(world, answer, "token");
    }
}

/* Two tabs: their numbers interleave and never meet. */
static void plan(struct world *world, struct run *run)
{
    int tabs = chance(world, 3) ? 2 : 1;
    for (int tab = 0; tab < tabs; tab++) {
        int64_t seq = tab + 1;
        int upto = chance(world, 3) ? (int)dice(world, QUESTIONS) : QUESTIONS;
        for (int question = 0; question < upto; question++) {
            int changes = chance(world, 6) ? 2 : 1; /* goes back and says something else */
            for (int i = 0; i < changes; i++, seq += 2) {
                run->sends[run->count++] =
                    (struct send){seq, question, (int)dice(world, 1000), false};
            }
        }
        if (upto == QUESTIONS) {
            run->sends[run->count++] = (struct send){seq, -1, 0, true};
        }
    }
}

static void shuffle(struct world *world, struct run *run)
{
    for (int i = run->count - 1; i > 0; i--) {
        int k = (int)dice(world, (uint64_t)i + 1);
        struct send held = run->sends[i];
        run->sends[i] = run->sends[k];
        run->sends[k] = held;
    }
}

static void trouble(struct world *world)
{
    if (chance(world, 12)) {
        world->fault = chance(world, 2) ? WORLD_FAILS_BEFORE : WORLD_FAILS_AFTER;
    }
    if (chance(world, 400)) {
        world_restart(world);
    }
    if (chance(world, 60)) {
        world_step(world, 31 * 60000); /* long enough to be taken for abandoned */
        world_settle(world);
    }
}

/* A browser sends until it is told that it was taken. */
static void deliver(struct world *world, struct run *run, const struct send *send)
{
    char text[64];
    answer_text(send->question < 0 ? 0 : send->question, send->value, text);
    for (int tries = 0;; tries++) {
        assert_true(tries < 50);
        trouble(world);
        enum fail_code code = world_answer(world, run->response, run->token, send->seq,
                                           send->question < 0 ? NULL : text, send->finished, NULL);
        if (code == FAIL_NONE && !chance(world, 8)) { /* else the answer was lost on its way back */
            break;
        }
        assert_true(code == FAIL_NONE || code == FAIL_IO);
    }
    if (send->question >= 0 && send->seq > run->best_seq[send->question]) {
        run->best_seq[send->question] = send->seq;
        run->best_value[send->question] = send->value;
    }
    run->finished = run->finished || send->finished;
}

static void play(struct world *world, struct run *run)
{
    begin(world, run);
    plan(world, run);
    if (chance(world, 4)) {
        shuffle(world, run); /* a queue that was sent in no order */
    }
    if (chance(world, 10)) {
        world_step(world, 45 * 60000); /* offline: all of it comes later */
    }
    for (int i = 0; i < run->count; i++) {
        deliver(world, run, &run->sends[i]);
        if (chance(world, 6)) {
            begin(world, run); /* reload, or another tab */
        }
        if (chance(world, 10)) {
            deliver(world, run, &run->sends[dice(world, (uint64_t)i + 1)]); /* sent again */
        }
        world_step(world, 500);
    }
}

/* The answer to a question that the events tell: that of the last part which has one. */
static const char *told(struct world *world, const struct store_timeline_row *rows, size_t count,
                        int question)
{
    char name[16], id[8];
    const char *found = NULL;
    snprintf(name, sizeof name, "answers.q%d", question);
    snprintf(id, sizeof id, "q%d", question);
    for (size_t i = 0; i < count; i++) {
        const struct store_event *event = &rows[i].event;
        if (question != 1 && question != 4) {
            const char *value = world_property(world, event, name);
            found = value == NULL ? found : value;
            continue;
        }
        const char *of = world_property(world, event, "text_question");
        of = of == NULL ? world_property(world, event, "question") : of;
        if (event->text.data != NULL && of != NULL && strcmp(of, id) == 0) {
            found = str_copy_c(world->arena, event->text);
        }
    }
    return found;
}

static void expect(struct world *world, const struct run *run)
{
    size_t count, mains = 0;
    bool finished = false, any = false;
    struct store_timeline_row *rows = world_feedback(world, run->user, &count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(world_property(world, &rows[i].event, "response"), run->response);
        bool is_main = str_is(rows[i].event.message_id, run->response);
        assert_int_equal(is_main, world_property(world, &rows[i].event, "question") == NULL);
        mains += is_main ? 1 : 0;
        finished =
            finished || strcmp(world_property(world, &rows[i].event, "finished"), "true") == 0;
        for (size_t k = 0; k < i; k++) {
            assert_false(str_equal(rows[i].event.message_id, rows[k].event.message_id));
        }
    }
    for (int question = 0; question < QUESTIONS; question++) {
        char text[64];
        const char *said = told(world, rows, count, question);
        any = any || run->best_seq[question] != 0;
        if (run->best_seq[question] == 0) {
            assert_null(said);
            continue;
        }
        answer_text(question, run->best_value[question], text);
        assert_non_null(said);
        if (strstr(text, said) == NULL) {
            fail_msg("%s: q%d is %s on the timeline, sent was %s", run->user, question, said, text);
        }
    }
    assert_int_equal(mains, any || run->finished ? 1 : 0);
    assert_int_equal(finished, run->finished);
}

#define RUNS_IN_A_WORLD 250 /* small worlds are quick to start again */

static int play_world(int first)
{
    struct world world;
    world_init(&world);
    base_random_seed(&world.random, (uint64_t)first + 11);
    world_publish(&world, "runs", definition);
    int finished = 0;
    for (int i = first; i < first + RUNS_IN_A_WORLD; i++) {
        char user[32];
        snprintf(user, sizeof user, "u%d", i);
        struct run run = {.user = user};
        play(&world, &run);
        /* The last word: everything that is still open is told. */
        world.fault = WORLD_NO_FAULT;
        world_step(&world, 31 * 60000);
        world_settle(&world);
        expect(&world, &run);
        finished += run.finished ? 1 : 0;
        arena_reset(world.arena);
    }
    assert_int_equal(world.contacts, RUNS_IN_A_WORLD);
    world_done(&world);
    return finished;
}

static void every_person_has_one_response_and_no_answer_is_lost(void **state)
{
    (void)state;
    int finished = 0;
    for (int first = 0; first < RUNS; first += RUNS_IN_A_WORLD) {
        finished += play_world(first);
    }
    assert_true(finished > RUNS / 2 && finished < RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_person_has_one_response_and_no_answer_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
