/* The face of the store as its users see it: batches, snapshots, leases, listeners, the keeper at work. */
#include "store_keeper.h"
#include "store_kit.h"
#include "store_writer.h"

static void what_is_acknowledged_is_seen(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    struct store_snapshot *before = store_snapshot_take(kit.store);
    struct store_item item = kit_item(&kit, "web", "m", "Visit", "user=u");
    assert_int_equal(kit_submit(&kit, &item), STORE_STORED);
    assert_int_equal(item.out_arrival, 1);
    struct store_snapshot *after = store_snapshot_take(kit.store);
    assert_int_equal(store_snapshot_events(before), 0);
    assert_int_equal(store_snapshot_events(after), 1);
    assert_int_equal(store_snapshot_customers(after), 1);
    assert_int_equal(store_event_code(before, STR("Visit")), STORE_NO_CODE);
    uint32_t code = store_event_code(after, STR("Visit"));
    assert_true(str_is(store_event_name(after, code), "Visit"));
    assert_int_equal(store_event_codes(after), 1);
    assert_int_equal(store_event_code(after, STR("Nothing")), STORE_NO_CODE);
    store_snapshot_unref(before);
    store_snapshot_unref(after);
    kit_done(&kit);
}

static void equal_numbers_mean_equal_answers(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    kit_send(&kit, "web", "m", "Visit", "user=u");
    struct store_snapshot *one = store_snapshot_take(kit.store);
    struct store_snapshot *two = store_snapshot_take(kit.store);
    assert_ptr_equal(one, two); /* nothing happened in between */
    store_snapshot_unref(two);
    kit_send(&kit, "web", "m", "Visit",
             "user=u"); /* a duplicate changes nothing that a query sees */
    kit_seal(&kit);
    kit_merge(&kit);
    two = store_snapshot_take(kit.store);
    assert_int_equal(store_snapshot_number(one), store_snapshot_number(two));
    store_snapshot_unref(two);
    kit_send(&kit, "web", "n", "Visit", "user=u");
    two = store_snapshot_take(kit.store);
    assert_int_equal(store_snapshot_number(one) + 1, store_snapshot_number(two));
    store_snapshot_unref(two);
    store_snapshot_unref(one);
    kit_done(&kit);
}

static int rows_in(struct store_snapshot *snapshot)
{
    struct store_scan_options options = {.every_customer = true};
    struct store_scan *scan;
    struct store_cursor *cursor;
    const struct store_rows *rows;
    struct fail fail;
    int count = 0;
    assert_true(store_scan_new(snapshot, &options, &scan, &fail));
    assert_true(store_cursor_new(scan, NULL, &cursor, &fail));
    do {
        assert_true(store_cursor_next(cursor, &rows, &fail));
        count += (int)rows->row_count;
    } while (rows->customer_count > 0);
    store_cursor_free(cursor);
    store_scan_free(scan);
    return count;
}

static void an_old_snapshot_outlives_seals_and_merges(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    struct store_snapshot *kept[8];
    for (int i = 0; i < 8; i++) {
        kit_send(&kit, "web", NULL, "Visit", i % 2 == 0 ? "user=u" : "anonymous=a");
        kept[i] = store_snapshot_take(kit.store);
        kit_seal(&kit);
        kit_merge(&kit);
    }
    kit_send(&kit, "web", NULL, "Visit", "user=u anonymous=a");
    for (int i = 0; i < 8; i++) {
        assert_int_equal(rows_in(kept[i]), i + 1);
        assert_int_equal(store_snapshot_customers(kept[i]), i == 0 ? 1 : 2);
        store_snapshot_unref(kept[i]);
    }
    assert_int_equal(kit_customers(&kit), 1);
    kit_verify(&kit);
    kit_done(&kit);
}

static void leases_keep_answers_for_a_while(void **state)
{
    (void)state;
    struct kit kit;
    struct store_status status;
    kit_init(&kit);
    store_status_read(kit.store, &status);
    assert_int_equal(status.oldest_lease_s, -1);
    for (int i = 0; i < STORE_LEASES_MAX + 2; i++) {
        kit_send(&kit, "web", NULL, "Visit", "user=u");
        struct store_snapshot *snapshot = store_snapshot_take(kit.store);
        store_lease_put(kit.store, snapshot, i);
        store_snapshot_unref(snapshot);
    }
    assert_null(store_lease_find(kit.store, 0)); /* the oldest went first */
    assert_null(store_lease_find(kit.store, 1));
    struct store_snapshot *found = store_lease_find(kit.store, 5);
    assert_int_equal(store_snapshot_events(found), 6);
    store_lease_put(kit.store, found, 7); /* replaced */
    store_snapshot_unref(found);
    found = store_lease_find(kit.store, 7);
    assert_int_equal(store_snapshot_events(found), 6);
    store_snapshot_unref(found);
    store_status_read(kit.store, &status);
    assert_int_equal(status.leases, STORE_LEASES_MAX);
    assert_in_range(status.oldest_lease_s, 1, 60);
    base_clock_test_step(&kit.clock, STORE_LEASE_MS);
    assert_null(store_lease_find(kit.store, 7));
    store_status_read(kit.store, &status);
    assert_int_equal(status.leases, 0);
    found = store_snapshot_take(kit.store);
    store_lease_put(kit.store, found, 99);
    store_snapshot_unref(found);
    store_lease_revoke_all(kit.store);
    assert_null(store_lease_find(kit.store, 99));
    kit_done(&kit);
}

struct listened {
    int batches, items, stored;
};

static void listen(void *context, const struct store_item *items, size_t count)
{
    struct listened *listened = context;
    listened->batches++;
    for (size_t i = 0; i < count; i++) {
        listened->items++;
        listened->stored += items[i].verdict == STORE_STORED && items[i].out_arrival > 0;
    }
}

static void a_listener_hears_each_commit_with_its_verdicts(void **state)
{
    (void)state;
    struct kit kit;
    struct listened listened = {0};
    kit_init(&kit);
    store_set_listener(kit.store, listen, &listened);
    kit_send(&kit, "web", "m", "Visit", "user=u");
    kit_send(&kit, "web", "m", "Visit", "user=u");
    kit_send(&kit, "web", NULL, "Visit", "");
    assert_int_equal(listened.batches, 3);
    assert_int_equal(listened.items, 3);
    assert_int_equal(listened.stored, 1);
    kit_done(&kit);
}

struct answers {
    struct base_mutex lock;
    struct base_cond changed;
    int done, failed;
};

static void answer(void *context, const struct fail *fail)
{
    struct answers *answers = context;
    base_lock(&answers->lock);
    answers->done++;
    answers->failed += fail != NULL;
    base_cond_signal(&answers->changed);
    base_unlock(&answers->lock);
}

static void batches_need_not_be_waited_for(void **state)
{
    (void)state;
    struct kit kit;
    struct answers answers = {0};
    struct store_item items[50];
    kit_init(&kit);
    base_mutex_init(&answers.lock);
    base_cond_init(&answers.changed);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        items[i] = kit_item(&kit, "web", NULL, "Visit", "user=u");
        store_submit_async(kit.store, &items[i], 1, answer, &answers);
    }
    base_lock(&answers.lock);
    while (answers.done < (int)ARRAY_LEN(items)) {
        base_cond_wait(&answers.changed, &answers.lock);
    }
    base_unlock(&answers.lock);
    assert_int_equal(answers.failed, 0);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        assert_int_equal(items[i].out_arrival, i + 1); /* in order */
    }
    base_cond_done(&answers.changed);
    base_mutex_done(&answers.lock);
    kit_done(&kit);
}

/* Keeps the writer from its work until it is let go. */
struct hold {
    struct kit *kit;
    struct base_mutex lock;
    struct base_cond changed;
    bool held, let_go;
};

static void hold_writer(struct store *store, void *context)
{
    (void)store;
    struct hold *hold = context;
    base_lock(&hold->lock);
    hold->held = true;
    base_cond_broadcast(&hold->changed);
    while (!hold->let_go) {
        base_cond_wait(&hold->changed, &hold->lock);
    }
    base_unlock(&hold->lock);
}

static void run_hold(void *context)
{
    struct hold *hold = context;
    store_writer_control(hold->kit->store, hold_writer, hold);
}

static void more_than_may_wait_is_refused_and_what_waits_is_stored(void **state)
{
    (void)state;
    enum { MANY = 64 };
    struct kit kit;
    struct answers first = {0}, second = {0};
    struct base_thread thread;
    struct fail fail;
    static struct store_item few[10], many[MANY];
    kit_init(&kit);
    kit_close(&kit);
    kit.options.waiting_bytes_max = (uint64_t)MANY * STORE_EVENT_BYTES_MAX;
    kit_open(&kit);
    struct hold hold = {.kit = &kit};
    base_mutex_init(&hold.lock);
    base_cond_init(&hold.changed);
    struct answers *both[] = {&first, &second};
    for (int i = 0; i < 2; i++) {
        base_mutex_init(&both[i]->lock);
        base_cond_init(&both[i]->changed);
    }
    assert_true(base_thread_start(&thread, "hold", run_hold, &hold, &fail));
    base_lock(&hold.lock);
    while (!hold.held) {
        base_cond_wait(&hold.changed, &hold.lock);
    }
    base_unlock(&hold.lock);
    for (size_t i = 0; i < ARRAY_LEN(few); i++) {
        few[i] = kit_item(&kit, "web", NULL, "Visit", "user=few");
    }
    /* As much as a body of one event may have, each: what counts is how long they are. */
    static char raw[STORE_EVENT_BYTES_MAX];
    for (size_t i = 0; i < MANY; i++) {
        many[i] = kit_item(&kit, "web", NULL, "Visit", "user=many");
        many[i].raw = str_of(raw, sizeof raw);
    }
    store_submit_async(kit.store, few, ARRAY_LEN(few), answer, &first);
    store_submit_async(kit.store, many, MANY, answer, &second);
    base_lock(&hold.lock);
    hold.let_go = true;
    base_cond_broadcast(&hold.changed);
    base_unlock(&hold.lock);
    base_thread_join(&thread);
    for (int i = 0; i < 2; i++) {
        base_lock(&both[i]->lock);
        while (both[i]->done == 0) {
            base_cond_wait(&both[i]->changed, &both[i]->lock);
        }
        base_unlock(&both[i]->lock);
    }
    assert_int_equal(first.failed, 0);
    assert_int_equal(second.failed, 1);
    assert_int_equal(kit_rows(&kit, "few"), ARRAY_LEN(few));
    assert_int_equal(kit_rows(&kit, "many"), -1); /* nobody is called so */
    assert_int_equal(kit_ledger(&kit).total.received, ARRAY_LEN(few));
    /* Alone it is taken, however large. */
    assert_true(store_submit(kit.store, many, MANY, &fail));
    assert_int_equal(kit_rows(&kit, "many"), MANY);
    for (int i = 0; i < 2; i++) {
        base_cond_done(&both[i]->changed);
        base_mutex_done(&both[i]->lock);
    }
    base_cond_done(&hold.changed);
    base_mutex_done(&hold.lock);
    kit_done(&kit);
}

/* Rows count until they are sealed: while that takes its time, one batch waits and the next is refused. */
static void rows_that_wait_for_a_seal_count_as_waiting(void **state)
{
    (void)state;
    enum { MOST = 4 << 20, BATCH = 64 };
    struct kit kit;
    struct answers waits = {0}, refused = {0};
    struct fail fail;
    struct store_item items[BATCH], more[BATCH];
    static char text[4096];
    memset(text, 'x', sizeof text);
    kit_init(&kit);
    kit_close(&kit);
    kit.options.no_keeper = false;
    kit.options.waiting_bytes_max = MOST;
    kit_open(&kit);
    struct answers *both[] = {&waits, &refused};
    for (int i = 0; i < 2; i++) {
        base_mutex_init(&both[i]->lock);
        base_cond_init(&both[i]->changed);
    }
    store_turn_take(kit.store, &kit.store->keeper.sealing);
    size_t taken = 0;
    while (store_commit_bytes(kit.store) < MOST / 8 * STORE_TABLE_EIGHTHS * 2) {
        for (size_t i = 0; i < BATCH; i++) {
            items[i] = kit_item(&kit, "web", NULL, "Said", "user=fat");
            items[i].event.text = str_of(text, sizeof text);
        }
        assert_true(store_submit(kit.store, items, BATCH, &fail)); /* only one at a time */
        taken += BATCH;
        assert_true(taken * sizeof text < MOST);
    }
    static char raw[MOST / 2];
    for (size_t i = 0; i < BATCH; i++) {
        items[i] = kit_item(&kit, "web", NULL, "Said", "user=waits");
        more[i] = kit_item(&kit, "web", NULL, "Said", "user=refused");
    }
    more[0].raw = str_of(raw, sizeof raw);
    store_submit_async(kit.store, items, BATCH, answer, &waits);
    store_submit_async(kit.store, more, BATCH, answer, &refused);
    store_turn_give(kit.store, &kit.store->keeper.sealing);
    for (int i = 0; i < 2; i++) {
        base_lock(&both[i]->lock);
        while (both[i]->done == 0) {
            base_cond_wait(&both[i]->changed, &both[i]->lock);
        }
        base_unlock(&both[i]->lock);
        base_cond_done(&both[i]->changed);
        base_mutex_done(&both[i]->lock);
    }
    assert_int_equal(waits.failed, 0);
    assert_int_equal(refused.failed, 1);
    assert_int_equal(kit_rows(&kit, "fat"), taken);
    assert_int_equal(kit_rows(&kit, "waits"), BATCH);
    assert_int_equal(kit_rows(&kit, "refused"), -1); /* nothing of it */
    assert_int_equal(kit_ledger(&kit).total.stored, taken + BATCH);
    /* Once they are sealed there is room again. */
    assert_true(store_submit(kit.store, more, BATCH, &fail));
    assert_true(store_seal(kit.store, &fail));
    struct store_status status;
    store_status_read(kit.store, &status);
    assert_int_equal(status.fresh_rows, 0);
    kit_done(&kit);
}

/* Closing answers what still waits. */
static void closing_takes_what_was_submitted(void **state)
{
    (void)state;
    struct kit kit;
    struct answers answers = {0};
    struct store_item items[20];
    kit_init(&kit);
    base_mutex_init(&answers.lock);
    base_cond_init(&answers.changed);
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        items[i] = kit_item(&kit, "web", NULL, "Visit", "user=u");
        store_submit_async(kit.store, &items[i], 1, answer, &answers);
    }
    kit_close(&kit);
    assert_int_equal(answers.done, ARRAY_LEN(items));
    assert_int_equal(answers.failed, 0);
    kit_open(&kit);
    assert_int_equal(kit_rows(&kit, "u"), ARRAY_LEN(items));
    base_cond_done(&answers.changed);
    base_mutex_done(&answers.lock);
    kit_done(&kit);
}

/* ---- the keeper, and many at once ------------------------------------------------------------------------- */

struct crowd {
    struct kit *kit;
    int number;
    _Atomic int *stop;
};

static void send_many(void *context)
{
    struct crowd *crowd = context;
    struct arena *arena = arena_new(NULL);
    struct fail fail;
    for (int b = 0; b < 60; b++) {
        struct store_item items[20];
        arena_reset(arena);
        for (int i = 0; i < 20; i++) {
            struct store_identifier *ids = arena_array(arena, 2, sizeof *ids, &fail);
            ids[0] = (struct store_identifier){STR("anonymous"),
                                               str_format(arena, "a%d", (b * 20 + i) % 50)};
            ids[1] = (struct store_identifier){STR("user"), str_format(arena, "u%d", b % 30)};
            items[i] = (struct store_item){
                .event =
                    {
                        .source = STR("web"),
                        /* each id is sent by two of the four */
                        .message_id = str_format(arena, "%d-%d-%d", crowd->number / 2, b, i),
                        .event = STR("Visit"),
                        .ts_ms = KIT_START_MS + i,
                        .received_at_ms = KIT_START_MS,
                        .client_ts_ms = STORE_NO_TIME,
                        .sent_at_ms = STORE_NO_TIME,
                        .identifiers = ids,
                        .identifier_count = 1 + (size_t)(i % 2),
                    },
                .raw = STR("raw"),
            };
        }
        INVARIANT(store_submit(crowd->kit->store, items, 20, &fail));
    }
    arena_free(arena);
}

struct read_rows {
    struct store_timeline_row *rows;
    size_t count;
};

static struct read_rows read_rows(struct store_snapshot *snapshot, uint32_t customer,
                                  struct arena *arena)
{
    struct read_rows read;
    struct fail fail;
    const struct store_timeline_options options = {.limit = 0};
    INVARIANT(
        store_timeline_read(snapshot, customer, &options, arena, &read.rows, &read.count, &fail));
    return read;
}

static void look_around(void *context)
{
    struct crowd *crowd = context;
    struct arena *arena = arena_new(NULL);
    while (atomic_load(crowd->stop) == 0) {
        struct store_snapshot *snapshot = store_snapshot_take(crowd->kit->store);
        uint32_t customer;
        store_customer_lookup(snapshot, STR("a7"), &customer);
        if (customer != STORE_NO_CUSTOMER) {
            struct store_identifier *ids;
            size_t count;
            struct fail fail;
            INVARIANT(store_customer_identifiers(snapshot, customer, arena, &ids, &count, &fail));
            INVARIANT(store_customer_id(snapshot, customer, arena).len > 0);
        }
        /* One customer's fresh rows are found alike by themselves and among all that were sorted. */
        struct read_rows alone = {0};
        if (customer != STORE_NO_CUSTOMER) {
            alone = read_rows(snapshot, customer, arena);
        }
        INVARIANT(rows_in(snapshot) == (int)store_snapshot_events(snapshot));
        if (customer != STORE_NO_CUSTOMER) {
            struct read_rows among = read_rows(snapshot, customer, arena);
            INVARIANT(among.count == alone.count && among.count > 0);
            for (size_t i = 0; i < among.count; i++) {
                INVARIANT(among.rows[i].arrival == alone.rows[i].arrival);
            }
        }
        store_snapshot_unref(snapshot);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void check_rows_of(struct kit *kit, struct store_snapshot *snapshot, const char *id,
                          size_t expected)
{
    uint32_t customer;
    store_customer_lookup(snapshot, str_from_c(id), &customer);
    assert_int_not_equal(customer, STORE_NO_CUSTOMER);
    struct read_rows read = read_rows(snapshot, customer, kit->arena);
    assert_int_equal(read.count, expected);
    for (size_t i = 1; i < read.count; i++) {
        assert_true(read.rows[i].arrival > read.rows[i - 1].arrival);
    }
}

/* Two thirds of the rows are of one customer: so many that its notes lie in several pieces of the greatest length. */
static void whoever_asks_first_each_snapshot_sees_its_own_fresh_rows(void **state)
{
    (void)state;
    enum { SNAPSHOTS = 8, ROWS = 60 };
    for (int first_asks = 0; first_asks < SNAPSHOTS; first_asks++) {
        struct kit kit;
        struct store_snapshot *taken[SNAPSHOTS];
        kit_init(&kit);
        for (int s = 0; s < SNAPSHOTS; s++) {
            for (int i = 0; i < ROWS; i++) {
                kit_send(&kit, "web", NULL, "Visit", i % 3 == 0 ? "user=v" : "user=u");
            }
            taken[s] = store_snapshot_take(kit.store);
            if (s == first_asks) { /* from here on rows are entered as they come */
                check_rows_of(&kit, taken[s], "u", (size_t)(s + 1) * ROWS / 3 * 2);
            }
            if (s == SNAPSHOTS / 2) {
                kit_seal(&kit); /* and into the next table too */
            }
        }
        for (int s = SNAPSHOTS - 1; s >= 0; s--) {
            check_rows_of(&kit, taken[s], "u", (size_t)(s + 1) * ROWS / 3 * 2);
            check_rows_of(&kit, taken[s], "v", (size_t)(s + 1) * ROWS / 3);
            store_snapshot_unref(taken[s]);
        }
        kit_done(&kit);
    }
}

static void many_send_and_look_while_the_keeper_works(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    _Atomic int stop = 0;
    kit_init(&kit);
    kit_close(&kit);
    kit.options.no_keeper = false;
    kit.options.fresh_rows_max = 200;
    kit_open(&kit);
    struct base_thread senders[4];
    struct base_thread lookers[2];
    struct crowd crowds[4];
    for (int i = 0; i < 4; i++) {
        crowds[i] = (struct crowd){&kit, i, &stop};
        assert_true(base_thread_start(&senders[i], "sender", send_many, &crowds[i], &fail));
    }
    for (int i = 0; i < 2; i++) {
        assert_true(base_thread_start(&lookers[i], "looker", look_around, &crowds[i], &fail));
    }
    for (int i = 0; i < 4; i++) {
        base_thread_join(&senders[i]);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < 2; i++) {
        base_thread_join(&lookers[i]);
    }
    struct store_ledger ledger = kit_ledger(&kit);
    assert_int_equal(ledger.total.received, 4 * 60 * 20);
    assert_int_equal(ledger.total.stored, 2 * 60 * 20);
    assert_int_equal(ledger.total.duplicate, 2 * 60 * 20);
    struct store_status status;
    store_status_read(kit.store, &status);
    assert_true(status.segments > 0);
    assert_int_equal(status.events, 2 * 60 * 20);
    kit_verify(&kit);
    kit_done(&kit);
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    kit_close(&kit);
    struct store_options options = {.dedup_window_ms = 1000};
    assert_false(store_open(disk_sim_disk(kit.sim), &options, &kit.store, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    options = (struct store_options){.fresh_rows_max = UINT32_MAX};
    assert_false(store_open(disk_sim_disk(kit.sim), &options, &kit.store, &fail));
    assert_int_equal(fail.code, FAIL_INPUT);
    kit_open(&kit);
    kit_done(&kit);
}

static void a_seal_that_failed_is_finished_by_the_next(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct store_status status;
    kit_init(&kit);
    for (uint64_t at = 1; at < 40; at++) {
        char *id = str_copy_c(kit.arena, str_format(kit.arena, "m%d", (int)at));
        assert_int_equal(kit_send(&kit, "web", id, "Visit", "user=u"), STORE_STORED);
        struct disk_sim_fault fault = {.at = at, .kind = DISK_SIM_ENOSPC};
        disk_sim_fail(kit.sim, &fault);
        bool sealed = store_seal(kit.store, &fail);
        disk_sim_fail(kit.sim, NULL);
        /* everything is there, and the same id is known, wherever it lies now */
        assert_int_equal(kit_rows(&kit, "u"), at);
        assert_int_equal(kit_send(&kit, "web", id, "Visit", "user=u"), STORE_DUPLICATE);
        store_status_read(kit.store, &status);
        if (status.read_only_after_failure) {
            fail_msg("call %d: a seal without room ended writing", (int)at);
        }
        assert_true(sealed || status.fresh_rows > 0 || at > 1);
        kit_seal(&kit);
        store_status_read(kit.store, &status);
        assert_int_equal(status.fresh_rows, 0);
    }
    kit_verify(&kit);
    kit_done(&kit);
}

static void a_quiet_merge_leaves_one_segment_and_all_rows(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct str *names;
    size_t count;
    kit_init(&kit);
    for (int batch = 0; batch < 3; batch++) {
        for (int i = 0; i < 20 << (2 * batch); i++) {
            assert_int_equal(kit_send(&kit, "web", NULL, "Visit", i % 2 == 0 ? "user=u" : "user=v"),
                             STORE_STORED);
        }
        kit_seal(&kit);
    }
    assert_true(store_merge(kit.store, false, &fail));
    assert_true(disk_list(disk_sim_disk(kit.sim), "segments", kit.arena, &names, &count, &fail));
    assert_int_equal(count, 3); /* of sizes too different for an ordinary merge */
    assert_true(store_merge(kit.store, true, &fail));
    assert_true(disk_list(disk_sim_disk(kit.sim), "segments", kit.arena, &names, &count, &fail));
    assert_int_equal(count, 1);
    assert_int_equal(kit_rows(&kit, "u"), 210);
    assert_int_equal(kit_rows(&kit, "v"), 210);
    kit_verify(&kit);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_acknowledged_is_seen),
        cmocka_unit_test(equal_numbers_mean_equal_answers),
        cmocka_unit_test(an_old_snapshot_outlives_seals_and_merges),
        cmocka_unit_test(leases_keep_answers_for_a_while),
        cmocka_unit_test(a_listener_hears_each_commit_with_its_verdicts),
        cmocka_unit_test(batches_need_not_be_waited_for),
        cmocka_unit_test(more_than_may_wait_is_refused_and_what_waits_is_stored),
        cmocka_unit_test(rows_that_wait_for_a_seal_count_as_waiting),
        cmocka_unit_test(closing_takes_what_was_submitted),
        cmocka_unit_test(whoever_asks_first_each_snapshot_sees_its_own_fresh_rows),
        cmocka_unit_test(many_send_and_look_while_the_keeper_works),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(a_seal_that_failed_is_finished_by_the_next),
        cmocka_unit_test(a_quiet_merge_leaves_one_segment_and_all_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
