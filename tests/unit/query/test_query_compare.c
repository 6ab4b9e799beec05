/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>

#include "query_fake.h"

/* Now is 2026-05-15T12:00, a Friday. */

struct compared {
    const char *zone, *range, *how, *from, *to;
};

static void expect_ranges(const struct compared *cases, size_t count)
{
    struct fake *fake = fake_new("{'c':'ann','e':'A','t':'2026-05-01T10:00:00Z'}\n");
    for (size_t i = 0; i < count; i++) {
        char question[512], part[128];
        snprintf(question, sizeof question,
                 "{'kind':'time_between','from':{'event':'A'},'to':{'event':'A'},'timezone':'%s',"
                 "'range':%s,'compare':'%s'}",
                 cases[i].zone, cases[i].range, cases[i].how);
        snprintf(part, sizeof part, "'partial':[],'range':{'from':'%s','to':'%s'}}", cases[i].from,
                 cases[i].to);
        fake_expect_part(fake, question, part);
    }
    fake_free(fake);
}

#define MIDNIGHT "T00:00:00.000Z"
#define DATES(from, to) "{'from':'" from "','to':'" to "'}"
#define EXPECT(cases) expect_ranges(cases, sizeof(cases) / sizeof(cases)[0])

static void a_year_before_are_the_same_dates_and_of_29_february_the_28th(void **state)
{
    (void)state;
    static const struct compared cases[] = {
        {"UTC", DATES("2026-05-01", "2026-05-03"), "year", "2025-05-01" MIDNIGHT,
         "2025-05-04" MIDNIGHT},
        {"UTC", DATES("2024-02-29", "2024-02-29"), "year", "2023-02-28" MIDNIGHT,
         "2023-03-01" MIDNIGHT},
        {"UTC", DATES("2024-02-01", "2024-02-29"), "year", "2023-02-01" MIDNIGHT,
         "2023-03-01" MIDNIGHT},
        {"UTC", DATES("2025-02-01", "2025-02-28"), "year", "2024-02-01" MIDNIGHT,
         "2024-02-29" MIDNIGHT},
        {"UTC", DATES("2024-02-01", "2024-03-31"), "year", "2023-02-01" MIDNIGHT,
         "2023-04-01" MIDNIGHT},
        {"UTC", "'last 30 days'", "year", "2025-04-16" MIDNIGHT, "2025-05-16" MIDNIGHT},
    };
    EXPECT(cases);
}

static void a_year_before_months_stay_whole_and_weeks_are_52_before(void **state)
{
    (void)state;
    static const struct compared cases[] = {
        {"UTC", "'last 1 month'", "year", "2025-05-01" MIDNIGHT, "2025-06-01" MIDNIGHT},
        {"UTC", "'last 2 quarters'", "year", "2025-01-01" MIDNIGHT, "2025-07-01" MIDNIGHT},
        {"UTC", "'last 27 months'", "year", "2023-03-01" MIDNIGHT, "2025-06-01" MIDNIGHT},
        /* Monday 2026-05-04 to Sunday 2026-05-17. */
        {"UTC", "'last 2 weeks'", "year", "2025-05-05" MIDNIGHT, "2025-05-19" MIDNIGHT},
    };
    EXPECT(cases);
}

static void a_year_before_hours_and_instants_show_the_same_clock(void **state)
{
    (void)state;
    static const struct compared cases[] = {
        {"UTC", "'last 3 hours'", "year", "2025-05-15T10:00:00.000Z", "2025-05-15T13:00:00.000Z"},
        /* Summer time began on 2026-03-29 and on 2025-03-30: 10:00 is 08:00 UTC in the one, 09:00 in the other. */
        {"Europe/Berlin", DATES("2026-03-29T10:00:00+02:00", "2026-03-29T12:00:00+02:00"), "year",
         "2025-03-29T09:00:00.000Z", "2025-03-29T11:00:00.000Z"},
        /* 02:30 was left out on 2025-03-30: it is read as before the clocks were moved. */
        {"Europe/Berlin", DATES("2026-03-30T02:30:00+02:00", "2026-03-30T05:00:00+02:00"), "year",
         "2025-03-30T01:30:00.000Z", "2025-03-30T03:00:00.000Z"},
        /* Both ends are 28 February in the year before: as long as it was. */
        {"UTC", DATES("2024-02-28T12:00:00Z", "2024-02-29T12:00:00Z"), "year",
         "2023-02-28T12:00:00.000Z", "2023-03-01T12:00:00.000Z"},
        /* From the first 02:30 to the second 02:10 of the night that has two of them. */
        {"Europe/Berlin", DATES("2025-10-26T00:30:00Z", "2025-10-26T01:10:00Z"), "year",
         "2024-10-26T00:30:00.000Z", "2024-10-26T01:10:00.000Z"},
        {"UTC", DATES("2026-05-01", "2026-05-02T06:00:00Z"), "year", "2025-05-01" MIDNIGHT,
         "2025-05-02T06:00:00.000Z"},
    };
    EXPECT(cases);
}

static void weekdays_match_as_few_whole_weeks_before_as_lie_behind_each_other(void **state)
{
    (void)state;
    static const struct compared cases[] = {
        {"UTC", "'last 7 days'", "weekday", "2026-05-02" MIDNIGHT, "2026-05-09" MIDNIGHT},
        {"UTC", "'last 8 days'", "weekday", "2026-04-24" MIDNIGHT, "2026-05-02" MIDNIGHT},
        {"UTC", "'last 30 days'", "weekday", "2026-03-12" MIDNIGHT, "2026-04-11" MIDNIGHT},
        {"UTC", "'last 3 weeks'", "weekday", "2026-04-06" MIDNIGHT, "2026-04-27" MIDNIGHT},
        {"UTC", "'last 1 month'", "weekday", "2026-03-27" MIDNIGHT, "2026-04-27" MIDNIGHT},
        {"UTC", DATES("2026-05-06", "2026-05-06"), "weekday", "2026-04-29" MIDNIGHT,
         "2026-04-30" MIDNIGHT},
        {"UTC", "'last 4 hours'", "weekday", "2026-05-08T09:00:00.000Z",
         "2026-05-08T13:00:00.000Z"},
        {"UTC", DATES("2026-05-01T09:00:00Z", "2026-05-08T09:00:00Z"), "weekday",
         "2026-04-24T09:00:00.000Z", "2026-05-01T09:00:00.000Z"},
        {"UTC", DATES("2026-05-01T09:00:00Z", "2026-05-08T09:00:00.001Z"), "weekday",
         "2026-04-17T09:00:00.000Z", "2026-04-24T09:00:00.001Z"},
        /* The clocks were moved between: the same reading all the same. */
        {"Europe/Berlin", DATES("2026-03-30T09:00:00+02:00", "2026-03-30T17:00:00+02:00"),
         "weekday", "2026-03-23T08:00:00.000Z", "2026-03-23T16:00:00.000Z"},
        {"Europe/Berlin", DATES("2026-03-30", "2026-03-31"), "weekday", "2026-03-22T23:00:00.000Z",
         "2026-03-24T23:00:00.000Z"},
    };
    EXPECT(cases);
}

static void previous_is_the_range_that_ends_where_the_asked_one_begins(void **state)
{
    (void)state;
    static const struct compared cases[] = {
        {"UTC", "'last 30 days'", "previous", "2026-03-17" MIDNIGHT, "2026-04-16" MIDNIGHT},
        {"UTC", "'last 2 months'", "previous", "2026-02-01" MIDNIGHT, "2026-04-01" MIDNIGHT},
        {"UTC", DATES("2026-05-01", "2026-05-03"), "previous", "2026-04-28" MIDNIGHT,
         "2026-05-01" MIDNIGHT},
        {"UTC", DATES("2026-05-01T00:00:00Z", "2026-05-01T06:00:00Z"), "previous",
         "2026-04-30T18:00:00.000Z", "2026-05-01" MIDNIGHT},
    };
    EXPECT(cases);
}

#define QUESTION(kind, rest)                                                                       \
    "{'kind':'" kind "','range':{'from':'2026-05-01','to':'2026-05-02'}" rest "}"
#define AB ",'steps':[{'event':'A'},{'event':'B'}],'window':'1h'"

static void what_cannot_be_compared_is_refused_at_its_place(void **state)
{
    (void)state;
    struct fake *fake = fake_new("");
    fake_expect_refused(fake, QUESTION("funnel", AB ",'compare':'yaer'"), "/compare",
                        "did you mean \"year\"");
    fake_expect_refused(fake, QUESTION("funnel", AB ",'compare':true"), "/compare", "previous");
    fake_expect_refused(fake, QUESTION("customers", ",'compare':'year'"), "/compare",
                        "\"compare\" is for trend, funnel");
    fake_expect_refused(fake, QUESTION("verbatims", ",'compare':'year'"), "/compare",
                        "\"compare\" is for trend, funnel");
    fake_expect_refused(fake, QUESTION("funnel", AB ",'open':{'step':1,'previous':true}"),
                        "/open/previous", "compares nothing");
    fake_expect_refused(fake, QUESTION("stickiness", ",'open':{'intervals':1,'previous':1}"),
                        "/open/previous", "true or false");
    /* A label of the asked range is none of the one compared with. */
    fake_expect_refused(fake,
                        QUESTION("lifecycle", ",'compare':'previous','open':{'state':'new',"
                                              "'interval':'2026-05-01','previous':true}"),
                        "/open/interval", "none of the answer's");
    fake_expect_refused(fake,
                        "{'kind':'stickiness','range':{'from':'0001-01-01','to':'0001-01-02'},"
                        "'compare':'year'}",
                        "/compare", "before the year 1");
    /* Apia had no 30 December 2011. */
    fake_expect_refused(fake,
                        "{'kind':'stickiness','range':{'from':'2012-12-30','to':'2012-12-30'},"
                        "'timezone':'Pacific/Apia','compare':'year'}",
                        "/compare", "empty");
    fake_free(fake);
}

static const char lines[] = "{'c':'ann','e':'A','t':'2026-04-30T10:00:00Z','p':{'g':'x'}}\n"
                            "{'c':'ann','e':'B','t':'2026-04-30T10:10:00Z'}\n"
                            "{'c':'ann','e':'A','t':'2026-05-01T10:00:00Z','p':{'g':'y'}}\n"
                            "{'c':'bob','e':'A','t':'2026-05-02T10:00:00Z','p':{'g':'y'}}\n"
                            "{'c':'bob','e':'C','t':'2026-05-02T10:10:00Z'}\n"
                            "{'c':'cid','e':'A','t':'2026-04-29T10:00:00Z','p':{'g':'z'}}\n"
                            "{'c':'cid','e':'B','t':'2026-04-29T10:10:00Z'}\n";

static void
the_range_compared_with_shows_exactly_the_groups_and_paths_of_the_asked_one(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake, QUESTION("funnel", AB ",'breakdown':'g','compare':'previous'"),
                     "'previous':{'steps':[{'step':1,'label':'A','count':2,");
    fake_expect_part(
        fake, QUESTION("funnel", AB ",'breakdown':'g','compare':'previous'"),
        "'groups':[{'group':'y','steps':[{'step':1,'label':'A','count':0,'rate_from_start':null,"
        "'rate_from_previous':null,'median_ms_from_previous':null},{'step':2,'label':'B','count':0,"
        "'rate_from_start':null,'rate_from_previous':null,'median_ms_from_previous':null}]}],"
        "'partial':[],'range':{'from':'2026-04-29T00:00:00.000Z','to':'2026-05-01T00:00:00.000Z'}}"
        ",'partial':[]");
    fake_expect_part(fake, QUESTION("paths", ",'start':{'event':'A'},'compare':'previous'"),
                     "'previous':{'links':[{'depth':1,'from':'A','to':'C','count':0,'customers':0}]"
                     ",'paths':[{'events':['A'],'count':0,'customers':0},{'events':['A','C'],"
                     "'count':0,'customers':0}],'depths':[{'depth':0,'count':2,'customers':2},"
                     "{'depth':1,'count':2,'customers':2},");
    fake_free(fake);
}

static void a_number_of_the_range_compared_with_opens_to_its_people(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
#define OPEN(cell) ",'compare':'previous','open':{" cell ",'previous':true,'sort':'id'}"
    fake_expect_part(fake, QUESTION("funnel", AB OPEN("'step':2")),
                     "'total':2,'customers':[{'id':'ann'");
    /* In the asked range x and z are no groups of their own: with a limit of 1 there is no "(other)" at all. */
    fake_expect_part(
        fake,
        QUESTION("funnel", AB ",'breakdown':'g','limit':1" OPEN("'step':1,'group':'(other)'")),
        "'total':0,");
    fake_expect_part(fake, QUESTION("lifecycle", ",'event':'A'" OPEN("'state':'new'")),
                     "'total':2,'customers':[{'id':'ann'");
    fake_expect_part(fake, QUESTION("stickiness", ",'event':'A'" OPEN("'intervals':1")),
                     "'total':2,");
    fake_expect_part(
        fake,
        QUESTION("paths", ",'start':{'event':'A'}" OPEN("'link':{'depth':1,'from':'A','to':'B'}")),
        "'total':2,");
    fake_expect_part(
        fake, QUESTION("time_between", ",'from':{'event':'A'},'to':{'event':'B'}" OPEN("'bin':4")),
        "'total':2,");
    fake_expect_part(
        fake,
        QUESTION("retention", ",'interval':'day','start':{'event':'A'},'return':{'event':'B'}" OPEN(
                                  "'cohort':'2026-04-29','period':0")),
        "'total':1,'customers':[{'id':'cid'");
#undef OPEN
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_before_are_the_same_dates_and_of_29_february_the_28th),
        cmocka_unit_test(a_year_before_months_stay_whole_and_weeks_are_52_before),
        cmocka_unit_test(a_year_before_hours_and_instants_show_the_same_clock),
        cmocka_unit_test(weekdays_match_as_few_whole_weeks_before_as_lie_behind_each_other),
        cmocka_unit_test(previous_is_the_range_that_ends_where_the_asked_one_begins),
        cmocka_unit_test(what_cannot_be_compared_is_refused_at_its_place),
        cmocka_unit_test(
            the_range_compared_with_shows_exactly_the_groups_and_paths_of_the_asked_one),
        cmocka_unit_test(a_number_of_the_range_compared_with_opens_to_its_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
