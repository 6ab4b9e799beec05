/* store_build_days.c — counting customers by their days, and writing what pays. */
#include "store_build_days.h"

#include "base_bytes.h"

#define ROWS_WORTH 16384U /* fewer are read as soon */

void store_build_days_free(struct store_build_days *days)
{
    if (days != NULL) {
        arena_free(days->arena);
        base_free(days);
    }
}

/* ---- before the first row ----------------------------------------------------------------------------------- */

/* The days of the zone from one instant to another; none where one of them does not begin with a slot. */
static bool list_days(struct store_build_days *days, const struct zone *zone, int64_t least_ms,
                      int64_t most_ms)
{
    struct fail ignored; /* it goes without days */
    if (least_ms < INT64_MIN / 2 || most_ms > INT64_MAX / 2 ||
        !zone_intervals(zone, INTERVAL_DAY, least_ms, most_ms + 1, STORE_DAYS_MAX, days->arena,
                        &days->days, &ignored)) {
        return false;
    }
    bool whole = true;
    for (size_t i = 0; i <= days->days.count; i++) {
        whole = whole && days->days.begins[i] % STORE_SLOT_MS == 0;
    }
    return whole;
}

static bool place_days(struct store_build_days *days)
{
    struct fail ignored;
    const int64_t *begins = days->days.begins;
    days->slot_first = begins[0] / STORE_SLOT_MS;
    size_t slots = (size_t)(begins[days->days.count] / STORE_SLOT_MS - days->slot_first);
    days->day_of = arena_array(days->arena, slots, sizeof *days->day_of, &ignored);
    if (days->day_of == NULL) {
        return false;
    }
    size_t at = 0;
    for (uint32_t day = 0; day < days->days.count; day++) {
        size_t end = (size_t)(begins[day + 1] / STORE_SLOT_MS - days->slot_first);
        for (; at < end; at++) {
            days->day_of[at] = (uint16_t)day;
        }
    }
    return true;
}

static bool make_sets(struct store_build_days *days, const struct store_build *build)
{
    struct fail ignored;
    size_t cells = store_days_cells((uint32_t)days->days.count);
    uint32_t names = build->name_counts[STORE_FAMILY_EVENT];
    INVARIANT(cells > 0); /* there is a day at least */
    size_t fit = STORE_DAYS_CELLS_MOST / cells - 1;
    uint32_t events = names < STORE_DAYS_EVENTS_MAX ? names : STORE_DAYS_EVENTS_MAX;
    days->events = fit < events ? (uint32_t)fit : events;
    uint8_t *bookkeeping = arena_array(days->arena, names, 1, &ignored);
    if (bookkeeping == NULL) {
        return false;
    }
    for (uint32_t e = 0; e < names; e++) {
        bookkeeping[e] = build->bookkeeping[build->names[STORE_FAMILY_EVENT][e]];
    }
    days->bookkeeping = bookkeeping;
    for (uint32_t s = 0; s <= days->events; s++) {
        days->sets[s].customer = -1;
        days->sets[s].cells =
            arena_array(days->arena, cells, sizeof *days->sets[s].cells, &ignored);
        if (days->sets[s].cells == NULL) {
            return false;
        }
    }
    return true;
}

/* What is sealed is merged soon: only what is made of other segments gets days, as it gets cubes. */
static void start(struct store_build *build)
{
    int64_t least_ms, most_ms;
    if (build->in->zone == NULL || build->sources.segment_count == 0 ||
        store_build_span(build, &least_ms, &most_ms) < ROWS_WORTH) {
        return;
    }
    struct store_build_days *days = base_alloc_zero(sizeof *days);
    days->arena = arena_new(NULL);
    if (list_days(days, build->in->zone, least_ms, most_ms) && place_days(days) &&
        make_sets(days, build)) {
        build->days = days;
    } else {
        store_build_days_free(days);
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------------ */

void store_build_days_count(struct store_build *build, const struct store_build_block *block)
{
    if (build->info.rows == 0) {
        start(build);
    }
    struct store_build_days *days = build->days;
    if (days == NULL) {
        return;
    }
    for (uint32_t row = 0; row < block->rows; row++) {
        int64_t event = block->ints[STORE_BUILD_EVENT][row];
        int64_t slot = store_stretch_of(block->ints[STORE_BUILD_TS][row], STORE_SLOT_MS);
        uint32_t day = days->day_of[slot - days->slot_first];
        if (!days->bookkeeping[event]) {
            store_days_count_row(&days->sets[0], block->customers[row], day);
        }
        if (event < days->events) {
            store_days_count_row(&days->sets[1 + event], block->customers[row], day);
        }
    }
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static bool pays(const struct store_build_days *days, uint32_t set)
{
    size_t cells = store_days_cells((uint32_t)days->days.count);
    uint64_t sum = 0, used = 0;
    for (size_t i = 0; i < cells; i++) {
        sum += days->sets[set].cells[i];
        used += days->sets[set].cells[i] != 0;
    }
    return used > 0 && sum >= used * STORE_DAYS_ROWS_A_CELL;
}

static bool put_chunk(struct store_build *build, const int64_t *values, size_t count,
                      uint8_t out[24], struct fail *fail)
{
    struct store_segment_piece piece;
    size_t begin = store_build_begin_chunk(build);
    if (!store_build_put_run(values, (uint32_t)count, &build->out, fail) ||
        !store_build_end_chunk(build, begin, &piece, fail)) {
        return false;
    }
    store_build_put_piece(&piece, out);
    return true;
}

bool store_build_days_put(struct store_build *build, struct base_buf *section, struct fail *fail)
{
    const struct store_build_days *days = build->days;
    bool put[1 + STORE_DAYS_EVENTS_MAX] = {false};
    uint32_t count = 0;
    for (uint32_t s = 0; days != NULL && s <= days->events; s++) {
        put[s] = pays(days, s);
        count += put[s];
    }
    if (count == 0) {
        return true;
    }
    CLEANUP(base_free_at) void *values = NULL;
    size_t cells = store_days_cells((uint32_t)days->days.count);
    uint8_t head[STORE_DAYS_HEAD_BYTES];
    base_put_u32(head, (uint32_t)days->days.count);
    base_put_u32(head + 4, count);
    if (!base_alloc_array(cells, sizeof(int64_t), &values, fail) ||
        !put_chunk(build, days->days.begins, days->days.count + 1, head + 8, fail)) {
        return false;
    }
    base_buf_bytes(section, head, sizeof head);
    for (uint32_t s = 0; s <= days->events; s++) {
        uint8_t entry[STORE_DAYS_SET_BYTES] = {0};
        for (size_t i = 0; put[s] && i < cells; i++) {
            ((int64_t *)values)[i] = days->sets[s].cells[i];
        }
        base_put_u32(entry, s == 0 ? STORE_DAYS_ALL : s - 1);
        if (put[s] && !put_chunk(build, values, cells, entry + 8, fail)) {
            return false;
        }
        if (put[s]) {
            base_buf_bytes(section, entry, sizeof entry);
        }
    }
    return base_buf_ok(section, fail);
}
