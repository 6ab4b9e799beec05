/* What is merged beside what: small merges while a long one is under way, and all of it given up where people are to be erased. */
#include "store_kit.h"

#include <stdio.h>

#include "base_thread.h"
#include "store_advance.h"
#include "store_keeper.h"

#define MUST(call)                                                                                 \
    do {                                                                                           \
        struct fail must_fail;                                                                     \
        bool must_ok = call;                                                                       \
        if (!must_ok) {                                                                            \
            fail_msg("%s", must_fail.message);                                                     \
        }                                                                                          \
    } while (0)

static size_t files_in(struct kit *kit, const char *folder)
{
    struct str *names;
    size_t count;
    MUST(disk_list(disk_sim_disk(kit->sim), folder, kit->arena, &names, &count, &must_fail));
    return count;
}

/* `seals` segments of `rows` rows, each with a run of deduplication. */
static void seal_some(struct kit *kit, int seals, int rows)
{
    for (int s = 0; s < seals; s++) {
        for (int i = 0; i < rows; i++) {
            char id[32];
            (void)snprintf(id, sizeof id, "m%d.%d", s, i);
            assert_int_equal(kit_send(kit, "web", id, "Visit", i % 2 == 0 ? "user=u" : "user=v"),
                             STORE_STORED);
        }
        kit_seal(kit);
    }
}

static void hold(struct kit *kit, const struct store_holding *held)
{
    base_lock(&kit->store->keeper.lock);
    kit->store->keeper.held = held;
    base_unlock(&kit->store->keeper.lock);
}

static bool has_segment(struct kit *kit, uint64_t id)
{
    const struct store_manifest *manifest = kit->store->keeper.manifest;
    for (size_t i = 0; i < manifest->segment_count; i++) {
        if (manifest->segments[i].id == id) {
            return true;
        }
    }
    return false;
}

static bool has_dedup(struct kit *kit, uint64_t id)
{
    const struct store_manifest *manifest = kit->store->keeper.manifest;
    for (size_t i = 0; i < manifest->run_count[STORE_RUN_DEDUP]; i++) {
        if (manifest->runs[STORE_RUN_DEDUP][i].id == id) {
            return true;
        }
    }
    return false;
}

static void keys_that_come_during_a_long_merge_of_segments_are_merged_beside_it(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    seal_some(&kit, 8, 6);
    const struct store_manifest *manifest = kit.store->keeper.manifest;
    const uint64_t ids[] = {manifest->segments[0].id, manifest->segments[1].id,
                            manifest->segments[2].id};
    const struct store_holding held = {STORE_ADVANCE_SEGMENTS, ids, ARRAY_LEN(ids)};
    MUST(store_keeper_merge_beside(kit.store, &must_fail));
    assert_int_equal(files_in(&kit, "segments"), 8); /* nothing is under way: it is not its part */
    hold(&kit, &held);
    MUST(store_keeper_merge_beside(kit.store, &must_fail));
    hold(&kit, NULL);
    assert_int_equal(files_in(&kit, "segments"), 8); /* one merge of these at a time */
    assert_in_range(files_in(&kit, "dedup"), 1, 2);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        assert_true(has_segment(&kit, ids[i]));
    }
    assert_int_equal(kit_rows(&kit, "u"), 24);
    kit_verify(&kit);
    kit_done(&kit);
}

static void what_comes_during_a_long_merge_of_keys_is_merged_beside_it(void **state)
{
    (void)state;
    struct kit kit;
    kit_init(&kit);
    seal_some(&kit, 8, 6);
    const struct store_manifest *manifest = kit.store->keeper.manifest;
    const uint64_t ids[] = {manifest->runs[STORE_RUN_DEDUP][1].id,
                            manifest->runs[STORE_RUN_DEDUP][2].id};
    const struct store_holding held = {STORE_RUN_DEDUP, ids, ARRAY_LEN(ids)};
    hold(&kit, &held);
    MUST(store_keeper_merge_beside(kit.store, &must_fail));
    hold(&kit, NULL);
    assert_in_range(files_in(&kit, "segments"), 1, 2);
    assert_in_range(files_in(&kit, "dedup"), 3, 4);
    assert_true(has_dedup(&kit, ids[0]) && has_dedup(&kit, ids[1]));
    assert_int_equal(kit_send(&kit, "web", "m0.0", "Visit", "user=u"), STORE_DUPLICATE);
    assert_int_equal(kit_send(&kit, "web", "m7.5", "Visit", "user=u"), STORE_DUPLICATE);
    kit_verify(&kit);
    kit_done(&kit);
}

struct claim { /* of a second one who wants nothing to be merged */
    struct store *store;
    bool given_up; /* what was tried while it had the turns */
};

static void run_claim(void *context)
{
    struct claim *claim = context;
    struct fail fail;
    store_merging_take(claim->store);
    claim->given_up = !store_keeper_merge(claim->store, true, &fail) && fail.code == FAIL_CANCELLED;
    store_merging_give(claim->store);
}

static uint32_t claims_of(struct store *store)
{
    base_lock(&store->keeper.lock);
    uint32_t claims = store->keeper.claims;
    base_unlock(&store->keeper.lock);
    return claims;
}

static void merges_are_given_up_as_long_as_anybody_claims_their_turn(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct base_thread second = {0};
    kit_init(&kit);
    seal_some(&kit, 4, 6);
    struct claim claim = {.store = kit.store};
    store_merging_take(kit.store);
    assert_false(store_keeper_merge(kit.store, true, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
    assert_true(base_thread_start(&second, "claim", run_claim, &claim, &fail));
    while (claims_of(kit.store) < 2) {
    }
    store_merging_give(kit.store);
    base_thread_join(&second);
    assert_true(claim.given_up);
    assert_int_equal(files_in(&kit, "segments"), 4);
    assert_true(store_merge(kit.store, true, &fail));
    assert_int_equal(files_in(&kit, "segments"), 1);
    kit_verify(&kit);
    kit_done(&kit);
}

static void who_claims_the_turn_may_let_newer_files_be_merged(void **state)
{
    (void)state;
    enum { OLD = 4, NEW = 8 };
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    seal_some(&kit, OLD + NEW, 6);
    const struct store_manifest *manifest = kit.store->keeper.manifest;
    uint64_t segments[OLD];
    uint64_t dedup[OLD];
    for (size_t i = 0; i < OLD; i++) {
        segments[i] = manifest->segments[i].id;
        dedup[i] = manifest->runs[STORE_RUN_DEDUP][i].id;
    }
    uint64_t stays_below =
        segments[OLD - 1] > dedup[OLD - 1] ? segments[OLD - 1] + 1 : dedup[OLD - 1] + 1;
    store_merging_take(kit.store);
    store_merging_let(kit.store, stays_below);
    MUST(store_keeper_merge_beside(kit.store, &must_fail));
    store_merging_let_end(kit.store);
    for (size_t i = 0; i < OLD; i++) {
        assert_true(has_segment(&kit, segments[i]) && has_dedup(&kit, dedup[i]));
    }
    assert_in_range(files_in(&kit, "segments"), OLD + 1, OLD + 3);
    assert_in_range(files_in(&kit, "dedup"), OLD + 1, OLD + 3);
    assert_false(store_keeper_merge(kit.store, true, &fail)); /* nobody may any more */
    assert_int_equal(fail.code, FAIL_CANCELLED);
    store_merging_give(kit.store);
    assert_true(store_merge(kit.store, true, &fail));
    assert_int_equal(files_in(&kit, "segments"), 1);
    assert_int_equal(kit_rows(&kit, "u"), 3 * (OLD + NEW));
    kit_verify(&kit);
    kit_done(&kit);
}

static void keys_whose_merge_is_given_up_leave_no_file(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct store_opened opened;
    struct store_run_info info;
    struct base_cancel cancel = {.clock = base_clock_real()};
    kit_init(&kit);
    seal_some(&kit, 3, 6);
    store_opened_now(kit.store, &opened);
    const struct store_dedup_run *runs[3];
    for (size_t i = 0; i < 3; i++) {
        runs[i] = &opened.dedup->runs[i];
    }
    base_cancel_now(&cancel);
    assert_false(store_dedup_merge(disk_sim_disk(kit.sim), runs, 3, 999, &cancel, &info, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
    assert_int_equal(files_in(&kit, "dedup"), 3);
    store_opened_done(&opened);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_come_during_a_long_merge_of_segments_are_merged_beside_it),
        cmocka_unit_test(what_comes_during_a_long_merge_of_keys_is_merged_beside_it),
        cmocka_unit_test(merges_are_given_up_as_long_as_anybody_claims_their_turn),
        cmocka_unit_test(who_claims_the_turn_may_let_newer_files_be_merged),
        cmocka_unit_test(keys_whose_merge_is_given_up_leave_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
