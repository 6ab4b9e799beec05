/* Signing in and out. What a person types is judged by access; here it becomes cookies. */
#include "http_internal.h"

#include "base_zone.h"

#define AGENT_BYTES_MAX 200

static struct access_from from_of(struct http_call *call)
{
    struct str agent = net_header(call->request, "User-Agent");
    agent.len = agent.len > AGENT_BYTES_MAX ? AGENT_BYTES_MAX : agent.len;
    return (struct access_from){.address = call->address, .agent = agent};
}

/* Text members of the body by name; missing where not given. The parser must stay until they were used. */
struct field {
    const char *name;
    bool required;
    struct str value;
};

static bool fields_read(struct http_call *call, struct json_parser *parser, struct field *fields,
                        size_t count)
{
    struct json_value root, value;
    struct fail fail;
    if (!json_parse(parser, call->request->body, &root, &fail)) {
        http_problem(call, 400, "not_json", fail.message, NULL);
        return false;
    }
    struct str name;
    if (json_type_of(root) != JSON_OBJECT) {
        http_problem(call, 422, "input", "expected an object", "");
        return false;
    }
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        size_t i = 0;
        while (i < count && !str_is(name, fields[i].name)) {
            i++;
        }
        if (i == count || json_type_of(value) != JSON_STRING) {
            http_problem(call, 422, "input",
                         i == count ? "this member is not one of these: see openapi.json"
                                    : "expected a string",
                         str_format(call->arena, "/%.*s", STR_ARG(name)).data);
            return false;
        }
        fields[i].value = json_string(value);
    }
    for (size_t i = 0; i < count; i++) {
        if (fields[i].required && fields[i].value.data == NULL) {
            http_problem(call, 422, "input",
                         str_format(call->arena, "\"%s\" is missing", fields[i].name).data, "");
            return false;
        }
    }
    return true;
}

static bool organisation_write(struct http_call *call, struct json_writer *w, struct fail *fail)
{
    struct app_caller caller = app_operator();
    struct base_buf settings CLEANUP(base_buf_done) = {0};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, value;
    if (!app_call(call->http->app, &caller, STR("settings"), STR(""), &settings, fail) ||
        !json_parse(parser, base_buf_view(&settings), &root, fail)) {
        return false;
    }
    json_name_c(w, "organisation");
    json_begin_object(w);
    json_name_c(w, "name");
    if (json_member(root, STR("organisation"), &value)) {
        json_write_value(w, value);
    } else {
        json_write_null(w);
    }
    json_name_c(w, "timezone");
    if (json_member(root, STR("timezone"), &value)) {
        json_write_value(w, value);
    } else {
        json_write_null(w);
    }
    json_end_object(w);
    return true;
}

static void session_send(struct http_call *call)
{
    struct base_buf body = {.limit = (size_t)64 << 10};
    struct json_writer w = {.out = &body};
    struct fail fail;
    json_begin_object(&w);
    json_name_c(&w, "user");
    json_begin_object(&w);
    json_name_c(&w, "id");
    json_write_int(&w, call->who.user_id);
    json_name_c(&w, "name");
    json_write_str(&w, call->who.name);
    json_name_c(&w, "email");
    json_write_str(&w, call->who.email);
    json_name_c(&w, "role");
    json_write_c(&w, access_role_name(call->who.role));
    json_end_object(&w);
    if (!organisation_write(call, &w, &fail)) {
        base_buf_done(&body);
        http_problem_fail(call, &fail);
        return;
    }
    json_name_c(&w, "version");
    json_write_c(&w, APP_VERSION);
    json_end_object(&w);
    http_send_json(call, 200, &body);
}

static void write_maybe(struct json_writer *w, const char *name, struct str value)
{
    json_name_c(w, name);
    if (value.data == NULL) {
        json_write_null(w);
    } else {
        json_write_str(w, value);
    }
}

/* Before there is an administrator, whoever opens the link is shown what was set from the command line
 * (or by the demo); null where nothing was. */
static bool organisation_as_set(struct http_call *call, struct base_buf *out, struct fail *fail)
{
    struct app_organisation set;
    struct json_writer w = {.out = out};
    if (!app_organisation_as_set(call->http->app, call->arena, &set, fail)) {
        return false;
    }
    json_begin_object(&w);
    write_maybe(&w, "name", set.name);
    write_maybe(&w, "timezone", set.timezone);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

void http_session_show(struct http_call *call)
{
    if (call->who.kind == ACCESS_PERSON) {
        session_send(call);
        return;
    }
    bool admin = true;
    struct fail fail;
    if (!access_has_admin(app_access(call->http->app), &admin, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    struct base_buf organisation CLEANUP(base_buf_done) = {.limit = (size_t)16 << 10};
    if (!admin && !organisation_as_set(call, &organisation, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    struct str text = base_buf_view(&organisation);
    http_problem_signed_out(call, !admin, admin ? NULL : &text);
}

/* Signing in ends the session that the browser had: a token from before is of no use after. */
static void signed_in(struct http_call *call, const struct access_identity *who, struct str token)
{
    struct fail fail;
    if (call->who.kind == ACCESS_PERSON &&
        !access_session_end(app_access(call->http->app), &call->who, call->who.session_id, &fail) &&
        fail.code != FAIL_ABSENT) {
        base_log(LOG_WARN, "http.session", "an old session could not be ended",
                 LOG_C("why", fail.message), LOG_END);
    }
    call->who = *who;
    http_set_cookie(call, token);
    session_send(call);
}

static void not_signed_in(struct http_call *call, const struct fail *fail, int64_t retry_s)
{
    if (fail->code == FAIL_DENIED) {
        http_problem(call, 401, "denied", fail->message, NULL);
    } else if (fail->code == FAIL_LIMIT && retry_s > 0) {
        http_problem_later(call, 429, fail->message, retry_s);
    } else {
        http_problem_fail(call, fail);
    }
}

static bool settings_save(struct http_call *call, const struct access_identity *who,
                          struct str organisation, struct str zone_name, struct fail *fail)
{
    struct base_buf input CLEANUP(base_buf_done) = {.limit = (size_t)64 << 10};
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &input};
    struct app_caller caller = {.identity = *who};
    if (organisation.len == 0 && zone_name.len == 0) {
        return true; /* what was set before stays */
    }
    json_begin_object(&w);
    if (organisation.len > 0) {
        json_name_c(&w, "organisation");
        json_write_str(&w, organisation);
    }
    if (zone_name.len > 0) {
        json_name_c(&w, "timezone");
        json_write_str(&w, zone_name);
    }
    json_end_object(&w);
    return base_buf_ok(&input, fail) && app_call(call->http->app, &caller, STR("settings.save"),
                                                 base_buf_view(&input), &answer, fail);
}

void http_setup(struct http_call *call)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct field fields[] = {{"token", true, {0}},         {"name", true, {0}},
                             {"email", true, {0}},         {"password", true, {0}},
                             {"organisation", false, {0}}, {"timezone", false, {0}}};
    if (!fields_read(call, parser, fields, ARRAY_LEN(fields))) {
        return;
    }
    struct fail fail;
    const struct zone *zone;
    struct str zone_name = fields[5].value;
    /* Judged before the token is used up; the settings themselves follow once there is somebody to
       change them. */
    if (zone_name.len > 0 && !zone_find(zone_name, &zone, &fail)) {
        http_problem(call, 422, "input", fail.message, "/timezone");
        return;
    }
    struct str organisation = str_trim(fields[4].value);
    struct app_organisation before;
    if (!app_organisation_as_set(call->http->app, call->arena, &before, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    if (organisation.len > 200 || (organisation.len == 0 && before.name.data == NULL)) {
        http_problem(call, 422, "input", "an organisation's name has 1 to 200 bytes",
                     "/organisation");
        return;
    }
    struct access_setup setup = {.token = fields[0].value,
                                 .name = fields[1].value,
                                 .email = fields[2].value,
                                 .password = fields[3].value};
    struct access_from from = from_of(call);
    struct access_identity who;
    struct str token;
    int64_t retry_s = 0;
    if (!access_setup(app_access(call->http->app), &setup, &from, call->arena, &token, &who,
                      &retry_s, &fail)) {
        not_signed_in(call, &fail, retry_s);
        return;
    }
    who.name = str_copy(call->arena, who.name);
    who.email = str_copy(call->arena, who.email);
    if (!settings_save(call, &who, organisation, zone_name, &fail)) {
        base_log(LOG_WARN, "http.setup", "the organisation's name was not saved",
                 LOG_C("why", fail.message), LOG_END);
    }
    signed_in(call, &who, token);
}

void http_sign_in(struct http_call *call)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct field fields[] = {{"email", true, {0}}, {"password", true, {0}}};
    if (!fields_read(call, parser, fields, ARRAY_LEN(fields))) {
        return;
    }
    struct access_from from = from_of(call);
    struct access_identity who;
    struct str token;
    int64_t retry_s = 0;
    struct fail fail;
    if (!access_sign_in(app_access(call->http->app), fields[0].value, fields[1].value, &from,
                        call->arena, &token, &who, &retry_s, &fail)) {
        not_signed_in(call, &fail, retry_s);
        return;
    }
    signed_in(call, &who, token);
}

void http_sign_in_link(struct http_call *call)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct field fields[] = {{"token", true, {0}}};
    if (!fields_read(call, parser, fields, ARRAY_LEN(fields))) {
        return;
    }
    struct access_from from = from_of(call);
    struct access_identity who;
    struct str token;
    int64_t retry_s = 0;
    struct fail fail;
    if (!access_sign_in_link(app_access(call->http->app), fields[0].value, &from, call->arena,
                             &token, &who, &retry_s, &fail)) {
        not_signed_in(call, &fail, retry_s);
        return;
    }
    signed_in(call, &who, token);
}

void http_sign_out(struct http_call *call)
{
    struct fail fail;
    if (!access_session_end(app_access(call->http->app), &call->who, call->who.session_id, &fail) &&
        fail.code != FAIL_ABSENT) {
        http_problem_fail(call, &fail);
        return;
    }
    http_set_cookie(call, (struct str){0});
    http_send_empty(call, 204);
}

void http_sessions(struct http_call *call)
{
    struct access_session *sessions;
    size_t count;
    struct fail fail;
    if (!access_sessions_list(app_access(call->http->app), &call->who, call->arena, &sessions,
                              &count, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    struct base_buf body = {.limit = (size_t)1 << 20};
    struct json_writer w = {.out = &body};
    json_begin_object(&w);
    json_name_c(&w, "sessions");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(&w);
        json_name_c(&w, "id");
        json_write_int(&w, sessions[i].id);
        json_name_c(&w, "created");
        json_write_instant(&w, sessions[i].created_ms);
        json_name_c(&w, "last_seen");
        json_write_instant(&w, sessions[i].last_seen_ms);
        json_name_c(&w, "current");
        json_write_bool(&w, sessions[i].current);
        json_name_c(&w, "agent");
        json_write_str(&w, sessions[i].agent);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    http_send_json(call, 200, &body);
}

void http_session_end(struct http_call *call)
{
    int64_t id;
    struct fail fail;
    if (!str_parse_i64(call->path_values[0], &id)) {
        http_problem(call, 404, "absent", "there is no such session", NULL);
        return;
    }
    if (!access_session_end(app_access(call->http->app), &call->who, id, &fail)) {
        http_problem_fail(call, &fail);
        return;
    }
    http_send_empty(call, 204);
}
