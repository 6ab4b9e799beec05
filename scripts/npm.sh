#!/usr/bin/env bash
# Installs the packages that FOLDER/package-lock.json names: scripts/npm.sh FOLDER. Quick when they
# are there. Install scripts of packages are not run, but esbuild's, whose binary is a package.
set -euo pipefail
cd "$(dirname "$0")/../${1:?folder}"
wanted=$(sha256sum package-lock.json | cut -d' ' -f1)
[ "$(cat node_modules/.lock 2>/dev/null || true)" = "$wanted" ] && exit 0
echo "npm: installing packages for $1" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
npm ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
printf '%s\n' "$wanted" >node_modules/.lock
