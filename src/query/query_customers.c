/* The list of customers: a segment's, or all; with a search over what identifies them. */
#include "query_fold.h"
#include "query_kind.h"

enum own_member { SORT, LIMIT, CURSOR, SEARCH, OWN_COUNT };
static const char *const own_names[OWN_COUNT] = {"sort", "limit", "cursor", "search"};

struct customers_body {
    struct str folded; /* data NULL: no search */
};

static bool parse_search(struct query_parser *parser, const struct query_member *member,
                         struct customers_body *body, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    struct str text;
    if (member->place == 0) {
        return true;
    }
    if (!query_read_string(member->value, &at, "a text to look for", &text, fail)) {
        return false;
    }
    CLEANUP(base_buf_done) struct base_buf folded = {.limit = 2 * QUERY_BYTES_MAX};
    query_fold(text, &folded);
    if (!base_buf_ok(&folded, fail)) {
        return false;
    }
    body->folded = str_copy(parser->arena, base_buf_view(&folded));
    return true;
}

static bool refuse_open(struct json_value root, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, "open");
    struct json_value ignored;
    return !json_member(root, STR("open"), &ignored) ||
           query_refuse(&at, fail, "a list of customers holds no numbers to open");
}

static bool customers_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct customers_body *body = arena_small(parser->arena, sizeof *body);
    parser->plan->body = body;
    parser->plan->wants_facts = true;
    if (!refuse_open(root, fail) ||
        !query_parse_common(parser, root, own_names, OWN_COUNT, members, fail)) {
        return false;
    }
    if (members[QUERY_RANGE].place != 0 &&
        !query_parse_warn(parser, fail, "\"range\" does not restrict a list of customers")) {
        return false;
    }
    parser->finds_one = own[SEARCH].place != 0;
    return query_parse_list(parser, NULL, &own[SORT], &own[LIMIT], &own[CURSOR], false, fail) &&
           parse_search(parser, &own[SEARCH], body, fail) &&
           query_parse_common_segment(parser, members, fail);
}

/* ---- search ---- */

static bool holds(struct query_worker *worker, struct str text, struct str folded)
{
    return query_fold_contains(text, folded, &worker->fold);
}

/* By an identifier of the customer, or of one of the account's members. */
static bool is_identified(struct query_worker *worker, uint32_t who, struct str folded, bool *out,
                          struct fail *fail)
{
    const struct store_accounts *accounts = worker->exec->accounts;
    const uint32_t *customers = accounts != NULL ? accounts->at[who].members : &who;
    uint32_t customer_count = accounts != NULL ? accounts->at[who].member_count : 1;
    for (uint32_t m = 0; m < customer_count && !*out; m++) {
        struct store_identifier *identifiers;
        size_t count;
        if (!store_customer_identifiers(worker->exec->snapshot, customers[m], worker->scratch,
                                        &identifiers, &count, fail)) {
            return false;
        }
        for (size_t i = 0; i < count && !*out; i++) {
            *out = holds(worker, identifiers[i].value, folded);
        }
    }
    return true;
}

static bool is_found(struct query_worker *worker, uint32_t who, struct str folded, bool *out,
                     struct fail *fail)
{
    struct store_field *traits;
    size_t count;
    *out = holds(worker, query_who_id(worker->exec, who, worker->scratch), folded);
    if (*out) {
        return true;
    }
    if (!is_identified(worker, who, folded, out, fail)) {
        return false;
    }
    if (*out) {
        return true;
    }
    if (!query_who_traits(worker->exec, who, worker->scratch, &traits, &count, fail)) {
        return false;
    }
    for (size_t i = 0; i < count && !*out; i++) {
        char scratch[QUERY_VALUE_CHARS];
        struct store_value value = traits[i].value;
        struct str text =
            value.kind == STORE_STRING ? store_value_text(value) : query_value_name(value, scratch);
        *out = holds(worker, text, folded);
    }
    return true;
}

static bool belongs(struct query_worker *worker, uint32_t c, bool *out,
                    struct store_value *out_value, struct fail *fail)
{
    (void)out_value;
    const struct customers_body *body = worker->exec->plan->body;
    *out = true;
    return body->folded.data == NULL ||
           is_found(worker, worker->rows->customers[c], body->folded, out, fail);
}

static bool customers_run(struct query_exec *exec, struct json_writer *w, struct fail *fail)
{
    struct query_list_job job = {.pass = {.every_customer = true}, .belongs = belongs};
    if (!query_list_run(exec, &job, w, fail)) {
        return false;
    }
    json_name_c(w, "partial");
    json_begin_array(w);
    json_end_array(w);
    return true;
}

const struct query_kind query_kind_customers = {
    .name = "customers", .parse = customers_parse, .run = customers_run};
