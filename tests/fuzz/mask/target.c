/* Masks over any bytes: findings lie inside and in order, what was masked once has nothing left to mask, and raw
 * JSON stays JSON. */
#include "base_json.h"
#include "intake_mask_find.h"
#include "intake_mask_keep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_BYTES_MAX ((size_t)64 << 10)
#define ALL ((1U << INTAKE_MASK_KINDS) - 1)

static struct intake_mask *new_mask(void)
{
    static const struct intake_mask_pattern patterns[] = {{{"contract", 8}, {"V-[0-9]{3,8}", 12}},
                                                          {{"a", 1}, {"a(.*b)?", 7}}};
    const struct intake_mask_options options = {
        .kinds = ALL, .patterns = patterns, .pattern_count = ARRAY_LEN(patterns)};
    struct intake_mask *mask = NULL;
    struct fail fail;
    INVARIANT(intake_mask_new(&options, &mask, &fail));
    return mask;
}

static void check_spans(struct str text)
{
    struct intake_mask_span span;
    for (size_t at = 0; intake_mask_next(text, ALL, at, &span); at = span.end) {
        INVARIANT(span.begin >= at && span.begin < span.end && span.end <= text.len);
        INVARIANT(span.kind < INTAKE_MASK_KINDS);
    }
}

static void check_raw(const struct intake_mask *mask, struct str text, struct arena *arena)
{
    const struct intake_mask_keep keep = {NULL, 0};
    struct json_parser *parser = json_parser_new();
    struct json_value root;
    struct fail fail;
    struct str out;
    bool json = json_parse(parser, text, &root, &fail);
    bool object = json && (json_type_of(root) == JSON_OBJECT || json_type_of(root) == JSON_ARRAY);
    INVARIANT(intake_mask_raw(mask, text, &keep, arena, &out, &fail));
    INVARIANT(!object || json_parse(parser, out, &root, &fail));
    json_parser_free(parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of((const char *)data, size < TEXT_BYTES_MAX ? size : TEXT_BYTES_MAX);
    struct intake_mask *mask = new_mask();
    struct arena *arena = arena_new(NULL);
    struct fail fail;
    struct str out;
    check_spans(text);
    INVARIANT(intake_mask_text(mask, text, arena, &out, &fail));
    INVARIANT(!str_is_utf8(text) || str_is_utf8(out));
    check_raw(mask, text, arena);
    arena_free(arena);
    intake_mask_free(mask);
    return 0;
}
