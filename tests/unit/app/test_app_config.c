
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app_config.h"

static char folder[] = "/tmp/firsthand-config-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/firsthand.conf", folder);
    unlink(path);
    return rmdir(folder);
}

static void write_file(const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/firsthand.conf", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_file_comes_before_defaults_and_the_environment_before_both(void **state)
{
    (void)state;
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    struct app_config config;
    struct str origins[64];
    write_file("# ours\n\nlisten = 127.0.0.1:9\nquery_time_ms = 500\n");
    setenv("FIRSTHAND_QUERY_TIME_MS", "700", 1);
    assert_true(app_config_load(folder, arena, &config, origins, &fail));
    unsetenv("FIRSTHAND_QUERY_TIME_MS");
    assert_int_equal(config.query_time_ms, 700);
    assert_true(str_is(config.listen, "127.0.0.1:9"));
    assert_int_equal(config.queries_at_once, 4);
    assert_true(str_is(origins[0], "firsthand.conf:3"));
    assert_true(app_config_set(&config, STR("query_time_ms"), STR("900"), "--x", arena, &fail));
    assert_int_equal(config.query_time_ms, 900);
    arena_free(arena);
}

static void what_is_wrong_is_named_with_its_line_and_the_nearest_key(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"\nlissten = a\n",
         "firsthand.conf:2: there is no setting \"lissten\"; did you mean \"listen\"?"},
        {"listen\n", "firsthand.conf:1: expected `key = value`"},
        {"query_time_ms = soon\n", "firsthand.conf:1: query_time_ms is \"soon\", expected a whole "
                                   "number from 100 to 3600000"},
        {"query_time_ms = 5\n",
         "firsthand.conf:1: query_time_ms is \"5\", expected a whole number from 100 to 3600000"},
        {"log_level = loud\n",
         "firsthand.conf:1: log_level is \"loud\", expected one of: debug ..."},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fail fail;
        struct arena *arena = arena_new(NULL);
        struct app_config config;
        write_file(cases[i].text);
        assert_false(app_config_load(folder, arena, &config, NULL, &fail));
        assert_int_equal(fail.code, FAIL_INPUT);
        assert_string_equal(fail.message, cases[i].message);
        arena_free(arena);
    }
}

static void a_directory_that_is_not_there_has_the_defaults(void **state)
{
    (void)state;
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    struct app_config config;
    assert_true(app_config_load("/nowhere/at/all", arena, &config, NULL, &fail));
    assert_int_equal(config.query_time_ms, 30000);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_before_defaults_and_the_environment_before_both),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line_and_the_nearest_key),
        cmocka_unit_test(a_directory_that_is_not_there_has_the_defaults),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
