/* Internal customers: left out of questions by the organisation's own rule, a segment like any other. */
#include "query_parse.h"

static struct query_segment *node(struct query_parser *parser, enum query_predicate predicate,
                                  struct query_segment *first, struct query_segment *second)
{
    struct query_segment *out = arena_small(parser->arena, sizeof *out);
    out->predicate = predicate;
    out->children = arena_small(parser->arena, 2 * sizeof(struct query_segment *));
    out->children[out->child_count++] = first;
    if (second != NULL) {
        out->children[out->child_count++] = second;
    }
    return out;
}

/* The rule is not the question's own: what it names and nobody sent is no warning. */
static bool parse_rule(struct query_parser *parser, struct str json, struct query_segment **out,
                       struct fail *fail)
{
    CLEANUP(json_parser_free_at) struct json_parser *reader = json_parser_new();
    struct query_plan *plan = parser->plan;
    struct json_value root;
    struct query_path inside = {.closed = true};
    uint32_t matchers = plan->matcher_count, conditions = parser->conditions;
    size_t columns = plan->column_count;
    bool ok = json_parse(reader, json, &root, fail) &&
              query_parse_segment(parser, root, &inside, out, fail);
    parser->conditions = conditions;
    for (uint32_t m = matchers; m < plan->matcher_count; m++) {
        plan->matchers[m].quiet = true;
    }
    for (size_t i = columns; i < plan->column_count; i++) {
        plan->column_quiet[i] = true;
    }
    return ok;
}

static bool read_choice(const struct query_member *member, enum query_internal otherwise,
                        enum query_internal *out, struct fail *fail)
{
    static const char *const names[] = {"left out", "included", "only"};
    struct query_path at = query_path_in(NULL, member->name);
    size_t index = otherwise;
    if (member->place != 0 &&
        !query_read_choice(member->value, &at, names, ARRAY_LEN(names), &index, fail)) {
        return false;
    }
    *out = (enum query_internal)index;
    return true;
}

bool query_parse_internal(struct query_parser *parser, const struct query_member *member,
                          enum query_internal otherwise, struct fail *fail)
{
    struct query_plan *plan = parser->plan;
    struct str json;
    bool found = false;
    struct query_segment *rule;
    struct fail why;
    if (!read_choice(member, otherwise, &plan->internal, fail) ||
        (parser->env->internal != NULL &&
         !parser->env->internal(parser->env->context, parser->arena, &json, &found, fail))) {
        return false;
    }
    plan->has_internal = found;
    if (plan->internal == QUERY_INTERNAL_INCLUDED) {
        return true;
    }
    if (!found) {
        /* Without a rule nobody is internal. */
        rule = node(parser, QUERY_ANY, NULL, NULL);
        rule->child_count = 0;
        plan->segment = plan->internal == QUERY_INTERNAL_ONLY ? rule : plan->segment;
        return true;
    }
    if (!parse_rule(parser, json, &rule, &why)) {
        plan->has_internal = false;
        return query_parse_warn(parser, fail,
                                "nobody was left out, as the rule for internal customers cannot be "
                                "read: %s",
                                why.message);
    }
    rule = plan->internal == QUERY_INTERNAL_ONLY ? rule : node(parser, QUERY_NOT, rule, NULL);
    plan->segment = plan->segment == NULL ? rule : node(parser, QUERY_ALL, plan->segment, rule);
    return true;
}
