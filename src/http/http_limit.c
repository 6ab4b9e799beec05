/* Buckets of requests, by address or key. A table of fixed size: two that fall into one slot share it only while both
 * are busy; the one that came later takes the slot once it is full again. The limits are far above what people
 * do, so that a whole office behind one address never meets them; they bound what one asker can take. */
#include "http_internal.h"

#include "base_hash.h"
#include "base_random.h"

#define SLOTS 4096
#define WAYS 4

struct bucket {
    uint64_t who;
    double left;
    int64_t at_us;
};

struct http_limit {
    const struct base_clock *clock;
    double per_s, most;
    uint64_t seed;
    struct base_mutex lock; /* guards buckets */
    struct bucket buckets[SLOTS];
};

struct http_limit *http_limit_new(const struct base_clock *clock, int64_t per_s)
{
    struct http_limit *limit = base_alloc_zero(sizeof *limit);
    limit->clock = clock;
    limit->per_s = (double)per_s;
    limit->most = (double)per_s * 2.0;
    limit->seed = base_random_u64(base_random_system());
    base_mutex_init(&limit->lock);
    return limit;
}

void http_limit_free(struct http_limit *limit)
{
    if (limit != NULL) {
        base_mutex_done(&limit->lock);
        base_free(limit);
    }
}

static void fill(const struct http_limit *limit, struct bucket *bucket, int64_t now_us)
{
    if (bucket->who == 0) {
        bucket->left = limit->most;
    } else if (now_us > bucket->at_us) {
        bucket->left += (double)(now_us - bucket->at_us) / 1e6 * limit->per_s;
        bucket->left = bucket->left > limit->most ? limit->most : bucket->left;
    }
    bucket->at_us = now_us;
}

bool http_limit_take(struct http_limit *limit, struct str who)
{
    uint64_t hash = base_hash64(who.data, who.len, limit->seed) | 1U;
    int64_t now_us = base_steady_us(limit->clock);
    base_lock(&limit->lock);
    struct bucket *set = &limit->buckets[hash % (SLOTS / WAYS) * WAYS];
    struct bucket *chosen = &set[0];
    for (int i = 0; i < WAYS; i++) {
        fill(limit, &set[i], now_us);
        if (set[i].who == hash) {
            chosen = &set[i];
            break;
        }
        if (set[i].left > chosen->left) {
            chosen = &set[i];
        }
    }
    if (chosen->who != hash) {
        /* The fullest belongs to the least busy; what it has used stays used. */
        chosen->who = hash;
    }
    bool may = chosen->left >= 1.0;
    if (may) {
        chosen->left -= 1.0;
    }
    base_unlock(&limit->lock);
    return may;
}
