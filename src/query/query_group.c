#include "query_group.h"

bool query_groups_init(struct query_groups *groups, const struct query_groups_spec *spec,
                       struct arena *arena, struct fail *fail)
{
    *groups = (struct query_groups){.spec = *spec, .arena = arena};
    for (size_t i = 0; spec->names != NULL && spec->by->edge_count == 0 && i < spec->count; i++) {
        uint32_t id;
        if (!query_groups_intern(groups, spec->names[i], &id, fail)) {
            return false;
        }
    }
    return true;
}

static bool has_fixed_names(const struct query_groups *groups)
{
    return groups->spec.names != NULL;
}

size_t query_groups_count(const struct query_groups *groups)
{
    if (groups->spec.by->edge_count > 0) {
        return (size_t)groups->spec.by->edge_count + 2; /* bins, and "(none)" */
    }
    return groups->count + (groups->spec.with_other ? 1 : 0);
}

struct str query_groups_name(const struct query_groups *groups, uint32_t id)
{
    const struct query_breakdown *by = groups->spec.by;
    if (by->edge_count > 0) {
        return id <= by->edge_count ? by->bins[id] : STR(QUERY_GROUP_NONE);
    }
    return id < groups->count ? groups->names[id] : STR(QUERY_GROUP_OTHER);
}

/* ---- names to ids ---- */

static bool grow_slots(struct query_groups *groups, struct fail *fail)
{
    size_t slot_count = groups->slot_count == 0 ? 64 : 2 * groups->slot_count;
    uint32_t *slots = arena_array(groups->arena, slot_count, sizeof *slots, fail);
    if (slots == NULL) {
        return false;
    }
    for (uint32_t id = 0; id < groups->count; id++) {
        size_t at = (size_t)base_hash_str(groups->names[id]) & (slot_count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (slot_count - 1);
        }
        slots[at] = id + 1;
    }
    groups->slots = slots;
    groups->slot_count = slot_count;
    return true;
}

static size_t find_slot(const struct query_groups *groups, struct str name)
{
    size_t at = (size_t)base_hash_str(name) & (groups->slot_count - 1);
    while (groups->slots[at] != 0 && !str_equal(groups->names[groups->slots[at] - 1], name)) {
        at = (at + 1) & (groups->slot_count - 1);
    }
    return at;
}

bool query_groups_intern(struct query_groups *groups, struct str name, uint32_t *out,
                         struct fail *fail)
{
    if (2 * (groups->count + 1) > groups->slot_count && !grow_slots(groups, fail)) {
        return false;
    }
    size_t at = find_slot(groups, name);
    if (groups->slots[at] != 0) {
        *out = groups->slots[at] - 1;
        return true;
    }
    if (groups->spec.most > 0 && groups->count == groups->spec.most) {
        groups->overflow = true;
        *out = QUERY_NO_GROUP;
        return true;
    }
    if (groups->count == groups->capacity) {
        struct str *names =
            query_arena_grow(groups->arena, groups->names, groups->count, &groups->capacity,
                             groups->count + 1, sizeof *names, fail);
        if (names == NULL) {
            return false;
        }
        groups->names = names;
    }
    char *copy = arena_alloc(groups->arena, name.len, fail);
    if (copy == NULL) {
        return false;
    }
    if (name.len > 0) {
        memcpy(copy, name.data, name.len);
    }
    groups->names[groups->count] = str_of(copy, name.len);
    groups->slots[at] = (uint32_t)groups->count + 1;
    *out = (uint32_t)groups->count++;
    return true;
}

static bool id_of_name(struct query_groups *groups, struct str name, uint32_t *out,
                       struct fail *fail)
{
    if (!has_fixed_names(groups)) {
        return query_groups_intern(groups, name, out, fail);
    }
    size_t at = groups->slot_count == 0 ? 0 : find_slot(groups, name);
    if (groups->slot_count > 0 && groups->slots[at] != 0) {
        *out = groups->slots[at] - 1;
    } else {
        *out = groups->spec.with_other ? (uint32_t)groups->count : QUERY_NO_GROUP;
    }
    return true;
}

/* Strings of a dictionary lie one behind the other, a few bytes apart: all bits of the address count. */
static size_t place_of(const char *text)
{
    return (size_t)((uintptr_t)text * UINT64_C(0x9E3779B97F4A7C15) >> 32) % QUERY_GROUPS_MET;
}

/* A column's string at the address of one met before is the same string, within one batch; instants and
   ids of customers are written into one place again and again. */
static bool id_of_value(struct query_groups *groups, uint64_t batch, struct store_value value,
                        uint32_t *out, struct fail *fail)
{
    enum query_from from = groups->spec.by->name.from;
    bool is_text = value.kind == STORE_STRING && value.len > 0 &&
                   (from == QUERY_FROM_ROW_COLUMN || from == QUERY_FROM_TRAIT_COLUMN);
    struct query_groups_met *met = &groups->met[is_text ? place_of(value.s) : 0];
    if (is_text && value.s == met->text && value.len == met->len && batch == met->batch) {
        *out = met->id;
        return true;
    }
    char scratch[QUERY_VALUE_CHARS];
    if (!id_of_name(groups, query_value_name(value, scratch), out, fail)) {
        return false;
    }
    if (is_text) {
        *met = (struct query_groups_met){value.s, batch, value.len, *out};
    }
    return true;
}

static uint32_t bin_of(const struct query_breakdown *by, struct store_value number)
{
    uint32_t low = 0, high = by->edge_count; /* the number of edges at or below it */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (query_number_compare(by->edges[middle], number) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* ---- the ids of one event ---- */

static bool add_id(struct query_groups *groups, uint32_t id, struct fail *fail)
{
    if (id == QUERY_NO_GROUP) {
        return true;
    }
    if (id >= groups->stamp_capacity) {
        uint64_t *stamps =
            query_arena_grow(groups->arena, groups->stamps, groups->stamp_capacity,
                             &groups->stamp_capacity, (size_t)id + 1, sizeof *stamps, fail);
        if (stamps == NULL) {
            return false;
        }
        groups->stamps = stamps;
    }
    if (groups->stamps[id] == groups->stamp) {
        return true;
    }
    groups->stamps[id] = groups->stamp;
    if (groups->id_count == groups->id_capacity) {
        uint32_t *ids =
            query_arena_grow(groups->arena, groups->ids, groups->id_count, &groups->id_capacity,
                             groups->id_count + 1, sizeof *ids, fail);
        if (ids == NULL) {
            return false;
        }
        groups->ids = ids;
    }
    groups->ids[groups->id_count++] = id;
    return true;
}

bool query_groups_of_nothing(struct query_groups *groups, struct fail *fail)
{
    uint32_t id;
    groups->id_count = 0;
    groups->stamp++;
    groups->kept_batch = 0;
    if (groups->spec.by->edge_count > 0) {
        id = groups->spec.by->edge_count + 1;
    } else if (!id_of_name(groups, STR(QUERY_GROUP_NONE), &id, fail)) {
        return false;
    }
    return add_id(groups, id, fail);
}

static bool fill_bins(struct query_groups *groups, const struct store_value *values, uint32_t count,
                      struct fail *fail)
{
    for (uint32_t i = 0; i < count; i++) {
        if (store_value_is_number(values[i]) &&
            !add_id(groups, bin_of(groups->spec.by, values[i]), fail)) {
            return false;
        }
    }
    return groups->id_count > 0 || query_groups_of_nothing(groups, fail);
}

bool query_groups_of_row(struct query_groups *groups, struct query_worker *worker, uint32_t c,
                         uint32_t row, struct fail *fail)
{
    struct query_name name = groups->spec.by->name;
    if (query_groups_keep(groups, worker, row)) {
        return true;
    }
    const struct store_value *values;
    uint32_t count = query_row_values(worker, name, c, row, &values);
    groups->id_count = 0;
    groups->stamp++;
    if (groups->spec.by->edge_count > 0) {
        if (!fill_bins(groups, values, count, fail)) {
            return false;
        }
    } else if (count == 0) {
        if (!query_groups_of_nothing(groups, fail)) {
            return false;
        }
    } else {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t id;
            if (!id_of_value(groups, worker->batch, values[i], &id, fail) ||
                !add_id(groups, id, fail)) {
                return false;
            }
        }
    }
    groups->several = groups->several || groups->id_count > 1;
    groups->kept_batch = worker->batch;
    groups->kept_from = row;
    groups->kept_last = query_row_last(worker, name, c, row);
    return true;
}
