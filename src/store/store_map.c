#include "store_map.h"

#define SIZE_FIRST 256U
/* An empty map above this gives its memory back, so that one large commit does not stay for ever. */
#define SIZE_KEPT ((size_t)1 << 16)

static size_t slot_of(const struct store_map *map, uint64_t key)
{
    size_t i = (size_t)key & (map->size - 1);
    while (map->slots[i].value != STORE_MAP_NONE && map->slots[i].key != key) {
        i = (i + 1) & (map->size - 1);
    }
    return i;
}

uint32_t store_map_find(const struct store_map *map, uint64_t key)
{
    return map->count == 0 ? STORE_MAP_NONE : map->slots[slot_of(map, key)].value;
}

static bool grow(struct store_map *map, struct fail *fail)
{
    size_t size = map->size == 0 ? SIZE_FIRST : map->size * 2;
    void *slots = NULL;
    void *used = map->used;
    if (!base_alloc_array(size, sizeof map->slots[0], &slots, fail)) {
        return false;
    }
    if (!base_realloc_array(&used, size / 2, sizeof map->used[0], fail)) {
        base_free(slots);
        return false;
    }
    struct store_map grown = {.slots = slots, .used = used, .size = size, .count = map->count};
    for (size_t i = 0; i < size; i++) {
        grown.slots[i].value = STORE_MAP_NONE;
    }
    for (size_t i = 0; i < map->count; i++) {
        struct store_map_slot old = map->slots[grown.used[i]];
        size_t at = slot_of(&grown, old.key);
        grown.slots[at] = old;
        grown.used[i] = (uint32_t)at;
    }
    base_free(map->slots);
    *map = grown;
    return true;
}

bool store_map_room(struct store_map *map, size_t more, struct fail *fail)
{
    while (map->count + more > map->size / 2) {
        if (!grow(map, fail)) {
            return false;
        }
    }
    return true;
}

bool store_map_put(struct store_map *map, uint64_t key, uint32_t value, struct fail *fail)
{
    if (map->count >= map->size / 2 && !grow(map, fail)) {
        return false;
    }
    size_t at = slot_of(map, key);
    map->slots[at] = (struct store_map_slot){.key = key, .value = value};
    map->used[map->count++] = (uint32_t)at;
    return true;
}

void store_map_set(struct store_map *map, uint64_t key, uint32_t value)
{
    map->slots[slot_of(map, key)].value = value;
}

void store_map_reset(struct store_map *map)
{
    if (map->size > SIZE_KEPT) {
        store_map_done(map);
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        map->slots[map->used[i]].value = STORE_MAP_NONE;
    }
    map->count = 0;
}

void store_map_done(struct store_map *map)
{
    base_free(map->slots);
    base_free(map->used);
    *map = (struct store_map){0};
}
