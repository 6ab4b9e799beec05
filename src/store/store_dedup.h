/* store_dedup.h — which (source, message id) was stored before, and when.
 *
 * What: a 128-bit hash stands for the pair. Those since the last seal lie in a table that only the writer
 *   touches; sealed ones in sorted runs by time of receipt, which are dropped whole once older than the window.
 *   Ids of imports lie in runs of their own and are never dropped. Format: docs/formats/dedup.md.
 * Owner: tables: the writer. Sets of runs are reference-counted.
 * Threads: tables belong to the writer, and are frozen while they are sealed. Runs are immutable.
 * Failure: FAIL_CORRUPT, FAIL_IO, FAIL_NO_MEMORY.
 * Limits/cost: an id never seen costs a cache line for each run, of which there are about a dozen.
 * Units: *_ms UTC.
 * Example: see store_judge.c.   Not here: the verdict (store_judge.c).
 */
#pragma once

#include "store_run.h"

#define STORE_DEDUP_FOR_EVER INT64_MAX /* "received at" of an import's id */

/* `salt` is the store's own, so that nobody can make two ids collide. */
struct base_hash128 store_dedup_key(uint64_t salt, struct str source, struct str message_id);

/* ---- since the last seal ------------------------------------------------------------------------- */

struct store_dedup_entry {
    struct base_hash128 key;
    int64_t at_ms; /* received; STORE_NO_TIME: an empty slot */
};
struct store_dedup_undo {
    size_t slot;
    int64_t at_ms; /* before */
};
struct store_dedup_live {
    struct store_dedup_entry *slots;
    size_t size, count;
    struct store_dedup_undo *undo; /* of the commit under way */
    size_t undo_count, undo_capacity;
};
struct store_dedup_live *store_dedup_live_new(void);
void store_dedup_live_free(struct store_dedup_live *live); /* accepts NULL */
/* Makes room for that many puts and starts a new undo. */
bool store_dedup_live_begin(struct store_dedup_live *live, size_t puts, struct fail *fail) MUST_USE;
void store_dedup_live_put(struct store_dedup_live *live, struct base_hash128 key, int64_t at_ms);
void store_dedup_live_rollback(struct store_dedup_live *live); /* to the last begin */
/* When the key was stored last; false: not here. */
bool store_dedup_live_find(const struct store_dedup_live *live, struct base_hash128 key,
                           int64_t *out_at_ms);

/* ---- sealed ----------------------------------------------------------------------------------------- */

struct store_dedup_run {
    struct store_run *run; /* reference held by the set */
    uint64_t count;
    int64_t base_ms, first_ms, last_ms;
    bool import;
};
struct store_dedup_runs {
    _Atomic uint32_t references;
    size_t count;
    struct store_dedup_run runs[]; /* in the order in which they were sealed */
};
/* What `open` has open already is taken over from it (NULL: nothing is). */
bool store_dedup_runs_open(struct disk *disk, const struct store_run_info *infos, size_t count,
                           const struct store_dedup_runs *open, struct store_dedup_runs **out,
                           struct fail *fail) MUST_USE;
struct store_dedup_runs *store_dedup_runs_ref(struct store_dedup_runs *runs);
void store_dedup_runs_unref(struct store_dedup_runs *runs); /* accepts NULL */
/* Was the key stored within the window before `at_ms`, or by an import? */
bool store_dedup_runs_find(const struct store_dedup_runs *runs, struct base_hash128 key,
                           int64_t at_ms, int64_t window_ms, bool *out, struct fail *fail) MUST_USE;

/* How long a stretch of time one run may cover, so that what is dropped is never much too late. */
int64_t store_dedup_span_ms(int64_t window_ms);
/* Writes a frozen table as runs, one for each span and one for imports. `next_id` is asked for each. */
bool store_dedup_seal(struct disk *disk, const struct store_dedup_live *live, int64_t span_ms,
                      uint64_t (*next_id)(void *context), void *context, struct arena *arena,
                      struct store_run_info **out, size_t *out_count, struct fail *fail) MUST_USE;
/* Which runs to merge into one: indexes in *out, in order; *out_count 0: none. */
bool store_dedup_choose(const struct store_dedup_runs *runs, int64_t span_ms, int64_t now_ms,
                        struct arena *arena, size_t **out, size_t *out_count,
                        struct fail *fail) MUST_USE;
/* All of one kind (window or import). */
bool store_dedup_merge(struct disk *disk, const struct store_dedup_run *const *runs, size_t count,
                       uint64_t id, struct store_run_info *out, struct fail *fail) MUST_USE;
/* The run without `keys` (ascending, by low and then high half). *out_left: entries that stay; where that is none, or
   all (*out_any false), nothing was written. */
bool store_dedup_without(struct disk *disk, const struct store_dedup_run *run,
                         const struct base_hash128 *keys, size_t key_count, uint64_t id,
                         struct store_run_info *out, uint64_t *out_left, bool *out_any,
                         struct fail *fail) MUST_USE;
int store_dedup_compare_keys(const void *a, const void *b);
bool store_dedup_run_check(const struct store_dedup_run *run,
                           void (*problem)(void *context, const char *path, const char *what),
                           void *context, uint64_t *problems, struct fail *fail) MUST_USE;

/* ---- the format -------------------------------------------------------------------------------------- */

enum store_dedup_section {
    STORE_DEDUP_META,
    STORE_DEDUP_ENTRIES,
    STORE_DEDUP_BLOOM,
};
#define STORE_DEDUP_META_BYTES 40U
#define STORE_DEDUP_ENTRY_BYTES 20U
