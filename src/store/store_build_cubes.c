/* store_build_cubes.c — which cubes a segment gets: the values of properties, and what is worth counting. */
#include "store_build_cubes.h"

#define CELLS_MOST ((uint64_t)12 << 20) /* of all cubes together: 48 MiB while they are counted */
#define ROWS_A_CELL_ALL 2U              /* rows of the segment to all cells together, at least */
#define SURE_ROWS_A_CELL (4.0 * STORE_CUBE_ROWS_A_CELL)
#define VALUE_SLOTS 1024U

void store_build_cubes_free(struct store_build_cubes *cubes)
{
    if (cubes == NULL) {
        return;
    }
    for (uint32_t c = 0; c < cubes->cube_count; c++) {
        base_free(cubes->cubes[c].table);
        store_vec_done(&cubes->cubes[c].keys, NULL);
        store_vec_done(&cubes->cubes[c].pages, NULL);
    }
    for (uint32_t c = 0; cubes->chunks != NULL && c * STORE_CUBE_CHUNK_PAGES < cubes->pages_used;
         c++) {
        base_free(cubes->chunks[c]);
    }
    store_vec_done(&cubes->spare, NULL);
    arena_free(cubes->arena);
    base_free(cubes);
}

/* ---- before the first block --------------------------------------------------------------------------------- */

static void widen(int64_t ts_ms, int64_t *least, int64_t *most)
{
    *least = ts_ms < *least ? ts_ms : *least;
    *most = ts_ms > *most ? ts_ms : *most;
}

uint64_t store_build_span(const struct store_build *build, int64_t *least, int64_t *most)
{
    const struct store_sources *sources = &build->sources;
    *least = INT64_MAX;
    *most = INT64_MIN;
    uint64_t rows = sources->fresh != NULL ? sources->fresh->row_count : 0;
    for (size_t s = 0; s < sources->segment_count; s++) {
        const struct store_segment_info *info = store_segment_info(sources->segments[s]);
        rows += info->rows;
        widen(info->ts_min_ms, least, most);
        widen(info->ts_max_ms, least, most);
    }
    for (uint32_t i = 0; sources->fresh != NULL && i < sources->fresh->row_count; i++) {
        widen(sources->fresh->ts_ms[i], least, most);
    }
    return rows;
}

static bool watch(struct store_build_cubes *cubes, const struct store_build *build, uint32_t column,
                  struct fail *fail)
{
    struct store_cube_watched *one = &cubes->watched[cubes->watched_count];
    uint32_t strings = build->columns[column].dictionary.count;
    one->column = column;
    one->value_count = 1;
    one->of_code = arena_array(cubes->arena, (size_t)strings + 1, 1, fail);
    one->slots = arena_array(cubes->arena, VALUE_SLOTS, sizeof *one->slots, fail);
    one->codes = arena_array(cubes->arena, STORE_SEGMENT_BLOCK_ROWS, 1, fail);
    cubes->watched_count++;
    return one->of_code != NULL && one->slots != NULL && one->codes != NULL;
}

static bool plan(struct store_build_cubes *cubes, const struct store_build *build,
                 struct fail *fail)
{
    struct arena *arena = cubes->arena;
    uint32_t most = CELLS_MOST / STORE_CUBE_PAGE;
    uint64_t worth = cubes->rows_all / ROWS_A_CELL_ALL / STORE_CUBE_PAGE;
    cubes->pages_most = worth < most ? (uint32_t)worth : most;
    cubes->chunks =
        arena_array(arena, most / STORE_CUBE_CHUNK_PAGES + 1, sizeof *cubes->chunks, fail);
    cubes->page_of = arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, sizeof *cubes->page_of, fail);
    cubes->order = arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, sizeof *cubes->order, fail);
    cubes->hour_of = arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, 1, fail);
    cubes->watched = arena_array(arena, STORE_CUBE_PROPERTIES, sizeof *cubes->watched, fail);
    bool ok = cubes->chunks != NULL && cubes->page_of != NULL && cubes->order != NULL &&
              cubes->hour_of != NULL && cubes->watched != NULL;
    for (uint32_t c = 0; ok && c < build->column_count; c++) {
        const struct store_build_column *column = &build->columns[c];
        if (column->kind == STORE_SEGMENT_PROPERTY &&
            column->dictionary.count < STORE_CUBE_VALUES &&
            cubes->watched_count < STORE_CUBE_PROPERTIES) {
            ok = watch(cubes, build, c, fail);
        }
    }
    return ok;
}

/* What is sealed is merged soon, and an import must not wait: only what is made of other segments gets cubes. */
static bool start(struct store_build *build, struct fail *fail)
{
    if (build->sources.segment_count == 0) {
        return true;
    }
    int64_t least, most;
    uint64_t rows = store_build_span(build, &least, &most);
    int64_t first = store_cube_page_of(least);
    uint64_t span = (uint64_t)store_cube_page_of(most) - (uint64_t)first + 1;
    if (rows / ROWS_A_CELL_ALL < STORE_CUBE_PAGE || span > STORE_CUBE_PLACES_MAX) {
        return true;
    }
    struct store_build_cubes *cubes = base_alloc_zero(sizeof *cubes);
    build->cubes = cubes;
    cubes->arena = arena_new(NULL);
    cubes->page_first = first;
    cubes->span = (uint32_t)span;
    cubes->rows_all = rows;
    return plan(cubes, build, fail);
}

/* ---- values -------------------------------------------------------------------------------------------------- */

static bool same_value(const struct store_value *a, const struct store_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    return a->kind == STORE_STRING ? str_equal(store_value_text(*a), store_value_text(*b))
           : a->kind == STORE_BOOL ? a->b == b->b
                                   : a->u == b->u;
}

static size_t hash_value(const struct store_value *value)
{
    uint64_t bits = value->kind == STORE_STRING ? base_hash_str(store_value_text(*value))
                    : value->kind == STORE_BOOL ? value->b
                                                : value->u;
    return (size_t)store_map_mix(bits * 8 + (uint64_t)value->kind) & (VALUE_SLOTS - 1);
}

/* Makes a code for the value; the property is given up where there is none left. Bytes of strings are copied. */
static uint8_t make_code(struct store_build_cubes *cubes, struct store_cube_watched *one,
                         const struct store_value *value)
{
    struct fail ignored; /* without memory it goes without cubes */
    if (one->value_count == STORE_CUBE_VALUES) {
        one->dead = true;
        return 0;
    }
    struct store_value kept = *value;
    if (kept.kind == STORE_STRING) {
        char *copy = arena_alloc(cubes->arena, kept.len, &ignored);
        if (copy == NULL) {
            one->dead = true;
            return 0;
        }
        if (kept.len > 0) {
            memcpy(copy, kept.s, kept.len);
        }
        kept.s = copy;
    }
    one->values[one->value_count] = kept;
    return (uint8_t)one->value_count++;
}

static uint8_t find_code(struct store_build_cubes *cubes, struct store_cube_watched *one,
                         const struct store_value *value)
{
    size_t at = hash_value(value);
    for (; one->slots[at] != 0; at = (at + 1) & (VALUE_SLOTS - 1)) {
        uint8_t code = (uint8_t)(one->slots[at] - 1);
        if (same_value(&one->values[code], value)) {
            return code;
        }
    }
    uint8_t code = make_code(cubes, one, value);
    one->slots[at] = (uint16_t)(code + 1);
    return code;
}

/* The bytes of a string that was left in its heap. Nobody asks for numbers by whole texts: a property that has them is
   given up, and so is one that cannot be read, which whoever writes it will say. */
static bool fetch(struct store_build *build, struct store_value *value)
{
    struct fail ignored;
    struct str text;
    if (value->kind != STORE_STRING) {
        return true;
    }
    if (store_value_len(value) > STORE_DICTIONARY_STRING_BYTES_MAX ||
        !store_words_get(&build->words_written, *value, &text, &ignored)) {
        return false;
    }
    *value = store_value_str(text);
    return true;
}

/* The codes of the block's rows. A property that some row has twice is given up: it would be counted twice. */
static void code_rows(struct store_build_cubes *cubes, struct store_build *build,
                      const struct store_build_block *block, struct store_cube_watched *one)
{
    const struct store_build_column *column = &build->columns[one->column];
    const struct store_build_entries *entries = &block->entries[one->column];
    const uint32_t *at = entries->at.data;
    const uint32_t *places = entries->codes.data;
    const struct store_value *values = entries->values.data;
    store_words_begin(&build->words_written, column->kind, column->name);
    memset(one->codes, 0, block->rows);
    for (uint32_t e = 0; e < entries->count && !one->dead; e++) {
        uint32_t place = places[e];
        uint8_t code = one->of_code[place];
        if (code == 0) { /* place 0 is that of all that are in no dictionary */
            struct store_value value = values[e];
            if (!fetch(build, &value)) {
                one->dead = true;
                break;
            }
            code = place == 0 ? find_code(cubes, one, &value) : make_code(cubes, one, &value);
            one->of_code[place] = place == 0 ? 0 : code;
        }
        one->dead = one->dead || one->codes[at[e]] != 0;
        one->codes[at[e]] = code;
    }
}

/* ---- which cubes ----------------------------------------------------------------------------------------------- */

/* The properties of an event that most of its rows bear, in the first block. */
static unsigned choose_properties(const struct store_build_cubes *cubes, uint32_t event,
                                  uint32_t out[STORE_CUBE_EVENT_PROPERTIES_MAX])
{
    unsigned count = 0;
    for (uint32_t p = 0; p < cubes->watched_count; p++) {
        uint32_t entries = cubes->watched[p].dead ? 0 : cubes->watched[p].entries[event];
        unsigned at = count;
        while (at > 0 && cubes->watched[out[at - 1]].entries[event] < entries) {
            at--;
        }
        if (entries == 0 || at == STORE_CUBE_EVENT_PROPERTIES_MAX) {
            continue;
        }
        count += count < STORE_CUBE_EVENT_PROPERTIES_MAX;
        memmove(&out[at + 1], &out[at], (count - at - 1) * sizeof *out);
        out[at] = p;
    }
    return count;
}

static void choose_cubes(struct store_build_cubes *cubes, const struct store_build_block *block)
{
    const int64_t *events = block->ints[STORE_BUILD_EVENT];
    for (uint32_t p = 0; p < cubes->watched_count; p++) {
        struct store_cube_watched *one = &cubes->watched[p];
        for (uint32_t row = 0; !one->dead && row < block->rows; row++) {
            if (events[row] < STORE_CUBE_EVENTS_MAX) {
                one->entries[events[row]] += one->codes[row] != 0;
            }
        }
    }
    for (uint32_t event = 0; event < STORE_CUBE_EVENTS_MAX; event++) {
        uint32_t chosen[STORE_CUBE_EVENT_PROPERTIES_MAX];
        unsigned count = choose_properties(cubes, event, chosen);
        for (unsigned i = 0; i < count; i++) {
            cubes->cubes[cubes->cube_count++] =
                (struct store_build_cube){.event = event, .properties = {chosen[i]}, .count = 1};
            for (unsigned k = 0; k < i; k++) {
                cubes->cubes[cubes->cube_count++] = (struct store_build_cube){
                    .event = event, .properties = {chosen[k], chosen[i]}, .count = 2};
            }
        }
    }
    cubes->chosen = true;
}

static void place_times(struct store_build_cubes *cubes, const struct store_build_block *block)
{
    const int64_t *ts_ms = block->ints[STORE_BUILD_TS];
    int64_t hour_first = cubes->page_first * (int64_t)STORE_CUBE_PAGE;
    for (uint32_t row = 0; row < block->rows; row++) {
        uint64_t hour =
            (uint64_t)(store_stretch_of(ts_ms[row], STORE_SEGMENT_HOUR_MS) - hour_first);
        cubes->page_of[row] = (uint32_t)(hour / STORE_CUBE_PAGE);
        cubes->hour_of[row] = (uint8_t)(hour % STORE_CUBE_PAGE);
    }
}

/* Rows of the block by event: those of event e are order[begin[e]] to order[begin[e + 1]]. */
static void order_by_event(struct store_build_cubes *cubes, const struct store_build_block *block,
                           uint32_t begin[STORE_CUBE_EVENTS_MAX + 1])
{
    const int64_t *events = block->ints[STORE_BUILD_EVENT];
    uint32_t at[STORE_CUBE_EVENTS_MAX] = {0};
    for (uint32_t row = 0; row < block->rows; row++) {
        if (events[row] < STORE_CUBE_EVENTS_MAX) {
            at[events[row]]++;
        }
    }
    begin[0] = 0;
    for (uint32_t event = 0; event < STORE_CUBE_EVENTS_MAX; event++) {
        cubes->event_rows[event] += at[event];
        begin[event + 1] = begin[event] + at[event];
        at[event] = begin[event];
    }
    for (uint32_t row = 0; row < block->rows; row++) {
        if (events[row] < STORE_CUBE_EVENTS_MAX) {
            cubes->order[at[events[row]]++] = row;
        }
    }
}

/* When all rows are counted, at most: pages only become more. */
static double rows_a_cell(const struct store_build_cubes *cubes,
                          const struct store_build_cube *cube)
{
    double rows =
        (double)cubes->event_rows[cube->event] * (double)cubes->rows_all / (double)cubes->rows_done;
    return rows / ((double)cube->page_count * STORE_CUBE_PAGE);
}

static bool is_hopeless(const struct store_build_cubes *cubes, const struct store_build_cube *cube)
{
    return cube->page_count > 0 && rows_a_cell(cubes, cube) < STORE_CUBE_ROWS_A_CELL;
}

/* Gives up what need not be counted any further. */
static void thin_out(struct store_build_cubes *cubes,
                     bool (*out)(const struct store_build_cubes *, const struct store_build_cube *))
{
    bool used[STORE_CUBE_PROPERTIES] = {false};
    for (uint32_t c = 0; c < cubes->cube_count; c++) {
        struct store_build_cube *cube = &cubes->cubes[c];
        if (!cube->dead && out(cubes, cube)) {
            store_build_cube_drop(cubes, cube);
        }
        for (unsigned i = 0; i < cube->count && !cube->dead; i++) {
            used[cube->properties[i]] = true;
        }
    }
    for (uint32_t p = 0; p < cubes->watched_count; p++) {
        cubes->watched[p].dead = cubes->watched[p].dead || !used[p];
    }
}

/* A property alone need not be counted where a pair with it is sure to pay: that one tells as well. */
static bool is_covered(const struct store_build_cubes *cubes, const struct store_build_cube *cube)
{
    for (uint32_t c = 0; c < cubes->cube_count && cube->count == 1; c++) {
        const struct store_build_cube *pair = &cubes->cubes[c];
        if (pair->count == 2 && !pair->dead && pair->event == cube->event &&
            (pair->properties[0] == cube->properties[0] ||
             pair->properties[1] == cube->properties[0]) &&
            rows_a_cell(cubes, pair) > SURE_ROWS_A_CELL) {
            return true;
        }
    }
    return false;
}

static bool has_dead_property(const struct store_build_cubes *cubes,
                              const struct store_build_cube *cube)
{
    return cubes->watched[cube->properties[0]].dead ||
           (cube->count == 2 && cubes->watched[cube->properties[1]].dead);
}

static bool any_watched(const struct store_build_cubes *cubes)
{
    for (uint32_t p = 0; p < cubes->watched_count; p++) {
        if (!cubes->watched[p].dead) {
            return true;
        }
    }
    return false;
}

bool store_build_cubes_count(struct store_build *build, const struct store_build_block *block,
                             struct fail *fail)
{
    if (build->info.rows == 0 && !start(build, fail)) {
        return false;
    }
    struct store_build_cubes *cubes = build->cubes;
    if (cubes == NULL || !any_watched(cubes)) {
        return true;
    }
    for (uint32_t p = 0; p < cubes->watched_count; p++) {
        if (!cubes->watched[p].dead) {
            code_rows(cubes, build, block, &cubes->watched[p]);
        }
    }
    bool first = !cubes->chosen;
    if (first) {
        choose_cubes(cubes, block);
    }
    thin_out(cubes, has_dead_property);
    uint32_t begin[STORE_CUBE_EVENTS_MAX + 1];
    place_times(cubes, block);
    order_by_event(cubes, block, begin);
    cubes->rows_done += block->rows;
    for (uint32_t c = 0; c < cubes->cube_count; c++) {
        struct store_build_cube *cube = &cubes->cubes[c];
        if (!cube->dead) {
            store_build_cube_count(cubes, cube, cubes->order + begin[cube->event],
                                   begin[cube->event + 1] - begin[cube->event]);
        }
    }
    thin_out(cubes, is_hopeless);
    if (first) {
        thin_out(cubes, is_covered);
    }
    return true;
}
