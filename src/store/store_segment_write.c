/* store_segment_write.c — writing a segment: sealing fresh rows, merging segments, or both. */
#include <inttypes.h>

#include "base_bytes.h"
#include "store_build.h"

/* Of a batch, whose values are held beside those of the block: fewer rows where there are more columns than this allows for. */
#define BATCH_ROWS 16384U
#define BATCH_VALUES (UINT32_C(1) << 20)

static void lines_done(struct store_build_lines *lines)
{
    store_vec_done(&lines->lines, NULL);
    base_free(lines->slots);
}

static void build_done(struct store_build *build)
{
    store_build_writer_free(build);
    disk_close(build->file);
    for (size_t i = 0; i < ARRAY_LEN(build->pair); i++) {
        store_build_block_done(&build->pair[i], build->column_count);
    }
    for (size_t i = 0; i < STORE_BUILD_INTS; i++) {
        store_vec_done(&build->int_chunks[i].entries, NULL);
    }
    for (size_t c = 0; c < build->column_count; c++) {
        store_vec_done(&build->columns[c].chunks.entries, NULL);
    }
    base_buf_done(&build->out);
    base_buf_done(&build->spare);
    base_buf_done(&build->blocks);
    base_buf_done(&build->event_sets);
    base_buf_done(&build->groups);
    base_buf_done(&build->block_places);
    lines_done(&build->names_lines);
    lines_done(&build->hours_lines);
    store_build_count_done(build);
    store_build_cubes_free(build->cubes);
    store_build_places_free(build->places);
    store_build_days_free(build->days);
    store_encoder_done(&build->encoder);
    store_words_done(&build->words);
    store_words_done(&build->words_written);
    arena_free(build->arena);
}

static bool build_init(struct store_build *build, const struct store_segment_build *in, uint64_t id,
                       struct fail *fail)
{
    *build = (struct store_build){.in = in};
    build->arena = arena_new(NULL);
    build->encoder.arena = arena_new(NULL);
    build->encoder.zipper = base_zipper_new();
    build->encoder.find = store_build_find_words;
    build->encoder.take = store_build_take_pages;
    build->encoder.context = build;
    store_words_init(&build->words, in->segments, in->segment_count);
    store_words_init(&build->words_written, in->segments, in->segment_count);
    build->out.limit = SIZE_MAX / 2;
    build->spare.limit = SIZE_MAX / 2;
    build->blocks.limit = SIZE_MAX / 2;
    build->event_sets.limit = SIZE_MAX / 2;
    build->groups.limit = SIZE_MAX / 2;
    build->block_places.limit = SIZE_MAX / 2;
    build->info = (struct store_segment_info){
        .id = id,
        .ts_min_ms = INT64_MAX,
        .ts_max_ms = INT64_MIN,
        .arrival_min = UINT64_MAX,
        .identity_position = store_identity_position(in->view),
    };
    store_segment_path(id, build->path);
    build->filling = &build->pair[0];
    if (!store_build_block_init(build->filling, fail)) {
        return false;
    }
    build->sources = (struct store_sources){.names = in->names,
                                            .identity = in->view,
                                            .segments = in->segments,
                                            .segment_count = in->segment_count};
    if (in->fresh_count > 0) {
        if (!store_fresh_index_make(in->fresh, in->fresh_count, in->view, build->arena,
                                    &build->fresh, fail)) {
            return false;
        }
        build->sources.fresh = build->fresh.row_count > 0 ? &build->fresh : NULL;
    }
    return true;
}

static bool check_rows(const struct store_build *build, struct fail *fail)
{
    uint64_t rows = build->sources.fresh != NULL ? build->fresh.row_count : 0;
    rows += build->in->bulk != NULL ? build->in->bulk->count : 0;
    for (size_t s = 0; s < build->sources.segment_count; s++) {
        rows += store_segment_info(build->sources.segments[s])->rows;
    }
    if (rows == 0) {
        return fail_set(fail, FAIL_INPUT, "a segment of no rows");
    }
    if (build->sources.segment_count > STORE_LEFT_SEGMENTS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%zu segments at once; at most %u",
                        build->sources.segment_count, STORE_LEFT_SEGMENTS_MAX);
    }
    if (rows > STORE_SEGMENT_ROWS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a segment of %" PRIu64 " rows; at most %" PRIu32, rows,
                        STORE_SEGMENT_ROWS_MAX);
    }
    return true;
}

/* The file and its folder; what an earlier attempt left there goes. */
static bool open_file(struct store_build *build, struct fail *fail)
{
    struct disk *disk = build->in->disk;
    if (!disk_make_dir(disk, "segments", fail) ||
        !disk_open(disk, build->path, DISK_CREATE, &build->file, fail) ||
        !disk_truncate(build->file, 0, fail)) {
        return false;
    }
    uint8_t header[STORE_SEGMENT_HEADER_BYTES] = {0};
    memcpy(header, store_segment_magic, 8);
    base_put_u32(header + 8, STORE_SEGMENT_VERSION);
    base_put_u64(header + 16, build->info.id);
    base_buf_bytes(&build->out, header, sizeof header);
    return base_buf_ok(&build->out, fail);
}

/* All columns, in the order that store_build_add takes them in. */
static bool list_columns(struct store_build *build, struct store_read_column **out,
                         size_t *out_count, struct fail *fail)
{
    static const enum store_read_of own[] = {
        STORE_READ_ARRIVAL,     STORE_READ_ORIGINAL,     STORE_READ_RECEIVED_AT,
        STORE_READ_SOURCE_CODE, STORE_READ_CHANNEL_CODE, STORE_READ_SCALE_CODE,
        STORE_READ_CLIENT_TS,   STORE_READ_SENT_AT,      STORE_READ_SCORE,
        STORE_READ_TEXT,        STORE_READ_MESSAGE_ID};
    size_t values = build->column_count - STORE_BUILD_VALUES;
    struct store_read_column *columns =
        arena_array(build->arena, ARRAY_LEN(own) + values, sizeof *columns, fail);
    if (columns == NULL) {
        return false;
    }
    for (size_t c = 0; c < ARRAY_LEN(own); c++) {
        columns[c] = (struct store_read_column){.of = own[c], .name = STORE_NO_CODE};
    }
    for (size_t c = 0; c < values; c++) {
        const struct store_build_column *column = &build->columns[STORE_BUILD_VALUES + c];
        columns[ARRAY_LEN(own) + c] = (struct store_read_column){
            .of = column->kind == STORE_SEGMENT_PROPERTY ? STORE_READ_PROPERTY
                                                         : STORE_READ_TRAIT_CELL,
            .name = column->name};
    }
    *out = columns;
    *out_count = ARRAY_LEN(own) + values;
    return true;
}

static bool copy_rows(struct store_build *build, struct fail *fail)
{
    struct store_read_column *columns;
    size_t count;
    if (!list_columns(build, &columns, &count, fail)) {
        return false;
    }
    size_t rows_most = BATCH_VALUES / count;
    rows_most = rows_most < BATCH_ROWS ? rows_most + 1 : BATCH_ROWS;
    const struct store_scan_options options = {.cancel = build->in->cancel,
                                               .batch_rows = (uint32_t)rows_most};
    bool leaves = build->in->leave_out != NULL || build->in->mute != NULL;
    CLEANUP(store_build_left_done) struct store_build_left left = {0};
    struct store_scan *scan = NULL;
    struct store_cursor *cursor = NULL;
    if (leaves && !store_build_left_init(&left, count, fail)) {
        return false;
    }
    if (!store_scan_over(&build->sources, &options, columns, count, &scan, fail)) {
        return false;
    }
    store_scan_slice(scan);
    store_scan_leave_words(scan);
    bool ok = store_cursor_new(scan, NULL, &cursor, fail);
    const struct store_rows *rows = NULL;
    while (ok) {
        ok = store_cursor_next(cursor, &rows, fail);
        if (!ok || rows->customer_count == 0) {
            break;
        }
        ok = (!leaves || store_build_leave(&left, build->in, rows, &rows, fail)) &&
             (rows->customer_count == 0 || store_build_add(build, rows, fail));
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    return ok;
}

/* When the rows are at the earliest and at the latest: of what is fresh nobody has said it yet. */
static bool plan_counters(struct store_build *build, struct fail *fail)
{
    int64_t least_ms = INT64_MAX;
    int64_t most_ms = INT64_MIN;
    for (size_t s = 0; s < build->sources.segment_count; s++) {
        const struct store_segment_info *info = store_segment_info(build->sources.segments[s]);
        least_ms = info->ts_min_ms < least_ms ? info->ts_min_ms : least_ms;
        most_ms = info->ts_max_ms > most_ms ? info->ts_max_ms : most_ms;
    }
    return store_build_count_plan(build, least_ms, most_ms, fail);
}

static bool write_bulk(struct store_build *build, struct fail *fail)
{
    struct store_bulk_sorted *sorted = NULL;
    bool ok = store_build_bulk_plan(build, &sorted, fail) && open_file(build, fail) &&
              store_build_bulk_rows(build, sorted, fail);
    store_bulk_sorted_free(sorted);
    return ok;
}

static bool write_rows(struct store_build *build, struct fail *fail)
{
    return build->in->bulk != NULL
               ? write_bulk(build, fail)
               : store_build_plan_dictionaries(build, fail) && plan_counters(build, fail) &&
                     open_file(build, fail) && copy_rows(build, fail) &&
                     store_build_count_hours(build, fail);
}

static bool write_segment(struct store_build *build, struct fail *fail)
{
    if (!check_rows(build, fail) || !store_build_plan_names(build, fail) ||
        !write_rows(build, fail) || !store_build_finish(build, fail)) {
        return false;
    }
    return disk_sync_dir(build->in->disk, "segments", fail) &&
           disk_sync_dir(build->in->disk, "", fail);
}

bool store_segment_write(const struct store_segment_build *in, struct store_segment_info *info,
                         struct fail *fail)
{
    struct store_build *build = base_alloc_zero(sizeof *build);
    bool ok = build_init(build, in, info->id, fail) && write_segment(build, fail);
    if (ok) {
        *info = build->info;
    } else if (build->file != NULL) {
        /* Best effort: a file that no manifest names is removed at the next start. */
        struct fail ignored;
        store_build_writer_free(build);
        disk_close(build->file);
        build->file = NULL;
        bool removed = disk_remove(in->disk, build->path, &ignored);
        (void)removed;
    }
    build_done(build);
    base_free(build);
    return ok;
}
