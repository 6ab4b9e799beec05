#include "query_read.h"

#include <stdio.h>

#include "base_time.h"

#define LIST_CHARS 240

/* "a, b or c" */
static void list_names(const char *const *names, size_t count, char out[LIST_CHARS])
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && len < LIST_CHARS; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        int wrote = snprintf(out + len, LIST_CHARS - len, "%s%s", before, names[i]);
        len += wrote < 0 ? 0 : (size_t)wrote;
    }
}

static struct query_member *member_named(struct query_member *members, size_t count,
                                         struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is(name, members[i].name)) {
            return &members[i];
        }
    }
    return NULL;
}

#define MEMBERS_MAX 32 /* of one object */

static bool refuse_unknown(const struct query_path *path, struct str name, const char *what,
                           const struct query_member *members, size_t count, struct fail *fail)
{
    struct query_path at = {.up = path, .name = name};
    const char *names[MEMBERS_MAX] = {NULL};
    char text[LIST_CHARS];
    INVARIANT(count <= MEMBERS_MAX);
    for (size_t i = 0; i < count; i++) {
        names[i] = members[i].name;
    }
    const char *nearest = str_nearest(name, names, count);
    if (nearest != NULL) {
        return query_refuse(&at, fail, "%s has no member \"%.*s\"; did you mean \"%s\"?", what,
                            STR_ARG(name), nearest);
    }
    list_names(names, count, text);
    return query_refuse(&at, fail, "%s has no member \"%.*s\"; it takes %s", what, STR_ARG(name),
                        text);
}

bool query_read_object(struct json_value value, const struct query_path *path, const char *what,
                       struct query_member *members, size_t count, struct fail *fail)
{
    if (json_type_of(value) != JSON_OBJECT) {
        return query_refuse(path, fail, "expected %s, an object, not %s", what,
                            json_type_name(json_type_of(value)));
    }
    struct str name;
    struct json_value member;
    uint32_t place = 0;
    for (struct json_iter it = json_iter_of(value); json_next(&it, &name, &member);) {
        struct query_member *known = member_named(members, count, name);
        if (known == NULL) {
            return refuse_unknown(path, name, what, members, count, fail);
        }
        if (known->place != 0) {
            struct query_path at = query_path_in(path, known->name);
            return query_refuse(&at, fail, "\"%s\" stands twice", known->name);
        }
        known->value = member;
        known->place = ++place;
    }
    return true;
}

bool query_read_exclusive(const struct query_path *path, const struct query_member *a,
                          const struct query_member *b, struct fail *fail)
{
    if (a->place == 0 || b->place == 0) {
        return true;
    }
    const struct query_member *later = a->place > b->place ? a : b;
    const struct query_member *earlier = later == a ? b : a;
    struct query_path at = query_path_in(path, later->name);
    return query_refuse(&at, fail, "\"%s\" cannot stand beside \"%s\"", later->name, earlier->name);
}

bool query_read_needed(const struct query_path *path, const struct query_member *member,
                       const char *expected, struct fail *fail)
{
    if (member->place != 0) {
        return true;
    }
    struct query_path at = query_path_in(path, member->name);
    return query_refuse(&at, fail, "\"%s\" is missing: expected %s", member->name, expected);
}

bool query_read_whole(struct json_value value, const struct query_path *path, int64_t least,
                      int64_t most, int64_t *out, struct fail *fail)
{
    enum json_type type = json_type_of(value);
    struct store_value number = {0};
    if (type == JSON_INT) {
        number = store_value_int(json_int(value));
    } else if (type == JSON_DOUBLE) {
        number = store_value_double(json_double(value));
    }
    if (number.kind != STORE_INT || number.i < least || number.i > most) {
        return query_refuse(path, fail, "expected a whole number from %lld to %lld",
                            (long long)least, (long long)most);
    }
    *out = number.i;
    return true;
}

bool query_read_string(struct json_value value, const struct query_path *path, const char *expected,
                       struct str *out, struct fail *fail)
{
    if (json_type_of(value) != JSON_STRING) {
        return query_refuse(path, fail, "expected %s, a string, not %s", expected,
                            json_type_name(json_type_of(value)));
    }
    *out = json_string(value);
    return true;
}

bool query_read_choice(struct json_value value, const struct query_path *path,
                       const char *const *names, size_t count, size_t *out, struct fail *fail)
{
    char text[LIST_CHARS];
    list_names(names, count, text);
    struct str word = {NULL, 0};
    if (!query_read_string(value, path, text, &word, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (str_is(word, names[i])) {
            *out = i;
            return true;
        }
    }
    const char *nearest = str_nearest(word, names, count);
    if (nearest != NULL) {
        return query_refuse(path, fail, "\"%.*s\" is none of %s; did you mean \"%s\"?",
                            STR_ARG(word), text, nearest);
    }
    return query_refuse(path, fail, "\"%.*s\" is none of %s", STR_ARG(word), text);
}

bool query_read_array(struct json_value value, const struct query_path *path, const char *expected,
                      struct fail *fail)
{
    if (json_type_of(value) == JSON_ARRAY) {
        return true;
    }
    return query_refuse(path, fail, "expected %s, not %s", expected,
                        json_type_name(json_type_of(value)));
}

bool query_read_bool(struct json_value value, const struct query_path *path, bool *out,
                     struct fail *fail)
{
    if (json_type_of(value) != JSON_BOOL) {
        return query_refuse(path, fail, "expected true or false, not %s",
                            json_type_name(json_type_of(value)));
    }
    *out = json_bool(value);
    return true;
}

bool query_read_duration(struct json_value value, const struct query_path *path, int64_t *out_ms,
                         struct fail *fail)
{
    static const char expected[] =
        "a duration such as \"7d\": a whole number and one of ms, s, m, h, d, w";
    struct str text = {NULL, 0};
    if (!query_read_string(value, path, expected, &text, fail)) {
        return false;
    }
    if (!time_parse_duration(text, out_ms)) {
        return query_refuse(path, fail, "\"%.*s\" is not %s", STR_ARG(text), expected);
    }
    return true;
}

bool query_read_instant(struct json_value value, const struct query_path *path, int64_t *out_ms,
                        struct fail *fail)
{
    static const char expected[] = "an RFC 3339 instant with offset, such as 2026-05-01T00:00:00Z";
    struct str text = {NULL, 0};
    if (!query_read_string(value, path, expected, &text, fail)) {
        return false;
    }
    if (!time_parse_rfc3339(text, out_ms)) {
        return query_refuse(path, fail, "\"%.*s\" is not %s", STR_ARG(text), expected);
    }
    return true;
}

bool query_read_scalar(struct json_value value, const struct query_path *path, struct arena *arena,
                       struct store_value *out, struct fail *fail)
{
    switch (json_type_of(value)) {
    case JSON_BOOL:
        *out = store_value_bool(json_bool(value));
        return true;
    case JSON_INT:
        *out = store_value_int(json_int(value));
        return true;
    case JSON_UINT:
        *out = store_value_uint(json_uint(value));
        return true;
    case JSON_DOUBLE:
        *out = store_value_double(json_double(value));
        return true;
    case JSON_STRING:
        *out = store_value_str(str_copy(arena, json_string(value)));
        return true;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return query_refuse(path, fail, "expected a string, a number or a boolean, not %s",
                        json_type_name(json_type_of(value)));
}
