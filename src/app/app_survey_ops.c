/* Surveys: what came of them, whom they reach, links, suspects. */
#include "app_internal.h"
#include "ask_links.h"
#include "ask_results.h"

#define PAGE_OTHERWISE 50
#define PAGE_MOST 500

static bool finish(struct base_buf *out, size_t before, bool good, struct fail *fail)
{
    if (!good || !base_buf_ok(out, fail)) {
        out->len = before;
        return false;
    }
    return true;
}

/* ---- results ------------------------------------------------------------------------------------------- */

static bool filter_of(struct json_value input, struct ask_filter *out, struct fail *fail)
{
    *out = (struct ask_filter){.version = 0};
    return app_input_str(input, "id", true, &out->survey, fail) &&
           app_input_str(input, "way", false, &out->way, fail) &&
           app_input_str(input, "language", false, &out->language, fail) &&
           app_input_int(input, "version", 1, INT64_MAX, 0, &out->version, fail) &&
           app_input_int(input, "wave", 1, INT64_MAX, 0, &out->wave, fail);
}

bool app_op_survey_results(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"id", "way", "language", "version", "wave", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct ask_filter filter;
    if (!app_input_members(input, members, fail) || !filter_of(input, &filter, fail)) {
        return false;
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    if (!app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    bool good = ask_results(app->ask, &filter, &cancel, arena, &w, fail);
    app_gate_leave(app);
    return finish(out, before, good, fail);
}

bool app_op_survey_responses(struct app *app, const struct app_caller *caller,
                             struct json_value input, struct arena *arena, struct base_buf *out,
                             struct fail *fail)
{
    static const char *const members[] = {"id",   "way",    "language", "version",
                                          "wave", "cursor", "limit",    NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct ask_filter filter;
    struct str cursor;
    int64_t limit;
    if (!app_input_members(input, members, fail) || !filter_of(input, &filter, fail) ||
        !app_input_str(input, "cursor", false, &cursor, fail) ||
        !app_input_int(input, "limit", 1, ASK_RESPONSES_PAGE_MAX, PAGE_OTHERWISE, &limit, fail)) {
        return false;
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    if (!app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    bool good = ask_responses(app->ask, &filter, cursor, (size_t)limit, &cancel, arena, &w, fail);
    app_gate_leave(app);
    return finish(out, before, good, fail);
}

bool app_op_survey_audience(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct str id;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail)) {
        return false;
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    if (!app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    bool good = ask_audience(app->ask, id, &cancel, arena, &w, fail);
    app_gate_leave(app);
    return finish(out, before, good, fail);
}

/* ---- suspects ---------------------------------------------------------------------------------------------- */

bool app_op_survey_suspects(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "cursor", "limit", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct str id, cursor;
    int64_t limit;
    return app_input_members(input, members, fail) && app_input_str(input, "id", true, &id, fail) &&
           app_input_str(input, "cursor", false, &cursor, fail) &&
           app_input_int(input, "limit", 1, PAGE_MOST, PAGE_OTHERWISE, &limit, fail) &&
           finish(out, before, ask_suspects(app->ask, id, cursor, (size_t)limit, arena, &w, fail),
                  fail);
}

static bool judge(struct app *app, const struct app_caller *caller, struct json_value input,
                  bool release, struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", "response", NULL};
    struct str id, response;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_str(input, "response", true, &response, fail) ||
        !(release ? ask_suspect_release(app->ask, id, response, arena, fail)
                  : ask_suspect_discard(app->ask, id, response, arena, fail)) ||
        !access_audit(app->access, &caller->identity, release ? "survey.release" : "survey.discard",
                      response, (struct str){NULL, 0}, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}

bool app_op_survey_release(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    return judge(app, caller, input, true, arena, out, fail);
}

bool app_op_survey_discard(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    return judge(app, caller, input, false, arena, out, fail);
}

/* ---- links ---------------------------------------------------------------------------------------------------- */

bool app_op_survey_links(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "cursor", "limit", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct str id;
    int64_t cursor, limit;
    return app_input_members(input, members, fail) && app_input_str(input, "id", true, &id, fail) &&
           app_input_int(input, "cursor", 1, INT64_MAX, 0, &cursor, fail) &&
           app_input_int(input, "limit", 1, PAGE_MOST, PAGE_OTHERWISE, &limit, fail) &&
           finish(out, before, ask_links_list(app->ask, id, cursor, (size_t)limit, arena, &w, fail),
                  fail);
}

static bool customers_of(struct json_value input, struct arena *arena,
                         struct ask_links_wanted *wanted, struct fail *fail)
{
    struct json_value list, value;
    if (!json_member(input, STR("customers"), &list)) {
        return true;
    }
    if (json_type_of(list) != JSON_ARRAY || json_count(list) > ASK_LINKS_MAX) {
        return fail_input_at(fail, "/customers", "expected a list of at most %d customers",
                             ASK_LINKS_MAX);
    }
    struct str *customers = arena_array(arena, json_count(list), sizeof *customers, fail);
    if (customers == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        if (json_type_of(value) != JSON_STRING) {
            return fail_input_at(fail, "/customers", "expected a list of strings");
        }
        customers[wanted->customer_count++] = json_string(value);
    }
    wanted->customers = customers;
    return true;
}

/* "segment": an object, the name of a saved one, or "audience": whom the survey itself is for. */
static bool segment_of(struct app *app, struct json_value input, struct arena *arena,
                       struct ask_links_wanted *wanted, struct fail *fail)
{
    struct json_value value;
    struct query_env env;
    if (!json_member(input, STR("segment"), &value)) {
        return true;
    }
    wanted->by_segment = true;
    if (json_type_of(value) == JSON_STRING && str_is(json_string(value), "audience")) {
        return true;
    }
    CLEANUP(base_buf_done) struct base_buf text = {.limit = QUERY_BYTES_MAX};
    struct json_writer w = {.out = &text};
    json_write_value(&w, value);
    if (!base_buf_ok(&text, fail) || !app_query_env(app, &env, fail)) {
        return false;
    }
    wanted->segment = str_copy(arena, base_buf_view(&text));
    return query_check_segment(&env, wanted->segment, (struct str){NULL, 0}, fail) ||
           fail_at(fail, "\"segment\"");
}

static bool moment_of(struct app *app, struct json_value input, int64_t *out, struct fail *fail)
{
    struct str text;
    if (!app_input_str(input, "expires", false, &text, fail) || text.data == NULL) {
        return text.data == NULL;
    }
    if (!time_parse_rfc3339(text, out)) {
        return fail_input_at(fail, "/expires", "\"expires\" must be an RFC 3339 instant");
    }
    return *out > base_now_ms(app->clock) ||
           fail_input_at(fail, "/expires", "\"expires\" is in the past");
}

static bool way_of(struct json_value input, enum ask_way *out, struct fail *fail)
{
    struct str way;
    *out = ASK_WAY_LINK;
    if (!app_input_str(input, "way", false, &way, fail)) {
        return false;
    }
    if (way.data != NULL && str_is(way, "email")) {
        *out = ASK_WAY_EMAIL;
    } else if (way.data != NULL && !str_is(way, "link")) {
        return fail_input_at(fail, "/way", "\"way\" must be link or email");
    }
    return true;
}

bool app_op_survey_link(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id",      "customers", "segment", "anonymous", "once",
                                          "expires", "way",       "dry_run", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct ask_links_wanted wanted = {.way = ASK_WAY_LINK};
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "id", true, &wanted.survey, fail) ||
        !app_input_int(input, "anonymous", 1, ASK_LINKS_MAX, 0, &wanted.anonymous, fail) ||
        !app_input_bool(input, "once", false, &wanted.once, fail) ||
        !app_input_bool(input, "dry_run", false, &wanted.look, fail) ||
        !moment_of(app, input, &wanted.expires_ms, fail) || !way_of(input, &wanted.way, fail) ||
        !customers_of(input, arena, &wanted, fail) ||
        !segment_of(app, input, arena, &wanted, fail)) {
        return false;
    }
    if (wanted.customer_count == 0 && !wanted.by_segment && wanted.anonymous == 0) {
        return fail_input_at(fail, "", "expected \"customers\", \"segment\" or \"anonymous\"");
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    if (!app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    bool good = ask_links_make(app->ask, &wanted, &cancel, arena, &w, fail);
    app_gate_leave(app);
    return finish(out, before, good, fail) &&
           (wanted.look || access_audit(app->access, &caller->identity, "survey.link",
                                        wanted.survey, (struct str){NULL, 0}, fail));
}

bool app_op_survey_link_revoke(struct app *app, const struct app_caller *caller,
                               struct json_value input, struct arena *arena, struct base_buf *out,
                               struct fail *fail)
{
    (void)arena;
    static const char *const members[] = {"id", "link", NULL};
    struct str id;
    int64_t link;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_int(input, "link", 1, INT64_MAX, 0, &link, fail) ||
        !state_survey_link_revoke(app->state, id, link, fail) ||
        !access_audit(app->access, &caller->identity, "survey.link.revoke", id,
                      (struct str){NULL, 0}, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}

bool app_op_survey_snippet(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "question", "link", "language", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct str id, question, link, language;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_str(input, "question", false, &question, fail) ||
        !app_input_str(input, "link", false, &link, fail) ||
        !app_input_str(input, "language", false, &language, fail)) {
        return false;
    }
    link = link.data == NULL ? STR("{{link}}") : link;
    return finish(out, before, ask_snippet(app->ask, id, question, link, language, arena, &w, fail),
                  fail);
}

bool app_op_survey_qr(struct app *app, const struct app_caller *caller, struct json_value input,
                      struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "address", NULL};
    struct state_survey row;
    struct str id, address;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_str(input, "address", true, &address, fail) ||
        !ask_library_find(app->state, id, arena, &row, fail)) {
        return false;
    }
    if (!str_starts_c(address, "http://") && !str_starts_c(address, "https://")) {
        return fail_input_at(fail, "/address", "expected an address such as https://ask.example");
    }
    while (address.len > 0 && address.data[address.len - 1] == '/') {
        address.len--;
    }
    struct str text = str_format(arena, "%.*s/s/%.*s", STR_ARG(address), STR_ARG(id));
    CLEANUP(base_buf_done) struct base_buf svg = {.limit = (size_t)1 << 20};
    if (!ask_qr_svg(text, &svg, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "text");
    json_write_str(&w, text);
    json_name_c(&w, "svg");
    json_write_str(&w, base_buf_view(&svg));
    json_end_object(&w);
    return base_buf_ok(out, fail);
}
