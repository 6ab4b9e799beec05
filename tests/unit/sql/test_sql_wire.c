/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_bytes.h"
#include "base_time.h"
#include "sql_table.h"
#include "sql_wire.h"

static struct str payload_of(const struct base_buf *buf, enum sql_frame expected)
{
    struct str rest = base_buf_view(buf), payload;
    bool whole;
    enum sql_frame kind;
    struct fail fail;
    assert_true(sql_frame_cut(&rest, 1 << 20, &whole, &kind, &payload, &fail));
    assert_true(whole);
    assert_int_equal(kind, expected);
    assert_int_equal(rest.len, 0);
    return payload;
}

static void a_scan_is_read_as_it_was_written_and_refused_where_it_is_cut(void **state)
{
    (void)state;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct base_buf buf CLEANUP(base_buf_done) = {0};
    struct str events[] = {STR("Order Completed"), STR("")};
    uint32_t names[] = {7, 0, 1899};
    const struct sql_scan_request written = {.id = 300,
                                             .table = SQL_VERBATIMS,
                                             .fields = SQL_FIELD_BIT(SQL_FIELD_TS) |
                                                       SQL_FIELD_BIT(SQL_FIELD_BAG),
                                             .names = names,
                                             .name_count = 3,
                                             .customers = {.all = true},
                                             .events = {.texts = events, .count = 2},
                                             .channels = {.all = false},
                                             .from_ms = INT64_MIN,
                                             .to_ms = 5,
                                             .by_event = true};
    sql_scan_write(&buf, &written);
    struct str payload = payload_of(&buf, SQL_FRAME_SCAN);
    struct sql_scan_request read;
    struct fail fail;
    assert_true(sql_scan_read(payload, arena, &read, &fail));
    assert_int_equal(read.id, 300);
    assert_int_equal(read.table, SQL_VERBATIMS);
    assert_int_equal(read.fields, written.fields);
    assert_int_equal(read.name_count, 3);
    assert_memory_equal(read.names, names, sizeof names);
    assert_true(read.customers.all);
    assert_false(read.events.all);
    assert_int_equal(read.events.count, 2);
    assert_true(str_is(read.events.texts[0], "Order Completed"));
    assert_false(read.channels.all);
    assert_int_equal(read.channels.count, 0);
    assert_true(read.from_ms == INT64_MIN && read.to_ms == 5 && read.by_event);
    for (size_t len = 0; len < payload.len; len++) {
        assert_false(sql_scan_read(str_of(payload.data, len), arena, &read, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
    }
}

static void an_opening_is_read_as_it_was_written_and_refused_where_it_is_cut(void **state)
{
    (void)state;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct base_buf buf CLEANUP(base_buf_done) = {0};
    const struct sql_value params[] = {{.type = SQL_NULL},
                                       {.type = SQL_INT, .i = INT64_MIN},
                                       {.type = SQL_REAL, .d = -0.5},
                                       {.type = SQL_TEXT, .s = STR("ann")}};
    const struct str names[] = {STR("A"), STR("B")};
    const struct sql_open written = {.statement = STR("SELECT 1"),
                                     .params = params,
                                     .param_count = 4,
                                     .limits = {1 << 20, 1000, 1 << 16},
                                     .events = 12,
                                     .customers = 3,
                                     .event_names = names,
                                     .event_name_count = 2,
                                     .traits = names,
                                     .trait_count = 1};
    sql_open_write(&buf, &written);
    struct str payload = payload_of(&buf, SQL_FRAME_OPEN);
    struct sql_open read;
    struct fail fail;
    assert_true(sql_open_read(payload, arena, &read, &fail));
    assert_true(str_is(read.statement, "SELECT 1"));
    assert_int_equal(read.param_count, 4);
    assert_true(read.params[1].i == INT64_MIN);
    assert_true(read.params[2].d == -0.5);
    assert_true(str_is(read.params[3].s, "ann"));
    assert_int_equal(read.limits.rows, 1000);
    assert_int_equal(read.property_count, 0);
    assert_true(str_is(read.traits[0], "A"));
    for (size_t len = 0; len < payload.len; len++) {
        assert_false(sql_open_read(str_of(payload.data, len), arena, &read, &fail));
    }
}

/* One row with a code, an instant and a text. */
static void make_batch(struct base_buf *buf, uint32_t code, enum sql_type type, uint32_t at,
                       uint32_t len)
{
    char head[9] = {0};
    base_put_u32(head, 9);
    base_put_u32(head + 4, 1);
    int64_t ts_ms = 42;
    char cell_type = (char)type;
    base_buf_bytes(buf, head, sizeof head);
    base_buf_bytes(buf, &code, sizeof code);
    base_buf_bytes(buf, &ts_ms, sizeof ts_ms);
    base_buf_bytes(buf, &cell_type, 1);
    base_buf_bytes(buf, &at, sizeof at);
    base_buf_bytes(buf, &len, sizeof len);
    base_buf_c(buf, "words");
}

static bool read_batch(uint32_t code, enum sql_type type, uint32_t at, uint32_t len, uint32_t id,
                       struct arena *arena, struct base_buf *buf, struct sql_batch *out)
{
    const struct sql_scan_request request = {.id = id,
                                             .fields = SQL_FIELD_BIT(SQL_FIELD_EVENT) |
                                                       SQL_FIELD_BIT(SQL_FIELD_TS) |
                                                       SQL_FIELD_BIT(SQL_FIELD_TEXT)};
    struct fail fail;
    base_buf_reset(buf);
    make_batch(buf, code, type, at, len);
    return sql_batch_read(base_buf_view(buf), &request, 3, arena, out, &fail);
}

static void a_batch_is_refused_where_a_place_or_a_code_lies_outside(void **state)
{
    (void)state;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct base_buf buf CLEANUP(base_buf_done) = {0};
    struct sql_batch batch;
    assert_true(read_batch(2, SQL_TEXT, 1, 4, 9, arena, &buf, &batch));
    assert_int_equal(sql_batch_value(&batch, &batch.fields[SQL_FIELD_EVENT], 0).i, 2);
    assert_int_equal(sql_batch_value(&batch, &batch.fields[SQL_FIELD_TS], 0).i, 42);
    assert_true(str_is(sql_batch_value(&batch, &batch.fields[SQL_FIELD_TEXT], 0).s, "ords"));
    assert_true(read_batch(2, SQL_INT, 99, 99, 9, arena, &buf, &batch)); /* no text: no place */
    assert_false(read_batch(3, SQL_TEXT, 1, 4, 9, arena, &buf, &batch));
    assert_false(read_batch(2, SQL_TEXT, 2, 4, 9, arena, &buf, &batch));
    assert_false(read_batch(2, SQL_TEXT, UINT32_MAX, UINT32_MAX, 9, arena, &buf, &batch));
    assert_false(read_batch(2, SQL_BLOB, 0, 0, 9, arena, &buf, &batch));
    assert_false(read_batch(2, SQL_TEXT, 0, 0, 8, arena, &buf, &batch)); /* another's */
}

static void frames_wait_for_their_end_and_are_refused_when_too_long(void **state)
{
    (void)state;
    struct base_buf buf CLEANUP(base_buf_done) = {0};
    sql_id_write(&buf, SQL_FRAME_NEXT, 77);
    for (size_t len = 0; len < buf.len; len++) {
        struct str rest = str_of(buf.data, len), payload;
        bool whole = true;
        enum sql_frame kind;
        struct fail fail;
        assert_true(sql_frame_cut(&rest, 100, &whole, &kind, &payload, &fail));
        assert_false(whole);
        assert_int_equal(rest.len, len);
    }
    struct str rest = base_buf_view(&buf), payload;
    bool whole;
    enum sql_frame kind;
    struct fail fail;
    assert_false(sql_frame_cut(&rest, 0, &whole, &kind, &payload, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
}

static int64_t ms_of(const char *text)
{
    int64_t ms;
    assert_true(time_parse_rfc3339(str_from_c(text), &ms));
    return ms;
}

static void any_text_has_its_place_among_the_texts_of_instants(void **state)
{
    (void)state;
    const int64_t day = ms_of("2026-05-01T00:00:00.000Z");
    assert_true(sql_instant_bound(STR("2026-05-01T00:00:00.000Z"), false) == day);
    assert_true(sql_instant_bound(STR("2026-05-01T00:00:00.000Z"), true) == day + 1);
    assert_true(sql_instant_bound(STR("2026-05-01"), false) == day);
    assert_true(sql_instant_bound(STR("2026-05-01"), true) == day);
    assert_true(sql_instant_bound(STR("2026-05-01 23:59"), false) == day); /* ' ' < 'T' */
    assert_true(sql_instant_bound(STR("2026-05-01T00:00:00.000Zz"), false) == day + 1);
    assert_true(sql_instant_bound(STR("2026"), false) == ms_of("2026-01-01T00:00:00Z"));
    assert_true(sql_instant_bound(STR(""), false) == INT64_MIN);
    assert_true(sql_instant_bound(STR("zebra"), false) == INT64_MAX);
    assert_true(sql_instant_bound(STR("\xff"), true) == INT64_MAX);
    for (int64_t ms = -100000; ms < 100000; ms += 997) {
        char text[TIME_RFC3339_BYTES];
        struct str shown = str_of(text, time_format_rfc3339(ms, text));
        assert_true(sql_instant_bound(shown, false) == ms);
        assert_true(sql_instant_bound(shown, true) == ms + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_is_read_as_it_was_written_and_refused_where_it_is_cut),
        cmocka_unit_test(an_opening_is_read_as_it_was_written_and_refused_where_it_is_cut),
        cmocka_unit_test(a_batch_is_refused_where_a_place_or_a_code_lies_outside),
        cmocka_unit_test(frames_wait_for_their_end_and_are_refused_when_too_long),
        cmocka_unit_test(any_text_has_its_place_among_the_texts_of_instants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
