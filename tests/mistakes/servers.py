"""Servers on this machine that answer late, one of each protocol: their clients block.

Started by itself, prints the ports as one line of JSON and serves until its standard input ends.
Each answer takes DELAY seconds. Nothing of a protocol is there that no client here asks for.
"""
import json
import hashlib
import http.server
import os
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

DELAY = 0.12


class Late(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Http(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(DELAY)
        body = b'<?xml version="1.0"?><ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>'
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


class Redis(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.rfile.readline()
            if not head.startswith(b"*"):
                return
            words = []
            for _ in range(int(head[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2].upper())
            if words[0] == b"HELLO":
                self.wfile.write(b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n")
            elif words[0] in (b"CLIENT", b"SELECT"):
                self.wfile.write(b"+OK\r\n")
            else:
                time.sleep(DELAY)
                self.wfile.write(b"$2\r\nhi\r\n")


class Postgres(socketserver.StreamRequestHandler):
    """Protocol 3.0: start-up, then simple queries."""

    def handle(self):
        while True:
            size, code = struct.unpack("!II", self.rfile.read(8))
            self.rfile.read(size - 8)
            if code in (80877103, 80877104):  # SSLRequest, GSSENCRequest
                self.wfile.write(b"N")
                continue
            break
        self.send(b"R", struct.pack("!I", 0))
        for name, value in (("server_version", "15.0"), ("client_encoding", "UTF8"), ("DateStyle", "ISO, MDY"),
                            ("standard_conforming_strings", "on"), ("TimeZone", "UTC"), ("integer_datetimes", "on")):
            self.send(b"S", name.encode() + b"\0" + value.encode() + b"\0")
        self.send(b"K", struct.pack("!II", 1, 2))
        self.send(b"Z", b"I")
        while True:
            head = self.rfile.read(5)
            if len(head) < 5:
                return
            query = self.rfile.read(struct.unpack("!I", head[1:])[0] - 4)
            if head[:1] == b"X":
                return
            word = query.split(b"\0")[0].split(b" ")[0].upper()
            if word == b"SELECT":
                time.sleep(DELAY)
                self.send(b"T", struct.pack("!H", 1) + b"one\0" + struct.pack("!IhIhih", 0, 0, 23, 4, -1, 0))
                self.send(b"D", struct.pack("!HI", 1, 1) + b"1")
                self.send(b"C", b"SELECT 1\0")
            else:
                self.send(b"C", word + b"\0")
            self.send(b"Z", b"T" if word == b"BEGIN" else b"I")

    def send(self, kind, body):
        self.wfile.write(kind + struct.pack("!I", len(body) + 4) + body)


class Mysql(socketserver.StreamRequestHandler):
    """Protocol 10, mysql_native_password; any password does."""

    def handle(self):
        self.number = 0
        capabilities = 0x00000200 | 0x00008000 | 0x00080000 | 0x00000008 | 0x00002000 | 0x00010000 | 0x00020000
        salt = hashlib.sha1(b"salt").digest()
        self.send(b"\x0a8.0.0\0" + struct.pack("<I", 7) + salt[:8] + b"\0" + struct.pack("<H", capabilities & 0xffff)
                  + b"\x21" + struct.pack("<H", 2) + struct.pack("<H", capabilities >> 16) + bytes([21]) + b"\0" * 10
                  + salt[8:20] + b"\0" + b"mysql_native_password\0")
        self.read()
        self.send(b"\0\0\0\2\0\0\0")
        while True:
            command = self.read()
            if not command or command[0] == 1:
                return
            if command[:1] == b"\x03" and command[1:].upper().startswith(b"SELECT"):
                time.sleep(DELAY)
                self.send(b"\1")
                self.send(b"\3def\0\0\0\3one\0" + b"\x0c" + struct.pack("<HIBHB", 33, 11, 3, 0, 0) + b"\0\0")
                self.send(b"\xfe\0\0\2\0")
                self.send(b"\0011")
                self.send(b"\xfe\0\0\2\0")
            else:
                self.send(b"\0\0\0\2\0\0\0")

    def read(self):
        head = self.rfile.read(4)
        if len(head) < 4:
            return b""
        self.number = head[3] + 1
        return self.rfile.read(int.from_bytes(head[:3], "little"))

    def send(self, body):
        self.wfile.write(len(body).to_bytes(3, "little") + bytes([self.number & 0xff]) + body)
        self.number += 1


class Smtp(socketserver.StreamRequestHandler):
    def handle(self):
        time.sleep(DELAY)
        self.wfile.write(b"220 late\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"EHLO":
                self.wfile.write(b"250 late\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                time.sleep(DELAY)
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class Ftp(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 late\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"PWD":
                time.sleep(DELAY)
                self.wfile.write(b'257 "/"\r\n')
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"331 more\r\n" if word == b"USER" else b"230 ok\r\n")


class Line(socketserver.StreamRequestHandler):
    """A line for a line, late."""

    def handle(self):
        for line in self.rfile:
            time.sleep(DELAY)
            self.wfile.write(line)


class Stuck(socketserver.BaseRequestHandler):
    """Reads so slowly that what is sent fills the sockets' buffers."""

    def handle(self):
        while self.request.recv(1 << 22):
            time.sleep(DELAY / 2)


def certificate(folder):
    """Of localhost, signed by itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out",
                    f"{folder}/cert.pem"], check=True, capture_output=True)


class LateTls(Late):
    """Waits before it answers the handshake."""

    context = None

    def finish_request(self, request, client_address):
        time.sleep(DELAY)
        with self.context.wrap_socket(request, server_side=True) as secured:
            self.RequestHandlerClass(secured, client_address, self)


def main():
    ports = {}
    with tempfile.TemporaryDirectory() as folder:
        certificate(folder)
        LateTls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        LateTls.context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
        authority = os.path.abspath(sys.argv[1])
        with open(f"{folder}/cert.pem", "rb") as source, open(authority, "wb") as target:
            target.write(source.read())
    for name, handler in (("http", Http), ("redis", Redis), ("postgres", Postgres), ("mysql", Mysql), ("smtp", Smtp),
                          ("ftp", Ftp), ("line", Line), ("stuck", Stuck), ("tls", Http)):
        server = (LateTls if name == "tls" else Late)(("127.0.0.1", 0), handler)
        ports[name] = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
