/* Imports as streams: reads of any size, gzip, failures in the middle, little memory. */
#include "import_run.h"

#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

/* A reader that gives a few bytes at a time, and fails at a chosen place. */
struct slow {
    struct str text;
    size_t step;
    size_t fail_after; /* bytes; 0: never */
    size_t given;
};

static bool read_slowly(void *context, void *into, size_t len, size_t *out_read, struct fail *fail)
{
    struct slow *slow = context;
    if (slow->fail_after > 0 && slow->given >= slow->fail_after) {
        return fail_set(fail, FAIL_IO, "the cable was pulled");
    }
    size_t take = len < slow->step ? len : slow->step;
    take = take < slow->text.len ? take : slow->text.len;
    memcpy(into, slow->text.data, take);
    slow->text = str_after(slow->text, take);
    slow->given += take;
    *out_read = take;
    return true;
}

static struct str gzip(struct fixture *f, struct str text)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    size_t room = deflateBound(&stream, text.len) + 64;
    char *out = arena_alloc(f->arena, room, &f->fail);
    stream.next_in = (Bytef *)str_copy_c(f->arena, text);
    stream.avail_in = (uInt)text.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = room - stream.avail_out;
    deflateEnd(&stream);
    return str_of(out, len);
}

static void the_size_of_reads_does_not_matter(void **state)
{
    (void)state;
    static const char csv[] = "\xEF\xBB\xBFwho,at,said\r\n"
                              "c,2020-01-01,\"two\r\nlines, \"\"quoted\"\"\"\r\n"
                              "\r\n"
                              "d,2020-01-02,\"open\r\n"
                              "e,2020-01-03,x";
    struct fixture f;
    test_init(&f);
    struct str packed = gzip(&f, str_from_c(csv));
    for (size_t step = 1; step <= 80; step++) {
        for (int zipped = 0; zipped < 2; zipped++) {
            struct slow slow = {.text = zipped ? packed : str_from_c(csv), .step = step};
            struct intake_import_options options = {
                .reader = {.read = read_slowly, .context = &slow},
                .format = INTAKE_FORMAT_CSV,
                .map = STR(MAP_START ",\"text\":\"said\"}"),
                .source = &f.source};
            struct run got;
            assert_true(run_options(&f, &options, 2, &got));
            assert_int_equal(got.count, 3);
            assert_str(got.items[0].event.text, "two\r\nlines, \"quoted\"");
            assert_kept_out(&got.items[1], "said", "a quote is opened and never closed");
            assert_stored(&got.items[2]);
            assert_str(got.items[2].event.text, "x");
        }
        arena_reset(f.arena);
        packed = gzip(&f, str_from_c(csv));
    }
    test_done(&f);
}

static void what_was_read_comes_before_the_failure(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    static const char lines[] = LINE("1") LINE("2") LINE("3");
    struct slow slow = {.text = str_from_c(lines), .step = 60, .fail_after = 120};
    struct intake_import_options options = {.reader = {.read = read_slowly, .context = &slow},
                                            .source = &f.source};
    struct run got;
    assert_fails(run_options(&f, &options, 10, &got), &f.fail, FAIL_IO, "cable");
    assert_int_equal(got.count, 2);
    struct str packed = gzip(&f, str_from_c(lines));
    packed.len -= 4;
    assert_fails(run(&f, INTAKE_FORMAT_NDJSON, "", packed, &got), &f.fail, FAIL_INPUT,
                 "ends too early");
    test_done(&f);
}

static void records_may_be_large_but_not_endless(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    size_t most = (size_t)16 << 20;
    CLEANUP(base_buf_done) struct base_buf text = {.limit = 2 * most};
    base_buf_c(&text, "who,at,said\nc,2020-01-01,\"");
    char *room = base_buf_room(&text, most + 64);
    memset(room, 'x', most + 64);
    /* 3 MB in one cell: kept out for its size, as a whole */
    text.len += (size_t)3 << 20;
    base_buf_c(&text, "\"\nd,2020-01-01,y\n");
    struct run got;
    assert_true(run(&f, INTAKE_FORMAT_CSV, MAP_START "}", base_buf_view(&text), &got));
    assert_int_equal(got.count, 2);
    assert_kept_out(&got.items[0], "", "larger than 1048576");
    assert_true(got.items[0].raw.len > (size_t)3 << 20);
    assert_stored(&got.items[1]);
    /* a quote that is never closed before 17 MB of rows: one row is lost, no more */
    base_buf_reset(&text);
    base_buf_c(&text, "who,at,said\nc,2020-01-01,\"open\n");
    while (text.len < most + 4096) {
        base_buf_c(&text, "d,2020-01-01,");
        memset(base_buf_room(&text, 65536), 'y', 65536);
        text.len += 65536;
        base_buf_byte(&text, '\n');
    }
    assert_true(run(&f, INTAKE_FORMAT_CSV, MAP_START "}", base_buf_view(&text), &got));
    assert_int_equal(got.items[0].verdict, STORE_QUARANTINED);
    assert_true(got.count > 250);
    for (size_t i = 1; i < got.count; i++) {
        assert_stored(&got.items[i]);
    }
    /* no line break at all */
    base_buf_reset(&text);
    memset(base_buf_room(&text, most + 64), '{', most + 64);
    text.len += most + 64;
    assert_fails(run(&f, INTAKE_FORMAT_NDJSON, "", base_buf_view(&text), &got), &f.fail, FAIL_LIMIT,
                 "line 1: a record is longer than");
    assert_fails(run(&f, INTAKE_FORMAT_CSV, "{}", base_buf_view(&text), &got), &f.fail, FAIL_LIMIT,
                 "line breaks");
    test_done(&f);
}

/* Many long records, so that memory ends at many different places. */
static struct str long_records(struct fixture *f, bool csv)
{
    CLEANUP(base_buf_done) struct base_buf text = {0};
    base_buf_c(&text, csv ? "who,at,x,y,said\n" : "");
    for (int i = 0; i < 60; i++) {
        base_buf_printf(&text,
                        csv ? "c%d,2020-01-01,2,3,\"say \"\""
                            : "{\"type\":\"identify\",\"userId\":\"c%d\",\"timestamp\":"
                              "\"2020-01-01\",\"traits\":{\"a\":1},\"context\":{\"traits\":"
                              "{\"b\":{\"c\":[1,2]}},\"page\":{\"url\":\"",
                        i);
        for (int k = 0; k < 200; k++) {
            base_buf_c(&text, "some ten b");
        }
        base_buf_c(&text, csv ? "\"\"\"\n" : "\"}}}\n");
    }
    return str_copy(f->arena, base_buf_view(&text));
}

/* With less memory than it takes: a failure that says so, and nothing lost or broken. */
static void running_out_of_memory_is_a_failure_like_others(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    for (int csv = 0; csv < 2; csv++) {
        struct str text = long_records(&f, csv == 1);
        size_t failures = 0;
        bool good = false;
        for (size_t bytes = 0; !good && bytes < (size_t)8 << 20; bytes += (size_t)16 << 10) {
            struct base_budget *budget = base_budget_new(bytes);
            struct arena *arena = arena_new(budget);
            struct str rest = text;
            struct intake_import_options options = {.reader = intake_reader_of(&rest),
                                                    .format = csv == 1 ? INTAKE_FORMAT_CSV
                                                                       : INTAKE_FORMAT_SEGMENT,
                                                    .source = &f.source};
            if (csv == 1) {
                options.map = STR(MAP_START ",\"text\":\"said\",\"properties\":{\"p\":"
                                            "{\"multiply\":[\"x\",\"y\"]},\"j\":"
                                            "{\"columns\":[\"said\",\"who\"]}}}");
            }
            struct intake_import *import;
            struct intake_import_batch batch;
            assert_true(intake_import_open(&options, &import, &f.fail));
            while ((good = intake_import_next(import, arena, 7, &batch, &f.fail)) &&
                   batch.count > 0) {
                for (size_t i = 0; i < batch.count; i++) {
                    assert_stored(&batch.items[i]);
                }
            }
            if (!good) {
                assert_int_equal(f.fail.code, FAIL_LIMIT);
                failures++;
            }
            intake_import_close(import);
            arena_free(arena);
            base_budget_free(budget);
        }
        assert_true(good && failures > 3);
    }
    test_done(&f);
}

static void descriptors_are_read_to_their_end(void **state)
{
    (void)state;
    struct fixture f;
    test_init(&f);
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fputs(LINE("1") LINE("2"), file) < 0, 0);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(lseek(fileno(file), 0, SEEK_SET), 0);
    struct intake_import_options options = {.reader = intake_reader_of_descriptor(fileno(file)),
                                            .source = &f.source};
    assert_int_equal(options.reader.total_bytes, sizeof(LINE("1") LINE("2")) - 1);
    struct intake_import *import;
    struct intake_import_batch batch;
    assert_true(intake_import_open(&options, &import, &f.fail));
    assert_true(intake_import_next(import, f.arena, 100, &batch, &f.fail));
    assert_int_equal(batch.count, 2);
    struct intake_import_progress progress = intake_import_progress(import);
    assert_int_equal(progress.bytes_read, options.reader.total_bytes);
    assert_int_equal(progress.bytes_total, options.reader.total_bytes);
    assert_int_equal(progress.records, 2);
    assert_true(intake_import_next(import, f.arena, 100, &batch, &f.fail));
    assert_int_equal(batch.count, 0);
    intake_import_close(import);
    fclose(file);
    options.reader = intake_reader_of_descriptor(-1);
    assert_int_equal(options.reader.total_bytes, 0);
    assert_fails(intake_import_open(&options, &import, &f.fail), &f.fail, FAIL_IO, "cannot read");
    intake_import_close(NULL);
    test_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_of_reads_does_not_matter),
        cmocka_unit_test(what_was_read_comes_before_the_failure),
        cmocka_unit_test(records_may_be_large_but_not_endless),
        cmocka_unit_test(running_out_of_memory_is_a_failure_like_others),
        cmocka_unit_test(descriptors_are_read_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
