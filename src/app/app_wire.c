#include "app_wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base_bytes.h"

static bool send_all(int socket, const char *data, size_t len, struct fail *fail)
{
    while (len > 0) {
        ssize_t sent = send(socket, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return fail_set(fail, FAIL_IO, "the other end of the control socket is gone");
        }
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Reads exactly `len` bytes; *out_read is less where the stream ended. */
static bool receive_all(int socket, char *into, size_t len, size_t *out_read, struct fail *fail)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = recv(socket, into + done, len - done, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_set(fail, FAIL_IO, "the control socket could not be read");
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *out_read = done;
    return true;
}

bool app_frame_send(int socket, enum app_frame kind, struct str payload, struct fail *fail)
{
    if (payload.len > APP_FRAME_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT,
                        "%zu bytes are more than one frame of the control socket holds",
                        payload.len);
    }
    char head[5];
    base_put_u32(head, (uint32_t)payload.len);
    head[4] = (char)kind;
    return send_all(socket, head, sizeof head, fail) &&
           send_all(socket, payload.data, payload.len, fail);
}

bool app_frame_receive(int socket, enum app_frame *out_kind, struct base_buf *payload,
                       bool *out_closed, struct fail *fail)
{
    char head[5];
    size_t got;
    if (!receive_all(socket, head, sizeof head, &got, fail)) {
        return false;
    }
    *out_closed = got == 0;
    if (got == 0) {
        return true;
    }
    uint32_t len = got == sizeof head ? base_get_u32(head) : 0;
    if (got < sizeof head || len > APP_FRAME_BYTES_MAX) {
        return fail_set(fail, FAIL_INPUT, "the control socket carried something that is no frame");
    }
    base_buf_reset(payload);
    payload->limit = APP_FRAME_BYTES_MAX;
    char *room = base_buf_room(payload, len);
    if (room == NULL) {
        return base_buf_ok(payload, fail);
    }
    if (!receive_all(socket, room, len, &got, fail)) {
        return false;
    }
    if (got < len) {
        return fail_set(fail, FAIL_IO, "the other end of the control socket left in mid-frame");
    }
    payload->len = len;
    *out_kind = (enum app_frame)head[4];
    return true;
}

void app_wire_put_u64(struct base_buf *buf, uint64_t v)
{
    uint8_t bytes[BASE_VARINT_BYTES_MAX];
    base_buf_bytes(buf, bytes, base_varint_put(bytes, v));
}

static void put_i64(struct base_buf *buf, int64_t v)
{
    app_wire_put_u64(buf, base_zigzag(v));
}

void app_wire_put_str(struct base_buf *buf, struct str text)
{
    app_wire_put_u64(buf, text.data == NULL ? 0 : text.len + 1);
    base_buf_bytes(buf, text.data, text.data == NULL ? 0 : text.len);
}

bool app_wire_get_u64(struct str *at, uint64_t *out)
{
    const uint8_t *from = (const uint8_t *)at->data;
    const uint8_t *begin = from;
    if (at->len == 0 || !base_varint_get(&from, begin + at->len, out)) {
        return false;
    }
    *at = str_after(*at, (size_t)(from - begin));
    return true;
}

static bool get_i64(struct str *at, int64_t *out)
{
    uint64_t v;
    if (!app_wire_get_u64(at, &v)) {
        return false;
    }
    *out = base_unzigzag(v);
    return true;
}

bool app_wire_get_str(struct str *at, struct str *out)
{
    uint64_t len;
    if (!app_wire_get_u64(at, &len)) {
        return false;
    }
    if (len == 0) {
        *out = (struct str){NULL, 0};
        return true;
    }
    if (len - 1 > at->len) {
        return false;
    }
    *out = str_of(at->data, (size_t)(len - 1));
    *at = str_after(*at, (size_t)(len - 1));
    return true;
}

void app_wire_put_fail(struct base_buf *buf, const struct fail *from)
{
    app_wire_put_u64(buf, (uint64_t)from->code);
    app_wire_put_str(buf, str_from_c(from->pointer));
    app_wire_put_str(buf, str_from_c(from->message));
}

bool app_wire_get_fail(struct str bytes, struct fail *into)
{
    uint64_t code;
    struct str pointer, message;
    if (!app_wire_get_u64(&bytes, &code) || code > FAIL_INTERNAL ||
        !app_wire_get_str(&bytes, &pointer) || !app_wire_get_str(&bytes, &message)) {
        return fail_set(into, FAIL_INTERNAL, "the server's refusal could not be read");
    }
    char place[FAIL_POINTER_BYTES];
    size_t len = pointer.len < sizeof place - 1 ? pointer.len : sizeof place - 1;
    if (len > 0) {
        memcpy(place, pointer.data, len);
    }
    place[len] = '\0';
    fail_input_at(into, place, "%.*s", STR_ARG(message));
    into->code = (enum fail_code)code;
    return false;
}

/* ---- items
 * ---------------------------------------------------------------------------------------- */

static void put_value(struct base_buf *buf, struct store_value value)
{
    app_wire_put_u64(buf, value.kind);
    switch ((enum store_kind)value.kind) {
    case STORE_NULL:
        break;
    case STORE_BOOL:
        app_wire_put_u64(buf, value.b ? 1 : 0);
        break;
    case STORE_INT:
        put_i64(buf, value.i);
        break;
    case STORE_UINT:
        app_wire_put_u64(buf, value.u);
        break;
    case STORE_DOUBLE: {
        char bytes[8];
        memcpy(bytes, &value.d, sizeof bytes);
        base_buf_bytes(buf, bytes, sizeof bytes);
        break;
    }
    case STORE_STRING:
        app_wire_put_str(buf, str_of(value.s == NULL ? "" : value.s, value.len));
        break;
    }
}

static bool get_value(struct str *at, struct store_value *out)
{
    uint64_t kind, u;
    int64_t i;
    struct str text;
    if (!app_wire_get_u64(at, &kind)) {
        return false;
    }
    switch (kind) {
    case STORE_NULL:
        *out = (struct store_value){.kind = STORE_NULL};
        return true;
    case STORE_BOOL:
        if (!app_wire_get_u64(at, &u)) {
            return false;
        }
        *out = store_value_bool(u != 0);
        return true;
    case STORE_INT:
        if (!get_i64(at, &i)) {
            return false;
        }
        *out = store_value_int(i);
        return true;
    case STORE_UINT:
        if (!app_wire_get_u64(at, &u)) {
            return false;
        }
        *out = store_value_uint(u);
        return true;
    case STORE_DOUBLE:
        if (at->len < sizeof out->d) {
            return false;
        }
        *out = (struct store_value){.kind = STORE_DOUBLE};
        memcpy(&out->d, at->data, sizeof out->d);
        *at = str_after(*at, sizeof out->d);
        return true;
    case STORE_STRING:
        if (!app_wire_get_str(at, &text) || text.len > UINT32_MAX) {
            return false;
        }
        *out = store_value_str(text);
        return true;
    default:
        return false;
    }
}

static void put_fields(struct base_buf *buf, const struct store_field *fields, size_t count)
{
    app_wire_put_u64(buf, count);
    for (size_t i = 0; i < count; i++) {
        app_wire_put_str(buf, fields[i].name);
        put_value(buf, fields[i].value);
    }
}

static bool get_fields(struct str *at, struct arena *arena, const struct store_field **out,
                       size_t *out_count)
{
    uint64_t count;
    if (!app_wire_get_u64(at, &count) || count > at->len) {
        return false;
    }
    struct fail fail;
    struct store_field *fields = arena_array(arena, (size_t)count, sizeof *fields, &fail);
    if (fields == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!app_wire_get_str(at, &fields[i].name) || !get_value(at, &fields[i].value)) {
            return false;
        }
    }
    *out = fields;
    *out_count = (size_t)count;
    return true;
}

enum item_flag { ITEM_MAY_JOIN_USERS = 1, ITEM_FROM_IMPORT = 2 };

/* Items of one file came the same way: it is said once. */
static void put_way(struct base_buf *buf, const struct store_item *item,
                    const struct store_item *before)
{
    bool same =
        before != NULL && item->way.data == before->way.data && item->way.len == before->way.len;
    app_wire_put_u64(buf, same);
    if (!same) {
        app_wire_put_str(buf, item->way);
    }
}

static bool get_way(struct str *at, struct store_item *item, const struct store_item *before)
{
    uint64_t same;
    if (!app_wire_get_u64(at, &same) || same > 1 || (same == 1 && before == NULL)) {
        return false;
    }
    if (same == 1) {
        item->way = before->way;
        return true;
    }
    return app_wire_get_str(at, &item->way);
}

static void put_item(struct base_buf *buf, const struct store_item *item)
{
    const struct store_event *event = &item->event;
    app_wire_put_u64(buf, (uint64_t)item->verdict);
    app_wire_put_u64(buf, (item->may_join_users ? ITEM_MAY_JOIN_USERS : 0U) |
                              (item->from_import ? ITEM_FROM_IMPORT : 0U));
    const struct str texts[] = {item->reason,  item->field,       item->raw,      item->previous_id,
                                event->source, event->message_id, event->event,   event->channel,
                                event->text,   event->scale,      item->record_id};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        app_wire_put_str(buf, texts[i]);
    }
    put_i64(buf, event->ts_ms);
    put_i64(buf, event->received_at_ms);
    put_i64(buf, event->client_ts_ms);
    put_i64(buf, event->sent_at_ms);
    put_value(buf, event->score);
    put_fields(buf, event->properties, event->property_count);
    put_fields(buf, event->traits, event->trait_count);
    app_wire_put_u64(buf, (uint64_t)item->space);
    put_fields(buf, item->once, item->once_count);
    app_wire_put_u64(buf, item->import);
    app_wire_put_u64(buf, event->identifier_count);
    for (size_t i = 0; i < event->identifier_count; i++) {
        app_wire_put_str(buf, event->identifiers[i].kind);
        app_wire_put_str(buf, event->identifiers[i].value);
    }
}

static bool get_identifiers(struct str *at, struct arena *arena, struct store_event *event)
{
    uint64_t count;
    if (!app_wire_get_u64(at, &count) || count > at->len) {
        return false;
    }
    struct fail fail;
    struct store_identifier *identifiers =
        arena_array(arena, (size_t)count, sizeof *identifiers, &fail);
    if (identifiers == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!app_wire_get_str(at, &identifiers[i].kind) ||
            !app_wire_get_str(at, &identifiers[i].value)) {
            return false;
        }
    }
    event->identifiers = identifiers;
    event->identifier_count = (size_t)count;
    return true;
}

static bool get_space(struct str *at, struct store_item *item)
{
    uint64_t space;
    if (!app_wire_get_u64(at, &space) || space > STORE_SPACE_ONE_USER) {
        return false;
    }
    item->space = (enum store_space)space;
    return true;
}

static bool get_item(struct str *at, struct arena *arena, struct store_item *item)
{
    struct store_event *event = &item->event;
    uint64_t verdict, flags;
    if (!app_wire_get_u64(at, &verdict) || verdict > STORE_REFUSED ||
        !app_wire_get_u64(at, &flags)) {
        return false;
    }
    item->verdict = (enum store_verdict)verdict;
    item->may_join_users = (flags & ITEM_MAY_JOIN_USERS) != 0;
    item->from_import = (flags & ITEM_FROM_IMPORT) != 0;
    struct str *texts[] = {&item->reason,  &item->field,       &item->raw,      &item->previous_id,
                           &event->source, &event->message_id, &event->event,   &event->channel,
                           &event->text,   &event->scale,      &item->record_id};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!app_wire_get_str(at, texts[i])) {
            return false;
        }
    }
    return get_i64(at, &event->ts_ms) && get_i64(at, &event->received_at_ms) &&
           get_i64(at, &event->client_ts_ms) && get_i64(at, &event->sent_at_ms) &&
           get_value(at, &event->score) &&
           get_fields(at, arena, &event->properties, &event->property_count) &&
           get_fields(at, arena, &event->traits, &event->trait_count) && get_space(at, item) &&
           get_fields(at, arena, &item->once, &item->once_count) &&
           app_wire_get_u64(at, &item->import) && get_identifiers(at, arena, event);
}

void app_wire_put_items(struct base_buf *buf, const struct store_item *items, size_t count)
{
    app_wire_put_u64(buf, count);
    for (size_t i = 0; i < count; i++) {
        put_item(buf, &items[i]);
        put_way(buf, &items[i], i == 0 ? NULL : &items[i - 1]);
    }
}

bool app_wire_get_items(struct str bytes, struct arena *arena, struct store_item **out,
                        size_t *out_count, struct fail *fail)
{
    uint64_t count;
    if (!app_wire_get_u64(&bytes, &count) || count > bytes.len) {
        return fail_set(fail, FAIL_INPUT, "the control socket carried a broken batch");
    }
    struct store_item *items = arena_array(arena, (size_t)count, sizeof *items, fail);
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!get_item(&bytes, arena, &items[i]) ||
            !get_way(&bytes, &items[i], i == 0 ? NULL : &items[i - 1])) {
            return fail_set(fail, FAIL_INPUT, "item %zu on the control socket is broken", i);
        }
    }
    *out = items;
    *out_count = (size_t)count;
    return true;
}

void app_wire_put_verdicts(struct base_buf *buf, const struct store_item *items, size_t count)
{
    app_wire_put_u64(buf, count);
    for (size_t i = 0; i < count; i++) {
        app_wire_put_u64(buf, (uint64_t)items[i].verdict);
        app_wire_put_str(buf, items[i].verdict == STORE_STORED ? (struct str){NULL, 0}
                                                               : items[i].reason);
        app_wire_put_str(buf,
                         items[i].verdict == STORE_STORED ? (struct str){NULL, 0} : items[i].field);
        app_wire_put_u64(buf, items[i].out_arrival);
        app_wire_put_u64(buf, items[i].out_quarantine_id);
    }
}

bool app_wire_get_verdicts(struct str bytes, struct arena *arena, struct store_item *items,
                           size_t count, struct fail *fail)
{
    uint64_t sent;
    bool good = app_wire_get_u64(&bytes, &sent) && sent == count;
    for (size_t i = 0; good && i < count; i++) {
        uint64_t verdict;
        struct str reason, field;
        good = app_wire_get_u64(&bytes, &verdict) && verdict <= STORE_REFUSED &&
               app_wire_get_str(&bytes, &reason) && app_wire_get_str(&bytes, &field) &&
               app_wire_get_u64(&bytes, &items[i].out_arrival) &&
               app_wire_get_u64(&bytes, &items[i].out_quarantine_id);
        if (good) {
            items[i].verdict = (enum store_verdict)verdict;
            items[i].reason = reason.data == NULL ? reason : str_copy(arena, reason);
            items[i].field = field.data == NULL ? field : str_copy(arena, field);
        }
    }
    return good || fail_set(fail, FAIL_INTERNAL, "the server's verdicts could not be read");
}
