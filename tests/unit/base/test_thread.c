

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "aborts.h"
#include "base_mem.h"
#include "base_thread.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

struct counter {
    struct base_mutex lock;
    struct base_cond changed;
    int64_t value;
};

static void counter_init(struct counter *counter)
{
    base_mutex_init(&counter->lock);
    base_cond_init(&counter->changed);
    counter->value = 0;
}

static void counter_done(struct counter *counter)
{
    base_cond_done(&counter->changed);
    base_mutex_done(&counter->lock);
}

static void count_up(void *context)
{
    struct counter *counter = context;
    for (int i = 0; i < 10000; i++) {
        base_lock(&counter->lock);
        counter->value++;
        base_unlock(&counter->lock);
    }
}

static void lock_lets_one_thread_in(void **state)
{
    (void)state;
    struct counter counter;
    counter_init(&counter);
    struct base_thread threads[4] = {0};
    struct fail fail;
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_true(base_thread_start(&threads[i], "counter", count_up, &counter, &fail));
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        base_thread_join(&threads[i]);
        assert_false(threads[i].started);
        base_thread_join(&threads[i]); /* accepts it again */
    }
    assert_int_equal(counter.value, 40000);
    counter_done(&counter);
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_TSAN 1 /* and it has its own word on misuse, before the lock does */
#endif
#endif
#if !defined(NDEBUG) && !defined(HAS_TSAN) && !defined(__SANITIZE_THREAD__)
#define LOCKS_ABORT 1
#endif

#ifdef LOCKS_ABORT
static void lock_twice(void *context)
{
    base_lock(context);
    base_lock(context);
}

static void unlock_what_is_not_locked(void *context)
{
    base_unlock(context);
}

static void misused_locks_abort(void **state)
{
    (void)state;
    struct base_mutex mutex;
    base_mutex_init(&mutex);
    assert_true(aborts(lock_twice, &mutex));
    assert_true(aborts(unlock_what_is_not_locked, &mutex));
    base_mutex_done(&mutex);
}
#endif

static void set_to_one(void *context)
{
    struct counter *counter = context;
    base_lock(&counter->lock);
    counter->value = 1;
    base_cond_signal(&counter->changed);
    base_unlock(&counter->lock);
}

static void condition_wakes_who_waits(void **state)
{
    (void)state;
    struct counter counter;
    counter_init(&counter);
    struct base_thread thread = {0};
    struct fail fail;
    base_lock(&counter.lock);
    assert_true(base_thread_start(&thread, "signaller", set_to_one, &counter, &fail));
    while (counter.value == 0) {
        base_cond_wait(&counter.changed, &counter.lock);
    }
    base_unlock(&counter.lock);
    base_thread_join(&thread);
    counter_done(&counter);
}

static void waiting_ends_with_its_time(void **state)
{
    (void)state;
    struct counter counter;
    counter_init(&counter);
    const struct base_clock *clock = base_clock_real();
    base_lock(&counter.lock);
    int64_t begin_us = base_steady_us(clock);
    while (base_cond_wait_us(&counter.changed, &counter.lock, 20000)) {
        begin_us = base_steady_us(clock); /* woken for nothing */
    }
    assert_true(base_steady_us(clock) - begin_us >= 20000);
    assert_false(base_cond_wait_us(&counter.changed, &counter.lock, 0));
    assert_false(base_cond_wait_us(&counter.changed, &counter.lock, -5));
    struct base_thread thread = {0};
    struct fail fail;
    assert_true(base_thread_start(&thread, "signaller", set_to_one, &counter, &fail));
    while (counter.value == 0) {
        assert_true(base_cond_wait_us(&counter.changed, &counter.lock, INT64_C(3600000000)));
    }
    base_unlock(&counter.lock);
    base_thread_join(&thread);
    counter_done(&counter);
}

struct looks {
    char name[16];
    sigset_t blocked;
};

static void look_around(void *context)
{
    struct looks *looks = context;
    pthread_getname_np(pthread_self(), looks->name, sizeof looks->name);
    pthread_sigmask(SIG_SETMASK, NULL, &looks->blocked);
}

static void thread_has_a_name_and_no_signals(void **state)
{
    (void)state;
    struct base_thread thread = {0};
    struct fail fail;
    struct looks looks = {0};
    assert_true(base_thread_start(&thread, "a name that is too long", look_around, &looks, &fail));
    base_thread_join(&thread);
    assert_string_equal(looks.name, "a name that is ");
    assert_true(sigismember(&looks.blocked, SIGTERM) && sigismember(&looks.blocked, SIGINT));
    sigset_t mine;
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_false(sigismember(&mine, SIGTERM));
}

struct calm {
    int before, after, of_child;
};

static void look_at_own_nice(void *context)
{
    *(int *)context = getpriority(PRIO_PROCESS, 0);
}

static void be_calm(void *context)
{
    struct calm *calm = context;
    struct base_thread child = {0};
    struct fail fail;
    calm->before = getpriority(PRIO_PROCESS, 0);
    base_thread_calm();
    calm->after = getpriority(PRIO_PROCESS, 0);
    assert_true(base_thread_start(&child, "child", look_at_own_nice, &calm->of_child, &fail));
    base_thread_join(&child);
}

static void calm_threads_yield_to_others_alone(void **state)
{
    (void)state;
    struct fail fail;
    struct calm calm = {0};
    struct base_thread thread = {0};
    int mine = getpriority(PRIO_PROCESS, 0);
    assert_true(base_thread_start(&thread, "calm", be_calm, &calm, &fail));
    base_thread_join(&thread);
    assert_int_equal(calm.before, mine);
    assert_true(calm.after >= mine && calm.after >= 10);
    assert_int_equal(calm.of_child, calm.after);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), mine);
}

static void cpus_are_counted(void **state)
{
    (void)state;
    assert_true(base_cpu_count() >= 1);
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &one);
            break;
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(base_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

static bool is_gone(void *context)
{
    return *(bool *)context;
}

static void work_stops_when_asked_late_or_left(void **state)
{
    (void)state;
    struct base_clock_test clock;
    struct fail fail = {0};
    base_clock_test_init(&clock, 0);
    bool gone = false;
    struct base_cancel cancel = {.clock = &clock.clock, .asker_gone = is_gone, .asker = &gone};
    assert_false(base_cancel_due(&cancel, &fail));
    assert_int_equal(fail.code, FAIL_NONE);
    gone = true;
    assert_true(base_cancel_due(&cancel, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
    gone = false; /* who was gone once is not waited for again */
    assert_true(base_cancel_due(&cancel, &fail));

    struct base_cancel late = {.clock = &clock.clock,
                               .deadline_us = base_steady_us(&clock.clock) + 5000};
    assert_false(base_cancel_due(&late, &fail));
    base_clock_test_step(&clock, 4);
    assert_false(base_cancel_due(&late, &fail));
    base_clock_test_step(&clock, 1);
    assert_true(base_cancel_due(&late, &fail));
    assert_int_equal(fail.code, FAIL_LIMIT);

    struct base_cancel stopped = {0};
    assert_false(base_cancel_due(&stopped, &fail));
    base_cancel_now(&stopped);
    assert_true(base_cancel_due(&stopped, &fail));
    assert_int_equal(fail.code, FAIL_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_lets_one_thread_in),
#ifdef LOCKS_ABORT
        cmocka_unit_test(misused_locks_abort),
#endif
        cmocka_unit_test(condition_wakes_who_waits),
        cmocka_unit_test(waiting_ends_with_its_time),
        cmocka_unit_test(thread_has_a_name_and_no_signals),
        cmocka_unit_test(calm_threads_yield_to_others_alone),
        cmocka_unit_test(cpus_are_counted),
        cmocka_unit_test(work_stops_when_asked_late_or_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
