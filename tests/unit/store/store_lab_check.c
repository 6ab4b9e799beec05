/* The naive truth: what a scan should give, worked out by sorting the list of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "store_lab.h"

static int compare_rows(const void *a, const void *b)
{
    const struct store_row *const *x = a;
    const struct store_row *const *y = b;
    if ((*x)->customer != (*y)->customer) {
        return (*x)->customer < (*y)->customer ? -1 : 1;
    }
    if ((*x)->ts_ms != (*y)->ts_ms) {
        return (*x)->ts_ms < (*y)->ts_ms ? -1 : 1;
    }
    return (*x)->arrival < (*y)->arrival ? -1 : 1;
}

const struct store_row **lab_sorted(struct lab *lab, struct arena *arena)
{
    struct fail fail;
    const struct store_row **sorted =
        arena_alloc(arena, lab->row_count * sizeof(void *) + 1, &fail);
    lab_must(sorted != NULL, &fail);
    for (size_t i = 0; i < lab->row_count; i++) {
        lab->rows[i].customer = lab_root(lab, lab->rows[i].original);
        sorted[i] = &lab->rows[i];
    }
    if (lab->row_count > 0) {
        qsort(sorted, lab->row_count, sizeof *sorted, compare_rows);
    }
    return sorted;
}

bool lab_same_value(struct store_value a, struct store_value b)
{
    if (a.kind != b.kind) {
        return false;
    }
    switch (a.kind) {
    case STORE_NULL:
        return true;
    case STORE_BOOL:
        return a.b == b.b;
    case STORE_STRING:
        return str_equal(store_value_text(a), store_value_text(b));
    default:
        return memcmp(&a.i, &b.i, 8) == 0;
    }
}

struct checking {
    struct lab *lab;
    struct arena *arena;
    const struct store_row **sorted;
    size_t *starts; /* by customer, and one more: its first row among the sorted */
    const struct store_accounts *accounts; /* of a scan by account */
    const struct store_scan_options *options;
    const struct store_rows *rows;
    uint32_t *entries; /* by column: the next entry of the batch */
};

static bool bears(const struct checking *k, size_t column, const struct store_row *row)
{
    const struct store_column_ref *ref = &k->options->columns[column];
    bool found = false;
    for (uint32_t i = 0; ref->of == STORE_COLUMN_TRAIT_SENT && i < row->trait_count; i++) {
        found |= str_equal(store_names_get(k->lab->names, STORE_FAMILY_TRAIT, row->traits[i].name),
                           ref->name);
    }
    return found;
}

/* What the filter lets through, and what bears a trait that is wanted as sent. */
static bool wanted(const struct checking *k, const struct store_row *row)
{
    const struct store_scan_options *options = k->options;
    for (size_t c = 0; c < options->column_count; c++) {
        if (bears(k, c, row)) {
            return true;
        }
    }
    if ((options->from_ms != 0 || options->to_ms != 0) &&
        (row->ts_ms < options->from_ms || row->ts_ms >= options->to_ms)) {
        return false;
    }
    if (options->labels != NULL) {
        return row->event < options->label_count && options->labels[row->event] != 0;
    }
    bool found = options->events == NULL;
    for (size_t e = 0; !found && e < options->event_count; e++) {
        found = options->events[e] == row->event;
    }
    return found;
}

static bool listed(const struct store_scan_options *options, uint32_t customer)
{
    bool found = options->customers == NULL;
    for (size_t c = 0; !found && c < options->customer_count; c++) {
        found = options->customers[c] == customer;
    }
    return found;
}

/* The next value of a column must be this one; an entry for several rows stays the next one until the last of them. */
static void expect(struct checking *k, size_t column, uint32_t at, struct store_value value)
{
    const struct store_column *in = &k->rows->columns[column];
    uint32_t entry = k->entries[column];
    assert_true(entry < in->count);
    assert_true(in->at[entry] <= at && at <= in->last[entry]);
    assert_true(in->at[entry] == at ||
                (k->options->runs && k->options->columns[column].of == STORE_COLUMN_PROPERTY));
    k->entries[column] += in->last[entry] == at;
    assert_true(lab_same_value(in->values[entry], value));
}

static struct str family_name(struct lab *lab, enum store_family family, uint32_t code)
{
    return store_names_get(lab->names, family, code);
}

static void expect_cells(struct checking *k, size_t column, uint32_t at, struct str name,
                         const struct store_row *row)
{
    for (uint32_t i = 0; i < row->property_count; i++) {
        if (str_equal(family_name(k->lab, STORE_FAMILY_PROPERTY, row->properties[i].name), name)) {
            expect(k, column, at, row->properties[i].value);
        }
    }
}

static void check_row(struct checking *k, uint32_t at, const struct store_row *row)
{
    if (k->options->slots) {
        int64_t begins_ms = (int64_t)k->rows->slots[at] * STORE_SLOT_MS;
        assert_true(begins_ms <= row->ts_ms && row->ts_ms < begins_ms + STORE_SLOT_MS);
    } else {
        assert_int_equal(k->rows->ts_ms[at], row->ts_ms);
    }
    if (k->options->labels != NULL) {
        assert_int_equal(k->rows->labels[at], k->options->labels[row->event]);
    } else {
        assert_int_equal(k->rows->events[at], row->event);
    }
    for (size_t c = 0; c < k->options->column_count; c++) {
        const struct store_column_ref *ref = &k->options->columns[c];
        switch (ref->of) {
        case STORE_COLUMN_PROPERTY:
            expect_cells(k, c, at, ref->name, row);
            break;
        case STORE_COLUMN_TRAIT:
            break;
        case STORE_COLUMN_TRAIT_SENT:
            for (uint32_t i = 0; i < row->trait_count; i++) {
                if (str_equal(family_name(k->lab, STORE_FAMILY_TRAIT, row->traits[i].name),
                              ref->name)) {
                    expect(k, c, at, row->traits[i].value);
                }
            }
            break;
        case STORE_COLUMN_CHANNEL:
            if (row->channel != STORE_NO_CODE) {
                expect(k, c, at,
                       store_value_str(family_name(k->lab, STORE_FAMILY_CHANNEL, row->channel)));
            }
            break;
        case STORE_COLUMN_SOURCE:
            expect(k, c, at,
                   store_value_str(family_name(k->lab, STORE_FAMILY_SOURCE, row->source)));
            break;
        case STORE_COLUMN_TEXT:
            if (row->text.data != NULL) {
                expect(k, c, at, store_value_str(row->text));
            }
            break;
        case STORE_COLUMN_SCORE:
            if (row->scale != STORE_NO_CODE) {
                expect(k, c, at, row->score);
            }
            break;
        case STORE_COLUMN_SCALE:
            if (row->scale != STORE_NO_CODE) {
                expect(k, c, at,
                       store_value_str(family_name(k->lab, STORE_FAMILY_SCALE, row->scale)));
            }
            break;
        case STORE_COLUMN_MESSAGE_ID:
            if (row->message_id.data != NULL) {
                expect(k, c, at, store_value_str(row->message_id));
            }
            break;
        case STORE_COLUMN_RECEIVED_AT:
            expect(k, c, at, store_value_int(row->received_at_ms));
            break;
        case STORE_COLUMN_HAS_TEXT:
            if (row->text.data != NULL) {
                expect(k, c, at, store_value_bool(true));
            }
            break;
        case STORE_COLUMN_ARRIVAL:
            expect(k, c, at, store_value_uint(row->arrival));
            break;
        }
    }
}

static bool is_below(struct str name, struct str prefix)
{
    return str_equal(name, prefix) || (str_starts(name, prefix) && name.data[prefix.len] == '.');
}

/* The last row that sets or removes the trait decides; inside one row a value wins. */
static void check_trait(struct checking *k, size_t column, uint32_t at,
                        const struct store_row **rows, size_t count)
{
    struct str name = k->options->columns[column].name;
    for (size_t r = count; r-- > 0;) {
        bool sets = false;
        bool removes = false;
        for (uint32_t i = 0; i < rows[r]->trait_count; i++) {
            const struct store_cell *cell = &rows[r]->traits[i];
            struct str cell_name = family_name(k->lab, STORE_FAMILY_TRAIT, cell->name);
            bool null = cell->value.kind == STORE_NULL;
            removes |= null && is_below(name, cell_name);
            if (!null && str_equal(cell_name, name)) {
                expect(k, column, at, cell->value);
                sets = true;
            }
        }
        if (sets || removes) {
            return;
        }
    }
}

static void check_facts(struct checking *k, uint32_t at, const struct store_row **rows,
                        size_t count)
{
    int64_t first = STORE_NO_TIME;
    int64_t last = STORE_NO_TIME;
    uint64_t events = 0;
    for (size_t r = 0; r < count; r++) {
        struct str event = family_name(k->lab, STORE_FAMILY_EVENT, rows[r]->event);
        if (!str_is(event, "identify") && !str_is(event, "contacted")) {
            first = events == 0 ? rows[r]->ts_ms : first;
            last = rows[r]->ts_ms;
            events++;
        }
    }
    assert_int_equal(k->rows->first_seen_ms[at], first);
    assert_int_equal(k->rows->last_seen_ms[at], last);
    assert_int_equal(k->rows->event_counts[at], events);
}

/* Checks one customer of a batch against all its rows, sorted. */
static void check_customer(struct checking *k, uint32_t at, const struct store_row **rows,
                           size_t count)
{
    uint32_t row = k->rows->row_begin[at];
    for (size_t r = 0; r < count; r++) {
        if (wanted(k, rows[r])) {
            assert_true(row < k->rows->row_begin[at + 1]);
            check_row(k, row++, rows[r]);
        }
    }
    assert_int_equal(row, k->rows->row_begin[at + 1]);
    assert_true(k->options->every_customer || row > k->rows->row_begin[at]);
    for (size_t c = 0; c < k->options->column_count; c++) {
        if (k->options->columns[c].of == STORE_COLUMN_TRAIT) {
            check_trait(k, c, at, rows, count);
        }
    }
    if (k->options->want_facts) {
        check_facts(k, at, rows, count);
    }
}

static int compare_times(const void *a, const void *b)
{
    const struct store_row *const *x = a;
    const struct store_row *const *y = b;
    if ((*x)->ts_ms != (*y)->ts_ms) {
        return (*x)->ts_ms < (*y)->ts_ms ? -1 : 1;
    }
    return (*x)->arrival < (*y)->arrival ? -1 : 1;
}

/* All rows of a customer, or of all members of an account, in order of time. */
static const struct store_row **rows_of(struct checking *k, uint32_t customer, size_t *out_count)
{
    uint32_t one[] = {customer};
    const uint32_t *members = one;
    uint32_t member_count = 1;
    if (k->accounts != NULL) {
        members = k->accounts->at[customer].members;
        member_count = k->accounts->at[customer].member_count;
    }
    size_t count = 0;
    for (uint32_t m = 0; m < member_count; m++) {
        count += k->starts[members[m] + 1] - k->starts[members[m]];
    }
    struct fail fail;
    const struct store_row **rows = arena_alloc(k->arena, count * sizeof(void *) + 1, &fail);
    count = 0;
    for (uint32_t m = 0; m < member_count; m++) {
        for (size_t i = k->starts[members[m]]; i < k->starts[members[m] + 1]; i++) {
            rows[count++] = k->sorted[i];
        }
    }
    if (count > 0) {
        qsort(rows, count, sizeof *rows, compare_times);
    }
    *out_count = count;
    return rows;
}

static void check_batch(struct checking *k, uint8_t *seen)
{
    const struct store_rows *rows = k->rows;
    memset(k->entries, 0, k->options->column_count * sizeof *k->entries);
    assert_int_equal(rows->row_begin[0], 0);
    assert_int_equal(rows->row_begin[rows->customer_count], rows->row_count);
    for (uint32_t c = 0; c < rows->customer_count; c++) {
        uint32_t customer = rows->customers[c];
        assert_int_equal(seen[customer], 0);
        seen[customer] = 1;
        size_t count;
        const struct store_row **all = rows_of(k, customer, &count);
        assert_true(count > 0);
        check_customer(k, c, all, count);
    }
    for (size_t c = 0; c < k->options->column_count; c++) {
        assert_int_equal(k->entries[c], rows->columns[c].count);
    }
}

/* Nobody who should be there is missing, nobody else is there. */
static void check_seen(struct checking *k, const uint8_t *seen, uint32_t bound)
{
    for (uint32_t c = 0; c < bound; c++) {
        size_t count;
        const struct store_row **rows = rows_of(k, c, &count);
        bool comes = k->options->every_customer && count > 0;
        for (size_t i = 0; i < count && !comes; i++) {
            comes = wanted(k, rows[i]);
        }
        assert_int_equal(seen[c], comes && listed(k->options, c));
        if (c % 64 == 0) {
            arena_reset(k->arena);
        }
    }
}

uint64_t lab_check_scan(struct lab *lab, struct store_snapshot *snapshot,
                        const struct store_scan_options *options)
{
    struct fail fail;
    struct arena *arena = arena_new(NULL);
    const struct store_row **sorted = lab_sorted(lab, arena);
    struct checking k = {
        .lab = lab, .arena = arena_new(NULL), .sorted = sorted, .options = options};
    k.entries = arena_small(arena, (options->column_count + 1) * sizeof *k.entries);
    k.starts = arena_small(arena, (lab->customers + 2U) * sizeof *k.starts);
    for (size_t i = 0; i < lab->row_count; i++) {
        k.starts[sorted[i]->customer + 1]++;
    }
    for (uint32_t c = 0; c < lab->customers; c++) {
        k.starts[c + 1] += k.starts[c];
    }
    uint32_t bound = options->by_account ? LAB_ACCOUNTS : lab->customers;
    uint8_t *seen = arena_small(arena, bound);
    struct store_scan *scan;
    struct store_cursor *cursors[2];
    uint64_t rows = 0;
    struct base_budget *budget = base_budget_new((size_t)1 << 30);
    if (options->by_account) {
        lab_must(store_accounts_of(snapshot, &k.accounts, &fail), &fail);
    }
    lab_must(store_scan_new(snapshot, options, &scan, &fail), &fail);
    for (size_t i = 0; i < 2; i++) {
        lab_must(store_cursor_new(scan, budget, &cursors[i], &fail), &fail);
    }
    bool ended[2] = {false, false};
    for (size_t i = 0; !ended[0] || !ended[1]; i = (i + 1) % 2) { /* two cursors share the scan */
        lab_must(store_cursor_next(cursors[i], &k.rows, &fail), &fail);
        assert_false(ended[i] && k.rows->customer_count > 0);
        if (k.rows->customer_count == 0) {
            ended[i] = true;
            continue;
        }
        rows += k.rows->row_count;
        check_batch(&k, seen);
        arena_reset(k.arena);
    }
    for (size_t i = 0; i < 2; i++) {
        store_cursor_free(cursors[i]);
    }
    store_scan_free(scan);
    assert_int_equal(base_budget_used(budget), 0);
    base_budget_free(budget);
    check_seen(&k, seen, bound);
    arena_free(k.arena);
    arena_free(arena);
    return rows;
}

static const struct store_column_ref all_columns[] = {
    {STORE_COLUMN_PROPERTY, {"colour", 6}}, {STORE_COLUMN_TRAIT, {"address.city.zip", 16}},
    {STORE_COLUMN_PROPERTY, {"price", 5}},  {STORE_COLUMN_PROPERTY, {"anything", 8}},
    {STORE_COLUMN_CHANNEL, {NULL, 0}},      {STORE_COLUMN_PROPERTY, {"tags.list", 9}},
    {STORE_COLUMN_TRAIT, {"plan", 4}},      {STORE_COLUMN_TEXT, {NULL, 0}},
    {STORE_COLUMN_PROPERTY, {"rare", 4}},   {STORE_COLUMN_SCORE, {NULL, 0}},
    {STORE_COLUMN_TRAIT, {"address", 7}},   {STORE_COLUMN_SOURCE, {NULL, 0}},
    {STORE_COLUMN_PROPERTY, {"flag", 4}},   {STORE_COLUMN_PROPERTY, {"colour", 6}},
    {STORE_COLUMN_SCALE, {NULL, 0}},        {STORE_COLUMN_TRAIT, {"address.city", 12}},
    {STORE_COLUMN_MESSAGE_ID, {NULL, 0}},   {STORE_COLUMN_PROPERTY, {"never seen", 10}},
    {STORE_COLUMN_RECEIVED_AT, {NULL, 0}},  {STORE_COLUMN_TRAIT, {"never.seen", 10}},
    {STORE_COLUMN_ARRIVAL, {NULL, 0}},      {STORE_COLUMN_HAS_TEXT, {NULL, 0}},
};
/* These bring rows that the filter leaves out, so that scans without any are drawn often. */
static const struct store_column_ref sent_columns[] = {
    {STORE_COLUMN_TRAIT_SENT, {"plan", 4}},
    {STORE_COLUMN_TRAIT_SENT, {"address.city", 12}},
    {STORE_COLUMN_TRAIT_SENT, {"address", 7}},
    {STORE_COLUMN_TRAIT_SENT, {"never.seen", 10}},
};

/* Whichever rows say so; asked twice, as the second answer is a kept one. */
static void check_bearing(const struct lab *lab, struct store_snapshot *snapshot)
{
    uint8_t texts[64] = {0}, scores[64] = {0}, found[2][64] = {{0}};
    struct fail fail;
    for (size_t i = 0; i < lab->row_count; i++) {
        const struct store_row *row = &lab->rows[i];
        assert_true(row->event < 64);
        texts[row->event] |= row->text.data != NULL;
        scores[row->event] |= row->scale != STORE_NO_CODE;
    }
    for (int again = 0; again < 2; again++) {
        memset(found, 0, sizeof found);
        assert_true(store_events_bearing(snapshot, STORE_COLUMN_TEXT, found[0], 64, &fail));
        assert_true(store_events_bearing(snapshot, STORE_COLUMN_SCORE, found[1], 64, &fail));
        assert_memory_equal(found[0], texts, sizeof texts);
        assert_memory_equal(found[1], scores, sizeof scores);
    }
}

/* Any code may have any label, or none; some may lie past the labels. */
static void check_random_labels(struct lab *lab, struct store_snapshot *snapshot,
                                const struct store_scan_options *like)
{
    uint8_t labels[64] = {0};
    struct store_scan_options options = {.from_ms = like->from_ms,
                                         .to_ms = like->to_ms,
                                         .batch_rows = like->batch_rows,
                                         .labels = labels,
                                         .label_count = (uint32_t)lab_dice(lab, 4) == 0 ? 3 : 64};
    if (!like->by_account) {
        options.customers = like->customers;
        options.customer_count = like->customer_count;
    }
    bool all = lab_dice(lab, 3) == 0; /* nothing to leave out */
    for (size_t e = 0; e < ARRAY_LEN(labels); e++) {
        bool none = !all && lab_dice(lab, 2) == 0;
        labels[e] = none ? 0 : (uint8_t)(1 + lab_dice(lab, 255));
    }
    (void)lab_check_scan(lab, snapshot, &options);
    options.slots = true;
    (void)lab_check_scan(lab, snapshot, &options);
    options.from_ms -= options.from_ms % STORE_SLOT_MS; /* by slots alone */
    options.to_ms -= options.to_ms % STORE_SLOT_MS;
    (void)lab_check_scan(lab, snapshot, &options);
}

void lab_check_random_scan(struct lab *lab, struct store_snapshot *snapshot)
{
    check_bearing(lab, snapshot);
    struct store_column_ref columns[ARRAY_LEN(all_columns) + ARRAY_LEN(sent_columns)];
    uint32_t events[3];
    uint32_t customers[64];
    struct store_scan_options options = {.columns = columns};
    bool everything = lab_dice(lab, 4) == 0;
    for (size_t c = 0; c < ARRAY_LEN(all_columns); c++) {
        if (everything || lab_dice(lab, 5) == 0) {
            columns[options.column_count++] = all_columns[c];
        }
    }
    bool any_sent = lab_dice(lab, 3) == 0;
    for (size_t c = 0; any_sent && c < ARRAY_LEN(sent_columns); c++) {
        if (lab_dice(lab, 2) == 0) {
            columns[options.column_count++] = sent_columns[c];
        }
    }
    if (lab_dice(lab, 2) == 0) {
        options.events = events;
        options.event_count = lab_dice(lab, 4);
        for (size_t e = 0; e < options.event_count; e++) {
            events[e] =
                lab_name(lab, STORE_FAMILY_EVENT, lab_event_names[lab_dice(lab, LAB_EVENT_NAMES)]);
        }
    }
    if (lab_dice(lab, 2) == 0) {
        options.from_ms = 1700000000000 + (int64_t)lab_dice(lab, 400000);
        options.to_ms =
            options.from_ms + (int64_t)lab_dice(lab, lab_dice(lab, 2) == 0 ? 100000 : 1000000000);
    }
    options.every_customer = lab_dice(lab, 3) == 0;
    options.want_facts = lab_dice(lab, 3) == 0;
    options.runs = lab_dice(lab, 2) == 0;
    options.batch_rows = lab_dice(lab, 2) == 0 ? 0 : 1 + (uint32_t)lab_dice(lab, 2000);
    options.by_account = lab_dice(lab, 3) == 0;
    if (options.by_account && lab_dice(lab, 3) == 0) {
        options.customers = customers;
        for (uint32_t a = 0; a < LAB_ACCOUNTS; a++) {
            if (lab_dice(lab, 2) == 0) {
                customers[options.customer_count++] = a;
            }
        }
    }
    if (!options.by_account && lab_dice(lab, 3) == 0) {
        options.customers = customers;
        for (uint32_t c = 0; c < lab->customers && options.customer_count < 64; c++) {
            if (lab_root(lab, c) == c && lab_dice(lab, lab->customers) < 40) {
                customers[options.customer_count++] = c;
            }
        }
    }
    (void)lab_check_scan(lab, snapshot, &options);
    check_random_labels(lab, snapshot, &options);
}
