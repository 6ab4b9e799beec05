/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_random.h"
#include "query_fake.h"
#include "query_lifecycle.h"
#include "query_select.h"

/* Now is 2026-05-15T12:00. */
static const char lines[] = "{'c':'ann','e':'Use','t':'2026-04-30T23:59:59Z'}\n"
                            "{'c':'ann','e':'Use','t':'2026-05-01T10:00:00Z'}\n"
                            "{'c':'ann','e':'Use','t':'2026-05-01T11:00:00Z'}\n"
                            "{'c':'ann','e':'Pay','t':'2026-05-02T10:00:00Z'}\n"
                            "{'c':'ann','e':'Use','t':'2026-05-03T10:00:00Z','p':{'n':5}}\n"
                            "{'c':'bob','e':'Use','t':'2026-05-02T00:00:00Z'}\n"
                            "{'c':'bob','e':'Use','t':'2026-05-03T00:00:00Z','p':{'n':7}}\n"
                            "{'c':'bob','e':'Use','t':'2026-05-04T00:00:00Z'}\n"
                            "{'c':'cid','e':'Use','t':'2026-01-01T00:00:00Z'}\n"
                            "{'c':'cid','e':'Use','t':'2026-05-03T23:59:59Z'}\n"
                            "{'c':'dee','e':'survey shown','t':'2026-05-01T00:00:00Z'}\n"
                            "{'c':'eve','e':'Use','t':'2026-04-30T00:00:00Z'}\n";

#define RANGE "'range':{'from':'2026-05-01','to':'2026-05-03'}"
#define LIFE(rest) "{'kind':'lifecycle'," RANGE rest "}"
#define STICK(rest) "{'kind':'stickiness'," RANGE rest "}"

static void an_interval_has_new_returning_resurrected_and_dormant_customers(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake, LIFE(""),
                "{'kind':'lifecycle','intervals':['2026-05-01','2026-05-02','2026-05-03'],"
                "'new':[0,1,0],'returning':[1,1,2],'resurrected':[0,0,1],'dormant':[1,0,0],"
                "'partial':[],'warnings':[]");
    /* Not Pay: ann pauses on the second, and comes back on the third. */
    fake_expect_part(fake, LIFE(",'event':'Use'"),
                     "'new':[0,1,0],'returning':[1,0,1],'resurrected':[0,0,2],'dormant':[1,1,0]");
    /* The first that fits is the first, whatever came before it. */
    fake_expect_part(fake, LIFE(",'where':[['n','>',4]]"),
                     "'new':[0,0,2],'returning':[0,0,0],'resurrected':[0,0,0],'dormant':[0,0,0]");
    fake_expect_part(fake, LIFE(",'event':['*','survey shown']"), "'new':[1,1,0]");
    fake_expect_part(fake, LIFE(",'segment':{'trait':['id','=','eve']}"), "'dormant':[1,0,0]");
    fake_free(fake);
}

static void lifecycle_takes_its_first_and_last_interval_whole(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake,
                "{'kind':'lifecycle','interval':'week','range':{'from':'2026-04-29','to':"
                "'2026-05-15T12:00:00Z'}}",
                "{'kind':'lifecycle','intervals':['2026-04-27','2026-05-04','2026-05-11'],"
                "'new':[3,0,0],'returning':[0,1,0],'resurrected':[1,0,0],'dormant':[0,3,1],"
                "'partial':['2026-05-11'],'warnings':[]");
    fake_free(fake);
}

static void the_interval_before_is_the_last_date_that_the_zone_had(void **state)
{
    (void)state;
    /* Apia had no 2011-12-30. */
    struct fake *fake = fake_new("{'c':'ann','e':'Use','t':'2011-12-29T22:00:00Z'}\n"
                                 "{'c':'ann','e':'Use','t':'2011-12-31T09:00:00Z'}\n");
    fake_expect_part(fake,
                     "{'kind':'lifecycle','timezone':'Pacific/Apia','range':{'from':'2011-12-31',"
                     "'to':'2011-12-31'},'as_of':'2012-02-01T00:00:00Z'}",
                     "'intervals':['2011-12-31'],'new':[0],'returning':[1],'resurrected':[0]");
    fake_free(fake);
}

static void states_open_to_their_customers(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake, LIFE(",'open':{'interval':'2026-05-03','state':'returning','sort':'id','was':2}"),
        "{'kind':'customers','total':2,'customers':[{'id':'ann'");
    fake_expect_part(fake, LIFE(",'open':{'interval':'2026-05-03','state':'resurrected','was':2}"),
                     "'total':1,'customers':[{'id':'cid','first_seen':'2026-01-01T00:00:00.000Z',"
                     "'last_seen':'2026-05-03T23:59:59.000Z','events':2,'traits':{}}],"
                     "'cursor':null,'moved':{'was':2,'now':1}");
    /* Over all intervals the values add up. */
    fake_expect_part(fake, LIFE(",'open':{'state':'returning','sort':'-value','was':4}"),
                     "'events':5,'traits':{},'value':3},{'id':'bob'");
    fake_expect_part(fake, LIFE(",'open':{'state':'returning','interval':null,'was':5}"),
                     "'moved':{'was':5,'now':4}");
    fake_expect_refused(fake, LIFE(",'open':{'interval':'2026-05-03'}"), "/open/state",
                        "new, returning, resurrected or dormant");
    fake_expect_refused(fake, LIFE(",'open':{'state':'dormnt'}"), "/open/state", "dormant");
    fake_expect_refused(fake, LIFE(",'open':{'state':'new','interval':'2026-05-04'}"),
                        "/open/interval", "none of the answer's intervals");
    fake_expect_refused(fake, LIFE(",'open':{'state':'new','group':'x'}"), "/open/group",
                        "no breakdown");
    fake_free(fake);
}

static void customers_are_counted_by_the_number_of_their_intervals(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(fake, STICK(""),
                "{'kind':'stickiness','counts':[{'intervals':1,'customers':1},"
                "{'intervals':2,'customers':1},{'intervals':3,'customers':1}],"
                "'partial':[],'warnings':[]");
    fake_expect_part(fake, STICK(",'event':'Use'"),
                     "[{'intervals':1,'customers':1},{'intervals':2,'customers':2},"
                     "{'intervals':3,'customers':0}]");
    /* Only what lies in the range counts, though the week is longer. */
    fake_expect_part(fake,
                     "{'kind':'stickiness','interval':'week','range':{'from':'2026-05-03','to':"
                     "'2026-05-03'}}",
                     "'counts':[{'intervals':1,'customers':3}],'partial':['2026-04-27']");
    fake_expect_part(fake, STICK(",'event':'Usee'"), "'warnings':['event \\'Usee\\' was never");
    fake_expect_part(fake, STICK(",'open':{'intervals':3}"), "'total':1,'customers':[{'id':'ann'");
    fake_expect_part(fake, STICK(",'event':'Use','open':{'intervals':3}"), "'total':0");
    fake_expect_refused(fake, STICK(",'open':{}"), "/open/intervals", "in how many intervals");
    fake_expect_refused(fake, STICK(",'open':{'intervals':4}"), "/open/intervals", "3");
    fake_expect_refused(fake, STICK(",'open':{'intervals':0}"), "/open/intervals", "1");
    fake_free(fake);
}

/* ---- time between ---- */

static const char waits[] = "{'c':'ann','e':'Ask','t':'2026-05-01T10:00:00Z'}\n"
                            "{'c':'ann','e':'Ask','t':'2026-05-01T10:00:09.999Z'}\n"
                            "{'c':'ann','e':'Reply','t':'2026-05-01T10:00:10Z'}\n"
                            "{'c':'ann','e':'Reply','t':'2026-05-01T10:00:10Z'}\n"
                            "{'c':'bob','e':'Reply','t':'2026-05-02T10:00:00Z'}\n"
                            "{'c':'bob','e':'Ask','t':'2026-05-02T10:00:00Z'}\n"
                            "{'c':'bob','e':'Reply','t':'2026-05-02T10:00:00Z'}\n"
                            "{'c':'cid','e':'Ask','t':'2026-05-03T23:00:00Z'}\n"
                            "{'c':'cid','e':'Reply','t':'2026-06-09T23:00:00Z'}\n"
                            "{'c':'dee','e':'Ask','t':'2026-05-03T23:00:00Z'}\n"
                            "{'c':'eve','e':'Ask','t':'2026-04-30T23:59:59Z'}\n"
                            "{'c':'eve','e':'Reply','t':'2026-05-01T00:00:00Z'}\n";
#define WAIT(rest)                                                                                 \
    "{'kind':'time_between','from':{'event':'Ask'},'to':{'event':'Reply'}," RANGE rest "}"
#define BINS(b0, b1, b2, last)                                                                     \
    "'histogram':[{'from_ms':0,'to_ms':1000,'count':" b0 "},"                                      \
    "{'from_ms':1000,'to_ms':10000,'count':" b1 "},{'from_ms':10000,'to_ms':60000,'count':" b2     \
    "},{'from_ms':60000,'to_ms':300000,'count':0},{'from_ms':300000,'to_ms':1800000,'count':0},"   \
    "{'from_ms':1800000,'to_ms':3600000,'count':0},{'from_ms':3600000,'to_ms':21600000,"           \
    "'count':0},{'from_ms':21600000,'to_ms':86400000,'count':0},{'from_ms':86400000,"              \
    "'to_ms':259200000,'count':0},{'from_ms':259200000,'to_ms':604800000,'count':0},"              \
    "{'from_ms':604800000,'to_ms':2592000000,'count':0},"                                          \
    "{'from_ms':2592000000,'to_ms':null,'count':" last "}]"

static void every_from_in_the_range_pairs_with_the_first_to_after_it(void **state)
{
    (void)state;
    struct fake *fake = fake_new(waits);
    fake_expect(fake, WAIT(""),
                "{'kind':'time_between','count':4,'customers':3,'p50':1,'p75':10000,"
                "'p90':3196800000,'p99':3196800000," BINS("2", "0", "1",
                                                          "1") ",'partial':[],'warnings':[]");
    /* The window has its end in it. */
    fake_expect_part(fake, WAIT(",'window':'10s'"),
                     "'count':3,'customers':2,'p50':1,'p75':10000,'p90':10000,'p99':10000");
    fake_expect_part(fake, WAIT(",'window':'9999ms'"), "'count':2,'customers':2");
    fake_expect_part(fake,
                     "{'kind':'time_between','from':{'event':'Reply'},'to':{'event':'Never'}}",
                     "'count':0,'customers':0,'p50':null,'p75':null,'p90':null,'p99':null," BINS(
                         "0", "0", "0", "0") ",'partial':[],'warnings':['event \\'Never\\' was");
    /* An event is not its own next. */
    fake_expect_part(
        fake, "{'kind':'time_between','from':{'event':'Reply'},'to':{'event':'Reply'}," RANGE "}",
        "'count':2,'customers':2,'p50':0,");
    fake_free(fake);
}

static void bins_open_to_customers_whose_values_add_up(void **state)
{
    (void)state;
    struct fake *fake = fake_new(waits);
    fake_expect_part(fake, WAIT(",'open':{'was':4,'sort':'-value'}"),
                     "'total':3,'customers':[{'id':'ann','first_seen':'2026-05-01T10:00:00.000Z',"
                     "'last_seen':'2026-05-01T10:00:10.000Z','events':4,'traits':{},'value':2}");
    fake_expect_part(fake, WAIT(",'open':{'bin':0,'sort':'id','was':1}"),
                     "'value':1}],'cursor':null,'moved':{'was':1,'now':2}");
    fake_expect_part(fake, WAIT(",'open':{'bin':11}"), "'total':1,'customers':[{'id':'cid'");
    fake_expect_part(fake, WAIT(",'open':{'bin':1}"), "'total':0,'customers':[]");
    fake_expect_refused(fake, WAIT(",'open':{'bin':12}"), "/open/bin", "11");
    fake_expect_refused(fake, WAIT(",'open':{'bin':-1}"), "/open/bin", "0");
    fake_free(fake);
}

static void what_does_not_belong_is_refused_at_its_place(void **state)
{
    (void)state;
    struct fake *fake = fake_new(waits);
    static const char *const cases[][3] = {
        {LIFE(",'breakdown':'x'"), "/breakdown", "is for trend, funnel, retention and score"},
        {STICK(",'breakdown':'x'"), "/breakdown", "is for trend, funnel, retention and score"},
        {WAIT(",'breakdown':'x'"), "/breakdown", "is for trend, funnel, retention and score"},
        {LIFE(",'evnt':'x'"), "/evnt", "did you mean \"event\"?"},
        {LIFE(",'event':5"), "/event", "the name of an event"},
        {LIFE(",'where':[['n','>',null]]"), "/where/0/2", ""},
        {LIFE(",'interval':'year'"), "/interval", "quarter"},
        {"{'kind':'lifecycle','interval':'hour','range':'last 10000 days'}", "/range", "20000"},
        {"{'kind':'stickiness','interval':'hour','range':'last 10000 days'}", "/range", "20000"},
        {WAIT(",'interval':'day'"), "/interval", "has no member"},
        {"{'kind':'time_between','to':{'event':'A'}}", "/from", "a matcher"},
        {"{'kind':'time_between','from':{'event':'A'}}", "/to", "a matcher"},
        {"{'kind':'time_between','from':{'where':[]},'to':{'event':'A'}}", "/from/event", ""},
        {WAIT(",'window':'7 days'"), "/window", "7 days"},
        {WAIT(",'open':{'bins':1}"), "/open/bins", "did you mean \"bin\"?"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake_expect_refused(fake, cases[i][0], cases[i][1], cases[i][2]);
    }
    fake_free(fake);
}

/* ---- against the contract's words, interval by interval ---- */

#define INTERVALS 7
#define ROWS_MAX 24

struct marked {
    bool is[INTERVALS][LIFECYCLE_STATES];
};

static void mark(void *context, size_t interval, enum lifecycle_state state)
{
    struct marked *marked = context;
    assert_false(marked->is[interval][state]);
    marked->is[interval][state] = true;
}

/* Active in interval i of the answer; -1: the one before. */
static bool is_active(const struct lifecycle_rows *rows, int interval)
{
    for (uint32_t row = rows->begin; row < rows->end; row++) {
        int64_t from_ms = 10 * (int64_t)interval;
        if ((rows->masks[row] & 1U) != 0 && rows->ts_ms[row] >= from_ms &&
            rows->ts_ms[row] < from_ms + 10) {
            return true;
        }
    }
    return false;
}

static bool was_active_before(const struct lifecycle_rows *rows, int interval)
{
    for (uint32_t row = rows->begin; row < rows->end; row++) {
        if ((rows->masks[row] & 1U) != 0 && rows->ts_ms[row] < 10 * (int64_t)interval) {
            return true;
        }
    }
    return rows->was_there;
}

static void states_equal_the_contracts_words(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 11);
    struct base_random *random = &seeded.random;
    int64_t begins[INTERVALS + 1];
    for (int i = 0; i <= INTERVALS; i++) {
        begins[i] = 10 * i;
    }
    struct lifecycle_body body = {.intervals = {begins, INTERVALS}, .before_ms = -10};
    for (int round = 0; round < 20000; round++) {
        int64_t ts_ms[ROWS_MAX], at_ms = -30;
        uint64_t masks[ROWS_MAX];
        struct lifecycle_rows rows = {.ts_ms = ts_ms, .masks = masks};
        rows.end = (uint32_t)base_random_below(random, ROWS_MAX);
        rows.was_there = base_random_below(random, 4) == 0;
        uint64_t step = 1 + base_random_below(random, 30);
        for (uint32_t row = 0; row < rows.end; row++) {
            at_ms += (int64_t)base_random_below(random, step);
            ts_ms[row] = at_ms;
            masks[row] = base_random_below(random, 4);
        }
        struct marked marked = {0};
        lifecycle_walk(&body, &rows, mark, &marked);
        for (int i = 0; i < INTERVALS; i++) {
            bool now = is_active(&rows, i), before = is_active(&rows, i - 1);
            bool ever = was_active_before(&rows, i);
            assert_true(marked.is[i][LIFECYCLE_NEW] == (now && !ever));
            assert_true(marked.is[i][LIFECYCLE_RETURNING] == (now && before));
            assert_true(marked.is[i][LIFECYCLE_RESURRECTED] == (now && ever && !before));
            assert_true(marked.is[i][LIFECYCLE_DORMANT] == (!now && before));
        }
    }
}

static void the_nearest_rank_is_found_in_any_order(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 3);
    assert_int_equal(query_nearest_rank(0, 50), 0);
    assert_int_equal(query_nearest_rank(4, 50), 1); /* of two middles the lower */
    assert_int_equal(query_nearest_rank(5, 50), 2);
    assert_int_equal(query_nearest_rank(1, 99), 0);
    assert_int_equal(query_nearest_rank(100, 99), 98);
    assert_int_equal(query_nearest_rank(101, 99), 99);
    for (int round = 0; round < 2000; round++) {
        double values[40];
        size_t count = 1 + base_random_below(&seeded.random, 40);
        uint64_t different = 1 + base_random_below(&seeded.random, 50);
        for (size_t i = 0; i < count; i++) {
            values[i] = (double)base_random_below(&seeded.random, different);
        }
        size_t k = base_random_below(&seeded.random, count);
        double got = query_select(values, count, k);
        size_t below = 0, equal = 0;
        for (size_t i = 0; i < count; i++) {
            below += values[i] < got ? 1 : 0;
            equal += values[i] == got ? 1 : 0;
        }
        assert_true(below <= k && k < below + equal);
    }
}

/* Many values are counted before they are searched: also below 0, alike, and of all sizes. */
static void a_rank_parts_many_values_into_those_below_and_above(void **state)
{
    (void)state;
    static double values[20000];
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 4);
    for (int round = 0; round < 60; round++) {
        size_t count = 4000 + base_random_below(&seeded.random, 16000);
        uint64_t different = UINT64_C(1) << base_random_below(&seeded.random, 38);
        double sum = 0;
        for (size_t i = 0; i < count; i++) {
            double value = (double)base_random_below(&seeded.random, different);
            values[i] = round % 3 == 0 ? value - (double)different / 2 : value;
            sum += values[i];
        }
        size_t k = base_random_below(&seeded.random, count);
        double got = query_select(values, count, k);
        assert_true(values[k] == got);
        for (size_t i = 0; i < count; i++) {
            assert_true(i < k ? values[i] <= got : values[i] >= got);
            sum -= values[i];
        }
        assert_true(sum == 0); /* whole numbers below 2^53: none was lost or doubled */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_has_new_returning_resurrected_and_dormant_customers),
        cmocka_unit_test(lifecycle_takes_its_first_and_last_interval_whole),
        cmocka_unit_test(the_interval_before_is_the_last_date_that_the_zone_had),
        cmocka_unit_test(states_open_to_their_customers),
        cmocka_unit_test(customers_are_counted_by_the_number_of_their_intervals),
        cmocka_unit_test(every_from_in_the_range_pairs_with_the_first_to_after_it),
        cmocka_unit_test(bins_open_to_customers_whose_values_add_up),
        cmocka_unit_test(what_does_not_belong_is_refused_at_its_place),
        cmocka_unit_test(states_equal_the_contracts_words),
        cmocka_unit_test(the_nearest_rank_is_found_in_any_order),
        cmocka_unit_test(a_rank_parts_many_values_into_those_below_and_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
