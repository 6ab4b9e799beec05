/* store_merge.c — which neighbouring segments to merge. */
#include "store_segment.h"

/* Queries walk all segments side by side, so there should be few; each row should be rewritten rarely. Four or more
   neighbours within a factor of four of each other are merged: a row is then rewritten once for each factor of about
   four, O(log n) in all. Where there are still more than ten, those neighbours go together that cost least rewriting for
   each segment that goes. By simulation, sealing some 250,000 rows at a time: at 100 million rows each was rewritten
   3.7 times and there were 5 segments on average; at a thousand million 5.7 times, and 7. */
/* Where nothing else is to be done, one segment is what questions are quickest over: nothing is merged while they are
   answered. That rewrites all rows each time that an eighth of them is new, nine times in all; it is left for quiet
   times, in which it costs nobody anything. */
#define QUIET_SHARE 8U

#define TIER_RATIO 4U
#define TIER_COUNT 4U
#define SEGMENTS_WANTED 10U

struct choice {
    uint64_t cost; /* rows, or rows for each segment that goes */
    size_t first, count;
};

static void consider(struct choice *best, uint64_t cost, size_t first, size_t count)
{
    if (best->count == 0 || cost < best->cost) {
        *best = (struct choice){cost, first, count};
    }
}

/* Rows and heft of neighbours that would be one. */
struct together {
    uint64_t rows, heft;
};

/* False where they could not be. */
static bool add(struct together *together, const struct store_segment_info *info,
                const uint64_t *heft)
{
    together->rows += info->rows;
    together->heft += heft == NULL ? 0 : *heft;
    return together->rows <= STORE_SEGMENT_ROWS_MAX && together->heft <= STORE_MERGE_HEFT_MAX;
}

static const uint64_t *heft_of(const uint64_t *hefts, size_t at)
{
    return hefts == NULL ? NULL : &hefts[at];
}

static struct choice choose_tier(const struct store_segment_info *infos, const uint64_t *hefts,
                                 size_t count)
{
    struct choice best = {0};
    for (size_t i = 0; i < count; i++) {
        uint64_t least = infos[i].rows;
        uint64_t most = infos[i].rows;
        uint64_t rows = 0;
        struct together together = {0};
        size_t end = i;
        for (; end < count; end++) {
            least = infos[end].rows < least ? infos[end].rows : least;
            most = infos[end].rows > most ? infos[end].rows : most;
            if (most / TIER_RATIO > least || !add(&together, &infos[end], heft_of(hefts, end))) {
                break;
            }
            rows = together.rows;
        }
        if (end - i >= TIER_COUNT) {
            consider(&best, rows, i, end - i);
        }
    }
    return best;
}

static struct choice choose_cheapest(const struct store_segment_info *infos, const uint64_t *hefts,
                                     size_t count)
{
    struct choice best = {0};
    for (size_t i = 0; i < count; i++) {
        struct together together = {0};
        bool may = add(&together, &infos[i], heft_of(hefts, i));
        for (size_t j = i + 1; may && j < count; j++) {
            may = add(&together, &infos[j], heft_of(hefts, j));
            if (may) {
                consider(&best, together.rows / (j - i), i, j - i + 1);
            }
        }
    }
    return best;
}

/* All of them, or none. */
static struct choice choose_all(const struct store_segment_info *infos, const uint64_t *hefts,
                                size_t count)
{
    struct choice all = {.count = count};
    struct together together = {0};
    uint64_t largest = 0;
    bool may = true;
    for (size_t i = 0; i < count; i++) {
        may = add(&together, &infos[i], heft_of(hefts, i)) && may;
        all.cost += infos[i].rows;
        largest = infos[i].rows > largest ? infos[i].rows : largest;
    }
    bool worth = count > 1 && (all.cost - largest) * QUIET_SHARE >= largest;
    return worth && may ? all : (struct choice){0};
}

bool store_merge_choose(const struct store_segment_info *infos, const uint64_t *hefts, size_t count,
                        bool quiet, size_t *out_first, size_t *out_count)
{
    struct choice choice = quiet ? choose_all(infos, hefts, count) : (struct choice){0};
    if (choice.count == 0) {
        choice = choose_tier(infos, hefts, count);
    }
    if (choice.count == 0 && count > SEGMENTS_WANTED) {
        choice = choose_cheapest(infos, hefts, count);
    }
    if (choice.count == 0) {
        return false;
    }
    *out_first = choice.first;
    *out_count = choice.count;
    return true;
}
