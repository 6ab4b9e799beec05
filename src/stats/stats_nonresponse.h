/* stats_nonresponse.h — a score corrected for who did not answer, learnt from what is known of everybody.
 *
 * What: all who could have answered stand in one table of features; some answered. A regularised logistic
 *   model says how likely each was to answer, a second one (a fractional logit over the scale) what each
 *   would have said; both together give the doubly robust estimate of the score of all, with inverse
 *   propensity weights trimmed at a multiple of their median, and of those who stayed silent alone.
 *   The second model is cross-fitted (Chernozhukov et al. 2018): an answer is compared with what was
 *   predicted without it; these predictions calibrate the model (Platt) before it speaks for the silent.
 *   Bounds that assume nothing stand beside it (Manski 1989).
 * Owner: the caller's arrays; room in between comes from the arena.   Threads: pure; one arena, one thread.
 * Failure: FAIL_INPUT with the reason in plain words where nothing can be estimated (too few answers): the
 *   caller shows it; FAIL_LIMIT over the arena's budget; FAIL_CANCELLED.
 * Limits/cost: models learn from STATS_NONRESPONSE_FIT_MAX rows at most (every k-th), and speak for all; with 28
 *   features 0.6 s for 100,000 rows, 2 s for a million (100 bytes a row). The same input gives the same bits.
 * Units: those of the scale.
 * Example: struct stats_nonresponse r; if (!stats_nonresponse(arena, &frame, &options, &r, fail)) ...
 * Not here: which features, and of whom (query).
 */
#pragma once

#include "stats_survey.h"

struct base_cancel;

#define STATS_NONRESPONSE_ANSWERS_MIN 30
#define STATS_NONRESPONSE_FIT_MAX 100000
#define STATS_NONRESPONSE_TRIM 5 /* medians */
/* A design effect above this says that the weights cost more than half of the answers. */
#define STATS_NONRESPONSE_DEFF_MAX 2

struct stats_nonresponse_frame {
    const float *features; /* rows * columns, row after row; finite */
    const bool *answered;
    const double *y; /* read where answered; `lowest` to `highest` */
    size_t rows, columns;
    double lowest, highest;
};

struct stats_nonresponse_options {
    double confidence;          /* 0: 0.95 */
    double trim;                /* 0: STATS_NONRESPONSE_TRIM */
    struct base_cancel *cancel; /* NULL: cannot be cancelled */
};

struct stats_nonresponse {
    double raw;              /* the mean of the answers */
    double value, low, high; /* doubly robust; kept within the scale */
    double weighted;         /* by inverse propensities alone (Hajek) */
    double n_effective, deff;
    struct stats_interval worst;
    double silent, silent_low,
        silent_high; /* of those who did not answer; as `value` where all did */
    double auc;      /* how well features tell who answers; 0.5: not at all */
    size_t answered, trimmed;
};

bool stats_nonresponse(struct arena *arena, const struct stats_nonresponse_frame *frame,
                       const struct stats_nonresponse_options *options,
                       struct stats_nonresponse *out, struct fail *fail) MUST_USE;

/* The two halves of it: what was learnt from the whole frame serves any part of it, so that an interval or
   group with few answers is still corrected by what all have shown. */
struct stats_nonresponse_model {
    double *propensity, *predicted; /* of each row */
    double auc;
};
bool stats_nonresponse_learn(struct arena *arena, const struct stats_nonresponse_frame *frame,
                             const struct stats_nonresponse_options *options,
                             struct stats_nonresponse_model *out, struct fail *fail) MUST_USE;
/* Of `rows` (NULL: all of the frame). At least STATS_SCORE_N_MIN of them answered, or FAIL_INPUT. */
bool stats_nonresponse_of(struct arena *arena, const struct stats_nonresponse_frame *frame,
                          const struct stats_nonresponse_model *model, const size_t *rows,
                          size_t row_count, const struct stats_nonresponse_options *options,
                          struct stats_nonresponse *out, struct fail *fail) MUST_USE;
