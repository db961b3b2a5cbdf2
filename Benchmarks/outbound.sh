#!/bin/sh
# Deliveries a second: the transport on one core, nginx with TLS as the receivers on another.
# Usage: Benchmarks/outbound.sh PATH/TO/latchkey-bench [CALLS]
set -eu
bench=$1
calls=${2:-60000}
folder=$(mktemp -d)
port=${PORT:-18443}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>"$folder/openssl.log"
cat >"$folder/nginx.conf" <<CONF
daemon off; master_process off; worker_processes 1;
pid $folder/pid; error_log $folder/error.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000;
  client_body_temp_path $folder/b; proxy_temp_path $folder/p; fastcgi_temp_path $folder/f;
  uwsgi_temp_path $folder/u; scgi_temp_path $folder/s;
  server {
    listen 127.0.0.1:$port ssl;
    ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem;
    location / { return 200 ok; }
  }
}
CONF
taskset -c 1 nginx -c "$folder/nginx.conf" -e "$folder/early.log" &
server=$!
trap 'kill $server; rm -rf "$folder"' EXIT
sleep 1
for flight in 1 8 64; do
  taskset -c 0 "$bench" outbound "https://localhost:$port/" "$folder/cert.pem" "$calls" "$flight"
done
