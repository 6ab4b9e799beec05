#include "intake_settings.h"

#include <stdio.h>

struct member {
    const char *name;
    bool (*read)(struct json_value value, struct intake_settings *out, struct fail *fail);
};

/* ---- masking --------------------------------------------------------------------------------------- */

static bool refuse_item(const char *list, size_t index, const char *expected, struct fail *fail)
{
    char pointer[FAIL_POINTER_BYTES];
    snprintf(pointer, sizeof pointer, "/settings/%s/%zu", list, index);
    return fail_input_at(fail, pointer, "expected %s", expected);
}

static bool check_list(struct json_value value, const char *list, size_t most, struct fail *fail)
{
    if (json_type_of(value) == JSON_ARRAY && json_count(value) <= most) {
        return true;
    }
    char pointer[FAIL_POINTER_BYTES];
    snprintf(pointer, sizeof pointer, "/settings/%s", list);
    return fail_input_at(fail, pointer, "\"%s\" must be a list of at most %zu", list, most);
}

static bool read_kind(struct json_value value, size_t index, unsigned *out, struct fail *fail)
{
    const char *names[INTAKE_MASK_KINDS];
    for (int kind = 0; kind < INTAKE_MASK_KINDS; kind++) {
        names[kind] = intake_mask_kind_name((enum intake_mask_kind)kind);
        if (json_type_of(value) == JSON_STRING && str_is(json_string(value), names[kind])) {
            *out |= 1U << kind;
            return true;
        }
    }
    const char *nearest = json_type_of(value) == JSON_STRING
                              ? str_nearest(json_string(value), names, INTAKE_MASK_KINDS)
                              : NULL;
    char expected[96];
    snprintf(expected, sizeof expected, "email, phone, card, iban or ip%s%s%s",
             nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
             nearest == NULL ? "" : "\"?");
    return refuse_item("mask", index, expected, fail);
}

static bool read_mask(struct json_value value, struct intake_settings *out, struct fail *fail)
{
    struct json_value item;
    size_t index = 0;
    if (!check_list(value, "mask", INTAKE_MASK_FIELDS_MAX, fail)) {
        return false;
    }
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &item); index++) {
        if (!read_kind(item, index, &out->mask, fail)) {
            return false;
        }
    }
    return true;
}

static bool read_patterns(struct json_value value, struct intake_settings *out, struct fail *fail)
{
    struct json_value item, name, pattern;
    if (!check_list(value, "patterns", INTAKE_MASK_PATTERNS_MAX, fail)) {
        return false;
    }
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &item);) {
        if (!json_member(item, STR("name"), &name) || json_type_of(name) != JSON_STRING ||
            !json_member(item, STR("pattern"), &pattern) || json_type_of(pattern) != JSON_STRING ||
            json_count(item) != 2) {
            return refuse_item("patterns", out->pattern_count,
                               "{\"name\": \"...\", \"pattern\": \"...\"}", fail);
        }
        out->patterns[out->pattern_count++] =
            (struct intake_mask_pattern){json_string(name), json_string(pattern)};
    }
    return true;
}

static bool read_mask_fields(struct json_value value, struct intake_settings *out,
                             struct fail *fail)
{
    struct json_value item;
    if (!check_list(value, "mask_fields", INTAKE_MASK_FIELDS_MAX, fail)) {
        return false;
    }
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &item);) {
        if (json_type_of(item) != JSON_STRING) {
            return refuse_item("mask_fields", out->mask_field_count, "a string", fail);
        }
        out->mask_fields[out->mask_field_count++] = json_string(item);
    }
    return true;
}

bool intake_settings_mask(const struct intake_settings *settings, struct intake_mask **out,
                          struct fail *fail)
{
    const struct intake_mask_options options = {
        .kinds = settings->mask,
        .patterns = settings->patterns,
        .pattern_count = settings->pattern_count,
        .fields = settings->mask_fields,
        .field_count = settings->mask_field_count,
    };
    return intake_mask_new(&options, out, fail);
}

/* ---- mail -------------------------------------------------------------------------------------------- */

static bool read_mail_kind(struct json_value value, struct intake_settings *out, struct fail *fail)
{
    static const char *const kinds[] = {"ticket", "survey", "review",   "chat",
                                        "post",   "note",   "interview"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (json_type_of(value) == JSON_STRING && str_is(json_string(value), kinds[i])) {
            out->mail.kind = str_from_c(kinds[i]);
            out->has_mail = true;
            return true;
        }
    }
    return fail_input_at(fail, "/settings/mail_kind",
                         "\"mail_kind\" must be ticket, survey, review, chat, post, note or "
                         "interview");
}

/* As mail is compared: lower case, without a dot at an end. */
static bool good_domain(struct str domain)
{
    bool dot = false;
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.data[i];
        dot = dot || c == '.';
        if (c == '@' || c == ' ' || (c >= 'A' && c <= 'Z') ||
            (c == '.' && (i == 0 || i + 1 == domain.len))) {
            return false;
        }
    }
    return dot && domain.len <= 253;
}

static bool read_own_domains(struct json_value value, struct intake_settings *out,
                             struct fail *fail)
{
    struct json_value item;
    if (!check_list(value, "own_domains", INTAKE_MAIL_OWN_DOMAINS_MAX, fail)) {
        return false;
    }
    out->has_mail = true;
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &item);) {
        if (json_type_of(item) != JSON_STRING || !good_domain(json_string(item))) {
            return refuse_item("own_domains", out->mail.own_domain_count,
                               "a domain in lower case, such as shop.example", fail);
        }
        out->mail.own_domains[out->mail.own_domain_count++] = json_string(item);
    }
    return true;
}

/* ---- the rest ---------------------------------------------------------------------------------------- */

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

static bool read_origins(struct json_value value, struct intake_settings *out, struct fail *fail)
{
    struct json_value item;
    if (!check_list(value, "origins", INTAKE_ORIGINS_MAX, fail)) {
        return false;
    }
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &item);) {
        if (json_type_of(item) != JSON_STRING || !str_is_origin(json_string(item))) {
            return refuse_item("origins", out->origin_count,
                               "like https://shop.example: scheme and host in lower case, a port "
                               "where it is not the usual one, no path",
                               fail);
        }
        out->origins[out->origin_count++] = json_string(item);
    }
    return true;
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

static bool read_keep_mail_text(struct json_value value, struct intake_settings *out,
                                struct fail *fail)
{
    out->has_mail = true;
    return read_switch(value, "keep_mail_text", &out->mail.keep_text, fail);
}

static bool read_heed_gpc(struct json_value value, struct intake_settings *out, struct fail *fail)
{
    return read_switch(value, "heed_gpc", &out->heed_gpc, fail);
}

static bool read_quota(struct json_value value, const char *name, uint64_t *out, struct fail *fail)
{
    if (json_type_of(value) != JSON_INT || json_int(value) < 1 ||
        json_int(value) > INTAKE_QUOTA_MAX) {
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/settings/%s", name);
        return fail_input_at(fail, pointer, "\"%s\" must be a whole number of events, 1 to %lld",
                             name, (long long)INTAKE_QUOTA_MAX);
    }
    *out = (uint64_t)json_int(value);
    return true;
}

static bool read_quota_minute(struct json_value value, struct intake_settings *out,
                              struct fail *fail)
{
    return read_quota(value, "quota_minute", &out->quota_minute, fail);
}

static bool read_quota_day(struct json_value value, struct intake_settings *out, struct fail *fail)
{
    return read_quota(value, "quota_day", &out->quota_day, fail);
}

static const struct member members[] = {
    {"mail_kind", read_mail_kind},
    {"own_domains", read_own_domains},
    {"keep_mail_text", read_keep_mail_text},
    {"mask", read_mask},
    {"patterns", read_patterns},
    {"mask_fields", read_mask_fields},
    {"zone", read_zone},
    {"origins", read_origins},
    {"keep_address", read_keep_address},
    {"keep_user_agent", read_keep_user_agent},
    {"heed_gpc", read_heed_gpc},
    {"quota_minute", read_quota_minute},
    {"quota_day", read_quota_day},
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

static bool is_known(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (str_is(name, members[i].name)) {
            return true;
        }
    }
    return false;
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
        if (!is_known(name)) {
            return unknown(name, fail);
        }
    }
    /* Each once, whatever is said twice: lists have room for one. */
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (json_member(settings, str_from_c(members[i].name), &value) &&
            json_type_of(value) != JSON_NULL && !members[i].read(value, &read, fail)) {
            return false;
        }
    }
    *out = read;
    return true;
}
