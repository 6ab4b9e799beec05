/* Which route an address is. */
#include "http_fixture.h"

static struct http_match match_of(enum net_method method, const char *path, struct arena *arena)
{
    struct http_match match = {0};
    assert_true(http_match(method, str_from_c(path), arena, &match));
    return match;
}

static void route_words_come_before_parts(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    assert_string_equal(match_of(NET_GET, "/api/v1/names/values", arena).route->operation,
                        "values");
    assert_string_equal(match_of(NET_GET, "/api/v1/customers/timeline", arena).route->operation,
                        "customer");
    assert_string_equal(match_of(NET_GET, "/api/v1/customers/u1/timeline", arena).route->operation,
                        "timeline");
    arena_free(arena);
}

static void route_parts_are_decoded_on_their_own(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct http_match match = match_of(NET_GET, "/api/v1/customers/email%3Aa%2Fb%40c+d", arena);
    assert_string_equal(match.route->operation, "customer");
    assert_true(str_is(match.values[0], "email:a/b@c+d"));
    assert_false(http_match(NET_GET, STR("/api/v1/customers/%zz"), arena, &match));
    assert_false(http_match(NET_GET, STR("/api/v1/customers/a%00"), arena, &match));
    arena_free(arena);
}

static void route_slash_at_the_end_does_not_matter(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    assert_non_null(match_of(NET_POST, "/v1/track/", arena).route);
    assert_non_null(match_of(NET_GET, "/livez/", arena).route);
    assert_null(match_of(NET_GET, "/livez//", arena).route);
    assert_null(match_of(NET_GET, "/api/v1/customers//timeline", arena).any);
    assert_null(match_of(NET_GET, "/", arena).any);
    /* A customer without a name is none: this is the list. */
    assert_string_equal(match_of(NET_GET, "/api/v1/customers/", arena).any->path,
                        "/api/v1/customers");
    arena_free(arena);
}

static void route_of_another_method_is_known_but_not_this(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    struct http_match match = match_of(NET_PATCH, "/api/v1/segments/x", arena);
    assert_null(match.route);
    assert_non_null(match.any);
    assert_true(str_is(http_allowed(match.allowed, arena), "GET, HEAD, PUT, DELETE, OPTIONS"));
    assert_non_null(match_of(NET_HEAD, "/api/v1/segments/x", arena).route);
    assert_null(match_of(NET_HEAD, "/v1/track", arena).route);
    arena_free(arena);
}

static void route_table_holds_no_line_twice_and_none_that_cannot_be_reached(void **state)
{
    (void)state;
    struct arena *arena = arena_new(NULL);
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        struct http_match match = match_of(route->method, route->path, arena);
        assert_ptr_equal(match.route, route);
        assert_non_null(route->handle);
        assert_non_null(route->summary);
        assert_non_null(route->response);
        assert_true(route->body_bytes_max > 0);
        assert_true((route->handle == http_operation || route->handle == http_decide ||
                     route->handle == http_sql) == (route->operation != NULL));
    }
    arena_free(arena);
}

static void route_that_reads_changes_nothing(void **state)
{
    (void)state;
    /* GET must be safe: what it asks of app is a reading operation. */
    static const char *const changing[] = {"save", "delete", "add",  "create", "revoke",
                                           "join", "split",  "seal", "link"};
    for (size_t i = 0; i < http_route_count; i++) {
        const struct http_route *route = &http_routes[i];
        if (route->method != NET_GET || route->operation == NULL) {
            continue;
        }
        for (size_t j = 0; j < ARRAY_LEN(changing); j++) {
            assert_null(strstr(route->operation, changing[j]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(route_words_come_before_parts),
        cmocka_unit_test(route_parts_are_decoded_on_their_own),
        cmocka_unit_test(route_slash_at_the_end_does_not_matter),
        cmocka_unit_test(route_of_another_method_is_known_but_not_this),
        cmocka_unit_test(route_table_holds_no_line_twice_and_none_that_cannot_be_reached),
        cmocka_unit_test(route_that_reads_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
