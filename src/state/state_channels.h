/* state_channels.h — channels that bring events by themselves: webhooks, feeds, mailboxes.
 *
 * What: a name (also that of its source), a definition as JSON, and what became of it last. A webhook's address holds a
 *   token, of which only the digest is kept. `position` is how far it was read; it is forgotten when the definition
 *   changes. `shapes` are what deliveries looked like, without their values.
 * Owner: rows are copied into the arena.   Threads: all safe.   Failure: as state_db.h.
 * Limits/cost: STATE_CHANNELS_MAX; one read or one commit.   Units: *_ms UTC.
 * Example: state_channel_add(state, &channel, &id, fail)
 * Not here: what definitions mean (app_channels), secrets of others (files).
 */
#pragma once

#include "state_db.h"

#define STATE_CHANNELS_MAX 500
#define STATE_CHANNEL_TOKEN_BYTES 32 /* of a digest */

struct state_channel {
    int64_t id;
    struct str kind; /* webhook, feed, mailbox */
    struct str name, definition;
    bool paused, addressed; /* addressed: has a token */
    int64_t created_ms;
    int64_t next_ms;             /* due then; 0: at once */
    int64_t last_ms;             /* when it was read, or something came in; 0: never */
    int64_t good_ms;             /* the last time that went well; 0: never */
    int64_t failures;            /* in a row */
    struct str why;              /* of the last failure; missing when all is well */
    struct str note;             /* of the last good run */
    struct str position, shapes; /* JSON */
};

/* By name. `kind` missing: all. */
bool state_channels_list(struct state *state, struct str kind, struct arena *arena,
                         struct state_channel **out, size_t *out_count, struct fail *fail) MUST_USE;
bool state_channel_find(struct state *state, int64_t id, struct arena *arena,
                        struct state_channel *out, bool *out_found, struct fail *fail) MUST_USE;
/* By the digest of a webhook's token. */
bool state_channel_find_token(struct state *state, struct str digest, struct arena *arena,
                              struct state_channel *out, bool *out_found,
                              struct fail *fail) MUST_USE;
/* Takes kind, name, definition; `digest` missing: no address. FAIL_CONFLICT for a name in use. */
bool state_channel_add(struct state *state, const struct state_channel *channel, struct str digest,
                       int64_t *out_id, struct fail *fail) MUST_USE;
/* A new definition; it is due at once, from the beginning. */
bool state_channel_define(struct state *state, int64_t id, struct str definition,
                          struct fail *fail) MUST_USE;
bool state_channel_pause(struct state *state, int64_t id, bool paused, struct fail *fail) MUST_USE;
bool state_channel_token(struct state *state, int64_t id, struct str digest,
                         struct fail *fail) MUST_USE;
bool state_channel_hasten(struct state *state, int64_t id, struct fail *fail) MUST_USE;
/* next, last, good, failures, why, note, position. */
bool state_channel_note(struct state *state, const struct state_channel *channel,
                        struct fail *fail) MUST_USE;
bool state_channel_shapes(struct state *state, int64_t id, struct str shapes,
                          struct fail *fail) MUST_USE;
bool state_channel_remove(struct state *state, int64_t id, struct fail *fail) MUST_USE;
