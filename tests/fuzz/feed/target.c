/* Feeds: RSS, Atom and JSON Feed, and what becomes of their items. */
#include "../intake/intake_check.h"
#include "intake_feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct intake_source source = {.name = STR("fuzz"),
                                         .received_at_ms = INT64_C(1777627800000)};
    struct intake_feed_settings settings = {.kind = INTAKE_FEED_REVIEW,
                                            .score = STR("im:rating"),
                                            .scale = STR("stars"),
                                            .identifier = STR("ext.fuzz")};
    struct str bytes = str_of((const char *)data, size);
    settings.score = str_starts_c(bytes, "{") ? STR("/_a/0/b") : settings.score;
    struct arena *arena = arena_new(NULL);
    struct intake_decoder *decoder = intake_decoder_new();
    struct intake_feed feed;
    struct intake_items got;
    struct fail fail;
    if (intake_feed_parse(bytes, &settings, arena, &feed, &fail)) {
        INVARIANT(feed.count <= INTAKE_FEED_ITEMS_MAX);
        INVARIANT(intake_feed_events(&feed, &settings, decoder, &source, arena, &got, &fail));
        INVARIANT(got.count == feed.count);
        check_items(got.items, got.count, &source);
    } else {
        INVARIANT(fail.code == FAIL_INPUT || fail.code == FAIL_LIMIT);
    }
    intake_decoder_free(decoder);
    arena_free(arena);
    return 0;
}
