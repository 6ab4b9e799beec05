/* Rows of a table: the same cells for CSV and Parquet. */
#include "base_plain.h"
#include "base_time.h"
#include "export_internal.h"

#define PREFIX_BYTES 11 /* "properties." */

/* ---- cells ---------------------------------------------------------------------------------------------- */

static void next_cell(struct export_table *table, size_t column)
{
    if (table->parquet == NULL && column > 0) {
        base_buf_byte(table->out, ',');
    }
}

/* `column` is the next one in a CSV. */
static void put_text(struct export_table *table, size_t column, struct str text)
{
    if (table->parquet == NULL) {
        base_csv_cell(table->out, text, false);
    } else {
        parquet_put_text(table->parquet, column, text);
    }
}

static void put_instant(struct export_table *table, size_t column, int64_t ts_ms)
{
    if (table->parquet != NULL) {
        parquet_put_int(table->parquet, column, ts_ms);
        return;
    }
    char text[TIME_RFC3339_BYTES];
    time_format_rfc3339(ts_ms, text);
    base_buf_c(table->out, text);
}

static void put_number(struct export_table *table, struct store_value value)
{
    char text[BASE_DOUBLE_CHARS];
    if (value.kind == STORE_INT) {
        base_buf_printf(table->out, "%lld", (long long)value.i);
    } else {
        base_buf_bytes(table->out, text, base_format_double(store_value_number(value), text));
    }
}

/* A value of the column's own type. */
static void put_value(struct export_table *table, size_t column, struct store_value value)
{
    switch (table->shape->columns[column].type) {
    case PARQUET_BOOL:
        if (table->parquet == NULL) {
            base_buf_c(table->out, value.b ? "true" : "false");
        } else {
            parquet_put_bool(table->parquet, column, value.b);
        }
        break;
    case PARQUET_INT:
    case PARQUET_INSTANT:
        if (table->parquet == NULL) {
            put_number(table, value);
        } else {
            parquet_put_int(table->parquet, column, value.i);
        }
        break;
    case PARQUET_DOUBLE:
        if (table->parquet == NULL) {
            put_number(table, value);
        } else {
            parquet_put_double(table->parquet, column, store_value_number(value));
        }
        break;
    case PARQUET_TEXT:
        put_text(table, column, store_value_text(value));
        break;
    case PARQUET_JSON:
        break; /* put_json */
    }
}

/* `count` fields of one name as a scalar or an array. */
static void put_values_json(struct export_table *table, size_t column,
                            const struct store_field *fields, size_t count)
{
    struct json_writer w = {.out = &table->text};
    base_buf_reset(&table->text);
    if (count > 1) {
        json_begin_array(&w);
    }
    for (size_t i = 0; i < count; i++) {
        store_json_value(&w, fields[i].value);
    }
    if (count > 1) {
        json_end_array(&w);
    }
    put_text(table, column, base_buf_view(&table->text));
}

static void put_fields_json(struct export_table *table, size_t column,
                            const struct store_field *fields, size_t count, bool removals)
{
    struct json_writer w = {.out = &table->text};
    base_buf_reset(&table->text);
    store_json_fields(&w, fields, count, removals);
    put_text(table, column, base_buf_view(&table->text));
}

/* ---- rows --------------------------------------------------------------------------------------------------- */

static void put_own(struct export_table *table, struct str customer,
                    const struct store_event *event)
{
    const struct str texts[EXPORT_OWN_COUNT] = {
        [EXPORT_CUSTOMER] = customer,
        [EXPORT_EVENT] = event->event,
        [EXPORT_SOURCE] = event->source,
        [EXPORT_CHANNEL] = event->channel,
        [EXPORT_MESSAGE_ID] = event->message_id,
        [EXPORT_TEXT] = event->text,
        [EXPORT_SCALE] = event->scale,
    };
    for (size_t c = 0; c < EXPORT_OWN_COUNT; c++) {
        next_cell(table, c);
        if (c == EXPORT_TS) {
            put_instant(table, c, event->ts_ms);
        } else if (c == EXPORT_RECEIVED_AT) {
            put_instant(table, c, event->received_at_ms);
        } else if (c == EXPORT_SCORE && event->scale.data != NULL) {
            if (table->shape->columns[c].type == PARQUET_JSON) {
                const struct store_field score = {.value = event->score};
                put_values_json(table, c, &score, 1);
            } else {
                put_value(table, c, event->score);
            }
        } else if (c == EXPORT_TRAITS && event->trait_count > 0) {
            put_fields_json(table, c, event->traits, event->trait_count, true);
        } else if (texts[c].data != NULL) {
            put_text(table, c, texts[c]);
        }
    }
}

static struct str property_of(const struct export_shape *shape, size_t column)
{
    return str_after(shape->columns[column].name, PREFIX_BYTES);
}

/* Fields of an event and columns of the table are both by name in byte order. What has no column moves to the front
   of `rest`. */
static size_t put_properties(struct export_table *table, const struct store_event *event,
                             struct store_field *rest)
{
    const struct export_shape *shape = table->shape;
    size_t i = 0;
    size_t left = 0;
    for (size_t c = EXPORT_OWN_COUNT; c < shape->rest; c++) {
        struct str name = property_of(shape, c);
        next_cell(table, c);
        while (i < event->property_count && str_compare(event->properties[i].name, name) < 0) {
            rest[left++] = event->properties[i++];
        }
        size_t same = i;
        while (same < event->property_count && str_equal(event->properties[same].name, name)) {
            same++;
        }
        if (same > i && shape->columns[c].type == PARQUET_JSON) {
            put_values_json(table, c, event->properties + i, same - i);
        } else if (same > i) {
            put_value(table, c, event->properties[i].value);
        }
        i = same;
    }
    while (i < event->property_count) {
        rest[left++] = event->properties[i++];
    }
    return left;
}

bool export_table_row(struct export_table *table, struct str customer,
                      const struct store_event *event, struct fail *fail)
{
    struct store_field rest[STORE_FIELDS_MAX];
    put_own(table, customer, event);
    size_t left = put_properties(table, event, rest);
    if (table->shape->rest < table->shape->column_count) {
        next_cell(table, table->shape->rest);
        if (left > 0) {
            put_fields_json(table, table->shape->rest, rest, left, false);
        }
    }
    if (!base_buf_ok(&table->text, fail)) {
        return false;
    }
    if (table->parquet == NULL) {
        base_buf_c(table->out, "\r\n");
        return base_buf_ok(table->out, fail);
    }
    return parquet_row_end(table->parquet, table->out, fail);
}

bool export_table_begin(struct export_table *table, enum export_format format, struct fail *fail)
{
    const struct export_shape *shape = table->shape;
    if (format == EXPORT_PARQUET) {
        return parquet_open(shape->columns, shape->column_count, table->out, &table->parquet, fail);
    }
    for (size_t c = 0; c < shape->column_count; c++) {
        next_cell(table, c);
        base_csv_cell(table->out, shape->columns[c].name, false);
    }
    base_buf_c(table->out, "\r\n");
    return base_buf_ok(table->out, fail);
}

bool export_table_end(struct export_table *table, struct fail *fail)
{
    return table->parquet == NULL || parquet_end(table->parquet, table->out, fail);
}

void export_table_done(struct export_table *table)
{
    parquet_free(table->parquet);
    base_buf_done(&table->text);
}
