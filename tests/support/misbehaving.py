# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that misbehaves on request, with or without TLS, and certificates for it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import time
from email.utils import formatdate
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.http_server import Handler, HttpServer


class Scripted(Handler):
    def do_POST(self):
        outer = self.server.owner
        outer.requests.append((self.path, json.loads(self.body()), self.headers["Authorization"]))
        answer = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
        if answer == "cut":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if callable(answer):
            answer = answer(self)
        if answer == "slow":
            time.sleep(0.8)
            answer = (200, {"items": []}, {})
        status, content, headers = answer
        data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response_only(status)
        self.send_header("Date", headers.pop("Date", formatdate(usegmt=True)))
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        with contextlib.suppress(BrokenPipeError):
            self.end_headers()
            self.wfile.write(data)


class Misbehaving(HttpServer):
    """Sends the answers in `script`, one per request, and repeats the last one. An answer may be a function."""

    handler = Scripted

    def __init__(self):
        self.script = [(200, {"items": []}, {})]
        self.requests = []

    def speak_tls(self, certificate: Path, of_clients: bool = False) -> None:
        """Use TLS from now on, with the certificate and key in this file. `of_clients`: clients need one too."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if of_clients:
            context.maximum_version = ssl.TLSVersion.TLSv1_2  # newer versions refuse only after the handshake
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = self.url.replace("http://", "https://")


def certificate(path: Path, host: str = "127.0.0.1", days: int = 1) -> Path:
    """Write a self-signed certificate and its key to `path`. `days`: from now until it expires."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "livekit")])
    try:
        named = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        named = x509.DNSName(host)
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - datetime.timedelta(days=2))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + secret)
    return path
