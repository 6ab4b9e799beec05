/* ask.h — surveys at work: what they need from above, and what they do.
 *
 * What: struct ask holds a survey's surroundings: the store's timelines, the tables of `state`, and functions that
 *   app fills in for what lies beside or above this level: the contact policy, the environment of questions.
 *   Answers are kept in `state` while a response is at work and become events on the timeline when it is finished or
 *   was left for ASK_SILENT_MS (ask_response.h).
 * Owner: ask_new/ask_free; store, state and engine must outlive it.
 * Threads: every function from any thread, but new and free.
 * Failure: as said at each function; FAIL_IO where the disk refuses events: nothing is lost, it is tried again.
 * Limits/cost: a commit for each answer, one more and a sync of the journal for each finished response.
 * Units: *_ms UTC.
 * Example: app_survey_live.c.   Not here: definitions (ask_library.h), HTTP (http).
 */
#pragma once

#include "access_seal.h"
#include "ask_library.h"
#include "state_responses.h"

#define ASK_SOURCE "surveys"
#define ASK_SILENT_MS ((int64_t)30 * 60 * 1000)        /* abandoned after */
#define ASK_FORGET_MS ((int64_t)30 * 24 * 3600 * 1000) /* answers leave `state` after */
#define ASK_TOKEN_MS ((int64_t)30 * 24 * 3600 * 1000)  /* a page may be answered for so long */
#define ASK_RESPONSE_ID_BYTES_MAX 64
#define ASK_CUSTOMER_ID_BYTES_MAX STORE_IDENTIFIER_BYTES_MAX

/* A contact that ask wants to make: one survey, one customer. */
struct ask_contact {
    const struct store_identifier *identifiers; /* all that are known of the customer */
    size_t identifier_count;
    struct str channel;
    const struct store_field
        *fields; /* of the `contacted` event: survey, version, wave, way, ... */
    size_t field_count;
    struct str message_id; /* of the cause: asked again with it, what was allowed is allowed */
    bool look;             /* decides and writes nothing */
};

struct ask_env { /* filled by app */
    void *context;
    bool (*query_env)(void *context, struct query_env *out, struct fail *fail);
    /* Makes items durable (app_take). */
    bool (*submit)(void *context, struct store_item *items, size_t count, struct fail *fail);
    /* Asks the contact policy; where it allows, the `contacted` event is durable when this returns. */
    bool (*contact)(void *context, const struct ask_contact *contact, struct arena *arena,
                    bool *out_allowed, struct str *out_reason, struct fail *fail);
    /* Writes down that a customer was passed over for a reason of ask's own ("sampled-out"). */
    bool (*skip)(void *context, const struct ask_contact *contact, struct str reason,
                 struct fail *fail);
};

struct ask_options {
    struct store *store;
    struct state *state;
    struct query_backend *engine;
    const struct base_clock *clock;
    struct base_random *random; /* the system's, but in tests */
    struct ask_env env;
};

struct ask_rates; /* ask_spam.h */
struct ask {      /* immutable after ask_new, but for what says otherwise */
    struct store *store;
    struct state *state;
    struct query_backend *engine;
    const struct base_clock *clock;
    struct base_random *random;
    struct ask_env env;
    uint8_t key[ACCESS_SEAL_KEY_BYTES]; /* of tokens; made on first use, kept in `state` */
    struct ask_rates *rates;            /* its own lock */
};
bool ask_new(const struct ask_options *options, struct ask **out, struct fail *fail) MUST_USE;
void ask_free(struct ask *ask); /* accepts NULL; nothing may be under way */
