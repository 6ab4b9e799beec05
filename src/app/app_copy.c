#include "app_copy.h"

#include "act_zip.h"
#include "app_record.h"
#include "app_view.h"
#include "state_responses.h"

#define TEXT_BYTES_MAX ((size_t)32 << 20)
#define ROWS_LEAST 500 /* events at a time, */
#define ROWS_MOST 128000
#define ROWS_BYTES ((size_t)32 << 20) /* of about so much memory */

struct app_copy {
    struct app_view view;
    struct act_zip *zip;
    size_t part;                      /* of PARTS, that is made next */
    bool begun;                       /* something of it is there already */
    struct store_timeline_options at; /* of the rows */
    struct base_buf text;             /* what was written and not packed yet */
};

/* ---- what stands in it ------------------------------------------------------------------------------------------ */

static void write_facts(const struct app_view *view, struct json_writer *w)
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

static bool write_response(const struct app_view *view, const struct state_response *response,
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
static bool write_surveys(const struct app_view *view, struct base_buf *out, struct fail *fail)
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
static bool write_contacts(const struct app_view *view, struct base_buf *out, struct fail *fail)
{
    const struct app_record_of of = {
        .identifiers = view->page.identifiers,
        .count = view->page.identifier_count,
        .notes = view->produced_by.data != NULL,
    };
    return app_record_write(view->app, &of, view->arena, out, fail);
}

/* ---- parts: each writes some of itself, and says when that was all ------------------------------------------------ */

/* Rows oldest first; each is packed before the next is written. */
static bool put_rows(struct app_copy *copy, bool html, bool *out_all, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct app_view *view = &copy->view;
    struct store_timeline_row *rows;
    size_t count;
    if (!copy->begun) {
        copy->at = (struct store_timeline_options){.limit = ROWS_LEAST};
    }
    size_t asked = copy->at.limit;
    if (!store_timeline_read(view->snapshot, view->customer, &copy->at, arena, &rows, &count,
                             fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (html) {
            act_copy_row(&view->page, &rows[i], &copy->text);
        } else {
            struct json_writer w = {.out = &copy->text};
            app_write_event(&w, &rows[i].event, (struct str){NULL, 0});
            base_buf_byte(&copy->text, '\n');
        }
        if (!base_buf_ok(&copy->text, fail) ||
            !act_zip_add(copy->zip, base_buf_view(&copy->text), fail)) {
            return false;
        }
        base_buf_reset(&copy->text);
    }
    *out_all = count < asked;
    /* Each read finds its place in the whole timeline: few reads of many rows, as long as these are small. */
    if (arena_used(arena) < ROWS_BYTES / 4 && asked < ROWS_MOST) {
        copy->at.limit = asked * 4;
    } else if (arena_used(arena) > ROWS_BYTES && asked > ROWS_LEAST) {
        copy->at.limit = asked / 2;
    }
    if (count > 0) {
        copy->at.after_ts_ms = rows[count - 1].event.ts_ms;
        copy->at.after_arrival = rows[count - 1].arrival;
    }
    return true;
}

static bool put_readme(struct app_copy *copy, bool *out_all, struct fail *fail)
{
    const struct app_view *view = &copy->view;
    struct str about[] = {view->page.organisation.len > 0
                              ? view->page.organisation
                              : str_from_c(act_word(ACT_WORD_ORGANISATION_OTHERWISE)),
                          act_date(view->arena, view->record.history.zone, view->page.now_ms)};
    (void)out_all;
    (void)fail;
    base_buf_str(&copy->text, act_say(view->arena, ACT_WORD_README, about, ARRAY_LEN(about)));
    return true;
}

static bool put_page(struct app_copy *copy, bool *out_all, struct fail *fail)
{
    if (!copy->begun) {
        act_copy_begin(&copy->view.page, copy->view.arena, &copy->text);
        if (!base_buf_ok(&copy->text, fail) ||
            !act_zip_add(copy->zip, base_buf_view(&copy->text), fail)) {
            return false;
        }
        base_buf_reset(&copy->text);
    }
    if (!put_rows(copy, true, out_all, fail)) {
        return false;
    }
    if (*out_all) {
        act_copy_end(&copy->text);
    }
    return true;
}

static bool put_facts(struct app_copy *copy, bool *out_all, struct fail *fail)
{
    struct json_writer w = {.out = &copy->text};
    (void)out_all;
    (void)fail;
    write_facts(&copy->view, &w);
    base_buf_byte(&copy->text, '\n');
    return true;
}

static bool put_surveys(struct app_copy *copy, bool *out_all, struct fail *fail)
{
    (void)out_all;
    return write_surveys(&copy->view, &copy->text, fail);
}

static bool put_contacts(struct app_copy *copy, bool *out_all, struct fail *fail)
{
    (void)out_all;
    return write_contacts(&copy->view, &copy->text, fail);
}

static bool put_timeline(struct app_copy *copy, bool *out_all, struct fail *fail)
{
    return put_rows(copy, false, out_all, fail);
}

static const struct part {
    const char *name;
    /* Called again and again, until it leaves *out_all true, as it is. */
    bool (*put)(struct app_copy *copy, bool *out_all, struct fail *fail);
} PARTS[] = {
    {"README.txt", put_readme},      {"about-you.html", put_page},
    {"about-you.json", put_facts},   {"surveys.json", put_surveys},
    {"contacts.json", put_contacts}, {"timeline.ndjson", put_timeline},
};

bool app_copy_next(struct app_copy *copy, struct base_buf *out, bool *out_end, struct fail *fail)
{
    const struct part *part = &PARTS[copy->part];
    bool all = true;
    act_zip_into(copy->zip, out);
    if ((!copy->begun && !act_zip_entry(copy->zip, part->name, fail)) ||
        !part->put(copy, &all, fail) || !base_buf_ok(&copy->text, fail) ||
        !act_zip_add(copy->zip, base_buf_view(&copy->text), fail)) {
        return false;
    }
    base_buf_reset(&copy->text);
    copy->begun = !all;
    copy->part += all ? 1 : 0;
    *out_end = copy->part == ARRAY_LEN(PARTS);
    return !*out_end || act_zip_end(copy->zip, fail);
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

bool app_copy_of(struct app_view *view, struct app_copy **out, struct fail *fail)
{
    struct app_copy *copy = base_alloc_zero(sizeof *copy);
    copy->view = *view;
    copy->view.page.history = &copy->view.record.history;
    copy->text.limit = TEXT_BYTES_MAX;
    *view = (struct app_view){.app = NULL};
    if (!act_zip_new(copy->view.page.now_ms, &copy->zip, fail)) {
        app_copy_close(copy);
        return false;
    }
    *out = copy;
    return true;
}

bool app_copy_open(struct app *app, const struct app_caller *caller, struct str id,
                   struct arena *arena, struct app_copy **out, struct fail *fail)
{
    struct app_view view CLEANUP(app_view_done) = {
        .app = app, .snapshot = store_snapshot_take(app->store), .arena = arena};
    view.produced_by = app_caller_name(caller, arena);
    return app_find_customer(view.snapshot, id, &view.customer, fail) &&
           app_view_read(&view, fail) &&
           access_audit(app->access, &caller->identity, "customer.export", STR("customer"),
                        (struct str){NULL, 0}, fail) &&
           app_copy_of(&view, out, fail);
}

void app_copy_close(struct app_copy *copy)
{
    if (copy != NULL) {
        act_zip_free(copy->zip);
        app_view_done(&copy->view);
        base_buf_done(&copy->text);
        base_free(copy);
    }
}
