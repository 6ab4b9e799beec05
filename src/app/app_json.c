/* How events, fields and instants are written as JSON, the same in every operation. */
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

void app_write_value(struct json_writer *w, struct store_value value)
{
    switch ((enum store_kind)value.kind) {
    case STORE_NULL:
        json_write_null(w);
        break;
    case STORE_BOOL:
        json_write_bool(w, value.b);
        break;
    case STORE_INT:
        json_write_int(w, value.i);
        break;
    case STORE_UINT:
        json_write_uint(w, value.u);
        break;
    case STORE_DOUBLE:
        json_write_double(w, value.d);
        break;
    case STORE_STRING:
        json_write_str(w, store_value_text(value));
        break;
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

/* Fields of one name stand together or apart; several values become an array, in order. */
void app_write_fields(struct json_writer *w, const struct store_field *fields, size_t count,
                      bool traits)
{
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = str_equal(fields[j].name, fields[i].name);
        }
        if (seen || (fields[i].value.kind == STORE_NULL && !traits)) {
            continue;
        }
        size_t same = 0;
        for (size_t j = i; j < count; j++) {
            same += str_equal(fields[j].name, fields[i].name) ? 1 : 0;
        }
        json_name(w, fields[i].name);
        if (same == 1) {
            app_write_value(w, fields[i].value);
            continue;
        }
        json_begin_array(w);
        for (size_t j = i; j < count; j++) {
            if (str_equal(fields[j].name, fields[i].name)) {
                app_write_value(w, fields[j].value);
            }
        }
        json_end_array(w);
    }
    json_end_object(w);
}

void app_write_event(struct json_writer *w, const struct store_event *event, struct str stored_as)
{
    json_begin_object(w);
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
    app_write_fields(w, event->properties, event->property_count, false);
    json_name_c(w, "traits");
    app_write_fields(w, event->traits, event->trait_count, true);
    app_write_text(w, "text", event->text);
    json_name_c(w, "score");
    if (event->scale.data == NULL) {
        json_write_null(w);
    } else {
        app_write_value(w, event->score);
    }
    app_write_text(w, "scale", event->scale);
    json_end_object(w);
}
