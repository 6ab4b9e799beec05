/* intake_log.h — lines of web servers' access logs: the common and the combined format.
 *
 * What: each request becomes an event "Request" with method, path, query, protocol, status, bytes, referrer, agent
 *   and bot. The customer is the user that signed in, else the client's address under a pseudonym, so that the
 *   address itself is not kept (docs/how-to/import.md). What a line lacks, its event lacks: only a line without an
 *   address, a time or a status is quarantined.
 * Owner: strings view the line, which stays as long as the item.   Threads: safe.
 * Failure: as all decoders (intake_internal.h).   Limits/cost: one pass.   Units: *_ms UTC.
 * Example: intake_log_message(&draft, &item)   Not here: lines out of files (intake_import.c).
 */
#pragma once

#include "intake_internal.h"

extern const struct intake_places intake_log_places;
bool intake_log_message(struct intake_draft *draft, struct store_item *item) MUST_USE;
