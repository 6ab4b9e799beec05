/* RSS and Atom; the only file that knows expat. */
#include <expat.h>
#include <stdio.h>

#include "base_buf.h"
#include "intake_feed.h"
#include "intake_html.h"

enum field {
    FIELD_NONE,
    FIELD_ID,
    FIELD_TITLE,
    FIELD_LINK,
    FIELD_AUTHOR,
    FIELD_PUBLISHED,
    FIELD_UPDATED,
    FIELD_SUMMARY,
    FIELD_CONTENT,
    FIELD_SCORE,
    FIELDS,
};

/* Elements by their name as written, without prefix where one is usual. A later entry of a field does not replace an
   earlier find. */
static const struct {
    const char *name;
    enum field field;
} NAMES[] = {
    {"guid", FIELD_ID},
    {"id", FIELD_ID},
    {"title", FIELD_TITLE},
    {"link", FIELD_LINK},
    {"author", FIELD_AUTHOR},
    {"dc:creator", FIELD_AUTHOR},
    {"pubDate", FIELD_PUBLISHED},
    {"published", FIELD_PUBLISHED},
    {"dc:date", FIELD_PUBLISHED},
    {"issued", FIELD_PUBLISHED},
    {"updated", FIELD_UPDATED},
    {"modified", FIELD_UPDATED},
    {"description", FIELD_SUMMARY},
    {"summary", FIELD_SUMMARY},
    {"content:encoded", FIELD_CONTENT},
    {"content", FIELD_CONTENT},
};

struct reader {
    XML_Parser parser;
    struct arena *arena;
    const struct intake_feed_settings *settings;
    struct intake_feed feed;
    size_t depth, item_depth; /* 0: outside of an item */
    bool root_seen;

    struct base_buf values[FIELDS];
    bool found[FIELDS];
    bool plain[FIELDS]; /* said to be text, not markup */
    enum field at;
    size_t at_depth;    /* of the field's element */
    bool naming, named; /* Atom's author holds name, uri, email */
    bool channel_title;
    struct str id_attribute;
    struct base_buf title;
    struct fail *fail;
    bool failed;
};

static void stop(struct reader *reader, enum fail_code code, const char *message)
{
    if (!reader->failed) {
        reader->failed = true;
        fail_set(reader->fail, code, "the feed, line %lu: %s",
                 (unsigned long)XML_GetCurrentLineNumber(reader->parser), message);
    }
    XML_StopParser(reader->parser, XML_FALSE);
}

static struct str attribute(const XML_Char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        if (strcmp(attributes[i], name) == 0) {
            return str_from_c(attributes[i + 1]);
        }
    }
    return (struct str){NULL, 0};
}

static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon == NULL ? name : colon + 1;
}

static void item_begin(struct reader *reader, const XML_Char **attributes)
{
    reader->item_depth = reader->depth;
    struct str about = attribute(attributes, "rdf:about");
    reader->id_attribute = about.data == NULL ? about : str_copy(reader->arena, about);
    for (size_t i = 0; i < FIELDS; i++) {
        base_buf_reset(&reader->values[i]);
        reader->found[i] = reader->plain[i] = false;
    }
}

static struct str taken(struct reader *reader, enum field field)
{
    return reader->found[field]
               ? str_copy(reader->arena, str_trim(base_buf_view(&reader->values[field])))
               : (struct str){NULL, 0};
}

/* Words as text: what is not said to be plain is HTML to its readers. */
static struct str words(struct reader *reader, enum field field)
{
    struct str text = taken(reader, field);
    if (text.data == NULL || reader->plain[field]) {
        return text;
    }
    struct base_buf out CLEANUP(base_buf_done) = {.limit = INTAKE_FEED_BYTES_MAX};
    struct fail fail;
    intake_html_text(text, &out);
    return base_buf_ok(&out, &fail) ? str_copy(reader->arena, base_buf_view(&out)) : text;
}

static void item_end(struct reader *reader)
{
    reader->item_depth = 0;
    if (reader->feed.count == INTAKE_FEED_ITEMS_MAX) {
        XML_StopParser(reader->parser, XML_FALSE); /* the newest stand first */
        return;
    }
    enum field content = reader->found[FIELD_CONTENT] ? FIELD_CONTENT : FIELD_SUMMARY;
    struct intake_feed_item item = {
        .id = taken(reader, FIELD_ID),
        .title = words(reader, FIELD_TITLE),
        .link = taken(reader, FIELD_LINK),
        .author = taken(reader, FIELD_AUTHOR),
        .published =
            taken(reader, reader->found[FIELD_PUBLISHED] ? FIELD_PUBLISHED : FIELD_UPDATED),
        .score = taken(reader, FIELD_SCORE),
        .words = words(reader, content),
    };
    item.id = item.id.data == NULL ? reader->id_attribute : item.id;
    reader->feed.items[reader->feed.count++] = item;
}

static enum field field_of(const struct reader *reader, const char *name)
{
    struct str score = reader->settings->score;
    if (score.data != NULL && (str_is(score, name) || str_is(score, local(name)))) {
        return FIELD_SCORE;
    }
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (strcmp(name, NAMES[i].name) == 0) {
            return NAMES[i].field;
        }
    }
    /* Atom under a prefix ("atom:id"); not media:title and the like, which mean other things. */
    if (strncmp(name, "atom:", 5) == 0 || strncmp(name, "a:", 2) == 0) {
        return field_of(reader, local(name));
    }
    return FIELD_NONE;
}

/* Atom's link is an attribute; the one without a relation, or "alternate", is the item's page. */
static void link_begin(struct reader *reader, const XML_Char **attributes)
{
    struct str href = attribute(attributes, "href"), rel = attribute(attributes, "rel");
    if (href.data != NULL && !reader->found[FIELD_LINK] &&
        (rel.data == NULL || str_is(rel, "alternate"))) {
        base_buf_str(&reader->values[FIELD_LINK], href);
        reader->found[FIELD_LINK] = true;
    }
}

static void field_begin(struct reader *reader, const char *name, const XML_Char **attributes)
{
    enum field field = field_of(reader, name);
    if (field == FIELD_LINK && attribute(attributes, "href").data != NULL) {
        link_begin(reader, attributes);
        return;
    }
    if (field == FIELD_NONE || reader->found[field]) {
        return;
    }
    struct str type = attribute(attributes, "type");
    bool atom = field == FIELD_SUMMARY || field == FIELD_CONTENT || field == FIELD_TITLE;
    reader->plain[field] = str_is(type, "text") || str_is(type, "text/plain") ||
                           (atom && type.data == NULL && strcmp(local(name), "summary") == 0);
    reader->found[field] = true;
    reader->at = field;
    reader->at_depth = reader->depth;
    reader->naming = field == FIELD_AUTHOR;
    reader->named = false;
}

/* Elements inside a field: XHTML's become tags again; Atom's author has a name. */
static void inner_begin(struct reader *reader, const char *name)
{
    struct base_buf *value = &reader->values[reader->at];
    if (reader->naming) {
        if (strcmp(local(name), "name") == 0) {
            base_buf_reset(value);
            reader->named = true;
        }
        return;
    }
    base_buf_printf(value, "<%s>", local(name));
}

static void XMLCALL element_begin(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = context;
    const char *word = local(name);
    if (++reader->depth > INTAKE_FEED_DEPTH_MAX) {
        stop(reader, FAIL_LIMIT, "elements are nested too deeply");
        return;
    }
    if (reader->depth == 1) {
        reader->root_seen =
            strcmp(word, "rss") == 0 || strcmp(word, "feed") == 0 || strcmp(word, "RDF") == 0;
        if (!reader->root_seen) {
            stop(reader, FAIL_INPUT, "expected RSS, Atom or JSON Feed; is this a web page?");
        }
        return;
    }
    if (reader->item_depth == 0) {
        bool item = strcmp(word, "item") == 0 || strcmp(word, "entry") == 0;
        if (item) {
            item_begin(reader, attributes);
        } else {
            reader->channel_title = strcmp(name, "title") == 0 && reader->title.len == 0;
        }
        return;
    }
    if (reader->at != FIELD_NONE) {
        inner_begin(reader, name);
    } else if (reader->depth == reader->item_depth + 1) {
        field_begin(reader, name, attributes);
    }
}

static void XMLCALL element_end(void *context, const XML_Char *name)
{
    struct reader *reader = context;
    if (reader->at != FIELD_NONE && reader->depth == reader->at_depth) {
        reader->at = FIELD_NONE;
        reader->naming = false;
    } else if (reader->at != FIELD_NONE && !reader->naming) {
        base_buf_printf(&reader->values[reader->at], "</%s>", local(name));
    } else if (reader->naming && strcmp(local(name), "name") == 0) {
        reader->naming = false; /* uri and email, which follow, are not the name */
        reader->at = FIELD_NONE;
    } else if (reader->item_depth > 0 && reader->depth == reader->item_depth) {
        item_end(reader);
    }
    reader->channel_title = false;
    reader->depth--;
}

/* Text inside of XHTML is text: what looks like a tag there was written with references. */
static void put_escaped(struct base_buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '<') {
            base_buf_c(out, "&lt;");
        } else if (text.data[i] == '&') {
            base_buf_c(out, "&amp;");
        } else {
            base_buf_byte(out, text.data[i]);
        }
    }
}

static void XMLCALL characters(void *context, const XML_Char *data, int len)
{
    struct reader *reader = context;
    struct str text = str_of(data, (size_t)len);
    bool before_name = reader->naming && !reader->named && str_trim(text).len == 0;
    if (reader->at != FIELD_NONE && reader->depth > reader->at_depth && !reader->naming) {
        put_escaped(&reader->values[reader->at], text);
    } else if (reader->at != FIELD_NONE && !before_name) {
        base_buf_str(&reader->values[reader->at], text);
    } else if (reader->channel_title && reader->title.len + text.len < 500) {
        base_buf_str(&reader->title, text);
    }
}

/* A feed has no need to declare entities; who does is after our memory or our files. */
static void XMLCALL entity_declared(void *context, const XML_Char *name, int parameter,
                                    const XML_Char *value, int value_len, const XML_Char *base,
                                    const XML_Char *system_id, const XML_Char *public_id,
                                    const XML_Char *notation)
{
    (void)name, (void)parameter, (void)value, (void)value_len, (void)base, (void)system_id;
    (void)public_id, (void)notation;
    stop(context, FAIL_INPUT, "declares entities, which are not taken");
}

/* Windows-1252, which old feeds are in; expat knows UTF-8, UTF-16, Latin-1 and ASCII. */
static int XMLCALL old_encoding(void *context, const XML_Char *name, XML_Encoding *info)
{
    static const int block[32] = {0x20AC, -1,     0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                  0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, -1,     0x017D, -1,
                                  -1,     0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                  0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, -1,     0x017E, 0x0178};
    (void)context;
    if (strcasecmp(name, "windows-1252") != 0 && strcasecmp(name, "cp1252") != 0) {
        return XML_STATUS_ERROR;
    }
    for (int i = 0; i < 256; i++) {
        info->map[i] = i >= 0x80 && i < 0xA0 ? block[i - 0x80] : i;
    }
    info->data = NULL;
    info->convert = NULL;
    info->release = NULL;
    return XML_STATUS_OK;
}

static bool run(struct reader *reader, struct str bytes, struct fail *fail)
{
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, element_begin, element_end);
    XML_SetCharacterDataHandler(reader->parser, characters);
    XML_SetEntityDeclHandler(reader->parser, entity_declared);
    XML_SetUnknownEncodingHandler(reader->parser, old_encoding, NULL);
    XML_SetParamEntityParsing(reader->parser, XML_PARAM_ENTITY_PARSING_NEVER);
    enum XML_Status status = XML_Parse(reader->parser, bytes.data, (int)bytes.len, XML_TRUE);
    if (reader->failed) {
        return false;
    }
    enum XML_Error error = XML_GetErrorCode(reader->parser);
    if (status != XML_STATUS_OK && error != XML_ERROR_ABORTED) {
        return fail_set(fail, FAIL_INPUT, "the feed, line %lu: %s",
                        (unsigned long)XML_GetCurrentLineNumber(reader->parser),
                        XML_ErrorString(error));
    }
    return true;
}

bool intake_feed_parse_xml(struct str bytes, const struct intake_feed_settings *settings,
                           struct arena *arena, struct intake_feed *out, struct fail *fail)
{
    struct reader reader = {.arena = arena, .settings = settings, .fail = fail};
    reader.feed.items = arena_array(arena, INTAKE_FEED_ITEMS_MAX, sizeof *reader.feed.items, fail);
    if (reader.feed.items == NULL) {
        return false;
    }
    reader.parser = XML_ParserCreate(NULL);
    INVARIANT(reader.parser != NULL);
    for (size_t i = 0; i < FIELDS; i++) {
        reader.values[i].limit = INTAKE_FEED_BYTES_MAX * 4;
    }
    bool good = run(&reader, bytes, fail);
    if (good) {
        *out = reader.feed;
        out->title = str_copy(arena, str_trim(base_buf_view(&reader.title)));
    }
    XML_ParserFree(reader.parser);
    for (size_t i = 0; i < FIELDS; i++) {
        base_buf_done(&reader.values[i]);
    }
    base_buf_done(&reader.title);
    return good;
}
