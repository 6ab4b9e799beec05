/* Keys and people: lists, and what an administrator changes. */
#include "app_internal.h"

#define ORIGINS_MAX ACCESS_ORIGINS_MAX

static void write_text_lines(struct json_writer *w, const char *name, struct str lines)
{
    json_name_c(w, name);
    json_begin_array(w);
    struct str line;
    while (lines.data != NULL && str_next_part(&lines, '\n', &line)) {
        if (line.len > 0) {
            json_write_str(w, line);
        }
    }
    json_end_array(w);
}

static void write_moment(struct json_writer *w, const char *name, int64_t ts_ms)
{
    app_write_instant(w, name, ts_ms == 0 ? STORE_NO_TIME : ts_ms);
}

static void write_key(struct json_writer *w, const struct access_key *key)
{
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_int(w, key->id);
    json_name_c(w, "kind");
    json_write_c(w, access_key_kind_name(key->kind));
    app_write_text(w, "name", key->name);
    app_write_text(w, "source", key->source);
    app_write_text(w, "prefix", key->prefix);
    app_write_text(w, "key", key->shown);
    write_moment(w, "created", key->created_ms);
    write_moment(w, "last_used", key->last_used_ms);
    write_moment(w, "revoked", key->revoked_ms);
    write_moment(w, "expires", key->expires_ms);
    write_text_lines(w, "origins", key->origins);
    write_text_lines(w, "scopes", key->scopes);
    json_end_object(w);
}

bool app_op_keys(struct app *app, const struct app_caller *caller, struct json_value input,
                 struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct access_key *keys;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !access_keys_list(app->access, arena, &keys, &count, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "keys");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_key(&w, &keys[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* A list of strings; absent: none. */
static bool input_strings(struct json_value input, const char *name, struct arena *arena,
                          const struct str **out, size_t *out_count, struct fail *fail)
{
    struct json_value list, item;
    *out = NULL;
    *out_count = 0;
    if (!json_member(input, str_from_c(name), &list) || json_type_of(list) == JSON_NULL) {
        return true;
    }
    struct str pointer = str_format(arena, "/%s", name);
    if (json_type_of(list) != JSON_ARRAY || json_count(list) > ORIGINS_MAX) {
        return fail_input_at(fail, pointer.data, "\"%s\" must be a list of at most %d strings",
                             name, ORIGINS_MAX);
    }
    struct str *strings = arena_array(arena, json_count(list), sizeof *strings, fail);
    if (strings == NULL) {
        return false;
    }
    size_t count = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        if (json_type_of(item) != JSON_STRING) {
            return fail_input_at(fail, pointer.data, "\"%s\" must be a list of strings", name);
        }
        strings[count++] = json_string(item);
    }
    *out = strings;
    *out_count = count;
    return true;
}

static bool input_instant(struct json_value input, const char *name, int64_t *out,
                          struct fail *fail)
{
    struct str text;
    *out = 0;
    if (!app_input_str(input, name, false, &text, fail)) {
        return false;
    }
    return text.data == NULL || time_parse_rfc3339(text, out) ||
           fail_input_at(fail, "/expires", "\"%s\" must be an RFC 3339 instant", name);
}

bool app_op_key_create(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"kind",   "name",    "source", "origins",
                                          "scopes", "expires", NULL};
    struct str kind;
    struct access_key_options options = {0};
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "kind", true, &kind, fail) ||
        !app_input_str(input, "name", true, &options.name, fail) ||
        !app_input_str(input, "source", false, &options.source, fail) ||
        !input_strings(input, "origins", arena, &options.origins, &options.origin_count, fail) ||
        !input_strings(input, "scopes", arena, &options.scopes, &options.scope_count, fail) ||
        !input_instant(input, "expires", &options.expires_ms, fail)) {
        return false;
    }
    if (!access_key_kind_parse(kind, &options.kind)) {
        return fail_input_at(fail, "/kind", "\"kind\" must be write, client or secret");
    }
    struct str token;
    int64_t id;
    if (!access_key_create(app->access, &caller->identity, &options, arena, &token, &id, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "id");
    json_write_int(&w, id);
    json_name_c(&w, "key");
    json_write_str(&w, token);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_key_revoke(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)arena;
    static const char *const members[] = {"id", NULL};
    int64_t id;
    if (!app_input_members(input, members, fail) ||
        !app_input_int(input, "id", 1, INT64_MAX, 0, &id, fail) ||
        !access_key_revoke(app->access, &caller->identity, id, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}

/* ---- people ---------------------------------------------------------------------------------------- */

bool app_op_users(struct app *app, const struct app_caller *caller, struct json_value input,
                  struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct access_user *users;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !access_users_list(app->access, arena, &users, &count, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "users");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&w);
        json_name_c(&w, "id");
        json_write_int(&w, users[i].id);
        app_write_text(&w, "name", users[i].name);
        app_write_text(&w, "email", users[i].email);
        json_name_c(&w, "role");
        json_write_c(&w, access_role_name(users[i].role));
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_user_add(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)arena;
    static const char *const members[] = {"name", "email", "password", "role", NULL};
    struct str name, email, password, role_text;
    enum access_role role = ACCESS_ROLE_MEMBER;
    int64_t id;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "name", true, &name, fail) ||
        !app_input_str(input, "email", true, &email, fail) ||
        !app_input_str(input, "password", false, &password, fail) ||
        !app_input_str(input, "role", false, &role_text, fail)) {
        return false;
    }
    if (role_text.data != NULL && !access_role_parse(role_text, &role)) {
        return fail_input_at(fail, "/role", "\"role\" must be viewer, member or admin");
    }
    if (!access_user_add(app->access, &caller->identity, name, email, password, role, &id, fail)) {
        return false;
    }
    base_buf_printf(out, "{\"id\":%lld}", (long long)id);
    return base_buf_ok(out, fail);
}

static bool write_token(struct str token, struct base_buf *out, struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "token");
    json_write_str(&w, token);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* A one-time sign-in token of a person: by e-mail, or of the first administrator. */
bool app_op_user_link(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"email", NULL};
    struct str email, token;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "email", false, &email, fail)) {
        return false;
    }
    if (email.data == NULL) {
        struct access_user *users;
        size_t count, i = 0;
        if (!access_users_list(app->access, arena, &users, &count, fail)) {
            return false;
        }
        while (i < count && users[i].role != ACCESS_ROLE_ADMIN) {
            i++;
        }
        if (i == count) {
            return fail_set(fail, FAIL_ABSENT, "there is no administrator yet");
        }
        email = users[i].email;
    }
    return access_link_create(app->access, &caller->identity, email, arena, &token, fail) &&
           write_token(token, out, fail);
}

bool app_op_setup_link(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct str token;
    return app_input_members(input, members, fail) &&
           access_setup_token(app->access, arena, &token, fail) && write_token(token, out, fail);
}
