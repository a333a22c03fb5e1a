# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Redis servers and Sentinels on free ports of 127.0.0.1, with TLS from the tests' own certificate authority."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
from pathlib import Path

from ansible_collections.telephony.livekit.plugins.module_utils import _redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.livekit import HOST, Process, free_port

PASSWORD = "of-the-redis-under-test"


class Certificates:
    """A folder with ca.pem and the pairs server.pem, server.key and client.pem, client.key."""

    def __init__(self, folder: Path, name: str = "redis.example.com") -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA of the tests")])
        self.write("ca.pem", self.sign(self.issuer, self.key, x509.BasicConstraints(ca=True, path_length=0)))
        names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(HOST))])
        for pair in ("server", "client"):
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, pair)])
            self.write(f"{pair}.pem", self.sign(subject, key, names))
            text = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            (folder / f"{pair}.key").write_bytes(text)

    def sign(self, subject, key, extension):
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(self.issuer, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        critical = isinstance(extension, x509.BasicConstraints)
        return builder.add_extension(extension, critical=critical).sign(self.key, hashes.SHA256())

    def write(self, name, certificate):
        (self.folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)

    def section(self, **more) -> dict:
        """Return a value for `tls` in the roles' Redis variables."""
        files = {"ca_cert_file": "ca.pem", "client_cert_file": "client.pem", "client_key_file": "client.key"}
        return {"enabled": True, **{key: self[name] for key, name in files.items()}, **more}

    def directives(self) -> dict:
        pair = {"tls-cert-file": self["server.pem"], "tls-key-file": self["server.key"]}
        return {"port": 0, **pair, "tls-ca-cert-file": self["ca.pem"], "tls-replication": "yes"}


class Redis:
    """A redis-server, or a Sentinel with the directives in `sentinel`. With `certificates`, it accepts only TLS."""

    def __init__(self, folder: Path, certificates: Certificates | None = None, sentinel=None, **directives):
        self.port = free_port()
        self.address = f"{HOST}:{self.port}"
        self.folder = folder / f"redis-{self.port}"
        self.folder.mkdir()
        self.connection = {"address": self.address, "password": PASSWORD}
        settings = {"bind": HOST, "dir": self.folder, "requirepass": PASSWORD, "port": self.port}
        if sentinel is None:
            settings |= {"appendonly": "yes", "maxmemory-policy": "noeviction", "masterauth": PASSWORD, "save": '""'}
        if certificates:
            settings |= {**certificates.directives(), "tls-port": self.port}
            self.connection["tls"] = certificates.section()
        settings |= {name.replace("_", "-"): value for name, value in directives.items()}
        settings["sentinel"] = sentinel or []
        lines = [f"{name} {line}" for name, value in settings.items() for line in as_list(value)]
        self.config = self.folder / "redis.conf"
        self.config.write_text("\n".join(lines) + "\n")
        self.command = [shutil.which("redis-server"), str(self.config), *([] if sentinel is None else ["--sentinel"])]

    def __enter__(self) -> Redis:
        self.process = Process(self.command, self.folder / "redis-server.log")
        self.process.wait_until(lambda: "Connection refused" not in str(self.asked()))
        return self

    def __exit__(self, *_unused) -> None:
        self.process.stop()

    kill = __exit__

    def asked(self, **connection) -> dict:
        return ask({**self.connection, **connection})


def as_list(value):
    return value if isinstance(value, list) else [value]


def ask(connection: dict) -> dict:
    """Probe Redis as the roles' module does. Like the roles, pass the contents of the TLS files."""
    tls = {
        key: Path(value).read_text() if key.endswith("_file") else value
        for key, value in connection.get("tls", {}).items()
    }
    return _redis.probe({**connection, "tls": tls})
