#include "act_history.h"

#include <stdlib.h>

#include "store_scan.h"

enum {
    COLUMN_PURPOSE,
    COLUMN_OUTCOME,
    COLUMN_REASON,
    COLUMN_STATE,
    COLUMN_UNTIL,
    COLUMN_WORDING,
    COLUMN_HOW,
    COLUMN_CHANNEL,
    COLUMN_SOURCE,
    COLUMN_MESSAGE_ID,
    COLUMNS,
};
static const struct store_column_ref column_refs[COLUMNS] = {
    [COLUMN_PURPOSE] = {STORE_COLUMN_PROPERTY, {"purpose", 7}},
    [COLUMN_OUTCOME] = {STORE_COLUMN_PROPERTY, {"outcome", 7}},
    [COLUMN_REASON] = {STORE_COLUMN_PROPERTY, {"reason", 6}},
    [COLUMN_STATE] = {STORE_COLUMN_PROPERTY, {"state", 5}},
    [COLUMN_UNTIL] = {STORE_COLUMN_PROPERTY, {"until", 5}},
    [COLUMN_WORDING] = {STORE_COLUMN_PROPERTY, {"wording", 7}},
    [COLUMN_HOW] = {STORE_COLUMN_PROPERTY, {"how", 3}},
    [COLUMN_CHANNEL] = {.of = STORE_COLUMN_CHANNEL},
    [COLUMN_SOURCE] = {.of = STORE_COLUMN_SOURCE},
    [COLUMN_MESSAGE_ID] = {.of = STORE_COLUMN_MESSAGE_ID},
};

/* One row's own values, the first of each column. */
struct row {
    int64_t ts_ms;
    struct str texts[COLUMNS]; /* missing where there is none, or it is no string */
};

struct reading {
    uint32_t contacted, consent; /* codes */
    int64_t from_ms, skips_from_ms;
    struct arena *arena;
    struct act_contact *contacts;
    struct act_consent *consents;
    struct act_skip *skips;
    size_t contact_count, consent_count, skip_count;
    size_t contact_capacity, consent_capacity, skip_capacity;
};

static void reading_done(struct reading *r)
{
    base_free(r->contacts);
    base_free(r->consents);
    base_free(r->skips);
}

static struct str keep(struct reading *r, struct str text)
{
    return text.data == NULL ? text : str_copy(r->arena, text);
}

static bool add_contacted(struct reading *r, const struct row *row, struct fail *fail)
{
    bool skipped = str_is(row->texts[COLUMN_OUTCOME], "skipped");
    if (skipped && row->ts_ms >= r->skips_from_ms) {
        void *skips = r->skips;
        if (r->skip_count == ACT_CONTACTS_MAX) {
            return true; /* a skip more or less: it is only logged once more */
        }
        if (!base_grow_array(&skips, &r->skip_capacity, r->skip_count + 1, sizeof *r->skips,
                             fail)) {
            return false;
        }
        r->skips = skips;
        r->skips[r->skip_count++] = (struct act_skip){
            row->ts_ms, keep(r, row->texts[COLUMN_PURPOSE]), keep(r, row->texts[COLUMN_REASON])};
    }
    /* Whatever is not said to be skipped was a contact: others may write the event too. */
    if (skipped || row->ts_ms < r->from_ms || r->contact_count > ACT_CONTACTS_MAX) {
        return true;
    }
    void *contacts = r->contacts;
    if (!base_grow_array(&contacts, &r->contact_capacity, r->contact_count + 1, sizeof *r->contacts,
                         fail)) {
        return false;
    }
    r->contacts = contacts;
    r->contacts[r->contact_count++] = (struct act_contact){
        .ts_ms = row->ts_ms,
        .channel = keep(r, row->texts[COLUMN_CHANNEL]),
        .purpose = keep(r, row->texts[COLUMN_PURPOSE]),
        .message_id = keep(r, row->texts[COLUMN_MESSAGE_ID]),
    };
    return true;
}

static bool add_consent(struct reading *r, const struct row *row, struct fail *fail)
{
    bool granted = str_is(row->texts[COLUMN_STATE], "granted");
    /* What is neither of the two words says nothing; a word without a purpose neither. */
    if ((!granted && !str_is(row->texts[COLUMN_STATE], "withdrawn")) ||
        row->texts[COLUMN_PURPOSE].len == 0) {
        return true;
    }
    if (r->consent_count == (size_t)2 * ACT_CONSENTS_MAX) { /* the newest are kept */
        memmove(r->consents, r->consents + ACT_CONSENTS_MAX,
                ACT_CONSENTS_MAX * sizeof *r->consents);
        r->consent_count = ACT_CONSENTS_MAX;
    }
    void *consents = r->consents;
    if (!base_grow_array(&consents, &r->consent_capacity, r->consent_count + 1, sizeof *r->consents,
                         fail)) {
        return false;
    }
    r->consents = consents;
    int64_t until_ms = ACT_NO_INSTANT;
    if (row->texts[COLUMN_UNTIL].data != NULL &&
        !time_parse_rfc3339(row->texts[COLUMN_UNTIL], &until_ms)) {
        /* An end that cannot be read: a grant is taken as over, a withdrawal as one for good. */
        until_ms = granted ? row->ts_ms : ACT_NO_INSTANT;
    }
    r->consents[r->consent_count++] = (struct act_consent){
        .ts_ms = row->ts_ms,
        .purpose = keep(r, row->texts[COLUMN_PURPOSE]),
        .granted = granted,
        .until_ms = until_ms,
        .wording = keep(r, row->texts[COLUMN_WORDING]),
        .how = keep(r, row->texts[COLUMN_HOW]),
        .source = keep(r, row->texts[COLUMN_SOURCE]),
    };
    return true;
}

static bool read_rows(struct reading *r, const struct store_rows *rows, struct fail *fail)
{
    uint32_t next[COLUMNS] = {0};
    for (uint32_t i = 0; i < rows->row_count; i++) {
        struct row row = {.ts_ms = rows->ts_ms[i]};
        for (size_t c = 0; c < COLUMNS; c++) {
            const struct store_column *column = &rows->columns[c];
            bool first = true;
            while (next[c] < column->count && column->at[next[c]] <= i) {
                struct store_value value = column->values[next[c]];
                if (column->at[next[c]] == i && first && value.kind == STORE_STRING) {
                    row.texts[c] = store_value_text(value);
                    first = false;
                }
                next[c]++;
            }
        }
        if (!(rows->events[i] == r->contacted ? add_contacted(r, &row, fail)
                                              : add_consent(r, &row, fail))) {
            return false;
        }
    }
    return true;
}

static bool read_customers(struct reading *r, struct store_snapshot *snapshot,
                           const uint32_t *roots, size_t root_count, struct fail *fail)
{
    uint32_t events[2];
    size_t event_count = 0;
    if (r->contacted != STORE_NO_CODE) {
        events[event_count++] = r->contacted;
    }
    if (r->consent != STORE_NO_CODE) {
        events[event_count++] = r->consent;
    }
    if (event_count == 0 || root_count == 0) {
        return true;
    }
    struct store_scan_options options = {
        .columns = column_refs,
        .column_count = COLUMNS,
        .events = events,
        .event_count = event_count,
        .customers = roots,
        .customer_count = root_count,
    };
    struct store_scan *scan = NULL;
    struct store_cursor *cursor = NULL;
    const struct store_rows *rows = NULL;
    bool good = store_scan_new(snapshot, &options, &scan, fail) &&
                store_cursor_new(scan, NULL, &cursor, fail);
    while (good && (good = store_cursor_next(cursor, &rows, fail)) && rows->customer_count > 0) {
        good = read_rows(r, rows, fail);
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    return good;
}

/* Of one customer they come in order; of two they are merged here. Equal instants stay as they were. */
static int64_t contact_at(const void *item)
{
    return ((const struct act_contact *)item)->ts_ms;
}

static int64_t consent_at(const void *item)
{
    return ((const struct act_consent *)item)->ts_ms;
}

/* Merges two sorted halves, the first of which wins ties; `size` is that of an item. */
static void merge_halves(char *items, size_t split, size_t count, size_t size, char *scratch,
                         int64_t (*at)(const void *item))
{
    size_t a = 0;
    size_t b = split;
    for (size_t out = 0; out < count; out++) {
        bool first = b == count || (a < split && at(items + a * size) <= at(items + b * size));
        memcpy(scratch + out * size, items + (first ? a : b) * size, size);
        a += first;
        b += !first;
    }
    if (count > 0) {
        memcpy(items, scratch, count * size);
    }
}

static bool settle(struct reading *r, void *items, size_t split, size_t count, size_t size,
                   int64_t (*at)(const void *item), void **out, struct fail *fail)
{
    char *copy = arena_array(r->arena, count, size, fail);
    char *scratch = arena_array(r->arena, count, size, fail);
    if (copy == NULL || scratch == NULL) {
        return false;
    }
    if (count > 0) {
        memcpy(copy, items, count * size);
    }
    merge_halves(copy, split, count, size, scratch, at);
    *out = copy;
    return true;
}

bool act_history_read(struct store_snapshot *snapshot, const uint32_t *roots, size_t root_count,
                      int64_t from_ms, int64_t skips_from_ms, struct arena *arena,
                      struct act_record *out, struct fail *fail)
{
    CLEANUP(reading_done)
    struct reading r = {
        .contacted = store_event_code(snapshot, STR(ACT_EVENT_CONTACTED)),
        .consent = store_event_code(snapshot, STR(ACT_EVENT_CONSENT)),
        .from_ms = from_ms,
        .skips_from_ms = skips_from_ms,
        .arena = arena,
    };
    size_t contact_split = 0;
    size_t consent_split = 0;
    void *contacts = NULL;
    void *consents = NULL;
    void *skips = arena_small(arena, 1);
    /* One after the other, each merged into those before. */
    for (size_t i = 0; i < root_count; i++) {
        contact_split = r.contact_count;
        consent_split = r.consent_count;
        if (!read_customers(&r, snapshot, &roots[i], 1, fail)) {
            return false;
        }
        /* Where the oldest were dropped, what is left is all of this customer. */
        consent_split = consent_split > r.consent_count ? 0 : consent_split;
        if (!settle(&r, r.contacts, contact_split, r.contact_count, sizeof *r.contacts, contact_at,
                    &contacts, fail) ||
            !settle(&r, r.consents, consent_split, r.consent_count, sizeof *r.consents, consent_at,
                    &consents, fail)) {
            return false;
        }
        if (r.contact_count > 0) {
            memcpy(r.contacts, contacts, r.contact_count * sizeof *r.contacts);
        }
        if (r.consent_count > 0) {
            memcpy(r.consents, consents, r.consent_count * sizeof *r.consents);
        }
    }
    if (r.skip_count > 0) {
        skips = arena_array(arena, r.skip_count, sizeof *r.skips, fail);
        if (skips == NULL) {
            return false;
        }
        memcpy(skips, r.skips, r.skip_count * sizeof *r.skips);
    }
    bool truncated = r.contact_count > ACT_CONTACTS_MAX;
    *out = (struct act_record){
        .history = {.contacts = contacts,
                    .contact_count = r.contact_count,
                    .consents = consents,
                    .consent_count = r.consent_count,
                    .zone = zone_utc(),
                    .truncated = truncated},
        .skips = skips,
        .skip_count = r.skip_count,
    };
    return true;
}

bool act_history_zone(struct store_snapshot *snapshot, uint32_t root, const struct zone *otherwise,
                      const struct zone **out, struct fail *fail)
{
    struct store_column_ref column = {STORE_COLUMN_TRAIT, STR("timezone")};
    struct store_scan_options options = {
        .columns = &column,
        .column_count = 1,
        .from_ms = INT64_MIN + 1, /* no rows are wanted */
        .to_ms = INT64_MIN + 2,
        .every_customer = true,
        .customers = &root,
        .customer_count = 1,
    };
    struct store_scan *scan = NULL;
    struct store_cursor *cursor = NULL;
    const struct store_rows *rows = NULL;
    *out = otherwise;
    bool good = store_scan_new(snapshot, &options, &scan, fail) &&
                store_cursor_new(scan, NULL, &cursor, fail) &&
                store_cursor_next(cursor, &rows, fail);
    if (good && rows->customer_count > 0 && rows->columns[0].count > 0 &&
        rows->columns[0].values[0].kind == STORE_STRING) {
        const struct zone *zone;
        struct fail unknown;
        if (zone_find(store_value_text(rows->columns[0].values[0]), &zone, &unknown)) {
            *out = zone;
        }
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    return good;
}
