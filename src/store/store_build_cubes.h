/* store_build_cubes.h — the cubes of a segment while its blocks are written.
 *
 * What: of each frequent event, its rows by the values of one property or of two, and by the hour (store_segment.h says how
 *   they are read). Which properties have few values is not known before the rows are: all that might are watched, and
 *   a cube is given up as soon as it is plain that it will not pay. What is given up costs nothing from then on.
 * Owner: the build; store_build_cubes_free.   Threads: one.
 * Failure: without memory a cube is given up; nothing fails for it.
 * Limits/cost: 48 MiB of cells, in pages of 256 hours; some 2 ns a row and cube.
 * Units: rows, cells, pages.   Example: none, internal.   Not here: reading (store_segment_cubes.c).
 */
#pragma once

#include "store_build.h"

#define STORE_CUBE_EVENTS_MAX 16U          /* the most frequent ones: their codes are the lowest */
#define STORE_CUBE_EVENT_PROPERTIES_MAX 5U /* of one event: these, and every pair of them */
#define STORE_CUBES_MAX                                                                            \
    (STORE_CUBE_EVENTS_MAX * STORE_CUBE_EVENT_PROPERTIES_MAX *                                     \
     (STORE_CUBE_EVENT_PROPERTIES_MAX + 1) / 2)
#define STORE_CUBE_ROWS_A_CELL 2U /* at least, of the event; or the cube does not pay */
#define STORE_CUBE_PLACES_MAX                                                                      \
    ((size_t)1 << 20) /* of a cube: combinations times the pages that the segment spans */
#define STORE_CUBE_CHUNK_PAGES 1024U

struct store_cube_watched { /* a property */
    uint32_t column;
    bool dead;
    uint32_t value_count; /* with the missing one, whose code is 0 */
    struct store_value values[STORE_CUBE_VALUES];
    uint8_t *of_code; /* by place in the dictionary: the value's code, 0 where it was not met */
    uint16_t *slots;  /* by hash: 1 + code, of values that are in no dictionary */
    uint8_t *codes;   /* by row of the block */
    uint32_t entries[STORE_CUBE_EVENTS_MAX]; /* of the first block, by event */
};
struct store_build_cube {
    uint32_t event;
    uint32_t properties[2]; /* places among those watched */
    unsigned count;
    bool dead;
    uint32_t room[2]; /* codes that the table has places for */
    uint16_t *table;  /* by both codes: 1 + the combination */
    uint32_t combinations;
    struct store_vec keys;  /* by combination: both codes */
    struct store_vec pages; /* by combination and page of the span: 1 + page of the pool */
    uint32_t page_count;
};
struct store_build_cubes {
    struct arena *arena;
    int64_t page_first; /* of the span */
    uint32_t span;
    uint64_t rows_all, rows_done; /* as the sources say; and counted so far */
    struct store_cube_watched *watched;
    uint32_t watched_count;
    bool chosen;
    struct store_build_cube cubes[STORE_CUBES_MAX];
    uint32_t cube_count;
    uint64_t event_rows[STORE_CUBE_EVENTS_MAX];
    uint32_t **chunks; /* of STORE_CUBE_CHUNK_PAGES */
    uint32_t pages_used, pages_most;
    struct store_vec spare; /* pages that were given back */
    uint32_t spare_count;
    /* Of the block: by row its page of the span and its hour there; the rows by event. */
    uint32_t *page_of, *order;
    uint8_t *hour_of;
};

static inline uint32_t *store_build_cubes_page(const struct store_build_cubes *cubes, uint32_t page)
{
    return cubes->chunks[page / STORE_CUBE_CHUNK_PAGES] +
           (size_t)(page % STORE_CUBE_CHUNK_PAGES) * STORE_CUBE_PAGE;
}
/* Gives the cube's pages back. */
void store_build_cube_drop(struct store_build_cubes *cubes, struct store_build_cube *cube);
/* Counts rows of the block in the cube, which may be given up on the way. */
void store_build_cube_count(struct store_build_cubes *cubes, struct store_build_cube *cube,
                            const uint32_t *rows, uint32_t count);
/* Are there as many rows as make the cube worth its cells? */
static inline bool store_build_cube_pays(const struct store_build_cubes *cubes,
                                         const struct store_build_cube *cube)
{
    return cube->page_count > 0 &&
           (uint64_t)cube->page_count * STORE_CUBE_PAGE * STORE_CUBE_ROWS_A_CELL <=
               cubes->event_rows[cube->event];
}
