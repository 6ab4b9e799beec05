#include "export_internal.h"

struct export_stream {
    enum { FINDING_COLUMNS, WRITING, ENDED } stage;
    struct export_options options;
    struct store_snapshot *snapshot;
    struct base_budget *budget;
    struct store_walk *walk;
    struct arena *arena; /* as long as the stream */
    struct arena *ids;   /* the customer's */
    uint32_t customer;   /* of the last row; STORE_NO_CUSTOMER: none yet */
    struct str customer_id;
    uint64_t rows;
    struct export_who *who; /* NDJSON */
    struct export_shaping *shaping;
    struct export_shape shape;
    struct export_table table;
};

/* ---- formats ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *media_type;
} formats[] = {
    [EXPORT_NDJSON] = {"ndjson", "application/x-ndjson"},
    [EXPORT_CSV] = {"csv", "text/csv; charset=utf-8"},
    [EXPORT_PARQUET] = {"parquet", "application/vnd.apache.parquet"},
};

bool export_format_parse(struct str name, enum export_format *out, struct fail *fail)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (str_is(name, formats[i].name)) {
            *out = (enum export_format)i;
            return true;
        }
    }
    return fail_input_at(fail, "/format", "\"%.*s\" is no format: expected ndjson, csv or parquet",
                         (int)(name.len > 40 ? 40 : name.len), name.data);
}

const char *export_media_type(enum export_format format)
{
    return formats[format].media_type;
}

const char *export_ending(enum export_format format)
{
    return formats[format].name;
}

/* ---- opening -------------------------------------------------------------------------------------------- */

static bool walk_again(struct export_stream *stream, struct fail *fail)
{
    store_walk_free(stream->walk);
    stream->walk = NULL;
    return store_walk_new(stream->snapshot, &stream->options.rows, stream->budget, &stream->walk,
                          fail);
}

bool export_open(struct store_snapshot *snapshot, const struct export_options *options,
                 struct base_budget *budget, struct export_stream **out, struct fail *fail)
{
    struct export_stream *stream = base_alloc_zero(sizeof *stream);
    stream->options = *options;
    stream->snapshot = store_snapshot_ref(snapshot);
    stream->budget = budget;
    stream->arena = arena_new(budget);
    if (options->rows.source.data != NULL) {
        stream->options.rows.source = str_copy(stream->arena, options->rows.source);
    }
    stream->ids = arena_new(budget);
    stream->customer = STORE_NO_CUSTOMER;
    if (options->format == EXPORT_NDJSON) {
        stream->stage = WRITING;
        stream->who = export_who_new(snapshot, options->whole);
    } else {
        stream->stage = FINDING_COLUMNS;
        stream->shaping = export_shaping_new();
    }
    if (!walk_again(stream, fail)) {
        export_close(stream);
        return false;
    }
    *out = stream;
    return true;
}

void export_close(struct export_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    export_table_done(&stream->table);
    export_shaping_free(stream->shaping);
    export_who_free(stream->who);
    store_walk_free(stream->walk);
    arena_free(stream->ids);
    arena_free(stream->arena);
    store_snapshot_unref(stream->snapshot);
    base_free(stream);
}

uint64_t export_rows(const struct export_stream *stream)
{
    return stream->rows;
}

/* ---- rows -------------------------------------------------------------------------------------------------- */

static void write_text(struct json_writer *w, const char *name, struct str text)
{
    if (text.data != NULL) {
        json_name_c(w, name);
        json_write_str(w, text);
    }
}

/* The own form of an event (docs/reference/events.md); what is missing is left out. */
static void write_line(struct export_stream *stream, const struct store_timeline_row *row,
                       struct base_buf *out)
{
    const struct store_event *event = &row->event;
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    write_text(&w, "source", event->source);
    write_text(&w, "message_id", event->message_id);
    export_who_write(stream->who, row, &w);
    write_text(&w, "event", event->event);
    json_name_c(&w, "ts");
    json_write_instant(&w, event->ts_ms);
    write_text(&w, "channel", event->channel);
    if (event->property_count > 0) {
        json_name_c(&w, "properties");
        store_json_fields(&w, event->properties, event->property_count, false);
    }
    if (event->trait_count > 0) {
        json_name_c(&w, "traits");
        store_json_fields(&w, event->traits, event->trait_count, true);
    }
    write_text(&w, "text", event->text);
    if (event->scale.data != NULL) {
        json_name_c(&w, "score");
        store_json_value(&w, event->score);
        write_text(&w, "scale", event->scale);
    }
    json_end_object(&w);
    base_buf_byte(out, '\n');
}

static bool change_customer(struct export_stream *stream, uint32_t customer, struct base_buf *out,
                            struct fail *fail)
{
    bool first = stream->customer == STORE_NO_CUSTOMER;
    stream->customer = customer;
    if (stream->who != NULL) {
        if (!first) {
            export_who_end(stream->who, out);
        }
        return export_who_begin(stream->who, customer, fail);
    }
    arena_reset(stream->ids);
    stream->customer_id = store_customer_id(stream->snapshot, customer, stream->ids);
    return true;
}

static bool write_rows(struct export_stream *stream, const struct store_walk_row *rows,
                       size_t count, struct base_buf *out, struct fail *fail)
{
    stream->table.out = out;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].customer != stream->customer &&
            !change_customer(stream, rows[i].customer, out, fail)) {
            return false;
        }
        if (stream->who != NULL) {
            write_line(stream, &rows[i].row, out);
        } else if (!export_table_row(&stream->table, stream->customer_id, &rows[i].row.event,
                                     fail)) {
            return false;
        }
    }
    stream->rows += count;
    return base_buf_ok(out, fail);
}

static bool end_rows(struct export_stream *stream, struct base_buf *out, struct fail *fail)
{
    stream->stage = ENDED;
    stream->table.out = out;
    if (stream->who == NULL) {
        return export_table_end(&stream->table, fail);
    }
    if (stream->customer != STORE_NO_CUSTOMER) {
        export_who_end(stream->who, out);
    }
    return base_buf_ok(out, fail);
}

static bool begin_table(struct export_stream *stream, struct base_buf *out, struct fail *fail)
{
    stream->stage = WRITING;
    stream->table.shape = &stream->shape;
    stream->table.out = out;
    bool ok = export_shaping_end(stream->shaping, stream->arena, &stream->shape, fail) &&
              export_table_begin(&stream->table, stream->options.format, fail) &&
              walk_again(stream, fail);
    export_shaping_free(stream->shaping);
    stream->shaping = NULL;
    return ok;
}

bool export_next(struct export_stream *stream, struct base_buf *out, bool *out_end,
                 struct fail *fail)
{
    const struct store_walk_row *rows;
    size_t count;
    *out_end = stream->stage == ENDED;
    if (stream->stage == ENDED) {
        return true;
    }
    if (!store_walk_next(stream->walk, &rows, &count, fail)) {
        return false;
    }
    if (stream->stage == FINDING_COLUMNS) {
        for (size_t i = 0; i < count; i++) {
            if (!export_shaping_look(stream->shaping, &rows[i].row.event, fail)) {
                return false;
            }
        }
        return count > 0 || begin_table(stream, out, fail);
    }
    if (count > 0) {
        return write_rows(stream, rows, count, out, fail);
    }
    *out_end = true;
    return end_rows(stream, out, fail);
}
