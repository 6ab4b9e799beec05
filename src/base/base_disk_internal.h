/* base_disk_internal.h — folders of the system, whatever interrupts.
 *
 * What: opening a folder and syncing it, for the files of this module that meet the system.
 * Owner: the caller closes the descriptor.   Threads: any.   Failure: as the system's calls, but never EINTR.
 * Limits/cost: one call each.   Units: none.
 * Example: int folder = base_folder_open(AT_FDCWD, path); if (folder < 0) ... errno
 * Not here: files (base_disk.h).
 */
#pragma once

/* `path` as seen from the folder `at`, or AT_FDCWD; -1 and errno. */
int base_folder_open(int at, const char *path);
/* 0, or what went wrong; a file system that keeps folders without being asked, or cannot be asked, is fine. */
int base_folder_sync(int folder);
