/* export.h — events on their way out: NDJSON that may be imported again, CSV for spreadsheets, Parquet for engines.
 *
 * What: a stream walks the timelines of one snapshot and appends the next bytes to a buffer each time it is asked.
 *   Customers come by the order in which they were first seen, each with its rows in timeline order, so that the
 *   same data gives the same bytes. The forms: docs/reference/export.md.
 * Owner: export_close; the snapshot is held until then. The lists of events and customers stay the caller's, and are
 *   read until then; the name of the source is copied.
 * Threads: one at a time, any.
 * Failure: FAIL_LIMIT over the budget or the buffer, FAIL_CANCELLED, FAIL_CORRUPT. A stream that failed gives nothing
 *   more: what was given is not whole.
 * Limits/cost: holds some STORE_WALK_ROWS rows, for Parquet a row group. CSV and Parquet walk twice: the first time
 *   finds out which properties there are, and of which type.
 * Units: *_ms UTC, rows.
 * Example: while (export_next(stream, &out, &end, fail) && !end) { ...send and empty out... }
 * Not here: who may export, ranges and segments (app), Parquet's bytes (parquet).
 */
#pragma once

#include "base_buf.h"
#include "store_scan.h"

#define EXPORT_COLUMNS_MAX                                                                         \
    1000U /* properties with a column of their own; the rest is one column of JSON */

enum export_format { EXPORT_NDJSON, EXPORT_CSV, EXPORT_PARQUET };
bool export_format_parse(struct str name, enum export_format *out, struct fail *fail) MUST_USE;
const char *export_media_type(enum export_format format);
const char *export_ending(enum export_format format); /* of a file's name: "ndjson" */

struct export_options {
    enum export_format format;
    struct store_walk_options rows; /* which; .cancel is polled */
    /* Neither range nor event nor source: whole timelines, whose joins can be told as they were. */
    bool whole;
};
struct export_stream;
bool export_open(struct store_snapshot *snapshot, const struct export_options *options,
                 struct base_budget *budget, struct export_stream **out,
                 struct fail *fail) MUST_USE;
void export_close(struct export_stream *stream); /* accepts NULL */
/* Appends what comes next, which may be nothing yet. */
bool export_next(struct export_stream *stream, struct base_buf *out, bool *out_end,
                 struct fail *fail) MUST_USE;
uint64_t export_rows(const struct export_stream *stream); /* events written so far */
