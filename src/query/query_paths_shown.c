/* The links and paths of the asked range, found again in the range that it is compared with. */
#include "query_paths.h"

struct shown_link { /* as it is walked */
    uint32_t depth;
    struct str from, to;
};
struct shown_path {
    uint32_t count;
    struct str *names; /* as they are walked */
};
struct paths_shown {
    struct shown_link *links;
    struct shown_path *paths;
    size_t link_count, path_count;
};

static bool keep_name(struct arena *arena, struct str name, struct str *out, struct fail *fail)
{
    char *copy = arena_alloc(arena, name.len + 1, fail);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, name.data, name.len);
    *out = str_of(copy, name.len);
    return true;
}

static bool keep_link(const struct paths_ranked *ranked, struct arena *arena,
                      struct shown_link *out, struct fail *fail)
{
    const struct paths_link *link =
        (const struct paths_link *)ranked->tree->links->data + ranked->index;
    out->depth = link->depth;
    return keep_name(arena, ranked->names[link->from], &out->from, fail) &&
           keep_name(arena, ranked->names[link->to], &out->to, fail);
}

static bool keep_path(const struct paths_ranked *ranked, struct arena *arena,
                      struct shown_path *out, struct fail *fail)
{
    uint32_t names[QUERY_PATHS_NAMES_MAX];
    out->count = paths_names(ranked->tree, ranked->index, false, names);
    out->names = arena_array(arena, out->count, sizeof *out->names, fail);
    bool ok = out->names != NULL;
    for (uint32_t i = 0; ok && i < out->count; i++) {
        ok = keep_name(arena, ranked->names[names[i]], &out->names[i], fail);
    }
    return ok;
}

bool paths_shown_keep(const struct paths_chosen *chosen, struct arena *arena,
                      struct paths_shown **out, struct fail *fail)
{
    struct paths_shown *shown = arena_small(arena, sizeof *shown);
    shown->link_count = chosen->link_count;
    shown->path_count = chosen->path_count;
    shown->links = arena_array(arena, shown->link_count, sizeof *shown->links, fail);
    shown->paths = arena_array(arena, shown->path_count, sizeof *shown->paths, fail);
    bool ok = shown->links != NULL && shown->paths != NULL;
    for (size_t i = 0; ok && i < shown->link_count; i++) {
        ok = keep_link(&chosen->links[i], arena, &shown->links[i], fail);
    }
    for (size_t i = 0; ok && i < shown->path_count; i++) {
        ok = keep_path(&chosen->paths[i], arena, &shown->paths[i], fail);
    }
    *out = shown;
    return ok;
}

static bool find_link(const struct shown_link *shown, struct paths_names *names,
                      struct paths_tree *tree, uint32_t *out, struct fail *fail)
{
    uint32_t from, to;
    return query_groups_intern(&names->table, shown->from, &from, fail) &&
           query_groups_intern(&names->table, shown->to, &to, fail) &&
           paths_tree_link(tree, shown->depth, from, to, out, fail);
}

static bool find_path(const struct shown_path *shown, struct paths_names *names,
                      struct paths_tree *tree, uint32_t *out, struct fail *fail)
{
    uint32_t numbers[QUERY_PATHS_NAMES_MAX];
    for (uint32_t i = 0; i < shown->count; i++) {
        if (!query_groups_intern(&names->table, shown->names[i], &numbers[i], fail)) {
            return false;
        }
    }
    return paths_tree_node(tree, numbers, shown->count, out, fail);
}

bool paths_shown_find(const struct paths_shown *shown, struct paths_names *names,
                      struct paths_tree *tree, bool backwards, struct arena *arena,
                      struct paths_chosen *out, struct fail *fail)
{
    out->link_count = shown->link_count;
    out->path_count = shown->path_count;
    out->links = arena_array(arena, out->link_count, sizeof *out->links, fail);
    out->paths = arena_array(arena, out->path_count, sizeof *out->paths, fail);
    bool ok = out->links != NULL && out->paths != NULL;
    for (size_t i = 0; ok && i < out->link_count; i++) {
        ok = find_link(&shown->links[i], names, tree, &out->links[i].index, fail);
    }
    for (size_t i = 0; ok && i < out->path_count; i++) {
        ok = find_path(&shown->paths[i], names, tree, &out->paths[i].index, fail);
    }
    /* The table of names has its place only now that all are in it. */
    struct paths_ranked one = {.tree = tree, .names = names->table.names, .backwards = backwards};
    for (size_t i = 0; ok && i < out->link_count; i++) {
        one.index = out->links[i].index;
        out->links[i] = one;
    }
    for (size_t i = 0; ok && i < out->path_count; i++) {
        one.index = out->paths[i].index;
        out->paths[i] = one;
    }
    return ok;
}
