/* store_codec_ints.c — reading runs of integers (docs/formats/segment.md, section 4). */
#include "base_bytes.h"
#include "store_codec_flat.h"

#define SCALED_BYTES 24U
#define FRAME_ENTRY_BYTES 8U

static uint32_t frame_count(uint32_t count)
{
    return count / STORE_INTS_FRAME + (count % STORE_INTS_FRAME != 0);
}

bool store_flat_open(const uint8_t *bytes, size_t len, struct store_ints_flat *out,
                     struct fail *fail)
{
    struct store_ints_flat flat = {.kind = (enum store_ints_kind)bytes[0],
                                   .width = bytes[1],
                                   .zigzag = bytes[2] == 1,
                                   .count = base_get_u32(bytes + 4),
                                   .base = base_get_i64(bytes + 8),
                                   .scale = 1};
    if (bytes[2] > 1 || bytes[3] != 0 || flat.width > 64 || flat.count == 0) {
        return store_ints_bad(fail, "malformed header");
    }
    if (flat.kind == STORE_INTS_CONSTANT) {
        *out = flat;
        return true;
    }
    if (len < SCALED_BYTES) {
        return store_ints_bad(fail, "cut short");
    }
    flat.scale = base_get_u64(bytes + 16);
    const uint8_t *at = bytes + SCALED_BYTES;
    uint64_t left = len - SCALED_BYTES;
    if (flat.scale == 0) {
        return store_ints_bad(fail, "scale is 0");
    }
    if (flat.kind == STORE_INTS_PACKED) {
        if (store_packed_bytes(flat.count, flat.width) > left) {
            return store_ints_bad(fail, "cut short");
        }
        flat.payload = at;
        flat.payload_bytes = (size_t)left;
        *out = flat;
        return true;
    }
    if (flat.kind != STORE_INTS_FRAMES && flat.kind != STORE_INTS_DELTAS) {
        return store_ints_bad(fail, "unknown encoding");
    }
    uint64_t frames = frame_count(flat.count);
    uint64_t table = frames * FRAME_ENTRY_BYTES;
    uint64_t bases = store_packed_bytes(frames, flat.width);
    if (table + bases > left) {
        return store_ints_bad(fail, "cut short");
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
    if (len < STORE_INTS_HEADER_BYTES) {
        return store_ints_bad(fail, "cut short");
    }
    if (bytes[0] == STORE_INTS_PARTED) {
        return store_parted_open(bytes, len, out, fail);
    }
    struct store_ints ints = {0};
    if (bytes[0] != STORE_INTS_RUNS) {
        if (!store_flat_open(bytes, len, &ints.flat, fail)) {
            return false;
        }
        ints.count = ints.flat.count;
        *out = ints;
        return true;
    }
    ints.form = STORE_INTS_IN_RUNS;
    ints.count = base_get_u32(bytes + 4);
    if (bytes[1] != 0 || bytes[2] != 0 || bytes[3] != 0 || ints.count == 0 ||
        base_get_i64(bytes + 8) != 0) {
        return store_ints_bad(fail, "malformed header");
    }
    if (len < STORE_INTS_HEADER_BYTES + 4) {
        return store_ints_bad(fail, "cut short");
    }
    size_t ends_len = base_get_u32(bytes + STORE_INTS_HEADER_BYTES);
    const uint8_t *ends = bytes + STORE_INTS_HEADER_BYTES + 4;
    size_t left = len - STORE_INTS_HEADER_BYTES - 4;
    if (ends_len < STORE_INTS_HEADER_BYTES || ends_len > left ||
        left - ends_len < STORE_INTS_HEADER_BYTES) {
        return store_ints_bad(fail, "cut short");
    }
    if (!store_flat_open(ends, ends_len, &ints.ends, fail) ||
        !store_flat_open(ends + ends_len, left - ends_len, &ints.flat, fail)) {
        return false;
    }
    if (ints.ends.count != ints.flat.count) {
        return store_ints_bad(fail, "runs do not match");
    }
    *out = ints;
    return true;
}

/* ---- flat encodings ----------------------------------------------------------------------------------- */

bool store_frame_open(const struct store_ints_flat *flat, uint32_t at, struct store_frame *out,
                      struct fail *fail)
{
    const uint8_t *entry = flat->table + (size_t)at * FRAME_ENTRY_BYTES;
    uint64_t offset = base_get_u32(entry);
    uint32_t first = at * STORE_INTS_FRAME;
    struct store_frame frame = {
        .first = first,
        .count = flat->count - first < STORE_INTS_FRAME ? flat->count - first : STORE_INTS_FRAME,
        .width = entry[4],
        .exceptions = entry[5],
        .exception_width = entry[6],
    };
    uint64_t packed = store_packed_bytes(frame.count, frame.width);
    uint64_t end = offset + packed + frame.exceptions +
                   store_packed_bytes(frame.exceptions, frame.exception_width);
    if (frame.width > 64 || frame.exception_width > 64 || end > flat->payload_bytes) {
        return store_ints_bad(fail, "a frame past the end");
    }
    frame.bits = flat->payload + offset;
    frame.places = frame.bits + packed;
    frame.base = store_unpack_one(flat->bases, at, flat->width);
    *out = frame;
    return true;
}

/* One frame's values before scale, with `base` added. */
static bool read_frame(const struct store_ints_flat *flat, uint32_t at, uint64_t base,
                       uint64_t *out, struct fail *fail)
{
    struct store_frame frame;
    if (!store_frame_open(flat, at, &frame, fail)) {
        return false;
    }
    base += frame.base;
    store_unpack(frame.bits, 0, frame.width, frame.count, out);
    bool deltas = flat->kind == STORE_INTS_DELTAS;
    if (deltas && flat->zigzag) {
        store_unzigzag(out, frame.count);
    }
    if (frame.exceptions > 0) {
        uint64_t values[STORE_INTS_FRAME];
        store_unpack(frame.places + frame.exceptions, 0, frame.exception_width, frame.exceptions,
                     values);
        for (unsigned e = 0; e < frame.exceptions; e++) {
            if (frame.places[e] >= frame.count) {
                return store_ints_bad(fail, "an exception past its frame");
            }
            out[frame.places[e]] = deltas ? (uint64_t)base_unzigzag(values[e]) : values[e];
        }
    }
    if (deltas) {
        store_sum_up(out, frame.count, base);
    } else {
        for (uint32_t i = 0; i < frame.count; i++) {
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

bool store_flat_read(const struct store_ints_flat *flat, uint32_t from, uint32_t count,
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
            uint64_t base = store_unpack_one(flat->bases, middle, flat->width);
            int64_t begins;
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
        if (!store_flat_read(flat, low, high - low, values, fail)) {
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
        if (!store_flat_read(flat, middle, 1, &found, fail)) {
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
            return store_ints_bad(fail, "runs end too early");
        }
        if (!store_flat_read(&ints->ends, run, here, ends, fail) ||
            !store_flat_read(&ints->flat, run, here, values, fail)) {
            return false;
        }
        for (uint32_t i = 0; i < here && at < end; i++) {
            if (ends[i] < at || ends[i] > ints->count) {
                return store_ints_bad(fail, "a run past the end");
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
    switch (ints->form) {
    case STORE_INTS_IN_RUNS:
        return read_runs(ints, from, count, out, fail);
    case STORE_INTS_IN_PARTS:
        return store_parted_read(ints, from, count, out, fail);
    case STORE_INTS_FLAT:
        break;
    }
    return store_flat_read(&ints->flat, from, count, out, fail);
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
    return most < bound || store_ints_bad(fail, "a code past its list");
}

bool store_ints_read_codes(const struct store_ints *ints, uint32_t from, uint32_t count,
                           uint32_t bound, uint32_t *out, struct fail *fail)
{
    INVARIANT(from <= ints->count && count <= ints->count - from);
    const struct store_ints_flat *flat = &ints->flat;
    if (count > 0 && ints->form == STORE_INTS_FLAT && flat->kind == STORE_INTS_PACKED &&
        flat->scale == 1 && flat->width < 32 && flat->base >= 0 && flat->base <= INT32_MAX) {
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
            return store_ints_bad(fail, "a code past its list");
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
    if (ints->form == STORE_INTS_IN_PARTS) {
        return store_ints_bad(fail, "in two parts where values are looked for");
    }
    if (!search_flat(&ints->flat, value, &at, fail)) {
        return false;
    }
    if (ints->form == STORE_INTS_FLAT) {
        *out = at;
        return true;
    }
    if (at == 0) {
        *out = 0;
        return true;
    }
    int64_t end;
    if (!store_flat_read(&ints->ends, at - 1, 1, &end, fail)) {
        return false;
    }
    if (end < 0 || end > ints->count) {
        return store_ints_bad(fail, "a run past the end");
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
            return store_ints_bad(fail, "runs end too early");
        }
        if (!store_flat_read(&ints->ends, walk->run, here, walk->ends, fail) ||
            !store_flat_read(&ints->flat, walk->run, here, walk->values, fail)) {
            return false;
        }
        walk->run += here;
        walk->at = 0;
        walk->count = here;
    }
    if (walk->ends[walk->at] > ints->count) {
        return store_ints_bad(fail, "a run past the end");
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
    if (ints->form == STORE_INTS_IN_RUNS) {
        return walk_runs(walk, place, out, out_end, fail);
    }
    if (place >= walk->end) {
        walk->first = place / STORE_INTS_FRAME * STORE_INTS_FRAME;
        walk->end = ints->count - walk->first < STORE_INTS_FRAME ? ints->count
                                                                 : walk->first + STORE_INTS_FRAME;
        if (!store_ints_read(ints, walk->first, walk->end - walk->first, walk->values, fail)) {
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
