/* Ranges, zones and intervals. */
#include "query_parse.h"

#define RANGE_DEFAULT "last 30 days"

bool query_parse_timezone(struct query_parser *parser, const struct query_member *member,
                          struct fail *fail)
{
    parser->plan->zone = parser->env->zone;
    if (member->place == 0) {
        return true;
    }
    struct query_path at = query_path_in(NULL, member->name);
    struct str name;
    return query_read_string(member->value, &at, "the IANA name of a time zone", &name, fail) &&
           (zone_find(name, &parser->plan->zone, fail) || query_refuse_at(&at, fail));
}

struct unit_word {
    const char *one, *many;
    enum interval unit;
    int64_t most; /* keeps the beginning after the year 1 */
};
static const struct unit_word unit_words[] = {
    {"hour", "hours", INTERVAL_HOUR, 10000000},      {"day", "days", INTERVAL_DAY, 700000},
    {"week", "weeks", INTERVAL_WEEK, 100000},        {"month", "months", INTERVAL_MONTH, 23000},
    {"quarter", "quarters", INTERVAL_QUARTER, 7700},
};

static bool refuse_words(const struct query_path *path, struct str text, struct fail *fail)
{
    return query_refuse(path, fail,
                        "\"%.*s\" is not a range: expected \"last N hours|days|weeks|months|"
                        "quarters\" or {\"from\": .., \"to\": ..}",
                        STR_ARG(text));
}

/* "last 30 days" */
static bool parse_words(struct query_parser *parser, struct str text, const struct query_path *path,
                        struct fail *fail)
{
    struct str rest = text, last, number, word;
    uint64_t units;
    if (!str_next_part(&rest, ' ', &last) || !str_is(last, "last") ||
        !str_next_part(&rest, ' ', &number) || !str_parse_u64(number, &units) ||
        !str_next_part(&rest, ' ', &word) || rest.data != NULL) {
        return refuse_words(path, text, fail);
    }
    const struct unit_word *unit = NULL;
    for (size_t i = 0; i < ARRAY_LEN(unit_words); i++) {
        if (str_is(word, unit_words[i].one) || str_is(word, unit_words[i].many)) {
            unit = &unit_words[i];
        }
    }
    if (unit == NULL) {
        return refuse_words(path, text, fail);
    }
    if (units == 0 || units > (uint64_t)unit->most) {
        return query_refuse(path, fail, "expected 1 to %lld %s", (long long)unit->most, unit->many);
    }
    const struct zone *zone = parser->plan->zone;
    int64_t now_ms = parser->plan->now_ms;
    parser->plan->range = (struct query_range){
        .from_ms = zone_interval_step(zone, unit->unit, now_ms, 1 - (int64_t)units),
        .to_ms = zone_interval_next(zone, unit->unit, now_ms),
        .form = QUERY_RANGE_UNITS,
        .unit = unit->unit,
        .units = (int64_t)units,
    };
    return true;
}

struct range_end {
    bool is_date;
    int64_t day, ms;
};

static bool parse_end(const struct query_member *member, const struct query_path *range,
                      struct range_end *out, struct fail *fail)
{
    static const char expected[] = "a date (2026-05-01) or an RFC 3339 instant with offset";
    struct query_path at = query_path_in(range, member->name);
    struct str text;
    if (!query_read_needed(range, member, expected, fail) ||
        !query_read_string(member->value, &at, expected, &text, fail)) {
        return false;
    }
    struct civil date;
    if (time_parse_date(text, &date)) {
        *out = (struct range_end){true, time_days_from_civil(date.year, date.month, date.day), 0};
        return true;
    }
    int64_t ms;
    if (time_parse_rfc3339(text, &ms)) {
        *out = (struct range_end){false, 0, ms};
        return true;
    }
    return query_refuse(&at, fail, "\"%.*s\" is not %s", STR_ARG(text), expected);
}

static bool parse_ends(struct query_parser *parser, struct json_value value,
                       const struct query_path *path, struct fail *fail)
{
    struct query_member members[] = {{.name = "from"}, {.name = "to"}};
    struct range_end from = {0}, to = {0};
    if (!query_read_object(value, path, "a range", members, 2, fail) ||
        !parse_end(&members[0], path, &from, fail) || !parse_end(&members[1], path, &to, fail)) {
        return false;
    }
    const struct zone *zone = parser->plan->zone;
    struct query_range range = {
        .from_ms = from.is_date ? zone_day_begin(zone, from.day) : from.ms,
        .to_ms = to.is_date ? zone_day_begin(zone, to.day + 1) : to.ms,
        .form = from.is_date && to.is_date ? QUERY_RANGE_DATES : QUERY_RANGE_INSTANTS,
        .from_day = from.day,
        .to_day = to.day,
    };
    if (range.to_ms <= range.from_ms) {
        struct query_path at = query_path_in(path, "to");
        return query_refuse(&at, fail, "the range is empty: \"to\" must lie after \"from\"");
    }
    parser->plan->range = range;
    return true;
}

bool query_parse_range(struct query_parser *parser, const struct query_member *member,
                       struct fail *fail)
{
    struct query_path path = query_path_in(NULL, member->name);
    if (member->place == 0) {
        return parse_words(parser, STR(RANGE_DEFAULT), &path, fail);
    }
    if (json_type_of(member->value) == JSON_STRING) {
        return parse_words(parser, json_string(member->value), &path, fail);
    }
    if (json_type_of(member->value) == JSON_OBJECT) {
        return parse_ends(parser, member->value, &path, fail);
    }
    return query_refuse(&path, fail,
                        "expected \"last N hours|days|weeks|months|quarters\" or {\"from\": .., "
                        "\"to\": ..}, not %s",
                        json_type_name(json_type_of(member->value)));
}

bool query_parse_interval(const struct query_member *member, enum interval otherwise,
                          enum interval *out, struct fail *fail)
{
    static const char *const names[] = {"hour", "day", "week", "month", "quarter"};
    *out = otherwise;
    if (member->place == 0) {
        return true;
    }
    struct query_path at = query_path_in(NULL, member->name);
    size_t index;
    return query_read_choice(member->value, &at, names, ARRAY_LEN(names), &index, fail) &&
           interval_parse(str_from_c(names[index]), out);
}

bool query_parse_intervals(struct query_parser *parser, enum interval interval,
                           const struct query_range *range, struct zone_intervals *out,
                           struct fail *fail)
{
    struct fail reason;
    if (zone_intervals(parser->plan->zone, interval, range->from_ms, range->to_ms,
                       QUERY_INTERVALS_MAX, parser->arena, out, &reason)) {
        return true;
    }
    struct query_path at = query_path_in(NULL, "range");
    return query_refuse(&at, fail, "%s", reason.message);
}
