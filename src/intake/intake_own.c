/* The own form: one event object, an array of them, one on each line, or an envelope around an array. */
#include "intake_internal.h"
#include "intake_way.h"

const struct intake_places intake_own_places = {
    .event = {"/event", 6},
    .ts = {"/ts", 3},
    .user = {"/userId", 7},
    .anonymous = {"/anonymousId", 12},
    .message_id = {"/message_id", 11},
    .channel = {"/channel", 8},
    .text = {"/text", 5},
    .score = {"/score", 6},
    .scale = {"/scale", 6},
    .previous_id = {"/previousId", 11},
};

enum member {
    MEMBER_EVENT,
    MEMBER_TS,
    MEMBER_USER,
    MEMBER_ANONYMOUS,
    MEMBER_IDENTIFIERS,
    MEMBER_MESSAGE_ID,
    MEMBER_CHANNEL,
    MEMBER_PROPERTIES,
    MEMBER_TRAITS,
    MEMBER_TEXT,
    MEMBER_SCORE,
    MEMBER_SCALE,
    MEMBER_PREVIOUS_ID,
    MEMBER_SENT_AT,
    MEMBER_SOURCE,
    MEMBERS,
};

static const char *const member_names[MEMBERS] =
    {
        "event",      "ts",      "userId",     "anonymousId", "identifiers",
        "message_id", "channel", "properties", "traits",      "text",
        "score",      "scale",   "previousId", "sentAt",      "source", /* last: not for everyone */
};

/* What people write who know other systems. */
static const struct {
    const char *written, *meant;
} known_slips[] = {
    {"timestamp", "ts"},         {"time", "ts"},
    {"originalTimestamp", "ts"}, {"date", "ts"},
    {"name", "event"},           {"type", "event"},
    {"id", "message_id"},        {"uuid", "message_id"},
    {"customer", "userId"},      {"distinct_id", "userId"},
    {"groupId", "identifiers"},  {"email", "identifiers"},
    {"context", "properties"},   {"comment", "text"},
    {"rating", "score"},
};

/* Sets each that the object has; a name given twice counts with its last value. */
struct members {
    struct json_value value[MEMBERS];
    bool has[MEMBERS];
};

static bool judge_unknown(struct intake_draft *draft, struct str name)
{
    struct intake_path root = {.name = STR("")};
    struct intake_path path = {.up = &root, .name = name};
    const char *meant = str_nearest(name, member_names, MEMBER_SOURCE);
    for (size_t i = 0; i < ARRAY_LEN(known_slips); i++) {
        meant = str_is(name, known_slips[i].written) ? known_slips[i].meant : meant;
    }
    struct str pointer = intake_path_pointer(draft->arena, &path);
    struct str shown = str_of(name.data, name.len > 100 ? 100 : name.len);
    while (!str_is_utf8(shown)) {
        shown.len--;
    }
    if (meant != NULL) {
        return intake_judge(draft, pointer, "unknown member \"%.*s\": did you mean \"%s\"?",
                            STR_ARG(shown), meant);
    }
    return intake_judge(draft, pointer,
                        "unknown member \"%.*s\": what else there is to say of an event belongs "
                        "into properties, of a customer into traits",
                        STR_ARG(shown));
}

static bool find_members(struct intake_draft *draft, struct json_value root,
                         struct members *members)
{
    struct str name;
    struct json_value value;
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        size_t member = 0;
        while (member < MEMBERS && !str_is(name, member_names[member])) {
            member++;
        }
        if (member == MEMBERS ||
            (member == MEMBER_SOURCE && draft->source->named_source == INTAKE_SOURCE_UNKNOWN)) {
            return judge_unknown(draft, name);
        }
        members->value[member] = value;
        members->has[member] = json_type_of(value) != JSON_NULL;
    }
    return true;
}

static bool take_identifier(struct intake_draft *draft, struct str kind, struct json_value value,
                            const struct intake_path *at)
{
    struct str field = intake_path_pointer(draft->arena, at);
    struct str id = {NULL, 0};
    if (!intake_take_id(draft, value, field, STORE_IDENTIFIER_BYTES_MAX, &id)) {
        return false;
    }
    if (id.data == NULL) {
        return true;
    }
    if (!str_is(kind, "user")) {
        struct str kept;
        return intake_keep(draft, kind, &kept) && intake_add_identifier(draft, kept, id);
    }
    if (draft->user.data != NULL && !str_equal(draft->user, id)) {
        return intake_judge(draft, field,
                            "userId and identifiers.user differ: an event belongs to "
                            "one user");
    }
    draft->user = id;
    return intake_add_identifier(draft, STR("user"), id);
}

static bool take_identifiers(struct intake_draft *draft, struct json_value object)
{
    struct intake_path root = {.name = STR("/identifiers")};
    if (json_type_of(object) != JSON_OBJECT) {
        return intake_judge(draft, root.name, "expected an object of kinds and values, found %s",
                            json_type_name(json_type_of(object)));
    }
    struct intake_path path = {.up = &root};
    struct json_value value;
    for (struct json_iter it = json_iter_of(object); json_next(&it, &path.name, &value);) {
        path.name = path.name.data == NULL ? STR("") : path.name;
        if (!intake_check_kind(draft, path.name, intake_path_pointer(draft->arena, &path))) {
            return false;
        }
        if (json_type_of(value) != JSON_ARRAY) {
            if (!take_identifier(draft, path.name, value, &path)) {
                return false;
            }
            continue;
        }
        struct intake_path inner = {.up = &path};
        struct json_value element;
        for (struct json_iter each = json_iter_of(value); json_next(&each, NULL, &element);
             inner.index++) {
            if (!take_identifier(draft, path.name, element, &inner)) {
                return false;
            }
        }
    }
    return true;
}

static bool take_ids(struct intake_draft *draft, const struct members *members)
{
    const struct intake_places *places = draft->places;
    const struct {
        enum member member;
        struct str field;
        size_t longest;
        struct str *out;
    } ids[] = {
        {MEMBER_MESSAGE_ID, places->message_id, STORE_MESSAGE_ID_BYTES_MAX, &draft->message_id},
        {MEMBER_USER, places->user, STORE_IDENTIFIER_BYTES_MAX, &draft->user},
        {MEMBER_ANONYMOUS, places->anonymous, STORE_IDENTIFIER_BYTES_MAX, &draft->anonymous},
        {MEMBER_PREVIOUS_ID, places->previous_id, STORE_IDENTIFIER_BYTES_MAX, &draft->previous_id},
    };
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        if (members->has[ids[i].member] &&
            !intake_take_id(draft, members->value[ids[i].member], ids[i].field, ids[i].longest,
                            ids[i].out)) {
            return false;
        }
    }
    return (draft->user.data == NULL || intake_add_identifier(draft, STR("user"), draft->user)) &&
           (draft->anonymous.data == NULL ||
            intake_add_identifier(draft, STR("anonymous"), draft->anonymous)) &&
           (!members->has[MEMBER_IDENTIFIERS] ||
            take_identifiers(draft, members->value[MEMBER_IDENTIFIERS]));
}

static bool take_fields(struct intake_draft *draft, const struct members *members,
                        enum member member, struct intake_fields *fields)
{
    if (!members->has[member]) {
        return true;
    }
    struct intake_path path = {.name =
                                   member == MEMBER_TRAITS ? STR("/traits") : STR("/properties")};
    struct json_value value = members->value[member];
    if (json_type_of(value) != JSON_OBJECT) {
        return intake_judge(draft, path.name, "expected an object, found %s",
                            json_type_name(json_type_of(value)));
    }
    return intake_flatten_members(draft, fields, STR(""), value, &path);
}

static bool take_score(struct intake_draft *draft, const struct members *members)
{
    if (!members->has[MEMBER_SCORE]) {
        return true;
    }
    struct json_value value = members->value[MEMBER_SCORE];
    enum json_type type = json_type_of(value);
    if (type != JSON_INT && type != JSON_UINT && type != JSON_DOUBLE) {
        return intake_judge(draft, draft->places->score, "expected a number, found %s",
                            json_type_name(type));
    }
    draft->score = type == JSON_INT ? store_value_int(json_int(value))
                                    : store_value_double(json_double(value));
    draft->has_score = true;
    return true;
}

static bool take_source(struct intake_draft *draft, const struct members *members)
{
    struct str name = {NULL, 0}, place = STR("/source");
    if (!members->has[MEMBER_SOURCE] || draft->source->named_source != INTAKE_SOURCE_TAKEN) {
        return true;
    }
    if (!intake_take_text(draft, members->value[MEMBER_SOURCE], place, &name)) {
        return false;
    }
    if (name.len > STORE_NAME_BYTES_MAX) {
        return intake_judge(draft, place, "a source longer than %d bytes", STORE_NAME_BYTES_MAX);
    }
    draft->source_name = name;
    return true;
}

static bool read_members(struct intake_draft *draft, const struct members *members)
{
    const struct intake_places *places = draft->places;
    const struct {
        enum member member;
        struct str field;
        struct str *out;
    } texts[] = {
        {MEMBER_EVENT, places->event, &draft->event},
        {MEMBER_CHANNEL, places->channel, &draft->channel},
        {MEMBER_TEXT, places->text, &draft->text},
        {MEMBER_SCALE, places->scale, &draft->scale},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (members->has[texts[i].member] &&
            !intake_take_text(draft, members->value[texts[i].member], texts[i].field,
                              texts[i].out)) {
            return false;
        }
    }
    return take_source(draft, members) && take_ids(draft, members) &&
           (!members->has[MEMBER_TS] ||
            intake_take_instant(draft, members->value[MEMBER_TS], places->ts, &draft->client_ms)) &&
           (!members->has[MEMBER_SENT_AT] ||
            intake_take_instant(draft, members->value[MEMBER_SENT_AT], STR("/sentAt"),
                                &draft->sent_ms)) &&
           take_score(draft, members) &&
           take_fields(draft, members, MEMBER_PROPERTIES, &draft->decoder->properties) &&
           take_fields(draft, members, MEMBER_TRAITS, &draft->decoder->traits);
}

static bool read_event(struct intake_draft *draft)
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
    struct members members;
    memset(members.has, 0, sizeof members.has);
    return find_members(draft, root, &members) && read_members(draft, &members);
}

bool intake_own_message(struct intake_draft *draft, struct store_item *item)
{
    draft->way = draft->way.data == NULL ? STR(INTAKE_WAY_OWN) : draft->way;
    bool good = read_event(draft);
    return intake_draft_end(draft, good, item);
}

/* ---- bodies ------------------------------------------------------------------------------------- */

#define FORMS                                                                                      \
    "an event object, an array of them, one on each line, or {\"key\", \"sentAt\", \"events\": "   \
    "[...]}"

/* Lines are events where at least one of them is an object by itself; else the text is just broken. */
static bool cut_lines(struct arena *arena, struct str text, size_t most, struct json_split *out,
                      struct fail *fail)
{
    size_t *lines;
    if (!json_split_lines(arena, text, most, out, &lines, fail)) {
        return false;
    }
    for (size_t i = 0; i < out->count; i++) {
        struct str line = str_trim(out->elements[i]);
        if (line.len > 0 && intake_object_bytes(line) == line.len) {
            return true;
        }
    }
    return fail_set(fail, FAIL_INPUT, "the body is not JSON: expected " FORMS);
}

static bool cut(struct arena *arena, struct str text, size_t most, struct json_split *out,
                struct fail *fail)
{
    static const struct str names[] = {{"events", 6}};
    if (text.len == 0) {
        return fail_set(fail, FAIL_INPUT, "the body is empty: expected " FORMS);
    }
    bool object = text.data[0] != '[';
    if (object && intake_object_bytes(text) != text.len) {
        return cut_lines(arena, text, most, out, fail);
    }
    return json_split(arena, text, names, object ? ARRAY_LEN(names) : 0, most, out, fail);
}

static bool envelope_refused(struct str member, struct fail *fail)
{
    struct str shown = str_of(member.data, member.len > 64 ? 64 : member.len);
    while (!str_is_utf8(shown)) {
        shown.len--;
    }
    return fail_set(fail, FAIL_INPUT,
                    "\"%.*s\" beside \"events\": expected \"key\" (a string), \"sentAt\" (an "
                    "instant as in RFC 3339) and nothing else",
                    STR_ARG(shown));
}

static bool read_envelope(struct intake_decoder *decoder, struct arena *arena,
                          struct intake_own_request *request, struct fail *fail)
{
    struct json_value root, value;
    struct str name;
    if (!json_parse(decoder->envelope, request->split_.envelope, &root, fail)) {
        return fail_at(fail, "around the events");
    }
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        bool text = json_type_of(value) == JSON_STRING;
        if (str_is(name, "events") || json_type_of(value) == JSON_NULL) {
            continue;
        }
        if (str_is(name, "key") && text) {
            request->key = str_copy(arena, json_string(value));
        } else if (!str_is(name, "sentAt") || !text ||
                   !time_parse_rfc3339(json_string(value), &request->sent_ms_)) {
            return envelope_refused(name, fail);
        }
    }
    return true;
}

bool intake_own_open(struct intake_decoder *decoder, struct str body,
                     const struct intake_limits *limits, struct arena *arena,
                     struct intake_own_request *out, struct fail *fail)
{
    struct intake_own_request request = {.sent_ms_ = STORE_NO_TIME};
    if (!cut(arena, str_trim(body), intake_limits_of(limits).events, &request.split_, fail)) {
        return false;
    }
    if (request.split_.array && request.split_.envelope.len > 0 &&
        !read_envelope(decoder, arena, &request, fail)) {
        return false;
    }
    *out = request;
    return true;
}

bool intake_own_decode_opened(struct intake_decoder *decoder,
                              const struct intake_own_request *request,
                              const struct intake_source *source, struct arena *arena,
                              struct intake_items *out, struct fail *fail)
{
    const struct json_split *split = &request->split_;
    struct store_item *items = arena_array(arena, split->count, sizeof *items, fail);
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < split->count; i++) {
        struct intake_draft draft;
        if (!intake_draft_begin(&draft, decoder, source, &intake_own_places, split->elements[i],
                                arena, fail)) {
            return false;
        }
        draft.sent_ms = request->sent_ms_;
        if (!intake_own_message(&draft, &items[i])) {
            return false;
        }
    }
    *out = (struct intake_items){items, split->count};
    return true;
}

bool intake_own_decode(struct intake_decoder *decoder, struct str body,
                       const struct intake_source *source, struct arena *arena,
                       struct intake_items *out, struct fail *fail)
{
    struct intake_own_request request;
    return intake_own_open(decoder, body, source->limits, arena, &request, fail) &&
           intake_own_decode_opened(decoder, &request, source, arena, out, fail);
}
