/* Mail as events: each NAME.eml of the folder becomes what NAME.txt says; and mail that is built to hurt. */
#include "intake_mail.h"

#include <stdio.h>

#include "base_buf.h"
#include "base_disk.h"
#include "intake_import.h"
#include "intake_mail_words.h"
#include "intake_test.h"

static const char *folder;

static const struct intake_mail_settings settings = {.own_domains = {{"shop.example", 12}},
                                                     .own_domain_count = 1};

static struct str property(const struct store_event *event, const char *name, size_t nth)
{
    for (size_t i = 0; i < event->property_count; i++) {
        if (str_is(event->properties[i].name, name) && nth-- == 0) {
            return store_value_text(event->properties[i].value);
        }
    }
    return (struct str){NULL, 0};
}

static void put_member(struct base_buf *out, const char *name, struct str value)
{
    if (value.data != NULL) {
        base_buf_printf(out, "%s: %.*s\n", name, STR_ARG(value));
    }
}

/* The form of the NAME.txt files. */
static void describe(const struct store_item *item, struct base_buf *out)
{
    const struct store_event *event = &item->event;
    base_buf_printf(out, "verdict: %s\n",
                    item->verdict == STORE_STORED        ? "stored"
                    : item->verdict == STORE_QUARANTINED ? "quarantined"
                                                         : "refused");
    if (item->verdict != STORE_STORED) {
        base_buf_printf(out, "field: %.*s\n", STR_ARG(item->field));
        return;
    }
    char when[TIME_RFC3339_BYTES];
    time_format_rfc3339(event->ts_ms, when);
    assert_str(event->event, "feedback");
    assert_str(event->channel, "email");
    assert_int_equal(event->identifier_count, 1);
    put_member(out, "email", event->identifiers[0].value);
    if (event->trait_count > 0) {
        put_member(out, "name", store_value_text(event->traits[0].value));
    }
    base_buf_printf(out, "ts: %s\n", when);
    put_member(out, "id", event->message_id);
    put_member(out, "thread", property(event, "thread", 0));
    put_member(out, "subject", property(event, "subject", 0));
    for (size_t i = 0; property(event, "attachments", i).data != NULL; i++) {
        put_member(out, "attachment", property(event, "attachments", i));
    }
    base_buf_printf(out, "\n%.*s\n", STR_ARG(event->text));
}

static void decode(struct fixture *f, struct str message, struct store_item *out)
{
    f->source.mail = &settings;
    assert_true(intake_mail_decode(f->decoder, message, &f->source, f->arena, out, &f->fail));
}

static void check_mail(struct disk *disk, struct str name)
{
    struct fixture f;
    struct str message, expected;
    struct store_item item;
    struct base_buf found = {0};
    test_init(&f);
    struct str stem = str_of(name.data, name.len - 4);
    assert_true(disk_read_whole(disk, str_copy_c(f.arena, name), f.arena, (size_t)1 << 20, &message,
                                &f.fail));
    assert_true(disk_read_whole(disk, str_format(f.arena, "%.*s.txt", STR_ARG(stem)).data, f.arena,
                                (size_t)1 << 20, &expected, &f.fail));
    decode(&f, message, &item);
    describe(&item, &found);
    if (!str_equal(str_trim(base_buf_view(&found)), str_trim(expected))) {
        print_error("%.*s: expected\n%.*s\nfound\n%.*s\n(%.*s)\n", STR_ARG(name), STR_ARG(expected),
                    STR_ARG(base_buf_view(&found)), STR_ARG(item.reason));
        fail();
    }
    base_buf_done(&found);
    test_done(&f);
}

static void each_mail_becomes_what_its_text_says(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct disk *disk;
    struct str *names;
    size_t count, mails = 0;
    struct fail fail;
    assert_true(disk_real(folder, &disk, &fail));
    assert_true(disk_list(disk, "", arena, &names, &count, &fail));
    for (size_t i = 0; i < count; i++) {
        if (str_ends(names[i], STR(".eml"))) {
            check_mail(disk, names[i]);
            mails++;
        }
    }
    assert_true(mails >= 60);
    disk_free(disk);
    arena_free(arena);
}

/* ---- built to hurt ---------------------------------------------------------------------------------------- */

static void assert_quarantined(struct base_buf *message)
{
    struct fixture f;
    struct store_item item;
    test_init(&f);
    decode(&f, base_buf_view(message), &item);
    assert_int_equal(item.verdict, STORE_QUARANTINED);
    assert_true(item.raw.len <= 4096);
    test_done(&f);
    base_buf_done(message);
}

#define HEAD "From: a@b.example\nDate: Fri, 01 May 2026 09:30:00 +0200\n"

static void too_deep_too_many_too_long_is_quarantined(void **state)
{
    (void)state;
    struct base_buf deep = {0}, messages = {0}, headers = {0}, long_header = {0}, parts = {0};
    base_buf_c(&deep, HEAD "Content-Type: multipart/mixed; boundary=b0\n\n");
    base_buf_c(&messages, HEAD);
    base_buf_c(&headers, HEAD);
    base_buf_c(&long_header, HEAD "X: ");
    base_buf_c(&parts, HEAD "Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 300; i++) {
        base_buf_printf(&deep, "--b%d\nContent-Type: multipart/mixed; BOUNDARY=b%d\n\n", i, i + 1);
        base_buf_c(&messages, "--\nContent-Type: message/rfc822\n\n");
    }
    for (int i = 0; i < 30000; i++) {
        base_buf_printf(&headers, "X-%d: y\n", i);
        base_buf_c(&long_header, "0123456789012345678901234567890123456789");
        base_buf_c(&parts, "--b\n\nx\n");
    }
    base_buf_c(&headers, "\nx\n");
    base_buf_c(&long_header, "\n\nx\n");
    assert_quarantined(&deep);
    assert_quarantined(&messages);
    assert_quarantined(&headers);
    assert_quarantined(&long_header);
    assert_quarantined(&parts);
}

static void megabytes_of_attachment_cost_no_memory_of_the_item(void **state)
{
    (void)state;
    struct fixture f;
    struct store_item item;
    struct base_buf message = {0};
    test_init(&f);
    base_buf_c(&message, HEAD "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
                              "Content-Type: text/plain\n\nSee the file.\n--b\n"
                              "Content-Type: application/zip; name=x.zip\n"
                              "Content-Transfer-Encoding: base64\n\n");
    while (message.len < (size_t)8 << 20) {
        base_buf_c(&message,
                   "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\n");
    }
    base_buf_c(&message, "--b--\n");
    decode(&f, base_buf_view(&message), &item);
    assert_int_equal(item.verdict, STORE_STORED);
    assert_str(item.event.text, "See the file.");
    assert_str(property(&item.event, "attachments", 0), "x.zip");
    assert_true(arena_used(f.arena) < (size_t)1 << 20);
    base_buf_done(&message);
    test_done(&f);
}

static void long_text_is_read_in_linear_time(void **state)
{
    (void)state;
    static const char *const lines[] = {"On 1 May 2026 at 10:12\n",
                                        "From: x\n",
                                        "> q\n",
                                        "Best regards\n",
                                        "--\n",
                                        "a@b 1\n",
                                        "____________\n",
                                        "\n",
                                        "Sent from my \n",
                                        "This e-mail\n"};
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct base_buf text = {0};
        struct str out;
        struct fail fail;
        while (text.len < 500000) {
            base_buf_c(&text, lines[i]);
        }
        assert_true(intake_mail_words(base_buf_view(&text), false, arena, &out, &fail));
        base_buf_done(&text);
        arena_reset(arena);
    }
    arena_free(arena);
}

/* ---- settings ----------------------------------------------------------------------------------------------- */

static void kind_and_whole_text_are_as_set(void **state)
{
    (void)state;
    static const struct intake_mail_settings other = {.kind = {"review", 6}, .keep_text = true};
    struct fixture f;
    struct store_item item;
    test_init(&f);
    f.source.mail = &other;
    struct str message = STR(HEAD "\nNice lamp.\n\n> earlier\n");
    assert_true(intake_mail_decode(f.decoder, message, &f.source, f.arena, &item, &f.fail));
    assert_str(property(&item.event, "kind", 0), "review");
    assert_str(property(&item.event, "whole_text", 0), "Nice lamp.\n\n> earlier\n");
    assert_str(item.event.text, "Nice lamp.");
    test_done(&f);
}

/* ---- mbox --------------------------------------------------------------------------------------------------- */

static struct intake_import_batch import(struct fixture *f, struct str text,
                                         enum intake_format format, struct intake_import **out)
{
    struct str *rest = arena_small(f->arena, sizeof *rest);
    *rest = text;
    struct intake_import_options options = {
        .reader = intake_reader_of(rest), .format = format, .source = &f->source};
    struct intake_import_batch batch = {0};
    assert_true(intake_import_open(&options, out, &f->fail));
    assert_true(intake_import_next(*out, f->arena, 1000, &batch, &f->fail));
    return batch;
}

static void messages_of_an_mbox_are_told_apart(void **state)
{
    (void)state;
    struct fixture f;
    struct intake_import *import_ = NULL;
    test_init(&f);
    struct intake_import_batch got =
        import(&f,
               STR("From a@b.example Fri May  1 09:30:00 2026\n" HEAD "Subject: 1\n\nFirst.\n"
                   "From the beginning it was broken.\n>From now on I buy elsewhere.\n\n"
                   "From here it gets worse.\n\n"
                   "From a@b.example Fri May  1 09:31:00 2026\n" HEAD "Subject: 2\n\nSecond.\n\n"
                   "From a@b.example Fri May  1 09:32:00 2026\n" HEAD "Subject: 3\n\nSecond.\n"),
               INTAKE_FORMAT_MBOX, &import_);
    assert_int_equal(got.count, 3);
    assert_str(got.items[0].event.text,
               "First.\nFrom the beginning it was broken.\nFrom now on I buy elsewhere.\n\n"
               "From here it gets worse.");
    assert_str(got.items[1].event.text, "Second.");
    assert_int_equal(got.records[2], 3);
    /* without an id of their own they get one from what they say */
    assert_true(got.items[1].record_id.len > 0);
    assert_false(str_equal(got.items[1].record_id, got.items[2].record_id));
    intake_import_close(import_);
    test_done(&f);
}

static void a_message_larger_than_the_window_loses_its_attachment_only(void **state)
{
    (void)state;
    struct fixture f;
    struct intake_import *import_ = NULL;
    struct base_buf text = {0};
    test_init(&f);
    base_buf_c(&text, "From a@b.example Fri May  1 09:30:00 2026\n" HEAD
                      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nThe words.\n--b\n"
                      "Content-Type: application/zip; name=x.zip\n"
                      "Content-Transfer-Encoding: base64\n\n");
    while (text.len < (size_t)40 << 20) {
        base_buf_c(&text, "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\n");
    }
    base_buf_c(&text, "--b--\n\nFrom a@b.example Fri May  1 09:31:00 2026\n" HEAD "\nNext.\n");
    struct intake_import_batch got = import(&f, base_buf_view(&text), INTAKE_FORMAT_MBOX, &import_);
    assert_int_equal(got.count, 2);
    assert_str(got.items[0].event.text, "The words.");
    assert_str(got.items[1].event.text, "Next.");
    intake_import_close(import_);
    got = import(&f, base_buf_view(&text), INTAKE_FORMAT_EML, &import_);
    assert_int_equal(got.count, 1);
    intake_import_close(import_);
    base_buf_done(&text);
    test_done(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mail_becomes_what_its_text_says),
        cmocka_unit_test(too_deep_too_many_too_long_is_quarantined),
        cmocka_unit_test(megabytes_of_attachment_cost_no_memory_of_the_item),
        cmocka_unit_test(long_text_is_read_in_linear_time),
        cmocka_unit_test(kind_and_whole_text_are_as_set),
        cmocka_unit_test(messages_of_an_mbox_are_told_apart),
        cmocka_unit_test(a_message_larger_than_the_window_loses_its_attachment_only),
    };
    folder = argc > 1 ? argv[1] : "mail";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
