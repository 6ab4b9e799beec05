#include "store_writer.h"

#include "store_columns.h"
#include "store_import.h"

#define ROW_BYTES 64U /* of columns, about */

/* ---- putting into the queue ---------------------------------------------------------------------------- */

static void push_locked(struct store_job **first, struct store_job **last, struct store_job *job)
{
    job->next = NULL;
    if (*last == NULL) {
        *first = job;
    } else {
        (*last)->next = job;
    }
    *last = job;
}

static struct store_job *pop_locked(struct store_job **first, struct store_job **last)
{
    struct store_job *job = *first;
    if (job != NULL) {
        *first = job->next;
        *last = *first == NULL ? NULL : *last;
    }
    return job;
}

/* What they take while they wait, about: as they came, and as they were read. */
static size_t bytes_of(const struct store_item *items, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct store_event *event = &items[i].event;
        bytes += sizeof items[0] + 2 * items[i].raw.len +
                 event->identifier_count * sizeof event->identifiers[0] +
                 (event->property_count + event->trait_count) * sizeof event->properties[0];
    }
    return bytes;
}

static bool too_much_locked(const struct store *store, const struct store_job *job)
{
    const struct store_queue *queue = &store->queue;
    size_t bytes = queue->rows_bytes + queue->waiting.bytes + job->bytes;
    /* One batch alone is always taken, however large: who sends one after the other is only slowed down. */
    return queue->first != NULL && (queue->waiting.items + job->records > STORE_WAITING_ITEMS ||
                                    bytes > store->options.waiting_bytes_max);
}

/* What is refused is told so at once, and does not wait with all that it has. */
static bool enqueue(struct store *store, struct store_job *job, struct fail *fail)
{
    struct store_queue *queue = &store->queue;
    base_lock(&queue->lock);
    bool busy = !job->bulk && too_much_locked(store, job);
    if (!busy) {
        queue->waiting.items += job->bulk ? 0 : job->records;
        queue->waiting.bytes += job->bulk ? 0 : job->bytes;
        push_locked(&queue->first, &queue->last, job);
        base_cond_signal(&queue->changed);
    }
    base_unlock(&queue->lock);
    return !busy || fail_set(fail, FAIL_BUSY, "too many events wait to be stored");
}

/* A caller that waits for its own job. */
struct waiter {
    struct base_mutex lock;
    struct base_cond changed;
    bool finished, failed;
    struct fail fail;
};

static void wake_waiter(void *context, const struct fail *fail)
{
    struct waiter *waiter = context;
    base_lock(&waiter->lock);
    waiter->finished = true;
    waiter->failed = fail != NULL;
    if (fail != NULL) {
        waiter->fail = *fail;
    }
    base_cond_signal(&waiter->changed);
    base_unlock(&waiter->lock);
}

static void waiter_init(struct waiter *waiter)
{
    *waiter = (struct waiter){0};
    base_mutex_init(&waiter->lock);
    base_cond_init(&waiter->changed);
}

static void waiter_done(struct waiter *waiter)
{
    base_cond_done(&waiter->changed);
    base_mutex_done(&waiter->lock);
}

static bool waiter_wait(struct waiter *waiter, struct fail *fail)
{
    base_lock(&waiter->lock);
    while (!waiter->finished) {
        base_cond_wait(&waiter->changed, &waiter->lock);
    }
    base_unlock(&waiter->lock);
    waiter_done(waiter);
    if (waiter->failed) {
        *fail = waiter->fail;
    }
    return !waiter->failed;
}

static bool check_submit(struct store *store, const struct store_item *items, size_t count,
                         struct fail *fail)
{
    if (store->options.read_only) {
        return fail_set(fail, FAIL_CONFLICT, "the store was opened for reading only");
    }
    if (count > STORE_ITEMS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%zu events at once, at most %zu", count,
                        STORE_ITEMS_MAX);
    }
    return store_import_check(store, items, count, fail);
}

bool store_submit(struct store *store, struct store_item *items, size_t count, struct fail *fail)
{
    if (!check_submit(store, items, count, fail)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    struct waiter waiter;
    waiter_init(&waiter);
    struct store_job job = {
        .items = items,
        .count = count,
        .records = count,
        .bytes = bytes_of(items, count),
        .done = wake_waiter,
        .done_context = &waiter,
    };
    if (!enqueue(store, &job, fail)) {
        waiter_done(&waiter);
        return false;
    }
    return waiter_wait(&waiter, fail);
}

/* An allocated job: its `done` is called in any case. */
static void put(struct store *store, struct store_job *job)
{
    struct fail fail;
    if (!enqueue(store, job, &fail)) {
        job->done(job->done_context, &fail);
        base_free(job);
    }
}

static void submit(struct store *store, struct store_item *items, size_t count, bool bulk,
                   void (*done)(void *context, const struct fail *fail), void *context)
{
    struct store_job *job = base_alloc_zero(sizeof *job);
    *job = (struct store_job){
        .items = items,
        .count = count,
        .records = count,
        .bytes = bytes_of(items, count),
        .done = done,
        .done_context = context,
        .bulk = bulk,
        .allocated = true,
    };
    put(store, job);
}

void store_submit_async(struct store *store, struct store_item *items, size_t count,
                        void (*done)(void *context, const struct fail *fail), void *context)
{
    struct fail fail;
    if (!check_submit(store, items, count, &fail)) {
        done(context, &fail);
        return;
    }
    submit(store, items, count, false, done, context);
}

static bool check_bulk(struct store *store, const struct store_item *items, size_t count,
                       struct fail *fail)
{
    if (count > STORE_BULK_ITEMS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%zu events at once, at most %zu", count,
                        STORE_BULK_ITEMS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].import == 0 || items[i].import != items[0].import) {
            return fail_set(fail, FAIL_INTERNAL, "items that are not of one import");
        }
    }
    if (!store_bulk_may(items, count)) {
        return fail_set(fail, FAIL_INTERNAL, "items that may not come without a journal");
    }
    return check_submit(store, items, count, fail);
}

void store_submit_bulk(struct store *store, struct store_item *items, size_t count,
                       void (*done)(void *context, const struct fail *fail), void *context)
{
    struct fail fail;
    if (!check_bulk(store, items, count, &fail)) {
        done(context, &fail);
        return;
    }
    submit(store, items, count, true, done, context);
}

static bool check_columns(struct store *store, const struct store_columns *columns,
                          struct fail *fail)
{
    const struct store_item *shared = &columns->shared;
    if (columns->count + columns->item_count > STORE_COLUMNS_ROWS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%zu events at once, at most %u",
                        columns->count + columns->item_count, STORE_COLUMNS_ROWS_MAX);
    }
    bool alike = shared->verdict == STORE_STORED && shared->import != 0 &&
                 shared->space == STORE_SPACE_TWO && shared->mends == 0 &&
                 shared->once_count == 0 && shared->previous_id.len == 0 &&
                 shared->event.message_id.len == 0 && shared->event.scale.data == NULL &&
                 shared->event.text.data == NULL && shared->event.client_ts_ms == STORE_NO_TIME &&
                 shared->event.sent_at_ms == STORE_NO_TIME &&
                 columns->field_count <= STORE_FIELDS_MAX;
    if (!alike) {
        return fail_set(fail, FAIL_INTERNAL, "records that columns cannot say");
    }
    for (size_t i = 0; i < columns->item_count; i++) {
        if (columns->items[i].import != shared->import) {
            return fail_set(fail, FAIL_INTERNAL, "items that are not of one import");
        }
    }
    if (!store_bulk_may(columns->items, columns->item_count)) {
        return fail_set(fail, FAIL_INTERNAL, "items that may not come without a journal");
    }
    return check_submit(store, shared, 1, fail);
}

void store_submit_columns(struct store *store, struct store_columns *columns,
                          void (*done)(void *context, const struct fail *fail), void *context)
{
    struct fail fail;
    if (!check_columns(store, columns, &fail)) {
        done(context, &fail);
        return;
    }
    size_t records = columns->count + columns->item_count;
    struct store_job *job = base_alloc_zero(sizeof *job);
    *job = (struct store_job){
        .columns = columns,
        .records = records,
        .bytes = bytes_of(columns->items, columns->item_count) + columns->count * ROW_BYTES,
        .done = done,
        .done_context = context,
        .bulk = true,
        .allocated = true,
    };
    put(store, job);
}

void store_writer_control(struct store *store, void (*control)(struct store *store, void *context),
                          void *context)
{
    struct waiter waiter;
    waiter_init(&waiter);
    struct store_job job = {
        .control = control,
        .context = context,
        .done = wake_waiter,
        .done_context = &waiter,
    };
    base_lock(&store->queue.lock);
    push_locked(&store->queue.control_first, &store->queue.control_last, &job);
    base_cond_signal(&store->queue.changed);
    base_unlock(&store->queue.lock);
    struct fail ignored;
    (void)!waiter_wait(&waiter, &ignored);
}

void store_writer_wake(struct store *store)
{
    base_lock(&store->queue.lock);
    base_cond_signal(&store->queue.changed);
    base_unlock(&store->queue.lock);
}

bool store_try(struct store *store, struct store_item *items, size_t count, struct fail *fail)
{
    if (!check_submit(store, items, count, fail)) {
        return false;
    }
    struct store_trial trial = {.items = items, .count = count};
    store_writer_control(store, store_commit_try, &trial);
    if (!trial.ok) {
        *fail = trial.fail;
    }
    return trial.ok;
}

/* ---- the thread ------------------------------------------------------------------------------------------ */

#define JOBS_IN_COMMIT 1024U

/* Takes submits up to what one commit may hold. */
static size_t take_locked(struct store_queue *queue, struct store_job **out)
{
    size_t count = 0;
    size_t items = 0;
    size_t bytes = 0;
    while (count < JOBS_IN_COMMIT && queue->first != NULL) {
        const struct store_job *next = queue->first;
        if (count > 0 &&
            (next->bulk != out[0]->bulk || items + next->records > STORE_COMMIT_ITEMS ||
             bytes + next->bytes > STORE_COMMIT_BYTES)) {
            break;
        }
        items += next->records;
        bytes += next->bytes;
        out[count++] = pop_locked(&queue->first, &queue->last);
    }
    if (count > 0 && !out[0]->bulk) {
        queue->taken = (struct store_amount){items, bytes};
    }
    return count;
}

/* What the round before took was answered, and is gone. */
static void forget_taken_locked(struct store_queue *queue)
{
    queue->waiting.items -= queue->taken.items;
    queue->waiting.bytes -= queue->taken.bytes;
    queue->taken = (struct store_amount){0};
}

static void free_jobs(struct store_job *const *jobs, const bool *allocated, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (allocated[i]) {
            base_free(jobs[i]);
        }
    }
}

static void run_submits(struct store *store, struct store_job **jobs, size_t count)
{
    /* A job on a caller's stack is gone once it was answered: what it was is remembered before. */
    bool allocated[JOBS_IN_COMMIT];
    for (size_t i = 0; i < count; i++) {
        allocated[i] = jobs[i]->allocated;
    }
    store_commit(store, jobs, count);
    free_jobs(jobs, allocated, count);
}

static void keep(struct store *store, bool pressed)
{
    if (pressed || store_commit_seal_due(store)) {
        base_lock(&store->keeper.lock);
        store->keeper.seal_wanted = true;
        base_cond_broadcast(&store->keeper.changed);
        base_unlock(&store->keeper.lock);
    }
}

static void run_control(struct store *store, struct store_job *job)
{
    void (*done)(void *context, const struct fail *fail) = job->done;
    void *context = job->done_context;
    job->control(store, job->context);
    done(context, NULL);
}

/* One round; false when there is nothing left to do and the store is closing. */
static bool round_of(struct store *store, struct store_job **jobs)
{
    struct store_queue *queue = &store->queue;
    base_lock(&queue->lock);
    forget_taken_locked(queue);
    queue->rows_bytes = store_commit_bytes(store);
    struct store_job *control = pop_locked(&queue->control_first, &queue->control_last);
    size_t count = 0;
    bool pressed = false;
    if (control == NULL) {
        /* While stopping nobody seals any more, so nothing may wait for it. */
        bool bulk = queue->first != NULL && queue->first->bulk;
        bool wait = queue->first == NULL || (store_commit_must_wait(store, bulk) && !queue->stop);
        pressed = wait && queue->first != NULL && !bulk && store_commit_press(store);
        if (wait && queue->stop) {
            base_unlock(&queue->lock);
            return false;
        }
        if (wait && !pressed) {
            base_cond_wait(&queue->changed, &queue->lock);
        } else if (!wait) {
            if (store->options.commit_delay_us > 0 && !queue->stop) {
                base_cond_wait_us(&queue->changed, &queue->lock, store->options.commit_delay_us);
            }
            count = take_locked(queue, jobs);
        }
    }
    base_unlock(&queue->lock);
    if (control != NULL) {
        run_control(store, control);
        keep(store, false);
    } else if (count > 0) {
        run_submits(store, jobs, count);
        keep(store, false);
    } else if (pressed) {
        keep(store, true);
    }
    return true;
}

static void run(void *context)
{
    struct store *store = context;
    struct store_job **jobs = base_alloc_zero(sizeof *jobs * JOBS_IN_COMMIT);
    while (round_of(store, jobs)) {
    }
    base_free(jobs);
    store_commit_closed(store);
}

bool store_writer_start(struct store *store, struct fail *fail)
{
    return base_thread_start(&store->writer, "store-writer", run, store, fail);
}

void store_writer_stop(struct store *store)
{
    base_lock(&store->queue.lock);
    store->queue.stop = true;
    base_cond_broadcast(&store->queue.changed);
    base_unlock(&store->queue.lock);
    base_thread_join(&store->writer);
}
