/* store_codec_ints_encode.c — choosing and writing the smallest form of a run of integers.
 *
 * Frames with exceptions follow the idea of patched frames of reference (Zukowski et al., "Super-scalar RAM-CPU
 * cache compression", ICDE 2006): the width of a frame is the one that makes packed values and the exceptions to
 * them smallest together.
 */
#include "base_bytes.h"
#include "store_codec_flat.h"
#include "store_codec_unpack.h"

struct frame {
    unsigned width, exceptions, exception_width;
    size_t bytes;
    uint64_t base;
};

/* A run of values less their least, divided by their greatest common divisor. */
struct scaled {
    uint64_t *values;
    uint32_t count;
    int64_t base;
    uint64_t scale;
    unsigned width; /* of the greatest */
    uint32_t runs;
};

static uint64_t divisor_of(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* At least 1; mostly that is known after a few. */
static uint64_t divisor_of_all(const uint64_t *values, uint32_t count)
{
    uint64_t divisor = 0;
    for (uint32_t i = 0; i < count && divisor != 1; i++) {
        if (divisor == 0 || values[i] % divisor != 0) {
            divisor = divisor_of(values[i], divisor);
        }
    }
    return divisor == 0 ? 1 : divisor;
}

static bool scale_down(const int64_t *values, uint32_t count, struct scaled *out, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_array(count, sizeof(uint64_t), &block, fail)) {
        return false;
    }
    struct scaled scaled = {.values = block, .count = count, .base = values[0], .runs = 1};
    for (uint32_t i = 1; i < count; i++) {
        scaled.base = values[i] < scaled.base ? values[i] : scaled.base;
        scaled.runs += values[i] != values[i - 1];
    }
    if (scaled.runs == 1) { /* all the same: nothing is packed */
        scaled.scale = 1;
        *out = scaled;
        return true;
    }
    uint64_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = (uint64_t)values[i] - (uint64_t)scaled.base;
        scaled.values[i] = value;
        most = value > most ? value : most;
    }
    scaled.scale = divisor_of_all(scaled.values, count);
    if (scaled.scale > 1) {
        for (uint32_t i = 0; i < count; i++) {
            scaled.values[i] /= scaled.scale;
        }
    }
    scaled.width = store_bits_of(most / scaled.scale);
    *out = scaled;
    return true;
}

/* What frame `at` packs: distances from its base (frames) or from the value before (deltas). */
static uint32_t frame_values(const struct scaled *scaled, uint32_t at, enum store_ints_kind kind,
                             uint64_t *out, uint64_t *out_base)
{
    uint32_t first = at * STORE_INTS_FRAME;
    uint32_t count = scaled->count - first;
    count = count < STORE_INTS_FRAME ? count : STORE_INTS_FRAME;
    const uint64_t *values = scaled->values + first;
    uint64_t base = values[0];
    if (kind == STORE_INTS_DELTAS) {
        uint64_t before = base;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = values[i] - before;
            before = values[i];
        }
    } else {
        for (uint32_t i = 1; i < count; i++) {
            base = values[i] < base ? values[i] : base;
        }
        for (uint32_t i = 0; i < count; i++) {
            out[i] = values[i] - base;
        }
    }
    *out_base = base;
    return count;
}

/* How a value is packed, and how it is written as an exception. */
static uint64_t packed_form(uint64_t value, bool zigzag)
{
    return zigzag ? base_zigzag((int64_t)value) : value;
}
static uint64_t exception_form(uint64_t value, enum store_ints_kind kind)
{
    return kind == STORE_INTS_DELTAS ? base_zigzag((int64_t)value) : value;
}

struct widths { /* of a frame's values as they are packed */
    uint32_t counts[65];
    uint64_t exceptions[65]; /* of each width, or-ed: as wide as the widest */
    uint64_t all;            /* or-ed */
};

static void look_at_widths(const uint64_t *values, uint32_t count, enum store_ints_kind kind,
                           bool zigzag, struct widths *out)
{
    *out = (struct widths){0};
    if (kind == STORE_INTS_DELTAS && !zigzag) {
        for (uint32_t i = 0; i < count; i++) {
            unsigned bits = store_bits_of(values[i]);
            out->all |= values[i];
            out->counts[bits]++;
            out->exceptions[bits] |= exception_form(values[i], kind);
        }
        return;
    }
    /* An exception is written as it would be packed: the widest are the first. */
    uint64_t zigzags[STORE_INTS_FRAME];
    uint8_t widths[STORE_INTS_FRAME];
    const uint64_t *packed = zigzag ? zigzags : values;
    INVARIANT(count > 0);
    for (uint32_t i = 0; i < count && zigzag; i++) {
        zigzags[i] = packed_form(values[i], true);
    }
    store_widths(packed, count, widths);
    for (uint32_t i = 0; i < count; i++) {
        out->all |= packed[i];
        out->counts[widths[i]]++;
    }
    out->exceptions[store_bits_of(out->all)] = out->all;
}

static struct frame plan_frame(const uint64_t *values, uint32_t count, enum store_ints_kind kind,
                               bool zigzag)
{
    struct widths widths;
    look_at_widths(values, count, kind, zigzag, &widths);
    struct frame best = {.width = 64, .bytes = SIZE_MAX};
    unsigned exceptions = 0;
    unsigned exception_width = 0;
    for (unsigned width = store_bits_of(widths.all);; width--) { /* wider ones are only larger */
        size_t bytes = (size_t)(store_packed_bytes(count, width) + exceptions +
                                store_packed_bytes(exceptions, exception_width));
        if (bytes <= best.bytes) {
            best = (struct frame){.width = width,
                                  .exceptions = exceptions,
                                  .exception_width = exception_width,
                                  .bytes = bytes};
        }
        unsigned wide = store_bits_of(widths.exceptions[width]);
        exceptions += widths.counts[width];
        exception_width = wide > exception_width ? wide : exception_width;
        if (width == 0 || exceptions > 255) {
            return best;
        }
    }
}

struct plan {
    enum store_ints_kind kind;
    bool zigzag;
    unsigned base_width;
    size_t bytes;
    struct frame *frames; /* how each is packed */
};

static uint32_t frames_of(const struct scaled *scaled)
{
    return (scaled->count + STORE_INTS_FRAME - 1) / STORE_INTS_FRAME;
}

/* Of a long run the form is chosen by some of its frames: what is alike there is alike elsewhere, and planning a frame costs
   more than writing it. */
#define SAMPLE_LEAST 32U /* frames */
#define SAMPLE_EVERY 8U

static size_t sample_bytes(const struct scaled *scaled, enum store_ints_kind kind, bool zigzag)
{
    size_t bytes = 0;
    for (uint32_t f = SAMPLE_EVERY / 2; f < frames_of(scaled); f += SAMPLE_EVERY) {
        uint64_t values[STORE_INTS_FRAME];
        uint64_t base;
        uint32_t count = frame_values(scaled, f, kind, values, &base);
        bytes += plan_frame(values, count, kind, zigzag).bytes;
    }
    return bytes;
}

/* Gives up, with more bytes than `most`, once it is known to take more. `frames`: room for its frames. */
static struct plan plan_frames(const struct scaled *scaled, enum store_ints_kind kind, bool zigzag,
                               size_t most, struct frame *frames)
{
    struct plan plan = {.kind = kind, .zigzag = zigzag, .bytes = 24, .frames = frames};
    uint32_t count_of_frames = frames_of(scaled);
    for (uint32_t f = 0; f < count_of_frames && plan.bytes <= most; f++) {
        uint64_t values[STORE_INTS_FRAME];
        uint64_t base;
        uint32_t count = frame_values(scaled, f, kind, values, &base);
        struct frame frame = plan_frame(values, count, kind, zigzag);
        unsigned bits = store_bits_of(base);
        plan.base_width = bits > plan.base_width ? bits : plan.base_width;
        plan.bytes += 8 + frame.bytes;
        frame.base = base;
        frames[f] = frame;
    }
    plan.bytes += (size_t)store_packed_bytes(count_of_frames, plan.base_width);
    return plan;
}

static void put_header(struct base_buf *out, enum store_ints_kind kind, unsigned width, bool zigzag,
                       uint32_t count, int64_t base)
{
    uint8_t header[16] = {(uint8_t)kind, (uint8_t)width, zigzag ? 1 : 0, 0};
    base_put_u32(header + 4, count);
    base_put_i64(header + 8, base);
    base_buf_bytes(out, header, sizeof header);
}

static void put_scale(struct base_buf *out, uint64_t scale)
{
    uint8_t bytes[8];
    base_put_u64(bytes, scale);
    base_buf_bytes(out, bytes, sizeof bytes);
}

static void put_frame_bytes(const uint64_t *values, uint32_t count, const struct frame *frame,
                            const struct plan *plan, struct base_buf *out)
{
    uint64_t packed[STORE_INTS_FRAME];
    uint64_t exceptions[STORE_INTS_FRAME];
    uint8_t places[STORE_INTS_FRAME];
    uint32_t found = 0;
    if (frame->exceptions == 0 && !plan->zigzag) {
        store_pack(values, count, frame->width, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        packed[i] = packed_form(values[i], plan->zigzag);
        if (frame->width < 64 && packed[i] >> frame->width != 0) {
            exceptions[found] = exception_form(values[i], plan->kind);
            places[found++] = (uint8_t)i;
            packed[i] = 0;
        }
    }
    INVARIANT(found == frame->exceptions);
    store_pack(packed, count, frame->width, out);
    base_buf_bytes(out, places, found);
    store_pack(exceptions, found, frame->exception_width, out);
}

static void put_frames(const struct scaled *scaled, const struct plan *plan, struct base_buf *out)
{
    uint32_t frames = frames_of(scaled);
    uint64_t values[STORE_INTS_FRAME];
    uint64_t bases[STORE_INTS_FRAME];
    uint64_t base;
    uint64_t offset = 0;
    put_header(out, plan->kind, plan->base_width, plan->zigzag, scaled->count, scaled->base);
    put_scale(out, scaled->scale);
    for (uint32_t f = 0; f < frames; f++) {
        const struct frame *frame = &plan->frames[f];
        uint8_t entry[8] = {0};
        base_put_u32(entry, (uint32_t)offset);
        entry[4] = (uint8_t)frame->width;
        entry[5] = (uint8_t)frame->exceptions;
        entry[6] = (uint8_t)frame->exception_width;
        base_buf_bytes(out, entry, sizeof entry);
        offset += frame->bytes;
    }
    /* Bases go out in whole groups of 256, so that each group but the last ends at a byte. */
    for (uint32_t f = 0; f < frames; f++) {
        bases[f % STORE_INTS_FRAME] = plan->frames[f].base;
        if (f % STORE_INTS_FRAME == STORE_INTS_FRAME - 1 || f + 1 == frames) {
            store_pack(bases, f % STORE_INTS_FRAME + 1, plan->base_width, out);
        }
    }
    for (uint32_t f = 0; f < frames; f++) {
        uint32_t count = frame_values(scaled, f, plan->kind, values, &base);
        put_frame_bytes(values, count, &plan->frames[f], plan, out);
    }
}

struct form {
    enum store_ints_kind kind;
    bool zigzag;
};
static const struct form forms[] = {
    {STORE_INTS_FRAMES, false}, {STORE_INTS_DELTAS, false}, {STORE_INTS_DELTAS, true}};

/* The forms worth planning: [first, end) of them. */
static void choose_forms(const struct scaled *scaled, size_t *first, size_t *end)
{
    *first = 0;
    *end = ARRAY_LEN(forms);
    if (frames_of(scaled) < SAMPLE_LEAST) {
        return;
    }
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        size_t bytes = sample_bytes(scaled, forms[i].kind, forms[i].zigzag);
        if (bytes < least) {
            least = bytes;
            *first = i;
            *end = i + 1;
        }
    }
}

/* Without runs. */
static bool put_flat(const struct scaled *scaled, struct base_buf *out, struct fail *fail)
{
    if (scaled->runs == 1) {
        put_header(out, STORE_INTS_CONSTANT, 0, false, scaled->count, scaled->base);
        return true;
    }
    struct plan best = {.kind = STORE_INTS_PACKED,
                        .bytes = (size_t)(24 + store_packed_bytes(scaled->count, scaled->width))};
    CLEANUP(base_free_at) void *block = NULL;
    if (!base_alloc_array(frames_of(scaled), sizeof(struct frame) * ARRAY_LEN(forms), &block,
                          fail)) {
        return false;
    }
    struct frame *frames = block;
    size_t first, end;
    choose_forms(scaled, &first, &end);
    for (size_t i = first; i < end; i++) {
        struct plan other = plan_frames(scaled, forms[i].kind, forms[i].zigzag, best.bytes,
                                        frames + i * frames_of(scaled));
        /* Packed values are the quickest to read: worth a hundredth more. */
        size_t slack = best.kind == STORE_INTS_PACKED ? best.bytes / 100 : 0;
        if (other.bytes + slack < best.bytes) {
            best = other;
        }
    }
    if (best.kind != STORE_INTS_PACKED) {
        put_frames(scaled, &best, out);
        return true;
    }
    put_header(out, STORE_INTS_PACKED, scaled->width, false, scaled->count, scaled->base);
    put_scale(out, scaled->scale);
    store_pack(scaled->values, scaled->count, scaled->width, out);
    return true;
}

bool store_flat_encode(const int64_t *values, uint32_t count, struct base_buf *out,
                       struct fail *fail)
{
    struct scaled scaled;
    if (!scale_down(values, count, &scaled, fail)) {
        return false;
    }
    bool ok = put_flat(&scaled, out, fail);
    base_free(scaled.values);
    return ok && base_buf_ok(out, fail);
}

static bool encode_runs(const int64_t *values, uint32_t count, uint32_t runs, struct base_buf *out,
                        struct fail *fail)
{
    CLEANUP(base_free_at) void *block = NULL;
    if (!base_alloc_array(runs, 2 * sizeof(int64_t), &block, fail)) {
        return false;
    }
    int64_t *ends = block;
    int64_t *of_runs = ends + runs;
    uint32_t run = 0;
    for (uint32_t i = 0; i < count; i++) {
        of_runs[run] = values[i];
        ends[run] = (int64_t)i + 1;
        run += i + 1 < count && values[i + 1] != values[i];
    }
    put_header(out, STORE_INTS_RUNS, 0, false, count, 0);
    size_t length_at = out->len;
    base_buf_bytes(out, "\0\0\0\0", 4);
    if (!store_flat_encode(ends, runs, out, fail)) {
        return false;
    }
    base_put_u32(out->data + length_at, (uint32_t)(out->len - length_at - 4));
    return store_flat_encode(of_runs, runs, out, fail);
}

bool store_ints_encode(const int64_t *values, uint32_t count, struct base_buf *out,
                       struct fail *fail)
{
    INVARIANT(count > 0);
    struct scaled scaled;
    if (!scale_down(values, count, &scaled, fail)) {
        return false;
    }
    size_t before = out->len;
    bool ok = put_flat(&scaled, out, fail);
    base_free(scaled.values);
    if (!ok || !base_buf_ok(out, fail)) {
        return false;
    }
    if (scaled.runs == 1 || scaled.runs > count / 2) {
        return true;
    }
    CLEANUP(base_buf_done) struct base_buf runs = {.limit = out->limit};
    if (!encode_runs(values, count, scaled.runs, &runs, fail)) {
        return false;
    }
    if (runs.len < out->len - before) {
        out->len = before;
        base_buf_bytes(out, runs.data, runs.len);
    }
    return base_buf_ok(out, fail);
}
