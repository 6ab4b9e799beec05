/* The first administrator, signing in, sessions, guesses, the trail. */
#include "state_forget.h"
#include "access_fixture.h"

#define PASSWORD STR("correct horse battery")

static struct access_identity make_admin(struct fixture *fixture, struct str *out_session)
{
    struct fail fail;
    struct str token;
    struct access_identity who;
    int64_t retry_s;
    assert_true(access_setup_token(fixture->access, fixture->arena, &token, &fail));
    struct access_setup setup = {token, STR("Astrid Dahl"), STR("astrid@fjordline.example"),
                                 PASSWORD};
    assert_true(access_setup(fixture->access, &setup, FROM, fixture->arena, out_session, &who,
                             &retry_s, &fail));
    return who;
}

static bool session_known(struct fixture *fixture, struct str token)
{
    struct fail fail;
    struct access_identity who;
    bool found = false;
    assert_true(access_session_find(fixture->access, token, fixture->arena, &who, &found, &fail));
    return found;
}

static bool try_sign_in(struct fixture *fixture, const char *email, struct str password,
                        struct fail *fail, int64_t *retry_s)
{
    struct str session;
    struct access_identity who;
    *retry_s = 0;
    return access_sign_in(fixture->access, str_from_c(email), password, FROM, fixture->arena,
                          &session, &who, retry_s, fail);
}

static void setup_works_once_and_is_gone_after(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct str token, session;
    struct access_identity who;
    int64_t retry_s;
    bool admin = true;
    assert_true(access_has_admin(fixture->access, &admin, &fail));
    assert_false(admin);
    assert_true(access_setup_token(fixture->access, fixture->arena, &token, &fail));
    struct access_setup setup = {token, STR("Astrid"), STR("a@b.example"), PASSWORD};
    assert_true(access_setup(fixture->access, &setup, FROM, fixture->arena, &session, &who,
                             &retry_s, &fail));
    assert_int_equal(who.role, ACCESS_ROLE_ADMIN);
    assert_true(session_known(fixture, session));
    assert_false(access_setup(fixture->access, &setup, FROM, fixture->arena, &session, &who,
                              &retry_s, &fail));
    assert_int_equal(fail.code, FAIL_DENIED);
    assert_false(access_setup_token(fixture->access, fixture->arena, &token, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_true(access_has_admin(fixture->access, &admin, &fail));
    assert_true(admin);
}

static void setup_link_ends_when_a_new_one_is_made(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct str old, token, session;
    struct access_identity who;
    int64_t retry_s;
    assert_true(access_setup_token(fixture->access, fixture->arena, &old, &fail));
    assert_true(access_setup_token(fixture->access, fixture->arena, &token, &fail));
    struct access_setup setup = {old, STR("Astrid"), STR("a@b.example"), PASSWORD};
    assert_false(access_setup(fixture->access, &setup, FROM, fixture->arena, &session, &who,
                              &retry_s, &fail));
    assert_int_equal(fail.code, FAIL_DENIED);
}

static void setup_says_nothing_about_the_form_without_a_token(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct str token, session;
    struct access_identity who;
    int64_t retry_s;
    assert_true(access_setup_token(fixture->access, fixture->arena, &token, &fail));
    struct access_setup setup = {STR("wrong"), STR(""), STR("no address"), STR("short")};
    assert_false(access_setup(fixture->access, &setup, FROM, fixture->arena, &session, &who,
                              &retry_s, &fail));
    assert_int_equal(fail.code, FAIL_DENIED);
    /* A wrong form with the right token does not use it up. */
    setup.token = token;
    assert_false(access_setup(fixture->access, &setup, FROM, fixture->arena, &session, &who,
                              &retry_s, &fail));
    assert_string_equal(fail.pointer, "/name");
    setup = (struct access_setup){token, STR("A"), STR("a@b.example"), PASSWORD};
    assert_true(access_setup(fixture->access, &setup, FROM, fixture->arena, &session, &who,
                             &retry_s, &fail));
}

static void password_common_short_long_or_the_address_is_refused(void **context)
{
    struct fixture *fixture = *context;
    struct access_identity operator= access_operator();
    static char long_text[129];
    memset(long_text, 'x', sizeof long_text);
    struct str bad[] = {STR("1234567"), STR("Password1"), STR("ada@shop.example"),
                        str_of(long_text, sizeof long_text)};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct fail fail = {0};
        int64_t id;
        assert_false(access_user_add(fixture->access, &operator, STR("Ada"),
                                     STR("ada@shop.example"), bad[i], ACCESS_ROLE_MEMBER, &id,
                                     &fail));
        assert_int_equal(fail.code, FAIL_INPUT);
        assert_string_equal(fail.pointer, "/password");
    }
    struct fail fail = {0};
    int64_t id;
    assert_true(access_user_add(fixture->access, &operator, STR("Ada"), STR("ada@shop.example"),
                                str_of(long_text, 128), ACCESS_ROLE_MEMBER, &id, &fail));
    assert_false(access_user_add(fixture->access, &operator, STR("Ada"), STR("ADA@shop.example"),
                                 PASSWORD, ACCESS_ROLE_MEMBER, &id, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
}

static void sign_in_takes_the_right_password_only(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct str session;
    int64_t retry_s;
    make_admin(fixture, &session);
    assert_true(try_sign_in(fixture, "Astrid@Fjordline.example", PASSWORD, &fail, &retry_s));
    assert_false(
        try_sign_in(fixture, "astrid@fjordline.example", STR("correct horse"), &fail, &retry_s));
    assert_int_equal(fail.code, FAIL_DENIED);
    struct fail unknown = {0};
    assert_false(try_sign_in(fixture, "nobody@fjordline.example", PASSWORD, &unknown, &retry_s));
    assert_int_equal(unknown.code, FAIL_DENIED);
    assert_string_equal(unknown.message, fail.message);
}

static void sign_in_sees_at_most_a_hundred_guesses_an_hour(void **context)
{
    struct fixture *fixture = *context;
    struct str session;
    int64_t retry_s = 0;
    int reached = 0;
    make_admin(fixture, &session);
    for (int i = 0; i < 3600; i++) {
        struct fail fail = {0};
        assert_false(
            try_sign_in(fixture, "astrid@fjordline.example", STR("a wrong one"), &fail, &retry_s));
        if (fail.code == FAIL_DENIED) {
            reached++;
        } else {
            assert_int_equal(fail.code, FAIL_LIMIT);
            assert_true(retry_s > 0);
        }
        base_clock_test_step(&fixture->clock, 1000);
    }
    assert_in_range(reached, 20, 100);
    struct fail fail = {0};
    base_clock_test_step(&fixture->clock, 600000);
    assert_true(try_sign_in(fixture, "astrid@fjordline.example", PASSWORD, &fail, &retry_s));
}

static void sign_in_with_the_right_password_uses_no_guess_up(void **context)
{
    struct fixture *fixture = *context;
    struct str session;
    int64_t retry_s;
    make_admin(fixture, &session);
    for (int i = 0; i < 60; i++) {
        struct fail fail = {0};
        assert_true(try_sign_in(fixture, "astrid@fjordline.example", PASSWORD, &fail, &retry_s));
    }
}

static void link_signs_in_once_and_for_a_quarter_of_an_hour(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct access_identity operator= access_operator();
    struct access_identity who;
    struct str session, token;
    int64_t retry_s;
    make_admin(fixture, &session);
    assert_true(access_link_create(fixture->access, &operator, STR("astrid@fjordline.example"),
                                   fixture->arena, &token, &fail));
    assert_true(access_sign_in_link(fixture->access, token, FROM, fixture->arena, &session, &who,
                                    &retry_s, &fail));
    assert_true(session_known(fixture, session));
    assert_false(access_sign_in_link(fixture->access, token, FROM, fixture->arena, &session, &who,
                                     &retry_s, &fail));
    assert_int_equal(fail.code, FAIL_DENIED);
    assert_true(access_link_create(fixture->access, &operator, STR("astrid@fjordline.example"),
                                   fixture->arena, &token, &fail));
    base_clock_test_step(&fixture->clock, ACCESS_LINK_MS + 1);
    assert_false(access_sign_in_link(fixture->access, token, FROM, fixture->arena, &session, &who,
                                     &retry_s, &fail));
    assert_int_equal(fail.code, FAIL_DENIED);
    assert_false(access_link_create(fixture->access, &operator, STR("nobody@x.example"),
                                    fixture->arena, &token, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
}

static void session_ends_when_idle_or_old(void **context)
{
    struct fixture *fixture = *context;
    struct str session;
    make_admin(fixture, &session);
    base_clock_test_step(&fixture->clock, ACCESS_SESSION_IDLE_MS - 1);
    assert_true(session_known(fixture, session));
    base_clock_test_step(&fixture->clock, ACCESS_SESSION_IDLE_MS + 1);
    assert_false(session_known(fixture, session));
    struct fail fail;
    int64_t retry_s;
    struct access_identity who;
    assert_true(access_sign_in(fixture->access, STR("astrid@fjordline.example"), PASSWORD, FROM,
                               fixture->arena, &session, &who, &retry_s, &fail));
    int64_t end_ms = base_now_ms(&fixture->clock.clock) + ACCESS_SESSION_MS;
    while (base_now_ms(&fixture->clock.clock) + ACCESS_SESSION_IDLE_MS / 2 < end_ms) {
        assert_true(session_known(fixture, session));
        base_clock_test_step(&fixture->clock, ACCESS_SESSION_IDLE_MS / 2);
    }
    assert_true(session_known(fixture, session));
    base_clock_test_step(&fixture->clock, ACCESS_SESSION_IDLE_MS / 2 + 1);
    assert_false(session_known(fixture, session));
}

static void session_of_another_cannot_be_ended(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct access_identity operator= access_operator();
    struct access_identity ada;
    struct str session, other;
    int64_t id, retry_s;
    struct access_identity astrid = make_admin(fixture, &session);
    assert_true(access_user_add(fixture->access, &operator, STR("Ada"), STR("ada@x.example"),
                                PASSWORD, ACCESS_ROLE_VIEWER, &id, &fail));
    assert_true(access_sign_in(fixture->access, STR("ada@x.example"), PASSWORD, FROM,
                               fixture->arena, &other, &ada, &retry_s, &fail));
    assert_false(access_session_end(fixture->access, &ada, astrid.session_id, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_true(session_known(fixture, session));
    struct access_session *list;
    size_t count;
    assert_true(access_sessions_list(fixture->access, &ada, fixture->arena, &list, &count, &fail));
    assert_int_equal(count, 1);
    assert_true(list[0].current);
    assert_true(str_is(list[0].agent, "tests"));
    assert_true(access_session_end(fixture->access, &ada, ada.session_id, &fail));
    assert_false(session_known(fixture, other));
    assert_false(access_may(&ada, ACCESS_RIGHT_SAVE));
}

static void trail_notices_a_changed_line(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct str session;
    struct access_audit_state trail;
    struct access_identity who = make_admin(fixture, &session);
    assert_true(access_audit(fixture->access, &who, "segment.save", STR("a"), STR("{}"), &fail));
    assert_true(access_audit(fixture->access, &who, "segment.save", STR("b"), STR("{}"), &fail));
    assert_true(access_audit_verify(fixture->access, &trail, &fail));
    assert_int_equal(trail.lines, 3);
    assert_int_equal(trail.broken_id, 0);
    struct state_link *link = NULL;
    assert_true(state_write(fixture->state, &link, &fail));
    assert_true(state_run(link, "UPDATE audit SET object = 'c' WHERE id = 2", NULL, 0, &fail));
    assert_true(state_commit(&link, &fail));
    assert_true(access_audit_verify(fixture->access, &trail, &fail));
    assert_int_equal(trail.broken_id, 2);
}

static void words_may_be_taken_out_of_the_trail_and_the_chain_holds(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct str session;
    struct access_audit_state trail;
    struct state_forgotten forgotten;
    struct base_mention *mention = NULL;
    const struct str name = STR("ann@example.org");
    struct access_identity who = make_admin(fixture, &session);
    assert_true(access_audit(fixture->access, &who, "segment.save", STR("a"),
                             STR("{\"who\":\"ann@example.org\"}"), &fail));
    assert_true(access_audit(fixture->access, &who, "segment.save", STR("b"), STR("{}"), &fail));
    assert_true(base_mention_new(&name, 1, &mention, &fail));
    const struct state_forget forget = {
        .mention = mention, .receipt = STR("er_1"), .by = STR("me"), .now_ms = 1};
    assert_true(state_forget(fixture->state, &forget, &forgotten, &fail));
    base_mention_free(mention);
    assert_int_equal(forgotten.audit, 1);
    assert_true(access_audit_verify(fixture->access, &trail, &fail));
    assert_int_equal(trail.broken_id, 0);
    assert_int_equal(trail.erased, 1);
    /* Nobody puts other words in their place. */
    struct state_link *link = NULL;
    assert_true(state_write(fixture->state, &link, &fail));
    assert_true(state_run(link, "UPDATE audit SET detail = 'x' WHERE id = 2", NULL, 0, &fail));
    assert_true(state_commit(&link, &fail));
    assert_true(access_audit_verify(fixture->access, &trail, &fail));
    assert_int_equal(trail.broken_id, 2);
}

static void trail_notices_a_line_cut_out(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct str session;
    struct access_audit_state trail;
    struct access_identity who = make_admin(fixture, &session);
    assert_true(access_audit(fixture->access, &who, "a", STR("a"), STR("{}"), &fail));
    assert_true(access_audit(fixture->access, &who, "b", STR("b"), STR("{}"), &fail));
    struct state_link *link = NULL;
    assert_true(state_write(fixture->state, &link, &fail));
    assert_true(state_run(link, "DELETE FROM audit WHERE id = 2", NULL, 0, &fail));
    assert_true(state_commit(&link, &fail));
    assert_true(access_audit_verify(fixture->access, &trail, &fail));
    assert_int_equal(trail.broken_id, 3);
}

static void what_has_run_out_is_swept_away_and_nothing_else(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct str old_session, session, link;
    int64_t sessions, links, retry_s;
    struct access_identity admin = make_admin(fixture, &old_session), who;
    assert_true(access_link_create(fixture->access, &admin, STR("astrid@fjordline.example"),
                                   fixture->arena, &link, &fail));
    assert_true(access_sweep(fixture->access, &sessions, &links, &fail));
    assert_int_equal(sessions + links, 0);
    base_clock_test_step(&fixture->clock, ACCESS_LINK_MS + 1);
    assert_true(access_sweep(fixture->access, &sessions, &links, &fail));
    assert_int_equal(sessions, 0);
    assert_int_equal(links, 1);
    base_clock_test_step(&fixture->clock, ACCESS_SESSION_IDLE_MS + 1);
    assert_true(access_sign_in(fixture->access, STR("astrid@fjordline.example"), PASSWORD, FROM,
                               fixture->arena, &session, &who, &retry_s, &fail));
    /* Signing in sweeps sessions too: the old one is gone already. */
    base_clock_test_step(&fixture->clock, ACCESS_SESSION_IDLE_MS + 1);
    assert_true(access_sweep(fixture->access, &sessions, &links, &fail));
    assert_int_equal(sessions, 1);
    assert_int_equal(links, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(setup_works_once_and_is_gone_after),
        TEST(setup_link_ends_when_a_new_one_is_made),
        TEST(setup_says_nothing_about_the_form_without_a_token),
        TEST(password_common_short_long_or_the_address_is_refused),
        TEST(sign_in_takes_the_right_password_only),
        TEST(sign_in_sees_at_most_a_hundred_guesses_an_hour),
        TEST(sign_in_with_the_right_password_uses_no_guess_up),
        TEST(link_signs_in_once_and_for_a_quarter_of_an_hour),
        TEST(session_ends_when_idle_or_old),
        TEST(what_has_run_out_is_swept_away_and_nothing_else),
        TEST(session_of_another_cannot_be_ended),
        TEST(trail_notices_a_changed_line),
        TEST(trail_notices_a_line_cut_out),
        TEST(words_may_be_taken_out_of_the_trail_and_the_chain_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
