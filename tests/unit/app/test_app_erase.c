/* An older copy of a directory is given the newer one's log of erasures, and forgets whom that one forgot. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "base_clock.h"
#include "store_scan.h"
#include "../../support/scratch.h"

static char root[SCRATCH_BYTES];
static struct arena *arena;
static struct fail fail;
#define OK(call)                                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, fail.message);                                               \
        }                                                                                          \
    } while (0)

static int begin(void **state)
{
    (void)state;
    arena = arena_new(NULL);
    return scratch_make(root) ? 0 : -1;
}

static void shell(const char *command)
{
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a test's own words */
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return scratch_remove(root) ? 0 : -1;
}

static const char *path_of(const char *name)
{
    return str_copy_c(arena, str_format(arena, "%s/%s", root, name));
}

static struct app *open_app(const char *name)
{
    struct app *app = NULL;
    struct app_options options = {.data = path_of(name)};
    OK(app_open(&options, &app, &fail));
    return app;
}

static void send(struct app *app, const char *user, const char *event)
{
    struct store_identifier id = {STR("user"), str_from_c(user)};
    int64_t now_ms = base_now_ms(base_clock_real());
    struct store_item item = {
        .event = {.source = STR("web"),
                  .event = str_from_c(event),
                  .ts_ms = now_ms,
                  .received_at_ms = now_ms,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = STORE_NO_TIME,
                  .identifiers = &id,
                  .identifier_count = 1},
        .verdict = STORE_STORED,
    };
    OK(app_take(app, &item, 1, &fail));
    assert_int_equal(item.verdict, STORE_STORED);
}

static void call(struct app *app, const char *operation, const char *input)
{
    struct base_buf out = {0};
    struct app_caller caller = app_operator();
    OK(app_call(app, &caller, str_from_c(operation), str_from_c(input), &out, &fail));
    base_buf_done(&out);
}

static bool knows(struct app *app, const char *user)
{
    uint32_t customer;
    struct store_snapshot *snapshot = store_snapshot_take(app_store(app));
    store_customer_lookup(snapshot, str_from_c(user), &customer);
    store_snapshot_unref(snapshot);
    return customer != STORE_NO_CUSTOMER;
}

static struct str log_of(const char *name)
{
    struct disk *disk = NULL;
    struct str text;
    OK(disk_real(path_of(name), &disk, &fail));
    OK(disk_read_whole(disk, "erasures.log", arena, (size_t)1 << 20, &text, &fail));
    disk_free(disk);
    return text;
}

static void an_older_copy_erases_again_whom_the_newer_one_erased(void **state)
{
    (void)state;
    size_t count = 99;
    struct app *app = open_app("now");
    send(app, "ann", "Visit");
    send(app, "bob", "Visit");
    send(app, "cat", "Visit");
    call(app, "erase", "{\"customer\":\"cat\"}");
    app_close(app);
    shell(str_copy_c(arena, str_format(arena, "cp -r %s/now %s/before", root, root)));

    app = open_app("now");
    call(app, "erase", "{\"customer\":\"ann\"}");
    send(app, "ann", "Back");
    app_close(app);
    struct str log = log_of("now");

    app = open_app("before");
    send(app, "cat", "Back"); /* erased before the copy was made: this one is new */
    assert_true(knows(app, "ann"));
    OK(app_erasures_replay(app, log, &count, &fail));
    assert_int_equal(count, 1);
    assert_false(knows(app, "ann"));
    assert_true(knows(app, "bob"));
    assert_true(knows(app, "cat"));
    /* Once more does nothing, not even to who came back since. */
    send(app, "ann", "Back");
    OK(app_erasures_replay(app, log, &count, &fail));
    assert_int_equal(count, 0);
    assert_true(knows(app, "ann"));
    app_close(app);
    assert_true(str_equal(log_of("before"), log));
}

static void lines_of_another_directory_say_nothing(void **state)
{
    (void)state;
    size_t count = 99;
    struct app *app = open_app("other");
    send(app, "bob", "Visit");
    call(app, "erase", "{\"customer\":\"bob\"}");
    app_close(app);
    struct str log = log_of("other");
    app = open_app("now");
    OK(app_erasures_replay(app, log, &count, &fail));
    assert_int_equal(count, 0);
    assert_true(knows(app, "bob"));
    /* Nor do torn ones. */
    OK(app_erasures_replay(app, str_of(log.data, log.len / 2), &count, &fail));
    assert_int_equal(count, 0);
    app_close(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_copy_erases_again_whom_the_newer_one_erased),
        cmocka_unit_test(lines_of_another_directory_say_nothing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
