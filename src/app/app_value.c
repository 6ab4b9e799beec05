/* What a customer was worth: exact sums of the amounts on their timeline, by currency, and the questions that open
   each number. */
#include "app_experience.h"
#include "stats_sum.h"

#define AMOUNTS_MAX 50 /* currencies of one customer; further ones are counted, not added up */
#define EVENTS_MAX 1000

struct amount {
    struct str currency; /* as JSON; "null": none given */
    struct stats_sum sum;
    uint64_t numbers, events;
    size_t first, last; /* moments */
};
struct worth {
    const struct app_lived *lived;
    struct arena *arena;
    struct amount *amounts;
    size_t amount_count, left_out;
    uint64_t events;
};

/* ---- adding up ----------------------------------------------------------------------------------------- */

static struct str value_json(struct arena *arena, struct store_value value)
{
    struct base_buf text CLEANUP(base_buf_done) = {.limit = APP_EXPERIENCE_BYTES_MAX};
    struct json_writer w = {.out = &text};
    store_json_value(&w, value);
    return str_copy(arena, base_buf_view(&text));
}

static void add_number(struct stats_sum *sum, struct store_value value)
{
    if (value.kind == STORE_INT) {
        stats_sum_add_int(sum, value.i);
    } else if (value.kind == STORE_UINT) {
        stats_sum_add_uint(sum, value.u);
    } else {
        stats_sum_add(sum, value.d);
    }
}

static void add_numbers(const struct query_moment *moment, struct stats_sum *sum,
                        uint64_t *out_count)
{
    const struct query_moment_values *values = &moment->values[APP_EXPERIENCE_AMOUNT];
    for (uint32_t i = 0; i < values->count; i++) {
        if (store_value_is_number(values->values[i])) {
            add_number(sum, values->values[i]);
            (*out_count)++;
        }
    }
}

static void add_to(struct worth *worth, struct str currency, size_t at)
{
    size_t i = 0;
    while (i < worth->amount_count && !str_equal(worth->amounts[i].currency, currency)) {
        i++;
    }
    if (i == AMOUNTS_MAX) {
        worth->left_out++;
        return;
    }
    struct amount *amount = &worth->amounts[i];
    if (i == worth->amount_count) {
        worth->amount_count++;
        *amount = (struct amount){.currency = currency, .first = at};
    }
    amount->events++;
    amount->last = at;
    add_numbers(&worth->lived->moments[at], &amount->sum, &amount->numbers);
}

/* Is it an event with an amount, as the rule says? */
static bool counts(const struct app_lived *lived, const struct query_moment *moment)
{
    return app_lived_fits(moment, lived->rules.value_at) &&
           moment->values[APP_EXPERIENCE_AMOUNT].count > 0;
}

/* Several values of the currency on one event: it counts in each, as in a breakdown. */
static void add_moment(struct worth *worth, size_t at)
{
    const struct app_value_rule *rule = &worth->lived->rules.value;
    const struct query_moment *moment = &worth->lived->moments[at];
    const struct query_moment_values *values = &moment->values[APP_EXPERIENCE_CURRENCY];
    worth->events++;
    if (rule->currency_is.data != NULL) {
        add_to(worth, value_json(worth->arena, store_value_str(rule->currency_is)), at);
        return;
    }
    if (rule->currency.data == NULL || values->count == 0) {
        add_to(worth, STR("null"), at);
        return;
    }
    for (uint32_t i = 0; i < values->count; i++) {
        struct str currency = value_json(worth->arena, values->values[i]);
        uint32_t before = 0;
        while (before < i &&
               !str_equal(value_json(worth->arena, values->values[before]), currency)) {
            before++;
        }
        if (before == i) {
            add_to(worth, currency, at);
        }
    }
}

/* ---- the questions that open the numbers --------------------------------------------------------------- */

/* The rule's matcher with the currency: members "event" and "where". */
static void write_matcher(struct json_writer *w, const struct app_value_rule *rule,
                          const struct amount *amount)
{
    json_name_c(w, "event");
    json_write_raw(w, rule->event);
    json_name_c(w, "where");
    json_begin_array(w);
    if (rule->where.data != NULL &&
        rule->where.len > 2) { /* its conditions, without the brackets */
        json_write_raw(w, str_of(rule->where.data + 1, rule->where.len - 2));
    }
    json_begin_array(w);
    json_write_str(w, rule->property);
    json_write_c(w, "set");
    json_end_array(w);
    if (rule->currency.data != NULL) {
        json_begin_array(w);
        json_write_str(w, rule->currency);
        json_write_c(w, str_is(amount->currency, "null") ? "not set" : "=");
        if (!str_is(amount->currency, "null")) {
            json_write_raw(w, amount->currency);
        }
        json_end_array(w);
    }
    json_end_array(w);
}

static void write_series(struct json_writer *w, const struct app_value_rule *rule,
                         const struct amount *amount, struct str measure)
{
    json_begin_object(w);
    write_matcher(w, rule, amount);
    json_name_c(w, "measure");
    json_write_str(w, measure);
    json_end_object(w);
}

static void write_date(struct json_writer *w, const struct zone *zone, const char *name,
                       int64_t ts_ms)
{
    char label[ZONE_LABEL_BYTES];
    size_t len = zone_interval_label(zone, INTERVAL_DAY,
                                     zone_interval_begin(zone, INTERVAL_DAY, ts_ms), label);
    json_name_c(w, name);
    json_write_str(w, str_of(label, len));
}

/* Sum, events and average by month, over the whole months from the first to the last. */
static void write_over_time(struct json_writer *w, const struct worth *worth,
                            const struct amount *amount)
{
    const struct app_lived *lived = worth->lived;
    const struct app_value_rule *rule = &lived->rules.value;
    const struct zone *zone = lived->env.zone;
    json_begin_object(w);
    json_name_c(w, "kind");
    json_write_c(w, "trend");
    json_name_c(w, "series");
    json_begin_array(w);
    write_series(w, rule, amount, str_format(worth->arena, "sum:%.*s", STR_ARG(rule->property)));
    write_series(w, rule, amount, STR("count"));
    write_series(w, rule, amount, str_format(worth->arena, "avg:%.*s", STR_ARG(rule->property)));
    json_end_array(w);
    json_name_c(w, "interval");
    json_write_c(w, "month");
    json_name_c(w, "range");
    json_begin_object(w);
    write_date(w, zone, "from",
               zone_interval_begin(zone, INTERVAL_MONTH, lived->moments[amount->first].ts_ms));
    write_date(w, zone, "to",
               zone_interval_next(zone, INTERVAL_MONTH, lived->moments[amount->last].ts_ms) - 1);
    json_end_object(w);
    json_name_c(w, "segment");
    json_begin_object(w);
    json_name_c(w, "trait");
    json_begin_array(w);
    json_write_c(w, "id");
    json_write_c(w, "=");
    json_write_str(w, store_customer_id(lived->snapshot, lived->customer, worth->arena));
    json_end_array(w);
    json_end_object(w);
    json_name_c(w, "internal");
    json_write_c(w, "included");
    json_end_object(w);
}

static void write_did(struct json_writer *w, const struct app_value_rule *rule,
                      const struct amount *amount, const double *below)
{
    json_begin_object(w);
    json_name_c(w, "did");
    json_begin_object(w);
    write_matcher(w, rule, amount);
    json_end_object(w);
    if (below != NULL) {
        json_name_c(w, "sum");
        json_write_str(w, rule->property);
        json_name_c(w, "times");
        json_begin_array(w);
        json_write_c(w, "<");
        json_write_double(w, *below);
        json_end_array(w);
    }
    json_end_object(w);
}

/* Everybody with an amount in the currency; and those of them whose sum is below this customer's. */
static void write_others(struct json_writer *w, const struct app_value_rule *rule,
                         const struct amount *amount)
{
    double sum = stats_sum_value(&amount->sum);
    json_begin_object(w);
    json_name_c(w, "with_value");
    json_begin_object(w);
    json_name_c(w, "kind");
    json_write_c(w, "customers");
    json_name_c(w, "segment");
    write_did(w, rule, amount, NULL);
    json_end_object(w);
    json_name_c(w, "below");
    json_begin_object(w);
    json_name_c(w, "kind");
    json_write_c(w, "customers");
    json_name_c(w, "segment");
    json_begin_object(w);
    json_name_c(w, "all");
    json_begin_array(w);
    write_did(w, rule, amount, NULL);
    write_did(w, rule, amount, &sum);
    json_end_array(w);
    json_end_object(w);
    json_end_object(w);
    json_end_object(w);
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static void write_at(struct json_writer *w, const struct query_moment *moment)
{
    struct stats_sum sum = {0};
    uint64_t numbers = 0;
    add_numbers(moment, &sum, &numbers);
    app_write_place(w, "place", moment->ts_ms, moment->arrival);
    app_write_instant(w, "ts", moment->ts_ms);
    json_name_c(w, "event");
    json_write_str(w, moment->event);
    json_name_c(w, "amount");
    if (numbers == 0) {
        json_write_null(w);
    } else {
        json_write_double(w, stats_sum_value(&sum));
    }
}

static void write_amount(struct json_writer *w, const struct worth *worth,
                         const struct amount *amount)
{
    json_begin_object(w);
    json_name_c(w, "currency");
    json_write_raw(w, amount->currency);
    json_name_c(w, "sum");
    json_write_double(w, stats_sum_value(&amount->sum));
    json_name_c(w, "events");
    json_write_uint(w, amount->events);
    json_name_c(w, "average");
    if (amount->numbers == 0) {
        json_write_null(w);
    } else {
        json_write_double(w, stats_sum_value(&amount->sum) / (double)amount->numbers);
    }
    app_write_instant(w, "first", worth->lived->moments[amount->first].ts_ms);
    json_name_c(w, "last");
    json_begin_object(w);
    write_at(w, &worth->lived->moments[amount->last]);
    json_end_object(w);
    json_name_c(w, "question");
    write_over_time(w, worth, amount);
    json_name_c(w, "others");
    write_others(w, &worth->lived->rules.value, amount);
    json_end_object(w);
}

static void write_events(struct json_writer *w, const struct app_lived *lived, int64_t limit)
{
    json_begin_array(w);
    for (size_t i = lived->count; i-- > 0 && limit > 0;) {
        const struct query_moment *moment = &lived->moments[i];
        if (!counts(lived, moment)) {
            continue;
        }
        limit--;
        json_begin_object(w);
        write_at(w, moment);
        json_name_c(w, "currency");
        if (lived->rules.value.currency_is.data != NULL) {
            json_write_str(w, lived->rules.value.currency_is);
        } else if (lived->rules.value.currency.data != NULL) {
            store_json_value(w, app_lived_value(moment, APP_EXPERIENCE_CURRENCY));
        } else {
            json_write_null(w);
        }
        json_end_object(w);
    }
    json_end_array(w);
}

/* The currency of most events first; at as many, the one met first. */
static void order_amounts(struct worth *worth)
{
    for (size_t i = 1; i < worth->amount_count; i++) {
        struct amount amount = worth->amounts[i];
        size_t k = i;
        while (k > 0 && worth->amounts[k - 1].events < amount.events) {
            worth->amounts[k] = worth->amounts[k - 1];
            k--;
        }
        worth->amounts[k] = amount;
    }
}

static void write_worth(struct json_writer *w, struct worth *worth, int64_t limit)
{
    const struct app_lived *lived = worth->lived;
    for (size_t i = 0; i < lived->count; i++) {
        if (counts(lived, &lived->moments[i])) {
            add_moment(worth, i);
        }
    }
    order_amounts(worth);
    json_begin_object(w);
    json_name_c(w, "customer");
    json_write_str(w, store_customer_id(lived->snapshot, lived->customer, worth->arena));
    app_value_write_rule(w, &lived->rules.value);
    json_name_c(w, "guessed");
    json_write_bool(w, lived->rules.value.guessed);
    json_name_c(w, "total");
    json_write_uint(w, worth->events);
    json_name_c(w, "amounts");
    json_begin_array(w);
    for (size_t i = 0; i < worth->amount_count; i++) {
        write_amount(w, worth, &worth->amounts[i]);
    }
    json_end_array(w);
    json_name_c(w, "left_out");
    json_write_uint(w, worth->left_out);
    json_name_c(w, "events");
    write_events(w, lived, limit);
    json_end_object(w);
}

bool app_op_customer_value(struct app *app, const struct app_caller *caller,
                           struct json_value input, struct arena *arena, struct base_buf *out,
                           struct fail *fail)
{
    static const char *const members[] = {"id", "limit", NULL};
    struct str id;
    int64_t limit;
    if (!app_input_members(input, members, fail) || !app_input_str(input, "id", true, &id, fail) ||
        !app_input_int(input, "limit", 0, EVENTS_MAX, 20, &limit, fail)) {
        return false;
    }
    struct app_lived lived CLEANUP(app_lived_done);
    if (!app_lived_read(app, caller, id, &lived, fail)) {
        return false;
    }
    struct worth worth = {.lived = &lived, .arena = arena};
    worth.amounts = arena_array(arena, AMOUNTS_MAX, sizeof *worth.amounts, fail);
    if (worth.amounts == NULL) {
        return false;
    }
    struct json_writer w = {.out = out};
    write_worth(&w, &worth, limit);
    return base_buf_ok(out, fail);
}
