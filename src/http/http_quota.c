/* How many events a source may send in a minute and in a day: counted here, and begun anew with the process. A
 * request goes in whole or not at all, so what it holds is taken from both windows at once. */
#include "http_internal.h"

#define MINUTE_MS INT64_C(60000)

struct window {
    int64_t end_ms; /* what was counted, was counted before it */
    uint64_t count;
};
struct quota {
    struct quota *next;
    struct str source;
    struct window minute, day;
};
struct http_quotas {
    const struct base_clock *clock;
    struct arena *arena;
    struct base_mutex
        lock; /* guards the list; a source that has a quota, and sent something, stays in it */
    struct quota *first;
};

struct http_quotas *http_quotas_new(const struct base_clock *clock)
{
    struct http_quotas *quotas = base_alloc_zero(sizeof *quotas);
    quotas->clock = clock;
    quotas->arena = arena_new(NULL);
    base_mutex_init(&quotas->lock);
    return quotas;
}

void http_quotas_free(struct http_quotas *quotas)
{
    if (quotas != NULL) {
        base_mutex_done(&quotas->lock);
        arena_free(quotas->arena);
        base_free(quotas);
    }
}

static struct quota *find_locked(struct http_quotas *quotas, struct str source)
{
    struct quota *quota = quotas->first;
    while (quota != NULL && !str_equal(quota->source, source)) {
        quota = quota->next;
    }
    if (quota == NULL) {
        quota = arena_small(quotas->arena, sizeof *quota);
        quota->source = str_copy(quotas->arena, source);
        quota->next = quotas->first;
        quotas->first = quota;
    }
    return quota;
}

static void turn(struct window *window, int64_t now_ms, int64_t end_ms)
{
    if (now_ms >= window->end_ms) {
        *window = (struct window){.end_ms = end_ms};
    }
}

/* Seconds until the window ends, at least 1; 0 where there is room in it. */
static int64_t wait_s(const struct window *window, uint64_t most, uint64_t count, int64_t now_ms)
{
    if (most == 0 || window->count + count <= most) {
        return 0;
    }
    int64_t wait = (window->end_ms - now_ms + 999) / 1000;
    return wait < 1 ? 1 : wait;
}

int64_t http_quota_take(struct http_quotas *quotas, const struct intake_source *source,
                        uint64_t count)
{
    if (source->quota_minute == 0 && source->quota_day == 0) {
        return 0;
    }
    int64_t now_ms = base_now_ms(quotas->clock);
    base_lock(&quotas->lock);
    struct quota *quota = find_locked(quotas, source->name);
    turn(&quota->minute, now_ms, (now_ms / MINUTE_MS + 1) * MINUTE_MS);
    turn(
        &quota->day, now_ms,
        zone_interval_next(source->zone == NULL ? zone_utc() : source->zone, INTERVAL_DAY, now_ms));
    int64_t day_s = wait_s(&quota->day, source->quota_day, count, now_ms);
    int64_t wait = day_s > 0 ? day_s : wait_s(&quota->minute, source->quota_minute, count, now_ms);
    if (wait == 0) {
        quota->minute.count += count;
        quota->day.count += count;
    }
    base_unlock(&quotas->lock);
    return wait;
}

void http_quota_give_back(struct http_quotas *quotas, const struct intake_source *source,
                          uint64_t count)
{
    if (source->quota_minute == 0 && source->quota_day == 0) {
        return;
    }
    base_lock(&quotas->lock);
    struct quota *quota = find_locked(quotas, source->name);
    quota->minute.count -= count < quota->minute.count ? count : quota->minute.count;
    quota->day.count -= count < quota->day.count ? count : quota->day.count;
    base_unlock(&quotas->lock);
}
