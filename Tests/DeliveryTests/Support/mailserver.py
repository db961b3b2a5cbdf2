# A mail server on a free loopback port, with STARTTLS and AUTH where it is told so. Prints its port,
# then a line of JSON for each mail it took. Recipients that begin with `refused` and `busy` get 550
# and 451; for `slow` it takes the text only once the other side says something of its own accord, and
# for `deaf` it answers QUIT once the other side has gone. Lines `waits`, `quits` and `left` tell when,
# and `waited for` that the other side stayed on.
import base64
import json
import select
import socket
import ssl
import sys
import threading


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Session:
    def __init__(self, plain, options):
        self.stream, self.options, self.tls, self.user = plain, options, False, None
        self.rest, self.sender, self.recipients = b"", None, []

    def line(self):
        while b"\r\n" not in self.rest:
            more = self.stream.recv(65536)
            if not more:
                raise EOFError
            self.rest += more
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line

    def answer(self, *lines):
        code = lines[0][:3]
        for at, text in enumerate(lines):
            mark = " " if at == len(lines) - 1 else "-"
            self.stream.sendall((code + mark + text[4:] + "\r\n").encode())

    def run(self):
        self.answer("220 test")
        while True:
            line = self.line().decode()
            verb = line.split(" ")[0].upper()
            getattr(self, "do_" + verb.lower(), self.unknown)(line)
            if verb == "QUIT":
                return

    def unknown(self, line):
        self.answer("500 what")

    def do_ehlo(self, line):
        offers = ["250 test", "250 8BITMIME"]
        if self.options["tls"] and not self.tls:
            offers.append("250 STARTTLS")
        if self.options["password"] and (self.tls or not self.options["tls"]):
            offers.append("250 AUTH PLAIN")
        self.answer(*offers)

    def do_starttls(self, line):
        self.answer("220 go")
        self.stream = self.options["tls"].wrap_socket(self.stream, server_side=True)
        self.tls, self.rest = True, b""

    def do_auth(self, line):
        words = line.split(" ")
        if len(words) < 3:
            self.answer("334 ")
            words.append(self.line().decode())
        _, user, password = base64.b64decode(words[2]).decode().split("\0")
        if password != self.options["password"]:
            return self.answer("535 no")
        self.user = user
        self.answer("235 welcome")

    def do_mail(self, line):
        if self.options["password"] and not self.user:
            return self.answer("530 who are you")
        self.sender, self.recipients = line.split(":", 1)[1].split(" ")[0], []
        self.answer("250 ok")

    def do_rcpt(self, line):
        recipient = line.split(":", 1)[1]
        if recipient.startswith("<refused"):
            return self.answer("550 nobody")
        if recipient.startswith("<busy"):
            return self.answer("451 later")
        self.recipients.append(recipient)
        self.answer("250 ok")

    def do_data(self, line):
        if any(name.startswith("<slow") for name in self.recipients):
            say("waits")
            select.select([self.stream], [], [], 30)
        self.answer("354 go")
        lines = []
        while True:
            line = self.line()
            if line == b".":
                break
            lines.append(line[1:] if line.startswith(b"..") else line)
        say(json.dumps({
            "from": self.sender, "to": self.recipients, "tls": self.tls, "user": self.user,
            "data": b"\r\n".join(lines).decode(),
        }))
        self.answer("250 taken")

    def do_rset(self, line):
        self.answer("250 ok")

    def do_quit(self, line):
        if any(name.startswith("<deaf") for name in self.recipients):
            say("quits")
            if not select.select([self.stream], [], [], 20)[0]:
                say("waited for")
        self.answer("221 bye")


def serve(plain, options):
    try:
        Session(plain, options).run()
    except (OSError, EOFError, ssl.SSLError):
        pass
    finally:
        plain.close()
        say("left")


certificate, key, password, port = sys.argv[1:5]
options = {"tls": None, "password": password}
if certificate != "-":
    options["tls"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    options["tls"].load_cert_chain(certificate, key)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(port)))
listener.listen(64)
say(str(listener.getsockname()[1]))
while True:
    plain, _ = listener.accept()
    threading.Thread(target=serve, args=(plain, options), daemon=True).start()
