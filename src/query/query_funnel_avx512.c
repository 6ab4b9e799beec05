/* query_funnel_avx512.c — plain funnels, eight customers at a time.
 *
 * The way is that of query_funnel_plain.c, but step by step: all customers who may go on to a step are taken to it before any
 * goes on to the next one. Who takes the same turn stands together in a list, so that all lanes are busy, and nothing has to be foretold.
 */
#include "query_funnel_plain.h"

#include "query_lanes_avx512.h"

#if defined(__x86_64__)

#define LANES QUERY_LANE_ROWS

struct list { /* of customers */
    uint32_t *numbers;
    uint32_t count;
};
struct walk {
    const struct funnel_plain *plain;
    /* By customer: a path in time to the level it is at, from some entry to the earliest row; and a row that may be the
       next one, but is too late for that entry. */
    uint32_t *starts, *lasts, *late;
    struct list going, behind;
    uint32_t arrived; /* those in front of `going` are at the next level */
};
struct lanes { /* eight customers of a list */
    __mmask8 there;
    __m256i customers;
    __m512i end;
};

static inline QUERY_AVX512 __mmask8 first_lanes(uint32_t count)
{
    return count >= LANES ? UINT8_MAX : (__mmask8)((1U << count) - 1);
}

static inline QUERY_AVX512 __m512i look_up(const uint32_t *numbers, __mmask8 there,
                                           __m256i customers)
{
    __m256i zero = _mm256_setzero_si256();
    return _mm512_cvtepu32_epi64(
        _mm256_mmask_i32gather_epi32(zero, there, customers, numbers, sizeof *numbers));
}

static inline QUERY_AVX512 void note(uint32_t *numbers, __mmask8 which, __m256i customers,
                                     __m512i values)
{
    _mm256_mask_i32scatter_epi32(numbers, which, customers, _mm512_cvtepi64_epi32(values),
                                 sizeof *numbers);
}

static inline QUERY_AVX512 void append(uint32_t *numbers, uint32_t *count, __mmask8 which,
                                       __m256i customers)
{
    _mm256_storeu_si256((__m256i *)(void *)(numbers + *count),
                        _mm256_maskz_compress_epi32(which, customers));
    *count += (uint32_t)__builtin_popcount(which);
}

static inline QUERY_AVX512 struct lanes take(const struct walk *walk, const struct list *list,
                                             uint32_t at)
{
    struct lanes lanes = {.there = first_lanes(list->count - at)};
    lanes.customers = _mm256_maskz_loadu_epi32(lanes.there, list->numbers + at);
    lanes.end = look_up(walk->plain->row_begin + 1, lanes.there, lanes.customers);
    return lanes;
}

static inline QUERY_AVX512 __m512i times_of(const struct funnel_plain *plain, __mmask8 which,
                                            __m512i rows)
{
    return _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), which, rows, plain->ts_ms,
                                       sizeof *plain->ts_ms);
}

static inline QUERY_AVX512 __mmask8 in_time(const struct funnel_plain *plain, __mmask8 which,
                                            __m512i starts, __m512i lasts)
{
    __m512i time = _mm512_sub_epi64(times_of(plain, which, lasts), times_of(plain, which, starts));
    return _mm512_mask_cmple_epi64_mask(which, time, _mm512_set1_epi64(plain->window_ms));
}

static inline QUERY_AVX512 __m512i after(__m512i rows)
{
    return _mm512_add_epi64(rows, _mm512_set1_epi64(1));
}

static inline QUERY_AVX512 void arrive(struct walk *walk, __mmask8 which, __m256i customers,
                                       __m512i starts, __m512i lasts)
{
    note(walk->starts, which, customers, starts);
    note(walk->lasts, which, customers, lasts);
    append(walk->going.numbers, &walk->arrived, which, customers);
}

/* Who does not arrive in time is put behind. Lists are written over from the front, not before they have been read. */
static QUERY_AVX512 void go_on(struct walk *walk, uint32_t step)
{
    const struct funnel_plain *plain = walk->plain;
    walk->arrived = walk->behind.count = 0;
    for (uint32_t i = 0; i < walk->going.count; i += LANES) {
        struct lanes lanes = take(walk, &walk->going, i);
        __m512i starts = look_up(walk->starts, lanes.there, lanes.customers);
        __m512i lasts = look_up(walk->lasts, lanes.there, lanes.customers);
        lasts = query_lanes_next(plain->steps[step], lanes.there, after(lasts), lanes.end);
        __mmask8 found = _mm512_mask_cmplt_epu64_mask(lanes.there, lasts, lanes.end);
        __mmask8 well = in_time(plain, found, starts, lasts);
        __mmask8 late = found & (__mmask8)~well;
        arrive(walk, well, lanes.customers, starts, lasts);
        note(walk->late, late, lanes.customers, lasts);
        append(walk->behind.numbers, &walk->behind.count, late, lanes.customers);
    }
}

/* The latest entries from which those late rows are reached, and else the next ones after these. */
static QUERY_AVX512 void start_later(struct walk *walk, uint32_t step)
{
    const struct funnel_plain *plain = walk->plain;
    uint32_t left = 0;
    for (uint32_t i = 0; i < walk->behind.count; i += LANES) {
        struct lanes lanes = take(walk, &walk->behind, i);
        __m512i lasts = look_up(walk->late, lanes.there, lanes.customers);
        __m512i starts = lasts;
        for (uint32_t s = step; s-- > 0;) {
            starts = query_lanes_before(plain->steps[s], lanes.there, starts);
        }
        __mmask8 well = in_time(plain, lanes.there, starts, lasts);
        arrive(walk, well, lanes.customers, starts, lasts);
        __mmask8 found = lanes.there & (__mmask8)~well;
        starts = query_lanes_next(plain->steps[0], found, after(starts), lanes.end);
        found = _mm512_mask_cmplt_epu64_mask(found, starts, lanes.end);
        lasts = starts;
        for (uint32_t s = 1; s <= step && found != 0; s++) {
            lasts = query_lanes_next(plain->steps[s], found, after(lasts), lanes.end);
            found = _mm512_mask_cmplt_epu64_mask(found, lasts, lanes.end);
        }
        well = in_time(plain, found, starts, lasts);
        arrive(walk, well, lanes.customers, starts, lasts);
        found &= (__mmask8)~well;
        note(walk->late, found, lanes.customers, lasts);
        append(walk->behind.numbers, &left, found, lanes.customers);
    }
    walk->behind.count = left;
}

static QUERY_AVX512 void enter(struct walk *walk, struct funnel_chosen *chosen)
{
    const struct funnel_plain *plain = walk->plain;
    const __m256i each = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (uint32_t c = 0; c < plain->customer_count; c += LANES) {
        __mmask8 there = first_lanes(plain->customer_count - c);
        __m512i begin =
            _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(there, plain->row_begin + c));
        __m512i end =
            _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(there, plain->row_begin + c + 1));
        __m512i entries = query_lanes_next(plain->steps[0], there, begin, end);
        __mmask8 entered = _mm512_mask_cmplt_epu64_mask(there, entries, end);
        __m256i rows = _mm512_cvtepi64_epi32(entries);
        _mm256_mask_storeu_epi32(walk->starts + c, there, rows);
        _mm256_mask_storeu_epi32(walk->lasts + c, there, rows);
        _mm256_mask_storeu_epi32(chosen->entries + c, there, rows);
        _mm256_mask_storeu_epi32(chosen->levels + c, there, _mm256_maskz_set1_epi32(entered, 1));
        append(walk->going.numbers, &walk->going.count, entered,
               _mm256_add_epi32(each, _mm256_set1_epi32((int)c)));
    }
}

/* From some entry in time to the first one, by halving. */
static QUERY_AVX512 void choose_first(const struct walk *walk, struct funnel_chosen *chosen)
{
    const struct funnel_plain *plain = walk->plain;
    for (uint32_t c = 0; c < plain->customer_count; c += LANES) {
        __mmask8 there = first_lanes(plain->customer_count - c);
        __m512i low = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(there, chosen->entries + c));
        __m512i high = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(there, walk->starts + c));
        __m512i last = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(there, walk->lasts + c));
        __mmask8 apart = _mm512_mask_cmplt_epu64_mask(there, low, high);
        __mmask8 open = apart & (__mmask8)~in_time(plain, apart, low, last);
        const __mmask8 moved = open;
        const __m512i end = after(high);
        while (open != 0) {
            __m512i middle = _mm512_srli_epi64(_mm512_add_epi64(low, high), 1);
            __mmask8 well = in_time(plain, open, middle, last);
            high = _mm512_mask_mov_epi64(high, well, middle);
            low = _mm512_mask_mov_epi64(low, open & (__mmask8)~well, after(middle));
            open = _mm512_mask_cmplt_epu64_mask(open, low, high);
        }
        low = query_lanes_next(plain->steps[0], moved, low, end);
        _mm256_mask_storeu_epi32(chosen->entries + c, moved, _mm512_cvtepi64_epi32(low));
    }
}

QUERY_AVX512 void funnel_choose_avx512(const struct funnel_plain *plain, uint32_t *room,
                                       struct funnel_chosen *chosen)
{
    const size_t each = FUNNEL_ROOM(plain->customer_count) / FUNNEL_ROOM_EACH;
    struct walk walk = {.plain = plain,
                        .starts = room,
                        .lasts = room + each,
                        .late = room + 2 * each,
                        .going.numbers = room + 3 * each,
                        .behind.numbers = room + 4 * each};
    enter(&walk, chosen);
    for (uint32_t step = 1; step < plain->step_count && walk.going.count > 0; step++) {
        go_on(&walk, step);
        while (walk.behind.count > 0) {
            start_later(&walk, step);
        }
        walk.going.count = walk.arrived;
        for (uint32_t i = 0; i < walk.arrived; i++) {
            chosen->levels[walk.going.numbers[i]] = step + 1;
        }
    }
    choose_first(&walk, chosen);
}

QUERY_AVX512 void funnel_pauses_avx512(const struct funnel_plain *plain,
                                       const struct funnel_chosen *chosen,
                                       struct funnel_pauses *out)
{
    for (uint32_t c = 0; c < plain->customer_count; c += LANES) {
        __mmask8 there = first_lanes(plain->customer_count - c);
        __m256i levels = _mm256_maskz_loadu_epi32(there, chosen->levels + c);
        __m512i rows = _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(there, chosen->entries + c));
        __m512i end =
            _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(there, plain->row_begin + c + 1));
        __mmask8 on = _mm256_cmpgt_epu32_mask(levels, _mm256_set1_epi32(1));
        __m512i times = times_of(plain, on, rows);
        for (uint32_t s = 1; on != 0; s++) {
            rows = query_lanes_next(plain->steps[s], on, after(rows), end);
            __m512i next = times_of(plain, on, rows);
            __m512i pauses = _mm512_maskz_compress_epi64(on, _mm512_sub_epi64(next, times));
            _mm256_storeu_si256((__m256i *)(void *)(out->times_ms[s] + out->counts[s]),
                                _mm512_cvtepi64_epi32(pauses));
            out->counts[s] += (uint32_t)__builtin_popcount(on);
            times = next;
            on = _mm256_cmpgt_epu32_mask(levels, _mm256_set1_epi32((int)s + 1));
        }
    }
}

#endif
