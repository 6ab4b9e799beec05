/* A large CSV, read on all processors: this thread cuts the file into pieces and hands them over in order; others decode
   them meanwhile; the store's writer judges them. */
#include "app_import_parts.h"
#include "intake_piece.h"

#define LANES 16
#define READ_AHEAD 8 /* pieces that were read and are not numbered yet */
#define WORKERS_MOST 8

struct lane { /* a piece, from reading it until it was judged */
    struct pieces *pieces;
    struct intake_piece *piece;
    struct intake_import_progress progress; /* when it was read */
    /* Guarded by the lock. */
    bool decoded, busy, failed;
    struct fail fail;
};
struct worker {
    struct pieces *pieces;
    struct intake_piece_decoder *decoder;
    struct base_thread thread;
};
struct pieces {
    struct app_importing *importing;
    struct lane lanes[LANES];
    struct worker workers[WORKERS_MOST];
    int worker_count;
    struct base_mutex lock;
    struct base_cond changed;
    /* Guarded by the lock: how many pieces were read, and begun to be decoded. */
    uint64_t read, begun;
    bool stop;
    /* This thread's: how many were handed over, and counted. */
    uint64_t given, settled;
};

static struct lane *lane_of(struct pieces *pieces, uint64_t piece)
{
    return &pieces->lanes[piece % LANES];
}

/* ---- decoding ------------------------------------------------------------------------------------------- */

static void work(void *context)
{
    struct worker *worker = context;
    struct pieces *pieces = worker->pieces;
    base_lock(&pieces->lock);
    for (;;) {
        while (!pieces->stop && pieces->begun == pieces->read) {
            base_cond_wait(&pieces->changed, &pieces->lock);
        }
        if (pieces->stop) {
            break;
        }
        struct lane *lane = lane_of(pieces, pieces->begun++);
        struct fail fail;
        base_unlock(&pieces->lock);
        bool good = intake_piece_decode(worker->decoder, lane->piece, &fail);
        base_lock(&pieces->lock);
        lane->decoded = true;
        lane->failed = !good;
        if (!good) {
            lane->fail = fail;
        }
        base_cond_broadcast(&pieces->changed);
    }
    base_unlock(&pieces->lock);
}

/* ---- judging ---------------------------------------------------------------------------------------------- */

static void note_judged(void *context, const struct fail *fail)
{
    struct lane *lane = context;
    base_lock(&lane->pieces->lock);
    lane->busy = false;
    lane->failed = fail != NULL;
    if (fail != NULL) {
        lane->fail = *fail;
    }
    base_cond_broadcast(&lane->pieces->changed);
    base_unlock(&lane->pieces->lock);
}

/* Waits until the piece was decoded, or judged. False: that failed. */
static bool await(struct pieces *pieces, struct lane *lane, const bool *flag, bool wanted,
                  struct fail *fail)
{
    base_lock(&pieces->lock);
    while (*flag != wanted) {
        base_cond_wait(&pieces->changed, &pieces->lock);
    }
    bool failed = lane->failed;
    if (failed) {
        *fail = lane->fail;
    }
    base_unlock(&pieces->lock);
    return !failed;
}

static void tell_bad_rows(const struct pieces *pieces, struct lane *lane)
{
    const struct store_columns *columns = intake_piece_columns(lane->piece);
    const struct store_columns_bad *row = columns->out_bad;
    for (size_t i = 0; i <= columns->item_count; i++) {
        bool last = i == columns->item_count;
        for (; row != NULL && (last || row->row < columns->items_before[i]); row = row->next) {
            const struct app_import_bad bad = {intake_piece_row_record(lane->piece, row->row),
                                               row->verdict, row->reason, row->field};
            app_import_tell_bad(pieces->importing, &bad);
        }
        if (!last) {
            const struct store_item *item = &columns->items[i];
            const struct app_import_bad bad = {intake_piece_item_record(lane->piece, i),
                                               item->verdict, item->reason, item->field};
            app_import_tell_bad(pieces->importing, &bad);
        }
    }
}

static void count(const struct store_columns *columns, struct intake_counts *counts)
{
    intake_count(columns->items, columns->item_count, counts);
    counts->received += columns->count;
    counts->stored += columns->out_stored;
    counts->duplicate += columns->out_duplicate;
    for (const struct store_columns_bad *bad = columns->out_bad; bad != NULL; bad = bad->next) {
        counts->quarantined += bad->verdict == STORE_QUARANTINED;
        counts->refused += bad->verdict == STORE_REFUSED;
    }
}

/* The oldest piece that was handed over: waits for its judgement, counts it, tells of it. */
static bool settle(struct pieces *pieces, bool good, struct fail *fail)
{
    struct lane *lane = lane_of(pieces, pieces->settled++);
    struct fail own;
    bool judged = await(pieces, lane, &lane->busy, false, &own);
    if (!good) {
        return false;
    }
    if (!judged) {
        *fail = own;
        return false;
    }
    count(intake_piece_columns(lane->piece), pieces->importing->counts);
    tell_bad_rows(pieces, lane);
    return app_import_tell(pieces->importing, &lane->progress, fail);
}

/* The oldest piece that was read: numbers it once it is decoded, and hands it over. */
static bool give(struct pieces *pieces, struct fail *fail)
{
    struct app_importing *importing = pieces->importing;
    struct lane *lane = lane_of(pieces, pieces->given);
    if (!await(pieces, lane, &lane->decoded, true, fail) ||
        !intake_piece_number(importing->import, lane->piece, fail)) {
        return false;
    }
    struct store_columns *columns = intake_piece_columns(lane->piece);
    columns->shared.import = importing->number;
    for (size_t i = 0; i < columns->item_count; i++) {
        columns->items[i].import = importing->number;
    }
    lane->progress.records = intake_import_progress(importing->import).records;
    lane->busy = true; /* nobody else looks at it yet */
    pieces->given++;
    app_link_take_columns(importing->link, columns, note_judged, lane);
    return true;
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

static bool read_piece(struct pieces *pieces, bool *out_any, struct fail *fail)
{
    struct app_importing *importing = pieces->importing;
    struct lane *lane = lane_of(pieces, pieces->read);
    importing->source->received_at_ms = base_now_ms(base_clock_real());
    if (!intake_piece_read(importing->import, lane->piece, out_any, fail)) {
        return false;
    }
    lane->progress = intake_import_progress(importing->import);
    if (*out_any) {
        base_lock(&pieces->lock);
        lane->decoded = false;
        lane->failed = false;
        pieces->read++;
        base_cond_broadcast(&pieces->changed);
        base_unlock(&pieces->lock);
    }
    return true;
}

/* What was read is handed over and told of, whatever comes then; the first failure is the import's. */
static bool run(struct pieces *pieces, struct fail *fail)
{
    bool good = true, any = true, read_well = true;
    struct fail late;
    while (good && (any || pieces->given < pieces->read)) {
        if (any && pieces->read - pieces->given < READ_AHEAD) {
            good = pieces->read - pieces->settled < LANES || settle(pieces, true, fail);
            if (good && !read_piece(pieces, &any, &late)) {
                read_well = false;
                any = false;
            }
        } else {
            good = give(pieces, fail);
        }
    }
    while (pieces->settled < pieces->given) {
        good = settle(pieces, good, fail);
    }
    if (good && !read_well) {
        *fail = late;
    }
    return good && read_well;
}

static bool start(struct pieces *pieces, struct fail *fail)
{
    const struct intake_import *import = pieces->importing->import;
    int processors = base_cpu_count();
    for (size_t i = 0; i < LANES; i++) {
        pieces->lanes[i].pieces = pieces;
        if (!intake_piece_new(import, &pieces->lanes[i].piece, fail)) {
            return false;
        }
    }
    while (pieces->worker_count < processors && pieces->worker_count < WORKERS_MOST) {
        struct worker *worker = &pieces->workers[pieces->worker_count];
        worker->pieces = pieces;
        if (!intake_piece_decoder_new(import, &worker->decoder, fail)) {
            return false;
        }
        pieces->worker_count++;
        if (!base_thread_start(&worker->thread, "import-decode", work, worker, fail)) {
            return false;
        }
    }
    return true;
}

static void stop(struct pieces *pieces)
{
    base_lock(&pieces->lock);
    pieces->stop = true;
    base_cond_broadcast(&pieces->changed);
    base_unlock(&pieces->lock);
    for (int i = 0; i < pieces->worker_count; i++) {
        base_thread_join(&pieces->workers[i].thread);
        intake_piece_decoder_free(pieces->workers[i].decoder);
    }
    for (size_t i = 0; i < LANES; i++) {
        intake_piece_free(pieces->lanes[i].piece);
    }
    base_cond_done(&pieces->changed);
    base_mutex_done(&pieces->lock);
}

bool app_import_pieces(struct app_importing *importing, struct fail *fail)
{
    struct pieces *pieces = base_alloc_zero(sizeof *pieces);
    pieces->importing = importing;
    base_mutex_init(&pieces->lock);
    base_cond_init(&pieces->changed);
    bool good = start(pieces, fail) && run(pieces, fail);
    stop(pieces);
    base_free(pieces);
    return good;
}
