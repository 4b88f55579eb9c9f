#!/bin/sh
# What checks the files of deploy/, where it is missing: on Debian, as root or with a sudo that does not ask.
set -u
wanted=""
docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || wanted="docker-compose"
command -v systemd-analyze >/dev/null || wanted="$wanted systemd"
[ -n "$wanted" ] || exit 0
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if command -v apt-get >/dev/null && $as_root true 2>/dev/null; then
  $as_root apt-get update -qq
  # shellcheck disable=SC2086 -- several words
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $wanted >/dev/null && exit 0
fi
echo "Some tests of tests/deploy are skipped: install $wanted." >&2
