/* base_time_internal.h — what the files on time and zones share; never included from outside base.
 *
 * What: division that rounds down, and a cursor that reads the small pieces of written times.
 * Owner: the caller.   Threads: safe.   Failure: false; the cursor may then stand anywhere.
 * Limits/cost: none.   Units: seconds, unless the name says ms.
 * Example: struct time_cursor c = time_cursor_of(text); if (!time_read_number(&c, 1, 2, &day)) ...
 * Not here: whole forms (base_time.c, base_time_parse.c).
 */
#pragma once

#include "base_time.h"

#define TIME_S_A_DAY ((int64_t)86400)
#define TIME_MS_A_DAY ((int64_t)86400000)
/* 0001-01-01T00:00:00Z, and 10000-01-01T00:00:00Z, which is no longer an instant we take. */
#define TIME_MS_FIRST ((int64_t)-62135596800000)
#define TIME_MS_END ((int64_t)253402300800000)

static inline int64_t time_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* From 0 to b - 1. */
static inline int64_t time_floor_mod(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

struct time_cursor {
    const char *at;
    const char *end;
};

static inline struct time_cursor time_cursor_of(struct str text)
{
    const char *from = text.data == NULL ? "" : text.data;
    return (struct time_cursor){from, from + text.len};
}

static inline bool time_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool time_read_char(struct time_cursor *cursor, char wanted)
{
    if (cursor->at == cursor->end || *cursor->at != wanted) {
        return false;
    }
    cursor->at++;
    return true;
}

/* Between `least` and `most` (at most 9) digits, as many as there are. */
bool time_read_number(struct time_cursor *cursor, int least, int most, int *out);
/* At least one digit of a fraction; what is finer than a millisecond is cut. */
bool time_read_fraction(struct time_cursor *cursor, int *out_ms);
/* "Z", "z", "+02:00"; with `loose` also "+0200" and "+02". */
bool time_read_offset(struct time_cursor *cursor, bool loose, int *out_offset_s);
/* Turns a reading with a second :60 into the next one; false for what is no date or clock. */
bool time_settle(struct civil *civil);
/* The instant of a settled reading at an offset; false outside the years 0001 to 9999. */
bool time_instant_at(const struct civil *civil, int offset_s, int64_t *out_ms);
