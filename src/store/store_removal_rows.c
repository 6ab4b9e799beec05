/* store_removal_rows.c — which rows go, and segments without them. */
#include <stdlib.h>

#include "store_read.h"
#include "store_removal.h"

/* ---- whose rows there are --------------------------------------------------------------------------------- */

struct found { /* arrivals, in no order */
    uint64_t *at;
    size_t count, capacity;
};

static bool found_add(struct found *found, uint64_t arrival, struct fail *fail)
{
    void *at = found->at;
    if (!base_grow_array(&at, &found->capacity, found->count + 1, sizeof *found->at, fail)) {
        return false;
    }
    found->at = at;
    found->at[found->count++] = arrival;
    return true;
}

static int compare_arrivals(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Segments' ranges of arrival ascend and do not overlap: what one holds comes behind what is there. */
static bool found_put(struct found *found, struct store_ranges *out, struct fail *fail)
{
    if (found->count > 0) {
        qsort(found->at, found->count, sizeof *found->at, compare_arrivals);
    }
    for (size_t i = 0; i < found->count; i++) {
        if (!store_ranges_room(out, fail)) {
            return false;
        }
        store_ranges_add(out, (struct store_range){found->at[i], found->at[i] + 1});
    }
    found->count = 0;
    return true;
}

struct looking {
    struct store_directory *directory;
    uint32_t *numbers;
    int64_t *arrivals;
    uint8_t *goes;       /* rows of the block */
    int64_t *columns[3]; /* where they are read: event, source, ts */
    uint8_t *words;      /* where they are read: has the row any? */
    struct store_vec places;
    struct found gone, muted;
};

static void looking_done(struct looking *looking)
{
    base_free(looking->directory);
    base_free(looking->numbers);
    base_free(looking->arrivals);
    base_free(looking->goes);
    for (size_t i = 0; i < ARRAY_LEN(looking->columns); i++) {
        base_free(looking->columns[i]);
    }
    base_free(looking->words);
    store_vec_done(&looking->places, NULL);
    base_free(looking->gone.at);
    base_free(looking->muted.at);
}

static bool block_array(size_t size, void **out, struct fail *fail)
{
    return base_alloc_array(STORE_SEGMENT_BLOCK_ROWS, size, out, fail);
}

static bool looking_init(struct looking *looking, bool reads_rows, struct fail *fail)
{
    void *block = NULL;
    looking->directory = base_alloc_zero(sizeof *looking->directory);
    if (!block_array(sizeof(uint32_t), &block, fail)) {
        return false;
    }
    looking->numbers = block;
    if (!block_array(sizeof(int64_t), &block, fail)) {
        return false;
    }
    looking->arrivals = block;
    if (!block_array(1, &block, fail)) {
        return false;
    }
    looking->goes = block;
    for (size_t i = 0; reads_rows && i < ARRAY_LEN(looking->columns); i++) {
        if (!block_array(sizeof(int64_t), &block, fail)) {
            return false;
        }
        looking->columns[i] = block;
    }
    if (reads_rows) {
        if (!block_array(1, &block, fail)) {
            return false;
        }
        looking->words = block;
    }
    return true;
}

/* A column of one integer a row; a missing one reads as zeros. */
static bool read_ints(struct store_segment *segment, uint32_t block, enum store_segment_kind kind,
                      int64_t *out, struct fail *fail)
{
    const struct store_segment_column *column =
        store_segment_column_find(segment, kind, STORE_NO_CODE);
    uint32_t rows = store_segment_block_rows(segment, block);
    struct store_ints ints;
    bool found = false;
    memset(out, 0, rows * sizeof *out);
    if (column == NULL) {
        return true;
    }
    if (!store_segment_ints_open(segment, column, block, &ints, &found, fail) ||
        (found && !store_ints_read(&ints, 0, rows, out, fail))) {
        return store_segment_blame(segment, column, block, fail);
    }
    return true;
}

/* Which rows of the block have words. */
static bool read_words(struct looking *looking, struct store_segment *segment, uint32_t block,
                       struct fail *fail)
{
    struct store_segment_column *column =
        store_segment_column_find(segment, STORE_SEGMENT_TEXT, STORE_NO_CODE);
    struct store_dictionary dictionary;
    struct store_values values;
    bool found = false;
    memset(looking->words, 0, store_segment_block_rows(segment, block));
    if (column == NULL) {
        return true;
    }
    if (!store_segment_values_open(segment, column, block, &dictionary, &values, &found, fail)) {
        return false;
    }
    if (!found) {
        return true;
    }
    if (!store_vec_room(&looking->places, values.entries, sizeof(uint32_t), NULL, fail) ||
        !store_values_rows(&values, 0, values.entries, looking->places.data, fail)) {
        return store_segment_blame(segment, column, block, fail);
    }
    const uint32_t *places = looking->places.data;
    for (uint32_t i = 0; i < values.entries; i++) {
        looking->words[places[i]] = 1;
    }
    return true;
}

static bool read_block(struct looking *looking, struct store_segment *segment, uint32_t block,
                       struct fail *fail)
{
    if (!read_ints(segment, block, STORE_SEGMENT_ARRIVAL, looking->arrivals, fail) ||
        !store_segment_block_numbers(segment, block, looking->directory, looking->numbers, fail)) {
        return false;
    }
    return looking->columns[0] == NULL ||
           (read_ints(segment, block, STORE_SEGMENT_EVENT, looking->columns[0], fail) &&
            read_ints(segment, block, STORE_SEGMENT_SOURCE, looking->columns[1], fail) &&
            read_ints(segment, block, STORE_SEGMENT_TS, looking->columns[2], fail) &&
            read_words(looking, segment, block, fail));
}

/* The process's code of a file's; `shift`: the file counts from 1, and 0 is none. */
static uint32_t code_of(const struct store_segment *segment, enum store_family family, int64_t code,
                        int64_t shift)
{
    const uint32_t *codes;
    uint32_t count = store_segment_codes(segment, family, &codes);
    return code >= shift && code - shift < count ? codes[code - shift] : STORE_NO_CODE;
}

static struct store_removal_row row_of(const struct looking *looking,
                                       const struct store_segment *segment, uint32_t at)
{
    struct store_removal_row row = {.number = looking->numbers[at],
                                    .arrival = (uint64_t)looking->arrivals[at],
                                    .event = STORE_NO_CODE,
                                    .source = STORE_NO_CODE};
    if (looking->columns[0] != NULL) {
        row.event = code_of(segment, STORE_FAMILY_EVENT, looking->columns[0][at], 0);
        row.source = code_of(segment, STORE_FAMILY_SOURCE, looking->columns[1][at], 1);
        row.ts_ms = looking->columns[2][at];
        row.has_words = looking->words[at] != 0;
    }
    return row;
}

/* Notes of whom the row is; says whether it goes. */
static enum store_removal_fate see(struct store_removal *removal,
                                   const struct store_removal_row *row)
{
    enum store_removal_fate fate = removal->of->fate(removal, row);
    bool lost = fate == STORE_REMOVAL_GOES;
    bool later = removal->entry != NULL && removal->rows.count > 0 &&
                 row->arrival > removal->rows.at[0].first;
    unsigned flags = lost    ? STORE_REMOVAL_LOST
                     : later ? STORE_REMOVAL_ROWS | STORE_REMOVAL_LATER
                             : STORE_REMOVAL_ROWS;
    removal->seen[row->number] = (uint8_t)(removal->seen[row->number] | flags);
    removal->gone.rows += lost;
    removal->gone.texts += fate == STORE_REMOVAL_MUTED;
    return fate;
}

static bool look_at_block(struct store_removal *removal, struct looking *looking,
                          struct store_segment *segment, uint32_t block, struct fail *fail)
{
    uint32_t rows = store_segment_block_rows(segment, block);
    uint64_t before = removal->gone.rows;
    if (!read_block(looking, segment, block, fail)) {
        return false;
    }
    for (uint32_t r = 0; r < rows; r++) {
        if (looking->numbers[r] >= removal->seen_count) {
            return fail_set(fail, FAIL_CORRUPT, "a row belongs to a customer that does not exist");
        }
        struct store_removal_row row = row_of(looking, segment, r);
        enum store_removal_fate fate = see(removal, &row);
        looking->goes[r] = fate == STORE_REMOVAL_GOES;
        if (!removal->of->rows_known && fate != STORE_REMOVAL_STAYS &&
            !found_add(fate == STORE_REMOVAL_GOES ? &looking->gone : &looking->muted, row.arrival,
                       fail)) {
            return false;
        }
    }
    return removal->gone.rows == before || !removal->of->takes_keys ||
           store_removal_keys_of(removal, segment, block, looking->goes, fail);
}

/* The segment is written anew where anything of it goes. */
static bool look_at_segment(struct store_removal *removal, struct looking *looking,
                            struct store_segment *segment, struct fail *fail)
{
    uint64_t gone = removal->gone.rows;
    uint64_t texts = removal->gone.texts;
    for (uint32_t b = 0; b < store_segment_block_count(segment); b++) {
        if (base_cancel_due(&removal->store->keeper.cancel, fail) ||
            !look_at_block(removal, looking, segment, b, fail)) {
            return false;
        }
    }
    gone = removal->gone.rows - gone;
    texts = removal->gone.texts - texts;
    if (gone + texts > 0) {
        removal->segments[removal->segment_count++] = (struct store_removal_segment){
            .old = store_segment_info(segment)->id,
            .any = gone < store_segment_info(segment)->rows,
        };
    }
    return found_put(&looking->gone, &removal->rows, fail) &&
           found_put(&looking->muted, &removal->muted, fail);
}

bool store_removal_rows(struct store_removal *removal, struct fail *fail)
{
    CLEANUP(looking_done) struct looking looking = {0};
    const struct store_segments *all = removal->old.segments;
    struct store_removal_segment *segments = arena_array(
        removal->arena, removal->segment_count + all->count, sizeof *removal->segments, fail);
    if (segments == NULL || !looking_init(&looking, removal->of->reads_rows, fail)) {
        return false;
    }
    if (removal->segment_count > 0) {
        memcpy(segments, removal->segments, removal->segment_count * sizeof *segments);
    }
    removal->segments = segments;
    for (size_t i = 0; i < all->count; i++) {
        if (store_segment_info(all->segments[i])->id >= removal->looked_below &&
            !look_at_segment(removal, &looking, all->segments[i], fail)) {
            return false;
        }
    }
    return true;
}

/* ---- what came in since ------------------------------------------------------------------------------------- */

bool store_removal_fresh_rows(struct store_removal *removal, const struct store_fresh *fresh,
                              uint32_t count, struct fail *fail)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct store_row *from = store_fresh_row(fresh, i);
        const struct store_removal_row row = {from->original, from->arrival, from->event,
                                              from->source,   from->ts_ms,   from->text.len > 0};
        enum store_removal_fate fate = see(removal, &row);
        struct store_ranges *out = fate == STORE_REMOVAL_GOES ? &removal->rows : &removal->muted;
        if (fate == STORE_REMOVAL_STAYS || removal->of->rows_known) {
            continue;
        }
        if (!store_ranges_room(out, fail)) {
            return false;
        }
        store_ranges_add(out, (struct store_range){from->arrival, from->arrival + 1});
        if (fate == STORE_REMOVAL_GOES && removal->of->takes_keys && from->message_id.len > 0 &&
            !store_removal_key(removal, from->source, from->message_id, fail)) {
            return false;
        }
    }
    return true;
}

bool store_removal_fresh(struct store_removal *removal, const struct store_frozen *frozen,
                         uint32_t *out_left, struct fail *fail)
{
    uint64_t before = removal->gone.rows;
    if (!store_removal_fresh_rows(removal, frozen->fresh, frozen->fresh_count, fail)) {
        return false;
    }
    *out_left = frozen->fresh_count - (uint32_t)(removal->gone.rows - before);
    return true;
}

/* ---- writing anew --------------------------------------------------------------------------------------------- */

static struct store_segment *segment_of(const struct store_segments *all, uint64_t id)
{
    size_t at = 0;
    while (store_segment_info(all->segments[at])->id != id) {
        at++;
    }
    return all->segments[at];
}

static bool write_segment(struct store_removal *removal, struct store_removal_segment *out,
                          struct store_identity_view *view, struct fail *fail)
{
    struct store *store = removal->store;
    struct store_segment *segment = segment_of(removal->old.segments, out->old);
    const struct store_segment_build build = {
        .disk = store->disk,
        .names = store->names,
        .view = view,
        .segments = &segment,
        .segment_count = 1,
        .cancel = &store->keeper.cancel,
        .leave_out = &removal->rows,
        .mute = &removal->muted,
        .zone = atomic_load_explicit(&store->days_zone, memory_order_relaxed),
        .apart = true, /* who is erased is gone the sooner */
    };
    out->info.id = store_next_file_id(store);
    return store_segment_write(&build, &out->info, fail);
}

bool store_removal_segments(struct store_removal *removal, struct store_identity_view *view,
                            struct fail *fail)
{
    size_t count = removal->segment_count;
    /* Should one fail, those behind it are not there to be discarded. */
    for (removal->segment_count = removal->segments_written; removal->segment_count < count;
         removal->segment_count++) {
        struct store_removal_segment *segment = &removal->segments[removal->segment_count];
        if (segment->any && !write_segment(removal, segment, view, fail)) {
            return false;
        }
    }
    removal->segments_written = count;
    return true;
}
