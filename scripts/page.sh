#!/bin/sh
# Builds the venue's page into verifier/web/dist with the Node of .venv.
# Safe to run again: it does nothing while the page's packages and sources are unchanged.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
PATH=$PWD/.venv/bin:$PATH
web=verifier/web

# The stamps lie where nothing is served or packed.
installed=$web/node_modules/.installed-from
built=$web/node_modules/.built-from

# Names count too: a file that was renamed or removed is a change.
sources() {
    find $web \( -name node_modules -o -name dist \) -prune -o -type f -print
    find schemas -name '*.json'
    printf "%s\n" shell/look/tokens.css shell/look/icon.svg
    echo scripts/page.sh
}
is_from() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }
npm_quietly() {
    log=$(cd $web && npm --loglevel=error "$@" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
}

lock=$(sha256sum $web/package-lock.json $web/.npmrc)
if ! is_from $installed "$lock"; then
    echo "page: fetching its packages (half a minute)"
    npm_quietly ci || fail "the packages could not be fetched; is there a network?"
    printf '%s\n' "$lock" > $installed
fi

made_from=$(sources | LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum | sha256sum)
[ -f $web/dist/index.html ] && is_from $built "$made_from" && exit 0
echo "page: building $web/dist"
rm -f $built
npm_quietly run build || fail "the page could not be built"
[ -f $web/dist/index.html ] || fail "the build made no $web/dist/index.html"
printf '%s\n' "$made_from" > $built
