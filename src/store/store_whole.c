/* store_whole.c — from columns back to whole events. */
#include "store_whole.h"

#include <stdlib.h>

static const enum store_read_of own_of[STORE_WHOLE_OWN_COUNT] = {
    STORE_READ_SOURCE,  STORE_READ_CHANNEL,    STORE_READ_SCALE,       STORE_READ_SCORE,
    STORE_READ_TEXT,    STORE_READ_MESSAGE_ID, STORE_READ_RECEIVED_AT, STORE_READ_CLIENT_TS,
    STORE_READ_SENT_AT, STORE_READ_ARRIVAL,    STORE_READ_ORIGINAL,
};

/* ---- columns -------------------------------------------------------------------------------------------- */

bool store_whole_columns(const struct store_sources *sources, struct arena *arena,
                         struct store_whole_columns *out, struct fail *fail)
{
    size_t properties = store_names_count(sources->names, STORE_FAMILY_PROPERTY);
    size_t traits = store_names_count(sources->names, STORE_FAMILY_TRAIT);
    out->property_first = STORE_WHOLE_OWN_COUNT;
    out->trait_first = STORE_WHOLE_OWN_COUNT + properties;
    out->count = out->trait_first + traits;
    out->columns = arena_array(arena, out->count, sizeof *out->columns, fail);
    if (out->columns == NULL) {
        return false;
    }
    for (size_t c = 0; c < out->count; c++) {
        struct store_read_column *column = &out->columns[c];
        if (c < STORE_WHOLE_OWN_COUNT) {
            *column = (struct store_read_column){.of = own_of[c], .name = STORE_NO_CODE};
        } else if (c < out->trait_first) {
            column->of = STORE_READ_PROPERTY;
            column->name = (uint32_t)(c - out->property_first);
        } else {
            column->of = STORE_READ_TRAIT_CELL;
            column->name = (uint32_t)(c - out->trait_first);
        }
    }
    return true;
}

/* ---- from columns to events ------------------------------------------------------------------------------ */

bool store_whole_copy(struct arena *arena, struct store_value value, struct store_value *out,
                      struct fail *fail)
{
    *out = value;
    if (value.kind == STORE_STRING) {
        char *copy = arena_alloc(arena, value.len, fail);
        if (copy == NULL) {
            return false;
        }
        if (value.len > 0) {
            memcpy(copy, value.s, value.len);
        }
        out->s = copy;
    }
    return true;
}

static void set_own(struct store_timeline_row *row, size_t column, struct store_value value)
{
    switch (column) {
    case STORE_WHOLE_SOURCE:
        row->event.source = store_value_text(value);
        break;
    case STORE_WHOLE_CHANNEL:
        row->event.channel = store_value_text(value);
        break;
    case STORE_WHOLE_SCALE:
        row->event.scale = store_value_text(value);
        break;
    case STORE_WHOLE_SCORE:
        row->event.score = value;
        break;
    case STORE_WHOLE_TEXT:
        row->event.text = store_value_text(value);
        break;
    case STORE_WHOLE_MESSAGE_ID:
        row->event.message_id = store_value_text(value);
        break;
    case STORE_WHOLE_RECEIVED_AT:
        row->event.received_at_ms = value.i;
        break;
    case STORE_WHOLE_CLIENT_TS:
        row->event.client_ts_ms = value.i;
        break;
    case STORE_WHOLE_SENT_AT:
        row->event.sent_at_ms = value.i;
        break;
    case STORE_WHOLE_ARRIVAL:
        row->arrival = (uint64_t)value.i;
        break;
    default:
        row->number = (uint32_t)value.i;
        break;
    }
}

static bool make_own(const struct store_whole *m, struct fail *fail)
{
    for (uint32_t r = 0; r < m->count; r++) {
        m->out[r].event = (struct store_event){
            .event = store_names_get(m->sources->names, STORE_FAMILY_EVENT,
                                     m->rows->events[m->first + r]),
            .ts_ms = m->rows->ts_ms[m->first + r],
            .client_ts_ms = STORE_NO_TIME,
            .sent_at_ms = STORE_NO_TIME,
        };
    }
    for (size_t c = 0; c < STORE_WHOLE_OWN_COUNT; c++) {
        const struct store_column *column = &m->rows->columns[c];
        for (uint32_t i = 0; i < column->count; i++) {
            uint32_t at = column->at[i] - m->first;
            struct store_value value;
            if (column->at[i] < m->first || at >= m->count) {
                continue;
            }
            if (!store_whole_copy(m->arena, column->values[i], &value, fail)) {
                return false;
            }
            set_own(&m->out[at], c, value);
        }
    }
    return true;
}

static int compare_named(const void *a, const void *b)
{
    const struct store_whole_name *x = a;
    const struct store_whole_name *y = b;
    return str_compare(x->name, y->name);
}

bool store_whole_names(const struct store_whole *m, size_t first, size_t end,
                       enum store_family family, struct store_whole_name **out, size_t *out_count,
                       struct fail *fail)
{
    size_t count = 0;
    for (size_t c = first; c < end; c++) {
        count += m->rows->columns[c].count > 0;
    }
    struct store_whole_name *named = arena_array(m->arena, count, sizeof *named, fail);
    if (named == NULL) {
        return false;
    }
    count = 0;
    for (size_t c = first; c < end; c++) {
        if (m->rows->columns[c].count > 0) {
            named[count].name = store_names_get(m->sources->names, family, (uint32_t)(c - first));
            named[count++].column = &m->rows->columns[c];
        }
    }
    if (count > 0) {
        qsort(named, count, sizeof *named, compare_named);
    }
    *out = named;
    *out_count = count;
    return true;
}

static bool make_fields(const struct store_whole *m, size_t first, size_t end,
                        enum store_family family, struct fail *fail)
{
    struct store_whole_name *named;
    size_t named_count;
    uint32_t *ends = arena_array(m->arena, (size_t)m->count + 1, sizeof *ends, fail);
    if (ends == NULL || !store_whole_names(m, first, end, family, &named, &named_count, fail)) {
        return false;
    }
    size_t total = 0;
    for (size_t n = 0; n < named_count; n++) {
        for (uint32_t i = 0; i < named[n].column->count; i++) {
            uint32_t at = named[n].column->at[i] - m->first;
            if (named[n].column->at[i] >= m->first && at < m->count) {
                ends[at + 1]++;
                total++;
            }
        }
    }
    struct store_field *fields = arena_array(m->arena, total, sizeof *fields, fail);
    if (fields == NULL) {
        return false;
    }
    for (uint32_t r = 0; r < m->count; r++) {
        struct store_event *event = &m->out[r].event;
        size_t count = ends[r + 1];
        ends[r + 1] += ends[r];
        if (family == STORE_FAMILY_PROPERTY) {
            event->properties = fields + ends[r];
            event->property_count = count;
        } else {
            event->traits = fields + ends[r];
            event->trait_count = count;
        }
    }
    for (size_t n = 0; n < named_count;
         n++) { /* ends[r] moves from the begin to the end of row r */
        for (uint32_t i = 0; i < named[n].column->count; i++) {
            uint32_t at = named[n].column->at[i] - m->first;
            if (named[n].column->at[i] < m->first || at >= m->count) {
                continue;
            }
            struct store_field *field = &fields[ends[at]++];
            field->name = named[n].name;
            if (!store_whole_copy(m->arena, named[n].column->values[i], &field->value, fail)) {
                return false;
            }
        }
    }
    return true;
}

bool store_whole_make(const struct store_whole *m, const struct store_whole_columns *all,
                      struct fail *fail)
{
    return make_own(m, fail) &&
           make_fields(m, all->property_first, all->trait_first, STORE_FAMILY_PROPERTY, fail) &&
           make_fields(m, all->trait_first, all->count, STORE_FAMILY_TRAIT, fail);
}
