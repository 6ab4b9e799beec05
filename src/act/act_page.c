#include "act_page.h"

#define SAY(out, word, ...)                                                                        \
    act_html_say(out, word, (const struct str[]){__VA_ARGS__},                                     \
                 sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))
#define FACT_BYTES_MAX 300

static struct str organisation(const struct act_page *page)
{
    return page->organisation.len > 0 ? page->organisation
                                      : str_from_c(act_word(ACT_WORD_ORGANISATION_OTHERWISE));
}

static void word(struct base_buf *out, enum act_word which)
{
    act_html_say(out, which, NULL, 0);
}

static void element(struct base_buf *out, const char *name, enum act_word which)
{
    base_buf_printf(out, "<%s>", name);
    word(out, which);
    base_buf_printf(out, "</%s>\n", name);
}

/* A form of the page: what it does, and about what. */
static void form_begin(const struct act_page *page, const char *wish, struct str purpose,
                       const char *class_name, struct base_buf *out)
{
    act_html_c(out, "<form method=\"post\" action=\"");
    act_html_text(out, page->path);
    base_buf_printf(out, "\"%s>", class_name);
    base_buf_printf(out, "<input type=\"hidden\" name=\"do\" value=\"%s\">", wish);
    if (purpose.data != NULL) {
        act_html_c(out, "<input type=\"hidden\" name=\"purpose\" value=\"");
        act_html_text(out, purpose);
        act_html_c(out, "\">");
    }
}

static void form_end(enum act_word button, struct base_buf *out)
{
    act_html_c(out, "<button>");
    word(out, button);
    act_html_c(out, "</button></form>\n");
}

/* ---- being contacted ------------------------------------------------------------------------------------------ */

static struct str purpose_title(const struct act_page *page, struct str name)
{
    const struct act_purpose *purpose = act_policy_purpose(page->policy, name);
    if (str_equal(name, ACT_ALL)) {
        return str_from_c(act_word(ACT_WORD_ALL_PURPOSES));
    }
    return purpose == NULL || purpose->title.len == 0 ? name : purpose->title;
}

static void mute_form(const struct act_page *page, struct str purpose, struct base_buf *out)
{
    static const struct {
        const char *days;
        enum act_word word;
    } spans[] = {{"30", ACT_WORD_FOR_30},
                 {"90", ACT_WORD_FOR_90},
                 {"365", ACT_WORD_FOR_365},
                 {"0", ACT_WORD_FOR_EVER}};
    bool all = str_equal(purpose, ACT_ALL);
    form_begin(page, "mute", purpose, "", out);
    act_html_c(out, "<label>");
    if (all) {
        word(out, ACT_WORD_MUTE_ALL_LABEL);
    } else {
        SAY(out, ACT_WORD_MUTE_LABEL, purpose_title(page, purpose));
    }
    act_html_c(out, " <select name=\"for\">");
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        base_buf_printf(out, "<option value=\"%s\">", spans[i].days);
        word(out, spans[i].word);
        act_html_c(out, "</option>");
    }
    act_html_c(out, "</select></label> ");
    form_end(all ? ACT_WORD_MUTE_ALL_BUTTON : ACT_WORD_MUTE_BUTTON, out);
}

static void write_mute(const struct act_page *page, struct arena *arena, struct base_buf *out)
{
    const struct act_consent *by;
    if (act_consent_at(page->history, ACT_ALL, page->now_ms, &by) != ACT_CONSENT_WITHDRAWN) {
        element(out, "p", ACT_WORD_CONTACT_OPEN);
        mute_form(page, ACT_ALL, out);
        return;
    }
    act_html_c(out, "<p><strong>");
    if (by->until_ms == ACT_NO_INSTANT) {
        word(out, ACT_WORD_MUTED_EVER);
    } else {
        SAY(out, ACT_WORD_MUTED_UNTIL, act_date(arena, page->history->zone, by->until_ms));
    }
    act_html_c(out, "</strong></p>\n");
    form_begin(page, "unmute", ACT_ALL, "", out);
    form_end(ACT_WORD_UNMUTE_ALL_BUTTON, out);
}

static void write_word(const struct act_page *page, const struct act_purpose *purpose,
                       enum act_consent_state state, const struct act_consent *by,
                       struct arena *arena, struct base_buf *out)
{
    const struct zone *zone = page->history->zone;
    act_html_c(out, "<p>");
    if (state == ACT_CONSENT_WITHDRAWN && by->until_ms == ACT_NO_INSTANT) {
        word(out, ACT_WORD_PURPOSE_MUTED);
    } else if (state == ACT_CONSENT_WITHDRAWN) {
        SAY(out, ACT_WORD_PURPOSE_MUTED_UNTIL, act_date(arena, zone, by->until_ms));
    } else if (state == ACT_CONSENT_GRANTED && by->until_ms != ACT_NO_INSTANT) {
        SAY(out, ACT_WORD_PURPOSE_AGREED_UNTIL, act_date(arena, zone, by->ts_ms),
            act_date(arena, zone, by->until_ms));
    } else if (state == ACT_CONSENT_GRANTED) {
        SAY(out, ACT_WORD_PURPOSE_AGREED, act_date(arena, zone, by->ts_ms));
    } else {
        word(out, purpose->needs_consent ? ACT_WORD_PURPOSE_NOT_AGREED : ACT_WORD_PURPOSE_OPEN);
    }
    act_html_c(out, "</p>\n");
}

static void write_purpose(const struct act_page *page, const struct act_purpose *purpose,
                          struct arena *arena, struct base_buf *out)
{
    const struct act_consent *by;
    enum act_consent_state state = act_consent_at(page->history, purpose->name, page->now_ms, &by);
    bool open =
        state == ACT_CONSENT_GRANTED || (state == ACT_CONSENT_NONE && !purpose->needs_consent);
    act_html_c(out, "<h3>");
    act_html_text(out, purpose_title(page, purpose->name));
    act_html_c(out, "</h3>\n");
    write_word(page, purpose, state, by, arena, out);
    if (!purpose->needs_consent) {
        act_html_c(out, "<p class=\"quiet\">");
        SAY(out, ACT_WORD_WHY_IT_MAY, purpose->reason);
        act_html_c(out, "</p>\n");
    } else if (!open) {
        act_html_c(out, "<p class=\"quiet\">");
        SAY(out, ACT_WORD_WORDING, purpose->wording);
        act_html_c(out, "</p>\n");
    }
    if (open) {
        mute_form(page, purpose->name, out);
    } else if (purpose->needs_consent) {
        form_begin(page, "agree", purpose->name, "", out);
        form_end(ACT_WORD_AGREE_BUTTON, out);
    } else {
        form_begin(page, "unmute", purpose->name, "", out);
        form_end(ACT_WORD_UNMUTE_BUTTON, out);
    }
}

static void write_contact(const struct act_page *page, struct arena *arena, struct base_buf *out)
{
    act_html_c(out, "<section>");
    element(out, "h2", ACT_WORD_CONTACT_HEAD);
    write_mute(page, arena, out);
    for (size_t i = 0; i < page->policy->purpose_count; i++) {
        write_purpose(page, &page->policy->purposes[i], arena, out);
    }
    act_html_c(out, "</section>\n");
}

/* ---- contacts made ------------------------------------------------------------------------------------------------ */

static void write_reason(const struct act_page *page, const struct act_contact *contact,
                         struct arena *arena, struct base_buf *out)
{
    const struct act_consent *by;
    const struct act_purpose *purpose = act_policy_purpose(page->policy, contact->purpose);
    /* The word that was in force then: what was said after the contact is left out. */
    struct act_history then = *page->history;
    while (then.consent_count > 0 && then.consents[then.consent_count - 1].ts_ms > contact->ts_ms) {
        then.consent_count--;
    }
    if (act_consent_at(&then, contact->purpose, contact->ts_ms, &by) == ACT_CONSENT_GRANTED) {
        act_html_c(out, " <span class=\"quiet\">");
        SAY(out, ACT_WORD_BECAUSE_AGREED, act_date(arena, page->history->zone, by->ts_ms));
        act_html_c(out, "</span>");
    } else if (purpose != NULL && !purpose->needs_consent) {
        act_html_c(out, " <span class=\"quiet\">");
        SAY(out, ACT_WORD_BECAUSE, purpose->reason);
        act_html_c(out, "</span>");
    }
}

static struct str number(struct arena *arena, uint64_t n)
{
    return str_format(arena, "%llu", (unsigned long long)n);
}

static void write_contacts(const struct act_page *page, struct arena *arena, struct base_buf *out)
{
    const struct act_history *history = page->history;
    size_t count = history->contact_count;
    act_html_c(out, "<section>");
    element(out, "h2", ACT_WORD_CONTACTS_HEAD);
    if (count == 0) {
        element(out, "p", ACT_WORD_CONTACTS_NONE);
    } else {
        act_html_c(out, "<ol>\n");
    }
    for (size_t i = count; i > 0 && count - i < ACT_PAGE_CONTACTS; i--) {
        const struct act_contact *contact = &history->contacts[i - 1];
        act_html_c(out, "<li>");
        act_html_date(out, history->zone, contact->ts_ms);
        act_html_c(out, " ");
        if (contact->channel.len > 0) {
            SAY(out, ACT_WORD_CONTACT_LINE_CHANNEL, purpose_title(page, contact->purpose),
                contact->channel);
        } else {
            SAY(out, ACT_WORD_CONTACT_LINE, purpose_title(page, contact->purpose));
        }
        write_reason(page, contact, arena, out);
        act_html_c(out, "</li>\n");
    }
    if (count > 0) {
        act_html_c(out, "</ol>\n");
    }
    if (count > ACT_PAGE_CONTACTS) {
        act_html_c(out, "<p class=\"quiet\">");
        SAY(out, ACT_WORD_CONTACTS_MORE, number(arena, ACT_PAGE_CONTACTS), number(arena, count));
        act_html_c(out, "</p>\n");
    }
    act_html_c(out, "</section>\n");
}

/* ---- what is known ------------------------------------------------------------------------------------------------- */

static void write_fields(const struct store_field *fields, size_t count, size_t most,
                         struct base_buf *out)
{
    act_html_c(out, "<dl>");
    for (size_t i = 0; i < count; i++) {
        if (fields[i].value.kind == STORE_NULL) {
            continue;
        }
        act_html_c(out, "<dt><bdi>");
        act_html_text(out, fields[i].name);
        act_html_c(out, "</bdi></dt><dd><bdi>");
        act_html_value(out, fields[i].value, most);
        act_html_c(out, "</bdi></dd>\n");
    }
    act_html_c(out, "</dl>\n");
}

static void write_facts(const struct act_page *page, struct base_buf *out)
{
    element(out, "h2", ACT_WORD_TRAITS_HEAD);
    if (page->trait_count == 0) {
        element(out, "p", ACT_WORD_TRAITS_NONE);
    } else {
        act_html_c(out, "<p class=\"quiet\">");
        word(out, ACT_WORD_TRAITS_INTRO);
        act_html_c(out, "</p>\n");
        write_fields(page->traits, page->trait_count, ACT_PAGE_TEXT_BYTES, out);
    }
    element(out, "h3", ACT_WORD_IDENTIFIERS_HEAD);
    act_html_c(out, "<dl>");
    for (size_t i = 0; i < page->identifier_count; i++) {
        act_html_c(out, "<dt><bdi>");
        act_html_text(out, page->identifiers[i].kind);
        act_html_c(out, "</bdi></dt><dd><bdi>");
        act_html_text(out, page->identifiers[i].value);
        act_html_c(out, "</bdi></dd>\n");
    }
    act_html_c(out, "</dl>\n");
}

/* The value of a trait that a text field can hold: one string, or none. */
static bool text_trait(const struct act_page *page, struct str name, struct str *out)
{
    size_t found = 0;
    *out = STR("");
    for (size_t i = 0; i < page->trait_count; i++) {
        if (!str_equal(page->traits[i].name, name)) {
            continue;
        }
        if (page->traits[i].value.kind != STORE_STRING || ++found > 1) {
            return false;
        }
        *out = store_value_text(page->traits[i].value);
    }
    return true;
}

static void write_corrections(const struct act_page *page, struct base_buf *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < page->policy->correction_count; i++) {
        struct str name = page->policy->corrections[i];
        struct str value;
        if (!text_trait(page, name, &value)) {
            continue;
        }
        if (shown++ == 0) {
            element(out, "h3", ACT_WORD_CORRECT_HEAD);
            element(out, "p", ACT_WORD_CORRECT_INTRO);
            form_begin(page, "correct", (struct str){NULL, 0}, " class=\"fields\"", out);
        }
        act_html_c(out, "<label>");
        act_html_text(out, name);
        act_html_c(out,
                   " <input type=\"text\" maxlength=\"1000\" autocomplete=\"off\" name=\"trait.");
        act_html_text(out, name);
        act_html_c(out, "\" value=\"");
        act_html_text(out, value);
        act_html_c(out, "\"></label>\n");
    }
    if (shown > 0) {
        form_end(ACT_WORD_CORRECT_BUTTON, out);
    }
}

static void write_quote(struct str text, size_t most, struct base_buf *out)
{
    act_html_c(out, "<blockquote><bdi>");
    act_html_text_cut(out, text, most);
    act_html_c(out, "</bdi></blockquote>");
}

static void write_score(struct store_value score, struct str scale, struct base_buf *out)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = 256};
    act_html_value(&text, score, 64);
    act_html_c(out, "<p>");
    SAY(out, ACT_WORD_SCORE, base_buf_view(&text), scale);
    act_html_c(out, "</p>");
}

static void write_said(const struct act_page *page, struct arena *arena, struct base_buf *out)
{
    act_html_c(out, "<section>");
    element(out, "h2", ACT_WORD_SAID_HEAD);
    if (page->said_count == 0) {
        element(out, "p", ACT_WORD_SAID_NONE);
    } else {
        act_html_c(out, "<ol>\n");
    }
    for (size_t i = 0; i < page->said_count; i++) {
        const struct act_said *said = &page->said[i];
        act_html_c(out, "<li>");
        act_html_date(out, page->history->zone, said->ts_ms);
        act_html_c(out, " <bdi class=\"quiet\">");
        act_html_text_cut(out, said->channel, FACT_BYTES_MAX);
        act_html_c(out, "</bdi>");
        if (said->scale.data != NULL) {
            write_score(said->score, said->scale, out);
        }
        if (said->text.data != NULL) {
            write_quote(said->text, ACT_PAGE_TEXT_BYTES, out);
        }
        act_html_c(out, "</li>\n");
    }
    if (page->said_count > 0) {
        act_html_c(out, "</ol>\n");
    }
    if (page->said_total > page->said_count) {
        act_html_c(out, "<p class=\"quiet\">");
        SAY(out, ACT_WORD_SAID_MORE, number(arena, page->said_count),
            number(arena, page->said_total));
        act_html_c(out, "</p>\n");
    }
    act_html_c(out, "</section>\n");
}

/* ---- what happened ---------------------------------------------------------------------------------------------------- */

static struct str property(const struct store_event *event, const char *name)
{
    for (size_t i = 0; i < event->property_count; i++) {
        if (str_is(event->properties[i].name, name) &&
            event->properties[i].value.kind == STORE_STRING) {
            return store_value_text(event->properties[i].value);
        }
    }
    return STR("");
}

static void write_event_name(const struct act_page *page, const struct store_event *event,
                             struct base_buf *out)
{
    struct str about = purpose_title(page, property(event, "purpose"));
    if (str_is(event->event, ACT_EVENT_CONTACTED)) {
        if (str_is(property(event, "outcome"), "skipped")) {
            SAY(out, ACT_WORD_EVENT_SKIPPED, about, property(event, "reason"));
        } else {
            SAY(out, ACT_WORD_EVENT_CONTACTED, about);
        }
    } else if (str_is(event->event, ACT_EVENT_CONSENT)) {
        SAY(out,
            str_is(property(event, "state"), "granted") ? ACT_WORD_EVENT_GRANTED
                                                        : ACT_WORD_EVENT_WITHDRAWN,
            about);
    } else if (str_is(event->event, "identify")) {
        word(out, ACT_WORD_EVENT_IDENTIFY);
    } else if (str_is(event->event, "survey shown")) {
        word(out, ACT_WORD_EVENT_SHOWN);
    } else if (str_is(event->event, "feedback")) {
        word(out, ACT_WORD_EVENT_FEEDBACK);
    } else {
        act_html_c(out, "<bdi>");
        act_html_text(out, event->event);
        act_html_c(out, "</bdi>");
    }
}

static void write_row(const struct act_page *page, const struct store_timeline_row *row,
                      size_t most, struct base_buf *out)
{
    const struct store_event *event = &row->event;
    act_html_c(out, "<li>");
    act_html_date(out, page->history->zone, event->ts_ms);
    act_html_c(out, " ");
    write_event_name(page, event, out);
    if (event->channel.len > 0) {
        act_html_c(out, " <bdi class=\"quiet\">");
        act_html_text(out, event->channel);
        act_html_c(out, "</bdi>");
    }
    if (event->scale.data != NULL) {
        write_score(event->score, event->scale, out);
    }
    if (event->text.data != NULL) {
        write_quote(event->text, most, out);
    }
    if (event->property_count + event->trait_count > 0) {
        act_html_c(out, "<details><summary>");
        word(out, ACT_WORD_DETAILS);
        act_html_c(out, "</summary>");
        write_fields(event->properties, event->property_count, most, out);
        write_fields(event->traits, event->trait_count, most, out);
        act_html_c(out, "</details>");
    }
    act_html_c(out, "</li>\n");
}

static void write_timeline(const struct act_page *page, struct base_buf *out)
{
    act_html_c(out, "<section id=\"timeline\">");
    element(out, "h2", ACT_WORD_TIMELINE_HEAD);
    if (page->row_count == 0) {
        element(out, "p", ACT_WORD_TIMELINE_NONE);
    } else {
        act_html_c(out, "<ol>\n");
    }
    for (size_t i = 0; i < page->row_count; i++) {
        write_row(page, &page->rows[i], FACT_BYTES_MAX, out);
    }
    act_html_c(out, page->row_count > 0 ? "</ol>\n<p>" : "<p>");
    if (!page->newest) {
        act_html_c(out, "<a href=\"");
        act_html_text(out, page->path);
        act_html_c(out, "#timeline\">");
        word(out, ACT_WORD_TIMELINE_NEWEST);
        act_html_c(out, "</a> ");
    }
    if (page->older.len > 0) {
        act_html_c(out, "<a rel=\"next\" href=\"");
        act_html_text(out, page->path);
        act_html_c(out, "?before=");
        act_html_text(out, page->older);
        act_html_c(out, "#timeline\">");
        word(out, ACT_WORD_TIMELINE_OLDER);
        act_html_c(out, "</a>");
    }
    act_html_c(out, "</p></section>\n");
}

/* ---- a copy, erasing ------------------------------------------------------------------------------------------------- */

static void write_erasing(const struct act_page *page, struct arena *arena, struct base_buf *out)
{
    const struct zone *zone = page->history->zone;
    struct str asked = act_date(arena, zone, page->erasure_asked_ms);
    act_html_c(out, "<section id=\"erase\">");
    element(out, "h2", ACT_WORD_ERASE_HEAD);
    act_html_c(out, page->erasure == ACT_ERASURE_NONE ? "" : "<p><strong>");
    if (page->erasure == ACT_ERASURE_OPEN && page->erasure_due_ms < page->now_ms) {
        SAY(out, ACT_WORD_ERASE_OVERDUE, asked, act_date(arena, zone, page->erasure_due_ms),
            organisation(page));
    } else if (page->erasure == ACT_ERASURE_OPEN) {
        SAY(out, ACT_WORD_ERASE_ASKED, asked, act_date(arena, zone, page->erasure_due_ms));
    } else if (page->erasure == ACT_ERASURE_CLOSED) {
        SAY(out, ACT_WORD_ERASE_CLOSED, asked, act_date(arena, zone, page->erasure_closed_ms));
    }
    act_html_c(out, page->erasure == ACT_ERASURE_NONE ? "" : "</strong></p>\n");
    element(out, "p", ACT_WORD_ERASE_INTRO);
    if (page->erasure != ACT_ERASURE_OPEN) {
        form_begin(page, "erase", (struct str){NULL, 0}, "", out);
        act_html_c(out, "<label><input type=\"checkbox\" name=\"sure\" value=\"yes\" required> ");
        word(out, ACT_WORD_ERASE_CONFIRM);
        act_html_c(out, "</label> ");
        form_end(ACT_WORD_ERASE_BUTTON, out);
    }
    act_html_c(out, "</section>\n");
}

/* ---- the whole -------------------------------------------------------------------------------------------------------- */

/* A page links to the style; a copy holds it. */
static void write_head(struct base_buf *out, enum act_word title, struct str name, bool copy)
{
    base_buf_printf(out,
                    "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                    "<meta name=\"robots\" content=\"noindex,nofollow\">",
                    act_word(ACT_WORD_LANGUAGE));
    if (copy) {
        act_html_c(out, "<style>");
        act_html_c(out, act_page_style);
        act_html_c(out, "</style>");
    } else {
        act_html_c(out, "<link rel=\"stylesheet\" href=\"" ACT_PAGE_STYLE "\">");
    }
    act_html_c(out, "<title>");
    SAY(out, title, name);
    act_html_c(out, "</title></head>\n<body>");
}

static void write_notes(const struct act_page *page, struct base_buf *out)
{
    static const struct {
        const char *wish;
        enum act_word word;
    } done[] = {{"mute", ACT_WORD_DONE_MUTED},
                {"unmute", ACT_WORD_DONE_UNMUTED},
                {"agree", ACT_WORD_DONE_AGREED},
                {"correct", ACT_WORD_DONE_CORRECTED},
                {"erase", ACT_WORD_DONE_ERASE}};
    for (size_t i = 0; i < ARRAY_LEN(done); i++) {
        if (str_is(page->done, done[i].wish)) {
            act_html_c(out, "<p class=\"note done\" role=\"status\">");
            word(out, done[i].word);
            act_html_c(out, "</p>\n");
        }
    }
    if (page->error.len > 0) {
        act_html_c(out, "<div class=\"note wrong\" role=\"alert\"><strong>");
        word(out, ACT_WORD_ERROR_HEAD);
        act_html_c(out, "</strong><br>");
        act_html_text(out, page->error);
        act_html_c(out, "</div>\n");
    }
}

void act_page_write(const struct act_page *page, struct arena *arena, struct base_buf *out)
{
    write_head(out, ACT_WORD_TITLE, organisation(page), false);
    act_html_c(out, "<a class=\"skip\" href=\"#main\">");
    word(out, ACT_WORD_SKIP_TO_MAIN);
    act_html_c(out, "</a><main id=\"main\"><h1>");
    SAY(out, ACT_WORD_TITLE, organisation(page));
    act_html_c(out, "</h1>\n<p>");
    SAY(out, ACT_WORD_INTRO, organisation(page));
    act_html_c(out, "</p>\n");
    write_notes(page, out);
    act_html_c(out, "<p class=\"quiet\">");
    SAY(out, ACT_WORD_LINK_UNTIL, act_date(arena, page->history->zone, page->expires_ms),
        zone_name(page->history->zone));
    act_html_c(out, "</p>\n");
    write_contact(page, arena, out);
    write_contacts(page, arena, out);
    act_html_c(out, "<section>");
    write_facts(page, out);
    write_corrections(page, out);
    act_html_c(out, "</section>\n");
    write_said(page, arena, out);
    act_html_c(out, "<section>");
    element(out, "h2", ACT_WORD_EXPORT_HEAD);
    element(out, "p", ACT_WORD_EXPORT_INTRO);
    act_html_c(out, "<p><a href=\"");
    act_html_text(out, page->path);
    act_html_c(out, "/copy\">");
    word(out, ACT_WORD_EXPORT_LINK);
    act_html_c(out, "</a></p></section>\n");
    write_erasing(page, arena, out);
    write_timeline(page, out);
    act_html_c(out, "</main></body></html>\n");
}

void act_page_write_absent(struct base_buf *out)
{
    write_head(out, ACT_WORD_LINK_TITLE, STR(""), false);
    act_html_c(out, "<main>");
    element(out, "h1", ACT_WORD_LINK_TITLE);
    element(out, "p", ACT_WORD_LINK_TEXT);
    act_html_c(out, "</main></body></html>\n");
}

/* ---- the copy ----------------------------------------------------------------------------------------------------------- */

void act_copy_begin(const struct act_page *page, struct arena *arena, struct base_buf *out)
{
    write_head(out, ACT_WORD_COPY_TITLE, organisation(page), true);
    act_html_c(out, "<main><h1>");
    SAY(out, ACT_WORD_COPY_TITLE, organisation(page));
    act_html_c(out, "</h1>\n<p>");
    SAY(out, ACT_WORD_COPY_INTRO, act_date(arena, page->history->zone, page->now_ms),
        zone_name(page->history->zone));
    act_html_c(out, "</p>\n<section>");
    write_facts(page, out);
    act_html_c(out, "</section>\n<section>");
    element(out, "h2", ACT_WORD_COPY_TIMELINE_HEAD);
    act_html_c(out, "<ol>\n");
}

void act_copy_row(const struct act_page *page, const struct store_timeline_row *row,
                  struct base_buf *out)
{
    write_row(page, row, STORE_EVENT_BYTES_MAX, out);
}

void act_copy_end(struct base_buf *out)
{
    act_html_c(out, "</ol></section></main></body></html>\n");
}
