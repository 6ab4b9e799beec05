/* Channels: the operations that webhooks, feeds and mailboxes share. */
#include "app_channels.h"

#include <stdio.h>

#include "access_seal.h"
#include "base_disk.h"
#include "state_sources.h"

#define POLL_WAIT_MS 60000 /* for a run under way to end */
#define TOKEN_BYTES 24
#define SECRET_BYTES_MAX 4096
#define SECRET_NAME_BYTES_MAX 64
#define DEFINITION_BYTES_MAX ((size_t)128 << 10)
#define SHOWN_MOST 50

/* ---- secrets ---------------------------------------------------------------------------------------- */

bool app_secret_name_ok(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool inner = i > 0 && (c == '.' || c == '-' || c == '_');
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            !inner) {
            return false;
        }
    }
    return name.len > 0 && name.len <= SECRET_NAME_BYTES_MAX;
}

bool app_secret_read(struct app *app, struct str name, struct arena *arena, struct str *out,
                     struct fail *fail)
{
    struct str directory = app->config.secrets_directory;
    struct fail why = {0};
    struct disk *disk = NULL;
    if (!app_secret_name_ok(name)) {
        return fail_set(fail, FAIL_INPUT, "a secret's name has letters, digits, '-', '_' and '.'");
    }
    if (directory.len == 0) {
        return fail_set(fail, FAIL_INPUT,
                        "set secrets_directory to the folder that holds the file \"%.*s\"",
                        STR_ARG(name));
    }
    bool good = disk_real(str_copy_c(arena, directory), &disk, &why) &&
                disk_read_whole(disk, str_copy_c(arena, name), arena, SECRET_BYTES_MAX, out, &why);
    disk_free(disk);
    if (!good) {
        return fail_set(fail, why.code == FAIL_ABSENT ? FAIL_INPUT : why.code,
                        "the secret \"%.*s\" cannot be read from secrets_directory: %s",
                        STR_ARG(name),
                        why.code == FAIL_ABSENT ? "there is no such file" : why.message);
    }
    *out = str_trim(*out);
    return out->len > 0 ||
           fail_set(fail, FAIL_INPUT, "the secret \"%.*s\" is empty", STR_ARG(name));
}

/* ---- what all runs share ------------------------------------------------------------------------------- */

bool app_channel_settle(struct app *app, struct state_channel *channel, int64_t every_ms,
                        const struct fail *why, struct str note, struct fail *fail)
{
    int64_t now_ms = base_now_ms(app->clock), wait_ms = every_ms;
    channel->last_ms = now_ms;
    channel->failures = why == NULL ? 0 : channel->failures + 1;
    for (int64_t i = 1; i < channel->failures && wait_ms < APP_CHANNEL_BACKOFF_MS; i++) {
        wait_ms *= 2;
    }
    wait_ms = wait_ms > APP_CHANNEL_BACKOFF_MS ? APP_CHANNEL_BACKOFF_MS : wait_ms;
    channel->next_ms = now_ms + wait_ms - wait_ms / 20;
    if (why == NULL) {
        channel->good_ms = now_ms;
        channel->note = note;
        channel->why = (struct str){NULL, 0};
    } else {
        channel->why = str_from_c(why->message);
    }
    return state_channel_note(app->state, channel, fail);
}

bool app_channel_source(struct app *app, const struct state_channel *channel, struct arena *arena,
                        struct intake_source *out, struct fail *fail)
{
    if (!app_source(app, channel->name, false, arena, out, fail)) {
        return false;
    }
    if (out->default_channel.data == NULL) {
        out->default_channel = str_is(channel->kind, "mailbox") ? STR("email")
                               : str_is(channel->kind, "feed")  ? STR("web")
                                                                : out->default_channel;
    }
    return true;
}

void app_channel_write_items(struct json_writer *w, const struct store_item *items,
                             const struct str *rules, size_t count, size_t most)
{
    json_name_c(w, "events");
    json_begin_array(w);
    for (size_t i = 0; i < count && i < most; i++) {
        const struct store_item *item = &items[i];
        json_begin_object(w);
        json_name_c(w, "verdict");
        json_write_c(w, store_verdict_name(item->verdict));
        if (rules != NULL) {
            app_write_text(w, "rule", rules[i]);
        }
        app_write_text(w, "reason", item->reason);
        app_write_text(w, "field", item->field);
        json_name_c(w, "event");
        if (item->verdict != STORE_STORED) {
            json_write_null(w);
        } else {
            app_write_event(w, &item->event, (struct str){NULL, 0});
            json_name_c(w, "identifiers");
            json_begin_array(w);
            for (size_t j = 0; j < item->event.identifier_count; j++) {
                json_begin_object(w);
                app_write_text(w, "kind", item->event.identifiers[j].kind);
                app_write_text(w, "value", item->event.identifiers[j].value);
                json_end_object(w);
            }
            json_end_array(w);
        }
        json_end_object(w);
    }
    json_end_array(w);
    json_name_c(w, "total");
    json_write_uint(w, count);
}

struct str app_channel_counted(struct arena *arena, const struct intake_counts *counts)
{
    return str_format(arena, "%llu new, %llu known%s", (unsigned long long)counts->stored,
                      (unsigned long long)counts->duplicate,
                      counts->quarantined == 0 ? ""
                                               : str_format(arena, ", %llu quarantined",
                                                            (unsigned long long)counts->quarantined)
                                                     .data);
}

struct str app_channel_tally(struct arena *arena, const struct store_item *items, size_t count)
{
    struct intake_counts counts = {0};
    intake_count(items, count, &counts);
    return app_channel_counted(arena, &counts);
}

/* ---- reading input --------------------------------------------------------------------------------------- */

static bool name_ok(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !(i > 0 && c == '-')) {
            return false;
        }
    }
    return name.len > 0 && name.len <= APP_CHANNEL_NAME_BYTES_MAX;
}

static bool input_name(struct json_value input, struct str *out, struct fail *fail)
{
    if (!app_input_str(input, "name", true, out, fail)) {
        return false;
    }
    return name_ok(*out) ||
           fail_input_at(fail, "/name",
                         "a channel's name has 1 to %d small letters, digits and hyphens: it names "
                         "the source and the ids of the people there",
                         APP_CHANNEL_NAME_BYTES_MAX);
}

static bool input_definition(struct json_value input, struct arena *arena, struct str *out,
                             struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = DEFINITION_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value value;
    if (!json_member(input, STR("definition"), &value) || json_type_of(value) != JSON_OBJECT) {
        return fail_input_at(fail, "/definition", "\"definition\" must be an object");
    }
    json_write_value(&w, value);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

/* Pointers into a definition become pointers into the input. */
static bool below_definition(struct fail *fail)
{
    if (fail->code == FAIL_INPUT) {
        char pointer[FAIL_POINTER_BYTES];
        snprintf(pointer, sizeof pointer, "/definition%.*s", FAIL_POINTER_BYTES - 16,
                 fail->pointer);
        memcpy(fail->pointer, pointer, sizeof pointer);
    }
    return false;
}

static bool check(struct app *app, struct str kind, struct str name, struct str definition,
                  struct arena *arena, struct fail *fail)
{
    struct app_feed feed;
    struct app_mailbox mailbox;
    if (str_is(kind, "mailbox")) {
        return app_mailbox_read(definition, arena, &mailbox, fail) || below_definition(fail);
    }
    if (str_is(kind, "feed")) {
        return app_feed_read(definition, name, arena, &feed, fail) || below_definition(fail);
    }
    if (str_is(kind, "webhook")) {
        return app_hook_check(app, definition, arena, fail) || below_definition(fail);
    }
    return fail_input_at(fail, "/kind", "\"kind\" must be webhook, feed or mailbox");
}

static bool find_channel(struct app *app, struct json_value input, struct arena *arena,
                         struct state_channel *out, struct fail *fail)
{
    int64_t id;
    bool found;
    if (!app_input_int(input, "id", 1, INT64_MAX, 0, &id, fail) ||
        !state_channel_find(app->state, id, arena, out, &found, fail)) {
        return false;
    }
    return found || fail_set(fail, FAIL_ABSENT, "there is no such channel");
}

/* ---- the list ------------------------------------------------------------------------------------------- */

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

static void write_count(struct json_writer *w, const char *name, uint64_t count)
{
    json_name_c(w, name);
    json_write_uint(w, count);
}

static void write_channel(struct json_writer *w, const struct state_channel *channel,
                          const struct store_ledger_line *line)
{
    static const struct store_ledger_line none;
    bool polled = !str_is(channel->kind, "webhook");
    line = line == NULL ? &none : line;
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_int(w, channel->id);
    app_write_text(w, "kind", channel->kind);
    app_write_text(w, "name", channel->name);
    json_name_c(w, "definition");
    json_write_raw(w, channel->definition);
    json_name_c(w, "paused");
    json_write_bool(w, channel->paused);
    app_write_instant(w, "created", channel->created_ms);
    app_write_instant(w, "last", channel->last_ms == 0 ? STORE_NO_TIME : channel->last_ms);
    app_write_instant(w, "last_good", channel->good_ms == 0 ? STORE_NO_TIME : channel->good_ms);
    app_write_instant(w, "next", polled && !channel->paused ? channel->next_ms : STORE_NO_TIME);
    json_name_c(w, "failures");
    json_write_int(w, channel->failures);
    app_write_text(w, "why", channel->why);
    app_write_text(w, "note", channel->note);
    write_count(w, "received", line->received);
    write_count(w, "stored", line->stored);
    write_count(w, "duplicate", line->duplicate);
    write_count(w, "quarantined", line->quarantined);
    write_count(w, "refused", line->refused);
    json_name_c(w, "shapes");
    json_write_raw(w, channel->shapes.data == NULL ? STR("[]") : channel->shapes);
    json_end_object(w);
}

bool app_op_channels(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"kind", NULL};
    struct state_channel *channels;
    struct store_ledger ledger;
    struct str kind;
    size_t count;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "kind", false, &kind, fail) ||
        !state_channels_list(app->state, kind, arena, &channels, &count, fail) ||
        !store_ledger_read(app->store, arena, &ledger, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "channels");
    json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        write_channel(&w, &channels[i], ledger_line(&ledger, channels[i].name));
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

/* What was just added or changed is read soon, where a scheduler runs. */
static void wake(struct app *app)
{
    app_jobs_hasten(app->jobs, "feeds");
    app_jobs_hasten(app->jobs, "mailboxes");
}

/* ---- changing them --------------------------------------------------------------------------------------- */

static struct str new_token(struct app *app, struct arena *arena,
                            uint8_t digest[STATE_CHANNEL_TOKEN_BYTES])
{
    struct str token = base_random_token(app->random, arena, TOKEN_BYTES);
    access_token_digest(token, digest);
    return token;
}

static bool answer(struct base_buf *out, int64_t id, struct fail *fail)
{
    base_buf_printf(out, "{\"id\":%lld}", (long long)id);
    return base_buf_ok(out, fail);
}

static bool answer_path(struct base_buf *out, int64_t id, struct str token, struct arena *arena,
                        struct fail *fail)
{
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "id");
    json_write_int(&w, id);
    json_name_c(&w, "path"); /* shown once: only its digest is kept */
    json_write_str(&w, str_format(arena, "/hooks/%.*s", STR_ARG(token)));
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

static bool make_source(struct app *app, struct str kind, struct str name, struct arena *arena,
                        struct fail *fail)
{
    struct state_source source;
    bool found;
    struct str channel = str_is(kind, "mailbox") ? STR("email") : (struct str){NULL, 0};
    if (!state_source_find(app->state, name, arena, &source, &found, fail)) {
        return false;
    }
    return found || state_source_put(app->state, name, channel, (struct str){NULL, 0}, fail);
}

static bool add(struct app *app, const struct app_caller *caller, struct json_value input,
                struct str definition, struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct state_channel channel = {.definition = definition};
    uint8_t digest[STATE_CHANNEL_TOKEN_BYTES];
    struct str token = {NULL, 0}, kept = {NULL, 0};
    int64_t id;
    if (!app_input_str(input, "kind", true, &channel.kind, fail) ||
        !input_name(input, &channel.name, fail) ||
        !check(app, channel.kind, channel.name, definition, arena, fail)) {
        return false;
    }
    if (str_is(channel.kind, "webhook")) {
        token = new_token(app, arena, digest);
        kept = str_of((const char *)digest, sizeof digest);
    }
    if (!make_source(app, channel.kind, channel.name, arena, fail) ||
        !state_channel_add(app->state, &channel, kept, &id, fail) ||
        !access_audit(app->access, &caller->identity, "channel.add", channel.name, definition,
                      fail)) {
        return false;
    }
    return token.data == NULL ? answer(out, id, fail) : answer_path(out, id, token, arena, fail);
}

bool app_op_channel_save(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", "kind", "name", "definition", NULL};
    struct str definition;
    struct json_value id;
    struct state_channel channel;
    if (!app_input_members(input, members, fail) ||
        !input_definition(input, arena, &definition, fail)) {
        return false;
    }
    if (!json_member(input, STR("id"), &id) || json_type_of(id) == JSON_NULL) {
        return add(app, caller, input, definition, arena, out, fail) && (wake(app), true);
    }
    return find_channel(app, input, arena, &channel, fail) &&
           check(app, channel.kind, channel.name, definition, arena, fail) &&
           state_channel_define(app->state, channel.id, definition, fail) &&
           access_audit(app->access, &caller->identity, "channel.save", channel.name, definition,
                        fail) &&
           (wake(app), answer(out, channel.id, fail));
}

bool app_op_channel_pause(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", "paused", NULL};
    struct state_channel channel;
    struct json_value paused;
    if (!app_input_members(input, members, fail) ||
        !find_channel(app, input, arena, &channel, fail)) {
        return false;
    }
    if (!json_member(input, STR("paused"), &paused) || json_type_of(paused) != JSON_BOOL) {
        return fail_input_at(fail, "/paused", "\"paused\" must be true or false");
    }
    return state_channel_pause(app->state, channel.id, json_bool(paused), fail) &&
           access_audit(app->access, &caller->identity,
                        json_bool(paused) ? "channel.pause" : "channel.resume", channel.name,
                        (struct str){NULL, 0}, fail) &&
           (wake(app), answer(out, channel.id, fail));
}

bool app_op_channel_remove(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    struct state_channel channel;
    /* Its events stay, and so does its source; the trail keeps the definition. */
    return app_input_members(input, members, fail) &&
           find_channel(app, input, arena, &channel, fail) &&
           state_channel_remove(app->state, channel.id, fail) &&
           access_audit(app->access, &caller->identity, "channel.remove", channel.name,
                        channel.definition, fail) &&
           answer(out, channel.id, fail);
}

bool app_op_channel_address(struct app *app, const struct app_caller *caller,
                            struct json_value input, struct arena *arena, struct base_buf *out,
                            struct fail *fail)
{
    static const char *const members[] = {"id", NULL};
    struct state_channel channel;
    uint8_t digest[STATE_CHANNEL_TOKEN_BYTES];
    if (!app_input_members(input, members, fail) ||
        !find_channel(app, input, arena, &channel, fail)) {
        return false;
    }
    if (!str_is(channel.kind, "webhook")) {
        return fail_input_at(fail, "/id", "only webhooks have an address");
    }
    struct str token = new_token(app, arena, digest);
    return state_channel_token(app->state, channel.id, str_of((const char *)digest, sizeof digest),
                               fail) &&
           access_audit(app->access, &caller->identity, "channel.address", channel.name,
                        (struct str){NULL, 0}, fail) &&
           answer_path(out, channel.id, token, arena, fail);
}

bool app_op_channel_poll(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", NULL};
    struct state_channel channel;
    bool found;
    if (!app_input_members(input, members, fail) ||
        !find_channel(app, input, arena, &channel, fail)) {
        return false;
    }
    const char *job = str_is(channel.kind, "feed")      ? "feeds"
                      : str_is(channel.kind, "mailbox") ? "mailboxes"
                                                        : NULL;
    if (job == NULL) {
        return fail_input_at(fail, "/id", "a webhook is not read: it is sent to");
    }
    if (channel.paused) {
        return fail_set(fail, FAIL_CONFLICT, "this channel is paused");
    }
    if (!state_channel_hasten(app->state, channel.id, fail) ||
        !app_jobs_run(app->jobs, str_from_c(job), POLL_WAIT_MS, fail) ||
        !state_channel_find(app->state, channel.id, arena, &channel, &found, fail)) {
        return false;
    }
    struct store_ledger ledger;
    if (!found || !store_ledger_read(app->store, arena, &ledger, fail)) {
        return found ? false : fail_set(fail, FAIL_ABSENT, "there is no such channel");
    }
    struct json_writer w = {.out = out};
    write_channel(&w, &channel, ledger_line(&ledger, channel.name));
    return base_buf_ok(out, fail);
}

/* Of a saved one, by id; or of a definition that is being made. Nothing is stored. */
bool app_op_channel_test(struct app *app, const struct app_caller *caller, struct json_value input,
                         struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "kind", "name", "definition", NULL};
    struct state_channel channel = {0};
    struct json_value id;
    if (!app_input_members(input, members, fail)) {
        return false;
    }
    if (json_member(input, STR("id"), &id) && json_type_of(id) != JSON_NULL) {
        if (!find_channel(app, input, arena, &channel, fail)) {
            return false;
        }
    } else if (!app_input_str(input, "kind", true, &channel.kind, fail) ||
               !input_name(input, &channel.name, fail) ||
               !input_definition(input, arena, &channel.definition, fail) ||
               !check(app, channel.kind, channel.name, channel.definition, arena, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    bool good =
        str_is(channel.kind, "feed")
            ? app_feed_test(app, channel.name, channel.definition, arena, &w, fail)
        : str_is(channel.kind, "mailbox")
            ? app_mailbox_test(app, channel.name, channel.definition, arena, &w, fail)
            : fail_input_at(fail, "/kind", "a webhook is tried with a sample: webhook.preview");
    json_end_object(&w);
    return good && base_buf_ok(out, fail);
}
