/* The rules that every form has in common. */
#include "intake_internal.h"
#include "intake_mask_keep.h"
#include "store_record.h"

#include <stdarg.h>
#include <stdio.h>

#define WHOLE_DOUBLE_MAX 9007199254740992.0 /* 2^53: above it a double has lost digits */
#define ROOM_EXTRA 64

bool intake_hard(struct intake_draft *draft)
{
    draft->hard = true;
    return false;
}

/* At most `longest` bytes, and no character cut in two. */
static struct str cut(struct str text, size_t longest)
{
    text.len = text.len < longest ? text.len : longest;
    while (!str_is_utf8(text)) {
        text.len--;
    }
    return text;
}

bool intake_judge(struct intake_draft *draft, struct str field, const char *format, ...)
{
    char text[FAIL_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t len = wanted < 0 ? 0 : (size_t)wanted < sizeof text ? (size_t)wanted : sizeof text - 1;
    draft->reason = str_copy(draft->arena, cut(str_of(text, len), sizeof text));
    draft->field =
        field.data == NULL ? field : str_copy(draft->arena, cut(field, INTAKE_PLACE_BYTES_MAX));
    return false;
}

bool intake_judge_json(struct intake_draft *draft, const struct fail *why)
{
    if (why->code == FAIL_NO_MEMORY) {
        *draft->fail = *why;
        return intake_hard(draft);
    }
    if (!intake_is_utf8(draft->raw)) {
        return intake_judge(draft, STR(""), "not valid UTF-8");
    }
    if (why->code == FAIL_LIMIT) {
        return intake_judge(draft, STR(""), "nested deeper than %d levels", BASE_JSON_DEPTH_MAX);
    }
    return intake_judge(draft, STR(""), "%s", why->message);
}

bool intake_keep(struct intake_draft *draft, struct str text, struct str *out)
{
    char *at = draft->room;
    if (text.len <= draft->room_left) {
        draft->room += text.len;
        draft->room_left -= text.len;
    } else {
        at = arena_alloc(draft->arena, text.len, draft->fail);
        if (at == NULL) {
            return intake_hard(draft);
        }
    }
    if (text.len > 0) {
        memcpy(at, text.data, text.len);
    }
    *out = str_of(at, text.len);
    return true;
}

bool intake_draft_begin(struct intake_draft *draft, struct intake_decoder *decoder,
                        const struct intake_source *source, const struct intake_places *places,
                        struct str raw, struct arena *arena, struct fail *fail)
{
    decoder->properties.count = 0;
    decoder->traits.count = 0;
    decoder->once.count = 0;
    decoder->identifier_count = 0;
    *draft = (struct intake_draft){
        .decoder = decoder,
        .source = source,
        .places = places,
        .arena = arena,
        .fail = fail,
        .raw = raw,
        .client_ms = STORE_NO_TIME,
        .sent_ms = STORE_NO_TIME,
        .written_ms = STORE_NO_TIME,
    };
    struct intake_limits limits = intake_limits_of(source->limits);
    if (raw.len > limits.event_bytes) {
        intake_judge(draft, STR(""), "larger than %zu bytes, the most that one event may have",
                     limits.event_bytes);
        return true;
    }
    /* Unescaped strings are never longer than the bytes that they were written with; only the names of
       nested members, which are repeated, can need more. */
    draft->room = arena_alloc(arena, raw.len + ROOM_EXTRA, fail);
    if (draft->room == NULL) {
        return intake_hard(draft);
    }
    draft->room_left = raw.len + ROOM_EXTRA;
    return true;
}

bool intake_take_id(struct intake_draft *draft, struct json_value value, struct str field,
                    size_t longest, struct str *out)
{
    char digits[32];
    int wrote = 0;
    switch (json_type_of(value)) {
    case JSON_NULL:
        return true;
    case JSON_STRING: {
        struct str text = json_string(value);
        if (text.len > longest) {
            return intake_judge(draft, field, "longer than %zu bytes, the most that an id may have",
                                longest);
        }
        return text.len == 0 || intake_keep(draft, text, out);
    }
    case JSON_INT:
        wrote = snprintf(digits, sizeof digits, "%lld", (long long)json_int(value));
        break;
    case JSON_UINT:
        wrote = snprintf(digits, sizeof digits, "%llu", (unsigned long long)json_uint(value));
        break;
    case JSON_DOUBLE: {
        double number = json_double(value);
        if (number != floor(number) || fabs(number) >= WHOLE_DOUBLE_MAX) {
            return intake_judge(
                draft, field, "expected a string or a whole number; write long numbers as strings");
        }
        wrote = snprintf(digits, sizeof digits, "%lld", (long long)number);
        break;
    }
    case JSON_BOOL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return intake_judge(draft, field, "expected a string or a whole number, found %s",
                            json_type_name(json_type_of(value)));
    }
    return intake_keep(draft, str_of(digits, (size_t)wrote), out);
}

bool intake_take_text(struct intake_draft *draft, struct json_value value, struct str field,
                      struct str *out)
{
    enum json_type type = json_type_of(value);
    if (type == JSON_NULL) {
        return true;
    }
    if (type != JSON_STRING) {
        return intake_judge(draft, field, "expected a string, found %s", json_type_name(type));
    }
    struct str text = json_string(value);
    return text.len == 0 || intake_keep(draft, text, out);
}

bool intake_take_instant(struct intake_draft *draft, struct json_value value, struct str field,
                         int64_t *out_ms)
{
    enum json_type type = json_type_of(value);
    if (type == JSON_NULL) {
        return true;
    }
    if (type != JSON_STRING) {
        return intake_judge(
            draft, field,
            "expected an RFC 3339 instant in a string, such as 2026-05-01T09:30:00Z, found %s",
            json_type_name(type));
    }
    int64_t ms;
    if (!time_parse_rfc3339(json_string(value), &ms)) {
        return intake_judge(draft, field,
                            "expected an RFC 3339 instant with its offset, such as "
                            "2026-05-01T09:30:00Z or 2026-05-01T11:30:00.250+02:00");
    }
    *out_ms = ms;
    return true;
}

/* Clients are less strict than the own form: no offset means the source's zone, and counts since 1970 are taken. */
bool intake_read_instant(struct json_value value, const struct zone *zone, int64_t *out_ms)
{
    char digits[32];
    struct str text;
    if (json_type_of(value) == JSON_STRING) {
        text = json_string(value);
    } else if (json_type_of(value) == JSON_INT) {
        text = str_of(digits,
                      (size_t)snprintf(digits, sizeof digits, "%lld", (long long)json_int(value)));
    } else {
        return false;
    }
    struct time_reading reading;
    if (time_parse_rfc3339(text, out_ms)) {
        return true;
    }
    if (!time_parse_usual(text, &reading)) {
        return false;
    }
    *out_ms = reading.has_instant ? reading.instant_ms
                                  : zone_instant(zone == NULL ? zone_utc() : zone, &reading.local);
    return true;
}

bool intake_add_identifier(struct intake_draft *draft, struct str kind, struct str value)
{
    struct intake_decoder *decoder = draft->decoder;
    for (size_t i = 0; i < decoder->identifier_count; i++) {
        if (str_equal(decoder->identifiers[i].kind, kind) &&
            str_equal(decoder->identifiers[i].value, value)) {
            return true;
        }
    }
    if (decoder->identifier_count == INTAKE_IDENTIFIERS_MAX) {
        return intake_judge(draft, draft->places->user, "more than %d identifiers",
                            INTAKE_IDENTIFIERS_MAX);
    }
    void *block = decoder->identifiers;
    if (!base_grow_array(&block, &decoder->identifier_capacity, decoder->identifier_count + 1,
                         sizeof *decoder->identifiers, draft->fail)) {
        return intake_hard(draft);
    }
    decoder->identifiers = block;
    decoder->identifiers[decoder->identifier_count++] = (struct store_identifier){kind, value};
    return true;
}

bool intake_check_kind(struct intake_draft *draft, struct str kind, struct str field)
{
    static const char *const kinds[] = {"user", "anonymous", "email", "account"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_is(kind, kinds[i])) {
            return true;
        }
    }
    if (str_starts_c(kind, "ext.") && kind.len > 4) {
        return kind.len <= STORE_NAME_BYTES_MAX ||
               intake_judge(draft, field, "a kind longer than %d bytes", STORE_NAME_BYTES_MAX);
    }
    const char *nearest = str_nearest(kind, kinds, ARRAY_LEN(kinds));
    if (nearest != NULL) {
        return intake_judge(draft, field, "unknown kind of identifier; did you mean \"%s\"?",
                            nearest);
    }
    return intake_judge(
        draft, field,
        "unknown kind of identifier: the kinds are user, anonymous, email, account, "
        "and ext.NAME for those of another system");
}

/* "row-HASH-", with room for the count behind it. */
static bool begin_id(struct intake_draft *draft, struct base_hash128 *out_hash)
{
    struct str raw = draft->known_raw.data != NULL ? draft->known_raw : draft->raw;
    *out_hash = base_hash128(raw.data, raw.len, 0);
    char *id = arena_alloc(draft->arena, STORE_RECORD_ID_BYTES, draft->fail);
    if (id == NULL) {
        return intake_hard(draft);
    }
    draft->record_id = str_of(id, store_record_id_begin(*out_hash, id));
    return true;
}

bool intake_end_id(struct intake_repeats *repeats, struct base_hash128 hash, struct str *id,
                   struct fail *fail)
{
    uint32_t nth;
    if (!intake_repeats_count(repeats, hash, &nth, fail)) {
        return false;
    }
    char *begun = (char *)(uintptr_t)id->data; /* begin_id made it, with room */
    id->len = store_record_id_end(begun, id->len, nth);
    return true;
}

static bool needs_id(const struct intake_draft *draft)
{
    return draft->repeats != NULL && draft->message_id.data == NULL &&
           draft->record_id.data == NULL;
}

bool intake_row_id_now(struct intake_draft *draft)
{
    struct base_hash128 hash;
    return !needs_id(draft) ||
           (begin_id(draft, &hash) &&
            (intake_end_id(draft->repeats, hash, &draft->record_id, draft->fail) ||
             intake_hard(draft)));
}

bool intake_row_id(struct intake_draft *draft)
{
    if (draft->late_id == NULL) {
        return intake_row_id_now(draft);
    }
    draft->late_id->due = needs_id(draft);
    return !draft->late_id->due || begin_id(draft, &draft->late_id->hash);
}

static bool holds_any(struct str text, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_find(text, str_from_c(parts[i])) < text.len) {
            return true;
        }
    }
    return false;
}

struct str intake_channel_of(struct str library)
{
    static const char *const web[] = {"analytics.js", "JavaScript SDK"};
    static const char *const app[] = {"ios",          "android", "kotlin", "swift",  "react-native",
                                      "react_native", "flutter", "unity",  "xamarin"};
    if (str_is(library, "web") || holds_any(library, web, ARRAY_LEN(web))) {
        return STR("web");
    }
    return holds_any(library, app, ARRAY_LEN(app)) ? STR("app") : (struct str){NULL, 0};
}

/* ---- the end of a draft ------------------------------------------------------------------------ */

static bool check_name(struct intake_draft *draft, struct str name, struct str field,
                       const char *what)
{
    return name.len <= STORE_NAME_BYTES_MAX ||
           intake_judge(draft, field, "%s longer than %d bytes", what, STORE_NAME_BYTES_MAX);
}

static bool check_who(struct intake_draft *draft)
{
    const struct intake_decoder *decoder = draft->decoder;
    for (size_t i = 0; i < decoder->identifier_count; i++) {
        if (!str_is(decoder->identifiers[i].kind, "account")) {
            return true;
        }
    }
    if (decoder->identifier_count > 0) {
        return intake_judge(draft, draft->places->user,
                            "an account is no customer: one of its people must be named too");
    }
    return intake_judge(draft, draft->places->user,
                        "no identifier: expected a userId, an anonymousId or identifiers");
}

static bool check_alias(struct intake_draft *draft)
{
    if (draft->space != STORE_SPACE_TWO) {
        return true; /* who is joined to whom is said by the identifiers */
    }
    if (!str_is(draft->event, "alias")) {
        return draft->previous_id.data == NULL ||
               intake_judge(draft, draft->places->previous_id,
                            "previousId belongs to events named alias only");
    }
    if (draft->previous_id.data == NULL) {
        return intake_judge(draft, draft->places->previous_id,
                            "an alias needs previousId, the id that is to be joined");
    }
    return draft->user.data != NULL ||
           intake_judge(draft, draft->places->user,
                        "an alias needs userId, the user that previousId is joined to");
}

struct scale {
    const char *name;
    int low, high;
};

static const struct scale scales[] = {
    {"nps", 0, 10},
    {"csat", 1, 5},
    {"ces", 1, 7},
    {"stars", 1, 5},
};

static bool check_score(struct intake_draft *draft)
{
    if (!draft->has_score && draft->scale.data == NULL) {
        return true;
    }
    if (draft->scale.data == NULL) {
        return intake_judge(draft, draft->places->scale,
                            "a score needs its scale: nps, csat, ces or stars");
    }
    if (!draft->has_score) {
        return intake_judge(draft, draft->places->score, "a scale needs its score, a whole number");
    }
    for (size_t i = 0; i < ARRAY_LEN(scales); i++) {
        if (!str_is(draft->scale, scales[i].name)) {
            continue;
        }
        if (draft->score.kind == STORE_INT && draft->score.i >= scales[i].low &&
            draft->score.i <= scales[i].high) {
            return true;
        }
        return intake_judge(draft, draft->places->score,
                            "off the scale: %s is a whole number from %d to %d", scales[i].name,
                            scales[i].low, scales[i].high);
    }
    return intake_judge(draft, draft->places->scale,
                        "unknown scale: expected nps, csat, ces or stars");
}

/* Whole seconds, towards the past: the way here only ever adds to the difference. */
static int64_t whole_seconds(int64_t ms)
{
    int64_t rest = ms % 1000;
    return ms - (rest < 0 ? rest + 1000 : rest);
}

bool intake_settle_clock(struct intake_draft *draft, int64_t *out_ts_ms)
{
    if (draft->client_ms == STORE_NO_TIME) {
        return intake_judge(draft, draft->places->ts,
                            "no time: expected the instant at which it happened");
    }
    int64_t received_ms = draft->source->received_at_ms;
    int64_t ts_ms = draft->client_ms;
    if (draft->sent_ms != STORE_NO_TIME && !draft->clock_is_right) {
        int64_t skew_ms = received_ms - draft->sent_ms;
        if (skew_ms >= INTAKE_CLOCK_NETWORK_MS || skew_ms <= -INTAKE_CLOCK_NETWORK_MS) {
            ts_ms += whole_seconds(skew_ms);
        }
    }
    if (ts_ms - received_ms > INTAKE_AHEAD_MAX_MS) {
        return intake_judge(draft, draft->places->ts, "more than 24 hours in the future");
    }
    if (ts_ms - received_ms > INTAKE_AHEAD_TAKEN_MS) {
        ts_ms = received_ms;
    }
    if (ts_ms < draft->source->floor_ms) {
        char floor_text[TIME_RFC3339_BYTES];
        time_format_rfc3339(draft->source->floor_ms, floor_text);
        return intake_judge(draft, draft->places->ts, "before %s, the earliest time that is taken",
                            floor_text);
    }
    *out_ts_ms = ts_ms;
    return true;
}

bool intake_check_names(struct intake_draft *draft)
{
    if (draft->event.len == 0) {
        return intake_judge(draft, draft->places->event, "no event: expected its name, a string");
    }
    return check_name(draft, draft->event, draft->places->event, "an event name") &&
           check_name(draft, draft->channel, draft->places->channel, "a channel");
}

static bool check(struct intake_draft *draft, int64_t *out_ts_ms)
{
    return intake_check_names(draft) && check_who(draft) && check_alias(draft) &&
           intake_settle_clock(draft, out_ts_ms) && check_score(draft);
}

/* Once all strings are there, what they left of the room is as good as any: an event waits with all that it has. */
static void *take_room(struct intake_draft *draft, size_t bytes)
{
    size_t skipped = -(uintptr_t)draft->room % _Alignof(max_align_t);
    if (draft->room == NULL || draft->room_left < skipped || draft->room_left - skipped < bytes) {
        return arena_alloc(draft->arena, bytes, draft->fail);
    }
    void *at = draft->room + skipped;
    draft->room += skipped + bytes;
    draft->room_left -= skipped + bytes;
    return at;
}

static bool copy_array(struct intake_draft *draft, const void *from, size_t count, size_t size,
                       const void **out)
{
    *out = NULL;
    if (count == 0) {
        return true;
    }
    void *copy = take_room(draft, count * size);
    if (copy == NULL) {
        return intake_hard(draft);
    }
    memcpy(copy, from, count * size);
    *out = copy;
    return true;
}

static bool fill(struct intake_draft *draft, int64_t ts_ms, struct store_item *item)
{
    const struct intake_decoder *decoder = draft->decoder;
    struct store_event *event = &item->event;
    event->message_id = draft->message_id;
    event->event = draft->event;
    event->ts_ms = ts_ms;
    int64_t written_ms = draft->written_ms == STORE_NO_TIME ? draft->client_ms : draft->written_ms;
    event->client_ts_ms = written_ms == ts_ms ? STORE_NO_TIME : written_ms;
    event->sent_at_ms = draft->sent_ms;
    event->channel = draft->channel.data == NULL ? draft->source->default_channel : draft->channel;
    event->text = draft->text;
    event->scale = draft->scale;
    event->score = draft->score;
    event->property_count = decoder->properties.count;
    event->trait_count = decoder->traits.count;
    event->identifier_count = decoder->identifier_count;
    item->record_id = draft->record_id;
    item->previous_id = draft->previous_id;
    item->may_join_users = draft->source->may_join_users;
    item->space = draft->space;
    item->once_count = decoder->once.count;
    const void *properties, *traits, *once, *identifiers;
    if (!copy_array(draft, decoder->properties.data, event->property_count,
                    sizeof *event->properties, &properties) ||
        !copy_array(draft, decoder->traits.data, event->trait_count, sizeof *event->traits,
                    &traits) ||
        !copy_array(draft, decoder->once.data, item->once_count, sizeof *item->once, &once) ||
        !copy_array(draft, decoder->identifiers, event->identifier_count,
                    sizeof *event->identifiers, &identifiers)) {
        return false;
    }
    event->properties = properties;
    event->traits = traits;
    item->once = once;
    event->identifiers = identifiers;
    return true;
}

/* ---- masking --------------------------------------------------------------------------------------- */

/* Fields lie in the item's own copy by now. */
static bool mask_fields(struct intake_draft *draft, const char *group,
                        const struct store_field *fields, size_t count)
{
    const struct intake_mask *mask = draft->source->mask;
    struct store_field *list = draft->masked_fields;
    for (size_t i = 0; i < count; i++) {
        struct str text;
        list[i] = fields[i];
        if (fields[i].value.kind != STORE_STRING ||
            !intake_mask_wants(mask, group, fields[i].name)) {
            continue;
        }
        if (!intake_mask_text(mask, store_value_text(fields[i].value), draft->arena, &text,
                              draft->fail)) {
            return intake_hard(draft);
        }
        list[i].value = store_value_str(text);
    }
    draft->masked_fields += count;
    return true;
}

/* What the event itself says of who it is: kept in its raw bytes, so that a person can mend it. Until the next event. */
static bool what_is_kept(struct intake_draft *draft, struct intake_mask_keep *out)
{
    struct intake_decoder *decoder = draft->decoder;
    void *block = decoder->kept;
    if (!base_grow_array(&block, &decoder->kept_capacity,
                         decoder->identifier_count + decoder->traits.count + decoder->once.count +
                             4,
                         sizeof *decoder->kept, draft->fail)) {
        return intake_hard(draft);
    }
    struct str *values = decoder->kept = block;
    size_t count = 0;
    const struct str own[] = {draft->user, draft->anonymous, draft->previous_id, draft->message_id};
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        values[count] = own[i];
        count += own[i].len > 0 ? 1U : 0U;
    }
    for (size_t i = 0; i < decoder->identifier_count; i++) {
        values[count++] = decoder->identifiers[i].value;
    }
    const struct intake_fields *const facts[] = {&decoder->traits, &decoder->once};
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        for (size_t j = 0; j < facts[i]->count; j++) {
            const struct store_field *trait = &facts[i]->data[j];
            if (trait->value.kind == STORE_STRING &&
                !intake_mask_wants(draft->source->mask, "traits", trait->name)) {
                values[count++] = store_value_text(trait->value);
            }
        }
    }
    *out = (struct intake_mask_keep){values, count};
    return true;
}

static bool mask_item(struct intake_draft *draft, struct store_item *item)
{
    const struct intake_mask *mask = draft->source->mask;
    struct store_event *event = &item->event;
    struct intake_mask_keep keep;
    size_t fields = event->property_count + event->trait_count + item->once_count;
    struct store_field *copy = take_room(draft, fields * sizeof *copy);
    if (copy == NULL) {
        return intake_hard(draft);
    }
    draft->masked_fields = copy;
    if (!mask_fields(draft, "properties", event->properties, event->property_count) ||
        !mask_fields(draft, "traits", event->traits, event->trait_count) ||
        !mask_fields(draft, "traits", item->once, item->once_count) ||
        !what_is_kept(draft, &keep)) {
        return false;
    }
    event->properties = copy;
    event->traits = copy + event->property_count;
    item->once = event->traits + event->trait_count;
    if ((event->text.len > 0 && intake_mask_wants_text(mask) &&
         !intake_mask_text(mask, event->text, draft->arena, &event->text, draft->fail)) ||
        !intake_mask_raw(mask, item->raw, &keep, draft->arena, &item->raw, draft->fail)) {
        return intake_hard(draft);
    }
    size_t bytes = event->text.len;
    for (size_t i = 0; i < fields; i++) {
        bytes += copy[i].value.kind == STORE_STRING ? copy[i].value.len : 0;
    }
    if (item->verdict == STORE_STORED && bytes > STORE_EVENT_BYTES_MAX) {
        intake_judge(draft, STR(""), "larger than %u bytes once it was masked",
                     STORE_EVENT_BYTES_MAX);
        item->verdict = STORE_QUARANTINED;
        item->reason = draft->reason;
        item->field = draft->field;
    }
    return true;
}

bool intake_draft_end(struct intake_draft *draft, bool good, struct store_item *item)
{
    *item = (struct store_item){
        .verdict = STORE_STORED,
        .raw = draft->raw,
        .way = draft->way,
        .from_import = draft->from_import,
        .event = {.source = draft->source_name.len > 0 ? draft->source_name : draft->source->name,
                  .received_at_ms = draft->source->received_at_ms,
                  .ts_ms = draft->source->received_at_ms,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = draft->sent_ms},
    };
    int64_t ts_ms = 0;
    good = good && check(draft, &ts_ms) && intake_row_id(draft) && fill(draft, ts_ms, item);
    if (draft->hard) {
        return false;
    }
    if (!good) {
        item->verdict = draft->refused ? STORE_REFUSED : STORE_QUARANTINED;
        item->reason = draft->reason;
        item->field = draft->field;
    }
    /* Raw bytes too: what is good so far may yet be quarantined by the store. */
    return draft->source->mask == NULL || mask_item(draft, item);
}
