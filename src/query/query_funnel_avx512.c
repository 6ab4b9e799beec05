/* query_funnel_avx512.c — plain funnels, eight customers at a time.
 *
 * The way is that of query_funnel_plain.c, but step by step: all customers who may go on to a step are taken to it before any
 * goes on to the next one. Who takes the same turn stands together in a list, so that all lanes are busy, and nothing has to be foretold.
 */
#include "query_funnel_plain.h"

#include "query_lanes_avx512.h"

#if defined(__x86_64__)

#define LANES QUERY_LANE_ROWS

struct
    list { /* of customers, with where their rows end and a path: side by side, so that nothing is looked up by customer */
    uint32_t *customers, *ends, *starts, *lasts;
    uint32_t count;
};
#define LIST_NUMBERS 4U
_Static_assert(FUNNEL_ROOM_EACH == 2 + 2 * LIST_NUMBERS, "room for two numbers and both lists");
struct walk {
    const struct funnel_plain *plain;
    /* By customer: a path in time to the level where it ended, from some entry to the earliest row. */
    uint32_t *starts, *lasts;
    struct list going;  /* a path in time to the level they are at */
    struct list behind; /* `lasts` may be the next row, but is too late for that entry */
};
struct lanes { /* eight customers of a list */
    __mmask8 there;
    __m256i customers;
    __m512i end, starts, lasts;
};

static inline QUERY_AVX512 __mmask8 first_lanes(uint32_t count)
{
    return count >= LANES ? UINT8_MAX : (__mmask8)((1U << count) - 1);
}

static inline QUERY_AVX512 __m512i load(const uint32_t *numbers, __mmask8 there)
{
    return _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(there, numbers));
}

static inline QUERY_AVX512 struct lanes take(const struct list *list, uint32_t at)
{
    struct lanes lanes = {.there = first_lanes(list->count - at)};
    lanes.customers = _mm256_maskz_loadu_epi32(lanes.there, list->customers + at);
    lanes.end = load(list->ends + at, lanes.there);
    lanes.starts = load(list->starts + at, lanes.there);
    lanes.lasts = load(list->lasts + at, lanes.there);
    return lanes;
}

static inline QUERY_AVX512 void put(uint32_t *numbers, __mmask8 which, __m256i values)
{
    _mm256_storeu_si256((__m256i *)(void *)numbers, _mm256_maskz_compress_epi32(which, values));
}

static inline QUERY_AVX512 void append(struct list *list, __mmask8 which, const struct lanes *lanes)
{
    put(list->customers + list->count, which, lanes->customers);
    put(list->ends + list->count, which, _mm512_cvtepi64_epi32(lanes->end));
    put(list->starts + list->count, which, _mm512_cvtepi64_epi32(lanes->starts));
    put(list->lasts + list->count, which, _mm512_cvtepi64_epi32(lanes->lasts));
    list->count += (uint32_t)__builtin_popcount(which);
}

/* The path of those who may go no further. */
static inline QUERY_AVX512 void keep(const struct walk *walk, __mmask8 which,
                                     const struct lanes *lanes)
{
    _mm256_mask_i32scatter_epi32(walk->starts, which, lanes->customers,
                                 _mm512_cvtepi64_epi32(lanes->starts), sizeof *walk->starts);
    _mm256_mask_i32scatter_epi32(walk->lasts, which, lanes->customers,
                                 _mm512_cvtepi64_epi32(lanes->lasts), sizeof *walk->lasts);
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

/* Who does not arrive in time is put behind. Lists are written over from the front, not before they have been read. What
   `enter` noted of those who do not get beyond the first step need not be noted again. */
static QUERY_AVX512 void go_on(struct walk *walk, uint32_t step)
{
    const struct funnel_plain *plain = walk->plain;
    struct list going = walk->going;
    walk->going.count = walk->behind.count = 0;
    for (uint32_t i = 0; i < going.count; i += LANES) {
        struct lanes lanes = take(&going, i), next = lanes;
        next.lasts =
            query_lanes_next(plain->steps[step], lanes.there, after(lanes.lasts), lanes.end);
        __mmask8 found = _mm512_mask_cmplt_epu64_mask(lanes.there, next.lasts, lanes.end);
        __mmask8 well = in_time(plain, found, lanes.starts, next.lasts);
        if (step > 1 && well != lanes.there) {
            keep(walk, lanes.there & (__mmask8)~well, &lanes);
        }
        append(&walk->going, well, &next);
        append(&walk->behind, found & (__mmask8)~well, &next);
    }
}

/* The latest entries from which those late rows are reached, and else the next ones after these. */
static QUERY_AVX512 void start_later(struct walk *walk, uint32_t step)
{
    const struct funnel_plain *plain = walk->plain;
    struct list behind = walk->behind;
    walk->behind.count = 0;
    for (uint32_t i = 0; i < behind.count; i += LANES) {
        struct lanes lanes = take(&behind, i);
        lanes.starts = lanes.lasts;
        for (uint32_t s = step; s-- > 0;) {
            lanes.starts = query_lanes_before(plain->steps[s], lanes.there, lanes.starts);
        }
        __mmask8 well = in_time(plain, lanes.there, lanes.starts, lanes.lasts);
        append(&walk->going, well, &lanes);
        __mmask8 found = lanes.there & (__mmask8)~well;
        lanes.starts = query_lanes_next(plain->steps[0], found, after(lanes.starts), lanes.end);
        found = _mm512_mask_cmplt_epu64_mask(found, lanes.starts, lanes.end);
        lanes.lasts = lanes.starts;
        for (uint32_t s = 1; s <= step && found != 0; s++) {
            lanes.lasts = query_lanes_next(plain->steps[s], found, after(lanes.lasts), lanes.end);
            found = _mm512_mask_cmplt_epu64_mask(found, lanes.lasts, lanes.end);
        }
        well = in_time(plain, found, lanes.starts, lanes.lasts);
        append(&walk->going, well, &lanes);
        append(&walk->behind, found & (__mmask8)~well, &lanes);
    }
}

static QUERY_AVX512 void enter(struct walk *walk, struct funnel_chosen *chosen)
{
    const struct funnel_plain *plain = walk->plain;
    const __m256i each = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (uint32_t c = 0; c < plain->customer_count; c += LANES) {
        struct lanes lanes = {.there = first_lanes(plain->customer_count - c)};
        __m512i begin = load(plain->row_begin + c, lanes.there);
        lanes.customers = _mm256_add_epi32(each, _mm256_set1_epi32((int)c));
        lanes.end = load(plain->row_begin + c + 1, lanes.there);
        lanes.starts = query_lanes_next(plain->steps[0], lanes.there, begin, lanes.end);
        lanes.lasts = lanes.starts;
        __mmask8 entered = _mm512_mask_cmplt_epu64_mask(lanes.there, lanes.starts, lanes.end);
        __m256i rows = _mm512_cvtepi64_epi32(lanes.starts);
        _mm256_mask_storeu_epi32(walk->starts + c, lanes.there, rows);
        _mm256_mask_storeu_epi32(walk->lasts + c, lanes.there, rows);
        _mm256_mask_storeu_epi32(chosen->entries + c, lanes.there, rows);
        _mm256_mask_storeu_epi32(chosen->levels + c, lanes.there,
                                 _mm256_maskz_set1_epi32(entered, 1));
        append(&walk->going, entered, &lanes);
    }
}

/* From some entry in time to the first one, by halving. */
static QUERY_AVX512 void choose_first(const struct walk *walk, struct funnel_chosen *chosen)
{
    const struct funnel_plain *plain = walk->plain;
    for (uint32_t c = 0; c < plain->customer_count; c += LANES) {
        __mmask8 there = first_lanes(plain->customer_count - c);
        __m512i low = load(chosen->entries + c, there);
        __m512i high = load(walk->starts + c, there);
        __m512i last = load(walk->lasts + c, there);
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

static struct list list_in(uint32_t *room, size_t each)
{
    return (struct list){.customers = room,
                         .ends = room + each,
                         .starts = room + 2 * each,
                         .lasts = room + 3 * each};
}

QUERY_AVX512 void funnel_choose_avx512(const struct funnel_plain *plain, uint32_t *room,
                                       struct funnel_chosen *chosen)
{
    const size_t each = FUNNEL_ROOM(plain->customer_count) / FUNNEL_ROOM_EACH;
    struct walk walk = {.plain = plain,
                        .starts = room,
                        .lasts = room + each,
                        .going = list_in(room + 2 * each, each),
                        .behind = list_in(room + (2 + LIST_NUMBERS) * each, each)};
    enter(&walk, chosen);
    for (uint32_t step = 1; step < plain->step_count && walk.going.count > 0; step++) {
        go_on(&walk, step);
        while (walk.behind.count > 0) {
            start_later(&walk, step);
        }
        for (uint32_t i = 0; i < walk.going.count; i++) {
            chosen->levels[walk.going.customers[i]] = step + 1;
        }
    }
    for (uint32_t i = 0; plain->step_count > 1 && i < walk.going.count; i += LANES) {
        struct lanes lanes = take(&walk.going, i);
        keep(&walk, lanes.there, &lanes);
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
        __m512i rows = load(chosen->entries + c, there),
                end = load(plain->row_begin + c + 1, there);
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
