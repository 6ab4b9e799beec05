/* base_json_write.h — writing JSON and numbers, the same bytes for the same values always.
 *
 * What: a writer puts commas and checks nesting (INVARIANT) while values are appended to a buffer.
 *   Numbers are in shortest decimal form that reads back equal, as ECMAScript prints them (5, 0.1,
 *   1e+21): 5.0 is written 5. Not-a-number and infinities are written null.
 * Owner: the caller's buffer.   Threads: one at a time.
 * Failure: kept in the buffer (base_buf_ok).   Limits/cost: nesting at most 64.   Units: bytes.
 * Example: struct json_writer w = {.out = &buf}; json_begin_object(&w); json_name(&w, STR("n"));
 *          json_write_int(&w, 3); json_end_object(&w);
 * Not here: reading (base_json.h).
 */
#pragma once

#include "base_buf.h"
#include "base_json.h"

#define BASE_JSON_WRITE_DEPTH_MAX 64

struct json_writer {
    struct base_buf *out;
    int depth;
    bool need_comma;
    bool after_name;
    uint64_t object_bits; /* bit d: level d is an object */
};

void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_name(struct json_writer *w, struct str name);
void json_name_c(struct json_writer *w, const char *name);
/* Invalid UTF-8 is written as U+FFFD; control characters escaped; '<', '>', '&' and U+2028/9 are
   escaped too, so that an answer can stand inside a page. */
void json_write_str(struct json_writer *w, struct str text);
void json_write_c(struct json_writer *w, const char *text);
void json_write_int(struct json_writer *w, int64_t v);
void json_write_uint(struct json_writer *w, uint64_t v);
void json_write_double(struct json_writer *w, double v);
void json_write_bool(struct json_writer *w, bool v);
void json_write_null(struct json_writer *w);
/* RFC 3339 UTC with ms, as a string. */
void json_write_instant(struct json_writer *w, int64_t ts_ms);
/* JSON that is already written. */
void json_write_raw(struct json_writer *w, struct str json);
/* A parsed value, back again. */
void json_write_value(struct json_writer *w, struct json_value value);

/* Shortest form of a double into `out` (at least BASE_DOUBLE_CHARS); returns its length. */
#define BASE_DOUBLE_CHARS 32
size_t base_format_double(double v, char *out);
