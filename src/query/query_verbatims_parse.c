/* Reading a question for verbatims. */
#include <stdio.h>

#include "query_cursor.h"
#include "query_parse.h"
#include "query_verbatims.h"

#define LIMIT_DEFAULT 50

enum own_member { WHERE, TEXT, SORT, LIMIT, CURSOR, ID, OWN_COUNT };
static const char *const own_names[OWN_COUNT] = {"where", "text", "sort", "limit", "cursor", "id"};

static bool refuse_open(struct json_value root, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, "open");
    struct json_value ignored;
    return !json_member(root, STR("open"), &ignored) ||
           query_refuse(&at, fail, "a list of verbatims holds no numbers to open");
}

static bool parse_sort(const struct query_member *member, struct verbatims_body *body,
                       struct fail *fail)
{
    static const char *const words[] = {"-ts", "ts", "relevance", "score", "-score"};
    static const struct {
        enum verbatims_sort sort;
        struct query_said_order order;
    } sorts[] = {
        {VERBATIMS_BY_TIME, {true, true}},       {VERBATIMS_BY_TIME, {true, false}},
        {VERBATIMS_BY_RELEVANCE, {false, true}}, {VERBATIMS_BY_SCORE, {false, false}},
        {VERBATIMS_BY_SCORE, {false, true}},
    };
    struct query_path at = query_path_in(NULL, member->name);
    size_t index = body->search != NULL ? 2 : 0;
    if (member->place != 0 &&
        !query_read_choice(member->value, &at, words, ARRAY_LEN(words), &index, fail)) {
        return false;
    }
    body->sort = sorts[index].sort;
    body->order = sorts[index].order;
    body->sort_hash = base_hash_str(str_from_c(words[index]));
    if (body->sort == VERBATIMS_BY_RELEVANCE && body->search == NULL) {
        return query_refuse(&at, fail, "\"relevance\" needs words to look for: \"text\"");
    }
    return true;
}

/* A cursor's id is "TS ARRIVAL". */
static bool decode_place(struct str id, struct query_said *out)
{
    struct str rest = id, ts;
    return str_next_part(&rest, ' ', &ts) && rest.data != NULL && str_parse_i64(ts, &out->ts_ms) &&
           str_parse_u64(rest, &out->arrival);
}

struct str verbatims_cursor(struct arena *arena, const struct verbatims_body *body,
                            const struct query_said *last)
{
    struct query_after after = {.last_class = last->last_class,
                                .key = body->order.by_time || last->last_class ? store_value_int(0)
                                                                               : last->key};
    after.id =
        str_format(arena, "%lld %llu", (long long)last->ts_ms, (unsigned long long)last->arrival);
    return query_cursor_encode(arena, body->sort_hash, &after);
}

static bool parse_cursor(struct query_parser *parser, const struct query_member *member,
                         struct verbatims_body *body, struct fail *fail)
{
    if (member->place == 0 || json_type_of(member->value) == JSON_NULL) {
        return true; /* null is what the last page gave */
    }
    struct query_path at = query_path_in(NULL, member->name);
    struct str text;
    uint64_t sort_hash = 0;
    struct query_after after;
    if (!query_read_string(member->value, &at, "a cursor of an earlier answer", &text, fail)) {
        return false;
    }
    if (!query_cursor_decode(parser->arena, text, &sort_hash, &after) ||
        !store_value_is_number(after.key) || !decode_place(after.id, &body->after)) {
        return query_refuse(&at, fail, "this is no cursor of an earlier answer");
    }
    if (sort_hash != body->sort_hash) {
        return query_refuse(&at, fail, "this cursor belongs to another sort");
    }
    body->after.last_class = after.last_class;
    body->after.key = after.key;
    body->has_after = true;
    return true;
}

static bool parse_limit(const struct query_member *member, struct verbatims_body *body,
                        struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    int64_t most = LIMIT_DEFAULT;
    if (member->place != 0 &&
        !query_read_whole(member->value, &at, 1, QUERY_LIMIT_MAX, &most, fail)) {
        return false;
    }
    body->limit = (size_t)most;
    return true;
}

/* One verbatim, whenever it was said. */
static bool parse_id(struct query_parser *parser, const struct query_member *member,
                     const struct query_member *range, struct verbatims_body *body,
                     struct fail *fail)
{
    if (member->place == 0) {
        return true;
    }
    struct query_path at = query_path_in(NULL, member->name);
    struct str text;
    if (!query_read_string(member->value, &at, "the id of a verbatim", &text, fail)) {
        return false;
    }
    if (!str_parse_u64(text, &body->id)) {
        return query_refuse(&at, fail, "\"%.*s\" is no id of a verbatim, which is a number",
                            STR_ARG(text));
    }
    body->by_id = true;
    parser->plan->range.from_ms = INT64_MIN;
    parser->plan->range.to_ms = INT64_MAX;
    return range->place == 0 ||
           query_parse_warn(parser, fail, "\"range\" does not restrict one verbatim");
}

static bool parse_what(struct query_parser *parser, const struct query_member *own,
                       struct verbatims_body *body, struct fail *fail)
{
    if (own[TEXT].place != 0 &&
        !query_parse_search(parser, &own[TEXT], NULL, &body->search, &body->terms, fail)) {
        return false;
    }
    /* Without words to look for no text is unpacked but those of the page. */
    struct query_where where = {0};
    enum store_column_of of = body->search != NULL ? STORE_COLUMN_TEXT : STORE_COLUMN_HAS_TEXT;
    struct query_clause is_text = query_parse_quiet_clause(parser, of, "", NULL);
    body->text = is_text.leaves[0].name;
    body->arrival = (struct query_name){
        QUERY_FROM_ROW_COLUMN, query_parse_quiet_column(parser, STORE_COLUMN_ARRIVAL, STR(""))};
    return query_parse_where(parser, &own[WHERE], NULL, &where, fail) &&
           query_parse_quiet_matcher(parser, NULL, NULL, QUERY_BEARS_TEXT, &where, &is_text, 1,
                                     &body->matcher, fail);
}

bool verbatims_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct verbatims_body *body = arena_small(parser->arena, sizeof *body);
    parser->plan->body = body;
    if (!refuse_open(root, fail) ||
        !query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) ||
        !parse_what(parser, own, body, fail) || !parse_sort(&own[SORT], body, fail) ||
        !parse_limit(&own[LIMIT], body, fail) || !parse_cursor(parser, &own[CURSOR], body, fail) ||
        !parse_id(parser, &own[ID], &members[QUERY_RANGE], body, fail)) {
        return false;
    }
    if (body->sort == VERBATIMS_BY_SCORE) {
        body->score = (struct query_name){
            QUERY_FROM_ROW_COLUMN, query_parse_quiet_column(parser, STORE_COLUMN_SCORE, STR(""))};
    }
    return query_parse_common_segment(parser, members, fail);
}
