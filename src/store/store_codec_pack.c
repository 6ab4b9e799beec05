/* store_codec_pack.c — bits of fixed width, in and out.
 *
 * Bit n of a run is bit n % 8 of byte n / 8. A value of at most 57 bits that begins inside a byte lies in the
 * 8 bytes from there, so one unaligned load and a shift fetch it; wider ones take a ninth byte.
 */
#include "base_bytes.h"
#include "base_cpu.h"
#include "store_codec.h"
#include "store_codec_unpack.h"

static uint64_t mask_of(unsigned width)
{
    return width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
}

static void unpack_wide(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                        uint64_t *out)
{
    uint64_t mask = mask_of(width);
    uint64_t bit = first;
    for (size_t i = 0; i < count; i++, bit += width) {
        unsigned shift = (unsigned)(bit % 8);
        uint64_t low = base_get_u64(bits + bit / 8) >> shift;
        if (shift + width > 64) {
            low |= (uint64_t)bits[bit / 8 + 8] << (64 - shift);
        }
        out[i] = low & mask;
    }
}

void store_unpack_portable(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                           uint64_t *out)
{
    if (width == 0) {
        memset(out, 0, count * sizeof *out);
        return;
    }
    if (width > STORE_UNPACK_WIDTH_MAX) {
        unpack_wide(bits, first, width, count, out);
        return;
    }
    uint64_t mask = mask_of(width);
    uint64_t bit = first;
    for (size_t i = 0; i < count; i++, bit += width) {
        out[i] = (base_get_u64(bits + bit / 8) >> (bit % 8)) & mask;
    }
}

void store_unpack32_portable(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                             uint32_t *out)
{
    if (width == 0) {
        memset(out, 0, count * sizeof *out);
        return;
    }
    size_t i = 0;
    uint64_t bit = first;
    uint64_t mask = mask_of(width);
    if (width == 8 && first % 8 == 0) {
        const uint8_t *bytes = bits + first / 8;
        for (; i < count; i++) {
            out[i] = bytes[i];
        }
        return;
    }
    if (width <= 14) { /* four values of a load: 4 x 14 + 7 <= 64 */
        for (; i + 4 <= count; i += 4, bit += (uint64_t)4 * width) {
            uint64_t four = base_get_u64(bits + bit / 8) >> (bit % 8);
            out[i] = (uint32_t)(four & mask);
            out[i + 1] = (uint32_t)((four >> width) & mask);
            out[i + 2] = (uint32_t)((four >> (2 * width)) & mask);
            out[i + 3] = (uint32_t)((four >> (3 * width)) & mask);
        }
    }
    for (; i < count; i++, bit += width) {
        out[i] = (uint32_t)((base_get_u64(bits + bit / 8) >> (bit % 8)) & mask);
    }
}

/* Fewer are not worth working out how a run lies. */
#define VECTOR_LEAST 32U

void store_unpack(const uint8_t *bits, uint64_t first, unsigned width, size_t count, uint64_t *out)
{
    size_t done = 0;
    if (count >= VECTOR_LEAST && width > 0 && width <= STORE_UNPACK_WIDTH_MAX) {
        done = BASE_CPU_CALL(store_unpack, (bits, first, width, count, out), 0);
    }
    store_unpack_portable(bits, first + done * width, width, count - done, out + done);
}

void store_unpack32(const uint8_t *bits, uint64_t first, unsigned width, size_t count,
                    uint32_t *out)
{
    size_t done = 0;
    if (count >= VECTOR_LEAST && width > 0 && width <= STORE_UNPACK32_WIDTH_MAX) {
        done = BASE_CPU_CALL(store_unpack32, (bits, first, width, count, out), 0);
    }
    store_unpack32_portable(bits, first + done * width, width, count - done, out + done);
}

void store_unzigzag_portable(uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = (uint64_t)base_unzigzag(values[i]);
    }
}

void store_sum_up_portable(uint64_t *values, size_t count, uint64_t *sum)
{
    for (size_t i = 0; i < count; i++) {
        *sum += values[i];
        values[i] = *sum;
    }
}

void store_unzigzag32_portable(uint32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = values[i] >> 1 ^ (UINT32_C(0) - (values[i] & 1U));
    }
}

void store_sum_up32_portable(uint32_t *values, size_t count, uint32_t *sum)
{
    for (size_t i = 0; i < count; i++) {
        *sum += values[i];
        values[i] = *sum;
    }
}

void store_unzigzag(uint64_t *values, size_t count)
{
    size_t done = BASE_CPU_CALL(store_unzigzag, (values, count), 0);
    store_unzigzag_portable(values + done, count - done);
}

void store_sum_up(uint64_t *values, size_t count, uint64_t sum)
{
    size_t done = BASE_CPU_CALL(store_sum_up, (values, count, &sum), 0);
    store_sum_up_portable(values + done, count - done, &sum);
}

void store_unzigzag32(uint32_t *values, size_t count)
{
    size_t done = BASE_CPU_CALL(store_unzigzag32, (values, count), 0);
    store_unzigzag32_portable(values + done, count - done);
}

void store_sum_up32(uint32_t *values, size_t count, uint32_t sum)
{
    size_t done = BASE_CPU_CALL(store_sum_up32, (values, count, &sum), 0);
    store_sum_up32_portable(values + done, count - done, &sum);
}

bool store_ascend32(const uint32_t *values, size_t count)
{
    const uint32_t sign =
        UINT32_C(1) << 31; /* numbers with a sign are what all levels compare several of at once */
    uint32_t fell = 0;
    for (size_t i = 1; i < count; i++) {
        fell |= (uint32_t)((int32_t)(values[i - 1] ^ sign) >= (int32_t)(values[i] ^ sign));
    }
    return fell == 0;
}

void store_join_parts_portable(const uint32_t *heads, const uint32_t *rests, int32_t part,
                               uint32_t base, size_t count, int64_t *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = (int64_t)(int32_t)heads[i] * part + (int32_t)(rests[i] + base);
    }
}

void store_join_parts(const uint32_t *heads, const uint32_t *rests, int32_t part, uint32_t base,
                      size_t count, int64_t *out)
{
    size_t done = BASE_CPU_CALL(store_join_parts, (heads, rests, part, base, count, out), 0);
    store_join_parts_portable(heads + done, rests + done, part, base, count - done, out + done);
}

void store_widths_portable(const uint64_t *values, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint8_t)store_bits_of(values[i]);
    }
}

void store_widths(const uint64_t *values, size_t count, uint8_t *out)
{
    size_t done = BASE_CPU_CALL_AVX512(store_widths, (values, count, out), 0);
    store_widths_portable(values + done, count - done, out + done);
}

void store_pack(const uint64_t *values, size_t count, unsigned width, struct base_buf *out)
{
    size_t bytes = (size_t)store_packed_bytes(count, width);
    uint8_t *into = (uint8_t *)base_buf_room(out, bytes);
    if (into == NULL || bytes == 0) {
        return;
    }
    uint64_t held = 0;
    unsigned held_bits = 0; /* fewer than 64 */
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        held |= values[i] << held_bits;
        if (held_bits + width < 64) {
            held_bits += width;
            continue;
        }
        base_put_u64(into + at, held);
        at += 8;
        unsigned gone = 64 - held_bits; /* bits of the value that went with it */
        held = gone < 64 ? values[i] >> gone : 0;
        held_bits = width - gone;
    }
    for (; held_bits > 0; held_bits = held_bits > 8 ? held_bits - 8 : 0) {
        into[at++] = (uint8_t)held;
        held >>= 8;
    }
    INVARIANT(at == bytes);
    out->len += bytes;
}
