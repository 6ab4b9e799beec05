/* Iterative proportional fitting: of tables, and of people's weights. */
#include <math.h>
#include <string.h>

#include "base_thread.h"
#include "stats_survey.h"

#define FIT_OFF 1e-10 /* of the total: how far a margin may be from its target in the end */
#define TRIM_ROUNDS 50

/* ---- tables --------------------------------------------------------------------------------------- */

struct table {
    double *cells;
    const size_t *sizes;
    size_t axis_count, cell_count;
    double *sums; /* room for the largest margin */
};

static size_t margin_count(const struct table *table, const struct stats_margin *margin)
{
    size_t count = 1;
    for (size_t i = 0; i < margin->axis_count; i++) {
        count *= table->sizes[margin->axes[i]];
    }
    return count;
}

/* Which of the margin's sums a cell belongs to. */
static size_t margin_of(const struct table *table, const struct stats_margin *margin, size_t cell)
{
    size_t at[STATS_RAKE_AXES_MAX] = {0};
    for (size_t axis = table->axis_count; axis-- > 0;) {
        at[axis] = cell % table->sizes[axis];
        cell /= table->sizes[axis];
    }
    size_t index = 0;
    for (size_t i = 0; i < margin->axis_count; i++) {
        index = index * table->sizes[margin->axes[i]] + at[margin->axes[i]];
    }
    return index;
}

static void add_up(const struct table *table, const struct stats_margin *margin)
{
    memset(table->sums, 0, margin_count(table, margin) * sizeof(double));
    for (size_t cell = 0; cell < table->cell_count; cell++) {
        table->sums[margin_of(table, margin, cell)] += table->cells[cell];
    }
}

/* The greatest distance from the targets, before scaling to them. */
static double fit_margin(const struct table *table, const struct stats_margin *margin)
{
    double off = 0;
    add_up(table, margin);
    for (size_t i = 0; i < margin_count(table, margin); i++) {
        off = fmax(off, fabs(table->sums[i] - margin->targets[i]));
    }
    for (size_t cell = 0; cell < table->cell_count; cell++) {
        size_t index = margin_of(table, margin, cell);
        if (table->sums[index] > 0) {
            table->cells[cell] *= margin->targets[index] / table->sums[index];
        }
    }
    return off;
}

static bool check_margin(const struct table *table, const struct stats_margin *margin, size_t at,
                         double *total, struct fail *fail)
{
    double sum = 0;
    for (size_t i = 0; i < margin->axis_count; i++) {
        if (margin->axes[i] >= table->axis_count ||
            (i > 0 && margin->axes[i] <= margin->axes[i - 1])) {
            return fail_set(fail, FAIL_INPUT, "margin %zu names axes that the table does not have",
                            at);
        }
    }
    add_up(table, margin);
    for (size_t i = 0; i < margin_count(table, margin); i++) {
        double target = margin->targets[i];
        if (!(target >= 0 && isfinite(target))) {
            return fail_set(fail, FAIL_INPUT, "target %zu of margin %zu is %g, expected at least 0",
                            i, at, target);
        }
        if (target > 0 && !(table->sums[i] > 0)) {
            return fail_set(
                fail, FAIL_INPUT,
                "target %zu of margin %zu is %g, and no cell that it counts holds anything: "
                "join it with a neighbour",
                i, at, target);
        }
        sum += target;
    }
    if (*total >= 0 && !(fabs(sum - *total) <= 1e-6 * *total)) {
        return fail_set(fail, FAIL_INPUT, "margin %zu adds up to %g, the first one to %g", at, sum,
                        *total);
    }
    *total = *total >= 0 ? *total : sum;
    return *total > 0 ? true : fail_set(fail, FAIL_INPUT, "the targets add up to 0");
}

static bool prepare_table(struct arena *arena, struct table *table, const double *cells,
                          const size_t *sizes, size_t axis_count, struct fail *fail)
{
    if (axis_count < 1 || axis_count > STATS_RAKE_AXES_MAX) {
        return fail_set(fail, FAIL_INPUT, "%zu axes, expected 1 to %d", axis_count,
                        STATS_RAKE_AXES_MAX);
    }
    size_t count = 1;
    for (size_t axis = 0; axis < axis_count; axis++) {
        if (__builtin_mul_overflow(count, sizes[axis], &count)) {
            return fail_set(fail, FAIL_LIMIT, "the table has more cells than memory");
        }
    }
    *table = (struct table){arena_array(arena, count, sizeof(double), fail), sizes, axis_count,
                            count, arena_array(arena, count, sizeof(double), fail)};
    if (table->cells == NULL || table->sums == NULL) {
        return false;
    }
    for (size_t cell = 0; cell < count; cell++) {
        if (!(cells[cell] >= 0 && isfinite(cells[cell]))) {
            return fail_set(fail, FAIL_INPUT, "cell %zu is %g, expected at least 0", cell,
                            cells[cell]);
        }
        table->cells[cell] = cells[cell];
    }
    return true;
}

bool stats_rake_table(struct arena *arena, double *cells, const size_t *sizes, size_t axis_count,
                      const struct stats_margin *margins, size_t margin_total,
                      struct base_cancel *cancel, struct fail *fail)
{
    struct table table;
    double total = -1;
    if (!prepare_table(arena, &table, cells, sizes, axis_count, fail)) {
        return false;
    }
    for (size_t m = 0; m < margin_total; m++) {
        if (!check_margin(&table, &margins[m], m, &total, fail)) {
            return false;
        }
    }
    size_t worst = 0;
    double off = 0;
    for (int pass = 0; pass < STATS_RAKE_PASSES_MAX; pass++) {
        if (cancel != NULL && base_cancel_due(cancel, fail)) {
            return false;
        }
        off = 0;
        for (size_t m = 0; m < margin_total; m++) {
            double here = fit_margin(&table, &margins[m]);
            worst = here > off ? m : worst;
            off = fmax(off, here);
        }
        if (off <= FIT_OFF * total) {
            memcpy(cells, table.cells, table.cell_count * sizeof(double));
            return true;
        }
    }
    return fail_set(fail, FAIL_INPUT,
                    "margin %zu cannot be met together with the others: it stays %g off", worst,
                    off);
}

/* ---- weights -------------------------------------------------------------------------------------- */

static bool check_factor(const struct stats_factor *factor, size_t at, size_t rows, double *sums,
                         struct fail *fail)
{
    double shares = 0;
    memset(sums, 0, factor->level_count * sizeof(double));
    for (size_t i = 0; i < rows; i++) {
        if (factor->levels[i] >= factor->level_count) {
            return fail_set(fail, FAIL_INPUT, "row %zu has level %zu of factor %zu, which has %zu",
                            i, factor->levels[i], at, factor->level_count);
        }
        sums[factor->levels[i]] += 1;
    }
    for (size_t level = 0; level < factor->level_count; level++) {
        double share = factor->shares[level];
        if (!(share >= 0 && share <= 1)) {
            return fail_set(fail, FAIL_INPUT,
                            "level %zu of factor %zu has the share %g, expected 0 to 1", level, at,
                            share);
        }
        if (share > 0 && !(sums[level] > 0)) {
            return fail_set(
                fail, FAIL_INPUT,
                "level %zu of factor %zu has a share of %g and nobody in it: join it with a "
                "neighbour",
                level, at, share);
        }
        shares += share;
    }
    if (!(fabs(shares - 1) <= 1e-6)) {
        return fail_set(fail, FAIL_INPUT, "the shares of factor %zu add up to %g, expected 1", at,
                        shares);
    }
    return true;
}

/* One pass over a factor; how far it was off, as a share of the total. */
static double fit_factor(const struct stats_factor *factor, size_t rows, double total, double *sums,
                         double *weights)
{
    double off = 0;
    memset(sums, 0, factor->level_count * sizeof(double));
    for (size_t i = 0; i < rows; i++) {
        sums[factor->levels[i]] += weights[i];
    }
    for (size_t level = 0; level < factor->level_count; level++) {
        double target = factor->shares[level] * total;
        off = fmax(off, fabs(sums[level] - target) / total);
        sums[level] = sums[level] > 0 ? target / sums[level] : 0;
    }
    for (size_t i = 0; i < rows; i++) {
        weights[i] *= sums[factor->levels[i]];
    }
    return off;
}

static bool fit_weights(const struct stats_factor *factors, size_t factor_count, size_t rows,
                        double total, double *sums, double *weights, struct base_cancel *cancel,
                        struct fail *fail)
{
    size_t worst = 0;
    double off = 0;
    for (int pass = 0; pass < STATS_RAKE_PASSES_MAX; pass++) {
        if (cancel != NULL && base_cancel_due(cancel, fail)) {
            return false;
        }
        off = 0;
        for (size_t f = 0; f < factor_count; f++) {
            double here = fit_factor(&factors[f], rows, total, sums, weights);
            worst = here > off ? f : worst;
            off = fmax(off, here);
        }
        if (off <= FIT_OFF) {
            return true;
        }
    }
    return fail_set(fail, FAIL_INPUT,
                    "factor %zu cannot be met together with the others: it stays %.3g of all off",
                    worst, off);
}

bool stats_rake_weights(struct arena *arena, const struct stats_factor *factors,
                        size_t factor_count, size_t rows, double total, double trim,
                        double *weights, struct base_cancel *cancel, struct fail *fail)
{
    size_t levels = 1, cut;
    if (rows == 0 || factor_count == 0 || !(total > 0 && isfinite(total))) {
        return fail_set(fail, FAIL_INPUT,
                        "%zu rows, %zu factors, a total of %g, expected some of each", rows,
                        factor_count, total);
    }
    for (size_t f = 0; f < factor_count; f++) {
        levels = factors[f].level_count > levels ? factors[f].level_count : levels;
    }
    double *sums = arena_array(arena, levels, sizeof *sums, fail);
    double *raked = arena_array(arena, rows, sizeof *raked, fail);
    if (sums == NULL || raked == NULL) {
        return false;
    }
    for (size_t f = 0; f < factor_count; f++) {
        if (!check_factor(&factors[f], f, rows, sums, fail)) {
            return false;
        }
    }
    for (size_t i = 0; i < rows; i++) {
        raked[i] = total / (double)rows;
    }
    if (!fit_weights(factors, factor_count, rows, total, sums, raked, cancel, fail)) {
        return false;
    }
    for (int round = 0; trim > 0 && round < TRIM_ROUNDS; round++) {
        if (!stats_trim(arena, raked, rows, trim, &cut, fail)) {
            return false;
        }
        if (cut == 0) {
            break;
        }
        if (!fit_weights(factors, factor_count, rows, total, sums, raked, cancel, fail)) {
            return false;
        }
    }
    memcpy(weights, raked, rows * sizeof *weights);
    return true;
}
