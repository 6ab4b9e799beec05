/* query.h — the language of questions: parse, plan, run, open.
 *
 * What: a question is JSON (the query contract). query_parse turns it into a plan that knows nothing of where
 *   events lie; a backend runs the plan over a snapshot and appends the answer, as JSON, to a buffer.
 * Owner: plans live in the arena they were parsed into. Backends: query_engine_new/query_backend_free.
 * Threads: a plan is immutable after parsing; one engine may run many plans at once, each in parallel over
 *   its pool.
 * Failure: FAIL_INPUT with a JSON pointer and what was expected; FAIL_LIMIT past time or memory;
 *   FAIL_CANCELLED when the asker is gone; FAIL_ABSENT never (unknown names are warnings).
 * Limits/cost: one pass over the customers for every kind; QUERY_*_MAX below.
 * Units: *_ms.   Example: tests/unit/query/test_query.c.
 * Not here: HTTP, sessions and leases' use (app), tables for terminals (cli).
 */
#pragma once

#include "base_json.h"
#include "base_json_write.h"
#include "base_thread.h"
#include "base_zone.h"
#include "store_scan.h"

#define QUERY_BYTES_MAX ((size_t)1 << 20)
#define QUERY_SERIES_MAX 26
#define QUERY_STEPS_MAX 20
#define QUERY_CONDITIONS_MAX 500 /* in all of one question */
#define QUERY_SEGMENT_DEPTH_MAX 16
#define QUERY_INTERVALS_MAX 20000
#define QUERY_LIMIT_MAX 1000 /* of breakdown groups and pages of customers */

/* Finding words in texts, filled in from `text`. A search is what a person typed, parsed; it lies in the
   arena. */
#define QUERY_TERMS_MAX 32
struct query_hit {
    bool matches;
    uint32_t words;
    uint16_t counts[QUERY_TERMS_MAX]; /* how often each term is there */
};
struct query_corpus { /* all texts that are searched */
    uint64_t texts, words;
    uint64_t holding[QUERY_TERMS_MAX]; /* texts that hold the term */
};
struct query_mark { /* [from, to), UTF-16 code units */
    uint32_t from, to;
};
struct query_text {
    bool (*parse)(struct str typed, struct arena *arena, const void **out_search,
                  uint32_t *out_terms, struct fail *fail);
    void (*look)(const void *search, struct str text, struct query_hit *out);
    size_t (*marks)(const void *search, struct str text, struct query_mark *out, size_t most);
    /* Relevance in millionths. */
    int64_t (*rank)(const struct query_corpus *corpus, uint32_t terms, const struct query_hit *hit);
};

/* Names of events and properties that go by another one: `from` was stored, `to` is shown. Each `from` once; no `to`
   is a `from`. */
struct query_rename {
    struct str from, to;
};
struct query_renames {
    const struct query_rename *events, *properties;
    size_t event_count, property_count;
};

/* What a question needs from above. */
struct query_env {
    const struct zone *zone;       /* the organisation's */
    int64_t now_ms;                /* the moment of asking */
    const struct query_text *text; /* NULL: questions with words are refused */
    void *context;
    /* The JSON of a saved segment, in the arena; *out_found false where there is none. */
    bool (*segment_find)(void *context, struct str name, struct arena *arena, struct str *out_json,
                         bool *out_found, struct fail *fail);
    /* Names of all saved segments, for "did you mean". */
    bool (*segment_names)(void *context, struct arena *arena, struct str **out, size_t *out_count,
                          struct fail *fail);
    /* The segment of internal customers, in the arena; NULL: questions leave nobody out. */
    bool (*internal)(void *context, struct arena *arena, struct str *out_json, bool *out_found,
                     struct fail *fail);
    /* What is renamed, in the arena; NULL: nothing. */
    bool (*renames)(void *context, struct arena *arena, struct query_renames *out,
                    struct fail *fail);
};

struct query_plan;
/* `text` is the question. The plan holds copies of all it needs. */
bool query_parse(const struct query_env *env, struct str text, struct arena *arena,
                 struct query_plan **out, struct fail *fail) MUST_USE;
/* A segment alone, as it is saved: checks it and throws the plan away. Pointers begin at the segment. */
bool query_check_segment(const struct query_env *env, struct str text, struct str own_name,
                         struct fail *fail) MUST_USE;
const char *query_plan_kind(const struct query_plan *plan);
/* The instant that the answer will carry, and whether the question named it itself (then a lease is asked for). */
int64_t query_plan_as_of_ms(const struct query_plan *plan);
bool query_plan_has_as_of(const struct query_plan *plan);
bool query_plan_is_open(const struct query_plan *plan);

struct query_run {
    struct store_snapshot *snapshot;
    struct base_cancel *cancel;          /* deadline and asker */
    size_t memory_bytes;                 /* for everything the run holds */
    int threads;                         /* 0: the pool's width; the answer does not depend on it */
    const struct query_renames *renames; /* of query_values and query_shapes; a plan has its own */
};

struct query_backend {
    bool (*run)(struct query_backend *backend, const struct query_plan *plan,
                const struct query_run *run, struct base_buf *out, struct fail *fail);
    void (*destroy)(struct query_backend *backend);
};
/* The engine over the store; `pool` must outlive it. */
struct query_backend *query_engine_new(struct base_pool *pool);
void query_backend_free(struct query_backend *backend);
bool query_backend_run(struct query_backend *backend, const struct query_plan *plan,
                       const struct query_run *run, struct base_buf *out,
                       struct fail *fail) MUST_USE;

/* A segment alone as a plan, and whether one customer of the snapshot (a root) is in it, as of the env's now: a read
   of that one timeline, not a pass. */
bool query_segment_plan(const struct query_env *env, struct str text, struct arena *arena,
                        struct query_plan **out, struct fail *fail) MUST_USE;
bool query_decide(struct query_backend *backend, const struct query_plan *plan,
                  const struct query_run *run, uint32_t customer, bool *out,
                  struct fail *fail) MUST_USE;

/* One customer's rows in timeline order, the seven too, each with the matchers that it fits and what some names hold
   there. `matchers` is a list of the language's; pointers of refusals begin there. Names are as in conditions. */
#define QUERY_MOMENT_NAMES_MAX 8
struct query_moment_values {
    const struct store_value *values;
    uint32_t count;
};
struct query_moment {
    int64_t ts_ms;
    uint64_t arrival; /* as in store_timeline_row */
    struct str event; /* as it is shown; lives as long as the snapshot */
    uint64_t fits;    /* bit m: the matcher m */
    struct query_moment_values values[QUERY_MOMENT_NAMES_MAX]; /* by name */
};
bool query_moments_plan(const struct query_env *env, struct json_value matchers,
                        const struct str *names, size_t name_count, struct arena *arena,
                        struct query_plan **out, struct fail *fail) MUST_USE;
/* A read of that one timeline; all lies in the arena, which bounds it. */
bool query_moments(struct query_backend *backend, const struct query_plan *plan,
                   const struct query_run *run, uint32_t customer, struct arena *arena,
                   struct query_moment **out, size_t *out_count, struct fail *fail) MUST_USE;

/* "range", "timezone", "segment" and "as_of" of an object, none of them needed, other members passed over: whom and
   when, without a question. Without "range" there is none, not the default of questions. */
struct query_scope {
    bool ranged;
    int64_t from_ms, to_ms;           /* where ranged */
    const struct query_plan *segment; /* NULL: everybody */
};
bool query_scope_parse(const struct query_env *env, struct json_value root, struct arena *arena,
                       struct query_scope *out, struct fail *fail) MUST_USE;
/* The customers of the snapshot (roots, ascending) that are in a segment: one pass over all. */
bool query_segment_customers(struct query_backend *backend, const struct query_plan *plan,
                             const struct query_run *run, struct arena *arena, uint32_t **out,
                             size_t *out_count, struct fail *fail) MUST_USE;

/* Values of a property, trait or own field (named as in conditions), by number of rows (traits: customers)
   descending, then byte order: for completion. `event` and `prefix` restrict where not missing. */
struct query_value {
    struct store_value value;
    uint64_t count;
};
bool query_values(struct query_backend *backend, const struct query_run *run, struct str name,
                  struct str event, struct str prefix, size_t limit, struct arena *arena,
                  struct query_value **out, size_t *out_count, struct fail *fail) MUST_USE;

/* What names hold: of rows of a range, with the customers that bear them. Traits: of customers, whatever the range. */
struct query_shape {
    uint64_t bearers;   /* rows with a value; of a trait: customers */
    uint64_t customers; /* of these rows */
    /* Bearers with a value of that type; instants are strings too. */
    uint64_t strings, numbers, booleans, instants;
};
struct query_event_shape {
    struct str name; /* lives as long as the snapshot */
    struct query_shape shape;
};
struct query_shapes_options {
    const struct str *names; /* as in conditions; all properties and own fields, or all traits */
    size_t count;
    int64_t from_ms, to_ms;
};
struct query_shapes {
    struct query_shape *names; /* in the order asked */
    size_t name_count;
    struct query_event_shape *events; /* that were met, bookkeeping too */
    size_t event_count;
    uint64_t rows;
};
bool query_shapes(struct query_backend *backend, const struct query_run *run,
                  const struct query_shapes_options *options, struct arena *arena,
                  struct query_shapes *out, struct fail *fail) MUST_USE;
