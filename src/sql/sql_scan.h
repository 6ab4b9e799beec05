/* sql_scan.h — what the child asks for, read from the snapshot and laid out as batches.
 *
 * What: a world is the snapshot with its names, for one statement; a scan is one request walked to its end. Conditions
 *   of the request only leave rows out: SQLite judges every row once more.
 * Owner: sql_scan_open/sql_scan_free; the world and the request outlive the scan.
 * Threads: one at a time.
 * Failure: FAIL_CORRUPT for a request that names what is not there; as store_scan.h.
 * Limits/cost: a batch has at most SQL_BATCH_ROWS rows, and little over SQL_BATCH_BYTES_AIM unless one row has more.
 * Units: *_ms UTC.   Example: sql_serve.c.
 * Not here: the bytes of a batch (sql_encode.h), the other end (sql_feed.h).
 */
#pragma once

#include "sql_wire.h"
#include "store_scan.h"

#define SQL_BATCH_ROWS 8192
#define SQL_BATCH_BYTES_AIM ((size_t)4 << 20)

struct sql_names { /* of properties or traits, the most frequent first */
    struct str *names;
    size_t count;
    size_t columns;     /* the first so many are columns of their own */
    uint32_t *in_order; /* places by byte order of names, for JSON */
};

struct sql_world {
    struct store_snapshot *snapshot;
    struct base_cancel *cancel;
    struct base_budget *budget;
    struct arena *arena;
    struct str *event_names; /* by code */
    size_t event_name_count;
    struct sql_names properties, traits;
};
bool sql_world_open(struct store_snapshot *snapshot, struct base_cancel *cancel,
                    struct base_budget *budget, struct arena *arena, struct sql_world *out,
                    struct fail *fail) MUST_USE;

struct sql_scan;
bool sql_scan_open(const struct sql_world *world, struct str request, struct sql_scan **out,
                   struct fail *fail) MUST_USE;
void sql_scan_free(struct sql_scan *scan); /* accepts NULL */
uint32_t sql_scan_id(const struct sql_scan *scan);
/* Appends the next batch as a frame. */
bool sql_scan_next(struct sql_scan *scan, struct base_buf *out, uint32_t *out_rows, bool *out_last,
                   struct fail *fail) MUST_USE;
