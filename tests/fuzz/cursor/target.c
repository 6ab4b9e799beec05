/* Where a page ended, as whoever asks for the next one sends it: what is taken lies within what was sent, and is written
 * as it came. */
#include "query_cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_after after;
    uint64_t sort;
    struct str text = str_of((const char *)data, size);
    if (query_cursor_decode(arena, text, &sort, &after)) {
        INVARIANT(after.given && after.key.kind != STORE_NULL);
        INVARIANT(after.key.kind != STORE_STRING || after.key.len <= size / 2);
        INVARIANT(after.id.len <= size / 2);
        INVARIANT(str_equal(query_cursor_encode(arena, sort, &after), text));
    }
    return 0;
}
