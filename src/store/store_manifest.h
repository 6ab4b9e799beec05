/* store_manifest.h — the one file that says which files make the store, replaced atomically.
 *
 * What: the state at the last seal: files with their checksums, counters to go on from, the ledger. Everything
 *   after it is in the journals from `journal_from` on. Format: docs/formats/manifest.md.
 * Owner: arrays and names lie in the arena of the version, which the manifest owns.
 * Threads: immutable once made; the keeper makes the next from it.
 * Failure: FAIL_CORRUPT on any byte that is not what was written.
 * Limits/cost: some 100 bytes a file; written at each seal and merge.   Units: as named.
 * Example: see store_keeper.c.   Not here: what the files hold.
 */
#pragma once

#include "store_internal.h"
#include "store_ledger.h"
#include "store_imports.h"
#include "store_run.h"

struct store_manifest_line { /* of the ledger */
    struct str source;
    struct store_ledger_count count;
};

struct store_manifest {
    struct arena *arena;
    uint64_t generation; /* one more with every version */
    uint64_t salt;       /* of hashes, random, never changes */
    int64_t created_ms;  /* of the store */
    uint64_t next_file_id;
    uint64_t journal_from;
    uint64_t next_sequence; /* of the first frame of journal_from */
    uint64_t next_arrival, next_quarantine_id;
    uint64_t rows, customers;
    uint64_t seqs;     /* identifiers given out */
    uint64_t position; /* of the last join or split */
    uint32_t numbers;  /* customer numbers given out */
    bool any_split;
    struct store_segment_info *segments; /* ascending arrivals */
    size_t segment_count;
    struct store_run_info *runs[4]; /* by enum store_run_kind; oldest first */
    size_t run_count[4];
    struct store_manifest_line *ledger; /* by name */
    size_t ledger_count;
    struct store_imports imports; /* the manifest's own */
};

#define STORE_MANIFEST_PATH "MANIFEST"
#define STORE_MANIFEST_BYTES_MAX ((size_t)256 << 20)

struct store_manifest *store_manifest_new(void);
void store_manifest_free(struct store_manifest *manifest); /* accepts NULL */
void store_manifest_free_at(struct store_manifest **manifest);
/* A copy to change: own arena, own arrays. */
bool store_manifest_copy(const struct store_manifest *from, struct store_manifest **out,
                         struct fail *fail) MUST_USE;
/* Puts `count` entries in the place of [first, first + gone). */
bool store_manifest_splice_runs(struct store_manifest *manifest, enum store_run_kind kind,
                                size_t first, size_t gone, const struct store_run_info *infos,
                                size_t count, struct fail *fail) MUST_USE;
bool store_manifest_splice_segments(struct store_manifest *manifest, size_t first, size_t gone,
                                    const struct store_segment_info *infos, size_t count,
                                    struct fail *fail) MUST_USE;

/* FAIL_ABSENT where there is none. */
bool store_manifest_read(struct disk *disk, struct store_manifest **out,
                         struct fail *fail) MUST_USE;
/* The bytes of the file, into an empty buffer. */
bool store_manifest_encode(const struct store_manifest *manifest, struct base_buf *out,
                           struct fail *fail) MUST_USE;
/* Durable when it returns. After a failure either version may be on the disk. */
bool store_manifest_write(struct disk *disk, struct store_manifest *manifest,
                          struct fail *fail) MUST_USE;
/* For tests and fuzzing: the bytes alone. */
bool store_manifest_decode(struct str bytes, struct store_manifest **out,
                           struct fail *fail) MUST_USE;
