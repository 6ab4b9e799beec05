#include "act_policy_form.h"

#include <stdio.h>

#define NAME_BYTES_MAX 200
#define TEXT_BYTES_MAX 2000

/* Where we are, for messages. */
struct place {
    char pointer[FAIL_POINTER_BYTES];
};

/* Cut where it gets too long. */
static struct place at_name(const char *outer, struct str name)
{
    struct place place = {{0}};
    struct str parts[] = {str_from_c(outer), STR("/"), name};
    size_t len = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t room = sizeof place.pointer - 1 - len;
        size_t more = parts[i].len < room ? parts[i].len : room;
        if (more > 0) {
            memcpy(place.pointer + len, parts[i].data, more);
        }
        len += more;
    }
    return place;
}

static struct place at_index(const char *outer, size_t index)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%zu", index);
    return at_name(outer, str_of(digits, (size_t)len));
}

static bool members_known(struct json_value form, const char *pointer, const char *const *names,
                          struct fail *fail)
{
    struct str name;
    struct json_value value;
    size_t count = 0;
    while (names[count] != NULL) {
        count++;
    }
    if (json_type_of(form) != JSON_OBJECT) {
        return fail_input_at(fail, pointer, "expected an object, got %s",
                             json_type_name(json_type_of(form)));
    }
    for (struct json_iter it = json_iter_of(form); json_next(&it, &name, &value);) {
        size_t i = 0;
        while (i < count && !str_is(name, names[i])) {
            i++;
        }
        if (i == count) {
            const char *nearest = str_nearest(name, names, count);
            return fail_input_at(fail, at_name(pointer, name).pointer,
                                 "unknown member \"%.*s\"%s%s%s", STR_ARG(name),
                                 nearest == NULL ? "" : "; did you mean \"",
                                 nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
        }
    }
    return true;
}

static bool read_int(struct json_value value, const char *pointer, int least, int most, int *out,
                     struct fail *fail)
{
    if (json_type_of(value) != JSON_INT || json_int(value) < least || json_int(value) > most) {
        return fail_input_at(fail, pointer, "expected a whole number from %d to %d", least, most);
    }
    *out = (int)json_int(value);
    return true;
}

static bool read_text(struct json_value value, const char *pointer, size_t least, size_t most,
                      struct arena *arena, struct str *out, struct fail *fail)
{
    if (json_type_of(value) != JSON_STRING || json_string(value).len < least ||
        json_string(value).len > most) {
        return fail_input_at(fail, pointer, "expected a text of %zu to %zu bytes", least, most);
    }
    *out = str_copy(arena, json_string(value));
    return true;
}

static bool read_list(struct json_value value, const char *pointer, size_t most, struct fail *fail)
{
    if (json_type_of(value) != JSON_ARRAY || json_count(value) > most) {
        return fail_input_at(fail, pointer, "expected a list of at most %zu", most);
    }
    return true;
}

static bool read_names(struct json_value list, const char *pointer, size_t most,
                       struct arena *arena, struct str *out, size_t *out_count, struct fail *fail)
{
    struct json_value item;
    if (!read_list(list, pointer, most, fail)) {
        return false;
    }
    *out_count = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        if (!read_text(item, at_index(pointer, *out_count).pointer, 1, NAME_BYTES_MAX, arena,
                       &out[*out_count], fail)) {
            return false;
        }
        ++*out_count;
    }
    return true;
}

/* ---- limits ---------------------------------------------------------------------------------------------- */

static bool read_cap(struct json_value pair, const char *pointer, struct act_cap *out,
                     struct fail *fail)
{
    struct json_value days, most;
    if (json_type_of(pair) != JSON_ARRAY || json_count(pair) != 2) {
        return fail_input_at(fail, pointer, "a cap is a list of two: days, and how many at most");
    }
    struct json_iter it = json_iter_of(pair);
    INVARIANT(json_next(&it, NULL, &days) && json_next(&it, NULL, &most));
    return read_int(days, at_index(pointer, 0).pointer, 1, ACT_DAYS_MAX, &out->days, fail) &&
           read_int(most, at_index(pointer, 1).pointer, 1, ACT_MOST_MAX, &out->most, fail);
}

static bool read_limits(struct json_value form, const char *pointer, struct act_limits *out,
                        struct fail *fail)
{
    struct json_value value, pair;
    struct place place = at_name(pointer, STR("waiting_days"));
    if (json_member(form, STR("waiting_days"), &value) &&
        !read_int(value, place.pointer, 0, ACT_DAYS_MAX, &out->waiting_days, fail)) {
        return false;
    }
    if (!json_member(form, STR("caps"), &value)) {
        return true;
    }
    place = at_name(pointer, STR("caps"));
    if (!read_list(value, place.pointer, ACT_CAPS_MAX, fail)) {
        return false;
    }
    out->cap_count = 0;
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &pair);) {
        if (!read_cap(pair, at_index(place.pointer, out->cap_count).pointer,
                      &out->caps[out->cap_count], fail)) {
            return false;
        }
        out->cap_count++;
    }
    return true;
}

static bool read_channels(struct json_value form, struct arena *arena, struct act_policy *out,
                          struct fail *fail)
{
    static const char *const members[] = {"waiting_days", "caps", NULL};
    struct json_value value;
    struct str name;
    if (json_type_of(form) != JSON_OBJECT || json_count(form) > ACT_CHANNELS_MAX) {
        return fail_input_at(fail, "/channels", "expected an object of at most %d channels",
                             ACT_CHANNELS_MAX);
    }
    out->channel_count = 0;
    for (struct json_iter it = json_iter_of(form); json_next(&it, &name, &value);) {
        struct act_channel *channel = &out->channels[out->channel_count++];
        struct place place = at_name("/channels", name);
        if (name.len == 0 || name.len > NAME_BYTES_MAX) {
            return fail_input_at(fail, "/channels", "a channel's name has 1 to %d bytes",
                                 NAME_BYTES_MAX);
        }
        *channel = (struct act_channel){.name = str_copy(arena, name)};
        for (size_t i = 0; i + 1 < out->channel_count; i++) {
            if (str_equal(out->channels[i].name, name)) {
                return fail_input_at(fail, place.pointer, "this channel stands here twice");
            }
        }
        if (!members_known(value, place.pointer, members, fail) ||
            !read_limits(value, place.pointer, &channel->limits, fail)) {
            return false;
        }
    }
    return true;
}

/* ---- quiet hours --------------------------------------------------------------------------------------------- */

static bool read_clock(struct json_value form, const char *name, int *out, struct fail *fail)
{
    struct json_value value;
    struct place place = at_name("/quiet_hours", str_from_c(name));
    if (!json_member(form, str_from_c(name), &value)) {
        return fail_input_at(fail, "/quiet_hours", "\"%s\" is missing", name);
    }
    struct str text = json_type_of(value) == JSON_STRING ? json_string(value) : STR("");
    int64_t hour, minute;
    if (text.len != 5 || text.data[2] != ':' || !str_parse_i64(str_of(text.data, 2), &hour) ||
        !str_parse_i64(str_after(text, 3), &minute) || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || text.data[0] == '-' || text.data[3] == '-') {
        return fail_input_at(fail, place.pointer,
                             "expected a time of day from \"00:00\" to \"23:59\"");
    }
    *out = (int)(hour * 60 + minute);
    return true;
}

static bool read_quiet(struct json_value form, struct arena *arena, struct act_policy *out,
                       struct fail *fail)
{
    static const char *const members[] = {"from", "to", "except", NULL};
    struct json_value value;
    out->quiet_from = out->quiet_to = 0;
    out->quiet_except_count = 0;
    if (json_type_of(form) == JSON_NULL) {
        return true;
    }
    if (!members_known(form, "/quiet_hours", members, fail) ||
        !read_clock(form, "from", &out->quiet_from, fail) ||
        !read_clock(form, "to", &out->quiet_to, fail)) {
        return false;
    }
    if (out->quiet_from == out->quiet_to) {
        return fail_input_at(fail, "/quiet_hours",
                             "\"from\" and \"to\" are the same: null means no quiet hours");
    }
    return !json_member(form, STR("except"), &value) ||
           read_names(value, "/quiet_hours/except", ACT_EXCEPT_MAX, arena, out->quiet_except,
                      &out->quiet_except_count, fail);
}

/* ---- purposes -------------------------------------------------------------------------------------------------- */

static bool read_member(struct json_value form, const char *pointer, const char *name, size_t least,
                        size_t most, struct arena *arena, struct str *out, struct fail *fail)
{
    struct json_value value;
    *out = STR("");
    if (!json_member(form, str_from_c(name), &value)) {
        return least == 0 || fail_input_at(fail, pointer, "\"%s\" is missing", name);
    }
    return read_text(value, at_name(pointer, str_from_c(name)).pointer, least, most, arena, out,
                     fail);
}

static bool read_purpose(struct json_value form, const char *pointer, struct arena *arena,
                         struct act_purpose *out, struct fail *fail)
{
    static const char *const members[] = {"name", "title", "consent", "reason", "wording", NULL};
    struct str consent;
    *out = (struct act_purpose){0};
    if (!members_known(form, pointer, members, fail) ||
        !read_member(form, pointer, "name", 1, NAME_BYTES_MAX, arena, &out->name, fail) ||
        !read_member(form, pointer, "title", 0, NAME_BYTES_MAX, arena, &out->title, fail) ||
        !read_member(form, pointer, "consent", 1, NAME_BYTES_MAX, arena, &consent, fail) ||
        !read_member(form, pointer, "reason", 0, TEXT_BYTES_MAX, arena, &out->reason, fail) ||
        !read_member(form, pointer, "wording", 0, TEXT_BYTES_MAX, arena, &out->wording, fail)) {
        return false;
    }
    if (str_equal(out->name, ACT_ALL)) {
        return fail_input_at(fail, at_name(pointer, STR("name")).pointer,
                             "\"*\" stands for all purposes and cannot be one");
    }
    out->needs_consent = str_is(consent, "needed");
    if (!out->needs_consent && !str_is(consent, "not needed")) {
        return fail_input_at(fail, at_name(pointer, STR("consent")).pointer,
                             "expected \"needed\" or \"not needed\"");
    }
    if (!out->needs_consent && str_trim(out->reason).len == 0) {
        return fail_input_at(fail, pointer,
                             "\"reason\" is missing: why this purpose may go without consent");
    }
    if (out->needs_consent && str_trim(out->wording).len == 0) {
        return fail_input_at(fail, pointer, "\"wording\" is missing: what the customer agrees to");
    }
    return true;
}

static bool read_purposes(struct json_value list, struct arena *arena, struct act_policy *out,
                          struct fail *fail)
{
    struct json_value item;
    if (!read_list(list, "/purposes", ACT_PURPOSES_MAX, fail)) {
        return false;
    }
    out->purpose_count = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &item);) {
        struct act_purpose *purpose = &out->purposes[out->purpose_count];
        struct place place = at_index("/purposes", out->purpose_count);
        if (!read_purpose(item, place.pointer, arena, purpose, fail)) {
            return false;
        }
        if (act_policy_purpose(out, purpose->name) != NULL) {
            return fail_input_at(fail, at_name(place.pointer, STR("name")).pointer,
                                 "this purpose stands here twice");
        }
        out->purpose_count++;
    }
    return true;
}

bool act_policy_read(struct json_value form, struct arena *arena, struct act_policy *out,
                     struct fail *fail)
{
    static const char *const members[] = {"waiting_days", "caps",        "channels", "quiet_hours",
                                          "purposes",     "corrections", NULL};
    struct json_value value;
    struct act_policy *policy = arena_small(arena, sizeof *policy);
    act_policy_default(policy);
    if (!members_known(form, "", members, fail) || !read_limits(form, "", &policy->all, fail) ||
        (json_member(form, STR("channels"), &value) &&
         !read_channels(value, arena, policy, fail)) ||
        (json_member(form, STR("quiet_hours"), &value) &&
         !read_quiet(value, arena, policy, fail)) ||
        (json_member(form, STR("purposes"), &value) &&
         !read_purposes(value, arena, policy, fail)) ||
        (json_member(form, STR("corrections"), &value) &&
         !read_names(value, "/corrections", ACT_CORRECTIONS_MAX, arena, policy->corrections,
                     &policy->correction_count, fail))) {
        return false;
    }
    *out = *policy;
    return true;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static void write_limits(struct json_writer *w, const struct act_limits *limits)
{
    json_name_c(w, "waiting_days");
    json_write_int(w, limits->waiting_days);
    json_name_c(w, "caps");
    json_begin_array(w);
    for (size_t i = 0; i < limits->cap_count; i++) {
        json_begin_array(w);
        json_write_int(w, limits->caps[i].days);
        json_write_int(w, limits->caps[i].most);
        json_end_array(w);
    }
    json_end_array(w);
}

static void write_names(struct json_writer *w, const char *name, const struct str *names,
                        size_t count)
{
    json_name_c(w, name);
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_write_str(w, names[i]);
    }
    json_end_array(w);
}

static void write_clock(struct json_writer *w, const char *name, int minute)
{
    char text[16];
    snprintf(text, sizeof text, "%02d:%02d", minute / 60, minute % 60);
    json_name_c(w, name);
    json_write_c(w, text);
}

static void write_purpose(struct json_writer *w, const struct act_purpose *purpose)
{
    json_begin_object(w);
    json_name_c(w, "name");
    json_write_str(w, purpose->name);
    json_name_c(w, "title");
    json_write_str(w, purpose->title);
    json_name_c(w, "consent");
    json_write_c(w, purpose->needs_consent ? "needed" : "not needed");
    json_name_c(w, "reason");
    json_write_str(w, purpose->reason);
    json_name_c(w, "wording");
    json_write_str(w, purpose->wording);
    json_end_object(w);
}

void act_policy_write(struct json_writer *w, const struct act_policy *policy)
{
    json_begin_object(w);
    write_limits(w, &policy->all);
    json_name_c(w, "channels");
    json_begin_object(w);
    for (size_t i = 0; i < policy->channel_count; i++) {
        json_name(w, policy->channels[i].name);
        json_begin_object(w);
        write_limits(w, &policy->channels[i].limits);
        json_end_object(w);
    }
    json_end_object(w);
    json_name_c(w, "quiet_hours");
    if (policy->quiet_from == policy->quiet_to) {
        json_write_null(w);
    } else {
        json_begin_object(w);
        write_clock(w, "from", policy->quiet_from);
        write_clock(w, "to", policy->quiet_to);
        write_names(w, "except", policy->quiet_except, policy->quiet_except_count);
        json_end_object(w);
    }
    json_name_c(w, "purposes");
    json_begin_array(w);
    for (size_t i = 0; i < policy->purpose_count; i++) {
        write_purpose(w, &policy->purposes[i]);
    }
    json_end_array(w);
    write_names(w, "corrections", policy->corrections, policy->correction_count);
    json_end_object(w);
}
