/* state_db.h — everything that is not an event: one SQLite file, typed rows, no SQLite above this
 * face.
 *
 * What: DIR/state.db in WAL mode, every commit synced. Connections are lent: one writer, a few readers; a link is a
 *   transaction. Statements are cached by their text. The schema is moved forward when the file is opened, each step in a
 *   transaction, after a copy of the file was put beside it (state.db.before-N).
 * Owner: state_open/state_close; all links must be given back before closing. A link belongs to the thread that took it. Text and
 *   blobs are copied into the arena given.
 * Threads: all functions on `struct state` from any thread; writers queue for the one writing link. Never take a second link while
 *   holding one.
 * Failure: FAIL_CONFLICT for a broken rule of the schema (unique, foreign key) and for a file of a newer version; FAIL_CORRUPT;
 *   FAIL_IO; FAIL_LIMIT for no room; FAIL_BUSY where another process holds the file.
 * Limits/cost: a read some 10 us, a commit one sync of the disk.   Units: *_ms UTC.
 * Example: struct state_link *link CLEANUP(state_link_done) = NULL;
 *   if (!state_write(state, &link, fail) || !state_run(link, "DELETE FROM views WHERE id = ?", (struct state_value[]){state_int(id)},
 *   1, fail)) return false;
 *   return state_commit(&link, fail);
 * Not here: what the rows mean (state_settings.h and its neighbours; access).
 */
#pragma once

#include "base_clock.h"
#include "base_str.h"

struct state;
struct state_link;
struct state_rows;

struct state_options { /* zero = default */
    const struct base_clock *clock;
    int readers; /* 4 */
    int wait_ms; /* for who has the file, or reads from its log; 5000 */
};
/* Opens or makes DIR/state.db; DIR must exist. */
bool state_open(const char *directory, const struct state_options *options, struct state **out,
                struct fail *fail) MUST_USE;
void state_close(struct state *state); /* accepts NULL */
/* The version that DIR/state.db is of, and the one that it is brought to when it is opened. 0: there is none. Both fail as
   opening would, and change nothing. */
int state_version_known(void);
bool state_version(const char *directory, int *out, struct fail *fail) MUST_USE;
/* A copy of DIR/state.db as it is, whatever its version; `path` must not exist. Nobody may have it open. */
bool state_copy(const char *directory, const char *path, struct fail *fail) MUST_USE;
const struct base_clock *state_clock(const struct state *state);

/* One consistent view for as long as the link is held. Waits for a free reader. */
bool state_read(struct state *state, struct state_link **out, struct fail *fail) MUST_USE;
/* Begins a transaction that may change things. Waits for the writer before it. */
bool state_write(struct state *state, struct state_link **out, struct fail *fail) MUST_USE;
/* Makes the changes durable and gives the link back; *link becomes NULL. On failure all is undone.
 */
bool state_commit(struct state_link **link, struct fail *fail) MUST_USE;
/* Undoes what was not committed, gives the link back. Accepts NULL; for CLEANUP. */
void state_link_done(struct state_link **link);

struct state_value {
    enum { STATE_NULL, STATE_INT, STATE_DOUBLE, STATE_TEXT, STATE_BLOB } kind;
    union {
        int64_t i;
        double d;
        struct str s;
    };
};
static inline struct state_value state_null(void)
{
    return (struct state_value){.kind = STATE_NULL, .i = 0};
}
static inline struct state_value state_int(int64_t i)
{
    return (struct state_value){.kind = STATE_INT, .i = i};
}
static inline struct state_value state_double(double d)
{
    return (struct state_value){.kind = STATE_DOUBLE, .d = d};
}
/* Missing text (data NULL) is NULL. */
static inline struct state_value state_text(struct str s)
{
    return (struct state_value){.kind = s.data == NULL ? STATE_NULL : STATE_TEXT, .s = s};
}
static inline struct state_value state_blob(struct str s)
{
    return (struct state_value){.kind = s.data == NULL ? STATE_NULL : STATE_BLOB, .s = s};
}

/* Runs a statement without rows. `sql` is fixed text of the program, never built from input. */
bool state_run(struct state_link *link, const char *sql, const struct state_value *values,
               size_t count, struct fail *fail) MUST_USE;
int64_t state_changed(struct state_link *link); /* rows by the last state_run */
int64_t state_last_id(struct state_link *link); /* of the last insert */

/* Rows one by one; `values` need to live until state_rows_done. */
bool state_select(struct state_link *link, const char *sql, const struct state_value *values,
                  size_t count, struct state_rows **out, struct fail *fail) MUST_USE;
bool state_next(struct state_rows *rows, bool *out_row, struct fail *fail) MUST_USE;
void state_rows_done(struct state_rows **rows); /* accepts NULL inside; for CLEANUP */
bool state_is_null(const struct state_rows *rows, int column);
int64_t state_get_int(const struct state_rows *rows, int column); /* 0 for NULL */
double state_get_double(const struct state_rows *rows, int column);
struct str state_get_text(const struct state_rows *rows, int column,
                          struct arena *arena); /* missing for NULL */
struct str state_get_blob(const struct state_rows *rows, int column, struct arena *arena);

/* The number in the first column of the first row. */
bool state_count(struct state_link *link, const char *sql, int64_t *out,
                 struct fail *fail) MUST_USE;

/* A whole copy of the file as it is at one moment, at `path` (must not exist). `moment`, where not NULL, is called then:
   no commit is made before it returns, so that what it notes elsewhere belongs to the same moment. */
struct state_moment {
    bool (*note)(void *context, struct fail *fail);
    void *context;
};
bool state_backup(struct state *state, const char *path, const struct state_moment *moment,
                  struct fail *fail) MUST_USE;
/* Is there a file at all? */
bool state_is_there(const char *directory);
/* Reads everything: pages, indices, foreign keys; whether it is of this program, laid out as its version says, and what no
   rule of the schema can say. `problem` is called for each thing wrong. */
bool state_verify(struct state *state, void (*problem)(void *context, const char *what),
                  void *context, struct fail *fail) MUST_USE;
/* The same of DIR/state.db that nobody has open, which is left as it is. */
struct state_verify_result {
    uint64_t bytes, problems;
    bool
        none; /* it is missing, or holds nothing yet: right in a directory whose making was cut, and only there */
};
bool state_verify_file(const char *directory, void (*problem)(void *context, const char *what),
                       void *context, struct state_verify_result *out, struct fail *fail) MUST_USE;
/* Empties the log file beside the database, in which erased rows are left. *out_emptied is false where somebody reads
   through all of the tries (three times wait_ms): it is to be done again. */
bool state_scrub(struct state *state, bool *out_emptied, struct fail *fail) MUST_USE;
