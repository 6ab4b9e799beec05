#include "store_dedup_own.h"

#include "store_dedup_write.h"

#define PART_BITS 8U
#define CHUNK_KEYS 63U
#define SLAB_CHUNKS 4096U
#define GROUP_KEYS 4U /* about so many are sorted by comparing them */
#define GROUP_BITS_MOST 16U

struct own_key {
    uint64_t high;
    uint32_t import;
    uint16_t low;
};
struct store_dedup_own_chunk {
    uint32_t before; /* of the same part, its number + 1 */
    struct own_key keys[CHUNK_KEYS];
};

void store_dedup_own_done(struct store_dedup_own *own)
{
    for (size_t i = 0; i < own->slab_count; i++) {
        base_free(own->slabs[i]);
    }
    base_free(own->slabs);
    *own = (struct store_dedup_own){0};
}

void store_dedup_own_reset(struct store_dedup_own *own)
{
    own->now = (struct store_dedup_own_state){0};
    own->before = own->now;
}

size_t store_dedup_own_bytes(const struct store_dedup_own *own)
{
    return own->now.chunks * sizeof(struct store_dedup_own_chunk);
}

/* ---- adding ----------------------------------------------------------------------------------------------- */

void store_dedup_own_begin(struct store_dedup_own *own)
{
    own->before = own->now;
}

void store_dedup_own_rollback(struct store_dedup_own *own)
{
    own->now = own->before;
}

static struct store_dedup_own_chunk *chunk_of(const struct store_dedup_own *own, uint32_t number)
{
    return &own->slabs[number / SLAB_CHUNKS][number % SLAB_CHUNKS];
}

static bool add_chunk(struct store_dedup_own *own, struct store_dedup_own_part *part,
                      struct fail *fail)
{
    if (own->now.chunks == own->slab_count * SLAB_CHUNKS) {
        void *slabs = own->slabs;
        void *slab = NULL;
        if (!base_grow_array(&slabs, &own->slab_capacity, own->slab_count + 1, sizeof own->slabs[0],
                             fail)) {
            return false;
        }
        own->slabs = slabs;
        if (!base_alloc_spread(SLAB_CHUNKS, sizeof(struct store_dedup_own_chunk), &slab, fail)) {
            return false;
        }
        own->slabs[own->slab_count++] = slab;
    }
    chunk_of(own, own->now.chunks)->before = part->last;
    part->last = ++own->now.chunks;
    return true;
}

bool store_dedup_own_add(struct store_dedup_own *own, struct base_hash128 hash, uint32_t import,
                         struct fail *fail)
{
    struct store_dedup_key key = store_dedup_key_of(hash);
    struct store_dedup_own_part *part = &own->now.parts[key.high >> (64 - PART_BITS)];
    if (part->count % CHUNK_KEYS == 0 && !add_chunk(own, part, fail)) {
        return false;
    }
    chunk_of(own, part->last - 1)->keys[part->count++ % CHUNK_KEYS] =
        (struct own_key){.high = key.high, .import = import, .low = key.low};
    own->now.least = own->now.count == 0 || import < own->now.least ? import : own->now.least;
    own->now.most = import > own->now.most ? import : own->now.most;
    own->now.count++;
    return true;
}

/* ---- sealing ---------------------------------------------------------------------------------------------- */

struct sorting {
    struct own_key *keys;
    uint32_t *ends; /* by group: its first key, until those before it were put; then its end */
    uint32_t bits;  /* that tell groups apart */
};

static uint32_t group_of(const struct sorting *sorting, const struct own_key *key)
{
    return sorting->bits == 0 ? 0 : (uint32_t)(key->high << PART_BITS >> (64 - sorting->bits));
}

static bool is_before(const struct own_key *a, const struct own_key *b)
{
    return a->high != b->high ? a->high < b->high : a->low < b->low;
}

/* Calls for each key of the part, in any order. */
static void each_key(const struct store_dedup_own *own, const struct store_dedup_own_part *part,
                     struct sorting *sorting,
                     void (*take)(struct sorting *sorting, const struct own_key *key))
{
    uint32_t left = part->count;
    for (uint32_t number = part->last; number != 0;) {
        const struct store_dedup_own_chunk *chunk = chunk_of(own, number - 1);
        uint32_t here = left % CHUNK_KEYS != 0 ? left % CHUNK_KEYS : CHUNK_KEYS;
        for (uint32_t i = 0; i < here; i++) {
            take(sorting, &chunk->keys[i]);
        }
        left -= here;
        number = chunk->before;
    }
}

static void count_key(struct sorting *sorting, const struct own_key *key)
{
    sorting->ends[group_of(sorting, key)]++;
}

static void put_key(struct sorting *sorting, const struct own_key *key)
{
    sorting->keys[sorting->ends[group_of(sorting, key)]++] = *key;
}

/* Hashes are uniform: parted by their next bits into groups of a few, the rest is little. */
static void sort_part(const struct store_dedup_own *own, const struct store_dedup_own_part *part,
                      struct sorting *sorting)
{
    sorting->bits = 0;
    while (sorting->bits < GROUP_BITS_MOST && part->count >> sorting->bits > GROUP_KEYS) {
        sorting->bits++;
    }
    size_t groups = (size_t)1 << sorting->bits;
    memset(sorting->ends, 0, groups * sizeof *sorting->ends);
    each_key(own, part, sorting, count_key);
    uint32_t sum = 0;
    for (size_t g = 0; g < groups; g++) {
        uint32_t size = sorting->ends[g];
        sorting->ends[g] = sum;
        sum += size;
    }
    each_key(own, part, sorting, put_key);
    for (uint32_t i = 1; i < part->count; i++) {
        struct own_key key = sorting->keys[i];
        uint32_t at = i;
        for (; at > 0 && is_before(&key, &sorting->keys[at - 1]); at--) {
            sorting->keys[at] = sorting->keys[at - 1];
        }
        sorting->keys[at] = key;
    }
}

bool store_dedup_own_seal(struct disk *disk, const struct store_dedup_own *own, uint64_t id,
                          struct store_run_info *out, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    uint32_t most = 0;
    for (uint32_t p = 0; p < STORE_DEDUP_OWN_PARTS; p++) {
        most = own->now.parts[p].count > most ? own->now.parts[p].count : most;
    }
    struct sorting sorting = {
        .keys = arena_alloc(arena, most * sizeof *sorting.keys, fail),
        .ends = arena_alloc(arena, sizeof *sorting.ends << GROUP_BITS_MOST, fail),
    };
    struct store_dedup_writing writing;
    if (sorting.keys == NULL || sorting.ends == NULL ||
        !store_dedup_write_begin(disk, id, own->now.count, store_dedup_for_ever(own->now.least),
                                 store_dedup_for_ever(own->now.most), true, &writing, fail)) {
        return false;
    }
    for (uint32_t p = 0; p < STORE_DEDUP_OWN_PARTS; p++) {
        sort_part(own, &own->now.parts[p], &sorting);
        for (uint32_t i = 0; i < own->now.parts[p].count; i++) {
            const struct own_key *key = &sorting.keys[i];
            store_dedup_write_put(&writing, (struct store_dedup_key){key->high, key->low},
                                  store_dedup_for_ever(key->import));
        }
    }
    return store_dedup_write_finish(&writing, out, fail);
}
