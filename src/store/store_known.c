#include "store_known.h"

#define SIZE_FIRST ((size_t)1 << 12)

uint64_t store_known_seed(uint64_t salt, struct str kind)
{
    return base_hash64(kind.data, kind.len, salt);
}

struct base_hash128 store_known_key(uint64_t salt, const struct store_identifier *id)
{
    return base_hash128(id->value.data, id->value.len, store_known_seed(salt, id->kind));
}

static size_t slot_of(const struct store_known_slot *slots, size_t size, uint64_t low,
                      uint32_t high)
{
    size_t at = (size_t)low & (size - 1);
    while (slots[at].number != STORE_NO_CUSTOMER &&
           (slots[at].low != low || slots[at].high != high)) {
        at = (at + 1) & (size - 1);
    }
    return at;
}

void store_known_soon(const struct store_known *known, struct base_hash128 key)
{
    if (known->size > 0) {
        __builtin_prefetch(&known->slots[(size_t)key.low & (known->size - 1)]);
    }
}

uint32_t store_known_find(const struct store_known *known, struct base_hash128 key)
{
    if (known->count == 0) {
        return STORE_NO_CUSTOMER;
    }
    return known->slots[slot_of(known->slots, known->size, key.low, (uint32_t)key.high)].number;
}

static bool grow(struct store_known *known)
{
    size_t size = known->size == 0 ? SIZE_FIRST : known->size * 2;
    void *block = NULL;
    struct fail ignored;
    if (!base_alloc_spread(size, sizeof known->slots[0], &block, &ignored)) {
        return false;
    }
    struct store_known_slot *slots = block;
    for (size_t i = 0; i < size; i++) {
        slots[i].number = STORE_NO_CUSTOMER;
    }
    for (size_t i = 0; i < known->size; i++) {
        const struct store_known_slot *slot = &known->slots[i];
        if (slot->number != STORE_NO_CUSTOMER) {
            slots[slot_of(slots, size, slot->low, slot->high)] = *slot;
        }
    }
    base_free(known->slots);
    known->slots = slots;
    known->size = size;
    return true;
}

void store_known_put(struct store_known *known, struct base_hash128 key, uint32_t number)
{
    if (known->count == STORE_KNOWN_MOST ||
        (known->count + 1 > known->size / 8 * 5 && !grow(known))) {
        return;
    }
    struct store_known_slot *slot =
        &known->slots[slot_of(known->slots, known->size, key.low, (uint32_t)key.high)];
    known->count += slot->number == STORE_NO_CUSTOMER;
    *slot = (struct store_known_slot){key.low, (uint32_t)key.high, number};
}

void store_known_reset(struct store_known *known)
{
    base_free(known->slots);
    *known = (struct store_known){0};
}
