#include "store_ranges.h"

#include <string.h>

#include "base_checked.h"

void store_ranges_done(struct store_ranges *ranges)
{
    base_free(ranges->at);
    *ranges = (struct store_ranges){0};
}

bool store_ranges_room(struct store_ranges *ranges, struct fail *fail)
{
    void *at = ranges->at;
    if (!base_grow_array(&at, &ranges->capacity, ranges->count + 1, sizeof ranges->at[0], fail)) {
        return false;
    }
    ranges->at = at;
    return true;
}

void store_ranges_add(struct store_ranges *ranges, struct store_range range)
{
    if (range.first >= range.end) {
        return;
    }
    if (ranges->count > 0 && ranges->at[ranges->count - 1].end == range.first) {
        ranges->at[ranges->count - 1].end = range.end;
        return;
    }
    INVARIANT(ranges->count < ranges->capacity);
    ranges->at[ranges->count++] = range;
}

bool store_ranges_copy(const struct store_ranges *from, struct store_ranges *out, struct fail *fail)
{
    void *at = NULL;
    *out = (struct store_ranges){0};
    if (from->count == 0) {
        return true;
    }
    if (!base_grow_array(&at, &out->capacity, from->count, sizeof out->at[0], fail)) {
        return false;
    }
    out->at = at;
    out->count = from->count;
    memcpy(out->at, from->at, from->count * sizeof out->at[0]);
    return true;
}

/* The first range that ends behind `number`. */
static size_t place(const struct store_ranges *ranges, uint64_t number)
{
    size_t low = 0;
    size_t high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->at[middle].end <= number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool store_ranges_hold(const struct store_ranges *ranges, uint64_t number)
{
    size_t at = place(ranges, number);
    return at < ranges->count && ranges->at[at].first <= number;
}

uint64_t store_ranges_sum(const struct store_ranges *ranges)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ranges->count; i++) {
        sum += ranges->at[i].end - ranges->at[i].first;
    }
    return sum;
}

bool store_ranges_touch(const struct store_ranges *ranges, uint64_t first, uint64_t end)
{
    size_t at = place(ranges, first);
    return at < ranges->count && ranges->at[at].first < end;
}
