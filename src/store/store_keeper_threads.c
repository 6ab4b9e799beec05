/* store_keeper_threads.c — when is sealed and merged: one thread for each, and one for what a long merge would hold up. */
#include "store_keeper.h"

#include "store_snapshot.h"
#include "store_writer.h"

#define TICK_US ((int64_t)1000 * 1000)
#define IDLE_MS ((int64_t)30 * 1000)
/* Fewer rows than this are not worth a segment of their own while nothing presses. */
#define IDLE_ROWS 1000U
#define IDLE_BYTES ((uint64_t)1 << 20)
/* It is quiet where fewer rows came than this in such a time: 100 a second; or none at all in the shorter one. */
#define CALM_US ((int64_t)60 * 1000 * 1000)
#define CALM_ROWS 6000U
#define STILL_US ((int64_t)15 * 1000 * 1000)
#define IMPORT_SEGMENTS_MOST 200U
/* What may stay free in the heap after a seal: under a flood, rows and requests leave hundreds of megabytes of holes. */
#define FREE_AFTER_SEAL_BYTES ((size_t)96 << 20)
#define RETRY_FIRST_US ((int64_t)1000 * 1000)
#define RETRY_MOST_US ((int64_t)60 * 1000 * 1000)

/* After a failure the next try waits, longer each time. */
struct patience {
    int64_t not_before_us; /* steady */
    int64_t pause_us;
};

static bool patience_over(const struct store *store, const struct patience *patience)
{
    return base_steady_us(store->clock) >= patience->not_before_us;
}

static void patience_next(const struct store *store, struct patience *patience, bool ok)
{
    int64_t pause_us = patience->pause_us == 0 ? RETRY_FIRST_US : patience->pause_us * 2;
    patience->pause_us = ok ? 0 : pause_us < RETRY_MOST_US ? pause_us : RETRY_MOST_US;
    patience->not_before_us = base_steady_us(store->clock) + patience->pause_us;
}

static bool idle_seal_due(struct store *store)
{
    base_lock(&store->lock);
    const struct store_published *now = &store->now;
    bool worth = now->fresh_count[1] >= IDLE_ROWS || now->journal_bytes >= IDLE_BYTES ||
                 now->quarantine.marks->gone > 0; /* their bytes are not to lie about */
    bool committed = now->last_commit_ms != STORE_NO_TIME;
    bool idle = committed && base_now_ms(store->clock) - now->last_commit_ms >= IDLE_MS;
    base_unlock(&store->lock);
    return worth && idle;
}

/* Waits a moment, or until `wanted` is set, which is taken back. False: the store closes. */
static bool wait_for(struct store_keeper *keeper, bool *wanted, bool *out_wanted)
{
    base_lock(&keeper->lock);
    if (!*wanted && !keeper->stop) {
        base_cond_wait_us(&keeper->changed, &keeper->lock, TICK_US);
    }
    *out_wanted = *wanted;
    *wanted = false;
    bool stop = keeper->stop;
    base_unlock(&keeper->lock);
    return !stop;
}

static void seal_once(struct store *store, struct patience *patience)
{
    struct store_keeper *keeper = &store->keeper;
    struct fail fail;
    store_turn_take(store, &keeper->sealing);
    bool ok = store_seal_turn(store, false, &fail);
    store_turn_give(store, &keeper->sealing);
    (void)base_give_back(FREE_AFTER_SEAL_BYTES);
    patience_next(store, patience, ok);
    base_lock(&keeper->lock);
    keeper->merge_wanted = keeper->merge_wanted || ok;
    keeper->beside_wanted = keeper->beside_wanted || ok;
    base_cond_broadcast(&keeper->changed);
    base_unlock(&keeper->lock);
}

static void run_sealer(void *context)
{
    struct store *store = context;
    struct store_keeper *keeper = &store->keeper;
    struct patience patience = {0};
    bool wanted;
    while (wait_for(keeper, &keeper->seal_wanted, &wanted)) {
        store_leases_prune(store);
        if ((wanted || atomic_load(&keeper->seal_failed) || idle_seal_due(store)) &&
            patience_over(store, &patience)) {
            seal_once(store, &patience);
        }
    }
}

struct calm { /* steady times; 0: never asked */
    int64_t since_us, still_us;
    uint64_t rows, still_rows; /* as they were then */
};

/* Did nothing come at all for a while? Said once in so long. */
static bool is_still(struct calm *calm, int64_t now_us, uint64_t rows)
{
    bool same = calm->still_us != 0 && calm->still_rows == rows;
    bool still = same && now_us - calm->still_us >= STILL_US;
    if (!same || still) {
        calm->still_us = now_us;
        calm->still_rows = rows;
    }
    return still;
}

/* Is it quiet: did hardly anything come for some time? */
static bool is_calm(struct store *store, struct calm *calm)
{
    int64_t now_us = base_steady_us(store->clock);
    base_lock(&store->lock);
    uint64_t rows = store->now.rows;
    base_unlock(&store->lock);
    bool still = is_still(calm, now_us, rows);
    if (calm->since_us != 0 && now_us - calm->since_us < CALM_US) {
        return still;
    }
    bool quiet = calm->since_us != 0 && rows - calm->rows < CALM_ROWS;
    calm->since_us = now_us;
    calm->rows = rows;
    return quiet || still;
}

/* During a large import, merging would only take processors from it: there will be more to merge soon. But the files
   that it leaves must not become very many. */
static bool put_off(struct store *store)
{
    base_lock(&store->lock);
    size_t segments = store->now.segments->count;
    base_unlock(&store->lock);
    return atomic_load(&store->keeper.importing) && segments < IMPORT_SEGMENTS_MOST;
}

static void run_merger(void *context)
{
    struct store *store = context;
    struct store_keeper *keeper = &store->keeper;
    struct patience patience = {0};
    struct calm calm = {0};
    struct fail fail;
    bool due =
        false; /* whether anything comes is seen first: where nothing does, all is merged at once */
    bool wanted;
    while (wait_for(keeper, &keeper->merge_wanted, &wanted)) {
        bool quiet = is_calm(store, &calm);
        due = due || wanted || quiet;
        if (due && !put_off(store) && patience_over(store, &patience)) {
            store_turn_take(store, &keeper->merging);
            due = !store_keeper_merge(store, quiet, &fail);
            store_turn_give(store, &keeper->merging);
            patience_next(store, &patience, !due || fail.code == FAIL_CANCELLED);
        }
    }
}

/* While a long merge is under way, what is sealed meanwhile would lie about until its end, in hundreds of pieces after some minutes, which
   intake and questions look through. */
static void run_beside(void *context)
{
    struct store *store = context;
    struct store_keeper *keeper = &store->keeper;
    struct patience patience = {0};
    struct fail fail;
    bool wanted;
    while (wait_for(keeper, &keeper->beside_wanted, &wanted)) {
        if (wanted && !put_off(store) && patience_over(store, &patience)) {
            bool ok = store_keeper_merge_beside(store, &fail);
            patience_next(store, &patience, ok || fail.code == FAIL_CANCELLED);
        }
    }
}

bool store_keeper_start(struct store *store, struct fail *fail)
{
    if (!base_thread_start(&store->keeper.sealer, "store-keeper", run_sealer, store, fail)) {
        return false;
    }
    if (!base_thread_start(&store->keeper.merger, "store-merger", run_merger, store, fail) ||
        !base_thread_start(&store->keeper.beside, "store-beside", run_beside, store, fail)) {
        store_keeper_stop(store);
        return false;
    }
    return true;
}

void store_keeper_stop(struct store *store)
{
    struct store_keeper *keeper = &store->keeper;
    base_lock(&keeper->lock);
    keeper->stop = true;
    base_cond_broadcast(&keeper->changed);
    base_unlock(&keeper->lock);
    base_cancel_now(&keeper->cancel);
    base_cancel_now(&keeper->merge_cancel);
    base_thread_join(&keeper->sealer);
    base_thread_join(&keeper->merger);
    base_thread_join(&keeper->beside);
}
