/* Files of events: records out of a window, items out of records. */
#include "intake_import_parts.h"

#include "intake_log.h"
#include "intake_mail_draft.h"
#include "intake_way.h"

#define BATCH_BYTES_MAX ((size_t)256 << 20) /* a batch of large records ends earlier */

static const char *const format_names[INTAKE_FORMATS] = {
    [INTAKE_FORMAT_AUTO] = "auto",       [INTAKE_FORMAT_NDJSON] = "ndjson",
    [INTAKE_FORMAT_CSV] = "csv",         [INTAKE_FORMAT_SEGMENT] = "segment",
    [INTAKE_FORMAT_POSTHOG] = "posthog", [INTAKE_FORMAT_ACCESS_LOG] = "access-log",
    [INTAKE_FORMAT_EML] = "eml",         [INTAKE_FORMAT_MBOX] = "mbox",
};

bool intake_format_parse(struct str name, enum intake_format *out, struct fail *fail)
{
    for (int format = INTAKE_FORMAT_NDJSON; format < INTAKE_FORMATS; format++) {
        if (str_is(name, format_names[format])) {
            *out = (enum intake_format)format;
            return true;
        }
    }
    const char *nearest = str_nearest(name, format_names + INTAKE_FORMAT_NDJSON,
                                      INTAKE_FORMATS - INTAKE_FORMAT_NDJSON);
    return fail_set(fail, FAIL_INPUT,
                    "unknown format \"%.*s\": expected ndjson, csv, segment, posthog, access-log, "
                    "eml or mbox%s%s%s",
                    STR_ARG(name), nearest == NULL ? "" : "; did you mean ",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

const char *intake_format_name(enum intake_format format)
{
    return format_names[format];
}

static bool is_mail(enum intake_format format)
{
    return format == INTAKE_FORMAT_EML || format == INTAKE_FORMAT_MBOX;
}

static bool is_json(enum intake_format format)
{
    return format == INTAKE_FORMAT_NDJSON || format == INTAKE_FORMAT_SEGMENT ||
           format == INTAKE_FORMAT_POSTHOG;
}

/* ---- opening ----------------------------------------------------------------------------------------- */

static bool first_character(struct intake_import *import, char *out, struct fail *fail)
{
    for (;;) {
        struct str text = intake_window_text(&import->window);
        for (size_t i = 0; i < text.len; i++) {
            char c = text.data[i];
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
                *out = c;
                return true;
            }
        }
        if (import->window.end) {
            *out = '\0';
            return true;
        }
        if (!intake_window_more(&import->window, fail)) {
            return false;
        }
    }
}

static bool choose_format(struct intake_import *import, struct fail *fail)
{
    char first;
    if (!first_character(import, &first, fail)) {
        return false;
    }
    if (import->format == INTAKE_FORMAT_AUTO) {
        import->format = first == '{' || first == '[' ? INTAKE_FORMAT_NDJSON : INTAKE_FORMAT_CSV;
    }
    if (is_json(import->format) && first == '[') {
        return fail_set(fail, FAIL_INPUT,
                        "the file is a JSON array: put one object on each line (jq -c '.[]' does)");
    }
    return true;
}

static bool parse_map(struct intake_import *import, struct str map, struct json_value *out,
                      struct fail *fail)
{
    if (!json_parse(import->decoder->envelope, map, out, fail)) {
        return fail_at(fail, "the map");
    }
    return intake_map_delimiter(*out, &import->delimiter, fail);
}

static bool prepare(struct intake_import *import, const struct intake_import_options *options,
                    struct fail *fail)
{
    struct json_value map = {0};
    import->mapped = options->map.len > 0;
    if (!choose_format(import, fail) ||
        (import->mapped && !parse_map(import, options->map, &map, fail))) {
        return false;
    }
    bool csv = import->format == INTAKE_FORMAT_CSV;
    if (import->mapped && !csv && import->format != INTAKE_FORMAT_NDJSON) {
        return fail_set(fail, FAIL_INPUT,
                        "--format %s needs no map: maps are for csv, and for foreign JSON lines "
                        "(ndjson)",
                        format_names[import->format]);
    }
    if (csv && !intake_csv_header(import, fail)) {
        return false;
    }
    if (csv && !import->mapped) {
        return intake_csv_no_map(&import->header, fail);
    }
    /* Messages are kept one by one, whatever they came in. */
    enum intake_format kept_as = is_mail(import->format) ? INTAKE_FORMAT_EML : import->format;
    return intake_way_file(kept_as, options->map, import->header.names, import->header.count,
                           import->arena, &import->way, fail) &&
           (!import->mapped ||
            intake_map_compile(map, csv ? &import->header : NULL, options->source->zone,
                               import->arena, &import->map, fail));
}

bool intake_import_open(const struct intake_import_options *options, struct intake_import **out,
                        struct fail *fail)
{
    struct intake_import *import = base_alloc_zero(sizeof *import);
    import->source = options->source;
    import->format = options->format;
    import->delimiter = ',';
    import->decoder = intake_decoder_new();
    import->repeats = intake_repeats_new(options->repeats_bytes_max);
    import->known_raw = options->known_raw;
    import->mbox.single = options->format == INTAKE_FORMAT_EML;
    import->arena = arena_new(NULL);
    if (!intake_window_init(&import->window, &options->reader, fail) ||
        !prepare(import, options, fail)) {
        intake_import_close(import);
        return false;
    }
    *out = import;
    return true;
}

void intake_import_close(struct intake_import *import)
{
    if (import == NULL) {
        return;
    }
    intake_window_done(&import->window);
    intake_mbox_done(&import->mbox);
    intake_decoder_free(import->decoder);
    intake_repeats_free(import->repeats);
    arena_free(import->arena);
    base_free(import);
}

/* ---- records --------------------------------------------------------------------------------------------- */

bool intake_import_draft(const struct intake_import *import, const struct intake_reading *reading,
                         const struct intake_places *places, struct str raw,
                         struct intake_draft *draft, struct fail *fail)
{
    char *copy = arena_alloc(reading->arena, raw.len, fail);
    if (copy == NULL) {
        return false;
    }
    if (raw.data != NULL) {
        memcpy(copy, raw.data, raw.len);
    }
    if (!intake_draft_begin(draft, reading->decoder, reading->source, places, str_of(copy, raw.len),
                            reading->arena, fail)) {
        return false;
    }
    draft->repeats = import->repeats;
    draft->way = import->way;
    draft->known_raw = import->known_raw;
    draft->from_import = true;
    draft->clock_is_right = true;
    draft->late_id = reading->late_id;
    return true;
}

static bool csv_item(struct intake_import *import, const struct intake_reading *reading,
                     struct store_item *item, uint64_t *number, bool *found, struct fail *fail)
{
    struct intake_csv_record record;
    if (!intake_csv_next(import, import->header.count, &record, found, fail)) {
        return false;
    }
    if (!*found) {
        return true;
    }
    *number = ++import->records;
    return intake_csv_item(import, reading, &record, import->cells, *number, item, fail);
}

/* The next line that is not blank, without its line break. */
static bool next_line(struct intake_import *import, struct str *out, bool *found, struct fail *fail)
{
    size_t searched = 0;
    for (;;) {
        struct str text = intake_window_text(&import->window);
        size_t at = searched + str_find_byte(str_after(text, searched), '\n');
        if (at == text.len && !import->window.end) {
            searched = text.len;
            if (!intake_window_more(&import->window, fail)) {
                return fail_at(fail, "line %llu", (unsigned long long)import->lines + 1);
            }
            continue;
        }
        *found = text.len > 0;
        if (!*found) {
            return true;
        }
        searched = 0;
        import->lines++;
        intake_window_skip(&import->window, at == text.len ? at : at + 1);
        *out = str_trim(str_of(text.data, at));
        if (out->len > 0) {
            return true;
        }
    }
}

static bool read_mapped(struct intake_import *import, struct intake_draft *draft)
{
    struct intake_record record = {.raw = draft->raw, .number = import->records};
    struct fail why;
    if (draft->reason.data != NULL) {
        return false;
    }
    if (!json_parse(draft->decoder->parser, draft->raw, &record.root, &why)) {
        return intake_judge_json(draft, &why);
    }
    if (json_type_of(record.root) != JSON_OBJECT) {
        return intake_judge(draft, STR(""), "expected an object, found %s",
                            json_type_name(json_type_of(record.root)));
    }
    return intake_map_apply(&import->map, &record, draft);
}

static const struct intake_places *places_of(const struct intake_import *import)
{
    if (import->mapped) {
        return &import->map.places;
    }
    return import->format == INTAKE_FORMAT_SEGMENT      ? &intake_segment_places
           : import->format == INTAKE_FORMAT_POSTHOG    ? &intake_posthog_places
           : import->format == INTAKE_FORMAT_ACCESS_LOG ? &intake_log_places
                                                        : &intake_own_places;
}

static bool line_item(struct intake_import *import, const struct intake_reading *reading,
                      struct store_item *item, uint64_t *number, bool *found, struct fail *fail)
{
    static const struct intake_envelope envelope = {.route = INTAKE_SEGMENT_BATCH,
                                                    .sent_ms = STORE_NO_TIME};
    struct str line = {NULL, 0};
    struct intake_draft draft;
    if (!next_line(import, &line, found, fail)) {
        return false;
    }
    if (!*found) {
        return true;
    }
    import->records++;
    *number = import->lines;
    if (!intake_import_draft(import, reading, places_of(import), line, &draft, fail)) {
        return false;
    }
    if (import->mapped) {
        return intake_draft_end(&draft, read_mapped(import, &draft), item);
    }
    switch (import->format) {
    case INTAKE_FORMAT_SEGMENT:
        return intake_segment_message(&draft, &envelope, item);
    case INTAKE_FORMAT_POSTHOG:
        return intake_posthog_message(&draft, STORE_NO_TIME, item);
    case INTAKE_FORMAT_ACCESS_LOG:
        return intake_log_message(&draft, item);
    case INTAKE_FORMAT_AUTO:
    case INTAKE_FORMAT_NDJSON:
    case INTAKE_FORMAT_CSV:
    case INTAKE_FORMAT_EML:
    case INTAKE_FORMAT_MBOX:
    case INTAKE_FORMATS:
        break;
    }
    return intake_own_message(&draft, item);
}

static bool mail_item(struct intake_import *import, const struct intake_reading *reading,
                      struct store_item *item, uint64_t *number, bool *found, struct fail *fail)
{
    const struct intake_mail_import from_file = {import->repeats, import->way, import->known_raw};
    struct str message = {NULL, 0};
    if (!intake_mbox_next(&import->mbox, &import->window, &message, found, fail)) {
        return false;
    }
    if (!*found) {
        return true;
    }
    *number = ++import->records;
    return intake_mail_draft(import->decoder, message, import->source, reading->arena, &from_file,
                             item, fail);
}

static bool next_item(struct intake_import *import, const struct intake_reading *reading,
                      struct store_item *item, uint64_t *number, bool *found, struct fail *fail)
{
    return import->format == INTAKE_FORMAT_CSV
               ? csv_item(import, reading, item, number, found, fail)
           : is_mail(import->format) ? mail_item(import, reading, item, number, found, fail)
                                     : line_item(import, reading, item, number, found, fail);
}

/* How often each record occurred: looked up for a batch at a time, since the places lie far apart in memory. */
static bool end_ids(struct intake_import *import, struct store_item *items,
                    const struct intake_late_id *late, size_t count, struct fail *fail)
{
    enum { AHEAD = 12 };
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count && late[i + AHEAD].due) {
            intake_repeats_soon(import->repeats, late[i + AHEAD].hash);
        }
        if (late[i].due &&
            !intake_end_id(import->repeats, late[i].hash, &items[i].record_id, fail)) {
            return false;
        }
    }
    return true;
}

/* Once so many were read, their size says how many will come, within a fifth. */
#define EXPECT_AFTER 100000U

void intake_import_expect(struct intake_import *import)
{
    uint64_t read = import->window.bytes_read;
    uint64_t total = import->window.reader.total_bytes;
    if (!import->expected && import->returned >= EXPECT_AFTER && total > read) {
        import->expected = true;
        double records = (double)import->returned * ((double)total / (double)read);
        intake_repeats_expect(import->repeats, (uint64_t)(records * 1.2));
    }
}

bool intake_import_next(struct intake_import *import, struct arena *arena, size_t most,
                        struct intake_import_batch *out, struct fail *fail)
{
    if (import->failed) {
        *fail = import->late;
        return false;
    }
    struct intake_import_batch batch = {0};
    batch.items = arena_array(arena, most, sizeof *batch.items, fail);
    batch.records = arena_array(arena, most, sizeof *batch.records, fail);
    struct intake_late_id *late = arena_array(arena, most, sizeof *late, fail);
    if (batch.items == NULL || batch.records == NULL || late == NULL) {
        return false;
    }
    bool found = true;
    while (batch.count < most && arena_used(arena) < BATCH_BYTES_MAX) {
        struct store_item *item = &batch.items[batch.count];
        uint64_t *number = &batch.records[batch.count];
        const struct intake_reading reading = {import->decoder, import->source, arena,
                                               &late[batch.count]};
        if (!next_item(import, &reading, item, number, &found, &import->late)) {
            import->failed = true;
            break;
        }
        if (!found) {
            break;
        }
        batch.count++;
    }
    struct fail why;
    if (!end_ids(import, batch.items, late, batch.count, &why)) {
        import->failed = true;
        import->late = why;
        batch.count = 0;
    }
    if (import->failed && batch.count == 0) {
        *fail = import->late;
        return false;
    }
    import->returned += batch.count;
    if (batch.count > 0 && late[0].due) {
        intake_import_expect(import);
    }
    *out = batch;
    return true;
}

struct intake_import_progress intake_import_progress(const struct intake_import *import)
{
    return (struct intake_import_progress){.bytes_read = import->window.bytes_read,
                                           .bytes_total = import->window.reader.total_bytes,
                                           .records = import->returned};
}
