#include "friction_form.h"

#include "base_time.h"

struct reading {
    struct arena *arena;
    struct str at; /* pointer of the rules */
    struct friction_form *form;
    struct fail *fail;
};

static bool refuse(const struct reading *r, const char *place, const char *expected)
{
    return fail_input_at(
        r->fail, str_copy_c(r->arena, str_format(r->arena, "%.*s%s", STR_ARG(r->at), place)),
        "expected %s", expected);
}

/* Members of an object are among `names`. */
static bool only(const struct reading *r, struct json_value object, const char *place,
                 const char *const *names, size_t count)
{
    struct str name;
    struct json_value ignored;
    if (json_type_of(object) != JSON_OBJECT) {
        return refuse(r, place, "an object");
    }
    for (struct json_iter it = json_iter_of(object); json_next(&it, &name, &ignored);) {
        size_t i = 0;
        while (i < count && !str_is(name, names[i])) {
            i++;
        }
        if (i == count) {
            const char *near = str_nearest(name, names, count);
            const char *where =
                str_copy_c(r->arena, str_format(r->arena, "%.*s%s/%.*s", STR_ARG(r->at), place,
                                                STR_ARG(name)));
            return fail_input_at(r->fail, where, "there is no member \"%.*s\" here%s%s%s",
                                 STR_ARG(name), near == NULL ? "" : "; did you mean \"",
                                 near == NULL ? "" : near, near == NULL ? "" : "\"?");
        }
    }
    return true;
}

static bool is_off(struct json_value value)
{
    return json_type_of(value) == JSON_BOOL && !json_bool(value);
}

static bool whole(const struct reading *r, struct json_value object, const char *name,
                  const char *place, int64_t least, int64_t most, int64_t *out)
{
    struct json_value value;
    if (!json_member(object, str_from_c(name), &value)) {
        return true;
    }
    if (json_type_of(value) != JSON_INT || json_int(value) < least || json_int(value) > most) {
        return refuse(r, place,
                      str_copy_c(r->arena, str_format(r->arena, "a whole number from %lld to %lld",
                                                      (long long)least, (long long)most)));
    }
    *out = json_int(value);
    return true;
}

static bool duration(const struct reading *r, struct json_value object, const char *name,
                     const char *place, int64_t *out)
{
    struct json_value value;
    int64_t ms;
    if (!json_member(object, str_from_c(name), &value)) {
        return true;
    }
    if (json_type_of(value) != JSON_STRING || !time_parse_duration(json_string(value), &ms) ||
        ms <= 0 || ms > FRICTION_DAYS_MAX * (int64_t)86400000) {
        return refuse(r, place, "a duration such as \"30s\" or \"1d\", at most 3650 days");
    }
    *out = ms;
    return true;
}

static bool read_scores(const struct reading *r, struct json_value scores)
{
    struct friction_rules *rules = &r->form->rules;
    struct json_value value;
    if (is_off(scores)) {
        for (size_t s = 0; s < FRICTION_SCALES; s++) {
            rules->score_at_most[s] = FRICTION_OFF;
        }
        return true;
    }
    if (!only(r, scores, "/scores", friction_scales, FRICTION_SCALES)) {
        return false;
    }
    for (size_t s = 0; s < FRICTION_SCALES; s++) {
        const char *place =
            str_copy_c(r->arena, str_format(r->arena, "/scores/%s", friction_scales[s]));
        if (json_member(scores, str_from_c(friction_scales[s]), &value) && is_off(value)) {
            rules->score_at_most[s] = FRICTION_OFF;
        } else if (!whole(r, scores, friction_scales[s], place, 0, 10, &rules->score_at_most[s])) {
            return false;
        }
    }
    return true;
}

static bool read_failures(const struct reading *r, struct json_value failures)
{
    if (is_off(failures)) {
        r->form->rules.failures = false;
        return true;
    }
    if (json_type_of(failures) != JSON_ARRAY || json_count(failures) > FRICTION_FAILURES_MAX) {
        return refuse(r, "/failures", "a list of at most 50 matchers, or false");
    }
    r->form->has_failures = true;
    r->form->failures = failures;
    return true;
}

static bool read_repeated(const struct reading *r, struct json_value repeated)
{
    static const char *const names[] = {"times", "within", "after"};
    struct friction_rules *rules = &r->form->rules;
    if (is_off(repeated)) {
        rules->repeated_times = FRICTION_OFF;
        return true;
    }
    return only(r, repeated, "/repeated", names, ARRAY_LEN(names)) &&
           whole(r, repeated, "times", "/repeated/times", 2, FRICTION_TIMES_MAX,
                 &rules->repeated_times) &&
           duration(r, repeated, "within", "/repeated/within", &rules->repeated_within_ms) &&
           duration(r, repeated, "after", "/repeated/after", &rules->repeated_after_ms);
}

static bool read_steps(const struct reading *r, struct json_value steps)
{
    static const char *const names[] = {"begin", "done", "within"};
    struct friction_form *form = r->form;
    if (is_off(steps)) {
        form->rules.steps_within_ms = FRICTION_OFF;
        return true;
    }
    if (!only(r, steps, "/steps", names, ARRAY_LEN(names))) {
        return false;
    }
    form->has_begin = json_member(steps, STR("begin"), &form->begin);
    form->has_done = json_member(steps, STR("done"), &form->done);
    return duration(r, steps, "within", "/steps/within", &form->rules.steps_within_ms);
}

static bool read_channels(const struct reading *r, struct json_value list)
{
    struct friction_form *form = r->form;
    struct json_value value;
    if (json_type_of(list) != JSON_ARRAY || json_count(list) > FRICTION_CHANNELS_MAX) {
        return refuse(r, "/answers/channels", "a list of at most 50 channels");
    }
    form->channel_count = 0;
    for (struct json_iter it = json_iter_of(list); json_next(&it, NULL, &value);) {
        if (json_type_of(value) != JSON_STRING) {
            return refuse(r, "/answers/channels", "a list of at most 50 channels");
        }
        form->channels[form->channel_count++] = str_copy(r->arena, json_string(value));
    }
    return true;
}

static bool read_answers(const struct reading *r, struct json_value answers)
{
    static const char *const names[] = {"within", "channels"};
    struct json_value channels;
    if (is_off(answers)) {
        r->form->rules.answer_within_ms = FRICTION_OFF;
        return true;
    }
    return only(r, answers, "/answers", names, ARRAY_LEN(names)) &&
           duration(r, answers, "within", "/answers/within", &r->form->rules.answer_within_ms) &&
           (!json_member(answers, STR("channels"), &channels) || read_channels(r, channels));
}

bool friction_form_read(struct json_value value, struct str at, struct arena *arena,
                        struct friction_form *out, struct fail *fail)
{
    static const char *const names[] = {"scores", "failures", "repeated", "steps", "answers"};
    static bool (*const read[])(const struct reading *r, struct json_value member) = {
        read_scores, read_failures, read_repeated, read_steps, read_answers};
    /* Where people write to somebody and wait; answers to surveys and reviews do not ask for one. */
    static const char *const channels[] = {"email", "chat", "phone", "message", "social"};
    struct friction_form form = {.channel_count = ARRAY_LEN(channels)};
    struct reading r = {arena, at, &form, fail};
    struct json_value member;
    friction_rules_default(&form.rules);
    for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
        form.channels[i] = str_from_c(channels[i]);
    }
    if (!only(&r, value, "", names, ARRAY_LEN(names))) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (json_member(value, str_from_c(names[i]), &member) &&
            json_type_of(member) != JSON_NULL && !read[i](&r, member)) {
            return false;
        }
    }
    *out = form;
    return true;
}
