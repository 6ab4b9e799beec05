/* Reading a trend. */
#include "query_parse.h"
#include "query_trend.h"

enum own_member { SERIES, INTERVAL, BREAKDOWN, LIMIT, FORMULA, ROLLING, COMPARE, OPEN, OWN_COUNT };
static const char *const own_names[OWN_COUNT] = {"series",  "interval", "breakdown", "limit",
                                                 "formula", "rolling",  "compare",   "open"};

struct numeric_word {
    const char *prefix;
    enum trend_measure measure;
    unsigned percent;
};
static const struct numeric_word numeric_words[] = {
    {"sum:", TREND_SUM, 0},         {"avg:", TREND_AVG, 0},         {"min:", TREND_MIN, 0},
    {"max:", TREND_MAX, 0},         {"p50:", TREND_PERCENTILE, 50}, {"p90:", TREND_PERCENTILE, 90},
    {"p99:", TREND_PERCENTILE, 99},
};

static bool parse_measure(struct query_parser *parser, const struct query_member *member,
                          const struct query_path *path, struct trend_series *out,
                          struct fail *fail)
{
    static const char *const words[] = {"count", "customers", "sessions", "per_customer",
                                        "sum:P", "avg:P",     "min:P",    "max:P",
                                        "p50:P", "p90:P",     "p99:P"};
    static const enum trend_measure measures[] = {TREND_COUNT, TREND_CUSTOMERS, TREND_SESSIONS,
                                                  TREND_PER_CUSTOMER};
    if (member->place == 0) {
        out->measure = TREND_COUNT;
        return true;
    }
    struct query_path at = query_path_in(path, member->name);
    struct str text;
    if (!query_read_string(member->value, &at, "a measure", &text, fail)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(numeric_words); i++) {
        const struct numeric_word *word = &numeric_words[i];
        if (str_starts_c(text, word->prefix) && text.len > strlen(word->prefix)) {
            out->measure = word->measure;
            out->percent = word->percent;
            return query_parse_name(parser, str_after(text, strlen(word->prefix)), &at, &out->of,
                                    fail);
        }
    }
    size_t index;
    if (!query_read_choice(member->value, &at, words, ARRAY_LEN(words), &index, fail)) {
        return false;
    }
    INVARIANT(index < ARRAY_LEN(measures)); /* "sum:P" was taken above, as of a property P */
    out->measure = measures[index];
    return true;
}

static bool parse_one_series(struct query_parser *parser, struct json_value value,
                             const struct query_path *path, struct trend_body *body,
                             struct fail *fail)
{
    struct query_member members[] = {{.name = "event"}, {.name = "where"}, {.name = "measure"}};
    struct trend_series *series = &body->series[body->series_count];
    uint32_t matcher;
    if (!query_read_object(value, path, "a series", members, ARRAY_LEN(members), fail) ||
        !query_parse_matcher(parser, path, &members[0], &members[1], &matcher, fail) ||
        !parse_measure(parser, &members[2], path, series, fail)) {
        return false;
    }
    INVARIANT(matcher == body->series_count); /* series are the first matchers of the question */
    if (series->measure == TREND_SUM || series->measure == TREND_AVG) {
        series->currency = (struct query_name){
            QUERY_FROM_ROW_COLUMN,
            query_parse_quiet_column(parser, STORE_COLUMN_PROPERTY, STR("currency"))};
    }
    series->label = parser->plan->matchers[matcher].label;
    body->has_sessions = body->has_sessions || series->measure == TREND_SESSIONS;
    body->matchers |= UINT64_C(1) << matcher;
    body->series_count++;
    return true;
}

static bool parse_series(struct query_parser *parser, const struct query_member *member,
                         struct trend_body *body, struct fail *fail)
{
    struct query_path path = query_path_in(NULL, member->name);
    if (!query_read_needed(NULL, member, "a list of series", fail) ||
        !query_read_array(member->value, &path, "a list of series", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count == 0 || count > QUERY_SERIES_MAX) {
        return query_refuse(&path, fail, "expected 1 to %d series", QUERY_SERIES_MAX);
    }
    body->series = arena_small(parser->arena, count * sizeof *body->series);
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(&path, i);
        if (!parse_one_series(parser, element, &at, body, fail)) {
            return false;
        }
    }
    return true;
}

static bool parse_formula(struct query_parser *parser, const struct query_member *member,
                          struct trend_body *body, struct fail *fail)
{
    if (member->place == 0) {
        return true;
    }
    struct query_path at = query_path_in(NULL, member->name);
    struct str text;
    struct query_formula *formula;
    if (!query_read_string(member->value, &at, "a formula such as \"A/B\"", &text, fail) ||
        !query_formula_parse(text, body->series_count, &at, parser->arena, &formula, fail)) {
        return false;
    }
    body->formula = formula;
    body->formula_text = str_copy(parser->arena, text);
    return true;
}

static bool lay(struct query_parser *parser, void *into, const struct query_range *range,
                struct fail *fail)
{
    struct trend_body *body = into;
    return query_parse_intervals(parser, body->interval, range, &body->intervals, fail);
}

static bool parse_rest(struct query_parser *parser, const struct query_member *own,
                       struct trend_body *body, struct fail *fail)
{
    struct query_path rolling_path = query_path_in(NULL, "rolling");
    int64_t rolling = 0;
    if (own[ROLLING].place != 0 && !query_read_whole(own[ROLLING].value, &rolling_path, 1,
                                                     QUERY_INTERVALS_MAX, &rolling, fail)) {
        return false;
    }
    body->rolling = (size_t)rolling;
    return query_parse_interval(&own[INTERVAL], INTERVAL_DAY, &body->interval, fail) &&
           lay(parser, body, &parser->plan->range, fail);
}

/* ---- open ---- */

enum open_member { OPEN_SERIES, OPEN_INTERVAL, OPEN_COUNT };
static const char *const open_names[OPEN_COUNT] = {"series", "interval"};

static bool parse_open(struct query_parser *parser, const struct query_member *open,
                       struct fail *fail)
{
    struct query_member members[QUERY_OPEN_COMMON_COUNT + OPEN_COUNT];
    if (!query_parse_open(parser, open, open_names, OPEN_COUNT, members, fail)) {
        return false;
    }
    struct query_path path = query_path_in(NULL, open->name);
    const struct query_member *own = members + QUERY_OPEN_COMMON_COUNT;
    struct query_path series_path = query_path_in(&path, open_names[OPEN_SERIES]);
    struct trend_body *body = parser->body;
    int64_t series = 0;
    if (own[OPEN_SERIES].place != 0 &&
        !query_read_whole(own[OPEN_SERIES].value, &series_path, 0, (int64_t)body->series_count - 1,
                          &series, fail)) {
        return false;
    }
    body->open.series = (size_t)series;
    return query_parse_open_interval(parser, &own[OPEN_INTERVAL], &path, body->interval,
                                     &parser->plan->range, &body->intervals, &body->open.from_ms,
                                     &body->open.to_ms, fail) &&
           query_parse_open_list(parser, members,
                                 trend_open_has_value(body->series[body->open.series].measure),
                                 fail);
}

bool trend_open_has_value(enum trend_measure measure)
{
    return measure == TREND_COUNT || measure == TREND_SESSIONS || measure == TREND_SUM;
}

bool trend_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct trend_body *body = query_parse_body(parser, sizeof *body);
    return query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) &&
           parse_series(parser, &own[SERIES], body, fail) &&
           parse_formula(parser, &own[FORMULA], body, fail) &&
           parse_rest(parser, own, body, fail) &&
           query_parse_breakdown(parser, &own[BREAKDOWN], &own[LIMIT], fail) &&
           query_parse_common_segment(parser, members, fail) &&
           query_parse_compare(parser, &own[COMPARE], lay, fail) &&
           (own[OPEN].place == 0 || parse_open(parser, &own[OPEN], fail));
}
