#!/bin/bash
# Runs all tests that are built; arguments go to swift test. Those of the built binary mostly wait
# for it, so two halves of them run beside the others; what they said is printed at the end.
set -u
half='^EndToEndTests\.[A-M]'
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
run() { swift test --skip-build --ignore-lock "$@"; }
run --filter "$half" "$@" >"$said/1" 2>&1 &
first=$!
run --filter '^EndToEndTests\.' --skip "$half" "$@" >"$said/2" 2>&1 &
second=$!
run --skip '^EndToEndTests\.' "$@"
failed=$?
wait "$first" || failed=1
wait "$second" || failed=1
cat "$said/1" "$said/2"
exit "$failed"
