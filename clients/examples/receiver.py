"""A customer's endpoint: takes webhooks at /webhooks and cycled keys at /keys.

    WEBHOOK_SECRET=whsec_… python3 receiver.py PORT KEY_FILE

Put a server that ends TLS in front of it: deliveries go to https only. Prints a line for each event; the
key goes to KEY_FILE and nowhere else.
"""

import http.server
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
import latchkey

LARGEST = 1 << 20


class Endpoint(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    webhooks = None
    keys = None

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST:
            return self.answer(411)
        body = self.rfile.read(int(length))
        if self.path == "/webhooks":
            return self.take_event(body)
        if self.path == "/keys":
            return self.take_key(body)
        self.answer(404)

    def take_event(self, body):
        try:
            event = self.webhooks.verify(self.headers, body)
        except latchkey.DuplicateWebhook:
            return self.answer(200)
        except latchkey.WebhookError:
            return self.answer(400)
        try:
            print(event["type"], event["id"], flush=True)
        except Exception:
            # The next attempt is welcome.
            self.webhooks.forget(self.headers["webhook-id"])
            return self.answer(500)
        self.answer(200)

    def take_key(self, body):
        try:
            self.answer(200, self.keys.receive(body))
        except latchkey.DeliveryError:
            self.answer(400)
        except OSError:
            self.answer(500)

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Paths and headers of deliveries are nobody's log lines."""


def main():
    Endpoint.webhooks = latchkey.WebhookVerifier(os.environ["WEBHOOK_SECRET"].split(","))
    Endpoint.keys = latchkey.KeyReceiver(latchkey.FileKeyStore(sys.argv[2]))
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Endpoint).serve_forever()


if __name__ == "__main__":
    main()
