/* store_build_count.c — statistics of a segment while it is written: rows are counted in arrays by their event, and go into
   lines many at a time. */
#include "store_build.h"

/* The counters of hours are counted in an array where it has no more places than this. */
#define HOURS_MOST ((uint64_t)1 << 20)

static bool plan_hours(struct store_build *build, int64_t least_ms, int64_t most_ms,
                       struct fail *fail)
{
    struct store_build_counting *counting = &build->counting;
    uint64_t events = build->name_counts[STORE_FAMILY_EVENT];
    counting->hour_first = store_stretch_of(least_ms, STORE_SEGMENT_HOUR_MS);
    counting->hour_count = (uint64_t)store_stretch_of(most_ms, STORE_SEGMENT_HOUR_MS) -
                           (uint64_t)counting->hour_first + 1;
    if (least_ms > most_ms || events == 0 || counting->hour_count > HOURS_MOST / events) {
        return true;
    }
    void *hours = NULL;
    size_t places = (size_t)(counting->hour_count * events);
    if (!base_alloc_spread(places, sizeof *counting->hours, &hours, fail)) {
        return false;
    }
    memset(hours, 0, places * sizeof *counting->hours);
    counting->hours = hours;
    return true;
}

bool store_build_count_plan(struct store_build *build, int64_t least_ms, int64_t most_ms,
                            struct fail *fail)
{
    struct store_build_counting *counting = &build->counting;
    uint32_t events = build->name_counts[STORE_FAMILY_EVENT];
    counting->counted = arena_array(build->arena, events, sizeof *counting->counted, fail);
    counting->touched = arena_array(build->arena, events, sizeof *counting->touched, fail);
    return counting->counted != NULL && counting->touched != NULL &&
           plan_hours(build, least_ms, most_ms, fail);
}

void store_build_count_done(struct store_build *build)
{
    base_free(build->counting.hours);
}

bool store_build_count_into(struct store_build *build, uint64_t kind, uint64_t name,
                            struct fail *fail)
{
    const struct store_build_counting *counting = &build->counting;
    for (uint32_t i = 0; i < counting->touched_count; i++) {
        uint32_t event = counting->touched[i];
        if (!store_build_count_many(&build->names_lines, kind << 32 | event, name,
                                    &counting->counted[event], fail)) {
            return false;
        }
    }
    return true;
}

void store_build_count_forget(struct store_build *build)
{
    struct store_build_counting *counting = &build->counting;
    for (uint32_t i = 0; i < counting->touched_count; i++) {
        counting->counted[counting->touched[i]] = (struct store_build_line){0};
    }
    counting->touched_count = 0;
}

/* Do all of them have the same code? */
static bool all_same(const int64_t *codes, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (codes[i] != codes[0]) {
            return false;
        }
    }
    return true;
}

/* Rows of a family whose codes stand in the block, 0 for none; all of the rows are counted by event. */
static bool count_codes(struct store_build *build, int column, uint64_t kind, uint32_t from,
                        uint32_t count, struct fail *fail)
{
    const int64_t *codes = build->filling->ints[column] + from;
    if (all_same(codes, count)) {
        return codes[0] == 0 || store_build_count_into(build, kind, (uint64_t)codes[0] - 1, fail);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t event = (uint64_t)build->filling->ints[STORE_BUILD_EVENT][from + i];
        if (codes[i] != 0 &&
            !store_build_count(&build->names_lines, kind << 32 | event, (uint64_t)codes[i] - 1,
                               build->rows_filled + from + i + 1,
                               build->filling->ints[STORE_BUILD_TS][from + i], fail)) {
            return false;
        }
    }
    return true;
}

static bool count_hours(struct store_build *build, uint32_t from, uint32_t count, struct fail *fail)
{
    const struct store_build_counting *counting = &build->counting;
    for (uint32_t row = from; row < from + count; row++) {
        uint64_t event = (uint64_t)build->filling->ints[STORE_BUILD_EVENT][row];
        int64_t ts_ms = build->filling->ints[STORE_BUILD_TS][row];
        int64_t hour = store_stretch_of(ts_ms, STORE_SEGMENT_HOUR_MS);
        uint64_t place = (uint64_t)hour - (uint64_t)counting->hour_first;
        if (counting->hours != NULL && place < counting->hour_count) {
            counting->hours[event * counting->hour_count + place]++;
        } else if (!store_build_count(&build->hours_lines, event, (uint64_t)hour,
                                      build->rows_filled + row + 1, ts_ms, fail)) {
            return false;
        }
    }
    return true;
}

bool store_build_count_block(struct store_build *build, uint32_t from, uint32_t count,
                             struct fail *fail)
{
    const int64_t *arrivals = build->filling->ints[STORE_BUILD_ARRIVAL];
    struct store_segment_info *info = &build->info;
    for (uint32_t row = from; row < from + count; row++) {
        uint64_t arrival = (uint64_t)arrivals[row];
        store_build_count_row(&build->counting,
                              (uint32_t)build->filling->ints[STORE_BUILD_EVENT][row],
                              build->filling->ints[STORE_BUILD_TS][row]);
        info->arrival_min = arrival < info->arrival_min ? arrival : info->arrival_min;
        info->arrival_max = arrival > info->arrival_max ? arrival : info->arrival_max;
    }
    bool ok = store_build_count_into(build, STORE_STATISTIC_EVENT, 0, fail) &&
              count_codes(build, STORE_BUILD_SOURCE, STORE_STATISTIC_SOURCE, from, count, fail) &&
              count_codes(build, STORE_BUILD_CHANNEL, STORE_STATISTIC_CHANNEL, from, count, fail) &&
              count_hours(build, from, count, fail);
    store_build_count_forget(build);
    return ok;
}

bool store_build_count_hours(struct store_build *build, struct fail *fail)
{
    const struct store_build_counting *counting = &build->counting;
    uint32_t events = build->name_counts[STORE_FAMILY_EVENT];
    for (uint32_t event = 0; counting->hours != NULL && event < events; event++) {
        for (uint64_t h = 0; h < counting->hour_count; h++) {
            struct store_build_line counted = {
                .rows = counting->hours[event * counting->hour_count + h]};
            if (counted.rows > 0 &&
                !store_build_count_many(&build->hours_lines, event,
                                        (uint64_t)counting->hour_first + h, &counted, fail)) {
                return false;
            }
        }
    }
    return true;
}
