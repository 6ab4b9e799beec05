/* What people say of an event, property or trait. */
#include "app_catalogue.h"
#include "app_expect.h"
#include "app_names.h"

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

/* ---- rules ---------------------------------------------------------------------------------------------- */

static bool refuse_reserved(struct fail *fail, const char *pointer, struct str name)
{
    return fail_input_at(fail, pointer, "\"%.*s\" is written and read by the product itself",
                         STR_ARG(name));
}

/* One step at most from what is stored to what is shown, so that it is plain what a name means, and what undoing does. */
static bool check_rename(struct app *app, enum store_name_kind kind, struct str name, struct str to,
                         struct arena *arena, struct fail *fail)
{
    struct query_renames renames;
    if (kind == STORE_NAME_TRAIT) {
        return fail_input_at(
            fail, "/shown_as",
            "traits keep their names: only events and properties can go by another");
    }
    if (to.len == 0 || to.len > STATE_CATALOGUE_NAME_BYTES_MAX || str_equal(to, name)) {
        return fail_input_at(fail, "/shown_as",
                             "\"shown_as\" must be another name, of 1 to %d bytes",
                             STATE_CATALOGUE_NAME_BYTES_MAX);
    }
    if (kind == STORE_NAME_EVENT && (app_rules_is_reserved(name) || app_rules_is_reserved(to))) {
        return refuse_reserved(fail, "/shown_as", app_rules_is_reserved(name) ? name : to);
    }
    if (!app_rules_renames(app->rules, arena, &renames, fail)) {
        return false;
    }
    bool events = kind == STORE_NAME_EVENT;
    const struct query_rename *list = events ? renames.events : renames.properties;
    size_t count = events ? renames.event_count : renames.property_count;
    for (size_t i = 0; i < count; i++) {
        if (str_equal(list[i].from, to)) {
            return fail_input_at(fail, "/shown_as", "that name goes by \"%.*s\" itself",
                                 STR_ARG(list[i].to));
        }
        if (str_equal(list[i].to, name)) {
            return fail_input_at(fail, "/shown_as",
                                 "\"%.*s\" goes by this name: take that back first",
                                 STR_ARG(list[i].from));
        }
    }
    if (renames.event_count + renames.property_count >= APP_RULES_RENAMES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "%d names go by another one, and no more may",
                        APP_RULES_RENAMES_MAX);
    }
    return true;
}

static bool input_rename(struct app *app, struct json_value input, enum store_name_kind kind,
                         struct state_catalogue_entry *entry, struct arena *arena,
                         struct fail *fail)
{
    struct json_value value;
    struct str to;
    if (!json_member(input, STR("shown_as"), &value)) {
        return true;
    }
    if (!app_input_str(input, "shown_as", false, &to, fail)) {
        return false;
    }
    if (to.data != NULL && !check_rename(app, kind, entry->name, to, arena, fail)) {
        return false;
    }
    entry->shown_as = to;
    return true;
}

static bool input_block(struct app *app, const struct app_caller *caller, struct json_value input,
                        enum store_name_kind kind, struct state_catalogue_entry *entry,
                        struct fail *fail)
{
    bool before = entry->blocked_ms != 0, blocked;
    if (!app_input_bool(input, "hidden", entry->hidden, &entry->hidden, fail) ||
        !app_input_bool(input, "blocked", before, &blocked, fail)) {
        return false;
    }
    if (blocked == before) {
        return true;
    }
    if (!access_may(&caller->identity, ACCESS_RIGHT_SETTINGS)) {
        return fail_set(fail, FAIL_DENIED, "blocking needs the right \"%s\"",
                        access_right_name(ACCESS_RIGHT_SETTINGS));
    }
    if (kind == STORE_NAME_EVENT && app_rules_is_reserved(entry->name)) {
        return refuse_reserved(fail, "/blocked", entry->name);
    }
    entry->blocked_ms = blocked ? base_now_ms(app->clock) : 0;
    return true;
}

/* The trail keeps the whole entry as it is now. */
static bool audit(struct app *app, const struct app_caller *caller,
                  const struct state_catalogue_entry *entry, struct arena *arena, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = EXPECTED_BYTES_MAX * 2};
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    app_write_text(&w, "owner", entry->owner);
    app_write_text(&w, "description", entry->description);
    app_write_text(&w, "shown_as", entry->shown_as);
    json_name_c(&w, "hidden");
    json_write_bool(&w, entry->hidden);
    json_name_c(&w, "blocked");
    json_write_bool(&w, entry->blocked_ms != 0);
    if (entry->expected.data != NULL) {
        json_name_c(&w, "expected");
        json_write_raw(&w, entry->expected);
    }
    json_end_object(&w);
    struct str object = str_format(arena, "%.*s %.*s", STR_ARG(entry->kind), STR_ARG(entry->name));
    return base_buf_ok(&text, fail) && access_audit(app->access, &caller->identity, "catalogue.set",
                                                    object, base_buf_view(&text), fail);
}

bool app_op_catalogue_set(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {
        "kind", "name", "owner", "description", "expected", "shown_as", "hidden", "blocked", NULL};
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
    if (!input_words(input, "owner", STATE_CATALOGUE_OWNER_BYTES_MAX, &entry.owner, fail) ||
        !input_words(input, "description", STATE_CATALOGUE_DESCRIPTION_BYTES_MAX,
                     &entry.description, fail) ||
        !input_expected(input, kind, arena, &entry.expected, fail) ||
        !input_rename(app, input, kind, &entry, arena, fail) ||
        !input_block(app, caller, input, kind, &entry, fail) ||
        !state_catalogue_put(app->state, &entry, fail) ||
        !app_rules_load(app->rules, app->state, fail) || !audit(app, caller, &entry, arena, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}
