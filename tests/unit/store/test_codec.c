/* Encodings of segments: every form round-trips, by whole and by range, and damage is told, never followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_random.h"
#include "store_codec.h"
#include "store_codec_unpack.h"

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

/* ---- integers ----------------------------------------------------------------------------------------- */

static void slack(struct base_buf *buf)
{
    base_buf_bytes(buf, "\xff\xff\xff\xff\xff\xff\xff\xff", STORE_CODEC_SLACK);
}

/* Goes over ascending places: each has its value, and so has everything up to where its run is said to end. */
static void check_walk(const struct store_ints *ints, const int64_t *values,
                       struct base_random *random)
{
    struct fail fail;
    struct store_ints_walk walk;
    store_ints_walk_begin(ints, &walk);
    uint32_t step = base_random_below(random, 2) == 0 ? 2 : 900;
    for (uint32_t at = (uint32_t)base_random_below(random, step); at < ints->count;
         at += (uint32_t)base_random_below(random, step)) {
        int64_t value;
        uint32_t end;
        must(store_ints_walk_to(&walk, at, &value, &end, &fail), &fail);
        assert_true(end > at && end <= ints->count);
        for (uint32_t i = at; i < end; i++) {
            assert_true(values[i] == value);
        }
    }
}

/* Encodes, then reads the whole, many ranges and single values, and compares. Returns the kind chosen. */
static enum store_ints_kind check_ints(const int64_t *values, uint32_t count,
                                       struct base_random *random)
{
    struct fail fail;
    struct base_buf buf = {0};
    struct store_ints ints;
    must(store_ints_encode(values, count, &buf, &fail), &fail);
    enum store_ints_kind kind = (enum store_ints_kind)buf.data[0];
    size_t len = buf.len;
    slack(&buf);
    must(store_ints_open((const uint8_t *)buf.data, len, &ints, &fail), &fail);
    assert_int_equal(ints.count, count);
    void *block = NULL;
    must(base_alloc_array(count, sizeof(int64_t), &block, &fail), &fail);
    int64_t *read = block;
    must(store_ints_read(&ints, 0, count, read, &fail), &fail);
    assert_memory_equal(read, values, count * sizeof *values);
    for (int i = 0; i < 50; i++) {
        uint32_t from = (uint32_t)base_random_below(random, count);
        uint32_t most = i % 2 == 0 ? 3 : count - from;
        most = most < count - from ? most : count - from;
        uint32_t some = (uint32_t)base_random_below(random, most + 1);
        must(store_ints_read(&ints, from, some, read, &fail), &fail);
        assert_memory_equal(read, values + from, some * sizeof *values);
    }
    check_walk(&ints, values, random);
    base_free(block);
    base_buf_done(&buf);
    return kind;
}

enum shape {
    SHAPE_CONSTANT,
    SHAPE_SMALL,
    SHAPE_WIDE,
    SHAPE_RISING,
    SHAPE_RISING_BY_CUSTOMER,
    SHAPE_RUNS,
    SHAPE_OUTLIERS,
    SHAPE_SECONDS,
    SHAPE_EXTREMES,
    SHAPE_WANDERING,
    SHAPES,
};

static void fill(int64_t *values, uint32_t count, enum shape shape, struct base_random *random)
{
    int64_t at = 1700000000000;
    for (uint32_t i = 0; i < count; i++) {
        int64_t dice = (int64_t)base_random_below(random, 1000000);
        switch (shape) {
        case SHAPE_CONSTANT:
            values[i] = -7;
            break;
        case SHAPE_SMALL:
            values[i] = dice % 40;
            break;
        case SHAPE_WIDE:
            values[i] = (int64_t)base_random_u64(random);
            break;
        case SHAPE_RISING:
            at += dice % 1000;
            values[i] = at;
            break;
        case SHAPE_RISING_BY_CUSTOMER:
            at = dice % 50 == 0 ? 1700000000000 + dice : at + dice * dice % 100000;
            values[i] = at;
            break;
        case SHAPE_RUNS:
            at = dice % 60 == 0 ? dice % 9 : at;
            values[i] = at;
            break;
        case SHAPE_OUTLIERS:
            values[i] = dice % 100 == 0 ? dice * 1000000 : dice % 16;
            break;
        case SHAPE_SECONDS:
            values[i] = 1700000000000 + dice * 1000;
            break;
        case SHAPE_EXTREMES:
            values[i] = dice % 3 == 0 ? INT64_MIN : dice % 3 == 1 ? INT64_MAX : dice;
            break;
        case SHAPE_WANDERING:
        case SHAPES:
            at += dice % 100 - 50;
            values[i] = at;
            break;
        }
    }
}

static void integers_of_every_shape_and_length_round_trip(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 7, 255, 256, 257, 512, 1000, 4096, 65536};
    static int64_t values[65536];
    struct base_random_seeded seeded;
    unsigned kinds = 0;
    base_random_seed(&seeded, 1);
    for (size_t c = 0; c < ARRAY_LEN(counts); c++) {
        for (int shape = 0; shape < SHAPES; shape++) {
            fill(values, counts[c], (enum shape)shape, &seeded.random);
            kinds |= 1U << check_ints(values, counts[c], &seeded.random);
        }
    }
    assert_int_equal(kinds, 0x1F); /* every encoding was chosen somewhere */
}

static void packed_bits_of_every_width_round_trip(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 2);
    for (unsigned width = 0; width <= 64; width++) {
        uint64_t values[100];
        uint64_t read[100];
        uint32_t narrow[100];
        struct base_buf buf = {0};
        for (size_t i = 0; i < 100; i++) {
            values[i] = base_random_u64(&seeded.random);
            values[i] = width == 0 ? 0 : values[i] >> (64 - width);
        }
        store_pack(values, 100, width, &buf);
        assert_int_equal(buf.len, store_packed_bytes(100, width));
        slack(&buf);
        store_unpack((const uint8_t *)buf.data, 0, width, 100, read);
        assert_memory_equal(read, values, sizeof values);
        store_unpack((const uint8_t *)buf.data, 13U * width, width, 50, read);
        assert_memory_equal(read, values + 13, 50 * sizeof *values);
        for (size_t i = 0; width <= 32 && i < 50; i++) {
            store_unpack32((const uint8_t *)buf.data, i * width, width, 50, narrow);
            assert_int_equal(narrow[0], values[i]);
            assert_int_equal(narrow[49], values[i + 49]);
        }
        base_buf_done(&buf);
    }
}

static void codes_past_their_list_are_corrupt(void **state)
{
    (void)state;
    struct fail fail;
    struct base_buf buf = {0};
    struct store_ints ints;
    static int64_t values[3000];
    uint32_t codes[3000];
    for (uint32_t i = 0; i < 3000; i++) {
        values[i] = i * 7 % 100;
    }
    must(store_ints_encode(values, 3000, &buf, &fail), &fail);
    size_t len = buf.len;
    slack(&buf);
    must(store_ints_open((const uint8_t *)buf.data, len, &ints, &fail), &fail);
    must(store_ints_read_codes(&ints, 5, 2000, 100, codes, &fail), &fail);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_int_equal(codes[i], values[i + 5]);
    }
    assert_false(store_ints_read_codes(&ints, 0, 3000, 99, codes, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    uint8_t bytes[3000 + STORE_FIND_SLACK];
    must(store_ints_read_bytes(&ints, 5, 2000, 100, bytes, &fail), &fail);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_int_equal(bytes[i], values[i + 5]);
    }
    assert_false(store_ints_read_bytes(&ints, 0, 3000, 99, bytes, &fail));
    assert_int_equal(fail.code, FAIL_CORRUPT);
    base_buf_done(&buf);
}

/* Whatever way they are written: packed, from a base, as runs, too wide. */
static void codes_come_as_bytes_from_every_encoding(void **state)
{
    (void)state;
    static const unsigned bounds[] = {1, 2, 9, 40, 200, 256};
    static int64_t values[2000];
    uint8_t bytes[2000 + STORE_FIND_SLACK];
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 5);
    for (int round = 0; round < 60; round++) {
        unsigned bound = bounds[base_random_below(&seeded.random, ARRAY_LEN(bounds))];
        unsigned least = (unsigned)base_random_below(&seeded.random, bound);
        uint64_t stays = base_random_below(&seeded.random, 2) * 30; /* runs, or none */
        for (uint32_t i = 0; i < ARRAY_LEN(values); i++) {
            bool same = i > 0 && base_random_below(&seeded.random, stays + 1) != 0;
            bool low =
                base_random_below(&seeded.random, 20) != 0; /* so that others are exceptions */
            uint64_t most = low && bound - least > 4 ? 4 : bound - least;
            values[i] =
                same ? values[i - 1] : least + (int64_t)base_random_below(&seeded.random, most);
        }
        struct fail fail;
        struct base_buf buf = {0};
        struct store_ints ints;
        must(store_ints_encode(values, ARRAY_LEN(values), &buf, &fail), &fail);
        size_t len = buf.len;
        slack(&buf);
        must(store_ints_open((const uint8_t *)buf.data, len, &ints, &fail), &fail);
        uint32_t from = (uint32_t)base_random_below(&seeded.random, 1000);
        uint32_t count = (uint32_t)base_random_below(&seeded.random, 1000);
        must(store_ints_read_bytes(&ints, from, count, bound, bytes, &fail), &fail);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(bytes[i], values[from + i]);
        }
        base_buf_done(&buf);
    }
}

static void search_finds_the_first_place_not_below(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 3);
    static int64_t values[5000];
    static const int64_t steps[] = {1, 2, 40, 100000};
    for (size_t s = 0; s < ARRAY_LEN(steps) + 1; s++) {
        int64_t at = 10;
        for (uint32_t i = 0; i < 5000; i++) {
            at += s < ARRAY_LEN(steps)
                      ? (int64_t)base_random_below(&seeded.random, (uint64_t)steps[s])
                      : (i % 700 == 0); /* runs */
            values[i] = at;
        }
        struct fail fail;
        struct base_buf buf = {0};
        struct store_ints ints;
        must(store_ints_encode(values, 5000, &buf, &fail), &fail);
        size_t len = buf.len;
        slack(&buf);
        must(store_ints_open((const uint8_t *)buf.data, len, &ints, &fail), &fail);
        for (int i = 0; i < 500; i++) {
            int64_t wanted = 8 + (int64_t)base_random_below(&seeded.random, (uint64_t)(at - 4));
            uint32_t expected = 0;
            while (expected < 5000 && values[expected] < wanted) {
                expected++;
            }
            uint32_t found;
            must(store_ints_search(&ints, wanted, &found, &fail), &fail);
            assert_int_equal(found, expected);
        }
        base_buf_done(&buf);
    }
}

/* ---- values ------------------------------------------------------------------------------------------- */

#define ROWS 5000U
#define ENTRIES_MAX (ROWS * 3)

struct column {
    uint32_t entries;
    uint32_t at[ENTRIES_MAX];
    struct store_value values[ENTRIES_MAX];
    uint32_t codes[ENTRIES_MAX];
};

static const char *const words[] = {"red", "green", "blue", "a\0b", ""};
static const struct str dictionary_strings[] = {{"red", 3}, {"green", 5}, {"blue", 4}, {"a\0b", 3}};

static struct store_value random_value(struct base_random *random, unsigned form, char *text,
                                       uint32_t *out_code)
{
    *out_code = 0;
    switch (form) {
    case STORE_NULL:
        return (struct store_value){.kind = STORE_NULL};
    case STORE_BOOL:
        return store_value_bool(base_random_below(random, 2) == 1);
    case STORE_INT:
        return store_value_int((int64_t)base_random_u64(random) >> base_random_below(random, 60));
    case STORE_UINT:
        return store_value_uint(base_random_u64(random) | UINT64_C(1) << 63);
    case STORE_DOUBLE: {
        double number = base_random_unit(random) * 1e9 + 0.123456789;
        return store_value_double(number);
    }
    case STORE_FORM_DECIMAL:
        return store_value_double((double)base_random_below(random, 100000) / 100);
    default: {
        uint32_t word = (uint32_t)base_random_below(random, 9);
        if (word < ARRAY_LEN(dictionary_strings)) {
            *out_code = word + 1;
            return store_value_str(dictionary_strings[word]);
        }
        if (word == 4) {
            return store_value_str(str_of(words[4], 0));
        }
        size_t len = base_random_below(random, 40);
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)base_random_below(random, 256);
        }
        return store_value_str(str_of(text, len));
    }
    }
}

static bool same(struct store_value a, struct store_value b)
{
    if (a.kind != b.kind) {
        return false;
    }
    switch (a.kind) {
    case STORE_NULL:
        return true;
    case STORE_BOOL:
        return a.b == b.b;
    case STORE_STRING:
        return str_equal(store_value_text(a), store_value_text(b));
    default:
        return memcmp(&a.i, &b.i, 8) == 0;
    }
}

struct opened {
    struct base_buf bytes, dictionary_bytes;
    struct store_dictionary dictionary;
    struct store_values values;
    struct store_values_scratch scratch;
};

static void open_column(const struct column *column, bool coded, struct opened *out)
{
    struct fail fail;
    *out = (struct opened){0};
    struct store_encoder encoder = {.arena = arena_new(NULL), .zipper = base_zipper_new()};
    const struct store_values_input input = {.entries = column->entries,
                                             .rows = ROWS,
                                             .at = column->at,
                                             .values = column->values,
                                             .codes = coded ? column->codes : NULL};
    must(store_values_encode(&input, &encoder, &out->bytes, &fail), &fail);
    store_encoder_done(&encoder);
    size_t len = out->bytes.len;
    slack(&out->bytes);
    must(store_dictionary_encode(dictionary_strings, ARRAY_LEN(dictionary_strings),
                                 &out->dictionary_bytes, &fail),
         &fail);
    must(store_dictionary_open((const uint8_t *)out->dictionary_bytes.data,
                               out->dictionary_bytes.len, &out->dictionary, &fail),
         &fail);
    must(store_values_open((const uint8_t *)out->bytes.data, len, ROWS,
                           coded ? &out->dictionary : NULL, &out->values, &fail),
         &fail);
    out->scratch.strings = arena_new(NULL);
}

static void close_column(struct opened *opened)
{
    base_buf_done(&opened->bytes);
    base_buf_done(&opened->dictionary_bytes);
    store_values_scratch_done(&opened->scratch);
    arena_free(opened->scratch.strings);
}

/* Compares a range of rows, read whole and by picks. */
static void check_range(const struct column *column, struct opened *opened, uint32_t from,
                        uint32_t to, struct base_random *random)
{
    static struct store_value values[ENTRIES_MAX];
    static uint32_t rows[ENTRIES_MAX];
    static uint32_t picks[ENTRIES_MAX];
    struct fail fail;
    uint32_t first;
    uint32_t count;
    uint32_t expected = 0;
    while (expected < column->entries && column->at[expected] < from) {
        expected++;
    }
    uint32_t end = expected;
    while (end < column->entries && column->at[end] < to) {
        end++;
    }
    must(store_values_find(&opened->values, from, to, &first, &count, &fail), &fail);
    assert_int_equal(first, expected);
    assert_int_equal(count, end - expected);
    must(store_values_rows(&opened->values, first, count, rows, &fail), &fail);
    must(store_values_read(&opened->values, first, count, NULL, 0, &opened->scratch, values, &fail),
         &fail);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(rows[i], column->at[first + i]);
        assert_true(same(values[i], column->values[first + i]));
    }
    uint32_t pick_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (base_random_below(random, 10) == 0) {
            picks[pick_count++] = i;
        }
    }
    must(store_values_read(&opened->values, first, count, picks, pick_count, &opened->scratch,
                           values, &fail),
         &fail);
    for (uint32_t i = 0; i < pick_count; i++) {
        assert_true(same(values[i], column->values[first + picks[i]]));
    }
}

/* `form` STORE_FORM_MIXED: any kind. `places`: 0 one a row, 1 at most one, 2 rarely any, 3 several. */
static void make_column(struct column *column, unsigned form, unsigned places, struct arena *arena,
                        struct base_random *random)
{
    column->entries = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        uint64_t dice = base_random_below(random, 100);
        const uint32_t counts[] = {1, dice < 40, dice < 1, (uint32_t)(dice % 3)};
        uint32_t count = counts[places];
        for (uint32_t i = 0; i < count; i++) {
            unsigned kind =
                form == STORE_FORM_MIXED ? (unsigned)base_random_below(random, 6) : form;
            uint32_t at = column->entries++;
            char *text = arena_small(arena, 40);
            column->at[at] = row;
            column->values[at] = random_value(random, kind, text, &column->codes[at]);
        }
    }
    if (column->entries == 0) {
        make_column(column, form, places, arena, random);
    }
}

static void values_of_every_form_and_place_round_trip(void **state)
{
    (void)state;
    static struct column column;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 4);
    for (unsigned form = 0; form <= STORE_FORM_DECIMAL; form++) {
        for (unsigned places = 0; places < 4; places++) {
            struct arena *arena = arena_new(NULL);
            struct opened opened;
            make_column(&column, form, places, arena, &seeded.random);
            open_column(&column, places % 2 == 0, &opened);
            assert_int_equal(opened.values.form, form);
            check_range(&column, &opened, 0, ROWS, &seeded.random);
            for (int i = 0; i < 30; i++) {
                uint32_t from = (uint32_t)base_random_below(&seeded.random, ROWS);
                uint32_t to = from + (uint32_t)base_random_below(&seeded.random, ROWS - from + 1);
                check_range(&column, &opened, from, to, &seeded.random);
            }
            close_column(&opened);
            arena_free(arena);
        }
    }
}

static void whole_and_broken_prices_share_decimals(void **state)
{
    (void)state;
    static struct column column;
    struct opened opened;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 5);
    column.entries = ROWS;
    for (uint32_t i = 0; i < ROWS; i++) {
        column.at[i] = i;
        column.values[i] = store_value_double((double)(i * 37 % 9973) / 100);
    }
    open_column(&column, false, &opened);
    assert_int_equal(opened.values.form, STORE_FORM_DECIMAL);
    assert_int_equal(opened.values.exponent, 2);
    assert_true(opened.bytes.len < ROWS * 2); /* 14 bits each */
    check_range(&column, &opened, 0, ROWS, &seeded.random);
    close_column(&opened);
}

static void numbers_that_no_decimal_holds_stay_exact(void **state)
{
    (void)state;
    static struct column column;
    struct opened opened;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 6);
    static const double numbers[] = {0.1,     1.0 / 3,          1e-300,
                                     -2.5e-9, 5e-324,           123456.789,
                                     1e300,   (double)INFINITY, -(double)INFINITY};
    column.entries = (uint32_t)ARRAY_LEN(numbers) * 2;
    for (uint32_t i = 0; i < ARRAY_LEN(numbers); i++) {
        column.at[2 * i] = i;
        column.values[2 * i] = store_value_double(numbers[i]);
        column.at[2 * i + 1] = i;
        column.values[2 * i + 1] = store_value_int(INT64_MAX - i);
    }
    open_column(&column, false, &opened);
    check_range(&column, &opened, 0, ROWS, &seeded.random);
    close_column(&opened);
}

static void uuids_take_sixteen_bytes_and_come_back_as_text(void **state)
{
    (void)state;
    static struct column column;
    struct opened opened;
    struct base_random_seeded seeded;
    struct arena *arena = arena_new(NULL);
    base_random_seed(&seeded, 7);
    column.entries = ROWS;
    for (uint32_t i = 0; i < ROWS; i++) {
        column.at[i] = i;
        uint64_t high = base_random_u64(&seeded.random);
        uint64_t low = base_random_u64(&seeded.random);
        column.values[i] = store_value_str(
            str_format(arena, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
                       (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFFF),
                       (unsigned)(low >> 48), (unsigned long long)(low & 0xFFFFFFFFFFFF)));
    }
    open_column(&column, false, &opened);
    assert_true(opened.values.heap.uuids);
    assert_true(opened.bytes.len <= ROWS * 16 + 200);
    check_range(&column, &opened, 0, ROWS, &seeded.random);
    close_column(&opened);
    arena_free(arena);
}

static void long_words_are_compressed_in_pages(void **state)
{
    (void)state;
    static struct column column;
    struct opened opened;
    struct base_random_seeded seeded;
    struct arena *arena = arena_new(NULL);
    base_random_seed(&seeded, 8);
    size_t bytes = 0;
    column.entries = ROWS;
    for (uint32_t i = 0; i < ROWS; i++) {
        column.at[i] = i;
        struct str text = str_format(arena, "The parcel came %u days late and the box was %s.",
                                     i % 30, i % 3 == 0 ? "wet" : "torn");
        if (i == 3000) { /* longer than a page */
            char *much = arena_alloc(arena, 200000, &(struct fail){0});
            memset(much, 'x', 200000);
            text = str_of(much, 200000);
        }
        bytes += text.len;
        column.values[i] = store_value_str(text);
    }
    open_column(&column, false, &opened);
    assert_true(opened.values.heap.pages > 3);
    assert_true(opened.bytes.len < bytes / 4);
    check_range(&column, &opened, 0, ROWS, &seeded.random);
    check_range(&column, &opened, 2999, 3002, &seeded.random);
    close_column(&opened);
    arena_free(arena);
}

/* ---- damage ------------------------------------------------------------------------------------------- */

/* Bytes are changed at random; everything readable is read. Under the sanitizers this shows any step out of bounds. */
static void damaged_values_are_refused_or_read_within_bounds(void **state)
{
    (void)state;
    static struct column column;
    static struct store_value values[ENTRIES_MAX];
    static uint32_t rows[ENTRIES_MAX];
    struct base_random_seeded seeded;
    struct base_random *random = &seeded.random;
    base_random_seed(&seeded, 9);
    unsigned refused = 0;
    for (int round = 0; round < 400; round++) {
        struct arena *arena = arena_new(NULL);
        struct opened opened;
        struct fail fail;
        make_column(&column, (unsigned)round % 7, (unsigned)round % 4, arena, random);
        open_column(&column, round % 3 == 0, &opened);
        size_t len = opened.bytes.len - STORE_CODEC_SLACK;
        for (uint64_t changes = 1 + base_random_below(random, 4); changes > 0; changes--) {
            size_t reach = base_random_below(random, 2) == 0 && len > 200 ? (size_t)200 : len;
            opened.bytes.data[base_random_below(random, reach)] =
                (char)base_random_below(random, 256);
        }
        const struct store_dictionary *dictionary = round % 3 == 0 ? &opened.dictionary : NULL;
        bool ok = store_values_open((const uint8_t *)opened.bytes.data, len, ROWS, dictionary,
                                    &opened.values, &fail);
        uint32_t first;
        uint32_t count;
        ok = ok && store_values_find(&opened.values, 10, ROWS - 10, &first, &count, &fail) &&
             count <= ENTRIES_MAX && store_values_rows(&opened.values, first, count, rows, &fail) &&
             store_values_read(&opened.values, first, count, NULL, 0, &opened.scratch, values,
                               &fail);
        if (ok) {
            size_t sum = 0; /* strings lie within bounds */
            for (uint32_t i = 0; i < count; i++) {
                if (values[i].kind == STORE_STRING) {
                    sum += base_hash_str(store_value_text(values[i])) & 1;
                }
            }
            assert_true(sum <= count);
        } else {
            refused++;
        }
        close_column(&opened);
        arena_free(arena);
    }
    assert_true(refused > 50);
}

static void integers_cut_short_are_corrupt(void **state)
{
    (void)state;
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 10);
    static int64_t values[2000];
    int64_t read[2000];
    for (int shape = 0; shape < SHAPES; shape++) {
        struct fail fail;
        struct base_buf buf = {0};
        struct store_ints ints;
        fill(values, 2000, (enum shape)shape, &seeded.random);
        must(store_ints_encode(values, 2000, &buf, &fail), &fail);
        for (size_t len = 0; len < buf.len; len += 1 + len / 8) {
            /* An exact copy, so that the sanitizers see a step past its slack. */
            void *block = NULL;
            must(base_alloc_array(len + STORE_CODEC_SLACK, 1, &block, &fail), &fail);
            memcpy(block, buf.data, len);
            memset((uint8_t *)block + len, 0, STORE_CODEC_SLACK);
            if (store_ints_open(block, len, &ints, &fail) && ints.count <= 2000) {
                assert_false(store_ints_read(&ints, 0, ints.count, read, &fail));
            }
            assert_int_equal(fail.code, FAIL_CORRUPT);
            base_free(block);
        }
        base_buf_done(&buf);
    }
}

/* ---- strings that are not held ------------------------------------------------------------------------ */

#define HEAP_STRINGS 1500U

struct elsewhere {
    struct str strings[HEAP_STRINGS]; /* by the place that a value tells */
    struct base_buf given;            /* pages that were taken */
    size_t calls, refuse_at;
};

static bool find_elsewhere(void *context, struct store_value left, struct str *out,
                           struct fail *fail)
{
    const struct elsewhere *elsewhere = context;
    (void)fail;
    assert_int_equal(store_left_segment(left), 7);
    assert_int_equal(store_left_block(left), 40000);
    *out = elsewhere->strings[store_left_string(left)];
    return true;
}

static bool take_elsewhere(void *context, const void *bytes, size_t len, struct fail *fail)
{
    struct elsewhere *elsewhere = context;
    base_buf_bytes(&elsewhere->given, bytes, len);
    return ++elsewhere->calls != elsewhere->refuse_at || fail_set(fail, FAIL_IO, "no room there");
}

static void encode_strings(const struct store_value *values, struct store_encoder *encoder,
                           struct base_buf *out)
{
    static uint32_t at[HEAP_STRINGS];
    struct fail fail;
    for (uint32_t i = 0; i < HEAP_STRINGS; i++) {
        at[i] = i;
    }
    const struct store_values_input input = {
        .entries = HEAP_STRINGS, .rows = HEAP_STRINGS, .at = at, .values = values};
    bool ok = store_values_encode(&input, encoder, out, &fail);
    assert_true(ok || fail.code == FAIL_IO);
    assert_true(ok ==
                (encoder->take == NULL || ((struct elsewhere *)encoder->context)->refuse_at == 0));
}

/* However strings come and pages go, the bytes are the same. */
static void strings_left_and_pages_taken_make_the_same_bytes(void **state)
{
    (void)state;
    static struct elsewhere elsewhere;
    static struct store_value held[HEAP_STRINGS], left[HEAP_STRINGS];
    struct arena *arena = arena_new(NULL);
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 77);
    for (unsigned kind = 0; kind < 3; kind++) { /* short ones, long ones, UUIDs */
        for (uint32_t i = 0; i < HEAP_STRINGS; i++) {
            struct str string =
                base_random_hex(&seeded.random, arena,
                                (size_t)base_random_below(&seeded.random, kind == 0      ? 40
                                                                          : i % 100 == 3 ? 90000
                                                                                         : 9000));
            string = kind < 2 ? string
                              : str_format(arena, "%08x-0000-0000-1234-00000000%04x", i * 77U, i);
            elsewhere.strings[i] = string;
            held[i] = store_value_str(string);
            left[i] = (struct store_value){.kind = STORE_STRING,
                                           .len = (uint32_t)string.len | STORE_LEFT,
                                           .u = UINT64_C(7) << 48 | UINT64_C(40000) << 32 | i};
        }
        CLEANUP(base_buf_done) struct base_buf whole = {0};
        CLEANUP(base_buf_done) struct base_buf parted = {0};
        struct store_encoder encoder = {.arena = arena_new(NULL), .zipper = base_zipper_new()};
        encode_strings(held, &encoder, &whole);
        assert_int_equal(encoder.taken, 0);
        encoder.find = find_elsewhere;
        encoder.take = take_elsewhere;
        encoder.context = &elsewhere;
        elsewhere.calls = elsewhere.refuse_at = 0;
        encode_strings(left, &encoder, &parted);
        assert_int_equal(encoder.taken, elsewhere.given.len);
        assert_true((elsewhere.calls > 1) == (kind == 1));
        base_buf_bytes(&parted, elsewhere.given.data, elsewhere.given.len);
        assert_int_equal(parted.len, whole.len);
        assert_memory_equal(parted.data, whole.data, whole.len);
        for (size_t call = elsewhere.calls; call > 0; call--) { /* each of them fails once */
            elsewhere.calls = 0;
            elsewhere.refuse_at = call;
            encode_strings(left, &encoder, &parted);
        }
        base_buf_done(&elsewhere.given);
        store_encoder_done(&encoder);
    }
    arena_free(arena);
}

/* A heap is read in any order, with one page held, or told of and left. */
static void strings_of_a_heap_are_found_in_any_order(void **state)
{
    (void)state;
    static struct store_value held[HEAP_STRINGS];
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    struct base_random_seeded seeded;
    base_random_seed(&seeded, 78);
    for (uint32_t i = 0; i < HEAP_STRINGS; i++) {
        held[i] = store_value_str(base_random_hex(&seeded.random, arena,
                                                  (size_t)base_random_below(&seeded.random, 1000)));
    }
    CLEANUP(base_buf_done) struct base_buf bytes = {0};
    struct store_encoder encoder = {.arena = arena_new(NULL), .zipper = base_zipper_new()};
    bool uuids;
    must(store_heap_encode(held, HEAP_STRINGS, &encoder, &uuids, &bytes, &fail), &fail);
    size_t len = bytes.len;
    slack(&bytes);
    struct store_heap heap;
    must(store_heap_open((const uint8_t *)bytes.data, len, uuids, HEAP_STRINGS, &heap, &fail),
         &fail);
    assert_true(heap.pages > 5);
    struct store_values_scratch scratch = {
        .strings = arena_new(NULL), .leave_segment = 9, .leave_block = 65535};
    struct store_values_scratch leaving = scratch;
    struct store_heap_reader reader = {.heap = &heap, .scratch = &scratch, .forgets = true};
    struct store_heap_reader leaver = {.heap = &heap, .scratch = &leaving};
    for (unsigned i = 0; i < 4000; i++) {
        uint32_t string =
            i < HEAP_STRINGS ? i : (uint32_t)base_random_below(&seeded.random, HEAP_STRINGS);
        struct store_value found, left;
        must(store_heap_get(&reader, string, &found, &fail), &fail);
        assert_true(same(found, held[string]));
        assert_true(arena_used(scratch.strings) <= 2 * STORE_HEAP_PAGE_BYTES);
        must(store_heap_leave(&leaver, string, &left, &fail), &fail);
        assert_true(store_value_is_left(&left) && !store_value_is_left(&found));
        assert_int_equal(store_value_len(&left), found.len);
        assert_int_equal(store_left_string(left), string);
        assert_int_equal(store_left_segment(left), 9);
        assert_int_equal(store_left_block(left), 65535);
    }
    arena_free(scratch.strings);
    store_values_scratch_done(&scratch);
    store_values_scratch_done(&leaving);
    store_encoder_done(&encoder);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_shape_and_length_round_trip),
        cmocka_unit_test(packed_bits_of_every_width_round_trip),
        cmocka_unit_test(codes_past_their_list_are_corrupt),
        cmocka_unit_test(codes_come_as_bytes_from_every_encoding),
        cmocka_unit_test(search_finds_the_first_place_not_below),
        cmocka_unit_test(values_of_every_form_and_place_round_trip),
        cmocka_unit_test(whole_and_broken_prices_share_decimals),
        cmocka_unit_test(numbers_that_no_decimal_holds_stay_exact),
        cmocka_unit_test(uuids_take_sixteen_bytes_and_come_back_as_text),
        cmocka_unit_test(long_words_are_compressed_in_pages),
        cmocka_unit_test(damaged_values_are_refused_or_read_within_bounds),
        cmocka_unit_test(integers_cut_short_are_corrupt),
        cmocka_unit_test(strings_left_and_pages_taken_make_the_same_bytes),
        cmocka_unit_test(strings_of_a_heap_are_found_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
