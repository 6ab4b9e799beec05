/* Breakdowns: by a name, or by bins of its numbers. */
#include "query_parse.h"

#define LIMIT_DEFAULT 10
#define BINS_MAX 1000

/* "<0", "[0,10)", ">=100" */
static struct str bin_name(struct arena *arena, const struct store_value *edges, size_t count,
                           size_t bin)
{
    char low_text[QUERY_VALUE_CHARS], high_text[QUERY_VALUE_CHARS];
    if (bin == 0) {
        struct str high = query_value_name(edges[0], high_text);
        return str_format(arena, "<%.*s", STR_ARG(high));
    }
    struct str low = query_value_name(edges[bin - 1], low_text);
    if (bin == count) {
        return str_format(arena, ">=%.*s", STR_ARG(low));
    }
    struct str high = query_value_name(edges[bin], high_text);
    return str_format(arena, "[%.*s,%.*s)", STR_ARG(low), STR_ARG(high));
}

static bool parse_edges(struct query_parser *parser, struct json_value value,
                        const struct query_path *path, struct query_breakdown *out,
                        struct fail *fail)
{
    if (!query_read_array(value, path, "a list of rising numbers", fail)) {
        return false;
    }
    size_t count = json_count(value);
    if (count == 0 || count > BINS_MAX) {
        return query_refuse(path, fail, "expected 1 to %d edges", BINS_MAX);
    }
    struct store_value *edges = arena_array(parser->arena, count, sizeof *edges, fail);
    struct str *names = arena_array(parser->arena, count + 1, sizeof *names, fail);
    if (edges == NULL || names == NULL) {
        return false;
    }
    struct json_value element;
    size_t i = 0;
    for (struct json_iter it = json_iter_of(value); json_next(&it, NULL, &element); i++) {
        struct query_path at = query_path_at(path, i);
        if (!query_read_scalar(element, &at, parser->arena, &edges[i], fail)) {
            return false;
        }
        if (!store_value_is_number(edges[i])) {
            return query_refuse(&at, fail, "expected a number");
        }
        if (i > 0 && query_number_compare(edges[i - 1], edges[i]) >= 0) {
            return query_refuse(&at, fail, "edges of bins must rise");
        }
    }
    for (i = 0; i <= count; i++) {
        names[i] = bin_name(parser->arena, edges, count, i);
    }
    out->edges = edges;
    out->edge_count = (uint32_t)count;
    out->bins = names;
    return true;
}

static bool parse_bins(struct query_parser *parser, const struct query_member *member,
                       const struct query_path *path, struct query_breakdown *out,
                       struct fail *fail)
{
    struct query_member members[] = {{.name = "by"}, {.name = "bins"}};
    if (!query_read_object(member->value, path, "a breakdown", members, 2, fail) ||
        !query_read_needed(path, &members[0], "the name of a property", fail) ||
        !query_read_needed(path, &members[1], "a list of rising numbers", fail)) {
        return false;
    }
    struct query_path by = query_path_in(path, "by"), bins = query_path_in(path, "bins");
    struct str name;
    return query_read_string(members[0].value, &by, "the name of a property", &name, fail) &&
           query_parse_name(parser, name, &by, &out->name, fail) &&
           parse_edges(parser, members[1].value, &bins, out, fail);
}

bool query_parse_breakdown(struct query_parser *parser, const struct query_member *breakdown,
                           const struct query_member *limit, struct fail *fail)
{
    struct query_path path = query_path_in(NULL, breakdown->name);
    struct query_path limit_path = query_path_in(NULL, limit->name);
    int64_t most = LIMIT_DEFAULT;
    if (limit->place != 0 &&
        !query_read_whole(limit->value, &limit_path, 1, QUERY_LIMIT_MAX, &most, fail)) {
        return false;
    }
    if (breakdown->place == 0) {
        return limit->place == 0 ||
               query_parse_warn(parser, fail, "\"limit\" has no effect without a breakdown");
    }
    struct query_breakdown *out = arena_small(parser->arena, sizeof *out);
    out->limit = (size_t)most;
    if (json_type_of(breakdown->value) == JSON_OBJECT) {
        if (!parse_bins(parser, breakdown, &path, out, fail)) {
            return false;
        }
        struct query_path bins = query_path_in(&path, "bins");
        if (limit->place != 0) { /* the later of the two */
            return query_refuse(limit->place > breakdown->place ? &limit_path : &bins, fail,
                                "\"limit\" does not go with bins");
        }
    } else {
        struct str name;
        if (!query_read_string(breakdown->value, &path,
                               "the name of a property, or {\"by\": .., \"bins\": [..]}", &name,
                               fail) ||
            !query_parse_name(parser, name, &path, &out->name, fail)) {
            return false;
        }
    }
    parser->plan->breakdown = out;
    return true;
}
