#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base_bytes.h"
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

static uint32_t parent_at(const struct lab *lab, uint32_t number, uint64_t position)
{
    uint32_t parent = STORE_NO_CUSTOMER;
    for (uint64_t i = 0; i < position; i++) {
        if (lab->changes[i].child == number) {
            parent = lab->changes[i].parent;
        }
    }
    return parent;
}

static uint32_t root_at(const struct lab *lab, uint32_t number, uint64_t position)
{
    for (;;) {
        uint32_t parent = parent_at(lab, number, position);
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
                          struct store_moved **out, struct fail *fail)
{
    const struct lab *lab = view->lab;
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    bool *moved = arena_small(arena, view->count * sizeof *moved);
    bool *split = arena_small(arena, view->count * sizeof *split);
    for (uint64_t p = since; p < view->position; p++) {
        const struct lab_change *change = &lab->changes[p];
        uint32_t child = root_at(lab, change->child, p);
        uint32_t parent =
            change->parent == STORE_NO_CUSTOMER ? child : root_at(lab, change->parent, p);
        for (uint32_t n = 0; n < view->count; n++) {
            uint32_t root = root_at(lab, n, p);
            moved[n] |= root == child || root == parent;
        }
        if (change->parent == STORE_NO_CUSTOMER) {
            split[change->child] = true;
            split[parent_at(lab, change->child, p)] = true;
        }
    }
    struct store_moved *list = store_moved_new(view->count, fail);
    if (list == NULL) {
        return false;
    }
    list->count = 0;
    for (uint32_t n = 0; n < view->count; n++) {
        if (moved[n]) {
            list->numbers[list->count] = n;
            list->roots[list->count] = view->roots[n];
            list->splits[list->count++] = split[n] ? STORE_MOVED_SPLIT : 0;
        }
    }
    store_moved_lay_out(list);
    *out = list;
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

uint64_t lab_dice(struct lab *lab, uint64_t sides)
{
    return base_random_below(lab->random, sides);
}

const char *const lab_event_names[LAB_EVENT_NAMES] = {"Viewed", "Bought",    "identify",
                                                      "Left",   "contacted", "Rare"};
static const char *const property_names[] = {"colour",    "price", "anything",
                                             "tags.list", "rare",  "flag"};
static const char *const trait_names[] = {"plan", "address", "address.city", "address.city.zip",
                                          "age"};
static const char *const colours[] = {"red", "green", "blue", "", "ultra\xc3\xa9"};

static struct store_value random_value(struct lab *lab, char text[32])
{
    switch (lab_dice(lab, 8)) {
    case 0:
        return store_value_bool(lab_dice(lab, 2) == 1);
    case 1:
        return store_value_int((int64_t)base_random_u64(lab->random));
    case 2:
        return store_value_uint(base_random_u64(lab->random) | UINT64_C(1) << 63);
    case 3:
        return store_value_double(base_random_unit(lab->random));
    case 4:
        return store_value_double((double)lab_dice(lab, 5000) / 4);
    case 5: {
        size_t len = lab_dice(lab, 32);
        for (size_t i = 0; i < len; i++) {
            text[i] = (char)lab_dice(lab, 256);
        }
        return store_value_str(str_of(text, len));
    }
    default:
        return store_value_str(str_from_c(colours[lab_dice(lab, ARRAY_LEN(colours))]));
    }
}

static uint32_t random_properties(struct lab *lab, struct store_cell *cells, char texts[][32])
{
    uint32_t count = 0;
    for (uint64_t i = lab_dice(lab, 6); i > 0; i--) {
        uint64_t which = lab_dice(lab, ARRAY_LEN(property_names));
        struct store_cell cell = {lab_name(lab, STORE_FAMILY_PROPERTY, property_names[which]), {0}};
        switch (which) {
        case 0:
            cell.value = store_value_str(str_from_c(colours[lab_dice(lab, ARRAY_LEN(colours))]));
            break;
        case 1:
            cell.value = store_value_double((double)lab_dice(lab, 100000) / 100);
            break;
        case 4:
            if (lab_dice(lab, 20) != 0) {
                continue;
            }
            cell.value = store_value_int((int64_t)lab_dice(lab, 10));
            break;
        case 5:
            cell.value = store_value_bool(lab_dice(lab, 2) == 0);
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
    if (lab_dice(lab, 3) != 0) {
        return 0;
    }
    uint32_t count = 0;
    for (uint64_t i = lab_dice(lab, 4); i > 0; i--) {
        cells[count].name =
            lab_name(lab, STORE_FAMILY_TRAIT, trait_names[lab_dice(lab, ARRAY_LEN(trait_names))]);
        cells[count].value =
            lab_dice(lab, 4) == 0 ? (struct store_value){.kind = STORE_NULL}
            : lab_dice(lab, 2) == 0
                ? store_value_int((int64_t)lab_dice(lab, 50))
                : store_value_str(str_from_c(colours[lab_dice(lab, ARRAY_LEN(colours))]));
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
    int64_t ts_ms = 1700000000000 + (int64_t)lab_dice(lab, 400) * 1000;
    struct store_row row = {
        .original = (uint32_t)lab_dice(lab, lab_dice(lab, 4) == 0 ? lab->customers
                                                                  : lab->customers / 8 + 1),
        .ts_ms = lab_dice(lab, 10) == 0 ? ts_ms + (int64_t)lab_dice(lab, 86400000) * 30 : ts_ms,
        .client_ts_ms = STORE_NO_TIME,
        .sent_at_ms = STORE_NO_TIME,
        .event = lab_name(lab, STORE_FAMILY_EVENT,
                          lab_event_names[lab_dice(lab, 30) == 0 ? 5 : lab_dice(lab, 5)]),
        .source = lab_name(lab, STORE_FAMILY_SOURCE, lab_dice(lab, 9) == 0 ? "import" : "site"),
        .channel = STORE_NO_CODE,
        .scale = STORE_NO_CODE,
    };
    row.received_at_ms = row.ts_ms + (int64_t)lab_dice(lab, 5000);
    if (lab_dice(lab, 3) != 0) {
        row.channel = lab_name(lab, STORE_FAMILY_CHANNEL, channels[lab_dice(lab, 3)]);
    }
    if (lab_dice(lab, 10) == 0) {
        row.scale = lab_name(lab, STORE_FAMILY_SCALE, scales[lab_dice(lab, 2)]);
        row.score = store_value_int((int64_t)lab_dice(lab, 6));
        row.text = lab_dice(lab, 2) == 0 ? STR("It came late, and the box was wet.") : STR("");
    }
    if (lab_dice(lab, 4) != 0) {
        (void)snprintf(id, sizeof id, "m-%llx", (unsigned long long)base_random_u64(lab->random));
        row.message_id = str_from_c(id);
    }
    if (lab_dice(lab, 15) == 0) {
        row.client_ts_ms = row.ts_ms - (int64_t)lab_dice(lab, 100000);
        row.sent_at_ms = row.ts_ms + (int64_t)lab_dice(lab, 1000);
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
                                              .segment_count = count,
                                              .zone = lab->zone,
                                              .apart = true};
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

uint8_t *lab_section(uint8_t *footer, uint32_t tag)
{
    uint32_t sections = base_get_u32(footer + 72);
    uint8_t *at = footer + STORE_SEGMENT_FOOTER_BYTES + (size_t)sections * 16;
    for (uint32_t s = 0; s < sections; s++) {
        const uint8_t *entry = footer + STORE_SEGMENT_FOOTER_BYTES + (size_t)s * 16;
        if (base_get_u32(entry) == tag) {
            return at;
        }
        at += (base_get_u64(entry + 8) + 7) / 8 * 8;
    }
    fail_msg("no section %u", tag);
    return NULL;
}
