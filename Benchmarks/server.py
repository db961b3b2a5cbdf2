#!/usr/bin/env python3
"""Measures the built server: management writes per second, time until ready, resident memory, revocation under load.

    server.py --latchkey BINARY [--keys 100000] [--load]

Prints JSON lines. Everything is in a temporary folder; the server runs on one core, the client on the other.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Server:
    def __init__(self, binary, data):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", binary, "serve", "--data", data, "--listen", "127.0.0.1:0",
             "--gateway-listen", "127.0.0.1:0", "--workers", "1"], stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.ready_seconds = time.monotonic() - self.started
        found = re.search(r"api=(\S+) gateway=(\S+)", line)
        if not found:
            sys.exit("the server did not start: " + line)
        self.api, self.gateway = found.groups()

    def resident(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(40)


def call(api, token, path, body):
    return subprocess.run(
        ["curl", "-sf", "-H", f"Authorization: Bearer {token}", "-H", "Content-Type: application/json",
         "-d", json.dumps(body), f"http://{api}{path}"], check=True, capture_output=True).stdout


def load(server, token, keys, seconds=5):
    """wrk on the verify call: requests per second and CPU time per request."""
    environment = dict(
        os.environ, PEERBENCH_CREDENTIALS=keys, PEERBENCH_METHOD="POST", PEERBENCH_PATH="/v1/verify",
        PEERBENCH_HEADER="none", PEERBENCH_EXTRA_HEADER=f"Authorization: Bearer {token}",
        PEERBENCH_BODY='{"project":"bench","key":"%KEY%"}')
    before = server.cpu_seconds()
    out = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s", "-s", str(HERE / "load.lua"),
         f"http://{server.api}"], env=environment, check=True, capture_output=True, text=True).stdout
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    cpu = server.cpu_seconds() - before
    return {"requests_per_second": round(requests / seconds), "cpu_us_per_request": round(cpu / requests * 1e6, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latchkey", required=True)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--load", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder:
        data, keys = folder + "/data", folder + "/keys.txt"
        made = subprocess.run([options.latchkey, "init", "--data", data, "--json"], check=True,
                              capture_output=True, text=True).stdout
        token = json.loads(made)["operator_key"]
        server = Server(options.latchkey, data)
        empty = server.resident()
        call(server.api, token, "/v1/projects", {"slug": "bench", "name": "Bench"})
        seeded = subprocess.run(
            ["taskset", "-c", "1", sys.executable, str(HERE / "seed.py"), "--api", server.api, "--token", token,
             "--project", "bench", "--keys", str(options.keys), "--out", keys],
            check=True, capture_output=True, text=True).stdout
        print(json.dumps({"bench": "create keys over HTTP, synchronous=FULL", **json.loads(seeded),
                          "server_cpu_seconds": round(server.cpu_seconds(), 1)}), flush=True)
        server.stop()
        server = Server(options.latchkey, data)
        resident = server.resident()
        print(json.dumps({
            "bench": "start", "keys": options.keys, "ready_seconds": round(server.ready_seconds, 2),
            "resident_bytes": resident, "empty_resident_bytes": empty,
            "bytes_per_key_all_included": round(resident / options.keys, 1),
            "bytes_per_key_beyond_empty": round((resident - empty) / options.keys, 1)}), flush=True)
        if options.load:
            for _ in range(3):
                print(json.dumps({"bench": "POST /v1/verify", **load(server, token, keys)}), flush=True)
        server.stop()


main()
