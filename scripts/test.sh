#!/bin/bash
# Runs all tests that are built; arguments go to swift test. Those of the built binary mostly wait
# for it, so they run beside the others; what they said is printed at the end.
set -u
said=$(mktemp)
trap 'rm -f "$said"' EXIT
swift test --skip-build --ignore-lock --filter '^EndToEndTests\.' "$@" >"$said" 2>&1 &
binary=$!
swift test --skip-build --ignore-lock --skip '^EndToEndTests\.' "$@"
others=$?
wait "$binary"
ended=$?
cat "$said"
[ "$others" = 0 ] && [ "$ended" = 0 ]
