/* How many events a source may send in a minute and in a day. A request goes in whole or not at all, so what it holds
 * is taken from both windows at once. What was counted is written down every few seconds and when the server stops, so
 * that a restart does not begin anew; after a crash a few seconds of counting are missing. A quota that cannot be
 * written is no reason to refuse events. */
#include "http_internal.h"

#define MINUTE_MS INT64_C(60000)
#define WRITE_EVERY_MS INT64_C(5000)

struct quota {
    struct quota *next;
    struct str source;
    struct app_quota count;
    int64_t written_ms; /* when it was written last */
    bool changed;       /* since then */
};
struct http_quotas {
    struct app *app;
    const struct base_clock *clock;
    struct arena *arena;
    struct base_mutex
        lock; /* guards the list; a source that has a quota, and sent something, stays in it */
    struct quota *first;
};

struct http_quotas *http_quotas_new(struct app *app, const struct base_clock *clock)
{
    struct http_quotas *quotas = base_alloc_zero(sizeof *quotas);
    quotas->app = app;
    quotas->clock = clock;
    quotas->arena = arena_new(NULL);
    base_mutex_init(&quotas->lock);
    return quotas;
}

static void write_down(struct http_quotas *quotas, struct str source, const struct app_quota *count)
{
    struct fail fail;
    if (!app_quota_write(quotas->app, source, count, &fail)) {
        base_log(LOG_WARN, "quota.write", "what a source sent was not written down",
                 LOG_S("source", source), LOG_C("why", fail.message), LOG_END);
    }
}

void http_quotas_free(struct http_quotas *quotas)
{
    if (quotas == NULL) {
        return;
    }
    for (struct quota *quota = quotas->first; quota != NULL; quota = quota->next) {
        if (quota->changed) {
            write_down(quotas, quota->source, &quota->count);
        }
    }
    base_mutex_done(&quotas->lock);
    arena_free(quotas->arena);
    base_free(quotas);
}

static struct quota *find_locked(struct http_quotas *quotas, struct str source)
{
    struct quota *quota = quotas->first;
    while (quota != NULL && !str_equal(quota->source, source)) {
        quota = quota->next;
    }
    return quota;
}

/* Sees to it that the source is in the list, with what was counted before the server started. */
static void meet(struct http_quotas *quotas, struct str source)
{
    struct app_quota count = {0};
    struct fail fail;
    base_lock(&quotas->lock);
    bool known = find_locked(quotas, source) != NULL;
    base_unlock(&quotas->lock);
    if (known) {
        return;
    }
    if (!app_quota_read(quotas->app, source, &count, &fail)) {
        base_log(LOG_WARN, "quota.read", "what a source sent before is not known",
                 LOG_S("source", source), LOG_C("why", fail.message), LOG_END);
    }
    base_lock(&quotas->lock);
    if (find_locked(quotas, source) == NULL) {
        struct quota *quota = arena_small(quotas->arena, sizeof *quota);
        *quota = (struct quota){
            .next = quotas->first, .source = str_copy(quotas->arena, source), .count = count};
        quotas->first = quota;
    }
    base_unlock(&quotas->lock);
}

/* A window that is over begins anew; so does one that ends later than it can, as after a change of zone or clock. */
static void turn(int64_t *end_ms, uint64_t *events, int64_t now_ms, int64_t next_end_ms)
{
    if (now_ms >= *end_ms || *end_ms > next_end_ms) {
        *end_ms = next_end_ms;
        *events = 0;
    }
}

/* Seconds until the window ends, at least 1; 0 where there is room in it. */
static int64_t wait_s(int64_t end_ms, uint64_t events, uint64_t most, uint64_t count,
                      int64_t now_ms)
{
    if (most == 0 || events + count <= most) {
        return 0;
    }
    int64_t wait = (end_ms - now_ms + 999) / 1000;
    return wait < 1 ? 1 : wait;
}

/* Is it time to write? Then *out is what. */
static bool due_locked(struct quota *quota, int64_t now_ms, struct app_quota *out)
{
    if (!quota->changed || now_ms - quota->written_ms < WRITE_EVERY_MS) {
        return false;
    }
    quota->changed = false;
    quota->written_ms = now_ms;
    *out = quota->count;
    return true;
}

int64_t http_quota_take(struct http_quotas *quotas, const struct intake_source *source,
                        uint64_t events)
{
    if (source->quota_minute == 0 && source->quota_day == 0) {
        return 0;
    }
    meet(quotas, source->name);
    const struct zone *zone = source->zone == NULL ? zone_utc() : source->zone;
    struct app_quota written;
    int64_t now_ms = base_now_ms(quotas->clock);
    base_lock(&quotas->lock);
    struct quota *quota = find_locked(quotas, source->name);
    INVARIANT(quota != NULL); /* nothing leaves the list */
    struct app_quota *count = &quota->count;
    turn(&count->minute_end_ms, &count->minute_events, now_ms,
         (now_ms / MINUTE_MS + 1) * MINUTE_MS);
    turn(&count->day_end_ms, &count->day_events, now_ms,
         zone_interval_next(zone, INTERVAL_DAY, now_ms));
    int64_t day_s = wait_s(count->day_end_ms, count->day_events, source->quota_day, events, now_ms);
    int64_t wait = day_s > 0 ? day_s
                             : wait_s(count->minute_end_ms, count->minute_events,
                                      source->quota_minute, events, now_ms);
    if (wait == 0) {
        count->minute_events += events;
        count->day_events += events;
        quota->changed = true;
    }
    bool due = due_locked(quota, now_ms, &written);
    base_unlock(&quotas->lock);
    if (due) {
        write_down(quotas, source->name, &written);
    }
    return wait;
}

void http_quota_give_back(struct http_quotas *quotas, const struct intake_source *source,
                          uint64_t events)
{
    if (source->quota_minute == 0 && source->quota_day == 0) {
        return;
    }
    base_lock(&quotas->lock);
    struct quota *quota = find_locked(quotas, source->name);
    INVARIANT(quota != NULL); /* it was taken from */
    struct app_quota *count = &quota->count;
    count->minute_events -= events < count->minute_events ? events : count->minute_events;
    count->day_events -= events < count->day_events ? events : count->day_events;
    quota->changed = true;
    base_unlock(&quotas->lock);
}
