/* state_forget.h — people are forgotten in everything that is not an event; and what has been begun is finished.
 *
 * What: an intent to erase is durable before anything is erased, and says all that is needed to go on after a crash.
 *   Forgetting takes what is a person's own (answers, invitations, wishes) and puts a word in the place of their names
 *   where others wrote them (saved things, notes, the audit trail, whose lines keep their place in the chain).
 * Owner: rows are copied into the arena.   Threads: all safe; forgetting uses the caller's link.
 * Failure: as state_db.h.   Limits/cost: forgetting reads all rows of some small tables and the audit trail.
 * Units: *_ms UTC.   Example: see app_erase.c.   Not here: events (store), receipts (privacy).
 */
#pragma once

#include "base_mention.h"
#include "state_db.h"

/* ---- intents ------------------------------------------------------------------------------------------------- */

struct state_intent {
    struct str receipt; /* its id */
    int64_t at_ms;
    struct str detail; /* JSON: whom, on whose behalf, why, what went so far */
};
bool state_intent_put(struct state *state, const struct state_intent *intent,
                      struct fail *fail) MUST_USE;
bool state_intents_list(struct state *state, struct arena *arena, struct state_intent **out,
                        size_t *out_count, struct fail *fail) MUST_USE;
bool state_intent_done(struct state *state, struct str receipt, struct fail *fail) MUST_USE;

/* ---- forgetting ------------------------------------------------------------------------------------------------ */

#define STATE_FORGOTTEN "[erased]"

struct state_forget {
    const struct str *identifiers; /* "kind:value" */
    size_t identifier_count;
    const struct base_mention *mention; /* their names where others wrote them */
    struct str receipt;                 /* wishes that are closed by it say so */
    struct str by;
    int64_t now_ms;
};
struct state_forgotten {
    int64_t responses; /* of surveys, with their answers */
    int64_t links;     /* invitations */
    int64_t wishes;    /* to be erased, closed */
    int64_t texts;     /* that named them */
    int64_t audit;     /* lines that named them */
};
bool state_forget(struct state *state, const struct state_forget *who, struct state_forgotten *out,
                  struct fail *fail) MUST_USE;
/* Every identifier that rows of people are kept under, as "kind:value", until `each` returns false. */
bool state_people_each(struct state *state, bool (*each)(void *context, struct str identifier),
                       void *context, struct fail *fail) MUST_USE;
