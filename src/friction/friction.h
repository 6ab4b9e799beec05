/* friction.h — what went wrong for a customer: rules over one timeline.
 *
 * What: moments of one timeline, each with what it is (a failure, the beginning of something, a request, an answer of
 *   ours), go in; experiences gone wrong come out, each at its place and with the sentence that says why. Nothing is
 *   weighed or guessed here: every rule is a comparison with a limit that people can read and change.
 * Owner: results lie in the arena; they name moments by index.   Threads: safe; pure functions.
 * Failure: FAIL_LIMIT for memory.
 * Limits/cost: time in proportion to the moments; at most one finding a rule and moment.   Units: *_ms UTC.
 * Example: friction_find(&rules, moments, count, now_ms, arena, &found, &found_count, fail)
 * Not here: where moments come from and which events are failures (app), rules as JSON (friction_form.h).
 */
#pragma once

#include "base_str.h"

enum friction_kind {
    FRICTION_LOW_SCORE,  /* a score at or below its limit */
    FRICTION_FAILED,     /* an event that is marked as going wrong */
    FRICTION_REPEATED,   /* one event many times in a short time, and nothing finished after it */
    FRICTION_ABANDONED,  /* began, and did not finish in time */
    FRICTION_UNANSWERED, /* asked, and had no answer */
    FRICTION_WAITED,     /* asked, and had it late */
    FRICTION_KINDS,
};
/* "low score", "failed", ...: stable words of answers. */
const char *friction_kind_name(enum friction_kind kind);

/* What a moment is; several at once are fine. */
#define FRICTION_IS_FAILURE 1U
#define FRICTION_IS_BEGIN 2U
#define FRICTION_IS_DONE 4U
#define FRICTION_IS_REQUEST 8U
#define FRICTION_IS_ANSWER 16U /* of ours, to what was asked before */
#define FRICTION_IS_OWN 32U    /* the customer's: neither the organisation's nor bookkeeping */
#define FRICTION_IS_WORDS 64U  /* said, not done: saying a thing often is no repetition */

struct friction_moment { /* in timeline order */
    int64_t ts_ms;
    struct str event;
    uint32_t is;
    struct str scale; /* missing: no score */
    double score;
};

#define FRICTION_SCALES 4
extern const char *const friction_scales[FRICTION_SCALES]; /* nps, csat, ces, stars */
#define FRICTION_OFF INT64_MIN

struct friction_rules {
    int64_t score_at_most[FRICTION_SCALES]; /* FRICTION_OFF: none of that scale is low */
    bool failures;                          /* moments that are failures count */
    int64_t repeated_times;                 /* FRICTION_OFF: the rule is off */
    int64_t repeated_within_ms;
    int64_t repeated_after_ms; /* finishing within so long after it makes it no trouble */
    int64_t steps_within_ms;   /* FRICTION_OFF: the rule is off */
    int64_t answer_within_ms;  /* FRICTION_OFF: the rules about answers are off */
};
/* nps 6, csat 2, ces 3, stars 2; 5 times within 30 s, 30 min after; 1 day; 3 days. */
void friction_rules_default(struct friction_rules *out);

struct friction_found {
    enum friction_kind kind;
    size_t at;     /* the moment where it stands */
    size_t first;  /* REPEATED, ABANDONED: the first of `times`; else `at` */
    size_t answer; /* WAITED: the moment of the answer; else SIZE_MAX */
    uint32_t times;
    int64_t ms; /* REPEATED: how long it took; UNANSWERED, WAITED: how long */
};
/* By place, then kind. What may still turn out well at `now_ms` is not found yet. */
bool friction_find(const struct friction_rules *rules, const struct friction_moment *moments,
                   size_t count, int64_t now_ms, struct arena *arena, struct friction_found **out,
                   size_t *out_count, struct fail *fail) MUST_USE;
/* Why it is found, in one sentence, with the limit that it was compared with. `guessed`: nobody has said which events
   the rule is about; then it says so. */
struct str friction_why(const struct friction_rules *rules, const struct friction_found *found,
                        const struct friction_moment *moments, bool guessed, struct arena *arena);

/* Does an event's name say that something went wrong, that a purchase begins, or that somebody merely looked (which is
   never a repetition)? The first two are guesses, for where nobody has said so; whoever uses them says that they are. */
bool friction_name_fails(struct str event);
bool friction_name_looks(struct str event);
bool friction_name_begins(struct str event);
/* Holds one of the parts (lower case, NULL at the end), case of ASCII letters aside. */
bool friction_name_holds(struct str name, const char *const *parts);
