

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Memory of its own that the process has in use, or 0 where that cannot be told. */
static size_t resident_kb(void)
{
    size_t kb = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && kb == 0 && fgets(line, sizeof line, status) != NULL) {
        (void)sscanf(line, "RssAnon: %zu kB", &kb);
    }
    if (status != NULL) {
        (void)fclose(status);
    }
    return kb;
}

static void free_memory_between_what_lives_on_is_given_back(void **state)
{
    (void)state;
    enum { BLOCKS = 20000, BYTES = 2048 }; /* 40 MB */
    static void *blocks[BLOCKS];
    struct fail fail;
    for (int i = 0; i < BLOCKS; i++) {
        assert_true(base_alloc_array(BYTES, 1, &blocks[i], &fail));
        memset(blocks[i], 1, BYTES);
    }
    assert_false(base_give_back(SIZE_MAX)); /* so much may stay */
    for (int i = 0; i < BLOCKS - 1; i++) {
        if (i % 64 != 0) {
            base_free(blocks[i]);
        }
    }
    size_t before_kb = resident_kb();
    bool given = base_give_back((size_t)4 << 20);
    size_t after_kb = resident_kb();
    /* A sanitizer has a heap of its own, which gives nothing back. */
    if (given) {
        assert_true(before_kb > after_kb + 20000);
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
    assert_true(given);
#endif
    for (int i = 0; i < BLOCKS; i++) {
        if (i % 64 == 0 || i == BLOCKS - 1) {
            assert_int_equal(((unsigned char *)blocks[i])[BYTES - 1], 1);
            base_free(blocks[i]);
        }
    }
}

static void arrays_refuse_sizes_that_overflow(void **state)
{
    (void)state;
    struct fail fail;
    void *block = NULL;
    assert_false(base_alloc_array(SIZE_MAX / 2, 4, &block, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_null(block);
    size_t capacity = 0;
    assert_false(base_grow_array(&block, &capacity, SIZE_MAX, 1, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_int_equal(capacity, 0);
}

static void a_table_of_any_size_can_be_written_to_its_end_and_freed(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 1000, ((size_t)1 << 20) - 1, ((size_t)1 << 20) + 1};
    struct fail fail;
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        void *block = NULL;
        assert_true(base_alloc_spread(counts[i], sizeof(uint64_t), &block, &fail));
        memset(block, 1, counts[i] * sizeof(uint64_t));
        base_free(block);
    }
    void *block = NULL;
    assert_false(base_alloc_spread(SIZE_MAX / 2, 4, &block, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
}

static void array_keeps_its_elements_while_it_grows(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(base_free_at) uint32_t *numbers = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        void *block = numbers;
        assert_true(base_grow_array(&block, &capacity, (size_t)i + 1, sizeof *numbers, &fail));
        numbers = block;
        assert_true(capacity > i);
        numbers[i] = i;
    }
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(numbers[i], i);
    }
    size_t before = capacity;
    void *block = numbers;
    assert_true(base_grow_array(&block, &capacity, 3, sizeof *numbers, &fail));
    assert_int_equal(capacity, before);
}

static void arena_blocks_are_aligned_and_apart(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    unsigned char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = arena_alloc(arena, i * 13, &fail);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)i, i * 13);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t j = 0; j < i * 13; j++) {
            assert_int_equal(blocks[i][j], (unsigned char)i);
        }
    }
    assert_true(arena_used(arena) >= 199 * 200 / 2 * 13);
}

static void arena_array_is_zeroed_after_reset(void **state)
{
    (void)state;
    struct fail fail;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    for (int round = 0; round < 3; round++) {
        unsigned char *bytes = arena_array(arena, 100, 7, &fail);
        assert_non_null(bytes);
        for (size_t i = 0; i < 700; i++) {
            assert_int_equal(bytes[i], 0);
        }
        memset(bytes, 0xFF, 700);
        unsigned char *small = arena_small(arena, 24);
        assert_int_equal(small[0] | small[23], 0);
        memset(small, 0xFF, 24);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    assert_null(arena_array(arena, SIZE_MAX / 2, 4, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_null(arena_alloc(arena, SIZE_MAX - 3, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
}

static void arena_stays_within_its_budget(void **state)
{
    (void)state;
    struct fail fail;
    struct base_budget *budget = base_budget_new(1 << 20);
    struct arena *arena = arena_new(budget);
    size_t got = 0;
    while (arena_alloc(arena, 10000, &fail) != NULL) {
        got++;
    }
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_in_range(got, 30, 104);
    assert_true(base_budget_used(budget) <= 1 << 20);
    /* Small things are had past it, and charged. */
    size_t before = base_budget_used(budget);
    for (int i = 0; i < 1000; i++) {
        assert_non_null(arena_small(arena, 1000));
    }
    assert_true(base_budget_used(budget) > before);
    assert_true(base_budget_used(budget) > 1 << 20);
    arena_free(arena);
    assert_int_equal(base_budget_used(budget), 0);
    base_budget_free(budget);
}

static void arena_reset_gives_a_large_block_back(void **state)
{
    (void)state;
    struct fail fail;
    struct base_budget *budget = base_budget_new((size_t)64 << 20);
    struct arena *arena = arena_new(budget);
    assert_non_null(arena_alloc(arena, 100, &fail));
    assert_non_null(arena_alloc(arena, (size_t)32 << 20, &fail));
    arena_reset(arena);
    assert_true(base_budget_used(budget) > 0);
    assert_true(base_budget_used(budget) <= (1 << 20) + 64);
    assert_non_null(arena_alloc(arena, 100, &fail));
    arena_free(arena);
    assert_int_equal(base_budget_used(budget), 0);
    base_budget_free(budget);
}

static void budget_is_shared_and_given_back(void **state)
{
    (void)state;
    struct fail fail;
    struct base_budget *budget = base_budget_new(100);
    assert_true(base_budget_take(budget, 60, &fail));
    assert_false(base_budget_take(budget, 41, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    assert_false(base_budget_take(budget, SIZE_MAX, &fail));
    assert_true(base_budget_take(budget, 40, &fail));
    base_budget_give(budget, 60);
    assert_int_equal(base_budget_used(budget), 40);
    base_budget_free(budget);
}

static size_t within(const char *says, size_t bytes)
{
    char path[] = "/tmp/memory-max-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, says, strlen(says)), (ssize_t)strlen(says));
    close(descriptor);
    size_t got = base_memory_within(path, bytes);
    unlink(path);
    return got;
}

static void a_container_has_the_memory_that_it_is_held_to(void **state)
{
    (void)state;
    assert_int_equal(within("1073741824\n", 4000000000), 1073741824);
    assert_int_equal(within("1073741824", 4000000000), 1073741824);
    assert_int_equal(within("8000000000\n", 4000000000), 4000000000);
    static const char *const nothing[] = {"max\n", "", "-1\n", " 5\n", "5x\n", "1 2\n", "\n"};
    for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
        assert_int_equal(within(nothing[i], 77), 77);
    }
    assert_int_equal(within("99999999999999999999999999999999999999\n", 77), 77);
    assert_int_equal(base_memory_within("/nowhere/memory.max", 77), 77);
    assert_true(base_memory_bytes() > (size_t)64 << 20);
}

struct note {
    char *log;
    char letter;
};

static void write_note(void *object)
{
    struct note *note = object;
    note->log[strlen(note->log)] = note->letter;
}

static void deferred_calls_run_last_first_and_once(void **state)
{
    (void)state;
    char log[16] = "";
    struct note notes[] = {{log, 'a'}, {log, 'b'}, {log, 'c'}};
    struct arena *arena = arena_new(NULL);
    arena_defer(arena, write_note, &notes[0]);
    arena_defer(arena, write_note, &notes[1]);
    arena_reset(arena);
    assert_string_equal(log, "ba");
    arena_defer(arena, write_note, &notes[2]);
    arena_free(arena);
    assert_string_equal(log, "bac");
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_memory_between_what_lives_on_is_given_back),
        cmocka_unit_test(arrays_refuse_sizes_that_overflow),
        cmocka_unit_test(a_table_of_any_size_can_be_written_to_its_end_and_freed),
        cmocka_unit_test(array_keeps_its_elements_while_it_grows),
        cmocka_unit_test(arena_blocks_are_aligned_and_apart),
        cmocka_unit_test(arena_array_is_zeroed_after_reset),
        cmocka_unit_test(arena_stays_within_its_budget),
        cmocka_unit_test(arena_reset_gives_a_large_block_back),
        cmocka_unit_test(budget_is_shared_and_given_back),
        cmocka_unit_test(a_container_has_the_memory_that_it_is_held_to),
        cmocka_unit_test(deferred_calls_run_last_first_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
