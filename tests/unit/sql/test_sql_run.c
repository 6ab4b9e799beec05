/* Statements over a store on a simulated disk. The child is this very program, started anew; under odd zones it is one
 * that has gone wrong, to see that the program at the other end bears it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk_sim.h"
#include "sql.h"
#include "sql_wire.h"

#define BEGIN_MS INT64_C(1777593600000) /* 2026-05-01T00:00:00Z */
#define EVENTS 20000
#define CUSTOMERS 50

struct world {
    struct disk_sim *sim;
    struct base_clock_test clock;
    struct store *store;
};

static void submit(struct world *world, int from, int to)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct fail fail;
    struct store_item *items = arena_array(arena, (size_t)(to - from), sizeof *items, &fail);
    for (int i = from; i < to; i++) {
        struct store_identifier *id = arena_small(arena, sizeof *id);
        struct store_field *fields = arena_small(arena, 2 * sizeof *fields);
        *id = (struct store_identifier){STR("user"), str_format(arena, "u%d", i % CUSTOMERS)};
        fields[0] = (struct store_field){STR("n"), store_value_int(i)};
        fields[1] = (struct store_field){STR("big"),
                                         store_value_str(str_format(arena, "%0*d", i % 997, i))};
        items[i - from] = (struct store_item){.verdict = STORE_STORED};
        items[i - from].event = (struct store_event){.source = STR("web"),
                                                     .event = i % 4 == 0 ? STR("B") : STR("A"),
                                                     .ts_ms = BEGIN_MS + i * INT64_C(1000),
                                                     .received_at_ms = BEGIN_MS,
                                                     .client_ts_ms = STORE_NO_TIME,
                                                     .sent_at_ms = STORE_NO_TIME,
                                                     .properties = fields,
                                                     .property_count = 2,
                                                     .identifiers = id,
                                                     .identifier_count = 1};
    }
    if (!store_submit(world->store, items, (size_t)(to - from), &fail)) {
        fail_msg("%s", fail.message);
    }
}

static int open_world(void **state)
{
    struct world *world = base_alloc_zero(sizeof *world);
    struct fail fail;
    world->sim = disk_sim_new(1);
    base_clock_test_init(&world->clock, BEGIN_MS + INT64_C(86400000));
    struct store_options options = {.clock = &world->clock.clock, .no_keeper = true};
    assert_true(store_open(disk_sim_disk(world->sim), &options, &world->store, &fail));
    submit(world, 0, EVENTS / 2);
    assert_true(store_seal(world->store, &fail));
    submit(world, EVENTS / 2, EVENTS);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    store_close(world->store);
    disk_sim_free(world->sim);
    base_free(world);
    return 0;
}

struct taken { /* an answer, as text */
    struct base_buf text;
    uint64_t rows, stop_after;
    struct base_cancel *cancel_at_first;
};

static bool take_columns(void *context, const struct str *names, size_t count, struct fail *fail)
{
    struct taken *taken = context;
    for (size_t i = 0; i < count; i++) {
        base_buf_printf(&taken->text, "%.*s|", STR_ARG(names[i]));
    }
    return base_buf_ok(&taken->text, fail);
}

static bool take_row(void *context, const struct sql_value *values, size_t count, struct fail *fail)
{
    struct taken *taken = context;
    base_buf_c(&taken->text, "\n");
    for (size_t i = 0; i < count; i++) {
        if (values[i].type == SQL_INT) {
            base_buf_printf(&taken->text, "%lld|", (long long)values[i].i);
        } else if (values[i].type == SQL_TEXT) {
            base_buf_printf(&taken->text, "%.*s|", STR_ARG(values[i].s));
        } else {
            base_buf_c(&taken->text, values[i].type == SQL_NULL ? "-|" : "?|");
        }
    }
    if (taken->cancel_at_first != NULL) {
        base_cancel_now(taken->cancel_at_first);
    }
    if (++taken->rows == taken->stop_after) {
        return fail_set(fail, FAIL_BUSY, "enough");
    }
    return base_buf_ok(&taken->text, fail);
}

static bool ask_in(struct world *world, const char *zone, const char *statement,
                   struct base_cancel *cancel, struct taken *taken, struct sql_outcome *outcome,
                   struct fail *fail)
{
    struct base_cancel never = {.clock = base_clock_real()};
    const struct sql_question question = {
        .statement = str_from_c(statement),
        .zone = str_from_c(zone),
        .limits = {.memory_bytes = (size_t)64 << 20, .rows = 30000, .result_bytes = 8U << 20},
        .cancel = cancel == NULL ? &never : cancel};
    const struct sql_sink sink = {.context = taken, .columns = take_columns, .row = take_row};
    struct store_snapshot *snapshot = store_snapshot_take(world->store);
    bool good = sql_run(snapshot, &question, &sink, outcome, fail);
    store_snapshot_unref(snapshot);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    return good;
}

static void expect(struct world *world, const char *statement, const char *answer)
{
    struct taken taken = {0};
    struct sql_outcome outcome;
    struct fail fail;
    if (!ask_in(world, "UTC", statement, NULL, &taken, &outcome, &fail)) {
        fail_msg("%s: %s", statement, fail.message);
    }
    base_buf_byte(&taken.text, '\0');
    assert_string_equal(taken.text.data, answer);
    base_buf_done(&taken.text);
}

static void statements_see_sealed_and_fresh_rows(void **state)
{
    struct world *world = *state;
    expect(world, "SELECT count(*) AS n FROM events", "n|\n20000|");
    expect(world, "SELECT event, count(*) AS n FROM events GROUP BY event",
           "event|n|\nA|15000|\nB|5000|");
    expect(world, "SELECT event, sum(\"properties.n\") AS n FROM events GROUP BY event",
           "event|n|\nA|150000000|\nB|49990000|");
    expect(world, "SELECT count(*) AS n FROM (SELECT customer FROM events GROUP BY customer)",
           "n|\n50|");
    expect(world,
           "SELECT count(*) n, min(ts) a FROM events WHERE customer = 'u7' AND ts > "
           "'2026-05-01T05'",
           "n|a|\n40|2026-05-01T05:00:07.000Z|");
    expect(world,
           "SELECT sum(length(\"properties.big\")) n, sum(length(properties)) > 0 m FROM events",
           "n|m|\n9932138|1|");
    expect(world, "SELECT datetime(0, 'unixepoch', 'localtime') AS at",
           "at|\n1970-01-01 00:00:00|");
}

static void local_time_is_that_of_the_zone_asked_for(void **state)
{
    struct taken taken = {0};
    struct sql_outcome outcome;
    struct fail fail;
    assert_true(ask_in(*state, "Asia/Tokyo", "SELECT datetime(0, 'unixepoch', 'localtime') AS at",
                       NULL, &taken, &outcome, &fail));
    base_buf_byte(&taken.text, '\0');
    assert_string_equal(taken.text.data, "at|\n1970-01-01 09:00:00|");
    base_buf_done(&taken.text);
}

static void a_statement_ends_when_it_is_cancelled_or_its_sink_has_enough(void **state)
{
    struct taken taken = {.stop_after = 3};
    struct sql_outcome outcome;
    struct fail fail;
    assert_false(ask_in(*state, "UTC", "SELECT id FROM events", NULL, &taken, &outcome, &fail));
    assert_int_equal(fail.code, FAIL_BUSY);
    assert_int_equal(taken.rows, 3);
    base_buf_done(&taken.text);

    struct base_cancel cancel = {.clock = base_clock_real()};
    taken = (struct taken){.cancel_at_first = &cancel};
    assert_false(ask_in(*state, "UTC",
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                        "SELECT i, hex(zeroblob(5000)) FROM n WHERE i < 100 OR i < 0",
                        &cancel, &taken, &outcome, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
    base_buf_done(&taken.text);
}

static void a_child_that_goes_wrong_is_an_error_of_one_statement(void **state)
{
    static const char *const wrongs[] = {"Wrong/leave", "Wrong/die",  "Wrong/garbage",
                                         "Wrong/long",  "Wrong/rows", "Wrong/scan",
                                         "Wrong/many",  "Wrong/fail"};
    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        struct taken taken = {0};
        struct sql_outcome outcome;
        struct fail fail = {0};
        assert_false(ask_in(*state, wrongs[i], "SELECT 1", NULL, &taken, &outcome, &fail));
        assert_true(fail.code == FAIL_INTERNAL || fail.code == FAIL_CORRUPT ||
                    fail.code == FAIL_LIMIT);
        base_buf_done(&taken.text);
    }
    expect(*state, "SELECT 1 AS n", "n|\n1|");
}

/* ---- children that have gone wrong ----------------------------------------------------------------- */

static void send_frame(struct base_buf *frame)
{
    ssize_t sent = write(STDIN_FILENO, frame->data, frame->len);
    (void)sent;
}

static void send_scans(struct base_buf *frame, uint32_t fields, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++) {
        const struct sql_scan_request request = {.id = i,
                                                 .fields = fields,
                                                 .customers = {.all = true},
                                                 .events = {.all = true},
                                                 .channels = {.all = true},
                                                 .from_ms = INT64_MIN,
                                                 .to_ms = INT64_MAX};
        sql_scan_write(frame, &request);
    }
    send_frame(frame);
}

static int go_wrong(const char *how)
{
    struct base_buf frame CLEANUP(base_buf_done) = {0};
    size_t begun = sql_frame_begin(&frame, SQL_FRAME_ROWS);
    if (strcmp(how, "Wrong/die") == 0) {
        raise(SIGKILL);
    } else if (strcmp(how, "Wrong/garbage") == 0) {
        base_buf_reset(&frame);
        base_buf_bytes(&frame, "\x03\0\0\0\x63xyz", 8);
        send_frame(&frame);
    } else if (strcmp(how, "Wrong/long") == 0) {
        base_buf_reset(&frame);
        base_buf_bytes(&frame, "\xff\xff\xff\xff\x07", 5);
        send_frame(&frame);
    } else if (strcmp(how, "Wrong/rows") == 0) { /* before there are columns */
        sql_value_put(&frame, (struct sql_value){.type = SQL_INT, .i = 1});
        sql_frame_end(&frame, begun);
        send_frame(&frame);
    } else if (strcmp(how, "Wrong/scan") == 0) { /* of a column that the table has not */
        base_buf_reset(&frame);
        send_scans(&frame, SQL_FIELD_BIT(SQL_FIELD_KNOWN), 1);
    } else if (strcmp(how, "Wrong/many") == 0) {
        base_buf_reset(&frame);
        send_scans(&frame, SQL_FIELD_BIT(SQL_FIELD_TS), 65);
    } else if (strcmp(how, "Wrong/fail") == 0) {
        frame.data[4] = SQL_FRAME_FAIL;
        sql_count_put(&frame, 99);
        sql_frame_end(&frame, begun);
        send_frame(&frame);
    } else {
        return 0;
    }
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) { /* until it is ended */
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (sql_is_child(argc, argv)) {
        const char *zone = getenv("TZ"); /* NOLINT(concurrency-mt-unsafe): one thread */
        return zone != NULL && strncmp(zone, "Wrong/", 6) == 0 ? go_wrong(zone) : sql_child_main();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_see_sealed_and_fresh_rows),
        cmocka_unit_test(local_time_is_that_of_the_zone_asked_for),
        cmocka_unit_test(a_statement_ends_when_it_is_cancelled_or_its_sink_has_enough),
        cmocka_unit_test(a_child_that_goes_wrong_is_an_error_of_one_statement),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
