#include "store_json.h"

void store_json_value(struct json_writer *w, struct store_value value)
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

/* Fields of one name stand together or apart; several values become an array, in order. */
void store_json_fields(struct json_writer *w, const struct store_field *fields, size_t count,
                       bool removals)
{
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = str_equal(fields[j].name, fields[i].name);
        }
        if (seen || (fields[i].value.kind == STORE_NULL && !removals)) {
            continue;
        }
        size_t same = 0;
        for (size_t j = i; j < count; j++) {
            same += str_equal(fields[j].name, fields[i].name) ? 1 : 0;
        }
        json_name(w, fields[i].name);
        if (same == 1) {
            store_json_value(w, fields[i].value);
            continue;
        }
        json_begin_array(w);
        for (size_t j = i; j < count; j++) {
            if (str_equal(fields[j].name, fields[i].name)) {
                store_json_value(w, fields[j].value);
            }
        }
        json_end_array(w);
    }
    json_end_object(w);
}
