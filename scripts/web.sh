#!/usr/bin/env bash
# Builds the pages into web/dist and the browser snippet into sdk/dist: scripts/web.sh. Does nothing
# for the one whose sources have not changed.
set -euo pipefail
cd "$(dirname "$0")/.."
for folder in web sdk; do
    sources=$(find "$folder" -path "$folder/node_modules" -prune -o -path "$folder/dist" -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
    [ "$(cat "$folder/dist/.sources" 2>/dev/null || true)" = "$sources" ] && continue
    scripts/npm.sh "$folder"
    rm -rf "${folder:?}/dist"
    (cd "$folder" && node build.mjs dist)
    printf '%s\n' "$sources" >"$folder/dist/.sources"
done
