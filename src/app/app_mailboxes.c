/* Mailboxes: their definitions, the job that reads them, and trying one out. Nothing in a mailbox is changed. */
#include "app_channels.h"

#include <stdio.h>

#include "intake_mail.h"
#include "net_imap.h"

#define MINUTE_MS 60000LL
#define EVERY_OTHERWISE 5 /* minutes */
#define EVERY_MOST 1440
#define RUN_MS (2 * 60 * 1000) /* for one mailbox in one run */
#define TRY_MS (20 * 1000)
#define MAILS_AT_ONCE 20 /* stored together, and the position noted after them */
#define MAILS_A_RUN 500  /* the rest comes with the next run, soon */
#define TEST_MOST 5

/* ---- definitions ------------------------------------------------------------------------------------------ */

static bool read_mailbox(struct json_value root, struct arena *arena, struct app_mailbox *mailbox,
                         struct fail *fail)
{
    static const char *const members[] = {"url", "user", "secret", "folder", "every_minutes", NULL};
    int64_t minutes;
    struct net_url url;
    struct fail why;
    if (!app_input_members(root, members, fail) ||
        !app_input_str(root, "url", true, &mailbox->url, fail) ||
        !app_input_str(root, "user", true, &mailbox->user, fail) ||
        !app_input_str(root, "secret", true, &mailbox->secret, fail) ||
        !app_input_str(root, "folder", false, &mailbox->folder, fail) ||
        !app_input_int(root, "every_minutes", 1, EVERY_MOST, EVERY_OTHERWISE, &minutes, fail)) {
        return false;
    }
    if (!net_url_parse(mailbox->url, NET_URL_IMAP | NET_URL_IMAPS, arena, &url, &why)) {
        return fail_input_at(fail, "/url", "%s", why.message);
    }
    if (!app_secret_name_ok(mailbox->secret)) {
        return fail_input_at(fail, "/secret",
                             "the name of the file in secrets_directory that holds the password, "
                             "not the password itself");
    }
    if (mailbox->user.len == 0 || memchr(mailbox->user.data, '\0', mailbox->user.len) != NULL) {
        return fail_input_at(fail, "/user", "the user's name is empty");
    }
    mailbox->folder = mailbox->folder.len == 0 ? STR("INBOX") : mailbox->folder;
    mailbox->every_ms = minutes * MINUTE_MS;
    return true;
}

bool app_mailbox_read(struct str definition, struct arena *arena, struct app_mailbox *out,
                      struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct app_mailbox mailbox = {0};
    if (!json_parse(parser, definition, &root, fail) ||
        !read_mailbox(root, arena, &mailbox, fail)) {
        return false;
    }
    mailbox.url = str_copy(arena, mailbox.url);
    mailbox.user = str_copy(arena, mailbox.user);
    mailbox.secret = str_copy(arena, mailbox.secret);
    mailbox.folder = str_copy(arena, mailbox.folder);
    *out = mailbox;
    return true;
}

/* ---- reading ----------------------------------------------------------------------------------------------- */

/* How far a mailbox was read. */
struct position {
    uint32_t uid_validity, uid;
};

static struct position position_read(struct str text)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct fail fail;
    int64_t validity, uid;
    if (text.data == NULL || !json_parse(parser, text, &root, &fail) ||
        !app_input_int(root, "uid_validity", 0, UINT32_MAX, 0, &validity, &fail) ||
        !app_input_int(root, "uid", 0, UINT32_MAX, 0, &uid, &fail)) {
        return (struct position){0};
    }
    return (struct position){(uint32_t)validity, (uint32_t)uid};
}

static struct str position_write(struct position position, struct arena *arena)
{
    return str_format(arena, "{\"uid_validity\":%lu,\"uid\":%lu}",
                      (unsigned long)position.uid_validity, (unsigned long)position.uid);
}

static bool open_mailbox(struct app *app, const struct app_mailbox *mailbox, int64_t deadline_ms,
                         struct base_cancel *cancel, struct arena *arena, struct net_imap **out,
                         struct fail *fail)
{
    struct net_imap_options options = {.folder = mailbox->folder,
                                       .wire = {.url = mailbox->url,
                                                .user = mailbox->user,
                                                .deadline_ms = deadline_ms,
                                                .cancel = cancel}};
    return app_secret_read(app, mailbox->secret, arena, &options.wire.password, fail) &&
           net_imap_open(app->client, &options, out, fail);
}

/* Reads some mails, by their numbers, into items. Those that are gone since are left out. */
static bool read_mails(struct net_imap *imap, const uint32_t *uids, size_t count,
                       const struct intake_source *source, struct intake_decoder *decoder,
                       struct arena *arena, struct intake_items *out, struct fail *fail)
{
    struct intake_items got = {0};
    got.items = arena_array(arena, count, sizeof *got.items, fail);
    if (got.items == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct str bytes;
        bool found;
        if (!net_imap_fetch(imap, uids[i], arena, &bytes, &found, fail)) {
            return false;
        }
        if (!found) {
            continue;
        }
        struct store_item *item = &got.items[got.count];
        if (!intake_mail_decode(decoder, bytes, source, arena, item, fail)) {
            return false;
        }
        item->from_import = true; /* a mailbox that is numbered anew is read again */
        got.count++;
    }
    *out = got;
    return true;
}

struct reading {
    struct app *app;
    struct state_channel *channel;
    struct app_mailbox mailbox;
    struct base_cancel *cancel;
    struct intake_counts counts;
    bool more; /* the limit of a run was met */
};

/* The mails after the position, a few at a time: stored first, then the position is noted. What a crash in between
   reads again is known by its Message-ID. */
static bool read_new(struct reading *reading, struct net_imap *imap, struct arena *arena,
                     struct fail *fail)
{
    struct app *app = reading->app;
    struct net_imap_state state = net_imap_state(imap);
    struct position position = position_read(reading->channel->position);
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    uint32_t *uids;
    size_t count;
    if (position.uid_validity != state.uid_validity) {
        position = (struct position){.uid_validity = state.uid_validity};
    }
    if (position.uid == UINT32_MAX ||
        !net_imap_uids(imap, position.uid + 1, arena, &uids, &count, fail)) {
        return position.uid == UINT32_MAX;
    }
    reading->more = count > MAILS_A_RUN;
    count = reading->more ? MAILS_A_RUN : count;
    for (size_t i = 0; i < count; i += MAILS_AT_ONCE) {
        struct arena *batch CLEANUP(arena_free_at) = arena_new(NULL);
        size_t some = count - i < MAILS_AT_ONCE ? count - i : MAILS_AT_ONCE;
        struct intake_items items;
        struct intake_source source;
        if (base_cancel_due(reading->cancel, fail) ||
            !app_channel_source(app, reading->channel, batch, &source, fail) ||
            !read_mails(imap, uids + i, some, &source, decoder, batch, &items, fail) ||
            !app_take(app, items.items, items.count, fail)) {
            return false;
        }
        intake_count(items.items, items.count, &reading->counts);
        position.uid = uids[i + some - 1];
        reading->channel->position = position_write(position, arena);
        if (!state_channel_note(app->state, reading->channel, fail)) {
            return false;
        }
    }
    return true;
}

/* One mailbox. False only where the database fails. */
static bool read_one(struct reading *reading, struct arena *arena, bool *out_good,
                     struct fail *fail)
{
    struct fail why = {0};
    struct net_imap *imap CLEANUP(net_imap_close_at) = NULL;
    struct state_channel *channel = reading->channel;
    bool good = app_mailbox_read(channel->definition, arena, &reading->mailbox, &why) &&
                open_mailbox(reading->app, &reading->mailbox, RUN_MS, reading->cancel, arena, &imap,
                             &why) &&
                read_new(reading, imap, arena, &why);
    struct str note = app_channel_counted(arena, &reading->counts);
    int64_t every_ms =
        reading->mailbox.every_ms > 0 ? reading->mailbox.every_ms : EVERY_OTHERWISE * MINUTE_MS;
    *out_good = good;
    return app_channel_settle(reading->app, channel, good && reading->more ? 0 : every_ms,
                              good ? NULL : &why, note, fail);
}

bool app_job_mailboxes(struct app_job_run *run, struct fail *fail)
{
    struct app *app = run->app;
    struct state_channel *channels;
    size_t count;
    uint64_t read = 0, fresh = 0, failing = 0;
    int64_t now_ms = base_now_ms(app->clock);
    if (!state_channels_list(app->state, STR("mailbox"), run->arena, &channels, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
        struct reading reading = {.app = app, .channel = &channels[i], .cancel = run->cancel};
        bool good;
        if (channels[i].paused || channels[i].next_ms > now_ms) {
            continue;
        }
        if (!read_one(&reading, arena, &good, fail) || base_cancel_due(run->cancel, fail)) {
            return false;
        }
        read++;
        fresh += reading.counts.stored;
        failing += good ? 0 : 1;
    }
    run->note = str_format(run->arena, "%llu mailboxes read, %llu new mails, %llu failing",
                           (unsigned long long)read, (unsigned long long)fresh,
                           (unsigned long long)failing);
    return true;
}

/* ---- trying one out ------------------------------------------------------------------------------------------ */

bool app_mailbox_test(struct app *app, struct str name, struct str definition, struct arena *arena,
                      struct json_writer *w, struct fail *fail)
{
    struct app_mailbox mailbox;
    struct net_imap *imap CLEANUP(net_imap_close_at) = NULL;
    struct intake_items items;
    struct intake_source source;
    struct intake_decoder *decoder CLEANUP(intake_decoder_free_at) = intake_decoder_new();
    struct state_channel channel = {.kind = STR("mailbox"), .name = name};
    uint32_t *uids;
    size_t count;
    if (!app_mailbox_read(definition, arena, &mailbox, fail) ||
        !open_mailbox(app, &mailbox, TRY_MS, NULL, arena, &imap, fail) ||
        !net_imap_uids(imap, 1, arena, &uids, &count, fail) ||
        !app_channel_source(app, &channel, arena, &source, fail)) {
        return false;
    }
    size_t some = count < TEST_MOST ? count : TEST_MOST;
    if (!read_mails(imap, uids + count - some, some, &source, decoder, arena, &items, fail)) {
        return false;
    }
    app_write_text(w, "title", mailbox.folder);
    json_name_c(w, "mails");
    json_write_uint(w, net_imap_state(imap).mails);
    app_channel_write_items(w, items.items, NULL, items.count, TEST_MOST);
    return true;
}
