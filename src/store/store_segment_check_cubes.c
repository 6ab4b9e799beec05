/* store_segment_check_cubes.c — are the cubes of a segment those of its rows? Cells are counted down to nothing. */
#include "store_words.h"

struct check { /* of one cube */
    const struct store_cube *cube;
    struct store_cube_pages pages;
    int64_t *cells;
    uint32_t *first; /* by the codes of a combination: 1 + its first page */
    uint32_t width;  /* of that table */
    uint32_t next;   /* cube of the same event: 1 + its place */
};
struct recount {
    struct store_segment *segment;
    struct arena *arena, *scratch;
    struct store_values_scratch reading; /* leaves strings in their heaps, */
    struct store_words words;            /* from which they come one by one */
    struct check *cubes;
    uint32_t cube_count, property_count;
    uint32_t *of_event, event_count;       /* by code of the process: 1 + its first cube */
    struct store_value **values;           /* by property */
    uint8_t *codes[STORE_CUBE_PROPERTIES]; /* of the block, by row */
    uint32_t *events;
    int64_t *ts_ms;
    bool same;
};

/* ---- before the rows ---------------------------------------------------------------------------------------- */

static uint32_t value_room(const struct recount *recount, uint32_t property)
{
    return store_segment_cube_property(recount->segment, property)->values + 1;
}

static bool read_cube(struct recount *recount, struct check *check, struct fail *fail)
{
    struct arena *arena = recount->arena;
    if (!store_segment_cube_open(recount->segment, check->cube, arena, &check->pages, fail)) {
        return false;
    }
    uint32_t count = check->pages.count;
    const uint32_t *properties = check->cube->properties;
    check->width = check->cube->count == 2 ? value_room(recount, properties[1]) : 1;
    check->cells = arena_array(arena, (size_t)count * STORE_CUBE_PAGE, sizeof *check->cells, fail);
    check->first = arena_array(arena, (size_t)value_room(recount, properties[0]) * check->width,
                               sizeof *check->first, fail);
    if (check->cells == NULL || check->first == NULL) {
        return false;
    }
    for (uint32_t i = count; i-- > 0;) {
        uint32_t second = check->cube->count == 2 ? check->pages.codes[1][i] : 0;
        check->first[check->pages.codes[0][i] * check->width + second] = i + 1;
        if (!store_segment_cube_cells(recount->segment, &check->pages, i,
                                      check->cells + (size_t)i * STORE_CUBE_PAGE, fail)) {
            return false;
        }
    }
    return true;
}

static bool prepare(struct recount *recount, struct fail *fail)
{
    struct arena *arena = recount->arena;
    const struct store_cube *cubes;
    recount->cube_count = store_segment_cubes(recount->segment, &cubes);
    recount->property_count = recount->segment->cube_property_count;
    recount->event_count = store_names_count(recount->segment->names, STORE_FAMILY_EVENT);
    recount->cubes = arena_array(arena, recount->cube_count, sizeof *recount->cubes, fail);
    recount->of_event = arena_array(arena, recount->event_count, sizeof *recount->of_event, fail);
    recount->values = arena_array(arena, recount->property_count, sizeof *recount->values, fail);
    recount->events = arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, sizeof *recount->events, fail);
    recount->ts_ms = arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, sizeof *recount->ts_ms, fail);
    if (recount->cubes == NULL || recount->of_event == NULL || recount->values == NULL ||
        recount->events == NULL || recount->ts_ms == NULL) {
        return false;
    }
    for (uint32_t p = 0; p < recount->property_count; p++) {
        recount->codes[p] = arena_array(arena, STORE_SEGMENT_BLOCK_ROWS, 1, fail);
        if (recount->codes[p] == NULL ||
            !store_segment_cube_values(recount->segment, p, arena, &recount->values[p], fail)) {
            return false;
        }
    }
    for (uint32_t c = 0; c < recount->cube_count; c++) {
        struct check *check = &recount->cubes[c];
        check->cube = &cubes[c];
        check->next = recount->of_event[cubes[c].event];
        recount->of_event[cubes[c].event] = c + 1;
        if (!read_cube(recount, check, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- the rows ------------------------------------------------------------------------------------------------- */

static bool equal_values(const struct store_value *a, const struct store_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    return a->kind == STORE_STRING ? str_equal(store_value_text(*a), store_value_text(*b))
           : a->kind == STORE_BOOL ? a->b == b->b
                                   : a->u == b->u;
}

/* Codes of the rows of a block. A value that cubes do not know, and a second one of a row, must not be. */
static bool code_rows(struct recount *recount, uint32_t property, const uint32_t *rows,
                      const struct store_value *values, uint32_t count, struct fail *fail)
{
    const struct store_value *known = recount->values[property];
    uint32_t most = store_segment_cube_property(recount->segment, property)->values;
    uint8_t *codes = recount->codes[property];
    uint32_t code = 0; /* mostly that of the value before */
    for (uint32_t i = 0; i < count && recount->same; i++) {
        struct store_value value = values[i];
        struct str text;
        if (store_value_is_left(&value)) {
            if (!store_words_get(&recount->words, value, &text, fail)) {
                return false;
            }
            value = store_value_str(text);
        }
        if (code == 0 || !equal_values(&known[code], &value)) {
            code = 1;
            while (code <= most && !equal_values(&known[code], &value)) {
                code++;
            }
        }
        recount->same = code <= most && codes[rows[i]] == 0;
        codes[rows[i]] = (uint8_t)code;
    }
    return true;
}

static bool read_property(struct recount *recount, uint32_t block, uint32_t property,
                          struct fail *fail)
{
    struct store_segment *segment = recount->segment;
    struct store_segment_column *column = store_segment_column_find(
        segment, STORE_SEGMENT_PROPERTY, store_segment_cube_property(segment, property)->name);
    struct store_dictionary dictionary;
    struct store_values values;
    bool found = false;
    memset(recount->codes[property], 0, STORE_SEGMENT_BLOCK_ROWS);
    if (column != NULL &&
        !store_segment_values_open(segment, column, block, &dictionary, &values, &found, fail)) {
        return false;
    }
    if (!found) {
        return true;
    }
    uint32_t count = values.entries;
    recount->reading.leave_block = block;
    uint32_t *rows = arena_array(recount->scratch, count, sizeof *rows, fail);
    struct store_value *list = arena_array(recount->scratch, count, sizeof *list, fail);
    if (rows == NULL || list == NULL || !store_values_rows(&values, 0, count, rows, fail) ||
        !store_values_read(&values, 0, count, NULL, 0, &recount->reading, list, fail)) {
        return store_segment_blame(segment, column, block, fail);
    }
    store_words_begin(&recount->words, STORE_SEGMENT_PROPERTY, column->name);
    return code_rows(recount, property, rows, list, count, fail);
}

/* Takes one row out of a cube; false where it is not in there. */
static bool take_out(const struct recount *recount, struct check *check, uint32_t row)
{
    const struct store_cube *cube = check->cube;
    const struct store_cube_pages *pages = &check->pages;
    uint32_t first = recount->codes[cube->properties[0]][row];
    uint32_t second = cube->count == 2 ? recount->codes[cube->properties[1]][row] : 0;
    uint32_t at = check->first[first * check->width + second];
    int64_t hour = store_stretch_of(recount->ts_ms[row], STORE_SEGMENT_HOUR_MS);
    int64_t page = store_cube_page_of(recount->ts_ms[row]);
    if (at == 0) {
        return false;
    }
    for (at--; at < pages->count && pages->pages[at] < page; at++) {
        if (pages->codes[0][at] != first || (cube->count == 2 && pages->codes[1][at] != second)) {
            return false;
        }
    }
    return at < pages->count && pages->pages[at] == page && pages->codes[0][at] == first &&
           (cube->count == 1 || pages->codes[1][at] == second) &&
           check->cells[(size_t)at * STORE_CUBE_PAGE +
                        (size_t)(hour - page * (int64_t)STORE_CUBE_PAGE)]-- > 0;
}

static bool read_rows(struct recount *recount, uint32_t block, uint32_t rows, uint32_t names,
                      struct fail *fail)
{
    const struct store_segment *segment = recount->segment;
    const struct store_segment_column *ts =
        store_segment_column_find(segment, STORE_SEGMENT_TS, STORE_NO_CODE);
    const struct store_segment_column *event =
        store_segment_column_find(segment, STORE_SEGMENT_EVENT, STORE_NO_CODE);
    struct store_ints ints;
    bool found;
    if (!store_segment_ints_open(segment, ts, block, &ints, &found, fail) ||
        !store_ints_read(&ints, 0, rows, recount->ts_ms, fail)) {
        return store_segment_blame(segment, ts, block, fail);
    }
    return (store_segment_ints_open(segment, event, block, &ints, &found, fail) &&
            store_ints_read_codes(&ints, 0, rows, names, recount->events, fail)) ||
           store_segment_blame(segment, event, block, fail);
}

static bool take_block(struct recount *recount, uint32_t block, struct fail *fail)
{
    struct store_segment *segment = recount->segment;
    const uint32_t *names;
    uint32_t name_count = store_segment_codes(segment, STORE_FAMILY_EVENT, &names);
    uint32_t rows = store_segment_block_rows(segment, block);
    arena_reset(recount->scratch);
    if (!read_rows(recount, block, rows, name_count, fail)) {
        return false;
    }
    for (uint32_t p = 0; p < recount->property_count; p++) {
        if (!read_property(recount, block, p, fail)) {
            return false;
        }
    }
    for (uint32_t row = 0; row < rows; row++) {
        uint32_t c = recount->of_event[names[recount->events[row]]];
        for (; c != 0 && recount->same; c = recount->cubes[c - 1].next) {
            recount->same = take_out(recount, &recount->cubes[c - 1], row);
        }
    }
    return true;
}

static void check_empty(struct recount *recount)
{
    for (uint32_t c = 0; c < recount->cube_count; c++) {
        const struct check *check = &recount->cubes[c];
        for (size_t i = 0; i < (size_t)check->pages.count * STORE_CUBE_PAGE; i++) {
            recount->same = recount->same && check->cells[i] == 0;
        }
    }
}

bool store_segment_check_cubes(struct store_segment *segment, bool *out_same, struct fail *fail)
{
    *out_same = true;
    if (segment->cube_count == 0) {
        return true;
    }
    struct recount *recount = base_alloc_zero(sizeof *recount);
    *recount = (struct recount){
        .segment = segment, .arena = arena_new(NULL), .scratch = arena_new(NULL), .same = true};
    recount->reading.leave = true;
    store_words_init(&recount->words, &segment, 1);
    bool ok = prepare(recount, fail);
    for (uint32_t b = 0; ok && recount->same && b < segment->block_count; b++) {
        ok = take_block(recount, b, fail);
    }
    if (ok && recount->same) {
        check_empty(recount);
    }
    *out_same = recount->same;
    store_values_scratch_done(&recount->reading);
    store_words_done(&recount->words);
    arena_free(recount->scratch);
    arena_free(recount->arena);
    base_free(recount);
    return ok;
}
