"""Asks whether a call may pass, as an API would before it answers one.

    LATCHKEY_TOKEN=lk_op_… python3 verify.py http://127.0.0.1:8080 PROJECT METHOD PATH < key

Prints the code of the verdict; ends with 0 where the call may pass, 10 where it may not, 6 where nobody
could be asked.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
import latchkey


def main():
    server, project, method, path = sys.argv[1:5]
    client = latchkey.Latchkey(server, os.environ["LATCHKEY_TOKEN"], project)
    try:
        verdict = client.verify(key=sys.stdin.read().strip(), method=method, path=path)
    except latchkey.Unreachable:
        return 6
    print(verdict.code, verdict.account_id or "-")
    return 0 if verdict else 10


if __name__ == "__main__":
    sys.exit(main())
