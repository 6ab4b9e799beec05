/* What each form writes of a few events; whole round trips and other engines: tests/api/export.test.mjs. */
#include "export.h"
#include "store_kit.h"

static struct export_stream *open_stream(struct kit *kit, const struct export_options *options)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    struct export_stream *stream;
    struct fail fail = {0};
    assert_true(export_open(snapshot, options, NULL, &stream, &fail));
    store_snapshot_unref(snapshot); /* the stream holds its own */
    return stream;
}

/* What comes of a stream to its end, which is closed. */
static struct base_buf read_all(struct export_stream *stream)
{
    struct base_buf out = {0};
    struct fail fail = {0};
    bool end = false;
    while (!end) {
        if (!export_next(stream, &out, &end, &fail)) {
            fail_msg("%s", fail.message);
        }
    }
    assert_true(export_next(stream, &out, &end, &fail) && end);
    export_close(stream);
    return out;
}

static struct base_buf export_all(struct kit *kit, const struct export_options *options)
{
    return read_all(open_stream(kit, options));
}

static void wrote(struct kit *kit, enum export_format format, const char *expected)
{
    const struct export_options options = {.format = format, .whole = true};
    struct base_buf out = export_all(kit, &options);
    base_buf_byte(&out, '\0');
    assert_string_equal(out.data, expected);
    base_buf_done(&out);
}

static void send_with(struct kit *kit, const char *message_id, const char *ids,
                      const struct store_field *properties, size_t count)
{
    struct store_item item = kit_item(kit, "web", message_id, "Visit", ids);
    item.event.properties = properties;
    item.event.property_count = count;
    assert_int_equal(kit_submit(kit, &item), STORE_STORED);
}

static void nothing_is_an_empty_file_with_its_header(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    wrote(&kit, EXPORT_NDJSON, "");
    wrote(&kit, EXPORT_CSV,
          "customer,event,ts,received_at,source,channel,message_id,text,score,scale,traits\r\n");
    kit_done(&kit);
}

static void joins_are_told_once_where_they_can_be(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "anonymous=v1");
    kit_send(&kit, "web", "m2", "Visit", "user=ann anonymous=v1 email=a@x account=acme");
    kit_send(&kit, "web", "m3", "Visit", "anonymous=v1");
    struct store_item alias = kit_alias(&kit, "old", "user=ann", false);
    assert_int_equal(kit_submit(&kit, &alias), STORE_STORED);
    const struct export_options options = {.format = EXPORT_NDJSON, .whole = true};
    struct base_buf out = export_all(&kit, &options);
    struct str rest = base_buf_view(&out), line;
    static const char *const ids[] = {
        "\"anonymousId\":\"v1\",\"event\"",
        ("\"userId\":\"ann\",\"identifiers\":{\"email\":\"a@x\",\"account\":\"acme\",\"anonymous\":"
         "["
         "\"v1\",\"old\"]},\"event\""),
        "\"anonymousId\":\"v1\",\"event\"",
        "\"userId\":\"ann\",\"previousId\":\"ann\",\"event\":\"alias\"",
    };
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        assert_true(str_next_part(&rest, '\n', &line));
        if (str_find(line, str_from_c(ids[i])) == line.len) {
            fail_msg("line %zu is %.*s", i, STR_ARG(line));
        }
    }
    assert_int_equal(rest.len, 0);
    base_buf_done(&out);
    kit_done(&kit);
}

static void columns_have_the_one_type_of_their_values(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    const struct store_field first[] = {
        {STR("both"), store_value_int(1)},           {STR("many"), store_value_str(STR("a"))},
        {STR("many"), store_value_str(STR("b"))},    {STR("n"), store_value_int(-5)},
        {STR("text"), store_value_str(STR("=1+1"))},
    };
    const struct store_field second[] = {
        {STR("both"), store_value_str(STR("1"))},
        {STR("n"), store_value_double(0.5)},
        {STR("yes"), store_value_bool(true)},
    };
    send_with(&kit, "m1", "user=ann", first, ARRAY_LEN(first));
    send_with(&kit, "m2", "user=ann", second, ARRAY_LEN(second));
    const struct export_options options = {.format = EXPORT_CSV};
    struct base_buf out = export_all(&kit, &options);
    struct str rest = base_buf_view(&out), line;
    static const char *const ends[] = {
        ",properties.both,properties.many,properties.n,properties.text,properties.yes\r",
        ",1,\"[\"\"a\"\",\"\"b\"\"]\",-5,\"'=1+1\",\r",
        ",\"\"\"1\"\"\",,0.5,,true\r",
    };
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        assert_true(str_next_part(&rest, '\n', &line));
        if (!str_ends(line, str_from_c(ends[i]))) {
            fail_msg("line %zu is %.*s", i, STR_ARG(line));
        }
    }
    base_buf_done(&out);
    kit_done(&kit);
}

/* The name of the source comes from a request that is over when the rows are read, twice for CSV. */
static void the_source_is_kept_by_the_stream(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "user=xavier");
    kit_send(&kit, "app", "m2", "Visit", "user=yvonne");
    for (int format = EXPORT_NDJSON; format <= EXPORT_PARQUET; format++) {
        char name[] = "app";
        const struct export_options options = {.format = (enum export_format)format,
                                               .rows = {.source = str_from_c(name)}};
        struct export_stream *stream = open_stream(&kit, &options);
        memset(name, 'x', sizeof name - 1);
        struct base_buf out = read_all(stream);
        assert_true(str_find(base_buf_view(&out), STR("yvonne")) < out.len);
        assert_true(str_find(base_buf_view(&out), STR("xavier")) == out.len);
        base_buf_done(&out);
    }
    kit_done(&kit);
}

static void names_above_the_most_share_one_column(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    struct store_field *fields = arena_small(kit.arena, (EXPORT_COLUMNS_MAX + 5) * sizeof *fields);
    for (size_t i = 0; i < EXPORT_COLUMNS_MAX + 5; i++) {
        fields[i] =
            (struct store_field){str_format(kit.arena, "p%05zu", i), store_value_int((int64_t)i)};
    }
    send_with(&kit, "m1", "user=ann", fields, EXPORT_COLUMNS_MAX + 5);
    static const enum export_format formats[] = {EXPORT_CSV, EXPORT_PARQUET};
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        const struct export_options options = {.format = formats[f]};
        struct base_buf out = export_all(&kit, &options);
        assert_true(str_find(base_buf_view(&out), STR("properties.p00999")) < out.len);
        assert_true(str_find(base_buf_view(&out), STR("properties.p01000")) == out.len);
        assert_true(formats[f] == EXPORT_PARQUET ||
                    str_find(base_buf_view(&out), STR("\"\"p01004\"\":1004")) < out.len);
        base_buf_done(&out);
    }
    kit_done(&kit);
}

static bool is_gone(void *context)
{
    (void)context;
    return true;
}

static void an_export_ends_when_nobody_waits_for_it_or_the_buffer_is_full(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "user=ann");
    kit_seal(&kit);
    struct base_cancel cancel = {.clock = &kit.clock.clock, .asker_gone = is_gone};
    struct store_snapshot *snapshot = store_snapshot_take(kit.store);
    for (int round = 0; round < 2; round++) {
        const struct export_options options = {.rows = {.cancel = round == 0 ? &cancel : NULL}};
        struct base_buf out = {.limit = 10};
        struct export_stream *stream;
        struct fail fail = {0};
        bool end;
        assert_true(export_open(snapshot, &options, NULL, &stream, &fail));
        assert_false(export_next(stream, &out, &end, &fail));
        assert_int_equal(fail.code, round == 0 ? FAIL_CANCELLED : FAIL_LIMIT);
        export_close(stream);
        base_buf_done(&out);
    }
    store_snapshot_unref(snapshot);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_an_empty_file_with_its_header),
        cmocka_unit_test(joins_are_told_once_where_they_can_be),
        cmocka_unit_test(columns_have_the_one_type_of_their_values),
        cmocka_unit_test(the_source_is_kept_by_the_stream),
        cmocka_unit_test(names_above_the_most_share_one_column),
        cmocka_unit_test(an_export_ends_when_nobody_waits_for_it_or_the_buffer_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
