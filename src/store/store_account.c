/* store_account.c — accounts: which there are, and who belongs to them. */
#include <stdlib.h>

#include "store_identity.h"
#include "store_vec.h"

/* ---- the table of a snapshot ---------------------------------------------------------------------------- */

struct membership {
    struct str account; /* lives as long as the view */
    uint32_t customer;
};
struct memberships {
    const struct store_identity_view *view;
    struct membership *at;
    size_t count, capacity;
    struct fail *fail;
    bool failed;
};

static bool take_membership(void *context, const struct store_ident *ident)
{
    struct memberships *all = context;
    void *at = all->at;
    if (!base_grow_array(&at, &all->capacity, all->count + 1, sizeof *all->at, all->fail)) {
        all->failed = true;
        return false;
    }
    all->at = at;
    all->at[all->count++] =
        (struct membership){ident->id.value, store_identity_root(all->view, ident->number)};
    return true;
}

static int compare_memberships(const void *a, const void *b)
{
    const struct membership *x = a;
    const struct membership *y = b;
    int ids = str_compare(x->account, y->account);
    if (ids != 0) {
        return ids;
    }
    return x->customer < y->customer ? -1 : x->customer > y->customer;
}

/* Sorted; those joined may be members of one account several times over. */
static void sort_unique(struct memberships *all)
{
    if (all->count < 2) {
        return;
    }
    qsort(all->at, all->count, sizeof *all->at, compare_memberships);
    size_t kept = 1;
    for (size_t i = 1; i < all->count; i++) {
        if (compare_memberships(&all->at[kept - 1], &all->at[i]) != 0) {
            all->at[kept++] = all->at[i];
        }
    }
    all->count = kept;
}

static bool make_table(const struct memberships *all, struct arena *arena,
                       const struct store_accounts **out, struct fail *fail)
{
    struct store_accounts *table = arena_small(arena, sizeof *table);
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        count += i == 0 || !str_equal(all->at[i - 1].account, all->at[i].account);
    }
    struct store_account *accounts = arena_array(arena, count, sizeof *accounts, fail);
    uint32_t *members = arena_array(arena, all->count, sizeof *members, fail);
    if (accounts == NULL || members == NULL) {
        return false;
    }
    struct store_account *account = NULL;
    for (size_t i = 0; i < all->count; i++) {
        members[i] = all->at[i].customer;
        if (account == NULL || !str_equal(account->id, all->at[i].account)) {
            account = &accounts[table->count++];
            *account = (struct store_account){.id = all->at[i].account, .members = &members[i]};
        }
        account->member_count++;
    }
    table->at = accounts;
    *out = table;
    return true;
}

static bool make_locked(struct store_snapshot *snapshot, struct fail *fail)
{
    struct memberships all = {.view = snapshot->identity, .fail = fail};
    struct arena *arena = arena_new(NULL);
    bool ok = store_identity_memberships(snapshot->identity, take_membership, &all, fail) &&
              !all.failed && store_identity_sound(snapshot->identity, fail);
    if (ok) {
        sort_unique(&all);
        ok = make_table(&all, arena, &snapshot->accounts, fail);
    }
    base_free(all.at);
    if (!ok) {
        arena_free(arena);
        return false;
    }
    snapshot->accounts_arena = arena;
    return true;
}

bool store_accounts_of(struct store_snapshot *snapshot, const struct store_accounts **out,
                       struct fail *fail)
{
    base_lock(&snapshot->cache_lock);
    bool ok = snapshot->accounts != NULL || make_locked(snapshot, fail);
    *out = snapshot->accounts;
    base_unlock(&snapshot->cache_lock);
    return ok;
}

uint32_t store_accounts_find(const struct store_accounts *accounts, struct str id)
{
    uint32_t low = 0;
    uint32_t high = accounts->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (str_compare(accounts->at[middle].id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < accounts->count && str_equal(accounts->at[low].id, id) ? low : STORE_NO_CUSTOMER;
}

/* ---- traits ---------------------------------------------------------------------------------------------- */

static int compare_columns(const void *a, const void *b)
{
    const struct store_column_ref *x = a;
    const struct store_column_ref *y = b;
    return str_compare(x->name, y->name);
}

static bool copy_traits(const struct store_column_ref *columns, size_t column_count,
                        const struct store_rows *rows, struct arena *arena,
                        struct store_field **out, size_t *out_count, struct fail *fail)
{
    size_t total = 0;
    for (size_t c = 0; rows->customer_count > 0 && c < column_count; c++) {
        total += rows->columns[c].count;
    }
    struct store_field *fields = arena_array(arena, total, sizeof *fields, fail);
    if (fields == NULL) {
        return false;
    }
    size_t count = 0;
    for (size_t c = 0; total > 0 && c < column_count; c++) {
        for (uint32_t i = 0; i < rows->columns[c].count; i++) {
            struct store_value value = rows->columns[c].values[i];
            if (value.kind == STORE_STRING) {
                value = store_value_str(str_copy(arena, store_value_text(value)));
            }
            fields[count++] = (struct store_field){columns[c].name, value};
        }
    }
    *out = fields;
    *out_count = total;
    return true;
}

bool store_account_traits(struct store_snapshot *snapshot, uint32_t account, struct arena *arena,
                          struct store_field **out, size_t *out_count, struct fail *fail)
{
    uint32_t count = store_names_count(snapshot->names, STORE_FAMILY_TRAIT);
    struct store_column_ref *columns = arena_array(arena, count, sizeof *columns, fail);
    if (columns == NULL) {
        return false;
    }
    for (uint32_t c = 0; c < count; c++) {
        columns[c] = (struct store_column_ref){
            STORE_COLUMN_TRAIT, store_names_get(snapshot->names, STORE_FAMILY_TRAIT, c)};
    }
    if (count > 0) {
        qsort(columns, count, sizeof *columns, compare_columns);
    }
    /* No rows of its own are wanted; it still comes, with its traits. */
    const struct store_scan_options options = {
        .columns = columns,
        .column_count = count,
        .from_ms = INT64_MIN,
        .to_ms = INT64_MIN + 1,
        .every_customer = true,
        .by_account = true,
        .customers = &account,
        .customer_count = 1,
    };
    struct store_scan *scan;
    struct store_cursor *cursor = NULL;
    const struct store_rows *rows;
    if (!store_scan_new(snapshot, &options, &scan, fail)) {
        return false;
    }
    bool ok = store_cursor_new(scan, NULL, &cursor, fail) &&
              store_cursor_next(cursor, &rows, fail) &&
              copy_traits(columns, count, rows, arena, out, out_count, fail);
    if (cursor != NULL) {
        store_cursor_free(cursor);
    }
    store_scan_free(scan);
    return ok;
}
