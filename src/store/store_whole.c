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

/* The first entry of a row that is not before `row`. */
static uint32_t first_entry(const struct store_column *column, uint32_t row)
{
    uint32_t low = 0;
    uint32_t high = column->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (column->at[middle] < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

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

bool store_whole_fit(const struct store_rows *rows, size_t column_count, uint32_t first,
                     uint32_t most, struct arena *arena, uint32_t *out, struct fail *fail)
{
    size_t *bytes = arena_array(arena, most, sizeof *bytes, fail); /* by row */
    if (bytes == NULL) {
        return false;
    }
    for (size_t c = 0; c < column_count; c++) {
        const struct store_column *column = &rows->columns[c];
        for (uint32_t i = first_entry(column, first);
             i < column->count && column->at[i] - first < most; i++) {
            bool string = column->values[i].kind == STORE_STRING;
            bytes[column->at[i] - first] += string ? store_value_len(&column->values[i]) : 0;
        }
    }
    size_t all = bytes[0];
    uint32_t count = 1;
    while (count < most && all + bytes[count] <= STORE_WHOLE_BYTES) {
        all += bytes[count++];
    }
    *out = count;
    return true;
}

/* The same of a string that may have been left in its heap, of the column begun last. */
static bool copy_value(const struct store_whole *m, struct store_value value,
                       struct store_value *out, struct fail *fail)
{
    struct str text;
    if (store_value_is_left(&value)) {
        if (!store_words_get(m->words, value, &text, fail)) {
            return false;
        }
        value = store_value_str(text);
    }
    return store_whole_copy(m->arena, value, out, fail);
}

static void begin_words(const struct store_whole *m, enum store_segment_kind kind, uint32_t name)
{
    if (m->words != NULL) {
        store_words_begin(m->words, kind, name);
    }
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
        begin_words(m, c == STORE_WHOLE_TEXT ? STORE_SEGMENT_TEXT : STORE_SEGMENT_MESSAGE_ID,
                    STORE_NO_CODE);
        for (uint32_t i = first_entry(column, m->first);
             i < column->count && column->at[i] - m->first < m->count; i++) {
            struct store_value value;
            if (!copy_value(m, column->values[i], &value, fail)) {
                return false;
            }
            set_own(&m->out[column->at[i] - m->first], c, value);
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
        const struct store_column *column = named[n].column;
        for (uint32_t i = first_entry(column, m->first);
             i < column->count && column->at[i] - m->first < m->count; i++) {
            ends[column->at[i] - m->first + 1]++;
            total++;
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
    for (size_t n = 0; n < named_count; n++) {
        const struct store_column *column = named[n].column;
        begin_words(m,
                    family == STORE_FAMILY_PROPERTY ? STORE_SEGMENT_PROPERTY : STORE_SEGMENT_TRAIT,
                    (uint32_t)(column - (m->rows->columns + first)));
        for (uint32_t i = first_entry(column, m->first);
             i < column->count && column->at[i] - m->first < m->count; i++) {
            /* ends[r] moves from the begin to the end of row r */
            struct store_field *field = &fields[ends[column->at[i] - m->first]++];
            field->name = named[n].name;
            if (!copy_value(m, column->values[i], &field->value, fail)) {
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
