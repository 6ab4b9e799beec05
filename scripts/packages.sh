# shellcheck shell=bash disable=SC2034
# The packages that firsthand is built, run and tested with. One list, read by setup.sh and the docs.

# What the server is built from.
BUILD_PACKAGES=(
    gcc g++ meson ninja-build pkg-config git ca-certificates
    libmicrohttpd-dev libcurl4-gnutls-dev libexpat1-dev libsimdjson-dev libsqlite3-dev libzstd-dev zlib1g-dev
    libxxhash-dev libsodium-dev libre2-dev libgmime-3.0-dev libutf8proc-dev libqrencode-dev tzdata
)
# What turns web/ into the pages inside the binary.
WEB_PACKAGES=(nodejs npm)
# What ./check arm64 needs: a compiler for 64-bit ARM, and what runs its programs elsewhere.
ARM64_PACKAGES=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)
# What ./check needs on top.
TEST_PACKAGES=(
    libcmocka-dev clang clang-format clang-tidy llvm python3 sqlite3 curl
    chromium dovecot-imapd openssl fonts-liberation shellcheck
)
