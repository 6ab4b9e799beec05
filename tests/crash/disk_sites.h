/* disk_sites.h — which places of the program call the disk, and which of these calls failed.
 *
 * What: stands between the program and base_disk.h (the linker's --wrap); where FIRSTHAND_CRASH_SITES names a file, it
 *   gets a line for each place that called: "function address calls failed", when the process ends.
 *   scripts/crash.py finds the lines of the source that belong to the addresses.
 * Owner: nothing.   Threads: safe.   Failure: none; past 4,096 places it aborts.
 * Limits/cost: a look into a table under a lock, each call.   Units: counts.
 * Example: none: linking it is enough.   Not here: making calls fail (disk_sim.h).
 */
#pragma once
