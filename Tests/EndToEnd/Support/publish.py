"""Publishes events over one connection: PORT TOKEN ACCOUNT ENVIRONMENT TYPE FIRST COUNT OUT. The id
of each event whose 202 was read becomes a line of OUT. Ends with 0 when all are published, with 1
when the connection is lost."""
import http.client
import json
import sys

port, token, account, environment, kind, first, count, out = sys.argv[1:9]
lines = open(out, "a", buffering=1)
connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
try:
    for number in range(int(first), int(first) + int(count)):
        body = {"type": kind, "environment": environment, "data": {"n": number}}
        connection.request("POST", "/v1/accounts/%s/events" % account, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 202:
            sys.exit("%d %s" % (answer.status, text))
        lines.write(json.loads(text)["id"] + "\n")
except (OSError, http.client.HTTPException):
    sys.exit(1)
