#!/bin/bash
# Runs all tests under one sanitizer, in a build folder of its own: sanitize.sh address|thread
# Not the place for suppressions: a report is a bug.
set -eu
kind=${1:?address or thread}
cd "$(dirname "$0")/.."
# libsqlite3, libpq and libssl keep process-lifetime allocations; leaks of ours show in the soak.
export ASAN_OPTIONS="detect_leaks=0:abort_on_error=1"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"
echo "sanitize: $kind"
exec swift test --sanitize="$kind" --scratch-path ".build/sanitize-$kind"
