/* JSON that arrives: the reader, the checker that explains its refusals, the writer, and both cutters. */
#include "base_json_internal.h"
#include "base_json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ELEMENTS_MOST 1000

/* Asks a value for all it has, and that what it says of itself agrees. */
static void walk(struct json_value value, int depth)
{
    INVARIANT(depth <= BASE_JSON_DEPTH_MAX);
    enum json_type type = json_type_of(value);
    if (type == JSON_STRING) {
        INVARIANT(str_is_utf8(json_string(value)));
    } else if (type == JSON_INT || type == JSON_UINT || type == JSON_DOUBLE) {
        double number = json_double(value);
        INVARIANT(number - number == 0); /* finite */
        INVARIANT(type != JSON_UINT || json_uint(value) > (uint64_t)INT64_MAX);
    } else if (type == JSON_ARRAY || type == JSON_OBJECT) {
        struct str name;
        struct json_value inner, found;
        size_t count = 0;
        for (struct json_iter it = json_iter_of(value); json_next(&it, &name, &inner); count++) {
            INVARIANT(str_is_utf8(name) && (type == JSON_OBJECT || name.len == 0));
            INVARIANT(type != JSON_OBJECT || json_member(value, name, &found));
            walk(inner, depth + 1);
        }
        INVARIANT(json_count(value) == count);
    }
}

static struct str write_again(struct json_value value, struct base_buf *out)
{
    struct json_writer w = {.out = out};
    struct fail fail;
    json_write_value(&w, value);
    INVARIANT(base_buf_ok(out, &fail));
    return base_buf_view(out);
}

/* What is read and written reads back, and is written the same again. */
static void try_read(struct json_parser *parser, struct str text)
{
    struct fail fail = {0}, check = {0};
    struct json_value value;
    bool taken = json_parse(parser, text, &value, &fail);
    if (!taken) {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
        INVARIANT(fail.message[0] != '\0');
        return;
    }
    INVARIANT(json_check(text, &check));
    walk(value, 1);
    CLEANUP(base_buf_done) struct base_buf once = {0};
    CLEANUP(base_buf_done) struct base_buf twice = {0};
    struct str first = write_again(value, &once);
    INVARIANT(json_parse(parser, first, &value, &fail));
    INVARIANT(str_equal(first, write_again(value, &twice)));
}

/* The two judges agree on what is JSON, but for numbers that no double holds. */
static void try_check(struct json_parser *parser, struct str text)
{
    struct fail check = {0}, fail = {0};
    struct json_value value;
    if (json_check(text, &check) && !json_parse(parser, text, &value, &fail)) {
        INVARIANT(memmem(fail.message, strlen(fail.message), "double", 6) != NULL);
    }
}

static bool inside(struct str part, struct str text)
{
    return part.data >= text.data && part.data + part.len <= text.data + text.len;
}

static void try_split(struct json_parser *parser, struct str text)
{
    static const struct str names[] = {{"batch", 5}, {"events", 6}};
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct json_split split;
    struct fail fail = {0};
    struct json_value value;
    size_t *lines;
    if (json_split_lines(arena, text, ELEMENTS_MOST, &split, &lines, &fail)) {
        for (size_t i = 0; i < split.count; i++) {
            INVARIANT(inside(split.elements[i], text) && split.elements[i].len > 0);
            INVARIANT(lines[i] > (i == 0 ? 0 : lines[i - 1]));
        }
    }
    bool whole = json_parse(parser, text, &value, &fail);
    if (!json_split(arena, text, names, ARRAY_LEN(names), ELEMENTS_MOST, &split, &fail)) {
        /* JSON is always cut, but where it has too many elements, or two batches. */
        INVARIANT(!whole || fail.code == FAIL_LIMIT ||
                  memmem(fail.message, strlen(fail.message), "second", 6) != NULL);
        return;
    }
    INVARIANT(split.array || split.count == 1);
    for (size_t i = 0; i < split.count; i++) {
        INVARIANT(inside(split.elements[i], text) && split.elements[i].len > 0);
        INVARIANT(!whole || json_parse(parser, split.elements[i], &value, &fail));
    }
    if (split.envelope.len > 0) {
        INVARIANT(!whole || json_parse(parser, split.envelope, &value, &fail));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of((const char *)data, size);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    try_read(parser, text);
    try_check(parser, text);
    try_split(parser, text);
    return 0;
}
