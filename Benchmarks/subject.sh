#!/bin/sh
# How Latchkey joins a run of the peer benchmark (Benchmarks/peers.py starts it): makes its keys once, says what
# a request looks like, and becomes the server. SUBJECT is verify, authz or gateway; LATCHKEY the binary.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$PEERBENCH_CACHE/data
api=127.0.0.1:$PEERBENCH_PORT
token() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["operator_key"])' "$PEERBENCH_CACHE/init.json"; }

if [ ! -f "$PEERBENCH_CACHE/valid.txt" ]; then
    "$LATCHKEY" init --data "$data" --json >"$PEERBENCH_CACHE/init.json"
    # On another port: the runner takes the subject for ready as soon as its own port accepts.
    "$LATCHKEY" serve --data "$data" --listen 127.0.0.1:0 --gateway-listen 127.0.0.1:0 --workers 1 2>"$PEERBENCH_CACHE/log" &
    server=$!
    trap 'kill $server' EXIT
    for _ in $(seq 100); do grep -q listening "$PEERBENCH_CACHE/log" && break; sleep 0.1; done
    seeding=$(sed -n 's/.* api=\([^ ]*\) .*/\1/p' "$PEERBENCH_CACHE/log")
    curl -sf -o /dev/null -H "Authorization: Bearer $(token)" -H 'Content-Type: application/json' \
        -d "{\"slug\":\"bench\",\"name\":\"Bench\",\"upstream\":\"http://$PEERBENCH_UPSTREAM\",
             \"policy\":{\"quota\":{\"calls\":20000,\"scope\":\"key\"}}}" "http://$seeding/v1/projects"
    python3 "$here/seed.py" --api "$seeding" --token "$(token)" --project bench --keys "$PEERBENCH_KEYS" \
        --out "$PEERBENCH_CACHE/made.txt" >"$PEERBENCH_CACHE/seed.json"
    python3 "$here/specials.py" "$seeding" "$(token)" "$PEERBENCH_CACHE"
    trap - EXIT
    kill $server
    wait $server || true
    mv "$PEERBENCH_CACHE/made.txt" "$PEERBENCH_CACHE/valid.txt"
fi
cp "$PEERBENCH_CACHE/valid.txt" "$PEERBENCH_CACHE/invalid.txt" "$PEERBENCH_CACHE/special.json" "$PEERBENCH_OUT/"

# Each start begins from the same folder: a key with three calls left has three calls left again.
rm -rf "$PEERBENCH_OUT/data"
cp -r "$data" "$PEERBENCH_OUT/data"
data=$PEERBENCH_OUT/data

case $SUBJECT in
verify)
    cat >"$PEERBENCH_OUT/request.json" <<JSON
{"method":"POST","path":"/v1/verify","header":"none","prefix":"","extra_header":"Authorization: Bearer $(token)",
 "body":"{\"project\":\"bench\",\"key\":\"%KEY%\"}","denied_contains":"\"valid\":false"}
JSON
    exec "$LATCHKEY" serve --data "$data" --listen "$api" --gateway-listen 127.0.0.1:0 --workers 1 ;;
authz)
    cat >"$PEERBENCH_OUT/request.json" <<JSON
{"method":"GET","path":"/v1/authz/bench","header":"Authorization","prefix":"Bearer ","host":"localhost"}
JSON
    exec "$LATCHKEY" serve --data "$data" --listen "$api" --gateway-listen 127.0.0.1:0 --workers 1 ;;
gateway)
    cat >"$PEERBENCH_OUT/request.json" <<JSON
{"method":"GET","path":"/v1/check","header":"Authorization","prefix":"Bearer ","host":"localhost"}
JSON
    exec "$LATCHKEY" serve --data "$data" --listen 127.0.0.1:0 --gateway-listen "$api" --workers 1 ;;
esac
