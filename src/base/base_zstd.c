/* base_zstd.c — the one place that knows zstd. */
#include "base_zstd.h"

#include <zstd.h>

#define LEVEL                                                                                      \
    3 /* pages are small: higher levels gain a few percent and cost several times the time */

struct base_zipper {
    ZSTD_CCtx *context;
};
struct base_unzipper {
    ZSTD_DCtx *context;
};

struct base_zipper *base_zipper_new(void)
{
    struct base_zipper *zipper = base_alloc_zero(sizeof *zipper);
    zipper->context = ZSTD_createCCtx();
    INVARIANT(zipper->context != NULL);
    return zipper;
}

void base_zipper_free(struct base_zipper *zipper)
{
    if (zipper != NULL) {
        ZSTD_freeCCtx(zipper->context);
        base_free(zipper);
    }
}

bool base_zip_whole(struct base_zipper *zipper, const void *bytes, size_t len, struct base_buf *out,
                    struct fail *fail)
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
    out->len += made;
    return true;
}

bool base_zip(struct base_zipper *zipper, const void *bytes, size_t len, struct base_buf *out,
              bool *out_smaller, struct fail *fail)
{
    size_t before = out->len;
    if (!base_zip_whole(zipper, bytes, len, out, fail)) {
        return false;
    }
    *out_smaller = out->len - before < len;
    out->len = *out_smaller ? out->len : before;
    return true;
}

struct base_unzipper *base_unzipper_new(void)
{
    struct base_unzipper *unzipper = base_alloc_zero(sizeof *unzipper);
    unzipper->context = ZSTD_createDCtx();
    INVARIANT(unzipper->context != NULL);
    return unzipper;
}

void base_unzipper_free(struct base_unzipper *unzipper)
{
    if (unzipper != NULL) {
        ZSTD_freeDCtx(unzipper->context);
        base_free(unzipper);
    }
}

bool base_unzip(struct base_unzipper *unzipper, const void *bytes, size_t len, void *into,
                size_t into_len, struct fail *fail)
{
    size_t made = ZSTD_decompressDCtx(unzipper->context, into, into_len, bytes, len);
    if (ZSTD_isError(made)) {
        return fail_set(fail, FAIL_CORRUPT, "compressed bytes: %s", ZSTD_getErrorName(made));
    }
    if (made != into_len) {
        return fail_set(fail, FAIL_CORRUPT, "compressed bytes: %zu bytes instead of %zu", made,
                        into_len);
    }
    return true;
}
