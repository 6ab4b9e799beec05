/* Deadlines of connections. The library's own time-out starts anew with every byte, so that a client that
 * sends one byte a second holds a connection for ever; here each connection has an instant by which the
 * request under way must be whole (or the reply taken), and the keeper ends those that are past it. It only
 * shuts the socket down: the library notices, and closes it on its own thread. A watch is taken out of the
 * list, under the lock, before the library closes the descriptor, so that the number is never a stranger's.
 *
 * Clients that leave: the library hears of bytes and of their end at once, reads the bytes, and does not look for the
 * end again, so that a client that leaves in the middle of a request holds a connection until the deadline. An epoll
 * of the keeper's own tells which clients send nothing more; where all that they sent was read, and a request is still
 * awaited some looks later, the connection is ended. Looks are counted and not time, since on a machine that has no time
 * for the keeper the library may have none for what it has read either. One who sent a whole request and waits for its answer is left alone. */
#include "net_internal.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEEPER_PERIOD_US 250000
#define ENDED_LOOKS 8 /* two seconds: longer than the library takes to what it has read */
#define LEFT_AT_ONCE 64

static void note_left_locked(struct net_watches *watches)
{
    struct epoll_event events[LEFT_AT_ONCE];
    int count;
    do {
        count = epoll_wait(watches->leaving, events, LEFT_AT_ONCE, 0);
        for (int i = 0; i < count; i++) {
            struct net_watch *watch = events[i].data.ptr;
            watch->left = true;
        }
    } while (count == LEFT_AT_ONCE);
}

/* Was all read that it sent, for so long that nothing can come of it any more? */
static bool ended(struct net_watch *watch)
{
    char byte;
    if (!watch->left || !watch->reading) {
        return false;
    }
    ssize_t len = recv(watch->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (len > 0 || (len < 0 && (errno == EAGAIN || errno == EINTR))) {
        watch->ended_looks = 0;
    } else {
        watch->ended_looks++;
    }
    return watch->ended_looks >= ENDED_LOOKS;
}

static void keeper_run(void *context)
{
    struct net_watches *watches = context;
    base_lock(&watches->lock);
    while (!watches->stopping) {
        base_cond_wait_us(&watches->wake, &watches->lock, KEEPER_PERIOD_US);
        int64_t now_us = base_steady_us(watches->clock);
        note_left_locked(watches);
        for (struct net_watch *watch = watches->head; watch != NULL; watch = watch->next) {
            bool late = watch->deadline_us != 0 && now_us >= watch->deadline_us;
            if (!watch->cut && (late || ended(watch))) {
                watch->cut = true;
                watches->cut_count += late;
                shutdown(watch->descriptor, SHUT_RDWR);
            }
        }
    }
    base_unlock(&watches->lock);
}

bool net_watches_start(struct net_watches *watches, const struct base_clock *clock,
                       struct fail *fail)
{
    watches->leaving = epoll_create1(EPOLL_CLOEXEC);
    if (watches->leaving < 0) {
        return fail_set(fail, FAIL_IO, "no epoll for connections: %s", strerrordesc_np(errno));
    }
    watches->clock = clock;
    base_mutex_init(&watches->lock);
    base_cond_init(&watches->wake);
    if (!base_thread_start(&watches->keeper, "net-keeper", keeper_run, watches, fail)) {
        base_cond_done(&watches->wake);
        base_mutex_done(&watches->lock);
        close(watches->leaving);
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
    close(watches->leaving);
    watches->clock = NULL;
}

struct net_watch *net_watch_new(struct net_watches *watches, int descriptor, int64_t deadline_us)
{
    struct net_watch *watch = base_alloc_zero(sizeof *watch);
    watch->descriptor = descriptor;
    watch->deadline_us = deadline_us;
    watch->reading = true;
    struct epoll_event leaves = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = watch};
    base_lock(&watches->lock);
    /* Without it the connection has its deadline. */
    (void)epoll_ctl(watches->leaving, EPOLL_CTL_ADD, descriptor, &leaves);
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
    (void)epoll_ctl(watches->leaving, EPOLL_CTL_DEL, watch->descriptor, NULL);
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

void net_watch_set(struct net_watches *watches, struct net_watch *watch, int64_t deadline_us,
                   bool reading)
{
    if (watch == NULL) {
        return;
    }
    base_lock(&watches->lock);
    watch->deadline_us = deadline_us;
    watch->reading = reading;
    watch->ended_looks = 0;
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
