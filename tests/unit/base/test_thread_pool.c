

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base_thread.h"

#include <sched.h>

#define SLOTS_MOST 200

struct job {
    struct base_pool *pool;
    _Atomic int done[SLOTS_MOST];
    _Atomic int *inner_done; /* of runs that the job makes itself */
    pthread_t caller;
};

static struct base_pool *new_pool(int threads)
{
    struct base_pool *pool = NULL;
    struct fail fail;
    if (!base_pool_new(threads, &pool, &fail)) {
        fail_msg("%s", fail.message);
    }
    return pool;
}

static void mark_slot(void *context, int slot)
{
    struct job *job = context;
    atomic_fetch_add(&job->done[slot], 1);
    if (slot == 0) {
        job->caller = pthread_self();
    }
}

static void assert_each_once(struct job *job, int width)
{
    for (int i = 0; i < SLOTS_MOST; i++) {
        assert_int_equal(atomic_load(&job->done[i]), i < width ? 1 : 0);
    }
}

static void each_slot_is_done_once_for_any_width(void **state)
{
    (void)state;
    for (int threads = 0; threads <= 4; threads++) {
        struct base_pool *pool = new_pool(threads);
        assert_int_equal(base_pool_width(pool), threads < 1 ? 1 : threads);
        for (int width = 1; width <= SLOTS_MOST; width = width * 2 + 1) {
            struct job job = {.pool = pool};
            base_pool_run(pool, width, mark_slot, &job);
            assert_each_once(&job, width);
            assert_true(pthread_equal(job.caller, pthread_self()));
        }
        base_pool_free(pool);
    }
    base_pool_free(NULL);
}

struct meeting {
    struct base_mutex lock;
    struct base_cond all_here;
    int here;
};

static void meet(void *context, int slot)
{
    (void)slot;
    struct meeting *meeting = context;
    base_lock(&meeting->lock);
    meeting->here++;
    base_cond_broadcast(&meeting->all_here);
    /* Ends only with both inside at once; a hang here is the failure. */
    while (meeting->here < 2) {
        base_cond_wait(&meeting->all_here, &meeting->lock);
    }
    base_unlock(&meeting->lock);
}

static void slots_run_at_the_same_time(void **state)
{
    (void)state;
    struct base_pool *pool = new_pool(2);
    struct meeting meeting = {0};
    base_mutex_init(&meeting.lock);
    base_cond_init(&meeting.all_here);
    base_pool_run(pool, 2, meet, &meeting);
    assert_int_equal(meeting.here, 2);
    base_cond_done(&meeting.all_here);
    base_mutex_done(&meeting.lock);
    base_pool_free(pool);
}

struct places {
    cpu_set_t here[2]; /* by slot: where it may run */
    struct meeting meeting;
};

static void note_places(void *context, int slot)
{
    struct places *places = context;
    assert_int_equal(sched_getaffinity(0, sizeof places->here[slot], &places->here[slot]), 0);
    meet(&places->meeting, slot); /* so that each thread does one */
}

/* Which processor a worker begins on is not asked for: it may have been moved since. */
static void a_worker_may_run_where_its_caller_may(void **state)
{
    (void)state;
    struct base_pool *pool = new_pool(2);
    cpu_set_t before, one;
    CPU_ZERO(&one);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++) {
        if (CPU_ISSET(cpu, &before)) {
            CPU_SET(cpu, &one);
        }
    }
    for (int round = 0; round < 200; round++) {
        struct places places = {0};
        base_mutex_init(&places.meeting.lock);
        base_cond_init(&places.meeting.all_here);
        base_pool_run(pool, 2, note_places, &places);
        assert_true(CPU_EQUAL(&places.here[0], &before));
        assert_true(CPU_EQUAL(&places.here[1], &before));
        base_cond_done(&places.meeting.all_here);
        base_mutex_done(&places.meeting.lock);
    }
    /* Where there is one processor, all begin on it. */
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    struct job job = {.pool = pool};
    base_pool_run(pool, 5, mark_slot, &job);
    assert_each_once(&job, 5);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    base_pool_free(pool);
}

static void more_workers_are_woken_than_at_once(void **state)
{
    (void)state;
    struct base_pool *pool = new_pool(150);
    for (int round = 0; round < 20; round++) {
        struct job job = {.pool = pool};
        base_pool_run(pool, SLOTS_MOST, mark_slot, &job);
        assert_each_once(&job, SLOTS_MOST);
    }
    base_pool_free(pool);
}

static void call_often(void *context)
{
    struct base_pool *pool = context;
    for (int i = 0; i < 300; i++) {
        int width = 1 + i % 9;
        struct job job = {.pool = pool};
        base_pool_run(pool, width, mark_slot, &job);
        assert_each_once(&job, width);
    }
}

static void many_callers_run_at_once(void **state)
{
    (void)state;
    struct base_pool *pool = new_pool(3);
    struct base_thread callers[4] = {0};
    struct fail fail;
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        assert_true(base_thread_start(&callers[i], "caller", call_often, pool, &fail));
    }
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        base_thread_join(&callers[i]);
    }
    base_pool_free(pool);
}

static void mark_inner(void *context, int slot)
{
    (void)slot;
    struct job *job = context;
    atomic_fetch_add(job->inner_done, 1);
}

static void run_inside(void *context, int slot)
{
    struct job *job = context;
    atomic_fetch_add(&job->done[slot], 1);
    base_pool_run(job->pool, 5, mark_inner, job);
}

static void a_job_may_run_jobs(void **state)
{
    (void)state;
    struct base_pool *pool = new_pool(2);
    _Atomic int inner = 0;
    struct job job = {.pool = pool, .inner_done = &inner};
    base_pool_run(pool, 20, run_inside, &job);
    assert_each_once(&job, 20);
    assert_int_equal(atomic_load(&inner), 100);
    base_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_slot_is_done_once_for_any_width),
        cmocka_unit_test(slots_run_at_the_same_time),
        cmocka_unit_test(a_worker_may_run_where_its_caller_may),
        cmocka_unit_test(more_workers_are_woken_than_at_once),
        cmocka_unit_test(many_callers_run_at_once),
        cmocka_unit_test(a_job_may_run_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
