/* privacy_log.h — the log of erasures: a signed receipt for each, and what is needed to find the same people again.
 *
 * What: a file of lines that only grows. A line says what was erased by kind and count, when, by whom and why, and bears
 *   keyed hashes of the identifiers, never an identifier. Each is signed with the directory's secret, so that nobody
 *   else can have written it. A restored backup is given the log of the newer directory, and erases again what that one
 *   erased. Format: docs/formats/erasures.md.
 * Owner: privacy_log_open/privacy_log_close; lines are copied into the arena.   Threads: all safe.
 * Failure: FAIL_IO, FAIL_LIMIT for no room or a line over PRIVACY_LINE_BYTES_MAX. A torn last line is no line.
 * Limits/cost: some 100 bytes of memory for each identifier ever erased; a line is one synced write.
 * Units: *_ms UTC, *_bytes.
 * Example: privacy_log_append(log, &receipt, arena, &line, fail)
 * Not here: erasing (store, state; app puts them together).
 */
#pragma once

#include "base_disk.h"

#define PRIVACY_LOG_PATH "erasures.log"
#define PRIVACY_HASH_BYTES 65 /* hex of HMAC-SHA256, and NUL */
#define PRIVACY_LINE_BYTES_MAX ((size_t)16 << 20)

struct privacy_receipt {
    struct str id;
    int64_t at_ms;
    struct str by, reason; /* reason: without identifiers; may be missing */
    uint64_t events, customers, identifiers, quarantined, keys;
    int64_t responses, links, wishes, texts, audit;
    const struct str *hashed; /* "kind:value"; only their hashes are written */
    size_t hashed_count;
};

struct privacy_log;
bool privacy_log_open(struct disk *disk, struct str secret, struct privacy_log **out,
                      struct fail *fail) MUST_USE;
void privacy_log_close(struct privacy_log *log); /* accepts NULL */

/* Durable when it returns. A receipt whose id is there already is not written again: *out_line is the one there is. */
bool privacy_log_append(struct privacy_log *log, const struct privacy_receipt *receipt,
                        struct arena *arena, struct str *out_line, struct fail *fail) MUST_USE;
/* A line of another log that was signed with the same secret, as it stands. FAIL_INPUT for any other. */
bool privacy_log_take(struct privacy_log *log, struct str line, struct fail *fail) MUST_USE;

/* A log in memory of those lines of `text`, another directory's log, that `log` has not; what was not signed with the same
   secret is passed over. Only asked, listed and closed. */
bool privacy_log_beside(struct privacy_log *log, struct str text, struct privacy_log **out,
                        struct fail *fail) MUST_USE;

/* Keyed; the same for the same identifier and secret. */
void privacy_log_hash(const struct privacy_log *log, struct str identifier,
                      char out[PRIVACY_HASH_BYTES]);
/* Was somebody erased who was known so? */
bool privacy_log_holds(struct privacy_log *log, struct str identifier);
bool privacy_log_any(struct privacy_log *log);

/* Newest first, from `offset` on. */
bool privacy_log_list(struct privacy_log *log, size_t offset, size_t limit, struct arena *arena,
                      struct str **out, size_t *out_count, size_t *out_total,
                      struct fail *fail) MUST_USE;
bool privacy_log_find(struct privacy_log *log, struct str id, struct arena *arena, struct str *out,
                      bool *out_found, struct fail *fail) MUST_USE;
/* Is this a receipt of this directory, unchanged? */
bool privacy_log_signed(const struct privacy_log *log, struct str line);
struct privacy_log_state {
    size_t lines;
    size_t broken; /* lines that are not what was signed */
};
bool privacy_log_verify(struct privacy_log *log, struct privacy_log_state *out,
                        struct fail *fail) MUST_USE;
