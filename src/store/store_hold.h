/* store_hold.h — the files of one moment, held so that they can be copied while the store goes on.
 *
 * What: a moment between two commits: the manifest, the files that it names, and the journals up to their last synced
 *   frame. A directory with these files opens as the store was then, as after a crash at that moment. Files that
 *   the store has no more use for meanwhile stay, under their names, until the hold is given back.
 * Owner: store_hold_free, before store_close.
 * Threads: taken from any thread; a hold then belongs to one thread at a time, but its files may be read by anyone, also
 *   by another process.
 * Failure: FAIL_IO and FAIL_LIMIT from the disk; FAIL_CONFLICT where the store was opened for reading only.
 * Limits/cost: one control job in the writer thread; no file is read. Waits for a step from one manifest to the next.
 * Units: bytes.
 * Example: if (!store_hold_take(store, &hold, fail)) ...; for each of hold->files: read it through its .path
 * Not here: where copies go (backup).
 */
#pragma once

#include "store.h"

struct store_held_file {
    const char *path; /* in the directory */
    uint64_t bytes;   /* so many from its beginning belong to the moment */
    /* Of a file that never changes: what the manifest knows of its content. With path and bytes it says which file it
       is, so that it needs to be copied once only. 0: of another kind. */
    uint64_t checksum;
    struct str
        content; /* where .data is not NULL, the bytes themselves: of the manifest, which is replaced */
};
struct store_hold {
    const struct store_held_file *files;
    size_t count;               /* the manifest is the last one */
    const char *const *folders; /* of the directory, also without files */
    size_t folder_count;
    uint64_t
        directory; /* the same for all moments of a store, and of what was restored from them */
    uint64_t events, customers, arrivals;
};
bool store_hold_take(struct store *store, struct store_hold **out, struct fail *fail) MUST_USE;
void store_hold_free(struct store_hold *hold); /* accepts NULL */
