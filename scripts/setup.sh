#!/bin/bash
# Installs by apt what is missing for the groups named as arguments: build, test, bench; for test
# also Tests/requirements.txt into .venv. Does nothing, and needs no root, where all of it is there.
# Starts and stops no service.
set -eu

build="pkg-config libevent-dev libssl-dev libsodium-dev libsqlite3-dev libpq-dev
  libcurl4-openssl-dev"
test="curl python3 python3-venv openssl procps sqlite3 postgresql nginx-light haproxy
  prometheus"
bench="wrk haproxy nginx-light nghttp2-client"

wanted=""
for group in "$@"; do
  case "$group" in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    bench) wanted="$wanted $bench" ;;
    *) echo "setup: unknown group '$group' (build, test, bench)" >&2; exit 2 ;;
  esac
done

command -v swift >/dev/null || {
  echo "setup: swift is not on PATH; Latchkey needs a Swift 6.3 toolchain (swift.org)" >&2
  exit 1
}
command -v dpkg-query >/dev/null || {
  echo "setup: this is no Debian; install these by hand:" $wanted >&2
  exit 1
}

missing=""
for package in $wanted; do
  state=$(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null || true)
  [ "$state" = "install ok installed" ] || missing="$missing $package"
done
# The Python tools of the tests, in an environment of the tree's own, when they changed.
python_tools() {
  case " $* " in *" test "*) ;; *) return 0 ;; esac
  root=$(cd "$(dirname "$0")/.." && pwd)
  cmp -s "$root/Tests/requirements.txt" "$root/.venv/installed.txt" && return 0
  echo "setup: installing the Python tools of the tests into .venv"
  rm -rf "$root/.venv"
  python3 -m venv "$root/.venv"
  "$root/.venv/bin/pip" install --quiet --disable-pip-version-check \
    --requirement "$root/Tests/requirements.txt"
  cp "$root/Tests/requirements.txt" "$root/.venv/installed.txt"
}

[ -n "$missing" ] || {
  python_tools "$@"
  exit 0
}

if [ "$(id -u)" != 0 ]; then
  echo "setup: missing packages; run this as root, then try again:" >&2
  echo "  apt-get install --no-install-recommends$missing" >&2
  exit 1
fi

echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
# Runlevel 1 tells the packages' scripts not to start what they install: the tests start their
# own servers on free ports, and a port 80 or 5432 that is in use must not fail the installation.
export RUNLEVEL=1
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -qq -y --no-install-recommends $missing
python_tools "$@"
echo "setup: done"
