/* store_ranks.c — the portable way, and the choice. */
#include "base_cpu.h"
#include "store_ranks_loops.h"

void store_ranks_clear(struct store_ranks *ranks, uint32_t from, uint32_t to)
{
    memset(ranks->words + from / 64, 0, (to / 64 - from / 64 + 1) * sizeof *ranks->words);
}

void store_ranks_mark(struct store_ranks *ranks, const uint32_t *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        ranks->words[rows[i] / 64] |= UINT64_C(1) << rows[i] % 64;
    }
}

uint32_t store_ranks_count_portable(struct store_ranks *ranks, uint32_t from, uint32_t to)
{
    return ranks_count(ranks, from, to, false);
}

uint32_t store_ranks_count(struct store_ranks *ranks, uint32_t from, uint32_t to)
{
    return BASE_CPU_CALL_AVX2(store_ranks_count, (ranks, from, to),
                              store_ranks_count_portable(ranks, from, to));
}

int store_ranks_lay_portable(const struct store_ranks *ranks, const struct store_ranked *list,
                             const struct store_laid *out)
{
    return ranks_lay(ranks, list, out, false);
}

void store_ranks_lay(const struct store_ranks *ranks, const struct store_ranked *list,
                     const struct store_laid *out)
{
    (void)BASE_CPU_CALL_AVX2(store_ranks_lay, (ranks, list, out),
                             store_ranks_lay_portable(ranks, list, out));
}

uint32_t store_ranks_close_portable(const struct store_ranks *ranks, const struct store_span *spans,
                                    uint32_t count, uint32_t first, uint32_t base,
                                    struct store_closing closing)
{
    return ranks_close(ranks, spans, count, first, base, closing, false);
}

void store_ranks_close(const struct store_ranks *ranks, const struct store_span *spans,
                       uint32_t count, uint32_t first, uint32_t base, struct store_closing *closing)
{
    closing->count =
        BASE_CPU_CALL_AVX2(store_ranks_close, (ranks, spans, count, first, base, *closing),
                           store_ranks_close_portable(ranks, spans, count, first, base, *closing));
}
