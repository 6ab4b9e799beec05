/* state_sources.h — sources: what sends events; a source holds write keys.
 *
 * What: a name, the channel its events get where they name none, and settings as a JSON object
 *   (intake_settings.h says what may stand in it).
 * Owner: rows are copied into the arena.   Threads: all safe.   Failure: as state_db.h.
 * Limits/cost: STATE_SOURCES_MAX; one read or one commit.   Units: *_ms UTC.
 * Example: state_source_put(state, STR("web"), STR("web"), STR("{\"mask\":[\"email\"]}"), fail)
 * Not here: how much came from a source (the store's ledger); its keys (access).
 */
#pragma once

#include "state_db.h"

#define STATE_SOURCES_MAX 1000
#define STATE_SOURCE_NAME_BYTES_MAX 200
#define STATE_SOURCE_SETTINGS_BYTES_MAX ((size_t)64 << 10)

struct state_source {
    struct str name, default_channel; /* channel missing: none */
    struct str settings;              /* a JSON object */
    int64_t created_ms;
    int64_t keys; /* that are not revoked */
};
/* By name, byte order. */
bool state_sources_list(struct state *state, struct arena *arena, struct state_source **out,
                        size_t *out_count, struct fail *fail) MUST_USE;
bool state_source_find(struct state *state, struct str name, struct arena *arena,
                       struct state_source *out, bool *out_found, struct fail *fail) MUST_USE;
/* Adds, or changes: what is missing (.data NULL) stays as it is; an empty channel is none. FAIL_LIMIT past
   STATE_SOURCES_MAX. */
bool state_source_put(struct state *state, struct str name, struct str default_channel,
                      struct str settings, struct fail *fail) MUST_USE;
/* The same inside a transaction that does more. */
bool state_source_put_in(struct state_link *link, struct str name, struct str default_channel,
                         struct str settings, int64_t now_ms, struct fail *fail) MUST_USE;

/* What a source with a quota sent in the windows that end then. */
struct state_quota {
    int64_t minute_end_ms, minute_events, day_end_ms, day_events;
};
/* *out is all 0 where nothing is known. */
bool state_quota_find(struct state *state, struct str source, struct state_quota *out,
                      struct fail *fail) MUST_USE;
bool state_quota_put(struct state *state, struct str source, const struct state_quota *quota,
                     struct fail *fail) MUST_USE;
