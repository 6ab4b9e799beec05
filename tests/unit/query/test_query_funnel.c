/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_random.h"
#include "query_fake.h"
#include "query_funnel.h"

#define RANGE "'range':{'from':'2026-05-01','to':'2026-05-10'}"

static const char lines[] =
    /* ann: A, B an hour later, C two hours after that; then again, faster */
    "{'c':'ann','e':'A','t':'2026-05-01T00:00:00Z','p':{'country':'NL'}}\n"
    "{'c':'ann','e':'B','t':'2026-05-01T01:00:00Z','p':{'country':'DE'}}\n"
    "{'c':'ann','e':'C','t':'2026-05-01T03:00:00Z'}\n"
    "{'c':'ann','e':'A','t':'2026-05-02T00:00:00Z','p':{'country':'BE'}}\n"
    "{'c':'ann','e':'B','t':'2026-05-02T00:10:00Z'}\n"
    "{'c':'ann','e':'C','t':'2026-05-02T00:20:00Z'}\n"
    /* bob: A and B, and C after the window */
    "{'c':'bob','e':'A','t':'2026-05-03T00:00:00Z'}\n"
    "{'c':'bob','e':'X','t':'2026-05-03T00:01:00Z','p':{'country':'FR'}}\n"
    "{'c':'bob','e':'B','t':'2026-05-03T04:00:00Z'}\n"
    "{'c':'bob','e':'C','t':'2026-05-04T00:00:00.001Z'}\n"
    /* cid: A alone; the end of his window lies past the range */
    "{'c':'cid','e':'A','t':'2026-05-10T23:00:00Z','p':{'country':['NL','FR']}}\n"
    "{'c':'cid','e':'B','t':'2026-05-11T22:59:59Z'}\n"
    /* dee: B and C without A; A too early */
    "{'c':'dee','e':'A','t':'2026-04-30T23:59:59Z'}\n"
    "{'c':'dee','e':'B','t':'2026-05-01T00:00:00Z'}\n"
    "{'c':'dee','e':'C','t':'2026-05-01T00:00:00Z'}\n";

#define ASK(rest)                                                                                  \
    "{'kind':'funnel','steps':[{'event':'A'},{'event':'B'},{'event':'C'}],'window':'1d'," RANGE    \
        rest "}"
#define STEP(n, label, count, start, previous, median)                                             \
    "{'step':" n ",'label':'" label "','count':" count ",'rate_from_start':" start                 \
    ",'rate_from_previous':" previous ",'median_ms_from_previous':" median "}"

static void customers_reach_steps_in_order(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake, ASK(""),
                "{'kind':'funnel','steps':[" STEP("1", "A", "3", "1", "1", "null") "," STEP(
                    "2", "B", "3", "1", "1",
                    "14400000") "," STEP("3", "C", "1", "0.3333333333333333", "0.3333333333333333",
                                         "7200000") "],'partial':[],'warnings':[]");
    fake_expect(fake,
                "{'kind':'funnel','steps':[{'event':'N'},{'event':'A'}],'window':'1d'," RANGE "}",
                "{'kind':'funnel','steps':[" STEP("1", "N", "0", "null", "null", "null") "," STEP(
                    "2", "A", "0", "null", "null",
                    "null") "],'partial':[],'warnings':['event \\\"N\\\" was never seen']");
    fake_free(fake);
}

static void entries_are_counted_one_after_the_other(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake, ASK(",'count':'entries'"),
                     "[" STEP("1", "A", "4", "1", "1", "null") "," STEP(
                         "2", "B", "4", "1", "1", "3600000") "," STEP("3", "C", "2", "0.5", "0.5",
                                                                      "600000") "]");
    fake_free(fake);
}

static void groups_take_the_value_that_attribution_names(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    /* the entry: ann NL, bob none, cid NL and FR */
    fake_expect_part(
        fake, ASK(",'breakdown':'country'"),
        "'groups':[{'group':'NL','steps':[" STEP("1", "A", "2", "1", "1", "null") "," STEP(
            "2", "B", "2", "1", "1",
            "3600000") "," STEP("3", "C", "1", "0.5", "0.5",
                                "7200000") "]},"
                                           "{'group':'(none)','steps':[" STEP(
                                               "1", "A", "1", "1", "1",
                                               "null") "," STEP("2", "B", "1", "1", "1",
                                                                "14400000") "," STEP("3", "C", "0",
                                                                                     "0", "0",
                                                                                     "null") "]},"
                                                                                             "{'"
                                                                                             "group"
                                                                                             "':'"
                                                                                             "FR','"
                                                                                             "steps"
                                                                                             "':"
                                                                                             "[" STEP(
                                                                                                 "1",
                                                                                                 "A",
                                                                                                 "1",
                                                                                                 "1",
                                                                                                 "1",
                                                                                                 "n"
                                                                                                 "u"
                                                                                                 "l"
                                                                                                 "l"));
    fake_expect_part(fake, ASK(",'breakdown':'country'"), "'warnings':['some have several values");
    /* the first in the window: bob FR, from an event of no step */
    fake_expect_part(fake, ASK(",'breakdown':'country','attribution':'first'"),
                     "'groups':[{'group':'FR','steps':[" STEP("1", "A", "2", "1", "1", "null"));
    /* the last in the window, its end included: ann BE (her next entry), bob FR, cid NL and FR */
    fake_expect_part(
        fake, ASK(",'breakdown':'country','attribution':'last','limit':1"),
        "'groups':[{'group':'FR','steps':[" STEP("1", "A", "2", "1", "1", "null") "," STEP(
            "2", "B", "2", "1", "1",
            "14400000") "," STEP("3", "C", "0", "0", "0",
                                 "null") "]},"
                                         "{'group':'(other)','steps':[" STEP("1", "A", "2", "1",
                                                                             "1", "null"));
    /* step 2: ann DE, the others none; step 3: only ann reached it, without a value */
    fake_expect_part(fake, ASK(",'breakdown':'country','attribution':{'step':2}"),
                     "'groups':[{'group':'(none)','steps':[" STEP("1", "A", "2", "1", "1", "null"));
    fake_expect_part(fake, ASK(",'breakdown':'country','attribution':{'step':3}"),
                     "'groups':[{'group':'(none)','steps':[" STEP("1", "A", "3", "1", "1", "null"));
    fake_expect_part(fake, ASK(",'attribution':'first'"),
                     "'warnings':['\\\"attribution\\\" has no effect without a breakdown']");
    fake_free(fake);
}

static void entries_whose_windows_overlap_each_see_their_own_values(void **state)
{
    (void)state;
    struct fake *fake =
        fake_new("{'c':'ann','e':'A','t':'2026-05-01T00:00:00Z'}\n"
                 "{'c':'ann','e':'A','t':'2026-05-01T00:10:00Z'}\n"
                 "{'c':'ann','e':'X','t':'2026-05-01T00:30:00Z','p':{'v':1}}\n"
                 "{'c':'ann','e':'A','t':'2026-05-01T01:00:00Z'}\n"
                 "{'c':'ann','e':'X','t':'2026-05-01T02:00:00Z','p':{'v':2}}\n"
                 "{'c':'ann','e':'A','t':'2026-05-01T03:00:00Z'}\n"
                 "{'c':'ann','e':'X','t':'2026-05-01T06:00:00.001Z','p':{'v':3}}\n");
#define ENTRIES(window, attribution)                                                               \
    "{'kind':'funnel','steps':[{'event':'A'}]," RANGE ",'count':'entries','breakdown':'v',"        \
    "'window':'" window "','attribution':'" attribution "'}"
#define GROUP(name, count)                                                                         \
    "{'group':'" name "','steps':[" STEP("1", "A", count, "1", "1", "null") "]}"
    fake_expect_part(fake, ENTRIES("90m", "first"),
                     "[" GROUP("1", "2") "," GROUP("(none)", "1") "," GROUP("2", "1") "]");
    fake_expect_part(fake, ENTRIES("90m", "last"),
                     "[" GROUP("1", "2") "," GROUP("(none)", "1") "," GROUP("2", "1") "]");
    fake_expect_part(fake, ENTRIES("3h", "first"),
                     "[" GROUP("1", "2") "," GROUP("(none)", "1") "," GROUP("2", "1") "]");
    fake_expect_part(fake, ENTRIES("3h", "last"), "[" GROUP("2", "3") "," GROUP("(none)", "1") "]");
    fake_free(fake);
}

static void strict_any_optional_and_exclude(void **state)
{
    (void)state;
    struct fake *fake = fake_new(
        /* ann: A, A, B: strict only from the second A */
        "{'c':'ann','e':'A','t':'2026-05-01T00:00:00Z'}\n"
        "{'c':'ann','e':'A','t':'2026-05-01T00:01:00Z'}\n"
        "{'c':'ann','e':'B','t':'2026-05-01T00:02:00Z'}\n"
        "{'c':'ann','e':'R','t':'2026-05-01T00:03:00Z'}\n"
        "{'c':'ann','e':'C','t':'2026-05-01T00:04:00Z'}\n"
        /* bob: A, C, B */
        "{'c':'bob','e':'A','t':'2026-05-01T00:00:00Z'}\n"
        "{'c':'bob','e':'C','t':'2026-05-01T00:01:00Z'}\n"
        "{'c':'bob','e':'B','t':'2026-05-01T00:02:00Z'}\n");
    fake_expect_part(
        fake, ASK(""),
        "[" STEP("1", "A", "2", "1", "1", "null") "," STEP(
            "2", "B", "2", "1", "1", "120000") "," STEP("3", "C", "1", "0.5", "0.5", "120000") "]");
    fake_expect_part(fake, ASK(",'order':'strict'"),
                     "[" STEP("1", "A", "2", "1", "1", "null") "," STEP(
                         "2", "B", "1", "0.5", "0.5", "60000") "," STEP("3", "C", "1", "0.5", "1",
                                                                        "120000") "]");
    fake_expect_part(
        fake, ASK(",'order':'any'"),
        "[" STEP("1", "A", "2", "1", "1", "null") "," STEP(
            "2", "B", "2", "1", "1", "60000") "," STEP("3", "C", "2", "1", "1", "60000") "]");
    fake_expect_part(fake, ASK(",'exclude':[{'event':'R'}]"),
                     STEP("3", "C", "0", "0", "0", "null"));
    fake_expect_part(fake, ASK(",'exclude':[{'event':'R','between':[1,2]}]"),
                     STEP("3", "C", "1", "0.5", "0.5", "120000"));
    fake_expect_part(fake, ASK(",'exclude':[{'event':['R','B']}]"), /* B reaches a step */
                     STEP("2", "B", "2", "1", "1", "120000"));
    fake_expect_part(
        fake,
        "{'kind':'funnel','window':'1d'," RANGE ",'steps':[{'event':'A'},"
        "{'event':'B','optional':true},{'event':'C'}]}",
        "[" STEP("1", "A", "2", "1", "1", "null") "," STEP(
            "2", "B", "1", "0.5", "0.5", "120000") "," STEP("3", "C", "2", "1", "1", "60000") "]");
    fake_free(fake);
}

/* ---- against a walk written straight from the contract's words, row by row ---- */

struct naive {
    const struct funnel_body *body;
    const uint64_t *masks;
    const int64_t *ts_ms;
    uint32_t rows;
};

static bool is_candidate(const struct funnel_body *body, uint32_t step, uint32_t level,
                         const bool *reached)
{
    if (body->order == FUNNEL_ANY) {
        return !reached[step];
    }
    if (step < level) {
        return false;
    }
    for (uint32_t s = level; s < step; s++) { /* only optional steps may be passed over */
        if ((body->optional >> s & 1U) == 0) {
            return false;
        }
    }
    return true;
}

static void naive_path(const struct naive *n, uint32_t entry, struct funnel_path *out)
{
    const struct funnel_body *body = n->body;
    bool reached[QUERY_STEPS_MAX] = {true};
    memset(out, 0xFF, sizeof *out);
    out->level = 1;
    out->last = out->reached[0] = entry;
    for (uint32_t row = entry + 1; row < n->rows && out->level < body->step_count; row++) {
        if (n->ts_ms[row] > n->ts_ms[entry] + body->window_ms) {
            return;
        }
        uint32_t found = UINT32_MAX;
        bool any_step = false;
        for (uint32_t s = body->step_count; s-- > 0;) {
            bool matches = (n->masks[row] >> s & 1U) != 0;
            any_step = any_step || matches;
            found = matches && is_candidate(body, s, out->level, reached) ? s : found;
        }
        if (found != UINT32_MAX) {
            reached[found] = true;
            out->level = body->order == FUNNEL_ANY ? out->level + 1 : found + 1;
            out->reached[out->level - 1] = row;
            out->last = row;
            continue;
        }
        if (any_step && body->order == FUNNEL_STRICT) {
            return;
        }
        for (uint32_t e = 0; e < body->exclude_count; e++) {
            if ((n->masks[row] >> (body->step_count + e) & 1U) != 0 &&
                out->level >= body->excludes[e].from && out->level < body->excludes[e].to) {
                return;
            }
        }
    }
}

static void random_body(struct base_random *random, struct funnel_body *body)
{
    *body = (struct funnel_body){.step_count = 1 + (uint32_t)base_random_below(random, 5),
                                 .exclude_count = (uint32_t)base_random_below(random, 3),
                                 .window_ms = (int64_t)base_random_below(random, 30),
                                 .order = (enum funnel_order)base_random_below(random, 3)};
    for (uint32_t s = 1; s < body->step_count && body->order != FUNNEL_ANY; s++) {
        body->optional |= base_random_below(random, 3) == 0 ? 1U << s : 0;
    }
    for (uint32_t e = 0; e < body->exclude_count; e++) {
        body->excludes[e].from = 1 + (uint32_t)base_random_below(random, body->step_count);
        body->excludes[e].to =
            body->excludes[e].from + (uint32_t)base_random_below(random, body->step_count);
    }
}

/* `walked` counts rows in the batch, `naive` from row `first` of it. */
static void assert_same(const struct funnel_path *walked, const struct funnel_path *naive,
                        uint32_t first, uint32_t steps)
{
    assert_int_equal(walked->level, naive->level);
    assert_int_equal(walked->last, naive->last + first);
    for (uint32_t s = 0; s < steps; s++) {
        uint32_t row = naive->reached[s];
        assert_int_equal(walked->reached[s],
                         row == FUNNEL_NOT_REACHED ? FUNNEL_NOT_REACHED : row + first);
    }
}

/* Rows of one customer are walked as if there were none of others. */
static void assert_walked(struct funnel_walk *walk, const struct naive *naive,
                          const int64_t *all_ts_ms, uint32_t first, const struct query_range *range)
{
    const struct funnel_body *body = naive->body;
    struct funnel_path best = {.level = 0}, got = {.level = 0}, path;
    uint32_t at = walk->begin;
    uint32_t after = 0; /* rows from here on may begin the next entry */
    for (uint32_t row = 0; row < naive->rows; row++) {
        int64_t ts_ms = naive->ts_ms[row];
        if ((naive->masks[row] & 1U) == 0 || ts_ms < range->from_ms || ts_ms >= range->to_ms) {
            continue;
        }
        naive_path(naive, row, &path);
        if (path.level > best.level) {
            best = path;
        }
        if (row >= after) {
            assert_true(funnel_walk_next_entry(walk, body, all_ts_ms, &at, &got));
            assert_same(&got, &path, first, body->step_count);
            after = path.last + 1;
        }
    }
    assert_false(funnel_walk_next_entry(walk, body, all_ts_ms, &at, &got));
    assert_true(funnel_walk_enters(walk) == (best.level > 0));
    assert_true(funnel_walk_best(walk, body, all_ts_ms, &got) == (best.level > 0));
    if (best.level > 0) {
        assert_same(&got, &best, first, body->step_count);
    }
}

#define CUSTOMERS 4U
#define ROWS_MAX 40U /* of one */

static void the_walk_equals_the_contracts_words(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 20260501);
    struct base_random *random = &seeded.random;
    struct base_budget *budget = base_budget_new((size_t)64 << 20);
    struct funnel_walk walk = {.batch = 0};
    struct query_worker worker = {.scratch = arena_new(budget)};
    for (int round = 0; round < 4000; round++) {
        struct funnel_body body;
        struct fail fail;
        uint64_t masks[CUSTOMERS * ROWS_MAX];
        int64_t ts_ms[CUSTOMERS * ROWS_MAX];
        uint32_t row_begin[CUSTOMERS + 1] = {0};
        random_body(random, &body);
        for (uint32_t c = 0; c < CUSTOMERS; c++) {
            int64_t at_ms = 0;
            uint32_t rows = (uint32_t)base_random_below(random, ROWS_MAX);
            row_begin[c + 1] = row_begin[c] + rows;
            for (uint32_t row = row_begin[c]; row < row_begin[c + 1]; row++) {
                at_ms += (int64_t)base_random_below(random, 3);
                ts_ms[row] = at_ms;
                masks[row] = base_random_u64(random) & base_random_u64(random);
            }
        }
        struct query_range range = {.from_ms = (int64_t)base_random_below(random, 10),
                                    .to_ms = 5 + (int64_t)base_random_below(random, 40)};
        struct store_rows rows = {.row_count = row_begin[CUSTOMERS],
                                  .customer_count = CUSTOMERS,
                                  .row_begin = row_begin,
                                  .ts_ms = ts_ms};
        arena_reset(worker.scratch);
        worker.rows = &rows;
        worker.masks = masks;
        worker.batch++;
        for (uint32_t c = 0; c < CUSTOMERS; c++) {
            uint32_t first = row_begin[c];
            struct naive naive = {&body, masks + first, ts_ms + first, row_begin[c + 1] - first};
            assert_true(funnel_walk_load(&walk, &body, &range, &worker, c, &fail));
            assert_walked(&walk, &naive, ts_ms, first, &range);
        }
    }
    arena_free(worker.scratch);
    assert_int_equal(base_budget_used(budget), 0);
    base_budget_free(budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers_reach_steps_in_order),
        cmocka_unit_test(entries_are_counted_one_after_the_other),
        cmocka_unit_test(groups_take_the_value_that_attribution_names),
        cmocka_unit_test(entries_whose_windows_overlap_each_see_their_own_values),
        cmocka_unit_test(strict_any_optional_and_exclude),
        cmocka_unit_test(the_walk_equals_the_contracts_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
