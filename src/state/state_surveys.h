/* state_surveys.h — surveys: a draft, and versions that are frozen when published.
 *
 * What: stores definitions as text; what they mean is checked before (ask). A version is never changed or taken
 *   away while the survey stands, so that every answer keeps the questions that it was given to.
 * Owner: rows are copied into the arena.   Threads: all safe.
 * Failure: as state_db.h; FAIL_ABSENT; FAIL_CONFLICT where the status forbids it; FAIL_LIMIT.
 * Limits/cost: STATE_SURVEYS_MAX; one read or one commit.   Units: *_ms UTC.
 * Example: state_survey_find(state, id, arena, &survey, &found, fail)
 * Not here: responses (state_responses.h), questions (ask).
 */
#pragma once

#include "state_db.h"

#define STATE_SURVEYS_MAX 2000

struct state_survey {
    struct str id, status, draft, owner; /* draft missing: as published */
    int64_t version;                     /* the last published; 0: none */
    struct str definition;               /* of that version; missing: none */
    int64_t created_ms, updated_ms, published_ms;
};
/* By id. */
bool state_surveys_list(struct state *state, struct arena *arena, struct state_survey **out,
                        size_t *out_count, struct fail *fail) MUST_USE;
bool state_survey_find(struct state *state, struct str id, struct arena *arena,
                       struct state_survey *out, bool *out_found, struct fail *fail) MUST_USE;
/* A new one, with a draft. FAIL_CONFLICT where the id is taken. */
bool state_survey_add(struct state *state, struct str id, struct str draft, struct str owner,
                      struct fail *fail) MUST_USE;
bool state_survey_save(struct state *state, struct str id, struct str draft, struct str owner,
                       struct fail *fail) MUST_USE;
/* The draft, which must still be `draft`, becomes the next version, and the survey is live. Without a draft only the
   status changes. FAIL_CONFLICT where somebody saved another in between. */
bool state_survey_publish(struct state *state, struct str id, struct str draft, struct str owner,
                          int64_t *out_version, struct fail *fail) MUST_USE;
/* "live", "paused" or "closed", of a survey that was published. */
bool state_survey_set_status(struct state *state, struct str id, const char *status,
                             struct fail *fail) MUST_USE;
/* Only one that was never published. */
bool state_survey_delete(struct state *state, struct str id, struct fail *fail) MUST_USE;

struct state_survey_version {
    int64_t version, published_ms;
    struct str definition, owner;
};
/* Oldest first. */
bool state_survey_versions(struct state *state, struct str id, struct arena *arena,
                           struct state_survey_version **out, size_t *out_count,
                           struct fail *fail) MUST_USE;
bool state_survey_version_find(struct state *state, struct str id, int64_t version,
                               struct arena *arena, struct str *out_definition, bool *out_found,
                               struct fail *fail) MUST_USE;
