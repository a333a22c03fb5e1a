# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP server on loopback that runs inside a `with` block."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """A request handler whose `server.owner` is its HttpServer."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write per answer: a second would wait for the client's delayed acknowledgement

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def log_message(self, *_unused) -> None:
        pass


class HttpServer:
    handler: type[Handler]

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.server.daemon_threads = True
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_unused) -> None:
        self.server.shutdown()
        self.server.server_close()
