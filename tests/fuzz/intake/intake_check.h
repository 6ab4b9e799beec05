/* intake_check.h — what holds of every item that intake makes, whatever came in.
 *
 * What: the promises that the store relies on, and that a reader of the quarantine relies on.
 * Owner: nothing.   Threads: safe.   Failure: INVARIANT.   Limits/cost: looks at every byte.
 * Units: *_ms UTC.   Example: check_items(got.items, got.count, &source);
 * Not here: whether the right things were taken (tests/unit/intake).
 */
#pragma once

#include "intake.h"

static inline void check_text(struct str text, size_t longest)
{
    INVARIANT(text.len <= longest && (text.data != NULL || text.len == 0));
    INVARIANT(str_is_utf8(text));
}

static inline void check_fields(const struct store_field *fields, size_t count, bool traits)
{
    for (size_t i = 0; i < count; i++) {
        check_text(fields[i].name, STORE_NAME_BYTES_MAX);
        INVARIANT(fields[i].name.len > 0);
        struct store_value value = fields[i].value;
        INVARIANT(value.kind <= STORE_STRING && (traits || value.kind != STORE_NULL));
        if (value.kind == STORE_STRING) {
            check_text(store_value_text(value), STORE_EVENT_BYTES_MAX);
        } else if (value.kind == STORE_DOUBLE) {
            INVARIANT(isfinite(value.d));
            INVARIANT(store_value_double(value.d).kind == STORE_DOUBLE);
        } else if (value.kind == STORE_UINT) {
            INVARIANT(value.u > INT64_MAX);
        }
    }
}

static inline void check_event(const struct store_item *item, const struct intake_source *source)
{
    const struct store_event *event = &item->event;
    check_text(event->event, STORE_NAME_BYTES_MAX);
    INVARIANT(event->event.len > 0);
    check_text(event->message_id, STORE_MESSAGE_ID_BYTES_MAX);
    check_text(item->record_id, STORE_MESSAGE_ID_BYTES_MAX);
    INVARIANT(event->message_id.data == NULL || item->record_id.data == NULL);
    check_text(event->channel, STORE_NAME_BYTES_MAX);
    check_text(event->text, STORE_EVENT_BYTES_MAX);
    INVARIANT(event->text.data == NULL || event->text.len > 0);
    INVARIANT(event->ts_ms >= source->floor_ms);
    INVARIANT(event->ts_ms <= source->received_at_ms + 5 * 60 * 1000);
    INVARIANT(event->property_count + event->trait_count + item->once_count <= STORE_FIELDS_MAX);
    check_fields(item->once, item->once_count, false);
    check_fields(event->properties, event->property_count, false);
    check_fields(event->traits, event->trait_count, true);
    INVARIANT((event->scale.data == NULL) ||
              (event->score.kind == STORE_INT && event->score.i >= 0 && event->score.i <= 10));
    bool known = false;
    for (size_t i = 0; i < event->identifier_count; i++) {
        check_text(event->identifiers[i].kind, STORE_NAME_BYTES_MAX);
        check_text(event->identifiers[i].value, STORE_IDENTIFIER_BYTES_MAX);
        INVARIANT(event->identifiers[i].value.len > 0);
        known = known || !str_is(event->identifiers[i].kind, "account");
    }
    INVARIANT(known);
    check_text(item->previous_id, STORE_IDENTIFIER_BYTES_MAX);
    if (item->space == STORE_SPACE_TWO) {
        INVARIANT((item->previous_id.data != NULL) == str_is(event->event, "alias"));
        return;
    }
    /* One name space: whose it is comes first, and who is joined to it is said by the identifiers. */
    INVARIANT(item->previous_id.data == NULL);
    INVARIANT(str_is(event->identifiers[0].kind, "user") ||
              str_is(event->identifiers[0].kind, "anonymous"));
}

static inline void check_items(const struct store_item *items, size_t count,
                               const struct intake_source *source)
{
    for (size_t i = 0; i < count; i++) {
        INVARIANT(str_equal(items[i].event.source, source->name));
        INVARIANT(items[i].event.received_at_ms == source->received_at_ms);
        if (items[i].verdict == STORE_STORED) {
            check_event(&items[i], source);
            continue;
        }
        INVARIANT(items[i].verdict == STORE_QUARANTINED || items[i].verdict == STORE_REFUSED);
        INVARIANT(items[i].reason.len > 0 && items[i].raw.data != NULL);
        check_text(items[i].reason, FAIL_MESSAGE_BYTES);
        check_text(items[i].field, SIZE_MAX);
    }
}
