# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy between the modules and a server's API that records every RPC, and spoils RPCs on request.

with Proxy(livekit.url) as proxy:
    proxy.spoil("Create", cut_after)       # the next RPC whose name starts with Create
    ModuleRunner(proxy.url, …).trunk(…)
    assert proxy.rpcs == ["ListSIPInboundTrunk", "CreateSIPInboundTrunk", …]
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from tests.support.http_server import Handler, HttpServer
from tests.support.livekit import PATIENCE


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    sent: float = 1.0  # the fraction of the body that is sent before the connection is cut


class Cut(Exception):
    """The connection ends without an answer."""


class Unanswered(Exception):
    """The client gets no answer for as long as it waits."""


# A fault gets a function that asks the server, and returns the answer to the client, or raises Cut or Unanswered.
Fault = Callable[[Callable[[], Answer]], Answer]


def cut_before(ask) -> Answer:
    raise Cut


def cut_within(ask) -> Answer:
    answer = ask()
    answer.sent = 0.5
    return answer


def cut_after(ask) -> Answer:
    ask()
    raise Cut


def answers(status: int, text: str | dict, after: bool = False) -> Fault:
    """Replace the server's answer. `after`: the server has executed the RPC, but a proxy lost its answer."""

    def fault(ask) -> Answer:
        if after:
            ask()
        kind = "text/html" if str(text).startswith("<") else "text/plain"
        if isinstance(text, dict):
            return Answer(status, json.dumps(text).encode(), {"Content-Type": "application/json"})
        return Answer(status, text.encode(), {"Content-Type": kind})

    return fault


def unanswered(_ask) -> Answer:
    raise Unanswered


def without(*fields: str) -> Fault:
    """Act like a server that does not know these fields: it neither stores nor returns them."""

    def pruned(value):
        if isinstance(value, dict):
            return {key: pruned(item) for key, item in value.items() if key not in fields}
        return [pruned(item) for item in value] if isinstance(value, list) else value

    def fault(ask) -> Answer:
        answer = ask(pruned)
        answer.body = json.dumps(pruned(json.loads(answer.body))).encode()
        return answer

    return fault


class _Handler(Handler):
    def do_POST(self) -> None:
        headers = {name: self.headers[name] for name in ("Content-Type", "Authorization") if self.headers[name]}
        try:
            answer = self.server.owner.answer(self.path, headers, self.body())
        except Cut:
            self._cut()
            return
        except Unanswered:
            self.connection.settimeout(PATIENCE)
            with contextlib.suppress(OSError):
                self.connection.recv(1)  # returns when the client closes the connection
                self._cut()
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        try:
            self.end_headers()
            self.wfile.write(answer.body[: int(len(answer.body) * answer.sent)])
            self.wfile.flush()
        except OSError:  # the client has given up
            self._cut()
        if answer.sent < 1:
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class Proxy(HttpServer):
    handler = _Handler

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.rpcs: list[str] = []
        self.faults: list[tuple[str, Fault, int]] = []
        self.session = requests.Session()
        self.carrying_out = threading.Lock()

    def spoil(self, rpc: str, fault: Fault, times: int = 1) -> None:
        """Spoil the next RPCs whose names start with `rpc`."""
        self.faults.append((rpc, fault, times))

    def too_late(self, ask) -> Answer:
        """A fault: the server executes the RPC, but the client gives up before it gets the answer."""
        with self.carrying_out:
            ask()
        raise Unanswered

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        rpc = path.rpartition("/")[2]
        self.rpcs.append(rpc)

        def ask(change=lambda request: request) -> Answer:
            data = json.dumps(change(json.loads(body))).encode()
            answered = self.session.post(self.upstream + path, data=data, headers=headers, timeout=PATIENCE)
            kept = {name: answered.headers[name] for name in ("Content-Type", "Date") if name in answered.headers}
            return Answer(answered.status_code, answered.content, kept)

        for index, (start, fault, times) in enumerate(self.faults):
            if rpc.startswith(start):
                self.faults[index] = (start, fault, times - 1)
                if times == 1:
                    del self.faults[index]
                return fault(ask)
        with self.carrying_out:
            pass  # wait for late RPCs, so that a client that gave up sees their result
        return ask()
