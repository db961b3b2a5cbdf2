"""Latchkey for Python: one file without dependencies, for Python 3.9 and newer.

    Latchkey          asks a server: verify calls, manage keys
    WebhookVerifier   checks the signatures of webhooks (Standard Webhooks v1)
    KeyReceiver       takes cycled keys as they are delivered

docs/clients.md explains them; clients/examples has programs that run. No secret ever enters an error or
a log line of this file.
"""

import base64
import binascii
import collections
import hashlib
import hmac
import json
import os
import ssl
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

__all__ = [
    "Latchkey", "Verdict", "ServerError", "Unreachable",
    "WebhookVerifier", "WebhookError", "DuplicateWebhook",
    "KeyReceiver", "FileKeyStore", "MemoryKeyStore", "DeliveryError",
]


# --- Asking a server ---------------------------------------------------------------------------------


class ServerError(Exception):
    """The server refused; `status`, `code` and `detail` say what, `retry_after` when to try again."""

    def __init__(self, status, code, detail, retry_after=None, request_id=None):
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.retry_after, self.request_id = retry_after, request_id


class Unreachable(Exception):
    """No answer came. Whether to let a call pass then is yours to decide: refuse, unless you must not."""


class Verdict(dict):
    """The answer to a verify call. True where the call may pass."""

    def __bool__(self):
        return self.get("valid") is True

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Latchkey:
    """A server and an operator key for it. Safe to use from many threads."""

    def __init__(self, server, operator_key, project=None, timeout=5.0, ca=None):
        """`ca`: a PEM file, where the system does not know the server's certificate."""
        self.server = server.rstrip("/")
        self.project = project
        self.timeout = timeout
        self._key = operator_key
        handlers = [urllib.request.ProxyHandler({}), _NoRedirects()]
        if self.server.startswith("https:"):
            context = ssl.create_default_context(cafile=ca)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def __repr__(self):
        return f"Latchkey({self.server!r})"

    def verify(self, key=None, headers=None, project=None, **facts):
        """Asks whether a call may pass. Give its `key`, or all its `headers` and what else is known of
        it: `method`, `path`, `host`, `address`, `user_agent`, `brand`, `status`, `dry_run`."""
        body = {"project": project or self.project, **facts}
        if key is not None:
            body["key"] = key
        if headers is not None:
            body["headers"] = dict(headers)
        return Verdict(self.call("POST", "/v1/verify", body))

    def create_key(self, account, idempotency_key=None, **fields):
        """The new key with its `secret`, which may never be shown again."""
        return self.call(
            "POST", f"/v1/accounts/{_part(account)}/keys", fields, idempotency_key=idempotency_key)

    def keys(self, account, **filters):
        """All keys of an account, page after page."""
        yield from self.pages(f"/v1/accounts/{_part(account)}/keys", **filters)

    def key(self, key):
        return self.call("GET", f"/v1/keys/{_part(key)}")

    def update_key(self, key, **fields):
        return self.call("PATCH", f"/v1/keys/{_part(key)}", fields)

    def rotate_key(self, key, overlap_seconds=None, idempotency_key=None):
        """A new secret beside the old one, which holds for `overlap_seconds` more."""
        fields = {} if overlap_seconds is None else {"overlap_seconds": overlap_seconds}
        return self.call(
            "POST", f"/v1/keys/{_part(key)}/rotate", fields, idempotency_key=idempotency_key)

    def reset_key(self, key, idempotency_key=None):
        """A new secret; the old one ends at once."""
        return self.call(
            "POST", f"/v1/keys/{_part(key)}/reset", {}, idempotency_key=idempotency_key)

    def reveal_key(self, key):
        return self.call("POST", f"/v1/keys/{_part(key)}/reveal", {})["secret"]

    def revoke_key(self, key):
        """At once, and for good."""
        self.call("DELETE", f"/v1/keys/{_part(key)}")

    def report_leak(self, token, url="", source=""):
        return self.call("POST", "/v1/leaks", {
            name: value for name, value in (("token", token), ("url", url), ("source", source)) if value})

    def pages(self, path, **query):
        cursor = None
        while True:
            if cursor:
                query["cursor"] = cursor
            wanted = {name: value for name, value in query.items() if value is not None}
            page = self.call("GET", path + ("?" + urllib.parse.urlencode(wanted) if wanted else ""))
            yield from page["data"]
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def call(self, method, path, body=None, idempotency_key=None):
        """Any request of the management API: gives the JSON of its answer, or None where it has none."""
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        request = urllib.request.Request(self.server + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                return _json(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"{self.server}: {type(error).__name__}") from None


def _part(text):
    return urllib.parse.quote(str(text), safe="")


def _json(data):
    return json.loads(data) if data else None


def _refusal(error):
    try:
        problem = _json(error.read()) or {}
    except (OSError, ValueError):
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    wait = error.headers.get("Retry-After")
    return ServerError(
        error.code, problem.get("code", "unknown"), problem.get("detail", error.reason),
        retry_after=int(wait) if wait and wait.isdigit() else None,
        request_id=error.headers.get("X-Request-Id"))


# --- Webhooks ----------------------------------------------------------------------------------------


class WebhookError(Exception):
    """The request is not a webhook of ours: answer 400 and do nothing."""


class DuplicateWebhook(WebhookError):
    """It was taken before: answer 200 and do nothing."""


class WebhookVerifier:
    """Checks that a webhook is what this server sent, lately, and for the first time.

    `secrets`: one `whsec_…`, or several while a secret is being rotated. Ids are remembered for as long
    as their timestamps are believed. Call `forget` where handling failed, so that the next try counts."""

    def __init__(self, secrets, tolerance=300, clock=time.time):
        if isinstance(secrets, str):
            secrets = [secrets]
        self._keys = [_webhook_key(secret) for secret in secrets]
        if not self._keys:
            raise ValueError("a secret is needed")
        self.tolerance = tolerance
        self._clock = clock
        self._seen = collections.OrderedDict()
        self._lock = threading.Lock()

    def verify(self, headers, body):
        """The event, from the request's header fields and its body as bytes."""
        fields = {}
        for name, value in headers.items() if hasattr(headers, "items") else headers:
            if name.lower() in fields and name.lower().startswith("webhook-"):
                raise WebhookError("a webhook header stands twice")
            fields[name.lower()] = value
        identity, sent_at, signatures = (
            fields.get("webhook-" + name, "") for name in ("id", "timestamp", "signature"))
        if not (identity and sent_at and signatures):
            raise WebhookError("the webhook headers are missing")
        if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) < 16):
            raise WebhookError("the timestamp is malformed")
        if isinstance(body, str):
            body = body.encode()
        self._check(f"{identity}.{sent_at}.".encode() + body, signatures)
        now = self._clock()
        if abs(now - int(sent_at)) > self.tolerance:
            raise WebhookError("the timestamp is too far from now")
        self._remember(identity, now)
        try:
            return json.loads(body)
        except ValueError:
            raise WebhookError("the body is not JSON") from None

    def forget(self, identity):
        with self._lock:
            self._seen.pop(identity, None)

    def _check(self, message, signatures):
        given = [text[3:] for text in signatures.split(" ") if text.startswith("v1,")]
        isGood = False
        for key in self._keys:
            wanted = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest())
            for text in given:
                # All are compared, so that the time tells nothing about which one fits.
                isGood |= hmac.compare_digest(wanted, text.encode("utf-8", "replace"))
        if not isGood:
            raise WebhookError("no signature fits")

    def _remember(self, identity, now):
        with self._lock:
            while self._seen and next(iter(self._seen.values())) < now - 2 * self.tolerance:
                self._seen.popitem(last=False)
            if identity in self._seen:
                raise DuplicateWebhook(identity)
            self._seen[identity] = now


def _webhook_key(secret):
    text = secret[6:] if secret.startswith("whsec_") else secret
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the webhook secret is not whsec_ and base64") from None
    if len(key) < 16:
        raise ValueError("the webhook secret is too short")
    return key


# --- Cycled keys -------------------------------------------------------------------------------------


class DeliveryError(Exception):
    """The request is no delivery of a key: answer 400. The old key stays valid."""


class MemoryKeyStore:
    """Keeps the newest key while the process runs."""

    def __init__(self):
        self._generation, self._key = 0, None

    def load(self):
        """Generation and key; 0 and None where there is none yet."""
        return self._generation, self._key

    def save(self, generation, key):
        self._generation, self._key = generation, key


class FileKeyStore:
    """Keeps the newest key in a file that its owner alone can read. A crash leaves the one or the other,
    whole."""

    def __init__(self, path):
        self.path = path

    def load(self):
        try:
            with open(self.path, encoding="utf-8") as file:
                stored = json.load(file)
        except FileNotFoundError:
            return 0, None
        return stored["generation"], stored["key"]

    def save(self, generation, key):
        folder = os.path.dirname(os.path.abspath(self.path))
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=".key-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"generation": generation, "key": key}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            os.unlink(name)
            raise
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class KeyReceiver:
    """Takes a key as auto-cycling delivers it: stores it before it answers, and answers with the
    `requestId` and the proof that the key arrived whole.

    A delivery that comes twice is answered twice and stored once; one that was overtaken by a newer key
    (a lower generation) never replaces it; a test stores nothing."""

    def __init__(self, store):
        self._store = store
        self._lock = threading.Lock()

    @property
    def key(self):
        """The newest key; None before the first."""
        with self._lock:
            return self._store.load()[1]

    def receive(self, body):
        """The body of the answer, as bytes of JSON, to be sent with status 200. What the store throws is
        yours to see: answer 500 then, and the delivery comes again."""
        try:
            request = json.loads(body)
            identity, key = request["requestId"], request["apiKey"]
            generation = request.get("generation", 0)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DeliveryError("the body is no delivery of a key") from None
        if not (isinstance(identity, str) and isinstance(key, str) and key):
            raise DeliveryError("requestId and apiKey must be texts")
        if isinstance(generation, bool) or not isinstance(generation, int):
            raise DeliveryError("generation must be a number")
        if request.get("test") is not True:
            self._keep(generation, key)
        proof = hmac.new(key.encode(), identity.encode(), hashlib.sha256).hexdigest()
        return json.dumps({"requestId": identity, "proof": proof}).encode()

    def _keep(self, generation, key):
        with self._lock:
            newest, known = self._store.load()
            # A sender without generations means the one that comes last.
            if (generation == 0 or generation > newest) and key != known:
                self._store.save(max(generation, newest), key)
