/* The log of erasures: what was signed is believed, what was cut or changed is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "disk_sim.h"
#include "privacy_log.h"

#define SECRET STR("the directory's own")

struct world {
    struct disk_sim *sim;
    struct disk *disk;
    struct arena *arena;
    struct privacy_log *log;
    struct fail fail;
};

static void open_log(struct world *w)
{
    privacy_log_close(w->log);
    w->log = NULL;
    assert_true(privacy_log_open(w->disk, SECRET, &w->log, &w->fail));
}

static struct world world_new(void)
{
    struct world w = {.sim = disk_sim_new(3), .arena = arena_new(NULL)};
    w.disk = disk_sim_disk(w.sim);
    open_log(&w);
    return w;
}

static void world_done(struct world *w)
{
    privacy_log_close(w->log);
    arena_free(w->arena);
    disk_sim_free(w->sim);
}

static bool append(struct world *w, const char *id, const char *who, struct str *out)
{
    const struct str hashed[] = {str_from_c(who), STR("email:ann@shop.example")};
    const struct privacy_receipt receipt = {.id = str_from_c(id),
                                            .at_ms = INT64_C(1780000000000),
                                            .by = STR("ops"),
                                            .reason = STR("asked for \"it\""),
                                            .events = 12,
                                            .customers = 1,
                                            .identifiers = 2,
                                            .hashed = hashed,
                                            .hashed_count = 2};
    return privacy_log_append(w->log, &receipt, w->arena, out, &w->fail);
}

static struct str appended(struct world *w, const char *id, const char *who)
{
    struct str line;
    if (!append(w, id, who, &line)) {
        fail_msg("%s", w->fail.message);
    }
    return line;
}

static struct str text_of(struct world *w)
{
    struct str text;
    assert_true(disk_read_whole(w->disk, PRIVACY_LOG_PATH, w->arena, PRIVACY_LINE_BYTES_MAX, &text,
                                &w->fail));
    return text;
}

static void write_text(struct world *w, struct str text)
{
    privacy_log_close(w->log);
    w->log = NULL;
    assert_true(disk_write_whole(w->disk, PRIVACY_LOG_PATH, text, &w->fail));
    open_log(w);
}

static size_t lines_of(struct world *w, size_t *out_broken)
{
    struct privacy_log_state state;
    assert_true(privacy_log_verify(w->log, &state, &w->fail));
    *out_broken = state.broken;
    return state.lines;
}

static void receipts_are_there_after_opening_again(void **state)
{
    (void)state;
    struct world w = world_new();
    struct str *list;
    struct str found;
    size_t count, total, broken;
    bool there;
    assert_false(privacy_log_any(w.log));
    assert_false(privacy_log_holds(w.log, STR("user:ann")));
    assert_int_equal(lines_of(&w, &broken), 0);
    struct str first = appended(&w, "e_1", "user:ann");
    struct str second = appended(&w, "e_2", "user:bo");
    assert_true(
        str_equal(appended(&w, "e_1", "user:other"), first)); /* of one id the first stays */
    for (int again = 0; again < 2; again++) {
        assert_true(privacy_log_any(w.log));
        assert_true(privacy_log_holds(w.log, STR("user:ann")));
        assert_true(privacy_log_holds(w.log, STR("email:ann@shop.example")));
        assert_false(privacy_log_holds(w.log, STR("user:other")));
        assert_true(privacy_log_list(w.log, 0, 10, w.arena, &list, &count, &total, &w.fail));
        assert_true(count == 2 && total == 2);
        assert_true(str_equal(list[0], second) && str_equal(list[1], first)); /* newest first */
        assert_true(privacy_log_list(w.log, 1, 10, w.arena, &list, &count, &total, &w.fail));
        assert_true(count == 1 && str_equal(list[0], first));
        assert_true(privacy_log_list(w.log, 7, 10, w.arena, &list, &count, &total, &w.fail));
        assert_true(count == 0 && total == 2);
        assert_true(privacy_log_find(w.log, STR("e_2"), w.arena, &found, &there, &w.fail));
        assert_true(there && str_equal(found, second));
        assert_true(privacy_log_find(w.log, STR("e_3"), w.arena, &found, &there, &w.fail));
        assert_false(there);
        assert_int_equal(lines_of(&w, &broken), 2);
        assert_int_equal(broken, 0);
        open_log(&w);
    }
    world_done(&w);
}

static void no_identifier_stands_in_the_file(void **state)
{
    (void)state;
    struct world w = world_new();
    appended(&w, "e_1", "user:ann");
    struct str text = text_of(&w);
    assert_int_equal(str_find(text, STR("ann")), text.len);
    world_done(&w);
}

/* What a crash left behind the last whole line was never acknowledged. */
static void a_torn_last_line_is_none_and_goes_with_the_next_one(void **state)
{
    (void)state;
    struct world w = world_new();
    appended(&w, "e_1", "user:ann");
    struct str second = appended(&w, "e_2", "user:bo");
    struct str whole = text_of(&w);
    size_t first_len = whole.len - second.len - 1;
    for (size_t len = first_len; len < whole.len; len += 97) {
        size_t broken;
        write_text(&w, str_of(whole.data, len));
        assert_true(privacy_log_holds(w.log, STR("user:ann")));
        assert_false(privacy_log_holds(w.log, STR("user:bo")));
        assert_int_equal(lines_of(&w, &broken), 1);
        appended(&w, "e_3", "user:cy");
        open_log(&w);
        assert_int_equal(lines_of(&w, &broken), 2);
        assert_int_equal(broken, 0);
        assert_true(privacy_log_holds(w.log, STR("user:cy")));
    }
    world_done(&w);
}

/* Every byte of a line is signed: whichever is another one, the line is not believed, and verifying says so. */
static void a_line_that_was_changed_is_not_believed_and_is_counted(void **state)
{
    (void)state;
    struct world w = world_new();
    appended(&w, "e_1", "user:ann");
    appended(&w, "e_2", "user:bo");
    struct str whole = text_of(&w);
    size_t first_len = str_find_byte(whole, '\n');
    for (size_t at = 0; at < first_len; at += 7) {
        size_t broken;
        char *bytes = str_copy_c(w.arena, whole);
        bytes[at] = (char)(bytes[at] ^ 1);
        write_text(&w, str_of(bytes, whole.len));
        assert_false(privacy_log_holds(w.log, STR("user:ann")));
        assert_true(privacy_log_holds(w.log, STR("user:bo")));
        size_t lines = lines_of(&w, &broken);
        assert_int_equal(lines - broken, 1);
        assert_true(broken >= 1);
    }
    world_done(&w);
}

static void what_another_secret_signed_or_nobody_is_refused(void **state)
{
    (void)state;
    struct world w = world_new(), other = world_new();
    privacy_log_close(other.log);
    assert_true(privacy_log_open(other.disk, STR("another's"), &other.log, &other.fail));
    struct str foreign = appended(&other, "e_9", "user:ann");
    const struct str lines[] = {STR(""), STR("{}"), STR("}"), foreign,
                                STR("{\"receipt\":\"e_1\",\"hashes\":[]}")};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        assert_false(privacy_log_signed(w.log, lines[i]));
        assert_false(privacy_log_take(w.log, lines[i], &w.fail));
        assert_int_equal(w.fail.code, FAIL_INPUT);
    }
    assert_false(privacy_log_any(w.log));
    world_done(&w);
    world_done(&other);
}

/* As after restoring an older backup: the newer directory's log says whom it erased since. */
static void a_newer_log_of_the_same_directory_is_taken_line_by_line(void **state)
{
    (void)state;
    struct world w = world_new(), newer = world_new();
    appended(&w, "e_1", "user:ann");
    struct str shared = appended(&newer, "e_1", "user:ann");
    struct str later = appended(&newer, "e_2", "user:bo");
    struct privacy_log *beside;
    assert_true(privacy_log_beside(w.log, text_of(&newer), &beside, &w.fail));
    struct str *list;
    size_t count, total;
    assert_true(privacy_log_list(beside, 0, 10, w.arena, &list, &count, &total, &w.fail));
    assert_true(total == 1 && str_equal(list[0], later)); /* what is known here is passed over */
    assert_true(privacy_log_holds(beside, STR("user:bo")));
    privacy_log_close(beside);
    assert_true(privacy_log_take(w.log, shared, &w.fail)); /* known: nothing is written */
    assert_true(privacy_log_take(w.log, later, &w.fail));
    assert_true(privacy_log_take(w.log, later, &w.fail));
    open_log(&w);
    assert_true(str_equal(text_of(&w), text_of(&newer)));
    world_done(&w);
    world_done(&newer);
}

/* Thousands of hashes: the table grows, and still knows each. */
static void thousands_who_were_erased_are_all_known(void **state)
{
    enum { MANY = 3000 };
    (void)state;
    struct world w = world_new();
    struct str *ids = arena_array(w.arena, MANY, sizeof *ids, &w.fail);
    for (unsigned i = 0; i < MANY; i++) {
        ids[i] = str_format(w.arena, "user:u%u", i);
    }
    const struct privacy_receipt receipt = {
        .id = STR("e_1"), .by = STR("ops"), .hashed = ids, .hashed_count = MANY};
    struct str line;
    assert_true(privacy_log_append(w.log, &receipt, w.arena, &line, &w.fail));
    open_log(&w);
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(privacy_log_holds(w.log, ids[i]));
    }
    assert_false(privacy_log_holds(w.log, STR("user:u3000")));
    world_done(&w);
}

/* Whatever call of the disk fails, the receipt is there afterwards if it was acknowledged, and can be written again if not. */
static void a_disk_that_fails_is_said_and_the_receipt_can_be_tried_again(void **state)
{
    (void)state;
    bool happened = true;
    for (uint64_t at = 1; happened; at++) {
        struct world w = world_new();
        const struct disk_sim_fault fault = {.at = at, .kind = DISK_SIM_EIO, .any_call = true};
        struct str line;
        disk_sim_fail(w.sim, &fault);
        bool ok = append(&w, "e_1", "user:ann", &line);
        happened = disk_sim_fault_happened(w.sim);
        disk_sim_fail(w.sim, NULL);
        assert_true(ok == !happened);
        if (!ok) {
            assert_int_equal(w.fail.code, FAIL_IO);
            assert_true(append(&w, "e_1", "user:ann", &line));
        }
        size_t broken;
        open_log(&w);
        assert_true(privacy_log_holds(w.log, STR("user:ann")));
        assert_int_equal(lines_of(&w, &broken), 1);
        assert_int_equal(broken, 0);
        world_done(&w);
    }
}

static void a_log_that_cannot_be_read_is_not_taken_for_none(void **state)
{
    (void)state;
    bool happened = true;
    struct world w = world_new();
    appended(&w, "e_1", "user:ann");
    privacy_log_close(w.log);
    w.log = NULL;
    for (uint64_t at = 1; happened; at++) {
        const struct disk_sim_fault fault = {.at = at, .kind = DISK_SIM_EIO, .any_call = true};
        disk_sim_fail(w.sim, &fault);
        struct privacy_log *log = NULL;
        bool ok = privacy_log_open(w.disk, SECRET, &log, &w.fail);
        happened = disk_sim_fault_happened(w.sim);
        assert_true(ok == !happened);
        assert_true(!ok || privacy_log_holds(log, STR("user:ann")));
        privacy_log_close(log);
    }
    disk_sim_fail(w.sim, NULL);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receipts_are_there_after_opening_again),
        cmocka_unit_test(no_identifier_stands_in_the_file),
        cmocka_unit_test(a_torn_last_line_is_none_and_goes_with_the_next_one),
        cmocka_unit_test(a_line_that_was_changed_is_not_believed_and_is_counted),
        cmocka_unit_test(what_another_secret_signed_or_nobody_is_refused),
        cmocka_unit_test(a_newer_log_of_the_same_directory_is_taken_line_by_line),
        cmocka_unit_test(thousands_who_were_erased_are_all_known),
        cmocka_unit_test(a_disk_that_fails_is_said_and_the_receipt_can_be_tried_again),
        cmocka_unit_test(a_log_that_cannot_be_read_is_not_taken_for_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
