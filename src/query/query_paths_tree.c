/* Counting paths: a tree of their beginnings, and the links between neighbours by depth. */
#include "query_paths.h"

static bool vec_new(struct arena *arena, struct base_budget *budget, size_t size,
                    struct query_vec **out, struct fail *fail)
{
    *out = arena_array(arena, 1, sizeof **out, fail);
    if (*out == NULL) {
        return false;
    }
    query_vec_init(*out, arena, budget, size);
    return true;
}

bool paths_tree_new(struct arena *arena, struct base_budget *budget, struct paths_tree **out,
                    struct fail *fail)
{
    struct paths_tree *tree = arena_array(arena, 1, sizeof *tree, fail);
    if (tree == NULL || !vec_new(arena, budget, sizeof(struct paths_node), &tree->nodes, fail) ||
        !vec_new(arena, budget, sizeof(struct paths_link), &tree->links, fail)) {
        return false;
    }
    tree->arena = arena;
    *out = tree;
    return true;
}

/* ---- finding ---- */

static size_t hash_of(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t key[] = {a, b, c};
    return (size_t)base_hash64(key, sizeof key, 0);
}

static size_t node_hash(const struct paths_node *node)
{
    return hash_of(node->parent, node->name, 0);
}

static size_t link_hash(const struct paths_link *link)
{
    return hash_of(link->depth, link->from, link->to);
}

static bool grow_nodes(struct paths_tree *tree, struct fail *fail)
{
    const struct paths_node *nodes = tree->nodes->data;
    size_t slot_count = tree->node_slot_count == 0 ? 256 : 2 * tree->node_slot_count;
    uint32_t *slots = arena_array(tree->arena, slot_count, sizeof *slots, fail);
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < tree->nodes->count; i++) {
        size_t at = node_hash(&nodes[i]) & (slot_count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (slot_count - 1);
        }
        slots[at] = i + 1;
    }
    tree->node_slots = slots;
    tree->node_slot_count = slot_count;
    return true;
}

static bool grow_links(struct paths_tree *tree, struct fail *fail)
{
    const struct paths_link *links = tree->links->data;
    size_t slot_count = tree->link_slot_count == 0 ? 256 : 2 * tree->link_slot_count;
    uint32_t *slots = arena_array(tree->arena, slot_count, sizeof *slots, fail);
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < tree->links->count; i++) {
        size_t at = link_hash(&links[i]) & (slot_count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (slot_count - 1);
        }
        slots[at] = i + 1;
    }
    tree->link_slots = slots;
    tree->link_slot_count = slot_count;
    return true;
}

static bool refuse_more(struct fail *fail)
{
    return fail_set(fail, FAIL_LIMIT, "there are more different paths than can be counted");
}

bool paths_tree_link(struct paths_tree *tree, uint32_t depth, uint32_t from, uint32_t to,
                     uint32_t *out, struct fail *fail)
{
    if (2 * (tree->links->count + 1) > tree->link_slot_count && !grow_links(tree, fail)) {
        return false;
    }
    const struct paths_link *links = tree->links->data;
    struct paths_link wanted = {.depth = depth, .from = from, .to = to};
    size_t at = link_hash(&wanted) & (tree->link_slot_count - 1);
    for (; tree->link_slots[at] != 0; at = (at + 1) & (tree->link_slot_count - 1)) {
        const struct paths_link *link = &links[tree->link_slots[at] - 1];
        if (link->depth == depth && link->from == from && link->to == to) {
            *out = tree->link_slots[at] - 1;
            return true;
        }
    }
    if (tree->links->count == PATHS_NOWHERE - 1) {
        return refuse_more(fail);
    }
    struct paths_link *link = query_vec_add(tree->links, fail);
    if (link == NULL) {
        return false;
    }
    *link = wanted;
    *out = (uint32_t)tree->links->count - 1;
    tree->link_slots[at] = *out + 1;
    return true;
}

/* The node of a name behind `parent` (PATHS_NOWHERE: where paths begin). */
static bool find_node(struct paths_tree *tree, uint32_t parent, uint32_t name, uint32_t *out,
                      struct fail *fail)
{
    if (2 * (tree->nodes->count + 1) > tree->node_slot_count && !grow_nodes(tree, fail)) {
        return false;
    }
    const struct paths_node *nodes = tree->nodes->data;
    struct paths_node wanted = {.parent = parent, .name = name, .link = PATHS_NOWHERE};
    size_t at = node_hash(&wanted) & (tree->node_slot_count - 1);
    for (; tree->node_slots[at] != 0; at = (at + 1) & (tree->node_slot_count - 1)) {
        const struct paths_node *node = &nodes[tree->node_slots[at] - 1];
        if (node->parent == parent && node->name == name) {
            *out = tree->node_slots[at] - 1;
            return true;
        }
    }
    if (tree->nodes->count == PATHS_NOWHERE - 1) {
        return refuse_more(fail);
    }
    if (parent != PATHS_NOWHERE) {
        wanted.depth = nodes[parent].depth + 1;
        if (!paths_tree_link(tree, wanted.depth, nodes[parent].name, name, &wanted.link, fail)) {
            return false;
        }
    }
    struct paths_node *node = query_vec_add(tree->nodes, fail);
    if (node == NULL) {
        return false;
    }
    *node = wanted;
    *out = (uint32_t)tree->nodes->count - 1;
    tree->node_slots[at] = *out + 1;
    return true;
}

/* ---- counting ---- */

void paths_tree_next_customer(struct paths_tree *tree)
{
    tree->customer++;
}

static void count_one(uint32_t customer, uint32_t *last, uint64_t *count, uint64_t *customers)
{
    *count += 1;
    *customers += *last != customer ? 1 : 0;
    *last = customer;
}

bool paths_tree_add(struct paths_tree *tree, const uint32_t *names, uint32_t count,
                    struct fail *fail)
{
    uint32_t at = PATHS_NOWHERE;
    for (uint32_t depth = 0; depth < count; depth++) {
        if (!find_node(tree, at, names[depth], &at, fail)) {
            return false;
        }
        const struct paths_node *node = (const struct paths_node *)tree->nodes->data + at;
        if (node->link != PATHS_NOWHERE) {
            struct paths_link *link = (struct paths_link *)tree->links->data + node->link;
            count_one(tree->customer, &link->customer, &link->count, &link->customers);
        }
        count_one(tree->customer, &tree->depth_stamps[depth], &tree->depth_counts[depth],
                  &tree->depth_customers[depth]);
    }
    struct paths_node *end = (struct paths_node *)tree->nodes->data + at;
    count_one(tree->customer, &end->customer, &end->count, &end->customers);
    return true;
}

bool paths_tree_node(struct paths_tree *tree, const uint32_t *names, uint32_t count, uint32_t *out,
                     struct fail *fail)
{
    *out = PATHS_NOWHERE;
    for (uint32_t i = 0; i < count; i++) {
        if (!find_node(tree, *out, names[i], out, fail)) {
            return false;
        }
    }
    return true;
}

static bool merge_nodes(struct paths_tree *into, const struct paths_tree *from,
                        const uint32_t *renamed, struct fail *fail)
{
    const struct paths_node *nodes = from->nodes->data;
    uint32_t *places = arena_alloc(into->arena, from->nodes->count * sizeof *places, fail);
    if (places == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < from->nodes->count; i++) { /* parents stand before their children */
        uint32_t parent =
            nodes[i].parent == PATHS_NOWHERE ? PATHS_NOWHERE : places[nodes[i].parent];
        if (!find_node(into, parent, renamed[nodes[i].name], &places[i], fail)) {
            return false;
        }
        struct paths_node *node = (struct paths_node *)into->nodes->data + places[i];
        node->count += nodes[i].count;
        node->customers += nodes[i].customers;
    }
    return true;
}

bool paths_tree_merge(struct paths_tree *into, const struct paths_tree *from,
                      const uint32_t *renamed, struct fail *fail)
{
    const struct paths_link *links = from->links->data;
    if (!merge_nodes(into, from, renamed, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < from->links->count; i++) {
        uint32_t place;
        if (!paths_tree_link(into, links[i].depth, renamed[links[i].from], renamed[links[i].to],
                             &place, fail)) {
            return false;
        }
        struct paths_link *link = (struct paths_link *)into->links->data + place;
        link->count += links[i].count;
        link->customers += links[i].customers;
    }
    for (uint32_t depth = 0; depth < QUERY_PATHS_NAMES_MAX; depth++) {
        into->depth_counts[depth] += from->depth_counts[depth];
        into->depth_customers[depth] += from->depth_customers[depth];
    }
    return true;
}
