#include "store_columns.h"

#include "store_record.h"

static bool copy_fields(const struct store_columns *columns, uint32_t row, bool trait,
                        struct arena *arena, const struct store_field **out, size_t *out_count,
                        struct fail *fail)
{
    struct store_field *list = arena_array(arena, columns->field_count, sizeof *list, fail);
    if (list == NULL) {
        return false;
    }
    *out = list;
    *out_count = 0;
    for (size_t f = 0; f < columns->field_count; f++) {
        const struct store_columns_field *field = &columns->fields[f];
        uint16_t code = field->codes[row];
        if (field->trait == trait && code != 0) {
            list[(*out_count)++] = (struct store_field){field->name, field->values[code - 1]};
        }
    }
    return true;
}

bool store_columns_item(const struct store_columns *columns, uint32_t row, struct arena *arena,
                        struct store_item *out, struct fail *fail)
{
    struct store_event *event = &out->event;
    *out = columns->shared;
    struct store_identifier *id = arena_array(arena, 1, sizeof *id, fail);
    char *record_id = arena_alloc(arena, STORE_RECORD_ID_BYTES, fail);
    if (id == NULL || record_id == NULL ||
        !copy_fields(columns, row, false, arena, &event->properties, &event->property_count,
                     fail) ||
        !copy_fields(columns, row, true, arena, &event->traits, &event->trait_count, fail)) {
        return false;
    }
    *id = (struct store_identifier){columns->kind, columns->identifiers[row]};
    event->identifiers = id;
    event->identifier_count = 1;
    event->event = columns->events[columns->event_codes[row]];
    event->ts_ms = columns->ts_ms[row];
    size_t len = store_record_id_begin(columns->records[row], record_id);
    out->record_id = str_of(record_id, store_record_id_end(record_id, len, columns->nths[row]));
    out->raw = columns->raws[row];
    return true;
}
