/* Which fix helps: candidates are tried on a row, one laid over the other, until the store would take it. */
#include "app_mend.h"

#define STEPS_MAX 4 /* things wrong with one record that are mended at once */

struct search {
    struct app_mend_reader *reader;
    const struct store_quarantine_row *row;
    struct arena *arena;
    struct fail *fail;
    struct str title, patch; /* what was found so far; the patch without its brackets */
    struct str document;     /* with that patch */
    struct str reason, field;
    bool good;
};

/* With the patch so far and `more` laid over the row: what would become of it? */
static bool try(struct search *search, struct str patch, struct app_mend_row *out, bool *out_fits)
{
    struct json_parser *parser CLEANUP(json_parser_free_at) = json_parser_new();
    struct app_mend_fix fix = {.verb = APP_MEND_FIX};
    struct json_value list;
    struct str text = str_format(search->arena, "[%.*s]", STR_ARG(patch));
    if (!json_parse(parser, text, &list, search->fail) ||
        !intake_patch_parse(list, search->arena, &fix.patch, search->fail) ||
        !app_mend_read(search->reader, search->row, &fix, search->arena, out, search->fail)) {
        return false;
    }
    *out_fits = !out->unfit;
    return out->unfit || app_try(search->reader->app, &out->item, 1, search->fail);
}

static bool is_good(const struct app_mend_row *row)
{
    return !row->item.out_absent &&
           (row->item.verdict == STORE_STORED || row->item.verdict == STORE_DUPLICATE);
}

static void take(struct search *search, const struct intake_suggestion *suggestion,
                 struct str patch, const struct app_mend_row *row)
{
    search->title = search->title.data == NULL
                        ? suggestion->title
                        : str_format(search->arena, "%.*s; %.*s", STR_ARG(search->title),
                                     STR_ARG(suggestion->title));
    search->patch = patch;
    search->document = row->after;
    search->reason = row->item.reason;
    search->field = row->item.field;
    search->good = is_good(row);
}

static bool step(struct search *search, bool *out_moved)
{
    struct intake_suggestion suggestions[INTAKE_SUGGESTIONS_MAX];
    struct intake_way way;
    size_t count;
    if (!intake_way_read(search->row->way, search->row->raw, search->arena, &way, search->fail) ||
        !intake_mend_suggest(&way, search->document, search->reason, search->field, search->arena,
                             suggestions, &count, search->fail)) {
        return false;
    }
    *out_moved = false;
    for (size_t i = 0; i < count && !search->good; i++) {
        struct str inner = suggestions[i].patch;
        inner = str_of(inner.data + 1, inner.len - 2);
        struct str patch =
            search->patch.len == 0
                ? inner
                : str_format(search->arena, "%.*s,%.*s", STR_ARG(search->patch), STR_ARG(inner));
        struct app_mend_row row;
        bool fits;
        if (!try(search, patch, &row, &fits)) {
            return false;
        }
        bool other = fits && !row.item.out_absent && row.item.verdict == STORE_QUARANTINED &&
                     !(str_equal(row.item.reason, search->reason) &&
                       str_equal(row.item.field, search->field));
        if (fits && (is_good(&row) || other)) {
            take(search, &suggestions[i], patch, &row);
            *out_moved = true;
            return true;
        }
    }
    return true;
}

bool app_mend_suggest(struct app_mend_reader *reader, const struct store_quarantine_row *row,
                      struct arena *arena, struct app_mend_suggestion *out, struct fail *fail)
{
    struct search search = {.reader = reader, .row = row, .arena = arena, .fail = fail};
    struct app_mend_row as_it_is;
    bool fits, moved;
    *out = (struct app_mend_suggestion){0};
    if (!try(&search, STR(""), &as_it_is, &fits)) {
        return false;
    }
    if (!fits) {
        return true;
    }
    if (is_good(&as_it_is)) {
        *out = (struct app_mend_suggestion){STR("Take them as they are"), STR("[]")};
        return true;
    }
    struct intake_way way;
    if (as_it_is.item.verdict != STORE_QUARANTINED || as_it_is.item.out_absent ||
        !intake_way_read(row->way, row->raw, arena, &way, fail) ||
        !intake_mend_document(&way, row->raw, arena, &search.document, fail)) {
        return as_it_is.item.verdict != STORE_QUARANTINED || as_it_is.item.out_absent;
    }
    search.reason = as_it_is.item.reason;
    search.field = as_it_is.item.field;
    moved = true;
    for (int i = 0; i < STEPS_MAX && moved && !search.good; i++) {
        if (!step(&search, &moved)) {
            return false;
        }
    }
    if (search.good) {
        *out = (struct app_mend_suggestion){search.title,
                                            str_format(arena, "[%.*s]", STR_ARG(search.patch))};
    }
    return true;
}
