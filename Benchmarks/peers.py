#!/usr/bin/env python3
"""Runs Latchkey among its peers: one core for the server, 64 connections, alternating order, CPU time per request.

    peers.py KIT --latchkey BINARY [options of the kit's bench.py]

KIT is the folder of the peer benchmark. Lane A is a fixed answer (nginx and HAProxy `return`) beside the verify call
and forward-auth; lane D is the gateway beside plain nginx and HAProxy proxies and Envoy with api_key_auth. What a subject
claims in lane D is a hashed look-up, expiry, revocation and the proxying; not yet quotas or request records.
"""
import argparse
import os
import sys
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("kit")
parser.add_argument("--latchkey", required=True)
options, rest = parser.parse_known_args()
sys.path.insert(0, os.path.abspath(options.kit))
import bench  # noqa: E402
import contenders  # noqa: E402

GATEWAY = {contenders.LOOKUP, contenders.HASH, contenders.EXPIRY, contenders.ENABLED, contenders.PROXY}
kit_subject = contenders.subject


def subject(name, command, port, script, lanes):
    made = kit_subject(name, command, port, script, lanes)
    made.lanes = {lane: GATEWAY if lane == "D" else work for lane, work in made.lanes.items()}
    return made


class EnvoyKeyAuth(contenders.Envoy):
    """api_key_auth alone: no rate limit, no access log."""
    name, title, log = "envoy-keyauth", "Envoy api_key_auth, plaintext keys, nothing else", ""
    lanes = {"D": {contenders.LOOKUP, contenders.PROXY}}


contenders.subject = subject
contenders.ALL.append(EnvoyKeyAuth)
script = Path(__file__).resolve().parent / "subject.sh"
os.environ["LATCHKEY"] = os.path.abspath(options.latchkey)
sys.argv = [sys.argv[0], "--lanes", "A,D", "--only",
            "nginx-return,haproxy-return,nginx-proxy,haproxy-proxy,envoy-keyauth"]
for number, (name, lane) in enumerate((("verify", "A"), ("authz", "A"), ("gateway", "D"))):
    sys.argv += ["--subject", f"{name}=env SUBJECT={name} {script}", "--subject-port", f"{name}={19500 + number}",
                 "--subject-lanes", f"{name}={lane}"]
sys.argv += rest
bench.main()
