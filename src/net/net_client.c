/* The only file that knows libcurl. */
#include "net_client.h"

#include <curl/curl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>

#include "base_buf.h"

#define CONNECT_MS 10000
#define SLOW_BYTES_A_SECOND 16L
#define SLOW_SECONDS 20L
#define POLL_MS 200
#define BODY_BYTES_OTHERWISE ((size_t)1 << 20)
#define PIN_BYTES 2048

struct net_client { /* immutable */
    char *user_agent, *private_hosts, *ca_file;
    bool (*resolve)(void *context, const char *host, uint16_t port, struct net_address *out,
                    size_t *out_count, struct fail *fail);
    void *resolve_context;
};

static char *kept(struct str text)
{
    char *copy = base_alloc_zero(text.len + 1);
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    return copy;
}

static bool resolve_by_system(void *context, const char *host, uint16_t port,
                              struct net_address *out, size_t *out_count, struct fail *fail)
{
    (void)context;
    char service[8];
    snprintf(service, sizeof service, "%u", (unsigned)port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list;
    int code = getaddrinfo(host, service, &hints, &list);
    if (code != 0) {
        return fail_set(fail, FAIL_IO, "%s: the name is not known (%s)", host, gai_strerror(code));
    }
    size_t count = 0;
    for (struct addrinfo *one = list; one != NULL && count < NET_ADDRESSES_MAX;
         one = one->ai_next) {
        if (one->ai_addrlen <= sizeof out[count].v6) {
            out[count] = (struct net_address){.len = one->ai_addrlen};
            memcpy(&out[count].any, one->ai_addr, one->ai_addrlen);
            count++;
        }
    }
    freeaddrinfo(list);
    *out_count = count;
    return true;
}

struct net_client *net_client_new(const struct net_client_options *options)
{
    INVARIANT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    struct net_client *client = base_alloc_zero(sizeof *client);
    client->user_agent =
        kept(options->user_agent.len == 0 ? STR("firsthand") : options->user_agent);
    client->private_hosts = kept(options->private_hosts);
    client->ca_file = options->ca_file == NULL ? NULL : kept(str_from_c(options->ca_file));
    client->resolve = options->resolve == NULL ? resolve_by_system : options->resolve;
    client->resolve_context = options->resolve_context;
    return client;
}

void net_client_free(struct net_client *client)
{
    if (client == NULL) {
        return;
    }
    base_free(client->user_agent);
    base_free(client->private_hosts);
    base_free(client->ca_file);
    base_free(client);
    curl_global_cleanup();
}

/* ---- where a connection may go --------------------------------------------------------------------- */

struct target {
    struct net_url url;
    struct net_address addresses[NET_ADDRESSES_MAX];
    size_t count;
    bool allow_private;
    const char *refused; /* by the last look, just before connecting */
    struct curl_slist *pin;
};

/* Resolves once and judges every address: one bad one is enough to refuse, so that a name cannot show a good
   one first and lead elsewhere after. */
static bool aim(const struct net_client *client, struct str url, unsigned schemes,
                struct arena *arena, struct target *target, struct fail *fail)
{
    *target = (struct target){0};
    if (!net_url_parse(url, schemes, arena, &target->url, fail)) {
        return false;
    }
    const char *host = str_copy_c(arena, target->url.host);
    target->allow_private = net_host_listed(str_from_c(client->private_hosts), target->url.host);
    if (target->url.is_address) {
        target->count = 1;
        INVARIANT(net_address_parse(target->url.host, target->url.port, &target->addresses[0]));
    } else if (!client->resolve(client->resolve_context, host, target->url.port, target->addresses,
                                &target->count, fail)) {
        return false;
    }
    if (target->count == 0) {
        return fail_set(fail, FAIL_IO, "%s: the name has no address", host);
    }
    for (size_t i = 0; i < target->count; i++) {
        const char *why = net_address_refused(&target->addresses[i], target->allow_private);
        if (why != NULL) {
            char text[INET6_ADDRSTRLEN];
            net_address_format(&target->addresses[i], text, sizeof text);
            return fail_set(fail, FAIL_DENIED,
                            "%s leads to %s, a %s address, which is not connected to; an operator "
                            "may name a private host in the setting private_hosts",
                            host, text, why);
        }
    }
    return true;
}

/* Tells libcurl the addresses, so that it never resolves the name itself. */
static bool pin(struct target *target, struct fail *fail)
{
    if (target->url.is_address) {
        return true;
    }
    struct base_buf text CLEANUP(base_buf_done) = {.limit = PIN_BYTES};
    base_buf_printf(&text, "%.*s:%u:", STR_ARG(target->url.host), (unsigned)target->url.port);
    for (size_t i = 0; i < target->count; i++) {
        char address[INET6_ADDRSTRLEN];
        bool v6 = target->addresses[i].any.sa_family == AF_INET6;
        net_address_format(&target->addresses[i], address, sizeof address);
        base_buf_printf(&text, "%s%s%s%s", i == 0 ? "" : ",", v6 ? "[" : "", address,
                        v6 ? "]" : "");
    }
    base_buf_byte(&text, '\0');
    if (!base_buf_ok(&text, fail)) {
        return false;
    }
    target->pin = curl_slist_append(NULL, text.data);
    return true;
}

/* The last look: the address that is really connected to, whoever chose it. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct target *target = context;
    (void)purpose;
    struct net_address to = {.len = address->addrlen};
    if (address->addrlen > sizeof to.v6) {
        return CURL_SOCKET_BAD;
    }
    memcpy(&to.any, &address->addr, address->addrlen);
    bool known = false;
    for (size_t i = 0; i < target->count && !known; i++) {
        known = net_address_equal(&to, &target->addresses[i]);
    }
    const char *why = known ? net_address_refused(&to, target->allow_private) : "unexpected";
    if (why != NULL) {
        target->refused = why;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one fetch --------------------------------------------------------------------------------------- */

struct flight {
    const struct net_client *client;
    struct net_fetch *fetch;
    struct target target;
    struct arena *arena;
    CURL *easy;
    struct curl_slist *headers;
    struct base_buf body;
    size_t head_bytes;
    bool too_large, landed;
    int redirects;
    int64_t began_us;
    struct str location;
    struct str url;
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct flight *flight = context;
    base_buf_bytes(&flight->body, data, size * count);
    flight->too_large = flight->body.failed;
    return flight->too_large ? 0 : size * count;
}

static bool header_is(struct str line, const char *name, struct str *out_value)
{
    size_t len = strlen(name);
    if (line.len <= len || line.data[len] != ':') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        char c = line.data[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != name[i]) {
            return false;
        }
    }
    *out_value = str_trim(str_after(line, len + 1));
    return true;
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    struct flight *flight = context;
    struct net_fetch *fetch = flight->fetch;
    struct str line = str_of(data, size * count), value;
    flight->head_bytes += line.len;
    if (flight->head_bytes > NET_FETCH_HEAD_BYTES_MAX) {
        flight->too_large = true;
        return 0;
    }
    if (header_is(line, "etag", &value)) {
        fetch->answer_etag = str_copy(flight->arena, value);
    } else if (header_is(line, "last-modified", &value)) {
        fetch->answer_last_modified = str_copy(flight->arena, value);
    } else if (header_is(line, "content-type", &value)) {
        fetch->answer_type = str_copy(flight->arena, value);
    } else if (header_is(line, "location", &value)) {
        flight->location = str_copy(flight->arena, value);
    } else if (header_is(line, "retry-after", &value)) {
        int64_t seconds;
        fetch->retry_after_s = str_parse_i64(value, &seconds) && seconds > 0 ? seconds : 0;
    }
    return line.len;
}

static void add_header(struct flight *flight, const char *name, struct str value)
{
    /* A value with a line break would be a header of its own. */
    if (value.data == NULL || memchr(value.data, '\n', value.len) != NULL ||
        memchr(value.data, '\r', value.len) != NULL) {
        return;
    }
    struct str line = str_format(flight->arena, "%s%.*s", name, STR_ARG(value));
    flight->headers = curl_slist_append(flight->headers, line.data);
}

/* What every connection has in common. libcurl's setters fail for lack of memory only. */
static void set_common(CURL *easy, const struct net_client *client, struct target *target)
{
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, target);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, target->pin);
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    if (client->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    }
}

static void set_request(struct flight *flight)
{
    const struct net_fetch *fetch = flight->fetch;
    CURL *easy = flight->easy;
    add_header(flight, "Accept: ", fetch->accept.data == NULL ? STR("*/*") : fetch->accept);
    add_header(flight, "If-None-Match: ", fetch->etag);
    add_header(flight, "If-Modified-Since: ", fetch->last_modified);
    for (size_t i = 0; i < fetch->header_count && flight->redirects == 0; i++) {
        add_header(flight, "", fetch->headers[i]);
    }
    if (fetch->method == NET_FETCH_POST) {
        add_header(flight, "Content-Type: ", fetch->content_type);
        add_header(flight, "Expect:", STR(""));
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                         fetch->body.data == NULL ? "" : fetch->body.data);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)fetch->body.len);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, flight->headers);
}

/* Steady time is the system's here: it bounds real waiting. */
static int64_t left_ms(const struct flight *flight)
{
    int64_t all_ms =
        flight->fetch->deadline_ms > 0 ? flight->fetch->deadline_ms : NET_FETCH_DEADLINE_MS;
    return all_ms - (base_steady_us(base_clock_real()) - flight->began_us) / 1000;
}

static void land(struct flight *flight)
{
    flight->landed = true;
    if (flight->easy != NULL) {
        curl_easy_cleanup(flight->easy);
        flight->easy = NULL;
    }
    curl_slist_free_all(flight->headers);
    curl_slist_free_all(flight->target.pin);
    flight->headers = flight->target.pin = NULL;
}

/* Aims and prepares; false: landed with a failure. */
static bool prepare(struct flight *flight)
{
    struct net_fetch *fetch = flight->fetch;
    unsigned schemes = NET_URL_HTTPS;
    /* What began encrypted stays so. */
    schemes |= flight->redirects == 0 || !str_starts_c(fetch->url, "https") ? NET_URL_HTTP : 0U;
    if (!aim(flight->client, flight->url, schemes, flight->arena, &flight->target, &fetch->fail) ||
        !pin(&flight->target, &fetch->fail)) {
        land(flight);
        return false;
    }
    int64_t remaining_ms = left_ms(flight);
    flight->easy = curl_easy_init();
    INVARIANT(flight->easy != NULL);
    CURL *easy = flight->easy;
    struct str target = str_format(flight->arena, "%.*s%.*s", STR_ARG(flight->target.url.origin),
                                   STR_ARG(flight->target.url.path));
    set_common(easy, flight->client, &flight->target);
    curl_easy_setopt(easy, CURLOPT_URL, target.data);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, flight->client->user_agent);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(remaining_ms > 1 ? remaining_ms : 1));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_A_SECOND);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, flight);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, flight);
    set_request(flight);
    return true;
}

/* Why a transfer failed, in words that lead somewhere. */
static void explain(CURLcode code, const struct target *target, struct fail *fail)
{
    struct str at = target->url.origin;
    if (target->refused != NULL) {
        fail_set(fail, FAIL_DENIED, "%.*s leads to a %s address, which is not connected to",
                 STR_ARG(at), target->refused);
        return;
    }
    switch ((int)code) {
    case CURLE_OPERATION_TIMEDOUT:
        fail_set(fail, FAIL_IO, "%.*s did not answer in time", STR_ARG(at));
        break;
    case CURLE_COULDNT_CONNECT:
        fail_set(fail, FAIL_IO, "%.*s takes no connection: is it running, and the port right?",
                 STR_ARG(at));
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        fail_set(fail, FAIL_IO,
                 "%.*s has a certificate that is not valid for it, has run out, or comes from an "
                 "authority this machine does not know (setting outgoing_ca_file)",
                 STR_ARG(at));
        break;
    case CURLE_LOGIN_DENIED:
        fail_set(fail, FAIL_DENIED, "%.*s refuses the user or the password", STR_ARG(at));
        break;
    case CURLE_USE_SSL_FAILED:
        fail_set(fail, FAIL_IO, "%.*s offers no encryption (STARTTLS)", STR_ARG(at));
        break;
    default:
        fail_set(fail, FAIL_IO, "%.*s: %s", STR_ARG(at), curl_easy_strerror(code));
    }
}

/* Where a redirect leads, as a whole URL; missing where it leads nowhere. */
static struct str redirect_of(struct flight *flight)
{
    struct str found = {NULL, 0};
    CURLU *url = curl_url();
    char *text = NULL;
    struct str base = str_format(flight->arena, "%.*s%.*s", STR_ARG(flight->target.url.origin),
                                 STR_ARG(flight->target.url.path));
    if (url != NULL && curl_url_set(url, CURLUPART_URL, base.data, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_URL, str_copy_c(flight->arena, flight->location), 0) ==
            CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK) {
        found = str_copy(flight->arena, str_from_c(text));
    }
    curl_free(text);
    curl_url_cleanup(url);
    return found;
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Takes the outcome of a transfer. True: prepared again, for a redirect. */
static bool settle(struct flight *flight, CURLcode code)
{
    struct net_fetch *fetch = flight->fetch;
    struct fail *fail = &fetch->fail;
    long status = 0;
    curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        if (flight->too_large) {
            fail_set(fail, FAIL_LIMIT, "%.*s sends more than %zu bytes",
                     STR_ARG(flight->target.url.origin), flight->body.limit);
        } else {
            explain(code, &flight->target, fail);
        }
        land(flight);
        return false;
    }
    if (is_redirect(status) && flight->location.data != NULL && fetch->redirects_max > 0 &&
        fetch->method == NET_FETCH_GET) {
        struct str next = redirect_of(flight);
        int redirects = ++flight->redirects;
        if (next.data == NULL || redirects > fetch->redirects_max) {
            fail_set(fail, FAIL_IO,
                     next.data == NULL ? "%.*s redirects to what is no address"
                                       : "%.*s redirects too often",
                     STR_ARG(flight->target.url.origin));
            land(flight);
            return false;
        }
        land(flight);
        flight->landed = false;
        flight->url = next;
        flight->location = (struct str){NULL, 0};
        flight->head_bytes = 0;
        base_buf_reset(&flight->body);
        return prepare(flight);
    }
    fetch->status = (int)status;
    fetch->not_modified = status == 304;
    fetch->answer = str_copy(flight->arena, base_buf_view(&flight->body));
    fetch->final_url = flight->url;
    fetch->good = true;
    land(flight);
    return false;
}

static void collect(CURLM *multi)
{
    int waiting;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &waiting)) != NULL;) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct flight *flight = NULL;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&flight);
        curl_multi_remove_handle(multi, easy);
        if (settle(flight, code)) {
            curl_multi_add_handle(multi, flight->easy);
        }
    }
}

static void give_up(CURLM *multi, struct flight *flights, size_t count, const struct fail *why)
{
    for (size_t i = 0; i < count; i++) {
        if (!flights[i].landed) {
            flights[i].fetch->fail = *why;
            curl_multi_remove_handle(multi, flights[i].easy);
            land(&flights[i]);
        }
    }
}

void net_fetch_all(const struct net_client *client, struct net_fetch *fetches, size_t count,
                   struct arena *arena, struct base_cancel *cancel)
{
    struct flight flights[NET_FETCHES_MAX];
    INVARIANT(count <= NET_FETCHES_MAX);
    CURLM *multi = curl_multi_init();
    INVARIANT(multi != NULL);
    struct fail why = {0};
    for (size_t i = 0; i < count; i++) {
        size_t limit = fetches[i].bytes_max > 0 ? fetches[i].bytes_max : BODY_BYTES_OTHERWISE;
        flights[i] = (struct flight){.client = client,
                                     .fetch = &fetches[i],
                                     .arena = arena,
                                     .body = {.limit = limit},
                                     .began_us = base_steady_us(base_clock_real()),
                                     .url = fetches[i].url};
        fetches[i].good = false;
        if (cancel != NULL && base_cancel_due(cancel, &fetches[i].fail)) {
            flights[i].landed = true;
        } else if (prepare(&flights[i])) {
            curl_multi_add_handle(multi, flights[i].easy);
        }
    }
    int running = 1;
    while (running > 0) {
        CURLMcode code = curl_multi_perform(multi, &running);
        collect(multi);
        if (code != CURLM_OK || (cancel != NULL && base_cancel_due(cancel, &why))) {
            if (code != CURLM_OK) {
                fail_set(&why, FAIL_IO, "%s", curl_multi_strerror(code));
            }
            give_up(multi, flights, count, &why);
            break;
        }
        for (size_t i = 0; i < count && running == 0; i++) {
            running += flights[i].landed ? 0 : 1; /* a redirect was just added */
        }
        if (running > 0) {
            curl_multi_poll(multi, NULL, 0, POLL_MS, NULL);
        }
    }
    curl_multi_cleanup(multi);
    for (size_t i = 0; i < count; i++) {
        base_buf_done(&flights[i].body);
    }
}

/* ---- lines ------------------------------------------------------------------------------------------- */

struct net_wire {
    CURL *easy;
    struct arena *arena;
    struct target target;
    struct base_cancel *cancel;
    int64_t deadline_us;
};

static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct net_wire *wire = context;
    struct fail fail;
    (void)a, (void)b, (void)c, (void)d;
    return wire->cancel != NULL && base_cancel_due(wire->cancel, &fail) ? 1 : 0;
}

static size_t drop(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

void net_wire_close(struct net_wire *wire)
{
    if (wire == NULL) {
        return;
    }
    curl_easy_cleanup(wire->easy);
    curl_slist_free_all(wire->target.pin);
    arena_free(wire->arena);
    base_free(wire);
}

void net_wire_close_at(struct net_wire **wire)
{
    net_wire_close(*wire);
    *wire = NULL;
}

static bool wire_start(struct net_wire *wire, const struct net_client *client,
                       const struct net_wire_options *options, struct fail *fail)
{
    if (!aim(client, options->url, NET_URL_IMAP | NET_URL_IMAPS, wire->arena, &wire->target,
             fail) ||
        !pin(&wire->target, fail)) {
        return false;
    }
    CURL *easy = wire->easy = curl_easy_init();
    INVARIANT(easy != NULL);
    set_common(easy, client, &wire->target);
    curl_easy_setopt(easy, CURLOPT_URL, wire->target.url.origin.data);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 0L); /* or it is closed once it is signed in */
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    curl_easy_setopt(easy, CURLOPT_USERNAME, str_copy_c(wire->arena, options->user));
    curl_easy_setopt(easy, CURLOPT_PASSWORD, str_copy_c(wire->arena, options->password));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->deadline_ms);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, wire);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK) {
        explain(code, &wire->target, fail);
        return false;
    }
    return true;
}

bool net_wire_open(const struct net_client *client, const struct net_wire_options *options,
                   struct net_wire **out, struct fail *fail)
{
    struct net_wire *wire = base_alloc_zero(sizeof *wire);
    wire->arena = arena_new(NULL);
    wire->cancel = options->cancel;
    wire->deadline_us = base_steady_us(base_clock_real()) + options->deadline_ms * 1000;
    if (!wire_start(wire, client, options, fail)) {
        net_wire_close(wire);
        return false;
    }
    *out = wire;
    return true;
}

/* Waits until the socket is ready. */
static bool wait_for(struct net_wire *wire, short events, struct fail *fail)
{
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(wire->easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
        socket == CURL_SOCKET_BAD) {
        return fail_set(fail, FAIL_IO, "%.*s ended the connection",
                        STR_ARG(wire->target.url.origin));
    }
    for (;;) {
        if (wire->cancel != NULL && base_cancel_due(wire->cancel, fail)) {
            return false;
        }
        if (base_steady_us(base_clock_real()) > wire->deadline_us) {
            return fail_set(fail, FAIL_IO, "%.*s did not answer in time",
                            STR_ARG(wire->target.url.origin));
        }
        struct pollfd one = {.fd = socket, .events = events};
        if (poll(&one, 1, POLL_MS) > 0) {
            return true;
        }
    }
}

bool net_wire_send(struct net_wire *wire, struct str bytes, struct fail *fail)
{
    while (bytes.len > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(wire->easy, bytes.data, bytes.len, &sent);
        if (code != CURLE_OK && code != CURLE_AGAIN) {
            explain(code, &wire->target, fail);
            return false;
        }
        bytes = str_after(bytes, sent);
        if (code == CURLE_AGAIN && !wait_for(wire, POLLOUT, fail)) {
            return false;
        }
    }
    return true;
}

bool net_wire_receive(struct net_wire *wire, char *into, size_t room, size_t *out_len,
                      struct fail *fail)
{
    for (;;) {
        size_t got = 0;
        CURLcode code = curl_easy_recv(wire->easy, into, room, &got);
        if (code == CURLE_OK) {
            *out_len = got;
            return true;
        }
        if (code != CURLE_AGAIN) {
            explain(code, &wire->target, fail);
            return false;
        }
        if (!wait_for(wire, POLLIN, fail)) {
            return false;
        }
    }
}
