/* backup_internal.h — what the parts of backup share: names, lists, copying with a hash.
 *
 * What: the target's folders, the form of lists, and the one loop that reads a file, hashes and perhaps writes it.
 * Owner: at each function.   Threads: as backup.h.   Failure: as backup.h.
 * Limits/cost: one buffer of BACKUP_STEP_BYTES.   Units: bytes.   Example: backup_make.c.   Not here: the face.
 */
#pragma once

#include "backup.h"
#include "base_buf.h"

#define BACKUP_OBJECTS "objects"
#define BACKUP_GENERATIONS "generations"
#define BACKUP_STEP_BYTES ((size_t)1 << 20)
#define BACKUP_HASH_CHARS 32

void backup_hash_text(struct base_hash128 hash, char out[BACKUP_HASH_CHARS + 1]);
bool backup_hash_parse(struct str text, struct base_hash128 *out);
static inline bool backup_hash_equal(struct base_hash128 a, struct base_hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

/* ---- lists (backup_list.c) -------------------------------------------------------------------------------- */

struct str backup_list_path(uint64_t number, struct arena *arena);
bool backup_list_encode(const struct backup_generation *generation, struct base_buf *out,
                        struct fail *fail) MUST_USE;
/* FAIL_CORRUPT where it is not what was written. Texts lie in the arena. */
bool backup_list_decode(struct str bytes, uint64_t number, struct arena *arena,
                        struct backup_generation *out, struct fail *fail) MUST_USE;

/* ---- objects (backup_object.c) ---------------------------------------------------------------------------- */

struct backup_bytes { /* what is read: a file, or bytes in memory */
    struct disk_file *file;
    struct str content; /* where .data is not NULL, instead of the file */
    uint64_t len;
};
/* Reads all of it and hashes it; writes it into `to` where that is not NULL. FAIL_CORRUPT where there is less than
   `len`. */
bool backup_copy(const struct backup_bytes *from, struct disk_file *to, struct base_cancel *cancel,
                 struct base_hash128 *out, struct fail *fail) MUST_USE;
/* NULL where the object is what the entry says; else what is wrong with it. FAIL_IO only where reading fails. */
bool backup_object_check(struct disk *target, const struct backup_entry *entry,
                         struct base_cancel *cancel, const char **out_problem,
                         struct fail *fail) MUST_USE;
/* "0000000000000012.seg.0123456789abcdef.": what comes before the hash in an object's name. */
struct str backup_object_begin(const char *path, uint64_t checksum, struct arena *arena);
struct str backup_object_path(struct str object, struct arena *arena);
