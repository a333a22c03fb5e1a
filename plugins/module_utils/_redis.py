# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Probes Redis: whether it accepts connections and writes, and which keys it evicts when its memory is full.

`redis` is the `redis` section of LiveKit's configuration, with the content of each TLS file instead of its path. The
probe needs only Python, and its results contain no secrets.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import tempfile
from collections.abc import Mapping

WANTED = ["role", "master_link_status", "maxmemory", "maxmemory_policy", "aof_enabled", "cluster_enabled"]
SECONDS = 5


class Refused(Exception):
    """Redis answered with an error."""


class Connection:
    def __init__(self, address: str, tls: Mapping, username: str | None, password: str | None) -> None:
        host, port = address.rsplit(":", 1)
        host = host.strip("[]")
        self.socket = socket.create_connection((host, int(port)), timeout=SECONDS)
        if tls.get("enabled"):
            self.socket = context(tls).wrap_socket(self.socket, server_hostname=tls.get("server_name") or host)
        self.answers = self.socket.makefile("rb")
        if password:
            self.ask("AUTH", *filter(None, [username, password]))

    def ask(self, *words: object) -> object:
        encoded = [str(word).encode() for word in words]
        parts = [b"*%d\r\n" % len(encoded), *(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)]
        self.socket.sendall(b"".join(parts))
        return self.read()

    def read(self) -> object:
        line = self.answers.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("it closed the connection")
        kind, text = line[:1], line[1:-2].decode(errors="replace")
        if kind == b"-":
            raise Refused(text)
        if kind == b"$":
            return self.answers.read(int(text) + 2)[:-2].decode(errors="replace") if int(text) >= 0 else None
        if kind == b"*":
            return [self.read() for _item in range(int(text))] if int(text) >= 0 else None
        if kind in b"+:":
            return text
        raise OSError("the program there is not Redis, or requires TLS")


def context(tls: Mapping) -> ssl.SSLContext:
    made = ssl.create_default_context(cadata=tls.get("ca_cert_file") or None)
    if tls.get("insecure"):
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if tls.get("client_cert_file"):
        # Python can load a key only from a file. No other user can read this folder.
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "pair.pem")
            with open(path, "w", encoding="utf-8") as pair:
                pair.write(tls["client_cert_file"] + "\n" + tls["client_key_file"])
            made.load_cert_chain(path)
    return made


def master_of(redis: Mapping, tls: Mapping) -> str:
    """The master's address according to the first Sentinel that knows it, as LiveKit determines it."""
    said = []
    name = redis["sentinel_master_name"]
    for address in redis["sentinel_addresses"]:
        try:
            sentinel = Connection(address, tls, redis.get("sentinel_username"), redis.get("sentinel_password"))
            found = sentinel.ask("SENTINEL", "get-master-addr-by-name", name)
        except (OSError, Refused) as error:
            said.append(f"{address}: {error}")
            continue
        if found:
            return ":".join(found) if ":" not in found[0] else f"[{found[0]}]:{found[1]}"
        said.append(f"{address}: it knows no master {name}")
    raise Refused("no Sentinel named the master. " + "; ".join(said))


def look(address: str, redis: Mapping, tls: Mapping) -> dict:
    connection = Connection(address, tls, redis.get("username"), redis.get("password"))
    if redis.get("db"):
        connection.ask("SELECT", redis["db"])
    node = {"address": address, "ping": connection.ask("PING")}
    with contextlib.suppress(Refused):
        # Each running livekit-server that uses this Redis has an entry in this hash.
        node["servers"] = int(connection.ask("HLEN", "nodes"))
    try:
        lines = (line.split(":", 1) for line in connection.ask("INFO").splitlines() if ":" in line)
        node.update({name: value for name, value in lines if name in WANTED})
    except Refused as error:
        node["info_refused"] = str(error)
    return node


def probe(redis: Mapping) -> dict:
    """{"nodes": [...]}, or {"error": reason why Redis cannot be used}."""
    tls = redis.get("tls") or {}
    address = ""
    try:
        if redis.get("sentinel_addresses"):
            addresses = [master_of(redis, tls)]
        else:
            addresses = redis.get("cluster_addresses") or [redis["address"]]
        nodes = []
        for address in addresses:
            nodes.append(look(address, redis, tls))
        return {"nodes": nodes}
    except (OSError, Refused) as error:
        return {"error": f"{address}: {error}" if address else str(error)}
