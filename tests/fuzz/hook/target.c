/* Webhooks: the first line of an input is the definition, what follows a delivery. Also the guess from the delivery,
 * which must be a definition that compiles where nothing is missing, and its shape. */
#include "../intake/intake_check.h"
#include "intake_hook.h"
#include "intake_hook_suggest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str header(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "x-topic") == 0 ? STR("orders/create") : (struct str){NULL, 0};
}

static void try_decode(struct str definition, struct str body, const struct intake_source *source,
                       struct arena *arena)
{
    struct intake_hook *hook;
    struct intake_hook_result got;
    struct intake_hook_delivery delivery = {.body = body, .header = header};
    struct intake_decoder *decoder = intake_decoder_new();
    struct fail fail;
    if (!intake_hook_compile(definition, NULL, arena, &hook, &fail)) {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
    } else if (intake_hook_decode(hook, decoder, &delivery, source, arena, &got, &fail)) {
        INVARIANT(got.count > 0 && got.count <= INTAKE_HOOK_EVENTS_MAX);
        check_items(got.items, got.count, source);
    } else {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
    }
    intake_decoder_free(decoder);
}

static void try_suggest(struct str body, const struct intake_source *source, struct arena *arena)
{
    struct base_buf out = {0}, shape = {0};
    struct json_writer w = {.out = &out}, s = {.out = &shape};
    struct json_parser *parser = json_parser_new();
    struct json_value root, definition, missing;
    struct fail fail;
    if (intake_hook_suggest(body, STR("fuzz"), &w, &fail)) {
        INVARIANT(base_buf_ok(&out, &fail));
        INVARIANT(json_parse(parser, base_buf_view(&out), &root, &fail));
        INVARIANT(json_member(root, STR("definition"), &definition));
        INVARIANT(json_member(root, STR("missing"), &missing));
        struct base_buf text = {0};
        struct json_writer d = {.out = &text};
        json_write_value(&d, definition);
        struct str kept = str_copy(arena, base_buf_view(&text));
        base_buf_done(&text);
        struct intake_hook *hook;
        INVARIANT(json_count(missing) > 0 || intake_hook_compile(kept, NULL, arena, &hook, &fail));
        try_decode(kept, body, source, arena);
        INVARIANT(intake_hook_shape(body, &s, &fail) && base_buf_ok(&shape, &fail));
    }
    json_parser_free(parser);
    base_buf_done(&out);
    base_buf_done(&shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct intake_source source = {.name = STR("fuzz"),
                                         .received_at_ms = INT64_C(1777627800000)};
    struct str rest = str_of((const char *)data, size), definition = STR("");
    struct arena *arena = arena_new(NULL);
    if (size > 0 && str_next_part(&rest, '\n', &definition) && rest.data != NULL) {
        try_decode(definition, rest, &source, arena);
        try_suggest(rest, &source, arena);
    }
    arena_free(arena);
    return 0;
}
