/* Mends that somebody wrote: the first line of an input is the patch, what follows the document. What comes out is JSON again,
 * and a patch that tests for what came out holds of it; a patch without operations leaves whatever came. */
#include "base_json_write.h"
#include "intake_patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fail(const struct fail *fail)
{
    INVARIANT(fail->code == FAIL_INPUT || fail->code == FAIL_LIMIT);
    INVARIANT(fail->pointer[0] == '\0' || fail->pointer[0] == '/');
    INVARIANT(fail->message[0] != '\0' && str_is_utf8(str_from_c(fail->message)));
}

static bool apply(struct str patch, struct str document, struct arena *arena, struct str *out,
                  size_t *out_operations)
{
    static const struct intake_patch_row row = {INT64_C(1780000000000)};
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value list;
    struct intake_patch parsed;
    struct fail fail = {0};
    bool ok = json_parse(parser, patch, &list, &fail) &&
              intake_patch_parse(list, arena, &parsed, &fail) &&
              intake_patch_apply(&parsed, document, &row, arena, out, &fail);
    if (!ok) {
        check_fail(&fail);
        return false;
    }
    *out_operations = parsed.count;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct str document = str_of((const char *)data, size), patch, out, same;
    struct json_value value;
    size_t operations;
    struct fail fail;
    if (size == 0 || !str_next_part(&document, '\n', &patch) ||
        !apply(patch, document, arena, &out, &operations)) {
        return 0;
    }
    if (operations == 0) {
        INVARIANT(str_equal(out, document));
        return 0;
    }
    INVARIANT(json_parse(parser, out, &value, &fail));
    struct str test =
        str_format(arena, "[{\"op\":\"test\",\"path\":\"\",\"value\":%.*s}]", STR_ARG(out));
    INVARIANT(apply(test, out, arena, &same, &operations));
    return 0;
}
