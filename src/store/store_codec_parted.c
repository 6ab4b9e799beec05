/* store_codec_parted.c — times in two parts: which slot of a quarter of an hour, and where in it.
 *
 * Most questions ask for the day or the hour of a row, and all borders of days and hours are borders of slots. The slots
 * are a third of the bits, fit 32 of them, and are read without the rest, which is as good as noise.
 */
#include "base_bytes.h"
#include "store_codec_flat.h"

#define PARTED_BYTES 28U    /* before the heads */
#define SAMPLE_VALUES 4096U /* from which it is told whether two parts are worth it */
#define WORTH_ONE_IN 8U     /* so much more room they may take */

/* ---- reading ------------------------------------------------------------------------------------------ */

bool store_parted_open(const uint8_t *bytes, size_t len, struct store_ints *out, struct fail *fail)
{
    struct store_ints ints = {.form = STORE_INTS_IN_PARTS, .count = base_get_u32(bytes + 4)};
    if (len < PARTED_BYTES) {
        return store_ints_bad(fail, "cut short");
    }
    uint64_t part = base_get_u64(bytes + 16);
    size_t heads_len = base_get_u32(bytes + 24);
    size_t left = len - PARTED_BYTES;
    if (bytes[1] != 0 || bytes[2] != 0 || bytes[3] != 0 || ints.count == 0 ||
        base_get_i64(bytes + 8) != 0 || part < 2 || part > INT32_MAX) {
        return store_ints_bad(fail, "malformed header");
    }
    if (heads_len < STORE_INTS_HEADER_BYTES || heads_len > left ||
        left - heads_len < STORE_INTS_HEADER_BYTES) {
        return store_ints_bad(fail, "cut short");
    }
    ints.part = (uint32_t)part;
    const uint8_t *heads = bytes + PARTED_BYTES;
    if (!store_flat_open(heads, heads_len, &ints.flat, fail) ||
        !store_flat_open(heads + heads_len, left - heads_len, &ints.rests, fail)) {
        return false;
    }
    if (ints.flat.count != ints.count || ints.rests.count != ints.count) {
        return store_ints_bad(fail, "parts do not match");
    }
    *out = ints;
    return true;
}

bool store_parted_read(const struct store_ints *ints, uint32_t from, uint32_t count, int64_t *out,
                       struct fail *fail)
{
    uint32_t heads[STORE_INTS_FRAME];
    uint32_t rests[STORE_INTS_FRAME];
    int32_t part = (int32_t)ints->part;
    const struct store_ints_flat *flat = &ints->rests;
    /* The usual case: what is added to all of them is added while they are joined. */
    bool plain = flat->kind == STORE_INTS_PACKED && flat->width <= 32 && flat->scale == 1;
    uint32_t base = plain ? (uint32_t)flat->base : 0;
    while (count > 0) {
        uint32_t here = STORE_INTS_FRAME - from % STORE_INTS_FRAME;
        here = here < count ? here : count;
        if (!store_flat_read32(&ints->flat, from, here, heads, fail)) {
            return false;
        }
        if (plain) {
            store_unpack32(flat->payload, (uint64_t)from * flat->width, flat->width, here, rests);
        } else if (!store_flat_read32(flat, from, here, rests, fail)) {
            return false;
        }
        store_join_parts(heads, rests, part, base, here, out);
        out += here;
        from += here;
        count -= here;
    }
    return true;
}

#define FEW_ONE_IN 4U /* places of a frame: then rests are looked up one by one */

/* The rests of single places, where they are packed. */
static void add_rests(const struct store_ints *ints, const uint32_t *places, uint32_t count,
                      int64_t *out)
{
    const struct store_ints_flat *rests = &ints->rests;
    const uint64_t mask = rests->width == 0 ? 0 : UINT64_MAX >> (64 - rests->width);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = (uint64_t)places[i] * rests->width;
        uint64_t packed = base_get_u64(rests->payload + bit / 8) >> bit % 8 & mask;
        out[i] += (int32_t)((uint32_t)rests->base + (uint32_t)rests->scale * (uint32_t)packed);
    }
}

bool store_ints_pick(const struct store_ints *ints, const uint32_t *places, uint32_t count,
                     int64_t *out, struct fail *fail)
{
    const uint32_t first = places[0];
    const uint32_t span = places[count - 1] - first + 1;
    INVARIANT(places[count - 1] < ints->count && span <= STORE_INTS_FRAME);
    if (span == count) { /* without gaps: no copy */
        return store_ints_read(ints, first, count, out, fail);
    }
    if (ints->form == STORE_INTS_IN_PARTS && ints->rests.kind == STORE_INTS_PACKED &&
        ints->rests.width <= 32 && count <= span / FEW_ONE_IN) {
        uint32_t heads[STORE_INTS_FRAME];
        if (!store_flat_read32(&ints->flat, first, span, heads, fail)) {
            return false;
        }
        for (uint32_t i = 0; i < count; i++) {
            out[i] = (int64_t)(int32_t)heads[places[i] - first] * (int32_t)ints->part;
        }
        add_rests(ints, places, count, out);
        return true;
    }
    int64_t values[STORE_INTS_FRAME];
    if (!store_ints_read(ints, first, span, values, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i] = values[places[i] - first];
    }
    return true;
}

bool store_ints_pick_times(const struct store_ints *ts, const uint32_t *places,
                           const int32_t *slots, uint32_t count, int64_t *out, struct fail *fail)
{
    INVARIANT(count == 0 || places[count - 1] < ts->count);
    if (ts->form == STORE_INTS_IN_PARTS && ts->part == STORE_SLOT_MS &&
        ts->rests.kind == STORE_INTS_PACKED && ts->rests.width <= 32) {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = slots[i] * (int64_t)STORE_SLOT_MS;
        }
        add_rests(ts, places, count, out);
        return true;
    }
    for (uint32_t i = 0; i < count;) {
        uint32_t end = (places[i] / STORE_INTS_FRAME + 1) * STORE_INTS_FRAME;
        uint32_t next = i + 1;
        while (next < count && places[next] < end) {
            next++;
        }
        if (!store_ints_pick(ts, places + i, next - i, out + i, fail)) {
            return false;
        }
        i = next;
    }
    return true;
}

/* Rounded down, also before 1970. */
static int64_t head_of(int64_t value, int64_t part)
{
    return value / part - (value % part < 0);
}

bool store_ints_read_slots(const struct store_ints *ints, uint32_t from, uint32_t count,
                           int32_t *out, struct fail *fail)
{
    INVARIANT(from <= ints->count && count <= ints->count - from);
    if (ints->form == STORE_INTS_IN_PARTS && ints->part == STORE_SLOT_MS) {
        return store_flat_read32(&ints->flat, from, count, (uint32_t *)out, fail);
    }
    int64_t values[STORE_INTS_FRAME];
    while (count > 0) {
        uint32_t here = STORE_INTS_FRAME - from % STORE_INTS_FRAME;
        here = here < count ? here : count;
        if (!store_ints_read(ints, from, here, values, fail)) {
            return false;
        }
        store_slots_of(values, here, out);
        out += here;
        from += here;
        count -= here;
    }
    return true;
}

void store_slots_of(const int64_t *ts_ms, size_t count, int32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = (int32_t)head_of(ts_ms[i], STORE_SLOT_MS);
    }
}

/* ---- 32 bits -------------------------------------------------------------------------------------------- */

static void narrow_down(const uint64_t *values, size_t count, uint32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint32_t)values[i];
    }
}

static void unpack_any32(const uint8_t *bits, uint64_t first, unsigned width, uint32_t count,
                         uint32_t *out)
{
    uint64_t values[STORE_INTS_FRAME];
    if (width <= 32) {
        store_unpack32(bits, first, width, count, out);
    } else {
        store_unpack(bits, first, width, count, values);
        narrow_down(values, count, out);
    }
}

/* One frame's values before scale, with `base` added, modulo 2^32. */
static bool read_frame32(const struct store_ints_flat *flat, const struct store_frame *frame,
                         uint32_t base, uint32_t *out, struct fail *fail)
{
    bool deltas = flat->kind == STORE_INTS_DELTAS;
    if (deltas && flat->zigzag && frame->width > 32) { /* the sign is in the first bit */
        uint64_t values[STORE_INTS_FRAME];
        store_unpack(frame->bits, 0, frame->width, frame->count, values);
        store_unzigzag(values, frame->count);
        narrow_down(values, frame->count, out);
    } else {
        unpack_any32(frame->bits, 0, frame->width, frame->count, out);
        if (deltas && flat->zigzag) {
            store_unzigzag32(out, frame->count);
        }
    }
    if (frame->exceptions > 0) {
        uint64_t values[STORE_INTS_FRAME];
        store_unpack(frame->places + frame->exceptions, 0, frame->exception_width,
                     frame->exceptions, values);
        for (unsigned e = 0; e < frame->exceptions; e++) {
            if (frame->places[e] >= frame->count) {
                return store_ints_bad(fail, "an exception past its frame");
            }
            out[frame->places[e]] =
                (uint32_t)(deltas ? (uint64_t)base_unzigzag(values[e]) : values[e]);
        }
    }
    base += (uint32_t)frame->base;
    if (deltas) {
        store_sum_up32(out, frame->count, base);
        return true;
    }
    for (uint32_t i = 0; i < frame->count; i++) {
        out[i] += base;
    }
    return true;
}

static void scale_up32(uint32_t base, uint32_t scale, uint32_t count, uint32_t *values)
{
    if (scale != 1) {
        for (uint32_t i = 0; i < count; i++) {
            values[i] = base + scale * values[i];
        }
    } else if (base != 0) {
        for (uint32_t i = 0; i < count; i++) {
            values[i] += base;
        }
    }
}

bool store_flat_read32(const struct store_ints_flat *flat, uint32_t from, uint32_t count,
                       uint32_t *out, struct fail *fail)
{
    const uint32_t base = (uint32_t)flat->base;
    const uint32_t scale = (uint32_t)flat->scale;
    if (flat->kind == STORE_INTS_CONSTANT) {
        for (uint32_t i = 0; i < count; i++) {
            out[i] = base;
        }
        return true;
    }
    while (count > 0) {
        uint32_t skip = from % STORE_INTS_FRAME;
        uint32_t here = STORE_INTS_FRAME - skip < count ? STORE_INTS_FRAME - skip : count;
        if (flat->kind == STORE_INTS_PACKED) {
            unpack_any32(flat->payload, (uint64_t)from * flat->width, flat->width, here, out);
            scale_up32(base, scale, here, out);
        } else {
            uint32_t values[STORE_INTS_FRAME];
            struct store_frame frame;
            if (!store_frame_open(flat, from / STORE_INTS_FRAME, &frame, fail)) {
                return false;
            }
            bool whole = here == frame.count;
            uint32_t *into = whole ? out : values;
            if (!read_frame32(flat, &frame, scale == 1 ? base : 0, into, fail)) {
                return false;
            }
            if (!whole) {
                memcpy(out, values + skip, here * sizeof *out);
            }
            if (scale != 1) {
                scale_up32(base, scale, here, out);
            }
        }
        out += here;
        from += here;
        count -= here;
    }
    return true;
}

bool store_ints_read32(const struct store_ints *ints, uint32_t from, uint32_t count, uint32_t *out,
                       struct fail *fail)
{
    INVARIANT(from <= ints->count && count <= ints->count - from);
    if (ints->form == STORE_INTS_FLAT) {
        return store_flat_read32(&ints->flat, from, count, out, fail);
    }
    uint64_t values[STORE_INTS_FRAME];
    while (count > 0) {
        uint32_t here = count < STORE_INTS_FRAME ? count : STORE_INTS_FRAME;
        if (!store_ints_read(ints, from, here, (int64_t *)values, fail)) {
            return false;
        }
        narrow_down(values, here, out);
        out += here;
        from += here;
        count -= here;
    }
    return true;
}

/* ---- writing -------------------------------------------------------------------------------------------- */

static bool encode_parted(const int64_t *values, uint32_t count, struct base_buf *out,
                          struct fail *fail)
{
    CLEANUP(base_free_at) void *block = NULL;
    if (!base_alloc_array(count, 2 * sizeof(int64_t), &block, fail)) {
        return false;
    }
    int64_t *heads = block;
    int64_t *rests = heads + count;
    for (uint32_t i = 0; i < count; i++) {
        heads[i] = head_of(values[i], STORE_SLOT_MS);
        rests[i] = values[i] - heads[i] * STORE_SLOT_MS;
    }
    uint8_t header[PARTED_BYTES] = {STORE_INTS_PARTED};
    base_put_u32(header + 4, count);
    base_put_u64(header + 16, STORE_SLOT_MS);
    size_t begin = out->len;
    base_buf_bytes(out, header, sizeof header);
    if (!base_buf_ok(out, fail) || !store_flat_encode(heads, count, out, fail)) {
        return false;
    }
    base_put_u32(out->data + begin + PARTED_BYTES - 4, (uint32_t)(out->len - begin - PARTED_BYTES));
    return store_flat_encode(rests, count, out, fail);
}

/* Slots beyond 32 bits stand for no time that anyone means: those stay in one part. */
static bool fit_slots(const int64_t *values, uint32_t count)
{
    bool fit = true;
    for (uint32_t i = 0; i < count; i++) {
        fit &= values[i] >= INT32_MIN * (int64_t)STORE_SLOT_MS &&
               values[i] <= INT32_MAX * (int64_t)STORE_SLOT_MS;
    }
    return fit;
}

bool store_ints_encode_times(const int64_t *ts_ms, uint32_t count, struct base_buf *out,
                             struct fail *fail)
{
    INVARIANT(count > 0);
    if (!fit_slots(ts_ms, count)) {
        return store_ints_encode(ts_ms, count, out, fail);
    }
    uint32_t looked = count < SAMPLE_VALUES ? count : SAMPLE_VALUES;
    CLEANUP(base_buf_done) struct base_buf whole = {.limit = out->limit};
    CLEANUP(base_buf_done) struct base_buf parted = {.limit = out->limit};
    if (!store_ints_encode(ts_ms, looked, &whole, fail) ||
        !encode_parted(ts_ms, looked, &parted, fail)) {
        return false;
    }
    bool in_parts = parted.len <= whole.len + whole.len / WORTH_ONE_IN;
    if (looked < count) {
        return in_parts ? encode_parted(ts_ms, count, out, fail)
                        : store_ints_encode(ts_ms, count, out, fail);
    }
    base_buf_bytes(out, in_parts ? parted.data : whole.data, in_parts ? parted.len : whole.len);
    return base_buf_ok(out, fail);
}
