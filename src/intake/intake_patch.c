/* Patches as they are written. */
#include "intake_patch.h"

#include <stdio.h>

#include "base_json_write.h"

const char *const intake_patch_verbs[INTAKE_PATCH_VERBS] = {"add",  "remove", "replace",
                                                            "move", "copy",   "test"};

static bool refuse(struct fail *fail, size_t at, const char *member, const char *expected)
{
    char pointer[FAIL_POINTER_BYTES];
    snprintf(pointer, sizeof pointer, "/%zu%s", at, member);
    return fail_input_at(fail, pointer, "%s", expected);
}

/* "~1" is a slash, "~0" a tilde. */
static bool unescape(struct str token, struct arena *arena, struct str *out)
{
    struct str copy = str_copy(arena, token);
    char *to = arena_small(arena, token.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < copy.len; i++) {
        char c = copy.data[i];
        if (c == '~') {
            if (i + 1 == copy.len || (copy.data[i + 1] != '0' && copy.data[i + 1] != '1')) {
                return false;
            }
            c = copy.data[++i] == '0' ? '~' : '/';
        }
        to[len++] = c;
    }
    *out = str_of(to, len);
    return true;
}

static bool parse_pointer(struct str text, struct arena *arena, struct intake_patch_pointer *out)
{
    *out = (struct intake_patch_pointer){.text = str_copy(arena, text)};
    if (text.len == 0) {
        return true;
    }
    if (text.data[0] != '/') {
        return false;
    }
    struct str rest = str_after(text, 1);
    for (bool more = true; more;) {
        size_t end = str_find_byte(rest, '/');
        more = end < rest.len;
        if (out->count == INTAKE_PATCH_TOKENS_MAX ||
            !unescape(str_of(rest.data, end), arena, &out->tokens[out->count++])) {
            return false;
        }
        rest = more ? str_after(rest, end + 1) : rest;
    }
    return true;
}

static bool take_pointer(struct json_value object, const char *name, size_t at, struct arena *arena,
                         struct intake_patch_pointer *out, struct fail *fail)
{
    struct json_value value;
    char member[16];
    snprintf(member, sizeof member, "/%s", name);
    if (!json_member(object, str_from_c(name), &value)) {
        return refuse(fail, at, "",
                      name[0] == 'p' ? "\"path\" is missing: a JSON pointer, such as \"/ts\""
                                     : "\"from\" is missing: a JSON pointer, such as \"/time\"");
    }
    return (json_type_of(value) == JSON_STRING && parse_pointer(json_string(value), arena, out)) ||
           refuse(fail, at, member,
                  "expected a JSON pointer (RFC 6901) of at most 32 parts, such as \"/ts\"");
}

static bool value_text(struct json_value value, struct arena *arena, struct str *out,
                       struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = INTAKE_PATCH_DOCUMENT_BYTES_MAX};
    struct json_writer w = {.out = &text};
    json_write_value(&w, value);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

static bool take_read(struct json_value read, size_t at, struct intake_patch_operation *out,
                      struct fail *fail)
{
    static const struct {
        const char *name;
        enum intake_patch_origin origin;
    } reads[] = {{"number", INTAKE_PATCH_AS_NUMBER},
                 {"text", INTAKE_PATCH_AS_TEXT},
                 {"instant", INTAKE_PATCH_AS_INSTANT},
                 {"lower", INTAKE_PATCH_AS_LOWER}};
    for (size_t i = 0; json_type_of(read) == JSON_STRING && i < ARRAY_LEN(reads); i++) {
        if (str_is(json_string(read), reads[i].name)) {
            out->origin = reads[i].origin;
            return true;
        }
    }
    return refuse(fail, at, "/read", "expected \"number\", \"text\", \"instant\" or \"lower\"");
}

/* Exactly one of value, row, read. */
static bool take_value(struct json_value object, size_t at, struct arena *arena,
                       struct intake_patch_operation *out, struct fail *fail)
{
    struct json_value value, row, read;
    bool has_value = json_member(object, STR("value"), &value);
    bool has_row = json_member(object, STR("row"), &row);
    bool has_read = json_member(object, STR("read"), &read);
    if (has_value + has_row + has_read != 1 || (out->verb == INTAKE_PATCH_TEST && !has_value) ||
        (out->verb == INTAKE_PATCH_ADD && has_read)) {
        return refuse(fail, at, "",
                      out->verb == INTAKE_PATCH_TEST
                          ? "\"value\" is missing"
                          : "expected one of \"value\", \"row\": \"received_at\" and, to replace, "
                            "\"read\": \"number\", \"text\", \"instant\" or \"lower\"");
    }
    if (has_value) {
        return value_text(value, arena, &out->value, fail);
    }
    if (has_read) {
        return take_read(read, at, out, fail);
    }
    out->origin = INTAKE_PATCH_FROM_RECEIVED_AT;
    return (json_type_of(row) == JSON_STRING && str_is(json_string(row), "received_at")) ||
           refuse(fail, at, "/row", "expected \"received_at\", when the record was received first");
}

static bool check_members(struct json_value object, size_t at, struct fail *fail)
{
    static const char *const known[] = {"op", "path", "from", "value", "row", "read"};
    struct str name;
    struct json_value value;
    for (struct json_iter it = json_iter_of(object); json_next(&it, &name, &value);) {
        bool found = false;
        for (size_t i = 0; i < ARRAY_LEN(known) && !found; i++) {
            found = str_is(name, known[i]);
        }
        if (!found) {
            char pointer[FAIL_POINTER_BYTES];
            snprintf(pointer, sizeof pointer, "/%zu/%.*s", at, STR_ARG(name));
            return fail_input_at(fail, pointer,
                                 "unknown member: expected \"op\", \"path\", \"from\", \"value\", "
                                 "\"row\" and \"read\"");
        }
    }
    return true;
}

static bool parse_operation(struct json_value object, size_t at, struct arena *arena,
                            struct intake_patch_operation *out, struct fail *fail)
{
    struct json_value op;
    if (json_type_of(object) != JSON_OBJECT) {
        return refuse(fail, at, "", "expected an operation, an object");
    }
    if (!check_members(object, at, fail)) {
        return false;
    }
    size_t verb = 0;
    bool has_op = json_member(object, STR("op"), &op) && json_type_of(op) == JSON_STRING;
    while (has_op && verb < INTAKE_PATCH_VERBS &&
           !str_is(json_string(op), intake_patch_verbs[verb])) {
        verb++;
    }
    if (!has_op || verb == INTAKE_PATCH_VERBS) {
        return refuse(fail, at, has_op ? "/op" : "",
                      "expected \"op\": add, remove, replace, move, copy or test");
    }
    *out = (struct intake_patch_operation){.verb = (enum intake_patch_verb)verb};
    bool moves = out->verb == INTAKE_PATCH_MOVE || out->verb == INTAKE_PATCH_COPY;
    bool valued = out->verb == INTAKE_PATCH_ADD || out->verb == INTAKE_PATCH_REPLACE ||
                  out->verb == INTAKE_PATCH_TEST;
    return take_pointer(object, "path", at, arena, &out->path, fail) &&
           (!moves || take_pointer(object, "from", at, arena, &out->from, fail)) &&
           (!valued || take_value(object, at, arena, out, fail));
}

bool intake_patch_parse(struct json_value list, struct arena *arena, struct intake_patch *out,
                        struct fail *fail)
{
    struct json_value value;
    if (json_type_of(list) != JSON_ARRAY) {
        return fail_input_at(fail, "", "a patch is an array of operations, found %s",
                             json_type_name(json_type_of(list)));
    }
    size_t count = json_count(list);
    if (count > INTAKE_PATCH_OPERATIONS_MAX) {
        return fail_input_at(fail, "", "a patch has at most %d operations",
                             INTAKE_PATCH_OPERATIONS_MAX);
    }
    struct intake_patch_operation *operations = arena_array(arena, count, sizeof *operations, fail);
    if (operations == NULL) {
        return false;
    }
    size_t at = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value); at++) {
        if (!parse_operation(value, at, arena, &operations[at], fail)) {
            return false;
        }
    }
    *out = (struct intake_patch){operations, count};
    return true;
}
