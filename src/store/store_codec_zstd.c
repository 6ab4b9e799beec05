/* store_codec_zstd.c — the one place that knows zstd. */
#include <zstd.h>

#include "store_codec.h"

#define LEVEL                                                                                      \
    3 /* pages are small: higher levels gain a few percent and cost several times the time */

struct store_zipper {
    ZSTD_CCtx *context;
};
struct store_unzipper {
    ZSTD_DCtx *context;
};

struct store_zipper *store_zipper_new(void)
{
    struct store_zipper *zipper = base_alloc_zero(sizeof *zipper);
    zipper->context = ZSTD_createCCtx();
    INVARIANT(zipper->context != NULL);
    return zipper;
}

void store_zipper_free(struct store_zipper *zipper)
{
    if (zipper != NULL) {
        ZSTD_freeCCtx(zipper->context);
        base_free(zipper);
    }
}

bool store_zip(struct store_zipper *zipper, const void *bytes, size_t len, struct base_buf *out,
               bool *out_smaller, struct fail *fail)
{
    size_t bound = ZSTD_compressBound(len);
    char *into = base_buf_room(out, bound);
    if (into == NULL) {
        return base_buf_ok(out, fail) &&
               fail_set(fail, FAIL_NO_MEMORY, "no memory for %zu bytes", bound);
    }
    size_t made = ZSTD_compressCCtx(zipper->context, into, bound, bytes, len, LEVEL);
    if (ZSTD_isError(made)) {
        return fail_set(fail, FAIL_INTERNAL, "zstd: %s", ZSTD_getErrorName(made));
    }
    *out_smaller = made < len;
    if (made < len) {
        out->len += made;
    }
    return true;
}

struct store_unzipper *store_unzipper_new(void)
{
    struct store_unzipper *unzipper = base_alloc_zero(sizeof *unzipper);
    unzipper->context = ZSTD_createDCtx();
    INVARIANT(unzipper->context != NULL);
    return unzipper;
}

void store_unzipper_free(struct store_unzipper *unzipper)
{
    if (unzipper != NULL) {
        ZSTD_freeDCtx(unzipper->context);
        base_free(unzipper);
    }
}

bool store_unzip(struct store_unzipper *unzipper, const void *bytes, size_t len, void *into,
                 size_t into_len, struct fail *fail)
{
    size_t made = ZSTD_decompressDCtx(unzipper->context, into, into_len, bytes, len);
    if (ZSTD_isError(made)) {
        return fail_set(fail, FAIL_CORRUPT, "compressed strings: %s", ZSTD_getErrorName(made));
    }
    if (made != into_len) {
        return fail_set(fail, FAIL_CORRUPT, "compressed strings: %zu bytes instead of %zu", made,
                        into_len);
    }
    return true;
}
