#!/bin/sh
# Sees to it that the tests of the page find a Chromium: the one in $CHROMIUM, else the system's.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
is_running() { "$1" --version >/dev/null 2>&1; }

if [ -n "${CHROMIUM:-}" ]; then
    is_running "$CHROMIUM" || fail "$CHROMIUM does not run; let CHROMIUM name one that does, or nothing"
    exit 0
fi
command -v chromium >/dev/null && exit 0
echo "browser: installing chromium (about a minute)"
apt_install chromium >/dev/null && is_running chromium \
    || fail "install the package chromium, or name a Chromium: make test CHROMIUM=/path/to/chrome"
