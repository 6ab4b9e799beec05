/* store_segment_cubes.c — the cubes of a segment: which there are, their values and their cells. */
#include "base_bytes.h"
#include "store_segment.h"

#define HEAD_BYTES ((size_t)8)
#define PROPERTY_BYTES ((size_t)32)
#define CUBE_BYTES ((size_t)40)

/* ---- opening ------------------------------------------------------------------------------------------------ */

static bool bad(struct fail *fail, const char *what)
{
    return fail_set(fail, FAIL_CORRUPT, "cubes: %s", what);
}

static bool open_property(struct store_segment *segment, const uint8_t *entry,
                          struct store_cube_property *out, struct fail *fail)
{
    uint32_t name = base_get_u32(entry);
    out->values = base_get_u32(entry + 4);
    out->offset = base_get_u64(entry + 8);
    out->length = base_get_u64(entry + 16);
    out->checksum = base_get_u64(entry + 24);
    if (name >= segment->code_counts[STORE_FAMILY_PROPERTY] || out->values == 0 ||
        out->values >= STORE_CUBE_VALUES ||
        !store_segment_inside(segment, out->offset, out->length)) {
        return bad(fail, "a property with impossible numbers");
    }
    out->name = segment->codes[STORE_FAMILY_PROPERTY][name];
    return true;
}

static bool open_cube(struct store_segment *segment, const uint8_t *entry, struct store_cube *out,
                      struct fail *fail)
{
    uint32_t event = base_get_u32(entry);
    out->properties[0] = base_get_u32(entry + 4);
    out->properties[1] = base_get_u32(entry + 8);
    out->count = out->properties[1] == STORE_CUBE_NOTHING ? 1 : 2;
    out->offset = base_get_u64(entry + 16);
    out->length = base_get_u64(entry + 24);
    out->checksum = base_get_u64(entry + 32);
    bool known = event < segment->code_counts[STORE_FAMILY_EVENT] && base_get_u32(entry + 12) == 0;
    for (unsigned d = 0; d < out->count; d++) {
        known = known && out->properties[d] < segment->cube_property_count;
    }
    if (!known || (out->count == 2 && out->properties[0] == out->properties[1]) ||
        !store_segment_inside(segment, out->offset, out->length)) {
        return bad(fail, "impossible numbers");
    }
    out->event = segment->codes[STORE_FAMILY_EVENT][event];
    return true;
}

bool store_segment_open_cubes(struct store_segment *segment, size_t mark, struct fail *fail)
{
    struct str section = segment->sections[STORE_SEGMENT_TAG_CUBES];
    const uint8_t *at = (const uint8_t *)section.data;
    void *properties = NULL, *cubes = NULL;
    if (at == NULL) {
        return true;
    }
    if (section.len < HEAD_BYTES) {
        return bad(fail, "cut short");
    }
    uint32_t property_count = base_get_u32(at), cube_count = base_get_u32(at + 4);
    if (property_count > STORE_CUBE_PROPERTIES || cube_count == 0 ||
        section.len != HEAD_BYTES + property_count * PROPERTY_BYTES + cube_count * CUBE_BYTES) {
        return bad(fail, "cut short");
    }
    if (!base_alloc_array(property_count, sizeof *segment->cube_properties, &properties, fail)) {
        return false;
    }
    segment->cube_properties = properties;
    segment->cube_property_count = property_count;
    if (!base_alloc_array(cube_count, sizeof *segment->cubes, &cubes, fail)) {
        return false;
    }
    segment->cubes = cubes;
    segment->cube_count = cube_count;
    at += HEAD_BYTES;
    for (uint32_t p = 0; p < property_count; p++, at += PROPERTY_BYTES) {
        segment->cube_properties[p].mark = mark++;
        if (!open_property(segment, at, &segment->cube_properties[p], fail)) {
            return false;
        }
    }
    for (uint32_t c = 0; c < cube_count; c++, at += CUBE_BYTES) {
        segment->cubes[c].mark = mark++;
        if (!open_cube(segment, at, &segment->cubes[c], fail)) {
            return false;
        }
    }
    return true;
}

/* ---- finding ------------------------------------------------------------------------------------------------- */

uint32_t store_segment_cubes(const struct store_segment *segment, const struct store_cube **out)
{
    *out = segment->cubes;
    return segment->cube_count;
}

const struct store_cube_property *store_segment_cube_property(const struct store_segment *segment,
                                                              uint32_t place)
{
    return &segment->cube_properties[place];
}

static bool knows(const struct store_segment *segment, const struct store_cube *cube, uint32_t name)
{
    for (unsigned d = 0; d < cube->count; d++) {
        if (segment->cube_properties[cube->properties[d]].name == name) {
            return true;
        }
    }
    return false;
}

const struct store_cube *store_segment_cube_find(const struct store_segment *segment,
                                                 uint32_t event, const uint32_t *properties,
                                                 unsigned count)
{
    const struct store_cube *found = NULL;
    for (uint32_t c = 0; c < segment->cube_count; c++) {
        const struct store_cube *cube = &segment->cubes[c];
        bool all = cube->event == event;
        for (unsigned i = 0; i < count && all; i++) {
            all = knows(segment, cube, properties[i]);
        }
        if (all && (found == NULL || cube->length < found->length)) {
            found = cube;
        }
    }
    return found;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static bool read_values(const struct store_segment *segment,
                        const struct store_cube_property *property, struct arena *arena,
                        struct store_value *out, struct fail *fail)
{
    const uint8_t *bytes;
    struct store_values values;
    struct store_values_scratch scratch = {.strings = arena};
    if (!store_segment_bytes(segment, property->offset, property->length, property->checksum,
                             property->mark, &bytes, fail) ||
        !store_values_open(bytes, (size_t)property->length, property->values, NULL, &values,
                           fail)) {
        return false;
    }
    if (values.entries != property->values || values.places != STORE_PLACES_ALL) {
        return fail_set(fail, FAIL_CORRUPT, "values and their number differ");
    }
    bool ok = store_values_read(&values, 0, property->values, NULL, 0, &scratch, out + 1, fail);
    store_values_scratch_done(&scratch);
    for (uint32_t i = 1; ok && i <= property->values; i++) {
        ok = out[i].kind != STORE_NULL || fail_set(fail, FAIL_CORRUPT, "a value of a missing one");
    }
    return ok;
}

bool store_segment_cube_values(const struct store_segment *segment, uint32_t place,
                               struct arena *arena, struct store_value **out, struct fail *fail)
{
    const struct store_cube_property *property = &segment->cube_properties[place];
    *out = arena_array(arena, (size_t)property->values + 1, sizeof **out, fail);
    return *out != NULL && (read_values(segment, property, arena, *out, fail) ||
                            fail_at(fail, "%s: values of cubes", segment->path));
}

/* Do pages ascend by codes and number, within the times of the segment? */
static bool check_pages(const struct store_segment *segment, const struct store_cube_pages *pages,
                        unsigned dimensions, struct fail *fail)
{
    int64_t first = store_cube_page_of(segment->info.ts_min_ms);
    int64_t last = store_cube_page_of(segment->info.ts_max_ms);
    for (uint32_t i = 0; i < pages->count; i++) {
        bool after = i == 0, same = i > 0;
        for (unsigned d = 0; d < dimensions && same; d++) {
            after = pages->codes[d][i] > pages->codes[d][i - 1];
            same = pages->codes[d][i] == pages->codes[d][i - 1];
        }
        after = after || (same && pages->pages[i] > pages->pages[i - 1]);
        if (!after || pages->pages[i] < first || pages->pages[i] > last) {
            return fail_set(fail, FAIL_CORRUPT, "pages do not ascend");
        }
    }
    return true;
}

static bool open_pages(const struct store_segment *segment, const struct store_cube *cube,
                       struct arena *arena, struct store_cube_pages *out, struct fail *fail)
{
    const uint8_t *bytes;
    struct store_ints runs[STORE_CUBE_DIMENSIONS + 2];
    if (!store_segment_bytes(segment, cube->offset, cube->length, cube->checksum, cube->mark,
                             &bytes, fail) ||
        !store_segment_runs_open(bytes, (size_t)cube->length, runs, cube->count + 2,
                                 cube->count + 1, fail)) {
        return false;
    }
    *out = (struct store_cube_pages){.count = runs[0].count, .cells = runs[cube->count + 1]};
    if ((uint64_t)out->count * STORE_CUBE_PAGE != out->cells.count ||
        out->cells.count > segment->info.rows * STORE_CUBE_PAGE) {
        return fail_set(fail, FAIL_CORRUPT, "pages and cells differ");
    }
    for (unsigned d = 0; d < cube->count; d++) {
        uint32_t *codes = arena_array(arena, out->count, sizeof *codes, fail);
        uint32_t bound = segment->cube_properties[cube->properties[d]].values + 1;
        if (codes == NULL || !store_ints_read_codes(&runs[d], 0, out->count, bound, codes, fail)) {
            return false;
        }
        out->codes[d] = codes;
    }
    int64_t *pages = arena_array(arena, out->count, sizeof *pages, fail);
    out->pages = pages;
    return pages != NULL && store_ints_read(&runs[cube->count], 0, out->count, pages, fail) &&
           check_pages(segment, out, cube->count, fail);
}

bool store_segment_cube_open(const struct store_segment *segment, const struct store_cube *cube,
                             struct arena *arena, struct store_cube_pages *out, struct fail *fail)
{
    return open_pages(segment, cube, arena, out, fail) ||
           fail_at(fail, "%s: a cube", segment->path);
}

bool store_segment_cube_cells(const struct store_segment *segment,
                              const struct store_cube_pages *pages, uint32_t at,
                              int64_t out[STORE_CUBE_PAGE], struct fail *fail)
{
    bool ok = store_ints_read(&pages->cells, at * STORE_CUBE_PAGE, STORE_CUBE_PAGE, out, fail);
    int64_t any = 0;
    for (uint32_t i = 0; ok && i < STORE_CUBE_PAGE; i++) {
        any |= out[i]; /* below 0 where one of them is */
    }
    if (ok && any < 0) {
        ok = fail_set(fail, FAIL_CORRUPT, "impossible numbers");
    }
    return ok || fail_at(fail, "%s: a cube", segment->path);
}
