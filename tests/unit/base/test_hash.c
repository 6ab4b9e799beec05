

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_hash.h"

/* Fixed for ever: they stand in files. */
static void hashes_are_xxh3(void **state)
{
    (void)state;
    assert_true(base_hash64("", 0, 0) == 0x2D06800538D394C2U);
    assert_true(base_hash64(NULL, 0, 0) == 0x2D06800538D394C2U);
    struct base_hash128 empty = base_hash128("", 0, 0);
    assert_true(empty.high == 0x99AA06D3014798D8U && empty.low == 0x6001C324468D497FU);
    assert_true(base_hash_str(STR("firsthand")) == base_hash64("firsthand", 9, 0));
    assert_true(base_hash64("firsthand", 9, 1) != base_hash64("firsthand", 9, 0));
    assert_true(base_hash64("firsthand", 9, 0) != base_hash64("firsthanc", 9, 0));
}

static void streamed_hash_equals_that_of_the_whole(void **state)
{
    (void)state;
    unsigned char bytes[3000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 131U >> 3);
    }
    struct base_hasher *hasher = base_hasher_new(5);
    for (size_t piece = 1; piece < 900; piece = piece * 3 + 1) {
        for (size_t at = 0; at < sizeof bytes; at += piece) {
            base_hasher_add(hasher, bytes + at,
                            sizeof bytes - at < piece ? sizeof bytes - at : piece);
        }
        base_hasher_add(hasher, NULL, 0);
        struct base_hash128 streamed = base_hasher_end(hasher); /* and starts anew */
        struct base_hash128 whole = base_hash128(bytes, sizeof bytes, 5);
        assert_true(streamed.low == whole.low && streamed.high == whole.high);
        base_hasher_add(hasher, bytes, piece);
        base_hasher_add(hasher, bytes + piece, sizeof bytes - piece);
        assert_true(base_hasher_end64(hasher) == base_hash64(bytes, sizeof bytes, 5));
    }
    base_hasher_free(hasher);
    base_hasher_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_xxh3),
        cmocka_unit_test(streamed_hash_equals_that_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
