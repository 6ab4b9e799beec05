/* state_pages.h — pages of the database that bear a checksum.
 *
 * What: a file system for SQLite over the usual one, which writes a checksum into the last bytes of each page of a
 *   database, and refuses a page that differs from its own. SQLite itself has none. A page is summed with its number, so
 *   that one in another's place is found too. The log beside the database has checksums of SQLite's own.
 * Owner: registered once, for good.   Threads: any.
 * Failure: SQLITE_IOERR_DATA for a page that differs.
 * Limits/cost: some 0.2 us a page that is read or written.   Units: bytes.
 * Example: sqlite3_open_v2(path, &db, flags, state_pages_vfs()); then state_pages_want(db)
 * Not here: what is done about a damaged file (state_db.c, state_verify.c).
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#define STATE_PAGE_BYTES 4096
#define STATE_PAGE_SUM_BYTES 8 /* at the end of each page */
/* 128 GiB: the first byte of a page's number is below those that pages of rows begin with. As SQL has it. */
#define STATE_PAGES_MAX "33554431"

/* The name to open with. */
const char *state_pages_vfs(void);
/* Keeps room for the sums in a database that is made by this connection; one that is there has its own. */
void state_pages_want(sqlite3 *db);
/* What this thread met while it read since it was told to forget: SQLite's own looking through a database takes a page
   that could not be read for a damaged one. */
struct state_pages_met {
    uint32_t damaged; /* the last page, from 1, that differs from its checksum; 0: none */
    int failed;       /* SQLite's code of the last read that failed otherwise; 0: none */
};
void state_pages_forget(void);
struct state_pages_met state_pages_met(void);
/* As SQLite's code: what a statement that looks through the file met, and told as damage of another kind; SQLITE_OK: nothing. */
int state_pages_swallowed(void);
