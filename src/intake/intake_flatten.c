/* Nested values become a flat list of names and values. */
#include "base_buf.h"
#include "intake_internal.h"

struct flat {
    struct intake_draft *draft;
    struct intake_fields *fields;
    bool traits;
    char name[STORE_NAME_BYTES_MAX]; /* of the value at hand, joined by '.' */
};

static void write_pointer(struct base_buf *out, const struct intake_path *path)
{
    if (path->up == NULL) {
        base_buf_str(out, path->name);
        return;
    }
    write_pointer(out, path->up);
    base_buf_byte(out, '/');
    if (path->name.data == NULL) {
        base_buf_printf(out, "%zu", path->index);
        return;
    }
    for (size_t i = 0; i < path->name.len; i++) {
        char c = path->name.data[i];
        if (c == '~') {
            base_buf_c(out, "~0");
        } else if (c == '/') {
            base_buf_c(out, "~1");
        } else {
            base_buf_byte(out, c);
        }
    }
}

struct str intake_path_pointer(struct arena *arena, const struct intake_path *path)
{
    CLEANUP(base_buf_done) struct base_buf out = {.limit = (size_t)2 * STORE_EVENT_BYTES_MAX};
    write_pointer(&out, path);
    return str_copy(arena, base_buf_view(&out));
}

bool intake_add_field(struct intake_draft *draft, struct intake_fields *fields, struct str name,
                      struct store_value value, const struct intake_path *at)
{
    const struct intake_decoder *decoder = draft->decoder;
    if (decoder->properties.count + decoder->traits.count + decoder->once.count >=
        STORE_FIELDS_MAX) {
        return intake_judge(draft, intake_path_pointer(draft->arena, at),
                            "more than %d values in properties and traits", STORE_FIELDS_MAX);
    }
    if (fields->count == fields->capacity) {
        void *block = fields->data;
        if (!base_grow_array(&block, &fields->capacity, fields->count + 1, sizeof *fields->data,
                             draft->fail)) {
            return intake_hard(draft);
        }
        fields->data = block;
    }
    fields->data[fields->count++] = (struct store_field){name, value};
    return true;
}

static bool emit(struct flat *flat, size_t name_len, struct store_value value,
                 const struct intake_path *at)
{
    struct str name;
    return intake_keep(flat->draft, str_of(flat->name, name_len), &name) &&
           intake_add_field(flat->draft, flat->fields, name, value, at);
}

static bool emit_string(struct flat *flat, size_t name_len, struct json_value value,
                        const struct intake_path *at)
{
    struct str text;
    return intake_keep(flat->draft, json_string(value), &text) &&
           emit(flat, name_len, store_value_str(text), at);
}

static bool any_value(struct flat *flat, size_t name_len, struct json_value value, bool in_array,
                      const struct intake_path *at);

static bool array_value(struct flat *flat, size_t name_len, struct json_value array, bool in_array,
                        const struct intake_path *at)
{
    size_t before = flat->fields->count;
    struct intake_path path = {.up = at};
    struct json_value element;
    for (struct json_iter it = json_iter_of(array); json_next(&it, NULL, &element); path.index++) {
        if (!any_value(flat, name_len, element, true, &path)) {
            return false;
        }
    }
    if (flat->traits && !in_array && flat->fields->count == before) {
        return emit(flat, name_len, (struct store_value){.kind = STORE_NULL}, at);
    }
    return true;
}

static bool object_value(struct flat *flat, size_t name_len, struct json_value object,
                         bool in_array, const struct intake_path *at)
{
    struct intake_path path = {.up = at};
    struct json_value value;
    for (struct json_iter it = json_iter_of(object); json_next(&it, &path.name, &value);) {
        size_t len = name_len;
        if (name_len + 1 + path.name.len > sizeof flat->name) {
            return intake_judge(flat->draft, intake_path_pointer(flat->draft->arena, &path),
                                "a name longer than %d bytes with those around it",
                                STORE_NAME_BYTES_MAX);
        }
        if (name_len > 0) {
            flat->name[len++] = '.';
        }
        if (path.name.len > 0) {
            memcpy(flat->name + len, path.name.data, path.name.len);
            len += path.name.len;
        } else {
            path.name = STR(""); /* not NULL: that would be an index */
        }
        if (len == 0) {
            return intake_judge(flat->draft, intake_path_pointer(flat->draft->arena, &path),
                                "a name is empty");
        }
        if (!any_value(flat, len, value, in_array, &path)) {
            return false;
        }
    }
    return true;
}

/* Recursion ends at BASE_JSON_DEPTH_MAX. */
static bool any_value(struct flat *flat, size_t name_len, struct json_value value, bool in_array,
                      const struct intake_path *at)
{
    switch (json_type_of(value)) {
    case JSON_NULL:
        return !flat->traits || in_array ||
               emit(flat, name_len, (struct store_value){.kind = STORE_NULL}, at);
    case JSON_BOOL:
        return emit(flat, name_len, store_value_bool(json_bool(value)), at);
    case JSON_INT:
        return emit(flat, name_len, store_value_int(json_int(value)), at);
    case JSON_UINT:
        return emit(flat, name_len, store_value_uint(json_uint(value)), at);
    case JSON_DOUBLE:
        return emit(flat, name_len, store_value_double(json_double(value)), at);
    case JSON_STRING:
        return emit_string(flat, name_len, value, at);
    case JSON_ARRAY:
        return array_value(flat, name_len, value, in_array, at);
    case JSON_OBJECT:
        return object_value(flat, name_len, value, in_array, at);
    }
    return true;
}

static void begin(struct flat *flat, struct intake_draft *draft, struct intake_fields *fields,
                  struct str name)
{
    INVARIANT(name.len <= sizeof flat->name);
    flat->draft = draft;
    flat->fields = fields;
    flat->traits = fields == &draft->decoder->traits;
    if (name.len > 0) {
        memcpy(flat->name, name.data, name.len);
    }
}

bool intake_flatten_members(struct intake_draft *draft, struct intake_fields *fields,
                            struct str prefix, struct json_value object,
                            const struct intake_path *at)
{
    struct flat flat;
    begin(&flat, draft, fields, prefix);
    return object_value(&flat, prefix.len, object, false, at);
}

bool intake_flatten_value(struct intake_draft *draft, struct intake_fields *fields, struct str name,
                          struct json_value value, const struct intake_path *at)
{
    struct flat flat;
    begin(&flat, draft, fields, name);
    return any_value(&flat, name.len, value, false, at);
}
