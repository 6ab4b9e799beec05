/* intake_feed.h — feeds: RSS 2.0 (and 1.0), Atom 1.0, JSON Feed 1.x, into events.
 *
 * What: what kind of feed it is is seen from its bytes. Each item becomes one event `feedback` in the own form: its
 *   words are the text of title and content, its author an identifier, its id the message_id, so that reading a
 *   feed twice stores nothing twice, ever. Its stars come from where the settings say.
 *                                                                Reference: docs/how-to/channels.md
 * Owner: everything lies in the arena given.   Threads: pure, but for the decoder given.
 * Failure: FAIL_INPUT for what is no feed, with line or place; FAIL_LIMIT over a limit. An item that lacks what
 *   an event needs is quarantined like any event.
 * Limits/cost: INTAKE_FEED_*; entities that a document declares are refused, external ones never read.
 * Units: *_ms UTC, *_bytes.
 * Example: intake_feed_parse(bytes, &settings, arena, &feed, fail) && intake_feed_events(&feed, ...)
 * Not here: fetching (net_client.h), when (app_jobs).
 */
#pragma once

#include "intake.h"

#define INTAKE_FEED_BYTES_MAX ((size_t)8 << 20)
#define INTAKE_FEED_ITEMS_MAX 1000
#define INTAKE_FEED_TEXT_BYTES_MAX ((size_t)64 << 10) /* of one item */
#define INTAKE_FEED_DEPTH_MAX 64

enum intake_feed_kind { INTAKE_FEED_POST, INTAKE_FEED_REVIEW };

struct intake_feed_settings {
    enum intake_feed_kind kind;
    struct str
        score; /* XML: an element of the item, "im:rating"; JSON: a pointer, "/_shop/stars"; missing: none */
    struct str scale;      /* with score: stars, csat, ces or nps */
    struct str identifier; /* the kind that authors get: "ext.NAME" */
    struct str channel;    /* missing: the source's default */
};

struct intake_feed_item { /* missing members have data NULL */
    struct str id, title, link, author, score, published;
    struct str words; /* text, not markup */
};
struct intake_feed {
    struct str title;
    struct intake_feed_item *items;
    size_t count;
};

/* `settings` says where the score is. */
bool intake_feed_parse(struct str bytes, const struct intake_feed_settings *settings,
                       struct arena *arena, struct intake_feed *out, struct fail *fail) MUST_USE;
/* Items for the store. Those without a date get the time of receipt. */
bool intake_feed_events(const struct intake_feed *feed, const struct intake_feed_settings *settings,
                        struct intake_decoder *decoder, const struct intake_source *source,
                        struct arena *arena, struct intake_items *out, struct fail *fail) MUST_USE;
/* Dates as feeds write them: RFC 3339, RFC 822, and what the usual forms are. */
bool intake_feed_time(struct str text, int64_t *out_ms);

/* Private to the feed's files. */
bool intake_feed_parse_xml(struct str bytes, const struct intake_feed_settings *settings,
                           struct arena *arena, struct intake_feed *out,
                           struct fail *fail) MUST_USE;
