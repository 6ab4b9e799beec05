/* store_dedup.h — which (source, message id) was stored before, and when.
 *
 * What: a 128-bit hash stands for the pair. Those since the last seal lie in a table that only the writer
 *   touches; sealed ones, by their first 80 bits, in sorted runs by time of receipt, which are dropped whole once
 *   older than the window. Ids of imports lie in runs of their own and are never dropped, but with their import.
 *   Format: docs/formats/dedup.md.
 * Owner: tables: the writer. Sets of runs are reference-counted.
 * Threads: tables belong to the writer, and are frozen while they are sealed. Runs are immutable.
 * Failure: FAIL_CORRUPT, FAIL_IO, FAIL_NO_MEMORY.
 * Limits/cost: an id never seen costs a cache line for each run, of which there are about a dozen; some 10 bytes on
 *   disk. Among a thousand million ids an unrelated one passes for a duplicate once in 10^15.
 * Units: *_ms UTC.
 * Example: see store_judge.c.   Not here: the verdict (store_judge.c).
 */
#pragma once

#include "store_run.h"

/* "Received at" of the ids of an import: later than any instant, and it says which one (0: none that can be taken
   back; at most UINT32_MAX). */
static inline int64_t store_dedup_for_ever(uint64_t import)
{
    return INT64_MAX - UINT32_MAX + (int64_t)import;
}
static inline bool store_dedup_is_for_ever(int64_t at_ms)
{
    return at_ms >= INT64_MAX - UINT32_MAX;
}

/* `salt` is the store's own, so that nobody can make two ids collide. */
struct base_hash128 store_dedup_key(uint64_t salt, struct str source, struct str message_id);
/* The same for many ids of one source: base_hash128 of the id with this seed. */
uint64_t store_dedup_seed(uint64_t salt, struct str source);

struct store_dedup_key { /* the first 80 bits of a hash: as runs keep it */
    uint64_t high;
    uint16_t low;
};

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
/* Has the key's place brought near. */
void store_dedup_live_soon(const struct store_dedup_live *live, struct base_hash128 key);
/* When the key was stored last; false: not here. */
bool store_dedup_live_find(const struct store_dedup_live *live, struct base_hash128 key,
                           int64_t *out_at_ms);

/* ---- sealed ----------------------------------------------------------------------------------------- */

/* How a run writes its entries. Its keys are parted into 2^bucket_bits buckets by their first bits; what is left of
   80 bits is written behind one another, the greatest byte first, so that bytes compare as keys do. */
struct store_dedup_shape {
    uint32_t bucket_bits;
    uint32_t key_bytes;  /* of what is left */
    uint32_t when_bytes; /* of the distance of its instant from the run's first; little-endian */
};
static inline uint32_t store_dedup_entry_bytes(const struct store_dedup_shape *shape)
{
    return shape->key_bytes + shape->when_bytes;
}

struct store_dedup_run {
    struct store_run *run; /* reference held by the set */
    uint64_t count;
    int64_t first_ms, last_ms;
    bool import;
    struct store_dedup_shape shape;
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
/* Was the key stored within the window before `at_ms`, or by an import? Runs of nothing but that import's own keys
   are left out (0: none are), where the key is known to be different from all of those. */
bool store_dedup_runs_find(const struct store_dedup_runs *runs, struct base_hash128 key,
                           int64_t at_ms, int64_t window_ms, uint64_t but_import, bool *out,
                           struct fail *fail) MUST_USE;

/* Are there runs of any but that import's own keys? Where there are none, such keys need not be looked for. */
bool store_dedup_runs_any_but(const struct store_dedup_runs *runs, uint64_t import);

/* How long a stretch of time one run may cover, so that what is dropped is never much too late. */
int64_t store_dedup_span_ms(int64_t window_ms);
/* Writes a frozen table as runs, one for each span and one for imports. `next_id` is asked for each. */
bool store_dedup_seal(struct disk *disk, const struct store_dedup_live *live, int64_t span_ms,
                      uint64_t (*next_id)(void *context), void *context, struct arena *arena,
                      struct store_run_info **out, size_t *out_count, struct fail *fail) MUST_USE;
/* Which runs to merge into one: indexes in *out, in order; *out_count 0: none. `taken`: by index, those that may not be chosen; NULL:
   all may. */
bool store_dedup_choose(const struct store_dedup_runs *runs, const bool *taken, int64_t span_ms,
                        int64_t now_ms, struct arena *arena, size_t **out, size_t *out_count,
                        struct fail *fail) MUST_USE;
/* All of one kind (window or import). `cancel` may be NULL. */
bool store_dedup_merge(struct disk *disk, const struct store_dedup_run *const *runs, size_t count,
                       uint64_t id, struct base_cancel *cancel, struct store_run_info *out,
                       struct fail *fail) MUST_USE;
/* Is the key in the run, however old? */
bool store_dedup_run_find(const struct store_dedup_run *run, struct base_hash128 key, bool *out,
                          struct fail *fail) MUST_USE;
/* A run without the entries that `gone` says yes to. *out_left: entries that stay; where that is none, or all
   (*out_any false), nothing was written. */
bool store_dedup_without(struct disk *disk, const struct store_dedup_run *run,
                         bool (*gone)(void *context, struct store_dedup_key key, int64_t at_ms),
                         void *context, uint64_t id, struct store_run_info *out, uint64_t *out_left,
                         bool *out_any, struct fail *fail) MUST_USE;
bool store_dedup_run_check(const struct store_dedup_run *run,
                           void (*problem)(void *context, const char *path, const char *what),
                           void *context, uint64_t *problems, struct fail *fail) MUST_USE;

/* ---- the format -------------------------------------------------------------------------------------- */

enum store_dedup_section {
    STORE_DEDUP_META,
    STORE_DEDUP_ENTRIES,
    STORE_DEDUP_STARTS,
    STORE_DEDUP_BLOOM,
};
#define STORE_DEDUP_META_BYTES 40U
#define STORE_DEDUP_KEY_BITS 80U
#define STORE_DEDUP_ENTRY_ROOM 24U
#define STORE_DEDUP_BUCKET_ENTRIES 64U /* about so many, at least half of it */

static inline struct store_dedup_key store_dedup_key_of(struct base_hash128 hash)
{
    return (struct store_dedup_key){hash.low, (uint16_t)(hash.high >> 48)};
}
static inline int store_dedup_compare(struct store_dedup_key a, struct store_dedup_key b)
{
    return a.high != b.high ? (a.high < b.high ? -1 : 1) : (a.low > b.low) - (a.low < b.low);
}
struct store_dedup_shape store_dedup_shape_of(uint64_t count, int64_t first_ms, int64_t last_ms);
static inline uint64_t store_dedup_bucket(const struct store_dedup_shape *shape,
                                          struct store_dedup_key key)
{
    return shape->bucket_bits == 0 ? 0 : key.high >> (64 - shape->bucket_bits);
}
/* `out`: the entry's bytes. Up to STORE_DEDUP_ENTRY_ROOM from where it begins may be written. */
void store_dedup_encode(const struct store_dedup_shape *shape, struct store_dedup_key key,
                        uint64_t when, uint8_t *out);
struct store_dedup_key store_dedup_decode(const struct store_dedup_shape *shape, uint64_t bucket,
                                          const uint8_t *entry);
uint64_t store_dedup_decode_when(const struct store_dedup_shape *shape, const uint8_t *entry);
