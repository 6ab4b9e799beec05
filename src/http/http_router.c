#include "http_internal.h"

/* Cuts the next part off "/a/b"; false at the end. */
static bool part_next(struct str *rest, struct str *out)
{
    if (rest->len == 0) {
        return false;
    }
    struct str after = str_after(*rest, 1); /* the '/' */
    size_t end = str_find_byte(after, '/');
    *out = str_of(after.data, end);
    *rest = str_after(after, end);
    return true;
}

static int param_index(const struct http_route *route, struct str name)
{
    for (int i = 0; i < HTTP_PARAMS_MAX && route->params[i].name != NULL; i++) {
        if (route->params[i].in_path && str_is(name, route->params[i].name)) {
            return i;
        }
    }
    base_invariant_broken("every {part} of a path is a parameter", route->path, 0);
}

/* Values are left encoded: decoding one that is not asked for would be work for nothing. */
static bool path_fits(const struct http_route *route, struct str path,
                      struct str values[HTTP_PARAMS_MAX])
{
    struct str pattern = str_from_c(route->path);
    struct str wanted, given;
    while (part_next(&pattern, &wanted)) {
        if (!part_next(&path, &given)) {
            return false;
        }
        if (wanted.len > 2 && wanted.data[0] == '{') {
            if (given.len == 0) {
                return false;
            }
            values[param_index(route, str_of(wanted.data + 1, wanted.len - 2))] = given;
        } else if (!str_equal(wanted, given)) {
            return false;
        }
    }
    return path.len == 0;
}

bool http_match(enum net_method method, struct str path, struct arena *arena,
                struct http_match *out)
{
    struct http_match match = {0};
    if (path.len > 1 && path.data[path.len - 1] == '/') {
        path.len--;
    }
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        struct str values[HTTP_PARAMS_MAX] = {0};
        if (match.any != NULL && strcmp(match.any->path, route->path) != 0) {
            continue; /* a word came first: "/api/v1/names/values" is no {part} of another */
        }
        if (!path_fits(route, path, values)) {
            continue;
        }
        match.any = match.any == NULL ? route : match.any;
        match.allowed |= 1U << route->method;
        bool same = route->method == method || (route->method == NET_GET && method == NET_HEAD);
        if (same && match.route == NULL) {
            match.route = route;
            memcpy(match.values, values, sizeof match.values);
        }
    }
    if ((match.allowed & 1U << NET_GET) != 0) {
        match.allowed |= 1U << NET_HEAD;
    }
    if (match.any != NULL) {
        match.allowed |= 1U << NET_OPTIONS;
    }
    for (int i = 0; i < HTTP_PARAMS_MAX; i++) {
        if (match.values[i].data != NULL &&
            !net_percent_decode(arena, match.values[i], false, &match.values[i])) {
            return false;
        }
    }
    *out = match;
    return true;
}

struct str http_allowed(uint32_t allowed, struct arena *arena)
{
    struct str text = STR("");
    for (int i = 0; i < NET_METHODS; i++) {
        if ((allowed >> i & 1U) != 0) {
            text = str_format(arena, "%.*s%s%s", STR_ARG(text), text.len == 0 ? "" : ", ",
                              net_method_name((enum net_method)i));
        }
    }
    return text;
}
