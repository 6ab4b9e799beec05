/* store_ledger.h — what became of everything received, by source.
 *
 * What: counts by source code. The published table is guarded by the store's lock; a commit gathers its
 *   own and adds it when it is durable. Received is counted on its own, so that an imbalance would show.
 * Owner: store_ledger_done.   Threads: as its owner says.
 * Failure: FAIL_NO_MEMORY where a table must grow.   Limits/cost: 48 bytes a source.
 * Units: counts, *_ms UTC.   Example: see store_judge.c.   Not here: the face (store_ledger_read).
 */
#pragma once

#include "store_frame.h"

struct store_ledger_table {
    struct store_ledger_count *counts; /* by source code; received 0 and no time: nothing of it */
    size_t capacity;
    uint32_t *touched; /* sources with any count, in order of first touch */
    size_t touched_count, touched_capacity;
};
void store_ledger_done(struct store_ledger_table *table);
void store_ledger_reset(struct store_ledger_table *table);
/* Makes room for a source, so that adding to it cannot fail. */
bool store_ledger_room(struct store_ledger_table *table, uint32_t source,
                       struct fail *fail) MUST_USE;
/* Room must have been made. */
struct store_ledger_count *store_ledger_of(struct store_ledger_table *table, uint32_t source);
void store_ledger_add(struct store_ledger_table *table, uint32_t source,
                      const struct store_ledger_count *delta);
bool store_ledger_copy(const struct store_ledger_table *from, struct store_ledger_table *to,
                       struct fail *fail) MUST_USE;
bool store_ledger_balanced(const struct store_ledger_count *count);
/* For the face: lines by name, and their sum. */
bool store_ledger_lines(const struct store_ledger_table *table, const struct store_names *names,
                        struct arena *arena, struct store_ledger *out, struct fail *fail) MUST_USE;
