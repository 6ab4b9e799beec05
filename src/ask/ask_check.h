/* ask_check.h — what is unwise or broken in a survey that is well formed.
 *
 * What: finds dead branches, unreachable questions, loops, too little contrast, too much length, missing
 *   translations, double questions, recalls of what is not there. Each finding has a code, a severity, a JSON pointer,
 *   a sentence and what to do. Errors keep a survey from being published, warnings do not.
 * Owner: findings lie in the arena.   Threads: values.   Failure: FAIL_NO_MEMORY.
 * Limits/cost: questions squared; under a millisecond.   Units: seconds; contrast as WCAG 2 counts it, 1 to 21.
 * Example: struct ask_findings found; if (!ask_check(&survey, arena, &found, fail)) return false;
 * Not here: form (ask_survey.h).
 */
#pragma once

#include "ask_answer.h"

#define ASK_FINDINGS_MAX 500
#define ASK_LONG_S 180
#define ASK_TOO_LONG_S 420

enum ask_severity { ASK_ERROR, ASK_WARNING };

struct ask_finding {
    const char *code;
    enum ask_severity severity;
    struct str pointer, message, fix;
};
struct ask_findings {
    struct ask_finding *list;
    size_t count;
    size_t errors;
    int64_t seconds; /* that the longest way through takes */
    struct arena *arena;
};
bool ask_check(const struct ask_survey *survey, struct arena *arena, struct ask_findings *out,
               struct fail *fail) MUST_USE;
void ask_findings_write(const struct ask_findings *found, struct json_writer *w);
/* Of two colours "#rrggbb", as WCAG 2.2 defines it. */
double ask_contrast(struct str a, struct str b);

/* ---- by file ---- */
void ask_found(struct ask_findings *found, const char *code, enum ask_severity severity,
               struct str pointer, struct str message, const char *fix);
void ask_check_logic(const struct ask_survey *survey, struct ask_findings *found);
void ask_check_texts(const struct ask_survey *survey, struct ask_findings *found);
