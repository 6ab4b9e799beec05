/* base_str.h — borrowed text: a pointer and a length.
 *
 * What: struct str views bytes that someone else owns; it is not terminated and may hold NULs.
 *   Everything compares by bytes, never by locale.
 * Owner: whoever owns the bytes; str_copy puts them into an arena.   Threads: values, safe.
 * Failure: parsers return false and leave *out alone.   Limits/cost: as memcmp.   Units: bytes.
 * Example: if (str_is(name, "batch")) ...   printf("%.*s", STR_ARG(name));
 * Not here: growing (base_buf.h), Unicode folding (query).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base_mem.h"

struct str {
    const char *data; /* may be NULL when len is 0 */
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_ARG(s) (int)((s).len), ((s).data == NULL ? "" : (s).data)

static inline struct str str_of(const char *data, size_t len)
{
    return (struct str){data, len};
}

static inline struct str str_from_c(const char *text)
{
    return (struct str){text, text == NULL ? 0 : strlen(text)};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool str_is(struct str a, const char *literal)
{
    return str_equal(a, str_from_c(literal));
}

static inline bool str_starts(struct str a, struct str prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.data, prefix.data, prefix.len) == 0);
}

static inline bool str_starts_c(struct str a, const char *prefix)
{
    return str_starts(a, str_from_c(prefix));
}

static inline bool str_ends(struct str a, struct str suffix)
{
    return a.len >= suffix.len &&
           (suffix.len == 0 || memcmp(a.data + a.len - suffix.len, suffix.data, suffix.len) == 0);
}

static inline struct str str_after(struct str a, size_t from)
{
    return from >= a.len ? (struct str){a.data, 0} : (struct str){a.data + from, a.len - from};
}

/* Byte order; a prefix comes before what it begins. */
int str_compare(struct str a, struct str b);
/* Position of `byte`, or a.len. */
size_t str_find_byte(struct str a, char byte);
/* Position of `needle`, or a.len (also for an empty haystack; an empty needle is found at 0). */
size_t str_find(struct str a, struct str needle);
/* Without ASCII spaces, tabs, CR and LF at both ends. */
struct str str_trim(struct str a);
/* Cuts `rest` at the first `separator`: the part before is returned, *rest becomes what follows;
   false when *rest was already used up (data NULL). */
bool str_next_part(struct str *rest, char separator, struct str *out);
struct str str_copy(struct arena *arena, struct str a);
/* NUL-terminated copy for calls into C libraries; inner NULs stay. */
char *str_copy_c(struct arena *arena, struct str a);
/* printf into an arena. */
struct str str_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
bool str_is_utf8(struct str a);
/* Bytes of the UTF-8 character that begins a not empty text; or, with *out_valid false, of what a
   reader replaces by one U+FFFD (the longest beginning of a character, at least a byte). */
size_t str_utf8_step(struct str a, bool *out_valid);
/* Whole numbers: optional minus, digits, nothing else; false when out of range. */
bool str_parse_i64(struct str a, int64_t *out);
bool str_parse_u64(struct str a, uint64_t *out);
/* A decimal number as JSON or CSV writes it ("1", "-0.5", "1e3", "+2", ".5"); no inf, nan or hex. */
bool str_parse_double(struct str a, double *out);
/* The candidate nearest to `name` by edits, for "did you mean"; NULL where none is close enough
   (more than a third of the letters differ). */
const char *str_nearest(struct str name, const char *const *candidates, size_t count);
/* "https://shop.example", "http://localhost:8080": scheme and host in lower case, a port where it is not the usual one,
   no path; at most STR_ORIGIN_BYTES_MAX. */
#define STR_ORIGIN_BYTES_MAX 300
bool str_is_origin(struct str text);
/* As str_nearest over views; index or SIZE_MAX. */
size_t str_nearest_of(struct str name, const struct str *candidates, size_t count);
