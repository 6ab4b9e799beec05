/* Sources: what intake needs to know of one, the lists, and what an administrator changes. */
#include "app_internal.h"
#include "access_seal.h"
#include "intake_settings.h"
#include "state_sources.h"

static bool is_one_line(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.data[i] < 0x20U || name.data[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

_Static_assert(INTAKE_PSEUDONYM_BYTES == ACCESS_PSEUDONYM_BYTES, "one form of pseudonyms");

/* Out of the settings, whose strings are gone soon. */
static const struct intake_mail_settings *keep_mail(const struct intake_mail_settings *given,
                                                    struct arena *arena)
{
    struct intake_mail_settings *kept = arena_small(arena, sizeof *kept);
    *kept = *given;
    for (size_t i = 0; i < given->own_domain_count; i++) {
        kept->own_domains[i] = str_copy(arena, given->own_domains[i]);
    }
    return kept;
}

static const struct str *keep_origins(const struct intake_settings *settings, struct arena *arena)
{
    struct str *kept = arena_small(arena, (settings->origin_count + 1) * sizeof *kept);
    for (size_t i = 0; i < settings->origin_count; i++) {
        kept[i] = str_copy(arena, settings->origins[i]);
    }
    return kept;
}

bool app_source_make(const struct app_source_parts *parts, struct arena *arena,
                     struct intake_source *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct intake_settings settings;
    const struct intake_mask *mask = NULL;
    if (!json_parse(parser, parts->settings, &root, fail) ||
        !intake_settings_parse(root, &settings, fail) ||
        !app_mask(parts->masks, &settings, parts->settings, arena, &mask, fail)) {
        return fail_at(fail, "the settings of the source \"%.*s\"", STR_ARG(parts->name));
    }
    *out = (struct intake_source){
        .name = str_copy(arena, parts->name),
        .default_channel =
            parts->channel.data == NULL ? parts->channel : str_copy(arena, parts->channel),
        .received_at_ms = parts->now_ms,
        .zone = settings.zone != NULL ? settings.zone : parts->zone,
        .local_zone = settings.zone,
        .origins = keep_origins(&settings, arena),
        .origin_count = settings.origin_count,
        .mask = mask,
        .mail = settings.has_mail ? keep_mail(&settings.mail, arena) : NULL,
        .pseudonym = access_pseudonym,
        .secret = str_copy(arena, parts->secret),
        .may_join_users = parts->trusted,
        .keep_address = settings.keep_address,
        .keep_user_agent = settings.keep_user_agent,
        .heed_gpc = settings.heed_gpc,
        .quota_minute = settings.quota_minute,
        .quota_day = settings.quota_day,
    };
    return true;
}

bool app_source_parts(struct app *app, struct str name, bool trusted, struct arena *arena,
                      struct app_source_parts *out, struct fail *fail)
{
    struct state_source source = {0};
    bool found;
    const struct zone *zone;
    if (name.len == 0 || name.len > STATE_SOURCE_NAME_BYTES_MAX || !str_is_utf8(name) ||
        !is_one_line(name)) {
        return fail_input_at(fail, "/source",
                             "a source's name is one line of 1 to %d bytes of UTF-8",
                             STATE_SOURCE_NAME_BYTES_MAX);
    }
    if (!state_source_find(app->state, name, arena, &source, &found, fail) ||
        !app_zone(app, &zone, fail)) {
        return false;
    }
    char *secret = arena_small(arena, ACCESS_PSEUDONYM_BYTES);
    access_pseudonym(str_of((const char *)app->preference_key, sizeof app->preference_key),
                     STR("sources"), secret);
    *out = (struct app_source_parts){
        .name = name,
        .secret = str_from_c(secret),
        .channel = found ? source.default_channel : (struct str){NULL, 0},
        .settings = found ? source.settings : STR("{}"),
        .zone = zone,
        .masks = app->masks,
        .now_ms = base_now_ms(app->clock),
        .trusted = trusted,
    };
    return true;
}

bool app_source(struct app *app, struct str name, bool trusted, struct arena *arena,
                struct intake_source *out, struct fail *fail)
{
    struct app_source_parts parts;
    return app_source_parts(app, name, trusted, arena, &parts, fail) &&
           app_source_make(&parts, arena, out, fail);
}

bool app_quota_read(struct app *app, struct str source, struct app_quota *out, struct fail *fail)
{
    struct state_quota quota;
    if (!state_quota_find(app->state, source, &quota, fail)) {
        return false;
    }
    *out = (struct app_quota){
        .minute_end_ms = quota.minute_end_ms,
        .day_end_ms = quota.day_end_ms,
        .minute_events = quota.minute_events < 0 ? 0 : (uint64_t)quota.minute_events,
        .day_events = quota.day_events < 0 ? 0 : (uint64_t)quota.day_events,
    };
    return true;
}

bool app_quota_write(struct app *app, struct str source, const struct app_quota *quota,
                     struct fail *fail)
{
    const struct state_quota row = {
        .minute_end_ms = quota->minute_end_ms,
        .minute_events = (int64_t)quota->minute_events,
        .day_end_ms = quota->day_end_ms,
        .day_events = (int64_t)quota->day_events,
    };
    return state_quota_put(app->state, source, &row, fail);
}

/* ---- operations: those that were made, and those that only imports named ------------------------------ */

static const struct store_ledger_line *ledger_line(const struct store_ledger *ledger,
                                                   struct str source)
{
    for (size_t i = 0; i < ledger->source_count; i++) {
        if (str_equal(ledger->sources[i].source, source)) {
            return &ledger->sources[i];
        }
    }
    return NULL;
}

static void write_source(struct json_writer *w, const struct state_source *source,
                         const struct store_ledger_line *line)
{
    json_begin_object(w);
    json_name_c(w, "name");
    json_write_str(w, source->name);
    json_name_c(w, "keys");
    json_write_int(w, source->keys);
    app_write_text(w, "default_channel", source->default_channel);
    json_name_c(w, "settings");
    json_write_raw(w, source->settings);
    json_name_c(w, "events");
    json_write_uint(w, line == NULL ? 0 : line->stored);
    app_write_instant(w, "last_received", line == NULL ? STORE_NO_TIME : line->last_received_ms);
    json_end_object(w);
}

bool app_op_sources(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {NULL};
    struct state_source *sources;
    size_t count;
    struct store_ledger ledger;
    if (!app_input_members(input, members, fail) ||
        !state_sources_list(app->state, arena, &sources, &count, fail) ||
        !store_ledger_read(app->store, arena, &ledger, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "sources");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_source(&w, &sources[i], ledger_line(&ledger, sources[i].name));
    }
    for (size_t i = 0; i < ledger.source_count; i++) {
        bool made = false;
        for (size_t j = 0; j < count && !made; j++) {
            made = str_equal(sources[j].name, ledger.sources[i].source);
        }
        if (!made) {
            struct state_source named = {.name = ledger.sources[i].source, .settings = STR("{}")};
            write_source(&w, &named, &ledger.sources[i]);
        }
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* What is set already, with the members given put in their place; null takes one away. */
static bool merge_settings(struct str before, struct json_value given, struct arena *arena,
                           struct str *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct base_buf text CLEANUP(base_buf_done) = {.limit = STATE_SOURCE_SETTINGS_BYTES_MAX};
    struct json_value root, value, other;
    struct intake_settings settings;
    struct intake_mask *mask = NULL;
    struct str name;
    if (!intake_settings_parse(given, &settings, fail) ||
        !intake_settings_mask(&settings, &mask, fail)) {
        return false;
    }
    intake_mask_free(mask); /* made only to see that it can be */
    if (!json_parse(parser, before, &root, fail)) {
        return false;
    }
    struct json_writer w = {.out = &text};
    json_begin_object(&w);
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        if (!json_member(given, name, &other)) {
            json_name(&w, name);
            json_write_value(&w, value);
        }
    }
    for (struct json_iter it = json_iter_of(given); json_next(&it, &name, &value);) {
        if (json_type_of(value) != JSON_NULL) {
            json_name(&w, name);
            json_write_value(&w, value);
        }
    }
    json_end_object(&w);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

bool app_op_source_save(struct app *app, const struct app_caller *caller, struct json_value input,
                        struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"name", "default_channel", "settings", NULL};
    struct str name, channel, settings = {NULL, 0};
    struct json_value given;
    struct app_source_parts parts;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "name", true, &name, fail) ||
        !app_input_str(input, "default_channel", false, &channel, fail)) {
        return false;
    }
    if (name.len == 0 || name.len > STATE_SOURCE_NAME_BYTES_MAX || !str_is_utf8(name) ||
        !is_one_line(name)) {
        return fail_input_at(fail, "/name", "a source's name is one line of 1 to %d bytes of UTF-8",
                             STATE_SOURCE_NAME_BYTES_MAX);
    }
    if (json_member(input, STR("settings"), &given) && json_type_of(given) != JSON_NULL &&
        (!app_source_parts(app, name, true, arena, &parts, fail) ||
         !merge_settings(parts.settings, given, arena, &settings, fail))) {
        return false;
    }
    if (!state_source_put(app->state, name, channel, settings, fail) ||
        !access_keys_refresh(app->access, fail) ||
        !access_audit(app->access, &caller->identity, "source.save", name, settings, fail)) {
        return false;
    }
    base_buf_c(out, "{}");
    return base_buf_ok(out, fail);
}
