#!/usr/bin/env python3
"""Runs Latchkey among its peers: one core for the server, 64 connections, alternating order, CPU time per request.

    peers.py KIT --latchkey BINARY [options of the kit's bench.py]

KIT is the folder of the peer benchmark. Lane A is a fixed answer (nginx and HAProxy `return`), lane C the whole decision
with day quota and one record a call, lane D the same in front of an upstream, lane E keys that nobody has. The verify call
stands in A, C and E, forward-auth in A, C and E, the gateway in D; all of them do the whole work in every lane.
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


class EnvoyKeyAuth(contenders.Envoy):
    """api_key_auth alone: no rate limit, no access log."""
    name, title, log = "envoy-keyauth", "Envoy api_key_auth, plaintext keys, nothing else", ""
    lanes = {"D": {contenders.LOOKUP, contenders.PROXY}}


contenders.ALL.append(EnvoyKeyAuth)
script = Path(__file__).resolve().parent / "subject.sh"
os.environ["LATCHKEY"] = os.path.abspath(options.latchkey)
sys.argv = [sys.argv[0], "--lanes", "A,C,D,E", "--only",
            "nginx-return,haproxy-return,lua-dict,lua-table,haproxy-full,nginx-proxy,haproxy-proxy,envoy-keyauth"]
for number, (name, lanes) in enumerate((("verify", "A,C,E"), ("authz", "A,C,E"), ("gateway", "D"))):
    sys.argv += ["--subject", f"{name}=env SUBJECT={name} {script}", "--subject-port", f"{name}={19500 + number}",
                 "--subject-lanes", f"{name}={lanes}"]
sys.argv += rest
bench.main()
