/* Decoding a piece: rows into columns, and what is no such row into items. */
#include "intake_memo.h"
#include "intake_piece_parts.h"

struct intake_piece_decoder {
    const struct intake_import *import;
    struct intake_decoder *decoder;
    struct intake_csv_cell *cells;
    size_t field_count;
    struct intake_memo *event;
    struct intake_memo *fields;
};

bool intake_piece_decoder_new(const struct intake_import *import, struct intake_piece_decoder **out,
                              struct fail *fail)
{
    struct intake_piece_decoder *decoder = base_alloc_zero(sizeof *decoder);
    decoder->import = import;
    decoder->decoder = intake_decoder_new();
    decoder->field_count = import->map.property_count + import->map.trait_count;
    void *cells = NULL;
    void *memos = NULL;
    bool good = base_alloc_array(import->header.count + 1, sizeof *decoder->cells, &cells, fail) &&
                base_alloc_array(decoder->field_count + 1, sizeof *decoder->fields, &memos, fail);
    decoder->cells = cells;
    decoder->fields = memos;
    if (!good) {
        intake_piece_decoder_free(decoder);
        return false;
    }
    memset(decoder->fields, 0, (decoder->field_count + 1) * sizeof *decoder->fields);
    decoder->event = &decoder->fields[decoder->field_count];
    *out = decoder;
    return true;
}

void intake_piece_decoder_free(struct intake_piece_decoder *decoder)
{
    if (decoder != NULL) {
        intake_decoder_free(decoder->decoder);
        base_free(decoder->cells);
        base_free(decoder->fields);
        base_free(decoder);
    }
}

/* ---- rows ------------------------------------------------------------------------------------------------- */

#define OTHER UINT16_MAX /* in place of a code: a text that makes its row another one */

struct decoding {
    struct intake_piece_decoder *decoder;
    const struct intake_map *map;
    struct intake_piece *piece;
    struct intake_draft draft; /* that texts are read into */
    struct fail *fail;
    size_t raw_most;
    bool ascii;
    uint32_t rows, events;
    struct intake_record record; /* the one at hand */
    bool constant_event;
};

static const struct intake_map_value *value_of(const struct intake_map *map, size_t field)
{
    return field < map->property_count ? &map->properties[field].value
                                       : &map->traits[field - map->property_count].value;
}

/* A text was read: what is judged makes its row another one. False: hard. */
static bool was_read(struct decoding *decoding, bool good, bool *out_other)
{
    *out_other = !good;
    decoding->draft.reason = (struct str){NULL, 0};
    return !decoding->draft.hard;
}

static bool read_field(struct decoding *decoding, size_t field, uint16_t *out)
{
    struct store_columns_field *column = &decoding->piece->columns_fields[field];
    struct store_value value = {0};
    bool has = false, other;
    bool good = intake_map_scalar(decoding->map, &decoding->record, value_of(decoding->map, field),
                                  &decoding->draft, &value, &has);
    if (!was_read(decoding, good, &other)) {
        return false;
    }
    if (other || !has) {
        *out = other ? OTHER : 0;
        return true;
    }
    decoding->piece->fields[field].values[column->value_count++] = value;
    *out = (uint16_t)column->value_count;
    return true;
}

static bool read_event(struct decoding *decoding, uint16_t *out)
{
    struct intake_draft *draft = &decoding->draft;
    bool other;
    draft->event = (struct str){NULL, 0};
    bool good = intake_map_text(decoding->map, &decoding->record, &decoding->map->event, draft,
                                &draft->event) &&
                intake_check_names(draft);
    if (!was_read(decoding, good, &other)) {
        return false;
    }
    *out = OTHER;
    if (!other && !str_is(draft->event, "alias")) {
        *out = (uint16_t)decoding->events;
        decoding->piece->events[decoding->events++] = draft->event;
    }
    return true;
}

static bool field_code(struct decoding *decoding, size_t field, uint16_t *out)
{
    const struct intake_map_value *value = value_of(decoding->map, field);
    if (value->kind == INTAKE_MAP_CONST) {
        if (decoding->piece->columns_fields[field].value_count > 0) {
            *out = 1;
            return true;
        }
        return read_field(decoding, field, out);
    }
    const struct intake_csv_cell *cell = &decoding->record.cells[value->columns[0].cell];
    struct str text = str_of(decoding->record.raw.data + cell->begin, cell->len);
    struct intake_memo *memo = &decoding->decoder->fields[field];
    struct intake_memo_key key = intake_memo_key(text);
    struct intake_memo_slot *slot = intake_memo_slot(memo, text, key);
    if (slot->round == memo->round) {
        *out = slot->number;
        return true;
    }
    if (!read_field(decoding, field, out)) {
        return false;
    }
    intake_memo_put(memo, slot, text, key, *out);
    return true;
}

static bool event_code(struct decoding *decoding, uint16_t *out)
{
    if (decoding->map->event.kind == INTAKE_MAP_CONST) {
        *out = 0;
        return decoding->events > 0 || read_event(decoding, out);
    }
    const struct intake_csv_cell *cell =
        &decoding->record.cells[decoding->map->event.columns[0].cell];
    struct str text = str_of(decoding->record.raw.data + cell->begin, cell->len);
    struct intake_memo *memo = decoding->decoder->event;
    struct intake_memo_key key = intake_memo_key(text);
    struct intake_memo_slot *slot = intake_memo_slot(memo, text, key);
    if (slot->round == memo->round) {
        *out = slot->number;
        return true;
    }
    if (!read_event(decoding, out)) {
        return false;
    }
    intake_memo_put(memo, slot, text, key, *out);
    return true;
}

static bool is_well(const struct decoding *decoding, const struct intake_csv_record *record)
{
    const struct intake_csv_cell *cells = decoding->decoder->cells;
    if (record->problem != INTAKE_CSV_FINE ||
        record->cells != decoding->decoder->import->header.count ||
        record->raw.len > decoding->raw_most ||
        (!decoding->ascii && !intake_is_utf8(record->raw))) {
        return false;
    }
    for (size_t i = 0; decoding->piece->quotes && i < record->cells; i++) {
        if (cells[i].doubled) {
            return false;
        }
    }
    return true;
}

/* Puts the record into the columns. *out_other: it does not go there. False: hard. */
static bool take_row(struct decoding *decoding, const struct intake_csv_record *record,
                     bool *out_other)
{
    struct intake_piece *piece = decoding->piece;
    const struct intake_map *map = decoding->map;
    uint32_t row = decoding->rows;
    uint16_t event = OTHER;
    *out_other = !is_well(decoding, record);
    if (*out_other) {
        return true;
    }
    decoding->record.raw = record->raw;
    const struct intake_csv_cell *cells = decoding->decoder->cells;
    const struct intake_csv_cell *who = &cells[map->customer.columns[0].cell];
    const struct intake_csv_cell *when = &cells[map->ts.columns[0].cell];
    struct str identifier = str_of(record->raw.data + who->begin, who->len);
    struct str ts = str_of(record->raw.data + when->begin, when->len);
    struct intake_draft *draft = &decoding->draft;
    int64_t ts_ms = 0;
    if (!event_code(decoding, &event)) {
        return false;
    }
    bool good = event != OTHER && !intake_map_is_missing(map, identifier) &&
                intake_map_check_id(draft, identifier, map->places.user) &&
                !intake_map_is_missing(map, ts) &&
                intake_time_parse(str_trim(ts), map->ts.format, map->ts.zone, &draft->client_ms) &&
                intake_settle_clock(draft, &ts_ms) && ts_ms == draft->client_ms;
    for (size_t f = 0; good && f < decoding->decoder->field_count; f++) {
        uint16_t *code = &piece->fields[f].codes[row];
        if (!field_code(decoding, f, code)) {
            return false;
        }
        good = *code != OTHER;
    }
    if (!was_read(decoding, good, out_other) || *out_other) {
        return !draft->hard;
    }
    piece->raws[row] = record->raw;
    piece->identifiers[row] = identifier;
    piece->ts_ms[row] = ts_ms;
    piece->event_codes[row] = event;
    piece->hashes[row] = base_hash128(record->raw.data, record->raw.len, 0);
    piece->row_records[row] = piece->records;
    decoding->rows++;
    return true;
}

/* ---- items ------------------------------------------------------------------------------------------------ */

static bool item_room(struct intake_piece *piece, struct fail *fail)
{
    size_t needed = piece->columns.item_count + 1;
    void *items = piece->items;
    void *late = piece->late;
    void *before = piece->items_before;
    void *records = piece->item_records;
    bool room = base_grow_array(&items, &piece->item_capacity, needed, sizeof *piece->items, fail);
    piece->items = items;
    room = room && base_grow_array(&late, &piece->late_capacity, needed, sizeof *piece->late, fail);
    piece->late = late;
    room = room && base_grow_array(&before, &piece->before_capacity, needed,
                                   sizeof *piece->items_before, fail);
    piece->items_before = before;
    room = room && base_grow_array(&records, &piece->record_capacity, needed,
                                   sizeof *piece->item_records, fail);
    piece->item_records = records;
    return room;
}

static bool take_item(struct decoding *decoding, const struct intake_csv_record *record)
{
    struct intake_piece *piece = decoding->piece;
    if (!item_room(piece, decoding->fail)) {
        return false;
    }
    size_t at = piece->columns.item_count;
    piece->late[at] = (struct intake_late_id){0};
    const struct intake_reading reading = {decoding->decoder->decoder, &piece->source, piece->arena,
                                           &piece->late[at]};
    if (!intake_csv_item(decoding->decoder->import, &reading, record, decoding->decoder->cells, 0,
                         &piece->items[at], decoding->fail)) {
        return false;
    }
    piece->items_before[at] = decoding->rows;
    piece->item_records[at] = piece->records;
    piece->columns.item_count++;
    return true;
}

/* ---- the piece -------------------------------------------------------------------------------------------- */

static bool take_record(struct decoding *decoding, const struct intake_csv_record *record)
{
    bool other;
    decoding->piece->lines++;
    if (record->raw.len == 0) {
        return true; /* a blank line */
    }
    if (!take_row(decoding, record, &other) || (other && !take_item(decoding, record))) {
        return false;
    }
    decoding->piece->records++;
    return true;
}

static bool take_lines(struct decoding *decoding)
{
    struct intake_piece_decoder *decoder = decoding->decoder;
    struct intake_csv_lines lines = {.text = str_of(decoding->piece->text, decoding->piece->len),
                                     .delimiter = decoder->import->delimiter};
    struct intake_csv_record record;
    while (intake_csv_lines_next(&lines, decoder->cells, decoder->import->header.count, &record)) {
        if (!take_record(decoding, &record)) {
            return false;
        }
    }
    return true;
}

static bool take_found(struct decoding *decoding)
{
    struct intake_piece_decoder *decoder = decoding->decoder;
    const struct intake_piece *piece = decoding->piece;
    size_t at = 0;
    for (size_t i = 0; i < piece->found_count; i++) {
        struct intake_csv_record record = piece->found[i];
        struct str text = str_of(piece->text + at, record.consumed);
        at += record.consumed;
        record.raw.data = text.data;
        if (record.problem == INTAKE_CSV_FINE) {
            struct intake_csv_record again;
            enum intake_csv_result result =
                intake_csv_scan(text, decoder->import->delimiter, true, decoder->cells,
                                decoder->import->header.count, &again);
            INVARIANT(result == INTAKE_CSV_RECORD && again.consumed == record.consumed);
        }
        if (!take_record(decoding, &record)) {
            return false;
        }
    }
    return true;
}

static bool is_ascii(struct str text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++) {
        all |= (unsigned char)text.data[i];
    }
    return all < 0x80;
}

static void begin(struct decoding *decoding)
{
    struct intake_piece *piece = decoding->piece;
    for (size_t f = 0; f <= decoding->decoder->field_count; f++) {
        intake_memo_begin(&decoding->decoder->fields[f]);
    }
    for (size_t f = 0; f < decoding->decoder->field_count; f++) {
        piece->columns_fields[f].value_count = 0;
    }
    arena_reset(piece->arena);
    piece->records = 0;
    piece->lines = 0;
    piece->columns = (struct store_columns){0};
    decoding->ascii = is_ascii(str_of(piece->text, piece->len));
    decoding->raw_most = intake_limits_of(piece->source.limits).event_bytes;
    decoding->record.cells = decoding->decoder->cells;
}

static struct str channel_of(const struct decoding *decoding)
{
    return decoding->draft.channel.data == NULL ? decoding->piece->source.default_channel
                                                : decoding->draft.channel;
}

static void end(struct decoding *decoding)
{
    struct intake_piece *piece = decoding->piece;
    const struct intake_source *source = &piece->source;
    struct store_columns *columns = &piece->columns;
    columns->shared = (struct store_item){
        .event = {.source = source->name,
                  .received_at_ms = source->received_at_ms,
                  .client_ts_ms = STORE_NO_TIME,
                  .sent_at_ms = STORE_NO_TIME,
                  .channel = channel_of(decoding)},
        .verdict = STORE_STORED,
        .way = decoding->decoder->import->way,
        .may_join_users = source->may_join_users,
        .from_import = true,
    };
    columns->kind = STR("user");
    columns->count = decoding->rows;
    columns->raws = piece->raws;
    columns->identifiers = piece->identifiers;
    columns->ts_ms = piece->ts_ms;
    columns->events = piece->events;
    columns->event_count = decoding->events;
    columns->event_codes = piece->event_codes;
    columns->records = piece->hashes;
    columns->nths = piece->nths;
    columns->fields = piece->columns_fields;
    columns->field_count = decoding->decoder->field_count;
    columns->items = piece->items;
    columns->items_before = piece->items_before;
    columns->arena = piece->arena;
}

bool intake_piece_decode(struct intake_piece_decoder *decoder, struct intake_piece *piece,
                         struct fail *fail)
{
    struct decoding decoding = {
        .decoder = decoder, .map = &decoder->import->map, .piece = piece, .fail = fail};
    begin(&decoding);
    if (!intake_draft_begin(&decoding.draft, decoder->decoder, &piece->source,
                            &decoding.map->places, STR(""), piece->arena, fail) ||
        !intake_map_text(decoding.map, &decoding.record, &decoding.map->channel, &decoding.draft,
                         &decoding.draft.channel)) {
        return false;
    }
    if (!(piece->quotes ? take_found(&decoding) : take_lines(&decoding))) {
        return false;
    }
    end(&decoding);
    return true;
}
