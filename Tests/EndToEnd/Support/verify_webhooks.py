"""Holds every line of a receiver's log to the published library: LOG SECRET [PATH]. Prints how many
were verified; a line that is not ends it."""
import json
import sys
from datetime import datetime, timezone

import standardwebhooks.webhooks
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Arrival(datetime):
    """For the library it is the moment at which the call came: a long run outlives its tolerance."""

    moment = 0.0

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(cls.moment, tz=tz or timezone.utc)


standardwebhooks.webhooks.datetime = Arrival

log, secret = sys.argv[1:3]
path = sys.argv[3] if len(sys.argv) > 3 else None
hook, verified = Webhook(secret), 0
for line in open(log):
    call = json.loads(line)
    if path and call["path"] != path:
        continue
    Arrival.moment = call["at"]
    headers = {name.lower(): value for name, value in call["headers"]}
    hook.verify(call["body"], headers)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        broken = dict(headers)
        broken[name] = "1" + broken[name].replace("v1,", "v1,A")
        try:
            hook.verify(call["body"], broken)
            sys.exit("a call with another %s was verified" % name)
        except WebhookVerificationError:
            pass
    try:
        hook.verify(call["body"] + " ", headers)
        sys.exit("another body was verified")
    except WebhookVerificationError:
        pass
    verified += 1
print(verified)
