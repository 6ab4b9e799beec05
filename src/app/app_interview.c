/* Interviews: whom to ask, what was said, which words stay in mind. Everything is on the customer's timeline: the
 * interview as feedback, its highlights as events that point to it, the consent before it. */
#include "act.h"
#include "app_contact.h"
#include "app_internal.h"

#define SOURCE "interviews"
#define PURPOSE "interview"
#define EVENT_HIGHLIGHT "highlight"
#define NOTES_BYTES_MAX ((size_t)500 << 10)
#define SHORT_BYTES_MAX 2000
#define ID_BYTES_MAX 100
#define PARTICIPANTS_MAX 50
#define RECRUITS_MAX 200
#define RECRUIT_LOOKED_MAX 1000 /* customers of a segment that are put to the policy */
#define WAY_BYTES 64

struct interview {
    struct str customer, text, title, channel, consent, id, ts;
    const struct str *participants;
    size_t participant_count;
};

static bool take_snapshot(struct app *app, struct str id, struct store_snapshot **out,
                          uint32_t *out_customer, struct fail *fail)
{
    *out = store_snapshot_take(app->store);
    store_customer_lookup(*out, id, out_customer);
    if (*out_customer != STORE_NO_CUSTOMER) {
        return true;
    }
    store_snapshot_unref(*out);
    return fail_set(fail, FAIL_ABSENT, "there is no customer \"%.*s\"", STR_ARG(id));
}

/* ---- events of the source "interviews" -------------------------------------------------------------------- */

/* Takes one event in the own form, as if it had been sent: checks and masks are those of the source. */
static bool take_event(struct app *app, struct str json, struct arena *arena, struct fail *fail)
{
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    struct intake_source source;
    struct intake_items items = {0};
    if (!app_source(app, STR(SOURCE), true, arena, &source, fail) ||
        !intake_own_decode(decoder, json, &source, arena, &items, fail)) {
        return false;
    }
    INVARIANT(items.count == 1);
    /* Nothing of it lies about in quarantine: who wrote it is told what is wrong. */
    if (items.items[0].verdict != STORE_STORED) {
        return fail_set(fail, FAIL_INPUT, "%.*s: %.*s", STR_ARG(items.items[0].field),
                        STR_ARG(items.items[0].reason));
    }
    return app_take(app, items.items, items.count, fail) &&
           (items.items[0].verdict == STORE_STORED || items.items[0].verdict == STORE_DUPLICATE ||
            fail_set(fail, FAIL_INPUT, "%.*s", STR_ARG(items.items[0].reason)));
}

static void begin_event(struct json_writer *w, const char *event, struct str id,
                        const struct store_identifier *who, struct str ts)
{
    json_begin_object(w);
    json_name_c(w, "message_id");
    json_write_str(w, id);
    json_name_c(w, "identifiers");
    json_begin_object(w);
    json_name(w, who->kind);
    json_write_str(w, who->value);
    json_end_object(w);
    json_name_c(w, "event");
    json_write_c(w, event);
    json_name_c(w, "ts");
    json_write_str(w, ts);
}

static void put(struct json_writer *w, const char *name, struct str value)
{
    if (value.len > 0) {
        json_name_c(w, name);
        json_write_str(w, value);
    }
}

static bool write_interview(struct app *app, const struct interview *interview,
                            const struct store_identifier *who, struct arena *arena,
                            struct fail *fail)
{
    struct base_buf json CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &json};
    begin_event(&w, "feedback", interview->id, who, interview->ts);
    put(&w, "channel", interview->channel);
    put(&w, "text", interview->text);
    json_name_c(&w, "properties");
    json_begin_object(&w);
    put(&w, "kind", STR("interview"));
    put(&w, "title", interview->title);
    put(&w, "consent", interview->consent);
    json_name_c(&w, "participants");
    json_begin_array(&w);
    for (size_t i = 0; i < interview->participant_count; i++) {
        json_write_str(&w, interview->participants[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    json_end_object(&w);
    return base_buf_ok(&json, fail) && take_event(app, base_buf_view(&json), arena, fail);
}

/* ---- interview.add ------------------------------------------------------------------------------------------ */

static bool read_short(struct json_value input, const char *name, size_t most, struct str *out,
                       struct fail *fail)
{
    if (!app_input_str(input, name, false, out, fail)) {
        return false;
    }
    char pointer[32] = "/";
    strncat(pointer, name, sizeof pointer - 2);
    return out->len <= most ||
           fail_input_at(fail, pointer, "\"%s\" has at most %zu bytes", name, most);
}

static bool read_participants(struct json_value input, struct arena *arena,
                              struct interview *interview, struct fail *fail)
{
    struct json_value list, item;
    if (!json_member(input, STR("participants"), &list) || json_type_of(list) == JSON_NULL) {
        return true;
    }
    struct str *names = arena_array(arena, PARTICIPANTS_MAX, sizeof *names, fail);
    bool good =
        names != NULL && json_type_of(list) == JSON_ARRAY && json_count(list) <= PARTICIPANTS_MAX;
    if (good) {
        for (struct json_iter it = json_iter_of(list); good && json_next(&it, NULL, &item);) {
            good = json_type_of(item) == JSON_STRING && json_string(item).len > 0 &&
                   json_string(item).len <= SHORT_BYTES_MAX;
            names[interview->participant_count++] = good ? json_string(item) : STR("");
        }
    }
    interview->participants = names;
    return good ||
           fail_input_at(fail, "/participants",
                         "\"participants\" must be a list of at most %d names", PARTICIPANTS_MAX);
}

static bool read_interview(struct app *app, struct json_value input, struct arena *arena,
                           struct interview *out, struct fail *fail)
{
    static const char *const members[] = {"customer", "text",         "title", "channel", "consent",
                                          "id",       "participants", "ts",    NULL};
    int64_t ts_ms = base_now_ms(app->clock);
    *out = (struct interview){.participant_count = 0};
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "customer", true, &out->customer, fail) ||
        !app_input_str(input, "text", true, &out->text, fail) ||
        !read_short(input, "title", SHORT_BYTES_MAX, &out->title, fail) ||
        !read_short(input, "channel", STORE_NAME_BYTES_MAX, &out->channel, fail) ||
        !read_short(input, "consent", SHORT_BYTES_MAX, &out->consent, fail) ||
        !read_short(input, "id", ID_BYTES_MAX, &out->id, fail) ||
        !app_input_str(input, "ts", false, &out->ts, fail) ||
        !read_participants(input, arena, out, fail)) {
        return false;
    }
    out->text = str_trim(out->text);
    if (out->text.len == 0 || out->text.len > NOTES_BYTES_MAX) {
        return fail_input_at(fail, "/text", "the notes have 1 to %zu bytes", NOTES_BYTES_MAX);
    }
    if (out->ts.data != NULL &&
        (!time_parse_rfc3339(out->ts, &ts_ms) || ts_ms > base_now_ms(app->clock))) {
        return fail_input_at(fail, "/ts", "\"ts\" must be an RFC 3339 instant that is over");
    }
    char *when = arena_small(arena, TIME_RFC3339_BYTES);
    out->ts = str_of(when, time_format_rfc3339(ts_ms, when));
    out->id = out->id.len > 0
                  ? out->id
                  : str_format(arena, "i_%.*s", STR_ARG(base_random_token(app->random, arena, 12)));
    return true;
}

/* The customer's word on interviews: what it is, or is from now on. */
static bool settle_consent(struct app *app, const struct app_caller *caller,
                           struct interview *interview, struct store_snapshot *snapshot,
                           uint32_t customer, const struct store_identifier *who,
                           struct arena *arena, struct fail *fail)
{
    struct act_record record;
    const struct act_consent *by;
    (void)caller;
    if (!app_customer_record(app, snapshot, customer, 1, arena, &record, fail)) {
        return false;
    }
    enum act_consent_state state =
        act_consent_at(&record.history, STR(PURPOSE), base_now_ms(app->clock), &by);
    if (state == ACT_CONSENT_GRANTED) {
        interview->consent = interview->consent.len > 0 ? interview->consent : by->wording;
        return true;
    }
    if (interview->consent.len == 0) {
        return fail_set(fail, FAIL_CONFLICT,
                        state == ACT_CONSENT_WITHDRAWN
                            ? "the customer took the consent to interviews back"
                            : "there is no consent to an interview: record one of the purpose "
                              "\"interview\", or say the wording that was agreed to (\"consent\")");
    }
    const struct app_word word = {.purpose = STR(PURPOSE),
                                  .granted = true,
                                  .until_ms = ACT_NO_INSTANT,
                                  .wording = interview->consent,
                                  .how = STR("given at the interview")};
    return app_word_write(app, who, 1, &word, arena, fail);
}

bool app_op_interview_add(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct interview interview;
    struct store_snapshot *snapshot;
    struct store_identifier who;
    uint32_t customer;
    if (!read_interview(app, input, arena, &interview, fail) ||
        !take_snapshot(app, interview.customer, &snapshot, &customer, fail)) {
        return false;
    }
    bool good = app_customer_identifier(snapshot, customer, arena, &who, fail) &&
                settle_consent(app, caller, &interview, snapshot, customer, &who, arena, fail) &&
                write_interview(app, &interview, &who, arena, fail) &&
                access_audit(app->access, &caller->identity, "interview.add", interview.id,
                             (struct str){NULL, 0}, fail);
    if (good) {
        struct json_writer w = {.out = out};
        json_begin_object(&w);
        json_name_c(&w, "interview");
        json_write_str(&w, interview.id);
        json_name_c(&w, "customer");
        json_write_str(&w, store_customer_id(snapshot, customer, arena));
        app_write_text(&w, "consent", interview.consent);
        json_end_object(&w);
        good = base_buf_ok(out, fail);
    }
    store_snapshot_unref(snapshot);
    return good;
}

/* ---- interview.highlight --------------------------------------------------------------------------------------- */

static struct str property(const struct store_event *event, const char *name)
{
    for (size_t i = 0; i < event->property_count; i++) {
        if (str_is(event->properties[i].name, name) &&
            event->properties[i].value.kind == STORE_STRING) {
            return store_value_text(event->properties[i].value);
        }
    }
    return (struct str){NULL, 0};
}

static bool find_interview(struct store_snapshot *snapshot, uint32_t customer, struct str id,
                           struct arena *arena, const struct store_event **out, struct fail *fail)
{
    const struct store_timeline_options all = {.newest_first = true};
    struct store_timeline_row *rows = NULL;
    size_t count = 0;
    if (!store_timeline_read(snapshot, customer, &all, arena, &rows, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct store_event *event = &rows[i].event;
        if (str_is(event->event, "feedback") && str_equal(event->message_id, id) &&
            str_is(property(event, "kind"), "interview")) {
            *out = event;
            return true;
        }
    }
    return fail_set(fail, FAIL_ABSENT, "this customer has no interview \"%.*s\"", STR_ARG(id));
}

/* Characters before the byte `at`, and back. */
static size_t characters(struct str text, size_t at)
{
    size_t count = 0;
    for (size_t i = 0; i < at && i < text.len; i++) {
        count += ((unsigned char)text.data[i] & 0xc0U) != 0x80 ? 1U : 0U;
    }
    return count;
}

static size_t bytes_of(struct str text, size_t wanted)
{
    size_t at = 0;
    for (; at < text.len; at++) {
        bool begins = ((unsigned char)text.data[at] & 0xc0U) != 0x80;
        if (begins && wanted-- == 0) {
            break;
        }
    }
    return at;
}

/* The range that was picked: by its words, or from and to in characters, the end not included. */
static bool read_range(struct json_value input, struct str text, size_t *out_from, size_t *out_to,
                       struct fail *fail)
{
    struct str quote;
    int64_t from, to;
    if (!app_input_str(input, "quote", false, &quote, fail) ||
        !app_input_int(input, "from", 0, INT64_C(1) << 30, -1, &from, fail) ||
        !app_input_int(input, "to", 1, INT64_C(1) << 30, -1, &to, fail)) {
        return false;
    }
    if (quote.len > 0) {
        *out_from = str_find(text, quote);
        *out_to = *out_from + quote.len;
        return *out_from < text.len ||
               fail_input_at(fail, "/quote", "the interview does not hold these words");
    }
    if (from < 0 || to < 0) {
        return fail_input_at(fail, "", "\"quote\" is missing, or \"from\" and \"to\"");
    }
    if (to <= from || (size_t)to > characters(text, text.len)) {
        return fail_input_at(
            fail, "/to",
            "\"to\" must lie behind \"from\", and inside the %zu characters of the interview",
            characters(text, text.len));
    }
    *out_from = bytes_of(text, (size_t)from);
    *out_to = bytes_of(text, (size_t)to);
    return true;
}

static bool write_highlight(struct app *app, const struct store_event *interview,
                            const struct store_identifier *who, size_t from, size_t to,
                            struct str note, struct arena *arena, struct str *out_id,
                            struct fail *fail)
{
    struct base_buf json CLEANUP(base_buf_done) = {0};
    struct json_writer w = {.out = &json};
    char when[TIME_RFC3339_BYTES];
    size_t first = characters(interview->text, from), end = characters(interview->text, to);
    struct str id = str_format(arena, "%.*s/%zu-%zu", STR_ARG(interview->message_id), first, end);
    begin_event(&w, EVENT_HIGHLIGHT, id, who,
                str_of(when, time_format_rfc3339(interview->ts_ms, when)));
    put(&w, "channel", interview->channel);
    put(&w, "text", str_of(interview->text.data + from, to - from));
    json_name_c(&w, "properties");
    json_begin_object(&w);
    put(&w, "kind", STR("interview"));
    put(&w, "interview", interview->message_id);
    put(&w, "note", note);
    json_name_c(&w, "from");
    json_write_uint(&w, first);
    json_name_c(&w, "to");
    json_write_uint(&w, end);
    json_end_object(&w);
    json_end_object(&w);
    *out_id = id;
    return base_buf_ok(&json, fail) && take_event(app, base_buf_view(&json), arena, fail);
}

bool app_op_interview_highlight(struct app *app, const struct app_caller *caller,
                                struct json_value input, struct arena *arena, struct base_buf *out,
                                struct fail *fail)
{
    static const char *const members[] = {"customer", "interview", "quote", "from",
                                          "to",       "note",      NULL};
    struct str customer_text, id, note, highlight = {NULL, 0};
    struct store_snapshot *snapshot;
    const struct store_event *interview = NULL;
    struct store_identifier who;
    uint32_t customer;
    size_t from = 0, to = 0;
    (void)caller;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "customer", true, &customer_text, fail) ||
        !app_input_str(input, "interview", true, &id, fail) ||
        !read_short(input, "note", SHORT_BYTES_MAX, &note, fail) ||
        !take_snapshot(app, customer_text, &snapshot, &customer, fail)) {
        return false;
    }
    bool good = find_interview(snapshot, customer, id, arena, &interview, fail) &&
                read_range(input, interview->text, &from, &to, fail) &&
                app_customer_identifier(snapshot, customer, arena, &who, fail) &&
                write_highlight(app, interview, &who, from, to, note, arena, &highlight, fail);
    if (good) {
        struct json_writer w = {.out = out};
        json_begin_object(&w);
        json_name_c(&w, "highlight");
        json_write_str(&w, highlight);
        json_name_c(&w, "text");
        json_write_str(&w, str_of(interview->text.data + from, to - from));
        json_end_object(&w);
        good = base_buf_ok(out, fail);
    }
    store_snapshot_unref(snapshot);
    return good;
}

/* ---- interview.recruit ------------------------------------------------------------------------------------------ */

struct recruiting {
    struct app *app;
    struct store_snapshot *snapshot;
    struct str purpose, channel;
    size_t most, found;
    struct {
        char reason[WAY_BYTES];
        uint64_t count;
    } passed[ACT_RULES_MAX + 1];
    size_t passed_count;
};

static void pass_over(struct recruiting *r, const char *reason)
{
    size_t i = 0;
    while (i < r->passed_count && strcmp(r->passed[i].reason, reason) != 0) {
        i++;
    }
    if (i == r->passed_count && i < ARRAY_LEN(r->passed)) {
        strncat(r->passed[i].reason, reason, WAY_BYTES - 1);
        r->passed_count++;
    }
    r->passed[i < ARRAY_LEN(r->passed) ? i : i - 1].count++;
}

/* Is the policy for it, were we to ask now? Nothing is contacted, nothing is written down. */
static bool look(struct recruiting *r, struct json_value row, struct json_writer *w,
                 struct arena *arena, struct fail *fail)
{
    struct json_value id;
    uint32_t customer;
    struct store_identifier who;
    struct act_decision decision;
    INVARIANT(json_member(row, STR("id"), &id));
    store_customer_lookup(r->snapshot, json_string(id), &customer);
    if (customer == STORE_NO_CUSTOMER) {
        return true; /* joined into another one a moment ago */
    }
    if (!app_customer_identifier(r->snapshot, customer, arena, &who, fail)) {
        return false;
    }
    const struct app_contact contact = {.identifiers = &who,
                                        .identifier_count = 1,
                                        .purpose = r->purpose,
                                        .channel = r->channel,
                                        .look = true};
    if (!app_contact_ask(r->app, &contact, arena, &decision, fail)) {
        return false;
    }
    if (!decision.allowed) {
        pass_over(r, decision.reason);
    } else if (r->found < r->most) {
        r->found++;
        json_write_value(w, row);
    }
    return true;
}

static bool look_at_all(struct recruiting *r, struct json_value answer, struct arena *arena,
                        struct base_buf *out, struct fail *fail)
{
    struct json_value total, rows, row;
    struct json_writer w = {.out = out};
    INVARIANT(json_member(answer, STR("total"), &total) &&
              json_member(answer, STR("customers"), &rows));
    json_begin_object(&w);
    json_name_c(&w, "total");
    json_write_value(&w, total);
    json_name_c(&w, "customers");
    json_begin_array(&w);
    for (struct json_iter it = json_iter_of(rows); json_next(&it, NULL, &row);) {
        if (!look(r, row, &w, arena, fail)) {
            return false;
        }
    }
    json_end_array(&w);
    json_name_c(&w, "passed_over");
    json_begin_object(&w);
    for (size_t i = 0; i < r->passed_count; i++) {
        json_name_c(&w, r->passed[i].reason);
        json_write_uint(&w, r->passed[i].count);
    }
    json_end_object(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_interview_recruit(struct app *app, const struct app_caller *caller,
                              struct json_value input, struct arena *arena, struct base_buf *out,
                              struct fail *fail)
{
    static const char *const members[] = {"segment", "purpose", "channel", "limit", NULL};
    struct base_buf question CLEANUP(base_buf_done) = {0}, answer CLEANUP(base_buf_done) = {0};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct recruiting r = {.app = app};
    struct json_value segment, root;
    int64_t limit;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "purpose", false, &r.purpose, fail) ||
        !app_input_str(input, "channel", false, &r.channel, fail) ||
        !app_input_int(input, "limit", 1, RECRUITS_MAX, 20, &limit, fail)) {
        return false;
    }
    r.purpose = r.purpose.len == 0 ? STR("survey") : r.purpose;
    r.most = (size_t)limit;
    struct json_writer w = {.out = &question};
    json_begin_object(&w);
    json_name_c(&w, "kind");
    json_write_c(&w, "customers");
    if (json_member(input, STR("segment"), &segment)) {
        json_name_c(&w, "segment");
        json_write_value(&w, segment);
    }
    json_name_c(&w, "limit");
    json_write_int(&w, RECRUIT_LOOKED_MAX);
    json_end_object(&w);
    if (!base_buf_ok(&question, fail) ||
        !app_call(app, caller, STR("query"), base_buf_view(&question), &answer, fail) ||
        !json_parse(parser, base_buf_view(&answer), &root, fail)) {
        return false;
    }
    r.snapshot = store_snapshot_take(app->store);
    bool good = look_at_all(&r, root, arena, out, fail);
    store_snapshot_unref(r.snapshot);
    return good;
}
