#include "store_judge.h"

uint32_t store_judge_names_most(enum store_family family)
{
    switch (family) {
    case STORE_FAMILY_EVENT:
        return 20000;
    case STORE_FAMILY_PROPERTY:
    case STORE_FAMILY_TRAIT:
        return 100000;
    case STORE_FAMILY_CHANNEL:
    case STORE_FAMILY_SOURCE:
        return 10000;
    case STORE_FAMILY_SCALE:
    case STORE_FAMILIES:
        break;
    }
    return 1000;
}

/* ---- shapes: intake has looked already; what would break a promise of the store is looked at again -------- */

static const char *bad_identifiers(const struct store_event *event)
{
    size_t given = 0;
    for (size_t i = 0; i < event->identifier_count; i++) {
        const struct store_identifier *id = &event->identifiers[i];
        if (id->value.len > STORE_IDENTIFIER_BYTES_MAX) {
            return "an identifier is longer than 512 bytes";
        }
        if (id->kind.len == 0 || id->kind.len > STORE_NAME_BYTES_MAX + 4) {
            return "an identifier's kind is empty or too long";
        }
        given += id->value.len > 0;
    }
    return given == 0 ? "no identifier says whose event it is" : NULL;
}

static const char *bad_fields(const struct store_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name.len == 0 || fields[i].name.len > STORE_NAME_BYTES_MAX) {
            return "a name of a property or trait is empty or longer than 200 bytes";
        }
    }
    return NULL;
}

/* What the event is a duplicate by; empty: by nothing. */
static struct str id_of(const struct store_item *item)
{
    return item->event.message_id.len > 0 ? item->event.message_id : item->record_id;
}

static const char *bad_shape(const struct store_item *item)
{
    const struct store_event *event = &item->event;
    if (event->event.len == 0 || event->event.len > STORE_NAME_BYTES_MAX) {
        return "the event's name is empty or longer than 200 bytes";
    }
    if (event->channel.len > STORE_NAME_BYTES_MAX || event->scale.len > STORE_NAME_BYTES_MAX ||
        event->source.len > STORE_NAME_BYTES_MAX) {
        return "a channel, scale or source is longer than 200 bytes";
    }
    if (id_of(item).len > STORE_MESSAGE_ID_BYTES_MAX) {
        return "the message id is longer than 512 bytes";
    }
    if (event->property_count + event->trait_count > STORE_FIELDS_MAX) {
        return "more than 2,000 properties and traits";
    }
    const char *bad = bad_identifiers(event);
    bad = bad != NULL ? bad : bad_fields(event->properties, event->property_count);
    return bad != NULL ? bad : bad_fields(event->traits, event->trait_count);
}

/* ---- duplication -------------------------------------------------------------------------------------------- */

static bool within(int64_t first_ms, int64_t at_ms, int64_t window_ms)
{
    int64_t age_ms;
    if (store_dedup_is_for_ever(first_ms) || at_ms <= first_ms) {
        return true;
    }
    return base_i64_sub(at_ms, first_ms, &age_ms) && age_ms <= window_ms;
}

/* Is the item's id one that intake made up, in a large import? Of those no two of an import are the same. */
static bool is_own(const struct store *store, const struct store_item *item)
{
    return store->writing.in_bulk && item->event.message_id.len == 0 && item->record_id.len > 0;
}

bool store_judge_any_older(const struct store *store, uint64_t import)
{
    const struct store_writing *writing = &store->writing;
    bool any = store_dedup_runs_any_but(writing->dedup_runs, import);
    for (size_t i = 0; i < ARRAY_LEN(writing->dedup) && !any; i++) {
        any = writing->dedup[i] != NULL && writing->dedup[i]->count > 0;
    }
    return any;
}

bool store_judge_duplicate(const struct store *store, const struct store_item *item,
                           struct base_hash128 key, bool *out, struct fail *fail)
{
    int64_t at_ms = item->event.received_at_ms;
    const struct store_writing *writing = &store->writing;
    int64_t window_ms = store->options.dedup_window_ms;
    for (size_t i = 2; i-- > 0;) {
        int64_t first_ms;
        if (writing->dedup[i] != NULL && store_dedup_live_find(writing->dedup[i], key, &first_ms) &&
            within(first_ms, at_ms, window_ms)) {
            *out = true;
            return true;
        }
    }
    return store_dedup_runs_find(writing->dedup_runs, key, at_ms, window_ms,
                                 is_own(store, item) ? item->import : 0, out, fail);
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

static const char *const names_over[STORE_FAMILIES] = {
    [STORE_FAMILY_EVENT] = "there are 20,000 different event names already",
    [STORE_FAMILY_PROPERTY] = "there are 100,000 different property names already",
    [STORE_FAMILY_TRAIT] = "there are 100,000 different trait names already",
    [STORE_FAMILY_CHANNEL] = "there are 10,000 different channels already",
    [STORE_FAMILY_SOURCE] = "there are 10,000 different sources already",
    [STORE_FAMILY_SCALE] = "there are 1,000 different scales already",
};

/* Where the name stands among those met recently, which are mostly the same few. */
static uint32_t *recent_of(struct store *store, enum store_family family, struct str name)
{
    unsigned place = (unsigned)name.len * 5U;
    if (name.len > 0) {
        place += (unsigned char)name.data[0] * 3U + (unsigned char)name.data[name.len - 1];
    }
    return &store->writing.recent[family][place % STORE_JUDGE_RECENT];
}

/* The code of a name; false where it would be one too many. */
bool store_judge_code(struct store *store, enum store_family family, struct str name, uint32_t *out,
                      const char **out_reason)
{
    uint32_t *recent = recent_of(store, family, name);
    if (*recent != 0 && str_equal(store_names_get(store->names, family, *recent - 1), name)) {
        *out = *recent - 1;
        return true;
    }
    uint32_t code = store_names_find(store->names, family, name);
    if (code == STORE_NO_CODE) {
        if (store_names_count(store->names, family) >= store_judge_names_most(family)) {
            *out_reason = names_over[family];
            return false;
        }
        code = store_names_intern(store->names, family, name);
    }
    *recent = code + 1;
    *out = code;
    return true;
}

static bool cells_of(struct store *store, enum store_family family,
                     const struct store_field *fields, size_t count, struct store_cell *out,
                     uint32_t *out_count, const char **out_reason)
{
    uint32_t cells = 0;
    for (size_t i = 0; i < count; i++) {
        /* Null says something only of a trait. */
        if (fields[i].value.kind == STORE_NULL && family == STORE_FAMILY_PROPERTY) {
            continue;
        }
        if (!store_judge_code(store, family, fields[i].name, &out[cells].name, out_reason)) {
            return false;
        }
        out[cells++].value = fields[i].value;
    }
    *out_count = cells;
    return true;
}

/* Fills all of a row but its customer. False with *out_reason: quarantined. */
static bool row_of(struct store *store, const struct store_event *event, struct store_row *row,
                   const char **out_reason)
{
    struct store_cell *cells = store->writing.cells;
    *row = (struct store_row){
        .ts_ms = event->ts_ms,
        .received_at_ms = event->received_at_ms,
        .client_ts_ms = event->client_ts_ms,
        .sent_at_ms = event->sent_at_ms,
        .channel = STORE_NO_CODE,
        .scale = STORE_NO_CODE,
        .text = event->text.len > 0 ? event->text : (struct str){0}, /* no words are none */
        .message_id = event->message_id.len > 0 ? event->message_id : (struct str){0},
        .properties = cells,
    };
    if (!store_judge_code(store, STORE_FAMILY_EVENT, event->event, &row->event, out_reason) ||
        !store_judge_code(store, STORE_FAMILY_SOURCE, event->source, &row->source, out_reason) ||
        (event->channel.data != NULL &&
         !store_judge_code(store, STORE_FAMILY_CHANNEL, event->channel, &row->channel,
                           out_reason)) ||
        (event->scale.data != NULL &&
         !store_judge_code(store, STORE_FAMILY_SCALE, event->scale, &row->scale, out_reason)) ||
        !cells_of(store, STORE_FAMILY_PROPERTY, event->properties, event->property_count, cells,
                  &row->property_count, out_reason)) {
        return false;
    }
    row->score = event->scale.data != NULL ? event->score : (struct store_value){0};
    row->traits = cells + row->property_count;
    return cells_of(store, STORE_FAMILY_TRAIT, event->traits, event->trait_count,
                    cells + row->property_count, &row->trait_count, out_reason);
}

static bool cells_room(struct store_writing *writing, const struct store_event *event,
                       struct fail *fail)
{
    void *cells = writing->cells;
    if (!base_grow_array(&cells, &writing->cell_capacity,
                         event->property_count + event->trait_count + 1, sizeof writing->cells[0],
                         fail)) {
        return false;
    }
    writing->cells = cells;
    return true;
}

/* ---- verdicts ------------------------------------------------------------------------------------------------- */

static void quarantine(struct store_result *out, const char *reason)
{
    out->verdict = STORE_QUARANTINED;
    out->reason = str_from_c(reason);
}

/* One identifier, of a customer, and nothing to join: who it is follows from that alone. */
static bool is_simple(const struct store_item *item)
{
    return item->event.identifier_count == 1 && item->event.identifiers[0].value.len > 0 &&
           !str_is(item->event.identifiers[0].kind, "account") && item->previous_id.len == 0 &&
           item->space == STORE_SPACE_TWO;
}

void store_judge_look(const struct store *store, const struct store_item *item,
                      struct store_result *out)
{
    *out = (struct store_result){
        .verdict = item->verdict, .reason = item->reason, .field = item->field};
    struct str id = id_of(item);
    out->keyed = item->verdict == STORE_STORED && id.len > 0 && item->mends == 0;
    if (out->keyed) {
        out->key = store_dedup_key(store->salt, item->event.source, id);
    }
    out->simple = store->writing.in_bulk && item->verdict == STORE_STORED && is_simple(item);
    if (out->simple) {
        out->who = store_known_key(store->salt, &item->event.identifiers[0]);
    }
}

void store_judge_soon(const struct store *store, const struct store_result *looked)
{
    const struct store_writing *writing = &store->writing;
    for (size_t i = 0; i < ARRAY_LEN(writing->dedup) && looked->keyed; i++) {
        if (writing->dedup[i] != NULL) {
            store_dedup_live_soon(writing->dedup[i], looked->key);
        }
    }
    if (looked->simple) {
        store_known_soon(&writing->known, looked->who);
    }
}

/* The number under which the row is stored, and its root now. */
bool store_judge_customer(struct store *store, const struct store_item *item,
                          const struct base_hash128 *who, struct store_row *row, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    uint32_t number = who != NULL ? store_known_find(&writing->known, *who) : STORE_NO_CUSTOMER;
    if (number != STORE_NO_CUSTOMER) {
        row->original = number;
        row->customer = number; /* a table of an import does not say the root */
        return true;
    }
    if (!store_judge_identity(&writing->draft, item, &row->original, &row->customer, fail)) {
        return false;
    }
    if (who != NULL) {
        store_known_put(&writing->known, *who, row->original);
    }
    return true;
}

static bool remember_key(struct store *store, const struct store_item *item,
                         struct base_hash128 key, struct fail *fail)
{
    struct store_dedup_live *live = store->writing.dedup[1];
    int64_t at_ms =
        item->from_import ? store_dedup_for_ever(item->import) : item->event.received_at_ms;
    if (is_own(store, item)) {
        return store_dedup_own_add(&store->writing.bulk->keys, key, (uint32_t)item->import, fail);
    }
    store_dedup_live_put(live, key, at_ms);
    return true;
}

/* Into the table, and where there is a journal, into the frame. */
static bool put_row(struct store *store, const struct store_item *item, const struct store_row *row,
                    const struct base_hash128 *key, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    if (writing->in_bulk) {
        return store_bulk_append(writing->bulk, row, fail);
    }
    if (!store_fresh_append(writing->fresh, row, fail)) {
        return false;
    }
    store_frame_event(&writing->frame, row, row->message_id.data == NULL ? key : NULL,
                      item->from_import);
    return true;
}

/* Was it received before? *out_key is what it is known by, where it has an id. */
static bool look_for_same(const struct store *store, const struct store_item *item,
                          const struct store_result *looked, struct base_hash128 *out_key,
                          bool *out, struct fail *fail)
{
    struct str id = id_of(item);
    *out = false;
    if (id.len == 0) {
        return true;
    }
    *out_key = looked->keyed ? looked->key : store_dedup_key(store->salt, item->event.source, id);
    return store_judge_duplicate(store, item, *out_key, out, fail);
}

/* Whether it is a duplicate comes before what it wants to join: sent again, an alias may find its users joined to others,
   and is no less the one that was stored. */
bool store_judge_event(struct store *store, const struct store_item *item, struct store_result *out,
                       struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    const struct store_event *event = &item->event;
    struct store_item copy;
    const char *reason = bad_shape(item);
    if (reason != NULL) {
        quarantine(out, reason);
        return true;
    }
    struct base_hash128 key = {0};
    struct str id = id_of(item);
    bool duplicate;
    if (!look_for_same(store, item, out, &key, &duplicate, fail)) {
        return false;
    }
    if (duplicate) {
        out->verdict = STORE_DUPLICATE;
        return true;
    }
    if (!store_judge_space(store, item, &copy, &item, fail) ||
        !store_judge_alias(&writing->draft, item, &reason, fail)) {
        return false;
    }
    if (reason != NULL) {
        quarantine(out, reason);
        return true;
    }
    struct store_row row;
    if (!cells_room(writing, event, fail)) {
        return false;
    }
    if (!row_of(store, event, &row, &reason)) {
        quarantine(out, reason);
        return true;
    }
    row.arrival = writing->next_arrival;
    if (!store_judge_customer(store, item, out->simple ? &out->who : NULL, &row, fail) ||
        !put_row(store, item, &row, id.len > 0 ? &key : NULL, fail) ||
        (id.len > 0 && !remember_key(store, item, key, fail))) {
        return false;
    }
    writing->next_arrival++;
    writing->rows++;
    out->arrival = row.arrival;
    return true;
}

/* The id of the row that has these bytes already, or 0. Rows that are gone, in this commit too, have none. */
static bool find_same(const struct store_writing *writing, struct base_hash128 hash, uint64_t *out,
                      struct fail *fail)
{
    uint64_t id = 0;
    for (size_t i = 2; i-- > 0 && id == 0;) {
        if (writing->quarantine[i] != NULL) {
            id = store_quarantine_live_find(writing->quarantine[i], hash);
            id = store_quarantine_gone(writing->marks, id) ? 0 : id;
        }
    }
    if (id == 0 &&
        !store_quarantine_files_find(writing->quarantine_files, writing->marks, hash, &id, fail)) {
        return false;
    }
    uint32_t mark = store_map_find(&writing->pending_mark_by_id, store_map_mix(id));
    *out = mark != STORE_MAP_NONE && writing->pending_marks[mark].gone ? 0 : id;
    return true;
}

/* Is there room in the quarantine's budget? Where not, the record is refused: it counts, its sender is told, and nothing
   that somebody may still mend goes for it. */
static bool has_room(const struct store *store, size_t raw_len, struct store_result *out)
{
    const struct store_writing *writing = &store->writing;
    uint64_t kept = store_quarantine_bytes(writing->quarantine_files, writing->quarantine) +
                    writing->pending_bytes;
    if (kept + store_quarantine_row_bytes(raw_len) <= store->options.quarantine_bytes_max) {
        return true;
    }
    out->verdict = STORE_REFUSED;
    out->reason = STR("it could not be stored, and the quarantine is full (quarantine_mb): mend or "
                      "discard what lies there");
    return false;
}

/* Keeps the bytes of a quarantined record, once. */
static bool keep_raw(struct store *store, const struct store_item *item, uint32_t source,
                     struct store_result *out, struct fail *fail)
{
    struct store_writing *writing = &store->writing;
    struct store_frame_quarantine row = {
        .source = source,
        .reason = out->reason,
        .field = out->field,
        .way =
            item->way.len > 0 && item->way.len <= STORE_WAY_BYTES_MAX ? item->way : (struct str){0},
        .received_at_ms = item->event.received_at_ms,
        .sent_at_ms = item->event.sent_at_ms,
        .raw_bytes = item->raw.len,
        .raw = item->raw,
        .hash = store_quarantine_hash(store->salt, item->event.source, item->raw),
    };
    uint32_t pending = store_map_find(&writing->pending_by_hash, row.hash.low);
    if (pending != STORE_MAP_NONE && writing->pending[pending].row.hash.high == row.hash.high) {
        out->quarantine_id = writing->pending[pending].row.id;
        return true;
    }
    if (!find_same(writing, row.hash, &out->quarantine_id, fail)) {
        return false;
    }
    if (row.raw.len > STORE_QUARANTINE_RAW_MAX) {
        row.raw.len = STORE_QUARANTINE_RAW_CUT;
    }
    if (out->quarantine_id != 0 || !has_room(store, row.raw.len, out)) {
        return true;
    }
    void *rows = writing->pending;
    if (!base_grow_array(&rows, &writing->pending_capacity, writing->pending_count + 1,
                         sizeof writing->pending[0], fail)) {
        return false;
    }
    writing->pending = rows;
    if (pending == STORE_MAP_NONE && !store_map_put(&writing->pending_by_hash, row.hash.low,
                                                    (uint32_t)writing->pending_count, fail)) {
        return false;
    }
    writing->pending_bytes += store_quarantine_row_bytes(row.raw.len);
    row.id = out->quarantine_id = writing->next_quarantine_id++;
    struct store_pending *added = &writing->pending[writing->pending_count++];
    *added = (struct store_pending){
        .row = row,
        .source = store_names_get(store->names, STORE_FAMILY_SOURCE, source),
        .raw_at = store_frame_quarantine(&writing->frame, &row),
    };
    return true;
}

void store_judge_count(struct store *store, uint32_t source, enum store_verdict verdict,
                       uint64_t records, int64_t received_at_ms)
{
    struct store_ledger_count *count = store_ledger_of(&store->writing.delta, source);
    count->received += records;
    switch (verdict) {
    case STORE_STORED:
        count->stored += records;
        break;
    case STORE_DUPLICATE:
        count->duplicate += records;
        break;
    case STORE_QUARANTINED:
        count->quarantined += records;
        break;
    case STORE_REFUSED:
        count->refused += records;
        break;
    }
    if (received_at_ms > count->last_received_ms) {
        count->last_received_ms = received_at_ms;
    }
}

uint32_t store_judge_source(struct store *store, struct str source)
{
    uint32_t code;
    const char *reason;
    if (source.len > STORE_NAME_BYTES_MAX) {
        source.len = STORE_NAME_BYTES_MAX;
    }
    if (store_judge_code(store, STORE_FAMILY_SOURCE, source, &code, &reason)) {
        return code;
    }
    return store_names_intern(store->names, STORE_FAMILY_SOURCE, STR("(other)"));
}

bool store_judge_item(struct store *store, const struct store_item *item, struct store_result *out,
                      struct fail *fail)
{
    struct store_ledger_table *delta = &store->writing.delta;
    if (item->mends != 0) {
        return store_judge_mended(store, item, out, fail);
    }
    uint32_t source = store_judge_source(store, item->event.source);
    if (!store_ledger_room(delta, source, fail) ||
        (item->verdict == STORE_STORED && !store_judge_event(store, item, out, fail)) ||
        (out->verdict == STORE_QUARANTINED && !keep_raw(store, item, source, out, fail))) {
        return false;
    }
    store_judge_count(store, source, out->verdict, 1, item->event.received_at_ms);
    return true;
}
