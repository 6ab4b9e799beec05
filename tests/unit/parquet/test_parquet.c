/* The parts of Parquet files that can be read by hand; whole files are read back by DuckDB (tests/api). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base_bytes.h"
#include "base_random.h"
#include "parquet_internal.h"

static uint32_t value_at(const void *from, size_t i)
{
    return ((const uint32_t *)from)[i];
}

/* Reads runs and packed groups as the format describes them, written apart from the encoder. */
static size_t read_hybrid(struct str bytes, unsigned int bits, uint32_t *out, size_t count)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    const uint8_t *end = bytes.len > 0 ? at + bytes.len : at; /* nothing at all lies nowhere */
    size_t made = 0;
    while (at < end && made < count) {
        uint64_t head = 0;
        assert_true(base_varint_get(&at, end, &head));
        if ((head & 1U) == 0) {
            uint32_t v = 0;
            for (unsigned int b = 0; b < bits; b += 8) {
                v |= (uint32_t)*at++ << b;
            }
            for (uint64_t i = 0; i < head >> 1U; i++) {
                assert_true(made < count);
                out[made++] = v;
            }
            continue;
        }
        uint64_t values = (head >> 1U) * 8;
        for (uint64_t i = 0; i < values; i++) {
            uint32_t v = 0;
            for (unsigned int b = 0; b < bits; b++) {
                uint64_t bit = i * bits + b;
                v |= (uint32_t)(at[bit / 8] >> bit % 8 & 1U) << b;
            }
            if (made < count) {
                out[made++] = v;
            } else {
                assert_int_equal(v, 0); /* padding */
            }
        }
        at += values * bits / 8;
    }
    assert_ptr_equal(at, end);
    return made;
}

static void hybrid_gives_back_what_it_was_given(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    struct base_random *random = &seeded.random;
    static uint32_t values[3000];
    static uint32_t read[3000];
    base_random_seed(&seeded, 5);
    for (int round = 0; round < 400; round++) {
        unsigned int bits = 1 + (unsigned int)(base_random_u64(random) % 17);
        size_t count = base_random_u64(random) % ARRAY_LEN(values);
        uint32_t last = 0;
        uint64_t change = 1 + base_random_u64(random) % 20; /* one in so many values differs */
        for (size_t i = 0; i < count; i++) {
            if (base_random_u64(random) % change == 0) {
                last = (uint32_t)(base_random_u64(random) % (1U << bits));
            }
            values[i] = last;
        }
        struct base_buf out = {0};
        parquet_put_hybrid(&out, value_at, values, count, bits);
        assert_int_equal(read_hybrid(base_buf_view(&out), bits, read, count), count);
        assert_memory_equal(values, read, count * sizeof *values);
        base_buf_done(&out);
    }
}

static void runs_and_packed_bits_are_the_bytes_of_the_specification(void **state)
{
    (void)state;
    static const uint32_t rising[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const uint32_t same[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct base_buf out = {0};
    parquet_put_hybrid(&out, value_at, rising, 8, 3);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.data, "\x03\x88\xc6\xfa", 4); /* the example of the specification */
    base_buf_reset(&out);
    parquet_put_hybrid(&out, value_at, same, 10, 1);
    assert_int_equal(out.len, 2);
    assert_memory_equal(out.data, "\x14\x01", 2);
    base_buf_done(&out);
}

static void widths_hold_all_numbers_below(void **state)
{
    (void)state;
    assert_int_equal(parquet_bits_for(0), 1);
    assert_int_equal(parquet_bits_for(2), 1);
    assert_int_equal(parquet_bits_for(3), 2);
    assert_int_equal(parquet_bits_for(256), 8);
    assert_int_equal(parquet_bits_for(257), 9);
}

static const struct parquet_column columns[] = {
    {{"n", 1}, PARQUET_INT},
    {{"t", 1}, PARQUET_TEXT},
    {{"b", 1}, PARQUET_BOOL},
};

static struct base_buf write_rows(uint32_t rows, size_t *out_largest)
{
    struct base_buf out = {0};
    struct parquet_writer *writer;
    struct fail fail;
    *out_largest = 0;
    assert_true(parquet_open(columns, ARRAY_LEN(columns), &out, &writer, &fail));
    for (uint32_t i = 0; i < rows; i++) {
        size_t before = out.len;
        char text[32];
        snprintf(text, sizeof text, "text %u", i);
        if (i % 3 != 0) {
            parquet_put_int(writer, 0, i);
            parquet_put_text(writer, 1, str_from_c(text));
        }
        parquet_put_bool(writer, 2, i % 2 == 0);
        assert_true(parquet_row_end(writer, &out, &fail));
        *out_largest = out.len - before > *out_largest ? out.len - before : *out_largest;
    }
    assert_true(parquet_end(writer, &out, &fail));
    parquet_free(writer);
    return out;
}

static void a_file_begins_and_ends_as_one_and_is_the_same_each_time(void **state)
{
    (void)state;
    size_t largest;
    struct base_buf a = write_rows(1000, &largest);
    struct base_buf b = write_rows(1000, &largest);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.data, b.data, a.len);
    assert_memory_equal(a.data, "PAR1", 4);
    assert_memory_equal(a.data + a.len - 4, "PAR1", 4);
    assert_true(base_get_u32(a.data + a.len - 8) < a.len);
    base_buf_done(&a);
    base_buf_done(&b);
}

static void a_row_group_goes_out_when_it_is_full(void **state)
{
    (void)state;
    size_t largest;
    struct base_buf none = write_rows(PARQUET_GROUP_ROWS - 1, &largest);
    assert_int_equal(largest, 0);
    struct base_buf one = write_rows(PARQUET_GROUP_ROWS, &largest);
    assert_true(largest > 0);
    base_buf_done(&none);
    base_buf_done(&one);
}

static void a_row_group_goes_out_when_its_bytes_are_many(void **state)
{
    (void)state;
    struct base_buf out = {0};
    struct parquet_writer *writer;
    struct fail fail;
    void *text;
    size_t len = PARQUET_GROUP_BYTES / 2;
    assert_true(base_alloc_array(len, 1, &text, &fail));
    memset(text, 'x', len);
    assert_true(parquet_open(columns, ARRAY_LEN(columns), &out, &writer, &fail));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(out.len, 4);
        parquet_put_text(writer, 1, str_of(text, len));
        assert_true(parquet_row_end(writer, &out, &fail));
    }
    assert_true(out.len > 4);
    parquet_free(writer);
    base_buf_done(&out);
    base_free(text);
}

static void a_full_buffer_fails(void **state)
{
    (void)state;
    struct base_buf out = {.limit = 64};
    struct parquet_writer *writer;
    struct fail fail = {0};
    assert_true(parquet_open(columns, ARRAY_LEN(columns), &out, &writer, &fail));
    parquet_put_int(writer, 0, 1);
    assert_true(parquet_row_end(writer, &out, &fail));
    assert_false(parquet_end(writer, &out, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);
    parquet_free(writer);
    base_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hybrid_gives_back_what_it_was_given),
        cmocka_unit_test(runs_and_packed_bits_are_the_bytes_of_the_specification),
        cmocka_unit_test(widths_hold_all_numbers_below),
        cmocka_unit_test(a_file_begins_and_ends_as_one_and_is_the_same_each_time),
        cmocka_unit_test(a_row_group_goes_out_when_it_is_full),
        cmocka_unit_test(a_row_group_goes_out_when_its_bytes_are_many),
        cmocka_unit_test(a_full_buffer_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
