

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_bytes.h"
#include "base_checked.h"

static void checked_arithmetic_says_when_it_overflows(void **state)
{
    (void)state;
    size_t size = 7;
    assert_false(base_size_add(SIZE_MAX, 1, &size));
    assert_int_equal(size, 7);
    assert_true(base_size_add(SIZE_MAX - 1, 1, &size));
    assert_true(size == SIZE_MAX);
    assert_false(base_size_mul(SIZE_MAX / 2, 3, &size));
    assert_true(base_size_mul(1000, 1000, &size));
    assert_int_equal(size, 1000000);
    int64_t wide = 7;
    assert_false(base_i64_add(INT64_MAX, 1, &wide));
    assert_false(base_i64_sub(INT64_MIN, 1, &wide));
    assert_false(base_i64_mul(INT64_MIN, -1, &wide));
    assert_int_equal(wide, 7);
    assert_true(base_i64_sub(-5, -6, &wide));
    assert_int_equal(wide, 1);
    uint64_t u64 = 7;
    uint32_t u32 = 7;
    assert_false(base_u64_add(UINT64_MAX, 1, &u64));
    assert_false(base_u32_add(UINT32_MAX, 1, &u32));
    assert_int_equal(u64 + u32, 14);
    assert_true(base_u32_add(UINT32_MAX - 1, 1, &u32));
    assert_true(u32 == UINT32_MAX);
}

static void numbers_lie_little_endian_at_any_address(void **state)
{
    (void)state;
    uint8_t bytes[9] = {0};
    base_put_u32(bytes + 1, 0x01020304U);
    const uint8_t expected[] = {0x04, 0x03, 0x02, 0x01};
    assert_memory_equal(bytes + 1, expected, 4);
    assert_true(base_get_u32(bytes + 1) == 0x01020304U);
    base_put_u16(bytes + 1, 0xA1B2);
    assert_int_equal(bytes[1], 0xB2);
    assert_int_equal(base_get_u16(bytes + 1), 0xA1B2);
    base_put_u64(bytes + 1, 0x0102030405060708U);
    assert_int_equal(bytes[8], 1);
    assert_true(base_get_u64(bytes + 1) == 0x0102030405060708U);
    base_put_i64(bytes + 1, -2);
    assert_int_equal(base_get_i64(bytes + 1), -2);
}

static void varints_read_back_and_end_where_they_were_written(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int near = -1; near <= 1; near++) {
            uint64_t v = (UINT64_C(1) << bit) + (uint64_t)near, back = 1;
            uint8_t bytes[BASE_VARINT_BYTES_MAX];
            size_t len = base_varint_put(bytes, v);
            assert_in_range(len, 1, BASE_VARINT_BYTES_MAX);
            const uint8_t *at = bytes;
            assert_true(base_varint_get(&at, bytes + len, &back));
            assert_true(back == v && at == bytes + len);
            for (size_t cut = 0; cut < len; cut++) {
                at = bytes;
                back = 5;
                assert_false(base_varint_get(&at, bytes + cut, &back));
                assert_true(at == bytes && back == 5);
            }
        }
    }
}

static void varint_past_64_bits_is_refused(void **state)
{
    (void)state;
    uint64_t v;
    uint8_t bytes[11] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0x00};
    const uint8_t *at = bytes;
    assert_false(base_varint_get(&at, bytes + sizeof bytes, &v));
    bytes[9] = 0x81; /* an eleventh byte would follow */
    assert_false(base_varint_get(&at, bytes + sizeof bytes, &v));
    bytes[9] = 0x01;
    assert_true(base_varint_get(&at, bytes + sizeof bytes, &v));
    assert_true(v == UINT64_MAX);
}

static void zigzag_keeps_small_numbers_small(void **state)
{
    (void)state;
    assert_int_equal(base_zigzag(0), 0);
    assert_int_equal(base_zigzag(-1), 1);
    assert_int_equal(base_zigzag(1), 2);
    const int64_t numbers[] = {0, 1, -1, 63, -64, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_true(base_unzigzag(base_zigzag(numbers[i])) == numbers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checked_arithmetic_says_when_it_overflows),
        cmocka_unit_test(numbers_lie_little_endian_at_any_address),
        cmocka_unit_test(varints_read_back_and_end_where_they_were_written),
        cmocka_unit_test(varint_past_64_bits_is_refused),
        cmocka_unit_test(zigzag_keeps_small_numbers_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
