/* One message, and a file of them: whatever the bytes are, there is an item that keeps its promises. */
#include "../intake/intake_check.h"
#include "intake_import.h"
#include "intake_mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS INT64_C(1777627800000)

static void check_file(struct str text, const struct intake_source *source)
{
    struct arena *arena = arena_new(NULL);
    struct str rest = text;
    const struct intake_import_options options = {
        .reader = intake_reader_of(&rest), .format = INTAKE_FORMAT_MBOX, .source = source};
    struct intake_import *import;
    struct intake_import_batch batch;
    struct fail fail;
    if (intake_import_open(&options, &import, &fail)) {
        while (intake_import_next(import, arena, 50, &batch, &fail) && batch.count > 0) {
            check_items(batch.items, batch.count, source);
        }
        intake_import_close(import);
    }
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct intake_mail_settings settings = {
        .own_domains = {{"shop.example", 12}}, .own_domain_count = 1, .keep_text = true};
    struct intake_source source = {
        .name = STR("mail"), .received_at_ms = NOW_MS, .mail = &settings};
    struct str message = str_of((const char *)data, size);
    struct intake_decoder *decoder = intake_decoder_new();
    struct arena *arena = arena_new(NULL);
    struct store_item item;
    struct fail fail;
    INVARIANT(intake_mail_decode(decoder, message, &source, arena, &item, &fail));
    check_items(&item, 1, &source);
    arena_free(arena);
    intake_decoder_free(decoder);
    check_file(message, &source);
    return 0;
}
