#include "app_internal.h"

#include <stdio.h>

bool app_input_members(struct json_value input, const char *const *names, struct fail *fail)
{
    size_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    struct str name;
    struct json_value value;
    for (struct json_iter it = json_iter_of(input); json_next(&it, &name, &value);) {
        size_t i = 0;
        while (i < count && !str_is(name, names[i])) {
            i++;
        }
        if (i < count) {
            continue;
        }
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/%.*s", STR_ARG(name));
        const char *nearest = str_nearest(name, names, count);
        return fail_input_at(fail, pointer, "unknown member \"%.*s\"%s%s%s", STR_ARG(name),
                             nearest == NULL ? "" : "; did you mean \"",
                             nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    }
    return true;
}

static bool refuse(const char *name, const char *expected, struct fail *fail)
{
    char pointer[FAIL_POINTER_BYTES];
    snprintf(pointer, sizeof pointer, "/%s", name);
    return fail_input_at(fail, pointer, "\"%s\" must be %s", name, expected);
}

bool app_input_str(struct json_value input, const char *name, bool required, struct str *out,
                   struct fail *fail)
{
    struct json_value value;
    if (!json_member(input, str_from_c(name), &value) || json_type_of(value) == JSON_NULL) {
        if (required) {
            return fail_input_at(fail, "", "\"%s\" is missing", name);
        }
        *out = (struct str){NULL, 0};
        return true;
    }
    if (json_type_of(value) != JSON_STRING) {
        return refuse(name, "a string", fail);
    }
    *out = json_string(value);
    return true;
}

bool app_input_name(struct json_value input, struct str *out, struct fail *fail)
{
    if (!app_input_str(input, "name", true, out, fail)) {
        return false;
    }
    *out = str_trim(*out);
    if (out->len == 0 || out->len > APP_NAME_BYTES_MAX) {
        return fail_input_at(fail, "/name", "a name has 1 to %d bytes", APP_NAME_BYTES_MAX);
    }
    return true;
}

bool app_input_int(struct json_value input, const char *name, int64_t least, int64_t most,
                   int64_t otherwise, int64_t *out, struct fail *fail)
{
    struct json_value value;
    if (!json_member(input, str_from_c(name), &value) || json_type_of(value) == JSON_NULL) {
        *out = otherwise;
        return true;
    }
    if (json_type_of(value) != JSON_INT || json_int(value) < least || json_int(value) > most) {
        char expected[96];
        snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)least,
                 (long long)most);
        return refuse(name, expected, fail);
    }
    *out = json_int(value);
    return true;
}

bool app_input_bool(struct json_value input, const char *name, bool otherwise, bool *out,
                    struct fail *fail)
{
    struct json_value value;
    if (!json_member(input, str_from_c(name), &value) || json_type_of(value) == JSON_NULL) {
        *out = otherwise;
        return true;
    }
    if (json_type_of(value) != JSON_BOOL) {
        return refuse(name, "true or false", fail);
    }
    *out = json_bool(value);
    return true;
}
