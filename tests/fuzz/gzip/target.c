/* Bytes that call themselves gzip: inflated whole and in small pieces, which must come to the same bytes and the same end. */
#include "base_buf.h"
#include "base_hash.h"
#include "intake_gzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_BYTES_MAX ((size_t)1 << 20)

struct outcome {
    uint64_t bytes, sum;
    bool good;
};

static struct outcome inflate_all(struct str all, size_t step, size_t room)
{
    static char into[4096];
    struct outcome outcome = {0};
    struct intake_gzip *gzip CLEANUP(intake_gzip_free_at) = NULL;
    struct fail fail;
    INVARIANT(intake_gzip_new(&gzip, &fail));
    struct str piece = {0};
    size_t put = 0;
    while (outcome.bytes < OUT_BYTES_MAX) {
        if (piece.len == 0 && put < room) {
            size_t take = all.len < step ? all.len : step;
            piece = str_of(all.data, take);
            all = str_after(all, take);
            if (take == 0) {
                outcome.good = intake_gzip_end(gzip, &fail);
                break;
            }
        }
        if (!intake_gzip_step(gzip, &piece, into, room, &put, &fail)) {
            INVARIANT(fail.code == FAIL_INPUT);
            break;
        }
        for (size_t i = 0; i < put; i++) {
            outcome.sum = outcome.sum * 31 + (uint8_t)into[i];
        }
        outcome.bytes += put;
    }
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str all = str_of((const char *)data, size);
    (void)intake_gzip_is(all);
    struct outcome whole = inflate_all(all, size == 0 ? 1 : size, 4096);
    struct outcome pieces = inflate_all(all, 7, 13);
    if (whole.bytes < OUT_BYTES_MAX && pieces.bytes < OUT_BYTES_MAX) {
        INVARIANT(whole.good == pieces.good);
        INVARIANT(!whole.good || (whole.bytes == pieces.bytes && whole.sum == pieces.sum));
    }
    return 0;
}
