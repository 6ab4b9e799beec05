/* Rows of the quarantine, batch by batch. */
#include "app_mend.h"

struct mending {
    struct app *app;
    const struct app_caller *caller;
    const struct app_mend_work *work;
    struct app_mend_reader reader;
    struct arena *arena; /* the caller's */
    struct app_mend_result *out;
    struct fail *fail;
    size_t next_id;     /* of work->ids */
    uint64_t before_id; /* of the filter; 0: from the newest */
    bool ended;
};

struct batch {
    struct app_mend_row rows[APP_MEND_BATCH];
    size_t count;
};

/* ---- which rows --------------------------------------------------------------------------------------- */

static bool next_ids(struct mending *mending, struct arena *arena, const uint64_t **out,
                     size_t *out_count)
{
    const struct app_mend_work *work = mending->work;
    uint64_t left = work->filter.limit - mending->out->rows;
    size_t most = left < APP_MEND_BATCH ? (size_t)left : APP_MEND_BATCH;
    if (work->ids != NULL) {
        size_t rest = work->id_count - mending->next_id;
        *out = work->ids + mending->next_id;
        *out_count = rest < most ? rest : most;
        return true;
    }
    struct store_quarantine_filter filter = work->filter;
    struct store_quarantine_row *rows;
    uint64_t total;
    size_t count;
    filter.before_id = mending->before_id;
    filter.limit = most;
    if (!store_quarantine_list(mending->app->store, &filter, arena, &rows, &count, &total,
                               mending->fail)) {
        return false;
    }
    uint64_t *ids = arena_array(arena, count, sizeof *ids, mending->fail);
    if (ids == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        ids[i] = rows[i].id;
    }
    *out = ids;
    *out_count = count;
    return true;
}

static void passed(struct mending *mending, uint64_t id)
{
    mending->out->rows++;
    mending->out->last_id = id;
    mending->before_id = id;
    mending->next_id++;
}

/* ---- what became of them --------------------------------------------------------------------------------- */

/* Whole characters; the writer of JSON would put a mark in the place of half a one. */
static struct str shown(struct arena *arena, const struct app_mend_row *row, struct str text)
{
    text = row->document.data == NULL ? text : intake_mend_readable(text, arena);
    struct str copy = str_copy(arena, text.len > APP_MEND_EXAMPLE_BYTES
                                          ? str_of(text.data, APP_MEND_EXAMPLE_BYTES)
                                          : text);
    while (text.len > APP_MEND_EXAMPLE_BYTES && copy.len > 0 &&
           ((unsigned char)copy.data[copy.len - 1] & 0x80U) != 0) {
        copy.len--;
    }
    return copy;
}

static void tally(struct mending *mending, const struct app_mend_row *row)
{
    struct app_mend_result *out = mending->out;
    const struct store_item *item = &row->item;
    struct arena *arena = mending->arena;
    bool stays = row->unfit || (!item->out_absent && item->verdict == STORE_QUARANTINED);
    struct app_mend_example example = {
        .id = row->kept.id,
        .absent = !row->unfit && item->out_absent,
        .unfit = row->unfit,
        .stays = stays && !row->unfit,
        .stored = !stays && !item->out_absent && item->verdict == STORE_STORED,
        .duplicate = !stays && !item->out_absent && item->verdict == STORE_DUPLICATE,
        .refused = !stays && !item->out_absent && item->verdict == STORE_REFUSED,
    };
    out->stored += example.stored;
    out->duplicate += example.duplicate;
    out->refused += example.refused;
    out->absent += example.absent;
    out->quarantined += stays;
    out->unfit += example.unfit;
    if (out->example_count == mending->work->examples) {
        return;
    }
    struct str reason = row->unfit                 ? row->why
                        : stays || example.refused ? item->reason
                                                   : (struct str){NULL, 0};
    struct str field = row->unfit ? (struct str){NULL, 0} : item->field;
    example.source = str_copy(arena, row->kept.source);
    example.before = shown(arena, row, row->before);
    example.after =
        str_equal(row->before, row->after) ? (struct str){NULL, 0} : shown(arena, row, row->after);
    example.reason = reason.data == NULL ? reason : str_copy(arena, reason);
    example.field =
        field.data == NULL || reason.data == NULL ? (struct str){NULL, 0} : str_copy(arena, field);
    out->examples[out->example_count++] = example;
}

/* ---- a batch ------------------------------------------------------------------------------------------------- */

static bool read_rows(struct mending *mending, const uint64_t *ids, size_t count,
                      struct arena *arena, struct batch *batch)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count && bytes < APP_MEND_BATCH_BYTES; i++) {
        struct store_quarantine_row kept;
        struct fail why;
        if (!store_quarantine_get(mending->app->store, ids[i], arena, &kept, &why)) {
            if (why.code != FAIL_ABSENT) {
                *mending->fail = why;
                return false;
            }
            struct app_mend_row gone = {.kept = {.id = ids[i]}, .item = {.out_absent = true}};
            batch->rows[batch->count++] = gone;
        } else if (!app_mend_read(&mending->reader, &kept, &mending->work->fix, arena,
                                  &batch->rows[batch->count++], mending->fail)) {
            return false;
        } else {
            bytes += kept.raw.len;
        }
        passed(mending, ids[i]);
    }
    return true;
}

/* Their events may be answers of a survey: those are written as for a fresh arrival. */
static bool take_answers(struct mending *mending, struct batch *batch, struct arena *arena)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct app_mend_row *row = &batch->rows[i];
        if (!row->unfit && !row->item.out_absent && row->item.verdict == STORE_STORED &&
            row->way.form == INTAKE_WAY_IS_POSTHOG) {
            struct intake_items one = {&row->item, 1};
            if (!app_posthog_answers(mending->app, &one, STR(""), STR(""), arena, mending->fail)) {
                return false;
            }
            row->item.mends = row->kept.id;
        }
    }
    return true;
}

/* What only discards frees room, and is taken on a full disk too. */
static bool take(struct mending *mending, struct store_item *items, size_t count)
{
    bool discards = true;
    for (size_t i = 0; i < count; i++) {
        discards = discards && items[i].verdict == STORE_REFUSED;
    }
    if (mending->work->dry_run) {
        return app_try(mending->app, items, count, mending->fail);
    }
    return discards ? app_take_always(mending->app, items, count, mending->fail)
                    : app_take(mending->app, items, count, mending->fail);
}

static bool settle(struct mending *mending, struct batch *batch, struct arena *arena)
{
    struct store_item *items = arena_array(arena, batch->count, sizeof *items, mending->fail);
    size_t count = 0;
    if (items == NULL || (!mending->work->dry_run && !take_answers(mending, batch, arena))) {
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->rows[i].unfit && !batch->rows[i].item.out_absent) {
            items[count++] = batch->rows[i].item;
        }
    }
    if (count > 0 && !take(mending, items, count)) {
        return false;
    }
    for (size_t i = 0, k = 0; i < batch->count; i++) {
        if (!batch->rows[i].unfit && !batch->rows[i].item.out_absent) {
            batch->rows[i].item = items[k++];
        }
        tally(mending, &batch->rows[i]);
    }
    return true;
}

static bool one_batch(struct mending *mending)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct batch *batch = arena_alloc(arena, sizeof *batch, mending->fail);
    const uint64_t *ids;
    size_t count;
    if (batch == NULL || !next_ids(mending, arena, &ids, &count)) {
        return false;
    }
    batch->count = 0;
    mending->ended = count == 0;
    return mending->ended ||
           (read_rows(mending, ids, count, arena, batch) && settle(mending, batch, arena));
}

bool app_mend(struct app *app, const struct app_caller *caller, const struct app_mend_work *work,
              struct arena *arena, struct app_mend_result *out, struct fail *fail)
{
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    *out = (struct app_mend_result){0};
    struct mending mending = {
        .app = app,
        .caller = caller,
        .work = work,
        .reader = {.app = app, .decoder = decoder, .arena = arena},
        .arena = arena,
        .out = out,
        .fail = fail,
        .before_id = work->filter.before_id,
    };
    out->examples = arena_array(arena, work->examples, sizeof *out->examples, fail);
    if (out->examples == NULL) {
        return false;
    }
    while (!mending.ended && out->rows < work->filter.limit) {
        if (caller->gone != NULL && caller->gone(caller->gone_context)) {
            return fail_set(fail, FAIL_CANCELLED,
                            "stopped; what was mended so far is stored, the rest waits");
        }
        if (!one_batch(&mending)) {
            return false;
        }
    }
    out->more = !mending.ended && (work->ids == NULL || mending.next_id < work->id_count);
    return true;
}
