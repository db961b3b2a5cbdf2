#!/bin/bash
# The tests that take long, one after the other; ends at the first that fails.
set -eu
cd "$(dirname "$0")/.."
swift build --build-tests
echo "soak: 1,000 kills"
LATCHKEY_TEST_KILLS=1000 swift test --skip-build --filter 'EndToEndTests.*Kill'
