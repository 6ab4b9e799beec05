/* Reading a paths question. */
#include "query_parse.h"
#include "query_paths.h"

#define STEPS_DEFAULT 4
#define LIMIT_DEFAULT 50
#define GAP_DEFAULT_MS (INT64_C(30) * 60 * 1000)

enum own_member { START, END, STEPS, LIMIT, BY, GAP, COLLAPSE, COMPARE, OPEN, OWN_COUNT };
static const char *const own_names[OWN_COUNT] = {"start", "end",      "steps",   "limit", "by",
                                                 "gap",   "collapse", "compare", "open"};

static bool parse_begin(struct query_parser *parser, const struct query_member *own,
                        struct paths_body *body, struct fail *fail)
{
    body->backwards = own[START].place == 0 && own[END].place != 0;
    const struct query_member *member = &own[body->backwards ? END : START];
    struct query_path at = query_path_in(NULL, member->name);
    uint32_t matcher;
    if (!query_read_exclusive(NULL, &own[START], &own[END], fail) ||
        !query_read_needed(NULL, member, "a matcher, or \"end\" instead", fail) ||
        !query_parse_matcher_object(parser, member->value, &at, &matcher, fail)) {
        return false;
    }
    INVARIANT(matcher == 0); /* the first of the question */
    return true;
}

static bool parse_by(struct query_parser *parser, const struct query_member *member,
                     struct paths_body *body, struct fail *fail)
{
    struct query_path at = query_path_in(NULL, member->name);
    struct str name = STR("event");
    return (member->place == 0 ||
            query_read_string(member->value, &at, "\"event\" or the name of a property or trait",
                              &name, fail)) &&
           query_parse_name(parser, name, &at, &body->by, fail);
}

static bool parse_shape(const struct query_member *own, struct paths_body *body, struct fail *fail)
{
    struct query_path steps_path = query_path_in(NULL, own[STEPS].name);
    struct query_path limit_path = query_path_in(NULL, own[LIMIT].name);
    struct query_path gap_path = query_path_in(NULL, own[GAP].name);
    struct query_path collapse_path = query_path_in(NULL, own[COLLAPSE].name);
    int64_t steps = STEPS_DEFAULT, limit = LIMIT_DEFAULT;
    body->gap_ms = GAP_DEFAULT_MS;
    body->collapse = true;
    if ((own[STEPS].place != 0 && !query_read_whole(own[STEPS].value, &steps_path, 1,
                                                    QUERY_PATHS_STEPS_MAX, &steps, fail)) ||
        (own[LIMIT].place != 0 &&
         !query_read_whole(own[LIMIT].value, &limit_path, 1, QUERY_LIMIT_MAX, &limit, fail)) ||
        (own[GAP].place != 0 &&
         !query_read_duration(own[GAP].value, &gap_path, &body->gap_ms, fail)) ||
        (own[COLLAPSE].place != 0 &&
         !query_read_bool(own[COLLAPSE].value, &collapse_path, &body->collapse, fail))) {
        return false;
    }
    body->steps = (uint32_t)steps;
    body->limit = (size_t)limit;
    return true;
}

/* ---- open ---- */

static bool parse_name(struct query_parser *parser, struct json_value value,
                       const struct query_path *path, struct str *out, struct fail *fail)
{
    struct str name;
    if (!query_read_string(value, path, "a name on a path", &name, fail)) {
        return false;
    }
    *out = str_copy(parser->arena, name);
    return true;
}

/* Names stand in order of time; they are kept in the order of the walk. */
static bool parse_open_path(struct query_parser *parser, const struct query_member *member,
                            const struct query_path *path, struct paths_body *body,
                            struct fail *fail)
{
    struct query_path list = query_path_in(path, member->name);
    if (!query_read_array(member->value, &list, "the names of a path", fail)) {
        return false;
    }
    size_t count = json_count(member->value);
    if (count == 0 || count > (size_t)body->steps + 1) {
        return query_refuse(&list, fail, "expected 1 to %u names", body->steps + 1);
    }
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(member->value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(&list, i);
        size_t place = body->backwards ? count - 1 - i : i;
        if (!parse_name(parser, element, &at, &body->open.names[place], fail)) {
            return false;
        }
    }
    body->open.cell = PATHS_CELL_PATH;
    body->open.depth = (uint32_t)count - 1;
    return true;
}

static bool parse_depth(const struct query_member *member, const struct query_path *path,
                        int64_t least, struct paths_body *body, struct fail *fail)
{
    struct query_path at = query_path_in(path, member->name);
    int64_t depth;
    if (!query_read_whole(member->value, &at, least, body->steps, &depth, fail)) {
        return false;
    }
    body->open.depth = (uint32_t)depth;
    return true;
}

static bool parse_open_link(struct query_parser *parser, const struct query_member *member,
                            const struct query_path *path, struct paths_body *body,
                            struct fail *fail)
{
    struct query_path link = query_path_in(path, member->name);
    struct query_member members[] = {{.name = "depth"}, {.name = "from"}, {.name = "to"}};
    struct query_path from_path = query_path_in(&link, members[1].name);
    struct query_path to_path = query_path_in(&link, members[2].name);
    struct str *from = &body->open.names[body->backwards ? 1 : 0];
    struct str *to = &body->open.names[body->backwards ? 0 : 1];
    body->open.cell = PATHS_CELL_LINK;
    return query_read_object(member->value, &link, "a link", members, ARRAY_LEN(members), fail) &&
           query_read_needed(&link, &members[0], "the number of a step", fail) &&
           parse_depth(&members[0], &link, 1, body, fail) &&
           query_read_needed(&link, &members[1], "a name on a path", fail) &&
           parse_name(parser, members[1].value, &from_path, from, fail) &&
           query_read_needed(&link, &members[2], "a name on a path", fail) &&
           parse_name(parser, members[2].value, &to_path, to, fail);
}

static bool parse_open(struct query_parser *parser, const struct query_member *open,
                       struct paths_body *body, struct fail *fail)
{
    static const char *const names[] = {"path", "link", "depth"};
    struct query_member members[QUERY_OPEN_COMMON_COUNT + ARRAY_LEN(names)];
    const struct query_member *own = members + QUERY_OPEN_COMMON_COUNT;
    struct query_path path = query_path_in(NULL, open->name);
    return query_parse_open(parser, open, names, ARRAY_LEN(names), members, fail) &&
           query_read_exclusive(&path, &own[0], &own[1], fail) &&
           query_read_exclusive(&path, &own[0], &own[2], fail) &&
           query_read_exclusive(&path, &own[1], &own[2], fail) &&
           (own[0].place == 0 || parse_open_path(parser, &own[0], &path, body, fail)) &&
           (own[1].place == 0 || parse_open_link(parser, &own[1], &path, body, fail)) &&
           (own[2].place == 0 || parse_depth(&own[2], &path, 0, body, fail)) &&
           query_parse_open_list(parser, members, true, fail);
}

bool paths_parse(struct query_parser *parser, struct json_value root, struct fail *fail)
{
    struct query_member members[QUERY_COMMON_COUNT + OWN_COUNT];
    const struct query_member *own = members + QUERY_COMMON_COUNT;
    struct paths_body *body = query_parse_body(parser, sizeof *body);
    return query_parse_common(parser, root, own_names, OWN_COUNT, members, fail) &&
           parse_begin(parser, own, body, fail) && parse_by(parser, &own[BY], body, fail) &&
           parse_shape(own, body, fail) && query_parse_common_segment(parser, members, fail) &&
           query_parse_compare(parser, &own[COMPARE], NULL, fail) &&
           (own[OPEN].place == 0 || parse_open(parser, &own[OPEN], body, fail));
}
