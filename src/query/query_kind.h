/* query_kind.h — the kinds of questions: one table entry each.
 *
 * What: how a kind is read and run. A further kind is one file for each, and a line in query_kinds.c.
 * Owner: static tables.   Threads: immutable.
 * Failure: as query.h.   Limits/cost: none.   Units: none.
 * Example: query_retention.c.   Not here: the engine (query_exec.h).
 */
#pragma once

#include "query_list.h"
#include "query_parse.h"

struct query_kind {
    const char *name;
    bool counts_no_customers; /* so that "per" is refused */
    /* NULL: a known kind that is not supported yet. */
    bool (*parse)(struct query_parser *parser, struct json_value root, struct fail *fail);
    /* Writes the members of the answer that are the kind's own. */
    bool (*run)(struct query_exec *exec, struct json_writer *w, struct fail *fail);
    /* For "open": says who belongs to the cell. NULL: there is nothing to open. */
    bool (*open)(struct query_exec *exec, struct query_list_job *job, struct fail *fail);
};
extern const struct query_kind query_kind_trend;
extern const struct query_kind query_kind_funnel;
extern const struct query_kind query_kind_retention;
extern const struct query_kind query_kind_lifecycle;
extern const struct query_kind query_kind_stickiness;
extern const struct query_kind query_kind_time_between;
extern const struct query_kind query_kind_customers;
extern const struct query_kind query_kind_verbatims;
extern const struct query_kind query_kind_score;
extern const struct query_kind query_kind_paths;

/* NULL where there is none of that name. */
const struct query_kind *query_kind_find(struct str name);
/* Names of all that are supported, for "did you mean". */
const char *const *query_kind_names(size_t *out_count);
