/* store_scan_plan.c — planning a scan: what its columns are called here, its filter, its units. */
#include "store_scan_joined.h"

#include "store_segment.h"

/* ---- sources ------------------------------------------------------------------------------------------ */

/* Up to so many customers are looked for one by one; sorting the rows of all costs some 100 ns each. */
#define CUSTOMERS_FEW 64

struct scan_cache { /* of a snapshot; immutable once made */
    struct arena *arena;
    struct store_fresh_index fresh;
};

static void cache_free(void *cache)
{
    struct scan_cache *made = cache;
    arena_free(made->arena);
    base_free(made);
}

static struct store_sources sources_with(const struct store_snapshot *snapshot,
                                         const struct store_fresh_index *fresh)
{
    return (struct store_sources){
        .names = snapshot->names,
        .identity = snapshot->identity,
        .segments = snapshot->segments,
        .segment_count = snapshot->segment_count,
        .fresh = fresh != NULL && fresh->row_count > 0 ? fresh : NULL,
    };
}

bool store_sources_sealed(const struct store_snapshot *snapshot, struct store_sources *out)
{
    *out = sources_with(snapshot, NULL);
    return true;
}

bool store_sources_of(struct store_snapshot *snapshot, struct store_sources *out, struct fail *fail)
{
    bool ok = true;
    base_lock(&snapshot->cache_lock);
    if (snapshot->cache == NULL) {
        struct scan_cache *cache = base_alloc_zero(sizeof *cache);
        cache->arena = arena_new(NULL);
        ok = store_fresh_index_make(snapshot->fresh, snapshot->fresh_count, snapshot->identity,
                                    cache->arena, &cache->fresh, fail);
        if (ok) {
            snapshot->cache = cache;
            snapshot->cache_free = cache_free;
        } else {
            cache_free(cache);
        }
    }
    const struct scan_cache *cache = snapshot->cache;
    base_unlock(&snapshot->cache_lock);
    if (!ok) {
        return false;
    }
    *out = sources_with(snapshot, &cache->fresh);
    return true;
}

bool store_sources_of_few(struct store_snapshot *snapshot, const uint32_t *customers, size_t count,
                          struct arena *arena, struct store_sources *out, struct fail *fail)
{
    base_lock(&snapshot->cache_lock);
    bool sorted = snapshot->cache != NULL;
    base_unlock(&snapshot->cache_lock);
    if (sorted || count > CUSTOMERS_FEW) {
        return store_sources_of(snapshot, out, fail);
    }
    struct store_fresh_index *fresh = arena_array(arena, 1, sizeof *fresh, fail);
    if (fresh == NULL ||
        !store_fresh_index_make_few(snapshot->fresh, snapshot->fresh_count, snapshot->identity,
                                    customers, count, arena, fresh, fail)) {
        return false;
    }
    *out = sources_with(snapshot, fresh);
    return true;
}

/* ---- columns ------------------------------------------------------------------------------------------ */

static enum store_read_of read_of(enum store_column_of of)
{
    switch (of) {
    case STORE_COLUMN_PROPERTY:
        return STORE_READ_PROPERTY;
    case STORE_COLUMN_TRAIT:
        return STORE_READ_TRAIT_LATEST;
    case STORE_COLUMN_TRAIT_SENT:
        return STORE_READ_TRAIT_CELL;
    case STORE_COLUMN_CHANNEL:
        return STORE_READ_CHANNEL;
    case STORE_COLUMN_SOURCE:
        return STORE_READ_SOURCE;
    case STORE_COLUMN_TEXT:
        return STORE_READ_TEXT;
    case STORE_COLUMN_SCORE:
        return STORE_READ_SCORE;
    case STORE_COLUMN_SCALE:
        return STORE_READ_SCALE;
    case STORE_COLUMN_MESSAGE_ID:
        return STORE_READ_MESSAGE_ID;
    case STORE_COLUMN_RECEIVED_AT:
        return STORE_READ_RECEIVED_AT;
    case STORE_COLUMN_ARRIVAL:
        return STORE_READ_ARRIVAL;
    case STORE_COLUMN_HAS_TEXT:
        return STORE_READ_HAS_TEXT;
    }
    INVARIANT(false);
}

static bool is_own(enum store_read_of of)
{
    return of != STORE_READ_PROPERTY && of != STORE_READ_TRAIT_LATEST &&
           of != STORE_READ_TRAIT_CELL;
}

bool store_read_prefixes(const struct store_names *names, uint32_t trait, struct arena *arena,
                         struct store_read_column *column, struct fail *fail)
{
    struct str name = store_names_get(names, STORE_FAMILY_TRAIT, trait);
    size_t dots = 0;
    for (size_t i = 0; i < name.len; i++) {
        dots += name.data[i] == '.';
    }
    if (dots == 0) {
        return true;
    }
    uint32_t *prefixes = arena_array(arena, dots, sizeof *prefixes, fail);
    if (prefixes == NULL) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '.') {
            uint32_t code = store_names_find(names, STORE_FAMILY_TRAIT, str_of(name.data, i));
            if (code != STORE_NO_CODE) {
                prefixes[column->prefix_count++] = code;
            }
        }
    }
    column->prefixes = prefixes;
    return true;
}

/* Finds or adds the column; `columns` has room. */
static bool add_column(struct store_scan *scan, const struct store_names *names,
                       const struct store_column_ref *ref, struct store_read_column *columns,
                       size_t *count, uint32_t *out_at, struct fail *fail)
{
    struct store_read_column column = {.of = read_of(ref->of), .name = STORE_NO_CODE};
    if (column.of == STORE_READ_PROPERTY) {
        column.name = store_names_find(names, STORE_FAMILY_PROPERTY, ref->name);
    } else if (column.of == STORE_READ_TRAIT_LATEST || column.of == STORE_READ_TRAIT_CELL) {
        column.name = store_names_find(names, STORE_FAMILY_TRAIT, ref->name);
    }
    for (size_t c = 0; c < *count; c++) {
        if (columns[c].of == column.of && columns[c].name == column.name) {
            *out_at = (uint32_t)c;
            return true;
        }
    }
    if (column.of == STORE_READ_TRAIT_LATEST && column.name != STORE_NO_CODE &&
        !store_read_prefixes(names, column.name, scan->arena, &column, fail)) {
        return false;
    }
    *out_at = (uint32_t)*count;
    columns[(*count)++] = column;
    return true;
}

bool store_scan_plan_columns(struct store_scan *scan, const struct store_sources *sources,
                             const struct store_scan_options *options, struct fail *fail)
{
    size_t asked = options->column_count;
    struct store_read_column *columns = arena_array(scan->arena, asked, sizeof *columns, fail);
    uint32_t *at = arena_array(scan->arena, asked, sizeof *at, fail);
    if (columns == NULL || at == NULL) {
        return false;
    }
    size_t count = 0;
    for (int pass = 0; pass < 2; pass++) { /* the rows' own columns first */
        for (size_t c = 0; c < asked; c++) {
            if (is_own(read_of(options->columns[c].of)) != (pass == 0)) {
                continue;
            }
            if (!add_column(scan, sources->names, &options->columns[c], columns, &count, &at[c],
                            fail)) {
                return false;
            }
        }
    }
    if (!store_scan_plan_own_columns(scan, sources, columns, count, fail)) {
        return false;
    }
    scan->asked = at;
    scan->asked_count = asked;
    scan->plan.property_runs = options->runs;
    scan->plan.bearers_come = scan->plan.cell_slots != NULL;
    return true;
}

/* A table from code to 1 + column, for the columns of one kind. */
static bool make_slots(struct store_scan *scan, enum store_read_of of, uint32_t codes,
                       const uint32_t **out, uint32_t *out_count, struct fail *fail)
{
    uint32_t *slots = arena_array(scan->arena, codes, sizeof *slots, fail);
    if (slots == NULL) {
        return false;
    }
    for (size_t c = 0; c < scan->plan.column_count; c++) {
        const struct store_read_column *column = &scan->plan.columns[c];
        if (column->of == of && column->name < codes) {
            slots[column->name] = (uint32_t)c + 1;
        }
    }
    *out = slots;
    *out_count = codes;
    return true;
}

bool store_scan_plan_own_columns(struct store_scan *scan, const struct store_sources *sources,
                                 const struct store_read_column *columns, size_t count,
                                 struct fail *fail)
{
    struct store_read_plan *plan = &scan->plan;
    plan->columns = columns;
    plan->column_count = count;
    scan->asked = arena_array(scan->arena, count, sizeof *scan->asked, fail);
    if (scan->asked == NULL) {
        return false;
    }
    scan->asked_count = count;
    bool any_property = false;
    bool any_cell = false;
    for (size_t c = 0; c < count; c++) {
        scan->asked[c] = (uint32_t)c;
        plan->own_count += is_own(columns[c].of);
        plan->any_latest |= columns[c].of == STORE_READ_TRAIT_LATEST;
        any_property |= columns[c].of == STORE_READ_PROPERTY;
        any_cell |= columns[c].of == STORE_READ_TRAIT_CELL;
    }
    uint32_t properties = store_names_count(sources->names, STORE_FAMILY_PROPERTY);
    uint32_t traits = store_names_count(sources->names, STORE_FAMILY_TRAIT);
    return (!any_property || make_slots(scan, STORE_READ_PROPERTY, properties,
                                        &plan->property_slots, &plan->property_slot_count, fail)) &&
           (!any_cell || make_slots(scan, STORE_READ_TRAIT_CELL, traits, &plan->cell_slots,
                                    &plan->cell_slot_count, fail));
}

/* ---- units -------------------------------------------------------------------------------------------- */

#define FRESH_FENCE 64U /* customers */

struct fences { /* of one source: ascending customers, each with the rows up to the next */
    const struct store_segment *segment; /* NULL: the fresh rows */
    const struct store_fresh_index *fresh;
    uint32_t at, count;
};

static uint32_t fence_customer(const struct fences *fences)
{
    if (fences->segment != NULL) {
        return store_segment_group_first(fences->segment, fences->at);
    }
    return fences->fresh->customers[fences->at * FRESH_FENCE];
}

static uint64_t fence_rows(const struct fences *fences)
{
    if (fences->segment != NULL) {
        return store_segment_group_rows(fences->segment, fences->at);
    }
    uint32_t from = fences->at * FRESH_FENCE;
    uint32_t to = fences->fresh->customer_count - from < FRESH_FENCE ? fences->fresh->customer_count
                                                                     : from + FRESH_FENCE;
    return fences->fresh->begin[to] - fences->fresh->begin[from];
}

/* Walks the fences of all sources by customer and cuts wherever there are rows enough. */
static bool make_units(struct store_scan *scan, struct fail *fail)
{
    const struct store_read_plan *plan = &scan->plan;
    size_t sources = plan->segment_count + (plan->fresh != NULL);
    struct fences *all = arena_array(scan->arena, sources, sizeof *all, fail);
    if (all == NULL) {
        return false;
    }
    size_t fences = 0;
    for (size_t s = 0; s < plan->segment_count; s++) {
        all[s].segment = plan->segments[s];
        all[s].count = store_segment_group_count(plan->segments[s]);
        fences += all[s].count;
    }
    if (plan->fresh != NULL) {
        all[sources - 1].fresh = plan->fresh;
        all[sources - 1].count = plan->fresh->customer_count / FRESH_FENCE +
                                 (plan->fresh->customer_count % FRESH_FENCE != 0);
        fences += all[sources - 1].count;
    }
    uint32_t *bounds = arena_array(scan->arena, fences + 2, sizeof *bounds, fail);
    if (bounds == NULL) {
        return false;
    }
    size_t units = 0; /* bounds[units] begins the unit being filled */
    uint64_t rows = 0;
    for (size_t left = fences; left > 0; left--) {
        struct fences *next = NULL;
        for (size_t s = 0; s < sources; s++) {
            if (all[s].at < all[s].count &&
                (next == NULL || fence_customer(&all[s]) < fence_customer(next))) {
                next = &all[s];
            }
        }
        INVARIANT(next != NULL);
        if (rows >= scan->batch_rows && fence_customer(next) > bounds[units]) {
            bounds[++units] = fence_customer(next);
            rows = 0;
        }
        rows += fence_rows(next);
        next->at++;
    }
    if (fences > 0) {
        bounds[++units] = STORE_NO_CUSTOMER;
    }
    scan->bounds = bounds;
    scan->unit_count = units;
    return true;
}

/* The instant parts its slot, unless it is where the slot begins. */
static void add_cut(struct store_read_plan *plan, int64_t ts_ms)
{
    if (ts_ms != INT64_MIN && ts_ms % STORE_SLOT_MS != 0) {
        store_slots_of(&ts_ms, 1, &plan->cut_slots[plan->cut_count++]);
    }
}

static void take_cuts(struct store_read_plan *plan, const struct store_scan_options *options)
{
    INVARIANT(options->cut_count <= STORE_CUTS_MAX && !options->slots);
    plan->coarse = plan->any_order = true;
    for (size_t c = 0; c < options->cut_count; c++) {
        add_cut(plan, options->cuts[c]);
    }
    if (!plan->all_times && options->from_ms != INT64_MIN) {
        add_cut(plan, options->from_ms);
    }
    if (!plan->all_times && options->to_ms != INT64_MAX) {
        add_cut(plan, options->to_ms);
    }
}

/* What bears a label is wanted. */
static bool take_labels(struct store_scan *scan, const struct store_scan_options *options,
                        struct fail *fail)
{
    INVARIANT(options->column_count == 0 && !options->want_facts && !options->every_customer);
    uint8_t *labels = arena_array(scan->arena, options->label_count, 1, fail);
    if (labels == NULL) {
        return false;
    }
    if (options->label_count > 0) {
        memcpy(labels, options->labels, options->label_count);
    }
    scan->plan.labels = labels;
    scan->plan.slots = options->slots;
    scan->plan.any_order = options->slots && options->any_order;
    if (options->cut_count > 0) {
        take_cuts(&scan->plan, options);
    }
    scan->plan.wanted = labels;
    scan->plan.wanted_count = options->label_count;
    return true;
}

static bool make_filter(struct store_scan *scan, const struct store_sources *sources,
                        const struct store_scan_options *options, struct fail *fail)
{
    struct store_read_plan *plan = &scan->plan;
    plan->all_times = options->from_ms == 0 && options->to_ms == 0;
    plan->from_ms = options->from_ms;
    plan->last_ms = options->to_ms == INT64_MIN || options->to_ms == INT64_MAX ? options->to_ms
                                                                               : options->to_ms - 1;
    if (options->to_ms <= options->from_ms) { /* nothing */
        plan->from_ms = 1;
        plan->last_ms = 0;
    }
    plan->every_customer = options->every_customer;
    plan->want_facts = options->want_facts;
    if (options->labels != NULL) {
        return take_labels(scan, options, fail);
    }
    if (options->events == NULL) {
        return true;
    }
    plan->wanted_count = store_names_count(sources->names, STORE_FAMILY_EVENT);
    uint8_t *wanted = arena_array(scan->arena, plan->wanted_count, 1, fail);
    if (wanted == NULL) {
        return false;
    }
    for (size_t e = 0; e < options->event_count; e++) {
        if (options->events[e] < plan->wanted_count) {
            wanted[options->events[e]] = 1;
        }
    }
    plan->wanted = wanted;
    return true;
}

/* Segments without a row that can be wanted are left out, unless their customers count all the same. */
static bool choose_segments(struct store_scan *scan, const struct store_sources *sources,
                            const uint8_t *without, struct fail *fail)
{
    struct store_read_plan *plan = &scan->plan;
    plan->segments = sources->segments;
    plan->segment_count = sources->segment_count;
    if (plan->all_times || plan->every_customer || plan->want_facts || plan->any_latest ||
        plan->bearers_come) {
        INVARIANT(without == NULL);
        return true;
    }
    struct store_segment **chosen =
        arena_array(scan->arena, sources->segment_count, sizeof(struct store_segment *), fail);
    if (chosen == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t s = 0; s < sources->segment_count; s++) {
        const struct store_segment_info *info = store_segment_info(sources->segments[s]);
        if (info->ts_max_ms >= plan->from_ms && info->ts_min_ms <= plan->last_ms &&
            (without == NULL || without[s] == 0)) {
            chosen[count++] = sources->segments[s];
        }
    }
    plan->segments = chosen;
    plan->segment_count = count;
    return true;
}

static bool find_moved(struct store_scan *scan, struct fail *fail)
{
    struct store_read_plan *plan = &scan->plan;
    uint64_t since = store_identity_position(plan->identity);
    bool behind = false;
    for (size_t s = 0; s < plan->segment_count; s++) {
        uint64_t position = store_segment_info(plan->segments[s])->identity_position;
        behind |= position < since;
        since = position < since ? position : since;
    }
    if (!behind) {
        return true;
    }
    if (!store_identity_moved(plan->identity, since, &scan->moved, fail)) {
        return false;
    }
    plan->moved = scan->moved->count > 0 ? scan->moved : NULL;
    return true;
}

bool store_scan_plan_rows(struct store_scan *scan, const struct store_sources *sources,
                          const struct store_scan_options *options, struct fail *fail)
{
    struct store_read_plan *plan = &scan->plan;
    plan->names = sources->names;
    plan->identity = sources->identity;
    plan->fresh = sources->fresh;
    scan->batch_rows = options->batch_rows != 0 ? options->batch_rows : STORE_SCAN_BATCH_ROWS;
    scan->cancel = options->cancel;
    if (!make_filter(scan, sources, options, fail) ||
        !choose_segments(scan, sources, options->without, fail) || !find_moved(scan, fail)) {
        return false;
    }
    if (options->customers == NULL) {
        return (plan->moved == NULL || store_joined_plan(scan, fail)) && make_units(scan, fail);
    }
    uint32_t *list =
        arena_alloc(scan->arena, options->customer_count * sizeof *options->customers, fail);
    if (list == NULL) {
        return false;
    }
    memcpy(list, options->customers, options->customer_count * sizeof *list);
    scan->listed = true;
    scan->list = list;
    scan->list_count = options->customer_count;
    scan->unit_count =
        scan->list_count / STORE_SCAN_SLICE + (scan->list_count % STORE_SCAN_SLICE != 0);
    return true;
}
