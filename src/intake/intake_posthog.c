/* One event of PostHog's becomes one of ours. docs/reference/events.md has the table of what becomes what. */
#include "intake_posthog_event.h"
#include "intake_way.h"

#include <stdio.h>

const struct intake_places intake_posthog_places = {
    .event = {"/event", 6},
    .ts = {"/timestamp", 10},
    .user = {"/distinct_id", 12},
    .anonymous = {"/properties/$anon_distinct_id", 29},
    .message_id = {"/uuid", 5},
    .channel = {"/properties/$lib", 16},
    .text = {"/properties", 11},
    .score = {"/properties", 11},
    .scale = {"/properties", 11},
    .previous_id = {"/properties/alias", 17},
};

static const char *const top_names[POSTHOG_TOPS] = {"event",     "distinct_id", "uuid",
                                                    "timestamp", "offset",      "sent_at",
                                                    "$set",      "$set_once",   "properties"};

static const char *const inner_names[POSTHOG_INNERS] = {
    "distinct_id",
    "$set",
    "$set_once",
    "$unset",
    "$groups",
    "$anon_distinct_id",
    "alias",
    "$group_type",
    "$group_key",
    "$group_set",
    "$is_identified",
    "$device_id",
    "$user_id",
    "$process_person_profile",
    "$lib",
    "$ip",
    "$insert_id",
    "$ignore_sent_at",
    "$exception_list",
    "$feature_flag",
    "$feature_flag_response",
    "$survey_id",
    "$survey_iteration",
    "$survey_submission_id",
    "$survey_completed",
    "$survey_questions",
    "$session_id",
};

/* Of each set only the last counts where a name stands twice, as in any JSON. */
static void find_members(struct json_value object, const char *const *names, size_t count,
                         struct json_value *values, bool *has)
{
    struct str name;
    struct json_value value;
    for (struct json_iter it = json_iter_of(object); json_next(&it, &name, &value);) {
        for (size_t i = 0; i < count; i++) {
            if (str_is(name, names[i])) {
                values[i] = value;
                has[i] = json_type_of(value) != JSON_NULL;
                break;
            }
        }
    }
}

bool intake_posthog_text(const struct intake_posthog_event *event, enum posthog_inner inner,
                         struct str *out)
{
    if (!event->has[inner] || json_type_of(event->value[inner]) != JSON_STRING ||
        json_string(event->value[inner]).len == 0) {
        return false;
    }
    *out = json_string(event->value[inner]);
    return true;
}

static bool says(const struct intake_posthog_event *event, enum posthog_inner inner, bool what)
{
    return event->has[inner] && json_type_of(event->value[inner]) == JSON_BOOL &&
           json_bool(event->value[inner]) == what;
}

/* ---- who ------------------------------------------------------------------------------------------ */

/* Version 7 of RFC 9562: what PostHog's libraries make for browsers, devices and passers-by. */
static bool is_minted(struct str id)
{
    if (id.len != 36) {
        return false;
    }
    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
        if (dash ? c != '-' : !hex) {
            return false;
        }
    }
    return id.data[14] == '7' && strchr("89abAB", id.data[19]) != NULL;
}

/* What a program writes that has no id at hand. Whoever is joined to these is joined to everybody. */
bool intake_posthog_is_nobody(struct str id)
{
    static const char *const nobodies[] = {
        "undefined",         "null",  "None",  "none", "nil",   "NaN", "[object Object]",
        "distinct_id",       "id",    "email", "true", "false", "0",   "anonymous",
        "not_authenticated", "guest",
    };
    for (size_t i = 0; i < ARRAY_LEN(nobodies); i++) {
        if (str_is(id, nobodies[i])) {
            return true;
        }
    }
    return false;
}

static bool same_text(const struct intake_posthog_event *event, enum posthog_inner inner,
                      struct str text)
{
    struct str found;
    return intake_posthog_text(event, inner, &found) && str_equal(found, text);
}

/* The kind of the event's own id, as well as it can be known from the event alone. */
static struct str guess(struct intake_draft *draft, const struct intake_posthog_event *event,
                        struct str id)
{
    draft->space = STORE_SPACE_ONE;
    if (event->kind == POSTHOG_IDENTIFY || says(event, POSTHOG_IS_IDENTIFIED, true) ||
        same_text(event, POSTHOG_USER_ID, id)) {
        draft->space = STORE_SPACE_ONE_USER;
        return STR("user");
    }
    if (says(event, POSTHOG_IS_IDENTIFIED, false) || same_text(event, POSTHOG_DEVICE_ID, id) ||
        says(event, POSTHOG_PERSON_PROFILE, false) || is_minted(id)) {
        return STR("anonymous");
    }
    return STR("user");
}

/* The other id of a join: $anon_distinct_id or alias. */
static bool take_other(struct intake_draft *draft, const struct intake_posthog_event *event,
                       struct str own)
{
    bool alias = event->kind == POSTHOG_ALIAS;
    enum posthog_inner inner = alias ? POSTHOG_ALIAS_ID : POSTHOG_ANON_ID;
    struct str place = alias ? draft->places->previous_id : draft->places->anonymous;
    struct str other = {NULL, 0};
    if (!alias && event->kind != POSTHOG_IDENTIFY) {
        return true;
    }
    if (event->has[inner] &&
        !intake_take_id(draft, event->value[inner], place, STORE_IDENTIFIER_BYTES_MAX, &other)) {
        return false;
    }
    if (other.data == NULL) {
        return !alias || intake_judge(draft, place, "an alias needs alias, the id to be joined");
    }
    if (str_equal(own, other)) {
        return true;
    }
    if (intake_posthog_is_nobody(own) || intake_posthog_is_nobody(other)) {
        return intake_judge(draft, intake_posthog_is_nobody(own) ? draft->places->user : place,
                            "this is no id of a person but what a program writes that has none; "
                            "it would join everybody");
    }
    struct str kind = !alias || is_minted(other) ? STR("anonymous") : STR("user");
    return intake_add_identifier(draft, kind, other);
}

static bool is_word_for_account(struct str type)
{
    static const char *const words[] = {"account", "company", "organization", "organisation"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(type, words[i])) {
            return true;
        }
    }
    return false;
}

/* A group is an account: by its key alone where the type is just a word for one, else as TYPE:KEY. */
static bool add_account(struct intake_draft *draft, struct str type, struct json_value key,
                        struct str place)
{
    struct str id = {NULL, 0};
    if (!intake_take_id(draft, key, place, STORE_IDENTIFIER_BYTES_MAX, &id)) {
        return false;
    }
    if (id.data == NULL || type.len == 0) {
        return true;
    }
    if (!is_word_for_account(type)) {
        id = str_format(draft->arena, "%.*s:%.*s", STR_ARG(type), STR_ARG(id));
        if (id.len > STORE_IDENTIFIER_BYTES_MAX) {
            return intake_judge(draft, place,
                                "longer than %d bytes with its type, the most that an id may have",
                                STORE_IDENTIFIER_BYTES_MAX);
        }
    }
    return intake_add_identifier(draft, STR("account"), id);
}

static bool take_groups(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    struct intake_path root = {.name = STR("/properties/$groups")};
    struct intake_path path = {.up = &root};
    struct json_value value;
    if (event->has[POSTHOG_GROUPS]) {
        if (json_type_of(event->value[POSTHOG_GROUPS]) != JSON_OBJECT) {
            return intake_judge(draft, root.name, "expected an object of type and key, found %s",
                                json_type_name(json_type_of(event->value[POSTHOG_GROUPS])));
        }
        for (struct json_iter it = json_iter_of(event->value[POSTHOG_GROUPS]);
             json_next(&it, &path.name, &value);) {
            path.name = path.name.data == NULL ? STR("") : path.name;
            if (!add_account(draft, path.name, value, intake_path_pointer(draft->arena, &path))) {
                return false;
            }
        }
    }
    if (event->kind != POSTHOG_GROUP) {
        return true;
    }
    struct str type;
    if (!intake_posthog_text(event, POSTHOG_GROUP_TYPE, &type)) {
        return intake_judge(draft, STR("/properties/$group_type"),
                            "a group needs $group_type, a string");
    }
    if (!event->has[POSTHOG_GROUP_KEY]) {
        return intake_judge(draft, STR("/properties/$group_key"),
                            "a group needs $group_key, the account's id");
    }
    return add_account(draft, type, event->value[POSTHOG_GROUP_KEY], STR("/properties/$group_key"));
}

/* Servers that say something of a group alone make up a person: "$company_acme". */
static bool is_group_itself(const struct intake_posthog_event *event, struct str id)
{
    struct str type, key;
    return event->kind == POSTHOG_GROUP && intake_posthog_text(event, POSTHOG_GROUP_TYPE, &type) &&
           intake_posthog_text(event, POSTHOG_GROUP_KEY, &key) &&
           id.len == type.len + key.len + 2 && id.data[0] == '$' &&
           str_starts(str_after(id, 1), type) && id.data[type.len + 1] == '_' && str_ends(id, key);
}

static bool take_who(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    struct str id = {NULL, 0};
    if (event->top_has[POSTHOG_TOP_ID] &&
        !intake_take_id(draft, event->top[POSTHOG_TOP_ID], draft->places->user,
                        STORE_IDENTIFIER_BYTES_MAX, &id)) {
        return false;
    }
    if (id.data == NULL && event->has[POSTHOG_ID] &&
        !intake_take_id(draft, event->value[POSTHOG_ID], STR("/properties/distinct_id"),
                        STORE_IDENTIFIER_BYTES_MAX, &id)) {
        return false;
    }
    if (id.data == NULL) {
        return intake_judge(draft, draft->places->user,
                            "no distinct_id: expected whose event it is, beside event or in "
                            "properties");
    }
    if (is_group_itself(event, id)) {
        return intake_judge(draft, draft->places->user,
                            "an account is no customer: one of its people must be named too");
    }
    return intake_add_identifier(draft, guess(draft, event, id), id) &&
           take_other(draft, event, id) && take_groups(draft, event);
}

/* ---- when ----------------------------------------------------------------------------------------- */

static bool take_when(struct intake_draft *draft, const struct intake_posthog_event *event,
                      int64_t sent_ms)
{
    draft->sent_ms = sent_ms;
    if (event->top_has[POSTHOG_TOP_SENT]) {
        (void)!intake_read_instant(event->top[POSTHOG_TOP_SENT], draft->source->local_zone,
                                   &draft->sent_ms);
    }
    draft->clock_is_right = draft->from_import || says(event, POSTHOG_IGNORE_SENT, true);
    if (event->top_has[POSTHOG_TOP_TIME]) {
        return intake_read_instant(event->top[POSTHOG_TOP_TIME], draft->source->local_zone,
                                   &draft->client_ms) ||
               intake_judge(draft, draft->places->ts,
                            "expected an ISO 8601 instant, such as 2026-05-01T09:30:00.000Z");
    }
    if (draft->from_import) {
        return true; /* a line of a file without a time has none */
    }
    draft->clock_is_right = true;
    draft->client_ms = draft->source->received_at_ms;
    if (event->top_has[POSTHOG_TOP_OFFSET]) {
        struct json_value offset = event->top[POSTHOG_TOP_OFFSET];
        int64_t ago_ms = -1;
        if (json_type_of(offset) == JSON_INT) {
            ago_ms = json_int(offset);
        } else if (json_type_of(offset) == JSON_DOUBLE && json_double(offset) >= 0 &&
                   json_double(offset) < (double)INTAKE_OFFSET_MAX_MS) {
            ago_ms = (int64_t)json_double(offset);
        }
        if (ago_ms < 0 || ago_ms > INTAKE_OFFSET_MAX_MS) {
            return intake_judge(draft, STR("/offset"),
                                "expected the milliseconds between the event and its sending");
        }
        draft->client_ms -= ago_ms;
    }
    return true;
}

static bool take_message_id(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    if (draft->message_id.data != NULL) {
        return true; /* a survey's answers go by their response */
    }
    if (event->top_has[POSTHOG_TOP_UUID] &&
        !intake_take_id(draft, event->top[POSTHOG_TOP_UUID], draft->places->message_id,
                        STORE_MESSAGE_ID_BYTES_MAX, &draft->message_id)) {
        return false;
    }
    return draft->message_id.data != NULL || !event->has[POSTHOG_INSERT_ID] ||
           intake_take_id(draft, event->value[POSTHOG_INSERT_ID], STR("/properties/$insert_id"),
                          STORE_MESSAGE_ID_BYTES_MAX, &draft->message_id);
}

/* ---- what ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum posthog_kind kind;
    const char *event; /* what it is called here; NULL: as it is */
} kinds[] = {
    {"$identify", POSTHOG_IDENTIFY, "identify"},
    {"$set", POSTHOG_SET_EVENT, "identify"},
    {"$create_alias", POSTHOG_ALIAS, "alias"},
    {"$merge_dangerously", POSTHOG_ALIAS, "alias"},
    {"$groupidentify", POSTHOG_GROUP, "group"},
    {"$exception", POSTHOG_EXCEPTION, NULL},
    {"$feature_flag_called", POSTHOG_FLAG, NULL},
    {"survey shown", POSTHOG_SURVEY_SHOWN, NULL},
    {"survey sent", POSTHOG_SURVEY_SENT, NULL},
    {"survey dismissed", POSTHOG_SURVEY_DISMISSED, NULL},
    {"survey abandoned", POSTHOG_SURVEY_ABANDONED, NULL},
    {"$snapshot", POSTHOG_SNAPSHOT, NULL},
};

static bool take_name(struct intake_draft *draft, struct intake_posthog_event *event)
{
    event->kind = POSTHOG_OTHER;
    if (event->top_has[POSTHOG_TOP_EVENT] &&
        !intake_take_text(draft, event->top[POSTHOG_TOP_EVENT], draft->places->event,
                          &draft->event)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_is(draft->event, kinds[i].name)) {
            event->kind = kinds[i].kind;
            draft->event = kinds[i].event == NULL ? draft->event : str_from_c(kinds[i].event);
            break;
        }
    }
    if (event->kind == POSTHOG_SNAPSHOT) {
        draft->refused = true;
        return intake_judge(draft, draft->places->event, "recordings of screens are not kept");
    }
    return true;
}

/* Members of properties that say how the library did its work, or that became something else. */
static bool is_protocol(struct str name)
{
    static const char *const names[] = {
        "token",
        "api_key",
        "distinct_id",
        "$set",
        "$set_once",
        "$unset",
        "$anon_distinct_id",
        "alias",
        "$group_set",
        "$insert_id",
        "$time",
        "$is_identified",
        "$process_person_profile",
        "$ignore_sent_at",
        "$active_feature_flags",
        "$feature_flag_payloads",
        "$config_defaults",
        "$configured_session_timeout_ms",
        "$initialization_time",
        "$lib_custom_api_host",
        "$lib_rate_limit_remaining_tokens",
        "$recording_status",
        "$replay_script_config",
        "$replay_sample_rate",
        "$replay_minimum_duration",
        "$sdk_dist_channel",
        "$autocapture_disabled_server_side",
        "$web_vitals_enabled_server_side",
        "$exception_capture_enabled_server_side",
        "$dead_clicks_enabled_server_side",
        "$transformations_succeeded",
        "$transformations_skipped",
        "sessionRecordingUrl",
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_is(name, names[i])) {
            return true;
        }
    }
    return str_starts_c(name, "$sdk_debug_");
}

static bool is_left_out(const struct intake_draft *draft, const struct intake_posthog_event *event,
                        struct str name)
{
    if (str_is(name, "$ip")) {
        return !draft->source->keep_address;
    }
    if (str_is(name, "$raw_user_agent") || str_is(name, "$user_agent")) {
        return !draft->source->keep_user_agent;
    }
    bool group = event->kind == POSTHOG_GROUP;
    if (str_is(name, "$group_type") || str_is(name, "$group_key")) {
        return group;
    }
    if (str_is(name, "$exception_list")) {
        return event->kind == POSTHOG_EXCEPTION;
    }
    return is_protocol(name) ||
           (intake_posthog_is_survey(event->kind) && intake_posthog_survey_member(name));
}

static bool take_member(struct intake_draft *draft, const struct intake_path *path,
                        struct json_value value)
{
    if (path->name.len == 0 || path->name.len > STORE_NAME_BYTES_MAX) {
        return intake_judge(draft, path->up->name, "a property's name has 1 to %d bytes",
                            STORE_NAME_BYTES_MAX);
    }
    return intake_flatten_value(draft, &draft->decoder->properties, path->name, value, path);
}

static bool take_properties(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    struct intake_path root = {.name = STR("/properties")};
    struct intake_path path = {.up = &root};
    struct json_value value;
    if (event->top_has[POSTHOG_TOP_PROPERTIES]) {
        for (struct json_iter it = json_iter_of(event->top[POSTHOG_TOP_PROPERTIES]);
             json_next(&it, &path.name, &value);) {
            path.name = path.name.data == NULL ? STR("") : path.name;
            if (!is_left_out(draft, event, path.name) && !take_member(draft, &path, value)) {
                return false;
            }
        }
    }
    if (!draft->source->keep_address || event->has[POSTHOG_IP] || draft->source->peer.len == 0) {
        return true;
    }
    struct intake_path place = {.name = STR("/properties/$ip")};
    return intake_add_field(draft, &draft->decoder->properties, STR("$ip"),
                            store_value_str(draft->source->peer), &place);
}

/* A variant that was shown is an exposure. A flag that was only looked at (on, off, unknown) is what it was. */
static bool take_flag(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    struct intake_path place = {.name = STR("/properties/$feature_flag")};
    struct intake_fields *fields = &draft->decoder->properties;
    struct str flag, variant, kept;
    if (!intake_posthog_text(event, POSTHOG_FLAG_KEY, &flag) ||
        !intake_posthog_text(event, POSTHOG_FLAG_RESPONSE, &variant)) {
        return true;
    }
    draft->event = STR("experiment exposed");
    return intake_keep(draft, flag, &kept) &&
           intake_add_field(draft, fields, STR("experiment"), store_value_str(kept), &place) &&
           intake_keep(draft, variant, &kept) &&
           intake_add_field(draft, fields, STR("variant"), store_value_str(kept), &place);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static bool read_event(struct intake_draft *draft, struct intake_posthog_event *event)
{
    if (draft->reason.data != NULL) {
        return false;
    }
    struct json_value root;
    struct fail why;
    if (!json_parse(draft->decoder->parser, draft->raw, &root, &why)) {
        return intake_judge_json(draft, &why);
    }
    if (json_type_of(root) != JSON_OBJECT) {
        return intake_judge(draft, STR(""), "expected an event, an object; found %s",
                            json_type_name(json_type_of(root)));
    }
    find_members(root, top_names, POSTHOG_TOPS, event->top, event->top_has);
    if (!event->top_has[POSTHOG_TOP_PROPERTIES]) {
        return true;
    }
    enum json_type type = json_type_of(event->top[POSTHOG_TOP_PROPERTIES]);
    if (type != JSON_OBJECT) {
        return intake_judge(draft, STR("/properties"), "expected an object, found %s",
                            json_type_name(type));
    }
    find_members(event->top[POSTHOG_TOP_PROPERTIES], inner_names, POSTHOG_INNERS, event->value,
                 event->has);
    return true;
}

static bool take_channel(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    struct str library;
    if (intake_posthog_text(event, POSTHOG_LIB, &library)) {
        draft->channel = intake_channel_of(library);
    }
    return true;
}

static bool take_meaning(struct intake_draft *draft, const struct intake_posthog_event *event)
{
    switch (event->kind) {
    case POSTHOG_FLAG:
        return take_flag(draft, event);
    case POSTHOG_EXCEPTION:
        return intake_posthog_exception(draft, event);
    case POSTHOG_SURVEY_SHOWN:
    case POSTHOG_SURVEY_SENT:
    case POSTHOG_SURVEY_DISMISSED:
    case POSTHOG_SURVEY_ABANDONED:
        return intake_posthog_survey(draft, event);
    case POSTHOG_GROUP:
        return intake_posthog_group_facts(draft, event);
    case POSTHOG_OTHER:
    case POSTHOG_IDENTIFY:
    case POSTHOG_SET_EVENT:
    case POSTHOG_ALIAS:
    case POSTHOG_SNAPSHOT:
        break;
    }
    return true;
}

bool intake_posthog_message(struct intake_draft *draft, int64_t sent_ms, struct store_item *item)
{
    struct intake_posthog_event event = {0};
    draft->way = draft->way.data == NULL ? STR(INTAKE_WAY_POSTHOG) : draft->way;
    draft->sent_ms = sent_ms;
    bool good = read_event(draft, &event) && take_name(draft, &event) && take_who(draft, &event) &&
                take_when(draft, &event, sent_ms) && take_channel(draft, &event) &&
                take_properties(draft, &event) && intake_posthog_person(draft, &event) &&
                take_meaning(draft, &event) && take_message_id(draft, &event);
    return intake_draft_end(draft, good, item);
}
