/* store_segment_days.c — the days of a segment's events: which there are, and their cells. */
#include <inttypes.h>

#include "base_bytes.h"
#include "store_segment.h"

static bool bad(struct fail *fail, const char *what)
{
    return fail_set(fail, FAIL_CORRUPT, "days of events: %s", what);
}

static struct store_segment_piece piece_at(const uint8_t *at)
{
    return (struct store_segment_piece){base_get_u64(at), base_get_u64(at + 8),
                                        base_get_u64(at + 16)};
}

static bool open_set(struct store_segment *segment, const uint8_t *entry,
                     struct store_days_set *out, struct fail *fail)
{
    uint32_t code = base_get_u32(entry);
    struct store_segment_piece piece = piece_at(entry + 8);
    if ((code != STORE_DAYS_ALL && code >= segment->code_counts[STORE_FAMILY_EVENT]) ||
        base_get_u32(entry + 4) != 0 ||
        !store_segment_inside(segment, piece.offset, piece.length)) {
        return bad(fail, "impossible numbers");
    }
    out->event = code == STORE_DAYS_ALL ? STORE_NO_CODE : segment->codes[STORE_FAMILY_EVENT][code];
    out->offset = piece.offset;
    out->length = piece.length;
    out->checksum = piece.checksum;
    return true;
}

bool store_segment_open_days(struct store_segment *segment, size_t mark, struct fail *fail)
{
    struct str section = segment->sections[STORE_SEGMENT_TAG_DAYS];
    const uint8_t *at = (const uint8_t *)section.data;
    void *sets = NULL;
    if (at == NULL) {
        return true;
    }
    if (section.len < STORE_DAYS_HEAD_BYTES) {
        return bad(fail, "cut short");
    }
    uint32_t days = base_get_u32(at), count = base_get_u32(at + 4);
    segment->day_begins = piece_at(at + 8);
    if (days == 0 || days > STORE_DAYS_MAX || count == 0 ||
        section.len != STORE_DAYS_HEAD_BYTES + count * STORE_DAYS_SET_BYTES ||
        !store_segment_inside(segment, segment->day_begins.offset, segment->day_begins.length)) {
        return bad(fail, "impossible numbers");
    }
    if (!base_alloc_array(count, sizeof *segment->day_sets, &sets, fail)) {
        return false;
    }
    segment->day_sets = sets;
    segment->days_mark = mark;
    at += STORE_DAYS_HEAD_BYTES;
    for (uint32_t s = 0; s < count; s++, at += STORE_DAYS_SET_BYTES) {
        segment->day_sets[s].mark = mark + 1 + s;
        if (!open_set(segment, at, &segment->day_sets[s], fail)) {
            return false;
        }
    }
    segment->day_count = days;
    segment->day_set_count = count;
    return true;
}

uint32_t store_segment_days(const struct store_segment *segment)
{
    return segment->day_count;
}

uint32_t store_segment_days_sets(const struct store_segment *segment,
                                 const struct store_days_set **out)
{
    *out = segment->day_sets;
    return segment->day_set_count;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

/* The one run of a chunk, of `count` values. */
static bool read_run(const struct store_segment *segment, const struct store_segment_piece *piece,
                     size_t mark, size_t count, struct arena *arena, int64_t **out,
                     struct fail *fail)
{
    const uint8_t *bytes;
    struct store_ints ints;
    if (!store_segment_bytes(segment, piece->offset, piece->length, piece->checksum, mark, &bytes,
                             fail) ||
        !store_segment_runs_open(bytes, (size_t)piece->length, &ints, 1, 1, fail)) {
        return false;
    }
    if (ints.count != count) {
        return fail_set(fail, FAIL_CORRUPT, "%" PRIu32 " values in place of %zu", ints.count,
                        count);
    }
    *out = arena_array(arena, count, sizeof **out, fail);
    return *out != NULL && store_ints_read(&ints, 0, (uint32_t)count, *out, fail);
}

static bool read_begins(const struct store_segment *segment, struct arena *arena, int64_t **out,
                        struct fail *fail)
{
    uint32_t days = segment->day_count;
    if (!read_run(segment, &segment->day_begins, segment->days_mark, (size_t)days + 1, arena, out,
                  fail)) {
        return false;
    }
    bool ascend = (*out)[0] <= segment->info.ts_min_ms && (*out)[days] > segment->info.ts_max_ms;
    for (uint32_t i = 0; i < days; i++) {
        ascend = ascend && (*out)[i] < (*out)[i + 1];
    }
    return ascend || fail_set(fail, FAIL_CORRUPT, "they do not ascend, or rows lie outside");
}

bool store_segment_days_begins(const struct store_segment *segment, struct arena *arena,
                               const int64_t **out, struct fail *fail)
{
    int64_t *begins;
    if (!read_begins(segment, arena, &begins, fail)) {
        return fail_at(fail, "%s: days of events", segment->path);
    }
    *out = begins;
    return true;
}

static bool read_cells(const struct store_segment *segment, const struct store_days_set *set,
                       struct arena *arena, int64_t **out, struct fail *fail)
{
    const struct store_segment_piece piece = {set->offset, set->length, set->checksum};
    size_t count = store_days_cells(segment->day_count);
    if (!read_run(segment, &piece, set->mark, count, arena, out, fail)) {
        return false;
    }
    bool possible = true;
    for (size_t i = 0; i < count; i++) {
        possible &= (*out)[i] >= 0 && (uint64_t)(*out)[i] <= segment->info.customers;
    }
    return possible || fail_set(fail, FAIL_CORRUPT, "impossible numbers");
}

bool store_segment_days_read(const struct store_segment *segment, const struct store_days_set *set,
                             struct arena *arena, const int64_t **out, struct fail *fail)
{
    int64_t *cells;
    if (!read_cells(segment, set, arena, &cells, fail)) {
        return fail_at(fail, "%s: days of events", segment->path);
    }
    *out = cells;
    return true;
}
