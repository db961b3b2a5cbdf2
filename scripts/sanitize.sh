#!/bin/bash
# Runs the tests in this process under one sanitizer, in a build folder of its own:
# sanitize.sh address|thread. Those of the built binary would only be slower than their patience.
# A report is a bug; the one thing that is none stands in tsan.supp.
set -eu
kind=${1:?address or thread}
cd "$(dirname "$0")/.."
# libsqlite3, libpq and libssl keep process-lifetime allocations; leaks of ours show in the soak.
export ASAN_OPTIONS="detect_leaks=0:abort_on_error=1:quarantine_size_mb=32"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/scripts/tsan.supp"
echo "sanitize: $kind"
exec swift test --sanitize="$kind" --scratch-path ".build/sanitize-$kind" --skip '^EndToEndTests\.'
