/* The pages and the browser snippet: files inside the binary. Names under /assets hold a hash of their content and
 * may be kept for ever; the page itself never. Addresses of the interface (/customers/ID) all are that one page.
 * The snippet has two names: one with a hash, and a plain one that a browser asks for again after five minutes. */
#include "http_assets.h"
#include "http_internal.h"
#include "net_gzip.h"

static const struct http_asset *asset_find(struct str path)
{
    for (size_t i = 0; i < http_asset_count; i++) {
        if (str_is(path, http_assets[i].path)) {
            return &http_assets[i];
        }
    }
    return NULL;
}

/* A file's name at the root (favicon.ico, robots.txt) is no address of the interface. */
static bool is_page(struct str path)
{
    if (str_starts_c(path, "/assets/")) {
        return false;
    }
    struct str first = str_after(path, 1);
    bool one_part = str_find_byte(first, '/') == first.len;
    return !one_part || str_find_byte(first, '.') == first.len;
}

static struct str bytes_of(const unsigned char *begin, const unsigned char *end)
{
    return str_of((const char *)begin, (size_t)(end - begin));
}

enum keep { KEEP_NOT, KEEP_BRIEFLY, KEEP_FOR_EVER };

static void asset_send(struct http_call *call, const struct http_asset *asset, enum keep keep)
{
    struct net_reply *reply = call->reply;
    struct str etag = str_format(call->arena, "\"%s\"", asset->digest);
    reply->status = 200;
    reply->no_gzip = true;
    net_reply_header(reply, "Vary", STR("Accept-Encoding"));
    if (keep == KEEP_NOT) {
        net_reply_header(reply, "Cache-Control", STR("no-store"));
    } else {
        net_reply_header(reply, "Cache-Control",
                         keep == KEEP_BRIEFLY ? STR("public, max-age=300")
                                              : STR("public, max-age=31536000, immutable"));
        net_reply_header(reply, "ETag", etag);
        if (str_equal(net_header(call->request, "If-None-Match"), etag)) {
            reply->status = 304;
            return;
        }
    }
    net_reply_header(reply, "Content-Type", str_from_c(asset->mime));
    if (asset->gz_begin != NULL && net_accepts_gzip(net_header(call->request, "Accept-Encoding"))) {
        net_reply_header(reply, "Content-Encoding", STR("gzip"));
        reply->fixed_body = bytes_of(asset->gz_begin, asset->gz_end);
    } else {
        reply->fixed_body = bytes_of(asset->begin, asset->end);
    }
}

void http_page(struct http_call *call)
{
    const struct http_asset *asset = asset_find(call->request->path);
    if (asset != NULL && !str_is(call->request->path, "/")) {
        asset_send(call, asset, KEEP_FOR_EVER);
        return;
    }
    const struct http_asset *page = asset_find(STR("/"));
    if (page == NULL) {
        http_problem(call, 404, "absent", "this firsthand was built without its pages", NULL);
    } else if (is_page(call->request->path)) {
        asset_send(call, page, KEEP_NOT);
    } else {
        http_problem(call, 404, "absent", "there is no such file", NULL);
    }
}

/* "/sdk/surveys-1A2B3C4D.js" against "/sdk/surveys.js". */
static bool names_its_content(struct str path)
{
    return str_find_byte(path, '-') < path.len;
}

void http_sdk(struct http_call *call)
{
    struct str path = call->request->path;
    const struct http_asset *asset = asset_find(path);
    if (asset == NULL) {
        http_problem(call, 404, "absent",
                     "there is no such file; the snippet is /sdk/firsthand.js, and its surveys are "
                     "/sdk/surveys.js",
                     NULL);
        return;
    }
    asset_send(call, asset, names_its_content(path) ? KEEP_FOR_EVER : KEEP_BRIEFLY);
}
