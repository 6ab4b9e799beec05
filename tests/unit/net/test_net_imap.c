/* IMAP's answers, from a script: literals, hostile mails, servers that say too much or too little. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_buf.h"
#include "net_imap.h"

struct script {
    struct str says; /* what the server sends, whatever it is asked */
    size_t step;     /* bytes at a time */
    struct base_buf heard;
};

static bool hear(void *context, struct str bytes, struct fail *fail)
{
    struct script *script = context;
    (void)fail;
    base_buf_str(&script->heard, bytes);
    return true;
}

static bool say(void *context, char *into, size_t room, size_t *out_len, struct fail *fail)
{
    struct script *script = context;
    (void)fail;
    size_t len = script->says.len < room ? script->says.len : room;
    len = len < script->step ? len : script->step;
    if (len > 0) {
        memcpy(into, script->says.data, len);
    }
    script->says = str_after(script->says, len);
    *out_len = len;
    return true;
}

#define EXAMINED                                                                                   \
    "* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 77] ok\r\n"                 \
    "* OK [UIDNEXT 12] next\r\nF1 OK [READ-ONLY] done\r\n"

static bool open_script(struct script *script, const char *says, size_t step, struct str folder,
                        struct net_imap **imap, struct fail *fail)
{
    *script = (struct script){.says = str_from_c(says), .step = step};
    const struct net_imap_line line = {.send = hear, .receive = say, .context = script};
    return net_imap_open_line(&line, folder, imap, fail);
}

static void a_folder_is_opened_read_only_and_its_mails_peeked_at(void **state)
{
    (void)state;
    /* However the bytes are cut, the answers are the same. */
    for (size_t step = 1; step < 40; step += 3) {
        struct script script;
        struct net_imap *imap = NULL;
        struct fail fail = {0};
        struct arena *arena = arena_new(NULL);
        uint32_t *uids;
        size_t count;
        struct str mail;
        bool found;
        assert_true(open_script(&script,
                                EXAMINED "* SEARCH 9 11 10\r\n* SEARCH 4\r\nF2 OK done\r\n"
                                         "* 2 FETCH (FLAGS (\\Seen))\r\n"
                                         "* 1 FETCH (UID 10 BODY[]<0> {26}\r\nF3 OK a\r\n* 1 FETCH "
                                         "{5}\r\n\r\nx)\r\nF3 OK done\r\n",
                                step, STR("IN\"BOX"), &imap, &fail));
        assert_int_equal(net_imap_state(imap).uid_validity, 77);
        assert_int_equal(net_imap_state(imap).uid_next, 12);
        assert_int_equal(net_imap_state(imap).mails, 3);
        assert_true(net_imap_uids(imap, 9, arena, &uids, &count, &fail));
        assert_int_equal(count, 3);
        assert_int_equal(uids[0], 9);
        assert_int_equal(uids[2], 11);
        assert_true(net_imap_fetch(imap, 10, arena, &mail, &found, &fail));
        assert_true(found);
        assert_true(str_is(mail, "F3 OK a\r\n* 1 FETCH {5}\r\n\r\n"));
        struct str heard = base_buf_view(&script.heard);
        assert_true(str_starts_c(heard, "F1 EXAMINE \"IN\\\"BOX\"\r\nF2 UID SEARCH UID 9:*\r\n"
                                        "F3 UID FETCH 10 (UID BODY.PEEK[]<0.10485760>)\r\n"));
        net_imap_close(imap);
        base_buf_done(&script.heard);
        arena_free(arena);
    }
}

static void a_mail_that_is_gone_is_not_found(void **state)
{
    (void)state;
    struct script script;
    struct net_imap *imap = NULL;
    struct fail fail = {0};
    struct arena *arena = arena_new(NULL);
    struct str mail;
    bool found = true;
    assert_true(open_script(&script,
                            EXAMINED "* 1 FETCH (UID 9 BODY[]<0> {1}\r\nx)\r\nF2 OK none\r\n", 99,
                            STR("INBOX"), &imap, &fail));
    assert_true(net_imap_fetch(imap, 10, arena, &mail, &found, &fail));
    assert_false(found);
    net_imap_close(imap);
    base_buf_done(&script.heard);
    arena_free(arena);
}

static void what_is_no_mailbox_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *says, *folder;
        enum fail_code code;
        const char *part;
    } cases[] = {
        {"F1 NO [NONEXISTENT] No such mailbox\r\n", "Nope", FAIL_INPUT, "No such mailbox"},
        {"F1 BAD what\r\n", "INBOX", FAIL_INPUT, "to open the folder"},
        {"* 1 EXISTS\r\nF1 OK done\r\n", "INBOX", FAIL_IO, "UIDVALIDITY"},
        {"* BYE too many\r\n", "INBOX", FAIL_IO, "goodbye"},
        {"+ go on\r\n", "INBOX", FAIL_IO, "asks for more"},
        {"", "INBOX", FAIL_IO, "ended the connection"},
        {"* OK {99999999999}\r\n", "INBOX", FAIL_LIMIT, "more than was asked"},
        {"* OK {5}\r\nab", "INBOX", FAIL_IO, "ended the connection"},
        {EXAMINED, "", FAIL_INPUT, "1 to 200 bytes"},
        {EXAMINED, "a\r\nF2 DELETE b", FAIL_INPUT, "in ASCII"},
        {EXAMINED, "Entw\xC3\xBCrfe", FAIL_INPUT, "in ASCII"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script script;
        struct net_imap *imap = NULL;
        struct fail fail = {0};
        assert_false(
            open_script(&script, cases[i].says, 7, str_from_c(cases[i].folder), &imap, &fail));
        assert_int_equal(fail.code, cases[i].code);
        if (strstr(fail.message, cases[i].part) == NULL) {
            fail_msg("%s", fail.message);
        }
        base_buf_done(&script.heard);
    }
}

static void a_line_without_end_is_cut_off(void **state)
{
    (void)state;
    struct script script;
    struct net_imap *imap = NULL;
    struct fail fail = {0};
    size_t len = NET_IMAP_LINE_BYTES_MAX + 10;
    char *says = base_alloc_zero(len + 1);
    memset(says, 'x', len);
    assert_false(open_script(&script, says, 100000, STR("INBOX"), &imap, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    base_free(says);
    base_buf_done(&script.heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_opened_read_only_and_its_mails_peeked_at),
        cmocka_unit_test(a_mail_that_is_gone_is_not_found),
        cmocka_unit_test(what_is_no_mailbox_is_refused),
        cmocka_unit_test(a_line_without_end_is_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
