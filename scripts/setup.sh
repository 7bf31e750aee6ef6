#!/bin/sh
# Makes .venv in the project's root with everything the lock file names, and the three commands.
# Safe to run again: it does nothing while the lock file and pyproject.toml are unchanged.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh
python=${PYTHON:-python3}

command -v "$python" >/dev/null || fail "install Python 3.11 or newer, or name one: make setup PYTHON=python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
    || fail "$("$python" --version) is too old; name Python 3.11 or newer: make setup PYTHON=python3.12"

stamp=.venv/.made-from
made_from=$(cat requirements.lock pyproject.toml scripts/setup.sh | sha256sum)
[ -x .venv/bin/python ] && [ "$(cat $stamp 2>/dev/null)" = "$made_from" ] && exit 0

if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    apt_install python3-venv || fail "install the package python3-venv, then run this again"
fi
echo "setup: making .venv (about a minute)"
[ -x .venv/bin/python ] || "$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
printf '%s\n' "$made_from" > $stamp
