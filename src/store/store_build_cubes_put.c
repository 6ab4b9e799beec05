/* store_build_cubes_put.c — writing the cubes that pay. */
#include <stdlib.h>

#include "base_bytes.h"
#include "store_build_cubes.h"

/* Pages of a cube in their order: codes of the combination, place in the span, page of the pool. */
struct line {
    uint32_t key, at, page;
};

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = a;
    const struct line *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    return x->at < y->at ? -1 : x->at > y->at;
}

static bool list_pages(const struct store_build_cubes *cubes, const struct store_build_cube *cube,
                       struct line **out, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_array(cube->page_count, sizeof **out, &block, fail)) {
        return false;
    }
    struct line *lines = block;
    const uint32_t *keys = cube->keys.data;
    const uint32_t *pages = cube->pages.data;
    uint32_t count = 0;
    for (uint32_t c = 0; c < cube->combinations; c++) {
        for (uint32_t at = 0; at < cubes->span; at++) {
            uint32_t page = pages[(size_t)c * cubes->span + at];
            if (page != 0) {
                lines[count++] = (struct line){.key = keys[c], .at = at, .page = page - 1};
            }
        }
    }
    INVARIANT(count == cube->page_count);
    qsort(lines, count, sizeof *lines, compare_lines);
    *out = lines;
    return true;
}

/* `values` has room for all cells. */
static bool put_lines(struct store_build *build, const struct store_build_cube *cube,
                      const struct line *lines, int64_t *values, struct fail *fail)
{
    const struct store_build_cubes *cubes = build->cubes;
    for (unsigned d = 0; d < cube->count; d++) {
        for (uint32_t i = 0; i < cube->page_count; i++) {
            values[i] =
                d == 0 ? lines[i].key / STORE_CUBE_VALUES : lines[i].key % STORE_CUBE_VALUES;
        }
        if (!store_build_put_run(values, cube->page_count, &build->out, fail)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < cube->page_count; i++) {
        values[i] = cubes->page_first + lines[i].at;
    }
    if (!store_build_put_run(values, cube->page_count, &build->out, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < cube->page_count; i++) {
        const uint32_t *cells = store_build_cubes_page(cubes, lines[i].page);
        for (uint32_t h = 0; h < STORE_CUBE_PAGE; h++) {
            values[(size_t)i * STORE_CUBE_PAGE + h] = cells[h];
        }
    }
    return store_build_put_run(values, cube->page_count * STORE_CUBE_PAGE, &build->out, fail);
}

static bool put_cube(struct store_build *build, const struct store_build_cube *cube,
                     struct store_segment_piece *out, struct fail *fail)
{
    CLEANUP(base_free_at) struct line *lines = NULL;
    CLEANUP(base_free_at) void *values = NULL;
    size_t begin = store_build_begin_chunk(build);
    return list_pages(build->cubes, cube, &lines, fail) &&
           base_alloc_array((size_t)cube->page_count * STORE_CUBE_PAGE, sizeof(int64_t), &values,
                            fail) &&
           put_lines(build, cube, lines, values, fail) &&
           store_build_end_chunk(build, begin, out, fail);
}

/* The values of a property by code, from 1 on; all strings in the heap. */
static bool put_values(struct store_build *build, const struct store_cube_watched *property,
                       struct store_segment_piece *out, struct fail *fail)
{
    uint32_t at[STORE_CUBE_VALUES];
    for (uint32_t i = 0; i < STORE_CUBE_VALUES; i++) {
        at[i] = i;
    }
    const struct store_values_input input = {.entries = property->value_count - 1,
                                             .rows = property->value_count - 1,
                                             .at = at,
                                             .values = property->values + 1};
    size_t begin = store_build_begin_chunk(build);
    return store_values_encode(&input, &build->encoder, &build->out, fail) &&
           store_build_end_chunk(build, begin, out, fail);
}

static bool put_property(struct store_build *build, const struct store_cube_watched *property,
                         struct base_buf *section, struct fail *fail)
{
    struct store_segment_piece piece;
    uint8_t entry[32];
    uint32_t name = build->columns[property->column].name;
    if (!put_values(build, property, &piece, fail)) {
        return false;
    }
    base_put_u32(entry, build->codes[STORE_FAMILY_PROPERTY][name]);
    base_put_u32(entry + 4, property->value_count - 1);
    store_build_put_piece(&piece, entry + 8);
    base_buf_bytes(section, entry, sizeof entry);
    return true;
}

bool store_build_cubes_put(struct store_build *build, struct base_buf *section, struct fail *fail)
{
    const struct store_build_cubes *cubes = build->cubes;
    uint32_t places[STORE_CUBE_PROPERTIES]; /* by property watched: its place in the file */
    uint32_t properties = 0, count = 0;
    if (cubes == NULL) {
        return true;
    }
    for (uint32_t p = 0; p < cubes->watched_count; p++) {
        places[p] = STORE_CUBE_NOTHING;
    }
    for (uint32_t c = 0; c < cubes->cube_count; c++) {
        const struct store_build_cube *cube = &cubes->cubes[c];
        count += store_build_cube_pays(cubes, cube);
        for (unsigned d = 0; d < cube->count && store_build_cube_pays(cubes, cube); d++) {
            uint32_t *place = &places[cube->properties[d]];
            *place = *place == STORE_CUBE_NOTHING ? properties++ : *place;
        }
    }
    if (count == 0) {
        return true;
    }
    uint8_t head[8];
    base_put_u32(head, properties);
    base_put_u32(head + 4, count);
    base_buf_bytes(section, head, sizeof head);
    for (uint32_t place = 0; place < properties; place++) {
        uint32_t p = 0;
        while (places[p] != place) {
            p++;
        }
        if (!put_property(build, &cubes->watched[p], section, fail)) {
            return false;
        }
    }
    for (uint32_t c = 0; c < cubes->cube_count; c++) {
        const struct store_build_cube *cube = &cubes->cubes[c];
        struct store_segment_piece piece;
        uint8_t entry[40] = {0};
        if (!store_build_cube_pays(cubes, cube)) {
            continue;
        }
        if (!put_cube(build, cube, &piece, fail)) {
            return false;
        }
        base_put_u32(entry, cube->event);
        base_put_u32(entry + 4, places[cube->properties[0]]);
        base_put_u32(entry + 8,
                     cube->count == 2 ? places[cube->properties[1]] : STORE_CUBE_NOTHING);
        store_build_put_piece(&piece, entry + 16);
        base_buf_bytes(section, entry, sizeof entry);
    }
    return base_buf_ok(section, fail);
}
