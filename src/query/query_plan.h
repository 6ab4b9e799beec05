/* query_plan.h — what a question has become: names resolved to columns, matchers, segment, kind.
 *
 * What: the structs that parsing fills and running reads. A plan names columns, events and customers by
 *   strings only: binding to the codes of one snapshot is the engine's (query_exec.h).
 * Owner: everything lies in the arena of the parse.   Threads: immutable after parsing.
 * Failure: none.   Limits/cost: QUERY_*_MAX.   Units: *_ms.
 * Example: see query_parse.c.   Not here: how kinds run (query_exec.h).
 */
#pragma once

#include "query.h"
#include "query_set.h"

#define QUERY_MATCHERS_MAX 64 /* bits of a row's mask */
#define QUERY_NO_COLUMN UINT32_MAX

/* ---- names: where the values of a condition, breakdown or measure come from ---- */

enum query_from {
    QUERY_FROM_NOTHING, /* theme, sentiment: known names without data yet */
    QUERY_FROM_ROW_COLUMN,
    QUERY_FROM_EVENT,
    QUERY_FROM_TS,
    QUERY_FROM_PAST, /* a trait as it was right after the event */
    /* From here on by customer, the same for all of its rows. */
    QUERY_FROM_TRAIT_COLUMN,
    QUERY_FROM_CUSTOMER_ID,
    QUERY_FROM_CUSTOMER_KNOWN,
    QUERY_FROM_FIRST_SEEN,
    QUERY_FROM_LAST_SEEN,
    QUERY_FROM_EVENT_COUNT,
};
struct query_name {
    enum query_from from;
    uint32_t column; /* index into the plan's columns; of QUERY_FROM_PAST: into its past traits */
};
/* A trait as it was at an event: the columns of what was sent, of itself and of the names above it, whose removal
   removes it ("address" of "address.city"). */
struct query_past {
    uint32_t column;
    const uint32_t *above;
    uint32_t above_count;
};
static inline bool query_name_is_of_customer(struct query_name name)
{
    return name.from >= QUERY_FROM_TRAIT_COLUMN;
}

/* ---- conditions ---- */

enum query_operator {
    QUERY_EQUAL,
    QUERY_ABOVE,
    QUERY_AT_LEAST,
    QUERY_BELOW,
    QUERY_AT_MOST,
    QUERY_IN,
    QUERY_CONTAINS,
    QUERY_STARTS_WITH,
    QUERY_MATCHES,
    QUERY_IS_SET,
};
struct base_regex;
struct query_leaf {
    struct query_name name;
    enum query_operator op;
    bool negated; /* "!=", "not in", "not set" */
    bool is_instant;
    int64_t instant_ms;       /* of `value`, where it is one */
    struct store_value value; /* the operand; of CONTAINS folded */
    struct query_set set;     /* of IN */
    struct base_regex *regex;
};
/* Holds if any leaf does. */
struct query_clause {
    struct query_leaf *leaves;
    uint32_t count;
};
/* Holds if all clauses do. */
struct query_where {
    struct query_clause *clauses;
    uint32_t count;
};

/* ---- matchers: numbered, so that a row carries one bit for each ---- */

enum query_bearing { QUERY_BEARS_ANYTHING, QUERY_BEARS_TEXT, QUERY_BEARS_SCORE };
struct query_matcher {
    bool every_own; /* "*": all events but the seven */
    struct str *events;
    uint32_t event_count;
    struct query_where where;
    struct str label;
    enum query_bearing bears; /* beside the conditions: only such rows can fit */
    bool quiet;               /* not the question's own words: an unseen event is no warning */
};

/* ---- segments ---- */

enum query_predicate {
    QUERY_ALL,
    QUERY_ANY,
    QUERY_NOT, /* of its one child */
    QUERY_DID,
    QUERY_SEQUENCE,
    QUERY_TRAIT,
    QUERY_FIRST_SEEN,
    QUERY_SAID,
    QUERY_SCORED,
};
enum query_which { QUERY_LATEST, QUERY_FIRST, QUERY_ANY_OF_THEM };
enum query_aggregate {
    QUERY_AGGREGATE_COUNT,
    QUERY_AGGREGATE_SUM,
    QUERY_AGGREGATE_AVG,
    QUERY_AGGREGATE_MIN,
    QUERY_AGGREGATE_MAX,
};
/* `value` op operand, for numbers. */
struct query_comparison {
    enum query_operator op; /* EQUAL, ABOVE, AT_LEAST, BELOW, AT_MOST */
    bool negated;
    struct store_value value;
};
struct query_segment {
    enum query_predicate predicate;
    struct query_segment **children;
    uint32_t child_count;
    /* DID, SEQUENCE, SAID, SCORED */
    uint32_t matcher; /* of SEQUENCE the first step's; the others follow it */
    int64_t since_ms; /* rows from here to now, both included */
    /* SEQUENCE */
    uint32_t step_count;
    int64_t window_ms;
    /* SAID */
    const void *search; /* NULL: anything at all */
    /* SAID: the texts. SCORED: the scores, compared with `times` */
    struct query_name of;
    enum query_which which;
    /* DID */
    enum query_aggregate aggregate;
    struct query_name aggregate_of;
    struct query_comparison times;
    /* TRAIT */
    struct query_clause clause;
    uint32_t trait_index; /* numbers the trait predicates of a plan */
    /* FIRST_SEEN */
    struct query_comparison days; /* days since 1970 of the local date */
};

/* ---- common parts ---- */

enum query_range_form {
    QUERY_RANGE_UNITS,    /* last N units */
    QUERY_RANGE_DATES,    /* both ends are dates */
    QUERY_RANGE_INSTANTS, /* at least one end is an instant */
};
struct query_range {
    int64_t from_ms, to_ms;
    enum query_range_form form;
    enum interval unit;
    int64_t units;
    int64_t from_day, to_day; /* of dates, as in the question */
};

struct query_breakdown {
    struct query_name name;
    const struct store_value *edges; /* bins; edge_count 0: none */
    uint32_t edge_count;
    const struct str *bins; /* edge_count + 1 names, in order */
    size_t limit;
};

enum query_sort_by {
    QUERY_SORT_ID,
    QUERY_SORT_KNOWN,
    QUERY_SORT_FIRST_SEEN,
    QUERY_SORT_LAST_SEEN,
    QUERY_SORT_EVENTS,
    QUERY_SORT_TRAIT,
    QUERY_SORT_VALUE,
};
struct query_sort {
    enum query_sort_by by;
    uint32_t column; /* of a trait */
    bool descending;
};
/* Where the page before ended. */
struct query_after {
    bool given;
    bool last_class; /* stood among those without a value */
    struct store_value key;
    struct str id;
};
struct query_list {
    struct query_sort sort;
    size_t limit;
    uint64_t sort_hash; /* a cursor must bear the same */
    struct query_after after;
};

/* What becomes of customers whom the organisation's own rule calls internal. */
enum query_internal { QUERY_INTERNAL_LEFT_OUT, QUERY_INTERNAL_INCLUDED, QUERY_INTERNAL_ONLY };

struct query_kind;
struct query_plan {
    const struct query_kind *kind;
    const struct zone *zone;
    const struct query_text *text;
    struct query_renames renames;
    enum query_internal internal;
    bool has_internal; /* there is such a rule; it is part of `segment` */
    int64_t now_ms;
    bool has_as_of;
    bool is_open;
    bool per_account; /* accounts are counted, not customers */
    bool wants_facts; /* first and last seen, numbers of events */
    struct query_range range;
    struct store_column_ref *columns;
    size_t column_count;
    bool *column_quiet; /* by column: not named in the question, so never seen is no warning */
    struct query_past *pasts;
    size_t past_count;
    struct query_matcher *matchers; /* QUERY_MATCHERS_MAX */
    uint32_t matcher_count;
    struct query_segment *segment; /* NULL: everybody */
    uint32_t trait_predicates;
    const struct query_breakdown *breakdown; /* NULL: none */
    struct query_list list;                  /* of `customers` and of `open` */
    const struct str *open_group;            /* NULL: all */
    const struct store_value *open_was;      /* the number as it was shown; NULL: not told */
    struct str *warnings;                    /* members without effect */
    size_t warning_count;
    const void *body; /* the kind's own */
    /* With "compare": the same question of the range to compare with; opening in that one: of the asked range, where
       groups are ranked. */
    const struct query_plan *previous, *asked;
};

/* a + b, kept within the calendar's years. */
static inline int64_t query_ms_add(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return b < 0 ? INT64_MIN : INT64_MAX;
    }
    return sum;
}
