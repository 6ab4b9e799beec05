#include "net_http.h"

#include <strings.h>

static const char *const METHOD_NAMES[NET_METHODS] = {
    [NET_GET] = "GET",       [NET_HEAD] = "HEAD",   [NET_POST] = "POST",       [NET_PUT] = "PUT",
    [NET_DELETE] = "DELETE", [NET_PATCH] = "PATCH", [NET_OPTIONS] = "OPTIONS",
};

const char *net_method_name(enum net_method method)
{
    return METHOD_NAMES[method];
}

static struct str pair_find(const struct net_pair *pairs, size_t count, const char *name,
                            bool any_case)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].name.len != len) {
            continue;
        }
        if (any_case ? strncasecmp(pairs[i].name.data, name, len) == 0
                     : memcmp(pairs[i].name.data, name, len) == 0) {
            return pairs[i].value;
        }
    }
    return (struct str){0};
}

struct str net_header(const struct net_request *request, const char *name)
{
    return pair_find(request->headers, request->header_count, name, true);
}

struct str net_param(const struct net_request *request, const char *name)
{
    return pair_find(request->params, request->param_count, name, false);
}

bool net_header_text_ok(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < 0x20U && c != '\t') || c == 0x7fU) {
            return false;
        }
    }
    return true;
}

void net_reply_header(struct net_reply *reply, const char *name, struct str value)
{
    INVARIANT(reply->header_count < NET_REPLY_HEADERS_MAX);
    INVARIANT(net_header_text_ok(value));
    reply->headers[reply->header_count++] = (struct net_pair){str_from_c(name), value};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool net_percent_decode(struct arena *arena, struct str text, bool plus, struct str *out)
{
    struct fail fail;
    char *copy = arena_alloc(arena, text.len + 1, &fail);
    if (copy == NULL) {
        return false;
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%') {
            if (text.len - i < 3) {
                return false;
            }
            int high = hex_digit(text.data[i + 1]);
            int low = hex_digit(text.data[i + 2]);
            if (high < 0 || low < 0) {
                return false;
            }
            c = (char)(unsigned char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0') {
            return false;
        }
        copy[len++] = c;
    }
    copy[len] = '\0';
    *out = str_of(copy, len);
    return true;
}

bool net_params_parse(struct arena *arena, struct str query, const struct net_pair **out,
                      size_t *out_count, struct fail *fail)
{
    if (query.len == 0) {
        *out = NULL;
        *out_count = 0;
        return true;
    }
    struct net_pair *pairs = arena_array(arena, NET_PARAMS_MAX, sizeof *pairs, fail);
    if (pairs == NULL) {
        return false;
    }
    size_t count = 0;
    struct str part;
    while (str_next_part(&query, '&', &part)) {
        if (part.len == 0) {
            continue;
        }
        if (count == NET_PARAMS_MAX) {
            return fail_set(fail, FAIL_INPUT, "more than %d parameters in the address",
                            NET_PARAMS_MAX);
        }
        size_t equals = str_find_byte(part, '=');
        struct net_pair *pair = &pairs[count];
        if (!net_percent_decode(arena, str_of(part.data, equals), true, &pair->name) ||
            !net_percent_decode(arena, str_after(part, equals + 1), true, &pair->value)) {
            return fail_set(fail, FAIL_INPUT, "a broken %%-escape in the address");
        }
        count++;
    }
    *out = pairs;
    *out_count = count;
    return true;
}
