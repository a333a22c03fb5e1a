# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo agent as a process next to a test's LiveKit.

with LiveKit() as livekit, Agent(livekit):
    …  # the agent answers calls
"""

from __future__ import annotations

from pathlib import Path

from tests.images import agent
from tests.support.livekit import LiveKit, Process, free_port

BOTH_OF_THE_RECORDING = Path(__file__).resolve().parents[1] / "doubles" / "recorded_agents.py"


class Agent:
    """A process that runs `script`. `names` are the agents that it registers."""

    def __init__(self, livekit: LiveKit, script: Path = agent.AGENT, names: tuple[str, ...] = ("voice-agent",)) -> None:
        self.livekit, self.script, self.names = livekit, script, names
        self.health_port = free_port()
        self.log = livekit.folder / f"agent-{self.health_port}.log"

    def __enter__(self) -> Agent:
        environment = {
            "LIVEKIT_URL": self.livekit.url.replace("http", "ws"),
            "LIVEKIT_API_KEY": self.livekit.api_key,
            "LIVEKIT_API_SECRET": self.livekit.api_secret,
            "HEALTH_PORT": self.health_port,
            "PYTHONPATH": f"{agent.packages()}:{agent.DEMO}",
        }
        settings = [f"{name}={value}" for name, value in environment.items()]
        self.running = Process(["env", *settings, agent.PYTHON, "-P", str(self.script), "start"], self.log)
        self.running.wait_until(lambda: self.log.read_text().count("registered worker") == len(self.names))
        return self

    def __exit__(self, *_unused) -> None:
        self.running.stop()
