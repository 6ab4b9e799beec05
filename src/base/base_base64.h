/* base_base64.h — standard base64 (RFC 4648), with padding: bytes inside of JSON.
 *
 * What: a text of bytes, and back.   Owner: the arena.   Threads: values.
 * Failure: FAIL_INPUT for what is no base64, FAIL_LIMIT of the arena.   Limits/cost: 4 bytes for 3.   Units: bytes.
 * Example: base_base64_encode(bytes, arena, &text, fail)
 * Not here: secrets' forms (access_seal.h), others' variants (base_mention.h).
 */
#pragma once

#include "base_str.h"

bool base_base64_encode(struct str bytes, struct arena *arena, struct str *out,
                        struct fail *fail) MUST_USE;
bool base_base64_decode(struct str text, struct arena *arena, struct str *out,
                        struct fail *fail) MUST_USE;
/* What a digit stands for, of the standard or the URL's alphabet; -1: it is none. For readers of others' variants. */
int base_base64_digit(char c);
