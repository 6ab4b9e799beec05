/* state_responses.h — responses to surveys while they are at work: answers, parts, personal links.
 *
 * What: a response has one answer for each question, the one with the highest seq. Closing a part takes the answers
 *   that lie in none yet out as a fixed text; the part stays until its events are on the timeline (state_part_done),
 *   so that a start after a crash finds it and writes the very same events again.
 * Owner: rows are copied into the arena.   Threads: all safe; each function is one transaction.
 * Failure: as state_db.h; FAIL_ABSENT; FAIL_CONFLICT.
 * Limits/cost: one read or one commit each.   Units: *_ms UTC; 0: never.
 * Example: state_response_answer(state, id, answers, 2, false, now_ms, &changed, fail)
 * Not here: what answers mean (ask), the timeline (store).
 */
#pragma once

#include "state_db.h"

struct state_response {
    struct str id, survey, way, language;
    struct str user, anonymous; /* at least one */
    struct str status;          /* "open", "settled", "suspect", "discarded" */
    struct str reasons;         /* of a suspect: words, each followed by '\n' */
    int64_t version, wave, parts;
    int64_t created_ms, shown_ms, answered_ms, finished_ms;
};
/* Adds it where its id is new; gives the row as it then is. */
bool state_response_open(struct state *state, const struct state_response *response,
                         struct arena *arena, struct state_response *out,
                         struct fail *fail) MUST_USE;
bool state_response_find(struct state *state, struct str id, struct arena *arena,
                         struct state_response *out, bool *out_found, struct fail *fail) MUST_USE;
/* All of the person known by this identifier (user or anonymous), oldest first. */
bool state_responses_of_person(struct state *state, struct str kind, struct str value,
                               struct arena *arena, struct state_response **out, size_t *out_count,
                               struct fail *fail) MUST_USE;
/* The one of this person in this wave, by either identifier; missing ones count as nobody's. */
bool state_response_of(struct state *state, struct str survey, int64_t wave, struct str user,
                       struct str anonymous, struct arena *arena, struct state_response *out,
                       bool *out_found, struct fail *fail) MUST_USE;
bool state_response_shown(struct state *state, struct str id, int64_t at_ms,
                          struct fail *fail) MUST_USE;
bool state_response_set_status(struct state *state, struct str id, const char *from, const char *to,
                               struct fail *fail) MUST_USE; /* FAIL_CONFLICT */
/* An open one without anything told becomes a suspect; any other is left as it is. */
bool state_response_suspect(struct state *state, struct str id, struct str reasons,
                            struct fail *fail) MUST_USE;
/* Forgets the answers of one that was discarded. */
bool state_response_forget(struct state *state, struct str id, struct fail *fail) MUST_USE;

struct state_answer {
    struct str question, value; /* JSON; "null": passed over */
    int64_t seq;                /* in: STATE_SEQ_LATEST: above every other of the response */
    int64_t part;               /* 0: in none yet */
};
#define STATE_SEQ_LATEST INT64_MAX
/* Each answer counts where its seq is above that of the answer there; equal values change nothing but the seq. */
bool state_response_answer(struct state *state, struct str id, const struct state_answer *answers,
                           size_t count, bool finished, int64_t now_ms, bool *out_changed,
                           struct fail *fail) MUST_USE;
bool state_response_answers(struct state *state, struct str id, struct arena *arena,
                            struct state_answer **out, size_t *out_count,
                            struct fail *fail) MUST_USE;

struct state_part {
    struct str response, answers; /* a JSON object question -> value */
    int64_t part, at_ms;
    bool finished;
};
/* Closes what there is to be told; *out_closed false where there is nothing. Suspects and discarded ones are left. */
bool state_response_close(struct state *state, struct str id, struct arena *arena,
                          struct state_part *out, bool *out_closed, struct fail *fail) MUST_USE;
/* Parts whose events may not be stored yet, closed before `before_ms`. */
bool state_parts_pending(struct state *state, int64_t before_ms, size_t limit, struct arena *arena,
                         struct state_part **out, size_t *out_count, struct fail *fail) MUST_USE;
bool state_part_done(struct state *state, struct str response, int64_t part,
                     struct fail *fail) MUST_USE;
/* Gives a part that is not done the number behind all of its response: its events have ids that are taken. FAIL_ABSENT. */
bool state_part_renumber(struct state *state, struct str response, int64_t part, int64_t *out_part,
                         struct fail *fail) MUST_USE;
/* Ids of open responses with answers, none since `before_ms`. */
bool state_responses_due(struct state *state, int64_t before_ms, size_t limit, struct arena *arena,
                         struct str **out, size_t *out_count, struct fail *fail) MUST_USE;
/* Of a survey and status, newest first, after `cursor` (an id; missing: from the newest). */
bool state_responses_list(struct state *state, struct str survey, const char *status,
                          struct str cursor, size_t limit, struct arena *arena,
                          struct state_response **out, size_t *out_count, int64_t *out_total,
                          struct fail *fail) MUST_USE;

/* ---- what is past its time: state_responses_old.c ---------------------------------------------------- */

#define STATE_RESPONSES_AT_ONCE 1000 /* removed in one transaction: others write in between */
#define STATE_PRUNED_AT_ONCE 10000   /* once a minute: more than are asked in one */

/* Forgets the answers of responses that settled and were silent since `before_ms`: they lie on the timeline; and
   responses that were never begun, opened before then. */
bool state_responses_prune(struct state *state, int64_t before_ms, int64_t *out_pruned,
                           struct fail *fail) MUST_USE;
/* Old is what has been silent since before an instant: responses that settled or were discarded and have nothing left
   to be told; suspects that nobody decided about; links whose response is old, and unused ones that ended before then
   (revoked, expired, or made before then for a survey that is closed). */
struct state_responses_old {
    int64_t responses, suspects, links;
};
bool state_responses_old_count(struct state *state, int64_t before_ms,
                               struct state_responses_old *out, struct fail *fail) MUST_USE;
/* Old suspects become discarded ones without answers, at most STATE_RESPONSES_AT_ONCE; how many. */
bool state_suspects_old_discard(struct state *state, int64_t before_ms, int64_t *out_discarded,
                                struct fail *fail) MUST_USE;
/* Removes old responses that are no suspects, and old links: at most STATE_RESPONSES_AT_ONCE of each, and how many.
   Nothing is left when it removed none. */
bool state_responses_old_remove(struct state *state, int64_t before_ms,
                                struct state_responses_old *out, struct fail *fail) MUST_USE;

/* ---- personal links -------------------------------------------------------------------------------- */

#define STATE_LINKS_MAX 1000000
#define STATE_TOKEN_HASH_BYTES 32

struct state_survey_link {
    int64_t id;
    struct str survey, customer; /* customer missing: for nobody known */
    struct str response;
    struct str token_hash;
    bool once;
    int64_t wave, created_ms, expires_ms, revoked_ms;
};
bool state_survey_links_add(struct state *state, const struct state_survey_link *links,
                            size_t count, struct fail *fail) MUST_USE;
bool state_survey_link_find(struct state *state, struct str token_hash, struct arena *arena,
                            struct state_survey_link *out, bool *out_found,
                            struct fail *fail) MUST_USE;
/* Whether a link was made for this response: it is opened when the link is used. */
bool state_survey_link_holds(struct state *state, struct str response, bool *out,
                             struct fail *fail) MUST_USE;
/* Newest first, below `before_id` (0: from the newest). */
bool state_survey_links_list(struct state *state, struct str survey, int64_t before_id,
                             size_t limit, struct arena *arena, struct state_survey_link **out,
                             size_t *out_count, int64_t *out_total, struct fail *fail) MUST_USE;
/* Of one user id, over all surveys, newest first: the newest STATE_LINKS_OF_MAX. */
#define STATE_LINKS_OF_MAX 1000
bool state_survey_links_of(struct state *state, struct str customer, struct arena *arena,
                           struct state_survey_link **out, size_t *out_count,
                           struct fail *fail) MUST_USE;
bool state_survey_link_revoke(struct state *state, struct str survey, int64_t id,
                              struct fail *fail) MUST_USE; /* FAIL_ABSENT */
