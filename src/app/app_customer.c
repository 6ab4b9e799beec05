/* Customers: who one is, what their timeline holds, joining and splitting by an operator. */
#include <stdio.h>

#include "app_contact.h"
#include "app_internal.h"
#include "app_names.h"
#include "app_rules.h"

#define TIMELINE_PAGE_MAX 1000

bool app_find_customer(const struct store_snapshot *snapshot, struct str id, uint32_t *out,
                       struct fail *fail)
{
    store_customer_lookup(snapshot, id, out);
    if (*out == STORE_NO_CUSTOMER) {
        return fail_set(fail, FAIL_ABSENT, "there is no customer \"%.*s\"", STR_ARG(id));
    }
    return true;
}

/* ---- channels, from one scan of this customer alone -------------------------------------------------- */

struct channel_use {
    struct str name; /* missing: rows without a channel */
    uint64_t events;
    int64_t last_ms;
};
struct customer_facts {
    int64_t first_ms, last_ms;
    uint64_t events;
    struct channel_use *channels;
    size_t channel_count, channel_capacity;
};

static bool count_channel(struct customer_facts *facts, struct str name, int64_t ts_ms,
                          struct arena *arena, struct fail *fail)
{
    size_t i = 0;
    while (i < facts->channel_count &&
           !(str_equal(facts->channels[i].name, name) &&
             (facts->channels[i].name.data == NULL) == (name.data == NULL))) {
        i++;
    }
    if (i == facts->channel_count) {
        void *channels = facts->channels;
        if (!base_grow_array(&channels, &facts->channel_capacity, i + 1, sizeof *facts->channels,
                             fail)) {
            return false;
        }
        facts->channels = channels;
        facts->channels[i] = (struct channel_use){
            .name = name.data == NULL ? name : str_copy(arena, name), .last_ms = STORE_NO_TIME};
        facts->channel_count++;
    }
    facts->channels[i].events++;
    if (ts_ms > facts->channels[i].last_ms) {
        facts->channels[i].last_ms = ts_ms;
    }
    return true;
}

static bool count_rows(struct customer_facts *facts, const struct store_snapshot *snapshot,
                       const struct store_rows *rows, struct arena *arena, struct fail *fail)
{
    facts->first_ms = rows->first_seen_ms[0];
    facts->last_ms = rows->last_seen_ms[0];
    facts->events = rows->event_counts[0];
    const struct store_column *channels = &rows->columns[0];
    uint32_t next = 0;
    for (uint32_t row = 0; row < rows->row_count; row++) {
        struct str name = {NULL, 0};
        if (next < channels->count && channels->at[next] == row) {
            name = store_value_text(channels->values[next++]);
        }
        if (store_event_is_bookkeeping(store_event_name(snapshot, rows->events[row]))) {
            continue;
        }
        if (!count_channel(facts, name, rows->ts_ms[row], arena, fail)) {
            return false;
        }
    }
    return true;
}

static bool read_facts(struct app *app, struct store_snapshot *snapshot, uint32_t customer,
                       struct customer_facts *facts, struct arena *arena, struct fail *fail)
{
    struct store_column_ref column = {.of = STORE_COLUMN_CHANNEL};
    struct store_scan_options options = {
        .columns = &column,
        .column_count = 1,
        .every_customer = true,
        .want_facts = true,
        .customers = &customer,
        .customer_count = 1,
    };
    *facts = (struct customer_facts){.first_ms = STORE_NO_TIME, .last_ms = STORE_NO_TIME};
    struct store_scan *scan = NULL;
    struct store_cursor *cursor = NULL;
    struct base_budget *budget = base_budget_new((size_t)app->config.query_memory_mb << 20);
    bool good = store_scan_new(snapshot, &options, &scan, fail) &&
                store_cursor_new(scan, budget, &cursor, fail);
    const struct store_rows *rows = NULL;
    while (good && (good = store_cursor_next(cursor, &rows, fail)) && rows->customer_count > 0) {
        good = count_rows(facts, snapshot, rows, arena, fail);
    }
    store_cursor_free(cursor);
    store_scan_free(scan);
    base_budget_free(budget);
    return good;
}

/* ---- operations -------------------------------------------------------------------------------------- */

static void write_identifiers(struct json_writer *w, const struct store_identifier *identifiers,
                              size_t count)
{
    json_name_c(w, "identifiers");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        json_begin_object(w);
        json_name_c(w, "kind");
        json_write_str(w, identifiers[i].kind);
        json_name_c(w, "value");
        json_write_str(w, identifiers[i].value);
        json_end_object(w);
    }
    json_end_array(w);
    json_name_c(w, "accounts");
    json_begin_array(w);
    for (size_t i = 0; i < count; i++) {
        if (str_is(identifiers[i].kind, "account")) {
            json_write_str(w, identifiers[i].value);
        }
    }
    json_end_array(w);
}

static void write_channels(struct json_writer *w, const struct customer_facts *facts)
{
    json_name_c(w, "channels");
    json_begin_array(w);
    for (size_t i = 0; i < facts->channel_count; i++) {
        const struct channel_use *use = &facts->channels[i];
        json_begin_object(w);
        app_write_text(w, "channel", use->name);
        json_name_c(w, "events");
        json_write_uint(w, use->events);
        app_write_instant(w, "last_seen", use->last_ms);
        json_end_object(w);
    }
    json_end_array(w);
}

static bool write_customer(struct app *app, struct store_snapshot *snapshot, uint32_t customer,
                           struct arena *arena, struct base_buf *out, struct fail *fail)
{
    struct store_identifier *identifiers;
    size_t identifier_count;
    struct store_field *traits;
    size_t trait_count;
    struct store_join *joins;
    size_t join_count;
    struct customer_facts facts = {0};
    struct act_policy *policy = arena_small(arena, sizeof *policy);
    struct act_record record;
    if (!app_policy(app, arena, policy, fail) ||
        !app_customer_record(app, snapshot, customer, 1, arena, &record, fail) ||
        !store_customer_identifiers(snapshot, customer, arena, &identifiers, &identifier_count,
                                    fail) ||
        !store_customer_traits(snapshot, customer, arena, &traits, &trait_count, fail) ||
        !store_customer_joins(snapshot, customer, arena, &joins, &join_count, fail) ||
        !read_facts(app, snapshot, customer, &facts, arena, fail)) {
        return false;
    }
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "id");
    json_write_str(&w, store_customer_id(snapshot, customer, arena));
    json_name_c(&w, "known");
    json_write_bool(&w, store_customer_known(snapshot, customer));
    write_identifiers(&w, identifiers, identifier_count);
    json_name_c(&w, "traits");
    store_json_fields(&w, traits, trait_count, false);
    app_write_instant(&w, "first_seen", facts.first_ms);
    app_write_instant(&w, "last_seen", facts.last_ms);
    json_name_c(&w, "events");
    json_write_uint(&w, facts.events);
    write_channels(&w, &facts);
    json_name_c(&w, "joined");
    json_begin_array(&w);
    for (size_t i = 0; i < join_count; i++) {
        json_begin_object(&w);
        json_name_c(&w, "id");
        json_write_str(&w, joins[i].id);
        json_name_c(&w, "at");
        json_write_instant(&w, joins[i].joined_at_ms);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_name_c(&w, "consents");
    app_words_write(&w, policy, &record.history, base_now_ms(app->clock));
    json_end_object(&w);
    base_free(facts.channels);
    return base_buf_ok(out, fail);
}

bool app_op_customer(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", NULL};
    struct str id;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail)) {
        return false;
    }
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    uint32_t customer;
    bool good = app_find_customer(snapshot, id, &customer, fail) &&
                write_customer(app, snapshot, customer, arena, out, fail);
    store_snapshot_unref(snapshot);
    return good;
}

/* A cursor is the place of the last row of the page: "TS.ARRIVAL". */
static bool parse_cursor(struct str cursor, struct store_timeline_options *options,
                         struct fail *fail)
{
    struct str rest = cursor, ts, arrival;
    if (cursor.data == NULL) {
        return true;
    }
    if (!str_next_part(&rest, '.', &ts) || !str_next_part(&rest, '.', &arrival) ||
        !str_parse_i64(ts, &options->after_ts_ms) ||
        !str_parse_u64(arrival, &options->after_arrival)) {
        return fail_input_at(fail, "/cursor", "\"cursor\" must be one that an answer gave");
    }
    return true;
}

static bool parse_before(struct json_value input, struct store_timeline_options *options,
                         struct fail *fail)
{
    struct str before;
    if (!app_input_str(input, "before", false, &before, fail)) {
        return false;
    }
    if (before.data == NULL) {
        return true;
    }
    if (!time_parse_rfc3339(before, &options->to_ms)) {
        return fail_input_at(fail, "/before", "\"before\" must be an RFC 3339 instant");
    }
    options->from_ms = INT64_MIN + 1; /* everything before it: both 0 would mean all */
    return true;
}

static bool parse_order(struct json_value input, bool *out_newest_first, struct fail *fail)
{
    struct str order;
    if (!app_input_str(input, "order", false, &order, fail)) {
        return false;
    }
    *out_newest_first = order.data == NULL || str_is(order, "newest");
    if (!*out_newest_first && !str_is(order, "oldest")) {
        return fail_input_at(fail, "/order", "\"order\" must be \"newest\" or \"oldest\" (first)");
    }
    return true;
}

bool app_op_timeline(struct app *app, const struct app_caller *caller, struct json_value input,
                     struct arena *arena, struct base_buf *out, struct fail *fail)
{
    (void)caller;
    static const char *const members[] = {"id", "limit", "cursor", "before", "order", NULL};
    struct str id, cursor;
    int64_t limit;
    struct store_timeline_options options = {.newest_first = true};
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_int(input, "limit", 1, TIMELINE_PAGE_MAX, 100, &limit, fail) ||
        !app_input_str(input, "cursor", false, &cursor, fail) ||
        !parse_cursor(cursor, &options, fail) || !parse_before(input, &options, fail) ||
        !parse_order(input, &options.newest_first, fail)) {
        return false;
    }
    struct query_renames renames;
    if (!app_rules_renames(app->rules, arena, &renames, fail)) {
        return false;
    }
    options.limit = (size_t)limit + 1; /* one more says whether there is a next page */
    struct store_snapshot *snapshot = store_snapshot_take(app->store);
    uint32_t customer;
    struct store_timeline_row *rows = NULL;
    size_t count = 0;
    bool good = app_find_customer(snapshot, id, &customer, fail) &&
                store_timeline_read(snapshot, customer, &options, arena, &rows, &count, fail);
    if (good) {
        struct json_writer w = {.out = out};
        size_t shown = count > (size_t)limit ? (size_t)limit : count;
        json_begin_object(&w);
        json_name_c(&w, "customer");
        json_write_str(&w, store_customer_id(snapshot, customer, arena));
        json_name_c(&w, "events");
        json_begin_array(&w);
        for (size_t i = 0; i < shown; i++) {
            struct str stored_as = {NULL, 0};
            if (!app_names_show_event(&renames, arena, &rows[i].event, &stored_as, fail)) {
                store_snapshot_unref(snapshot);
                return false;
            }
            app_write_event_at(&w, &rows[i], stored_as);
        }
        json_end_array(&w);
        if (count > shown) {
            app_write_place(&w, "cursor", rows[shown - 1].event.ts_ms, rows[shown - 1].arrival);
        } else {
            app_write_text(&w, "cursor", (struct str){NULL, 0});
        }
        json_end_object(&w);
        good = base_buf_ok(out, fail);
    }
    store_snapshot_unref(snapshot);
    return good;
}

bool app_op_customer_join(struct app *app, const struct app_caller *caller, struct json_value input,
                          struct arena *arena, struct base_buf *out, struct fail *fail)
{
    static const char *const members[] = {"from", "into", NULL};
    struct str from, into;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "from", true, &from, fail) ||
        !app_input_str(input, "into", true, &into, fail) ||
        !store_customer_join(app->store, from, into, fail)) {
        return false;
    }
    (void)arena;
    base_buf_c(out, "{\"joined\":true}");
    return access_audit(app->access, &caller->identity, "customer.join", STR("customer"),
                        (struct str){NULL, 0}, fail);
}

bool app_op_customer_split(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"identifier", NULL};
    struct str identifier;
    if (!app_input_members(input, members, fail) ||
        !app_input_str(input, "identifier", true, &identifier, fail) ||
        !store_customer_split(app->store, identifier, fail)) {
        return false;
    }
    (void)arena;
    app_once_forget(app->once_memory);
    base_buf_c(out, "{\"split\":true}");
    return access_audit(app->access, &caller->identity, "customer.split", STR("customer"),
                        (struct str){NULL, 0}, fail);
}
