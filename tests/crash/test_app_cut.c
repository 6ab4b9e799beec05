/* The whole program over one simulated disk: events, state.db and the log of erasures. Its power is cut, and its calls fail,
   while people send events, write notes, erase customers and take moments for backups. What was said to be done is there
   after the next start, in all of these files alike; who was erased is in none of them; what was under way happened or
   not. */
#include "state_sim.h"
#include "store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app_internal.h"
#include "app_moment.h"
#include "privacy_log.h"
#include "raw_search.h"
#include "state_forget.h"

#define PEOPLE 4U
#define STEPS 12U
#define PLACES 10U /* of each way to fail, and each script */
#define CUTS 3U    /* different ones, after each loss of power */

enum step_kind { STEP_SEND, STEP_NOTE, STEP_ERASE, STEP_MOMENT, STEP_SEAL, STEP_REOPEN };
struct step {
    enum step_kind kind;
    unsigned person;
};
struct town { /* what there is to know */
    unsigned rows[PEOPLE];
    bool noted[PEOPLE];
    size_t receipts;
};
struct script {
    struct step steps[STEPS];
};
struct play {
    const struct script *script;
    struct state_sim *sim;
    struct app *app; /* NULL where it could not be opened */
    size_t done;     /* steps */
    struct town town;
    struct arena *arena;
};

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

static void script_init(struct script *script, uint64_t seed)
{
    static const enum step_kind kinds[] = {STEP_SEND,  STEP_SEND,   STEP_SEND, STEP_NOTE,
                                           STEP_ERASE, STEP_MOMENT, STEP_SEAL, STEP_REOPEN};
    struct base_random_seeded random;
    base_random_seed(&random, seed);
    for (size_t i = 0; i < STEPS; i++) {
        script->steps[i] = (struct step){
            .kind =
                i < PEOPLE ? STEP_SEND : kinds[base_random_below(&random.random, ARRAY_LEN(kinds))],
            .person =
                i < PEOPLE ? (unsigned)i : (unsigned)base_random_below(&random.random, PEOPLE),
        };
    }
    script->steps[STEPS - 2].kind = STEP_ERASE; /* each script erases somebody */
}

/* ---- doing ------------------------------------------------------------------------------------------------------- */

static const char *name_of(struct arena *arena, unsigned person)
{
    return str_format(arena, "canary-%u@example.org", person).data;
}

static bool open_app(struct play *play, struct fail *fail)
{
    struct app_options options = {.data = state_sim_folder(play->sim)};
    play->app = NULL;
    return app_open(&options, &play->app, fail);
}

static bool send(struct play *play, unsigned person, struct fail *fail)
{
    struct store_identifier id = {STR("user"), str_from_c(name_of(play->arena, person))};
    int64_t now_ms = base_now_ms(base_clock_real());
    struct store_item item = {
        .event = {.source = STR("web"),
                  .event = STR("Visit"),
                  .ts_ms = now_ms,
                  .received_at_ms = now_ms,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = STORE_NO_TIME,
                  .identifiers = &id,
                  .identifier_count = 1},
        .verdict = STORE_STORED,
    };
    return app_take(play->app, &item, 1, fail);
}

static bool call(struct play *play, const char *operation, const char *form, unsigned person,
                 struct fail *fail)
{
    struct base_buf out CLEANUP(base_buf_done) = {0};
    struct base_buf input CLEANUP(base_buf_done) = {0};
    struct app_caller caller = app_operator();
    for (const char *at = form; *at != '\0'; at++) {
        if (*at == '?') {
            base_buf_c(&input, name_of(play->arena, person));
        } else {
            base_buf_byte(&input, *at);
        }
    }
    return app_call(play->app, &caller, str_from_c(operation), base_buf_view(&input), &out, fail);
}

static bool take_moment(struct play *play, struct fail *fail)
{
    struct app_moment *moment = NULL;
    if (!app_moment_take(play->app, &moment, fail)) {
        return false;
    }
    app_moment_free(moment);
    return true;
}

static bool do_step(struct play *play, const struct step *step, struct fail *fail)
{
    switch (step->kind) {
    case STEP_SEND:
        return send(play, step->person, fail);
    case STEP_NOTE:
        return call(play, "note.add", "{\"at\":\"2026-03-01\",\"text\":\"met ? today\"}",
                    step->person, fail);
    case STEP_ERASE:
        return play->town.rows[step->person] == 0 ||
               call(play, "erase", "{\"customer\":\"?\"}", step->person, fail);
    case STEP_MOMENT:
        return take_moment(play, fail);
    case STEP_SEAL:
        return store_seal(app_store(play->app), fail);
    case STEP_REOPEN:
        app_close(play->app);
        return open_app(play, fail);
    }
    return false;
}

/* What is known after the step. */
static struct town town_after(struct town town, const struct step *step)
{
    unsigned person = step->person;
    if (step->kind == STEP_SEND) {
        town.rows[person]++;
    } else if (step->kind == STEP_NOTE) {
        town.noted[person] = true;
    } else if (step->kind == STEP_ERASE && town.rows[person] > 0) {
        town.receipts++;
        town.rows[person] = 0;
        town.noted[person] = false;
    }
    return town;
}

/* Goes on until so many steps are done, or something fails. */
static bool play_until(struct play *play, size_t end, struct fail *fail)
{
    if (play->app == NULL && !open_app(play, fail)) {
        return false;
    }
    for (; play->done < end; play->done++) {
        const struct step *step = &play->script->steps[play->done];
        if (!do_step(play, step, fail)) {
            return false;
        }
        play->town = town_after(play->town, step);
    }
    return true;
}

static bool play_on(struct play *play, struct fail *fail)
{
    return play_until(play, STEPS, fail);
}

static void play_begin(struct play *play, const struct script *script, uint64_t seed)
{
    struct fail fail;
    *play = (struct play){
        .script = script, .sim = state_sim_new(disk_sim_new(seed)), .arena = arena_new(NULL)};
    struct disk *disk = disk_sim_disk(state_sim_disk(play->sim));
    must(disk_write_whole(disk, "firsthand.conf",
                          STR("ballast = 0\ndisk_low = 1MB\ndisk_full = 1MB\n"), &fail),
         &fail);
    /* As an older version left it beside the database; erasing takes it away. */
    must(disk_write_whole(disk, "state.db.before-2", STR("canary-0@example.org"), &fail), &fail);
}

static void play_end(struct play *play)
{
    app_close(play->app);
    world_verify(state_sim_disk(play->sim));
    state_sim_free(play->sim);
    arena_free(play->arena);
}

/* ---- what there is ------------------------------------------------------------------------------------------------- */

static unsigned rows_of(struct play *play, unsigned person)
{
    struct fail fail;
    struct store_snapshot *snapshot = store_snapshot_take(app_store(play->app));
    const struct store_timeline_options options = {0};
    struct store_timeline_row *rows;
    size_t count = 0;
    uint32_t customer;
    store_customer_lookup(snapshot, str_from_c(name_of(play->arena, person)), &customer);
    if (customer != STORE_NO_CUSTOMER) {
        must(store_timeline_read(snapshot, customer, &options, play->arena, &rows, &count, &fail),
             &fail);
    }
    store_snapshot_unref(snapshot);
    return (unsigned)count;
}

static struct town look(struct play *play)
{
    struct fail fail;
    struct town town = {0};
    struct base_buf notes CLEANUP(base_buf_done) = {0};
    struct app_caller caller = app_operator();
    struct str *lines;
    size_t count;
    must(app_call(play->app, &caller, STR("notes"), STR("{}"), &notes, &fail), &fail);
    base_buf_byte(&notes, 0);
    for (unsigned person = 0; person < PEOPLE; person++) {
        town.rows[person] = rows_of(play, person);
        town.noted[person] = strstr((const char *)notes.data, name_of(play->arena, person)) != NULL;
    }
    must(privacy_log_list(play->app->erasures, 0, 100, play->arena, &lines, &count, &town.receipts,
                          &fail),
         &fail);
    for (size_t i = 0; i < count; i++) {
        assert_true(privacy_log_signed(play->app->erasures, lines[i]));
    }
    return town;
}

static bool same_town(const struct town *a, const struct town *b)
{
    bool same = a->receipts == b->receipts;
    for (unsigned person = 0; person < PEOPLE; person++) {
        same = same && a->rows[person] == b->rows[person] && a->noted[person] == b->noted[person];
    }
    return same;
}

/* Nothing that was begun is left, and of who is known nowhere no byte is. */
static void is_clean(struct play *play, const struct town *town)
{
    struct fail fail;
    struct state_intent *intents;
    size_t count;
    must(state_intents_list(app_state(play->app), play->arena, &intents, &count, &fail), &fail);
    assert_int_equal(count, 0);
    for (unsigned person = 0; person < PEOPLE; person++) {
        const char *name = name_of(play->arena, person);
        if (town->receipts > 0 && town->rows[person] == 0 && !town->noted[person]) {
            const char *path = raw_file_with(state_sim_disk(play->sim), play->arena, name);
            /* A copy from before is taken away by an erasure; before the first one it may be there. */
            if (path != NULL) {
                fail_msg("%s is left in %s", name, path);
            }
        }
    }
}

/* Opens it again; the step under way happened or not. Says which. */
static struct town settled(struct play *play, bool *out_happened)
{
    struct fail fail;
    must(open_app(play, &fail), &fail);
    struct town is = look(play), should = play->town;
    *out_happened = false;
    if (!same_town(&is, &should) && play->done < STEPS) {
        should = town_after(play->town, &play->script->steps[play->done]);
        *out_happened = true;
    }
    if (!same_town(&is, &should)) {
        fail_msg("after step %d there is what never was", (int)play->done);
    }
    is_clean(play, &is);
    return is;
}

/* ---- tests ------------------------------------------------------------------------------------------------------------ */

struct way {
    enum disk_sim_fault_kind kind;
    bool any_call, for_good;
    size_t from, until; /* steps meanwhile; 0, 0: all */
};

/* What cuts leave of the disk now. */
static void look_at_cuts(const struct play *play, uint64_t seed)
{
    for (unsigned i = 0; i < CUTS; i++) {
        bool happened;
        struct play cut = *play;
        cut.sim = state_sim_new(disk_sim_cut(state_sim_disk(play->sim), seed * 100 + i));
        cut.arena = arena_new(NULL);
        (void)settled(&cut, &happened);
        play_end(&cut);
        world_tried.cuts++;
    }
}

static bool play_with_fault(const struct script *script, uint64_t at, const struct way *way)
{
    struct play play;
    struct fail fail = {0};
    bool happened_all_the_same;
    play_begin(&play, script, at);
    if (way->from > 0) {
        must(play_until(&play, way->from, &fail), &fail);
    }
    const struct disk_sim_fault fault = {
        .at = at, .kind = way->kind, .any_call = way->any_call, .for_good = way->for_good};
    disk_sim_fail(state_sim_disk(play.sim), &fault);
    (void)play_until(&play, way->until > 0 ? way->until : STEPS, &fail);
    bool happened = disk_sim_fault_happened(state_sim_disk(play.sim));
    app_close(play.app);
    play.app = NULL;
    if (way->kind == DISK_SIM_OFF) {
        look_at_cuts(&play, at);
    } else {
        world_tried.faults += happened;
    }
    disk_sim_fail(state_sim_disk(play.sim), NULL);
    play.town = settled(&play, &happened_all_the_same);
    play.done += happened_all_the_same || play.done == STEPS ? 1 : 0;
    play.done = play.done > STEPS ? STEPS : play.done;
    must(play_on(&play, &fail), &fail);
    struct town is = look(&play);
    assert_true(same_town(&is, &play.town));
    is_clean(&play, &is);
    play_end(&play);
    return happened;
}

static uint64_t changes_of(const struct script *script)
{
    struct play play;
    struct fail fail;
    play_begin(&play, script, 1);
    must(play_on(&play, &fail), &fail);
    struct town is = look(&play);
    assert_true(same_town(&is, &play.town) && is.receipts > 0);
    is_clean(&play, &is);
    uint64_t changes = disk_sim_changes(state_sim_disk(play.sim));
    play_end(&play);
    return changes;
}

static void at_many_places(const struct way *way)
{
    const struct world_seeds seeds = world_seeds(1);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct script script;
        uint64_t happened = 0;
        script_init(&script, seed + 6000000);
        uint64_t calls = changes_of(&script) * (way->any_call ? 2 : 1);
        for (uint64_t i = 0; i < PLACES; i++) {
            happened += play_with_fault(
                &script, 1 + base_hash64(&i, sizeof i, seed * 10 + way->kind) % calls, way);
        }
        assert_true(happened > 0);
    }
}

static void a_cut_leaves_what_was_acknowledged_in_all_files_alike(void **state)
{
    (void)state;
    at_many_places(&(struct way){.kind = DISK_SIM_OFF});
}

static void a_call_that_fails_leaves_what_was_acknowledged_in_all_files_alike(void **state)
{
    (void)state;
    at_many_places(&(struct way){.kind = DISK_SIM_EIO});
    at_many_places(&(struct way){.kind = DISK_SIM_ENOSPC});
    at_many_places(&(struct way){.kind = DISK_SIM_EIO, .any_call = true});
}

static void calls_that_fail_from_then_on_leave_what_was_acknowledged(void **state)
{
    (void)state;
    at_many_places(&(struct way){.kind = DISK_SIM_EIO, .for_good = true});
    at_many_places(&(struct way){.kind = DISK_SIM_ENOSPC, .for_good = true});
    at_many_places(&(struct way){.kind = DISK_SIM_EIO, .any_call = true, .for_good = true});
}

/* Of steps that random places seldom meet. */
static void each_call_of_erasures_and_moments_may_fail(void **state)
{
    (void)state;
    world_only_in_first_piece();
    static const struct script script = {{{STEP_SEND, 0},
                                          {STEP_SEND, 1},
                                          {STEP_NOTE, 0},
                                          {STEP_ERASE, 0}, /* makes the log of erasures */
                                          {STEP_REOPEN, 0},
                                          {STEP_ERASE, 1}, /* makes sure of it first */
                                          {STEP_MOMENT, 0},
                                          {STEP_SEND, 2}}};
    static const struct way ways[] = {
        {.kind = DISK_SIM_EIO, .any_call = true, .from = 3, .until = 4},
        {.kind = DISK_SIM_EIO, .any_call = true, .from = 4, .until = 5},
        {.kind = DISK_SIM_EIO, .any_call = true, .from = 5, .until = 6},
        {.kind = DISK_SIM_EIO, .any_call = true, .from = 6, .until = 7},
    };
    for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
        uint64_t at = 1;
        while (play_with_fault(&script, at, &ways[w])) {
            at++;
        }
        assert_true(at > 5);
    }
}

static void receipts_that_cannot_be_read_are_said(void **state)
{
    (void)state;
    world_only_in_first_piece();
    static const struct script script = {{{STEP_SEND, 0}, {STEP_ERASE, 0}}};
    struct play play;
    struct fail fail = {0};
    struct privacy_log_state receipts;
    play_begin(&play, &script, 1);
    must(play_until(&play, 2, &fail), &fail);
    disk_sim_fail(state_sim_disk(play.sim), &(struct disk_sim_fault){.at = 1, .any_call = true});
    assert_false(privacy_log_verify(play.app->erasures, &receipts, &fail));
    assert_int_equal(fail.code, FAIL_IO);
    must(privacy_log_verify(play.app->erasures, &receipts, &fail), &fail);
    assert_int_equal(receipts.lines, 1);
    assert_int_equal(receipts.broken, 0);
    play_end(&play);
}

int main(void)
{
    /* Real folders hold empty files here, for locks: in memory, where that is possible. */
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_leaves_what_was_acknowledged_in_all_files_alike),
        cmocka_unit_test(a_call_that_fails_leaves_what_was_acknowledged_in_all_files_alike),
        cmocka_unit_test(calls_that_fail_from_then_on_leave_what_was_acknowledged),
        cmocka_unit_test(each_call_of_erasures_and_moments_may_fail),
        cmocka_unit_test(receipts_that_cannot_be_read_are_said),
    };
    return world_run(tests);
}
