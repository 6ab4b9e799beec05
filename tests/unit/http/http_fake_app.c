#include "http_fake_app.h"

#include "app_copy.h"
#include "app_export.h"
#include "app_hooks.h"
#include "app_jobs.h"
#include "app_survey_page.h"
#include "app_preferences.h"
#include "app_sql.h"
#include "http_assets.h"

static const unsigned char page[] = "<!doctype html><title>firsthand</title>";
static const unsigned char script[] = "console.log('x')";
static const unsigned char packed[] = "\x1f\x8b not really";

const struct http_asset http_assets[] = {
    {"/", "text/html;charset=utf-8", "d0", page, page + sizeof page - 1, NULL, NULL},
    {"/assets/app-1A2B.js", "text/javascript;charset=utf-8", "d1", script,
     script + sizeof script - 1, packed, packed + sizeof packed - 1},
    {"/sdk/firsthand.js", "text/javascript;charset=utf-8", "d2", script, script + sizeof script - 1,
     packed, packed + sizeof packed - 1},
    {"/sdk/firsthand-1A2B.js", "text/javascript;charset=utf-8", "d2", script,
     script + sizeof script - 1, packed, packed + sizeof packed - 1},
};
const size_t http_asset_count = ARRAY_LEN(http_assets);

struct access *app_access(struct app *app)
{
    return app->access;
}

struct store *app_store(struct app *app)
{
    return (struct store *)app;
}

const struct base_clock *app_clock(struct app *app)
{
    return &app->clock.clock;
}

const struct app_config *app_config_of(struct app *app)
{
    return &app->config;
}

const char *app_not_ready(struct app *app)
{
    return app->not_ready;
}

struct app_room_now app_room_of(struct app *app)
{
    (void)app;
    return (struct app_room_now){.state = APP_ROOM_LOW, .free_bytes = 900, .low_bytes = 1000};
}

bool app_jobs_read(struct app *app, struct arena *arena, struct app_job_row **out,
                   size_t *out_count, struct fail *fail)
{
    static const struct app_job job = {"feeds", 60000, NULL, "Reads feeds.", NULL, false};
    (void)app;
    struct app_job_row *row = arena_array(arena, 1, sizeof *row, fail);
    if (row == NULL) {
        return false;
    }
    row->job = &job;
    row->last = (struct state_job){.runs = 7, .failures = 2, .good_ms = 1500, .took_ms = 250};
    *out = row;
    *out_count = 1;
    return true;
}

static void remember(struct str text, char *into, size_t room)
{
    size_t len = text.len < room ? text.len : room - 1;
    memcpy(into, text.data == NULL ? "" : text.data, len);
    into[len] = '\0';
}

/* One webhook is known. */
bool app_hook_take(struct app *app, struct str token, struct str signed_body,
                   const struct intake_hook_delivery *delivery, struct arena *arena,
                   struct intake_counts *out, struct fail *fail)
{
    (void)arena;
    if (!str_is(token, "known")) {
        return fail_set(fail, FAIL_ABSENT, "there is no webhook at this address");
    }
    base_lock(&app->lock);
    struct fail told = app->take_fail;
    remember(signed_body, app->input, sizeof app->input);
    remember(delivery->header(delivery->context, "x-topic"), app->channel, sizeof app->channel);
    base_unlock(&app->lock);
    if (told.code != FAIL_NONE) {
        *fail = told;
        return false;
    }
    *out = (struct intake_counts){.received = 3, .stored = 2, .duplicate = 1};
    return true;
}

struct app_caller app_operator(void)
{
    return (struct app_caller){.identity = access_operator()};
}

bool app_call(struct app *app, const struct app_caller *caller, struct str operation,
              struct str input, struct base_buf *out, struct fail *fail)
{
    if (str_is(operation, "settings")) {
        base_buf_c(out, "{\"organisation\":\"Fjordline\",\"timezone\":\"Europe/Oslo\"}");
        return true;
    }
    base_lock(&app->lock);
    app->calls++;
    remember(operation, app->operation, sizeof app->operation);
    remember(input, app->input, sizeof app->input);
    app->asked_by = caller->identity.kind;
    struct fail told = app->call_fail;
    base_unlock(&app->lock);
    if (told.code != FAIL_NONE) {
        *fail = told;
        return false;
    }
    base_buf_c(out, "{\"answer\":1}");
    return true;
}

/* An export of two lines, one at a time. */
struct app_export {
    int given;
};

bool app_export_open(struct app *app, const struct app_caller *caller, struct str input,
                     struct app_export **out, struct fail *fail)
{
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    if (!app_call(app, caller, STR("export"), input, &answer, fail)) {
        return false;
    }
    *out = base_alloc_zero(sizeof **out);
    return true;
}

bool app_export_next(struct app_export *export, struct base_buf *out, bool *out_end,
                     struct fail *fail)
{
    (void)fail;
    base_buf_c(out, export->given == 0 ? "{\"n\":1}\n" : "{\"n\":2}\n");
    *out_end = ++export->given == 2;
    return true;
}

void app_export_close(struct app_export *export)
{
    base_free(export);
}

const char *app_export_media_type(const struct app_export *export)
{
    (void)export;
    return "application/x-ndjson";
}

struct str app_export_file_name(const struct app_export *export, struct arena *arena)
{
    (void)export;
    return str_copy(arena, STR("firsthand-2026-05-01.ndjson"));
}

/* An answer of SQL of one row. */
struct app_sql {
    enum app_sql_form form;
};

bool app_sql_open(struct app *app, const struct app_caller *caller, struct str input,
                  enum app_sql_form form, struct app_sql **out, struct fail *fail)
{
    struct base_buf answer CLEANUP(base_buf_done) = {0};
    if (!app_call(app, caller, STR("sql"), input, &answer, fail)) {
        return false;
    }
    *out = base_alloc_zero(sizeof **out);
    (*out)->form = form;
    return true;
}

bool app_sql_next(struct app_sql *sql, struct base_buf *out, bool *out_end, struct fail *fail)
{
    (void)fail;
    base_buf_c(out, sql->form == APP_SQL_CSV ? "n\r\n1\r\n" : "{\"n\":1}\n");
    *out_end = true;
    return true;
}

void app_sql_close(struct app_sql *sql)
{
    base_free(sql);
}

/* A copy of two parts. */
struct app_copy {
    int given;
};

bool app_preferences(struct app *app, const struct app_preference_request *request,
                     struct arena *arena, struct app_preference_reply *out, struct fail *fail)
{
    (void)arena;
    base_lock(&app->lock);
    app->calls++;
    remember(request->body, app->input, sizeof app->input);
    struct fail told = app->call_fail;
    base_unlock(&app->lock);
    if (told.code != FAIL_NONE) {
        *fail = told;
        return false;
    }
    *out = (struct app_preference_reply){
        .status = request->send ? 303 : 200,
        .content_type = "text/html; charset=utf-8",
        .location = request->send ? STR("/p/x?done=mute") : (struct str){NULL, 0},
    };
    if (request->copy) {
        out->copy = base_alloc_zero(sizeof *out->copy);
    } else {
        base_buf_c(&out->body, "<p>yours</p>");
    }
    return true;
}

bool app_survey_page(struct app *app, const struct app_survey_page_request *request,
                     struct arena *arena, struct app_survey_page_reply *out, struct fail *fail)
{
    (void)arena;
    base_lock(&app->lock);
    app->calls++;
    remember(request->form, app->input, sizeof app->input);
    struct fail told = app->call_fail;
    base_unlock(&app->lock);
    if (told.code != FAIL_NONE) {
        *fail = told;
        return false;
    }
    *out = (struct app_survey_page_reply){
        .status = request->post ? 303 : 200,
        .location = request->post ? STR("/s/x?lang=en") : (struct str){NULL, 0},
    };
    base_buf_c(&out->html, "<p>How?</p>");
    return true;
}

bool app_survey_style(struct app *app, struct str survey, struct arena *arena, struct base_buf *out,
                      struct fail *fail)
{
    (void)app;
    (void)survey;
    (void)arena;
    base_buf_c(out, "body{margin:0}");
    return base_buf_ok(out, fail);
}

struct str app_survey_script(void)
{
    return STR("'use strict';");
}

bool app_copy_open(struct app *app, const struct app_caller *caller, struct str id,
                   struct arena *arena, struct app_copy **out, struct fail *fail)
{
    (void)caller;
    struct app_preference_request request = {.body = id, .copy = true};
    struct app_preference_reply reply;
    if (!app_preferences(app, &request, arena, &reply, fail)) {
        return false;
    }
    *out = reply.copy;
    return true;
}

bool app_copy_next(struct app_copy *copy, struct base_buf *out, bool *out_end, struct fail *fail)
{
    (void)fail;
    base_buf_c(out, copy->given == 0 ? "PK" : "...");
    *out_end = ++copy->given == 2;
    return true;
}

void app_copy_close(struct app_copy *copy)
{
    base_free(copy);
}

struct str app_preferences_style(void)
{
    return STR("body{margin:0}");
}

/* Nothing was set before the first administrator came. */
bool app_organisation_as_set(struct app *app, struct arena *arena, struct app_organisation *out,
                             struct fail *fail)
{
    (void)app;
    (void)arena;
    (void)fail;
    *out = (struct app_organisation){{NULL, 0}, {NULL, 0}};
    return true;
}

bool app_take(struct app *app, struct store_item *items, size_t count, struct fail *fail)
{
    base_lock(&app->lock);
    struct fail told = app->take_fail;
    app->taken += told.code == FAIL_NONE ? (int)count : 0;
    if (count > 0) {
        remember(items[0].event.channel, app->channel, sizeof app->channel);
    }
    base_unlock(&app->lock);
    if (told.code != FAIL_NONE) {
        *fail = told;
        return false;
    }
    return true;
}

bool app_posthog_answers(struct app *app, struct intake_items *items, struct str language,
                         struct str address, struct arena *arena, struct fail *fail)
{
    (void)app;
    (void)items;
    (void)language;
    (void)address;
    (void)arena;
    (void)fail;
    return true; /* there are no surveys here */
}

bool app_source(struct app *app, struct str name, bool trusted, struct arena *arena,
                struct intake_source *out, struct fail *fail)
{
    (void)fail;
    base_lock(&app->lock);
    app->trusted = trusted;
    remember(name, app->source, sizeof app->source);
    uint64_t quota_minute = app->quota_minute;
    base_unlock(&app->lock);
    *out = (struct intake_source){.name = str_copy(arena, name),
                                  .default_channel = STR("web"),
                                  .received_at_ms = base_now_ms(&app->clock.clock),
                                  .may_join_users = trusted,
                                  .quota_minute = quota_minute};
    return true;
}

bool app_quota_read(struct app *app, struct str source, struct app_quota *out, struct fail *fail)
{
    (void)source;
    (void)fail;
    base_lock(&app->lock);
    *out = app->quota;
    base_unlock(&app->lock);
    return true;
}

bool app_quota_write(struct app *app, struct str source, const struct app_quota *quota,
                     struct fail *fail)
{
    (void)source;
    (void)fail;
    base_lock(&app->lock);
    app->quota = *quota;
    app->quota_writes++;
    base_unlock(&app->lock);
    return true;
}

void store_count_refused_request(struct store *store)
{
    struct app *app = (struct app *)store;
    base_lock(&app->lock);
    app->refused_requests++;
    base_unlock(&app->lock);
}

bool store_ledger_read(struct store *store, struct arena *arena, struct store_ledger *out,
                       struct fail *fail)
{
    (void)store;
    (void)fail;
    struct store_ledger_line *lines = arena_small(arena, sizeof *lines);
    lines[0] = (struct store_ledger_line){.source = STR("we\"b\n"),
                                          .received = 10,
                                          .stored = 7,
                                          .duplicate = 1,
                                          .quarantined = 1,
                                          .refused = 1};
    *out = (struct store_ledger){.total = lines[0], .sources = lines, .source_count = 1};
    return true;
}

void store_status_read(struct store *store, struct store_status *out)
{
    (void)store;
    *out = (struct store_status){.events = 7, .customers = 3};
}

const char *store_verdict_name(enum store_verdict verdict)
{
    static const char *const names[] = {"stored", "duplicate", "quarantined", "refused"};
    return names[verdict];
}
