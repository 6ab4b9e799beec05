/* A row of the quarantine is judged again: as if it came now, but for when it was received and for the ledger. */
#include "store_judge.h"

/* The row as it is now, with what this commit did to it so far. */
static bool find_row(const struct store_writing *writing, uint64_t id,
                     struct store_quarantine_row *out, bool *out_found, struct fail *fail)
{
    *out_found = false;
    uint32_t pending = store_map_find(&writing->pending_mark_by_id, store_map_mix(id));
    const struct store_quarantine_mark *mark =
        pending != STORE_MAP_NONE ? &writing->pending_marks[pending]
                                  : store_quarantine_marks_find(writing->marks, id);
    if (mark != NULL && mark->gone) {
        return true;
    }
    for (size_t i = 2; i-- > 0 && !*out_found;) {
        const struct store_quarantine_live *live = writing->quarantine[i];
        const struct store_quarantine_live_row *row =
            live == NULL ? NULL : store_quarantine_live_get(live, live->count, id);
        *out_found = row != NULL;
        if (row != NULL) {
            store_quarantine_live_face(row, out);
        }
    }
    if (!*out_found &&
        !store_quarantine_files_get(writing->quarantine_files, id, 0, out, out_found, fail)) {
        return false;
    }
    if (*out_found && mark != NULL) {
        out->reason = mark->reason;
        out->field = mark->field;
    }
    return true;
}

static bool put_mark(struct store_writing *writing, const struct store_quarantine_mark *mark,
                     struct fail *fail)
{
    uint64_t key = store_map_mix(mark->id);
    uint32_t at = store_map_find(&writing->pending_mark_by_id, key);
    store_frame_mended(&writing->frame, mark);
    if (at != STORE_MAP_NONE) {
        writing->pending_marks[at] = *mark;
        return true;
    }
    void *marks = writing->pending_marks;
    if (!base_grow_array(&marks, &writing->pending_mark_capacity, writing->pending_mark_count + 1,
                         sizeof writing->pending_marks[0], fail)) {
        return false;
    }
    writing->pending_marks = marks;
    writing->pending_marks[writing->pending_mark_count] = *mark;
    return store_map_put(&writing->pending_mark_by_id, key, (uint32_t)writing->pending_mark_count++,
                         fail);
}

static bool same_text(struct str a, struct str b)
{
    if (a.data == NULL || b.data == NULL) {
        return a.data == b.data;
    }
    return str_equal(a, b);
}

static bool same_reason(const struct store_quarantine_row *row, const struct store_result *result)
{
    return same_text(row->reason, result->reason) && same_text(row->field, result->field);
}

static bool settle(struct store *store, const struct store_quarantine_row *row, uint32_t source,
                   const struct store_result *result, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    struct store_quarantine_mark mark = {.id = row->id, .gone = true};
    if (result->verdict == STORE_QUARANTINED) {
        mark = (struct store_quarantine_mark){
            .id = row->id, .reason = result->reason, .field = result->field};
        return same_reason(row, result) || put_mark(writing, &mark, fail);
    }
    /* A commit's part of the ledger may be below nothing; it wraps, and adds up (docs/formats/journal.md). */
    struct store_ledger_count *count = store_ledger_of(&writing->delta, source);
    count->quarantined--;
    count->stored += result->verdict == STORE_STORED;
    count->duplicate += result->verdict == STORE_DUPLICATE;
    count->refused += result->verdict == STORE_REFUSED;
    return put_mark(writing, &mark, fail);
}

bool store_judge_mended(struct store *store, const struct store_item *given,
                        struct store_result *out, struct fail *fail)
{
    struct store_quarantine_row row;
    bool found;
    if (!find_row(&store->writing, given->mends, &row, &found, fail)) {
        return false;
    }
    if (!found) {
        out->absent = true;
        return true;
    }
    uint32_t source = store_names_intern(store->names, STORE_FAMILY_SOURCE, row.source);
    struct store_item item = *given;
    item.event.source = store_names_get(store->names, STORE_FAMILY_SOURCE, source);
    out->quarantine_id = row.id;
    return store_ledger_room(&store->writing.delta, source, fail) &&
           (item.verdict != STORE_STORED || store_judge_event(store, &item, out, fail)) &&
           settle(store, &row, source, out, fail);
}
