/* batches.h — rows of the generator's CSV as NDJSON, cut into the bodies of requests.
 *
 * What: reads `count` rows from `first` on and lays each out as an event in our own form; every `batch` lines are a body.
 * Owner: batches_free.   Threads: immutable once read.   Failure: a message and exit code 1.
 * Limits/cost: all bodies lie in memory.   Units: bytes.   Example: client.c.   Not here: sending.
 */
#pragma once

#include <stddef.h>

struct batches {
    char *text;
    size_t *starts; /* body n: starts[n] to starts[n + 1] */
    size_t *events; /* of body n */
    size_t count;
};

void batches_read(struct batches *out, const char *csv, size_t first, size_t count, size_t batch,
                  const char *salt);
void batches_free(struct batches *batches);
