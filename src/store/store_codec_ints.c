/* store_codec_ints.c — reading runs of integers (docs/formats/segment.md, section 4). */
#include "base_bytes.h"
#include "store_codec.h"

#define HEADER_BYTES 16U
#define SCALED_BYTES 24U
#define FRAME_ENTRY_BYTES 8U

static uint32_t frame_count(uint32_t count)
{
    return count / STORE_INTS_FRAME + (count % STORE_INTS_FRAME != 0);
}

static bool bad(struct fail *fail, const char *what)
{
    return fail_set(fail, FAIL_CORRUPT, "integers: %s", what);
}

static bool open_flat(const uint8_t *bytes, size_t len, struct store_ints_flat *out,
                      struct fail *fail)
{
    struct store_ints_flat flat = {.kind = (enum store_ints_kind)bytes[0],
                                   .width = bytes[1],
                                   .zigzag = bytes[2] == 1,
                                   .count = base_get_u32(bytes + 4),
                                   .base = base_get_i64(bytes + 8),
                                   .scale = 1};
    if (bytes[2] > 1 || bytes[3] != 0 || flat.width > 64 || flat.count == 0) {
        return bad(fail, "malformed header");
    }
    if (flat.kind == STORE_INTS_CONSTANT) {
        *out = flat;
        return true;
    }
    if (len < SCALED_BYTES) {
        return bad(fail, "cut short");
    }
    flat.scale = base_get_u64(bytes + 16);
    const uint8_t *at = bytes + SCALED_BYTES;
    uint64_t left = len - SCALED_BYTES;
    if (flat.scale == 0) {
        return bad(fail, "scale is 0");
    }
    if (flat.kind == STORE_INTS_PACKED) {
        if (store_packed_bytes(flat.count, flat.width) > left) {
            return bad(fail, "cut short");
        }
        flat.payload = at;
        flat.payload_bytes = (size_t)left;
        *out = flat;
        return true;
    }
    if (flat.kind != STORE_INTS_FRAMES && flat.kind != STORE_INTS_DELTAS) {
        return bad(fail, "unknown encoding");
    }
    uint64_t frames = frame_count(flat.count);
    uint64_t table = frames * FRAME_ENTRY_BYTES;
    uint64_t bases = store_packed_bytes(frames, flat.width);
    if (table + bases > left) {
        return bad(fail, "cut short");
    }
    flat.table = at;
    flat.bases = at + table;
    flat.payload = flat.bases + bases;
    flat.payload_bytes = (size_t)(left - table - bases);
    *out = flat;
    return true;
}

bool store_ints_open(const uint8_t *bytes, size_t len, struct store_ints *out, struct fail *fail)
{
    if (len < HEADER_BYTES) {
        return bad(fail, "cut short");
    }
    struct store_ints ints = {0};
    if (bytes[0] != STORE_INTS_RUNS) {
        if (!open_flat(bytes, len, &ints.flat, fail)) {
            return false;
        }
        ints.count = ints.flat.count;
        *out = ints;
        return true;
    }
    ints.runs = true;
    ints.count = base_get_u32(bytes + 4);
    if (bytes[1] != 0 || bytes[2] != 0 || bytes[3] != 0 || ints.count == 0 ||
        base_get_i64(bytes + 8) != 0) {
        return bad(fail, "malformed header");
    }
    if (len < HEADER_BYTES + 4) {
        return bad(fail, "cut short");
    }
    size_t ends_len = base_get_u32(bytes + HEADER_BYTES);
    const uint8_t *ends = bytes + HEADER_BYTES + 4;
    size_t left = len - HEADER_BYTES - 4;
    if (ends_len < HEADER_BYTES || ends_len > left || left - ends_len < HEADER_BYTES) {
        return bad(fail, "cut short");
    }
    if (!open_flat(ends, ends_len, &ints.ends, fail) ||
        !open_flat(ends + ends_len, left - ends_len, &ints.flat, fail)) {
        return false;
    }
    if (ints.ends.count != ints.flat.count) {
        return bad(fail, "runs do not match");
    }
    *out = ints;
    return true;
}

/* ---- flat encodings ----------------------------------------------------------------------------------- */

/* One frame's values before scale, with `base` added. */
static bool read_frame(const struct store_ints_flat *flat, uint32_t frame, uint64_t base,
                       uint64_t *out, struct fail *fail)
{
    const uint8_t *entry = flat->table + (size_t)frame * FRAME_ENTRY_BYTES;
    uint64_t offset = base_get_u32(entry);
    unsigned width = entry[4];
    unsigned exceptions = entry[5];
    unsigned exception_width = entry[6];
    uint32_t first = frame * STORE_INTS_FRAME;
    uint32_t count =
        flat->count - first < STORE_INTS_FRAME ? flat->count - first : STORE_INTS_FRAME;
    uint64_t packed = store_packed_bytes(count, width);
    uint64_t end = offset + packed + exceptions + store_packed_bytes(exceptions, exception_width);
    if (width > 64 || exception_width > 64 || end > flat->payload_bytes) {
        return bad(fail, "a frame past the end");
    }
    const uint8_t *at = flat->payload + offset;
    uint64_t frame_base;
    store_unpack(flat->bases, (uint64_t)frame * flat->width, flat->width, 1, &frame_base);
    base += frame_base;
    store_unpack(at, 0, width, count, out);
    bool deltas = flat->kind == STORE_INTS_DELTAS;
    if (deltas && flat->zigzag) {
        store_unzigzag(out, count);
    }
    if (exceptions > 0) {
        uint64_t values[STORE_INTS_FRAME];
        const uint8_t *places = at + packed;
        store_unpack(places + exceptions, 0, exception_width, exceptions, values);
        for (unsigned e = 0; e < exceptions; e++) {
            if (places[e] >= count) {
                return bad(fail, "an exception past its frame");
            }
            out[places[e]] = deltas ? (uint64_t)base_unzigzag(values[e]) : values[e];
        }
    }
    if (deltas) {
        store_sum_up(out, count, base);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            out[i] += base;
        }
    }
    return true;
}

static void scale_up(const struct store_ints_flat *flat, const uint64_t *from, size_t count,
                     int64_t *out)
{
    uint64_t base = (uint64_t)flat->base;
    uint64_t scale = flat->scale;
    if (scale == 1) {
        for (size_t i = 0; i < count; i++) {
            out[i] = (int64_t)(base + from[i]);
        }
        return;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = (int64_t)(base + scale * from[i]);
    }
}

/* Values [skip, skip + count) of a frame. A whole one that is not scaled is read where it goes. */
static bool read_of_frame(const struct store_ints_flat *flat, uint32_t frame, uint32_t skip,
                          uint32_t count, int64_t *out, struct fail *fail)
{
    uint64_t values[STORE_INTS_FRAME];
    bool scaled = flat->scale != 1;
    uint64_t base = scaled ? 0 : (uint64_t)flat->base;
    if (!scaled && count == STORE_INTS_FRAME) {
        return read_frame(flat, frame, base, (uint64_t *)out, fail);
    }
    if (!read_frame(flat, frame, base, values, fail)) {
        return false;
    }
    if (scaled) {
        scale_up(flat, values + skip, count, out);
    } else {
        memcpy(out, values + skip, count * sizeof *out);
    }
    return true;
}

static bool read_flat(const struct store_ints_flat *flat, uint32_t from, uint32_t count,
                      int64_t *out, struct fail *fail)
{
    uint64_t values[STORE_INTS_FRAME];
    if (flat->kind == STORE_INTS_CONSTANT) {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = flat->base;
        }
        return true;
    }
    while (count > 0) {
        uint32_t skip = from % STORE_INTS_FRAME;
        uint32_t here = STORE_INTS_FRAME - skip < count ? STORE_INTS_FRAME - skip : count;
        if (flat->kind == STORE_INTS_PACKED) {
            store_unpack(flat->payload, (uint64_t)from * flat->width, flat->width, here, values);
            scale_up(flat, values, here, out);
        } else if (!read_of_frame(flat, from / STORE_INTS_FRAME, skip, here, out, fail)) {
            return false;
        }
        out += here;
        from += here;
        count -= here;
    }
    return true;
}

static bool search_flat(const struct store_ints_flat *flat, int64_t value, uint32_t *out,
                        struct fail *fail)
{
    uint32_t low = 0;
    uint32_t high = flat->count;
    if (flat->kind == STORE_INTS_FRAMES || flat->kind == STORE_INTS_DELTAS) {
        /* A frame's base is its first value, since they ascend: the last one below leads to the place. */
        uint32_t first = 0;
        uint32_t end = frame_count(flat->count);
        while (end - first > 1) {
            uint32_t middle = first + (end - first) / 2;
            uint64_t base;
            int64_t begins;
            store_unpack(flat->bases, (uint64_t)middle * flat->width, flat->width, 1, &base);
            scale_up(flat, &base, 1, &begins);
            if (begins < value) {
                first = middle;
            } else {
                end = middle;
            }
        }
        low = first * STORE_INTS_FRAME;
        high = high - low < STORE_INTS_FRAME ? high : low + STORE_INTS_FRAME;
        int64_t values[STORE_INTS_FRAME];
        if (!read_flat(flat, low, high - low, values, fail)) {
            return false;
        }
        uint32_t at = 0;
        while (at < high - low && values[at] < value) {
            at++;
        }
        *out = low + at;
        return true;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int64_t found;
        if (!read_flat(flat, middle, 1, &found, fail)) {
            return false;
        }
        if (found < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return true;
}

/* ---- all encodings ------------------------------------------------------------------------------------ */

static bool read_runs(const struct store_ints *ints, uint32_t from, uint32_t count, int64_t *out,
                      struct fail *fail)
{
    uint32_t run;
    if (!search_flat(&ints->ends, (int64_t)from + 1, &run, fail)) {
        return false;
    }
    int64_t ends[STORE_INTS_FRAME];
    int64_t values[STORE_INTS_FRAME];
    uint32_t at = from;
    uint32_t end = from + count;
    uint32_t most = 8; /* few for a short range, whole frames for a long one */
    while (at < end) {
        uint32_t here = ints->flat.count - run < most ? ints->flat.count - run : most;
        if (here == 0) {
            return bad(fail, "runs end too early");
        }
        if (!read_flat(&ints->ends, run, here, ends, fail) ||
            !read_flat(&ints->flat, run, here, values, fail)) {
            return false;
        }
        for (uint32_t i = 0; i < here && at < end; i++) {
            if (ends[i] < at || ends[i] > ints->count) {
                return bad(fail, "a run past the end");
            }
            uint32_t stop = ends[i] < end ? (uint32_t)ends[i] : end;
            for (; at < stop; at++) {
                *out++ = values[i];
            }
        }
        run += here;
        most = STORE_INTS_FRAME - run % STORE_INTS_FRAME;
    }
    return true;
}

bool store_ints_read(const struct store_ints *ints, uint32_t from, uint32_t count, int64_t *out,
                     struct fail *fail)
{
    INVARIANT(from <= ints->count && count <= ints->count - from);
    if (count == 0) {
        return true;
    }
    return ints->runs ? read_runs(ints, from, count, out, fail)
                      : read_flat(&ints->flat, from, count, out, fail);
}

/* Packed codes from 0 upwards, the usual case, without a detour over 64 bits. */
static bool read_packed_codes(const struct store_ints_flat *flat, uint32_t from, uint32_t count,
                              uint32_t bound, uint32_t *out, struct fail *fail)
{
    uint32_t base = (uint32_t)flat->base;
    uint32_t most = 0;
    store_unpack32(flat->payload, (uint64_t)from * flat->width, flat->width, count, out);
    for (uint32_t i = 0; i < count; i++) {
        out[i] += base;
        most = out[i] > most ? out[i] : most;
    }
    return most < bound || bad(fail, "a code past its list");
}

bool store_ints_read_codes(const struct store_ints *ints, uint32_t from, uint32_t count,
                           uint32_t bound, uint32_t *out, struct fail *fail)
{
    INVARIANT(from <= ints->count && count <= ints->count - from);
    const struct store_ints_flat *flat = &ints->flat;
    if (count > 0 && !ints->runs && flat->kind == STORE_INTS_PACKED && flat->scale == 1 &&
        flat->width < 32 && flat->base >= 0 && flat->base <= INT32_MAX) {
        return read_packed_codes(flat, from, count, bound, out, fail);
    }
    int64_t values[STORE_INTS_FRAME] = {0};
    while (count > 0) {
        uint32_t here = STORE_INTS_FRAME - from % STORE_INTS_FRAME;
        here = here < count ? here : count;
        if (!store_ints_read(ints, from, here, values, fail)) {
            return false;
        }
        uint64_t most = 0;
        for (uint32_t i = 0; i < here; i++) {
            uint64_t value = (uint64_t)values[i];
            most = value > most ? value : most;
            out[i] = (uint32_t)value;
        }
        if (most >= bound) {
            return bad(fail, "a code past its list");
        }
        out += here;
        from += here;
        count -= here;
    }
    return true;
}

bool store_ints_search(const struct store_ints *ints, int64_t value, uint32_t *out,
                       struct fail *fail)
{
    uint32_t at;
    if (!search_flat(&ints->flat, value, &at, fail)) {
        return false;
    }
    if (!ints->runs) {
        *out = at;
        return true;
    }
    if (at == 0) {
        *out = 0;
        return true;
    }
    int64_t end;
    if (!read_flat(&ints->ends, at - 1, 1, &end, fail)) {
        return false;
    }
    if (end < 0 || end > ints->count) {
        return bad(fail, "a run past the end");
    }
    *out = (uint32_t)end;
    return true;
}

/* ---- walking over runs ---------------------------------------------------------------------------------- */

void store_ints_walk_begin(const struct store_ints *ints, struct store_ints_walk *walk)
{
    walk->ints = ints;
    walk->run = 0;
    walk->at = 0;
    walk->count = 0;
    walk->first = 0;
    walk->end = 0;
}

static bool walk_runs(struct store_ints_walk *walk, uint32_t place, int64_t *out, uint32_t *out_end,
                      struct fail *fail)
{
    const struct store_ints *ints = walk->ints;
    if (walk->count == 0 && !search_flat(&ints->ends, (int64_t)place + 1, &walk->run, fail)) {
        return false;
    }
    for (;;) {
        while (walk->at < walk->count && walk->ends[walk->at] <= place) {
            walk->at++;
        }
        if (walk->at < walk->count) {
            break;
        }
        uint32_t left = ints->flat.count - walk->run;
        uint32_t here = STORE_INTS_FRAME - walk->run % STORE_INTS_FRAME;
        here = here < left ? here : left;
        if (here == 0) {
            return bad(fail, "runs end too early");
        }
        if (!read_flat(&ints->ends, walk->run, here, walk->ends, fail) ||
            !read_flat(&ints->flat, walk->run, here, walk->values, fail)) {
            return false;
        }
        walk->run += here;
        walk->at = 0;
        walk->count = here;
    }
    if (walk->ends[walk->at] > ints->count) {
        return bad(fail, "a run past the end");
    }
    *out = walk->values[walk->at];
    *out_end = (uint32_t)walk->ends[walk->at];
    return true;
}

bool store_ints_walk_to(struct store_ints_walk *walk, uint32_t place, int64_t *out,
                        uint32_t *out_end, struct fail *fail)
{
    const struct store_ints *ints = walk->ints;
    INVARIANT(place < ints->count);
    if (ints->runs) {
        return walk_runs(walk, place, out, out_end, fail);
    }
    if (place >= walk->end) {
        walk->first = place / STORE_INTS_FRAME * STORE_INTS_FRAME;
        walk->end = ints->count - walk->first < STORE_INTS_FRAME ? ints->count
                                                                 : walk->first + STORE_INTS_FRAME;
        if (!read_flat(&ints->flat, walk->first, walk->end - walk->first, walk->values, fail)) {
            return false;
        }
    }
    int64_t value = walk->values[place - walk->first];
    uint32_t end = place + 1;
    while (end < walk->end && walk->values[end - walk->first] == value) {
        end++;
    }
    *out = value;
    *out_end = end;
    return true;
}
