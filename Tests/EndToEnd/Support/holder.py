"""Customers' endpoints for cycled keys, one per path, on one TLS listener.

usage: holder.py PORT CERTIFICATE KEY FOLDER

POST /NAME does what the file FOLDER/mode-NAME says (echo where there is none) and appends a line to
FOLDER/log. A key that is kept goes to FOLDER/held-NAME as {"generation", "apiKey"}, by a rename, and
never over one of a higher generation.
"""
import http.server
import json
import os
import socket
import ssl
import sys
import threading
import time

PORT, CERTIFICATE, KEY, FOLDER = int(sys.argv[1]), *sys.argv[2:]
LOCK = threading.Lock()
LAST = {}


def mode_of(name):
    try:
        with open(f"{FOLDER}/mode-{name}") as file:
            return file.read().strip()
    except FileNotFoundError:
        return "echo"


def keep(name, message):
    path = f"{FOLDER}/held-{name}"
    with LOCK:
        try:
            with open(path) as file:
                if json.load(file)["generation"] >= message["generation"]:
                    return
        except FileNotFoundError:
            pass
        with open(path + ".new", "w") as file:
            json.dump({"generation": message["generation"], "apiKey": message["apiKey"]}, file)
        os.rename(path + ".new", path)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        name = self.path.split("?")[0].strip("/")
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        message = json.loads(raw)
        mode = mode_of(name)
        if message.get("test") and not mode.startswith("test-"):
            mode = "echo"
        mode = mode.removeprefix("test-")
        with LOCK:
            previous = LAST.get(name, "none")
            LAST[name] = message["requestId"]
            with open(f"{FOLDER}/log", "a") as file:
                line = {"name": name, "mode": mode, "raw": raw.decode(), "at": time.time(),
                        "type": self.headers.get("Content-Type")}
                file.write(json.dumps(line) + "\n")
        if mode in ("echo", "string", "object", "lose") and not message.get("test"):
            keep(name, message)
        self.respond(mode, message, previous)

    def respond(self, mode, message, previous):
        request_id = message["requestId"]
        if mode == "lose":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if mode == "hang":
            time.sleep(12)
            return
        bodies = {
            "echo": request_id, "string": json.dumps(request_id),
            "object": json.dumps({"requestId": request_id}), "empty": "", "wrong": '"other"',
            "stale": json.dumps(previous), "reflect": json.dumps(message),
        }
        status = int(mode) if mode.isdigit() else 200
        body = bodies.get(mode, request_id).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def get_request(self):
        connection, address = super().get_request()
        connection.settimeout(30)
        return CONTEXT.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False), address


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
CONTEXT.load_cert_chain(CERTIFICATE, KEY)
Server(("127.0.0.1", PORT), Handler).serve_forever()
