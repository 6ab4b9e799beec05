/* store_frame.h — one commit as bytes: the payload of a journal frame.
 *
 * What: records in the order in which they were judged. Names are said once a frame and then called by
 *   number. Format: docs/formats/journal.md.
 * Owner: a writer is the store's writer thread's; a reader views the payload it was given.
 * Threads: one at a time.
 * Failure: FAIL_CORRUPT from reading, never a crash; FAIL_LIMIT and FAIL_NO_MEMORY from writing.
 * Limits/cost: writing an event of ten properties takes some 200 ns.   Units: bytes.
 * Example: while (store_frame_next(&reader, &record, fail) && record.tag != STORE_FRAME_END) ...
 * Not here: files, checksums and sync (store_journal.h).
 */
#pragma once

#include "base_buf.h"
#include "store_identity_live.h"

#define STORE_FRAME_BYTES_MAX ((size_t)1 << 30)

enum store_frame_tag {
    STORE_FRAME_END = 0,  /* only from the reader */
    STORE_FRAME_NAME = 1, /* only inside: the reader keeps them */
    STORE_FRAME_IDENTIFIER = 2,
    STORE_FRAME_JOIN = 3,    /* also a split */
    STORE_FRAME_ROWLESS = 4, /* the number has no row of its own yet */
    STORE_FRAME_EVENT = 5,
    STORE_FRAME_QUARANTINE = 6,
    STORE_FRAME_LEDGER = 7,
    STORE_FRAME_CUSTOMERS = 8, /* how many there are after the commit */
    STORE_FRAME_CLOSED = 9,    /* the store was closed in order; nothing else in the frame */
    STORE_FRAME_IMPORT = 10, /* whose what follows is, until the next of these or the frame's end */
    STORE_FRAME_IMPORT_CHANGE = 11, /* an import begins, is counted or ends */
    STORE_FRAME_MENDED = 12,        /* a row of the quarantine goes, or stays for another reason */
};

struct store_ledger_count {
    uint64_t received, stored, duplicate, quarantined, refused;
    int64_t last_received_ms; /* STORE_NO_TIME: never */
};

struct store_frame_quarantine {
    uint64_t id;
    uint32_t source; /* code */
    struct str reason, field;
    struct str way; /* missing: not known */
    int64_t received_at_ms;
    int64_t sent_at_ms; /* STORE_NO_TIME: none */
    uint64_t raw_bytes; /* as received */
    struct str raw;     /* what is kept of it */
    struct base_hash128 hash;
};

/* What became of a row since it was written. */
struct store_quarantine_mark {
    uint64_t id;
    bool gone;
    struct str reason, field; /* of a row that stays: instead of its own */
};

enum store_frame_import_change {
    STORE_FRAME_IMPORT_BEGUN = 1,
    STORE_FRAME_IMPORT_COUNTED = 2,
    STORE_FRAME_IMPORT_ENDED = 3,
};
struct store_frame_import {
    uint64_t number;
    enum store_frame_import_change change;
    struct str source, name; /* begun */
    int64_t at_ms;           /* begun, ended */
    uint64_t counts[4];      /* counted, by enum store_verdict */
    bool stopped;            /* ended */
};

struct store_frame_record {
    enum store_frame_tag tag;
    union {
        struct {
            uint32_t number;
            bool member;
            struct store_identifier id;
        } identifier;
        struct store_edge edge; /* without position and left: they follow from the order */
        uint32_t number;        /* rowless */
        struct {
            struct store_row row; /* arrival and customer are not written: they follow */
            bool import;
            bool has_key;            /* without a message id, but deduplicated: */
            struct base_hash128 key; /* by this */
        } event;
        struct {
            struct store_frame_quarantine row;
            size_t raw_at; /* of the raw bytes, from the payload's beginning */
        } quarantine;
        struct store_quarantine_mark mended;
        struct {
            uint32_t source; /* code */
            struct store_ledger_count count;
        } ledger;
        uint64_t customers;
        struct store_frame_import import; /* of STORE_FRAME_IMPORT the number alone; 0: nobody's */
    };
};

/* ---- writing ------------------------------------------------------------------------------------------- */

struct store_frame_writer {
    struct store_names *names;
    struct base_buf bytes; /* begins with `reserved` bytes for the frame's own header */
    size_t reserved;
    uint32_t *local[STORE_FAMILIES]; /* by code: number in this frame + 1, or 0 */
    size_t local_capacity[STORE_FAMILIES];
    uint64_t *used; /* (family << 32 | code), by number in this frame */
    size_t used_count, used_capacity;
    struct str last_way; /* of the quarantined record before, in this frame; views its item */
    bool failed;
    struct fail fail;
};
void store_frame_writer_init(struct store_frame_writer *writer, struct store_names *names,
                             size_t reserved);
void store_frame_writer_done(struct store_frame_writer *writer);
void store_frame_reset(struct store_frame_writer *writer);
/* Errors are kept and told here. */
bool store_frame_ok(const struct store_frame_writer *writer, struct fail *fail) MUST_USE;

void store_frame_identifier(struct store_frame_writer *writer, uint32_t number,
                            struct store_identifier id, bool member);
void store_frame_join(struct store_frame_writer *writer, const struct store_edge *edge);
void store_frame_rowless(struct store_frame_writer *writer, uint32_t number);
/* `key`: of deduplication, where it does not follow from the row's message id; else NULL. */
void store_frame_event(struct store_frame_writer *writer, const struct store_row *row,
                       const struct base_hash128 *key, bool import);
/* Returns where the raw bytes lie in `bytes`. */
size_t store_frame_quarantine(struct store_frame_writer *writer,
                              const struct store_frame_quarantine *row);
void store_frame_mended(struct store_frame_writer *writer,
                        const struct store_quarantine_mark *mark);
void store_frame_ledger(struct store_frame_writer *writer, uint32_t source,
                        const struct store_ledger_count *count);
void store_frame_customers(struct store_frame_writer *writer, uint64_t customers);
void store_frame_import(struct store_frame_writer *writer, uint64_t number);
void store_frame_import_change(struct store_frame_writer *writer,
                               const struct store_frame_import *change);
void store_frame_closed(struct store_frame_writer *writer);

/* ---- reading ------------------------------------------------------------------------------------------- */

struct store_frame_reader {
    struct store_names *names;
    const uint8_t *start, *at, *end;
    struct {
        enum store_family family;
        uint32_t code;
    } * locals;
    size_t local_count, local_capacity;
    struct store_cell *cells; /* of the record at hand */
    size_t cell_capacity;
    struct str last_way;  /* of the quarantined record before */
    bool short_of_memory; /* that is no damage */
};
/* Interns the names it meets. `payload` must stay. */
void store_frame_reader_init(struct store_frame_reader *reader, struct store_names *names,
                             struct str payload);
void store_frame_reader_done(struct store_frame_reader *reader);
/* Text and cells in the record live until the next call. */
bool store_frame_next(struct store_frame_reader *reader, struct store_frame_record *out,
                      struct fail *fail) MUST_USE;
