#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "store_lab.h"

void lab_must(bool ok, const struct fail *fail)
{
    if (!ok) {
        fail_msg("%s", fail->message);
    }
}

/* ---- identity, by the book ---------------------------------------------------------------------------- */

struct store_identity_view {
    const struct lab *lab;
    uint64_t position;
    uint32_t count;
    uint32_t *roots; /* by number */
};

static uint32_t root_at(const struct lab *lab, uint32_t number, uint64_t position)
{
    for (;;) {
        uint32_t parent = STORE_NO_CUSTOMER;
        for (uint64_t i = 0; i < position; i++) {
            if (lab->changes[i].child == number) {
                parent = lab->changes[i].parent;
            }
        }
        if (parent == STORE_NO_CUSTOMER) {
            return number;
        }
        number = parent;
    }
}

static void rebuild_view(struct lab *lab)
{
    struct store_identity_view *view = arena_small(lab->arena, sizeof *view);
    view->lab = lab;
    view->position = lab->change_count;
    view->count = lab->customers;
    view->roots = arena_small(lab->arena, lab->customers * sizeof *view->roots);
    for (uint32_t n = 0; n < lab->customers; n++) {
        view->roots[n] = root_at(lab, n, lab->change_count);
    }
    lab->view = view;
}

uint32_t store_identity_root(const struct store_identity_view *view, uint32_t number)
{
    return number < view->count ? view->roots[number] : number;
}

uint64_t store_identity_position(const struct store_identity_view *view)
{
    return view->position;
}

bool store_identity_moved(const struct store_identity_view *view, uint64_t since,
                          struct arena *arena, uint32_t **out, size_t *out_count, struct fail *fail)
{
    const struct lab *lab = view->lab;
    (void)fail;
    bool *moved = arena_small(arena, view->count * sizeof *moved);
    for (uint64_t p = since; p < view->position; p++) {
        const struct lab_change *change = &lab->changes[p];
        uint32_t child = root_at(lab, change->child, p);
        uint32_t parent =
            change->parent == STORE_NO_CUSTOMER ? child : root_at(lab, change->parent, p);
        for (uint32_t n = 0; n < view->count; n++) {
            uint32_t root = root_at(lab, n, p);
            moved[n] |= root == child || root == parent;
        }
    }
    uint32_t *list = arena_small(arena, view->count * sizeof *list);
    size_t count = 0;
    for (uint32_t n = 0; n < view->count; n++) {
        if (moved[n]) {
            list[count++] = n;
        }
    }
    *out = list;
    *out_count = count;
    return true;
}

bool store_identity_places(const struct store_identity_view *view, uint32_t root,
                           struct arena *arena, uint32_t **out, size_t *out_count,
                           struct fail *fail)
{
    (void)fail;
    bool *place = arena_small(arena, view->count * sizeof *place);
    for (uint32_t n = 0; n < view->count; n++) {
        if (view->roots[n] == root) {
            for (uint64_t p = 0; p <= view->position; p++) {
                place[root_at(view->lab, n, p)] = true;
            }
        }
    }
    uint32_t *list = arena_small(arena, view->count * sizeof *list);
    size_t count = 0;
    for (uint32_t n = view->count; n-- > 0;) { /* no order is promised */
        if (place[n]) {
            list[count++] = n;
        }
    }
    *out = list;
    *out_count = count;
    return true;
}

uint32_t lab_root(const struct lab *lab, uint32_t number)
{
    return lab->view->roots[number];
}

static void add_change(struct lab *lab, uint32_t child, uint32_t parent)
{
    assert_true(lab->change_count < ARRAY_LEN(lab->changes));
    lab->changes[lab->change_count++] = (struct lab_change){child, parent};
    rebuild_view(lab);
}

void lab_join(struct lab *lab, uint32_t child, uint32_t parent)
{
    child = lab_root(lab, child);
    parent = lab_root(lab, parent);
    if (child != parent) {
        add_change(lab, child, parent);
    }
}

void lab_split(struct lab *lab, uint32_t child)
{
    if (lab_root(lab, child) != child) {
        add_change(lab, child, STORE_NO_CUSTOMER);
    }
}

/* ---- the lab ------------------------------------------------------------------------------------------ */

#define FRESH_MAX 400000U

struct lab *lab_new(uint64_t seed, uint32_t customers)
{
    struct lab *lab = base_alloc_zero(sizeof *lab);
    lab->arena = arena_new(NULL);
    base_random_seed(&lab->seeded, seed);
    lab->random = &lab->seeded.random;
    lab->sim = disk_sim_new(seed);
    lab->disk = disk_sim_disk(lab->sim);
    lab->names = store_names_new();
    lab->customers = customers;
    lab->fresh = store_fresh_new(FRESH_MAX);
    lab->next_id = 1;
    rebuild_view(lab);
    return lab;
}

void lab_free(struct lab *lab)
{
    for (size_t s = 0; s < lab->segment_count; s++) {
        store_segment_unref(lab->segments[s]);
    }
    store_fresh_unref(lab->fresh);
    store_names_free(lab->names);
    disk_sim_free(lab->sim);
    base_free(lab->rows);
    arena_free(lab->arena);
    base_free(lab);
}

uint32_t lab_name(struct lab *lab, enum store_family family, const char *name)
{
    return store_names_intern(lab->names, family, str_from_c(name));
}

void lab_add(struct lab *lab, const struct store_row *row)
{
    struct fail fail;
    struct store_row copy = *row;
    void *block = lab->rows;
    copy.arrival = lab->row_count + 1;
    copy.customer = lab_root(lab, row->original);
    lab_must(base_grow_array(&block, &lab->row_capacity, lab->row_count + 1, sizeof copy, &fail),
             &fail);
    lab->rows = block;
    lab_must(store_fresh_append(lab->fresh, &copy, &fail), &fail);
    /* Bytes and cells of the list live in the lab's arena, longer than the fresh table's. */
    struct store_cell *cells = arena_small(
        lab->arena, (row->property_count + row->trait_count) * sizeof *cells + sizeof *cells);
    for (uint32_t i = 0; i < row->property_count + row->trait_count; i++) {
        cells[i] =
            i < row->property_count ? row->properties[i] : row->traits[i - row->property_count];
        if (cells[i].value.kind == STORE_STRING) {
            cells[i].value.s = str_copy(lab->arena, store_value_text(cells[i].value)).data;
        }
    }
    copy.properties = cells;
    copy.traits = cells + row->property_count;
    copy.text = row->text.data == NULL ? row->text : str_copy(lab->arena, row->text);
    copy.message_id =
        row->message_id.data == NULL ? row->message_id : str_copy(lab->arena, row->message_id);
    lab->rows[lab->row_count++] = copy;
}

static uint64_t dice(struct lab *lab, uint64_t sides)
{
    return base_random_below(lab->random, sides);
}

static const char *const event_names[] = {"Viewed", "Bought",    "identify",
                                          "Left",   "contacted", "Rare"};
static const char *const property_names[] = {"colour",    "price", "anything",
                                             "tags.list", "rare",  "flag"};
static const char *const trait_names[] = {"plan", "address", "address.city", "address.city.zip",
                                          "age"};
static const char *const colours[] = {"red", "green", "blue", "", "ultra\xc3\xa9"};

static struct store_value random_value(struct lab *lab, char text[32])
{
    switch (dice(lab, 8)) {
    case 0:
        return store_value_bool(dice(lab, 2) == 1);
    case 1:
        return store_value_int((int64_t)base_random_u64(lab->random));
    case 2:
        return store_value_uint(base_random_u64(lab->random) | UINT64_C(1) << 63);
    case 3:
        return store_value_double(base_random_unit(lab->random));
    case 4:
        return store_value_double((double)dice(lab, 5000) / 4);
    case 5: {
        size_t len = dice(lab, 32);
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)dice(lab, 256);
        }
        return store_value_str(str_of(text, len));
    }
    default:
        return store_value_str(str_from_c(colours[dice(lab, ARRAY_LEN(colours))]));
    }
}

static uint32_t random_properties(struct lab *lab, struct store_cell *cells, char texts[][32])
{
    uint32_t count = 0;
    for (uint64_t i = dice(lab, 6); i > 0; i--) {
        uint64_t which = dice(lab, ARRAY_LEN(property_names));
        struct store_cell cell = {lab_name(lab, STORE_FAMILY_PROPERTY, property_names[which]), {0}};
        switch (which) {
        case 0:
            cell.value = store_value_str(str_from_c(colours[dice(lab, ARRAY_LEN(colours))]));
            break;
        case 1:
            cell.value = store_value_double((double)dice(lab, 100000) / 100);
            break;
        case 4:
            if (dice(lab, 20) != 0) {
                continue;
            }
            cell.value = store_value_int((int64_t)dice(lab, 10));
            break;
        case 5:
            cell.value = store_value_bool(dice(lab, 2) == 0);
            break;
        default:
            cell.value = random_value(lab, texts[count]);
            break;
        }
        cells[count++] = cell;
    }
    return count;
}

static uint32_t random_traits(struct lab *lab, struct store_cell *cells)
{
    if (dice(lab, 3) != 0) {
        return 0;
    }
    uint32_t count = 0;
    for (uint64_t i = dice(lab, 4); i > 0; i--) {
        cells[count].name =
            lab_name(lab, STORE_FAMILY_TRAIT, trait_names[dice(lab, ARRAY_LEN(trait_names))]);
        cells[count].value =
            dice(lab, 4) == 0 ? (struct store_value){.kind = STORE_NULL}
            : dice(lab, 2) == 0
                ? store_value_int((int64_t)dice(lab, 50))
                : store_value_str(str_from_c(colours[dice(lab, ARRAY_LEN(colours))]));
        count++;
    }
    return count;
}

static void add_random_row(struct lab *lab)
{
    char texts[8][32];
    char id[40];
    struct store_cell properties[8];
    struct store_cell traits[8];
    static const char *const scales[] = {"nps", "stars"};
    static const char *const channels[] = {"web", "app", "store"};
    int64_t ts_ms = 1700000000000 + (int64_t)dice(lab, 400) * 1000;
    struct store_row row = {
        .original =
            (uint32_t)dice(lab, dice(lab, 4) == 0 ? lab->customers : lab->customers / 8 + 1),
        .ts_ms = dice(lab, 10) == 0 ? ts_ms + (int64_t)dice(lab, 86400000) * 30 : ts_ms,
        .client_ts_ms = STORE_NO_TIME,
        .sent_at_ms = STORE_NO_TIME,
        .event =
            lab_name(lab, STORE_FAMILY_EVENT, event_names[dice(lab, 30) == 0 ? 5 : dice(lab, 5)]),
        .source = lab_name(lab, STORE_FAMILY_SOURCE, dice(lab, 9) == 0 ? "import" : "site"),
        .channel = STORE_NO_CODE,
        .scale = STORE_NO_CODE,
    };
    row.received_at_ms = row.ts_ms + (int64_t)dice(lab, 5000);
    if (dice(lab, 3) != 0) {
        row.channel = lab_name(lab, STORE_FAMILY_CHANNEL, channels[dice(lab, 3)]);
    }
    if (dice(lab, 10) == 0) {
        row.scale = lab_name(lab, STORE_FAMILY_SCALE, scales[dice(lab, 2)]);
        row.score = store_value_int((int64_t)dice(lab, 6));
        row.text = dice(lab, 2) == 0 ? STR("It came late, and the box was wet.") : STR("");
    }
    if (dice(lab, 4) != 0) {
        (void)snprintf(id, sizeof id, "m-%llx", (unsigned long long)base_random_u64(lab->random));
        row.message_id = str_from_c(id);
    }
    if (dice(lab, 15) == 0) {
        row.client_ts_ms = row.ts_ms - (int64_t)dice(lab, 100000);
        row.sent_at_ms = row.ts_ms + (int64_t)dice(lab, 1000);
    }
    row.properties = properties;
    row.property_count = random_properties(lab, properties, texts);
    row.traits = traits;
    row.trait_count = random_traits(lab, traits);
    lab_add(lab, &row);
}

void lab_add_random(struct lab *lab, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_random_row(lab);
    }
}

static void open_segment(struct lab *lab, const struct store_segment_info *info, size_t at)
{
    struct fail fail;
    lab_must(store_segment_open(lab->disk, lab->names, info, &lab->segments[at], &fail), &fail);
}

void lab_seal(struct lab *lab)
{
    struct fail fail;
    const struct store_fresh_view fresh = {lab->fresh, store_fresh_count(lab->fresh)};
    if (fresh.count == 0) {
        return;
    }
    const struct store_segment_build build = {.disk = lab->disk,
                                              .names = lab->names,
                                              .view = lab->view,
                                              .fresh = &fresh,
                                              .fresh_count = 1};
    struct store_segment_info info = {.id = lab->next_id++};
    assert_true(lab->segment_count < LAB_SEGMENTS_MAX);
    lab_must(store_segment_write(&build, &info, &fail), &fail);
    assert_int_equal(info.rows, fresh.count);
    open_segment(lab, &info, lab->segment_count++);
    store_fresh_unref(lab->fresh);
    lab->fresh = store_fresh_new(FRESH_MAX);
    lab->fresh_from = lab->row_count;
}

void lab_merge(struct lab *lab, size_t first, size_t count)
{
    struct fail fail;
    const struct store_segment_build build = {.disk = lab->disk,
                                              .names = lab->names,
                                              .view = lab->view,
                                              .segments = lab->segments + first,
                                              .segment_count = count};
    struct store_segment_info info = {.id = lab->next_id++};
    lab_must(store_segment_write(&build, &info, &fail), &fail);
    uint64_t rows = 0;
    for (size_t s = first; s < first + count; s++) {
        rows += store_segment_info(lab->segments[s])->rows;
        store_segment_doom(lab->segments[s]);
        store_segment_unref(lab->segments[s]);
    }
    assert_int_equal(info.rows, rows);
    open_segment(lab, &info, first);
    lab->segment_count -= count - 1;
    for (size_t s = first + 1; s < lab->segment_count; s++) {
        lab->segments[s] = lab->segments[s + count - 1];
    }
}

void lab_snapshot(struct lab *lab, struct store_snapshot *out)
{
    *out = (struct store_snapshot){
        .names = lab->names,
        .segments = lab->segments,
        .segment_count = lab->segment_count,
        .fresh = {{lab->fresh, store_fresh_count(lab->fresh)}},
        .fresh_count = 1,
        .identity = lab->view,
        .customer_bound = lab->customers,
        .rows = lab->row_count,
    };
    base_mutex_init(&out->cache_lock);
}

void lab_snapshot_done(struct store_snapshot *snapshot)
{
    if (snapshot->cache != NULL) {
        snapshot->cache_free(snapshot->cache);
    }
    arena_free(snapshot->accounts_arena);
    base_mutex_done(&snapshot->cache_lock);
}

/* ---- accounts: some are in none, some in two, some have nobody with rows -------------------------------- */

#define LAB_ACCOUNTS 8U

static bool is_member(uint32_t number, uint32_t account)
{
    return number % 9 == account || number % 13 == account;
}

bool store_accounts_of(struct store_snapshot *snapshot, const struct store_accounts **out,
                       struct fail *fail)
{
    const struct store_identity_view *view = snapshot->identity;
    if (snapshot->accounts_arena == NULL) {
        struct arena *arena = arena_new(NULL);
        struct store_accounts *table = arena_small(arena, sizeof *table);
        struct store_account *accounts = arena_array(arena, LAB_ACCOUNTS, sizeof *accounts, fail);
        table->at = accounts;
        table->count = LAB_ACCOUNTS;
        for (uint32_t a = 0; a < LAB_ACCOUNTS; a++) {
            uint8_t *in = arena_array(arena, view->count, 1, fail);
            uint32_t *members = arena_array(arena, view->count, sizeof *members, fail);
            for (uint32_t n = 0; n < view->count; n++) {
                in[view->roots[n]] |= is_member(n, a);
            }
            accounts[a].id = str_format(arena, "account %u", a);
            accounts[a].members = members;
            for (uint32_t n = 0; n < view->count; n++) {
                if (in[n] != 0) {
                    members[accounts[a].member_count++] = n;
                }
            }
        }
        snapshot->accounts = table;
        snapshot->accounts_arena = arena;
    }
    *out = snapshot->accounts;
    return true;
}

/* ---- the naive truth ---------------------------------------------------------------------------------- */

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

/* The next value of a column must be this one. */
static void expect(struct checking *k, size_t column, uint32_t at, struct store_value value)
{
    const struct store_column *in = &k->rows->columns[column];
    uint32_t entry = k->entries[column]++;
    assert_true(entry < in->count);
    assert_int_equal(in->at[entry], at);
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
    assert_int_equal(k->rows->ts_ms[at], row->ts_ms);
    assert_int_equal(k->rows->events[at], row->event);
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

void lab_check_random_scan(struct lab *lab, struct store_snapshot *snapshot)
{
    check_bearing(lab, snapshot);
    struct store_column_ref columns[ARRAY_LEN(all_columns) + ARRAY_LEN(sent_columns)];
    uint32_t events[3];
    uint32_t customers[64];
    struct store_scan_options options = {.columns = columns};
    bool everything = dice(lab, 4) == 0;
    for (size_t c = 0; c < ARRAY_LEN(all_columns); c++) {
        if (everything || dice(lab, 5) == 0) {
            columns[options.column_count++] = all_columns[c];
        }
    }
    bool any_sent = dice(lab, 3) == 0;
    for (size_t c = 0; any_sent && c < ARRAY_LEN(sent_columns); c++) {
        if (dice(lab, 2) == 0) {
            columns[options.column_count++] = sent_columns[c];
        }
    }
    if (dice(lab, 2) == 0) {
        options.events = events;
        options.event_count = dice(lab, 4);
        for (size_t e = 0; e < options.event_count; e++) {
            events[e] = lab_name(lab, STORE_FAMILY_EVENT, event_names[dice(lab, 6)]);
        }
    }
    if (dice(lab, 2) == 0) {
        options.from_ms = 1700000000000 + (int64_t)dice(lab, 400000);
        options.to_ms =
            options.from_ms + (int64_t)dice(lab, dice(lab, 2) == 0 ? 100000 : 1000000000);
    }
    options.every_customer = dice(lab, 3) == 0;
    options.want_facts = dice(lab, 3) == 0;
    options.batch_rows = dice(lab, 2) == 0 ? 0 : 1 + (uint32_t)dice(lab, 2000);
    options.by_account = dice(lab, 3) == 0;
    if (options.by_account && dice(lab, 3) == 0) {
        options.customers = customers;
        for (uint32_t a = 0; a < LAB_ACCOUNTS; a++) {
            if (dice(lab, 2) == 0) {
                customers[options.customer_count++] = a;
            }
        }
    }
    if (!options.by_account && dice(lab, 3) == 0) {
        options.customers = customers;
        for (uint32_t c = 0; c < lab->customers && options.customer_count < 64; c++) {
            if (lab_root(lab, c) == c && dice(lab, lab->customers) < 40) {
                customers[options.customer_count++] = c;
            }
        }
    }
    (void)lab_check_scan(lab, snapshot, &options);
}
