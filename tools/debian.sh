#!/usr/bin/env bash
# Installs the two Debian packages that tests use, where that is possible; says what is missing where it is not.
set -euo pipefail

missing=()
command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
command -v chromium >/dev/null || missing+=(chromium)
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
fi
if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }; then
  echo "Installing ${missing[*]} with apt-get, for the tests of Spark and of the report in a browser." >&2
  export DEBIAN_FRONTEND=noninteractive
  if "${as_root[@]}" apt-get update -qq >&2 &&
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    exit 0
  fi
fi

echo "Missing: ${missing[*]}. The tests that need them say that they are skipped. On Debian, as root:" >&2
echo "  apt-get install ${missing[*]}" >&2
if [ -n "${CI:-}" ]; then
  echo "In CI nothing may be skipped for this." >&2
  exit 1
fi
