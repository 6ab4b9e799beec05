/* base_regex.h — patterns, in linear time.
 *
 * What: a C face over RE2, the only file that knows it. A pattern is found anywhere unless anchored.
 * Owner: base_regex_free.   Threads: one pattern may be matched by many at once.
 * Failure: FAIL_INPUT with the reason for a pattern that is none, or whose program is too large.
 * Limits/cost: BASE_REGEX_MEMORY_BYTES for program and automaton; linear in the text.   Units: bytes.
 * Example: if (!base_regex_new(STR("^late"), &regex, fail)) ...
 * Not here: where it is applied (query: `matches`; intake: own patterns of masks).
 */
#pragma once

#include "base_str.h"

#define BASE_REGEX_MEMORY_BYTES (4 << 20)
#define BASE_REGEX_PATTERN_BYTES_MAX 4096

#ifdef __cplusplus
extern "C" {
#endif

struct base_regex;
bool base_regex_new(struct str pattern, struct base_regex **out, struct fail *fail) MUST_USE;
void base_regex_free(struct base_regex *regex); /* accepts NULL */
bool base_regex_matches(const struct base_regex *regex, struct str text);
/* The first match that lies in text[from, to); what stands around counts for \b, ^ and $ all the same. */
bool base_regex_find(const struct base_regex *regex, struct str text, size_t from, size_t to,
                     size_t *out_begin, size_t *out_end);

#ifdef __cplusplus
}
#endif
