/* backup.h — generations of a directory's files in another directory, which share what did not change.
 *
 * What: a target holds objects (each a file's bytes, under a name made of what it is and of its content's hash) and
 *   generations (each a list of paths, objects and hashes). Files that never change are copied once, however many
 *   generations name them. A generation exists when its list was renamed into place, after all that it names was
 *   synced; a backup that was cut leaves objects that the next one finds. Format: docs/formats/backup.md
 * Owner: lists lie in the arena given.
 * Threads: one at a time on a target (the caller holds its lock).
 * Failure: FAIL_CONFLICT where the target belongs to another directory; FAIL_ABSENT where there is no such generation;
 *   FAIL_CORRUPT names the object or list that is damaged; FAIL_LIMIT without room; FAIL_IO; FAIL_CANCELLED.
 * Limits/cost: reads what is copied once; BACKUP_*_MAX.   Units: *_ms UTC, bytes.
 * Example: backup_make(target, &source, &options, arena, &made, fail)
 * Not here: which moment is copied (store_hold.h, state_backup), locks and folders (app).
 */
#pragma once

#include "base_disk.h"
#include "base_hash.h"
#include "base_thread.h"
#include "store_hold.h"

#define BACKUP_GENERATIONS_MAX 10000
#define BACKUP_LIST_BYTES_MAX ((size_t)64 << 20) /* of one generation's list */
#define BACKUP_FILES_MAX 200000                  /* in one generation */
#define BACKUP_FOLDERS_MAX 100                   /* in one generation */

struct backup_entry { /* a file of a generation */
    struct str path;  /* in the directory that was backed up */
    struct str object;
    uint64_t bytes, checksum; /* checksum: as in struct store_held_file */
    struct base_hash128 hash; /* of the content */
};
struct backup_generation {
    uint64_t number;
    uint64_t directory; /* that it is a backup of */
    int64_t moment_ms;  /* when all that it holds was so */
    struct str version; /* of the program that made it */
    uint64_t events, customers;
    uint64_t bytes;      /* of all its files */
    uint64_t copied;     /* of those that no older generation had */
    struct str *folders; /* of the directory, also without files */
    size_t folder_count;
    struct backup_entry *entries;
    size_t count;
    const char
        *damaged; /* NULL; else why its list cannot be read: nothing but the number is known then */
};

/* ---- making ---------------------------------------------------------------------------------------------- */

struct backup_file {  /* one that is not the store's */
    const char *path; /* in the directory */
    struct disk *disk;
    const char *at; /* where it lies on that disk; a file that is not there is left out */
    uint64_t most;  /* bytes of it that belong to the moment, of one that only grows; 0: all */
};
struct backup_source {
    const struct store_hold *hold;
    struct disk *disk; /* on which the held files lie */
    const struct backup_file *files;
    size_t file_count;
    int64_t moment_ms;
    struct str version;
};
struct backup_options {         /* zero = default */
    struct base_cancel *cancel; /* NULL: never */
    bool read_back; /* reads the objects again that are there already, and replaces damaged ones */
    uint64_t keep;  /* generations; older ones go. 0: all stay */
};
/* Makes the next generation. `out` lies in the arena. */
bool backup_make(struct disk *target, const struct backup_source *source,
                 const struct backup_options *options, struct arena *arena,
                 struct backup_generation *out, struct fail *fail) MUST_USE;

/* ---- looking ----------------------------------------------------------------------------------------------- */

/* All generations, oldest first, those with a damaged list too. A target without any gives none. */
bool backup_list(struct disk *target, struct arena *arena, struct backup_generation **out,
                 size_t *out_count, struct fail *fail) MUST_USE;
/* One of them; 0: the newest. */
bool backup_find(struct disk *target, uint64_t number, struct arena *arena,
                 struct backup_generation *out, struct fail *fail) MUST_USE;

/* A small file of a generation, in the arena; *out_there is false where it has none of that path. */
bool backup_read(struct disk *target, const struct backup_generation *generation, const char *path,
                 size_t most, struct arena *arena, struct str *out, bool *out_there,
                 struct fail *fail) MUST_USE;

struct backup_verify_result {
    uint64_t generations, objects, bytes, problems;
};
/* Reads every list and every object of all generations; 0: of one. Calls `problem` for each thing that is wrong, with the
   file of the target that it is about. */
bool backup_verify(struct disk *target, uint64_t number, struct base_cancel *cancel,
                   void (*problem)(void *context, const char *path, const char *what),
                   void *context, struct backup_verify_result *out, struct fail *fail) MUST_USE;

/* ---- restoring ---------------------------------------------------------------------------------------------- */

/* While this file is there, the directory is a part of what was backed up: nobody may open it. */
#define BACKUP_RESTORING_PATH "RESTORING"
#define BACKUP_LOCK_PATH "lock" /* of a directory's holder: is none of its files */

/* Writes the generation's files into an empty directory, or into one whose restoring was cut; each is checked on the
   way. Durable when it returns. */
bool backup_restore(struct disk *target, const struct backup_generation *generation,
                    struct disk *into, struct base_cancel *cancel, struct fail *fail) MUST_USE;
