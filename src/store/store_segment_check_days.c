/* store_segment_check_days.c — are the days of a segment's events those of its rows? They are counted once more. */
#include "store_build_days.h"

struct recount {
    struct store_segment *segment;
    struct arena *arena;
    struct store_directory directory;
    struct zone_intervals days;
    const struct store_days_set *sets;
    uint32_t set_count;
    struct store_days_counter *counters; /* by set */
    uint32_t *set_of;                    /* by the file's code of an event: 1 + its set */
    uint32_t all;                        /* 1 + the set of all; 0: there is none */
    bool *bookkeeping;                   /* by the file's code */
    uint32_t *customers, *events;        /* of the block, by row */
    int64_t *ts_ms;
};

static bool make_counters(struct recount *recount, struct fail *fail)
{
    size_t cells = store_days_cells(store_segment_days(recount->segment));
    const uint32_t *codes;
    uint32_t events = store_segment_codes(recount->segment, STORE_FAMILY_EVENT, &codes);
    recount->set_count = store_segment_days_sets(recount->segment, &recount->sets);
    recount->counters =
        arena_array(recount->arena, recount->set_count, sizeof *recount->counters, fail);
    recount->set_of = arena_array(recount->arena, events, sizeof *recount->set_of, fail);
    recount->bookkeeping = arena_array(recount->arena, events, sizeof *recount->bookkeeping, fail);
    if (recount->counters == NULL || recount->set_of == NULL || recount->bookkeeping == NULL) {
        return false;
    }
    for (uint32_t s = 0; s < recount->set_count; s++) {
        struct store_days_counter *counter = &recount->counters[s];
        counter->customer = -1;
        counter->cells = arena_array(recount->arena, cells, sizeof *counter->cells, fail);
        if (counter->cells == NULL) {
            return false;
        }
        recount->all = recount->sets[s].event == STORE_NO_CODE ? s + 1 : recount->all;
    }
    for (uint32_t e = 0; e < events; e++) {
        recount->bookkeeping[e] = store_names_is_bookkeeping(recount->segment->names, codes[e]);
        for (uint32_t s = 0; s < recount->set_count; s++) {
            recount->set_of[e] = recount->sets[s].event == codes[e] ? s + 1 : recount->set_of[e];
        }
    }
    return true;
}

static bool prepare(struct recount *recount, struct fail *fail)
{
    struct arena *arena = recount->arena;
    const int64_t *begins;
    if (!store_segment_days_begins(recount->segment, arena, &begins, fail)) {
        return false;
    }
    uint32_t days = store_segment_days(recount->segment);
    int64_t *copy = arena_array(arena, (size_t)days + 1, sizeof *copy, fail);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, begins, ((size_t)days + 1) * sizeof *copy);
    recount->days = (struct zone_intervals){.begins = copy, .count = days};
    recount->customers =
        arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, sizeof *recount->customers, fail);
    recount->events = arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, sizeof *recount->events, fail);
    recount->ts_ms = arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, sizeof *recount->ts_ms, fail);
    return recount->customers != NULL && recount->events != NULL && recount->ts_ms != NULL &&
           make_counters(recount, fail);
}

static bool read_rows(struct recount *recount, uint32_t block, uint32_t rows, struct fail *fail)
{
    struct store_segment *segment = recount->segment;
    const struct store_segment_column *ts =
        store_segment_column_find(segment, STORE_SEGMENT_TS, STORE_NO_CODE);
    const struct store_segment_column *event =
        store_segment_column_find(segment, STORE_SEGMENT_EVENT, STORE_NO_CODE);
    const uint32_t *codes;
    uint32_t events = store_segment_codes(segment, STORE_FAMILY_EVENT, &codes);
    struct store_ints ints;
    bool found;
    if (!store_segment_block_customers(segment, block, &recount->directory, recount->customers,
                                       fail)) {
        return false;
    }
    if (!store_segment_ints_open(segment, ts, block, &ints, &found, fail) ||
        !store_ints_read(&ints, 0, rows, recount->ts_ms, fail)) {
        return store_segment_blame(segment, ts, block, fail);
    }
    return (store_segment_ints_open(segment, event, block, &ints, &found, fail) &&
            store_ints_read_codes(&ints, 0, rows, events, recount->events, fail)) ||
           store_segment_blame(segment, event, block, fail);
}

static bool take_block(struct recount *recount, uint32_t block, bool *out_inside, struct fail *fail)
{
    uint32_t rows = store_segment_block_rows(recount->segment, block);
    if (!read_rows(recount, block, rows, fail)) {
        return false;
    }
    for (uint32_t row = 0; row < rows; row++) {
        size_t day = zone_intervals_find(&recount->days, recount->ts_ms[row]);
        uint32_t event = recount->events[row];
        uint32_t customer = recount->customers[row];
        if (day == SIZE_MAX) {
            *out_inside = false;
            return true;
        }
        if (recount->set_of[event] != 0) {
            store_days_count_row(&recount->counters[recount->set_of[event] - 1], customer,
                                 (uint32_t)day);
        }
        if (recount->all != 0 && !recount->bookkeeping[event]) {
            store_days_count_row(&recount->counters[recount->all - 1], customer, (uint32_t)day);
        }
    }
    return true;
}

/* The cells of each set are those counted. An event that stands twice has one set that was not counted. */
static bool compare(const struct recount *recount, bool *out_same, struct fail *fail)
{
    size_t cells = store_days_cells(store_segment_days(recount->segment));
    for (uint32_t s = 0; s < recount->set_count && *out_same; s++) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        const int64_t *said;
        if (!store_segment_days_read(recount->segment, &recount->sets[s], arena, &said, fail)) {
            return false;
        }
        for (size_t i = 0; i < cells && *out_same; i++) {
            *out_same = said[i] == recount->counters[s].cells[i];
        }
    }
    return true;
}

bool store_segment_check_days(struct store_segment *segment, bool *out_same, struct fail *fail)
{
    *out_same = true;
    if (store_segment_days(segment) == 0) {
        return true;
    }
    struct recount *recount = base_alloc_zero(sizeof *recount);
    recount->segment = segment;
    recount->arena = arena_new(NULL);
    bool ok = prepare(recount, fail);
    for (uint32_t b = 0; ok && *out_same && b < segment->block_count; b++) {
        ok = take_block(recount, b, out_same, fail);
    }
    ok = ok && (!*out_same || compare(recount, out_same, fail));
    arena_free(recount->arena);
    base_free(recount);
    return ok;
}
