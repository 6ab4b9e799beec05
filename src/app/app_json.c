/* How events, fields and instants are written as JSON, the same in every operation. */
#include <stdio.h>

#include "app_internal.h"

void app_write_instant(struct json_writer *w, const char *name, int64_t ts_ms)
{
    json_name_c(w, name);
    if (ts_ms == STORE_NO_TIME) {
        json_write_null(w);
    } else {
        json_write_instant(w, ts_ms);
    }
}

void app_write_text(struct json_writer *w, const char *name, struct str text)
{
    json_name_c(w, name);
    if (text.data == NULL) {
        json_write_null(w);
    } else {
        json_write_str(w, text);
    }
}

void app_write_place(struct json_writer *w, const char *name, int64_t ts_ms, uint64_t arrival)
{
    char place[48];
    snprintf(place, sizeof place, "%lld.%llu", (long long)ts_ms, (unsigned long long)arrival);
    json_name_c(w, name);
    json_write_c(w, place);
}

/* The members of an event; the caller has begun the object. */
static void write_event(struct json_writer *w, const struct store_event *event,
                        struct str stored_as)
{
    json_name_c(w, "event");
    json_write_str(w, event->event);
    if (stored_as.data != NULL) {
        app_write_text(w, "stored_as", stored_as);
    }
    json_name_c(w, "ts");
    json_write_instant(w, event->ts_ms);
    json_name_c(w, "received_at");
    json_write_instant(w, event->received_at_ms);
    if (event->client_ts_ms != STORE_NO_TIME) {
        json_name_c(w, "client_ts");
        json_write_instant(w, event->client_ts_ms);
    }
    if (event->sent_at_ms != STORE_NO_TIME) {
        json_name_c(w, "sent_at");
        json_write_instant(w, event->sent_at_ms);
    }
    app_write_text(w, "channel", event->channel);
    app_write_text(w, "source", event->source);
    app_write_text(w, "message_id", event->message_id);
    json_name_c(w, "properties");
    store_json_fields(w, event->properties, event->property_count, false);
    json_name_c(w, "traits");
    store_json_fields(w, event->traits, event->trait_count, true);
    app_write_text(w, "text", event->text);
    json_name_c(w, "score");
    if (event->scale.data == NULL) {
        json_write_null(w);
    } else {
        store_json_value(w, event->score);
    }
    app_write_text(w, "scale", event->scale);
}

void app_write_event(struct json_writer *w, const struct store_event *event, struct str stored_as)
{
    json_begin_object(w);
    write_event(w, event, stored_as);
    json_end_object(w);
}

void app_write_event_at(struct json_writer *w, const struct store_timeline_row *row,
                        struct str stored_as)
{
    json_begin_object(w);
    app_write_place(w, "place", row->event.ts_ms, row->arrival);
    write_event(w, &row->event, stored_as);
    json_end_object(w);
}
