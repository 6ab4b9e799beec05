/* Contacts over a real store: written down before they are allowed, one at a time for each customer, skipped ones
 * once an hour; joins; power cuts; many threads. */
#include "store_kit.h"

#include <stdio.h>
#include <stdlib.h>

#include "act.h"

#define DAY ACT_DAY_MS

struct desk {
    struct kit kit;
    struct base_random_seeded random;
    struct act *act;
    struct act_policy policy;
};

static struct fail failed;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, failed.message);                                             \
        }                                                                                          \
    } while (0)

static void act_open(struct desk *desk)
{
    struct act_options options = {desk->kit.store, &desk->kit.clock.clock, &desk->random.random};
    desk->act = act_new(&options);
}

static int set_up(void **state)
{
    struct desk *desk = base_alloc_zero(sizeof *desk);
    kit_init(&desk->kit);
    kit_open(&desk->kit);
    base_random_seed(&desk->random, 7);
    act_policy_default(&desk->policy);
    desk->policy.quiet_from = desk->policy.quiet_to = 0;
    act_open(desk);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    act_free(desk->act);
    kit_done(&desk->kit);
    base_free(desk);
    return 0;
}

static struct act_request request_of(struct desk *desk, const struct store_identifier *identifiers,
                                     size_t count)
{
    return (struct act_request){
        .identifiers = identifiers,
        .identifier_count = count,
        .purpose = STR("survey"),
        .channel = STR("web"),
        .policy = &desk->policy,
        .zone = zone_utc(),
    };
}

static struct act_decision ask(struct desk *desk, const char *user, const char *message_id)
{
    struct store_identifier identifier = {STR("user"), str_from_c(user)};
    struct act_request request = request_of(desk, &identifier, 1);
    struct act_decision decision;
    request.message_id = str_from_c(message_id);
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    return decision;
}

static void say(struct desk *desk, const char *user, const char *purpose, const char *word,
                int64_t until_ms)
{
    char until[TIME_RFC3339_BYTES];
    struct store_field fields[] = {
        {STR("purpose"), store_value_str(str_from_c(purpose))},
        {STR("state"), store_value_str(str_from_c(word))},
        {STR("wording"), store_value_str(STR("as it was put"))},
        {STR("until"), store_value_str(str_of(until, time_format_rfc3339(until_ms, until)))},
    };
    struct store_item item = kit_item(&desk->kit, "preferences", NULL, "consent",
                                      str_format(desk->kit.arena, "user=%s", user).data);
    item.event.properties = fields;
    item.event.property_count = until_ms == 0 ? 3 : 4;
    assert_int_equal(kit_submit(&desk->kit, &item), STORE_STORED);
}

static void a_contact_is_on_the_timeline_before_it_is_allowed(void **state)
{
    struct desk *desk = *state;
    assert_true(ask(desk, "ann", NULL).allowed);
    /* The power fails at once: what was allowed is still known. */
    act_free(desk->act);
    kit_power_cut(&desk->kit, 3);
    act_open(desk);
    assert_int_equal(kit_rows(&desk->kit, "ann"), 1);
    struct act_decision again = ask(desk, "ann", NULL);
    assert_false(again.allowed);
    assert_string_equal(again.reason, "waiting-time");
    base_clock_test_step(&desk->kit.clock, 7 * DAY);
    assert_true(ask(desk, "ann", NULL).allowed);
}

static void looking_writes_nothing(void **state)
{
    struct desk *desk = *state;
    struct store_identifier identifier = {STR("anonymous"), STR("a1")};
    struct act_request request = request_of(desk, &identifier, 1);
    struct act_decision decision;
    request.look = true;
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_true(decision.allowed);
    assert_int_equal(kit_rows(&desk->kit, "a1"), -1);
    request.look = false;
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_true(decision.allowed);
    assert_int_equal(kit_rows(&desk->kit, "a1"), 1);
}

static void skips_are_written_once_an_hour_by_purpose_and_reason(void **state)
{
    struct desk *desk = *state;
    assert_true(ask(desk, "ann", NULL).allowed);
    for (int i = 0; i < 50; i++) {
        assert_false(ask(desk, "ann", NULL).allowed);
        base_clock_test_step(&desk->kit.clock, 1000);
    }
    assert_int_equal(kit_rows(&desk->kit, "ann"), 2);
    struct store_identifier identifier = {STR("user"), STR("ann")};
    struct act_request request = request_of(desk, &identifier, 1);
    struct act_decision decision;
    request.purpose = STR("message");
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_string_equal(decision.reason, "no-consent");
    assert_int_equal(kit_rows(&desk->kit, "ann"), 3);
    bool written;
    OK(act_skip(desk->act, &request, STR("sampled-out"), &written, &failed));
    assert_true(written);
    OK(act_skip(desk->act, &request, STR("sampled-out"), &written, &failed));
    assert_false(written);
    assert_int_equal(kit_rows(&desk->kit, "ann"), 4);
    /* The clock goes back: still within the hour. */
    base_clock_test_step(&desk->kit.clock, -30 * 60 * 1000);
    assert_false(ask(desk, "ann", NULL).allowed);
    assert_int_equal(kit_rows(&desk->kit, "ann"), 4);
    base_clock_test_step(&desk->kit.clock, 2 * ACT_SKIP_LOG_MS);
    assert_false(ask(desk, "ann", NULL).allowed);
    assert_int_equal(kit_rows(&desk->kit, "ann"), 5);
}

static void the_same_cause_asked_again_is_allowed_again_and_counted_once(void **state)
{
    struct desk *desk = *state;
    assert_true(ask(desk, "ann", "r_1").allowed);
    struct act_decision again = ask(desk, "ann", "r_1");
    assert_true(again.allowed && again.repeated);
    assert_int_equal(kit_rows(&desk->kit, "ann"), 1);
    assert_false(ask(desk, "ann", "r_2").allowed);
}

static void a_join_joins_the_contacts(void **state)
{
    struct desk *desk = *state;
    struct store_identifier both[] = {{STR("user"), STR("ann")}, {STR("anonymous"), STR("a1")}};
    struct act_request request = request_of(desk, both + 1, 1);
    struct act_decision decision;
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_true(decision.allowed);
    kit_send(&desk->kit, "web", NULL, "Visit", "user=ann");
    /* Not joined yet: the ask itself would join them, so both histories count. */
    request = request_of(desk, both, 2);
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_false(decision.allowed);
    kit_send(&desk->kit, "web", NULL, "Visit", "user=ann anonymous=a1");
    assert_false(ask(desk, "ann", NULL).allowed);
    /* Another's anonymous id, taken, is no part of this customer. */
    struct store_identifier shared[] = {{STR("user"), STR("bob")}, {STR("anonymous"), STR("a1")}};
    request = request_of(desk, shared, 2);
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_true(decision.allowed);
}

static void consent_is_read_from_events_of_any_source(void **state)
{
    struct desk *desk = *state;
    struct store_identifier identifier = {STR("user"), STR("ann")};
    struct act_request request = request_of(desk, &identifier, 1);
    struct act_decision decision;
    request.purpose = STR("message");
    say(desk, "ann", "message", "granted", 0);
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_true(decision.allowed);
    base_clock_test_step(&desk->kit.clock, 8 * DAY);
    say(desk, "ann", "*", "withdrawn", base_now_ms(&desk->kit.clock.clock) + DAY);
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_string_equal(decision.reason, "muted");
    base_clock_test_step(&desk->kit.clock, DAY);
    kit_seal(&desk->kit);
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_true(decision.allowed);
    say(desk, "ann", "message", "perhaps", 0); /* no word that we know: it says nothing */
    base_clock_test_step(&desk->kit.clock, 8 * DAY);
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_true(decision.allowed);
}

static void the_customers_own_zone_keeps_the_quiet_hours(void **state)
{
    struct desk *desk = *state;
    act_policy_default(&desk->policy);
    struct store_item item = kit_item(&desk->kit, "web", NULL, "identify", "user=ann");
    struct store_field trait = {STR("timezone"), store_value_str(STR("Asia/Tokyo"))};
    item.event.traits = &trait;
    item.event.trait_count = 1;
    assert_int_equal(kit_submit(&desk->kit, &item), STORE_STORED);
    struct store_identifier identifier = {STR("user"), STR("ann")};
    struct act_request request = request_of(desk, &identifier, 1);
    struct act_decision decision;
    request.channel = STR("email");
    request.look = true;
    int64_t noon_ms =
        base_now_ms(&desk->kit.clock.clock) / DAY * DAY + DAY * 3 / 2; /* 21:00 in Tokyo */
    base_clock_test_step(&desk->kit.clock, noon_ms - base_now_ms(&desk->kit.clock.clock));
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_string_equal(decision.reason, "quiet-hours");
    trait.value = store_value_str(STR("Nowhere/At_All"));
    item = kit_item(&desk->kit, "web", NULL, "identify", "user=ann");
    item.event.traits = &trait;
    item.event.trait_count = 1;
    assert_int_equal(kit_submit(&desk->kit, &item), STORE_STORED);
    OK(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_true(decision.allowed); /* noon, by the organisation's clock */
}

static void what_is_no_request_is_refused(void **state)
{
    struct desk *desk = *state;
    struct store_identifier identifier = {STR("user"), STR("ann")};
    struct act_decision decision;
    struct act_request request = request_of(desk, &identifier, 0);
    assert_false(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_int_equal(failed.code, FAIL_INPUT);
    request = request_of(desk, &identifier, 1);
    request.purpose = STR("");
    assert_false(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_string_equal(failed.pointer, "/purpose");
    identifier.kind = STR("account");
    request = request_of(desk, &identifier, 1);
    assert_false(act_contact(desk->act, &request, desk->kit.arena, &decision, &failed));
    assert_int_equal(failed.code, FAIL_INPUT);
}

/* ---- many at once ------------------------------------------------------------------------------------------------ */

#define THREADS 8
#define ASKS 150
#define PEOPLE 4

struct asker {
    struct desk *desk;
    struct base_thread thread;
    int number;
    int allowed;
};

static void ask_often(void *context)
{
    struct asker *asker = context;
    struct desk *desk = asker->desk;
    struct base_random_seeded random;
    base_random_seed(&random, (uint64_t)asker->number + 100);
    for (int i = 0; i < ASKS; i++) {
        CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
        uint64_t person = base_random_below(&random.random, PEOPLE);
        struct store_identifier all[] = {
            {STR("user"), str_format(arena, "u%d", (int)person)},
            {STR("anonymous"), str_format(arena, "a%d", (int)person)},
        };
        uint64_t which = base_random_below(&random.random, 3);
        struct act_request request =
            request_of(desk, which == 1 ? all + 1 : all, which == 2 ? 2 : 1);
        struct act_decision decision;
        struct fail mine;
        struct base_random_seeded ids;
        base_random_seed(&ids, (uint64_t)asker->number * ASKS + (uint64_t)i);
        request.message_id = base_random_hex(&ids.random, arena, 16);
        if (!act_contact(desk->act, &request, arena, &decision, &mine)) {
            fprintf(stderr, "%s\n", mine.message);
            abort();
        }
        asker->allowed += decision.allowed;
        base_clock_test_step(&desk->kit.clock,
                             (int64_t)base_random_below(&random.random, (uint64_t)DAY / 4) -
                                 (int64_t)DAY / 24);
    }
}

static void many_asking_for_the_same_customers_never_exceed_the_cap(void **state)
{
    struct desk *desk = *state;
    desk->policy.all = (struct act_limits){.waiting_days = 2, .caps = {{30, 5}}, .cap_count = 1};
    for (int p = 0; p < PEOPLE; p++) {
        kit_send(&desk->kit, "web", NULL, "Visit",
                 str_format(desk->kit.arena, "user=u%d anonymous=a%d", p, p).data);
    }
    /* The token source of the test belongs to one thread: the skipped ones get their ids from the system. */
    act_free(desk->act);
    struct act_options options = {desk->kit.store, &desk->kit.clock.clock, base_random_system()};
    desk->act = act_new(&options);
    struct asker askers[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){.desk = desk, .number = i};
        OK(base_thread_start(&askers[i].thread, "asker", ask_often, &askers[i], &failed));
    }
    int allowed = 0;
    for (int i = 0; i < THREADS; i++) {
        base_thread_join(&askers[i].thread);
        allowed += askers[i].allowed;
    }
    int found = 0;
    struct store_snapshot *snapshot = store_snapshot_take(desk->kit.store);
    for (int p = 0; p < PEOPLE; p++) {
        uint32_t root;
        struct act_record record;
        store_customer_lookup(snapshot, str_format(desk->kit.arena, "u%d", p), &root);
        OK(act_history_read(snapshot, &root, 1, INT64_MIN + 1, INT64_MAX, desk->kit.arena, &record,
                            &failed));
        const struct act_contact *contacts = record.history.contacts;
        size_t count = record.history.contact_count;
        found += (int)count;
        for (size_t i = 0; i < count; i++) {
            int inside = 0;
            for (size_t j = 0; j < count; j++) {
                inside += contacts[j].ts_ms > contacts[i].ts_ms - 30 * DAY &&
                          contacts[j].ts_ms <= contacts[i].ts_ms;
                assert_true(i >= j || contacts[j].ts_ms - contacts[i].ts_ms >= 2 * DAY);
            }
            assert_true(inside <= 5);
        }
    }
    store_snapshot_unref(snapshot);
    assert_int_equal(found, allowed); /* every contact allowed is on a timeline, and no other */
    assert_true(allowed > PEOPLE * 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_contact_is_on_the_timeline_before_it_is_allowed),
        TEST(looking_writes_nothing),
        TEST(skips_are_written_once_an_hour_by_purpose_and_reason),
        TEST(the_same_cause_asked_again_is_allowed_again_and_counted_once),
        TEST(a_join_joins_the_contacts),
        TEST(consent_is_read_from_events_of_any_source),
        TEST(the_customers_own_zone_keeps_the_quiet_hours),
        TEST(what_is_no_request_is_refused),
        TEST(many_asking_for_the_same_customers_never_exceed_the_cap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
