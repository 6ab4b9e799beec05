/* store_snapshot.h — immutable views of all that was acknowledged, and the leases that keep them.
 *
 * What: a snapshot holds references to the list of segments, the fresh tables and the identity view of one
 *   moment. Those who ask between two commits share one. Leases keep an answer's snapshot for opening.
 * Owner: reference-counted; see store.h.
 * Threads: any.   Failure: none.   Limits/cost: some references and one small allocation.
 * Units: *_ms wall time, *_us steady time.
 * Example: see store.h.   Not here: reading from it (store_scan.h).
 */
#pragma once

#include "store_core.h"

void store_leases_init(struct store_leases *leases);
void store_leases_done(struct store *store);
/* Gives back leases that ran out. */
void store_leases_prune(struct store *store);
