/* The power of state.db is cut, and each of its calls of the disk fails, once or from then on, while it is made, moved
   forward, written in small and in large, undone, emptied of its log and opened again. What was said to be done is there
   after the next start, whole; what was not, whole or not at all; and the file is sound. */
#include "state_sim.h"
#include "store_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base_buf.h"
#include "state_internal.h"

#define STEPS 14U
#define OLD_VERSION_MIN                                                                            \
    4 /* the oldest that a script begins with; what it writes is there since then */
#define LOOK_ONE_IN 6U     /* moments of which the states are looked at */
#define MOMENT_STATES 4U   /* at most, of one moment */
#define FAULT_PLACES 16U   /* of each way to fail, and each script */
#define LARGE_BYTES 60000U /* of a value: a transaction of many pages */
#define CHANGES_MAX 5U     /* of a transaction */

enum step_kind { STEP_WRITE, STEP_UNDO, STEP_SCRUB, STEP_REOPEN };

struct change {
    unsigned table, row;
    bool removes;
    struct str value;
};
struct step {
    enum step_kind kind;
    struct change changes[CHANGES_MAX];
    size_t count;
};
struct script {
    struct arena *arena;
    struct base_random_seeded random;
    int old_version; /* it begins with a file of this; 0: with none */
    struct step steps[STEPS];
    uint64_t after[STEPS + 1]; /* what there is after so many steps */
};

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

/* ---- the script --------------------------------------------------------------------------------------------- */

static uint64_t dice(struct script *script, uint64_t sides)
{
    return base_random_below(&script->random.random, sides);
}

static struct str make_value(struct script *script)
{
    size_t len =
        dice(script, 8) == 0 ? (size_t)dice(script, LARGE_BYTES) : (size_t)dice(script, 300);
    char *bytes = base_alloc_zero(len + 1);
    memset(bytes, 'a' + (int)dice(script, 26), len);
    struct str value = str_copy(script->arena, str_of(bytes, len));
    base_free(bytes);
    return value;
}

static void script_init(struct script *script, uint64_t seed)
{
    static const enum step_kind kinds[] = {STEP_WRITE, STEP_WRITE, STEP_WRITE, STEP_WRITE,
                                           STEP_WRITE, STEP_UNDO,  STEP_SCRUB, STEP_REOPEN};
    *script = (struct script){.arena = arena_new(NULL)};
    base_random_seed(&script->random, seed);
    int versions = state_schema.version - OLD_VERSION_MIN;
    script->old_version =
        seed % 2 == 0 ? 0 : OLD_VERSION_MIN + (int)dice(script, (uint64_t)versions);
    for (size_t i = 0; i < STEPS; i++) {
        struct step *step = &script->steps[i];
        step->kind = kinds[dice(script, ARRAY_LEN(kinds))];
        step->count = 1 + (size_t)dice(script, CHANGES_MAX);
        for (size_t c = 0; c < step->count; c++) {
            step->changes[c] = (struct change){.table = (unsigned)dice(script, 3),
                                               .row = (unsigned)dice(script, 6),
                                               .removes = dice(script, 4) == 0,
                                               .value = make_value(script)};
        }
    }
}

static void script_done(struct script *script)
{
    arena_free(script->arena);
}

/* ---- playing --------------------------------------------------------------------------------------------------- */

/* Tables with rowids and without, with an index and without. */
static const char *const puts_row[] = {
    "INSERT OR REPLACE INTO settings (name, value) VALUES ('s' || ?1, ?2)",
    "INSERT OR REPLACE INTO views (id, name, page, query, owner, updated_ms)"
    " VALUES (?1, 'v', 'p', ?2, 'o', 0)",
    "INSERT OR REPLACE INTO segments (name, definition, owner, updated_ms)"
    " VALUES ('g' || ?1, ?2, 'o', 0)",
};
static const char *const removes_row[] = {
    "DELETE FROM settings WHERE name = 's' || ?1",
    "DELETE FROM views WHERE id = ?1",
    "DELETE FROM segments WHERE name = 'g' || ?1",
};
static const char *const all_rows[] = {
    "SELECT name || '=' || value FROM settings ORDER BY name",
    "SELECT id || '=' || query FROM views ORDER BY id",
    "SELECT name || '=' || definition FROM segments ORDER BY name",
};

static bool write_all(struct state *state, const struct step *step, struct fail *fail)
{
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!state_write(state, &link, fail)) {
        return false;
    }
    for (size_t i = 0; i < step->count; i++) {
        const struct change *change = &step->changes[i];
        const struct state_value values[] = {state_int(change->row), state_text(change->value)};
        if (!state_run(link, (change->removes ? removes_row : puts_row)[change->table], values,
                       change->removes ? 1 : 2, fail)) {
            return false;
        }
    }
    return step->kind == STEP_UNDO || state_commit(&link, fail);
}

struct play {
    struct script *script;
    struct state_sim *sim;
    struct state *state; /* NULL where it could not be opened */
    size_t done;         /* steps */
    bool begun;          /* it was opened once, as the newest version */
};

static bool open_newest(struct state_sim *sim, struct state **out, struct fail *fail)
{
    *out = NULL;
    return state_open(state_sim_folder(sim), &(struct state_options){.readers = 1}, out, fail);
}

/* A file of an older version, for which nothing fails yet. */
static void begin_old(const struct script *script, struct state_sim *sim)
{
    const struct state_schema older = {state_schema.steps, script->old_version};
    struct state *state = NULL;
    struct fail fail;
    if (script->old_version > 0) {
        must(state_open_schema(state_sim_folder(sim), NULL, &older, &state, &fail), &fail);
        state_close(state);
    }
}

static bool do_step(struct play *play, const struct step *step, struct fail *fail)
{
    bool emptied;
    switch (step->kind) {
    case STEP_WRITE:
    case STEP_UNDO:
        return write_all(play->state, step, fail);
    case STEP_SCRUB:
        return state_scrub(play->state, &emptied, fail);
    case STEP_REOPEN:
        state_close(play->state);
        return open_newest(play->sim, &play->state, fail);
    }
    return false;
}

/* Goes on until the end, or until something fails. */
static bool play_on(struct play *play, struct fail *fail)
{
    if (play->state == NULL && !open_newest(play->sim, &play->state, fail)) {
        return false;
    }
    play->begun = true;
    for (; play->done < STEPS; play->done++) {
        if (!do_step(play, &play->script->steps[play->done], fail)) {
            return false;
        }
    }
    return true;
}

static bool try_digest(struct state *state, uint64_t *out, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct state_link *link CLEANUP(state_link_done) = NULL;
    if (!state_read(state, &link, fail)) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < ARRAY_LEN(all_rows); i++) {
        struct state_rows *rows CLEANUP(state_rows_done) = NULL;
        bool row = true;
        if (!state_select(link, all_rows[i], NULL, 0, &rows, fail)) {
            return false;
        }
        while (state_next(rows, &row, fail) && row) {
            struct str text = state_get_text(rows, 0, arena);
            *out = base_hash64(text.data, text.len, *out + i);
        }
        if (row) {
            return false;
        }
    }
    return true;
}

static uint64_t digest(struct state *state)
{
    struct fail fail;
    uint64_t sum;
    must(try_digest(state, &sum, &fail), &fail);
    return sum;
}

/* Fills script->after. */
static void play_quietly(struct script *script)
{
    struct play play = {.script = script, .sim = state_sim_new(disk_sim_new(1))};
    struct fail fail;
    begin_old(script, play.sim);
    must(open_newest(play.sim, &play.state, &fail), &fail);
    script->after[0] = digest(play.state);
    for (; play.done < STEPS; play.done++) {
        must(do_step(&play, &script->steps[play.done], &fail), &fail);
        script->after[play.done + 1] = digest(play.state);
    }
    state_close(play.state);
    state_sim_free(play.sim);
}

/* ---- looking at what is left ------------------------------------------------------------------------------------ */

static void say(void *context, const char *what)
{
    (void)context;
    print_error("state.db: %s\n", what);
}

static void is_sound(const char *folder)
{
    struct state_verify_result result;
    struct fail fail;
    must(state_verify_file(folder, say, NULL, &result, &fail), &fail);
    assert_int_equal(result.problems, 0);
}

static bool may_be(const struct script *script, size_t done, bool under_way, uint64_t sum)
{
    return sum == script->after[done] ||
           (under_way && done < STEPS && sum == script->after[done + 1]);
}

/* The copy that was made before the file was moved forward is that file, whole. */
static void old_copy_is_whole(const struct script *script, struct state_sim *sim)
{
    struct fail fail;
    struct disk *folder = NULL;
    char name[64];
    struct state *state = NULL;
    const struct state_schema older = {state_schema.steps, script->old_version};
    snprintf(name, sizeof name, "state.db.before-%d", state_schema.version);
    must(disk_real(state_sim_folder(sim), &folder, &fail), &fail);
    must(disk_rename(folder, name, "state.db", &fail), &fail);
    disk_free(folder);
    must(state_open_schema(state_sim_folder(sim), NULL, &older, &state, &fail), &fail);
    state_close(state);
    is_sound(state_sim_folder(sim));
}

/* Takes the disk. */
static void recovers(const struct script *script, struct disk_sim *after, size_t done,
                     bool under_way, bool has_copy)
{
    struct fail fail;
    struct state *state = NULL;
    struct state_sim *sim = state_sim_new(after);
    must(open_newest(sim, &state, &fail), &fail);
    uint64_t sum = digest(state);
    state_close(state);
    if (!may_be(script, done, under_way, sum)) {
        fail_msg("in step %d a cut leaves what never was", (int)done);
    }
    is_sound(state_sim_folder(sim));
    must(open_newest(sim, &state, &fail), &fail);
    assert_true(digest(state) == sum);
    state_close(state);
    if (has_copy) {
        old_copy_is_whole(script, sim);
    }
    state_sim_free(sim);
}

/* ---- cuts ----------------------------------------------------------------------------------------------------------- */

struct look {
    struct play play;
    uint64_t seed, moments, last;
};

static void look_at_states(void *context)
{
    struct look *look = context;
    if (base_hash64(&look->moments, sizeof look->moments, look->seed) % LOOK_ONE_IN == 0) {
        for (unsigned i = 0; i < MOMENT_STATES; i++) {
            struct disk_sim *after = disk_sim_cut(state_sim_disk(look->play.sim),
                                                  (look->seed << 32) + look->moments * 8 + i);
            uint64_t sum = disk_sim_digest(after);
            if (sum == look->last) {
                disk_sim_free(after);
                continue;
            }
            look->last = sum;
            /* While it is being opened for the first time, no step is under way. */
            recovers(look->play.script, after, look->play.done, look->play.begun,
                     look->play.script->old_version > 0);
            world_tried.states++;
        }
    }
    look->moments++;
}

static void every_state_that_a_cut_can_leave_has_what_was_committed_whole(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(4);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct script script;
        struct fail fail;
        script_init(&script, seed + 5000000);
        play_quietly(&script);
        struct look look = {.play = {.script = &script, .sim = state_sim_new(disk_sim_new(seed))},
                            .seed = seed};
        begin_old(&script, look.play.sim);
        disk_sim_watch(state_sim_disk(look.play.sim), look_at_states, &look);
        must(play_on(&look.play, &fail), &fail);
        state_close(look.play.state);
        look_at_states(&look);
        disk_sim_watch(state_sim_disk(look.play.sim), NULL, NULL);
        assert_true(look.moments > 50);
        state_sim_free(look.play.sim);
        script_done(&script);
    }
}

/* ---- calls that fail --------------------------------------------------------------------------------------------- */

struct way {
    enum disk_sim_fault_kind kind;
    bool any_call, for_good;
};

/* The step that failed happened or not; then all goes on. */
static void settle_and_end(struct play *play)
{
    struct fail fail;
    state_close(play->state);
    play->state = NULL;
    must(open_newest(play->sim, &play->state, &fail), &fail);
    uint64_t sum = digest(play->state);
    assert_true(may_be(play->script, play->done, true, sum));
    play->done += play->done < STEPS && sum != play->script->after[play->done];
    must(play_on(play, &fail), &fail);
    assert_true(digest(play->state) == play->script->after[STEPS]);
    state_close(play->state);
    is_sound(state_sim_folder(play->sim));
    state_sim_free(play->sim);
}

/* False where the script makes fewer calls. */
static bool play_with_fault(struct script *script, uint64_t at, const struct way *way)
{
    struct play play = {.script = script, .sim = state_sim_new(disk_sim_new(at))};
    struct fail fail = {0};
    begin_old(script, play.sim);
    const struct disk_sim_fault fault = {
        .at = at, .kind = way->kind, .any_call = way->any_call, .for_good = way->for_good};
    disk_sim_fail(state_sim_disk(play.sim), &fault);
    bool failed = !play_on(&play, &fail);
    bool happened = disk_sim_fault_happened(state_sim_disk(play.sim));
    world_tried.faults += happened;
    assert_true(happened || !failed);
    if (failed && fail.code != FAIL_IO && fail.code != FAIL_LIMIT) {
        fail_msg("call %d: %s", (int)at, fail.message);
    }
    disk_sim_fail(state_sim_disk(play.sim), NULL);
    if (failed && play.begun && play.state != NULL && way->kind != DISK_SIM_OFF) {
        uint64_t sum; /* who asks on without a restart sees nothing of what was refused */
        must(try_digest(play.state, &sum, &fail), &fail);
        assert_true(sum == script->after[play.done]);
    }
    settle_and_end(&play);
    return happened;
}

/* How many calls the script makes that may fail this way. */
static uint64_t calls_of(struct script *script, const struct way *way)
{
    struct play play = {.script = script, .sim = state_sim_new(disk_sim_new(1))};
    struct fail fail;
    uint64_t (*count)(struct disk_sim * sim) = way->any_call ? disk_sim_calls : disk_sim_changes;
    begin_old(script, play.sim);
    uint64_t before = count(state_sim_disk(play.sim));
    must(play_on(&play, &fail), &fail);
    uint64_t calls = count(state_sim_disk(play.sim)) - before;
    state_close(play.state);
    state_sim_free(play.sim);
    return calls;
}

static void every_call_of(const struct way *way)
{
    const struct world_seeds seeds = world_seeds(2);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct script script;
        script_init(&script, seed + 5500000);
        play_quietly(&script);
        uint64_t calls = calls_of(&script, way), happened = 0;
        for (uint64_t i = 0; i < FAULT_PLACES; i++) {
            happened += play_with_fault(
                &script, 1 + base_hash64(&i, sizeof i, seed + way->kind) % calls, way);
        }
        assert_int_equal(happened, FAULT_PLACES);
        script_done(&script);
    }
}

static void every_change_may_fail_once(void **state)
{
    (void)state;
    every_call_of(&(struct way){.kind = DISK_SIM_EIO});
    every_call_of(&(struct way){.kind = DISK_SIM_ENOSPC});
    every_call_of(&(struct way){.kind = DISK_SIM_OFF});
}

static void every_change_may_fail_for_good(void **state)
{
    (void)state;
    every_call_of(&(struct way){.kind = DISK_SIM_EIO, .for_good = true});
    every_call_of(&(struct way){.kind = DISK_SIM_ENOSPC, .for_good = true});
}

static void every_call_may_fail_reading_too(void **state)
{
    (void)state;
    every_call_of(&(struct way){.kind = DISK_SIM_EIO, .any_call = true});
    every_call_of(&(struct way){.kind = DISK_SIM_EIO, .any_call = true, .for_good = true});
}

int main(void)
{
    /* Real folders hold empty files here, for locks: in memory, where that is possible. */
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_that_a_cut_can_leave_has_what_was_committed_whole),
        cmocka_unit_test(every_change_may_fail_once),
        cmocka_unit_test(every_change_may_fail_for_good),
        cmocka_unit_test(every_call_may_fail_reading_too),
    };
    return world_run(tests);
}
