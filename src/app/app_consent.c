/* What customers said about being contacted, and about being known: consents, links, wishes to be erased. */
#include "app_contact.h"

#include "act_link.h"
#include "app_internal.h"
#include "state_erasures.h"
#include "state_settings.h"

#define WORDING_BYTES_MAX 2000
#define HISTORY_SHOWN 200

/* ---- writing a word down ------------------------------------------------------------------------------------------ */

bool app_word_write(struct app *app, const struct store_identifier *identifiers, size_t count,
                    const struct app_word *word, struct arena *arena, struct fail *fail)
{
    int64_t now_ms = base_now_ms(app->clock);
    char until[TIME_RFC3339_BYTES];
    struct store_field fields[5] = {
        {STR("purpose"), store_value_str(word->purpose)},
        {STR("state"), store_value_str(word->granted ? STR("granted") : STR("withdrawn"))},
    };
    size_t field_count = 2;
    if (word->wording.len > 0) {
        fields[field_count++] =
            (struct store_field){STR("wording"), store_value_str(word->wording)};
    }
    if (word->how.len > 0) {
        fields[field_count++] = (struct store_field){STR("how"), store_value_str(word->how)};
    }
    if (word->until_ms != ACT_NO_INSTANT) {
        size_t len = time_format_rfc3339(word->until_ms, until);
        fields[field_count++] =
            (struct store_field){STR("until"), store_value_str(str_of(until, len))};
    }
    struct store_item item = {
        .event =
            {
                .source = STR(APP_PREFERENCES_SOURCE),
                .message_id = base_random_token(app->random, arena, 16),
                .event = STR(ACT_EVENT_CONSENT),
                .ts_ms = now_ms,
                .received_at_ms = now_ms,
                .client_ts_ms = STORE_NO_TIME,
                .sent_at_ms = STORE_NO_TIME,
                .properties = fields,
                .property_count = field_count,
                .identifiers = identifiers,
                .identifier_count = count,
            },
        .verdict = STORE_STORED,
    };
    return app_take_always(app, &item, 1, fail) &&
           (item.verdict == STORE_STORED ||
            fail_set(fail, FAIL_INPUT, "the consent could not be stored: %.*s",
                     STR_ARG(item.reason)));
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static void write_word(struct json_writer *w, struct str purpose, const struct act_purpose *known,
                       const struct act_history *history, int64_t now_ms)
{
    static const char *const states[] = {
        [ACT_CONSENT_NONE] = "none",
        [ACT_CONSENT_GRANTED] = "granted",
        [ACT_CONSENT_WITHDRAWN] = "withdrawn",
    };
    struct str none = {NULL, 0};
    const struct act_consent *by;
    enum act_consent_state state = act_consent_at(history, purpose, now_ms, &by);
    json_begin_object(w);
    json_name_c(w, "purpose");
    json_write_str(w, purpose);
    app_write_text(w, "title", known == NULL ? none : known->title);
    json_name_c(w, "needed");
    json_write_bool(w, known == NULL || known->needs_consent);
    json_name_c(w, "state");
    json_write_c(w, states[state]);
    app_write_instant(w, "since", by == NULL ? STORE_NO_TIME : by->ts_ms);
    app_write_instant(w, "until", by == NULL ? STORE_NO_TIME : by->until_ms);
    app_write_text(w, "wording", by == NULL ? none : by->wording);
    app_write_text(w, "how", by == NULL ? none : by->how);
    app_write_text(w, "source", by == NULL ? none : by->source);
    json_end_object(w);
}

void app_words_write(struct json_writer *w, const struct act_policy *policy,
                     const struct act_history *history, int64_t now_ms)
{
    json_begin_array(w);
    for (size_t i = 0; i < policy->purpose_count; i++) {
        write_word(w, policy->purposes[i].name, &policy->purposes[i], history, now_ms);
    }
    /* Those that only events name: each once, in the order in which they were first said. */
    size_t others = 0;
    for (size_t i = 0; i < history->consent_count && others < ACT_PURPOSES_MAX; i++) {
        struct str purpose = history->consents[i].purpose;
        bool seen = str_equal(purpose, ACT_ALL) || act_policy_purpose(policy, purpose) != NULL;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = str_equal(history->consents[j].purpose, purpose);
        }
        if (!seen) {
            write_word(w, purpose, NULL, history, now_ms);
            others++;
        }
    }
    json_end_array(w);
}

static void write_history(struct json_writer *w, const struct act_history *history)
{
    json_begin_array(w);
    size_t count = history->consent_count;
    for (size_t i = count; i > 0 && count - i < HISTORY_SHOWN; i--) {
        const struct act_consent *consent = &history->consents[i - 1];
        json_begin_object(w);
        app_write_instant(w, "at", consent->ts_ms);
        json_name_c(w, "purpose");
        json_write_str(w, consent->purpose);
        json_name_c(w, "state");
        json_write_c(w, consent->granted ? "granted" : "withdrawn");
        app_write_instant(w, "until", consent->until_ms);
        app_write_text(w, "wording", consent->wording);
        app_write_text(w, "how", consent->how);
        app_write_text(w, "source", consent->source);
        json_end_object(w);
    }
    json_end_array(w);
}

static bool write_consents(struct app *app, struct store_snapshot *snapshot, uint32_t customer,
                           struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct act_policy *policy = arena_small(arena, sizeof *policy);
    struct act_record record;
    if (!app_policy(app, arena, policy, fail) ||
        !app_customer_record(app, snapshot, customer, act_policy_reach_ms(policy), arena, &record,
                             fail)) {
        return false;
    }
    int64_t now_ms = base_now_ms(app->clock);
    const struct act_consent *by;
    bool muted = act_consent_at(&record.history, ACT_ALL, now_ms, &by) == ACT_CONSENT_WITHDRAWN;
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "customer");
    json_write_str(&w, store_customer_id(snapshot, customer, arena));
    json_name_c(&w, "muted");
    json_write_bool(&w, muted);
    app_write_instant(&w, "muted_until", muted ? by->until_ms : STORE_NO_TIME);
    json_name_c(&w, "consents");
    app_words_write(&w, policy, &record.history, now_ms);
    json_name_c(&w, "history");
    write_history(&w, &record.history);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_consents(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", NULL};
    struct str id;
    uint32_t customer;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    store_customer_lookup(snapshot, id, &customer);
    bool good = customer == STORE_NO_CUSTOMER
                    ? fail_set(fail, FAIL_ABSENT, "there is no customer \"%.*s\"", STR_ARG(id))
                    : write_consents(app, snapshot, customer, arena, out, fail);
    store_snapshot_unref(snapshot);
    return good;
}

/* ---- recording ------------------------------------------------------------------------------------------------------ */

static bool read_text(struct json_value input, const char *name, size_t most, struct arena *arena,
                      struct str *out, struct fail *fail)
{
    if (!app_input_str(input, name, false, out, fail)) {
        return false;
    }
    if (out->len > most) {
        return fail_input_at(fail, str_format(arena, "/%s", name).data,
                             "\"%s\" has at most %zu bytes", name, most);
    }
    return true;
}

static bool read_word(struct json_value input, struct arena *arena, struct app_word *out,
                      struct fail *fail)
{
    struct str state, until;
    if (!app_input_str(input, "purpose", true, &out->purpose, fail) ||
        !app_input_str(input, "state", true, &state, fail) ||
        !app_input_str(input, "until", false, &until, fail) ||
        !read_text(input, "wording", WORDING_BYTES_MAX, arena, &out->wording, fail) ||
        !read_text(input, "how", WORDING_BYTES_MAX, arena, &out->how, fail)) {
        return false;
    }
    if (out->purpose.len == 0 || out->purpose.len > STORE_NAME_BYTES_MAX) {
        return fail_input_at(fail, "/purpose", "a purpose has 1 to %d bytes", STORE_NAME_BYTES_MAX);
    }
    out->granted = str_is(state, "granted");
    if (!out->granted && !str_is(state, "withdrawn")) {
        return fail_input_at(fail, "/state", "\"state\" must be \"granted\" or \"withdrawn\"");
    }
    out->until_ms = ACT_NO_INSTANT;
    if (until.data != NULL && !time_parse_rfc3339(until, &out->until_ms)) {
        return fail_input_at(fail, "/until", "\"until\" must be an RFC 3339 instant");
    }
    /* A consent without proof is none: what was agreed to, and how we know. */
    if (out->granted && !str_equal(out->purpose, ACT_ALL) && str_trim(out->wording).len == 0) {
        return fail_input_at(fail, "", "\"wording\" is missing: what the customer agreed to");
    }
    return str_trim(out->how).len > 0 ||
           fail_input_at(fail, "", "\"how\" is missing: where and how the customer said so");
}

bool app_op_consent_record(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"customer", "userId",  "anonymousId", "purpose", "state",
                                          "until",    "wording", "how",         NULL};
    struct store_identifier who[2];
    size_t count;
    struct app_word word;
    if (!app_input_members(input, members, fail) || !read_word(input, arena, &word, fail) ||
        !app_read_customer(app, caller, input, arena, who, &count, fail) ||
        !app_word_write(app, who, count, &word, arena, fail)) {
        return false;
    }
    base_buf_c(out, "{\"recorded\":true}");
    return base_buf_ok(out, fail);
}

/* ---- links ----------------------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool key_decode(struct str hex, uint8_t out[ACCESS_SEAL_KEY_BYTES])
{
    if (hex.len != (size_t)2 * ACCESS_SEAL_KEY_BYTES) {
        return false;
    }
    for (size_t i = 0; i < ACCESS_SEAL_KEY_BYTES; i++) {
        int high = hex_digit(hex.data[2 * i]);
        int low = hex_digit(hex.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

bool app_preference_key(struct app *app, struct fail *fail)
{
    _Static_assert(sizeof app->preference_key == ACCESS_SEAL_KEY_BYTES, "one key");
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct str hex;
    if (!state_setting_get(app->state, STATE_SETTING_PREFERENCE_KEY, (struct str){0}, arena, &hex,
                           fail)) {
        return false;
    }
    if (hex.data == NULL) {
        hex = base_random_hex(app->random, arena, ACCESS_SEAL_KEY_BYTES);
        if (!state_setting_put(app->state, STATE_SETTING_PREFERENCE_KEY, hex, fail)) {
            return false;
        }
    }
    return key_decode(hex, app->preference_key) ||
           fail_set(fail, FAIL_CORRUPT, "the key of customers' links is not what was written");
}

bool app_link_of_customer(struct app *app, struct str token, struct arena *arena,
                          struct act_link *out, struct fail *fail)
{
    struct act_link link;
    if (!act_link_open(app->preference_key, token, arena, &link) ||
        link.expires_ms <= base_now_ms(app->clock)) {
        return fail_set(fail, FAIL_ABSENT, "this link is not valid, or not any more");
    }
    *out = link;
    return true;
}

bool app_op_preference_link(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    static const char *const members[] = {"id", "days", NULL};
    struct str id;
    int64_t days;
    uint32_t customer;
    struct act_link link = {0};
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_int(input, "days", 1, ACT_LINK_DAYS_MAX, ACT_LINK_DAYS, &days, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    store_customer_lookup(snapshot, id, &customer);
    bool good = customer == STORE_NO_CUSTOMER
                    ? fail_set(fail, FAIL_ABSENT, "there is no customer \"%.*s\"", STR_ARG(id))
                    : app_customer_identifier(snapshot, customer, arena, &link.customer, fail);
    struct str token = {NULL, 0};
    if (good) {
        link.expires_ms = base_now_ms(app->clock) + days * ACT_DAY_MS;
        token = act_link_make(app->preference_key, &link, app->random, arena);
    }
    store_snapshot_unref(snapshot);
    if (!good) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "path");
    json_write_str(&w, str_format(arena, "/p/%.*s", STR_ARG(token)));
    app_write_instant(&w, "expires", link.expires_ms);
    json_end_object(&w);
    /* Whoever has the link reads what it opens: who made it is kept. */
    return base_buf_ok(out, fail) && access_audit(app->access, &caller->identity, "preference.link",
                                                  STR("customer"), (struct str){NULL, 0}, fail);
}

/* ---- wishes to be erased ------------------------------------------------------------------------------------------------ */

#define ERASURES_PAGE_MAX 500

static void write_erasure(struct json_writer *w, const struct state_erasure *erasure,
                          int64_t now_ms)
{
    bool open = erasure->closed_ms == 0;
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_int(w, erasure->id);
    json_name_c(w, "customer");
    json_write_str(w, erasure->customer);
    app_write_instant(w, "asked", erasure->asked_ms);
    app_write_instant(w, "due", erasure->due_ms);
    json_name_c(w, "overdue");
    json_write_bool(w, open && erasure->due_ms < now_ms);
    app_write_instant(w, "closed", open ? STORE_NO_TIME : erasure->closed_ms);
    app_write_text(w, "closed_by", erasure->closed_by);
    app_write_text(w, "note", erasure->note);
    json_end_object(w);
}

bool app_op_erasures(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"open", "limit", "offset", NULL};
    bool open_only;
    int64_t limit, offset, open = 0;
    struct state_erasure *erasures;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !app_input_bool(input, "open", false, &open_only, fail) ||
        !app_input_int(input, "limit", 1, ERASURES_PAGE_MAX, 100, &limit, fail) ||
        !app_input_int(input, "offset", 0, INT32_MAX, 0, &offset, fail) ||
        !state_erasures_list(app->state, open_only, offset, limit, arena, &erasures, &count, &open,
                             fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "open");
    json_write_int(&w, open);
    json_name_c(&w, "requests");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_erasure(&w, &erasures[i], base_now_ms(app->clock));
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_erasure_close(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", "note", NULL};
    int64_t id;
    struct str note;
    if (!app_input_members(input, members, fail) ||
        !app_input_int(input, "id", 1, INT64_MAX, 0, &id, fail) ||
        !read_text(input, "note", STATE_ERASURE_NOTE_BYTES_MAX, arena, &note, fail)) {
        return false;
    }
    if (id == 0) {
        return fail_input_at(fail, "", "\"id\" is missing");
    }
    struct str by = caller->identity.name.len > 0 ? caller->identity.name : STR("operator");
    if (!state_erasure_close(app->state, id, by, note, base_now_ms(app->clock), fail) ||
        !access_audit(app->access, &caller->identity, "erasure.close",
                      str_format(arena, "erasure %lld", (long long)id), (struct str){NULL, 0},
                      fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}
