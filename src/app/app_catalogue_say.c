/* What people say of an event, property or trait. */
#include "app_catalogue.h"
#include "app_expect.h"

#define EXPECTED_BYTES_MAX ((size_t)64 << 10)

const char *const app_catalogue_kinds[APP_CATALOGUE_KINDS] = {"event", "property", "trait"};

bool app_catalogue_input_kind(struct json_value input, bool required, enum store_name_kind *out,
                              struct fail *fail)
{
    struct str text;
    if (!app_input_str(input, "kind", required, &text, fail)) {
        return false;
    }
    *out = STORE_NAME_EVENT;
    for (size_t i = 0; i < APP_CATALOGUE_KINDS; i++) {
        if (text.data == NULL || str_is(text, app_catalogue_kinds[i])) {
            *out = text.data == NULL ? STORE_NAME_EVENT : (enum store_name_kind)i;
            return true;
        }
    }
    return fail_input_at(fail, "/kind", "\"kind\" must be event, property or trait");
}

bool app_catalogue_input_name(struct json_value input, struct str *out, struct fail *fail)
{
    if (!app_input_str(input, "name", true, out, fail)) {
        return false;
    }
    if (out->len == 0 || out->len > STATE_CATALOGUE_NAME_BYTES_MAX || !str_is_utf8(*out)) {
        return fail_input_at(fail, "/name", "a name has 1 to %d bytes of UTF-8",
                             STATE_CATALOGUE_NAME_BYTES_MAX);
    }
    return true;
}

/* ---- saying something ----------------------------------------------------------------------------------- */

static bool input_words(struct json_value input, const char *member, size_t most, struct str *into,
                        struct fail *fail)
{
    struct json_value value;
    struct str words;
    if (!json_member(input, str_from_c(member), &value)) {
        return true;
    }
    if (!app_input_str(input, member, false, &words, fail)) {
        return false;
    }
    words = words.data == NULL ? STR("") : str_trim(words);
    if (words.len > most) {
        return fail_input_at(fail, member[0] == 'o' ? "/owner" : "/description",
                             "\"%s\" has at most %zu bytes", member, most);
    }
    *into = words;
    return true;
}

static bool input_expected(struct json_value input, enum store_name_kind kind, struct arena *arena,
                           struct str *into, struct fail *fail)
{
    struct json_value value;
    if (!json_member(input, STR("expected"), &value)) {
        return true;
    }
    if (json_type_of(value) == JSON_NULL) {
        *into = (struct str){NULL, 0};
        return true;
    }
    if (kind == STORE_NAME_EVENT) {
        return fail_input_at(fail, "/expected", "an event has no values; its properties have");
    }
    struct base_buf text CLEANUP(base_buf_done) = {.limit = EXPECTED_BYTES_MAX};
    struct json_writer w = {.out = &text};
    if (!app_expect_check(value, fail)) {
        return false;
    }
    json_write_value(&w, value);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *into = str_copy(arena, base_buf_view(&text));
    return true;
}

bool app_op_catalogue_set(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"kind", "name", "owner", "description", "expected", NULL};
    struct state_catalogue_entry entry = {.owner = STR(""), .description = STR("")};
    enum store_name_kind kind;
    struct str name;
    bool found;
    if (!app_input_members(input, members, fail) ||
        !app_catalogue_input_kind(input, true, &kind, fail) ||
        !app_catalogue_input_name(input, &name, fail) ||
        !state_catalogue_find(app->state, str_from_c(app_catalogue_kinds[kind]), name, arena,
                              &entry, &found, fail)) {
        return false;
    }
    entry.kind = str_from_c(app_catalogue_kinds[kind]);
    entry.name = name;
    entry.updated_by = caller->identity.name;
    struct str object = str_format(arena, "%s %.*s", app_catalogue_kinds[kind], STR_ARG(name));
    return input_words(input, "owner", STATE_CATALOGUE_OWNER_BYTES_MAX, &entry.owner, fail) &&
           input_words(input, "description", STATE_CATALOGUE_DESCRIPTION_BYTES_MAX,
                       &entry.description, fail) &&
           input_expected(input, kind, arena, &entry.expected, fail) &&
           state_catalogue_put(app->state, &entry, fail) &&
           access_audit(app->access, &caller->identity, "catalogue.set", object, entry.expected,
                        fail) &&
           (base_buf_c(out, "{}"), base_buf_ok(out, fail));
}
