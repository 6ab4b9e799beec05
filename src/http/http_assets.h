/* http_assets.h — the pages and the browser snippet inside the binary.
 *
 * What: a table of files made at build time by scripts/embed_assets.py from web/dist and sdk/dist.
 * Owner: static.   Threads: immutable.   Failure: none; an empty table means built without pages.
 * Limits/cost: found by a walk over some ten entries.   Units: bytes.
 * Example: for (size_t i = 0; i < http_asset_count; i++) ...
 * Not here: how they are served (http_pages.c).
 */
#pragma once

#include <stddef.h>

struct http_asset {
    const char *path; /* of the URL: "/index.html", "/assets/app-1a2b.js" */
    const char *mime;
    const char *digest; /* hex, of the content: its ETag */
    const unsigned char *begin, *end;
    const unsigned char *gz_begin, *gz_end; /* the same, gzipped, or NULL */
};
extern const struct http_asset http_assets[];
extern const size_t http_asset_count;
