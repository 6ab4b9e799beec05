/* Bodies as they come over HTTP. The first byte of an input chooses: 'g' a body as sent (gzip or not), read as
 * the own form; 't', 'i', 'p', 's', 'r' (group), 'a', 'b' Segment's routes; anything else the own form. */
#include "intake_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct intake_limits limits = {.body_bytes = (size_t)4 << 20, .events = 1000};

static void try_own(struct intake_decoder *decoder, struct str body,
                    const struct intake_source *source, struct arena *arena)
{
    struct intake_items got;
    struct fail fail;
    if (intake_own_decode(decoder, body, source, arena, &got, &fail)) {
        INVARIANT(got.count <= limits.events);
        check_items(got.items, got.count, source);
    } else {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
    }
}

static void try_segment(struct intake_decoder *decoder, char route, struct str body,
                        const struct intake_source *source, struct arena *arena)
{
    enum intake_segment_type type;
    struct intake_segment_request request;
    struct intake_items got;
    struct fail fail;
    char word = route == 'r' ? 'g' : route;
    INVARIANT(intake_segment_route(str_of(&word, 1), &type));
    if (!intake_segment_open(decoder, body, type, &limits, arena, &request, &fail)) {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
        return;
    }
    check_text(request.write_key, SIZE_MAX);
    INVARIANT(intake_segment_decode(decoder, &request, source, arena, &got, &fail));
    check_items(got.items, got.count, source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct intake_source source = {.name = STR("fuzz"),
                                         .received_at_ms = INT64_C(1777627800000),
                                         .limits = &limits,
                                         .keep_user_agent = true,
                                         .keep_address = (size & 1) != 0,
                                         .peer = STR("192.0.2.1")};
    struct str body = str_of((const char *)data + 1, size - 1);
    struct intake_decoder *decoder = intake_decoder_new();
    struct arena *arena = arena_new(NULL);
    struct fail fail;
    char choice = (char)data[0];
    if (choice == 'g') {
        if (intake_body_open(arena, body, &limits, &body, &fail)) {
            INVARIANT(body.len <= limits.body_bytes);
            try_own(decoder, body, &source, arena);
        }
    } else if (strchr("tipsrab", choice) != NULL && choice != '\0') {
        try_segment(decoder, choice, body, &source, arena);
    } else {
        try_own(decoder, body, &source, arena);
    }
    arena_free(arena);
    intake_decoder_free(decoder);
    return 0;
}
