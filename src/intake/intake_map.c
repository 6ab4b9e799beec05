/* Compiling a map. */
#include "base_json_write.h"
#include "intake_map.h"

#include <stdarg.h>
#include <stdio.h>

bool intake_compile_fail(const struct intake_compile *compile, const struct intake_path *at,
                         const char *format, ...)
{
    char message[FAIL_MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct str pointer = intake_path_pointer(compile->arena, at);
    return fail_input_at(compile->fail, pointer.data, "the map: %s",
                         wanted < 0 ? "unreadable" : message);
}

static struct str or_empty(struct str text)
{
    return text.data == NULL ? STR("") : text;
}

static bool wrong_type(const struct intake_compile *compile, const struct intake_path *at,
                       const char *expected, struct json_value found)
{
    return intake_compile_fail(compile, at, "expected %s, found %s", expected,
                               json_type_name(json_type_of(found)));
}

static bool unknown_member(const struct intake_compile *compile, const struct intake_path *at,
                           const char *const *known, size_t count)
{
    const char *nearest = str_nearest(at->name, known, count);
    if (nearest != NULL) {
        return intake_compile_fail(compile, at, "unknown member \"%.*s\"; did you mean \"%s\"?",
                                   STR_ARG(at->name), nearest);
    }
    char list[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < count && len < sizeof list; i++) {
        int more = snprintf(list + len, sizeof list - len, "%s%s", i == 0 ? "" : ", ", known[i]);
        len += more > 0 ? (size_t)more : 0;
    }
    return intake_compile_fail(compile, at, "unknown member \"%.*s\"; known are %s",
                               STR_ARG(at->name), list);
}

static size_t index_of(struct str name, const char *const *names, size_t count)
{
    size_t i = 0;
    while (i < count && !str_is(name, names[i])) {
        i++;
    }
    return i;
}

/* ---- columns -------------------------------------------------------------------------------------- */

static bool unknown_column(const struct intake_compile *compile, struct str name,
                           const struct intake_path *at)
{
    const struct intake_header *header = compile->header;
    size_t nearest = str_nearest_of(name, header->names, header->count);
    if (nearest != SIZE_MAX) {
        return intake_compile_fail(compile, at, "no column \"%.*s\"; did you mean \"%.*s\"?",
                                   STR_ARG(name), STR_ARG(header->names[nearest]));
    }
    if (header->count == 1) {
        return intake_compile_fail(compile, at,
                                   "no column \"%.*s\": the file has only one, \"%.*s\"; is the "
                                   "delimiter another one (\"delimiter\": \";\")?",
                                   STR_ARG(name), STR_ARG(header->names[0]));
    }
    char list[256] = "";
    size_t len = 0;
    for (size_t i = 0; i < header->count && len < sizeof list; i++) {
        int more = snprintf(list + len, sizeof list - len, "%s%.*s", i == 0 ? "" : ", ",
                            STR_ARG(header->names[i]));
        len += more > 0 ? (size_t)more : 0;
    }
    return intake_compile_fail(compile, at, "no column \"%.*s\"; the file has %s%s", STR_ARG(name),
                               list, len >= sizeof list ? ", ..." : "");
}

/* "~1" is '/', "~0" is '~' (RFC 6901). */
static struct str unescape_token(struct arena *arena, struct str token)
{
    char *copy = str_copy_c(arena, token);
    size_t len = 0;
    for (size_t i = 0; i < token.len; i++) {
        char c = token.data[i];
        if (c == '~' && i + 1 < token.len &&
            (token.data[i + 1] == '0' || token.data[i + 1] == '1')) {
            c = token.data[++i] == '1' ? '/' : '~';
        }
        copy[len++] = c;
    }
    return str_of(copy, len);
}

/* "@header.X-Topic": names of headers are the same in any case. */
static bool compile_header(const struct intake_compile *compile, struct intake_column *column)
{
    char *copy = str_copy_c(compile->arena, str_after(column->name, strlen("@header.")));
    for (char *c = copy; *c != '\0'; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    struct str *token = arena_small(compile->arena, sizeof *token);
    *token = str_from_c(copy);
    column->cell = INTAKE_COLUMN_HEADER;
    column->tokens = token;
    column->token_count = 1;
    return true;
}

static bool compile_pointer(const struct intake_compile *compile, struct intake_column *column)
{
    struct str rest = column->name, token;
    bool element = str_starts_c(rest, "@/");
    if (str_starts_c(rest, "@header.")) {
        return compile_header(compile, column);
    }
    rest = element ? str_after(rest, 1) : rest;
    bool pointer = str_starts_c(rest, "/");
    size_t count = 1;
    for (size_t i = 1; pointer && i < rest.len; i++) {
        count += rest.data[i] == '/' ? 1 : 0;
    }
    struct str *tokens = arena_array(compile->arena, count, sizeof *tokens, compile->fail);
    if (tokens == NULL) {
        return false;
    }
    tokens[0] = rest;
    if (pointer) {
        rest = str_after(rest, 1);
        rest.data = rest.len == 0 ? "" : rest.data;
        for (size_t i = 0; i < count && str_next_part(&rest, '/', &token); i++) {
            tokens[i] = unescape_token(compile->arena, token);
        }
    }
    column->cell = element ? INTAKE_COLUMN_ELEMENT : INTAKE_COLUMN_PATH;
    column->tokens = tokens;
    column->token_count = count;
    return true;
}

bool intake_compile_column(const struct intake_compile *compile, struct str name,
                           const struct intake_path *at, struct intake_column *out)
{
    if (name.len == 0) {
        return intake_compile_fail(compile, at, "a column's name is empty");
    }
    *out = (struct intake_column){.name = str_copy(compile->arena, name)};
    if (str_is(name, "@row")) {
        out->cell = INTAKE_COLUMN_ROW;
        return true;
    }
    if (compile->header == NULL) {
        return compile_pointer(compile, out);
    }
    for (size_t i = 0; i < compile->header->count; i++) {
        if (str_equal(compile->header->names[i], name)) {
            out->cell = i;
            return true;
        }
    }
    return unknown_column(compile, name, at);
}

static bool is_json_number(struct json_value value)
{
    enum json_type type = json_type_of(value);
    return type == JSON_INT || type == JSON_UINT || type == JSON_DOUBLE;
}

static bool compile_columns(const struct intake_compile *compile, struct json_value list,
                            const struct intake_path *at, struct intake_map_value *out)
{
    if (json_type_of(list) != JSON_ARRAY || json_count(list) == 0) {
        return wrong_type(compile, at, "an array of columns' names, at least one", list);
    }
    out->column_count = json_count(list);
    if (out->kind == INTAKE_MAP_PRODUCT && out->column_count > INTAKE_MAP_FACTORS_MAX) {
        return intake_compile_fail(compile, at, "at most %d columns can be multiplied",
                                   INTAKE_MAP_FACTORS_MAX);
    }
    out->columns =
        arena_array(compile->arena, out->column_count, sizeof *out->columns, compile->fail);
    if (out->columns == NULL) {
        return false;
    }
    struct intake_path path = {.up = at};
    struct json_value element;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &element); path.index++) {
        if (out->kind == INTAKE_MAP_PRODUCT && is_json_number(element)) {
            char digits[BASE_DOUBLE_CHARS];
            size_t len = base_format_double(json_double(element), digits);
            out->columns[path.index] =
                (struct intake_column){.name = str_copy(compile->arena, str_of(digits, len)),
                                       .cell = INTAKE_COLUMN_NUMBER};
            continue;
        }
        if (json_type_of(element) != JSON_STRING) {
            return wrong_type(compile, &path, "a column's name", element);
        }
        if (!intake_compile_column(compile, json_string(element), &path,
                                   &out->columns[path.index])) {
            return false;
        }
    }
    return true;
}

static bool compile_one_column(const struct intake_compile *compile, struct json_value name,
                               const struct intake_path *at, struct intake_map_value *out)
{
    if (json_type_of(name) != JSON_STRING) {
        return wrong_type(compile, at, "a column's name", name);
    }
    out->kind = INTAKE_MAP_COLUMN;
    out->columns = arena_small(compile->arena, sizeof *out->columns);
    out->column_count = 1;
    return intake_compile_column(compile, json_string(name), at, out->columns);
}

/* ---- values ---------------------------------------------------------------------------------------- */

enum value_member {
    VALUE_COLUMN,
    VALUE_COLUMNS,
    VALUE_CONST,
    VALUE_MULTIPLY,
    VALUE_TYPE,
    VALUE_FORMAT,
    VALUE_TIMEZONE,
    VALUE_MEMBERS,
};

static const char *const value_names[VALUE_MEMBERS] = {"column", "columns", "const",   "multiply",
                                                       "type",   "format",  "timezone"};

bool intake_compile_scalar(const struct intake_compile *compile, struct json_value json,
                           struct store_value *out)
{
    switch (json_type_of(json)) {
    case JSON_BOOL:
        *out = store_value_bool(json_bool(json));
        return true;
    case JSON_INT:
        *out = store_value_int(json_int(json));
        return true;
    case JSON_UINT:
        *out = store_value_uint(json_uint(json));
        return true;
    case JSON_DOUBLE:
        *out = store_value_double(json_double(json));
        return true;
    case JSON_STRING:
        *out = store_value_str(str_copy(compile->arena, json_string(json)));
        return true;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return false;
    }
    return false;
}

static bool compile_const(const struct intake_compile *compile, struct json_value json,
                          const struct intake_path *at, struct intake_map_value *out)
{
    out->kind = INTAKE_MAP_CONST;
    if (!intake_compile_scalar(compile, json, &out->constant)) {
        return wrong_type(compile, at, "a string, a number or a boolean", json);
    }
    return true;
}

static bool compile_source(const struct intake_compile *compile, struct json_value json,
                           enum value_member member, const struct intake_path *at,
                           struct intake_map_value *out)
{
    if (out->kind != INTAKE_MAP_NONE) {
        return intake_compile_fail(compile, at,
                                   "only one of column, columns, const and multiply may be given");
    }
    if (member == VALUE_COLUMN) {
        return compile_one_column(compile, json, at, out);
    }
    if (member == VALUE_CONST) {
        return compile_const(compile, json, at, out);
    }
    out->kind = member == VALUE_COLUMNS ? INTAKE_MAP_JOIN : INTAKE_MAP_PRODUCT;
    return compile_columns(compile, json, at, out);
}

static bool compile_type(const struct intake_compile *compile, struct json_value json,
                         const struct intake_path *at, enum intake_map_type *out)
{
    static const char *const names[] = {"string", "number", "boolean", "time", "html"};
    static const enum intake_map_type types[] = {
        INTAKE_MAP_STRING, INTAKE_MAP_NUMBER, INTAKE_MAP_BOOLEAN, INTAKE_MAP_TIME, INTAKE_MAP_HTML};
    struct str name = json_type_of(json) == JSON_STRING ? json_string(json) : STR("");
    size_t found = index_of(name, names, ARRAY_LEN(names));
    if (found == ARRAY_LEN(names)) {
        const char *nearest = str_nearest(name, names, ARRAY_LEN(names));
        return intake_compile_fail(compile, at,
                                   "expected string, number, boolean, time or html%s%s%s",
                                   nearest == NULL ? "" : "; did you mean \"",
                                   nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    }
    *out = types[found];
    return true;
}

static bool compile_format(const struct intake_compile *compile, struct json_value json,
                           const struct intake_path *at, struct intake_map_value *out)
{
    static const char *const words[] = {"unix", "unix_ms", "rfc3339"};
    if (json_type_of(json) != JSON_STRING || json_string(json).len == 0) {
        return wrong_type(compile, at, "a strptime pattern, unix, unix_ms or rfc3339", json);
    }
    out->format = str_copy(compile->arena, json_string(json));
    if (index_of(out->format, words, ARRAY_LEN(words)) < ARRAY_LEN(words)) {
        return true;
    }
    if (str_find_byte(out->format, '%') == out->format.len) {
        const char *nearest = str_nearest(out->format, words, ARRAY_LEN(words));
        return intake_compile_fail(
            compile, at,
            "expected a strptime pattern such as %%Y-%%m-%%d, unix, unix_ms or rfc3339%s%s%s",
            nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
            nearest == NULL ? "" : "\"?");
    }
    struct fail why;
    return time_pattern_valid(out->format, &why) ||
           intake_compile_fail(compile, at, "%s", why.message);
}

static bool compile_zone(const struct intake_compile *compile, struct json_value json,
                         const struct intake_path *at, const struct zone **out)
{
    if (json_type_of(json) != JSON_STRING) {
        return wrong_type(compile, at, "an IANA time zone such as Europe/London", json);
    }
    struct fail why;
    return zone_find(json_string(json), out, &why) ||
           intake_compile_fail(compile, at, "%s", why.message);
}

static bool compile_member(const struct intake_compile *compile, struct json_value json,
                           const struct intake_path *at, struct intake_map_value *out)
{
    size_t member = index_of(at->name, value_names, VALUE_MEMBERS);
    switch ((enum value_member)member) {
    case VALUE_COLUMN:
    case VALUE_COLUMNS:
    case VALUE_CONST:
    case VALUE_MULTIPLY:
        return compile_source(compile, json, (enum value_member)member, at, out);
    case VALUE_TYPE:
        return compile_type(compile, json, at, &out->type);
    case VALUE_FORMAT:
        return compile_format(compile, json, at, out);
    case VALUE_TIMEZONE:
        return compile_zone(compile, json, at, &out->zone);
    case VALUE_MEMBERS:
        break;
    }
    return unknown_member(compile, at, value_names, VALUE_MEMBERS);
}

/* A constant that is to be an instant or a number is read now, not with every record. */
static bool settle_const(const struct intake_compile *compile, const struct intake_path *at,
                         struct intake_map_value *out)
{
    bool text = out->constant.kind == STORE_STRING;
    if (out->type == INTAKE_MAP_TIME &&
        (!text || !intake_time_parse(store_value_text(out->constant), out->format, out->zone,
                                     &out->constant_ms))) {
        return intake_compile_fail(compile, at, "the constant is no time that can be read");
    }
    if (out->type == INTAKE_MAP_TIME) {
        char buffer[TIME_RFC3339_BYTES];
        size_t len = time_format_rfc3339(out->constant_ms, buffer);
        out->constant = store_value_str(str_copy(compile->arena, str_of(buffer, len)));
    }
    if (out->type == INTAKE_MAP_NUMBER && !store_value_is_number(out->constant)) {
        return intake_compile_fail(compile, at, "the constant is no number");
    }
    if (out->type == INTAKE_MAP_BOOLEAN && out->constant.kind != STORE_BOOL) {
        return intake_compile_fail(compile, at, "the constant is not true or false");
    }
    if (out->type == INTAKE_MAP_STRING && (!text || out->constant.len == 0)) {
        return intake_compile_fail(compile, at, "the constant is no text, or empty");
    }
    return true;
}

/* `must`: what the place needs (AS_IS: anything). */
static bool compile_value(const struct intake_compile *compile, struct json_value json,
                          const struct intake_path *at, enum intake_map_type must,
                          struct intake_map_value *out)
{
    static const char *const type_names[] = {"anything", "a string", "a number", "a boolean",
                                             "a time"};
    *out = (struct intake_map_value){.type = must, .zone = compile->zone};
    if (json_type_of(json) == JSON_STRING) {
        return compile_one_column(compile, json, at, out);
    }
    if (json_type_of(json) != JSON_OBJECT) {
        return wrong_type(compile, at,
                          "a column's name, or an object with column, columns, const or multiply",
                          json);
    }
    struct intake_path path = {.up = at};
    struct json_value value;
    for (struct json_iter it = json_iter_of(json); json_next(&it, &path.name, &value);) {
        path.name = or_empty(path.name);
        if (!compile_member(compile, value, &path, out)) {
            return false;
        }
    }
    if (out->kind == INTAKE_MAP_NONE) {
        return intake_compile_fail(compile, at,
                                   "expected one of column, columns, const and multiply");
    }
    if (out->kind == INTAKE_MAP_PRODUCT && out->type == INTAKE_MAP_AS_IS) {
        out->type = INTAKE_MAP_NUMBER;
    }
    bool number_made_text = out->kind == INTAKE_MAP_PRODUCT && out->type != INTAKE_MAP_NUMBER;
    bool words = must == INTAKE_MAP_STRING && out->type == INTAKE_MAP_HTML;
    if ((must != INTAKE_MAP_AS_IS && out->type != must && !words) || number_made_text) {
        return intake_compile_fail(compile, at, "%s is needed here",
                                   type_names[number_made_text ? INTAKE_MAP_NUMBER : must]);
    }
    if (out->type != INTAKE_MAP_TIME && out->format.data != NULL) {
        return intake_compile_fail(compile, at, "format is for times; add \"type\": \"time\"");
    }
    if (out->kind == INTAKE_MAP_JOIN && out->type == INTAKE_MAP_AS_IS) {
        out->type = INTAKE_MAP_STRING;
    }
    return out->kind != INTAKE_MAP_CONST || settle_const(compile, at, out);
}

static bool compile_fields(const struct intake_compile *compile, struct json_value object,
                           const struct intake_path *at, enum intake_map_type must,
                           struct intake_map_field **out, size_t *out_count)
{
    if (json_type_of(object) != JSON_OBJECT) {
        return wrong_type(compile, at, "an object of names and columns", object);
    }
    size_t count = json_count(object), i = 0;
    struct intake_map_field *fields =
        arena_array(compile->arena, count, sizeof *fields, compile->fail);
    if (fields == NULL) {
        return false;
    }
    struct intake_path path = {.up = at};
    struct json_value value;
    for (struct json_iter it = json_iter_of(object); json_next(&it, &path.name, &value); i++) {
        path.name = or_empty(path.name);
        if (path.name.len == 0 || path.name.len > STORE_NAME_BYTES_MAX) {
            return intake_compile_fail(compile, &path, "a name has 1 to %d bytes",
                                       STORE_NAME_BYTES_MAX);
        }
        fields[i].name = str_copy(compile->arena, path.name);
        if (!compile_value(compile, value, &path, must, &fields[i].value)) {
            return false;
        }
    }
    *out = fields;
    *out_count = count;
    return true;
}

static bool compile_identifiers(const struct intake_compile *compile, struct json_value object,
                                const struct intake_path *at, struct intake_map *out)
{
    static const char *const kinds[] = {"anonymous", "email", "account", "user"};
    if (!compile_fields(compile, object, at, INTAKE_MAP_STRING, &out->identifiers,
                        &out->identifier_count)) {
        return false;
    }
    for (size_t i = 0; i < out->identifier_count; i++) {
        struct str kind = out->identifiers[i].name;
        struct intake_path path = {.up = at, .name = kind};
        if (str_is(kind, "user")) {
            return intake_compile_fail(compile, &path, "the user id is \"customer\" in a map");
        }
        if (index_of(kind, kinds, ARRAY_LEN(kinds)) == ARRAY_LEN(kinds) &&
            !(str_starts_c(kind, "ext.") && kind.len > 4)) {
            return intake_compile_fail(compile, &path,
                                       "the kinds are anonymous, email, account and ext.NAME");
        }
    }
    return true;
}

/* ---- the whole map ----------------------------------------------------------------------------------- */

enum map_member {
    MAP_CUSTOMER,
    MAP_EVENT,
    MAP_TS,
    MAP_MESSAGE_ID,
    MAP_CHANNEL,
    MAP_PROPERTIES,
    MAP_TRAITS,
    MAP_TEXT,
    MAP_SCORE,
    MAP_SCALE,
    MAP_WHERE,
    MAP_ANONYMOUS,
    MAP_IDENTIFIERS,
    MAP_MISSING,
    MAP_DELIMITER,
    MAP_MEMBERS,
};

static const char *const map_names[MAP_MEMBERS] = {
    "customer", "event", "ts",    "message_id", "channel",     "properties", "traits",   "text",
    "score",    "scale", "where", "anonymous",  "identifiers", "missing",    "delimiter"};

static bool compile_anonymous(const struct intake_compile *compile, struct json_value json,
                              const struct intake_path *at, struct intake_map *out)
{
    struct str word = json_type_of(json) == JSON_STRING ? json_string(json) : STR("");
    if (str_is(word, "skip")) {
        out->anonymous = INTAKE_ANONYMOUS_SKIP;
    } else if (str_is(word, "each")) {
        out->anonymous = INTAKE_ANONYMOUS_EACH;
    } else {
        return intake_compile_fail(compile, at,
                                   "expected \"skip\" (leave rows without a customer out) or "
                                   "\"each\" (a customer of its own for each)");
    }
    return true;
}

static bool compile_missing(const struct intake_compile *compile, struct json_value json,
                            const struct intake_path *at, struct intake_map *out)
{
    if (json_type_of(json) != JSON_ARRAY) {
        return wrong_type(compile, at, "an array of texts such as [\"NA\"]", json);
    }
    out->missing =
        arena_array(compile->arena, json_count(json), sizeof *out->missing, compile->fail);
    if (out->missing == NULL) {
        return false;
    }
    out->missing_count =
        0; /* the member may stand twice: the last one counts, and has room for its own */
    struct intake_path path = {.up = at};
    struct json_value element;
    for (struct json_iter it = json_iter_of(json); json_next(&it, NULL, &element); path.index++) {
        if (json_type_of(element) != JSON_STRING) {
            return wrong_type(compile, &path, "a string", element);
        }
        out->missing[out->missing_count++] = str_copy(compile->arena, json_string(element));
    }
    return true;
}

static bool compile_map_member(const struct intake_compile *compile, struct json_value json,
                               const struct intake_path *at, struct intake_map *out)
{
    size_t member = index_of(at->name, map_names, MAP_MEMBERS);
    switch ((enum map_member)member) {
    case MAP_CUSTOMER:
        return compile_value(compile, json, at, INTAKE_MAP_STRING, &out->customer);
    case MAP_EVENT:
        return compile_value(compile, json, at, INTAKE_MAP_STRING, &out->event);
    case MAP_TS:
        return compile_value(compile, json, at, INTAKE_MAP_TIME, &out->ts);
    case MAP_MESSAGE_ID:
        return compile_value(compile, json, at, INTAKE_MAP_STRING, &out->message_id);
    case MAP_CHANNEL:
        return compile_value(compile, json, at, INTAKE_MAP_STRING, &out->channel);
    case MAP_PROPERTIES:
        return compile_fields(compile, json, at, INTAKE_MAP_AS_IS, &out->properties,
                              &out->property_count);
    case MAP_TRAITS:
        return compile_fields(compile, json, at, INTAKE_MAP_AS_IS, &out->traits, &out->trait_count);
    case MAP_TEXT:
        return compile_value(compile, json, at, INTAKE_MAP_STRING, &out->text);
    case MAP_SCORE:
        return compile_value(compile, json, at, INTAKE_MAP_NUMBER, &out->score);
    case MAP_SCALE:
        return compile_value(compile, json, at, INTAKE_MAP_STRING, &out->scale);
    case MAP_WHERE:
        return intake_compile_where(compile, json, at, &out->where, &out->where_count);
    case MAP_ANONYMOUS:
        return compile_anonymous(compile, json, at, out);
    case MAP_IDENTIFIERS:
        return compile_identifiers(compile, json, at, out);
    case MAP_MISSING:
        return compile_missing(compile, json, at, out);
    case MAP_DELIMITER:
        return true; /* intake_map_delimiter has read it */
    case MAP_MEMBERS:
        break;
    }
    return unknown_member(compile, at, map_names, MAP_MEMBERS);
}

static bool check_const(const struct intake_compile *compile, const struct intake_path *root,
                        struct str name, const struct intake_map_value *value)
{
    struct intake_path path = {.up = root, .name = name};
    if (value->kind == INTAKE_MAP_CONST && value->constant.len > STORE_NAME_BYTES_MAX) {
        return intake_compile_fail(compile, &path, "longer than %d bytes", STORE_NAME_BYTES_MAX);
    }
    return true;
}

static bool check_scale(const struct intake_compile *compile, const struct intake_path *root,
                        const struct intake_map *map)
{
    static const char *const scales[] = {"nps", "csat", "ces", "stars"};
    struct intake_path path = {.up = root, .name = STR("scale")};
    if ((map->score.kind == INTAKE_MAP_NONE) != (map->scale.kind == INTAKE_MAP_NONE)) {
        return intake_compile_fail(compile, root, "score and scale stand together");
    }
    if (map->scale.kind != INTAKE_MAP_CONST) {
        return true;
    }
    struct str scale = store_value_text(map->scale.constant);
    return index_of(scale, scales, ARRAY_LEN(scales)) < ARRAY_LEN(scales) ||
           intake_compile_fail(compile, &path, "unknown scale: expected nps, csat, ces or stars");
}

static bool check_map(const struct intake_compile *compile, const struct intake_path *root,
                      const struct intake_map *map)
{
    if (map->event.kind == INTAKE_MAP_NONE) {
        return intake_compile_fail(compile, root,
                                   "no event: add \"event\": {\"const\": \"Order\"}, or a column");
    }
    if (map->ts.kind == INTAKE_MAP_NONE) {
        return intake_compile_fail(compile, root, "no ts: add the column of the time");
    }
    if (map->customer.kind == INTAKE_MAP_NONE && map->identifier_count == 0 &&
        map->anonymous != INTAKE_ANONYMOUS_EACH) {
        return intake_compile_fail(compile, root,
                                   "no customer: add its column, or \"anonymous\": \"each\"");
    }
    return check_const(compile, root, STR("event"), &map->event) &&
           check_const(compile, root, STR("channel"), &map->channel) &&
           check_scale(compile, root, map);
}

/* What quarantined rows name as the place: the column, or, without one, the map's word. */
static struct str place(const struct intake_map_value *value, struct str word)
{
    return value->column_count == 0 ? word : value->columns[0].name;
}

bool intake_map_delimiter(struct json_value map, char *out, struct fail *fail)
{
    struct json_value value;
    if (json_type_of(map) != JSON_OBJECT) {
        return fail_set(fail, FAIL_INPUT, "the map: expected an object, found %s",
                        json_type_name(json_type_of(map)));
    }
    if (!json_member(map, STR("delimiter"), &value)) {
        *out = ',';
        return true;
    }
    struct str text = json_type_of(value) == JSON_STRING ? json_string(value) : STR("");
    if (text.len != 1 || text.data[0] == '"' || text.data[0] == '\n' || text.data[0] == '\r') {
        return fail_input_at(fail, "/delimiter",
                             "the map: expected one character such as \";\" or \"\\t\"");
    }
    *out = text.data[0];
    return true;
}

bool intake_map_compile(struct json_value json, const struct intake_header *header,
                        const struct zone *zone, struct arena *arena, struct intake_map *out,
                        struct fail *fail)
{
    const struct intake_compile compile = {
        .header = header, .zone = zone == NULL ? zone_utc() : zone, .arena = arena, .fail = fail};
    const struct intake_path root = {.name = STR("")};
    struct intake_map map = {0};
    if (json_type_of(json) != JSON_OBJECT) {
        return wrong_type(&compile, &root, "an object", json);
    }
    struct intake_path path = {.up = &root};
    struct json_value value;
    for (struct json_iter it = json_iter_of(json); json_next(&it, &path.name, &value);) {
        path.name = or_empty(path.name);
        if (!compile_map_member(&compile, value, &path, &map)) {
            return false;
        }
    }
    if (!check_map(&compile, &root, &map)) {
        return false;
    }
    map.places = (struct intake_places){
        .event = place(&map.event, STR("event")),
        .ts = place(&map.ts, STR("ts")),
        .user = place(&map.customer, STR("customer")),
        .anonymous = STR("anonymous"),
        .message_id = place(&map.message_id, STR("message_id")),
        .channel = place(&map.channel, STR("channel")),
        .text = place(&map.text, STR("text")),
        .score = place(&map.score, STR("score")),
        .scale = place(&map.scale, STR("scale")),
        .previous_id = STR("event"),
    };
    *out = map;
    return true;
}
