/* Deadlines of connections. The library's own time-out starts anew with every byte, so that a client that
 * sends one byte a second holds a connection for ever; here each connection has an instant by which the
 * request under way must be whole (or the reply taken), and the keeper ends those that are past it. It only
 * shuts the socket down: the library notices, and closes it on its own thread. A watch is taken out of the
 * list, under the lock, before the library closes the descriptor, so that the number is never a stranger's. */
#include "net_internal.h"

#include <sys/socket.h>

#define KEEPER_PERIOD_US 250000

static void keeper_run(void *context)
{
    struct net_watches *watches = context;
    base_lock(&watches->lock);
    while (!watches->stopping) {
        base_cond_wait_us(&watches->wake, &watches->lock, KEEPER_PERIOD_US);
        int64_t now_us = base_steady_us(watches->clock);
        for (struct net_watch *watch = watches->head; watch != NULL; watch = watch->next) {
            if (watch->deadline_us != 0 && now_us >= watch->deadline_us && !watch->cut) {
                watch->cut = true;
                watches->cut_count++;
                shutdown(watch->descriptor, SHUT_RDWR);
            }
        }
    }
    base_unlock(&watches->lock);
}

bool net_watches_start(struct net_watches *watches, const struct base_clock *clock,
                       struct fail *fail)
{
    watches->clock = clock;
    base_mutex_init(&watches->lock);
    base_cond_init(&watches->wake);
    if (!base_thread_start(&watches->keeper, "net-keeper", keeper_run, watches, fail)) {
        base_cond_done(&watches->wake);
        base_mutex_done(&watches->lock);
        watches->clock = NULL;
        return false;
    }
    return true;
}

void net_watches_stop(struct net_watches *watches)
{
    if (watches->clock == NULL) {
        return;
    }
    base_lock(&watches->lock);
    watches->stopping = true;
    base_cond_broadcast(&watches->wake);
    base_unlock(&watches->lock);
    base_thread_join(&watches->keeper);
    base_cond_done(&watches->wake);
    base_mutex_done(&watches->lock);
    watches->clock = NULL;
}

struct net_watch *net_watch_new(struct net_watches *watches, int descriptor, int64_t deadline_us)
{
    struct net_watch *watch = base_alloc_zero(sizeof *watch);
    watch->descriptor = descriptor;
    watch->deadline_us = deadline_us;
    base_lock(&watches->lock);
    watch->next = watches->head;
    if (watch->next != NULL) {
        watch->next->previous = watch;
    }
    watches->head = watch;
    watches->count++;
    base_unlock(&watches->lock);
    return watch;
}

void net_watch_free(struct net_watches *watches, struct net_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    base_lock(&watches->lock);
    if (watch->previous != NULL) {
        watch->previous->next = watch->next;
    } else {
        watches->head = watch->next;
    }
    if (watch->next != NULL) {
        watch->next->previous = watch->previous;
    }
    watches->count--;
    base_unlock(&watches->lock);
    base_free(watch);
}

void net_watch_set(struct net_watches *watches, struct net_watch *watch, int64_t deadline_us)
{
    if (watch == NULL) {
        return;
    }
    base_lock(&watches->lock);
    watch->deadline_us = deadline_us;
    base_unlock(&watches->lock);
}

void net_watches_cut_all(struct net_watches *watches)
{
    base_lock(&watches->lock);
    for (struct net_watch *watch = watches->head; watch != NULL; watch = watch->next) {
        if (watch->deadline_us != 0 && !watch->cut) {
            watch->cut = true;
            shutdown(watch->descriptor, SHUT_RDWR);
        }
    }
    base_unlock(&watches->lock);
}
