/* Bits turn and pages become zeros anywhere in a state.db at rest. Then opening refuses, as it does for damage, or all is
   read as before; and verifying finds it, but where nothing that is read was touched. */
#include "store_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_buf.h"
#include "scratch.h"
#include "state_db.h"
#include "state_settings.h"

#define ROWS 120U
#define FLIPS 600U /* of an ordinary run */
#define SECTOR_BYTES 512U
#define PAGE_BYTES 4096U

struct world_of_state {
    char folder[SCRATCH_BYTES], path[SCRATCH_BYTES + 16];
    struct base_random_seeded random;
    uint64_t sum; /* of all that it says */
    size_t size;
};
struct damage {
    size_t at, len;
    uint8_t before[PAGE_BYTES], after[PAGE_BYTES];
};

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

static struct str name_of(struct arena *arena, unsigned i)
{
    return str_format(arena, "setting.%u", i);
}

static bool try_sum(struct state *state, uint64_t *out, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    *out = 0;
    for (unsigned i = 0; i < ROWS; i++) {
        struct str value;
        if (!state_setting_get(state, name_of(arena, i).data, STR("none"), arena, &value, fail)) {
            return false;
        }
        *out = base_hash64(value.data, value.len, *out + i);
    }
    return true;
}

/* Small and large values, some of which are gone again, so that there are pages of all kinds, free ones too. */
static void fill(struct world_of_state *world, struct state *state)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct fail fail;
    char *bytes = base_alloc_zero(20000);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < ROWS; i++) {
            size_t len = base_random_below(&world->random.random, 10) == 0 ? 9000 : 90;
            len = 1 + base_random_below(&world->random.random, len);
            memset(bytes, 'a' + (int)base_random_below(&world->random.random, 26), len);
            must(state_setting_put(state, name_of(arena, i).data, str_of(bytes, len), &fail),
                 &fail);
        }
    }
    base_free(bytes);
}

static void begin(struct world_of_state *world, uint64_t seed)
{
    struct state *state = NULL;
    struct fail fail;
    struct stat status;
    base_random_seed(&world->random, seed);
    assert_true(scratch_make(world->folder));
    snprintf(world->path, sizeof world->path, "%s/state.db", world->folder);
    must(state_open(world->folder, NULL, &state, &fail), &fail);
    fill(world, state);
    must(try_sum(state, &world->sum, &fail), &fail);
    state_close(state);
    assert_int_equal(stat(world->path, &status), 0);
    world->size = (size_t)status.st_size;
}

static void put_bytes(const struct world_of_state *world, const struct damage *damage,
                      const uint8_t *bytes)
{
    int file = open(world->path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, damage->len, (off_t)damage->at), damage->len);
    close(file);
}

/* False where the page was zeros before. */
static bool do_damage(struct world_of_state *world, struct damage *damage)
{
    struct base_random *random = &world->random.random;
    bool zeros = base_random_below(random, 4) == 0;
    size_t page = base_random_below(random, 2) == 0 ? SECTOR_BYTES : PAGE_BYTES;
    int file = open(world->path, O_RDONLY | O_CLOEXEC);
    damage->at = (size_t)base_random_below(random, world->size);
    damage->at -= zeros ? damage->at % page : 0;
    damage->len = zeros ? page : 1;
    assert_int_equal(pread(file, damage->before, damage->len, (off_t)damage->at), damage->len);
    close(file);
    memset(damage->after, 0, damage->len);
    if (!zeros) {
        damage->after[0] = (uint8_t)(damage->before[0] ^ 1U << base_random_below(random, 8));
    }
    put_bytes(world, damage, damage->after);
    return memcmp(damage->before, damage->after, damage->len) != 0;
}

static void count(void *context, const char *what)
{
    (void)what;
    ++*(unsigned *)context;
}

static void look(const struct world_of_state *world, const struct damage *damage)
{
    struct state_verify_result verified;
    struct state *state = NULL;
    struct fail fail = {0};
    unsigned found = 0;
    uint64_t sum = 0;
    must(state_verify_file(world->folder, count, &found, &verified, &fail), &fail);
    assert_int_equal(found, verified.problems);
    bool opened = state_open(world->folder, NULL, &state, &fail);
    bool read = opened && try_sum(state, &sum, &fail);
    if (opened) {
        state_close(state);
    }
    if (read ? sum != world->sum : fail.code != FAIL_CORRUPT) {
        fail_msg("byte %zu, %zu bytes: %s", damage->at, damage->len,
                 read ? "another answer than before" : fail.message);
    }
    if (!read && found == 0) {
        fail_msg("byte %zu, %zu bytes: verify finds nothing, and reading does: %s", damage->at,
                 damage->len, fail.message);
    }
}

static void damage_is_found_or_harms_nothing(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(1);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct world_of_state world;
        begin(&world, seed);
        for (unsigned i = 0; i < FLIPS; i++) {
            struct damage damage;
            if (do_damage(&world, &damage)) {
                look(&world, &damage);
                world_tried.flips++;
            }
            put_bytes(&world, &damage, damage.before); /* what was opened changed nothing else */
        }
        assert_true(scratch_remove(world.folder));
    }
}

int main(void)
{
    /* In memory where that is possible: nothing here is about what lasts. */
    if (access("/dev/shm", W_OK) == 0) {
        (void)setenv("TMPDIR", "/dev/shm", 0);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_found_or_harms_nothing),
    };
    return world_run(tests);
}
