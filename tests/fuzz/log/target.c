/* Access logs: as many items as lines, each with its promises kept. */
#include "../intake/intake_check.h"
#include "intake_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS INT64_C(1777627800000)

static void same(struct str secret, struct str text, char out[INTAKE_PSEUDONYM_BYTES])
{
    (void)secret;
    memset(out, 'a' + (int)(text.len % 26), INTAKE_PSEUDONYM_BYTES - 1);
    out[INTAKE_PSEUDONYM_BYTES - 1] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct intake_source source = {.name = STR("log"),
                                   .received_at_ms = NOW_MS,
                                   .pseudonym = same,
                                   .keep_address = true,
                                   .keep_user_agent = true};
    struct arena *arena = arena_new(NULL);
    struct str rest = str_of((const char *)data, size);
    const struct intake_import_options options = {
        .reader = intake_reader_of(&rest), .format = INTAKE_FORMAT_ACCESS_LOG, .source = &source};
    struct intake_import *import;
    struct intake_import_batch batch;
    struct fail fail;
    if (intake_import_open(&options, &import, &fail)) {
        while (intake_import_next(import, arena, 50, &batch, &fail) && batch.count > 0) {
            check_items(batch.items, batch.count, &source);
        }
        intake_import_close(import);
    }
    arena_free(arena);
    return 0;
}
