#include "base_lanes_avx2.h"

#if defined(__x86_64__)

/* The number of a lane that `mask` chooses, at its place; 0 else. */
#define BEFORE(mask, lane) __builtin_popcount((mask) & ((1U << (lane)) - 1U))
#define PLACED(mask, lane)                                                                         \
    (((mask) >> (lane)&1U) != 0 ? (uint64_t)(lane) << (8 * BEFORE(mask, lane)) : 0U)
#define LANES(mask)                                                                                \
    (PLACED(mask, 0U) | PLACED(mask, 1U) | PLACED(mask, 2U) | PLACED(mask, 3U) |                   \
     PLACED(mask, 4U) | PLACED(mask, 5U) | PLACED(mask, 6U) | PLACED(mask, 7U))
#define FOUR(of, mask) of(mask), of((mask) + 1U), of((mask) + 2U), of((mask) + 3U)
#define SIXTEEN(of, mask)                                                                          \
    FOUR(of, mask), FOUR(of, (mask) + 4U), FOUR(of, (mask) + 8U), FOUR(of, (mask) + 12U)
#define SIXTY_FOUR(of, mask)                                                                       \
    SIXTEEN(of, mask), SIXTEEN(of, (mask) + 16U), SIXTEEN(of, (mask) + 32U),                       \
        SIXTEEN(of, (mask) + 48U)

const uint64_t base_lanes_of[256] = {SIXTY_FOUR(LANES, 0U), SIXTY_FOUR(LANES, 64U),
                                     SIXTY_FOUR(LANES, 128U), SIXTY_FOUR(LANES, 192U)};

#define PAIR(mask, lane)                                                                           \
    (((mask) >> (lane)&1U) != 0                                                                    \
         ? (UINT64_C(0x0100) + (lane)*UINT64_C(0x0202)) << (16 * BEFORE(mask, lane))               \
         : 0U)
#define PAIRS(mask) (PAIR(mask, 0U) | PAIR(mask, 1U) | PAIR(mask, 2U) | PAIR(mask, 3U))

const uint64_t base_pairs_of[16] = {SIXTEEN(PAIRS, 0U)};

#endif
