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
    const struct store_quarantine_filter filter = {.source = str_from_c(source),
                                                   .reason = str_from_c(reason),
                                                   .before_id = before,
                                                   .limit = limit};
    assert_true(store_quarantine_list(kit->store, &filter, kit->arena, &out.rows, &out.count,
                                      &out.total, &fail));
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

/* Submits as `bad` does, whatever becomes of it. */
static enum store_verdict bring_bad(struct kit *kit, struct str raw, struct str *out_reason)
{
    struct fail fail;
    struct store_item item = kit_item(kit, "web", "m", "Visit", "user=u");
    item.verdict = STORE_QUARANTINED;
    item.reason = STR("no time");
    item.raw = raw;
    if (!store_submit(kit->store, &item, 1, &fail)) {
        fail_msg("%s", fail.message);
    }
    *out_reason = item.reason;
    return item.verdict;
}

static void a_full_quarantine_refuses_and_takes_again_once_there_is_room(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct str reason;
    struct store_status status;
    kit_init(&kit);
    kit.options.quarantine_bytes_max = 20000;
    kit_reopen(&kit);
    char *raw = arena_alloc(kit.arena, 8000, &fail);
    memset(raw, 'x', 8000);
    for (int i = 0; i < 2; i++) {
        raw[0] = (char)('a' + i);
        assert_int_equal(bring_bad(&kit, str_of(raw, 8000), &reason), STORE_QUARANTINED);
    }
    raw[0] = 'c';
    assert_int_equal(bring_bad(&kit, str_of(raw, 8000), &reason), STORE_REFUSED);
    assert_true(str_find(reason, STR("the quarantine is full")) < reason.len);
    /* One that lies there needs no room, and a small one has it. */
    raw[0] = 'a';
    assert_int_equal(bring_bad(&kit, str_of(raw, 8000), &reason), STORE_QUARANTINED);
    assert_int_equal(bring_bad(&kit, STR("small"), &reason), STORE_QUARANTINED);
    struct store_ledger ledger = kit_ledger(&kit);
    assert_int_equal(ledger.total.received, 5);
    assert_int_equal(ledger.total.quarantined, 4);
    assert_int_equal(ledger.total.refused, 1);
    store_status_read(kit.store, &status);
    assert_in_range(status.quarantine_bytes, 16005, 20000);
    assert_int_equal(status.quarantine_bytes_max, 20000);
    /* It is as full after a start, and after a seal, which packs it. */
    kit_reopen(&kit);
    raw[0] = 'c';
    assert_int_equal(bring_bad(&kit, str_of(raw, 8000), &reason), STORE_REFUSED);
    for (uint64_t id = 1; id <= 2; id++) {
        struct store_item gone = kit_item(&kit, "web", NULL, "Visit", "user=u");
        gone.verdict = STORE_REFUSED;
        gone.mends = id;
        assert_true(store_submit(kit.store, &gone, 1, &fail));
        assert_false(gone.out_absent);
    }
    kit_seal(&kit);
    assert_int_equal(bring_bad(&kit, str_of(raw, 8000), &reason), STORE_QUARANTINED);
    kit_verify(&kit);
    kit_done(&kit);
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

/* Judged again as row `id`; the verdict, or -1 where it is absent. */
static int mend(struct kit *kit, uint64_t id, struct store_item *item)
{
    struct fail fail;
    item->mends = id;
    assert_true(store_submit(kit->store, item, 1, &fail));
    assert_int_equal(item->out_quarantine_id, item->out_absent ? 0 : id);
    return item->out_absent ? -1 : (int)item->verdict;
}

static void check_ledger(struct kit *kit, uint64_t received, uint64_t stored, uint64_t duplicate,
                         uint64_t quarantined, uint64_t refused)
{
    struct store_ledger_line total = kit_ledger(kit).total;
    assert_int_equal(total.received, received);
    assert_int_equal(total.stored, stored);
    assert_int_equal(total.duplicate, duplicate);
    assert_int_equal(total.quarantined, quarantined);
    assert_int_equal(total.refused, refused);
}

static void a_mended_row_leaves_and_the_ledger_moves_by_one(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        bad(&kit, "web", "no time", STR("one"));
        bad(&kit, "web", "no time", STR("two"));
        bad(&kit, "app", "no time", STR("three"));
        kit_step(&kit);
        struct store_item item = kit_item(&kit, "elsewhere", "m1", "Visit", "user=u1");
        item.event.received_at_ms = KIT_START_MS - 5;
        assert_int_equal(mend(&kit, 1, &item), STORE_STORED);
        check_ledger(&kit, 3, 1, 0, 2, 0);
        item = kit_item(&kit, "web", "m1", "Visit", "user=u1");
        assert_int_equal(mend(&kit, 2, &item), STORE_DUPLICATE);
        item = kit_item(&kit, "web", NULL, "Visit", "user=u1");
        item.verdict = STORE_REFUSED;
        assert_int_equal(mend(&kit, 3, &item), STORE_REFUSED);
        check_ledger(&kit, 3, 1, 1, 0, 1);
        kit_step(&kit);
        check_ledger(&kit, 3, 1, 1, 0, 1);
        assert_int_equal(kit_rows(&kit, "u1"), 1);
        assert_int_equal(list(&kit, NULL, NULL, 0, 10).total, 0);
        for (uint64_t id = 0; id < 5; id++) {
            item = kit_item(&kit, "web", NULL, "Visit", "user=u1");
            if (id > 0) {
                assert_int_equal(mend(&kit, id, &item), -1);
            }
        }
        check_ledger(&kit, 3, 1, 1, 0, 1);
        /* Both sources are there with sums of their own; "elsewhere" never was one. */
        assert_int_equal(kit_ledger(&kit).source_count, 2);
        assert_int_equal(kit_ledger(&kit).sources[1].stored, 1);
    }
}

static void a_row_that_is_still_bad_stays_with_its_new_reason(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        bad(&kit, "web", "no time", STR("one"));
        bad(&kit, "web", "no time", STR("two"));
        kit_step(&kit);
        struct store_item item = kit_item(&kit, "web", NULL, "Visit", "user=u1");
        item.verdict = STORE_QUARANTINED;
        item.reason = STR("off the scale");
        item.field = STR("/score");
        assert_int_equal(mend(&kit, 1, &item), STORE_QUARANTINED);
        item = kit_item(&kit, "web", NULL, "Visit", ""); /* the store itself finds nobody in it */
        assert_int_equal(mend(&kit, 2, &item), STORE_QUARANTINED);
        check_ledger(&kit, 2, 0, 0, 2, 0);
        kit_step(&kit);
        assert_int_equal(list(&kit, NULL, "no time", 0, 10).total, 0);
        struct listed changed = list(&kit, NULL, "off the scale", 0, 10);
        assert_int_equal(changed.total, 1);
        assert_true(str_is(changed.rows[0].field, "/score"));
        assert_true(str_is(changed.rows[0].raw, "one"));
        struct store_quarantine_row row;
        assert_true(store_quarantine_get(kit.store, 2, kit.arena, &row, &fail));
        assert_true(str_starts_c(row.reason, "no identifier"));
        assert_null(row.field.data);
        /* The same record again is still the same row. */
        assert_int_equal(bad(&kit, "web", "no time", STR("one")), 1);
        item = kit_item(&kit, "web", "m", "Visit", "user=u1");
        assert_int_equal(mend(&kit, 1, &item), STORE_STORED);
        assert_int_equal(list(&kit, NULL, NULL, 0, 10).total, 1);
    }
}

static void a_record_that_comes_again_after_its_row_left_makes_a_new_one(void **state)
{
    (void)state;
    struct kit kit;
    PLAY(&kit)
    {
        assert_int_equal(bad(&kit, "web", "no time", STR("same")), 1);
        kit_step(&kit);
        struct store_item item = kit_item(&kit, "web", NULL, "Visit", "user=u1");
        item.verdict = STORE_REFUSED;
        assert_int_equal(mend(&kit, 1, &item), STORE_REFUSED);
        kit_step(&kit);
        assert_int_equal(bad(&kit, "web", "no time", STR("same")), 2);
        kit_step(&kit);
        assert_int_equal(bad(&kit, "web", "no time", STR("same")), 2);
        assert_int_equal(list(&kit, NULL, NULL, 0, 10).total, 1);
        check_ledger(&kit, 3, 0, 0, 2, 1);
    }
}

static void in_one_batch_a_row_is_mended_once(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    bad(&kit, "web", "no time", STR("one"));
    struct store_item items[4];
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        items[i] = kit_item(&kit, "web", NULL, "Visit", "user=u1");
        items[i].mends = 1;
        items[i].raw = STR("one");
    }
    items[0].verdict = STORE_QUARANTINED;
    items[0].reason = STR("not yet");
    items[3].mends = 0; /* the same bad record arrives after its row left */
    items[3].verdict = STORE_QUARANTINED;
    assert_true(store_submit(kit.store, items, ARRAY_LEN(items), &fail));
    assert_int_equal(items[0].verdict, STORE_QUARANTINED);
    assert_int_equal(items[1].verdict, STORE_STORED);
    assert_true(items[2].out_absent);
    assert_int_equal(items[3].out_quarantine_id, 2);
    check_ledger(&kit, 2, 1, 0, 1, 0);
    kit_verify(&kit);
    check_ledger(&kit, 2, 1, 0, 1, 0);
    kit_done(&kit);
}

static void the_bytes_of_rows_that_left_go_with_the_next_seal(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    for (int i = 0; i < 3; i++) {
        bad(&kit, "web", "no time", str_format(kit.arena, "secret words %d", i));
    }
    kit_seal(&kit);
    for (uint64_t id = 1; id <= 3; id++) {
        struct store_item item = kit_item(&kit, "web", NULL, "Visit", "user=u1");
        item.verdict = STORE_REFUSED;
        if (id != 2) {
            mend(&kit, id, &item);
        }
    }
    kit_seal(&kit);
    struct fail fail;
    struct str *names, bytes;
    size_t count;
    struct disk *disk = disk_sim_disk(kit.sim);
    assert_true(disk_list(disk, "quarantine", kit.arena, &names, &count, &fail));
    assert_int_equal(count, 1);
    const char *path = str_format(kit.arena, "quarantine/%.*s", STR_ARG(names[0])).data;
    assert_true(disk_read_whole(disk, path, kit.arena, 1 << 20, &bytes, &fail));
    assert_true(str_find(bytes, STR("secret words 1")) < bytes.len);
    assert_int_equal(str_find(bytes, STR("secret words 0")), bytes.len);
    assert_int_equal(str_find(bytes, STR("secret words 2")), bytes.len);
    struct store_item item = kit_item(&kit, "web", NULL, "Visit", "user=u1");
    mend(&kit, 2, &item);
    kit_seal(&kit);
    assert_true(disk_list(disk, "quarantine", kit.arena, &names, &count, &fail));
    assert_int_equal(count, 0); /* of no rows there is no file */
    kit_verify(&kit);
    kit_done(&kit);
}

static void how_a_record_came_is_kept_with_it(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        static const char *const ways[] = {"one way", "another", NULL, "one way"};
        for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
            struct store_item item = kit_item(&kit, "web", NULL, "Visit", "");
            item.raw = str_format(kit.arena, "%zu", i);
            item.way = ways[i] == NULL ? (struct str){0} : str_from_c(ways[i]);
            item.event.sent_at_ms = i == 1 ? KIT_START_MS - 77 : STORE_NO_TIME;
            assert_int_equal(kit_submit(&kit, &item), STORE_QUARANTINED);
        }
        for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
            struct store_quarantine_row row;
            assert_true(store_quarantine_get(kit.store, i + 1, kit.arena, &row, &fail));
            assert_int_equal(row.way.data == NULL, ways[i] == NULL);
            assert_true(ways[i] == NULL || str_is(row.way, ways[i]));
            assert_int_equal(row.sent_at_ms, i == 1 ? KIT_START_MS - 77 : STORE_NO_TIME);
        }
        char *endless = arena_alloc(kit.arena, STORE_WAY_BYTES_MAX + 1, &fail);
        memset(endless, 'w', STORE_WAY_BYTES_MAX + 1);
        struct store_item item = kit_item(&kit, "web", NULL, "Visit", "");
        item.raw = STR("endless");
        item.way = str_of(endless, STORE_WAY_BYTES_MAX + 1);
        assert_int_equal(kit_submit(&kit, &item), STORE_QUARANTINED);
        struct store_quarantine_row row;
        assert_true(store_quarantine_get(kit.store, 5, kit.arena, &row, &fail));
        assert_null(row.way.data); /* too long to be kept: it is guessed */
    }
}

static void a_trial_says_what_would_become_of_rows_and_changes_nothing(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    kit_send(&kit, "web", "m1", "Visit", "user=u1");
    for (int i = 0; i < 3; i++) {
        bad(&kit, "web", "no time", str_format(kit.arena, "%d", i));
    }
    for (int round = 0; round < 2; round++) {
        struct store_item items[5];
        for (size_t i = 0; i < ARRAY_LEN(items); i++) {
            items[i] = kit_item(&kit, "web", "m1", "Visit", "user=u2");
            items[i].mends = i + 1;
        }
        items[1].event.message_id = STR("m2");
        items[2].event.message_id = STR("m2");
        items[3].event.message_id = STR("m3");
        items[3].mends = 0;
        assert_true(store_try(kit.store, items, ARRAY_LEN(items), &fail));
        assert_int_equal(items[0].verdict, STORE_DUPLICATE);
        assert_int_equal(items[1].verdict, STORE_STORED);
        assert_int_equal(items[2].verdict, STORE_DUPLICATE); /* of the one before it */
        assert_int_equal(items[3].verdict, STORE_STORED);
        assert_true(items[4].out_absent);
        check_ledger(&kit, 4, 1, 0, 3, 0);
        assert_int_equal(kit_rows(&kit, "u2"), -1);
        assert_int_equal(list(&kit, NULL, NULL, 0, 10).total, 3);
    }
    kit_verify(&kit);
    kit_done(&kit);
}

static void rows_are_gathered_by_what_is_wrong(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    PLAY(&kit)
    {
        for (int i = 0; i < 7; i++) {
            bad(&kit, i == 0 ? "app" : "web", i % 3 == 0 ? "no time" : "no name",
                str_format(kit.arena, "record %d", i));
        }
        struct store_item item = kit_item(&kit, "web", NULL, "Visit", "user=u1");
        assert_int_equal(mend(&kit, 7, &item), STORE_STORED);
        kit_step(&kit);
        struct store_quarantine_group *groups;
        size_t count;
        uint64_t rest;
        assert_true(store_quarantine_groups(kit.store, kit.arena, &groups, &count, &rest, &fail));
        assert_int_equal(count, 3);
        assert_int_equal(rest, 0);
        assert_true(str_is(groups[0].reason, "no name"));
        assert_int_equal(groups[0].rows, 4);
        assert_int_equal(groups[0].id, 6);
        assert_true(str_is(groups[1].source, "web"));
        assert_int_equal(groups[1].rows, 1);
        assert_true(str_is(groups[2].source, "app"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_newest_first_and_whole),
        cmocka_unit_test(a_full_quarantine_refuses_and_takes_again_once_there_is_room),
        cmocka_unit_test(the_same_bad_record_makes_no_second_row),
        cmocka_unit_test(the_same_bad_record_twice_in_a_batch_makes_one_row),
        cmocka_unit_test(lists_are_filtered_and_paged),
        cmocka_unit_test(of_a_huge_record_the_beginning_is_kept),
        cmocka_unit_test(bad_shapes_are_quarantined_with_a_reason),
        cmocka_unit_test(a_mended_row_leaves_and_the_ledger_moves_by_one),
        cmocka_unit_test(a_row_that_is_still_bad_stays_with_its_new_reason),
        cmocka_unit_test(a_record_that_comes_again_after_its_row_left_makes_a_new_one),
        cmocka_unit_test(in_one_batch_a_row_is_mended_once),
        cmocka_unit_test(the_bytes_of_rows_that_left_go_with_the_next_seal),
        cmocka_unit_test(how_a_record_came_is_kept_with_it),
        cmocka_unit_test(a_trial_says_what_would_become_of_rows_and_changes_nothing),
        cmocka_unit_test(rows_are_gathered_by_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
