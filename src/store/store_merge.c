/* store_merge.c — which neighbouring segments to merge. */
#include "store_segment.h"

/* Queries walk all segments side by side, so there should be few; each row should be rewritten rarely. Segments of one
   tier (within a factor of four) are merged when there are four neighbours: each row is then rewritten once per factor
   of about four, O(log n) in all. Small ones beside a big one join it only once they make up a quarter of it, which
   keeps the cost of rewriting it at five rows for each new one at most; until then at most three stay in each tier. */
#define TIER_RATIO 4U
#define TIER_COUNT 4U

static uint64_t rows_of(const struct store_segment_info *infos, size_t from, size_t count)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        rows += infos[from + i].rows;
    }
    return rows;
}

/* The run of neighbours from `from` on whose sizes are within the ratio of each other. */
static size_t similar_run(const struct store_segment_info *infos, size_t count, size_t from)
{
    uint64_t least = infos[from].rows;
    uint64_t most = infos[from].rows;
    size_t run = 1;
    for (size_t i = from + 1; i < count; i++, run++) {
        uint64_t rows = infos[i].rows;
        least = rows < least ? rows : least;
        most = rows > most ? rows : most;
        if (most / TIER_RATIO > least) {
            break;
        }
    }
    return run;
}

bool store_merge_choose(const struct store_segment_info *infos, size_t count, size_t *out_first,
                        size_t *out_count)
{
    uint64_t best_rows = UINT64_MAX;
    size_t best_first = 0;
    size_t best_count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t run = similar_run(infos, count, i);
        if (run >= TIER_COUNT) {
            uint64_t rows = rows_of(infos, i, run);
            if (rows < best_rows && rows <= STORE_SEGMENT_ROWS_MAX) {
                best_rows = rows;
                best_first = i;
                best_count = run;
            }
        }
        /* Small ones after a big one (newer segments are smaller), and before it. */
        uint64_t beside = 0;
        for (size_t j = i + 1; j < count && infos[j].rows <= infos[i].rows; j++) {
            beside += infos[j].rows;
            uint64_t rows = infos[i].rows + beside;
            if (beside >= infos[i].rows / TIER_RATIO + 1 && j - i >= 2 && rows < best_rows &&
                rows <= STORE_SEGMENT_ROWS_MAX) {
                best_rows = rows;
                best_first = i;
                best_count = j - i + 1;
            }
        }
    }
    if (best_count == 0) {
        return false;
    }
    *out_first = best_first;
    *out_count = best_count;
    return true;
}
