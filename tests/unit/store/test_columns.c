/* Records by columns: each row becomes what its item would become, and items keep their place between them. */
#include "store_kit.h"

#include <stdio.h>

#include "base_thread.h"
#include "store_columns.h"

static struct fail fail;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, fail.message);                                               \
        }                                                                                          \
    } while (0)

struct answer {
    struct base_mutex lock;
    struct base_cond changed;
    bool finished, failed;
};

static void note(void *context, const struct fail *why)
{
    struct answer *answer = context;
    base_lock(&answer->lock);
    answer->finished = true;
    answer->failed = why != NULL;
    if (why != NULL) {
        fail = *why;
    }
    base_cond_signal(&answer->changed);
    base_unlock(&answer->lock);
}

static bool submit(struct store *store, struct store_columns *columns)
{
    struct answer answer = {0};
    base_mutex_init(&answer.lock);
    base_cond_init(&answer.changed);
    store_submit_columns(store, columns, note, &answer);
    base_lock(&answer.lock);
    while (!answer.finished) {
        base_cond_wait(&answer.changed, &answer.lock);
    }
    base_unlock(&answer.lock);
    base_cond_done(&answer.changed);
    base_mutex_done(&answer.lock);
    return !answer.failed;
}

/* ---- a table ----------------------------------------------------------------------------------------------- */

enum { ROWS = 1500, EVERY = 100, ITEMS = ROWS / EVERY, EVENTS = 6, FIELDS = 4, VALUES = 70 };
struct table {
    struct str raws[ROWS], identifiers[ROWS], events[EVENTS];
    int64_t ts_ms[ROWS];
    uint16_t event_codes[ROWS], codes[FIELDS][ROWS];
    struct base_hash128 records[ROWS];
    uint32_t nths[ROWS], items_before[ITEMS];
    struct store_value values[FIELDS][VALUES];
    struct store_columns_field fields[FIELDS];
    struct store_item items[ITEMS];
    char long_name[STORE_IDENTIFIER_BYTES_MAX + 1];
    struct store_columns columns;
};

static void fill_fields(struct kit *kit, struct table *table)
{
    static const char *const names[FIELDS] = {"plan", "n", "city", ""};
    for (uint32_t f = 0; f < FIELDS; f++) {
        for (unsigned v = 0; v < VALUES; v++) {
            table->values[f][v] = f == 1 ? store_value_int((int64_t)v - 7)
                                         : store_value_str(str_format(kit->arena, "v%u", v));
        }
        table->fields[f] = (struct store_columns_field){.name = str_from_c(names[f]),
                                                        .trait = f == 2,
                                                        .values = table->values[f],
                                                        .value_count = VALUES,
                                                        .codes = table->codes[f]};
        for (unsigned row = 0; row < ROWS; row++) {
            bool has = f == 0 ? row != 700 : f == 3 ? row % 333 == 5 : (row + f) % (f + 2) == 0;
            table->codes[f][row] = has ? (uint16_t)(1 + (row * 31 + f) % VALUES) : 0;
        }
    }
}

/* Names and identifiers that the store takes none of are among them, and items. */
static struct table *table_of(struct kit *kit, uint64_t import)
{
    struct table *table = base_alloc_zero(sizeof *table);
    memset(table->long_name, 'x', sizeof table->long_name);
    const struct str events[EVENTS] = {STR("Buy"),
                                       STR("Visit"),
                                       STR("alias"),
                                       STR(""),
                                       str_of(table->long_name, STORE_NAME_BYTES_MAX + 1),
                                       str_of(table->long_name, STORE_NAME_BYTES_MAX)};
    memcpy(table->events, events, sizeof events);
    fill_fields(kit, table);
    for (unsigned row = 0; row < ROWS; row++) {
        struct str who = str_format(kit->arena, "u%u", row * 7 % 60);
        table->raws[row] = str_format(kit->arena, "raw %u", row);
        table->identifiers[row] = row % 211 == 3 ? STR("")
                                  : row % 211 == 4
                                      ? str_of(table->long_name, sizeof table->long_name)
                                      : who;
        table->event_codes[row] = (uint16_t)(row % 50 == 0 ? 2 + row / 50 % 4 : row % 2);
        table->ts_ms[row] =
            kit_item(kit, "file", "", "Buy", "user=u1").event.ts_ms - row % 29 * 1000;
        table->records[row] = (struct base_hash128){row * 1000003ULL, ~(uint64_t)row};
        table->nths[row] = 1 + row % 13;
    }
    for (unsigned i = 0; i < ITEMS; i++) {
        struct store_item *item = &table->items[i];
        char ids[40];
        snprintf(ids, sizeof ids, "user=u%u", i % 60);
        *item = kit_item(kit, "file", "", i % 3 == 0 ? "" : "Other", ids);
        item->event.message_id =
            i % 4 == 1 ? str_format(kit->arena, "m%u", i / 8) : (struct str){0};
        item->record_id = str_format(kit->arena, "row-other-%u", i);
        item->raw = str_format(kit->arena, "item %u", i);
        item->import = import;
        item->from_import = true;
        table->items_before[i] = i * EVERY + i % 2;
    }
    table->columns = (struct store_columns){
        .shared = {.event = {.source = STR("file"),
                             .received_at_ms = table->items[0].event.received_at_ms,
                             .client_ts_ms = STORE_NO_TIME,
                             .sent_at_ms = STORE_NO_TIME,
                             .channel = STR("app")},
                   .verdict = STORE_STORED,
                   .from_import = true,
                   .import = import},
        .kind = STR("user"),
        .count = ROWS,
        .raws = table->raws,
        .identifiers = table->identifiers,
        .ts_ms = table->ts_ms,
        .events = table->events,
        .event_count = EVENTS,
        .event_codes = table->event_codes,
        .records = table->records,
        .nths = table->nths,
        .fields = table->fields,
        .field_count = FIELDS,
        .items = table->items,
        .items_before = table->items_before,
        .item_count = ITEMS,
        .arena = kit->arena,
    };
    return table;
}

/* The same as one list of items. */
static size_t items_of(struct kit *kit, const struct table *table, struct store_item *out)
{
    size_t count = 0;
    size_t item = 0;
    for (uint32_t row = 0; row <= ROWS; row++) {
        for (; item < ITEMS && table->items_before[item] == row; item++) {
            out[count++] = table->items[item];
        }
        if (row < ROWS) {
            OK(store_columns_item(&table->columns, row, kit->arena, &out[count++], &fail));
        }
    }
    return count;
}

/* ---- what becomes of them ----------------------------------------------------------------------------- */

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
        } else {
            assert_int_equal(a[i].value.u, b[i].value.u);
        }
    }
}

static size_t timeline(struct kit *kit, const char *who, struct store_timeline_row **out)
{
    const struct store_timeline_options options = {0};
    uint32_t customer;
    size_t count;
    struct store_snapshot *snapshot = store_snapshot_take(kit->store);
    store_customer_lookup(snapshot, str_from_c(who), &customer);
    OK(store_timeline_read(snapshot, customer, &options, kit->arena, out, &count, &fail));
    store_snapshot_unref(snapshot);
    return count;
}

static void same_timeline(struct kit *a, struct kit *b, const char *who)
{
    struct store_timeline_row *x, *y;
    size_t count = timeline(a, who, &x);
    assert_int_equal(count, timeline(b, who, &y));
    assert_true(count > 5);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(x[i].arrival, y[i].arrival);
        same_str(x[i].event.event, y[i].event.event);
        same_str(x[i].event.source, y[i].event.source);
        same_str(x[i].event.channel, y[i].event.channel);
        assert_int_equal(x[i].event.ts_ms, y[i].event.ts_ms);
        assert_int_equal(x[i].event.property_count, y[i].event.property_count);
        assert_int_equal(x[i].event.trait_count, y[i].event.trait_count);
        same_fields(x[i].event.properties, y[i].event.properties, x[i].event.property_count);
        same_fields(x[i].event.traits, y[i].event.traits, x[i].event.trait_count);
    }
}

static uint64_t begin(struct kit *kit)
{
    uint64_t number = 0;
    OK(store_import_begin(kit->store, STR("file"), STR("a.csv"), &number, &fail));
    return number;
}

/* Some of the rows were there already: of an earlier import, in the journal or sealed. */
static void store_some_before(struct kit *kit, bool sealed)
{
    uint64_t import = begin(kit);
    struct table *table = table_of(kit, import);
    struct store_item items[ROWS / 90 + 1];
    size_t count = 0;
    for (uint32_t row = 1; row < ROWS; row += 90) {
        OK(store_columns_item(&table->columns, row, kit->arena, &items[count++], &fail));
    }
    OK(store_submit(kit->store, items, count, &fail));
    OK(store_import_end(kit->store, import, false, &fail));
    if (sealed) {
        kit_seal(kit);
    }
    base_free(table);
}

static void check_verdicts(const struct table *table, const struct store_item *items)
{
    const struct store_columns_bad *bad = table->columns.out_bad;
    uint64_t stored = 0, duplicate = 0, bad_count = 0;
    size_t at = 0, item = 0;
    for (uint32_t row = 0; row <= ROWS; row++) {
        for (; item < ITEMS && table->items_before[item] == row; item++, at++) {
            assert_int_equal(table->items[item].verdict, items[at].verdict);
            assert_int_equal(table->items[item].out_arrival, items[at].out_arrival);
            same_str(table->items[item].reason, items[at].reason);
        }
        if (row == ROWS) {
            break;
        }
        const struct store_item *its = &items[at++];
        stored += its->verdict == STORE_STORED;
        duplicate += its->verdict == STORE_DUPLICATE;
        if (its->verdict == STORE_QUARANTINED) {
            assert_non_null(bad);
            assert_int_equal(bad->row, row);
            assert_int_equal(bad->verdict, its->verdict);
            same_str(bad->reason, its->reason);
            bad = bad->next;
            bad_count++;
        }
    }
    assert_null(bad);
    assert_int_equal(table->columns.out_stored, stored);
    assert_int_equal(table->columns.out_duplicate, duplicate);
    assert_int_equal(table->columns.out_bad_count, bad_count);
    assert_true(stored > 1000 && duplicate > 10 && bad_count > 30);
}

static void same_counts(struct kit kits[2])
{
    struct store_ledger ledgers[] = {kit_ledger(&kits[0]), kit_ledger(&kits[1])};
    assert_int_equal(ledgers[0].total.stored, ledgers[1].total.stored);
    assert_int_equal(ledgers[0].total.duplicate, ledgers[1].total.duplicate);
    assert_int_equal(ledgers[0].total.quarantined, ledgers[1].total.quarantined);
    struct store_import *lists[2];
    size_t counts[2];
    for (size_t k = 0; k < 2; k++) {
        OK(store_import_list(kits[k].store, kits[k].arena, &lists[k], &counts[k], &fail));
    }
    assert_int_equal(lists[0][0].stored, lists[1][0].stored);
    assert_int_equal(lists[0][0].duplicate, lists[1][0].duplicate);
    assert_int_equal(lists[0][0].quarantined, lists[1][0].quarantined);
    assert_int_equal(lists[0][0].received, ROWS + ITEMS);
}

static struct table *store_table(struct kit *kit, bool columns, bool sealed,
                                 struct store_item *items)
{
    kit_init(kit);
    store_some_before(kit, sealed);
    uint64_t import = begin(kit);
    struct table *table = table_of(kit, import);
    size_t count = items_of(kit, table, items);
    if (columns) {
        OK(submit(kit->store, &table->columns));
    } else {
        OK(store_submit(kit->store, items, count, &fail));
    }
    OK(store_import_end(kit->store, import, false, &fail));
    kit_seal(kit);
    return table;
}

static void compare(bool sealed)
{
    struct kit kits[2];
    struct table *tables[2];
    struct store_item *items = base_alloc_zero((ROWS + ITEMS) * sizeof *items);
    for (size_t k = 0; k < 2; k++) {
        tables[k] = store_table(&kits[k], k == 0, sealed, items);
    }
    check_verdicts(tables[0], items);
    for (unsigned u = 0; u < 60; u++) {
        char who[16];
        snprintf(who, sizeof who, "u%u", u);
        same_timeline(&kits[0], &kits[1], who);
    }
    same_counts(kits);
    kit_verify(&kits[0]);
    for (size_t k = 0; k < 2; k++) {
        kit_done(&kits[k]);
        base_free(tables[k]);
    }
    base_free(items);
}

static void rows_become_what_their_items_become(void **state)
{
    (void)state;
    compare(false);
    compare(true);
}

static void columns_brought_again_are_all_duplicates(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    uint64_t import = begin(&kit);
    struct table *first = table_of(&kit, import);
    OK(submit(kit.store, &first->columns));
    OK(store_import_end(kit.store, import, false, &fail));
    uint64_t rows = kit_ledger(&kit).total.stored;
    import = begin(&kit);
    struct table *second = table_of(&kit, import);
    OK(submit(kit.store, &second->columns));
    OK(store_import_end(kit.store, import, false, &fail));
    assert_int_equal(kit_ledger(&kit).total.stored, rows);
    assert_int_equal(second->columns.out_stored, 0);
    assert_int_equal(second->columns.out_duplicate,
                     first->columns.out_stored + first->columns.out_duplicate);
    kit_verify(&kit);
    kit_done(&kit);
    base_free(first);
    base_free(second);
}

static void what_columns_cannot_say_is_refused_and_nothing_of_it_stays(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    uint64_t import = begin(&kit);
    struct table *table = table_of(&kit, import);
    const struct store_item shared = table->columns.shared;
    struct store_item *bad = &table->columns.shared;
    bad->import = 0;
    assert_false(submit(kit.store, &table->columns));
    *bad = shared;
    bad->event.message_id = STR("m1");
    assert_false(submit(kit.store, &table->columns));
    *bad = shared;
    bad->event.client_ts_ms = 5;
    assert_false(submit(kit.store, &table->columns));
    *bad = shared;
    table->items[3].import++;
    assert_false(submit(kit.store, &table->columns));
    table->items[3].import--;
    table->items[4].event.message_id = STR("row-1");
    assert_false(submit(kit.store, &table->columns));
    table->items[4].event.message_id = (struct str){0};
    table->columns.count = STORE_COLUMNS_ROWS_MAX;
    assert_false(submit(kit.store, &table->columns));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_int_equal(kit_ledger(&kit).total.received, 0);
    OK(store_import_end(kit.store, import, false, &fail));
    kit_done(&kit);
    base_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_what_their_items_become),
        cmocka_unit_test(columns_brought_again_are_all_duplicates),
        cmocka_unit_test(what_columns_cannot_say_is_refused_and_nothing_of_it_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
