
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "app_wire.h"
#include "base_random.h"

static const struct store_field properties[] = {
    {{"price", 5}, {.kind = STORE_DOUBLE, .d = 9.25}},
    {{"n", 1}, {.kind = STORE_INT, .i = INT64_MIN}},
    {{"big", 3}, {.kind = STORE_UINT, .u = UINT64_MAX}},
    {{"yes", 3}, {.kind = STORE_BOOL, .b = true}},
    {{"empty", 5}, {.kind = STORE_STRING, .len = 0, .s = ""}},
    {{"text", 4}, {.kind = STORE_STRING, .len = 3, .s = "a\0b"}},
};
static const struct store_field traits[] = {{{"gone", 4}, {.kind = STORE_NULL}}};
static const struct store_identifier identifiers[] = {{{"user", 4}, {"ann", 3}},
                                                      {{"anonymous", 9}, {"7c", 2}}};

static struct store_item sample(void)
{
    return (struct store_item){
        .event = {.source = STR("web"),
                  .message_id = {NULL, 0},
                  .event = STR("Order"),
                  .ts_ms = -5,
                  .received_at_ms = 7,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = INT64_MAX,
                  .channel = STR(""),
                  .text = STR("words"),
                  .scale = STR("nps"),
                  .score = {.kind = STORE_INT, .i = 9},
                  .properties = properties,
                  .property_count = ARRAY_LEN(properties),
                  .traits = traits,
                  .trait_count = ARRAY_LEN(traits),
                  .identifiers = identifiers,
                  .identifier_count = ARRAY_LEN(identifiers)},
        .verdict = STORE_STORED,
        .raw = STR("{}"),
        .previous_id = STR("old"),
        .may_join_users = true,
        .from_import = true,
        .space = STORE_SPACE_ONE_USER,
        .once = traits,
        .once_count = ARRAY_LEN(traits),
    };
}

static void assert_same_text(struct str a, struct str b)
{
    assert_int_equal(a.data == NULL, b.data == NULL);
    assert_true(str_equal(a, b));
}

static void assert_same_fields(const struct store_field *a, const struct store_field *b,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_same_text(a[i].name, b[i].name);
        assert_int_equal(a[i].value.kind, b[i].value.kind);
        if (a[i].value.kind == STORE_STRING) {
            assert_same_text(store_value_text(a[i].value), store_value_text(b[i].value));
        } else if (a[i].value.kind == STORE_BOOL) {
            assert_int_equal(a[i].value.b, b[i].value.b);
        } else if (a[i].value.kind != STORE_NULL) {
            assert_int_equal(a[i].value.u, b[i].value.u);
        }
    }
}

static void items_cross_the_wire_unchanged(void **state)
{
    (void)state;
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    struct base_buf bytes = {0};
    struct store_item sent[2] = {sample(), {.verdict = STORE_QUARANTINED, .reason = STR("no ts")}};
    struct store_item *got;
    size_t count;
    app_wire_put_items(&bytes, sent, 2);
    assert_true(app_wire_get_items(base_buf_view(&bytes), arena, &got, &count, &fail));
    assert_int_equal(count, 2);
    assert_same_text(got[0].event.source, sent[0].event.source);
    assert_same_text(got[0].event.message_id, sent[0].event.message_id);
    assert_same_text(got[0].event.channel, sent[0].event.channel);
    assert_same_text(got[0].previous_id, sent[0].previous_id);
    assert_int_equal(got[0].event.ts_ms, -5);
    assert_int_equal(got[0].event.client_ts_ms, STORE_NO_TIME);
    assert_int_equal(got[0].event.sent_at_ms, INT64_MAX);
    assert_int_equal(got[0].event.score.i, 9);
    assert_true(got[0].may_join_users && got[0].from_import);
    assert_int_equal(got[0].space, STORE_SPACE_ONE_USER);
    assert_int_equal(got[0].once_count, 1);
    assert_same_fields(got[0].once, traits, 1);
    assert_int_equal(got[0].event.property_count, ARRAY_LEN(properties));
    assert_same_fields(got[0].event.properties, properties, ARRAY_LEN(properties));
    assert_int_equal(got[0].event.trait_count, 1);
    assert_same_fields(got[0].event.traits, traits, 1);
    assert_int_equal(got[0].event.identifier_count, 2);
    assert_same_text(got[0].event.identifiers[1].value, identifiers[1].value);
    assert_int_equal(got[1].verdict, STORE_QUARANTINED);
    assert_same_text(got[1].reason, STR("no ts"));
    base_buf_done(&bytes);
    arena_free(arena);
}

static void verdicts_come_back_to_their_items(void **state)
{
    (void)state;
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    struct base_buf bytes = {0};
    struct store_item judged[2] = {sample(), sample()};
    struct store_item sent[2] = {sample(), sample()};
    judged[0].out_arrival = 77;
    judged[1].verdict = STORE_QUARANTINED;
    judged[1].reason = STR("two known users");
    judged[1].out_quarantine_id = 3;
    app_wire_put_verdicts(&bytes, judged, 2);
    assert_true(app_wire_get_verdicts(base_buf_view(&bytes), arena, sent, 2, &fail));
    assert_int_equal(sent[0].out_arrival, 77);
    assert_int_equal(sent[1].verdict, STORE_QUARANTINED);
    assert_int_equal(sent[1].out_quarantine_id, 3);
    assert_same_text(sent[1].reason, STR("two known users"));
    assert_false(app_wire_get_verdicts(base_buf_view(&bytes), arena, sent, 1, &fail));
    base_buf_done(&bytes);
    arena_free(arena);
}

static void cut_and_mangled_items_are_refused_or_read_within_bounds(void **state)
{
    (void)state;
    struct fail fail;
    struct base_buf bytes = {0};
    struct store_item item = sample(), *got;
    size_t count;
    app_wire_put_items(&bytes, &item, 1);
    struct base_random_seeded random;
    base_random_seed(&random, 4);
    for (size_t cut = 0; cut < bytes.len; cut++) {
        struct arena *arena = arena_new(NULL);
        assert_false(app_wire_get_items(str_of(bytes.data, cut), arena, &got, &count, &fail));
        arena_free(arena);
    }
    for (int i = 0; i < 5000; i++) {
        struct arena *arena = arena_new(NULL);
        char *copy = str_copy_c(arena, base_buf_view(&bytes));
        copy[base_random_below(&random.random, bytes.len)] = (char)base_random_u64(&random.random);
        bool read = app_wire_get_items(str_of(copy, bytes.len), arena, &got, &count, &fail);
        assert_true(read || fail.message[0] != '\0');
        arena_free(arena);
    }
    base_buf_done(&bytes);
}

static void a_refusal_keeps_its_code_pointer_and_words(void **state)
{
    (void)state;
    struct fail sent, got;
    struct base_buf bytes = {0};
    fail_input_at(&sent, "/steps/1", "expected a %s", "matcher");
    app_wire_put_fail(&bytes, &sent);
    assert_false(app_wire_get_fail(base_buf_view(&bytes), &got));
    assert_int_equal(got.code, FAIL_INPUT);
    assert_string_equal(got.pointer, "/steps/1");
    assert_string_equal(got.message, "expected a matcher");
    assert_false(app_wire_get_fail(STR("\xff\xff\xff"), &got));
    assert_int_equal(got.code, FAIL_INTERNAL);
    base_buf_done(&bytes);
}

static void frames_arrive_whole_and_nonsense_is_refused(void **state)
{
    (void)state;
    struct fail fail;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct base_buf payload = {0};
    enum app_frame kind;
    bool closed;
    assert_true(app_frame_send(ends[0], APP_FRAME_CALL, STR("hello"), &fail));
    assert_true(app_frame_receive(ends[1], &kind, &payload, &closed, &fail));
    assert_false(closed);
    assert_int_equal(kind, APP_FRAME_CALL);
    assert_true(str_is(base_buf_view(&payload), "hello"));
    assert_int_equal(write(ends[0], "\xff\xff\xff\xff\x01", 5), 5);
    assert_false(app_frame_receive(ends[1], &kind, &payload, &closed, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    close(ends[0]);
    assert_true(app_frame_receive(ends[1], &kind, &payload, &closed, &fail));
    assert_true(closed);
    close(ends[1]);
    base_buf_done(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_cross_the_wire_unchanged),
        cmocka_unit_test(verdicts_come_back_to_their_items),
        cmocka_unit_test(cut_and_mangled_items_are_refused_or_read_within_bounds),
        cmocka_unit_test(a_refusal_keeps_its_code_pointer_and_words),
        cmocka_unit_test(frames_arrive_whole_and_nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
