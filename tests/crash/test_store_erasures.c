/* People are erased one after the other, and each time all bytes of all files are searched for what only they had: ids,
   names, values, words, quarantined records, in data that was sealed, merged, reopened and joined at random. */
#include "store_world.h"

#include "raw_search.h"

#define PEOPLE 40U
#define EVENTS 200U

struct town {
    struct world world; /* for its clock and its dice */
    struct disk_sim *sim;
    struct store *store;
    unsigned rows[PEOPLE]; /* of each, until erased */
    bool known[PEOPLE];
    unsigned message;
};

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

static uint64_t dice(struct town *town, uint64_t sides)
{
    return base_random_below(&town->world.random.random, sides);
}

/* Words that only this person has begin with this; it is in no other's. */
static struct str mark(struct town *town, unsigned person, const char *what)
{
    return str_format(town->world.arena, "cAn%03uArY%s", person, what);
}

static void submit(struct town *town, struct store_item *item, enum store_verdict expected)
{
    struct fail fail;
    base_clock_test_step(&town->world.clock, 1000);
    int64_t now_ms = base_now_ms(&town->world.clock.clock);
    item->event.source = STR("web");
    item->event.ts_ms = item->event.received_at_ms = now_ms;
    item->event.client_ts_ms = item->event.sent_at_ms = STORE_NO_TIME;
    must(store_submit(town->store, item, 1, &fail), &fail);
    assert_int_equal(item->verdict, expected);
}

static void say_something(struct town *town, unsigned person)
{
    struct store_identifier ids[3];
    size_t count = 0;
    ids[count++] = (struct store_identifier){STR("user"), mark(town, person, "-user")};
    if (dice(town, 2) == 0) {
        ids[count++] = (struct store_identifier){STR("email"), mark(town, person, "@example.org")};
    }
    if (dice(town, 2) == 0) {
        ids[count++] = (struct store_identifier){STR("anonymous"), mark(town, person, "-anon")};
    }
    struct store_field fields[2] = {
        {STR("note"), store_value_str(mark(town, person, "-value"))},
        {mark(town, person, "-property"), store_value_int((int64_t)dice(town, 9))},
    };
    struct store_field traits[1] = {{STR("name"), store_value_str(mark(town, person, "-name"))}};
    struct store_item item = {
        .event = {.event = dice(town, 4) == 0 ? mark(town, person, "-event") : STR("Visit"),
                  .message_id = str_format(town->world.arena, "cAn%03uArY-message-%u", person,
                                           town->message++),
                  .text = dice(town, 3) == 0 ? mark(town, person, "-words, said at some length")
                                             : (struct str){0},
                  .identifiers = ids,
                  .identifier_count = count,
                  .properties = fields,
                  .property_count = dice(town, 3),
                  .traits = traits,
                  .trait_count = dice(town, 2)},
        .verdict = STORE_STORED,
    };
    submit(town, &item, STORE_STORED);
    town->rows[person]++;
    town->known[person] = true;
}

static void be_quarantined(struct town *town, unsigned person)
{
    struct store_item item = {
        .verdict = STORE_QUARANTINED,
        .reason = STR("no time"),
        .raw = str_format(town->world.arena, "{\"userId\":\"cAn%03uArY-user\",\"note\":\"%u\"}",
                          person, town->message++),
    };
    submit(town, &item, STORE_QUARANTINED);
}

static void fill(struct town *town)
{
    struct fail fail;
    for (unsigned i = 0; i < EVENTS; i++) {
        unsigned person = (unsigned)dice(town, PEOPLE);
        say_something(town, person);
        switch (dice(town, 24)) {
        case 0:
        case 1:
            must(store_seal(town->store, &fail), &fail);
            break;
        case 2:
            must(store_merge(town->store, dice(town, 2) == 0, &fail), &fail);
            break;
        case 3:
        case 4:
            be_quarantined(town, person);
            break;
        case 5:
            store_close(town->store);
            town->store = world_open(&town->world, town->sim);
            break;
        default:
            break;
        }
    }
}

static uint32_t number_of(struct town *town, unsigned person, unsigned *out_rows)
{
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    struct store_snapshot *snapshot = store_snapshot_take(town->store);
    const struct store_timeline_options options = {0};
    struct store_timeline_row *rows;
    size_t count = 0;
    uint32_t customer;
    store_customer_lookup(snapshot, mark(town, person, "-user"), &customer);
    if (customer != STORE_NO_CUSTOMER) {
        must(store_timeline_read(snapshot, customer, &options, arena, &rows, &count, &fail), &fail);
    }
    *out_rows = (unsigned)count;
    store_snapshot_unref(snapshot);
    arena_free(arena);
    return customer;
}

static void erase(struct town *town, unsigned person)
{
    struct fail fail;
    struct store_gone gone;
    unsigned rows;
    uint32_t customer = number_of(town, person, &rows);
    struct str user = mark(town, person, "-user");
    const struct store_erasure erasure = {
        .customers = &customer, .customer_count = 1, .words = &user, .word_count = 1};
    struct arena *arena = arena_new(NULL);
    const char *word = str_copy_c(arena, mark(town, person, ""));
    assert_int_equal(rows, town->rows[person]);
    assert_non_null(raw_file_with(town->sim, arena, word)); /* the search can find */
    must(store_erase(town->store, &erasure, &gone, &fail), &fail);
    assert_int_equal(gone.rows, rows);
    const char *path = raw_file_with(town->sim, arena, word);
    if (path != NULL) {
        fail_msg("%s is left in %s", word, path);
    }
    assert_int_equal(number_of(town, person, &rows), STORE_NO_CUSTOMER);
    town->known[person] = false;
    world_tried.erasures++;
    arena_free(arena);
}

static void nobody_else_lost_anything(struct town *town)
{
    for (unsigned person = 0; person < PEOPLE; person++) {
        unsigned rows;
        if (town->known[person]) {
            (void)number_of(town, person, &rows);
            assert_int_equal(rows, town->rows[person]);
        }
    }
}

static void no_byte_of_who_was_erased_is_left_in_any_file(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(3);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct town town = {.sim = disk_sim_new(seed)};
        world_init(&town.world, seed + 2000000, 0);
        town.store = world_open(&town.world, town.sim);
        fill(&town);
        for (unsigned person = 0; person < PEOPLE; person++) {
            if (town.known[person]) {
                erase(&town, person);
                nobody_else_lost_anything(&town);
            }
        }
        (void)world_digest(town.store); /* the ledger adds up */
        store_close(town.store);
        world_verify(town.sim);
        disk_sim_free(town.sim);
        world_done(&town.world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_byte_of_who_was_erased_is_left_in_any_file),
    };
    return world_run(tests);
}
