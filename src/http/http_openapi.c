/* The route table as OpenAPI 3.1: nothing is described that is not routed, and the other way round. */
#include "http_internal.h"

#define DOCUMENT_BYTES_MAX ((size_t)4 << 20)

/* "/api/v1/customers/{id}" and GET: get_api_v1_customers_id */
static struct str operation_id(const struct http_route *route, struct arena *arena)
{
    struct str text = str_format(arena, "%s%s", net_method_name(route->method), route->path);
    char *id = str_copy_c(arena, text);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (c >= 'A' && c <= 'Z') {
            id[len++] = (char)(c - 'A' + 'a');
        } else if (word) {
            id[len++] = c;
        } else if (len > 0 && id[len - 1] != '_' && c != '}') {
            id[len++] = '_';
        }
    }
    return str_of(id, len);
}

static void write_params(const struct http_route *route, struct json_writer *w)
{
    json_name_c(w, "parameters");
    json_begin_array(w);
    for (int i = 0; i < HTTP_PARAMS_MAX && route->params[i].name != NULL; i++) {
        const struct http_param *param = &route->params[i];
        json_begin_object(w);
        json_name_c(w, "name");
        json_write_c(w, param->name);
        json_name_c(w, "in");
        json_write_c(w, param->in_path ? "path" : "query");
        json_name_c(w, "required");
        json_write_bool(w, param->in_path);
        json_name_c(w, "description");
        json_write_c(w, param->note);
        json_name_c(w, "schema");
        json_begin_object(w);
        json_name_c(w, "type");
        json_write_c(w, param->type == HTTP_WHOLE ? "integer" : "string");
        json_end_object(w);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_scheme(struct json_writer *w, const char *name)
{
    json_begin_object(w);
    json_name_c(w, name);
    json_begin_array(w);
    json_end_array(w);
    json_end_object(w);
}

static void write_security(const struct http_route *route, struct json_writer *w)
{
    json_name_c(w, "security");
    json_begin_array(w);
    if (route->class == HTTP_CLASS_API) {
        write_scheme(w, "session");
        if ((access_rights_of_key(ACCESS_KEY_SECRET) >> route->right & 1U) != 0) {
            write_scheme(w, "key");
        }
    } else if (route->class == HTTP_CLASS_INTAKE) {
        write_scheme(w, "key");
        write_scheme(w, "write_key");
    }
    json_end_array(w);
}

static void write_response(struct json_writer *w, const char *status, const char *description,
                           const char *media, const char *schema)
{
    json_name_c(w, status);
    json_begin_object(w);
    json_name_c(w, "description");
    json_write_c(w, description);
    if (media != NULL) {
        json_name_c(w, "content");
        json_begin_object(w);
        json_name_c(w, media);
        json_begin_object(w);
        json_name_c(w, "schema");
        json_write_raw(w, str_from_c(schema));
        json_end_object(w);
        json_end_object(w);
    }
    json_end_object(w);
}

static void write_operation(const struct http_route *route, struct arena *arena,
                            struct json_writer *w)
{
    char word[NET_METHODS + 8] = "";
    const char *name = net_method_name(route->method);
    for (size_t i = 0; name[i] != '\0'; i++) {
        word[i] = (char)(name[i] - 'A' + 'a');
    }
    json_name_c(w, word);
    json_begin_object(w);
    json_name_c(w, "operationId");
    json_write_str(w, operation_id(route, arena));
    json_name_c(w, "summary");
    json_write_c(w, route->summary);
    if (route->class == HTTP_CLASS_API || route->class == HTTP_CLASS_INTAKE) {
        json_name_c(w, "x-right");
        json_write_c(w, access_right_name(route->right));
    }
    write_params(route, w);
    write_security(route, w);
    if (route->request != NULL) {
        json_name_c(w, "requestBody");
        json_begin_object(w);
        json_name_c(w, "required");
        json_write_bool(w, true);
        json_name_c(w, "description");
        json_write_c(w, route->request);
        json_name_c(w, "content");
        json_write_raw(w, route->class == HTTP_CLASS_LINK
                              ? STR("{\"application/x-www-form-urlencoded\":{\"schema\":"
                                    "{\"type\":\"object\"}}}")
                          : route->class == HTTP_CLASS_INTAKE
                              ? STR("{\"application/json\":{\"schema\":{}},"
                                    "\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}}}")
                              : STR("{\"application/json\":{\"schema\":{\"type\":\"object\"}}}"));
        json_end_object(w);
    }
    json_name_c(w, "responses");
    json_begin_object(w);
    write_response(w, str_format(arena, "%d", route->status).data, route->response,
                   route->status == 204 || route->status == 303 ? NULL
                   : route->class == HTTP_CLASS_LINK            ? "text/html"
                                                                : "application/json",
                   route->handle == http_operation ? "{\"type\":\"object\"}" : "{}");
    write_response(w, "default", "What went wrong.", "application/problem+json",
                   "{\"$ref\":\"#/components/schemas/Problem\"}");
    json_end_object(w);
    json_end_object(w);
}

static const char COMPONENTS[] =
    "{\"securitySchemes\":{"
    "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"firsthand_session\","
    "\"description\":\"A signed-in person (__Host-firsthand over TLS). What changes something also "
    "carries the header X-Firsthand: 1.\"},"
    "\"key\":{\"type\":\"http\",\"scheme\":\"bearer\","
    "\"description\":\"A key of this server: sk_ for questions, pk_ or ck_ for events.\"},"
    "\"write_key\":{\"type\":\"http\",\"scheme\":\"basic\","
    "\"description\":\"The write key as user name, no password, as Segment's libraries send "
    "it.\"}},"
    "\"schemas\":{\"Problem\":{\"type\":\"object\","
    "\"description\":\"RFC 9457.\","
    "\"required\":[\"type\",\"title\",\"status\",\"detail\",\"request_id\"],"
    "\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},"
    "\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
    "\"pointer\":{\"type\":\"string\",\"description\":\"JSON pointer to the offending part.\"},"
    "\"request_id\":{\"type\":\"string\"}}}}}";

bool http_openapi(struct base_buf *out, struct fail *fail)
{
    struct arena *arena CLEANUP(arena_free_at) = arena_new(NULL);
    struct json_writer w = {.out = out};
    json_begin_object(&w);
    json_name_c(&w, "openapi");
    json_write_c(&w, "3.1.0");
    json_name_c(&w, "info");
    json_begin_object(&w);
    json_name_c(&w, "title");
    json_write_c(&w, "firsthand");
    json_name_c(&w, "version");
    json_write_c(&w, APP_VERSION);
    json_name_c(&w, "license");
    json_write_raw(&w, STR("{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}"));
    json_end_object(&w);
    json_name_c(&w, "jsonSchemaDialect");
    json_write_c(&w, "https://json-schema.org/draft/2020-12/schema");
    json_name_c(&w, "paths");
    json_begin_object(&w);
    for (size_t i = 0; i < http_route_count; i++) {
        bool first = true;
        for (size_t j = 0; j < i && first; j++) {
            first = strcmp(http_routes[j].path, http_routes[i].path) != 0;
        }
        if (!first) {
            continue;
        }
        json_name_c(&w, http_routes[i].path);
        json_begin_object(&w);
        for (size_t j = i; j < http_route_count; j++) {
            if (strcmp(http_routes[j].path, http_routes[i].path) == 0) {
                write_operation(&http_routes[j], arena, &w);
            }
        }
        json_end_object(&w);
    }
    json_end_object(&w);
    json_name_c(&w, "components");
    json_write_raw(&w, str_from_c(COMPONENTS));
    json_end_object(&w);
    return base_buf_ok(out, fail);
}

void http_openapi_show(struct http_call *call)
{
    struct base_buf body = {.limit = DOCUMENT_BYTES_MAX};
    struct fail fail;
    if (!http_openapi(&body, &fail)) {
        base_buf_done(&body);
        http_problem_fail(call, &fail);
        return;
    }
    http_send_json(call, 200, &body);
}
