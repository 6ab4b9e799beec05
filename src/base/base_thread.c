#include "base_thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base_mem.h"

#define NAME_BYTES 16 /* the kernel's, with the NUL */

void base_mutex_init(struct base_mutex *mutex)
{
    pthread_mutexattr_t attributes;
    INVARIANT(pthread_mutexattr_init(&attributes) == 0);
#ifndef NDEBUG
    /* Locking twice, and unlocking what another thread holds, abort instead of hanging. */
    INVARIANT(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK) == 0);
#endif
    INVARIANT(pthread_mutex_init(&mutex->inner, &attributes) == 0);
    pthread_mutexattr_destroy(&attributes);
}

void base_mutex_done(struct base_mutex *mutex)
{
    INVARIANT(pthread_mutex_destroy(&mutex->inner) == 0);
}

void base_lock(struct base_mutex *mutex)
{
    INVARIANT(pthread_mutex_lock(&mutex->inner) == 0);
}

void base_unlock(struct base_mutex *mutex)
{
    INVARIANT(pthread_mutex_unlock(&mutex->inner) == 0);
}

void base_cond_init(struct base_cond *cond)
{
    pthread_condattr_t attributes;
    INVARIANT(pthread_condattr_init(&attributes) == 0);
    INVARIANT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    INVARIANT(pthread_cond_init(&cond->inner, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

void base_cond_done(struct base_cond *cond)
{
    INVARIANT(pthread_cond_destroy(&cond->inner) == 0);
}

void base_cond_wait(struct base_cond *cond, struct base_mutex *mutex)
{
    INVARIANT(pthread_cond_wait(&cond->inner, &mutex->inner) == 0);
}

bool base_cond_wait_us(struct base_cond *cond, struct base_mutex *mutex, int64_t timeout_us)
{
    struct timespec until;
    INVARIANT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    if (timeout_us > 0) {
        int64_t ns = until.tv_nsec + timeout_us % 1000000 * 1000;
        until.tv_sec += timeout_us / 1000000 + ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
    }
    int result = pthread_cond_timedwait(&cond->inner, &mutex->inner, &until);
    INVARIANT(result == 0 || result == ETIMEDOUT);
    return result == 0;
}

void base_cond_signal(struct base_cond *cond)
{
    INVARIANT(pthread_cond_signal(&cond->inner) == 0);
}

void base_cond_broadcast(struct base_cond *cond)
{
    INVARIANT(pthread_cond_broadcast(&cond->inner) == 0);
}

/* What a new thread needs; it frees it. */
struct start {
    void (*run)(void *context);
    void *context;
    char name[NAME_BYTES];
};

static void *run_thread(void *argument)
{
    struct start start = *(struct start *)argument;
    base_free(argument);
    pthread_setname_np(pthread_self(), start.name);
    start.run(start.context);
    return NULL;
}

bool base_thread_start(struct base_thread *thread, const char *name, void (*run)(void *context),
                       void *context, struct fail *fail)
{
    struct start *start = base_alloc_zero(sizeof *start);
    start->run = run;
    start->context = context;
    memcpy(start->name, name, strnlen(name, NAME_BYTES - 1));
    /* The new thread inherits the mask: no signal can reach it before it could block them itself. */
    sigset_t all, before;
    sigfillset(&all);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int error = pthread_create(&thread->inner, NULL, run_thread, start);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (error != 0) {
        base_free(start);
        return fail_set(fail, FAIL_BUSY, "no thread for %s: %s", name, strerrordesc_np(error));
    }
    thread->started = true;
    return true;
}

void base_thread_join(struct base_thread *thread)
{
    if (thread->started) {
        INVARIANT(pthread_join(thread->inner, NULL) == 0);
        thread->started = false;
    }
}

#define CALM_NICE 10 /* a tenth of what others get, where all are busy */

void base_thread_calm(void)
{
    /* Linux keeps it by thread. Without it the work is done as well. */
    if (getpriority(PRIO_PROCESS, 0) < CALM_NICE) {
        (void)setpriority(PRIO_PROCESS, 0, CALM_NICE);
    }
}

int base_cpu_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        return count < 1 ? 1 : count;
    }
    /* More CPUs than the fixed set has room for. */
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > 4096 ? 4096 : (int)online;
}

void base_cancel_now(struct base_cancel *cancel)
{
    atomic_store_explicit(&cancel->cancelled, true, memory_order_release);
}

bool base_cancel_due(struct base_cancel *cancel, struct fail *fail)
{
    if (atomic_load_explicit(&cancel->cancelled, memory_order_acquire)) {
        fail_set(fail, FAIL_CANCELLED, "cancelled");
        return true;
    }
    if (cancel->deadline_us != 0 && base_steady_us(cancel->clock) >= cancel->deadline_us) {
        fail_set(fail, FAIL_LIMIT, "took longer than it may");
        return true;
    }
    if (cancel->asker_gone != NULL && cancel->asker_gone(cancel->asker)) {
        base_cancel_now(cancel);
        fail_set(fail, FAIL_CANCELLED, "the asker is gone");
        return true;
    }
    return false;
}
