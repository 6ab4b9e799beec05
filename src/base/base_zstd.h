/* base_zstd.h — compression: zstd behind a face of its own.
 *
 * What: a zipper compresses, an unzipper gives back; both keep their memory from call to call.
 * Owner: base_zipper_free, base_unzipper_free.   Threads: one at a time each.
 * Failure: FAIL_CORRUPT for bytes that are not what was compressed, FAIL_NO_MEMORY, FAIL_LIMIT over the buffer's
 *   ceiling.   Limits/cost: some 300 MB/s a core.   Units: bytes.
 * Example: if (!base_zip(zipper, page.data, page.len, &out, &smaller, fail)) return false;
 * Not here: gzip (net_gzip.h, intake_gzip.h).
 */
#pragma once

#include "base_buf.h"

struct base_zipper;
struct base_unzipper;
struct base_zipper *base_zipper_new(void);
void base_zipper_free(struct base_zipper *zipper);
/* Appends; false in *out_smaller, and nothing appended, where it would not get smaller. */
bool base_zip(struct base_zipper *zipper, const void *bytes, size_t len, struct base_buf *out,
              bool *out_smaller, struct fail *fail) MUST_USE;
/* Appends, also where that is larger. */
bool base_zip_whole(struct base_zipper *zipper, const void *bytes, size_t len, struct base_buf *out,
                    struct fail *fail) MUST_USE;
struct base_unzipper *base_unzipper_new(void);
void base_unzipper_free(struct base_unzipper *unzipper);
/* FAIL_CORRUPT unless `bytes` are exactly `into_len` bytes compressed. */
bool base_unzip(struct base_unzipper *unzipper, const void *bytes, size_t len, void *into,
                size_t into_len, struct fail *fail) MUST_USE;
