# An HTTPS endpoint on a free loopback port that answers well or badly, as the path asks. Prints its
# port, then a line for each connection and each request: `+` and `METHOD PATH`.
import gzip
import socket
import ssl
import sys
import threading
import time


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def answer(status, body=b"", *fields):
    head = "HTTP/1.1 %s X\r\nContent-Length: %d\r\n" % (status, len(body))
    return (head + "".join(field + "\r\n" for field in fields) + "\r\n").encode() + body


def repeat(stream, first, block, pause=0.0):
    stream.sendall(first)
    while True:
        stream.sendall(block)
        time.sleep(pause)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "/ok": answer(200, b"ok"),
    "/empty": answer(204),
    "/refresh": answer(200, b"ok", "Refresh: 0; url=https://localhost/ok"),
    "/alt-svc": answer(200, b"ok", 'Alt-Svc: h3=":443", h2="localhost:443"'),
    "/cookie": answer(200, b"ok", "Set-Cookie: a=b; Path=/"),
    "/nul": answer(200, b"a\0b\0", "X-Nul: a\0b"),
    "/gzip": answer(200, gzip.compress(bytes(30_000_000)), "Content-Encoding: gzip"),
    "/interim": b"HTTP/1.1 102 X\r\nX-Early: 1\r\n\r\n" + answer(200, b"ok", "X-Late: 1"),
    "/unauthorized": answer(401, b"", 'WWW-Authenticate: Basic realm="x"'),
    "/busy": answer(503, b"later", "Retry-After: 7"),
}
# The connection is closed after these.
LAST = {
    "/half": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789",
    "/half-head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "/garbage": b"this is not HTTP at all\r\n\r\n",
    "/nothing": b"",
    "/bad-chunk": CHUNKED + b"zz\r\nhello\r\n",
    "/bad-length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "/old": b"just a body, as in 1991",
    "/closing": answer(200, b"ok", "Connection: close"),
}
ENDLESS = {
    "/huge": (b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", b"x" * 65536, 0),
    "/huge-chunked": (CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n", 0),
    "/huge-head": (b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n", 0),
    "/interims": (b"", b"HTTP/1.1 102 X\r\n\r\n", 0.001),
    "/drip": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x", 0.05),
    "/drip-head": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.05),
    "/silent": (b"", b"", 0.05),
}


def request(stream, rest):
    while b"\r\n\r\n" not in rest:
        more = stream.recv(65536)
        if not more:
            return None
        rest += more
    head, rest = rest.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, value = line.split(b":", 1)
        if name.lower() == b"content-length":
            length = int(value)
    while len(rest) < length:
        more = stream.recv(65536)
        if not more:
            return None
        rest += more
    return head, rest[:length], rest[length:]


def serve(plain, context, port):
    stream = context.wrap_socket(plain, server_side=True)
    say("+")
    rest = b""
    while True:
        got = request(stream, rest)
        if got is None:
            return
        head, body, rest = got
        line = head.split(b"\r\n")[0].decode()
        path = line.split(" ")[1]
        say(line.rsplit(" ", 1)[0])
        if path in WHOLE:
            stream.sendall(WHOLE[path])
        elif path == "/echo":
            stream.sendall(answer(200, body))
        elif path == "/head":
            stream.sendall(answer(200, head))
        elif path.startswith("/to/"):
            place = "https://localhost:%d/ok" % port
            stream.sendall(answer(path[4:], b"", "Location: " + place))
        elif path == "/to-file":
            stream.sendall(answer(302, b"", "Location: file:///etc/passwd"))
        elif path in ENDLESS:
            repeat(stream, *ENDLESS[path])
        else:
            stream.sendall(LAST.get(path, answer(404)))
            stream.unwrap()
            return


def connection(plain, context, port):
    try:
        serve(plain, context, port)
    except (OSError, ssl.SSLError):
        pass
    finally:
        plain.close()


certificate, key, address = sys.argv[1:4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.set_alpn_protocols(["h2", "http/1.1"])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((address, 0))
listener.listen(256)
port = listener.getsockname()[1]
say(str(port))
while True:
    plain, _ = listener.accept()
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=connection, args=(plain, context, port), daemon=True).start()
