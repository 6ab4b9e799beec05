#include <stdatomic.h>

#include "base_thread.h"
#include "store_internal.h"

/* Entries never move, so that a reader may keep what it found; the hash table is replaced when it grows
   and the old one is kept until the end, since a reader may still be probing it. Both together cost at
   most twice the final table. */

#define BLOCK_NAMES 1024U
#define BLOCKS 4096U
#define SLOTS_FIRST 64U

struct entry {
    struct str name;
    uint64_t hash;
    bool bookkeeping;
};

struct slots {
    struct slots *older;
    uint32_t mask;
    _Atomic uint32_t codes[]; /* code + 1; 0 is empty */
};

struct family {
    _Atomic(struct entry *) blocks[BLOCKS];
    _Atomic uint32_t count; /* raised after the entry is whole */
    _Atomic(struct slots *) slots;
};

/* Reading takes no lock: counts, blocks and slots are published with release stores. Adding is guarded
   by `lock`. */
struct store_names {
    struct base_mutex lock;
    struct arena *bytes; /* guarded by lock */
    struct family families[STORE_FAMILIES];
};

static struct slots *slots_new(uint32_t size)
{
    struct slots *slots = base_alloc_zero(sizeof *slots + size * sizeof slots->codes[0]);
    slots->mask = size - 1;
    return slots;
}

struct store_names *store_names_new(void)
{
    struct store_names *names = base_alloc_zero(sizeof *names);
    base_mutex_init(&names->lock);
    names->bytes = arena_new(NULL);
    for (size_t i = 0; i < STORE_FAMILIES; i++) {
        atomic_store(&names->families[i].slots, slots_new(SLOTS_FIRST));
    }
    return names;
}

void store_names_free(struct store_names *names)
{
    if (names == NULL) {
        return;
    }
    for (size_t i = 0; i < STORE_FAMILIES; i++) {
        struct slots *slots = atomic_load(&names->families[i].slots);
        while (slots != NULL) {
            struct slots *older = slots->older;
            base_free(slots);
            slots = older;
        }
        for (size_t b = 0; b < BLOCKS; b++) {
            base_free(atomic_load(&names->families[i].blocks[b]));
        }
    }
    arena_free(names->bytes);
    base_mutex_done(&names->lock);
    base_free(names);
}

static const struct entry *entry_at(const struct family *family, uint32_t code)
{
    const struct entry *block =
        atomic_load_explicit(&family->blocks[code / BLOCK_NAMES], memory_order_acquire);
    return &block[code % BLOCK_NAMES];
}

static uint32_t find(const struct family *family, struct str name, uint64_t hash)
{
    const struct slots *slots = atomic_load_explicit(&family->slots, memory_order_acquire);
    for (uint32_t i = (uint32_t)hash & slots->mask;; i = (i + 1) & slots->mask) {
        uint32_t code = atomic_load_explicit(&slots->codes[i], memory_order_acquire);
        if (code == 0) {
            return STORE_NO_CODE;
        }
        const struct entry *entry = entry_at(family, code - 1);
        if (entry->hash == hash && str_equal(entry->name, name)) {
            return code - 1;
        }
    }
}

static void put(struct slots *slots, uint64_t hash, uint32_t code)
{
    uint32_t i = (uint32_t)hash & slots->mask;
    while (atomic_load_explicit(&slots->codes[i], memory_order_relaxed) != 0) {
        i = (i + 1) & slots->mask;
    }
    atomic_store_explicit(&slots->codes[i], code + 1, memory_order_release);
}

static void grow(struct family *family, uint32_t count)
{
    struct slots *old = atomic_load_explicit(&family->slots, memory_order_relaxed);
    if (count * 2 < old->mask) {
        return;
    }
    struct slots *slots = slots_new((old->mask + 1) * 2);
    for (uint32_t code = 0; code < count; code++) {
        put(slots, entry_at(family, code)->hash, code);
    }
    slots->older = old;
    atomic_store_explicit(&family->slots, slots, memory_order_release);
}

static uint32_t add_locked(struct store_names *names, enum store_family which, struct str name,
                           uint64_t hash)
{
    struct family *family = &names->families[which];
    uint32_t code = atomic_load_explicit(&family->count, memory_order_relaxed);
    INVARIANT(code < BLOCK_NAMES * BLOCKS);
    grow(family, code + 1);
    struct entry *block =
        atomic_load_explicit(&family->blocks[code / BLOCK_NAMES], memory_order_relaxed);
    if (block == NULL) {
        block = base_alloc_zero(sizeof *block * BLOCK_NAMES);
        atomic_store_explicit(&family->blocks[code / BLOCK_NAMES], block, memory_order_release);
    }
    block[code % BLOCK_NAMES] = (struct entry){
        .name = str_copy(names->bytes, name),
        .hash = hash,
        .bookkeeping = which == STORE_FAMILY_EVENT && store_event_is_bookkeeping(name),
    };
    atomic_store_explicit(&family->count, code + 1, memory_order_release);
    put(atomic_load_explicit(&family->slots, memory_order_relaxed), hash, code);
    return code;
}

uint32_t store_names_intern(struct store_names *names, enum store_family family, struct str name)
{
    uint64_t hash = base_hash_str(name);
    uint32_t code = find(&names->families[family], name, hash);
    if (code != STORE_NO_CODE) {
        return code;
    }
    base_lock(&names->lock);
    code = find(&names->families[family], name, hash);
    if (code == STORE_NO_CODE) {
        code = add_locked(names, family, name, hash);
    }
    base_unlock(&names->lock);
    return code;
}

uint32_t store_names_find(const struct store_names *names, enum store_family family,
                          struct str name)
{
    return find(&names->families[family], name, base_hash_str(name));
}

struct str store_names_get(const struct store_names *names, enum store_family family, uint32_t code)
{
    INVARIANT(code < store_names_count(names, family));
    return entry_at(&names->families[family], code)->name;
}

uint32_t store_names_count(const struct store_names *names, enum store_family family)
{
    return atomic_load_explicit(&names->families[family].count, memory_order_acquire);
}

bool store_names_is_bookkeeping(const struct store_names *names, uint32_t event_code)
{
    INVARIANT(event_code < store_names_count(names, STORE_FAMILY_EVENT));
    return entry_at(&names->families[STORE_FAMILY_EVENT], event_code)->bookkeeping;
}
