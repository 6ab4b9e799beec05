/* store_whole.h — whole events out of columns: what timelines and walks have in common.
 *
 * What: the columns that hold all there is to know of a row, and the events made of a batch that was scanned
 *   with them. Fields of an event come by name in byte order, so that it looks the same wherever it lies.
 * Owner: events and their bytes lie in the arena given.   Threads: one.
 * Failure: FAIL_LIMIT, FAIL_NO_MEMORY.   Limits/cost: linear in the values.   Units: *_ms UTC.
 * Example: store_timeline.c.   Not here: which rows (store_timeline.c, store_walk.c).
 */
#pragma once

#include "store_read.h"
#include "store_words.h"

/* The rows' own columns, in the order in which they are asked for. */
enum {
    STORE_WHOLE_SOURCE,
    STORE_WHOLE_CHANNEL,
    STORE_WHOLE_SCALE,
    STORE_WHOLE_SCORE,
    STORE_WHOLE_TEXT,
    STORE_WHOLE_MESSAGE_ID,
    STORE_WHOLE_RECEIVED_AT,
    STORE_WHOLE_CLIENT_TS,
    STORE_WHOLE_SENT_AT,
    STORE_WHOLE_ARRIVAL,
    STORE_WHOLE_ORIGINAL,
    STORE_WHOLE_OWN_COUNT,
};
struct store_whole_columns {
    struct store_read_column *columns;
    size_t count, property_first, trait_first;
};
/* All columns that the names allow for. */
bool store_whole_columns(const struct store_sources *sources, struct arena *arena,
                         struct store_whole_columns *out, struct fail *fail) MUST_USE;

struct store_whole {
    const struct store_sources *sources;
    const struct store_rows *rows; /* scanned with store_whole_columns */
    uint32_t first, count;         /* rows of the batch to give */
    struct arena *arena;
    struct store_words *words;      /* of a scan that leaves them in their heaps; else NULL */
    struct store_timeline_row *out; /* `count` of them */
};
bool store_whole_make(const struct store_whole *m, const struct store_whole_columns *all,
                      struct fail *fail) MUST_USE;

/* Columns that hold anything, by name in byte order. */
struct store_whole_name {
    struct str name;
    const struct store_column *column;
};
bool store_whole_names(const struct store_whole *m, size_t first, size_t end,
                       enum store_family family, struct store_whole_name **out, size_t *out_count,
                       struct fail *fail) MUST_USE;
/* A string's bytes are copied into the arena. */
bool store_whole_copy(struct arena *arena, struct store_value value, struct store_value *out,
                      struct fail *fail) MUST_USE;
/* How many rows from `first` on, `most` at most, have not more than STORE_WHOLE_BYTES of strings together; at least one. */
#define STORE_WHOLE_BYTES ((size_t)8 << 20)
bool store_whole_fit(const struct store_rows *rows, size_t column_count, uint32_t first,
                     uint32_t most, struct arena *arena, uint32_t *out, struct fail *fail) MUST_USE;
