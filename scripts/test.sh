#!/bin/bash
# Runs all tests that are built; arguments go to swift test. Those of the built binary mostly wait
# for it, so two halves of them run beside the others; what they said is printed after those, and
# what failed anywhere is said once more at the very end, where it is seen.
set -u
half='^EndToEndTests\.[A-M]'
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
run() { swift test --skip-build --ignore-lock "$@"; }
run --filter "$half" "$@" >"$said/1" 2>&1 &
first=$!
run --filter '^EndToEndTests\.' --skip "$half" "$@" >"$said/2" 2>&1 &
second=$!
run --skip '^EndToEndTests\.' "$@" 2>&1 | tee "$said/3"
failed=${PIPESTATUS[0]}
wait "$first" || failed=1
wait "$second" || failed=1
cat "$said/1" "$said/2"
echo "What failed:"
grep -hE "^(✘|error:|fatal)|Fatal error|unexpected signal" "$said/3" "$said/1" "$said/2" ||
  echo "nothing"
exit "$failed"
