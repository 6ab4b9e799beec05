/* Applying a map to one record. */
#include "base_json_write.h"
#include "intake_decimal.h"
#include "intake_html.h"
#include "intake_map.h"

#include <stdio.h>

/* ---- cells ---------------------------------------------------------------------------------------- */

bool intake_map_is_missing(const struct intake_map *map, struct str text)
{
    for (size_t i = 0; i < map->missing_count; i++) {
        if (str_equal(map->missing[i], text)) {
            return true;
        }
    }
    return text.len == 0;
}

bool intake_map_find(struct json_value root, const struct intake_column *column,
                     struct json_value *out)
{
    struct json_value at = root;
    for (size_t i = 0; i < column->token_count; i++) {
        if (json_type_of(at) == JSON_OBJECT) {
            if (!json_member(at, column->tokens[i], &at)) {
                return false;
            }
            continue;
        }
        uint64_t wanted, index = 0;
        if (json_type_of(at) != JSON_ARRAY || !str_parse_u64(column->tokens[i], &wanted)) {
            return false;
        }
        struct json_value element;
        struct json_iter it = json_iter_of(at);
        bool there = json_next(&it, NULL, &element);
        while (there && index < wanted) {
            there = json_next(&it, NULL, &element);
            index++;
        }
        if (!there) {
            return false;
        }
        at = element;
    }
    *out = at;
    return true;
}

static void set_text(const struct intake_map *map, struct str text, struct intake_cell *out)
{
    out->kind = intake_map_is_missing(map, text) ? INTAKE_CELL_MISSING : INTAKE_CELL_TEXT;
    out->text = text;
}

static struct json_value root_of(const struct intake_record *record,
                                 const struct intake_column *column)
{
    return column->cell == INTAKE_COLUMN_ELEMENT && record->has_element ? record->element
                                                                        : record->root;
}

bool intake_cell_read(const struct intake_map *map, const struct intake_record *record,
                      const struct intake_column *column, struct intake_draft *draft,
                      struct intake_cell *out)
{
    *out = (struct intake_cell){.kind = INTAKE_CELL_MISSING};
    if (column->cell == INTAKE_COLUMN_ROW) {
        char digits[24];
        int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)record->number);
        out->kind = INTAKE_CELL_TEXT;
        return intake_keep(draft, str_of(digits, (size_t)len), &out->text);
    }
    if (record->cells != NULL && column->cell < INTAKE_COLUMN_NUMBER) {
        set_text(map, intake_csv_text(record->raw, &record->cells[column->cell], draft->arena),
                 out);
        return true;
    }
    if (column->cell == INTAKE_COLUMN_NUMBER) {
        out->kind = INTAKE_CELL_TEXT;
        out->text = column->name;
        return true;
    }
    if (column->cell == INTAKE_COLUMN_HEADER) {
        struct str header = {NULL, 0};
        if (record->header != NULL) {
            header = record->header(record->header_context, column->tokens[0].data);
        }
        if (header.data != NULL && str_is_utf8(header)) {
            set_text(map, header, out);
        }
        return true;
    }
    struct json_value value;
    if (!intake_map_find(root_of(record, column), column, &value) ||
        json_type_of(value) == JSON_NULL) {
        return true;
    }
    if (json_type_of(value) == JSON_STRING) {
        set_text(map, json_string(value), out);
        return true;
    }
    out->kind = INTAKE_CELL_JSON;
    out->json = value;
    return true;
}

/* The cell as text that stays as long as the item; missing: data NULL. */
static bool cell_text(const struct intake_map *map, const struct intake_record *record,
                      const struct intake_column *column, struct intake_draft *draft,
                      struct str *out)
{
    struct intake_cell cell = {0};
    if (!intake_cell_read(map, record, column, draft, &cell)) {
        return false;
    }
    *out = (struct str){NULL, 0};
    if (cell.kind == INTAKE_CELL_MISSING) {
        return true;
    }
    if (cell.kind == INTAKE_CELL_TEXT) {
        if (record->cells == NULL) {
            return intake_keep(draft, cell.text, out);
        }
        *out = cell.text; /* views the record, which the arena holds */
        return true;
    }
    char text[BASE_DOUBLE_CHARS];
    int len = 0;
    switch (json_type_of(cell.json)) {
    case JSON_BOOL:
        *out = json_bool(cell.json) ? STR("true") : STR("false");
        return true;
    case JSON_INT:
        len = snprintf(text, sizeof text, "%lld", (long long)json_int(cell.json));
        break;
    case JSON_UINT:
        len = snprintf(text, sizeof text, "%llu", (unsigned long long)json_uint(cell.json));
        break;
    case JSON_DOUBLE:
        len = (int)base_format_double(json_double(cell.json), text);
        break;
    case JSON_NULL:
    case JSON_STRING:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return intake_judge(draft, column->name, "expected one value, found %s",
                            json_type_name(json_type_of(cell.json)));
    }
    return intake_keep(draft, str_of(text, (size_t)len), out);
}

/* Those that are there, with a space between. */
static bool joined_text(const struct intake_map *map, const struct intake_record *record,
                        const struct intake_map_value *value, struct intake_draft *draft,
                        struct str *out)
{
    CLEANUP(base_buf_done) struct base_buf text = {.limit = (size_t)2 * STORE_EVENT_BYTES_MAX};
    for (size_t i = 0; i < value->column_count; i++) {
        struct str part = {NULL, 0};
        if (!cell_text(map, record, &value->columns[i], draft, &part)) {
            return false;
        }
        if (part.data != NULL && text.len > 0) {
            base_buf_byte(&text, ' ');
        }
        if (part.data != NULL) {
            base_buf_str(&text, part);
        }
    }
    if (!base_buf_ok(&text, draft->fail)) {
        return intake_hard(draft);
    }
    *out = (struct str){NULL, 0};
    return text.len == 0 || intake_keep(draft, base_buf_view(&text), out);
}

static bool raw_text(const struct intake_map *map, const struct intake_record *record,
                     const struct intake_map_value *value, struct intake_draft *draft,
                     struct str *out)
{
    switch (value->kind) {
    case INTAKE_MAP_COLUMN:
        return cell_text(map, record, value->columns, draft, out);
    case INTAKE_MAP_JOIN:
        return joined_text(map, record, value, draft, out);
    case INTAKE_MAP_CONST:
        *out = store_value_text(value->constant);
        return true;
    case INTAKE_MAP_NONE:
    case INTAKE_MAP_PRODUCT:
        break;
    }
    *out = (struct str){NULL, 0};
    return true;
}

static bool words_of(struct intake_draft *draft, struct str html, struct str *out)
{
    CLEANUP(base_buf_done) struct base_buf words = {.limit = (size_t)2 * STORE_EVENT_BYTES_MAX};
    intake_html_text(html, &words);
    if (!base_buf_ok(&words, draft->fail)) {
        return intake_hard(draft);
    }
    *out = (struct str){NULL, 0};
    return words.len == 0 || intake_keep(draft, base_buf_view(&words), out);
}

bool intake_map_text(const struct intake_map *map, const struct intake_record *record,
                     const struct intake_map_value *value, struct intake_draft *draft,
                     struct str *out)
{
    return raw_text(map, record, value, draft, out) &&
           (value->type != INTAKE_MAP_HTML || out->data == NULL || words_of(draft, *out, out));
}

/* ---- types ------------------------------------------------------------------------------------------ */

bool intake_time_parse(struct str text, struct str format, const struct zone *zone, int64_t *out_ms)
{
    struct time_reading reading;
    if (format.data == NULL ? !time_parse_usual(text, &reading)
                            : !time_parse_pattern(text, format, &reading)) {
        return false;
    }
    *out_ms = reading.has_instant ? reading.instant_ms : zone_instant(zone, &reading.local);
    return true;
}

static bool judge_time(struct intake_draft *draft, const struct intake_map_value *value)
{
    struct str field = value->columns[0].name;
    if (value->format.data == NULL) {
        return intake_judge(draft, field,
                            "no time in a usual form (2026-05-01 09:30:00, RFC 3339, Unix); say "
                            "its \"format\" in the map");
    }
    return intake_judge(draft, field, "no time in the format %.*s", STR_ARG(value->format));
}

static bool parse_bool(struct str text, bool *out)
{
    static const char *const yes[] = {"true", "TRUE", "True", "1", "yes", "Yes", "YES", "t", "y"};
    static const char *const no[] = {"false", "FALSE", "False", "0", "no", "No", "NO", "f", "n"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (str_is(text, yes[i]) || str_is(text, no[i])) {
            *out = str_is(text, yes[i]);
            return true;
        }
    }
    return false;
}

static bool typed(const struct intake_map_value *value, struct str text, struct intake_draft *draft,
                  struct store_value *out)
{
    struct str field = value->columns[0].name;
    bool flag;
    int64_t ms;
    switch (value->type) {
    case INTAKE_MAP_AS_IS:
    case INTAKE_MAP_STRING:
    case INTAKE_MAP_HTML: /* value_text has read it */
        *out = store_value_str(text);
        return true;
    case INTAKE_MAP_NUMBER:
        return intake_number(text, out) || intake_judge(draft, field, "expected a number");
    case INTAKE_MAP_BOOLEAN:
        if (!parse_bool(str_trim(text), &flag)) {
            return intake_judge(draft, field, "expected true or false, yes or no, 1 or 0");
        }
        *out = store_value_bool(flag);
        return true;
    case INTAKE_MAP_TIME: {
        char buffer[TIME_RFC3339_BYTES];
        struct str kept = {NULL, 0};
        if (!intake_time_parse(str_trim(text), value->format, value->zone, &ms)) {
            return judge_time(draft, value);
        }
        size_t len = time_format_rfc3339(ms, buffer);
        if (!intake_keep(draft, str_of(buffer, len), &kept)) {
            return false;
        }
        *out = store_value_str(kept);
        return true;
    }
    }
    return false;
}

/* *out_has false: a factor is missing, and so is the product. */
static bool product(const struct intake_map *map, const struct intake_record *record,
                    const struct intake_map_value *value, struct intake_draft *draft,
                    struct store_value *out, bool *out_has)
{
    struct str factors[INTAKE_MAP_FACTORS_MAX];
    *out_has = false;
    for (size_t i = 0; i < value->column_count; i++) {
        const struct intake_column *column = &value->columns[i];
        struct store_value number;
        if (!cell_text(map, record, column, draft, &factors[i])) {
            return false;
        }
        if (factors[i].data == NULL) {
            return true;
        }
        if (!intake_number(factors[i], &number)) {
            return intake_judge(draft, column->name, "expected a number");
        }
    }
    *out_has = true;
    return intake_product(factors, value->column_count, out) ||
           intake_judge(draft, value->columns[0].name, "the product is too large for a number");
}

bool intake_map_scalar(const struct intake_map *map, const struct intake_record *record,
                       const struct intake_map_value *value, struct intake_draft *draft,
                       struct store_value *out, bool *out_has)
{
    if (value->kind == INTAKE_MAP_PRODUCT) {
        return product(map, record, value, draft, out, out_has);
    }
    if (value->kind == INTAKE_MAP_CONST) {
        *out = value->constant;
        *out_has = true;
        return true;
    }
    struct str text = {NULL, 0};
    if (!intake_map_text(map, record, value, draft, &text)) {
        return false;
    }
    *out_has = text.data != NULL;
    return !*out_has || typed(value, text, draft, out);
}

/* ---- the parts of an event ---------------------------------------------------------------------------- */

/* "*" among a pointer's tokens is each element of an array: the values that are found, one after the other. Recursion
   ends with the tokens. */
static bool take_all(const struct intake_map *map, const struct intake_map_field *field,
                     struct json_value at, size_t token, struct intake_draft *draft,
                     struct intake_fields *fields, const struct intake_path *place)
{
    const struct intake_column *column = &field->value.columns[0];
    struct intake_column rest = *column;
    rest.tokens = column->tokens + token;
    rest.token_count = 0;
    while (token + rest.token_count < column->token_count &&
           !str_is(rest.tokens[rest.token_count], "*")) {
        rest.token_count++;
    }
    struct json_value found, element;
    if (!intake_map_find(at, &rest, &found)) {
        return true;
    }
    token += rest.token_count;
    if (token < column->token_count) {
        if (json_type_of(found) != JSON_ARRAY) {
            return true;
        }
        for (struct json_iter it = json_iter_of(found); json_next(&it, NULL, &element);) {
            if (!take_all(map, field, element, token + 1, draft, fields, place)) {
                return false;
            }
        }
        return true;
    }
    if (json_type_of(found) == JSON_STRING && map->missing_count > 0 &&
        intake_map_is_missing(map, json_string(found))) {
        return true;
    }
    return intake_flatten_value(draft, fields, field->name, found, place);
}

static bool take_field(const struct intake_map *map, const struct intake_record *record,
                       const struct intake_map_field *field, struct intake_draft *draft,
                       struct intake_fields *fields)
{
    struct intake_path at = {.name = field->value.column_count == 0 ? field->name
                                                                    : field->value.columns[0].name};
    struct store_value value = {0};
    bool has = false;
    if (record->cells == NULL && field->value.kind == INTAKE_MAP_COLUMN &&
        field->value.type == INTAKE_MAP_AS_IS &&
        (field->value.columns[0].cell == INTAKE_COLUMN_PATH ||
         field->value.columns[0].cell == INTAKE_COLUMN_ELEMENT)) {
        return take_all(map, field, root_of(record, field->value.columns), 0, draft, fields, &at);
    }
    return intake_map_scalar(map, record, &field->value, draft, &value, &has) &&
           (!has || intake_add_field(draft, fields, field->name, value, &at));
}

static bool take_fields(const struct intake_map *map, const struct intake_record *record,
                        struct intake_draft *draft)
{
    for (size_t i = 0; i < map->property_count; i++) {
        if (!take_field(map, record, &map->properties[i], draft, &draft->decoder->properties)) {
            return false;
        }
    }
    for (size_t i = 0; i < map->trait_count; i++) {
        if (!take_field(map, record, &map->traits[i], draft, &draft->decoder->traits)) {
            return false;
        }
    }
    return true;
}

bool intake_map_check_id(struct intake_draft *draft, struct str id, struct str field)
{
    return id.len <= STORE_IDENTIFIER_BYTES_MAX ||
           intake_judge(draft, field, "longer than %d bytes, the most that an id may have",
                        STORE_IDENTIFIER_BYTES_MAX);
}

/* Several columns in one id: "a|b", with '|' and '\' in the cells escaped, so that different cells never
   make the same id. Without any cell there is no id. */
static bool take_message_id(const struct intake_map *map, const struct intake_record *record,
                            struct intake_draft *draft)
{
    const struct intake_map_value *value = &map->message_id;
    if (value->kind != INTAKE_MAP_JOIN) {
        return intake_map_text(map, record, value, draft, &draft->message_id) &&
               intake_map_check_id(draft, draft->message_id, map->places.message_id);
    }
    CLEANUP(base_buf_done) struct base_buf id = {.limit = (size_t)4 * STORE_EVENT_BYTES_MAX};
    bool any = false;
    for (size_t i = 0; i < value->column_count; i++) {
        struct str part = {NULL, 0};
        if (!cell_text(map, record, &value->columns[i], draft, &part)) {
            return false;
        }
        any = any || (part.data != NULL && value->columns[i].cell != INTAKE_COLUMN_ROW);
        if (i > 0) {
            base_buf_byte(&id, '|');
        }
        for (size_t at = 0; part.data != NULL && at < part.len; at++) {
            if (part.data[at] == '|' || part.data[at] == '\\') {
                base_buf_byte(&id, '\\');
            }
            base_buf_byte(&id, part.data[at]);
        }
    }
    if (!base_buf_ok(&id, draft->fail)) {
        return intake_hard(draft);
    }
    struct str whole = base_buf_view(&id);
    return !any || (intake_map_check_id(draft, whole, map->places.message_id) &&
                    intake_keep(draft, whole, &draft->message_id));
}

static bool take_identifier(const struct intake_map *map, const struct intake_record *record,
                            const struct intake_map_value *value, struct str kind,
                            struct intake_draft *draft, bool *known)
{
    struct str id = {NULL, 0};
    struct str field = value->column_count == 0 ? kind : value->columns[0].name;
    if (!intake_map_text(map, record, value, draft, &id)) {
        return false;
    }
    if (id.data == NULL) {
        return true;
    }
    *known = *known || !str_is(kind, "account");
    return intake_map_check_id(draft, id, field) && intake_add_identifier(draft, kind, id);
}

static bool take_who(const struct intake_map *map, const struct intake_record *record,
                     struct intake_draft *draft)
{
    bool known = false;
    if (!take_identifier(map, record, &map->customer, STR("user"), draft, &known)) {
        return false;
    }
    for (size_t i = 0; i < map->identifier_count; i++) {
        if (!take_identifier(map, record, &map->identifiers[i].value, map->identifiers[i].name,
                             draft, &known)) {
            return false;
        }
    }
    if (known) {
        return true;
    }
    switch (map->anonymous) {
    case INTAKE_ANONYMOUS_EACH:
        return intake_add_identifier(draft, STR("anonymous"),
                                     draft->message_id.data != NULL ? draft->message_id
                                                                    : draft->record_id);
    case INTAKE_ANONYMOUS_SKIP:
        draft->refused = true;
        return intake_judge(draft, map->places.user, "no customer: left out by the map");
    case INTAKE_ANONYMOUS_NONE:
        break;
    }
    return intake_judge(draft, map->places.user,
                        "no customer; a map may say \"anonymous\": \"skip\" or \"each\"");
}

static bool take_time(const struct intake_map *map, const struct intake_record *record,
                      struct intake_draft *draft)
{
    struct str text = {NULL, 0};
    if (map->ts.kind == INTAKE_MAP_CONST) {
        draft->client_ms = map->ts.constant_ms;
        return true;
    }
    if (!intake_map_text(map, record, &map->ts, draft, &text)) {
        return false;
    }
    if (text.data == NULL) {
        return intake_judge(draft, map->places.ts, "no time");
    }
    return intake_time_parse(str_trim(text), map->ts.format, map->ts.zone, &draft->client_ms) ||
           judge_time(draft, &map->ts);
}

static bool take_said(const struct intake_map *map, const struct intake_record *record,
                      struct intake_draft *draft)
{
    if (!intake_map_text(map, record, &map->text, draft, &draft->text)) {
        return false;
    }
    if (map->score.kind == INTAKE_MAP_NONE) {
        return true;
    }
    /* A row without an answer has no scale either, also where the map gives all rows the same. */
    return intake_map_scalar(map, record, &map->score, draft, &draft->score, &draft->has_score) &&
           (!draft->has_score || intake_map_text(map, record, &map->scale, draft, &draft->scale));
}

bool intake_map_apply(const struct intake_map *map, const struct intake_record *record,
                      struct intake_draft *draft)
{
    bool taken;
    draft->clock_is_right = true;
    if (!take_message_id(map, record, draft) ||
        (map->anonymous == INTAKE_ANONYMOUS_EACH && !intake_row_id_now(draft)) ||
        !intake_where_holds(map, record, draft, &taken)) {
        return false;
    }
    if (!taken) {
        draft->refused = true;
        return intake_judge(draft, STR("where"), "left out by the map's conditions");
    }
    return take_who(map, record, draft) &&
           intake_map_text(map, record, &map->event, draft, &draft->event) &&
           take_time(map, record, draft) &&
           intake_map_text(map, record, &map->channel, draft, &draft->channel) &&
           take_said(map, record, draft) && take_fields(map, record, draft);
}
