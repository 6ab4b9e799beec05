/* Every rule of the query contract about who is who, each told as a scenario that is played six times: with
   nothing, a restart, a power cut, a seal, a seal and a restart, a seal and merges between its steps. */
#include "store_kit.h"

#include <stdio.h>

#include "base_buf.h"
#include "base_random.h"
#include "store_identity.h"
#include "store_moved.h"

#define PLAY(kit)                                                                                  \
    for (int between_ = 0; between_ < KIT_BETWEENS; between_++)                                    \
        for (bool once_ = (kit_init(kit), (kit)->between = (enum kit_between)between_, true);      \
             once_; once_ = false, kit_verify(kit), kit_done(kit))

static void event(struct kit *kit, const char *ids)
{
    assert_int_equal(kit_send(kit, "web", NULL, "Visit", ids), STORE_STORED);
}

static enum store_verdict alias(struct kit *kit, const char *previous, const char *ids, bool may)
{
    struct store_item item = kit_alias(kit, previous, ids, may);
    return kit_submit(kit, &item);
}

/* ---- section 2: users and anonymous ids ------------------------------------------------------------- */

static void identifiers_of_different_kinds_are_different_names(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "user=x");
        event(&kit, "anonymous=x");
        event(&kit, "email=x");
        event(&kit, "ext.crm=x");
        assert_int_equal(kit_customers(&kit), 4);
        assert_int_equal(kit_rows(&kit, "x"), 1);
        assert_string_equal(kit_id(&kit, "x"), "x");
        assert_string_equal(kit_id(&kit, "anonymous:x"), "anonymous:x");
        assert_string_equal(kit_id(&kit, "email:x"), "email:x");
        assert_string_equal(kit_id(&kit, "ext.crm:x"), "ext.crm:x");
    }
}

static void a_bare_text_is_a_user_then_anonymous_then_email(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "email=x");
        assert_int_equal(kit_find(&kit, "x"), kit_find(&kit, "email:x"));
        event(&kit, "anonymous=x");
        assert_int_equal(kit_find(&kit, "x"), kit_find(&kit, "anonymous:x"));
        event(&kit, "user=x");
        assert_int_equal(kit_find(&kit, "x"), kit_find(&kit, "user:x"));
        event(&kit, "user=odd:id");
        assert_int_equal(kit_find(&kit, "odd:id"), kit_find(&kit, "user:odd:id"));
        assert_int_equal(kit_find(&kit, "nobody"), STORE_NO_CUSTOMER);
    }
}

static void a_free_anonymous_customer_is_joined_with_its_past(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "anonymous=a");
        event(&kit, "anonymous=a");
        assert_string_equal(kit_id(&kit, "a"), "a");
        event(&kit, "user=u anonymous=a");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 3);
        assert_int_equal(kit_rows(&kit, "a"), 3);
        assert_string_equal(kit_id(&kit, "a"), "u");
        assert_string_equal(kit_joins(&kit, "u"), "a");
        assert_string_equal(kit_identifiers(&kit, "u"), "anonymous=a user=u");
        event(&kit, "anonymous=a");
        assert_int_equal(kit_rows(&kit, "u"), 4);
    }
}

/* "customer's id=what fits ..." of those who have an identifier that begins so. */
static const char *starting(struct kit *kit, const char *prefix, size_t limit)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    struct store_starting *list;
    size_t count;
    struct fail fail;
    assert_true(store_customers_starting(snapshot, str_from_c(prefix), limit, NULL, kit->arena,
                                         &list, &count, &fail));
    CLEANUP(base_buf_done) struct base_buf text = {0};
    for (size_t i = 0; i < count; i++) {
        struct str id = store_customer_id(snapshot, list[i].customer, kit->arena);
        base_buf_printf(&text, "%s%.*s=%.*s:%.*s", i > 0 ? " " : "", STR_ARG(id),
                        STR_ARG(list[i].identifier.kind), STR_ARG(list[i].identifier.value));
    }
    store_snapshot_unref(snapshot);
    return str_copy_c(kit->arena, base_buf_view(&text));
}

static void customers_are_found_by_how_any_identifier_begins(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "user=Ann email=an@x.y");
        event(&kit, "user=bob ext.crm=a77 account=acme");
        event(&kit, "anonymous=zed");
        assert_string_equal(starting(&kit, "ANN", 9), "Ann=user:Ann");
        assert_string_equal(starting(&kit, "an@", 9), "Ann=email:an@x.y");
        assert_string_equal(starting(&kit, "a7", 9), "bob=ext.crm:a77");
        assert_string_equal(starting(&kit, "acm", 9), "");
        assert_string_equal(starting(&kit, "n@x", 9), "");
        assert_string_equal(starting(&kit, "zed!", 9), "");
        event(&kit, "user=cleo anonymous=zed");
        assert_string_equal(starting(&kit, "ze", 9), "cleo=anonymous:zed");
        assert_int_equal(strchr(starting(&kit, "a", 1), ' ') == NULL, true);
        assert_non_null(strchr(starting(&kit, "a", 2), ' '));
    }
}

static void an_anonymous_id_of_a_user_never_moves(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "user=u anonymous=a");
        event(&kit, "user=v anonymous=a");
        assert_int_equal(kit_customers(&kit), 2);
        assert_int_equal(kit_rows(&kit, "u"), 1);
        assert_int_equal(kit_rows(&kit, "v"), 1);
        event(&kit, "anonymous=a");
        assert_int_equal(kit_rows(&kit, "u"), 2);
        assert_string_equal(kit_identifiers(&kit, "v"), "user=v");
    }
}

static void the_user_comes_first_wherever_it_stands(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "anonymous=a email=e user=u");
        assert_int_equal(kit_customers(&kit), 1);
        assert_string_equal(kit_id(&kit, "a"), "u");
        assert_string_equal(kit_joins(&kit, "u"), "");
        event(&kit, "user=w");
        event(&kit, "email=e user=w");
        assert_int_equal(kit_rows(&kit, "u"), 1);
        assert_int_equal(kit_rows(&kit, "w"), 2);
    }
}

static void emails_and_external_ids_behave_like_anonymous_ids(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "email=e");
        event(&kit, "ext.crm=7");
        event(&kit, "user=u email=e ext.crm=7");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 3);
        assert_string_equal(kit_joins(&kit, "u"), "email:e ext.crm:7");
        event(&kit, "user=v email=e");
        assert_int_equal(kit_rows(&kit, "v"), 1);
        event(&kit, "email=e");
        assert_int_equal(kit_rows(&kit, "u"), 4);
    }
}

static void without_a_user_the_first_identifier_owns_the_event(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "email=e");
        event(&kit, "anonymous=a email=e");
        assert_int_equal(kit_customers(&kit), 1);
        assert_string_equal(kit_id(&kit, "email:e"), "a");
        assert_int_equal(kit_rows(&kit, "a"), 2);
        event(&kit, "user=u anonymous=b");
        event(&kit, "anonymous=c anonymous=b");
        assert_int_equal(kit_rows(&kit, "c"), 1);
        assert_int_equal(kit_rows(&kit, "u"), 1);
    }
}

/* "acme: u v, umbrella: u", by id; a member that was joined goes by its user. */
static const char *accounts(struct kit *kit)
{
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    const struct store_accounts *all;
    struct base_buf text CLEANUP(base_buf_done) = {0};
    struct fail fail;
    assert_true(store_accounts_of(snapshot, &all, &fail));
    for (uint32_t a = 0; a < all->count; a++) {
        const struct store_account *account = &all->at[a];
        assert_int_equal(store_accounts_find(all, account->id), a);
        base_buf_printf(&text, "%s%.*s:", a == 0 ? "" : ", ", STR_ARG(account->id));
        for (uint32_t m = 0; m < account->member_count; m++) {
            struct str id = store_customer_id(snapshot, account->members[m], kit->arena);
            base_buf_printf(&text, " %.*s", STR_ARG(id));
        }
    }
    assert_int_equal(store_accounts_find(all, STR("no such")), STORE_NO_CUSTOMER);
    const char *copy = str_copy_c(kit->arena, base_buf_view(&text));
    store_snapshot_unref(snapshot);
    return copy;
}

static void accounts_list_their_members_through_joins_and_splits(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_string_equal(accounts(&kit), "");
        event(&kit, "user=u account=umbrella");
        event(&kit, "user=v account=acme");
        event(&kit, "user=w");
        event(&kit, "user=u account=acme account=umbrella");
        assert_string_equal(accounts(&kit), "acme: u v, umbrella: u");
        event(&kit, "anonymous=a account=acme");
        assert_string_equal(accounts(&kit), "acme: u v a, umbrella: u");
        event(&kit, "user=u anonymous=a");
        assert_string_equal(accounts(&kit), "acme: u v, umbrella: u");
        event(&kit, "anonymous=b account=zeta");
        event(&kit, "user=w anonymous=b");
        assert_string_equal(accounts(&kit), "acme: u v, umbrella: u, zeta: w");
        struct fail fail;
        assert_true(store_customer_split(kit.store, STR("anonymous:b"), &fail));
        assert_string_equal(accounts(&kit), "acme: u v, umbrella: u, zeta: b");
    }
}

static void traits_of_an_account_are_the_last_of_any_member(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        static const char *const ids[] = {"user=u account=acme", "user=v account=acme",
                                          "user=u account=acme"};
        const struct store_field sent[] = {
            {STR("plan"), store_value_str(STR("free"))},
            {STR("plan"), store_value_str(STR("pro"))},
            {STR("address.city"), store_value_str(STR("Oslo"))},
            {STR("address"), {.kind = STORE_NULL}},
            {STR("seats"), store_value_int(7)},
        };
        static const size_t from[] = {0, 1, 3, 5};
        for (size_t i = 0; i < 3; i++) {
            struct store_item item = kit_item(&kit, "web", NULL, "identify", ids[i]);
            item.event.traits = &sent[from[i]];
            item.event.trait_count = from[i + 1] - from[i];
            assert_int_equal(kit_submit(&kit, &item), STORE_STORED);
        }
        struct store_snapshot *snapshot = store_snapshot_take(kit.store);
        struct store_field *fields;
        size_t count;
        struct fail fail;
        assert_true(store_account_traits(snapshot, 0, kit.arena, &fields, &count, &fail));
        assert_int_equal(count, 2);
        assert_true(str_is(fields[0].name, "plan"));
        assert_true(str_is(store_value_text(fields[0].value), "pro"));
        assert_true(str_is(fields[1].name, "seats"));
        assert_int_equal(fields[1].value.i, 7);
        store_snapshot_unref(snapshot);
    }
}

static void accounts_make_members_and_never_join(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "user=u account=acme");
        event(&kit, "user=v account=acme");
        event(&kit, "user=u account=acme account=umbrella");
        assert_int_equal(kit_customers(&kit), 2);
        assert_string_equal(kit_identifiers(&kit, "u"), "user=u account=acme account=umbrella");
        assert_string_equal(kit_identifiers(&kit, "v"), "user=v account=acme");
        event(&kit, "account=acme anonymous=a");
        assert_int_equal(kit_customers(&kit), 3);
        assert_string_equal(kit_identifiers(&kit, "a"), "anonymous=a account=acme");
        event(&kit, "account=lonely");
        assert_int_equal(kit_customers(&kit), 4);
        assert_string_equal(kit_id(&kit, "account:lonely"), "account:lonely");
        event(&kit, "user=v anonymous=a");
        assert_string_equal(kit_identifiers(&kit, "v"), "user=v account=acme anonymous=a");
    }
}

/* ---- aliases ------------------------------------------------------------------------------------------ */

static void an_alias_joins_an_anonymous_customer(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "anonymous=a");
        assert_int_equal(alias(&kit, "a", "user=u", false), STORE_STORED);
        assert_int_equal(kit_customers(&kit), 1);
        assert_string_equal(kit_id(&kit, "a"), "u");
        assert_int_equal(kit_rows(&kit, "u"), 2);
    }
}

static void an_alias_of_two_known_users_needs_the_right(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "user=u");
        event(&kit, "user=v");
        assert_int_equal(alias(&kit, "u", "user=v", false), STORE_QUARANTINED);
        assert_int_equal(kit_customers(&kit), 2);
        assert_int_equal(alias(&kit, "u", "user=v", true), STORE_STORED);
        assert_int_equal(kit_customers(&kit), 1);
        assert_string_equal(kit_id(&kit, "u"), "v");
        assert_int_equal(kit_rows(&kit, "v"), 3);
        assert_int_equal(kit_ledger(&kit).total.quarantined, 1);
    }
}

static void an_alias_may_give_a_known_user_a_new_id(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "user=old");
        assert_int_equal(alias(&kit, "old", "user=new", false), STORE_STORED);
        assert_string_equal(kit_id(&kit, "old"), "new");
        assert_int_equal(kit_rows(&kit, "new"), 2);
        /* but not what belongs to a user already */
        event(&kit, "user=w anonymous=a");
        assert_int_equal(alias(&kit, "a", "user=thief", false), STORE_QUARANTINED);
        assert_string_equal(kit_id(&kit, "a"), "w");
    }
}

static void previous_id_is_a_user_before_it_is_anonymous(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "user=x");
        event(&kit, "anonymous=x");
        event(&kit, "user=u");
        assert_int_equal(alias(&kit, "x", "user=u", true), STORE_STORED);
        assert_string_equal(kit_id(&kit, "user:x"), "u");
        assert_string_equal(kit_id(&kit, "anonymous:x"), "anonymous:x");
    }
}

static void an_alias_of_an_unknown_id_reserves_it(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(alias(&kit, "later", "user=u", false), STORE_STORED);
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 1);
        event(&kit, "anonymous=later");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 2);
        event(&kit, "user=v anonymous=later");
        assert_int_equal(kit_rows(&kit, "u"), 2);
        assert_int_equal(kit_rows(&kit, "v"), 1);
    }
}

static void an_alias_to_itself_is_stored_and_joins_nothing(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(alias(&kit, "u", "user=u", false), STORE_STORED);
        assert_string_equal(kit_joins(&kit, "u"), "");
        assert_string_equal(kit_identifiers(&kit, "u"), "user=u");
        event(&kit, "anonymous=a user=u");
        assert_int_equal(alias(&kit, "a", "user=u", false), STORE_STORED);
        assert_int_equal(alias(&kit, "u", "user=u", false), STORE_STORED);
        assert_string_equal(kit_joins(&kit, "u"), "");
        assert_int_equal(kit_rows(&kit, "u"), 4);
        /* also where an anonymous id of that name belongs to another user */
        event(&kit, "user=w anonymous=x");
        assert_int_equal(alias(&kit, "x", "user=x", false), STORE_STORED);
        assert_string_equal(kit_id(&kit, "w"), "w");
        assert_int_equal(kit_rows(&kit, "w"), 1);
    }
}

static void an_alias_without_its_parts_is_quarantined(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(alias(&kit, NULL, "user=u", true), STORE_QUARANTINED);
        assert_int_equal(alias(&kit, "", "user=v", true), STORE_QUARANTINED);
        assert_int_equal(alias(&kit, "p", "anonymous=a", true), STORE_QUARANTINED);
        assert_int_equal(kit_customers(&kit), 0);
        assert_int_equal(kit_find(&kit, "u"), STORE_NO_CUSTOMER);
    }
}

static void after_several_aliases_the_id_is_that_joined_into_last(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "user=a");
        event(&kit, "user=b");
        event(&kit, "user=c");
        event(&kit, "user=d");
        assert_int_equal(alias(&kit, "a", "user=b", true), STORE_STORED);
        assert_string_equal(kit_id(&kit, "a"), "b");
        assert_int_equal(alias(&kit, "b", "user=c", true), STORE_STORED);
        assert_string_equal(kit_id(&kit, "a"), "c");
        /* a is resolved to its customer, which is c's */
        assert_int_equal(alias(&kit, "d", "user=a", true), STORE_STORED);
        assert_string_equal(kit_id(&kit, "d"), "c");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "c"), 7);
        assert_string_equal(kit_joins(&kit, "c"), "a b d");
    }
}

static void an_alias_takes_other_identifiers_along(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "anonymous=a");
        event(&kit, "email=e");
        assert_int_equal(alias(&kit, "a", "user=u email=e", false), STORE_STORED);
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 3);
    }
}

/* ---- ids ------------------------------------------------------------------------------------------------- */

static void an_anonymous_id_that_is_a_user_id_too_is_written_out(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "anonymous=same");
        assert_string_equal(kit_id(&kit, "anonymous:same"), "same");
        event(&kit, "user=same");
        assert_string_equal(kit_id(&kit, "anonymous:same"), "anonymous:same");
        assert_string_equal(kit_id(&kit, "user:same"), "same");
    }
}

static void the_first_anonymous_id_names_who_has_no_user_id(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        event(&kit, "email=e anonymous=a1");
        assert_string_equal(kit_id(&kit, "email:e"), "a1");
        event(&kit, "email=e anonymous=a2");
        assert_string_equal(kit_id(&kit, "email:e"), "a1");
        assert_string_equal(kit_id(&kit, "a2"), "a1");
    }
}

/* ---- joining and splitting by hand --------------------------------------------------------------------------- */

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

static void a_split_undoes_a_join_exactly(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        event(&kit, "anonymous=a");
        event(&kit, "email=e anonymous=a");
        event(&kit, "user=u");
        event(&kit, "user=u anonymous=a");
        event(&kit, "anonymous=a");
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 5);
        /* a was joined into e, and e, with it, into u */
        assert_string_equal(kit_joins(&kit, "u"), "a a");
        must(store_customer_split(kit.store, STR("email:e"), &fail), &fail);
        kit_step(&kit);
        assert_int_equal(kit_customers(&kit), 2);
        assert_int_equal(kit_rows(&kit, "u"), 2);
        assert_int_equal(kit_rows(&kit, "a"), 3);
        assert_int_equal(kit_rows(&kit, "email:e"), 3);
        assert_string_equal(kit_joins(&kit, "u"), "");
        assert_string_equal(kit_id(&kit, "a"), "a");
        must(store_customer_join(kit.store, STR("a"), STR("u"), &fail), &fail);
        kit_step(&kit);
        assert_int_equal(kit_customers(&kit), 1);
        assert_int_equal(kit_rows(&kit, "u"), 5);
        assert_string_equal(kit_joins(&kit, "u"), "a a");
        must(store_customer_split(kit.store, STR("anonymous:a"), &fail), &fail);
        kit_step(&kit);
        assert_int_equal(kit_rows(&kit, "a"), 2);
        assert_int_equal(kit_rows(&kit, "u"), 3);
    }
}

static void a_split_takes_along_what_was_joined_in_before(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        event(&kit, "anonymous=a");
        event(&kit, "user=u anonymous=a");
        event(&kit, "user=v");
        must(store_customer_join(kit.store, STR("u"), STR("v"), &fail), &fail);
        kit_step(&kit);
        assert_int_equal(kit_rows(&kit, "v"), 3);
        must(store_customer_split(kit.store, STR("u"), &fail), &fail);
        kit_step(&kit);
        assert_int_equal(kit_customers(&kit), 2);
        assert_int_equal(kit_rows(&kit, "v"), 1);
        assert_int_equal(kit_rows(&kit, "u"), 2);
        assert_string_equal(kit_id(&kit, "a"), "u");
    }
}

static void splitting_a_reserved_id_makes_no_customer(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        assert_int_equal(alias(&kit, "r", "user=u", false), STORE_STORED);
        must(store_customer_split(kit.store, STR("r"), &fail), &fail);
        kit_step(&kit);
        assert_int_equal(kit_customers(&kit), 1);
        event(&kit, "anonymous=r");
        assert_int_equal(kit_customers(&kit), 2);
        event(&kit, "anonymous=r");
        assert_int_equal(kit_customers(&kit), 2);
        must(store_customer_join(kit.store, STR("r"), STR("u"), &fail), &fail);
        kit_step(&kit);
        assert_int_equal(kit_customers(&kit), 1);
    }
}

static void joins_and_splits_by_hand_are_refused_where_they_say_nothing(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    event(&kit, "user=u anonymous=a");
    event(&kit, "user=v");
    assert_false(store_customer_join(kit.store, STR("x"), STR("u"), &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_false(store_customer_join(kit.store, STR("a"), STR("u"), &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_false(store_customer_split(kit.store, STR("v"), &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_false(store_customer_split(kit.store, STR("x"), &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    kit_done(&kit);
}

static void an_anonymous_customer_with_a_user_joined_in_is_known(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        event(&kit, "anonymous=a");
        event(&kit, "user=u");
        must(store_customer_join(kit.store, STR("u"), STR("a"), &fail), &fail);
        kit_step(&kit);
        struct store_snapshot *snapshot = store_snapshot_take(kit.store);
        uint32_t customer;
        store_customer_lookup(snapshot, STR("a"), &customer);
        assert_true(store_customer_known(snapshot, customer));
        store_snapshot_unref(snapshot);
        assert_string_equal(kit_id(&kit, "a"), "u");
        /* and so it is taken */
        event(&kit, "user=w anonymous=a");
        assert_int_equal(kit_rows(&kit, "a"), 2);
    }
}

/* ---- views ------------------------------------------------------------------------------------------------------- */

static void a_snapshot_does_not_see_later_joins_or_identifiers(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    event(&kit, "anonymous=a");
    event(&kit, "user=u");
    struct store_snapshot *before = store_snapshot_take(kit.store);
    event(&kit, "user=u anonymous=a email=e");
    event(&kit, "user=w");
    struct store_snapshot *after = store_snapshot_take(kit.store);
    uint32_t customer;
    assert_int_equal(store_snapshot_customers(before), 2);
    assert_int_equal(store_snapshot_customers(after), 2);
    assert_true(store_snapshot_number(after) > store_snapshot_number(before));
    store_customer_lookup(before, STR("email:e"), &customer);
    assert_int_equal(customer, STORE_NO_CUSTOMER);
    store_customer_lookup(before, STR("w"), &customer);
    assert_int_equal(customer, STORE_NO_CUSTOMER);
    uint32_t user;
    store_customer_lookup(before, STR("a"), &customer);
    store_customer_lookup(before, STR("u"), &user);
    assert_int_not_equal(customer, user);
    store_customer_lookup(after, STR("a"), &customer);
    assert_int_equal(customer, user);
    assert_true(store_snapshot_customer_bound(after) > store_snapshot_customer_bound(before));
    store_snapshot_unref(before);
    store_snapshot_unref(after);
    kit_done(&kit);
}

static void moved_and_places_tell_whose_rows_lie_elsewhere(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct store_moved *moved;
    uint32_t *numbers;
    size_t count;
    PLAY(&kit)
    {
        event(&kit, "anonymous=a"); /* 0 */
        event(&kit, "anonymous=b"); /* 1 */
        event(&kit, "user=u");      /* 2 */
        event(&kit, "user=v");      /* 3 */
        event(&kit, "user=u anonymous=a");
        struct store_snapshot *snapshot = store_snapshot_take(kit.store);
        assert_int_equal(store_identity_position(snapshot->identity), 1);
        must(store_identity_moved(snapshot->identity, 0, &moved, &fail), &fail);
        assert_int_equal(moved->count, 2);
        assert_int_equal(moved->numbers[0], 0);
        assert_int_equal(moved->numbers[1], 2);
        assert_int_equal(moved->roots[0], 2);
        assert_int_equal(moved->splits[0] | moved->splits[1], 0);
        store_moved_unref(moved);
        must(store_identity_moved(snapshot->identity, 1, &moved, &fail), &fail);
        assert_int_equal(moved->count, 0);
        store_moved_unref(moved);
        store_snapshot_unref(snapshot);
        must(store_customer_split(kit.store, STR("a"), &fail), &fail);
        kit_step(&kit);
        event(&kit, "user=v anonymous=a");
        snapshot = store_snapshot_take(kit.store);
        must(store_identity_moved(snapshot->identity, 1, &moved, &fail), &fail);
        assert_int_equal(moved->count, 3);
        assert_int_equal(moved->numbers[0], 0);
        assert_int_equal(moved->numbers[1], 2);
        assert_int_equal(moved->numbers[2], 3);
        assert_int_equal(moved->splits[0], STORE_MOVED_SPLIT | STORE_MOVED_APART);
        assert_int_equal(moved->splits[1], STORE_MOVED_SPLIT | STORE_MOVED_APART);
        assert_int_equal(moved->splits[2], STORE_MOVED_APART); /* a is v's now */
        store_moved_unref(moved);
        /* rows of v's may lie under a, which was u's for a while */
        must(store_identity_places(snapshot->identity, 3, kit.arena, &numbers, &count, &fail),
             &fail);
        assert_int_equal(count, 3);
        assert_int_equal(numbers[0], 0);
        assert_int_equal(numbers[1], 2);
        assert_int_equal(numbers[2], 3);
        store_snapshot_unref(snapshot);
    }
}

static void where_rows_of_moved_numbers_are_is_kept_for_so_many_segments(void **state)
{
    (void)state;
    struct fail fail;
    struct store_moved *moved = store_moved_new(2, &fail);
    must(moved != NULL, &fail);
    moved->numbers[1] = 7;
    moved->roots[1] = 7;
    store_moved_lay_out(moved);
    for (uint64_t segment = 1; segment <= STORE_MOVED_SEGMENTS; segment++) {
        assert_null(store_moved_rows_find(moved, segment));
        struct store_moved_rows *rows = store_moved_rows_new(moved, segment, &fail);
        must(rows != NULL, &fail);
        assert_ptr_equal(store_moved_rows_keep(moved, rows), rows);
        assert_ptr_equal(store_moved_rows_find(moved, segment), rows);
    }
    struct store_moved_rows *second = store_moved_rows_new(moved, 3, &fail);
    must(second != NULL, &fail);
    assert_ptr_equal(store_moved_rows_keep(moved, second), store_moved_rows_find(moved, 3));
    struct store_moved_rows *beyond = store_moved_rows_new(moved, STORE_MOVED_SEGMENTS + 1, &fail);
    must(beyond != NULL, &fail);
    assert_null(store_moved_rows_keep(moved, beyond));
    assert_null(store_moved_rows_find(moved, STORE_MOVED_SEGMENTS + 1));
    base_free(beyond);
    store_moved_unref(moved);
}

/* The places of each root are the numbers whose root it is, ascending. */
static void trees_are_whole(const struct store_identity_view *identity,
                            const struct store_moved *moved)
{
    size_t placed = 0;
    for (size_t i = 0; i < moved->count; i++) {
        size_t begin;
        size_t end;
        assert_int_equal(moved->roots[i], store_identity_root(identity, moved->numbers[i]));
        assert_int_equal(moved->numbers[moved->root_at[i]], moved->roots[i]);
        if (moved->root_at[i] != i) {
            continue;
        }
        store_moved_tree(moved, i, &begin, &end);
        assert_int_equal(begin, placed);
        for (size_t k = begin; k < end; k++) {
            assert_int_equal(moved->roots[moved->by_root[k]], moved->numbers[i]);
            assert_true(k == begin || moved->by_root[k - 1] < moved->by_root[k]);
        }
        placed = end;
    }
    assert_int_equal(placed, moved->count);
}

static void what_moved_is_the_same_remembered_or_found_anew(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct base_random_seeded random;
    base_random_seed(&random, 17);
    kit_init(&kit);
    for (int step = 0; step < 400; step++) {
        char ids[64];
        unsigned a = (unsigned)base_random_below(&random.random, 40);
        unsigned u = (unsigned)base_random_below(&random.random, 15);
        snprintf(ids, sizeof ids, step % 3 == 0 ? "anonymous=a%u" : "anonymous=a%u user=u%u", a, u);
        event(&kit, ids);
        if (step % 7 == 0) {
            (void)!store_customer_split(kit.store, str_format(kit.arena, "a%u", a), &fail);
        }
        if (step % 50 == 49) {
            kit_seal(&kit);
        }
        struct store_snapshot *snapshot = store_snapshot_take(kit.store);
        struct store_identity_view *anew = store_identity_view_new(snapshot->identity);
        anew->moved = store_moved_cache_new();
        for (uint64_t since = 0; since <= anew->position; since += 1 + anew->position / 5) {
            struct store_moved *x;
            struct store_moved *y;
            must(store_identity_moved(snapshot->identity, since, &x, &fail), &fail);
            must(store_identity_moved(anew, since, &y, &fail), &fail);
            assert_int_equal(x->count, y->count);
            assert_memory_equal(x->numbers, y->numbers, x->count * sizeof *x->numbers);
            assert_memory_equal(x->roots, y->roots, x->count * sizeof *x->roots);
            assert_memory_equal(x->splits, y->splits, x->count);
            assert_memory_equal(x->by_root, y->by_root, x->count * sizeof *x->by_root);
            trees_are_whole(snapshot->identity, x);
            store_moved_unref(x);
            store_moved_unref(y);
        }
        store_moved_cache_free(anew->moved);
        store_identity_view_unref(anew);
        store_snapshot_unref(snapshot);
    }
    kit_done(&kit);
}

static void a_chain_of_aliases_ends_somewhere(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    event(&kit, "user=u0");
    int quarantined = 0;
    for (int i = 0; i < 100; i++) {
        char *previous = str_copy_c(kit.arena, str_format(kit.arena, "u%d", i));
        char *next = str_copy_c(kit.arena, str_format(kit.arena, "user=u%d", i + 1));
        quarantined += alias(&kit, previous, next, true) == STORE_QUARANTINED;
        if (quarantined > 0) {
            event(&kit, next);
        }
    }
    assert_true(quarantined > 0);
    assert_int_equal(kit_ledger(&kit).total.quarantined, quarantined);
    kit_verify(&kit);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_of_different_kinds_are_different_names),
        cmocka_unit_test(a_bare_text_is_a_user_then_anonymous_then_email),
        cmocka_unit_test(a_free_anonymous_customer_is_joined_with_its_past),
        cmocka_unit_test(an_anonymous_id_of_a_user_never_moves),
        cmocka_unit_test(customers_are_found_by_how_any_identifier_begins),
        cmocka_unit_test(the_user_comes_first_wherever_it_stands),
        cmocka_unit_test(emails_and_external_ids_behave_like_anonymous_ids),
        cmocka_unit_test(without_a_user_the_first_identifier_owns_the_event),
        cmocka_unit_test(accounts_make_members_and_never_join),
        cmocka_unit_test(accounts_list_their_members_through_joins_and_splits),
        cmocka_unit_test(traits_of_an_account_are_the_last_of_any_member),
        cmocka_unit_test(an_alias_joins_an_anonymous_customer),
        cmocka_unit_test(an_alias_of_two_known_users_needs_the_right),
        cmocka_unit_test(an_alias_may_give_a_known_user_a_new_id),
        cmocka_unit_test(previous_id_is_a_user_before_it_is_anonymous),
        cmocka_unit_test(an_alias_of_an_unknown_id_reserves_it),
        cmocka_unit_test(an_alias_to_itself_is_stored_and_joins_nothing),
        cmocka_unit_test(an_alias_without_its_parts_is_quarantined),
        cmocka_unit_test(after_several_aliases_the_id_is_that_joined_into_last),
        cmocka_unit_test(an_alias_takes_other_identifiers_along),
        cmocka_unit_test(an_anonymous_id_that_is_a_user_id_too_is_written_out),
        cmocka_unit_test(the_first_anonymous_id_names_who_has_no_user_id),
        cmocka_unit_test(a_split_undoes_a_join_exactly),
        cmocka_unit_test(a_split_takes_along_what_was_joined_in_before),
        cmocka_unit_test(splitting_a_reserved_id_makes_no_customer),
        cmocka_unit_test(joins_and_splits_by_hand_are_refused_where_they_say_nothing),
        cmocka_unit_test(an_anonymous_customer_with_a_user_joined_in_is_known),
        cmocka_unit_test(a_snapshot_does_not_see_later_joins_or_identifiers),
        cmocka_unit_test(moved_and_places_tell_whose_rows_lie_elsewhere),
        cmocka_unit_test(where_rows_of_moved_numbers_are_is_kept_for_so_many_segments),
        cmocka_unit_test(what_moved_is_the_same_remembered_or_found_anew),
        cmocka_unit_test(a_chain_of_aliases_ends_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
