/* What could not be taken is kept once, listed newest first, and comes back byte for byte. */
#include "store_kit.h"

#include "store_quarantine.h"

#define PLAY(kit)                                                                                  \
    for (int between_ = 0; between_ < KIT_BETWEENS; between_++)                                    \
        for (bool once_ = (kit_init(kit), (kit)->between = (enum kit_between)between_, true);      \
             once_; once_ = false, kit_verify(kit), kit_done(kit))

static uint64_t bad(struct kit *kit, const char *source, const char *reason, struct str raw)
{
    struct store_item item = kit_item(kit, source, "m", "Visit", "user=u");
    item.verdict = STORE_QUARANTINED;
    item.reason = str_from_c(reason);
    item.raw = raw;
    assert_int_equal(kit_submit(kit, &item), STORE_QUARANTINED);
    return item.out_quarantine_id;
}

struct listed {
    struct store_quarantine_row *rows;
    size_t count;
    uint64_t total;
};

static struct listed list(struct kit *kit, const char *source, const char *reason, uint64_t before,
                          size_t limit)
{
    struct listed out;
    struct fail fail;
    assert_true(store_quarantine_list(kit->store, str_from_c(source), str_from_c(reason), before,
                                      limit, kit->arena, &out.rows, &out.count, &out.total, &fail));
    return out;
}

static void rows_come_newest_first_and_whole(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        char *large = arena_alloc(kit.arena, 5000, &fail);
        memset(large, 'x', 5000);
        large[4999] = '\0'; /* any bytes are kept */
        assert_int_equal(bad(&kit, "web", "no time", STR("one")), 1);
        struct store_item item = kit_item(&kit, "app", NULL, "Visit", "");
        item.raw = str_of(large, 5000);
        assert_int_equal(kit_submit(&kit, &item), STORE_QUARANTINED);
        assert_int_equal(item.out_quarantine_id, 2);
        assert_int_equal(bad(&kit, "web", "no time", STR("")), 3);
        struct listed all = list(&kit, NULL, NULL, 0, 100);
        assert_int_equal(all.count, 3);
        assert_int_equal(all.total, 3);
        assert_int_equal(all.rows[0].id, 3);
        assert_int_equal(all.rows[1].id, 2);
        assert_int_equal(all.rows[1].raw.len, STORE_QUARANTINE_PREVIEW_BYTES);
        assert_int_equal(all.rows[1].raw_bytes, 5000);
        assert_true(str_is(all.rows[1].source, "app"));
        assert_true(all.rows[1].reason.len > 10);
        assert_null(all.rows[1].field.data);
        struct store_quarantine_row row;
        assert_true(store_quarantine_get(kit.store, 2, kit.arena, &row, &fail));
        assert_int_equal(row.raw.len, 5000);
        assert_memory_equal(row.raw.data, large, 5000);
        assert_false(store_quarantine_get(kit.store, 4, kit.arena, &row, &fail));
        assert_int_equal(fail.code, FAIL_ABSENT);
        assert_false(store_quarantine_get(kit.store, 0, kit.arena, &row, &fail));
    }
}

static void the_same_bad_record_makes_no_second_row(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(bad(&kit, "web", "no time", STR("same")), 1);
        assert_int_equal(bad(&kit, "web", "no time", STR("same")), 1);
        assert_int_equal(bad(&kit, "app", "no time", STR("same")), 2);
        assert_int_equal(bad(&kit, "web", "another reason", STR("same")), 1);
        assert_int_equal(list(&kit, NULL, NULL, 0, 100).total, 2);
        assert_int_equal(kit_ledger(&kit).total.quarantined, 4);
    }
}

static void the_same_bad_record_twice_in_a_batch_makes_one_row(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    struct store_item items[3];
    for (size_t i = 0; i < 3; i++) {
        items[i] = kit_item(&kit, "web", NULL, "Visit", "");
        items[i].raw = i == 1 ? STR("other") : STR("same");
    }
    assert_true(store_submit(kit.store, items, 3, &fail));
    assert_int_equal(items[0].out_quarantine_id, 1);
    assert_int_equal(items[1].out_quarantine_id, 2);
    assert_int_equal(items[2].out_quarantine_id, 1);
    kit_done(&kit);
}

static void lists_are_filtered_and_paged(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        for (int i = 0; i < 12; i++) {
            bad(&kit, i % 2 == 0 ? "web" : "app", i % 3 == 0 ? "no time" : "no name",
                str_format(kit.arena, "record %d", i));
        }
        struct listed page = list(&kit, NULL, NULL, 0, 5);
        assert_int_equal(page.count, 5);
        assert_int_equal(page.total, 12);
        assert_int_equal(page.rows[4].id, 8);
        page = list(&kit, NULL, NULL, 8, 100);
        assert_int_equal(page.count, 7);
        assert_int_equal(page.total, 12);
        assert_int_equal(page.rows[0].id, 7);
        page = list(&kit, "web", NULL, 0, 2);
        assert_int_equal(page.count, 2);
        assert_int_equal(page.total, 6);
        assert_int_equal(page.rows[0].id, 11);
        page = list(&kit, "web", "no time", 7, 100);
        assert_int_equal(page.count, 1);
        assert_int_equal(page.total, 2);
        assert_int_equal(page.rows[0].id, 1);
        assert_int_equal(list(&kit, "nobody", NULL, 0, 10).total, 0);
    }
}

static void of_a_huge_record_the_beginning_is_kept(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    size_t len = STORE_QUARANTINE_RAW_MAX + 1;
    char *huge = arena_alloc(kit.arena, len, &fail);
    memset(huge, 'y', len);
    uint64_t id = bad(&kit, "web", "too large", str_of(huge, len));
    uint64_t whole = bad(&kit, "web", "too large", str_of(huge, len - 1));
    for (int round = 0; round < 2; round++) {
        struct store_quarantine_row row;
        assert_true(store_quarantine_get(kit.store, id, kit.arena, &row, &fail));
        assert_int_equal(row.raw_bytes, len);
        assert_int_equal(row.raw.len, STORE_QUARANTINE_RAW_CUT);
        assert_true(store_quarantine_get(kit.store, whole, kit.arena, &row, &fail));
        assert_int_equal(row.raw.len, len - 1);
        assert_memory_equal(row.raw.data, huge, len - 1);
        kit_seal(&kit);
        kit_reopen(&kit);
    }
    kit_verify(&kit);
    kit_done(&kit);
}

static void bad_shapes_are_quarantined_with_a_reason(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    char *much = arena_alloc(kit.arena, 600, &fail);
    memset(much, 'z', 600);
    struct store_field field = {STR(""), store_value_int(1)};
    struct store_item items[7];
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        items[i] = kit_item(&kit, "web", NULL, "Visit", "user=u");
        items[i].raw = str_format(kit.arena, "%zu", i);
    }
    items[0].event.event = STR("");
    items[1].event.event = str_of(much, STORE_NAME_BYTES_MAX + 1);
    items[2].event.identifier_count = 0;
    items[3].event.message_id = str_of(much, STORE_MESSAGE_ID_BYTES_MAX + 1);
    items[4].event.properties = &field;
    items[4].event.property_count = 1;
    struct store_identifier long_id = {STR("user"), str_of(much, STORE_IDENTIFIER_BYTES_MAX + 1)};
    items[5].event.identifiers = &long_id;
    struct store_identifier empty = {STR("user"), STR("")};
    items[6].event.identifiers = &empty;
    assert_true(store_submit(kit.store, items, ARRAY_LEN(items), &fail));
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        assert_int_equal(items[i].verdict, STORE_QUARANTINED);
        assert_true(items[i].reason.len > 0);
        assert_int_equal(items[i].out_quarantine_id, i + 1);
    }
    assert_int_equal(kit_customers(&kit), 0);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_newest_first_and_whole),
        cmocka_unit_test(the_same_bad_record_makes_no_second_row),
        cmocka_unit_test(the_same_bad_record_twice_in_a_batch_makes_one_row),
        cmocka_unit_test(lists_are_filtered_and_paged),
        cmocka_unit_test(of_a_huge_record_the_beginning_is_kept),
        cmocka_unit_test(bad_shapes_are_quarantined_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
