"""Gives every active key of an account a new secret beside the old one, and lists what there is.

    LATCHKEY_TOKEN=lk_op_… python3 rotate_keys.py http://127.0.0.1:8080 ACCOUNT OVERLAP_SECONDS

Prints a line for each key: its id, the new secret's hint, and until when the old one holds. Secrets go to
where you keep them (here: nowhere), never to the screen.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
import latchkey


def keep(key_id, secret):
    """Put it into your vault."""
    assert key_id and secret


def main():
    server, account, overlap = sys.argv[1], sys.argv[2], int(sys.argv[3])
    client = latchkey.Latchkey(server, os.environ["LATCHKEY_TOKEN"])
    for key in list(client.keys(account, state="active")):
        made = client.rotate_key(
            key["id"], overlap_seconds=overlap, idempotency_key=f"rotate-{key['id']}")
        keep(made["id"], made["secret"])
        old = [one for one in made["versions"] if one["state"] == "retiring"]
        print(made["id"], made["hint"], old[0]["accepted_until"] if old else "at once")


if __name__ == "__main__":
    main()
