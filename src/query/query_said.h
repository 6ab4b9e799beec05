/* query_said.h — verbatims as they are listed: which stand first, and reading those of one page.
 *
 * What: a pass finds events with words and offers them to a page, which keeps the first `limit` in order, as
 *   numbers only; the page is then written by reading those rows, and no others, once more.
 * Owner: a page's list lies in the arena it was made in.   Threads: a page belongs to one worker.
 * Failure: FAIL_LIMIT and as store_scan.h.
 * Limits/cost: an offer is a comparison, mostly; writing reads the page's customers between its first and
 *   last time. A text longer than QUERY_SAID_BYTES_MAX is cut, unless it is asked for alone.
 * Units: *_ms, bytes; marks in UTF-16 code units.
 * Example: query_verbatims.c.   Not here: who said something of interest.
 */
#pragma once

#include "query_exec.h"

#define QUERY_SAID_BYTES_MAX ((size_t)16384)
#define QUERY_SAID_MARKS_MAX 50

struct query_said {
    uint32_t customer;
    bool last_class; /* has nothing to sort by: after all others, in both directions */
    struct store_value key;
    int64_t ts_ms;
    uint64_t arrival;
};
/* By key, ties the newest first; or, `by_time`, by time alone, which is unique with arrival. */
struct query_said_order {
    bool by_time;
    bool descending;
};
int query_said_compare(const struct query_said_order *order, const struct query_said *a,
                       const struct query_said *b);

struct query_said_page {
    struct query_said_order order;
    struct query_said *list; /* a heap, the last of the page on top, until it is sorted */
    size_t count, limit;
};
bool query_said_page_init(struct query_said_page *page, const struct query_said_order *order,
                          size_t limit, struct arena *arena, struct fail *fail) MUST_USE;
void query_said_offer(struct query_said_page *page, const struct query_said *said);
void query_said_sort(struct query_said_page *page);

struct query_said_form {
    const void *search; /* marks its words; NULL: none */
    bool whole;         /* nothing is cut */
    bool with_relevance;
    bool with_people; /* "people" follows: id and traits of each who speaks */
};
/* Writes "verbatims", of a sorted page. */
bool query_said_write(struct query_exec *exec, const struct query_said_page *page,
                      const struct query_said_form *form, struct json_writer *w,
                      struct fail *fail) MUST_USE;
