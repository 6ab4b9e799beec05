/* Many threads on one response: answers, retries, finishing and the job, all at once. */
#include "ask_world.h"

#include "base_thread.h"

#define THREADS 6
#define ROUNDS 40

struct worker {
    struct world *world;
    const char *response, *token;
    int number;
    struct base_thread thread;
};

static void answer(struct worker *worker, int64_t seq, const char *text, bool finished)
{
    struct arena *arena = arena_new(NULL);
    struct json_parser *parser = json_parser_new();
    struct base_buf out = {0};
    struct json_writer w = {.out = &out};
    struct ask_reply reply = {.response = str_from_c(worker->response),
                              .token = str_from_c(worker->token),
                              .seq = seq,
                              .has_answers = true,
                              .finished = finished};
    struct fail fail = {0};
    INVARIANT(json_parse(parser, str_from_c(text), &reply.answers, &fail));
    INVARIANT(ask_widget_answer(worker->world->ask, &reply, arena, &w, &fail));
    base_buf_done(&out);
    json_parser_free(parser);
    arena_free(arena);
}

static void work(void *context)
{
    struct worker *worker = context;
    for (int i = 0; i < ROUNDS; i++) {
        char text[64];
        int64_t seq = (int64_t)i * THREADS + worker->number + 1;
        snprintf(text, sizeof text, "{\"n\":%d,\"o\":\"%d\"}", (int)(seq % 11), (int)seq);
        answer(worker, seq, text, i % 7 == 6);
        if (i % 5 == 0) {
            int64_t settled;
            struct fail fail;
            INVARIANT(ask_settle_due(worker->world->ask, NULL, &settled, &fail));
        }
    }
}

static void one_response_stays_one_whatever_comes_at_once(void **state)
{
    (void)state;
    struct world world;
    struct worker workers[THREADS];
    const char *asked = NULL;
    size_t count, mains = 0;
    struct fail fail;
    world_init(&world);
    world_publish(&world, "s",
                  "{\"name\":\"A\",\"questions\":[{\"id\":\"n\",\"type\":\"nps\","
                  "\"title\":\"T\"},{\"id\":\"o\",\"type\":\"open\",\"title\":\"T\"}]}");
    assert_int_equal(world_next(&world, "ann", NULL, &asked), FAIL_NONE);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.world = &world,
                                     .response = world_member(&world, asked, "response"),
                                     .token = world_member(&world, asked, "token"),
                                     .number = i};
    }
    for (int i = 0; i < THREADS; i++) {
        assert_true(base_thread_start(&workers[i].thread, "asking", work, &workers[i], &fail));
    }
    for (int i = 0; i < THREADS; i++) {
        base_thread_join(&workers[i].thread);
    }
    world_step(&world, ASK_SILENT_MS + 60000);
    world_settle(&world);
    struct store_timeline_row *rows = world_feedback(&world, "ann", &count);
    const char *last = NULL;
    int64_t last_part = 0, part_of_last;
    for (size_t i = 0; i < count; i++) {
        mains += world_property(&world, &rows[i].event, "question") == NULL ? 1 : 0;
        const char *n = world_property(&world, &rows[i].event, "answers.n");
        const char *part = world_property(&world, &rows[i].event, "part");
        part_of_last = 1;
        assert_true(part == NULL || str_parse_i64(str_from_c(part), &part_of_last));
        if (n != NULL && part_of_last >= last_part) {
            last = n;
            last_part = part_of_last;
        }
        for (size_t k = 0; k < i; k++) {
            assert_false(str_equal(rows[i].event.message_id, rows[k].event.message_id));
        }
    }
    assert_int_equal(mains, 1);
    char highest[8];
    snprintf(highest, sizeof highest, "%d", THREADS * ROUNDS % 11);
    assert_string_equal(last, highest); /* the highest seq, whoever was last */
    world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_response_stays_one_whatever_comes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
