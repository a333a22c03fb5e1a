# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a running livekit-server what it would do with a call. Nothing is created."""

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
        # Killed, not asked: it may still wait for an answer of a server that has ended
        self.process.kill()
        self.process.communicate()

    def ask(self, to: str, **call) -> dict:
        """The decision: trunk, rule, result (ACCEPT, REQUEST_PIN, livekit.refusal), room; or what went wrong."""
        return self.answers({"from": CALLER, "to": to, "src": SOURCE, **call})[0]

    def store(self, trunks: list[dict], rules: list[dict]) -> None:
        """Let livekit-server hold exactly these trunks and rules, also such as its API would refuse."""
        self.answers({"trunks": trunks, "rules": rules})

    def outbound(self) -> list[dict]:
        """The calls that livekit-server has handed to livekit-sip since this was asked last, and from now on."""
        return self.answers({"outbound": True})[0]["requests"]

    def write(self, *questions: dict) -> None:
        """Ask, and leave the answers to be read."""
        self.process.stdin.write("".join(json.dumps(question) + "\n" for question in questions))
        self.process.stdin.flush()

    def answers(self, *questions: dict) -> list[dict]:
        self.write(*questions)
        return [json.loads(self.process.stdout.readline()) for _unused in questions]
