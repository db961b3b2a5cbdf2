#!/usr/bin/env python3
"""Measures webhook deliveries of the built server, end to end: the outbox in the store, TLS receivers, results stored.

    deliveries.py --latchkey BINARY [--events 5000] [--seconds 20] [--database URL] [--only rate|isolation]

rate       events for ten webhooks wait in the outbox while the receivers ask for patience; then how fast they arrive
           and are stored as delivered
isolation  how long after its publication an event arrives at a healthy endpoint, before and while a hundred others hang

Prints JSON lines. Everything is in a temporary folder; the server runs on one core, nginx with TLS and this program on
the other. Standard library only.
"""
import argparse
import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PATIENCE = 15  # seconds that receivers ask for while the outbox fills
NGINX = """
daemon off; master_process off; worker_processes 1; worker_rlimit_nofile 8192;
pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  keepalive_requests 100000000; proxy_read_timeout 60s;
  log_format arrival '$msec $http_webhook_id';
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    access_log off;
    add_header Retry-After {patience} always;
    location / {{ if (-f {folder}/closed) {{ return 503; }} return 200 ok; }}
    location /healthy {{ access_log {folder}/arrivals arrival; return 200 ok; }}
    location /hang {{ proxy_pass http://127.0.0.1:{silent}; }}
  }}
  server {{ listen 127.0.0.1:{status}; access_log off; location / {{ stub_status; }} }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Receivers:
    """nginx with TLS; what is behind /hang takes connections and never says a word."""

    def __init__(self, folder):
        self.folder = folder
        self.silent = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port, self.status = free_port(), free_port()
        self.looks = 0
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
             "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"], check=True, capture_output=True)
        Path(folder, "nginx.conf").write_text(NGINX.format(
            folder=folder, port=self.port, status=self.status, patience=PATIENCE,
            silent=self.silent.getsockname()[1]))
        self.process = subprocess.Popen(
            ["taskset", "-c", "1", "nginx", "-c", folder + "/nginx.conf", "-e", folder + "/early.log"])
        time.sleep(0.5)

    def close_doors(self, closed):
        Path(self.folder, "closed").touch() if closed else os.unlink(self.folder + "/closed")

    def counts(self):
        """Connections that were made, and requests; without those of looking."""
        self.looks += 1
        with urllib.request.urlopen(f"http://127.0.0.1:{self.status}/") as answer:
            accepted, _, requests = re.search(rb"(\d+) (\d+) (\d+)", answer.read()).groups()
        return int(accepted) - self.looks, int(requests) - self.looks

    def arrivals(self):
        """Event ids with the time at which each first arrived, in seconds since 1970."""
        first = {}
        for line in Path(self.folder, "arrivals").read_text().splitlines():
            at, event = line.split(" ")
            first.setdefault(event, float(at))
        return first


class Server:
    def __init__(self, options, folder, receivers):
        store = ["--database", options.database] if options.database else []
        made = subprocess.run([options.latchkey, "init", "--data", folder + "/data", "--json", *store],
                              check=True, capture_output=True, text=True).stdout
        self.token = json.loads(made)["operator_key"]
        self.log = open(folder + "/server.log", "w+")
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", options.latchkey, "serve", "--data", folder + "/data", "--listen", "127.0.0.1:0",
             "--gateway-listen", "127.0.0.1:0", "--workers", "1", "--outbound-allow", "127.0.0.0/8",
             "--outbound-allow", "::1/128", "--outbound-ca", receivers.folder + "/cert.pem", *store],
            stderr=self.log)
        for _ in range(200):
            time.sleep(0.05)
            found = re.search(r"api=(\S+)", Path(self.log.name).read_text())
            if found:
                break
        else:
            sys.exit("the server did not start: " + Path(self.log.name).read_text())
        self.api = found.group(1)
        self.call("POST", "/v1/projects", {
            "slug": "bench", "name": "Bench",
            "policy": {"webhooks": {"max": 128, "timeout_seconds": 10}}})

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://{self.api}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.token, "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def account(self, urls):
        account = self.call("POST", "/v1/projects/bench/accounts", {"name": "Account"})["id"]
        hooks = [self.call("POST", f"/v1/accounts/{account}/webhooks",
                           {"name": url, "url": url, "environment": "production", "events": ["order.created"]})["id"]
                 for url in urls]
        return account, hooks

    def pending(self, hooks):
        return sum(len(self.call("GET", f"/v1/webhooks/{hook}/deliveries?state=pending&limit=1")["data"])
                   for hook in hooks)

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(40)


class Publisher:
    def __init__(self, server):
        self.server = server

    async def open(self):
        host, port = self.server.api.rsplit(":", 1)
        self.reader, self.writer = await asyncio.open_connection(host, int(port), limit=1 << 20)

    async def publish(self, account):
        data = json.dumps({"type": "order.created", "environment": "production",
                           "data": {"order_id": "o-17", "note": "x" * 200}}).encode()
        self.writer.write(
            f"POST /v1/accounts/{account}/events HTTP/1.1\r\nHost: {self.server.api}\r\n"
            f"Authorization: Bearer {self.server.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        answer = await self.reader.readexactly(length)
        if b" 202 " not in head[:20]:
            sys.exit((head + answer).decode())
        return json.loads(answer)["id"]


async def publish_all(server, account, events):
    left = [events]

    async def worker():
        publisher = Publisher(server)
        await publisher.open()
        while left[0] > 0:
            left[0] -= 1
            await publisher.publish(account)

    await asyncio.gather(*(worker() for _ in range(8)))


def rate(server, receivers, events):
    account, hooks = server.account([f"https://localhost:{receivers.port}/hook/{n}" for n in range(10)])
    receivers.close_doors(True)
    asyncio.run(publish_all(server, account, 1))
    time.sleep(0.5)
    begun = time.monotonic()
    asyncio.run(publish_all(server, account, events - 1))
    published = time.monotonic() - begun
    if published > PATIENCE - 2:
        sys.exit("too many events: the receivers' patience was over before the outbox was full")
    receivers.close_doors(False)
    total = events * len(hooks)
    before = receivers.counts()
    while receivers.counts()[1] < before[1] + total // 50:
        time.sleep(0.02)
    began, cpu, first = time.monotonic(), server.cpu_seconds(), receivers.counts()[1]
    while receivers.counts()[1] < before[1] + total:
        time.sleep(0.02)
        if time.monotonic() - began > 120:
            break
    while server.pending(hooks):
        time.sleep(0.02)
    seconds = time.monotonic() - began
    after = receivers.counts()
    done = after[1] - first
    print(json.dumps({
        "bench": "deliveries out of the outbox", "webhooks": len(hooks), "deliveries": done,
        "seconds": round(seconds, 2), "per_second": round(done / seconds),
        "cpu_us_per_delivery": round((server.cpu_seconds() - cpu) / done * 1e6, 1),
        "connections": after[0] - before[0], "events_published_per_second": round((events - 1) / published)}),
        flush=True)


async def paced(server, plan, seconds):
    """Publishes at a fixed pace, whatever comes back when. Gives event ids with the time of their call."""
    sent = {}

    async def worker(account, gap, keep):
        publisher = Publisher(server)
        await publisher.open()
        begun = time.monotonic()
        for number in range(int(seconds / gap)):
            await asyncio.sleep(max(0, begun + number * gap - time.monotonic()))
            at = time.time()
            event = await publisher.publish(account)
            if keep:
                sent[event] = at

    await asyncio.gather(*(worker(*one) for one in plan))
    return sent


def isolation(server, receivers, seconds):
    base = f"https://localhost:{receivers.port}"
    healthy = [server.account([f"{base}/healthy/{n}"])[0] for n in range(10)]
    crowded, _ = server.account([f"{base}/healthy/own"] + [f"{base}/hang/{n}" for n in range(100)])
    calm = [(account, 0.1, True) for account in healthy]
    results = []
    for name, plan in [("none hangs", calm), ("100 hang", [(crowded, 0.5, True)] + calm)]:
        if name != "none hangs":
            asyncio.run(paced(server, [(crowded, 0.5, False)], 4))
        sent = asyncio.run(paced(server, plan, seconds))
        time.sleep(4)
        arrivals = receivers.arrivals()
        delays = sorted((arrivals[event] - at) * 1000 for event, at in sent.items() if event in arrivals)
        results.append(delays[int(len(delays) * 0.99)])
        print(json.dumps({
            "bench": "from publication to arrival at a healthy endpoint", "while": name, "events": len(sent),
            "missing": len(sent) - len(delays), "p50_ms": round(delays[len(delays) // 2], 2),
            "p99_ms": round(results[-1], 2), "max_ms": round(delays[-1], 2)}), flush=True)
    print(json.dumps({"bench": "p99 while 100 hang, of p99 before", "ratio": round(results[1] / results[0], 2)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latchkey", required=True)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--database", default=None)
    parser.add_argument("--only", choices=["rate", "isolation"])
    options = parser.parse_args()
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder:
        receivers = Receivers(folder)
        server = Server(options, folder, receivers)
        try:
            if options.only != "isolation":
                rate(server, receivers, options.events)
            if options.only != "rate":
                isolation(server, receivers, options.seconds)
        finally:
            server.stop()
            receivers.process.terminate()
            receivers.process.wait()


main()
