#include "app_import.h"

#include "intake_suggest.h"

static void report_bad(const struct app_import_options *options,
                       const struct intake_import_batch *batch)
{
    for (size_t i = 0; options->bad != NULL && i < batch->count; i++) {
        const struct store_item *item = &batch->items[i];
        if (item->verdict == STORE_QUARANTINED || item->verdict == STORE_REFUSED) {
            struct app_import_bad bad = {batch->records[i], item->verdict, item->reason,
                                         item->field};
            options->bad(options->context, &bad);
        }
    }
}

static void number_items(const struct intake_import_batch *batch, uint64_t number)
{
    for (size_t i = 0; i < batch->count; i++) {
        batch->items[i].import = number;
    }
}

/* `number`: of the import in the list; a dry run has none. */
static bool import_batches(struct app_link *link, struct intake_import *import, uint64_t number,
                           struct intake_source *source, const struct app_import_options *options,
                           struct intake_counts *counts, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    for (;;) {
        struct intake_import_batch batch;
        source->received_at_ms = base_now_ms(base_clock_real());
        if (!intake_import_next(import, arena, APP_IMPORT_BATCH, &batch, fail)) {
            return false;
        }
        if (batch.count == 0) {
            return true;
        }
        number_items(&batch, number);
        if (!options->dry_run && !app_link_take(link, batch.items, batch.count, fail)) {
            return false;
        }
        intake_count(batch.items, batch.count, counts);
        report_bad(options, &batch);
        struct intake_import_progress progress = intake_import_progress(import);
        if (options->progress != NULL && !options->progress(options->context, &progress, counts)) {
            return fail_set(fail, FAIL_CANCELLED,
                            "stopped; run the same command again to go on where it stopped");
        }
        arena_reset(arena);
    }
}

/* The import stands in the list from its first batch to its end, whatever that is. */
static bool import_listed(struct app_link *link, struct intake_import *import,
                          struct intake_source *source, const struct app_import_options *options,
                          struct intake_counts *counts, struct fail *fail)
{
    uint64_t number;
    struct fail ignored;
    struct str name = options->name;
    name.len = name.len > STORE_IMPORT_NAME_BYTES_MAX ? STORE_IMPORT_NAME_BYTES_MAX : name.len;
    if (options->dry_run) {
        return import_batches(link, import, 0, source, options, counts, fail);
    }
    if (!app_link_import_begin(link, options->source, name, &number, fail)) {
        return false;
    }
    bool good = import_batches(link, import, number, source, options, counts, fail);
    bool ended = app_link_import_end(link, number, !good, good ? fail : &ignored);
    return good && ended;
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
    };
    struct intake_import *import = NULL;
    if (!intake_import_open(&import_options, &import, fail)) {
        return false;
    }
    bool good = import_listed(link, import, &source, options, counts, fail);
    intake_import_close(import);
    return good;
}

bool app_import_suggest(int descriptor, struct base_buf *out, struct fail *fail)
{
    const struct intake_reader reader = intake_reader_of_descriptor(descriptor);
    return intake_suggest_map(&reader, base_now_ms(base_clock_real()), out, fail);
}
