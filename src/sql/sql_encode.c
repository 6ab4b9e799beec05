#include "sql_encode.h"

#include "base_bytes.h"
#include "base_json_write.h"
#include "store_json.h"

/* A column of values in the making: `types` and `data` lie in the frame. */
struct cells {
    size_t types, data; /* places in the frame */
};

static struct cells cells_begin(struct base_buf *out, size_t rows)
{
    struct cells cells = {out->len, out->len + rows};
    char *room = base_buf_room(out, rows * 9);
    if (room != NULL) {
        memset(room, 0, rows * 9); /* SQL_NULL */
        out->len += rows * 9;
    }
    return cells;
}

static void put_bits(struct base_buf *out, struct cells cells, size_t row, enum sql_type type,
                     uint64_t bits)
{
    if (!out->failed) {
        out->data[cells.types + row] = (char)type;
        base_put_u64(out->data + cells.data + row * 8, bits);
    }
}

static uint64_t place_of(size_t at, size_t len)
{
    return (uint64_t)(uint32_t)at | (uint64_t)len << 32;
}

/* Rows in a row often share their text: the same bytes are put down once. */
static void put_text(struct sql_encode *encode, struct base_buf *out, struct cells cells,
                     size_t row, struct str text)
{
    if (encode->last_text != text.data || encode->last_len != text.len || text.len == 0) {
        encode->last_at = encode->texts.len;
        encode->last_text = text.data;
        encode->last_len = text.len;
        base_buf_str(&encode->texts, text);
    }
    put_bits(out, cells, row, SQL_TEXT, place_of(encode->last_at, text.len));
}

static void put_value(struct sql_encode *encode, struct base_buf *out, struct cells cells,
                      size_t row, struct store_value value)
{
    uint64_t bits;
    double number;
    switch ((enum store_kind)value.kind) {
    case STORE_NULL:
        break;
    case STORE_BOOL:
        put_bits(out, cells, row, SQL_INT, value.b ? 1 : 0);
        break;
    case STORE_INT:
        put_bits(out, cells, row, SQL_INT, (uint64_t)value.i);
        break;
    case STORE_UINT:
    case STORE_DOUBLE:
        number = store_value_number(value);
        memcpy(&bits, &number, sizeof bits);
        put_bits(out, cells, row, SQL_REAL, bits);
        break;
    case STORE_STRING:
        put_text(encode, out, cells, row, store_value_text(value));
        break;
    }
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

static void json_put_all(struct json_writer *w, const struct store_value *values, size_t count)
{
    if (count == 1) {
        store_json_value(w, values[0]);
        return;
    }
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        store_json_value(w, values[i]);
    }
    json_end_array(w);
}

/* What was put among the texts since `begun` becomes the row's value. */
static void put_written(struct sql_encode *encode, struct base_buf *out, struct cells cells,
                        size_t row, size_t begun)
{
    encode->last_text = NULL;
    put_bits(out, cells, row, SQL_TEXT, place_of(begun, encode->texts.len - begun));
}

/* ---- columns of the store -------------------------------------------------------------------------- */

/* The first place of a column at or behind a row (or customer). */
static uint32_t first_at(const struct store_column *column, uint32_t row)
{
    uint32_t low = 0, high = column->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (column->at[middle] < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* How many values the row has from *place on; *place first moves up to the row. */
static uint32_t values_at(const struct store_column *column, uint32_t row, uint32_t *place)
{
    while (*place < column->count && column->at[*place] < row) {
        (*place)++;
    }
    uint32_t count = 0;
    while (*place + count < column->count && column->at[*place + count] == row) {
        count++;
    }
    return count;
}

static void put_column(struct sql_encode *encode, size_t index, size_t from, size_t to,
                       struct base_buf *out)
{
    struct cells cells = cells_begin(out, to - from);
    const struct store_column *column = &encode->rows->columns[index];
    uint32_t place = first_at(column, encode->kept[from]);
    for (size_t i = from; i < to; i++) {
        uint32_t count = values_at(column, encode->kept[i], &place);
        if (count == 1) {
            put_value(encode, out, cells, i - from, column->values[place]);
        } else if (count > 1) {
            size_t begun = encode->texts.len;
            struct json_writer w = {.out = &encode->texts};
            json_put_all(&w, column->values + place, count);
            put_written(encode, out, cells, i - from, begun);
        }
    }
}

static void put_ints_of(struct sql_encode *encode, size_t index, size_t from, size_t to,
                        struct base_buf *out)
{
    const struct store_column *column = &encode->rows->columns[index];
    uint32_t place = first_at(column, encode->kept[from]);
    for (size_t i = from; i < to; i++) {
        int64_t v =
            values_at(column, encode->kept[i], &place) > 0 ? column->values[place].i : SQL_NO_INT;
        base_buf_bytes(out, &v, sizeof v);
    }
}

static void put_bag(struct sql_encode *encode, size_t from, size_t to, struct base_buf *out)
{
    struct cells cells = cells_begin(out, to - from);
    size_t names = encode->names->count;
    uint32_t *places = encode->bag_places;
    for (size_t n = 0; n < names; n++) {
        places[n] = first_at(&encode->rows->columns[encode->bag_at + n], encode->kept[from]);
    }
    for (size_t i = from; i < to; i++) {
        size_t begun = encode->texts.len;
        struct json_writer w = {.out = &encode->texts};
        json_begin_object(&w);
        for (size_t k = 0; k < names; k++) {
            size_t n = encode->bag_order[k];
            const struct store_column *column = &encode->rows->columns[encode->bag_at + n];
            uint32_t count = values_at(column, encode->kept[i], &places[n]);
            if (count > 0) {
                json_name(&w, encode->names->names[n]);
                json_put_all(&w, column->values + places[n], count);
            }
        }
        json_end_object(&w);
        put_written(encode, out, cells, i - from, begun);
    }
}

/* ---- fields ------------------------------------------------------------------------------------------ */

static void put_customers(struct sql_encode *encode, size_t from, size_t to, struct base_buf *out)
{
    struct cells cells = cells_begin(out, to - from);
    struct str id = {0};
    for (size_t i = from; i < to; i++) {
        if (i == from || encode->owner[i] != encode->owner[i - 1]) {
            id = store_customer_id(encode->world->snapshot,
                                   encode->rows->customers[encode->owner[i]], encode->arena);
        }
        put_text(encode, out, cells, i - from, id);
    }
}

static void put_identifiers(struct sql_encode *encode, size_t from, size_t to, struct base_buf *out)
{
    struct cells cells = cells_begin(out, to - from);
    for (size_t i = from; i < to; i++) {
        struct store_identifier *identifiers;
        size_t count;
        struct fail fail;
        if (!store_customer_identifiers(encode->world->snapshot,
                                        encode->rows->customers[encode->owner[i]], encode->arena,
                                        &identifiers, &count, &fail)) {
            continue; /* damage: noted by the store */
        }
        size_t begun = encode->texts.len;
        struct json_writer w = {.out = &encode->texts};
        json_begin_array(&w);
        for (size_t k = 0; k < count; k++) {
            json_begin_object(&w);
            json_name_c(&w, "kind");
            json_write_str(&w, identifiers[k].kind);
            json_name_c(&w, "value");
            json_write_str(&w, identifiers[k].value);
            json_end_object(&w);
        }
        json_end_array(&w);
        put_written(encode, out, cells, i - from, begun);
    }
}

static int64_t fact_of(const struct sql_encode *encode, enum sql_field field, size_t i)
{
    uint32_t at = encode->owner[i];
    if (field == SQL_FIELD_FIRST_SEEN) {
        return encode->rows->first_seen_ms[at];
    }
    if (field == SQL_FIELD_LAST_SEEN) {
        return encode->rows->last_seen_ms[at];
    }
    if (field == SQL_FIELD_EVENTS) {
        return (int64_t)encode->rows->event_counts[at];
    }
    return store_customer_known(encode->world->snapshot, encode->rows->customers[at]) ? 1 : 0;
}

static void put_field(struct sql_encode *encode, enum sql_field field, size_t from, size_t to,
                      struct base_buf *out)
{
    if (field == SQL_FIELD_CUSTOMER) {
        put_customers(encode, from, to, out);
    } else if (field == SQL_FIELD_BAG) {
        put_bag(encode, from, to, out);
    } else if (field == SQL_FIELD_IDENTIFIERS) {
        put_identifiers(encode, from, to, out);
    } else if (field == SQL_FIELD_EVENT) {
        for (size_t i = from; i < to; i++) {
            base_buf_bytes(out, &encode->rows->events[encode->kept[i]], sizeof(uint32_t));
        }
    } else if (field == SQL_FIELD_TS) {
        for (size_t i = from; i < to; i++) {
            base_buf_bytes(out, &encode->rows->ts_ms[encode->kept[i]], sizeof(int64_t));
        }
    } else if (encode->columns_at[field] == SQL_NO_COLUMN) {
        for (size_t i = from; i < to; i++) {
            int64_t v = fact_of(encode, field, i);
            base_buf_bytes(out, &v, sizeof v);
        }
    } else if (sql_field_layout(field) == SQL_LAYOUT_INTS) {
        put_ints_of(encode, encode->columns_at[field], from, to, out);
    } else {
        put_column(encode, encode->columns_at[field], from, to, out);
    }
}

void sql_encode_batch(struct sql_encode *encode, size_t from, size_t to, bool last,
                      struct base_buf *out)
{
    size_t begun = sql_frame_begin(out, SQL_FRAME_BATCH);
    char head[9];
    base_put_u32(head, encode->request->id);
    base_put_u32(head + 4, (uint32_t)(to - from));
    head[8] = last ? 1 : 0;
    base_buf_bytes(out, head, sizeof head);
    base_buf_reset(&encode->texts);
    encode->texts.limit = SQL_BATCH_BYTES_MAX;
    encode->last_text = NULL;
    arena_reset(encode->arena);
    /* Of no rows there are no bytes. */
    for (size_t f = 0; f < SQL_FIELDS && from < to; f++) {
        if ((encode->request->fields & SQL_FIELD_BIT(f)) != 0) {
            put_field(encode, (enum sql_field)f, from, to, out);
        }
    }
    for (size_t n = 0; n < encode->request->name_count && from < to; n++) {
        put_column(encode, encode->names_at + n, from, to, out);
    }
    base_buf_str(out, base_buf_view(&encode->texts));
    out->failed = out->failed || encode->texts.failed;
    sql_frame_end(out, begun);
}
