#!/usr/bin/env python3
"""How long calls take at a fixed rate: verify calls, and the gateway with all its work beside nginx that only forwards.

    latency.py --latchkey BINARY [--rates 2000,10000,20000] [--rounds 3] [--seconds 10]

The server, or nginx, on one core; on the other h2load with 64 connections, and nginx as the upstream with answers of 1 KB.
Calls come at their times whether or not those before are answered. Contenders take turns within a round; percentiles are
of all calls of a contender at a rate, over all rounds. Prints one JSON line for each.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from profiles import Server
from work import Upstream, VARIANTS, seed

CONNECTIONS = 64
WARM_UP = 1


class Proxy:
    """nginx that forwards to the upstream."""

    def __init__(self, folder, upstream):
        import socket
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = folder / "proxy.conf"
        config.write_text(
            f"daemon off; pid {folder}/proxy.pid; error_log {folder}/proxy.log; worker_processes 1;\n"
            "events { worker_connections 1024; }\n"
            "http { access_log off; keepalive_requests 1000000000;\n"
            f"upstream up {{ server 127.0.0.1:{upstream.port}; keepalive 256; keepalive_requests 1000000000; }}\n"
            f"server {{ listen 127.0.0.1:{self.port}; location / {{ proxy_pass http://up; proxy_http_version 1.1;\n"
            "proxy_set_header Connection ''; } } }\n")
        self.process = subprocess.Popen(["taskset", "-c", "0", "nginx", "-p", str(folder), "-c", str(config)])
        time.sleep(1)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def drive(address, rate, seconds, folder, arguments):
    """Microseconds of each call."""
    log = folder / "calls.log"
    subprocess.run(
        ["taskset", "-c", "1", "h2load", "--h1", "-t1", f"-c{CONNECTIONS}", f"--rps={rate / CONNECTIONS}", f"-D{seconds}",
         f"--warm-up-time={WARM_UP}", f"--log-file={log}", *arguments, f"http://{address}"],
        check=True, capture_output=True, text=True)
    times = []
    for line in log.read_text().splitlines():
        _, status, took = line.split("\t")[:3]
        if status != "200":
            sys.exit(f"{address}: a call was answered {status}")
        times.append(int(took))
    log.unlink()
    return times


def run(options, folder, upstream):
    made = subprocess.run([options.latchkey, "init", "--data", str(folder / "data"), "--json"], check=True,
                          capture_output=True, text=True).stdout
    token = json.loads(made)["operator_key"]
    server = Server(options.latchkey, str(folder / "data"), ["taskset", "-c", "0"])
    proxy = Proxy(folder, upstream)
    seed(server, token, "full", VARIANTS["full"], upstream, 1, folder)
    secret = (folder / "full").read_text().strip()
    body = folder / "body"
    body.write_text(json.dumps({"project": "full", "key": secret}))
    contenders = {
        "nginx proxy": (f"127.0.0.1:{proxy.port}/", []),
        "gateway": (f"{server.gateway}/", ["-H", ":authority: full.test", "-H", f"authorization: Bearer {secret}"]),
        "verify": (f"{server.api}/v1/verify", ["-d", str(body), "-H", "content-type: application/json",
                                              "-H", f"authorization: Bearer {token}"]),
    }
    try:
        for rate in options.rates:
            times = {name: [] for name in contenders}
            for number in range(options.rounds):
                for name in list(contenders)[::1 if number % 2 == 0 else -1]:
                    address, arguments = contenders[name]
                    times[name] += drive(address, rate, options.seconds, folder, arguments)
            for name, taken in times.items():
                report(name, rate, sorted(taken), options)
    finally:
        server.stop()
        proxy.stop()


def report(name, rate, times, options):
    def share(part):
        return times[min(len(times) - 1, int(len(times) * part))]
    print(json.dumps({
        "bench": "latency", "contender": name, "rate": rate,
        "calls_per_second": round(len(times) / options.rounds / options.seconds), "p50_us": share(0.5),
        "p99_us": share(0.99), "p999_us": share(0.999), "max_us": times[-1]}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latchkey", required=True)
    parser.add_argument("--rates", type=lambda text: [int(one) for one in text.split(",")], default=[2_000, 10_000, 20_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="latchkey-latency-") as name:
        folder = Path(name)
        upstream = Upstream(folder)
        try:
            run(options, folder, upstream)
        finally:
            upstream.stop()


main()
