/* Reading a funnel. */
#include "query_funnel.h"
#include "query_parse.h"

enum own_member {
    STEPS,
    WINDOW,
    ORDER,
    BREAKDOWN,
    LIMIT,
    ATTRIBUTION,
    EXCLUDE,
    COUNT,
    COMPARE,
    OPEN,
    OWN_COUNT,
};
static const char *const own_names[OWN_COUNT] = {"steps",   "window",      "order",   "breakdown",
                                                 "limit",   "attribution", "exclude", "count",
                                                 "compare", "open"};

static bool parse_optional(const struct query_member *member, const struct query_path *path,
                           struct funnel_body *body, uint32_t step, struct fail *fail)
{
    struct query_path at = query_path_in(path, member->name);
    bool optional;
    if (member->place == 0) {
        return true;
    }
    if (!query_read_bool(member->value, &at, &optional, fail)) {
        return false;
    }
    if (optional && step == 0) {
        return query_refuse(&at, fail, "the first step cannot be optional");
    }
    if (optional && body->order == FUNNEL_ANY) {
        return query_refuse(&at, fail, "no step is optional in order \"any\"");
    }
    body->optional |= optional ? 1U << step : 0;
    return true;
}

static bool parse_step(struct query_parser *parser, struct json_value value,
                       const struct query_path *path, struct funnel_body *body, struct fail *fail)
{
    struct query_member members[] = {{.name = "event"}, {.name = "where"}, {.name = "optional"}};
    uint32_t matcher;
    if (!query_read_object(value, path, "a step", members, ARRAY_LEN(members), fail) ||
        !query_parse_matcher(parser, path, &members[0], &members[1], &matcher, fail) ||
        !parse_optional(&members[2], path, body, body->step_count, fail)) {
        return false;
    }
    INVARIANT(matcher == body->step_count); /* steps are the first matchers of the question */
    body->labels[body->step_count++] = parser->plan->matchers[matcher].label;
    return true;
}

static bool parse_steps(struct query_parser *parser, const struct query_member *member,
                        struct funnel_body *body, struct fail *fail)
{
    struct query_path path = query_path_in(NULL, member->name);
    if (!query_read_needed(NULL, member, "a list of steps", fail) ||
        !query_read_array(member->value, &path, "a list of steps", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count == 0 || count > QUERY_STEPS_MAX) {
        return query_refuse(&path, fail, "expected 1 to %d steps", QUERY_STEPS_MAX);
    }
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(&path, i);
        if (!parse_step(parser, element, &at, body, fail)) {
            return false;
        }
    }
    return true;
}

static bool parse_between(const struct query_member *member, const struct query_path *path,
                          const struct funnel_body *body, struct funnel_exclude *out,
                          struct fail *fail)
{
    *out = (struct funnel_exclude){1, body->step_count};
    if (member->place == 0) {
        return true;
    }
    struct query_path list = query_path_in(path, member->name);
    if (!query_read_array(member->value, &list, "two numbers of steps", fail)) {
        return false;
    }
    int64_t ends[2] = {0, 0};
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(&list, i);
        if (i > 1) {
            return query_refuse(&at, fail, "expected two numbers of steps, no more");
        }
        if (!query_read_whole(element, &at, 1, body->step_count, &ends[i], fail)) {
            return false;
        }
    }
    struct query_path second = query_path_at(&list, i < 2 ? i : 1);
    if (i < 2 || ends[1] <= ends[0]) {
        return query_refuse(&second, fail, "expected two numbers of steps, the second the greater");
    }
    *out = (struct funnel_exclude){(uint32_t)ends[0], (uint32_t)ends[1]};
    return true;
}

static bool parse_excludes(struct query_parser *parser, const struct query_member *member,
                           struct funnel_body *body, struct fail *fail)
{
    struct query_path path = query_path_in(NULL, member->name);
    if (member->place == 0) {
        return true;
    }
    if (!query_read_array(member->value, &path, "a list of matchers", fail)) {
        return false;
    }
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(&path, i);
        struct query_member members[] = {{.name = "event"}, {.name = "where"}, {.name = "between"}};
        uint32_t matcher;
        if (!query_read_object(element, &at, "an exclusion", members, ARRAY_LEN(members), fail) ||
            !query_parse_matcher(parser, &at, &members[0], &members[1], &matcher, fail) ||
            !parse_between(&members[2], &at, body, &body->excludes[i], fail)) {
            return false;
        }
        body->exclude_count++;
    }
    return true;
}

static bool parse_attribution(struct query_parser *parser, const struct query_member *member,
                              struct funnel_body *body, struct fail *fail)
{
    static const char *const words[] = {"entry", "first", "last"};
    static const enum funnel_attribution values[] = {FUNNEL_ENTRY, FUNNEL_FIRST, FUNNEL_LAST};
    struct query_path path = query_path_in(NULL, member->name);
    if (member->place == 0) {
        return true;
    }
    if (json_type_of(member->value) == JSON_OBJECT) {
        struct query_member members[] = {{.name = "step"}};
        struct query_path at = query_path_in(&path, "step");
        int64_t step;
        if (!query_read_object(member->value, &path, "an attribution", members, 1, fail) ||
            !query_read_needed(&path, &members[0], "the number of a step", fail) ||
            !query_read_whole(members[0].value, &at, 1, body->step_count, &step, fail)) {
            return false;
        }
        body->attribution = FUNNEL_STEP;
        body->attribution_step = (uint32_t)step - 1;
    } else {
        size_t index;
        if (!query_read_choice(member->value, &path, words, ARRAY_LEN(words), &index, fail)) {
            return false;
        }
        body->attribution = values[index];
    }
    return parser->plan->breakdown != NULL ||
           query_parse_warn(parser, fail, "\"attribution\" has no effect without a breakdown");
}

static bool parse_shape(const struct query_member *own, struct funnel_body *body, struct fail *fail)
{
    static const char *const orders[] = {"ordered", "strict", "any"};
    static const enum funnel_order order_values[] = {FUNNEL_ORDERED, FUNNEL_STRICT, FUNNEL_ANY};
    static const char *const counts[] = {"customers", "entries"};
    struct query_path order = query_path_in(NULL, "order");
    struct query_path count = query_path_in(NULL, "count");
    size_t index = 0;
    if (own[ORDER].place != 0 &&
        !query_read_choice(own[ORDER].value, &order, orders, ARRAY_LEN(orders), &index, fail)) {
        return false;
    }
    body->order = order_values[index];
    index = 0;
    if (own[COUNT].place != 0 &&
        !query_read_choice(own[COUNT].value, &count, counts, ARRAY_LEN(counts), &index, fail)) {
        return false;
    }
    body->entries = index == 1;
    return true;
}

static bool parse_window(const struct query_member *member, struct funnel_body *body,
                         struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    return query_read_needed(NULL, member, "a duration such as \"7d\"", fail) &&
           query_read_duration(member->value, &at, &body->window_ms, fail);
}

static bool parse_open(struct query_parser *parser, const struct query_member *open,
                       struct fail *fail)
{
    static const char *const names[] = {"step", "outcome"};
    static const char *const outcomes[] = {"reached", "dropped"};
    struct query_member members[QUERY_OPEN_COMMON_COUNT + ARRAY_LEN(names)];
    const struct query_member *own = members + QUERY_OPEN_COMMON_COUNT;
    struct query_path path = query_path_in(NULL, open->name);
    struct query_path step_path = query_path_in(&path, names[0]);
    struct query_path outcome_path = query_path_in(&path, names[1]);
    int64_t step;
    size_t outcome = 0;
    if (!query_parse_open(parser, open, names, ARRAY_LEN(names), members, fail)) {
        return false;
    }
    struct funnel_body *body = parser->body;
    if (!query_read_needed(&path, &own[0], "the number of a step", fail) ||
        !query_read_whole(own[0].value, &step_path, 1, body->step_count, &step, fail) ||
        (own[1].place != 0 && !query_read_choice(own[1].value, &outcome_path, outcomes,
                                                 ARRAY_LEN(outcomes), &outcome, fail))) {
        return false;
    }
    if (step == 1 && outcome == 1) {
        return query_refuse(&step_path, fail, "nobody drops before the first step");
    }
    body->open.step = (uint32_t)step - 1;
    body->open.dropped = outcome == 1;
    return query_parse_open_list(parser, members, body->entries, fail);
}

bool funnel_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct funnel_body *body = query_parse_body(parser, sizeof *body);
    return query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) &&
           parse_shape(own, body, fail) && parse_steps(parser, &own[STEPS], body, fail) &&
           parse_window(&own[WINDOW], body, fail) &&
           parse_excludes(parser, &own[EXCLUDE], body, fail) &&
           query_parse_breakdown(parser, &own[BREAKDOWN], &own[LIMIT], fail) &&
           parse_attribution(parser, &own[ATTRIBUTION], body, fail) &&
           query_parse_common_segment(parser, members, fail) &&
           query_parse_compare(parser, &own[COMPARE], NULL, fail) &&
           (own[OPEN].place == 0 || parse_open(parser, &own[OPEN], fail));
}
