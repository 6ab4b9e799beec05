/* query_parse.h — the parts of parsing that kinds share.
 *
 * What: one parser per question fills one plan. Each part reads one construct of the contract's section 4
 *   or 5; kinds (query_trend_parse.c ...) put them together.
 * Owner: all results lie in the arena; strings are copied.   Threads: one.
 * Failure: FAIL_INPUT at the place; FAIL_LIMIT for memory.   Limits/cost: QUERY_*_MAX.
 * Units: *_ms.   Example: query_retention_parse.c.
 * Not here: reading members (query_read.h), running.
 */
#pragma once

#include "query_range.h"
#include "query_read.h"

/* The scales of scores: nps, csat, ces, stars. */
#define QUERY_METRICS 4
extern const char *const query_metrics[QUERY_METRICS];

struct query_saved { /* the saved segments being resolved, innermost first */
    const struct query_saved *up;
    struct str name;
};
struct query_parser {
    const struct query_env *env;
    struct arena *arena;
    struct query_plan *plan;
    void *body; /* the kind's own, of the range that is being read */
    size_t body_bytes;
    struct {        /* the range that the plan is not of, where there are two */
        void *body; /* NULL: the question compares nothing */
        struct query_range range;
    } other;
    bool opens_previous; /* `other` is the asked one */
    uint32_t conditions;
    uint32_t segment_depth;
    size_t column_capacity;
    size_t warning_capacity;
    size_t past_capacity;
    const struct query_saved *saved;
    bool finds_one; /* somebody is looked for by name: internal customers are found too */
};

/* With an empty plan in the arena. */
bool query_parser_init(struct query_parser *parser, const struct query_env *env,
                       struct arena *arena, struct fail *fail) MUST_USE;

/* The members that every kind takes; a kind's own follow them in its array. */
enum query_common {
    QUERY_KIND,
    QUERY_AS_OF,
    QUERY_RANGE,
    QUERY_TIMEZONE,
    QUERY_SEGMENT,
    QUERY_PER,
    QUERY_INTERNAL,
    QUERY_COMMON_COUNT,
};
/* Reads the question's object: `members` holds QUERY_COMMON_COUNT + own_count. Then as_of, timezone and
   range, so that the rest may use them. */
bool query_parse_common(struct query_parser *parser, struct json_value root, const char *const *own,
                        size_t own_count, struct query_member *members, struct fail *fail) MUST_USE;
/* After the kind's own members, so that warnings come in this order. */
bool query_parse_common_segment(struct query_parser *parser, const struct query_member *members,
                                struct fail *fail) MUST_USE;

/* "internal": joins the organisation's rule to the segment. */
bool query_parse_internal(struct query_parser *parser, const struct query_member *member,
                          enum query_internal otherwise, struct fail *fail) MUST_USE;

/* A line of the answer's `warnings`. */
bool query_parse_warn(struct query_parser *parser, struct fail *fail, const char *format, ...)
    PRINTF_LIKE(3, 4);

bool query_parse_timezone(struct query_parser *parser, const struct query_member *member,
                          struct fail *fail) MUST_USE;
bool query_parse_range(struct query_parser *parser, const struct query_member *member,
                       struct fail *fail) MUST_USE;
/* `otherwise` where the member is not there. */
bool query_parse_interval(const struct query_member *member, enum interval otherwise,
                          enum interval *out, struct fail *fail) MUST_USE;
/* All intervals that the plan's range touches. */
bool query_parse_intervals(struct query_parser *parser, enum interval interval,
                           const struct query_range *range, struct zone_intervals *out,
                           struct fail *fail) MUST_USE;

/* A name as in conditions; QUERY_FROM_* of the customer in `trait` predicates (without "customer."). */
bool query_parse_name(struct query_parser *parser, struct str text, const struct query_path *path,
                      struct query_name *out, struct fail *fail) MUST_USE;
bool query_parse_customer_name(struct query_parser *parser, struct str text,
                               const struct query_path *path, struct query_name *out,
                               struct fail *fail) MUST_USE;
bool query_parse_where(struct query_parser *parser, const struct query_member *member,
                       const struct query_path *path, struct query_where *out,
                       struct fail *fail) MUST_USE;
/* One condition whose name is the customer's, without "customer.". */
bool query_parse_trait_condition(struct query_parser *parser, struct json_value value,
                                 const struct query_path *path, struct query_clause *out,
                                 struct fail *fail) MUST_USE;
/* [op, value] with one of the six comparisons; the value is left to the caller to check. */
bool query_parse_comparison(struct query_parser *parser, struct json_value value,
                            const struct query_path *path, struct query_comparison *out,
                            struct json_value *out_operand, struct fail *fail) MUST_USE;

/* Members "event" and "where" of the object at `path`; gives the matcher's number. */
bool query_parse_matcher(struct query_parser *parser, const struct query_path *path,
                         const struct query_member *event, const struct query_member *where,
                         uint32_t *out, struct fail *fail) MUST_USE;
/* An object of a matcher alone. */
bool query_parse_matcher_object(struct query_parser *parser, struct json_value value,
                                const struct query_path *path, uint32_t *out,
                                struct fail *fail) MUST_USE;

/* "event" and "where" beside "kind": an event left out is "*". */
bool query_parse_matcher_beside(struct query_parser *parser, const struct query_member *event,
                                const struct query_member *where, uint32_t *out,
                                struct fail *fail) MUST_USE;

bool query_parse_segment(struct query_parser *parser, struct json_value value,
                         const struct query_path *path, struct query_segment **out,
                         struct fail *fail) MUST_USE;

/* "breakdown" and "limit". */
bool query_parse_breakdown(struct query_parser *parser, const struct query_member *breakdown,
                           const struct query_member *limit, struct fail *fail) MUST_USE;

/* "sort", "limit" and "cursor" of a list of customers. */
bool query_parse_list(struct query_parser *parser, const struct query_path *path,
                      const struct query_member *sort, const struct query_member *limit,
                      const struct query_member *cursor, bool with_value,
                      struct fail *fail) MUST_USE;

/* A body for the kind to fill, zeroed: that of the plan. */
void *query_parse_body(struct query_parser *parser, size_t bytes);
/* "compare", after everything else but "open". A kind whose body has a calendar lays it over another range: into a
   copy of the body as it is. */
typedef bool query_lay(struct query_parser *parser, void *body, const struct query_range *range,
                       struct fail *fail);
bool query_parse_compare(struct query_parser *parser, const struct query_member *member,
                         query_lay *lay, struct fail *fail) MUST_USE;
/* "previous" of "open": from here on the range to compare with is the plan's, and its body parser->body. */
bool query_parse_open_previous(struct query_parser *parser, const struct query_member *member,
                               const struct query_path *path, struct fail *fail) MUST_USE;
/* Ties the two ranges together, once all is read. */
void query_parse_compared(struct query_parser *parser);

/* "open": its common members (limit, sort, cursor, group, previous ...) stand first in `members`. */
enum query_open_common {
    QUERY_OPEN_LIMIT,
    QUERY_OPEN_SORT,
    QUERY_OPEN_CURSOR,
    QUERY_OPEN_GROUP,
    QUERY_OPEN_WAS,
    QUERY_OPEN_PREVIOUS,
    QUERY_OPEN_COMMON_COUNT,
};
bool query_parse_open(struct query_parser *parser, const struct query_member *open,
                      const char *const *own, size_t own_count, struct query_member *members,
                      struct fail *fail) MUST_USE;
/* The label of one of the answer's intervals, as far as the range reaches; left out: the whole range. */
bool query_parse_open_interval(struct query_parser *parser, const struct query_member *member,
                               const struct query_path *path, enum interval interval,
                               const struct query_range *range,
                               const struct zone_intervals *intervals, int64_t *out_from_ms,
                               int64_t *out_to_ms, struct fail *fail) MUST_USE;
/* The rest of the common members, once the kind knows whether customers carry a value. */
bool query_parse_open_list(struct query_parser *parser, const struct query_member *members,
                           bool with_value, struct fail *fail) MUST_USE;

/* Index of the column, added to the plan where it is new. */
uint32_t query_parse_column(struct query_parser *parser, enum store_column_of of, struct str name);
/* The same for one that the question does not name itself: never seen is no warning. */
uint32_t query_parse_quiet_column(struct query_parser *parser, enum store_column_of of,
                                  struct str name);
/* A condition that the question does not name itself: the column holds `value`, or is set (NULL). */
struct query_clause query_parse_quiet_clause(struct query_parser *parser, enum store_column_of of,
                                             const char *name, const struct store_value *value);
/* A matcher of the question's own conditions beside such ones, which `clauses` has room for `own` more of:
   `events` NULL is "*". Gives its number. */
bool query_parse_quiet_matcher(struct query_parser *parser, const struct query_path *path,
                               const char *event, enum query_bearing bears,
                               const struct query_where *where, const struct query_clause *own,
                               uint32_t own_count, uint32_t *out, struct fail *fail) MUST_USE;
/* Member "text": what to look for. */
bool query_parse_search(struct query_parser *parser, const struct query_member *member,
                        const struct query_path *path, const void **out_search, uint32_t *out_terms,
                        struct fail *fail) MUST_USE;
