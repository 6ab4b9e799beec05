/* intake.h — turns what arrives over HTTP into store items with verdicts.
 *
 * What: a body is opened (gzip, limits, byte-order mark), cut into events, and each event is decoded
 *   alone: it becomes an item to store, or a quarantined one with a plain reason and the place. The rules
 *   are the query contract's sections 1, 3 and 9; the README lists what was decided where it is silent.
 * Owner: intake_decoder_free. Items, their fields and reasons live in the caller's arena; `raw` views the
 *   body, names view the intake_source: all three must stay until the store has taken the items.
 * Threads: a decoder belongs to one thread at a time; everything else is a value.
 * Failure: a failing call refuses the request whole: FAIL_INPUT (not JSON at all: 400), FAIL_LIMIT (over a
 *   limit: 413), FAIL_NO_MEMORY. A bad event is no failure: it is an item.
 * Limits/cost: struct intake_limits; some 300 MB/s a core.
 * Units: *_ms UTC, *_bytes.
 * Example: struct str text; struct intake_items got;
 *          if (!intake_body_open(arena, sent, NULL, &text, fail) ||
 *              !intake_own_decode(decoder, text, &source, arena, &got, fail)) return false;
 *          if (!store_submit(store, got.items, got.count, fail)) return false;
 * Not here: files (intake_import.h), who may send (access), what the answer looks like (http).
 */
#pragma once

#include "base_json.h"
#include "base_zone.h"
#include "intake_mask.h"
#include "store.h"

struct intake_limits {    /* zero = default */
    size_t sent_bytes;    /* 10 MB: the body as it was sent */
    size_t body_bytes;    /* 16 MB: after inflation */
    size_t inflate_ratio; /* 100: bytes out for each byte in, past the first MB */
    size_t events;        /* 20,000 in one request */
    size_t event_bytes;   /* 1 MiB; a larger event is quarantined; at most STORE_EVENT_BYTES_MAX */
};

#define INTAKE_ORIGINS_MAX 20     /* of a source */
#define INTAKE_PSEUDONYM_BYTES 33 /* 32 hex digits and a NUL */

struct intake_mail_settings;

/* Who sends, as far as the items need to know. The strings are viewed, not copied. */
struct intake_source {
    struct str name;
    struct str default_channel; /* where an event names none; missing: it stays missing */
    int64_t received_at_ms;
    int64_t floor_ms;                   /* earlier events are quarantined; 0: 1970-01-01 */
    const struct zone *zone;            /* local times in files are read in it; NULL: UTC */
    const struct intake_limits *limits; /* NULL: the defaults */
    const struct intake_mask *mask;     /* laid over words before anyone stores them; NULL: none */
    const struct intake_mail_settings *mail; /* intake_mail.h; NULL: the defaults */
    /* What stands for an address that is not kept: the same for the same address, here only. */
    void (*pseudonym)(struct str secret, struct str text, char out[INTAKE_PSEUDONYM_BYTES]);
    struct str secret; /* for `pseudonym` */
    struct str peer;   /* the sender's address, kept only with keep_address */
    /* What becomes of the member "source" of own events, which an export writes. */
    enum intake_named_source {
        INTAKE_SOURCE_UNKNOWN, /* there is no such member: nobody who sends chooses a source */
        INTAKE_SOURCE_PASSED_OVER,
        INTAKE_SOURCE_TAKEN, /* instead of `name` */
    } named_source;
    bool may_join_users;  /* a secret key or an operator: two known users may be joined */
    bool keep_address;    /* stores context.ip (or the peer's) */
    bool keep_user_agent; /* stores context.userAgent and context.userAgentData */
    bool heed_gpc;        /* refuses what comes with Sec-GPC: 1, but what is said on purpose */
    uint64_t quota_minute, quota_day; /* events over HTTP; 0: as many as come */
    /* In which Segment's and PostHog's instants without an offset are read; NULL: UTC. */
    const struct zone *local_zone;
    const struct str
        *origins; /* pages that may send, where one says that it is a page; none: any */
    size_t origin_count;
};

struct intake_decoder;
struct intake_decoder *intake_decoder_new(void);
void intake_decoder_free(struct intake_decoder *decoder); /* accepts NULL */
void intake_decoder_free_at(struct intake_decoder **decoder);

struct intake_items { /* one for each event received, in the order of the request */
    struct store_item *items;
    size_t count;
};

struct intake_counts { /* received is the sum of the other four */
    uint64_t received, stored, duplicate, quarantined, refused;
};
/* Adds items whose verdicts are final (after the store) to `counts`. */
void intake_count(const struct store_item *items, size_t count, struct intake_counts *counts);

/* Inflates where the bytes say gzip, whatever the headers said, and drops a UTF-8 byte-order mark. The text
   is in the arena, or views `sent` where there was nothing to inflate. FAIL_LIMIT over a limit, FAIL_INPUT
   for broken gzip. */
bool intake_body_open(struct arena *arena, struct str sent, const struct intake_limits *limits,
                      struct str *out, struct fail *fail) MUST_USE;

/* The own form (POST /api/v1/events): one event object, an array of them, one on each line, or an envelope
   {"key", "sentAt", "events": [...]}, which lets a browser send without asking for leave first (CORS). */
struct intake_own_request {
    struct str key; /* from the envelope; missing: none */
    struct json_split split_;
    int64_t sent_ms_; /* of events that say none themselves */
};
/* A body cut into events, before anyone knows whether its sender may send. */
bool intake_own_open(struct intake_decoder *decoder, struct str body,
                     const struct intake_limits *limits, struct arena *arena,
                     struct intake_own_request *out, struct fail *fail) MUST_USE;
bool intake_own_decode_opened(struct intake_decoder *decoder,
                              const struct intake_own_request *request,
                              const struct intake_source *source, struct arena *arena,
                              struct intake_items *out, struct fail *fail) MUST_USE;
/* Both at once, for who knows its sender. */
bool intake_own_decode(struct intake_decoder *decoder, struct str body,
                       const struct intake_source *source, struct arena *arena,
                       struct intake_items *out, struct fail *fail) MUST_USE;

/* ---- Segment's tracking API ------------------------------------------------------------------- */

enum intake_segment_type {
    INTAKE_SEGMENT_IDENTIFY,
    INTAKE_SEGMENT_TRACK,
    INTAKE_SEGMENT_PAGE,
    INTAKE_SEGMENT_SCREEN,
    INTAKE_SEGMENT_GROUP,
    INTAKE_SEGMENT_ALIAS,
    INTAKE_SEGMENT_BATCH, /* as a route only; a message then says its own type */
};
/* The last part of the path: "track" or "t", ..., "batch", "import" or "b". False: no such route. */
bool intake_segment_route(struct str word, enum intake_segment_type *out);

/* A body cut into messages, before anyone knows whether its sender may send. */
struct intake_segment_request {
    struct str write_key; /* from the body: its top level, else its first message; missing: none */
    enum intake_segment_type route_;
    struct json_split split_;
};
bool intake_segment_open(struct intake_decoder *decoder, struct str body,
                         enum intake_segment_type route, const struct intake_limits *limits,
                         struct arena *arena, struct intake_segment_request *out,
                         struct fail *fail) MUST_USE;
bool intake_segment_decode(struct intake_decoder *decoder,
                           const struct intake_segment_request *request,
                           const struct intake_source *source, struct arena *arena,
                           struct intake_items *out, struct fail *fail) MUST_USE;
