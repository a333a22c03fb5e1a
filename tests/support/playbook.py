# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks on localhost, run by a real ansible-playbook against one livekit-server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


class Playbook:
    def __init__(self, livekit, folder: Path, tasks: list[dict], **variables) -> None:
        self.livekit = livekit
        self.path = folder / "play.yml"
        play = {
            "name": "Play",
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable, **variables},
            "tasks": tasks,
        }
        self.path.write_text(json.dumps([play]))

    def start(self, *arguments: str) -> subprocess.Popen:
        """Under way; standard output holds standard error too."""
        return subprocess.Popen(
            [
                Path(sys.executable).parent / "ansible-playbook",
                *("-i", "localhost,", "-c", "local"),
                *arguments,
                self.path,
            ],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
                "LIVEKIT_URL": self.livekit.url,
                "LIVEKIT_API_KEY": self.livekit.api_key,
                "LIVEKIT_API_SECRET": self.livekit.api_secret,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code and output."""
        running = self.start(*arguments)
        output, _ = running.communicate()
        return running.returncode, output
