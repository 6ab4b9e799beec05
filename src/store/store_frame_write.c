#include "base_bytes.h"
#include "store_frame.h"

enum event_flags {
    EVENT_CLIENT_TS = 1,
    EVENT_SENT_AT = 2,
    EVENT_CHANNEL = 4,
    EVENT_TEXT = 8,
    EVENT_SCORE = 16,
    EVENT_MESSAGE_ID = 32,
    EVENT_IMPORT = 64,
    EVENT_KEY = 128,
};

enum quarantine_flags {
    QUARANTINE_FIELD = 1,
    QUARANTINE_WAY = 2,
    QUARANTINE_SENT_AT = 4,
    QUARANTINE_SAME_WAY = 8,
};

enum mended_flags {
    MENDED_STAYS = 1,
    MENDED_FIELD = 2,
};

void store_frame_writer_init(struct store_frame_writer *writer, struct store_names *names,
                             size_t reserved)
{
    *writer = (struct store_frame_writer){.names = names, .reserved = reserved};
    writer->bytes.limit = STORE_FRAME_BYTES_MAX;
    store_frame_reset(writer);
}

void store_frame_writer_done(struct store_frame_writer *writer)
{
    base_buf_done(&writer->bytes);
    for (size_t i = 0; i < STORE_FAMILIES; i++) {
        base_free(writer->local[i]);
    }
    base_free(writer->used);
    *writer = (struct store_frame_writer){0};
}

void store_frame_reset(struct store_frame_writer *writer)
{
    for (size_t i = 0; i < writer->used_count; i++) {
        writer->local[writer->used[i] >> 32][(uint32_t)writer->used[i]] = 0;
    }
    writer->used_count = 0;
    writer->last_way = (struct str){0};
    writer->failed = false;
    /* One large commit must not hold its memory for ever. */
    if (writer->bytes.capacity > (size_t)8 << 20) {
        base_buf_done(&writer->bytes);
    }
    base_buf_reset(&writer->bytes);
    char *room = writer->reserved == 0 ? NULL : base_buf_room(&writer->bytes, writer->reserved);
    if (room != NULL) {
        memset(room, 0, writer->reserved);
        writer->bytes.len = writer->reserved;
    }
}

bool store_frame_ok(const struct store_frame_writer *writer, struct fail *fail)
{
    if (writer->failed) {
        *fail = writer->fail;
        return false;
    }
    return base_buf_ok(&writer->bytes, fail);
}

/* ---- small pieces ------------------------------------------------------------------------------------ */

static uint8_t *room(struct store_frame_writer *writer, size_t bytes)
{
    return (uint8_t *)base_buf_room(&writer->bytes, bytes);
}

static void claim(struct store_frame_writer *writer, const uint8_t *end)
{
    writer->bytes.len = (size_t)(end - (const uint8_t *)writer->bytes.data);
}

static uint8_t *put_varint(uint8_t *at, uint64_t v)
{
    return at + base_varint_put(at, v);
}

static uint8_t *put_signed(uint8_t *at, int64_t v)
{
    return put_varint(at, base_zigzag(v));
}

/* How far `to` lies from `from`; wraps rather than overflows, and the reader wraps back. */
static int64_t distance(int64_t to, int64_t from)
{
    return (int64_t)((uint64_t)to - (uint64_t)from);
}

static uint8_t *put_text(uint8_t *at, struct str text)
{
    at = put_varint(at, text.len);
    if (text.data != NULL) { /* a missing text has no bytes */
        memcpy(at, text.data, text.len);
    }
    return at + text.len;
}

static uint8_t *put_value(uint8_t *at, struct store_value value)
{
    *at++ = (uint8_t)value.kind;
    switch ((enum store_kind)value.kind) {
    case STORE_NULL:
        break;
    case STORE_BOOL:
        *at++ = value.b;
        break;
    case STORE_INT:
        at = put_signed(at, value.i);
        break;
    case STORE_UINT:
        at = put_varint(at, value.u);
        break;
    case STORE_DOUBLE:
        memcpy(at, &value.d, sizeof value.d);
        at += sizeof value.d;
        break;
    case STORE_STRING:
        at = put_text(at, store_value_text(value));
        break;
    }
    return at;
}

static size_t value_bytes_most(struct store_value value)
{
    return 1 + BASE_VARINT_BYTES_MAX + (value.kind == STORE_STRING ? value.len : 0);
}

static bool local_room(struct store_frame_writer *writer, enum store_family family, uint32_t code)
{
    size_t before = writer->local_capacity[family];
    void *local = writer->local[family];
    if (!base_grow_array(&local, &writer->local_capacity[family], (size_t)code + 1,
                         sizeof(uint32_t), &writer->fail)) {
        return false;
    }
    writer->local[family] = local;
    memset(writer->local[family] + before, 0,
           (writer->local_capacity[family] - before) * sizeof(uint32_t));
    return true;
}

/* The number of a name in this frame, said first where it is new. */
static uint32_t local_of(struct store_frame_writer *writer, enum store_family family, uint32_t code)
{
    if (code < writer->local_capacity[family] && writer->local[family][code] != 0) {
        return writer->local[family][code] - 1;
    }
    void *used = writer->used;
    if (!local_room(writer, family, code) ||
        !base_grow_array(&used, &writer->used_capacity, writer->used_count + 1, sizeof(uint64_t),
                         &writer->fail)) {
        writer->failed = true;
        return 0;
    }
    writer->used = used;
    writer->used[writer->used_count++] = (uint64_t)family << 32 | code;
    writer->local[family][code] = (uint32_t)writer->used_count;
    struct str name = store_names_get(writer->names, family, code);
    uint8_t *at = room(writer, 2 + BASE_VARINT_BYTES_MAX + name.len);
    if (at != NULL) {
        *at++ = STORE_FRAME_NAME;
        *at++ = (uint8_t)family;
        claim(writer, put_text(at, name));
    }
    return (uint32_t)writer->used_count - 1;
}

/* ---- records -------------------------------------------------------------------------------------------- */

void store_frame_identifier(struct store_frame_writer *writer, uint32_t number,
                            struct store_identifier id, bool member)
{
    uint8_t *at = room(writer, 2 + 3 * BASE_VARINT_BYTES_MAX + id.kind.len + id.value.len);
    if (at == NULL) {
        return;
    }
    *at++ = STORE_FRAME_IDENTIFIER;
    at = put_varint(at, number);
    *at++ = member;
    at = put_text(at, id.kind);
    claim(writer, put_text(at, id.value));
}

void store_frame_join(struct store_frame_writer *writer, const struct store_edge *edge)
{
    uint8_t *at = room(writer, 1 + 4 * BASE_VARINT_BYTES_MAX);
    if (at == NULL) {
        return;
    }
    *at++ = STORE_FRAME_JOIN;
    at = put_varint(at, edge->child);
    at = put_varint(at, edge->parent);
    at = put_signed(at, edge->at_ms);
    claim(writer, put_varint(at, edge->height));
}

void store_frame_rowless(struct store_frame_writer *writer, uint32_t number)
{
    uint8_t *at = room(writer, 1 + BASE_VARINT_BYTES_MAX);
    if (at != NULL) {
        *at++ = STORE_FRAME_ROWLESS;
        claim(writer, put_varint(at, number));
    }
}

static void name_cells(struct store_frame_writer *writer, enum store_family family,
                       const struct store_cell *cells, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        local_of(writer, family, cells[i].name);
    }
}

static size_t cells_bytes_most(const struct store_cell *cells, uint32_t count)
{
    size_t bytes = BASE_VARINT_BYTES_MAX;
    for (uint32_t i = 0; i < count; i++) {
        bytes += BASE_VARINT_BYTES_MAX + value_bytes_most(cells[i].value);
    }
    return bytes;
}

static uint8_t *put_cells(const struct store_frame_writer *writer, uint8_t *at,
                          enum store_family family, const struct store_cell *cells, uint32_t count)
{
    at = put_varint(at, count);
    for (uint32_t i = 0; i < count; i++) {
        at = put_varint(at, writer->local[family][cells[i].name] - 1);
        at = put_value(at, cells[i].value);
    }
    return at;
}

static unsigned flags_of(const struct store_row *row, const struct base_hash128 *key, bool import)
{
    return (row->client_ts_ms != STORE_NO_TIME ? EVENT_CLIENT_TS : 0U) |
           (row->sent_at_ms != STORE_NO_TIME ? EVENT_SENT_AT : 0U) |
           (row->channel != STORE_NO_CODE ? EVENT_CHANNEL : 0U) |
           (row->text.data != NULL ? EVENT_TEXT : 0U) |
           (row->scale != STORE_NO_CODE ? EVENT_SCORE : 0U) |
           (row->message_id.data != NULL ? EVENT_MESSAGE_ID : 0U) | (import ? EVENT_IMPORT : 0U) |
           (key != NULL ? EVENT_KEY : 0U);
}

void store_frame_event(struct store_frame_writer *writer, const struct store_row *row,
                       const struct base_hash128 *key, bool import)
{
    /* Names are records of their own and come first. */
    uint32_t event = local_of(writer, STORE_FAMILY_EVENT, row->event);
    uint32_t source = local_of(writer, STORE_FAMILY_SOURCE, row->source);
    uint32_t channel = 0;
    uint32_t scale = 0;
    if (row->channel != STORE_NO_CODE) {
        channel = local_of(writer, STORE_FAMILY_CHANNEL, row->channel);
    }
    if (row->scale != STORE_NO_CODE) {
        scale = local_of(writer, STORE_FAMILY_SCALE, row->scale);
    }
    name_cells(writer, STORE_FAMILY_PROPERTY, row->properties, row->property_count);
    name_cells(writer, STORE_FAMILY_TRAIT, row->traits, row->trait_count);
    size_t most = 2 + 16 + 12 * BASE_VARINT_BYTES_MAX + row->text.len + row->message_id.len +
                  value_bytes_most(row->score) +
                  cells_bytes_most(row->properties, row->property_count) +
                  cells_bytes_most(row->traits, row->trait_count);
    uint8_t *at = writer->failed ? NULL : room(writer, most);
    if (at == NULL) {
        return;
    }
    unsigned flags = flags_of(row, key, import);
    *at++ = STORE_FRAME_EVENT;
    at = put_varint(at, flags);
    at = put_varint(at, row->original);
    at = put_varint(at, event);
    at = put_varint(at, source);
    at = put_signed(at, row->ts_ms);
    at = put_signed(at, distance(row->received_at_ms, row->ts_ms));
    if ((flags & EVENT_CLIENT_TS) != 0) {
        at = put_signed(at, distance(row->client_ts_ms, row->ts_ms));
    }
    if ((flags & EVENT_SENT_AT) != 0) {
        at = put_signed(at, distance(row->sent_at_ms, row->ts_ms));
    }
    if ((flags & EVENT_CHANNEL) != 0) {
        at = put_varint(at, channel);
    }
    if ((flags & EVENT_TEXT) != 0) {
        at = put_text(at, row->text);
    }
    if ((flags & EVENT_SCORE) != 0) {
        at = put_varint(at, scale);
        at = put_value(at, row->score);
    }
    if ((flags & EVENT_MESSAGE_ID) != 0) {
        at = put_text(at, row->message_id);
    }
    if (key != NULL) {
        base_put_u64(at, key->low);
        base_put_u64(at + 8, key->high);
        at += 16;
    }
    at = put_cells(writer, at, STORE_FAMILY_PROPERTY, row->properties, row->property_count);
    claim(writer, put_cells(writer, at, STORE_FAMILY_TRAIT, row->traits, row->trait_count));
}

static unsigned quarantine_flags(const struct store_frame_writer *writer,
                                 const struct store_frame_quarantine *row)
{
    unsigned way = row->way.len == 0                       ? 0U
                   : str_equal(row->way, writer->last_way) ? QUARANTINE_SAME_WAY
                                                           : QUARANTINE_WAY;
    return way | (row->field.data != NULL ? QUARANTINE_FIELD : 0U) |
           (row->sent_at_ms != STORE_NO_TIME ? QUARANTINE_SENT_AT : 0U);
}

size_t store_frame_quarantine(struct store_frame_writer *writer,
                              const struct store_frame_quarantine *row)
{
    uint32_t source = local_of(writer, STORE_FAMILY_SOURCE, row->source);
    unsigned flags = quarantine_flags(writer, row);
    uint8_t *at = writer->failed
                      ? NULL
                      : room(writer, 2 + 16 + 10 * BASE_VARINT_BYTES_MAX + row->reason.len +
                                         row->field.len + row->way.len + row->raw.len);
    if (at == NULL) {
        return 0;
    }
    *at++ = STORE_FRAME_QUARANTINE;
    at = put_varint(at, row->id);
    at = put_varint(at, source);
    at = put_signed(at, row->received_at_ms);
    base_put_u64(at, row->hash.low);
    base_put_u64(at + 8, row->hash.high);
    at = put_text(at + 16, row->reason);
    *at++ = (uint8_t)flags;
    at = put_text(at, row->field);
    if ((flags & QUARANTINE_WAY) != 0) {
        at = put_text(at, row->way);
        writer->last_way = row->way;
    }
    if ((flags & QUARANTINE_SENT_AT) != 0) {
        at = put_signed(at, distance(row->sent_at_ms, row->received_at_ms));
    }
    at = put_varint(at, row->raw_bytes);
    at = put_text(at, row->raw);
    claim(writer, at);
    return writer->bytes.len - row->raw.len;
}

void store_frame_mended(struct store_frame_writer *writer, const struct store_quarantine_mark *mark)
{
    uint8_t *at = room(writer, 2 + 3 * BASE_VARINT_BYTES_MAX + mark->reason.len + mark->field.len);
    if (at == NULL) {
        return;
    }
    *at++ = STORE_FRAME_MENDED;
    at = put_varint(at, mark->id);
    *at++ = (uint8_t)((mark->gone ? 0U : MENDED_STAYS) |
                      (mark->field.data != NULL ? MENDED_FIELD : 0U));
    if (!mark->gone) {
        at = put_text(at, mark->reason);
        at = put_text(at, mark->field);
    }
    claim(writer, at);
}

void store_frame_ledger(struct store_frame_writer *writer, uint32_t source,
                        const struct store_ledger_count *count)
{
    uint32_t local = local_of(writer, STORE_FAMILY_SOURCE, source);
    uint8_t *at = writer->failed ? NULL : room(writer, 1 + 7 * BASE_VARINT_BYTES_MAX);
    if (at == NULL) {
        return;
    }
    *at++ = STORE_FRAME_LEDGER;
    at = put_varint(at, local);
    at = put_varint(at, count->received);
    at = put_varint(at, count->stored);
    at = put_varint(at, count->duplicate);
    at = put_varint(at, count->quarantined);
    at = put_varint(at, count->refused);
    claim(writer, put_signed(at, count->last_received_ms));
}

void store_frame_customers(struct store_frame_writer *writer, uint64_t customers)
{
    uint8_t *at = room(writer, 1 + BASE_VARINT_BYTES_MAX);
    if (at != NULL) {
        *at++ = STORE_FRAME_CUSTOMERS;
        claim(writer, put_varint(at, customers));
    }
}

void store_frame_import(struct store_frame_writer *writer, uint64_t number)
{
    uint8_t *at = room(writer, 1 + BASE_VARINT_BYTES_MAX);
    if (at != NULL) {
        *at++ = STORE_FRAME_IMPORT;
        claim(writer, put_varint(at, number));
    }
}

void store_frame_import_change(struct store_frame_writer *writer,
                               const struct store_frame_import *change)
{
    uint8_t *at =
        room(writer, 3 + 6 * BASE_VARINT_BYTES_MAX + change->source.len + change->name.len);
    if (at == NULL) {
        return;
    }
    *at++ = STORE_FRAME_IMPORT_CHANGE;
    *at++ = (uint8_t)change->change;
    at = put_varint(at, change->number);
    switch (change->change) {
    case STORE_FRAME_IMPORT_BEGUN:
        at = put_signed(at, change->at_ms);
        at = put_text(at, change->source);
        at = put_text(at, change->name);
        break;
    case STORE_FRAME_IMPORT_COUNTED:
        for (size_t i = 0; i < ARRAY_LEN(change->counts); i++) {
            at = put_varint(at, change->counts[i]);
        }
        break;
    case STORE_FRAME_IMPORT_ENDED:
        at = put_signed(at, change->at_ms);
        *at++ = change->stopped;
        break;
    }
    claim(writer, at);
}

void store_frame_closed(struct store_frame_writer *writer)
{
    base_buf_byte(&writer->bytes, STORE_FRAME_CLOSED);
}
