#include "store_bulk.h"

#include "base_hash.h"
#include "store_map.h"

#define SLOTS_FIRST 64U
/* With so many values of which so few came again, the others are not looked for any more. */
#define VALUES_MANY 65536U
#define VALUES_SHARE 2U

/* ---- a table ------------------------------------------------------------------------------------------ */

static struct store_bulk_column *add_column(struct store_bulk *bulk, bool trait, uint32_t name,
                                            struct fail *fail)
{
    void *columns = bulk->columns;
    if (!base_grow_array(&columns, &bulk->column_capacity, bulk->column_count + 1,
                         sizeof bulk->columns[0], fail)) {
        return NULL;
    }
    bulk->columns = columns;
    struct store_bulk_column *column = &bulk->columns[bulk->column_count++];
    *column = (struct store_bulk_column){.trait = trait, .name = name};
    return column;
}

struct store_bulk *store_bulk_new(uint32_t capacity, uint64_t arrival_first)
{
    struct store_bulk *bulk = base_alloc_zero(sizeof *bulk);
    bulk->capacity = capacity;
    bulk->arrival_first = arrival_first;
    bulk->strings = arena_new(NULL);
    return bulk;
}

void store_bulk_free(struct store_bulk *bulk)
{
    if (bulk == NULL) {
        return;
    }
    for (size_t c = 0; c < bulk->column_count; c++) {
        base_free(bulk->columns[c].rows);
        base_free(bulk->columns[c].codes);
        base_free(bulk->columns[c].values);
        base_free(bulk->columns[c].slots);
    }
    base_free(bulk->columns);
    base_free(bulk->ts_ms);
    base_free(bulk->received_at_ms);
    base_free(bulk->original);
    base_free(bulk->events);
    base_free(bulk->sources);
    base_free(bulk->channels);
    base_free(bulk->scales);
    base_free(bulk->property_column);
    base_free(bulk->trait_column);
    store_dedup_own_done(&bulk->keys);
    arena_free(bulk->strings);
    base_free(bulk);
}

void store_bulk_reset(struct store_bulk *bulk, uint64_t arrival_first)
{
    bulk->count = 0;
    bulk->arrival_first = arrival_first;
    base_free(bulk->channels);
    base_free(bulk->scales);
    bulk->channels = NULL;
    bulk->scales = NULL;
    bulk->value_bytes = 0;
    store_dedup_own_reset(&bulk->keys);
    arena_reset(bulk->strings);
    for (size_t c = 0; c < bulk->column_count; c++) {
        struct store_bulk_column *column = &bulk->columns[c];
        base_free(column->rows);
        column->rows = NULL;
        column->row_capacity = 0;
        column->count = 0;
        column->value_count = 0;
        if (column->slots != NULL) {
            memset(column->slots, 0, column->slot_count * sizeof *column->slots);
        }
    }
}

size_t store_bulk_bytes(const struct store_bulk *bulk)
{
    size_t row = 2 * sizeof(int64_t) + 5 * sizeof(uint32_t);
    size_t bytes = bulk->count * row + bulk->value_bytes + store_dedup_own_bytes(&bulk->keys);
    for (size_t c = 0; c < bulk->column_count; c++) {
        const struct store_bulk_column *column = &bulk->columns[c];
        bytes +=
            (column->row_capacity + column->code_capacity + column->slot_count) * sizeof(uint32_t) +
            column->value_capacity * sizeof(struct store_value);
    }
    return bytes;
}

static bool int64s(uint32_t count, int64_t **out, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_spread(count, sizeof **out, &block, fail)) {
        return false;
    }
    *out = block;
    return true;
}

static bool uint32s(uint32_t count, uint32_t **out, struct fail *fail)
{
    void *block = NULL;
    if (!base_alloc_spread(count, sizeof **out, &block, fail)) {
        return false;
    }
    *out = block;
    return true;
}

/* What every row has, with the first one. */
static bool begin(struct store_bulk *bulk, struct fail *fail)
{
    while (bulk->column_count < STORE_BULK_OWN) {
        if (add_column(bulk, false, STORE_NO_CODE, fail) == NULL) {
            return false;
        }
    }
    return (bulk->ts_ms != NULL || int64s(bulk->capacity, &bulk->ts_ms, fail)) &&
           (bulk->received_at_ms != NULL || int64s(bulk->capacity, &bulk->received_at_ms, fail)) &&
           (bulk->original != NULL || uint32s(bulk->capacity, &bulk->original, fail)) &&
           (bulk->events != NULL || uint32s(bulk->capacity, &bulk->events, fail)) &&
           (bulk->sources != NULL || uint32s(bulk->capacity, &bulk->sources, fail));
}

/* ---- values ------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct store_value *value)
{
    return value->kind == STORE_STRING ? base_hash64(value->s, value->len, STORE_STRING)
                                       : store_map_mix(value->u ^ (uint64_t)value->kind << 60);
}

static bool same_value(const struct store_value *a, const struct store_value *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    return a->kind == STORE_STRING ? a->len == b->len && memcmp(a->s, b->s, a->len) == 0
                                   : a->u == b->u;
}

/* Values whose unused bytes are not all 0 would be different to the table. */
static struct store_value plain(struct store_value value)
{
    switch ((enum store_kind)value.kind) {
    case STORE_NULL:
        return (struct store_value){0};
    case STORE_BOOL:
        return (struct store_value){.kind = STORE_BOOL, .u = value.b};
    case STORE_INT:
    case STORE_UINT:
    case STORE_DOUBLE:
        return (struct store_value){.kind = value.kind, .u = value.u};
    case STORE_STRING:
        break;
    }
    return (struct store_value){
        .kind = STORE_STRING, .len = value.len, .s = value.len > 0 ? value.s : ""};
}

static bool grow_slots(struct store_bulk_column *column, struct fail *fail)
{
    uint32_t count = column->slot_count == 0 ? SLOTS_FIRST : column->slot_count * 2;
    uint32_t *slots = NULL;
    if (!uint32s(count, &slots, fail)) {
        return false;
    }
    memset(slots, 0, count * sizeof *slots);
    for (uint32_t i = 0; i < column->value_count; i++) {
        uint32_t at = (uint32_t)hash_of(&column->values[i]) & (count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = i + 1;
    }
    base_free(column->slots);
    column->slots = slots;
    column->slot_count = count;
    return true;
}

static bool add_value(struct store_bulk *bulk, struct store_bulk_column *column,
                      struct store_value value, struct fail *fail)
{
    void *values = column->values;
    if (!base_grow_array(&values, &column->value_capacity, (size_t)column->value_count + 1,
                         sizeof column->values[0], fail)) {
        return false;
    }
    column->values = values;
    if (value.kind == STORE_STRING && value.len > 0) {
        char *copy = arena_alloc(bulk->strings, value.len, fail);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, value.s, value.len);
        value.s = copy;
        bulk->value_bytes += value.len + 16;
    }
    column->values[column->value_count++] = value;
    return true;
}

/* Nearly all values are others than those before: looking for them finds nothing. */
static bool is_diverse(const struct store_bulk_column *column)
{
    return column->value_count >= VALUES_MANY && column->value_count > column->count / VALUES_SHARE;
}

static bool place_of(struct store_bulk *bulk, struct store_bulk_column *column,
                     struct store_value value, uint32_t *out, struct fail *fail)
{
    value = plain(value);
    if (is_diverse(column)) {
        base_free(column->slots);
        column->slots = NULL;
        column->slot_count = 0;
        *out = column->value_count;
        return add_value(bulk, column, value, fail);
    }
    if ((column->slot_count == 0 || column->value_count + 1 > column->slot_count / 2) &&
        !grow_slots(column, fail)) {
        return false;
    }
    uint32_t at = (uint32_t)hash_of(&value) & (column->slot_count - 1);
    for (; column->slots[at] != 0; at = (at + 1) & (column->slot_count - 1)) {
        uint32_t place = column->slots[at] - 1;
        if (same_value(&column->values[place], &value)) {
            *out = place;
            return true;
        }
    }
    *out = column->value_count;
    if (!add_value(bulk, column, value, fail)) {
        return false;
    }
    column->slots[at] = column->value_count;
    return true;
}

/* From now on each entry says its row. */
static bool list_rows(struct store_bulk_column *column, struct fail *fail)
{
    void *rows = NULL;
    size_t capacity = column->code_capacity < 8 ? 8 : column->code_capacity;
    if (!base_alloc_array(capacity, sizeof column->rows[0], &rows, fail)) {
        return false;
    }
    column->rows = rows;
    column->row_capacity = capacity;
    for (uint32_t i = 0; i < column->count; i++) {
        column->rows[i] = i;
    }
    return true;
}

static bool put(struct store_bulk *bulk, size_t at, struct store_value value, struct fail *fail)
{
    struct store_bulk_column *column = &bulk->columns[at];
    uint32_t code;
    void *codes = column->codes;
    if (!base_grow_array(&codes, &column->code_capacity, (size_t)column->count + 1,
                         sizeof column->codes[0], fail)) {
        return false;
    }
    column->codes = codes;
    if (column->rows == NULL && column->count != bulk->count && !list_rows(column, fail)) {
        return false;
    }
    void *rows = column->rows;
    if (rows != NULL && !base_grow_array(&rows, &column->row_capacity, (size_t)column->count + 1,
                                         sizeof column->rows[0], fail)) {
        return false;
    }
    column->rows = rows;
    if (!place_of(bulk, column, value, &code, fail)) {
        return false;
    }
    if (rows != NULL) {
        column->rows[column->count] = bulk->count;
    }
    column->codes[column->count++] = code;
    return true;
}

static bool column_of(struct store_bulk *bulk, bool trait, uint32_t name, size_t *out,
                      struct fail *fail)
{
    uint32_t **by_name = trait ? &bulk->trait_column : &bulk->property_column;
    size_t *capacity = trait ? &bulk->trait_capacity : &bulk->property_capacity;
    if (name >= *capacity) {
        void *grown = *by_name;
        size_t before = *capacity;
        if (!base_grow_array(&grown, capacity, (size_t)name + 1, sizeof **by_name, fail)) {
            return false;
        }
        *by_name = grown;
        memset(*by_name + before, 0, (*capacity - before) * sizeof **by_name);
    }
    if ((*by_name)[name] == 0) {
        if (add_column(bulk, trait, name, fail) == NULL) {
            return false;
        }
        (*by_name)[name] = (uint32_t)bulk->column_count;
    }
    *out = (*by_name)[name] - 1;
    return true;
}

static bool put_cells(struct store_bulk *bulk, bool trait, const struct store_cell *cells,
                      uint32_t count, struct fail *fail)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t at;
        if (!column_of(bulk, trait, cells[i].name, &at, fail) ||
            !put(bulk, at, cells[i].value, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- rows ----------------------------------------------------------------------------------------------- */

/* Of a column that few rows have a code in: made with the first that has one. */
static bool put_code(struct store_bulk *bulk, uint32_t **codes, uint32_t code, struct fail *fail)
{
    if (*codes == NULL && code == STORE_NO_CODE) {
        return true;
    }
    if (*codes == NULL) {
        if (!uint32s(bulk->capacity, codes, fail)) {
            return false;
        }
        for (uint32_t i = 0; i < bulk->count; i++) {
            (*codes)[i] = STORE_NO_CODE;
        }
    }
    (*codes)[bulk->count] = code;
    return true;
}

static bool put_own(struct store_bulk *bulk, const struct store_row *row, struct fail *fail)
{
    return (row->client_ts_ms == STORE_NO_TIME ||
            put(bulk, STORE_BULK_CLIENT_TS, store_value_int(row->client_ts_ms), fail)) &&
           (row->sent_at_ms == STORE_NO_TIME ||
            put(bulk, STORE_BULK_SENT_AT, store_value_int(row->sent_at_ms), fail)) &&
           (row->scale == STORE_NO_CODE || put(bulk, STORE_BULK_SCORE, row->score, fail)) &&
           (row->text.data == NULL ||
            put(bulk, STORE_BULK_TEXT, store_value_str(row->text), fail)) &&
           (row->message_id.data == NULL ||
            put(bulk, STORE_BULK_MESSAGE_ID, store_value_str(row->message_id), fail));
}

bool store_bulk_append(struct store_bulk *bulk, const struct store_row *row, struct fail *fail)
{
    uint32_t at = bulk->count;
    if (at == bulk->capacity) {
        return fail_set(fail, FAIL_LIMIT, "too many rows wait to be sealed");
    }
    INVARIANT(row->arrival == bulk->arrival_first + at);
    if ((at == 0 && !begin(bulk, fail)) || !put_code(bulk, &bulk->channels, row->channel, fail) ||
        !put_code(bulk, &bulk->scales, row->scale, fail) || !put_own(bulk, row, fail) ||
        !put_cells(bulk, false, row->properties, row->property_count, fail) ||
        !put_cells(bulk, true, row->traits, row->trait_count, fail)) {
        store_bulk_rollback(bulk, at);
        return false;
    }
    bulk->ts_ms[at] = row->ts_ms;
    bulk->received_at_ms[at] = row->received_at_ms;
    bulk->original[at] = row->original;
    bulk->events[at] = row->event;
    bulk->sources[at] = row->source;
    bulk->count++;
    return true;
}

/* ---- many rows ------------------------------------------------------------------------------------------ */

static bool entries_room(struct store_bulk_column *column, uint32_t more, bool every_row,
                         struct fail *fail)
{
    void *codes = column->codes;
    if (!base_grow_array(&codes, &column->code_capacity, (size_t)column->count + more,
                         sizeof column->codes[0], fail)) {
        return false;
    }
    column->codes = codes;
    if (every_row) {
        return true;
    }
    if (column->rows == NULL && !list_rows(column, fail)) {
        return false;
    }
    void *rows = column->rows;
    bool room = base_grow_array(&rows, &column->row_capacity, (size_t)column->count + more,
                                sizeof column->rows[0], fail);
    column->rows = rows;
    return room;
}

static bool put_field(struct store_bulk *bulk, const struct store_bulk_rows *rows,
                      const struct store_bulk_field *field, struct fail *fail)
{
    uint32_t entries = 0;
    size_t at;
    for (uint32_t i = 0; i < rows->count; i++) {
        entries += field->codes[rows->rows[i]] != 0;
    }
    if (entries == 0) {
        return true;
    }
    if (!column_of(bulk, field->trait, field->name, &at, fail)) {
        return false;
    }
    struct store_bulk_column *column = &bulk->columns[at];
    bool every_row = column->rows == NULL && column->count == bulk->count && entries == rows->count;
    if (!entries_room(column, entries, every_row, fail)) {
        return false;
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        uint16_t code = field->codes[rows->rows[i]];
        if (code == 0) {
            continue;
        }
        uint32_t *place = &field->places[code - 1];
        if (*place == 0) {
            if (!place_of(bulk, column, field->values[code - 1], place, fail)) {
                return false;
            }
            (*place)++;
        }
        if (!every_row) {
            column->rows[column->count] = bulk->count + i;
        }
        column->codes[column->count++] = *place - 1;
    }
    return true;
}

/* The same code in all of them. */
static bool put_same_code(struct store_bulk *bulk, uint32_t **codes, uint32_t code, uint32_t count,
                          struct fail *fail)
{
    if (!put_code(bulk, codes, code, fail)) {
        return false;
    }
    for (uint32_t i = 0; *codes != NULL && i < count; i++) {
        (*codes)[bulk->count + i] = code;
    }
    return true;
}

bool store_bulk_append_rows(struct store_bulk *bulk, const struct store_bulk_rows *rows,
                            struct fail *fail)
{
    uint32_t at = bulk->count;
    if (rows->count == 0) {
        return true;
    }
    if (bulk->capacity - at < rows->count) {
        return fail_set(fail, FAIL_LIMIT, "too many rows wait to be sealed");
    }
    bool ok = (at > 0 || begin(bulk, fail)) &&
              put_same_code(bulk, &bulk->channels, rows->channel, rows->count, fail) &&
              put_same_code(bulk, &bulk->scales, STORE_NO_CODE, rows->count, fail);
    for (size_t f = 0; ok && f < rows->field_count; f++) {
        ok = put_field(bulk, rows, &rows->fields[f], fail);
    }
    if (!ok) {
        store_bulk_rollback(bulk, at);
        return false;
    }
    for (uint32_t i = 0; i < rows->count; i++) {
        uint16_t row = rows->rows[i];
        bulk->ts_ms[at + i] = rows->ts_ms[row];
        bulk->received_at_ms[at + i] = rows->received_at_ms;
        bulk->original[at + i] = rows->original[i];
        bulk->events[at + i] = rows->events[rows->event_codes[row]];
        bulk->sources[at + i] = rows->source;
    }
    bulk->count += rows->count;
    return true;
}

void store_bulk_rollback(struct store_bulk *bulk, uint32_t count)
{
    bulk->count = count;
    for (size_t c = 0; c < bulk->column_count; c++) {
        struct store_bulk_column *column = &bulk->columns[c];
        if (column->rows == NULL) {
            column->count = column->count < count ? column->count : count;
        }
        while (column->rows != NULL && column->count > 0 &&
               column->rows[column->count - 1] >= count) {
            column->count--;
        }
    }
}
