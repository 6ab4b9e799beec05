/* Segments: predicates over one customer's whole timeline, and saved ones by name. */
#include "query_parse_segment.h"

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

static const char *const member_names[SEGMENT_MEMBERS] = {
    "all",   "any",       "not",        "did",    "sequence", "said",   "score",
    "trait", "predicted", "first_seen", "in",     "times",    "within", "sum",
    "avg",   "min",       "max",        "window", "is",       "which",
};
/* Which of the further members each predicate takes. */
static const uint32_t takes[SEGMENT_PREDICATES] = {
    [SEGMENT_DID] = 1U << SEGMENT_TIMES | 1U << SEGMENT_WITHIN | 1U << SEGMENT_SUM |
                    1U << SEGMENT_AVG | 1U << SEGMENT_MIN | 1U << SEGMENT_MAX,
    [SEGMENT_SEQUENCE] = 1U << SEGMENT_WINDOW | 1U << SEGMENT_WITHIN,
    [SEGMENT_SAID] = 1U << SEGMENT_WITHIN,
    [SEGMENT_SCORE] = 1U << SEGMENT_IS | 1U << SEGMENT_WHICH | 1U << SEGMENT_WITHIN,
};

static bool parse_children(const struct segment_part *p, const struct query_member *member,
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

static bool parse_not(const struct segment_part *p, struct fail *fail)
{
    const struct query_member *member = &p->members[SEGMENT_NOT];
    struct query_path at = query_path_in(p->path, member->name);
    p->out->children = arena_small(p->parser->arena, sizeof(struct query_segment *));
    p->out->child_count = 1;
    return parse_object(p->parser, member->value, &at, &p->out->children[0], fail);
}

static bool parse_in(const struct segment_part *p, struct query_segment **out, struct fail *fail)
{
    struct query_path at = query_path_in(p->path, "in");
    struct str name;
    return query_read_string(p->members[SEGMENT_IN].value, &at, "the name of a saved segment",
                             &name, fail) &&
           parse_saved(p->parser, name, &at, out, fail);
}

static bool parse_predicate(const struct segment_part *p, enum segment_member which,
                            struct query_segment **out, struct fail *fail)
{
    struct query_path at = query_path_in(p->path, member_names[which]);
    *out = p->out;
    switch (which) {
    case SEGMENT_ALL:
        p->out->predicate = QUERY_ALL;
        return parse_children(p, &p->members[SEGMENT_ALL], fail);
    case SEGMENT_ANY:
        p->out->predicate = QUERY_ANY;
        return parse_children(p, &p->members[SEGMENT_ANY], fail);
    case SEGMENT_NOT:
        p->out->predicate = QUERY_NOT;
        return parse_not(p, fail);
    case SEGMENT_DID:
        p->out->predicate = QUERY_DID;
        return segment_parse_did(p, fail);
    case SEGMENT_TRAIT:
        p->out->predicate = QUERY_TRAIT;
        p->out->trait_index = p->parser->plan->trait_predicates++;
        return query_parse_trait_condition(p->parser, p->members[SEGMENT_TRAIT].value, &at,
                                           &p->out->clause, fail);
    case SEGMENT_FIRST_SEEN:
        p->out->predicate = QUERY_FIRST_SEEN;
        return segment_parse_first_seen(p, fail);
    case SEGMENT_IN:
        return parse_in(p, out, fail);
    case SEGMENT_SAID:
        p->out->predicate = QUERY_SAID;
        return segment_parse_said(p, fail);
    case SEGMENT_SCORE:
        p->out->predicate = QUERY_SCORED;
        return segment_parse_score(p, fail);
    case SEGMENT_SEQUENCE:
        p->out->predicate = QUERY_SEQUENCE;
        return segment_parse_sequence(p, fail);
    case SEGMENT_PREDICTED:
        return query_refuse(&at, fail, "\"%s\" is not supported yet", member_names[which]);
    case SEGMENT_TIMES:
    case SEGMENT_WITHIN:
    case SEGMENT_SUM:
    case SEGMENT_AVG:
    case SEGMENT_MIN:
    case SEGMENT_MAX:
    case SEGMENT_WINDOW:
    case SEGMENT_IS:
    case SEGMENT_WHICH:
    case SEGMENT_MEMBERS:
        break;
    }
    INVARIANT(which < SEGMENT_PREDICATES);
    return false;
}

/* The one predicate that the object is; others beside it, and members it does not take, are refused. */
static bool choose_predicate(const struct query_path *path, const struct query_member *members,
                             enum segment_member *out, struct fail *fail)
{
    const struct query_member *chosen = NULL;
    for (size_t i = 0; i < SEGMENT_PREDICATES; i++) {
        if (members[i].place == 0) {
            continue;
        }
        if (chosen != NULL && !query_read_exclusive(path, chosen, &members[i], fail)) {
            return false;
        }
        chosen = &members[i];
        *out = (enum segment_member)i;
    }
    if (chosen == NULL) {
        return query_refuse(
            path, fail,
            "expected one of all, any, not, did, sequence, said, score, trait, first_seen, in");
    }
    for (size_t i = SEGMENT_PREDICATES; i < SEGMENT_MEMBERS; i++) {
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
    struct query_member members[SEGMENT_MEMBERS];
    for (size_t i = 0; i < SEGMENT_MEMBERS; i++) {
        members[i] = (struct query_member){.name = member_names[i]};
    }
    enum segment_member which = SEGMENT_MEMBERS;
    if (!query_read_object(value, path, "a segment", members, SEGMENT_MEMBERS, fail) ||
        !choose_predicate(path, members, &which, fail)) {
        return false;
    }
    if (parser->segment_depth == QUERY_SEGMENT_DEPTH_MAX) {
        return query_refuse(path, fail, "segments nest at most %d deep", QUERY_SEGMENT_DEPTH_MAX);
    }
    struct segment_part predicate = {parser, path, members,
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
