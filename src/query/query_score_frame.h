/* query_score_frame.h — inside "adjusted": the frame as one table, what was learnt from it, and its cells.
 *
 * What: query_score_adjust.c fills the frame, query_score_cells.c learns from it and estimates each cell.
 * Owner: the exec's arena.   Threads: the caller's, after the passes.
 * Failure: as query_score_adjust.h.   Limits/cost: as there.   Units: those of the score.
 * Example: none, internal.   Not here: the face (query_score_adjust.h).
 */
#pragma once

#include "query_score_adjust.h"
#include "stats_nonresponse.h"

struct score_place { /* as a worker found it */
    uint32_t customer, ordinal;
    uint32_t interval; /* where asked */
    bool answered;
    double said;
    float features[PAST_FEATURES];
};
struct score_member {
    uint32_t customer, ordinal, group;
};
struct score_belongs {
    uint32_t group, place;
};

struct query_score_frame {
    struct stats_nonresponse_frame data;
    struct stats_nonresponse_model model;
    bool learnt;
    bool was_asked;
    bool no_groups;
    uint32_t *interval; /* by place */
    size_t interval_count;
    struct query_vec *belongs; /* by group, then place */
    size_t answered;
    uint64_t least;
    uint64_t unasked;
};

/* Reasons that make an estimate impossible (too few answers, too little memory) are for the reader, in a
   warning; that a run is over (its time, its asker, damaged data) is not: then `fail` says so. */
bool query_score_is_over(struct query_exec *exec, const struct fail *why, struct fail *fail);
/* Models over the whole frame; says in a warning why there are none. */
bool query_score_frame_learn(struct query_exec *exec, struct query_score_frame *frame,
                             struct fail *fail) MUST_USE;
