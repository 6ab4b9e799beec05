/* The parts of the customer's page: links, forms, text as data, dates, ZIP files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <zlib.h>

#include "act_form.h"
#include "act_html.h"
#include "act_link.h"
#include "act_zip.h"
#include "base_bytes.h"

static void a_link_opens_only_with_its_key_and_unchanged(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    uint8_t key[ACCESS_SEAL_KEY_BYTES] = {1, 2, 3};
    uint8_t other[ACCESS_SEAL_KEY_BYTES] = {1, 2, 4};
    struct act_link link = {{STR("ext.crm"), STR("a: b 7")}, 1777593600000};
    struct act_link opened;
    struct str token = act_link_make(key, &link, base_random_system(), arena);
    assert_true(act_link_open(key, token, arena, &opened));
    assert_true(str_is(opened.customer.kind, "ext.crm"));
    assert_true(str_is(opened.customer.value, "a: b 7"));
    assert_int_equal(opened.expires_ms, 1777593600000);
    assert_false(act_link_open(other, token, arena, &opened));
    struct str again = act_link_make(key, &link, base_random_system(), arena);
    assert_false(str_equal(token, again)); /* two links of one customer do not look alike */
    for (size_t i = 0; i < token.len; i++) {
        struct str changed = str_copy(arena, token);
        ((char *)(uintptr_t)changed.data)[i] = changed.data[i] == 'A' ? 'B' : 'A';
        assert_false(act_link_open(key, changed, arena, &opened));
        assert_false(act_link_open(key, str_of(token.data, i), arena, &opened));
    }
    /* Sealed with our key for something else. */
    struct str text = STR("1 1777593600000 user:ann");
    assert_false(act_link_open(key, access_seal(key, "surveys", text, base_random_system(), arena),
                               arena, &opened));
    assert_true(act_link_open(
        key, access_seal(key, "preferences", text, base_random_system(), arena), arena, &opened));
    static const char *const odd[] = {"2 1 user:a", "1 x user:a", "1 1 user", "1 1 :a",
                                      "1 1 user:",  "1 1",        "",         "1 1 us\xff:a"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        struct str sealed =
            access_seal(key, "preferences", str_from_c(odd[i]), base_random_system(), arena);
        assert_false(act_link_open(key, sealed, arena, &opened));
    }
    arena_free(arena);
}

static bool read_form(const char *body, struct arena *arena, struct act_form *out)
{
    struct act_policy policy;
    struct fail fail;
    act_policy_default(&policy);
    return act_form_read(str_from_c(body), &policy, arena, out, &fail);
}

static void forms_are_read_strictly(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct act_form form;
    assert_true(read_form("do=mute&purpose=survey&for=365", arena, &form));
    assert_int_equal(form.wish, ACT_WISH_MUTE);
    assert_int_equal(form.days, 365);
    assert_true(str_is(form.purpose, "survey"));
    assert_true(read_form("do=correct&trait.name=+Ann+Berg+&trait.language=", arena, &form));
    assert_int_equal(form.correction_count, 2);
    assert_true(str_is(store_value_text(form.corrections[0].value), "Ann Berg"));
    assert_int_equal(form.corrections[1].value.kind, STORE_NULL);
    assert_true(read_form("sure=yes&do=erase", arena, &form));
    static const char *const wrong[] = {"",
                                        "do=",
                                        "do=mute&purpose=survey&for=1",
                                        "do=mute&for=30",
                                        "do=mute&purpose=other&for=30",
                                        "do=agree&purpose=*",
                                        "do=unmute",
                                        "do=erase",
                                        "do=erase&sure=no",
                                        "do=correct",
                                        "do=correct&trait.email=x",
                                        "do=correct&trait.name=a&trait.name=b",
                                        "do=correct&trait.name=a%0ab",
                                        "do=correct&trait.name=%ff",
                                        "do=correct&trait.timezone=Mars",
                                        "do=%",
                                        "do=mute&purpose=*&for=99999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_false(read_form(wrong[i], arena, &form));
    }
    arena_free(arena);
}

static const char *shown(struct base_buf *out, const char *text, size_t most)
{
    base_buf_reset(out);
    act_html_text_cut(out, str_from_c(text), most);
    base_buf_byte(out, '\0');
    return out->data;
}

static void text_is_data(void **state)
{
    (void)state;
    struct base_buf out = {0};
    assert_string_equal(shown(&out, "<b title=\"x\" id='y'>&amp;", 1000),
                        "&lt;b title=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;");
    assert_string_equal(shown(&out, "a\x01\x1b[31m\x7f\nb\tc", 1000), "a[31m\nb\tc");
    assert_string_equal(shown(&out, "x\xE2\x80\xAEy\xE2\x81\xA6z\xD8\x9C\xC2\x85", 1000), "xyz");
    assert_string_equal(shown(&out, "bad \xff\xc3 end", 1000), "bad \xEF\xBF\xBD\xEF\xBF\xBD end");
    assert_string_equal(shown(&out, "\xC3\xA6\xC3\xB8\xC3\xA5", 3), "\xC3\xA6\xE2\x80\xA6");
    assert_string_equal(shown(&out, "abc", 3), "abc");
    base_buf_done(&out);
}

static void every_word_has_its_text_and_its_places(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct str data[] = {STR("<zero>"), STR("one"), STR("two")};
    for (int i = 0; i < ACT_WORDS; i++) {
        assert_non_null(act_word((enum act_word)i));
        struct str said = act_say(arena, (enum act_word)i, data, ARRAY_LEN(data));
        assert_true(said.len > 0 && str_find_byte(said, '{') == said.len);
    }
    arena_free(arena);
}

static void dates_are_by_the_customers_clock(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct fail fail;
    const struct zone *oslo;
    int64_t ms;
    assert_true(zone_find(STR("Europe/Oslo"), &oslo, &fail));
    assert_true(time_parse_rfc3339(STR("2026-04-30T22:30:00Z"), &ms));
    assert_true(str_is(act_date(arena, oslo, ms), "1 May 2026, 00:30"));
    arena_free(arena);
}

/* Finds an entry through the directory, as readers do, and inflates it. */
static struct str unzip(struct str file, const char *name, struct arena *arena)
{
    const char *end = file.data + file.len - 22;
    assert_int_equal(base_get_u32(end), 0x06054b50);
    const char *at = file.data + base_get_u32(end + 16);
    for (int i = 0; i < base_get_u16(end + 10); i++) {
        struct str entry = str_of(at + 46, base_get_u16(at + 28));
        if (str_is(entry, name)) {
            const char *local = file.data + base_get_u32(at + 42);
            uint32_t size = base_get_u32(at + 24);
            struct fail fail;
            char *out = arena_alloc(arena, (size_t)size + 1, &fail);
            z_stream stream = {0};
            assert_int_equal(base_get_u32(local), 0x04034b50);
            const char *after = local + 30 + entry.len + base_get_u32(at + 20);
            assert_int_equal(base_get_u32(after), 0x08074b50);
            assert_memory_equal(after + 4, at + 16, 12); /* checksum and sizes */
            assert_int_equal(inflateInit2(&stream, -15), Z_OK);
            stream.next_in = (z_const Bytef *)(uintptr_t)(local + 30 + entry.len);
            stream.avail_in = base_get_u32(at + 20);
            stream.next_out = (Bytef *)out;
            stream.avail_out = size + 1;
            assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
            inflateEnd(&stream);
            assert_int_equal(crc32(0, (const Bytef *)out, size), base_get_u32(at + 16));
            return str_of(out, size);
        }
        at += 46 + entry.len;
    }
    fail_msg("no entry %s", name);
    return STR("");
}

/* What was written is taken away, as by who sends it. */
static void move_on(struct act_zip *zip, struct base_buf *piece, struct base_buf *out)
{
    base_buf_str(out, base_buf_view(piece));
    base_buf_reset(piece);
    act_zip_into(zip, piece);
}

static void a_zip_gives_back_what_went_in(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct fail fail;
    struct base_buf out = {.limit = (size_t)8 << 20};
    struct act_zip *zip;
    struct base_random_seeded random;
    size_t noise_bytes = 300000;
    char *noise = arena_alloc(arena, noise_bytes, &fail);
    base_random_seed(&random, 5);
    base_random_fill(&random.random, noise, noise_bytes); /* does not get smaller */
    assert_true(act_zip_new(1777593600000, &zip, &fail));
    struct base_buf piece = {.limit = (size_t)1 << 20};
    act_zip_into(zip, &piece);
    assert_true(act_zip_entry(zip, "empty.txt", &fail));
    move_on(zip, &piece, &out);
    assert_true(act_zip_entry(zip, "noise.bin", &fail));
    assert_true(act_zip_add(zip, str_of(noise, 1), &fail));
    assert_true(act_zip_add(zip, str_of(noise + 1, noise_bytes - 1), &fail));
    move_on(zip, &piece, &out);
    assert_true(act_zip_entry(zip, "lines.txt", &fail));
    for (int i = 0; i < 10000; i++) {
        assert_true(act_zip_add(zip, STR("the same line again\n"), &fail));
        if (i % 1000 == 0) {
            move_on(zip, &piece, &out);
        }
    }
    assert_true(act_zip_end(zip, &fail));
    move_on(zip, &piece, &out);
    base_buf_done(&piece);
    act_zip_free(zip);
    struct str file = base_buf_view(&out);
    assert_int_equal(unzip(file, "empty.txt", arena).len, 0);
    assert_true(str_equal(unzip(file, "noise.bin", arena), str_of(noise, noise_bytes)));
    assert_int_equal(unzip(file, "lines.txt", arena).len, 200000);
    assert_true(file.len < noise_bytes + 5000);
    base_buf_done(&out);

    struct base_buf little = {.limit = 1000};
    assert_true(act_zip_new(0, &zip, &fail));
    act_zip_into(zip, &little);
    bool good = act_zip_entry(zip, "noise.bin", &fail) &&
                act_zip_add(zip, str_of(noise, noise_bytes), &fail) && act_zip_end(zip, &fail);
    assert_false(good);
    assert_int_equal(fail.code, FAIL_LIMIT);
    act_zip_free(zip);
    base_buf_done(&little);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_opens_only_with_its_key_and_unchanged),
        cmocka_unit_test(forms_are_read_strictly),
        cmocka_unit_test(text_is_data),
        cmocka_unit_test(every_word_has_its_text_and_its_places),
        cmocka_unit_test(dates_are_by_the_customers_clock),
        cmocka_unit_test(a_zip_gives_back_what_went_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
