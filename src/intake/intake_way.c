#include "intake_way.h"

#include "base_json_write.h"

static const struct {
    enum intake_segment_type type;
    const char *way;
} segment_ways[] = {
    {INTAKE_SEGMENT_IDENTIFY, "{\"form\":\"segment\",\"type\":\"identify\"}"},
    {INTAKE_SEGMENT_TRACK, "{\"form\":\"segment\",\"type\":\"track\"}"},
    {INTAKE_SEGMENT_PAGE, "{\"form\":\"segment\",\"type\":\"page\"}"},
    {INTAKE_SEGMENT_SCREEN, "{\"form\":\"segment\",\"type\":\"screen\"}"},
    {INTAKE_SEGMENT_GROUP, "{\"form\":\"segment\",\"type\":\"group\"}"},
    {INTAKE_SEGMENT_ALIAS, "{\"form\":\"segment\",\"type\":\"alias\"}"},
    {INTAKE_SEGMENT_BATCH, "{\"form\":\"segment\",\"type\":\"batch\"}"},
};

static const struct {
    const char *name;
    enum intake_way_form form;
} forms[] = {
    {"own", INTAKE_WAY_IS_OWN},         {"segment", INTAKE_WAY_IS_SEGMENT},
    {"posthog", INTAKE_WAY_IS_POSTHOG}, {"webhook", INTAKE_WAY_IS_WEBHOOK},
    {"mail", INTAKE_WAY_IS_MAIL},
};

struct str intake_way_segment(enum intake_segment_type type)
{
    for (size_t i = 0; i < ARRAY_LEN(segment_ways); i++) {
        if (segment_ways[i].type == type) {
            return str_from_c(segment_ways[i].way);
        }
    }
    return (struct str){NULL, 0};
}

struct str intake_way_webhook(struct str rule, struct arena *arena)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = STORE_WAY_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct fail ignored;
    json_begin_object(&w);
    json_name_c(&w, "form");
    json_write_c(&w, "webhook");
    json_name_c(&w, "rule");
    json_write_str(&w, rule);
    json_end_object(&w);
    return base_buf_ok(&text, &ignored) ? str_copy(arena, base_buf_view(&text))
                                        : (struct str){NULL, 0};
}

bool intake_way_file(enum intake_format format, struct str map, const struct str *columns,
                     size_t column_count, struct arena *arena, struct str *out, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = STORE_WAY_BYTES_MAX};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    json_name_c(&w, "form");
    json_write_c(&w, intake_format_name(format));
    json_name_c(&w, "file");
    json_write_bool(&w, true);
    if (column_count > 0) {
        json_name_c(&w, "columns");
        json_begin_array(&w);
        for (size_t i = 0; i < column_count; i++) {
            json_write_str(&w, columns[i]);
        }
        json_end_array(&w);
    }
    if (map.len > 0) {
        json_name_c(&w, "map");
        json_write_raw(&w, str_trim(map));
    }
    json_end_object(&w);
    struct fail why;
    *out = (struct str){NULL, 0};
    if (base_buf_ok(&text, &why)) {
        *out = str_copy(arena, base_buf_view(&text));
        return true;
    }
    if (why.code != FAIL_LIMIT) {
        *fail = why;
        return false;
    }
    return true;
}

const char *intake_way_name(const struct intake_way *way)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (forms[i].form == way->form) {
            return forms[i].name;
        }
    }
    return intake_format_name(way->format);
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static bool text_member(struct json_value object, const char *name, struct str *out)
{
    struct json_value value;
    if (!json_member(object, str_from_c(name), &value) || json_type_of(value) != JSON_STRING) {
        return false;
    }
    *out = json_string(value);
    return true;
}

static bool read_columns(struct json_value root, struct arena *arena, struct intake_way *out,
                         struct fail *fail)
{
    struct json_value list, value;
    if (!json_member(root, STR("columns"), &list) || json_type_of(list) != JSON_ARRAY) {
        return true;
    }
    struct str *columns = arena_array(arena, json_count(list), sizeof *columns, fail);
    if (columns == NULL) {
        return false;
    }
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        columns[out->column_count++] =
            json_type_of(value) == JSON_STRING ? str_copy(arena, json_string(value)) : STR("");
    }
    out->columns = columns;
    return true;
}

static bool read_map(struct json_value root, struct arena *arena, struct intake_way *out,
                     struct fail *fail)
{
    struct json_value map;
    struct base_buf text CLEANUP(base_buf_done) = {.limit = STORE_WAY_BYTES_MAX * 2};
    struct json_writer w = {.out = &text};
    if (!json_member(root, STR("map"), &map)) {
        return true;
    }
    json_write_value(&w, map);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    out->map = str_copy(arena, base_buf_view(&text));
    return true;
}

/* False where nothing is known; *fail then says whether that is a failure. */
static bool read_known(struct json_value root, struct arena *arena, struct intake_way *out,
                       bool *out_known, struct fail *fail)
{
    struct str form, type, rule;
    struct json_value file;
    *out_known = false;
    if (!text_member(root, "form", &form)) {
        return true;
    }
    if (json_member(root, STR("file"), &file)) {
        struct fail unknown;
        out->form = INTAKE_WAY_IS_FILE;
        *out_known = intake_format_parse(form, &out->format, &unknown);
        return read_columns(root, arena, out, fail) && read_map(root, arena, out, fail);
    }
    for (size_t i = 0; i < ARRAY_LEN(forms) && !*out_known; i++) {
        *out_known = str_is(form, forms[i].name);
        out->form = forms[i].form;
    }
    out->type = INTAKE_SEGMENT_BATCH;
    if (text_member(root, "type", &type)) {
        (void)!intake_segment_route(type, &out->type);
    }
    if (text_member(root, "rule", &rule)) {
        out->rule = str_copy(arena, rule);
    }
    return true;
}

/* What it looks like: each form has a member that the others do not have. */
static void guess(struct json_parser *parser, struct str raw, struct intake_way *out)
{
    struct json_value root, value;
    struct fail why;
    *out = (struct intake_way){.form = INTAKE_WAY_IS_OWN};
    if (!json_parse(parser, raw, &root, &why) || json_type_of(root) != JSON_OBJECT) {
        return;
    }
    if (json_member(root, STR("messageId"), &value) ||
        json_member(root, STR("originalTimestamp"), &value)) {
        out->form = INTAKE_WAY_IS_SEGMENT;
        out->type = INTAKE_SEGMENT_BATCH;
    } else if (json_member(root, STR("distinct_id"), &value) ||
               (json_member(root, STR("properties"), &value) &&
                json_member(value, STR("distinct_id"), &value))) {
        out->form = INTAKE_WAY_IS_POSTHOG;
    }
}

bool intake_way_read(struct str text, struct str raw, struct arena *arena, struct intake_way *out,
                     struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct fail why;
    bool known = false;
    *out = (struct intake_way){.form = INTAKE_WAY_IS_OWN};
    if (text.len > 0 && json_parse(parser, text, &root, &why) &&
        !read_known(root, arena, out, &known, fail)) {
        return false;
    }
    if (!known) {
        guess(parser, raw, out);
    }
    return true;
}
