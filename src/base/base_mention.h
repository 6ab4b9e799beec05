/* base_mention.h — does a text speak of one of these words?
 *
 * What: a set of words (identifiers, addresses) and a search for any of them in bytes of any kind: as they stand, with
 *   JSON's and percent escapes undone, and inside of base64. A word counts only where it stands for itself: "ann" is
 *   not in "joanna", nor in "ann@example.org". Words of fewer than BASE_MENTION_ALONE bytes count only where they are a
 *   whole quoted string or a whole cell of a table, since they stand in anything. Addresses are compared without
 *   regard to case (A to Z).
 * Owner: base_mention_new/base_mention_free; words are copied.   Threads: immutable after it was made.
 * Failure: FAIL_LIMIT over BASE_MENTION_WORDS_MAX.   Limits/cost: some ns a byte of text, however many words.
 * Units: bytes.
 * Example: if (base_mention_in(mention, row.raw)) ...
 * Not here: searching customers' words by meaning (text).
 */
#pragma once

#include "base_buf.h"

#define BASE_MENTION_WORDS_MAX 1000000U
#define BASE_MENTION_ALONE 4U

struct base_mention;
bool base_mention_new(const struct str *words, size_t count, struct base_mention **out,
                      struct fail *fail) MUST_USE;
void base_mention_free(struct base_mention *mention); /* accepts NULL */
bool base_mention_in(const struct base_mention *mention, struct str text);
/* Appends the text with `instead` in the place of each word that stands in it plainly; says how many. */
size_t base_mention_replace(const struct base_mention *mention, struct str text, struct str instead,
                            struct base_buf *out);
