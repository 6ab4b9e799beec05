/* One row of the quarantine: what it was, what a fix makes of it, and the item that it becomes. */
#include "app_channels.h"
#include "app_mend.h"

struct app_mend_source {
    struct app_mend_source *next;
    struct str name;
    struct intake_source source;
    const struct intake_hook *hook; /* NULL: there is none, or it is no webhook */
};

/* A channel of that name says more of its events than the source alone. */
static bool find_channel(struct app *app, struct str name, struct arena *arena,
                         struct state_channel *out, bool *out_found, struct fail *fail)
{
    struct state_channel *channels;
    size_t count;
    *out_found = false;
    if (!state_channels_list(app->state, (struct str){NULL, 0}, arena, &channels, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count && !*out_found; i++) {
        *out_found = str_equal(channels[i].name, name);
        *out = channels[i];
    }
    return true;
}

static bool find_source(struct app_mend_reader *reader, struct str name,
                        struct app_mend_source **out, struct fail *fail)
{
    struct app *app = reader->app;
    struct arena *arena = reader->arena;
    for (*out = reader->sources; *out != NULL; *out = (*out)->next) {
        if (str_equal((*out)->name, name)) {
            return true;
        }
    }
    struct app_mend_source *source = arena_small(arena, sizeof *source);
    struct state_channel channel;
    const struct zone *zone;
    bool found;
    *source = (struct app_mend_source){.next = reader->sources, .name = str_copy(arena, name)};
    if (!find_channel(app, name, arena, &channel, &found, fail)) {
        return false;
    }
    /* Who mends is an operator: two known users may be joined. */
    if (found ? !app_channel_source(app, &channel, arena, &source->source, fail)
              : !app_source(app, name, true, arena, &source->source, fail)) {
        return false;
    }
    source->source.may_join_users = true;
    source->source.named_source = INTAKE_SOURCE_PASSED_OVER;
    struct intake_hook *hook = NULL;
    struct fail ignored; /* a definition that is no good any more makes no events */
    if (found && str_is(channel.kind, "webhook") && app_zone(app, &zone, fail) &&
        intake_hook_compile(channel.definition, zone, arena, &hook, &ignored)) {
        source->hook = hook;
    }
    reader->sources = *out = source;
    return true;
}

static bool unfit(struct app_mend_row *row, struct arena *arena, const char *why)
{
    row->unfit = true;
    row->why = str_copy(arena, str_from_c(why));
    return true;
}

/* The record after the fix; `row->unfit` where that cannot be. */
static bool fixed(struct app_mend_row *row, const struct app_mend_fix *fix, struct arena *arena,
                  struct str *out_raw, struct fail *fail)
{
    const struct intake_patch_row facts = {row->kept.received_at_ms};
    struct str document;
    struct fail why = {0};
    *out_raw = row->kept.raw;
    if (!intake_mend_document(&row->way, row->kept.raw, arena, &document, fail)) {
        return false;
    }
    row->document = document;
    row->before = row->after = document.data != NULL ? document : row->kept.raw;
    if (fix->text.data != NULL) {
        *out_raw = row->after = fix->text;
        /* A row of CSV may be given as an object of its columns, as it is shown. */
        return intake_mend_record(&row->way, fix->text, arena, out_raw, &why) ||
               (why.code == FAIL_INPUT && (*out_raw = fix->text, true)) || (*fail = why, false);
    }
    if (row->kept.raw.len < row->kept.raw_bytes) {
        return unfit(row, arena, "of this record only the beginning was kept: replace its text");
    }
    if (fix->patch.count == 0) {
        return true;
    }
    if (document.data == NULL) {
        return unfit(row, arena, "it is no JSON: its text can be replaced, not patched");
    }
    if (!intake_patch_apply(&fix->patch, document, &facts, arena, &row->after, &why) ||
        !intake_mend_record(&row->way, row->after, arena, out_raw, &why)) {
        *fail = why;
        return why.code == FAIL_INPUT && unfit(row, arena, why.message);
    }
    return true;
}

static bool decode(struct app_mend_reader *reader, struct app_mend_row *row, struct str raw,
                   struct arena *arena, struct fail *fail)
{
    struct app_mend_source *known;
    struct fail why = {0};
    if (!find_source(reader, row->kept.source, &known, fail)) {
        return false;
    }
    struct intake_source source = known->source;
    source.received_at_ms = row->kept.received_at_ms;
    const struct intake_mend mend = {.way = row->way,
                                     .raw = raw,
                                     .kept = row->kept.raw,
                                     .sent_at_ms = row->kept.sent_at_ms,
                                     .hook = known->hook};
    if (intake_mend_decode(&mend, reader->decoder, &source, arena, &row->item, &why)) {
        row->item.mends = row->kept.id;
        return true;
    }
    *fail = why;
    return why.code == FAIL_INPUT && unfit(row, arena, why.message);
}

bool app_mend_read(struct app_mend_reader *reader, const struct store_quarantine_row *kept,
                   const struct app_mend_fix *fix, struct arena *arena, struct app_mend_row *out,
                   struct fail *fail)
{
    struct str raw;
    *out = (struct app_mend_row){.kept = *kept, .before = kept->raw, .after = kept->raw};
    if (fix->verb == APP_MEND_DISCARD) {
        out->item = (struct store_item){
            .verdict = STORE_REFUSED,
            .reason = STR("discarded"),
            .mends = kept->id,
            .event = {.source = kept->source, .received_at_ms = kept->received_at_ms}};
        return true;
    }
    if (!intake_way_read(kept->way, kept->raw, arena, &out->way, fail)) {
        return false;
    }
    if (fix->map.data != NULL && out->way.form == INTAKE_WAY_IS_FILE) {
        out->way.map = fix->map;
    }
    return fixed(out, fix, arena, &raw, fail) &&
           (out->unfit || decode(reader, out, raw, arena, fail));
}
