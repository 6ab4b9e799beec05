/* query_cursor.h — where a page of customers ended, as text.
 *
 * What: the sort, the sort key and the id of the last customer, in hex. The next page begins after it.
 * Owner: the arena.   Threads: values.   Failure: false for a text that is no cursor.
 * Limits/cost: keys are cut to QUERY_SORT_KEY_BYTES_MAX.   Units: bytes.
 * Example: struct str cursor = query_cursor_encode(arena, sort_hash, &after);
 * Not here: lists (query_list.c).
 */
#pragma once

#include "query_plan.h"

#define QUERY_SORT_KEY_BYTES_MAX 1024

struct str query_cursor_encode(struct arena *arena, uint64_t sort_hash,
                               const struct query_after *after);
bool query_cursor_decode(struct arena *arena, struct str text, uint64_t *out_sort_hash,
                         struct query_after *out);
