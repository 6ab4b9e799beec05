/* state_sim.h — SQLite's files on simulated disks whose power can be cut.
 *
 * What: a file system for SQLite that is its default one in the tests that link it: what lies below the folder of a
 *   `struct state_sim` is written to a disk_sim, with the syncs of files and folders that SQLite's own file system makes.
 *   Locks and the shared memory of the log, which no cut leaves anything of, are those of empty files in a real folder.
 *   What the program does to such files by itself (renaming, removing, through base_disk.h) is done to both.
 * Owner: state_sim_new/free; everything that is open in it is closed before.
 * Threads: the test's.   Failure: what the simulated disk says, as SQLite's codes.
 * Limits/cost: STATE_SIMS_MAX at once.   Units: none.
 * Example: struct state_sim *sim = state_sim_new(disk_sim_new(1)); state_open(state_sim_folder(sim), ...)
 * Not here: what is written (test_state_cut.c), faults and cuts (disk_sim.h).
 */
#pragma once

#include "disk_sim.h"

#define STATE_SIMS_MAX 8

struct state_sim;
/* Takes the disk, and frees it. Files that are on it get their empty ones in the folder. */
struct state_sim *state_sim_new(struct disk_sim *disk);
void state_sim_free(struct state_sim *sim);
struct disk_sim *state_sim_disk(struct state_sim *sim);
const char *state_sim_folder(const struct state_sim *sim);
