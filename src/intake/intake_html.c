#include "intake_html.h"

#define NAME_BYTES_MAX 12 /* of a tag or entity that is known */
#define QUOTES_MAX 8      /* levels of "> " that are written */
#define ENTITY_BYTES_MAX 32

struct entity {
    const char *name;
    uint32_t code;
};

/* Those that people's programs write; by name, for the search. */
static const struct entity ENTITIES[] = {
    {"AElig", 0xC6},    {"Aacute", 0xC1},   {"Acirc", 0xC2},    {"Agrave", 0xC0},
    {"Aring", 0xC5},    {"Atilde", 0xC3},   {"Auml", 0xC4},     {"Ccedil", 0xC7},
    {"ETH", 0xD0},      {"Eacute", 0xC9},   {"Ecirc", 0xCA},    {"Egrave", 0xC8},
    {"Euml", 0xCB},     {"Iacute", 0xCD},   {"Icirc", 0xCE},    {"Igrave", 0xCC},
    {"Iuml", 0xCF},     {"Ntilde", 0xD1},   {"OElig", 0x152},   {"Oacute", 0xD3},
    {"Ocirc", 0xD4},    {"Ograve", 0xD2},   {"Oslash", 0xD8},   {"Otilde", 0xD5},
    {"Ouml", 0xD6},     {"Scaron", 0x160},  {"THORN", 0xDE},    {"Uacute", 0xDA},
    {"Ucirc", 0xDB},    {"Ugrave", 0xD9},   {"Uuml", 0xDC},     {"Yacute", 0xDD},
    {"Yuml", 0x178},    {"aacute", 0xE1},   {"acirc", 0xE2},    {"acute", 0xB4},
    {"aelig", 0xE6},    {"agrave", 0xE0},   {"amp", '&'},       {"apos", '\''},
    {"aring", 0xE5},    {"atilde", 0xE3},   {"auml", 0xE4},     {"bdquo", 0x201E},
    {"brvbar", 0xA6},   {"bull", 0x2022},   {"ccedil", 0xE7},   {"cedil", 0xB8},
    {"cent", 0xA2},     {"copy", 0xA9},     {"curren", 0xA4},   {"dagger", 0x2020},
    {"deg", 0xB0},      {"divide", 0xF7},   {"eacute", 0xE9},   {"ecirc", 0xEA},
    {"egrave", 0xE8},   {"emsp", 0x2003},   {"ensp", 0x2002},   {"eth", 0xF0},
    {"euml", 0xEB},     {"euro", 0x20AC},   {"frac12", 0xBD},   {"frac14", 0xBC},
    {"frac34", 0xBE},   {"gt", '>'},        {"hearts", 0x2665}, {"hellip", 0x2026},
    {"iacute", 0xED},   {"icirc", 0xEE},    {"iexcl", 0xA1},    {"igrave", 0xEC},
    {"iquest", 0xBF},   {"iuml", 0xEF},     {"laquo", 0xAB},    {"ldquo", 0x201C},
    {"lsaquo", 0x2039}, {"lsquo", 0x2018},  {"lt", '<'},        {"macr", 0xAF},
    {"mdash", 0x2014},  {"micro", 0xB5},    {"middot", 0xB7},   {"minus", 0x2212},
    {"nbsp", ' '},      {"ndash", 0x2013},  {"not", 0xAC},      {"ntilde", 0xF1},
    {"oacute", 0xF3},   {"ocirc", 0xF4},    {"oelig", 0x153},   {"ograve", 0xF2},
    {"ordf", 0xAA},     {"ordm", 0xBA},     {"oslash", 0xF8},   {"otilde", 0xF5},
    {"ouml", 0xF6},     {"para", 0xB6},     {"permil", 0x2030}, {"plusmn", 0xB1},
    {"pound", 0xA3},    {"quot", '"'},      {"raquo", 0xBB},    {"rdquo", 0x201D},
    {"reg", 0xAE},      {"rsaquo", 0x203A}, {"rsquo", 0x2019},  {"sbquo", 0x201A},
    {"scaron", 0x161},  {"sect", 0xA7},     {"shy", 0xAD},      {"sup1", 0xB9},
    {"sup2", 0xB2},     {"sup3", 0xB3},     {"szlig", 0xDF},    {"thinsp", 0x2009},
    {"thorn", 0xFE},    {"tilde", 0x2DC},   {"times", 0xD7},    {"trade", 0x2122},
    {"uacute", 0xFA},   {"ucirc", 0xFB},    {"ugrave", 0xF9},   {"uml", 0xA8},
    {"uuml", 0xFC},     {"yacute", 0xFD},   {"yen", 0xA5},      {"yuml", 0xFF},
    {"zwj", 0x200D},    {"zwnj", 0x200C},
};

/* What numeric references to the old control block mean to every browser. */
static const uint16_t OLD_BLOCK[32] = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

enum tag_kind {
    TAG_INLINE,
    TAG_BLOCK,     /* begins and ends a line */
    TAG_PARAGRAPH, /* with an empty line around */
    TAG_BREAK,
    TAG_ITEM,
    TAG_CELL,
    TAG_QUOTE,
    TAG_PRE,
    TAG_HIDDEN, /* its content is not for readers; ends with its own end tag only */
};

static const struct {
    const char *name;
    enum tag_kind kind;
} TAGS[] = {
    {"p", TAG_PARAGRAPH},      {"div", TAG_BLOCK},       {"br", TAG_BREAK},
    {"li", TAG_ITEM},          {"ul", TAG_PARAGRAPH},    {"ol", TAG_PARAGRAPH},
    {"dl", TAG_PARAGRAPH},     {"dt", TAG_BLOCK},        {"dd", TAG_BLOCK},
    {"tr", TAG_BLOCK},         {"td", TAG_CELL},         {"th", TAG_CELL},
    {"table", TAG_BLOCK},      {"h1", TAG_PARAGRAPH},    {"h2", TAG_PARAGRAPH},
    {"h3", TAG_PARAGRAPH},     {"h4", TAG_PARAGRAPH},    {"h5", TAG_PARAGRAPH},
    {"h6", TAG_PARAGRAPH},     {"hr", TAG_BLOCK},        {"pre", TAG_PRE},
    {"textarea", TAG_HIDDEN},  {"section", TAG_BLOCK},   {"article", TAG_BLOCK},
    {"header", TAG_BLOCK},     {"footer", TAG_BLOCK},    {"nav", TAG_BLOCK},
    {"form", TAG_BLOCK},       {"address", TAG_BLOCK},   {"figure", TAG_BLOCK},
    {"figcaption", TAG_BLOCK}, {"main", TAG_BLOCK},      {"blockquote", TAG_QUOTE},
    {"script", TAG_HIDDEN},    {"style", TAG_HIDDEN},    {"head", TAG_HIDDEN},
    {"title", TAG_HIDDEN},     {"template", TAG_HIDDEN}, {"noscript", TAG_HIDDEN},
    {"iframe", TAG_HIDDEN},    {"object", TAG_HIDDEN},   {"svg", TAG_HIDDEN},
};

struct words {
    struct base_buf *out;
    size_t begin; /* where our text begins in `out` */
    int breaks;   /* line breaks owed before the next character */
    bool blank;   /* a blank owed */
    int quotes, pres;
    bool line_begun;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void owe_breaks(struct words *words, int count)
{
    words->breaks = words->breaks < count ? count : words->breaks;
    words->blank = false;
}

/* Writes what is owed: line breaks (none at the very beginning), quote marks, a blank. */
static void pay(struct words *words)
{
    bool empty = words->out->len == words->begin;
    if (words->breaks > 0 && !empty) {
        for (int i = 0; i < words->breaks; i++) {
            base_buf_byte(words->out, '\n');
        }
        words->line_begun = false;
    }
    if (!words->line_begun) {
        for (int i = 0; i < words->quotes && i < QUOTES_MAX; i++) {
            base_buf_c(words->out, "> ");
        }
    } else if (words->blank) {
        base_buf_byte(words->out, ' ');
    }
    words->line_begun = true;
    words->breaks = 0;
    words->blank = false;
}

static void put(struct words *words, struct str text)
{
    pay(words);
    base_buf_str(words->out, text);
}

static void put_code(struct words *words, uint32_t code)
{
    char bytes[4];
    size_t len;
    if (code >= 0x80 && code < 0xA0) {
        code = OLD_BLOCK[code - 0x80];
    }
    if (code == ' ' || code == 0xA0 || code == '\t' || code == '\n' || code == '\r') {
        words->blank = true;
        return;
    }
    if (code < 0x20 || code == 0x7F || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        code = 0xFFFD;
    }
    if (code < 0x80) {
        bytes[0] = (char)code;
        len = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xC0U | (code >> 6U));
        bytes[1] = (char)(0x80U | (code & 0x3FU));
        len = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xE0U | (code >> 12U));
        bytes[1] = (char)(0x80U | ((code >> 6U) & 0x3FU));
        bytes[2] = (char)(0x80U | (code & 0x3FU));
        len = 3;
    } else {
        bytes[0] = (char)(0xF0U | (code >> 18U));
        bytes[1] = (char)(0x80U | ((code >> 12U) & 0x3FU));
        bytes[2] = (char)(0x80U | ((code >> 6U) & 0x3FU));
        bytes[3] = (char)(0x80U | (code & 0x3FU));
        len = 4;
    }
    put(words, str_of(bytes, len));
}

static bool entity_by_name(struct str name, uint32_t *out)
{
    size_t low = 0, high = ARRAY_LEN(ENTITIES);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(name, str_from_c(ENTITIES[middle].name));
        if (order == 0) {
            *out = ENTITIES[middle].code;
            return true;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return false;
}

static bool number_of(struct str digits, unsigned base, uint32_t *out)
{
    uint32_t code = 0;
    if (digits.len == 0 || digits.len > 8) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        char c = lower(digits.data[i]);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10U
                                                : 99U;
        if (digit >= base) {
            return false;
        }
        code = code > 0x10FFFF ? code : code * base + digit;
    }
    *out = code;
    return true;
}

/* A reference at the beginning of `text` ("&amp;..."); 0: it is none, and the '&' is itself. */
static size_t entity(struct words *words, struct str text)
{
    size_t end = 1;
    while (end < text.len && end < ENTITY_BYTES_MAX && text.data[end] != ';') {
        end++;
    }
    if (end >= text.len || text.data[end] != ';') {
        return 0;
    }
    struct str name = str_of(text.data + 1, end - 1);
    uint32_t code;
    bool found;
    if (str_starts_c(name, "#x") || str_starts_c(name, "#X")) {
        found = number_of(str_after(name, 2), 16, &code);
    } else if (str_starts_c(name, "#")) {
        found = number_of(str_after(name, 1), 10, &code);
    } else {
        found = entity_by_name(name, &code);
    }
    if (!found) {
        return 0;
    }
    put_code(words, code);
    return end + 1;
}

struct tag {
    char name[NAME_BYTES_MAX];
    bool end;
    enum tag_kind kind;
    size_t bytes; /* with its brackets */
};

/* A tag at the beginning of `text`. False: the '<' is itself. A '>' inside quotes does not end it. */
static bool read_tag(struct str text, struct tag *out)
{
    size_t at = 1, len = 0;
    *out = (struct tag){.kind = TAG_INLINE};
    if (at < text.len && text.data[at] == '/') {
        out->end = true;
        at++;
    }
    if (at >= text.len || !is_letter(text.data[at])) {
        return false;
    }
    while (at < text.len &&
           (is_letter(text.data[at]) || (text.data[at] >= '0' && text.data[at] <= '9'))) {
        if (len < NAME_BYTES_MAX - 1) {
            out->name[len] = lower(text.data[at]);
        }
        len++;
        at++;
    }
    out->name[len < NAME_BYTES_MAX ? len : 0] = '\0'; /* a longer name is none that we know */
    char quote = '\0';
    while (at < text.len && (quote != '\0' || text.data[at] != '>')) {
        char c = text.data[at++];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if ((c == '"' || c == '\'') && text.data[at - 2] == '=') {
            quote = c;
        }
    }
    out->bytes = at < text.len ? at + 1 : text.len;
    for (size_t i = 0; i < ARRAY_LEN(TAGS); i++) {
        if (strcmp(out->name, TAGS[i].name) == 0) {
            out->kind = TAGS[i].kind;
        }
    }
    return true;
}

/* Behind the end tag of a hidden element; all the rest where there is none. */
static size_t hidden_bytes(struct str text, const char *name)
{
    size_t len = strlen(name);
    for (size_t at = 0; at + len + 2 <= text.len; at++) {
        size_t i = 0;
        if (text.data[at] != '<' || text.data[at + 1] != '/') {
            continue;
        }
        while (i < len && lower(text.data[at + 2 + i]) == name[i]) {
            i++;
        }
        if (i == len) {
            size_t end = at + str_find_byte(str_after(text, at), '>');
            return end < text.len ? end + 1 : text.len;
        }
    }
    return text.len;
}

static void apply(struct words *words, const struct tag *tag)
{
    int by = tag->end ? -1 : 1;
    switch (tag->kind) {
    case TAG_INLINE:
    case TAG_HIDDEN:
        break;
    case TAG_BLOCK:
        owe_breaks(words, 1);
        break;
    case TAG_PARAGRAPH:
        owe_breaks(words, 2);
        break;
    case TAG_BREAK:
        words->breaks += words->breaks < 2 ? 1 : 0;
        words->blank = false;
        break;
    case TAG_ITEM:
        owe_breaks(words, 1);
        if (!tag->end) {
            put(words, STR("-"));
            words->blank = true;
        }
        break;
    case TAG_CELL:
        words->blank = true;
        break;
    case TAG_QUOTE:
        owe_breaks(words, 2);
        words->quotes += words->quotes + by >= 0 ? by : 0;
        break;
    case TAG_PRE:
        owe_breaks(words, 2);
        words->pres += words->pres + by >= 0 ? by : 0;
        break;
    }
}

/* Comments, declarations, processing instructions: 0 where there is none. */
static size_t passed_over(struct str text)
{
    if (str_starts_c(text, "<!--")) {
        size_t end = str_find(str_after(text, 4), STR("-->"));
        return 4 + end < text.len ? 4 + end + 3 : text.len;
    }
    if (str_starts_c(text, "<![CDATA[")) {
        return strlen("<![CDATA[");
    }
    if (str_starts_c(text, "<!") || str_starts_c(text, "<?")) {
        size_t end = str_find_byte(text, '>');
        return end < text.len ? end + 1 : text.len;
    }
    return 0;
}

static size_t markup(struct words *words, struct str text)
{
    struct tag tag;
    size_t skip = passed_over(text);
    if (skip > 0) {
        return skip;
    }
    if (!read_tag(text, &tag)) {
        return 0;
    }
    apply(words, &tag);
    return tag.kind == TAG_HIDDEN && !tag.end
               ? tag.bytes + hidden_bytes(str_after(text, tag.bytes), tag.name)
               : tag.bytes;
}

static size_t character(struct words *words, struct str text)
{
    char c = text.data[0];
    if (is_blank(c)) {
        if (words->pres > 0 && c == '\n') {
            words->breaks += words->breaks < 2 ? 1 : 0;
        } else {
            words->blank = words->breaks == 0;
        }
        return 1;
    }
    if ((unsigned char)c < 0x20U || c == 0x7f) {
        return 1;
    }
    bool valid;
    size_t step = str_utf8_step(text, &valid);
    put(words, valid ? str_of(text.data, step) : STR("\xEF\xBF\xBD"));
    return step;
}

void intake_html_text(struct str html, struct base_buf *out)
{
    struct words words = {.out = out, .begin = out->len};
    while (html.len > 0 && !out->failed) {
        size_t step = 0;
        if (html.data[0] == '<') {
            step = markup(&words, html);
        } else if (html.data[0] == '&') {
            step = entity(&words, html);
        }
        html = str_after(html, step > 0 ? step : character(&words, html));
    }
}
