# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for livekit-sip, run as a process alongside a test's LiveKit.

with LiveKit() as livekit, StandIn(livekit) as sip:
    send an INVITE to 127.0.0.1, sip.port
"""

from __future__ import annotations

import json

import requests

from tests.images import build
from tests.support.livekit import HOST, PATIENCE, LiveKit, Process, free_port


class StandIn:
    """A process of the stand-in. `config` overrides keys of a working configuration."""

    def __init__(self, livekit: LiveKit, config: dict | None = None) -> None:
        self.livekit = livekit
        self.port, self.health_port = free_port(), free_port()
        self.config = {
            "redis": {"address": livekit.redis_address, "password": livekit.redis_password},
            "api_key": livekit.api_key,
            "api_secret": livekit.api_secret,
            "ws_url": livekit.url.replace("http", "ws"),
            "sip_port": self.port,
            "health_port": self.health_port,
            "listen_ip": HOST,
            "nat_1_to_1_ip": HOST,
            "rtp_port": "10000-20000",
            **(config or {}),
        }
        self.log = livekit.folder / f"livekit-sip-{self.port}.log"

    def start(self) -> Process:
        """Start the program without waiting."""
        path = self.log.with_suffix(".yaml")
        path.write_text(json.dumps(self.config))
        return Process([str(build.binary("livekit-sip")), f"--config={path}"], self.log)

    def __enter__(self) -> StandIn:
        self.running = self.start()
        self.running.wait_until(lambda: self.health() == "200 OK")
        return self

    def __exit__(self, *_unused) -> None:
        self.running.stop()

    def health(self) -> str:
        try:
            answer = requests.get(f"http://{HOST}:{self.health_port}/", timeout=PATIENCE)
        except requests.ConnectionError:
            return "connection refused"
        return f"{answer.status_code} {answer.text}"
