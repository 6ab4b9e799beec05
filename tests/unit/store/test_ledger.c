/* received = stored + duplicate + quarantined + refused: for each source, at every instant, over restarts. */
#include "store_kit.h"

#define PLAY(kit)                                                                                  \
    for (int between_ = 0; between_ < KIT_BETWEENS; between_++)                                    \
        for (bool once_ = (kit_init(kit), (kit)->between = (enum kit_between)between_, true);      \
             once_; once_ = false, kit_verify(kit), kit_done(kit))

static void lines_are_by_source_and_add_up(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        kit_send(&kit, "web", "1", "Visit", "user=u");
        kit_send(&kit, "app", "1", "Visit", "user=u");
        kit_send(&kit, "web", "1", "Visit", "user=u");
        kit_send(&kit, "web", "2", "Visit", "");
        struct store_item refused = kit_item(&kit, "app", "3", "Visit", "user=u");
        refused.verdict = STORE_REFUSED;
        assert_int_equal(kit_submit(&kit, &refused), STORE_REFUSED);
        struct store_ledger ledger = kit_ledger(&kit);
        assert_int_equal(ledger.source_count, 2);
        const struct store_ledger_line *app = &ledger.sources[0];
        const struct store_ledger_line *web = &ledger.sources[1];
        assert_true(str_is(app->source, "app"));
        assert_true(str_is(web->source, "web"));
        assert_int_equal(app->received, 2);
        assert_int_equal(app->stored, 1);
        assert_int_equal(app->refused, 1);
        assert_int_equal(app->last_received_ms, refused.event.received_at_ms);
        assert_int_equal(web->received, 3);
        assert_int_equal(web->stored, 1);
        assert_int_equal(web->duplicate, 1);
        assert_int_equal(web->quarantined, 1);
        assert_int_equal(ledger.total.received, 5);
        assert_null(ledger.total.source.data);
        assert_int_equal(kit_customers(&kit), 1);
    }
}

static void an_empty_store_has_an_empty_ledger(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    struct store_ledger ledger = kit_ledger(&kit);
    assert_int_equal(ledger.source_count, 0);
    assert_int_equal(ledger.total.received, 0);
    assert_true(ledger.total.last_received_ms == STORE_NO_TIME);
    kit_done(&kit);
}

static void refused_requests_are_counted_apart(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    store_count_refused_request(kit.store);
    store_count_refused_request(kit.store);
    struct store_ledger ledger = kit_ledger(&kit);
    assert_int_equal(ledger.requests_refused, 2);
    assert_int_equal(ledger.total.received, 0);
    kit_done(&kit);
}

struct balance {
    struct kit *kit;
    _Atomic bool stop;
    int looks;
};

static void look(void *context)
{
    struct balance *balance = context;
    struct arena *arena = arena_new(NULL);
    do {
        struct store_ledger ledger;
        struct fail fail;
        INVARIANT(store_ledger_read(balance->kit->store, arena, &ledger, &fail));
        for (size_t i = 0; i < ledger.source_count; i++) {
            const struct store_ledger_line *line = &ledger.sources[i];
            INVARIANT(line->received ==
                      line->stored + line->duplicate + line->quarantined + line->refused);
        }
        balance->looks++;
        arena_reset(arena);
    } while (!atomic_load(&balance->stop));
    arena_free(arena);
}

static void it_adds_up_at_every_instant(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    struct balance balance = {.kit = &kit};
    struct base_thread thread;
    assert_true(base_thread_start(&thread, "looker", look, &balance, &fail));
    for (int i = 0; i < 300; i++) {
        char *id = str_copy_c(kit.arena, str_format(kit.arena, "%d", i % 200));
        kit_send(&kit, i % 3 == 0 ? "web" : "app", id, "Visit", i % 5 == 0 ? "" : "user=u");
        if (i % 100 == 50) {
            kit_seal(&kit);
        }
    }
    atomic_store(&balance.stop, true);
    base_thread_join(&thread);
    assert_true(balance.looks > 0);
    assert_int_equal(kit_ledger(&kit).total.received, 300);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_by_source_and_add_up),
        cmocka_unit_test(an_empty_store_has_an_empty_ledger),
        cmocka_unit_test(refused_requests_are_counted_apart),
        cmocka_unit_test(it_adds_up_at_every_instant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
