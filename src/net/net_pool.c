#include "net_internal.h"

static void pool_run(void *context)
{
    struct net_pool *pool = context;
    base_lock(&pool->lock);
    for (;;) {
        while (pool->head == NULL && !pool->stopping) {
            base_cond_wait(&pool->wake, &pool->lock);
        }
        struct net_exchange *exchange = pool->head;
        if (exchange == NULL) {
            break;
        }
        pool->head = exchange->next;
        if (pool->head == NULL) {
            pool->tail = NULL;
        }
        pool->waiting--;
        base_unlock(&pool->lock);
        exchange->next = NULL;
        pool->work(exchange);
        base_lock(&pool->lock);
    }
    base_unlock(&pool->lock);
}

bool net_pool_start(struct net_pool *pool, const char *name, int threads, int queue_max,
                    void (*work)(struct net_exchange *exchange), struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_array((size_t)threads, sizeof *pool->threads, &block, fail)) {
        return false;
    }
    memset(block, 0, (size_t)threads * sizeof *pool->threads);
    pool->threads = block;
    pool->queue_max = queue_max;
    pool->work = work;
    base_mutex_init(&pool->lock);
    base_cond_init(&pool->wake);
    for (int i = 0; i < threads; i++) {
        if (!base_thread_start(&pool->threads[i], name, pool_run, pool, fail)) {
            return false; /* the caller stops those that began */
        }
        pool->thread_count++;
    }
    return true;
}

void net_pool_stop(struct net_pool *pool)
{
    if (pool->threads == NULL) {
        return;
    }
    base_lock(&pool->lock);
    pool->stopping = true;
    base_cond_broadcast(&pool->wake);
    base_unlock(&pool->lock);
    for (int i = 0; i < pool->thread_count; i++) {
        base_thread_join(&pool->threads[i]);
    }
    pool->thread_count = 0;
}

void net_pool_done(struct net_pool *pool)
{
    if (pool->threads == NULL) {
        return;
    }
    base_free(pool->threads);
    pool->threads = NULL;
    base_cond_done(&pool->wake);
    base_mutex_done(&pool->lock);
}

bool net_pool_push(struct net_pool *pool, struct net_exchange *exchange)
{
    base_lock(&pool->lock);
    bool taken = !pool->stopping && pool->waiting < pool->queue_max;
    if (taken) {
        exchange->next = NULL;
        if (pool->tail == NULL) {
            pool->head = exchange;
        } else {
            pool->tail->next = exchange;
        }
        pool->tail = exchange;
        pool->waiting++;
    }
    base_unlock(&pool->lock);
    if (taken) { /* not under the lock, which the one that is woken takes first */
        base_cond_signal(&pool->wake);
    }
    return taken;
}

int64_t net_pool_waiting(struct net_pool *pool)
{
    base_lock(&pool->lock);
    int64_t waiting = pool->waiting;
    base_unlock(&pool->lock);
    return waiting;
}
