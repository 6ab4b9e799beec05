/* intake_window.h — the stretch of a stream that is being looked at.
 *
 * What: reads, inflates where the bytes begin as gzip, and keeps what was not skipped yet in one piece.
 * Owner: intake_window_done.   Threads: one at a time.
 * Failure: what the reader says; FAIL_INPUT for damaged gzip and for UTF-16; FAIL_LIMIT when a record
 *   does not fit into the window.
 * Limits/cost: INTAKE_WINDOW_BYTES_MAX; text moves to the front when the window is filled up.
 * Units: bytes.   Example: see intake_import.c.   Not here: where records end.
 */
#pragma once

#include "intake_gzip.h"
#include "intake_import.h"

#define INTAKE_WINDOW_BYTES_MAX ((size_t)16 << 20)

struct intake_window {
    struct intake_reader reader;
    struct intake_gzip *gzip; /* NULL: not compressed */
    char *raw;                /* read and not inflated yet */
    size_t raw_at, raw_len;
    bool raw_end;
    char *data;
    size_t at, len, capacity;
    bool end; /* nothing comes after data[len] */
    uint64_t bytes_read;
};

/* Reads the beginning: gzip or not, without the byte-order mark. */
bool intake_window_init(struct intake_window *window, const struct intake_reader *reader,
                        struct fail *fail) MUST_USE;
void intake_window_done(struct intake_window *window); /* accepts zeroed */

/* What lies before us; valid until intake_window_more. */
static inline struct str intake_window_text(const struct intake_window *window)
{
    return str_of(window->data + window->at, window->len - window->at);
}
static inline void intake_window_skip(struct intake_window *window, size_t bytes)
{
    window->at += bytes;
}
/* Makes the text longer, or sets `end`. */
bool intake_window_more(struct intake_window *window, struct fail *fail) MUST_USE;
