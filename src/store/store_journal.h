/* store_journal.h — commits on disk before they are acknowledged: files of checksummed frames.
 *
 * What: a file has a header with a random nonce, then frames, each one commit; a frame's checksum is seeded
 *   with the nonce, so that no stale block can pass for one. Format: docs/formats/journal.md.
 *   Invariants: (1) a frame is written only after the one before it was synced; so (2) only the last frame of
 *   the last file can be torn, and (3) a valid frame behind a damaged one means damage, never a torn tail.
 * Owner: store_journal_file is reference-counted, since quarantined bytes are read from it.
 * Threads: appending belongs to the writer thread; reading at offsets is free.
 * Failure: store_journal_append says whether the journal can still be used. FAIL_CORRUPT names file and offset.
 * Limits/cost: one write and one fdatasync a frame.   Units: bytes.
 * Example: see store_commit.c and store_replay.c.   Not here: what a payload means (store_frame.h).
 */
#pragma once

#include "base_buf.h"
#include "store.h"

#define STORE_JOURNAL_HEADER_BYTES 64U
#define STORE_JOURNAL_FRAME_BYTES 24U /* before the payload */
#define STORE_JOURNAL_PATH_BYTES 40
/* A store that is closed ends its journal with two frames that hold nothing: one that fills its page of the file, and one
   of exactly so many records, by which it is known. */
#define STORE_JOURNAL_PAGE_BYTES 4096U
#define STORE_JOURNAL_CLOSED_RECORDS 2U

struct store_journal_file {
    _Atomic uint32_t references; /* any thread */
    struct disk *disk;
    struct disk_file *file;
    uint64_t id;
    uint64_t nonce;
    uint64_t first_sequence;
};
struct store_journal_file *store_journal_file_ref(struct store_journal_file *file);
void store_journal_file_unref(struct store_journal_file *file); /* accepts NULL */
void store_journal_path(uint64_t id, char out_path[STORE_JOURNAL_PATH_BYTES]);

struct store_journal { /* the writer's end */
    struct store_journal_file *file;
    uint64_t len; /* all frames before it are whole and synced */
    uint64_t next_sequence;
    bool undone; /* cut back after a write that failed, and not synced since */
    bool broken; /* nothing may be appended any more in this process */
};

/* Makes file and header durable, its name too. */
bool store_journal_create(struct disk *disk, uint64_t id, uint64_t first_sequence,
                          int64_t created_ms, struct store_journal *out,
                          struct fail *fail) MUST_USE;
/* `frame` holds STORE_JOURNAL_FRAME_BYTES of room and then the payload. On success it is durable. On failure
   nothing of it counts; journal->broken says whether the next append may be tried. */
bool store_journal_append(struct store_journal *journal, struct base_buf *frame,
                          struct fail *fail) MUST_USE;

/* Before another file is begun: afterwards this one ends with its last frame, also after a power cut. */
bool store_journal_settle(struct store_journal *journal, struct fail *fail) MUST_USE;

struct store_journal_end { /* what reading found */
    uint64_t id, nonce, first_sequence, next_sequence;
    uint64_t len;      /* of header and whole frames */
    uint64_t file_len; /* more: a torn tail */
    uint64_t last_at;  /* where the last frame begins; 0: there is none */
    bool spoiled;      /* it was closed in order, and nothing but what says so is damaged */
    bool headless;     /* made but never begun: its header was torn, and it holds nothing */
};
/* Calls `each` for the payload of every frame, in order. `last`: a torn tail is allowed. */
bool store_journal_read(struct disk *disk, uint64_t id, bool last,
                        bool (*each)(void *context, uint64_t id, uint64_t payload_offset,
                                     struct str payload, struct fail *fail),
                        void *context, struct store_journal_end *out, struct fail *fail) MUST_USE;
/* Opens what was read, for appending: cuts the torn tail, and makes sure of the last frame. */
bool store_journal_continue(struct disk *disk, const struct store_journal_end *end,
                            struct store_journal *out, struct fail *fail) MUST_USE;
/* Opens a file for reading at offsets. */
bool store_journal_open(struct disk *disk, uint64_t id, struct store_journal_file **out,
                        struct fail *fail) MUST_USE;
