/* store_codec_find.c — which codes of a run of integers are wanted.
 *
 * Codes are given by how often they occur, so a frame packs the frequent ones into few bits and lists the others as its
 * exceptions. Where no wanted code fits into those bits, its exceptions are all that is looked at.
 */
#include "store_codec_find.h"

#include "base_cpu.h"
#include "store_codec_flat.h"

void store_unpack8_portable(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                            uint8_t *out)
{
    uint64_t bit = first;
    uint64_t mask = (UINT64_C(1) << width) - 1;
    for (size_t i = 0; i < count; i++, bit += width) {
        uint32_t byte = bits[bit / 8];
        uint32_t shift = (uint32_t)(bit % 8);
        uint32_t next = shift + width > 8 ? bits[bit / 8 + 1] : 0;
        out[i] = (uint8_t)(((byte | next << 8) >> shift) & mask);
    }
}

struct store_found store_find_portable(const uint8_t *codes, size_t count,
                                       const uint8_t wanted[STORE_FIND_CODES], uint32_t place,
                                       uint32_t *places, uint32_t *found)
{
    struct store_found out = {0};
    for (size_t i = 0; i < count; i++) {
        uint8_t code = codes[i];
        places[out.count] = place + (uint32_t)i;
        found[out.count] = code;
        out.count += wanted[code] != 0;
        out.most = code > out.most ? code : out.most;
    }
    return out;
}

static void unpack8(const uint8_t *bits, uint64_t first, unsigned width, size_t count, uint8_t *out)
{
    if (width == 0) {
        memset(out, 0, count);
    } else {
        BASE_CPU_CALL(store_unpack8, (bits, first, width, count, out),
                      store_unpack8_portable(bits, first, width, count, out));
    }
}

/* ---- one run of integers ------------------------------------------------------------------------------- */

struct finding {
    const struct store_ints_flat *flat;
    const struct store_find *find;
    uint8_t wanted[STORE_FIND_CODES]; /* by value before the base */
    uint32_t bound;                   /* values are below it */
    uint32_t *places, *codes;
    uint32_t count;
};

/* Bytes that begin with row `place`. */
static bool find_bytes(struct finding *f, const uint8_t *bytes, uint32_t count, uint32_t place,
                       struct fail *fail)
{
    uint32_t *places = f->places + f->count, *codes = f->codes + f->count;
    struct store_found found =
        BASE_CPU_CALL(store_find, (bytes, count, f->wanted, place, places, codes),
                      store_find_portable(bytes, count, f->wanted, place, places, codes));
    f->count += (uint32_t)found.count;
    return found.most < f->bound || store_ints_bad(fail, "a code past its list");
}

/* Is a value below `limit` wanted? */
static bool any_below(const struct finding *f, unsigned width)
{
    uint32_t limit = 1U << width;
    uint8_t any = 0;
    for (uint32_t value = 0; value < limit; value++) {
        any |= f->wanted[value];
    }
    return any != 0;
}

/* Are base, widths and order such that bytes hold the frame's values? */
static bool is_narrow(const struct store_frame *frame)
{
    return frame->base == 0 && frame->width <= STORE_FIND_WIDTH_MAX &&
           frame->exception_width <= STORE_FIND_WIDTH_MAX;
}

/* The places of the exceptions lie where the writer puts them, ascending: else bytes may not be given in order. */
static bool read_exceptions(const struct store_frame *frame, uint8_t *out, bool *out_ordered,
                            struct fail *fail)
{
    *out_ordered = true;
    if (frame->exceptions == 0) {
        return true;
    }
    unpack8(frame->places + frame->exceptions, 0, frame->exception_width, frame->exceptions, out);
    for (unsigned e = 0; e < frame->exceptions; e++) {
        *out_ordered = *out_ordered && (e == 0 || frame->places[e] > frame->places[e - 1]);
    }
    return frame->places[frame->exceptions - 1] < frame->count || !*out_ordered ||
           store_ints_bad(fail, "an exception past its frame");
}

/* Rows [from, to) of a narrow frame. */
static bool find_narrow(struct finding *f, const struct store_frame *frame,
                        const uint8_t *exceptions, uint32_t from, uint32_t to, struct fail *fail)
{
    if (!any_below(f, frame->width)) {
        for (unsigned e = 0; e < frame->exceptions; e++) {
            uint32_t row = frame->first + frame->places[e];
            if (exceptions[e] >= f->bound) {
                return store_ints_bad(fail, "a code past its list");
            }
            f->places[f->count] = row;
            f->codes[f->count] = exceptions[e];
            f->count += f->wanted[exceptions[e]] != 0 && row >= from && row < to;
        }
        return true;
    }
    uint8_t bytes[STORE_INTS_FRAME + STORE_FIND_ROOM];
    unpack8(frame->bits, 0, frame->width, frame->count, bytes);
    for (unsigned e = 0; e < frame->exceptions; e++) {
        bytes[frame->places[e]] = exceptions[e];
    }
    return find_bytes(f, bytes + (from - frame->first), to - from, from, fail);
}

static bool find_widely(const struct store_ints *ints, struct finding *f, uint32_t from,
                        uint32_t to, struct fail *fail)
{
    uint32_t codes[STORE_INTS_FRAME];
    const struct store_find *find = f->find;
    while (from < to) {
        uint32_t end = (from / STORE_INTS_FRAME + 1) * STORE_INTS_FRAME;
        end = end < to ? end : to;
        if (!store_ints_read_codes(ints, from, end - from, find->bound, codes, fail)) {
            return false;
        }
        for (uint32_t i = 0; i < end - from; i++) {
            f->places[f->count] = from + i;
            f->codes[f->count] = codes[i];
            f->count += find->wanted[codes[i]] != 0;
        }
        from = end;
    }
    return true;
}

static bool find_in_frames(const struct store_ints *ints, struct finding *f, uint32_t from,
                           uint32_t to, struct fail *fail)
{
    uint32_t base = (uint32_t)f->flat->base;
    while (from < to) {
        uint8_t exceptions[STORE_INTS_FRAME + STORE_FIND_ROOM];
        struct store_frame frame;
        if (!store_frame_open(f->flat, from / STORE_INTS_FRAME, &frame, fail)) {
            return false;
        }
        uint32_t end = frame.first + frame.count < to ? frame.first + frame.count : to;
        bool ordered = false;
        if (is_narrow(&frame) && !read_exceptions(&frame, exceptions, &ordered, fail)) {
            return false;
        }
        uint32_t before = f->count;
        if (!ordered) {
            if (!find_widely(ints, f, from, end, fail)) {
                return false;
            }
        } else {
            if (!find_narrow(f, &frame, exceptions, from, end, fail)) {
                return false;
            }
            for (uint32_t i = before; base > 0 && i < f->count; i++) {
                f->codes[i] += base;
            }
        }
        from = end;
    }
    return true;
}

static bool find_in_packed(struct finding *f, uint32_t from, uint32_t to, struct fail *fail)
{
    const struct store_ints_flat *flat = f->flat;
    uint8_t bytes[STORE_INTS_FRAME + STORE_FIND_ROOM];
    uint32_t base = (uint32_t)flat->base;
    while (from < to) {
        uint32_t here = to - from < STORE_INTS_FRAME ? to - from : STORE_INTS_FRAME;
        uint32_t before = f->count;
        unpack8(flat->payload, (uint64_t)from * flat->width, flat->width, here, bytes);
        if (!find_bytes(f, bytes, here, from, fail)) {
            return false;
        }
        for (uint32_t i = before; base > 0 && i < f->count; i++) {
            f->codes[i] += base;
        }
        from += here;
    }
    return true;
}

bool store_ints_find_codes(const struct store_ints *ints, uint32_t from, uint32_t count,
                           const struct store_find *find, uint32_t *places, uint32_t *codes,
                           uint32_t *out_count, struct fail *fail)
{
    INVARIANT(from <= ints->count && count <= ints->count - from);
    const struct store_ints_flat *flat = &ints->flat;
    struct finding f = {.flat = flat, .find = find, .places = places, .codes = codes};
    bool narrow = ints->form == STORE_INTS_FLAT && flat->scale == 1 &&
                  find->bound <= STORE_FIND_CODES && flat->base >= 0 &&
                  flat->base < (int64_t)find->bound;
    bool ok;
    if (narrow) {
        f.bound = find->bound - (uint32_t)flat->base;
        memcpy(f.wanted, find->wanted + flat->base, f.bound);
    }
    if (narrow && flat->kind == STORE_INTS_FRAMES) {
        ok = find_in_frames(ints, &f, from, from + count, fail);
    } else if (narrow && flat->kind == STORE_INTS_PACKED && flat->width <= STORE_FIND_WIDTH_MAX) {
        ok = find_in_packed(&f, from, from + count, fail);
    } else {
        ok = find_widely(ints, &f, from, from + count, fail);
    }
    *out_count = f.count;
    return ok;
}

/* ---- all of them ----------------------------------------------------------------------------------------- */

static bool read_widely(const struct store_ints *ints, uint32_t from, uint32_t count,
                        uint32_t bound, uint8_t *out, struct fail *fail)
{
    uint32_t codes[STORE_INTS_FRAME];
    for (uint32_t done = 0; done < count;) {
        uint32_t here = count - done < STORE_INTS_FRAME ? count - done : STORE_INTS_FRAME;
        if (!store_ints_read_codes(ints, from + done, here, bound, codes, fail)) {
            return false;
        }
        for (uint32_t i = 0; i < here; i++) {
            out[done + i] = (uint8_t)codes[i];
        }
        done += here;
    }
    return true;
}

/* The bytes of [from, from + count) before the base; *out_read is false where bytes do not hold them. */
static bool read_frames(const struct store_ints_flat *flat, uint32_t from, uint32_t count,
                        uint8_t *out, bool *out_read, struct fail *fail)
{
    uint8_t bytes[STORE_INTS_FRAME + STORE_FIND_ROOM];
    uint8_t exceptions[STORE_INTS_FRAME + STORE_FIND_ROOM];
    *out_read = true;
    while (count > 0 && *out_read) {
        struct store_frame frame;
        bool ordered;
        if (!store_frame_open(flat, from / STORE_INTS_FRAME, &frame, fail)) {
            return false;
        }
        *out_read = is_narrow(&frame);
        if (!is_narrow(&frame) || !read_exceptions(&frame, exceptions, &ordered, fail)) {
            return !is_narrow(&frame);
        }
        *out_read = ordered;
        uint32_t skip = from - frame.first;
        uint32_t here = frame.count - skip < count ? frame.count - skip : count;
        bool whole = here == frame.count;
        uint8_t *to = whole ? out : bytes;
        unpack8(frame.bits, 0, frame.width, frame.count, to);
        for (unsigned e = 0; e < frame.exceptions && ordered; e++) {
            to[frame.places[e]] = exceptions[e];
        }
        if (!whole) {
            memcpy(out, bytes + skip, here);
        }
        out += here;
        from += here;
        count -= here;
    }
    return true;
}

bool store_ints_read_bytes(const struct store_ints *ints, uint32_t from, uint32_t count,
                           uint32_t bound, uint8_t *out, struct fail *fail)
{
    INVARIANT(from <= ints->count && count <= ints->count - from && bound <= STORE_FIND_CODES);
    const struct store_ints_flat *flat = &ints->flat;
    bool narrow = ints->form == STORE_INTS_FLAT && flat->scale == 1 && flat->base >= 0 &&
                  flat->base < (int64_t)bound;
    bool read = false;
    if (narrow && flat->kind == STORE_INTS_FRAMES &&
        !read_frames(flat, from, count, out, &read, fail)) {
        return false;
    }
    if (narrow && flat->kind == STORE_INTS_PACKED && flat->width <= STORE_FIND_WIDTH_MAX) {
        unpack8(flat->payload, (uint64_t)from * flat->width, flat->width, count, out);
        read = true;
    }
    if (!read) {
        return read_widely(ints, from, count, bound, out, fail);
    }
    uint8_t base = (uint8_t)flat->base;
    uint8_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        most = out[i] > most ? out[i] : most;
        out[i] = (uint8_t)(out[i] + base);
    }
    return count == 0 || most < bound - base || store_ints_bad(fail, "a code past its list");
}
