/* Traits that are set once, over a real directory: the first value stays, for whoever it is one person. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "app.h"
#include "base_thread.h"
#include "store_scan.h"
#include "../../support/scratch.h"

struct world {
    char directory[SCRATCH_BYTES];
    struct app *app;
    struct arena *arena;
};

static void set_up(struct world *world)
{
    struct fail fail;
    assert_true(scratch_make(world->directory));
    struct app_options options = {.data = world->directory};
    if (!app_open(&options, &world->app, &fail)) {
        fail_msg("%s", fail.message);
    }
    world->arena = arena_new(NULL);
}

static void tear_down(struct world *world)
{
    app_close(world->app);
    arena_free(world->arena);
    assert_true(scratch_remove(world->directory));
}

struct fact {
    const char *name, *value; /* value NULL: removes */
};

/* `ids`: "user:u", or two with a space between; `set` and `once` end with a name that is NULL. */
static struct store_item item_of(struct world *world, const char *ids, const struct fact *set,
                                 const struct fact *once)
{
    struct store_identifier *identifiers = arena_small(world->arena, 2 * sizeof *identifiers);
    struct store_field *fields = arena_small(world->arena, 16 * sizeof *fields);
    struct str rest = str_from_c(ids), part;
    size_t count = 0, traits = 0, onces = 0;
    while (str_next_part(&rest, ' ', &part)) {
        size_t colon = str_find_byte(part, ':');
        identifiers[count++] =
            (struct store_identifier){str_of(part.data, colon), str_after(part, colon + 1)};
    }
    for (; set[traits].name != NULL; traits++) {
        fields[traits].name = str_from_c(set[traits].name);
        if (set[traits].value != NULL) {
            fields[traits].value = store_value_str(str_from_c(set[traits].value));
        }
    }
    for (; once[onces].name != NULL; onces++) {
        fields[8 + onces] = (struct store_field){str_from_c(once[onces].name),
                                                 store_value_str(str_from_c(once[onces].value))};
    }
    int64_t now_ms = base_now_ms(app_clock(world->app));
    return (struct store_item){
        .event = {.source = STR("web"),
                  .event = STR("Seen"),
                  .ts_ms = now_ms,
                  .received_at_ms = now_ms,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = STORE_NO_TIME,
                  .identifiers = identifiers,
                  .identifier_count = count,
                  .traits = fields,
                  .trait_count = traits},
        .verdict = STORE_STORED,
        .raw = STR("{}"),
        .space = STORE_SPACE_ONE,
        .once = fields + 8,
        .once_count = onces,
    };
}

#define SET(...) ((const struct fact[]){__VA_ARGS__, {NULL, NULL}})
#define NOTHING ((const struct fact[]){{NULL, NULL}})

static void send(struct world *world, const char *ids, const struct fact *set,
                 const struct fact *once)
{
    struct fail fail;
    struct store_item item = item_of(world, ids, set, once);
    const struct store_field *traits = item.event.traits;
    assert_true(app_take(world->app, &item, 1, &fail));
    assert_int_equal(item.verdict, STORE_STORED);
    assert_ptr_equal(item.event.traits, traits); /* the caller's again */
}

static void assert_trait(struct world *world, const char *customer, const char *name,
                         const char *value)
{
    struct fail fail;
    struct store_snapshot *snapshot = store_snapshot_take(app_store(world->app));
    struct store_field *traits;
    size_t count;
    uint32_t number;
    struct str found = {NULL, 0};
    store_customer_lookup(snapshot, str_from_c(customer), &number);
    assert_int_not_equal(number, STORE_NO_CUSTOMER);
    assert_true(store_customer_traits(snapshot, number, world->arena, &traits, &count, &fail));
    for (size_t i = 0; i < count; i++) {
        if (str_is(traits[i].name, name)) {
            found = store_value_text(traits[i].value);
        }
    }
    if (value == NULL ? found.data != NULL : !str_is(found, value)) {
        fail_msg("%s of %s: \"%.*s\"", name, customer, STR_ARG(found));
    }
    store_snapshot_unref(snapshot);
}

static void the_first_value_stays(void **state)
{
    (void)state;
    struct world world;
    set_up(&world);
    send(&world, "user:u", NOTHING, SET({"a", "1"}, {"b", "1"}));
    send(&world, "user:u", NOTHING, SET({"a", "2"}, {"b", "2"}));
    send(&world, "user:u", NOTHING, SET({"a", "3"}, {"b", "3"})); /* remembered by now */
    send(&world, "user:u", NOTHING, SET({"a", "4"}, {"c", "4"}));
    assert_trait(&world, "u", "a", "1");
    assert_trait(&world, "u", "b", "1");
    assert_trait(&world, "u", "c", "4");
    /* What is set outright is changed by nothing that is set once. */
    send(&world, "user:u", SET({"a", "5"}), NOTHING);
    send(&world, "user:u", NOTHING, SET({"a", "6"}, {"b", "6"}));
    assert_trait(&world, "u", "a", "5");
    tear_down(&world);
}

static void what_was_removed_is_set_anew(void **state)
{
    (void)state;
    struct world world;
    set_up(&world);
    send(&world, "user:u", NOTHING, SET({"a", "1"}));
    send(&world, "user:u", NOTHING, SET({"a", "2"}));
    send(&world, "user:u", SET({"a", NULL}), NOTHING);
    assert_trait(&world, "u", "a", NULL);
    send(&world, "user:u", NOTHING, SET({"a", "3"}));
    assert_trait(&world, "u", "a", "3");
    /* In one event: first away, then set. */
    send(&world, "user:u", SET({"a", NULL}), NOTHING);
    struct store_item items[3] = {
        item_of(&world, "user:u", NOTHING, SET({"a", "4"})),
        item_of(&world, "user:u", SET({"a", NULL}), NOTHING),
        item_of(&world, "user:u", NOTHING, SET({"a", "5"})),
    };
    struct fail fail;
    assert_true(app_take(world.app, items, 3, &fail));
    assert_trait(&world, "u", "a", "5");
    tear_down(&world);
}

static void one_past_is_counted_however_many_ids(void **state)
{
    (void)state;
    struct world world;
    set_up(&world);
    send(&world, "anonymous:d", NOTHING, SET({"a", "1"}));
    send(&world, "user:u anonymous:d", NOTHING, SET({"a", "2"}, {"b", "2"}));
    send(&world, "anonymous:d", NOTHING, SET({"b", "3"}, {"c", "3"}));
    assert_trait(&world, "u", "a", "1");
    assert_trait(&world, "u", "b", "2");
    assert_trait(&world, "u", "c", "3");
    /* Another on the same device is another person. */
    send(&world, "user:v anonymous:d", NOTHING, SET({"a", "4"}));
    assert_trait(&world, "v", "a", "4");
    assert_trait(&world, "u", "a", "1");
    /* In one batch, also before the event that joins. */
    struct store_item items[3] = {
        item_of(&world, "anonymous:e", NOTHING, SET({"a", "5"})),
        item_of(&world, "user:w", NOTHING, SET({"a", "6"})),
        item_of(&world, "user:w anonymous:e", NOTHING, SET({"a", "7"})),
    };
    struct fail fail;
    assert_true(app_take(world.app, items, 3, &fail));
    assert_trait(&world, "w", "a", "5");
    tear_down(&world);
}

#define THREADS 4
#define ROUNDS 40

struct racer {
    struct world *world;
    struct arena *arena;
    int number;
};

static void race(void *context)
{
    struct racer *racer = context;
    struct world own = {.app = racer->world->app, .arena = racer->arena};
    for (int round = 0; round < ROUNDS; round++) {
        char value[32];
        char *id = str_copy_c(own.arena, str_format(own.arena, "user:r%d", round));
        snprintf(value, sizeof value, "%d-%d", racer->number, round);
        send(&own, id, NOTHING, SET({"a", str_copy_c(own.arena, str_from_c(value))}));
    }
}

/* How many events of the customer carry the trait? */
static int setters(struct world *world, const char *customer)
{
    struct store_snapshot *snapshot = store_snapshot_take(app_store(world->app));
    struct store_timeline_options options = {0};
    struct store_timeline_row *rows;
    struct fail fail;
    uint32_t number;
    size_t count;
    int found = 0;
    store_customer_lookup(snapshot, str_from_c(customer), &number);
    assert_true(
        store_timeline_read(snapshot, number, &options, world->arena, &rows, &count, &fail));
    assert_int_equal(count, THREADS);
    for (size_t i = 0; i < count; i++) {
        found += rows[i].event.trait_count > 0;
    }
    store_snapshot_unref(snapshot);
    return found;
}

static void of_many_at_once_one_is_the_first(void **state)
{
    (void)state;
    struct world world;
    struct racer racers[THREADS];
    struct base_thread threads[THREADS] = {0};
    struct fail fail;
    set_up(&world);
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){&world, arena_new(NULL), i};
        assert_true(base_thread_start(&threads[i], "racer", race, &racers[i], &fail));
    }
    for (int i = 0; i < THREADS; i++) {
        base_thread_join(&threads[i]);
        arena_free(racers[i].arena);
    }
    for (int round = 0; round < ROUNDS; round++) {
        char id[32];
        snprintf(id, sizeof id, "r%d", round);
        assert_int_equal(setters(&world, id), 1);
    }
    tear_down(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_value_stays),
        cmocka_unit_test(what_was_removed_is_set_anew),
        cmocka_unit_test(one_past_is_counted_however_many_ids),
        cmocka_unit_test(of_many_at_once_one_is_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
