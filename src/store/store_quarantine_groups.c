/* What lies in quarantine, gathered by what is wrong. One walk over all rows, without their bytes. */
#include <stdlib.h>

#include "store_quarantine.h"

struct gathering {
    struct arena *arena;
    struct store_map by_words;
    struct store_quarantine_group *groups;
    size_t count;
    uint64_t rest;
};

static uint64_t hash_of(const struct store_quarantine_row *row)
{
    uint64_t hash = base_hash64(row->source.data, row->source.len, 0);
    hash = base_hash64(row->reason.data, row->reason.len, hash);
    return base_hash64(row->field.data, row->field.len, hash);
}

static bool same(const struct store_quarantine_group *group, const struct store_quarantine_row *row)
{
    return str_equal(group->source, row->source) && str_equal(group->reason, row->reason) &&
           str_equal(group->field, row->field);
}

/* Rows come newest first, so the first of a group is its newest. */
static bool gather(struct gathering *gathering, const struct store_quarantine_row *row,
                   struct fail *fail)
{
    uint64_t hash = hash_of(row);
    uint32_t at = store_map_find(&gathering->by_words, hash);
    if (at != STORE_MAP_NONE && same(&gathering->groups[at], row)) {
        gathering->groups[at].rows++;
        return true;
    }
    if (at != STORE_MAP_NONE || gathering->count == STORE_QUARANTINE_GROUPS_MAX) {
        gathering->rest++;
        return true;
    }
    gathering->groups[gathering->count] = (struct store_quarantine_group){
        .source = str_copy(gathering->arena, row->source),
        .reason = str_copy(gathering->arena, row->reason),
        .field = row->field.data == NULL ? row->field : str_copy(gathering->arena, row->field),
        .rows = 1,
        .id = row->id,
    };
    return store_map_put(&gathering->by_words, hash, (uint32_t)gathering->count++, fail);
}

static bool gather_view(struct gathering *gathering, const struct store_quarantine_view *view,
                        struct fail *fail)
{
    struct store_quarantine_row row;
    for (size_t i = 2; i-- > 0;) {
        for (uint32_t k = view->live[i] == NULL ? 0 : view->live_count[i]; k-- > 0;) {
            store_quarantine_live_face(store_quarantine_live_row(view->live[i], k), &row);
            store_quarantine_marks_lay(view->marks, &row);
            if (!store_quarantine_gone(view->marks, row.id) && !gather(gathering, &row, fail)) {
                return false;
            }
        }
    }
    for (size_t i = view->files->count; i-- > 0;) {
        const struct store_quarantine_file *file = &view->files->files[i];
        for (uint64_t k = file->count; k-- > 0;) {
            if (!store_quarantine_file_row(file, k, 0, &row, fail)) {
                return false;
            }
            store_quarantine_marks_lay(view->marks, &row);
            if (!store_quarantine_gone(view->marks, row.id) && !gather(gathering, &row, fail)) {
                return false;
            }
        }
    }
    return true;
}

static int most_first(const void *a, const void *b)
{
    const struct store_quarantine_group *x = a;
    const struct store_quarantine_group *y = b;
    if (x->rows != y->rows) {
        return x->rows > y->rows ? -1 : 1;
    }
    return (x->id < y->id) - (x->id > y->id);
}

bool store_quarantine_view_groups(const struct store_quarantine_view *view, struct arena *arena,
                                  struct store_quarantine_group **out, size_t *out_count,
                                  uint64_t *out_rest, struct fail *fail)
{
    struct gathering gathering = {.arena = arena};
    gathering.groups =
        arena_array(arena, STORE_QUARANTINE_GROUPS_MAX, sizeof *gathering.groups, fail);
    bool ok = gathering.groups != NULL && gather_view(&gathering, view, fail);
    store_map_done(&gathering.by_words);
    if (!ok) {
        return false;
    }
    qsort(gathering.groups, gathering.count, sizeof *gathering.groups, most_first);
    *out = gathering.groups;
    *out_count = gathering.count;
    *out_rest = gathering.rest;
    return true;
}
