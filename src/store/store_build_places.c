/* store_build_places.c — the places of less frequent events in a block: which rows are theirs, and in which slots. */
#include "base_bytes.h"
#include "store_build.h"
#include "store_codec_flat.h"

#define WORTH_ROWS 4096U /* shorter blocks are looked through as soon */
#define LISTED_ONE_IN 8U /* of more of a block's rows there would be little to pass over */
#define NOT_LISTED UINT32_MAX

struct store_build_places { /* of one block */
    uint32_t events; /* the first so many codes of the file, which are the most frequent ones */
    uint32_t counts[STORE_PLACES_EVENTS_MAX];
    uint32_t ends[STORE_PLACES_EVENTS_MAX]; /* below, in the order of codes; or NOT_LISTED */
    int64_t rows[STORE_SEGMENT_BLOCK_ROWS], slots[STORE_SEGMENT_BLOCK_ROWS];
};

void store_build_places_free(struct store_build_places *places)
{
    base_free(places);
}

static bool fit_slots(const struct store_build_block *block)
{
    bool fit = true;
    for (uint32_t i = 0; i < block->rows; i++) {
        int64_t ts_ms = block->ints[STORE_BUILD_TS][i];
        fit &= ts_ms >= INT32_MIN * (int64_t)STORE_SLOT_MS &&
               ts_ms <= INT32_MAX * (int64_t)STORE_SLOT_MS;
    }
    return fit;
}

/* Puts rows and slots of each listed event behind those of the event before it. Returns how many events are listed. */
static uint32_t sort_rows(const struct store_build_block *block, struct store_build_places *places)
{
    const int64_t *codes = block->ints[STORE_BUILD_EVENT];
    const int64_t *ts_ms = block->ints[STORE_BUILD_TS];
    uint32_t all = 0, listed = 0;
    memset(places->counts, 0, places->events * sizeof *places->counts);
    for (uint32_t i = 0; i < block->rows; i++) {
        if (codes[i] < places->events) {
            places->counts[codes[i]]++;
        }
    }
    for (uint32_t e = 0; e < places->events; e++) {
        bool lists = places->counts[e] > 0 && places->counts[e] <= block->rows / LISTED_ONE_IN;
        places->ends[e] = lists ? all : NOT_LISTED; /* where it begins, until its rows are there */
        all += lists ? places->counts[e] : 0;
        listed += lists;
    }
    for (uint32_t i = 0; i < block->rows; i++) {
        int64_t code = codes[i];
        if (code < places->events && places->ends[code] != NOT_LISTED) {
            uint32_t at = places->ends[code]++;
            places->rows[at] = i;
            places->slots[at] = store_stretch_of(ts_ms[i], STORE_SLOT_MS);
        }
    }
    return listed;
}

static bool put_run(struct store_build *build, const int64_t *values, uint32_t count,
                    struct fail *fail)
{
    size_t begin = build->out.len;
    base_buf_bytes(&build->out, "\0\0\0\0", 4);
    if (!store_flat_encode(values, count, &build->out, fail)) {
        return false;
    }
    base_put_u32(build->out.data + begin, (uint32_t)(build->out.len - begin - 4));
    return true;
}

static bool put_chunk(struct store_build *build, const struct store_build_places *places,
                      uint32_t listed, struct store_segment_piece *out, struct fail *fail)
{
    size_t begin = store_build_begin_chunk(build);
    uint8_t entry[STORE_PLACES_ENTRY_BYTES] = {0};
    base_put_u32(entry, listed);
    base_buf_bytes(&build->out, entry, sizeof entry);
    size_t table = build->out.len;
    for (uint32_t e = 0; e < places->events; e++) {
        if (places->ends[e] != NOT_LISTED) {
            base_put_u32(entry, e);
            base_buf_bytes(&build->out, entry, sizeof entry);
        }
    }
    size_t lists = build->out.len;
    for (uint32_t e = 0; e < places->events; e++) {
        if (places->ends[e] == NOT_LISTED) {
            continue;
        }
        uint32_t first = places->ends[e] - places->counts[e];
        if (!put_run(build, places->rows + first, places->counts[e], fail) ||
            !put_run(build, places->slots + first, places->counts[e], fail)) {
            return false;
        }
        base_put_u32(build->out.data + table + 4, (uint32_t)(build->out.len - lists));
        table += STORE_PLACES_ENTRY_BYTES;
    }
    return store_build_end_chunk(build, begin, out, fail);
}

bool store_build_places_put(struct store_build *build, const struct store_build_block *block,
                            struct fail *fail)
{
    struct store_segment_piece piece = {0};
    if (block->rows >= WORTH_ROWS && fit_slots(block)) {
        if (build->places == NULL) {
            uint32_t events = build->name_counts[STORE_FAMILY_EVENT];
            build->places = base_alloc_zero(sizeof *build->places);
            build->places->events =
                events < STORE_PLACES_EVENTS_MAX ? events : STORE_PLACES_EVENTS_MAX;
        }
        uint32_t listed = sort_rows(block, build->places);
        if (listed > 0 && !put_chunk(build, build->places, listed, &piece, fail)) {
            return false;
        }
        build->any_places |= listed > 0;
    }
    uint8_t entry[STORE_PLACES_CHUNK_BYTES];
    base_put_u64(entry, piece.offset);
    base_put_u64(entry + 8, piece.length);
    base_put_u64(entry + 16, piece.checksum);
    base_buf_bytes(&build->block_places, entry, sizeof entry);
    return base_buf_ok(&build->block_places, fail);
}
