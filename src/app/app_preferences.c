#include "app_preferences.h"

#include "act_form.h"
#include "act_link.h"
#include "act_page.h"
#include "act_zip.h"
#include "app_contact.h"
#include "app_internal.h"
#include "app_record.h"
#include "base_base64.h"
#include "state_erasures.h"
#include "state_responses.h"
#include "state_settings.h"

#define PAGE_BYTES_MAX ((size_t)32 << 20)
#define COPY_ROWS 5000 /* of the timeline at a time */
#define ERASURE_DAYS 30
#define IDENTIFIERS_ASKED 50
#define HOW STR("on the customer's own preference page")

struct str app_preferences_style(void)
{
    return str_from_c(act_page_style);
}

/* One customer, as of one snapshot. */
struct view {
    struct app *app;
    struct store_snapshot *snapshot;
    uint32_t customer;
    struct act_link link;
    struct store_identifier identifier; /* by which events reach them */
    struct act_policy *policy;
    struct act_record record;
    struct act_page page;
    struct str produced_by; /* of a copy that is handed over; missing: the customer's own */
    struct arena *arena;
};

static void view_done(struct view *view)
{
    store_snapshot_unref(view->snapshot);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* The wish to be erased under any name of the customer: an open one, else the newest. */
static bool find_erasure(struct view *view, struct state_erasure *out, bool *out_found,
                         struct fail *fail)
{
    *out_found = false;
    for (size_t i = 0; i < view->page.identifier_count && i < IDENTIFIERS_ASKED; i++) {
        struct store_identifier id = view->page.identifiers[i];
        struct state_erasure erasure;
        bool found;
        struct str customer =
            str_format(view->arena, "%.*s:%.*s", STR_ARG(id.kind), STR_ARG(id.value));
        if (!state_erasure_find(view->app->state, customer, view->arena, &erasure, &found, fail)) {
            return false;
        }
        if (found &&
            (!*out_found || (erasure.closed_ms == 0 && out->closed_ms != 0) ||
             ((erasure.closed_ms == 0) == (out->closed_ms == 0) && erasure.id > out->id))) {
            *out = erasure;
            *out_found = true;
        }
    }
    return true;
}

static bool read_erasure(struct view *view, struct fail *fail)
{
    struct state_erasure erasure;
    bool found;
    if (!find_erasure(view, &erasure, &found, fail)) {
        return false;
    }
    if (found) {
        view->page.erasure = erasure.closed_ms == 0 ? ACT_ERASURE_OPEN : ACT_ERASURE_CLOSED;
        view->page.erasure_asked_ms = erasure.asked_ms;
        view->page.erasure_due_ms = erasure.due_ms;
        view->page.erasure_closed_ms = erasure.closed_ms;
    }
    return true;
}

/* What is known of view->customer. */
static bool view_read(struct view *view, struct fail *fail)
{
    struct app *app = view->app;
    struct arena *arena = view->arena;
    struct store_identifier *identifiers;
    struct store_field *traits;
    size_t identifier_count, trait_count;
    struct app_organisation organisation;
    view->policy = arena_small(arena, sizeof *view->policy);
    if (!app_policy(app, arena, view->policy, fail) ||
        !app_customer_record(app, view->snapshot, view->customer, 0, arena, &view->record, fail) ||
        !app_customer_identifier(view->snapshot, view->customer, arena, &view->identifier, fail) ||
        !store_customer_identifiers(view->snapshot, view->customer, arena, &identifiers,
                                    &identifier_count, fail) ||
        !store_customer_traits(view->snapshot, view->customer, arena, &traits, &trait_count,
                               fail) ||
        !app_organisation_as_set(app, arena, &organisation, fail)) {
        return false;
    }
    view->page = (struct act_page){
        .organisation = organisation.name,
        .now_ms = base_now_ms(app->clock),
        .expires_ms = view->link.expires_ms,
        .policy = view->policy,
        .history = &view->record.history,
        .identifiers = identifiers,
        .identifier_count = identifier_count,
        .traits = traits,
        .trait_count = trait_count,
    };
    return true;
}

/* Who it is and what is known; *out_found false where the link does not open or speaks of nobody. */
static bool view_open(struct app *app, struct str token, struct arena *arena, struct view *view,
                      bool *out_found, struct fail *fail)
{
    struct fail absent;
    *view = (struct view){.app = app, .snapshot = store_snapshot_take(app->store), .arena = arena};
    *out_found = false;
    if (!app_link_of_customer(app, token, arena, &view->link, &absent)) {
        return true;
    }
    store_customer_find(view->snapshot, view->link.customer, &view->customer);
    if (view->customer == STORE_NO_CUSTOMER) {
        return true;
    }
    if (!view_read(view, fail)) {
        return false;
    }
    view->page.path = str_format(arena, "/p/%.*s", STR_ARG(token));
    *out_found = true;
    return true;
}

/* A place in the timeline is "TS.ARRIVAL"; what is none begins at the newest. */
static void parse_place(struct str text, struct store_timeline_options *options)
{
    struct str rest = text, ts, arrival;
    int64_t ts_ms;
    uint64_t number;
    if (text.data != NULL && str_next_part(&rest, '.', &ts) &&
        str_next_part(&rest, '.', &arrival) && str_parse_i64(ts, &ts_ms) &&
        str_parse_u64(arrival, &number)) {
        options->after_ts_ms = ts_ms;
        options->after_arrival = number;
    }
}

static bool read_page(struct view *view, const struct app_preference_request *request,
                      struct fail *fail)
{
    struct act_page *page = &view->page;
    struct store_timeline_options options = {.newest_first = true, .limit = ACT_PAGE_EVENTS + 1};
    struct store_timeline_row *rows;
    struct act_said *said;
    size_t count;
    parse_place(request->before, &options);
    if (!store_timeline_read(view->snapshot, view->customer, &options, view->arena, &rows, &count,
                             fail) ||
        !act_said_read(view->snapshot, view->customer, ACT_PAGE_SAID, view->arena, &said,
                       &page->said_count, &page->said_total, fail) ||
        !read_erasure(view, fail)) {
        return false;
    }
    page->said = said;
    page->rows = rows;
    page->row_count = count > ACT_PAGE_EVENTS ? ACT_PAGE_EVENTS : count;
    page->newest = options.after_ts_ms == 0 && options.after_arrival == 0;
    page->done = request->done;
    if (count > ACT_PAGE_EVENTS) {
        page->older =
            str_format(view->arena, "%lld.%llu", (long long)rows[ACT_PAGE_EVENTS - 1].event.ts_ms,
                       (unsigned long long)rows[ACT_PAGE_EVENTS - 1].arrival);
    }
    return true;
}

/* ---- doing ------------------------------------------------------------------------------------------------------- */

static bool say(struct view *view, const struct app_word *word, struct fail *fail)
{
    return app_word_write(view->app, &view->identifier, 1, word, view->arena, fail);
}

static bool mute(struct view *view, const struct act_form *form, struct fail *fail)
{
    const struct act_purpose *purpose = act_policy_purpose(view->policy, form->purpose);
    struct str about = purpose == NULL || purpose->title.len == 0 ? form->purpose : purpose->title;
    struct app_word word = {
        .purpose = form->purpose,
        .until_ms = form->days == 0 ? ACT_NO_INSTANT : view->page.now_ms + form->days * ACT_DAY_MS,
        .wording = purpose == NULL ? act_say(view->arena, ACT_WORD_MUTE_ALL_LABEL, NULL, 0)
                                   : act_say(view->arena, ACT_WORD_MUTE_LABEL, &about, 1),
        .how = HOW,
    };
    return say(view, &word, fail);
}

static bool allow(struct view *view, const struct act_form *form, struct fail *fail)
{
    const struct act_purpose *purpose = act_policy_purpose(view->policy, form->purpose);
    struct app_word word = {
        .purpose = form->purpose,
        .granted = true,
        .until_ms = ACT_NO_INSTANT,
        .wording = purpose == NULL || purpose->wording.len == 0
                       ? act_say(view->arena, ACT_WORD_UNMUTE_BUTTON, NULL, 0)
                       : purpose->wording,
        .how = HOW,
    };
    return say(view, &word, fail);
}

/* Is it a change, and of something that a line of text may replace? */
static bool changes(const struct view *view, const struct store_field *correction)
{
    bool there = false;
    for (size_t i = 0; i < view->page.trait_count; i++) {
        const struct store_field *trait = &view->page.traits[i];
        if (!str_equal(trait->name, correction->name)) {
            continue;
        }
        if (trait->value.kind != STORE_STRING || there) {
            return false; /* a number, or several values: not shown as a field */
        }
        there = true;
        if (correction->value.kind == STORE_STRING &&
            str_equal(store_value_text(trait->value), store_value_text(correction->value))) {
            return false;
        }
    }
    return there || correction->value.kind == STORE_STRING;
}

static bool correct(struct view *view, const struct act_form *form, struct fail *fail)
{
    struct store_field traits[ACT_CORRECTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < form->correction_count; i++) {
        if (changes(view, &form->corrections[i])) {
            traits[count++] = form->corrections[i];
        }
    }
    if (count == 0) {
        return true;
    }
    struct store_item item = {
        .event =
            {
                .source = STR(APP_PREFERENCES_SOURCE),
                .message_id = base_random_token(view->app->random, view->arena, 16),
                .event = STR("identify"),
                .ts_ms = view->page.now_ms,
                .received_at_ms = view->page.now_ms,
                .client_ts_ms = STORE_NO_TIME,
                .sent_at_ms = STORE_NO_TIME,
                .traits = traits,
                .trait_count = count,
                .identifiers = &view->identifier,
                .identifier_count = 1,
            },
        .verdict = STORE_STORED,
    };
    return app_take_always(view->app, &item, 1, fail) &&
           (item.verdict == STORE_STORED ||
            fail_set(fail, FAIL_INPUT, "The correction could not be stored."));
}

/* The stop of all contact is on the timeline first; then the wish stands in the list. */
static bool erase(struct view *view, struct fail *fail)
{
    struct state_erasure erasure;
    bool found;
    struct app_word stop = {
        .purpose = ACT_ALL,
        .until_ms = ACT_NO_INSTANT,
        .wording = act_say(view->arena, ACT_WORD_ERASE_CONFIRM, NULL, 0),
        .how = HOW,
    };
    struct access_identity customer = {.name = STR("customer")};
    if (!find_erasure(view, &erasure, &found, fail)) {
        return false;
    }
    if (found && erasure.closed_ms == 0) {
        return true; /* asked already */
    }
    struct str name = str_format(view->arena, "%.*s:%.*s", STR_ARG(view->identifier.kind),
                                 STR_ARG(view->identifier.value));
    return say(view, &stop, fail) &&
           state_erasure_add(view->app->state, name, view->page.now_ms,
                             view->page.now_ms + ERASURE_DAYS * ACT_DAY_MS, &erasure, fail) &&
           access_audit(view->app->access, &customer, "erasure.ask",
                        str_format(view->arena, "erasure %lld", (long long)erasure.id),
                        (struct str){NULL, 0}, fail);
}

static const char *const WISH_WORDS[] = {
    [ACT_WISH_MUTE] = "mute",       [ACT_WISH_UNMUTE] = "unmute", [ACT_WISH_AGREE] = "agree",
    [ACT_WISH_CORRECT] = "correct", [ACT_WISH_ERASE] = "erase",
};

static bool do_wish(struct view *view, const struct act_form *form, struct fail *fail)
{
    switch (form->wish) {
    case ACT_WISH_MUTE:
        return mute(view, form, fail);
    case ACT_WISH_UNMUTE:
    case ACT_WISH_AGREE:
        return allow(view, form, fail);
    case ACT_WISH_CORRECT:
        return correct(view, form, fail);
    case ACT_WISH_ERASE:
        break;
    }
    return erase(view, fail);
}

/* ---- the copy ------------------------------------------------------------------------------------------------------- */

/* Calls `write` for every row, oldest first, and packs what it wrote. */
static bool pack_rows(struct view *view, struct act_zip *zip, bool html, struct fail *fail)
{
    struct store_timeline_options options = {.limit = COPY_ROWS};
    struct base_buf text CLEANUP(base_buf_done) = {.limit = APP_COPY_BYTES_MAX};
    for (;;) {
        struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
        struct store_timeline_row *rows;
        size_t count;
        if (!store_timeline_read(view->snapshot, view->customer, &options, arena, &rows, &count,
                                 fail)) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            struct json_writer w = {.out = &text};
            base_buf_reset(&text);
            if (html) {
                act_copy_row(&view->page, &rows[i], &text);
            } else {
                app_write_event(&w, &rows[i].event, (struct str){NULL, 0});
                base_buf_byte(&text, '\n');
            }
            if (!base_buf_ok(&text, fail) || !act_zip_add(zip, base_buf_view(&text), fail)) {
                return false;
            }
        }
        if (count < COPY_ROWS) {
            return true;
        }
        options.after_ts_ms = rows[count - 1].event.ts_ms;
        options.after_arrival = rows[count - 1].arrival;
    }
}

static bool pack_text(struct act_zip *zip, struct base_buf *text, struct fail *fail)
{
    bool good = base_buf_ok(text, fail) && act_zip_add(zip, base_buf_view(text), fail);
    base_buf_reset(text);
    return good;
}

static void write_facts(const struct view *view, struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "customer");
    json_write_str(w, store_customer_id(view->snapshot, view->customer, view->arena));
    app_write_instant(w, "as_of", view->page.now_ms);
    app_write_text(w, "produced_by", view->produced_by);
    json_name_c(w, "identifiers");
    json_begin_array(w);
    for (size_t i = 0; i < view->page.identifier_count; i++) {
        json_begin_object(w);
        json_name_c(w, "kind");
        json_write_str(w, view->page.identifiers[i].kind);
        json_name_c(w, "value");
        json_write_str(w, view->page.identifiers[i].value);
        json_end_object(w);
    }
    json_end_array(w);
    json_name_c(w, "traits");
    store_json_fields(w, view->page.traits, view->page.trait_count, false);
    json_name_c(w, "consents");
    app_words_write(w, view->policy, &view->record.history, view->page.now_ms);
    json_end_object(w);
}

static bool write_response(const struct view *view, const struct state_response *response,
                           struct json_writer *w, struct fail *fail)
{
    struct state_answer *answers;
    size_t count;
    if (!state_response_answers(view->app->state, response->id, view->arena, &answers, &count,
                                fail)) {
        return false;
    }
    json_begin_object(w);
    app_write_text(w, "survey", response->survey);
    app_write_text(w, "status", response->status);
    app_write_instant(w, "created", response->created_ms);
    json_name_c(w, "answers");
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        json_name(w, answers[i].question);
        json_write_raw(w, answers[i].value);
    }
    json_end_object(w);
    json_end_object(w);
    return true;
}

/* Answers that are under way, or held back: those that were taken stand on the timeline. */
static bool write_surveys(struct view *view, struct base_buf *out, struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_array(&w);
    for (size_t i = 0; i < view->page.identifier_count; i++) {
        struct store_identifier id = view->page.identifiers[i];
        struct state_response *responses;
        size_t count;
        if (!state_responses_of_person(view->app->state, id.kind, id.value, view->arena, &responses,
                                       &count, fail)) {
            return false;
        }
        for (size_t k = 0; k < count; k++) {
            if (!write_response(view, &responses[k], &w, fail)) {
                return false;
            }
        }
    }
    json_end_array(&w);
    base_buf_byte(out, '\n');
    return base_buf_ok(out, fail);
}

/* Notes only where the organisation makes the copy, and somebody looks at it: they may speak of others too. */
static bool write_contacts(const struct view *view, struct base_buf *out, struct fail *fail)
{
    const struct app_record_of of = {
        .identifiers = view->page.identifiers,
        .count = view->page.identifier_count,
        .notes = view->produced_by.data != NULL,
    };
    return app_record_write(view->app, &of, view->arena, out, fail);
}

static bool pack(struct view *view, struct act_zip *zip, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = PAGE_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct str about[] = {view->page.organisation.len > 0
                              ? view->page.organisation
                              : str_from_c(act_word(ACT_WORD_ORGANISATION_OTHERWISE)),
                          act_date(view->arena, view->record.history.zone, view->page.now_ms)};
    if (!act_zip_entry(zip, "README.txt", fail)) {
        return false;
    }
    base_buf_str(&text, act_say(view->arena, ACT_WORD_README, about, ARRAY_LEN(about)));
    if (!pack_text(zip, &text, fail) || !act_zip_entry(zip, "about-you.html", fail)) {
        return false;
    }
    act_copy_begin(&view->page, view->arena, &text);
    if (!pack_text(zip, &text, fail) || !pack_rows(view, zip, true, fail)) {
        return false;
    }
    act_copy_end(&text);
    if (!pack_text(zip, &text, fail) || !act_zip_entry(zip, "about-you.json", fail)) {
        return false;
    }
    write_facts(view, &w);
    base_buf_byte(&text, '\n');
    return pack_text(zip, &text, fail) && act_zip_entry(zip, "surveys.json", fail) &&
           write_surveys(view, &text, fail) && pack_text(zip, &text, fail) &&
           act_zip_entry(zip, "contacts.json", fail) && write_contacts(view, &text, fail) &&
           pack_text(zip, &text, fail) && act_zip_entry(zip, "timeline.ndjson", fail) &&
           pack_rows(view, zip, false, fail) && act_zip_end(zip, fail);
}

static bool make_copy(struct view *view, struct app_preference_reply *out, struct fail *fail)
{
    struct act_zip *zip CLEANUP(act_zip_free_at) = NULL;
    *out = (struct app_preference_reply){
        .status = 200,
        .content_type = "application/zip",
        .body = {.limit = APP_COPY_BYTES_MAX},
        .file_name = "about-you.zip",
    };
    if (!act_zip_new(&out->body, view->page.now_ms, &zip, fail) || !pack(view, zip, fail)) {
        base_buf_done(&out->body);
        return false;
    }
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

static bool html_reply(int status, struct app_preference_reply *out, struct fail *fail)
{
    out->status = status;
    out->content_type = "text/html; charset=utf-8";
    if (!base_buf_ok(&out->body, fail)) {
        base_buf_done(&out->body);
        return false;
    }
    return true;
}

static bool show(struct view *view, const struct app_preference_request *request, int status,
                 struct app_preference_reply *out, struct fail *fail)
{
    if (!read_page(view, request, fail)) {
        return false;
    }
    *out = (struct app_preference_reply){.body = {.limit = PAGE_BYTES_MAX}};
    act_page_write(&view->page, view->arena, &out->body);
    return html_reply(status, out, fail);
}

bool app_preferences(struct app *app, const struct app_preference_request *request,
                     struct arena *arena, struct app_preference_reply *out, struct fail *fail)
{
    struct view view CLEANUP(view_done);
    struct act_form form;
    bool found;
    if (!view_open(app, request->token, arena, &view, &found, fail)) {
        return false;
    }
    if (!found) {
        *out = (struct app_preference_reply){.body = {.limit = PAGE_BYTES_MAX}};
        act_page_write_absent(&out->body);
        return html_reply(404, out, fail);
    }
    if (request->copy) {
        return make_copy(&view, out, fail);
    }
    if (!request->send) {
        return show(&view, request, 200, out, fail);
    }
    struct fail wrong;
    if (!act_form_read(request->body, view.policy, arena, &form, &wrong)) {
        view.page.error = str_copy(arena, str_from_c(wrong.message));
        return show(&view, request, 422, out, fail);
    }
    if (!do_wish(&view, &form, fail)) {
        return false;
    }
    *out = (struct app_preference_reply){
        .status = 303,
        .location =
            str_format(arena, "%.*s?done=%s", STR_ARG(view.page.path), WISH_WORDS[form.wish]),
    };
    return true;
}

bool app_customer_copy(struct app *app, const struct app_caller *caller, struct str id,
                       struct arena *arena, struct app_preference_reply *out, struct fail *fail)
{
    struct view view CLEANUP(view_done) = {
        .app = app, .snapshot = store_snapshot_take(app->store), .arena = arena};
    view.produced_by = app_caller_name(caller, arena);
    return app_find_customer(view.snapshot, id, &view.customer, fail) && view_read(&view, fail) &&
           make_copy(&view, out, fail) &&
           access_audit(app->access, &caller->identity, "customer.export", STR("customer"),
                        (struct str){NULL, 0}, fail);
}

#define CARRIED_BYTES_MAX ((size_t)128 << 20) /* as text inside of JSON */

bool app_op_customer_export(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    struct app_preference_reply reply = {.status = 0};
    struct str id;
    struct str text = {NULL, 0};
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_customer_copy(app, caller, id, arena, &reply, fail)) {
        base_buf_done(&reply.body);
        return false;
    }
    bool ok = reply.body.len <= CARRIED_BYTES_MAX
                  ? base_base64_encode(base_buf_view(&reply.body), arena, &text, fail)
                  : fail_set(fail, FAIL_LIMIT,
                             "the file is larger than %zu MB: get it from the server, "
                             "/api/v1/customers/ID/export",
                             CARRIED_BYTES_MAX >> 20);
    base_buf_done(&reply.body);
    if (!ok) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "zip");
    json_write_str(&w, text);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}
