/* Lists of customers: sort, limit, cursor; and the common part of "open". */
#include "query_cursor.h"
#include "query_parse.h"

#define LIST_LIMIT_DEFAULT 50
#define SORT_DEFAULT "-last_seen"

static bool parse_sort(struct query_parser *parser, struct str text, const struct query_path *path,
                       bool with_value, struct query_sort *out, struct fail *fail)
{
    static const struct {
        const char *name;
        enum query_sort_by by;
    } columns[] = {
        {"id", QUERY_SORT_ID},
        {"first_seen", QUERY_SORT_FIRST_SEEN},
        {"last_seen", QUERY_SORT_LAST_SEEN},
        {"events", QUERY_SORT_EVENTS},
        {"customer.known", QUERY_SORT_KNOWN}, /* a bare "known" is a trait */
    };
    struct query_sort sort = {.descending = str_starts_c(text, "-")};
    struct str name = str_after(text, sort.descending ? 1 : 0);
    struct str of_customer =
        str_starts_c(name, "customer.") ? str_after(name, strlen("customer.")) : name;
    if (with_value && str_is(name, "value")) {
        sort.by = QUERY_SORT_VALUE;
        *out = sort;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (str_is(of_customer, columns[i].name) || str_is(name, columns[i].name)) {
            sort.by = columns[i].by;
            *out = sort;
            return true;
        }
    }
    struct str trait = of_customer.len != name.len && str_starts_c(of_customer, "traits.")
                           ? str_after(of_customer, strlen("traits."))
                           : of_customer;
    if (trait.len == 0) {
        return query_refuse(path, fail,
                            "expected id, first_seen, last_seen, events or a trait, "
                            "with \"-\" in front for descending");
    }
    sort.by = QUERY_SORT_TRAIT;
    sort.column = query_parse_column(parser, STORE_COLUMN_TRAIT, trait);
    *out = sort;
    return true;
}

bool query_parse_list(struct query_parser *parser, const struct query_path *path,
                      const struct query_member *sort, const struct query_member *limit,
                      const struct query_member *cursor, bool with_value, struct fail *fail)
{
    struct query_list *list = &parser->plan->list;
    struct query_path sort_path = query_path_in(path, sort->name);
    struct query_path limit_path = query_path_in(path, limit->name);
    struct query_path cursor_path = query_path_in(path, cursor->name);
    struct str sort_text = STR(SORT_DEFAULT);
    if ((sort->place != 0 &&
         !query_read_string(sort->value, &sort_path, "what to sort by", &sort_text, fail)) ||
        !parse_sort(parser, sort_text, &sort_path, with_value, &list->sort, fail)) {
        return false;
    }
    list->sort_hash = base_hash_str(sort_text);
    int64_t most = LIST_LIMIT_DEFAULT;
    if (limit->place != 0 &&
        !query_read_whole(limit->value, &limit_path, 1, QUERY_LIMIT_MAX, &most, fail)) {
        return false;
    }
    list->limit = (size_t)most;
    if (cursor->place == 0 || json_type_of(cursor->value) == JSON_NULL) {
        return true; /* null is what the last page gave */
    }
    struct str text;
    uint64_t sort_hash = 0;
    if (!query_read_string(cursor->value, &cursor_path, "a cursor of an earlier answer", &text,
                           fail)) {
        return false;
    }
    if (!query_cursor_decode(parser->arena, text, &sort_hash, &list->after)) {
        return query_refuse(&cursor_path, fail, "this is no cursor of an earlier answer");
    }
    if (sort_hash != list->sort_hash) {
        return query_refuse(&cursor_path, fail, "this cursor belongs to another sort");
    }
    return true;
}

/* The number as it was shown, so that the answer can say that it has moved. */
static bool parse_was(struct query_parser *parser, struct json_value value,
                      const struct query_path *path, struct fail *fail)
{
    struct store_value *was = arena_small(parser->arena, sizeof *was);
    if (!query_read_scalar(value, path, parser->arena, was, fail)) {
        return false;
    }
    if (!store_value_is_number(*was)) {
        return query_refuse(path, fail, "expected the number that was shown");
    }
    parser->plan->open_was = was;
    return true;
}

bool query_parse_open(struct query_parser *parser, const struct query_member *open,
                      const char *const *own, size_t own_count, struct query_member *members,
                      struct fail *fail)
{
    static const char *const common[QUERY_OPEN_COMMON_COUNT] = {"limit", "sort", "cursor",
                                                                "group", "was",  "previous"};
    struct query_path path = query_path_in(NULL, open->name);
    for (size_t i = 0; i < QUERY_OPEN_COMMON_COUNT + own_count; i++) {
        members[i] = (struct query_member){
            .name = i < QUERY_OPEN_COMMON_COUNT ? common[i] : own[i - QUERY_OPEN_COMMON_COUNT]};
    }
    if (!query_read_object(open->value, &path, "\"open\"", members,
                           QUERY_OPEN_COMMON_COUNT + own_count, fail)) {
        return false;
    }
    parser->plan->is_open = true;
    parser->plan->wants_facts = true;
    const struct query_member *was = &members[QUERY_OPEN_WAS];
    struct query_path was_path = query_path_in(&path, was->name);
    if (was->place != 0 && json_type_of(was->value) != JSON_NULL &&
        !parse_was(parser, was->value, &was_path, fail)) {
        return false;
    }
    if (!query_parse_open_previous(parser, &members[QUERY_OPEN_PREVIOUS], &path, fail)) {
        return false;
    }
    const struct query_member *group = &members[QUERY_OPEN_GROUP];
    if (group->place == 0 || json_type_of(group->value) == JSON_NULL) {
        return true;
    }
    struct query_path at = query_path_in(&path, group->name);
    const struct query_breakdown *by = parser->plan->breakdown;
    struct str name;
    if (by == NULL) {
        return query_refuse(&at, fail, "the question has no breakdown, so no groups");
    }
    if (!query_read_string(group->value, &at, "the name of a group", &name, fail)) {
        return false;
    }
    bool known = by->edge_count == 0 || str_is(name, "(none)");
    for (size_t i = 0; !known && i <= by->edge_count; i++) {
        known = str_equal(name, by->bins[i]);
    }
    if (!known) {
        return query_refuse(&at, fail, "\"%.*s\" is none of the bins", STR_ARG(name));
    }
    struct str *kept = arena_small(parser->arena, sizeof *kept);
    *kept = str_copy(parser->arena, name);
    parser->plan->open_group = kept;
    return true;
}

bool query_parse_open_list(struct query_parser *parser, const struct query_member *members,
                           bool with_value, struct fail *fail)
{
    struct query_path path = query_path_in(NULL, "open");
    return query_parse_list(parser, &path, &members[QUERY_OPEN_SORT], &members[QUERY_OPEN_LIMIT],
                            &members[QUERY_OPEN_CURSOR], with_value, fail);
}

bool query_parse_open_interval(struct query_parser *parser, const struct query_member *member,
                               const struct query_path *path, enum interval interval,
                               const struct query_range *range,
                               const struct zone_intervals *intervals, int64_t *out_from_ms,
                               int64_t *out_to_ms, struct fail *fail)
{
    *out_from_ms = range->from_ms;
    *out_to_ms = range->to_ms;
    if (member->place == 0 || json_type_of(member->value) == JSON_NULL) {
        return true;
    }
    struct query_path at = query_path_in(path, member->name);
    struct str label;
    if (!query_read_string(member->value, &at, "the label of an interval", &label, fail)) {
        return false;
    }
    for (size_t i = 0; i < intervals->count; i++) {
        char text[ZONE_LABEL_BYTES];
        size_t len = zone_interval_label(parser->plan->zone, interval, intervals->begins[i], text);
        if (str_equal(label, str_of(text, len))) {
            int64_t begin_ms = intervals->begins[i], end_ms = intervals->begins[i + 1];
            *out_from_ms = begin_ms > range->from_ms ? begin_ms : range->from_ms;
            *out_to_ms = end_ms < range->to_ms ? end_ms : range->to_ms;
            return true;
        }
    }
    return query_refuse(&at, fail, "\"%.*s\" is none of the answer's intervals", STR_ARG(label));
}
