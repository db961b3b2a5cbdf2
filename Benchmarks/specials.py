#!/usr/bin/env python3
"""The keys of the checks before a measurement: expired, revoked, with three calls left; and keys nobody has, of the right form."""
import http.client
import json
import secrets
import sys
import time
import urllib.request
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

api, token, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
HEADERS = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def call(method, path, body=None):
    request = urllib.request.Request(
        f"http://{api}{path}", method=method, data=None if body is None else json.dumps(body).encode(),
        headers=HEADERS)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def unknown(sample):
    """A token with the sample's prefix and length and a checksum that is right."""
    prefix = sample[:sample.rindex("_") + 1]
    text = prefix + "0" + "".join(secrets.choice(ALPHABET) for _ in range(len(sample) - len(prefix) - 7))
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = ALPHABET[digit] + digits
    return text + digits


account = call("GET", "/v1/projects/bench/accounts?limit=1")["data"][0]["id"]
soon = (datetime.now(timezone.utc) + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
expired = call("POST", f"/v1/accounts/{account}/keys", {"environment": "production", "expires_at": soon})
disabled = call("POST", f"/v1/accounts/{account}/keys", {"environment": "production"})
call("DELETE", "/v1/keys/" + disabled["id"])
# Its quota is everybody's 20,000 a day; all but three of them are used here.
scarce = call("POST", f"/v1/accounts/{account}/keys", {"environment": "production"})
connection = http.client.HTTPConnection(api)
question = json.dumps({"project": "bench", "key": scarce["secret"]})
for _ in range(19_997):
    connection.request("POST", "/v1/verify", question, HEADERS)
    answer = connection.getresponse().read()
assert json.loads(answer)["quota"]["remaining"] == 3, answer
(folder / "special.json").write_text(json.dumps({"expired": expired["secret"], "disabled": disabled["secret"],
                                              "quota": scarce["secret"]}))
valid = (folder / "made.txt").read_text().split()
(folder / "invalid.txt").write_text("\n".join(unknown(valid[0]) for _ in valid) + "\n")
