#!/usr/bin/env python3
"""Fills a running server with keys through its management API and writes their secrets to a file.

    seed.py --api 127.0.0.1:8080 --token lk_op_… --project bench --keys 100000 --out valid.txt

Prints one JSON line: how many keys were made, in how many seconds, keys per second. Standard library only.
"""
import argparse
import asyncio
import json
import random
import time


async def call(reader, writer, host, token, method, path, body):
    data = json.dumps(body).encode()
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length:"))
    answer = await reader.readexactly(length)
    if status >= 300:
        raise SystemExit(f"{method} {path}: {status} {answer.decode()}")
    return json.loads(answer)


async def worker(options, account, secrets, left):
    host, port = options.api.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
    while left[0] > 0:
        left[0] -= 1
        key = await call(reader, writer, host, options.token, "POST",
                         f"/v1/accounts/{account}/keys", {"environment": options.environment})
        secrets.append(key["secret"])
    writer.close()


async def main(options):
    host, port = options.api.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    secrets, left, accounts = [], [options.keys], []
    for number in range(options.accounts):
        account = await call(reader, writer, host, options.token, "POST",
                             f"/v1/projects/{options.project}/accounts", {"name": f"Account {number}"})
        accounts.append(account["id"])
    started = time.monotonic()
    await asyncio.gather(*(worker(options, accounts[n % len(accounts)], secrets, left)
                           for n in range(options.connections)))
    seconds = time.monotonic() - started
    random.Random(7).shuffle(secrets)
    with open(options.out, "w") as out:
        out.write("\n".join(secrets) + "\n")
    print(json.dumps({"keys": len(secrets), "seconds": round(seconds, 1),
                      "keys_per_second": round(len(secrets) / seconds)}))


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--api", required=True)
parser.add_argument("--token", required=True)
parser.add_argument("--project", required=True)
parser.add_argument("--environment", default="production")
parser.add_argument("--keys", type=int, default=100_000)
parser.add_argument("--accounts", type=int, default=100)
parser.add_argument("--connections", type=int, default=128)
parser.add_argument("--out", required=True)
asyncio.run(main(parser.parse_args()))
