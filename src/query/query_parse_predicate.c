/* Predicates over a timeline: what a customer did, in which order, said and scored, and since when. */
#include "query_parse_segment.h"

static bool parse_aggregate(const struct segment_part *p, const struct query_member **out_member,
                            struct fail *fail)
{
    static const enum query_aggregate aggregates[] = {QUERY_AGGREGATE_SUM, QUERY_AGGREGATE_AVG,
                                                      QUERY_AGGREGATE_MIN, QUERY_AGGREGATE_MAX};
    const struct query_member *found = NULL;
    for (size_t i = 0; i < ARRAY_LEN(aggregates); i++) {
        const struct query_member *member = &p->members[SEGMENT_SUM + i];
        if (member->place == 0) {
            continue;
        }
        if (found != NULL && !query_read_exclusive(p->path, found, member, fail)) {
            return false;
        }
        found = member;
        p->out->aggregate = aggregates[i];
    }
    *out_member = found;
    if (found == NULL) {
        return true;
    }
    struct query_path at = query_path_in(p->path, found->name);
    struct str name;
    return query_read_string(found->value, &at, "the name of a property", &name, fail) &&
           query_parse_name(p->parser, name, &at, &p->out->aggregate_of, fail);
}

static bool parse_times(const struct segment_part *p, bool of_numbers, struct fail *fail)
{
    const struct query_member *member = &p->members[SEGMENT_TIMES];
    if (member->place == 0) {
        p->out->times =
            (struct query_comparison){.op = QUERY_AT_LEAST, .value = store_value_int(1)};
        return true;
    }
    struct query_path path = query_path_in(p->path, member->name);
    struct json_value operand;
    if (!query_parse_comparison(p->parser, member->value, &path, &p->out->times, &operand, fail)) {
        return false;
    }
    struct query_path at = query_path_at(&path, 1);
    if (!of_numbers) {
        int64_t times;
        if (!query_read_whole(operand, &at, 0, INT64_MAX, &times, fail)) {
            return false;
        }
        p->out->times.value = store_value_int(times);
        return true;
    }
    if (!query_read_scalar(operand, &at, p->parser->arena, &p->out->times.value, fail)) {
        return false;
    }
    if (!store_value_is_number(p->out->times.value)) {
        return query_refuse(&at, fail, "expected a number");
    }
    return true;
}

static bool parse_within(const struct segment_part *p, struct fail *fail)
{
    const struct query_member *member = &p->members[SEGMENT_WITHIN];
    p->out->since_ms = INT64_MIN;
    if (member->place == 0) {
        return true;
    }
    struct query_path at = query_path_in(p->path, member->name);
    int64_t within_ms;
    if (!query_read_duration(member->value, &at, &within_ms, fail)) {
        return false;
    }
    p->out->since_ms = query_ms_add(p->parser->plan->now_ms, -within_ms);
    return true;
}

bool segment_parse_did(const struct segment_part *p, struct fail *fail)
{
    struct query_path at = query_path_in(p->path, "did");
    const struct query_member *aggregate;
    return query_parse_matcher_object(p->parser, p->members[SEGMENT_DID].value, &at,
                                      &p->out->matcher, fail) &&
           parse_aggregate(p, &aggregate, fail) && parse_times(p, aggregate != NULL, fail) &&
           parse_within(p, fail);
}

/* As an ordered funnel: its steps are neighbours among the question's matchers. */
bool segment_parse_sequence(const struct segment_part *p, struct fail *fail)
{
    const struct query_member *sequence = &p->members[SEGMENT_SEQUENCE];
    const struct query_member *window = &p->members[SEGMENT_WINDOW];
    struct query_path list = query_path_in(p->path, sequence->name);
    struct query_path window_path = query_path_in(p->path, window->name);
    if (!query_read_array(sequence->value, &list, "a list of matchers", fail)) {
        return false;
    }
    size_t count = json_count(sequence->value);
    if (count == 0 || count > QUERY_STEPS_MAX) {
        return query_refuse(&list, fail, "expected 1 to %d matchers", QUERY_STEPS_MAX);
    }
    p->out->matcher = p->parser->plan->matcher_count;
    struct json_value element;
    for (struct json_iter it = json_iter_of(sequence->value); json_next(&it, NULL, &element);) {
        struct query_path at = query_path_at(&list, p->out->step_count);
        uint32_t matcher;
        if (!query_parse_matcher_object(p->parser, element, &at, &matcher, fail)) {
            return false;
        }
        INVARIANT(matcher == p->out->matcher + p->out->step_count);
        p->out->step_count++;
    }
    return query_read_needed(p->path, window, "a duration such as \"10m\"", fail) &&
           query_read_duration(window->value, &window_path, &p->out->window_ms, fail) &&
           parse_within(p, fail);
}

bool segment_parse_first_seen(const struct segment_part *p, struct fail *fail)
{
    static const char expected[] = "a date (2026-05-01)";
    struct query_path path = query_path_in(p->path, "first_seen");
    struct query_path at = query_path_at(&path, 1);
    struct json_value operand;
    struct str text;
    struct civil date;
    if (!query_parse_comparison(p->parser, p->members[SEGMENT_FIRST_SEEN].value, &path,
                                &p->out->days, &operand, fail) ||
        !query_read_string(operand, &at, expected, &text, fail)) {
        return false;
    }
    if (!time_parse_date(text, &date)) {
        return query_refuse(&at, fail, "\"%.*s\" is not %s", STR_ARG(text), expected);
    }
    p->out->days.value = store_value_int(time_days_from_civil(date.year, date.month, date.day));
    p->parser->plan->wants_facts = true;
    return true;
}

/* ---- what was said, and scores ---- */

bool segment_parse_said(const struct segment_part *p, struct fail *fail)
{
    struct query_path at = query_path_in(p->path, "said");
    struct query_member members[] = {
        {.name = "text"}, {.name = "where"}, {.name = "theme"}, {.name = "sentiment"}};
    if (!query_read_object(p->members[SEGMENT_SAID].value, &at, "\"said\"", members,
                           ARRAY_LEN(members), fail)) {
        return false;
    }
    for (size_t i = 2; i < ARRAY_LEN(members); i++) {
        struct query_path later = query_path_in(&at, members[i].name);
        if (members[i].place != 0) {
            return query_refuse(&later, fail, "\"%s\" is not supported yet", members[i].name);
        }
    }
    uint32_t terms;
    if (members[0].place != 0 &&
        !query_parse_search(p->parser, &members[0], &at, &p->out->search, &terms, fail)) {
        return false;
    }
    struct query_where where = {0};
    enum store_column_of of = p->out->search != NULL ? STORE_COLUMN_TEXT : STORE_COLUMN_HAS_TEXT;
    struct query_clause is_text = query_parse_quiet_clause(p->parser, of, "", NULL);
    p->out->of = is_text.leaves[0].name;
    return query_parse_where(p->parser, &members[1], &at, &where, fail) &&
           query_parse_quiet_matcher(p->parser, &at, NULL, QUERY_BEARS_TEXT, &where, &is_text, 1,
                                     &p->out->matcher, fail) &&
           parse_within(p, fail);
}

/* "is": [op, number] */
static bool parse_is(const struct segment_part *p, struct fail *fail)
{
    const struct query_member *member = &p->members[SEGMENT_IS];
    struct query_path path = query_path_in(p->path, member->name);
    struct query_path at = query_path_at(&path, 1);
    struct json_value operand;
    if (!query_read_needed(p->path, member, "a comparison such as [\"<=\", 6]", fail) ||
        !query_parse_comparison(p->parser, member->value, &path, &p->out->times, &operand, fail) ||
        !query_read_scalar(operand, &at, p->parser->arena, &p->out->times.value, fail)) {
        return false;
    }
    return store_value_is_number(p->out->times.value) ||
           query_refuse(&at, fail, "expected a number");
}

bool segment_parse_score(const struct segment_part *p, struct fail *fail)
{
    static const char *const words[] = {"latest", "first", "any"};
    struct query_path at = query_path_in(p->path, "score");
    struct query_path which_path = query_path_in(p->path, "which");
    size_t metric, which = 0;
    if (!query_read_choice(p->members[SEGMENT_SCORE].value, &at, query_metrics, QUERY_METRICS,
                           &metric, fail) ||
        !parse_is(p, fail) ||
        (p->members[SEGMENT_WHICH].place != 0 &&
         !query_read_choice(p->members[SEGMENT_WHICH].value, &which_path, words, ARRAY_LEN(words),
                            &which, fail))) {
        return false;
    }
    struct query_where where = {0};
    struct store_value scale = store_value_str(str_from_c(query_metrics[metric]));
    struct query_clause own[] = {
        query_parse_quiet_clause(p->parser, STORE_COLUMN_SCALE, "", &scale),
        query_parse_quiet_clause(p->parser, STORE_COLUMN_SCORE, "", NULL),
    };
    p->out->of = own[1].leaves[0].name;
    p->out->which = (enum query_which)which;
    return query_parse_quiet_matcher(p->parser, &at, NULL, QUERY_BEARS_SCORE, &where, own, 2,
                                     &p->out->matcher, fail) &&
           parse_within(p, fail);
}
