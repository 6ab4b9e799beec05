/* The conditions of a map: which rows are taken. */
#include "intake_decimal.h"
#include "intake_map.h"

static const char *const operator_names[INTAKE_OPERATORS] = {
    "=", "!=", ">", ">=", "<", "<=", "in", "not in", "contains", "starts with", "set", "not set"};

/* ---- compiling ------------------------------------------------------------------------------------ */

static bool compile_operator(const struct intake_compile *compile, struct json_value json,
                             const struct intake_path *at, enum intake_operator *out)
{
    struct str word = json_type_of(json) == JSON_STRING ? json_string(json) : STR("");
    for (size_t i = 0; i < INTAKE_OPERATORS; i++) {
        if (str_is(word, operator_names[i])) {
            *out = (enum intake_operator)i;
            return true;
        }
    }
    const char *nearest = str_nearest(word, operator_names, INTAKE_OPERATORS);
    return intake_compile_fail(compile, at,
                               "expected one of = != > >= < <= in, not in, contains, starts with, "
                               "set, not set%s%s%s",
                               nearest == NULL ? "" : "; did you mean \"",
                               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
}

static bool compile_values(const struct intake_compile *compile, struct json_value json,
                           const struct intake_path *at, struct intake_condition *out)
{
    bool list = out->operator_ == INTAKE_IN || out->operator_ == INTAKE_NOT_IN;
    if (list != (json_type_of(json) == JSON_ARRAY)) {
        return intake_compile_fail(compile, at, "\"%s\" takes %s", operator_names[out->operator_],
                                   list ? "an array of values" : "one value");
    }
    bool text = out->operator_ == INTAKE_CONTAINS || out->operator_ == INTAKE_STARTS_WITH;
    if (text && json_type_of(json) != JSON_STRING) {
        return intake_compile_fail(compile, at, "\"%s\" takes a string",
                                   operator_names[out->operator_]);
    }
    size_t count = list ? json_count(json) : 1;
    struct store_value *values = arena_array(compile->arena, count, sizeof *values, compile->fail);
    if (values == NULL) {
        return false;
    }
    struct json_value column;
    bool same = out->operator_ == INTAKE_IS || out->operator_ == INTAKE_IS_NOT;
    if (same && json_type_of(json) == JSON_OBJECT && json_count(json) == 1 &&
        json_member(json, STR("column"), &column) && json_type_of(column) == JSON_STRING) {
        out->has_other = true;
        return intake_compile_column(compile, json_string(column), at, &out->other);
    }
    out->values = values;
    out->value_count = count;
    if (!list) {
        return intake_compile_scalar(compile, json, values) ||
               intake_compile_fail(compile, at,
                                   "expected a string, a number or a boolean; for "
                                   "what is missing there are set and not set");
    }
    struct intake_path path = {.up = at};
    struct json_value element;
    for (struct json_iter it = json_iter_of(json); json_next(&it, NULL, &element); path.index++) {
        if (!intake_compile_scalar(compile, element, &values[path.index])) {
            return intake_compile_fail(compile, &path, "expected a string, a number or a boolean");
        }
    }
    return true;
}

static bool compile_triple(const struct intake_compile *compile, struct json_value json,
                           const struct intake_path *at, struct intake_condition *out)
{
    struct json_value parts[3];
    struct intake_path paths[3] = {
        {.up = at, .index = 0}, {.up = at, .index = 1}, {.up = at, .index = 2}};
    size_t count = 0;
    struct json_value element;
    for (struct json_iter it = json_iter_of(json); json_next(&it, NULL, &element); count++) {
        if (count < ARRAY_LEN(parts)) {
            parts[count] = element;
        }
    }
    if (count < 2 || json_type_of(parts[0]) != JSON_STRING) {
        return intake_compile_fail(compile, at,
                                   "expected [column, operator, value], such as [\"Quantity\", "
                                   "\">\", 0]");
    }
    if (!intake_compile_column(compile, json_string(parts[0]), &paths[0], &out->column) ||
        !compile_operator(compile, parts[1], &paths[1], &out->operator_)) {
        return false;
    }
    bool bare = out->operator_ == INTAKE_SET || out->operator_ == INTAKE_NOT_SET;
    if (count != (bare ? 2U : 3U)) {
        return intake_compile_fail(compile, at, "\"%s\" takes %s", operator_names[out->operator_],
                                   bare ? "no value" : "one value");
    }
    return bare || compile_values(compile, parts[2], &paths[2], out);
}

static bool compile_any(const struct intake_compile *compile, struct json_value json,
                        const struct intake_path *at, struct intake_condition *out)
{
    struct json_value list;
    if (json_count(json) != 1 || !json_member(json, STR("any"), &list)) {
        return intake_compile_fail(compile, at, "expected {\"any\": [condition, ...]}");
    }
    struct intake_path path = {.up = at, .name = STR("any")};
    struct intake_condition *any = NULL;
    if (!intake_compile_where(compile, list, &path, &any, &out->any_count)) {
        return false;
    }
    if (out->any_count == 0) {
        return intake_compile_fail(compile, &path, "expected at least one condition");
    }
    out->any = any;
    return true;
}

/* Recursion ends at BASE_JSON_DEPTH_MAX. */
bool intake_compile_where(const struct intake_compile *compile, struct json_value list,
                          const struct intake_path *at, struct intake_condition **out,
                          size_t *out_count)
{
    if (json_type_of(list) != JSON_ARRAY) {
        return intake_compile_fail(compile, at, "expected an array of conditions, found %s",
                                   json_type_name(json_type_of(list)));
    }
    size_t count = json_count(list);
    struct intake_condition *all = arena_array(compile->arena, count, sizeof *all, compile->fail);
    if (all == NULL) {
        return false;
    }
    struct intake_path path = {.up = at};
    struct json_value element;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &element); path.index++) {
        bool good = false;
        if (json_type_of(element) == JSON_ARRAY) {
            good = compile_triple(compile, element, &path, &all[path.index]);
        } else if (json_type_of(element) == JSON_OBJECT) {
            good = compile_any(compile, element, &path, &all[path.index]);
        } else {
            good = intake_compile_fail(compile, &path,
                                       "expected [column, operator, value] or {\"any\": [...]}");
        }
        if (!good) {
            return false;
        }
    }
    *out = all;
    *out_count = count;
    return true;
}

/* ---- asking ------------------------------------------------------------------------------------------ */

static bool is_number(enum store_kind kind)
{
    return kind == STORE_INT || kind == STORE_UINT || kind == STORE_DOUBLE;
}

static bool json_scalar(struct json_value json, struct store_value *out)
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
    case JSON_NULL:
    case JSON_STRING:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return false;
    }
    return false;
}

/* CSV cells are text until they are compared with something else; JSON values are what they are. False:
   not comparable. */
static bool cell_value(const struct intake_cell *cell, bool csv, enum store_kind like,
                       struct store_value *out)
{
    if (cell->kind == INTAKE_CELL_JSON) {
        return json_scalar(cell->json, out);
    }
    if (csv && is_number(like)) {
        return intake_number(cell->text, out);
    }
    if (csv && like == STORE_BOOL) {
        *out = store_value_bool(str_is(cell->text, "true"));
        return out->b || str_is(cell->text, "false");
    }
    *out = store_value_str(cell->text);
    return true;
}

enum order { ORDER_LESS, ORDER_SAME, ORDER_MORE, ORDER_APART };

static enum order order_of(bool less, bool more)
{
    return less ? ORDER_LESS : more ? ORDER_MORE : ORDER_SAME;
}

static enum order compare_text(struct str a, struct str b)
{
    int64_t a_ms, b_ms;
    if (time_parse_rfc3339(a, &a_ms) && time_parse_rfc3339(b, &b_ms)) {
        return order_of(a_ms<b_ms, a_ms> b_ms);
    }
    int order = str_compare(a, b);
    return order_of(order<0, order> 0);
}

static enum order compare(struct store_value a, struct store_value b)
{
    if (is_number((enum store_kind)a.kind) && is_number((enum store_kind)b.kind)) {
        if (a.kind == STORE_INT && b.kind == STORE_INT) {
            return order_of(a.i<b.i, a.i> b.i);
        }
        if (a.kind == STORE_UINT && b.kind == STORE_UINT) {
            return order_of(a.u<b.u, a.u> b.u);
        }
        double x = store_value_number(a), y = store_value_number(b);
        return order_of(x<y, x> y);
    }
    if (a.kind != b.kind) {
        return ORDER_APART;
    }
    if (a.kind == STORE_BOOL) {
        return order_of(a.b<b.b, a.b> b.b);
    }
    return compare_text(store_value_text(a), store_value_text(b));
}

static bool equals_any(const struct intake_condition *condition, const struct intake_cell *cell,
                       bool csv)
{
    for (size_t i = 0; i < condition->value_count; i++) {
        struct store_value value;
        if (cell_value(cell, csv, (enum store_kind)condition->values[i].kind, &value) &&
            compare(value, condition->values[i]) == ORDER_SAME) {
            return true;
        }
    }
    return false;
}

static bool holds_order(const struct intake_condition *condition, const struct intake_cell *cell,
                        bool csv)
{
    struct store_value value;
    if (!cell_value(cell, csv, (enum store_kind)condition->values[0].kind, &value)) {
        return false;
    }
    enum order order = compare(value, condition->values[0]);
    if (order == ORDER_APART) {
        return false;
    }
    bool below = condition->operator_ == INTAKE_BELOW || condition->operator_ == INTAKE_AT_MOST;
    bool same = condition->operator_ == INTAKE_AT_LEAST || condition->operator_ == INTAKE_AT_MOST;
    return order == (below ? ORDER_LESS : ORDER_MORE) || (same && order == ORDER_SAME);
}

static bool holds_text(const struct intake_condition *condition, const struct intake_cell *cell)
{
    if (cell->kind != INTAKE_CELL_TEXT) {
        return false;
    }
    struct str part = store_value_text(condition->values[0]);
    return condition->operator_ == INTAKE_STARTS_WITH
               ? str_starts(cell->text, part)
               : part.len == 0 || str_find(cell->text, part) < cell->text.len;
}

/* A missing value makes everything false but the exact negations. */
static bool holds_cell(const struct intake_condition *condition, const struct intake_cell *cell,
                       bool csv)
{
    bool missing = cell->kind == INTAKE_CELL_MISSING;
    switch (condition->operator_) {
    case INTAKE_SET:
        return !missing;
    case INTAKE_NOT_SET:
        return missing;
    case INTAKE_IS:
    case INTAKE_IN:
        return !missing && equals_any(condition, cell, csv);
    case INTAKE_IS_NOT:
    case INTAKE_NOT_IN:
        return missing || !equals_any(condition, cell, csv);
    case INTAKE_ABOVE:
    case INTAKE_AT_LEAST:
    case INTAKE_BELOW:
    case INTAKE_AT_MOST:
        return !missing && holds_order(condition, cell, csv);
    case INTAKE_CONTAINS:
    case INTAKE_STARTS_WITH:
        return !missing && holds_text(condition, cell);
    case INTAKE_OPERATORS:
        break;
    }
    return false;
}

/* Two columns hold the same: as text, or as the same number. Two missing ones are not known to. */
static bool holds_other(const struct intake_map *map, const struct intake_record *record,
                        const struct intake_condition *condition, const struct intake_cell *cell,
                        struct intake_draft *draft, bool *out_holds)
{
    struct intake_cell other = {0};
    struct store_value a, b;
    if (!intake_cell_read(map, record, &condition->other, draft, &other)) {
        return false;
    }
    bool same = cell->kind != INTAKE_CELL_MISSING && other.kind != INTAKE_CELL_MISSING &&
                cell_value(cell, false, STORE_STRING, &a) &&
                cell_value(&other, false, STORE_STRING, &b) && compare(a, b) == ORDER_SAME;
    *out_holds = same == (condition->operator_ == INTAKE_IS);
    return true;
}

/* Recursion follows the map's own nesting. */
static bool holds(const struct intake_map *map, const struct intake_record *record,
                  const struct intake_condition *condition, struct intake_draft *draft,
                  bool *out_holds)
{
    if (condition->any == NULL) {
        struct intake_cell cell = {0};
        if (!intake_cell_read(map, record, &condition->column, draft, &cell)) {
            return false;
        }
        if (condition->has_other) {
            return holds_other(map, record, condition, &cell, draft, out_holds);
        }
        *out_holds = holds_cell(condition, &cell, record->cells != NULL);
        return true;
    }
    *out_holds = false;
    for (size_t i = 0; i < condition->any_count && !*out_holds; i++) {
        if (!holds(map, record, &condition->any[i], draft, out_holds)) {
            return false;
        }
    }
    return true;
}

bool intake_where_holds(const struct intake_map *map, const struct intake_record *record,
                        struct intake_draft *draft, bool *out_holds)
{
    *out_holds = true;
    for (size_t i = 0; i < map->where_count && *out_holds; i++) {
        if (!holds(map, record, &map->where[i], draft, out_holds)) {
            return false;
        }
    }
    return true;
}
