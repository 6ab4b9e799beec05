/* CSV of an import: its header, its records, and their items. */
#include "intake_import_parts.h"

#include <stdio.h>
#include <strings.h>

enum intake_csv_result intake_csv_peek(struct intake_import *import, size_t capacity,
                                       struct intake_csv_record *out)
{
    const struct intake_window *window = &import->window;
    struct str text = intake_window_text(window);
    /* A record that fills the window is not going to end: what is there is judged as if it were all, so
       that a quote that is never closed costs one line and not the file. */
    bool full = text.len >= INTAKE_WINDOW_BYTES_MAX;
    enum intake_csv_result result =
        intake_csv_scan(text, import->delimiter, window->end || full, import->cells, capacity, out);
    if (full && !window->end && result == INTAKE_CSV_RECORD && out->consumed == text.len) {
        return INTAKE_CSV_MORE; /* no line break either: intake_window_more says so */
    }
    return result;
}

bool intake_csv_next(struct intake_import *import, size_t capacity, struct intake_csv_record *out,
                     bool *found, struct fail *fail)
{
    *found = false;
    for (;;) {
        enum intake_csv_result result = intake_csv_peek(import, capacity, out);
        if (result == INTAKE_CSV_MORE) {
            if (!intake_window_more(&import->window, fail)) {
                return fail_at(fail, "line %llu", (unsigned long long)import->lines + 1);
            }
            continue;
        }
        *found = result == INTAKE_CSV_RECORD;
        if (!*found) {
            return true;
        }
        import->lines++;
        intake_window_skip(&import->window, out->consumed);
        if (out->raw.len > 0) {
            return true;
        }
    }
}

static bool check_header(const struct intake_header *header, struct fail *fail)
{
    for (size_t i = 0; i < header->count; i++) {
        if (!intake_is_utf8(header->names[i])) {
            return fail_set(fail, FAIL_INPUT,
                            "the header row: the name of column %zu is not UTF-8; save the file as "
                            "UTF-8",
                            i + 1);
        }
        for (size_t j = 0; j < i && header->names[i].len > 0; j++) {
            if (str_equal(header->names[i], header->names[j])) {
                return fail_set(fail, FAIL_INPUT,
                                "the header row names \"%.*s\" twice, columns %zu and %zu; give "
                                "each a name of its own",
                                STR_ARG(header->names[i]), j + 1, i + 1);
            }
        }
    }
    return true;
}

bool intake_csv_header(struct intake_import *import, struct fail *fail)
{
    struct intake_csv_record record;
    bool found = false;
    import->cells =
        arena_array(import->arena, INTAKE_MAP_COLUMNS_MAX + 1, sizeof *import->cells, fail);
    if (import->cells == NULL ||
        !intake_csv_next(import, INTAKE_MAP_COLUMNS_MAX, &record, &found, fail)) {
        return false;
    }
    if (!found) {
        return fail_set(fail, FAIL_INPUT, "the file is empty: expected a header row and rows");
    }
    if (record.problem != INTAKE_CSV_FINE) {
        return fail_set(fail, FAIL_INPUT, "the header row: its quotes do not fit together");
    }
    if (record.cells > INTAKE_MAP_COLUMNS_MAX) {
        return fail_set(fail, FAIL_LIMIT, "the header row has %zu columns, at most %d",
                        record.cells, INTAKE_MAP_COLUMNS_MAX);
    }
    struct str *names = arena_array(import->arena, record.cells, sizeof *names, fail);
    if (names == NULL) {
        return false;
    }
    struct str raw = str_copy(import->arena, record.raw);
    for (size_t i = 0; i < record.cells; i++) {
        names[i] = intake_csv_text(raw, &import->cells[i], import->arena);
    }
    import->header = (struct intake_header){names, record.cells};
    return check_header(&import->header, fail);
}

/* The column whose name holds one of the words, or NULL. */
static const struct str *guess(const struct intake_header *header, const char *const *words,
                               size_t count)
{
    for (size_t w = 0; w < count; w++) {
        for (size_t i = 0; i < header->count; i++) {
            struct str name = header->names[i];
            size_t len = strlen(words[w]);
            for (size_t at = 0; at + len <= name.len; at++) {
                if (strncasecmp(name.data + at, words[w], len) == 0) {
                    return &header->names[i];
                }
            }
        }
    }
    return NULL;
}

/* A CSV without a map: its columns, and a map to start from. */
bool intake_csv_no_map(const struct intake_header *header, struct fail *fail)
{
    static const char *const who[] = {"customer", "user", "client", "member", "session", "email"};
    static const char *const when[] = {"timestamp", "datetime", "date", "time", "created"};
    const struct str *customer = guess(header, who, ARRAY_LEN(who));
    const struct str *ts = guess(header, when, ARRAY_LEN(when));
    char list[240] = "";
    size_t len = 0;
    for (size_t i = 0; i < header->count && len < sizeof list; i++) {
        int more = snprintf(list + len, sizeof list - len, "%s%.*s", i == 0 ? "" : ", ",
                            STR_ARG(header->names[i]));
        len += more > 0 ? (size_t)more : 0;
    }
    return fail_set(fail, FAIL_INPUT,
                    "CSV needs a map (--map MAP.json; --suggest-map prints one). The columns are "
                    "%s%s. To start with: "
                    "{\"customer\": \"%.*s\", \"event\": {\"const\": \"Order\"}, \"ts\": \"%.*s\"}",
                    list, len >= sizeof list ? ", ..." : "",
                    STR_ARG(customer == NULL ? header->names[0] : *customer),
                    STR_ARG(ts == NULL ? STR("COLUMN OF THE TIME") : *ts));
}

static bool judge_row(const struct intake_import *import, const struct intake_csv_record *record,
                      struct intake_draft *draft)
{
    if (draft->reason.data != NULL) {
        return false;
    }
    if (!intake_is_utf8(draft->raw)) {
        return intake_judge(draft, STR(""), "not valid UTF-8");
    }
    if (record->problem != INTAKE_CSV_FINE) {
        struct str field = record->problem_cell < import->header.count
                               ? import->header.names[record->problem_cell]
                               : STR("");
        return record->problem == INTAKE_CSV_UNCLOSED
                   ? intake_judge(draft, field, "a quote is opened and never closed")
                   : intake_judge(draft, field,
                                  "text after a closing quote; inside quotes a quote is written "
                                  "twice");
    }
    return record->cells == import->header.count ||
           intake_judge(draft, STR(""), "%zu cells, the header row has %zu", record->cells,
                        import->header.count);
}

bool intake_csv_item(const struct intake_import *import, const struct intake_reading *reading,
                     const struct intake_csv_record *record, const struct intake_csv_cell *cells,
                     uint64_t number, struct store_item *item, struct fail *fail)
{
    struct intake_draft draft;
    if (!intake_import_draft(import, reading, &import->map.places, record->raw, &draft, fail)) {
        return false;
    }
    bool good = judge_row(import, record, &draft);
    if (good) {
        const struct intake_record row = {.raw = draft.raw, .number = number, .cells = cells};
        good = intake_map_apply(&import->map, &row, &draft);
    }
    return intake_draft_end(&draft, good, item);
}
