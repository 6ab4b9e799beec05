#include "query_pairs.h"

#include "base_cpu.h"
#include "query_places.h"

static inline uint64_t up_to(uint32_t bit)
{
    return UINT64_MAX >> (QUERY_MARK_ROWS - 1 - bit);
}

/* One after the other, and without a jump but for the end of each word. */
static inline __attribute__((always_inline)) void find_pairs(const struct query_pairs *pairs,
                                                             const struct query_pairs_ends *ends,
                                                             struct query_pairs_found *out)
{
    const int64_t *ts_ms = pairs->rows->ts_ms;
    const uint32_t row_count = pairs->rows->row_count;
    size_t ends_before = 0, begins_before = 0, last_customer = SIZE_MAX;
    struct query_times_room times = out->times;
    uint64_t customers = 0;
    for (uint32_t first = 0; first < row_count; first += QUERY_MARK_ROWS) {
        const uint32_t w = first / QUERY_MARK_ROWS;
        const uint64_t begins = ends->begins[w], stops = pairs->to[w] | begins;
        for (uint64_t left = pairs->from[w]; left != 0; left &= left - 1) {
            uint32_t bit = (uint32_t)__builtin_ctzll(left);
            uint32_t next =
                ends->rows[ends_before + (size_t)__builtin_popcountll(stops & up_to(bit))];
            size_t customer = begins_before + (size_t)__builtin_popcountll(begins & up_to(bit));
            bool there = (ends->begins[next / QUERY_MARK_ROWS] >> next % QUERY_MARK_ROWS & 1U) == 0;
            next = there ? next : first + bit;
            int64_t time_ms = ts_ms[next] - ts_ms[first + bit];
            there &= time_ms <= pairs->window_ms;
            bool brief = time_ms <= QUERY_TIMES_BRIEF_MAX;
            times.brief[times.brief_count] = (uint32_t)time_ms;
            times.longer[times.longer_count] = (double)time_ms;
            times.brief_count += there & brief;
            times.longer_count += there & !brief;
            customers += there & (customer != last_customer);
            last_customer = there ? customer : last_customer;
        }
        ends_before += (size_t)__builtin_popcountll(stops);
        begins_before += (size_t)__builtin_popcountll(begins);
    }
    *out = (struct query_pairs_found){times, customers};
}

void query_pairs_find_portable(const struct query_pairs *pairs, const struct query_pairs_ends *ends,
                               struct query_pairs_found *out)
{
    find_pairs(pairs, ends, out);
}

#if defined(__x86_64__)

__attribute__((target("avx2,popcnt,bmi,bmi2"))) void
query_pairs_find_avx2(const struct query_pairs *pairs, const struct query_pairs_ends *ends,
                      struct query_pairs_found *out)
{
    find_pairs(pairs, ends, out);
}

#endif

/* Which rows end a search: as marks, and in order. *out_from: how many rows one begins at. */
static bool find_ends(const struct query_pairs *pairs, const struct query_worker *worker,
                      struct query_pairs_ends *out, size_t *out_from, struct fail *fail)
{
    const struct store_rows *rows = pairs->rows;
    uint64_t *begins = query_places_room(worker, fail);
    if (begins == NULL) {
        return false;
    }
    for (uint32_t c = 0; c <= rows->customer_count; c++) {
        uint32_t row = rows->row_begin[c];
        begins[row / QUERY_MARK_ROWS] |= UINT64_C(1) << row % QUERY_MARK_ROWS;
    }
    uint32_t *list =
        arena_alloc(worker->scratch, ((size_t)rows->row_count + 1) * sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    size_t count = 0, from = 0;
    for (uint32_t w = 0; w <= rows->row_count / QUERY_MARK_ROWS; w++) { /* and the row behind all */
        for (uint64_t left = pairs->to[w] | begins[w]; left != 0; left &= left - 1) {
            list[count++] = w * QUERY_MARK_ROWS + (uint32_t)__builtin_ctzll(left);
        }
        from += (size_t)__builtin_popcountll(pairs->from[w]);
    }
    *out = (struct query_pairs_ends){begins, list};
    *out_from = from;
    return true;
}

bool query_pairs_find(const struct query_pairs *pairs, const struct query_worker *worker,
                      struct query_times *times, uint64_t *customers, struct fail *fail)
{
    struct query_pairs_ends ends;
    struct query_pairs_found found = {.customers = 0};
    size_t from;
    if (!find_ends(pairs, worker, &ends, &from, fail) ||
        !query_times_room(times, from + 1, &found.times, fail)) {
        return false;
    }
    BASE_CPU_CALL_AVX2(query_pairs_find, (pairs, &ends, &found),
                       query_pairs_find_portable(pairs, &ends, &found));
    query_times_added(times, &found.times);
    *customers += found.customers;
    return true;
}
