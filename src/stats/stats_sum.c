#include "stats_sum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base_attr.h"

/* Bit 0 of the number is 2^-1074, the least double; word k holds bits 32k to 32k + 31. 70 words reach
   2^1166, so that 2^63 additions of the greatest double cannot leave them. */
#define UNIT_EXPONENT (-1074)
#define INT_BIT 1074U /* where an integer's bit 0 lies */

/* Between carries a word gains less than 2^32 an addition. 2^29 of them stay far from 2^63. */
#define PENDING_MAX (1U << 29)

/* Leaves every word but the top one in [0, 2^32); the top one keeps the sign. */
static void carry(struct stats_sum *sum)
{
    int64_t over = 0;
    for (int i = 0; i < STATS_SUM_WORDS - 1; i++) {
        int64_t word = sum->words[i] + over;
        over = word >> 32; /* arithmetic: rounds towards minus infinity */
        sum->words[i] = word & 0xFFFFFFFF;
    }
    sum->words[STATS_SUM_WORDS - 1] += over;
    sum->pending = 1;
}

static void add_at(struct stats_sum *sum, uint64_t magnitude, unsigned bit, bool negative)
{
    if (sum->pending >= PENDING_MAX) {
        carry(sum);
    }
    sum->pending++;
    unsigned word = bit / 32U;
    unsigned __int128 wide = (unsigned __int128)magnitude << (bit % 32U);
    int64_t parts[3] = {(int64_t)(uint32_t)wide, (int64_t)(uint32_t)(wide >> 32),
                        (int64_t)(uint32_t)(wide >> 64)};
    for (unsigned i = 0; i < 3; i++) {
        sum->words[word + i] += negative ? -parts[i] : parts[i];
    }
}

void stats_sum_add(struct stats_sum *sum, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned exponent = (unsigned)(bits >> 52) & 0x7FFU;
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1U);
    INVARIANT(exponent != 0x7FFU);
    if (exponent > 0) {
        mantissa |= UINT64_C(1) << 52;
        exponent--;
    }
    if (mantissa != 0) {
        add_at(sum, mantissa, exponent, bits >> 63 != 0);
    }
}

void stats_sum_add_int(struct stats_sum *sum, int64_t value)
{
    uint64_t magnitude = value < 0 ? 0U - (uint64_t)value : (uint64_t)value;
    if (magnitude != 0) {
        add_at(sum, magnitude, INT_BIT, value < 0);
    }
}

void stats_sum_add_uint(struct stats_sum *sum, uint64_t value)
{
    if (value != 0) {
        add_at(sum, value, INT_BIT, false);
    }
}

void stats_sum_merge(struct stats_sum *into, const struct stats_sum *from)
{
    struct stats_sum other = *from;
    carry(&other);
    carry(into);
    for (int i = 0; i < STATS_SUM_WORDS; i++) {
        into->words[i] += other.words[i];
    }
    into->pending = 2;
}

static void negate(struct stats_sum *sum)
{
    for (int i = 0; i < STATS_SUM_WORDS; i++) {
        sum->words[i] = -sum->words[i];
    }
    carry(sum);
}

/* Bit `at` of a carried, non-negative number; the top word may hold more than 32 bits. */
static unsigned bit_at(const struct stats_sum *sum, int at)
{
    int word = at / 32 < STATS_SUM_WORDS ? at / 32 : STATS_SUM_WORDS - 1;
    return (unsigned)((uint64_t)sum->words[word] >> (at - word * 32)) & 1U;
}

static bool any_bit_below(const struct stats_sum *sum, int at)
{
    int word = at / 32 < STATS_SUM_WORDS ? at / 32 : STATS_SUM_WORDS - 1;
    uint64_t mask = (UINT64_C(1) << (at - word * 32)) - 1U;
    if (((uint64_t)sum->words[word] & mask) != 0) {
        return true;
    }
    for (int i = 0; i < word; i++) {
        if (sum->words[i] != 0) {
            return true;
        }
    }
    return false;
}

double stats_sum_value(const struct stats_sum *sum)
{
    struct stats_sum copy = *sum;
    carry(&copy);
    bool negative = copy.words[STATS_SUM_WORDS - 1] < 0;
    if (negative) {
        negate(&copy);
    }
    int word = STATS_SUM_WORDS - 1;
    while (word >= 0 && copy.words[word] == 0) {
        word--;
    }
    if (word < 0) {
        return 0;
    }
    int top = word * 32 + 63 - __builtin_clzll((uint64_t)copy.words[word]);
    /* The 53 bits from the top down, or, among subnormals, all that there are. */
    int low = top > 52 ? top - 52 : 0;
    uint64_t mantissa = 0;
    for (int at = top; at >= low; at--) {
        mantissa = mantissa << 1 | bit_at(&copy, at);
    }
    if (low > 0 && bit_at(&copy, low - 1) != 0 &&
        ((mantissa & 1U) != 0 || any_bit_below(&copy, low - 1))) {
        mantissa++;
    }
    double value = ldexp((double)mantissa, low + UNIT_EXPONENT);
    return negative ? -value : value;
}
