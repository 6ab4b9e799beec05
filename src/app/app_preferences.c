#include "app_preferences.h"

#include "act_form.h"
#include "app_copy.h"
#include "app_view.h"
#include "state_erasures.h"
#include "state_settings.h"

#define PAGE_BYTES_MAX ((size_t)32 << 20)
#define ERASURE_DAYS 30
#define IDENTIFIERS_ASKED 50
#define HOW STR("on the customer's own preference page")

struct str app_preferences_style(void)
{
    return str_from_c(act_page_style);
}

void app_view_done(struct app_view *view)
{
    store_snapshot_unref(view->snapshot);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

/* The wish to be erased under any name of the customer: an open one, else the newest. */
static bool find_erasure(struct app_view *view, struct state_erasure *out, bool *out_found,
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

static bool read_erasure(struct app_view *view, struct fail *fail)
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
bool app_view_read(struct app_view *view, struct fail *fail)
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
static bool view_open(struct app *app, struct str token, struct arena *arena, struct app_view *view,
                      bool *out_found, struct fail *fail)
{
    struct fail absent;
    *view =
        (struct app_view){.app = app, .snapshot = store_snapshot_take(app->store), .arena = arena};
    *out_found = false;
    if (!app_link_of_customer(app, token, arena, &view->link, &absent)) {
        return true;
    }
    store_customer_find(view->snapshot, view->link.customer, &view->customer);
    if (view->customer == STORE_NO_CUSTOMER) {
        return true;
    }
    if (!app_view_read(view, fail)) {
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

static bool read_page(struct app_view *view, const struct app_preference_request *request,
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

static bool say(struct app_view *view, const struct app_word *word, struct fail *fail)
{
    return app_word_write(view->app, &view->identifier, 1, word, view->arena, fail);
}

static bool mute(struct app_view *view, const struct act_form *form, struct fail *fail)
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

static bool allow(struct app_view *view, const struct act_form *form, struct fail *fail)
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
static bool changes(const struct app_view *view, const struct store_field *correction)
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

static bool correct(struct app_view *view, const struct act_form *form, struct fail *fail)
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
static bool erase(struct app_view *view, struct fail *fail)
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

static bool do_wish(struct app_view *view, const struct act_form *form, struct fail *fail)
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

static bool show(struct app_view *view, const struct app_preference_request *request, int status,
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
    struct app_view view CLEANUP(app_view_done);
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
        *out = (struct app_preference_reply){.status = 200};
        return app_copy_of(&view, &out->copy, fail);
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
