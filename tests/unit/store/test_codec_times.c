/* Times in slots and rests: they come back whole, slots are those of the whole times, and damage is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_random.h"
#include "store_codec.h"

#define VALUES_MAX 20000U
#define DAY_MS INT64_C(86400000)

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

enum shape { /* of customers' rows, one customer after the other */
             SHAPE_SPREAD,
             SHAPE_SESSIONS,
             SHAPE_SECONDS,
             SHAPE_ONE_SLOT,
             SHAPE_BEFORE_1970,
             SHAPE_BORDERS,
             SHAPE_DENSE,
             SHAPE_EXTREMES,
             SHAPES,
};

static int64_t next_of(enum shape shape, int64_t at_ms, struct base_random *random)
{
    bool other = base_random_below(random, 50) == 0; /* customer */
    int64_t begin_ms = 1700000000000 + (int64_t)base_random_below(random, 180 * DAY_MS);
    switch (shape) {
    case SHAPE_SPREAD:
        return other ? begin_ms : at_ms + (int64_t)base_random_below(random, 7 * DAY_MS);
    case SHAPE_SESSIONS:
        return other ? begin_ms
                     : at_ms + (int64_t)base_random_below(
                                   random, base_random_below(random, 8) == 0 ? 9 * DAY_MS : 60000);
    case SHAPE_SECONDS:
        return other ? begin_ms / 1000 * 1000
                     : at_ms + 1000 * (int64_t)base_random_below(random, 500000);
    case SHAPE_ONE_SLOT:
        return 1700000100000 + (int64_t)base_random_below(random, 1000);
    case SHAPE_BEFORE_1970:
        return other ? begin_ms - 1800000000000
                     : at_ms + (int64_t)base_random_below(random, 20 * DAY_MS);
    case SHAPE_BORDERS:
        return ((int64_t)base_random_below(random, 100000) - 50000) * STORE_SLOT_MS -
               (int64_t)base_random_below(random, 2);
    case SHAPE_DENSE:
        return at_ms + (int64_t)base_random_below(random, 3);
    case SHAPE_EXTREMES:
    case SHAPES:
        break;
    }
    return (int64_t)base_random_u64(random);
}

static int32_t slot_of(int64_t ts_ms)
{
    int64_t slot = ts_ms / STORE_SLOT_MS;
    return (int32_t)(slot * STORE_SLOT_MS > ts_ms ? slot - 1 : slot);
}

static void check_range(const struct store_ints *ints, const int64_t *values, uint32_t from,
                        uint32_t count)
{
    static int64_t read[VALUES_MAX];
    static int32_t slots[VALUES_MAX];
    struct fail fail;
    must(store_ints_read(ints, from, count, read, &fail), &fail);
    assert_memory_equal(read, values + from, count * sizeof *values);
    must(store_ints_read_slots(ints, from, count, slots, &fail), &fail);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(slots[i], slot_of(values[from + i]));
    }
}

static void check_picks(const struct store_ints *ints, const int64_t *values,
                        struct base_random *random)
{
    uint32_t places[STORE_INTS_FRAME];
    int64_t picked[STORE_INTS_FRAME];
    struct fail fail;
    uint32_t first = (uint32_t)base_random_below(random, ints->count);
    uint32_t end = (first / STORE_INTS_FRAME + 1) * STORE_INTS_FRAME;
    end = end < ints->count ? end : ints->count;
    uint64_t step = 1 + base_random_below(random, 20);
    uint32_t count = 0;
    for (uint32_t at = first; at < end; at += 1 + (uint32_t)base_random_below(random, step)) {
        places[count++] = at;
    }
    must(store_ints_pick(ints, places, count, picked, &fail), &fail);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(picked[i] == values[places[i]]);
    }
}

/* Returns whether they were parted. */
static bool check_times(const int64_t *values, uint32_t count, struct base_random *random)
{
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    CLEANUP(base_buf_done) struct base_buf whole = {0};
    struct fail fail;
    struct store_ints ints;
    must(store_ints_encode_times(values, count, &buf, &fail), &fail);
    must(store_ints_encode(values, count, &whole, &fail), &fail);
    size_t len = buf.len;
    base_buf_bytes(&buf, "\xff\xff\xff\xff\xff\xff\xff\xff", STORE_CODEC_SLACK);
    must(store_ints_open((const uint8_t *)buf.data, len, &ints, &fail), &fail);
    assert_int_equal(ints.count, count);
    check_range(&ints, values, 0, count);
    for (int i = 0; i < 40; i++) {
        uint32_t from = (uint32_t)base_random_below(random, count);
        uint32_t most = i % 2 == 0 ? 3 : count - from;
        most = most < count - from ? most : count - from;
        check_range(&ints, values, from, (uint32_t)base_random_below(random, most + 1));
        check_picks(&ints, values, random);
    }
    struct store_ints_walk walk;
    store_ints_walk_begin(&ints, &walk);
    for (uint32_t at = 0; at < count; at += 1 + (uint32_t)base_random_below(random, 90)) {
        int64_t value;
        uint32_t end;
        must(store_ints_walk_to(&walk, at, &value, &end, &fail), &fail);
        assert_true(value == values[at] && end > at && values[end - 1] == value);
    }
    bool parted = ints.form == STORE_INTS_IN_PARTS;
    if (parted) { /* hardly more room than in one part, and none of what needs one */
        uint32_t place;
        uint32_t codes[1];
        assert_true(len <= whole.len + whole.len / 6);
        assert_false(store_ints_search(&ints, 0, &place, &fail));
        assert_int_equal(fail.code, FAIL_CORRUPT);
        assert_true(values[0] == 0 || !store_ints_read_codes(&ints, 0, 1, 1, codes, &fail));
    }
    return parted;
}

static void times_of_every_shape_come_back_and_so_do_their_slots(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 255, 256, 257, 1000, 4096, 4097, VALUES_MAX};
    static int64_t values[VALUES_MAX];
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 41);
    for (size_t c = 0; c < ARRAY_LEN(counts); c++) {
        bool parted[SHAPES];
        for (int shape = 0; shape < SHAPES; shape++) {
            int64_t at_ms = shape == SHAPE_BEFORE_1970 ? -30 * DAY_MS : 1700000000000;
            for (uint32_t i = 0; i < counts[c]; i++) {
                values[i] = at_ms = next_of((enum shape)shape, at_ms, &seeded.random);
            }
            if (shape == SHAPE_EXTREMES) { /* beyond any slot: read whole alone */
                CLEANUP(base_buf_done) struct base_buf buf = {0};
                struct fail fail;
                must(store_ints_encode_times(values, counts[c], &buf, &fail), &fail);
                assert_int_not_equal(buf.data[0], STORE_INTS_PARTED);
                continue;
            }
            parted[shape] = check_times(values, counts[c], &seeded.random);
        }
        assert_true(counts[c] < 1000 || (parted[SHAPE_SPREAD] && parted[SHAPE_SESSIONS]));
    }
}

static void parted_times_cut_short_or_changed_are_corrupt_or_read_within_bounds(void **state)
{
    (void)state;
    static int64_t values[3000];
    static int64_t read[3000];
    static int32_t slots[3000];
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 42);
    CLEANUP(base_buf_done) struct base_buf buf = {0};
    struct fail fail;
    struct store_ints ints;
    int64_t at_ms = 1700000000000;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        values[i] = at_ms = next_of(SHAPE_SPREAD, at_ms, &seeded.random);
    }
    must(store_ints_encode_times(values, ARRAY_LEN(values), &buf, &fail), &fail);
    assert_int_equal(buf.data[0], STORE_INTS_PARTED);
    for (size_t turn = 0; turn < 4000; turn++) {
        bool cut = turn % 2 == 0;
        size_t len = cut ? base_random_below(&seeded.random, buf.len) : buf.len;
        void *block = NULL; /* an exact copy, so that the sanitizers see a step past its slack */
        must(base_alloc_array(len + STORE_CODEC_SLACK, 1, &block, &fail), &fail);
        uint8_t *bytes = block;
        memcpy(bytes, buf.data, len);
        memset(bytes + len, 0, STORE_CODEC_SLACK);
        if (!cut) {
            uint64_t within = turn % 4 == 1 ? 80 : len;
            bytes[base_random_below(&seeded.random, within)] ^=
                (uint8_t)(1U << base_random_below(&seeded.random, 8));
        }
        bool opened = store_ints_open(bytes, len, &ints, &fail);
        if (opened && ints.count <= ARRAY_LEN(values)) {
            bool whole = store_ints_read(&ints, 0, ints.count, read, &fail);
            assert_false(cut && whole);
            bool in_slots = store_ints_read_slots(&ints, 0, ints.count, slots, &fail);
            assert_true(in_slots || fail.code == FAIL_CORRUPT);
        } else {
            assert_true(opened || fail.code == FAIL_CORRUPT);
        }
        base_free(block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_every_shape_come_back_and_so_do_their_slots),
        cmocka_unit_test(parted_times_cut_short_or_changed_are_corrupt_or_read_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
