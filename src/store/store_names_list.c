/* store_names_list.c — the names in use: from the statistics of segments, and from the fresh rows. */
#include <stdlib.h>

#include "store_segment.h"

struct counts {
    uint64_t rows;
    int64_t first_ms, last_ms;
    uint64_t seen; /* 1 + number of the fresh row counted last: a row counts once */
};

struct listing {
    const struct store_snapshot *snapshot;
    enum store_name_kind kind;
    enum store_family family;
    bool any_event;
    uint32_t event;
    bool events_of_it; /* not names of that kind, but the events whose rows bear the one `bearer` */
    uint32_t bearer;
    struct counts *counts; /* by code */
    uint32_t count;
};

static enum store_family family_of(enum store_name_kind kind)
{
    switch (kind) {
    case STORE_NAME_EVENT:
        return STORE_FAMILY_EVENT;
    case STORE_NAME_PROPERTY:
        return STORE_FAMILY_PROPERTY;
    case STORE_NAME_TRAIT:
        return STORE_FAMILY_TRAIT;
    case STORE_NAME_CHANNEL:
        return STORE_FAMILY_CHANNEL;
    case STORE_NAME_SOURCE:
        return STORE_FAMILY_SOURCE;
    }
    INVARIANT(false);
}

static enum store_statistic_kind statistic_of(enum store_name_kind kind)
{
    switch (kind) {
    case STORE_NAME_EVENT:
        return STORE_STATISTIC_EVENT;
    case STORE_NAME_PROPERTY:
        return STORE_STATISTIC_PROPERTY;
    case STORE_NAME_TRAIT:
        return STORE_STATISTIC_TRAIT;
    case STORE_NAME_CHANNEL:
        return STORE_STATISTIC_CHANNEL;
    case STORE_NAME_SOURCE:
        return STORE_STATISTIC_SOURCE;
    }
    INVARIANT(false);
}

static void add(struct listing *listing, uint32_t code, uint64_t rows, int64_t first_ms,
                int64_t last_ms)
{
    if (code >= listing->count) {
        return; /* named after the list was begun: not of this snapshot */
    }
    struct counts *counts = &listing->counts[code];
    counts->first_ms =
        counts->rows == 0 || first_ms < counts->first_ms ? first_ms : counts->first_ms;
    counts->last_ms = counts->rows == 0 || last_ms > counts->last_ms ? last_ms : counts->last_ms;
    counts->rows += rows;
}

static bool add_segment(struct listing *listing, const struct store_segment *segment,
                        struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct store_statistic *lines;
    size_t count;
    if (!store_segment_statistics(segment, arena, &lines, &count, fail)) {
        return false;
    }
    enum store_statistic_kind kind = statistic_of(listing->kind);
    for (size_t i = 0; i < count; i++) {
        const struct store_statistic *line = &lines[i];
        if (listing->events_of_it) {
            if (line->kind == kind && line->name == listing->bearer) {
                add(listing, line->event, line->rows, line->first_ms, line->last_ms);
            }
            continue;
        }
        if (line->kind == kind && (listing->any_event || line->event == listing->event)) {
            add(listing, kind == STORE_STATISTIC_EVENT ? line->event : line->name, line->rows,
                line->first_ms, line->last_ms);
        }
    }
    return true;
}

static void add_cells(struct listing *listing, const struct store_cell *cells, uint32_t count,
                      uint64_t number, int64_t ts_ms)
{
    for (uint32_t i = 0; i < count; i++) {
        if (cells[i].name < listing->count && cells[i].value.kind != STORE_NULL &&
            listing->counts[cells[i].name].seen != number) {
            listing->counts[cells[i].name].seen = number;
            add(listing, cells[i].name, 1, ts_ms, ts_ms);
        }
    }
}

static bool bears(const struct store_cell *cells, uint32_t count, uint32_t name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (cells[i].name == name && cells[i].value.kind != STORE_NULL) {
            return true;
        }
    }
    return false;
}

static void add_row_of_it(struct listing *listing, const struct store_row *row)
{
    bool it = listing->kind == STORE_NAME_PROPERTY
                  ? bears(row->properties, row->property_count, listing->bearer)
                  : bears(row->traits, row->trait_count, listing->bearer);
    if (it) {
        add(listing, row->event, 1, row->ts_ms, row->ts_ms);
    }
}

static void add_row(struct listing *listing, const struct store_row *row, uint64_t number)
{
    if (listing->events_of_it) {
        add_row_of_it(listing, row);
        return;
    }
    if (!listing->any_event && row->event != listing->event) {
        return;
    }
    switch (listing->kind) {
    case STORE_NAME_EVENT:
        add(listing, row->event, 1, row->ts_ms, row->ts_ms);
        break;
    case STORE_NAME_PROPERTY:
        add_cells(listing, row->properties, row->property_count, number, row->ts_ms);
        break;
    case STORE_NAME_TRAIT:
        add_cells(listing, row->traits, row->trait_count, number, row->ts_ms);
        break;
    case STORE_NAME_CHANNEL:
        add(listing, row->channel, 1, row->ts_ms, row->ts_ms);
        break;
    case STORE_NAME_SOURCE:
        add(listing, row->source, 1, row->ts_ms, row->ts_ms);
        break;
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct store_name *x = a;
    const struct store_name *y = b;
    if (x->rows != y->rows) {
        return x->rows > y->rows ? -1 : 1;
    }
    return str_compare(x->name, y->name);
}

static bool list(struct listing *listing, struct arena *arena, struct store_name **out,
                 size_t *out_count, struct fail *fail)
{
    const struct store_snapshot *snapshot = listing->snapshot;
    listing->count = store_names_count(snapshot->names, listing->family);
    listing->counts = arena_array(arena, listing->count, sizeof *listing->counts, fail);
    struct store_name *names = arena_array(arena, listing->count, sizeof *names, fail);
    if (listing->counts == NULL || names == NULL) {
        return false;
    }
    for (size_t s = 0; s < snapshot->segment_count; s++) {
        if (!add_segment(listing, snapshot->segments[s], fail)) {
            return false;
        }
    }
    uint64_t number = 0;
    for (size_t v = 0; v < snapshot->fresh_count; v++) {
        for (uint32_t i = 0; i < snapshot->fresh[v].count; i++) {
            add_row(listing, store_fresh_row(snapshot->fresh[v].fresh, i), ++number);
        }
    }
    size_t count = 0;
    for (uint32_t code = 0; code < listing->count; code++) {
        const struct counts *counts = &listing->counts[code];
        if (counts->rows > 0) {
            names[count++] =
                (struct store_name){.name = store_names_get(snapshot->names, listing->family, code),
                                    .rows = counts->rows,
                                    .first_ms = counts->first_ms,
                                    .last_ms = counts->last_ms};
        }
    }
    if (count > 0) {
        qsort(names, count, sizeof *names, compare_names);
    }
    *out = names;
    *out_count = count;
    return true;
}

bool store_names(const struct store_snapshot *snapshot, enum store_name_kind kind, struct str event,
                 struct arena *arena, struct store_name **out, size_t *out_count, struct fail *fail)
{
    struct listing listing = {.snapshot = snapshot,
                              .kind = kind,
                              .family = family_of(kind),
                              .any_event = event.data == NULL || kind == STORE_NAME_EVENT ||
                                           kind == STORE_NAME_SOURCE};
    listing.event = listing.any_event
                        ? STORE_NO_CODE
                        : store_names_find(snapshot->names, STORE_FAMILY_EVENT, event);
    return list(&listing, arena, out, out_count, fail);
}

bool store_names_events(const struct store_snapshot *snapshot, enum store_name_kind kind,
                        struct str name, struct arena *arena, struct store_name **out,
                        size_t *out_count, struct fail *fail)
{
    INVARIANT(kind == STORE_NAME_PROPERTY || kind == STORE_NAME_TRAIT);
    struct listing listing = {.snapshot = snapshot,
                              .kind = kind,
                              .family = STORE_FAMILY_EVENT,
                              .events_of_it = true,
                              .bearer = store_names_find(snapshot->names, family_of(kind), name)};
    return list(&listing, arena, out, out_count, fail);
}
