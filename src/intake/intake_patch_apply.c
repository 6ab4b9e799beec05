/* Patches laid over documents: each operation writes the document anew. */
#include "base_json_write.h"
#include "intake_internal.h"
#include "intake_patch.h"

/* ---- documents ------------------------------------------------------------------------------------------- */

struct edit {
    const struct intake_patch_pointer *path;
    enum intake_patch_verb verb; /* add, remove or replace */
    struct str value;            /* JSON */
    struct json_writer *w;
    struct fail *fail;
};

static bool absent(const struct edit *edit)
{
    return fail_set(edit->fail, FAIL_INPUT, "there is nothing at \"%.*s\"",
                    STR_ARG(edit->path->text));
}

/* An index of an array; `most` itself only to add. */
static bool index_of(struct str token, size_t most, size_t *out)
{
    uint64_t index;
    if ((token.len > 1 && token.data[0] == '0') || !str_parse_u64(token, &index) || index > most) {
        return false;
    }
    *out = (size_t)index;
    return true;
}

static bool find(struct json_value root, const struct intake_patch_pointer *path,
                 struct json_value *out)
{
    for (size_t i = 0; i < path->count; i++) {
        struct json_value inner;
        size_t index;
        if (json_type_of(root) == JSON_OBJECT) {
            if (!json_member(root, path->tokens[i], &inner)) {
                return false;
            }
        } else if (json_type_of(root) != JSON_ARRAY ||
                   !index_of(path->tokens[i], json_count(root), &index) ||
                   index == json_count(root)) {
            return false;
        } else {
            struct json_iter it = json_iter_of(root);
            for (size_t k = 0; k <= index; k++) {
                (void)json_next(&it, NULL, &inner);
            }
        }
        root = inner;
    }
    *out = root;
    return true;
}

static bool edit_value(const struct edit *edit, struct json_value value, size_t depth);

static bool edit_object(const struct edit *edit, struct json_value object, size_t depth)
{
    struct str token = edit->path->tokens[depth];
    bool last = depth + 1 == edit->path->count;
    bool found = false;
    struct str name;
    struct json_value value;
    json_begin_object(edit->w);
    for (struct json_iter it = json_iter_of(object); json_next(&it, &name, &value);) {
        if (!str_equal(name, token)) {
            json_name(edit->w, name);
            json_write_value(edit->w, value);
            continue;
        }
        bool again = found;
        found = true;
        if (last && (edit->verb == INTAKE_PATCH_REMOVE || again)) {
            continue;
        }
        json_name(edit->w, name);
        if (last) {
            json_write_raw(edit->w, edit->value);
        } else if (!edit_value(edit, value, depth + 1)) {
            return false;
        }
    }
    if (!found && last && edit->verb == INTAKE_PATCH_ADD) {
        json_name(edit->w, token);
        json_write_raw(edit->w, edit->value);
        found = true;
    }
    json_end_object(edit->w);
    return found || absent(edit);
}

static bool edit_array(const struct edit *edit, struct json_value array, size_t depth)
{
    struct str token = edit->path->tokens[depth];
    bool last = depth + 1 == edit->path->count;
    bool adds = last && edit->verb == INTAKE_PATCH_ADD;
    size_t count = json_count(array);
    size_t index = count;
    if (!(adds && str_is(token, "-")) &&
        (!index_of(token, count, &index) || (index == count && !adds))) {
        return absent(edit);
    }
    struct json_value value;
    size_t at = 0;
    json_begin_array(edit->w);
    for (struct json_iter it = json_iter_of(array); json_next(&it, NULL, &value); at++) {
        if (at == index && last && edit->verb != INTAKE_PATCH_REMOVE) {
            json_write_raw(edit->w, edit->value);
        }
        if (at != index || adds) {
            json_write_value(edit->w, value);
        } else if (!last && !edit_value(edit, value, depth + 1)) {
            return false;
        }
    }
    if (adds && index == count) {
        json_write_raw(edit->w, edit->value);
    }
    json_end_array(edit->w);
    return true;
}

static bool edit_value(const struct edit *edit, struct json_value value, size_t depth)
{
    if (json_type_of(value) == JSON_OBJECT) {
        return edit_object(edit, value, depth);
    }
    return json_type_of(value) == JSON_ARRAY ? edit_array(edit, value, depth) : absent(edit);
}

static bool edit_root(const struct edit *edit, struct json_value root)
{
    if (edit->path->count > 0) {
        return edit_value(edit, root, 0);
    }
    if (edit->verb == INTAKE_PATCH_REMOVE) {
        return fail_set(edit->fail, FAIL_INPUT, "the whole document cannot be removed");
    }
    json_write_raw(edit->w, edit->value);
    return true;
}

/* ---- values ------------------------------------------------------------------------------------------------ */

static bool is_number(struct json_value value)
{
    enum json_type type = json_type_of(value);
    return type == JSON_INT || type == JSON_UINT || type == JSON_DOUBLE;
}

/* Blanks between the digits of a large number: an ordinary one, or one of those that do not break. */
static size_t blank_bytes(struct str text)
{
    return str_starts_c(text, " ")              ? 1
           : str_starts_c(text, "\xc2\xa0")     ? 2
           : str_starts_c(text, "\xe2\x80\xaf") ? 3
                                                : 0;
}

/* Written with a comma in the place of the point, as much of the world does, it is a number too: "1 489,00". */
static bool read_number(struct json_value value, double *out)
{
    char digits[64];
    if (is_number(value)) {
        *out = json_double(value);
        return true;
    }
    if (json_type_of(value) != JSON_STRING) {
        return false;
    }
    struct str text = str_trim(json_string(value));
    bool has_point = str_find_byte(text, '.') < text.len;
    size_t len = 0;
    for (size_t i = 0; i < text.len;) {
        size_t blank = blank_bytes(str_after(text, i));
        if (blank > 0) {
            i += blank;
            continue;
        }
        if (len == sizeof digits) {
            return false;
        }
        digits[len++] = text.data[i] == ',' && !has_point ? '.' : text.data[i];
        i++;
    }
    return len > 0 && str_parse_double(str_of(digits, len), out);
}

static bool write_read(enum intake_patch_origin origin, struct json_value value,
                       struct json_writer *w, struct arena *arena)
{
    double number;
    int64_t ms;
    switch (origin) {
    case INTAKE_PATCH_AS_NUMBER:
        if (!read_number(value, &number)) {
            return false;
        }
        json_write_double(w, number);
        return true;
    case INTAKE_PATCH_AS_INSTANT:
        if (!intake_read_instant(value, NULL, &ms)) {
            return false;
        }
        json_write_instant(w, ms);
        return true;
    case INTAKE_PATCH_AS_TEXT:
        if (json_type_of(value) == JSON_STRING) {
            json_write_value(w, value);
            return true;
        }
        if (!is_number(value) && json_type_of(value) != JSON_BOOL) {
            return false;
        }
        base_buf_byte(w->out, '"');
        struct json_writer inner = {.out = w->out};
        json_write_value(&inner, value);
        base_buf_byte(w->out, '"');
        return true;
    case INTAKE_PATCH_AS_LOWER:
        if (json_type_of(value) != JSON_STRING) {
            return false;
        }
        char *lower = arena_small(arena, json_string(value).len + 1);
        struct str text = str_trim(json_string(value));
        for (size_t i = 0; i < text.len; i++) {
            char c = text.data[i];
            lower[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        }
        json_write_str(w, str_of(lower, text.len));
        return true;
    case INTAKE_PATCH_FROM_VALUE:
    case INTAKE_PATCH_FROM_RECEIVED_AT:
        break;
    }
    return false;
}

static bool resolve(const struct intake_patch_operation *operation, struct json_value root,
                    const struct intake_patch_row *row, struct arena *arena, struct str *out,
                    struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTAKE_PATCH_DOCUMENT_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value value;
    const struct intake_patch_pointer *path =
        operation->verb == INTAKE_PATCH_MOVE || operation->verb == INTAKE_PATCH_COPY
            ? &operation->from
            : &operation->path;
    bool moves = path == &operation->from;
    if (operation->origin == INTAKE_PATCH_FROM_VALUE && !moves) {
        *out = operation->value;
        return true;
    }
    if (operation->origin == INTAKE_PATCH_FROM_RECEIVED_AT) {
        json_write_instant(&w, row->received_at_ms);
    } else if (!find(root, path, &value)) {
        return fail_set(fail, FAIL_INPUT, "there is nothing at \"%.*s\"", STR_ARG(path->text));
    } else if (moves) {
        json_write_value(&w, value);
    } else if (!write_read(operation->origin, value, &w, arena)) {
        return fail_set(fail, FAIL_INPUT, "what stands at \"%.*s\" cannot be read so",
                        STR_ARG(path->text));
    }
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

static bool same(struct json_value a, struct json_value b);

/* Of members that stand twice the first counts, as it does when one is looked for. */
static bool same_members(struct json_value a, struct json_value b)
{
    struct str name;
    struct json_value each, x, y;
    for (struct json_iter it = json_iter_of(a); json_next(&it, &name, &each);) {
        if (!json_member(a, name, &x) || !json_member(b, name, &y) || !same(x, y)) {
            return false;
        }
    }
    for (struct json_iter it = json_iter_of(b); json_next(&it, &name, &each);) {
        if (!json_member(a, name, &x)) {
            return false;
        }
    }
    return true;
}

static bool same(struct json_value a, struct json_value b)
{
    struct json_value x, y;
    if (is_number(a) && is_number(b)) {
        return json_type_of(a) == json_type_of(b) && json_type_of(a) != JSON_DOUBLE
                   ? (json_type_of(a) == JSON_INT ? json_int(a) == json_int(b)
                                                  : json_uint(a) == json_uint(b))
                   : json_double(a) == json_double(b);
    }
    if (json_type_of(a) != json_type_of(b)) {
        return false;
    }
    if (json_type_of(a) == JSON_STRING) {
        return str_equal(json_string(a), json_string(b));
    }
    if (json_type_of(a) == JSON_BOOL) {
        return json_bool(a) == json_bool(b);
    }
    if (json_type_of(a) != JSON_ARRAY && json_type_of(a) != JSON_OBJECT) {
        return true;
    }
    if (json_count(a) != json_count(b)) {
        return false;
    }
    if (json_type_of(a) == JSON_OBJECT) {
        return same_members(a, b);
    }
    struct json_iter other = json_iter_of(b);
    for (struct json_iter it = json_iter_of(a); json_next(&it, NULL, &x);) {
        if (!json_next(&other, NULL, &y) || !same(x, y)) {
            return false;
        }
    }
    return true;
}

static bool test(const struct intake_patch_operation *operation, struct json_value root,
                 struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value expected, found;
    return json_parse(parser, operation->value, &expected, fail) &&
           ((find(root, &operation->path, &found) && same(expected, found)) ||
            fail_set(fail, FAIL_INPUT, "another value stands at \"%.*s\" than is tested for",
                     STR_ARG(operation->path.text)));
}

/* ---- applying --------------------------------------------------------------------------------------------- */

static bool write_edited(struct json_parser *parser, const struct intake_patch_pointer *path,
                         enum intake_patch_verb verb, struct str value, struct arena *arena,
                         struct str *document, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTAKE_PATCH_DOCUMENT_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value root;
    const struct edit edit = {path, verb, value, &w, fail};
    if (!json_parse(parser, *document, &root, fail) || !edit_root(&edit, root) ||
        !base_buf_ok(&text, fail)) {
        return false;
    }
    *document = str_copy(arena, base_buf_view(&text));
    return true;
}

static bool apply(const struct intake_patch_operation *operation, struct json_parser *parser,
                  const struct intake_patch_row *row, struct arena *arena, struct str *document,
                  struct fail *fail)
{
    struct json_value root;
    struct str value = {NULL, 0};
    if (!json_parse(parser, *document, &root, fail)) {
        return false;
    }
    if (operation->verb == INTAKE_PATCH_TEST) {
        return test(operation, root, fail);
    }
    if (operation->verb != INTAKE_PATCH_REMOVE &&
        !resolve(operation, root, row, arena, &value, fail)) {
        return false;
    }
    if (operation->verb == INTAKE_PATCH_MOVE &&
        !write_edited(parser, &operation->from, INTAKE_PATCH_REMOVE, value, arena, document,
                      fail)) {
        return false;
    }
    enum intake_patch_verb verb =
        operation->verb == INTAKE_PATCH_MOVE || operation->verb == INTAKE_PATCH_COPY
            ? INTAKE_PATCH_ADD
            : operation->verb;
    return write_edited(parser, &operation->path, verb, value, arena, document, fail);
}

bool intake_patch_apply(const struct intake_patch *patch, struct str document,
                        const struct intake_patch_row *row, struct arena *arena, struct str *out,
                        struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    *out = document;
    for (size_t i = 0; i < patch->count; i++) {
        if (!apply(&patch->operations[i], parser, row, arena, out, fail)) {
            return fail->code == FAIL_INPUT ? fail_at(fail, "operation %zu (%s)", i + 1,
                                                      intake_patch_verbs[patch->operations[i].verb])
                                            : false;
        }
    }
    return true;
}
