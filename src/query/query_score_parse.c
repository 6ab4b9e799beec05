/* Reading a question for scores. */
#include "query_parse.h"
#include "query_score.h"

enum own_member {
    METRIC,
    WHERE,
    INTERVAL,
    BREAKDOWN,
    LIMIT,
    LEAST,
    COMPARE,
    ADJUSTED,
    OPEN,
    OWN_COUNT
};
static const char *const own_names[OWN_COUNT] = {
    "metric", "where", "interval", "breakdown", "limit", "least", "compare", "adjusted", "open"};

static struct query_clause property_is(struct query_parser *parser, const char *name,
                                       const char *value)
{
    struct store_value operand = store_value_str(str_from_c(value));
    return query_parse_quiet_clause(parser, STORE_COLUMN_PROPERTY, name, &operand);
}

static struct query_clause is_main(struct query_parser *parser)
{
    struct query_clause clause =
        query_parse_quiet_clause(parser, STORE_COLUMN_PROPERTY, "question", NULL);
    clause.leaves[0].negated = true;
    return clause;
}

static bool add_matcher(struct query_parser *parser, enum score_matcher expected, const char *event,
                        enum query_bearing bears, const struct query_where *where,
                        const struct query_clause *own, uint32_t own_count, struct fail *fail)
{
    uint32_t matcher;
    if (!query_parse_quiet_matcher(parser, NULL, event, bears, where, own, own_count, &matcher,
                                   fail)) {
        return false;
    }
    INVARIANT(matcher == (uint32_t)expected);
    return true;
}

/* Answers on the scale, whoever asked; and the way of surveys that ask for it (docs/reference/events.md). */
static bool parse_matchers(struct query_parser *parser, const struct query_member *member,
                           struct score_body *body, struct fail *fail)
{
    struct query_where where = {0};
    const struct query_where none = {0};
    if (!query_parse_where(parser, member, NULL, &where, fail)) {
        return false;
    }
    const char *metric = query_metrics[body->metric];
    struct store_value scale = store_value_str(str_from_c(metric)), yes = store_value_bool(true);
    const struct query_clause answer[] = {
        query_parse_quiet_clause(parser, STORE_COLUMN_SCALE, "", &scale),
        query_parse_quiet_clause(parser, STORE_COLUMN_SCORE, "", NULL)};
    const struct query_clause asked[] = {property_is(parser, "purpose", "survey"),
                                         property_is(parser, "outcome", "allowed"),
                                         property_is(parser, "metrics", metric)};
    const struct query_clause started[] = {
        property_is(parser, "kind", "survey"), property_is(parser, "metrics", metric),
        is_main(parser), query_parse_quiet_clause(parser, STORE_COLUMN_PROPERTY, "finished", &yes)};
    body->score = answer[1].leaves[0].name;
    body->response = (struct query_name){
        QUERY_FROM_ROW_COLUMN,
        query_parse_quiet_column(parser, STORE_COLUMN_PROPERTY, STR("response"))};
    return add_matcher(parser, SCORE_ANSWER, NULL, QUERY_BEARS_SCORE, &where, answer, 2, fail) &&
           add_matcher(parser, SCORE_ASKED, "contacted", QUERY_BEARS_ANYTHING, &where, asked, 3,
                       fail) &&
           add_matcher(parser, SCORE_SHOWN, "survey shown", QUERY_BEARS_ANYTHING, &where, asked + 2,
                       1, fail) &&
           add_matcher(parser, SCORE_STARTED, "feedback", QUERY_BEARS_ANYTHING, &where, started, 3,
                       fail) &&
           add_matcher(parser, SCORE_FINISHED, "feedback", QUERY_BEARS_ANYTHING, &where, started, 4,
                       fail) &&
           add_matcher(parser, SCORE_REPLIED, "feedback", QUERY_BEARS_ANYTHING, &none, started, 3,
                       fail);
}

static bool parse_metric(const struct query_member *member, struct score_body *body,
                         struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    size_t metric;
    if (!query_read_needed(NULL, member, "nps, csat, ces or stars", fail) ||
        !query_read_choice(member->value, &at, query_metrics, QUERY_METRICS, &metric, fail)) {
        return false;
    }
    body->metric = (enum score_metric)metric;
    return true;
}

static bool parse_least(const struct query_member *member, struct score_body *body,
                        struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    int64_t least = SCORE_LEAST;
    if (member->place != 0 && !query_read_whole(member->value, &at, 1, INT64_MAX, &least, fail)) {
        return false;
    }
    body->least = (uint64_t)least;
    return true;
}

static bool parse_adjusted(struct query_parser *parser, const struct query_member *member,
                           struct score_body *body, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    if (member->place != 0 && !query_read_bool(member->value, &at, &body->adjusted, fail)) {
        return false;
    }
    if (body->adjusted) {
        body->adjust = (struct query_score_adjust){.asked = SCORE_ASKED,
                                                   .answer = SCORE_ANSWER,
                                                   .response = body->response,
                                                   .score = body->score,
                                                   .least = body->least};
        query_score_adjust_parse(parser, body->metric, &body->adjust);
    }
    return true;
}

static bool lay(struct query_parser *parser, void *into, const struct query_range *range,
                struct fail *fail)
{
    struct score_body *body = into;
    return query_parse_intervals(parser, body->interval, range, &body->intervals, fail);
}

/* ---- open ---- */

enum open_member { OPEN_INTERVAL, OPEN_PART, OPEN_VALUE, OPEN_FUNNEL, OPEN_FRAME, OPEN_COUNT };
static const char *const open_names[OPEN_COUNT] = {"interval", "part", "value", "funnel", "frame"};

struct part {
    const char *name;
    unsigned low, high;
};
static const struct part parts_of_nps[] = {
    {"answers", 0, 10}, {"promoters", 9, 10}, {"passives", 7, 8}, {"detractors", 0, 6}};
static const struct part parts_of_csat[] = {
    {"answers", 1, 5}, {"satisfied", 4, 5}, {"unsatisfied", 1, 3}};
static const struct part parts_of_ces[] = {{"answers", 1, 7}};
static const struct part parts_of_stars[] = {{"answers", 1, 5}};
static const struct {
    const struct part *list;
    size_t count;
} parts[] = {[SCORE_NPS] = {parts_of_nps, ARRAY_LEN(parts_of_nps)},
             [SCORE_CSAT] = {parts_of_csat, ARRAY_LEN(parts_of_csat)},
             [SCORE_CES] = {parts_of_ces, ARRAY_LEN(parts_of_ces)},
             [SCORE_STARS] = {parts_of_stars, ARRAY_LEN(parts_of_stars)}};

static bool parse_part(const struct query_member *member, const struct query_path *path,
                       struct score_body *body, struct fail *fail)
{
    const char *names[ARRAY_LEN(parts_of_nps)];
    struct query_path at = query_path_in(path, member->name);
    size_t index;
    for (size_t i = 0; i < parts[body->metric].count; i++) {
        names[i] = parts[body->metric].list[i].name;
    }
    if (!query_read_choice(member->value, &at, names, parts[body->metric].count, &index, fail)) {
        return false;
    }
    body->open.what = SCORE_OPEN_LEVELS;
    body->open.low = parts[body->metric].list[index].low;
    body->open.high = parts[body->metric].list[index].high;
    return true;
}

static bool parse_level(const struct query_member *member, const struct query_path *path,
                        struct score_body *body, struct fail *fail)
{
    const struct score_scale *scale = &score_scales[body->metric];
    struct query_path at = query_path_in(path, member->name);
    int64_t level;
    if (!query_read_whole(member->value, &at, scale->low, scale->high, &level, fail)) {
        return false;
    }
    body->open.what = SCORE_OPEN_LEVELS;
    body->open.low = body->open.high = (unsigned)level;
    return true;
}

static bool parse_way(const struct query_member *member, const struct query_path *path,
                      struct score_body *body, struct fail *fail)
{
    struct query_path at = query_path_in(path, member->name);
    size_t index;
    if (!query_read_choice(member->value, &at, score_ways, WAYS, &index, fail)) {
        return false;
    }
    body->open.what = SCORE_OPEN_WAY;
    body->open.way = (enum score_way)index;
    return true;
}

/* Who is behind the adjusted score: all, those who answered, those who did not. */
static bool parse_frame(const struct query_parser *parser, const struct query_member *member,
                        const struct query_path *path, struct score_body *body, struct fail *fail)
{
    static const char *const names[SCORE_FRAME_PARTS] = {"all", "answered", "silent"};
    struct query_path at = query_path_in(path, member->name);
    size_t index;
    if (!query_read_choice(member->value, &at, names, SCORE_FRAME_PARTS, &index, fail)) {
        return false;
    }
    if (!body->adjusted || parser->opens_previous) {
        return query_refuse(&at, fail,
                            body->adjusted
                                ? "the compared range is not adjusted"
                                : "only a question with \"adjusted\": true has such a number");
    }
    body->open.what = SCORE_OPEN_FRAME;
    body->open.frame = (enum score_frame_part)index;
    return true;
}

/* Part, bar, step of the way or place in the frame; none: all who answered. */
static bool parse_what(const struct query_parser *parser, const struct query_member *own,
                       const struct query_path *path, struct score_body *body, struct fail *fail)
{
    const struct query_member *chosen = NULL;
    for (size_t i = OPEN_PART; i <= OPEN_FRAME; i++) {
        if (own[i].place == 0 || json_type_of(own[i].value) == JSON_NULL) {
            continue;
        }
        if (chosen != NULL && !query_read_exclusive(path, chosen, &own[i], fail)) {
            return false;
        }
        chosen = &own[i];
    }
    body->open.high = SCORE_LEVELS - 1;
    if (chosen == NULL) {
        return true;
    }
    body->open.is_number = true;
    if (chosen == &own[OPEN_PART]) {
        return parse_part(chosen, path, body, fail);
    }
    return chosen == &own[OPEN_VALUE]    ? parse_level(chosen, path, body, fail)
           : chosen == &own[OPEN_FUNNEL] ? parse_way(chosen, path, body, fail)
                                         : parse_frame(parser, chosen, path, body, fail);
}

static bool parse_open(struct query_parser *parser, const struct query_member *open,
                       struct fail *fail)
{
    struct query_member members[QUERY_OPEN_COMMON_COUNT + OPEN_COUNT];
    if (!query_parse_open(parser, open, open_names, OPEN_COUNT, members, fail)) {
        return false;
    }
    struct query_path path = query_path_in(NULL, open->name);
    const struct query_member *own = members + QUERY_OPEN_COMMON_COUNT;
    struct score_body *body = parser->body;
    return query_parse_open_interval(parser, &own[OPEN_INTERVAL], &path, body->interval,
                                     &parser->plan->range, &body->intervals, &body->open.from_ms,
                                     &body->open.to_ms, fail) &&
           parse_what(parser, own, &path, body, fail) &&
           query_parse_open_list(parser, members, true, fail);
}

bool score_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct score_body *body = query_parse_body(parser, sizeof *body);
    return query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) &&
           parse_metric(&own[METRIC], body, fail) &&
           parse_matchers(parser, &own[WHERE], body, fail) &&
           parse_least(&own[LEAST], body, fail) &&
           parse_adjusted(parser, &own[ADJUSTED], body, fail) &&
           query_parse_interval(&own[INTERVAL], INTERVAL_DAY, &body->interval, fail) &&
           lay(parser, body, &parser->plan->range, fail) &&
           query_parse_breakdown(parser, &own[BREAKDOWN], &own[LIMIT], fail) &&
           query_parse_common_segment(parser, members, fail) &&
           query_parse_compare(parser, &own[COMPARE], lay, fail) &&
           (own[OPEN].place == 0 || parse_open(parser, &own[OPEN], fail));
}
