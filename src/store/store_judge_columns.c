/* store_judge_columns.c — rows of columns: a row whose names are known and well is judged by its duplication and its customer
   alone, as its item would be; any other becomes its item first, and goes the way of items. */
#include "store_import.h"
#include "store_judge.h"
#include "store_record.h"

#define LOOKED_AT_ONCE 256U /* rows of which keys are made before the first of them is judged */
#define JUDGED_AHEAD 12U

struct looked {              /* by what a row */
    struct base_hash128 key; /* may be a duplicate, */
    struct base_hash128 who; /* and its customer may be known */
};
struct judging {
    struct store *store;
    struct store_columns *columns;
    struct arena *arena;
    struct store_item item; /* the row at hand, as far as judging it needs one */
    struct store_identifier identifier;
    char record_id[STORE_RECORD_ID_BYTES];
    uint32_t source, channel;
    uint32_t *events; /* codes, by place; STORE_NO_CODE: not known, or not well */
    bool *looked;     /* the event's code was looked for */
    struct store_bulk_field *fields;
    size_t unnamed; /* fields whose name was not looked for yet */
    /* Stored rows that are not in the table yet. */
    uint16_t *rows;
    uint32_t *original;
    uint32_t waiting;
    uint64_t duplicates; /* not counted yet */
    bool plain;          /* rows have both, as all but these of the item says */
    bool older;          /* a row may be a duplicate */
    uint64_t key_seed, who_seed;
    struct looked looked_at[LOOKED_AT_ONCE];
};

/* ---- names ------------------------------------------------------------------------------------------------ */

static bool is_name(struct str name)
{
    return name.len > 0 && name.len <= STORE_NAME_BYTES_MAX;
}

static uint32_t event_of(struct judging *judging, uint32_t row)
{
    const struct store_columns *columns = judging->columns;
    uint16_t place = columns->event_codes[row];
    struct str name = columns->events[place];
    const char *ignored; /* the item is told */
    if (!judging->looked[place]) {
        judging->looked[place] = true;
        if (!is_name(name) || str_is(name, "alias") ||
            !store_judge_code(judging->store, STORE_FAMILY_EVENT, name, &judging->events[place],
                              &ignored)) {
            judging->events[place] = STORE_NO_CODE;
        }
    }
    return judging->events[place];
}

/* The names of the row's fields that were not met before. False: not all of them are well. */
static bool name_fields(struct judging *judging, uint32_t row)
{
    const char *ignored;
    for (size_t f = 0; judging->unnamed > 0 && f < judging->columns->field_count; f++) {
        const struct store_columns_field *field = &judging->columns->fields[f];
        struct store_bulk_field *named = &judging->fields[f];
        if (named->name != STORE_NO_CODE || field->codes[row] == 0) {
            continue;
        }
        enum store_family family = field->trait ? STORE_FAMILY_TRAIT : STORE_FAMILY_PROPERTY;
        if (!is_name(field->name) ||
            !store_judge_code(judging->store, family, field->name, &named->name, &ignored)) {
            named->name = STORE_NO_CODE;
            return false;
        }
        judging->unnamed--;
    }
    return true;
}

/* Those of the source and the channel, with the first row that needs them. False: not well. */
static bool name_shared(struct judging *judging)
{
    const struct store_event *event = &judging->columns->shared.event;
    const char *ignored;
    bool has_channel = event->channel.data != NULL;
    if (judging->source != STORE_NO_CODE && (!has_channel || judging->channel != STORE_NO_CODE)) {
        return true;
    }
    return event->source.len <= STORE_NAME_BYTES_MAX &&
           event->channel.len <= STORE_NAME_BYTES_MAX &&
           store_judge_code(judging->store, STORE_FAMILY_SOURCE, event->source, &judging->source,
                            &ignored) &&
           (!has_channel || store_judge_code(judging->store, STORE_FAMILY_CHANNEL, event->channel,
                                             &judging->channel, &ignored));
}

/* ---- the table and the counts ------------------------------------------------------------------------- */

/* Rows that were judged go into the table, and are counted. */
static bool settle(struct judging *judging, struct fail *fail)
{
    struct store *store = judging->store;
    struct store_columns *columns = judging->columns;
    int64_t received_at_ms = columns->shared.event.received_at_ms;
    const struct store_bulk_rows rows = {
        .count = judging->waiting,
        .rows = judging->rows,
        .original = judging->original,
        .ts_ms = columns->ts_ms,
        .event_codes = columns->event_codes,
        .events = judging->events,
        .received_at_ms = received_at_ms,
        .source = judging->source,
        .channel = judging->channel,
        .fields = judging->fields,
        .field_count = columns->field_count,
    };
    if (judging->waiting + judging->duplicates == 0) {
        return true;
    }
    uint32_t source = store_judge_source(store, columns->shared.event.source);
    if (!store_ledger_room(&store->writing.delta, source, fail) ||
        !store_bulk_append_rows(store->writing.bulk, &rows, fail)) {
        return false;
    }
    store_judge_count(store, source, STORE_STORED, judging->waiting, received_at_ms);
    store_judge_count(store, source, STORE_DUPLICATE, judging->duplicates, received_at_ms);
    store_import_after_rows(store, STORE_STORED, judging->waiting);
    store_import_after_rows(store, STORE_DUPLICATE, judging->duplicates);
    columns->out_stored += judging->waiting;
    columns->out_duplicate += judging->duplicates;
    judging->waiting = 0;
    judging->duplicates = 0;
    return true;
}

/* ---- rows as items --------------------------------------------------------------------------------------- */

static bool judge_item(struct judging *judging, const struct store_item *item,
                       struct store_result *result, struct fail *fail)
{
    struct store *store = judging->store;
    store_judge_look(store, item, result);
    if (!settle(judging, fail) || !store_import_before(store, item, fail) ||
        !store_judge_item(store, item, result, fail)) {
        return false;
    }
    store_import_after(store, item, result->verdict);
    return true;
}

static bool judge_given(struct judging *judging, struct store_item *item, struct fail *fail)
{
    struct store_result result;
    if (!judge_item(judging, item, &result, fail)) {
        return false;
    }
    store_result_give(&result, item);
    return true;
}

static bool judge_row_as_item(struct judging *judging, uint32_t row,
                              struct store_columns_bad ***end, struct fail *fail)
{
    struct store_columns *columns = judging->columns;
    struct store_item item;
    struct store_result result;
    if (!store_columns_item(columns, row, columns->arena, &item, fail) ||
        !judge_item(judging, &item, &result, fail)) {
        return false;
    }
    columns->out_stored += result.verdict == STORE_STORED;
    columns->out_duplicate += result.verdict == STORE_DUPLICATE;
    if (result.verdict == STORE_QUARANTINED || result.verdict == STORE_REFUSED) {
        struct store_columns_bad *bad = arena_small(columns->arena, sizeof *bad);
        *bad = (struct store_columns_bad){
            .row = row, .verdict = result.verdict, .reason = result.reason, .field = result.field};
        **end = bad;
        *end = &bad->next;
        columns->out_bad_count++;
    }
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------------------- */

static struct str record_id(const struct store_columns *columns, uint32_t row,
                            char out[STORE_RECORD_ID_BYTES])
{
    size_t len = store_record_id_begin(columns->records[row], out);
    return str_of(out, store_record_id_end(out, len, columns->nths[row]));
}

/* What store_judge_look says of an item. */
static void look(const struct judging *judging, uint32_t row, struct looked *out)
{
    char id[STORE_RECORD_ID_BYTES];
    struct str record = record_id(judging->columns, row, id);
    struct str who = judging->columns->identifiers[row];
    out->key = base_hash128(record.data, record.len, judging->key_seed);
    out->who = base_hash128(who.data, who.len, judging->who_seed);
}

static void bring_near(const struct judging *judging, const struct looked *looked)
{
    const struct store_writing *writing = &judging->store->writing;
    for (size_t i = 0; i < ARRAY_LEN(writing->dedup) && judging->older; i++) {
        if (writing->dedup[i] != NULL) {
            store_dedup_live_soon(writing->dedup[i], looked->key);
        }
    }
    store_known_soon(&writing->known, looked->who);
}

static bool is_duplicate(struct judging *judging, uint32_t row, const struct looked *looked,
                         bool *out, struct fail *fail)
{
    *out = false;
    if (!judging->older) {
        return true;
    }
    judging->item.record_id = record_id(judging->columns, row, judging->record_id);
    return store_judge_duplicate(judging->store, &judging->item, looked->key, out, fail);
}

static bool judge_row(struct judging *judging, uint32_t row, const struct looked *looked,
                      bool *out_other, struct fail *fail)
{
    struct store *store = judging->store;
    struct store_writing *writing = &store->writing;
    struct str who = judging->columns->identifiers[row];
    bool duplicate;
    *out_other = !judging->plain || who.len == 0 || who.len > STORE_IDENTIFIER_BYTES_MAX ||
                 event_of(judging, row) == STORE_NO_CODE;
    if (*out_other) {
        return true;
    }
    if (!is_duplicate(judging, row, looked, &duplicate, fail)) {
        return false;
    }
    if (duplicate) {
        judging->duplicates++;
        return true;
    }
    *out_other = !name_shared(judging) || !name_fields(judging, row);
    if (*out_other) {
        return true;
    }
    struct store_row stored;
    judging->identifier.value = who;
    if (!store_judge_customer(store, &judging->item, &looked->who, &stored, fail) ||
        !store_dedup_own_add(&writing->bulk->keys, looked->key, (uint32_t)judging->item.import,
                             fail)) {
        return false;
    }
    judging->rows[judging->waiting] = (uint16_t)row;
    judging->original[judging->waiting++] = stored.original;
    writing->next_arrival++;
    writing->rows++;
    return true;
}

static bool judge_rows(struct judging *judging, uint32_t from, uint32_t end,
                       struct store_columns_bad ***bad, struct fail *fail)
{
    struct looked *looked_at = judging->looked_at;
    judging->older = store_judge_any_older(judging->store, judging->item.import);
    for (uint32_t first = from; first < end; first += LOOKED_AT_ONCE) {
        uint32_t count = end - first < LOOKED_AT_ONCE ? end - first : LOOKED_AT_ONCE;
        for (uint32_t i = 0; i < count; i++) {
            look(judging, first + i, &looked_at[i]);
        }
        for (uint32_t i = 0; i < count; i++) {
            bool other;
            if (i + JUDGED_AHEAD < count) {
                bring_near(judging, &looked_at[i + JUDGED_AHEAD]);
            }
            if (!judge_row(judging, first + i, &looked_at[i], &other, fail) ||
                (other && !judge_row_as_item(judging, first + i, bad, fail))) {
                return false;
            }
        }
    }
    return true;
}

/* What is the same of all rows, asked of one with an identifier and an id. */
static void look_at_shared(struct judging *judging)
{
    const struct store *store = judging->store;
    struct store_result looked;
    judging->identifier.value = STR("any");
    judging->item.record_id = STR("any");
    store_judge_look(store, &judging->item, &looked);
    judging->plain = looked.keyed && looked.simple;
    judging->key_seed = store_dedup_seed(store->salt, judging->item.event.source);
    judging->who_seed = store_known_seed(store->salt, judging->identifier.kind);
}

static bool begin(struct judging *judging, struct fail *fail)
{
    const struct store_columns *columns = judging->columns;
    struct arena *arena = judging->arena;
    judging->events = arena_array(arena, columns->event_count, sizeof *judging->events, fail);
    judging->looked = arena_array(arena, columns->event_count, sizeof *judging->looked, fail);
    judging->fields = arena_array(arena, columns->field_count, sizeof *judging->fields, fail);
    judging->rows = arena_array(arena, columns->count, sizeof *judging->rows, fail);
    judging->original = arena_array(arena, columns->count, sizeof *judging->original, fail);
    if (judging->events == NULL || judging->looked == NULL || judging->fields == NULL ||
        judging->rows == NULL || judging->original == NULL) {
        return false;
    }
    for (size_t f = 0; f < columns->field_count; f++) {
        const struct store_columns_field *field = &columns->fields[f];
        judging->fields[f] = (struct store_bulk_field){
            .trait = field->trait,
            .name = STORE_NO_CODE,
            .values = field->values,
            .codes = field->codes,
            .places = arena_array(arena, field->value_count, sizeof(uint32_t), fail),
        };
        if (judging->fields[f].places == NULL) {
            return false;
        }
        judging->unnamed += field->value_count > 0;
    }
    judging->item = columns->shared;
    judging->identifier.kind = columns->kind;
    judging->item.event.identifiers = &judging->identifier;
    judging->item.event.identifier_count = 1;
    look_at_shared(judging);
    return true;
}

bool store_judge_columns(struct store *store, struct store_columns *columns, struct fail *fail)
{
    struct judging *judging = base_alloc_zero(sizeof *judging);
    *judging = (struct judging){.store = store,
                                .columns = columns,
                                .arena = columns->arena,
                                .source = STORE_NO_CODE,
                                .channel = STORE_NO_CODE};
    struct store_columns_bad **bad = &columns->out_bad;
    uint32_t row = 0;
    bool ok = begin(judging, fail) && store_import_before(store, &judging->item, fail);
    for (size_t i = 0; ok && i < columns->item_count; i++) {
        ok = judge_rows(judging, row, columns->items_before[i], &bad, fail) &&
             judge_given(judging, &columns->items[i], fail);
        row = columns->items_before[i];
    }
    ok = ok && judge_rows(judging, row, columns->count, &bad, fail) && settle(judging, fail);
    base_free(judging);
    return ok;
}
