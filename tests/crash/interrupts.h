/* interrupts.h — calls of the system that are interrupted, or do less than they were asked.
 *
 * What: stands between the program and the system (the linker's --wrap; SQLite's own table of calls): opening, reading,
 *   writing, cutting, giving room and syncing end with EINTR having done nothing; reads and writes do a part.
 * Owner: nothing.   Threads: safe; ask while nobody uses the disk.   Failure: none.
 * Limits/cost: a counter, each call.   Units: calls.
 * Example: interrupts_ask(&(struct interrupts){.kind = INTERRUPTS_EINTR, .at = 7}); ... interrupts_ask(NULL);
 * Not here: calls that fail (disk_sim.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum interrupts_kind {
    INTERRUPTS_EINTR, /* any of the calls, before it has done anything */
    INTERRUPTS_SHORT, /* a read or a write of several bytes: one byte, or some where it is long */
    INTERRUPTS_BOTH,
};
struct interrupts {
    enum interrupts_kind kind;
    uint64_t
        at; /* the at-th call from now that could be; 0: each of them, EINTR up to three times in a row */
    uint64_t seed; /* of how often, and of how short */
};
/* NULL: no more. */
void interrupts_ask(const struct interrupts *wanted);
uint64_t interrupts_happened(void); /* since interrupts_ask */
uint64_t interrupts_calls(void);    /* that could have been, since then */
