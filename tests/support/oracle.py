# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a running livekit-server how it would treat a call, without creating anything."""

from __future__ import annotations

import json
import os
import subprocess

from tests.images import build
from tests.support.livekit import LiveKit

CALLER, SOURCE = "+12025550199", "198.51.100.7"


class Oracle:
    def __init__(self, livekit: LiveKit) -> None:
        self.process = subprocess.Popen(
            [build.binary("oracle")],
            env={
                **os.environ,
                "REDIS_ADDRESS": livekit.redis_address,
                "REDIS_PASSWORD": livekit.redis_password,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *_unused) -> None:
        # Kill it, because it may still be waiting for an answer from a server that has stopped.
        self.process.kill()
        self.process.communicate()

    def ask(self, to: str, **call) -> dict:
        """Return the decision: trunk, rule, result (ACCEPT, REQUEST_PIN, livekit.refusal) and room, or the error."""
        return self.answers({"from": CALLER, "to": to, "src": SOURCE, **call})[0]

    def store(self, trunks: list[dict], rules: list[dict]) -> None:
        """Replace all trunks and rules on livekit-server with these, even if its API would refuse them."""
        self.answers({"trunks": trunks, "rules": rules})

    def outbound(self) -> list[dict]:
        """Return the calls from livekit-server to livekit-sip since the last use. The first use starts recording."""
        return self.answers({"outbound": True})[0]["requests"]

    def write(self, *questions: dict) -> None:
        """Send questions without reading the answers."""
        self.process.stdin.write("".join(json.dumps(question) + "\n" for question in questions))
        self.process.stdin.flush()

    def answers(self, *questions: dict) -> list[dict]:
        self.write(*questions)
        return [json.loads(self.process.stdout.readline()) for _unused in questions]
