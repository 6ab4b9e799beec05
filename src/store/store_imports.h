/* store_imports.h — the imports of a store: what each brought, so that it can be taken back.
 *
 * What: a table of imports, oldest first, with the ledger of each and the ranges of what it alone stored: places
 *   in the order of arrival, positions of joins, sequence numbers of identifiers, ids of quarantined records.
 *   The journal says it record by record, the manifest holds the table. Formats: docs/formats/manifest.md.
 * Owner: the store's published half; the keeper and manifests hold copies.
 * Threads: changed by the writer thread, under the store's lock; others read under the lock.
 * Failure: FAIL_NO_MEMORY, FAIL_CORRUPT from decoding.
 * Limits/cost: STORE_IMPORTS_MAX imports, STORE_IMPORT_RANGES_MAX ranges of all together; above it the oldest are
 *   forgotten. An import beside live events takes some four ranges a batch.
 * Units: *_ms UTC.
 * Example: see store_commit.c.   Not here: taking back (store_removal.c).
 */
#pragma once

#include "base_buf.h"
#include "store.h"
#include "store_ranges.h"

#define STORE_IMPORT_RANGES_MAX ((size_t)1 << 17)

enum store_import_of { /* what the ranges of an import are of */
                       STORE_IMPORT_ARRIVALS,
                       STORE_IMPORT_POSITIONS,
                       STORE_IMPORT_SEQS,
                       STORE_IMPORT_QUARANTINE,
                       STORE_IMPORT_OFS,
};
struct store_import_entry {
    struct store_import face; /* its text lies in `text` */
    char *text;
    struct store_ranges ranges[STORE_IMPORT_OFS];
};
struct store_imports {
    struct store_import_entry *at; /* ascending numbers */
    size_t count, capacity;
    uint64_t last_number; /* given out */
    uint64_t rows_gone;   /* stored once, and taken back: the ledger counts them still */
};
void store_imports_done(struct store_imports *imports);
bool store_imports_copy(const struct store_imports *from, struct store_imports *out,
                        struct fail *fail) MUST_USE;
struct store_import_entry *store_imports_find(const struct store_imports *imports, uint64_t number);

/* A new one at the end; the oldest that does not run goes where there are too many. */
bool store_imports_begin(struct store_imports *imports, uint64_t number, struct str source,
                         struct str name, int64_t at_ms, struct fail *fail) MUST_USE;

/* Takes the last one off again: it was never durable. */
void store_imports_withdraw(struct store_imports *imports, uint64_t number);

/* What a part of one commit did for one import. */
struct store_import_span {
    uint64_t number;
    struct store_range ranges[STORE_IMPORT_OFS];
    uint64_t counts[4]; /* by enum store_verdict */
};
/* Makes room for one span, so that adding it cannot fail; the ranges of the oldest are forgotten where there are too
   many. */
bool store_imports_room(struct store_imports *imports, uint64_t number, struct fail *fail) MUST_USE;
void store_imports_add(struct store_imports *imports, const struct store_import_span *span);
void store_imports_end(struct store_imports *imports, uint64_t number,
                       enum store_import_state state, int64_t at_ms);
/* Those that no process goes on with: they were interrupted. */
void store_imports_interrupt(struct store_imports *imports);

void store_imports_encode(const struct store_imports *imports, struct base_buf *out);
/* Reads the whole of `bytes`. */
bool store_imports_decode(struct str bytes, struct store_imports *out, struct fail *fail) MUST_USE;
