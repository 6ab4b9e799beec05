/* Wanted codes in runs of integers: what is found is what reading all and looking would find, in whichever form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base_random.h"
#include "store_codec.h"
#include "store_codec_find.h"

#define CODES 3000U

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

struct coded {
    struct base_buf buf;
    struct store_ints ints;
    int64_t values[CODES];
};

static void code(struct coded *coded, struct fail *fail)
{
    coded->buf = (struct base_buf){0};
    must(store_ints_encode(coded->values, CODES, &coded->buf, fail), fail);
    size_t len = coded->buf.len;
    base_buf_bytes(&coded->buf, "\xff\xff\xff\xff\xff\xff\xff\xff", STORE_CODEC_SLACK);
    must(store_ints_open((const uint8_t *)coded->buf.data, len, &coded->ints, fail), fail);
}

static void check_range(const struct coded *coded, const struct store_find *find, uint32_t from,
                        uint32_t count)
{
    static uint32_t places[CODES + STORE_FIND_SLACK], codes[CODES + STORE_FIND_SLACK];
    struct fail fail;
    uint32_t found, at = 0;
    must(store_ints_find_codes(&coded->ints, from, count, find, places, codes, &found, &fail),
         &fail);
    for (uint32_t i = from; i < from + count; i++) {
        if (find->wanted[coded->values[i]] != 0) {
            assert_true(at < found);
            assert_int_equal(places[at], i);
            assert_int_equal(codes[at], coded->values[i]);
            at++;
        }
    }
    assert_int_equal(at, found);
}

/* How codes may lie: skewed ones become frames with exceptions, even ones are packed, and so on. */
static int64_t shaped(int shape, uint32_t i, struct base_random *random)
{
    uint64_t chance = base_random_below(random, 1000);
    switch (shape) {
    case 0: /* one in twenty rare */
        return (int64_t)(chance < 950 ? chance % 6 : 6 + chance % 40);
    case 1:
        return (int64_t)(chance % 40);
    case 2: /* runs */
        return i / 500;
    case 3: /* all alike */
        return 3;
    case 4: /* from some code on */
        return (int64_t)(20 + (chance < 900 ? chance % 3 : chance % 100));
    case 5: /* more than a byte holds */
        return (int64_t)(chance < 900 ? chance % 4 : chance);
    default: /* frames that begin differently */
        return (int64_t)(i / 256 % 3 * 50 + (chance < 980 ? chance % 4 : chance % 49));
    }
}

static void codes_found_are_those_that_reading_all_would_find(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 21);
    static struct coded coded;
    static uint8_t wanted[1000];
    struct fail fail;
    for (int round = 0; round < 140; round++) {
        for (uint32_t i = 0; i < CODES; i++) {
            coded.values[i] = shaped(round % 7, i, &seeded.random);
        }
        code(&coded, &fail);
        uint32_t bound = round % 7 == 5 ? 1000 : round % 2 == 0 ? 150 : 256;
        for (int choice = 0; choice < 12; choice++) {
            struct store_find find = {.wanted = wanted, .bound = bound};
            uint64_t one_in = choice < 4 ? 2 : 60; /* none at all is among them */
            for (uint32_t c = 0; c < bound; c++) {
                wanted[c] = base_random_below(&seeded.random, one_in) == 0;
            }
            check_range(&coded, &find, 0, CODES);
            uint32_t from = (uint32_t)base_random_below(&seeded.random, CODES);
            check_range(&coded, &find, from,
                        (uint32_t)base_random_below(&seeded.random, CODES - from + 1));
            check_range(&coded, &find, from, 0);
        }
        base_buf_done(&coded.buf);
    }
}

static void wanted_codes_past_their_list_are_corrupt(void **state)
{
    (void)state;
    static struct coded coded;
    static uint8_t wanted[256];
    static uint32_t places[CODES + STORE_FIND_SLACK], codes[CODES + STORE_FIND_SLACK];
    struct fail fail;
    for (int shape = 0; shape < 2; shape++) { /* frames with exceptions, packed */
        for (uint32_t i = 0; i < CODES; i++) {
            coded.values[i] = shape == 1 || i % 29 == 28 ? i * 7 % 100 : i % 3;
        }
        code(&coded, &fail);
        for (uint32_t want = 0; want < 90; want += 89) {
            uint32_t found;
            memset(wanted, 0, sizeof wanted);
            wanted[want] = 1;
            struct store_find find = {.wanted = wanted, .bound = 99};
            assert_false(
                store_ints_find_codes(&coded.ints, 0, CODES, &find, places, codes, &found, &fail));
            assert_int_equal(fail.code, FAIL_CORRUPT);
        }
        base_buf_done(&coded.buf);
    }
}

static void damaged_codes_are_refused_or_found_within_bounds(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 22);
    static struct coded coded;
    static uint8_t wanted[64];
    static uint32_t places[CODES + STORE_FIND_SLACK], codes[CODES + STORE_FIND_SLACK];
    struct fail fail;
    memset(wanted, 1, 20);
    for (int round = 0; round < 4000; round++) {
        if (round % 200 == 0) {
            base_buf_done(&coded.buf);
            for (uint32_t i = 0; i < CODES; i++) {
                coded.values[i] = shaped(round / 200 % 2, i, &seeded.random);
            }
            code(&coded, &fail);
        }
        size_t len = coded.buf.len - STORE_CODEC_SLACK;
        size_t at = base_random_below(&seeded.random, round % 2 == 0 ? 200 : len);
        char before = coded.buf.data[at];
        coded.buf.data[at] = (char)base_random_below(&seeded.random, 256);
        struct store_ints ints;
        struct store_find find = {.wanted = wanted, .bound = 64};
        uint32_t found;
        if (store_ints_open((const uint8_t *)coded.buf.data, len, &ints, &fail) &&
            ints.count == CODES &&
            store_ints_find_codes(&ints, 0, CODES, &find, places, codes, &found, &fail)) {
            assert_true(found <= CODES);
            for (uint32_t i = 0; i < found; i++) {
                assert_true(places[i] < CODES && codes[i] < 20);
                assert_true(i == 0 || places[i] > places[i - 1]);
            }
        } else {
            assert_int_equal(fail.code, FAIL_CORRUPT);
        }
        coded.buf.data[at] = before;
    }
    base_buf_done(&coded.buf);
}

static void vectors_find_what_the_portable_way_finds_and_read_nothing_more(void **state)
{
    (void)state;
    if (!store_find_has_avx512()) { /* nothing to compare: the instructions would end the process */
        skip();
    }
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 23);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(two != MAP_FAILED && mprotect((uint8_t *)two + page, page, PROT_NONE) == 0);
    uint8_t *end = (uint8_t *)two + page;
    uint8_t wanted[STORE_FIND_CODES];
    for (unsigned width = 1; width <= STORE_FIND_WIDTH_MAX; width++) {
        for (size_t count = 1; count <= 300; count += 1 + count / 9) {
            uint8_t got[300 + STORE_FIND_ROOM], expected[300];
            uint32_t places[2][300 + STORE_FIND_ROOM], codes[2][300 + STORE_FIND_ROOM];
            unsigned phase = width == 8 ? 0 : (unsigned)base_random_below(&seeded.random, 8);
            size_t bytes = (phase + count * width + 7) / 8;
            for (size_t i = 0; i < bytes; i++) {
                end[-1 - (ptrdiff_t)i] = (uint8_t)base_random_below(&seeded.random, 256);
            }
            store_unpack8_avx512(end - bytes, phase, width, count, got);
            store_unpack8_portable(end - bytes, phase, width, count, expected);
            assert_memory_equal(got, expected, count);
            for (unsigned c = 0; c < STORE_FIND_CODES; c++) {
                wanted[c] = base_random_below(&seeded.random, 3) == 0 ? 255 : 0;
            }
            memcpy(end - count, expected, count);
            struct store_found a =
                store_find_avx512(end - count, count, wanted, 70000, places[0], codes[0]);
            struct store_found b =
                store_find_portable(expected, count, wanted, 70000, places[1], codes[1]);
            assert_int_equal(a.count, b.count);
            assert_int_equal(a.most, b.most);
            assert_memory_equal(places[0], places[1], a.count * sizeof places[0][0]);
            assert_memory_equal(codes[0], codes[1], a.count * sizeof codes[0][0]);
        }
    }
    assert_int_equal(munmap(two, 2 * page), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_found_are_those_that_reading_all_would_find),
        cmocka_unit_test(wanted_codes_past_their_list_are_corrupt),
        cmocka_unit_test(damaged_codes_are_refused_or_found_within_bounds),
        cmocka_unit_test(vectors_find_what_the_portable_way_finds_and_read_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
