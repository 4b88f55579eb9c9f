#!/bin/sh
# Chromium for the tests in a browser, where it is missing: on Debian, as root or with a sudo that does not ask.
set -u
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if command -v apt-get >/dev/null && $as_root true 2>/dev/null; then
  $as_root apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "No Chromium, so tests/browser is skipped: install it (Debian: apt-get install chromium) or Google Chrome." >&2
