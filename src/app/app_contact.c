/* Contacting: the policy and its settings, the decision, and why it is as it is. */
#include "app_contact.h"

#include "act_link.h"
#include "act_policy_form.h"
#include "app_internal.h"
#include "state_settings.h"

#define PURPOSE_OTHERWISE STR("survey")
#define CONTACTS_SHOWN 20
#define SURVEY_BYTES_MAX ((size_t)4 << 20)
#define NO_SURVEY "no-survey" /* the survey module's word for: none is live */

bool app_policy(struct app *app, struct arena *arena, struct act_policy *out, struct fail *fail)
{
    struct str text;
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    if (!state_setting_get(app->state, STATE_SETTING_CONTACT_POLICY, STR("{}"), arena, &text,
                           fail)) {
        return false;
    }
    return (json_parse(parser, text, &root, fail) && act_policy_read(root, arena, out, fail)) ||
           fail_at(fail, "the contact policy as it was saved");
}

/* ---- who ------------------------------------------------------------------------------------------------------ */

bool app_customer_identifier(struct store_snapshot *snapshot, uint32_t customer,
                             struct arena *arena, struct store_identifier *out, struct fail *fail)
{
    struct store_identifier *all;
    size_t count;
    if (!store_customer_identifiers(snapshot, customer, arena, &all, &count, fail)) {
        return false;
    }
    struct str id = store_customer_id(snapshot, customer, arena);
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if (str_is(all[i].kind, "account")) {
            continue;
        }
        bool is_id = str_equal(all[i].value, id);
        bool user = str_is(all[i].kind, "user");
        if (best == count || (is_id && user) ||
            (is_id && !str_is(all[best].kind, "user") && !str_equal(all[best].value, id))) {
            best = i;
        }
    }
    if (best == count) {
        return fail_set(fail, FAIL_INTERNAL, "a customer without an identifier");
    }
    *out = all[best];
    return true;
}

bool app_customer_record(struct app *app, struct store_snapshot *snapshot, uint32_t customer,
                         int64_t reach_ms, struct arena *arena, struct act_record *out,
                         struct fail *fail)
{
    const struct zone *zone;
    int64_t from_ms = reach_ms == 0 ? STORE_NO_TIME + 1 : base_now_ms(app->clock) - reach_ms;
    if (!app_zone(app, &zone, fail) ||
        !act_history_read(snapshot, &customer, 1, from_ms, from_ms, arena, out, fail) ||
        !act_history_zone(snapshot, customer, zone, &zone, fail)) {
        return false;
    }
    out->history.zone = zone;
    return true;
}

/* A public key may not learn who is known here: what it names is an identifier, whether anyone bears it or not. */
static bool name_unseen(struct str customer, struct store_identifier *out, struct fail *fail)
{
    if (!act_identifier_parse(customer, out) ||
        !(str_is(out->kind, "user") || str_is(out->kind, "anonymous") ||
          str_is(out->kind, "email") || str_starts_c(out->kind, "ext."))) {
        *out = (struct store_identifier){STR("user"), customer};
    }
    return customer.len > 0 ||
           fail_input_at(fail, "/customer", "\"customer\" is one of a customer's identifiers");
}

bool app_read_customer(struct app *app, const struct app_caller *caller, struct json_value input,
                       struct arena *arena, struct store_identifier out[2], size_t *out_count,
                       struct fail *fail)
{
    struct str customer, user, anonymous;
    if (!app_input_str(input, "customer", false, &customer, fail) ||
        !app_input_str(input, "userId", false, &user, fail) ||
        !app_input_str(input, "anonymousId", false, &anonymous, fail)) {
        return false;
    }
    *out_count = 0;
    if (customer.data != NULL && (user.data != NULL || anonymous.data != NULL)) {
        return fail_input_at(fail, "/customer",
                             "\"customer\" stands alone, or userId and anonymousId in its place");
    }
    if (customer.data != NULL && !access_may(&caller->identity, ACCESS_RIGHT_ASK)) {
        *out_count = 1;
        return name_unseen(customer, &out[0], fail);
    }
    if (customer.data != NULL) {
        uint32_t root;
        struct store_snapshot *snapshot = store_snapshot_take(app->store);
        store_customer_lookup(snapshot, customer, &root);
        bool good =
            root == STORE_NO_CUSTOMER
                ? fail_set(fail, FAIL_ABSENT, "there is no customer \"%.*s\"", STR_ARG(customer))
                : app_customer_identifier(snapshot, root, arena, &out[0], fail);
        if (good) { /* copied before the snapshot goes */
            out[0] = (struct store_identifier){str_copy(arena, out[0].kind),
                                               str_copy(arena, out[0].value)};
            *out_count = 1;
        }
        store_snapshot_unref(snapshot);
        return good;
    }
    if (user.len > 0) {
        out[(*out_count)++] = (struct store_identifier){STR("user"), user};
    }
    if (anonymous.len > 0) {
        out[(*out_count)++] = (struct store_identifier){STR("anonymous"), anonymous};
    }
    return *out_count > 0 ||
           fail_input_at(fail, "", "\"customer\" is missing (or \"userId\", \"anonymousId\")");
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static bool request_of(struct app *app, const struct app_contact *contact, struct arena *arena,
                       struct act_request *out, struct fail *fail)
{
    struct act_policy *policy = arena_small(arena, sizeof *policy);
    const struct zone *zone;
    if (!app_policy(app, arena, policy, fail) || !app_zone(app, &zone, fail)) {
        return false;
    }
    *out = (struct act_request){
        .identifiers = contact->identifiers,
        .identifier_count = contact->identifier_count,
        .purpose = contact->purpose,
        .channel = contact->channel,
        .policy = policy,
        .zone = zone,
        .fields = contact->fields,
        .field_count = contact->field_count,
        .message_id = contact->message_id,
        .look = contact->look,
    };
    return true;
}

bool app_contact_ask(struct app *app, const struct app_contact *contact, struct arena *arena,
                     struct act_decision *out, struct fail *fail)
{
    struct act_request request;
    return request_of(app, contact, arena, &request, fail) &&
           act_contact(app->act, &request, arena, out, fail);
}

bool app_contact_skip(struct app *app, const struct app_contact *contact, struct str reason,
                      struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct act_request request;
    return request_of(app, contact, arena, &request, fail) &&
           act_skip(app->act, &request, reason, NULL, fail);
}

/* ---- the decision API --------------------------------------------------------------------------------------------- */

static void write_next(struct json_writer *w, int64_t next_ms)
{
    app_write_instant(w, "next_at", next_ms == ACT_NEVER ? STORE_NO_TIME : next_ms);
}

/* What the survey module said: its answer as it is, and whether it shows one. */
struct survey_answer {
    bool asked; /* it had something to decide */
    bool shown;
    struct str json, reason;
};

static bool ask_survey(struct app *app, const struct app_contact *contact, struct str locale,
                       struct str url, struct arena *arena, struct survey_answer *out,
                       struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = SURVEY_BYTES_MAX};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_writer w = {.out = &text};
    struct json_value root, survey, reason;
    *out = (struct survey_answer){.json = STR("null")};
    if (app->decide_survey == NULL || !str_equal(contact->purpose, PURPOSE_OTHERWISE)) {
        return true;
    }
    struct app_decide_question question = {
        .identifiers = contact->identifiers,
        .identifier_count = contact->identifier_count,
        .channel = contact->channel,
        .locale = locale,
        .url = url,
        .look = contact->look,
    };
    if (!app->decide_survey(app, &question, arena, &w, fail) || !base_buf_ok(&text, fail) ||
        !json_parse(parser, base_buf_view(&text), &root, fail)) {
        return false;
    }
    out->json = str_copy(arena, base_buf_view(&text));
    if (!json_member(root, STR("survey"), &survey)) {
        return true; /* null: nobody who could be asked */
    }
    out->shown = json_type_of(survey) != JSON_NULL;
    if (json_member(root, STR("reason"), &reason) && json_type_of(reason) == JSON_STRING) {
        out->reason = str_copy(arena, json_string(reason));
    }
    /* Without any live survey the questions are asked elsewhere: then this is a contact like any other. */
    out->asked = out->shown || !str_is(out->reason, NO_SURVEY);
    return true;
}

/* Allowed means written down. A survey that is shown was, by its module; where surveys are live here and none is for
   this customer now, there is nothing to contact them with, and nothing is counted. */
static bool decide_contact(struct app *app, struct app_contact *contact,
                           const struct survey_answer *survey, struct arena *arena,
                           struct act_decision *out, struct fail *fail)
{
    bool look = contact->look;
    contact->look = look || survey->asked;
    bool good = app_contact_ask(app, contact, arena, out, fail);
    contact->look = look;
    if (good && survey->shown) {
        out->allowed = true;
        out->reason = ACT_REASON_ALLOWED;
        out->next_ms = base_now_ms(app->clock);
    } else if (good && survey->asked && out->allowed) {
        out->allowed = false;
        out->reason = str_copy_c(arena, survey->reason);
        out->next_ms = ACT_NEVER;
    }
    return good;
}

bool app_op_decide(struct app *app, const struct app_caller *caller, struct json_value input,
                   struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"customer", "userId",  "anonymousId", "channel",
                                          "purpose",  "dry_run", "message_id",  "locale",
                                          "url",      NULL};
    struct store_identifier who[2];
    struct app_contact contact = {.identifiers = who};
    struct survey_answer survey;
    struct str locale, url;
    struct act_decision decision;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "channel", true, &contact.channel, fail) ||
        !app_input_str(input, "purpose", false, &contact.purpose, fail) ||
        !app_input_str(input, "message_id", false, &contact.message_id, fail) ||
        !app_input_str(input, "locale", false, &locale, fail) ||
        !app_input_str(input, "url", false, &url, fail) ||
        !app_input_bool(input, "dry_run", false, &contact.look, fail) ||
        !app_read_customer(app, caller, input, arena, who, &contact.identifier_count, fail)) {
        return false;
    }
    if (contact.channel.len == 0) {
        return fail_input_at(fail, "/channel", "\"channel\" says where: web, app, email, ...");
    }
    contact.purpose = contact.purpose.data == NULL ? PURPOSE_OTHERWISE : contact.purpose;
    /* What is no request at all is refused before anybody is asked. */
    if (!act_request_check(who, contact.identifier_count, contact.purpose, contact.channel,
                           contact.message_id, fail) ||
        !ask_survey(app, &contact, locale, url, arena, &survey, fail) ||
        !decide_contact(app, &contact, &survey, arena, &decision, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "contact");
    json_begin_object(&w);
    json_name_c(&w, "allowed");
    json_write_bool(&w, decision.allowed);
    json_name_c(&w, "reason");
    json_write_c(&w, decision.reason);
    write_next(&w, decision.next_ms);
    json_end_object(&w);
    json_name_c(&w, "survey");
    json_write_raw(&w, survey.json);
    json_name_c(&w, "dry_run");
    json_write_bool(&w, contact.look);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* ---- why, or why not --------------------------------------------------------------------------------------------- */

static const char *const RULE_NAMES[] = {
    [ACT_RULE_MUTE_ALL] = "mute-all", [ACT_RULE_MUTE] = "mute",
    [ACT_RULE_CONSENT] = "consent",   [ACT_RULE_HISTORY] = "history",
    [ACT_RULE_QUIET] = "quiet-hours", [ACT_RULE_WAITING] = "waiting-time",
    [ACT_RULE_CAP] = "cap",
};

static void write_rules(struct json_writer *w, const struct act_decision *decision,
                        const struct act_policy *policy, struct arena *arena)
{
    json_name_c(w, "rules");
    json_begin_array(w);
    for (size_t i = 0; i < decision->rule_count; i++) {
        const struct act_rule *rule = &decision->rules[i];
        json_begin_object(w);
        json_name_c(w, "rule");
        json_write_c(w, RULE_NAMES[rule->kind]);
        json_name_c(w, "passed");
        json_write_bool(w, rule->passed);
        json_name_c(w, "text");
        json_write_str(w, act_rule_text(rule, policy, arena));
        write_next(w, rule->next_ms);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_contacts(struct json_writer *w, const struct act_history *history)
{
    json_name_c(w, "contacts");
    json_begin_array(w);
    size_t count = history->contact_count;
    for (size_t i = count; i > 0 && count - i < CONTACTS_SHOWN; i--) {
        const struct act_contact *contact = &history->contacts[i - 1];
        json_begin_object(w);
        app_write_instant(w, "at", contact->ts_ms);
        app_write_text(w, "channel", contact->channel);
        app_write_text(w, "purpose", contact->purpose);
        json_end_object(w);
    }
    json_end_array(w);
}

static bool write_why(struct app *app, struct store_snapshot *snapshot, uint32_t customer,
                      struct str purpose, struct str channel, struct arena *arena,
                      struct base_buf *out, struct fail *fail)
{
    struct act_policy *policy = arena_small(arena, sizeof *policy);
    struct act_record record;
    struct act_decision decision;
    if (!app_policy(app, arena, policy, fail) ||
        !app_customer_record(app, snapshot, customer, act_policy_reach_ms(policy), arena, &record,
                             fail)) {
        return false;
    }
    struct act_question question = {purpose, channel, base_now_ms(app->clock)};
    act_decide(policy, &record.history, &question, &decision);
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "customer");
    json_write_str(&w, store_customer_id(snapshot, customer, arena));
    json_name_c(&w, "purpose");
    json_write_str(&w, purpose);
    app_write_text(&w, "channel", channel);
    app_write_instant(&w, "as_of", question.now_ms);
    json_name_c(&w, "timezone");
    json_write_str(&w, zone_name(record.history.zone));
    json_name_c(&w, "allowed");
    json_write_bool(&w, decision.allowed);
    json_name_c(&w, "reason");
    json_write_c(&w, decision.reason);
    write_next(&w, decision.next_ms);
    write_rules(&w, &decision, policy, arena);
    write_contacts(&w, &record.history);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_contact_why(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "purpose", "channel", NULL};
    struct str id, purpose, channel;
    uint32_t customer;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_str(input, "purpose", false, &purpose, fail) ||
        !app_input_str(input, "channel", false, &channel, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    store_customer_lookup(snapshot, id, &customer);
    bool good =
        customer == STORE_NO_CUSTOMER
            ? fail_set(fail, FAIL_ABSENT, "there is no customer \"%.*s\"", STR_ARG(id))
            : write_why(app, snapshot, customer, purpose.len == 0 ? PURPOSE_OTHERWISE : purpose,
                        channel.len == 0 ? (struct str){NULL, 0} : channel, arena, out, fail);
    store_snapshot_unref(snapshot);
    return good;
}

/* ---- the policy's settings --------------------------------------------------------------------------------------- */

static bool write_policy(const struct act_policy *policy, struct base_buf *out, struct fail *fail)
{
    struct json_writer w = {.out = out};
    act_policy_write(&w, policy);
    return base_buf_ok(out, fail);
}

bool app_op_policy(struct app *app, const struct app_caller *caller, struct json_value input,
                   struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct act_policy *policy = arena_small(arena, sizeof *policy);
    return app_input_members(input, members, fail) && app_policy(app, arena, policy, fail) &&
           write_policy(policy, out, fail);
}

bool app_op_policy_save(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct act_policy *policy = arena_small(arena, sizeof *policy);
    struct base_buf before CLEANUP(base_buf_done) = {0};
    struct base_buf after CLEANUP(base_buf_done) = {0};
    struct base_buf detail CLEANUP(base_buf_done) = {0};
    struct act_policy *old = arena_small(arena, sizeof *old);
    if (!act_policy_read(input, arena, policy, fail) || !app_policy(app, arena, old, fail) ||
        !write_policy(old, &before, fail) || !write_policy(policy, &after, fail)) {
        return false;
    }
    struct json_writer w = {.out = &detail};
    json_begin_object(&w);
    json_name_c(&w, "before");
    json_write_raw(&w, base_buf_view(&before));
    json_name_c(&w, "after");
    json_write_raw(&w, base_buf_view(&after));
    json_end_object(&w);
    if (!base_buf_ok(&detail, fail) ||
        !state_setting_put(app->state, STATE_SETTING_CONTACT_POLICY, base_buf_view(&after), fail) ||
        !access_audit(app->access, &caller->identity, "policy.save", STR("contact policy"),
                      base_buf_view(&detail), fail)) {
        return false;
    }
    base_buf_str(out, base_buf_view(&after));
    return base_buf_ok(out, fail);
}
