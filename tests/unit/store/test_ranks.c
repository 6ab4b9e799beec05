/* Rows of several lists in one order, by rank: as sorting them gives, however bits are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base_cpu.h"
#include "base_random.h"
#include "store_ranks.h"

#define LISTS 3U
#define ROWS STORE_SEGMENT_BLOCK_ROWS
#define SPANS 4000U
#define FIRST (7U * STORE_SEGMENT_BLOCK_ROWS)

struct world { /* a stretch of a block */
    uint32_t from, to;
    uint8_t list_of[ROWS]; /* by row: 1 + its list; 0: none */
    uint32_t rows[LISTS][ROWS], counts[LISTS];
    int32_t slots[LISTS][ROWS];
    int64_t ts_ms[LISTS][ROWS];
    struct store_span spans[SPANS];
    uint32_t span_count;
};

static void draw(struct world *w, struct base_random *random)
{
    uint64_t one_in = UINT64_C(1) << base_random_below(random, 12);
    w->from = base_random_below(random, 3) == 0 ? 0 : (uint32_t)base_random_below(random, ROWS);
    uint64_t left = ROWS - w->from;
    w->to = base_random_below(random, 3) == 0
                ? ROWS
                : w->from + 1 + (uint32_t)base_random_below(random, left);
    memset(w->counts, 0, sizeof w->counts);
    memset(w->list_of, 0, sizeof w->list_of);
    for (uint32_t row = w->from; row < w->to; row++) {
        if (base_random_below(random, one_in) == 0) {
            uint32_t list = (uint32_t)base_random_below(random, LISTS), at = w->counts[list]++;
            w->list_of[row] = (uint8_t)(1 + list);
            w->rows[list][at] = row;
            w->slots[list][at] = (int32_t)row * 3 - 1000;
            w->ts_ms[list][at] = (int64_t)row * 5 - 1000;
        }
    }
    w->span_count = 0;
    for (uint32_t end = w->from; end < w->to && w->span_count < SPANS;) {
        uint32_t begin = end;
        end += 1 + (uint32_t)base_random_below(random, 60);
        w->spans[w->span_count] = (struct store_span){
            .customer = 2 * w->span_count + 5, .begin = FIRST + begin, .end = FIRST + end};
        w->span_count += end <= w->to;
    }
}

/* Lays all lists; with `in_slots` slots, else times. */
static uint32_t lay(const struct world *w, bool in_slots, struct store_ranks *ranks,
                    const struct store_laid *laid)
{
    memset(ranks, 0xEE, sizeof *ranks); /* what is not asked for means nothing */
    store_ranks_clear(ranks, w->from, w->to);
    for (uint32_t l = 0; l < LISTS; l++) {
        store_ranks_mark(ranks, w->rows[l], w->counts[l]);
    }
    uint32_t count = store_ranks_count(ranks, w->from, w->to);
    for (uint32_t l = 0; l < LISTS; l++) {
        const struct store_ranked list = {.rows = w->rows[l],
                                          .count = w->counts[l],
                                          .label = (uint8_t)(20 + l),
                                          .slots = in_slots ? w->slots[l] : NULL,
                                          .ts_ms = in_slots ? NULL : w->ts_ms[l]};
        store_ranks_lay(ranks, &list, laid);
    }
    return count;
}

static void check_order(const struct world *w, bool in_slots, struct store_ranks *ranks)
{
    static uint8_t labels[ROWS];
    static int32_t slots[ROWS];
    static int64_t ts_ms[ROWS];
    const struct store_laid laid = {
        .labels = labels, .slots = in_slots ? slots : NULL, .ts_ms = in_slots ? NULL : ts_ms};
    uint32_t count = lay(w, in_slots, ranks, &laid), at = 0;
    for (uint32_t row = w->from; row < w->to; row++) {
        if (w->list_of[row] != 0) {
            assert_true(at < count);
            assert_int_equal(labels[at], 19 + w->list_of[row]);
            assert_int_equal(in_slots ? slots[at] : ts_ms[at],
                             (int64_t)row * (in_slots ? 3 : 5) - 1000);
            at++;
        }
    }
    assert_int_equal(at, count);
}

/* The customer whose rows are open may have some from before the stretch. */
static void check_spans(const struct world *w, const struct store_ranks *ranks, uint32_t before)
{
    static uint32_t customers[SPANS + 2], row_begin[SPANS + 2];
    struct store_closing closing = {customers, row_begin, 1};
    const uint32_t base = 1000;
    row_begin[0] = 0;
    row_begin[1] = base - before;
    store_ranks_close(ranks, w->spans, w->span_count, FIRST, base, &closing);
    uint32_t rows = base, begins = base - before, closed = 1;
    for (uint32_t s = 0; s < w->span_count; s++) {
        for (uint32_t row = w->spans[s].begin - FIRST; row < w->spans[s].end - FIRST; row++) {
            rows += w->list_of[row] != 0;
        }
        if (rows > begins) {
            assert_true(closed < closing.count);
            assert_int_equal(customers[closed], w->spans[s].customer);
            assert_int_equal(row_begin[closed], begins);
            begins = rows;
            closed++;
        }
    }
    assert_int_equal(closing.count, closed);
    assert_int_equal(row_begin[closed], begins);
}

static void rows_of_lists_come_in_one_order(void **state)
{
    (void)state;
    static struct world w;
    static struct store_ranks ranks;
    const enum base_cpu can = base_cpu_level();
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 11);
    for (int round = 0; round < 400; round++) {
        draw(&w, &seeded.random);
        base_cpu_limit(round % 2 == 0 ? BASE_CPU_PORTABLE : can);
        check_order(&w, round % 4 < 2, &ranks);
        check_spans(&w, &ranks, (uint32_t)round % 3);
    }
    base_cpu_limit(can);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_lists_come_in_one_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
