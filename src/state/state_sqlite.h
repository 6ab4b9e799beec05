/* state_sqlite.h — inside of state_db.h: what the files share that know SQLite.
 *
 * What: links and their statements, and what is done on a connection. Opening and lending: state_db.c; statements:
 *   state_statements.c; versions, copies and the log: state_move.c; checksums of pages: state_pages.h.
 * Owner: as state_db.h.   Threads: a connection belongs to whoever has its link in hand.
 * Failure: as state_db.h.   Limits/cost: STATE_STATEMENTS_MAX statements are kept by a link.   Units: none.
 * Example: none, internal.   Not here: rows that mean something (state_internal.h).
 */
#pragma once

#include <sqlite3.h>

#include "base_thread.h"
#include "state_internal.h"

#define STATE_FILE "state.db"
#define STATE_STATEMENTS_MAX 64 /* cached by a link; above it they are made anew each time */
#define STATE_READERS_MAX 64

struct state_rows {
    struct state_link *link;
    sqlite3_stmt *statement;
    const char *sql; /* the program's own text, compared by its bytes */
    bool in_use;
    bool cached;
};

struct state_link {
    struct state *state;
    sqlite3 *db;
    struct state_link *next; /* among the free; guarded by state's lock */
    bool writes;
    struct state_rows statements[STATE_STATEMENTS_MAX];
    int statement_count;
};

struct state {
    char *directory, *path;
    const struct base_clock *clock;
    const struct state_schema *schema;
    int wait_ms;
    struct base_mutex lock; /* guards free_readers, writer_free */
    struct base_cond freed;
    struct state_link *free_readers;
    struct state_link *writer;
    bool writer_free;
    struct state_link *links[STATE_READERS_MAX + 1];
    int link_count;
};

/* What SQLite's code means; false. `db` may be NULL. */
bool state_fail_of(struct fail *fail, sqlite3 *db, int code);
bool state_run_plain(sqlite3 *db, const char *sql, struct fail *fail) MUST_USE;
/* A link that is not among those that are lent. */
bool state_link_open(struct state *state, bool writes, struct state_link **out,
                     struct fail *fail) MUST_USE;
void state_link_close(struct state_link *link);
/* Gives a link back that is in no transaction. */
void state_link_home(struct state_link *link);
/* Waits for the writer's link, outside of a transaction. */
void state_writer_lend(struct state *state);
int state_open_whatever_interrupts(const char *path, int flags);
/* Brings a file to the version of the state's schema, a copy of it made before (state_move.c). */
bool state_migrate(const struct state *state, sqlite3 *db, struct fail *fail) MUST_USE;
