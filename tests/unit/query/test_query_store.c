/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base_random.h"
#include "disk_sim.h"
#include "query.h"

#define CUSTOMERS 120
#define EVENTS 3000
#define TEAMS 7
#define BEGIN_MS INT64_C(1777593600000) /* 2026-05-01T00:00:00Z */
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* How the same events come to lie: the answers may not tell. */
enum layout { FRESH, SEALED, PIECES, MERGED, REOPENED, LAYOUTS };

struct shop {
    struct disk_sim *sim;
    struct base_clock_test clock;
    struct store *store;
    struct base_pool *pool;
    struct query_backend *backend;
    struct arena *arena;
    /* What the test itself knows of the events. */
    uint64_t buys;
    bool bought[CUSTOMERS];
    bool team_bought[TEAMS];
    int64_t whole_sum;
};

static void open_store(struct shop *shop)
{
    struct fail fail;
    struct store_options options = {.clock = &shop->clock.clock, .no_keeper = true};
    if (!store_open(disk_sim_disk(shop->sim), &options, &shop->store, &fail)) {
        fail_msg("%s", fail.message);
    }
}

static void seal(struct shop *shop, bool merge)
{
    struct fail fail;
    if (!store_seal(shop->store, &fail) || (merge && !store_merge(shop->store, false, &fail))) {
        fail_msg("%s", fail.message);
    }
}

/* One event; every third customer is anonymous at first and signs in later. Most are members of a team, some of
   all of them. */
static void make_event(struct shop *shop, struct base_random *random, int i, struct arena *arena,
                       struct store_item *item)
{
    static const char *const events[] = {"Buy", "Look", "Look", "feedback", "identify"};
    static const char *const countries[] = {"NL", "DE", "BE", "FR", "NO", "SE"};
    size_t customer = (size_t)base_random_below(random, CUSTOMERS);
    struct str user = str_format(arena, "user%zu", customer);
    struct str anonymous = str_format(arena, "anon%zu", customer);
    struct store_identifier *ids = arena_small(arena, 4 * sizeof *ids);
    struct store_field *properties = arena_small(arena, 3 * sizeof *properties);
    struct store_field *traits = arena_small(arena, sizeof *traits);
    const char *event = events[base_random_below(random, ARRAY_LEN(events))];
    bool is_anonymous = customer % 3 == 0 && i < EVENTS * 2 / 3;
    bool signs_in = customer % 3 == 0 && !is_anonymous;
    int64_t price = (int64_t)base_random_below(random, 100);
    ids[0] = is_anonymous ? (struct store_identifier){STR("anonymous"), anonymous}
                          : (struct store_identifier){STR("user"), user};
    size_t id_count = 1;
    if (signs_in) {
        ids[id_count++] = (struct store_identifier){STR("anonymous"), anonymous};
    }
    if (customer % 5 != 0) {
        ids[id_count++] = (struct store_identifier){STR("account"),
                                                    str_format(arena, "team%zu", customer % TEAMS)};
    }
    if (customer % 10 == 1) {
        ids[id_count++] = (struct store_identifier){STR("account"), STR("everybody")};
    }
    properties[0] = (struct store_field){STR("price"), store_value_int(price)};
    properties[1] = (struct store_field){
        STR("country"), store_value_str(str_from_c(countries[base_random_below(random, 6)]))};
    properties[2] = (struct store_field){
        STR("weight"), store_value_double((double)base_random_below(random, 1000) / 7)};
    traits[0] = (struct store_field){STR("plan"),
                                     store_value_str(customer % 2 == 0 ? STR("pro") : STR("free"))};
    *item = (struct store_item){.verdict = STORE_STORED};
    item->event = (struct store_event){
        .source = STR("web"),
        .event = str_from_c(event),
        .ts_ms = BEGIN_MS + (int64_t)base_random_below(random, (uint64_t)(20 * DAY_MS)),
        .received_at_ms = BEGIN_MS + 30 * DAY_MS,
        .client_ts_ms = STORE_NO_TIME,
        .sent_at_ms = STORE_NO_TIME,
        .properties = properties,
        .property_count = 3,
        .traits = traits,
        .trait_count = base_random_below(random, 4) == 0 ? 1 : 0,
        .identifiers = ids,
        .identifier_count = id_count,
    };
    if (str_is(item->event.event, "feedback")) {
        item->event.text = str_format(arena, "words %d", i);
    }
    if (str_is(item->event.event, "Buy")) {
        shop->buys++;
        shop->bought[customer] = true;
        shop->team_bought[customer % TEAMS] |= customer % 5 != 0;
        shop->whole_sum += price;
    }
}

static void fill(struct shop *shop, enum layout layout)
{
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 4242);
    for (int i = 0; i < EVENTS; i += 100) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        struct store_item items[100];
        struct fail fail;
        for (int k = 0; k < 100; k++) {
            make_event(shop, &seeded.random, i + k, arena, &items[k]);
        }
        if (!store_submit(shop->store, items, 100, &fail)) {
            fail_msg("%s", fail.message);
        }
        for (int k = 0; k < 100; k++) {
            assert_int_equal(items[k].verdict, STORE_STORED);
        }
        if ((layout == PIECES || layout == MERGED) && i % 700 == 0) {
            seal(shop, layout == MERGED);
        }
    }
    if (layout == SEALED || layout == MERGED) {
        seal(shop, layout == MERGED);
    }
    if (layout == REOPENED) {
        seal(shop, false);
        store_close(shop->store);
        open_store(shop);
    }
}

static void shop_init(struct shop *shop, enum layout layout)
{
    struct fail fail;
    *shop = (struct shop){.sim = disk_sim_new(1), .arena = arena_new(NULL)};
    base_clock_test_init(&shop->clock, BEGIN_MS + 30 * DAY_MS);
    open_store(shop);
    assert_true(base_pool_new(2, &shop->pool, &fail));
    shop->backend = query_engine_new(shop->pool);
    fill(shop, layout);
}

static void shop_done(struct shop *shop)
{
    query_backend_free(shop->backend);
    base_pool_free(shop->pool);
    store_close(shop->store);
    disk_sim_free(shop->sim);
    arena_free(shop->arena);
}

static struct str ask(struct shop *shop, const char *question, int threads)
{
    CLEANUP(base_buf_done) struct base_buf out = {0};
    struct query_env env = {.zone = zone_utc(), .now_ms = BEGIN_MS + 18 * DAY_MS};
    struct query_plan *plan;
    struct fail fail;
    char *text = str_copy_c(shop->arena, str_from_c(question));
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    struct store_snapshot *snapshot = store_snapshot_take(shop->store);
    struct query_run run = {
        .snapshot = snapshot, .memory_bytes = (size_t)256 << 20, .threads = threads};
    if (!query_parse(&env, str_from_c(text), shop->arena, &plan, &fail) ||
        !query_backend_run(shop->backend, plan, &run, &out, &fail)) {
        fail_msg("%s: %s (%s)", question, fail.message, fail.pointer);
    }
    store_snapshot_unref(snapshot);
    struct str answer = base_buf_view(&out);
    return str_copy(shop->arena, str_of(answer.data, str_find(answer, STR(",\"elapsed_ms\""))));
}

#define RANGE "'range':{'from':'2026-05-01','to':'2026-05-20'}"

static const char *const questions[] = {
    "{'kind':'trend','series':[{'event':'Buy'}]," RANGE "}",
    "{'kind':'trend','series':[{'event':'Buy','measure':'customers'},{'event':'*','measure':'"
    "sessions'}]," RANGE ",'interval':'week'}",
    "{'kind':'trend','series':[{'event':'Buy','measure':'sum:weight'},{'event':'Buy','measure':'"
    "p90:weight'}]," RANGE ",'breakdown':'country','limit':3}",
    "{'kind':'trend','series':[{'event':'Buy','measure':'customers','where':[['customer.plan','=','"
    "pro'],['price','>',50]]}]," RANGE ",'breakdown':'customer.plan','compare':'previous'}",
    "{'kind':'trend','series':[{'event':'*','where':[{'any':[['country','in',['NL','DE']],['weight'"
    ",'<',10.5]]}]}]," RANGE ",'breakdown':{'by':'price','bins':[10,50]}}",
    "{'kind':'trend','series':[{'event':'identify','measure':'per_customer'}]," RANGE
    ",'segment':{'did':{'event':'Buy'},'times':['>=',10]}}",
    "{'kind':'funnel','steps':[{'event':'Look'},{'event':'Buy'},{'event':'feedback'}],'window':'2d'"
    "," RANGE ",'breakdown':'country','limit':2}",
    "{'kind':'funnel','steps':[{'event':'Look'},{'event':'Buy','optional':true},{'event':'feedback'"
    "}],'window':'12h'," RANGE ",'count':'entries','exclude':[{'event':'identify'}]}",
    "{'kind':'retention','start':{'event':'Look'},'return':{'event':'Buy'},'interval':'day','"
    "periods':7," RANGE ",'breakdown':'customer.plan'}",
    "{'kind':'customers','sort':'-events','limit':20,'segment':{'all':[{'did':{'event':'Buy'},'sum'"
    ":'price','times':['>',300]},{'not':{'did':{'event':'feedback'},'within':'3d'}}]}}",
    "{'kind':'customers','sort':'plan','limit':500}",
    "{'kind':'customers','search':'ANON12'}",
    "{'kind':'trend','series':[{'event':'Buy','measure':'sum:price'}]," RANGE
    ",'open':{'interval':'2026-05-04'}}",
    "{'kind':'funnel','steps':[{'event':'Look'},{'event':'Buy'}],'window':'1d'," RANGE
    ",'open':{'step':2,'outcome':'dropped'}}",
    "{'kind':'trend','series':[{'event':'Buy','where':[['then.plan','=','pro']]}]," RANGE
    ",'breakdown':'then.plan','interval':'week'}",
    "{'kind':'trend','per':'account','series':[{'event':'Buy','measure':'sum:weight'},{'event':'*',"
    "'measure':'sessions'}]," RANGE ",'breakdown':'customer.plan'}",
    "{'kind':'funnel','per':'account','steps':[{'event':'Look'},{'event':'Buy','where':[['then."
    "plan'"
    ",'=','pro']]},{'event':'feedback'}],'window':'6h'," RANGE ",'count':'entries'}",
    "{'kind':'retention','per':'account','start':{'event':'Look'},'return':{'event':'Buy'},"
    "'interval':'day','periods':7," RANGE ",'open':{'cohort':'2026-05-01','period':3}}",
    "{'kind':'customers','per':'account','sort':'-events','segment':{'did':{'event':'Buy'},"
    "'sum':'price','times':['>',2000]}}",
    "{'kind':'trend','series':[{'event':'Nothing'}]," RANGE
    ",'segment':{'trait':['nothing','=',1]}}",
};

static void answers_do_not_tell_how_the_events_lie(void **state)
{
    (void)state;
    struct shop fresh;
    shop_init(&fresh, FRESH);
    struct str expected[ARRAY_LEN(questions)];
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        expected[i] = ask(&fresh, questions[i], 1);
        assert_true(str_equal(ask(&fresh, questions[i], 2), expected[i]));
    }
    for (int layout = SEALED; layout < LAYOUTS; layout++) {
        struct shop shop;
        shop_init(&shop, (enum layout)layout);
        for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
            struct str got = ask(&shop, questions[i], layout % 3 + 1);
            if (!str_equal(got, expected[i])) {
                fail_msg("layout %d, %s:\n%.*s\n%.*s", layout, questions[i], STR_ARG(got),
                         STR_ARG(expected[i]));
            }
        }
        shop_done(&shop);
    }
    shop_done(&fresh);
}

static void assert_holds(struct shop *shop, const char *question, uint64_t total)
{
    struct str answer = ask(shop, question, 2);
    struct str part = str_format(shop->arena, "\"total\":%llu", (unsigned long long)total);
    size_t at = str_find(answer, part);
    char after = at + part.len < answer.len ? answer.data[at + part.len] : '0';
    if (at == answer.len || (after >= '0' && after <= '9')) {
        fail_msg("%.*s lacks %.*s", STR_ARG(answer), STR_ARG(part));
    }
}

#define TREND(measure)                                                                             \
    "{'kind':'trend','series':[{'event':'Buy','measure':'" measure "'}],'interval':'month',"

static void numbers_are_those_that_were_sent(void **state)
{
    (void)state;
    for (int layout = FRESH; layout < LAYOUTS; layout++) {
        struct shop shop;
        uint64_t buyers = 0;
        shop_init(&shop, (enum layout)layout);
        for (size_t i = 0; i < CUSTOMERS; i++) {
            buyers += shop.bought[i] ? 1 : 0;
        }
        assert_holds(&shop, TREND("count") RANGE "}", shop.buys);
        assert_holds(&shop, TREND("customers") RANGE "}", buyers);
        assert_holds(&shop, TREND("sum:price") RANGE "}", (uint64_t)shop.whole_sum);
        assert_holds(&shop, TREND("customers") "'open':{}," RANGE "}", buyers);
        assert_holds(&shop, "{'kind':'customers'}", CUSTOMERS);
        uint64_t teams = 0;
        for (size_t i = 0; i < TEAMS; i++) {
            teams += shop.team_bought[i] ? 1 : 0;
        }
        assert_holds(&shop, TREND("customers") "'per':'account'," RANGE "}", teams + 1);
        assert_holds(&shop, TREND("customers") "'per':'account','open':{}," RANGE "}", teams + 1);
        assert_holds(&shop, "{'kind':'customers','per':'account'}", TEAMS + 1);
        shop_done(&shop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_do_not_tell_how_the_events_lie),
        cmocka_unit_test(numbers_are_those_that_were_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
