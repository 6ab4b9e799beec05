/* disk_sim.h — a disk in memory whose power can be cut and whose calls can be made to fail.
 *
 * What: behind base_disk.h's face it keeps two states: what the running program sees (every write),
 *   and what is durable (what disk_sync and disk_sync_dir made safe), with what lies between them.
 *   disk_sim_cut makes a new disk as a power cut may leave it: the durable state, and of what was
 *   pending
 *   - of a file: any of the writes since its last sync, in any order, each torn at 512-byte sectors; a
 *     file may have grown without its bytes (zeros). Truncations happen in order, and what was written
 *     after one that did not happen is lost.
 *   - of a folder: the first so many of the creations, renames and removals since its last sync. A
 *     rename happens whole or not at all, between two folders too.
 *   A failed disk_sync is as on Linux: some of what was pending is durable, the rest is lost though
 *   the program still sees it, and a later sync that succeeds says nothing of it.
 * Owner: disk_sim_free, or disk_free of its disk; files must be closed before.
 * Threads: as base_disk.h says; one lock inside. A seed repeats only with one thread.
 * Failure: what disk_sim_fail asks for, besides what a real disk does.
 * Limits/cost: everything is in memory; removed files too, until the disk is freed. disk_map copies.
 * Units: bytes, calls.
 * Example: struct disk_sim *sim = disk_sim_new(1); ... use disk_sim_disk(sim) ...
 *          struct disk_sim *after = disk_sim_cut(sim, seed); open again, check what must be there
 * Not here: the real disk (base_disk_real.c).
 */
#pragma once

#include "base_disk.h"

#define DISK_SIM_SECTOR_BYTES 512

struct disk_sim;
struct disk_sim *disk_sim_new(uint64_t seed);
void disk_sim_free(struct disk_sim *sim);
struct disk *disk_sim_disk(struct disk_sim *sim);

/* A disk as it may be after the power went now; for one seed and one state always the same. */
struct disk_sim *disk_sim_cut(struct disk_sim *sim, uint64_t seed);

/* All that is durable of it, as one number: names and bytes. */
uint64_t disk_sim_digest(struct disk_sim *sim);
/* `before` is called before each call that changes the disk, and each sync, from the calling thread; it may cut. NULL: no
   more. Set it while nobody uses the disk. */
void disk_sim_watch(struct disk_sim *sim, void (*before)(void *context), void *context);

enum disk_sim_fault_kind {
    DISK_SIM_EIO,    /* FAIL_IO */
    DISK_SIM_ENOSPC, /* FAIL_LIMIT */
    DISK_SIM_OFF, /* FAIL_IO, and so does every call after: the power is gone, or the program killed */
};
struct disk_sim_fault {
    uint64_t at; /* the at-th call from now fails, 1 the next one; 0: none does */
    enum disk_sim_fault_kind kind;
    bool any_call; /* counts reading too; else only what changes the disk, and syncs */
    bool for_good; /* so do all later ones of these, until others are asked for */
};
/* Asks for one fault, in place of what was asked before. A write that fails has written its first half.
   NULL asks for none and puts the power on again: the state is that of a program killed and started. */
void disk_sim_fail(struct disk_sim *sim, const struct disk_sim_fault *fault);
bool disk_sim_fault_happened(struct disk_sim *sim); /* the one asked for last */
/* Calls so far that change the disk, and syncs: the range for disk_sim_fault.at. */
uint64_t disk_sim_changes(struct disk_sim *sim);
uint64_t disk_sim_calls(struct disk_sim *sim); /* reading too: the range where `any_call` */
/* As a disk of this size: a write past it fails with FAIL_LIMIT, having written what fitted. */
void disk_sim_set_capacity(struct disk_sim *sim, uint64_t bytes);
