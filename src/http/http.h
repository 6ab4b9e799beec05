/* http.h — the HTTP API and the pages: a thin face over app.
 *
 * What: one route table (http_routes.c) is the source for routing, authorisation, limits, CORS, OpenAPI and metrics.
 *   Most routes are an operation of app: path and query become members of its JSON input. Here are
 *   only the things of HTTP: sessions and cookies, CSRF, keys in headers, problems, pages.
 * Owner: http_start/http_stop; the app must outlive it.
 * Threads: start and stop from one thread; handlers run on the server's (net_server.h).
 * Failure: FAIL_IO where the address cannot be had, FAIL_INPUT for a bad setting.
 * Limits/cost: struct http_options, the table's body limits.
 * Units: *_ms.
 * Example: struct http *http = NULL; if (!http_start(app, &(struct http_options){0}, &http, fail)) ...
 * Not here: use cases (app), decoding of events (intake).
 */
#pragma once

#include "app.h"

struct http;

struct http_options {      /* zero = default: the app's settings */
    const char *listen;    /* overrides the setting */
    int64_t address_per_s; /* requests of one address: 50,000, and twice that at once */
    int64_t key_per_s;     /* of one key: 50,000, and twice that at once */
    int64_t request_ms;    /* for a whole request to arrive: 60,000 */
};
bool http_start(struct app *app, const struct http_options *options, struct http **out,
                struct fail *fail) MUST_USE;
/* "http://127.0.0.1:8080", for people to open. Lives as long as `http`. */
const char *http_address(const struct http *http);
int http_port(const struct http *http);
/* Stops accepting, lets running requests end for up to `grace_ms`, closes. Accepts NULL. */
void http_stop(struct http *http, int64_t grace_ms);

/* The same document as GET /openapi.json, for the docs and tests. */
bool http_openapi(struct base_buf *out, struct fail *fail) MUST_USE;
