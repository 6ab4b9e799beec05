/* store_build_cubes_count.c — counting rows in cubes: combinations of values, and the pages of their hours. */
#include "store_build_cubes.h"

#define PAGES_MOST_CUBE 16384U

/* ---- pages --------------------------------------------------------------------------------------------------- */

void store_build_cube_drop(struct store_build_cubes *cubes, struct store_build_cube *cube)
{
    struct fail ignored;
    const uint32_t *pages = cube->pages.data;
    size_t places = (size_t)cube->combinations * cubes->span;
    if (store_vec_room(&cubes->spare, (size_t)cubes->spare_count + cube->page_count,
                       sizeof(uint32_t), NULL, &ignored)) {
        uint32_t *spare = cubes->spare.data;
        for (size_t i = 0; i < places; i++) {
            if (pages[i] != 0) {
                spare[cubes->spare_count++] = pages[i] - 1;
            }
        }
    }
    cube->dead = true;
    cube->combinations = cube->page_count = 0;
    base_free(cube->table);
    cube->table = NULL;
    store_vec_done(&cube->keys, NULL);
    store_vec_done(&cube->pages, NULL);
}

/* The cube with the most pages for the rows that it counts: the one that asks for another, or one of the others. */
static struct store_build_cube *find_worst(struct store_build_cubes *cubes,
                                           struct store_build_cube *asking)
{
    struct store_build_cube *worst = asking;
    uint64_t worst_pages = (uint64_t)asking->page_count + 1;
    for (uint32_t c = 0; c < cubes->cube_count; c++) {
        struct store_build_cube *cube = &cubes->cubes[c];
        if (!cube->dead && cube->page_count * cubes->event_rows[worst->event] >
                               worst_pages * cubes->event_rows[cube->event]) {
            worst = cube;
            worst_pages = cube->page_count;
        }
    }
    return worst;
}

/* 1 + a page of zeros; 0: the cube that asks is given up. */
static uint32_t take_page(struct store_build_cubes *cubes, struct store_build_cube *cube)
{
    struct fail ignored;
    if (cube->page_count == PAGES_MOST_CUBE) {
        store_build_cube_drop(cubes, cube);
        return 0;
    }
    if (cubes->spare_count == 0 && cubes->pages_used == cubes->pages_most) {
        store_build_cube_drop(cubes, find_worst(cubes, cube));
        if (cube->dead || cubes->spare_count == 0) {
            return 0;
        }
    }
    uint32_t page;
    if (cubes->spare_count > 0) {
        page = ((const uint32_t *)cubes->spare.data)[--cubes->spare_count];
    } else {
        page = cubes->pages_used;
        uint32_t **chunk = &cubes->chunks[page / STORE_CUBE_CHUNK_PAGES];
        if (page % STORE_CUBE_CHUNK_PAGES == 0) {
            void *block = NULL;
            if (!base_alloc_array((size_t)STORE_CUBE_CHUNK_PAGES * STORE_CUBE_PAGE, sizeof **chunk,
                                  &block, &ignored)) {
                store_build_cube_drop(cubes, cube);
                return 0;
            }
            *chunk = block;
        }
        cubes->pages_used++;
    }
    memset(store_build_cubes_page(cubes, page), 0, STORE_CUBE_PAGE * sizeof(uint32_t));
    cube->page_count++;
    return page + 1;
}

/* ---- counting ------------------------------------------------------------------------------------------------ */

/* Makes the table hold both codes. */
static bool grow_table(struct store_build_cube *cube, const uint8_t codes[2])
{
    struct fail ignored;
    uint32_t room[2] = {cube->room[0], cube->room[1]};
    for (unsigned i = 0; i < 2; i++) {
        room[i] = room[i] == 0 ? 1 : room[i];
        while (room[i] <= codes[i]) {
            room[i] *= 2;
        }
    }
    void *block = NULL;
    if (!base_alloc_array((size_t)room[0] * room[1], sizeof *cube->table, &block, &ignored)) {
        return false;
    }
    memset(block, 0, (size_t)room[0] * room[1] * sizeof *cube->table);
    base_free(cube->table);
    cube->table = block;
    const uint32_t *keys = cube->keys.data;
    for (uint32_t i = 0; i < cube->combinations; i++) {
        cube->table[keys[i] / STORE_CUBE_VALUES * room[1] + keys[i] % STORE_CUBE_VALUES] =
            (uint16_t)(i + 1);
    }
    memcpy(cube->room, room, sizeof room);
    return true;
}

/* 1 + the combination of both codes; 0: the cube is given up. */
static uint32_t make_combination(struct store_build_cubes *cubes, struct store_build_cube *cube,
                                 const uint8_t codes[2])
{
    struct fail ignored;
    size_t places = (size_t)(cube->combinations + 1) * cubes->span;
    bool fits = cube->combinations < UINT16_MAX && places <= STORE_CUBE_PLACES_MAX;
    if (!fits ||
        ((codes[0] >= cube->room[0] || codes[1] >= cube->room[1]) && !grow_table(cube, codes)) ||
        !store_vec_room(&cube->keys, (size_t)cube->combinations + 1, sizeof(uint32_t), NULL,
                        &ignored) ||
        !store_vec_room(&cube->pages, places, sizeof(uint32_t), NULL, &ignored)) {
        store_build_cube_drop(cubes, cube);
        return 0;
    }
    memset((uint32_t *)cube->pages.data + (places - cubes->span), 0,
           cubes->span * sizeof(uint32_t));
    ((uint32_t *)cube->keys.data)[cube->combinations] = codes[0] * STORE_CUBE_VALUES + codes[1];
    cube->combinations++;
    cube->table[codes[0] * cube->room[1] + codes[1]] = (uint16_t)cube->combinations;
    return cube->combinations;
}

static uint32_t combination_of(const struct store_build_cube *cube, uint8_t first, uint8_t second)
{
    return first < cube->room[0] && second < cube->room[1]
               ? cube->table[first * cube->room[1] + second]
               : 0;
}

void store_build_cube_count(struct store_build_cubes *cubes, struct store_build_cube *cube,
                            const uint32_t *rows, uint32_t count)
{
    static const uint8_t none[STORE_SEGMENT_BLOCK_ROWS];
    const uint8_t *first = cubes->watched[cube->properties[0]].codes;
    const uint8_t *second = cube->count == 2 ? cubes->watched[cube->properties[1]].codes : none;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = rows[i];
        uint32_t combination = combination_of(cube, first[row], second[row]);
        if (combination == 0) {
            const uint8_t codes[2] = {first[row], second[row]};
            combination = make_combination(cubes, cube, codes);
            if (combination == 0) {
                return;
            }
        }
        size_t place = (size_t)(combination - 1) * cubes->span + cubes->page_of[row];
        uint32_t page = ((const uint32_t *)cube->pages.data)[place];
        if (page == 0) {
            page = take_page(cubes, cube);
            if (page == 0) {
                return;
            }
            ((uint32_t *)cube->pages.data)[place] = page;
        }
        store_build_cubes_page(cubes, page - 1)[cubes->hour_of[row]]++;
    }
}
