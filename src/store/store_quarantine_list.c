#include <inttypes.h>

#include "store_quarantine.h"

void store_quarantine_view_done(struct store_quarantine_view *view)
{
    store_quarantine_files_unref(view->files);
    store_quarantine_live_unref(view->live[0]);
    store_quarantine_live_unref(view->live[1]);
    *view = (struct store_quarantine_view){0};
}

struct listing {
    const struct store_quarantine_filter *filter;
    struct arena *arena;
    struct store_quarantine_row *rows;
    size_t count, capacity;
    uint64_t total;
};

static bool wanted(const struct store_quarantine_filter *filter, struct str source,
                   struct str reason)
{
    return (filter->source.data == NULL || str_equal(filter->source, source)) &&
           (filter->reason.data == NULL || str_equal(filter->reason, reason));
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

static bool fill_live(const struct store_quarantine_live *live,
                      const struct store_quarantine_live_row *row, size_t raw_most,
                      struct arena *arena, struct store_quarantine_row *out, struct fail *fail)
{
    *out = (struct store_quarantine_row){
        .id = row->id,
        .source = str_copy(arena, row->source),
        .reason = str_copy(arena, row->reason),
        .field = row->field.data == NULL ? row->field : str_copy(arena, row->field),
        .received_at_ms = row->received_at_ms,
        .raw_bytes = row->raw_bytes,
    };
    return store_quarantine_live_raw(live, row, raw_most, arena, &out->raw, fail);
}

/* Text of a file must outlive the view: it goes into the arena. */
static void own(struct store_quarantine_row *row, struct arena *arena)
{
    row->source = str_copy(arena, row->source);
    row->reason = str_copy(arena, row->reason);
    row->field = row->field.data == NULL ? row->field : str_copy(arena, row->field);
    row->raw = str_copy(arena, row->raw);
}

static bool list_live(struct listing *listing, const struct store_quarantine_live *live,
                      uint32_t count, struct fail *fail)
{
    for (uint32_t i = count; i-- > 0;) {
        const struct store_quarantine_live_row *row = store_quarantine_live_row(live, i);
        if (!wanted(listing->filter, row->source, row->reason)) {
            continue;
        }
        listing->total++;
        if (!shown(listing, row->id)) {
            continue;
        }
        struct store_quarantine_row *out = next_row(listing, fail);
        if (out == NULL ||
            !fill_live(live, row, STORE_QUARANTINE_PREVIEW_BYTES, listing->arena, out, fail)) {
            return false;
        }
        listing->count++;
    }
    return true;
}

static bool list_file(struct listing *listing, const struct store_quarantine_file *file,
                      struct fail *fail)
{
    bool all = listing->filter->source.data == NULL && listing->filter->reason.data == NULL;
    listing->total += all ? file->count : 0;
    uint64_t from = file->count;
    if (all && listing->filter->before_id != 0 &&
        !store_quarantine_file_seek(file, listing->filter->before_id, &from, fail)) {
        return false;
    }
    for (uint64_t i = from; i-- > 0;) {
        struct store_quarantine_row row;
        if (all && listing->count == listing->filter->limit) {
            break;
        }
        if (!store_quarantine_file_row(file, i, STORE_QUARANTINE_PREVIEW_BYTES, &row, fail)) {
            return false;
        }
        if (!all && !wanted(listing->filter, row.source, row.reason)) {
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
            !list_live(&listing, view->live[i], view->live_count[i], fail)) {
            return false;
        }
    }
    for (size_t i = view->files->count; i-- > 0;) {
        if (!list_file(&listing, &view->files->files[i], fail)) {
            return false;
        }
    }
    *out = listing.rows;
    *out_count = listing.count;
    *out_total = listing.total;
    return true;
}

bool store_quarantine_view_get(const struct store_quarantine_view *view, uint64_t id,
                               struct arena *arena, struct store_quarantine_row *out,
                               struct fail *fail)
{
    for (size_t i = 2; i-- > 0;) {
        for (uint32_t k = 0; view->live[i] != NULL && k < view->live_count[i]; k++) {
            const struct store_quarantine_live_row *row =
                store_quarantine_live_row(view->live[i], k);
            if (row->id == id) {
                return fill_live(view->live[i], row, SIZE_MAX, arena, out, fail);
            }
        }
    }
    for (size_t i = view->files->count; i-- > 0;) {
        const struct store_quarantine_file *file = &view->files->files[i];
        uint64_t at;
        struct store_quarantine_row row;
        if (id < file->id_first || id > file->id_last) {
            continue;
        }
        if (!store_quarantine_file_seek(file, id, &at, fail)) {
            return false;
        }
        if (at == file->count) {
            continue;
        }
        if (!store_quarantine_file_row(file, at, SIZE_MAX, &row, fail)) {
            return false;
        }
        if (row.id == id) {
            own(&row, arena);
            *out = row;
            return true;
        }
    }
    return fail_set(fail, FAIL_ABSENT, "there is no quarantined record q%" PRIu64, id);
}
