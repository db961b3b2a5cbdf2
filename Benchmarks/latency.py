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
import time

from work import Nginx, VARIANTS, seed, start, with_upstream

CONNECTIONS = 64
WARM_UP = 1


class Proxy(Nginx):
    """Forwards to the upstream."""

    def __init__(self, folder, upstream):
        super().__init__(folder, "proxy", "0", lambda port:
                         f"upstream up {{ server 127.0.0.1:{upstream.port}; keepalive 256;"
                         " keepalive_requests 1000000000; }\n"
                         f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://up;"
                         " proxy_http_version 1.1; proxy_set_header Connection ''; } }")
        time.sleep(1)


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
    server, token = start(options, folder)
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
    with_upstream(run, options)


main()
