/* intake_gzip.h — inflating gzip piece by piece: the one user of zlib here.
 *
 * What: a stream of one or more gzip members, as `cat a.gz b.gz` makes them, checksums checked.
 * Owner: intake_gzip_free.   Threads: one at a time.
 * Failure: FAIL_INPUT where the bytes are not gzip, damaged, or end too early.
 * Limits/cost: some 300 MB/s; how much may come out is the caller's to limit.   Units: bytes.
 * Example: see intake_body.c.   Not here: deflating.
 */
#pragma once

#include "base_str.h"

struct intake_gzip;
bool intake_gzip_new(struct intake_gzip **out, struct fail *fail) MUST_USE;
void intake_gzip_free(struct intake_gzip *gzip); /* accepts NULL */
void intake_gzip_free_at(struct intake_gzip **gzip);

bool intake_gzip_is(struct str bytes); /* do they begin as gzip does? */

/* Takes bytes from *in (moving it on) and puts at most `room` into `into`. Nothing taken and nothing put
   means that more input is needed. */
bool intake_gzip_step(struct intake_gzip *gzip, struct str *in, char *into, size_t room,
                      size_t *out_put, struct fail *fail) MUST_USE;
/* After the last input: was the last member whole? */
bool intake_gzip_end(const struct intake_gzip *gzip, struct fail *fail) MUST_USE;
