/* query_regex.h — patterns of `matches`, in linear time.
 *
 * What: a C face over RE2, the only file that knows it. A pattern is found anywhere unless anchored.
 * Owner: query_regex_free.   Threads: one pattern may be matched by many at once.
 * Failure: FAIL_INPUT with the reason for a pattern that is none, or whose program is too large.
 * Limits/cost: QUERY_REGEX_MEMORY_BYTES for program and automaton; linear in the text.   Units: bytes.
 * Example: if (!query_regex_new(STR("^late"), &regex, fail)) ...
 * Not here: where it is applied (query_condition.c).
 */
#pragma once

#include "base_str.h"

#define QUERY_REGEX_MEMORY_BYTES (4 << 20)
#define QUERY_REGEX_PATTERN_BYTES_MAX 4096

#ifdef __cplusplus
extern "C" {
#endif

struct query_regex;
bool query_regex_new(struct str pattern, struct query_regex **out, struct fail *fail) MUST_USE;
void query_regex_free(struct query_regex *regex); /* accepts NULL */
bool query_regex_matches(const struct query_regex *regex, struct str text);

#ifdef __cplusplus
}
#endif
