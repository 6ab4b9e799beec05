/* state_erasures.h — customers' wishes to be erased: when asked, due by when, closed by whom.
 *
 * What: one open wish for each customer; a closed one stays as proof of what was done.
 * Owner: rows are copied into the arena.   Threads: all safe.   Failure: as state_db.h; FAIL_ABSENT, FAIL_CONFLICT.
 * Limits/cost: STATE_ERASURES_OPEN_MAX open ones; one read or one commit.   Units: *_ms UTC.
 * Example: state_erasure_add(state, STR("user:ann"), now_ms, due_ms, &erasure, fail)
 * Not here: the erasing itself; stopping contacts (app).
 */
#pragma once

#include "state_db.h"

#define STATE_ERASURES_OPEN_MAX 100000
#define STATE_ERASURE_NOTE_BYTES_MAX 1000

struct state_erasure {
    int64_t id, asked_ms, due_ms;
    struct str customer;        /* "kind:value" */
    int64_t closed_ms;          /* 0: open */
    struct str closed_by, note; /* missing: open; no note */
};
/* The open wish of this customer: the one there is, else a new one. */
bool state_erasure_add(struct state *state, struct str customer, int64_t now_ms, int64_t due_ms,
                       struct state_erasure *out, struct fail *fail) MUST_USE;
/* The newest wish of a customer, open or closed. */
bool state_erasure_find(struct state *state, struct str customer, struct arena *arena,
                        struct state_erasure *out, bool *out_found, struct fail *fail) MUST_USE;
/* Open ones first, by when they are due; then closed ones, newest first. From `offset` on. */
bool state_erasures_list(struct state *state, bool open_only, int64_t offset, int64_t limit,
                         struct arena *arena, struct state_erasure **out, size_t *out_count,
                         int64_t *out_open, struct fail *fail) MUST_USE;
/* FAIL_ABSENT; FAIL_CONFLICT where it is closed already. */
bool state_erasure_close(struct state *state, int64_t id, struct str by, struct str note,
                         int64_t now_ms, struct fail *fail) MUST_USE;
