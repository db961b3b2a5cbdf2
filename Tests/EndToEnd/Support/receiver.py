"""A customer's HTTPS endpoint: PORT CERTIFICATE KEY LOG. Each call becomes a line of JSON in LOG,
with the status that was answered. The path says how it answers:

/ok…          200          /status/N…     N         /gone…   410
/redirect…    302 to /ok   /hang/S…       200 after S seconds
/flaky/P…     500 or a time-out to P per cent of the calls, else 200
/toggle…      200 where the file LOG.up exists, else 500
"""
import http.server
import json
import os
import random
import ssl
import sys
import threading
import time

PORT, CERTIFICATE, KEY, LOG = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
LOCK = threading.Lock()
LINES = open(LOG, "a", buffering=1)
DICE = random.Random(7)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.split("?")[0].split("/")
        kind, wait, status = parts[1], 0.0, 200
        if kind == "status":
            status = int(parts[2])
        elif kind == "gone":
            status = 410
        elif kind == "redirect":
            status = 302
        elif kind == "hang":
            wait = float(parts[2])
        elif kind == "toggle":
            status = 200 if os.path.exists(LOG + ".up") else 500
        elif kind == "flaky":
            with LOCK:
                roll = DICE.random() * 100
            if roll < int(parts[2]):
                status, wait = 500, 2.5 if DICE.random() < 0.02 else 0.0
        line = {"at": time.time(), "path": self.path, "status": status,
                "headers": [[n, v] for n, v in self.headers.items()],
                "body": body.decode("utf-8")}
        # On record before the answer: what the server was told, the record has.
        with LOCK:
            LINES.write(json.dumps(line) + "\n")
        if wait:
            time.sleep(wait)
        answer = b"received"
        self.send_response(status)
        if kind == "redirect":
            self.send_header("Location", "https://127.0.0.1:%d/ok" % PORT)
        if len(parts) > 3 and parts[3] == "after":
            self.send_header("Retry-After", parts[4])
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass

    def log_error(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server = Server(("127.0.0.1", PORT), Handler)
# The handshake belongs to the connection's own thread.
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
