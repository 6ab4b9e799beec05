/* access_fixture.h — a fresh state with access over it, a clock set by hand and the least hash.
 *
 * What: set_up and tear_down for the tests of access.   Owner: the test.   Threads: one.
 * Failure: asserts.   Limits/cost: a directory under /tmp.   Units: *_ms.
 * Example: TEST(name).   Not here: the tests.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "access.h"

struct fixture {
    char directory[64];
    struct base_clock_test clock;
    struct state *state;
    struct access *access;
    struct arena *arena;
};

#define START_MS 1700000000000
#define FROM (&(struct access_from){STR("10.0.0.1"), STR("tests")})

static inline void open_access(struct fixture *fixture)
{
    struct fail fail;
    struct state_options state_options = {.clock = &fixture->clock.clock};
    struct access_options options = {.weak_hash_for_tests = true};
    assert_true(state_open(fixture->directory, &state_options, &fixture->state, &fail));
    assert_true(access_open(fixture->state, &options, &fixture->access, &fail));
}

static inline void close_access(struct fixture *fixture)
{
    access_close(fixture->access);
    state_close(fixture->state);
}

static inline int set_up(void **state)
{
    struct fixture *fixture = base_alloc_zero(sizeof *fixture);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/firsthand-access-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    fixture->arena = arena_new(NULL);
    base_clock_test_init(&fixture->clock, START_MS);
    open_access(fixture);
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm"};
    char path[128];
    close_access(fixture);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", fixture->directory, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(fixture->directory), 0);
    arena_free(fixture->arena);
    base_free(fixture);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
