/* app_backup.h — backups of the whole directory, and directories made of them.
 *
 * What: which moment is copied, where to, and what makes a restored directory one that may be relied on. A backup holds
 *   the events and the state of one moment: no commit of state lies between the two, so that they agree as after a
 *   crash then.
 * Owner: lists lie in the arena given.
 * Threads: any; one at a time on a target (its lock), one at a time on a new directory.
 * Failure: FAIL_CONFLICT where a folder is none of this, or not empty; FAIL_BUSY while another backup writes there;
 *   FAIL_CORRUPT names what is damaged; else as backup.h.
 * Limits/cost: reads what is copied; a restored directory is read twice.   Units: *_ms UTC, bytes.
 * Example: app_restore(&(struct app_restore){.target = "/mnt/backup", .data = "new"}, arena, &restored, fail)
 * Not here: the target's form (backup.h), when backups are made by themselves (app_backup_job.c).
 */
#pragma once

#include "app_moment.h"
#include "backup.h"

struct app;
struct app_job_row;
struct json_writer;

struct app_backup {
    const char *target; /* made where it is not there */
    uint64_t keep;      /* 0: all */
    bool read_back;     /* also what older generations copied */
    struct base_cancel *cancel;
};
/* Of a directory that is open here. */
bool app_backup_make(struct app *app, const struct app_backup *backup, struct arena *arena,
                     struct backup_generation *out, struct fail *fail) MUST_USE;
/* Of a moment of the directory `data` that is held, here or by another process. */
bool app_backup_write(const char *data, const struct app_moment_view *moment,
                      const struct app_backup *backup, struct arena *arena,
                      struct backup_generation *out, struct fail *fail) MUST_USE;

/* As an object, for answers. */
void app_write_generation(struct json_writer *w, const struct backup_generation *generation);

/* Oldest first. */
bool app_backup_list(const char *target, struct arena *arena, struct backup_generation **out,
                     size_t *out_count, struct fail *fail) MUST_USE;
bool app_backup_verify(const char *target, uint64_t generation, struct base_cancel *cancel,
                       void (*problem)(void *context, const char *path, const char *what),
                       void *context, struct backup_verify_result *out, struct fail *fail) MUST_USE;

/* How a server's backups of itself stand, and the tests that something can be made of them. */
enum app_backup_state {
    APP_BACKUP_OFF,        /* no directory is set; or no test is wanted */
    APP_BACKUP_UNREADABLE, /* the directory; `problem` says why */
    APP_BACKUP_LATE,       /* the last good one is older than two intervals */
    APP_BACKUP_FAILING,    /* the last run failed */
    APP_BACKUP_NONE,       /* not one yet */
    APP_BACKUP_GOOD,
};
const char *app_backup_state_name(enum app_backup_state state);

struct app_backup_now {
    enum app_backup_state backups, tests;
    struct str problem;
    struct backup_generation *generations; /* oldest first */
    size_t count;
    const struct backup_generation *newest; /* that can be read; NULL: none */
    const struct app_job_row *backup_job, *test_job;
};
/* As the jobs tell it, without a look at the target: for what is asked every second. Nothing but the two states and jobs. */
bool app_backup_glance(struct app *app, struct arena *arena, struct app_backup_now *out,
                       struct fail *fail) MUST_USE;
/* Reads the lists of the target. */
bool app_backup_look(struct app *app, struct arena *arena, struct app_backup_now *out,
                     struct fail *fail) MUST_USE;

struct app_restore {
    const char *target;
    uint64_t generation; /* 0: the newest */
    const char *data;    /* a new or empty directory, or one whose restoring was cut */
    bool within;         /* it may lie in the target: it is to be removed again */
    /* A newer log of erasures; missing: only those of the target's generations. */
    struct str erasures;
    struct base_cancel *cancel;
};
struct app_restored {
    struct backup_generation generation;
    uint64_t events, customers; /* that the new directory answers with, before erasures */
    size_t erasures;            /* made after the backup, and made here again */
};
/* Writes the files, checks each on the way, reads the new directory whole and opens it once. */
bool app_restore(const struct app_restore *restore, struct arena *arena, struct app_restored *out,
                 struct fail *fail) MUST_USE;
