#include "store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS INT64_C(1780000000000)

/* ---- the script --------------------------------------------------------------------------------------- */

static struct str pick(struct world *world, const char *prefix)
{
    return str_format(world->arena, "%s%u", prefix,
                      (unsigned)base_random_below(&world->random.random, WORLD_POOL));
}

static bool chance(struct world *world, uint64_t one_in)
{
    return base_random_below(&world->random.random, one_in) == 0;
}

static void add_identifiers(struct world *world, struct store_event *event)
{
    struct fail fail;
    struct store_identifier *ids = arena_array(world->arena, 5, sizeof *ids, &fail);
    size_t count = 0;
    if (chance(world, 2)) {
        ids[count++] = (struct store_identifier){STR("anonymous"), pick(world, "a")};
    }
    if (chance(world, 2)) {
        ids[count++] = (struct store_identifier){STR("user"), pick(world, "u")};
    }
    if (chance(world, 4)) {
        ids[count++] = (struct store_identifier){STR("email"), pick(world, "e")};
    }
    if (chance(world, 6)) {
        ids[count++] = (struct store_identifier){STR("account"), pick(world, "c")};
    }
    if (count == 0 && !chance(world, 4)) {
        ids[count++] = (struct store_identifier){STR("ext.crm"), pick(world, "x")};
    }
    event->identifiers = ids; /* none at all: quarantined */
    event->identifier_count = count;
}

static void add_fields(struct world *world, struct store_event *event)
{
    struct fail fail;
    size_t count = base_random_below(&world->random.random, 4);
    struct store_field *fields = arena_array(world->arena, 8, sizeof *fields, &fail);
    for (size_t i = 0; i < count; i++) {
        fields[i] = (struct store_field){
            pick(world, "p"),
            chance(world, 2)
                ? store_value_str(pick(world, "value"))
                : store_value_double((double)(int)base_random_below(&world->random.random, 1000) /
                                     4)};
    }
    event->properties = fields;
    event->property_count = count;
    if (chance(world, 3)) {
        fields[4] = (struct store_field){pick(world, "t"), store_value_str(pick(world, "trait"))};
        event->traits = fields + 4;
        event->trait_count = 1;
    }
}

static struct store_item make_item(struct world *world)
{
    static const char *const events[] = {"Visit", "Buy", "feedback", "identify"};
    base_clock_test_step(&world->clock, (int64_t)base_random_below(&world->random.random, 5000));
    int64_t now_ms = base_now_ms(&world->clock.clock);
    struct store_item item = {
        .event =
            {
                .source = chance(world, 3) ? STR("shop") : STR("web"),
                .event = str_from_c(events[base_random_below(&world->random.random, 4)]),
                .ts_ms = now_ms - (int64_t)base_random_below(&world->random.random, 100000),
                .received_at_ms = now_ms,
                .client_ts_ms = STORE_NO_TIME,
                .sent_at_ms = STORE_NO_TIME,
            },
        .verdict = STORE_STORED,
        .raw = str_format(world->arena, "raw %u",
                          (unsigned)base_random_below(&world->random.random, 200)),
        .from_import = chance(world, 10),
    };
    add_identifiers(world, &item.event);
    add_fields(world, &item.event);
    if (!chance(world, 4)) {
        item.event.message_id = str_format(world->arena, "m%u",
                                           (unsigned)base_random_below(&world->random.random, 300));
    }
    if (chance(world, 5)) {
        item.event.text = pick(world, "words ");
    }
    if (chance(world, 12)) {
        item.event.event = STR("alias");
        item.previous_id = chance(world, 2) ? pick(world, "a") : pick(world, "u");
        item.may_join_users = chance(world, 2);
    }
    if (chance(world, 12)) {
        item.verdict = chance(world, 2) ? STORE_REFUSED : STORE_QUARANTINED;
        item.reason = STR("as intake says");
        item.field = chance(world, 2) ? STR("/ts") : (struct str){0};
    }
    if (chance(world, 2)) {
        item.way = pick(world, "way ");
    }
    /* Rows of the quarantine are judged again: stored, duplicate, refused, or they stay; some are gone already. */
    if (chance(world, 5)) {
        item.mends = 1 + base_random_below(&world->random.random, 25);
        item.reason = pick(world, "still ");
    }
    return item;
}

static struct world_step make_step(struct world *world)
{
    struct fail fail;
    struct world_step step = {.kind = WORLD_SUBMIT};
    uint64_t dice = base_random_below(&world->random.random, 20);
    if (dice < 13) {
        step.count = 1 + base_random_below(&world->random.random, 12);
        struct store_item *items = arena_array(world->arena, step.count, sizeof *items, &fail);
        for (size_t i = 0; i < step.count; i++) {
            items[i] = make_item(world);
        }
        step.items = items;
        return step;
    }
    static const enum world_step_kind kinds[] = {WORLD_JOIN, WORLD_SPLIT, WORLD_SEAL,  WORLD_SEAL,
                                                 WORLD_SEAL, WORLD_MERGE, WORLD_REOPEN};
    step.kind = kinds[dice - 13];
    step.from = pick(world, chance(world, 2) ? "a" : "u");
    step.into = pick(world, "u");
    return step;
}

void world_init(struct world *world, uint64_t seed, size_t steps)
{
    struct fail fail;
    *world = (struct world){.arena = arena_new(NULL), .step_count = steps};
    base_random_seed(&world->random, seed);
    base_clock_test_init(&world->clock, START_MS);
    world->steps = arena_array(world->arena, steps, sizeof *world->steps, &fail);
    for (size_t i = 0; i < steps; i++) {
        world->steps[i] = make_step(world);
    }
}

void world_done(struct world *world)
{
    arena_free(world->arena);
}

/* ---- doing -------------------------------------------------------------------------------------------- */

bool world_try_open(struct world *world, struct disk_sim *sim, struct store **out,
                    struct fail *fail)
{
    /* Tables for few rows: stores are opened by the thousand. */
    struct store_options options = {
        .clock = &world->clock.clock, .no_keeper = true, .fresh_rows_max = 1024};
    return store_open(disk_sim_disk(sim), &options, out, fail);
}

struct store *world_open(struct world *world, struct disk_sim *sim)
{
    struct store *store;
    struct fail fail;
    if (!world_try_open(world, sim, &store, &fail)) {
        fail_msg("opening: %s", fail.message);
    }
    return store;
}

static bool submit(struct store *store, const struct world_step *step, struct fail *fail)
{
    /* The store writes its verdicts into what it is given. */
    struct store_item *items = base_alloc_zero(step->count * sizeof *items);
    memcpy(items, step->items, step->count * sizeof *items);
    bool ok = store_submit(store, items, step->count, fail);
    for (size_t i = 0; !ok && i < step->count; i++) {
        assert_int_equal(items[i].verdict, step->items[i].verdict);
    }
    base_free(items);
    return ok;
}

bool world_do(struct world *world, struct store *store, const struct world_step *step,
              struct fail *fail)
{
    (void)world;
    bool ok = true;
    switch (step->kind) {
    case WORLD_SUBMIT:
        return submit(store, step, fail);
    case WORLD_JOIN:
        ok = store_customer_join(store, step->from, step->into, fail);
        break;
    case WORLD_SPLIT:
        ok = store_customer_split(store, step->from, fail);
        break;
    case WORLD_SEAL:
        return store_seal(store, fail);
    case WORLD_MERGE:
        return store_merge(store, false, fail);
    case WORLD_REOPEN:
        break;
    }
    return ok || fail->code == FAIL_ABSENT || fail->code == FAIL_CONFLICT;
}

/* ---- comparing --------------------------------------------------------------------------------------------- */

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

static void same_str(struct str a, struct str b)
{
    assert_int_equal(a.data == NULL, b.data == NULL);
    assert_int_equal(a.len, b.len);
    if (a.len > 0) {
        assert_memory_equal(a.data, b.data, a.len);
    }
}

static void same_ledger(struct arena *arena, struct store *a, struct store *b)
{
    struct store_ledger x;
    struct store_ledger y;
    struct fail fail;
    must(store_ledger_read(a, arena, &x, &fail), &fail);
    must(store_ledger_read(b, arena, &y, &fail), &fail);
    assert_int_equal(x.source_count, y.source_count);
    for (size_t i = 0; i <= x.source_count; i++) {
        const struct store_ledger_line *l = i == x.source_count ? &x.total : &x.sources[i];
        const struct store_ledger_line *m = i == x.source_count ? &y.total : &y.sources[i];
        assert_int_equal(l->received, m->received);
        assert_int_equal(l->stored, m->stored);
        assert_int_equal(l->duplicate, m->duplicate);
        assert_int_equal(l->quarantined, m->quarantined);
        assert_int_equal(l->refused, m->refused);
        assert_int_equal(l->last_received_ms, m->last_received_ms);
        assert_int_equal(l->received, l->stored + l->duplicate + l->quarantined + l->refused);
    }
}

static void same_quarantine(struct arena *arena, struct store *a, struct store *b)
{
    struct store_quarantine_row *rows[2];
    size_t counts[2];
    uint64_t totals[2];
    struct store *stores[2] = {a, b};
    struct fail fail;
    for (size_t i = 0; i < 2; i++) {
        const struct store_quarantine_filter any = {.limit = 10000};
        must(store_quarantine_list(stores[i], &any, arena, &rows[i], &counts[i], &totals[i], &fail),
             &fail);
    }
    assert_int_equal(counts[0], counts[1]);
    assert_int_equal(totals[0], totals[1]);
    for (size_t i = 0; i < counts[0]; i++) {
        assert_int_equal(rows[0][i].id, rows[1][i].id);
        assert_int_equal(rows[0][i].raw_bytes, rows[1][i].raw_bytes);
        same_str(rows[0][i].source, rows[1][i].source);
        same_str(rows[0][i].reason, rows[1][i].reason);
        same_str(rows[0][i].field, rows[1][i].field);
        same_str(rows[0][i].way, rows[1][i].way);
        same_str(rows[0][i].raw, rows[1][i].raw);
        struct store_quarantine_row whole;
        must(store_quarantine_get(a, rows[0][i].id, arena, &whole, &fail), &fail);
        same_str(whole.raw, rows[1][i].raw);
    }
}

static void same_rows(struct arena *arena, struct store_snapshot *a, uint32_t ca,
                      struct store_snapshot *b, uint32_t cb)
{
    struct store_timeline_options options = {0};
    struct store_timeline_row *x;
    struct store_timeline_row *y;
    size_t n;
    size_t m;
    struct fail fail;
    must(store_timeline_read(a, ca, &options, arena, &x, &n, &fail), &fail);
    must(store_timeline_read(b, cb, &options, arena, &y, &m, &fail), &fail);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(x[i].arrival, y[i].arrival);
        assert_int_equal(x[i].event.ts_ms, y[i].event.ts_ms);
        assert_int_equal(x[i].event.received_at_ms, y[i].event.received_at_ms);
        same_str(x[i].event.event, y[i].event.event);
        same_str(x[i].event.message_id, y[i].event.message_id);
        same_str(x[i].event.text, y[i].event.text);
        assert_int_equal(x[i].event.property_count, y[i].event.property_count);
        assert_int_equal(x[i].event.trait_count, y[i].event.trait_count);
    }
}

static void same_customer(struct arena *arena, struct store_snapshot *a, struct store_snapshot *b,
                          struct str text)
{
    uint32_t ca;
    uint32_t cb;
    struct store_identifier *x;
    struct store_identifier *y;
    size_t n;
    size_t m;
    struct store_join *joins[2];
    struct fail fail;
    store_customer_lookup(a, text, &ca);
    store_customer_lookup(b, text, &cb);
    assert_int_equal(ca, cb); /* numbers too are given in the same order */
    if (ca == STORE_NO_CUSTOMER) {
        return;
    }
    same_str(store_customer_id(a, ca, arena), store_customer_id(b, cb, arena));
    assert_int_equal(store_customer_known(a, ca), store_customer_known(b, cb));
    must(store_customer_identifiers(a, ca, arena, &x, &n, &fail), &fail);
    must(store_customer_identifiers(b, cb, arena, &y, &m, &fail), &fail);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        same_str(x[i].kind, y[i].kind);
        same_str(x[i].value, y[i].value);
    }
    must(store_customer_joins(a, ca, arena, &joins[0], &n, &fail), &fail);
    must(store_customer_joins(b, cb, arena, &joins[1], &m, &fail), &fail);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        same_str(joins[0][i].id, joins[1][i].id);
        assert_int_equal(joins[0][i].joined_at_ms, joins[1][i].joined_at_ms);
    }
    same_rows(arena, a, ca, b, cb);
}

void world_same(struct world *world, struct store *a, struct store *b)
{
    struct arena *arena = arena_new(NULL);
    (void)world;
    struct store_snapshot *x = store_snapshot_take(a);
    struct store_snapshot *y = store_snapshot_take(b);
    assert_int_equal(store_snapshot_events(x), store_snapshot_events(y));
    assert_int_equal(store_snapshot_customers(x), store_snapshot_customers(y));
    same_ledger(arena, a, b);
    same_quarantine(arena, a, b);
    static const char *const prefixes[] = {"user:u", "anonymous:a", "email:e", "ext.crm:x"};
    for (size_t p = 0; p < ARRAY_LEN(prefixes); p++) {
        for (unsigned i = 0; i < WORLD_POOL; i++) {
            same_customer(arena, x, y, str_format(arena, "%s%u", prefixes[p], i));
        }
    }
    store_snapshot_unref(x);
    store_snapshot_unref(y);
    arena_free(arena);
}

static void problem(void *context, const char *path, const char *what)
{
    (void)context;
    print_error("%s: %s\n", path, what);
}

void world_verify(struct disk_sim *sim)
{
    struct store_verify_result result;
    struct fail fail;
    must(store_verify(disk_sim_disk(sim), problem, NULL, &result, &fail), &fail);
    assert_int_equal(result.problems, 0);
}

struct world_tried world_tried;

int world_say_tried(int failed)
{
    printf("crash: %llu cuts, %llu faults, %llu memory faults, %llu states, %llu erasures, %llu "
           "flips, %llu interrupts\n",
           world_tried.cuts, world_tried.faults, world_tried.memory, world_tried.states,
           world_tried.erasures, world_tried.flips, world_tried.interrupts);
    return failed;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    uint64_t value;
    return text != NULL && str_parse_u64(str_from_c(text), &value) ? value : otherwise;
}

struct world_seeds world_seeds(uint64_t ordinary)
{
    uint64_t from = setting("FIRSTHAND_CRASH_FROM", 0);
    return (struct world_seeds){1 + from * ordinary,
                                (from + setting("FIRSTHAND_CRASH_RUNS", 1)) * ordinary};
}

void world_only_in_first_piece(void)
{
    if (setting("FIRSTHAND_CRASH_FROM", 0) > 0) {
        skip(); /* it has no seeds: a later piece of a long run would only try the same once more */
    }
}
