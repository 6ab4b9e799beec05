/* SQLite behind rows and links: opening the file, and lending links (state_sqlite.h).
 *
 * Invariants
 * (1) A link is lent to one thread at a time; the lock guards the lending only and is never held while SQLite
 *     works.
 * (2) A link in hand is inside a transaction; a link at home is not, and none of its statements is running.
 * (3) Only the writer's link may change anything: readers are opened with query_only. */
#include "state_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state_pages.h"
#include "state_sqlite.h"

#define WAIT_MS 5000
#define LOG_BYTES ((off_t)5 << 20)
#define LOOK_BYTES ((off_t)32 << 20) /* of a file that a start looks through: some 100 ms */
#define MEMORY ":memory:"

/* ---- SQLite's answers ---------------------------------------------------------------------------- */

bool state_fail_of(struct fail *fail, sqlite3 *db, int code)
{
    const char *message = db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db);
    if (code == SQLITE_IOERR_DATA) {
        uint32_t page = state_pages_met().damaged;
        return fail_set(fail, FAIL_CORRUPT, "%s is damaged: page %u differs from its checksum%s",
                        STATE_FILE, page, page == 1 ? ", or another program wrote it" : "");
    }
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return fail_set(fail, FAIL_CONFLICT, "the stored data forbid it: %s", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail_set(fail, FAIL_CORRUPT, "%s is damaged: %s", STATE_FILE, message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail_set(fail, FAIL_BUSY, "%s is in use by another program", STATE_FILE);
    case SQLITE_FULL:
        return fail_set(fail, FAIL_LIMIT, "no room on the disk for %s", STATE_FILE);
    case SQLITE_TOOBIG:
        return fail_set(fail, FAIL_LIMIT, "too large to be kept: %s", message);
    case SQLITE_NOMEM:
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for %s", STATE_FILE);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return fail_set(fail, FAIL_IO, "%s: %s", STATE_FILE, message);
    default:
        return fail_set(fail, FAIL_INTERNAL, "%s: %s", STATE_FILE, message);
    }
}

bool state_run_plain(sqlite3 *db, const char *sql, struct fail *fail)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || state_fail_of(fail, db, sqlite3_extended_errcode(db));
}

/* ---- opening ------------------------------------------------------------------------------------------ */

void state_link_close(struct state_link *link)
{
    for (int i = 0; i < link->statement_count; i++) {
        sqlite3_finalize(link->statements[i].statement);
    }
    sqlite3_close(link->db);
    base_free(link);
}

bool state_link_open(struct state *state, bool writes, struct state_link **out, struct fail *fail)
{
    struct state_link *link = base_alloc_zero(sizeof *link);
    link->state = state;
    link->writes = writes;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writes ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(state->path, &link->db, flags, state_pages_vfs());
    if (code != SQLITE_OK) {
        state_fail_of(fail, link->db, code);
        state_link_close(link);
        return false;
    }
    sqlite3_extended_result_codes(link->db, 1);
    state_pages_want(link->db);
    sqlite3_busy_timeout(link->db, state->wait_ms);
    sqlite3_db_config(link->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(link->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_limit(link->db, SQLITE_LIMIT_ATTACHED, 0);
    const char *set = writes ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA max_page_count = " STATE_PAGES_MAX ";"
                             : "PRAGMA query_only = ON; PRAGMA cell_size_check = ON;";
    if (!state_run_plain(link->db, set, fail)) {
        state_link_close(link);
        return false;
    }
    *out = link;
    return true;
}

/* A damaged page is found before it is written over or answered from. */
static bool is_whole(const struct state *state, sqlite3 *db, struct fail *fail)
{
    struct stat status;
    sqlite3_stmt *statement = NULL;
    if (stat(state->path, &status) != 0 || status.st_size > LOOK_BYTES) {
        return true;
    }
    state_pages_forget();
    int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    bool ok = code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
    const char *said = ok ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    code = state_pages_swallowed();
    if (!ok || code != SQLITE_OK) {
        ok = state_fail_of(fail, code == SQLITE_OK ? db : NULL,
                           code == SQLITE_OK ? sqlite3_extended_errcode(db) : code);
    } else {
        ok = (said != NULL && strcmp(said, "ok") == 0) ||
             fail_set(fail, FAIL_CORRUPT, "%s is damaged: %.150s", STATE_FILE, said);
    }
    sqlite3_finalize(statement);
    return ok;
}

int state_open_whatever_interrupts(const char *path, int flags)
{
    int file;
    do {
        file = open(path, flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
    } while (file < 0 && errno == EINTR);
    return file;
}

/* Room for the log, so that on a full disk what people do is still noted: it is written over from its beginning after each
   checkpoint, which comes after 1,000 pages. A file system that cannot is no failure. */
static void reserve_log(const struct state *state)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    const char *path = str_format(arena, "%s-wal", state->path).data;
    int log = state_open_whatever_interrupts(path, O_RDWR | O_CREAT);
    if (log >= 0) {
        while (fallocate(log, FALLOC_FL_KEEP_SIZE, 0, LOG_BYTES) != 0 && errno == EINTR) {
        }
        close(log);
    }
}

static bool writer_open(struct state *state, struct fail *fail)
{
    struct state_link *link = NULL;
    if (!state_link_open(state, true, &link, fail)) {
        return false;
    }
    state->links[state->link_count++] = link;
    state->writer = link;
    state->writer_free = true;
    return true;
}

static bool readers_open(struct state *state, int readers, struct fail *fail)
{
    struct state_link *link = NULL;
    for (int i = 0; i < readers; i++) {
        if (!state_link_open(state, false, &link, fail)) {
            return false;
        }
        state->links[state->link_count++] = link;
        link->next = state->free_readers;
        state->free_readers = link;
    }
    return true;
}

static bool links_open(struct state *state, int readers, struct fail *fail)
{
    if (!writer_open(state, fail)) {
        return false;
    }
    if (chmod(state->path, S_IRUSR | S_IWUSR) != 0) {
        return fail_set(fail, FAIL_IO, "%s: %s", state->path, strerrordesc_np(errno));
    }
    if (!is_whole(state, state->writer->db, fail) ||
        !state_migrate(state, state->writer->db, fail)) {
        return false;
    }
    reserve_log(state);
    return readers_open(state, readers, fail);
}

bool state_open(const char *directory, const struct state_options *options, struct state **out,
                struct fail *fail)
{
    return state_open_schema(directory, options, &state_schema, out, fail);
}

static char *copy_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = base_alloc_zero(bytes);
    memcpy(copy, text, bytes);
    return copy;
}

/* Without a directory it lies in memory. */
static struct state *state_new(const char *directory, const struct state_schema *schema,
                               const struct base_clock *clock)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state *state = base_alloc_zero(sizeof *state);
    state->directory = copy_text(directory == NULL ? "" : directory);
    state->path =
        copy_text(directory == NULL ? MEMORY : str_format(arena, "%s/" STATE_FILE, directory).data);
    state->schema = schema;
    state->clock = clock == NULL ? base_clock_real() : clock;
    state->wait_ms = WAIT_MS;
    base_mutex_init(&state->lock);
    base_cond_init(&state->freed);
    return state;
}

bool state_open_memory(const struct state_schema *schema, struct state **out, struct fail *fail)
{
    struct state *state = state_new(NULL, schema, NULL);
    if (!writer_open(state, fail) || !state_migrate(state, state->writer->db, fail)) {
        state_close(state);
        return false;
    }
    *out = state;
    return true;
}

bool state_open_to_look(const char *directory, struct state **out, struct fail *fail)
{
    struct state *state = state_new(directory, &state_schema, NULL);
    if (!readers_open(state, 1, fail)) {
        state_close(state);
        return false;
    }
    *out = state;
    return true;
}

bool state_open_schema(const char *directory, const struct state_options *options,
                       const struct state_schema *schema, struct state **out, struct fail *fail)
{
    struct state_options defaults = {0};
    if (options == NULL) {
        options = &defaults;
    }
    int readers = options->readers <= 0 ? 4 : options->readers;
    struct state *state = state_new(directory, schema, options->clock);
    state->wait_ms = options->wait_ms <= 0 ? WAIT_MS : options->wait_ms;
    if (!links_open(state, readers > STATE_READERS_MAX ? STATE_READERS_MAX : readers, fail)) {
        state_close(state);
        return false;
    }
    *out = state;
    return true;
}

void state_close(struct state *state)
{
    if (state == NULL) {
        return;
    }
    for (int i = state->link_count; i-- > 0;) {
        state_link_close(state->links[i]); /* the writer last: it empties the log */
    }
    base_cond_done(&state->freed);
    base_mutex_done(&state->lock);
    base_free(state->path);
    base_free(state->directory);
    base_free(state);
}

const struct base_clock *state_clock(const struct state *state)
{
    return state->clock;
}

/* ---- links ------------------------------------------------------------------------------------------------ */

void state_link_home(struct state_link *link)
{
    struct state *state = link->state;
    base_lock(&state->lock);
    if (link->writes) {
        state->writer_free = true;
    } else {
        link->next = state->free_readers;
        state->free_readers = link;
    }
    base_cond_broadcast(&state->freed);
    base_unlock(&state->lock);
}

/* Runs outside a transaction on the writer's link. */
void state_writer_lend(struct state *state)
{
    base_lock(&state->lock);
    while (!state->writer_free) {
        base_cond_wait(&state->freed, &state->lock);
    }
    state->writer_free = false;
    base_unlock(&state->lock);
}

bool state_read(struct state *state, struct state_link **out, struct fail *fail)
{
    base_lock(&state->lock);
    while (state->free_readers == NULL) {
        base_cond_wait(&state->freed, &state->lock);
    }
    struct state_link *link = state->free_readers;
    state->free_readers = link->next;
    base_unlock(&state->lock);
    if (!state_run_plain(link->db, "BEGIN", fail)) {
        state_link_home(link);
        return false;
    }
    *out = link;
    return true;
}

bool state_write(struct state *state, struct state_link **out, struct fail *fail)
{
    base_lock(&state->lock);
    while (!state->writer_free) {
        base_cond_wait(&state->freed, &state->lock);
    }
    state->writer_free = false;
    base_unlock(&state->lock);
    if (!state_run_plain(state->writer->db, "BEGIN IMMEDIATE", fail)) {
        state_link_home(state->writer);
        return false;
    }
    *out = state->writer;
    return true;
}

static void statements_rest(struct state_link *link)
{
    for (int i = 0; i < link->statement_count; i++) {
        INVARIANT(!link->statements[i].in_use);
    }
}

bool state_commit(struct state_link **link, struct fail *fail)
{
    statements_rest(*link);
    bool ok = state_run_plain((*link)->db, "COMMIT", fail);
    if (!ok) {
        sqlite3_exec((*link)->db, "ROLLBACK", NULL, NULL, NULL);
    }
    state_link_home(*link);
    *link = NULL;
    return ok;
}

void state_link_done(struct state_link **link)
{
    if (*link == NULL) {
        return;
    }
    statements_rest(*link);
    sqlite3_exec((*link)->db, "ROLLBACK", NULL, NULL, NULL);
    state_link_home(*link);
    *link = NULL;
}
