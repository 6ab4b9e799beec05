/* Keys and rights. */
#include "access_fixture.h"

static struct str make(struct fixture *fixture, enum access_kind kind, int64_t *out_id)
{
    struct fail fail;
    struct str token;
    struct access_identity operator= access_operator();
    struct access_key_options options = {.kind = kind, .name = STR("shop")};
    assert_true(access_key_create(fixture->access, &operator, & options, fixture->arena, &token,
                                  out_id, &fail));
    return token;
}

static bool known(struct fixture *fixture, struct str token)
{
    struct access_identity who;
    return access_key_find(fixture->access, token, fixture->arena, &who);
}

static void key_opens_what_its_kind_may(void **context)
{
    struct fixture *fixture = *context;
    struct access_identity who;
    int64_t id;
    struct str write = make(fixture, ACCESS_KEY_WRITE, &id);
    struct str client = make(fixture, ACCESS_KEY_CLIENT, &id);
    struct str secret = make(fixture, ACCESS_KEY_SECRET, &id);
    assert_true(str_starts_c(write, "pk_") && write.len == 35);
    assert_true(str_starts_c(client, "ck_"));
    assert_true(str_starts_c(secret, "sk_") && secret.len == 51);
    assert_true(access_key_find(fixture->access, write, fixture->arena, &who));
    assert_int_equal(who.rights, 1U << ACCESS_RIGHT_INTAKE);
    assert_true(str_is(who.source, "shop"));
    assert_true(access_key_find(fixture->access, client, fixture->arena, &who));
    assert_false(access_may(&who, ACCESS_RIGHT_ASK));
    assert_true(access_may(&who, ACCESS_RIGHT_DECIDE));
    assert_true(access_key_find(fixture->access, secret, fixture->arena, &who));
    assert_true(access_may(&who, ACCESS_RIGHT_ASK));
    assert_false(access_may(&who, ACCESS_RIGHT_KEYS));
    assert_false(access_may(&who, ACCESS_RIGHT_PEOPLE));
}

static void key_public_kinds_read_nothing(void **context)
{
    (void)context;
    static const enum access_right reading[] = {ACCESS_RIGHT_ASK,          ACCESS_RIGHT_PIPELINE,
                                                ACCESS_RIGHT_KEYS,         ACCESS_RIGHT_PEOPLE,
                                                ACCESS_RIGHT_OWN_SESSIONS, ACCESS_RIGHT_MEND};
    for (size_t i = 0; i < ARRAY_LEN(reading); i++) {
        assert_int_equal(access_rights_of_key(ACCESS_KEY_WRITE) >> reading[i] & 1U, 0);
        assert_int_equal(access_rights_of_key(ACCESS_KEY_CLIENT) >> reading[i] & 1U, 0);
    }
}

static void key_secret_is_stored_nowhere(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct access_key *keys;
    size_t count;
    int64_t id;
    struct str secret = make(fixture, ACCESS_KEY_SECRET, &id);
    assert_true(access_keys_list(fixture->access, fixture->arena, &keys, &count, &fail));
    assert_int_equal(count, 1);
    assert_null(keys[0].shown.data);
    assert_true(str_starts(secret, keys[0].prefix));
    assert_int_equal(keys[0].prefix.len, 7);
    bool emptied = false;
    assert_true(state_scrub(fixture->state, &emptied, &fail));
    assert_true(emptied);
    char path[128];
    snprintf(path, sizeof path, "%s/state.db", fixture->directory);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    static char bytes[1 << 20];
    size_t len = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    assert_true(len > 0);
    struct str whole = str_of(bytes, len);
    assert_int_equal(str_find(whole, str_after(secret, 7)), len);
}

static void key_revoked_is_unknown_at_once_and_after_a_start(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct access_identity operator= access_operator();
    int64_t first, second;
    struct str gone = make(fixture, ACCESS_KEY_WRITE, &first);
    struct str stays = make(fixture, ACCESS_KEY_WRITE, &second);
    assert_true(access_key_revoke(fixture->access, &operator, first, &fail));
    assert_true(access_key_revoke(fixture->access, &operator, first, &fail));
    assert_false(known(fixture, gone));
    assert_true(known(fixture, stays));
    close_access(fixture);
    open_access(fixture);
    assert_false(known(fixture, gone));
    assert_true(known(fixture, stays));
    assert_false(access_key_revoke(fixture->access, &operator, 999, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
}

static void key_expires(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct access_identity operator= access_operator();
    struct str token;
    int64_t id;
    struct access_key_options options = {
        .kind = ACCESS_KEY_SECRET, .name = STR("x"), .expires_ms = START_MS + 1000};
    assert_true(access_key_create(fixture->access, &operator, & options, fixture->arena, &token,
                                  &id, &fail));
    assert_true(known(fixture, token));
    base_clock_test_step(&fixture->clock, 1000);
    assert_false(known(fixture, token));
    assert_false(access_key_create(fixture->access, &operator, & options, fixture->arena, &token,
                                   &id, &fail));
    assert_string_equal(fail.pointer, "/expires");
}

static void key_scopes_narrow_its_rights(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct access_identity operator= access_operator();
    struct access_identity who;
    struct str scopes[] = {STR("ask")};
    struct str token;
    int64_t id;
    struct access_key_options options = {
        .kind = ACCESS_KEY_SECRET, .name = STR("x"), .scopes = scopes, .scope_count = 1};
    assert_true(access_key_create(fixture->access, &operator, & options, fixture->arena, &token,
                                  &id, &fail));
    assert_true(access_key_find(fixture->access, token, fixture->arena, &who));
    assert_int_equal(who.rights, 1U << ACCESS_RIGHT_ASK);
    scopes[0] = STR("keys");
    assert_false(access_key_create(fixture->access, &operator, & options, fixture->arena, &token,
                                   &id, &fail));
    assert_string_equal(fail.pointer, "/scopes/0");
}

static void key_is_for_its_origins(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail = {0};
    struct access_identity operator= access_operator();
    struct access_identity who;
    struct str origins[] = {STR("https://shop.example"), STR("http://localhost:3000")};
    struct str token;
    int64_t id;
    struct access_key_options options = {
        .kind = ACCESS_KEY_WRITE, .name = STR("x"), .origins = origins, .origin_count = 2};
    assert_true(access_key_create(fixture->access, &operator, & options, fixture->arena, &token,
                                  &id, &fail));
    assert_true(access_key_find(fixture->access, token, fixture->arena, &who));
    assert_true(access_origin_ok(&who, STR("https://shop.example")));
    assert_true(access_origin_ok(&who, (struct str){0}));
    assert_false(access_origin_ok(&who, STR("https://shop.example.evil.example")));
    assert_false(access_origin_ok(&who, STR("https://shop.exampl")));
    assert_false(access_origin_ok(&who, STR("null")));
    assert_false(access_origin_ok(&who, STR("")));
    static const char *const bad[] = {"shop.example",     "https://", "https://a/b",
                                      "https://*.a",      "ftp://a",  "https://u@a",
                                      "https://A.example"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        origins[1] = str_from_c(bad[i]);
        assert_false(access_key_create(fixture->access, &operator, & options, fixture->arena,
                                       &token, &id, &fail));
        assert_string_equal(fail.pointer, "/origins/1");
    }
}

static void key_unknown_tokens_are_nobody(void **context)
{
    struct fixture *fixture = *context;
    int64_t id;
    struct str token = make(fixture, ACCESS_KEY_WRITE, &id);
    static char long_text[4096];
    memset(long_text, 'a', sizeof long_text);
    assert_false(known(fixture, STR("")));
    assert_false(known(fixture, (struct str){0}));
    assert_false(known(fixture, str_of(token.data, token.len - 1)));
    assert_false(known(fixture, str_of(long_text, sizeof long_text)));
}

static void key_last_use_is_written_each_minute(void **context)
{
    struct fixture *fixture = *context;
    struct fail fail;
    struct access_key *keys;
    size_t count;
    int64_t id;
    struct str token = make(fixture, ACCESS_KEY_WRITE, &id);
    assert_true(access_keys_list(fixture->access, fixture->arena, &keys, &count, &fail));
    assert_int_equal(keys[0].last_used_ms, 0);
    base_clock_test_step(&fixture->clock, 70000);
    assert_true(known(fixture, token));
    assert_true(access_keys_list(fixture->access, fixture->arena, &keys, &count, &fail));
    assert_int_equal(keys[0].last_used_ms, START_MS + 70000);
    /* Other keys being made does not lose what was not written yet. */
    make(fixture, ACCESS_KEY_WRITE, &id);
    close_access(fixture);
    open_access(fixture);
    assert_true(access_keys_list(fixture->access, fixture->arena, &keys, &count, &fail));
    assert_int_equal(keys[0].last_used_ms, START_MS + 70000);
}

static void key_many_are_all_found(void **context)
{
    struct fixture *fixture = *context;
    struct str tokens[100];
    int64_t id;
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        tokens[i] = make(fixture, ACCESS_KEY_WRITE, &id);
    }
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        struct access_identity who;
        assert_true(access_key_find(fixture->access, tokens[i], fixture->arena, &who));
        assert_int_equal(who.key_id, (int64_t)i + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(key_opens_what_its_kind_may),
        TEST(key_public_kinds_read_nothing),
        TEST(key_secret_is_stored_nowhere),
        TEST(key_revoked_is_unknown_at_once_and_after_a_start),
        TEST(key_expires),
        TEST(key_scopes_narrow_its_rights),
        TEST(key_is_for_its_origins),
        TEST(key_unknown_tokens_are_nobody),
        TEST(key_last_use_is_written_each_minute),
        TEST(key_many_are_all_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
