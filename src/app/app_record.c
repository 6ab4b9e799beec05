/* What stands in state of one person, besides answers: for the copy of all that is known of them. */
#include "app_record.h"

#include "base_mention.h"
#include "state_erasures.h"
#include "state_notes.h"
#include "state_responses.h"

/* ---- invitations, and wishes to be erased ----------------------------------------------------------------------- */

static void write_invitation(struct json_writer *w, const struct state_survey_link *link)
{
    json_begin_object(w);
    app_write_text(w, "survey", link->survey);
    app_write_text(w, "customer", link->customer);
    app_write_instant(w, "made", link->created_ms);
    app_write_instant(w, "ends", link->expires_ms == 0 ? STORE_NO_TIME : link->expires_ms);
    app_write_instant(w, "revoked", link->revoked_ms == 0 ? STORE_NO_TIME : link->revoked_ms);
    json_name_c(w, "once");
    json_write_bool(w, link->once);
    json_end_object(w);
}

static bool write_invitations(struct app *app, const struct app_record_of *of, struct arena *arena,
                              struct json_writer *w, struct fail *fail)
{
    json_name_c(w, "invitations");
    json_begin_array(w);
    for (size_t i = 0; i < of->count; i++) {
        struct state_survey_link *links;
        size_t count;
        if (!str_is(of->identifiers[i].kind, "user")) {
            continue; /* links are for user ids only */
        }
        if (!state_survey_links_of(app->state, of->identifiers[i].value, arena, &links, &count,
                                   fail)) {
            return false;
        }
        for (size_t k = 0; k < count; k++) {
            write_invitation(w, &links[k]);
        }
    }
    json_end_array(w);
    return true;
}

static bool write_wishes(struct app *app, const struct app_record_of *of, struct arena *arena,
                         struct json_writer *w, struct fail *fail)
{
    json_name_c(w, "wishes_to_be_erased");
    json_begin_array(w);
    for (size_t i = 0; i < of->count; i++) {
        struct state_erasure wish;
        bool found;
        struct str name = str_format(arena, "%.*s:%.*s", STR_ARG(of->identifiers[i].kind),
                                     STR_ARG(of->identifiers[i].value));
        if (!state_erasure_find(app->state, name, arena, &wish, &found, fail)) {
            return false;
        }
        if (found) {
            json_begin_object(w);
            app_write_text(w, "customer", name);
            app_write_instant(w, "asked", wish.asked_ms);
            app_write_instant(w, "due", wish.due_ms);
            app_write_instant(w, "closed", wish.closed_ms == 0 ? STORE_NO_TIME : wish.closed_ms);
            json_end_object(w);
        }
    }
    json_end_array(w);
    return true;
}

/* ---- notes -------------------------------------------------------------------------------------------------------- */

struct noting {
    const struct base_mention *mention;
    struct json_writer *w;
};

static bool write_note(void *context, const struct state_note *note, struct fail *fail)
{
    struct noting *noting = context;
    (void)fail;
    if (!base_mention_in(noting->mention, note->text)) {
        return true;
    }
    json_begin_object(noting->w);
    app_write_instant(noting->w, "at", note->at_ms);
    app_write_instant(noting->w, "until", note->until_ms == 0 ? STORE_NO_TIME : note->until_ms);
    app_write_text(noting->w, "kind", note->kind);
    app_write_text(noting->w, "text", note->text);
    app_write_text(noting->w, "by", note->owner);
    json_end_object(noting->w);
    return true;
}

static bool write_notes(struct app *app, const struct app_record_of *of, struct arena *arena,
                        struct json_writer *w, struct fail *fail)
{
    struct str *words = arena_array(arena, of->count, sizeof *words, fail);
    struct base_mention *mention = NULL;
    if (words == NULL) {
        return false;
    }
    for (size_t i = 0; i < of->count; i++) {
        words[i] = of->identifiers[i].value;
    }
    if (!base_mention_new(words, of->count, &mention, fail)) {
        return false;
    }
    json_name_c(w, "notes");
    json_begin_array(w);
    struct noting noting = {mention, w};
    bool ok = state_notes_each(app->state, write_note, &noting, fail);
    base_mention_free(mention);
    json_end_array(w);
    return ok;
}

bool app_record_write(struct app *app, const struct app_record_of *of, struct arena *arena,
                      struct base_buf *out, struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    if (!write_invitations(app, of, arena, &w, fail) || !write_wishes(app, of, arena, &w, fail) ||
        (of->notes && !write_notes(app, of, arena, &w, fail))) {
        return false;
    }
    json_end_object(&w);
    base_buf_byte(out, '\n');
    return base_buf_ok(out, fail);
}
