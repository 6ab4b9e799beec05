/* state_notes.h — notes on time: what happened that a chart alone does not say (a release, an incident).
 *
 * What: a moment or a stretch of time, a kind and a text.   Owner: rows are copied into the arena.
 * Threads: all safe.   Failure: as state_db.h; FAIL_INPUT for a text or kind that is none, FAIL_ABSENT for an id.
 * Limits/cost: STATE_NOTES_MAX; one read or one commit; a range is found by index.   Units: *_ms UTC.
 * Example: state_notes_list(state, from_ms, to_ms, (struct str){0}, arena, &notes, &count, &total, fail)
 * Not here: where charts show them (web).
 */
#pragma once

#include "state_db.h"

#define STATE_NOTES_MAX 100000
#define STATE_NOTES_LISTED_MAX 1000
#define STATE_NOTE_TEXT_BYTES_MAX 500

struct state_note {
    int64_t id;
    int64_t at_ms;
    int64_t until_ms; /* where it ended, itself no more in it; 0: it is a moment */
    struct str kind;  /* one of state_note_kinds */
    struct str text;
    struct str owner;
    int64_t updated_ms;
};

/* "release", "incident", "campaign", "other"; ended by NULL. */
extern const char *const state_note_kinds[];

/* Those that touch [from_ms, to_ms), of one kind where `kind` is not missing, by time then id: the last
   STATE_NOTES_LISTED_MAX of them, and how many there are. */
bool state_notes_list(struct state *state, int64_t from_ms, int64_t to_ms, struct str kind,
                      struct arena *arena, struct state_note **out, size_t *out_count,
                      int64_t *out_total, struct fail *fail) MUST_USE;
/* Calls `each` with every note, by time then id; false from it ends it, as a failure that it has set. The note lives for the
   call. */
bool state_notes_each(struct state *state,
                      bool (*each)(void *context, const struct state_note *note, struct fail *fail),
                      void *context, struct fail *fail) MUST_USE;
bool state_note_find(struct state *state, int64_t id, struct arena *arena, struct state_note *out,
                     struct fail *fail) MUST_USE;
/* id, updated_ms are given by the store. */
bool state_note_add(struct state *state, const struct state_note *note, int64_t *out_id,
                    struct fail *fail) MUST_USE;
/* The owner stays who wrote it first. */
bool state_note_put(struct state *state, const struct state_note *note, struct fail *fail) MUST_USE;
bool state_note_delete(struct state *state, int64_t id, struct fail *fail) MUST_USE;
