/* Opening what is not as it should be: damage is said, leftovers go, nothing is skipped in silence. */
#include "store_kit.h"

#include "base_random.h"
#include "store_core.h"

static void fill(struct kit *kit)
{
    struct fail fail;
    kit_send(kit, "web", "1", "Visit", "anonymous=a");
    kit_send(kit, "web", "2", "Visit", "user=u anonymous=a account=c");
    kit_send(kit, "web", "2", "Visit", "user=u");
    kit_send(kit, "web", NULL, "Visit", "");
    struct store_item alias = kit_alias(kit, "reserved", "user=u", false);
    kit_submit(kit, &alias);
    kit_seal(kit);
    kit_send(kit, "app", "3", "Buy", "user=v email=e");
    kit_send(kit, "app", NULL, "Buy", "anonymous=b ext.crm=5");
    if (!store_customer_join(kit->store, STR("v"), STR("u"), &fail) ||
        !store_customer_split(kit->store, STR("v"), &fail)) {
        fail_msg("%s", fail.message);
    }
    kit_seal(kit);
    kit_send(kit, "app", "4", "Buy", "user=v");
    kit_send(kit, "app", NULL, "Buy", "");
}

static bool open_again(struct kit *kit, struct fail *fail)
{
    return store_open(disk_sim_disk(kit->sim), &kit->options, &kit->store, fail);
}

static void *contents(struct kit *kit, const char *path, size_t *out_len)
{
    struct fail fail;
    struct str bytes;
    assert_true(disk_read_whole(disk_sim_disk(kit->sim), path, kit->arena, 1 << 24, &bytes, &fail));
    *out_len = bytes.len;
    return str_copy_c(kit->arena, bytes);
}

static void overwrite(struct kit *kit, const char *path, uint64_t at, char byte)
{
    struct fail fail;
    struct disk_file *file;
    assert_true(disk_open(disk_sim_disk(kit->sim), path, DISK_WRITE, &file, &fail));
    assert_true(disk_write_at(file, at, &byte, 1, &fail));
    disk_close(file);
}

static void count_problem(void *context, const char *path, const char *what)
{
    int *problems = context;
    assert_true(path[0] != '\0' && what[0] != '\0');
    ++*problems;
}

static int verify(struct kit *kit)
{
    struct store_verify_result result;
    struct fail fail;
    int problems = 0;
    if (!store_verify(disk_sim_disk(kit->sim), count_problem, &problems, &result, &fail)) {
        fail_msg("%s", fail.message);
    }
    assert_int_equal(problems, result.problems);
    return problems;
}

static size_t list_files(struct kit *kit, const char **out, size_t most)
{
    static const char *const folders[] = {"journal", "segments", "identity", "dedup", "quarantine"};
    size_t count = 0;
    out[count++] = "MANIFEST";
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        struct str *names;
        size_t names_count;
        struct fail fail;
        assert_true(disk_list(disk_sim_disk(kit->sim), folders[i], kit->arena, &names, &names_count,
                              &fail));
        for (size_t n = 0; n < names_count; n++) {
            assert_true(count < most);
            out[count++] = str_copy_c(
                kit->arena, str_format(kit->arena, "%s/%.*s", folders[i], STR_ARG(names[n])));
        }
    }
    return count;
}

static void verify_finds_a_flipped_bit_in_any_file(void **state)
{
    (void)state;
    struct kit kit;
    struct base_random_seeded random;
    base_random_seed(&random, 5);
    kit_init(&kit);
    fill(&kit);
    kit_close(&kit);
    assert_int_equal(verify(&kit), 0);
    const char *files[64];
    size_t count = list_files(&kit, files, ARRAY_LEN(files));
    assert_int_equal(count, 1 + 1 + 2 + 2 + 2 + 1);
    for (size_t f = 0; f < count; f++) {
        if (strncmp(files[f], "segments", 8) == 0) {
            continue; /* they have bytes between chunks that mean nothing: see test_segment.c */
        }
        size_t len;
        const char *bytes = contents(&kit, files[f], &len);
        /* the last frame of a journal, 26 bytes, only says that it was closed: losing it is no damage */
        size_t end = strncmp(files[f], "journal", 7) == 0 ? len - 26 : len;
        for (int i = 0; i < 60; i++) {
            size_t at = base_random_below(&random.random, end);
            overwrite(&kit, files[f], at, (char)(bytes[at] ^ (char)(1 << (i % 8))));
            if (verify(&kit) == 0) {
                fail_msg("%s: a flipped bit at byte %zu of %zu was not found", files[f], at, len);
            }
            overwrite(&kit, files[f], at, bytes[at]);
        }
    }
    assert_int_equal(verify(&kit), 0);
    kit_open(&kit);
    kit_done(&kit);
}

static void a_file_that_is_missing_is_said(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    fill(&kit);
    kit_close(&kit);
    const char *files[64];
    size_t count = list_files(&kit, files, ARRAY_LEN(files));
    for (size_t f = 0; f < count; f++) {
        struct disk_sim *whole = kit.sim;
        kit.sim = disk_sim_cut(whole, 1); /* nothing is pending: a copy */
        assert_true(disk_remove(disk_sim_disk(kit.sim), files[f], &fail));
        assert_false(open_again(&kit, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
        assert_true(verify(&kit) > 0);
        disk_sim_free(kit.sim);
        kit.sim = whole;
    }
    kit_open(&kit);
    kit_done(&kit);
}

static void files_that_nothing_names_are_cleared_away(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    fill(&kit);
    kit_close(&kit);
    static const char *const leftovers[] = {
        "segments/00000000000000aa.seg", "identity/00000000000000ab.run",
        "dedup/00000000000000ac.run",    "quarantine/00000000000000ad.q",
        "journal/0000000000000000.log",
    };
    const char *before[64];
    size_t count = list_files(&kit, before, ARRAY_LEN(before));
    for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
        assert_true(disk_write_whole(disk_sim_disk(kit.sim), leftovers[i], STR("rest"), &fail));
    }
    assert_true(disk_write_whole(disk_sim_disk(kit.sim), "segments/notes.txt", STR("mine"), &fail));
    kit.options.read_only = true;
    kit_open(&kit);
    kit_close(&kit);
    const char *after[64];
    assert_int_equal(list_files(&kit, after, ARRAY_LEN(after)), count + ARRAY_LEN(leftovers) + 1);
    kit.options.read_only = false;
    kit_open(&kit);
    assert_int_equal(list_files(&kit, after, ARRAY_LEN(after)), count + 1); /* what is not ours */
    kit_send(&kit, "web", NULL, "Visit", "user=u");
    kit_seal(&kit); /* numbers of files that were there are not used again */
    kit_verify(&kit);
    kit_done(&kit);
}

static void a_store_opened_for_reading_changes_nothing(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    fill(&kit);
    kit_close(&kit);
    uint64_t changes = disk_sim_changes(kit.sim);
    kit.options.read_only = true;
    kit_open(&kit);
    assert_int_equal(kit_rows(&kit, "v"), 2);
    struct store_item item = kit_item(&kit, "web", NULL, "Visit", "user=u");
    assert_false(store_submit(kit.store, &item, 1, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_false(store_seal(kit.store, &fail));
    assert_false(store_merge(kit.store, false, &fail));
    assert_false(store_customer_join(kit.store, STR("v"), STR("u"), &fail));
    kit_close(&kit);
    assert_int_equal(disk_sim_changes(kit.sim), changes);
    kit.options.read_only = false;
    kit_open(&kit);
    kit_done(&kit);
}

static void where_there_is_no_store_reading_makes_none(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    kit_close(&kit);
    disk_sim_free(kit.sim);
    kit.sim = disk_sim_new(2);
    kit.options.read_only = true;
    assert_false(open_again(&kit, &fail));
    assert_int_equal(fail.code, FAIL_ABSENT);
    assert_int_equal(disk_sim_changes(kit.sim), 0);
    kit_done(&kit);
}

static void opening_and_closing_writes_nothing_new(void **state)
{
    (void)state;
    struct kit kit;
    struct store_status status;
    kit_init(&kit);
    fill(&kit);
    kit_reopen(&kit);
    store_status_read(kit.store, &status);
    uint64_t bytes = status.journal_bytes;
    for (int i = 0; i < 5; i++) {
        kit_reopen(&kit);
    }
    store_status_read(kit.store, &status);
    assert_int_equal(status.journal_bytes, bytes);
    kit_done(&kit);
}

static void after_a_failed_sync_reading_goes_on_and_writing_does_not(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct store_status status;
    kit_init(&kit);
    fill(&kit);
    struct disk_sim_fault fault = {.at = 2, .kind = DISK_SIM_EIO};
    disk_sim_fail(kit.sim, &fault);
    struct store_item item = kit_item(&kit, "web", "9", "Visit", "user=u");
    assert_false(store_submit(kit.store, &item, 1, &fail));
    assert_int_equal(fail.code, FAIL_IO);
    disk_sim_fail(kit.sim, NULL);
    assert_false(store_submit(kit.store, &item, 1, &fail));
    assert_int_equal(fail.code, FAIL_IO);
    assert_false(store_seal(kit.store, &fail));
    store_status_read(kit.store, &status);
    assert_true(status.read_only_after_failure);
    assert_int_equal(kit_rows(&kit, "v"), 2);
    assert_int_equal(kit_ledger(&kit).total.received, status.events + 3);
    kit_reopen(&kit);
    assert_in_range(kit_send(&kit, "web", "9", "Visit", "user=u"), STORE_STORED, STORE_DUPLICATE);
    kit_verify(&kit);
    kit_done(&kit);
}

static void damage_in_an_identity_run_is_no_wrong_answer(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    kit_init(&kit);
    fill(&kit);
    kit_seal(&kit);
    kit_close(&kit);
    const char *files[64];
    size_t count = list_files(&kit, files, ARRAY_LEN(files));
    for (size_t f = 0; f < count; f++) {
        if (strncmp(files[f], "identity", 8) == 0) {
            overwrite(&kit, files[f], 100, 'X'); /* in the meta page, which opening looks at */
        }
    }
    assert_false(open_again(&kit, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    kit_done(&kit);
}

static void a_manifest_of_another_version_is_refused_by_name(void **state)
{
    (void)state;
    struct kit kit;
    struct fail fail;
    struct store_manifest *manifest;
    kit_init(&kit);
    fill(&kit);
    kit_close(&kit);
    size_t len;
    char *bytes = contents(&kit, "MANIFEST", &len);
    bytes[8] = 9;
    uint64_t sum = base_hash64(bytes, len - 8, 0);
    memcpy(bytes + len - 8, &sum, 8);
    assert_false(store_manifest_decode(str_of(bytes, len), &manifest, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT); /* not damaged */
    assert_non_null(strstr(fail.message, "newer version of firsthand (version 9"));
    bytes[8] = 2;
    sum = base_hash64(bytes, len - 8, 0);
    memcpy(bytes + len - 8, &sum, 8);
    assert_false(store_manifest_decode(str_of(bytes, len), &manifest, &fail));
    assert_int_equal(fail.code, FAIL_CONFLICT);
    assert_non_null(strstr(fail.message, "version 2 of the files, from before"));
    for (size_t cut = 0; cut < len; cut++) {
        assert_false(store_manifest_decode(str_of(bytes, cut), &manifest, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
    }
    kit_open(&kit);
    kit_done(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_finds_a_flipped_bit_in_any_file),
        cmocka_unit_test(a_file_that_is_missing_is_said),
        cmocka_unit_test(files_that_nothing_names_are_cleared_away),
        cmocka_unit_test(a_store_opened_for_reading_changes_nothing),
        cmocka_unit_test(where_there_is_no_store_reading_makes_none),
        cmocka_unit_test(opening_and_closing_writes_nothing_new),
        cmocka_unit_test(after_a_failed_sync_reading_goes_on_and_writing_does_not),
        cmocka_unit_test(damage_in_an_identity_run_is_no_wrong_answer),
        cmocka_unit_test(a_manifest_of_another_version_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
