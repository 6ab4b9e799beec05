/* intake_suggest.h — a map to start from, for a CSV that nobody described yet.
 *
 * What: reads the header and the first rows, and guesses by names and by what is in the cells: who, when, the id, a
 *   score and its scale, the words, traits, properties and their types. The map that comes out can be used as it is.
 * Owner: the text goes into the caller's buffer.   Threads: one at a time.
 * Failure: as intake_import_open.   Limits/cost: INTAKE_SUGGEST_ROWS rows are looked at.   Units: rows.
 * Example: intake_suggest_map(&reader, now_ms, &out, fail)
 * Not here: reading whole files (intake_import.h), what a map may say (docs/how-to/import.md).
 */
#pragma once

#include "base_buf.h"
#include "intake_import.h"

#define INTAKE_SUGGEST_ROWS 500

/* `now_ms`: the time of rows where no column looks like one. */
bool intake_suggest_map(const struct intake_reader *reader, int64_t now_ms, struct base_buf *out,
                        struct fail *fail) MUST_USE;
