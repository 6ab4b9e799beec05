/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_random.h"
#include "query_fake.h"
#include "query_paths.h"

static const char lines[] =
    "{'c':'ann','e':'A','t':'2026-05-01T10:00:00Z','p':{'page':'home'},'channel':'web'}\n"
    "{'c':'ann','e':'B','t':'2026-05-01T10:30:00Z','p':{'page':['list','home']},'channel':'web'}\n"
    "{'c':'ann','e':'B','t':'2026-05-01T10:40:00Z','p':{'page':5},'channel':'app'}\n"
    "{'c':'ann','e':'contacted','t':'2026-05-01T10:41:00Z'}\n"
    "{'c':'ann','e':'C','t':'2026-05-01T10:50:00Z','p':{'page':5.0}}\n"
    "{'c':'bob','e':'A','t':'2026-05-01T10:00:00Z'}\n"
    "{'c':'bob','e':'C','t':'2026-05-01T10:30:00.001Z'}\n"
    "{'c':'cid','e':'A','t':'2026-05-02T23:59:00Z'}\n"
    "{'c':'cid','e':'A','t':'2026-05-02T23:59:00Z'}\n"
    "{'c':'cid','e':'B','t':'2026-05-03T00:10:00Z'}\n"
    "{'c':'dee','traits':{'plan':'pro'}}\n"
    "{'c':'dee','e':'A','t':'2026-04-30T23:59:00Z'}\n"
    "{'c':'dee','e':'B','t':'2026-05-01T00:00:00Z'}\n";

#define ASK(rest) "{'kind':'paths','range':{'from':'2026-05-01','to':'2026-05-02'}" rest "}"
#define FROM_A(rest) ASK(",'start':{'event':'A'}" rest)
#define LINK(depth, from, to, count, customers)                                                    \
    "{'depth':" depth ",'from':'" from "','to':'" to "','count':" count ",'customers':" customers  \
    "}"
#define PATH(events, count, customers)                                                             \
    "{'events':[" events "],'count':" count ",'customers':" customers "}"
#define DEPTH(depth, count, customers)                                                             \
    "{'depth':" depth ",'count':" count ",'customers':" customers "}"

static void every_start_in_the_range_begins_a_path_until_a_pause_above_the_gap(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect(
        fake, FROM_A(""),
        "{'kind':'paths','links':[" LINK("1", "A", "B", "3", "2") "," LINK("2", "B", "C", "1", "1") "],'paths':[" PATH(
            "'A','B'", "2",
            "1") "," PATH("'A'", "1",
                          "1") "," PATH("'A','B','C'", "1",
                                        "1") "],'depths':[" DEPTH("0", "4",
                                                                  "3") "," DEPTH("1", "3",
                                                                                 "2") "," DEPTH("2",
                                                                                                "1",
                                                                                                "1") "," DEPTH("3",
                                                                                                               "0",
                                                                                                               "0") "," DEPTH("4",
                                                                                                                              "0",
                                                                                                                              "0") "],'partial':[],'warnings':[]");
    fake_free(fake);
}

static void without_collapse_neighbours_of_one_name_are_steps(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake, FROM_A(",'collapse':false,'steps':2"),
        "'links':[" LINK("1", "A", "B", "2", "2") "," LINK("1", "A", "A", "1", "1") "," LINK(
            "2", "A", "B", "1",
            "1") "," LINK("2", "B", "B", "1",
                          "1") "],'paths':[" PATH("'A'", "1",
                                                  "1") "," PATH("'A','A','B'", "1",
                                                                "1") "," PATH("'A','B'", "1",
                                                                              "1") "," PATH("'A','"
                                                                                            "B','"
                                                                                            "B'",
                                                                                            "1",
                                                                                            "1") "]");
    fake_free(fake);
}

static void an_end_is_walked_back_from_and_depth_1_leads_into_it(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake, ASK(",'end':{'event':'C'},'gap':'31m'"),
        "'links':[" LINK("1", "A", "C", "1", "1") "," LINK("1", "B", "C", "1", "1") "," LINK(
            "2", "A", "B", "1", "1") "],'paths':[" PATH("'A','B','C'", "1",
                                                        "1") "," PATH("'A','C'", "1", "1") "]");
    /* Before the range is as near as after it. */
    fake_expect_part(fake, ASK(",'end':{'event':'B'},'collapse':false"),
                     "'paths':[" PATH("'A','B'", "2", "2") "," PATH("'A','B','B'", "1", "1") "]");
    fake_free(fake);
}

static void the_seven_are_on_no_path_unless_the_matcher_names_them(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake, ASK(",'start':{'event':'contacted'}"),
                     "'paths':[" PATH("'contacted','C'", "1", "1") "]");
    fake_expect_part(fake,
                     ASK(",'start':{'event':['A','contacted'],'where':[['channel','=','web']]}"),
                     "'paths':[" PATH("'A','B','contacted','C'", "1", "1") "]");
    fake_expect_part(fake, ASK(",'start':{'event':'*','where':[['event','=','contacted']]}"),
                     "'paths':[],");
    fake_free(fake);
}

static void steps_may_be_values_of_a_property_trait_or_own_field(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(fake, FROM_A(",'by':'page','segment':{'trait':['id','=','ann']}"),
                     "'paths':[" PATH("'home','list','5'", "1", "1") "]");
    fake_expect_part(fake, FROM_A(",'by':'channel','segment':{'trait':['id','=','ann']}"),
                     "'paths':[" PATH("'web','app','(none)'", "1", "1") "]");
    fake_expect_part(fake,
                     ASK(",'start':{'event':'*'},'by':'customer.plan','collapse':false,"
                         "'segment':{'trait':['plan','set']}"),
                     "'paths':[" PATH("'pro'", "1", "1") "]");
    fake_expect_part(fake, FROM_A(",'by':'nothing'"),
                     "'warnings':['property \\\"nothing\\\" was never seen']");
    fake_free(fake);
}

static void the_limit_cuts_both_lists_and_depths_stay_whole(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    fake_expect_part(
        fake, FROM_A(",'limit':1,'steps':1"),
        "'links':[" LINK("1", "A", "B", "3", "2") "],'paths':[" PATH(
            "'A','B'", "3", "2") "],'depths':[" DEPTH("0", "4", "3") "," DEPTH("1", "3", "2") "]");
    fake_free(fake);
}

static void cells_open_to_customers_whose_values_add_up(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
#define CID                                                                                        \
    "{'id':'cid','first_seen':'2026-05-02T23:59:00.000Z','last_seen':'2026-05-03T00:10:00.000Z',"  \
    "'events':3,'traits':{},'value':2}"
    fake_expect_part(fake, FROM_A(",'open':{'path':['A','B']}"),
                     "{'kind':'customers','total':1,'customers':[" CID "],'cursor':null");
    fake_expect_part(fake, FROM_A(",'open':{'link':{'depth':1,'from':'A','to':'B'},'limit':1}"),
                     "{'kind':'customers','total':2,'customers':[" CID "],'cursor':'");
    fake_expect_part(fake, FROM_A(",'open':{'depth':2}"), "'total':1,'customers':[{'id':'ann'");
    fake_expect_part(fake, FROM_A(",'open':{}"), "'total':3,");
    fake_expect_part(fake, FROM_A(",'open':{'path':['A','nowhere'],'was':3}"),
                     "'total':0,'customers':[],'cursor':null,'moved':{'was':3,'now':0}");
    fake_expect_part(fake, ASK(",'end':{'event':'C'},'open':{'path':['A','B','C']}"),
                     "'total':1,'customers':[{'id':'ann'");
    fake_expect_part(fake,
                     ASK(",'end':{'event':'C'},'open':{'link':{'depth':2,'from':'A','to':'B'}}"),
                     "'total':1,'customers':[{'id':'ann'");
    fake_expect_part(fake,
                     ASK(",'end':{'event':'C'},'open':{'link':{'depth':2,'from':'B','to':'A'}}"),
                     "'total':0");
    fake_free(fake);
}

static void what_a_paths_question_cannot_be_is_refused_at_its_place(void **state)
{
    (void)state;
    struct fake *fake = fake_new(lines);
    static const struct {
        const char *question, *pointer, *part;
    } cases[] = {
        {ASK(""), "/start", "is missing"},
        {ASK(",'start':{'event':'A'},'end':{'event':'B'}"), "/end", "beside \"start\""},
        {ASK(",'end':{'event':'A'},'start':{'event':'B'}"), "/start", "beside \"end\""},
        {ASK(",'end':{'evnt':'A'}"), "/end/evnt", "event"},
        {FROM_A(",'steps':0"), "/steps", "from 1 to 20"},
        {FROM_A(",'steps':21"), "/steps", "from 1 to 20"},
        {FROM_A(",'limit':1001"), "/limit", "from 1 to 1000"},
        {FROM_A(",'gap':'soon'"), "/gap", "a duration"},
        {FROM_A(",'gap':5"), "/gap", "a duration"},
        {FROM_A(",'collapse':1"), "/collapse", "true or false"},
        {FROM_A(",'by':5"), "/by", "a property or trait"},
        {FROM_A(",'by':''"), "/by", ""},
        {FROM_A(",'breakdown':'page'"), "/breakdown", ""},
        {FROM_A(",'open':{'path':[]}"), "/open/path", "1 to 5 names"},
        {FROM_A(",'steps':1,'open':{'path':['A','B','C']}"), "/open/path", "1 to 2 names"},
        {FROM_A(",'open':{'path':['A',5]}"), "/open/path/1", "a string"},
        {FROM_A(",'open':{'path':'A'}"), "/open/path", "the names"},
        {FROM_A(",'open':{'depth':5}"), "/open/depth", "from 0 to 4"},
        {FROM_A(",'open':{'depth':0,'path':['A']}"), "/open/path", "beside \"depth\""},
        {FROM_A(",'open':{'link':{'depth':0,'from':'A','to':'B'}}"), "/open/link/depth",
         "from 1 to 4"},
        {FROM_A(",'open':{'link':{'depth':1,'from':'A'}}"), "/open/link/to", "is missing"},
        {FROM_A(",'open':{'link':{'depth':1,'from':null,'to':'A'}}"), "/open/link/from",
         "a string"},
        {FROM_A(",'open':{'group':'x'}"), "/open/group", "no breakdown"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        fake_expect_refused(fake, cases[i].question, cases[i].pointer, cases[i].part);
    }
    fake_free(fake);
}

/* ---- against the contract's words, step by step ---- */

static uint32_t naive_path(const struct paths_body *body, const struct paths_event *events,
                           uint32_t count, uint32_t at, uint32_t *names)
{
    uint32_t found = 1;
    names[0] = events[at].name;
    for (;;) {
        uint32_t before = at;
        if (body->backwards ? at == 0 : at + 1 == count) {
            return found;
        }
        at = body->backwards ? at - 1 : at + 1;
        int64_t pause_ms = events[at].ts_ms - events[before].ts_ms;
        if ((pause_ms < 0 ? -pause_ms : pause_ms) > body->gap_ms) {
            return found;
        }
        if (body->collapse && events[at].name == names[found - 1]) {
            continue;
        }
        if (found > body->steps) {
            return found;
        }
        names[found++] = events[at].name;
    }
}

static void walks_equal_the_contracts_words(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 3);
    struct base_random *random = &seeded.random;
    struct base_budget *budget = base_budget_new((size_t)16 << 20);
    CLEANUP(arena_free_at) struct arena *arena = arena_new(budget);
    struct paths_walk *walk;
    struct fail fail;
    assert_true(paths_walk_new(arena, budget, &walk, &fail));
    for (int round = 0; round < 5000; round++) {
        struct paths_body body = {.backwards = base_random_below(random, 2) == 0,
                                  .collapse = base_random_below(random, 2) == 0,
                                  .steps = 1 + (uint32_t)base_random_below(random, 4),
                                  .gap_ms = (int64_t)base_random_below(random, 6)};
        uint32_t count = (uint32_t)base_random_below(random, 20);
        int64_t at_ms = 0;
        walk->events->count = 0;
        for (uint32_t i = 0; i < count; i++) {
            struct paths_event *event = query_vec_add(walk->events, &fail);
            at_ms += (int64_t)base_random_below(random, 8);
            if (event == NULL) {
                fail_msg("%s", fail.message);
                return; /* for the compiler, which does not know that this is the end */
            }
            *event = (struct paths_event){.ts_ms = at_ms,
                                          .name = (uint32_t)base_random_below(random, 3)};
        }
        paths_walk_link(walk, &body);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t expected[QUERY_PATHS_NAMES_MAX], got[QUERY_PATHS_NAMES_MAX];
            uint32_t length = naive_path(&body, walk->events->data, count, i, expected);
            assert_int_equal(paths_walk_from(walk, &body, i, got), length);
            assert_memory_equal(got, expected, length * sizeof *got);
        }
    }
    arena_free(arena);
    arena = NULL;
    base_budget_free(budget);
}

/* Counting in two trees, whose names bear other numbers, and merging them is counting in one. */
static void merged_trees_count_like_one(void **state)
{
    (void)state;
    static const uint32_t renamed[] = {2, 0, 1};
    static const struct str names[] = {{"a", 1}, {"b", 1}, {"c", 1}};
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 5);
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct base_budget *budget = base_budget_new((size_t)64 << 20);
    struct paths_tree *whole = NULL, *one = NULL, *other = NULL;
    struct fail fail;
    assert_true(paths_tree_new(arena, budget, &whole, &fail) &&
                paths_tree_new(arena, budget, &one, &fail) &&
                paths_tree_new(arena, budget, &other, &fail));
    for (int customer = 0; customer < 300; customer++) {
        bool apart = base_random_below(&seeded.random, 2) == 0;
        struct paths_tree *part = apart ? other : one;
        paths_tree_next_customer(whole);
        paths_tree_next_customer(part);
        for (uint64_t n = base_random_below(&seeded.random, 5); n > 0; n--) {
            uint32_t path[4], part_path[4];
            uint32_t count = 1 + (uint32_t)base_random_below(&seeded.random, 4);
            for (uint32_t i = 0; i < count; i++) {
                uint32_t name = (uint32_t)base_random_below(&seeded.random, 3);
                part_path[i] = name;
                path[i] = apart ? renamed[name] : name;
            }
            assert_true(paths_tree_add(whole, path, count, &fail) &&
                        paths_tree_add(part, part_path, count, &fail));
        }
    }
    assert_true(paths_tree_merge(one, other, renamed, &fail));
    assert_memory_equal(one->depth_counts, whole->depth_counts, sizeof whole->depth_counts);
    assert_memory_equal(one->depth_customers, whole->depth_customers,
                        sizeof whole->depth_customers);
    for (size_t limit = 1; limit < 200; limit += 7) {
        bool backwards = limit % 2 == 0;
        struct paths_ranked *expected, *got;
        size_t expected_count, got_count;
        assert_true(paths_rank_links(whole, names, backwards, limit, arena, &expected,
                                     &expected_count, &fail));
        assert_true(paths_rank_links(one, names, backwards, limit, arena, &got, &got_count, &fail));
        assert_int_equal(got_count, expected_count);
        for (size_t i = 0; i < got_count; i++) {
            const struct paths_link *a = (struct paths_link *)one->links->data + got[i].index;
            const struct paths_link *b =
                (struct paths_link *)whole->links->data + expected[i].index;
            assert_true(a->depth == b->depth && a->from == b->from && a->to == b->to &&
                        a->count == b->count && a->customers == b->customers);
        }
        assert_true(paths_rank_paths(whole, names, backwards, limit, arena, &expected,
                                     &expected_count, &fail));
        assert_true(paths_rank_paths(one, names, backwards, limit, arena, &got, &got_count, &fail));
        assert_int_equal(got_count, expected_count);
        for (size_t i = 0; i < got_count; i++) {
            uint32_t a[QUERY_PATHS_NAMES_MAX], b[QUERY_PATHS_NAMES_MAX];
            uint32_t count = paths_names(one, got[i].index, backwards, a);
            assert_int_equal(paths_names(whole, expected[i].index, backwards, b), count);
            assert_memory_equal(a, b, count * sizeof *a);
        }
    }
    arena_free(arena);
    arena = NULL;
    base_budget_free(budget);
}

/* Each start of a run that is passed over costs a look-up a step, not the run. */
static void a_run_of_a_million_starts_is_walked_in_linear_time(void **state)
{
    (void)state;
    const uint32_t count = 1000000;
    struct base_budget *budget = base_budget_new((size_t)256 << 20);
    struct arena *arena = arena_new(budget);
    struct paths_body body = {.collapse = true, .steps = 4, .gap_ms = 10};
    struct paths_walk *walk;
    struct fail fail;
    assert_true(paths_walk_new(arena, budget, &walk, &fail));
    for (uint32_t i = 0; i < count; i++) {
        struct paths_event *event = query_vec_add(walk->events, &fail);
        if (event == NULL) {
            fail_msg("%s", fail.message);
            return;
        }
        *event = (struct paths_event){.ts_ms = i, .name = i + 1 == count ? 1 : 0};
    }
    paths_walk_link(walk, &body);
    for (uint32_t i = 0; i + 1 < count; i++) {
        uint32_t names[QUERY_PATHS_NAMES_MAX];
        assert_int_equal(paths_walk_from(walk, &body, i, names), 2);
    }
    arena_free(arena);
    base_budget_free(budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_start_in_the_range_begins_a_path_until_a_pause_above_the_gap),
        cmocka_unit_test(without_collapse_neighbours_of_one_name_are_steps),
        cmocka_unit_test(an_end_is_walked_back_from_and_depth_1_leads_into_it),
        cmocka_unit_test(the_seven_are_on_no_path_unless_the_matcher_names_them),
        cmocka_unit_test(steps_may_be_values_of_a_property_trait_or_own_field),
        cmocka_unit_test(the_limit_cuts_both_lists_and_depths_stay_whole),
        cmocka_unit_test(cells_open_to_customers_whose_values_add_up),
        cmocka_unit_test(what_a_paths_question_cannot_be_is_refused_at_its_place),
        cmocka_unit_test(walks_equal_the_contracts_words),
        cmocka_unit_test(merged_trees_count_like_one),
        cmocka_unit_test(a_run_of_a_million_starts_is_walked_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
