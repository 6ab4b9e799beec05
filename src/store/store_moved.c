#include "store_moved.h"

#include <string.h>

struct store_moved *store_moved_new(size_t count, struct fail *fail)
{
    enum { LISTS = 5 };
    void *block = NULL;
    if (count >= UINT32_MAX) {
        fail_set(fail, FAIL_LIMIT, "more than %u customers joined and not merged", UINT32_MAX - 1);
        return NULL;
    }
    size_t bytes = count * (LISTS * sizeof(uint32_t) + 1);
    if (!base_alloc_array(sizeof(struct store_moved) + bytes, 1, &block, fail)) {
        return NULL;
    }
    struct store_moved *moved = block;
    uint32_t *lists = (uint32_t *)(moved + 1);
    *moved = (struct store_moved){
        .references = 1,
        .count = count,
        .numbers = lists,
        .roots = lists + count,
        .by_root = lists + 2 * count,
        .tree_at = lists + 3 * count,
        .root_at = lists + 4 * count,
        .splits = (uint8_t *)(lists + LISTS * count),
    };
    memset(lists, 0, bytes);
    base_mutex_init(&moved->lock);
    return moved;
}

size_t store_moved_find(const struct store_moved *moved, uint32_t number)
{
    size_t low = 0;
    size_t high = moved->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (moved->numbers[middle] < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Index of the root of the number at `at`; a list of whole trees has it. */
static size_t find_root(const struct store_moved *moved, size_t at)
{
    if (moved->roots[at] == moved->numbers[at]) {
        return at;
    }
    size_t root = store_moved_find(moved, moved->roots[at]);
    INVARIANT(root < moved->count && moved->numbers[root] == moved->roots[at]);
    return root;
}

void store_moved_lay_out(struct store_moved *moved)
{
    for (size_t i = 0; i < moved->count;
         i++) { /* how many of each root, and whether any was split */
        size_t root = find_root(moved, i);
        moved->root_at[i] = (uint32_t)root;
        moved->tree_at[root]++;
        if (moved->splits[i] != 0) {
            moved->splits[root] |= STORE_MOVED_APART;
        }
    }
    uint32_t begin = 0;
    for (size_t i = 0; i < moved->count; i++) {
        uint32_t of_tree = moved->tree_at[i];
        moved->tree_at[i] = begin;
        begin += of_tree;
    }
    for (size_t i = 0; i < moved->count; i++) {
        uint32_t root = moved->root_at[i];
        moved->by_root[moved->tree_at[root]++] = (uint32_t)i;
        moved->splits[i] |= moved->splits[root] & STORE_MOVED_APART;
    }
    for (size_t k = moved->count; k-- > 0;) { /* from their ends back to where they begin */
        moved->tree_at[moved->root_at[moved->by_root[k]]] = (uint32_t)k;
    }
}

struct store_moved *store_moved_ref(struct store_moved *moved)
{
    atomic_fetch_add_explicit(&moved->references, 1, memory_order_relaxed);
    return moved;
}

void store_moved_unref(struct store_moved *moved)
{
    if (moved != NULL &&
        atomic_fetch_sub_explicit(&moved->references, 1, memory_order_acq_rel) == 1) {
        while (moved->rows != NULL) {
            struct store_moved_rows *rows = moved->rows;
            moved->rows = rows->older;
            base_free(rows);
        }
        base_mutex_done(&moved->lock);
        base_free(moved);
    }
}

void store_moved_tree(const struct store_moved *moved, size_t root, size_t *out_begin,
                      size_t *out_end)
{
    size_t at = moved->tree_at[root];
    *out_begin = at;
    while (at < moved->count && moved->root_at[moved->by_root[at]] == root) {
        at++;
    }
    *out_end = at;
}

static struct store_moved_rows *find_rows_locked(struct store_moved *moved, uint64_t segment)
{
    struct store_moved_rows *rows = moved->rows;
    while (rows != NULL && rows->segment != segment) {
        rows = rows->older;
    }
    return rows;
}

const struct store_moved_rows *store_moved_rows_find(struct store_moved *moved, uint64_t segment)
{
    base_lock(&moved->lock);
    const struct store_moved_rows *rows = find_rows_locked(moved, segment);
    base_unlock(&moved->lock);
    return rows;
}

struct store_moved_rows *store_moved_rows_new(const struct store_moved *moved, uint64_t segment,
                                              struct fail *fail)
{
    void *block = NULL;
    struct store_moved_rows *rows;
    size_t bytes = sizeof *rows + moved->count * sizeof rows->at[0];
    if (!base_alloc_array(bytes, 1, &block, fail)) {
        return NULL;
    }
    rows = block;
    memset(rows, 0, bytes);
    rows->segment = segment;
    return rows;
}

const struct store_moved_rows *store_moved_rows_keep(struct store_moved *moved,
                                                     struct store_moved_rows *rows)
{
    base_lock(&moved->lock);
    struct store_moved_rows *first = find_rows_locked(moved, rows->segment);
    bool full = moved->row_lists >= STORE_MOVED_SEGMENTS;
    if (first == NULL && !full) {
        rows->older = moved->rows;
        moved->rows = rows;
        moved->row_lists++;
    }
    base_unlock(&moved->lock);
    if (first == NULL) {
        return full ? NULL : rows;
    }
    base_free(rows);
    return first;
}
