/* store_fresh_find.c — where one customer's rows lie among the fresh ones: chains of rows, one for each number. */
#include "store_fresh.h"
#include "store_map.h"

#define ROOM_FIRST 1024U

struct store_fresh_finder {
    struct base_mutex lock;  /* guards the rest */
    uint32_t entered;        /* rows below it are in a chain */
    uint32_t room;           /* of `before` */
    uint32_t *before;        /* by row: 1 + the row before it of the same number; 0: none */
    struct store_map newest; /* number, mixed, to its newest row in a chain */
};

struct store_fresh_finder *store_fresh_finder_new(void)
{
    struct store_fresh_finder *finder = base_alloc_zero(sizeof *finder);
    base_mutex_init(&finder->lock);
    return finder;
}

void store_fresh_finder_free(struct store_fresh_finder *finder)
{
    base_mutex_done(&finder->lock);
    base_free(finder->before);
    store_map_done(&finder->newest);
    base_free(finder);
}

static bool make_room_locked(struct store_fresh_finder *finder, uint32_t count, struct fail *fail)
{
    uint32_t room = finder->room == 0 ? ROOM_FIRST : finder->room;
    while (room < count) {
        room *= 2; /* a table has at most STORE_FRESH_ROWS_MOST */
    }
    void *before = finder->before;
    if (room > finder->room && !base_realloc_array(&before, room, sizeof *finder->before, fail)) {
        return false;
    }
    finder->before = before;
    finder->room = room;
    return true;
}

static bool enter_locked(struct store_fresh_finder *finder, const struct store_fresh *fresh,
                         uint32_t count, struct fail *fail)
{
    if (count <= finder->entered) {
        return true;
    }
    if (!make_room_locked(finder, count, fail)) {
        return false;
    }
    for (; finder->entered < count; finder->entered++) {
        uint32_t row = finder->entered;
        uint64_t key = store_map_mix(store_fresh_row(fresh, row)->original);
        uint32_t newest = store_map_find(&finder->newest, key);
        if (newest != STORE_MAP_NONE) {
            store_map_set(&finder->newest, key, row);
        } else if (!store_map_put(&finder->newest, key, row, fail)) {
            return false;
        }
        finder->before[row] = newest == STORE_MAP_NONE ? 0 : newest + 1;
    }
    return true;
}

bool store_fresh_rows_of(struct store_fresh *fresh, uint32_t bound, uint32_t original,
                         struct store_vec *out, size_t *count, struct fail *fail)
{
    struct store_fresh_finder *finder = store_fresh_finder_of(fresh);
    base_lock(&finder->lock);
    bool ok = enter_locked(finder, fresh, bound, fail);
    uint32_t newest =
        ok ? store_map_find(&finder->newest, store_map_mix(original)) : STORE_MAP_NONE;
    uint32_t next = newest == STORE_MAP_NONE ? 0 : newest + 1;
    for (; ok && next != 0; next = finder->before[next - 1]) {
        if (next > bound) { /* others asked of a later moment */
            continue;
        }
        ok = store_vec_room(out, *count + 1, sizeof(uint32_t), NULL, fail);
        if (ok) {
            ((uint32_t *)out->data)[(*count)++] = next - 1;
        }
    }
    base_unlock(&finder->lock);
    return ok;
}
