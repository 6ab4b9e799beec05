/* Segments: predicates over one customer's whole timeline, and saved ones by name. */
#include "query_parse.h"

static bool parse_object(struct query_parser *parser, struct json_value value,
                         const struct query_path *path, struct query_segment **out,
                         struct fail *fail);

/* ---- saved segments ---- */

static bool refuse_unknown_name(struct query_parser *parser, struct str name,
                                const struct query_path *path, struct fail *fail)
{
    struct str *names = NULL;
    size_t count = 0;
    if (parser->env->segment_names != NULL &&
        !parser->env->segment_names(parser->env->context, parser->arena, &names, &count, fail)) {
        return false;
    }
    size_t nearest = str_nearest_of(name, names, count);
    if (names != NULL && nearest != SIZE_MAX) {
        return query_refuse(path, fail,
                            "there is no saved segment \"%.*s\"; did you mean \"%.*s\"?",
                            STR_ARG(name), STR_ARG(names[nearest]));
    }
    return query_refuse(path, fail, "there is no saved segment \"%.*s\"", STR_ARG(name));
}

static bool parse_saved(struct query_parser *parser, struct str name_in_document,
                        const struct query_path *path, struct query_segment **out,
                        struct fail *fail)
{
    struct str name = str_copy(parser->arena, name_in_document);
    for (const struct query_saved *saved = parser->saved; saved != NULL; saved = saved->up) {
        if (str_equal(saved->name, name)) {
            return query_refuse(path, fail, "the saved segment \"%.*s\" would contain itself",
                                STR_ARG(name));
        }
    }
    struct str json;
    bool found = false;
    if (parser->env->segment_find != NULL &&
        !parser->env->segment_find(parser->env->context, name, parser->arena, &json, &found,
                                   fail)) {
        return false;
    }
    if (!found) {
        return refuse_unknown_name(parser, name, path, fail);
    }
    CLEANUP(json_parser_free_at) struct json_parser *reader = json_parser_new();
    struct json_value root;
    struct query_saved saved = {parser->saved, name};
    struct query_path inside = {.up = path, .closed = true};
    parser->saved = &saved;
    bool ok = json_parse(reader, json, &root, fail)
                  ? query_parse_segment(parser, root, &inside, out, fail)
                  : query_refuse_at(path, fail);
    parser->saved = saved.up;
    if (!ok && fail->code == FAIL_INPUT) {
        return fail_at(fail, "in the saved segment \"%.*s\"", STR_ARG(name));
    }
    return ok;
}

/* ---- predicates ---- */

struct predicate {
    struct query_parser *parser;
    const struct query_path *path;      /* of the object */
    const struct query_member *members; /* all of the object, see parse_object */
    struct query_segment *out;
};

enum member_of_segment {
    MEMBER_ALL,
    MEMBER_ANY,
    MEMBER_NOT,
    MEMBER_DID,
    MEMBER_SEQUENCE,
    MEMBER_SAID,
    MEMBER_SCORE,
    MEMBER_TRAIT,
    MEMBER_PREDICTED,
    MEMBER_FIRST_SEEN,
    MEMBER_IN,
    PREDICATES,
    MEMBER_TIMES = PREDICATES,
    MEMBER_WITHIN,
    MEMBER_SUM,
    MEMBER_AVG,
    MEMBER_MIN,
    MEMBER_MAX,
    MEMBER_WINDOW,
    MEMBER_IS,
    MEMBER_WHICH,
    MEMBERS,
};
static const char *const member_names[MEMBERS] = {
    "all",   "any",       "not",        "did",    "sequence", "said",   "score",
    "trait", "predicted", "first_seen", "in",     "times",    "within", "sum",
    "avg",   "min",       "max",        "window", "is",       "which",
};
/* Which of the further members each predicate takes. */
static const uint32_t takes[PREDICATES] = {
    [MEMBER_DID] = 1U << MEMBER_TIMES | 1U << MEMBER_WITHIN | 1U << MEMBER_SUM | 1U << MEMBER_AVG |
                   1U << MEMBER_MIN | 1U << MEMBER_MAX,
    [MEMBER_SEQUENCE] = 1U << MEMBER_WINDOW | 1U << MEMBER_WITHIN,
    [MEMBER_SAID] = 1U << MEMBER_WITHIN,
    [MEMBER_SCORE] = 1U << MEMBER_IS | 1U << MEMBER_WHICH | 1U << MEMBER_WITHIN,
};

static bool parse_children(const struct predicate *p, const struct query_member *member,
                           struct fail *fail)
{
    struct query_path list = query_path_in(p->path, member->name);
    if (!query_read_array(member->value, &list, "a list of predicates", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    p->out->children = arena_array(p->parser->arena, count, sizeof(struct query_segment *), fail);
    if (p->out->children == NULL) {
        return false;
    }
    struct json_value element;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &element);) {
        struct query_path at = query_path_at(&list, p->out->child_count);
        if (!parse_object(p->parser, element, &at, &p->out->children[p->out->child_count], fail)) {
            return false;
        }
        p->out->child_count++;
    }
    return true;
}

static bool parse_not(const struct predicate *p, struct fail *fail)
{
    const struct query_member *member = &p->members[MEMBER_NOT];
    struct query_path at = query_path_in(p->path, member->name);
    p->out->children = arena_small(p->parser->arena, sizeof(struct query_segment *));
    p->out->child_count = 1;
    return parse_object(p->parser, member->value, &at, &p->out->children[0], fail);
}

static bool parse_aggregate(const struct predicate *p, const struct query_member **out_member,
                            struct fail *fail)
{
    static const enum query_aggregate aggregates[] = {QUERY_AGGREGATE_SUM, QUERY_AGGREGATE_AVG,
                                                      QUERY_AGGREGATE_MIN, QUERY_AGGREGATE_MAX};
    const struct query_member *found = NULL;
    for (size_t i = 0; i < ARRAY_LEN(aggregates); i++) {
        const struct query_member *member = &p->members[MEMBER_SUM + i];
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

static bool parse_times(const struct predicate *p, bool of_numbers, struct fail *fail)
{
    const struct query_member *member = &p->members[MEMBER_TIMES];
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

static bool parse_within(const struct predicate *p, struct fail *fail)
{
    const struct query_member *member = &p->members[MEMBER_WITHIN];
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

static bool parse_did(const struct predicate *p, struct fail *fail)
{
    struct query_path at = query_path_in(p->path, "did");
    const struct query_member *aggregate;
    return query_parse_matcher_object(p->parser, p->members[MEMBER_DID].value, &at,
                                      &p->out->matcher, fail) &&
           parse_aggregate(p, &aggregate, fail) && parse_times(p, aggregate != NULL, fail) &&
           parse_within(p, fail);
}

static bool parse_first_seen(const struct predicate *p, struct fail *fail)
{
    static const char expected[] = "a date (2026-05-01)";
    struct query_path path = query_path_in(p->path, "first_seen");
    struct query_path at = query_path_at(&path, 1);
    struct json_value operand;
    struct str text;
    struct civil date;
    if (!query_parse_comparison(p->parser, p->members[MEMBER_FIRST_SEEN].value, &path,
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

static bool parse_said(const struct predicate *p, struct fail *fail)
{
    struct query_path at = query_path_in(p->path, "said");
    struct query_member members[] = {
        {.name = "text"}, {.name = "where"}, {.name = "theme"}, {.name = "sentiment"}};
    if (!query_read_object(p->members[MEMBER_SAID].value, &at, "\"said\"", members,
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
static bool parse_is(const struct predicate *p, struct fail *fail)
{
    const struct query_member *member = &p->members[MEMBER_IS];
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

static bool parse_score(const struct predicate *p, struct fail *fail)
{
    static const char *const words[] = {"latest", "first", "any"};
    struct query_path at = query_path_in(p->path, "score");
    struct query_path which_path = query_path_in(p->path, "which");
    size_t metric, which = 0;
    if (!query_read_choice(p->members[MEMBER_SCORE].value, &at, query_metrics, QUERY_METRICS,
                           &metric, fail) ||
        !parse_is(p, fail) ||
        (p->members[MEMBER_WHICH].place != 0 &&
         !query_read_choice(p->members[MEMBER_WHICH].value, &which_path, words, ARRAY_LEN(words),
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

static bool parse_in(const struct predicate *p, struct query_segment **out, struct fail *fail)
{
    struct query_path at = query_path_in(p->path, "in");
    struct str name;
    return query_read_string(p->members[MEMBER_IN].value, &at, "the name of a saved segment", &name,
                             fail) &&
           parse_saved(p->parser, name, &at, out, fail);
}

static bool parse_predicate(const struct predicate *p, enum member_of_segment which,
                            struct query_segment **out, struct fail *fail)
{
    struct query_path at = query_path_in(p->path, member_names[which]);
    *out = p->out;
    switch (which) {
    case MEMBER_ALL:
        p->out->predicate = QUERY_ALL;
        return parse_children(p, &p->members[MEMBER_ALL], fail);
    case MEMBER_ANY:
        p->out->predicate = QUERY_ANY;
        return parse_children(p, &p->members[MEMBER_ANY], fail);
    case MEMBER_NOT:
        p->out->predicate = QUERY_NOT;
        return parse_not(p, fail);
    case MEMBER_DID:
        p->out->predicate = QUERY_DID;
        return parse_did(p, fail);
    case MEMBER_TRAIT:
        p->out->predicate = QUERY_TRAIT;
        p->out->trait_index = p->parser->plan->trait_predicates++;
        return query_parse_trait_condition(p->parser, p->members[MEMBER_TRAIT].value, &at,
                                           &p->out->clause, fail);
    case MEMBER_FIRST_SEEN:
        p->out->predicate = QUERY_FIRST_SEEN;
        return parse_first_seen(p, fail);
    case MEMBER_IN:
        return parse_in(p, out, fail);
    case MEMBER_SAID:
        p->out->predicate = QUERY_SAID;
        return parse_said(p, fail);
    case MEMBER_SCORE:
        p->out->predicate = QUERY_SCORED;
        return parse_score(p, fail);
    case MEMBER_SEQUENCE:
    case MEMBER_PREDICTED:
        return query_refuse(&at, fail, "\"%s\" is not supported yet", member_names[which]);
    case MEMBER_TIMES:
    case MEMBER_WITHIN:
    case MEMBER_SUM:
    case MEMBER_AVG:
    case MEMBER_MIN:
    case MEMBER_MAX:
    case MEMBER_WINDOW:
    case MEMBER_IS:
    case MEMBER_WHICH:
    case MEMBERS:
        break;
    }
    INVARIANT(which < PREDICATES);
    return false;
}

/* The one predicate that the object is; others beside it, and members it does not take, are refused. */
static bool choose_predicate(const struct query_path *path, const struct query_member *members,
                             enum member_of_segment *out, struct fail *fail)
{
    const struct query_member *chosen = NULL;
    for (size_t i = 0; i < PREDICATES; i++) {
        if (members[i].place == 0) {
            continue;
        }
        if (chosen != NULL && !query_read_exclusive(path, chosen, &members[i], fail)) {
            return false;
        }
        chosen = &members[i];
        *out = (enum member_of_segment)i;
    }
    if (chosen == NULL) {
        return query_refuse(
            path, fail, "expected one of all, any, not, did, said, score, trait, first_seen, in");
    }
    for (size_t i = PREDICATES; i < MEMBERS; i++) {
        if (members[i].place != 0 && (takes[*out] >> i & 1U) == 0) {
            struct query_path at = query_path_in(path, members[i].name);
            return query_refuse(&at, fail, "\"%s\" does not belong beside \"%s\"", members[i].name,
                                chosen->name);
        }
    }
    return true;
}

static bool parse_object(struct query_parser *parser, struct json_value value,
                         const struct query_path *path, struct query_segment **out,
                         struct fail *fail)
{
    struct query_member members[MEMBERS];
    for (size_t i = 0; i < MEMBERS; i++) {
        members[i] = (struct query_member){.name = member_names[i]};
    }
    enum member_of_segment which = MEMBERS;
    if (!query_read_object(value, path, "a segment", members, MEMBERS, fail) ||
        !choose_predicate(path, members, &which, fail)) {
        return false;
    }
    if (parser->segment_depth == QUERY_SEGMENT_DEPTH_MAX) {
        return query_refuse(path, fail, "segments nest at most %d deep", QUERY_SEGMENT_DEPTH_MAX);
    }
    struct predicate predicate = {parser, path, members,
                                  arena_small(parser->arena, sizeof(struct query_segment))};
    parser->segment_depth++;
    bool ok = parse_predicate(&predicate, which, out, fail);
    parser->segment_depth--;
    return ok;
}

bool query_parse_segment(struct query_parser *parser, struct json_value value,
                         const struct query_path *path, struct query_segment **out,
                         struct fail *fail)
{
    if (json_type_of(value) == JSON_STRING) {
        return parse_saved(parser, json_string(value), path, out, fail);
    }
    if (json_type_of(value) != JSON_OBJECT) {
        return query_refuse(path, fail,
                            "expected a segment: an object or the name of a saved one, "
                            "not %s",
                            json_type_name(json_type_of(value)));
    }
    return parse_object(parser, value, path, out, fail);
}
