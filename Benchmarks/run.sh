#!/bin/sh
# Measures and prints: `make bench`. Quick by default; FULL=1 adds 10 million keys and more rounds.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
bin=$(cd "$root" && swift build -c release --show-bin-path)
kit=${PEER_BENCH:-$root/../shared/peer-bench}
cd "$root"
swift build -c release --product latchkey
swift build -c release --product latchkey-bench

sizes="1000 10000 100000 1000000"
rounds=3
if [ "${FULL:-}" = 1 ]; then sizes="$sizes 10000000"; rounds=5; fi
echo "== one decision in process, on one core"
taskset -c 1 "$bin/latchkey-bench" decide $sizes
echo "== resident bytes per key of the record table"
taskset -c 1 "$bin/latchkey-bench" memory 1000000
echo "== management writes, start-up and memory of the server"
python3 "$here/server.py" --latchkey "$bin/latchkey" ${FULL:+--keys 1000000}
echo "== webhook deliveries, end to end, and how far endpoints that hang disturb others"
python3 "$here/deliveries.py" --latchkey "$bin/latchkey"
if [ -f "$kit/bench.py" ]; then
    echo "== among peers"
    python3 "$here/peers.py" "$kit" --latchkey "$bin/latchkey" --rounds "$rounds" --out "$bin/peers"
else
    echo "== alone: no peer benchmark at $kit (set PEER_BENCH)"
    python3 "$here/server.py" --latchkey "$bin/latchkey" --load
fi
