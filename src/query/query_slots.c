#include "query_slots.h"

#define PAST_END 2U /* one that stands for all outside, and what a vector reads along with it */

static bool is_border(int64_t ts_ms)
{
    return ts_ms % STORE_SLOT_MS == 0;
}

bool query_slots_fit(const struct zone_intervals *intervals, int64_t from_ms, int64_t to_ms)
{
    const int64_t *begins = intervals->begins;
    if (intervals->count == 0 || intervals->count > UINT16_MAX || !is_border(from_ms) ||
        !is_border(to_ms)) {
        return false;
    }
    for (size_t i = 0; i <= intervals->count; i++) {
        if (!is_border(begins[i])) {
            return false;
        }
    }
    uint64_t span_ms = (uint64_t)begins[intervals->count] - (uint64_t)begins[0];
    return span_ms / STORE_SLOT_MS <= QUERY_SLOTS_MAX &&
           begins[0] >= INT32_MIN * (int64_t)STORE_SLOT_MS &&
           begins[intervals->count] <= INT32_MAX * (int64_t)STORE_SLOT_MS;
}

bool query_slots_make(const struct zone_intervals *intervals, struct arena *arena,
                      struct query_slots *out, struct fail *fail)
{
    const int64_t *begins = intervals->begins;
    struct query_slots slots = {.first = query_slot_at(begins[0])};
    uint32_t borders = 0;
    for (size_t i = 1; i <= intervals->count; i++) {
        borders |= (uint32_t)(query_slot_at(begins[i]) - slots.first);
    }
    slots.none = (uint32_t)intervals->count;
    slots.shift = borders == 0 ? 0 : (unsigned)__builtin_ctz(borders);
    slots.count = (uint32_t)(query_slot_at(begins[intervals->count]) - slots.first) >> slots.shift;
    uint16_t *of = arena_array(arena, (size_t)slots.count + PAST_END, sizeof *of, fail);
    if (of == NULL) {
        return false;
    }
    uint32_t group = 0;
    for (size_t i = 0; i < intervals->count; i++) {
        uint32_t end = (uint32_t)(query_slot_at(begins[i + 1]) - slots.first) >> slots.shift;
        for (; group < end; group++) {
            of[group] = (uint16_t)i;
        }
    }
    for (uint32_t i = 0; i < PAST_END; i++) {
        of[slots.count + i] = (uint16_t)slots.none;
    }
    slots.of = of;
    *out = slots;
    return true;
}
