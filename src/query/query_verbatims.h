/* query_verbatims.h — the plan of a question for verbatims.
 *
 * What: the customers' own events with words in the range, narrowed by conditions, segment and a search.
 * Owner: the plan's arena.   Threads: immutable.   Failure: none.
 * Limits/cost: a page of QUERY_LIMIT_MAX.   Units: *_ms.
 * Example: query_verbatims.c.   Not here: order and reading of a page (query_said.h).
 */
#pragma once

#include "query_said.h"

enum verbatims_sort { VERBATIMS_BY_TIME, VERBATIMS_BY_SCORE, VERBATIMS_BY_RELEVANCE };
struct verbatims_body {
    uint32_t matcher;
    struct query_name text; /* with a search the text itself, else whether there is one */
    struct query_name score, arrival;
    const void *search; /* NULL: none */
    uint32_t terms;
    enum verbatims_sort sort;
    struct query_said_order order;
    bool by_id;
    uint64_t id; /* the arrival */
    size_t limit;
    uint64_t sort_hash; /* a cursor must bear the same */
    bool has_after;
    struct query_said after; /* where the page before ended */
};

struct query_parser;
bool verbatims_parse(struct query_parser *parser, struct json_value root,
                     struct fail *fail) MUST_USE;
struct str verbatims_cursor(struct arena *arena, const struct verbatims_body *body,
                            const struct query_said *last);
