#include "query_times.h"

#include "query_select.h"

#define FIRST_BITS 6U /* of a time's digits behind its highest one, in the first count */
#define FIRST_DIGITS ((33U << FIRST_BITS) + 1) /* 32 bits round up to a 33rd */
#define NEXT_BITS 11U
#define DIGITS_MAX (FIRST_DIGITS > 1U << NEXT_BITS ? FIRST_DIGITS : 1U << NEXT_BITS)

void query_times_init(struct query_times *times, struct arena *arena, struct base_budget *budget)
{
    query_vec_init(&times->brief, arena, budget, sizeof(uint32_t));
    query_vec_init(&times->longer, arena, budget, sizeof(double));
}

bool query_times_room(struct query_times *times, size_t count, struct query_times_room *out,
                      struct fail *fail)
{
    if (!query_vec_reserve(&times->brief, times->brief.count + count, fail) ||
        !query_vec_reserve(&times->longer, times->longer.count + count, fail)) {
        return false;
    }
    *out = (struct query_times_room){
        .brief = (uint32_t *)times->brief.data + times->brief.count,
        .longer = (double *)times->longer.data + times->longer.count,
    };
    return true;
}

bool query_times_append(struct query_times *into, const struct query_times *from, struct fail *fail)
{
    return query_vec_append(&into->brief, &from->brief, fail) &&
           query_vec_append(&into->longer, &from->longer, fail);
}

/* What times are told apart by: first by their size, as the first bits of the number with a floating point say it; then by
   what they are above `low`. Both rise with the time. */
struct scale {
    bool by_size;
    uint32_t low;
    unsigned shift;
};

static inline uint32_t size_of(uint32_t time)
{
    const uint32_t one_half = 126U << FIRST_BITS; /* before the size of 1; 0 is below it */
    float number = (float)time;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    bits >>= 23 - FIRST_BITS;
    return bits > one_half ? bits - one_half : 0;
}

static inline uint32_t digit_of(const struct scale *scale, uint32_t time)
{
    return scale->by_size ? size_of(time) : (time - scale->low) >> scale->shift;
}

/* Counts by digit; zeroed before. */
static void count_digits(const struct scale *scale, const uint32_t *times, size_t count,
                         size_t counts[DIGITS_MAX])
{
    for (size_t i = 0; i < count; i++) {
        counts[digit_of(scale, times[i])]++;
    }
}

/* The digit of the k-th; *k becomes its rank among those that have it. */
static uint32_t find_digit(const size_t counts[DIGITS_MAX], size_t *k)
{
    uint32_t digit = 0;
    while (*k >= counts[digit]) {
        *k -= counts[digit++];
    }
    return digit;
}

/* The least time of this digit or a higher one, from `low` to `high`; above `high` there is none. */
static uint64_t least_of(const struct scale *scale, uint32_t digit, uint32_t low, uint32_t high)
{
    uint64_t from = low, to = (uint64_t)high + 1;
    while (from < to) {
        uint64_t middle = (from + to) / 2;
        if (digit_of(scale, (uint32_t)middle) < digit) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

/* Puts times from `low` to `high` in front of the others: they are few, so that the jump is foretold. */
static void bring_forward(uint32_t *times, size_t count, uint32_t low, uint32_t high)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t time = times[i];
        if (time - low <= high - low) {
            times[i] = times[found];
            times[found++] = time;
        }
    }
}

/* The k-th smallest: among those that share its digit is looked on, by the digits that they may differ in. */
static uint32_t select_brief(uint32_t *times, size_t count, size_t k,
                             const size_t sizes[DIGITS_MAX])
{
    struct scale scale = {.by_size = true};
    size_t own[DIGITS_MAX];
    const size_t *counts = sizes;
    uint32_t low = 0, high = UINT32_MAX;
    for (;;) {
        uint32_t digit = find_digit(counts, &k);
        uint64_t above = least_of(&scale, digit + 1, low, high);
        low = (uint32_t)least_of(&scale, digit, low, high);
        high = (uint32_t)(above - 1);
        if (low == high) {
            return low;
        }
        bring_forward(times, count, low, high);
        count = counts[digit];
        unsigned bits = 32U - (unsigned)__builtin_clz(high - low);
        scale = (struct scale){.low = low, .shift = bits > NEXT_BITS ? bits - NEXT_BITS : 0};
        memset(own, 0, sizeof own);
        count_digits(&scale, times, count, own);
        counts = own;
    }
}

void query_times_percentiles(struct query_times *times, const unsigned *percents, size_t count,
                             int64_t *out)
{
    const struct scale by_size = {.by_size = true};
    const size_t brief = times->brief.count;
    size_t sizes[DIGITS_MAX] = {0};
    count_digits(&by_size, times->brief.data, brief, sizes);
    for (size_t i = 0; i < count; i++) {
        size_t k = query_nearest_rank(query_times_count(times), percents[i]);
        out[i] = k < brief
                     ? (int64_t)select_brief(times->brief.data, brief, k, sizes)
                     : (int64_t)query_select(times->longer.data, times->longer.count, k - brief);
    }
}
