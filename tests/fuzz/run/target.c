/* A run of arbitrary bytes (identity, deduplication or quarantine, as its header says), checksums passed over: refused as
   damage, or checked and asked everything within its bounds. */
#include "base_bytes.h"
#include "disk_sim.h"
#include "store_dedup.h"
#include "store_identity_run.h"
#include "store_quarantine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASKED 8

/* What fails must fail as damage, or for want of memory. */
static bool may_fail(bool ok, const struct fail *fail)
{
    INVARIANT(ok || fail->code == FAIL_CORRUPT || fail->code == FAIL_LIMIT ||
              fail->code == FAIL_NO_MEMORY);
    return ok;
}

static void ignore(void *context, const char *path, const char *what)
{
    (void)context, (void)path, (void)what;
}

static bool on_ident(void *context, const struct store_run_ident *ident)
{
    *(uint64_t *)context += base_hash_str(ident->id.value) + base_hash_str(ident->id.kind);
    return true;
}

static bool on_edge(void *context, const struct store_edge *edge)
{
    *(uint64_t *)context += edge->position;
    return true;
}

static bool on_child(void *context, uint32_t child, uint64_t position)
{
    *(uint64_t *)context += child + position;
    return true;
}

static bool on_each(void *context, uint64_t seq, uint32_t number)
{
    *(uint64_t *)context += seq + number;
    return true;
}

static void ask_identity(struct disk *disk, const struct store_run_info *info)
{
    struct fail fail;
    struct store_identity_runs *runs;
    uint64_t problems = 0, sum = 0;
    if (!may_fail(store_identity_runs_open(disk, info, 1, NULL, &runs, &fail), &fail)) {
        return;
    }
    const struct store_identity_run *run = &runs->runs[0];
    (void)may_fail(store_identity_run_check(run, ignore, NULL, &problems, &fail), &fail);
    (void)may_fail(store_identity_run_each(run, on_each, &sum, &fail), &fail);
    (void)may_fail(store_identity_run_memberships(run, on_ident, &sum, &fail), &fail);
    for (uint32_t i = 0; i < ASKED; i++) {
        uint32_t number = run->number_first + i, found, parent;
        enum store_mark mark;
        const struct store_identifier id = {.kind = STR("user"), .value = STR("u1")};
        (void)may_fail(store_identity_run_find(run, i, id, 0, &found, &fail), &fail);
        (void)may_fail(store_identity_run_idents(run, number, on_ident, &sum, &fail), &fail);
        (void)may_fail(store_identity_run_edges(run, number, on_edge, &sum, &fail), &fail);
        (void)may_fail(store_identity_run_children(run, number, on_child, &sum, &fail), &fail);
        if (i < run->position_count) {
            (void)may_fail(
                store_identity_run_change(run, run->position_first + i, &found, &parent, &fail),
                &fail);
        }
        (void)may_fail(store_identity_run_mark(run, number, &mark, &fail), &fail);
    }
    store_identity_runs_unref(runs);
}

static void ask_dedup(struct disk *disk, const struct store_run_info *info)
{
    struct fail fail;
    struct store_dedup_runs *runs;
    uint64_t problems = 0;
    if (!may_fail(store_dedup_runs_open(disk, info, 1, NULL, &runs, &fail), &fail)) {
        return;
    }
    (void)may_fail(store_dedup_run_check(&runs->runs[0], ignore, NULL, &problems, &fail), &fail);
    for (uint64_t i = 0; i < ASKED; i++) {
        bool found;
        const struct base_hash128 key = {.low = i << 61, .high = i << 50};
        (void)may_fail(
            store_dedup_runs_find(runs, key, runs->runs[0].first_ms, 1000, i % 2, &found, &fail),
            &fail);
    }
    store_dedup_runs_unref(runs);
}

static void ask_quarantine(struct disk *disk, const struct store_run_info *info)
{
    struct fail fail;
    struct store_quarantine_files *files;
    uint64_t problems = 0;
    if (!may_fail(store_quarantine_files_open(disk, info, 1, NULL, &files, &fail), &fail)) {
        return;
    }
    const struct store_quarantine_file *file = &files->files[0];
    (void)may_fail(store_quarantine_file_check(file, ignore, NULL, &problems, &fail), &fail);
    for (uint64_t i = 0; i < ASKED; i++) {
        struct store_quarantine_row row;
        uint64_t at;
        bool found;
        if (i < file->count) {
            (void)may_fail(
                store_quarantine_file_row(file, i, STORE_QUARANTINE_RAW_MAX, &row, &fail), &fail);
        }
        (void)may_fail(
            store_quarantine_files_get(files, file->id_first + i, 100, &row, &found, &fail), &fail);
        (void)may_fail(store_quarantine_file_seek(file, file->id_first + i, &at, &fail), &fail);
    }
    store_quarantine_files_unref(files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 32) {
        return 0;
    }
    enum store_run_kind kind = base_get_u32(data + 8) == STORE_RUN_IDENTITY ? STORE_RUN_IDENTITY
                               : base_get_u32(data + 8) == STORE_RUN_DEDUP  ? STORE_RUN_DEDUP
                                                                            : STORE_RUN_QUARANTINE;
    const struct store_run_info info = {
        .id = base_get_u64(data + 16),
        .bytes = size,
        .checksum = base_get_u64(data + size - 24), /* the footer's own, before the trailer */
    };
    struct disk_sim *sim = disk_sim_new(1);
    struct disk *disk = disk_sim_disk(sim);
    struct disk_file *file;
    struct fail fail;
    char path[STORE_RUN_PATH_BYTES];
    store_run_path(kind, info.id, path);
    INVARIANT(disk_make_dir(disk, store_run_folder(kind), &fail) &&
              disk_open(disk, path, DISK_CREATE, &file, &fail) &&
              disk_write_at(file, 0, data, size, &fail));
    disk_close(file);
    switch (kind) {
    case STORE_RUN_IDENTITY:
        ask_identity(disk, &info);
        break;
    case STORE_RUN_DEDUP:
        ask_dedup(disk, &info);
        break;
    case STORE_RUN_QUARANTINE:
    case STORE_ADVANCE_SEGMENTS:
        ask_quarantine(disk, &info);
        break;
    }
    disk_sim_free(sim);
    return 0;
}
