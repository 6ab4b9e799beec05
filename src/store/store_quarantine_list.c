#include <inttypes.h>

#include "store_quarantine.h"

void store_quarantine_view_done(struct store_quarantine_view *view)
{
    store_quarantine_files_unref(view->files);
    store_quarantine_live_unref(view->live[0]);
    store_quarantine_live_unref(view->live[1]);
    store_quarantine_marks_unref(view->marks);
    *view = (struct store_quarantine_view){0};
}

struct listing {
    const struct store_quarantine_filter *filter;
    struct arena *arena;
    struct store_quarantine_row *rows;
    size_t count, capacity;
    uint64_t total;
};

/* Missing: any. Of the field an empty one asks for rows that name none. */
static bool wanted(const struct store_quarantine_filter *filter,
                   const struct store_quarantine_row *row)
{
    return (filter->source.data == NULL || str_equal(filter->source, row->source)) &&
           (filter->reason.data == NULL || str_equal(filter->reason, row->reason)) &&
           (filter->field.data == NULL || str_equal(filter->field, row->field));
}

static bool shown(const struct listing *listing, uint64_t id)
{
    return listing->count < listing->filter->limit &&
           (listing->filter->before_id == 0 || id < listing->filter->before_id);
}

static struct store_quarantine_row *next_row(struct listing *listing, struct fail *fail)
{
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 16 : listing->capacity * 2;
        struct store_quarantine_row *rows =
            arena_array(listing->arena, capacity, sizeof *rows, fail);
        if (rows == NULL) {
            return NULL;
        }
        if (listing->count > 0) {
            memcpy(rows, listing->rows, listing->count * sizeof *rows);
        }
        listing->rows = rows;
        listing->capacity = capacity;
    }
    return &listing->rows[listing->count];
}

/* Text must outlive the view: it goes into the arena. */
static void own(struct store_quarantine_row *row, struct arena *arena)
{
    struct str *texts[] = {&row->source, &row->reason, &row->field, &row->way, &row->raw};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        *texts[i] = texts[i]->data == NULL ? *texts[i] : str_copy(arena, *texts[i]);
    }
}

static bool list_live(struct listing *listing, const struct store_quarantine_view *view,
                      const struct store_quarantine_live *live, uint32_t count, struct fail *fail)
{
    for (uint32_t i = count; i-- > 0;) {
        const struct store_quarantine_live_row *row = store_quarantine_live_row(live, i);
        struct store_quarantine_row face;
        if (store_quarantine_gone(view->marks, row->id)) {
            continue;
        }
        store_quarantine_live_face(row, &face);
        store_quarantine_marks_lay(view->marks, &face);
        if (!wanted(listing->filter, &face)) {
            continue;
        }
        listing->total++;
        if (!shown(listing, row->id)) {
            continue;
        }
        struct store_quarantine_row *out = next_row(listing, fail);
        if (out == NULL) {
            return false;
        }
        own(&face, listing->arena);
        *out = face;
        if (!store_quarantine_live_raw(live, row, STORE_QUARANTINE_PREVIEW_BYTES, listing->arena,
                                       &out->raw, fail)) {
            return false;
        }
        listing->count++;
    }
    return true;
}

static bool list_file(struct listing *listing, const struct store_quarantine_view *view,
                      const struct store_quarantine_file *file, struct fail *fail)
{
    const struct store_quarantine_filter *filter = listing->filter;
    bool all =
        filter->source.data == NULL && filter->reason.data == NULL && filter->field.data == NULL;
    uint64_t gone;
    store_quarantine_marks_within(view->marks, file->id_first, file->id_last, &gone);
    listing->total += all ? file->count - gone : 0;
    uint64_t from = file->count;
    if (all && filter->before_id != 0 &&
        !store_quarantine_file_seek(file, filter->before_id, &from, fail)) {
        return false;
    }
    for (uint64_t i = from; i-- > 0;) {
        struct store_quarantine_row row;
        if (all && listing->count == filter->limit) {
            break;
        }
        if (!store_quarantine_file_row(file, i, STORE_QUARANTINE_PREVIEW_BYTES, &row, fail)) {
            return false;
        }
        store_quarantine_marks_lay(view->marks, &row);
        if (store_quarantine_gone(view->marks, row.id) || !wanted(filter, &row)) {
            continue;
        }
        listing->total += !all;
        if (!shown(listing, row.id)) {
            continue;
        }
        struct store_quarantine_row *out = next_row(listing, fail);
        if (out == NULL) {
            return false;
        }
        own(&row, listing->arena);
        *out = row;
        listing->count++;
    }
    return true;
}

bool store_quarantine_view_list(const struct store_quarantine_view *view,
                                const struct store_quarantine_filter *filter, struct arena *arena,
                                struct store_quarantine_row **out, size_t *out_count,
                                uint64_t *out_total, struct fail *fail)
{
    struct listing listing = {.filter = filter, .arena = arena};
    for (size_t i = 2; i-- > 0;) {
        if (view->live[i] != NULL &&
            !list_live(&listing, view, view->live[i], view->live_count[i], fail)) {
            return false;
        }
    }
    for (size_t i = view->files->count; i-- > 0;) {
        if (!list_file(&listing, view, &view->files->files[i], fail)) {
            return false;
        }
    }
    *out = listing.rows;
    *out_count = listing.count;
    *out_total = listing.total;
    return true;
}

static bool absent(uint64_t id, struct fail *fail)
{
    return fail_set(fail, FAIL_ABSENT, "there is no quarantined record q%" PRIu64, id);
}

bool store_quarantine_view_get(const struct store_quarantine_view *view, uint64_t id,
                               struct arena *arena, struct store_quarantine_row *out,
                               struct fail *fail)
{
    bool found = false;
    if (store_quarantine_gone(view->marks, id)) {
        return absent(id, fail);
    }
    for (size_t i = 2; i-- > 0 && !found;) {
        const struct store_quarantine_live_row *row =
            view->live[i] == NULL
                ? NULL
                : store_quarantine_live_get(view->live[i], view->live_count[i], id);
        found = row != NULL;
        if (found) {
            store_quarantine_live_face(row, out);
            if (!store_quarantine_live_raw(view->live[i], row, SIZE_MAX, arena, &out->raw, fail)) {
                return false;
            }
        }
    }
    if (!found && !store_quarantine_files_get(view->files, id, SIZE_MAX, out, &found, fail)) {
        return false;
    }
    if (!found) {
        return absent(id, fail);
    }
    store_quarantine_marks_lay(view->marks, out);
    own(out, arena);
    return true;
}

uint64_t store_quarantine_bytes(const struct store_quarantine_files *files,
                                struct store_quarantine_live *const *live)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < files->count; i++) {
        bytes += store_run_info_of(files->files[i].run)->bytes;
    }
    for (size_t i = 0; i < 2; i++) {
        bytes +=
            live[i] == NULL ? 0 : atomic_load_explicit(&live[i]->kept_bytes, memory_order_relaxed);
    }
    return bytes;
}
