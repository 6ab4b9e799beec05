/* intake_import.h — reads files of events, however large, batch by batch.
 *
 * What: a stream (gzip is recognised) of the own form a line, of Segment's or PostHog's messages a line, of a web
 *   server's requests, of mail, or of CSV rows and foreign JSON lines with a map. Each record becomes an item as in intake.h; one without a message_id
 *   gets one from its raw bytes and how often they occurred in the file so far, so that importing a file
 *   again stores nothing twice. Instants are taken as written: a file's age is no clock error.
 * Owner: intake_import_close. Items live in the arena given to intake_import_next, and view the source and the
 *   map: they are good until the arena is reset or the import is closed, whichever comes first.
 * Threads: one at a time; separate imports are independent.
 * Failure: FAIL_INPUT for a map or header that is wrong (with the place in the map and the nearest column),
 *   for damaged gzip, UTF-16, a JSON array; FAIL_LIMIT for a record above 16 MB or too many rows without
 *   an id; what the reader says. What was read before is returned first, the failure with the next call.
 * Limits/cost: memory: a window of 1 to 16 MB, the batch, and 20 to 40 bytes a distinct row without an
 *   id. Some 200 MB/s of NDJSON, 1 M rows/s of CSV.
 * Units: *_ms UTC, *_bytes; rows from 1.
 * Example: while (intake_import_next(import, arena, 2000, &batch, fail) && batch.count > 0) {
 *              if (!store_submit(store, batch.items, batch.count, fail)) return false;
 *              arena_reset(arena); }
 * Not here: the ledger of an import and its undoing (app), HTTP (intake.h).
 */
#pragma once

#include "intake.h"

struct intake_reader {
    /* Up to `len` bytes into `into`; *out_read 0 only at the end. */
    bool (*read)(void *context, void *into, size_t len, size_t *out_read, struct fail *fail);
    void *context;
    uint64_t total_bytes; /* as far as known, for progress; 0: unknown */
};
/* Over memory that stays; `text` itself is moved on. For tests and for what is in memory anyway. */
struct intake_reader intake_reader_of(struct str *text);
/* Over an open descriptor (file, pipe, standard input), which must stay open and is not closed. */
struct intake_reader intake_reader_of_descriptor(int descriptor);

enum intake_format {
    INTAKE_FORMAT_AUTO, /* NDJSON where the first character is '{', else CSV */
    INTAKE_FORMAT_NDJSON,
    INTAKE_FORMAT_CSV,
    INTAKE_FORMAT_SEGMENT,
    INTAKE_FORMAT_POSTHOG,
    INTAKE_FORMAT_ACCESS_LOG,
    INTAKE_FORMAT_EML,
    INTAKE_FORMAT_MBOX,
    INTAKE_FORMATS,
};
/* "ndjson", "csv", "segment", "posthog", "access-log", "eml", "mbox"; FAIL_INPUT with the nearest. */
bool intake_format_parse(struct str name, enum intake_format *out, struct fail *fail) MUST_USE;
const char *intake_format_name(enum intake_format format);

#define INTAKE_REPEATS_BYTES ((size_t)2 << 30) /* 235 million different rows without an id */
struct intake_import_options {
    struct intake_reader reader;
    enum intake_format format;
    struct str map;                     /* JSON (docs/how-to/import.md); missing: none */
    const struct intake_source *source; /* read with every batch: received_at_ms may move on */
    /* A single record that was read before, and is read again: the id that it may need comes from these bytes, as it
       did then. Missing: from its own. */
    struct str known_raw;
    size_t repeats_bytes_max; /* for counting rows without an id; 0: INTAKE_REPEATS_BYTES */
};

struct intake_import;
/* Reads the beginning, the header of CSV, and the map. */
bool intake_import_open(const struct intake_import_options *options, struct intake_import **out,
                        struct fail *fail) MUST_USE;
void intake_import_close(struct intake_import *import); /* accepts NULL */

struct intake_import_batch {
    struct store_item *items;
    uint64_t *records; /* of items[i]: the data row of CSV, the message, or the line, from 1 */
    size_t count;      /* 0: the end */
};
bool intake_import_next(struct intake_import *import, struct arena *arena, size_t most,
                        struct intake_import_batch *out, struct fail *fail) MUST_USE;

struct intake_import_progress {
    uint64_t bytes_read;  /* of the stream, before inflation */
    uint64_t bytes_total; /* 0: unknown */
    uint64_t records;     /* returned so far */
};
struct intake_import_progress intake_import_progress(const struct intake_import *import);
