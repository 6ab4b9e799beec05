/* The most frequent paths and links, in the answer's order. */
#include <stdlib.h>

#include "query_paths.h"

uint32_t paths_names(const struct paths_tree *tree, uint32_t node, bool backwards,
                     uint32_t names[QUERY_PATHS_NAMES_MAX])
{
    const struct paths_node *nodes = tree->nodes->data;
    uint32_t count = nodes[node].depth + 1;
    for (uint32_t i = 0; i < count; i++, node = nodes[node].parent) {
        names[backwards ? i : count - 1 - i] = nodes[node].name;
    }
    return count;
}

static int compare_names(const struct str *names, uint32_t a, uint32_t b)
{
    return a == b ? 0 : str_compare(names[a], names[b]);
}

static int compare_counts(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b ? 1 : 0;
}

static int compare_links(const void *a, const void *b)
{
    const struct paths_ranked *x = a, *y = b;
    const struct paths_link *links = x->tree->links->data;
    const struct paths_link *one = &links[x->index], *other = &links[y->index];
    int order = compare_counts(one->count, other->count);
    if (order == 0 && one->depth != other->depth) {
        return one->depth < other->depth ? -1 : 1;
    }
    if (order != 0) {
        return order;
    }
    int nearer = compare_names(x->names, one->from, other->from);
    int farther = compare_names(x->names, one->to, other->to);
    int first = x->backwards ? farther : nearer;
    return first != 0 ? first : x->backwards ? nearer : farther;
}

static int compare_paths(const void *a, const void *b)
{
    const struct paths_ranked *x = a, *y = b;
    const struct paths_node *nodes = x->tree->nodes->data;
    int order = compare_counts(nodes[x->index].count, nodes[y->index].count);
    if (order != 0 || x->index == y->index) {
        return order;
    }
    uint32_t one[QUERY_PATHS_NAMES_MAX], other[QUERY_PATHS_NAMES_MAX];
    uint32_t one_count = paths_names(x->tree, x->index, x->backwards, one);
    uint32_t other_count = paths_names(x->tree, y->index, x->backwards, other);
    for (uint32_t i = 0; i < one_count && i < other_count; i++) {
        order = compare_names(x->names, one[i], other[i]);
        if (order != 0) {
            return order;
        }
    }
    return one_count < other_count ? -1 : one_count > other_count ? 1 : 0;
}

/* The best by now: up to twice as many as are wanted, of which the first `kept` are sorted and best. */
struct best {
    struct paths_ranked *list;
    size_t count, kept, limit;
    int (*compare)(const void *a, const void *b);
};

static bool best_init(struct best *best, size_t most, size_t limit, struct arena *arena,
                      struct fail *fail)
{
    size_t room = most < 2 * limit ? most : 2 * limit;
    best->limit = limit;
    best->list = arena_array(arena, room, sizeof *best->list, fail);
    return best->list != NULL;
}

static void best_sort(struct best *best)
{
    if (best->count > 1) {
        qsort(best->list, best->count, sizeof *best->list, best->compare);
    }
    best->count = best->count < best->limit ? best->count : best->limit;
    best->kept = best->count;
}

static void best_offer(struct best *best, struct paths_ranked one)
{
    if (best->kept == best->limit && best->compare(&one, &best->list[best->limit - 1]) > 0) {
        return;
    }
    if (best->count == 2 * best->limit) {
        best_sort(best);
    }
    best->list[best->count++] = one;
}

bool paths_rank_links(const struct paths_tree *tree, const struct str *names, bool backwards,
                      size_t limit, struct arena *arena, struct paths_ranked **out,
                      size_t *out_count, struct fail *fail)
{
    struct best best = {.compare = compare_links};
    if (!best_init(&best, tree->links->count, limit, arena, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < tree->links->count; i++) {
        best_offer(&best, (struct paths_ranked){tree, names, backwards, i});
    }
    best_sort(&best);
    *out = best.list;
    *out_count = best.count;
    return true;
}

bool paths_rank_paths(const struct paths_tree *tree, const struct str *names, bool backwards,
                      size_t limit, struct arena *arena, struct paths_ranked **out,
                      size_t *out_count, struct fail *fail)
{
    const struct paths_node *nodes = tree->nodes->data;
    struct best best = {.compare = compare_paths};
    if (!best_init(&best, tree->nodes->count, limit, arena, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < tree->nodes->count; i++) {
        if (nodes[i].count > 0) { /* others only lead on */
            best_offer(&best, (struct paths_ranked){tree, names, backwards, i});
        }
    }
    best_sort(&best);
    *out = best.list;
    *out_count = best.count;
    return true;
}
