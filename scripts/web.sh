#!/usr/bin/env bash
# Builds the pages into web/dist: scripts/web.sh. Does nothing when their sources have not changed.
set -euo pipefail
cd "$(dirname "$0")/.."
sources=$(find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
[ "$(cat web/dist/.sources 2>/dev/null || true)" = "$sources" ] && exit 0
scripts/npm.sh web
rm -rf web/dist
(cd web && node build.mjs dist)
printf '%s\n' "$sources" >web/dist/.sources
