/* The form of a request's head, beyond what the library checks: RFC 9112, sections 3.2, 5.1, 6.1 and 6.3
 * say what a server must not guess about. Two parties that read one request's length differently is how
 * requests are smuggled, so everything that could be read two ways ends the connection. */
#include "net_internal.h"

#include <strings.h>

static bool is_token_byte(unsigned char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        return true;
    }
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_byte((unsigned char)text.data[i])) {
            return false;
        }
    }
    return text.len > 0;
}

static bool is_named(struct str name, const char *wanted)
{
    size_t len = strlen(wanted);
    return name.len == len && strncasecmp(name.data, wanted, len) == 0;
}

/* A header line that goes on in the next one (obsolete since RFC 7230): the library puts what goes on behind the name, so
   that the header is not seen, where others see "Transfer-Encoding: chunked". Nobody's headers begin like that. */
static bool is_folded_frame(struct str name)
{
    static const char *const frames[] = {"transfer-encoding", "content-length"};
    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        size_t len = strlen(frames[i]);
        if (name.len > len && strncasecmp(name.data, frames[i], len) == 0) {
            return true;
        }
    }
    return false;
}

static bool length_parse(struct str value, uint64_t *out)
{
    if (value.len == 0 || value.len > 18) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
    }
    return str_parse_u64(value, out);
}

static bool host_ok(struct str host)
{
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.data[i];
        if (c <= 0x20U || c >= 0x7fU || strchr("/\\@?#<>\"", c) != NULL) {
            return false;
        }
    }
    return true;
}

const char *net_form_check(const struct net_request *request, bool http_1_0, struct net_form *out)
{
    struct net_form form = {0};
    int hosts = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        struct net_pair pair = request->headers[i];
        if (!is_token(pair.name)) {
            return "a header's name is not a token";
        }
        if (is_folded_frame(pair.name)) {
            return "a Content-Length or Transfer-Encoding that goes on in the next line";
        }
        if (!net_header_text_ok(pair.value)) {
            return "a header holds control characters";
        }
        if (is_named(pair.name, "content-length")) {
            if (form.has_length) {
                return "more than one Content-Length";
            }
            if (!length_parse(pair.value, &form.length_bytes)) {
                return "Content-Length is not a number";
            }
            form.has_length = true;
        } else if (is_named(pair.name, "transfer-encoding")) {
            if (form.chunked) {
                return "more than one Transfer-Encoding";
            }
            if (!is_named(pair.value, "chunked")) {
                return "a Transfer-Encoding other than chunked";
            }
            form.chunked = true;
        } else if (is_named(pair.name, "host")) {
            hosts++;
            if (!host_ok(pair.value)) {
                return "the Host header is not a host";
            }
        }
    }
    if (form.chunked && form.has_length) {
        return "both Content-Length and Transfer-Encoding";
    }
    if (form.chunked && http_1_0) {
        return "Transfer-Encoding in HTTP/1.0";
    }
    if (hosts > 1) {
        return "more than one Host";
    }
    *out = form;
    return NULL;
}
