/* query_parse_segment.h — reading segments: what their files share.
 *
 * What: one object of a segment is one predicate. query_parse_segment.c sees which, and reads those that hold
 *   others; query_parse_predicate.c reads those that look at a timeline themselves.
 * Owner: results lie in the parser's arena.   Threads: one.   Failure: as query_parse.h.
 * Limits/cost: QUERY_STEPS_MAX of a sequence.   Units: *_ms.
 * Example: segment_parse_did(&part, fail).   Not here: deciding (query_segment.h).
 */
#pragma once

#include "query_parse.h"

struct segment_part {
    struct query_parser *parser;
    const struct query_path *path;      /* of the object */
    const struct query_member *members; /* all of the object, see parse_object */
    struct query_segment *out;
};

enum segment_member {
    SEGMENT_ALL,
    SEGMENT_ANY,
    SEGMENT_NOT,
    SEGMENT_DID,
    SEGMENT_SEQUENCE,
    SEGMENT_SAID,
    SEGMENT_SCORE,
    SEGMENT_TRAIT,
    SEGMENT_PREDICTED,
    SEGMENT_FIRST_SEEN,
    SEGMENT_IN,
    SEGMENT_PREDICATES,
    SEGMENT_TIMES = SEGMENT_PREDICATES,
    SEGMENT_WITHIN,
    SEGMENT_SUM,
    SEGMENT_AVG,
    SEGMENT_MIN,
    SEGMENT_MAX,
    SEGMENT_WINDOW,
    SEGMENT_IS,
    SEGMENT_WHICH,
    SEGMENT_MEMBERS,
};

bool segment_parse_did(const struct segment_part *p, struct fail *fail) MUST_USE;
bool segment_parse_sequence(const struct segment_part *p, struct fail *fail) MUST_USE;
bool segment_parse_said(const struct segment_part *p, struct fail *fail) MUST_USE;
bool segment_parse_score(const struct segment_part *p, struct fail *fail) MUST_USE;
bool segment_parse_first_seen(const struct segment_part *p, struct fail *fail) MUST_USE;
