/* Accounts: what one is, and who belongs to it. */
#include <stdlib.h>

#include "app_internal.h"

#define MEMBERS_SHOWN 50
#define MEMBERS_MAX 1000

struct member {
    uint32_t customer;
    int64_t first_ms, last_ms;
    uint64_t events;
};

static bool find_account(struct store_snapshot *snapshot, struct str id, uint32_t *out_number,
                         const struct store_account **out, struct fail *fail)
{
    const struct store_accounts *accounts;
    if (!store_accounts_of(snapshot, &accounts, fail)) {
        return false;
    }
    *out_number = store_accounts_find(accounts, id);
    if (*out_number == STORE_NO_CUSTOMER) {
        return fail_set(fail, FAIL_ABSENT, "there is no account \"%.*s\"", STR_ARG(id));
    }
    *out = &accounts->at[*out_number];
    return true;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* The first and last seen and the number of events of members, or of one account as a whole. */
static bool read_facts(struct app *app, struct store_snapshot *snapshot, bool by_account,
                       const uint32_t *who, uint32_t count, struct member *out, uint32_t *out_count,
                       struct fail *fail)
{
    *out_count = 0;
    const struct store_scan_options options = {
        .from_ms = INT64_MIN, /* no rows: facts come without */
        .to_ms = INT64_MIN + 1,
        .every_customer = true,
        .want_facts = true,
        .by_account = by_account,
        .customers = who,
        .customer_count = count,
    };
    struct store_scan *scan = NULL;
    struct store_cursor *cursor = NULL;
    struct base_budget *budget = base_budget_new((size_t)app->config.query_memory_mb << 20);
    const struct store_rows *rows = NULL;
    bool good = store_scan_new(snapshot, &options, &scan, fail) &&
                store_cursor_new(scan, budget, &cursor, fail);
    while (good && (good = store_cursor_next(cursor, &rows, fail)) && rows->customer_count > 0) {
        for (uint32_t c = 0; c < rows->customer_count; c++) {
            out[(*out_count)++] = (struct member){rows->customers[c], rows->first_seen_ms[c],
                                                  rows->last_seen_ms[c], rows->event_counts[c]};
        }
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    base_budget_free(budget);
    return good;
}

/* Those seen last come first; who was never seen comes last. */
static int compare_members(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->last_ms != y->last_ms) {
        return x->last_ms > y->last_ms ? -1 : 1;
    }
    return x->customer < y->customer ? -1 : x->customer > y->customer;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static void write_facts(struct json_writer *w, const struct member *facts)
{
    app_write_instant(w, "first_seen", facts->first_ms);
    app_write_instant(w, "last_seen", facts->last_ms);
    json_name_c(w, "events");
    json_write_uint(w, facts->events);
}

static bool write_member(struct store_snapshot *snapshot, const struct member *member,
                         struct arena *arena, struct json_writer *w, struct fail *fail)
{
    struct store_field *traits;
    size_t count;
    if (!store_customer_traits(snapshot, member->customer, arena, &traits, &count, fail)) {
        return false;
    }
    json_begin_object(w);
    json_name_c(w, "id");
    json_write_str(w, store_customer_id(snapshot, member->customer, arena));
    json_name_c(w, "known");
    json_write_bool(w, store_customer_known(snapshot, member->customer));
    write_facts(w, member);
    json_name_c(w, "traits");
    store_json_fields(w, traits, count, false);
    json_end_object(w);
    return true;
}

static bool write_account(struct app *app, struct store_snapshot *snapshot, struct str id,
                          size_t limit, struct arena *arena, struct base_buf *out,
                          struct fail *fail)
{
    uint32_t number;
    const struct store_account *account;
    struct member whole = {.first_ms = STORE_NO_TIME, .last_ms = STORE_NO_TIME};
    struct store_field *traits;
    size_t trait_count;
    if (!find_account(snapshot, id, &number, &account, fail)) {
        return false;
    }
    struct member *members = arena_array(arena, account->member_count, sizeof *members, fail);
    uint32_t accounts, count;
    if (members == NULL || !read_facts(app, snapshot, true, &number, 1, &whole, &accounts, fail) ||
        !read_facts(app, snapshot, false, account->members, account->member_count, members, &count,
                    fail) ||
        !store_account_traits(snapshot, number, arena, &traits, &trait_count, fail)) {
        return false;
    }
    qsort(members, count, sizeof *members, compare_members);
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "id");
    json_write_str(&w, account->id);
    json_name_c(&w, "customers");
    json_write_uint(&w, count);
    write_facts(&w, &whole);
    json_name_c(&w, "traits");
    store_json_fields(&w, traits, trait_count, false);
    json_name_c(&w, "members");
    json_begin_array(&w);
    for (uint32_t m = 0; m < count && m < limit; m++) {
        if (!write_member(snapshot, &members[m], arena, &w, fail)) {
            return false;
        }
    }
    json_end_array(&w);
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

bool app_op_account(struct app *app, const struct app_caller *caller, struct json_value input,
                    struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"id", "limit", NULL};
    struct str id;
    int64_t limit;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_int(input, "limit", 0, MEMBERS_MAX, MEMBERS_SHOWN, &limit, fail)) {
        return false;
    }
    struct base_cancel cancel = app_cancel_of(app, caller);
    if (!app_gate_enter(app, &cancel, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    bool good = write_account(app, snapshot, id, (size_t)limit, arena, out, fail);
    store_snapshot_unref(snapshot);
    app_gate_leave(app);
    return good;
}
