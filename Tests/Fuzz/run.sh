#!/bin/sh
# Fuzzes the HTTP codec with libFuzzer and AddressSanitizer: run.sh [SECONDS] [FOLDER].
# Keeps its build and its corpus in FOLDER; a finding ends it with a non-zero code.
set -eu
seconds=${1:-60}
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${2:-$root/.build/fuzz}
mkdir -p "$folder/corpus"
server=$root/Sources/HTTPServer
swiftc -O -sanitize=fuzzer,address -parse-as-library -swift-version 6 -package-name latchkey \
  -enable-upcoming-feature ExistentialAny -module-name CodecFuzz -o "$folder/codec-fuzz" \
  "$server"/Codec/Bytes.swift "$server"/Codec/BodyDecoder.swift "$server"/Codec/Field*.swift \
  "$server"/Codec/Framing.swift "$server"/Codec/HeadIndex.swift "$server"/Codec/Re*.swift \
  "$server"/Codec/HeaderList.swift "$server"/Codec/TargetForm.swift \
  "$server"/Addresses/IPAddress.swift "$server"/Engine/Limits.swift \
  "$root"/Tests/HTTPServerTests/Support/CodecHarness.swift "$root"/Tests/Fuzz/FuzzTarget.swift
printf 'aaGET /a?b HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n' > "$folder/corpus/get"
printf 'aaPOST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;a\r\nabc\r\n0\r\nT: v\r\n\r\n' \
  > "$folder/corpus/chunked"
printf 'aaHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc' > "$folder/corpus/answer"
exec "$folder/codec-fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=10 "$folder/corpus"
