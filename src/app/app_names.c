#include "app_names.h"

#include <stdlib.h>

#include "query_shown.h"

struct str app_names_shown_as(const struct query_renames *renames, enum store_name_kind kind,
                              struct str name)
{
    return kind == STORE_NAME_EVENT      ? query_shown_event(renames, name)
           : kind == STORE_NAME_PROPERTY ? query_shown_property(renames, name)
                                         : name;
}

static int compare_names(const void *a, const void *b)
{
    const struct store_name *x = a, *y = b;
    return str_compare(x->name, y->name);
}

static int compare_rows(const void *a, const void *b)
{
    const struct store_name *x = a, *y = b;
    if (x->rows != y->rows) {
        return x->rows > y->rows ? -1 : 1;
    }
    return str_compare(x->name, y->name);
}

struct gathered {
    struct store_name *list;
    size_t count, capacity;
    struct arena *arena;
};

static bool gather(struct gathered *into, const struct store_name *names, size_t count,
                   struct fail *fail)
{
    struct store_name *list = arena_array(into->arena, into->count + count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    if (into->count > 0) {
        memcpy(list, into->list, into->count * sizeof *list);
    }
    if (count > 0) {
        memcpy(list + into->count, names, count * sizeof *list);
    }
    into->list = list;
    into->count += count;
    return true;
}

/* One line for each shown name, by rows descending, then byte order. */
static void lay_together(struct gathered *all, const struct query_renames *renames,
                         enum store_name_kind kind)
{
    for (size_t i = 0; i < all->count; i++) {
        all->list[i].name = app_names_shown_as(renames, kind, all->list[i].name);
    }
    if (all->count == 0) {
        return;
    }
    qsort(all->list, all->count, sizeof *all->list, compare_names);
    size_t kept = 0;
    for (size_t i = 1; i < all->count; i++) {
        struct store_name *last = &all->list[kept];
        const struct store_name *name = &all->list[i];
        if (!str_equal(last->name, name->name)) {
            all->list[++kept] = *name;
            continue;
        }
        last->rows += name->rows;
        last->first_ms = name->first_ms < last->first_ms ? name->first_ms : last->first_ms;
        last->last_ms = name->last_ms > last->last_ms ? name->last_ms : last->last_ms;
    }
    all->count = kept + 1;
    qsort(all->list, all->count, sizeof *all->list, compare_rows);
}

/* `one` for the name itself and for each that is shown as it. */
static bool for_each_stored(const struct query_rename *renames, size_t count, struct str name,
                            bool (*one)(void *context, struct str stored, struct fail *fail),
                            void *context, struct fail *fail)
{
    if (!one(context, name, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_equal(renames[i].to, name) && !one(context, renames[i].from, fail)) {
            return false;
        }
    }
    return true;
}

struct asking {
    const struct store_snapshot *snapshot;
    enum store_name_kind kind;
    struct gathered all;
};

static bool names_of_event(void *context, struct str event, struct fail *fail)
{
    struct asking *asking = context;
    struct store_name *names;
    size_t count;
    return store_names(asking->snapshot, asking->kind, event, asking->all.arena, &names, &count,
                       fail) &&
           gather(&asking->all, names, count, fail);
}

static bool events_of_name(void *context, struct str name, struct fail *fail)
{
    struct asking *asking = context;
    struct store_name *names;
    size_t count;
    return store_names_events(asking->snapshot, asking->kind, name, asking->all.arena, &names,
                              &count, fail) &&
           gather(&asking->all, names, count, fail);
}

bool app_names_shown(const struct store_snapshot *snapshot, const struct query_renames *renames,
                     enum store_name_kind kind, struct str event, struct arena *arena,
                     struct store_name **out, size_t *out_count, struct fail *fail)
{
    struct asking asking = {.snapshot = snapshot, .kind = kind, .all = {.arena = arena}};
    bool good = event.data == NULL ? names_of_event(&asking, event, fail)
                                   : for_each_stored(renames->events, renames->event_count,
                                                     query_shown_event(renames, event),
                                                     names_of_event, &asking, fail);
    if (!good) {
        return false;
    }
    lay_together(&asking.all, renames, kind);
    *out = asking.all.list;
    *out_count = asking.all.count;
    return true;
}

bool app_names_events(const struct store_snapshot *snapshot, const struct query_renames *renames,
                      enum store_name_kind kind, struct str name, struct arena *arena,
                      struct store_name **out, size_t *out_count, struct fail *fail)
{
    struct asking asking = {.snapshot = snapshot, .kind = kind, .all = {.arena = arena}};
    size_t count = kind == STORE_NAME_PROPERTY ? renames->property_count : 0;
    if (!for_each_stored(renames->properties, count, name, events_of_name, &asking, fail)) {
        return false;
    }
    lay_together(&asking.all, renames, STORE_NAME_EVENT);
    *out = asking.all.list;
    *out_count = asking.all.count;
    return true;
}

bool app_names_show_event(const struct query_renames *renames, struct arena *arena,
                          struct store_event *event, struct str *out_stored_as, struct fail *fail)
{
    struct str shown = query_shown_event(renames, event->event);
    *out_stored_as = str_equal(shown, event->event) ? (struct str){NULL, 0} : event->event;
    event->event = shown;
    if (renames->property_count == 0 || event->property_count == 0) {
        return true;
    }
    struct store_field *fields = arena_array(arena, event->property_count, sizeof *fields, fail);
    if (fields == NULL) {
        return false;
    }
    for (size_t i = 0; i < event->property_count; i++) {
        fields[i] = event->properties[i];
        fields[i].name = query_shown_property(renames, fields[i].name);
    }
    event->properties = fields;
    return true;
}
