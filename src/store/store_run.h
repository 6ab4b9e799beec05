/* store_run.h — an immutable file of named sections, whose pages are checked when first touched.
 *
 * What: identity runs, deduplication runs and quarantine files are all made of it: sections of bytes, written
 *   once from front to back, each page of 16 KiB with its checksum, a footer, and the manifest's word for
 *   the footer. Format: docs/formats/run.md.
 * Owner: reference-counted; at zero it is unmapped, and removed where store_run_doom was called.
 * Threads: immutable after open; safe for concurrent readers. A writer belongs to one thread.
 * Failure: FAIL_CORRUPT on a checksum or range, FAIL_IO and FAIL_LIMIT from the disk.
 * Limits/cost: open reads header and footer only; a page is hashed once per process.
 * Units: bytes.
 * Example: const uint8_t *at; if (!store_run_at(run, SECTION, offset, 20, &at, fail)) return false;
 * Not here: what sections mean (store_identity_run.h, store_dedup.h, store_quarantine.h).
 */
#pragma once

#include "store.h"

#define STORE_RUN_SECTIONS_MAX 16
#define STORE_RUN_PAGE_BYTES 16384U
#define STORE_RUN_PATH_BYTES 48

enum store_run_kind {
    STORE_ADVANCE_SEGMENTS = 0, /* not runs: segments, where a manifest's lists are spoken of */
    STORE_RUN_IDENTITY = 1,     /* identity/<id as 16 hex digits>.run */
    STORE_RUN_DEDUP = 2,        /* dedup/<id>.run */
    STORE_RUN_QUARANTINE = 3,   /* quarantine/<id>.q */
};

struct store_run_info { /* what the manifest keeps of it */
    uint64_t id;
    uint64_t bytes;
    uint64_t checksum; /* of page sums and footer: ties the file to the manifest */
};

void store_run_path(enum store_run_kind kind, uint64_t id, char out_path[STORE_RUN_PATH_BYTES]);
const char *store_run_folder(enum store_run_kind kind);

struct store_run;
bool store_run_open(struct disk *disk, enum store_run_kind kind, const struct store_run_info *info,
                    struct store_run **out, struct fail *fail) MUST_USE;
struct store_run *store_run_ref(struct store_run *run);
void store_run_unref(struct store_run *run); /* accepts NULL */
void store_run_doom(struct store_run *run);
const struct store_run_info *store_run_info_of(const struct store_run *run);
uint64_t store_run_len(const struct store_run *run, uint32_t section);
/* Bytes [at, at + len) of a section, their pages checked. Valid as long as the run. */
bool store_run_at(const struct store_run *run, uint32_t section, uint64_t at, uint64_t len,
                  const uint8_t **out, struct fail *fail) MUST_USE;
/* Checks every page. */
bool store_run_check(const struct store_run *run, struct fail *fail) MUST_USE;

/* ---- writing ------------------------------------------------------------------------------------- */

struct store_run_writer;
bool store_run_writer_new(struct disk *disk, enum store_run_kind kind, uint64_t id,
                          struct store_run_writer **out, struct fail *fail) MUST_USE;
/* Starts the next section; sections are numbered 0, 1, ... in order. */
void store_run_begin(struct store_run_writer *writer);
/* Errors are kept and told by store_run_finish. */
void store_run_write(struct store_run_writer *writer, const void *data, size_t len);
uint64_t store_run_written(const struct store_run_writer *writer); /* in this section */
/* Bytes [at, at + len) of a section that was begun before, which must have been written. False too where writing them failed. */
bool store_run_read_back(const struct store_run_writer *writer, uint32_t section, uint64_t at,
                         void *into, size_t len, struct fail *fail) MUST_USE;
/* Closes the file, synced, its name too. The writer is freed; on failure the file is removed. */
bool store_run_finish(struct store_run_writer *writer, struct store_run_info *out,
                      struct fail *fail) MUST_USE;
void store_run_abandon(struct store_run_writer *writer); /* accepts NULL */

/* Which neighbours of `bytes` (oldest first) to merge: four or more of like size, or the cheapest ones when
   there are more than `most`. False: nothing is worth it. Each byte is rewritten O(log n) times. */
bool store_run_choose(const uint64_t *bytes, size_t count, size_t most, size_t *out_first,
                      size_t *out_count);
