#include "app_jobs.h"

#include "base_json_write.h"
#include "base_log.h"
#include "store_event.h"

#define JITTER_PERMILLE 100       /* of the interval, to either side */
#define FIRST_WAIT_MS (60 * 1000) /* at most, of a job that never ran */
#define BACKOFF_MOST_MS (6 * 3600 * 1000LL)
#define BACKOFF_DOUBLINGS 6
#define SLEEP_MOST_MS (60 * 1000) /* wall clocks may be set: looked at again after this */
#define SLEEP_LEAST_MS 5

struct slot {
    struct state_job last; /* texts lie in base_alloc'ed copies below */
    struct base_buf why, note;
    bool running;
    bool again; /* hastened during a run: due again at its end */
    bool requested;
};

/* One thread's share of the table. */
struct lane {
    struct app_jobs *jobs;
    bool slow;
    struct base_thread thread;
};

struct app_jobs {
    struct app_jobs_options options; /* immutable */
    struct lane lanes[2];
    struct base_mutex lock; /* guards all below */
    struct base_cond changed;
    struct slot *slots;
    struct base_cancel **running; /* by slot: the token of the run under way, or NULL */
    bool stopping;
};

static struct str kept(struct base_buf *buf, struct str text)
{
    base_buf_reset(buf);
    if (text.data == NULL) {
        return text;
    }
    base_buf_str(buf, text);
    struct fail fail;
    return base_buf_ok(buf, &fail) ? base_buf_view(buf) : (struct str){NULL, 0};
}

/* 0: it does not run by itself. */
static int64_t interval_of(const struct app_jobs *jobs, const struct app_job *job)
{
    return job->interval == NULL ? job->every_ms : job->interval(jobs->options.app);
}

static int64_t jittered(struct app_jobs *jobs, int64_t span_ms)
{
    int64_t width = span_ms * JITTER_PERMILLE / 1000;
    return width <= 0
               ? span_ms
               : span_ms - width +
                     (int64_t)base_random_below(jobs->options.random, (uint64_t)(2 * width + 1));
}

static bool load(struct app_jobs *jobs, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    int64_t now_ms = base_now_ms(jobs->options.clock);
    struct state_job *rows;
    size_t count;
    if (!state_jobs_list(jobs->options.state, arena, &rows, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < jobs->options.count; i++) {
        const struct app_job *job = &jobs->options.table[i];
        struct slot *slot = &jobs->slots[i];
        int64_t every_ms = interval_of(jobs, job);
        int64_t soon = every_ms < FIRST_WAIT_MS ? every_ms : FIRST_WAIT_MS;
        slot->last = (struct state_job){.name = str_from_c(job->name)};
        slot->last.next_ms =
            now_ms + (int64_t)base_random_below(jobs->options.random, (uint64_t)soon + 1);
        for (size_t j = 0; j < count; j++) {
            if (!str_is(rows[j].name, job->name)) {
                continue;
            }
            slot->last = rows[j];
            slot->last.name = str_from_c(job->name);
            slot->last.why = kept(&slot->why, rows[j].why);
            slot->last.note = kept(&slot->note, rows[j].note);
            /* A clock that was set back, or a shorter interval in a newer version: not beyond one interval. */
            int64_t latest =
                now_ms + (slot->last.failures == 0 ? every_ms * 2 : BACKOFF_MOST_MS + every_ms);
            slot->last.next_ms =
                slot->last.next_ms > latest ? now_ms + every_ms : slot->last.next_ms;
        }
    }
    return true;
}

bool app_jobs_new(const struct app_jobs_options *options, struct app_jobs **out, struct fail *fail)
{
    struct app_jobs *jobs = base_alloc_zero(sizeof *jobs);
    jobs->options = *options;
    jobs->slots = base_alloc_zero((options->count + 1) * sizeof *jobs->slots);
    jobs->running = base_alloc_zero((options->count + 1) * sizeof(struct base_cancel *));
    base_mutex_init(&jobs->lock);
    base_cond_init(&jobs->changed);
    for (size_t i = 0; i < ARRAY_LEN(jobs->lanes); i++) {
        jobs->lanes[i] = (struct lane){.jobs = jobs, .slow = i == 1};
    }
    if (!load(jobs, fail)) {
        app_jobs_free(jobs);
        return false;
    }
    *out = jobs;
    return true;
}

void app_jobs_stop(struct app_jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    base_lock(&jobs->lock);
    jobs->stopping = true;
    for (size_t i = 0; i < jobs->options.count; i++) {
        if (jobs->running[i] != NULL) {
            base_cancel_now(jobs->running[i]);
        }
    }
    base_cond_broadcast(&jobs->changed);
    base_unlock(&jobs->lock);
    for (size_t i = 0; i < ARRAY_LEN(jobs->lanes); i++) {
        base_thread_join(&jobs->lanes[i].thread);
        jobs->lanes[i].thread = (struct base_thread){0};
    }
}

void app_jobs_free(struct app_jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    app_jobs_stop(jobs);
    for (size_t i = 0; i < jobs->options.count; i++) {
        base_buf_done(&jobs->slots[i].why);
        base_buf_done(&jobs->slots[i].note);
    }
    base_cond_done(&jobs->changed);
    base_mutex_done(&jobs->lock);
    base_free(jobs->slots);
    base_free(jobs->running);
    base_free(jobs);
}

/* How long until the next run, after `failures` failed ones. */
static int64_t wait_after(struct app_jobs *jobs, const struct app_job *job, int64_t failures)
{
    int64_t every_ms = interval_of(jobs, job), span_ms = every_ms;
    for (int64_t i = 0; i < failures && i < BACKOFF_DOUBLINGS && span_ms < BACKOFF_MOST_MS; i++) {
        span_ms *= 2;
    }
    if (failures > 0 && span_ms > BACKOFF_MOST_MS) {
        span_ms = every_ms > BACKOFF_MOST_MS ? every_ms : BACKOFF_MOST_MS;
    }
    return jittered(jobs, span_ms);
}

/* Notes how a run ended, in memory and in the database. */
static void settle(struct app_jobs *jobs, size_t at, const struct app_job_run *run,
                   int64_t began_ms, int64_t took_ms, const struct fail *why)
{
    const struct app_job *job = &jobs->options.table[at];
    struct slot *slot = &jobs->slots[at];
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    base_lock(&jobs->lock);
    struct state_job *last = &slot->last;
    last->last_ms = began_ms;
    last->took_ms = took_ms;
    last->runs++;
    last->failures = why == NULL ? 0 : last->failures + 1;
    last->good_ms = why == NULL ? began_ms : last->good_ms;
    last->why = kept(&slot->why, why == NULL ? (struct str){NULL, 0} : str_from_c(why->message));
    if (why == NULL) {
        last->note = kept(&slot->note, run->note);
    }
    last->next_ms = base_now_ms(jobs->options.clock) +
                    (slot->again ? 0 : wait_after(jobs, job, last->failures));
    slot->again = false;
    struct state_job written = *last;
    written.why = last->why.data == NULL ? last->why : str_copy(arena, last->why);
    written.note = last->note.data == NULL ? last->note : str_copy(arena, last->note);
    base_unlock(&jobs->lock);

    struct fail fail;
    if (!state_job_put(jobs->options.state, &written, &fail)) {
        base_log(LOG_ERROR, "job.note", "the schedule could not be written",
                 LOG_C("job", job->name), LOG_C("why", fail.message), LOG_END);
    }
}

/* Runs one that was marked as running. */
static bool run_marked(struct app_jobs *jobs, size_t at, struct base_cancel *cancel,
                       struct fail *fail)
{
    const struct app_job *job = &jobs->options.table[at];
    const struct base_clock *clock = jobs->options.clock;
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct app_job_run run = {.app = jobs->options.app, .cancel = cancel, .arena = arena};
    struct fail why = {0};
    int64_t began_ms = base_now_ms(clock), began_us = base_steady_us(clock);
    bool good = job->run(&run, &why);
    int64_t took_ms = (base_steady_us(clock) - began_us) / 1000;
    base_lock(&jobs->lock);
    bool stopping = jobs->stopping;
    base_unlock(&jobs->lock);
    /* A run that only the stopping server cut short is no failure: it is due again at the next start. */
    if (good || !stopping) {
        settle(jobs, at, &run, began_ms, took_ms, good ? NULL : &why);
    }
    if (!good && !stopping) {
        base_log(LOG_WARN, "job.failed", "a job failed", LOG_C("job", job->name),
                 LOG_C("why", why.message), LOG_N("took_ms", took_ms), LOG_END);
    }
    base_lock(&jobs->lock);
    jobs->slots[at].running = false;
    jobs->running[at] = NULL;
    base_cond_broadcast(&jobs->changed);
    base_unlock(&jobs->lock);
    if (!good) {
        *fail = why;
    }
    return good;
}

/* Marks a job as running. False: it runs already, or the server stops. Needs the lock. */
static bool mark_locked(struct app_jobs *jobs, size_t at, struct base_cancel *cancel)
{
    if (jobs->slots[at].running || jobs->stopping) {
        return false;
    }
    int64_t most_ms = jobs->options.table[at].slow ? APP_JOB_SLOW_RUN_MS : APP_JOB_RUN_MS;
    *cancel = (struct base_cancel){
        .deadline_us = base_steady_us(jobs->options.clock) + most_ms * 1000,
        .clock = jobs->options.clock,
    };
    jobs->slots[at].running = true;
    jobs->slots[at].requested = false;
    jobs->running[at] = cancel;
    return true;
}

/* The job of a lane that has been due for longest and is not running; SIZE_MAX: none. *out_next: when one is due
   next. */
static size_t due_locked(struct app_jobs *jobs, bool slow, int64_t now_ms, int64_t *out_next)
{
    size_t found = SIZE_MAX;
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < jobs->options.count; i++) {
        const struct slot *slot = &jobs->slots[i];
        const struct app_job *job = &jobs->options.table[i];
        if (job->slow != slow || slot->running ||
            (interval_of(jobs, job) == 0 && !slot->requested)) {
            continue;
        }
        next_ms = slot->last.next_ms < next_ms ? slot->last.next_ms : next_ms;
        if (slot->last.next_ms <= now_ms &&
            (found == SIZE_MAX || slot->last.next_ms < jobs->slots[found].last.next_ms)) {
            found = i;
        }
    }
    *out_next = next_ms;
    return found;
}

int64_t app_jobs_run_due(struct app_jobs *jobs, bool slow)
{
    for (;;) {
        struct base_cancel cancel;
        struct fail fail;
        int64_t next_ms;
        base_lock(&jobs->lock);
        size_t at = due_locked(jobs, slow, base_now_ms(jobs->options.clock), &next_ms);
        bool marked = at != SIZE_MAX && mark_locked(jobs, at, &cancel);
        base_unlock(&jobs->lock);
        if (!marked) {
            return next_ms;
        }
        bool good = run_marked(jobs, at, &cancel, &fail);
        (void)good; /* noted and logged where it failed */
    }
}

static void schedule(void *context)
{
    struct lane *lane = context;
    struct app_jobs *jobs = lane->jobs;
    base_lock(&jobs->lock);
    while (!jobs->stopping) {
        base_unlock(&jobs->lock);
        app_jobs_run_due(jobs, lane->slow);
        base_lock(&jobs->lock);
        /* Looked at again: one may have been hastened since. */
        int64_t now_ms = base_now_ms(jobs->options.clock), next_ms;
        due_locked(jobs, lane->slow, now_ms, &next_ms);
        int64_t wait_ms = next_ms == INT64_MAX ? SLEEP_MOST_MS : next_ms - now_ms;
        wait_ms = wait_ms > SLEEP_MOST_MS ? SLEEP_MOST_MS : wait_ms;
        wait_ms = wait_ms < SLEEP_LEAST_MS ? SLEEP_LEAST_MS : wait_ms;
        if (!jobs->stopping) {
            base_cond_wait_us(&jobs->changed, &jobs->lock, wait_ms * 1000);
        }
    }
    base_unlock(&jobs->lock);
}

bool app_jobs_start(struct app_jobs *jobs, struct fail *fail)
{
    return base_thread_start(&jobs->lanes[0].thread, "jobs", schedule, &jobs->lanes[0], fail) &&
           base_thread_start(&jobs->lanes[1].thread, "jobs-slow", schedule, &jobs->lanes[1], fail);
}

static size_t find(const struct app_jobs *jobs, struct str name)
{
    for (size_t i = 0; i < jobs->options.count; i++) {
        if (str_is(name, jobs->options.table[i].name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool none_such(struct str name, struct fail *fail)
{
    return fail_set(fail, FAIL_ABSENT, "there is no job \"%.*s\"; see: firsthand job list",
                    STR_ARG(name));
}

bool app_jobs_run(struct app_jobs *jobs, struct str name, int64_t wait_ms, struct fail *fail)
{
    size_t at = find(jobs, name);
    struct base_cancel cancel;
    if (at == SIZE_MAX) {
        return none_such(name, fail);
    }
    base_lock(&jobs->lock);
    bool in_time = true;
    while (in_time && wait_ms > 0 && jobs->slots[at].running && !jobs->stopping) {
        in_time = base_cond_wait_us(&jobs->changed, &jobs->lock, wait_ms * 1000);
    }
    bool marked = mark_locked(jobs, at, &cancel), stopping = jobs->stopping;
    base_unlock(&jobs->lock);
    if (!marked) {
        return fail_set(fail, FAIL_BUSY, "%s",
                        stopping ? "the server is stopping" : "this job is running already");
    }
    return run_marked(jobs, at, &cancel, fail);
}

void app_jobs_hasten(struct app_jobs *jobs, const char *name)
{
    size_t at = find(jobs, str_from_c(name));
    INVARIANT(at != SIZE_MAX);
    base_lock(&jobs->lock);
    jobs->slots[at].last.next_ms = base_now_ms(jobs->options.clock);
    jobs->slots[at].again = jobs->slots[at].running;
    base_cond_broadcast(&jobs->changed);
    base_unlock(&jobs->lock);
}

bool app_jobs_request(struct app_jobs *jobs, struct str name, struct fail *fail)
{
    size_t at = find(jobs, name);
    if (at == SIZE_MAX) {
        return none_such(name, fail);
    }
    base_lock(&jobs->lock);
    struct slot *slot = &jobs->slots[at];
    bool running = slot->running, waiting = slot->requested, free = !running && !waiting;
    if (free) {
        slot->requested = true;
        slot->last.next_ms = base_now_ms(jobs->options.clock);
        base_cond_broadcast(&jobs->changed);
    }
    base_unlock(&jobs->lock);
    return free || fail_set(fail, FAIL_BUSY, "this job %s already",
                            running ? "is running" : "waits for its turn");
}

bool app_jobs_list(struct app_jobs *jobs, struct arena *arena, struct app_job_row **out,
                   struct fail *fail)
{
    struct app_job_row *rows = arena_array(arena, jobs->options.count, sizeof *rows, fail);
    if (rows == NULL) {
        return false;
    }
    base_lock(&jobs->lock);
    for (size_t i = 0; i < jobs->options.count; i++) {
        const struct slot *slot = &jobs->slots[i];
        rows[i] = (struct app_job_row){.job = &jobs->options.table[i],
                                       .last = slot->last,
                                       .every_ms = interval_of(jobs, &jobs->options.table[i]),
                                       .running = slot->running,
                                       .requested = slot->requested};
        if (rows[i].every_ms == 0 && !slot->requested) {
            rows[i].last.next_ms = STORE_NO_TIME;
        }
        rows[i].last.why =
            slot->last.why.data == NULL ? slot->last.why : str_copy(arena, slot->last.why);
        rows[i].last.note =
            slot->last.note.data == NULL ? slot->last.note : str_copy(arena, slot->last.note);
    }
    base_unlock(&jobs->lock);
    *out = rows;
    return true;
}
