#include "intake_mend.h"

#include "base_json_write.h"
#include "intake_csv.h"
#include "intake_internal.h"
#include "intake_mail.h"
#include "intake_map.h"

#define DOCUMENT_BYTES_MAX ((size_t)8 << 20)

/* ---- reading again ------------------------------------------------------------------------------------ */

static bool judged(const struct intake_mend *mend, struct intake_decoder *decoder,
                   const struct intake_source *source, struct arena *arena, const char *why,
                   struct store_item *out, struct fail *fail)
{
    static const struct intake_places nowhere;
    struct intake_draft draft;
    if (!intake_draft_begin(&draft, decoder, source, &nowhere, mend->raw, arena, fail)) {
        return false;
    }
    if (draft.reason.data == NULL) {
        intake_judge(&draft, STR(""), "%s", why);
    }
    return intake_draft_end(&draft, false, out);
}

static bool decode_message(const struct intake_mend *mend, struct intake_decoder *decoder,
                           const struct intake_source *source, struct arena *arena,
                           struct store_item *out, struct fail *fail)
{
    enum intake_way_form form = mend->way.form;
    const struct intake_places *places = form == INTAKE_WAY_IS_SEGMENT   ? &intake_segment_places
                                         : form == INTAKE_WAY_IS_POSTHOG ? &intake_posthog_places
                                                                         : &intake_own_places;
    struct intake_draft draft;
    if (!intake_draft_begin(&draft, decoder, source, places, mend->raw, arena, fail)) {
        return false;
    }
    if (form == INTAKE_WAY_IS_SEGMENT) {
        const struct intake_envelope envelope = {.route = mend->way.type,
                                                 .sent_ms = mend->sent_at_ms};
        return intake_segment_message(&draft, &envelope, out);
    }
    if (form == INTAKE_WAY_IS_POSTHOG) {
        return intake_posthog_message(&draft, mend->sent_at_ms, out);
    }
    draft.sent_ms = mend->sent_at_ms;
    return intake_own_message(&draft, out);
}

static bool decode_webhook(const struct intake_mend *mend, struct intake_decoder *decoder,
                           const struct intake_source *source, struct arena *arena,
                           struct store_item *out, struct fail *fail)
{
    bool taken = false;
    if (mend->hook != NULL && !intake_hook_again(mend->hook, mend->way.rule, decoder, mend->raw,
                                                 mend->kept, source, arena, out, &taken, fail)) {
        return false;
    }
    return taken ||
           judged(mend, decoder, source, arena,
                  mend->hook == NULL ? "the webhook that it came through is not there any more"
                                     : "the webhook's rule that made it does not take it any more",
                  out, fail);
}

static void put_cell(struct base_buf *out, struct str text)
{
    base_buf_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') {
            base_buf_byte(out, '"');
        }
        base_buf_byte(out, text.data[i]);
    }
    base_buf_byte(out, '"');
}

static bool delimiter_of(const struct intake_way *way, char *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value map;
    *out = ',';
    return way->map.len == 0 ||
           (json_parse(parser, way->map, &map, fail) && intake_map_delimiter(map, out, fail));
}

/* The file that the record would be alone. */
static bool file_of(const struct intake_mend *mend, struct base_buf *out, struct fail *fail)
{
    char delimiter;
    if (!delimiter_of(&mend->way, &delimiter, fail)) {
        return false;
    }
    for (size_t i = 0; i < mend->way.column_count; i++) {
        if (i > 0) {
            base_buf_byte(out, delimiter);
        }
        put_cell(out, mend->way.columns[i]);
    }
    if (mend->way.column_count > 0) {
        base_buf_byte(out, '\n');
    }
    base_buf_str(out, mend->raw);
    base_buf_byte(out, '\n');
    return base_buf_ok(out, fail);
}

static void copy_text(struct arena *arena, struct str *text)
{
    *text = text->data == NULL ? *text : str_copy(arena, *text);
}

static bool copy_fields(struct arena *arena, const struct store_field **fields, size_t count,
                        struct fail *fail)
{
    struct store_field *copy = arena_array(arena, count, sizeof *copy, fail);
    if (copy == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        copy[i] = (*fields)[i];
        copy_text(arena, &copy[i].name);
        if (copy[i].value.kind == STORE_STRING) {
            copy[i].value = store_value_str(str_copy(arena, store_value_text(copy[i].value)));
        }
    }
    *fields = copy;
    return true;
}

static bool copy_item(const struct store_item *from, struct arena *arena, struct store_item *out,
                      struct fail *fail)
{
    *out = *from;
    struct store_event *event = &out->event;
    struct store_identifier *ids = arena_array(arena, event->identifier_count, sizeof *ids, fail);
    if (ids == NULL) {
        return false;
    }
    for (size_t i = 0; i < event->identifier_count; i++) {
        ids[i] = event->identifiers[i];
        copy_text(arena, &ids[i].kind);
        copy_text(arena, &ids[i].value);
    }
    event->identifiers = ids;
    struct str *const texts[] = {&event->source,  &event->message_id, &event->event,
                                 &event->channel, &event->text,       &event->scale,
                                 &out->reason,    &out->field,        &out->raw,
                                 &out->way,       &out->previous_id,  &out->record_id};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        copy_text(arena, texts[i]);
    }
    return copy_fields(arena, &event->properties, event->property_count, fail) &&
           copy_fields(arena, &event->traits, event->trait_count, fail) &&
           copy_fields(arena, &out->once, out->once_count, fail);
}

static bool decode_file(const struct intake_mend *mend, struct intake_decoder *decoder,
                        const struct intake_source *source, struct arena *arena,
                        struct store_item *out, struct fail *fail)
{
    struct base_buf file CLEANUP(base_buf_done) = {.limit = DOCUMENT_BYTES_MAX};
    if (!file_of(mend, &file, fail)) {
        return false;
    }
    struct str text = str_copy(arena, base_buf_view(&file));
    struct intake_import_options options = {
        .reader = intake_reader_of(&text),
        .format = mend->way.format,
        .map = mend->way.map,
        .source = source,
        .known_raw = mend->kept,
        .repeats_bytes_max = (size_t)1 << 20,
    };
    struct intake_import *import = NULL;
    struct intake_import_batch batch;
    if (!intake_import_open(&options, &import, fail)) {
        return false;
    }
    bool good = intake_import_next(import, arena, 2, &batch, fail);
    bool one = good && batch.count == 1;
    /* Items view the import's memory, its map. */
    bool copied = !one || copy_item(&batch.items[0], arena, out, fail);
    intake_import_close(import);
    if (!good && fail->code == FAIL_INPUT) {
        struct str why = str_format(arena, "%s", fail->message);
        return judged(mend, decoder, source, arena, why.data, out, fail);
    }
    if (good && !one) {
        return judged(mend, decoder, source, arena,
                      batch.count == 0 ? "there is no record in it" : "it is more than one record",
                      out, fail);
    }
    return good && copied;
}

bool intake_mend_decode(const struct intake_mend *mend, struct intake_decoder *decoder,
                        const struct intake_source *source, struct arena *arena,
                        struct store_item *out, struct fail *fail)
{
    switch (mend->way.form) {
    case INTAKE_WAY_IS_WEBHOOK:
        return decode_webhook(mend, decoder, source, arena, out, fail);
    case INTAKE_WAY_IS_MAIL:
        return intake_mail_decode(decoder, mend->raw, source, arena, out, fail);
    case INTAKE_WAY_IS_FILE:
        return decode_file(mend, decoder, source, arena, out, fail);
    case INTAKE_WAY_IS_OWN:
    case INTAKE_WAY_IS_SEGMENT:
    case INTAKE_WAY_IS_POSTHOG:
        break;
    }
    return decode_message(mend, decoder, source, arena, out, fail);
}

/* ---- documents --------------------------------------------------------------------------------------- */

static bool is_csv(const struct intake_way *way)
{
    return way->form == INTAKE_WAY_IS_FILE && way->format == INTAKE_FORMAT_CSV;
}

static bool row_document(const struct intake_way *way, struct str raw, struct arena *arena,
                         struct str *out, struct fail *fail)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = DOCUMENT_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct intake_csv_record record;
    struct intake_csv_cell *cells = arena_array(arena, way->column_count + 1, sizeof *cells, fail);
    char delimiter;
    if (cells == NULL || !delimiter_of(way, &delimiter, fail)) {
        return false;
    }
    if (!intake_is_utf8(raw) ||
        intake_csv_scan(raw, delimiter, true, cells, way->column_count + 1, &record) !=
            INTAKE_CSV_RECORD ||
        record.problem != INTAKE_CSV_FINE || record.cells != way->column_count ||
        record.consumed != raw.len) {
        return true;
    }
    json_begin_object(&w);
    for (size_t i = 0; i < way->column_count; i++) {
        json_name(&w, way->columns[i]);
        json_write_str(&w, intake_csv_text(record.raw, &cells[i], arena));
    }
    json_end_object(&w);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

bool intake_mend_document(const struct intake_way *way, struct str raw, struct arena *arena,
                          struct str *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct json_value root;
    struct fail why;
    *out = (struct str){NULL, 0};
    if (is_csv(way)) {
        return row_document(way, raw, arena, out, fail);
    }
    if (json_parse(parser, raw, &root, &why) && json_type_of(root) == JSON_OBJECT) {
        *out = raw;
    }
    return true;
}

struct str intake_mend_readable(struct str json, struct arena *arena)
{
    static const struct {
        const char *escaped;
        char c;
    } signs[] = {{"\\u003c", '<'}, {"\\u003e", '>'}, {"\\u0026", '&'}};
    char *text = arena_small(arena, json.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.data[i];
        bool found = false;
        for (size_t k = 0; c == '\\' && k < ARRAY_LEN(signs) && !found; k++) {
            found = str_starts_c(str_after(json, i), signs[k].escaped);
            if (found) {
                c = signs[k].c;
                i += 5;
            }
        }
        text[len++] = c;
        if (c == '\\' && i + 1 < json.len) {
            text[len++] = json.data[++i]; /* so that an escaped backslash begins nothing */
        }
    }
    return str_of(text, len);
}

static bool put_scalar(struct base_buf *out, struct json_value value)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = DOCUMENT_BYTES_MAX};
    struct json_writer w = {.out = &text};
    enum json_type type = json_type_of(value);
    if (type == JSON_ARRAY || type == JSON_OBJECT) {
        return false;
    }
    if (type != JSON_STRING && type != JSON_NULL) {
        json_write_value(&w, value);
    }
    put_cell(out, type == JSON_STRING ? json_string(value) : base_buf_view(&text));
    return true;
}

/* A column that the document lacks is empty. */
static bool row_record(const struct intake_way *way, struct json_value root, struct base_buf *out,
                       struct fail *fail)
{
    struct str name;
    struct json_value value;
    char delimiter;
    if (!delimiter_of(way, &delimiter, fail)) {
        return false;
    }
    for (struct json_iter it = json_iter_of(root); json_next(&it, &name, &value);) {
        size_t at = 0;
        while (at < way->column_count && !str_equal(way->columns[at], name)) {
            at++;
        }
        if (at == way->column_count) {
            return fail_set(fail, FAIL_INPUT, "the file has no column \"%.*s\"", STR_ARG(name));
        }
    }
    for (size_t i = 0; i < way->column_count; i++) {
        if (i > 0) {
            base_buf_byte(out, delimiter);
        }
        if (json_member(root, way->columns[i], &value) && !put_scalar(out, value)) {
            return fail_set(fail, FAIL_INPUT, "the cell \"%.*s\" holds a text or a number, not %s",
                            STR_ARG(way->columns[i]), json_type_name(json_type_of(value)));
        }
    }
    return true;
}

/* In a file of JSON lines a record is one line, however a person laid it out. */
static bool one_line(const struct intake_way *way, struct str document, struct arena *arena,
                     struct str *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct base_buf text CLEANUP(base_buf_done) = {.limit = DOCUMENT_BYTES_MAX};
    struct json_writer w = {.out = &text};
    struct json_value root;
    struct fail why;
    *out = document;
    if (way->form != INTAKE_WAY_IS_FILE || str_find_byte(document, '\n') == document.len ||
        !json_parse(parser, document, &root, &why)) {
        return true;
    }
    json_write_value(&w, root);
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}

bool intake_mend_record(const struct intake_way *way, struct str document, struct arena *arena,
                        struct str *out, struct fail *fail)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct base_buf text CLEANUP(base_buf_done) = {.limit = DOCUMENT_BYTES_MAX};
    struct json_value root;
    if (!is_csv(way)) {
        return one_line(way, document, arena, out, fail);
    }
    if (!json_parse(parser, document, &root, fail)) {
        return false;
    }
    if (json_type_of(root) != JSON_OBJECT) {
        return fail_set(fail, FAIL_INPUT, "a row is an object of its columns, found %s",
                        json_type_name(json_type_of(root)));
    }
    if (!row_record(way, root, &text, fail) || !base_buf_ok(&text, fail)) {
        return false;
    }
    *out = str_copy(arena, base_buf_view(&text));
    return true;
}
