/* store_bearing.c — which events bear texts or scores: few do, and scans for words need no others. */
#include "store_scan_segment.h"

#define PICKED 4096U

static uint32_t slot_of(enum store_column_of of)
{
    INVARIANT(of == STORE_COLUMN_TEXT || of == STORE_COLUMN_SCORE);
    return of == STORE_COLUMN_TEXT ? 0 : 1;
}

/* Marks the file's codes of the events of entries [first, first + count). */
static bool mark_entries(const struct store_values *values, const struct store_ints *events,
                         uint32_t first, uint32_t count, uint32_t codes, uint8_t *bears,
                         struct fail *fail)
{
    uint32_t rows[PICKED], picked[PICKED];
    if (!store_values_rows(values, first, count, rows, fail) ||
        !store_segment_pick_codes(events, rows, count, codes, picked, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        bears[picked[i]] = 1;
    }
    return true;
}

static bool mark_block(struct store_segment *segment, struct store_segment_column *column,
                       struct store_segment_column *events_column, uint32_t block, uint32_t codes,
                       uint8_t *bears, struct fail *fail)
{
    struct store_dictionary dictionary;
    struct store_values values;
    struct store_ints events;
    bool found = false;
    if (!store_segment_values_open(segment, column, block, &dictionary, &values, &found, fail)) {
        return false;
    }
    if (!found) {
        return true;
    }
    if (!store_segment_ints_open(segment, events_column, block, &events, &found, fail)) {
        return false;
    }
    for (uint32_t first = 0; found && first < values.entries; first += PICKED) {
        uint32_t left = values.entries - first;
        if (!mark_entries(&values, &events, first, left < PICKED ? left : PICKED, codes, bears,
                          fail)) {
            return store_segment_blame(segment, column, block, fail);
        }
    }
    return true;
}

/* By the file's codes; two threads may both look, the first answer stays. */
static bool segment_bears(struct store_segment *segment, uint32_t slot, const uint8_t **out,
                          struct fail *fail)
{
    static const enum store_segment_kind kinds[] = {STORE_SEGMENT_TEXT, STORE_SEGMENT_SCORE};
    uint8_t *known = atomic_load(&segment->bearing[slot]);
    if (known != NULL) {
        *out = known;
        return true;
    }
    const uint32_t *process_codes;
    uint32_t codes = store_segment_codes(segment, STORE_FAMILY_EVENT, &process_codes);
    struct store_segment_column *column =
        store_segment_column_find(segment, kinds[slot], STORE_NO_CODE);
    struct store_segment_column *events =
        store_segment_column_find(segment, STORE_SEGMENT_EVENT, STORE_NO_CODE);
    uint8_t *bears = base_alloc_zero((size_t)codes + 1);
    for (uint32_t block = 0;
         column != NULL && events != NULL && block < store_segment_block_count(segment); block++) {
        if (!mark_block(segment, column, events, block, codes, bears, fail)) {
            base_free(bears);
            return false;
        }
    }
    if (!atomic_compare_exchange_strong(&segment->bearing[slot], &known, bears)) {
        base_free(bears);
        bears = known;
    }
    *out = bears;
    return true;
}

bool store_events_bearing(struct store_snapshot *snapshot, enum store_column_of text_or_score,
                          uint8_t *bears, uint32_t count, struct fail *fail)
{
    uint32_t slot = slot_of(text_or_score);
    for (size_t s = 0; s < snapshot->segment_count; s++) {
        const uint8_t *own;
        const uint32_t *process_codes;
        uint32_t codes =
            store_segment_codes(snapshot->segments[s], STORE_FAMILY_EVENT, &process_codes);
        if (!segment_bears(snapshot->segments[s], slot, &own, fail)) {
            return false;
        }
        for (uint32_t code = 0; code < codes; code++) {
            if (own[code] != 0 && process_codes[code] < count) {
                bears[process_codes[code]] = 1;
            }
        }
    }
    for (size_t v = 0; v < snapshot->fresh_count; v++) {
        for (uint32_t i = 0; i < snapshot->fresh[v].count; i++) {
            const struct store_row *row = store_fresh_row(snapshot->fresh[v].fresh, i);
            bool bearing = slot == 0 ? row->text.data != NULL : row->scale != STORE_NO_CODE;
            if (bearing && row->event < count) {
                bears[row->event] = 1;
            }
        }
    }
    return true;
}
