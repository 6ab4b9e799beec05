/* query_fold.h — Unicode simple case folding, for `contains` and search.
 *
 * What: folds code point by code point (CaseFolding.txt, status C and S), so that a text never grows by
 *   characters and folding a part is part of folding the whole.
 * Owner: the caller's buffer.   Threads: safe.   Failure: kept in the buffer (base_buf_ok).
 * Limits/cost: ASCII bytes are a table-free loop; others a look-up each.   Units: bytes of UTF-8.
 * Example: query_fold(STR("Straße"), &buf)
 * Not here: full folding (ß as ss), normalisation, languages.
 */
#pragma once

#include "base_buf.h"

uint32_t query_fold_point(uint32_t point);
/* Appends the folded text. */
void query_fold(struct str text, struct base_buf *out);
/* Does `text`, folded, hold `folded`? `scratch` is overwritten. False too when scratch ran full. */
bool query_fold_contains(struct str text, struct str folded, struct base_buf *scratch);
