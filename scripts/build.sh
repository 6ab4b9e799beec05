#!/usr/bin/env bash
# Builds build/firsthand with its pages, and build/tests/stats_cases, which checks the mathematics against files
# of reference cases: scripts/build.sh. Quick when nothing has changed.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/web.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ ! -e build/build.ninja ]; then
    echo "build: configuring" >&2
    meson setup build --buildtype=release -Ddebug=true >"$log" 2>&1 || { tail -n 30 "$log" >&2; exit 1; }
fi
if ! ninja -C build firsthand tests/stats_cases >"$log" 2>&1; then
    grep -E 'error|FAILED|warning' "$log" >&2 || tail -n 30 "$log" >&2
    echo "build: failed; the lines above say why" >&2
    exit 1
fi
