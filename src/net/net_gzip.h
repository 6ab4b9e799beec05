/* net_gzip.h — gzip for answers.
 *
 * What: compresses a whole reply, for askers that accept it. What arrives is inflated by intake.
 * Owner: the caller's buffer.   Threads: safe.
 * Failure: as base_buf.   Limits/cost: zlib level 5, some 60 MB/s.   Units: bytes.
 * Example: if (net_accepts_gzip(header) && net_gzip(body, &packed, fail)) ...
 * Not here: inflating (intake), zstd (base_zstd.h).
 */
#pragma once

#include "base_buf.h"

#define NET_GZIP_BYTES_MIN 1024 /* below this it is not worth it */

bool net_gzip(struct str bytes, struct base_buf *out, struct fail *fail) MUST_USE;
/* Whether an Accept-Encoding header admits gzip (RFC 9110, 12.5.3). */
bool net_accepts_gzip(struct str accept_encoding);
/* Whether bodies of that media type get smaller by it. */
bool net_gzip_helps(struct str content_type);
