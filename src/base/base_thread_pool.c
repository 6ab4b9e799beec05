/* The pool: workers that take slots of the runs that are queued. */
#include "base_thread.h"

#include <sched.h>

#include "base_mem.h"

/* One call of base_pool_run, on its caller's stack. All fields but the first three are guarded by the
   pool's lock. */
struct run {
    void (*job)(void *context, int slot);
    void *context;
    int width;
    int next_slot; /* not yet taken */
    int running;   /* taken and not yet done */
    struct base_cond done;
    struct run *next; /* behind it in the queue */
};

struct worker { /* all fields but the first two are guarded by the pool's lock */
    struct base_pool *pool;
    struct base_thread thread;
    struct base_cond wake; /* it was woken, or it is time to stop */
    bool woken;
    bool apart;     /* held off the processor of who woke it, until it runs */
    cpu_set_t home; /* then: where it may run after that */
    struct worker *next_idle;
};

struct base_pool {
    struct base_mutex lock;
    struct run *first;   /* runs with slots left, oldest first; guarded by lock */
    struct run *last;    /* guarded by lock */
    struct worker *idle; /* those that wait and were not woken; guarded by lock */
    bool stopping;       /* guarded by lock */
    int width;           /* immutable after base_pool_new */
    int worker_count;    /* immutable after base_pool_new */
    struct worker workers[];
};

static void queue_add_locked(struct base_pool *pool, struct run *run)
{
    if (pool->first == NULL) {
        pool->first = run;
    } else {
        pool->last->next = run;
    }
    pool->last = run;
}

static void queue_remove_locked(struct base_pool *pool, struct run *run)
{
    struct run **link = &pool->first, *before = NULL;
    while (*link != run) {
        before = *link;
        link = &(*link)->next;
    }
    *link = run->next;
    if (pool->last == run) {
        pool->last = before;
    }
}

/* Takes the next slot of a run, which leaves the queue with its last. */
static int take_slot_locked(struct base_pool *pool, struct run *run)
{
    int slot = run->next_slot++;
    run->running++;
    if (run->next_slot == run->width) {
        queue_remove_locked(pool, run);
    }
    return slot;
}

/* The lock is taken meanwhile. */
static void do_slot_and_lock(struct base_pool *pool, struct run *run, int slot)
{
    run->job(run->context, slot);
    base_lock(&pool->lock);
    run->running--;
    if (run->running == 0 && run->next_slot == run->width) {
        base_cond_signal(&run->done);
    }
}

static void do_slot_locked(struct base_pool *pool, struct run *run, int slot)
{
    base_unlock(&pool->lock);
    do_slot_and_lock(pool, run, slot);
}

/* ---- waking ------------------------------------------------------------------------------------------------ */

/* Left to itself the system may let a worker begin on the caller's own processor, and move it only many ms later, while another
   one has nothing to do: both then take turns, and the run takes as long as without a worker. So a worker that is woken may
   not begin there. Where this cannot be told or asked for, it begins anywhere. */
static void hold_apart_locked(struct worker *worker, const cpu_set_t *home, const cpu_set_t *others)
{
    worker->home = *home;
    worker->apart = pthread_setaffinity_np(worker->thread.inner, sizeof *others, others) == 0;
}

#define WOKEN_AT_ONCE 64

/* Takes workers out of those that are idle, for who wakes them next. */
static int take_idle_locked(struct base_pool *pool, int most, struct worker **out)
{
    cpu_set_t home, others;
    int here = sched_getcpu(), count = 0;
    bool known = pool->idle != NULL && here >= 0 && here < CPU_SETSIZE &&
                 sched_getaffinity(0, sizeof home, &home) == 0 && CPU_ISSET((size_t)here, &home) &&
                 CPU_COUNT(&home) > 1;
    if (known) {
        others = home;
        CPU_CLR((size_t)here, &others);
    }
    for (; count < most && pool->idle != NULL; count++) {
        struct worker *worker = pool->idle;
        pool->idle = worker->next_idle;
        worker->woken = true;
        if (known) {
            hold_apart_locked(worker, &home, &others);
        }
        out[count] = worker;
    }
    return count;
}

static void wake_idle(struct base_pool *pool, int most)
{
    struct worker *taken[WOKEN_AT_ONCE];
    for (int count = 1; most > 0 && count > 0; most -= count) {
        base_lock(&pool->lock);
        count = take_idle_locked(pool, most < WOKEN_AT_ONCE ? most : WOKEN_AT_ONCE, taken);
        base_unlock(&pool->lock);
        /* Not under the lock, which those that are woken take first. */
        for (int i = 0; i < count; i++) {
            base_cond_signal(&taken[i]->wake);
        }
    }
}

static void wait_idle_locked(struct worker *worker)
{
    struct base_pool *pool = worker->pool;
    worker->woken = false;
    worker->next_idle = pool->idle;
    pool->idle = worker;
    while (!worker->woken && !pool->stopping) {
        base_cond_wait(&worker->wake, &pool->lock);
    }
    if (worker->apart) {
        worker->apart = false;
        cpu_set_t home = worker->home;
        base_unlock(&pool->lock);
        (void)sched_setaffinity(0, sizeof home, &home);
        base_lock(&pool->lock);
    }
}

static void work(void *context)
{
    struct worker *worker = context;
    struct base_pool *pool = worker->pool;
    base_lock(&pool->lock);
    for (;;) {
        while (pool->first == NULL && !pool->stopping) {
            wait_idle_locked(worker);
        }
        if (pool->first == NULL) {
            break;
        }
        struct run *run = pool->first;
        do_slot_locked(pool, run, take_slot_locked(pool, run));
    }
    base_unlock(&pool->lock);
}

/* ---- the pool ---------------------------------------------------------------------------------------------- */

bool base_pool_new(int threads, struct base_pool **out, struct fail *fail)
{
    int width = threads < 1 ? 1 : threads;
    /* The caller of a run is a thread too: one worker fewer keeps as many CPUs busy. */
    size_t workers = (size_t)width - 1;
    struct base_pool *pool = base_alloc_zero(sizeof *pool + workers * sizeof pool->workers[0]);
    base_mutex_init(&pool->lock);
    pool->width = width;
    for (size_t i = 0; i < workers; i++) {
        struct worker *worker = &pool->workers[i];
        worker->pool = pool;
        base_cond_init(&worker->wake);
        if (!base_thread_start(&worker->thread, "pool", work, worker, fail)) {
            base_cond_done(&worker->wake);
            base_pool_free(pool);
            return false;
        }
        pool->worker_count++;
    }
    *out = pool;
    return true;
}

void base_pool_free(struct base_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    base_lock(&pool->lock);
    INVARIANT(pool->first == NULL);
    pool->stopping = true;
    base_unlock(&pool->lock);
    for (int i = 0; i < pool->worker_count; i++) {
        base_cond_signal(&pool->workers[i].wake);
    }
    for (int i = 0; i < pool->worker_count; i++) {
        base_thread_join(&pool->workers[i].thread);
        base_cond_done(&pool->workers[i].wake);
    }
    base_mutex_done(&pool->lock);
    base_free(pool);
}

int base_pool_width(const struct base_pool *pool)
{
    return pool->width;
}

void base_pool_run(struct base_pool *pool, int width, void (*job)(void *context, int slot),
                   void *context)
{
    INVARIANT(width > 0);
    struct run run = {.job = job, .context = context, .width = width};
    base_cond_init(&run.done);
    base_lock(&pool->lock);
    queue_add_locked(pool, &run);
    int slot = take_slot_locked(pool, &run);
    base_unlock(&pool->lock);
    wake_idle(pool, width - 1);
    do_slot_and_lock(pool, &run, slot);
    /* Slots that no worker took yet are done here: a run ends even when all workers are busy. */
    while (run.next_slot < width) {
        do_slot_locked(pool, &run, take_slot_locked(pool, &run));
    }
    while (run.running > 0) {
        base_cond_wait(&run.done, &pool->lock);
    }
    base_unlock(&pool->lock);
    base_cond_done(&run.done);
}
