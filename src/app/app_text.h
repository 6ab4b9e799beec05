/* app_text.h — the full-text matcher as questions take it.
 *
 * What: the functions of `text` behind the struct that `query` asks for; the two do not know each other.
 * Owner: static.   Threads: safe.   Failure: as text_search.h.
 * Limits/cost: as text_search.h.   Units: marks in UTF-16 code units, relevance in millionths.
 * Example: env.text = app_text();   Not here: words (text), verbatims (query).
 */
#pragma once

#include "query.h"

const struct query_text *app_text(void);
