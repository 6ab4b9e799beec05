/* Large imports: what waits for what, what is refused, and rows of every shape in columns. What power cuts leave of them:
   tests/crash/test_store_bulk_cut.c. */
#include "store_kit.h"

#include <stdio.h>

#include "base_thread.h"
#include "store_submit.h"

static struct fail fail;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, fail.message);                                               \
        }                                                                                          \
    } while (0)

static uint64_t begin(struct kit *kit)
{
    uint64_t number = 0;
    OK(store_import_begin(kit->store, STR("file"), STR("a.csv"), &number, &fail));
    return number;
}

static void end(struct kit *kit, uint64_t number)
{
    OK(store_import_end(kit->store, number, false, &fail));
}

static struct store_item imported(struct kit *kit, uint64_t import, unsigned row, const char *event,
                                  const char *ids)
{
    struct store_item item = kit_item(kit, "file", "", event, ids);
    item.event.message_id = (struct str){0};
    item.record_id = str_format(kit->arena, "row-%u-1", row);
    item.import = import;
    item.from_import = true;
    return item;
}

static struct store_status status_of(struct kit *kit)
{
    struct store_status status;
    store_status_read(kit->store, &status);
    return status;
}

/* ---- who waits for whom ------------------------------------------------------------------------------ */

static void others_events_wait_until_it_is_sealed_and_all_are_there(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    kit_close(&kit);
    kit.options.no_keeper = false;
    kit_open(&kit);
    uint64_t import = begin(&kit);
    struct store_item item = imported(&kit, import, 1, "Buy", "user=u1");
    OK(submit_bulk(kit.store, &item, 1, &fail));
    assert_int_equal(item.verdict, STORE_STORED);
    assert_int_equal(kit_send(&kit, "web", "m1", "Visit", "user=u1"), STORE_STORED);
    assert_int_equal(kit_rows(&kit, "u1"), 2);
    assert_true(status_of(&kit).segments >= 1);
    end(&kit, import);
    kit_power_cut(&kit, 3);
    assert_int_equal(kit_rows(&kit, "u1"), 2);
    kit_verify(&kit);
    kit_done(&kit);
}

static void where_nobody_seals_others_events_are_refused_and_nothing_of_them_stays(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    uint64_t import = begin(&kit);
    struct store_item item = imported(&kit, import, 1, "Buy", "user=u1");
    OK(submit_bulk(kit.store, &item, 1, &fail));
    struct store_item live = kit_item(&kit, "web", "m1", "Visit", "user=u1");
    assert_false(store_submit(kit.store, &live, 1, &fail));
    assert_int_equal(fail.code, FAIL_BUSY);
    assert_false(store_customer_join(kit.store, STR("u1"), STR("u2"), &fail));
    struct store_import_gone gone;
    assert_false(store_import_undo(kit.store, import, &gone, &fail)); /* it runs */
    end(&kit, import);
    assert_int_equal(kit_rows(&kit, "u1"), 1);
    OK(store_submit(kit.store, &live, 1, &fail));
    assert_int_equal(kit_rows(&kit, "u1"), 2);
    kit_done(&kit);
}

static void a_full_table_is_sealed_while_the_next_one_fills(void **state)
{
    (void)state;
    enum { ROWS = 5000, BATCH = 100 };
    struct kit kit;
    kit_init(&kit);
    kit_close(&kit);
    kit.options.no_keeper = false;
    kit.options.bulk_rows_max = 400;
    kit_open(&kit);
    uint64_t import = begin(&kit);
    for (unsigned first = 0; first < ROWS; first += BATCH) {
        struct store_item items[BATCH];
        for (unsigned i = 0; i < BATCH; i++) {
            char ids[40];
            snprintf(ids, sizeof ids, "user=u%u", (first + i) % 70);
            items[i] = imported(&kit, import, first + i, i % 3 == 0 ? "Buy" : "Visit", ids);
        }
        OK(submit_bulk(kit.store, items, BATCH, &fail));
    }
    assert_true(status_of(&kit).segments >= 5);
    end(&kit, import);
    assert_int_equal(status_of(&kit).events, ROWS);
    assert_int_equal(kit_customers(&kit), 70);
    assert_int_equal(kit_rows(&kit, "u1"), 72);
    OK(store_merge(kit.store, true, &fail));
    assert_int_equal(status_of(&kit).segments, 1);
    assert_int_equal(kit_rows(&kit, "u1"), 72);
    kit_verify(&kit);
    kit_done(&kit);
}

static void it_finds_what_was_imported_before_and_after_it_is_found(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    for (unsigned round = 0; round < 3; round++) {
        uint64_t import = begin(&kit);
        struct store_item items[4];
        for (unsigned i = 0; i < 4; i++) {
            items[i] = imported(&kit, import, i, "Buy", "user=u1");
        }
        OK(round == 1 ? store_submit(kit.store, items, 4, &fail)
                      : submit_bulk(kit.store, items, 4, &fail));
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(items[i].verdict, round == 0 ? STORE_STORED : STORE_DUPLICATE);
        }
        end(&kit, import);
    }
    assert_int_equal(kit_rows(&kit, "u1"), 4);
    kit_done(&kit);
}

static void a_seal_that_fails_fails_the_import_and_leaves_what_was_before(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    assert_int_equal(kit_send(&kit, "web", "m1", "Visit", "user=u1"), STORE_STORED);
    uint64_t import = begin(&kit);
    struct store_item item = imported(&kit, import, 1, "Buy", "user=u1");
    OK(submit_bulk(kit.store, &item, 1, &fail));
    disk_sim_set_capacity(kit.sim, 1);
    assert_false(store_import_end(kit.store, import, false, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    struct store_item live = kit_item(&kit, "web", "m2", "Visit", "user=u1");
    assert_false(store_submit(kit.store, &live, 1, &fail));
    kit_reopen(&kit);
    disk_sim_set_capacity(kit.sim, 1U << 30);
    assert_int_equal(kit_rows(&kit, "u1"), 1);
    OK(store_submit(kit.store, &live, 1, &fail));
    kit_verify(&kit);
    kit_done(&kit);
}

/* ---- what is refused ------------------------------------------------------------------------------------ */

static void what_may_not_come_without_a_journal_is_refused(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    uint64_t import = begin(&kit);
    struct store_item good = imported(&kit, import, 1, "Buy", "user=u1");
    assert_true(store_bulk_may(&good, 1));
    struct store_item item = good;
    item.import = 0;
    assert_false(submit_bulk(kit.store, &item, 1, &fail)); /* of no import */
    item.import = import + 1;
    assert_false(submit_bulk(kit.store, &item, 1, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    struct store_item two[] = {good, item};
    assert_false(submit_bulk(kit.store, two, 2, &fail)); /* of two */
    item = good;
    item.mends = 1;
    assert_false(store_bulk_may(&item, 1));
    item = good;
    const struct store_field once = {STR("plan"), store_value_str(STR("free"))};
    item.once = &once;
    item.once_count = 1;
    assert_false(store_bulk_may(&item, 1));
    item = good;
    item.event.message_id = STR("row-1");
    assert_false(store_bulk_may(&item, 1));
    assert_false(submit_bulk(kit.store, &item, 1, &fail));
    assert_false(submit_bulk(kit.store, &good, STORE_BULK_ITEMS_MAX + 1, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_int_equal(kit_ledger(&kit).total.received, 0);
    end(&kit, import);
    kit_done(&kit);
}

/* ---- rows of every shape ------------------------------------------------------------------------------- */

/* Row `i` of a table in which columns begin late, end early, have holes, several values in a row, few values and many. */
static struct store_item shaped(struct kit *kit, uint64_t import, unsigned i)
{
    char ids[40];
    snprintf(ids, sizeof ids, "user=u%u", i * 7 % 50);
    struct store_item item = imported(kit, import, i, i % 5 == 0 ? "Rare" : "Often", ids);
    struct store_field *fields = arena_array(kit->arena, 12, sizeof *fields, &fail);
    size_t count = 0;
    fields[count++] =
        (struct store_field){STR("plan"), store_value_str(i % 3 == 0 ? STR("pro") : STR("free"))};
    fields[count++] =
        (struct store_field){STR("id"), store_value_str(str_format(kit->arena, "%u", i))};
    if (i % 11 == 4) {
        fields[count++] = (struct store_field){STR("hole"), store_value_int((int64_t)i - 100)};
    }
    if (i < 300) {
        fields[count++] = (struct store_field){STR("early"), store_value_double(i / 4.0)};
    }
    if (i > 900) {
        fields[count++] = (struct store_field){STR("late"), store_value_bool(i % 2 == 0)};
    }
    for (unsigned k = 0; k < i % 4; k++) { /* none, one, or several */
        fields[count++] = (struct store_field){
            STR("list"), store_value_str(str_format(kit->arena, "v%u", (i + k) % 6))};
    }
    item.event.properties = fields;
    item.event.property_count = count;
    if (i % 6 == 1) {
        fields[count] = (struct store_field){
            STR("city"), i % 12 == 1 ? store_value_str(STR("Bergen")) : (struct store_value){0}};
        item.event.traits = fields + count;
        item.event.trait_count = 1;
    }
    if (i % 13 == 12) {
        item.event.channel = STR("app");
    }
    if (i % 17 == 16) {
        item.event.text = str_format(kit->arena, "words of %u", i);
        item.event.scale = STR("nps");
        item.event.score = store_value_int(i % 11);
    }
    if (i % 19 == 18) {
        item.event.client_ts_ms = item.event.ts_ms - 5;
        item.event.sent_at_ms = item.event.ts_ms + 5;
    }
    if (i % 23 == 22) {
        item.event.message_id =
            str_format(kit->arena, "m%u", i % 460); /* the later ones come again */
        item.record_id = (struct str){0};
    }
    item.event.ts_ms -= i % 29 * 100000; /* not in order */
    return item;
}

static void same_str(struct str a, struct str b)
{
    assert_int_equal(a.len, b.len);
    assert_true(a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void same_fields(const struct store_field *a, const struct store_field *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        same_str(a[i].name, b[i].name);
        assert_int_equal(a[i].value.kind, b[i].value.kind);
        if (a[i].value.kind == STORE_STRING) {
            same_str(store_value_text(a[i].value), store_value_text(b[i].value));
        } else if (a[i].value.kind != STORE_NULL) {
            assert_int_equal(a[i].value.u, b[i].value.u);
        }
    }
}

static void same_timeline(struct kit *a, struct kit *b, const char *who)
{
    struct kit *kits[] = {a, b};
    struct store_timeline_row *rows[2];
    size_t counts[2];
    struct store_snapshot *snapshots[2];
    for (size_t i = 0; i < 2; i++) {
        const struct store_timeline_options options = {0};
        uint32_t customer;
        snapshots[i] = store_snapshot_take(kits[i]->store);
        store_customer_lookup(snapshots[i], str_from_c(who), &customer);
        OK(store_timeline_read(snapshots[i], customer, &options, kits[i]->arena, &rows[i],
                               &counts[i], &fail));
    }
    assert_int_equal(counts[0], counts[1]);
    assert_true(counts[0] > 10);
    for (size_t i = 0; i < counts[0]; i++) {
        const struct store_event *x = &rows[0][i].event;
        const struct store_event *y = &rows[1][i].event;
        assert_int_equal(rows[0][i].arrival, rows[1][i].arrival);
        same_str(x->event, y->event);
        same_str(x->source, y->source);
        same_str(x->channel, y->channel);
        same_str(x->scale, y->scale);
        same_str(x->text, y->text);
        same_str(x->message_id, y->message_id);
        assert_int_equal(x->ts_ms, y->ts_ms);
        assert_int_equal(x->received_at_ms, y->received_at_ms);
        assert_int_equal(x->client_ts_ms, y->client_ts_ms);
        assert_int_equal(x->sent_at_ms, y->sent_at_ms);
        assert_int_equal(x->score.kind, y->score.kind);
        assert_int_equal(x->score.i, y->score.i);
        assert_int_equal(x->property_count, y->property_count);
        assert_int_equal(x->trait_count, y->trait_count);
        same_fields(x->properties, y->properties, x->property_count);
        same_fields(x->traits, y->traits, x->trait_count);
    }
    store_snapshot_unref(snapshots[0]);
    store_snapshot_unref(snapshots[1]);
}

static void rows_of_every_shape_are_the_same_as_through_the_journal(void **state)
{
    (void)state;
    enum { ROWS = 1400, BATCH = 200 };
    struct kit kits[2];
    for (size_t k = 0; k < 2; k++) {
        kit_init(&kits[k]);
        uint64_t import = begin(&kits[k]);
        for (unsigned first = 0; first < ROWS; first += BATCH) {
            struct store_item items[BATCH];
            for (unsigned i = 0; i < BATCH; i++) {
                items[i] = shaped(&kits[k], import, first + i);
            }
            OK(k == 0 ? submit_bulk(kits[k].store, items, BATCH, &fail)
                      : store_submit(kits[k].store, items, BATCH, &fail));
        }
        end(&kits[k], import);
        kit_seal(&kits[k]); /* a timeline's columns come in the segment's order */
    }
    for (unsigned u = 0; u < 50; u++) {
        char who[16];
        snprintf(who, sizeof who, "u%u", u);
        same_timeline(&kits[0], &kits[1], who);
    }
    struct store_ledger ledgers[] = {kit_ledger(&kits[0]), kit_ledger(&kits[1])};
    assert_int_equal(ledgers[0].total.stored, ledgers[1].total.stored);
    assert_int_equal(ledgers[0].total.duplicate, ledgers[1].total.duplicate);
    assert_true(ledgers[0].total.duplicate > 0);
    kit_verify(&kits[0]);
    kit_done(&kits[0]);
    kit_done(&kits[1]);
}

static void values_that_are_all_different_take_no_look_up_and_stay_right(void **state)
{
    (void)state;
    enum { ROWS = 150000, BATCH = 5000 };
    struct kit kit;
    kit_init(&kit);
    uint64_t import = begin(&kit);
    struct store_item *items = base_alloc_zero(BATCH * sizeof *items);
    struct store_field *fields = base_alloc_zero(BATCH * sizeof *fields);
    for (unsigned first = 0; first < ROWS; first += BATCH) {
        for (unsigned i = 0; i < BATCH; i++) {
            items[i] = imported(&kit, import, first + i, "Buy",
                                first + i == 149999 ? "user=last" : "user=u1");
            fields[i] = (struct store_field){
                STR("id"), store_value_str(str_format(kit.arena, "number %u", first + i))};
            items[i].event.properties = &fields[i];
            items[i].event.property_count = 1;
        }
        OK(submit_bulk(kit.store, items, BATCH, &fail));
    }
    end(&kit, import);
    base_free(items);
    base_free(fields);
    struct store_snapshot *snapshot = store_snapshot_take(kit.store);
    const struct store_timeline_options options = {0};
    struct store_timeline_row *rows;
    size_t count;
    uint32_t customer;
    store_customer_lookup(snapshot, STR("last"), &customer);
    OK(store_timeline_read(snapshot, customer, &options, kit.arena, &rows, &count, &fail));
    assert_int_equal(count, 1);
    assert_true(str_is(store_value_text(rows[0].event.properties[0].value), "number 149999"));
    store_snapshot_unref(snapshot);
    assert_int_equal(kit_rows(&kit, "u1"), ROWS - 1);
    kit_verify(&kit);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_events_wait_until_it_is_sealed_and_all_are_there),
        cmocka_unit_test(where_nobody_seals_others_events_are_refused_and_nothing_of_them_stays),
        cmocka_unit_test(a_full_table_is_sealed_while_the_next_one_fills),
        cmocka_unit_test(it_finds_what_was_imported_before_and_after_it_is_found),
        cmocka_unit_test(a_seal_that_fails_fails_the_import_and_leaves_what_was_before),
        cmocka_unit_test(what_may_not_come_without_a_journal_is_refused),
        cmocka_unit_test(rows_of_every_shape_are_the_same_as_through_the_journal),
        cmocka_unit_test(values_that_are_all_different_take_no_look_up_and_stay_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
