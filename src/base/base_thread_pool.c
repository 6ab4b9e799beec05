/* The pool: workers that take slots of the runs that are queued. */
#include "base_thread.h"

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

struct base_pool {
    struct base_mutex lock;
    struct base_cond work; /* there is a run with slots left, or it is time to stop */
    struct run *first;     /* runs with slots left, oldest first; guarded by lock */
    struct run *last;      /* guarded by lock */
    bool stopping;         /* guarded by lock */
    int width;             /* immutable after base_pool_new */
    int worker_count;      /* immutable after base_pool_new */
    struct base_thread workers[];
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

static void work(void *context)
{
    struct base_pool *pool = context;
    base_lock(&pool->lock);
    for (;;) {
        while (pool->first == NULL && !pool->stopping) {
            base_cond_wait(&pool->work, &pool->lock);
        }
        if (pool->first == NULL) {
            break;
        }
        struct run *run = pool->first;
        do_slot_locked(pool, run, take_slot_locked(pool, run));
    }
    base_unlock(&pool->lock);
}

bool base_pool_new(int threads, struct base_pool **out, struct fail *fail)
{
    int width = threads < 1 ? 1 : threads;
    /* The caller of a run is a thread too: one worker fewer keeps as many CPUs busy. */
    size_t workers = (size_t)width - 1;
    struct base_pool *pool = base_alloc_zero(sizeof *pool + workers * sizeof pool->workers[0]);
    base_mutex_init(&pool->lock);
    base_cond_init(&pool->work);
    pool->width = width;
    for (size_t i = 0; i < workers; i++) {
        if (!base_thread_start(&pool->workers[i], "pool", work, pool, fail)) {
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
    base_cond_broadcast(&pool->work);
    base_unlock(&pool->lock);
    for (int i = 0; i < pool->worker_count; i++) {
        base_thread_join(&pool->workers[i]);
    }
    base_cond_done(&pool->work);
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
    /* Not under the lock, which those that are woken take first. */
    for (int i = 1; i < width && i <= pool->worker_count; i++) {
        base_cond_signal(&pool->work);
    }
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
