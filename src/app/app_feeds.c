/* Feeds: their definitions, the job that polls them, and trying one out. */
#include "app_channels.h"

#include <stdio.h>

#define MINUTE_MS 60000LL
#define EVERY_OTHERWISE 30 /* minutes */
#define EVERY_LEAST 5
#define EVERY_MOST 1440
#define FEEDS_AT_ONCE 16
#define REDIRECTS 3
#define TEST_MOST 20

static const struct str FEED_TYPES = {
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.9, */*;q=0.5",
    sizeof "application/rss+xml, application/atom+xml, application/feed+json, "
           "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.9, */*;q=0.5" -
        1};

/* ---- definitions ------------------------------------------------------------------------------------------ */

static bool read_score(struct json_value root, struct app_feed *feed, struct fail *fail)
{
    static const char *const scales[] = {"stars", "csat", "ces", "nps"};
    struct str scale;
    if (!app_input_str(root, "score", false, &feed->settings.score, fail) ||
        !app_input_str(root, "scale", false, &scale, fail)) {
        return false;
    }
    if ((feed->settings.score.data == NULL) && scale.data != NULL) {
        return fail_input_at(fail, "/scale", "a scale stands beside \"score\", which says where");
    }
    feed->settings.scale = scale.data == NULL ? STR("stars") : scale;
    for (size_t i = 0; i < ARRAY_LEN(scales); i++) {
        if (str_is(feed->settings.scale, scales[i])) {
            return true;
        }
    }
    return fail_input_at(fail, "/scale", "\"scale\" must be stars, csat, ces or nps");
}

static bool read_feed(struct json_value root, struct str name, struct arena *arena,
                      struct app_feed *feed, struct fail *fail)
{
    static const char *const members[] = {"url",           "kind",    "score", "scale",
                                          "every_minutes", "channel", NULL};
    struct str kind;
    int64_t minutes;
    struct net_url url;
    struct fail why;
    if (!app_input_members(root, members, fail) ||
        !app_input_str(root, "url", true, &feed->url, fail) ||
        !app_input_str(root, "kind", false, &kind, fail) ||
        !app_input_str(root, "channel", false, &feed->settings.channel, fail) ||
        !app_input_int(root, "every_minutes", EVERY_LEAST, EVERY_MOST, EVERY_OTHERWISE, &minutes,
                       fail) ||
        !read_score(root, feed, fail)) {
        return false;
    }
    if (!net_url_parse(feed->url, NET_URL_HTTP | NET_URL_HTTPS, arena, &url, &why)) {
        return fail_input_at(fail, "/url", "%s", why.message);
    }
    if (kind.data != NULL && !str_is(kind, "post") && !str_is(kind, "review")) {
        return fail_input_at(fail, "/kind", "\"kind\" must be post or review");
    }
    bool review = kind.data != NULL && str_is(kind, "review");
    feed->settings.kind = review ? INTAKE_FEED_REVIEW : INTAKE_FEED_POST;
    feed->settings.identifier = str_format(arena, "ext.%.*s", STR_ARG(name));
    feed->every_ms = minutes * MINUTE_MS;
    return true;
}

bool app_feed_read(struct str definition, struct str name, struct arena *arena,
                   struct app_feed *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct app_feed feed = {0};
    if (!json_parse(parser, definition, &root, fail) ||
        !read_feed(root, name, arena, &feed, fail)) {
        return false;
    }
    feed.url = str_copy(arena, feed.url);
    feed.settings.score = feed.settings.score.data == NULL ? feed.settings.score
                                                           : str_copy(arena, feed.settings.score);
    feed.settings.scale = str_copy(arena, feed.settings.scale);
    feed.settings.channel = feed.settings.channel.data == NULL
                                ? feed.settings.channel
                                : str_copy(arena, feed.settings.channel);
    *out = feed;
    return true;
}

/* ---- polling ------------------------------------------------------------------------------------------------ */

/* How far a feed was read: what the server said of its state. */
static void read_position(struct str text, struct arena *arena, struct net_fetch *fetch)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct fail fail;
    struct str etag, modified;
    if (text.data == NULL || !json_parse(parser, text, &root, &fail) ||
        !app_input_str(root, "etag", false, &etag, &fail) ||
        !app_input_str(root, "last_modified", false, &modified, &fail)) {
        return;
    }
    fetch->etag = etag.data == NULL ? etag : str_copy(arena, etag);
    fetch->last_modified = modified.data == NULL ? modified : str_copy(arena, modified);
}

static struct str position_of(const struct net_fetch *fetch, struct arena *arena)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = NET_FETCH_HEAD_BYTES_MAX * 8};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    app_write_text(&w, "etag", fetch->answer_etag);
    app_write_text(&w, "last_modified", fetch->answer_last_modified);
    json_end_object(&w);
    return str_copy(arena, base_buf_view(&text));
}

static void aim(const struct app_feed *feed, struct net_fetch *fetch)
{
    *fetch = (struct net_fetch){.url = feed->url,
                                .accept = FEED_TYPES,
                                .bytes_max = INTAKE_FEED_BYTES_MAX,
                                .redirects_max = REDIRECTS};
}

/* An answer that is a feed; else why not, with what can be done. */
static bool usable(const struct net_fetch *fetch, struct fail *fail)
{
    if (!fetch->good) {
        *fail = fetch->fail;
        return false;
    }
    if (fetch->status == 200) {
        return true;
    }
    const char *fix = fetch->status == 404 || fetch->status == 410 ? ": is the address still right?"
                      : fetch->status == 401 || fetch->status == 403
                          ? ": it wants a sign-in, or lets no program in"
                      : fetch->status == 429 ? ": it is asked too often; ask less often"
                      : fetch->status >= 500 ? ": it has a problem of its own; tried again later"
                                             : "";
    return fail_set(fail, FAIL_IO, "the feed answered %d%s", fetch->status, fix);
}

struct polled {
    struct state_channel channel;
    struct app_feed feed;
};

static bool take_feed(struct app *app, struct polled *polled, const struct net_fetch *fetch,
                      struct arena *arena, struct str *note, uint64_t *out_new, struct fail *fail)
{
    struct intake_feed feed;
    struct intake_items items;
    struct intake_source source;
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    struct intake_counts counts = {0};
    if (!intake_feed_parse(fetch->answer, &polled->feed.settings, arena, &feed, fail) ||
        !app_channel_source(app, &polled->channel, arena, &source, fail) ||
        !intake_feed_events(&feed, &polled->feed.settings, decoder, &source, arena, &items, fail) ||
        !app_take(app, items.items, items.count, fail)) {
        return false;
    }
    intake_count(items.items, items.count, &counts);
    *out_new = counts.stored;
    *note = app_channel_tally(arena, items.items, items.count);
    return true;
}

/* One feed after its fetch. False only where the database fails. */
static bool finish(struct app *app, struct polled *polled, const struct net_fetch *fetch,
                   struct arena *arena, uint64_t *out_new, bool *out_good, struct fail *fail)
{
    struct fail why = {0};
    struct str note = STR("nothing new");
    *out_new = 0;
    *out_good = fetch->not_modified ||
                (usable(fetch, &why) && take_feed(app, polled, fetch, arena, &note, out_new, &why));
    if (*out_good && !fetch->not_modified) {
        polled->channel.position = position_of(fetch, arena);
    }
    int64_t every_ms = polled->feed.every_ms;
    if (fetch->retry_after_s * 1000 > every_ms) {
        every_ms = fetch->retry_after_s * 1000;
    }
    return app_channel_settle(app, &polled->channel, every_ms, *out_good ? NULL : &why, note, fail);
}

/* The next feeds that are due, at most FEEDS_AT_ONCE. */
static bool due(struct app *app, struct arena *arena, struct polled *out, size_t *out_count,
                struct fail *fail)
{
    struct state_channel *channels;
    size_t all, count = 0;
    int64_t now_ms = base_now_ms(app->clock);
    if (!state_channels_list(app->state, STR("feed"), arena, &channels, &all, fail)) {
        return false;
    }
    for (size_t i = 0; i < all && count < FEEDS_AT_ONCE; i++) {
        struct polled *polled = &out[count];
        struct fail why;
        if (channels[i].paused || channels[i].next_ms > now_ms) {
            continue;
        }
        polled->channel = channels[i];
        if (app_feed_read(channels[i].definition, channels[i].name, arena, &polled->feed, &why)) {
            count++;
        } else if (!app_channel_settle(app, &polled->channel, APP_CHANNEL_BACKOFF_MS, &why,
                                       (struct str){NULL, 0}, fail)) {
            return false;
        }
    }
    *out_count = count;
    return true;
}

bool app_job_feeds(struct app_job_run *run, struct fail *fail)
{
    struct app *app = run->app;
    uint64_t feeds = 0, fresh = 0, failing = 0;
    for (;;) {
        struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
        struct polled *polled = arena_array(arena, FEEDS_AT_ONCE, sizeof *polled, fail);
        struct net_fetch fetches[FEEDS_AT_ONCE];
        size_t count;
        if (polled == NULL || base_cancel_due(run->cancel, fail) ||
            !due(app, arena, polled, &count, fail)) {
            return false;
        }
        if (count == 0) {
            break;
        }
        for (size_t i = 0; i < count; i++) {
            aim(&polled[i].feed, &fetches[i]);
            read_position(polled[i].channel.position, arena, &fetches[i]);
        }
        net_fetch_all(app->client, fetches, count, arena, run->cancel);
        for (size_t i = 0; i < count; i++) {
            uint64_t more;
            bool good;
            if (base_cancel_due(run->cancel, fail) ||
                !finish(app, &polled[i], &fetches[i], arena, &more, &good, fail)) {
                return false;
            }
            feeds++;
            fresh += more;
            failing += good ? 0 : 1;
        }
    }
    run->note = str_format(run->arena, "%llu feeds read, %llu new items, %llu failing",
                           (unsigned long long)feeds, (unsigned long long)fresh,
                           (unsigned long long)failing);
    return true;
}

/* ---- trying one out ------------------------------------------------------------------------------------------ */

bool app_feed_test(struct app *app, struct str name, struct str definition, struct arena *arena,
                   struct json_writer *w, struct fail *fail)
{
    struct app_feed feed;
    struct net_fetch fetch;
    struct intake_feed parsed;
    struct intake_items items;
    struct intake_source source;
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    struct state_channel channel = {.kind = STR("feed"), .name = name};
    if (!app_feed_read(definition, name, arena, &feed, fail)) {
        return false;
    }
    aim(&feed, &fetch);
    net_fetch_all(app->client, &fetch, 1, arena, NULL);
    if (!usable(&fetch, fail) ||
        !intake_feed_parse(fetch.answer, &feed.settings, arena, &parsed, fail) ||
        !app_channel_source(app, &channel, arena, &source, fail) ||
        !intake_feed_events(&parsed, &feed.settings, decoder, &source, arena, &items, fail)) {
        return false;
    }
    app_write_text(w, "title", parsed.title);
    app_channel_write_items(w, items.items, NULL, items.count, TEST_MOST);
    /* The items view the decoder's scratch no longer than this call. */
    return true;
}
