#include "stats_order.h"

#include <math.h>

#include "base_attr.h"

struct keys {
    const double *values;
    bool descending;
};

static bool before(const struct keys *keys, size_t a, size_t b)
{
    double x = keys->values[a], y = keys->values[b];
    if (x == y) {
        return a < b;
    }
    return keys->descending ? x > y : x < y;
}

static void swap(size_t *a, size_t *b)
{
    size_t held = *a;
    *a = *b;
    *b = held;
}

static void sift(const struct keys *keys, size_t *order, size_t root, size_t end)
{
    for (size_t child; (child = 2 * root + 1) < end; root = child) {
        if (child + 1 < end && before(keys, order[child], order[child + 1])) {
            child++;
        }
        if (!before(keys, order[root], order[child])) {
            return;
        }
        swap(&order[root], &order[child]);
    }
}

void stats_order(const double *keys, size_t count, bool descending, size_t *order)
{
    struct keys by = {keys, descending};
    for (size_t i = 0; i < count; i++) {
        INVARIANT(!isnan(keys[i]));
        order[i] = i;
    }
    for (size_t root = count / 2; root-- > 0;) {
        sift(&by, order, root, count);
    }
    for (size_t end = count; end-- > 1;) {
        swap(&order[0], &order[end]);
        sift(&by, order, 0, end);
    }
}

double stats_order_median(const double *keys, size_t count, const size_t *order)
{
    INVARIANT(count > 0);
    double high = keys[order[count / 2]];
    return count % 2 == 1 ? high : keys[order[count / 2 - 1]] / 2 + high / 2;
}
