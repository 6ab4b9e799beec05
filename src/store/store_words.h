/* store_words.h — strings that were left in their heaps, looked at one after the other.
 *
 * What: what writes rows anew or walks over them must not hold all their words: a block of 65,536 rows may have gigabytes.
 *   It scans with store_scan_leave_words, is given places in place of bytes (store_codec.h), and comes here for the bytes
 *   of one string when it needs them. Of each segment one page of a heap is held at a time.
 * Owner: the embedding struct; store_words_done.   Threads: one.
 * Failure: FAIL_CORRUPT naming file, block and column.
 * Limits/cost: a page of each segment (64 KiB, or one longer string), kept until another is wanted. Places that ascend
 *   within a segment unpack each page once; each step back into another page unpacks one again.
 * Units: bytes.   Example: none, internal.   Not here: leaving them (store_codec_heap.c).
 */
#pragma once

#include "store_segment.h"

struct store_words {
    struct store_segment *const *segments; /* those of the scan, in its order */
    size_t segment_count;
    enum store_segment_kind kind;
    uint32_t name;
    struct store_words_heap *heaps; /* by segment; NULL: none was looked at yet */
};
void store_words_init(struct store_words *words, struct store_segment *const *segments,
                      size_t segment_count);
void store_words_done(struct store_words *words); /* accepts zeroed */
/* From here on strings are those of this column. */
void store_words_begin(struct store_words *words, enum store_segment_kind kind, uint32_t name);
/* Of any string; one that was left lives until the next call. */
bool store_words_get(struct store_words *words, struct store_value value, struct str *out,
                     struct fail *fail) MUST_USE;
