#include "stats_calibration.h"

#include <math.h>

#include "stats_logistic.h"
#include "stats_order.h"

/* Rows order[first..) that share one value, until the next block's first. */
struct block {
    double sum, weight;
    size_t first;
};

static double level(const struct block *block)
{
    return block->sum / block->weight;
}

/* Puts the rows, in the order of x, into blocks that rise. */
static size_t pool(const double *x, const double *y, const double *weights, const size_t *order,
                   size_t count, struct block *blocks)
{
    size_t used = 0;
    for (size_t i = 0; i < count;) {
        struct block block = {0, 0, i};
        double at = x[order[i]];
        for (; i < count && x[order[i]] == at; i++) {
            double weight = weights == NULL ? 1 : weights[order[i]];
            block.sum += weight * y[order[i]];
            block.weight += weight;
        }
        while (used > 0 && level(&blocks[used - 1]) >= level(&block)) {
            used--;
            block.sum += blocks[used].sum;
            block.weight += blocks[used].weight;
            block.first = blocks[used].first;
        }
        blocks[used++] = block;
    }
    return used;
}

bool stats_isotonic(struct arena *arena, const double *x, const double *y, const double *weights,
                    size_t count, double *fitted, struct fail *fail)
{
    for (size_t i = 0; i < count; i++) {
        double weight = weights == NULL ? 1 : weights[i];
        if (!isfinite(x[i]) || !isfinite(y[i]) || !(weight > 0 && isfinite(weight))) {
            return fail_set(
                fail, FAIL_INPUT,
                "row %zu is x %g, y %g, weight %g, expected finite ones, weight above 0", i, x[i],
                y[i], weight);
        }
    }
    size_t *order = arena_array(arena, count, sizeof *order, fail);
    struct block *blocks = arena_array(arena, count, sizeof *blocks, fail);
    if (order == NULL || blocks == NULL) {
        return false;
    }
    stats_order(x, count, false, order);
    size_t used = pool(x, y, weights, order, count, blocks);
    for (size_t b = 0; b < used; b++) {
        size_t end = b + 1 < used ? blocks[b + 1].first : count;
        for (size_t i = blocks[b].first; i < end; i++) {
            fitted[order[i]] = level(&blocks[b]);
        }
    }
    return true;
}

bool stats_platt_fit(struct arena *arena, const double *score, const double *y, size_t count,
                     double lambda, struct stats_platt *out, struct fail *fail)
{
    const struct stats_logistic_data data = {.x = score, .y = y, .rows = count, .columns = 1};
    const struct stats_logistic_options options = {.lambda = lambda, .standardise = true};
    struct stats_logistic model;
    if (!stats_logistic_fit(arena, &data, &options, &model, fail)) {
        return false;
    }
    double slope = model.coefficients[1] / model.scale[0];
    *out = (struct stats_platt){model.coefficients[0] - slope * model.mean[0], slope};
    return true;
}

double stats_platt_of(const struct stats_platt *platt, double score)
{
    return stats_logistic_of(platt->intercept + platt->slope * score);
}
