/* Matchers: which events, under which conditions. */
#include "query_parse.h"
#include "query_shown.h"

#define EVENTS_MAX 1000 /* names in one matcher */

static bool parse_one_name(struct query_parser *parser, struct json_value value,
                           const struct query_path *path, struct query_matcher *matcher,
                           struct fail *fail)
{
    struct str name;
    if (!query_read_string(value, path, "the name of an event", &name, fail)) {
        return false;
    }
    if (str_is(name, "*")) {
        matcher->every_own = true;
    } else {
        matcher->events[matcher->event_count++] =
            str_copy(parser->arena, query_shown_event(&parser->plan->renames, name));
    }
    return true;
}

static bool parse_names(struct query_parser *parser, struct json_value value,
                        const struct query_path *path, struct query_matcher *matcher,
                        struct fail *fail)
{
    bool is_list = json_type_of(value) == JSON_ARRAY;
    size_t count = is_list ? json_count(value) : 1;
    if (count == 0 || count > EVENTS_MAX) {
        return query_refuse(path, fail, "expected the name of an event, or a list of 1 to %d",
                            EVENTS_MAX);
    }
    matcher->events = arena_array(parser->arena, count, sizeof *matcher->events, fail);
    if (matcher->events == NULL) {
        return false;
    }
    if (!is_list) {
        return parse_one_name(parser, value, path, matcher, fail);
    }
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(path, i);
        if (!parse_one_name(parser, element, &at, matcher, fail)) {
            return false;
        }
    }
    return true;
}

/* The names as the question gives them, joined with ", ". */
static bool make_label(struct query_parser *parser, struct json_value event, struct str *out,
                       struct fail *fail)
{
    if (json_type_of(event) == JSON_STRING) {
        *out = str_copy(parser->arena, json_string(event));
        return true;
    }
    CLEANUP(base_buf_done) struct base_buf label = {.limit = 2 * QUERY_BYTES_MAX};
    struct json_value element;
    for (struct json_iter it = json_iter_of(event); json_next(&it, NULL, &element);) {
        base_buf_c(&label, label.len == 0 ? "" : ", ");
        base_buf_str(&label, json_string(element));
    }
    if (!base_buf_ok(&label, fail)) {
        return false;
    }
    *out = str_copy(parser->arena, base_buf_view(&label));
    return true;
}

static bool refuse_more(const struct query_path *path, struct fail *fail)
{
    return query_refuse(path, fail,
                        "more than %d matchers (series, steps, exclusions, "
                        "\"did\") in one question",
                        QUERY_MATCHERS_MAX);
}

bool query_parse_matcher(struct query_parser *parser, const struct query_path *path,
                         const struct query_member *event, const struct query_member *where,
                         uint32_t *out, struct fail *fail)
{
    struct query_plan *plan = parser->plan;
    if (plan->matcher_count == QUERY_MATCHERS_MAX) {
        return refuse_more(path, fail);
    }
    if (!query_read_needed(path, event, "the name of an event", fail)) {
        return false;
    }
    struct query_matcher matcher = {.every_own = false};
    struct query_path at = query_path_in(path, event->name);
    if (!parse_names(parser, event->value, &at, &matcher, fail) ||
        !make_label(parser, event->value, &matcher.label, fail) ||
        !query_parse_where(parser, where, path, &matcher.where, fail)) {
        return false;
    }
    plan->matchers[plan->matcher_count] = matcher;
    *out = plan->matcher_count++;
    return true;
}

bool query_parse_matcher_object(struct query_parser *parser, struct json_value value,
                                const struct query_path *path, uint32_t *out, struct fail *fail)
{
    struct query_member members[] = {{.name = "event"}, {.name = "where"}};
    return query_read_object(value, path, "a matcher", members, ARRAY_LEN(members), fail) &&
           query_parse_matcher(parser, path, &members[0], &members[1], out, fail);
}

bool query_parse_quiet_matcher(struct query_parser *parser, const struct query_path *path,
                               const char *event, enum query_bearing bears,
                               const struct query_where *where, const struct query_clause *own,
                               uint32_t own_count, uint32_t *out, struct fail *fail)
{
    struct query_plan *plan = parser->plan;
    if (plan->matcher_count == QUERY_MATCHERS_MAX) {
        return refuse_more(path, fail);
    }
    uint32_t count = where->count + own_count;
    struct query_matcher matcher = {.every_own = event == NULL, .bears = bears, .quiet = true};
    matcher.where.clauses = arena_array(parser->arena, count, sizeof *own, fail);
    if (matcher.where.clauses == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < own_count; i++) {
        matcher.where.clauses[i] = own[i];
    }
    for (uint32_t i = 0; i < where->count; i++) {
        matcher.where.clauses[own_count + i] = where->clauses[i];
    }
    matcher.where.count = count;
    if (event != NULL) {
        matcher.events = arena_small(parser->arena, sizeof *matcher.events);
        matcher.events[0] = str_copy(parser->arena, str_from_c(event));
        matcher.event_count = 1;
    }
    plan->matchers[plan->matcher_count] = matcher;
    *out = plan->matcher_count++;
    return true;
}

bool query_parse_matcher_beside(struct query_parser *parser, const struct query_member *event,
                                const struct query_member *where, uint32_t *out, struct fail *fail)
{
    struct query_where conditions = {0};
    if (event->place != 0) {
        return query_parse_matcher(parser, NULL, event, where, out, fail);
    }
    return query_parse_where(parser, where, NULL, &conditions, fail) &&
           query_parse_quiet_matcher(parser, NULL, NULL, QUERY_BEARS_ANYTHING, &conditions, NULL, 0,
                                     out, fail);
}

bool query_parse_search(struct query_parser *parser, const struct query_member *member,
                        const struct query_path *path, const void **out_search, uint32_t *out_terms,
                        struct fail *fail)
{
    struct query_path at = query_path_in(path, member->name);
    const struct query_text *text = parser->plan->text;
    struct str typed;
    struct fail reason;
    if (!query_read_string(member->value, &at, "words to look for", &typed, fail)) {
        return false;
    }
    if (text == NULL) {
        return query_refuse(&at, fail, "words cannot be looked for here");
    }
    if (text->parse(typed, parser->arena, out_search, out_terms, &reason)) {
        return true;
    }
    if (reason.code == FAIL_INPUT) {
        return query_refuse(&at, fail, "%s", reason.message);
    }
    *fail = reason;
    return false;
}
