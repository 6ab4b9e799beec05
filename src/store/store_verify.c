#include <inttypes.h>
#include <stdio.h>

#include "store_load.h"

struct verify {
    struct disk *disk;
    void (*problem)(void *context, const char *path, const char *what);
    void *context;
    struct store_verify_result result;
    struct store_names *names;
    const struct store_manifest *manifest;
};

static void report(struct verify *verify, const char *path, const char *what)
{
    verify->result.problems++;
    verify->problem(verify->context, path, what);
}

/* What is damaged is a problem to report; what cannot be read at all is a failure. */
static bool reported(struct verify *verify, const char *path, struct fail *found, struct fail *fail)
{
    if (found->code == FAIL_CORRUPT || found->code == FAIL_ABSENT) {
        report(verify, path, found->message);
        return true;
    }
    *fail = *found;
    return false;
}

static void count_file(struct verify *verify, uint64_t bytes)
{
    verify->result.files++;
    verify->result.bytes += bytes;
}

/* ---- what the manifest names ------------------------------------------------------------------------------ */

static bool verify_segment(struct verify *verify, const struct store_segment_info *info,
                           struct fail *fail)
{
    char path[STORE_RUN_PATH_BYTES];
    snprintf(path, sizeof path, "segments/%016" PRIx64 ".seg", info->id);
    count_file(verify, info->bytes);
    verify->result.rows += info->rows;
    struct store_segment *segment;
    struct fail found;
    if (!store_segment_open(verify->disk, verify->names, info, &segment, &found)) {
        return reported(verify, path, &found, fail);
    }
    bool ok = store_segment_check(segment, verify->problem, verify->context,
                                  &verify->result.problems, &found);
    store_segment_unref(segment);
    return ok || reported(verify, path, &found, fail);
}

static bool verify_segments(struct verify *verify, struct fail *fail)
{
    uint64_t rows = 0;
    uint64_t arrival = 0;
    for (size_t i = 0; i < verify->manifest->segment_count; i++) {
        const struct store_segment_info *info = &verify->manifest->segments[i];
        if (info->arrival_min <= arrival || info->arrival_max < info->arrival_min) {
            report(verify, STORE_MANIFEST_PATH, "segments overlap in the order of arrival");
        }
        arrival = info->arrival_max;
        rows += info->rows;
        if (!verify_segment(verify, info, fail)) {
            return false;
        }
    }
    if (rows != verify->manifest->rows) {
        report(verify, STORE_MANIFEST_PATH, "it counts other rows than its segments");
    }
    return true;
}

static bool check_run(struct verify *verify, enum store_run_kind kind,
                      const struct store_run_info *info, struct fail *fail)
{
    void (*problem)(void *context, const char *path, const char *what) = verify->problem;
    uint64_t *problems = &verify->result.problems;
    bool ok = false;
    if (kind == STORE_RUN_DEDUP) {
        struct store_dedup_runs *runs;
        if (!store_dedup_runs_open(verify->disk, info, 1, NULL, &runs, fail)) {
            return false;
        }
        ok = store_dedup_run_check(&runs->runs[0], problem, verify->context, problems, fail);
        store_dedup_runs_unref(runs);
    }
    if (kind == STORE_RUN_QUARANTINE) {
        struct store_quarantine_files *files;
        if (!store_quarantine_files_open(verify->disk, info, 1, NULL, &files, fail)) {
            return false;
        }
        ok =
            store_quarantine_file_check(&files->files[0], problem, verify->context, problems, fail);
        store_quarantine_files_unref(files);
    }
    return ok;
}

static bool verify_runs(struct verify *verify, enum store_run_kind kind, struct fail *fail)
{
    for (size_t i = 0; i < verify->manifest->run_count[kind]; i++) {
        const struct store_run_info *info = &verify->manifest->runs[kind][i];
        char path[STORE_RUN_PATH_BYTES];
        struct fail found;
        store_run_path(kind, info->id, path);
        count_file(verify, info->bytes);
        if (!check_run(verify, kind, info, &found) && !reported(verify, path, &found, fail)) {
            return false;
        }
    }
    return true;
}

/* Identity runs adjoin, so they are opened together. */
static bool verify_identity(struct verify *verify, struct fail *fail)
{
    const struct store_manifest *manifest = verify->manifest;
    const struct store_run_info *infos = manifest->runs[STORE_RUN_IDENTITY];
    size_t count = manifest->run_count[STORE_RUN_IDENTITY];
    struct store_identity_runs *runs;
    struct fail found;
    for (size_t i = 0; i < count; i++) {
        count_file(verify, infos[i].bytes);
    }
    if (!store_identity_runs_open(verify->disk, infos, count, NULL, &runs, &found)) {
        return reported(verify, store_run_folder(STORE_RUN_IDENTITY), &found, fail);
    }
    uint64_t numbers = 0;
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        numbers += runs->runs[i].number_count;
        ok = store_identity_run_check(&runs->runs[i], verify->problem, verify->context,
                                      &verify->result.problems, fail);
    }
    store_identity_runs_unref(runs);
    if (ok && numbers != manifest->numbers) {
        report(verify, STORE_MANIFEST_PATH, "it counts other customers than its identity runs");
    }
    return ok;
}

static void verify_ledger(struct verify *verify)
{
    const struct store_manifest *manifest = verify->manifest;
    uint64_t stored = 0;
    for (size_t i = 0; i < manifest->ledger_count; i++) {
        stored += manifest->ledger[i].count.stored;
        if (!store_ledger_balanced(&manifest->ledger[i].count)) {
            report(verify, STORE_MANIFEST_PATH, "a line of the ledger does not add up");
        }
    }
    if (stored != manifest->rows + manifest->imports.rows_gone) {
        report(verify, STORE_MANIFEST_PATH, "the ledger counts other stored events than there are");
    }
}

/* ---- journals -------------------------------------------------------------------------------------------------- */

static bool verify_frame(void *context, uint64_t id, uint64_t payload_offset, struct str payload,
                         struct fail *fail)
{
    struct verify *verify = context;
    struct store_frame_reader reader;
    struct store_frame_record record = {.tag = STORE_FRAME_NAME};
    struct store_ledger_count sum = {0};
    uint64_t events = 0;
    bool ok = true;
    store_frame_reader_init(&reader, verify->names, payload);
    while (ok && record.tag != STORE_FRAME_END) {
        ok = store_frame_next(&reader, &record, fail);
        events += ok && record.tag == STORE_FRAME_EVENT;
        if (ok && record.tag == STORE_FRAME_LEDGER) {
            sum.stored += record.ledger.count.stored;
            ok = store_ledger_balanced(&record.ledger.count) ||
                 fail_set(fail, FAIL_CORRUPT, "its part of the ledger does not add up");
        }
    }
    store_frame_reader_done(&reader);
    if (ok && sum.stored != events) {
        ok = fail_set(fail, FAIL_CORRUPT, "its part of the ledger counts other events than it has");
    }
    (void)id;
    (void)payload_offset;
    verify->result.rows += events;
    return ok;
}

static bool verify_journals(struct verify *verify, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    uint64_t *ids;
    size_t count;
    uint64_t sequence = verify->manifest->next_sequence;
    if (!store_journals_begun(verify->disk, verify->manifest->journal_from, arena, &ids, &count,
                              fail)) {
        return false;
    }
    if (count == 0 || ids[0] != verify->manifest->journal_from) {
        report(verify, "journal", "the journal that the manifest names is not there");
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        char path[STORE_JOURNAL_PATH_BYTES];
        struct store_journal_end end;
        struct fail found;
        store_journal_path(ids[i], path);
        if (!store_journal_read(verify->disk, ids[i], i + 1 == count, verify_frame, verify, &end,
                                &found)) {
            return reported(verify, path, &found, fail);
        }
        count_file(verify, end.file_len);
        if (end.spoiled) {
            report(verify, path, "its end is damaged, which says nothing but that it was closed");
        }
        if (end.headless || end.first_sequence != sequence) {
            report(verify, path, "it does not go on where the one before ends");
            return true;
        }
        sequence = end.next_sequence;
    }
    return true;
}

/* ---- the whole: opened as a store, do the counts agree? ------------------------------------------------------------ */

/* Customers are the roots of trees with a row: counted anew. */
static bool count_customers(const struct store_identity_view *view, uint64_t *out,
                            struct fail *fail)
{
    void *seen = NULL;
    size_t bytes = (size_t)view->numbers / 8 + 1;
    if (!base_alloc_array(bytes, 1, &seen, fail)) {
        return false;
    }
    uint8_t *bits = seen;
    memset(bits, 0, bytes);
    uint64_t customers = 0;
    bool ok = true;
    for (uint32_t number = 0; number < view->numbers && ok; number++) {
        enum store_mark mark;
        uint32_t root;
        ok = store_identity_mark_of(view, number, &mark, fail) &&
             store_identity_root_of(view, number, &root, fail);
        if (ok && mark != STORE_MARK_ROWLESS &&
            ((unsigned)bits[root / 8] >> (root % 8) & 1U) == 0) {
            bits[root / 8] |= (uint8_t)(1U << (root % 8));
            customers++;
        }
    }
    base_free(seen);
    *out = customers;
    return ok;
}

static bool verify_store(struct verify *verify, struct store *store, struct fail *fail)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct store_ledger ledger;
    uint64_t customers;
    struct store_snapshot *snapshot = store_snapshot_take(store);
    bool ok = store_ledger_read(store, arena, &ledger, fail) &&
              count_customers(snapshot->identity, &customers, fail);
    if (ok && ledger.total.stored != snapshot->rows + store->now.imports.rows_gone) {
        report(verify, ".", "the ledger counts other stored events than there are");
    }
    if (ok && customers != snapshot->customers) {
        report(verify, ".", "there are other customers than are counted");
    }
    store_snapshot_unref(snapshot);
    return ok;
}

static bool verify_whole(struct verify *verify, struct fail *fail)
{
    struct store *store;
    struct store_options options = {.read_only = true};
    struct fail found;
    if (!store_open(verify->disk, &options, &store, &found)) {
        return reported(verify, ".", &found, fail);
    }
    bool ok = verify_store(verify, store, &found);
    store_close(store);
    return ok || reported(verify, ".", &found, fail);
}

bool store_verify(struct disk *disk,
                  void (*problem)(void *context, const char *path, const char *what), void *context,
                  struct store_verify_result *out, struct fail *fail)
{
    struct verify verify = {.disk = disk, .problem = problem, .context = context};
    CLEANUP(store_manifest_free_at) struct store_manifest *manifest = NULL;
    struct fail found;
    if (!store_manifest_read(disk, &manifest, &found)) {
        if (!reported(&verify, STORE_MANIFEST_PATH, &found, fail)) {
            return false;
        }
        *out = verify.result;
        return true;
    }
    verify.manifest = manifest;
    verify.names = store_names_new();
    count_file(&verify, 0);
    bool ok = verify_segments(&verify, fail) && verify_identity(&verify, fail) &&
              verify_runs(&verify, STORE_RUN_DEDUP, fail) &&
              verify_runs(&verify, STORE_RUN_QUARANTINE, fail) && verify_journals(&verify, fail);
    if (ok) {
        verify_ledger(&verify);
    }
    store_names_free(verify.names);
    /* A store with damage would only repeat what was said. */
    if (ok && verify.result.problems == 0) {
        ok = verify_whole(&verify, fail);
    }
    if (ok) {
        *out = verify.result;
    }
    return ok;
}
