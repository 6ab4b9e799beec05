/* Runs and packed bits: definition levels and dictionary indices. */
#include "parquet_internal.h"

#define GROUP 8U   /* values of a packed group */
#define RUN_MIN 8U /* shorter runs are packed */

unsigned int parquet_bits_for(uint32_t count)
{
    unsigned int bits = 1;
    while (bits < 32 && count > 1U << bits) {
        bits++;
    }
    return bits;
}

struct values {
    uint32_t (*get)(const void *from, size_t i);
    const void *from;
    size_t count;
};

static size_t run_at(const struct values *values, size_t at)
{
    uint32_t first = values->get(values->from, at);
    size_t end = at + 1;
    while (end < values->count && values->get(values->from, end) == first) {
        end++;
    }
    return end - at;
}

/* Eight values in `bits` bytes, the first in the lowest bits; what is past the end is 0. */
static void put_group(struct base_buf *out, const struct values *values, size_t at,
                      unsigned int bits)
{
    uint64_t pending = 0;
    unsigned int have = 0;
    for (size_t i = at; i < at + GROUP; i++) {
        uint64_t v = i < values->count ? values->get(values->from, i) : 0;
        pending |= v << have;
        have += bits;
        while (have >= 8) {
            base_buf_byte(out, (char)(pending & 0xFFU));
            pending >>= 8U;
            have -= 8;
        }
    }
}

/* Where the packed groups that begin at `at` end: before the next run, or at the end. */
static size_t packed_end(const struct values *values, size_t at)
{
    size_t end = at;
    while (end < values->count && (end == at || run_at(values, end) < RUN_MIN)) {
        end += GROUP;
    }
    return end;
}

void parquet_put_hybrid(struct base_buf *out, uint32_t (*get)(const void *from, size_t i),
                        const void *from, size_t count, unsigned int bits)
{
    const struct values values = {get, from, count};
    size_t at = 0;
    while (at < count) {
        size_t run = run_at(&values, at);
        if (run >= RUN_MIN) {
            uint32_t v = get(from, at);
            parquet_thrift_varint(out, (uint64_t)run << 1U);
            for (unsigned int b = 0; b < bits; b += 8) {
                base_buf_byte(out, (char)(v >> b & 0xFFU));
            }
            at += run;
            continue;
        }
        size_t end = packed_end(&values, at);
        parquet_thrift_varint(out, (uint64_t)((end - at) / GROUP) << 1U | 1U);
        for (; at < end; at += GROUP) {
            put_group(out, &values, at, bits);
        }
    }
}
