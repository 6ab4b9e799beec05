/* base_thread.h — threads, locks, conditions, cancel tokens: the only user of pthread.
 *
 * What: thin, typed, aborting on misuse. A cancel token says "stop": by hand, by deadline, or because
 *   the asker is gone. A pool runs one job on several threads at once.
 * Owner: the embedding struct (init, done), or new, free.   Threads: that is the subject.
 * Failure: base_thread_start: FAIL_BUSY where the system has no more threads; locks abort on misuse.
 * Limits/cost: an uncontended lock is some 20 ns.   Units: *_us of steady time.
 * Example: base_lock(&store->lock); ...; base_unlock(&store->lock);
 * Not here: which lock comes before which (docs/threads.md).
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base_clock.h"
#include "base_fail.h"

struct base_mutex {
    pthread_mutex_t inner;
};
void base_mutex_init(struct base_mutex *mutex);
void base_mutex_done(struct base_mutex *mutex);
void base_lock(struct base_mutex *mutex);
void base_unlock(struct base_mutex *mutex);

struct base_cond {
    pthread_cond_t inner;
};
void base_cond_init(struct base_cond *cond);
void base_cond_done(struct base_cond *cond);
void base_cond_wait(struct base_cond *cond, struct base_mutex *mutex);
/* False when `timeout_us` went by first. */
bool base_cond_wait_us(struct base_cond *cond, struct base_mutex *mutex, int64_t timeout_us);
void base_cond_signal(struct base_cond *cond);
void base_cond_broadcast(struct base_cond *cond);

struct base_thread {
    pthread_t inner;
    bool started;
};
/* `name` (at most 15 bytes) shows in ps and gdb. All signals are blocked in the new thread. */
bool base_thread_start(struct base_thread *thread, const char *name, void (*run)(void *context),
                       void *context, struct fail *fail) MUST_USE;
void base_thread_join(struct base_thread *thread); /* accepts one never started */
/* For good: this thread, and those that it starts, leave the processors to the process's others where these want them all. For
   work that nobody waits for by the millisecond. */
void base_thread_calm(void);
int base_cpu_count(void); /* those this process may use, at least 1 */

/* Asked between blocks of work, by several threads at once. Any thread may cancel; `asker_gone` may be
   NULL, and is called from each thread that asks. */
struct base_cancel {
    _Atomic bool cancelled;
    int64_t deadline_us; /* steady; 0: none. Immutable once shared */
    const struct base_clock *clock;
    bool (*asker_gone)(void *context);
    void *asker;
};
void base_cancel_now(struct base_cancel *cancel);
/* True when work must stop; `fail` says why (FAIL_CANCELLED; FAIL_LIMIT past the deadline). */
bool base_cancel_due(struct base_cancel *cancel, struct fail *fail);

/* A fixed set of workers. base_pool_run calls job(context, slot) once for each of `width` slots and
   returns when all are done. The caller's thread does slot 0, and further ones while no worker is free:
   a pool of N threads therefore starts N - 1. Many callers may run at once, and a job may run further
   ones; slots are then queued, oldest run first. A slot must not wait for another slot of its run. A worker that is woken begins
   on another processor than the caller's, where there is one (docs/decisions/0047-another-processor.md). */
struct base_pool;
bool base_pool_new(int threads, struct base_pool **out, struct fail *fail) MUST_USE;
void base_pool_free(struct base_pool *pool);
int base_pool_width(const struct base_pool *pool);
void base_pool_run(struct base_pool *pool, int width, void (*job)(void *context, int slot),
                   void *context);
