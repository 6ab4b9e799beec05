#!/usr/bin/env bash
# Installs what is missing: scripts/setup.sh build|test|arm64
#
# Quick when nothing is missing: one dpkg query and one look at a stamp. Says what it installs and
# why before it does, and uses sudo only where the caller is not root.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

purpose=${1:-build}
wanted=("${BUILD_PACKAGES[@]}")
# A Node.js that did not come from Debian (18 or newer, with npm) serves just as well.
node_major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p' || true)
if [ "${node_major:-0}" -lt 18 ] || ! command -v npm >/dev/null 2>&1; then
    wanted+=("${WEB_PACKAGES[@]}")
fi
[ "$purpose" = test ] && wanted+=("${TEST_PACKAGES[@]}")
[ "$purpose" = arm64 ] && wanted=("${ARM64_PACKAGES[@]}") && purpose='be tested for ARM'

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "setup: these packages are missing, and installing them needs root: ${missing[*]}" >&2
        echo "       run as root: apt-get install ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "setup: installing what firsthand needs to $purpose: ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt_options=(-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
if ! { "${as_root[@]}" apt-get "${apt_options[@]}" update -q &&
    "${as_root[@]}" apt-get "${apt_options[@]}" install -q -y --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1; then
    tail -n 25 "$log" >&2
    echo "setup: the packages could not be installed; the lines above say why" >&2
    exit 1
fi
