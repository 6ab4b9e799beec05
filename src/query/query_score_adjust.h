/* query_score_adjust.h — "adjusted" of a score: corrected for who did not answer.
 *
 * What: the frame is everybody who was asked for the score in the range, one place for each asking; where
 *   nobody was asked, every customer who was active in it. Each place has what its customer had done strictly
 *   before (query_score_past.h); models of who answers and of what would be said are learnt from the whole
 *   frame, and serve the total and every interval and group.
 *   An answer belongs to the asking whose `response` it names; one that names none to its customer's last open
 *   asking before it; also when it came after the range. Answers without an asking are left out, which a
 *   warning says.
 *   Who was active though nobody was asked is seen as of their first event in the range that is no answer on
 *   this scale, itself counted; intervals have no frame of their own then, only the whole range has.
 * Owner: the exec's arena, on its budget.   Threads: the caller's, between passes.
 * Failure: FAIL_CANCELLED, FAIL_CORRUPT, and what a pass fails with. Where nothing can be estimated the answer
 *   is null, with the reason among the warnings.
 * Limits/cost: two passes, the second over all events up to the range's end; some 150 bytes a place. The same
 *   bytes whatever threads and layout: places are put in the order of customers first.
 * Units: those of the score.
 * Example: query_score.c.   Not here: the estimates (stats_nonresponse.h).
 */
#pragma once

#include "query_score_past.h"
#include "query_parse.h"

struct query_score_adjust { /* in a plan */
    /* The kind's own: matchers of whom was asked and of answers, and of both the property `response`. */
    uint32_t asked, answer;
    struct query_name response, score;
    uint64_t least; /* answers: a cell with fewer shows no adjusted score either */
    /* Filled in by query_score_adjust_parse. */
    struct query_name channel;
    double scale_lowest, scale_highest; /* of what is answered */
    double lowest, highest;             /* of what it counts as */
    double (*counts_as)(double answer);
};
/* What else it reads; `metric` is an index of query_metrics. */
void query_score_adjust_parse(struct query_parser *parser, size_t metric,
                              struct query_score_adjust *into);

struct query_score_frame;
/* `groups` are the answer's, with "(other)" last where there is one; none without a breakdown. */
struct query_score_groups {
    const struct str *names;
    size_t count;
    bool has_other;
};
bool query_score_adjust_run(struct query_exec *exec, const struct query_score_adjust *adjust,
                            const struct zone_intervals *intervals,
                            const struct query_score_groups *groups, struct query_score_frame **out,
                            struct fail *fail) MUST_USE;
/* One cell of each interval and, last, of the whole range: of group `group`, or of all (SIZE_MAX). To be
   written by query_score_adjusted_write. */
struct query_score_adjusted;
bool query_score_adjust_cells(struct query_exec *exec, const struct query_score_frame *frame,
                              size_t group, struct query_score_adjusted **out,
                              struct fail *fail) MUST_USE;
/* "adjusted": {...} or null; `at` an interval, or their number for the whole range. */
void query_score_adjusted_write(struct json_writer *w, const struct query_score_adjusted *adjusted,
                                size_t at);
