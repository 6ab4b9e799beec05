/* Cutting batches into raw elements: brackets, strings and the outer commas, and nothing else. */
#include "base_json_internal.h"

#include "base_bytes.h"

#define DEPTH_MAX 1024
#define ELEMENTS_FIRST 16

struct splitter {
    struct arena *arena;
    struct str text;
    size_t at;
    size_t most;
    size_t capacity;
    struct json_split *out;
    struct fail *fail;
};

static bool unexpected(struct splitter *s, const char *expected)
{
    if (s->at >= s->text.len) {
        return fail_set(s->fail, FAIL_INPUT, "byte %zu: the text ends where %s is expected", s->at,
                        expected);
    }
    return fail_set(s->fail, FAIL_INPUT, "byte %zu: expected %s", s->at, expected);
}

static int peek(const struct splitter *s)
{
    return s->at < s->text.len ? (unsigned char)s->text.data[s->at] : -1;
}

static void skip_space(struct splitter *s)
{
    while (peek(s) == ' ' || peek(s) == '\n' || peek(s) == '\r' || peek(s) == '\t') {
        s->at++;
    }
}

static bool has_byte(uint64_t word, unsigned char byte)
{
    uint64_t x = word ^ byte * 0x0101010101010101U; /* the byte becomes 0 */
    return ((x - 0x0101010101010101U) & ~x & 0x8080808080808080U) != 0;
}

/* From the opening quote to behind the closing one. */
static bool skip_string(struct splitter *s)
{
    const char *data = s->text.data;
    size_t begin = s->at, at = s->at + 1, len = s->text.len;
    while (at < len) {
        if (len - at >= 8) {
            uint64_t word = base_get_u64(data + at);
            if (!has_byte(word, '"') && !has_byte(word, '\\')) {
                at += 8;
                continue;
            }
        }
        char byte = data[at++];
        if (byte == '"') {
            s->at = at;
            return true;
        }
        at += byte == '\\' ? 1 : 0;
    }
    return fail_set(s->fail, FAIL_INPUT, "byte %zu: a string is not closed", begin);
}

enum { PLAIN, QUOTE, OPEN, CLOSE };
static const unsigned char kinds[256] = {
    ['"'] = QUOTE, ['['] = OPEN, ['{'] = OPEN, [']'] = CLOSE, ['}'] = CLOSE,
};

/* The brackets that are open: bit d says whether level d is an object. */
struct nest {
    uint64_t object_bits[DEPTH_MAX / 64];
    size_t depth;
};

static bool push(struct splitter *s, struct nest *nest, bool object)
{
    if (nest->depth == DEPTH_MAX) {
        return fail_set(s->fail, FAIL_LIMIT, "byte %zu: nested deeper than %d levels", s->at,
                        DEPTH_MAX);
    }
    uint64_t *word = &nest->object_bits[nest->depth / 64];
    unsigned at = (unsigned)(nest->depth % 64);
    uint64_t kept = at == 0 ? 0 : *word; /* the words are not set before */
    *word = (kept & ~(UINT64_C(1) << at)) | (uint64_t)object << at;
    nest->depth++;
    return true;
}

static bool pop(struct splitter *s, struct nest *nest, bool object)
{
    INVARIANT(nest->depth > 0); /* it began with an opening one */
    nest->depth--;
    bool open = (nest->object_bits[nest->depth / 64] >> nest->depth % 64 & 1U) != 0;
    return open == object || unexpected(s, open ? "'}'" : "']'");
}

/* From an opening bracket to behind the one that closes it. */
static bool skip_nested(struct splitter *s)
{
    struct nest nest;
    nest.depth = 0;
    size_t begin = s->at;
    do {
        while (s->at < s->text.len && kinds[(unsigned char)s->text.data[s->at]] == PLAIN) {
            s->at++;
        }
        if (s->at == s->text.len) {
            return fail_set(s->fail, FAIL_INPUT, "byte %zu: a bracket is not closed", begin);
        }
        char byte = s->text.data[s->at];
        unsigned char kind = kinds[(unsigned char)byte];
        if (kind == QUOTE) {
            if (!skip_string(s)) {
                return false;
            }
            continue;
        }
        if (!(kind == OPEN ? push(s, &nest, byte == '{') : pop(s, &nest, byte == '}'))) {
            return false;
        }
        s->at++;
    } while (nest.depth > 0);
    return true;
}

static bool is_scalar_byte(int byte)
{
    return byte > ' ' && byte != ',' && byte != ':' && byte != '"' && byte != '[' && byte != ']' &&
           byte != '{' && byte != '}';
}

static bool skip_value(struct splitter *s)
{
    skip_space(s);
    int first = peek(s);
    if (first == '"') {
        return skip_string(s);
    }
    if (first == '{' || first == '[') {
        return skip_nested(s);
    }
    if (!is_scalar_byte(first)) {
        return unexpected(s, "a value");
    }
    while (is_scalar_byte(peek(s))) {
        s->at++;
    }
    return true;
}

static bool add(struct splitter *s, struct str element)
{
    struct json_split *out = s->out;
    if (out->count == s->most) {
        return fail_set(s->fail, FAIL_LIMIT, "more than %zu elements", s->most);
    }
    if (out->count == s->capacity) {
        size_t capacity = s->capacity == 0 ? ELEMENTS_FIRST : 2 * s->capacity;
        struct str *grown = arena_array(s->arena, capacity, sizeof *grown, s->fail);
        if (grown == NULL) {
            return false;
        }
        if (out->count > 0) {
            memcpy(grown, out->elements, out->count * sizeof *grown);
        }
        out->elements = grown;
        s->capacity = capacity;
    }
    out->elements[out->count++] = element;
    return true;
}

/* From '[' to behind ']'. */
static bool split_array(struct splitter *s)
{
    s->at++;
    skip_space(s);
    if (peek(s) == ']') {
        s->at++;
        return true;
    }
    for (;;) {
        skip_space(s);
        size_t begin = s->at;
        if (!skip_value(s) || !add(s, str_of(s->text.data + begin, s->at - begin))) {
            return false;
        }
        skip_space(s);
        if (peek(s) == ']') {
            s->at++;
            return true;
        }
        if (peek(s) != ',') {
            return unexpected(s, "',' or ']'");
        }
        s->at++;
    }
}

static bool is_wanted(struct str name, const struct str *names, size_t name_count)
{
    for (size_t i = 0; i < name_count; i++) {
        if (str_equal(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* The text from `begin` with the inside of the array at [open, close) left out. */
static bool make_envelope(struct splitter *s, size_t begin, size_t open, size_t close)
{
    struct str head = str_of(s->text.data + begin, open + 1 - begin);
    struct str tail = str_after(s->text, close - 1);
    char *bytes = arena_alloc(s->arena, head.len + tail.len, s->fail);
    if (bytes == NULL) {
        return false;
    }
    memcpy(bytes, head.data, head.len);
    memcpy(bytes + head.len, tail.data, tail.len);
    s->out->envelope = str_of(bytes, head.len + tail.len);
    return true;
}

/* One member, from its name to behind its value; [*open, *close) is set where it is the batch. */
static bool split_member(struct splitter *s, const struct str *names, size_t name_count,
                         size_t *open, size_t *close)
{
    skip_space(s);
    size_t begin = s->at;
    if (peek(s) != '"') {
        return unexpected(s, "a member's name");
    }
    if (!skip_string(s)) {
        return false;
    }
    struct str name = str_of(s->text.data + begin + 1, s->at - begin - 2);
    skip_space(s);
    if (peek(s) != ':') {
        return unexpected(s, "':'");
    }
    s->at++;
    skip_space(s);
    if (peek(s) != '[' || !is_wanted(name, names, name_count)) {
        return skip_value(s);
    }
    if (s->out->array) {
        return fail_set(s->fail, FAIL_INPUT, "byte %zu: a second batch, \"%.*s\"", begin,
                        STR_ARG(name));
    }
    s->out->array = true;
    *open = s->at;
    if (!split_array(s)) {
        return false;
    }
    *close = s->at;
    return true;
}

static bool split_object(struct splitter *s, const struct str *names, size_t name_count)
{
    size_t begin = s->at, open = 0, close = 0;
    s->at++;
    skip_space(s);
    bool more = peek(s) != '}';
    while (more) {
        if (!split_member(s, names, name_count, &open, &close)) {
            return false;
        }
        skip_space(s);
        more = peek(s) == ',';
        if (more) {
            s->at++;
        } else if (peek(s) != '}') {
            return unexpected(s, "',' or '}'");
        }
    }
    s->at++;
    if (s->out->array) {
        return make_envelope(s, begin, open, close);
    }
    return add(s, str_of(s->text.data + begin, s->at - begin));
}

static struct splitter splitter_of(struct arena *arena, struct str text, size_t most,
                                   struct json_split *out, struct fail *fail)
{
    *out = (struct json_split){0};
    return (struct splitter){.arena = arena,
                             .text = text,
                             .at = str_starts(text, STR(JSON_BOM)) ? strlen(JSON_BOM) : 0,
                             .most = most,
                             .out = out,
                             .fail = fail};
}

bool json_split(struct arena *arena, struct str text, const struct str *names, size_t name_count,
                size_t most, struct json_split *out, struct fail *fail)
{
    struct json_split split;
    struct splitter s = splitter_of(arena, text, most, &split, fail);
    skip_space(&s);
    if (s.at == text.len) {
        return fail_set(fail, FAIL_INPUT, "byte %zu: there is no JSON", s.at);
    }
    size_t begin = s.at;
    bool fits;
    if (peek(&s) == '[') {
        split.array = true;
        fits = split_array(&s);
    } else if (peek(&s) == '{') {
        fits = split_object(&s, names, name_count);
    } else {
        fits = skip_value(&s) && add(&s, str_of(text.data + begin, s.at - begin));
    }
    if (!fits) {
        return false;
    }
    skip_space(&s);
    if (s.at < text.len) {
        return unexpected(&s, "the end");
    }
    *out = split;
    return true;
}

bool json_split_lines(struct arena *arena, struct str text, size_t most, struct json_split *out,
                      size_t **lines, struct fail *fail)
{
    struct json_split split;
    struct splitter s = splitter_of(arena, text, most, &split, fail);
    struct str rest = str_after(text, s.at), line;
    size_t *numbers = NULL, capacity = 0;
    for (size_t number = 1; str_next_part(&rest, '\n', &line); number++) {
        line = str_trim(line);
        if (line.len == 0) {
            continue;
        }
        if (!add(&s, line)) {
            return false;
        }
        if (split.count > capacity) { /* grows with the elements */
            size_t *grown = arena_array(arena, s.capacity, sizeof *grown, fail);
            if (grown == NULL) {
                return false;
            }
            if (capacity > 0) {
                memcpy(grown, numbers, capacity * sizeof *grown);
            }
            numbers = grown;
            capacity = s.capacity;
        }
        INVARIANT(numbers != NULL); /* made with the first */
        numbers[split.count - 1] = number;
    }
    *out = split;
    *lines = numbers;
    return true;
}
