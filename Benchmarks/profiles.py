#!/usr/bin/env python3
"""What a call costs under each vendor's profile beside the default one: forward-auth calls, one core for the server.

    profiles.py --latchkey BINARY [--rounds 5] [--seconds 2] [--callgrind]

Each profile has a project of its own in one server, with 200 accounts of one key each. Rates, quota and concurrency are
taken out of the policies: what is compared is how a key is carried, found and judged. Profiles take turns within a round;
the ratio to the default is taken in the same round. Bearer calls are measured a second time under the name "again": how
far that is from 1 is the noise. --callgrind counts the instructions of verify calls with the same header fields instead:
that does not depend on the machine's mood, and has no signed assertion in it that would hide differences. Prints one JSON line a profile.
"""
import argparse
import base64
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROFILES = sorted((HERE.parent / "Profiles").glob("*.json"))
ACCOUNTS = 200
CALLGRIND_CALLS = 4_000


class Server:
    def __init__(self, binary, data, under):
        self.process = subprocess.Popen(
            under + [binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0",
                     "--workers", "1"], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"api=(\S+) gateway=(\S+)", line):
                self.api, self.gateway = found.groups()
                return
        sys.exit("the server did not start")

    def call(self, token, method, path, body):
        request = urllib.request.Request(
            f"http://{self.api}{path}", method=method, data=json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def cpu_seconds(self):
        total = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def fields(credential, account, key):
    """The header fields that carry this key under this scheme."""
    secret = key["secret"]
    if credential["scheme"] == "bearer":
        return f"Authorization: Bearer {secret}"
    if credential["scheme"] == "basic":
        return "Authorization: Basic " + base64.b64encode(f"{key['public_id']}:{secret}".encode()).decode()
    if credential["scheme"] == "header":
        return f"{credential['header']}: {secret}"
    if credential["scheme"] == "header_pair":
        return f"{credential['id_header']}: {account['client_id']}\t{credential['secret_header']}: {secret}"
    return (f"{credential['id_header']}: {account['client_id']}\t"
            f"Authorization: {credential['authorization_scheme']} {account['username']}:{secret}")


def seed(server, token, slug, policy, folder):
    policy = dict(policy, rate=[], quota=None, concurrency=None)
    server.call(token, "POST", "/v1/projects", {"slug": slug, "name": slug, "policy": policy})
    lines = []
    for number in range(ACCOUNTS):
        account = server.call(token, "POST", f"/v1/projects/{slug}/accounts", {"name": f"Account {number}"})
        wanted = {"environment": policy["environments"][0]["name"]}
        if policy.get("applications", {}).get("key_on_create"):
            application = server.call(token, "POST", f"/v1/accounts/{account['id']}/applications", {"name": "App"})
            key = application["key"]
        else:
            key = server.call(token, "POST", f"/v1/accounts/{account['id']}/keys", wanted)
        lines.append(fields(policy["credential"], account, key))
    (folder / slug).write_text("\n".join(lines) + "\n")


def drive(server, address, credentials, seconds, **settings):
    """wrk at `address` with load.lua's settings: CPU seconds of the server, and calls."""
    environment = dict(os.environ, PEERBENCH_CREDENTIALS=str(credentials),
                       **{f"PEERBENCH_{name.upper()}": value for name, value in settings.items()})
    before = server.cpu_seconds()
    printed = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", "-c64", f"-d{seconds}s", "-s", str(HERE / "load.lua"),
         f"http://{address}"], env=environment, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in printed:
        sys.exit(f"{credentials.name}: calls were refused:\n{printed}")
    return server.cpu_seconds() - before, int(re.search(r"(\d+) requests in", printed).group(1))


def load(server, slug, folder, seconds):
    """CPU microseconds of the server per call."""
    cpu, calls = drive(server, server.api, folder / slug, seconds, path=f"/v1/authz/{slug}", header="fields")
    return cpu / calls * 1e6


def count(server, token, slug, folder):
    """Instructions per call, from the bytes of a request to the answer, of the thread that serves it."""
    import http.client
    lines = [dict(field.split(": ", 1) for field in line.split("\t"))
             for line in (folder / slug).read_text().splitlines()]
    operator = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(server.api)

    def calls(number):
        for index in range(number):
            body = json.dumps({"project": slug, "headers": lines[index % len(lines)]})
            connection.request("POST", "/v1/verify", body, operator)
            answer = json.loads(connection.getresponse().read())
            assert answer["valid"], (slug, answer)

    def control(*arguments):
        subprocess.run(["callgrind_control", *arguments, str(server.process.pid)], check=True, capture_output=True)

    calls(2 * ACCOUNTS)
    control("-i", "on")
    control("-z")
    calls(CALLGRIND_CALLS)
    control("-d")
    dumps = list(folder.glob("callgrind.out.*"))
    totals = [int(text) for dump in dumps for text in re.findall(r"^(?:summary|totals): (\d+)", dump.read_text(), re.M)]
    control("-i", "off")
    for old in dumps:
        old.unlink()
    return max(totals) / CALLGRIND_CALLS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latchkey", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--callgrind", action="store_true")
    options = parser.parse_args()
    binary = os.path.abspath(options.latchkey)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = subprocess.run([binary, "init", "--data", name + "/data", "--json"], check=True, capture_output=True)
        token = json.loads(made.stdout)["operator_key"]
        server = Server(binary, name + "/data", ["taskset", "-c", "0"])
        for path in PROFILES:
            seed(server, token, path.stem, json.loads(path.read_text()), folder)

        slugs = [path.stem for path in PROFILES]
        if options.callgrind:
            server.stop()
            under = ["valgrind", "--tool=callgrind", "--instr-atstart=no",
                     "--toggle-collect=*ServerConnection*handleReadable*", f"--callgrind-out-file={name}/callgrind.out"]
            server = Server(binary, name + "/data", under)
            figures = {slug: [count(server, token, slug, folder)] for slug in slugs}
        else:
            figures = {slug: [] for slug in slugs + ["again"]}
            for slug in slugs:
                load(server, slug, folder, 1)
            for turn in range(options.rounds):
                order = list(figures) if turn % 2 == 0 else list(figures)[::-1]
                for slug in order:
                    figures[slug].append(load(server, "default" if slug == "again" else slug, folder, options.seconds))
        server.stop()
    unit = "instructions" if options.callgrind else "cpu_us"
    for slug, values in figures.items():
        ratios = [value / base for value, base in zip(values, figures["default"])]
        print(json.dumps({"profile": slug, f"{unit}_median": round(statistics.median(values), 2),
                          "to_default_median": round(statistics.median(ratios), 3),
                          "to_default": [round(ratio, 3) for ratio in ratios]}))


if __name__ == "__main__":
    main()
