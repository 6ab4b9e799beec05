/* store_ranks_avx2.c — where the processor counts bits. */
#include "store_ranks_loops.h"

#include "base_lanes_avx2.h"

#if defined(__x86_64__)

BASE_AVX2 uint32_t store_ranks_count_avx2(struct store_ranks *ranks, uint32_t from, uint32_t to)
{
    return ranks_count(ranks, from, to, true);
}

BASE_AVX2 int store_ranks_lay_avx2(const struct store_ranks *ranks, const struct store_ranked *list,
                                   const struct store_laid *out)
{
    return ranks_lay(ranks, list, out, true);
}

BASE_AVX2 uint32_t store_ranks_close_avx2(const struct store_ranks *ranks,
                                          const struct store_span *spans, uint32_t count,
                                          uint32_t first, uint32_t base,
                                          struct store_closing closing)
{
    return ranks_close(ranks, spans, count, first, base, closing, true);
}

#endif
