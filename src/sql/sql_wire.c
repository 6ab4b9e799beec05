#include "sql_wire.h"

#include "base_bytes.h"

/* ---- frames ------------------------------------------------------------------------------------------ */

size_t sql_frame_begin(struct base_buf *buf, enum sql_frame kind)
{
    size_t begun = buf->len;
    char head[SQL_FRAME_HEAD_BYTES] = {0, 0, 0, 0, (char)kind};
    base_buf_bytes(buf, head, sizeof head);
    return begun;
}

void sql_frame_end(struct base_buf *buf, size_t begun)
{
    if (!buf->failed) {
        base_put_u32(buf->data + begun, (uint32_t)(buf->len - begun - SQL_FRAME_HEAD_BYTES));
    }
}

bool sql_frame_cut(struct str *bytes, size_t most, bool *out_whole, enum sql_frame *out_kind,
                   struct str *out_payload, struct fail *fail)
{
    *out_whole = false;
    if (bytes->len < SQL_FRAME_HEAD_BYTES) {
        return true;
    }
    size_t len = base_get_u32(bytes->data);
    if (len > most) {
        return fail_set(fail, FAIL_CORRUPT, "a frame of %zu bytes, at most %zu", len, most);
    }
    if (bytes->len - SQL_FRAME_HEAD_BYTES < len) {
        return true;
    }
    *out_kind = (enum sql_frame)(unsigned char)bytes->data[4];
    *out_payload = str_of(bytes->data + SQL_FRAME_HEAD_BYTES, len);
    *bytes = str_after(*bytes, SQL_FRAME_HEAD_BYTES + len);
    *out_whole = true;
    return true;
}

static bool broken(const char *what, struct fail *fail)
{
    return fail_set(fail, FAIL_CORRUPT, "a broken frame: %s", what);
}

/* ---- parts --------------------------------------------------------------------------------------------- */

void sql_count_put(struct base_buf *buf, uint64_t count)
{
    uint8_t bytes[BASE_VARINT_BYTES_MAX];
    base_buf_bytes(buf, bytes, base_varint_put(bytes, count));
}

bool sql_count_get(struct str *at, uint64_t *out)
{
    const uint8_t *p = (const uint8_t *)at->data;
    if (at->len == 0 || !base_varint_get(&p, p + at->len, out)) {
        return false;
    }
    *at = str_after(*at, (size_t)((const char *)p - at->data));
    return true;
}

void sql_text_put(struct base_buf *buf, struct str text)
{
    sql_count_put(buf, text.len);
    base_buf_str(buf, text);
}

bool sql_text_get(struct str *at, struct str *out)
{
    uint64_t len;
    if (!sql_count_get(at, &len) || len > at->len) {
        return false;
    }
    *out = str_of(len == 0 ? "" : at->data, (size_t)len);
    *at = str_after(*at, (size_t)len);
    return true;
}

static void put_u64(struct base_buf *buf, uint64_t v)
{
    base_buf_bytes(buf, &v, sizeof v);
}

static bool get_u64(struct str *at, uint64_t *out)
{
    if (at->len < sizeof *out) {
        return false;
    }
    *out = base_get_u64(at->data);
    *at = str_after(*at, sizeof *out);
    return true;
}

static bool get_byte(struct str *at, uint8_t *out)
{
    if (at->len == 0) {
        return false;
    }
    *out = (uint8_t)at->data[0];
    *at = str_after(*at, 1);
    return true;
}

void sql_value_put(struct base_buf *buf, struct sql_value value)
{
    base_buf_byte(buf, (char)value.type);
    switch (value.type) {
    case SQL_NULL:
        break;
    case SQL_INT:
        put_u64(buf, (uint64_t)value.i);
        break;
    case SQL_REAL:
        base_buf_bytes(buf, &value.d, sizeof value.d);
        break;
    case SQL_TEXT:
    case SQL_BLOB:
        sql_text_put(buf, value.s);
        break;
    }
}

bool sql_value_get(struct str *at, struct sql_value *out)
{
    uint8_t type;
    uint64_t bits;
    if (!get_byte(at, &type) || type > SQL_BLOB) {
        return false;
    }
    out->type = (enum sql_type)type;
    switch (out->type) {
    case SQL_NULL:
        return true;
    case SQL_INT:
        if (!get_u64(at, &bits)) {
            return false;
        }
        out->i = (int64_t)bits;
        return true;
    case SQL_REAL:
        if (!get_u64(at, &bits)) {
            return false;
        }
        memcpy(&out->d, &bits, sizeof bits);
        return true;
    case SQL_TEXT:
    case SQL_BLOB:
        break;
    }
    return sql_text_get(at, &out->s);
}

static void put_texts(struct base_buf *buf, const struct str *texts, size_t count)
{
    sql_count_put(buf, count);
    for (size_t i = 0; i < count; i++) {
        sql_text_put(buf, texts[i]);
    }
}

/* Every element takes a byte at least, so a count above what is left is a lie. */
static bool get_length(struct str *at, size_t *out)
{
    uint64_t count;
    if (!sql_count_get(at, &count) || count > at->len) {
        return false;
    }
    *out = (size_t)count;
    return true;
}

static bool get_texts(struct str *at, struct arena *arena, struct str **out, size_t *out_count)
{
    struct fail fail;
    size_t count;
    if (!get_length(at, &count)) {
        return false;
    }
    struct str *texts = arena_array(arena, count, sizeof *texts, &fail);
    for (size_t i = 0; texts != NULL && i < count; i++) {
        if (!sql_text_get(at, &texts[i])) {
            return false;
        }
    }
    *out = texts;
    *out_count = count;
    return texts != NULL;
}

/* ---- opening --------------------------------------------------------------------------------------------- */

void sql_open_write(struct base_buf *buf, const struct sql_open *open)
{
    size_t begun = sql_frame_begin(buf, SQL_FRAME_OPEN);
    sql_text_put(buf, open->statement);
    sql_count_put(buf, open->param_count);
    for (size_t i = 0; i < open->param_count; i++) {
        sql_value_put(buf, open->params[i]);
    }
    sql_count_put(buf, open->limits.memory_bytes);
    sql_count_put(buf, open->limits.rows);
    sql_count_put(buf, open->limits.result_bytes);
    sql_count_put(buf, open->events);
    sql_count_put(buf, open->customers);
    put_texts(buf, open->event_names, open->event_name_count);
    put_texts(buf, open->properties, open->property_count);
    put_texts(buf, open->traits, open->trait_count);
    sql_frame_end(buf, begun);
}

static bool get_params(struct str *at, struct arena *arena, struct sql_open *out)
{
    struct fail fail;
    if (!get_length(at, &out->param_count)) {
        return false;
    }
    struct sql_value *params = arena_array(arena, out->param_count, sizeof *params, &fail);
    for (size_t i = 0; params != NULL && i < out->param_count; i++) {
        if (!sql_value_get(at, &params[i])) {
            return false;
        }
    }
    out->params = params;
    return params != NULL;
}

static bool get_size(struct str *at, size_t *out)
{
    uint64_t size;
    if (!sql_count_get(at, &size)) {
        return false;
    }
    *out = (size_t)size;
    return true;
}

bool sql_open_read(struct str payload, struct arena *arena, struct sql_open *out, struct fail *fail)
{
    struct sql_open open = {.params = NULL};
    struct str *events, *properties, *traits;
    if (!sql_text_get(&payload, &open.statement) || !get_params(&payload, arena, &open) ||
        !get_size(&payload, &open.limits.memory_bytes) ||
        !sql_count_get(&payload, &open.limits.rows) ||
        !get_size(&payload, &open.limits.result_bytes) || !sql_count_get(&payload, &open.events) ||
        !sql_count_get(&payload, &open.customers) ||
        !get_texts(&payload, arena, &events, &open.event_name_count) ||
        !get_texts(&payload, arena, &properties, &open.property_count) ||
        !get_texts(&payload, arena, &traits, &open.trait_count) || payload.len != 0) {
        return broken("the opening", fail);
    }
    open.event_names = events;
    open.properties = properties;
    open.traits = traits;
    *out = open;
    return true;
}

/* ---- scans ------------------------------------------------------------------------------------------------ */

static void put_list(struct base_buf *buf, const struct sql_list *list)
{
    base_buf_byte(buf, list->all ? 1 : 0);
    if (!list->all) {
        put_texts(buf, list->texts, list->count);
    }
}

static bool get_flag(struct str *at, bool *out)
{
    uint8_t byte;
    if (!get_byte(at, &byte) || byte > 1) {
        return false;
    }
    *out = byte == 1;
    return true;
}

static bool get_list(struct str *at, struct arena *arena, struct sql_list *out)
{
    *out = (struct sql_list){.all = true};
    return get_flag(at, &out->all) && (out->all || get_texts(at, arena, &out->texts, &out->count));
}

void sql_scan_write(struct base_buf *buf, const struct sql_scan_request *request)
{
    size_t begun = sql_frame_begin(buf, SQL_FRAME_SCAN);
    sql_count_put(buf, request->id);
    base_buf_byte(buf, (char)request->table);
    sql_count_put(buf, request->fields);
    sql_count_put(buf, request->name_count);
    for (size_t i = 0; i < request->name_count; i++) {
        sql_count_put(buf, request->names[i]);
    }
    put_list(buf, &request->customers);
    put_list(buf, &request->events);
    put_list(buf, &request->channels);
    put_u64(buf, (uint64_t)request->from_ms);
    put_u64(buf, (uint64_t)request->to_ms);
    base_buf_byte(buf, request->by_event ? 1 : 0);
    sql_frame_end(buf, begun);
}

static bool get_u32(struct str *at, uint32_t *out)
{
    uint64_t v;
    if (!sql_count_get(at, &v) || v > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)v;
    return true;
}

static bool get_numbers(struct str *at, struct arena *arena, uint32_t **out, size_t *out_count)
{
    struct fail fail;
    size_t count;
    if (!get_length(at, &count)) {
        return false;
    }
    uint32_t *numbers = arena_array(arena, count, sizeof *numbers, &fail);
    for (size_t i = 0; numbers != NULL && i < count; i++) {
        if (!get_u32(at, &numbers[i])) {
            return false;
        }
    }
    *out = numbers;
    *out_count = count;
    return numbers != NULL;
}

bool sql_scan_read(struct str payload, struct arena *arena, struct sql_scan_request *out,
                   struct fail *fail)
{
    struct sql_scan_request request = {0};
    uint8_t table;
    uint64_t from, to;
    if (!get_u32(&payload, &request.id) || !get_byte(&payload, &table) || table >= SQL_TABLES ||
        !get_u32(&payload, &request.fields) || request.fields >> SQL_FIELDS != 0 ||
        !get_numbers(&payload, arena, &request.names, &request.name_count) ||
        !get_list(&payload, arena, &request.customers) ||
        !get_list(&payload, arena, &request.events) ||
        !get_list(&payload, arena, &request.channels) || !get_u64(&payload, &from) ||
        !get_u64(&payload, &to) || !get_flag(&payload, &request.by_event) || payload.len != 0) {
        return broken("a scan", fail);
    }
    request.table = (enum sql_table)table;
    request.from_ms = (int64_t)from;
    request.to_ms = (int64_t)to;
    *out = request;
    return true;
}

/* ---- batches ------------------------------------------------------------------------------------------------ */

enum sql_layout sql_field_layout(enum sql_field field)
{
    switch (field) {
    case SQL_FIELD_EVENT:
        return SQL_LAYOUT_CODES;
    case SQL_FIELD_TS:
    case SQL_FIELD_RECEIVED_AT:
    case SQL_FIELD_ID:
    case SQL_FIELD_KNOWN:
    case SQL_FIELD_FIRST_SEEN:
    case SQL_FIELD_LAST_SEEN:
    case SQL_FIELD_EVENTS:
        return SQL_LAYOUT_INTS;
    case SQL_FIELD_CUSTOMER:
    case SQL_FIELD_CHANNEL:
    case SQL_FIELD_SOURCE:
    case SQL_FIELD_MESSAGE_ID:
    case SQL_FIELD_TEXT:
    case SQL_FIELD_SCORE:
    case SQL_FIELD_SCALE:
    case SQL_FIELD_BAG:
    case SQL_FIELD_IDENTIFIERS:
    case SQL_FIELDS:
        break;
    }
    return SQL_LAYOUT_VALUES;
}

bool sql_batch_id(struct str payload, uint32_t *out, struct fail *fail)
{
    if (payload.len < sizeof *out) {
        return broken("a batch", fail);
    }
    *out = base_get_u32(payload.data);
    return true;
}

static bool take_bytes(struct str *at, size_t len, const char **out)
{
    if (at->len < len) {
        return false;
    }
    *out = at->data;
    *at = str_after(*at, len);
    return true;
}

static bool take_column(struct str *at, enum sql_layout layout, uint32_t rows,
                        struct sql_batch_column *out)
{
    out->layout = layout;
    if (layout == SQL_LAYOUT_VALUES && !take_bytes(at, rows, &out->types)) {
        return false;
    }
    return take_bytes(at, (size_t)rows * (layout == SQL_LAYOUT_CODES ? 4 : 8), &out->data);
}

static bool values_fit(const struct sql_batch_column *column, uint32_t rows, size_t text_bytes)
{
    for (uint32_t r = 0; r < rows; r++) {
        unsigned char type = (unsigned char)column->types[r];
        if (type > SQL_TEXT) {
            return false;
        }
        const char *at = column->data + (size_t)r * 8;
        if (type == SQL_TEXT && (uint64_t)base_get_u32(at) + base_get_u32(at + 4) > text_bytes) {
            return false;
        }
    }
    return true;
}

static bool column_fits(const struct sql_batch_column *column, uint32_t rows, size_t event_names,
                        size_t text_bytes)
{
    if (column->layout == SQL_LAYOUT_VALUES) {
        return values_fit(column, rows, text_bytes);
    }
    for (uint32_t r = 0; column->layout == SQL_LAYOUT_CODES && r < rows; r++) {
        if (base_get_u32(column->data + (size_t)r * 4) >= event_names) {
            return false;
        }
    }
    return true;
}

static bool columns_fit(const struct sql_batch *batch, const struct sql_scan_request *request,
                        size_t event_names)
{
    for (size_t f = 0; f < SQL_FIELDS; f++) {
        if ((request->fields & SQL_FIELD_BIT(f)) != 0 &&
            !column_fits(&batch->fields[f], batch->rows, event_names, batch->texts.len)) {
            return false;
        }
    }
    for (size_t n = 0; n < request->name_count; n++) {
        if (!column_fits(&batch->names[n], batch->rows, event_names, batch->texts.len)) {
            return false;
        }
    }
    return true;
}

bool sql_batch_read(struct str payload, const struct sql_scan_request *request, size_t event_names,
                    struct arena *arena, struct sql_batch *out, struct fail *fail)
{
    struct sql_batch batch = {0};
    const char *head;
    if (!take_bytes(&payload, 9, &head) || (unsigned char)head[8] > 1) {
        return broken("a batch", fail);
    }
    batch.id = base_get_u32(head);
    batch.rows = base_get_u32(head + 4);
    batch.last = head[8] == 1;
    batch.names = arena_array(arena, request->name_count, sizeof *batch.names, fail);
    if (batch.names == NULL) {
        return false;
    }
    bool good = batch.id == request->id;
    for (size_t f = 0; good && f < SQL_FIELDS; f++) {
        good = (request->fields & SQL_FIELD_BIT(f)) == 0 ||
               take_column(&payload, sql_field_layout((enum sql_field)f), batch.rows,
                           &batch.fields[f]);
    }
    for (size_t n = 0; good && n < request->name_count; n++) {
        good = take_column(&payload, SQL_LAYOUT_VALUES, batch.rows, &batch.names[n]);
    }
    batch.texts = payload;
    if (!good || !columns_fit(&batch, request, event_names)) {
        return broken("a batch", fail);
    }
    *out = batch;
    return true;
}

static struct sql_value int_of(int64_t v)
{
    return v == SQL_NO_INT ? (struct sql_value){.type = SQL_NULL}
                           : (struct sql_value){.type = SQL_INT, .i = v};
}

struct sql_value sql_batch_value(const struct sql_batch *batch,
                                 const struct sql_batch_column *column, uint32_t row)
{
    if (column->layout == SQL_LAYOUT_CODES) {
        return int_of(base_get_u32(column->data + (size_t)row * 4));
    }
    const char *at = column->data + (size_t)row * 8;
    if (column->layout == SQL_LAYOUT_INTS) {
        return int_of((int64_t)base_get_u64(at));
    }
    struct sql_value value = {.type = (enum sql_type)column->types[row]};
    if (value.type == SQL_INT) {
        value.i = (int64_t)base_get_u64(at);
    } else if (value.type == SQL_REAL) {
        memcpy(&value.d, at, sizeof value.d);
    } else if (value.type == SQL_TEXT) {
        value.s = str_of(batch->texts.data + base_get_u32(at), base_get_u32(at + 4));
    }
    return value;
}

/* ---- ids ------------------------------------------------------------------------------------------------------ */

void sql_id_write(struct base_buf *buf, enum sql_frame kind, uint32_t id)
{
    size_t begun = sql_frame_begin(buf, kind);
    sql_count_put(buf, id);
    sql_frame_end(buf, begun);
}

bool sql_id_read(struct str payload, uint32_t *out, struct fail *fail)
{
    return (get_u32(&payload, out) && payload.len == 0) || broken("the number of a scan", fail);
}
