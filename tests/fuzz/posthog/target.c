/* Bodies as PostHog's libraries send them, in every wrap, up to the items and the key that they name. */
#include "../intake/intake_check.h"
#include "intake_posthog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct intake_limits limits = {.body_bytes = (size_t)4 << 20, .events = 1000};
    const struct intake_source source = {.name = STR("fuzz"),
                                         .received_at_ms = INT64_C(1777627800000),
                                         .limits = &limits,
                                         .keep_user_agent = true,
                                         .keep_address = (size & 1) != 0,
                                         .peer = STR("192.0.2.1")};
    struct intake_decoder *decoder = intake_decoder_new();
    struct arena *arena = arena_new(NULL);
    struct intake_posthog_request request;
    struct intake_items got;
    struct fail fail;
    struct str body = str_of((const char *)data, size);
    if (intake_posthog_open(decoder, body, &limits, arena, &request, &fail)) {
        check_text(request.key, SIZE_MAX);
        INVARIANT(intake_posthog_decode(decoder, &request, &source, arena, &got, &fail));
        INVARIANT(got.count <= limits.events);
        check_items(got.items, got.count, &source);
    } else {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
    }
    arena_free(arena);
    intake_decoder_free(decoder);
    return 0;
}
