/* Ids of one name space, where a kind is a guess: the journeys of people whose sender calls everybody by one kind of
   id. Each is played with nothing, a restart, a power cut, seals and merges between its steps. */
#include "store_kit.h"

#define PLAY(kit)                                                                                  \
    for (int between_ = 0; between_ < KIT_BETWEENS; between_++)                                    \
        for (bool once_ = (kit_init(kit), (kit)->between = (enum kit_between)between_, true);      \
             once_; once_ = false, kit_verify(kit), kit_done(kit))

static enum store_verdict send(struct kit *kit, enum store_space space, bool may, const char *ids)
{
    struct store_item item = kit_item(kit, "web", NULL, "Visit", ids);
    item.space = space;
    item.may_join_users = may;
    return kit_submit(kit, &item);
}

static void guess(struct kit *kit, const char *ids)
{
    assert_int_equal(send(kit, STORE_SPACE_ONE, false, ids), STORE_STORED);
}

static void surely(struct kit *kit, const char *ids)
{
    assert_int_equal(send(kit, STORE_SPACE_ONE_USER, false, ids), STORE_STORED);
}

static void an_id_is_one_customer_whatever_was_guessed(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        guess(&kit, "anonymous=d");
        guess(&kit, "user=d");
        guess(&kit, "user=u");
        guess(&kit, "anonymous=u");
        assert_int_equal(kit_customers(&kit), 2);
        assert_int_equal(kit_rows(&kit, "d"), 2);
        assert_string_equal(kit_identifiers(&kit, "d"), "anonymous=d");
        assert_int_equal(kit_rows(&kit, "u"), 2);
        assert_string_equal(kit_identifiers(&kit, "u"), "user=u");
        /* Other senders' name spaces stay what they are. */
        assert_int_equal(kit_send(&kit, "web", NULL, "Visit", "anonymous=u"), STORE_STORED);
        assert_int_equal(kit_customers(&kit), 3);
    }
}

static void a_visitor_who_signs_in_takes_the_past_along(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        guess(&kit, "anonymous=d");
        guess(&kit, "user=d"); /* a server that was given the browser's id */
        surely(&kit, "user=u anonymous=d");
        guess(&kit, "user=d");
        guess(&kit, "user=u");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 5);
        assert_string_equal(kit_id(&kit, "d"), "u");
        assert_string_equal(kit_identifiers(&kit, "u"), "anonymous=d user=u");
    }
}

static void an_anonymous_id_that_is_surely_a_users_becomes_one(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        guess(&kit, "anonymous=u");
        guess(&kit, "anonymous=d");
        surely(&kit, "user=u anonymous=d account=acme");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "user:u"), 3);
        assert_string_equal(kit_identifiers(&kit, "u"),
                            "anonymous=u anonymous=d user=u account=acme");
        /* One that belongs to another already stays his. */
        surely(&kit, "user=d");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 4);
    }
}

static void a_device_of_two_people_stays_with_the_first(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        guess(&kit, "anonymous=d");
        surely(&kit, "user=u anonymous=d");
        surely(&kit, "user=v anonymous=d");
        guess(&kit, "anonymous=d");
        assert_int_equal(kit_customers(&kit), 2);
        assert_int_equal(kit_rows(&kit, "u"), 3);
        assert_int_equal(kit_rows(&kit, "v"), 1);
    }
}

static void an_alias_joins_in_whichever_direction_is_allowed(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        guess(&kit, "anonymous=d");
        guess(&kit, "user=u");
        guess(&kit, "anonymous=d user=u"); /* alias("u") by a visitor */
        assert_int_equal(kit_customers(&kit), 1);
        assert_string_equal(kit_id(&kit, "d"), "u");
        guess(&kit, "user=u anonymous=e"); /* alias of the browser's id by a server */
        guess(&kit, "anonymous=e");
        assert_int_equal(kit_customers(&kit), 1);
        guess(&kit, "anonymous=f anonymous=g");
        guess(&kit, "anonymous=f anonymous=d"); /* d is u's: f and g become his */
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 7);
        guess(&kit, "user=u user=u2"); /* a further name, never seen: reserved */
        guess(&kit, "user=u2");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 9);
        guess(&kit, "anonymous=d user=u3"); /* through an id that is his */
        guess(&kit, "user=u3");
        assert_int_equal(kit_customers(&kit), 1);
    }
}

static void two_known_users_are_joined_only_by_who_may(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        guess(&kit, "user=u");
        guess(&kit, "user=v");
        surely(&kit, "user=v anonymous=d");
        assert_int_equal(send(&kit, STORE_SPACE_ONE, false, "user=u user=v"), STORE_QUARANTINED);
        assert_int_equal(send(&kit, STORE_SPACE_ONE_USER, false, "user=u anonymous=v"),
                         STORE_QUARANTINED);
        assert_int_equal(send(&kit, STORE_SPACE_ONE, false, "anonymous=d user=u"),
                         STORE_QUARANTINED);
        assert_int_equal(kit_customers(&kit), 2);
        assert_int_equal(kit_ledger(&kit).total.quarantined, 3);
        assert_int_equal(send(&kit, STORE_SPACE_ONE, true, "user=u user=v"), STORE_STORED);
        assert_int_equal(kit_customers(&kit), 1);
        assert_string_equal(kit_id(&kit, "d"), "u");
        /* Joined already: nothing to refuse. */
        guess(&kit, "user=u user=v");
        guess(&kit, "user=v anonymous=d");
        assert_int_equal(kit_rows(&kit, "u"), 6);
    }
}

static void an_id_beside_itself_joins_nothing(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        guess(&kit, "user=u anonymous=u");
        guess(&kit, "anonymous=d user=d");
        surely(&kit, "user=d anonymous=d");
        guess(&kit, "ext.crm=7 user=x");
        assert_int_equal(kit_customers(&kit), 3);
        assert_string_equal(kit_identifiers(&kit, "u"), "user=u");
        assert_string_equal(kit_identifiers(&kit, "d"), "anonymous=d user=d");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_one_customer_whatever_was_guessed),
        cmocka_unit_test(a_visitor_who_signs_in_takes_the_past_along),
        cmocka_unit_test(an_anonymous_id_that_is_surely_a_users_becomes_one),
        cmocka_unit_test(a_device_of_two_people_stays_with_the_first),
        cmocka_unit_test(an_alias_joins_in_whichever_direction_is_allowed),
        cmocka_unit_test(two_known_users_are_joined_only_by_who_may),
        cmocka_unit_test(an_id_beside_itself_joins_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
