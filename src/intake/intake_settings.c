#include "intake_settings.h"

#include <stdio.h>

struct member {
    const char *name;
    bool (*read)(struct json_value value, struct intake_settings *out, struct fail *fail);
};

static bool read_zone(struct json_value value, struct intake_settings *out, struct fail *fail)
{
    struct fail unknown = {0};
    if (json_type_of(value) != JSON_STRING) {
        return fail_input_at(fail, "/settings/zone",
                             "\"zone\" must be the name of a time zone, such as Europe/Oslo");
    }
    return zone_find(json_string(value), &out->zone, &unknown) ||
           fail_input_at(fail, "/settings/zone", "%s", unknown.message);
}

static bool read_switch(struct json_value value, const char *name, bool *out, struct fail *fail)
{
    if (json_type_of(value) != JSON_BOOL) {
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/settings/%s", name);
        return fail_input_at(fail, pointer, "\"%s\" must be true or false", name);
    }
    *out = json_bool(value);
    return true;
}

static bool read_keep_address(struct json_value value, struct intake_settings *out,
                              struct fail *fail)
{
    return read_switch(value, "keep_address", &out->keep_address, fail);
}

static bool read_keep_user_agent(struct json_value value, struct intake_settings *out,
                                 struct fail *fail)
{
    return read_switch(value, "keep_user_agent", &out->keep_user_agent, fail);
}

static const struct member members[] = {
    {"zone", read_zone},
    {"keep_address", read_keep_address},
    {"keep_user_agent", read_keep_user_agent},
};

static bool unknown(struct str name, struct fail *fail)
{
    const char *names[ARRAY_LEN(members)];
    char pointer[FAIL_POINTER_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        names[i] = members[i].name;
    }
    const char *nearest = str_nearest(name, names, ARRAY_LEN(names));
    snprintf(pointer, sizeof pointer, "/settings/%.*s", STR_ARG(name));
    return fail_input_at(fail, pointer, "unknown setting \"%.*s\"%s%s%s", STR_ARG(name),
                         nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
                         nearest == NULL ? "" : "\"?");
}

static bool read_member(struct str name, struct json_value value, struct intake_settings *out,
                        struct fail *fail)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (str_is(name, members[i].name)) {
            return json_type_of(value) == JSON_NULL || members[i].read(value, out, fail);
        }
    }
    return unknown(name, fail);
}

bool intake_settings_parse(struct json_value settings, struct intake_settings *out,
                           struct fail *fail)
{
    struct intake_settings read = {0};
    struct str name;
    struct json_value value;
    if (json_type_of(settings) != JSON_OBJECT) {
        return fail_input_at(fail, "/settings", "\"settings\" must be an object");
    }
    for (struct json_iter it = json_iter_of(settings); json_next(&it, &name, &value);) {
        if (!read_member(name, value, &read, fail)) {
            return false;
        }
    }
    *out = read;
    return true;
}
