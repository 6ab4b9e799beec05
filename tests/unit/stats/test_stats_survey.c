/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <string.h>

#include "base_random.h"
#include "base_thread.h"
#include "stats_nonresponse.h"

static void near(double found, double expected, double absolute)
{
    if (!(fabs(found - expected) <= absolute)) {
        print_error("found %.17g, expected %.17g +- %g\n", found, expected, absolute);
        fail();
    }
}

static double normal(struct base_random *random)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += base_random_unit(random);
    }
    return sum;
}

static void strata_count_by_their_share(void **state)
{
    (void)state;
    struct fail fail;
    struct stats_score score;
    const struct stats_stratum strata[] = {
        {0.5, 200, 30, 4900}, {0.3, 50, -10, 6400}, {0.2, 20, 5, 5600}};
    assert_true(stats_poststratify(strata, 3, 0.95, &score, &fail));
    near(score.value, 13, 1e-12);
    near(score.se, 5.37075413699, 1e-9);
    const struct stats_stratum empty[] = {{0.5, 20, 3, 1}, {0.5, 0, 0, 0}};
    assert_false(stats_poststratify(empty, 2, 0.95, &score, &fail));
    assert_non_null(strstr(fail.message, "stratum 1"));
    const struct stats_stratum short_of_one[] = {{0.5, 20, 3, 1}, {0.4, 10, 0, 1}};
    assert_false(stats_poststratify(short_of_one, 2, 0.95, &score, &fail));
    const struct stats_stratum unused[] = {{1, 20, 3, 1}, {0, 0, 0, 0}};
    assert_true(stats_poststratify(unused, 2, 0.95, &score, &fail));
    near(score.value, 3, 1e-12);
}

static void a_raked_table_meets_its_margins_and_keeps_its_zeros(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    double cells[] = {40, 30, 0, 35, 50, 100};
    const double rows[] = {60, 90}, columns[] = {50, 60, 40}, wrong[] = {50, 60, 50};
    const size_t sizes[] = {2, 3};
    const struct stats_margin margins[] = {{{0}, 1, rows}, {{1}, 1, columns}};
    assert_true(stats_rake_table(arena, cells, sizes, 2, margins, 2, NULL, &fail));
    near(cells[0] + cells[1] + cells[2], 60, 1e-7);
    near(cells[1] + cells[4], 60, 1e-7);
    assert_true(cells[2] == 0);
    double kept[] = {1, 0, 0, 1};
    const double left[] = {3, 1}, top[] = {1, 3};
    const size_t square[] = {2, 2};
    const struct stats_margin apart[] = {{{0}, 1, left}, {{1}, 1, top}};
    assert_false(stats_rake_table(arena, kept, square, 2, apart, 2, NULL, &fail));
    assert_non_null(strstr(fail.message, "margin 0"));
    assert_true(kept[0] == 1 && kept[3] == 1);
    const struct stats_margin unequal[] = {{{0}, 1, rows}, {{1}, 1, wrong}};
    assert_false(stats_rake_table(arena, cells, sizes, 2, unequal, 2, NULL, &fail));
    double nobody[] = {0, 0, 3, 4};
    assert_false(stats_rake_table(arena, nobody, square, 2, apart, 2, NULL, &fail));
    assert_non_null(strstr(fail.message, "neighbour"));
}

static void raked_weights_meet_their_shares_trimmed_or_not(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    enum { ROWS = 400 };
    size_t sex[ROWS], age[ROWS];
    double weights[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        sex[i] = i % 5 == 0;
        age[i] = i % 40 == 0 ? 2 : i % 3 == 0;
    }
    const double half[] = {0.5, 0.5}, thirds[] = {0.4, 0.3, 0.3};
    const struct stats_factor factors[] = {{sex, half, 2}, {age, thirds, 3}};
    assert_true(stats_rake_weights(arena, factors, 2, ROWS, 1000, 0, weights, NULL, &fail));
    double total = 0, ones = 0, most = 0;
    for (size_t i = 0; i < ROWS; i++) {
        total += weights[i];
        ones += sex[i] == 1 ? weights[i] : 0;
        most = fmax(most, weights[i]);
    }
    near(total, 1000, 1e-6);
    near(ones, 500, 1e-5);
    assert_true(stats_rake_weights(arena, factors, 2, ROWS, 1000, 12, weights, NULL, &fail));
    double trimmed = 0;
    for (size_t i = 0; i < ROWS; i++) {
        trimmed = fmax(trimmed, weights[i]);
    }
    assert_true(trimmed <= most);
    struct base_cancel cancel = {0};
    base_cancel_now(&cancel);
    assert_false(stats_rake_weights(arena, factors, 2, ROWS, 1000, 0, weights, &cancel, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
    sex[7] = 2;
    assert_false(stats_rake_weights(arena, factors, 2, ROWS, 1000, 0, weights, NULL, &fail));
    assert_non_null(strstr(fail.message, "row 7"));
}

static void samples_are_sized(void **state)
{
    (void)state;
    struct fail fail;
    uint64_t n;
    assert_true(stats_sample_size(0.5, 0.05, 0.95, 0, &n, &fail) && n == 385);
    assert_true(stats_sample_size(0.5, 0.05, 0.95, 1000, &n, &fail) && n == 278);
    assert_true(stats_sample_size(0.5, 0.05, 0.95, 1, &n, &fail) && n == 1);
    assert_true(stats_sample_size(0, 0.05, 0.95, 0, &n, &fail) && n == 1);
    assert_false(stats_sample_size(0.5, 0, 0.95, 0, &n, &fail));
    assert_false(stats_sample_size(0.5, 1e-12, 0.95, 0, &n, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
}

static void contact_rules_are_asked_in_their_order(void **state)
{
    (void)state;
    const struct stats_contact_cap caps[] = {{365, 4}, {90, 2}};
    const double days[] = {11, 40, 70}, future[] = {170};
    size_t cap = 9;
    assert_int_equal(stats_contact_allowed(days, 0, 100, 30, caps, 2, &cap),
                     STATS_CONTACT_ELIGIBLE);
    assert_int_equal(stats_contact_allowed(days, 3, 99, 30, caps, 2, &cap), STATS_CONTACT_WAITING);
    assert_int_equal(cap, 9);
    assert_int_equal(stats_contact_allowed(days, 3, 100, 30, caps, 2, &cap), STATS_CONTACT_CAPPED);
    assert_int_equal(cap, 1);
    assert_int_equal(stats_contact_allowed(future, 1, 100, 30, caps, 2, &cap),
                     STATS_CONTACT_ELIGIBLE);
}

/* Customers who are happy answer more often: x drives both. */
struct world {
    bool answered[20000];
    double y[20000], propensity[20000], predicted[20000];
    double truth, raw;
};

static void plant(struct world *world, size_t count, struct base_random *random)
{
    double all = 0, said = 0, n = 0;
    for (size_t i = 0; i < count; i++) {
        double x = normal(random);
        double happy = 1 / (1 + exp(-(0.5 + 1.2 * x)));
        world->y[i] = base_random_unit(random) < happy ? 100 : -100;
        world->predicted[i] = 200 * happy - 100;
        world->propensity[i] = 1 / (1 + exp(-(-1 + 1.0 * x)));
        world->answered[i] = base_random_unit(random) < world->propensity[i];
        all += world->y[i];
        said += world->answered[i] ? world->y[i] : 0;
        n += world->answered[i];
    }
    world->truth = all / (double)count;
    world->raw = said / n;
}

static struct world world;

static double robust_bias(struct base_random *random, bool wrong_propensity, bool wrong_prediction)
{
    struct fail fail;
    double bias = 0, raw_bias = 0;
    for (int run = 0; run < 20; run++) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        plant(&world, 20000, random);
        for (size_t i = 0; i < 20000; i++) {
            world.propensity[i] = wrong_propensity ? 0.3 : world.propensity[i];
            world.predicted[i] = wrong_prediction ? 0 : world.predicted[i];
        }
        const struct stats_asked asked = {world.y, world.answered, world.propensity,
                                          world.predicted, 20000};
        struct stats_doubly_robust found;
        assert_true(stats_aipw(arena, &asked, 0, 0.95, &found, &fail));
        bias += found.value - world.truth;
        raw_bias += world.raw - world.truth;
    }
    return fabs(bias / raw_bias);
}

static void either_model_being_right_is_enough(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 1994);
    assert_true(robust_bias(&seeded.random, false, false) < 0.05);
    assert_true(robust_bias(&seeded.random, true, false) < 0.05);
    assert_true(robust_bias(&seeded.random, false, true) < 0.05);
    assert_true(robust_bias(&seeded.random, true, true) >
                0.8); /* both wrong: as biased as before */
}

static void inverse_propensities_take_a_planted_bias_away(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 1971);
    struct fail fail;
    double left = 0, before = 0;
    for (int run = 0; run < 20; run++) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        plant(&world, 20000, &seeded.random);
        size_t answered = 0;
        for (size_t i = 0; i < 20000; i++) {
            if (world.answered[i]) {
                world.predicted[answered] = world.propensity[i];
                world.y[answered++] = world.y[i];
            }
        }
        struct stats_weighted mean;
        assert_true(
            stats_ipw_mean(arena, world.y, world.predicted, answered, 0, 0.95, &mean, &fail));
        left += mean.value - world.truth;
        before += world.raw - world.truth;
        assert_true(mean.deff > 1 && mean.n_effective < (double)answered);
    }
    assert_true(fabs(left / before) < 0.1);
}

#define FRAME_ROWS 6000
#define FRAME_COLUMNS 4
static float features[FRAME_ROWS * FRAME_COLUMNS];

/* Features as a shop would have them: skewed counts, one of them noise. */
static void plant_frame(struct stats_nonresponse_frame *frame, struct base_random *random,
                        double *out_truth)
{
    double all = 0;
    for (size_t i = 0; i < FRAME_ROWS; i++) {
        double x = normal(random), w = normal(random);
        features[i * FRAME_COLUMNS] = (float)x;
        features[i * FRAME_COLUMNS + 1] = (float)w;
        features[i * FRAME_COLUMNS + 2] = (float)normal(random);
        features[i * FRAME_COLUMNS + 3] = 1; /* says nothing */
        double mood = 7 + 1.6 * x - 0.8 * w + 1.5 * normal(random);
        double score = fmin(fmax(floor(mood + 0.5), 0), 10);
        world.y[i] = score >= 9 ? 100 : score >= 7 ? 0 : -100;
        world.answered[i] = base_random_unit(random) < 1 / (1 + exp(1 - 0.8 * x + 0.4 * w));
        all += world.y[i];
    }
    *frame = (struct stats_nonresponse_frame){features,      world.answered, world.y, FRAME_ROWS,
                                              FRAME_COLUMNS, -100,           100};
    *out_truth = all / FRAME_ROWS;
}

static void a_planted_bias_of_silence_is_removed(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 2018);
    struct fail fail;
    double left = 0, before = 0, weighted_left = 0, silent_left = 0;
    int covered = 0;
    for (int run = 0; run < 30; run++) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        struct stats_nonresponse_frame frame;
        struct stats_nonresponse found, again;
        double truth, silent = 0, silent_n = 0;
        plant_frame(&frame, &seeded.random, &truth);
        const struct stats_nonresponse_options options = {.confidence = 0.95};
        assert_true(stats_nonresponse(arena, &frame, &options, &found, &fail));
        assert_true(stats_nonresponse(arena, &frame, &options, &again, &fail));
        assert_memory_equal(&found, &again, sizeof found);
        for (size_t i = 0; i < FRAME_ROWS; i++) {
            silent += world.answered[i] ? 0 : world.y[i];
            silent_n += !world.answered[i];
        }
        left += found.value - truth;
        weighted_left += found.weighted - truth;
        before += found.raw - truth;
        silent_left += found.silent - silent / silent_n;
        covered += found.low <= truth && truth <= found.high;
        assert_true(found.worst.low <= found.value && found.value <= found.worst.high);
        assert_true(found.worst.low <= truth && truth <= found.worst.high);
        assert_true(found.silent_low < found.silent && found.silent < found.silent_high);
        assert_true(found.auc > 0.6 && found.n_effective < (double)found.answered);
        assert_true(found.silent < found.raw);
    }
    assert_true(before / 30 > 10); /* points */
    assert_true(fabs(left / before) < 0.1);
    assert_true(fabs(weighted_left / before) < 0.2);
    assert_true(fabs(silent_left) / 30 < 2);
    assert_true(covered >= 27);
}

static void a_part_is_corrected_by_what_all_have_shown(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 33);
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct stats_nonresponse_frame frame;
    struct stats_nonresponse_model model;
    struct stats_nonresponse found;
    const struct stats_nonresponse_options options = {.confidence = 0.95};
    static size_t rows[FRAME_ROWS];
    double truth, of_part = 0;
    size_t count = 0;
    plant_frame(&frame, &seeded.random, &truth);
    assert_true(stats_nonresponse_learn(arena, &frame, &options, &model, &fail));
    for (size_t i = 0; i < FRAME_ROWS; i++) {
        if (features[i * FRAME_COLUMNS + 2] < -0.5F) { /* what says nothing about the answers */
            rows[count++] = i;
            of_part += world.y[i];
        }
    }
    of_part /= (double)count;
    assert_true(stats_nonresponse_of(arena, &frame, &model, rows, count, &options, &found, &fail));
    assert_true(found.raw - of_part > 8);
    assert_true(fabs(found.value - of_part) < 0.35 * (found.raw - of_part));
    assert_true(stats_nonresponse_of(arena, &frame, &model, NULL, 0, &options, &found, &fail));
    assert_true(found.answered > count / 3);
    size_t answered = 0;
    for (count = 0; answered < 4; count++) {
        rows[count] = count;
        answered += frame.answered[count];
    }
    assert_false(stats_nonresponse_of(arena, &frame, &model, rows, count, &options, &found, &fail));
    assert_string_equal(fail.message, "4 answered, and at least 5 are needed");
}

static void without_silence_nothing_is_adjusted(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 7);
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct stats_nonresponse_frame frame;
    struct stats_nonresponse found;
    double truth;
    plant_frame(&frame, &seeded.random, &truth);
    memset(world.answered, 1, sizeof world.answered);
    assert_true(
        stats_nonresponse(arena, &frame, &(struct stats_nonresponse_options){0}, &found, &fail));
    near(found.value, truth, 1e-9);
    near(found.raw, truth, 1e-9);
    near(found.worst.low, truth, 1e-9);
    near(found.deff, 1, 1e-12);
    near(found.silent, truth, 1e-9);
}

static void what_cannot_be_estimated_says_why(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 9);
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct stats_nonresponse_frame frame;
    struct stats_nonresponse found;
    double truth;
    plant_frame(&frame, &seeded.random, &truth);
    memset(world.answered, 0, sizeof world.answered);
    memset(world.answered, 1, 29);
    const struct stats_nonresponse_options options = {.confidence = 0.95};
    assert_false(stats_nonresponse(arena, &frame, &options, &found, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    assert_string_equal(fail.message, "29 answered, and at least 30 are needed");
    /* Everybody said the same: the models have nothing to learn, the answer stands. */
    memset(world.answered, 1, 300);
    for (size_t i = 0; i < FRAME_ROWS; i++) {
        world.y[i] = 100;
    }
    assert_true(stats_nonresponse(arena, &frame, &options, &found, &fail));
    near(found.value, 100, 1e-9);
    assert_true(found.worst.low < 0);
    struct base_cancel cancel = {0};
    base_cancel_now(&cancel);
    assert_false(stats_nonresponse(
        arena, &frame, &(struct stats_nonresponse_options){.cancel = &cancel}, &found, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
    struct base_budget *budget = base_budget_new(1 << 16);
    struct arena *small = arena_new(budget);
    assert_false(stats_nonresponse(small, &frame, &options, &found, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    arena_free(small);
    base_budget_free(budget);
}

static void worst_cases_need_no_model(void **state)
{
    (void)state;
    struct fail fail;
    struct stats_interval of;
    assert_true(stats_worst_case(40, 250, 1000, -100, 100, &of, &fail));
    near(of.low, -65, 1e-12);
    near(of.high, 85, 1e-12);
    assert_true(stats_worst_case(0, 0, 10, 1, 5, &of, &fail));
    assert_true(of.low == 1 && of.high == 5);
    assert_false(stats_worst_case(40, 11, 10, -100, 100, &of, &fail));
    assert_false(stats_worst_case(400, 1, 10, -100, 100, &of, &fail));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strata_count_by_their_share),
        cmocka_unit_test(a_raked_table_meets_its_margins_and_keeps_its_zeros),
        cmocka_unit_test(raked_weights_meet_their_shares_trimmed_or_not),
        cmocka_unit_test(samples_are_sized),
        cmocka_unit_test(contact_rules_are_asked_in_their_order),
        cmocka_unit_test(either_model_being_right_is_enough),
        cmocka_unit_test(inverse_propensities_take_a_planted_bias_away),
        cmocka_unit_test(a_planted_bias_of_silence_is_removed),
        cmocka_unit_test(a_part_is_corrected_by_what_all_have_shown),
        cmocka_unit_test(without_silence_nothing_is_adjusted),
        cmocka_unit_test(what_cannot_be_estimated_says_why),
        cmocka_unit_test(worst_cases_need_no_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
