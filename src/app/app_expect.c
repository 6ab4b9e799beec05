#include "app_expect.h"

#include <float.h>
#include <stdio.h>

enum expect_type { EXPECT_STRING, EXPECT_NUMBER, EXPECT_BOOLEAN, EXPECT_TYPES };
static const char *const type_names[EXPECT_TYPES] = {"string", "number", "boolean"};

/* ---- checking ------------------------------------------------------------------------------------------ */

static enum expect_type type_of(struct json_value value)
{
    switch (json_type_of(value)) {
    case JSON_STRING:
        return EXPECT_STRING;
    case JSON_INT:
    case JSON_UINT:
    case JSON_DOUBLE:
        return EXPECT_NUMBER;
    case JSON_BOOL:
        return EXPECT_BOOLEAN;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return EXPECT_TYPES;
}

/* EXPECT_TYPES where none is named. */
static bool read_type(struct json_value expected, enum expect_type *out, struct fail *fail)
{
    struct json_value value;
    *out = EXPECT_TYPES;
    if (!json_member(expected, STR("type"), &value)) {
        return true;
    }
    for (int i = 0; i < EXPECT_TYPES && json_type_of(value) == JSON_STRING; i++) {
        if (str_is(json_string(value), type_names[i])) {
            *out = (enum expect_type)i;
            return true;
        }
    }
    return fail_input_at(fail, "/expected/type", "\"type\" must be string, number or boolean");
}

static bool check_value(struct json_value value, size_t index, enum expect_type wanted,
                        struct fail *fail)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/expected/values/%zu", index);
    enum expect_type type = type_of(value);
    if (type == EXPECT_TYPES) {
        return fail_input_at(fail, pointer, "expected a string, a number, true or false, got %s",
                             json_type_name(json_type_of(value)));
    }
    if (wanted != EXPECT_TYPES && type != wanted) {
        return fail_input_at(fail, pointer, "expected a %s, as \"type\" says, got %s",
                             type_names[wanted], json_type_name(json_type_of(value)));
    }
    if (type == EXPECT_STRING && json_string(value).len > APP_EXPECT_VALUE_BYTES_MAX) {
        return fail_input_at(fail, pointer, "an expected value has at most %d bytes",
                             APP_EXPECT_VALUE_BYTES_MAX);
    }
    return true;
}

static bool check_values(struct json_value expected, enum expect_type type, struct fail *fail)
{
    struct json_value values, value;
    size_t index = 0;
    if (!json_member(expected, STR("values"), &values)) {
        return true;
    }
    if (json_type_of(values) != JSON_ARRAY || json_count(values) == 0 ||
        json_count(values) > APP_EXPECT_VALUES_MAX) {
        return fail_input_at(fail, "/expected/values",
                             "\"values\" must be a list of 1 to %d values", APP_EXPECT_VALUES_MAX);
    }
    for (struct json_iter it = json_iter_of(values); json_next(&it, NULL, &value);) {
        if (!check_value(value, index++, type, fail)) {
            return false;
        }
    }
    return true;
}

bool app_expect_check(struct json_value expected, struct fail *fail)
{
    struct str name;
    struct json_value value;
    enum expect_type type;
    if (json_type_of(expected) != JSON_OBJECT || json_count(expected) == 0) {
        return fail_input_at(fail, "/expected",
                             "\"expected\" must be an object with \"type\", \"values\" or both");
    }
    for (struct json_iter it = json_iter_of(expected); json_next(&it, &name, &value);) {
        if (!str_is(name, "type") && !str_is(name, "values")) {
            char pointer[FAIL_POINTER_BYTES];
            snprintf(pointer, sizeof pointer, "/expected/%.*s", STR_ARG(name));
            return fail_input_at(fail, pointer, "unknown member; expected \"type\" or \"values\"");
        }
    }
    return read_type(expected, &type, fail) && check_values(expected, type, fail);
}

/* ---- as conditions ------------------------------------------------------------------------------------- */

struct condition {
    struct json_writer *w;
    const char *prefix;
    struct str name;
};

static void begin_condition(const struct condition *c, const char *op)
{
    char name[STORE_NAME_BYTES_MAX + 32];
    snprintf(name, sizeof name, "%s%.*s", c->prefix, STR_ARG(c->name));
    json_begin_array(c->w);
    json_write_c(c->w, name);
    json_write_c(c->w, op);
}

/* A condition that holds for every value of the type and for no other: there is none that asks for a type. */
static void write_is_of(const struct condition *c, enum expect_type type)
{
    switch (type) {
    case EXPECT_STRING:
        begin_condition(c, "matches");
        json_write_c(c->w, "");
        break;
    case EXPECT_NUMBER:
        begin_condition(c, ">=");
        json_write_double(c->w, -DBL_MAX);
        break;
    case EXPECT_BOOLEAN:
    case EXPECT_TYPES:
        begin_condition(c, "in");
        json_begin_array(c->w);
        json_write_bool(c->w, true);
        json_write_bool(c->w, false);
        json_end_array(c->w);
        break;
    }
    json_end_array(c->w);
}

/* `begin` and `end` put a condition into the form that the place asks for. */
static void write_conditions(const struct condition *c, struct json_value expected,
                             void (*begin)(struct json_writer *w),
                             void (*end)(struct json_writer *w))
{
    struct json_value values;
    struct fail ignored;
    enum expect_type type = EXPECT_TYPES;
    if (json_member(expected, STR("values"), &values)) {
        begin(c->w);
        begin_condition(c, "set");
        json_end_array(c->w);
        end(c->w);
        begin(c->w);
        begin_condition(c, "not in");
        json_write_value(c->w, values);
        json_end_array(c->w);
        end(c->w);
        return;
    }
    (void)!read_type(expected, &type, &ignored);
    json_begin_object(c->w);
    json_name_c(c->w, "any");
    json_begin_array(c->w);
    for (int other = 0; other < EXPECT_TYPES; other++) {
        if ((enum expect_type)other != type) {
            begin(c->w);
            write_is_of(c, (enum expect_type)other);
            end(c->w);
        }
    }
    json_end_array(c->w);
    json_end_object(c->w);
}

static void nothing(struct json_writer *w)
{
    (void)w;
}

void app_expect_where(struct json_writer *w, struct json_value expected, const char *prefix,
                      struct str name)
{
    struct condition condition = {w, prefix, name};
    json_begin_array(w);
    write_conditions(&condition, expected, nothing, nothing);
    json_end_array(w);
}

static void begin_trait(struct json_writer *w)
{
    json_begin_object(w);
    json_name_c(w, "trait");
}

void app_expect_segment(struct json_writer *w, struct json_value expected, struct str trait)
{
    struct condition condition = {w, "traits.", trait};
    json_begin_object(w);
    json_name_c(w, "all");
    json_begin_array(w);
    write_conditions(&condition, expected, begin_trait, json_end_object);
    json_end_array(w);
    json_end_object(w);
}
