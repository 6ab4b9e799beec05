/* store_segment_check_places.c — are the places of events of a block those of its rows? */
#include "store_segment.h"

struct recount {
    const struct store_segment *segment;
    const struct store_places_table *table;
    const uint32_t *codes; /* of the block's rows */
    const int64_t *ts_ms;
    uint32_t *rows;
    int32_t *slots;
};

/* Every place of the event `code` is a row of it, and there are as many of both. */
static bool check_event(const struct recount *recount, uint32_t at, uint32_t code, bool *out_same,
                        struct fail *fail)
{
    struct store_event_places places;
    if (!store_places_open(recount->segment, recount->table, at, &places, fail) ||
        !store_places_read(recount->segment, recount->table, &places, 0, places.count,
                           recount->rows, recount->slots, fail)) {
        return false;
    }
    uint32_t count = 0;
    for (uint32_t row = 0; row < recount->table->rows; row++) {
        count += recount->codes[row] == code;
    }
    *out_same = count == places.count;
    for (uint32_t i = 0; i < places.count && *out_same; i++) {
        uint32_t row = recount->rows[i];
        int32_t slot;
        store_slots_of(&recount->ts_ms[row], 1, &slot);
        *out_same = recount->codes[row] == code && recount->slots[i] == slot;
    }
    return true;
}

bool store_segment_check_places(const struct store_segment *segment, uint32_t block,
                                const uint32_t *codes, const int64_t *ts_ms, bool *out_same,
                                struct fail *fail)
{
    struct store_places_table table;
    *out_same = true;
    if (!store_segment_places(segment, block, &table, fail)) {
        return false;
    }
    if (table.count == 0) {
        return true;
    }
    CLEANUP(base_free_at) void *memory = NULL;
    if (!base_alloc_array(2 * (size_t)table.rows, sizeof(uint32_t), &memory, fail)) {
        return false;
    }
    struct recount recount = {segment, &table, codes, ts_ms, memory, NULL};
    recount.slots = (int32_t *)(recount.rows + table.rows);
    uint32_t before = 0;
    for (uint32_t at = 0; at < table.count && *out_same; at++) {
        uint32_t code = store_places_code(&table, at);
        if (at > 0 && code <= before) {
            *out_same = false;
            break;
        }
        before = code;
        if (!check_event(&recount, at, code, out_same, fail)) {
            return false;
        }
    }
    return true;
}
