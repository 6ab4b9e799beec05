/* memory_faults.h — makes an allocation fail whose size follows from data.
 *
 * What: stands between the program and base_mem.h's calls that may fail (the linker's --wrap); while faults are asked
 *   for, the at-th such call, of whatever thread, answers that there is no memory.
 * Owner: nothing.   Threads: counting is safe; asking for faults is the test's.
 * Failure: what is asked for.   Limits/cost: an atomic operation a call.   Units: calls.
 * Example: memory_faults_at(7); ... use a store ...; bool happened = memory_faults_end();
 * Not here: base_alloc_zero and arena_small, of fixed size, which end the program (base_mem.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

void memory_faults_at(uint64_t at); /* 1: the next one */
bool memory_faults_end(void);       /* did it happen? */
/* Between the two calls nothing is counted. */
void memory_faults_aside(bool begins);
