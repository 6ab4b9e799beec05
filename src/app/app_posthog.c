/* PostHog's libraries and our surveys: which are offered, who is asked, and what becomes of their answers. Its widget
 * knows no person when it fetches surveys, but asks for a person's flags: there it is decided whether this one is asked
 * (docs/decisions/0009-surveys-through-posthog.md). */
#include "app_internal.h"
#include "ask_posthog.h"

/* ---- who is it ---------------------------------------------------------------------------------------- */

static uint32_t root_of(const struct store_snapshot *snapshot, const char *kind, struct str value)
{
    uint32_t root = STORE_NO_CUSTOMER;
    if (value.len > 0) {
        store_customer_find(snapshot, (struct store_identifier){str_from_c(kind), value}, &root);
    }
    return root;
}

struct person {
    struct str id, device; /* distinct_id; $device_id, may be missing */
    bool user;             /* the guess */
};

/* As what is known, else as it was guessed. The device counts as theirs unless it is known as somebody else's. */
static void settle(struct app *app, const struct person *person, struct str *out_user,
                   struct str *out_anonymous)
{
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    uint32_t as_user = root_of(snapshot, "user", person->id);
    uint32_t as_anonymous = root_of(snapshot, "anonymous", person->id);
    bool known = as_user != STORE_NO_CUSTOMER || as_anonymous != STORE_NO_CUSTOMER;
    bool user = known ? as_user != STORE_NO_CUSTOMER : person->user;
    uint32_t own = user ? as_user : as_anonymous;
    *out_user = user ? person->id : (struct str){NULL, 0};
    *out_anonymous = user ? (struct str){NULL, 0} : person->id;
    if (user && person->device.len > 0 && !str_equal(person->device, person->id)) {
        uint32_t device = root_of(snapshot, "anonymous", person->device);
        if (device != STORE_NO_CUSTOMER &&
            (device == own || !store_customer_known(snapshot, device))) {
            *out_anonymous = person->device;
        }
    }
    store_snapshot_unref(snapshot);
}

/* ---- operations ----------------------------------------------------------------------------------------- */

bool app_op_posthog_surveys(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"language", NULL};
    struct json_writer w = {.out = out};
    size_t before = out->len;
    struct str language;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "language", false, &language, fail)) {
        return false;
    }
    json_begin_object(&w);
    json_name_c(&w, "surveys");
    if (!ask_posthog_write(app->ask, language, arena, &w, fail)) {
        out->len = before;
        return false;
    }
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_posthog_flag(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"distinct_id", "device_id", "user", "language", NULL};
    struct person person = {0};
    struct ask_asker asker = {.way = ASK_WAY_WIDGET};
    struct str survey;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "distinct_id", true, &person.id, fail) ||
        !app_input_str(input, "device_id", false, &person.device, fail) ||
        !app_input_str(input, "language", false, &asker.language, fail) ||
        !app_input_bool(input, "user", false, &person.user, fail)) {
        return false;
    }
    if (person.id.len == 0 || person.id.len > STORE_IDENTIFIER_BYTES_MAX ||
        person.device.len > STORE_IDENTIFIER_BYTES_MAX) {
        return fail_input_at(fail, "/distinct_id", "an id has 1 to %d bytes",
                             STORE_IDENTIFIER_BYTES_MAX);
    }
    settle(app, &person, &asker.user, &asker.anonymous);
    survey = (struct str){NULL, 0};
    if (!intake_posthog_is_nobody(person.id) &&
        !ask_posthog_next(app->ask, &asker, arena, &survey, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "flag");
    if (survey.data == NULL) {
        json_write_null(&w);
    } else {
        json_write_str(&w, str_format(arena, ASK_POSTHOG_FLAG "%.*s", STR_ARG(survey)));
    }
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* ---- answers ---------------------------------------------------------------------------------------------- */

struct answering {
    struct app *app;
    struct str language, address;
    struct arena *arena;
    struct json_parser *parser;
    struct fail *fail;
};

static struct str text_member(struct json_value object, const char *name)
{
    struct json_value value;
    if (!json_member(object, str_from_c(name), &value) || json_type_of(value) != JSON_STRING) {
        return (struct str){NULL, 0};
    }
    return json_string(value);
}

/* Events of surveys, by the names that the decoder gives them. */
static bool is_of_survey(const struct store_item *item)
{
    static const char *const names[] = {"survey shown", "survey sent", "survey dismissed",
                                        "survey abandoned", "feedback"};
    if (item->verdict != STORE_STORED || item->space == STORE_SPACE_TWO) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_is(item->event.event, names[i])) {
            return true;
        }
    }
    return false;
}

static void event_of(const struct answering *answering, const struct store_item *item,
                     struct json_value root, struct ask_posthog_event *out)
{
    struct json_value completed;
    const struct store_identifier *id = &item->event.identifiers[0];
    struct str name = text_member(root, "event");
    struct person person = {.id = id->value,
                            .device = text_member(out->properties, "$device_id"),
                            .user = str_is(id->kind, "user")};
    bool partial = json_member(out->properties, STR("$survey_completed"), &completed) &&
                   json_type_of(completed) == JSON_BOOL && !json_bool(completed);
    out->kind = str_is(name, "survey shown") ? ASK_POSTHOG_SHOWN : ASK_POSTHOG_ANSWERED;
    out->finished = str_is(name, "survey sent") && !partial;
    out->language = answering->language;
    out->address = answering->address;
    out->at_ms = item->event.ts_ms;
    settle(answering->app, &person, &out->user, &out->anonymous);
}

static bool is_of_answers(struct str name)
{
    static const char *const names[] = {"survey", "way", "wave", "response", "finished", "kind"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_is(name, names[i])) {
            return true;
        }
    }
    return str_starts_c(name, "answers.");
}

/* The event says that it happened, under its own name; words and scores are told by the response, once. */
static bool rewrite(const struct answering *answering, struct store_item *item,
                    struct json_value root, const struct ask_posthog_event *event,
                    const struct ask_posthog_taken *taken)
{
    struct store_event *to = &item->event;
    struct store_field *fields =
        arena_array(answering->arena, to->property_count + taken->field_count + 1, sizeof *fields,
                    answering->fail);
    if (fields == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < to->property_count; i++) {
        if (!is_of_answers(to->properties[i].name)) {
            fields[count++] = to->properties[i];
        }
    }
    for (size_t i = 0; i < taken->field_count; i++) {
        fields[count++] = taken->fields[i];
    }
    bool shown = event->kind == ASK_POSTHOG_SHOWN;
    if (!shown) {
        fields[count++] = (struct store_field){STR("finished"), store_value_bool(event->finished)};
    }
    to->properties = fields;
    to->property_count = count;
    to->text = (struct str){NULL, 0};
    to->event = str_copy(answering->arena, text_member(root, "event"));
    struct str uuid = text_member(root, "uuid");
    to->message_id = shown ? str_format(answering->arena, "%.*s/shown", STR_ARG(taken->response))
                     : uuid.len > 0 ? str_copy(answering->arena, uuid)
                                    : (struct str){NULL, 0};
    return true;
}

static bool answer_one(const struct answering *answering, struct store_item *item)
{
    struct json_value root;
    struct ask_posthog_event event = {0};
    struct ask_posthog_taken taken;
    struct fail fail;
    if (!json_parse(answering->parser, item->raw, &root, &fail) ||
        !json_member(root, STR("properties"), &event.properties)) {
        return true; /* the decoder has read it before: there are none */
    }
    event.survey = text_member(event.properties, "$survey_id");
    if (event.survey.len == 0) {
        return true;
    }
    event_of(answering, item, root, &event);
    if (ask_posthog_take(answering->app->ask, &event, answering->arena, &taken, &fail)) {
        return !taken.ours || rewrite(answering, item, root, &event, &taken);
    }
    if (fail.code != FAIL_INPUT) {
        *answering->fail = fail;
        return false;
    }
    item->verdict = STORE_QUARANTINED;
    item->reason = str_copy(answering->arena, str_from_c(fail.message));
    item->field = str_copy(answering->arena, str_from_c(fail.pointer));
    return true;
}

bool app_posthog_answers(struct app *app, struct intake_items *items, struct str language,
                         struct str address, struct arena *arena, struct fail *fail)
{
    struct answering answering = {app, language, address, arena, NULL, fail};
    bool good = true;
    for (size_t i = 0; good && i < items->count; i++) {
        if (is_of_survey(&items->items[i])) {
            answering.parser = answering.parser == NULL ? json_parser_new() : answering.parser;
            good = answer_one(&answering, &items->items[i]);
        }
    }
    json_parser_free(answering.parser);
    return good;
}
