/* decide.c — how long it takes to decide whether one customer is in a segment, while events come in.
 *
 * live_decide DIRECTORY EVENTS CUSTOMERS RATE SECONDS: makes a store in the directory, which must be empty, puts EVENTS
 * events of the last 60 days into it, and then decides 1,000 times a second about a customer chosen by chance, while
 * RATE events a second are submitted and synced (0: none). Prints one line of JSON; times are in microseconds and count
 * from when the decision was due, the look at the newest snapshot with them.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base_disk.h"
#include "base_random.h"
#include "base_thread.h"
#include "base_time.h"
#include "query.h"
#include "store.h"

#define BATCH 1000
#define DAY_MS INT64_C(86400000)
#define DECISIONS_A_SECOND 1000
#define SEGMENT                                                                                    \
    "{\"all\":[{\"did\":{\"event\":\"add_to_cart\"},\"times\":[\">=\",3],\"within\":\"30d\"},"     \
    "{\"not\":{\"did\":{\"event\":\"purchase\"},\"within\":\"14d\"}}]}"

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fprintf(stderr, "live_decide: %s\n", fail->message);
        exit(1);
    }
}

static int64_t now_us(void)
{
    return base_steady_us(base_clock_real());
}

static int64_t cpu_us(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void wait_until(int64_t at_us)
{
    int64_t left_us = at_us - now_us();
    if (left_us > 0) {
        struct timespec time = {left_us / 1000000, left_us % 1000000 * 1000};
        while (nanosleep(&time, &time) != 0 && errno == EINTR) {
        }
    }
}

/* ---- events ------------------------------------------------------------------------------------------- */

struct sender {
    struct store *store;
    struct arena *arena;
    struct base_random_seeded seeded;
    uint64_t customers, sent;
    double rate;
    _Atomic bool stop;
};

/* The small numbers come often, as customers do. */
static struct str customer_id(struct sender *sender, struct arena *arena)
{
    double chance = base_random_unit(&sender->seeded.random);
    return str_format(arena, "c%llu",
                      (unsigned long long)((double)sender->customers * chance * chance));
}

static void send_batch(struct sender *sender, int64_t ts_ms, int64_t step_ms)
{
    static const char *const events[] = {"product_view", "product_view", "product_view",
                                         "product_view", "add_to_cart",  "add_to_cart",
                                         "checkout",     "purchase",     "search"};
    static struct store_item items[BATCH];
    struct fail fail;
    arena_reset(sender->arena);
    for (int i = 0; i < BATCH; i++) {
        struct store_identifier *id = arena_small(sender->arena, sizeof *id);
        struct store_field *device = arena_small(sender->arena, sizeof *device);
        uint64_t dice = base_random_below(&sender->seeded.random, ARRAY_LEN(events));
        *id = (struct store_identifier){STR("user"), customer_id(sender, sender->arena)};
        *device = (struct store_field){
            STR("device"), store_value_str(dice % 2 == 0 ? STR("phone") : STR("desktop"))};
        items[i] = (struct store_item){
            .event = {.source = STR("bench"),
                      .message_id =
                          str_format(sender->arena, "m%llu", (unsigned long long)sender->sent++),
                      .event = str_from_c(events[dice]),
                      .ts_ms = ts_ms + i * step_ms,
                      .received_at_ms = base_now_ms(base_clock_real()),
                      .client_ts_ms = STORE_NO_TIME,
                      .sent_at_ms = STORE_NO_TIME,
                      .properties = device,
                      .property_count = 1,
                      .identifiers = id,
                      .identifier_count = 1},
        };
    }
    while (!store_submit(sender->store, items, BATCH, &fail)) {
        must(fail.code == FAIL_BUSY, &fail);
        wait_until(now_us() + 10000);
    }
}

static void fill(struct sender *sender, uint64_t events)
{
    int64_t end_ms = base_now_ms(base_clock_real());
    int64_t step_ms = 60 * DAY_MS / (int64_t)(events + 1);
    int64_t begin_ms = end_ms - step_ms * (int64_t)events;
    for (uint64_t at = 0; at < events; at += BATCH) {
        send_batch(sender, begin_ms + step_ms * (int64_t)at, step_ms);
    }
}

static void send_on(void *context)
{
    struct sender *sender = context;
    int64_t begin_us = now_us();
    for (uint64_t n = 0; !atomic_load(&sender->stop); n++) {
        wait_until(begin_us + (int64_t)((double)n * BATCH / sender->rate * 1e6));
        send_batch(sender, base_now_ms(base_clock_real()), 0);
    }
}

/* ---- decisions ---------------------------------------------------------------------------------------- */

struct decider {
    struct store *store;
    struct query_backend *engine;
    struct query_plan *plan;
    struct arena *arena;
    int64_t *times_us, *cpu_us; /* of each decision: elapsed, and the processor's */
    size_t count, inside;
};

static bool decide(struct decider *decider, struct str id)
{
    struct store_snapshot *snapshot = store_snapshot_take(decider->store);
    struct query_run run = {.snapshot = snapshot, .memory_bytes = (size_t)64 << 20, .threads = 1};
    uint32_t customer = STORE_NO_CUSTOMER;
    bool in = false;
    struct fail fail;
    store_customer_lookup(snapshot, id, &customer);
    if (customer != STORE_NO_CUSTOMER) {
        must(query_decide(decider->engine, decider->plan, &run, customer, &in, &fail), &fail);
    }
    store_snapshot_unref(snapshot);
    return in;
}

static void decide_for(struct decider *decider, struct sender *chance, double seconds)
{
    size_t most = (size_t)(seconds * DECISIONS_A_SECOND);
    decider->times_us = base_alloc_zero((most + 1) * sizeof *decider->times_us);
    decider->cpu_us = base_alloc_zero((most + 1) * sizeof *decider->cpu_us);
    int64_t begin_us = now_us();
    for (size_t n = 0; n < most; n++) {
        arena_reset(decider->arena);
        struct str id = customer_id(chance, decider->arena);
        int64_t due_us = begin_us + (int64_t)n * 1000000 / DECISIONS_A_SECOND;
        int64_t late_us = now_us() - due_us;
        wait_until(due_us);
        /* Being woken late is the system's; being late because the one before took long is ours. */
        int64_t from_us = late_us > 0 ? due_us : now_us();
        int64_t cpu_from_us = cpu_us();
        decider->inside += decide(decider, id) ? 1U : 0U;
        decider->cpu_us[decider->count] = cpu_us() - cpu_from_us;
        decider->times_us[decider->count++] = now_us() - from_us;
    }
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static long long quantile(const int64_t *sorted, size_t count, double q)
{
    return count == 0 ? 0 : (long long)sorted[(size_t)((double)(count - 1) * q)];
}

static void say(const struct decider *decider, double events_per_s)
{
    const int64_t *times = decider->times_us, *cpu = decider->cpu_us;
    size_t count = decider->count;
    qsort(decider->times_us, count, sizeof *times, by_size);
    qsort(decider->cpu_us, count, sizeof *cpu, by_size);
    printf(
        "{\"decisions\":%zu,\"inside\":%zu,\"events_per_s\":%.0f,\"p50_us\":%lld,\"p90_us\":%lld,"
        "\"p99_us\":%lld,\"most_us\":%lld,\"cpu_p50_us\":%lld,\"cpu_p99_us\":%lld}\n",
        count, decider->inside, events_per_s, quantile(times, count, 0.5),
        quantile(times, count, 0.9), quantile(times, count, 0.99), quantile(times, count, 1),
        quantile(cpu, count, 0.5), quantile(cpu, count, 0.99));
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "live_decide: its first lines say how it is called\n");
        return 2;
    }
    struct disk *disk;
    struct base_pool *pool;
    struct fail fail;
    uint64_t events = strtoull(argv[2], NULL, 10);
    struct sender sender = {.customers = strtoull(argv[3], NULL, 10),
                            .rate = strtod(argv[4], NULL)};
    struct sender chance = {.customers = sender.customers};
    struct decider decider = {.arena = arena_new(NULL)};
    const struct store_options options = {0};
    double seconds = strtod(argv[5], NULL);
    struct query_env env = {.zone = zone_utc(), .now_ms = base_now_ms(base_clock_real())};
    base_random_seed(&sender.seeded, 1);
    base_random_seed(&chance.seeded, 2);
    sender.arena = arena_new(NULL);
    must(disk_real(argv[1], &disk, &fail), &fail);
    must(store_open(disk, &options, &sender.store, &fail), &fail);
    must(base_pool_new(2, &pool, &fail), &fail);
    decider.store = sender.store;
    decider.engine = query_engine_new(pool);
    must(query_segment_plan(&env, STR(SEGMENT), sender.arena, &decider.plan, &fail), &fail);
    struct arena *of_plan = sender.arena;
    sender.arena = arena_new(NULL);
    fill(&sender, events);
    struct base_thread thread = {0};
    uint64_t before = sender.sent;
    int64_t begin_us = now_us();
    if (sender.rate > 0) {
        must(base_thread_start(&thread, "sender", send_on, &sender, &fail), &fail);
    }
    decide_for(&decider, &chance, seconds);
    double took_s = (double)(now_us() - begin_us) / 1e6;
    atomic_store(&sender.stop, true);
    if (sender.rate > 0) {
        base_thread_join(&thread);
    }
    say(&decider, (double)(sender.sent - before) / took_s);
    query_backend_free(decider.engine);
    store_close(sender.store);
    base_pool_free(pool);
    disk_free(disk);
    base_free(decider.times_us);
    base_free(decider.cpu_us);
    arena_free(decider.arena);
    arena_free(sender.arena);
    arena_free(of_plan);
    return 0;
}
