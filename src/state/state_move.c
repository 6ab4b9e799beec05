/* Versions and copies of the file: bringing it forward, copying it as of one moment, emptying its log. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_disk.h"
#include "state_pages.h"
#include "state_sqlite.h"

#define SCRUB_TRIES 3

/* ---- versions --------------------------------------------------------------------------------------------- */

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
    return state_fail_of(fail, db, sqlite3_extended_errcode(db));
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
            fail_set(fail, FAIL_CONFLICT, "%s is a file of another program (%d)", STATE_FILE, id));
}

/* All pages, as the connection sees them: as of the transaction that it is in, or of one moment during the call. */
static bool copy_pages(sqlite3 *from, sqlite3 *to, struct fail *fail)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    if (copy == NULL) {
        return state_fail_of(fail, to, sqlite3_extended_errcode(to));
    }
    int code = sqlite3_backup_step(copy, -1);
    sqlite3_backup_finish(copy);
    return code == SQLITE_DONE || state_fail_of(fail, NULL, code);
}

static bool copy_to(sqlite3 *db, const char *path, struct fail *fail)
{
    /* Made here, so that nobody else may read it from the beginning. */
    int made = state_open_whatever_interrupts(path, O_CREAT | O_EXCL | O_WRONLY);
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
    bool ok = code == SQLITE_OK || state_fail_of(fail, copy, code);
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
    const char *name = str_format(arena, STATE_FILE ".before-%d", state->schema->version).data;
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
    if (state_run_plain(db, "BEGIN IMMEDIATE", fail) &&
        state_run_plain(db, schema->steps[from], fail) && state_run_plain(db, done, fail)) {
        return true;
    }
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return fail_at(fail, "bringing %s from version %d to %d", STATE_FILE, from, from + 1);
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

bool state_migrate(const struct state *state, sqlite3 *db, struct fail *fail)
{
    const struct state_schema *schema = state->schema;
    int version = 0;
    if (!version_check(state, db, &version, fail)) {
        return false;
    }
    if (version > 0 && version < schema->version && !copy_before(state, db, fail)) {
        return fail_at(fail, "copying %s before it is changed", STATE_FILE);
    }
    for (; version < schema->version; version++) {
        if (!step_run(db, schema, version, fail)) {
            return false;
        }
    }
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
    if (stat(str_format(arena, "%s/" STATE_FILE, directory).data, &status) != 0 &&
        errno == ENOENT) {
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

/* ---- of a running server ---------------------------------------------------------------------------------- */

/* A reader of its own, so that a long copy takes none from those who ask. Its view begins with its first read. */
static bool copy_moment(struct state *state, struct state_link *reader,
                        const struct state_moment *moment, struct fail *fail)
{
    int version;
    state_writer_lend(state); /* no commit while it is lent */
    bool ok = state_run_plain(reader->db, "BEGIN", fail) &&
              version_read(reader->db, &version, fail) &&
              (moment == NULL || moment->note(moment->context, fail));
    state_link_home(state->writer);
    return ok;
}

bool state_backup(struct state *state, const char *path, const struct state_moment *moment,
                  struct fail *fail)
{
    struct state_link *reader = NULL;
    if (!state_link_open(state, false, &reader, fail)) {
        return false;
    }
    bool ok = copy_moment(state, reader, moment, fail) && copy_to(reader->db, path, fail);
    state_link_close(reader);
    return ok;
}

/* Empties the log where nobody reads from it. */
static bool log_empty(sqlite3 *db, bool *out_emptied, struct fail *fail)
{
    int left = 0, done = 0;
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, &done);
    *out_emptied = code == SQLITE_OK;
    return code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY || state_fail_of(fail, db, code);
}

bool state_scrub(struct state *state, bool *out_emptied, struct fail *fail)
{
    bool ok, emptied = false;
    /* Each try waits for readers, but for wait_ms only, and nobody writes meanwhile: between tries they may. */
    for (int i = 0; i < SCRUB_TRIES; i++) {
        state_writer_lend(state);
        ok = log_empty(state->writer->db, &emptied, fail);
        state_link_home(state->writer);
        if (!ok || emptied) {
            break;
        }
    }
    if (ok) {
        *out_emptied = emptied;
    }
    return ok;
}
