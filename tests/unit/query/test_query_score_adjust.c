/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdio.h>

#include "base_random.h"
#include "query_fake.h"

/* Now is 2026-05-15T12:00:00Z. */
#define RANGE "'range':{'from':'2026-05-01','to':'2026-05-10'}"
#define ASK(rest) "{'kind':'score','metric':'nps','adjusted':true,'interval':'week'," RANGE rest "}"

struct shop {
    struct base_buf lines;
    double truth, raw;
    size_t answers;
};
enum { CUSTOMERS = 400 };

/* Customers with many orders are happy, and answer more often: `bias` says how much. With `asks` each is asked
   on the 4th; `later` adds orders after that, by those who are unhappy. */
static void open_shop(struct shop *shop, double bias, bool asks, bool later)
{
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 1967);
    *shop = (struct shop){.lines = {.limit = 64 << 20}};
    for (int i = 0; i < CUSTOMERS; i++) {
        double x = 2 * base_random_unit(&seeded.random) - 1;
        double dice = base_random_unit(&seeded.random), noise = base_random_unit(&seeded.random);
        int orders = 1 + (int)(4 * (x + 1));
        int score = (int)fmin(fmax(floor(6.5 + 3 * x + 4 * (noise - 0.5) + 0.5), 0), 10);
        double counts = score >= 9 ? 100 : score >= 7 ? 0 : -100;
        for (int k = 0; k < orders; k++) {
            base_buf_printf(
                &shop->lines,
                "{'c':'c%d','e':'Order','t':'2026-04-%02dT10:%02d:00Z','channel':'%s'}\n", i,
                1 + (k * 5 + i) % 28, k, i % 3 == 0 ? "web" : "app");
        }
        base_buf_printf(&shop->lines, "{'c':'c%d','traits':{'plan':'%s'}}\n", i,
                        i % 2 == 0 ? "pro" : "free");
        if (asks) {
            base_buf_printf(&shop->lines,
                            "{'c':'c%d','e':'contacted','t':'2026-05-04T08:00:00Z','p':{'purpose':"
                            "'survey','outcome':'allowed','metrics':['nps'],'response':'r%d'}}\n",
                            i, i);
        } else {
            base_buf_printf(&shop->lines, "{'c':'c%d','e':'Visit','t':'2026-05-02T08:00:00Z'}\n",
                            i);
        }
        shop->truth += counts / CUSTOMERS;
        if (dice < 1 / (1 + exp(0.8 - bias * x))) {
            base_buf_printf(
                &shop->lines,
                "{'c':'c%d','e':'feedback','t':'2026-05-05T09:00:00Z','score':%d,'scale':"
                "'nps','p':{'kind':'survey','metrics':['nps'],'response':'r%d'}}\n",
                i, score, i);
            shop->raw += counts;
            shop->answers++;
        }
        for (int k = 0; later && score < 7 && k < 5; k++) {
            base_buf_printf(&shop->lines, "{'c':'c%d','e':'Order','t':'2026-05-06T1%d:00:00Z'}\n",
                            i, k);
        }
    }
    shop->raw /= (double)shop->answers;
    base_buf_byte(&shop->lines, '\0');
}

static struct fake *shop_fake(const struct shop *shop)
{
    return fake_new(shop->lines.data);
}

/* The object "adjusted" of the total of series `group`. */
static bool adjusted_of(struct fake *fake, struct json_parser *parser, const char *question,
                        size_t group, struct json_value *out)
{
    struct str answer = fake_ask(fake, question);
    struct json_value root, series, one, total;
    struct fail fail;
    char *whole = arena_alloc(fake->arena, answer.len + 2, &fail);
    memcpy(whole, answer.data, answer.len); /* cut before the elapsed time, inside "stats" */
    memcpy(whole + answer.len, "}}", 2);
    assert_true(json_parse(parser, str_of(whole, answer.len + 2), &root, &fail));
    assert_true(json_member(root, STR("series"), &series));
    struct json_iter it = json_iter_of(series);
    for (size_t i = 0; i <= group; i++) {
        assert_true(json_next(&it, NULL, &one));
    }
    assert_true(json_member(one, STR("total"), &total));
    assert_true(json_member(total, STR("adjusted"), out));
    return json_type_of(*out) == JSON_OBJECT;
}

static double number_of(struct json_value object, const char *name)
{
    struct json_value value;
    assert_true(json_member(object, str_from_c(name), &value));
    return json_double(value);
}

static void a_planted_bias_of_silence_is_taken_away(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 2, true, false);
    struct fake *fake = shop_fake(&shop);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value adjusted, silent;
    assert_true(adjusted_of(fake, parser, ASK(""), 0, &adjusted));
    double before = shop.raw - shop.truth, left = number_of(adjusted, "value") - shop.truth;
    if (!(before > 20 && fabs(left) < 0.2 * before)) {
        fail_msg("truth %g, raw %g, adjusted %g", shop.truth, shop.raw, left + shop.truth);
    }
    assert_true(fabs(number_of(adjusted, "raw") - shop.raw) < 1e-9);
    assert_true(fabs(number_of(adjusted, "weighted") - shop.truth) < 0.4 * before);
    assert_true(number_of(adjusted, "low") < shop.truth &&
                shop.truth < number_of(adjusted, "high"));
    assert_true(number_of(adjusted, "frame") == CUSTOMERS);
    assert_true(number_of(adjusted, "answered") == (double)shop.answers);
    assert_true(number_of(adjusted, "n_effective") < (double)shop.answers);
    assert_true(number_of(adjusted, "worst_low") < number_of(adjusted, "low"));
    assert_true(number_of(adjusted, "worst_high") > number_of(adjusted, "high"));
    assert_true(json_member(adjusted, STR("silent"), &silent));
    assert_true(number_of(silent, "n") == (double)(CUSTOMERS - shop.answers));
    double of_silent = (shop.truth * CUSTOMERS - shop.raw * (double)shop.answers) /
                       (double)(CUSTOMERS - shop.answers);
    assert_true(number_of(silent, "low") < of_silent && of_silent < number_of(silent, "high"));
    fake_free(fake);
    base_buf_done(&shop.lines);
}

static void what_happened_after_the_asking_teaches_nothing(void **state)
{
    (void)state;
    struct shop plain, later;
    open_shop(&plain, 2, true, false);
    open_shop(&later, 2, true, true);
    struct fake *a = shop_fake(&plain), *b = shop_fake(&later);
    struct str of_a = fake_ask(a, ASK("")), of_b = fake_ask(b, ASK(""));
    of_a.len = str_find(of_a, STR("\"warnings\""));
    of_b.len = str_find(of_b, STR("\"warnings\""));
    assert_true(str_equal(of_a, of_b));
    fake_free(a);
    fake_free(b);
    base_buf_done(&plain.lines);
    base_buf_done(&later.lines);
}

static void who_was_active_is_the_frame_where_nobody_was_asked(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 2, false, false);
    struct fake *fake = shop_fake(&shop);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value adjusted;
    assert_true(adjusted_of(fake, parser, ASK(""), 0, &adjusted));
    double before = shop.raw - shop.truth, left = number_of(adjusted, "value") - shop.truth;
    if (!(before > 20 && fabs(left) < 0.2 * before)) {
        fail_msg("truth %g, raw %g, adjusted %g", shop.truth, shop.raw, left + shop.truth);
    }
    assert_true(number_of(adjusted, "frame") == CUSTOMERS);
    fake_expect_part(fake, ASK(""),
                     "'adjusted: nobody was asked in the range, so everybody who was");
    fake_expect_part(fake, ASK(""), "'adjusted':null}"); /* of the weeks */
    /* A breakdown by what only answers have leaves no frame for its groups. */
    assert_false(adjusted_of(fake, parser, ASK(",'breakdown':'kind'"), 0, &adjusted));
    fake_expect_part(fake, ASK(",'breakdown':'kind'"),
                     "'adjusted: who did not answer has no value");
    assert_true(adjusted_of(fake, parser, ASK(",'breakdown':'customer.plan'"), 1, &adjusted));
    fake_free(fake);
    base_buf_done(&shop.lines);
}

/* "total" of the customers who are behind a number of the frame. */
static void expect_opened(struct fake *fake, const char *rest, size_t total)
{
    char question[400], part[40];
    (void)snprintf(question, sizeof question, ASK("%s"), rest);
    (void)snprintf(part, sizeof part, "'total':%zu,", total);
    fake_expect_part(fake, question, part);
}

/* Of the two plans one has `first` silent, the other the rest. */
static void expect_plans(struct fake *fake, size_t first, size_t rest)
{
    char parts[2][40];
    (void)snprintf(parts[0], sizeof parts[0], "\"total\":%zu,", first);
    (void)snprintf(parts[1], sizeof parts[1], "\"total\":%zu,", rest);
    struct str free = fake_ask(
        fake, ASK(",'breakdown':'customer.plan','open':{'frame':'silent','group':'free'}"));
    bool is_first = str_find(free, str_from_c(parts[0])) < free.len;
    assert_true(is_first || str_find(free, str_from_c(parts[1])) < free.len);
    expect_opened(fake, ",'breakdown':'customer.plan','open':{'frame':'silent','group':'pro'}",
                  is_first ? rest : first);
}

static void the_numbers_of_the_frame_open_to_who_is_in_it(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 2, true, false);
    struct fake *fake = shop_fake(&shop);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value group, silent;
    size_t quiet = CUSTOMERS - shop.answers;
    expect_opened(fake, ",'open':{'frame':'all'}", CUSTOMERS);
    expect_opened(fake, ",'open':{'frame':'answered'}", shop.answers);
    expect_opened(fake, ",'open':{'frame':'silent','interval':'2026-05-04'}", quiet);
    expect_opened(fake, ",'open':{'frame':'silent','interval':'2026-04-27'}", 0);
    assert_true(adjusted_of(fake, parser, ASK(",'breakdown':'customer.plan'"), 0, &group));
    assert_true(json_member(group, STR("silent"), &silent));
    size_t first = (size_t)number_of(silent, "n");
    expect_plans(fake, first, quiet - first);
    fake_free(fake);
    base_buf_done(&shop.lines);
}

static void who_was_active_and_did_not_answer_is_silent_where_nobody_was_asked(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 2, false, false);
    struct fake *fake = shop_fake(&shop);
    expect_opened(fake, ",'open':{'frame':'all'}", CUSTOMERS);
    expect_opened(fake, ",'open':{'frame':'silent'}", CUSTOMERS - shop.answers);
    /* What the way to an answer counts is another number. */
    expect_opened(fake, ",'open':{'funnel':'silent'}", 0);
    fake_free(fake);
    base_buf_done(&shop.lines);
}

static void groups_and_weeks_are_parts_of_the_frame(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 2, true, false);
    struct fake *fake = shop_fake(&shop);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value adjusted;
    double frame = 0, sum = 0;
    for (size_t g = 0; g < 2; g++) {
        assert_true(adjusted_of(fake, parser, ASK(",'breakdown':'customer.plan'"), g, &adjusted));
        frame += number_of(adjusted, "frame");
        sum += number_of(adjusted, "value") * number_of(adjusted, "frame");
    }
    assert_true(frame == CUSTOMERS);
    assert_true(fabs(sum / frame - shop.truth) < 0.25 * (shop.raw - shop.truth));
    /* "(other)" where one group is kept; bins by their edges. */
    assert_true(
        adjusted_of(fake, parser, ASK(",'breakdown':'customer.plan','limit':1"), 1, &adjusted));
    assert_true(number_of(adjusted, "frame") == CUSTOMERS / 2);
    frame = 0;
    for (size_t g = 0; g < 2; g++) {
        assert_true(adjusted_of(fake, parser,
                                ASK(",'breakdown':{'by':'customer.events','bins':[5]},'least':5"),
                                g, &adjusted));
        frame += number_of(adjusted, "frame");
    }
    assert_true(frame == CUSTOMERS);
    /* All were asked on the 4th: the week of the 27th of April has nobody, that of the 4th everybody. */
    fake_expect_part(fake, ASK(""), "'silent':0,'adjusted':null},{'value'");
    fake_free(fake);
    base_buf_done(&shop.lines);
}

#define ASKED(c, day, response)                                                                    \
    "{'c':'" c "','e':'contacted','t':'2026-05-" day "T08:00:00Z','p':{'purpose':'survey',"        \
    "'outcome':'allowed','metrics':['nps'],'response':'" response "'}}\n"
#define ANSWER(c, day, response, score)                                                            \
    "{'c':'" c "','e':'feedback','t':'2026-05-" day "T09:00:00Z','score':" score                   \
    ",'scale':'nps','p':{'kind':'survey','metrics':['nps']" response "}}\n"

static void answers_belong_to_the_asking_that_they_name(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 0.5, true, false);
    struct fake *fake = shop_fake(&shop);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value adjusted;
    assert_true(adjusted_of(fake, parser, ASK(""), 0, &adjusted));
    double answered = number_of(adjusted, "answered");
    assert_true(answered == (double)shop.answers);
    /* Two askings and one answer to the first, after the range; one that names none; one to nothing. */
    fake_add(fake,
             ASKED("new1", "05", "n1") ASKED("new1", "06", "n2")
                 ANSWER("new1", "12", ",'response':'n1'", "3") ASKED("new2", "05", "n3")
                     ANSWER("new2", "06", "", "9") ANSWER("new3", "06", ",'response':'x'", "2")
                         ASKED("new4", "05", "n4") ANSWER("new4", "07", ",'response':'n4'", "1")
                             ANSWER("new4", "08", ",'response':'n4'", "10"));
    assert_true(adjusted_of(fake, parser, ASK(""), 0, &adjusted));
    assert_true(number_of(adjusted, "frame") == CUSTOMERS + 4);
    assert_true(number_of(adjusted, "answered") == answered + 3);
    fake_expect_part(fake, ASK(""),
                     "adjusted: 1 answers of the range belong to no asking in it and are left out");
    fake_free(fake);
    base_buf_done(&shop.lines);
}

static void what_cannot_be_estimated_is_null_with_its_reason(void **state)
{
    (void)state;
    struct fake *fake = fake_new(ASKED("a", "05", "1") ASKED("b", "05", "2")
                                     ANSWER("a", "06", ",'response':'1'", "9"));
    fake_expect_part(fake, ASK(""), "'adjusted':null}}]");
    fake_expect_part(fake, ASK(""),
                     "'adjusted: cannot be estimated: 1 answered, and at least 30 are needed'");
    fake_expect_part(
        fake,
        "{'kind':'score','metric':'ces','adjusted':true,'range':{'from':'2026-01-01','to':"
        "'2026-01-02'}}",
        "'adjusted: nobody could have answered in the range'");
    struct fake *nothing = fake_new("");
    fake_expect_part(nothing, ASK(""), "'adjusted':null");
    fake_free(nothing);
    fake_free(fake);
}

static void of_too_few_answers_nothing_is_shown(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 2, true, false);
    struct fake *fake = shop_fake(&shop);
    CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
    struct json_value adjusted;
    char few[300], enough[300];
    snprintf(few, sizeof few, ASK(",'least':%zu"), shop.answers + 1);
    snprintf(enough, sizeof enough, ASK(",'least':%zu"), shop.answers);
    assert_false(adjusted_of(fake, parser, few, 0, &adjusted));
    fake_expect_part(fake, few, "'adjusted: of fewer than ");
    assert_true(adjusted_of(fake, parser, enough, 0, &adjusted));
    fake_free(fake);
    base_buf_done(&shop.lines);
}

/* Whatever the budget: the whole answer, the score alone with the reason, or the limit. */
static void without_memory_for_the_frame_the_score_itself_stands(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 2, true, false);
    struct fake *fake = shop_fake(&shop);
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct query_plan *plan;
    struct fail fail;
    size_t limits = 0, alone = 0, whole = 0;
    char *text = fake_quotes(arena, ASK(""));
    assert_true(query_parse(&fake->env, str_from_c(text), arena, &plan, &fail));
    for (size_t bytes = 20000; bytes < (size_t)8 << 20; bytes += bytes / 8) {
        CLEANUP(base_buf_done) struct base_buf out = {0};
        struct query_run run = {.snapshot = fake->snapshot, .memory_bytes = bytes, .threads = 2};
        if (!query_backend_run(fake->backend, plan, &run, &out, &fail)) {
            assert_int_equal(fail.code, FAIL_LIMIT);
            assert_int_equal(out.len, 0);
            limits++;
            continue;
        }
        struct str answer = base_buf_view(&out);
        bool told = str_find(answer, STR("\"adjusted: cannot be estimated: ")) < answer.len;
        bool there = str_find(answer, STR("\"adjusted\":{\"value\"")) < answer.len;
        assert_true(told != there);
        assert_true(str_find(answer, STR("\"silent\":")) < answer.len);
        alone += told;
        whole += there;
    }
    assert_true(limits > 0 && alone > 0 && whole > 0);
    fake_free(fake);
    base_buf_done(&shop.lines);
}

static void a_question_stops_when_cancelled_or_late(void **state)
{
    (void)state;
    struct shop shop;
    open_shop(&shop, 2, true, false);
    struct fake *fake = shop_fake(&shop);
    struct base_clock_test clock;
    base_clock_test_init(&clock, 0);
    struct base_cancel cancelled = {.clock = &clock.clock};
    base_cancel_now(&cancelled);
    fake->cancel = &cancelled;
    fake_expect_fail(fake, ASK(""), FAIL_CANCELLED, "", "");
    struct base_cancel late = {.clock = &clock.clock, .deadline_us = 1};
    base_clock_test_step(&clock, 1000);
    fake->cancel = &late;
    fake_expect_fail(fake, ASK(""), FAIL_LIMIT, "", "longer");
    fake_free(fake);
    base_buf_done(&shop.lines);
}

static void every_scale_is_adjusted_in_its_own_units(void **state)
{
    (void)state;
    static const struct {
        const char *metric;
        int low, high;
        double least, most;
    } scales[] = {{"csat", 1, 5, 0, 1}, {"ces", 1, 7, 1, 7}, {"stars", 1, 5, 1, 5}};
    for (size_t s = 0; s < ARRAY_LEN(scales); s++) {
        CLEANUP(base_buf_done)
        struct base_buf lines = {.limit = 1 << 20}, question = {.limit = 1000};
        double sum = 0;
        for (int i = 0; i < 120; i++) {
            int score = scales[s].low + i % (scales[s].high - scales[s].low + 1);
            base_buf_printf(&lines, "{'c':'c%d','e':'Visit','t':'2026-05-03T08:00:00Z'}\n", i);
            base_buf_printf(
                &lines,
                "{'c':'c%d','e':'feedback','t':'2026-05-05T09:00:00Z','score':%d,'scale':"
                "'%s','p':{'kind':'survey'}}\n",
                i, score, scales[s].metric);
            sum += s == 0 ? score >= 4 : score;
        }
        base_buf_byte(&lines, '\0');
        base_buf_printf(&question, "{'kind':'score','metric':'%s','adjusted':true," RANGE "}",
                        scales[s].metric);
        base_buf_byte(&question, '\0');
        struct fake *fake = fake_new(lines.data);
        CLEANUP(json_parser_free_at) struct json_parser *parser = json_parser_new();
        struct json_value adjusted, silent;
        assert_true(adjusted_of(fake, parser, question.data, 0, &adjusted));
        assert_true(fabs(number_of(adjusted, "value") - sum / 120) < 1e-9); /* nobody was silent */
        assert_true(json_member(adjusted, STR("silent"), &silent));
        assert_int_equal(json_type_of(silent), JSON_NULL);
        assert_true(number_of(adjusted, "low") >= scales[s].least);
        assert_true(number_of(adjusted, "high") <= scales[s].most);
        fake_free(fake);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_planted_bias_of_silence_is_taken_away),
        cmocka_unit_test(what_happened_after_the_asking_teaches_nothing),
        cmocka_unit_test(who_was_active_is_the_frame_where_nobody_was_asked),
        cmocka_unit_test(the_numbers_of_the_frame_open_to_who_is_in_it),
        cmocka_unit_test(who_was_active_and_did_not_answer_is_silent_where_nobody_was_asked),
        cmocka_unit_test(groups_and_weeks_are_parts_of_the_frame),
        cmocka_unit_test(answers_belong_to_the_asking_that_they_name),
        cmocka_unit_test(what_cannot_be_estimated_is_null_with_its_reason),
        cmocka_unit_test(of_too_few_answers_nothing_is_shown),
        cmocka_unit_test(without_memory_for_the_frame_the_score_itself_stands),
        cmocka_unit_test(a_question_stops_when_cancelled_or_late),
        cmocka_unit_test(every_scale_is_adjusted_in_its_own_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
