/* store_event.h — an event as it goes into the store and comes out of it.
 *
 * What: values, fields, identifiers and the event itself. A `struct str` with data NULL is missing; one
 *   with data and len 0 is an empty string. Property and trait names are flattened ("address.city");
 *   several values of one property are several fields with the same name, in order.
 * Owner: plain values; bytes belong to whoever made them (an arena, a segment).
 * Threads: values.   Failure: none.   Limits/cost: the STORE_*_MAX below.
 * Units: *_ms UTC.   Example: store_value_double(5.0) is the same value as store_value_int(5).
 * Not here: deciding verdicts (store.h), decoding JSON (intake).
 */
#pragma once

#include <math.h>

#include "base_hash.h"
#include "base_str.h"

#define STORE_NAME_BYTES_MAX 200       /* of an event, property, trait, channel, source, scale */
#define STORE_IDENTIFIER_BYTES_MAX 512 /* of an identifier's value */
#define STORE_MESSAGE_ID_BYTES_MAX 512
#define STORE_WAY_BYTES_MAX ((size_t)64 << 10) /* how a record came in (store.h) */
#define STORE_FIELDS_MAX 2000 /* properties and traits of one event, values counted */
#define STORE_EVENT_BYTES_MAX (1U << 20)

/* A slot is a quarter of an hour, counted from 1970 on. Wherever clocks differ by quarters of an hour, as they do in all zones of
   today, days and hours begin with one. */
#define STORE_SLOT_MS 900000U

#define STORE_NO_TIME INT64_MIN
#define STORE_NO_CODE UINT32_MAX
#define STORE_NO_CUSTOMER UINT32_MAX

enum store_kind {
    STORE_NULL = 0, /* only as a trait: removes it and everything below it */
    STORE_BOOL = 1,
    STORE_INT = 2,
    STORE_UINT = 3,   /* above INT64_MAX only */
    STORE_DOUBLE = 4, /* never a whole number that fits int64 or uint64, never NaN */
    STORE_STRING = 5,
};

struct store_value { /* 16 bytes */
    uint32_t kind;   /* enum store_kind */
    uint32_t len;    /* of a string */
    union {
        bool b;
        int64_t i;
        uint64_t u;
        double d;
        const char *s;
    };
};

static inline struct store_value store_value_bool(bool b)
{
    return (struct store_value){.kind = STORE_BOOL, .b = b};
}
static inline struct store_value store_value_int(int64_t i)
{
    return (struct store_value){.kind = STORE_INT, .i = i};
}
static inline struct store_value store_value_uint(uint64_t u)
{
    return u <= INT64_MAX ? store_value_int((int64_t)u)
                          : (struct store_value){.kind = STORE_UINT, .u = u};
}
static inline struct store_value store_value_double(double d)
{
    if (d == floor(d)) {
        if (d >= -9223372036854775808.0 && d < 9223372036854775808.0) {
            return store_value_int((int64_t)d);
        }
        if (d > 0 && d < 18446744073709551616.0) {
            return store_value_uint((uint64_t)d);
        }
    }
    return (struct store_value){.kind = STORE_DOUBLE, .d = d};
}
/* Views the bytes; at most UINT32_MAX of them. */
static inline struct store_value store_value_str(struct str s)
{
    return (struct store_value){.kind = STORE_STRING, .len = (uint32_t)s.len, .s = s.data};
}
static inline struct str store_value_text(struct store_value v)
{
    return str_of(v.s, v.len);
}
static inline bool store_value_is_number(struct store_value v)
{
    return v.kind == STORE_INT || v.kind == STORE_UINT || v.kind == STORE_DOUBLE;
}
static inline double store_value_number(struct store_value v)
{
    return v.kind == STORE_INT ? (double)v.i : v.kind == STORE_UINT ? (double)v.u : v.d;
}

struct store_field {
    struct str name;
    struct store_value value;
};

/* kind: "user", "anonymous", "email", "account" or "ext.NAME". */
struct store_identifier {
    struct str kind;
    struct str value;
};

/* The organisation's own and bookkeeping events, which "*" and first and last seen leave out
   (the query contract's seven). */
bool store_event_is_bookkeeping(struct str event);

struct store_event {
    struct str source;
    struct str message_id; /* missing: never deduplicated */
    struct str event;
    int64_t ts_ms; /* after clock correction */
    int64_t received_at_ms;
    int64_t client_ts_ms; /* as the sender wrote it; STORE_NO_TIME where it is ts_ms */
    int64_t sent_at_ms;   /* STORE_NO_TIME where not given */
    struct str channel;
    struct str text;          /* an empty one is stored as missing */
    struct str scale;         /* missing: no score */
    struct store_value score; /* a number when scale is given */
    const struct store_field *properties;
    size_t property_count;
    const struct store_field *traits; /* STORE_NULL removes */
    size_t trait_count;
    /* On the way in: all identifiers given, in order; "account" ones make memberships. On the way out:
       empty (ask store_customer_identifiers). */
    const struct store_identifier *identifiers;
    size_t identifier_count;
};
