#!/usr/bin/env python3
"""What the work on a call costs: the gateway with a day quota, a rate per account, one per address, their header fields
and request records, beside the same gateway with none of them.

    work.py --latchkey BINARY [--rounds 45] [--seconds 1] [--keys 1000] [--parts]

One server on one core, nginx behind it and wrk before it on the other, 64 connections, answers of 1 KB. Each variant is a
project of its own, told apart by its host; variants take turns within a round and ratios are taken in the same round.
Many short rounds: the host's other guests disturb some. The ratio of
all rounds together counts what comes in bursts, as the merging of records, which a median leaves out.
--parts measures the quota, the rates and the records alone as well. Prints one JSON line a variant.
"""
import argparse
import json
import socket
import statistics
import subprocess
import tempfile
from pathlib import Path

from profiles import Server, drive

QUOTA = {"calls": 10_000_000, "scope": "key"}
RATES = [{"calls": 1_000_000, "seconds": 1, "scope": "account"}, {"calls": 1_000_000, "seconds": 1, "scope": "address"}]
BARE = {"quota": None, "rate": [], "records": {"calls": "none"}}
VARIANTS = {
    "bare": BARE,
    "full": {"quota": QUOTA, "rate": RATES, "records": {"calls": "all"}},
    "quota": dict(BARE, quota=QUOTA),
    "rates": dict(BARE, rate=RATES),
    "records": dict(BARE, records={"calls": "all"}),
}


class Nginx:
    """nginx on a port of its own and one core, its files in the folder. `http` is what its `http` block has."""

    def __init__(self, folder, name, core, http):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = folder / f"{name}.conf"
        config.write_text(
            f"daemon off; pid {folder}/{name}.pid; error_log {folder}/{name}.log; worker_processes 1;\n"
            "events { worker_connections 1024; }\n"
            "http { access_log off; keepalive_requests 1000000000;\n" + http(self.port) + "\n}\n")
        self.process = subprocess.Popen(["taskset", "-c", core, "nginx", "-p", str(folder), "-c", str(config)])

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Upstream(Nginx):
    """Answers with 1 KB."""

    def __init__(self, folder):
        super().__init__(folder, "upstream", "1", lambda port:
                         f"server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{'x' * 1024}'; }} }}")


def start(options, folder):
    """A server on one core over a new data folder, and its operator key."""
    made = subprocess.run([options.latchkey, "init", "--data", str(folder / "data"), "--json"], check=True,
                          capture_output=True, text=True).stdout
    return Server(options.latchkey, str(folder / "data"), ["taskset", "-c", "0"]), json.loads(made)["operator_key"]


def with_upstream(run, options):
    """Runs it in a folder of its own, with an upstream beside it."""
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as name:
        upstream = Upstream(Path(name))
        try:
            run(options, Path(name), upstream)
        finally:
            upstream.stop()


def seed(server, token, name, policy, upstream, keys, folder):
    policy = dict(policy, environments=[{"name": "production", "hosts": [f"{name}.test"]}])
    server.call(token, "POST", "/v1/projects",
                {"slug": name, "name": name, "upstream": f"http://127.0.0.1:{upstream.port}", "policy": policy})
    accounts = [server.call(token, "POST", f"/v1/projects/{name}/accounts", {"name": f"Account {number}"})["id"]
                for number in range(20)]
    secrets = [server.call(token, "POST", f"/v1/accounts/{accounts[number % 20]}/keys", {"environment": "production"})
               for number in range(keys)]
    (folder / name).write_text("".join(key["secret"] + "\n" for key in secrets))


def measure(server, name, folder, seconds):
    return drive(server, server.gateway, folder / name, seconds, host=f"{name}.test", header="Authorization",
                 prefix="Bearer ")


def run(options, folder, upstream):
    server, token = start(options, folder)
    names = list(VARIANTS) if options.parts else ["bare", "full"]
    try:
        for name in names:
            seed(server, token, name, VARIANTS[name], upstream, options.keys, folder)
            measure(server, name, folder, 2)
        costs = {name: [] for name in names}
        for number in range(options.rounds):
            for name in names[::1 if number % 2 == 0 else -1]:
                costs[name].append(measure(server, name, folder, options.seconds))
    finally:
        server.stop()
    for name in names:
        each = {one: [cpu / calls * 1e6 for cpu, calls in costs[one]] for one in (name, "bare")}
        ratios = [cost / bare for cost, bare in zip(each[name], each["bare"])]
        total, bare = (sum(cpu for cpu, _ in costs[one]) / sum(calls for _, calls in costs[one]) for one in (name, "bare"))
        print(json.dumps({
            "bench": "work", "variant": name, "rounds": options.rounds, "keys": options.keys,
            "cpu_us_median": round(statistics.median(each[name]), 2), "cpu_us_all": round(total * 1e6, 2),
            "to_bare_median": round(statistics.median(ratios), 3),
            "to_bare_quartiles": [round(quartile, 3) for quartile in statistics.quantiles(ratios, n=4)[::2]],
            "to_bare_all": round(total / bare, 3)}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latchkey", required=True)
    parser.add_argument("--rounds", type=int, default=45)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--parts", action="store_true")
    options = parser.parse_args()
    with_upstream(run, options)


if __name__ == "__main__":
    main()
