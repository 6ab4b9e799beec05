/* Reading a retention question. */
#include "query_parse.h"
#include "query_retention.h"

#define PERIODS_DEFAULT 12

enum own_member {
    START,
    RETURN,
    INTERVAL,
    PERIODS,
    MODE,
    COHORT,
    BREAKDOWN,
    LIMIT,
    COMPARE,
    OPEN,
    OWN_COUNT
};
static const char *const own_names[OWN_COUNT] = {"start",   "return", "interval",  "periods",
                                                 "mode",    "cohort", "breakdown", "limit",
                                                 "compare", "open"};

static bool parse_ends(struct query_parser *parser, const struct query_member *member,
                       enum retention_matcher expected, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    uint32_t matcher;
    if (!query_read_needed(NULL, member, "a matcher", fail) ||
        !query_parse_matcher_object(parser, member->value, &at, &matcher, fail)) {
        return false;
    }
    INVARIANT(matcher == (uint32_t)expected);
    return true;
}

static bool parse_word(const struct query_member *member, const char *usual, const char *other,
                       bool *out, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    const char *const words[] = {usual, other};
    size_t index = 0;
    if (member->place != 0 && !query_read_choice(member->value, &at, words, 2, &index, fail)) {
        return false;
    }
    *out = index == 1;
    return true;
}

/* Cohorts, and behind them the intervals that their periods reach into. */
static bool lay(struct query_parser *parser, void *into, const struct query_range *range,
                struct fail *fail)
{
    struct retention_body *body = into;
    const struct zone *zone = parser->plan->zone;
    struct zone_intervals cohorts;
    if (!query_parse_intervals(parser, body->interval, range, &cohorts, fail)) {
        return false;
    }
    body->cohorts = cohorts.count;
    if (body->cohorts * body->periods > QUERY_RETENTION_CELLS_MAX) {
        struct query_path at = query_path_in(NULL, "periods");
        return query_refuse(&at, fail, "%zu cohorts with %zu periods are more than %d cells",
                            body->cohorts, body->periods, QUERY_RETENTION_CELLS_MAX);
    }
    struct query_range all = *range;
    all.to_ms = zone_interval_step(zone, body->interval, cohorts.begins[cohorts.count - 1],
                                   (int64_t)body->periods);
    all.to_ms = all.to_ms < range->to_ms ? range->to_ms : all.to_ms;
    return query_parse_intervals(parser, body->interval, &all, &body->intervals, fail);
}

static bool parse_periods(struct query_parser *parser, const struct query_member *member,
                          struct retention_body *body, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    int64_t periods = PERIODS_DEFAULT;
    if (member->place != 0 &&
        !query_read_whole(member->value, &at, 1, QUERY_PERIODS_MAX, &periods, fail)) {
        return false;
    }
    body->periods = (size_t)periods;
    return lay(parser, body, &parser->plan->range, fail);
}

/* ---- open ---- */

static bool parse_open_cohort(struct query_parser *parser, const struct query_member *member,
                              const struct query_path *path, struct retention_body *body,
                              struct fail *fail)
{
    struct query_path at = query_path_in(path, member->name);
    struct str label;
    if (!query_read_needed(path, member, "the label of a cohort", fail) ||
        !query_read_string(member->value, &at, "the label of a cohort", &label, fail)) {
        return false;
    }
    for (size_t i = 0; i < body->cohorts; i++) {
        char text[ZONE_LABEL_BYTES];
        size_t len = zone_interval_label(parser->plan->zone, body->interval,
                                         body->intervals.begins[i], text);
        if (str_equal(label, str_of(text, len))) {
            body->open.cohort = i;
            return true;
        }
    }
    return query_refuse(&at, fail, "\"%.*s\" is none of the answer's cohorts", STR_ARG(label));
}

static bool parse_open_period(struct query_parser *parser, const struct query_member *period,
                              const struct query_member *outcome, const struct query_path *path,
                              struct retention_body *body, struct fail *fail)
{
    static const char *const outcomes[] = {"returned", "gone"};
    struct query_path period_path = query_path_in(path, period->name);
    struct query_path outcome_path = query_path_in(path, outcome->name);
    size_t index = 0;
    if (outcome->place != 0 && !query_read_choice(outcome->value, &outcome_path, outcomes,
                                                  ARRAY_LEN(outcomes), &index, fail)) {
        return false;
    }
    body->open.gone = index == 1;
    if (period->place == 0) {
        return outcome->place == 0 ||
               query_refuse(&period_path, fail, "\"outcome\" needs the number of a period");
    }
    int64_t number;
    if (!query_read_whole(period->value, &period_path, 0, (int64_t)body->periods - 1, &number,
                          fail)) {
        return false;
    }
    body->open.by_period = true;
    body->open.period = (size_t)number;
    if (body->intervals.begins[body->open.cohort + body->open.period] > parser->plan->now_ms) {
        return query_refuse(&period_path, fail, "period %lld of this cohort has not begun yet",
                            (long long)number);
    }
    return true;
}

static bool parse_open(struct query_parser *parser, const struct query_member *open,
                       struct fail *fail)
{
    static const char *const names[] = {"cohort", "period", "outcome"};
    struct query_member members[QUERY_OPEN_COMMON_COUNT + ARRAY_LEN(names)];
    const struct query_member *own = members + QUERY_OPEN_COMMON_COUNT;
    struct query_path path = query_path_in(NULL, open->name);
    return query_parse_open(parser, open, names, ARRAY_LEN(names), members, fail) &&
           parse_open_cohort(parser, &own[0], &path, parser->body, fail) &&
           parse_open_period(parser, &own[1], &own[2], &path, parser->body, fail) &&
           query_parse_open_list(parser, members, false, fail);
}

bool retention_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct retention_body *body = query_parse_body(parser, sizeof *body);
    return query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) &&
           parse_ends(parser, &own[START], RETENTION_START, fail) &&
           parse_ends(parser, &own[RETURN], RETENTION_RETURN, fail) &&
           query_parse_interval(&own[INTERVAL], INTERVAL_WEEK, &body->interval, fail) &&
           parse_word(&own[MODE], "bounded", "unbounded", &body->unbounded, fail) &&
           parse_word(&own[COHORT], "first", "every", &body->every, fail) &&
           parse_periods(parser, &own[PERIODS], body, fail) &&
           query_parse_breakdown(parser, &own[BREAKDOWN], &own[LIMIT], fail) &&
           query_parse_common_segment(parser, members, fail) &&
           query_parse_compare(parser, &own[COMPARE], lay, fail) &&
           (own[OPEN].place == 0 || parse_open(parser, &own[OPEN], fail));
}
