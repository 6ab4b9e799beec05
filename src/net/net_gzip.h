/* net_gzip.h — gzip: whole answers out, bounded bodies and endless files in.
 *
 * What: deflate for replies; inflate for request bodies (whole, with a ceiling and a ratio against
 *   bombs) and for files (streamed). Recognised by its bytes 1f 8b, never by what a header says.
 * Owner: the caller's buffers; net_inflate_new/net_inflate_free.   Threads: one at a time.
 * Failure: FAIL_INPUT for bytes that are not gzip or are cut; FAIL_LIMIT over the ceiling or ratio.
 * Limits/cost: zlib, some 300 MB/s in, 60 MB/s out.   Units: bytes.
 * Example: if (net_gzip_is(body) && !net_gunzip(body, &limits, &out, fail)) ...
 * Not here: zstd (store).
 */
#pragma once

#include "base_buf.h"

static inline bool net_gzip_is(struct str bytes)
{
    return bytes.len >= 2 && (unsigned char)bytes.data[0] == 0x1fU &&
           (unsigned char)bytes.data[1] == 0x8bU;
}

bool net_gzip(struct str bytes, struct base_buf *out, struct fail *fail) MUST_USE;

struct net_gunzip_limits {
    size_t bytes_max; /* after inflation */
    size_t ratio_max; /* output over input, once `ratio_free_bytes` came out; 0: any */
    size_t ratio_free_bytes;
};
/* All members of the gzip file one after the other. Appends to `out` as far as it got, also on
 * failure. */
bool net_gunzip(struct str bytes, const struct net_gunzip_limits *limits, struct base_buf *out,
                struct fail *fail) MUST_USE;

struct net_inflate;
struct net_inflate *net_inflate_new(void);
void net_inflate_free(struct net_inflate *inflate);
/* Inflates from *in (which is moved on) into at most `room` bytes; *out_len 0 with *in empty: needs
   more input. Several members follow each other. FAIL_INPUT on broken bytes. */
bool net_inflate_step(struct net_inflate *inflate, struct str *in, char *into, size_t room,
                      size_t *out_len, struct fail *fail) MUST_USE;
/* FAIL_INPUT where the bytes so far end inside a member. */
bool net_inflate_end(const struct net_inflate *inflate, struct fail *fail) MUST_USE;
