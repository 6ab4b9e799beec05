#include "app_import_parts.h"

#include "intake_piece.h"
#include "intake_suggest.h"

void app_import_tell_bad(const struct app_importing *importing, const struct app_import_bad *bad)
{
    const struct app_import_options *options = importing->options;
    if (options->bad != NULL &&
        (bad->verdict == STORE_QUARANTINED || bad->verdict == STORE_REFUSED)) {
        options->bad(options->context, bad);
    }
}

bool app_import_tell(const struct app_importing *importing,
                     const struct intake_import_progress *progress, struct fail *fail)
{
    const struct app_import_options *options = importing->options;
    if (options->progress != NULL &&
        !options->progress(options->context, progress, importing->counts)) {
        return fail_set(fail, FAIL_CANCELLED,
                        "stopped; run the same command again to go on where it stopped");
    }
    return true;
}

static void number_items(const struct intake_import_batch *batch, uint64_t number)
{
    for (size_t i = 0; i < batch->count; i++) {
        batch->items[i].import = number;
    }
}

/* ---- batches under way ----------------------------------------------------------------------------------- */

#define LANES 8
/* Past the journal no commit waits for the disk, and batches are as small as lies in the caches from reading to judging. */
#define LARGE_BATCH 1000
/* So much of batches under way, above which the oldest is waited for before the next is read: records may be of a megabyte. */
#define HELD_BYTES_MOST ((size_t)256 << 20)
/* An import that has brought as many rows is a large one: from then on it goes past the journal. */
#define LARGE_ROWS 20000U

struct lane { /* a batch, from reading it until it was judged */
    struct run *run;
    struct arena *arena;
    struct intake_import_batch batch;
    struct intake_import_progress progress; /* when it was read */
    bool busy;                              /* handed over, and not waited for yet */
    bool finished, failed;                  /* guarded by the run's lock */
    struct fail fail;                       /* where failed */
};
struct run { /* one import */
    struct app_importing at;
    bool bulk;     /* may go past the journal */
    bool unsealed; /* something of it did, and is durable only once the import is ended */
    struct lane lanes[LANES];
    size_t next; /* the lane of the batch that is read next; those after it are older */
    struct base_mutex lock;
    struct base_cond changed;
};

static void run_init(struct run *run)
{
    base_mutex_init(&run->lock);
    base_cond_init(&run->changed);
    for (size_t i = 0; i < LANES; i++) {
        run->lanes[i].run = run;
        run->lanes[i].arena = arena_new(NULL);
    }
}

static void run_done(struct run *run)
{
    for (size_t i = 0; i < LANES; i++) {
        arena_free(run->lanes[i].arena);
    }
    base_cond_done(&run->changed);
    base_mutex_done(&run->lock);
}

static void note_judged(void *context, const struct fail *fail)
{
    struct lane *lane = context;
    base_lock(&lane->run->lock);
    lane->finished = true;
    lane->failed = fail != NULL;
    if (fail != NULL) {
        lane->fail = *fail;
    }
    base_cond_signal(&lane->run->changed);
    base_unlock(&lane->run->lock);
}

/* Counts and reports a batch that was judged. False: the import is to stop. */
static bool settle(struct run *run, struct lane *lane, struct fail *fail)
{
    const struct intake_import_batch *batch = &lane->batch;
    intake_count(batch->items, batch->count, run->at.counts);
    for (size_t i = 0; i < batch->count; i++) {
        const struct store_item *item = &batch->items[i];
        const struct app_import_bad bad = {batch->records[i], item->verdict, item->reason,
                                           item->field};
        app_import_tell_bad(&run->at, &bad);
    }
    return app_import_tell(&run->at, &lane->progress, fail);
}

/* Waits for the lane's batch, if there is one. `good`: nothing failed before. */
static bool await(struct run *run, struct lane *lane, bool good, struct fail *fail)
{
    if (!lane->busy) {
        return good;
    }
    base_lock(&run->lock);
    while (!lane->finished) {
        base_cond_wait(&run->changed, &run->lock);
    }
    bool failed = lane->failed;
    base_unlock(&run->lock);
    lane->busy = false;
    if (!good) {
        return false;
    }
    if (failed) {
        *fail = lane->fail;
        return false;
    }
    return settle(run, lane, fail);
}

static bool await_all(struct run *run, bool good, struct fail *fail)
{
    for (size_t i = 0; i < LANES; i++) {
        good = await(run, &run->lanes[(run->next + i) % LANES], good, fail);
    }
    return good;
}

static size_t held_bytes(const struct run *run)
{
    size_t bytes = 0;
    for (size_t i = 0; i < LANES; i++) {
        bytes += run->lanes[i].busy ? arena_used(run->lanes[i].arena) : 0;
    }
    return bytes;
}

/* Makes the lane of the next batch free, and room for what that brings. */
static bool make_room(struct run *run, struct fail *fail)
{
    bool good = await(run, &run->lanes[run->next], true, fail);
    for (size_t i = 1; good && i < LANES && held_bytes(run) > HELD_BYTES_MOST; i++) {
        good = await(run, &run->lanes[(run->next + i) % LANES], true, fail);
    }
    return good;
}

/* Hands a batch over; one that may not go past the journal ends that for the whole import. */
static bool take(struct run *run, struct lane *lane, struct fail *fail)
{
    struct intake_import_batch *batch = &lane->batch;
    number_items(batch, run->at.number);
    if (run->at.options->dry_run) {
        return settle(run, lane, fail);
    }
    run->bulk = run->bulk && store_bulk_may(batch->items, batch->count);
    if (run->bulk && lane->progress.records >= LARGE_ROWS) {
        run->unsealed = true;
        lane->busy = true;
        lane->finished = false;
        app_link_take_bulk(run->at.link, batch->items, batch->count, lane->arena, note_judged,
                           lane);
        return true;
    }
    return await_all(run, true, fail) &&
           app_link_take(run->at.link, batch->items, batch->count, fail) && settle(run, lane, fail);
}

static bool import_batches(struct run *run, struct fail *fail)
{
    for (;;) {
        if (!make_room(run, fail)) {
            return await_all(run, false, fail);
        }
        struct lane *lane = &run->lanes[run->next];
        run->next = (run->next + 1) % LANES;
        arena_reset(lane->arena);
        run->at.source->received_at_ms = base_now_ms(base_clock_real());
        size_t most = run->unsealed ? LARGE_BATCH : APP_IMPORT_BATCH;
        if (!intake_import_next(run->at.import, lane->arena, most, &lane->batch, fail)) {
            struct fail ignored; /* what was read before is stored, and counted */
            (void)!await_all(run, true, &ignored);
            return false;
        }
        lane->progress = intake_import_progress(run->at.import);
        if (lane->batch.count == 0) {
            return await_all(run, true, fail);
        }
        if (!take(run, lane, fail)) {
            return await_all(run, false, fail);
        }
        if (run->unsealed && app_link_may_columns(run->at.link) &&
            intake_piece_may(run->at.import)) {
            return await_all(run, true, fail) && app_import_pieces(&run->at, fail);
        }
    }
}

/* The import stands in the list from its first batch to its end, whatever that is. */
static bool import_listed(struct run *run, struct fail *fail)
{
    const struct app_import_options *options = run->at.options;
    struct fail ignored;
    struct str name = options->name;
    name.len = name.len > STORE_IMPORT_NAME_BYTES_MAX ? STORE_IMPORT_NAME_BYTES_MAX : name.len;
    if (options->dry_run) {
        return import_batches(run, fail);
    }
    if (!app_link_import_begin(run->at.link, options->source, name, &run->at.number, fail)) {
        return false;
    }
    struct intake_counts before = *run->at.counts;
    bool good = import_batches(run, fail);
    bool ended = app_link_import_end(run->at.link, run->at.number, !good, good ? fail : &ignored);
    if (!ended && run->unsealed) {
        *run->at.counts =
            before; /* nobody knows how much of it is stored; running it again goes on there */
    }
    return good && ended;
}

/* Rows without an id may take a quarter of the memory there is. */
static size_t repeats_bytes(void)
{
    size_t part = base_memory_bytes() / 4;
    return part > INTAKE_REPEATS_BYTES ? part : INTAKE_REPEATS_BYTES;
}

bool app_import(struct app_link *link, const struct app_import_options *options,
                struct intake_counts *counts, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct intake_source source;
    if (!app_link_source(link, options->source, true, arena, &source, fail)) {
        return false;
    }
    source.named_source =
        options->source_is_given ? INTAKE_SOURCE_PASSED_OVER : INTAKE_SOURCE_TAKEN;
    struct intake_import_options import_options = {
        .reader = intake_reader_of_descriptor(options->descriptor),
        .format = options->format,
        .map = options->map,
        .source = &source,
        .repeats_bytes_max = repeats_bytes(),
    };
    struct intake_import *import = NULL;
    if (!intake_import_open(&import_options, &import, fail)) {
        return false;
    }
    CLEANUP(run_done)
    struct run run = {
        .at = {.link = link,
               .import = import,
               .source = &source,
               .options = options,
               .counts = counts},
        .bulk = app_link_may_bulk(link),
    };
    run_init(&run);
    bool good = import_listed(&run, fail);
    intake_import_close(import);
    return good;
}

bool app_import_suggest(int descriptor, struct base_buf *out, struct fail *fail)
{
    const struct intake_reader reader = intake_reader_of_descriptor(descriptor);
    return intake_suggest_map(&reader, base_now_ms(base_clock_real()), out, fail);
}
