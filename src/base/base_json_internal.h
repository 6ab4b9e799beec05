/* base_json_internal.h — what the files of the JSON reader share.
 *
 * What: a slow, exact look at text that the parser refused, to say what is wrong where; and the
 *   tokens of numbers.
 * Owner: views of the text.   Threads: safe.   Failure: the point of it.
 * Limits/cost: one pass, no memory.   Units: bytes.
 * Example: if (!json_check(text, fail)) return false;
 * Not here: parsing (base_json.cc).
 */
#pragma once

#include "base_json.h"

#define JSON_BOM "\xEF\xBB\xBF"

/* Strict RFC 8259 over valid UTF-8, with BASE_JSON_DEPTH_MAX: false with what was wrong and the byte
   offset. Numbers are looked at for their form, not their size. A BOM at the start is skipped. */
bool json_check(struct str text, struct fail *fail) MUST_USE;

/* The next run of number characters outside strings at or after *at, in text whose strings are
   closed; moves *at behind it. False at the end. */
bool json_next_number(struct str text, size_t *at, struct str *out);
