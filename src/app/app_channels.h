/* app_channels.h — what webhooks, feeds and mailboxes have in common; private to app, but for app_hook_take.
 *
 * What: definitions are checked when they are saved, read when they are used; how a run ended is noted in `state`.
 *                                                                      Reference: docs/how-to/channels.md
 * Owner: everything lies in the arenas given.   Threads: all safe.
 * Failure: definitions: FAIL_INPUT with a pointer into "/definition".
 * Limits/cost: APP_CHANNEL_*.   Units: *_ms.
 * Example: app_feed_read(app, &channel, arena, &feed, fail)
 * Not here: decoding (intake), fetching (net_client).
 */
#pragma once

#include "app_internal.h"
#include "intake_feed.h"
#include "net_client.h"
#include "state_channels.h"

#define APP_CHANNEL_NAME_BYTES_MAX 40
#define APP_CHANNEL_SHAPES_MAX 5
#define APP_CHANNEL_BACKOFF_MS (24 * 3600 * 1000LL) /* at most, after failures */

struct app_feed {
    struct str url;
    struct intake_feed_settings settings;
    int64_t every_ms;
};
struct app_mailbox {
    struct str url, user, secret, folder;
    int64_t every_ms;
};
bool app_mailbox_read(struct str definition, struct arena *arena, struct app_mailbox *out,
                      struct fail *fail) MUST_USE;
bool app_feed_read(struct str definition, struct str name, struct arena *arena,
                   struct app_feed *out, struct fail *fail) MUST_USE;
bool app_hook_check(struct app *app, struct str definition, struct arena *arena,
                    struct fail *fail) MUST_USE;

/* A secret by its name: a file of that name in the setting secrets_directory, or in the service's credentials. No
   message holds any of it. */
bool app_secret_read(struct app *app, struct str name, struct arena *arena, struct str *out,
                     struct fail *fail) MUST_USE;
bool app_secret_name_ok(struct str name);

/* Notes a run: sets when the next is due. `why` NULL: it went well, and `note` says what was done. */
bool app_channel_settle(struct app *app, struct state_channel *channel, int64_t every_ms,
                        const struct fail *why, struct str note, struct fail *fail) MUST_USE;
/* "channel" of `source`, made where there is none. */
bool app_channel_source(struct app *app, const struct state_channel *channel, struct arena *arena,
                        struct intake_source *out, struct fail *fail) MUST_USE;
/* An array "events" of what would be stored, each with its verdict. `rules` may be NULL. */
void app_channel_write_items(struct json_writer *w, const struct store_item *items,
                             const struct str *rules, size_t count, size_t most);
/* Counts by verdict, as "3 new, 7 known, 1 quarantined". */
struct str app_channel_tally(struct arena *arena, const struct store_item *items, size_t count);

struct str app_channel_counted(struct arena *arena, const struct intake_counts *counts);

/* Dry runs: what would become of the newest, written as members of an open object. */
bool app_feed_test(struct app *app, struct str name, struct str definition, struct arena *arena,
                   struct json_writer *w, struct fail *fail) MUST_USE;
bool app_mailbox_test(struct app *app, struct str name, struct str definition, struct arena *arena,
                      struct json_writer *w, struct fail *fail) MUST_USE;
