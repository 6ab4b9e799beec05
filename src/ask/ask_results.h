/* ask_results.h — what came of a survey: numbers by question, and the responses one by one.
 *
 * What: one pass over the customers' `contacted`, `survey shown` and `feedback` events of the survey. The parts of a
 *   response are put together, later answers in the place of earlier ones; versions are put together by the ids of
 *   questions. Nothing but the timeline is looked at.
 * Owner: answers are appended to the writer.   Threads: all safe.
 * Failure: FAIL_ABSENT; FAIL_LIMIT over time or memory.
 * Limits/cost: a pass over the rows of three events; ASK_VERSIONS_MAX newest versions.
 * Units: *_ms.
 * Example: ask_results(ask, &filter, cancel, arena, &w, fail)
 * Not here: scores with intervals (query's kind score).
 */
#pragma once

#include "ask_response.h"

#define ASK_VERSIONS_MAX 50
#define ASK_RESULT_GROUPS_MAX 200 /* waves, languages, versions told apart */
#define ASK_RESPONSES_PAGE_MAX 500

struct ask_filter {
    struct str survey;
    struct str way, language; /* missing: all */
    int64_t version, wave;    /* 0: all */
};
bool ask_results(struct ask *ask, const struct ask_filter *filter, struct base_cancel *cancel,
                 struct arena *arena, struct json_writer *w, struct fail *fail) MUST_USE;
/* Newest first; `cursor` as it was given with the page before. */
bool ask_responses(struct ask *ask, const struct ask_filter *filter, struct str cursor,
                   size_t limit, struct base_cancel *cancel, struct arena *arena,
                   struct json_writer *w, struct fail *fail) MUST_USE;

/* ---- ask_gather.c: responses out of events ------------------------------------------------------------- */

struct ask_version {
    int64_t version;
    struct ask_survey survey;
};
struct ask_gathered {             /* one response, all its parts put together */
    struct str id, way, language; /* live until the next customer */
    int64_t version, wave, at_ms; /* of the first part */
    bool started, finished;
    bool asked, shown;
    const struct ask_version *of; /* NULL: a version that we do not know any more */
    struct ask_answer *answers;   /* by question of `of` */
    int64_t *parts;               /* the part that each came with */
};
struct ask_gathering {
    struct ask *ask;
    const struct ask_filter *filter;
    struct base_cancel *cancel;
    struct store_snapshot *snapshot;
    const struct ask_version *versions; /* newest first */
    size_t version_count;
    void *context;
    /* Called for each response of each customer that passes the filter. */
    bool (*response)(void *context, uint32_t customer, const struct ask_gathered *response,
                     struct fail *fail);
};
bool ask_gather(struct ask_gathering *gathering, struct arena *arena, struct fail *fail) MUST_USE;
bool ask_versions_read(struct ask *ask, struct str survey, struct arena *arena,
                       struct ask_version **out, size_t *out_count, struct fail *fail) MUST_USE;
