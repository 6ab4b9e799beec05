/* What a stranger's request is judged by before any handler: the address, its parameters, the form of the head, and
 * the headers that are read as lists. The input's first line is the address, the others are headers. */
#include "net_gzip.h"
#include "net_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A decoded text is never longer than what it came from, and holds no NUL. */
static void try_decode(struct arena *arena, struct str text)
{
    struct str out;
    for (int plus = 0; plus < 2; plus++) {
        if (net_percent_decode(arena, text, plus == 1, &out)) {
            INVARIANT(out.len <= text.len);
            INVARIANT(str_find_byte(out, '\0') == out.len);
        }
    }
}

static void try_target(struct arena *arena, struct str target)
{
    const struct net_pair *params;
    size_t count;
    struct fail fail = {0};
    struct str host;
    int port;
    if (net_listen_parse(target, &host, &port)) {
        INVARIANT(port >= 0 && port <= 65535 && host.len < target.len);
    }
    try_decode(arena, target);
    if (!net_target_ok(target)) {
        return;
    }
    INVARIANT(target.data[0] == '/' && net_header_text_ok(target));
    size_t mark = str_find_byte(target, '?');
    if (net_params_parse(arena, str_after(target, mark + 1), &params, &count, &fail)) {
        INVARIANT(count <= NET_PARAMS_MAX);
        struct net_request request = {.params = params, .param_count = count};
        for (size_t i = 0; i < count; i++) {
            INVARIANT(params[i].value.data != NULL);
            INVARIANT(net_param(&request, str_copy_c(arena, params[i].name)).data != NULL);
        }
    } else {
        INVARIANT(fail.code == FAIL_INPUT);
    }
}

/* What passes has one length, no coding beside it, and no control bytes. */
static void try_head(struct arena *arena, struct str lines)
{
    struct net_pair headers[NET_HEADERS_MAX];
    size_t count = 0;
    struct str line;
    while (count < NET_HEADERS_MAX && str_next_part(&lines, '\n', &line)) {
        size_t colon = str_find_byte(line, ':');
        headers[count++] =
            (struct net_pair){str_of(line.data, colon), str_trim(str_after(line, colon + 1))};
    }
    struct net_request request = {.headers = headers, .header_count = count, .arena = arena};
    struct net_form form = {0};
    if (net_form_check(&request, false, &form) == NULL) {
        INVARIANT(!(form.chunked && form.has_length));
        INVARIANT(form.chunked == (net_header(&request, "transfer-encoding").data != NULL));
        for (size_t i = 0; i < count; i++) {
            INVARIANT(net_header_text_ok(headers[i].value) && headers[i].name.len > 0);
        }
        if (form.has_length) {
            uint64_t length;
            INVARIANT(str_parse_u64(net_header(&request, "Content-Length"), &length));
            INVARIANT(length == form.length_bytes);
        }
    }
    for (size_t i = 0; i < count; i++) {
        INVARIANT(!(net_accepts_gzip(headers[i].value) && headers[i].value.len == 0));
        INVARIANT(!(net_gzip_helps(headers[i].value) && headers[i].value.len == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free_at) struct arena *arena = arena_new(NULL);
    struct str rest = str_of((const char *)data, size);
    struct str target;
    if (size > 0 && str_next_part(&rest, '\n', &target)) {
        try_target(arena, target);
        try_head(arena, rest);
    }
    return 0;
}
