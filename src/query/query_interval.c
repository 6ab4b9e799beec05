#include "query_interval.h"

bool query_interval_table_make(const struct zone_intervals *intervals, struct arena *arena,
                               struct query_interval_table *out, struct fail *fail)
{
    const int64_t *begins = intervals->begins;
    uint64_t shortest = UINT64_MAX;
    for (size_t i = 0; i < intervals->count; i++) {
        uint64_t length = (uint64_t)begins[i + 1] - (uint64_t)begins[i];
        shortest = length < shortest ? length : shortest;
    }
    *out = (struct query_interval_table){.begins = begins};
    if (intervals->count == 0 || shortest == 0) {
        return true;
    }
    out->shift = 63U - (unsigned)__builtin_clzll(shortest);
    uint64_t span = (uint64_t)begins[intervals->count] - (uint64_t)begins[0];
    if (span >> out->shift >= QUERY_SLICES_MAX) {
        return true;
    }
    size_t slices = (size_t)(span >> out->shift) + 1;
    uint32_t *of_slice = arena_array(arena, slices, sizeof *of_slice, fail);
    if (of_slice == NULL) {
        return false;
    }
    uint32_t interval = 0;
    for (size_t s = 0; s < slices; s++) {
        int64_t slice_ms = (int64_t)((uint64_t)begins[0] + ((uint64_t)s << out->shift));
        while (interval + 1 < intervals->count && begins[interval + 1] <= slice_ms) {
            interval++;
        }
        of_slice[s] = interval;
    }
    out->of_slice = of_slice;
    return true;
}
