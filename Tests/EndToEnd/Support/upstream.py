"""A small API to stand behind the gateway: tells what reached it, and gives bodies back.

GET /up           {"ok": true}
ANY /echo…        {"method", "target", "headers": [[name, value]], "length", "sha256"}
POST /mirror      the request's body, chunked if it came chunked
GET /slow?ms=N    answers after N milliseconds
ANY /absent…      404
"""
import hashlib
import http.server
import json
import sys
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, body, content_type="application/json", status=200):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def mirror(self, body):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(body), 50_000):
            part = body[at:at + 50_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def any(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.body()
        if url.path == "/slow":
            time.sleep(int(urllib.parse.parse_qs(url.query)["ms"][0]) / 1000)
        if url.path == "/mirror":
            return self.mirror(body)
        if url.path.startswith("/absent"):
            return self.answer(b'{"ok": false}', status=404)
        if not url.path.startswith("/echo"):
            return self.answer(b'{"ok": true}')
        self.answer(json.dumps({
            "method": self.command, "target": self.path, "headers": self.headers.items(),
            "length": len(body), "sha256": hashlib.sha256(body).hexdigest(),
        }).encode())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = any

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
print("ready", flush=True)
server.serve_forever()
