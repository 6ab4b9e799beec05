/* The question as a whole: size, kind, common members, the plan's face. */
#include "query_parse.h"

#include <stdarg.h>
#include <stdio.h>

#include "query_kind.h"

static const char *const common_names[QUERY_COMMON_COUNT] = {
    "kind", "as_of", "range", "timezone", "segment", "per", "internal"};

const char *const query_metrics[QUERY_METRICS] = {"nps", "csat", "ces", "stars"};

bool query_parse_warn(struct query_parser *parser, struct fail *fail, const char *format, ...)
{
    (void)fail;
    struct query_plan *plan = parser->plan;
    if (plan->warning_count == parser->warning_capacity) {
        size_t capacity = parser->warning_capacity == 0 ? 4 : 2 * parser->warning_capacity;
        struct str *grown = arena_small(parser->arena, capacity * sizeof *grown);
        if (plan->warning_count > 0) {
            memcpy(grown, plan->warnings, plan->warning_count * sizeof *grown);
        }
        plan->warnings = grown;
        parser->warning_capacity = capacity;
    }
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    query_text_trim(line);
    plan->warnings[plan->warning_count++] = str_copy(parser->arena, str_from_c(line));
    return true;
}

/* Known everywhere, but not taken by all: worth more than "no such member". */
static bool refuse_not_taken(struct json_value root, const char *name, const char *kinds,
                             const char *const *own, size_t own_count, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, name);
    struct json_value ignored;
    for (size_t i = 0; i < own_count; i++) {
        if (strcmp(own[i], name) == 0) {
            return true;
        }
    }
    return !json_member(root, str_from_c(name), &ignored) ||
           query_refuse(&at, fail, "\"%s\" is for %s", name, kinds);
}

bool query_parse_common(struct query_parser *parser, struct json_value root, const char *const *own,
                        size_t own_count, struct query_member *members, struct fail *fail)
{
    for (size_t i = 0; i < QUERY_COMMON_COUNT + own_count; i++) {
        members[i] = (struct query_member){
            .name = i < QUERY_COMMON_COUNT ? common_names[i] : own[i - QUERY_COMMON_COUNT]};
    }
    char what[64];
    snprintf(what, sizeof what, "a question of kind \"%s\"", parser->plan->kind->name);
    if (!refuse_not_taken(root, "breakdown", "trend, funnel, retention and score", own, own_count,
                          fail) ||
        !refuse_not_taken(
            root, "compare",
            "trend, funnel, retention, lifecycle, stickiness, paths, time_between and "
            "score",
            own, own_count, fail) ||
        !query_read_object(root, NULL, what, members, QUERY_COMMON_COUNT + own_count, fail)) {
        return false;
    }
    const struct query_member *as_of = &members[QUERY_AS_OF];
    if (as_of->place != 0) {
        struct query_path at = query_path_in(NULL, as_of->name);
        if (!query_read_instant(as_of->value, &at, &parser->plan->now_ms, fail)) {
            return false;
        }
        parser->plan->has_as_of = true;
    }
    if (members[QUERY_PER].place != 0) {
        struct query_path at = query_path_in(NULL, "per");
        static const char *const names[] = {"account"};
        size_t index;
        if (!query_read_choice(members[QUERY_PER].value, &at, names, 1, &index, fail)) {
            return false;
        }
        if (parser->plan->kind->counts_no_customers) {
            return query_refuse(&at, fail,
                                "a question of kind \"%s\" counts no customers, and no accounts",
                                parser->plan->kind->name);
        }
        parser->plan->per_account = true;
    }
    return query_parse_timezone(parser, &members[QUERY_TIMEZONE], fail) &&
           query_parse_range(parser, &members[QUERY_RANGE], fail);
}

bool query_parse_common_segment(struct query_parser *parser, const struct query_member *members,
                                struct fail *fail)
{
    const struct query_member *segment = &members[QUERY_SEGMENT];
    struct query_path at = query_path_in(NULL, segment->name);
    return (segment->place == 0 ||
            query_parse_segment(parser, segment->value, &at, &parser->plan->segment, fail)) &&
           query_parse_internal(
               parser, &members[QUERY_INTERNAL],
               parser->finds_one ? QUERY_INTERNAL_INCLUDED : QUERY_INTERNAL_LEFT_OUT, fail);
}

bool query_parser_init(struct query_parser *parser, const struct query_env *env,
                       struct arena *arena, struct fail *fail)
{
    struct query_plan *plan = arena_small(arena, sizeof *plan);
    plan->matchers = arena_array(arena, QUERY_MATCHERS_MAX, sizeof *plan->matchers, fail);
    plan->now_ms = env->now_ms;
    plan->zone = env->zone;
    plan->text = env->text;
    if (env->renames != NULL && !env->renames(env->context, arena, &plan->renames, fail)) {
        return false;
    }
    *parser = (struct query_parser){.env = env, .arena = arena, .plan = plan};
    return plan->matchers != NULL;
}

static bool parse_kind(struct json_value root, const struct query_kind **out, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, "kind");
    struct json_value value;
    struct str name;
    size_t count;
    const char *const *names = query_kind_names(&count);
    if (json_type_of(root) != JSON_OBJECT) {
        return query_refuse(NULL, fail, "expected a question, an object, not %s",
                            json_type_name(json_type_of(root)));
    }
    if (!json_member(root, STR("kind"), &value)) {
        return query_refuse(
            &at, fail,
            "\"kind\" is missing: expected trend, funnel, retention, paths, lifecycle, "
            "stickiness, time_between, score, customers or verbatims");
    }
    if (!query_read_string(value, &at, "the kind of question", &name, fail)) {
        return false;
    }
    const struct query_kind *kind = query_kind_find(name);
    if (kind == NULL) {
        size_t index;
        return query_read_choice(value, &at, names, count, &index, fail);
    }
    if (kind->parse == NULL) {
        return query_refuse(&at, fail, "questions of kind \"%s\" are not supported yet",
                            kind->name);
    }
    *out = kind;
    return true;
}

bool query_parse(const struct query_env *env, struct str text, struct arena *arena,
                 struct query_plan **out, struct fail *fail)
{
    if (text.len > QUERY_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a question has at most %zu bytes, this one %zu",
                        QUERY_BYTES_MAX, text.len);
    }
    CLEANUP(json_parser_free_at) struct json_parser *reader = json_parser_new();
    struct json_value root;
    struct query_parser parser;
    if (!json_parse(reader, text, &root, fail) || !query_parser_init(&parser, env, arena, fail) ||
        !parse_kind(root, &parser.plan->kind, fail) ||
        !parser.plan->kind->parse(&parser, root, fail)) {
        return false;
    }
    query_parse_compared(&parser);
    *out = parser.plan;
    return true;
}

bool query_check_segment(const struct query_env *env, struct str text, struct str own_name,
                         struct fail *fail)
{
    if (text.len > QUERY_BYTES_MAX) {
        return fail_set(fail, FAIL_LIMIT, "a segment has at most %zu bytes, this one %zu",
                        QUERY_BYTES_MAX, text.len);
    }
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    CLEANUP(json_parser_free_at) struct json_parser *reader = json_parser_new();
    struct json_value root;
    struct query_parser parser;
    struct query_segment *segment;
    struct query_saved own = {NULL, own_name};
    if (!json_parse(reader, text, &root, fail) || !query_parser_init(&parser, env, arena, fail)) {
        return false;
    }
    parser.saved = own_name.len > 0 ? &own : NULL;
    return query_parse_segment(&parser, root, NULL, &segment, fail);
}

bool query_segment_plan(const struct query_env *env, struct str text, struct arena *arena,
                        struct query_plan **out, struct fail *fail)
{
    CLEANUP(json_parser_free_at) struct json_parser *reader = json_parser_new();
    struct json_value root;
    struct query_parser parser;
    if (!json_parse(reader, text, &root, fail) || !query_parser_init(&parser, env, arena, fail) ||
        !query_parse_segment(&parser, root, NULL, &parser.plan->segment, fail)) {
        return false;
    }
    *out = parser.plan;
    return true;
}

const char *query_plan_kind(const struct query_plan *plan)
{
    return plan->kind->name;
}

int64_t query_plan_as_of_ms(const struct query_plan *plan)
{
    return plan->now_ms;
}

bool query_plan_has_as_of(const struct query_plan *plan)
{
    return plan->has_as_of;
}

bool query_plan_is_open(const struct query_plan *plan)
{
    return plan->is_open;
}
