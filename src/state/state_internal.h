/* state_internal.h — what the files of this module share.
 *
 * What: the steps of the schema; the one form of small things that people save: lists, one by its key, adding with
 *   a limit, changing.   Owner: static text; rows are copied into the arena.   Threads: as state_db.h.
 * Failure: as state_db.h; FAIL_LIMIT where a table is full.   Limits/cost: a list is read whole; one read or one
 *   commit each.   Units: none.   Example: state_segments.c.   Not here: SQLite (state_sqlite.h).
 */
#pragma once

#include "state_db.h"

/* Steps from an empty file to now, in order; a step is never changed once released, only followed by
   another. Step i brings the file from version i to i + 1. */
struct state_schema {
    const char *const *steps;
    int version; /* how many steps */
};
extern const struct state_schema state_schema;

/* state_open with steps of the caller's: for tests of moving forward. */
bool state_open_schema(const char *directory, const struct state_options *options,
                       const struct state_schema *schema, struct state **out,
                       struct fail *fail) MUST_USE;

#define STATE_APPLICATION_ID 0x66687374 /* "fhst": in the head of the file, by which it is known */
/* An empty file in memory, at the version of `schema`: what a file should look like. It has a writer's link only. */
bool state_open_memory(const struct state_schema *schema, struct state **out,
                       struct fail *fail) MUST_USE;
/* A file as it is, for reading: no step of the schema is made, nothing is written. Has one reader's link only. */
bool state_open_to_look(const char *directory, struct state **out, struct fail *fail) MUST_USE;

/* ---- things that are saved: state_saved.c --------------------------------------------------------- */

struct state_saved {
    const char *things; /* in messages: "saved views" */
    const char *count;  /* "SELECT count(*) FROM views" */
    int64_t most;       /* rows that a table may hold */
    size_t size;        /* of what a row becomes */
    void (*read)(const struct state_rows *rows, struct arena *arena, void *out);
};
/* All rows of `sql` in its order; *out is an array of what `saved` reads. */
bool state_saved_list(struct state *state, const struct state_saved *saved, const char *sql,
                      const struct state_value *values, size_t count, struct arena *arena,
                      void *out, size_t *out_count, struct fail *fail) MUST_USE;
/* The same inside a transaction that does more. */
bool state_saved_list_in(struct state_link *link, const struct state_saved *saved, const char *sql,
                         const struct state_value *values, size_t count, struct arena *arena,
                         void *out, size_t *out_count, struct fail *fail) MUST_USE;
/* The first row of `sql`; *out stays as it is where there is none. */
bool state_saved_find(struct state *state, const struct state_saved *saved, const char *sql,
                      const struct state_value *values, size_t count, struct arena *arena,
                      void *out, bool *out_found, struct fail *fail) MUST_USE;
/* FAIL_LIMIT where the table is full. */
bool state_saved_room(struct state_link *link, const struct state_saved *saved,
                      struct fail *fail) MUST_USE;
/* Runs an insert and commits, where there is room. `out_id` may be NULL. */
bool state_saved_add(struct state *state, const struct state_saved *saved, const char *sql,
                     const struct state_value *values, size_t count, int64_t *out_id,
                     struct fail *fail) MUST_USE;
/* Runs an update or a delete and commits; whether it met a row. */
bool state_saved_change(struct state *state, const char *sql, const struct state_value *values,
                        size_t count, bool *out_met, struct fail *fail) MUST_USE;
/* 1 to `bytes_max` bytes of UTF-8, else the fault of `pointer`; `whose`: "a view's name". */
bool state_saved_name(struct str name, const char *pointer, const char *whose, int bytes_max,
                      struct fail *fail) MUST_USE;
