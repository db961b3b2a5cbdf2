#!/bin/bash
# The tests that take long, one after the other; ends at the first that fails.
set -eu
cd "$(dirname "$0")/.."
swift build --build-tests
# The slow clients need a descriptor each, here and in the server.
ulimit -n "$(ulimit -Hn)"

echo "soak: 1,000 kills on each store"
LATCHKEY_TEST_KILLS=1000 swift test --skip-build --filter 'EndToEndTests.KillTests'

echo "soak: 1,000 kills during cycles on each store, and 200,000 simulated worlds"
LATCHKEY_TEST_KILLS=1000 swift test --skip-build --filter 'EndToEndTests.CycleKillTests'
swift run -c release latchkey-sim --seeds 200000

echo "soak: 100,000 events through 5xx, time-outs and kills, on each store"
LATCHKEY_TEST_EVENTS=100000 swift test --skip-build --filter 'EndToEndTests.WebhookKillTests'

echo "soak: 100 simulated days of kills under 64 clients, on each store"
LATCHKEY_TEST_QUOTA_DAYS=100 swift test --skip-build --filter 'EndToEndTests.QuotaKillTests'

echo "soak: an hour of mixed load, 5,000 slow clients"
LATCHKEY_TEST_LOAD_SECONDS=3600 LATCHKEY_TEST_SLOW_CLIENTS=5000 \
  swift test --skip-build --filter 'EndToEndTests.LoadTests'

echo "soak: a million credentials that are almost right"
LATCHKEY_CASES=1000000 swift test --skip-build --filter 'PresentationPropertyTests'

echo "soak: a million calls that end at random, no slot left behind"
LATCHKEY_ENDINGS=1000000 swift test --skip-build --filter 'SlotEndingTests'

echo "soak: ten minutes of fuzzing the HTTP codec"
Tests/Fuzz/run.sh 600
