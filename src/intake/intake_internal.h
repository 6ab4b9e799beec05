/* intake_internal.h — what the decoders share: a draft of one event, and the rules that end it.
 *
 * What: a decoder reads one message into a struct intake_draft, then intake_draft_end judges what every form
 *   has in common (identifiers, names, clocks, score and scale) and makes the store item. A broken rule
 *   is put down by intake_judge; running out of memory is put into `fail` and sets `hard`.
 * Owner: drafts are on the stack; scratch lists belong to the decoder.   Threads: as the decoder.
 * Failure: false with `hard`: the request fails. False without: the event is quarantined.
 * Limits/cost: one arena block an event for its strings, one for each list.   Units: *_ms UTC.
 * Example: see intake_own.c.   Not here: the faces (intake.h, intake_import.h).
 */
#pragma once

#include "intake.h"
#include "intake_repeats.h"

#define INTAKE_SENT_BYTES_MAX ((size_t)10 << 20)
#define INTAKE_BODY_BYTES_MAX ((size_t)16 << 20)
#define INTAKE_INFLATE_RATIO_MAX 100
#define INTAKE_EVENTS_MAX 20000
#define INTAKE_IDENTIFIERS_MAX 100 /* of one event */
#define INTAKE_PLACE_BYTES_MAX 250 /* of a pointer or column in a judgement */
#define INTAKE_CLOCK_NETWORK_MS INT64_C(60000)
#define INTAKE_AHEAD_TAKEN_MS INT64_C(300000) /* 5 minutes */
#define INTAKE_AHEAD_MAX_MS INT64_C(86400000) /* 24 hours */

/* The limits with their defaults put in. */
struct intake_limits intake_limits_of(const struct intake_limits *limits);

struct intake_fields { /* a scratch list, kept from event to event */
    struct store_field *data;
    size_t count, capacity;
};

struct intake_decoder {
    struct json_parser *parser;                    /* of the message at hand */
    struct json_parser *envelope;                  /* of what stands around the messages */
    struct intake_fields properties, traits, once; /* once: traits for who has none of that name */
    struct store_identifier *identifiers;
    size_t identifier_count, identifier_capacity;
    struct str *kept; /* what masking leaves of the event at hand */
    size_t kept_capacity;
};

/* What the parts of an event are called in the form at hand: JSON pointers, or columns of a file. */
struct intake_places {
    struct str event, ts, user, anonymous, message_id, channel, text, score, scale, previous_id;
};

struct intake_draft {
    struct intake_decoder *decoder;
    const struct intake_source *source;
    const struct intake_places *places;
    struct arena *arena;
    struct fail *fail;
    char *room; /* for the strings of this event: as long as its bytes */
    size_t room_left;

    /* What was found. Strings are missing where data is NULL. */
    struct str raw, event, message_id, user, anonymous, previous_id, channel, text, scale;
    struct str record_id;   /* stands for the message_id of a file's record that has none */
    struct str source_name; /* instead of the source's; missing: that one */
    struct store_value score;
    bool has_score;
    int64_t client_ms; /* STORE_NO_TIME: none */
    int64_t sent_ms;   /* STORE_NO_TIME: none */
    int64_t
        written_ms; /* as the sender wrote it, where that is not client_ms; else STORE_NO_TIME */
    bool clock_is_right; /* no correction by sent_ms */
    bool from_import;
    enum store_space space; /* ONE: the identifier that was added first is whose event it is */
    struct store_field *masked_fields; /* where the next masked ones go; used at the end only */
    struct str way;                    /* intake_way.h */
    struct str known_raw;              /* the bytes that an id comes from; missing: `raw` */
    struct intake_repeats *repeats;    /* gives ids to records of files that have none; else NULL */
    struct intake_late_id *late_id; /* where ids may be ended later, a batch at a time; else NULL */

    /* The judgement. */
    struct str reason, field;
    bool refused; /* left out by policy, not quarantined */
    bool hard;
};

/* Empties the decoder's scratch, and gives the draft its room. False: hard. */
bool intake_draft_begin(struct intake_draft *draft, struct intake_decoder *decoder,
                        const struct intake_source *source, const struct intake_places *places,
                        struct str raw, struct arena *arena, struct fail *fail) MUST_USE;
/* Checks what is common to all forms and fills `item`, unless a judgement was put down already (then the
   item says so). False only when hard. */
bool intake_draft_end(struct intake_draft *draft, bool good, struct store_item *item) MUST_USE;

/* Parts of that, for rows of columns too (intake_piece.c). False: judged. */
bool intake_check_names(struct intake_draft *draft) MUST_USE; /* the event's, the channel's */
bool intake_settle_clock(struct intake_draft *draft, int64_t *out_ts_ms) MUST_USE;

/* Puts down why the event is quarantined; returns false. `field` is copied (and cut). */
bool intake_judge(struct intake_draft *draft, struct str field, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* As intake_judge for text that json_parse refused. */
bool intake_judge_json(struct intake_draft *draft, const struct fail *why);
/* Records the failure of an allocation; returns false. */
bool intake_hard(struct intake_draft *draft);

/* Copies text into the event's room. False: hard. */
bool intake_keep(struct intake_draft *draft, struct str text, struct str *out) MUST_USE;
/* An identifier: a string or a whole number (as decimal text); null and "" leave *out alone. */
bool intake_take_id(struct intake_draft *draft, struct json_value value, struct str field,
                    size_t longest, struct str *out) MUST_USE;
/* A string; null leaves *out alone. */
bool intake_take_text(struct intake_draft *draft, struct json_value value, struct str field,
                      struct str *out) MUST_USE;
/* An instant as clients write it: ISO 8601, without an offset in `zone` (NULL: UTC), or a count of seconds or milliseconds since
   1970. False where it is none of these. */
bool intake_read_instant(struct json_value value, const struct zone *zone, int64_t *out_ms);
/* "web" or "app" by the name of the library that sent it; missing where that says neither. */
struct str intake_channel_of(struct str library);
/* An RFC 3339 instant; null leaves *out alone. */
bool intake_take_instant(struct intake_draft *draft, struct json_value value, struct str field,
                         int64_t *out_ms) MUST_USE;
bool intake_add_identifier(struct intake_draft *draft, struct str kind, struct str value) MUST_USE;
/* A record_id that lacks how often the record occurred. */
struct intake_late_id {
    bool due;
    struct base_hash128 hash;
};
/* Where the record of a file has no message_id: record_id, from its bytes and how often they occurred. With `late_id` it
   is to be ended by intake_end_id; intake_row_id_now ends it at once. */
bool intake_row_id(struct intake_draft *draft) MUST_USE;
bool intake_row_id_now(struct intake_draft *draft) MUST_USE;
bool intake_end_id(struct intake_repeats *repeats, struct base_hash128 hash, struct str *id,
                   struct fail *fail) MUST_USE;
/* Is it "user", "anonymous", "email", "account" or "ext.NAME"? Else judges, with the nearest. */
bool intake_check_kind(struct intake_draft *draft, struct str kind, struct str field) MUST_USE;

/* ---- flattening (intake_flatten.c) ------------------------------------------------------------------ */

/* Where a value stands, from the inside out; written as a JSON pointer when something is wrong with it. */
struct intake_path {
    const struct intake_path *up; /* NULL: `name` is written as it is: "/properties", or a column */
    struct str name;
    size_t index; /* used where name.data is NULL */
};
struct str intake_path_pointer(struct arena *arena, const struct intake_path *path);

/* All members of an object, names joined by '.' behind `prefix` (empty: none). In traits null and empty
   arrays become STORE_NULL, elsewhere (in `once` too) they are missing. */
bool intake_flatten_members(struct intake_draft *draft, struct intake_fields *fields,
                            struct str prefix, struct json_value object,
                            const struct intake_path *at) MUST_USE;
/* One value under the flattened name `name`. */
bool intake_flatten_value(struct intake_draft *draft, struct intake_fields *fields, struct str name,
                          struct json_value value, const struct intake_path *at) MUST_USE;
/* One field; the name and a string value must stay as long as the item. */
bool intake_add_field(struct intake_draft *draft, struct intake_fields *fields, struct str name,
                      struct store_value value, const struct intake_path *at) MUST_USE;

/* ---- decoders of one message, used for requests and for files ---------------------------------------- */

/* Each makes one item of one raw message. `from_import`: instants are not corrected by sentAt, and the item
   is marked. False only when hard. */
bool intake_own_message(struct intake_draft *draft, struct store_item *item) MUST_USE;

struct intake_envelope { /* what stands around Segment's messages */
    enum intake_segment_type route;
    struct json_value context; /* where has_context; for messages without one */
    bool has_context;
    int64_t sent_ms; /* STORE_NO_TIME: none */
};
bool intake_segment_message(struct intake_draft *draft, const struct intake_envelope *envelope,
                            struct store_item *item) MUST_USE;

/* One event of PostHog's; `sent_ms` as its request said, or STORE_NO_TIME. */
bool intake_posthog_message(struct intake_draft *draft, int64_t sent_ms,
                            struct store_item *item) MUST_USE;

extern const struct intake_places intake_own_places, intake_segment_places, intake_posthog_places;

/* ---- text --------------------------------------------------------------------------------------------- */

/* Bytes of the object at the start of `text` (after blanks), its brackets and strings closed; 0: none.
   A line break inside a string ends the search: JSON has none there. */
size_t intake_object_bytes(struct str text);
/* Without a UTF-8 byte-order mark in front. */
struct str intake_without_bom(struct str text);
/* UTF-8, looking at eight ASCII bytes at a time. */
bool intake_is_utf8(struct str text);
