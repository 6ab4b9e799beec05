/* Wanted codes in runs of integers: what is found is what reading all and looking would find, in whichever form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base_cpu.h"
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

/* The loops with vectors; those of levels that this processor has are tried. */
static const struct twins {
    enum base_cpu level;
    void (*unpack8)(const uint8_t *, uint64_t, unsigned, size_t, uint8_t *);
    struct store_found (*find)(const uint8_t *, size_t, const uint8_t *, uint32_t, uint32_t *,
                               uint32_t *);
    size_t unpack8_past; /* bytes that unpacking may read past the last one */
} twins[] = {{BASE_CPU_PORTABLE, store_unpack8_portable, store_find_portable, 0},
             BASE_CPU_TWINS({BASE_CPU_AVX2, store_unpack8_avx2, store_find_avx2, STORE_CODEC_SLACK},
                            {BASE_CPU_AVX512, store_unpack8_avx512, store_find_avx512, 0})};

#define MANY 300U

/* `end` is the end of what may be read. */
static void check_twin(const struct twins *twin, struct base_random *random, uint8_t *end,
                       unsigned width, size_t count)
{
    uint8_t got[MANY + STORE_FIND_ROOM], expected[MANY], wanted[STORE_FIND_CODES];
    uint32_t places[2][MANY + STORE_FIND_ROOM], codes[2][MANY + STORE_FIND_ROOM];
    unsigned phase = width == 8 ? 0 : (unsigned)base_random_below(random, 8);
    uint8_t *bits = end - twin->unpack8_past - (phase + count * width + 7) / 8;
    for (uint8_t *at = bits; at < end; at++) {
        *at = (uint8_t)base_random_below(random, 256);
    }
    twin->unpack8(bits, phase, width, count, got);
    for (size_t i = 0; i < count; i++) {
        size_t bit = phase + i * width;
        unsigned two = bits[bit / 8] | (bit % 8 + width > 8 ? bits[bit / 8 + 1] : 0U) << 8;
        expected[i] = (uint8_t)(two >> bit % 8 & ((1U << width) - 1));
    }
    assert_memory_equal(got, expected, count);
    uint64_t one_in = 1 + base_random_below(random, 1 + base_random_below(random, 60));
    for (unsigned c = 0; c < STORE_FIND_CODES; c++) {
        wanted[c] = base_random_below(random, one_in) == 0 ? (uint8_t)(1 + c % 255) : 0;
    }
    memcpy(end - count, expected, count);
    struct store_found a = twin->find(end - count, count, wanted, 70000, places[0], codes[0]);
    struct store_found b = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        places[1][b.count] = 70000 + (uint32_t)i;
        codes[1][b.count] = expected[i];
        b.count += wanted[expected[i]] != 0;
        b.most = expected[i] > b.most ? expected[i] : b.most;
    }
    assert_int_equal(a.count, b.count);
    assert_int_equal(a.most, b.most);
    assert_memory_equal(places[0], places[1], a.count * sizeof places[0][0]);
    assert_memory_equal(codes[0], codes[1], a.count * sizeof codes[0][0]);
}

static void all_ways_find_the_same_and_read_nothing_more(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 23);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(two != MAP_FAILED && mprotect((uint8_t *)two + page, page, PROT_NONE) == 0);
    for (size_t t = 0; t < ARRAY_LEN(twins) && twins[t].level <= base_cpu_level(); t++) {
        for (unsigned width = 1; width <= STORE_FIND_WIDTH_MAX; width++) {
            for (size_t count = 1; count <= MANY; count++) {
                check_twin(&twins[t], &seeded.random, (uint8_t *)two + page, width, count);
            }
        }
    }
    assert_int_equal(munmap(two, 2 * page), 0);
}

static void codes_are_found_at_every_level(void **state)
{
    const enum base_cpu can = base_cpu_level();
    for (int level = BASE_CPU_PORTABLE; level <= (int)can; level++) {
        base_cpu_limit((enum base_cpu)level);
        codes_found_are_those_that_reading_all_would_find(state);
    }
    base_cpu_limit(can);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_found_at_every_level),
        cmocka_unit_test(wanted_codes_past_their_list_are_corrupt),
        cmocka_unit_test(damaged_codes_are_refused_or_found_within_bounds),
        cmocka_unit_test(all_ways_find_the_same_and_read_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
