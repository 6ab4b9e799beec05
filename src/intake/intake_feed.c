/* What kind of feed it is; JSON Feed; and from items to events. */
#include "intake_feed.h"

#include <stdio.h>

#include "base_hash.h"
#include "base_json_write.h"
#include "base_time.h"
#include "intake_html.h"
#include "intake_internal.h"

/* ---- JSON Feed --------------------------------------------------------------------------------------- */

static struct str text_of(struct json_value object, const char *name, struct arena *arena)
{
    struct json_value value;
    if (!json_member(object, str_from_c(name), &value)) {
        return (struct str){NULL, 0};
    }
    if (json_type_of(value) == JSON_STRING) {
        return str_copy(arena, json_string(value));
    }
    /* Ids are numbers to some. */
    return json_type_of(value) == JSON_INT ? str_format(arena, "%lld", (long long)json_int(value))
                                           : (struct str){NULL, 0};
}

static struct str author_of(struct json_value item, struct arena *arena)
{
    struct json_value authors, author;
    if (json_member(item, STR("authors"), &authors) && json_type_of(authors) == JSON_ARRAY) {
        struct json_iter it = json_iter_of(authors);
        if (json_next(&it, NULL, &author) && json_type_of(author) == JSON_OBJECT) {
            return text_of(author, "name", arena);
        }
    }
    return json_member(item, STR("author"), &author) && json_type_of(author) == JSON_OBJECT
               ? text_of(author, "name", arena)
               : (struct str){NULL, 0};
}

/* A pointer's members and indices; scalars only. */
static struct str scalar_at(struct json_value item, struct str pointer, struct arena *arena)
{
    struct str rest = str_after(pointer, 1), token;
    struct json_value at = item;
    if (!str_starts_c(pointer, "/")) {
        return (struct str){NULL, 0};
    }
    while (str_next_part(&rest, '/', &token)) {
        uint64_t wanted;
        if (json_type_of(at) == JSON_ARRAY && str_parse_u64(token, &wanted) &&
            wanted < json_count(at)) {
            struct json_iter it = json_iter_of(at);
            for (uint64_t i = 0; i <= wanted; i++) {
                bool there = json_next(&it, NULL, &at);
                INVARIANT(there);
            }
        } else if (!json_member(at, token, &at)) {
            return (struct str){NULL, 0};
        }
    }
    char number[BASE_DOUBLE_CHARS];
    switch (json_type_of(at)) {
    case JSON_STRING:
        return str_copy(arena, json_string(at));
    case JSON_INT:
    case JSON_UINT:
    case JSON_DOUBLE:
        return str_copy(arena, str_of(number, base_format_double(json_double(at), number)));
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return (struct str){NULL, 0};
}

static bool words_of_html(struct str html, struct arena *arena, struct str *out, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTAKE_FEED_BYTES_MAX};
    intake_html_text(html, &text);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

static bool json_item(struct json_value item, const struct intake_feed_settings *settings,
                      struct arena *arena, struct intake_feed_item *out, struct fail *fail)
{
    struct str html = text_of(item, "content_html", arena);
    struct str plain = text_of(item, "content_text", arena);
    *out = (struct intake_feed_item){
        .id = text_of(item, "id", arena),
        .title = text_of(item, "title", arena),
        .link = text_of(item, "url", arena),
        .author = author_of(item, arena),
        .published = text_of(item, "date_published", arena),
        .score = settings->score.data == NULL ? (struct str){NULL, 0}
                                              : scalar_at(item, settings->score, arena),
        .words = plain.data != NULL ? plain : text_of(item, "summary", arena),
    };
    if (out->published.data == NULL) {
        out->published = text_of(item, "date_modified", arena);
    }
    return html.data == NULL || plain.data != NULL || words_of_html(html, arena, &out->words, fail);
}

static bool parse_json(struct str bytes, const struct intake_feed_settings *settings,
                       struct arena *arena, struct intake_feed *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root, items, item;
    if (!json_parse(parser, bytes, &root, fail)) {
        return fail_at(fail, "the feed");
    }
    if (!json_member(root, STR("items"), &items) || json_type_of(items) != JSON_ARRAY) {
        return fail_set(fail, FAIL_INPUT,
                        "the feed: expected a JSON Feed, an object with an array \"items\"");
    }
    size_t most =
        json_count(items) < INTAKE_FEED_ITEMS_MAX ? json_count(items) : INTAKE_FEED_ITEMS_MAX;
    struct intake_feed feed = {.title = text_of(root, "title", arena)};
    feed.items = arena_array(arena, most, sizeof *feed.items, fail);
    if (feed.items == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(items);
         feed.count < most && json_next(&it, NULL, &item);) {
        if (json_type_of(item) == JSON_OBJECT &&
            !json_item(item, settings, arena, &feed.items[feed.count++], fail)) {
            return false;
        }
    }
    *out = feed;
    return true;
}

bool intake_feed_parse(struct str bytes, const struct intake_feed_settings *settings,
                       struct arena *arena, struct intake_feed *out, struct fail *fail)
{
    if (bytes.len > INTAKE_FEED_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "the feed has %zu bytes, at most %zu", bytes.len,
                        INTAKE_FEED_BYTES_MAX);
    }
    struct str text = str_trim(intake_without_bom(bytes));
    if (text.len == 0) {
        return fail_set(fail, FAIL_INPUT, "the feed is empty");
    }
    return text.data[0] == '{' ? parse_json(text, settings, arena, out, fail)
                               : intake_feed_parse_xml(bytes, settings, arena, out, fail);
}

/* ---- dates ------------------------------------------------------------------------------------------- */

/* The zones that RFC 822 knows by name, in minutes. */
static bool named_zone(struct str name, int *out_minutes)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = {{"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300},
                 {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420},
                 {"CET", 60},   {"CEST", 120}, {"BST", 60},   {"JST", 540},
                 {"UT", 0},     {"GMT", 0},    {"UTC", 0},    {"Z", 0}};
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        if (str_is(name, zones[i].name)) {
            *out_minutes = zones[i].minutes;
            return true;
        }
    }
    return false;
}

bool intake_feed_time(struct str text, int64_t *out_ms)
{
    static const char *const patterns[] = {"%d %b %Y %H:%M:%S", "%d %b %Y %H:%M",
                                           "%d %b %y %H:%M:%S", "%d %b %y %H:%M"};
    struct time_reading reading;
    text = str_trim(text);
    if (time_parse_rfc3339(text, out_ms)) {
        return true;
    }
    size_t comma = str_find_byte(text, ',');
    struct str day = str_trim(comma < text.len ? str_after(text, comma + 1) : text);
    size_t last = day.len;
    while (last > 0 && day.data[last - 1] != ' ') {
        last--;
    }
    struct str zone = str_after(day, last), clock = str_trim(str_of(day.data, last));
    int minutes = 0;
    bool offset = zone.len == 5 && (zone.data[0] == '+' || zone.data[0] == '-');
    int64_t digits = 0;
    if (offset && str_parse_i64(str_after(zone, 1), &digits)) {
        minutes = (int)(digits / 100 * 60 + digits % 100) * (zone.data[0] == '-' ? -1 : 1);
    } else if (!named_zone(zone, &minutes)) {
        clock = day;
    }
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
        if (time_parse_pattern(clock, str_from_c(patterns[i]), &reading) && !reading.has_instant) {
            *out_ms = time_ms_from_civil(&reading.local) - minutes * 60000LL;
            return true;
        }
    }
    if (!time_parse_usual(text, &reading)) {
        return false;
    }
    *out_ms = reading.has_instant ? reading.instant_ms : time_ms_from_civil(&reading.local);
    return true;
}

/* ---- events ------------------------------------------------------------------------------------------ */

/* At most so many bytes, cut between characters. */
static struct str cut(struct str text, size_t most)
{
    if (text.len <= most) {
        return text;
    }
    text.len = most;
    while (text.len > 0 && !str_is_utf8(text)) {
        text.len--;
    }
    return text;
}

/* Title and content, unless the content begins with the title, as where there is no title of its own. */
static struct str words_of(const struct intake_feed_item *item, struct arena *arena)
{
    struct str title = str_trim(item->title), words = str_trim(item->words);
    struct str begin = title;
    if (str_ends(begin, STR("...")) || str_ends(begin, STR("\xE2\x80\xA6"))) {
        begin.len -= 3;
    }
    if (words.len == 0) {
        return title;
    }
    return title.len == 0 || str_starts(words, begin)
               ? words
               : str_format(arena, "%.*s\n\n%.*s", STR_ARG(title), STR_ARG(words));
}

/* Feeds without ids have links; without both the words are the id. */
static struct str id_of(const struct intake_feed_item *item, struct str words, struct arena *arena)
{
    struct str id = item->id.len > 0 ? item->id : item->link;
    if (id.len > 0 && id.len <= STORE_MESSAGE_ID_BYTES_MAX - 8) {
        return id;
    }
    struct str text = id.len > 0 ? id : words;
    struct base_hash128 hash = base_hash128(text.data, text.len, 0);
    return str_format(arena, "item-%016llx%016llx", (unsigned long long)hash.high,
                      (unsigned long long)hash.low);
}

/* "4", "4.0" and "4/5" are four stars; what is no whole number stays a property. */
static bool score_of(struct str text, int64_t *out)
{
    double value;
    size_t slash = str_find_byte(text, '/');
    if (!str_parse_double(str_trim(str_of(text.data, slash)), &value) || value < 0 || value > 10 ||
        value != (double)(int64_t)value) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static void member_of(struct json_writer *w, const char *name, struct str text, size_t most)
{
    if (text.len > 0) {
        json_name_c(w, name);
        json_write_str(w, cut(text, most));
    }
}

static void write_event(struct json_writer *w, const struct intake_feed_item *item,
                        const struct intake_feed_settings *settings, int64_t received_ms,
                        struct arena *arena)
{
    struct str words = cut(words_of(item, arena), INTAKE_FEED_TEXT_BYTES_MAX);
    struct str id = id_of(item, words, arena);
    int64_t ts_ms = received_ms, score = 0;
    bool dated = item->published.data != NULL && intake_feed_time(item->published, &ts_ms);
    bool scored = item->score.data != NULL && score_of(item->score, &score);
    json_begin_object(w);
    json_name_c(w, "event");
    json_write_c(w, "feedback");
    json_name_c(w, "message_id");
    json_write_str(w, id);
    json_name_c(w, "ts");
    json_write_instant(w, ts_ms);
    json_name_c(w, "identifiers");
    json_begin_object(w);
    json_name(w, settings->identifier);
    /* Who wrote without a name is a customer of their own. */
    json_write_str(w, item->author.len > 0 ? cut(item->author, STORE_IDENTIFIER_BYTES_MAX)
                                           : cut(str_format(arena, "item:%.*s", STR_ARG(id)),
                                                 STORE_IDENTIFIER_BYTES_MAX));
    json_end_object(w);
    member_of(w, "channel", settings->channel, STORE_NAME_BYTES_MAX);
    member_of(w, "text", words, INTAKE_FEED_TEXT_BYTES_MAX);
    if (scored) {
        json_name_c(w, "score");
        json_write_int(w, score);
        json_name_c(w, "scale");
        json_write_str(w, settings->scale);
    }
    json_name_c(w, "properties");
    json_begin_object(w);
    json_name_c(w, "kind");
    json_write_c(w, settings->kind == INTAKE_FEED_REVIEW ? "review" : "post");
    member_of(w, "title", item->title, 500);
    member_of(w, "link", item->link, 2000);
    member_of(w, "author", item->author, 200);
    if (!scored) {
        member_of(w, "rating", item->score, 100);
    }
    if (!dated) {
        json_name_c(w, "undated");
        json_write_bool(w, true);
    }
    json_end_object(w);
    json_end_object(w);
}

bool intake_feed_events(const struct intake_feed *feed, const struct intake_feed_settings *settings,
                        struct intake_decoder *decoder, const struct intake_source *source,
                        struct arena *arena, struct intake_items *out, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = (size_t)128 << 20};
    if (feed->count == 0) {
        *out = (struct intake_items){0};
        return true;
    }
    struct json_writer w = {.out = &text};
    json_begin_array(&w);
    for (size_t i = 0; i < feed->count; i++) {
        write_event(&w, &feed->items[i], settings, source->received_at_ms, arena);
    }
    json_end_array(&w);
    if (!base_buf_ok(&text, fail) ||
        !intake_own_decode(decoder, str_copy(arena, base_buf_view(&text)), source, arena, out,
                           fail)) {
        return false;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->items[i].from_import = true; /* feeds show their items for years */
    }
    return true;
}
