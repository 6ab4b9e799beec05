/* Pieces: cut off the file one after the other, and numbered in that order. */
#include "intake_piece_parts.h"

/* ---- which maps allow it --------------------------------------------------------------------------------- */

static bool is_cell(const struct intake_map_value *value)
{
    return value->kind == INTAKE_MAP_COLUMN && value->columns[0].cell < INTAKE_COLUMN_NUMBER &&
           value->type != INTAKE_MAP_HTML;
}

static bool are_plain(const struct intake_map_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (str_equal(fields[i].name, fields[j].name)) {
                return false;
            }
        }
        if (!is_cell(&fields[i].value) && fields[i].value.kind != INTAKE_MAP_CONST) {
            return false;
        }
    }
    return true;
}

bool intake_piece_may(const struct intake_import *import)
{
    const struct intake_map *map = &import->map;
    return import->format == INTAKE_FORMAT_CSV && import->mapped && import->delimiter != '"' &&
           import->known_raw.data == NULL && import->source->mask == NULL &&
           is_cell(&map->customer) &&
           (is_cell(&map->event) || map->event.kind == INTAKE_MAP_CONST) && is_cell(&map->ts) &&
           map->message_id.kind == INTAKE_MAP_NONE &&
           (map->channel.kind == INTAKE_MAP_NONE || map->channel.kind == INTAKE_MAP_CONST) &&
           map->text.kind == INTAKE_MAP_NONE && map->score.kind == INTAKE_MAP_NONE &&
           map->scale.kind == INTAKE_MAP_NONE && map->identifier_count == 0 &&
           map->where_count == 0 && map->anonymous == INTAKE_ANONYMOUS_NONE &&
           map->property_count + map->trait_count <= INTAKE_PIECE_FIELDS_MAX &&
           are_plain(map->properties, map->property_count) &&
           are_plain(map->traits, map->trait_count);
}

/* ---- its memory ------------------------------------------------------------------------------------------- */

/* For one of each row; touched only as far as there are rows. */
static void *rows_of(struct intake_piece *piece, size_t size, struct fail *fail)
{
    return arena_alloc(piece->lasting, STORE_COLUMNS_ROWS_MAX * size, fail);
}

static bool alloc_rows(struct intake_piece *piece, struct fail *fail)
{
    piece->raws = rows_of(piece, sizeof *piece->raws, fail);
    piece->identifiers = rows_of(piece, sizeof *piece->identifiers, fail);
    piece->events = rows_of(piece, sizeof *piece->events, fail);
    piece->ts_ms = rows_of(piece, sizeof *piece->ts_ms, fail);
    piece->event_codes = rows_of(piece, sizeof *piece->event_codes, fail);
    piece->hashes = rows_of(piece, sizeof *piece->hashes, fail);
    piece->nths = rows_of(piece, sizeof *piece->nths, fail);
    piece->row_records = rows_of(piece, sizeof *piece->row_records, fail);
    return piece->raws != NULL && piece->identifiers != NULL && piece->events != NULL &&
           piece->ts_ms != NULL && piece->event_codes != NULL && piece->hashes != NULL &&
           piece->nths != NULL && piece->row_records != NULL;
}

static bool alloc_fields(struct intake_piece *piece, struct fail *fail)
{
    const struct intake_map *map = &piece->import->map;
    size_t count = map->property_count + map->trait_count;
    piece->fields = arena_array(piece->lasting, count, sizeof *piece->fields, fail);
    piece->columns_fields = arena_array(piece->lasting, count, sizeof *piece->columns_fields, fail);
    if (piece->fields == NULL || piece->columns_fields == NULL) {
        return false;
    }
    for (size_t f = 0; f < count; f++) {
        struct intake_piece_field *field = &piece->fields[f];
        bool trait = f >= map->property_count;
        field->values = rows_of(piece, sizeof *field->values, fail);
        field->codes = rows_of(piece, sizeof *field->codes, fail);
        if (field->values == NULL || field->codes == NULL) {
            return false;
        }
        piece->columns_fields[f] = (struct store_columns_field){
            .name = trait ? map->traits[f - map->property_count].name : map->properties[f].name,
            .trait = trait,
            .values = field->values,
            .codes = field->codes,
        };
    }
    return true;
}

bool intake_piece_new(const struct intake_import *import, struct intake_piece **out,
                      struct fail *fail)
{
    struct intake_piece *piece = base_alloc_zero(sizeof *piece);
    piece->import = import;
    piece->arena = arena_new(NULL);
    piece->lasting = arena_new(NULL);
    if (!alloc_rows(piece, fail) || !alloc_fields(piece, fail)) {
        intake_piece_free(piece);
        return false;
    }
    *out = piece;
    return true;
}

void intake_piece_free(struct intake_piece *piece)
{
    if (piece == NULL) {
        return;
    }
    base_free(piece->items);
    base_free(piece->late);
    base_free(piece->items_before);
    base_free(piece->item_records);
    base_free(piece->found);
    base_free(piece->text);
    arena_free(piece->arena);
    arena_free(piece->lasting);
    base_free(piece);
}

/* ---- cutting ---------------------------------------------------------------------------------------------- */

/* Whole lines out of text in which there is no quote; 0: none is whole. */
static size_t cut_lines(struct str text, bool end)
{
    size_t take = 0;
    for (uint32_t lines = 0; lines < STORE_COLUMNS_ROWS_MAX && take < text.len; lines++) {
        size_t line = str_find_byte(str_after(text, take), '\n');
        if (take + line == text.len) {
            return end ? text.len : take;
        }
        take += line + 1;
    }
    return take;
}

static bool note_found(struct intake_piece *piece, const struct intake_csv_record *record,
                       struct fail *fail)
{
    void *found = piece->found;
    if (!base_grow_array(&found, &piece->found_capacity, piece->found_count + 1,
                         sizeof *piece->found, fail)) {
        return false;
    }
    piece->found = found;
    piece->found[piece->found_count++] = *record;
    return true;
}

/* Records are found one by one, so that a quote that is never closed means here what it means to intake_csv_next. */
static bool cut_records(struct intake_import *import, struct intake_piece *piece, size_t most,
                        size_t *out, struct fail *fail)
{
    struct intake_window *window = &import->window;
    struct intake_csv_record record;
    *out = 0;
    while (*out < most && piece->found_count < STORE_COLUMNS_ROWS_MAX) {
        struct str text = str_after(intake_window_text(window), *out);
        if (intake_csv_scan(text, import->delimiter, window->end, import->cells,
                            import->header.count, &record) != INTAKE_CSV_RECORD) {
            break;
        }
        if (!note_found(piece, &record, fail)) {
            return false;
        }
        *out += record.consumed;
    }
    return true;
}

/* One record that is longer than a piece, or the last ones. */
static bool cut_one(struct intake_import *import, struct intake_piece *piece, size_t *out,
                    struct fail *fail)
{
    struct intake_csv_record record;
    for (;;) {
        enum intake_csv_result result = intake_csv_peek(import, import->header.count, &record);
        if (result == INTAKE_CSV_MORE) {
            if (!intake_window_more(&import->window, fail)) {
                return fail_at(fail, "line %llu", (unsigned long long)import->lines + 1);
            }
            continue;
        }
        *out = result == INTAKE_CSV_RECORD ? record.consumed : 0;
        piece->quotes = true;
        return result != INTAKE_CSV_RECORD || note_found(piece, &record, fail);
    }
}

static bool copy_text(struct intake_piece *piece, struct str text, struct fail *fail)
{
    void *block = piece->text;
    if (!base_grow_array(&block, &piece->capacity, text.len + INTAKE_CSV_PADDING, 1, fail)) {
        return false;
    }
    piece->text = block;
    if (text.len > 0) {
        memcpy(piece->text, text.data, text.len);
    }
    memset(piece->text + text.len, 0, INTAKE_CSV_PADDING);
    piece->len = text.len;
    return true;
}

bool intake_piece_read(struct intake_import *import, struct intake_piece *piece, bool *out_any,
                       struct fail *fail)
{
    struct intake_window *window = &import->window;
    while (!import->failed && !window->end && intake_window_text(window).len < INTAKE_PIECE_BYTES) {
        import->failed = !intake_window_more(window, &import->late); /* told after what is there */
    }
    struct str text = intake_window_text(window);
    bool last = window->end && text.len <= INTAKE_PIECE_BYTES;
    struct str some =
        str_of(text.data, text.len < INTAKE_PIECE_BYTES ? text.len : INTAKE_PIECE_BYTES);
    size_t take = 0;
    piece->found_count = 0;
    piece->quotes = some.len > 0 && memchr(some.data, '"', some.len) != NULL;
    if (!piece->quotes) {
        take = cut_lines(some, last);
    } else if (!cut_records(import, piece, some.len, &take, fail)) {
        return false;
    }
    if (take == 0 && import->failed) {
        *fail = import->late;
        return fail_at(fail, "line %llu", (unsigned long long)import->lines + 1);
    }
    if (take == 0 && !cut_one(import, piece, &take, fail)) {
        return false;
    }
    *out_any = take > 0;
    piece->source = *import->source;
    if (!copy_text(piece, str_of(intake_window_text(window).data, take), fail)) {
        return false;
    }
    intake_window_skip(window, take);
    return true;
}

/* ---- numbering ---------------------------------------------------------------------------------------------- */

static bool number_rows(struct intake_import *import, struct intake_piece *piece, uint32_t from,
                        uint32_t end, struct fail *fail)
{
    enum { AHEAD = 16 };
    for (uint32_t row = from; row < end; row++) {
        if (row + AHEAD < piece->columns.count) {
            intake_repeats_soon(import->repeats, piece->hashes[row + AHEAD]);
        }
        if (!intake_repeats_count(import->repeats, piece->hashes[row], &piece->nths[row], fail)) {
            return false;
        }
    }
    return true;
}

bool intake_piece_number(struct intake_import *import, struct intake_piece *piece,
                         struct fail *fail)
{
    struct store_columns *columns = &piece->columns;
    uint32_t row = 0;
    for (size_t i = 0; i < columns->item_count; i++) {
        if (!number_rows(import, piece, row, piece->items_before[i], fail) ||
            (piece->late[i].due && !intake_end_id(import->repeats, piece->late[i].hash,
                                                  &piece->items[i].record_id, fail))) {
            return false;
        }
        row = piece->items_before[i];
    }
    if (!number_rows(import, piece, row, columns->count, fail)) {
        return false;
    }
    piece->first_record = import->records + 1;
    import->records += piece->records;
    import->lines += piece->lines;
    import->returned += piece->records;
    intake_import_expect(import);
    return true;
}

struct store_columns *intake_piece_columns(struct intake_piece *piece)
{
    return &piece->columns;
}

uint64_t intake_piece_row_record(const struct intake_piece *piece, uint32_t row)
{
    return piece->first_record + piece->row_records[row];
}

uint64_t intake_piece_item_record(const struct intake_piece *piece, size_t item)
{
    return piece->first_record + piece->item_records[item];
}
