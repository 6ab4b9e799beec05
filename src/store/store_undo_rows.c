/* store_undo_rows.c — segments and runs of deduplication without the rows of an import. */
#include "store_read.h"
#include "store_undo.h"

uint64_t store_undo_first(const struct store_undo *undo)
{
    const struct store_ranges *arrivals = &undo->entry->ranges[STORE_IMPORT_ARRIVALS];
    return arrivals->count > 0 ? arrivals->at[0].first : UINT64_MAX;
}

bool store_undo_room(struct store_undo *undo, uint32_t count, struct fail *fail)
{
    if (count <= undo->seen_count) {
        return true;
    }
    void *seen = NULL;
    if (!base_alloc_array(count, 1, &seen, fail)) {
        return false;
    }
    memset(seen, 0, count);
    if (undo->seen_count > 0) {
        memcpy(seen, undo->seen, undo->seen_count);
    }
    base_free(undo->seen);
    undo->seen = seen;
    undo->seen_count = count;
    return true;
}

void store_undo_see(struct store_undo *undo, uint32_t number, uint64_t arrival)
{
    bool lost = store_ranges_hold(&undo->entry->ranges[STORE_IMPORT_ARRIVALS], arrival);
    unsigned flags = lost                               ? STORE_UNDO_LOST
                     : arrival > store_undo_first(undo) ? STORE_UNDO_ROWS | STORE_UNDO_LATER
                                                        : STORE_UNDO_ROWS;
    undo->seen[number] = (uint8_t)(undo->seen[number] | flags);
}

/* ---- whose rows there are --------------------------------------------------------------------------------- */

struct looking {
    struct store_directory *directory;
    uint32_t *numbers;
    int64_t *arrivals;
};

static void looking_done(struct looking *looking)
{
    base_free(looking->directory);
    base_free(looking->numbers);
    base_free(looking->arrivals);
}

static bool looking_init(struct looking *looking, struct fail *fail)
{
    void *numbers = NULL;
    void *arrivals = NULL;
    looking->directory = base_alloc_zero(sizeof *looking->directory);
    if (!base_alloc_array(STORE_SEGMENT_BLOCK_ROWS, sizeof(uint32_t), &numbers, fail)) {
        return false;
    }
    looking->numbers = numbers;
    if (!base_alloc_array(STORE_SEGMENT_BLOCK_ROWS, sizeof(int64_t), &arrivals, fail)) {
        return false;
    }
    looking->arrivals = arrivals;
    return true;
}

static bool look_at_block(struct store_undo *undo, struct looking *looking,
                          struct store_segment *segment, uint32_t block, uint64_t *hits,
                          struct fail *fail)
{
    const struct store_segment_column *column =
        store_segment_column_find(segment, STORE_SEGMENT_ARRIVAL, STORE_NO_CODE);
    const struct store_ranges *taken = &undo->entry->ranges[STORE_IMPORT_ARRIVALS];
    uint32_t rows = store_segment_block_rows(segment, block);
    struct store_ints ints;
    bool found = false;
    if (column == NULL || !store_segment_ints_open(segment, column, block, &ints, &found, fail) ||
        !found ||
        !store_segment_block_numbers(segment, block, looking->directory, looking->numbers, fail) ||
        !store_ints_read(&ints, 0, rows, looking->arrivals, fail)) {
        return column != NULL && found
                   ? store_segment_blame(segment, column, block, fail)
                   : fail_set(fail, FAIL_CORRUPT, "a segment has rows without arrival");
    }
    for (uint32_t r = 0; r < rows; r++) {
        if (looking->numbers[r] >= undo->seen_count) {
            return fail_set(fail, FAIL_CORRUPT, "a row belongs to a customer that does not exist");
        }
        uint64_t arrival = (uint64_t)looking->arrivals[r];
        store_undo_see(undo, looking->numbers[r], arrival);
        *hits += store_ranges_hold(taken, arrival);
    }
    return true;
}

/* ---- writing anew --------------------------------------------------------------------------------------------- */

static bool write_segment(struct store_undo *undo, struct store_segment *segment,
                          struct store_identity_view *view, uint64_t hits, struct fail *fail)
{
    struct store *store = undo->store;
    struct store_undo_segment *out = &undo->segments[undo->segment_count];
    *out = (struct store_undo_segment){.old = store_segment_info(segment)->id,
                                       .any = hits < store_segment_info(segment)->rows};
    if (out->any) {
        const struct store_segment_build build = {
            .disk = store->disk,
            .names = store->names,
            .view = view,
            .segments = &segment,
            .segment_count = 1,
            .cancel = &store->keeper.cancel,
            .leave_out = &undo->entry->ranges[STORE_IMPORT_ARRIVALS],
        };
        out->info.id = store_next_file_id(store);
        if (!store_segment_write(&build, &out->info, fail)) {
            return false;
        }
    }
    undo->segment_count++;
    return true;
}

static bool take_segments(struct store_undo *undo, struct store_identity_view *view,
                          struct fail *fail)
{
    CLEANUP(looking_done) struct looking looking = {0};
    const struct store_segments *all = undo->old.segments;
    undo->segments = arena_array(undo->arena, all->count, sizeof *undo->segments, fail);
    if (undo->segments == NULL || !looking_init(&looking, fail)) {
        return false;
    }
    for (size_t i = 0; i < all->count; i++) {
        struct store_segment *segment = all->segments[i];
        uint64_t hits = 0;
        for (uint32_t b = 0; b < store_segment_block_count(segment); b++) {
            if (base_cancel_due(&undo->store->keeper.cancel, fail) ||
                !look_at_block(undo, &looking, segment, b, &hits, fail)) {
                return false;
            }
        }
        undo->gone.rows += hits;
        if (hits > 0 && !write_segment(undo, segment, view, hits, fail)) {
            return false;
        }
    }
    return true;
}

static bool take_dedup(struct store_undo *undo, struct fail *fail)
{
    const struct store_dedup_runs *all = undo->old.dedup;
    undo->dedup = arena_array(undo->arena, all->count, sizeof *undo->dedup, fail);
    if (undo->dedup == NULL) {
        return false;
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct store_dedup_run *run = &all->runs[i];
        struct store_undo_run *out = &undo->dedup[undo->dedup_count];
        uint64_t id = store_next_file_id(undo->store);
        uint64_t left;
        bool any;
        *out = (struct store_undo_run){.old = store_run_info_of(run->run)->id};
        if (!store_dedup_without(undo->store->disk, run, undo->number, id, &out->info, &left, &any,
                                 fail)) {
            return false;
        }
        out->any = left > 0;
        undo->dedup_count += any;
    }
    return true;
}

bool store_undo_rows(struct store_undo *undo, struct fail *fail)
{
    base_lock(&undo->store->lock);
    struct store_identity_view *view = store_identity_view_ref(undo->store->now.identity);
    base_unlock(&undo->store->lock);
    bool ok = store_undo_room(undo, view->numbers, fail) && take_segments(undo, view, fail) &&
              take_dedup(undo, fail);
    store_identity_view_unref(view);
    return ok;
}
