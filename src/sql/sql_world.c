/* The snapshot with its names, for one statement. */
#include <stdlib.h>

#include "sql_scan.h"

struct by_name {
    struct str name;
    uint32_t place;
};

static int compare_names(const void *a, const void *b)
{
    const struct by_name *x = a, *y = b;
    return str_compare(x->name, y->name);
}

static bool read_names(const struct store_snapshot *snapshot, enum store_name_kind kind,
                       struct arena *arena, struct sql_names *out, struct fail *fail)
{
    struct store_name *found;
    size_t count;
    if (!store_names(snapshot, kind, (struct str){NULL, 0}, arena, &found, &count, fail)) {
        return false;
    }
    struct by_name *sorted = arena_array(arena, count, sizeof *sorted, fail);
    out->names = arena_array(arena, count, sizeof *out->names, fail);
    out->in_order = arena_array(arena, count, sizeof *out->in_order, fail);
    if (sorted == NULL || out->names == NULL || out->in_order == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out->names[i] = found[i].name;
        sorted[i] = (struct by_name){found[i].name, (uint32_t)i};
    }
    qsort(sorted, count, sizeof *sorted, compare_names);
    for (size_t i = 0; i < count; i++) {
        out->in_order[i] = sorted[i].place;
    }
    out->count = count;
    out->columns = count < SQL_NAMES_MAX ? count : SQL_NAMES_MAX;
    return true;
}

bool sql_world_open(struct store_snapshot *snapshot, struct base_cancel *cancel,
                    struct base_budget *budget, struct arena *arena, struct sql_world *out,
                    struct fail *fail)
{
    struct sql_world world = {
        .snapshot = snapshot, .cancel = cancel, .budget = budget, .arena = arena};
    world.event_name_count = store_event_codes(snapshot);
    world.event_names = arena_array(arena, world.event_name_count, sizeof *world.event_names, fail);
    if (world.event_names == NULL ||
        !read_names(snapshot, STORE_NAME_PROPERTY, arena, &world.properties, fail) ||
        !read_names(snapshot, STORE_NAME_TRAIT, arena, &world.traits, fail)) {
        return false;
    }
    for (size_t code = 0; code < world.event_name_count; code++) {
        world.event_names[code] = store_event_name(snapshot, (uint32_t)code);
    }
    *out = world;
    return true;
}
