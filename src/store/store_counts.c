/* store_counts.c — rows of events in stretches of time, from what segments count by the hour. */
#include "store_fresh.h"
#include "store_segment.h"

#define FRESH_SUMS_MOST ((size_t)1 << 20)

struct source { /* of the rows of one event in one segment */
    size_t segment;
    uint32_t code, event;          /* of the file, and of the process */
    const struct store_cube *cube; /* NULL: none of the properties is in any of them */
};
struct store_counts {
    const struct store_counting *asked;
    const struct store_snapshot *snapshot;
    uint32_t names[STORE_COUNTED_PROPERTIES_MAX]; /* codes of the properties */
    uint8_t *segments;
    struct source *sources; /* by segment */
    size_t source_count, source_room;
    bool any, fresh;
};

/* ---- which segments can tell --------------------------------------------------------------------------------- */

static bool is_wanted(const struct store_counting *asked, uint32_t event)
{
    return event < asked->code_count && asked->wanted[event] != 0;
}

/* Does an edge cut a stretch of the segment's times in two? */
static bool is_cut(const struct store_counting *asked, const struct store_segment *segment)
{
    const struct store_segment_info *info = store_segment_info(segment);
    for (size_t i = 0; i <= asked->stretch_count; i++) {
        int64_t edge = asked->edges[i];
        if (edge > info->ts_min_ms && edge <= info->ts_max_ms &&
            edge % STORE_SEGMENT_HOUR_MS != 0) {
            return true;
        }
    }
    return false;
}

/* The first edge at or after the instant; stretch_count + 1: none. */
static size_t edge_after(const struct store_counting *asked, int64_t ts_ms)
{
    size_t low = 0, high = asked->stretch_count + 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (asked->edges[middle] < ts_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Has the event, by the file's code, rows in an hour that an edge cuts in two? */
static bool has_cut_hours(const struct store_counting *asked, const struct store_segment *segment,
                          uint32_t code, bool *out, struct fail *fail)
{
    struct store_counters counters;
    struct store_statistic_counter lines[STORE_COUNTERS_AT_ONCE];
    uint32_t count = 0;
    bool ok = store_segment_counters_begin(segment, code, &counters, fail);
    do {
        ok = ok && store_segment_counters_next(&counters, lines, &count, fail);
        for (uint32_t i = 0; ok && i < count && !*out; i++) {
            int64_t first_ms = lines[i].hour * STORE_SEGMENT_HOUR_MS;
            size_t edge = edge_after(asked, first_ms + 1);
            *out = edge <= asked->stretch_count &&
                   asked->edges[edge] < first_ms + STORE_SEGMENT_HOUR_MS;
        }
    } while (ok && count > 0 && !*out);
    return ok;
}

/* Has a stretch that is cut rows of a wanted event? */
static bool has_cut_rows(const struct store_counting *asked, const struct store_segment *segment,
                         bool *out, struct fail *fail)
{
    const uint32_t *codes;
    uint32_t count = store_segment_codes(segment, STORE_FAMILY_EVENT, &codes);
    *out = false;
    if (!is_cut(asked, segment)) {
        return true;
    }
    for (uint32_t i = 0; i < count && !*out; i++) {
        if (is_wanted(asked, codes[i]) && !has_cut_hours(asked, segment, i, out, fail)) {
            return false;
        }
    }
    return true;
}

/* Those of the properties that some row of the event has. */
static bool list_borne(const struct store_counts *counts, const struct store_segment *segment,
                       uint32_t event, uint32_t *out, unsigned *out_count, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct store_statistic *lines;
    size_t count;
    bool listed[STORE_COUNTED_PROPERTIES_MAX] = {false}; /* a damaged file may say it twice */
    *out_count = 0;
    if (!store_segment_statistics(segment, arena, &lines, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        for (unsigned p = 0; p < counts->asked->property_count; p++) {
            if (lines[i].kind == STORE_STATISTIC_PROPERTY && lines[i].event == event &&
                lines[i].name == counts->names[p] && !listed[p]) {
                listed[p] = true;
                out[(*out_count)++] = lines[i].name;
            }
        }
    }
    return true;
}

static bool add_source(struct store_counts *counts, struct source source, struct arena *arena,
                       struct fail *fail)
{
    if (counts->source_count == counts->source_room) {
        size_t room = counts->source_room * 2 + 16;
        struct source *grown = arena_alloc(arena, room * sizeof *grown, fail);
        if (grown == NULL) {
            return false;
        }
        if (counts->source_count > 0) {
            memcpy(grown, counts->sources, counts->source_count * sizeof *grown);
        }
        counts->sources = grown;
        counts->source_room = room;
    }
    counts->sources[counts->source_count++] = source;
    return true;
}

/* *out_found is false where nothing tells of the event and the properties. */
static bool find_source(struct store_counts *counts, size_t at, uint32_t code, struct arena *arena,
                        bool *out_found, struct fail *fail)
{
    const struct store_segment *segment = counts->snapshot->segments[at];
    const uint32_t *codes;
    (void)store_segment_codes(segment, STORE_FAMILY_EVENT, &codes);
    const uint32_t event = codes[code];
    struct source source = {.segment = at, .code = code, .event = event};
    unsigned count = counts->asked->property_count;
    uint32_t borne[STORE_COUNTED_PROPERTIES_MAX];
    if (count > 0) {
        source.cube = store_segment_cube_find(segment, event, counts->names, count);
    }
    if (count > 0 && source.cube == NULL) {
        if (!list_borne(counts, segment, event, borne, &count, fail)) {
            return false;
        }
        source.cube = count > 0 ? store_segment_cube_find(segment, event, borne, count) : NULL;
    }
    *out_found = count == 0 || source.cube != NULL;
    return !*out_found || add_source(counts, source, arena, fail);
}

static bool find_segment(struct store_counts *counts, size_t at, struct arena *arena,
                         struct fail *fail)
{
    const struct store_segment *segment = counts->snapshot->segments[at];
    const struct store_segment_info *info = store_segment_info(segment);
    const struct store_counting *asked = counts->asked;
    const uint32_t *codes;
    uint32_t code_count = store_segment_codes(segment, STORE_FAMILY_EVENT, &codes);
    size_t before = counts->source_count;
    bool cut = false, found = true;
    if (info->ts_max_ms >= asked->edges[0] &&
        info->ts_min_ms < asked->edges[asked->stretch_count]) {
        if (!has_cut_rows(asked, segment, &cut, fail)) {
            return false;
        }
        for (uint32_t i = 0; i < code_count && !cut && found; i++) {
            if (is_wanted(asked, codes[i]) && !find_source(counts, at, i, arena, &found, fail)) {
                return false;
            }
        }
    }
    counts->segments[at] = !cut && found;
    counts->any = counts->any || counts->segments[at] != 0;
    if (counts->segments[at] == 0) {
        counts->source_count = before;
    }
    return true;
}

bool store_counts_find(const struct store_snapshot *snapshot, const struct store_counting *asked,
                       struct arena *arena, struct store_counts **out, struct fail *fail)
{
    INVARIANT(asked->property_count <= STORE_COUNTED_PROPERTIES_MAX);
    struct store_counts *counts = arena_small(arena, sizeof *counts);
    *counts = (struct store_counts){.asked = asked, .snapshot = snapshot};
    *out = counts;
    for (unsigned p = 0; p < asked->property_count; p++) {
        counts->names[p] =
            store_names_find(snapshot->names, STORE_FAMILY_PROPERTY, asked->properties[p]);
    }
    counts->segments = arena_array(arena, snapshot->segment_count, 1, fail);
    if (counts->segments == NULL) {
        return false;
    }
    for (size_t s = 0; s < snapshot->segment_count; s++) {
        if (!find_segment(counts, s, arena, fail)) {
            return false;
        }
    }
    counts->fresh = asked->property_count == 0 && snapshot->fresh_count > 0 &&
                    asked->stretch_count <= FRESH_SUMS_MOST / (asked->code_count + 1);
    counts->any = counts->any || counts->fresh;
    return true;
}

const uint8_t *store_counts_segments(const struct store_counts *counts)
{
    return counts->any ? counts->segments : NULL;
}

bool store_counts_fresh(const struct store_counts *counts)
{
    return counts->fresh;
}

/* ---- what they tell ------------------------------------------------------------------------------------------- */

struct walking {
    const struct store_counts *counts;
    bool (*take)(void *context, const struct store_counted *counted, struct fail *fail);
    void *context;
    struct arena *arena; /* of the segment */
    struct store_counted counted;
    uint64_t *sums; /* by stretch */
    bool any;       /* of the sums is not 0 */
    size_t edge;    /* found last */
};

/* Gives what was summed up, if there is anything, and begins anew. */
static bool give(struct walking *walking, struct fail *fail)
{
    bool ok = !walking->any || walking->take(walking->context, &walking->counted, fail);
    if (walking->any) {
        memset(walking->sums, 0, walking->counts->asked->stretch_count * sizeof *walking->sums);
        walking->any = false;
    }
    return ok;
}

/* The first edge after the instant: it ends the stretch that the instant is in. Mostly that is the one found last, or the next. */
static size_t find_edge(struct walking *walking, int64_t ts_ms)
{
    const struct store_counting *asked = walking->counts->asked;
    const int64_t *edges = asked->edges;
    size_t edge = walking->edge;
    if (edge > 0 && edge < asked->stretch_count && ts_ms >= edges[edge] &&
        ts_ms < edges[edge + 1]) {
        walking->edge = edge + 1;
    } else if (edge == 0 || edge > asked->stretch_count || ts_ms < edges[edge - 1] ||
               ts_ms >= edges[edge]) {
        walking->edge = edge_after(asked, ts_ms + 1);
    }
    return walking->edge;
}

/* Rows of stretches that begin at `first_ms` and are `length_ms` long, one after the other; none is cut. */
static void add_rows(struct walking *walking, int64_t first_ms, int64_t length_ms,
                     const int64_t *rows, size_t count)
{
    const struct store_counting *asked = walking->counts->asked;
    const int64_t *edges = asked->edges;
    size_t edge = find_edge(walking, first_ms);
    for (size_t i = 0; i < count && edge <= asked->stretch_count; edge++) {
        uint64_t sum = 0;
        uint64_t left = ((uint64_t)edges[edge] - (uint64_t)first_ms + (uint64_t)length_ms - 1) /
                        (uint64_t)length_ms;
        size_t end = left < count ? (size_t)left : count;
        for (; i < end; i++) {
            sum += (uint64_t)rows[i];
        }
        if (edge > 0 && sum > 0) {
            walking->sums[edge - 1] += sum;
            walking->any = true;
        }
    }
}

/* Rows of one event by the hour, none of which is cut. */
static void add_lines(struct walking *walking, const struct store_statistic_counter *lines,
                      uint32_t count)
{
    const struct store_counting *asked = walking->counts->asked;
    for (uint32_t i = 0; i < count;) {
        size_t edge = find_edge(walking, lines[i].hour * STORE_SEGMENT_HOUR_MS);
        int64_t begin_ms = edge > 0 ? asked->edges[edge - 1] : INT64_MIN;
        int64_t end_ms = edge <= asked->stretch_count ? asked->edges[edge] : INT64_MAX;
        uint64_t sum = 0;
        do {
            sum += lines[i++].rows;
        } while (i < count && lines[i].hour * STORE_SEGMENT_HOUR_MS >= begin_ms &&
                 lines[i].hour * STORE_SEGMENT_HOUR_MS < end_ms);
        if (edge > 0 && edge <= asked->stretch_count) {
            walking->sums[edge - 1] += sum;
            walking->any = true;
        }
    }
}

static bool walk_event(struct walking *walking, const struct store_segment *segment, uint32_t code,
                       struct fail *fail)
{
    struct store_counters counters;
    struct store_statistic_counter lines[STORE_COUNTERS_AT_ONCE];
    uint32_t count = 0;
    bool ok = store_segment_counters_begin(segment, code, &counters, fail);
    do {
        ok = ok && store_segment_counters_next(&counters, lines, &count, fail);
        if (ok) {
            add_lines(walking, lines, count);
        }
    } while (ok && count > 0);
    return ok;
}

/* Counters without values. */
static bool walk_lines(struct walking *walking, const struct store_segment *segment,
                       const struct source *sources, size_t count, struct fail *fail)
{
    for (size_t s = 0; s < count; s++) {
        walking->counted.event = sources[s].event;
        if (sources[s].cube == NULL &&
            (!walk_event(walking, segment, sources[s].code, fail) || !give(walking, fail))) {
            return false;
        }
    }
    return true;
}

struct reading { /* a cube */
    const struct store_segment *segment;
    struct store_cube_pages pages;
    unsigned dimensions;
    struct store_value *values[STORE_CUBE_DIMENSIONS];
    unsigned asked
        [STORE_CUBE_DIMENSIONS]; /* which of the properties asked for it is; their number: none of them */
};

static bool open_cube(const struct walking *walking, const struct store_segment *segment,
                      const struct store_cube *cube, struct reading *out, struct fail *fail)
{
    const struct store_counts *counts = walking->counts;
    *out = (struct reading){.segment = segment, .dimensions = cube->count};
    for (unsigned d = 0; d < cube->count; d++) {
        uint32_t place = cube->properties[d];
        uint32_t name = store_segment_cube_property(segment, place)->name;
        unsigned p = 0;
        while (p < counts->asked->property_count && counts->names[p] != name) {
            p++;
        }
        out->asked[d] = p;
        if (!store_segment_cube_values(segment, place, walking->arena, &out->values[d], fail)) {
            return false;
        }
    }
    return store_segment_cube_open(segment, cube, walking->arena, &out->pages, fail);
}

/* Has page `at` values other than the one before, as far as they are asked for? */
static bool begins(const struct reading *reading, const struct walking *walking, uint32_t at)
{
    bool other = at == 0;
    for (unsigned d = 0; d < reading->dimensions && !other; d++) {
        const uint32_t *codes = reading->pages.codes[d];
        other = reading->asked[d] < walking->counts->asked->property_count &&
                codes[at] != codes[at - 1];
    }
    return other;
}

static bool walk_cube(struct walking *walking, const struct reading *reading, struct fail *fail)
{
    const struct store_counting *asked = walking->counts->asked;
    const struct store_cube_pages *pages = &reading->pages;
    int64_t cells[STORE_CUBE_PAGE];
    for (uint32_t at = 0; at < pages->count; at++) {
        int64_t first_ms = pages->pages[at] * (int64_t)STORE_CUBE_PAGE * STORE_SEGMENT_HOUR_MS;
        if (begins(reading, walking, at)) {
            if (!give(walking, fail)) {
                return false;
            }
            for (unsigned d = 0; d < reading->dimensions; d++) {
                if (reading->asked[d] < asked->property_count) {
                    walking->counted.values[reading->asked[d]] =
                        reading->values[d][pages->codes[d][at]];
                }
            }
        }
        if (first_ms >= asked->edges[asked->stretch_count] ||
            first_ms + (int64_t)STORE_CUBE_PAGE * STORE_SEGMENT_HOUR_MS <= asked->edges[0]) {
            continue;
        }
        if (!store_segment_cube_cells(reading->segment, pages, at, cells, fail)) {
            return false;
        }
        add_rows(walking, first_ms, STORE_SEGMENT_HOUR_MS, cells, STORE_CUBE_PAGE);
    }
    return give(walking, fail);
}

static void forget_values(struct walking *walking)
{
    for (unsigned p = 0; p < STORE_COUNTED_PROPERTIES_MAX; p++) {
        walking->counted.values[p] = (struct store_value){.kind = STORE_NULL};
    }
}

static bool walk_segment(struct walking *walking, const struct source *sources, size_t count,
                         struct fail *fail)
{
    const struct store_segment *segment = walking->counts->snapshot->segments[sources[0].segment];
    arena_reset(walking->arena);
    forget_values(walking);
    if (!walk_lines(walking, segment, sources, count, fail)) {
        return false;
    }
    for (size_t s = 0; s < count; s++) {
        struct reading reading;
        if (sources[s].cube == NULL) {
            continue;
        }
        forget_values(walking);
        walking->counted.event = sources[s].event;
        if (!open_cube(walking, segment, sources[s].cube, &reading, fail) ||
            !walk_cube(walking, &reading, fail)) {
            return false;
        }
    }
    return true;
}

/* By event: their values are not looked at. */
static bool walk_fresh(struct walking *walking, struct fail *fail)
{
    const struct store_counting *asked = walking->counts->asked;
    const struct store_snapshot *snapshot = walking->counts->snapshot;
    size_t stretches = asked->stretch_count;
    arena_reset(walking->arena);
    forget_values(walking);
    uint64_t *sums =
        arena_array(walking->arena, asked->code_count * stretches + 1, sizeof *sums, fail);
    if (sums == NULL) {
        return false;
    }
    for (size_t v = 0; v < snapshot->fresh_count; v++) {
        for (uint32_t i = 0; i < snapshot->fresh[v].count; i++) {
            const struct store_row *row = store_fresh_row(snapshot->fresh[v].fresh, i);
            size_t edge = is_wanted(asked, row->event) ? find_edge(walking, row->ts_ms) : 0;
            if (edge > 0 && edge <= stretches) {
                sums[row->event * stretches + edge - 1]++;
            }
        }
    }
    for (uint32_t event = 0; event < asked->code_count; event++) {
        const struct store_counted counted = {.event = event, .counts = sums + event * stretches};
        uint64_t all = 0;
        for (size_t i = 0; i < stretches; i++) {
            all += counted.counts[i];
        }
        if (all > 0 && !walking->take(walking->context, &counted, fail)) {
            return false;
        }
    }
    return true;
}

bool store_counts_walk(const struct store_counts *counts,
                       bool (*take)(void *context, const struct store_counted *counted,
                                    struct fail *fail),
                       void *context, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(base_free_at) void *sums = NULL;
    size_t stretches = counts->asked->stretch_count;
    if (!base_alloc_array(stretches, sizeof(uint64_t), &sums, fail)) {
        return false;
    }
    memset(sums, 0, stretches * sizeof(uint64_t));
    struct walking walking = {
        .counts = counts, .take = take, .context = context, .arena = arena, .sums = sums};
    walking.counted.counts = sums;
    for (size_t from = 0, to; from < counts->source_count; from = to) {
        to = from + 1;
        while (to < counts->source_count &&
               counts->sources[to].segment == counts->sources[from].segment) {
            to++;
        }
        if (!walk_segment(&walking, counts->sources + from, to - from, fail)) {
            return false;
        }
    }
    return !counts->fresh || walk_fresh(&walking, fail);
}
