/* ask_response.h — one response per person, and no answer lost.
 *
 * What: a response's id is minted before its first question and comes back with every answer, sealed in a token. Taking
 *   an answer is idempotent: for each question the highest seq counts. Finished, or silent for ASK_SILENT_MS, what
 *   is new in it is closed as a part (fixed in `state`), then written as events whose message_ids follow from
 *   response, part and question, then marked done. A crash in between is mended at the next start: the part is
 *   written again, and what was stored already is a duplicate.
 *   Part 1 is the main event RESPONSE; later answers are RESPONSE/2 and so on, with `question`, so that nobody counts
 *   a response twice. Further scores and open answers of a part are events of their own.
 *   Rows are removed some day (retention), ids of stored events are known for ever: where a response begins anew under
 *   its old id, its part gets the next number that no event has.
 * Owner: results lie in the arena.   Threads: all safe; two at once on one response: one transaction after the other.
 * Failure: FAIL_INPUT with a pointer (/answers/QID); FAIL_ABSENT, FAIL_CONFLICT; else as the store.
 * Limits/cost: one commit for each call; settling two more and one sync.
 * Units: *_ms.
 * Example: ask_take(ask, &survey, &take, arena, &taken, fail)
 * Not here: who may answer (ask_widget.c, ask_page.c), spam (ask_spam.h).
 */
#pragma once

#include "ask.h"

/* "r_" and 24 characters. */
struct str ask_response_mint(struct ask *ask, struct arena *arena);

struct ask_take {
    struct str response;
    int64_t seq;                      /* STATE_SEQ_LATEST: by order of arrival */
    const struct ask_answer *answers; /* by question; those not `seen` say nothing */
    bool finished;
};
struct ask_taken {
    uint32_t next; /* the question to ask now; question_count: none is left */
    bool finished; /* the whole response is */
    bool changed;  /* something was new */
};
/* Answers are kept even where a required one is missing; then it is not finished, and `next` says which. */
bool ask_take(struct ask *ask, const struct ask_survey *survey, const struct ask_take *take,
              struct arena *arena, struct ask_taken *out, struct fail *fail) MUST_USE;
/* All answers of a response so far, by question (question_count of them). */
bool ask_answers_read(struct ask *ask, const struct ask_survey *survey, struct str response,
                      struct arena *arena, struct ask_answer **out, struct fail *fail) MUST_USE;
/* {"QID": value, ...} into `answers` (question_count); only members that are there become seen. */
bool ask_answers_parse(const struct ask_survey *survey, struct json_value object,
                       const struct query_path *at, struct arena *arena, struct ask_answer *answers,
                       struct fail *fail) MUST_USE;

/* Closes and writes what there is to tell of a response. */
bool ask_settle(struct ask *ask, struct str response, struct fail *fail) MUST_USE;
/* What was cut off by a crash; then those that fell silent; then forgets. For a job, and at start.
   `cancel` may be NULL. */
bool ask_settle_due(struct ask *ask, struct base_cancel *cancel, int64_t *out_settled,
                    struct fail *fail) MUST_USE;
/* At start, before anyone answers: writes what a crash cut off. */
bool ask_recover(struct ask *ask, struct fail *fail) MUST_USE;
/* The `survey shown` event, once. */
bool ask_show(struct ask *ask, const struct ask_survey *survey,
              const struct state_response *response, int64_t at_ms, struct fail *fail) MUST_USE;

/* ---- ask_remember.c: what the timeline knows of a response whose row is gone ---------------------------- */

struct ask_remembered {
    bool any;      /* feedback of the response is on the timeline */
    bool this_one; /* of an instant, too */
};
/* `at_ms`: of this_one. */
bool ask_remember_response(struct ask *ask, const struct state_response *response, int64_t at_ms,
                           struct ask_remembered *out, struct fail *fail) MUST_USE;
/* Segments: whose contact in that wave was allowed under the id of this response within five minutes; and who was asked
   in that wave at any time, or answered without having been (through a program). */
void ask_remember_contact(struct str survey, int64_t wave, struct str response,
                          struct json_writer *w);
void ask_remember_asked(struct str survey, int64_t wave, struct json_writer *w);
/* Has the customer finished the survey in that wave, whatever the response? */
bool ask_remember_finished(struct store_snapshot *snapshot, uint32_t customer, struct str survey,
                           int64_t wave, bool *out, struct fail *fail) MUST_USE;

/* ---- ask_event.c: events of a part ------------------------------------------------------------------- */

struct ask_telling {
    const struct ask_survey *survey;
    const struct state_response *response;
    const struct state_part *part;
    bool
        forgotten; /* the timeline has nothing of the response any more: whatever part is the main event */
    int64_t now_ms;
};
/* The main event first. */
bool ask_events_of(const struct ask_telling *telling, struct arena *arena, struct store_item **out,
                   size_t *out_count, struct fail *fail) MUST_USE;
#define ASK_FIELDS_MAX 24
/* survey, version, wave, way, response, metrics, language: what all events of a response carry. */
size_t ask_fields_of(const struct ask_survey *survey, const struct state_response *response,
                     struct store_field fields[ASK_FIELDS_MAX]);
size_t ask_identifiers_of(const struct state_response *response,
                          struct store_identifier identifiers[2]);
