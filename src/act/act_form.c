#include "act_form.h"

#include "act_words.h"
#include "net_http.h"

static const char *const WISHES[] = {
    [ACT_WISH_MUTE] = "mute",       [ACT_WISH_UNMUTE] = "unmute", [ACT_WISH_AGREE] = "agree",
    [ACT_WISH_CORRECT] = "correct", [ACT_WISH_ERASE] = "erase",
};

static bool wrong(enum act_word word, struct fail *fail)
{
    return fail_set(fail, FAIL_INPUT, "%s", act_word(word));
}

struct fields {
    const struct net_pair *pairs;
    size_t count;
};

static struct str field(const struct fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (str_is(fields->pairs[i].name, name)) {
            return fields->pairs[i].value;
        }
    }
    return (struct str){NULL, 0};
}

static bool read_purpose(const struct fields *fields, const struct act_policy *policy, bool all,
                         struct act_form *out, struct fail *fail)
{
    out->purpose = field(fields, "purpose");
    return (all && str_equal(out->purpose, ACT_ALL)) ||
           (out->purpose.data != NULL && act_policy_purpose(policy, out->purpose) != NULL) ||
           wrong(ACT_WORD_WRONG_PURPOSE, fail);
}

static bool read_days(const struct fields *fields, struct act_form *out, struct fail *fail)
{
    struct str days = field(fields, "for");
    return (str_parse_i64(days, &out->days) &&
            (out->days == 0 || out->days == 30 || out->days == 90 || out->days == 365)) ||
           wrong(ACT_WORD_WRONG_SPAN, fail);
}

static bool may_correct(const struct act_policy *policy, struct str name)
{
    for (size_t i = 0; i < policy->correction_count; i++) {
        if (str_equal(policy->corrections[i], name)) {
            return true;
        }
    }
    return false;
}

static bool plain_text(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < 0x20U || text.data[i] == 0x7f) {
            return false;
        }
    }
    return str_is_utf8(text);
}

static bool read_correction(struct str name, struct str value, struct act_form *out,
                            struct fail *fail)
{
    value = str_trim(value);
    for (size_t i = 0; i < out->correction_count; i++) {
        if (str_equal(out->corrections[i].name, name)) {
            return wrong(ACT_WORD_WRONG_TWICE, fail);
        }
    }
    if (value.len > ACT_CORRECTION_BYTES_MAX || !plain_text(value)) {
        return wrong(ACT_WORD_WRONG_CORRECTION, fail);
    }
    const struct zone *zone;
    struct fail unknown;
    if (str_is(name, "timezone") && value.len > 0 && !zone_find(value, &zone, &unknown)) {
        return wrong(ACT_WORD_WRONG_ZONE, fail);
    }
    out->corrections[out->correction_count++] =
        (struct store_field){name, value.len == 0 ? (struct store_value){.kind = STORE_NULL, .i = 0}
                                                  : store_value_str(value)};
    return true;
}

static bool read_corrections(const struct fields *fields, const struct act_policy *policy,
                             struct act_form *out, struct fail *fail)
{
    static const char PREFIX[] = "trait.";
    for (size_t i = 0; i < fields->count; i++) {
        struct str name = fields->pairs[i].name;
        if (!str_starts_c(name, PREFIX)) {
            continue;
        }
        name = str_after(name, sizeof PREFIX - 1);
        if (!may_correct(policy, name)) {
            return wrong(ACT_WORD_WRONG_FACT, fail);
        }
        if (!read_correction(name, fields->pairs[i].value, out, fail)) {
            return false;
        }
    }
    return out->correction_count > 0 || wrong(ACT_WORD_WRONG_NOTHING, fail);
}

bool act_form_read(struct str body, const struct act_policy *policy, struct arena *arena,
                   struct act_form *out, struct fail *fail)
{
    struct fields fields;
    struct fail unreadable;
    *out = (struct act_form){0};
    if (body.len > ACT_FORM_BYTES_MAX ||
        !net_params_parse(arena, body, &fields.pairs, &fields.count, &unreadable)) {
        return wrong(ACT_WORD_WRONG_UNREADABLE, fail);
    }
    struct str wish = field(&fields, "do");
    size_t found = 0;
    while (found < ARRAY_LEN(WISHES) && !str_is(wish, WISHES[found])) {
        found++;
    }
    if (found == ARRAY_LEN(WISHES)) {
        return wrong(ACT_WORD_WRONG_FORM, fail);
    }
    out->wish = (enum act_wish)found;
    switch (out->wish) {
    case ACT_WISH_MUTE:
        return read_purpose(&fields, policy, true, out, fail) && read_days(&fields, out, fail);
    case ACT_WISH_UNMUTE:
        return read_purpose(&fields, policy, true, out, fail);
    case ACT_WISH_AGREE:
        return read_purpose(&fields, policy, false, out, fail);
    case ACT_WISH_CORRECT:
        return read_corrections(&fields, policy, out, fail);
    case ACT_WISH_ERASE:
        break;
    }
    return str_is(field(&fields, "sure"), "yes") || wrong(ACT_WORD_WRONG_UNSURE, fail);
}
