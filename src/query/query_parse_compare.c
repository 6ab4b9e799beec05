/* "compare": the same question of another range. */
#include "query_parse.h"

void *query_parse_body(struct query_parser *parser, size_t bytes)
{
    parser->body = arena_small(parser->arena, bytes);
    parser->body_bytes = bytes;
    parser->plan->body = parser->body;
    return parser->body;
}

bool query_parse_compare(struct query_parser *parser, const struct query_member *member,
                         query_lay *lay, struct fail *fail)
{
    static const char *const words[] = {"previous", "year", "weekday"};
    static const enum query_compare values[] = {QUERY_COMPARE_PREVIOUS, QUERY_COMPARE_YEAR,
                                                QUERY_COMPARE_WEEKDAY};
    struct query_path at = query_path_in(NULL, member->name);
    size_t index;
    if (member->place == 0) {
        return true;
    }
    if (!query_read_choice(member->value, &at, words, ARRAY_LEN(words), &index, fail)) {
        return false;
    }
    struct query_range range;
    if (!query_range_compared(parser->plan->zone, &parser->plan->range, values[index], &range)) {
        return query_refuse(&at, fail,
                            "there is no such range to compare with: it would be empty, or begin "
                            "before the year 1");
    }
    parser->other.range = range;
    parser->other.body = parser->body;
    if (lay == NULL) {
        return true; /* no calendar in it: the same body serves both */
    }
    parser->other.body = arena_small(parser->arena, parser->body_bytes);
    memcpy(parser->other.body, parser->body, parser->body_bytes);
    return lay(parser, parser->other.body, &parser->other.range, fail);
}

bool query_parse_open_previous(struct query_parser *parser, const struct query_member *member,
                               const struct query_path *path, struct fail *fail)
{
    struct query_path at = query_path_in(path, member->name);
    bool previous = false;
    if (member->place != 0 && !query_read_bool(member->value, &at, &previous, fail)) {
        return false;
    }
    if (!previous) {
        return true;
    }
    if (parser->other.body == NULL) {
        return query_refuse(&at, fail, "the question compares nothing: it needs \"compare\"");
    }
    struct query_range asked = parser->plan->range;
    void *asked_body = parser->body;
    parser->plan->range = parser->other.range;
    parser->plan->body = parser->body = parser->other.body;
    parser->other.range = asked;
    parser->other.body = asked_body;
    parser->opens_previous = true;
    return true;
}

void query_parse_compared(struct query_parser *parser)
{
    struct query_plan *plan = parser->plan;
    if (parser->other.body == NULL) {
        return;
    }
    struct query_plan *other = arena_small(parser->arena, sizeof *other);
    *other = *plan;
    other->range = parser->other.range;
    other->body = parser->other.body;
    if (parser->opens_previous) {
        plan->asked = other;
    } else {
        plan->previous = other;
    }
}
