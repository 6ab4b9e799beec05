/* Bits turn and pages become zeros anywhere in a directory at rest. Then opening refuses and names the file, or reading
   does, or all is answered as before; verifying names the file, or nothing that is read was touched. One thing cannot be
   told: the end of the last journal that is damaged looks like what a cut leaves of commits under way. */
#include "store_play.h"

#define SECTOR_BYTES 512U
#define PAGE_BYTES 4096U

struct directory {
    struct play play;                          /* ended: its disk at rest */
    struct base_hash128 after[PLAY_STEPS + 1]; /* [i]: after so many steps */
    struct str *paths;
    size_t path_count;
};

struct damage {
    const char *path;
    uint64_t at, len; /* len 0: one bit */
    unsigned bit;
};

static void must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

static void find_files(struct directory *directory)
{
    static const char *const folders[] = {"",         "segments", "journal",
                                          "identity", "dedup",    "quarantine"};
    struct arena *arena = directory->play.world.arena;
    struct fail fail;
    directory->paths = arena_array(arena, 1000, sizeof *directory->paths, &fail);
    for (size_t f = 0; f < ARRAY_LEN(folders); f++) {
        struct str *names;
        size_t count;
        must(
            disk_list(disk_sim_disk(directory->play.sim), folders[f], arena, &names, &count, &fail),
            &fail);
        for (size_t i = 0; i < count; i++) {
            assert_true(directory->path_count < 1000);
            directory->paths[directory->path_count++] = str_format(
                arena, "%s%s%.*s", folders[f], folders[f][0] == '\0' ? "" : "/", STR_ARG(names[i]));
        }
    }
}

static void directory_make(struct directory *directory, uint64_t seed)
{
    struct fail fail;
    *directory = (struct directory){0};
    play_begin(&directory->play, seed);
    must(play_on(&directory->play, &fail), &fail);
    play_digests(&directory->play.world, directory->after);
    assert_true(
        world_digests_equal(world_digest(directory->play.store), directory->after[PLAY_STEPS]));
    store_close(directory->play.store);
    directory->play.store = NULL;
    find_files(directory);
}

static void directory_done(struct directory *directory)
{
    store_close(directory->play.plain);
    disk_sim_free(directory->play.sim);
    disk_sim_free(directory->play.plain_sim);
    world_done(&directory->play.world);
}

/* False where the file is empty, or the page was zeros before: no damage. */
static bool do_damage(struct disk_sim *sim, struct base_random *random, struct damage *damage)
{
    struct fail fail;
    uint64_t size;
    size_t got;
    uint8_t bytes[PAGE_BYTES], zeros[PAGE_BYTES] = {0};
    CLEANUP(disk_close_at) struct disk_file *file = NULL;
    must(disk_open(disk_sim_disk(sim), damage->path, DISK_WRITE, &file, &fail), &fail);
    must(disk_size(file, &size, &fail), &fail);
    if (size == 0) {
        return false;
    }
    damage->at = base_random_below(random, size);
    if (base_random_below(random, 4) > 0) {
        damage->bit = (unsigned)base_random_below(random, 8);
        must(disk_read_at(file, damage->at, bytes, 1, &got, &fail), &fail);
        bytes[0] = (uint8_t)(bytes[0] ^ 1U << damage->bit);
        must(disk_write_at(file, damage->at, bytes, 1, &fail), &fail);
        return true;
    }
    size_t page = base_random_below(random, 2) == 0 ? SECTOR_BYTES : PAGE_BYTES;
    damage->at -= damage->at % page;
    must(disk_read_at(file, damage->at, bytes, page, &got, &fail), &fail);
    damage->len = got;
    must(disk_write_at(file, damage->at, zeros, got, &fail), &fail);
    return memcmp(bytes, zeros, got) != 0;
}

static void note_named(void *context, const char *path, const char *what)
{
    struct damage *damage = ((void **)context)[0];
    bool *named = ((void **)context)[1];
    *named = *named || strcmp(path, damage->path) == 0 || strstr(what, damage->path) != NULL;
}

static bool verify_names_it(struct disk_sim *sim, struct damage *damage, bool *out_clean)
{
    struct store_verify_result result = {0};
    struct fail fail = {0};
    bool named = false;
    void *context[2] = {damage, &named};
    bool ok = store_verify(disk_sim_disk(sim), note_named, context, &result, &fail);
    *out_clean = ok && result.problems == 0;
    return named || (!ok && strstr(fail.message, damage->path) != NULL);
}

/* The damage and what became of it, for who looks for the reason. */
static void complain(const struct damage *damage, uint64_t seed, const char *what)
{
    fail_msg("script %d, %s, byte %d, %s %d: %s", (int)seed, damage->path, (int)damage->at,
             damage->len > 0 ? "zeros" : "bit",
             damage->len > 0 ? (int)damage->len : (int)damage->bit, what);
}

static void look(struct directory *directory, struct disk_sim *sim, struct damage *damage,
                 uint64_t seed)
{
    bool clean;
    bool named = verify_names_it(sim, damage, &clean);
    struct store *store = NULL;
    struct fail fail = {0};
    struct base_hash128 digest;
    if (!clean && !named) {
        complain(damage, seed, "verify finds it, and does not name the file");
    }
    bool opened = world_try_open(&directory->play.world, sim, &store, &fail);
    bool read = opened && world_try_digest(store, &digest, &fail);
    if (opened) {
        store_close(store);
    }
    if (!read) {
        if (fail.code != FAIL_CORRUPT || strstr(fail.message, damage->path) == NULL) {
            complain(damage, seed, fail.message);
        }
        if (clean) {
            complain(damage, seed, "verify finds nothing, and reading does");
        }
        return;
    }
    if (!world_digests_equal(digest, directory->after[PLAY_STEPS])) {
        complain(damage, seed, "an answer is another than before");
    }
}

static void damage_is_named_or_harms_nothing(void **state)
{
    (void)state;
    const struct world_seeds seeds = world_seeds(6);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct directory directory;
        struct base_random_seeded random;
        base_random_seed(&random, seed * 7919);
        directory_make(&directory, seed + 3000000);
        for (unsigned i = 0; i < 400; i++) {
            struct damage damage = {0};
            struct disk_sim *sim = disk_sim_cut(directory.play.sim, 1);
            damage.path =
                directory.paths[base_random_below(&random.random, directory.path_count)].data;
            if (do_damage(sim, &random.random, &damage)) {
                look(&directory, sim, &damage, seed);
                world_tried.flips++;
            }
            disk_sim_free(sim);
        }
        directory_done(&directory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_named_or_harms_nothing),
    };
    return world_run(tests);
}
