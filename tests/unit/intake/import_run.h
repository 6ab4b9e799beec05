/* import_run.h — runs an import over a text, for its tests: all items and the numbers of their records. */
#pragma once

#include "intake_test.h"

#include "base_buf.h"
#include "intake_import.h"

/* A line of the own form. */
#define LINE(n) "{\"userId\":\"u" n "\",\"event\":\"E\",\"ts\":\"2020-01-01T00:00:00Z\"}\n"

struct run {
    struct store_item *items;
    uint64_t *records;
    size_t count;
};

static inline void close_import(void *import)
{
    intake_import_close(import);
}

static inline bool run_options(struct fixture *f, const struct intake_import_options *options,
                               size_t most, struct run *out)
{
    enum { ITEMS_MAX = 4096 };
    struct intake_import *import;
    *out =
        (struct run){.items = arena_array(f->arena, ITEMS_MAX, sizeof *out->items, &f->fail),
                     .records = arena_array(f->arena, ITEMS_MAX, sizeof *out->records, &f->fail)};
    if (!intake_import_open(options, &import, &f->fail)) {
        return false;
    }
    struct intake_import_batch batch;
    bool good;
    while ((good = intake_import_next(import, f->arena, most, &batch, &f->fail)) &&
           batch.count > 0) {
        assert_true(batch.count <= most && out->count + batch.count <= ITEMS_MAX);
        memcpy(out->items + out->count, batch.items, batch.count * sizeof *batch.items);
        memcpy(out->records + out->count, batch.records, batch.count * sizeof *batch.records);
        out->count += batch.count;
        assert_int_equal(intake_import_progress(import).records, out->count);
    }
    arena_defer(f->arena, close_import, import); /* the items view it */
    return good;
}

static inline bool run(struct fixture *f, enum intake_format format, const char *map,
                       struct str text, struct run *out)
{
    struct intake_import_options options = {.reader = intake_reader_of(&text),
                                            .format = format,
                                            .map = str_from_c(map),
                                            .source = &f->source};
    return run_options(f, &options, 3, out);
}

static inline struct run run_csv(struct fixture *f, const char *map, const char *csv)
{
    struct run got;
    if (!run(f, INTAKE_FORMAT_CSV, map, str_from_c(csv), &got)) {
        print_error("%s: %s\n", f->fail.pointer, f->fail.message);
        fail();
    }
    return got;
}

static inline struct run run_lines(struct fixture *f, const char *map, const char *lines)
{
    struct run got;
    if (!run(f, INTAKE_FORMAT_NDJSON, map, str_from_c(lines), &got)) {
        print_error("%s: %s\n", f->fail.pointer, f->fail.message);
        fail();
    }
    return got;
}

static inline struct str properties_of(struct fixture *f, const struct store_item *item)
{
    return fields_text(f->arena, item->event.properties, item->event.property_count);
}

#define MAP_START "{\"customer\":\"who\",\"event\":{\"const\":\"Buy\"},\"ts\":\"at\""
