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
how=ci
# ClickHouse's package names ones for other systems, which may be missing from a registry and then from the lock:
# `ci` refuses that.
[ "$1" = tests/peers ] && how="install --no-save"
# shellcheck disable=SC2086
npm $how --ignore-scripts --no-audit --no-fund >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
printf '%s\n' "$wanted" >node_modules/.lock
