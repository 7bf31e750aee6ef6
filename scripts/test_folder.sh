#!/bin/sh
# Names the folder for the temporary files of tests: in memory where 4 GB are free there.
set -eu
memory=/dev/shm
free=$(df -Pk "$memory" 2>/dev/null | awk 'NR == 2 {print $4}')
if [ -w "$memory" ] && [ "${free:-0}" -gt 4000000 ]; then echo "$memory"
else echo "${TMPDIR:-/tmp}"; fi
