/* query_compare.h — an answer of one range, and beside it that of the range to compare with.
 *
 * What: a kind writes the members of whichever range its plan is of. With "compare" there are two plans that differ
 *   in range and calendar alone: the kind is asked again with the other one, and shows there exactly what it
 *   shows of the asked range: the same groups, the same paths.
 * Owner: the exec's arena.   Threads: the caller's.   Failure: as the kind's writing.
 * Limits/cost: as asking twice.   Units: none.   Example: query_funnel.c.
 * Not here: which range that is (query_range.h), reading "compare" (query_parse_compare.c).
 */
#pragma once

#include "base_json_write.h"
#include "query_exec.h"

struct query_part {
    /* Writes the members of exec->plan's range, all but "partial". `shown`: what the asked range shows, as *out_shown
       gave it; NULL: this is the asked one. */
    bool (*write)(struct query_exec *exec, const void *shown, const void **out_shown,
                  struct json_writer *w, struct fail *fail);
    /* Writes "partial"; NULL: nothing ever is. */
    void (*partial)(const struct query_plan *plan, struct json_writer *w);
};
/* "range" of what is compared with: {"from", "to"}, the end not included. */
void query_part_range(struct json_writer *w, const struct query_plan *previous);
/* The members of the answer with "previous", if asked for, and "partial". */
bool query_part_write(struct query_exec *exec, const struct query_part *part, struct json_writer *w,
                      struct fail *fail) MUST_USE;
