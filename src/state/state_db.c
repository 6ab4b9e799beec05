/* SQLite behind rows and links: the only file of this module that knows it.
 *
 * Invariants
 * (1) A link is lent to one thread at a time; the lock guards the lending only and is never held while SQLite
 *     works.
 * (2) A link in hand is inside a transaction; a link at home is not, and none of its statements is running.
 * (3) Only the writer's link may change anything: readers are opened with query_only. */
#include "state_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_disk.h"
#include "base_thread.h"
#include "state_internal.h"
#include "state_pages.h"

#define FILE_NAME "state.db"
#define WAIT_MS 5000
#define LOG_BYTES ((off_t)5 << 20)
#define STATEMENTS_MAX 64 /* cached by a link; above it they are made anew each time */
#define READERS_MAX 64
#define SCRUB_TRIES 3
#define LOOK_BYTES ((off_t)32 << 20) /* of a file that a start looks through: some 100 ms */
#define MEMORY ":memory:"

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
    struct state_rows statements[STATEMENTS_MAX];
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
    struct state_link *links[READERS_MAX + 1];
    int link_count;
};

/* ---- SQLite's answers ---------------------------------------------------------------------------- */

static bool fail_of(struct fail *fail, sqlite3 *db, int code)
{
    const char *message = db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db);
    if (code == SQLITE_IOERR_DATA) {
        uint32_t page = state_pages_met().damaged;
        return fail_set(fail, FAIL_CORRUPT, "%s is damaged: page %u differs from its checksum%s",
                        FILE_NAME, page, page == 1 ? ", or another program wrote it" : "");
    }
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return fail_set(fail, FAIL_CONFLICT, "the stored data forbid it: %s", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail_set(fail, FAIL_CORRUPT, "%s is damaged: %s", FILE_NAME, message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail_set(fail, FAIL_BUSY, "%s is in use by another program", FILE_NAME);
    case SQLITE_FULL:
        return fail_set(fail, FAIL_LIMIT, "no room on the disk for %s", FILE_NAME);
    case SQLITE_TOOBIG:
        return fail_set(fail, FAIL_LIMIT, "too large to be kept: %s", message);
    case SQLITE_NOMEM:
        return fail_set(fail, FAIL_NO_MEMORY, "no memory for %s", FILE_NAME);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return fail_set(fail, FAIL_IO, "%s: %s", FILE_NAME, message);
    default:
        return fail_set(fail, FAIL_INTERNAL, "%s: %s", FILE_NAME, message);
    }
}

static bool run_plain(sqlite3 *db, const char *sql, struct fail *fail)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || fail_of(fail, db, sqlite3_extended_errcode(db));
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static void link_close(struct state_link *link)
{
    for (int i = 0; i < link->statement_count; i++) {
        sqlite3_finalize(link->statements[i].statement);
    }
    sqlite3_close(link->db);
    base_free(link);
}

static bool link_open(struct state *state, bool writes, struct state_link **out, struct fail *fail)
{
    struct state_link *link = base_alloc_zero(sizeof *link);
    link->state = state;
    link->writes = writes;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writes ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(state->path, &link->db, flags, state_pages_vfs());
    if (code != SQLITE_OK) {
        fail_of(fail, link->db, code);
        link_close(link);
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
                             : "PRAGMA query_only = ON; PRAGMA cell_size_check = ON;";
    if (!run_plain(link->db, set, fail)) {
        link_close(link);
        return false;
    }
    *out = link;
    return true;
}

static bool number_read(sqlite3 *db, const char *sql, int *out, struct fail *fail)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        *out = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return true;
    }
    sqlite3_finalize(statement);
    return fail_of(fail, db, sqlite3_extended_errcode(db));
}

static bool version_read(sqlite3 *db, int *out, struct fail *fail)
{
    return number_read(db, "PRAGMA user_version", out, fail);
}

/* Another program's file is not ours to change. */
static bool is_ours(sqlite3 *db, struct fail *fail)
{
    int id = 0;
    return number_read(db, "PRAGMA application_id", &id, fail) &&
           (id == 0 || id == STATE_APPLICATION_ID ||
            fail_set(fail, FAIL_CONFLICT, "%s is a file of another program (%d)", FILE_NAME, id));
}

/* What a statement that looks through the file met, and told as damage of another kind; SQLITE_OK: nothing. */
static int swallowed(void)
{
    const struct state_pages_met met = state_pages_met();
    return met.failed != 0 ? met.failed : met.damaged != 0 ? SQLITE_IOERR_DATA : SQLITE_OK;
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
    code = swallowed();
    if (!ok || code != SQLITE_OK) {
        ok = fail_of(fail, code == SQLITE_OK ? db : NULL,
                     code == SQLITE_OK ? sqlite3_extended_errcode(db) : code);
    } else {
        ok = (said != NULL && strcmp(said, "ok") == 0) ||
             fail_set(fail, FAIL_CORRUPT, "%s is damaged: %.150s", FILE_NAME, said);
    }
    sqlite3_finalize(statement);
    return ok;
}

/* All pages, as the connection sees them: as of the transaction that it is in, or of one moment during the call. */
static bool copy_pages(sqlite3 *from, sqlite3 *to, struct fail *fail)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    if (copy == NULL) {
        return fail_of(fail, to, sqlite3_extended_errcode(to));
    }
    int code = sqlite3_backup_step(copy, -1);
    sqlite3_backup_finish(copy);
    return code == SQLITE_DONE || fail_of(fail, NULL, code);
}

static int open_whatever_interrupts(const char *path, int flags)
{
    int file;
    do {
        file = open(path, flags | O_CLOEXEC, S_IRUSR | S_IWUSR);
    } while (file < 0 && errno == EINTR);
    return file;
}

static bool copy_to(sqlite3 *db, const char *path, struct fail *fail)
{
    /* Made here, so that nobody else may read it from the beginning. */
    int made = open_whatever_interrupts(path, O_CREAT | O_EXCL | O_WRONLY);
    if (made < 0) {
        return errno == EEXIST
                   ? fail_set(fail, FAIL_CONFLICT, "%s exists already", path)
                   : fail_set(fail, errno == ENOSPC || errno == EDQUOT ? FAIL_LIMIT : FAIL_IO,
                              "%s cannot be made: %s", path, strerrordesc_np(errno));
    }
    close(made);
    sqlite3 *copy = NULL;
    int code = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                               state_pages_vfs());
    bool ok = code == SQLITE_OK || fail_of(fail, copy, code);
    ok = ok && copy_pages(db, copy, fail);
    sqlite3_close(copy);
    if (!ok) {
        unlink(path); /* a part of a copy is none */
    }
    return ok;
}

static void disk_free_at(struct disk **disk)
{
    disk_free(*disk);
}

/* A copy beside the file, which has its name only once it is whole: one that is there already is that of an earlier, cut
   attempt to move the same rows forward. */
static bool copy_before(const struct state *state, sqlite3 *db, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct disk *folder CLEANUP(disk_free_at) = NULL;
    struct disk_file *there CLEANUP(disk_close_at) = NULL;
    struct fail absent;
    const char *name = str_format(arena, FILE_NAME ".before-%d", state->schema->version).data;
    const char *part = str_format(arena, "%s.part", name).data;
    if (!disk_real(state->directory, &folder, fail)) {
        return false;
    }
    if (disk_open(folder, name, DISK_READ, &there, &absent)) {
        return true;
    }
    (void)!disk_remove(folder, part, &absent); /* of an attempt that was cut while it copied */
    return copy_to(db, str_format(arena, "%s/%s", state->directory, part).data, fail) &&
           disk_rename(folder, part, name, fail) && disk_sync_dir(folder, "", fail);
}

static bool step_run(sqlite3 *db, const struct state_schema *schema, int from, struct fail *fail)
{
    char done[64];
    snprintf(done, sizeof done, "PRAGMA user_version = %d; COMMIT;", from + 1);
    if (run_plain(db, "BEGIN IMMEDIATE", fail) && run_plain(db, schema->steps[from], fail) &&
        run_plain(db, done, fail)) {
        return true;
    }
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return fail_at(fail, "bringing %s from version %d to %d", FILE_NAME, from, from + 1);
}

/* Which version the file is of; a newer one, or another program's file, is a failure. */
static bool version_check(const struct state *state, sqlite3 *db, int *out, struct fail *fail)
{
    return is_ours(db, fail) && version_read(db, out, fail) &&
           (*out <= state->schema->version ||
            fail_set(fail, FAIL_CONFLICT,
                     "%s was written by a newer version of firsthand (%d, this one knows %d); "
                     "install that version, or restore a backup",
                     state->path, *out, state->schema->version));
}

static bool migrate(struct state *state, sqlite3 *db, struct fail *fail)
{
    const struct state_schema *schema = state->schema;
    int version = 0;
    if (!version_check(state, db, &version, fail)) {
        return false;
    }
    if (version > 0 && version < schema->version && !copy_before(state, db, fail)) {
        return fail_at(fail, "copying %s before it is changed", FILE_NAME);
    }
    for (; version < schema->version; version++) {
        if (!step_run(db, schema, version, fail)) {
            return false;
        }
    }
    return true;
}

/* Room for the log, so that on a full disk what people do is still noted: it is written over from its beginning after each
   checkpoint, which comes after 1,000 pages. A file system that cannot is no failure. */
static void reserve_log(const struct state *state)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    const char *path = str_format(arena, "%s-wal", state->path).data;
    int log = open_whatever_interrupts(path, O_RDWR | O_CREAT);
    if (log >= 0) {
        while (fallocate(log, FALLOC_FL_KEEP_SIZE, 0, LOG_BYTES) != 0 && errno == EINTR) {
        }
        close(log);
    }
}

static bool writer_open(struct state *state, struct fail *fail)
{
    struct state_link *link = NULL;
    if (!link_open(state, true, &link, fail)) {
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
        if (!link_open(state, false, &link, fail)) {
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
    if (!is_whole(state, state->writer->db, fail) || !migrate(state, state->writer->db, fail)) {
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
        copy_text(directory == NULL ? MEMORY : str_format(arena, "%s/" FILE_NAME, directory).data);
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
    if (!writer_open(state, fail) || !migrate(state, state->writer->db, fail)) {
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
    if (!links_open(state, readers > READERS_MAX ? READERS_MAX : readers, fail)) {
        state_close(state);
        return false;
    }
    *out = state;
    return true;
}

int state_version_known(void)
{
    return state_schema.version;
}

bool state_version(const char *directory, int *out, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state *state = NULL;
    struct stat status;
    if (stat(str_format(arena, "%s/" FILE_NAME, directory).data, &status) != 0 && errno == ENOENT) {
        *out = 0;
        return true;
    }
    if (!state_open_to_look(directory, &state, fail)) {
        return false;
    }
    bool ok = version_check(state, state->links[0]->db, out, fail);
    state_close(state);
    return ok;
}

bool state_copy(const char *directory, const char *path, struct fail *fail)
{
    struct state *state = NULL;
    if (!state_open_to_look(directory, &state, fail)) {
        return false;
    }
    bool ok = copy_to(state->links[0]->db, path, fail);
    state_close(state);
    return ok;
}

void state_close(struct state *state)
{
    if (state == NULL) {
        return;
    }
    for (int i = state->link_count; i-- > 0;) {
        link_close(state->links[i]); /* the writer last: it empties the log */
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

static void link_home(struct state_link *link)
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

bool state_read(struct state *state, struct state_link **out, struct fail *fail)
{
    base_lock(&state->lock);
    while (state->free_readers == NULL) {
        base_cond_wait(&state->freed, &state->lock);
    }
    struct state_link *link = state->free_readers;
    state->free_readers = link->next;
    base_unlock(&state->lock);
    if (!run_plain(link->db, "BEGIN", fail)) {
        link_home(link);
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
    if (!run_plain(state->writer->db, "BEGIN IMMEDIATE", fail)) {
        link_home(state->writer);
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
    bool ok = run_plain((*link)->db, "COMMIT", fail);
    if (!ok) {
        sqlite3_exec((*link)->db, "ROLLBACK", NULL, NULL, NULL);
    }
    link_home(*link);
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
    link_home(*link);
    *link = NULL;
}

/* ---- statements --------------------------------------------------------------------------------------------- */

static bool statement_find(struct state_link *link, const char *sql, struct state_rows **out,
                           struct fail *fail)
{
    for (int i = 0; i < link->statement_count; i++) {
        struct state_rows *rows = &link->statements[i];
        if (!rows->in_use && (rows->sql == sql || strcmp(rows->sql, sql) == 0)) {
            rows->in_use = true;
            *out = rows;
            return true;
        }
    }
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(link->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        fail_of(fail, link->db, sqlite3_extended_errcode(link->db));
        return false;
    }
    struct state_rows *rows;
    if (link->statement_count < STATEMENTS_MAX) {
        rows = &link->statements[link->statement_count++];
        rows->cached = true;
    } else {
        rows = base_alloc_zero(sizeof *rows);
    }
    rows->link = link;
    rows->statement = statement;
    rows->sql = sql;
    rows->in_use = true;
    *out = rows;
    return true;
}

static int bind_one(sqlite3_stmt *statement, int at, const struct state_value *value)
{
    const char *data = value->s.data == NULL ? "" : value->s.data;
    switch (value->kind) {
    case STATE_NULL:
        return sqlite3_bind_null(statement, at);
    case STATE_INT:
        return sqlite3_bind_int64(statement, at, value->i);
    case STATE_DOUBLE:
        return sqlite3_bind_double(statement, at, value->d);
    case STATE_TEXT:
        return sqlite3_bind_text64(statement, at, data, value->s.len, SQLITE_STATIC, SQLITE_UTF8);
    case STATE_BLOB:
        return sqlite3_bind_blob64(statement, at, data, value->s.len, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

bool state_select(struct state_link *link, const char *sql, const struct state_value *values,
                  size_t count, struct state_rows **out, struct fail *fail)
{
    struct state_rows *rows = NULL;
    if (!statement_find(link, sql, &rows, fail)) {
        return false;
    }
    INVARIANT((size_t)sqlite3_bind_parameter_count(rows->statement) == count);
    for (size_t i = 0; i < count; i++) {
        int code = bind_one(rows->statement, (int)i + 1, &values[i]);
        if (code != SQLITE_OK) {
            state_rows_done(&rows);
            fail_of(fail, link->db, code);
            return false;
        }
    }
    *out = rows;
    return true;
}

bool state_next(struct state_rows *rows, bool *out_row, struct fail *fail)
{
    state_pages_forget();
    int code = sqlite3_step(rows->statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return fail_of(fail, rows->link->db, sqlite3_extended_errcode(rows->link->db));
    }
    code = code == SQLITE_ROW && state_pages_met().failed != 0 ? swallowed() : code;
    if (code != SQLITE_ROW && code != SQLITE_DONE) { /* it goes on, as if that were in the file */
        return fail_of(fail, NULL, code);
    }
    *out_row = code == SQLITE_ROW;
    return true;
}

void state_rows_done(struct state_rows **rows)
{
    struct state_rows *done = *rows;
    if (done == NULL) {
        return;
    }
    sqlite3_reset(done->statement);
    sqlite3_clear_bindings(done->statement);
    done->in_use = false;
    if (!done->cached) {
        sqlite3_finalize(done->statement);
        base_free(done);
    }
    *rows = NULL;
}

bool state_run(struct state_link *link, const char *sql, const struct state_value *values,
               size_t count, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    if (!state_select(link, sql, values, count, &rows, fail)) {
        return false;
    }
    bool row = true;
    while (row) {
        if (!state_next(rows, &row, fail)) {
            return false;
        }
    }
    return true;
}

bool state_count(struct state_link *link, const char *sql, int64_t *out, struct fail *fail)
{
    struct state_rows *rows CLEANUP(state_rows_done) = NULL;
    bool row = false;
    if (!state_select(link, sql, NULL, 0, &rows, fail) || !state_next(rows, &row, fail)) {
        return false;
    }
    INVARIANT(row);
    *out = state_get_int(rows, 0);
    return true;
}

int64_t state_changed(struct state_link *link)
{
    return sqlite3_changes64(link->db);
}

int64_t state_last_id(struct state_link *link)
{
    return sqlite3_last_insert_rowid(link->db);
}

bool state_is_null(const struct state_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

int64_t state_get_int(const struct state_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

double state_get_double(const struct state_rows *rows, int column)
{
    return sqlite3_column_double(rows->statement, column);
}

struct str state_get_text(const struct state_rows *rows, int column, struct arena *arena)
{
    if (state_is_null(rows, column)) {
        return (struct str){0};
    }
    const unsigned char *text = sqlite3_column_text(rows->statement, column);
    size_t len = (size_t)sqlite3_column_bytes(rows->statement, column);
    return text == NULL || len == 0 ? STR("") : str_copy(arena, str_of((const char *)text, len));
}

struct str state_get_blob(const struct state_rows *rows, int column, struct arena *arena)
{
    if (state_is_null(rows, column)) {
        return (struct str){0};
    }
    const void *bytes = sqlite3_column_blob(rows->statement, column);
    size_t len = (size_t)sqlite3_column_bytes(rows->statement, column);
    return bytes == NULL || len == 0 ? STR("") : str_copy(arena, str_of(bytes, len));
}

/* ---- looking after the file --------------------------------------------------------------------------------- */

/* Runs outside a transaction on the writer's link. */
static void writer_lend(struct state *state)
{
    base_lock(&state->lock);
    while (!state->writer_free) {
        base_cond_wait(&state->freed, &state->lock);
    }
    state->writer_free = false;
    base_unlock(&state->lock);
}

/* A reader of its own, so that a long copy takes none from those who ask. Its view begins with its first read. */
static bool copy_moment(struct state *state, struct state_link *reader,
                        const struct state_moment *moment, struct fail *fail)
{
    int version;
    writer_lend(state); /* no commit while it is lent */
    bool ok = run_plain(reader->db, "BEGIN", fail) && version_read(reader->db, &version, fail) &&
              (moment == NULL || moment->note(moment->context, fail));
    link_home(state->writer);
    return ok;
}

bool state_backup(struct state *state, const char *path, const struct state_moment *moment,
                  struct fail *fail)
{
    struct state_link *reader = NULL;
    if (!link_open(state, false, &reader, fail)) {
        return false;
    }
    bool ok = copy_moment(state, reader, moment, fail) && copy_to(reader->db, path, fail);
    link_close(reader);
    return ok;
}

/* Empties the log where nobody reads from it. */
static bool log_empty(sqlite3 *db, bool *out_emptied, struct fail *fail)
{
    int left = 0, done = 0;
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, &done);
    *out_emptied = code == SQLITE_OK;
    return code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || fail_of(fail, db, code);
}

bool state_scrub(struct state *state, bool *out_emptied, struct fail *fail)
{
    bool ok, emptied = false;
    /* Each try waits for readers, but for wait_ms only, and nobody writes meanwhile: between tries they may. */
    for (int i = 0; i < SCRUB_TRIES; i++) {
        writer_lend(state);
        ok = log_empty(state->writer->db, &emptied, fail);
        link_home(state->writer);
        if (!ok || emptied) {
            break;
        }
    }
    if (ok) {
        *out_emptied = emptied;
    }
    return ok;
}
