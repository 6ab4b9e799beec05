/* Cutting an envelope into raw elements: one pass over bytes that knows strings and brackets, nothing else. */
#include "base_json.h"

#define SPLIT_DEPTH_MAX 1024

struct scan {
    const char *data;
    size_t len, at;
    uint64_t curly[SPLIT_DEPTH_MAX / 64]; /* bit d: level d was opened with '{' */
};

static bool broken(const struct scan *scan, const char *what, struct fail *fail)
{
    return fail_set(fail, FAIL_INPUT, "not JSON: %s at byte %zu", what, scan->at);
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->len && (scan->data[scan->at] == ' ' || scan->data[scan->at] == '\n' ||
                                    scan->data[scan->at] == '\t' || scan->data[scan->at] == '\r')) {
        scan->at++;
    }
}

static bool at_byte(const struct scan *scan, char byte)
{
    return scan->at < scan->len && scan->data[scan->at] == byte;
}

/* Past the closing quote. */
static bool skip_string(struct scan *scan, struct fail *fail)
{
    size_t begin = scan->at++;
    while (scan->at < scan->len) {
        const char *from = scan->data + scan->at;
        const char *quote = memchr(from, '"', scan->len - scan->at);
        size_t run = quote == NULL ? scan->len - scan->at : (size_t)(quote - from);
        const char *slash = run == 0 ? NULL : memchr(from, '\\', run);
        if (slash != NULL) {
            scan->at += (size_t)(slash - from) + 2;
            continue;
        }
        if (quote == NULL) {
            break;
        }
        scan->at += run + 1;
        return true;
    }
    scan->at = begin;
    return broken(scan, "a string that is not closed", fail);
}

static void push(struct scan *scan, size_t depth, bool curly)
{
    uint64_t bit = (uint64_t)1 << depth % 64;
    scan->curly[depth / 64] =
        curly ? scan->curly[depth / 64] | bit : scan->curly[depth / 64] & ~bit;
}

static bool is_curly(const struct scan *scan, size_t depth)
{
    return (scan->curly[depth / 64] >> depth % 64 & 1U) != 0;
}

/* Past one value. Only brackets and strings are understood: what stands between is the parser's to judge. */
static bool skip_value(struct scan *scan, struct fail *fail)
{
    size_t depth = 0, begin = scan->at;
    while (scan->at < scan->len) {
        char c = scan->data[scan->at];
        if (c == '"') {
            if (!skip_string(scan, fail)) {
                return false;
            }
        } else if (c == '{' || c == '[') {
            if (depth == SPLIT_DEPTH_MAX) {
                return fail_set(fail, FAIL_LIMIT, "JSON is nested deeper than %d levels",
                                SPLIT_DEPTH_MAX);
            }
            push(scan, depth++, c == '{');
            scan->at++;
        } else if (c == '}' || c == ']') {
            if (depth == 0) {
                break;
            }
            if (is_curly(scan, depth - 1) != (c == '}')) {
                return broken(scan, "a bracket that does not fit", fail);
            }
            depth--;
            scan->at++;
        } else if (depth == 0 && (c == ',' || c == ':')) {
            break;
        } else {
            scan->at++;
        }
        if (depth == 0 && (c == '"' || c == '}' || c == ']')) {
            break;
        }
    }
    if (depth > 0 || scan->at == begin) {
        return broken(scan, depth > 0 ? "a bracket that is not closed" : "a value is missing",
                      fail);
    }
    return true;
}

static struct str trimmed(const struct scan *scan, size_t begin)
{
    return str_trim(str_of(scan->data + begin, scan->at - begin));
}

/* The elements of the array that begins at scan->at; past its bracket afterwards. */
static bool split_array(struct scan *scan, struct arena *arena, size_t most, struct json_split *out,
                        struct fail *fail)
{
    size_t capacity = 64, count = 0;
    struct str *elements = arena_alloc(arena, capacity * sizeof *elements, fail);
    scan->at++;
    skip_space(scan);
    bool more = !at_byte(scan, ']');
    while (elements != NULL && more) {
        size_t begin = scan->at;
        if (!skip_value(scan, fail)) {
            return false;
        }
        if (count == most) {
            return fail_set(fail, FAIL_LIMIT, "more than %zu elements in one request", most);
        }
        if (count == capacity) {
            struct str *grown = arena_alloc(arena, 2 * capacity * sizeof *elements, fail);
            if (grown == NULL) {
                return false;
            }
            memcpy(grown, elements, count * sizeof *elements);
            elements = grown;
            capacity *= 2;
        }
        elements[count++] = trimmed(scan, begin);
        skip_space(scan);
        more = at_byte(scan, ',');
        if (more) {
            scan->at++;
            skip_space(scan);
        }
    }
    if (elements == NULL) {
        return false;
    }
    if (!at_byte(scan, ']')) {
        return broken(scan, "an array that is not closed", fail);
    }
    scan->at++;
    out->elements = elements;
    out->count = count;
    out->array = true;
    return true;
}

static bool end_of_text(struct scan *scan, struct fail *fail)
{
    skip_space(scan);
    return scan->at == scan->len || broken(scan, "something after the end", fail);
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

/* `text` with the bytes from `begin` to `end` replaced by an empty array. */
static struct str make_envelope(struct arena *arena, struct str text, size_t begin, size_t end,
                                struct fail *fail)
{
    size_t rest = text.len - end;
    char *bytes = arena_alloc(arena, begin + 2 + rest, fail);
    if (bytes == NULL) {
        return (struct str){NULL, 0};
    }
    memcpy(bytes, text.data, begin);
    memcpy(bytes + begin, "[]", 2);
    memcpy(bytes + begin + 2, text.data + end, rest);
    return str_of(bytes, begin + 2 + rest);
}

static bool split_object(struct scan *scan, struct arena *arena, struct str text,
                         const struct str *names, size_t name_count, size_t most,
                         struct json_split *out, struct fail *fail)
{
    size_t array_begin = 0, array_end = 0;
    scan->at++;
    skip_space(scan);
    bool more = !at_byte(scan, '}');
    while (more) {
        if (!at_byte(scan, '"')) {
            return broken(scan, "expected the name of a member", fail);
        }
        size_t name_begin = scan->at + 1;
        if (!skip_string(scan, fail)) {
            return false;
        }
        struct str name = str_of(scan->data + name_begin, scan->at - 1 - name_begin);
        skip_space(scan);
        if (!at_byte(scan, ':')) {
            return broken(scan, "expected a colon", fail);
        }
        scan->at++;
        skip_space(scan);
        if (array_end == 0 && at_byte(scan, '[') && is_wanted(name, names, name_count)) {
            array_begin = scan->at;
            if (!split_array(scan, arena, most, out, fail)) {
                return false;
            }
            array_end = scan->at;
        } else if (!skip_value(scan, fail)) {
            return false;
        }
        skip_space(scan);
        more = at_byte(scan, ',');
        if (more) {
            scan->at++;
            skip_space(scan);
        }
    }
    if (!at_byte(scan, '}')) {
        return broken(scan, "an object that is not closed", fail);
    }
    scan->at++;
    if (!end_of_text(scan, fail)) {
        return false;
    }
    if (array_end > 0) {
        out->envelope = make_envelope(arena, text, array_begin, array_end, fail);
        return out->envelope.data != NULL;
    }
    return true;
}

bool json_split(struct arena *arena, struct str text, const struct str *names, size_t name_count,
                size_t most, struct json_split *out, struct fail *fail)
{
    if (str_starts(text, STR("\xEF\xBB\xBF"))) {
        text = str_after(text, 3);
    }
    struct scan scan = {.data = text.data, .len = text.len};
    struct json_split split = {.envelope = {NULL, 0}};
    skip_space(&scan);
    if (scan.at == scan.len) {
        return fail_set(fail, FAIL_INPUT, "expected JSON, got nothing");
    }
    if (at_byte(&scan, '[')) {
        if (!split_array(&scan, arena, most, &split, fail) || !end_of_text(&scan, fail)) {
            return false;
        }
    } else if (at_byte(&scan, '{')) {
        if (!split_object(&scan, arena, text, names, name_count, most, &split, fail)) {
            return false;
        }
    } else if (!skip_value(&scan, fail) || !end_of_text(&scan, fail)) {
        return false;
    }
    if (!split.array) {
        split.elements = arena_alloc(arena, sizeof *split.elements, fail);
        if (split.elements == NULL) {
            return false;
        }
        split.elements[0] = str_trim(text);
        split.count = 1;
    }
    *out = split;
    return true;
}

bool json_split_lines(struct arena *arena, struct str text, size_t most, struct json_split *out,
                      size_t **lines, struct fail *fail)
{
    if (str_starts(text, STR("\xEF\xBB\xBF"))) {
        text = str_after(text, 3);
    }
    size_t count = 0;
    struct str rest = text, line;
    while (str_next_part(&rest, '\n', &line)) {
        count += str_trim(line).len > 0 ? 1 : 0;
    }
    if (count > most) {
        return fail_set(fail, FAIL_LIMIT, "more than %zu lines in one request", most);
    }
    struct str *elements = arena_alloc(arena, (count + 1) * sizeof *elements, fail);
    size_t *numbers = arena_alloc(arena, (count + 1) * sizeof *numbers, fail);
    if (elements == NULL || numbers == NULL) {
        return false;
    }
    size_t number = 0, at = 0;
    for (rest = text; str_next_part(&rest, '\n', &line);) {
        number++;
        line = str_trim(line);
        if (line.len > 0) {
            elements[at] = line;
            numbers[at++] = number;
        }
    }
    *out = (struct json_split){.elements = elements, .count = count};
    *lines = numbers;
    return true;
}
