/* ask_answer.h — answers: their form, the way through the questions, recall.
 *
 * What: an answer is read strictly for its question's type. The way through a survey follows from the answers alone:
 *   from the first question on, the first rule that holds says where to go, else the next question comes.
 * Owner: values lie in the arena they were read into.   Threads: values.
 * Failure: FAIL_INPUT at the pointer of the answer.
 * Limits/cost: a walk visits each question at most once.   Units: none.
 * Example: uint32_t next = ask_walk(&survey, answers, false, path, &count);
 * Not here: keeping answers (ask_response.h), pages (ask_page.h).
 */
#pragma once

#include "ask_survey.h"
#include "base_json_write.h"

#define ASK_WORDS_BYTES_MAX 20000 /* of an open answer */
#define ASK_NOWHERE UINT32_MAX

struct ask_answer {
    bool seen;  /* answered or passed over */
    bool given; /* answered */
    struct store_value
        value; /* scores, number, yes/no; string: open, date, single (the choice's id) */
    const uint32_t
        *picks; /* single, multiple, rank: choices in the order given; matrix: one for each row */
    uint32_t pick_count; /* a matrix row without an answer is ASK_NOWHERE */
};

/* `null` passes the question over. */
bool ask_answer_read(const struct ask_question *question, struct json_value json,
                     const struct query_path *at, struct arena *arena, struct ask_answer *out,
                     struct fail *fail) MUST_USE;
/* The form that ask_answer_read takes. */
void ask_answer_write(const struct ask_question *question, const struct ask_answer *answer,
                      struct json_writer *w);
/* As people read it: labels, not ids. */
void ask_answer_show(const struct ask_question *question, const struct ask_answer *answer,
                     uint32_t language, struct base_buf *out);

bool ask_rule_holds(const struct ask_survey *survey, const struct ask_rule *rule,
                    const struct ask_answer *answers);
/* Walks from the first question; stops at the first that was not seen (where `finishing`: that is required and not
   answered) and gives it, or question_count at the end. `path` (question_count) gets the questions passed, the
   one stopped at not among them; may be NULL. */
uint32_t ask_walk(const struct ask_survey *survey, const struct ask_answer *answers, bool finishing,
                  uint32_t *path, uint32_t *out_count);
/* How many questions the longest way from here to the end has, this one counted. */
uint32_t ask_longest_way(const struct ask_survey *survey, uint32_t from);
/* A text with its {{QID}} filled in; one not answered leaves an ellipsis. */
struct str ask_recall(const struct ask_survey *survey, struct str text, uint32_t language,
                      const struct ask_answer *answers, struct arena *arena);
/* A survey as a widget needs it: one language, logic and look; begins and ends an object. */
void ask_survey_write(const struct ask_survey *survey, struct str id, int64_t version,
                      uint32_t language, struct json_writer *w);
