/* Segment's tracking API: messages become events. The README has the table of what becomes what. */
#include "intake_internal.h"
#include "intake_way.h"

#include <stdio.h>
#include <stdlib.h>

const struct intake_places intake_segment_places = {
    .event = {"/event", 6},
    .ts = {"/timestamp", 10},
    .user = {"/userId", 7},
    .anonymous = {"/anonymousId", 12},
    .message_id = {"/messageId", 10},
    .channel = {"/channel", 8},
    .text = {"/text", 5},
    .score = {"/score", 6},
    .scale = {"/scale", 6},
    .previous_id = {"/previousId", 11},
};

static const char *const type_names[] = {"identify", "track", "page", "screen", "group", "alias"};

bool intake_segment_route(struct str word, enum intake_segment_type *out)
{
    static const struct {
        const char *word;
        enum intake_segment_type type;
    } words[] = {
        {"i", INTAKE_SEGMENT_IDENTIFY},   {"t", INTAKE_SEGMENT_TRACK},
        {"p", INTAKE_SEGMENT_PAGE},       {"s", INTAKE_SEGMENT_SCREEN},
        {"g", INTAKE_SEGMENT_GROUP},      {"a", INTAKE_SEGMENT_ALIAS},
        {"b", INTAKE_SEGMENT_BATCH},      {"batch", INTAKE_SEGMENT_BATCH},
        {"import", INTAKE_SEGMENT_BATCH},
    };
    for (size_t i = 0; i < ARRAY_LEN(type_names); i++) {
        if (str_is(word, type_names[i])) {
            *out = (enum intake_segment_type)i;
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(word, words[i].word)) {
            *out = words[i].type;
            return true;
        }
    }
    return false;
}

enum member {
    MEMBER_TYPE,
    MEMBER_EVENT,
    MEMBER_USER,
    MEMBER_ANONYMOUS,
    MEMBER_PREVIOUS_ID,
    MEMBER_GROUP_ID,
    MEMBER_MESSAGE_ID,
    MEMBER_TIMESTAMP,
    MEMBER_ORIGINAL,
    MEMBER_SENT_AT,
    MEMBER_RECEIVED_AT,
    MEMBER_NAME,
    MEMBER_CATEGORY,
    MEMBER_PROPERTIES,
    MEMBER_TRAITS,
    MEMBER_CONTEXT,
    MEMBER_CHANNEL,
    MEMBERS,
};

static const char *const member_names[MEMBERS] = {
    "type",       "event",     "userId",    "anonymousId",       "previousId",
    "groupId",    "messageId", "timestamp", "originalTimestamp", "sentAt",
    "receivedAt", "name",      "category",  "properties",        "traits",
    "context",    "channel",
};

struct message {
    enum intake_segment_type type;
    struct json_value value[MEMBERS];
    bool has[MEMBERS]; /* and is not null */
};

static bool member_is_object(const struct message *message, enum member member)
{
    return message->has[member] && json_type_of(message->value[member]) == JSON_OBJECT;
}

/* Members that mean nothing here (integrations, _metadata, version, ...) are the protocol's own. */
static void find_members(struct json_value root, struct message *message)
{
    struct str name;
    struct json_value value;
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        for (size_t i = 0; i < MEMBERS; i++) {
            if (str_is(name, member_names[i])) {
                message->value[i] = value;
                message->has[i] = json_type_of(value) != JSON_NULL;
                break;
            }
        }
    }
}

static bool take_type(struct intake_draft *draft, enum intake_segment_type route,
                      struct message *message)
{
    if (!message->has[MEMBER_TYPE]) {
        if (route == INTAKE_SEGMENT_BATCH) {
            return intake_judge(draft, STR("/type"),
                                "no type: expected identify, track, page, screen, group or alias");
        }
        message->type = route;
        return true;
    }
    struct json_value value = message->value[MEMBER_TYPE];
    struct str name = json_type_of(value) == JSON_STRING ? json_string(value) : STR("");
    for (size_t i = 0; i < ARRAY_LEN(type_names); i++) {
        if (str_is(name, type_names[i])) {
            message->type = (enum intake_segment_type)i;
            return true;
        }
    }
    const char *nearest = str_nearest(name, type_names, ARRAY_LEN(type_names));
    return intake_judge(
        draft, STR("/type"),
        "unknown type: expected identify, track, page, screen, group or alias%s%s%s",
        nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
        nearest == NULL ? "" : "\"?");
}

static bool take_id(struct intake_draft *draft, const struct message *message, enum member member,
                    struct str field, struct str *out)
{
    return !message->has[member] ||
           intake_take_id(draft, message->value[member], field, STORE_IDENTIFIER_BYTES_MAX, out);
}

static bool take_ids(struct intake_draft *draft, const struct message *message)
{
    const struct intake_places *places = draft->places;
    struct str group = {NULL, 0};
    if (!take_id(draft, message, MEMBER_MESSAGE_ID, places->message_id, &draft->message_id) ||
        !take_id(draft, message, MEMBER_USER, places->user, &draft->user) ||
        !take_id(draft, message, MEMBER_ANONYMOUS, places->anonymous, &draft->anonymous)) {
        return false;
    }
    if (draft->user.data != NULL && !intake_add_identifier(draft, STR("user"), draft->user)) {
        return false;
    }
    if (draft->anonymous.data != NULL &&
        !intake_add_identifier(draft, STR("anonymous"), draft->anonymous)) {
        return false;
    }
    if (draft->decoder->identifier_count == 0) {
        return intake_judge(draft, places->user,
                            "no identifier: expected a userId or an anonymousId");
    }
    if (message->type == INTAKE_SEGMENT_ALIAS) {
        return take_id(draft, message, MEMBER_PREVIOUS_ID, places->previous_id,
                       &draft->previous_id);
    }
    if (message->type != INTAKE_SEGMENT_GROUP) {
        return true;
    }
    if (!take_id(draft, message, MEMBER_GROUP_ID, STR("/groupId"), &group)) {
        return false;
    }
    if (group.data == NULL) {
        return intake_judge(draft, STR("/groupId"), "a group needs groupId, the account's id");
    }
    return intake_add_identifier(draft, STR("account"), group);
}

static bool take_event(struct intake_draft *draft, const struct message *message)
{
    if (message->type != INTAKE_SEGMENT_TRACK) {
        draft->event = str_from_c(type_names[message->type]);
        return true;
    }
    return !message->has[MEMBER_EVENT] || intake_take_text(draft, message->value[MEMBER_EVENT],
                                                           draft->places->event, &draft->event);
}

/* ---- times -------------------------------------------------------------------------------------- */

static bool take_instant(struct intake_draft *draft, const struct message *message,
                         enum member member, struct str field, int64_t *out_ms)
{
    return !message->has[member] ||
           intake_read_instant(message->value[member], draft->source->local_zone, out_ms) ||
           intake_judge(draft, field,
                        "expected an ISO 8601 instant, such as 2026-05-01T09:30:00.000Z");
}

/* With both times given and different, `timestamp` was set on purpose (a backfill, or a server that
   corrected it already): it stands as it is, and the other is kept as what the client wrote. */
static bool take_times(struct intake_draft *draft, const struct message *message,
                       const struct intake_envelope *envelope)
{
    int64_t timestamp_ms = STORE_NO_TIME, original_ms = STORE_NO_TIME, received_ms = STORE_NO_TIME;
    if (!take_instant(draft, message, MEMBER_TIMESTAMP, draft->places->ts, &timestamp_ms) ||
        !take_instant(draft, message, MEMBER_ORIGINAL, STR("/originalTimestamp"), &original_ms)) {
        return false;
    }
    draft->sent_ms = envelope->sent_ms;
    if (message->has[MEMBER_SENT_AT]) {
        /* One that cannot be read says nothing about the clock; it is no reason to keep the event out. */
        (void)!intake_read_instant(message->value[MEMBER_SENT_AT], draft->source->local_zone,
                                   &draft->sent_ms);
    }
    draft->client_ms = timestamp_ms == STORE_NO_TIME ? original_ms : timestamp_ms;
    draft->clock_is_right = draft->from_import;
    if (timestamp_ms != STORE_NO_TIME && original_ms != STORE_NO_TIME &&
        timestamp_ms != original_ms) {
        draft->clock_is_right = true;
        draft->written_ms = original_ms;
    }
    if (draft->client_ms != STORE_NO_TIME) {
        return true;
    }
    draft->clock_is_right = true;
    if (!draft->from_import) {
        draft->client_ms = draft->source->received_at_ms;
    } else if (message->has[MEMBER_RECEIVED_AT] &&
               intake_read_instant(message->value[MEMBER_RECEIVED_AT], draft->source->local_zone,
                                   &received_ms)) {
        draft->client_ms = received_ms;
    }
    return true;
}

/* ---- what it says ------------------------------------------------------------------------------- */

static bool take_object(struct intake_draft *draft, const struct message *message,
                        enum member member, const char *pointer, struct intake_fields *fields)
{
    if (!message->has[member]) {
        return true;
    }
    struct intake_path path = {.name = str_from_c(pointer)};
    if (!member_is_object(message, member)) {
        return intake_judge(draft, path.name, "expected an object, found %s",
                            json_type_name(json_type_of(message->value[member])));
    }
    return intake_flatten_members(draft, fields, STR(""), message->value[member], &path);
}

/* A page's name and category stand beside its properties, and in most clients in them too. */
static bool take_label(struct intake_draft *draft, const struct message *message,
                       enum member member)
{
    if (!message->has[member]) {
        return true;
    }
    struct str name = str_from_c(member_names[member]);
    struct json_value value = message->value[member];
    const struct intake_fields *properties = &draft->decoder->properties;
    for (size_t i = 0; json_type_of(value) == JSON_STRING && i < properties->count; i++) {
        if (str_equal(properties->data[i].name, name) &&
            properties->data[i].value.kind == STORE_STRING &&
            str_equal(store_value_text(properties->data[i].value), json_string(value))) {
            return true;
        }
    }
    struct intake_path root = {.name = STR("")};
    struct intake_path path = {.up = &root, .name = name};
    return intake_flatten_value(draft, &draft->decoder->properties, name, value, &path);
}

static int by_name(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The names of a message's own traits, sorted; none of a group, whose traits are the account's. */
static bool own_trait_names(struct intake_draft *draft, const struct message *message,
                            struct str **out, size_t *out_count)
{
    *out = NULL;
    *out_count = 0;
    if (message->type == INTAKE_SEGMENT_GROUP || !member_is_object(message, MEMBER_TRAITS)) {
        return true;
    }
    struct json_value object = message->value[MEMBER_TRAITS], value;
    size_t most = json_count(object);
    *out = arena_array(draft->arena, most, sizeof **out, draft->fail);
    if (*out == NULL) {
        return intake_hard(draft);
    }
    for (struct json_iter it = json_iter_of(object);
         *out_count < most && json_next(&it, &(*out)[*out_count], &value);) {
        (*out_count)++;
    }
    qsort(*out, *out_count, sizeof **out, by_name);
    return true;
}

/* Traits that a client repeats in every message's context. Those of the message itself come first. */
static bool take_context_traits(struct intake_draft *draft, const struct message *message,
                                struct json_value traits)
{
    struct intake_path root = {.name = STR("/context/traits")};
    if (json_type_of(traits) == JSON_NULL) {
        return true;
    }
    if (json_type_of(traits) != JSON_OBJECT) {
        return intake_judge(draft, root.name, "expected an object, found %s",
                            json_type_name(json_type_of(traits)));
    }
    struct str *own;
    size_t own_count;
    if (!own_trait_names(draft, message, &own, &own_count)) {
        return false;
    }
    struct intake_path path = {.up = &root};
    struct json_value value;
    for (struct json_iter it = json_iter_of(traits); json_next(&it, &path.name, &value);) {
        if (own_count > 0 && bsearch(&path.name, own, own_count, sizeof *own, by_name) != NULL) {
            continue;
        }
        if (path.name.len == 0 || path.name.len > STORE_NAME_BYTES_MAX) {
            return intake_judge(draft, root.name, "a trait's name has 1 to %d bytes",
                                STORE_NAME_BYTES_MAX);
        }
        if (!intake_flatten_value(draft, &draft->decoder->traits, path.name, value, &path)) {
            return false;
        }
    }
    return true;
}

static bool is_address(struct str name)
{
    return str_is(name, "ip");
}

static bool is_user_agent(struct str name)
{
    return str_is(name, "userAgent") || str_is(name, "userAgentData");
}

static bool take_context_member(struct intake_draft *draft, const struct message *message,
                                struct json_value value, const struct intake_path *path)
{
    const struct intake_source *source = draft->source;
    struct str name = path->name;
    if (str_is(name, "traits")) {
        return take_context_traits(draft, message, value);
    }
    if ((is_address(name) && !source->keep_address) ||
        (is_user_agent(name) && !source->keep_user_agent)) {
        return true;
    }
    static const char prefix[] = "context.";
    char full[STORE_NAME_BYTES_MAX];
    size_t prefix_len = sizeof prefix - 1;
    if (name.len == 0 || name.len > sizeof full - prefix_len) {
        return intake_judge(draft, intake_path_pointer(draft->arena, path),
                            "a name with \"context.\" before it has 9 to %d bytes",
                            STORE_NAME_BYTES_MAX);
    }
    memcpy(full, prefix, prefix_len);
    memcpy(full + prefix_len, name.data, name.len);
    return intake_flatten_value(draft, &draft->decoder->properties,
                                str_of(full, prefix_len + name.len), value, path);
}

static bool take_context(struct intake_draft *draft, const struct message *message,
                         const struct json_value *context)
{
    const struct intake_source *source = draft->source;
    bool has_address = false;
    if (context != NULL) {
        struct intake_path root = {.name = STR("/context")};
        if (json_type_of(*context) != JSON_OBJECT) {
            return intake_judge(draft, root.name, "expected an object, found %s",
                                json_type_name(json_type_of(*context)));
        }
        struct intake_path path = {.up = &root};
        struct json_value value;
        for (struct json_iter it = json_iter_of(*context); json_next(&it, &path.name, &value);) {
            path.name = path.name.data == NULL ? STR("") : path.name;
            has_address = has_address || is_address(path.name);
            if (!take_context_member(draft, message, value, &path)) {
                return false;
            }
        }
    }
    if (!source->keep_address || has_address || source->peer.len == 0) {
        return true;
    }
    struct intake_path place = {.name = STR("/context/ip")};
    return intake_add_field(draft, &draft->decoder->properties, STR("context.ip"),
                            store_value_str(source->peer), &place);
}

/* ---- where -------------------------------------------------------------------------------------- */

/* From the message, where its word is one of ours or means one; else from the library's name. */
static void find_channel(struct intake_draft *draft, const struct message *message,
                         const struct json_value *context)
{
    static const char *const ours[] = {"web",   "app",    "email",  "phone", "chat",
                                       "store", "social", "survey", "review"};
    struct json_value library, name;
    if (message->has[MEMBER_CHANNEL] &&
        json_type_of(message->value[MEMBER_CHANNEL]) == JSON_STRING) {
        struct str said = json_string(message->value[MEMBER_CHANNEL]);
        said = str_is(said, "browser") ? STR("web") : str_is(said, "mobile") ? STR("app") : said;
        for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
            if (str_is(said, ours[i])) {
                draft->channel = str_from_c(ours[i]);
                return;
            }
        }
    }
    if (context == NULL || !json_member(*context, STR("library"), &library) ||
        !json_member(library, STR("name"), &name) || json_type_of(name) != JSON_STRING) {
        return;
    }
    draft->channel = intake_channel_of(json_string(name));
}

/* ---- one message -------------------------------------------------------------------------------- */

static bool read_message(struct intake_draft *draft, const struct intake_envelope *envelope)
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
        return intake_judge(draft, STR(""), "expected a message, an object; found %s",
                            json_type_name(json_type_of(root)));
    }
    struct message message;
    message.type = envelope->route;
    memset(message.has, 0, sizeof message.has);
    find_members(root, &message);
    const struct json_value *context = message.has[MEMBER_CONTEXT] ? &message.value[MEMBER_CONTEXT]
                                       : envelope->has_context     ? &envelope->context
                                                                   : NULL;
    if (!take_type(draft, envelope->route, &message)) {
        return false;
    }
    bool group = message.type == INTAKE_SEGMENT_GROUP;
    bool labelled = message.type == INTAKE_SEGMENT_PAGE || message.type == INTAKE_SEGMENT_SCREEN;
    struct intake_decoder *decoder = draft->decoder;
    find_channel(draft, &message, context);
    return take_event(draft, &message) && take_ids(draft, &message) &&
           take_times(draft, &message, envelope) &&
           take_object(draft, &message, MEMBER_PROPERTIES, "/properties", &decoder->properties) &&
           take_object(draft, &message, MEMBER_TRAITS, "/traits",
                       group ? &decoder->properties : &decoder->traits) &&
           (!labelled || (take_label(draft, &message, MEMBER_NAME) &&
                          take_label(draft, &message, MEMBER_CATEGORY))) &&
           take_context(draft, &message, context);
}

bool intake_segment_message(struct intake_draft *draft, const struct intake_envelope *envelope,
                            struct store_item *item)
{
    draft->way = draft->way.data == NULL ? intake_way_segment(envelope->route) : draft->way;
    draft->sent_ms = envelope->sent_ms; /* said here too: what is bad may come before it is read */
    bool good = read_message(draft, envelope);
    return intake_draft_end(draft, good, item);
}

/* ---- requests ------------------------------------------------------------------------------------ */

static bool find_key(struct json_value object, struct arena *arena, struct str *out)
{
    struct json_value key;
    if (!json_member(object, STR("writeKey"), &key) || json_type_of(key) != JSON_STRING ||
        json_string(key).len == 0) {
        return false;
    }
    *out = str_copy(arena, json_string(key));
    return true;
}

bool intake_segment_open(struct intake_decoder *decoder, struct str body,
                         enum intake_segment_type route, const struct intake_limits *limits,
                         struct arena *arena, struct intake_segment_request *out, struct fail *fail)
{
    static const struct str names[] = {{"batch", 5}};
    struct str text = str_trim(body);
    if (text.len == 0) {
        return fail_set(fail, FAIL_INPUT, "the body is empty: expected a JSON message");
    }
    if (text.data[0] != '{' && text.data[0] != '[') {
        return fail_set(fail, FAIL_INPUT, "the body is not JSON: expected an object or an array");
    }
    struct intake_segment_request request = {.route_ = route};
    if (!json_split(arena, text, names, ARRAY_LEN(names), intake_limits_of(limits).events,
                    &request.split_, fail)) {
        return false;
    }
    struct json_value root;
    struct fail why;
    bool found = false;
    if (request.split_.array && request.split_.envelope.len > 0) {
        if (!json_parse(decoder->envelope, request.split_.envelope, &root, fail)) {
            return fail_at(fail, "around the batch");
        }
        found = find_key(root, arena, &request.write_key);
    }
    for (size_t i = 0; !found && i < request.split_.count; i++) {
        if (json_parse(decoder->parser, request.split_.elements[i], &root, &why)) {
            found = true; /* the first message that can be read speaks for all */
            (void)!find_key(root, arena, &request.write_key);
        }
    }
    *out = request;
    return true;
}

bool intake_segment_decode(struct intake_decoder *decoder,
                           const struct intake_segment_request *request,
                           const struct intake_source *source, struct arena *arena,
                           struct intake_items *out, struct fail *fail)
{
    const struct json_split *split = &request->split_;
    struct intake_envelope envelope = {.route = request->route_, .sent_ms = STORE_NO_TIME};
    struct json_value root, sent_at;
    if (split->array && split->envelope.len > 0) {
        if (!json_parse(decoder->envelope, split->envelope, &root, fail)) {
            return fail_at(fail, "around the batch");
        }
        if (json_member(root, STR("sentAt"), &sent_at)) {
            (void)!intake_read_instant(sent_at, source->local_zone, &envelope.sent_ms);
        }
        envelope.has_context = json_member(root, STR("context"), &envelope.context) &&
                               json_type_of(envelope.context) == JSON_OBJECT;
    }
    struct store_item *items = arena_array(arena, split->count, sizeof *items, fail);
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < split->count; i++) {
        struct intake_draft draft;
        if (!intake_draft_begin(&draft, decoder, source, &intake_segment_places, split->elements[i],
                                arena, fail) ||
            !intake_segment_message(&draft, &envelope, &items[i])) {
            return false;
        }
    }
    *out = (struct intake_items){items, split->count};
    return true;
}
